//! What really came back: how many pieces of each line, in which state, and what they are worth.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AfterSalesLine, Condition, ReturnCode, Taken, share};
use crate::{Complaint, Fault, Fen, Fields, Quantity, StoreId, approvals::checked_reason};

/// Pieces of one line by the state they came in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Came {
    /// On the shelf again.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 999))]
    pub restock: i64,
    /// Lost.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 999))]
    pub scrap: i64,
    /// Set apart for the supplier.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 999))]
    pub supplier: i64,
}

impl Came {
    /// All pieces in one state.
    pub fn whole(condition: Condition, pieces: i64) -> Self {
        let mut came = Self::default();
        *came.of_mut(condition) = pieces;
        came
    }

    /// How many came in this state.
    pub fn of(self, condition: Condition) -> i64 {
        match condition {
            Condition::Restock => self.restock,
            Condition::Scrap => self.scrap,
            Condition::Supplier => self.supplier,
        }
    }

    fn of_mut(&mut self, condition: Condition) -> &mut i64 {
        match condition {
            Condition::Restock => &mut self.restock,
            Condition::Scrap => &mut self.scrap,
            Condition::Supplier => &mut self.supplier,
        }
    }

    /// How many came.
    pub fn all(self) -> i64 {
        self.restock + self.scrap + self.supplier
    }

    /// The state of most of them; of as many the first that [`Condition`] names. Nothing where none came.
    pub fn mostly(self) -> Option<Condition> {
        let most = Condition::ALL.iter().map(|condition| self.of(*condition)).max().filter(|most| *most > 0)?;
        Condition::ALL.iter().copied().find(|condition| self.of(*condition) == most)
    }

    /// `完好 2、损坏 1`.
    pub fn text(self) -> String {
        let named = Condition::ALL.iter().filter(|condition| self.of(**condition) > 0);
        named.map(|condition| format!("{} {}", condition.short(), self.of(*condition))).collect::<Vec<_>>().join("、")
    }

    /// Of no state less than nothing, and not more than there can be.
    fn is_possible(self) -> bool {
        Condition::ALL.iter().all(|condition| (0..=Quantity::MOST).contains(&self.of(*condition)))
    }
}

impl Condition {
    /// In a word: `完好`.
    pub fn short(self) -> &'static str {
        match self {
            Self::Restock => "完好",
            Self::Scrap => "损坏",
            Self::Supplier => "退供应商",
        }
    }
}

/// How one line came back: all of it in one state, or so many pieces in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ReceivedLine {
    /// The order's line.
    #[cfg_attr(feature = "api", schema(minimum = 1))]
    pub line: i32,
    /// In which state all its pieces are; not needed where `pieces` is there.
    #[serde(default)]
    pub condition: Option<Condition>,
    /// How many came in which state. What is asked for and did not come is no more part of the request.
    #[serde(default)]
    pub pieces: Option<Came>,
}

impl ReceivedLine {
    /// All of a line in one state.
    pub fn whole(line: i32, condition: Condition) -> Self {
        Self { line, condition: Some(condition), pieces: None }
    }
}

/// A line of a request as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedLine {
    pub line: i32,
    pub name: String,
    pub pieces: i64,
}

/// Reads how lines came from a form: `pieces.{line}.{condition}`, or `condition.{line}` for all of a line.
///
/// Faults: `Invalid` beside `pieces.{line}` or `condition.{line}`.
pub fn received_lines(fields: &Fields) -> Result<Vec<ReceivedLine>, Fault> {
    let (mut by_line, mut complaints) = (BTreeMap::<i32, ReceivedLine>::new(), Vec::new());
    for (name, typed) in fields.under("condition.") {
        match (name.parse(), Condition::from_code(typed)) {
            (Ok(line), Some(condition)) => {
                by_line.insert(line, ReceivedLine::whole(line, condition));
            }
            _ => complaints.push(Complaint::new(format!("condition.{name}"), "请选择商品状况")),
        }
    }
    for (name, typed) in fields.under("pieces.") {
        let (line, condition) = name.split_once('.').unwrap_or((name, ""));
        let number = typed.parse().ok().filter(|pieces| (0..=Quantity::MOST).contains(pieces));
        match (line.parse(), Condition::from_code(condition), number) {
            (Ok(line), Some(condition), Some(pieces)) => {
                let received = by_line.entry(line).or_insert(ReceivedLine { line, condition: None, pieces: None });
                *received.pieces.get_or_insert_default().of_mut(condition) = pieces;
            }
            _ => complaints.push(Complaint::new(format!("pieces.{line}"), "请填写整数件数，没有的填 0")),
        }
    }
    if complaints.is_empty() { Ok(by_line.into_values().collect()) } else { Err(Fault::Invalid(complaints)) }
}

