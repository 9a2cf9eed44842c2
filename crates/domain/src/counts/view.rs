//! Counts as people and programs see them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{CountAct, CountKind, CountState, DecideAlone, Off};
use crate::{CountId, Fen, Fields, LocationId, SkuId, stores::words};

/// Which counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListCounts {
    /// Only those that wait for whoever asks.
    pub waiting: bool,
    /// Only in this state.
    pub state: Option<CountState>,
    /// Only of this store or warehouse.
    pub location: Option<LocationId>,
    /// How many at most; 1 to 100.
    pub most: usize,
    /// Where to read on.
    pub after: Option<CountId>,
}

impl ListCounts {
    /// Reads the filters of an address: `waiting`, `state`, `location`, `after`.
    pub fn from_fields(fields: &Fields) -> Self {
        Self {
            waiting: fields.given("waiting").is_some(),
            state: CountState::from_code(fields.text("state")),
            location: fields.text("location").parse().ok(),
            most: 0,
            after: fields.text("after").parse().ok(),
        }
    }

    /// The filters as an address has them, but for where the page begins.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        vec![
            ("waiting", if self.waiting { "1".into() } else { String::new() }),
            ("state", self.state.map_or("", CountState::code).to_owned()),
            ("location", self.location.map(|id| id.to_string()).unwrap_or_default()),
        ]
    }
}

/// A count as a list shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct CountCard {
    /// Its identity.
    pub id: CountId,
    /// As people say it: `PD000012`.
    pub number: String,
    /// At which store or warehouse.
    pub location_id: LocationId,
    /// What that is called.
    pub location_name: String,
    /// How much it takes in.
    pub kind: CountKind,
    /// Whether whoever counts is not told what the books say.
    pub blind: bool,
    /// How far it is.
    pub state: CountState,
    /// For those who count.
    pub note: String,
    /// Who began it.
    pub opened_by: String,
    /// When.
    pub opened_at: DateTime<Utc>,
    /// How many goods it takes in.
    pub lines: i64,
    /// How many of them somebody has counted.
    pub counted_lines: i64,
    /// How far it is off; nothing before it is submitted, or where whoever asks is not told.
    pub off: Option<Off>,
    /// What the differences come to at cost: negative where more is missing than was found; nothing as above, where
    /// nobody knows costs, or for who may not see them there.
    pub cost_fen: Option<Fen>,
    /// Whether it is too far off for the place to decide itself.
    pub above: bool,
    /// Up to where the place decided itself when it was handed in; nothing before.
    #[serde(default)]
    pub alone: Option<DecideAlone>,
    /// Whether these were the place's own limits, and not head office's of all; nothing where it was not kept.
    #[serde(default)]
    pub alone_own: Option<bool>,
    /// Whether whoever asks can decide on it now.
    pub may_decide: bool,
}

/// A count's own page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct CountView {
    /// What a list shows of it.
    #[serde(flatten)]
    pub card: CountCard,
    /// Whether whoever asks is told what the books say.
    pub shows_book: bool,
    /// Whether whoever asks can enter what they find.
    pub may_count: bool,
    /// Whether whoever asks can give it up.
    pub may_cancel: bool,
    /// How many pieces of its goods are set apart there now, and not to be counted.
    #[serde(default)]
    pub apart: i64,
    /// What was entered last, the newest first.
    pub entries: Vec<CountEntry>,
    /// What happened, oldest first.
    pub steps: Vec<CountStep>,
}

/// One of the goods of a count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct CountLine {
    /// Which variant.
    pub sku_id: SkuId,
    /// Its code.
    pub code: String,
    /// Its name for people: `珍珠奶茶 · 中杯`.
    pub name: String,
    /// How many were found; nothing while nobody has counted it.
    pub counted: Option<i64>,
    /// When the last of them were entered.
    pub counted_at: Option<DateTime<Utc>>,
    /// Whether some came or went between its first entry and its last, so that it should be counted again.
    pub moved: bool,
    /// What the books said at that moment; nothing where whoever asks is not told.
    pub book: Option<i64>,
    /// How many more lie there that the books do not have: they are set apart for orders that have left in part, or came
    /// back and are not settled. They are not to be counted.
    #[serde(default)]
    pub apart: i64,
    /// How many more were found than the books say; negative for fewer.
    pub difference: Option<i64>,
    /// What the difference is worth at the place's price.
    pub value_fen: Option<Fen>,
    /// What the difference comes to at cost; nothing where nobody knows, or for who may not see costs there.
    pub cost_fen: Option<Fen>,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct CountEntry {
    /// Its identity.
    pub id: Uuid,
    /// Of which variant.
    pub sku_id: SkuId,
    /// Its code.
    pub code: String,
    /// Its name for people.
    pub name: String,
    /// How many.
    pub pieces: i64,
    /// Who found them.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether it was undone, and counts no more.
    pub undone: bool,
    /// The list with which it came; nothing where it was scanned or typed by itself.
    #[serde(default)]
    pub list_id: Option<Uuid>,
}

/// One thing that happened to a count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct CountStep {
    /// What.
    pub act: CountAct,
    /// Where it led.
    pub state: CountState,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub by: String,
    /// In whose place, where somebody stood in for another.
    pub in_place_of: Option<String>,
    /// Why, where somebody said so.
    pub note: String,
}

/// Which lines of a count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum LinesShown {
    #[default]
    All,
    /// Nobody has counted them.
    Uncounted,
    /// Somebody has.
    Counted,
    /// They are not as the books say; all counted ones for who is not told what those say.
    Different,
}

words!(LinesShown:
    All = "all" / "全部", Uncounted = "uncounted" / "未盘", Counted = "counted" / "已盘", Different = "different" / "有差异");

/// Asks for lines of a count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListLines {
    /// Which.
    pub show: LinesShown,
    /// Words of the name, a code or a barcode.
    pub words: String,
    /// How many at most; 1 to 200.
    pub most: usize,
    /// The code after which to read on.
    pub after: Option<String>,
}

impl ListLines {
    /// Reads the filters of an address: `show`, `q`, `after`.
    pub fn from_fields(fields: &Fields) -> Self {
        Self {
            show: LinesShown::from_code(fields.text("show")).unwrap_or_default(),
            words: fields.words("q"),
            most: 0,
            after: fields.given("after").map(str::to_owned),
        }
    }
}

/// A store or warehouse at which whoever asks works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct PlaceOfStock {
    /// Its identity; a store's own.
    pub id: LocationId,
    /// What it is called.
    pub name: String,
    /// Whether it is a warehouse.
    pub warehouse: bool,
}

/// A category that a partial count can take in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryChoice {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
}
