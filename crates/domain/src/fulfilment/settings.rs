//! What a store offers beside its goods: how many it serves at a time, and what it brings where for how much.

use chrono::{DateTime, Duration, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{OfferedSlot, Range};
use crate::{
    Complaint, Fault, Fen,
    hours::{Hours, Slot, clock_time},
    members::Phone,
};

/// How many steps of distance a store's fees have at most.
pub const BANDS_MOST: usize = 8;
/// How many windows of delivery a day has at most.
pub const WINDOWS_MOST: usize = 12;
/// How many riders a store keeps the numbers of.
pub const RIDERS_MOST: usize = 20;
/// The most that any amount here may be.
const FEE_MOST: Fen = Fen(1_000_000);
const GRAMS_MOST: i64 = 1_000_000;
const CAPACITY_MOST: i64 = 10_000;

/// What a store offers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct FulfilmentSettings {
    /// How many open orders one pickup slot takes; as many as come where nothing is said.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 10000))]
    pub pickup_capacity: Option<i64>,
    /// What is done at the store, where it offers that.
    #[serde(default)]
    pub in_store: Option<InStoreSettings>,
    /// How it brings things within the city, where it has ever said so.
    #[serde(default)]
    pub delivery: Option<DeliverySettings>,
}

/// What is ordered ahead and done at the store: a table, a lesson, a haircut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct InStoreSettings {
    /// How many open orders one slot takes; as many as come where nothing is said.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 10000))]
    pub capacity: Option<i64>,
}

/// How a store brings things within the city.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct DeliverySettings {
    /// Whether it does at the moment.
    pub on: bool,
    /// Where to.
    pub range: Range,
    /// What it costs by distance, the nearest first. What is farther than the last is not brought.
    #[cfg_attr(feature = "api", schema(min_items = 1, max_items = 8))]
    pub bands: Vec<Band>,
    /// What weighs no more than this costs nothing more.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 1000000))]
    pub light_grams: i64,
    /// For each kilogram, begun or whole, that it weighs more.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 1000000))]
    pub per_kilo_fen: Fen,
    /// Goods that cost less are not brought.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 1000000))]
    pub minimum_fen: Fen,
    /// Goods that cost this much or more are brought for nothing.
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 1000000))]
    pub free_from_fen: Option<Fen>,
    /// How long it takes to prepare and bring an order, in minutes.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 1440))]
    pub minutes: i64,
    /// When it brings things, on each day.
    #[cfg_attr(feature = "api", schema(min_items = 1, max_items = 12))]
    pub windows: Vec<Window>,
    /// Its own riders.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_items = 20))]
    pub riders: Vec<OwnRider>,
}

/// A step of distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema), schema(as = FeeBand))]
pub struct Band {
    /// Up to here, this far included.
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 50000))]
    pub up_to_m: u32,
    /// What it costs.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 1000000))]
    pub fee_fen: Fen,
}

/// A part of each day in which a store brings things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema), schema(as = DeliveryWindow))]
pub struct Window {
    /// `HH:MM`.
    #[serde(with = "clock_time")]
    #[cfg_attr(feature = "api", schema(value_type = String, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "10:00"))]
    pub from: NaiveTime,
    /// `HH:MM`, later on the same day.
    #[serde(with = "clock_time")]
    #[cfg_attr(feature = "api", schema(value_type = String, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "12:00"))]
    pub until: NaiveTime,
    /// How many open orders it takes.
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 10000))]
    pub capacity: i64,
}

/// Somebody who brings a store's orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct OwnRider {
    /// What they are called.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 30, pattern = r"\S"))]
    pub name: String,
    /// Their number.
    pub phone: Phone,
}

impl FulfilmentSettings {
    /// The settings as they are, where they can be.
    ///
    /// Faults: `Invalid` beside what is wrong, by the names that the form has for it.
    pub fn checked(&self) -> Result<(), Fault> {
        let mut complaints = Vec::new();
        let in_store = self.in_store.and_then(|settings| settings.capacity);
        for (field, capacity) in [("pickup_capacity", self.pickup_capacity), ("in_store_capacity", in_store)] {
            if capacity.is_some_and(|capacity| !(1..=CAPACITY_MOST).contains(&capacity)) {
                complaints.push(Complaint::new(field, "每个时段的单数须在 1 到 10000 之间"));
            }
        }
        if let Some(delivery) = &self.delivery {
            delivery.complain(&mut complaints);
        }
        if complaints.is_empty() { Ok(()) } else { Err(Fault::Invalid(complaints)) }
    }
}

