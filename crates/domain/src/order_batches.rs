//! Several orders that head office does one thing with (D8): each by itself, so that one that cannot be done leaves the
//! others right.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::{
    Fault, Fields, OrderBatchId, OrderId, StoreId,
    fulfilment::Fulfilment,
    order_centre::{Annotate, checked_reason},
    orders::{Channel, ListOrders, OrderState},
    staff::Permission,
    stores::words,
};

/// How many orders a batch has at most.
pub const BATCH_MOST: usize = 500;

/// What is done with each order of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum BatchAct {
    /// A note that only staff read.
    Annotate,
    /// Another store serves it: one for all, or for each the one that the rule of routing names.
    Reroute,
    /// It is called off, and what was paid goes back.
    CallOff,
    /// What is left of a completed order is paid back.
    Refund,
}

words!(BatchAct:
    Annotate = "annotate" / "写备注", Reroute = "reroute" / "改派门店", CallOff = "call_off" / "取消并退款",
    Refund = "refund" / "已完成订单退款");

impl BatchAct {
    /// What it needs at each order's store, like the same act on one order.
    pub fn needs(self) -> Permission {
        match self {
            Self::Annotate | Self::Reroute | Self::CallOff => Permission::ManageOrders,
            Self::Refund => Permission::RefundOrders,
        }
    }
}

/// All orders of a list that its filters leave.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct OrderFilter {
    /// Only of this store.
    pub store_id: Option<StoreId>,
    /// Only of stores in this region, or below it; by its code.
    pub region: Option<String>,
    /// Only in this state.
    pub state: Option<OrderState>,
    /// Only over this face.
    pub channel: Option<Channel>,
    /// Only those that reach their shopper in this way.
    pub fulfilment: Option<Fulfilment>,
    /// Placed from this day on, in China.
    pub from: Option<NaiveDate>,
    /// Placed up to this day and with it, in China.
    pub to: Option<NaiveDate>,
    /// Only with such goods: words in a product's name, its pinyin or initials; a variant's whole code or barcode.
    pub goods: String,
    /// A number, a pickup code or the end of a phone number.
    pub q: String,
    /// Only those that wait longer than they should.
    pub late: bool,
}

impl From<&OrderFilter> for ListOrders {
    fn from(filter: &OrderFilter) -> Self {
        Self {
            store: filter.store_id,
            region: filter.region.clone(),
            channel: filter.channel,
            states: filter.state.into_iter().collect(),
            fulfilment: filter.fulfilment,
            from: filter.from,
            to: filter.to,
            goods: filter.goods.clone(),
            words: filter.q.clone(),
            late: filter.late,
            ..Self::default()
        }
    }
}

/// Filters have names: a list of values is none.
fn by_name<'de, D: Deserializer<'de>>(sent: D) -> Result<Option<OrderFilter>, D::Error> {
    let named = Option::<serde_json::Map<String, serde_json::Value>>::deserialize(sent)?;
    named.map(|filters| serde_json::from_value(filters.into())).transpose().map_err(D::Error::custom)
}

/// Puts orders together for one act, and asks which of them it can be done with. Nothing is done to them yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct DraftBatch {
    /// Made by the client; the same draft again is the same batch.
    pub id: OrderBatchId,
    /// What is to be done.
    pub act: BatchAct,
    /// With which orders; empty where `all` says so.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_items = 500))]
    pub orders: Vec<OrderId>,
    /// With all that these filters leave, the newest 500 at most, instead of `orders`.
    #[serde(default, deserialize_with = "by_name")]
    pub all: Option<OrderFilter>,
    /// Which store is to serve them; without one each goes where the rule of routing says.
    #[serde(default)]
    pub store_id: Option<StoreId>,
    /// The note, up to 300 characters; of other acts why, up to 100, which the shoppers read.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 300, pattern = r"\S"))]
    pub reason: String,
}

