//! What is sold at the counter 柜台销售 (K2): a till, or somebody at the counter, sells of the same pieces as the shop.
//!
//! It says what left and what it should have cost. The money is the till's: this is no receipt (F2).

use chrono::{DateTime, Duration, NaiveDate, SubsecRound, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    Complaint, CounterReturnId, CounterSaleId, Fault, Fen, Fields, SkuId, StoreId,
    stores::words,
    text,
    transfers::{Pieces, field_of, pieces_of},
};

/// The most lines of a sale.
pub const LINES_MOST: usize = 100;
/// The most pieces of a line.
pub const PIECES_MOST: i64 = 9_999;
/// The longest code or barcode, in characters.
pub const CODE_MOST: usize = 64;
/// How long a till may have been without its network: what is older is counted instead.
pub const OFFLINE_MOST: Duration = Duration::days(31);
/// What somebody is told who takes nothing back.
pub const NOTHING: &str = "请填写要退回的件数";
/// How far a till's clock may be ahead.
const AHEAD_MOST: Duration = Duration::minutes(10);

/// So many pieces over the counter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct CounterLine {
    /// The variant's code or barcode.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 64, pattern = r"\S"))]
    pub code: String,
    /// How many.
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 9999))]
    pub pieces: i64,
}

/// The field of a complaint about a line, counted from 0.
pub fn line_field(line: usize) -> String {
    format!("lines.{line}")
}

/// Sells goods at a store's counter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SellAtCounter {
    /// Made by the client: the same request again sells nothing twice.
    pub id: CounterSaleId,
    /// What, all of it or nothing.
    #[cfg_attr(feature = "api", schema(min_items = 1, max_items = 100))]
    pub lines: Vec<CounterLine>,
    /// When it went over the counter, at most 31 days ago; now where it is not said.
    #[serde(default)]
    pub occurred_at: Option<DateTime<Utc>>,
    /// Whether the goods have gone already, as from a till that had no network. Then it is booked whatever there is, and
    /// what promised orders lack opens a shortage case; otherwise no more is sold than is there.
    #[serde(default)]
    pub handed_over: bool,
}

impl SellAtCounter {
    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `lines`, `lines.{n}` or `occurred_at`.
    pub fn check(&self, now: DateTime<Utc>) -> Result<(), Fault> {
        if self.lines.is_empty() || self.lines.len() > LINES_MOST {
            return Err(Fault::invalid("lines", format!("请录入 1 到 {LINES_MOST} 行商品")));
        }
        let mut wrong = Vec::new();
        for (at, line) in self.lines.iter().enumerate() {
            let code = line.code.trim();
            if code.is_empty() || code.chars().count() > CODE_MOST {
                wrong.push(Complaint::new(line_field(at), "请填写商品编码或条码"));
            } else if !(1..=PIECES_MOST).contains(&line.pieces) {
                wrong.push(Complaint::new(line_field(at), format!("件数须是 1 到 {PIECES_MOST} 的整数")));
            }
        }
        if self.occurred_at.is_some_and(|at| at > now + AHEAD_MOST) {
            wrong.push(Complaint::new("occurred_at", "售出时间在将来，请检查收银机的时钟"));
        } else if self.occurred_at.is_some_and(|at| at < now - OFFLINE_MOST) {
            wrong.push(Complaint::new("occurred_at", "售出时间超过 31 天，请改为盘点这些商品"));
        }
        if wrong.is_empty() { Ok(()) } else { Err(Fault::Invalid(wrong)) }
    }

    /// When it went over the counter, as exactly as it is kept.
    pub fn moment(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.occurred_at.unwrap_or(now).trunc_subsecs(6)
    }

    /// The lines in one text: by it the same request again is told from another.
    pub fn asked(&self) -> String {
        self.lines.iter().map(|line| format!("{} {}\n", line.pieces, line.code.trim())).collect()
    }

