//! Who of those that want to hold goods at the same moment gets them: first come, first served.

use std::collections::HashMap;

use domain::{Complaint, Fault};
use uuid::Uuid;

use super::round::{A_WHILE, Wanted};
use crate::stock::quotas::Sold;

/// What a member has already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    /// Holds that have not ended.
    pub open: i64,
    /// Holds taken in the last while.
    pub lately: i64,
}

/// How much a member may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Open holds keep stock from others.
    pub open: i64,
    /// Holds in a while.
    pub lately: i64,
}

/// What a round found, locked; and what is left of it while one after the other takes its part.
pub(super) struct Found {
    members: HashMap<Uuid, Counted>,
    /// How many pieces can be promised, by store and SKU.
    stock: HashMap<(Uuid, Uuid), i64>,
    /// How many pieces members have had of limited goods, with what they hold.
    had: HashMap<(Uuid, Uuid), i64>,
    /// How many pieces channels have sold of goods of which they may sell only so many.
    sold: Sold,
}

impl Found {
    pub fn new(members: HashMap<Uuid, Counted>, stock: HashMap<(Uuid, Uuid), i64>) -> Self {
        Self { members, stock, had: HashMap::new(), sold: HashMap::new() }
    }

    /// With what members have had of limited goods.
    pub fn with_had(self, had: HashMap<(Uuid, Uuid), i64>) -> Self {
        Self { had, ..self }
    }

    /// With what channels have sold.
    pub fn with_sold(self, sold: Sold) -> Self {
        Self { sold, ..self }
    }

    /// Takes the hold's part of what is left, or says why not and takes nothing.
    pub fn grant(&mut self, wanted: &Wanted, limits: &Limits) -> Result<(), Fault> {
        // Who is not there has no session any more.
        let counted = self.members.get_mut(&wanted.member).ok_or(Fault::Unauthenticated)?;
        if counted.lately >= limits.lately {
            return Err(Fault::TooMany { retry_after_s: A_WHILE.num_seconds() as u32 });
        }
        if counted.open >= limits.open {
            let open = counted.open;
            return Err(Fault::conflict("too_many_holds", format!("您已占用 {open} 份商品，请先下单或放弃")));
        }
        let quantity = wanted.wish.quantity.get();
        let had = self.had.entry((wanted.member, wanted.wish.sku_id.0)).or_default();
        if let Some(cap) = wanted.cap.filter(|cap| *had + quantity > cap.most) {
            return Err(Fault::SoldOut(vec![Complaint::new("quantity", cap.refusal(*had))]));
        }
        let (store, sku) = wanted.shelf();
        let sold = self.sold.entry((store, sku, wanted.channel.code())).or_default();
        let may_sell = wanted.quota.map_or(i64::MAX, |quota| quota.left(*sold));
        let left = self.stock.entry(wanted.shelf()).or_default();
        if (*left).min(may_sell) < quantity {
            return Err(super::sold_out((*left).min(may_sell)));
        }
        *sold += quantity;
        *left -= quantity;
        *had += quantity;
        counted.open += 1;
        counted.lately += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};
    use domain::{HoldId, Quantity, SkuId, StoreId, channel_quotas::ChannelQuota, holds::TakeHold, orders::Channel};
    use proptest::prelude::*;

    use super::*;

    const ROOMY: Limits = Limits { open: 100, lately: 100 };

    fn id(place: u128) -> Uuid {
        Uuid::from_u128(place)
    }

    fn wanted(member: u128, sku: u128, quantity: i64) -> Wanted {
        let now = Utc.with_ymd_and_hms(2026, 6, 10, 5, 0, 0).unwrap();
        let wish = TakeHold {
            id: HoldId(Uuid::now_v7()),
            store_id: StoreId(id(0)),
            sku_id: SkuId(id(sku)),
            quantity: Quantity::try_from(quantity).unwrap(),
        };
        Wanted {
            member: id(member),
            wish,
            channel: Channel::Shop,
            at: now,
            expires_at: now,
            refused: None,
            cap: None,
            quota: None,
        }
    }

    fn found(stock: &[(u128, i64)]) -> Found {
        let members = (0..9).map(|member| (id(member), Counted::default()));
        Found::new(members.collect(), stock.iter().map(|(sku, pieces)| ((id(0), id(*sku)), *pieces)).collect())
    }

    #[test]
    fn who_comes_first_gets_the_last_pieces_and_who_wants_too_many_leaves_them_to_the_next() {
        let mut found = found(&[(7, 3)]);
        assert_eq!(found.grant(&wanted(1, 7, 2), &ROOMY), Ok(()));
        assert_eq!(found.grant(&wanted(2, 7, 2), &ROOMY), Err(super::super::sold_out(1)));
        assert_eq!(found.grant(&wanted(3, 7, 1), &ROOMY), Ok(()));
        assert_eq!(found.grant(&wanted(4, 7, 1), &ROOMY), Err(super::super::sold_out(0)));
        assert_eq!(found.grant(&wanted(4, 8, 1), &ROOMY), Err(super::super::sold_out(0)), "goods without stock");
    }

    #[test]
    fn a_channel_holds_no_more_than_its_quota_and_another_is_none_of_it() {
        let mut found = found(&[(7, 9)]).with_sold([((id(0), id(7), "shop"), 1)].into());
        let quota = Some(ChannelQuota { most: 3, since: Utc.with_ymd_and_hms(2026, 6, 10, 4, 0, 0).unwrap() });
        let shop = |member, quantity| Wanted { quota, ..wanted(member, 7, quantity) };
        assert_eq!(found.grant(&shop(1, 3), &ROOMY), Err(super::super::sold_out(2)));
        assert_eq!(found.grant(&shop(2, 2), &ROOMY), Ok(()));
        assert_eq!(found.grant(&shop(3, 1), &ROOMY), Err(super::super::sold_out(0)));
        assert_eq!(found.grant(&Wanted { channel: Channel::Api, ..wanted(4, 7, 4) }, &ROOMY), Ok(()));
    }

    #[test]
    fn holds_of_one_round_count_against_their_members_limits() {
        let mut found = found(&[(7, 9)]);
        let (one_open, one_lately) = (Limits { open: 1, lately: 9 }, Limits { open: 9, lately: 1 });
        assert_eq!(found.grant(&wanted(1, 7, 1), &one_open), Ok(()));
        let second = found.grant(&wanted(1, 7, 1), &one_open);
        assert!(matches!(second, Err(Fault::Conflict { code: "too_many_holds", .. })));
        assert!(matches!(found.grant(&wanted(1, 7, 1), &one_lately), Err(Fault::TooMany { .. })));
        assert_eq!(found.grant(&wanted(2, 7, 1), &one_open), Ok(()));
    }

    proptest! {
        #[test]
        fn no_more_is_granted_than_is_there_and_whoever_is_refused_could_not_be_served(
            stock in prop::collection::vec(0i64..12, 3),
            wants in prop::collection::vec((0u128..6, 0u128..3, 1i64..5), 1..40),
        ) {
            let shelf: Vec<(u128, i64)> = (0..).zip(stock.iter().copied()).collect();
            let mut found = found(&shelf);
            let mut left = stock.clone();
            for (member, sku, quantity) in wants {
                let fits = left[sku as usize] >= quantity;
                prop_assert_eq!(found.grant(&wanted(member, sku, quantity), &ROOMY).is_ok(), fits);
                if fits {
                    left[sku as usize] -= quantity;
                }
            }
            prop_assert!(left.iter().all(|pieces| *pieces >= 0));
        }
    }
}
