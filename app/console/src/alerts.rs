//! 库存提醒: what a store should know of its stock, and its own thresholds.

use chrono::{DateTime, Utc};
use commerce::{alerts as use_cases, counts, stock::shortages};
use domain::{
    AlertId, Fault, Fields, LocationId,
    alerts::{Alert, AlertKind, AlertRule, AlertState, ListAlerts, SetAlertRule as Wanted},
    counts::{CategoryChoice, PlaceOfStock},
    page::Page as Listed,
    staff::Permission,
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Button, Card, Chip, Chips, EmptyState, Field, Form, Glyph, Hidden, LinkButton, Notice, Pager, Select,
    SelectItem, Sheet, SheetButton, Tone,
};

use crate::{
    alert_list,
    counts::choose_place,
    frame::{Frame, Lit, files, news},
};

/// This page.
const PATH: &str = "/console/alerts";
const LOG_IN: &str = "/console/login";
/// The part of the page that its forms speak to.
const FORM: &str = "alerts";
/// The part of the page where thresholds are set.
const RULE: &str = "alert-rule";
/// How many alerts a page has.
const PAGE: usize = 30;

fn back(fields: &Fields) -> Next {
    Next::to(rpc::back_path(fields.given("from").unwrap_or(PATH)).to_owned())
}

/// Takes note of an alert.
#[server(prefix = "/rpc/console", endpoint = "see_alert")]
pub async fn see_alert(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id: AlertId = fields.text("id").parse().map_err(|_| Fault::NotFound("这条提醒"))?;
        use_cases::see(&scope, id).await?;
        Ok(back(&fields))
    })
    .await
}

/// Takes note of all alerts of a place.
#[server(prefix = "/rpc/console", endpoint = "see_all_alerts")]
pub async fn see_all_alerts(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let location = fields.text("location").parse().map_err(|_| Fault::NotFound("这个门店或仓库"))?;
        use_cases::see_all(&scope, location).await?;
        Ok(back(&fields).saying(FORM, "已全部标为已读；库存恢复后会自动解除"))
    })
    .await
}

/// Sets a threshold.
#[server(prefix = "/rpc/console", endpoint = "set_alert_rule")]
pub async fn set_alert_rule(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(RULE, LOG_IN, fields, async |scope, fields| {
        let command = Wanted::from_fields(&fields)?;
        use_cases::set(&scope, command).await?;
        Ok(back(&fields).saying(RULE, "已保存，十分钟内按新的设置提醒"))
    })
    .await
}

/// Removes a threshold.
#[server(prefix = "/rpc/console", endpoint = "remove_alert_rule")]
pub async fn remove_alert_rule(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(RULE, LOG_IN, fields, async |scope, fields| {
        let id = fields.text("id").parse().map_err(|_| Fault::NotFound("这条提醒规则"))?;
        use_cases::remove(&scope, id).await?;
        Ok(back(&fields).saying(RULE, "已删除，改用总部的设置"))
    })
    .await
}

/// The page: of the place that its address names, or of the first that is theirs.
pub async fn alerts(asked: Asked) -> Result<Page, Fault> {
    let places = counts::places(&asked.scope).await?;
    let first = places.first().map(|place| place.id).ok_or(Fault::Forbidden)?;
    let place: LocationId = asked.query.text("location").parse().unwrap_or(first);
    let ask = ListAlerts { most: PAGE, location: Some(place), ..ListAlerts::from_fields(&asked.query) };
    let found = use_cases::list(&asked.scope, &ask).await?;
    let rules = use_cases::rules(&asked.scope, Some(place)).await?;
    let categories = counts::categories(&asked.scope, place).await?;
    let short = shortages::open(&asked.scope).await?;
    let sets = asked.scope.may(Permission::ProposeChanges) || asked.scope.may(Permission::DecideProposals);
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new("库存提醒", move || {
        let has_unread = found.items.iter().any(|alert| alert.state == AlertState::Open);
        let here = asked.here.clone();
        let all = has_unread.then(|| {
            view! {
                <Form action=SeeAllAlerts::PATH>
                    <Hidden name="from" value=here/>
                    <Hidden name="location" value=place.to_string()/>
                    <Button tone=Tone::Plain>"全部标为已读"</Button>
                </Form>
            }
        });
        let settings = rule_section(&asked, &places, place, rules, categories, sets);
        let body = view! {
            <div class="mb-3 flex flex-wrap items-center justify-between gap-3">
                <h1 class="text-xl font-bold">"库存提醒"</h1>
                <div class="flex flex-wrap items-center gap-3">{files(PATH, &ask.pairs())} {all}</div>
            </div>
            {news(&asked, FORM)}
            {news(&asked, RULE)}
            {urgent(short)}
            {choose_place(places, place)}
            <div class="mb-3">{filters(&ask, place)}</div>
            {results(&ask, place, found, &asked.here, asked.scope.now)}
            {settings}
        };
        frame.screen(Lit::Alerts, body.into_any())
    }))
}

