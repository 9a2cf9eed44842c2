//! How an order is sent: parcels of express orders, a courier's riders for those of same-city delivery.

use commerce::{express as use_cases, orders};
use domain::{
    Fault, Fen, Fields, OrderId, ParcelId, RideId,
    express::{Carrier, LineLeft, ParcelView, RideQuote, RideView, ShipParcel as Wanted, Shipment},
    fulfilment::Fulfilment,
    orders::{OrderAct, OrderState, OrderView},
    parcels::{Afterwards, ParcelState, REASON_MOST, TakeBackParcel as TakeBack},
    refunds,
    staff::Permission,
    text,
    unsent::{EndUnsent as EndUnsentPieces, UnsentEnd, UnsentFate},
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Breadcrumbs, Button, Card, CheckBox, Choice, ChoiceItem, Fact, Facts, Field, Form, Hidden, Notice, Select,
    SelectItem, Sheet, SheetButton, Tone,
};
use uuid::Uuid;

use crate::frame::{Frame, Lit, live, news};

/// The part of the page that says what came of its forms.
const FORM: &str = "shipment";
/// The part of it where parcels that came back are registered.
const BACK: &str = "parcel-back";
/// The part of it where what is sent no more is registered.
const UNSENT: &str = "unsent";
const LOG_IN: &str = "/console/login";

/// Where an order's page of this kind is.
pub fn path_of(id: OrderId) -> String {
    format!("/console/orders/{id}/shipment")
}

fn order_of(fields: &Fields) -> Result<OrderId, Fault> {
    fields.text("order_id").parse().map_err(|_| Fault::NotFound("这个订单"))
}

/// Sends a parcel off.
#[server(prefix = "/rpc/console", endpoint = "ship_parcel")]
pub async fn ship_parcel(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = order_of(&fields)?;
        use_cases::ship(&scope, id, Wanted::from_fields(&fields)?).await?;
        Ok(Next::to(path_of(id)).saying(FORM, "已发货，顾客能看到单号"))
    })
    .await
}

/// Says that a parcel came back.
#[server(prefix = "/rpc/console", endpoint = "take_back_parcel")]
pub async fn take_back_parcel(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(BACK, LOG_IN, fields, async |scope, fields| {
        let id = order_of(&fields)?;
        let parcel: ParcelId = fields.text("parcel_id").parse().map_err(|_| Fault::NotFound("这个包裹"))?;
        use_cases::take_back(&scope, id, parcel, &TakeBack::from_fields(&fields)?).await?;
        Ok(Next::to(path_of(id)).saying(FORM, "已登记退件，顾客能看到"))
    })
    .await
}

/// Says that pieces are sent no more.
#[server(prefix = "/rpc/console", endpoint = "end_unsent")]
pub async fn end_unsent(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(UNSENT, LOG_IN, fields, async |scope, fields| {
        let id = order_of(&fields)?;
        use_cases::end_unsent(&scope, id, EndUnsentPieces::from_fields(&fields)?).await?;
        Ok(Next::to(path_of(id)).saying(FORM, "已登记不再发出，款项原路退回，顾客能看到"))
    })
    .await
}

/// Calls a rider.
#[server(prefix = "/rpc/console", endpoint = "call_rider")]
pub async fn call_rider(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = order_of(&fields)?;
        let key = fields.text("key").parse().map_err(|_| Fault::invalid("key", "页面已过期，请刷新后再提交"))?;
        use_cases::call(&scope, id, key).await?;
        Ok(Next::to(path_of(id)).saying(FORM, "已呼叫骑手"))
    })
    .await
}

/// Sends a rider away.
#[server(prefix = "/rpc/console", endpoint = "cancel_rider")]
pub async fn cancel_rider(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = order_of(&fields)?;
        let ride: RideId = fields.text("ride_id").parse().map_err(|_| Fault::NotFound("这次呼叫"))?;
        use_cases::cancel(&scope, id, ride).await?;
        Ok(Next::to(path_of(id)).saying(FORM, "已取消呼叫"))
    })
    .await
}

/// What a rider would cost, or why that is not known.
type Price = Option<Result<RideQuote, String>>;

