//! Products from a table: one row for each variant (C1).

use std::collections::HashMap;

use super::{Cells, Columns, Field, Header, Lacking, Reason, RowComplaint, Sheet, given, slug};
use crate::{Fen, catalog::Spec};

/// The name of a product's only specification, where the file gives values alone.
const SPEC: &str = "规格";

/// What a row tells of a product and one of its variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProductField {
    /// The product's code; found or made by brand and name where it is empty.
    Code,
    /// The product's name.
    Name,
    /// The brand's name.
    Brand,
    /// The category's name.
    Category,
    /// `杯型:大杯/温度:热`, or one value alone.
    Specs,
    /// The variant's code; found or made by its values where it is empty.
    Sku,
    /// The number below its bars.
    Barcode,
    /// Yuan.
    Price,
    /// One line below the name.
    Subtitle,
    /// Some sentences.
    Description,
    /// The stem of the picture's file name.
    Picture,
    /// Whether it is offered at all.
    Published,
}

use ProductField as Is;

impl ProductField {
    fn names(self) -> [&'static str; 2] {
        match self {
            Self::Code => ["code", "商品编码"],
            Self::Name => ["name", "商品名称"],
            Self::Brand => ["brand", "品牌"],
            Self::Category => ["category", "分类"],
            Self::Specs => ["specs", "规格"],
            Self::Sku => ["sku", "规格编码"],
            Self::Barcode => ["barcode", "条码"],
            Self::Price => ["price", "价格(元)"],
            Self::Subtitle => ["subtitle", "副标题"],
            Self::Description => ["description", "描述"],
            Self::Picture => ["picture", "图片"],
            Self::Published => ["published", "上架"],
        }
    }
}

impl Field for ProductField {
    const ALL: &'static [Self] = &[
        Is::Code,
        Is::Name,
        Is::Brand,
        Is::Category,
        Is::Specs,
        Is::Sku,
        Is::Barcode,
        Is::Price,
        Is::Subtitle,
        Is::Description,
        Is::Picture,
        Is::Published,
    ];

    fn place(self) -> usize {
        self as usize
    }

    fn ours(self) -> &'static str {
        self.names()[0]
    }

    fn label(self) -> &'static str {
        self.names()[1]
    }

    fn expected(self) -> &'static str {
        self.names()[1]
    }

    fn also(self) -> &'static [&'static str] {
        match self {
            Self::Code => &["商品编号", "商品货号", "货号", "SPU编码", "SPU", "product code"],
            Self::Name => &["商品", "名称", "品名", "商品标题", "product name"],
            Self::Brand => &["品牌名称"],
            Self::Category => &["商品分类", "类目", "分类名称", "类别"],
            Self::Specs => &["规格型号", "规格属性", "商品规格", "specification"],
            Self::Sku => &["SKU编码", "SKU", "规格货号", "SKU code"],
            Self::Barcode => &["条形码", "商品条码", "EAN", "国条码"],
            Self::Price => &["价格", "售价", "零售价", "单价", "售价(元)", "价格（元）", "售价（元）"],
            Self::Subtitle => &["卖点", "商品卖点"],
            Self::Description => &["商品描述", "详情", "商品详情", "简介"],
            Self::Picture => &["图片名", "主图", "商品图片"],
            Self::Published => &["是否上架", "状态", "上架状态"],
        }
    }

    fn is_needed(self) -> bool {
        matches!(self, Self::Name | Self::Brand | Self::Category | Self::Price)
    }

    fn most(self) -> usize {
        match self {
            Self::Description => 2_000,
            Self::Specs | Self::Subtitle => 200,
            Self::Name | Self::Brand => 100,
            _ => 60,
        }
    }
}

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

/// One row being read.
struct Reading<'a> {
    sheet: &'a ProductSheet,
    cells: Cells<'a, ProductField>,
}

