//! What sending goods by express costs 运费模板: by pieces or by weight, and by where they go (D2).
//!
//! Regions are told by the codes of GB/T 2260, in which a code begins as that of the region above it does:
//! `310115` lies in `310000`. Of several areas that have a place, the one that names it most closely counts.

use serde::{Deserialize, Serialize};

use crate::{Complaint, Fault, Fen, Fields, FreightId, StoreId, stores::words};
use chrono::Duration;

/// By what a template counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum FreightBasis {
    /// By pieces.
    Pieces,
    /// By weight, in grams.
    Weight,
}

words!(FreightBasis: Pieces = "pieces" / "按件", Weight = "weight" / "按重量");

impl FreightBasis {
    /// What the amounts of its steps are in.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Pieces => "件",
            Self::Weight => "克",
        }
    }
}

/// The prices of an area: the first so many, and each further so many that are begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct FreightRate {
    /// How many pieces or grams the first price is for; 1 to 1,000,000.
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 1_000_000))]
    pub first: i64,
    /// What those cost; at most ¥10,000.
    pub first_fen: Fen,
    /// How many each further price is for; 1 to 1,000,000.
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 1_000_000))]
    pub further: i64,
    /// What each further so many cost.
    pub further_fen: Fen,
    /// From which value of the goods on nothing is charged; never where there is none.
    #[serde(default)]
    pub free_from_fen: Option<Fen>,
    /// How many days a parcel is usually under way; 1 to 30, nothing where nobody has said.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 30))]
    pub days: Option<i64>,
}

impl FreightRate {
    /// The most days under way.
    pub const DAYS_MOST: i64 = 30;
    /// How many days are reckoned with where nobody has said, when it is compared which store's parcel is there first.
    pub const DAYS_USUAL: i64 = 3;
    /// The largest step, in pieces or grams.
    pub const STEP_MOST: i64 = 1_000_000;
    /// The highest price of a step.
    pub const PRICE_MOST: Fen = Fen(1_000_000);
    /// The highest value from which on nothing is charged.
    pub const FREE_MOST: Fen = Fen(100_000_000);

    /// What so many pieces or grams cost. Something is always sent, so the first step counts even for nothing; an
    /// amount beyond all that can be charged is the highest there is.
    fn price(self, amount: i64, goods: Fen) -> Fen {
        if self.free_from_fen.is_some_and(|from| goods >= from) {
            return Fen::ZERO;
        }
        let beyond = i128::from(amount) - i128::from(self.first);
        let further = i128::from(self.further.max(1));
        let steps = if beyond > 0 { (beyond + further - 1) / further } else { 0 };
        let price = i128::from(self.first_fen.0) + steps * i128::from(self.further_fen.0);
        Fen(i64::try_from(price).unwrap_or(i64::MAX))
    }

    fn complaints(self, row: &str) -> Vec<Complaint> {
        let mut wrong = Vec::new();
        let mut say = |name: &str, message: String| wrong.push(Complaint::new(format!("{name}.{row}"), message));
        for (name, step) in [("first", self.first), ("further", self.further)] {
            if !(1..=Self::STEP_MOST).contains(&step) {
                say(name, format!("请填写 1 到 {} 的整数", Self::STEP_MOST));
            }
        }
        for (name, price) in [("first_fen", self.first_fen), ("further_fen", self.further_fen)] {
            if !(Fen::ZERO..=Self::PRICE_MOST).contains(&price) {
                say(name, format!("请填写 0 到 {} 元", Self::PRICE_MOST.0 / 100));
            }
        }
        if self.free_from_fen.is_some_and(|from| !(Fen::ZERO..=Self::FREE_MOST).contains(&from)) {
            say("free_from_fen", format!("请填写 0 到 {} 元，或留空表示不包邮", Self::FREE_MOST.0 / 100));
        }
        if self.days.is_some_and(|days| !(1..=Self::DAYS_MOST).contains(&days)) {
            say("days", format!("请填写 1 到 {} 的整数，或留空", Self::DAYS_MOST));
        }
        wrong
    }

    /// As people read it: `首 1 件 ¥8.00，每加 1 件 ¥2.00，满 ¥99.00 包邮，约 2 天送到`.
    pub fn text(self, basis: FreightBasis) -> String {
        let Self { first, first_fen, further, further_fen, free_from_fen, days } = self;
        let unit = basis.unit();
        let free = free_from_fen.map(|from| format!("，满 {from} 包邮")).unwrap_or_default();
        let days = days.map(|days| format!("，约 {days} 天送到")).unwrap_or_default();
        format!("首 {first} {unit} {first_fen}，每加 {further} {unit} {further_fen}{free}{days}")
    }
}

