//! A table of head office's: which store is sent how many of what.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Fault, Fields, LocationId, TransferId, transfers::PIECES_MOST};

/// The most rows of one table.
pub const ROWS_MOST: usize = 2_000;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct AllocateRow {
    /// The store's code.
    pub store: String,
    /// The variant's code or barcode.
    pub sku: String,
    /// How many pieces, 1 to 100,000.
    pub quantity: i64,
}

impl AllocateRow {
    /// What is wrong with the number.
    pub fn complaint(&self) -> Option<&'static str> {
        (!(1..=PIECES_MOST).contains(&self.quantity)).then_some("数量须是 1 到 100,000 的整数")
    }
}

/// Sends goods from a warehouse to many stores at once: one transfer for each store, agreed to already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Allocate {
    /// Made by the client: the same table again sends nothing twice.
    pub id: Uuid,
    /// From which warehouse.
    pub from_id: LocationId,
    /// The rows, up to 2,000.
    #[cfg_attr(feature = "api", schema(min_items = 1, max_items = 2000))]
    pub rows: Vec<AllocateRow>,
    /// What for.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 200))]
    pub reason: String,
}

impl Allocate {
    /// Refuses what a form would not let through. What is wrong with a single row is answered beside it.
    ///
    /// Faults: `Invalid` beside `rows` or `reason`.
    pub fn check(&self) -> Result<(), Fault> {
        if self.rows.is_empty() || self.rows.len() > ROWS_MOST {
            return Err(Fault::invalid("rows", format!("请填写 1 到 {ROWS_MOST} 行")));
        }
        if self.reason.chars().count() > 200 {
            return Err(Fault::invalid("reason", "最多 200 个字"));
        }
        Ok(())
    }

    /// Reads the command from a form: `key`, `source`, `reason`, and the rows as `sku` with `to.{store code}`, as
    /// `store.{row}`, `sku.{row}` and `amount.{row}` of those that get any, or as `table`: a row on each line, as it is
    /// copied out of a spreadsheet, of store, variant and number.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let id = read.parse("key", "请刷新页面后再试");
        let from_id = read.parse("source", "请选择仓库");
        let reason = read.text("reason", 200);
        let (id, from_id, reason) = read.finish(|| Some((id?, from_id?, reason?)))?;
        let sku = fields.text("sku");
        let to_stores = fields.under("to.").map(|(store, text)| AllocateRow {
            store: store.to_owned(),
            sku: sku.to_owned(),
            // What is no number is told beside its row.
            quantity: text.parse().unwrap_or(0),
        });
        let rows = to_stores.chain(numbered_rows(fields)).chain(rows_of(fields.text("table"))).collect();
        Ok(Self { id, from_id, rows, reason })
    }
}

/// The rows of a form that has a field for each part of each row, in their order. Those that get nothing are none.
fn numbered_rows(fields: &Fields) -> Vec<AllocateRow> {
    let numbered = fields.under("amount.").filter(|(_, amount)| *amount != "0");
    let mut rows: Vec<_> = numbered.filter_map(|(row, amount)| Some((row.parse::<usize>().ok()?, amount))).collect();
    rows.sort_unstable();
    let part = |name: &str, row: usize| fields.text(&format!("{name}.{row}")).to_owned();
    let row = |(row, amount): (usize, &str)| AllocateRow {
        store: part("store", row),
        sku: part("sku", row),
        quantity: amount.parse().unwrap_or(0),
    };
    rows.into_iter().map(row).collect()
}

/// The rows of a table that was pasted. A first line without a number is taken for its header.
fn rows_of(table: &str) -> Vec<AllocateRow> {
    let lines = table.lines().map(str::trim).filter(|line| !line.is_empty());
    let row = |(at, line): (usize, &str)| {
        let mut cells = line.split(['\t', ',', '，']).map(str::trim);
        let (store, sku) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
        let quantity = cells.next().unwrap_or_default().parse();
        if at == 0 && quantity.is_err() {
            return None;
        }
        Some(AllocateRow { store: store.to_owned(), sku: sku.to_owned(), quantity: quantity.unwrap_or(0) })
    };
    lines.enumerate().filter_map(row).collect()
}

/// What came of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Allocated {
    /// The row.
    #[serde(flatten)]
    pub row: AllocateRow,
    /// The transfer that brings it; nothing where there is something wrong.
    pub transfer_id: Option<TransferId>,
    /// The transfer's number, or what is wrong, for people.
    pub said: String,
}

/// A table and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct AllocationView {
    /// Its identity.
    pub id: Uuid,
    /// How many transfers it made.
    pub transfers: usize,
    /// The rows, in their order.
    pub rows: Vec<Allocated>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_as_a_spreadsheet_gives_it() {
        let rows = rows_of("门店编号\tSKU\t数量\r\nQH-1\tT-1\t20\n\nQH-2，T-1，x\n");
        let row = |store: &str, quantity| AllocateRow { store: store.into(), sku: "T-1".into(), quantity };
        assert_eq!(rows, [row("QH-1", 20), row("QH-2", 0)]);
        assert!(rows[1].complaint().is_some());
    }
}
