//! What a row tells of a product and one of its variants, under which names.

use crate::import::Field;

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
    /// Grams of a packed piece.
    Weight,
    /// Pieces with which a store that newly lists the variant begins.
    Stock,
    /// One line below the name.
    Subtitle,
    /// Some sentences.
    Description,
    /// The stem of the picture's file name.
    Picture,
    /// Whether it is offered at all.
    Published,
    /// Whether whoever takes it in says of which batch it is.
    Batches,
}

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
            Self::Weight => ["weight", "重量(克)"],
            Self::Stock => ["stock", "期初库存"],
            Self::Subtitle => ["subtitle", "副标题"],
            Self::Description => ["description", "描述"],
            Self::Picture => ["picture", "图片"],
            Self::Published => ["published", "上架"],
            Self::Batches => ["batches", "保质期管理"],
        }
    }
}

impl Field for ProductField {
    const ALL: &'static [Self] = &[
        Self::Code,
        Self::Name,
        Self::Brand,
        Self::Category,
        Self::Specs,
        Self::Sku,
        Self::Barcode,
        Self::Price,
        Self::Weight,
        Self::Stock,
        Self::Subtitle,
        Self::Description,
        Self::Picture,
        Self::Published,
        Self::Batches,
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
            Self::Weight => &["重量", "重量（克）", "毛重(克)", "毛重（克）", "克重", "重量(g)", "weight_grams"],
            Self::Stock => &["库存", "库存数量", "库存数", "初始库存", "数量"],
            Self::Subtitle => &["卖点", "商品卖点"],
            Self::Description => &["商品描述", "详情", "商品详情", "简介"],
            Self::Picture => &["图片名", "主图", "商品图片"],
            Self::Published => &["是否上架", "状态", "上架状态"],
            Self::Batches => &["批次管理", "效期管理", "管理保质期"],
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