pub async fn shipment(asked: Asked) -> Result<Page, Fault> {
    let id: OrderId = asked.id("order", "这个订单")?;
    let order = orders::show_for_staff(&asked.scope, id).await?;
    let shipment = use_cases::show(&asked.scope, id).await?;
    let price = price(&asked, &order, &shipment).await?;
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new(format!("发货 {}", order.card.number), move || {
        let number = order.card.number.clone();
        let crumbs = vec![
            ("全部订单".to_owned(), "/console/orders".to_owned()),
            (number.clone(), format!("/console/orders/{id}")),
            ("发货".to_owned(), String::new()),
        ];
        let told = (news(&asked, FORM), news(&asked, BACK), news(&asked, UNSENT));
        let here = asked.scope.may(Permission::FulfilOrders);
        let now = asked.scope.now;
        let acts = match order.card.fulfilment {
            Fulfilment::Express => {
                let form = here.then(|| pack_form(&asked, &order, &shipment));
                let end = end_form(&asked, &order, &shipment.left);
                let ended = ended(&asked, shipment.ended);
                let parcels = parcels(&asked, &order, shipment.parcels);
                view! { {form} {end} {ended} {parcels} }.into_any()
            }
            Fulfilment::Delivery => rides(&asked, &order, shipment.rides, price.filter(|_| here)),
            other => view! { <Notice>{format!("这是{}订单，不需要发货。", other.label())}</Notice> }.into_any(),
        };
        let quiet = shipment.steps.is_empty();
        let steps = shipment.steps.into_iter().map(|step| {
            view! {
                <li class="flex gap-3 py-1.5 text-sm">
                    <span class="tabular w-24 shrink-0 text-base-content/70">{text::moment(step.at, now, text::zone(""))}</span>
                    <span class="min-w-0 break-words">{step.words}</span>
                </li>
            }
        });
        let none = quiet.then(|| view! { <p class="text-base-content/70">"还没有动态。"</p> });
        let steps = steps.collect_view();
        let body = view! {
            <Breadcrumbs items=crumbs/>
            <h1 class="sr-only">{format!("发货 {number}")}</h1>
            {told}
            {live(&asked)}
            <div class="mt-3 grid grid-cols-1 gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)] lg:items-start">
                <div class="grid grid-cols-1 gap-4">{acts}</div>
                <div class="grid grid-cols-1 gap-4">
                    <Card title="收货人">{receiver(&order)}</Card>
                    <Card title="物流动态">{none}<ol>{steps}</ol></Card>
                </div>
            </div>
        };
        frame.screen(Lit::Orders, body.into_any())
    }))
}

/// What a rider would cost now, where one can be called.
async fn price(asked: &Asked, order: &OrderView, shipment: &Shipment) -> Result<Price, Fault> {
    let goes = order.card.state.after(OrderAct::Dispatch).is_some();
    let open = shipment.rides.iter().any(|ride| !ride.state.is_over());
    let mine = asked.scope.may(Permission::FulfilOrders);
    if order.card.fulfilment != Fulfilment::Delivery || !goes || open || !mine {
        return Ok(None);
    }
    match use_cases::quote(&asked.scope, order.card.id).await {
        Ok(quote) => Ok(Some(Ok(quote))),
        // The page is of use without: the store's own people can bring it.
        Err(fault @ (Fault::Conflict { .. } | Fault::Upstream { .. })) => Ok(Some(Err(fault.message()))),
        Err(fault) => Err(fault),
    }
}

fn receiver(order: &OrderView) -> AnyView {
    let Some(to) = order.sent_to.clone() else {
        return view! { <p class="text-base-content/70">"没有收货地址。"</p> }.into_any();
    };
    view! {
        <Facts>
            <Fact label="收货人">{to.name}</Fact>
            <Fact label="电话">{to.phone}</Fact>
            <Fact label="地址">{format!("{} {}", to.region, to.detail)}</Fact>
        </Facts>
    }
    .into_any()
}

