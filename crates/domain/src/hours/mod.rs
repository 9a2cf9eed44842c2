//! Business hours with breaks and special days, and the pickup slots that follow from them.
//!
//! All times here are local to the store; the caller turns "now" into the store's zone.

use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

mod text;

/// From `open` to `close` on some days of the week. A break is the gap between two spans; a
/// `close` at or before `open` lies on the next day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Span {
    /// 1 is Monday, 7 is Sunday (ISO 8601).
    pub days: Vec<u8>,
    /// `HH:MM`.
    #[serde(with = "clock_time")]
    #[cfg_attr(feature = "api", schema(value_type = String, example = "08:00"))]
    pub open: NaiveTime,
    /// `HH:MM`.
    #[serde(with = "clock_time")]
    #[cfg_attr(feature = "api", schema(value_type = String, example = "22:00"))]
    pub close: NaiveTime,
}

/// A date on which the week's hours do not hold: a holiday, or a day with other hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SpecialDay {
    /// The local date.
    #[cfg_attr(feature = "api", schema(value_type = String, format = "date"))]
    pub date: NaiveDate,
    /// Why, for people: `春节`.
    pub reason: String,
    /// The hours of that day, `days` being ignored; none means closed.
    pub spans: Vec<Span>,
}

/// When a store is open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Hours {
    /// The hours of an ordinary week.
    pub weekly: Vec<Span>,
    /// The exceptions.
    #[serde(default)]
    pub special: Vec<SpecialDay>,
}

/// A time in which an order can be picked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Slot {
    /// When it begins; its identity within a store.
    pub start: DateTime<Utc>,
    /// When it ends.
    pub end: DateTime<Utc>,
}

/// How long one pickup slot lasts.
pub const SLOT_MINUTES: i64 = 15;

impl Hours {
    /// Open every day from `open` to `close`.
    pub fn daily(open: NaiveTime, close: NaiveTime) -> Self {
        Self { weekly: vec![Span { days: (1..=7).collect(), open, close }], special: Vec::new() }
    }

    /// The spans that begin on `date`, as local moments in order.
    fn on(&self, date: NaiveDate) -> Vec<(NaiveDateTime, NaiveDateTime)> {
        let weekday = date.weekday().number_from_monday() as u8;
        let special = self.special.iter().find(|special| special.date == date);
        let mut spans: Vec<_> = match special {
            Some(special) => special.spans.iter().collect(),
            None => self.weekly.iter().filter(|span| span.days.contains(&weekday)).collect(),
        };
        spans.sort_by_key(|span| span.open);
        let moments = |span: &Span| {
            let end = if span.close <= span.open { date.checked_add_days(Days::new(1))? } else { date };
            Some((date.and_time(span.open), end.and_time(span.close)))
        };
        spans.into_iter().filter_map(moments).collect()
    }

    /// The span in which `at` falls, yesterday's late hours included.
    fn around(&self, at: NaiveDateTime) -> Option<(NaiveDateTime, NaiveDateTime)> {
        let days = [at.date().pred_opt(), Some(at.date())];
        let mut spans = days.into_iter().flatten().flat_map(|date| self.on(date));
        spans.find(|(open, close)| *open <= at && at < *close)
    }

    /// Until when the store is open, where it is open at `at`.
    pub fn open_until(&self, at: NaiveDateTime) -> Option<NaiveDateTime> {
        self.around(at).map(|(_, close)| close)
    }

    /// When the store opens next after `at`, looking at most 8 days ahead.
    pub fn opens_next(&self, at: NaiveDateTime) -> Option<NaiveDateTime> {
        let days = (0..=8).filter_map(|ahead| at.date().checked_add_days(Days::new(ahead)));
        days.flat_map(|date| self.on(date)).map(|(open, _)| open).find(|open| *open > at)
    }

    /// When the working day in which `at` falls is over, breaks included: what began yesterday and goes on is yesterday's.
    /// Nothing where it is over already, or the store rests that day.
    pub fn day_ends(&self, at: NaiveDateTime) -> Option<NaiveDateTime> {
        let date = self.around(at).map_or(at.date(), |(open, _)| open.date());
        self.on(date).into_iter().map(|(_, close)| close).max().filter(|close| *close > at)
    }

