//! What people and programs ask of orders to suppliers.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{PurchaseState, suppliers::PRICE_MOST};
use crate::{
    Complaint, Fault, Fen, Fields, LocationId, PurchaseId, SkuId, SupplierId,
    approvals::{REASON_MOST, checked_reason},
    batches::{BatchCame, BatchNamed, batches_of, check_batches, check_named, named_of},
    transfers::{Pieces, checked_lines, pieces_of},
};

/// So many pieces at a price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct PurchaseLineAsked {
    /// Which variant.
    pub sku_id: SkuId,
    /// How many.
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 100_000))]
    pub quantity: i64,
    /// The price of one piece, where it is not the supplier's list price. Only those who see costs name one.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 9_999_999))]
    pub price_fen: Option<Fen>,
}

/// Writes an order, or writes it anew while it is a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct DraftPurchase {
    /// From whom.
    pub supplier_id: SupplierId,
    /// To which store or warehouse.
    pub location_id: LocationId,
    /// How many of what; 1 to 200 lines of 1 to 100,000 pieces, each variant once.
    #[cfg_attr(feature = "api", schema(min_items = 1, max_items = 200))]
    pub lines: Vec<PurchaseLineAsked>,
    /// When it is to arrive, where that is agreed.
    #[serde(default)]
    pub expected_on: Option<NaiveDate>,
    /// What is to be said about it.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 200))]
    pub note: String,
}

/// The field of a form, and of a complaint, that says what a piece costs.
pub fn price_field(sku: SkuId) -> String {
    format!("price.{sku}")
}

impl DraftPurchase {
    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `lines`, `pieces.{sku}`, `price.{sku}` or `note`.
    pub fn check(&self) -> Result<(), Fault> {
        let pieces: Vec<Pieces> =
            self.lines.iter().map(|line| Pieces { sku_id: line.sku_id, quantity: line.quantity }).collect();
        checked_lines(&pieces)?;
        let dear = |line: &&PurchaseLineAsked| line.price_fen.is_some_and(|price| !(0..=PRICE_MOST).contains(&price.0));
        let wrong = self.lines.iter().filter(dear);
        let wrong: Vec<Complaint> =
            wrong.map(|line| Complaint::new(price_field(line.sku_id), "进价须是 0 到 99,999.99 元")).collect();
        if !wrong.is_empty() {
            return Err(Fault::Invalid(wrong));
        }
        fits("note", &self.note)
    }

    /// Reads the command from a form: `supplier`, `location`, `pieces.{sku}`, `price.{sku}` in yuan, `expected_on`,
    /// `note`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let supplier_id = read.parse("supplier", "请选择供应商");
        let location_id = read.parse("location", "请选择收货的仓库或门店");
        let expected_on = match fields.given("expected_on") {
            None => Some(None),
            Some(_) => read.parse("expected_on", "请选择日期").map(Some),
        };
        let note = read.text("note", REASON_MOST);
        let mut prices = Vec::new();
        for (sku, text) in fields.under("price.") {
            let (sku, price) = (sku.parse::<SkuId>(), Fen::typed(text));
            match (sku, price) {
                (Ok(sku), Some(price)) => prices.push((sku, price)),
                (Ok(sku), None) => read.complain(&price_field(sku), "请填写 0 到 99,999.99 元的进价"),
                (Err(_), _) => return Err(Fault::NotFound("这件商品")),
            }
        }
        let head = read.finish(|| Some((supplier_id?, location_id?, expected_on?, note?)))?;
        let (supplier_id, location_id, expected_on, note) = head;
        let price_of = |sku| prices.iter().find(|(of, _)| *of == sku).map(|(_, price)| *price);
        let line = |one: Pieces| PurchaseLineAsked {
            sku_id: one.sku_id,
            quantity: one.quantity,
            price_fen: price_of(one.sku_id),
        };
        let lines = pieces_of(fields, false)?.into_iter().map(line).collect();
        Ok(Self { supplier_id, location_id, lines, expected_on, note })
    }
}

fn fits(field: &str, text: &str) -> Result<(), Fault> {
    if text.chars().count() <= REASON_MOST {
        return Ok(());
    }
    Err(Fault::invalid(field, format!("最多 {REASON_MOST} 个字")))
}

/// Why an order is called off or closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct PurchaseNote {
    /// Why.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 200, pattern = r"\S"))]
    pub note: String,
}

