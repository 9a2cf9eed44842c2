//! A week's hours in the words of shop doors and tables: `周一至周五 08:00-22:00；周六、周日 09:00-23:00`.

use super::{Hours, Span, clock};

const NAMES: [&str; 7] = ["一", "二", "三", "四", "五", "六", "日"];

impl Hours {
    /// The hours of an ordinary week; empty where there are none. [`weekly_from`](Self::weekly_from) reads it back.
    pub fn weekly_text(&self) -> String {
        let spans = self.weekly.iter().map(|span| {
            format!("{} {}-{}", days_text(&span.days), span.open.format("%H:%M"), span.close.format("%H:%M"))
        });
        spans.collect::<Vec<_>>().join("；")
    }

    /// Reads a week's hours: parts between `；`, each of days and times. Days are `每天`, `工作日`, `周末`, `周一至周五` or
    /// `1-5`, `周六、周日` or `6,7`, and every day where none are named; times are `08:00-12:00` or `8:00-12:00`, several
    /// between commas.
    ///
    /// `None` where any of it cannot be read.
    pub fn weekly_from(text: &str) -> Option<Vec<Span>> {
        let parts = text.split(['；', ';', '\n']).map(str::trim).filter(|part| !part.is_empty());
        let spans: Vec<Vec<Span>> = parts.map(part).collect::<Option<_>>()?;
        Some(spans.concat()).filter(|spans| !spans.is_empty())
    }
}

fn days_text(days: &[u8]) -> String {
    let name = |day: &u8| format!("周{}", NAMES.get(usize::from(*day).wrapping_sub(1)).copied().unwrap_or("?"));
    let in_row = days.windows(2).all(|pair| pair[1] == pair[0] + 1);
    match days {
        [1, .., 7] if days.len() == 7 => "每天".to_owned(),
        [first, _, .., last] if in_row && days.len() > 2 => format!("{}至{}", name(first), name(last)),
        some => some.iter().map(name).collect::<Vec<_>>().join("、"),
    }
}

/// Days and their times.
fn part(text: &str) -> Option<Vec<Span>> {
    let is_time = |word: &str| word.contains(':') || word.contains('：');
    let words: Vec<&str> = text.split_whitespace().collect();
    let first_time = words.iter().position(|word| is_time(word))?;
    let days = match words[..first_time].concat().as_str() {
        "" | "每天" | "每日" => (1..=7).collect(),
        "工作日" => (1..=5).collect(),
        "周末" => vec![6, 7],
        named => days(named)?,
    };
    let times = words[first_time..].concat().replace('：', ":");
    let spans = times.split([',', '，', '、']).filter(|span| !span.is_empty()).map(|span| {
        let (open, close) = span.split_once(['-', '–', '—', '~', '至'])?;
        // Doors say 24:00 for midnight.
        let close = if close.trim() == "24:00" { "00:00" } else { close };
        Some(Span { days: days.clone(), open: clock(open.trim())?, close: clock(close.trim())? })
    });
    spans.collect()
}

/// `周一至周五`, `周六、周日`, `1-5`, `6,7`; in the order of the week.
fn days(text: &str) -> Option<Vec<u8>> {
    let mut named = Vec::new();
    for range in text.split([',', '，', '、']) {
        let ends = range.split_once(['-', '–', '—', '~', '至', '到']);
        let (first, last) = ends.map_or((range, range), |ends| ends);
        let (first, last) = (day(first)?, day(last)?);
        if first > last {
            return None;
        }
        named.extend(first..=last);
    }
    named.sort_unstable();
    named.dedup();
    Some(named)
}

fn day(text: &str) -> Option<u8> {
    let name = ["周", "星期", "礼拜"].iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(text);
    let name = if name == "天" { "日" } else { name };
    let at = NAMES.iter().position(|known| *known == name).map(|at| at as u8 + 1);
    at.or_else(|| name.parse().ok().filter(|day| (1..=7).contains(day)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_and_written(text: &str) -> Option<String> {
        Hours::weekly_from(text).map(|weekly| Hours { weekly, special: Vec::new() }.weekly_text())
    }

    #[test]
    fn what_doors_and_tables_say_is_read() {
        for (text, meant) in [
            ("08:00-22:00", "每天 08:00-22:00"),
            ("每天 8:00–24:00", "每天 08:00-00:00"),
            ("每天 8:05-22:00", "每天 08:05-22:00"),
            ("工作日 09:00-12:00,13:00-18:00", "周一至周五 09:00-12:00；周一至周五 13:00-18:00"),
            ("1-5 08:00-22:00; 6,7 09:00-23:00", "周一至周五 08:00-22:00；周六、周日 09:00-23:00"),
            ("周一 至 周五 10：00 - 20：00\n周末 18:00-02:00", "周一至周五 10:00-20:00；周六、周日 18:00-02:00"),
            ("星期天、周二 10:00-11:00", "周二、周日 10:00-11:00"),
            ("周一、周三、周五 10:00-11:00", "周一、周三、周五 10:00-11:00"),
        ] {
            assert_eq!(read_and_written(text).as_deref(), Some(meant), "{text}");
            assert_eq!(read_and_written(meant).as_deref(), Some(meant), "what is written is read back");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_not_guessed() {
        for text in [
            "",
            "周一",
            "8-22",
            "周八 08:00-22:00",
            "周五至周一 08:00-22:00",
            "08:00-25:00",
            "08:00",
            "8:5-22:00",
            "08:00-22:5",
            "每天 08:00-22:00；休",
        ] {
            assert_eq!(read_and_written(text), None, "{text}");
        }
    }
}
