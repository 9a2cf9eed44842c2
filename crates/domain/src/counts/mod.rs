//! Counting what is there 盘点: how far a count is, what it takes in, and what becomes of what was found (K4).
//!
//! A line's pieces are the sum of its entries: several people who count the same goods in different places add to
//! each other and never overwrite. What was wrong is undone and counted again. What a line is compared with is what
//! the books said at the moment of its last entry, so that goods may come and go before and after.

mod list;
mod view;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{CountId, Fault, Fen, Fields, LocationId, approvals::REASON_MOST, stores::words};

pub use list::{CountListEntered, EnterCountList, FoundLine, found_field};
pub use view::*;

/// How far a count is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum CountState {
    /// Being counted.
    Open,
    /// Counted; its differences wait for a decision.
    Submitted,
    /// Its differences are booked.
    Approved,
    /// Given up; nothing was booked.
    Cancelled,
}

words!(CountState:
    Open = "open" / "盘点中", Submitted = "submitted" / "待确认", Approved = "approved" / "已入账",
    Cancelled = "cancelled" / "已取消");

/// What happens to a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum CountAct {
    /// Begun.
    Open,
    /// Put before whoever decides.
    Submit,
    /// Agreed to: what was found is so.
    Approve,
    /// To be counted again.
    SendBack,
    /// Given up.
    Cancel,
}

words!(CountAct:
    Open = "open" / "开始", Submit = "submit" / "提交", Approve = "approve" / "确认入账", SendBack = "send_back" / "退回重盘",
    Cancel = "cancel" / "取消");

impl CountState {
    /// The transition table: where `act` leads from here; `None` where it is not allowed.
    pub fn after(self, act: CountAct) -> Option<Self> {
        use CountAct as Act;
        match (self, act) {
            (Self::Open, Act::Submit) => Some(Self::Submitted),
            (Self::Submitted, Act::Approve) => Some(Self::Approved),
            (Self::Submitted, Act::SendBack) => Some(Self::Open),
            (Self::Open | Self::Submitted, Act::Cancel) => Some(Self::Cancelled),
            _ => None,
        }
    }
}

/// How much a count takes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum CountKind {
    /// Everything there.
    Full,
    /// Some categories or goods.
    Partial,
    /// A few at a time, so that all have their turn.
    Cycle,
}

words!(CountKind: Full = "full" / "全盘", Partial = "partial" / "部分盘点", Cycle = "cycle" / "循环盘点");

/// Whose turn it is in a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum CycleBy {
    /// What has not been counted for the longest.
    LongestUncounted,
    /// What sold most in the last 30 days.
    BestSelling,
}

words!(CycleBy: LongestUncounted = "longest_uncounted" / "最久没盘的", BestSelling = "best_selling" / "近 30 天最畅销的");

/// What a count takes in. More is added where it turns up while counting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum Selection {
    /// Everything that the place sells or has.
    Full,
    /// What is in these categories, with all below them, and these goods.
    Partial {
        /// Codes of categories.
        #[serde(default)]
        #[cfg_attr(feature = "api", schema(max_items = 100))]
        categories: Vec<String>,
        /// Codes or barcodes of variants.
        #[serde(default)]
        #[cfg_attr(feature = "api", schema(max_items = 500))]
        skus: Vec<String>,
    },
    /// So many goods whose turn it is; what is being counted already is passed over.
    Cycle {
        /// Whose turn.
        by: CycleBy,
        /// How many, 1 to 200.
        #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 200))]
        lines: u32,
    },
}

/// The most goods that a cycle takes in at a time.
pub const CYCLE_MOST: u32 = 200;
/// The most codes that a partial count is given.
pub const CODES_MOST: usize = 500;
/// The most pieces of one entry.
pub const PIECES_MOST: i64 = 100_000;

impl Selection {
    /// Of which kind it is.
    pub fn kind(&self) -> CountKind {
        match self {
            Self::Full => CountKind::Full,
            Self::Partial { .. } => CountKind::Partial,
            Self::Cycle { .. } => CountKind::Cycle,
        }
    }

    fn complaint(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Partial { categories, skus } if categories.is_empty() && skus.is_empty() => {
                Some(("skus", "请选择分类，或填写商品编码"))
            }
            Self::Partial { categories, skus } if categories.len() > 100 || skus.len() > CODES_MOST => {
                Some(("skus", "最多 100 个分类、500 个商品"))
            }
            Self::Cycle { lines, .. } if !(1..=CYCLE_MOST).contains(lines) => Some(("lines", "请填写 1 到 200 项")),
            _ => None,
        }
    }
}

