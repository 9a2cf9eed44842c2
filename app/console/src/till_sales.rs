//! What a store's counter has sold: beside the till the latest, on a page of its own all of it; taking pieces back.

use chrono::{DateTime, Utc};
use commerce::{Scope, counter_sales as use_cases};
use domain::{
    CounterSaleId, Fault, Fields, StoreId,
    counter_sales::{CounterSale, CounterSaleLine, ListCounterSales, TakeBack, TakeBackWhy},
    page::Page as Listed,
    text,
    transfers::field_of,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Breadcrumbs, Button, Card, EmptyState, Field, Form, Glyph, Hidden, LinkButton, Pager, Select, SelectItem,
    Tone,
};
use uuid::Uuid;

use crate::{
    frame::{Frame, Lit, address, files, news},
    till,
};

const LOG_IN: &str = "/console/login";
/// The page of all.
const PATH: &str = "/console/till/sales";
/// The part of the page that its forms speak to.
const FORM: &str = "till-sales";
/// How many stand beside the till.
const LATEST: usize = 8;
/// How many a page has.
const PAGE: usize = 30;
/// What is said where there are none.
const NONE: &str = "还没有柜台销售";

/// Puts pieces of a sale back on the shelf.
#[server(prefix = "/rpc/console", endpoint = "take_back_counter_sale")]
pub async fn take_back_counter_sale(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id: CounterSaleId = fields.text("id").parse().map_err(|_| Fault::NotFound("这笔柜台销售"))?;
        let sale = use_cases::take_back(&scope, id, TakeBack::from_fields(&fields)?).await?;
        let back = fields.given("from").unwrap_or(till::PATH);
        let said = format!("{} 已退回，库存已加回；收到的钱请在收银处退", sale.number);
        Ok(Next::to(rpc::back_path(back).to_owned()).saying(FORM, said))
    })
    .await
}

/// The latest sales of a store, for beside the till.
pub async fn latest(scope: &Scope, store: StoreId) -> Result<Listed<CounterSale>, Fault> {
    use_cases::list(scope, store, &ListCounterSales { most: LATEST, ..ListCounterSales::default() }).await
}

/// They as a part of the till's page.
pub fn section(asked: &Asked, store: StoreId, latest: Listed<CounterSale>) -> AnyView {
    let news = news(asked, FORM);
    let all = latest.next.is_some().then(|| {
        let to = format!("{PATH}?store={store}");
        view! { <p class="mt-3"><LinkButton href=to tone=Tone::Plain>"全部柜台销售"</LinkButton></p> }
    });
    let list = list(asked, latest.items, NONE);
    view! { <Card title="最近售出">{news} {list} {all}</Card> }.into_any()
}

/// The page of all sales of a store.
pub async fn sales(asked: Asked) -> Result<Page, Fault> {
    let stores = use_cases::stores(&asked.scope).await?;
    let first = stores.first().map(|(id, _)| *id).ok_or(Fault::Forbidden)?;
    let store: StoreId = asked.query.text("store").parse().unwrap_or(first);
    let ask = ListCounterSales { most: PAGE, ..ListCounterSales::from_fields(&asked.query)? };
    // Days that end before they begin are said beside their field, in the list that has nothing of them.
    let wrong_day = ask.sold().err().map(|fault| fault.message()).unwrap_or_default();
    let found = match wrong_day.is_empty() {
        true => use_cases::list(&asked.scope, store, &ask).await?,
        false => Listed::cut(Vec::new(), PAGE, |_| String::new()),
    };
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new("全部柜台销售", move || {
        let till = format!("{}?store={store}", till::PATH);
        let crumbs = vec![("柜台销售".to_owned(), till), ("全部".to_owned(), String::new())];
        let [from, to] = ask.pairs();
        let mut pairs = vec![("store", store.to_string()), from, to];
        let files = files(PATH, &pairs);
        let narrowed = ask.from.or(ask.to).is_some();
        let empty = if narrowed { "这些日子没有柜台销售" } else { NONE };
        let days = days(&ask, store, wrong_day);
        let next = found.next.clone().map(|after| {
            pairs.push(("after", after));
            address(PATH, &pairs)
        });
        let body = view! {
            <Breadcrumbs items=crumbs/>
            <div class="my-3 flex flex-wrap items-center justify-between gap-3">
                <h1 class="text-xl font-bold">"全部柜台销售"</h1>
                {files}
            </div>
            {news(&asked, FORM)}
            {days}
            <Card>{list(&asked, found.items, empty)}</Card>
            <Pager next=next.unwrap_or_default()/>
        };
        frame.screen(Lit::Till, body.into_any())
    }))
}

