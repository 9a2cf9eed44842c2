//! 柜台销售: goods are scanned, lie in the page's address, and are sold with one button. Works without script: the scan
//! field is a form of its own that leads to the same page with a line more.

use commerce::counter_sales as use_cases;
use domain::{
    Fault, Fen, Fields, StoreId,
    counter_sales::{
        Basket, CODE_MOST, CounterDay, CounterLine, LINES_MOST, OnCounter, SellAtCounter as Command, line_field,
        scanned,
    },
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{
    Button, Card, EmptyState, Field, Form, Glyph, Hidden, Icon, LinkButton, Select, SelectItem, Size, Stat, Tone,
};
use uuid::Uuid;

use crate::{
    frame::{Frame, Lit, news},
    till_sales,
};

const LOG_IN: &str = "/console/login";
/// The page.
pub const PATH: &str = "/console/till";
/// The part of the page that its form speaks to.
const FORM: &str = "till";

/// Sells what lies on the counter.
#[server(prefix = "/rpc/console", endpoint = "sell_at_counter")]
pub async fn sell_at_counter(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let store: StoreId = fields.text("store").parse().map_err(|_| Fault::NotFound("这家门店"))?;
        let sale = use_cases::sell(&scope, store, Command::from_fields(&fields)?).await?;
        let said = format!("已售出 {}：{} 件，标价合计 {}", sale.number, sale.left(), sale.total_fen);
        Ok(Next::to(address(store, &Basket::default())).saying(FORM, said))
    })
    .await
}

/// The page with these goods on the counter.
pub fn address(store: StoreId, basket: &Basket) -> String {
    let pairs = basket.pairs().into_iter().map(|(name, value)| format!("&{name}={}", urlencoding::encode(&value)));
    format!("{PATH}?store={store}{}", pairs.collect::<String>())
}

/// What lies on the counter, and what is known of each line.
struct Counter {
    store: StoreId,
    basket: Basket,
    goods: Vec<Result<OnCounter, &'static str>>,
    /// What was typed and is no code, with the goods whose names have these words.
    unknown: Option<(String, Vec<OnCounter>)>,
    /// Whether what was scanned has no place any more.
    full: bool,
}

impl Counter {
    /// Reads the address, and puts what was scanned on the counter.
    async fn of(asked: &Asked, store: StoreId) -> Result<Self, Fault> {
        let mut basket = Basket::from_fields(&asked.query);
        basket.lines.truncate(LINES_MOST);
        let typed: String = asked.query.text("scan").chars().take(CODE_MOST).collect();
        let (pieces, code) = scanned(&typed);
        let mut lines = basket.lines.clone();
        lines.extend((!code.is_empty()).then(|| CounterLine { code: code.to_owned(), pieces }));
        let mut goods = use_cases::on_counter(&asked.scope, store, &lines).await?;
        let Some(new) = goods.split_off(basket.lines.len()).pop() else {
            return Ok(Self { store, basket, goods, unknown: None, full: false });
        };
        let Ok(new) = new else {
            let words: String = code.chars().take(Fields::WORDS_MOST).collect();
            let found = use_cases::find(&asked.scope, store, &words).await?;
            return Ok(Self { store, basket, goods, unknown: Some((typed, found)), full: false });
        };
        // A code and a barcode may mean the same.
        let same = goods.iter().position(|one| one.as_ref().is_ok_and(|one| one.sku_id == new.sku_id));
        let full = same.is_none() && basket.lines.len() == LINES_MOST;
        match same {
            Some(line) => basket = basket.with(line, basket.lines[line].pieces.saturating_add(pieces)),
            None if full => {}
            None => {
                basket.add(code, pieces);
                goods.push(Ok(new));
            }
        }
        Ok(Self { store, basket, goods, unknown: None, full })
    }

    fn total(&self) -> Fen {
        let lines = self.basket.lines.iter().zip(&self.goods);
        let fen = |(line, goods): (&CounterLine, &Result<OnCounter, _>)| {
            goods.as_ref().map_or(0, |goods| goods.price_fen.0.saturating_mul(line.pieces))
        };
        Fen(lines.map(fen).sum())
    }

    fn pieces(&self) -> i64 {
        self.basket.lines.iter().map(|line| line.pieces).sum()
    }

    /// Whether of some variant more lies on the counter than it can sell.
    fn lacks(&self) -> bool {
        let mut lines = self.basket.lines.iter().zip(&self.goods);
        lines.any(|(line, goods)| goods.as_ref().is_ok_and(|goods| goods.left < line.pieces))
    }
}

