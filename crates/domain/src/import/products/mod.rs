//! Products from a table: one row for each variant (C1).

mod field;
mod reading;
mod written;

use std::collections::HashMap;

use super::{Cells, Columns, Header, Lacking, RowComplaint, Sheet};
use crate::{Fen, catalog::Spec};
pub use field::ProductField;
use reading::Reading;
pub(super) use written::pieces_of;
pub use written::specs_text;

/// A product that is there already.
#[derive(Clone, Debug)]
pub struct KnownProduct {
    /// Its brand's name.
    pub brand: String,
    /// Its name.
    pub name: String,
    /// Its specifications.
    pub specs: Vec<Spec>,
}

/// A variant that is there already.
#[derive(Clone, Debug)]
pub struct KnownSku {
    /// Its product's code.
    pub product: String,
    /// Its values.
    pub values: Vec<String>,
}

/// What is there already, by code.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The products.
    pub products: HashMap<String, KnownProduct>,
    /// The variants.
    pub skus: HashMap<String, KnownSku>,
}

/// A product as its rows tell it, checked. What they leave empty stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductGiven {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its brand's name.
    pub brand: String,
    /// Its category's name.
    pub category: String,
    /// One line below the name.
    pub subtitle: Option<String>,
    /// Some sentences about it.
    pub description: Option<String>,
    /// The stem of its picture's file name.
    pub picture: Option<String>,
    /// Whether it is offered at all.
    pub published: Option<bool>,
    /// Whether whoever takes it in says of which batch it is.
    pub keeps_batches: Option<bool>,
    /// Its specifications with all values, those that were there first.
    pub specs: Vec<Spec>,
    /// The variants that the rows tell of.
    pub skus: Vec<SkuGiven>,
}

/// A variant as a row tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkuGiven {
    /// Its code.
    pub code: String,
    /// One value for each specification.
    pub values: Vec<String>,
    /// The number below its bars.
    pub barcode: Option<String>,
    /// Its price.
    pub price_fen: Fen,
    /// What a packed piece weighs, in grams.
    pub weight_grams: Option<i64>,
    /// Pieces with which a store that newly lists it begins.
    pub stock: Option<i64>,
}

/// A table of products while it is read.
pub struct ProductSheet {
    header: Header<ProductField>,
    known: Known,
    /// Codes by brand and name, and by product and values.
    codes: HashMap<(String, String), String>,
    skus: HashMap<(String, Vec<String>), String>,
    /// Where each product of the file stands among `products`, with its first line.
    places: HashMap<String, (usize, u64)>,
    lines: HashMap<String, u64>,
    /// The products that can be imported; no two, and no two of their variants, have the same code.
    pub products: Vec<ProductGiven>,
}

impl ProductSheet {
    /// A sheet with this header.
    pub fn new(columns: Columns<ProductField>, header: &[&str]) -> Result<Self, Lacking> {
        Ok(Self {
            header: Header::find(columns, header)?,
            known: Known::default(),
            codes: HashMap::new(),
            skus: HashMap::new(),
            places: HashMap::new(),
            lines: HashMap::new(),
            products: Vec::new(),
        })
    }

    /// Knows from now on what is there already.
    pub fn knowing(mut self, known: Known) -> Self {
        let name = |(code, one): (&String, &KnownProduct)| ((one.brand.clone(), one.name.clone()), code.clone());
        self.codes = known.products.iter().map(name).collect();
        let values = |(code, one): (&String, &KnownSku)| ((one.product.clone(), one.values.clone()), code.clone());
        self.skus = known.skus.iter().map(values).collect();
        Self { known, ..self }
    }

    fn gather(&mut self, line: u64, product: ProductGiven) {
        self.lines.extend(product.skus.iter().map(|sku| (sku.code.clone(), line)));
        for sku in &product.skus {
            self.skus.entry((product.code.clone(), sku.values.clone())).or_insert_with(|| sku.code.clone());
        }
        let Some((place, _)) = self.places.get(&product.code) else {
            self.places.insert(product.code.clone(), (self.products.len(), line));
            self.products.push(product);
            return;
        };
        let first = &mut self.products[*place];
        for (spec, more) in first.specs.iter_mut().zip(product.specs) {
            for value in more.values {
                if !spec.values.contains(&value) {
                    spec.values.push(value);
                }
            }
        }
        first.subtitle = first.subtitle.take().or(product.subtitle);
        first.description = first.description.take().or(product.description);
        first.picture = first.picture.take().or(product.picture);
        first.published = first.published.or(product.published);
        first.keeps_batches = first.keeps_batches.or(product.keeps_batches);
        first.skus.extend(product.skus);
    }
}