/// What cannot wait: orders are promised what is not there.
fn urgent(short: i64) -> Option<impl IntoView> {
    (short > 0).then(|| {
        view! {
            <Notice tone=Tone::Error title=format!("{short} 种商品卖出的比现有的多")>
                <a class="link" href="/console/shortages">"去处理缺货"</a>
            </Notice>
        }
    })
}

fn address(place: LocationId, kind: Option<AlertKind>, state: Option<AlertState>, after: &str) -> String {
    let (kind, state) = (kind.map_or("", AlertKind::code), state.map_or("", AlertState::code));
    format!("{PATH}?location={place}&kind={kind}&state={state}&after={after}")
}

fn filters(ask: &ListAlerts, place: LocationId) -> impl IntoView + use<> {
    let over = ask.state == Some(AlertState::Solved);
    let mut chips = vec![Chip::new("全部未解除", address(place, None, None, "")).active(ask.kind.is_none() && !over)];
    chips.extend(AlertKind::ALL.iter().map(|&kind| {
        Chip::new(kind.label(), address(place, Some(kind), None, "")).active(ask.kind == Some(kind) && !over)
    }));
    chips.push(Chip::new("已解除", address(place, None, Some(AlertState::Solved), "")).active(over));
    view! { <Chips label="提醒种类" chips=chips/> }
}

fn results(ask: &ListAlerts, place: LocationId, found: Listed<Alert>, here: &str, now: DateTime<Utc>) -> AnyView {
    if found.items.is_empty() {
        return view! {
            <EmptyState glyph=Glyph::Check title="没有要注意的库存" text="库存不足、过多或长期不动时会出现在这里，恢复后自动解除。">""</EmptyState>
        }
        .into_any();
    }
    let next = found.next.map(|after| address(place, ask.kind, ask.state, &after)).unwrap_or_default();
    let items = found.items.into_iter().map(|alert| item(alert, here.to_owned(), now)).collect_view();
    view! {
        <ul class="panel divide-y divide-base-300">{items}</ul>
        {(!next.is_empty()).then(|| view! { <Pager next=next/> })}
    }
    .into_any()
}

fn item(alert: Alert, here: String, now: DateTime<Utc>) -> impl IntoView {
    let tone = match alert.kind {
        AlertKind::Low => Tone::Error,
        AlertKind::High | AlertKind::Expiring => Tone::Warn,
        AlertKind::Slow => Tone::Info,
    };
    let told = match alert.kind {
        AlertKind::Low => format!("可售 {} 件（≤ {}）", alert.pieces, alert.threshold),
        AlertKind::High => format!("在库 {} 件（≥ {}）", alert.pieces, alert.threshold),
        AlertKind::Slow => format!("在库 {} 件，{} 天没有售出", alert.pieces, alert.threshold),
        AlertKind::Expiring => format!("{} 件在 {} 天内到期或已过期", alert.pieces, alert.threshold),
    };
    let since = text::moment(alert.since, now, text::zone(""));
    let about = match &alert.seen_by {
        Some(by) => format!("{} · {since} · {by} 已读", alert.code),
        None => format!("{} · {since}", alert.code),
    };
    let label = format!("{} 标为已读", alert.name);
    let end = match alert.state {
        AlertState::Open => view! {
            <Form action=SeeAlert::PATH>
                <Hidden name="from" value=here/>
                <Hidden name="id" value=alert.id.to_string()/>
                <Button tone=Tone::Plain label=label>"已读"</Button>
            </Form>
        }
        .into_any(),
        state => view! { <Badge>{state.label()}</Badge> }.into_any(),
    };
    view! {
        <li class="flex items-center justify-between gap-3 p-3">
            <span class="min-w-0">
                <span class="flex flex-wrap items-center gap-2"><span class="font-medium">{alert.name}</span> <Badge tone=tone>{alert.kind.label()}</Badge></span>
                <span class="tabular block text-sm">{told}</span>
                <span class="block text-sm break-words text-base-content/70">{about}</span>
            </span>
            <span class="shrink-0">{end}</span>
        </li>
    }
}