    /// Reads the command from a form: `key`, `handed_over`, and what [`Basket::from_fields`] reads.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let id = read.parse("key", "请刷新页面后再试");
        let id = read.finish(|| id)?;
        let lines = Basket::from_fields(fields).lines;
        Ok(Self { id, lines, occurred_at: None, handed_over: fields.given("handed_over").is_some() })
    }
}

/// What lies on the counter before it is sold. It is nowhere but in the page's address and form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Basket {
    /// The lines, as they were scanned.
    pub lines: Vec<CounterLine>,
}

impl Basket {
    /// Reads `code.{n}` and `pieces.{n}`, in the order of the numbers; a line of no pieces is none.
    pub fn from_fields(fields: &Fields) -> Self {
        let mut numbered: Vec<(usize, &str)> =
            fields.under("code.").filter_map(|(at, code)| Some((at.parse().ok()?, code))).collect();
        numbered.sort();
        let line = |(at, code): (usize, &str)| CounterLine {
            code: code.to_owned(),
            pieces: fields.text(&format!("pieces.{at}")).parse().unwrap_or(0),
        };
        Self { lines: numbered.into_iter().map(line).filter(|line| line.pieces > 0).collect() }
    }

    /// The lines as an address or a form has them.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let line = |(at, line): (usize, &CounterLine)| {
            [(format!("code.{at}"), line.code.clone()), (format!("pieces.{at}"), line.pieces.to_string())]
        };
        self.lines.iter().enumerate().flat_map(line).collect()
    }

    /// With so many pieces more of a code: on its line where it has one, else on a line of its own.
    pub fn add(&mut self, code: &str, pieces: i64) {
        match self.lines.iter_mut().find(|line| line.code == code) {
            Some(line) => line.pieces = line.pieces.saturating_add(pieces).min(PIECES_MOST),
            None => self.lines.push(CounterLine { code: code.to_owned(), pieces: pieces.clamp(1, PIECES_MOST) }),
        }
    }

    /// With a line of so many pieces; of none it goes.
    pub fn with(&self, line: usize, pieces: i64) -> Self {
        let mut lines = self.lines.clone();
        if let Some(line) = lines.get_mut(line) {
            line.pieces = pieces.min(PIECES_MOST);
        }
        lines.retain(|line| line.pieces > 0);
        Self { lines }
    }
}

/// What was scanned or typed: a code, or `3*code` for three of it.
pub fn scanned(text: &str) -> (i64, &str) {
    let text = text.trim();
    let several =
        text.split_once(['*', '×']).and_then(|(pieces, code)| Some((pieces.trim().parse().ok()?, code.trim())));
    several.filter(|(pieces, code)| (1..=PIECES_MOST).contains(pieces) && !code.is_empty()).unwrap_or((1, text))
}

/// Why pieces come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum TakeBackWhy {
    /// They had never gone.
    Mistake,
    /// Whoever bought them brought them back.
    Returned,
}

words!(TakeBackWhy: Mistake = "mistake" / "录入有误", Returned = "returned" / "顾客退货");

/// Puts pieces of a sale back on the shelf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct TakeBack {
    /// Made by the client: the same request again takes nothing back twice.
    pub id: CounterReturnId,
    /// How many of what; all that is left of the sale where nothing stands here.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_items = 100))]
    pub lines: Vec<Pieces>,
    /// Why.
    pub why: TakeBackWhy,
}

impl TakeBack {
    /// Refuses what no sale allows.
    ///
    /// Faults: `Invalid` beside `lines` or `pieces.{sku}`.
    pub fn check(&self) -> Result<(), Fault> {
        if self.lines.len() > LINES_MOST {
            return Err(Fault::invalid("lines", format!("最多 {LINES_MOST} 行")));
        }
        let wrong = self.lines.iter().filter(|line| line.quantity < 0);
        let wrong: Vec<Complaint> = wrong.map(|line| Complaint::new(field_of(line.sku_id), "件数不能小于 0")).collect();
        if wrong.is_empty() { Ok(()) } else { Err(Fault::Invalid(wrong)) }
    }

