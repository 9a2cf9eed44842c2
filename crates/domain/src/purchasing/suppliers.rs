//! Suppliers, and what they ask for their goods.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{Complaint, Fault, Fen, Fields, SkuId, SupplierId, transfers::PIECES_MOST};

/// The highest price of a piece: 99,999.99 yuan.
pub(crate) const PRICE_MOST: i64 = 9_999_999;
/// The most rows that are set at once.
const ROWS_MOST: usize = 500;
/// The most days of terms and of delivery.
pub(crate) const DAYS_MOST: i32 = 365;

/// Whether a supplier can have this code.
pub(crate) fn is_supplier_code(code: &str) -> bool {
    let letter = |sign: char| sign.is_ascii_uppercase() || sign.is_ascii_digit();
    (2..=20).contains(&code.len()) && code.starts_with(letter) && code.chars().all(|sign| letter(sign) || sign == '-')
}

/// Makes a supplier under an id of the client's, or changes what is known of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SaveSupplier {
    /// Its code: 2 to 20 capital letters, digits and `-`.
    #[cfg_attr(feature = "api", schema(pattern = "^[A-Z0-9][A-Z0-9-]{1,19}$"))]
    pub code: String,
    /// Its name.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 60, pattern = r"\S"))]
    pub name: String,
    /// Whom to speak to.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 40))]
    pub contact: String,
    /// Their phone.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 30))]
    pub phone: String,
    /// How many days after its date an invoice is due.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 365))]
    pub terms_days: i32,
    /// How many days after an order its goods arrive.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 365))]
    pub lead_days: i32,
    /// Whether nothing is ordered there any more.
    #[serde(default)]
    pub closed: bool,
}

impl SaveSupplier {
    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside every field that is wrong.
    pub fn check(&self) -> Result<(), Fault> {
        let short = |text: &str, most: usize| text.trim().chars().count() <= most;
        let days = |days: i32| (0..=DAYS_MOST).contains(&days);
        let judged = [
            (is_supplier_code(&self.code), "code", "请填写 2 到 20 位编号：大写字母、数字，可含 -"),
            (!self.name.trim().is_empty() && short(&self.name, 60), "name", "请填写名称（60 字以内）"),
            (short(&self.contact, 40), "contact", "最多 40 个字"),
            (short(&self.phone, 30), "phone", "最多 30 个字"),
            (days(self.terms_days), "terms_days", "请填写 0 到 365 天"),
            (days(self.lead_days), "lead_days", "请填写 0 到 365 天"),
        ];
        let wrong: Vec<Complaint> = judged
            .into_iter()
            .filter(|(fine, ..)| !fine)
            .map(|(_, field, message)| Complaint::new(field, message))
            .collect();
        if wrong.is_empty() { Ok(()) } else { Err(Fault::Invalid(wrong)) }
    }

    /// Reads the command from a form: `code`, `name`, `contact`, `phone`, `terms_days`, `lead_days`, `closed`.
    ///
    /// Faults: those of [`SaveSupplier::check`].
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let text = |name: &str| fields.text(name).to_owned();
        // What is no number is complained about as one out of bounds.
        let days = |name: &str| fields.text(name).parse().unwrap_or(-1);
        let read = Self {
            code: text("code"),
            name: text("name"),
            contact: text("contact"),
            phone: text("phone"),
            terms_days: days("terms_days"),
            lead_days: days("lead_days"),
            closed: fields.given("closed").is_some(),
        };
        read.check().map(|()| read)
    }
}

/// A supplier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Supplier {
    /// Its identity.
    pub id: SupplierId,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Whom to speak to.
    pub contact: String,
    /// Their phone.
    pub phone: String,
    /// How many days after its date an invoice is due.
    pub terms_days: i32,
    /// How many days after an order its goods arrive.
    pub lead_days: i32,
    /// Whether nothing is ordered there any more.
    pub closed: bool,
    /// How many variants have a price there.
    pub skus: i64,
    /// How many orders there are open.
    pub open_orders: i64,
}

/// Which suppliers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListSuppliers {
    /// Words in a code or name.
    pub words: String,
}

/// What one variant costs at a supplier from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct PriceRow {
    /// The variant's code or barcode.
    pub sku: String,
    /// The price of one piece.
    pub price_fen: Fen,
    /// How many pieces one pack has; orders are of whole packs where proposals make them.
    #[serde(default = "one")]
    pub pack: i64,
    /// The fewest pieces of an order.
    #[serde(default = "one")]
    pub minimum: i64,
    /// From which day on, in China; today where nothing is said.
    #[serde(default)]
    pub valid_from: Option<NaiveDate>,
}

fn one() -> i64 {
    1
}

impl PriceRow {
    /// What is wrong with the row by itself.
    pub fn complaint(&self) -> Option<&'static str> {
        let number = |number: i64| (1..=PIECES_MOST).contains(&number);
        let judged = [
            ((0..=PRICE_MOST).contains(&self.price_fen.0), "进价须是 0 到 99,999.99 元"),
            (number(self.pack), "装箱数须是 1 到 100,000 的整数"),
            (number(self.minimum), "起订量须是 1 到 100,000 的整数"),
        ];
        judged.into_iter().find(|(fine, _)| !fine).map(|(_, message)| message)
    }
}

