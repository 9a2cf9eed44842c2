//! What is bought, priced and allotted, from tables (K3, K5): one row for each price, line or piece of an allocation.

mod fields;
mod reading;
mod rows;

use std::{
    collections::{HashMap, HashSet},
    marker::PhantomData,
};

use super::{Cells, Columns, Header, Lacking, Reason, RowComplaint, Sheet};
use crate::{Fen, LocationId, SkuId, SupplierId};
pub use fields::{
    AllocationField, ListedField, LostField, PurchaseField, SupplierField, SupplyPriceField, ThresholdField,
};
use reading::SupplyRow;
pub use rows::{AllocationRow, PurchaseRow, SupplierPriceGiven, SupplierRow, SupplyPriceRow};

/// A store or warehouse that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownPlace {
    /// Its identity.
    pub id: LocationId,
    /// Whether nothing comes to it or goes from it any more.
    pub closed: bool,
    /// Whether a merchant's, who buys for themselves.
    pub is_merchants: bool,
}

/// A supplier that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownSupplier {
    /// Their identity.
    pub id: SupplierId,
    /// Whether nothing is ordered there any more.
    pub closed: bool,
}

/// What there is, by which rows are checked.
#[derive(Clone, Debug, Default)]
pub struct KnownSupply {
    /// Suppliers by code.
    pub suppliers: HashMap<String, KnownSupplier>,
    /// Variants by code and by barcode.
    pub skus: HashMap<String, SkuId>,
    /// Barcodes that several variants have: none of them may be taken for another.
    pub shared_barcodes: HashSet<String>,
    /// Stores by code.
    pub stores: HashMap<String, KnownPlace>,
    /// Warehouses by code.
    pub warehouses: HashMap<String, KnownPlace>,
    /// Pieces in warehouses that are promised to nobody.
    pub left: HashMap<(LocationId, SkuId), i64>,
    /// What suppliers ask for a piece today, and the fewest pieces that they want ordered.
    pub asked: HashMap<(SupplierId, SkuId), (Fen, i64)>,
    /// Codes of suppliers that the file has named so far, and that are not there yet.
    pub named: HashSet<String>,
}

/// A table of what is bought, priced or allotted while it is read.
pub struct SupplySheet<R: SupplyRow> {
    header: Header<R::Field>,
    known: KnownSupply,
    /// What no two rows tell of, with the line of the first.
    lines: HashMap<String, u64>,
    /// The rows that can be imported.
    pub rows: Vec<R>,
    field: PhantomData<R::Field>,
}

impl<R: SupplyRow> SupplySheet<R> {
    /// A sheet with this header.
    pub fn new(columns: Columns<R::Field>, header: &[&str]) -> Result<Self, Lacking> {
        Ok(Self {
            header: Header::find(columns, header)?,
            known: KnownSupply::default(),
            lines: HashMap::new(),
            rows: Vec::new(),
            field: PhantomData,
        })
    }

    /// Knows from now on what is there.
    pub fn knowing(self, known: KnownSupply) -> Self {
        Self { known, ..self }
    }
}

impl<R: SupplyRow> Sheet for SupplySheet<R> {
    fn read(&mut self, line: u64, cells: &[&str]) -> Result<Vec<RowComplaint>, Vec<RowComplaint>> {
        self.header.check_width(cells)?;
        let mut cells = Cells::of(&self.header, cells);
        let row = R::read(&mut cells, &self.known);
        if let Some(first) = row.as_ref().and_then(|row| self.lines.get(&row.key())) {
            cells.complain(R::KEY, Reason::Repeated(*first));
        }
        if let Some(row) = row.as_ref().filter(|_| cells.complaints.is_empty()) {
            row.take(&mut cells, &mut self.known);
        }
        let Cells { complaints, warnings, .. } = cells;
        match row {
            Some(row) if complaints.is_empty() => {
                self.lines.insert(row.key(), line);
                self.rows.push(row);
                Ok(warnings)
            }
            _ => Err(complaints),
        }
    }

    fn kept(&self) -> usize {
        self.rows.len()
    }

