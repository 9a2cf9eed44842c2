//! What is to be ordered, and why: from the speed of sales, what is there, and what is coming.

use std::{collections::HashSet, fmt};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Fault, Fen, Fields, LocationId, PurchaseId, SkuId, SupplierId,
    transfers::{Location, field_of},
};

/// Over how many days sales are looked at.
pub const SOLD_DAYS: i64 = 28;
/// For how many days beyond the delivery an order is to last.
pub const COVER_DAYS: i64 = 14;
/// The most lines that are ordered with one request, which is what one has room for.
pub const PROPOSED_MOST: usize = 500;

/// What is known of a variant at a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Need {
    /// Pieces handed over in the last 28 days.
    pub sold: i64,
    /// Pieces there that are promised to nobody; negative where more is promised than is there.
    pub available: i64,
    /// Pieces ordered from suppliers that have not arrived.
    pub on_order: i64,
    /// Pieces on the way from another store or warehouse.
    pub in_transit: i64,
    /// Pieces that are to be left over at all times.
    pub safety: i64,
    /// Days from an order to its goods.
    pub lead_days: i64,
    /// Pieces of one pack.
    pub pack: i64,
    /// The fewest pieces of an order.
    pub minimum: i64,
}

/// How many pieces to order: what is sold in the days of delivery and 14 beyond, and what is to be left over, less what
/// is there and coming; in whole packs, and no fewer than the supplier takes. Nothing where it lasts.
pub fn propose(need: &Need) -> i64 {
    let days = i128::from(need.lead_days.max(0) + COVER_DAYS);
    let sold = i128::from(need.sold.max(0)) * days;
    // A part of a piece is a piece.
    let sold = (sold + i128::from(SOLD_DAYS) - 1) / i128::from(SOLD_DAYS);
    let there = i128::from(need.available) + i128::from(need.on_order) + i128::from(need.in_transit);
    let lacking = sold + i128::from(need.safety) - there;
    if lacking <= 0 {
        return 0;
    }
    let pack = i128::from(need.pack.max(1));
    let wanted = lacking.max(i128::from(need.minimum));
    i64::try_from((wanted + pack - 1) / pack * pack).unwrap_or(i64::MAX)
}

/// How many of what was sold in 28 days are sold in one, for people: `3.2`.
pub fn sold_a_day(sold: i64) -> String {
    let tenths = (sold * 10 + SOLD_DAYS / 2) / SOLD_DAYS;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// As people read it: `日均 3.2 × (7+14) 天 + 安全库存 5 − 可用 12 − 在途 20 − 已订 24，按每箱 24 件、起订 24 件`.
impl fmt::Display for Need {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "日均 {} × ({}+{COVER_DAYS}) 天", sold_a_day(self.sold), self.lead_days)?;
        if self.safety != 0 {
            write!(out, " + 安全库存 {}", self.safety)?;
        }
        write!(out, " − 可用 {}", self.available)?;
        for (label, pieces) in [("在途", self.in_transit), ("已订", self.on_order)] {
            if pieces != 0 {
                write!(out, " − {label} {pieces}")?;
            }
        }
        if self.pack > 1 || self.minimum > 1 {
            write!(out, "，按每箱 {} 件、起订 {} 件", self.pack, self.minimum)?;
        }
        Ok(())
    }
}

/// What a place is to order of a variant, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema), schema(as = ReplenishmentProposal))]
pub struct Proposal {
    /// Where.
    pub location: Location,
    /// Which variant.
    pub sku_id: SkuId,
    /// Its name for people.
    pub name: String,
    /// Its code.
    pub code: String,
    /// From whom: who asks the least for it.
    pub supplier_id: SupplierId,
    /// What they are called.
    pub supplier: String,
    /// Their price of one; nothing for who may not see costs.
    pub price_fen: Option<Fen>,
    /// What it rests on.
    pub need: Need,
    /// How many pieces.
    pub quantity: i64,
    /// Why so many, for people.
    pub why: String,
}

/// One proposal that is to be ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ProposalAsked {
    /// To where.
    pub location_id: LocationId,
    /// Which variant.
    pub sku_id: SkuId,
    /// From whom.
    pub supplier_id: SupplierId,
    /// How many pieces.
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 100_000))]
    pub quantity: i64,
}

/// Makes drafts of orders, one for each supplier and place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct OrderProposed {
    /// Made by the client: the same request again makes no second drafts.
    pub id: Uuid,
    /// What is to be ordered, up to 500: what a request has room for. A variant stands once for each place.
    #[cfg_attr(feature = "api", schema(min_items = 1, max_items = 500))]
    pub lines: Vec<ProposalAsked>,
}