/// Regions with prices of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct FreightArea {
    /// Codes or names of regions; each means all that lies in it. Answers have codes.
    #[cfg_attr(feature = "api", schema(min_items = 1, max_items = 400))]
    pub regions: Vec<String>,
    /// What it costs; nothing where nothing is sent there.
    #[serde(default)]
    pub rate: Option<FreightRate>,
}

/// What a template says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct FreightTerms {
    /// By what it counts.
    pub basis: FreightBasis,
    /// Areas with prices of their own; at most 50.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_items = 50))]
    pub areas: Vec<FreightArea>,
    /// What it costs everywhere else; nothing where nothing is sent there.
    #[serde(default)]
    pub elsewhere: Option<FreightRate>,
}

/// Nothing is sent there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotServed;

/// How closely an area's code names a place: the digits that say something. `None` where the place is not in it.
fn closeness(area: &str, place: &str) -> Option<usize> {
    let says = area.strip_suffix("0000").or_else(|| area.strip_suffix("00")).unwrap_or(area);
    place.starts_with(says).then_some(says.len())
}

/// What it costs to send these there.
pub fn freight(terms: &FreightTerms, region: &str, pieces: i64, grams: i64, goods: Fen) -> Result<Fen, NotServed> {
    let amount = match terms.basis {
        FreightBasis::Pieces => pieces,
        FreightBasis::Weight => grams,
    };
    Ok(terms.rate_to(region)?.price(amount, goods))
}

impl FreightTerms {
    /// How long a parcel is usually under way to a region; nothing where nobody has said.
    pub fn days_to(&self, region: &str) -> Option<i64> {
        self.rate_to(region).ok()?.days
    }

    /// How long a parcel to a region is reckoned to be under way when stores are compared.
    pub fn under_way(&self, region: &str) -> Duration {
        Duration::days(self.days_to(region).unwrap_or(FreightRate::DAYS_USUAL))
    }

    /// The prices that count for a region.
    fn rate_to(&self, region: &str) -> Result<FreightRate, NotServed> {
        let close = |area: &FreightArea| area.regions.iter().filter_map(|code| closeness(code, region)).max();
        let areas = self.areas.iter().filter_map(|area| Some((close(area)?, area.rate)));
        // Of two that name it alike the first counts; saving refuses a region that is named twice.
        let area = areas.rev().max_by_key(|(close, _)| *close);
        area.map_or(self.elsewhere, |(_, rate)| rate).ok_or(NotServed)
    }
}

/// Makes a template or changes it; what was ordered keeps the freight of its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SaveFreight {
    /// What it is called; at most 40 characters.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 40))]
    pub name: String,
    /// What it says.
    #[serde(flatten)]
    pub terms: FreightTerms,
    /// Whether stores that name none use this one.
    #[serde(default)]
    pub default: bool,
}

impl SaveFreight {
    /// The longest name, in characters.
    pub const NAME_MOST: usize = 40;
    /// The most areas.
    pub const AREAS_MOST: usize = 50;

    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `name`, `areas`, or the fields of an area: `regions.0`, `first.0` …, those of all
    /// other places `first.elsewhere` ….
    pub fn check(&self) -> Result<(), Fault> {
        let mut wrong = Vec::new();
        if !(1..=Self::NAME_MOST).contains(&self.name.trim().chars().count()) {
            wrong.push(Complaint::new("name", format!("请填写 1 到 {} 个字", Self::NAME_MOST)));
        }
        if self.terms.areas.len() > Self::AREAS_MOST {
            wrong.push(Complaint::new("areas", format!("最多 {} 个区域", Self::AREAS_MOST)));
        }
        for (row, area) in self.terms.areas.iter().enumerate() {
            if area.regions.is_empty() || area.regions.len() > 400 {
                wrong.push(Complaint::new(format!("regions.{row}"), "请填写 1 到 400 个地区"));
            }
            wrong.extend(area.rate.iter().flat_map(|rate| rate.complaints(&row.to_string())));
        }
        wrong.extend(self.terms.elsewhere.iter().flat_map(|rate| rate.complaints("elsewhere")));
        let served = self.terms.elsewhere.is_some() || self.terms.areas.iter().any(|area| area.rate.is_some());
        if wrong.is_empty() && !served {
            wrong.push(Complaint::new("areas", "至少要有一个地区可以配送"));
        }
        if wrong.is_empty() { Ok(()) } else { Err(Fault::Invalid(wrong)) }
    }