    /// The first moment from `at` on at which the store is open, looking at most 8 days ahead.
    pub fn first_open(&self, at: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let local = at.with_timezone(&zone).naive_local();
        if self.open_until(local).is_some() {
            return Some(at);
        }
        zone.from_local_datetime(&self.opens_next(local)?).earliest().map(|opens| opens.to_utc())
    }

    /// The pickup slots of today and tomorrow that can still be met, when goods take
    /// `prepare_minutes` to make ready. Slots lie on the quarter hour and wholly within open hours.
    pub fn slots(&self, now: DateTime<Utc>, zone: Tz, prepare_minutes: i64) -> Vec<Slot> {
        let local = now.with_timezone(&zone).naive_local();
        let earliest = local + Duration::minutes(prepare_minutes.max(0));
        let days = [local.date().pred_opt(), Some(local.date()), local.date().succ_opt()];
        let mut slots = Vec::new();
        for (open, close) in days.into_iter().flatten().flat_map(|date| self.on(date)) {
            let mut start = next_quarter(open.max(earliest));
            while start + Duration::minutes(SLOT_MINUTES) <= close {
                slots.extend(slot_at(start, zone));
                start += Duration::minutes(SLOT_MINUTES);
            }
        }
        slots.sort();
        slots.dedup();
        slots
    }
}

fn next_quarter(at: NaiveDateTime) -> NaiveDateTime {
    let quarter_s = SLOT_MINUTES * 60;
    let past = at.and_utc().timestamp().rem_euclid(quarter_s);
    let whole = at.and_utc().timestamp_subsec_nanos() == 0;
    let floor = at - Duration::seconds(past) - Duration::nanoseconds(i64::from(at.and_utc().timestamp_subsec_nanos()));
    if past == 0 && whole { at } else { floor + Duration::seconds(quarter_s) }
}

/// A local start as a slot; `None` in the hour that a change of clocks leaves out.
fn slot_at(start: NaiveDateTime, zone: Tz) -> Option<Slot> {
    let start = zone.from_local_datetime(&start).earliest()?.with_timezone(&Utc);
    Some(Slot { start, end: start + Duration::minutes(SLOT_MINUTES) })
}

/// A time of day as people and tables write it: `08:05` or `8:05`. Of `8:5` nobody knows whether the five or the fiftieth
/// minute is meant, so it is no time.
pub(crate) fn clock(text: &str) -> Option<NaiveTime> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |part: &str| part.bytes().all(|sign| sign.is_ascii_digit());
    let is_time = matches!(hour.len(), 1 | 2) && minute.len() == 2 && digits(hour) && digits(minute);
    NaiveTime::from_hms_opt(hour.parse().ok()?, minute.parse().ok()?, 0).filter(|_| is_time)
}

pub(crate) mod clock_time {
    //! `HH:MM` on the wire.
    use chrono::NaiveTime;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::clock;

