//! Who of those that order at the same moment gets what is there: first come, first served, and all of an
//! order or nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::{Complaint, Fault, StoreId, cart::QuotedLine, channel_quotas::ChannelQuota, checkout};
use uuid::Uuid;

use super::{
    place::slot_full,
    write::{A_WHILE, NewOrder},
};
use crate::{fulfilment::SlotKey, holds::Open, stock::quotas::Sold};

/// What a member has already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    /// Orders that are not paid yet.
    pub unpaid: i64,
    /// Orders placed in the last while.
    pub lately: i64,
}

/// How much a member may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Unpaid orders hold stock that others want.
    pub unpaid: i64,
    /// Orders in a while.
    pub lately: i64,
}

/// A line in a cart: the SKU, its options, how many.
type Line = (Uuid, String, i64);

/// What a round of orders found, locked; and what is left of it while one after the other takes its part.
pub(super) struct Found {
    members: HashMap<Uuid, Counted>,
    /// By cart and store.
    carts: HashMap<(Uuid, Uuid), BTreeSet<Line>>,
    /// How many pieces can be promised, by store and SKU.
    stock: HashMap<(Uuid, Uuid), i64>,
    /// What members hold, by member, store and SKU.
    early: HashMap<(Uuid, Uuid, Uuid), Early>,
    /// How many open orders have each slot that is counted.
    slots: HashMap<SlotKey, i64>,
    /// How many pieces members have had of limited goods, with what they hold.
    had: HashMap<(Uuid, Uuid), i64>,
    /// How many pieces channels have sold of goods of which they may sell only so many.
    sold: Sold,
    granted: HashSet<Uuid>,
    /// The early holds that an order takes its pieces out of.
    used: HashMap<Uuid, Vec<Uuid>>,
}

/// A member's open holds of one SKU at one store.
#[derive(Default)]
struct Early {
    ids: Vec<Uuid>,
    pieces: i64,
    /// Over which channel they are held, since when, and how many.
    over: Vec<(Option<String>, DateTime<Utc>, i64)>,
}

impl Found {
    pub fn new(
        members: HashMap<Uuid, Counted>,
        carts: HashMap<(Uuid, Uuid), BTreeSet<Line>>,
        stock: HashMap<(Uuid, Uuid), i64>,
        open: Vec<Open>,
    ) -> Self {
        let mut early: HashMap<_, Early> = HashMap::new();
        for hold in open {
            let kept = early.entry((hold.member, hold.store, hold.sku)).or_default();
            kept.ids.push(hold.id);
            kept.pieces += hold.quantity;
            kept.over.push((hold.channel, hold.held_at, hold.quantity));
        }
        let (slots, had, sold) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { members, carts, stock, early, slots, had, sold, granted: HashSet::new(), used: HashMap::new() }
    }

    /// With the slots that are counted.
    pub fn with_slots(self, slots: HashMap<SlotKey, i64>) -> Self {
        Self { slots, ..self }
    }

    /// With what members have had of limited goods.
    pub fn with_had(self, had: HashMap<(Uuid, Uuid), i64>) -> Self {
        Self { had, ..self }
    }

    /// With what channels have sold.
    pub fn with_sold(self, sold: Sold) -> Self {
        Self { sold, ..self }
    }

    /// The early holds that end with a granted order, as their pieces are its own now.
    pub fn used_by(&self, order: Uuid) -> impl Iterator<Item = Uuid> {
        self.used.get(&order).into_iter().flatten().copied()
    }

    /// Takes the orders' part of what is left, or says why not and takes nothing. Orders of a checkout are at different
    /// stores, so what one takes is not missing for another.
    pub fn grant(&mut self, basket: &[NewOrder], limits: &Limits) -> Result<(), Fault> {
        let mut wanted = Vec::with_capacity(basket.len());
        let mut refused = Vec::new();
        // Orders of a checkout may want the same goods at several stores.
        let mut before = HashMap::new();
        for order in basket {
            match self.check(order, limits, &before) {
                Ok(pieces) => {
                    for (sku, quantity) in &pieces {
                        *before.entry(*sku).or_default() += quantity - self.early_of(order, sku);
                    }
                    wanted.push(pieces);
                }
                Err(fault) if order.checkout.is_none() => return Err(fault),
                Err(fault) => refused.push((StoreId(order.store), fault)),
            }
        }
        if !refused.is_empty() {
            return Err(checkout::gather(refused));
        }
        for (order, wanted) in basket.iter().zip(wanted) {
            self.take(order, wanted);
        }
        if let Some(first) = basket.first() {
            // What is paid with one payment counts as one.
            let counted = self.members.entry(first.member).or_default();
            *counted = Counted { unpaid: counted.unpaid + 1, lately: counted.lately + 1 };
        }
        Ok(())
    }