/// How many pieces of each line that was asked for came, in which state.
///
/// Faults: `Invalid` beside `condition.{line}` (nothing is said of it, or it is not part of the request),
/// `pieces.{line}` (more than was asked for, or no number there can be), `lines` (nothing came at all).
pub fn what_came(said: &[ReceivedLine], asked: &[AskedLine]) -> Result<BTreeMap<i32, Came>, Fault> {
    let (mut came, mut complaints) = (BTreeMap::new(), Vec::new());
    for line in asked {
        let of_line = said.iter().filter(|one| one.line == line.line).collect::<Vec<_>>();
        let beside = |field: &str, message: String| Complaint::new(format!("{field}.{}", line.line), message);
        let pieces = match of_line.as_slice() {
            [one] => one.pieces.or_else(|| one.condition.map(|condition| Came::whole(condition, line.pieces))),
            _ => None,
        };
        match pieces {
            None => complaints.push(beside("condition", format!("请填写「{}」各种状况的件数", line.name))),
            Some(pieces) if !pieces.is_possible() => {
                complaints.push(beside("pieces", "请填写整数件数，没有的填 0".into()));
            }
            Some(pieces) if pieces.all() > line.pieces => {
                let message = format!("「{}」申请退回 {} 件，合计不能超过", line.name, line.pieces);
                complaints.push(beside("pieces", message));
            }
            Some(pieces) => {
                came.insert(line.line, pieces);
            }
        }
    }
    let unknown = said.iter().find(|one| asked.iter().all(|line| line.line != one.line));
    if let Some(one) = unknown {
        complaints.push(Complaint::new(format!("condition.{}", one.line), "售后单里没有这件商品"));
    }
    if complaints.is_empty() && came.values().all(|pieces| pieces.all() == 0) {
        complaints.push(Complaint::new("lines", "没有收到任何商品：商品不对请用「拒收」；还没有带来的，不用收货"));
    }
    if complaints.is_empty() { Ok(came) } else { Err(Fault::Invalid(complaints)) }
}

/// What was paid for those pieces of a request's line that came, and what of it goes back: what would have been asked
/// for had it been these alone. Nothing where so many were not asked for.
pub fn worth_of(line: &AfterSalesLine, came: i64) -> Option<(Fen, Fen)> {
    let none = Taken::default();
    let paid = share(line.paid_fen, line.quantity, none, came)?;
    let back = match line.exchange_for {
        None => paid,
        // The same again costs what was paid for it.
        Some(sku) if sku == line.sku_id => Fen::ZERO,
        Some(_) => {
            let dearer = line.paid_fen.0.checked_sub(line.refund_fen.0)?;
            let each = dearer / line.quantity.get();
            Fen(paid.0.checked_sub(each.checked_mul(came)?)?)
        }
    };
    // What went back beside pieces may have lowered what the whole line gives back.
    Some((paid, back.min(line.refund_fen)))
}

/// Takes goods back at a store, whatever store sold them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ReceiveReturn {
    /// The code that the shopper shows.
    pub code: ReturnCode,
    /// The store that has the goods now.
    pub store_id: StoreId,
    /// How each of the request's lines came back.
    pub lines: Vec<ReceivedLine>,
}

impl ReceiveReturn {
    /// Reads the command from a form: `code`, `store`, and the fields of [`received_lines`].
    ///
    /// Faults: `Invalid`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let code = read.value("code");
        let store_id = read.parse("store", "请选择收货的门店");
        let (code, store_id) = read.finish(|| Some((code?, store_id?)))?;
        Ok(Self { code, store_id, lines: received_lines(fields)? })
    }
}

/// Does not take goods that are not what was agreed on: a counter turns them away as it sees them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct TurnAwayReturn {
    /// The code that the shopper shows.
    pub code: ReturnCode,
    /// The store that has seen the goods.
    pub store_id: StoreId,
    /// Why; the shopper reads it.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 200, pattern = r"\S"))]
    pub note: String,
}