impl PurchaseNote {
    /// Reads it from a form: `note`.
    pub fn from_fields(fields: &Fields) -> Self {
        Self { note: fields.text("note").to_owned() }
    }

    /// The note.
    ///
    /// Faults: `Invalid` beside `note`.
    pub fn checked(&self) -> Result<&str, Fault> {
        checked_reason("note", &self.note, "请写明原因（200 字以内）")
    }
}

/// Takes in what has arrived of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ReceivePurchase {
    /// Made by the client: the same delivery again takes nothing in twice.
    pub id: Uuid,
    /// How many of what; nothing is all that is still to come.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_items = 200))]
    pub lines: Vec<Pieces>,
    /// The number of the delivery note, and what was not as it should be.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 200))]
    pub note: String,
    /// Of which batches they are: all pieces of goods that are kept by batches, of others as far as it is known.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_items = 200))]
    pub batches: Vec<BatchCame>,
}

impl ReceivePurchase {
    /// Faults: `Invalid` beside `note` or `batch.{sku}`.
    pub fn check(&self) -> Result<(), Fault> {
        fits("note", &self.note)?;
        check_batches(&self.batches)
    }

    /// Reads the command from a form: `key`, `pieces.{sku}`, `batch.{sku}`, `expires.{sku}`, `note`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let id = read.parse("key", "请刷新页面后再试");
        let note = read.text("note", REASON_MOST);
        let (id, note) = read.finish(|| Some((id?, note?)))?;
        let lines = pieces_of(fields, true)?;
        Ok(Self { id, batches: batches_of(fields, &lines)?, lines, note })
    }
}

/// Sends goods of an order back to their supplier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ReturnPurchase {
    /// Made by the client: the same request again sends nothing back twice.
    pub id: Uuid,
    /// How many of what.
    #[cfg_attr(feature = "api", schema(min_items = 1, max_items = 200))]
    pub lines: Vec<Pieces>,
    /// Why.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 200, pattern = r"\S"))]
    pub reason: String,
    /// Of which batches they are, as far as somebody says so: of the rest what is over goes first, then what is of no
    /// batch, then what ends first.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_items = 200))]
    pub batches: Vec<BatchNamed>,
}

impl ReturnPurchase {
    /// The reason.
    ///
    /// Faults: `Invalid` beside `lines`, `pieces.{sku}`, `batch.{sku}` or `reason`.
    pub fn checked_reason(&self) -> Result<&str, Fault> {
        checked_lines(&self.lines)?;
        check_named(&self.batches, &self.lines)?;
        checked_reason("reason", &self.reason, "请写明退货原因（200 字以内）")
    }

    /// Reads the command from a form: `key`, `pieces.{sku}`, `batch.{sku}`, `reason`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let id = read.parse("key", "请刷新页面后再试");
        let reason = read.text("reason", REASON_MOST);
        let (id, reason) = read.finish(|| Some((id?, reason?)))?;
        let lines = pieces_of(fields, false)?;
        Ok(Self { id, batches: named_of(fields, &lines), lines, reason })
    }
}

/// Which orders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListPurchases {
    /// Only in this state.
    pub state: Option<PurchaseState>,
    /// Only from this supplier.
    pub supplier: Option<SupplierId>,
    /// Only to this store or warehouse.
    pub location: Option<LocationId>,
    /// Words in a number, a supplier's name or a place's, or a variant's code.
    pub words: String,
    /// How many at most; 1 to 100.
    pub most: usize,
    /// Where to read on.
    pub after: Option<PurchaseId>,
}

impl ListPurchases {
    /// Reads the filters of an address: `state`, `supplier`, `location`, `q`, `after`.
    pub fn from_fields(fields: &Fields) -> Self {
        Self {
            state: PurchaseState::from_code(fields.text("state")),
            supplier: fields.text("supplier").parse().ok(),
            location: fields.text("location").parse().ok(),
            words: fields.words("q"),
            most: 0,
            after: fields.text("after").parse().ok(),
        }
    }

    /// The filters as an address has them, but for where the page begins.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let text = |value: Option<String>| value.unwrap_or_default();
        vec![
            ("state", self.state.map_or("", PurchaseState::code).to_owned()),
            ("supplier", text(self.supplier.map(|id| id.to_string()))),
            ("location", text(self.location.map(|id| id.to_string()))),
            ("q", self.words.clone()),
        ]
    }
}
