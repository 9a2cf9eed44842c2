//! Warehouses, what lies in them, and what arrives.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Fault, Fen, Fields, LocationId, SkuId,
    approvals::REASON_MOST,
    batches::{BatchCame, batches_of, check_batches},
    geo::Point,
    purchasing::{MilliFen, price_field},
    transfers::{Pieces, checked_lines, pieces_of},
};

/// Makes a warehouse under an id of the client's, or changes what it is called and where it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SaveWarehouse {
    /// Its code: 2 to 20 capital letters, digits and `-`.
    #[cfg_attr(feature = "api", schema(pattern = "^[A-Z0-9][A-Z0-9-]{1,19}$"))]
    pub code: String,
    /// Its name.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 40, pattern = r"\S"))]
    pub name: String,
    /// Its region, by GB/T 2260: `310000`.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 20))]
    pub region: String,
    /// Street address.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 100, pattern = r"\S"))]
    pub address: String,
    /// Where it is, WGS-84, where somebody knows.
    #[serde(default)]
    pub point: Option<Point>,
}

/// The longest name, in characters.
const NAME_MOST: usize = 40;
/// The longest address, in characters.
const ADDRESS_MOST: usize = 100;

impl SaveWarehouse {
    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `code`, `name`, `region`, `address` or `point`.
    pub fn check(&self) -> Result<(), Fault> {
        let letter = |sign: char| sign.is_ascii_uppercase() || sign.is_ascii_digit();
        let code = (2..=20).contains(&self.code.len())
            && self.code.starts_with(letter)
            && self.code.chars().all(|sign| letter(sign) || sign == '-');
        let fits = |text: &str, most: usize| !text.trim().is_empty() && text.trim().chars().count() <= most;
        let wrong = [
            (code, "code", "请填写 2 到 20 位编号：大写字母、数字，可含 -"),
            (fits(&self.name, NAME_MOST), "name", "请填写名称（40 字以内）"),
            (fits(&self.region, 20), "region", "请选择所在地区"),
            (fits(&self.address, ADDRESS_MOST), "address", "请填写地址（100 字以内）"),
            (
                self.point.is_none_or(|point| Point::new(point.latitude, point.longitude).is_some()),
                "point",
                "位置须是“纬度,经度”，例如 31.23,121.47",
            ),
        ];
        match wrong.into_iter().find(|(fine, ..)| !fine) {
            Some((_, field, message)) => Err(Fault::invalid(field, message)),
            None => Ok(()),
        }
    }

    /// Reads the command from a form: `code`, `name`, `region`, `address`, `point` as `latitude,longitude`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let point = match fields.given("point").map(str::parse) {
            None => None,
            Some(Ok(point)) => Some(point),
            Some(Err(_)) => return Err(Fault::invalid("point", "位置须是“纬度,经度”，例如 31.23,121.47")),
        };
        let text = |name: &str| fields.text(name).to_owned();
        Ok(Self { code: text("code"), name: text("name"), region: text("region"), address: text("address"), point })
    }
}

/// A warehouse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Warehouse {
    /// Its identity.
    pub id: LocationId,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its region's code.
    pub region: String,
    /// Its region's name.
    pub region_name: String,
    /// Street address.
    pub address: String,
    /// Where it is.
    pub point: Option<Point>,
    /// Since when it is closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// How many variants it has pieces of.
    pub skus: i64,
    /// How many pieces it has.
    pub pieces: i64,
}

/// What of a location's stock is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListStock {
    /// Words in a name, its pinyin or initials; a whole code or barcode.
    pub words: String,
    /// These first, whatever the words.
    pub also: Vec<SkuId>,
    /// Only what can go there: to a store, goods of its brand.
    pub going_to: Option<LocationId>,
    /// How many at most.
    pub most: i64,
    /// How many to pass over.
    pub skip: i64,
}

