//! 盘点: the counts of one's places, and beginning one.

use chrono::{DateTime, Utc};
use commerce::counts as use_cases;
use domain::{
    CountId, Fault, Fields, LocationId,
    counts::{self as wanted, CategoryChoice, CountCard, CountKind, CountState, CycleBy, ListCounts, PlaceOfStock},
    page::Page as Listed,
    staff::Permission,
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Breadcrumbs, Button, Card, CheckBox, Chip, Chips, Choice, ChoiceItem, EmptyState, Field, Form, Glyph,
    Hidden, LinkButton, Pager, Select, SelectItem, Size, TextArea, Tone,
};
use uuid::Uuid;

use crate::frame::{Frame, Lit, files, news};

/// The list.
pub const PATH: &str = "/console/counts";
/// Beginning one.
const NEW: &str = "/console/counts/new";
/// The part of the page that its forms speak to.
pub const FORM: &str = "count";
/// How many counts a page of the list has.
const PAGE: usize = 20;

/// A count's page.
pub fn path_of(id: CountId) -> String {
    format!("{PATH}/{id}")
}

/// Begins a count.
#[server(prefix = "/rpc/console", endpoint = "open_count")]
pub async fn open_count(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/console/login", fields, async |scope, fields| {
        let command = wanted::OpenCount::from_fields(&fields)?;
        let id = command.id;
        use_cases::open(&scope, command).await?;
        Ok(Next::to(path_of(id)).saying(FORM, "盘点已开始，可以几个人同时录入；营业照常进行"))
    })
    .await
}

/// The list's page.
pub async fn counts(asked: Asked) -> Result<Page, Fault> {
    let ask = ListCounts { most: PAGE, ..ListCounts::from_fields(&asked.query) };
    let found = use_cases::list(&asked.scope, &ask).await?;
    let waiting = use_cases::waiting(&asked.scope).await?;
    let begins = asked.scope.may(Permission::CountStock);
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new("盘点", move || {
        let new = begins.then(|| view! { <LinkButton href=NEW tone=Tone::Primary>"开始盘点"</LinkButton> });
        let body = view! {
            <div class="mb-3 flex flex-wrap items-center justify-between gap-3">
                <h1 class="text-xl font-bold">"盘点"</h1>
                <div class="flex flex-wrap items-center gap-3">{files(PATH, &ask.pairs())} {new}</div>
            </div>
            {news(&asked, FORM)}
            <div class="mb-3">{filters(&ask, waiting)}</div>
            {results(&ask, found, asked.scope.now)}
        };
        frame.screen(Lit::Counts, body.into_any())
    }))
}

fn address(waiting: bool, state: Option<CountState>, after: &str) -> String {
    let waiting = if waiting { "1" } else { "" };
    format!("{PATH}?waiting={waiting}&state={}&after={after}", state.map_or("", CountState::code))
}

fn filters(ask: &ListCounts, waiting: i64) -> impl IntoView + use<> {
    let count = if waiting > 0 { waiting.to_string() } else { String::new() };
    let mut chips = vec![
        Chip::new("全部", PATH).active(!ask.waiting && ask.state.is_none()),
        Chip::new("待我确认", address(true, None, "")).active(ask.waiting).count(count),
    ];
    chips.extend(CountState::ALL.iter().map(|&state| {
        Chip::new(state.label(), address(false, Some(state), "")).active(!ask.waiting && ask.state == Some(state))
    }));
    view! { <Chips label="盘点状态" chips=chips/> }
}