/// The page: the scan field, what lies on the counter, the button; beside them what was sold.
pub async fn till(asked: Asked) -> Result<Page, Fault> {
    let stores = use_cases::stores(&asked.scope).await?;
    let first = stores.first().map(|(id, _)| *id).ok_or(Fault::Forbidden)?;
    let store: StoreId = asked.query.text("store").parse().unwrap_or(first);
    let counter = Counter::of(&asked, store).await?;
    let day = use_cases::day(&asked.scope, store).await?;
    let latest = till_sales::latest(&asked.scope, store).await?;
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new("柜台销售", move || {
        let aside = till_sales::section(&asked, store, latest);
        let body = view! {
            <h1 class="mb-1 text-xl font-bold">"柜台销售"</h1>
            <p class="mb-3 text-base-content/70">"与线上卖同一份库存，卖出即减。这里只记件数和标价，收银收到的钱不在这里记账。"</p>
            {choose_store(stores, store)}
            {news(&asked, FORM)}
            <div class="grid grid-cols-1 gap-4 xl:grid-cols-5">
                <div class="min-w-0 xl:col-span-3">{scan(&counter)} {found(&counter)} {on_counter(&asked, &counter)}</div>
                <div class="min-w-0 xl:col-span-2">{figures(day)} {aside}</div>
            </div>
        };
        frame.screen(Lit::Till, body.into_any())
    }))
}

fn choose_store(stores: Vec<(StoreId, String)>, store: StoreId) -> Option<AnyView> {
    if stores.len() < 2 {
        return None;
    }
    let items = stores.into_iter().map(|(id, name)| SelectItem::new(id.to_string(), name)).collect();
    Some(
        view! {
            <form method="get" action=PATH class="flex max-w-xl items-end gap-2">
                <div class="min-w-0 flex-1"><Select name="store" label="门店" items=items value=store.to_string()/></div>
                <div class="mb-4"><button type="submit" class="btn">"切换"</button></div>
            </form>
        }
        .into_any(),
    )
}

/// What lies on the counter, for a form.
fn carried(counter: &Counter) -> impl IntoView + use<> {
    let pairs = counter.basket.pairs().into_iter().map(|(name, value)| view! { <Hidden name=name value=value/> });
    let pairs = pairs.collect_view();
    view! { <Hidden name="store" value=counter.store.to_string()/> {pairs} }
}

fn scan(counter: &Counter) -> impl IntoView + use<> {
    let wrong = match &counter.unknown {
        Some((_, found)) if found.is_empty() => "没有找到：不是这里的商品，请核对编码或条码",
        _ if counter.full => "一笔最多 100 种商品，请先售出",
        _ => "",
    };
    let typed = counter.unknown.as_ref().map(|(typed, _)| typed.clone()).unwrap_or_default();
    view! {
        <form method="get" action=PATH class="panel mb-4 flex flex-wrap items-end gap-x-2 px-4 pt-4">
            {carried(counter)}
            <div class="min-w-0 flex-1">
                <Field name="scan" label="扫码，或输入编码、条码、名称" autocomplete="off" required=false maxlength=CODE_MOST as u32
                    value=typed error=wrong autofocus=true hint="多件可以输入「3*条码」。"/>
            </div>
            <div class="mb-4"><button type="submit" class="btn btn-lg">"加入"</button></div>
        </form>
    }
}

/// Goods whose names have what was typed.
fn found(counter: &Counter) -> Option<AnyView> {
    let (_, found) = counter.unknown.as_ref().filter(|(_, found)| !found.is_empty())?;
    let row = |one: &OnCounter| {
        let mut basket = counter.basket.clone();
        basket.add(&one.code, 1);
        let (left, price) = (format!("可卖 {} 件", one.left), one.price_fen.to_string());
        view! {
            <li>
                <a class="flex items-center justify-between gap-3 p-3" href=address(counter.store, &basket)>
                    <span class="min-w-0"><span class="block font-medium">{one.name.clone()}</span>
                        <span class="block text-sm text-base-content/70">{one.code.clone()}</span></span>
                    <span class="tabular shrink-0 text-end text-sm"><span class="block">{price}</span><span class="block text-base-content/70">{left}</span></span>
                </a>
            </li>
        }
    };
    let rows = found.iter().map(row).collect_view();
    Some(view! { <ul class="panel mb-4 divide-y divide-base-300" aria-label="找到的商品">{rows}</ul> }.into_any())
}