fn pack_form(asked: &Asked, order: &OrderView, shipment: &Shipment) -> AnyView {
    let left = &shipment.left;
    let goes =
        order.card.state.after(OrderAct::Dispatch).is_some() || order.card.state.after(OrderAct::Deliver).is_some();
    if left.is_empty() || !goes {
        let words = match (left.is_empty(), shipment.ended.is_empty()) {
            (true, true) => "商品已全部发出。",
            (true, false) => "没有要发出的商品了。",
            (false, _) => "接单后才能发货。",
        };
        return view! { <Notice>{words}</Notice> }.into_any();
    }
    let part = |name: &str| {
        let (wrong, typed) = asked.field(FORM, name);
        (wrong.unwrap_or_default(), typed)
    };
    let lines = left.iter().map(|line| {
        let name = format!("pieces.{}", line.line);
        let (wrong, typed) = part(&name);
        let label = format!("{}（还有 {} 件）", line.goods, line.quantity);
        view! {
            <Field name=name label=label inputmode="numeric" value=typed.unwrap_or_else(|| line.quantity.to_string()) error=wrong/>
        }
    });
    let lines = lines.collect_view();
    let carriers = Carrier::ALL.iter().map(|one| SelectItem::new(one.code(), one.label())).collect();
    let ((carrier_wrong, carrier), (number_wrong, number), (whole, _)) =
        (part("carrier"), part("tracking_number"), part("lines"));
    let whole =
        (!whole.is_empty()).then(|| view! { <p class="mb-2 text-sm font-medium text-error" role="alert">{whole}</p> });
    let id = order.card.id;
    view! {
        <Card title="发出一个包裹">
            <p class="mb-3 text-sm text-base-content/70">"分几个包裹发时，填这个包裹里的件数；不在里面的填 0。"</p>
            <Form action=ShipParcel::PATH>
                <Hidden name="from" value=path_of(id)/>
                <Hidden name="order_id" value=id.to_string()/>
                <Hidden name="key" value=Uuid::now_v7().to_string()/>
                {whole}
                {lines}
                <div class="grid gap-x-4 sm:grid-cols-2">
                    <Select name="carrier" label="快递公司" items=carriers value=carrier.unwrap_or_default() error=carrier_wrong/>
                    <Field name="tracking_number" label="快递单号" value=number.unwrap_or_default() error=number_wrong maxlength=60
                        hint="可用扫码枪扫面单"/>
                </div>
                <Button>"确认发货"</Button>
            </Form>
        </Card>
    }
    .into_any()
}

/// Behind a button: that pieces are sent no more, and what becomes of them. Only of an order that has left in part;
/// another is turned down as a whole.
fn end_form(asked: &Asked, order: &OrderView, left: &[LineLeft]) -> Option<AnyView> {
    if order.card.state != OrderState::Dispatched || left.is_empty() || !asked.scope.may(Permission::RejectOrders) {
        return None;
    }
    let part = |name: &str| {
        let (wrong, typed) = asked.field(UNSENT, name);
        (wrong.unwrap_or_default(), typed)
    };
    let lines = left.iter().map(|line| {
        let name = format!("pieces.{}", line.line);
        let (wrong, typed) = part(&name);
        let (id, label) = (format!("unsent-{name}"), format!("{}（未发出 {} 件）", line.goods, line.quantity));
        let value = typed.unwrap_or_else(|| line.quantity.to_string());
        view! { <Field id=id name=name label=label inputmode="numeric" value=value error=wrong/> }
    });
    let lines = lines.collect_view();
    let ((whole, _), (reason_wrong, reason), (fate_wrong, fate)) = (part("lines"), part("reason"), part("fate"));
    let whole =
        (!whole.is_empty()).then(|| view! { <p class="mb-2 text-sm font-medium text-error" role="alert">{whole}</p> });
    let shelve =
        ChoiceItem::new(UnsentFate::Shelve.code(), UnsentFate::Shelve.label()).text("商品在店里且完好，可以再卖。");
    let lose =
        ChoiceItem::new(UnsentFate::Lose.code(), UnsentFate::Lose.label()).text("商品找不到或已损坏，记为损耗。");
    let id = order.card.id;
    let view = view! {
        <Card title="发不了剩下的商品">
            <p class="mb-3 text-sm text-base-content/70">"缺货或损坏时，可以不再发出：这些商品的款项立即原路退回，已发出的包裹照常送达。"</p>
            <SheetButton target=UNSENT tone=Tone::Plain>"其余不再发出"</SheetButton>
        </Card>
        <Sheet id=UNSENT title="其余不再发出">
            <Form action=EndUnsent::PATH>
                <Hidden name="from" value=path_of(id)/>
                <Hidden name="order_id" value=id.to_string()/>
                <Hidden name="key" value=Uuid::now_v7().to_string()/>
                <p class="mb-3 text-sm text-base-content/70">"填不再发出的件数；还会发出的填 0。登记后不能恢复。"</p>
                {whole}
                {lines}
                <Field id="unsent-reason" name="reason" label="原因" value=reason.unwrap_or_default() error=reason_wrong
                    maxlength=REASON_MOST as u32 hint="例如「缺货」，顾客会看到。"/>
                <Choice name="fate" legend="这些商品怎么处理" items=vec![shelve, lose] value=fate.unwrap_or_default() error=fate_wrong/>
                <div class="mt-3"><Button tone=Tone::Error>"确认不再发出并退款"</Button></div>
            </Form>
        </Sheet>
    };
    Some(view.into_any())
}

