//! Why a cell, a row or a header cannot be taken: values, so that the command says them in English and
//! head office's page in Chinese.

use std::fmt;

/// What a row names by its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A variant, by its code or barcode.
    Sku,
    /// A supplier.
    Supplier,
    /// A store.
    Store,
    /// A warehouse.
    Warehouse,
    /// A store or a warehouse.
    Place,
    /// An ownership, by its name.
    Ownership,
}

impl Thing {
    /// In Chinese and in English.
    fn words(self) -> [&'static str; 2] {
        match self {
            Self::Sku => ["SKU 编码或条码", "variant"],
            Self::Supplier => ["供应商编号", "supplier"],
            Self::Store => ["门店编号", "store"],
            Self::Warehouse => ["仓库编号", "warehouse"],
            Self::Place => ["仓库或门店编号", "place"],
            Self::Ownership => ["经营方式", "ownership"],
        }
    }
}

/// What is wrong with one cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// The row has so many cells where the header has so many.
    Width(usize, usize),
    /// The same as on this line, which was read first.
    Repeated(u64),
    /// Other than on this line of the same product.
    Disagrees(u64),
    /// A control character.
    Control(char),
    /// So many characters where so many fit.
    TooLong(usize, usize),
    /// Empty.
    Empty,
    /// Neither letter nor digit in it.
    Unreadable(String),
    /// No code.
    NoCode(String),
    /// Words that are no known ownership.
    Ownership(String),
    /// No region.
    Region(String),
    /// No time zone.
    Timezone(String),
    /// No hours of a week.
    Hours(String),
    /// Latitude and longitude look exchanged.
    Exchanged(f64, f64),
    /// Latitude and longitude are not in China.
    OutsideChina(f64, f64),
    /// More degrees than there are.
    Range(f64, u16),
    /// No number of degrees.
    Degrees(String),
    /// No price.
    Price(String),
    /// No number of pieces.
    Pieces(String),
    /// No number of grams.
    Grams(String),
    /// Neither yes nor no.
    YesNo(String),
    /// No picture's name.
    Picture(String),
    /// No specifications.
    Specs(String),
    /// The product has these specifications.
    OtherSpecs(String),
    /// The product belongs to this brand.
    OtherBrand(String),
    /// The variant with this code is another: of this product, with these values.
    OtherSku(String, String),
    /// This variant is there already, under this code.
    SameVariant(String),
    /// A code made of the name is taken.
    Taken(String),
    /// None with this code is there.
    NotThere(Thing, String),
    /// A barcode of several variants.
    SharedBarcode(String),
    /// It is closed.
    Closed(Thing, String),
    /// No whole number between these two.
    Between(String, i64, i64),
    /// No day.
    Day(String),
    /// No code of a supplier.
    SupplierCode(String),
    /// A supplier that is not there yet has no name.
    NewSupplier,
    /// The supplier asks nothing for it, and the row has no price.
    NoPrice,
    /// The supplier wants so many pieces ordered at least.
    Minimum(i64),
    /// A merchant buys for themselves.
    MerchantBuys,
    /// Either an ownership or a store.
    OneOfTwo,
    /// The warehouse has so many left.
    FewLeft(i64),
}

