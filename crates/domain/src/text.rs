//! How things are put into words for people.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

use crate::{Fault, Fields};

/// `850 m`, `3.2 km`, `120 km`.
pub fn distance(metres: f64) -> String {
    let metres = metres.max(0.0);
    if metres < 995.0 {
        format!("{:.0} m", (metres / 10.0).round() * 10.0)
    } else if metres < 99_500.0 {
        format!("{:.1} km", metres / 1000.0)
    } else {
        format!("{:.0} km", metres / 1000.0)
    }
}

/// A moment in a zone: `今天 12:30`, `明天 09:00`, `11-23 12:30`.
pub fn moment(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> String {
    let (local, today) = (zone.from_utc_datetime(&at.naive_utc()), zone.from_utc_datetime(&now.naive_utc()));
    match (local.date_naive() - today.date_naive()).num_days() {
        0 => local.format("今天 %H:%M").to_string(),
        1 => local.format("明天 %H:%M").to_string(),
        -1 => local.format("昨天 %H:%M").to_string(),
        _ => local.format("%m-%d %H:%M").to_string(),
    }
}

/// A moment that is mostly of the same day, in a zone: `12:30`, `明天 09:00`, `11-23 12:30`.
pub fn soon(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> String {
    moment(at, now, zone).trim_start_matches("今天 ").to_owned()
}

/// The zone with this IANA name; that of Shanghai where there is none of the name.
pub fn zone(name: &str) -> Tz {
    name.parse().unwrap_or(chrono_tz::Asia::Shanghai)
}

/// The moment at which a day is over in China; `None` for a day beyond what people mean by a date.
pub fn end_of_day(day: NaiveDate) -> Option<DateTime<Utc>> {
    if !(1970..=9998).contains(&day.year()) {
        return None;
    }
    let next = day.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN);
    zone("").from_local_datetime(&next).earliest().map(|end| end.to_utc())
}

/// [`end_of_day`] as a bound of what a list is asked for: a day before all that happened was over before it, one that
/// nobody will live to see is over after it.
pub fn bound_of_day(day: NaiveDate) -> DateTime<Utc> {
    let beyond = || if day.year() < 1970 { DateTime::UNIX_EPOCH } else { DateTime::<Utc>::MAX_UTC };
    end_of_day(day).unwrap_or_else(beyond)
}

/// The moment at which a day that somebody gave is over in China.
///
/// Faults: `Invalid` beside `field`.
pub fn end_of_day_given(field: &str, day: NaiveDate) -> Result<DateTime<Utc>, Fault> {
    end_of_day(day).ok_or_else(|| Fault::invalid(field, "请选择日期"))
}

/// A day by which an address narrows a list; nothing where it names none.
///
/// Faults: `Invalid` beside `name` for what is no day.
pub fn day_given(fields: &Fields, name: &str) -> Result<Option<NaiveDate>, Fault> {
    fields.given(name).map(str::parse).transpose().map_err(|_| Fault::invalid(name, "请选择日期"))
}

/// The first moment of a list's days in China, and the first after them; nothing where a side is open.
///
/// Faults: `Invalid` beside `to` where it is before `from`.
pub fn moments_of_days(from: Option<NaiveDate>, to: Option<NaiveDate>) -> Result<[Option<DateTime<Utc>>; 2], Fault> {
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        return Err(Fault::invalid("to", "结束日期早于开始日期，请重新选择"));
    }
    // A day begins when the one before it ends.
    let begin = from.map(|day| bound_of_day(day.pred_opt().unwrap_or(day)));
    Ok([begin, to.map(bound_of_day)])
}

/// The last day that ends at such a moment.
pub fn day_before(end: DateTime<Utc>) -> NaiveDate {
    (end.with_timezone(&zone("")) - chrono::Duration::seconds(1)).date_naive()
}

/// A phone number as it is shown where the whole is not needed: `138****8000`.
pub fn masked_phone(phone: &str) -> String {
    match (phone.get(..3), phone.get(7..)) {
        (Some(head), Some(tail)) if phone.len() == 11 => format!("{head}****{tail}"),
        _ => "****".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_read_as_people_say_them() {
        assert_eq!(distance(848.0), "850 m");
        assert_eq!(distance(999.0), "1.0 km");
        assert_eq!(distance(3_240.0), "3.2 km");
        assert_eq!(distance(1_200_400.0), "1200 km");
    }
}