/// What is sent no more.
fn ended(asked: &Asked, ended: Vec<UnsentEnd>) -> Option<AnyView> {
    if ended.is_empty() {
        return None;
    }
    let now = asked.scope.now;
    let one = |end: UnsentEnd| {
        let by = end.by.map(|by| format!(" · {by}")).unwrap_or_default();
        let fate = end.fate.map_or("", UnsentFate::label);
        let money = match (end.refund_fen, end.refunded_at) {
            (Fen::ZERO, _) => "没有要退的款项".to_owned(),
            (fen, Some(at)) => {
                let way = refunds::way(end.settled_proof.as_deref());
                format!("{fen} 已于 {} {way}", text::moment(at, now, text::zone("")))
            }
            (fen, None) => format!("{fen} 正在原路退回"),
        };
        view! {
            <li class="py-2">
                <p class="font-medium">{end.goods.join("、")}</p>
                <p class="mt-0.5 text-sm">{format!("{}，{fate}；{money}", end.reason)}</p>
                <p class="mt-0.5 text-sm text-base-content/70">{format!("{}{by}", text::moment(end.at, now, text::zone("")))}</p>
            </li>
        }
    };
    let list = ended.into_iter().map(one).collect_view();
    Some(view! { <Card title="不再发出"><ul class="divide-y divide-base-200">{list}</ul></Card> }.into_any())
}

fn parcels(asked: &Asked, order: &OrderView, parcels: Vec<ParcelView>) -> AnyView {
    let now = asked.scope.now;
    let may = asked.scope.may(Permission::FulfilOrders)
        && matches!(order.card.state, OrderState::Dispatched | OrderState::Completed);
    let parcel = |(at, one): (usize, ParcelView)| {
        let by = one.by.clone().map(|by| format!(" · {by}")).unwrap_or_default();
        let back = one.came_back.clone().map(|back| {
            let spoilt = if back.spoilt { "，商品已损坏" } else { "" };
            let when = text::moment(back.at, now, text::zone(""));
            view! { <p class="mt-2 text-sm font-medium">{format!("{when} 退件已收到（{}{spoilt}），{}", back.reason, back.afterwards.label())}</p> }
        });
        let form = (may && one.state.can_be_back()).then(|| back_form(asked, order, &one, at + 1));
        view! {
            <Card title=format!("包裹 {}", at + 1)>
                <p class="flex flex-wrap items-center gap-2 font-medium">
                    {one.carrier.label()} " " <span class="tabular">{one.tracking_number}</span>
                    <Badge tone=tone_of(one.state)>{one.state.label()}</Badge>
                </p>
                <p class="mt-1 text-sm">{one.goods.join("、")}</p>
                <p class="mt-1 text-sm text-base-content/70">{format!("{}{by}", text::moment(one.shipped_at, now, text::zone("")))}</p>
                {back}
                {form}
            </Card>
        }
    };
    parcels.into_iter().enumerate().map(parcel).collect_view().into_any()
}

fn tone_of(state: ParcelState) -> Tone {
    match state {
        ParcelState::Sent => Tone::Plain,
        ParcelState::Collected | ParcelState::OnTheWay | ParcelState::Delivering => Tone::Info,
        ParcelState::Signed => Tone::Success,
        ParcelState::Trouble | ParcelState::Refused | ParcelState::Returning | ParcelState::ReturnSigned => Tone::Warn,
        ParcelState::Back => Tone::Plain,
    }
}

