//! The JSON of both directions: what we use of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Errand;

/// `order_type`: a job is meant by our number.
pub const BY_OUR_NUMBER: i64 = 2;
/// `shop_type`: a shop is meant by the name that we gave it.
pub const OUR_OWN: i64 = 2;
/// `error_code` where the platform has no job of this number.
pub const UNKNOWN_ORDER: i64 = 4_001;
/// `error_code` where a number is taken.
pub const NUMBER_TAKEN: i64 = 3_009;

/// Every answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answered {
    /// 0 for success.
    pub error_code: i64,
    /// For a person.
    #[serde(default)]
    pub error_msg: String,
    /// What was asked for.
    #[serde(default)]
    pub result: Value,
}

/// Somebody at an end of the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Who is there.
    pub name: String,
    /// Their number.
    pub phone: String,
    /// Where.
    pub address: String,
    /// Degrees east in GCJ-02, as text.
    pub lng: String,
    /// Degrees north in GCJ-02, as text.
    pub lat: String,
}

/// The receiving end, under the platform's names.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Receive {
    pub user_name: String,
    pub user_phone: String,
    pub user_address: String,
    pub user_lng: String,
    pub user_lat: String,
    pub city_name: String,
}

/// The sending end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shop {
    pub shop_name: String,
    pub shop_phone: String,
    pub shop_address: String,
    pub shop_lng: String,
    pub shop_lat: String,
}

/// What is brought.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Detail {
    /// In fen.
    pub total_price: i64,
    /// 99 is anything.
    pub product_type: i64,
    pub weight_gram: i64,
    pub product_num: i64,
    pub product_type_num: i64,
    pub product_detail: Vec<Product>,
}

/// One thing that is brought.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Product {
    pub product_name: String,
    pub product_num: i64,
}

/// `precreateorder` and `createorder`. The former reads the end of the way from the top, the latter from `receive`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    pub dev_id: i64,
    pub shop_id: String,
    pub shop_type: i64,
    pub shop_order_id: String,
    pub order_source: String,
    /// 2: GCJ-02.
    pub lbs_type: i64,
    pub pay_type: i64,
    pub order_time: i64,
    pub is_appoint: i64,
    pub is_insured: i64,
    /// From the shop to the receiver.
    pub rider_pick_method: i64,
    pub remark: String,
    /// Which parts of the answer are wanted: all.
    pub return_flag: i64,
    pub push_time: i64,
    pub version: i64,
    pub user_lng: String,
    pub user_lat: String,
    pub user_address: String,
    pub city_name: String,
    pub weight: i64,
    pub product_type: i64,
    pub total_price: i64,
    pub receive: Receive,
    pub shop: Shop,
    pub order_detail: Detail,
}

impl Job {
    pub(super) fn new(dev_id: i64, shop_id: &str, source: &str, version: i64, now: i64, errand: &Errand) -> Self {
        const ANYTHING: i64 = 99;
        let Errand { number, from, to, city, goods, pieces, grams, worth_fen, remark } = errand.clone();
        Self {
            dev_id,
            shop_id: shop_id.to_owned(),
            shop_type: OUR_OWN,
            shop_order_id: number,
            order_source: source.to_owned(),
            lbs_type: 2,
            pay_type: 1,
            order_time: now,
            is_appoint: 0,
            is_insured: 0,
            rider_pick_method: 1,
            remark,
            return_flag: 511,
            push_time: now,
            version,
            user_lng: to.lng.clone(),
            user_lat: to.lat.clone(),
            user_address: to.address.clone(),
            city_name: city.clone(),
            weight: grams,
            product_type: ANYTHING,
            total_price: worth_fen,
            receive: Receive {
                user_name: to.name,
                user_phone: to.phone,
                user_address: to.address,
                user_lng: to.lng,
                user_lat: to.lat,
                city_name: city,
            },
            shop: Shop {
                shop_name: from.name,
                shop_phone: from.phone,
                shop_address: from.address,
                shop_lng: from.lng,
                shop_lat: from.lat,
            },
            order_detail: Detail {
                total_price: worth_fen,
                product_type: ANYTHING,
                weight_gram: grams,
                product_num: pieces,
                product_type_num: 1,
                product_detail: vec![Product { product_name: goods, product_num: pieces }],
            },
        }
    }
}