impl DeliverySettings {
    fn complain(&self, complaints: &mut Vec<Complaint>) {
        let mut must = |holds: bool, field: &str, message: &str| {
            if !holds {
                complaints.push(Complaint::new(field, message));
            }
        };
        let field = if matches!(self.range, Range::Radius { .. }) { "metres" } else { "polygon" };
        if let Some(problem) = self.range.problem() {
            must(false, field, problem);
        }
        let fits = |fen: Fen| (Fen::ZERO..=FEE_MOST).contains(&fen);
        let steps = self.bands.windows(2).all(|pair| pair[0].up_to_m < pair[1].up_to_m);
        let far = self.bands.iter().all(|band| (1..=super::FAR_MOST_M).contains(&band.up_to_m));
        must(
            (1..=BANDS_MOST).contains(&self.bands.len()) && steps && far,
            "bands",
            "请填写 1 到 8 档距离，由近到远，最远 50 公里",
        );
        must(self.bands.iter().all(|band| fits(band.fee_fen)), "bands", "配送费须在 0 到 10000 元之间");
        must((0..=GRAMS_MOST).contains(&self.light_grams), "light_grams", "重量须在 0 到 1000 公斤之间");
        must(fits(self.per_kilo_fen), "per_kilo", "每公斤加价须在 0 到 10000 元之间");
        must(fits(self.minimum_fen), "minimum", "起送金额须在 0 到 10000 元之间");
        must(
            self.free_from_fen.is_none_or(|fen| fits(fen) && fen > Fen::ZERO),
            "free_from",
            "免配送费的金额须在 0.01 到 10000 元之间",
        );
        must((0..=1440).contains(&self.minutes), "minutes", "备货与配送时间须在 0 到 1440 分钟之间");
        let ordered = self.windows.iter().all(|one| one.from < one.until);
        let apart = self.windows.windows(2).all(|pair| pair[0].until <= pair[1].from);
        must(
            (1..=WINDOWS_MOST).contains(&self.windows.len()) && ordered && apart,
            "windows",
            "请填写 1 到 12 个时段，由早到晚，互不重叠",
        );
        must(
            self.windows.iter().all(|one| (1..=CAPACITY_MOST).contains(&one.capacity)),
            "windows",
            "每个时段的单数须在 1 到 10000 之间",
        );
        let named = |rider: &OwnRider| {
            (1..=30).contains(&rider.name.trim().chars().count()) && !rider.name.contains(char::is_control)
        };
        must(
            self.riders.len() <= RIDERS_MOST && self.riders.iter().all(named),
            "riders",
            "最多 20 位骑手，姓名 30 字以内",
        );
    }

    /// What it costs to bring goods so far; nothing where they are not brought so far.
    pub fn fee(&self, metres: f64, grams: i64, goods: Fen) -> Option<Fee> {
        let band = self.bands.iter().find(|band| metres <= f64::from(band.up_to_m))?;
        if self.free_from_fen.is_some_and(|from| goods >= from) {
            return Some(Fee::default());
        }
        let beyond = grams.saturating_sub(self.light_grams).max(0);
        let kilos = beyond / 1000 + i64::from(beyond % 1000 > 0);
        Some(Fee { distance_fen: band.fee_fen, weight_fen: Fen(self.per_kilo_fen.0.saturating_mul(kilos)) })
    }

    /// The windows of today and tomorrow that can still be met, as far as the store is open. One that has begun can be
    /// chosen as long as there is time to prepare and bring an order before it ends; `longer_minutes` is what preparing
    /// takes longer at the moment ([`StoreState::longer_minutes`](crate::stores::StoreState::longer_minutes)).
    pub fn slots(&self, now: DateTime<Utc>, zone: Tz, hours: &Hours, longer_minutes: i64) -> Vec<OfferedSlot> {
        let today = now.with_timezone(&zone).date_naive();
        let brought = now + Duration::minutes(self.minutes + longer_minutes);
        let mut slots = Vec::new();
        for date in [Some(today), today.succ_opt()].into_iter().flatten() {
            for window in &self.windows {
                let (from, until) = (date.and_time(window.from), date.and_time(window.until));
                let opens =
                    hours.open_until(from).is_some() || hours.opens_next(from).is_some_and(|opens| opens < until);
                let local = |at| zone.from_local_datetime(&at).earliest().map(|at| at.with_timezone(&Utc));
                let Some((start, end)) = local(from).zip(local(until)) else { continue };
                if opens && brought <= end {
                    slots.push(OfferedSlot { slot: Slot { start, end }, full: false, capacity: Some(window.capacity) });
                }
            }
        }
        slots
    }
}

/// What it costs to bring something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fee {
    /// For the way.
    pub distance_fen: Fen,
    /// For what it weighs.
    pub weight_fen: Fen,
}

