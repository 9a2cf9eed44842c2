//! What an order's page does with one that is brought: a rider takes it along, it arrives, or it comes back.

use commerce::{Scope, fulfilment::settings, orders};
use domain::{
    Fault, Fields, OrderId,
    fulfilment::{Deliver, Dispatch, Fulfilment, OwnRider, Undelivered},
    orders::{OrderState, OrderView},
    staff::Permission,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next};
use ui::{Button, Card, Field, Form, Hidden, Select, SelectItem, Tone};

/// The part of the order's page that these forms speak to.
pub const FORM: &str = "ride";

fn order_of(fields: &Fields) -> Result<OrderId, Fault> {
    fields.text("order_id").parse().map_err(|_| Fault::NotFound("这个订单"))
}

fn page_of(id: OrderId) -> String {
    format!("/console/orders/{id}")
}

/// Lets a rider take an order along: one of the store's own (`rider`, as `姓名|手机号`), or another.
#[server(prefix = "/rpc/console", endpoint = "dispatch_order")]
pub async fn dispatch_order(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/console/login", fields, async |scope, mut fields| {
        let id = order_of(&fields)?;
        if let Some((name, phone)) =
            fields.text("rider").split_once('|').map(|(name, phone)| (name.to_owned(), phone.to_owned()))
        {
            fields.0.extend([("rider_name".to_owned(), name), ("rider_phone".to_owned(), phone)]);
        }
        let command = Dispatch::from_fields(&fields)?;
        orders::dispatch(&scope, id, &command).await?;
        Ok(Next::to(page_of(id)).saying(FORM, format!("已派给骑手 {}，库存已出库", command.rider_name)))
    })
    .await
}

/// Says that the shopper has got an order.
#[server(prefix = "/rpc/console", endpoint = "deliver_order")]
pub async fn deliver_order(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/console/login", fields, async |scope, fields| {
        let id = order_of(&fields)?;
        orders::deliver(&scope, id, &Deliver::from_fields(&fields)?).await?;
        Ok(Next::to(page_of(id)).saying(FORM, "已送达，订单完成"))
    })
    .await
}

/// Says that nobody took an order.
#[server(prefix = "/rpc/console", endpoint = "order_undelivered")]
pub async fn order_undelivered(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/console/login", fields, async |scope, fields| {
        let id = order_of(&fields)?;
        let reason = fields.text("undelivered_reason").to_owned();
        orders::undelivered(&scope, id, &Undelivered { reason }).await.map_err(renamed)?;
        Ok(Next::to(page_of(id)).saying(FORM, "已登记未送达，商品回到门店，可以再次派送"))
    })
    .await
}

/// Two reasons stand on one page; each complaint stands beside its own.
fn renamed(fault: Fault) -> Fault {
    match fault {
        Fault::Invalid(mut complaints) => {
            complaints.iter_mut().for_each(|one| one.field = format!("undelivered_{}", one.field));
            Fault::Invalid(complaints)
        }
        other => other,
    }
}

/// What can be done now with an order that is brought.
pub struct Ride {
    riders: Vec<OwnRider>,
}

impl Ride {
    /// Nothing where the order is not brought, not at that point, or not this person's to send.
    pub async fn of(scope: &Scope, order: &OrderView) -> Result<Option<Self>, Fault> {
        let stands = matches!(order.card.state, OrderState::Accepted | OrderState::Ready | OrderState::Dispatched);
        if order.card.fulfilment != Fulfilment::Delivery
            || !stands
            || !scope.may_at(Permission::FulfilOrders, order.card.store_id)
        {
            return Ok(None);
        }
        Ok(Some(Self { riders: settings::riders(scope, order.card.store_id).await? }))
    }

    /// The card beside the order.
    pub fn card(self, asked: &Asked, order: &OrderView) -> AnyView {
        match order.card.state {
            OrderState::Dispatched => on_its_way(asked, order).into_any(),
            _ => to_send(asked, order, self.riders).into_any(),
        }
    }
}

fn field(asked: &Asked, name: &str) -> (String, String) {
    let (error, typed) = asked.field(FORM, name);
    (error.unwrap_or_default(), typed.unwrap_or_default())
}

fn to_send(asked: &Asked, order: &OrderView, riders: Vec<OwnRider>) -> impl IntoView + use<> {
    let ((name_wrong, name), (phone_wrong, phone)) = (field(asked, "rider_name"), field(asked, "rider_phone"));
    // The first of them is offered, unless another was asked for.
    let first = riders.first().map(|one| format!("{}|{}", one.name, one.phone.as_str())).unwrap_or_default();
    let chosen = asked.field(FORM, "rider").1.unwrap_or(first);
    let own = (!riders.is_empty()).then(|| {
        let item = |one: OwnRider| {
            let value = format!("{}|{}", one.name, one.phone.as_str());
            SelectItem::new(value, format!("{} {}", one.name, one.phone.as_str()))
        };
        let mut items: Vec<SelectItem> = riders.into_iter().map(item).collect();
        items.push(SelectItem::new("", "其他骑手（填在下面）"));
        view! { <Select name="rider" label="本店骑手" items=items value=chosen/> }
    });
    let (id, from) = (order.card.id.to_string(), page_of(order.card.id));
    view! {
        <Card title="派给骑手">
            <Form action=DispatchOrder::PATH>
                <Hidden name="from" value=from/>
                <Hidden name="order_id" value=id/>
                {own}
                <div class="grid gap-x-4 sm:grid-cols-2">
                    <Field name="rider_name" label="其他骑手姓名" required=false maxlength=30 value=name error=name_wrong/>
                    <Field name="rider_phone" label="手机号" kind="tel" inputmode="numeric" required=false value=phone error=phone_wrong/>
                </div>
                <Button block=true>"派单，商品出库"</Button>
            </Form>
        </Card>
    }
}

fn on_its_way(asked: &Asked, order: &OrderView) -> impl IntoView + use<> {
    let ((code_wrong, code), (reason_wrong, reason)) = (field(asked, "code"), field(asked, "reason"));
    let (back_wrong, back) = field(asked, "undelivered_reason");
    let (id, id_again, page) = (order.card.id.to_string(), order.card.id.to_string(), page_of(order.card.id));
    let again = page.clone();
    view! {
        <Card title="已送达">
            <Form action=DeliverOrder::PATH>
                <Hidden name="from" value=page/>
                <Hidden name="order_id" value=id/>
                <div class="grid gap-x-4 sm:grid-cols-2">
                    <Field name="code" label="顾客的收货码" inputmode="numeric" autocomplete="off" placeholder="8 位数字" required=false
                        value=code error=code_wrong/>
                    <Field name="reason" label="没有收货码时，由谁签收" required=false maxlength=100 placeholder="例如：本人当面签收、前台代收"
                        value=reason error=reason_wrong/>
                </div>
                <Button block=true>"确认送达"</Button>
            </Form>
        </Card>
        <Card title="未送达">
            <Form action=OrderUndelivered::PATH>
                <Hidden name="from" value=again/>
                <Hidden name="order_id" value=id_again/>
                <Field name="undelivered_reason" label="原因（顾客会看到）" maxlength=100 placeholder="例如：电话无人接听，商品已带回"
                    value=back error=back_wrong/>
                <Button tone=Tone::Error>"商品已带回门店"</Button>
            </Form>
        </Card>
    }
}