    pub fn serialize<S: Serializer>(time: &NaiveTime, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&time.format("%H:%M").to_string())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<NaiveTime, D::Error> {
        let text = String::deserialize(input)?;
        clock(&text).ok_or_else(|| D::Error::custom("a time must read HH:MM"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> NaiveTime {
        NaiveTime::parse_from_str(text, "%H:%M").unwrap()
    }

    #[test]
    fn a_time_has_two_digits_for_its_minutes() {
        for (text, meant) in [("08:05", "08:05"), ("8:05", "08:05"), ("0:00", "00:00"), ("23:59", "23:59")] {
            assert_eq!(clock(text), Some(time(meant)), "{text}");
        }
        for text in ["8:5", "08:5", "8:", ":05", "8:050", "008:05", "+8:05", " 8:05", "24:00", "8:60", "0805", ""] {
            assert_eq!(clock(text), None, "{text}");
        }
    }

    #[test]
    fn a_program_is_not_guessed_at_either() {
        let span = |open: &str| format!(r#"{{"days":[1],"open":"{open}","close":"22:00"}}"#);
        assert!(serde_json::from_str::<Span>(&span("8:05")).is_ok());
        assert!(serde_json::from_str::<Span>(&span("8:5")).is_err());
    }

    fn local(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
    }

    const ZONE: Tz = chrono_tz::Asia::Shanghai;

    fn utc(text: &str) -> DateTime<Utc> {
        ZONE.from_local_datetime(&local(text)).unwrap().with_timezone(&Utc)
    }

    fn with_lunch_break() -> Hours {
        let span = |open, close| Span { days: vec![1, 2, 3, 4, 5], open: time(open), close: time(close) };
        Hours { weekly: vec![span("13:00", "18:00"), span("09:00", "12:00")], special: Vec::new() }
    }

    #[test]
    fn a_break_is_closed_and_names_when_it_ends() {
        let hours = with_lunch_break(); // 2026-11-23 is a Monday
        assert_eq!(hours.open_until(local("2026-11-23 10:00")), Some(local("2026-11-23 12:00")));
        assert_eq!(hours.open_until(local("2026-11-23 12:00")), None);
        assert_eq!(hours.opens_next(local("2026-11-23 12:00")), Some(local("2026-11-23 13:00")));
        assert_eq!(hours.opens_next(local("2026-11-27 18:00")), Some(local("2026-11-30 09:00")));
    }

    #[test]
    fn hours_past_midnight_belong_to_the_evening_before() {
        let hours = Hours::daily(time("18:00"), time("02:00"));
        assert_eq!(hours.open_until(local("2026-11-24 01:30")), Some(local("2026-11-24 02:00")));
        assert_eq!(hours.open_until(local("2026-11-24 02:00")), None);
    }

    #[test]
    fn a_day_ends_with_its_last_span_and_a_long_night_belongs_to_the_day_before() {
        let hours = with_lunch_break(); // 2026-11-23 is a Monday
        let end = Some(local("2026-11-23 18:00"));
        for at in ["2026-11-23 06:00", "2026-11-23 10:00", "2026-11-23 12:30", "2026-11-23 17:59"] {
            assert_eq!(hours.day_ends(local(at)), end, "{at}");
        }
        assert_eq!(hours.day_ends(local("2026-11-23 18:00")), None, "it is over");
        assert_eq!(hours.day_ends(local("2026-11-28 10:00")), None, "a Saturday");
        let night = Hours::daily(time("18:00"), time("02:00"));
        assert_eq!(night.day_ends(local("2026-11-24 01:30")), Some(local("2026-11-24 02:00")));
        assert_eq!(night.day_ends(local("2026-11-24 19:00")), Some(local("2026-11-25 02:00")));
    }

    #[test]
    fn the_first_open_moment_is_now_or_when_the_store_opens_next() {
        let hours = with_lunch_break();
        let first = |at: &str| hours.first_open(utc(at), ZONE);
        assert_eq!(first("2026-11-23 10:00"), Some(utc("2026-11-23 10:00")));
        assert_eq!(first("2026-11-23 12:00"), Some(utc("2026-11-23 13:00")));
        assert_eq!(first("2026-11-27 18:00"), Some(utc("2026-11-30 09:00")));
        assert_eq!(Hours::default().first_open(utc("2026-11-23 10:00"), ZONE), None);
    }

    #[test]
    fn a_holiday_overrides_the_week() {
        let mut hours = with_lunch_break();
        let date = local("2026-11-23 00:00").date();
        hours.special.push(SpecialDay { date, reason: "盘点".into(), spans: Vec::new() });
        assert_eq!(hours.open_until(local("2026-11-23 10:00")), None);
    }

    #[test]
    fn slots_leave_time_to_prepare_and_keep_within_open_hours() {
        let slots = with_lunch_break().slots(utc("2026-11-23 11:22"), ZONE, 10);
        assert_eq!(slots[0].start, utc("2026-11-23 11:45"));
        assert_eq!(slots[1].start, utc("2026-11-23 13:00"));
        assert!(slots.iter().all(|slot| slot.start >= utc("2026-11-23 11:32")));
        assert_eq!(slots.last().unwrap().end, utc("2026-11-24 18:00"));
    }

    #[test]
    fn a_store_that_never_opens_has_no_slots() {
        assert!(Hours::default().slots(utc("2026-11-23 11:22"), ZONE, 0).is_empty());
    }
}
