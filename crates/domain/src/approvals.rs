//! What a store proposes and somebody above it decides (O4): one mechanism for everything that needs a second
//! pair of eyes.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Fault, Fen, Fields, ProposalId, SkuId, StaffId, StoreId, stores::words};

/// How far a proposal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum ProposalState {
    /// Kept for later; only its author sees it.
    Draft,
    /// Waits for a decision.
    Submitted,
    /// Agreed to, and done.
    Approved,
    /// Turned down.
    Rejected,
    /// Taken back by its author.
    Withdrawn,
    /// Nobody decided in time.
    Expired,
}

words!(ProposalState:
    Draft = "draft" / "草稿", Submitted = "submitted" / "待审批", Approved = "approved" / "已通过",
    Rejected = "rejected" / "已驳回", Withdrawn = "withdrawn" / "已撤回", Expired = "expired" / "已过期");

/// What happens to a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum ProposalAct {
    /// Written down.
    Draft,
    /// Put before whoever decides.
    Submit,
    /// Agreed to.
    Approve,
    /// Turned down.
    Reject,
    /// Taken back.
    Withdraw,
    /// Its time is over.
    Expire,
}

words!(ProposalAct:
    Draft = "draft" / "填写", Submit = "submit" / "提交", Approve = "approve" / "通过", Reject = "reject" / "驳回",
    Withdraw = "withdraw" / "撤回", Expire = "expire" / "过期");

impl ProposalState {
    /// The transition table: where `act` leads from here; `None` where it is not allowed.
    pub fn after(self, act: ProposalAct) -> Option<Self> {
        use ProposalAct as Act;
        match (self, act) {
            (Self::Draft, Act::Submit) => Some(Self::Submitted),
            (Self::Draft | Self::Submitted, Act::Withdraw) => Some(Self::Withdrawn),
            (Self::Submitted, Act::Approve) => Some(Self::Approved),
            (Self::Submitted, Act::Reject) => Some(Self::Rejected),
            (Self::Submitted, Act::Expire) => Some(Self::Expired),
            _ => None,
        }
    }
}

/// The kinds of what can be proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum ProposalKind {
    /// Another price at the store.
    Price,
    /// More or fewer pieces than the books say.
    Adjustment,
}

words!(ProposalKind: Price = "price" / "门店调价", Adjustment = "adjustment" / "库存调整");

/// What is proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum Proposed {
    /// The store's price of a variant becomes another.
    Price {
        /// Which variant.
        sku_id: SkuId,
        /// The new price, 0.01 to 99,999.99 yuan.
        #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 9_999_999))]
        price_fen: Fen,
    },
    /// The store has more or fewer pieces of a variant on its shelf than the books say.
    Adjustment {
        /// Which variant.
        sku_id: SkuId,
        /// How many more; negative for fewer. Never 0.
        #[cfg_attr(feature = "api", schema(minimum = -100_000, maximum = 100_000))]
        difference: i64,
    },
}

/// The highest price that can be proposed.
const PRICE_MOST: Fen = Fen(9_999_999);
/// The largest difference that can be proposed, in pieces.
const DIFFERENCE_MOST: i64 = 100_000;
/// The longest reason or note, in characters.
pub const REASON_MOST: usize = 200;

impl Proposed {
    /// Of which kind it is.
    pub fn kind(&self) -> ProposalKind {
        match self {
            Self::Price { .. } => ProposalKind::Price,
            Self::Adjustment { .. } => ProposalKind::Adjustment,
        }
    }

    /// Which variant it is about.
    pub fn sku_id(&self) -> SkuId {
        match self {
            Self::Price { sku_id, .. } | Self::Adjustment { sku_id, .. } => *sku_id,
        }
    }

    /// How it would be afterwards where it is `now` so: a price in fen, or pieces on the shelf.
    pub fn applied_to(&self, now: i64) -> Option<i64> {
        match self {
            Self::Price { price_fen, .. } => Some(price_fen.0),
            Self::Adjustment { difference, .. } => now.checked_add(*difference),
        }
    }

