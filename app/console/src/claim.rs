//! 代客申请售后: what a shopper at the counter asks for of an order. As in the shop the choice stands in the address,
//! so that what it comes to is seen before anything is sent.

use commerce::{after_sales as use_cases, flashes};
use domain::{
    Fault, Fields, OrderId,
    after_sales::{
        AfterSalesKind, AfterSalesOptions, AfterSalesQuote, AfterSalesReason, ClaimableLine, NOTE_MOST,
        QuoteAfterSales, RequestAfterSales,
    },
    staff::Permission,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{
    Breadcrumbs, Button, Card, EmptyState, Field, Form, Glyph, Hidden, LinkButton, Notice, Price, Select, SelectItem,
    Size, TextArea, Tone,
};

use crate::{
    after_sales::{FORM as PROGRESS, PATH as LIST},
    frame::{Frame, Lit, news},
};

/// The part of the page that its form speaks to.
const FORM: &str = "claim";

/// Where something is asked for of an order.
pub fn path_of(order: OrderId) -> String {
    format!("/console/orders/{order}/after-sales")
}

/// Asks for something in a shopper's name.
#[server(prefix = "/rpc/console", endpoint = "request_for_shopper")]
pub async fn request_for_shopper(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/console/login", fields, async |scope, fields| {
        scope.reach(Permission::FulfilOrders)?;
        let command = RequestAfterSales::from_fields(&fields)?;
        let id = command.id;
        use_cases::request(&scope, command).await?;
        Ok(Next::to(format!("{LIST}/{id}")).saying(PROGRESS, "已代顾客提交，顾客在「我的售后」可以看到"))
    })
    .await
}

/// The page.
pub async fn claim(asked: Asked) -> Result<Page, Fault> {
    asked.scope.reach(Permission::FulfilOrders)?;
    let order: OrderId = asked.id("order", "这个订单")?;
    let options = use_cases::options(&asked.scope, order).await?;
    let chosen = asked.query.given("kind").map(|_| QuoteAfterSales::from_fields(&asked.query));
    let quoted = match chosen {
        None => None,
        Some(Err(fault)) => Some(Err(fault)),
        Some(Ok(what)) => match use_cases::quote(&asked.scope, order, &what).await {
            Ok(quote) => Some(Ok((what, quote))),
            Err(fault @ (Fault::Invalid(_) | Fault::Conflict { .. })) => Some(Err(fault)),
            Err(fault) => return Err(fault),
        },
    };
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new("代客申请售后", move || {
        let here = format!("/console/orders/{order}");
        let crumbs =
            vec![(format!("订单 {}", options.order_number), here.clone()), ("代客申请售后".to_owned(), String::new())];
        let body = if !options.is_open(asked.scope.now) {
            view! {
                <EmptyState glyph=Glyph::Receipt title="没有可以申请的商品" text="还没有取货、已全部申请过，或已超过售后期限。">
                    <LinkButton href=here>"返回订单"</LinkButton>
                </EmptyState>
            }
            .into_any()
        } else {
            match &quoted {
                Some(Ok((what, quote))) if asked.query.given("edit").is_none() => {
                    send(&asked, order, what, *quote).into_any()
                }
                Some(Err(fault)) => choose(&asked, &options, Some(fault)).into_any(),
                _ => choose(&asked, &options, None).into_any(),
            }
        };
        let body = view! {
            <Breadcrumbs items=crumbs/>
            <h1 class="my-3 text-xl font-bold">"代客申请售后"</h1>
            {news(&asked, FORM)}
            <div class="max-w-2xl">{body}</div>
        };
        frame.screen(Lit::AfterSales, body.into_any())
    }))
}

