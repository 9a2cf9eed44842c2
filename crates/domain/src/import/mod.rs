//! Stores, products and what is bought and supplied, from a table: which column is what, and what a row must be like (O1,
//! C1, K3, K5); and lists that fill in a form (K4).

mod listed;
mod lost;
mod places;
mod products;
mod reason;
mod sent;
mod stores;
mod supply;
mod thresholds;

use chrono::{Datelike, Days, NaiveDate};

pub use listed::{Filled, LISTED_MOST, Listed, Wanted, filled, line_field, listed};
pub use lost::{Lost, lost};
pub use products::{Known, KnownProduct, KnownSku, ProductField, ProductGiven, ProductSheet, SkuGiven, specs_text};
pub use reason::{Lacking, Reason, RowComplaint, Thing};
pub use sent::{
    ImportCounts, ImportKind, ImportOptions, ImportProgress, ImportReport, ImportState, ImportView, RowNote,
};
pub use stores::{StoreField, StoreRow, StoreSheet};
pub use supply::{
    AllocationField, AllocationRow, KnownPlace, KnownSupplier, KnownSupply, ListedField, LostField, PurchaseField,
    PurchaseRow, SupplierField, SupplierPriceGiven, SupplierRow, SupplyPriceField, SupplyPriceRow, SupplySheet,
    ThresholdField,
};
pub use thresholds::{ThresholdLine, goods_cells, threshold_cell, thresholds};

/// What a row tells, one column for each.
pub trait Field: Copy + PartialEq + 'static {
    /// Every field, in the order of [`Field::place`].
    const ALL: &'static [Self];

    /// Its place among all.
    fn place(self) -> usize;
    /// Our name for it, on the command line and in forms.
    fn ours(self) -> &'static str;
    /// Its name for people, under which it is exported.
    fn label(self) -> &'static str;
    /// The column it is looked for in first.
    fn expected(self) -> &'static str;
    /// What else people call it.
    fn also(self) -> &'static [&'static str];
    /// Whether a file without this column cannot be imported.
    fn is_needed(self) -> bool;
    /// How many characters it may have.
    fn most(self) -> usize;
}

/// Which column of a file holds which field.
#[derive(Clone, Debug)]
pub struct Columns<F> {
    names: Vec<String>,
    fields: std::marker::PhantomData<F>,
}

impl<F: Field> Default for Columns<F> {
    fn default() -> Self {
        let names = F::ALL.iter().map(|field| field.expected().to_owned()).collect();
        Self { names, fields: std::marker::PhantomData }
    }
}

impl<F: Field> Columns<F> {
    /// Takes another column, said as `code=Shop No`.
    pub fn rename(&mut self, mapping: &str) -> Result<(), String> {
        let ours: Vec<_> = F::ALL.iter().map(|field| field.ours()).collect();
        let (name, column) =
            mapping.split_once('=').map(|(name, column)| (name.trim(), column.trim())).unwrap_or_default();
        let field = F::ALL.iter().find(|field| field.ours() == name && !column.is_empty()).ok_or_else(|| {
            format!("cannot map {mapping:?}: say OURS=THEIRS, where OURS is one of {}", ours.join(", "))
        })?;
        self.choose(*field, column);
        Ok(())
    }

    /// Takes this column for a field and looks for no other; none where it is empty.
    pub fn choose(&mut self, field: F, column: &str) {
        column.trim().clone_into(&mut self.names[field.place()]);
    }

    /// Takes a column by another of its usual names, where the one expected is missing and none was asked
    /// for.
    fn find_in(&mut self, header: &[&str]) {
        for field in F::ALL {
            let expected = &self.names[field.place()];
            let is_there = header.iter().any(|column| column.trim() == expected);
            if is_there || expected != field.expected() {
                continue;
            }
            let usual = |column: &&&str| {
                let is = |name: &str| name.eq_ignore_ascii_case(column.trim());
                is(field.label()) || is(field.ours()) || field.also().iter().any(|name| is(name))
            };
            if let Some(column) = header.iter().find(usual) {
                column.trim().clone_into(&mut self.names[field.place()]);
            }
        }
    }

    /// The column of a field, as the file names it.
    pub fn of(&self, field: F) -> &str {
        &self.names[field.place()]
    }
}

/// Where each field stands in a row.
#[derive(Debug)]
pub struct Header<F> {
    columns: Columns<F>,
    places: Vec<Option<usize>>,
    width: usize,
}

impl<F: Field> Header<F> {
    /// Finds the columns; what lacks where one is needed and not there.
    pub fn find(mut columns: Columns<F>, header: &[&str]) -> Result<Self, Lacking> {
        columns.find_in(header);
        let place = |field: &F| {
            let column = columns.of(*field);
            header.iter().position(|there| !column.is_empty() && there.trim() == column)
        };
        let lacking = F::ALL.iter().filter(|field| field.is_needed() && place(field).is_none());
        let lacking: Vec<_> =
            lacking.map(|field| (columns.of(*field).to_owned(), field.ours(), field.label())).collect();
        if !lacking.is_empty() {
            let header = header.iter().map(|column| (*column).to_owned()).collect();
            return Err(Lacking { columns: lacking, header });
        }
        let places = F::ALL.iter().map(place).collect();
        Ok(Self { columns, places, width: header.len() })
    }

    /// Our name of each field that has a column, with the column.
    pub fn found(&self) -> Vec<(&'static str, String)> {
        let there = F::ALL.iter().filter(|field| self.places[field.place()].is_some());
        there.map(|field| (field.ours(), self.columns.of(*field).to_owned())).collect()
    }

