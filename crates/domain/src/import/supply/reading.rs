//! One row of what is bought, priced or allotted.

use chrono::NaiveDate;

use super::{
    AllocationField, AllocationRow, KnownPlace, KnownSupply, PurchaseField, PurchaseRow, SupplierField,
    SupplierPriceGiven, SupplierRow, SupplyPriceField, SupplyPriceRow,
};
use crate::{
    Fen, SkuId,
    import::{Cells, Field, Reason, Thing, day_of, given, products::pieces_of},
    purchasing::{DAYS_MOST, PRICE_MOST, is_supplier_code},
    stores::Ownership,
    supply::PriceFor,
    transfers::PIECES_MOST,
};

/// A row of one of these tables. All its cells are looked at before the first `?`, so that one pass finds every
/// complaint.
pub trait SupplyRow: Sized + Send {
    /// What it tells.
    type Field: Field + Send + Sync;
    /// Beside which column it is told that a row repeats another.
    const KEY: Self::Field;

    /// Reads it.
    fn read(cells: &mut Cells<'_, Self::Field>, known: &KnownSupply) -> Option<Self>;

    /// What no two rows of a table tell of.
    fn key(&self) -> String;

    /// Takes out of what is known what the rows after it do not find there any more, or complains where it is not there.
    fn take(&self, _: &mut Cells<'_, Self::Field>, _: &mut KnownSupply) {}
}

impl<F: Field> Cells<'_, F> {
    /// A whole number between these; nothing where the cell is empty.
    fn number(&mut self, field: F, least: i64, most: i64) -> Option<Option<i64>> {
        let text = self.text(field)?;
        if text.is_empty() {
            return Some(None);
        }
        let number = pieces_of(&text).filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.complain(field, Reason::Between(text, least, most));
        }
        number.map(Some)
    }

    fn quantity(&mut self, field: F) -> Option<i64> {
        let number = self.number(field, 1, PIECES_MOST)?;
        if number.is_none() {
            self.complain(field, Reason::Empty);
        }
        number
    }

    /// A price that a piece can cost; nothing where the cell is empty.
    fn cost(&mut self, field: F) -> Option<Option<Fen>> {
        let text = self.text(field)?;
        if text.is_empty() {
            return Some(None);
        }
        let price = Fen::typed(&text).filter(|price| price.0 <= PRICE_MOST);
        if price.is_none() {
            self.complain(field, Reason::Price(text));
        }
        price.map(Some)
    }

    /// A day as people and spreadsheets write it; nothing where the cell is empty.
    fn day(&mut self, field: F) -> Option<Option<NaiveDate>> {
        let text = self.text(field)?;
        if text.is_empty() {
            return Some(None);
        }
        let day = day_of(&text);
        if day.is_none() {
            self.complain(field, Reason::Day(text));
        }
        day.map(Some)
    }

    fn sku(&mut self, field: F, known: &KnownSupply) -> Option<SkuId> {
        let text = self.needed(field)?;
        let sku = known.skus.get(&text).copied();
        match sku {
            Some(_) => {}
            None if known.shared_barcodes.contains(&text) => self.complain(field, Reason::SharedBarcode(text)),
            None => self.complain(field, Reason::NotThere(Thing::Sku, text)),
        }
        sku
    }

    /// A place that is open, out of those that `find` looks in.
    fn place(&mut self, field: F, thing: Thing, find: impl Fn(&str) -> Option<KnownPlace>) -> Option<KnownPlace> {
        let text = self.needed(field)?;
        match find(&text) {
            Some(place) if place.closed => self.complain(field, Reason::Closed(thing, text)),
            Some(place) => return Some(place),
            None => self.complain(field, Reason::NotThere(thing, text)),
        }
        None
    }
}

impl SupplyRow for SupplierRow {
    type Field = SupplierField;
    const KEY: SupplierField = SupplierField::Sku;

    fn read(cells: &mut Cells<'_, SupplierField>, known: &KnownSupply) -> Option<Self> {
        use SupplierField as Is;
        let code = cells.needed(Is::Supplier).map(|code| code.to_uppercase());
        if let Some(code) = code.as_ref().filter(|code| !is_supplier_code(code)) {
            cells.complain(Is::Supplier, Reason::SupplierCode(code.clone()));
        }
        let (name, contact, phone) = (cells.text(Is::Name), cells.text(Is::Contact), cells.text(Is::Phone));
        let is_named = name.as_ref().is_none_or(|name| !name.is_empty());
        let is_there = |code: &String| known.suppliers.contains_key(code) || known.named.contains(code);
        if !is_named && code.as_ref().is_some_and(|code| is_supplier_code(code) && !is_there(code)) {
            cells.complain(Is::Name, Reason::NewSupplier);
        }
        let days = i64::from(DAYS_MOST);
        let (terms, lead) = (cells.number(Is::Terms, 0, days), cells.number(Is::Lead, 0, days));
        let price = price_of(cells, known);
        let days = |number: Option<i64>| number.and_then(|number| i32::try_from(number).ok());
        Some(Self {
            code: code?,
            name: given(name?),
            contact: given(contact?),
            phone: given(phone?),
            terms_days: days(terms?),
            lead_days: days(lead?),
            price: price?,
        })
    }

    fn key(&self) -> String {
        match &self.price {
            None => self.code.clone(),
            Some(price) => format!("{} {} {:?}", self.code, price.sku, price.valid_from),
        }
    }

    fn take(&self, _: &mut Cells<'_, SupplierField>, known: &mut KnownSupply) {
        known.named.insert(self.code.clone());
    }
}

