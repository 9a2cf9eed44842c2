//! Whether and when a store is open, as its people and head office set it (O1).

use chrono::{NaiveDate, NaiveTime, Timelike as _};
use serde::{Deserialize, Serialize};

use crate::{
    Complaint, Fault, Fields,
    hours::{Hours, Span, SpecialDay, clock},
    stores::StoreState,
};

/// The most spans a week's hours may have.
pub const SPANS_MOST: usize = 14;
/// The most spans that special days may have in all; a closed day counts as one.
pub const SPECIAL_MOST: usize = 60;
/// The longest reason of a special day, in characters.
pub const REASON_MOST: usize = 40;
/// The longest that goods may take to make ready: a day, in minutes.
pub const PREPARE_MOST: i64 = 1440;

/// What a store says of itself, and when it is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct OpeningSettings {
    /// Paused and closed stores take no orders; those they have go on.
    pub state: StoreState,
    /// How long goods take to be ready for pickup, in minutes; 0 to 1440.
    pub prepare_minutes: i64,
    /// When it is open. Without any it takes no orders.
    pub hours: Hours,
}

impl OpeningSettings {
    /// Refuses what cannot be meant, with every complaint: beside `prepare_minutes`, `weekly` and `special`.
    pub fn checked(&self) -> Result<(), Fault> {
        let mut complaints = Vec::new();
        let mut wrong = |field: &str, message: String| complaints.push(Complaint::new(field, message));
        if !(0..=PREPARE_MOST).contains(&self.prepare_minutes) {
            wrong("prepare_minutes", format!("备货时间为 0 到 {PREPARE_MOST} 分钟"));
        }
        if let Some(problem) = weekly_problem(&self.hours.weekly) {
            wrong("weekly", problem);
        }
        if let Some(problem) = special_problem(&self.hours.special) {
            wrong("special", problem);
        }
        if complaints.is_empty() { Ok(()) } else { Err(Fault::Invalid(complaints)) }
    }

    /// Reads the settings from a form: `state`, `prepare_minutes`, and in rows from 1 on `open.1`, `close.1`,
    /// `day.1.1` to `day.1.7`; `date.1`, `reason.1`, `from.1`, `until.1`. Rows of which nothing is filled in are passed
    /// over; a date without times is closed, and one that stands in two rows has two spans.
    ///
    /// Faults: `Invalid` with every complaint.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut complaints = Vec::new();
        let mut wrong = |field: &str, message: &str| complaints.push(Complaint::new(field, message));
        let state = StoreState::from_code(fields.text("state")).unwrap_or_else(|| {
            wrong("state", "请选择营业状态");
            StoreState::Closed
        });
        let prepare_minutes = fields.text("prepare_minutes").parse().unwrap_or_else(|_| {
            wrong("prepare_minutes", "请填写整数");
            0
        });
        let weekly = (1..=SPANS_MOST).filter_map(|row| weekly_row(fields, row)).collect::<Option<Vec<_>>>();
        let weekly = weekly.unwrap_or_else(|| {
            wrong("weekly", "每一段都要勾选星期，并填写开门和关门时间，时间写成 08:05");
            Vec::new()
        });
        let special = special_rows(fields).unwrap_or_else(|| {
            wrong(
                "special",
                "每个特殊日期都要填写日期；时间两个都填（如 08:05），或都留空（当天休息）；同一天不能既休息又营业",
            );
            Vec::new()
        });
        let settings = Self { state, prepare_minutes, hours: Hours { weekly, special } };
        let read: Vec<String> = complaints.iter().map(|one| one.field.clone()).collect();
        if let Err(fault) = settings.checked() {
            complaints.extend(fault.complaints().iter().filter(|one| !read.contains(&one.field)).cloned());
        }
        if complaints.is_empty() { Ok(settings) } else { Err(Fault::Invalid(complaints)) }
    }
}

/// Nothing for a row of which nothing is filled in; nothing in it where it cannot be read.
fn weekly_row(fields: &Fields, row: usize) -> Option<Option<Span>> {
    let [open, close] = ["open", "close"].map(|name| fields.text(&format!("{name}.{row}")));
    let days: Vec<u8> = (1..=7).filter(|day| fields.given(&format!("day.{row}.{day}")).is_some()).collect();
    if open.is_empty() && close.is_empty() {
        // Days alone are how a new row of the form begins.
        return None;
    }
    let span = clock(open).zip(clock(close)).filter(|_| !days.is_empty());
    Some(span.map(|(open, close)| Span { days, open, close }))
}

