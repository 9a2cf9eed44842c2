//! Stores as shoppers and staff see them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    BrandId, Fault, Fields, StoreId,
    files::Photo,
    geo::Point,
    hours::{Hours, Slot},
    opening::PREPARE_MOST,
};

/// Who owns a store (O2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum Ownership {
    /// 直营
    Direct,
    /// 加盟
    Franchise,
    /// 联营
    Joint,
    /// 入驻商户
    Merchant,
}

/// What a store says of itself, apart from its hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum StoreState {
    /// 营业
    Open,
    /// 忙碌: takes orders, and makes goods ready in twice the time
    Busy,
    /// 暂停接单
    Paused,
    /// 已闭店
    Closed,
}

macro_rules! words {
    ($kind:ident: $($variant:ident = $code:literal / $label:literal),+ $(,)?) => {
        impl $kind {
            /// Every value, in the order people are shown them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// As it stands in the database and on the wire.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// As people read it.
            pub fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),+ }
            }

            /// The value with this code.
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}
pub(crate) use words;

words!(Ownership: Direct = "direct" / "直营", Franchise = "franchise" / "加盟", Joint = "joint" / "联营", Merchant = "merchant" / "入驻");
words!(StoreState: Open = "open" / "营业中", Busy = "busy" / "忙碌", Paused = "paused" / "暂停接单", Closed = "closed" / "已闭店");

impl StoreState {
    /// Whether orders are taken, as far as the hours let them.
    pub fn takes_orders(self) -> bool {
        matches!(self, Self::Open | Self::Busy)
    }

    /// Whether it can be said until when it lasts; then the store is open again.
    pub fn may_end(self) -> bool {
        matches!(self, Self::Busy | Self::Paused)
    }

    /// How many minutes longer goods take than they usually do, whoever fetches them then: a busy store takes twice as
    /// long to make them ready, a day at most.
    pub fn longer_minutes(self, prepare_minutes: i64) -> i64 {
        match self {
            Self::Busy => (prepare_minutes * 2).min(PREPARE_MOST) - prepare_minutes,
            Self::Open | Self::Paused | Self::Closed => 0,
        }
    }
}

/// Whether somebody can walk in, and what to tell them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Opening {
    /// Open at this moment.
    pub open_now: bool,
    /// Takes orders for pickup, now or for a later slot.
    pub takes_orders: bool,
    /// For people: `营业中 · 至 22:00`.
    pub text: String,
}

impl Opening {
    /// Refuses as `store_closed` where no orders are taken.
    pub fn must_take_orders(&self, store: &str) -> Result<(), Fault> {
        if self.takes_orders {
            return Ok(());
        }
        Err(Fault::conflict("store_closed", format!("{store} {}，暂不能下单", self.text)))
    }
}

/// A store in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct StoreCard {
    /// Its identity.
    pub id: StoreId,
    /// Its short name in addresses, unique.
    pub code: String,
    /// Its name for people.
    pub name: String,
    /// Its brand's code.
    pub brand: String,
    /// Its brand's name.
    pub brand_name: String,
    /// Street address.
    pub address: String,
    /// City and province for people.
    pub region: String,
    /// Where it is, WGS-84.
    pub point: Point,
    /// Its zone, by IANA name.
    pub timezone: String,
    /// Metres from the place asked about.
    pub distance_m: Option<f64>,
    /// Whether it is open.
    pub opening: Opening,
    /// What it has: `wifi`, `停车` …
    pub features: Vec<String>,
    /// The first of its photos, where it has any.
    pub cover: Option<Photo>,
}

/// A store's own page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct StoreView {
    /// What a list shows of it.
    #[serde(flatten)]
    pub card: StoreCard,
    /// Its brand.
    pub brand_id: BrandId,
    /// The number to call.
    pub phone: Option<String>,
    /// When it is open.
    pub hours: Hours,
    /// Who owns it.
    pub ownership: Ownership,
    /// What it says of itself, as it is at this moment.
    pub state: StoreState,
    /// Until when it is busy or paused; nothing where that does not end by itself.
    pub until: Option<DateTime<Utc>>,
    /// When an order placed now can be picked up.
    pub slots: Vec<Slot>,
    /// How it looks, the cover first.
    pub photos: Vec<Photo>,
}

/// What a store finder is asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FindStores {
    /// Nearest to here first; by name where unknown.
    pub near: Option<Point>,
    /// Words in the name, address, brand or code.
    pub words: String,
    /// Only of this brand, by code.
    pub brand: Option<String>,
    /// Only those open now.
    pub open_now: bool,
    /// How many at most; 1 to 100.
    pub most: usize,
    /// How many to pass over.
    pub skip: usize,
}

/// A place that can be chosen by hand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Place {
    /// `上海 · 人民广场`.
    pub name: String,
    /// Where it is.
    pub point: Point,
    /// A city stands before its landmarks.
    pub is_city: bool,
}

/// Which stores head office's list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListStores {
    /// Words in the name, code or address.
    pub words: String,
    /// Only of this ownership.
    pub ownership: Option<Ownership>,
    /// Only in this state.
    pub state: Option<StoreState>,
    /// How many at most; 1 to 200.
    pub most: i64,
    /// How many to pass over.
    pub skip: i64,
}

impl ListStores {
    /// Reads the filters from an address.
    pub fn from_fields(fields: &Fields) -> Self {
        Self {
            words: fields.words("q"),
            ownership: fields.given("ownership").and_then(Ownership::from_code),
            state: fields.given("state").and_then(StoreState::from_code),
            ..Self::default()
        }
    }

    /// The filters as [`Self::from_fields`] reads them.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        vec![
            ("q", self.words.clone()),
            ("ownership", self.ownership.map_or("", Ownership::code).to_owned()),
            ("state", self.state.map_or("", StoreState::code).to_owned()),
        ]
    }
}

/// What head office's list of stores shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct StoreEntry {
    /// Its identity.
    pub id: StoreId,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its brand's name.
    pub brand: String,
    /// Its region's name.
    pub region: String,
    /// Its address.
    pub address: String,
    /// Its zone, by IANA name.
    pub timezone: String,
    /// Who owns it.
    pub ownership: Ownership,
    /// What it says of itself, as it is at this moment.
    pub state: StoreState,
    /// Until when it is busy or paused; nothing where that does not end by itself.
    pub until: Option<DateTime<Utc>>,
}
