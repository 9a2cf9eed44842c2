//! What is broken, expired, stolen or given away 报损: reported, decided, booked (K4).

mod list;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    Fault, Fen, Fields, LocationId, LossId, SkuId,
    approvals::{REASON_MOST, checked_reason},
    counts::DecideAlone,
    files::Photo,
    stores::words,
};
pub use list::{LOSSES_MOST, ReportLosses, loss_fields, without_loss_lines};

/// How far a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum LossState {
    /// Waits for a decision.
    Reported,
    /// Booked.
    Approved,
    /// Turned down; nothing was booked.
    Rejected,
    /// Taken back by whoever reported it.
    Withdrawn,
}

words!(LossState:
    Reported = "reported" / "待审批", Approved = "approved" / "已入账", Rejected = "rejected" / "已驳回",
    Withdrawn = "withdrawn" / "已撤回");

/// What is done about a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossAct {
    /// Agreed to.
    Approve,
    /// Turned down.
    Reject,
    /// Taken back.
    Withdraw,
}

words!(LossAct: Approve = "approve" / "通过", Reject = "reject" / "驳回", Withdraw = "withdraw" / "撤回");

impl LossState {
    /// The transition table: where `act` leads from here; `None` where it is not allowed.
    pub fn after(self, act: LossAct) -> Option<Self> {
        match (self, act) {
            (Self::Reported, LossAct::Approve) => Some(Self::Approved),
            (Self::Reported, LossAct::Reject) => Some(Self::Rejected),
            (Self::Reported, LossAct::Withdraw) => Some(Self::Withdrawn),
            _ => None,
        }
    }
}

/// Why pieces are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum LossKind {
    /// Broken, spilt, spoilt.
    Broken,
    /// Past its date.
    Expired,
    /// Stolen.
    Stolen,
    /// Given to be tried.
    Tasting,
    /// Used by the store itself.
    OwnUse,
    /// Something else, as the reason says.
    Other,
}

words!(LossKind:
    Broken = "broken" / "破损", Expired = "expired" / "过期", Stolen = "stolen" / "失窃", Tasting = "tasting" / "试吃",
    OwnUse = "own_use" / "自用", Other = "other" / "其他");

/// The most pieces of one report.
pub const QUANTITY_MOST: i64 = 100_000;
/// The most pictures of one report.
pub const LOSS_PHOTOS_MOST: usize = 6;

/// Reports a loss.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ReportLoss {
    /// Made by the client: the same request again reports nothing.
    pub id: LossId,
    /// At which store or warehouse.
    pub location_id: LocationId,
    /// Of which variant.
    pub sku_id: SkuId,
    /// How many pieces.
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 100_000))]
    pub quantity: i64,
    /// Why they are gone.
    pub kind: LossKind,
    /// How it came about, for whoever decides.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 200, pattern = r"\S"))]
    pub reason: String,
    /// Of which batch they are, by its code; the one that ends first where nothing is said.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 40))]
    pub batch: Option<String>,
}

const ASK_QUANTITY: &str = "请填写 1 到 100,000 件";
const ASK_REASON: &str = "请写明原因（200 字以内），审批人会看到";

impl ReportLoss {
    /// Refuses what a form would not let through: the same rules for whoever sends JSON.
    ///
    /// Faults: `Invalid` beside `quantity` or `reason`.
    pub fn check(&self) -> Result<(), Fault> {
        if !(1..=QUANTITY_MOST).contains(&self.quantity) {
            return Err(Fault::invalid("quantity", ASK_QUANTITY));
        }
        checked_reason("reason", &self.reason, ASK_REASON).map(drop)
    }

    /// Reads the command from a form: `key`, `location`, `sku`, `quantity`, `kind`, `reason`, `batch`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let id = read.parse("key", "请刷新页面后再试");
        let location_id = read.parse("location", "请选择门店或仓库");
        let sku_id = read.parse("sku", "请选择商品");
        let quantity = read.parse("quantity", ASK_QUANTITY);
        if quantity.is_some_and(|quantity| !(1..=QUANTITY_MOST).contains(&quantity)) {
            read.complain("quantity", ASK_QUANTITY);
        }
        let kind = LossKind::from_code(fields.text("kind"));
        if kind.is_none() {
            read.complain("kind", "请选择报损类型");
        }
        if fields.text("reason").is_empty() {
            read.complain("reason", ASK_REASON);
        }
        let reason = read.text("reason", REASON_MOST);
        read.finish(|| {
            Some(Self {
                id: id?,
                location_id: location_id?,
                sku_id: sku_id?,
                quantity: quantity?,
                kind: kind?,
                reason: reason?,
                batch: fields.given("batch").map(str::to_owned),
            })
        })
    }
}