    /// A value of this kind as people read it.
    pub fn in_words(&self, value: i64) -> String {
        match self {
            Self::Price { .. } => Fen(value).to_string(),
            Self::Adjustment { .. } => format!("{value} 件"),
        }
    }

    fn complaint(&self) -> Option<(&'static str, &'static str)> {
        match *self {
            Self::Price { price_fen, .. } if price_fen < Fen(1) || price_fen > PRICE_MOST => {
                Some(("price", "请填写 0.01 到 99,999.99 元的价格"))
            }
            Self::Adjustment { difference, .. } if difference == 0 || difference.abs() > DIFFERENCE_MOST => {
                Some(("difference", "请填写差异数量，例如 -3 或 5，不能为 0"))
            }
            _ => None,
        }
    }
}

/// Proposes something for a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Propose {
    /// Made by the client: the same request again makes no second proposal.
    pub id: ProposalId,
    /// For which store.
    pub store_id: StoreId,
    /// What.
    pub what: Proposed,
    /// Why, for whoever decides.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 200, pattern = r"\S"))]
    pub reason: String,
    /// Whether it is only kept for later.
    #[serde(default)]
    pub draft: bool,
}

impl Propose {
    /// Refuses what a form would not let through: the same rules for whoever sends JSON.
    ///
    /// Faults: `Invalid` beside `price`, `difference` or `reason`.
    pub fn check(&self) -> Result<(), Fault> {
        if let Some((field, reason)) = self.what.complaint() {
            return Err(Fault::invalid(field, reason));
        }
        checked_reason("reason", &self.reason, "请写明原因（200 字以内），审批人会看到").map(drop)
    }

    /// Reads the command from a form: `key`, `store`, `sku`, `kind` with `price` in yuan or `difference`, `reason`,
    /// and `draft`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let id = read.parse("key", "请刷新页面后再试");
        let store_id = read.parse("store", "请选择门店");
        let sku_id: Option<SkuId> = read.parse("sku", "请选择商品");
        let what = match ProposalKind::from_code(fields.text("kind")) {
            Some(ProposalKind::Price) => {
                let price = Fen::typed(fields.text("price"));
                if price.is_none() {
                    read.complain("price", "请填写 0.01 到 99,999.99 元的价格");
                }
                price.zip(sku_id).map(|(price_fen, sku_id)| Proposed::Price { sku_id, price_fen })
            }
            Some(ProposalKind::Adjustment) => {
                let difference = read.parse("difference", "请填写差异数量，例如 -3 或 5，不能为 0");
                difference.zip(sku_id).map(|(difference, sku_id)| Proposed::Adjustment { sku_id, difference })
            }
            None => {
                read.complain("kind", "请选择要申请什么");
                None
            }
        };
        if fields.text("reason").is_empty() {
            read.complain("reason", "请写明原因（200 字以内），审批人会看到");
        }
        let reason = read.text("reason", REASON_MOST);
        let draft = fields.given("draft").is_some();
        read.finish(|| Some(Self { id: id?, store_id: store_id?, what: what?, reason: reason?, draft }))
    }
}

/// A reason without space around it.
///
/// Faults: `Invalid` beside `field`, with `message`, where it is empty or too long.
pub fn checked_reason<'a>(field: &str, reason: &'a str, message: &str) -> Result<&'a str, Fault> {
    let reason = reason.trim();
    let fits = !reason.is_empty() && reason.chars().count() <= REASON_MOST;
    if fits { Ok(reason) } else { Err(Fault::invalid(field, message)) }
}

/// Decides on a proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Decide {
    /// Whether it is agreed to.
    pub approve: bool,
    /// For the store; needed where it is turned down.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 200))]
    pub note: String,
}

