//! What people see.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    AfterSalesAct, AfterSalesKind, AfterSalesReason, AfterSalesState, Came, Condition, MissingLine, PostedReturn,
    ReturnAddress, StoreProof,
};
use crate::{AfterSalesId, Fen, OrderId, Quantity, SkuId, StoreId, files::Photo, refunds};

/// What may be asked for, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct KindUntil {
    /// What.
    pub kind: AfterSalesKind,
    /// Until when.
    pub until: DateTime<Utc>,
}

/// A variant that can come in exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Swap {
    /// Which variant.
    pub sku_id: SkuId,
    /// `大杯`.
    pub spec: String,
    /// Its price at the store that sold.
    pub price_fen: Fen,
}

/// A line of an order, or what came in exchange for pieces of it, and what of it can still be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ClaimableLine {
    /// The line, counted from 1. What came in exchange for something else has a number beyond the order's own.
    pub line: i32,
    /// Which variant.
    pub sku_id: SkuId,
    /// The product's name.
    pub name: String,
    /// `大杯`, or empty.
    pub spec: String,
    /// `七分糖、少冰、珍珠`, or empty.
    pub options_text: String,
    /// The stem of the picture's file name.
    pub picture: String,
    /// How many were bought, or came.
    pub quantity: Quantity,
    /// What was paid for all of them, with their share of every discount, and less what went back as they came in exchange.
    pub paid_fen: Fen,
    /// How many can still be asked for.
    pub rest: i64,
    /// What is asked back or went back already.
    pub taken_fen: Fen,
    /// What may be asked for, each until its time.
    pub kinds: Vec<KindUntil>,
    /// What can come in exchange.
    pub swaps: Vec<Swap>,
    /// The order's line that was bought, where these came in exchange for pieces of it.
    #[serde(default)]
    pub came_for: Option<i32>,
}

/// What can be asked for of an order, and what was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct AfterSalesOptions {
    /// Of which order.
    pub order_id: OrderId,
    /// Its number for people.
    pub order_number: String,
    /// When its goods were handed over; nothing where they were not: such an order is called off instead.
    pub handed_over_at: Option<DateTime<Utc>>,
    /// Its lines.
    pub lines: Vec<ClaimableLine>,
    /// What was asked for, the newest first.
    pub requests: Vec<AfterSalesCard>,
}

impl AfterSalesOptions {
    /// Whether anything can be asked for at this time.
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.lines.iter().any(|line| line.rest > 0 && line.kinds.iter().any(|may| may.until > now))
    }
}

/// What a request would come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct AfterSalesQuote {
    /// What goes back.
    pub refund_fen: Fen,
    /// By how much that is less than what was paid for these goods, since so much has gone back as a compensation.
    #[serde(default)]
    pub less_fen: Fen,
}

/// A request in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct AfterSalesCard {
    /// Its identity.
    pub id: AfterSalesId,
    /// The order it is of.
    pub order_id: OrderId,
    /// That order's number.
    pub order_number: String,
    /// What is asked for.
    pub kind: AfterSalesKind,
    /// How far it is.
    pub state: AfterSalesState,
    /// The store that sold.
    pub store_id: StoreId,
    /// That store's name.
    pub store_name: String,
    /// `珍珠奶茶 等 3 件`.
    pub summary: String,
    /// The picture of its first line.
    pub picture: String,
    /// What goes back, with what of it is beside the goods.
    pub refund_fen: Fen,
    /// What of it is of the way's cost.
    #[serde(default)]
    pub freight_fen: Fen,
    /// What of it is a compensation beside goods and way.
    #[serde(default)]
    pub extra_fen: Fen,
    /// Why.
    pub reason: AfterSalesReason,
    /// In the shopper's words.
    pub note: String,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// When something happens by itself: head office is asked, or the request expires.
    pub due_at: Option<DateTime<Utc>>,
    /// The end of the shopper's phone number.
    pub phone_tail: String,
    /// When the shopper sent its goods by post, where they did.
    #[serde(default)]
    pub posted_at: Option<DateTime<Utc>>,
}

impl AfterSalesCard {
    /// How far it is, for people: `寄回中` where its goods are on their way.
    pub fn words(&self) -> &'static str {
        if self.state == AfterSalesState::Agreed && self.posted_at.is_some() { "寄回中" } else { self.state.label() }
    }
}

/// Goods of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct AfterSalesLine {
    /// The order's line.
    pub line: i32,
    /// Which variant.
    pub sku_id: SkuId,
    /// The product's name.
    pub name: String,
    /// `大杯`, or empty.
    pub spec: String,
    /// `七分糖、少冰、珍珠`, or empty.
    pub options_text: String,
    /// The stem of the picture's file name.
    pub picture: String,
    /// How many pieces.
    pub quantity: Quantity,
    /// What was paid for them.
    pub paid_fen: Fen,
    /// What of it goes back.
    pub refund_fen: Fen,
    /// What comes in their place.
    pub exchange_for: Option<SkuId>,
    /// What that is called: `大杯`.
    pub exchange_spec: Option<String>,
    /// How they came back, most of them, once they have.
    pub condition: Option<Condition>,
    /// How many came in which state, once they have.
    #[serde(default)]
    pub came: Option<Came>,
}

