//! What the chain sold: every order is made up from the seed and its place in the year alone, so that
//! any day can be told again, by another thread or another run, and is the same.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use domain::orders::OrderState;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use uuid::Uuid;

use super::{
    SEED,
    year::{self, Day},
};
use crate::demo::history::{favourite, next_quarter, state_of};

/// Members have joined since then; the first orders are half as old.
const JOINING_DAYS: i64 = 730;
/// How many different things one order is for.
const LINES: [usize; 20] = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 4, 4];
const PIECES: [i64; 8] = [1, 1, 1, 1, 1, 2, 2, 3];

/// A store that sells.
pub(super) struct Store {
    pub id: Uuid,
    /// Hundredths of a percent of the common price.
    pub price_points: i64,
}

/// Something sold, as the lines of an order name it.
pub(super) struct Goods {
    pub sku_id: Uuid,
    pub name: String,
    pub spec: String,
    pub picture: String,
    pub price_fen: i64,
}

impl Store {
    /// What a store takes for what commonly costs so much: dearer or cheaper by up to a twentieth, and
    /// whole jiao.
    pub fn price_fen(&self, common_fen: i64) -> i64 {
        (common_fen * self.price_points / 100_000 * 10).max(10)
    }
}

/// All that the orders are made from.
pub(super) struct Ground {
    pub now: DateTime<Utc>,
    pub members: u64,
    pub days: Vec<Day>,
    /// Those beside the small demo's.
    pub stores: Vec<Store>,
    pub goods: Vec<Goods>,
    /// Up to where of 1.0 each store's share of the orders reaches.
    shares: Vec<f64>,
}

/// An order with its lines.
pub(super) struct Order {
    pub id: Uuid,
    pub number: String,
    /// Which store.
    pub store: usize,
    pub member_id: Uuid,
    pub state: OrderState,
    pub lines: Vec<Line>,
    pub total_fen: i64,
    pub placed_at: DateTime<Utc>,
    pub paid_at: Option<DateTime<Utc>>,
    pub code: Option<String>,
    pub slot: DateTime<Utc>,
}

pub(super) struct Line {
    /// Which goods.
    pub goods: usize,
    pub quantity: i64,
    pub unit_fen: i64,
}

impl Ground {
    pub fn new(now: DateTime<Utc>, members: u64, orders: u64, stores: Vec<Store>, goods: Vec<Goods>) -> Self {
        let mut random = StdRng::seed_from_u64(SEED);
        let popularity: Vec<f64> = stores.iter().map(|_| random.random_range(0.5..1.6)).collect();
        let all: f64 = popularity.iter().sum();
        let mut reached = 0.0;
        let share = |popularity: f64| {
            reached += popularity / all;
            reached
        };
        let shares = popularity.into_iter().map(share).collect();
        Self { now, members, days: year::year(now, orders), stores, goods, shares }
    }

    /// When the member of this number joined.
    pub fn joined_at(&self, number: u64) -> DateTime<Utc> {
        let span_s = JOINING_DAYS * 86_400;
        let into_s = (span_s as f64 * number as f64 / self.members as f64) as i64;
        self.now - Duration::seconds(span_s - into_s)
    }

    /// The member of this number.
    pub fn member_id(&self, number: u64) -> Uuid {
        id_at(self.joined_at(number), &mut StdRng::seed_from_u64(SEED ^ (number << 20)))
    }

    /// One who had joined by then.
    fn buyer(&self, at: DateTime<Utc>, random: &mut StdRng) -> Uuid {
        let since = (at - self.joined_at(0)).num_seconds() as f64 / (JOINING_DAYS * 86_400) as f64;
        let joined = (self.members as f64 * since) as u64;
        self.member_id(random.random_range(0..joined.clamp(1, self.members)))
    }

    /// The orders of a day, the earliest first.
    pub fn orders_of(&self, day: usize) -> Vec<Order> {
        let mut random = StdRng::seed_from_u64(SEED + day as u64);
        let day = &self.days[day];
        let mut moments: Vec<_> = (0..day.orders).map(|_| day.moment(&mut random)).collect();
        // Keys that rise are kind to indexes.
        moments.sort_unstable();
        (day.before..).zip(moments).map(|(number, at)| self.order(number, at, &mut random)).collect()
    }

