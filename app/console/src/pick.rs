//! Picking at the shelf, on a phone or a tablet: lines are ticked off by a tap or by a scanner. What is picked lies with
//! the server, so several people can share an order. On paper it is [`crate::picking`].

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use commerce::{orders, stock::batches};
use domain::{
    Fault, Fields, LocationId, OrderId, SkuId,
    batches::FirstOut,
    orders::{OrderState, OrderView, PickLine, ScanPick, SetPicked},
    staff::Permission,
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Breadcrumbs, Button, Card, CountButtons, Field, Form, Glyph, Hidden, Icon, LinkButton, Notice, Size, Tone,
};
use uuid::Uuid;

use crate::{
    board::{PrepareOrder, slot_text},
    frame::{Frame, Lit, news},
    islands::{CameraScan, ScanQueue},
    picking::{self, taken_first},
    receipt::{self, tail_of},
};

const LOG_IN: &str = "/console/login";
/// The part of the page where lines are ticked off.
const FORM: &str = "pick";
/// The part of the page into which a scanner types.
const SCAN: &str = "scan";
/// The part of the page that says of an order's own steps.
const ORDER: &str = "order";

/// Where an order is picked.
pub fn path_of(order: OrderId) -> String {
    format!("/console/orders/{order}/pick")
}

fn order_of(fields: &Fields) -> Result<OrderId, Fault> {
    fields.text("order_id").parse().map_err(|_| Fault::NotFound("这个订单"))
}

/// Takes one more piece off the shelf.
#[server(prefix = "/rpc/console", endpoint = "scan_piece")]
pub async fn scan_piece(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(SCAN, LOG_IN, fields, async |scope, fields| {
        let (id, scan) = (order_of(&fields)?, ScanPick::from_fields(&fields)?);
        let line = orders::scan_pick(&scope, id, &scan).await?;
        let said = format!("{}：已拣 {}/{}", line.title(), line.picked, line.quantity);
        Ok(Next::to(path_of(id)).saying(SCAN, said))
    })
    .await
}

/// Says how many pieces of a line are off the shelf.
#[server(prefix = "/rpc/console", endpoint = "tick_line")]
pub async fn tick_line(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = order_of(&fields)?;
        let line = orders::set_picked(&scope, id, SetPicked::from_fields(&fields)?).await?;
        // On a long list whoever ticked a line stays where they are.
        Ok(Next::to(format!("{}#line-{}", path_of(id), line.line)))
    })
    .await
}

/// The page.
pub async fn pick(asked: Asked) -> Result<Page, Fault> {
    let id: OrderId = asked.id("order", "这个订单")?;
    let order = orders::show_for_staff(&asked.scope, id).await?;
    let lines = orders::pick_list(&asked.scope, id).await?;
    let skus: Vec<SkuId> = lines.iter().map(|line| line.sku_id).collect();
    let first = batches::first(&asked.scope, LocationId(order.card.store_id.0), &skus).await?;
    let frame = Frame::of(&asked.scope).await?;
    let title = format!("拣货 #{}", tail_of(&order.card.number));
    Ok(Page::new(title.clone(), move || {
        let card = &order.card;
        let may = card.state == OrderState::Accepted && asked.scope.may_at(Permission::FulfilOrders, card.store_id);
        let crumbs = vec![
            ("全部订单".to_owned(), "/console/orders".to_owned()),
            (card.number.clone(), format!("/console/orders/{id}")),
            ("拣货".to_owned(), String::new()),
        ];
        let head = head(&asked, &order, &lines, title);
        let scan = if may { Some(scan(&asked, id)) } else { said_of_a_scan(&asked) };
        let pack = may.then(|| pack(&asked, id, &lines));
        let goods = goods(&asked, &order, lines, &first, may);
        let body = view! {
            <Breadcrumbs items=crumbs/>
            <div id="pick-head" data-fresh>{head}</div>
            {news(&asked, ORDER)}
            {news(&asked, FORM)}
            <div class="grid grid-cols-1 gap-4 lg:grid-cols-[24rem_1fr] lg:items-start">
                <div class="grid grid-cols-1 gap-4">
                    {scan}
                    <div id="pick-pack" data-fresh>{pack}</div>
                </div>
                <div id="pick-lines" class="min-w-0" data-fresh>{goods}</div>
            </div>
        };
        frame.screen(Lit::Orders, body.into_any())
    }))
}