    /// Reads the command from a form: `name`, `basis`, `default`, and for each row `regions.N`, `served.N`,
    /// `first.N`, `first_fen.N`, `further.N`, `further_fen.N`, `free_from_fen.N`, `days.N`; rows without regions are left
    /// out, the row `elsewhere` has none.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let (mut areas, mut wrong) = (Vec::new(), Vec::new());
        let mut rows: Vec<usize> = fields.under("regions.").filter_map(|(row, _)| row.parse().ok()).collect();
        rows.sort_unstable();
        for row in &rows {
            let regions = fields.codes(&format!("regions.{row}"));
            // What is wrong is told beside the row that was sent, whatever rows before it were left empty.
            areas.push(FreightArea { regions, rate: rate_of(fields, &row.to_string(), &mut wrong) });
        }
        let elsewhere = rate_of(fields, "elsewhere", &mut wrong);
        let basis = FreightBasis::from_code(fields.text("basis"));
        if basis.is_none() {
            wrong.push(Complaint::new("basis", "请选择计费方式"));
        }
        let (name, default) = (fields.text("name").to_owned(), !fields.text("default").is_empty());
        match basis {
            Some(basis) if wrong.is_empty() => {
                let command = Self { name, terms: FreightTerms { basis, areas, elsewhere }, default };
                command.check().map(|()| command).map_err(|fault| beside_rows(fault, &rows))
            }
            _ => Err(Fault::Invalid(wrong)),
        }
    }
}

/// Complaints about areas, beside the rows of the form that they were read from: rows between may be empty.
fn beside_rows(fault: Fault, rows: &[usize]) -> Fault {
    let Fault::Invalid(complaints) = fault else { return fault };
    let moved = |complaint: Complaint| {
        let at = complaint
            .field
            .rsplit_once('.')
            .and_then(|(name, row)| Some((name, rows.get(row.parse::<usize>().ok()?)?)));
        let field = at.map(|(name, row)| format!("{name}.{row}"));
        Complaint { field: field.unwrap_or(complaint.field), message: complaint.message }
    };
    Fault::Invalid(complaints.into_iter().map(moved).collect())
}

/// The prices of a row of the form; nothing where it says that nothing is sent there.
fn rate_of(fields: &Fields, row: &str, wrong: &mut Vec<Complaint>) -> Option<FreightRate> {
    if fields.text(&format!("served.{row}")) != "yes" {
        return None;
    }
    let mut say = |name: String, message: &str| wrong.push(Complaint::new(name, message));
    let mut step = |name: &str| {
        let name = format!("{name}.{row}");
        let read = fields.text(&name).parse().ok();
        if read.is_none() {
            say(name, "请填写整数");
        }
        read
    };
    let (first, further) = (step("first"), step("further"));
    let days = match fields.given(&format!("days.{row}")) {
        None => Some(None),
        Some(_) => step("days").map(Some),
    };
    let mut price = |name: &str| {
        let name = format!("{name}.{row}");
        let read = Fen::typed(fields.text(&name));
        if read.is_none() {
            say(name, "请填写金额，如 8 或 8.50");
        }
        read
    };
    let (first_fen, further_fen) = (price("first_fen"), price("further_fen"));
    let free = match fields.given(&format!("free_from_fen.{row}")) {
        None => Some(None),
        Some(_) => price("free_from_fen").map(Some),
    };
    Some(FreightRate {
        first: first?,
        first_fen: first_fen?,
        further: further?,
        further_fen: further_fen?,
        free_from_fen: free?,
        days: days?,
    })
}

/// A template as head office sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct FreightTemplate {
    /// Its identity.
    pub id: FreightId,
    /// What it is called.
    pub name: String,
    /// What it says.
    #[serde(flatten)]
    pub terms: FreightTerms,
    /// Whether stores that name none use it.
    pub default: bool,
    /// How many stores name it.
    pub stores: i64,
}

/// A store that sends by express.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ExpressStore {
    /// Which.
    pub store_id: StoreId,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The template it names; the default where it names none.
    pub template_id: Option<FreightId>,
    /// Head office's order of stores: the lower comes first.
    pub priority: i32,
}

/// Sets head office's order of stores for what riders bring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SetDeliveryPriority {
    /// The stores, by code; 1 to 1,000.
    #[cfg_attr(feature = "api", schema(min_items = 1, max_items = 1000))]
    pub stores: Vec<String>,
    /// The lower comes first; 1 to 999, usually 100.
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 999))]
    pub priority: i32,
}

impl SetDeliveryPriority {
    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `stores` or `priority`.
    pub fn check(&self) -> Result<(), Fault> {
        check_order(&self.stores, self.priority)
    }

