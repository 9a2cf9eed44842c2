//! After-sales (D4): what may be asked for once the goods were handed over, how far it is, and what goes back.
//!
//! - `share`: what of a line's price belongs to some of its pieces, exact to the fen
//! - `book`: what head office says of that
//! - `terms`: how long what may be asked for, by category
//! - `weigh`: what a request comes to, or what is wrong with it
//! - `came`: what came back of it, in which state, and what that is worth
//! - `money`: how much of an order's money is left to go back
//! - `commands`: what people send
//! - `post`: goods that come by post
//! - `refund`: what head office pays back without anybody asking
//! - `store_proofs`: pictures of what came back
//! - `views`: what they see

mod book;
mod came;
mod commands;
mod money;
mod post;
mod refund;
mod share;
mod store_proofs;
mod terms;
mod views;
mod weigh;

pub use book::{CategoryTerms, FIELDS as TERMS_FIELDS, SetTerms, TermsBook};
pub use came::{
    AskedLine, Came, MissingLine, ReceiveReturn, ReceivedLine, TurnAwayReturn, received_lines, what_came, worth_of,
};
pub use commands::{
    DecideAfterSales, ListAfterSales, NOTE_MOST, QuoteAfterSales, RequestAfterSales, RequestedLine, ReturnCode,
};
pub use money::{OrderMoney, cap};
pub use post::{
    ArriveReturn, ExchangeAddress, PostReturn, PostedReturn, RefuseArrived, ReturnAddress, ReturnsByPost, SendExchange,
    SentExchange,
};
pub use refund::{RefundOrder, Refundable, RefundableLine, RefundedLine};
pub use share::{Taken, share};
pub use store_proofs::{STORE_PROOFS_MOST, StoreProof, checked_proof_note};
pub use terms::Terms;
pub use views::{
    AfterSalesCard, AfterSalesCounts, AfterSalesLine, AfterSalesOptions, AfterSalesQuote, AfterSalesStep,
    AfterSalesView, ClaimableLine, Counter, KindUntil, RefundProgress, Swap,
};
pub use weigh::{Weighed, weigh};

use serde::{Deserialize, Serialize};

use crate::stores::words;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum AfterSalesKind {
    /// The money back; the goods stay where they are.
    RefundOnly,
    /// The goods go back, and then the money.
    Return,
    /// The goods go back, and others come in their place.
    Exchange,
}

words!(AfterSalesKind:
    RefundOnly = "refund_only" / "仅退款", Return = "return" / "退货退款", Exchange = "exchange" / "换货");

impl AfterSalesKind {
    /// Whether the goods must come back first.
    pub fn brings_goods(self) -> bool {
        self != Self::RefundOnly
    }
}

/// How far a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum AfterSalesState {
    /// Waits for the store that sold.
    Requested,
    /// Agreed to; the goods are to be brought to a store.
    Agreed,
    /// Turned down by the store; head office may be asked.
    Refused,
    /// Waits for head office.
    Appealed,
    /// Turned down by head office, for good.
    Dismissed,
    /// A store has the goods; money or other goods follow in the same moment.
    Received,
    /// The money is on its way back, or there.
    Refunded,
    /// Other goods were given.
    Exchanged,
    /// Taken back by whoever asked, or over because head office paid its pieces back instead.
    Withdrawn,
    /// The goods were not brought in time.
    Expired,
}

words!(AfterSalesState:
    Requested = "requested" / "待门店处理", Agreed = "agreed" / "待退回商品", Refused = "refused" / "门店已拒绝",
    Appealed = "appealed" / "总部仲裁中", Dismissed = "dismissed" / "总部已驳回", Received = "received" / "已收货",
    Refunded = "refunded" / "已退款", Exchanged = "exchanged" / "已换货", Withdrawn = "withdrawn" / "已撤销",
    Expired = "expired" / "已过期");

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum AfterSalesAct {
    /// The shopper asks, or staff in their name.
    Request,
    /// The store agrees.
    Agree,
    /// The store turns it down.
    Refuse,
    /// A counter turns the goods away as it sees them: they are not what was agreed on.
    TurnAway,
    /// The shopper asks head office.
    Appeal,
    /// The store did not answer in time, or did not say that what was sent has come, so head office is asked.
    Escalate,
    /// Head office agrees.
    Uphold,
    /// Head office turns it down.
    Dismiss,
    /// The shopper has sent the goods, or says so of another parcel.
    Post,
    /// They have arrived, of an exchange that waits for the shopper.
    Arrive,
    /// A store takes the goods.
    Receive,
    /// The money goes back.
    Refund,
    /// Other goods are given.
    Exchange,
    /// Whoever asked takes it back.
    Withdraw,
    /// The time to bring the goods is over.
    Expire,
    /// It had been turned down, and head office pays its pieces back all the same, under a request of its own.
    Supersede,
}

