//! One row of a table of products.

use super::{
    ProductField as Is, ProductGiven, ProductSheet, SkuGiven,
    written::{grams_of, pairs_of, pieces_of},
};
use crate::{
    Fen,
    catalog::Spec,
    import::{Cells, Reason, given, slug},
};

/// The name of a product's only specification, where the file gives values alone.
const SPEC: &str = "规格";

/// One row being read.
pub(super) struct Reading<'a> {
    pub sheet: &'a ProductSheet,
    pub cells: Cells<'a, Is>,
}

impl Reading<'_> {
    /// The product with one variant. All cells are looked at before the first `?`, so that one pass
    /// finds every complaint.
    pub fn product(&mut self) -> Option<ProductGiven> {
        let cells = &mut self.cells;
        let (name, brand, category) = (cells.name(Is::Name), cells.name(Is::Brand), cells.name(Is::Category));
        let (code, sku, barcode) = (cells.code(Is::Code), cells.code(Is::Sku), cells.text(Is::Barcode));
        let (subtitle, description) = (cells.text(Is::Subtitle), cells.lines(Is::Description));
        let (picture, published, keeps_batches) =
            (self.picture(), self.yes_or_no(Is::Published), self.yes_or_no(Is::Batches));
        let (price, weight, stock) = (self.price(), self.weight(), self.stock());
        let (name, brand) = (name?, brand?);
        let code = self.code_of(code?, &brand, &name)?;
        let (specs, values) = self.specs(&code)?;
        let sku = self.sku(sku?, &code, &values)?;
        let sku = SkuGiven {
            code: sku,
            values,
            barcode: given(barcode?),
            price_fen: price?,
            weight_grams: weight?,
            stock: stock?,
        };
        let product = ProductGiven {
            code,
            name,
            brand,
            category: category?,
            subtitle: given(subtitle?),
            description: given(description?),
            picture: picture?,
            published: published?,
            keeps_batches: keeps_batches?,
            specs,
            skus: vec![sku],
        };
        self.compare(&product);
        Some(product)
    }

    /// The product's code: as given, else that of the product with this brand and name, else made of both.
    fn code_of(&mut self, code: String, brand: &str, name: &str) -> Option<String> {
        let known = self.sheet.codes.get(&(brand.to_owned(), name.to_owned()));
        let is_made = code.is_empty() && known.is_none();
        let code = match known {
            _ if !code.is_empty() => code,
            Some(known) => known.clone(),
            None => format!("{}-{}", slug(brand), slug(name)),
        };
        match self.sheet.known.products.get(&code) {
            Some(_) if is_made => {
                self.cells.complain(Is::Code, Reason::Taken(code));
                None
            }
            Some(other) if other.brand != brand => {
                self.cells.complain(Is::Brand, Reason::OtherBrand(other.brand.clone()));
                None
            }
            _ => Some(code),
        }
    }

    /// The specifications with the value of this row added, and that value of each. Where the file gives
    /// a value alone, its name is the known one.
    fn specs(&mut self, code: &str) -> Option<(Vec<Spec>, Vec<String>)> {
        let text = self.cells.text(Is::Specs)?;
        let Some(mut pairs) = pairs_of(&text) else {
            self.cells.complain(Is::Specs, Reason::Specs(text));
            return None;
        };
        let known = self.sheet.known.products.get(code).map(|product| product.specs.as_slice());
        if let [(name, _)] = pairs.as_mut_slice()
            && name.is_empty()
        {
            let only = if let Some([only]) = known { &only.name } else { SPEC };
            only.clone_into(name);
        }
        let (names, values): (Vec<String>, Vec<String>) = pairs.into_iter().unzip();
        let Some(known) = known else {
            let spec = |(name, value): (String, &String)| Spec { name, values: vec![value.clone()] };
            return Some((names.into_iter().zip(&values).map(spec).collect(), values));
        };
        if !known.iter().map(|spec| &spec.name).eq(&names) {
            let names: Vec<_> = known.iter().map(|spec| spec.name.as_str()).collect();
            self.cells.complain(Is::Specs, Reason::OtherSpecs(names.join("/")));
            return None;
        }
        let mut specs = known.to_vec();
        for (spec, value) in specs.iter_mut().zip(&values) {
            if !spec.values.contains(value) {
                spec.values.push(value.clone());
            }
        }
        Some((specs, values))
    }

    /// The variant's code: as given, else that of the variant with these values, else made of them.
    fn sku(&mut self, sku: String, product: &str, values: &[String]) -> Option<String> {
        let same = self.sheet.skus.get(&(product.to_owned(), values.to_vec()));
        let is_given = !sku.is_empty();
        let sku = match same {
            Some(same) if is_given && *same != sku => {
                self.cells.complain(Is::Sku, Reason::SameVariant(same.clone()));
                return None;
            }
            _ if is_given => sku,
            Some(same) => same.clone(),
            None if values.is_empty() => product.to_owned(),
            None => format!("{product}-{}", slug(&values.join("-"))),
        };
        if let Some(line) = self.sheet.lines.get(&sku) {
            let field = if is_given { Is::Sku } else { Is::Specs };
            self.cells.complain(field, Reason::Repeated(*line));
            return None;
        }
        match self.sheet.known.skus.get(&sku) {
            Some(other) if other.product != product || other.values != values => {
                self.cells.complain(Is::Sku, Reason::OtherSku(other.product.clone(), other.values.join("/")));
                None
            }
            _ => Some(sku),
        }
    }

    /// Rows of one product tell the same of it; the first counts.
    fn compare(&mut self, product: &ProductGiven) {
        let Some((place, line)) = self.sheet.places.get(&product.code) else { return };
        let first = &self.sheet.products[*place];
        let names = |specs: &[Spec]| specs.iter().map(|spec| spec.name.clone()).collect::<Vec<_>>();
        let other = |one: &Option<String>, two: &Option<String>| one.is_some() && two.is_some() && one != two;
        let differ = |one: Option<bool>, two: Option<bool>| one.zip(two).is_some_and(|(one, two)| one != two);
        let differ = [
            (Is::Name, first.name != product.name),
            (Is::Brand, first.brand != product.brand),
            (Is::Category, first.category != product.category),
            (Is::Specs, names(&first.specs) != names(&product.specs)),
            (Is::Subtitle, other(&first.subtitle, &product.subtitle)),
            (Is::Description, other(&first.description, &product.description)),
            (Is::Picture, other(&first.picture, &product.picture)),
            (Is::Published, differ(first.published, product.published)),
            (Is::Batches, differ(first.keeps_batches, product.keeps_batches)),
        ];
        for (field, _) in differ.into_iter().filter(|(_, differs)| *differs) {
            self.cells.complain(field, Reason::Disagrees(*line));
        }
    }

    fn picture(&mut self) -> Option<Option<String>> {
        let text = self.cells.text(Is::Picture)?;
        if !text.chars().all(|sign| sign.is_ascii_alphanumeric() || "-_".contains(sign)) {
            self.cells.complain(Is::Picture, Reason::Picture(text));
            return None;
        }
        Some(given(text))
    }

    fn yes_or_no(&mut self, field: Is) -> Option<Option<bool>> {
        let text = self.cells.text(field)?;
        match text.to_lowercase().as_str() {
            "" => Some(None),
            "是" | "上架" | "已上架" | "在售" | "yes" | "y" | "true" | "1" => Some(Some(true)),
            "否" | "下架" | "已下架" | "未上架" | "停售" | "no" | "n" | "false" | "0" => Some(Some(false)),
            _ => {
                self.cells.complain(field, Reason::YesNo(text));
                None
            }
        }
    }

    fn weight(&mut self) -> Option<Option<i64>> {
        let text = self.cells.text(Is::Weight)?;
        if text.is_empty() {
            return Some(None);
        }
        let grams = grams_of(&text);
        if grams.is_none() {
            self.cells.complain(Is::Weight, Reason::Grams(text));
        }
        grams.map(Some)
    }

    fn stock(&mut self) -> Option<Option<i64>> {
        let text = self.cells.text(Is::Stock)?;
        if text.is_empty() {
            return Some(None);
        }
        let pieces = pieces_of(&text);
        if pieces.is_none() {
            self.cells.complain(Is::Stock, Reason::Pieces(text));
        }
        pieces.map(Some)
    }

    fn price(&mut self) -> Option<Fen> {
        let text = self.cells.needed(Is::Price)?;
        let price = Fen::typed(&text);
        if price.is_none() {
            self.cells.complain(Is::Price, Reason::Price(text));
        }
        price
    }
}
