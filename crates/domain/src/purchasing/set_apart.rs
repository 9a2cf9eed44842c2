//! What shoppers brought back for the supplier 待退供应商: it lies apart until the supplier takes it or it is scrapped.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{price_field, suppliers::PRICE_MOST};
use crate::{
    Complaint, Fault, Fen, Fields, LocationId, SetApartEndId, SkuId, SupplierId,
    approvals::{REASON_MOST, checked_reason},
    batches::{CODE_MOST, batch_field},
    stores::words,
    transfers::{Pieces, checked_lines, pieces_of},
};

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum Fate {
    /// The supplier took it.
    HandOver,
    /// It was thrown away.
    Scrap,
}

words!(Fate: HandOver = "hand_over" / "已交供应商", Scrap = "scrap" / "已报废");

/// So many pieces that a supplier takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct HandedToSupplier {
    /// Which variant.
    pub sku_id: SkuId,
    /// How many.
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 100_000))]
    pub quantity: i64,
    /// What the supplier credits for a piece, where that is known already. Only those who see costs say it.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 9_999_999))]
    pub price_fen: Option<Fen>,
    /// Of which batch they are, by its code, where somebody knows: what a shopper brought back is of none in the books.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 40))]
    pub batch: Option<String>,
}

impl HandedToSupplier {
    /// The batch's code, where one is named.
    pub fn batch_code(&self) -> Option<&str> {
        self.batch.as_deref().map(str::trim).filter(|code| !code.is_empty())
    }
}

/// Gives goods that lie apart to a supplier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct HandToSupplier {
    /// Made by the client: the same request again hands nothing over twice.
    pub id: SetApartEndId,
    /// Where they lie.
    pub location_id: LocationId,
    /// To whom.
    pub supplier_id: SupplierId,
    /// How many of what; 1 to 200 lines, each variant once.
    #[cfg_attr(feature = "api", schema(min_items = 1, max_items = 200))]
    pub lines: Vec<HandedToSupplier>,
    /// The number of the supplier's credit note, where there is one already.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 200))]
    pub credit_note: String,
}

impl HandToSupplier {
    /// How many of what.
    pub fn pieces(&self) -> Vec<Pieces> {
        self.lines.iter().map(|line| Pieces { sku_id: line.sku_id, quantity: line.quantity }).collect()
    }

    /// Refuses what a form would not let through; answers the credit note's number.
    ///
    /// Faults: `Invalid` beside `lines`, `pieces.{sku}`, `price.{sku}`, `batch.{sku}` or `credit_note`.
    pub fn checked_note(&self) -> Result<&str, Fault> {
        checked_lines(&self.pieces())?;
        let dear = |line: &&HandedToSupplier| line.price_fen.is_some_and(|price| !(0..=PRICE_MOST).contains(&price.0));
        let wrong = self.lines.iter().filter(dear);
        let wrong: Vec<Complaint> =
            wrong.map(|line| Complaint::new(price_field(line.sku_id), "退款单价须是 0 到 99,999.99 元")).collect();
        let long = |line: &&HandedToSupplier| line.batch_code().is_some_and(|code| code.chars().count() > CODE_MOST);
        if let Some(line) = self.lines.iter().find(long) {
            return Err(Fault::invalid(&batch_field(line.sku_id), format!("批次号最多 {CODE_MOST} 个字")));
        }
        if !wrong.is_empty() {
            return Err(Fault::Invalid(wrong));
        }
        let note = self.credit_note.trim();
        if note.chars().count() > REASON_MOST {
            return Err(Fault::invalid("credit_note", format!("最多 {REASON_MOST} 个字")));
        }
        Ok(note)
    }

    /// Reads the command from a form: `key`, `location`, `supplier`, `pieces.{sku}`, `price.{sku}` in yuan, `batch.{sku}`,
    /// `credit_note`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let id = read.parse("key", "请刷新页面后再试");
        let location_id = read.parse("location", "请刷新页面后再试");
        let supplier_id = read.parse("supplier", "请选择供应商");
        let credit_note = read.text("credit_note", REASON_MOST);
        let mut prices = Vec::new();
        for (sku, text) in fields.under("price.") {
            match (sku.parse::<SkuId>(), Fen::typed(text)) {
                (Ok(sku), Some(price)) => prices.push((sku, price)),
                (Ok(sku), None) => read.complain(&price_field(sku), "请填写 0 到 99,999.99 元的单价"),
                (Err(_), _) => return Err(Fault::NotFound("这件商品")),
            }
        }
        let head = read.finish(|| Some((id?, location_id?, supplier_id?, credit_note?)))?;
        let (id, location_id, supplier_id, credit_note) = head;
        let price_of = |sku| prices.iter().find(|(of, _)| *of == sku).map(|(_, price)| *price);
        let line = |one: Pieces| HandedToSupplier {
            sku_id: one.sku_id,
            quantity: one.quantity,
            price_fen: price_of(one.sku_id),
            batch: fields.given(&batch_field(one.sku_id)).map(str::to_owned),
        };
        let lines = pieces_of(fields, false)?.into_iter().filter(|one| one.quantity != 0).map(line).collect();
        Ok(Self { id, location_id, supplier_id, lines, credit_note })
    }
}

