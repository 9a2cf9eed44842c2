//! What is the matter with stock at all places within reach, and head office's thresholds.

use chrono::{DateTime, Utc};
use commerce::{alerts as use_cases, counts};
use domain::{
    Fault, Fields,
    alerts::{Alert, AlertKind, AlertRule, AlertState, ListAlerts, SetAlertRule as Wanted},
    counts::PlaceOfStock,
    page::Page as Listed,
    staff::Permission,
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Button, Chip, Chips, Column, DataTable, EmptyState, Field, Form, Glyph, Hidden, LinkButton, Pager, Section,
    Select, SelectItem, Sheet, SheetButton, Tone,
};

use crate::{
    alert_list,
    counts::{place_items, stock_chips},
    frame::{Frame, LOG_IN, Tab, address, files, said},
};

const PATH: &str = "/hq/alerts";
/// The part of the page where thresholds are set.
const RULE: &str = "alert-rule";
/// The part that the console's form speaks to.
const SEEN: &str = "alerts";
/// How many alerts a page has.
const PAGE: usize = 50;

/// Sets a threshold for all places, or one of them.
#[server(prefix = "/rpc/hq", endpoint = "set_alert_rule")]
pub async fn set_alert_rule(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(RULE, LOG_IN, fields, async |scope, fields| {
        let command = Wanted::from_fields(&fields)?;
        use_cases::set(&scope, command).await?;
        Ok(Next::to(PATH).saying(RULE, "已保存，十分钟内按新的设置提醒"))
    })
    .await
}

/// Removes a threshold.
#[server(prefix = "/rpc/hq", endpoint = "remove_alert_rule")]
pub async fn remove_alert_rule(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(RULE, LOG_IN, fields, async |scope, fields| {
        let id = fields.text("id").parse().map_err(|_| Fault::NotFound("这条提醒规则"))?;
        use_cases::remove(&scope, id).await?;
        Ok(Next::to(PATH).saying(RULE, "已删除"))
    })
    .await
}

/// The page.
pub async fn alerts(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let ask = ListAlerts { most: PAGE, ..ListAlerts::from_fields(&asked.query) };
    let found = use_cases::list(&asked.scope, &ask).await?;
    let rules = use_cases::rules(&asked.scope, None).await?;
    let places = counts::places(&asked.scope).await.unwrap_or_default();
    let sets = asked.scope.staff_everywhere(Permission::DecideProposals).is_ok();
    Ok(Page::new("库存提醒", move || {
        let rules_button = sets.then(|| view! { <SheetButton target="alert-rule">"设置提醒"</SheetButton> });
        let beside = view! { {files(PATH, &ask.pairs())} {rules_button} };
        let form = sets.then(|| rule_form(&asked));
        let body = view! {
            {said(&asked, RULE)}
            {said(&asked, SEEN)}
            {stock_chips("alerts")}
            <div class="my-4">{kinds(&ask)}</div>
            {filters(&ask, places)}
            {results(&ask, found, &asked)}
            {rule_list(rules, sets)}
            {form}
        };
        frame.screen(Tab::Stock, "库存提醒".into(), "", beside.into_any(), body.into_any())
    }))
}

fn kinds(ask: &ListAlerts) -> impl IntoView + use<> {
    let with = |kind: Option<AlertKind>, state: Option<AlertState>| {
        address(PATH, &ListAlerts { kind, state, after: None, ..ask.clone() }.pairs())
    };
    let over = ask.state == Some(AlertState::Solved);
    let mut chips = vec![Chip::new("全部未解除", with(None, None)).active(ask.kind.is_none() && !over)];
    chips.extend(
        AlertKind::ALL
            .iter()
            .map(|&kind| Chip::new(kind.label(), with(Some(kind), None)).active(ask.kind == Some(kind) && !over)),
    );
    chips.push(Chip::new("已解除", with(None, Some(AlertState::Solved))).active(over));
    view! { <Chips label="提醒种类" chips=chips/> }
}

fn filters(ask: &ListAlerts, places: Vec<PlaceOfStock>) -> impl IntoView + use<> {
    let items = place_items(places, "全部门店和仓库");
    view! {
        <form method="get" action=PATH role="search" class="panel mb-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-2 lg:grid-cols-4 lg:items-end">
            <input type="hidden" name="kind" value=ask.kind.map_or("", AlertKind::code)/>
            <input type="hidden" name="state" value=ask.state.map_or("", AlertState::code)/>
            <Select name="location" label="门店或仓库" items=items value=ask.location.map(|id| id.to_string()).unwrap_or_default()/>
            <div class="mb-4"><button type="submit" class="btn btn-primary">"筛选"</button></div>
        </form>
    }
}