    /// How many of each SKU the order takes, where all of it is there.
    fn check(
        &self,
        order: &NewOrder,
        limits: &Limits,
        before: &HashMap<Uuid, i64>,
    ) -> Result<BTreeMap<Uuid, i64>, Fault> {
        if self.granted.contains(&order.id()) {
            // The same request twice in one round: the second finds the first's order after it.
            return Err(Fault::NotFound("这个订单"));
        }
        // Who is not there was merged or erased meanwhile, and their sessions have ended.
        let counted = self.members.get(&order.member).copied().ok_or(Fault::Unauthenticated)?;
        refuse_hoarding(counted, limits)?;
        let cart = (order.cart, order.store);
        let quoted = order
            .lines
            .iter()
            .map(|line| (line.sku_id.0, line.options.codes().join(","), line.quantity.get()))
            .collect::<BTreeSet<_>>();
        if self.carts.get(&cart) != Some(&quoted) {
            return Err(Fault::conflict("cart_changed", "购物车刚刚有变化，请确认后再提交"));
        }
        let in_slot = self.slots.get(&order.slot_key()).copied().unwrap_or(0);
        if order.slot_most.is_some_and(|most| in_slot >= most) {
            return Err(slot_full());
        }
        let wanted = wanted(&order.lines);
        self.refuse_beyond(order, &wanted, before)?;
        let early = |sku: &Uuid| self.early_of(order, sku);
        let free = |sku: &Uuid| self.stock.get(&(order.store, *sku)).copied().unwrap_or(0);
        let available = |sku: &Uuid| (free(sku) + early(sku)).min(self.left_of(order, sku));
        let lacking: Vec<Complaint> = wanted
            .iter()
            .filter(|(sku, quantity)| available(sku) < **quantity)
            .map(|(sku, _)| too_little(&order.lines, *sku, available(sku)))
            .collect();
        if !lacking.is_empty() {
            return Err(Fault::SoldOut(lacking));
        }
        Ok(wanted)
    }

    /// How many pieces the order's member holds of a variant where it is placed.
    fn early_of(&self, order: &NewOrder, sku: &Uuid) -> i64 {
        self.early.get(&(order.member, order.store, *sku)).map_or(0, |early| early.pieces)
    }

    /// How many pieces the order's channel may sell it: what its member holds over it is sold already, and is theirs.
    fn left_of(&self, order: &NewOrder, sku: &Uuid) -> i64 {
        let Some((_, quota)) = order.quotas.iter().find(|(of, _)| of == sku) else { return i64::MAX };
        let sold = self.sold.get(&(order.store, *sku, order.channel.code())).copied().unwrap_or(0);
        quota.left(sold - self.held_over(order, sku, quota))
    }

    /// How many pieces that count for a quota the order's member holds where it is placed.
    fn held_over(&self, order: &NewOrder, sku: &Uuid, quota: &ChannelQuota) -> i64 {
        let early = self.early.get(&(order.member, order.store, *sku));
        let counts = |(channel, at, _): &&(Option<String>, DateTime<Utc>, i64)| {
            channel.as_deref() == Some(order.channel.code()) && *at >= quota.since
        };
        early.map_or(0, |early| early.over.iter().filter(counts).map(|(.., pieces)| pieces).sum())
    }

    /// Refuses what is more than one member may have: with what they have had, and hold elsewhere.
    fn refuse_beyond(
        &self,
        order: &NewOrder,
        wanted: &BTreeMap<Uuid, i64>,
        before: &HashMap<Uuid, i64>,
    ) -> Result<(), Fault> {
        let beyond = order.caps.iter().filter_map(|(sku, cap)| {
            let had = self.had.get(&(order.member, *sku)).copied().unwrap_or(0) - self.early_of(order, sku);
            let elsewhere = before.get(sku).copied().unwrap_or(0);
            if had + elsewhere + wanted.get(sku)? <= cap.most {
                return None;
            }
            let also =
                if elsewhere > 0 { format!("，同时向其他门店买 {elsewhere} 件") } else { String::new() };
            Some(beside_line(&order.lines, *sku, &format!("{}{also}", cap.refusal(had))))
        });
        let beyond: Vec<Complaint> = beyond.collect();
        if beyond.is_empty() { Ok(()) } else { Err(Fault::SoldOut(beyond)) }
    }

