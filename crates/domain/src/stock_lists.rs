//! What lies where, and how pieces came and went, as lists for those who look after it (K1).

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Fen, Fields, LocationId, SkuId, purchasing::MilliFen, stores::words, transfers::Location};

/// What a place has of a variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct BalanceEntry {
    /// Where.
    pub location: Location,
    /// Which variant.
    pub sku_id: SkuId,
    /// Its name for people.
    pub name: String,
    /// Its code.
    pub code: String,
    /// Pieces there.
    pub on_hand: i64,
    /// Of them, those that are held for orders that are not paid yet.
    pub held: i64,
    /// And those that are allocated to orders that are paid.
    pub allocated: i64,
    /// And those that the shop leaves to the counter, or that are over.
    pub kept_back: i64,
    /// Pieces that are promised and not there.
    pub short: i64,
    /// Pieces that are on their way there.
    pub in_transit: i64,
    /// What one costs; nothing where nobody knows, or for who may not see costs there.
    pub cost_milli_fen: Option<MilliFen>,
    /// What those that are there cost; nothing as above.
    pub value_fen: Option<Fen>,
}

/// Which balances.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListBalances {
    /// Only at this store or warehouse.
    pub location: Option<LocationId>,
    /// Words in a name, its pinyin or initials; a whole code or barcode.
    pub words: String,
    /// How many at most.
    pub most: i64,
    /// How many to pass over.
    pub skip: i64,
}

impl ListBalances {
    /// Reads the filters of an address: `location`, `q`, `skip`.
    pub fn from_fields(fields: &Fields) -> Self {
        let skip = fields.text("skip").parse().unwrap_or(0).clamp(0, 1_000_000);
        Self { location: fields.text("location").parse().ok(), words: fields.words("q"), most: 0, skip }
    }

    /// The filters as an address has them, but for where the page begins.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let location = self.location.map(|id| id.to_string()).unwrap_or_default();
        vec![("location", location), ("q", self.words.clone())]
    }
}

/// Which kind of document says that pieces come or go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum DocumentKind {
    /// A shopper's order.
    Order,
    /// A request after the sale, which is known by its order's number.
    AfterSales,
    /// A sale at the counter; also of what is taken back of it.
    CounterSale,
    /// A transfer.
    Transfer,
    /// An order to a supplier; also of what is sent back of it.
    Purchase,
    /// Goods that came in from outside.
    Receipt,
    /// Goods that lay apart and were given to their supplier, or thrown away.
    SetApart,
    /// A count.
    Count,
    /// A report of a loss.
    Loss,
    /// What a store proposed: an adjustment.
    Proposal,
    /// A table of goods with what there is of each, which is known by its file's name.
    Import,
}

words!(DocumentKind:
    Order = "order" / "订单", AfterSales = "after_sales" / "售后", CounterSale = "counter_sale" / "柜台销售",
    Transfer = "transfer" / "调拨单", Purchase = "purchase" / "采购单", Receipt = "receipt" / "收货单",
    SetApart = "set_apart" / "退供单", Count = "count" / "盘点", Loss = "loss" / "报损", Proposal = "proposal" / "申请",
    Import = "import" / "导入");

impl DocumentKind {
    /// What the numbers of this kind begin with; nothing for what is known by another's number or name.
    fn prefix(self) -> &'static str {
        match self {
            Self::CounterSale => "GT",
            Self::Transfer => "DB",
            Self::Purchase => "CG",
            Self::Receipt => "SH",
            Self::SetApart => "TG",
            Self::Count => "PD",
            Self::Loss => "BS",
            Self::Proposal => "SQ",
            Self::Order | Self::AfterSales | Self::Import => "",
        }
    }

    /// A number of this kind, as people say it: `DB000012`.
    pub fn said(self, number: i64) -> String {
        format!("{}{number:06}", self.prefix())
    }
}

/// Pieces that came or went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct MovementEntry {
    /// Its place among all, by which a list is read on.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Where.
    pub location: Location,
    /// Which variant.
    pub sku_id: SkuId,
    /// Its name for people.
    pub name: String,
    /// Its code.
    pub code: String,
    /// Why, for people: `收货`, `售出`.
    pub cause: String,
    /// How many more are there; negative where they went.
    pub quantity: i64,
    /// How many more of them are held for orders that are not paid yet.
    pub held: i64,
    /// How many more of them are allocated to orders that are paid.
    pub allocated: i64,
    /// Who did it, for people: a name, `顾客`, `系统`.
    pub by: String,
    /// The document or order that says so, as people say its number; empty where there is none.
    pub document: String,
    /// Of which kind it is.
    pub document_kind: Option<DocumentKind>,
    /// Its identity, for who may look at it.
    pub document_id: Option<Uuid>,
    /// What they cost there; nothing where nobody knew, or for who may not see costs there.
    pub value_fen: Option<Fen>,
}

