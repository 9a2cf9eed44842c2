//! Stock as staff see it: promises that facts have left uncovered (K1, K2).

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::{Fault, Fen, Fields, OrderId, ShortageId, SkuId, StoreId, orders::OrderState, shortage_rules::ShortageAct};

/// How long a case waits for a person where nobody has said otherwise; then the server does what the rule says.
pub const SHORTAGE_WAITS: Duration = Duration::hours(24);
/// How much longer whoever looks after a case may let it wait, in hours.
pub const LONGEST_WAIT_HOURS: i64 = 24 * 14;
/// The longest note, in characters.
pub const NOTE_MOST: usize = 200;

/// A variant of which more is promised at a place than is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Shortage {
    /// Its identity.
    pub id: ShortageId,
    /// Where: a store, or a warehouse.
    pub store_id: StoreId,
    /// The name of that place.
    pub store_name: String,
    /// Of which variant.
    pub sku_id: SkuId,
    /// `珍珠奶茶 · 大杯`.
    pub name: String,
    /// How many pieces are promised and not there; 0 once they are.
    pub short: i64,
    /// What lies on the shelf by the books; negative where more was handed over than they knew of.
    pub on_hand: i64,
    /// What is promised: to orders that are paid and to those that still may be.
    pub promised: i64,
    /// What left too little, as people read it.
    pub cause: String,
    /// Since when.
    pub opened_at: DateTime<Utc>,
    /// What whoever looks after it has written down.
    pub note: String,
    /// When the server acts by itself, or its time is over for people.
    pub waits_until: DateTime<Utc>,
    /// What it does then, as the rule is now.
    pub then: ShortageAct,
    /// Who let it wait until then; nothing where nobody did, or a program.
    #[serde(default)]
    pub waits_by: Option<String>,
    /// When enough was there again.
    pub solved_at: Option<DateTime<Utc>>,
}

/// A case, with the orders that wait for its pieces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ShortageView {
    /// The case.
    #[serde(flatten)]
    pub shortage: Shortage,
    /// Who waits, whoever paid first first.
    pub waiting: Vec<ShortOrder>,
}

/// An order that is promised pieces of what is short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ShortOrder {
    /// Which order.
    pub order_id: OrderId,
    /// Its number for people.
    pub number: String,
    /// Where it stands.
    pub state: OrderState,
    /// How many of the variant it is promised.
    pub pieces: i64,
    /// What it costs.
    pub total_fen: Fen,
    /// When it was paid; nothing where it still may be.
    pub paid_at: Option<DateTime<Utc>>,
}

/// Which cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListShortages {
    /// Those that are over as well.
    pub solved: bool,
    /// Only of this store.
    pub store: Option<StoreId>,
    /// How many at most, 1 to 100.
    pub most: usize,
    /// Only older ones.
    pub after: Option<ShortageId>,
}

impl ListShortages {
    /// Reads the filters of an address: `solved`, `store`, `after`.
    pub fn from_fields(fields: &Fields) -> Self {
        Self {
            solved: fields.given("solved").is_some(),
            store: fields.text("store").parse().ok(),
            most: 0,
            after: fields.text("after").parse().ok(),
        }
    }

    /// The filters as an address has them, but for where the page begins.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        vec![
            ("solved", if self.solved { "1".into() } else { String::new() }),
            ("store", self.store.map(|id| id.to_string()).unwrap_or_default()),
        ]
    }
}

impl Shortage {
    /// Whether its time is over, and it waits for a person all the same.
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        self.solved_at.is_none() && self.short > 0 && self.waits_until <= now
    }
}

/// Lets a case wait: the missing pieces are on their way, or the shoppers were called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct LetWait {
    /// For so many hours from now, 1 to 336.
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 336))]
    pub hours: i64,
    /// What is being done about it.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 200, pattern = r"\S"))]
    pub note: String,
}

impl LetWait {
    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `hours` or `note`.
    pub fn check(&self) -> Result<(), Fault> {
        if !(1..=LONGEST_WAIT_HOURS).contains(&self.hours) {
            return Err(Fault::invalid("hours", "请填写 1 到 336 小时"));
        }
        let note = self.note.trim();
        if note.is_empty() || note.chars().count() > NOTE_MOST {
            return Err(Fault::invalid("note", "请写明怎么处理（200 字以内），例如：仓库今晚补货"));
        }
        Ok(())
    }

    /// Reads the command from a form: `hours`, `note`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let hours = read.parse("hours", "请填写 1 到 336 小时");
        let note = read.text("note", NOTE_MOST);
        let wait = read.finish(|| Some(Self { hours: hours?, note: note? }))?;
        wait.check()?;
        Ok(wait)
    }
}