/// Begins a count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct OpenCount {
    /// Made by the client: the same request again begins no second count.
    pub id: CountId,
    /// At which store or warehouse.
    pub location_id: LocationId,
    /// What it takes in.
    pub selection: Selection,
    /// Whether whoever counts is not told what the books say.
    #[serde(default)]
    pub blind: bool,
    /// For those who count.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 200))]
    pub note: String,
}

impl OpenCount {
    /// Refuses what a form would not let through: the same rules for whoever sends JSON.
    ///
    /// Faults: `Invalid` beside `skus`, `lines` or `note`.
    pub fn check(&self) -> Result<(), Fault> {
        if let Some((field, reason)) = self.selection.complaint() {
            return Err(Fault::invalid(field, reason));
        }
        short("note", &self.note)
    }

    /// Reads the command from a form: `key`, `location`, `kind` with `category.*` and `skus`, or `by` and `lines`,
    /// `blind`, `note`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let id = read.parse("key", "请刷新页面后再试");
        let location_id = read.parse("location", "请选择门店或仓库");
        let selection = match CountKind::from_code(fields.text("kind")) {
            Some(CountKind::Full) => Some(Selection::Full),
            Some(CountKind::Partial) => Some(Selection::Partial {
                categories: fields.under("category.").map(|(code, _)| code.to_owned()).collect(),
                skus: fields.codes("skus"),
            }),
            Some(CountKind::Cycle) => {
                let lines = read.parse("lines", "请填写 1 到 200 项");
                let by = CycleBy::from_code(fields.text("by")).unwrap_or(CycleBy::LongestUncounted);
                lines.map(|lines| Selection::Cycle { by, lines })
            }
            None => {
                read.complain("kind", "请选择怎么盘");
                None
            }
        };
        if let Some((field, reason)) = selection.as_ref().and_then(Selection::complaint) {
            read.complain(field, reason);
        }
        let note = read.text("note", REASON_MOST);
        let blind = fields.given("blind").is_some();
        read.finish(|| Some(Self { id: id?, location_id: location_id?, selection: selection?, blind, note: note? }))
    }
}

fn short(field: &str, text: &str) -> Result<(), Fault> {
    match text.chars().count() {
        0..=REASON_MOST => Ok(()),
        _ => Err(Fault::invalid(field, format!("最多 {REASON_MOST} 个字"))),
    }
}

/// Says that so many pieces were found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct EnterCount {
    /// Made by the client: the same request again adds nothing.
    pub id: Uuid,
    /// The code or the barcode of what was found.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 64, pattern = r"\S"))]
    pub code: String,
    /// How many: they are added to what was found before. 0 says that there is none.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 100_000))]
    pub pieces: i64,
}

impl EnterCount {
    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `code` or `pieces`.
    pub fn check(&self) -> Result<(), Fault> {
        if self.code.trim().is_empty() || self.code.chars().count() > 64 {
            return Err(Fault::invalid("code", "请扫描或输入商品编码、条码"));
        }
        match self.pieces {
            0..=PIECES_MOST => Ok(()),
            _ => Err(Fault::invalid("pieces", "请填写 0 到 100,000 件；多录了请撤销那一笔")),
        }
    }

    /// Reads the command from a form: `key`, `code`, and `pieces`, 1 where nothing is typed, as after each scan.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let id = read.parse("key", "请刷新页面后再试");
        if fields.text("code").is_empty() {
            read.complain("code", "请扫描或输入商品编码、条码");
        }
        let pieces = match fields.given("pieces") {
            None => Some(1),
            Some(_) => read.parse("pieces", "请填写 0 到 100,000 件；多录了请撤销那一笔"),
        };
        let entry = read.finish(|| Some(Self { id: id?, code: fields.text("code").to_owned(), pieces: pieces? }))?;
        entry.check().map(|()| entry)
    }
}

/// What becomes of the lines that nobody counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum Uncounted {
    /// There are none of them.
    Zero,
    /// They are no part of this count.
    LeaveOut,
}

words!(Uncounted: Zero = "zero" / "按 0 件计", LeaveOut = "leave_out" / "不计入这次盘点");

/// Puts a count before whoever decides on its differences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SubmitCount {
    /// What becomes of lines that nobody counted; needed only where there are any.
    #[serde(default)]
    pub uncounted: Option<Uncounted>,
}

impl SubmitCount {
    /// Reads the command from a form: `uncounted`.
    pub fn from_fields(fields: &Fields) -> Self {
        Self { uncounted: Uncounted::from_code(fields.text("uncounted")) }
    }
}

/// How far what was found, or is lost, is off: shortages and surpluses do not cancel out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Off {
    /// In pieces.
    pub pieces: i64,
    /// At the place's prices.
    pub value_fen: Fen,
}

