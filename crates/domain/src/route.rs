//! Which store sends what somebody wants (D2): head office's rule, and the choice by it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    AddressId, Fault, Fields, SkuId, StoreId,
    fulfilment::Fulfilment,
    geo::Point,
    stores::{StoreCard, words},
};

/// By what a store is chosen among those that have everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum RouteRule {
    /// The nearest.
    #[default]
    Nearest,
    /// The one whose goods are there first.
    Fastest,
    /// The one that comes first in head office's order.
    Priority,
    /// The nearest; where none has everything, as few as have it together.
    FewestParcels,
}

words!(RouteRule:
    Nearest = "nearest" / "离顾客最近的门店", Fastest = "fastest" / "最快送到的门店",
    Priority = "priority" / "总部设定的优先级", FewestParcels = "fewest_parcels" / "包裹最少（可以拆给几家门店）");

impl RouteRule {
    /// What it is called where riders bring it: they carry no parcels.
    pub fn delivery_label(self) -> &'static str {
        match self {
            Self::FewestParcels => "配送单最少（可以拆给几家门店）",
            Self::Nearest | Self::Fastest | Self::Priority => self.label(),
        }
    }
}

/// Head office's rules: one for what goes by express, one for what riders bring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema), schema(as = Routing))]
pub struct RouteRules {
    /// For what goes by express.
    pub rule: RouteRule,
    /// For what riders bring.
    pub delivery_rule: RouteRule,
}

impl RouteRules {
    /// The rule for a way. Who comes for something chose the store; another one is then the nearest.
    pub fn of(self, way: Fulfilment) -> RouteRule {
        match way {
            Fulfilment::Express => self.rule,
            Fulfilment::Delivery => self.delivery_rule,
            Fulfilment::Pickup | Fulfilment::InStore => RouteRule::Nearest,
        }
    }
}

/// Sets head office's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema), schema(as = SetRouting))]
pub struct SetRouteRules {
    /// For what goes by express.
    pub rule: RouteRule,
    /// For what riders bring; left as it is where it is not named.
    #[serde(default)]
    pub delivery_rule: Option<RouteRule>,
}

impl SetRouteRules {
    /// Reads the command from a form: `rule`, `delivery_rule`.
    ///
    /// Faults: `Invalid` beside the one that is no rule.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let chosen =
            |name: &str| RouteRule::from_code(fields.text(name)).ok_or_else(|| Fault::invalid(name, "请选择发货规则"));
        let delivery_rule = fields.given("delivery_rule").map(|_| chosen("delivery_rule")).transpose()?;
        Ok(Self { rule: chosen("rule")?, delivery_rule })
    }
}

/// So many pieces of a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Wanted {
    /// Which variant.
    pub sku_id: SkuId,
    /// How many; 1 to 999.
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 999))]
    pub quantity: i64,
}

/// Asks which store would send this.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct FindRoute {
    /// What is wanted; 1 to 50 variants.
    #[cfg_attr(feature = "api", schema(min_items = 1, max_items = 50))]
    pub lines: Vec<Wanted>,
    /// To which of the member's addresses; without one nobody knows who serves it.
    #[serde(default)]
    pub address_id: Option<AddressId>,
    /// By express, or brought by riders, who need an address; what the goods cost nobody asks, so a store may still want
    /// more of them (起送) than these.
    #[serde(default = "FindRoute::usual_way")]
    pub fulfilment: Fulfilment,
    /// Where the shopper is, where no address is named.
    #[serde(default)]
    pub near: Option<Point>,
}

impl FindRoute {
    const fn usual_way() -> Fulfilment {
        Fulfilment::Express
    }

