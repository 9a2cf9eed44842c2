//! Transfers as both their ends and head office see them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Location, TransferAct, TransferState};
use crate::{Fen, SkuId, TransferId};

/// A transfer as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct TransferCard {
    /// Its identity.
    pub id: TransferId,
    /// As people say it: `DB000012`.
    pub number: String,
    /// How far it is.
    pub state: TransferState,
    /// From where.
    pub from: Location,
    /// To where.
    pub to: Location,
    /// Its goods, for people: `珍珠奶茶 · 中杯 等 3 种`.
    pub summary: String,
    /// How many pieces, as far as it has come: asked for, agreed to, shipped, or received.
    pub pieces: i64,
    /// How many pieces did not arrive and are not accounted for.
    pub missing: i64,
    /// What the receiving store pays for them at its supply prices; nothing where it has none, or to whoever has to do
    /// with the sender alone.
    pub total_fen: Option<Fen>,
    /// Why it was asked for.
    pub reason: String,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
}

/// How many pieces of one variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct TransferLine {
    /// Which variant.
    pub sku_id: SkuId,
    /// Its name for people.
    pub name: String,
    /// Its code.
    pub code: String,
    /// Its barcode.
    pub barcode: Option<String>,
    /// How many were asked for.
    pub requested: i64,
    /// How many were agreed to.
    pub approved: Option<i64>,
    /// How many left.
    pub shipped: Option<i64>,
    /// How many arrived.
    pub received: Option<i64>,
    /// How many were lost on the way.
    pub lost: i64,
    /// How many came back to the sender.
    pub returned: i64,
    /// How many are on the way, or missing once the others have arrived.
    pub on_the_way: i64,
    /// The supply price of one, as it was when it was asked for; to those who see `total_fen`.
    pub price_fen: Option<Fen>,
    /// How many the sender has that are promised to nobody.
    pub available: i64,
}

impl TransferLine {
    /// How many pieces, as far as it has come.
    pub fn pieces(&self) -> i64 {
        self.received.or(self.shipped).or(self.approved).unwrap_or(self.requested)
    }
}

/// One thing that happened to a transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct TransferStep {
    /// What.
    pub act: TransferAct,
    /// Where it led.
    pub state: TransferState,
    /// When.
    pub at: DateTime<Utc>,
    /// Who, for people.
    pub by: String,
    /// What they said.
    pub note: String,
}

/// A transfer's own page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct TransferView {
    /// What a list shows of it.
    #[serde(flatten)]
    pub card: TransferCard,
    /// Its goods, in the order in which they are picked.
    pub lines: Vec<TransferLine>,
    /// What happened, oldest first.
    pub steps: Vec<TransferStep>,
    /// What whoever asks can do with it now.
    pub acts: Vec<TransferAct>,
}