    /// Reads the command from a form: `stores`, `priority`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let priority = read.parse("priority", PRIORITY_WRONG);
        let stores = fields.codes("stores");
        let command = read.finish(|| Some(Self { stores, priority: priority? }))?;
        command.check().map(|()| command)
    }
}

/// A store that is not in the usual place of head office's order for what riders bring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct DeliveryPriority {
    /// Which.
    pub store_id: StoreId,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The lower comes first.
    pub priority: i32,
}

/// The place of a store of which head office says nothing, in its order for either way.
pub const PRIORITY_USUAL: i32 = 100;
const PRIORITY_WRONG: &str = "请填写 1 到 999 的整数";

/// Faults: `Invalid` beside `stores` or `priority`.
fn check_order(stores: &[String], priority: i32) -> Result<(), Fault> {
    if !(1..=SetExpressStores::STORES_MOST).contains(&stores.len()) {
        let most = SetExpressStores::STORES_MOST;
        return Err(Fault::invalid("stores", format!("请填写 1 到 {most} 家门店的编号")));
    }
    if !(1..=999).contains(&priority) {
        return Err(Fault::invalid("priority", PRIORITY_WRONG));
    }
    Ok(())
}

/// Lets stores send by express, or no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SetExpressStores {
    /// The stores, by code; 1 to 1,000.
    #[cfg_attr(feature = "api", schema(min_items = 1, max_items = 1000))]
    pub stores: Vec<String>,
    /// Whether they send.
    pub sends: bool,
    /// By which template; the default where none is named.
    #[serde(default)]
    pub template_id: Option<FreightId>,
    /// Head office's order of stores, the lower comes first; 1 to 999.
    #[serde(default = "SetExpressStores::usual")]
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 999))]
    pub priority: i32,
}

impl SetExpressStores {
    /// The most stores at once.
    pub const STORES_MOST: usize = 1_000;

    const fn usual() -> i32 {
        PRIORITY_USUAL
    }

    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `stores` or `priority`.
    pub fn check(&self) -> Result<(), Fault> {
        check_order(&self.stores, self.priority)
    }

