//! Asking for goods, and taking in goods that came from outside: both name goods and how many.

use commerce::{supply, transfers};
use domain::{
    Fault, Fields, LocationId, SkuId, TransferId,
    staff::{Permission, Reach},
    supply::ListStock,
    transfers::{LINES_MOST, ListTransfers, Location},
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{Breadcrumbs, Button, Card, FindIn, Form, Hidden, Select, SelectItem, TextArea};
use uuid::Uuid;
use views::{
    fill_in,
    goods::{self, Words},
};

use crate::{
    frame::{Frame, Lit, news},
    transfers::{FORM, PATH},
};

/// The page that takes goods in.
const RECEIPTS: &str = "/console/receipts";
/// How many goods are offered to choose from; more words find the others.
const GOODS_MOST: i64 = 40;
/// Where nothing was found.
const NOTHING: &str = "换个名称、拼音、编码或条码，再点「查找」。";

/// The stores at which whoever asks has this permission.
async fn own(asked: &Asked, permission: Permission) -> Result<Vec<Location>, Fault> {
    let reach = asked.scope.reach(permission)?;
    let stores = supply::stores_of(&asked.scope).await?;
    let within = |store: &Location| match &reach {
        Reach::All => true,
        reach => store.store().is_some_and(|store| reach.covers(store)),
    };
    let own: Vec<Location> = stores.into_iter().filter(within).collect();
    if own.is_empty() { Err(Fault::Forbidden) } else { Ok(own) }
}

/// The goods that are asked for already, out of the address, a file, or what was typed.
fn chosen(asked: &Asked) -> Vec<SkuId> {
    let mut chosen: Vec<SkuId> = asked.filled_in(FORM, "pieces.");
    chosen.truncate(LINES_MOST);
    chosen
}

/// How many goods are shown: whatever is asked for already, and some to choose from.
fn most_shown(also: &[SkuId]) -> i64 {
    GOODS_MOST + also.len() as i64
}

/// What is wrong with the first of these fields of which something is.
fn wrong(asked: &Asked, names: &[&str]) -> String {
    names.iter().find_map(|name| asked.field(FORM, name).0).unwrap_or_default()
}

fn items(places: &[Location]) -> Vec<SelectItem> {
    places.iter().map(|place| SelectItem::new(place.id.to_string(), place.name.clone())).collect()
}

/// The page that asks for goods.
pub async fn new(asked: Asked) -> Result<Page, Fault> {
    let own = own(&asked, Permission::MoveStock).await?;
    let sources = supply::sources(&asked.scope).await?;
    let field = |name: &str| -> Option<LocationId> { asked.typed(FORM, name).parse().ok() };
    let target = field("target").filter(|id| own.iter().any(|place| place.id == *id)).unwrap_or(own[0].id);
    let first = sources.iter().find(|place| place.id != target).map(|place| place.id);
    let source = field("source").filter(|id| sources.iter().any(|place| place.id == *id)).or(first);
    let also = chosen(&asked);
    let ask =
        ListStock { words: asked.query.words("q"), most: most_shown(&also), also, going_to: Some(target), skip: 0 };
    let found = match source {
        Some(source) => supply::stock(&asked.scope, source, &ask).await?.0,
        None => Vec::new(),
    };
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new("要货", move || {
        let crumbs = vec![("要货调拨".to_owned(), PATH.to_owned()), ("要货".to_owned(), String::new())];
        let (source_wrong, target_wrong) = (wrong(&asked, &["source", "from"]), wrong(&asked, &["target", "to"]));
        let words = Words { pieces: "数量", available: "对方可发", nothing: NOTHING };
        let goods = goods::table(&asked, FORM, found, words, false);
        let source = source.map(|id| id.to_string()).unwrap_or_default();
        let words = urlencoding::encode(&ask.words);
        let here = format!("{PATH}/new?source={source}&target={target}&q={words}");
        let (reason_wrong, reason) = (wrong(&asked, &["reason"]), asked.typed(FORM, "reason"));
        let hint = "每行：编码或条码、件数，最多 200 种商品。填好后核对，再提交要货。";
        let by_file = fill_in(&asked, FORM, "/console/transfers/new", hint);
        let body = view! {
            <Breadcrumbs items=crumbs/>
            <h1 class="my-3 text-xl font-bold">"要货"</h1>
            {news(&asked, FORM)}
            <Form action="/rpc/console/request_transfer">
                <Hidden name="from" value=here/>
                <Hidden name="key" value=TransferId(Uuid::now_v7()).to_string()/>
                <div class="panel mb-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-2">
                    <Select name="source" label="从哪里调" items=items(&sources) value=source error=source_wrong/>
                    <Select name="target" label="调到" items=items(&own) value=target.to_string() error=target_wrong/>
                    {finding(&ask.words, "/console/transfers/new")}
                </div>
                {goods}
                <div class="mt-4 max-w-2xl">
                    <TextArea name="reason" label="原因" maxlength=200 rows=2 value=reason
                        error=reason_wrong hint="对方会看到，例如「周末活动备货」。"/>
                    <Button>"提交要货"</Button>
                </div>
                {by_file}
            </Form>
        };
        frame.screen(Lit::Transfers, body.into_any())
    }))
}