fn choose(asked: &Asked, options: &AfterSalesOptions, fault: Option<&Fault>) -> impl IntoView + use<> {
    let told = fault.map(|fault| {
        let wrong = fault.complaints().iter().map(|one| one.message.clone()).collect::<Vec<_>>().join("；");
        let message = if wrong.is_empty() { fault.message() } else { wrong };
        view! { <Notice tone=Tone::Error>{message}</Notice> }
    });
    let kinds = AfterSalesKind::ALL.iter().map(|kind| SelectItem::new(kind.code(), kind.label())).collect();
    let kind = asked.query.text("kind").to_owned();
    let lines = options.lines.iter().map(|line| one_line(asked, line)).collect_view();
    view! {
        {told}
        <form method="get" action=path_of(options.order_id)>
            <Card>
                <Select name="kind" label="需要什么" items=kinds value=kind/>
                <ul class="divide-y divide-base-200">{lines}</ul>
                <button type="submit" class="btn btn-primary btn-block btn-lg mt-3">"下一步：看金额"</button>
            </Card>
        </form>
    }
}

fn one_line(asked: &Asked, line: &ClaimableLine) -> impl IntoView + use<> {
    let (name, swap) = (format!("n.{}", line.line), format!("swap.{}", line.line));
    let typed = asked.query.given(&name).unwrap_or("0").to_owned();
    let came = line.came_for.map_or("", |_| "换货得到，");
    let label = format!("{} {}（{came}可申请 {} 件，实付 {}）", line.name, line.spec, line.rest, line.paid_fen);
    let picked = asked.query.given(&swap).map_or_else(|| line.sku_id.to_string(), str::to_owned);
    let item = |one: &domain::after_sales::Swap| {
        let spec = if one.sku_id == line.sku_id { "同款" } else { one.spec.as_str() };
        SelectItem::new(one.sku_id.to_string(), spec)
    };
    let items: Vec<_> = line.swaps.iter().map(item).collect();
    let exchanges = line.kinds.iter().any(|may| may.kind == AfterSalesKind::Exchange) && line.rest > 0;
    let swaps = (exchanges && !items.is_empty())
        .then(|| view! { <Select name=swap label="换货时换成" items=items value=picked/> });
    let most = line.rest.to_string();
    view! {
        <li class="pt-3">
            <Field name=name label=label kind="number" inputmode="numeric" min="0" max=most value=typed required=false/>
            {swaps}
        </li>
    }
}

fn send(asked: &Asked, order: OrderId, what: &QuoteAfterSales, quote: AfterSalesQuote) -> impl IntoView + use<> {
    let hidden = what.lines.iter().map(|want| {
        let swap =
            want.exchange_for.map(|sku| view! { <Hidden name=format!("swap.{}", want.line) value=sku.to_string()/> });
        view! { <Hidden name=format!("n.{}", want.line) value=want.quantity.to_string()/> {swap} }
    });
    let hidden = hidden.collect_view();
    let pieces: i64 = what.lines.iter().map(|want| want.quantity.get()).sum();
    let mut reasons = vec![SelectItem::new("", "请选择")];
    reasons.extend(AfterSalesReason::ALL.iter().map(|reason| SelectItem::new(reason.code(), reason.label())));
    let (reason_wrong, reason) = asked.field(FORM, "reason");
    let (note_wrong, note) = asked.field(FORM, "note");
    let (here, edit, kind) = (asked.here.clone(), format!("{}&edit=1", asked.here), what.kind);
    view! {
        <Card title=kind.label()>
            <p class="flex items-baseline justify-between">
                {format!("共 {pieces} 件，退款")} <Price amount=quote.refund_fen.to_string() large=true/>
            </p>
            <p class="mb-3"><a class="link touch inline-flex items-center text-sm" href=edit>"修改商品或数量"</a></p>
            <Form action=RequestForShopper::PATH>
                <Hidden name="from" value=here/>
                <Hidden name="key" value=flashes::new_key().to_string()/>
                <Hidden name="order_id" value=order.to_string()/>
                <Hidden name="kind" value=kind.code()/>
                <Hidden name="expected_refund_fen" value=quote.refund_fen.0.to_string()/>
                {hidden}
                <Select name="reason" label="原因" items=reasons value=reason.unwrap_or_default() error=reason_wrong.unwrap_or_default()/>
                <TextArea name="note" label="补充说明" rows=2 maxlength=NOTE_MOST as u32 hint="选「其他原因」时必填。"
                    value=note.unwrap_or_default() error=note_wrong.unwrap_or_default()/>
                <Button block=true size=Size::Large>"代顾客提交"</Button>
            </Form>
        </Card>
    }
}
