//! What a row tells of a store, under which names.

use crate::import::Field;

/// What a row tells of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreField {
    /// The brand's name.
    Brand,
    /// The store's number, unique.
    Code,
    /// The store's name.
    Name,
    /// Who owns it, in words.
    Ownership,
    /// Street address.
    Address,
    /// The city as people write it.
    City,
    /// The region, as ISO 3166-2:CN (`31`) or GB/T 2260 (`310000`) number.
    Region,
    /// Postcode.
    Postcode,
    /// The number to call.
    Phone,
    /// A zone with an IANA name in it: `GMT+08:00 Asia/Beijing`.
    Timezone,
    /// Degrees east.
    Longitude,
    /// Degrees north.
    Latitude,
    /// The hours of an ordinary week, as [`Hours::weekly_from`](crate::hours::Hours::weekly_from) reads them.
    Hours,
}

impl StoreField {
    /// Our name for it, its name for people, and its column in the public list of stores that is read as
    /// it is.
    fn names(self) -> [&'static str; 3] {
        match self {
            Self::Brand => ["brand", "品牌", "Brand"],
            Self::Code => ["code", "门店编号", "Store Number"],
            Self::Name => ["name", "门店名称", "Store Name"],
            Self::Ownership => ["ownership", "经营方式", "Ownership Type"],
            Self::Address => ["address", "地址", "Street Address"],
            Self::City => ["city", "城市", "City"],
            Self::Region => ["region", "地区编码", "State/Province"],
            Self::Postcode => ["postcode", "邮编", "Postcode"],
            Self::Phone => ["phone", "电话", "Phone Number"],
            Self::Timezone => ["timezone", "时区", "Timezone"],
            Self::Longitude => ["longitude", "经度", "Longitude"],
            Self::Latitude => ["latitude", "纬度", "Latitude"],
            Self::Hours => ["hours", "营业时间", "Opening Hours"],
        }
    }
}

impl Field for StoreField {
    const ALL: &'static [Self] = &[
        Self::Brand,
        Self::Code,
        Self::Name,
        Self::Ownership,
        Self::Address,
        Self::City,
        Self::Region,
        Self::Postcode,
        Self::Phone,
        Self::Timezone,
        Self::Longitude,
        Self::Latitude,
        Self::Hours,
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
        self.names()[2]
    }

    fn also(self) -> &'static [&'static str] {
        match self {
            Self::Brand => &["品牌名称"],
            Self::Code => &["门店编码", "店铺编号", "店号"],
            Self::Name => &["店铺名称", "门店", "店名"],
            Self::Ownership => &["经营类型", "门店类型", "门店性质"],
            Self::Address => &["详细地址", "门店地址"],
            Self::City => &["所在城市"],
            Self::Region => &["行政区划代码", "省份", "省"],
            Self::Postcode => &["邮政编码"],
            Self::Phone => &["联系电话", "门店电话"],
            Self::Timezone => &[],
            Self::Longitude => &["lng", "lon"],
            Self::Latitude => &["lat"],
            Self::Hours => &["营业时段"],
        }
    }

    fn is_needed(self) -> bool {
        !matches!(self, Self::Ownership | Self::City | Self::Postcode | Self::Phone | Self::Timezone | Self::Hours)
    }

    /// Addresses of shops in malls are long.
    fn most(self) -> usize {
        match self {
            Self::Address => 200,
            // Twice a day, with other hours on each day of the week.
            Self::Hours => 600,
            Self::Brand | Self::Name => 100,
            Self::Postcode => 16,
            _ => 60,
        }
    }
}