impl DraftBatch {
    /// Reads the command from a form: `key`, `act`, `which` (`picked` or `all`), `pick.{order}`, the list's filters as
    /// `{name}.filter`, `store`, `reason`.
    ///
    /// Faults: `NotFound` for a store that can be none; `Invalid` beside `key`, `act`, `orders`, `store`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let id = fields.text("key").parse().map_err(|_| Fault::invalid("key", "请刷新页面后再试"))?;
        let act = BatchAct::from_code(fields.text("act")).ok_or_else(|| Fault::invalid("act", "请选择要做什么"))?;
        let all = (fields.text("which") == "all").then(|| filter_of(&fields.of("filter"))).transpose()?;
        let picked = || fields.under("pick.").filter_map(|(id, _)| id.parse().ok()).collect();
        let orders = if all.is_none() { picked() } else { Vec::new() };
        let store = fields.given("store").map(|text| text.parse().map_err(|_| Fault::invalid("store", "请选择门店")));
        let reason = fields.text("reason").to_owned();
        Ok(Self { id, act, orders, all, store_id: store.transpose()?, reason })
    }

    /// The reason without space around it.
    ///
    /// Faults: `Invalid` beside `reason` or `orders`.
    pub fn checked(&self) -> Result<&str, Fault> {
        if self.all.is_none() && !(1..=BATCH_MOST).contains(&self.orders.len()) {
            return Err(Fault::invalid("orders", format!("请勾选 1 到 {BATCH_MOST} 笔订单")));
        }
        if self.act != BatchAct::Annotate {
            return checked_reason(&self.reason);
        }
        Annotate::checked_text(&self.reason).ok_or_else(|| Fault::invalid("reason", "请填写备注（300 字以内）"))
    }
}

fn filter_of(fields: &Fields) -> Result<OrderFilter, Fault> {
    // Each by its name, so that a filter that is added cannot be forgotten here.
    let ListOrders {
        store: store_id,
        region,
        channel,
        states,
        fulfilment,
        from,
        to,
        goods,
        words: q,
        late,
        most: _,
        after: _,
    } = ListOrders::from_fields(fields)?;
    Ok(OrderFilter { store_id, region, state: states.first().copied(), channel, fulfilment, from, to, goods, q, late })
}

/// How far a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum BatchState {
    /// It says what would happen; nothing has.
    Draft,
    /// The server is at it.
    Running,
    /// Each order is done or refused.
    Ended,
}

words!(BatchState: Draft = "draft" / "待确认", Running = "running" / "处理中", Ended = "ended" / "已结束");

/// What became of one order of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema), schema(as = OrderBatchOutcome))]
pub enum Outcome {
    /// Nothing yet; before the start `problem` says what it would be refused for.
    Waiting,
    /// It is as it was; `problem` says why.
    Refused,
    /// Done.
    Done,
}

words!(Outcome: Waiting = "waiting" / "待处理", Refused = "refused" / "未处理", Done = "done" / "已完成");

/// One order of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct BatchLine {
    /// Which order.
    pub order_id: OrderId,
    /// Its number for people.
    pub number: String,
    /// The store that serves it now.
    pub store_name: String,
    /// How far it is now.
    pub state: OrderState,
    /// What became of it.
    pub outcome: Outcome,
    /// Why it was refused, or would be.
    pub problem: Option<String>,
    /// The store that it goes to, or would, where it goes to another.
    pub to_store: Option<String>,
}

/// A batch in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct BatchCard {
    /// Its identity.
    pub id: OrderBatchId,
    /// What is done.
    pub act: BatchAct,
    /// The store that is to serve the orders, where one was chosen for all.
    pub store_name: Option<String>,
    /// The note, or why.
    pub reason: String,
    /// How far it is.
    pub state: BatchState,
    /// When it was put together.
    pub drafted_at: DateTime<Utc>,
    /// How many orders it has.
    pub total: i64,
    /// How many are done.
    pub done: i64,
    /// How many were refused; before the start, how many would be.
    pub refused: i64,
}

/// A batch with its orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct BatchView {
    /// What every list shows.
    #[serde(flatten)]
    pub card: BatchCard,
    /// Its orders, as they stood in the list: 500 at most.
    pub lines: Vec<BatchLine>,
}
