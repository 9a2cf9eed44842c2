//! From which pieces and amounts on somebody else must agree (K4, K5): head office's word, and for a store or a warehouse
//! another. What was handed in before goes on as it was.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    Complaint, Fault, Fen, Fields, LocationId,
    counts::{DecideAlone, Off},
    fields::Reading,
};

/// The most pieces that can be left to a store or a warehouse.
pub const PIECES_MOST: i64 = 100_000;
/// The highest amount that can be said: ten million yuan.
pub const AMOUNT_MOST: Fen = Fen(1_000_000_000);

const PIECES_WRONG: &str = "请填写 0 到 100000 的整数，0 表示都要审批";
const AMOUNT_WRONG: &str = "请填写 0 到 10,000,000 元的金额，最多两位小数，0 表示都要审批";

fn fits(amount: Fen) -> bool {
    (Fen::ZERO..=AMOUNT_MOST).contains(&amount)
}

fn typed_pieces(read: &mut Reading<'_>, fields: &Fields) -> Option<i64> {
    let typed = fields.text("pieces").parse::<i64>().ok().filter(|pieces| (0..=PIECES_MOST).contains(pieces));
    if typed.is_none() {
        read.complain("pieces", PIECES_WRONG);
    }
    typed
}

fn typed_amount(read: &mut Reading<'_>, fields: &Fields, name: &str) -> Option<Fen> {
    let typed = Fen::typed(fields.text(name)).filter(|amount| fits(*amount));
    if typed.is_none() {
        read.complain(name, AMOUNT_WRONG);
    }
    typed
}

fn refused(complaints: Vec<Complaint>) -> Result<(), Fault> {
    if complaints.is_empty() { Ok(()) } else { Err(Fault::Invalid(complaints)) }
}

impl DecideAlone {
    fn complaints(self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if !(0..=PIECES_MOST).contains(&self.pieces) {
            complaints.push(Complaint::new("pieces", PIECES_WRONG));
        }
        if !fits(self.value_fen) {
            complaints.push(Complaint::new("value", AMOUNT_WRONG));
        }
        complaints
    }

    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `pieces` or `value`.
    pub fn check(self) -> Result<(), Fault> {
        refused(self.complaints())
    }

    /// Reads it from a form: `pieces`, and `value` in yuan.
    ///
    /// Faults: `Invalid` beside either.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let pieces = typed_pieces(&mut read, fields);
        let value_fen = typed_amount(&mut read, fields, "value");
        read.finish(|| Some(Self { pieces: pieces?, value_fen: value_fen? }))
    }

    /// For people: `20 件、¥500.00`.
    pub fn text(self) -> String {
        format!("{} 件、{}", self.pieces, self.value_fen)
    }

    /// Why somebody above the place decides, for people; how far it is off only where they are told, whose limits these
    /// are (`own`: the place's, and not head office's of all) only where that was kept:
    /// `共 25 件、¥600.00，超过这里可自行决定的 20 件或 ¥500.00（总部统一限额）`.
    pub fn exceeded(self, off: Option<Off>, own: Option<bool>) -> String {
        let off = off.map(|off| format!("共 {} 件、{}，", off.pieces, off.value_fen)).unwrap_or_default();
        let whose = match own {
            Some(true) => "（单独设置的限额）",
            Some(false) => "（总部统一限额）",
            None => "",
        };
        format!("{off}超过这里可自行决定的 {} 件或 {}{whose}", self.pieces, self.value_fen)
    }
}

/// Up to where nobody else needs to agree, at all stores and warehouses that have no limits of their own and of all orders
/// to suppliers. What is beyond any of them waits for somebody with the right to decide; 0 lets all wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct HouseLimits {
    /// How many pieces a count may be off, or be lost or scrapped at once, for the place to decide itself.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 100_000))]
    pub pieces: i64,
    /// What these may be worth at the place's prices.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 1_000_000_000))]
    pub value_fen: Fen,
    /// What an order to a supplier may come to for whoever hands it in to need nobody else.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 1_000_000_000))]
    pub purchase_fen: Fen,
}

impl Default for HouseLimits {
    fn default() -> Self {
        let DecideAlone { pieces, value_fen } = DecideAlone::default();
        Self { pieces, value_fen, purchase_fen: Fen(500_000) }
    }
}

