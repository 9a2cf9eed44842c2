//! Lists of goods with how many of each: what a scanner found, what a delivery note says (K4). They are no import: what
//! they say is entered into a document that a person then confirms, or into a count that adds them up.

use chrono::NaiveDate;

use super::{
    Field, ListedField, day_of,
    places::{Places, Words, read_all},
    products::pieces_of,
};
use crate::{
    Complaint, Fault, Fen, Fields, SkuId,
    batches::{CODE_MOST, batch_field, expires_field},
    purchasing::{PRICE_MOST, price_field},
    transfers::{PIECES_MOST, field_of},
};

/// The most goods that a list may name.
pub const LISTED_MOST: usize = 2_000;
/// How many of the columns are read in their order where the list has no names of them; a price is only where it is
/// called one.
const IN_ORDER: usize = 4;

/// What a row of a list says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The line on which it stands; the first of a file is 1.
    pub line: u64,
    /// A variant's code or barcode.
    pub code: String,
    /// How many pieces.
    pub pieces: i64,
    /// Of which batch they are, and its last day, where it says so.
    pub batch: Option<(String, NaiveDate)>,
    /// What a piece cost, as it is written; whoever wants to know it reads it.
    pub price: String,
}

/// The field of a complaint about a line.
pub fn line_field(line: u64) -> String {
    format!("line.{line}")
}

/// What a row says; nothing where it is empty, or names goods and no pieces of them.
fn read(places: &Places<ListedField>, line: u64, row: &[String]) -> Result<Option<Listed>, &'static str> {
    use ListedField as Is;
    let (code, pieces) = (places.cell(row, Is::Sku), places.cell(row, Is::Quantity));
    let (batch, expires) = (places.cell(row, Is::Batch), places.cell(row, Is::Expires));
    // Where the list has a column for pieces, a row without them says nothing.
    let counts = places.is_named && places.has(Is::Quantity);
    if (code.is_empty() || counts) && pieces.is_empty() {
        return Ok(None);
    }
    if code.is_empty() || code.chars().count() > Is::Sku.most() {
        return Err("请填写 SKU 编码或条码");
    }
    // A scanner that counts nothing writes a line for each piece.
    let pieces = if pieces.is_empty() { Some(1) } else { pieces_of(pieces) };
    let pieces = pieces.filter(|pieces| (0..=PIECES_MOST).contains(pieces));
    let pieces = pieces.ok_or("件数须是 0 到 100,000 的整数")?;
    let batch = match (batch, expires) {
        ("", "") => None,
        ("", _) => return Err("有到期日，还要填写批次号"),
        (batch, _) if batch.chars().count() > CODE_MOST => return Err("批次号最多 40 个字"),
        (batch, day) => Some((batch.to_owned(), day_of(day).ok_or("请填写到期日，例如 2027-01-31")?)),
    };
    Ok(Some(Listed { line, code: code.to_owned(), pieces, batch, price: places.cell(row, Is::Price).to_owned() }))
}

/// Reads a list: columns by their names where its first row has them, else code, pieces, batch and last day in this
/// order. Rows that say nothing are passed over.
///
/// Faults: `Invalid` beside each line that is wrong, or beside `table`.
pub fn listed(rows: &[(u64, Vec<String>)]) -> Result<Vec<Listed>, Fault> {
    let words = Words {
        nothing: "没有读到商品：每行填一个编码或条码和件数",
        first: "看不懂这一行；如果是列名，请用「SKU」和「件数」",
    };
    read_all(rows, IN_ORDER, &words, read)
}

/// A variant that a document takes, and how many pieces of it at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Which.
    pub sku_id: SkuId,
    /// Its code.
    pub code: String,
    /// Its barcode.
    pub barcode: Option<String>,
    /// How many pieces.
    pub most: i64,
    /// Whether the form asks of which batch they are.
    pub keeps_batches: bool,
    /// Whether the form asks what a piece cost.
    pub takes_price: bool,
}

/// What a list fills into a document's form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// The form's fields: `pieces.{sku}` of each of the document's variants, none of those that the list does not name;
    /// `batch.{sku}`, `expires.{sku}`, `price.{sku}`.
    pub fields: Fields,
    /// How many variants it names.
    pub goods: usize,
    /// How many pieces.
    pub pieces: i64,
    /// How many lines say a batch of goods that are not kept by batches; it is left out.
    pub without_batch: usize,
    /// How many lines say a price that the form does not ask for; it is left out.
    pub without_price: usize,
}

