//! What was sold, what it had cost and what is left, store by store.

use serde::{Deserialize, Serialize};

use crate::{Fen, transfers::Location};

use super::{MilliFen, margin_bp};

/// A place's figures of a period, at cost where that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct PlaceMargin {
    /// Where.
    pub location: Location,
    /// What goods were sold for, less what was given back for some; what bringing them cost is no part of it.
    pub sales_fen: Fen,
    /// Of them, what was sold at the counter, at the store's prices: what the till took is not known here.
    pub counter_fen: Fen,
    /// What those that were handed over had cost, less what came back of them.
    pub cost_fen: Fen,
    /// Pieces that were handed over, less those that came back.
    pub pieces: i64,
    /// Of them, those of which nobody knew what they cost: they are no part of `cost_fen`.
    pub unknown: i64,
    /// What was broken, expired, stolen or given away, or lost on its way to another place, at cost.
    pub losses_fen: Fen,
    /// What counts found, at cost: negative where more was missing than found.
    pub counts_fen: Fen,
    /// What came from suppliers less what went back to them, at cost.
    pub bought_fen: Fen,
    /// What goods there are worth now, at cost.
    pub stock_fen: Fen,
}

impl PlaceMargin {
    /// What is left of the sales; nothing where of some that was sold nobody knew what it cost.
    pub fn gross_fen(&self) -> Option<Fen> {
        (self.unknown == 0).then(|| Fen(self.sales_fen.0 - self.cost_fen.0))
    }

    /// What is left, in hundredths of a per cent of the sales; nothing as above, or where nothing was sold.
    pub fn margin_bp(&self) -> Option<i64> {
        (self.unknown == 0).then(|| margin_bp(MilliFen::of(self.sales_fen), MilliFen::of(self.cost_fen))).flatten()
    }

    /// All these places together, under the name of the first.
    pub fn sum(all: &[Self]) -> Option<Self> {
        let mut all = all.iter();
        let first = all.next()?.clone();
        Some(all.fold(first, |sum, one| Self {
            location: sum.location,
            sales_fen: Fen(sum.sales_fen.0 + one.sales_fen.0),
            counter_fen: Fen(sum.counter_fen.0 + one.counter_fen.0),
            cost_fen: Fen(sum.cost_fen.0 + one.cost_fen.0),
            pieces: sum.pieces + one.pieces,
            unknown: sum.unknown + one.unknown,
            losses_fen: Fen(sum.losses_fen.0 + one.losses_fen.0),
            counts_fen: Fen(sum.counts_fen.0 + one.counts_fen.0),
            bought_fen: Fen(sum.bought_fen.0 + one.bought_fen.0),
            stock_fen: Fen(sum.stock_fen.0 + one.stock_fen.0),
        }))
    }
}