fn results(ask: &ListAlerts, found: Listed<Alert>, asked: &Asked) -> AnyView {
    if found.items.is_empty() {
        return view! { <EmptyState glyph=Glyph::Check title="没有要注意的库存" text="库存不足、过多或长期不动时会出现在这里，恢复后自动解除。">""</EmptyState> }
            .into_any();
    }
    let columns = vec![
        Column::new("商品"),
        Column::new("提醒"),
        Column::new("件数").right(),
        Column::new("界限").right(),
        Column::new("地点"),
        Column::new("状态"),
        Column::new("时间"),
        Column::new("操作"),
    ];
    let next = found.next.as_ref().map(|after| {
        let mut pairs = ask.pairs();
        pairs.push(("after", after.clone()));
        address(PATH, &pairs)
    });
    let rows = found.items.into_iter().map(|alert| row(alert, asked.scope.now, &asked.here)).collect_view();
    view! {
        <DataTable caption="库存提醒" columns=columns>{rows}</DataTable>
        {next.map(|next| view! { <div class="mt-3"><Pager next=next/></div> })}
    }
    .into_any()
}

fn row(alert: Alert, now: DateTime<Utc>, here: &str) -> impl IntoView + use<> {
    let tone = match alert.kind {
        AlertKind::Low => Tone::Error,
        AlertKind::High | AlertKind::Expiring => Tone::Warn,
        AlertKind::Slow => Tone::Info,
    };
    let threshold = format!("{} {}", alert.threshold, alert.kind.unit());
    // The console's form takes note of it: it knows each place's alerts, a warehouse's too.
    let see = (alert.state == AlertState::Open).then(|| {
        let (label, here) = (format!("{} 标为已读", alert.name), here.to_owned());
        view! {
            <Form action="/rpc/console/see_alert">
                <Hidden name="from" value=here/>
                <Hidden name="id" value=alert.id.to_string()/>
                <Button tone=Tone::Plain label=label>"已读"</Button>
            </Form>
        }
    });
    let state = match alert.seen_by {
        Some(by) => format!("{} · {by}", alert.state.label()),
        None => alert.state.label().to_owned(),
    };
    view! {
        <tr>
            <td class="min-w-40"><span class="font-medium">{alert.name}</span>
                <span class="block text-sm text-base-content/70">{alert.code}</span></td>
            <td><Badge tone=tone>{alert.kind.label()}</Badge></td>
            <td class="tabular text-end">{alert.pieces}</td>
            <td class="tabular text-end whitespace-nowrap">{threshold}</td>
            <td class="min-w-28">{alert.location_name}</td>
            <td class="whitespace-nowrap">{state}</td>
            <td class="tabular whitespace-nowrap">{text::moment(alert.since, now, text::zone(""))}</td>
            <td>{see}</td>
        </tr>
    }
}

fn rule_list(rules: Vec<AlertRule>, sets: bool) -> impl IntoView {
    let columns = ["提醒", "商品", "地点", "条件", "操作"].map(Column::new).to_vec();
    let rows = rules.into_iter().map(|rule| {
        let told = rule.threshold.map_or("不提醒".to_owned(), |threshold| rule.kind.meaning(threshold));
        let remove = sets.then(|| {
            view! {
                <Form action=RemoveAlertRule::PATH>
                    <Hidden name="from" value=PATH/>
                    <Hidden name="id" value=rule.id.to_string()/>
                    <Button tone=Tone::Plain>"删除"</Button>
                </Form>
            }
        });
        view! {
            <tr>
                <td class="whitespace-nowrap">{rule.kind.label()}</td>
                <td class="min-w-32">{rule.goods_name}</td>
                <td class="min-w-28">{rule.location_name.unwrap_or_else(|| "全部门店和仓库".into())}</td>
                <td class="min-w-40">{told}</td>
                <td>{remove}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    let by_file = sets.then(|| {
        view! { <div class="mb-3"><LinkButton href=alert_list::PATH>"用文件批量设置"</LinkButton></div> }
    });
    view! {
        <Section title="提醒设置">
            {by_file}
            <p class="mb-3 text-sm text-base-content/70">"门店自己的设置优先于总部；单个商品优先于分类，分类优先于全部。临期提醒看登记了批次的商品。"</p>
            <DataTable caption="提醒设置" columns=columns>{rows}</DataTable>
        </Section>
    }
}

fn rule_form(asked: &Asked) -> impl IntoView + use<> {
    let part = |name: &str| {
        let (wrong, typed) = asked.field(RULE, name);
        (wrong.unwrap_or_default(), typed.unwrap_or_default())
    };
    let ((kind_wrong, kind), (category_wrong, category), (sku_wrong, sku), (threshold_wrong, threshold)) =
        (part("kind"), part("category"), part("sku"), part("threshold"));
    let label = |kind: &AlertKind| SelectItem::new(kind.code(), format!("{}（{}）", kind.label(), kind.unit()));
    let kinds = AlertKind::ALL.iter().map(label).collect();
    view! {
        <Sheet id="alert-rule" title="设置全部门店和仓库的提醒">
            <Form action=SetAlertRule::PATH>
                <Hidden name="from" value=PATH/>
                <Select name="kind" label="提醒什么" items=kinds value=kind error=kind_wrong/>
                <Field name="category" label="分类编码" value=category error=category_wrong required=false maxlength=64 hint="留空为全部商品。"/>
                <Field name="sku" label="或者一个商品编码" value=sku error=sku_wrong required=false maxlength=64/>
                <Field name="threshold" label="数量或天数" inputmode="numeric" value=threshold error=threshold_wrong required=false
                    hint="留空表示不提醒。"/>
                <Button>"保存"</Button>
            </Form>
        </Sheet>
    }
}