/// Sets prices of a supplier, row by row. A row of the same variant and day replaces the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SetPrices {
    /// The rows, up to 500: what a request has room for.
    #[cfg_attr(feature = "api", schema(min_items = 1, max_items = 500))]
    pub rows: Vec<PriceRow>,
}

impl SetPrices {
    /// Faults: `Invalid` beside `rows`.
    pub fn check(&self) -> Result<(), Fault> {
        if (1..=ROWS_MOST).contains(&self.rows.len()) {
            return Ok(());
        }
        Err(Fault::invalid("rows", format!("请填写 1 到 {ROWS_MOST} 行")))
    }

    /// Reads the command from a form: `table`, a row on each line, as it is copied out of a spreadsheet or saved as
    /// CSV; a first line without a price is its header.
    pub fn from_fields(fields: &Fields) -> Self {
        let lines = fields.text("table").lines().map(str::trim).filter(|line| !line.is_empty());
        let row = |(at, line): (usize, &str)| {
            let row = PriceRow::of_cells(line.split(['\t', ',', '，']));
            (at > 0 || row.price_fen.0 >= 0).then_some(row)
        };
        Self { rows: lines.enumerate().filter_map(row).collect() }
    }
}

/// The columns of a supplier's prices, as a file has them.
pub const PRICE_COLUMNS: [&str; 5] = ["SKU", "进价(元)", "每箱件数", "起订件数", "生效日"];

impl PriceRow {
    /// Reads a row's cells: variant, price in yuan, pieces of a pack, fewest pieces, day. What stands further right may
    /// be left out. What is no number is out of bounds, and told beside its row.
    pub fn of_cells<'a>(cells: impl IntoIterator<Item = &'a str>) -> Self {
        let mut cells = cells.into_iter().map(str::trim);
        let sku = cells.next().unwrap_or_default().to_owned();
        let price = Fen::typed(cells.next().unwrap_or_default());
        let mut number = || match cells.next().unwrap_or_default() {
            "" => 1,
            text => text.parse().unwrap_or(-1),
        };
        let (pack, minimum) = (number(), number());
        let valid_from = cells.next().and_then(|text| text.parse().ok());
        Self { sku, price_fen: price.unwrap_or(Fen(-1)), pack, minimum, valid_from }
    }
}

/// What came of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct PricedRow {
    /// The variant's code or barcode, as it was sent.
    pub sku: String,
    /// Whether it is set.
    pub set: bool,
    /// The variant's name, or what is wrong, for people.
    pub said: String,
}

/// What came of all rows, for people, and whether each was set.
pub fn said_of(rows: &[PricedRow]) -> (String, bool) {
    let bad: Vec<String> = rows.iter().filter(|row| !row.set).map(|row| format!("{}：{}", row.sku, row.said)).collect();
    let set = rows.len() - bad.len();
    if bad.is_empty() {
        return (format!("{set} 行已生效"), true);
    }
    let more = if bad.len() > 5 { " …" } else { "" };
    let told = bad.iter().take(5).cloned().collect::<Vec<_>>().join("；");
    (format!("{set} 行已生效，{} 行有问题、没有改动：{told}{more}", bad.len()), false)
}

/// What a variant costs at a supplier now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SupplierPriceView {
    /// Which variant.
    pub sku_id: SkuId,
    /// Its name for people.
    pub name: String,
    /// Its code.
    pub code: String,
    /// The price of one piece; nothing for who may not see costs.
    pub price_fen: Option<Fen>,
    /// How many pieces one pack has.
    pub pack: i64,
    /// The fewest pieces of an order.
    pub minimum: i64,
    /// Since which day.
    pub valid_from: NaiveDate,
    /// What it becomes next, and when, where that is known; nothing for who may not see costs.
    pub next_fen: Option<Fen>,
    /// From which day on.
    pub next_from: Option<NaiveDate>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_list_is_read_as_a_spreadsheet_gives_it() {
        let table = "SKU\t进价\t装箱\t起订\t生效日\nT-1\t3.50\t24\t48\t2026-12-01\nT-2，x\nT-3,4,0";
        let read = SetPrices::from_fields(&Fields([("table".to_owned(), table.to_owned())].into())).rows;
        let first = PriceRow {
            sku: "T-1".into(),
            price_fen: Fen(350),
            pack: 24,
            minimum: 48,
            valid_from: NaiveDate::from_ymd_opt(2026, 12, 1),
        };
        assert_eq!((read.len(), &read[0], read[0].complaint()), (3, &first, None));
        assert_eq!(read[1].complaint(), Some("进价须是 0 到 99,999.99 元"));
        assert_eq!(read[2].complaint(), Some("装箱数须是 1 到 100,000 的整数"));
    }

    #[test]
    fn every_mistake_about_a_supplier_is_told_at_once() {
        let pairs = [("code", "x"), ("terms_days", "soon"), ("lead_days", "7")];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let fault = SaveSupplier::from_fields(&Fields(pairs.into())).unwrap_err();
        let named: Vec<_> = fault.complaints().iter().map(|one| one.field.as_str()).collect();
        assert_eq!(named, ["code", "name", "terms_days"]);
    }
}
