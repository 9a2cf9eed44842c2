//! What people send.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AfterSalesKind, AfterSalesReason, AfterSalesTab};
use crate::{
    AfterSalesId, Complaint, Fault, Fen, Fields, OrderId, Quantity, SkuId, StoreId, approvals::checked_reason,
};

/// The longest note, in characters.
pub const NOTE_MOST: usize = 200;

/// Pieces of one line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct RequestedLine {
    /// The line, counted from 1, or the number of what came in exchange.
    #[cfg_attr(feature = "api", schema(minimum = 1))]
    pub line: i32,
    /// How many pieces of it.
    pub quantity: Quantity,
    /// What is to come in their place, in an exchange.
    pub exchange_for: Option<SkuId>,
}

/// Asks what a request would come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct QuoteAfterSales {
    /// What is wanted.
    pub kind: AfterSalesKind,
    /// Of which goods.
    #[cfg_attr(feature = "api", schema(min_items = 1))]
    pub lines: Vec<RequestedLine>,
}

impl QuoteAfterSales {
    /// Reads the choice of a form: `kind`, for each line `n.{line}`, and in an exchange `swap.{line}`.
    ///
    /// Faults: `Invalid` beside `kind`, `n.{line}` or `lines`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let kind = AfterSalesKind::from_code(fields.text("kind"));
        let swaps: BTreeMap<&str, &str> = fields.under("swap.").collect();
        let (mut lines, mut complaints) = (Vec::new(), Vec::new());
        for (name, typed) in fields.under("n.").filter(|(_, typed)| *typed != "0") {
            match (name.parse(), typed.parse::<Quantity>()) {
                (Ok(line), Ok(quantity)) => {
                    let exchange_for = swaps.get(name).and_then(|sku| sku.parse().ok());
                    lines.push(RequestedLine { line, quantity, exchange_for });
                }
                _ => complaints.push(Complaint::new(format!("line.{name}"), "请填写整数件数，不申请的填 0")),
            }
        }
        if kind.is_none() {
            complaints.push(Complaint::new("kind", "请选择售后类型"));
        }
        if lines.is_empty() && complaints.is_empty() {
            complaints.push(Complaint::new("lines", "请选择要售后的商品和数量"));
        }
        match kind {
            Some(kind) if complaints.is_empty() => Ok(Self { kind, lines }),
            _ => Err(Fault::Invalid(complaints)),
        }
    }
}

/// Asks for something after the sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct RequestAfterSales {
    /// Made by the client; the idempotency key.
    pub id: AfterSalesId,
    /// Of which order.
    pub order_id: OrderId,
    /// What is wanted, of which goods.
    #[serde(flatten)]
    pub what: QuoteAfterSales,
    /// Why.
    pub reason: AfterSalesReason,
    /// In one's own words; needed where no other reason fits.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 200))]
    pub note: String,
    /// The amount that was shown. It is never paid: where it differs from what is due the request is refused.
    pub expected_refund_fen: Fen,
}

impl RequestAfterSales {
    /// Reads the command from a form.
    ///
    /// Faults: `Invalid`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let what = QuoteAfterSales::from_fields(fields)?;
        let mut read = fields.read();
        let id = read.parse("key", "页面已过期，请刷新后再提交");
        let order_id = read.parse("order_id", "页面已过期，请刷新后再提交");
        let expected: Option<i64> = read.parse("expected_refund_fen", "页面已过期，请刷新后再提交");
        let reason = AfterSalesReason::from_code(fields.text("reason"));
        if reason.is_none() {
            read.complain("reason", "请选择原因");
        }
        let note = read.text("note", NOTE_MOST);
        let command = read.finish(|| {
            let expected_refund_fen = Fen(expected?);
            Some(Self { id: id?, order_id: order_id?, what, reason: reason?, note: note?, expected_refund_fen })
        })?;
        command.check()?;
        Ok(command)
    }

    /// Why, in a word: what the log says.
    pub fn reason_label(&self) -> &'static str {
        self.reason.label()
    }

    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `note`.
    pub fn check(&self) -> Result<(), Fault> {
        if self.note.chars().count() > NOTE_MOST {
            return Err(Fault::invalid("note", format!("最多 {NOTE_MOST} 个字")));
        }
        if self.reason == AfterSalesReason::Other && self.note.trim().is_empty() {
            return Err(Fault::invalid("note", "请写明原因，门店会看到"));
        }
        Ok(())
    }
}

/// Decides on a request: the store that sold, or head office.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct DecideAfterSales {
    /// Whether it is agreed to.
    pub agree: bool,
    /// For the shopper; needed where it is turned down.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 200))]
    pub note: String,
    /// What of the order's way goes back with it, where it is agreed to: no more than is left of that.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(minimum = 0))]
    pub freight_fen: Fen,
}