impl Reason {
    /// In the words of head office's page.
    pub fn chinese(&self) -> String {
        match self {
            Self::Width(has, wants) => format!("这一行有 {has} 格，表头有 {wants} 格；请检查是否多了或少了分隔符"),
            Self::Repeated(line) => format!("与第 {line} 行重复；以先出现的一行为准"),
            Self::Disagrees(line) => format!("与第 {line} 行同一商品的内容不一致；请改成一样"),
            Self::Control(sign) => format!("含有控制字符 U+{:04X}；请删去", u32::from(*sign)),
            Self::TooLong(has, most) => format!("有 {has} 个字，最多 {most} 个"),
            Self::Empty => "不能为空".into(),
            Self::Unreadable(text) => format!("“{text}”里没有文字或数字"),
            Self::NoCode(text) => format!("“{text}”只能有文字、数字、“-”“_”“.”，并以文字或数字开头"),
            Self::Ownership(text) => format!("不认识“{text}”；新门店按直营，已有门店不变"),
            Self::Region(text) => format!("“{text}”不是国内的地区编码；请填 31 或 310000 这样的编码"),
            Self::Hours(text) => {
                format!(
                    "“{text}”不是营业时间；请填“周一至周五 08:00-22:00；周末 09:00-23:00”这样的文字，时间写成 08:05，同一天不要重叠"
                )
            }
            Self::Timezone(text) => format!("“{text}”不是时区；请填 Asia/Shanghai 这样的名称"),
            Self::Exchanged(latitude, longitude) => format!("纬度 {latitude} 与经度 {longitude} 像是填反了"),
            Self::OutsideChina(latitude, longitude) => format!("纬度 {latitude}、经度 {longitude} 不在国内"),
            Self::Range(degrees, most) => format!("{degrees} 超出 -{most} 到 {most}"),
            Self::Degrees(text) => format!("“{text}”不是度数"),
            Self::Price(text) => format!("“{text}”不是价格；请填元，最多两位小数，如 12.80"),
            Self::Pieces(text) => format!("“{text}”不是件数；请填 0 到 1000000 的整数"),
            Self::Grams(text) => format!("“{text}”不是重量；请填 0 到 1000000 的整数，单位克，如 500"),
            Self::YesNo(text) => format!("“{text}”请改成“是”或“否”"),
            Self::Picture(text) => format!("“{text}”不是图片名；只能有字母、数字、“-”“_”"),
            Self::Specs(text) => format!("“{text}”不是规格；请写成“杯型:大杯/温度:热”"),
            Self::OtherSpecs(specs) => format!("这个商品的规格是“{specs}”；请写成同样的规格名与顺序"),
            Self::OtherBrand(brand) => format!("这个商品编码属于品牌“{brand}”"),
            Self::OtherSku(product, values) => format!("这个编码已是商品 {product} 的“{values}”；请换一个编码"),
            Self::SameVariant(sku) => format!("这个规格已有编码 {sku}；请填这个编码或留空"),
            Self::Taken(code) => format!("由名称得出的编码“{code}”已被使用；请填写编码"),
            Self::SharedBarcode(text) => format!("条码“{text}”对应多个商品；请填写 SKU 编码"),
            Self::NotThere(thing, text) => format!("没有“{text}”这个{}", thing.words()[0]),
            Self::Closed(_, text) => format!("“{text}”已关闭或停用"),
            Self::Between(text, least, most) => format!("“{text}”须是 {least} 到 {most} 的整数"),
            Self::Day(text) => format!("“{text}”不是日期；请填 2026-12-01 这样的日期"),
            Self::SupplierCode(text) => format!("“{text}”须是 2 到 20 位：大写字母、数字，可含 -"),
            Self::NewSupplier => "还没有这个供应商；新供应商请填写名称".into(),
            Self::NoPrice => "这个供应商没有这件商品的报价；请填写进价".into(),
            Self::Minimum(minimum) => format!("供应商 {minimum} 件起订"),
            Self::MerchantBuys => "入驻商户的门店自行进货；请填仓库或自己的门店".into(),
            Self::OneOfTwo => "经营方式与门店编号请填且只填一项".into(),
            Self::FewLeft(left) => format!("仓库只剩 {left} 件可分配"),
        }
    }
}