fn on_counter(asked: &Asked, counter: &Counter) -> AnyView {
    if counter.basket.lines.is_empty() {
        return view! { <EmptyState glyph=Glyph::Qr title="还没有商品" text="扫第一件商品的条码；同一件再扫一次就多一件。">""</EmptyState> }.into_any();
    }
    let failed = asked.flash_of(FORM).filter(|flash| !flash.good);
    // The one that was scanned last stands first.
    let rows = counter.basket.lines.iter().zip(&counter.goods).enumerate().rev().map(|(at, (line, goods))| {
        let refused = failed.and_then(|flash| flash.complaint(&line_field(at))).map(str::to_owned);
        row(counter, at, (line, goods), refused)
    });
    let rows = rows.collect_view();
    let gone = counter.lacks().then(|| {
        view! {
            <div class="mt-3 border-t border-base-300 pt-3">
                <button type="submit" name="handed_over" value="1" class="btn btn-outline btn-warning">"已交给顾客，照实记账"</button>
                <p class="mt-1 text-sm text-base-content/70">"数量超过可卖件数时用：账面会不够，已下单的顾客可能缺货，会进入「缺货处理」。"</p>
            </div>
        }
    });
    let (total, pieces) = (counter.total().to_string(), format!("共 {} 件", counter.pieces()));
    let clear = address(counter.store, &Basket::default());
    let (from, carried) = (address(counter.store, &counter.basket), carried(counter));
    view! {
        <Card>
            <Form action=SellAtCounter::PATH>
                <Hidden name="from" value=from/>
                <Hidden name="key" value=Uuid::now_v7().to_string()/>
                {carried}
                <ul class="-mt-2 divide-y divide-base-300">{rows}</ul>
                <div class="mt-3 flex flex-wrap items-center justify-between gap-3 border-t border-base-300 pt-3">
                    <p><span class="tabular text-2xl font-bold">{total}</span> <span class="tabular ms-2 text-base-content/70">{pieces}</span></p>
                    <div class="flex gap-3">
                        <LinkButton href=clear tone=Tone::Plain size=Size::Large>"清空"</LinkButton>
                        <Button size=Size::Large>"售出"</Button>
                    </div>
                </div>
                {gone}
            </Form>
        </Card>
    }
    .into_any()
}

fn row(
    counter: &Counter,
    at: usize,
    (line, goods): (&CounterLine, &Result<OnCounter, &'static str>),
    refused: Option<String>,
) -> impl IntoView + use<> {
    let name = goods.as_ref().map_or_else(|_| line.code.clone(), |goods| goods.name.clone());
    let code = goods.as_ref().map_or(String::new(), |goods| goods.code.clone());
    let price = goods.as_ref().map_or(String::new(), |goods| {
        format!("{} × {} = {}", goods.price_fen, line.pieces, Fen(goods.price_fen.0.saturating_mul(line.pieces)))
    });
    let short = match goods {
        Err(wrong) => Some((*wrong).to_owned()),
        Ok(goods) if goods.left < line.pieces => Some(format!("柜台可卖的只有 {} 件", goods.left)),
        Ok(_) => None,
    };
    let wrong = refused
        .or(short)
        .map(|wrong| view! { <span class="block text-sm font-medium text-error" role="alert">{wrong}</span> });
    let to = |pieces: i64| address(counter.store, &counter.basket.with(at, pieces));
    let (fewer, more, none) = (to(line.pieces - 1), to(line.pieces + 1), to(0));
    let [fewer_label, more_label, none_label] = ["少一件", "多一件", "移除"].map(|what| format!("{what} {name}"));
    view! {
        <li class="flex flex-wrap items-center justify-between gap-x-3 gap-y-2 py-3">
            <span class="min-w-0 flex-1 basis-48"><span class="block font-medium">{name}</span>
                <span class="block text-sm text-base-content/70">{code}</span>
                <span class="tabular block text-sm">{price}</span> {wrong}</span>
            <span class="flex items-center gap-2">
                <a class="btn btn-square" href=fewer aria-label=fewer_label><Icon glyph=Glyph::Minus class="size-5"/></a>
                <span class="tabular w-10 text-center text-lg font-semibold">{line.pieces}</span>
                <a class="btn btn-square" href=more aria-label=more_label><Icon glyph=Glyph::Plus class="size-5"/></a>
                <a class="btn btn-ghost btn-square" href=none aria-label=none_label><Icon glyph=Glyph::Close class="size-5"/></a>
            </span>
        </li>
    }
}

fn figures(day: CounterDay) -> impl IntoView {
    view! {
        <div class="mb-4 grid grid-cols-3 gap-3">
            <Stat label="今日笔数" value=day.sales.to_string()/>
            <Stat label="今日件数" value=day.pieces.to_string()/>
            <Stat label="今日标价合计" value=day.total_fen.to_string()/>
        </div>
    }
}