impl DecideAfterSales {
    /// Reads the command from a form: `verdict` (`agree`, `refuse`), `note`, and `freight_fen` in yuan, or nothing.
    ///
    /// Faults: `Invalid` beside `verdict` or `freight_fen`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let agree = match fields.text("verdict") {
            "agree" => true,
            "refuse" => false,
            _ => return Err(Fault::invalid("verdict", "请选择同意或拒绝")),
        };
        // What stands in the field of freight means nothing where it is turned down.
        let freight_fen = if agree { yuan(fields, "freight_fen")? } else { Fen::ZERO };
        Ok(Self { agree, note: fields.text("note").to_owned(), freight_fen })
    }

    /// The note, where it fits the decision.
    ///
    /// Faults: `Invalid` beside `note`.
    pub fn checked_note(&self) -> Result<&str, Fault> {
        if self.agree && self.note.trim().is_empty() {
            return Ok("");
        }
        checked_reason("note", &self.note, "请写明拒绝的原因（200 字以内），顾客会看到")
    }
}

/// An amount in yuan as a form has it, which may be empty.
///
/// Faults: `Invalid` beside it.
pub(super) fn yuan(fields: &Fields, name: &str) -> Result<Fen, Fault> {
    match fields.given(name) {
        None => Ok(Fen::ZERO),
        Some(typed) => Fen::typed(typed).ok_or_else(|| Fault::invalid(name, "请填写金额，例如 6 或 6.50；不退的留空")),
    }
}

/// The code a shopper shows at a counter with the goods: 10 digits, so that none is taken for a pickup code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema), schema(value_type = String, pattern = "^[0-9]{10}$", example = "2048135760"))]
pub struct ReturnCode(String);

impl ReturnCode {
    /// How many digits.
    pub const DIGITS: usize = 10;

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for ReturnCode {
    type Err = Complaint;
    /// Takes the digits as scanned or typed, with spaces or hyphens between them.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits: String = text.chars().filter(|sign| !sign.is_whitespace() && *sign != '-').collect();
        if digits.len() == Self::DIGITS && digits.bytes().all(|digit| digit.is_ascii_digit()) {
            Ok(Self(digits))
        } else {
            Err(Complaint::new("code", "售后码是 10 位数字，请重新扫描或输入"))
        }
    }
}

impl TryFrom<String> for ReturnCode {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map_err(|complaint: Complaint| complaint.message)
    }
}

impl From<ReturnCode> for String {
    fn from(code: ReturnCode) -> Self {
        code.0
    }
}

/// Which requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListAfterSales {
    /// Only on this tab.
    pub tab: Option<AfterSalesTab>,
    /// Only of this kind.
    pub kind: Option<AfterSalesKind>,
    /// Only what this store sold or took back.
    pub store: Option<StoreId>,
    /// Only of this order.
    pub order: Option<OrderId>,
    /// Only those whose goods were sent by post.
    pub posted: bool,
    /// An order's number.
    pub words: String,
    /// How many at most; 1 to 100.
    pub most: usize,
    /// Where to read on.
    pub after: Option<AfterSalesId>,
}

impl ListAfterSales {
    /// Reads the filters of an address: `tab`, `kind`, `store`, `posted`, `q`, `after`.
    pub fn from_fields(fields: &Fields) -> Self {
        Self {
            tab: AfterSalesTab::from_code(fields.text("tab")),
            kind: AfterSalesKind::from_code(fields.text("kind")),
            store: fields.text("store").parse().ok(),
            order: None,
            posted: fields.text("posted") == "1",
            words: fields.words("q"),
            most: 0,
            after: fields.text("after").parse().ok(),
        }
    }

    /// The filters as an address has them, but for where the page begins.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        vec![
            ("tab", self.tab.map_or("", AfterSalesTab::code).to_owned()),
            ("kind", self.kind.map_or("", AfterSalesKind::code).to_owned()),
            ("store", self.store.map(|id| id.to_string()).unwrap_or_default()),
            ("posted", if self.posted { "1" } else { "" }.to_owned()),
            ("q", self.words.clone()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        Fields(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn a_choice_is_read_line_by_line_and_what_is_no_number_is_told_beside_it() {
        let read = QuoteAfterSales::from_fields(&fields(&[("kind", "return"), ("n.1", "2"), ("n.2", "0")])).unwrap();
        assert_eq!((read.lines.len(), read.lines[0].line, read.lines[0].quantity.get()), (1, 1, 2));
        for bad in ["-1", "1.5", "x", "1000"] {
            let fault = QuoteAfterSales::from_fields(&fields(&[("kind", "return"), ("n.1", bad)])).unwrap_err();
            assert_eq!(fault.complaints()[0].field, "line.1", "{bad}");
        }
        let fault = QuoteAfterSales::from_fields(&fields(&[("kind", "return"), ("n.1", "0")])).unwrap_err();
        assert_eq!(fault.complaints()[0].field, "lines");
    }

    #[test]
    fn a_return_code_is_never_a_pickup_code() {
        assert_eq!("20481 35760".parse::<ReturnCode>().unwrap().as_str(), "2048135760");
        assert!("20481357".parse::<ReturnCode>().is_err());
        assert!("2048135760".parse::<crate::orders::PickupCode>().is_err());
    }
}
