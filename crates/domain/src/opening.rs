//! Whether and when a store is open, as its people and head office set it (O1).

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, TimeZone as _, Timelike as _, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    Complaint, Fault, Fields,
    hours::{Hours, Span, SpecialDay, clock},
    stores::{StoreState, words},
};

/// The most spans a week's hours may have.
pub const SPANS_MOST: usize = 14;
/// The most spans that special days may have in all; a closed day counts as one.
pub const SPECIAL_MOST: usize = 60;
/// The longest reason of a special day, in characters.
pub const REASON_MOST: usize = 40;
/// The longest that goods may take to make ready: a day, in minutes.
pub const PREPARE_MOST: i64 = 1440;

/// The longest that is said at once of how long a store stays busy or paused, in days.
pub const UNTIL_MOST_DAYS: i64 = 7;

/// What a store has said of itself, and until when. That it is over is read from the clock and written down by nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What it has said.
    pub state: StoreState,
    /// Until when that holds; nothing where it holds until somebody says something else.
    pub until: Option<DateTime<Utc>>,
}

impl Standing {
    /// What holds at this moment. For statements the database's function `store_state` says the same.
    pub fn at(self, now: DateTime<Utc>) -> Self {
        let over = self.until.is_some_and(|until| until <= now);
        if over { Self { state: StoreState::Open, until: None } } else { self }
    }

    /// What whoever filled in a form had before them: `seen`, and `seen_until` where that had an end. Nothing where the
    /// form does not say.
    pub fn seen(fields: &Fields) -> Option<Self> {
        let until = DateTime::parse_from_rfc3339(fields.text("seen_until")).ok();
        Some(Self { state: StoreState::from_code(fields.text("seen"))?, until: until.map(|until| until.to_utc()) })
    }
}

/// How long a store stays busy or paused, as its people choose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasts {
    /// 30 分钟
    HalfHour,
    /// 1 小时
    Hour,
    /// 2 小时
    TwoHours,
    /// 到今天打烊
    Day,
    /// 直到我恢复
    Open,
}

words!(Lasts: HalfHour = "30" / "30 分钟", Hour = "60" / "1 小时", TwoHours = "120" / "2 小时", Day = "day" / "到今天打烊", Open = "" / "直到我恢复");

impl Lasts {
    /// Until when that is, in whole minutes, so that what people read is so; nothing where no end is said.
    ///
    /// Faults: `Invalid` beside `until` where the day that is to be over is over already.
    pub fn until(self, hours: &Hours, now: DateTime<Utc>, zone: Tz) -> Result<Option<DateTime<Utc>>, Fault> {
        let minutes = match self {
            Self::HalfHour => 30,
            Self::Hour => 60,
            Self::TwoHours => 120,
            Self::Day => {
                let end = hours.day_ends(now.with_timezone(&zone).naive_local());
                let end = end.and_then(|end| zone.from_local_datetime(&end).latest());
                let over = || Fault::invalid("until", "今天已经打烊，请选择其他时长");
                return end.map(|end| Some(end.to_utc())).ok_or_else(over);
            }
            Self::Open => return Ok(None),
        };
        let at = now + Duration::minutes(minutes);
        let begun = Duration::seconds(i64::from(at.second())) + Duration::nanoseconds(i64::from(at.nanosecond()));
        let whole = at - begun;
        Ok(Some(if begun.is_zero() { whole } else { whole + Duration::minutes(1) }))
    }
}

/// Until when a form says that a state lasts: `until` is the code of [`Lasts`], or the moment that is set already. Nothing
/// for a state that has no end.
///
/// Faults: `Invalid` beside `until`.
pub fn until_of(
    fields: &Fields,
    state: StoreState,
    hours: &Hours,
    now: DateTime<Utc>,
    zone: Tz,
) -> Result<Option<DateTime<Utc>>, Fault> {
    if !state.may_end() {
        return Ok(None);
    }
    let text = fields.text("until");
    match (Lasts::from_code(text), DateTime::parse_from_rfc3339(text)) {
        (Some(lasts), _) => lasts.until(hours, now, zone),
        (None, Ok(moment)) => Ok(Some(moment.to_utc())),
        (None, Err(_)) => Err(Fault::invalid("until", "请选择到什么时候")),
    }
}

