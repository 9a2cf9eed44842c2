//! The cart, and the quote that says what it costs now.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    AddressId, Fault, Fen, Fields, Quantity, SkuId, StoreId,
    catalog::Options,
    fulfilment::{Fulfilment, Way},
    hours::Slot,
    route::{RoutePart, RouteRule},
    stores::StoreCard,
};

/// A part of a cart: the lines of one store that go one way. Those that are set apart go another, so a store has two
/// parts at most; each has a quote and becomes an order of its own. In forms it is named `{store_id}`, or
/// `{store_id}-apart`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema), schema(as = CartPart))]
pub struct Part {
    /// Which store's goods.
    pub store_id: StoreId,
    /// Whether they are those that were set apart.
    pub apart: bool,
}

/// What stands behind the store in the name of the part that is set apart.
const APART: &str = "-apart";

impl Part {
    /// The other part of the same store.
    pub fn other(self) -> Self {
        Self { apart: !self.apart, ..self }
    }

    /// The fields of a form that are about the part of this name, named as those of a command about it alone. A name that
    /// is none is left to the command to complain about.
    pub fn fields_of(form: &Fields, name: &str) -> Fields {
        let mut own = form.of(name);
        let (store, apart) = match name.strip_suffix(APART) {
            Some(store) => (store, "yes"),
            None => (name, ""),
        };
        own.0.insert("store_id".into(), store.to_owned());
        own.0.insert("apart".into(), apart.to_owned());
        own
    }
}

/// What a store has in the cart that is not set apart.
impl From<StoreId> for Part {
    fn from(store_id: StoreId) -> Self {
        Self { store_id, apart: false }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{}", self.store_id, if self.apart { APART } else { "" })
    }
}

impl FromStr for Part {
    type Err = <StoreId as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (store, apart) = match text.strip_suffix(APART) {
            Some(store) => (store, true),
            None => (text, false),
        };
        Ok(Self { store_id: store.parse()?, apart })
    }
}

/// Sets a line of the cart to a quantity; it does not add, so a repeat changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SetLine {
    /// Which store's goods.
    pub store_id: StoreId,
    /// Which variant.
    pub sku_id: SkuId,
    /// With which options, by code.
    #[serde(default)]
    pub options: Options,
    /// How many.
    pub quantity: Quantity,
}

/// Takes a line out of the cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct RemoveLine {
    /// Which store's goods.
    pub store_id: StoreId,
    /// Which variant.
    pub sku_id: SkuId,
    /// With which options, by code.
    #[serde(default)]
    pub options: Options,
}

/// Sets a line of the cart apart from the others of its store, to go another way in an order of its own, or puts it
/// together with them again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SetLineApart {
    /// Which store's goods.
    pub store_id: StoreId,
    /// Which variant.
    pub sku_id: SkuId,
    /// With which options, by code.
    #[serde(default)]
    pub options: Options,
    /// Whether it is set apart from now on.
    pub apart: bool,
}

/// The options a form names: radio buttons as `option.{modifier}`, check boxes as `extra.{option}`,
/// a whole line's as `options`, comma-separated.
fn options_of(fields: &Fields) -> Options {
    let radios = fields.under("option.").map(|(_, code)| code.to_owned());
    let boxes = fields.under("extra.").map(|(code, _)| code.to_owned());
    let listed = fields.text("options").split(',').filter(|code| !code.is_empty()).map(str::to_owned);
    radios.chain(boxes).chain(listed).collect::<Vec<_>>().into()
}

impl SetLine {
    /// Reads the command from a form.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let store_id = read.parse("store_id", "请选择门店");
        let sku_id = read.parse("sku_id", "请选择规格");
        let quantity = read.value("quantity");
        read.finish(|| {
            Some(Self { store_id: store_id?, sku_id: sku_id?, options: options_of(fields), quantity: quantity? })
        })
    }
}

