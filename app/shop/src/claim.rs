//! 申请售后: what of an order is asked for. The choice stands in the address, so that what it comes to is seen, by
//! the function that will pay it, before anything is sent; no script takes part.

use commerce::{after_sales, flashes};
use domain::{
    Fault, Fen, Fields, OrderId,
    after_sales::{
        AfterSalesKind, AfterSalesOptions, AfterSalesQuote, AfterSalesReason, ClaimableLine, NOTE_MOST,
        QuoteAfterSales, RequestAfterSales as RequestCommand,
    },
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{
    Button, Card, Choice, ChoiceItem, EmptyState, Form, Glyph, Hidden, LinkButton, Notice, Price, Select, SelectItem,
    Size, TextArea, Tone,
};

use crate::{
    after_sales::{PATH as PROGRESS, Requests},
    frame::{Frame, Tab, news},
    goods::GoodsPicture,
};

/// The part of the page that its form speaks to.
const FORM: &str = "claim";

/// Where something is asked for of an order.
pub fn path_of(order: OrderId) -> String {
    format!("/orders/{order}/after-sales")
}

/// Asks for something of one's own order.
#[server(prefix = "/rpc/shop", endpoint = "request_after_sales")]
pub async fn request_after_sales(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/login", fields, async |scope, fields| {
        let command = RequestCommand::from_fields(&fields)?;
        let id = command.id;
        after_sales::request(&scope, command).await?;
        let said = "申请已提交，门店会在 3 天内处理；有照片可以在下面补充";
        Ok(Next::to(format!("{PROGRESS}/{id}")).saying(crate::after_sales::FORM, said))
    })
    .await
}

/// What the address chooses: nothing yet, something with what it comes to, or something that cannot be.
enum Chosen {
    Nothing,
    Wrong(Fault),
    Quoted(QuoteAfterSales, AfterSalesQuote),
}

async fn chosen(asked: &Asked, order: OrderId) -> Result<Chosen, Fault> {
    if asked.query.given("kind").is_none() && asked.query.under("n.").next().is_none() {
        return Ok(Chosen::Nothing);
    }
    let what = match QuoteAfterSales::from_fields(&asked.query) {
        Ok(what) => what,
        Err(fault) => return Ok(Chosen::Wrong(fault)),
    };
    match after_sales::quote(&asked.scope, order, &what).await {
        Ok(quote) => Ok(Chosen::Quoted(what, quote)),
        Err(fault @ (Fault::Invalid(_) | Fault::Conflict { .. })) => Ok(Chosen::Wrong(fault)),
        Err(fault) => Err(fault),
    }
}

/// The page.
pub async fn claim(asked: Asked) -> Result<Page, Fault> {
    let order: OrderId = asked.id("order", "这个订单")?;
    let options = after_sales::options(&asked.scope, order).await?;
    let chosen = chosen(&asked, order).await?;
    let frame = Frame::of(&asked).await;
    Ok(Page::new("申请售后", move || {
        let body = match (&chosen, options.is_open(asked.scope.now)) {
            (_, false) => nothing_left(&options).into_any(),
            (Chosen::Quoted(what, quote), _) if asked.query.given("edit").is_none() => {
                send(&asked, &options, what, *quote).into_any()
            }
            _ => choose(&asked, &options, &chosen).into_any(),
        };
        let before = (!options.requests.is_empty()).then(|| {
            view! { <Card title="这个订单的售后" class="mt-4"><Requests cards=options.requests now=asked.scope.now/></Card> }
        });
        let body = view! { {news(&asked, FORM)} {body} {before} };
        frame.titled(Tab::Me, "申请售后", "/orders", body.into_any())
    }))
}

fn nothing_left(options: &AfterSalesOptions) -> impl IntoView + use<> {
    let order = format!("/orders/{}", options.order_id);
    let (title, text) = match options.handed_over_at {
        None => ("还没有取货", "没有取货的订单可以在订单页取消，款项原路退回。"),
        Some(_) => ("没有可以申请的商品", "商品已全部申请过，或已超过售后期限；有疑问请联系门店。"),
    };
    view! { <EmptyState glyph=Glyph::Receipt title=title text=text><LinkButton href=order>"返回订单"</LinkButton></EmptyState> }
}

/// What is wrong with a field of the address.
fn wrong(chosen: &Chosen, field: &str) -> Option<String> {
    let Chosen::Wrong(fault) = chosen else { return None };
    fault.complaints().iter().find(|one| one.field == field).map(|one| one.message.clone())
}