impl MovementEntry {
    /// How many more are there, with its sign: `+3`, `-2`.
    pub fn signed(&self) -> String {
        if self.quantity > 0 { format!("+{}", self.quantity) } else { self.quantity.to_string() }
    }
}

/// The days of a period, in China.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
}

/// The most days of a period.
const DAYS_MOST: i64 = 366;

impl Period {
    /// The period of an address, `from` and `to`; the thirty days that end with today where it names none. What is
    /// longer than a year is cut at its beginning, and what is the wrong way round is turned.
    pub fn from_fields(fields: &Fields, today: NaiveDate) -> Self {
        let (from, to) = (fields.text("from").parse().ok(), fields.text("to").parse().ok());
        Self::of(from, to, today)
    }

    /// As [`Period::from_fields`].
    pub fn of(from: Option<NaiveDate>, to: Option<NaiveDate>, today: NaiveDate) -> Self {
        let to = to.unwrap_or_else(|| from.map_or(today, |from| today.max(from)));
        let from = from.unwrap_or(to - Duration::days(29));
        let (from, to) = (from.min(to), from.max(to));
        Self { from: from.max(to - Duration::days(DAYS_MOST - 1)), to }
    }

    /// Its first moment in this zone, and the first after it.
    pub fn moments(&self, zone: chrono_tz::Tz) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let start = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_local_timezone(zone).earliest();
        Some((start(self.from)?.to_utc(), start(self.to + Duration::days(1))?.to_utc()))
    }

    /// The period as an address has it.
    pub fn pairs(&self) -> [(&'static str, String); 2] {
        [("from", self.from.to_string()), ("to", self.to.to_string())]
    }
}

/// Which movements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListMovements {
    /// Of which days.
    pub period: Period,
    /// Only at this store or warehouse.
    pub location: Option<LocationId>,
    /// A whole code or barcode, or words in a name.
    pub words: String,
    /// Only for this reason, by its code.
    pub cause: Option<String>,
    /// Only of this variant.
    pub sku: Option<SkuId>,
    /// Also what only promised pieces or gave a promise up, where nothing came or went.
    pub promises: bool,
    /// How many at most.
    pub most: usize,
    /// Where to read on.
    pub after: Option<i64>,
}

impl ListMovements {
    /// Reads the filters of an address: those of a [`Period`], `location`, `q`, `cause`, `promises`, `after`.
    pub fn from_fields(fields: &Fields, today: NaiveDate) -> Self {
        Self {
            period: Period::from_fields(fields, today),
            location: fields.text("location").parse().ok(),
            words: fields.words("q"),
            cause: fields.given("cause").map(str::to_owned),
            sku: None,
            promises: fields.given("promises").is_some(),
            most: 0,
            after: fields.text("after").parse().ok(),
        }
    }

    /// The filters as an address has them, but for where the page begins.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = self.period.pairs().to_vec();
        pairs.push(("location", self.location.map(|id| id.to_string()).unwrap_or_default()));
        pairs.push(("q", self.words.clone()));
        pairs.push(("cause", self.cause.clone().unwrap_or_default()));
        pairs.extend(self.promises.then(|| ("promises", "1".to_owned())));
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_period_is_thirty_days_unless_said_otherwise_and_never_more_than_a_year() {
        let today = day("2026-11-26");
        let of = |from: Option<&str>, to: Option<&str>| Period::of(from.map(day), to.map(day), today);
        let is = |from: &str, to: &str| Period { from: day(from), to: day(to) };
        assert_eq!(of(None, None), is("2026-10-28", "2026-11-26"));
        assert_eq!(of(Some("2026-11-01"), None), is("2026-11-01", "2026-11-26"));
        assert_eq!(of(Some("2026-11-09"), Some("2026-11-01")), is("2026-11-01", "2026-11-09"), "it is turned");
        assert_eq!(of(Some("2020-01-01"), Some("2026-11-26")), is("2025-11-26", "2026-11-26"));
    }

    #[test]
    fn a_documents_number_says_of_which_kind_it_is_and_has_six_digits_or_more() {
        assert_eq!(DocumentKind::Transfer.said(12), "DB000012");
        assert_eq!(DocumentKind::Count.said(1_234_567), "PD1234567");
        let mut prefixes: Vec<&str> = DocumentKind::ALL.iter().map(|kind| kind.prefix()).collect();
        prefixes.retain(|prefix| !prefix.is_empty());
        let many = prefixes.len();
        prefixes.sort();
        prefixes.dedup();
        assert_eq!(prefixes.len(), many, "no two kinds share one");
    }
}