    /// The lines in one text: by it the same request again is told from another.
    pub fn asked(&self) -> String {
        let mut lines: Vec<_> = self.lines.iter().map(|line| (line.sku_id, line.quantity)).collect();
        lines.sort();
        lines.into_iter().map(|(sku, pieces)| format!("{pieces} {sku}\n")).collect()
    }

    /// Reads the command from a form: `key`, `why`, `pieces.{sku}`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let id = read.parse("key", "请刷新页面后再试");
        let why = TakeBackWhy::from_code(fields.text("why"));
        if why.is_none() {
            read.complain("why", "请选择原因");
        }
        let (id, why) = read.finish(|| Some((id?, why?)))?;
        let lines = pieces_of(fields, false)?;
        // Nothing said is all of it; what was said to be nothing is not.
        if lines.iter().all(|line| line.quantity == 0) {
            return Err(Fault::invalid("lines", NOTHING));
        }
        Ok(Self { id, lines, why })
    }
}

/// A sale at the counter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct CounterSale {
    /// Its identity.
    pub id: CounterSaleId,
    /// Its number for people.
    pub number: String,
    /// Where.
    pub store_id: StoreId,
    /// That store's name.
    pub store_name: String,
    /// When it went over the counter.
    pub occurred_at: DateTime<Utc>,
    /// When it was booked.
    pub booked_at: DateTime<Utc>,
    /// Who sold it, or which program.
    pub by: String,
    /// Whether it had gone before it was booked.
    pub handed_over: bool,
    /// What was sold.
    pub lines: Vec<CounterSaleLine>,
    /// What it should have cost at the store's prices, without what came back. Not what the till took.
    pub total_fen: Fen,
}

impl CounterSale {
    /// How many pieces have not come back.
    pub fn left(&self) -> i64 {
        self.lines.iter().map(CounterSaleLine::left).sum()
    }
}

/// A variant of a sale at the counter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct CounterSaleLine {
    /// Which variant.
    pub sku_id: SkuId,
    /// Its name for people.
    pub name: String,
    /// Its code.
    pub code: String,
    /// How many were sold.
    pub pieces: i64,
    /// How many of them came back.
    pub taken_back: i64,
    /// What a piece sold for at the store when it was booked.
    pub price_fen: Fen,
}

impl CounterSaleLine {
    /// How many have not come back.
    pub fn left(&self) -> i64 {
        self.pieces - self.taken_back
    }
}

/// What is to be known of goods on the counter before they are sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnCounter {
    /// Which variant.
    pub sku_id: SkuId,
    /// Its name for people.
    pub name: String,
    /// Its code.
    pub code: String,
    /// What a piece sells for at the store.
    pub price_fen: Fen,
    /// How many the counter can sell.
    pub left: i64,
}

/// Which sales of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListCounterSales {
    /// Sold from this day on, in China.
    pub from: Option<NaiveDate>,
    /// Sold up to this day and with it, in China.
    pub to: Option<NaiveDate>,
    /// Only this one and those booked before it.
    pub first: Option<CounterSaleId>,
    /// How many at most, 1 to 100.
    pub most: usize,
    /// Only older ones than the one with this number, as [`crate::page::Page::next`] says it.
    pub after: Option<i64>,
}

impl ListCounterSales {
    /// Reads the filters of an address: `from`, `to`, `sale`, `after`.
    ///
    /// Faults: `Invalid` beside `from` or `to` for what is no day.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        Ok(Self {
            from: text::day_given(fields, "from")?,
            to: text::day_given(fields, "to")?,
            first: fields.text("sale").parse().ok(),
            most: 0,
            after: fields.text("after").parse().ok(),
        })
    }

    /// The days as an address has them.
    pub fn pairs(&self) -> [(&'static str, String); 2] {
        let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        [("from", day(self.from)), ("to", day(self.to))]
    }

    /// From which moment on, and before which one, they were sold; nothing where a side is open.
    ///
    /// Faults: `Invalid` beside `to` where it is before `from`.
    pub fn sold(&self) -> Result<[Option<DateTime<Utc>>; 2], Fault> {
        text::moments_of_days(self.from, self.to)
    }
}