    /// Reads the command from a form: `stores`, `sends`, `template`, `priority`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let template_id = match fields.given("template") {
            None => Some(None),
            Some(_) => read.parse("template", "请选择运费模板").map(Some),
        };
        let priority = match fields.given("priority") {
            None => Some(Self::usual()),
            Some(_) => read.parse("priority", PRIORITY_WRONG),
        };
        let (stores, sends) = (fields.codes("stores"), fields.text("sends") == "yes");
        let command = read.finish(|| Some(Self { stores, sends, template_id: template_id?, priority: priority? }))?;
        command.check().map(|()| command)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rate(first: i64, first_fen: i64, further: i64, further_fen: i64) -> FreightRate {
        let (first_fen, further_fen) = (Fen(first_fen), Fen(further_fen));
        FreightRate { first, first_fen, further, further_fen, free_from_fen: None, days: None }
    }

    fn terms(basis: FreightBasis, elsewhere: Option<FreightRate>) -> FreightTerms {
        FreightTerms { basis, areas: Vec::new(), elsewhere }
    }

    fn rates() -> impl Strategy<Value = FreightRate> {
        let free = prop::option::of((0..=100_000_000i64).prop_map(Fen));
        (1..=1_000_000i64, 0..=1_000_000i64, 1..=1_000_000i64, 0..=1_000_000i64, free).prop_map(
            |(first, first_fen, further, further_fen, free_from_fen)| FreightRate {
                free_from_fen,
                ..rate(first, first_fen, further, further_fen)
            },
        )
    }

    proptest! {
        #[test]
        fn more_goods_never_cost_less_freight_and_dearer_ones_never_more(
            rate in rates(), amount in 0..10_000_000i64, more in 0..10_000_000i64, goods in 0..200_000_000i64, dearer in 0..200_000_000i64,
        ) {
            let terms = terms(FreightBasis::Weight, Some(rate));
            let of = |grams, goods| freight(&terms, "310115", 1, grams, Fen(goods)).unwrap();
            prop_assert!(of(amount + more, goods) >= of(amount, goods));
            prop_assert!(of(amount, goods + dearer) <= of(amount, goods));
            prop_assert!(of(amount, goods) >= Fen::ZERO);
        }

        #[test]
        fn the_first_step_costs_exactly_its_price(rate in rates(), part in 0..=1_000_000i64) {
            let rate = FreightRate { free_from_fen: None, ..rate };
            let terms = terms(FreightBasis::Pieces, Some(rate));
            let within = part.min(rate.first);
            prop_assert_eq!(freight(&terms, "310115", within, 0, Fen(1)).unwrap(), rate.first_fen);
            let next = freight(&terms, "310115", rate.first + 1, 0, Fen(1)).unwrap();
            prop_assert_eq!(next, Fen(rate.first_fen.0 + rate.further_fen.0));
        }

        #[test]
        fn no_number_is_too_large(rate in rates(), amount in prop::num::i64::ANY, goods in prop::num::i64::ANY) {
            let terms = terms(FreightBasis::Weight, Some(rate));
            prop_assert!(freight(&terms, "310115", amount, amount, Fen(goods)).unwrap() >= Fen::ZERO);
        }
    }

    #[test]
    fn the_area_that_names_a_place_most_closely_counts() {
        let area =
            |codes: &[&str], rate| FreightArea { regions: codes.iter().map(|&code| code.into()).collect(), rate };
        let areas = vec![
            area(&["320000", "330000"], Some(rate(1, 600, 1, 100))),
            area(&["320500"], Some(rate(1, 300, 1, 100))),
            area(&["330900", "650000"], None),
        ];
        let terms = FreightTerms { areas, ..terms(FreightBasis::Pieces, Some(rate(1, 1_000, 1, 500))) };
        let to = |region| freight(&terms, region, 2, 0, Fen(1));
        assert_eq!(to("320500"), Ok(Fen(400)), "the city before its province");
        assert_eq!(to("320102"), Ok(Fen(700)), "a district within the province");
        assert_eq!(to("330900"), Err(NotServed), "left out within a province that is served");
        assert_eq!(to("650100"), Err(NotServed));
        assert_eq!(to("110000"), Ok(Fen(1_500)), "everywhere else");
    }

    #[test]
    fn how_long_a_parcel_is_under_way_is_said_for_each_area() {
        let near = FreightRate { days: Some(1), ..rate(1, 600, 1, 100) };
        let areas = vec![FreightArea { regions: vec!["310000".into()], rate: Some(near) }];
        let terms = FreightTerms { areas, ..terms(FreightBasis::Pieces, Some(rate(1, 1_000, 1, 500))) };
        assert_eq!((terms.days_to("310115"), terms.days_to("110000")), (Some(1), None));
        assert_eq!(terms.under_way("110000"), Duration::days(FreightRate::DAYS_USUAL), "where nobody has said");
        assert_eq!(near.text(FreightBasis::Pieces), "首 1 件 ¥6.00，每加 1 件 ¥1.00，约 1 天送到");
        let wrong = SaveFreight {
            name: "标准".into(),
            terms: FreightTerms { areas: Vec::new(), elsewhere: Some(FreightRate { days: Some(31), ..near }), ..terms },
            default: false,
        };
        assert_eq!(wrong.check().unwrap_err().complaints()[0].field, "days.elsewhere");
    }

    #[test]
    fn what_is_worth_enough_goes_free() {
        let rate = FreightRate { free_from_fen: Some(Fen(9_900)), ..rate(1, 800, 1, 200) };
        let terms = terms(FreightBasis::Pieces, Some(rate));
        assert_eq!(freight(&terms, "310000", 5, 0, Fen(9_899)), Ok(Fen(1_600)));
        assert_eq!(freight(&terms, "310000", 5, 0, Fen(9_900)), Ok(Fen::ZERO));
    }

    #[test]
    fn a_template_is_read_with_its_mistakes_beside_their_fields() {
        let fields = |pairs: &[(&str, &str)]| {
            Fields(pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect())
        };
        let right = [
            ("name", "标准"),
            ("basis", "pieces"),
            ("served.elsewhere", "yes"),
            ("first.elsewhere", "1"),
            ("first_fen.elsewhere", "8"),
            ("further.elsewhere", "1"),
            ("further_fen.elsewhere", "2.50"),
            ("regions.3", "650000、540000"),
            ("served.3", "no"),
        ];
        let read = SaveFreight::from_fields(&fields(&right)).unwrap();
        assert_eq!(read.terms.areas, [FreightArea { regions: vec!["650000".into(), "540000".into()], rate: None }]);
        assert_eq!(read.terms.elsewhere, Some(rate(1, 800, 1, 250)));
        let wrong = [&right[..], &[("first.elsewhere", "0"), ("further_fen.elsewhere", "-1")]].concat();
        let fault = SaveFreight::from_fields(&fields(&wrong)).unwrap_err();
        assert_eq!(fault.complaints()[0].field, "further_fen.elsewhere");
        let nowhere = [("name", "标准"), ("basis", "pieces")];
        assert_eq!(SaveFreight::from_fields(&fields(&nowhere)).unwrap_err().complaints()[0].field, "areas");
    }
}