/// The search for goods within a form.
fn finding(words: &str, page: &'static str) -> impl IntoView + use<> {
    view! {
        <FindIn label="查找商品" page=page value=words.to_owned() placeholder="名称、拼音、编码或条码"
            maxlength=Fields::WORDS_MOST/>
    }
}

/// The page that takes goods in.
pub async fn receipts(asked: Asked) -> Result<Page, Fault> {
    let own = own(&asked, Permission::ReceiveGoods).await?;
    let asked_for = asked.typed(FORM, "location").parse().ok();
    let place = asked_for.filter(|id| own.iter().any(|place| place.id == *id)).unwrap_or(own[0].id);
    let words = asked.query.words("q");
    let also = chosen(&asked);
    // Before anybody searches there is nothing to count.
    let ask = ListStock { most: most_shown(&also), words, also, ..ListStock::default() };
    let found = match ask.words.is_empty() && ask.also.is_empty() {
        true => Vec::new(),
        false => supply::stock(&asked.scope, place, &ask).await?.0,
    };
    let first = asked.query.text("receipt").parse().ok();
    let latest = supply::receipts(&asked.scope, place, first).await?;
    let on_the_way =
        ListTransfers { tab: Some(domain::transfers::TransferTab::OnTheWay), most: 1, ..Default::default() };
    let coming = !transfers::list(&asked.scope, &on_the_way).await?.items.is_empty();
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new("收货入库", move || {
        let crumbs = vec![("要货调拨".to_owned(), PATH.to_owned()), ("收货入库".to_owned(), String::new())];
        let searched = !ask.words.is_empty() || !ask.also.is_empty();
        let words = Words { pieces: "数量", available: "现有可售", nothing: NOTHING };
        let goods = searched.then(|| goods::table(&asked, FORM, found, words, true));
        let submit = searched.then(|| {
            let (wrong, note) = (wrong(&asked, &["note"]), asked.typed(FORM, "note"));
            view! {
                <div class="mt-4 max-w-2xl">
                    <TextArea name="note" label="送货单号或备注" maxlength=200 rows=2 value=note
                        error=wrong/>
                    <Button>"确认收货"</Button>
                </div>
            }
        });
        let coming = coming.then(|| {
            view! { <p class="mb-3">"有调拨在途：" <a class="link" href="/console/transfers?tab=on_the_way">"在调拨单里收货"</a></p> }
        });
        let here = format!("{RECEIPTS}?location={place}&q={}", urlencoding::encode(&ask.words));
        let title = if first.is_some() { "收货记录" } else { "最近收货" };
        let newest = first.map(|_| {
            let href = format!("{RECEIPTS}?location={place}");
            view! { <p class="mt-3"><a class="link" href=href>"最近收货"</a></p> }
        });
        let nothing = "还没有收货记录。扫条码或查找商品，填上数量就可以收货。";
        let latest = goods::receipts(latest, nothing, asked.scope.now);
        let hint = "每行：编码或条码、件数，有保质期的再填批次号、到期日，最多 200 种商品。填好后核对，再确认收货。";
        let by_file = fill_in(&asked, FORM, RECEIPTS, hint);
        let body = view! {
            <Breadcrumbs items=crumbs/>
            <h1 class="my-3 text-xl font-bold">"收货入库"</h1>
            {news(&asked, FORM)}
            {coming}
            <Form action="/rpc/console/receive_goods">
                <Hidden name="from" value=here/>
                <Hidden name="key" value=Uuid::now_v7().to_string()/>
                <div class="panel mb-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-2">
                    <Select name="location" label="收货门店" items=items(&own) value=place.to_string()/>
                    {finding(&ask.words, RECEIPTS)}
                </div>
                {goods}
                {submit}
                {by_file}
            </Form>
            <div class="mt-6"><Card title=title>{latest}{newest}</Card></div>
        };
        frame.screen(Lit::Transfers, body.into_any())
    }))
}
