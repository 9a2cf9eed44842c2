//! What head office does with an order of a store, beside the order and over a list of them (D8).

use chrono::{DateTime, Utc};
use commerce::{Scope, after_sales, orders};
use domain::{
    Fault, Fen, Fields, OrderId,
    after_sales::{RefundOrder as Refund, Refundable},
    order_centre::{Annotate, CallOff, OrderNote, Reroute, RerouteChoice, is_in_hand},
    orders::{OrderState, OrderView},
    staff::Permission,
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Next};
use ui::{Button, Card, Field, Form, Hidden, Select, SelectItem, TextArea, Tone};
use uuid::Uuid;

use crate::frame::LOG_IN;

/// The list of orders.
pub const PATH: &str = "/hq/orders";
/// The part of the list that puts several together.
pub const TOGETHER: &str = "together";
/// The parts of an order's page.
pub const REROUTE: &str = "reroute";
pub const CALL_OFF: &str = "call-off";
pub const NOTE: &str = "note";
pub const REFUND: &str = "refund";

fn id_of(fields: &Fields) -> Result<OrderId, Fault> {
    fields.text("id").parse().map_err(|_| Fault::NotFound("这个订单"))
}

/// An order's page.
pub fn path_of(id: OrderId) -> String {
    format!("{PATH}/{id}")
}

/// Lets another store serve an order.
#[server(prefix = "/rpc/hq", endpoint = "reroute_order")]
pub async fn reroute_order(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(REROUTE, LOG_IN, fields, async |scope, fields| {
        let id = id_of(&fields)?;
        orders::reroute(&scope, id, &Reroute::from_fields(&fields)?).await?;
        Ok(Next::to(path_of(id)).saying(REROUTE, "已改由这家门店服务，两家门店的看板都已更新"))
    })
    .await
}

/// Calls an order off.
#[server(prefix = "/rpc/hq", endpoint = "call_off_order")]
pub async fn call_off_order(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(CALL_OFF, LOG_IN, fields, async |scope, fields| {
        let id = id_of(&fields)?;
        orders::call_off(&scope, id, &CallOff { reason: fields.text("reason").to_owned() }).await?;
        Ok(Next::to(path_of(id)).saying(CALL_OFF, "已取消，款项原路退回，库存已释放"))
    })
    .await
}

/// Pays a completed order back: pieces of it, its way, or an amount beside them.
#[server(prefix = "/rpc/hq", endpoint = "refund_order")]
pub async fn refund_order(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(REFUND, LOG_IN, fields, async |scope, fields| {
        let id = id_of(&fields)?;
        after_sales::refund(&scope, id, &Refund::from_fields(&fields)?).await?;
        Ok(Next::to(path_of(id)).saying(REFUND, "已退款，款项原路退回；顾客能看到"))
    })
    .await
}

/// Writes a note about an order.
#[server(prefix = "/rpc/hq", endpoint = "annotate_order")]
pub async fn annotate_order(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(NOTE, LOG_IN, fields, async |scope, fields| {
        let id = id_of(&fields)?;
        orders::annotate(&scope, id, &Annotate::from_fields(&fields)?).await?;
        Ok(Next::to(path_of(id)).saying(NOTE, "备注已保存，顾客看不到"))
    })
    .await
}

/// What an order's page needs for this.
pub struct Desk {
    /// Whether whoever looks manages orders of its store.
    manages: bool,
    notes: Vec<OrderNote>,
    /// Nothing where the order is out of hand.
    choices: Vec<RerouteChoice>,
    /// Nothing where it is not completed, or all of it was asked for, or whoever looks may not pay it back.
    refundable: Refundable,
}

impl Desk {
    /// Reads it for an order.
    pub async fn of(scope: &Scope, order: &OrderView) -> Result<Self, Fault> {
        let manages = scope.may_at(Permission::ManageOrders, order.card.store_id);
        let choices = if manages && is_in_hand(order.card.state) {
            orders::reroute_choices(scope, order.card.id).await?
        } else {
            Vec::new()
        };
        let refunds = scope.may_at(Permission::RefundOrders, order.card.store_id);
        let refundable = if refunds && order.card.state == OrderState::Completed {
            after_sales::refundable(scope, order.card.id).await?
        } else {
            Refundable::default()
        };
        Ok(Self { manages, notes: orders::notes(scope, order.card.id).await?, choices, refundable })
    }