impl OrderProposed {
    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `lines`.
    pub fn check(&self) -> Result<(), Fault> {
        if !(1..=PROPOSED_MOST).contains(&self.lines.len()) {
            return Err(Fault::invalid("lines", format!("请勾选 1 到 {PROPOSED_MOST} 行")));
        }
        let mut seen = HashSet::new();
        match self.lines.iter().find(|line| !seen.insert((line.location_id, line.sku_id))) {
            Some(twice) => Err(Fault::invalid(&field_of(twice.sku_id), "同一处的同一商品只能下单一次")),
            None => Ok(()),
        }
    }

    /// Reads the command from a form: `key`, `pick.{location}.{sku}` with the supplier, and
    /// `amount.{location}.{sku}` with the number.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let id = fields.text("key").parse().map_err(|_| Fault::invalid("lines", "请刷新页面后再试"))?;
        let line = |(of, supplier): (&str, &str)| {
            let (location, sku) = of.split_once('.')?;
            let quantity = fields.text(&format!("amount.{of}")).parse().unwrap_or(0);
            Some(ProposalAsked {
                location_id: location.parse().ok()?,
                sku_id: sku.parse().ok()?,
                supplier_id: supplier.parse().ok()?,
                quantity,
            })
        };
        let lines: Option<Vec<ProposalAsked>> = fields.under("pick.").map(line).collect();
        let lines = lines.ok_or_else(|| Fault::invalid("lines", "请刷新页面后再试"))?;
        let read = Self { id, lines };
        read.check().map(|()| read)
    }

    /// The draft of one supplier and place, the same for the same request; what is more than one draft holds goes to
    /// further ones, whose number counts from 0.
    pub fn draft_id(&self, supplier: SupplierId, location: LocationId, number: usize) -> PurchaseId {
        draft_of(self.id, supplier, location, number)
    }
}

/// The draft that a request makes for a supplier and place: the same for the same request, others for other ones.
pub(super) fn draft_of(request: Uuid, supplier: SupplierId, location: LocationId, number: usize) -> PurchaseId {
    let parts = [supplier.0.as_u128().rotate_left(1), location.0.as_u128().rotate_left(2), number as u128];
    PurchaseId(Uuid::from_u128(parts.into_iter().fold(request.as_u128(), |id, part| id ^ part)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn need() -> Need {
        Need { sold: 90, available: 12, in_transit: 20, lead_days: 7, pack: 1, minimum: 1, ..Need::default() }
    }

    #[test]
    fn a_proposal_says_what_it_rests_on() {
        assert_eq!(need().to_string(), "日均 3.2 × (7+14) 天 − 可用 12 − 在途 20");
        assert_eq!(propose(&need()), 68 - 32, "90 × 21 / 28 = 67.5, and a part of a piece is a piece");
        let packed = Need { pack: 24, minimum: 24, safety: 5, on_order: 3, ..need() };
        assert_eq!(propose(&packed), 48);
        let why = "日均 3.2 × (7+14) 天 + 安全库存 5 − 可用 12 − 在途 20 − 已订 3，按每箱 24 件、起订 24 件";
        assert_eq!(packed.to_string(), why);
    }

    proptest! {
        #[test]
        fn a_proposal_is_whole_packs_covers_the_need_and_no_pack_too_many(
            sold in 0i64..1_000_000, available in -1_000i64..100_000, on_order in 0i64..10_000,
            in_transit in 0i64..10_000, safety in 0i64..1_000, lead_days in 0i64..=365,
            pack in 1i64..1_000, minimum in 1i64..10_000,
        ) {
            let need = Need { sold, available, on_order, in_transit, safety, lead_days, pack, minimum };
            let quantity = propose(&need);
            // In parts of a 28th of a piece, so that nothing is rounded.
            let lacking = sold * (lead_days + COVER_DAYS) + (safety - available - on_order - in_transit) * SOLD_DAYS;
            if lacking <= 0 {
                prop_assert_eq!(quantity, 0);
            } else {
                prop_assert_eq!(quantity % pack, 0);
                prop_assert!(quantity >= minimum && quantity * SOLD_DAYS >= lacking);
                let fewer = quantity - pack;
                prop_assert!(fewer < minimum || fewer * SOLD_DAYS < lacking, "a pack too many");
            }
        }
    }
}