fn special_rows(fields: &Fields) -> Option<Vec<SpecialDay>> {
    let mut special: Vec<SpecialDay> = Vec::new();
    for row in 1..=SPECIAL_MOST {
        let [date, reason, from, until] =
            ["date", "reason", "from", "until"].map(|name| fields.text(&format!("{name}.{row}")));
        if [date, reason, from, until].iter().all(|text| text.is_empty()) {
            continue;
        }
        let date: NaiveDate = date.parse().ok()?;
        let span = match (from, until) {
            ("", "") => None,
            (from, until) => Some(Span { days: Vec::new(), open: clock(from)?, close: clock(until)? }),
        };
        match special.iter_mut().find(|day| day.date == date) {
            // A day is either closed or open, not both.
            Some(day) if !day.spans.is_empty() && span.is_some() => {
                if day.reason.is_empty() {
                    reason.clone_into(&mut day.reason);
                }
                day.spans.extend(span);
            }
            Some(_) => return None,
            None => special.push(SpecialDay { date, reason: reason.to_owned(), spans: span.into_iter().collect() }),
        }
    }
    special.sort_by_key(|day| day.date);
    Some(special)
}

/// What is wrong with a week's hours, where anything is.
pub(crate) fn weekly_problem(weekly: &[Span]) -> Option<String> {
    if weekly.len() > SPANS_MOST {
        return Some(format!("每周最多 {SPANS_MOST} 段"));
    }
    let is_week = |days: &[u8]| {
        !days.is_empty()
            && days.iter().all(|day| (1..=7).contains(day))
            && days.windows(2).all(|pair| pair[0] < pair[1])
    };
    if weekly.iter().any(|span| !is_week(&span.days)) {
        return Some("星期为 1（周一）到 7（周日），从小到大，不能重复".to_owned());
    }
    let mut taken: Vec<(i64, i64)> = weekly.iter().flat_map(in_week).collect();
    taken.sort_unstable();
    // What runs past Sunday's midnight meets Monday's first span.
    let first = taken.first().map(|(open, close)| (open + WEEK, close + WEEK));
    taken.extend(first);
    taken.windows(2).any(|pair| pair[0].1 > pair[1].0).then(|| OVERLAP.to_owned())
}

/// The minutes of a week, and what is said where two spans share one of them.
const WEEK: i64 = 7 * 24 * 60;
const OVERLAP: &str = "营业时段不能重叠，跨过零点的也算到次日";

/// The minutes of the week in which a span is open, from Monday's midnight on.
fn in_week(span: &Span) -> impl Iterator<Item = (i64, i64)> {
    let minutes = |time: NaiveTime| i64::from(time.hour() * 60 + time.minute());
    let (open, close) = (minutes(span.open), minutes(span.close));
    let close = if close <= open { close + 24 * 60 } else { close };
    span.days.iter().map(move |day| {
        let midnight = (i64::from(*day) - 1) * 24 * 60;
        (midnight + open, midnight + close)
    })
}

fn special_problem(special: &[SpecialDay]) -> Option<String> {
    if special.iter().map(|day| day.spans.len().max(1)).sum::<usize>() > SPECIAL_MOST {
        return Some(format!("特殊日期最多 {SPECIAL_MOST} 段"));
    }
    if special.iter().enumerate().any(|(at, day)| special[..at].iter().any(|other| other.date == day.date)) {
        return Some("同一个日期不能出现两次".to_owned());
    }
    if special.iter().any(|day| day.reason.chars().count() > REASON_MOST) {
        return Some(format!("说明最多 {REASON_MOST} 个字"));
    }
    let overlaps = |day: &SpecialDay| overlap(&day.spans.iter().collect::<Vec<_>>());
    special.iter().any(overlaps).then(|| OVERLAP.to_owned())
}