/// What a store's counter sold in a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterDay {
    /// How many sales of which something has not come back.
    pub sales: i64,
    /// Pieces, less those that came back.
    pub pieces: i64,
    /// What they should have cost at the store's prices.
    pub total_fen: Fen,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn typed(fields: &[(&str, &str)]) -> Fields {
        Fields(fields.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
    }

    fn sale(lines: &[(&str, i64)]) -> SellAtCounter {
        let line = |(code, pieces): &(&str, i64)| CounterLine { code: (*code).to_owned(), pieces: *pieces };
        SellAtCounter {
            id: CounterSaleId(Uuid::nil()),
            lines: lines.iter().map(line).collect(),
            occurred_at: None,
            handed_over: false,
        }
    }

    #[test]
    fn a_basket_in_an_address_is_read_as_it_was_written() {
        let mut basket = Basket::default();
        for code in ["茶 1", "B&2", "茶 1"] {
            basket.add(code, 1);
        }
        let pairs = basket.pairs();
        let fields = Fields(pairs.into_iter().collect());
        assert_eq!(Basket::from_fields(&fields), basket);
        assert_eq!(basket.lines[0].pieces, 2, "the same again is one more");
        assert_eq!(basket.with(0, 0).lines.len(), 1, "a line of none is none");
    }

    #[test]
    fn lines_stand_in_their_order_however_many_there_are() {
        let mut basket = Basket::default();
        (0..LINES_MOST).for_each(|at| basket.add(&format!("c{at}"), 1));
        assert_eq!(Basket::from_fields(&Fields(basket.pairs().into_iter().collect())), basket);
    }

    #[test]
    fn a_number_before_the_code_is_how_many() {
        assert_eq!(scanned(" 690123 "), (1, "690123"));
        assert_eq!(scanned("3*690123"), (3, "690123"));
        assert_eq!(scanned("3 × tea"), (3, "tea"));
        for whole in ["0*a", "-1*a", "a*b", "99999*a", "3*"] {
            assert_eq!(scanned(whole), (1, whole), "no number of pieces");
        }
    }

    #[test]
    fn what_can_be_no_sale_is_told_beside_its_line() {
        let now = DateTime::UNIX_EPOCH + Duration::days(20_000);
        assert!(sale(&[("a", 1)]).check(now).is_ok());
        assert!(sale(&[]).check(now).is_err());
        let wrong = sale(&[("a", 0), (" ", 1), ("b", PIECES_MOST + 1), ("c", 1)]).check(now).unwrap_err();
        let fields: Vec<_> = wrong.complaints().iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["lines.0", "lines.1", "lines.2"]);
        for (at, fits) in [(now, true), (now - OFFLINE_MOST, true), (now - Duration::days(32), false)] {
            let sold = SellAtCounter { occurred_at: Some(at), ..sale(&[("a", 1)]) };
            assert_eq!(sold.check(now).is_ok(), fits, "{at}");
        }
        let ahead = SellAtCounter { occurred_at: Some(now + Duration::minutes(5)), ..sale(&[("a", 1)]) };
        assert!(ahead.check(now).is_ok());
    }

    #[test]
    fn a_form_that_takes_nothing_back_says_so() {
        let key = Uuid::now_v7().to_string();
        let sku = format!("pieces.{}", Uuid::now_v7());
        let read = |pieces: &str| TakeBack::from_fields(&typed(&[("key", &key), ("why", "mistake"), (&sku, pieces)]));
        assert_eq!(read("2").unwrap().lines[0].quantity, 2);
        assert!(read("0").is_err() && read("x").is_err());
        assert!(TakeBack::from_fields(&typed(&[("key", &key), (&sku, "1")])).is_err(), "why");
    }
}
