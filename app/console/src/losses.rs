//! 报损: what is lost at one's places, and reporting it.

use chrono::{DateTime, Utc};
use commerce::{counts, losses as use_cases, stock::batches};
use domain::{
    Fault, Fields, LocationId, LossId,
    approvals::ProposalSubject,
    batches::BatchLeft,
    losses::{LOSS_PHOTOS_MOST, ListLosses, LossCard, LossFigure, LossKind, LossState},
    page::Page as Listed,
    staff::Permission,
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{
    Badge, Breadcrumbs, Button, Card, Chip, Chips, EmptyState, Fact, Facts, Field, Form, Glyph, Hidden, Icon,
    LinkButton, Pager, Select, SelectItem, Size, Stat, TextArea, Tone,
};
use uuid::Uuid;

use crate::{
    counts::choose_place,
    frame::{Frame, Lit, files, news},
    loss_list,
};

/// The list.
pub const PATH: &str = "/console/losses";
/// Reporting one.
const NEW: &str = "/console/losses/new";
/// The part of the page that its forms speak to.
pub const FORM: &str = "loss";
/// How many reports a page of the list has.
const PAGE: usize = 20;
/// Of how many days figures are shown.
const DAYS: i64 = 30;

/// A report's page.
pub fn path_of(id: LossId) -> String {
    format!("{PATH}/{id}")
}

/// The list's page.
pub async fn losses(asked: Asked) -> Result<Page, Fault> {
    let ask = ListLosses { most: PAGE, ..ListLosses::from_fields(&asked.query) };
    let found = use_cases::list(&asked.scope, &ask).await?;
    let waiting = use_cases::waiting(&asked.scope).await?;
    let figures = use_cases::figures(&asked.scope, DAYS, None).await?;
    let reports = asked.scope.may(Permission::CountStock);
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new("报损", move || {
        let new = reports.then(|| {
            view! {
                <LinkButton href=loss_list::PATH>"批量报损"</LinkButton>
                <LinkButton href=NEW tone=Tone::Primary>"报损"</LinkButton>
            }
        });
        let body = view! {
            <div class="mb-3 flex flex-wrap items-center justify-between gap-3">
                <h1 class="text-xl font-bold">"报损"</h1>
                <div class="flex flex-wrap items-center gap-3">{files(PATH, &ask.pairs())} {new}</div>
            </div>
            {news(&asked, FORM)}
            {figure_cards(figures)}
            <div class="mb-3">{filters(&ask, waiting)}</div>
            {results(&ask, found, asked.scope.now)}
        };
        frame.screen(Lit::Losses, body.into_any())
    }))
}

fn figure_cards(figures: Vec<LossFigure>) -> Option<impl IntoView + use<>> {
    let cards = figures.iter().map(|one| {
        let delta = format!("{} 件 · {} 份", one.pieces, one.reports);
        view! { <Stat label=one.kind.label() value=one.value_fen.to_string() delta=delta/> }
    });
    let cards = cards.collect_view();
    (!figures.is_empty()).then(|| {
        view! {
            <h2 class="mb-2 text-sm text-base-content/70">{format!("近 {DAYS} 天已入账")}</h2>
            <div class="mb-4 grid grid-cols-2 gap-3 sm:grid-cols-3 xl:grid-cols-6">{cards}</div>
        }
    })
}

fn address(waiting: bool, state: Option<LossState>, after: &str) -> String {
    let waiting = if waiting { "1" } else { "" };
    format!("{PATH}?waiting={waiting}&state={}&after={after}", state.map_or("", LossState::code))
}

fn filters(ask: &ListLosses, waiting: i64) -> impl IntoView + use<> {
    let count = if waiting > 0 { waiting.to_string() } else { String::new() };
    let mut chips = vec![
        Chip::new("全部", PATH).active(!ask.waiting && ask.state.is_none()),
        Chip::new("待我审批", address(true, None, "")).active(ask.waiting).count(count),
    ];
    chips.extend(LossState::ALL.iter().map(|&state| {
        Chip::new(state.label(), address(false, Some(state), "")).active(!ask.waiting && ask.state == Some(state))
    }));
    view! { <Chips label="报损状态" chips=chips/> }
}