    fn order(&self, number: u64, placed_at: DateTime<Utc>, random: &mut StdRng) -> Order {
        let share = random.random_range(0.0..1.0);
        let store = self.shares.partition_point(|reached| *reached <= share).min(self.stores.len() - 1);
        let state = state_of(self.now - placed_at, random);
        let paid = !matches!(state, OrderState::Expired | OrderState::Cancelled);
        let lines = self.lines(store, random);
        Order {
            id: id_at(placed_at, random),
            number: order_number(number, placed_at),
            store,
            member_id: self.buyer(placed_at, random),
            state,
            total_fen: lines.iter().map(|line| line.unit_fen * line.quantity).sum(),
            lines,
            placed_at,
            paid_at: paid.then(|| placed_at + Duration::seconds(random.random_range(8..50))),
            code: paid.then(|| format!("{:08}", random.random_range(0..100_000_000))),
            slot: next_quarter(placed_at + Duration::minutes(15)),
        }
    }

    fn lines(&self, store: usize, random: &mut StdRng) -> Vec<Line> {
        let many = *LINES.choose(random).unwrap_or(&1);
        let mut places: Vec<usize> = (0..many).map(|_| favourite(self.goods.len(), random)).collect();
        places.sort_unstable();
        places.dedup();
        let line = |goods: usize| Line {
            goods,
            quantity: *PIECES.choose(random).unwrap_or(&1),
            unit_fen: self.stores[store].price_fen(self.goods[goods].price_fen),
        };
        places.into_iter().map(line).collect()
    }

    /// Counts what all orders take from the shelves, so that the shelves can be filled beforehand. Tells
    /// after each day how many orders that was, and goes on as long as the answer is yes.
    pub fn taken(&self, go_on: impl Fn(u64) -> bool) -> Taken {
        let mut taken = Taken { issued: vec![0; self.stores.len() * self.goods.len()], allocated: HashMap::new() };
        for day in 0..self.days.len() {
            for order in self.orders_of(day) {
                for line in &order.lines {
                    taken.count(order.store * self.goods.len() + line.goods, order.state, line.quantity);
                }
            }
            if !go_on(self.days[day].before + self.days[day].orders) {
                break;
            }
        }
        taken
    }
}

/// What the orders take of each goods in each store: the place is the store's × the goods' number + the goods'.
pub(super) struct Taken {
    pub issued: Vec<u32>,
    pub allocated: HashMap<usize, i64>,
}

impl Taken {
    fn count(&mut self, place: usize, state: OrderState, quantity: i64) {
        match state {
            OrderState::Completed => self.issued[place] += quantity as u32,
            OrderState::Paid | OrderState::Accepted | OrderState::Ready => {
                *self.allocated.entry(place).or_default() += quantity;
            }
            _ => {}
        }
    }
}

/// An identity as clients would have made it at that moment.
pub(super) fn id_at(at: DateTime<Utc>, random: &mut StdRng) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(at.timestamp_millis().unsigned_abs(), &random.random()).into_uuid()
}

/// The day, and a number that looks like chance but comes once: multiplying by a number that shares no
/// factor with 10¹⁰ goes through all numbers below. One digit more than the small demo's keeps the two
/// apart.
fn order_number(number: u64, at: DateTime<Utc>) -> String {
    let mixed = u128::from(number) * 2_654_435_761 % 10_000_000_000;
    format!("{}{mixed:011}", at.format("%y%m%d"))
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    fn ground() -> Ground {
        let store = |place: u128| Store { id: Uuid::from_u128(place), price_points: 10_000 };
        let goods = |place: u128| Goods {
            sku_id: Uuid::from_u128(place),
            name: "米粉".into(),
            spec: String::new(),
            picture: String::new(),
            price_fen: 990,
        };
        let now = Utc.with_ymd_and_hms(2026, 6, 10, 5, 20, 0).unwrap();
        Ground::new(now, 100, 20_000, (0..7).map(store).collect(), (0..30).map(goods).collect())
    }

    #[test]
    fn a_day_told_twice_is_the_same_and_all_days_are_what_was_asked_for() {
        let ground = ground();
        let told = |day| ground.orders_of(day).iter().map(|order| (order.id, order.total_fen)).collect::<Vec<_>>();
        assert_eq!(told(200), told(200));
        assert_eq!((0..365).map(|day| told(day).len()).sum::<usize>(), 20_000);
    }

    #[test]
    fn nobody_buys_before_joining_or_after_now() {
        let ground = ground();
        let joined: HashMap<_, _> =
            (0..100).map(|number| (ground.member_id(number), ground.joined_at(number))).collect();
        for order in (0..365).flat_map(|day| ground.orders_of(day)) {
            assert!(joined[&order.member_id] <= order.placed_at && order.placed_at < ground.now);
        }
    }
}