fn choose(asked: &Asked, options: &AfterSalesOptions, chosen: &Chosen) -> impl IntoView + use<> {
    let may = |kind| {
        let now = asked.scope.now;
        options.lines.iter().any(|line| line.kinds.iter().any(|one| one.kind == kind && one.until > now))
    };
    let kinds = AfterSalesKind::ALL.iter().map(|&kind| {
        let text = match kind {
            AfterSalesKind::RefundOnly => "商品有问题，不需要退回",
            AfterSalesKind::Return => "把商品带到任意一家门店，收到后退款",
            AfterSalesKind::Exchange => "带到任意一家门店，换同一商品的其他规格",
        };
        let text = if may(kind) { text } else { "这个订单的商品不支持，或已过期限" };
        ChoiceItem::new(kind.code(), kind.label()).text(text).disabled(!may(kind))
    });
    let kinds = kinds.collect();
    let lines = options.lines.iter().map(|line| {
        let error =
            wrong(chosen, &format!("line.{}", line.line)).or_else(|| wrong(chosen, &format!("swap.{}", line.line)));
        view! { <Line line=line.clone() query=asked.query.clone() error=error/> }
    });
    let lines = lines.collect_view();
    let told = match chosen {
        Chosen::Wrong(fault) if fault.complaints().len() != 1 || wrong(chosen, "lines").is_some() => {
            Some(fault.message())
        }
        _ => None,
    };
    let told = told.map(|message| view! { <Notice tone=Tone::Error>{message}</Notice> });
    let kind = asked.query.text("kind").to_owned();
    let kind_wrong = wrong(chosen, "kind").unwrap_or_default();
    view! {
        {told}
        <form method="get" action=path_of(options.order_id) class="grid gap-4">
            <Card><Choice name="kind" legend="需要什么" items=kinds value=kind error=kind_wrong/></Card>
            <Card title="哪些商品"><ul class="divide-y divide-base-200">{lines}</ul></Card>
            <button type="submit" class="btn btn-primary btn-block btn-lg">"下一步：看金额"</button>
        </form>
    }
}

#[component]
fn Line(line: ClaimableLine, query: Fields, error: Option<String>) -> impl IntoView {
    let (name, swap) = (format!("n.{}", line.line), format!("swap.{}", line.line));
    let came = line.came_for.map_or("", |_| "换货得到").to_owned();
    let choice = [line.spec.clone(), line.options_text.clone(), came];
    let choice = choice.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ");
    let typed = query.given(&name).unwrap_or("0").to_owned();
    let left = if line.rest > 0 { format!("可申请 {} 件", line.rest) } else { "已全部申请".into() };
    let exchanges = line.kinds.iter().any(|may| may.kind == AfterSalesKind::Exchange) && line.rest > 0;
    let picked = query.given(&swap).map_or_else(|| line.sku_id.to_string(), str::to_owned);
    let swaps = line.swaps.iter().map(|one| {
        let label = match (one.spec.as_str(), one.sku_id == line.sku_id) {
            ("", _) => "同款".to_owned(),
            (spec, true) => format!("{spec}（同款）"),
            (spec, false) => format!("{spec} {}", one.price_fen),
        };
        SelectItem::new(one.sku_id.to_string(), label)
    });
    let swaps: Vec<_> = swaps.collect();
    let swaps = (exchanges && !swaps.is_empty()).then(|| {
        view! { <div class="mt-2 max-w-xs"><Select name=swap label="换货时换成" items=swaps value=picked/></div> }
    });
    let id = format!("field-{name}");
    let (labelled, wrong_id) = (id.clone(), format!("{id}-wrong"));
    let described = error.is_some().then(|| wrong_id.clone());
    let wrong =
        error.map(|message| view! { <p id=wrong_id class="mt-1 text-sm text-error" role="alert">{message}</p> });
    view! {
        <li class="py-3">
            <div class="flex gap-3">
                <div class="w-14 shrink-0 overflow-hidden rounded-box"><GoodsPicture picture=line.picture alt="".into() sizes="56px"/></div>
                <div class="min-w-0 flex-1">
                    <p class="truncate font-medium">{line.name}</p>
                    <p class="truncate text-sm text-base-content/70">{choice}</p>
                    <p class="text-sm text-base-content/70">{format!("实付 {}", line.paid_fen)} <span class="block">{left}</span></p>
                </div>
                <label class="flex shrink-0 items-center gap-2 text-sm" for=labelled>
                    "件数"
                    <input class="input tabular w-20 text-center" id=id type="number" inputmode="numeric" name=name value=typed
                        min="0" max=line.rest.to_string() step="1" disabled={line.rest == 0} aria-describedby=described/>
                </label>
            </div>
            {wrong}
            {swaps}
        </li>
    }
}