    fn found(&self) -> Vec<(&'static str, String)> {
        self.header.found()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::import::Thing;

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn known() -> KnownSupply {
        let place = |number, closed, is_merchants| KnownPlace { id: LocationId(id(number)), closed, is_merchants };
        let supplier = KnownSupplier { id: SupplierId(id(1)), closed: false };
        KnownSupply {
            suppliers: [("JN-1".to_owned(), supplier)].into(),
            skus: [("T-1".to_owned(), SkuId(id(2))), ("690".to_owned(), SkuId(id(2)))].into(),
            shared_barcodes: ["691".to_owned()].into(),
            stores: [("S-1".to_owned(), place(3, false, false)), ("S-2".to_owned(), place(4, true, false))].into(),
            warehouses: [("W-1".to_owned(), place(5, false, false))].into(),
            left: [((LocationId(id(5)), SkuId(id(2))), 12)].into(),
            asked: [((SupplierId(id(1)), SkuId(id(2))), (Fen(350), 10))].into(),
            named: HashSet::new(),
        }
    }

    fn sheet<R: SupplyRow>(header: &[&str]) -> SupplySheet<R> {
        SupplySheet::new(Columns::default(), header).unwrap().knowing(known())
    }

    fn reasons<R: SupplyRow>(sheet: &mut SupplySheet<R>, cells: &[&str]) -> Vec<(String, Reason)> {
        let complaints = sheet.read(9, cells).unwrap_err();
        complaints.into_iter().map(|one| (one.column, one.reason)).collect()
    }

    #[test]
    fn a_supplier_and_a_price_are_read_from_one_row_and_a_new_supplier_needs_a_name() {
        let mut sheet =
            sheet::<SupplierRow>(&["供应商编码", "供应商名称", "商品编码", "进价", "起订量", "提前期", "生效日"]);
        sheet.read(2, &["jn-1", "", "690", "3.50", "24", "", "2026/12/1"]).unwrap();
        let price = sheet.rows[0].price.clone().unwrap();
        assert_eq!((price.sku, price.price_fen, price.minimum, price.pack), (SkuId(id(2)), Fen(350), 24, 1));
        assert_eq!(price.valid_from.map(|day| day.to_string()).as_deref(), Some("2026-12-01"));
        let unnamed = reasons(&mut sheet, &["NEW-1", "", "T-1", "4", "", "", ""]);
        assert_eq!(unnamed, [("供应商名称".into(), Reason::NewSupplier)]);
        let shared = reasons(&mut sheet, &["jn-1", "", "691", "4", "", "", ""]);
        assert_eq!(shared, [("商品编码".into(), Reason::SharedBarcode("691".into()))], "it is taken for neither");
        sheet.read(4, &["NEW-1", "新供应商", "", "", "", "5", ""]).unwrap();
        sheet.read(5, &["NEW-1", "", "T-1", "4", "", "", ""]).unwrap();
        assert_eq!(sheet.rows[1].lead_days, Some(5));
        let again = reasons(&mut sheet, &["JN-1", "", "T-1", "3", "", "", "2026-12-01"]);
        assert_eq!(again, [("商品编码".into(), Reason::Repeated(2))]);
        let wrong = reasons(&mut sheet, &["j n", "名", "X-9", "free", "0", "400", "soon"]);
        let columns: Vec<_> = wrong.iter().map(|(column, _)| column.as_str()).collect();
        assert_eq!(columns, ["供应商编码", "提前期", "商品编码", "进价", "起订量", "生效日"]);
    }

    #[test]
    fn a_warehouse_allots_no_more_than_it_has_and_rows_are_served_in_their_order() {
        let mut sheet = sheet::<AllocationRow>(&["仓库编号", "门店编号", "SKU", "数量"]);
        sheet.read(2, &["W-1", "S-1", "T-1", "8"]).unwrap();
        let closed = reasons(&mut sheet, &["W-1", "S-2", "T-1", "1"]);
        assert_eq!(closed, [("门店编号".into(), Reason::Closed(Thing::Store, "S-2".into()))]);
        let again = reasons(&mut sheet, &["W-1", "S-1", "690", "1"]);
        assert_eq!(again, [("SKU".into(), Reason::Repeated(2))]);
        sheet
            .known
            .stores
            .insert("S-3".into(), KnownPlace { id: LocationId(id(6)), closed: false, is_merchants: false });
        let few = reasons(&mut sheet, &["W-1", "S-3", "T-1", "5"]);
        assert_eq!(few, [("数量".into(), Reason::FewLeft(4))]);
        sheet.read(6, &["W-1", "S-3", "T-1", "4"]).unwrap();
        assert_eq!(sheet.kept(), 2);
    }

    #[test]
    fn a_supply_price_is_for_an_ownership_or_for_a_store() {
        let mut sheet = sheet::<SupplyPriceRow>(&["SKU", "经营方式", "门店编号", "供货价(元)"]);
        sheet.read(2, &["T-1", "加盟", "", "5.5"]).unwrap();
        sheet.read(3, &["T-1", "", "S-1", ""]).unwrap();
        assert_eq!((sheet.rows[0].price_fen, sheet.rows[1].price_fen), (Some(Fen(550)), None));
        let both = reasons(&mut sheet, &["T-1", "直营", "S-1", "5"]);
        assert_eq!(both, [("经营方式".into(), Reason::OneOfTwo)]);
    }

    #[test]
    fn a_line_of_an_order_has_a_price_and_enough_pieces() {
        let mut sheet = sheet::<PurchaseRow>(&["供应商编号", "收货方编号", "SKU", "数量", "含税进价"]);
        let few = reasons(&mut sheet, &["JN-1", "W-1", "T-1", "9", ""]);
        assert_eq!(few, [("数量".into(), Reason::Minimum(10))]);
        sheet.read(3, &["JN-1", "W-1", "T-1", "10", "3.4"]).unwrap();
        assert_eq!(sheet.rows[0].price_fen, Some(Fen(340)));
        sheet.known.asked.clear();
        let unpriced = reasons(&mut sheet, &["JN-1", "S-1", "T-1", "10", ""]);
        assert_eq!(unpriced, [("含税进价".into(), Reason::NoPrice)]);
    }
}