    /// Refuses what makes no sense.
    ///
    /// Faults: `Invalid` beside `lines`; beside `fulfilment` for a way that sends nothing; beside `address_id` where
    /// riders are asked for and no address is named.
    pub fn check(&self) -> Result<(), Fault> {
        let fits = |wanted: &Wanted| (1..=999).contains(&wanted.quantity);
        if !(1..=50).contains(&self.lines.len()) || !self.lines.iter().all(fits) {
            return Err(Fault::invalid("lines", "请给出 1 到 50 种商品，每种 1 到 999 件"));
        }
        match (self.fulfilment, self.address_id) {
            (Fulfilment::Express, _) | (Fulfilment::Delivery, Some(_)) => Ok(()),
            (Fulfilment::Delivery, None) => Err(Fault::invalid("address_id", "请给出收货地址，才知道哪家门店送得到")),
            (Fulfilment::Pickup | Fulfilment::InStore, _) => {
                Err(Fault::invalid("fulfilment", "自提和到店不需要发货，请选择配送或快递"))
            }
        }
    }
}

/// What one store sends of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct RoutePart {
    /// Which store.
    pub store: StoreCard,
    /// What it sends.
    pub lines: Vec<Wanted>,
}

/// A store that could send, as the choice sees it.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Which.
    pub store: StoreId,
    /// Whether it takes orders at this moment: others are never chosen.
    pub open: bool,
    /// How far it is, where that is known.
    pub distance_m: Option<f64>,
    /// Head office's order.
    pub priority: i32,
    /// By when what it sends can be there, at the earliest; those of which it is not known come last.
    pub arrives_by: Option<DateTime<Utc>>,
    /// What it has.
    pub has: Vec<Wanted>,
}

impl Candidate {
    fn has_of(&self, sku: SkuId) -> i64 {
        self.has.iter().filter(|one| one.sku_id == sku).map(|one| one.quantity.max(0)).sum()
    }

    /// What of this it could send.
    fn share(&self, wanted: &[Wanted]) -> Vec<Wanted> {
        let part = wanted.iter().map(|one| Wanted { quantity: one.quantity.min(self.has_of(one.sku_id)), ..*one });
        part.filter(|one| one.quantity > 0).collect()
    }
}

fn pieces(lines: &[Wanted]) -> i64 {
    lines.iter().map(|one| one.quantity).sum()
}

/// How many sets of stores of one size are tried. To find the smallest set that covers everything takes exponential time
/// in general; this is a few milliseconds, and three parcels of 49 stores.
const TRIED_MOST: usize = 20_000;

/// In how many ways so many of these can be chosen.
fn ways(of: usize, many: usize) -> usize {
    (0..many).fold(1, |ways, at| of.saturating_sub(at).saturating_mul(ways) / (at + 1))
}

/// The first set in their order, of at most so many, that has all that is lacking.
fn together(have: &[Vec<i64>], lacking: &[i64], many: usize) -> Option<Vec<usize>> {
    if lacking.iter().all(|left| *left <= 0) {
        return Some(Vec::new());
    }
    if many == 0 {
        return None;
    }
    (0..have.len()).find_map(|at| {
        let left: Vec<i64> = lacking.iter().zip(&have[at]).map(|(left, has)| left - has).collect();
        let rest = together(&have[at + 1..], &left, many - 1)?;
        Some([at].into_iter().chain(rest.into_iter().map(|one| at + 1 + one)).collect())
    })
}

/// As few stores as have it together, those that come first among sets of one size; nothing where they are more than can
/// be tried.
fn fewest<'a>(open: &[&'a Candidate], wanted: &[Wanted]) -> Option<Vec<&'a Candidate>> {
    let useful: Vec<&Candidate> = open.iter().filter(|one| !one.share(wanted).is_empty()).copied().collect();
    let lacking: Vec<i64> = wanted.iter().map(|one| one.quantity).collect();
    let of_each = |one: &&Candidate| wanted.iter().map(|line| one.has_of(line.sku_id)).collect();
    let have: Vec<Vec<i64>> = useful.iter().map(of_each).collect();
    let mut sizes = (2..=useful.len()).take_while(|many| ways(useful.len(), *many) <= TRIED_MOST);
    let chosen = sizes.find_map(|many| together(&have, &lacking, many))?;
    Some(chosen.into_iter().map(|at| useful[at]).collect())
}