/// A variant at a location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct StockEntry {
    /// Which variant.
    pub sku_id: SkuId,
    /// Its name for people: `珍珠奶茶 · 中杯`.
    pub name: String,
    /// Its code.
    pub code: String,
    /// Its barcode.
    pub barcode: Option<String>,
    /// Pieces there.
    pub on_hand: i64,
    /// Of them, those that are held for orders that are not paid yet.
    pub held: i64,
    /// And those that are allocated to orders that are paid.
    pub allocated: i64,
    /// And those that the shop leaves to the counter, or that are over.
    pub kept_back: i64,
    /// Pieces that are promised to nobody.
    pub available: i64,
    /// Pieces on the way to it.
    pub in_transit: i64,
    /// What a piece costs there, in thousandths of a fen; nothing where nobody knows, or for who may not see costs.
    pub cost_milli_fen: Option<MilliFen>,
    /// What is left of its price there, in hundredths of a per cent.
    pub margin_bp: Option<i64>,
    /// What a piece costs the store that it would be sent to, by head office's price list; nothing where that has no
    /// price, where no warehouse sends it, or for who has nothing to do with that store.
    pub supply_price_fen: Option<Fen>,
    /// Whether whoever takes it in says of which batch it is.
    pub keeps_batches: bool,
}

/// What each piece of a variant cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct PiecePrice {
    /// Which variant.
    pub sku_id: SkuId,
    /// What one cost.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 9_999_999))]
    pub price_fen: Fen,
}

/// Takes goods in that came from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ReceiveGoods {
    /// Made by the client: the same request again takes nothing in twice.
    pub id: Uuid,
    /// At which store or warehouse.
    pub location_id: LocationId,
    /// How many of what; 1 to 200 lines of 1 to 100,000 pieces, each variant once.
    #[cfg_attr(feature = "api", schema(min_items = 1, max_items = 200))]
    pub lines: Vec<Pieces>,
    /// What says so: the number of a delivery note.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 200))]
    pub note: String,
    /// What they cost, where that is known: it changes what goods cost there. Only those who see costs name prices.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_items = 200))]
    pub prices: Vec<PiecePrice>,
    /// Of which batches they are: all pieces of goods that are kept by batches, of others as far as it is known.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_items = 200))]
    pub batches: Vec<BatchCame>,
}

impl ReceiveGoods {
    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `lines`, `pieces.{sku}`, `price.{sku}`, `batch.{sku}` or `note`.
    pub fn check(&self) -> Result<(), Fault> {
        checked_lines(&self.lines)?;
        check_batches(&self.batches)?;
        for (at, one) in self.prices.iter().enumerate() {
            let beside = |message: &str| Err(Fault::invalid(&price_field(one.sku_id), message));
            if !(0..=9_999_999).contains(&one.price_fen.0) {
                return beside("进价须是 0 到 99,999.99 元");
            }
            if self.prices[..at].iter().any(|earlier| earlier.sku_id == one.sku_id) {
                return beside("同一件商品填写了两次进价");
            }
            if self.lines.iter().all(|line| line.sku_id != one.sku_id) {
                return beside("请填写这件商品的数量");
            }
        }
        if self.note.chars().count() > REASON_MOST {
            return Err(Fault::invalid("note", format!("最多 {REASON_MOST} 个字")));
        }
        Ok(())
    }

    /// Reads the command from a form: `key`, `location`, `pieces.{sku}`, `price.{sku}` in yuan,
    /// `batch.{sku}`, `expires.{sku}`, `note`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let id = read.parse("key", "请刷新页面后再试");
        let location_id = read.parse("location", "请选择在哪里收货");
        let note = read.text("note", REASON_MOST);
        let mut prices = Vec::new();
        for (sku, text) in fields.under("price.") {
            let sku_id = sku.parse().map_err(|_| Fault::NotFound("这件商品"))?;
            match Fen::typed(text) {
                Some(price_fen) => prices.push(PiecePrice { sku_id, price_fen }),
                None => read.complain(&price_field(sku_id), "请填写 0 到 99,999.99 元的进价"),
            }
        }
        let (id, location_id, note) = read.finish(|| Some((id?, location_id?, note?)))?;
        let lines = pieces_of(fields, false)?;
        Ok(Self { id, location_id, batches: batches_of(fields, &lines)?, lines, note, prices })
    }
}

/// Goods that came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ReceiptView {
    /// Its identity.
    pub id: Uuid,
    /// As people say it: `SH000012`.
    pub number: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Who took them in, for people.
    pub by: String,
    /// What says so.
    pub note: String,
    /// What came, for people: `珍珠奶茶 · 中杯 ×20`.
    pub goods: String,
    /// How many pieces.
    pub pieces: i64,
}