/// What it comes to, why, and the one button that sends it.
fn send(
    asked: &Asked,
    options: &AfterSalesOptions,
    what: &QuoteAfterSales,
    quote: AfterSalesQuote,
) -> impl IntoView + use<> {
    let picked = what.lines.iter().filter_map(|want| {
        let line = options.lines.iter().find(|line| line.line == want.line)?;
        let to = want.exchange_for.filter(|_| what.kind == AfterSalesKind::Exchange).map(|sku| {
            let swap = line.swaps.iter().find(|swap| swap.sku_id == sku).map_or("", |swap| &swap.spec);
            if swap.is_empty() || sku == line.sku_id { " → 同款".to_owned() } else { format!(" → {swap}") }
        });
        let text = format!("{} {}{}", line.name, line.spec, to.unwrap_or_default());
        Some(view! { <li class="flex justify-between gap-3 py-1.5"><span>{text}</span><span class="tabular">{format!("×{}", want.quantity)}</span></li> })
    });
    let picked = picked.collect_view();
    let hidden = what.lines.iter().map(|want| {
        let swap =
            want.exchange_for.map(|sku| view! { <Hidden name=format!("swap.{}", want.line) value=sku.to_string()/> });
        view! { <Hidden name=format!("n.{}", want.line) value=want.quantity.to_string()/> {swap} }
    });
    let hidden = hidden.collect_view();
    let mut reasons = vec![SelectItem::new("", "请选择")];
    reasons.extend(AfterSalesReason::ALL.iter().map(|reason| SelectItem::new(reason.code(), reason.label())));
    let (reason_wrong, reason) = asked.field(FORM, "reason");
    let (note_wrong, note) = asked.field(FORM, "note");
    let (here, edit) = (asked.here.clone(), format!("{}&edit=1", asked.here));
    let (kind, order) = (what.kind, options.order_id.to_string());
    let after = match what.kind {
        AfterSalesKind::RefundOnly => "门店同意后，款项原路退回。",
        AfterSalesKind::Return => {
            "门店同意后您会得到一个售后码：14 天内带商品和售后码到任意一家门店，收到商品后款项原路退回。"
        }
        AfterSalesKind::Exchange => {
            "门店同意后您会得到一个售后码：14 天内带商品和售后码到任意一家门店换货；差价原路退回。"
        }
    };
    let label = if what.kind == AfterSalesKind::Exchange { "退回差价" } else { "退款金额" };
    let less = (quote.less_fen > Fen::ZERO)
        .then(|| format!("这笔订单已经有补偿退款，退款合计不超过实付金额，所以这次少退 {}。", quote.less_fen));
    view! {
        <Form action=RequestAfterSales::PATH class="grid grid-cols-1 gap-4">
            <Card title=kind.label()>
                <ul class="divide-y divide-base-200">{picked}</ul>
                <p class="mt-3 flex items-baseline justify-between border-t border-base-200 pt-3">
                    {label} <Price amount=quote.refund_fen.to_string() large=true/>
                </p>
                {less.map(|words| view! { <p class="mt-1 text-sm text-base-content/70">{words}</p> })}
                <p class="mt-2 text-sm text-base-content/70">{after}</p>
                <p class="mt-2"><a class="link touch inline-flex items-center text-sm" href=edit>"修改商品或数量"</a></p>
            </Card>
            <Card>
                <Hidden name="from" value=here/>
                <Hidden name="key" value=flashes::new_key().to_string()/>
                <Hidden name="order_id" value=order/>
                <Hidden name="kind" value=kind.code()/>
                <Hidden name="expected_refund_fen" value=quote.refund_fen.0.to_string()/>
                {hidden}
                <Select name="reason" label="原因" items=reasons value=reason.unwrap_or_default() error=reason_wrong.unwrap_or_default()/>
                <TextArea name="note" label="补充说明" rows=2 maxlength=NOTE_MOST as u32 hint="选「其他原因」时必填，200 字以内。"
                    value=note.unwrap_or_default() error=note_wrong.unwrap_or_default()/>
                <Button block=true size=Size::Large>"提交申请"</Button>
            </Card>
        </Form>
    }
}