/// Refuses an end that cannot be meant.
///
/// Faults: `Invalid` beside `until`.
pub fn check_until(state: StoreState, until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<(), Fault> {
    let Some(until) = until else { return Ok(()) };
    let problem = if !state.may_end() {
        "只有忙碌或暂停接单才有恢复时间"
    } else if until <= now {
        "恢复时间已经过了，请重新选择"
    } else if until > now + Duration::days(UNTIL_MOST_DAYS) {
        "恢复时间最晚为 7 天后"
    } else {
        return Ok(());
    };
    Err(Fault::invalid("until", problem))
}

/// What a store says of itself, and when it is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct OpeningSettings {
    /// Paused and closed stores take no orders; those they have go on.
    pub state: StoreState,
    /// Until when it is busy or paused: then it is open again by itself. At most 7 days on; without it somebody has to say
    /// so. Open and closed stores have none.
    #[serde(default)]
    pub until: Option<DateTime<Utc>>,
    /// How long goods take to be ready for pickup, in minutes; 0 to 1440.
    pub prepare_minutes: i64,
    /// When it is open. Without any it takes no orders.
    pub hours: Hours,
}

impl OpeningSettings {
    /// What the store says of itself, and until when.
    pub fn standing(&self) -> Standing {
        Standing { state: self.state, until: self.until }
    }

    /// Refuses what cannot be meant, with every complaint: beside `until`, `prepare_minutes`, `weekly` and `special`.
    pub fn checked(&self, now: DateTime<Utc>) -> Result<(), Fault> {
        let until = check_until(self.state, self.until, now);
        let mut complaints = until.err().map_or_else(Vec::new, |fault| fault.complaints().to_vec());
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

    /// Reads the settings of a store in this zone from a form: `state`, `until` (see [`until_of`]), `prepare_minutes`, and
    /// in rows from 1 on `open.1`, `close.1`, `day.1.1` to `day.1.7`; `date.1`, `reason.1`, `from.1`, `until.1`. Rows of
    /// which nothing is filled in are passed over; a date without times is closed, and one that stands in two rows has two
    /// spans. A pause that was set and has ended while the form was open has ended.
    ///
    /// Faults: `Invalid` with every complaint.
    pub fn from_fields(fields: &Fields, now: DateTime<Utc>, zone: Tz) -> Result<Self, Fault> {
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
        let hours = Hours { weekly, special };
        // When a day ends cannot be said by hours that cannot be read.
        let hours_known = !complaints.iter().any(|one| ["weekly", "special"].contains(&one.field.as_str()));
        let until = if hours_known { until_of(fields, state, &hours, now, zone) } else { Ok(None) };
        let until = until.unwrap_or_else(|fault| {
            complaints.extend_from_slice(fault.complaints());
            None
        });
        let Standing { state, until } = Standing { state, until }.at(now);
        let settings = Self { state, until, prepare_minutes, hours };
        let read: Vec<String> = complaints.iter().map(|one| one.field.clone()).collect();
        if let Err(fault) = settings.checked(now) {
            complaints.extend(fault.complaints().iter().filter(|one| !read.contains(&one.field)).cloned());
        }
        if complaints.is_empty() { Ok(settings) } else { Err(Fault::Invalid(complaints)) }
    }
}

/// What a program sets of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SetOpening {
    /// Paused and closed stores take no orders; those they have go on.
    pub state: StoreState,
    /// Until when it is busy or paused: then it is open again by itself. At most 7 days on; `null` where somebody has to say
    /// so. Left out, the state that the store has already keeps its end.
    #[serde(default, deserialize_with = "said")]
    #[cfg_attr(feature = "api", schema(value_type = Option<DateTime<Utc>>))]
    pub until: Option<Option<DateTime<Utc>>>,
    /// How long goods take to be ready for pickup, in minutes; 0 to 1440.
    pub prepare_minutes: i64,
    /// When it is open. Without any it takes no orders.
    pub hours: Hours,
}