impl HouseLimits {
    /// What stores and warehouses decide themselves.
    pub fn alone(self) -> DecideAlone {
        DecideAlone { pieces: self.pieces, value_fen: self.value_fen }
    }

    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `pieces`, `value` or `purchase`.
    pub fn check(self) -> Result<(), Fault> {
        let mut complaints = self.alone().complaints();
        if !fits(self.purchase_fen) {
            complaints.push(Complaint::new("purchase", AMOUNT_WRONG));
        }
        refused(complaints)
    }

    /// Reads them from a form: `pieces`, and `value` and `purchase` in yuan.
    ///
    /// Faults: `Invalid` beside any of them.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let pieces = typed_pieces(&mut read, fields);
        let value_fen = typed_amount(&mut read, fields, "value");
        let purchase_fen = typed_amount(&mut read, fields, "purchase");
        read.finish(|| Some(Self { pieces: pieces?, value_fen: value_fen?, purchase_fen: purchase_fen? }))
    }
}

/// The limits of a store or a warehouse that has its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct PlaceLimits {
    /// Which place; a store's is that of the store.
    pub location_id: LocationId,
    /// What it is called.
    pub location_name: String,
    /// What it decides itself.
    pub alone: DecideAlone,
    /// Who said so.
    pub set_by: String,
    /// Since when.
    pub set_at: DateTime<Utc>,
}

/// What holds where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ApprovalLimits {
    /// Of orders to suppliers, and of all stores and warehouses that have none of their own.
    pub house: HouseLimits,
    /// Who said so; nothing where nobody has, and what Mendian comes with holds.
    pub set_by: Option<String>,
    /// Since when.
    pub set_at: Option<DateTime<Utc>>,
    /// Stores that have their own, by name.
    pub stores: Vec<PlaceLimits>,
    /// Warehouses that have their own, by name.
    pub warehouses: Vec<PlaceLimits>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<HouseLimits, Fault> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        HouseLimits::from_fields(&Fields(pairs.collect()))
    }

    fn named(fault: &Fault) -> Vec<&str> {
        fault.complaints().iter().map(|one| one.field.as_str()).collect()
    }

    #[test]
    fn limits_are_typed_in_yuan_and_every_mistake_is_told_at_once() {
        let limits = read(&[("pieces", "0"), ("value", "¥1,200.50"), ("purchase", "10000000")]).unwrap();
        assert_eq!(limits, HouseLimits { pieces: 0, value_fen: Fen(120_050), purchase_fen: AMOUNT_MOST });
        let wrong = read(&[("pieces", "100001"), ("value", "-1"), ("purchase", "10000000.01")]).unwrap_err();
        assert_eq!(named(&wrong), ["pieces", "value", "purchase"]);
        assert_eq!(named(&read(&[("pieces", "1.5"), ("value", "1")]).unwrap_err()), ["pieces", "purchase"]);
    }

    #[test]
    fn programs_are_refused_what_a_form_would_not_let_through() {
        let good = HouseLimits::default();
        assert_eq!(good.check(), Ok(()));
        let wrong = HouseLimits { pieces: -1, value_fen: Fen(-1), purchase_fen: Fen(AMOUNT_MOST.0 + 1) };
        assert_eq!(named(&wrong.check().unwrap_err()), ["pieces", "value", "purchase"]);
        assert_eq!(named(&wrong.alone().check().unwrap_err()), ["pieces", "value"]);
    }

    #[test]
    fn where_nothing_is_said_small_things_are_decided_where_they_happen() {
        let limits = HouseLimits::default();
        assert_eq!(limits, HouseLimits { pieces: 20, value_fen: Fen(50_000), purchase_fen: Fen(500_000) });
        assert_eq!(limits.alone(), DecideAlone::default());
    }

    #[test]
    fn whoever_waits_reads_how_much_it_is_how_much_would_have_been_theirs_and_who_said_so() {
        let off = Off { pieces: 25, value_fen: Fen(60_000) };
        let alone = DecideAlone::default();
        let told = |off, own| alone.exceeded(off, own);
        assert_eq!(told(Some(off), None), "共 25 件、¥600.00，超过这里可自行决定的 20 件或 ¥500.00");
        assert_eq!(told(None, Some(true)), "超过这里可自行决定的 20 件或 ¥500.00（单独设置的限额）");
        assert_eq!(told(None, Some(false)), "超过这里可自行决定的 20 件或 ¥500.00（总部统一限额）");
    }
}
