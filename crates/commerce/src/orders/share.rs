//! Who of those that order at the same moment gets what is there: first come, first served, and all of an
//! order or nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::{
    Complaint, Fault,
    cart::{Part, QuotedLine},
    channel_quotas::ChannelQuota,
    checkout,
};
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
    /// By cart and part.
    carts: HashMap<(Uuid, Part), BTreeSet<Line>>,
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

/// What an order has taken, to give it back where another of its checkout is refused.
struct Taken {
    /// How many of each SKU.
    wanted: BTreeMap<Uuid, i64>,
    /// The lines that were in its part of the cart.
    lines: BTreeSet<Line>,
    /// The holds that its member had.
    early: Vec<(Uuid, Early)>,
}

impl Found {
    pub fn new(
        members: HashMap<Uuid, Counted>,
        carts: HashMap<(Uuid, Part), BTreeSet<Line>>,
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

    /// Takes the orders' part of what is left, or says why not and takes nothing. Orders of a checkout may be at one store
    /// and want the same goods there, so each takes its own before the next is looked at.
    pub fn grant(&mut self, basket: &[NewOrder], limits: &Limits) -> Result<(), Fault> {
        let mut taken = Vec::with_capacity(basket.len());
        let mut refused = Vec::new();
        // What the checkout's other orders have taken, to tell it from what their member had before.
        let mut before = HashMap::new();
        for order in basket {
            match self.check(order, limits, &before) {
                Ok(wanted) => {
                    for (sku, quantity) in &wanted {
                        *before.entry(*sku).or_default() += quantity - self.early_of(order, sku);
                    }
                    taken.push((order, self.take(order, wanted)));
                }
                Err(fault) if order.checkout.is_none() => return Err(fault),
                Err(fault) => refused.push((order.part(), fault)),
            }
        }
        if !refused.is_empty() {
            // The last first: what its member holds is the first one's that took of it.
            taken.into_iter().rev().for_each(|(order, taken)| self.give_back(order, taken));
            return Err(checkout::gather(refused));
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
        let cart = (order.cart, order.part());
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

    /// Refuses what is more than one member may have: with what they have had, and hold elsewhere. What was taken `before`
    /// by others of the checkout is among what they have had by now.
    fn refuse_beyond(
        &self,
        order: &NewOrder,
        wanted: &BTreeMap<Uuid, i64>,
        before: &HashMap<Uuid, i64>,
    ) -> Result<(), Fault> {
        let beyond = order.caps.iter().filter_map(|(sku, cap)| {
            let by_now = self.had.get(&(order.member, *sku)).copied().unwrap_or(0) - self.early_of(order, sku);
            if by_now + wanted.get(sku)? <= cap.most {
                return None;
            }
            let beside = before.get(sku).copied().unwrap_or(0);
            let had = by_now - beside;
            let also = if beside > 0 { format!("，一起下的其他订单有 {beside} 件") } else { String::new() };
            Some(beside_line(&order.lines, *sku, &format!("{}{also}", cap.refusal(had))))
        });
        let beyond: Vec<Complaint> = beyond.collect();
        if beyond.is_empty() { Ok(()) } else { Err(Fault::SoldOut(beyond)) }
    }

    fn take(&mut self, order: &NewOrder, wanted: BTreeMap<Uuid, i64>) -> Taken {
        self.sell(order, &wanted, 1);
        let mut early = Vec::new();
        for (sku, quantity) in &wanted {
            let own = self.early.remove(&(order.member, order.store, *sku)).unwrap_or_default();
            *self.stock.entry((order.store, *sku)).or_default() += own.pieces - quantity;
            *self.had.entry((order.member, *sku)).or_default() += quantity - own.pieces;
            early.push((*sku, own));
        }
        let used: Vec<Uuid> = early.iter().flat_map(|(_, own)| own.ids.iter().copied()).collect();
        if !used.is_empty() {
            self.used.insert(order.id(), used);
        }
        let lines = self.carts.remove(&(order.cart, order.part())).unwrap_or_default();
        *self.slots.entry(order.slot_key()).or_default() += 1;
        self.granted.insert(order.id());
        Taken { wanted, lines, early }
    }

    /// Undoes [`Found::take`].
    fn give_back(&mut self, order: &NewOrder, taken: Taken) {
        let Taken { wanted, lines, early } = taken;
        for (sku, own) in early {
            let quantity = wanted.get(&sku).copied().unwrap_or(0);
            *self.stock.entry((order.store, sku)).or_default() -= own.pieces - quantity;
            *self.had.entry((order.member, sku)).or_default() -= quantity - own.pieces;
            if !own.ids.is_empty() {
                self.early.insert((order.member, order.store, sku), own);
            }
        }
        self.sell(order, &wanted, -1);
        self.used.remove(&order.id());
        self.carts.insert((order.cart, order.part()), lines);
        *self.slots.entry(order.slot_key()).or_default() -= 1;
        self.granted.remove(&order.id());
    }

    /// Counts what the order's channel sells with it: `1` as sold, `-1` as not sold after all.
    fn sell(&mut self, order: &NewOrder, wanted: &BTreeMap<Uuid, i64>, sign: i64) {
        for (sku, quota) in &order.quotas {
            let more = wanted.get(sku).copied().unwrap_or(0) - self.held_over(order, sku, quota);
            *self.sold.entry((order.store, *sku, order.channel.code())).or_default() += sign * more;
        }
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
mod tests;