impl Decide {
    /// Reads the command from a form: `verdict` (`approve`, `reject`) and `note`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let approve = match fields.text("verdict") {
            "approve" => true,
            "reject" => false,
            _ => return Err(Fault::invalid("verdict", "请选择通过或驳回")),
        };
        Ok(Self { approve, note: fields.text("note").to_owned() })
    }

    /// The note, where it fits the decision.
    ///
    /// Faults: `Invalid` beside `note`.
    pub fn checked_note(&self) -> Result<&str, Fault> {
        if self.approve && self.note.trim().is_empty() {
            return Ok("");
        }
        checked_reason("note", &self.note, "请写明驳回原因（200 字以内），门店会看到")
    }
}

/// Which proposals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListProposals {
    /// Only those that wait for whoever asks.
    pub waiting: bool,
    /// Only in this state.
    pub state: Option<ProposalState>,
    /// Only of this kind.
    pub kind: Option<ProposalKind>,
    /// Only of this store.
    pub store: Option<StoreId>,
    /// How many at most; 1 to 100.
    pub most: usize,
    /// Where to read on.
    pub after: Option<ProposalId>,
}

impl ListProposals {
    /// Reads the filters of an address: `waiting`, `state`, `kind`, `store`, `after`.
    pub fn from_fields(fields: &Fields) -> Self {
        Self {
            waiting: fields.given("waiting").is_some(),
            state: ProposalState::from_code(fields.text("state")),
            kind: ProposalKind::from_code(fields.text("kind")),
            store: fields.text("store").parse().ok(),
            most: 0,
            after: fields.text("after").parse().ok(),
        }
    }

    /// The filters as an address has them, but for where the page begins.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        vec![
            ("waiting", if self.waiting { "1".into() } else { String::new() }),
            ("state", self.state.map_or("", ProposalState::code).to_owned()),
            ("kind", self.kind.map_or("", ProposalKind::code).to_owned()),
            ("store", self.store.map(|id| id.to_string()).unwrap_or_default()),
        ]
    }
}

/// A proposal as a list shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ProposalCard {
    /// Its identity.
    pub id: ProposalId,
    /// As people say it: `SQ000012`.
    pub number: String,
    /// What is proposed.
    pub what: Proposed,
    /// How far it is.
    pub state: ProposalState,
    /// For which store.
    pub store_id: StoreId,
    /// What the store is called.
    pub store_name: String,
    /// The variant, for people: `珍珠奶茶 · 中杯`.
    pub subject: String,
    /// How it was when it was proposed: a price in fen, or pieces on the shelf.
    pub before: i64,
    /// Why.
    pub reason: String,
    /// Who proposes.
    pub proposed_by: String,
    /// Whether whoever asks proposes it.
    pub mine: bool,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// Until when it can be decided on; nothing for a draft.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether whoever asks can decide on it now.
    pub may_decide: bool,
}

impl ProposalCard {
    /// How it was before, for people.
    pub fn from_words(&self) -> String {
        self.what.in_words(self.before)
    }

    /// How it is to be, for people.
    pub fn to_words(&self) -> String {
        self.what.applied_to(self.before).map(|value| self.what.in_words(value)).unwrap_or_default()
    }
}

/// One thing that happened to a proposal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ProposalStep {
    /// What.
    pub act: ProposalAct,
    /// Where it led.
    pub state: ProposalState,
    /// When.
    pub at: DateTime<Utc>,
    /// Who, for people: a name, or `系统`.
    pub by: String,
    /// In whose place, where somebody stood in for another.
    pub in_place_of: Option<String>,
    /// Why, where somebody said so.
    pub note: String,
}

/// A proposal's own page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ProposalView {
    /// What a list shows of it.
    #[serde(flatten)]
    pub card: ProposalCard,
    /// How it is at this moment: a price in fen, or pieces on the shelf; nothing where the store no longer has the
    /// variant.
    pub now: Option<i64>,
    /// What happened, oldest first.
    pub steps: Vec<ProposalStep>,
}