    /// The cards beside the order.
    pub fn cards(self, asked: &Asked, order: &OrderView) -> impl IntoView + use<> {
        let (id, state) = (order.card.id, order.card.state);
        let reroute = (!self.choices.is_empty()).then(|| reroute(asked, id, self.choices));
        let call_off =
            (self.manages && (is_in_hand(state) || state == OrderState::Placed)).then(|| call_off(asked, order));
        let refund = self.refundable.is_open().then(|| refund(asked, id, self.refundable));
        let notes = notes(asked, id, self.manages, self.notes);
        view! {
            {reroute}
            {refund}
            {notes}
            {call_off}
        }
    }
}

fn distance(metres: f64) -> String {
    if metres < 1_000.0 { format!("{metres:.0} m") } else { format!("{:.1} km", metres / 1_000.0) }
}

fn reroute(asked: &Asked, id: OrderId, choices: Vec<RerouteChoice>) -> AnyView {
    let (store_wrong, store) = asked.field(REROUTE, "store");
    let (reason_wrong, reason) = asked.field(REROUTE, "reason");
    let item = |one: RerouteChoice| {
        let stock = if one.lacking == 0 { "有货".to_owned() } else { format!("缺 {} 样", one.lacking) };
        let slot = if one.slot_full { " · 该时段已约满" } else { "" };
        SelectItem::new(one.store_id.to_string(), format!("{} · {} · {stock}{slot}", one.name, distance(one.metres)))
    };
    let items: Vec<SelectItem> = choices.into_iter().map(item).collect();
    view! {
        <Card title="改由其他门店服务">
            <Form action="/rpc/hq/reroute_order">
                <Hidden name="from" value=path_of(id)/>
                <Hidden name="id" value=id.to_string()/>
                <Select name="store" label="门店" items=items value=store.unwrap_or_default() error=store_wrong.unwrap_or_default()
                    hint="有货的在前，再按距离。订单保留原来的时间；该时段已约满的门店也可以改派，会多接一单。"/>
                <Field name="reason" label="原因" value=reason.unwrap_or_default() error=reason_wrong.unwrap_or_default()
                    hint="顾客会看到。"/>
                <Button>"改派"</Button>
            </Form>
        </Card>
    }
    .into_any()
}

fn call_off(asked: &Asked, order: &OrderView) -> AnyView {
    let (reason_wrong, reason) = asked.field(CALL_OFF, "reason");
    let id = order.card.id;
    let hint = if order.paid_fen.0 > 0 {
        format!("将退回 {}，并释放 {} 件库存。顾客会看到原因。", order.paid_fen, order.card.pieces)
    } else {
        format!("还没有付款；将释放 {} 件库存。顾客会看到原因。", order.card.pieces)
    };
    view! {
        <Card title="取消订单">
            <Form action="/rpc/hq/call_off_order">
                <Hidden name="from" value=path_of(id)/>
                <Hidden name="id" value=id.to_string()/>
                <Field name="reason" label="原因" value=reason.unwrap_or_default() error=reason_wrong.unwrap_or_default()
                    hint=hint/>
                <Button tone=Tone::Error>"取消并退款"</Button>
            </Form>
        </Card>
    }
    .into_any()
}

