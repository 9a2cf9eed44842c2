//! What head office pays back of a completed order without anybody asking (D8).

use serde::{Deserialize, Serialize};

use super::{RequestedLine, commands::yuan};
use crate::{AfterSalesId, Complaint, Fault, Fen, Fields, Quantity, order_centre::checked_reason};

/// Pays a completed order back: all that is left of its pieces or some of them, what its way cost, or an amount beside
/// both; the goods stay where they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct RefundOrder {
    /// Made by the client; the idempotency key. It becomes the id of a request after the sale.
    pub id: AfterSalesId,
    /// Which pieces; where it is empty, all that is left, or none where `freight_fen` or `extra_fen` says what goes back.
    #[serde(default)]
    pub lines: Vec<RefundedLine>,
    /// What of the way's cost goes back: no more than is left of it.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(minimum = 0))]
    pub freight_fen: Fen,
    /// What goes back beside pieces and way, as a compensation: no more than is left of what was paid. The pieces stay the
    /// shopper's, and what is asked for later is at most the rest.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(minimum = 0))]
    pub extra_fen: Fen,
    /// Why; the shopper reads it.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 100, pattern = r"\S"))]
    pub reason: String,
}

/// Pieces of one line of an order that are paid back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct RefundedLine {
    /// The line, counted from 1, or the number of what came in exchange.
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
    /// Pays these pieces back, or where there are none all that are left, and nothing beside them.
    pub fn of_pieces(id: AfterSalesId, lines: Vec<RefundedLine>, reason: impl Into<String>) -> Self {
        Self { id, lines, freight_fen: Fen::ZERO, extra_fen: Fen::ZERO, reason: reason.into() }
    }

    /// Whether all pieces that are left go back.
    pub fn is_whole(&self) -> bool {
        self.lines.is_empty() && self.freight_fen == Fen::ZERO && self.extra_fen == Fen::ZERO
    }

    /// Reads the command from a form: `key`, `reason`, for each line `n.{line}`, and in yuan `freight_fen` and
    /// `extra_fen`, each of which may be empty.
    ///
    /// Faults: `Invalid` beside any of them, or `lines` where nothing is to go back.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let id = fields.text("key").parse().map_err(|_| Fault::invalid("key", "请刷新页面后再试"))?;
        let (mut lines, mut complaints) = (Vec::new(), Vec::new());
        for (name, typed) in fields.under("n.").filter(|(_, typed)| *typed != "0") {
            match (name.parse(), typed.parse::<Quantity>()) {
                (Ok(line), Ok(quantity)) => lines.push(RefundedLine { line, quantity }),
                _ => complaints.push(Complaint::new(format!("line.{name}"), "请填写整数件数，不退的填 0")),
            }
        }
        let mut amount = |name: &str| match yuan(fields, name) {
            Ok(amount) => amount,
            Err(fault) => {
                complaints.extend(fault.complaints().iter().cloned());
                Fen::ZERO
            }
        };
        let (freight_fen, extra_fen) = (amount("freight_fen"), amount("extra_fen"));
        if lines.is_empty() && freight_fen == Fen::ZERO && extra_fen == Fen::ZERO && complaints.is_empty() {
            complaints.push(Complaint::new("lines", "请填写要退款的件数、运费或补偿金额"));
        }
        if !complaints.is_empty() {
            return Err(Fault::Invalid(complaints));
        }
        let reason = checked_reason(fields.text("reason"))?.to_owned();
        Ok(Self { id, lines, freight_fen, extra_fen, reason })
    }
}

/// What of a completed order can still be paid back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Refundable {
    /// Its lines, where pieces are left.
    pub lines: Vec<RefundableLine>,
    /// What all of them come to.
    pub left_fen: Fen,
    /// What of the way's cost is left.
    #[serde(default)]
    pub freight_left_fen: Fen,
    /// What of all that was paid is left: the most that goes back beside pieces.
    #[serde(default)]
    pub extra_left_fen: Fen,
    /// What went back as a compensation: the lines come to less by what of it is of theirs.
    #[serde(default)]
    pub extra_fen: Fen,
}

impl Refundable {
    /// Whether anything can go back.
    pub fn is_open(&self) -> bool {
        !self.lines.is_empty() || self.extra_left_fen > Fen::ZERO
    }
}

/// What of one line can still be paid back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct RefundableLine {
    /// The line, counted from 1, or the number of what came in exchange.
    pub line: i32,
    /// What it is, in words.
    pub goods: String,
    /// How many pieces are left.
    pub rest: i64,
    /// What they come to.
    pub left_fen: Fen,
}