impl TurnAwayReturn {
    /// Reads the command from a form: `code`, `store` and `note`.
    ///
    /// Faults: `Invalid`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let code = read.value("code");
        let store_id = read.parse("store", "请选择收货的门店");
        read.finish(|| Some(Self { code: code?, store_id: store_id?, note: fields.text("note").to_owned() }))
    }

    /// The reason.
    ///
    /// Faults: `Invalid` beside `note`.
    pub fn checked_note(&self) -> Result<&str, Fault> {
        checked_reason("note", &self.note, "请写明拒收的原因（200 字以内），顾客会看到")
    }
}

/// Pieces of a request that did not come: they are no more part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct MissingLine {
    /// The order's line.
    pub line: i32,
    /// The product's name.
    pub name: String,
    /// `大杯`, or empty.
    pub spec: String,
    /// How many pieces.
    pub quantity: Quantity,
    /// What would have gone back for them.
    pub refund_fen: Fen,
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Duration};
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::{
        SkuId,
        after_sales::{AfterSalesKind, ClaimableLine, KindUntil, RequestedLine, Swap, Weighed, weigh},
    };

    const OWN: u128 = 1;
    const OTHER: u128 = 2;

    fn sold(paid: i64, whole: i64, taken: (i64, i64), price: i64) -> ClaimableLine {
        let until = DateTime::UNIX_EPOCH + Duration::days(7);
        ClaimableLine {
            line: 1,
            sku_id: SkuId(Uuid::from_u128(OWN)),
            name: "连体衣".into(),
            spec: "66".into(),
            options_text: String::new(),
            picture: String::new(),
            quantity: whole.try_into().unwrap(),
            paid_fen: Fen(paid),
            rest: whole - taken.0,
            taken_fen: Fen(taken.1),
            kinds: AfterSalesKind::ALL.iter().map(|&kind| KindUntil { kind, until }).collect(),
            swaps: vec![Swap { sku_id: SkuId(Uuid::from_u128(OTHER)), spec: "73".into(), price_fen: Fen(price) }],
            came_for: None,
        }
    }

    fn ask(line: &ClaimableLine, pieces: i64, to: Option<u128>) -> Option<Weighed> {
        let kind = if to.is_some() { AfterSalesKind::Exchange } else { AfterSalesKind::Return };
        let exchange_for = to.map(|sku| SkuId(Uuid::from_u128(sku)));
        let want = RequestedLine { line: 1, quantity: pieces.try_into().unwrap(), exchange_for };
        weigh(std::slice::from_ref(line), kind, &[want], DateTime::UNIX_EPOCH).ok()?.pop()
    }

    fn as_asked(line: &ClaimableLine, weighed: &Weighed) -> AfterSalesLine {
        AfterSalesLine {
            line: 1,
            sku_id: line.sku_id,
            name: line.name.clone(),
            spec: line.spec.clone(),
            options_text: String::new(),
            picture: String::new(),
            quantity: weighed.quantity,
            paid_fen: weighed.paid_fen,
            refund_fen: weighed.refund_fen,
            exchange_for: weighed.exchange_for,
            exchange_spec: None,
            condition: None,
            came: None,
        }
    }

    #[test]
    fn what_money_beside_pieces_left_of_a_line_is_the_most_that_goes_back_for_what_came() {
        let line = sold(300, 3, (0, 0), 80);
        let asked = as_asked(&line, &ask(&line, 3, None).unwrap());
        let lowered = AfterSalesLine { refund_fen: Fen(150), ..asked };
        for (came, back) in [(3, 150), (2, 150), (1, 100), (0, 0)] {
            assert_eq!(worth_of(&lowered, came), Some((Fen(100 * came), Fen(back))), "{came}");
        }
    }

    proptest! {
        #[test]
        fn what_came_is_worth_what_it_would_have_been_asked_for_alone(
            paid in 0i64..1_000_000,
            whole in 1i64..30,
            earlier in 0i64..30,
            asked in 1i64..30,
            came in 0i64..30,
            to in prop_oneof![Just(None), Just(Some(OWN)), Just(Some(OTHER))],
            price in 0i64..40_000,
        ) {
            let (earlier, whole) = (earlier.min(whole - 1), whole);
            let before = share(Fen(paid), whole.try_into().unwrap(), Taken::default(), earlier).unwrap();
            let line = sold(paid, whole, (earlier, before.0), price);
            let asked = asked.min(line.rest);
            let came = came.min(asked);
            let Some(weighed) = ask(&line, asked, to) else { return Ok(()) };
            let kept = worth_of(&as_asked(&line, &weighed), came).unwrap();
            if came == 0 {
                prop_assert_eq!(kept, (Fen::ZERO, Fen::ZERO));
            } else {
                let alone = ask(&line, came, to).unwrap();
                prop_assert_eq!(kept, (alone.paid_fen, alone.refund_fen));
            }
            // What did not come is asked for again: together it is what was paid for the line.
            let line = sold(paid, whole, (earlier + came, before.0 + kept.0.0), price);
            if line.rest > 0 {
                let rest = ask(&line, line.rest, None).unwrap();
                prop_assert_eq!(before.0 + kept.0.0 + rest.paid_fen.0, paid);
            }
        }
    }

    fn asked(pieces: i64) -> Vec<AskedLine> {
        vec![AskedLine { line: 1, name: "连体衣".into(), pieces }]
    }

    fn told(said: &[ReceivedLine], pieces: i64) -> Vec<String> {
        let fault = what_came(said, &asked(pieces)).unwrap_err();
        fault.complaints().iter().map(|one| one.field.clone()).collect()
    }

    #[test]
    fn pieces_are_counted_by_their_state_and_never_more_than_were_asked_for() {
        let of = |restock, scrap, supplier| {
            let pieces = Some(Came { restock, scrap, supplier });
            vec![ReceivedLine { line: 1, condition: None, pieces }]
        };
        assert_eq!(what_came(&of(2, 1, 0), &asked(3)).unwrap()[&1], Came { restock: 2, scrap: 1, supplier: 0 });
        assert_eq!(what_came(&of(0, 1, 0), &asked(3)).unwrap()[&1].all(), 1);
        let whole = [ReceivedLine::whole(1, Condition::Supplier)];
        assert_eq!(what_came(&whole, &asked(3)).unwrap()[&1], Came { restock: 0, scrap: 0, supplier: 3 });
        assert_eq!(told(&of(2, 1, 1), 3), ["pieces.1"]);
        assert_eq!(told(&of(4, -1, 0), 3), ["pieces.1"]);
        assert_eq!(told(&of(i64::MAX, i64::MAX, 0), 3), ["pieces.1"]);
        assert_eq!(told(&of(0, 0, 0), 3), ["lines"]);
        assert_eq!(told(&[], 3), ["condition.1"]);
        assert_eq!(told(&[ReceivedLine { line: 1, condition: None, pieces: None }], 3), ["condition.1"]);
        assert_eq!(told(&[whole[0], whole[0]], 3), ["condition.1"], "nobody knows which of two counts");
        assert_eq!(told(&[whole[0], ReceivedLine::whole(2, Condition::Scrap)], 3), ["condition.2"]);
    }

    #[test]
    fn a_counters_form_has_a_number_for_each_state() {
        let fields = |pairs: &[(&str, &str)]| {
            Fields(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        };
        let typed = fields(&[("pieces.2.restock", "2"), ("pieces.2.scrap", "1"), ("pieces.2.supplier", "")]);
        let read = received_lines(&typed).unwrap();
        assert_eq!((read[0].line, read[0].pieces), (2, Some(Came { restock: 2, scrap: 1, supplier: 0 })));
        // A page from before still says one state for the whole line.
        let read = received_lines(&fields(&[("condition.1", "scrap")])).unwrap();
        assert_eq!(read, [ReceivedLine::whole(1, Condition::Scrap)]);
        for bad in ["-1", "1.5", "x", "1000", "99999999999999999999"] {
            let fault = received_lines(&fields(&[("pieces.1.scrap", bad)])).unwrap_err();
            assert_eq!(fault.complaints()[0].field, "pieces.1", "{bad}");
        }
        assert!(received_lines(&fields(&[("pieces.1.odd", "1")])).is_err());
    }

    #[test]
    fn most_pieces_say_what_a_line_is_called() {
        let came = |restock, scrap, supplier| Came { restock, scrap, supplier };
        assert_eq!(came(1, 2, 0).mostly(), Some(Condition::Scrap));
        assert_eq!(came(1, 1, 0).mostly(), Some(Condition::Restock));
        assert_eq!(came(0, 0, 0).mostly(), None);
        assert_eq!(came(2, 0, 1).text(), "完好 2、退供应商 1");
    }
}