/// Throws goods away that lie apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ScrapSetApart {
    /// Made by the client: the same request again throws nothing away twice.
    pub id: SetApartEndId,
    /// Where they lie.
    pub location_id: LocationId,
    /// How many of what; 1 to 200 lines, each variant once.
    #[cfg_attr(feature = "api", schema(min_items = 1, max_items = 200))]
    pub lines: Vec<Pieces>,
    /// Why.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 200, pattern = r"\S"))]
    pub reason: String,
}

impl ScrapSetApart {
    /// The reason.
    ///
    /// Faults: `Invalid` beside `lines`, `pieces.{sku}` or `reason`.
    pub fn checked_reason(&self) -> Result<&str, Fault> {
        checked_lines(&self.lines)?;
        checked_reason("reason", &self.reason, "请写明报废原因（200 字以内）")
    }

    /// Reads the command from a form: `key`, `location`, `pieces.{sku}`, `reason`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let id = read.parse("key", "请刷新页面后再试");
        let location_id = read.parse("location", "请刷新页面后再试");
        let reason = read.text("reason", REASON_MOST);
        let (id, location_id, reason) = read.finish(|| Some((id?, location_id?, reason?)))?;
        let lines = pieces_of(fields, false)?.into_iter().filter(|one| one.quantity != 0).collect();
        Ok(Self { id, location_id, lines, reason })
    }
}

/// The most that a supplier credits for one handing over.
const CREDIT_MOST: i64 = 999_999_999;

/// What a supplier credits for what they took, where it was not said with the handing over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct CreditHandOver {
    /// For all of it.
    #[cfg_attr(feature = "api", schema(value_type = i64, minimum = 1, maximum = 999_999_999))]
    pub amount_fen: Fen,
    /// The number of their credit note.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 200, pattern = r"\S"))]
    pub credit_note: String,
}

impl CreditHandOver {
    /// The credit note's number.
    ///
    /// Faults: `Invalid` beside `amount` or `credit_note`.
    pub fn checked_note(&self) -> Result<&str, Fault> {
        if !(1..=CREDIT_MOST).contains(&self.amount_fen.0) {
            return Err(Fault::invalid("amount", "请填写 0.01 到 9,999,999.99 元"));
        }
        checked_reason("credit_note", &self.credit_note, "请填写供应商的贷项通知单号（200 字以内）")
    }

    /// Reads the command from a form: `amount` in yuan, `credit_note`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let credit_note = read.text("credit_note", REASON_MOST);
        let amount = Fen::typed(fields.text("amount"));
        if amount.is_none() {
            read.complain("amount", "请填写 0.01 到 9,999,999.99 元");
        }
        let (amount_fen, credit_note) = read.finish(|| Some((amount?, credit_note?)))?;
        Ok(Self { amount_fen, credit_note })
    }
}

/// A supplier, to choose from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SupplierChoice {
    /// Who.
    pub id: SupplierId,
    /// Their name.
    pub name: String,
}

/// A variant that lies apart at a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct LyingApart {
    /// Where.
    pub location_id: LocationId,
    /// Its name.
    pub location_name: String,
    /// Which variant.
    pub sku_id: SkuId,
    /// Its name with its specification.
    pub name: String,
    /// Its code.
    pub code: String,
    /// How many pieces lie there.
    pub quantity: i64,
    /// Of how many requests after the sale.
    pub requests: i64,
    /// Since when the first of them.
    pub since: DateTime<Utc>,
    /// To whom they are likely to go: who delivered the variant there last, or asks least for it.
    pub supplier: Option<SupplierChoice>,
    /// Whether the caller hands it over or scraps it.
    pub may_end: bool,
    /// Whether the caller says what is credited for it.
    pub may_price: bool,
}

/// A handing over, or a scrapping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SetApartEnd {
    /// Its identity.
    pub id: SetApartEndId,
    /// As people say it.
    pub number: String,
    /// Which of the two.
    pub fate: Fate,
    /// Where the goods lay.
    pub location_id: LocationId,
    /// Its name.
    pub location_name: String,
    /// Who took them.
    pub supplier: Option<SupplierChoice>,
    /// How many pieces.
    pub pieces: i64,
    /// What they were, as one line.
    pub goods: String,
    /// The credit note's number, or why they were scrapped.
    pub note: String,
    /// What the supplier credits, for who sees costs there; nothing where nobody has said it.
    pub credit_fen: Option<Fen>,
    /// Whether nobody has said what the supplier credits, and the caller does.
    pub may_credit: bool,
    /// Who did it.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// What lies apart, whom it may go to, and what became of what lay there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SetApart {
    /// What lies apart, by place; at most 500.
    pub lying: Vec<LyingApart>,
    /// Suppliers from whom goods are still bought; at most 1,000.
    pub suppliers: Vec<SupplierChoice>,
    /// The latest handings over and scrappings; at most 100.
    pub ends: Vec<SetApartEnd>,
}