    fn take(&mut self, order: &NewOrder, wanted: BTreeMap<Uuid, i64>) {
        let mut used = Vec::new();
        for (sku, quota) in &order.quotas {
            let more = wanted.get(sku).copied().unwrap_or(0) - self.held_over(order, sku, quota);
            *self.sold.entry((order.store, *sku, order.channel.code())).or_default() += more;
        }
        for (sku, quantity) in wanted {
            let early = self.early.remove(&(order.member, order.store, sku)).unwrap_or_default();
            *self.stock.entry((order.store, sku)).or_default() += early.pieces - quantity;
            used.extend(early.ids);
            *self.had.entry((order.member, sku)).or_default() += quantity - early.pieces;
        }
        if !used.is_empty() {
            self.used.insert(order.id(), used);
        }
        self.carts.remove(&(order.cart, order.store));
        *self.slots.entry(order.slot_key()).or_default() += 1;
        self.granted.insert(order.id());
    }
}

/// Unpaid orders hold stock that others want, so one member may have only a few, and place only so
/// many in a while.
fn refuse_hoarding(counted: Counted, limits: &Limits) -> Result<(), Fault> {
    if counted.lately >= limits.lately {
        return Err(Fault::TooMany { retry_after_s: A_WHILE.num_seconds() as u32 });
    }
    if counted.unpaid >= limits.unpaid {
        let unpaid = counted.unpaid;
        return Err(Fault::conflict("too_many_unpaid", format!("您有 {unpaid} 个订单未付款，请先付款或取消")));
    }
    Ok(())
}

fn too_little(lines: &[QuotedLine], sku: Uuid, available: i64) -> Complaint {
    let rest = if available > 0 { format!("仅剩 {available} 件") } else { "已售罄".into() };
    beside_line(lines, sku, &rest)
}

fn beside_line(lines: &[QuotedLine], sku: Uuid, words: &str) -> Complaint {
    let name = lines.iter().find(|line| line.sku_id.0 == sku).map_or("商品", |line| line.name.as_str());
    Complaint::new(format!("line.{sku}"), format!("{name} {words}"))
}