/// All pieces that are left stand in their fields, so paying them back is one press. Where all of them went back and the
/// way did not, that stands in its field.
fn refund(asked: &Asked, id: OrderId, refundable: Refundable) -> AnyView {
    let (reason_wrong, reason) = asked.field(REFUND, "reason");
    let (whole_wrong, _) = asked.field(REFUND, "lines");
    let (freight_left, extra_left) = (refundable.freight_left_fen, refundable.extra_left_fen);
    let none_left = refundable.lines.is_empty();
    let lines = refundable.lines.into_iter().map(|line| {
        let name = format!("n.{}", line.line);
        let (wrong, _) = asked.field(REFUND, &format!("line.{}", line.line));
        let typed = asked.field(REFUND, &name).1.unwrap_or_else(|| line.rest.to_string());
        let label = format!("{}（可退 {} 件，{}）", line.goods, line.rest, line.left_fen);
        view! {
            <Field name=name label=label kind="number" inputmode="numeric" min="0" max=line.rest.to_string() value=typed
                error=wrong.unwrap_or_default()/>
        }
    });
    let lines = lines.collect_view();
    let goods = match none_left {
        true => "商品都已退款或正在售后。".to_owned(),
        false => format!("商品最多可退 {}，按件数计算，商品不退回。", refundable.left_fen),
    };
    let lowered = (refundable.extra_fen > Fen::ZERO)
        .then(|| format!("已补偿 {}，退款合计不超过实付金额。", refundable.extra_fen));
    let freight = (freight_left > Fen::ZERO).then(|| {
        let (wrong, typed) = asked.field(REFUND, "freight_fen");
        let proposed = if none_left { yuan(freight_left) } else { String::new() };
        let hint = match none_left {
            true => format!("还有 {freight_left} 没有退：因门店责任退了全部商品的，应一并退回；不退请清空。"),
            false => format!("最多 {freight_left}；因门店责任退全部商品时应一并退回，填 {}。不退留空。", yuan(freight_left)),
        };
        view! {
            <Field name="freight_fen" label="退运费（元）" inputmode="decimal" required=false value=typed.unwrap_or(proposed)
                error=wrong.unwrap_or_default() hint=hint/>
        }
    });
    let extra = (extra_left > Fen::ZERO).then(|| {
        let (wrong, typed) = asked.field(REFUND, "extra_fen");
        let hint = format!("协商退款，商品仍归顾客，以后的售后最多退到剩余金额。连同上面的退款合计最多 {extra_left}；不补偿留空。");
        view! {
            <Field name="extra_fen" label="补偿金额（元）" inputmode="decimal" required=false value=typed.unwrap_or_default()
                error=wrong.unwrap_or_default() hint=hint/>
        }
    });
    let wrong =
        whole_wrong.map(|wrong| view! { <p class="mb-2 text-sm font-medium text-error" role="alert">{wrong}</p> });
    view! {
        <Card title="退款">
            <p class="mb-3 text-sm text-base-content/70">{goods}{lowered}"款项原路退回。"</p>
            <Form action="/rpc/hq/refund_order">
                <Hidden name="from" value=path_of(id)/>
                <Hidden name="id" value=id.to_string()/>
                <Hidden name="key" value=Uuid::now_v7().to_string()/>
                {wrong}
                {lines}
                {freight}
                {extra}
                <Field name="reason" label="原因" value=reason.unwrap_or_default() error=reason_wrong.unwrap_or_default()
                    hint="顾客会看到。"/>
                <Button tone=Tone::Error>"退款"</Button>
            </Form>
        </Card>
    }
    .into_any()
}

/// An amount as one types it.
fn yuan(amount: Fen) -> String {
    amount.to_string().trim_start_matches('¥').to_owned()
}

fn notes(asked: &Asked, id: OrderId, manages: bool, notes: Vec<OrderNote>) -> AnyView {
    let (wrong, typed) = asked.field(NOTE, "text");
    let now = asked.scope.now;
    let written = notes.into_iter().map(|note| written(note, now)).collect_view();
    let form = manages.then(|| {
        view! {
            <Form action="/rpc/hq/annotate_order">
                <Hidden name="from" value=path_of(id)/>
                <Hidden name="id" value=id.to_string()/>
                <Hidden name="key" value=Uuid::now_v7().to_string()/>
                <TextArea name="text" label="新备注" value=typed.unwrap_or_default() error=wrong.unwrap_or_default()
                    maxlength=300 required=true hint="只有员工能看到。"/>
                <Button tone=Tone::Plain>"保存备注"</Button>
            </Form>
        }
    });
    view! {
        <Card title="内部备注">
            <ol>{written}</ol>
            {form}
        </Card>
    }
    .into_any()
}

fn written(note: OrderNote, now: DateTime<Utc>) -> impl IntoView {
    let when = text::moment(note.at, now, text::zone(""));
    view! {
        <li class="border-b border-base-300 py-2 text-sm">
            <p class="whitespace-pre-line">{note.text}</p>
            <p class="tabular text-base-content/70">{format!("{} · {when}", note.by)}</p>
        </li>
    }
}