/// What lines of a list say of a variant, added up.
#[derive(Default)]
struct Sum<'a> {
    pieces: i64,
    is_named: bool,
    batch: Option<&'a (String, NaiveDate)>,
    price: Option<Fen>,
}

impl<'a> Sum<'a> {
    /// Adds a line; what is wrong with it.
    fn add(&mut self, one: &'a Listed, goods: &Wanted, filled: &mut Filled) -> Vec<&'static str> {
        let mut wrong = Vec::new();
        self.pieces += one.pieces;
        self.is_named = true;
        match (&one.batch, self.batch) {
            (Some(_), _) if !goods.keeps_batches => filled.without_batch += 1,
            (Some(other), Some(known)) if other != known => wrong.push("同一件商品有几个批次，请一个批次收一次"),
            (Some(said), None) => self.batch = Some(said),
            _ => {}
        }
        match (one.price.as_str(), Fen::typed(&one.price)) {
            ("", _) => {}
            _ if !goods.takes_price => filled.without_price += 1,
            (_, Some(price)) if price.0 <= PRICE_MOST => match self.price {
                Some(known) if known != price => wrong.push("同一件商品有几个进价，请一个进价收一次"),
                _ => self.price = Some(price),
            },
            _ => wrong.push("进价须是 0 到 99,999.99 元"),
        }
        wrong
    }
}

/// What a list says, as the fields of a document's form: lines of the same variant add up. `unknown` is what to say of
/// goods that are not wanted, `beyond` of more than there may be.
///
/// Faults: `Invalid` beside each line that is wrong.
pub fn filled(
    list: &[Listed],
    wanted: &[Wanted],
    unknown: &str,
    beyond: impl Fn(i64) -> String,
) -> Result<Filled, Fault> {
    let mut sums: Vec<Sum<'_>> = wanted.iter().map(|_| Sum::default()).collect();
    let (mut filled, mut complaints) = (Filled::default(), Vec::new());
    for one in list {
        let mut complain = |wrong: &str| complaints.push(Complaint::new(line_field(one.line), wrong));
        let fits = |goods: &Wanted| {
            goods.code.eq_ignore_ascii_case(&one.code) || goods.barcode.as_deref() == Some(one.code.as_str())
        };
        let mut fitting = wanted.iter().zip(&mut sums).filter(|(goods, _)| fits(goods));
        let (goods, sum) = match (fitting.next(), fitting.next()) {
            (Some(only), None) => only,
            (Some(_), Some(_)) => {
                complain("这个条码对应多个商品，请填写 SKU 编码");
                continue;
            }
            (None, _) => {
                complain(unknown);
                continue;
            }
        };
        let wrong = sum.add(one, goods, &mut filled);
        if sum.pieces > goods.most {
            complain(&beyond(goods.most));
        }
        wrong.into_iter().for_each(complain);
    }
    if !complaints.is_empty() {
        return Err(Fault::Invalid(complaints));
    }
    for (goods, sum) in wanted.iter().zip(&sums) {
        filled.pieces += sum.pieces;
        filled.fields.0.insert(field_of(goods.sku_id), sum.pieces.to_string());
        if let Some((code, day)) = sum.batch {
            filled.fields.0.insert(batch_field(goods.sku_id), code.clone());
            filled.fields.0.insert(expires_field(goods.sku_id), day.to_string());
        }
        if let Some(price) = sum.price {
            filled.fields.0.insert(price_field(goods.sku_id), price.in_yuan());
        }
    }
    filled.goods = sums.iter().filter(|sum| sum.is_named).count();
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn rows(text: &str) -> Vec<(u64, Vec<String>)> {
        (1..).zip(text.lines().map(|line| line.split(',').map(str::to_owned).collect())).collect()
    }

    fn read(text: &str) -> Result<Vec<(u64, String, i64)>, Vec<String>> {
        let told = |fault: Fault| fault.complaints().iter().map(|one| one.field.clone()).collect();
        listed(&rows(text))
            .map_err(told)
            .map(|found| found.into_iter().map(|one| (one.line, one.code, one.pieces)).collect())
    }

    #[test]
    fn a_list_is_read_with_and_without_the_names_of_its_columns() {
        let found = Ok(vec![(2, "T-1".to_owned(), 3), (3, "690".to_owned(), 0)]);
        assert_eq!(read("商品,SKU,件数\n茶,T-1,3\n茶,690,0"), found);
        assert_eq!(read("\nT-1,3\n690,0"), found);
        assert_eq!(read("690\n690,\nT-1").unwrap(), [(1, "690".into(), 1), (2, "690".into(), 1), (3, "T-1".into(), 1)]);
        assert_eq!(read("条码\n690").unwrap(), [(2, "690".into(), 1)], "a scan is one piece");
        // A template of which one line was filled in.
        assert_eq!(read("SKU,商品,件数\nT-1,茶,\nT-2,茶,4").unwrap(), [(3, "T-2".into(), 4)]);
    }

    #[test]
    fn every_line_that_is_wrong_is_told() {
        assert_eq!(read("SKU,件数\nT-1,x\n,3\nT-2,1\nT-3,100001").unwrap_err(), ["line.2", "line.3", "line.5"]);
        assert_eq!(read("货品代号,多少\nT-1,1").unwrap_err(), ["line.1"], "names of columns that nobody knows");
        for empty in ["", "SKU,件数", "SKU,件数\nT-1,"] {
            assert_eq!(read(empty).unwrap_err(), ["table"], "{empty}");
        }
        let of_batches = "SKU,件数,批次号,到期日\nT-1,1,B,2027-01-31\nT-1,1,B,\nT-1,1,,2027-01-31\nT-1,1,B,soon";
        assert_eq!(read(of_batches).unwrap_err(), ["line.3", "line.4", "line.5"]);
    }

    fn wanted(number: u128, code: &str, most: i64) -> Wanted {
        let sku_id = SkuId(Uuid::from_u128(number));
        Wanted {
            sku_id,
            code: code.into(),
            barcode: Some("690".into()),
            most,
            keeps_batches: number == 1,
            takes_price: number == 1,
        }
    }

    fn fill(text: &str, wanted: &[Wanted]) -> Result<Filled, Vec<(String, String)>> {
        let told =
            |fault: Fault| fault.complaints().iter().map(|one| (one.field.clone(), one.message.clone())).collect();
        filled(&listed(&rows(text)).unwrap(), wanted, "单据里没有", |most| format!("最多 {most} 件")).map_err(told)
    }

    #[test]
    fn what_a_list_does_not_name_has_not_come_and_what_it_names_twice_adds_up() {
        let goods = [wanted(1, "T-1", 5), wanted(2, "T-2", 5)];
        let filled = fill("t-1,2,B-1,2027-01-31\nT-1,3", &goods).unwrap();
        let said = |field: String| filled.fields.text(&field).to_owned();
        assert_eq!((filled.goods, filled.pieces, filled.without_batch), (1, 5, 0));
        assert_eq!((said(field_of(goods[0].sku_id)), said(field_of(goods[1].sku_id))), ("5".into(), "0".into()));
        assert_eq!(said(batch_field(goods[0].sku_id)), "B-1");
        assert_eq!(said(expires_field(goods[0].sku_id)), "2027-01-31");
        let other = fill("T-2,1,B-1,2027-01-31", &goods).unwrap();
        assert_eq!((other.without_batch, other.fields.text(&batch_field(goods[1].sku_id))), (1, ""));
    }

    #[test]
    fn what_a_document_does_not_take_is_told_beside_its_line() {
        let goods = [wanted(1, "T-1", 5), wanted(2, "T-2", 5)];
        let told = fill("T-1,4\nT-3,1\nT-1,2\n690,1", &goods).unwrap_err();
        let told: Vec<_> = told.iter().map(|(field, message)| (field.as_str(), message.as_str())).collect();
        let expected =
            [("line.2", "单据里没有"), ("line.3", "最多 5 件"), ("line.4", "这个条码对应多个商品，请填写 SKU 编码")];
        assert_eq!(told, expected);
        assert_eq!(fill("T-1,1,A,2027-01-31\nT-1,1,B,2027-01-31", &goods).unwrap_err().len(), 1);
    }

    #[test]
    fn a_price_is_read_where_the_form_asks_for_one() {
        let goods = [wanted(1, "T-1", 5), wanted(2, "T-2", 5)];
        let filled = fill("SKU,件数,进价\nT-1,1,¥3.5\nT-1,1,3.50\nT-2,1,十元", &goods).unwrap();
        let price = |at: usize| filled.fields.text(&price_field(goods[at].sku_id)).to_owned();
        assert_eq!((price(0), price(1), filled.without_price), ("3.50".into(), String::new(), 1));
        let wrong = fill("SKU,件数,进价\nT-1,1,3.5\nT-1,1,4\nT-1,1,十元", &goods).unwrap_err();
        assert_eq!(wrong.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>(), ["line.3", "line.4"]);
    }
}