impl Sheet for ProductSheet {
    fn read(&mut self, line: u64, cells: &[&str]) -> Result<Vec<RowComplaint>, Vec<RowComplaint>> {
        self.header.check_width(cells)?;
        let mut reading = Reading { cells: Cells::of(&self.header, cells), sheet: self };
        let product = reading.product();
        let Cells { complaints, warnings, .. } = reading.cells;
        match product {
            Some(product) if complaints.is_empty() => {
                self.gather(line, product);
                Ok(warnings)
            }
            _ => Err(complaints),
        }
    }

    fn kept(&self) -> usize {
        self.lines.len()
    }

    fn found(&self) -> Vec<(&'static str, String)> {
        self.header.found()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::Reason;

    const HEADER: [&str; 8] = ["商品名称", "货号", "品牌", "分类", "规格", "条码", "售价", "上架"];

    fn sheet() -> ProductSheet {
        ProductSheet::new(Columns::default(), &HEADER).unwrap()
    }

    fn reasons(sheet: &mut ProductSheet, cells: [&str; 8]) -> Vec<(String, Reason)> {
        let complaints = sheet.read(9, &cells).unwrap_err();
        complaints.into_iter().map(|one| (one.column, one.reason)).collect()
    }

    #[test]
    fn rows_of_one_product_gather_into_its_variants() {
        let mut sheet = sheet();
        sheet.read(2, &["奶茶", "NC", "茶", "茶饮", "杯型:中杯/温度:热", "0012", "12", "是"]).unwrap();
        sheet.read(3, &["奶茶", "NC", "茶", "茶饮", "杯型：大杯；温度：热", "", "15", ""]).unwrap();
        let [product] = sheet.products.as_slice() else { panic!("{:?}", sheet.products) };
        assert_eq!(product.specs[0], Spec { name: "杯型".into(), values: vec!["中杯".into(), "大杯".into()] });
        assert_eq!(product.skus[1].code, "NC-大杯-热");
        assert_eq!(product.skus[0].barcode.as_deref(), Some("0012"));
        assert_eq!((product.published, sheet.kept()), (Some(true), 2));
    }

    #[test]
    fn rows_that_repeat_or_contradict_an_earlier_one_are_rejected_and_name_it() {
        let mut sheet = sheet();
        sheet.read(2, &["奶茶", "NC", "茶", "茶饮", "大杯", "", "12", ""]).unwrap();
        let again = reasons(&mut sheet, ["奶茶", "NC", "茶", "茶饮", "大杯", "", "13", ""]);
        assert_eq!(again, [("规格".into(), Reason::Repeated(2))]);
        let other = reasons(&mut sheet, ["红茶", "NC", "茶", "茶饮", "小杯", "", "13", ""]);
        assert_eq!(other, [("商品名称".into(), Reason::Disagrees(2))]);
    }

    #[test]
    fn a_product_without_a_code_is_found_by_its_brand_and_name() {
        let spec = Spec { name: "杯型".into(), values: vec!["中杯".into()] };
        let product = KnownProduct { brand: "茶".into(), name: "奶茶".into(), specs: vec![spec] };
        let sku = KnownSku { product: "NC".into(), values: vec!["中杯".into()] };
        let known = Known { products: [("NC".into(), product)].into(), skus: [("NC-M".into(), sku)].into() };
        let mut sheet = sheet().knowing(known);
        sheet.read(2, &["奶茶", "", "茶", "茶饮", "中杯", "", "12", ""]).unwrap();
        sheet.read(3, &["红茶", "", "茶", "茶饮", "", "", "9", ""]).unwrap();
        let codes: Vec<_> = sheet.products.iter().map(|one| (one.code.as_str(), one.skus[0].code.as_str())).collect();
        assert_eq!(codes, [("NC", "NC-M"), ("茶-红茶", "茶-红茶")]);
        let other = reasons(&mut sheet, ["奶茶", "NC", "茶", "茶饮", "甜度:全糖", "", "12", ""]);
        assert_eq!(other, [("规格".into(), Reason::OtherSpecs("杯型".into()))]);
        let elsewhere = reasons(&mut sheet, ["奶茶", "NC", "别家", "茶饮", "中杯", "", "12", ""]);
        assert_eq!(elsewhere, [("品牌".into(), Reason::OtherBrand("茶".into()))]);
    }

    #[test]
    fn every_mistake_of_a_row_is_complained_about_at_once() {
        let found = reasons(&mut sheet(), ["", "a/b", "茶", "", "杯型:", "", "十元", "也许"]);
        let columns: Vec<_> = found.iter().map(|(column, _)| column.as_str()).collect();
        assert_eq!(columns, ["商品名称", "分类", "货号", "上架", "售价"]);
        let Err(lacking) = ProductSheet::new(Columns::default(), &["商品名称"]) else { panic!("nothing lacks") };
        assert!(lacking.chinese().contains("品牌、分类、价格(元)"), "{}", lacking.chinese());
    }
}
