//! Orders to suppliers as those see them who buy, and those who take the goods in.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{PurchaseAct, PurchaseState};
use crate::{Fen, PurchaseId, SkuId, SupplierId, transfers::Location};

/// An order as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct PurchaseCard {
    /// Its identity.
    pub id: PurchaseId,
    /// As people say it: `CG000012`.
    pub number: String,
    /// How far it is.
    pub state: PurchaseState,
    /// From whom.
    pub supplier_id: SupplierId,
    /// What they are called.
    pub supplier: String,
    /// To where.
    pub location: Location,
    /// Its goods, for people: `珍珠奶茶 · 中杯 等 3 种`.
    pub summary: String,
    /// How many pieces are ordered.
    pub pieces: i64,
    /// How many of them have arrived.
    pub received: i64,
    /// How many of those went back.
    pub returned: i64,
    /// What it comes to; nothing for who may not see costs.
    pub total_fen: Option<Fen>,
    /// Whether whoever hands it in may not decide on it alone.
    pub above: bool,
    /// Up to what amount they might have when they handed it in; nothing before, and of orders from before that was kept.
    #[serde(default)]
    pub alone_fen: Option<Fen>,
    /// When it is to arrive.
    pub expected_on: Option<NaiveDate>,
    /// When it was first written.
    pub created_at: DateTime<Utc>,
}

/// One variant of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct PurchaseLine {
    /// Which variant.
    pub sku_id: SkuId,
    /// Its name for people.
    pub name: String,
    /// Its code.
    pub code: String,
    /// Its barcode.
    pub barcode: Option<String>,
    /// How many are ordered.
    pub quantity: i64,
    /// How many have arrived.
    pub received: i64,
    /// How many of those went back.
    pub returned: i64,
    /// The price of one; nothing for who may not see costs.
    pub price_fen: Option<Fen>,
    /// Whether whoever takes it in says of which batch it is.
    pub keeps_batches: bool,
}

impl PurchaseLine {
    /// How many are still to come.
    pub fn outstanding(&self) -> i64 {
        self.quantity - self.received
    }
}

/// Goods that came, or went back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct PurchaseReceipt {
    /// Its identity.
    pub id: Uuid,
    /// Whether they went back.
    pub returned: bool,
    /// When.
    pub at: DateTime<Utc>,
    /// Who booked it, for people.
    pub by: String,
    /// The number of the delivery note, what was not as it should be, or why they went back.
    pub note: String,
    /// What came or went, for people: `珍珠奶茶 · 中杯 ×20`.
    pub goods: String,
    /// How many pieces.
    pub pieces: i64,
    /// Of which batches they were, as far as that is known.
    pub batches: Vec<ReceiptBatch>,
    /// What they come to at the order's prices; nothing for who may not see costs.
    pub value_fen: Option<Fen>,
}

impl PurchaseReceipt {
    /// Of which batches its pieces were, for people, a line for each.
    pub fn batch_lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.batches.iter().map(ReceiptBatch::words).collect();
        let rest = self.pieces - self.batches.iter().map(|batch| batch.quantity).sum::<i64>();
        if rest > 0 && !lines.is_empty() {
            lines.push(format!("其余 {rest} 件没有记下批次"));
        }
        lines
    }
}

/// Pieces of a batch that came, or went back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ReceiptBatch {
    /// Of which variant.
    pub sku_id: SkuId,
    /// Its name for people.
    pub name: String,
    /// The batch, as it stands on the package.
    pub code: String,
    /// The last day on which it may be sold.
    pub expires_on: NaiveDate,
    /// How many pieces.
    pub quantity: i64,
}

impl ReceiptBatch {
    fn words(&self) -> String {
        format!("{}：批次 {}（{} 到期）{} 件", self.name, self.code, self.expires_on, self.quantity)
    }
}

/// One thing that happened to an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct PurchaseStep {
    /// What.
    pub act: PurchaseAct,
    /// Where it led.
    pub state: PurchaseState,
    /// When.
    pub at: DateTime<Utc>,
    /// Who, for people.
    pub by: String,
    /// What they said.
    pub note: String,
}

/// An order's own page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct PurchaseView {
    /// What a list shows of it.
    #[serde(flatten)]
    pub card: PurchaseCard,
    /// What is to be said about it.
    pub note: String,
    /// Its goods.
    pub lines: Vec<PurchaseLine>,
    /// What came and went back, newest first.
    pub receipts: Vec<PurchaseReceipt>,
    /// What happened, oldest first.
    pub steps: Vec<PurchaseStep>,
    /// What whoever asks can do with it now.
    pub acts: Vec<PurchaseAct>,
}
