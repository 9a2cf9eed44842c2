//! Pieces of an express order that are sent no more, since they are missing or broken (D2, D3). The rest of the order
//! has left already.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    Fault, Fen, Fields, UnsentEndId,
    express::{PackedLine, choose},
    order_centre::checked_reason,
    stores::words,
};

/// What becomes of pieces that are sent no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum UnsentFate {
    /// They lie on the shelf again, and may be sold.
    Shelve,
    /// They are not there, or cannot be sold: a loss.
    Lose,
}

words!(UnsentFate: Shelve = "shelve" / "放回货架", Lose = "lose" / "报损");

/// Ends pieces of an order that no parcel holds: they are sent no more, and what was paid for them goes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct EndUnsent {
    /// Made by the client; the idempotency key.
    pub id: UnsentEndId,
    /// Which pieces; all that have not been sent where nothing is said.
    #[serde(default)]
    pub lines: Vec<PackedLine>,
    /// Why; the shopper reads it.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 100, pattern = r"\S"))]
    pub reason: String,
    /// What becomes of them.
    pub fate: UnsentFate,
}

impl EndUnsent {
    /// The lines in order, and the reason without space around it.
    ///
    /// Faults: `Invalid` beside `reason`, or `pieces.{line}`.
    pub fn checked(mut self) -> Result<Self, Fault> {
        self.reason = checked_reason(&self.reason)?.to_owned();
        self.lines.sort_unstable();
        let twice = self.lines.windows(2).find(|pair| pair[0].line == pair[1].line).map(|pair| pair[0].line);
        let odd = self.lines.iter().find(|line| !(1..=999).contains(&line.quantity)).map(|line| line.line);
        match twice.or(odd) {
            Some(line) => Err(Fault::invalid(&format!("pieces.{line}"), "请填写 1 到 999 的整数，每种商品一行")),
            None => Ok(self),
        }
    }

    /// Reads the command from a form: `key`, `reason`, `fate`, and `pieces.{line}` for what is sent no more.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let id = read.parse("key", "页面已过期，请刷新后再提交");
        let fate = UnsentFate::from_code(fields.text("fate"));
        if fate.is_none() {
            read.complain("fate", "请选择这些商品怎么处理");
        }
        if let Err(fault) = checked_reason(fields.text("reason")) {
            fault.complaints().iter().for_each(|one| read.complain(&one.field, &one.message));
        }
        let mut lines = Vec::new();
        for (line, pieces) in fields.under("pieces.") {
            let Ok(number) = line.parse() else { continue };
            match pieces.parse() {
                Ok(0) => {}
                Ok(quantity) => lines.push(PackedLine { line: number, quantity }),
                Err(_) => read.complain(&format!("pieces.{line}"), "请填写整数"),
            }
        }
        if lines.is_empty() {
            read.complain("lines", "请填写不再发出的件数");
        }
        let reason = fields.text("reason").to_owned();
        read.finish(|| Some(Self { id: id?, lines, reason, fate: fate? }))?.checked()
    }
}

/// Which pieces are sent no more: those that are asked for, or all of which are left.
///
/// Faults: `Invalid` beside `pieces.{line}` for more than is left, or beside `lines` where nothing is left.
pub fn end(left: &[PackedLine], asked: &[PackedLine]) -> Result<Vec<PackedLine>, Fault> {
    choose(left, asked, "这个订单没有未发出的商品")
}

/// Pieces of an order that are sent no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct UnsentEnd {
    /// Its identity.
    pub id: UnsentEndId,
    /// Which: `珍珠奶茶 中杯 × 2`.
    pub goods: Vec<String>,
    /// Why.
    pub reason: String,
    /// What became of them; nothing for shoppers.
    pub fate: Option<UnsentFate>,
    /// When the store said so.
    pub at: DateTime<Utc>,
    /// Who said so; nothing for shoppers.
    pub by: Option<String>,
    /// What goes back for them.
    pub refund_fen: Fen,
    /// When that had gone back; nothing while it is on its way.
    pub refunded_at: Option<DateTime<Utc>>,
    /// The number of the receipt, where it went back in another way than the gateway's.
    #[serde(default)]
    pub settled_proof: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(line: i32, quantity: i64) -> PackedLine {
        PackedLine { line, quantity }
    }

    #[test]
    fn no_more_is_ended_than_has_not_been_sent() {
        let left = [line(1, 2), line(3, 1)];
        assert_eq!(end(&left, &[]), Ok(left.to_vec()));
        assert_eq!(end(&left, &[line(1, 1)]), Ok(vec![line(1, 1)]));
        let fault = end(&left, &[line(1, 3), line(2, 1)]).unwrap_err();
        let fields: Vec<_> = fault.complaints().iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["pieces.1", "pieces.2"]);
        assert_eq!(end(&[], &[]).unwrap_err().complaints()[0].field, "lines");
    }

    #[test]
    fn a_reason_is_needed_and_each_line_stands_once() {
        let good = EndUnsent {
            id: UnsentEndId(uuid::Uuid::nil()),
            lines: vec![line(2, 1), line(1, 1)],
            reason: " 缺货 ".into(),
            fate: UnsentFate::Lose,
        };
        let checked = good.clone().checked().unwrap();
        assert_eq!((checked.reason.as_str(), checked.lines), ("缺货", vec![line(1, 1), line(2, 1)]));
        let field = |command: EndUnsent| command.checked().unwrap_err().complaints()[0].field.clone();
        assert_eq!(field(EndUnsent { reason: " ".into(), ..good.clone() }), "reason");
        assert_eq!(field(EndUnsent { lines: vec![line(1, 1), line(1, 2)], ..good.clone() }), "pieces.1");
        assert_eq!(field(EndUnsent { lines: vec![line(1, 0)], ..good }), "pieces.1");
    }
}