/// Whether two spans of one special day share a minute; one past midnight runs to the day's end and on.
fn overlap(spans: &[&Span]) -> bool {
    let ends_before = |first: &Span, second: &Span| first.close > first.open && first.close <= second.open;
    spans
        .iter()
        .enumerate()
        .any(|(at, one)| spans[..at].iter().any(|other| !ends_before(one, other) && !ends_before(other, one)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(pairs: &[(&str, &str)]) -> Fields {
        Fields(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    const USUAL: [(&str, &str); 6] = [
        ("state", "open"),
        ("prepare_minutes", "15"),
        ("day.1.1", "on"),
        ("day.1.2", "on"),
        ("open.1", "09:00"),
        ("close.1", "12:00"),
    ];

    fn with(more: &[(&str, &str)]) -> Result<OpeningSettings, Fault> {
        OpeningSettings::from_fields(&typed(&[&USUAL[..], more].concat()))
    }

    fn complaints(more: &[(&str, &str)]) -> Vec<String> {
        with(more).unwrap_err().complaints().iter().map(|one| one.field.clone()).collect()
    }

    #[test]
    fn a_week_and_its_exceptions_are_read_from_rows() {
        let holidays = [
            ("date.2", "2027-02-06"),
            ("reason.2", "春节"),
            ("date.1", "2027-02-08"),
            ("from.1", "10:00"),
            ("until.1", "12:00"),
            ("date.5", "2027-02-08"),
            ("from.5", "14:00"),
            ("until.5", "16:00"),
        ];
        let settings = with(&holidays).unwrap();
        assert_eq!(settings.hours.weekly_text(), "周一、周二 09:00-12:00");
        let days: Vec<_> = settings.hours.special.iter().map(|day| (day.reason.as_str(), day.spans.len())).collect();
        assert_eq!(days, [("春节", 0), ("", 2)], "in the order of the calendar; two rows of a date are its two spans");
    }

    #[test]
    fn what_cannot_be_meant_is_refused_beside_its_rows() {
        assert_eq!(complaints(&[("prepare_minutes", "1441")]), ["prepare_minutes"]);
        assert_eq!(complaints(&[("state", "asleep"), ("prepare_minutes", "soon")]), ["state", "prepare_minutes"]);
        assert_eq!(complaints(&[("open.2", "13:00"), ("close.2", "18:00")]), ["weekly"], "no day is ticked");
        assert_eq!(complaints(&[("day.2.1", "on"), ("open.2", "13:00")]), ["weekly"]);
        let second = |open, close| complaints(&[("day.2.2", "on"), ("open.2", open), ("close.2", close)]);
        assert_eq!(second("11:59", "18:00"), ["weekly"], "a minute of Tuesday is there twice");
        assert_eq!(second("13:5", "18:00"), ["weekly"], "the fifth minute or the fiftieth");
        assert_eq!(second("08:00", "08:00"), ["weekly"], "round the clock holds them all");
        assert!(with(&[("day.2.2", "on"), ("open.2", "12:00"), ("close.2", "02:00")]).is_ok(), "a break of no length");
        let early = |day, close| with(&[(day, "on"), ("open.2", "18:00"), ("close.2", close)]);
        assert!(early("day.2.7", "09:00").is_ok(), "until Monday's opening");
        assert!(early("day.2.7", "09:01").is_err(), "a minute of Monday is there twice");
        let closed_and_open =
            [("date.1", "2027-02-06"), ("date.2", "2027-02-06"), ("from.2", "10:00"), ("until.2", "12:00")];
        assert_eq!(complaints(&closed_and_open), ["special"]);
        assert_eq!(complaints(&[("reason.1", "春节")]), ["special"], "no date");
        assert_eq!(complaints(&[("date.1", "2027-02-06"), ("from.1", "10:00")]), ["special"]);
        assert_eq!(complaints(&[("date.1", "2027-02-06"), ("reason.1", &"长".repeat(41))]), ["special"]);
    }

    #[test]
    fn a_program_may_send_no_day_that_is_none_and_no_date_twice() {
        let settings = with(&[]).unwrap();
        let weekly = |days: Vec<u8>| {
            let mut settings = settings.clone();
            settings.hours.weekly[0].days = days;
            settings.checked().is_ok()
        };
        assert!(weekly(vec![1, 7]));
        assert!(!weekly(vec![]) && !weekly(vec![0]) && !weekly(vec![8]) && !weekly(vec![2, 1]) && !weekly(vec![1, 1]));
        let day = SpecialDay { date: "2027-02-06".parse().unwrap(), reason: String::new(), spans: Vec::new() };
        let mut twice = settings;
        twice.hours.special = vec![day.clone(), day];
        assert!(twice.checked().is_err());
    }
}
