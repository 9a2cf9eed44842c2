//! What head office pays back of a completed order without anybody asking (D8).

use serde::{Deserialize, Serialize};

use super::RequestedLine;
use crate::{AfterSalesId, Complaint, Fault, Fen, Fields, Quantity, order_centre::checked_reason};

/// Pays a completed order back, all that is left of it or some pieces; the goods stay where they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct RefundOrder {
    /// Made by the client; the idempotency key. It becomes the id of a request after the sale.
    pub id: AfterSalesId,
    /// Which pieces; all that is left where it is empty.
    #[serde(default)]
    pub lines: Vec<RefundedLine>,
    /// Why; the shopper reads it.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 100, pattern = r"\S"))]
    pub reason: String,
}

/// Pieces of one line of an order that are paid back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct RefundedLine {
    /// The line, counted from 1.
    #[cfg_attr(feature = "api", schema(minimum = 1))]
    pub line: i32,
    /// How many pieces of it.
    pub quantity: Quantity,
}

impl From<&RefundedLine> for RequestedLine {
    fn from(line: &RefundedLine) -> Self {
        Self { line: line.line, quantity: line.quantity, exchange_for: None }
    }
}

impl RefundOrder {
    /// Reads the command from a form: `key`, `reason`, for each line `n.{line}`.
    ///
    /// Faults: `Invalid` beside `key`, `line.{n}`, `lines` or `reason`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let id = fields.text("key").parse().map_err(|_| Fault::invalid("key", "请刷新页面后再试"))?;
        let (mut lines, mut complaints) = (Vec::new(), Vec::new());
        for (name, typed) in fields.under("n.").filter(|(_, typed)| *typed != "0") {
            match (name.parse(), typed.parse::<Quantity>()) {
                (Ok(line), Ok(quantity)) => lines.push(RefundedLine { line, quantity }),
                _ => complaints.push(Complaint::new(format!("line.{name}"), "请填写整数件数，不退的填 0")),
            }
        }
        if lines.is_empty() && complaints.is_empty() {
            complaints.push(Complaint::new("lines", "请填写要退款的件数"));
        }
        if !complaints.is_empty() {
            return Err(Fault::Invalid(complaints));
        }
        Ok(Self { id, lines, reason: checked_reason(fields.text("reason"))?.to_owned() })
    }
}

/// What of a completed order can still be paid back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Refundable {
    /// Its lines, where pieces are left.
    pub lines: Vec<RefundableLine>,
    /// What all of it comes to.
    pub left_fen: Fen,
}

/// What of one line can still be paid back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct RefundableLine {
    /// The line, counted from 1.
    pub line: i32,
    /// What it is, in words.
    pub goods: String,
    /// How many pieces are left.
    pub rest: i64,
    /// What they come to.
    pub left_fen: Fen,
}