fn results(ask: &ListCounts, found: Listed<CountCard>, now: DateTime<Utc>) -> AnyView {
    if found.items.is_empty() {
        let (title, text) = if ask.waiting {
            ("没有等您确认的盘点", "提交后有差异要确认的会出现在这里。")
        } else {
            ("还没有盘点", "可以全盘，也可以只盘几类或几件商品；营业照常进行，期间的销售不会算成差异。")
        };
        return view! { <EmptyState glyph=Glyph::Box title=title text=text>""</EmptyState> }.into_any();
    }
    let next = found.next.map(|after| address(ask.waiting, ask.state, &after)).unwrap_or_default();
    let items = found.items.into_iter().map(|card| item(card, now)).collect_view();
    view! {
        <ul class="grid grid-cols-1 gap-3 md:grid-cols-2 xl:grid-cols-3">{items}</ul>
        {(!next.is_empty()).then(|| view! { <Pager next=next/> })}
    }
    .into_any()
}

fn item(card: CountCard, now: DateTime<Utc>) -> impl IntoView {
    let (title, told, off) = (title_of(&card), progress(&card), off_text(&card));
    let began = format!("{} · {} · {}", card.number, card.opened_by, text::moment(card.opened_at, now, text::zone("")));
    let off = off.map(|off| view! { <p class="tabular mt-1 text-sm">{off}</p> });
    view! {
        <li>
            <a class="panel panel-link block h-full p-4" href=path_of(card.id)>
                <span class="flex items-start justify-between gap-2">
                    <span class="font-semibold">{title}</span>
                    <Badge tone=tone_of(card.state)>{card.state.label()}</Badge>
                </span>
                <p class="mt-1 text-sm text-base-content/70">{card.location_name}</p>
                <p class="tabular mt-2 text-sm">{told}</p>
                {off}
                <p class="mt-1 text-sm text-base-content/70">{began}</p>
            </a>
        </li>
    }
}

/// `全盘（盲盘）`.
pub fn title_of(card: &CountCard) -> String {
    let blind = if card.blind { "（盲盘）" } else { "" };
    format!("{}{blind}", card.kind.label())
}

/// `已盘 12 / 50 项`.
pub fn progress(card: &CountCard) -> String {
    format!("已盘 {} / {} 项", card.counted_lines, card.lines)
}

/// `差异合计 3 件，¥45.00`.
pub fn off_text(card: &CountCard) -> Option<String> {
    let off = card.off?;
    Some(match off.pieces {
        0 => "没有差异".to_owned(),
        pieces => {
            let cost = card.cost_fen.map(|cost| format!("，按成本 {cost}")).unwrap_or_default();
            format!("差异合计 {pieces} 件，{}{cost}", off.value_fen)
        }
    })
}

/// The colour of a count's state.
pub fn tone_of(state: CountState) -> Tone {
    match state {
        CountState::Open => Tone::Info,
        CountState::Submitted => Tone::Warn,
        CountState::Approved => Tone::Success,
        CountState::Cancelled => Tone::Plain,
    }
}

/// The page for beginning one.
pub async fn new(asked: Asked) -> Result<Page, Fault> {
    let places = use_cases::places(&asked.scope).await?;
    let typed = |name: &str| asked.field(FORM, name).1;
    let chosen = typed("location").or_else(|| asked.query.given("location").map(str::to_owned));
    let first = places.first().map(|place| place.id).ok_or(Fault::Forbidden)?;
    let place: LocationId = chosen.and_then(|id| id.parse().ok()).unwrap_or(first);
    let categories = use_cases::categories(&asked.scope, place).await?;
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new("开始盘点", move || {
        let crumbs = vec![("盘点".to_owned(), PATH.to_owned()), ("开始盘点".to_owned(), String::new())];
        let body = view! {
            <Breadcrumbs items=crumbs/>
            <h1 class="my-3 text-xl font-bold">"开始盘点"</h1>
            {news(&asked, FORM)}
            {choose_place(places, place)}
            {form(&asked, place, categories)}
        };
        frame.screen(Lit::Counts, body.into_any())
    }))
}