/// Which reports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListLosses {
    /// Only those that wait for whoever asks.
    pub waiting: bool,
    /// Only in this state.
    pub state: Option<LossState>,
    /// Only of this kind.
    pub kind: Option<LossKind>,
    /// Only of this store or warehouse.
    pub location: Option<LocationId>,
    /// How many at most; 1 to 100.
    pub most: usize,
    /// Where to read on.
    pub after: Option<LossId>,
}

impl ListLosses {
    /// Reads the filters of an address: `waiting`, `state`, `kind`, `location`, `after`.
    pub fn from_fields(fields: &Fields) -> Self {
        Self {
            waiting: fields.given("waiting").is_some(),
            state: LossState::from_code(fields.text("state")),
            kind: LossKind::from_code(fields.text("kind")),
            location: fields.text("location").parse().ok(),
            most: 0,
            after: fields.text("after").parse().ok(),
        }
    }

    /// The filters as an address has them, but for where the page begins.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        vec![
            ("waiting", if self.waiting { "1".into() } else { String::new() }),
            ("state", self.state.map_or("", LossState::code).to_owned()),
            ("kind", self.kind.map_or("", LossKind::code).to_owned()),
            ("location", self.location.map(|id| id.to_string()).unwrap_or_default()),
        ]
    }
}

/// A report as a list shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct LossCard {
    /// Its identity.
    pub id: LossId,
    /// As people say it: `BS000012`.
    pub number: String,
    /// At which store or warehouse.
    pub location_id: LocationId,
    /// What that is called.
    pub location_name: String,
    /// The variant, for people: `珍珠奶茶 · 中杯`.
    pub subject: String,
    /// Its code.
    pub code: String,
    /// How many pieces.
    pub quantity: i64,
    /// What they are worth at the place's price.
    pub value_fen: Fen,
    /// What they had cost there; nothing where nobody knows, or for who may not see costs there.
    pub cost_fen: Option<Fen>,
    /// Why they are gone.
    pub kind: LossKind,
    /// How it came about.
    pub reason: String,
    /// Of which batch they are, where somebody said so.
    pub batch: Option<String>,
    /// How far it is.
    pub state: LossState,
    /// Whether it is too much for the place to decide itself.
    pub above: bool,
    /// Up to where the place decided itself when it was reported; nothing of reports from before that was kept.
    #[serde(default)]
    pub alone: Option<DecideAlone>,
    /// Whether these were the place's own limits, and not head office's of all; nothing where it was not kept.
    #[serde(default)]
    pub alone_own: Option<bool>,
    /// Who reported it.
    pub reported_by: String,
    /// When.
    pub reported_at: DateTime<Utc>,
    /// Whether whoever asks reported it.
    pub mine: bool,
    /// Whether whoever asks can decide on it now.
    pub may_decide: bool,
}

/// A report's own page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct LossView {
    /// What a list shows of it.
    #[serde(flatten)]
    pub card: LossCard,
    /// Pictures of it, in the order in which they came; for staff alone.
    pub photos: Vec<Photo>,
    /// Who decided on it, where somebody did.
    pub decided_by: Option<String>,
    /// In whose place.
    pub in_place_of: Option<String>,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// Why, where somebody said so.
    pub note: String,
    /// How many pieces the books say there are now.
    pub on_hand: i64,
    /// Other reports of the same goods there on which nobody has decided; at most 20, the newest first.
    pub others: Vec<OtherLoss>,
}

/// A report beside another: it may be of the same pieces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct OtherLoss {
    /// Its id.
    pub id: LossId,
    /// How many pieces.
    pub quantity: i64,
    /// Why.
    pub kind: LossKind,
    /// Who reported it.
    pub reported_by: String,
    /// When.
    pub reported_at: DateTime<Utc>,
}

/// What was lost for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct LossFigure {
    /// Which.
    pub kind: LossKind,
    /// How many reports were booked.
    pub reports: i64,
    /// How many pieces.
    pub pieces: i64,
    /// What they were worth.
    pub value_fen: Fen,
    /// What they had cost, as far as somebody knows and whoever asks may see it.
    pub cost_fen: Option<Fen>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_decided_or_taken_back_stays_so() {
        for state in LossState::ALL {
            let leads = LossAct::ALL.iter().filter_map(|act| state.after(*act)).count();
            assert_eq!(leads == 0, *state != LossState::Reported, "{state:?}");
        }
    }

    #[test]
    fn every_mistake_of_a_report_is_told_at_once() {
        let pairs = [("quantity", "-3"), ("kind", "vanished")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let fault = ReportLoss::from_fields(&Fields(pairs.into())).unwrap_err();
        let named: Vec<_> = fault.complaints().iter().map(|one| one.field.as_str()).collect();
        assert_eq!(named, ["key", "location", "sku", "quantity", "kind", "reason"]);
    }
}