/// The thresholds of a place, and the form for one.
fn rule_section(
    asked: &Asked,
    places: &[PlaceOfStock],
    place: LocationId,
    rules: Vec<AlertRule>,
    categories: Vec<CategoryChoice>,
    sets: bool,
) -> impl IntoView + use<> {
    let here = format!("{PATH}?location={place}");
    let name = places.iter().find(|one| one.id == place).map(|one| one.name.clone()).unwrap_or_default();
    let items = rules.into_iter().map(|rule| {
        let here = here.clone();
        let whose = if rule.location_id.is_some() { "本店" } else { "总部" };
        let told = rule.threshold.map_or("不提醒".to_owned(), |threshold| rule.kind.meaning(threshold));
        let remove = (sets && rule.location_id.is_some()).then(|| {
            view! {
                <Form action=RemoveAlertRule::PATH>
                    <Hidden name="from" value=here/>
                    <Hidden name="id" value=rule.id.to_string()/>
                    <Button tone=Tone::Plain>"删除"</Button>
                </Form>
            }
        });
        view! {
            <li class="flex items-center justify-between gap-3 py-2">
                <span><Badge>{whose}</Badge> <span class="ms-2 font-medium">{rule.goods_name}</span>
                    <span class="block text-sm text-base-content/70">{told}</span></span>
                {remove}
            </li>
        }
    });
    let items = items.collect_view();
    let (form, button) = match sets {
        true => (
            Some(rule_form(asked, &here, place, categories)),
            Some(view! {
                <div class="flex flex-wrap gap-3">
                    <SheetButton target="alert-rule">"设置本店的提醒"</SheetButton>
                    <LinkButton href=format!("{}?location={place}", alert_list::PATH)>"用文件批量设置"</LinkButton>
                </div>
            }),
        ),
        false => (None, None),
    };
    view! {
        <Card title=format!("{name} 的提醒设置") class="mt-6">
            <p class="mb-2 text-sm text-base-content/70">"本店的设置优先于总部；单个商品优先于分类，分类优先于全部。"</p>
            <ul class="mb-3 divide-y divide-base-300">{items}</ul>
            {button}
        </Card>
        {form}
    }
}

fn rule_form(asked: &Asked, here: &str, place: LocationId, categories: Vec<CategoryChoice>) -> impl IntoView + use<> {
    let part = |name: &str| {
        let (wrong, typed) = asked.field(RULE, name);
        (wrong.unwrap_or_default(), typed.unwrap_or_default())
    };
    let ((kind_wrong, kind), (category_wrong, category), (sku_wrong, sku), (threshold_wrong, threshold)) =
        (part("kind"), part("category"), part("sku"), part("threshold"));
    let kinds = AlertKind::ALL
        .iter()
        .map(|kind| SelectItem::new(kind.code(), format!("{}（{}）", kind.label(), kind.unit())))
        .collect();
    let mut goods = vec![SelectItem::new("", "全部商品")];
    goods.extend(categories.into_iter().map(|one| SelectItem::new(one.code, one.name)));
    let here = here.to_owned();
    view! {
        <Sheet id="alert-rule" title="设置本店的提醒">
            <Form action=SetAlertRule::PATH>
                <Hidden name="from" value=here/>
                <Hidden name="location" value=place.to_string()/>
                <Select name="kind" label="提醒什么" items=kinds value=kind error=kind_wrong/>
                <Select name="category" label="哪些商品" items=goods value=category error=category_wrong/>
                <Field name="sku" label="或者一个商品编码" value=sku error=sku_wrong required=false maxlength=64/>
                <Field name="threshold" label="数量或天数" inputmode="numeric" value=threshold error=threshold_wrong required=false
                    hint="留空表示不提醒。"/>
                <Button>"保存"</Button>
            </Form>
        </Sheet>
    }
}