impl Off {
    /// Of differences with the price of a piece; `None` beyond all numbers.
    pub fn of(differences: impl IntoIterator<Item = (i64, Fen)>) -> Option<Self> {
        differences.into_iter().try_fold(Self::default(), |sum, (difference, price)| {
            let pieces = difference.checked_abs()?;
            let value = price.0.checked_mul(pieces)?;
            Some(Self { pieces: sum.pieces.checked_add(pieces)?, value_fen: Fen(sum.value_fen.0.checked_add(value)?) })
        })
    }
}

/// Up to where a store or a warehouse decides itself on a difference or a loss; beyond either, somebody above it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct DecideAlone {
    /// In pieces.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 100_000))]
    pub pieces: i64,
    /// At the place's prices.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 1_000_000_000))]
    pub value_fen: Fen,
}

impl Default for DecideAlone {
    fn default() -> Self {
        Self { pieces: 20, value_fen: Fen(50_000) }
    }
}

impl DecideAlone {
    /// Whether the place itself may decide.
    pub fn suffices(self, off: Off) -> bool {
        off.pieces <= self.pieces && off.value_fen <= self.value_fen
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_booked_or_given_up_stays_so() {
        for state in CountState::ALL {
            let leads = CountAct::ALL.iter().filter_map(|act| state.after(*act)).count();
            assert_eq!(leads == 0, matches!(state, CountState::Approved | CountState::Cancelled), "{state:?}");
        }
        assert_eq!(CountState::Open.after(CountAct::Approve), None, "nobody decides on what is still being counted");
        assert_eq!(CountState::Submitted.after(CountAct::SendBack), Some(CountState::Open));
    }

    #[test]
    fn every_mistake_of_an_opening_is_told_at_once() {
        let fields = |pairs: &[(&str, &str)]| {
            Fields(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        };
        let named = |pairs: &[(&str, &str)]| -> Vec<String> {
            let fault = OpenCount::from_fields(&fields(pairs)).unwrap_err();
            fault.complaints().iter().map(|one| one.field.clone()).collect()
        };
        assert_eq!(named(&[]), ["key", "location", "kind"]);
        assert_eq!(named(&[("kind", "partial")]), ["key", "location", "skus"]);
        assert_eq!(named(&[("kind", "cycle"), ("lines", "0")]), ["key", "location", "lines"]);
        let id = Uuid::nil().to_string();
        let good =
            [("key", id.as_str()), ("location", &id), ("kind", "partial"), ("category.tea", "on"), ("blind", "on")];
        let read = OpenCount::from_fields(&fields(&good)).unwrap();
        assert_eq!(read.selection, Selection::Partial { categories: vec!["tea".into()], skus: vec![] });
        assert!(read.blind && read.check().is_ok());
    }

    #[test]
    fn a_scan_is_one_piece_and_nothing_is_counted_below_none() {
        let entry = |pieces: &str| {
            let pairs = [("key", Uuid::nil().to_string()), ("code", "690".into()), ("pieces", pieces.into())];
            EnterCount::from_fields(&Fields(pairs.map(|(name, value)| (name.to_owned(), value)).into()))
        };
        assert_eq!(entry("").unwrap().pieces, 1);
        assert_eq!(entry("0").unwrap().pieces, 0);
        for wrong in ["-1", "100001", "一", "1.5"] {
            assert_eq!(entry(wrong).unwrap_err().complaints()[0].field, "pieces", "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn shortages_and_surpluses_do_not_cancel_out(differences in prop::collection::vec((-1000i64..1000, 0i64..100_000), 0..30)) {
            let off = Off::of(differences.iter().map(|(pieces, price)| (*pieces, Fen(*price)))).unwrap();
            prop_assert_eq!(off.pieces, differences.iter().map(|(pieces, _)| pieces.abs()).sum::<i64>());
            prop_assert_eq!(off.value_fen.0, differences.iter().map(|(pieces, price)| pieces.abs() * price).sum::<i64>());
            let alone = DecideAlone { pieces: off.pieces, value_fen: off.value_fen };
            prop_assert!(alone.suffices(off));
            let fewer = DecideAlone { pieces: off.pieces - 1, ..alone };
            let cheaper = DecideAlone { value_fen: Fen(off.value_fen.0 - 1), ..alone };
            prop_assert!(!fewer.suffices(off) && !cheaper.suffices(off));
        }
    }

    #[test]
    fn a_difference_beyond_all_numbers_is_none_that_a_store_decides() {
        assert_eq!(Off::of([(i64::MAX, Fen(2))]), None);
        assert_eq!(Off::of([(i64::MIN, Fen(1))]), None);
    }
}