impl AfterSalesLine {
    /// How its goods came, for people: `完好，重新上架`, `完好 2、损坏 1`; nothing before they have.
    pub fn came_words(&self) -> Option<String> {
        let came = self.came?;
        let condition = came.mostly()?;
        Some(if came.of(condition) == came.all() { condition.label().to_owned() } else { came.text() })
    }
}

/// One thing that happened to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct AfterSalesStep {
    /// What.
    pub act: AfterSalesAct,
    /// Where it led.
    pub state: AfterSalesState,
    /// When.
    pub at: DateTime<Utc>,
    /// Who, for people: `本人`, `门店`, `总部客服 小林`, `系统`.
    pub by: String,
    /// Why, where a reason was given.
    pub note: String,
}

/// How far the money is on its way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum RefundProgress {
    /// On its way.
    Wanted,
    /// The gateway has given it back.
    Succeeded,
    /// The gateway could not give it back; a person looks after it.
    Abnormal,
    /// It was paid back in another way.
    Settled,
}

crate::stores::words!(RefundProgress:
    Wanted = "wanted" / "退款处理中，通常几分钟内到账", Succeeded = "succeeded" / "已原路退回",
    Abnormal = "abnormal" / "退款遇到问题，客服会联系您",
    Settled = "settled" / "已用其他方式退回");

/// A request's own page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct AfterSalesView {
    /// What a list shows of it.
    #[serde(flatten)]
    pub card: AfterSalesCard,
    /// Its goods.
    pub lines: Vec<AfterSalesLine>,
    /// What was asked for and did not come: it is no more part of the request, and can be asked for again.
    #[serde(default)]
    pub missing: Vec<MissingLine>,
    /// What happened, oldest first.
    pub steps: Vec<AfterSalesStep>,
    /// What the shopper says to head office.
    pub appeal: String,
    /// The code to show with the goods; to the shopper alone, while the goods are to come.
    pub code: Option<String>,
    /// Where the goods may be sent to, while the shopper may; to the shopper alone.
    #[serde(default)]
    pub post_to: Option<ReturnAddress>,
    /// Whether the store sends what comes in exchange for what is sent to it; to the shopper alone, while they may say so.
    #[serde(default)]
    pub sends: bool,
    /// What the shopper has sent.
    #[serde(default)]
    pub posted: Option<PostedReturn>,
    /// The store that took the goods back.
    pub received_at_store: Option<String>,
    /// How far the money is; nothing before it is sent, or where none goes back.
    pub refund: Option<RefundProgress>,
    /// The number of the receipt, where it went back in another way than the gateway's.
    #[serde(default)]
    pub refund_proof: Option<String>,
    /// What of the order's way could go back with it, to staff who can agree to it.
    #[serde(default)]
    pub freight_left_fen: Fen,
    /// What of that is the share of these goods, by what was paid for them.
    #[serde(default)]
    pub freight_share_fen: Fen,
    /// The shopper's pictures as proof.
    pub proofs: Vec<Photo>,
    /// Pictures of what came back, by the store that sold or head office; to the shopper once somebody has decided with
    /// them at hand.
    #[serde(default)]
    pub store_proofs: Vec<StoreProof>,
    /// Whether whoever asks may add one of these now.
    #[serde(default)]
    pub may_add_store_proof: bool,
    /// What whoever asks can do now.
    pub acts: Vec<AfterSalesAct>,
}

impl AfterSalesCard {
    /// What goes back beside the goods, for people: `含运费 ¥6.00`; nothing where nothing does.
    pub fn beside_words(&self) -> Option<String> {
        let parts = [("运费", self.freight_fen), ("补偿", self.extra_fen)];
        let parts: Vec<_> =
            parts.into_iter().filter(|(_, fen)| *fen > Fen::ZERO).map(|(word, fen)| format!("{word} {fen}")).collect();
        (!parts.is_empty()).then(|| format!("含{}", parts.join("、")))
    }
}

impl AfterSalesView {
    /// How far the money is, for people; nothing where none goes back.
    pub fn refund_words(&self) -> Option<String> {
        self.refund.map(|refund| match (refund, &self.refund_proof) {
            (RefundProgress::Settled, Some(proof)) => format!("已{}", refunds::way(Some(proof))),
            _ => refund.label().to_owned(),
        })
    }
}

/// What a counter sees of a request whose code was shown to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Counter {
    /// What is to be taken, and what for.
    #[serde(flatten)]
    pub card: AfterSalesCard,
    /// The goods.
    pub lines: Vec<AfterSalesLine>,
}

/// How many requests are on each tab.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct AfterSalesCounts {
    /// The store is to decide.
    pub waiting: i64,
    /// The goods are to come.
    pub coming: i64,
    /// Head office is to decide.
    pub appeals: i64,
    /// Of those that are to come, the goods are on their way by post.
    #[serde(default)]
    pub posted: i64,
}