fn head(asked: &Asked, order: &OrderView, lines: &[PickLine], title: String) -> impl IntoView + use<> {
    let card = &order.card;
    let (picked, all) = (sum(lines, |line| line.picked), sum(lines, |line| line.quantity));
    let slot = slot_text(card, asked.scope.now, &order.timezone);
    let about = format!("{slot} · {} · {}", card.fulfilment.label(), card.store_name);
    let packed = order.packages().map(|many| view! { <Badge tone=Tone::Success>{format!("共 {many} 包")}</Badge> });
    let words = card.note.clone();
    let note = (!words.is_empty()).then(|| view! { <div class="mt-2"><Notice tone=Tone::Warn>{words}</Notice></div> });
    let (id, state) = (card.id.to_string(), card.state.label_of(card.fulfilment));
    view! {
        <div class="my-3">
            <div class="flex flex-wrap items-center gap-2">
                <h1 class="tabular text-2xl font-black">{title}</h1>
                <Badge>{state}</Badge>
                {packed}
            </div>
            <p class="tabular mt-1 text-lg font-bold">{format!("已拣 {picked}/{all} 件")}</p>
            <p class="mt-1 text-base-content/70">{about}</p>
            {note}
            <div class="mt-2 flex flex-wrap gap-2">
                <LinkButton href=picking::path_of(&id) size=Size::Small><Icon glyph=Glyph::Print/>"拣货单"</LinkButton>
                <LinkButton href=receipt::path_of(&id) size=Size::Small><Icon glyph=Glyph::Print/>"小票"</LinkButton>
            </div>
        </div>
    }
}

fn sum(lines: &[PickLine], of: impl Fn(&PickLine) -> i64) -> i64 {
    lines.iter().map(of).sum()
}

/// The field into which a scanner types: a piece for each code.
fn scan(asked: &Asked, id: OrderId) -> AnyView {
    let (wrong, typed) = asked.field(SCAN, "code");
    let flash = asked.flash_of(SCAN);
    let good = flash.is_some_and(|flash| flash.good);
    let beside = flash.filter(|flash| !flash.good && flash.complaints.is_empty()).map(|flash| flash.message.clone());
    let wrong = wrong.or(beside).unwrap_or_default();
    let said = good.then(|| news(asked, SCAN));
    let here = asked.here.clone();
    view! {
        <section id=SCAN class="panel p-4">
            {said}
            <Form action=ScanPiece::PATH>
                <Hidden name="from" value=here/>
                <Hidden name="order_id" value=id.to_string()/>
                <Hidden name="key" value=Uuid::now_v7().to_string()/>
                <div class="flex items-start gap-3">
                    <div class="min-w-0 flex-1">
                        <Field name="code" label="扫码，或输入商品编码、条码" autocomplete="off" value=typed.unwrap_or_default() error=wrong autofocus=true maxlength=64/>
                    </div>
                    <div class="pt-6"><Button size=Size::Large>"拣一件"</Button></div>
                </div>
                <CameraScan reader=rpc::code_reader()/>
                <ScanQueue part=SCAN.to_owned()/>
                <p class="text-sm text-base-content/70">"扫一次算一件；不扫码就在清单里点「拣好」。几个人可以一起拣。"</p>
            </Form>
        </section>
    }
    .into_any()
}

/// What became of a scan where there is no field for another: the order was made ready or given away meanwhile. Whoever
/// queues scans in a page that still has the field reads it in the same place.
fn said_of_a_scan(asked: &Asked) -> Option<AnyView> {
    let said = news(asked, SCAN)?;
    Some(view! { <section id=SCAN>{said}</section> }.into_any())
}

/// Making the order ready, once all of it is off the shelf.
fn pack(asked: &Asked, id: OrderId, lines: &[PickLine]) -> AnyView {
    let left = sum(lines, |line| line.quantity - line.picked);
    if left > 0 {
        let words = format!("还差 {left} 件。不逐件拣也可以：在订单页直接点「备货完成」。");
        return view! { <p class="text-sm text-base-content/70">{words}</p> }.into_any();
    }
    let (wrong, typed) = asked.field(ORDER, "packages");
    let here = asked.here.clone();
    view! {
        <Card title="都拣好了">
            <Form action=PrepareOrder::PATH>
                <Hidden name="from" value=here/>
                <Hidden name="order_id" value=id.to_string()/>
                <Field name="packages" label="包数" inputmode="numeric" autocomplete="off" required=false maxlength=2 value=typed.unwrap_or_default()
                    error=wrong.unwrap_or_default() hint="装了几袋、几箱，印在小票上，交货时核对。"/>
                <Button size=Size::Large block=true>"备货完成"</Button>
            </Form>
        </Card>
    }
    .into_any()
}