/// A variant for which something can be proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ProposalSubject {
    /// Which variant.
    pub sku_id: SkuId,
    /// Its name for people: `珍珠奶茶 · 中杯`.
    pub name: String,
    /// Its code.
    pub code: String,
    /// The store's price.
    pub price_fen: Fen,
    /// Pieces on the store's shelf.
    pub on_hand: i64,
}

/// Lets somebody decide in one's place for some days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Delegate {
    /// Made by the client: the same request again makes no second delegation.
    pub id: Uuid,
    /// The account of whoever stands in.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 32))]
    pub account: String,
    /// The last day, in China; at most 90 days from now.
    pub until: NaiveDate,
}

impl Delegate {
    /// Reads the command from a form: `key`, `account`, `until`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let id = read.parse("key", "请刷新页面后再试");
        let account = read.text("account", 32);
        if account.as_deref() == Some("") {
            read.complain("account", "请填写代为审批的同事的账号");
        }
        let until = read.parse("until", "请选择日期");
        read.finish(|| Some(Self { id: id?, account: account?, until: until? }))
    }
}

/// A delegation, as both sides see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Delegation {
    /// Its identity.
    pub id: Uuid,
    /// In whose place.
    pub from_id: StaffId,
    /// Their name.
    pub from: String,
    /// Who stands in.
    pub to: String,
    /// Until when.
    pub ends_at: DateTime<Utc>,
    /// Whether it is of whoever asks, who can take it back.
    pub mine: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_decided_withdrawn_or_expired_stays_so() {
        for state in ProposalState::ALL {
            let ends = !matches!(state, ProposalState::Draft | ProposalState::Submitted);
            let leads = ProposalAct::ALL.iter().filter_map(|act| state.after(*act)).count();
            assert_eq!(leads == 0, ends, "{state:?}");
        }
        assert_eq!(ProposalState::Draft.after(ProposalAct::Approve), None, "nobody decides on a draft");
    }

    #[test]
    fn every_mistake_of_a_proposal_is_told_at_once() {
        let fields = |pairs: &[(&str, &str)]| {
            Fields(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        };
        let fault = Propose::from_fields(&fields(&[("kind", "price"), ("price", "十二")])).unwrap_err();
        let named: Vec<_> = fault.complaints().iter().map(|one| one.field.as_str()).collect();
        assert_eq!(named, ["key", "store", "sku", "price", "reason"]);
        let id = Uuid::nil().to_string();
        let good = [
            ("key", id.as_str()),
            ("store", &id),
            ("sku", &id),
            ("kind", "price"),
            ("price", "12.8"),
            ("reason", "临期"),
        ];
        let read = Propose::from_fields(&fields(&good)).unwrap();
        assert_eq!(read.what, Proposed::Price { sku_id: SkuId(Uuid::nil()), price_fen: Fen(1280) });
        assert!(read.check().is_ok());
    }

    #[test]
    fn nothing_a_form_would_refuse_is_taken_from_json() {
        let propose = |what| Propose {
            id: ProposalId(Uuid::nil()),
            store_id: StoreId(Uuid::nil()),
            what,
            reason: "盘点".into(),
            draft: false,
        };
        let sku_id = SkuId(Uuid::nil());
        for price in [-1, 0, 10_000_000, i64::MAX] {
            assert!(propose(Proposed::Price { sku_id, price_fen: Fen(price) }).check().is_err(), "{price}");
        }
        for difference in [0, 100_001, -100_001, i64::MAX] {
            assert!(propose(Proposed::Adjustment { sku_id, difference }).check().is_err(), "{difference}");
        }
        assert!(
            Propose { reason: "  ".into(), ..propose(Proposed::Adjustment { sku_id, difference: 1 }) }.check().is_err()
        );
        assert!(Decide { approve: false, note: " ".into() }.checked_note().is_err());
        assert_eq!(Decide { approve: true, note: " ".into() }.checked_note(), Ok(""));
    }
}