impl RemoveLine {
    /// Reads the command from a form.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let store_id = read.parse("store_id", "请选择门店");
        let sku_id = read.parse("sku_id", "请选择规格");
        read.finish(|| Some(Self { store_id: store_id?, sku_id: sku_id?, options: options_of(fields) }))
    }
}

/// A line at the prices and stock of this moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct QuotedLine {
    /// Which variant.
    pub sku_id: SkuId,
    /// The product's code, for its address.
    pub product_code: String,
    /// The product's name.
    pub name: String,
    /// `大杯`, or empty.
    pub spec: String,
    /// The options chosen, by code.
    pub options: Options,
    /// The options chosen, for people: `七分糖、少冰、珍珠`.
    pub options_text: String,
    /// The stem of the picture's file name.
    pub picture: String,
    /// How many.
    pub quantity: Quantity,
    /// The price of one with its options.
    pub unit_fen: Fen,
    /// The price of all.
    pub total_fen: Fen,
    /// What one piece weighs; 0 where nobody has said so.
    pub weight_grams: i64,
    /// Pieces that can be sold now.
    pub available: i64,
    /// Why this line cannot be ordered as it stands, where it cannot.
    pub problem: Option<String>,
}

/// What the lines of one store that go one way cost now, in which ways they reach their shopper, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Quote {
    /// The store.
    pub store: StoreCard,
    /// Whether these are the lines of the store that are set apart from its others.
    #[serde(default)]
    pub apart: bool,
    /// The lines, oldest first.
    pub lines: Vec<QuotedLine>,
    /// What the goods cost.
    pub goods_fen: Fen,
    /// What the way costs that was asked about.
    pub freight_fen: Fen,
    /// What is to be paid.
    pub total_fen: Fen,
    /// The way that was asked about; pickup where none was.
    pub fulfilment: Fulfilment,
    /// The address that was asked about.
    pub address_id: Option<AddressId>,
    /// The ways that the store offers.
    pub ways: Vec<Way>,
    /// Further ways, which only others of its brand offer: asked about with an address, `better` says who.
    pub elsewhere: Vec<Fulfilment>,
    /// When it can be picked up, or brought, in the way that was asked about.
    pub slots: Vec<Slot>,
    /// Whether an order can be placed as it stands.
    pub orderable: bool,
    /// Which stores would rather send it, where the way that was asked about is one that sends things.
    pub better: Option<Better>,
}

/// Who sends what is in the cart, where that is not the store alone whose goods it has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema), schema(as = BetterSender))]
pub struct Better {
    /// By which rule they were chosen: head office's for the way.
    pub rule: RouteRule,
    /// Whether the store itself cannot send it as things are.
    pub needed: bool,
    /// Which store sends what. Where it is split, the store's own part may be among them.
    pub parts: Vec<RoutePart>,
}

impl Better {
    /// The other stores.
    pub fn others(&self, own: StoreId) -> impl Iterator<Item = &RoutePart> {
        self.parts.iter().filter(move |part| part.store.id != own)
    }
}

/// Hands the lines of one part of the cart over to the stores that its quote names: each of them has them in its part of
/// the cart afterwards, at its own prices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct HandOver {
    /// Whose lines.
    pub store_id: StoreId,
    /// Whether those that are set apart.
    #[serde(default)]
    pub apart: bool,
    /// In which way they are to reach the shopper.
    pub fulfilment: Fulfilment,
    /// To which of their addresses.
    pub address_id: AddressId,
    /// The other stores that the shopper was shown. Where others are to send it by now, nothing is handed over.
    #[cfg_attr(feature = "api", schema(min_items = 1, max_items = 10))]
    pub to: Vec<StoreId>,
}

impl HandOver {
    /// To how many stores at most.
    pub const STORES_MOST: usize = 10;

    /// Which part of the cart.
    pub fn part(&self) -> Part {
        Part { store_id: self.store_id, apart: self.apart }
    }