/// Behind a button: that a parcel came back, and what becomes of its pieces.
fn back_form(asked: &Asked, order: &OrderView, parcel: &ParcelView, at: usize) -> impl IntoView + use<> {
    let part = |name: &str| {
        let (wrong, typed) = asked.field(BACK, name);
        (wrong.unwrap_or_default(), typed.unwrap_or_default())
    };
    let ((reason_wrong, reason), (then_wrong, then), (spoilt_wrong, spoilt)) =
        (part("reason"), part("afterwards"), part("spoilt"));
    let (id, parcel_id, target) = (order.card.id, parcel.id.to_string(), format!("back-{}", parcel.id));
    let refunds = asked.scope.may(Permission::RejectOrders);
    let open = order.card.state == OrderState::Dispatched;
    let again = ChoiceItem::new(Afterwards::SendAgain.code(), Afterwards::SendAgain.label())
        .text("商品留给这个订单，再发一个包裹。")
        .disabled(!open);
    let refund = ChoiceItem::new(Afterwards::Refund.code(), Afterwards::Refund.label())
        .text(if refunds {
            "商品回到库存，顾客收到其余包裹后原路退款；全部退回时立即退款。"
        } else {
            "需要有拒单权限的同事登记。"
        })
        .disabled(!refunds);
    let spoilt_note = (!spoilt_wrong.is_empty())
        .then(|| view! { <p class="mb-2 text-sm font-medium text-error" role="alert">{spoilt_wrong}</p> });
    view! {
        <div class="mt-3"><SheetButton target=target.clone()>"退件已收到"</SheetButton></div>
        <Sheet id=target title=format!("包裹 {at} 退件")>
            <Form action=TakeBackParcel::PATH>
                <Hidden name="from" value=path_of(id)/>
                <Hidden name="order_id" value=id.to_string()/>
                <Hidden name="parcel_id" value=parcel_id/>
                <Field name="reason" label="退回的原因" value=reason error=reason_wrong maxlength=REASON_MOST as u32
                    hint="例如「收件人拒收」，顾客会看到。"/>
                <Choice name="afterwards" legend="怎么处理" items=vec![again, refund] value=then error=then_wrong/>
                <CheckBox name="spoilt" value="yes" label="商品已损坏，不能再卖" checked=spoilt == "yes"/>
                {spoilt_note}
                <div class="mt-3"><Button>"登记退件"</Button></div>
            </Form>
        </Sheet>
    }
}

fn rides(asked: &Asked, order: &OrderView, rides: Vec<RideView>, price: Price) -> AnyView {
    let (id, now) = (order.card.id, asked.scope.now);
    let call = price.map(|price| match price {
        Err(why) => view! { <Notice tone=Tone::Warn>{why}</Notice> }.into_any(),
        Ok(quote) => {
            let within = quote.minutes.map(|minutes| format!("，约 {minutes} 分钟送达")).unwrap_or_default();
            view! {
                <Card title="呼叫骑手">
                    <p class="mb-3">{format!("配送费 {}{within}，由门店承担。", quote.fee_fen)}</p>
                    <Form action=CallRider::PATH>
                        <Hidden name="from" value=path_of(id)/>
                        <Hidden name="order_id" value=id.to_string()/>
                        <Hidden name="key" value=Uuid::now_v7().to_string()/>
                        <Button>"呼叫骑手"</Button>
                    </Form>
                </Card>
            }
            .into_any()
        }
    });
    let may = asked.scope.may(Permission::FulfilOrders);
    let ride = |one: RideView| {
        let cancel = (may && one.state.can_cancel()).then(|| {
            view! {
                <Form action=CancelRider::PATH>
                    <Hidden name="from" value=path_of(id)/>
                    <Hidden name="order_id" value=id.to_string()/>
                    <Hidden name="ride_id" value=one.id.to_string()/>
                    <Button tone=Tone::Plain>"取消呼叫"</Button>
                </Form>
            }
        });
        let tone = if one.state.is_over() { Tone::Plain } else { Tone::Info };
        let rider = [one.rider_name, one.rider_phone].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>();
        let rider = (!rider.is_empty()).then(|| view! { <Fact label="骑手">{rider.join(" ")}</Fact> });
        let problem = (!one.problem.is_empty()).then(|| view! { <Fact label="原因">{one.problem}</Fact> });
        let fee = one.fee_fen.map(|fee| view! { <Fact label="配送费">{fee.to_string()}</Fact> });
        view! {
            <Card title=format!("{} 的呼叫", text::moment(one.called_at, now, text::zone("")))>
                <Facts>
                    <Fact label="状态"><Badge tone=tone>{one.state.label()}</Badge></Fact>
                    {rider} {fee} {problem}
                </Facts>
                {cancel}
            </Card>
        }
    };
    let none = (rides.is_empty() && call.is_none()).then(|| view! { <Notice>"这个订单没有呼叫过骑手。"</Notice> });
    let rides = rides.into_iter().map(ride).collect_view();
    view! { {call} {none} {rides} }.into_any()
}