/// How many of each SKU, whatever options its lines have.
pub(super) fn wanted(lines: &[QuotedLine]) -> BTreeMap<Uuid, i64> {
    let mut wanted = BTreeMap::new();
    for line in lines {
        *wanted.entry(line.sku_id.0).or_default() += line.quantity.get();
    }
    wanted
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use chrono::TimeZone;
    use domain::{
        Fen, OrderId, Quantity, SkuId,
        fulfilment::Fulfilment,
        hours::Slot,
        orders::{Channel, OrderPlaced},
        purchase_limits::PurchaseLimit,
    };
    use proptest::prelude::*;

    use super::*;

    const ROOMY: Limits = Limits { unpaid: 100, lately: 100 };

    fn id(place: u128) -> Uuid {
        Uuid::from_u128(place)
    }

    fn line(sku: u128, quantity: i64) -> QuotedLine {
        QuotedLine {
            sku_id: SkuId(id(sku)),
            product_code: String::new(),
            name: format!("商品{sku}"),
            spec: String::new(),
            options_text: String::new(),
            options: Vec::new().into(),
            picture: String::new(),
            quantity: Quantity::try_from(quantity).unwrap(),
            unit_fen: Fen(100),
            total_fen: Fen(100 * quantity),
            weight_grams: 0,
            available: quantity,
            problem: None,
        }
    }

    /// The order of one member with one cart, both named by `place`.
    fn order(place: u128, lines: Vec<QuotedLine>) -> NewOrder {
        let now = Utc.with_ymd_and_hms(2026, 6, 10, 5, 0, 0).unwrap();
        NewOrder {
            member: id(place),
            cart: id(place),
            store: id(0),
            channel: Channel::Shop,
            placed: OrderPlaced { id: OrderId(id(place)), number: String::new(), total_fen: Fen(100), pay_before: now },
            lines,
            note: String::new(),
            fulfilment: Fulfilment::Pickup,
            freight_fen: Fen::ZERO,
            address: None,
            slot: Slot { start: now, end: now },
            slot_most: None,
            occurred_at: now,
            placed_at: now,
            request_hash: Vec::new(),
            checkout: None,
            caps: Vec::new(),
            quotas: Vec::new(),
        }
    }

    fn found(orders: &[NewOrder], stock: &[(u128, i64)]) -> Found {
        let cart = |order: &NewOrder| {
            let lines = order.lines.iter().map(|line| (line.sku_id.0, String::new(), line.quantity.get()));
            ((order.cart, order.store), lines.collect())
        };
        let stock = stock.iter().map(|(sku, pieces)| ((id(0), id(*sku)), *pieces));
        let members = orders.iter().map(|order| (order.member, Counted::default()));
        Found::new(members.collect(), orders.iter().map(cart).collect(), stock.collect(), Vec::new())
    }

    #[test]
    fn who_comes_first_gets_the_last_piece_and_who_wants_more_than_is_left_leaves_it_to_the_next() {
        let orders = [order(1, vec![line(7, 2)]), order(2, vec![line(7, 2)]), order(3, vec![line(7, 1)])];
        let mut found = found(&orders, &[(7, 3)]);
        assert_eq!(found.grant(from_ref(&orders[0]), &ROOMY), Ok(()));
        let lacking = found.grant(from_ref(&orders[1]), &ROOMY);
        let complaint = Complaint::new(format!("line.{}", id(7)), "商品7 仅剩 1 件");
        assert_eq!(lacking, Err(Fault::SoldOut(vec![complaint])));
        assert_eq!(found.grant(from_ref(&orders[2]), &ROOMY), Ok(()));
    }

    #[test]
    fn nobody_has_more_of_limited_goods_than_they_may_within_a_round_or_before_it() {
        let limit = PurchaseLimit { most: 3, days: None, pay_minutes: None };
        let capped = |place, own, quantity| {
            let mut order = NewOrder { caps: vec![(id(7), limit)], ..order(place, vec![line(7, quantity)]) };
            order.member = id(own);
            order
        };
        let orders = [capped(1, 1, 2), capped(2, 1, 1), capped(3, 2, 3)];
        let mut found = found(&orders, &[(7, 9)]).with_had([((id(1), id(7)), 1)].into());
        assert_eq!(found.grant(from_ref(&orders[0]), &ROOMY), Ok(()));
        let complaint = Complaint::new(format!("line.{}", id(7)), "商品7 每人限购 3 件，您已买 3 件");
        assert_eq!(found.grant(from_ref(&orders[1]), &ROOMY), Err(Fault::SoldOut(vec![complaint])));
        assert_eq!(found.grant(from_ref(&orders[2]), &ROOMY), Ok(()), "another member's");
    }

    #[test]
    fn a_channel_sells_no_more_than_its_quota_within_a_round_or_before_it_and_another_is_none_of_it() {
        let quota = ChannelQuota { most: 4, since: Utc.with_ymd_and_hms(2026, 6, 10, 4, 0, 0).unwrap() };
        let over = |place, channel: Channel, quantity| {
            let quotas = if channel == Channel::Shop { vec![(id(7), quota)] } else { Vec::new() };
            NewOrder { channel, quotas, ..order(place, vec![line(7, quantity)]) }
        };
        let orders =
            [over(1, Channel::Shop, 2), over(2, Channel::Shop, 2), over(3, Channel::Api, 5), over(4, Channel::Shop, 1)];
        let mut found = found(&orders, &[(7, 9)]).with_sold([((id(0), id(7), "shop"), 1)].into());
        assert_eq!(found.grant(from_ref(&orders[0]), &ROOMY), Ok(()));
        let complaint = Complaint::new(format!("line.{}", id(7)), "商品7 仅剩 1 件");
        assert_eq!(found.grant(from_ref(&orders[1]), &ROOMY), Err(Fault::SoldOut(vec![complaint])));
        assert_eq!(found.grant(from_ref(&orders[2]), &ROOMY), Ok(()));
        assert_eq!(found.grant(from_ref(&orders[3]), &ROOMY), Ok(()));
    }

    #[test]
    fn an_order_that_lacks_one_thing_takes_nothing_of_the_other() {
        let orders = [order(1, vec![line(7, 1), line(8, 1)]), order(2, vec![line(7, 1)])];
        let mut found = found(&orders, &[(7, 1)]);
        assert!(matches!(found.grant(from_ref(&orders[0]), &ROOMY), Err(Fault::SoldOut(_))));
        assert_eq!(found.grant(from_ref(&orders[1]), &ROOMY), Ok(()));
    }

    #[test]
    fn a_cart_is_ordered_once_and_only_as_it_was_quoted() {
        let (first, mut second) = (order(1, vec![line(7, 1)]), order(1, vec![line(7, 1)]));
        second.placed.id = OrderId(id(9));
        let mut found = found(from_ref(&first), &[(7, 9)]);
        let more = order(1, vec![line(7, 2)]);
        let changed = |answer| matches!(answer, Err(Fault::Conflict { code: "cart_changed", .. }));
        assert!(changed(found.grant(from_ref(&more), &ROOMY)));
        assert_eq!(found.grant(from_ref(&first), &ROOMY), Ok(()));
        assert_eq!(found.grant(from_ref(&first), &ROOMY), Err(Fault::NotFound("这个订单")), "the same request again");
        assert!(changed(found.grant(from_ref(&second), &ROOMY)));
    }

    #[test]
    fn orders_of_one_round_count_against_their_members_limits() {
        let (first, mut second) = (order(1, vec![line(7, 1)]), order(1, vec![line(7, 1)]));
        second.placed.id = OrderId(id(9));
        second.cart = id(2);
        let mut found = found(&[first.clone(), second.clone()], &[(7, 9)]);
        let one = Limits { unpaid: 1, lately: 100 };
        assert_eq!(found.grant(from_ref(&first), &one), Ok(()));
        assert!(matches!(found.grant(from_ref(&second), &one), Err(Fault::Conflict { code: "too_many_unpaid", .. })));
        assert!(matches!(found.grant(from_ref(&second), &Limits { unpaid: 9, lately: 1 }), Err(Fault::TooMany { .. })));
    }

    #[test]
    fn the_last_place_of_a_slot_is_the_first_ones_and_whoever_is_refused_takes_no_pieces() {
        let counted = |place| NewOrder { slot_most: Some(2), ..order(place, vec![line(7, 1)]) };
        let orders = [counted(1), counted(2)];
        let mut found = found(&orders, &[(7, 2)]).with_slots([(orders[0].slot_key(), 1)].into());
        assert_eq!(found.grant(from_ref(&orders[0]), &ROOMY), Ok(()));
        assert!(matches!(found.grant(from_ref(&orders[1]), &ROOMY), Err(Fault::Conflict { code: "slot_full", .. })));
        let uncounted = NewOrder { slot_most: None, ..orders[1].clone() };
        assert_eq!(found.grant(from_ref(&uncounted), &ROOMY), Ok(()));
    }

    proptest! {
        #[test]
        fn no_more_is_granted_than_is_there_and_whoever_is_refused_could_not_be_served(
            stock in prop::collection::vec(0i64..12, 3),
            wants in prop::collection::vec(prop::collection::btree_map(0u128..3, 1i64..5, 1..3), 1..20),
        ) {
            let shelf: Vec<(u128, i64)> = (0..).zip(stock.iter().copied()).collect();
            let orders: Vec<NewOrder> = (100..)
                .zip(&wants)
                .map(|(place, wants)| order(place, wants.iter().map(|(sku, quantity)| line(*sku, *quantity)).collect()))
                .collect();
            let mut found = found(&orders, &shelf);
            let mut left = stock.clone();
            for (order, wants) in orders.iter().zip(&wants) {
                let fits = wants.iter().all(|(sku, quantity)| left[*sku as usize] >= *quantity);
                prop_assert_eq!(found.grant(from_ref(order), &ROOMY).is_ok(), fits);
                if fits {
                    wants.iter().for_each(|(sku, quantity)| left[*sku as usize] -= quantity);
                }
            }
            prop_assert!(left.iter().all(|pieces| *pieces >= 0));
        }
    }
}