    fn check_width(&self, cells: &[&str]) -> Result<(), Vec<RowComplaint>> {
        if cells.len() == self.width {
            return Ok(());
        }
        Err(vec![RowComplaint { column: String::new(), reason: Reason::Width(cells.len(), self.width) }])
    }
}

/// A table while it is read: the good rows gather, the bad ones are complained about.
pub trait Sheet: Send {
    /// Reads one row. It is kept, and the answer holds warnings; or it is rejected, and the error
    /// holds every reason.
    fn read(&mut self, line: u64, cells: &[&str]) -> Result<Vec<RowComplaint>, Vec<RowComplaint>>;
    /// How many rows were kept.
    fn kept(&self) -> usize;
    /// Our name of each field that has a column, with the column.
    fn found(&self) -> Vec<(&'static str, String)>;
}

/// One row being read.
pub struct Cells<'a, F> {
    header: &'a Header<F>,
    cells: &'a [&'a str],
    complaints: Vec<RowComplaint>,
    warnings: Vec<RowComplaint>,
}

impl<'a, F: Field> Cells<'a, F> {
    fn of(header: &'a Header<F>, cells: &'a [&'a str]) -> Self {
        Self { header, cells, complaints: Vec::new(), warnings: Vec::new() }
    }

    fn about(&self, field: F, reason: Reason) -> RowComplaint {
        RowComplaint { column: self.header.columns.of(field).to_owned(), reason }
    }

    fn complain(&mut self, field: F, reason: Reason) {
        let complaint = self.about(field, reason);
        self.complaints.push(complaint);
    }

    fn warn(&mut self, field: F, reason: Reason) {
        let warning = self.about(field, reason);
        self.warnings.push(warning);
    }

    fn raw(&self, field: F) -> &'a str {
        self.header.places[field.place()].map_or("", |place| self.cells[place])
    }

    /// A cell with its runs of white space, tabs and line breaks included, as one space each:
    /// tables are full of them, and none means anything.
    fn text(&mut self, field: F) -> Option<String> {
        let text = self.raw(field).split_whitespace().collect::<Vec<_>>().join(" ");
        self.fitting(field, text, char::is_control)
    }

    /// A cell in which line breaks mean something.
    fn lines(&mut self, field: F) -> Option<String> {
        let text = self.raw(field).trim().replace("\r\n", "\n");
        self.fitting(field, text, |sign| sign.is_control() && !matches!(sign, '\n' | '\t'))
    }

    fn fitting(&mut self, field: F, text: String, is_bad: impl Fn(char) -> bool) -> Option<String> {
        if let Some(control) = text.chars().find(|sign| is_bad(*sign)) {
            self.complain(field, Reason::Control(control));
            return None;
        }
        let (length, most) = (text.chars().count(), field.most());
        if length > most {
            self.complain(field, Reason::TooLong(length, most));
            return None;
        }
        Some(text)
    }

    fn needed(&mut self, field: F) -> Option<String> {
        let text = self.text(field)?;
        if text.is_empty() {
            self.complain(field, Reason::Empty);
            return None;
        }
        Some(text)
    }

    /// A name: something in it can be read aloud.
    fn name(&mut self, field: F) -> Option<String> {
        let name = self.needed(field)?;
        if !name.contains(char::is_alphanumeric) {
            self.complain(field, Reason::Unreadable(name));
            return None;
        }
        Some(name)
    }

    /// A code stands in the address of a page. Empty where none is given.
    fn code(&mut self, field: F) -> Option<String> {
        let code = self.text(field)?;
        let fits = |letter: char| letter.is_alphanumeric() || "-_.".contains(letter);
        if code.is_empty() || (code.starts_with(char::is_alphanumeric) && code.chars().all(fits)) {
            return Some(code);
        }
        self.complain(field, Reason::NoCode(code));
        None
    }
}

fn given(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// A day as people and spreadsheets write it. A cell that a workbook shows as a date holds the days since the end of
/// 1899 (ECMA-376 18.17.4).
fn day_of(text: &str) -> Option<NaiveDate> {
    let plain =
        text.split([' ', 'T']).next().unwrap_or_default().replace(['/', '.', '年', '月'], "-").replace('日', "");
    let written = || ["%Y-%m-%d", "%Y%m%d"].iter().find_map(|form| NaiveDate::parse_from_str(&plain, form).ok());
    let serial = || {
        let days = plain.parse().ok().filter(|_| plain.len() == 5)?;
        NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(Days::new(days))
    };
    // Of a year with two digits nobody knows which it is.
    written().or_else(serial).filter(|day| (2000..2100).contains(&day.year()))
}

/// A name as a code: `Luckin Coffee` → `luckin-coffee`. Chinese stays Chinese.
pub fn slug(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_day_is_read_as_it_is_written_or_as_a_workbook_keeps_it() {
        let day = |text: &str| super::day_of(text).map(|day| day.to_string());
        for text in ["2027-01-02", "2027/1/2", "2027年1月2日", "20270102", "2027-01-02 00:00:00", "46389"] {
            assert_eq!(day(text).as_deref(), Some("2027-01-02"), "{text}");
        }
        for text in ["", "soon", "27-01-02", "12", "99999", "2027-13-01"] {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn a_brand_code_has_letters_digits_and_dashes_only() {
        assert_eq!(super::slug("Luckin  Coffee®"), "luckin-coffee");
        assert_eq!(super::slug("喜茶/HEYTEA"), "喜茶-heytea");
    }
}
