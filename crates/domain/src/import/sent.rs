//! A table that head office sent in, as its pages show it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    AllocationField, Field, ProductField, PurchaseField, RowComplaint, StoreField, SupplierField, SupplyPriceField,
};
use crate::{geo::Datum, staff::Permission, stores::words};

/// What a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportKind {
    /// Stores.
    Stores,
    /// Products, one row for each variant.
    Products,
    /// Suppliers with what they ask.
    Suppliers,
    /// Orders to suppliers, which become drafts.
    Purchases,
    /// What stores pay for what warehouses send.
    SupplyPrices,
    /// What warehouses send to stores.
    Allocations,
}

words!(ImportKind: Stores = "stores" / "门店", Products = "products" / "商品", Suppliers = "suppliers" / "供应商与报价",
    Purchases = "purchases" / "采购单草稿", SupplyPrices = "supply_prices" / "供货价", Allocations = "allocations" / "配货");

impl ImportKind {
    /// Our name of each field, its name for people, and whether a file must have it.
    pub fn fields(self) -> Vec<(&'static str, &'static str, bool)> {
        fn all<F: Field>() -> Vec<(&'static str, &'static str, bool)> {
            F::ALL.iter().map(|field| (field.ours(), field.label(), field.is_needed())).collect()
        }
        match self {
            Self::Stores => all::<StoreField>(),
            Self::Products => all::<ProductField>(),
            Self::Suppliers => all::<SupplierField>(),
            Self::Purchases => all::<PurchaseField>(),
            Self::SupplyPrices => all::<SupplyPriceField>(),
            Self::Allocations => all::<AllocationField>(),
        }
    }

    /// What whoever sends, sees or confirms such a table may do everywhere, beside importing: what the pages need on
    /// which the same is done by hand.
    pub fn needs(self) -> &'static [Permission] {
        match self {
            Self::Stores | Self::Products => &[],
            Self::Suppliers | Self::Purchases => &[Permission::ManagePurchasing, Permission::SeeCosts],
            Self::SupplyPrices | Self::Allocations => &[Permission::ManageSupply],
        }
    }
}

/// Where an import stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// The file is read and judged.
    Reading,
    /// A person looks at what would happen.
    Ready,
    /// The rows are written.
    Importing,
    /// All good rows are there.
    Done,
    /// Somebody stopped it; nothing of it stays.
    Cancelled,
    /// The file cannot be read; nothing has changed.
    Broken,
}

words!(ImportState:
    Reading = "reading" / "读取中", Ready = "ready" / "待确认", Importing = "importing" / "导入中",
    Done = "done" / "已完成", Cancelled = "cancelled" / "已取消", Broken = "broken" / "无法导入");

impl ImportState {
    /// Whether the server is at it.
    pub fn is_running(self) -> bool {
        matches!(self, Self::Reading | Self::Importing)
    }
}

/// How a file is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportOptions {
    /// The system of its coordinates: `wgs84`, `gcj02` or `bd09`; empty as the first.
    pub datum: String,
    /// Whether goods are listed at all stores of their brand.
    pub list: bool,
    /// The column of each field that was chosen by hand, by our name for it.
    pub columns: BTreeMap<String, String>,
}

impl ImportOptions {
    /// The system of the coordinates.
    pub fn datum(&self) -> Datum {
        match self.datum.as_str() {
            "gcj02" => Datum::Gcj02,
            "bd09" => Datum::Bd09,
            _ => Datum::Wgs84,
        }
    }
}

/// Something wrong with a row, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowNote {
    /// The line of the file.
    pub line: u64,
    /// The column, as the file names it; empty for the whole row.
    pub column: String,
    /// What is wrong and what to do.
    pub reason: String,
    /// Whether the row was taken all the same.
    pub is_warning: bool,
}

impl RowNote {
    /// A complaint in head office's words.
    pub fn new(line: u64, complaint: RowComplaint, is_warning: bool) -> Self {
        Self { line, reason: complaint.reason.chinese(), column: complaint.column, is_warning }
    }
}

/// What a file was found to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportReport {
    /// Its encoding, separator or sheet, in words.
    pub read_as: String,
    /// Its columns.
    pub header: Vec<String>,
    /// The column of each field, by our name for it.
    pub columns: BTreeMap<String, String>,
    /// Why nothing can be imported as it stands.
    pub refusal: Option<String>,
    /// Its first rows, each with its line.
    pub first: Vec<(u64, Vec<String>)>,
    /// What is wrong with which row; the first of them.
    pub notes: Vec<RowNote>,
    /// How many notes there are in all.
    pub notes_total: usize,
}

/// How many rows there are of which outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportCounts {
    /// Rows that are to be written.
    pub total: i32,
    /// Rows that were written so far.
    pub done: i32,
    /// Rows that make something new.
    pub inserted: i32,
    /// Rows that change something.
    pub updated: i32,
    /// Rows of which everything is so already.
    pub unchanged: i32,
    /// Rows that cannot be taken.
    pub rejected: i32,
    /// Of those that change something, rows that give a store another region, and so to others.
    pub moved: i32,
}

/// An import as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportView {
    /// Its identity.
    pub id: Uuid,
    /// What the table holds.
    pub kind: ImportKind,
    /// Who sent it.
    pub who: String,
    /// The file's name.
    pub file_name: String,
    /// How it is meant.
    pub options: ImportOptions,
    /// Where it stands.
    pub state: ImportState,
    /// What the file was found to be.
    pub report: ImportReport,
    /// How many rows.
    pub counts: ImportCounts,
    /// When it was sent.
    pub created_at: DateTime<Utc>,
    /// When its rows began to be written.
    pub began_at: Option<DateTime<Utc>>,
    /// When that ended.
    pub ended_at: Option<DateTime<Utc>>,
}

impl ImportView {
    /// How far it is.
    pub fn progress(&self) -> ImportProgress {
        let ImportCounts { done, total, .. } = self.counts;
        ImportProgress { state: self.state, done, total, began_at: self.began_at }
    }
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportProgress {
    /// Where it stands.
    pub state: ImportState,
    /// How many rows are done.
    pub done: i32,
    /// Of how many.
    pub total: i32,
    /// When its rows began to be written.
    pub began_at: Option<DateTime<Utc>>,
}

impl ImportProgress {
    /// How far it is, how fast, and how long it will take; for people.
    pub fn text(&self, now: DateTime<Utc>) -> String {
        let (done, total) = (i64::from(self.done), i64::from(self.total));
        let elapsed_s = self.began_at.map_or(0, |began| (now - began).num_seconds());
        let rate = if self.state == ImportState::Importing && elapsed_s > 0 { done / elapsed_s } else { 0 };
        if rate == 0 {
            return format!("{done} / {total} 行");
        }
        format!("{done} / {total} 行，每秒 {rate} 行，约剩 {} 秒", (total - done) / rate)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{Duration, TimeZone};

    use super::*;

    #[test]
    fn how_long_it_will_take_is_told_once_it_can_be_known() {
        let began = Utc.with_ymd_and_hms(2026, 6, 10, 5, 0, 0).unwrap();
        let importing = ImportProgress { state: ImportState::Importing, done: 0, total: 900, began_at: Some(began) };
        assert_eq!(importing.text(began), "0 / 900 行");
        let later = ImportProgress { done: 300, ..importing };
        assert_eq!(later.text(began + Duration::seconds(3)), "300 / 900 行，每秒 100 行，约剩 6 秒");
        let reading = ImportProgress { state: ImportState::Reading, ..later };
        assert_eq!(reading.text(began + Duration::seconds(3)), "300 / 900 行");
    }
}