impl Reading<'_> {
    /// The product with one variant. All cells are looked at before the first `?`, so that one pass
    /// finds every complaint.
    fn product(&mut self) -> Option<ProductGiven> {
        let cells = &mut self.cells;
        let (name, brand, category) = (cells.name(Is::Name), cells.name(Is::Brand), cells.name(Is::Category));
        let (code, sku, barcode) = (cells.code(Is::Code), cells.code(Is::Sku), cells.text(Is::Barcode));
        let (subtitle, description) = (cells.text(Is::Subtitle), cells.lines(Is::Description));
        let (picture, published, price) = (self.picture(), self.published(), self.price());
        let (name, brand) = (name?, brand?);
        let code = self.code_of(code?, &brand, &name)?;
        let (specs, values) = self.specs(&code)?;
        let sku = self.sku(sku?, &code, &values)?;
        let sku = SkuGiven { code: sku, values, barcode: given(barcode?), price_fen: price? };
        let product = ProductGiven {
            code,
            name,
            brand,
            category: category?,
            subtitle: given(subtitle?),
            description: given(description?),
            picture: picture?,
            published: published?,
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
        let differ = [
            (Is::Name, first.name != product.name),
            (Is::Brand, first.brand != product.brand),
            (Is::Category, first.category != product.category),
            (Is::Specs, names(&first.specs) != names(&product.specs)),
            (Is::Subtitle, other(&first.subtitle, &product.subtitle)),
            (Is::Description, other(&first.description, &product.description)),
            (Is::Picture, other(&first.picture, &product.picture)),
            (Is::Published, first.published.zip(product.published).is_some_and(|(one, two)| one != two)),
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

    fn published(&mut self) -> Option<Option<bool>> {
        let text = self.cells.text(Is::Published)?;
        match text.to_lowercase().as_str() {
            "" => Some(None),
            "是" | "上架" | "已上架" | "在售" | "yes" | "y" | "true" | "1" => Some(Some(true)),
            "否" | "下架" | "已下架" | "未上架" | "停售" | "no" | "n" | "false" | "0" => Some(Some(false)),
            _ => {
                self.cells.complain(Is::Published, Reason::YesNo(text));
                None
            }
        }
    }

    fn price(&mut self) -> Option<Fen> {
        let text = self.cells.needed(Is::Price)?;
        let price = fen_of(&text);
        if price.is_none() {
            self.cells.complain(Is::Price, Reason::Price(text));
        }
        price
    }
}

/// Yuan as people write them, exact to the fen: `12`, `12.5`, `¥1,200.00`, `12.80元`.
fn fen_of(text: &str) -> Option<Fen> {
    let text = text.trim_start_matches(['¥', '￥']).trim_end_matches('元').trim();
    let (yuan, fen) = text.split_once('.').unwrap_or((text, "0"));
    let mut groups = yuan.split(',');
    let first = groups.next()?;
    let grouped = yuan.contains(',');
    if (grouped && first.len() > 3) || !groups.all(|group| group.len() == 3) {
        return None;
    }
    let yuan = yuan.replace(',', "");
    // A workbook may show `12.8` as `12.800`; what is more exact than a fen is no price.
    let fen = if fen.len() > 2 && fen.bytes().skip(2).all(|digit| digit == b'0') { &fen[..2] } else { fen };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(&yuan) || !is_number(fen) || yuan.len() > 9 || fen.len() > 2 {
        return None;
    }
    let fen: i64 = format!("{fen:0<2}").parse().ok()?;
    Some(Fen(yuan.parse::<i64>().ok()? * 100 + fen))
}

/// Names and values; a value alone has an empty name. A backslash takes the meaning from the sign after it.
fn pairs_of(text: &str) -> Option<Vec<(String, String)>> {
    let (mut pairs, mut name, mut now, mut signs) = (Vec::new(), None, String::new(), text.chars());
    let mut is_named = false;
    while let Some(sign) = signs.next() {
        match sign {
            '\\' => now.push(signs.next()?),
            ':' | '：' if name.is_none() => (name, is_named) = (Some(std::mem::take(&mut now)), true),
            '/' | ';' | '；' if is_named => pairs.push((name.take()?, std::mem::take(&mut now))),
            _ => now.push(sign),
        }
    }
    match name {
        Some(name) => pairs.push((name, now)),
        None if is_named => return None,
        None if now.is_empty() => {}
        None => return Some(vec![(String::new(), now)]),
    }
    let trimmed: Vec<(String, String)> =
        pairs.into_iter().map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect();
    let is_whole = |(place, (name, value)): (usize, &(String, String))| {
        !name.is_empty() && !value.is_empty() && trimmed[..place].iter().all(|(other, _)| other != name)
    };
    trimmed.iter().enumerate().all(is_whole).then_some(trimmed.clone())
}

/// Specifications as they are exported, and read again the same.
pub fn specs_text<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let escaped = |text: &str| {
        text.chars().fold(String::new(), |mut text, sign| {
            if "\\:：/;；".contains(sign) {
                text.push('\\');
            }
            text.push(sign);
            text
        })
    };
    pairs.map(|(name, value)| format!("{}:{}", escaped(name), escaped(value))).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: [&str; 8] = ["商品名称", "货号", "品牌", "分类", "规格", "条码", "售价", "上架"];

    fn sheet() -> ProductSheet {
        ProductSheet::new(Columns::default(), &HEADER).unwrap()
    }

    fn reasons(sheet: &mut ProductSheet, cells: [&str; 8]) -> Vec<(String, Reason)> {
        let complaints = sheet.read(9, &cells).unwrap_err();
        complaints.into_iter().map(|one| (one.column, one.reason)).collect()
    }

    #[test]
    fn a_price_is_exact_to_the_fen_however_it_is_written() {
        for (text, fen) in
            [("12", 1200), ("12.5", 1250), ("¥1,200.05", 120_005), ("0.01", 1), ("12.80元", 1280), ("12.800", 1280)]
        {
            assert_eq!(fen_of(text), Some(Fen(fen)), "{text}");
        }
        for text in ["", "-1", "12.345", "1e3", "12,5", "1,2345", "十二", ".", "1.", "9999999999", "1.2.3", "１２"]
        {
            assert_eq!(fen_of(text), None, "{text}");
        }
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
    fn specifications_are_exported_as_they_are_read() {
        let pairs = [("容量", "500ml/瓶"), ("口味", "a:b\\c；d")];
        let text = specs_text(pairs.into_iter());
        let read = pairs_of(&text).unwrap();
        assert!(read.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(pairs), "{text}");
        assert_eq!(pairs_of("500ml/瓶").unwrap(), [(String::new(), "500ml/瓶".to_owned())]);
        for broken in ["杯型:", ":大", "杯型:大/温度", "杯型:大/杯型:小"] {
            assert_eq!(pairs_of(broken), None, "{broken}");
        }
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