impl SetOpening {
    /// The settings that it makes of those of a store that stands so now.
    pub fn over(&self, now: Standing) -> OpeningSettings {
        let kept = now.until.filter(|_| now.state == self.state);
        let Self { state, until, prepare_minutes, ref hours } = *self;
        OpeningSettings { state, until: until.unwrap_or(kept), prepare_minutes, hours: hours.clone() }
    }
}

impl From<OpeningSettings> for SetOpening {
    fn from(OpeningSettings { state, until, prepare_minutes, hours }: OpeningSettings) -> Self {
        Self { state, until: Some(until), prepare_minutes, hours }
    }
}

/// A program that knows of no end leaves it out; one that says `null` wants none.
fn said<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<DateTime<Utc>>>, D::Error> {
    Option::deserialize(from).map(Some)
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

    const ZONE: Tz = chrono_tz::Asia::Shanghai;

    /// A moment of Monday, 2026-11-23 in Shanghai; the store is open from 09:00 to 12:00.
    fn monday(time: &str) -> DateTime<Utc> {
        format!("2026-11-23T{time}+08:00").parse::<DateTime<chrono::FixedOffset>>().unwrap().to_utc()
    }

    fn with(more: &[(&str, &str)]) -> Result<OpeningSettings, Fault> {
        OpeningSettings::from_fields(&typed(&[&USUAL[..], more].concat()), monday("10:00:00"), ZONE)
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
            settings.checked(monday("10:00:00")).is_ok()
        };
        assert!(weekly(vec![1, 7]));
        assert!(!weekly(vec![]) && !weekly(vec![0]) && !weekly(vec![8]) && !weekly(vec![2, 1]) && !weekly(vec![1, 1]));
        let day = SpecialDay { date: "2027-02-06".parse().unwrap(), reason: String::new(), spans: Vec::new() };
        let mut twice = settings;
        twice.hours.special = vec![day.clone(), day];
        assert!(twice.checked(monday("10:00:00")).is_err());
    }

    #[test]
    fn what_a_store_said_until_a_moment_is_over_at_that_moment() {
        let until = Some(monday("10:30:00"));
        for state in [StoreState::Busy, StoreState::Paused] {
            let (timed, untimed) = (Standing { state, until }, Standing { state, until: None });
            assert_eq!(timed.at(monday("10:29:59")), timed);
            assert_eq!(timed.at(monday("10:30:00")), Standing { state: StoreState::Open, until: None });
            assert_eq!(untimed.at(monday("23:59:59")), untimed);
        }
    }

    #[test]
    fn how_long_it_lasts_is_chosen_in_a_form_and_ends_on_a_whole_minute() {
        let hours = with(&[]).unwrap().hours;
        let ends = |until: &str, now: &str| {
            until_of(&typed(&[("until", until)]), StoreState::Paused, &hours, monday(now), ZONE)
        };
        assert_eq!(ends("30", "10:00:00"), Ok(Some(monday("10:30:00"))));
        assert_eq!(ends("60", "10:00:01"), Ok(Some(monday("11:01:00"))), "never shorter than was chosen");
        assert_eq!(ends("120", "10:00:00"), Ok(Some(monday("12:00:00"))));
        assert_eq!(ends("day", "08:00:00"), Ok(Some(monday("12:00:00"))));
        assert_eq!(ends("", "10:00:00"), Ok(None));
        assert_eq!(ends("2026-11-23T03:00:00Z", "10:00:00"), Ok(Some(monday("11:00:00"))), "as it is set already");
        assert!(ends("day", "12:00:00").is_err() && ends("soon", "10:00:00").is_err());
        let open = until_of(&typed(&[("until", "30")]), StoreState::Open, &hours, monday("10:00:00"), ZONE);
        assert_eq!(open, Ok(None), "an open store ends by no clock, whatever the form holds");
        assert_eq!(complaints(&[("state", "paused"), ("until", "soon")]), ["until"]);
        let soon = [("state", "paused"), ("until", "day"), ("open.1", "soon")];
        assert_eq!(complaints(&soon), ["weekly"], "not also that a day of no hours is over");
    }

    #[test]
    fn a_pause_that_ends_while_its_form_is_open_is_not_set_again() {
        let saved = |until: &str| with(&[("state", "paused"), ("until", until)]).unwrap().standing();
        let open = Standing { state: StoreState::Open, until: None };
        assert_eq!(saved("2026-11-23T01:59:59Z"), open);
        assert_eq!(saved("2026-11-23T02:00:00Z"), open);
        let until = Some(monday("10:00:01"));
        assert_eq!(saved("2026-11-23T02:00:01Z"), Standing { state: StoreState::Paused, until });
    }

    #[test]
    fn a_form_says_what_was_seen_and_until_when() {
        let seen = |pairs: &[(&str, &str)]| Standing::seen(&typed(pairs));
        let until = Some(monday("11:00:00"));
        let both = seen(&[("seen", "paused"), ("seen_until", "2026-11-23T03:00:00Z")]);
        assert_eq!(both, Some(Standing { state: StoreState::Paused, until }));
        let open = seen(&[("seen", "open"), ("seen_until", "")]);
        assert_eq!(open, Some(Standing { state: StoreState::Open, until: None }));
        assert_eq!(seen(&[("seen_until", "2026-11-23T03:00:00Z")]), None);
    }

    #[test]
    fn a_program_that_knows_of_no_end_leaves_it_as_it_is() {
        let ends = monday("11:00:00");
        let now = Standing { state: StoreState::Paused, until: Some(ends) };
        let over = |state: &str, more: &str| {
            let body = format!(r#"{{"state":"{state}","prepare_minutes":15,"hours":{{"weekly":[]}}{more}}}"#);
            serde_json::from_str::<SetOpening>(&body).unwrap().over(now).until
        };
        assert_eq!(over("paused", ""), Some(ends));
        assert_eq!(over("paused", r#","until":null"#), None, "it says that there is none");
        assert_eq!(over("paused", r#","until":"2026-11-23T04:00:00Z""#), Some(monday("12:00:00")));
        assert_eq!((over("busy", ""), over("open", "")), (None, None), "it is the end of another state");
    }

    #[test]
    fn an_end_is_ahead_within_seven_days_and_of_a_state_that_ends() {
        let now = monday("10:00:00");
        let is_meant = |state, ahead: Duration| check_until(state, Some(now + ahead), now).is_ok();
        let (second, week) = (Duration::seconds(1), Duration::days(7));
        for state in [StoreState::Busy, StoreState::Paused] {
            assert!(is_meant(state, second) && is_meant(state, week));
            assert!(!is_meant(state, Duration::zero()) && !is_meant(state, week + second));
        }
        assert!(!is_meant(StoreState::Open, second) && !is_meant(StoreState::Closed, second));
        assert_eq!(check_until(StoreState::Open, None, now), Ok(()));
    }

    #[test]
    fn a_busy_store_takes_twice_as_long_and_a_day_at_most() {
        assert_eq!(StoreState::Busy.longer_minutes(20), 20);
        assert_eq!(StoreState::Busy.longer_minutes(1000), 440);
        assert_eq!(StoreState::Busy.longer_minutes(PREPARE_MOST), 0);
        for state in [StoreState::Open, StoreState::Paused, StoreState::Closed] {
            assert_eq!(state.longer_minutes(20), 0);
        }
    }
}