/// The price of a row, where it has one.
fn price_of(cells: &mut Cells<'_, SupplierField>, known: &KnownSupply) -> Option<Option<SupplierPriceGiven>> {
    use SupplierField as Is;
    let has_sku = !cells.raw(Is::Sku).trim().is_empty();
    let sku = if has_sku { cells.sku(Is::Sku, known).map(Some) } else { Some(None) };
    let price = cells.cost(Is::Price);
    let (pack, minimum) = (cells.number(Is::Pack, 1, PIECES_MOST), cells.number(Is::Minimum, 1, PIECES_MOST));
    let valid_from = cells.day(Is::From);
    match (has_sku, &price) {
        (true, Some(None)) => cells.complain(Is::Price, Reason::Empty),
        (false, Some(Some(_))) => cells.complain(Is::Sku, Reason::Empty),
        _ => {}
    }
    let (pack, minimum, valid_from) = (pack?.unwrap_or(1), minimum?.unwrap_or(1), valid_from?);
    let price = sku?.zip(price?);
    Some(price.map(|(sku, price_fen)| SupplierPriceGiven { sku, price_fen, pack, minimum, valid_from }))
}

impl SupplyRow for PurchaseRow {
    type Field = PurchaseField;
    const KEY: PurchaseField = PurchaseField::Sku;

    fn read(cells: &mut Cells<'_, PurchaseField>, known: &KnownSupply) -> Option<Self> {
        use PurchaseField as Is;
        let code = cells.needed(Is::Supplier).map(|code| code.to_uppercase());
        let supplier = code.and_then(|code| match known.suppliers.get(&code) {
            Some(supplier) if !supplier.closed => Some(supplier.id),
            Some(_) => {
                cells.complain(Is::Supplier, Reason::Closed(Thing::Supplier, code));
                None
            }
            None => {
                cells.complain(Is::Supplier, Reason::NotThere(Thing::Supplier, code));
                None
            }
        });
        let find = |code: &str| known.warehouses.get(code).or_else(|| known.stores.get(code)).copied();
        let place = cells.place(Is::Place, Thing::Place, find);
        if place.is_some_and(|place| place.is_merchants) {
            cells.complain(Is::Place, Reason::MerchantBuys);
        }
        let (sku, quantity) = (cells.sku(Is::Sku, known), cells.quantity(Is::Quantity));
        let (price, expected_on) = (cells.cost(Is::Price), cells.day(Is::Expected));
        let (supplier, sku, quantity, price_fen) = (supplier?, sku?, quantity?, price?);
        match known.asked.get(&(supplier, sku)) {
            Some((_, minimum)) if quantity < *minimum => cells.complain(Is::Quantity, Reason::Minimum(*minimum)),
            None if price_fen.is_none() => cells.complain(Is::Price, Reason::NoPrice),
            _ => {}
        }
        Some(Self { supplier, location: place?.id, sku, quantity, price_fen, expected_on: expected_on? })
    }

    fn key(&self) -> String {
        format!("{} {} {} {:?}", self.supplier, self.location, self.sku, self.expected_on)
    }
}

impl SupplyRow for SupplyPriceRow {
    type Field = SupplyPriceField;
    const KEY: SupplyPriceField = SupplyPriceField::Sku;

    fn read(cells: &mut Cells<'_, SupplyPriceField>, known: &KnownSupply) -> Option<Self> {
        use SupplyPriceField as Is;
        let sku = cells.sku(Is::Sku, known);
        let (words, code) = (cells.text(Is::Ownership)?, cells.text(Is::Store)?);
        if words.is_empty() == code.is_empty() {
            cells.complain(Is::Ownership, Reason::OneOfTwo);
        }
        let ownership = Ownership::ALL.iter().find(|one| one.label() == words || one.code() == words).copied();
        if !words.is_empty() && ownership.is_none() {
            cells.complain(Is::Ownership, Reason::NotThere(Thing::Ownership, words));
        }
        let find = |code: &str| known.stores.get(code).copied();
        let store = if code.is_empty() { Some(None) } else { cells.place(Is::Store, Thing::Store, find).map(Some) };
        let price = cells.cost(Is::Price);
        let whom = match ownership {
            Some(ownership) => PriceFor::Ownership { ownership },
            None => PriceFor::Store { code },
        };
        Some(Self { sku: sku?, whom, store: store?.map(|place| place.id), price_fen: price? })
    }

    fn key(&self) -> String {
        format!("{} {:?}", self.sku, self.whom)
    }
}

impl SupplyRow for AllocationRow {
    type Field = AllocationField;
    const KEY: AllocationField = AllocationField::Sku;

    fn read(cells: &mut Cells<'_, AllocationField>, known: &KnownSupply) -> Option<Self> {
        use AllocationField as Is;
        let from = cells.place(Is::Warehouse, Thing::Warehouse, |code| known.warehouses.get(code).copied());
        let to = cells.place(Is::Store, Thing::Store, |code| known.stores.get(code).copied());
        let (sku, quantity) = (cells.sku(Is::Sku, known), cells.quantity(Is::Quantity));
        Some(Self { from: from?.id, to: to?.id, sku: sku?, quantity: quantity? })
    }

    fn key(&self) -> String {
        format!("{} {} {}", self.from, self.to, self.sku)
    }

    /// What one row takes, a later one does not get.
    fn take(&self, cells: &mut Cells<'_, AllocationField>, known: &mut KnownSupply) {
        let left = known.left.entry((self.from, self.sku)).or_default();
        if *left < self.quantity {
            let left = (*left).max(0);
            cells.complain(AllocationField::Quantity, Reason::FewLeft(left));
        } else {
            *left -= self.quantity;
        }
    }
}