/// The categories offered are those of the place, so it is chosen first.
pub fn choose_place(places: Vec<PlaceOfStock>, now: LocationId) -> Option<impl IntoView + use<>> {
    if places.len() < 2 {
        return None;
    }
    let label = |place: PlaceOfStock| if place.warehouse { format!("仓库 · {}", place.name) } else { place.name };
    let items = places.into_iter().map(|place| SelectItem::new(place.id.to_string(), label(place))).collect();
    Some(view! {
        <form method="get" class="flex max-w-lg items-end gap-2">
            <div class="min-w-0 flex-1"><Select name="location" label="门店或仓库" items=items value=now.to_string()/></div>
            <div class="mb-4"><button class="btn btn-quiet" type="submit">"切换"</button></div>
        </form>
    })
}

fn form(asked: &Asked, place: LocationId, categories: Vec<CategoryChoice>) -> AnyView {
    let part = |name: &str| {
        let (wrong, typed) = asked.field(FORM, name);
        (wrong.unwrap_or_default(), typed.unwrap_or_default())
    };
    let ((kind_wrong, kind), (skus_wrong, skus), (lines_wrong, lines)) = (part("kind"), part("skus"), part("lines"));
    let ((note_wrong, note), (_, by), (categories_wrong, _)) = (part("note"), part("by"), part("categories"));
    let here = format!("{NEW}?location={place}");
    let kind = if kind.is_empty() { CountKind::Partial.code().to_owned() } else { kind };
    let text = |kind: CountKind| match kind {
        CountKind::Full => "这里销售或有库存的全部商品。",
        CountKind::Partial => "下面选的分类和商品；盘的时候扫到别的也会加进来。",
        CountKind::Cycle => "每次盘几项，轮流盘到全部。",
    };
    let kinds =
        CountKind::ALL.iter().map(|&kind| ChoiceItem::new(kind.code(), kind.label()).text(text(kind))).collect();
    let turns = CycleBy::ALL.iter().map(|by| SelectItem::new(by.code(), by.label())).collect();
    let lines = if lines.is_empty() { "20".to_owned() } else { lines };
    let ticks = categories.into_iter().map(|category| {
        let name = format!("category.{}", category.code);
        let ticked = asked.field(FORM, &name).1.is_some();
        view! { <CheckBox name=name label=category.name checked=ticked/> }
    });
    let ticks = ticks.collect_view();
    let blind = asked.field(FORM, "blind").1.is_some();
    let wrong = (!categories_wrong.is_empty())
        .then(|| view! { <p class="text-sm font-medium text-error">{categories_wrong}</p> });
    view! {
        <Form action=OpenCount::PATH>
            <Hidden name="from" value=here/>
            <Hidden name="key" value=CountId(Uuid::now_v7()).to_string()/>
            <Hidden name="location" value=place.to_string()/>
            <div class="grid grid-cols-1 gap-4 lg:grid-cols-2 lg:items-start">
                <Card title="怎么盘">
                    <Choice name="kind" legend="范围" items=kinds value=kind error=kind_wrong/>
                    <CheckBox name="blind" label="盲盘：盘的人看不到账面数量" checked=blind/>
                    <div class="mt-3"><TextArea name="note" label="备注" value=note error=note_wrong maxlength=200 rows=2 hint="盘的人会看到。"/></div>
                </Card>
                <div class="grid grid-cols-1 gap-4">
                    <Card title="部分盘点：盘哪些">
                        <fieldset class="mb-3">
                            <legend class="mb-1 text-sm font-semibold">"分类"</legend>
                            <div class="grid grid-cols-2 gap-x-4 sm:grid-cols-3">{ticks}</div>
                            {wrong}
                        </fieldset>
                        <TextArea name="skus" label="商品编码或条码" value=skus error=skus_wrong rows=3
                            hint="用空格、逗号或换行隔开。"/>
                    </Card>
                    <Card title="循环盘点：轮到哪些">
                        <Select name="by" label="先盘" items=turns value=by/>
                        <Field name="lines" kind="number" label="盘几项" inputmode="numeric" min="1" max="200" value=lines error=lines_wrong required=false/>
                    </Card>
                </div>
            </div>
            <div class="mt-4 max-w-xl"><Button size=Size::Large block=true>"开始盘点"</Button></div>
        </Form>
    }
    .into_any()
}