/// The lines under the heads of their categories.
fn goods(asked: &Asked, order: &OrderView, lines: Vec<PickLine>, first: &[FirstOut], may: bool) -> AnyView {
    let batches: BTreeMap<SkuId, &FirstOut> = first.iter().map(|batch| (batch.sku_id, batch)).collect();
    let (now, id) = (asked.scope.now, order.card.id);
    let groups = picking::by_category(lines).into_iter().map(|(category, group)| {
        let items = group.into_iter().map(|line| {
            let batch = batches.get(&line.sku_id).copied();
            let told = line.told(now, text::zone(&order.timezone));
            let acts = may.then(|| acts(&line, id, &asked.here));
            item(line, batch, told, acts)
        });
        let items = items.collect_view();
        view! {
            <section class="mb-4">
                <h2 class="mb-2 font-bold">{category}</h2>
                <ul class="panel divide-y divide-base-300">{items}</ul>
            </section>
        }
    });
    groups.collect_view().into_any()
}

fn item(
    line: PickLine,
    batch: Option<&FirstOut>,
    told: Option<String>,
    acts: Option<AnyView>,
) -> impl IntoView + use<> {
    let batch = batch.map(taken_first);
    let whole = line.is_whole().then(|| view! { <Badge tone=Tone::Success>"已拣好"</Badge> });
    let told = told.map(|told| view! { <span class="block text-sm text-base-content/70">{told}</span> });
    let choice =
        [line.spec, line.options_text].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ");
    let choice = (!choice.is_empty()).then(|| view! { <span class="block font-medium">{choice}</span> });
    let codes = [Some(line.code), line.barcode].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    view! {
        <li id=format!("line-{}", line.line) class="p-3">
            <span class="flex items-start gap-3">
                <span class="min-w-0 flex-1">
                    <span class="block text-lg leading-snug font-bold break-words">{line.name}</span>
                    {choice}
                    <span class="tabular block text-sm break-all text-base-content/70">{codes}</span>
                    {batch}
                    {told}
                </span>
                <span class="flex shrink-0 flex-col items-end gap-1">
                    <span class="tabular text-2xl font-black">{format!("{}/{}", line.picked, line.quantity)}</span>
                    {whole}
                </span>
            </span>
            {acts}
        </li>
    }
}

/// The whole line with one tap, and back with another; of several pieces one more or one less. Each says what the page
/// shows, so that nobody takes back what somebody else has ticked off meanwhile.
fn acts(line: &PickLine, id: OrderId, here: &str) -> AnyView {
    let title = line.title();
    let (label, tone, then) = match line.is_whole() {
        true => ("撤销", Tone::Plain, 0),
        false => ("拣好", Tone::Primary, line.quantity),
    };
    let few = (line.quantity > 1).then(|| {
        let (value, max) = (pieces(line.picked), pieces(line.quantity));
        let (here, number, of) = (here.to_owned(), line.line, format!("{title} 已拣件数"));
        let seen = line.picked.to_string();
        view! {
            <Form action=TickLine::PATH>
                <Hidden name="from" value=here/>
                <Hidden name="order_id" value=id.to_string()/>
                <Hidden name="line" value=number.to_string()/>
                <Hidden name="seen" value=seen/>
                <CountButtons name="picked" value=value max=max label=of/>
            </Form>
        }
    });
    let (here, number, seen) = (here.to_owned(), line.line, line.picked.to_string());
    view! {
        <span class="mt-2 flex flex-wrap items-center justify-end gap-3">
            {few}
            <Form action=TickLine::PATH>
                <Hidden name="from" value=here/>
                <Hidden name="order_id" value=id.to_string()/>
                <Hidden name="line" value=number.to_string()/>
                <Hidden name="seen" value=seen/>
                <Hidden name="picked" value=then.to_string()/>
                <Button tone=tone size=Size::Large label=format!("{label} {title}")>{label}</Button>
            </Form>
        </span>
    }
    .into_any()
}

/// As the buttons that count take it; a line has 999 pieces at most.
fn pieces(many: i64) -> u32 {
    u32::try_from(many).unwrap_or_default()
}

/// What of an order was picked, by whom and when, for its page; nothing where nobody ticked anything off.
pub fn card(lines: &[PickLine], now: DateTime<Utc>, zone: &str) -> Option<AnyView> {
    if lines.iter().all(|line| line.picked == 0) {
        return None;
    }
    let zone = text::zone(zone);
    let items = lines.iter().map(|line| {
        let told = line.told(now, zone).unwrap_or_else(|| "还没有拣".to_owned());
        let (title, many) = (line.title(), format!("{}/{}", line.picked, line.quantity));
        view! {
            <li class="flex items-start justify-between gap-3 py-2">
                <span class="min-w-0 break-words">
                    <span class="font-medium">{title}</span>
                    <span class="block text-sm text-base-content/70">{told}</span>
                </span>
                <span class="tabular shrink-0 font-bold">{many}</span>
            </li>
        }
    });
    let items = items.collect_view();
    Some(view! { <Card title="拣货"><ul class="divide-y divide-base-200">{items}</ul></Card> }.into_any())
}