fn results(ask: &ListLosses, found: Listed<LossCard>, now: DateTime<Utc>) -> AnyView {
    if found.items.is_empty() {
        let (title, text) = if ask.waiting {
            ("没有等您审批的报损", "需要您审批的会出现在这里。")
        } else {
            ("没有报损", "破损、过期、失窃、试吃的商品在这里登记，通过后库存随之减少。")
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

fn item(card: LossCard, now: DateTime<Utc>) -> impl IntoView {
    let what = format!("{} · {} 件 · {}", card.kind.label(), card.quantity, card.value_fen);
    let who =
        format!("{} · {} · {}", card.number, card.reported_by, text::moment(card.reported_at, now, text::zone("")));
    view! {
        <li>
            <a class="panel panel-link block h-full p-4" href=path_of(card.id)>
                <span class="flex items-start justify-between gap-2">
                    <span class="font-semibold">{card.subject}</span>
                    <Badge tone=tone_of(card.state)>{card.state.label()}</Badge>
                </span>
                <p class="tabular mt-1 text-sm">{what}</p>
                <p class="mt-1 truncate text-sm text-base-content/70">{card.reason}</p>
                <p class="mt-1 text-sm text-base-content/70">{card.location_name}</p>
                <p class="mt-1 text-sm text-base-content/70">{who}</p>
            </a>
        </li>
    }
}

/// The colour of a report's state.
pub fn tone_of(state: LossState) -> Tone {
    match state {
        LossState::Reported => Tone::Warn,
        LossState::Approved => Tone::Success,
        LossState::Rejected => Tone::Error,
        LossState::Withdrawn => Tone::Plain,
    }
}

/// The page for reporting: first the goods, then what became of them.
pub async fn new(asked: Asked) -> Result<Page, Fault> {
    let places = counts::places(&asked.scope).await?;
    let first = places.first().map(|place| place.id).ok_or(Fault::Forbidden)?;
    let place: LocationId = asked.query.text("location").parse().unwrap_or(first);
    let (words, sku) = (asked.query.words("q"), asked.query.given("sku").map(str::to_owned));
    let found = use_cases::goods(&asked.scope, place, sku.as_deref().unwrap_or(&words)).await?;
    let chosen = sku.and_then(|code| found.iter().find(|subject| subject.code == code).cloned());
    let batches = match &chosen {
        Some(subject) => batches::left(&asked.scope, place, subject.sku_id).await.map(|left| left.batches),
        None => Ok(Vec::new()),
    };
    // What was never there has none.
    let batches = batches.unwrap_or_default();
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new("报损", move || {
        let crumbs = vec![("报损".to_owned(), PATH.to_owned()), ("新的报损".to_owned(), String::new())];
        let step = match chosen {
            Some(subject) => form(&asked, place, subject, batches),
            None => view! { {choose_place(places, place)} {goods(place, &words, found)} }.into_any(),
        };
        let body = view! {
            <Breadcrumbs items=crumbs/>
            <h1 class="my-3 text-xl font-bold">"新的报损"</h1>
            {news(&asked, FORM)}
            {step}
        };
        frame.screen(Lit::Losses, body.into_any())
    }))
}

fn goods(place: LocationId, words: &str, found: Vec<ProposalSubject>) -> AnyView {
    let list = if found.is_empty() {
        view! { <EmptyState glyph=Glyph::Search title="没有找到这件商品" text="换个名称、拼音、编码或条码再试。">""</EmptyState> }.into_any()
    } else {
        let row = |subject: ProposalSubject| {
            let choose = format!("{NEW}?location={place}&sku={}", urlencoding::encode(&subject.code));
            view! {
                <li>
                    <a class="flex items-center justify-between gap-3 p-3" href=choose>
                        <span class="min-w-0"><span class="block font-medium">{subject.name}</span>
                            <span class="block text-sm text-base-content/70">{subject.code}</span></span>
                        <span class="tabular shrink-0 text-sm">{format!("账面 {} 件", subject.on_hand)}</span>
                    </a>
                </li>
            }
        };
        let rows = found.into_iter().map(row).collect_view();
        view! { <ul class="panel divide-y divide-base-300">{rows}</ul> }.into_any()
    };
    let words = words.to_owned();
    view! {
        <form method="get" action=NEW role="search" class="mb-3 flex max-w-xl items-end gap-2">
            <input type="hidden" name="location" value=place.to_string()/>
            <div class="min-w-0 flex-1">
                <Field name="q" kind="search" label="哪件商品" placeholder="扫码，或名称、拼音、编码" required=false
                    maxlength=Fields::WORDS_MOST as u32 value=words autofocus=true/>
            </div>
            <div class="mb-4"><button type="submit" class="btn btn-primary"><Icon glyph=Glyph::Search class="size-5"/>"查找"</button></div>
        </form>
        {list}
    }
    .into_any()
}

fn form(asked: &Asked, place: LocationId, subject: ProposalSubject, batches: Vec<BatchLeft>) -> AnyView {
    let part = |name: &str| {
        let (wrong, typed) = asked.field(FORM, name);
        (wrong.unwrap_or_default(), typed.unwrap_or_default())
    };
    let ((quantity_wrong, quantity), (kind_wrong, kind), (reason_wrong, reason)) =
        (part("quantity"), part("kind"), part("reason"));
    let here = format!("{NEW}?location={place}&sku={}", urlencoding::encode(&subject.code));
    let another = format!("{NEW}?location={place}");
    let kinds = LossKind::ALL.iter().map(|kind| SelectItem::new(kind.code(), kind.label())).collect();
    let hint = format!("账面 {} 件。", subject.on_hand);
    let (batch_wrong, batch) = part("batch");
    let batch = (!batches.is_empty()).then(|| {
        let mut items = vec![SelectItem::new("", "不指定（先减最早到期的）")];
        items.extend(batches.into_iter().map(|one| {
            let label = one.offered();
            SelectItem::new(one.code, label)
        }));
        view! { <Select name="batch" label="批次" items=items value=batch error=batch_wrong/> }
    });
    view! {
        <Card class="max-w-xl">
            <Facts class="mb-4">
                <Fact label="商品">{subject.name}</Fact>
                <Fact label="编码">{subject.code}</Fact>
            </Facts>
            <Form action=PATH files=true>
                <Hidden name="from" value=here/>
                <Hidden name="key" value=LossId(Uuid::now_v7()).to_string()/>
                <Hidden name="location" value=place.to_string()/>
                <Hidden name="sku" value=subject.sku_id.to_string()/>
                <Field name="quantity" label="件数" inputmode="numeric" value=quantity error=quantity_wrong hint=hint autofocus=true autocomplete="off"/>
                {batch}
                <Select name="kind" label="类型" items=kinds value=kind error=kind_wrong/>
                <TextArea name="reason" label="原因" required=true maxlength=200 value=reason error=reason_wrong
                    hint="审批人会看到，例如「搬运时打翻」。"/>
                {file_field()}
                <div class="flex flex-wrap gap-3">
                    <Button size=Size::Large>"提交报损"</Button>
                    <LinkButton href=another tone=Tone::Plain size=Size::Large>"换一件商品"</LinkButton>
                </div>
            </Form>
        </Card>
    }
    .into_any()
}

/// The field for pictures of it.
pub fn file_field() -> impl IntoView {
    let hint =
        format!("最多 {LOSS_PHOTOS_MOST} 张，JPEG、PNG 或 WebP，每张最大 10 MB；只有这个门店或仓库和上级能看到。");
    view! {
        <div class="mb-4">
            <label class="mb-1 block text-sm font-semibold" for="file">"照片"<span class="ms-1 font-normal text-base-content/70">"（选填）"</span></label>
            <input class="w-full" id="file" name="file" type="file" multiple=true accept="image/jpeg,image/png,image/webp" aria-describedby="file-hint"/>
            <p id="file-hint" class="mt-1 text-sm text-base-content/70">{hint}</p>
        </div>
    }
}
