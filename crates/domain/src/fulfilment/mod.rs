//! How an order reaches its shopper (D2).
//!
//! - here: the ways there are, and what each costs and when, for a cart
//! - `address`: where things are sent (B6)
//! - `settings`: what a store offers: how many orders at a time, what it brings where for how much
//! - `form`: those settings as people type them
//! - `range`: where a store brings orders to
//! - `ride`: what a store does with an order that is brought to its shopper

mod address;
mod form;
mod range;
mod ride;
mod settings;

use serde::{Deserialize, Serialize};

use crate::{AddressId, Fault, Fen, Fields, hours::Slot, stores::words};

pub use address::{ADDRESSES_MOST, Address, AddressView, SaveAddress, SentTo};
pub use range::{CORNERS_MOST, FAR_MOST_M, Range};
pub use ride::{Deliver, Dispatch, Undelivered};
pub use settings::{
    BANDS_MOST, Band, DeliverySettings, Fee, FulfilmentSettings, InStoreSettings, OwnRider, RIDERS_MOST, WINDOWS_MOST,
    Window,
};

/// How an order reaches its shopper.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum Fulfilment {
    /// They come for it.
    #[default]
    Pickup,
    /// A rider brings it, within the city.
    Delivery,
    /// A courier brings it, from anywhere to anywhere.
    Express,
    /// It is done at the store.
    InStore,
}

words!(Fulfilment:
    Pickup = "pickup" / "自提", Delivery = "delivery" / "同城配送", Express = "express" / "快递",
    InStore = "in_store" / "到店服务");

impl Fulfilment {
    /// Whether the goods leave the store before the shopper has them.
    pub fn is_sent(self) -> bool {
        matches!(self, Self::Delivery | Self::Express)
    }

    /// What happens where, for people.
    pub fn place_label(self) -> &'static str {
        match self {
            Self::Pickup => "到店自提",
            other => other.label(),
        }
    }

    /// What the time of an order is called.
    pub fn time_label(self) -> &'static str {
        match self {
            Self::Pickup => "取货时间",
            Self::Delivery => "送达时间",
            Self::Express => "发货时间",
            Self::InStore => "到店时间",
        }
    }
}

/// Which way a shopper wants, and where to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Which way.
    pub fulfilment: Fulfilment,
    /// To which of their addresses, for a way that needs one.
    pub address_id: Option<AddressId>,
}

impl Wish {
    /// Reads the wish from an address or a form: `fulfilment`, `address`. Nothing said is pickup.
    ///
    /// Faults: `Invalid` beside `fulfilment` or `address_id`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let fulfilment = match fields.given("fulfilment") {
            None => Some(Fulfilment::Pickup),
            Some(code) => Fulfilment::from_code(code),
        };
        if fulfilment.is_none() {
            read.complain("fulfilment", "请选择配送方式");
        }
        let address_id = match fields.given("address_id") {
            None => Some(None),
            Some(_) => read.parse("address_id", "请选择收货地址").map(Some),
        };
        read.finish(|| Some(Self { fulfilment: fulfilment?, address_id: address_id? }))
    }
}

/// A time that can be chosen, or could be were it not full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct OfferedSlot {
    /// The time.
    #[serde(flatten)]
    pub slot: Slot,
    /// Whether as many orders have it as the store can serve.
    pub full: bool,
    /// How many open orders it takes; as many as come where nobody counts.
    #[serde(skip)]
    pub capacity: Option<i64>,
}

/// A way that a store offers for what is in the cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Way {
    /// Which.
    pub fulfilment: Fulfilment,
    /// What it costs, beside the goods.
    pub freight_fen: Fen,
    /// How that comes about, for people; empty where it costs nothing.
    pub freight_text: String,
    /// Why it cannot be chosen as things are, for people.
    pub problem: Option<String>,
    /// When, full ones included.
    pub slots: Vec<OfferedSlot>,
}

impl Way {
    /// A way that costs nothing and is counted by nobody.
    pub fn free(fulfilment: Fulfilment, slots: Vec<Slot>) -> Self {
        let slots = slots.into_iter().map(|slot| OfferedSlot { slot, full: false, capacity: None }).collect();
        let (freight_fen, freight_text) = (Fen::ZERO, String::new());
        Self { fulfilment, freight_fen, freight_text, problem: None, slots }
    }

    /// The slots that are not full.
    pub fn open_slots(&self) -> impl Iterator<Item = Slot> {
        self.slots.iter().filter(|offered| !offered.full).map(|offered| offered.slot)
    }
}