/// The days on which it was sold, folded away until somebody asks for some. Without any it is the latest again.
fn days(ask: &ListCounterSales, store: StoreId, wrong_day: String) -> impl IntoView + use<> {
    let [(_, from), (_, to)] = ask.pairs();
    let dated = ask.from.or(ask.to).is_some();
    let newest = ask.first.map(|_| {
        let href = format!("{PATH}?store={store}");
        view! { <p class="mb-3"><a class="link" href=href>"最近的柜台销售"</a></p> }
    });
    view! {
        {newest}
        <form method="get" action=PATH role="search" class="mb-3 max-w-lg">
            <Hidden name="store" value=store.to_string()/>
            <details open=dated>
                <summary class="inline-flex min-h-11 cursor-pointer items-center font-medium">"按售出日期"</summary>
                <div class="grid gap-x-4 sm:grid-cols-2">
                    <Field name="from" kind="date" label="从" required=false value=from/>
                    <Field name="to" kind="date" label="到" required=false value=to error=wrong_day/>
                </div>
                <button class="btn btn-primary" type="submit">"查看"</button>
            </details>
        </form>
    }
}

fn list(asked: &Asked, sales: Vec<CounterSale>, empty: &'static str) -> AnyView {
    if sales.is_empty() {
        return view! { <EmptyState glyph=Glyph::Receipt title=empty text="售出的会出现在这里，录错了可以退回。">""</EmptyState> }.into_any();
    }
    let items = sales.into_iter().map(|sale| item(asked, sale)).collect_view();
    view! { <ol class="-my-2 divide-y divide-base-300">{items}</ol> }.into_any()
}

fn item(asked: &Asked, sale: CounterSale) -> impl IntoView + use<> {
    let now = asked.scope.now;
    let who = format!("{} · {}", sale.by, text::moment(sale.occurred_at, now, text::zone("")));
    let late = booked_late(&sale, now);
    let fact = sale.handed_over.then(|| view! { <Badge tone=Tone::Warn>"照实记账"</Badge> });
    let gone = (sale.left() == 0).then(|| view! { <Badge>"已全部退回"</Badge> });
    let goods = sale.lines.iter().map(told).collect::<Vec<_>>().join("、");
    let back = (sale.left() > 0).then(|| back(asked, &sale));
    view! {
        <li class="py-3 text-sm">
            <p class="flex flex-wrap items-center gap-x-3 gap-y-1">
                <span class="tabular font-medium">{sale.number.clone()}</span>
                <span class="tabular font-semibold">{sale.total_fen.to_string()}</span>
                {fact} {gone}
            </p>
            <p class="mt-1 break-words">{goods}</p>
            <p class="mt-1 text-base-content/70">{who}{late}</p>
            {back}
        </li>
    }
}

/// When it was booked, where that was not when it was sold.
fn booked_late(sale: &CounterSale, now: DateTime<Utc>) -> Option<String> {
    let late = sale.booked_at - sale.occurred_at > chrono::Duration::minutes(1);
    late.then(|| format!("，补录于 {}", text::moment(sale.booked_at, now, text::zone(""))))
}

fn told(line: &CounterSaleLine) -> String {
    match line.taken_back {
        0 => format!("{} × {}", line.name, line.pieces),
        back => format!("{} × {}（退回 {back}）", line.name, line.pieces),
    }
}

/// The form that puts pieces of a sale back.
fn back(asked: &Asked, sale: &CounterSale) -> AnyView {
    // Every sale has a form with fields of the same names; what was typed belongs to the one that was sent.
    let typed = asked.flash_of(FORM).is_some_and(|flash| !flash.good && flash.typed.text("id") == sale.id.to_string());
    let part = |name: &str| if typed { asked.field(FORM, name) } else { (None, None) };
    let rows = sale.lines.iter().filter(|line| line.left() > 0).map(|line| {
        let name = field_of(line.sku_id);
        let (wrong, value) = part(&name);
        let wrong = wrong.map(|wrong| view! { <span class="block font-medium text-error" role="alert">{wrong}</span> });
        let label = format!("{} 退回件数", line.name);
        let value = value.unwrap_or_else(|| line.left().to_string());
        view! {
            <li class="flex flex-wrap items-center justify-between gap-2 py-1">
                <span class="min-w-0 flex-1">{line.name.clone()} {wrong}</span>
                <input class="input tabular w-24 text-end" name=name inputmode="numeric" autocomplete="off" value=value aria-label=label/>
            </li>
        }
    });
    let rows = rows.collect_view();
    let (why_wrong, why) = part("why");
    let whys = TakeBackWhy::ALL.iter().map(|why| SelectItem::new(why.code(), why.label())).collect();
    let id = sale.id.to_string();
    let (why_id, here) = (format!("why-{id}"), asked.here.clone());
    view! {
        <details class="mt-2" open=typed>
            <summary class="inline-flex min-h-11 cursor-pointer items-center font-medium">"退回"</summary>
            <Form action=TakeBackCounterSale::PATH>
                <Hidden name="from" value=here/>
                <Hidden name="id" value=id/>
                <Hidden name="key" value=Uuid::now_v7().to_string()/>
                <ul class="mb-3">{rows}</ul>
                <Select name="why" id=why_id label="原因" items=whys value=why.unwrap_or_default() error=why_wrong.unwrap_or_default()/>
                <Button tone=Tone::Error>"退回并加回库存"</Button>
            </Form>
        </details>
    }
    .into_any()
}
