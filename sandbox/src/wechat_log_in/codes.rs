//! Who a code is for, and whether it is good. No I/O and no clock.

use std::collections::{HashMap, VecDeque};

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, TimeDelta, Utc};
use partners::{
    wechat_log_in::{AppKind, errcode},
    wechat_pay::signing::new_nonce,
};

/// How long a code can be exchanged.
const LIVES: TimeDelta = TimeDelta::minutes(5);
/// Older codes are forgotten.
const MOST_CODES: usize = 10_000;
/// So many people are remembered beside those that everybody knows.
const MOST_PEOPLE: usize = 8;
/// A name has at most so many letters.
const MOST_NAME_CHARS: usize = 20;
/// Whom one can be at once.
const KNOWN: [&str; 4] = ["林晓", "陈立伟", "王小雨", "赵敏"];

/// What somebody agreed to.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Who.
    pub person: String,
    /// Through which app.
    pub app: AppKind,
    /// What the app asked for, `snsapi_…`; empty for a mini-program.
    pub scope: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether the code has been exchanged.
    pub used: bool,
}

/// All codes, and who has been here.
#[derive(Default)]
pub struct Codes {
    grants: HashMap<String, Grant>,
    /// In the order they were given.
    given: VecDeque<String>,
    /// Newest first, without those everybody knows.
    people: VecDeque<String>,
}

impl Codes {
    /// A new code for this person.
    pub fn give(&mut self, app: AppKind, person: &str, scope: &str, now: DateTime<Utc>) -> String {
        self.remember(person);
        let code = new_nonce().to_lowercase();
        let grant = Grant { person: person.to_owned(), app, scope: scope.to_owned(), at: now, used: false };
        self.grants.insert(code.clone(), grant);
        self.given.push_back(code.clone());
        if self.given.len() > MOST_CODES
            && let Some(oldest) = self.given.pop_front()
        {
            self.grants.remove(&oldest);
        }
        code
    }

    /// Uses a code up; the number of the fault where it is not good for this app now.
    pub fn exchange(&mut self, app: AppKind, code: &str, now: DateTime<Utc>) -> Result<Grant, i64> {
        let grant = self.grants.get_mut(code).filter(|grant| grant.app == app).ok_or(errcode::BAD_CODE)?;
        if grant.used {
            return Err(errcode::USED_CODE);
        }
        if now - grant.at >= LIVES {
            // Mini-programs are told of no difference.
            let is_mini = app == AppKind::MiniProgram;
            return Err(if is_mini { errcode::BAD_CODE } else { errcode::EXPIRED_CODE });
        }
        grant.used = true;
        Ok(grant.clone())
    }

    /// Whom one can be: those everybody knows, then those who have been here.
    pub fn people(&self) -> impl Iterator<Item = &str> {
        KNOWN.into_iter().chain(self.people.iter().map(String::as_str))
    }

    /// What was agreed to, newest first.
    pub fn newest(&self) -> impl Iterator<Item = &Grant> {
        self.given.iter().rev().filter_map(|code| self.grants.get(code))
    }

    fn remember(&mut self, person: &str) {
        if KNOWN.contains(&person) {
            return;
        }
        self.people.retain(|other| other != person);
        self.people.push_front(person.to_owned());
        self.people.truncate(MOST_PEOPLE);
    }
}

/// A name as it was typed; `None` where it is none.
pub fn name(typed: &str) -> Option<&str> {
    let name = typed.trim();
    ((1..=MOST_NAME_CHARS).contains(&name.chars().count()) && !name.chars().any(char::is_control)).then_some(name)
}

/// The person in one app. Made from the name, so the same person is the same after a restart.
pub fn open_id(app_id: &str, person: &str) -> String {
    id(&format!("open {app_id} {person}"))
}

/// The person in all apps.
pub fn union_id(person: &str) -> String {
    id(&format!("union {person}"))
}

/// 28 characters that begin with `o`, like WeChat's.
fn id(of: &str) -> String {
    let hash = digest(&SHA256, of.as_bytes());
    let digits: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("o{}", &digits[..27])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_750_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn a_code_is_good_for_less_than_five_minutes() {
        let mut codes = Codes::default();
        let code = codes.give(AppKind::Website, "林晓", "snsapi_login", at(0));
        assert_eq!(codes.exchange(AppKind::Website, &code, at(300)).unwrap_err(), errcode::EXPIRED_CODE);
        assert_eq!(codes.exchange(AppKind::Website, &code, at(299)).unwrap().person, "林晓");
        let code = codes.give(AppKind::MiniProgram, "林晓", "", at(0));
        assert_eq!(codes.exchange(AppKind::MiniProgram, &code, at(300)).unwrap_err(), errcode::BAD_CODE);
    }

    #[test]
    fn codes_beyond_the_most_are_forgotten_oldest_first() {
        let mut codes = Codes::default();
        let first = codes.give(AppKind::MiniProgram, "林晓", "", at(0));
        let second = codes.give(AppKind::MiniProgram, "林晓", "", at(0));
        for _ in 1..MOST_CODES {
            codes.give(AppKind::MiniProgram, "林晓", "", at(0));
        }
        assert_eq!(codes.exchange(AppKind::MiniProgram, &first, at(1)).unwrap_err(), errcode::BAD_CODE);
        assert!(codes.exchange(AppKind::MiniProgram, &second, at(1)).is_ok());
    }

    #[test]
    fn who_has_been_here_can_be_picked_the_next_time() {
        let mut codes = Codes::default();
        for person in ["赵敏", "阿甲", "阿乙", "阿甲"] {
            codes.give(AppKind::Website, person, "snsapi_login", at(0));
        }
        assert_eq!(codes.people().skip(KNOWN.len()).collect::<Vec<_>>(), ["阿甲", "阿乙"]);
        assert_eq!((name("  阿甲 "), name(" "), name("a\nb")), (Some("阿甲"), None, None));
    }
}