impl Fee {
    /// Both, as far as it fits.
    pub fn total(self) -> Fen {
        Fen(self.distance_fen.0.saturating_add(self.weight_fen.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn time(text: &str) -> NaiveTime {
        NaiveTime::parse_from_str(text, "%H:%M").unwrap()
    }

    fn window(from: &str, until: &str) -> Window {
        Window { from: time(from), until: time(until), capacity: 2 }
    }

    fn settings() -> DeliverySettings {
        DeliverySettings {
            on: true,
            range: Range::Radius { metres: 5000 },
            bands: vec![Band { up_to_m: 1000, fee_fen: Fen(300) }, Band { up_to_m: 3000, fee_fen: Fen(500) }],
            light_grams: 2000,
            per_kilo_fen: Fen(100),
            minimum_fen: Fen(2000),
            free_from_fen: Some(Fen(10_000)),
            minutes: 40,
            windows: vec![window("10:00", "12:00"), window("14:00", "18:00")],
            riders: Vec::new(),
        }
    }

    proptest! {
        #[test]
        fn the_fee_is_that_of_the_first_step_that_is_far_enough_and_grows_with_each_kilogram_begun(
            metres in 0f64..4000.0, grams in 0i64..50_000, goods in 0i64..9_999,
        ) {
            let fee = settings().fee(metres, grams, Fen(goods));
            let by_distance = if metres <= 1000.0 { Some(300) } else if metres <= 3000.0 { Some(500) } else { None };
            prop_assert_eq!(fee.map(|fee| fee.distance_fen.0), by_distance);
            if let Some(fee) = fee {
                let kilos = (f64::from((grams - 2000).max(0) as i32) / 1000.0).ceil() as i64;
                prop_assert_eq!(fee.weight_fen, Fen(100 * kilos));
                let heavier = settings().fee(metres, grams + 1, Fen(goods)).unwrap();
                prop_assert!(heavier.total() >= fee.total());
            }
        }

        #[test]
        fn what_costs_enough_is_brought_for_nothing_but_no_farther(metres in 0f64..4000.0, grams in 0i64..i64::MAX, goods in 10_000i64..i64::MAX) {
            let fee = settings().fee(metres, grams, Fen(goods));
            prop_assert_eq!(fee.map(Fee::total), (metres <= 3000.0).then_some(Fen::ZERO));
        }
    }

    #[test]
    fn every_setting_that_cannot_be_is_told_beside_its_field() {
        let all = |delivery| FulfilmentSettings { pickup_capacity: Some(3), in_store: None, delivery: Some(delivery) };
        assert_eq!(all(settings()).checked(), Ok(()));
        type Spoils = fn(&mut DeliverySettings);
        let wrong: Vec<(&str, Spoils)> = vec![
            ("metres", |one| one.range = Range::Radius { metres: 50_001 }),
            ("polygon", |one| one.range = Range::Polygon { corners: Vec::new() }),
            ("bands", |one| one.bands.clear()),
            ("bands", |one| one.bands.reverse()),
            ("bands", |one| one.bands[0].fee_fen = Fen(-1)),
            ("light_grams", |one| one.light_grams = -1),
            ("per_kilo", |one| one.per_kilo_fen = Fen(-1)),
            ("minimum", |one| one.minimum_fen = Fen(1_000_001)),
            ("free_from", |one| one.free_from_fen = Some(Fen::ZERO)),
            ("minutes", |one| one.minutes = 1441),
            ("windows", |one| one.windows.clear()),
            ("windows", |one| one.windows[0].until = time("10:00")),
            ("windows", |one| one.windows[0].until = time("14:01")),
            ("windows", |one| one.windows[0].capacity = 0),
            ("riders", |one| one.riders.push(OwnRider { name: " ".into(), phone: "13900139000".parse().unwrap() })),
        ];
        for (field, change) in wrong {
            let mut changed = settings();
            change(&mut changed);
            let fault = all(changed).checked().unwrap_err();
            assert_eq!(fault.complaints().iter().map(|one| one.field.as_str()).collect::<Vec<_>>(), [field]);
        }
        let in_store = Some(InStoreSettings { capacity: Some(10_001) });
        let none = FulfilmentSettings { pickup_capacity: Some(0), in_store, delivery: None };
        let fault = none.checked().unwrap_err();
        let named: Vec<_> = fault.complaints().iter().map(|one| one.field.as_str()).collect();
        assert_eq!(named, ["pickup_capacity", "in_store_capacity"]);
    }

    #[test]
    fn a_window_is_offered_while_an_order_can_still_be_brought_in_it_and_the_store_is_open() {
        let zone = chrono_tz::Asia::Shanghai;
        let at = |text: &str| {
            zone.from_local_datetime(&chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap())
                .unwrap()
                .with_timezone(&Utc)
        };
        let hours = Hours::daily(time("09:00"), time("13:00"));
        let starts_when = |now: &str, longer_minutes: i64| -> Vec<DateTime<Utc>> {
            let slots = settings().slots(at(now), zone, &hours, longer_minutes);
            slots.into_iter().map(|offered| offered.slot.start).collect()
        };
        let starts = |now: &str| starts_when(now, 0);
        let (today, tomorrow) = (at("2026-11-23 10:00"), at("2026-11-24 10:00"));
        assert_eq!(starts("2026-11-23 11:20"), [today, tomorrow]);
        assert_eq!(starts("2026-11-23 11:21"), [tomorrow], "nobody is at the store in the afternoon");
        assert_eq!(starts_when("2026-11-23 11:05", 15), [today, tomorrow]);
        assert_eq!(starts_when("2026-11-23 11:06", 15), [tomorrow], "a busy store brings things later");
    }
}