    /// Reads the command from a form, which names the stores in `to`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let store_id = read.parse("store_id", "请选择门店");
        let address_id = read.parse("address_id", "请选择收货地址");
        let fulfilment = Fulfilment::from_code(fields.text("fulfilment"));
        if fulfilment.is_none() {
            read.complain("fulfilment", "请选择配送方式");
        }
        let to: Option<Vec<StoreId>> = fields.codes("to").iter().map(|store| store.parse().ok()).collect();
        if to.is_none() {
            read.complain("to", "请选择发货的门店");
        }
        let apart = fields.given("apart").is_some();
        read.finish(|| {
            Some(Self { store_id: store_id?, apart, fulfilment: fulfilment?, address_id: address_id?, to: to? })
        })
    }

    /// Refuses what makes no sense.
    ///
    /// Faults: `Invalid` beside `fulfilment` for a way in which nothing is sent, beside `to`.
    pub fn check(&self) -> Result<(), Fault> {
        if !self.fulfilment.is_sent() {
            return Err(Fault::invalid("fulfilment", "只有快递和同城配送可以改由其他门店发货"));
        }
        if self.to.is_empty() || self.to.len() > Self::STORES_MOST || self.to.contains(&self.store_id) {
            return Err(Fault::invalid("to", format!("请选择 1 到 {} 家其他门店", Self::STORES_MOST)));
        }
        Ok(())
    }
}

/// What became of the lines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct HandedOver {
    /// Which store got what; nothing where there was nothing to hand over (any more).
    pub moved: Vec<RoutePart>,
    /// The parts of the cart in which they are now: what joined a line that was there is in that line's part.
    pub joined: Vec<Part>,
    /// Pieces that the store keeps in its part of the cart.
    pub kept: i64,
}

impl Quote {
    /// Which part of the cart it is of.
    pub fn part(&self) -> Part {
        Part { store_id: self.store.id, apart: self.apart }
    }

    /// The way that was asked about, where the store offers it.
    pub fn way(&self) -> Option<&Way> {
        self.ways.iter().find(|way| way.fulfilment == self.fulfilment)
    }
}

/// A whole cart: a quote for each of its parts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct CartView {
    /// The quotes, the store used last first; what is set apart follows what else the cart has of its store.
    pub quotes: Vec<Quote>,
    /// Pieces in all of them.
    pub pieces: i64,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn store() -> StoreId {
        StoreId(Uuid::from_u128(7))
    }

    #[test]
    fn a_parts_name_says_whose_it_is_and_whether_it_is_set_apart() {
        let plain = Part::from(store());
        assert_eq!((plain.to_string(), plain.other().to_string()), (store().to_string(), format!("{}-apart", store())));
        for part in [plain, plain.other()] {
            assert_eq!(part.to_string().parse::<Part>().ok(), Some(part));
            assert_eq!(part.other().other(), part);
        }
        for none in ["", "-apart", "x", &format!("{}-apart-apart", store()), &format!("{}-", store())] {
            assert!(none.parse::<Part>().is_err(), "{none}");
        }
    }

    #[test]
    fn a_form_names_the_fields_of_both_parts_of_a_store() {
        let (plain, apart) = (Part::from(store()).to_string(), Part::from(store()).other().to_string());
        let sent = [(format!("note.{plain}"), "放前台"), (format!("note.{apart}"), "放门口"), ("note".into(), "x")];
        let form = Fields(sent.into_iter().map(|(name, text)| (name, text.to_owned())).collect());
        let read = |name: &str| {
            let own = Part::fields_of(&form, name);
            (own.text("note").to_owned(), own.text("store_id").to_owned(), own.given("apart").is_some())
        };
        assert_eq!(read(&plain), ("放前台".to_owned(), plain.clone(), false));
        assert_eq!(read(&apart), ("放门口".to_owned(), plain, true));
    }
}
