//! When the chain sold how much: a year cut into days, and the moments of one day.

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveTime, TimeZone, Timelike, Utc};
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::SEED;
use crate::{demo::history::MOTHER_AND_BABY, figures::HQ_ZONE};

const DAYS: i64 = 365;
/// What the two great sales of the trade, on 18 June and 11 November, and the days before them sell
/// more than other days.
const SALES: &[(u32, u32, f64)] =
    &[(6, 16, 1.3), (6, 17, 1.5), (6, 18, 2.4), (11, 9, 1.3), (11, 10, 1.6), (11, 11, 2.8)];

/// One day of the year that ends now.
pub(super) struct Day {
    midnight: DateTime<Utc>,
    /// How many orders came before it.
    pub before: u64,
    /// How many came on it.
    pub orders: u64,
    /// The share of each hour from 8 to 21, as far as the day has come.
    hours: [f64; 14],
    /// The hour that is not over yet, and how many minutes of it are.
    current: Option<(usize, u32)>,
}

/// The days of the year until `now`, with `orders` shared out over them.
pub(super) fn year(now: DateTime<Utc>, orders: u64) -> Vec<Day> {
    let local = now.with_timezone(&HQ_ZONE);
    let mut days: Vec<(Day, f64)> = Vec::new();
    for ahead in 1 - DAYS..=0 {
        let date = local.date_naive() + Duration::days(ahead);
        let Some(midnight) = HQ_ZONE.from_local_datetime(&date.and_time(NaiveTime::MIN)).earliest() else { continue };
        let midnight = midnight.with_timezone(&Utc);
        let mut day = Day { midnight, before: 0, orders: 0, hours: MOTHER_AND_BABY.hours, current: None };
        if ahead == 0 {
            day.end_at(local.hour(), local.minute());
        }
        let passed = day.hours.iter().sum::<f64>() / MOTHER_AND_BABY.hours.iter().sum::<f64>();
        days.push((day, passed * weight(date, ahead)));
    }
    let total: f64 = days.iter().map(|(_, weight)| weight).sum();
    let (mut so_far, mut given) = (0.0, 0);
    let mut shared = Vec::new();
    for (mut day, weight) in days {
        so_far += weight;
        let until = ((so_far / total * orders as f64).round() as u64).min(orders);
        (day.before, day.orders) = (given, until - given);
        given = until;
        shared.push(day);
    }
    shared
}

/// By the weekday, the growth of the chain, the great sales, and chance.
fn weight(date: NaiveDate, ahead: i64) -> f64 {
    let weekend = if date.weekday().number_from_monday() > 5 { MOTHER_AND_BABY.weekend } else { 1.0 };
    // From four fifths a year ago to six fifths today.
    let growth = 1.2 + 0.4 * ahead as f64 / DAYS as f64;
    let sale = SALES.iter().find(|(month, day, _)| (date.month(), date.day()) == (*month, *day));
    let chance = StdRng::seed_from_u64(SEED ^ date.num_days_from_ce().unsigned_abs() as u64).random_range(0.92..1.08);
    weekend * growth * sale.map_or(1.0, |(_, _, times)| *times) * chance
}

impl Day {
    /// Cuts the day off where it is now.
    fn end_at(&mut self, hour: u32, minute: u32) {
        for (place, share) in self.hours.iter_mut().enumerate() {
            let of_day = place as u32 + 8;
            if of_day == hour {
                *share *= f64::from(minute) / 60.0;
                self.current = Some((place, minute));
            } else if of_day > hour {
                *share = 0.0;
            }
        }
    }

    /// A moment of the day, by the hours of the trade.
    pub fn moment(&self, random: &mut StdRng) -> DateTime<Utc> {
        let mut left = random.random_range(0.0..self.hours.iter().sum());
        let place = self.hours.iter().position(|share| {
            left -= share;
            left < 0.0
        });
        let place = place.unwrap_or(0);
        let minutes = match self.current {
            Some((current, minutes)) if current == place => minutes.max(1),
            _ => 60,
        };
        self.midnight
            + Duration::hours(place as i64 + 8)
            + Duration::minutes(random.random_range(0..minutes).into())
            + Duration::milliseconds(random.random_range(0..60_000))
    }
}