/// Which stores send what: one that has everything, by the rule; nothing where none has. Only by
/// [`RouteRule::FewestParcels`] several stores send together: as few as have everything, the nearer of two such sets.
/// Of these each time the one that has most of what is left sends that; the same choice among all of them stands in
/// where more are needed than can be tried.
pub fn route(rule: RouteRule, wanted: &[Wanted], candidates: &[Candidate]) -> Vec<(StoreId, Vec<Wanted>)> {
    let mut wanted: Vec<Wanted> = wanted.iter().fold(Vec::new(), |mut merged: Vec<Wanted>, one| {
        match merged.iter_mut().find(|other| other.sku_id == one.sku_id) {
            Some(other) => other.quantity += one.quantity,
            None => merged.push(*one),
        }
        merged
    });
    let mut open: Vec<&Candidate> = candidates.iter().filter(|one| one.open).collect();
    let far = |one: &Candidate| one.distance_m.unwrap_or(f64::MAX);
    open.sort_by(|one, two| {
        let first = match rule {
            RouteRule::Nearest | RouteRule::FewestParcels => std::cmp::Ordering::Equal,
            RouteRule::Fastest => {
                (one.arrives_by.is_none(), one.arrives_by).cmp(&(two.arrives_by.is_none(), two.arrives_by))
            }
            RouteRule::Priority => one.priority.cmp(&two.priority),
        };
        first.then(far(one).total_cmp(&far(two))).then(one.priority.cmp(&two.priority)).then(one.store.cmp(&two.store))
    });
    let all = pieces(&wanted);
    if let Some(whole) = open.iter().find(|one| pieces(&one.share(&wanted)) == all) {
        return vec![(whole.store, wanted)];
    }
    if rule != RouteRule::FewestParcels {
        return Vec::new();
    }
    if let Some(few) = fewest(&open, &wanted) {
        open = few;
    }
    let mut parts = Vec::new();
    while pieces(&wanted) > 0 {
        // `max_by_key` answers the last of equals, and the nearest is to be it.
        let best = open.iter().rev().max_by_key(|one| pieces(&one.share(&wanted)));
        let Some((store, share)) =
            best.map(|one| (one.store, one.share(&wanted))).filter(|(_, share)| !share.is_empty())
        else {
            return Vec::new();
        };
        for one in &mut wanted {
            one.quantity -=
                share.iter().filter(|part| part.sku_id == one.sku_id).map(|part| part.quantity).sum::<i64>();
        }
        wanted.retain(|one| one.quantity > 0);
        open.retain(|one| one.store != store);
        parts.push((store, share));
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn sku(at: u8) -> SkuId {
        SkuId(Uuid::from_u128(u128::from(at)))
    }

    fn lines(of: &[i64]) -> Vec<Wanted> {
        let line = |(at, quantity): (u8, &i64)| Wanted { sku_id: sku(at), quantity: *quantity };
        (0u8..).zip(of).map(line).filter(|one| one.quantity > 0).collect()
    }

    fn candidate(at: u128, open: bool, distance_m: f64, priority: i32, has: &[i64]) -> Candidate {
        let arrives_by = DateTime::from_timestamp(i64::from(priority) * 60, 0);
        let store = StoreId(Uuid::from_u128(at));
        Candidate { store, open, distance_m: Some(distance_m), priority, arrives_by, has: lines(has) }
    }

    fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
        let one = (any::<bool>(), 0..50_000u32, 1..999i32, prop::collection::vec(0..5i64, 3));
        prop::collection::vec(one, 0..8).prop_map(|all| {
            let made = all.into_iter().enumerate();
            made.map(|(at, (open, far, priority, has))| candidate(at as u128, open, f64::from(far), priority, &has))
                .collect()
        })
    }

    proptest! {
        #[test]
        fn a_closed_store_is_never_chosen_and_what_is_chosen_is_all_that_was_wanted(
            rule in 0..4usize, stores in candidates(), wanted in prop::collection::vec(0..6i64, 3),
        ) {
            let (rule, wanted) = (RouteRule::ALL[rule], lines(&wanted));
            prop_assume!(!wanted.is_empty());
            let parts = route(rule, &wanted, &stores);
            for (store, share) in &parts {
                let chosen = stores.iter().find(|one| one.store == *store).unwrap();
                prop_assert!(chosen.open);
                for one in share {
                    prop_assert!(one.quantity <= chosen.has_of(one.sku_id), "more than it has");
                }
            }
            if !parts.is_empty() {
                for one in &wanted {
                    let sent: i64 = parts.iter().flat_map(|(_, share)| share).filter(|part| part.sku_id == one.sku_id).map(|part| part.quantity).sum();
                    prop_assert_eq!(sent, one.quantity);
                }
            }
            let whole = |one: &&Candidate| one.open && wanted.iter().all(|line| one.has_of(line.sku_id) >= line.quantity);
            let have_all: Vec<&Candidate> = stores.iter().filter(whole).collect();
            prop_assert!(have_all.is_empty() || parts.len() == 1, "one parcel where one store has everything");
            if rule == RouteRule::FewestParcels {
                // Every set of stores.
                let enough = |set: &u32| {
                    let of = |line: &Wanted| {
                        let within = stores.iter().enumerate().filter(|(at, one)| set & (1 << at) != 0 && one.open);
                        within.map(|(_, one)| one.has_of(line.sku_id)).sum::<i64>()
                    };
                    wanted.iter().all(|line| of(line) >= line.quantity)
                };
                let least = (0..1u32 << stores.len()).filter(enough).map(u32::count_ones).min();
                prop_assert_eq!(parts.len() as u32, least.unwrap_or_default(), "not one parcel more than needed");
            }
            if let Some((store, _)) = parts.first().filter(|_| parts.len() == 1) {
                let chosen = stores.iter().find(|one| one.store == *store).unwrap();
                for other in have_all {
                    match rule {
                        RouteRule::Nearest | RouteRule::FewestParcels => prop_assert!(chosen.distance_m <= other.distance_m),
                        RouteRule::Fastest => prop_assert!(chosen.arrives_by <= other.arrives_by),
                        RouteRule::Priority => prop_assert!(chosen.priority <= other.priority),
                    }
                }
            }
        }
    }

    #[test]
    fn the_fastest_is_never_one_of_which_nobody_knows_when_it_is_there() {
        let mut stores = [candidate(1, true, 10.0, 1, &[1]), candidate(2, true, 20.0, 2, &[1])];
        stores[0].arrives_by = None;
        assert_eq!(route(RouteRule::Fastest, &lines(&[1]), &stores), [(stores[1].store, lines(&[1]))]);
    }

    #[test]
    fn only_where_several_may_send_is_something_split() {
        let stores = [candidate(1, true, 10.0, 1, &[2, 0]), candidate(2, true, 20.0, 2, &[1, 1])];
        let wanted = lines(&[2, 1]);
        assert_eq!(route(RouteRule::Nearest, &wanted, &stores), []);
        let parts = route(RouteRule::FewestParcels, &wanted, &stores);
        assert_eq!(parts, [(stores[0].store, lines(&[2])), (stores[1].store, lines(&[0, 1]))]);
        assert_eq!(route(RouteRule::FewestParcels, &lines(&[9, 9]), &stores), [], "all or nothing");
    }

    #[test]
    fn the_store_that_has_most_is_left_out_where_two_others_have_it_all() {
        let stores = [
            candidate(1, true, 10.0, 1, &[0, 1, 1, 1, 1, 0]),
            candidate(2, true, 20.0, 2, &[1, 1, 1, 0, 0, 0]),
            candidate(3, true, 30.0, 3, &[0, 0, 0, 1, 1, 1]),
        ];
        let parts = route(RouteRule::FewestParcels, &lines(&[1; 6]), &stores);
        let by: Vec<StoreId> = parts.iter().map(|(store, _)| *store).collect();
        assert_eq!(by, [stores[1].store, stores[2].store]);
    }

    #[test]
    fn more_stores_than_can_be_tried_still_send_everything() {
        let stores: Vec<Candidate> = (0..200u8)
            .map(|at| {
                let has = (0..200).map(|other| i64::from(other == at)).collect::<Vec<_>>();
                candidate(u128::from(at), true, f64::from(at), 1, &has)
            })
            .collect();
        assert_eq!(route(RouteRule::FewestParcels, &lines(&[1; 50]), &stores).len(), 50);
        assert_eq!((ways(49, 3), ways(3, 2), ways(2, 3)), (18_424, 3, 0));
    }
}