words!(AfterSalesAct:
    Request = "request" / "提交申请", Agree = "agree" / "门店同意", Refuse = "refuse" / "门店拒绝", TurnAway = "turn_away" / "门店拒收",
    Appeal = "appeal" / "申请总部仲裁", Escalate = "escalate" / "门店超时未处理，转总部",
    Uphold = "uphold" / "总部支持申请", Dismiss = "dismiss" / "总部维持拒绝", Post = "post" / "寄回商品",
    Arrive = "arrive" / "寄回的商品已到店", Receive = "receive" / "门店收到商品",
    Refund = "refund" / "发起退款", Exchange = "exchange" / "换出商品", Withdraw = "withdraw" / "撤销申请",
    Expire = "expire" / "超时未退回，已关闭", Supersede = "supersede" / "总部直接退款，本申请结束");

impl AfterSalesState {
    /// The transition table: where `act` leads a request of this kind from here; what is not in it may not happen.
    pub fn after(self, kind: AfterSalesKind, act: AfterSalesAct) -> Option<Self> {
        use AfterSalesAct as Act;
        use AfterSalesKind::{Exchange, RefundOnly, Return};
        Some(match (self, act) {
            (Self::Requested, Act::Agree) => Self::Agreed,
            (Self::Requested | Self::Agreed, Act::Refuse) => Self::Refused,
            (Self::Agreed, Act::TurnAway) if kind.brings_goods() => Self::Refused,
            (Self::Requested | Self::Agreed, Act::Escalate) | (Self::Refused, Act::Appeal) => Self::Appealed,
            (Self::Appealed, Act::Uphold) => Self::Agreed,
            (Self::Appealed, Act::Dismiss) => Self::Dismissed,
            (Self::Agreed, Act::Refund) if kind == RefundOnly => Self::Refunded,
            (Self::Agreed, Act::Post) if kind.brings_goods() => Self::Agreed,
            (Self::Agreed, Act::Arrive) if kind == Exchange => Self::Agreed,
            (Self::Agreed, Act::Receive) if kind.brings_goods() => Self::Received,
            (Self::Received, Act::Refund) if kind == Return => Self::Refunded,
            (Self::Received, Act::Exchange) if kind == Exchange => Self::Exchanged,
            (Self::Requested | Self::Agreed | Self::Refused | Self::Appealed, Act::Withdraw) => Self::Withdrawn,
            (Self::Agreed, Act::Expire) => Self::Expired,
            (Self::Refused | Self::Dismissed, Act::Supersede) => Self::Withdrawn,
            _ => return None,
        })
    }

    /// Whether it was turned down: head office may pay its pieces back all the same.
    pub fn is_turned_down(self) -> bool {
        matches!(self, Self::Refused | Self::Dismissed)
    }

    /// Whether its pieces can be asked for again: what was decided for good cannot.
    pub fn frees_pieces(self) -> bool {
        matches!(self, Self::Withdrawn | Self::Expired)
    }

    /// Whether something is still to happen to it.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Requested | Self::Agreed | Self::Appealed | Self::Received)
    }

    /// Whether pictures may still be added to it, by the shopper and by those who handle it: of what the store turned
    /// down head office may be asked.
    pub fn takes_proofs(self) -> bool {
        self.is_open() || self == Self::Refused
    }
}

/// Why something is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum AfterSalesReason {
    /// It is bad or broken.
    Quality,
    /// Something lacks.
    Missing,
    /// It is not what was ordered, or not as described.
    Wrong,
    /// It is not wanted any more.
    Unwanted,
    /// What the note says.
    Other,
}