/// The answer to `precreateorder`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Quoted {
    /// What it costs, in fen.
    pub total_price: i64,
    /// What of that is to be paid, where something is taken off.
    #[serde(default)]
    pub total_pay_money: Option<i64>,
    /// In minutes.
    #[serde(default)]
    pub promise_delivery_time: Option<i64>,
}

impl Quoted {
    /// What is to be paid, in fen.
    pub fn fee_fen(&self) -> i64 {
        self.total_pay_money.unwrap_or(self.total_price)
    }
}

/// The answer to `createorder`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Called {
    /// The platform's number.
    pub sf_order_id: String,
    /// What it costs, in fen.
    #[serde(default)]
    pub total_price: i64,
}

/// `cancelorder`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cancel {
    pub dev_id: i64,
    pub order_id: String,
    pub order_type: i64,
    pub shop_id: String,
    pub shop_type: i64,
    pub cancel_reason: String,
    pub push_time: i64,
}

/// `listorderfeed`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Look {
    pub dev_id: i64,
    pub order_id: String,
    pub order_type: i64,
    pub shop_id: String,
    pub shop_type: i64,
    pub push_time: i64,
}

/// The answer to `listorderfeed`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Looked {
    /// Oldest first.
    pub feed: Vec<Feed>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feed {
    /// See [`Status`].
    pub order_status: i64,
    /// For a person.
    #[serde(default)]
    pub status_desc: String,
    /// The rider.
    #[serde(default)]
    pub operator_name: String,
    /// Their number.
    #[serde(default)]
    pub operator_phone: String,
    /// When, in Unix seconds.
    pub create_time: i64,
}

impl Feed {
    /// What happened; `None` for what means nothing to us.
    pub fn status(&self) -> Option<Status> {
        Status::of(self.order_status)
    }
}

/// A callback. Stored as JSON until somebody acts on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The platform's number.
    pub sf_order_id: String,
    /// Ours.
    pub shop_order_id: String,
    /// Which callback: `rider_status`, `order_complete`, `sf_cancel`, `rider_exception`.
    pub url_index: String,
    /// See [`Status`].
    pub order_status: i64,
    /// For a person.
    #[serde(default)]
    pub status_desc: String,
    /// The rider.
    #[serde(default)]
    pub operator_name: String,
    /// Their number, which may be one that only leads to them.
    #[serde(default)]
    pub operator_phone: String,
    /// When it happened, in Unix seconds. The same in every repetition.
    pub push_time: i64,
}

impl Event {
    /// What happened.
    pub fn status(&self) -> Option<Status> {
        Status::of(self.order_status)
    }

    /// What is the same in every repetition of this callback, and in no other's: the platform gives them no id.
    pub fn id(&self) -> String {
        format!("{}:{}:{}", self.shop_order_id, self.order_status, self.push_time)
    }

    /// Its signed bytes' `url_index` for a status.
    pub fn index_of(status: Status) -> &'static str {
        match status {
            Status::Accepted | Status::AtPickup | Status::PickedUp => "rider_status",
            Status::Delivered => "order_complete",
            Status::Cancelled => "sf_cancel",
            Status::Exception => "rider_exception",
        }
    }
}

/// What happens to a job: `order_status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// 2: the platform or we called it off.
    Cancelled,
    /// 10: a rider has taken it on.
    Accepted,
    /// 12: the rider is where it begins.
    AtPickup,
    /// 15: the rider has the goods.
    PickedUp,
    /// 17: the receiver has them.
    Delivered,
    /// 91: the rider reports that it cannot be done.
    Exception,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Cancelled, Self::Accepted, Self::AtPickup, Self::PickedUp, Self::Delivered, Self::Exception];

    /// The protocol's number.
    pub fn number(self) -> i64 {
        match self {
            Self::Cancelled => 2,
            Self::Accepted => 10,
            Self::AtPickup => 12,
            Self::PickedUp => 15,
            Self::Delivered => 17,
            Self::Exception => 91,
        }
    }

    /// The status of this number.
    pub fn of(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.number() == number)
    }
}