/// In the words of the command line.
impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Width(has, wants) => write!(out, "the row has {has} cells where the header has {wants}"),
            Self::Repeated(line) => write!(out, "the same as on line {line}; that row was read first and counts"),
            Self::Disagrees(line) => write!(out, "other than on line {line} of the same product"),
            Self::Control(sign) => write!(out, "contains the control character U+{:04X}", u32::from(*sign)),
            Self::TooLong(has, most) => write!(out, "has {has} characters, at most {most} fit"),
            Self::Empty => out.write_str("is empty"),
            Self::Unreadable(text) => write!(out, "{text:?} has neither letter nor digit"),
            Self::NoCode(text) => {
                write!(out, "{text:?} may have letters, digits, '-', '_' and '.' only, the first two first")
            }
            Self::Ownership(text) => {
                write!(out, "{text:?} is not known; a new store becomes direct (直营), another stays as it is")
            }
            Self::Region(text) => {
                write!(out, "{text:?} is no region of China by ISO 3166-2 (31) or GB/T 2260 (310000)")
            }
            Self::Hours(text) => write!(out, "{text:?} are no hours of a week, or a day has one of them twice"),
            Self::Timezone(text) => write!(out, "{text:?} names no time zone"),
            Self::Exchanged(latitude, longitude) => {
                write!(out, "latitude {latitude} and longitude {longitude} look exchanged")
            }
            Self::OutsideChina(latitude, longitude) => {
                write!(out, "latitude {latitude} and longitude {longitude} lie outside China")
            }
            Self::Range(degrees, most) => write!(out, "{degrees} is out of range, -{most} to {most}"),
            Self::Degrees(text) => write!(out, "{text:?} is not a number of degrees"),
            Self::Price(text) => write!(out, "{text:?} is no price in yuan with at most two decimals, as 12.80"),
            Self::Pieces(text) => write!(out, "{text:?} is no number of pieces, 0 to 1000000"),
            Self::Grams(text) => write!(out, "{text:?} is no weight in whole grams, 0 to 1000000"),
            Self::YesNo(text) => write!(out, "{text:?} is neither 是 nor 否"),
            Self::Picture(text) => write!(out, "{text:?} may have letters, digits, '-' and '_' only"),
            Self::Specs(text) => write!(out, "{text:?} is not like 杯型:大杯/温度:热"),
            Self::OtherSpecs(specs) => write!(out, "the product has the specifications {specs:?}, in this order"),
            Self::OtherBrand(brand) => write!(out, "the product belongs to the brand {brand:?}"),
            Self::OtherSku(product, values) => write!(out, "the code is that of {values:?} of product {product}"),
            Self::SameVariant(sku) => write!(out, "this variant is there already, under the code {sku}"),
            Self::Taken(code) => write!(out, "the code {code:?}, made of the name, is taken; give one"),
            Self::SharedBarcode(text) => write!(out, "several variants have the barcode {text:?}"),
            Self::NotThere(thing, text) => write!(out, "there is no {} {text:?}", thing.words()[1]),
            Self::Closed(thing, text) => write!(out, "the {} {text:?} is closed", thing.words()[1]),
            Self::Between(text, least, most) => write!(out, "{text:?} is no whole number, {least} to {most}"),
            Self::Day(text) => write!(out, "{text:?} is no day like 2026-12-01"),
            Self::SupplierCode(text) => write!(out, "{text:?} is no code of 2 to 20 capital letters, digits and '-'"),
            Self::NewSupplier => write!(out, "a new supplier needs a name"),
            Self::NoPrice => write!(out, "the supplier has no price for it; give one"),
            Self::Minimum(minimum) => write!(out, "the supplier wants at least {minimum} pieces ordered"),
            Self::MerchantBuys => write!(out, "a merchant's store buys for itself"),
            Self::OneOfTwo => write!(out, "give either an ownership or a store"),
            Self::FewLeft(left) => write!(out, "the warehouse has {left} pieces left"),
        }
    }
}

/// What is wrong with one cell, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct RowComplaint {
    /// The column, as the file names it; empty for the whole row.
    pub column: String,
    /// What is wrong with it.
    pub reason: Reason,
}

/// A header that lacks columns without which nothing can be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lacking {
    /// What lacks: the column expected, our name for it, and its name in Chinese.
    pub columns: Vec<(String, &'static str, &'static str)>,
    /// What is there.
    pub header: Vec<String>,
}

impl Lacking {
    /// In the words of head office's page.
    pub fn chinese(&self) -> String {
        let columns: Vec<_> = self.columns.iter().map(|(_, _, label)| *label).collect();
        format!("还没有指定这些列：{}。请在下面选择文件里对应的列", columns.join("、"))
    }
}

/// In the words of the command line.
impl fmt::Display for Lacking {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns: Vec<_> = self.columns.iter().map(|(column, ours, _)| format!("{column:?} ({ours})")).collect();
        write!(
            out,
            "there is no column {}; the file has {:?}. Name the right ones with --map OURS=THEIRS",
            columns.join(", "),
            self.header
        )
    }
}