words!(AfterSalesReason:
    Quality = "quality" / "质量问题", Missing = "missing" / "少件、漏做", Wrong = "wrong" / "做错、与描述不符",
    Unwanted = "unwanted" / "不想要了", Other = "other" / "其他原因");

/// In which state goods came back, and so where they go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum Condition {
    /// As new: on the shelf again.
    Restock,
    /// Spoilt: booked in, and out again as a loss.
    Scrap,
    /// For the supplier: booked in and out again, and set apart until the supplier takes it.
    Supplier,
}

words!(Condition: Restock = "restock" / "完好，重新上架", Scrap = "scrap" / "损坏，报损", Supplier = "supplier" / "退供应商，单独存放");

/// Which part of the requests a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum AfterSalesTab {
    /// The store is to decide.
    Waiting,
    /// Agreed to, the goods are still to come.
    Coming,
    /// Head office is to decide.
    Appeals,
    /// Nothing more is to be done.
    Done,
}

words!(AfterSalesTab: Waiting = "waiting" / "待处理", Coming = "coming" / "待退回", Appeals = "appeals" / "总部仲裁", Done = "done" / "已结束");

impl AfterSalesTab {
    /// The states it shows.
    pub fn states(self) -> &'static [AfterSalesState] {
        use AfterSalesState::*;
        match self {
            Self::Waiting => &[Requested],
            Self::Coming => &[Agreed, Received],
            Self::Appeals => &[Appealed],
            Self::Done => &[Refused, Dismissed, Refunded, Exchanged, Withdrawn, Expired],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_never_goes_back_before_somebody_agreed_nor_before_the_goods_came() {
        for &kind in AfterSalesKind::ALL {
            for &state in AfterSalesState::ALL {
                for act in [AfterSalesAct::Refund, AfterSalesAct::Exchange] {
                    let ready = match (kind, act) {
                        (AfterSalesKind::RefundOnly, AfterSalesAct::Refund) => state == AfterSalesState::Agreed,
                        (AfterSalesKind::Return, AfterSalesAct::Refund)
                        | (AfterSalesKind::Exchange, AfterSalesAct::Exchange) => state == AfterSalesState::Received,
                        _ => false,
                    };
                    assert_eq!(state.after(kind, act).is_some(), ready, "{kind:?} {state:?} {act:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_settled_stays_so() {
        use AfterSalesState::*;
        for state in [Dismissed, Refunded, Exchanged, Withdrawn, Expired] {
            for &kind in AfterSalesKind::ALL {
                let mut acts = AfterSalesAct::ALL.iter().filter(|&&act| act != AfterSalesAct::Supersede);
                assert!(acts.all(|&act| state.after(kind, act).is_none()), "{state:?}");
                let may_be_paid_back = state.after(kind, AfterSalesAct::Supersede).is_some();
                assert_eq!(may_be_paid_back, state.is_turned_down(), "{state:?}");
            }
        }
        assert_eq!(
            Refused.after(AfterSalesKind::Return, AfterSalesAct::Agree),
            None,
            "only head office turns a refusal"
        );
    }

    #[test]
    fn pictures_come_for_as_long_as_somebody_may_decide() {
        for &state in AfterSalesState::ALL {
            let decides =
                [AfterSalesAct::Agree, AfterSalesAct::Receive, AfterSalesAct::Refund, AfterSalesAct::Exchange]
                    .into_iter()
                    .chain([AfterSalesAct::Appeal, AfterSalesAct::Uphold]);
            let mut decides =
                decides.flat_map(|act| AfterSalesKind::ALL.iter().map(move |&kind| state.after(kind, act)));
            assert_eq!(state.takes_proofs(), decides.any(|next| next.is_some()), "{state:?}");
        }
    }

    #[test]
    fn every_state_is_on_exactly_one_tab() {
        for state in AfterSalesState::ALL {
            let tabs = AfterSalesTab::ALL.iter().filter(|tab| tab.states().contains(state)).count();
            assert_eq!(tabs, 1, "{state:?}");
        }
    }
}
