//! What is promised and not there, at every place within reach: the open cases, and one with the orders that wait, which
//! another store can serve.

use chrono::{DateTime, Utc};
use commerce::{
    Scope, orders,
    stock::{shortage_rules as rules, shortages as use_cases},
};
use domain::{
    Fault, Fields, OrderId, ShortageId,
    order_centre::{Reroute, RerouteChoice, is_in_hand},
    page::Page as Listed,
    staff::Permission,
    stock::{LetWait, ListShortages, ShortOrder, Shortage},
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Button, Card, Chip, Chips, Column, DataTable, EmptyState, Fact, Facts, Field, Form, Glyph, Hidden,
    LinkButton, Notice, Pager, Select, SelectItem, Size, TextArea, Tone,
};

use crate::{
    dispatch,
    frame::{Frame, LOG_IN, Tab, address, files, said},
    shortage_rules,
};

/// The list.
pub const PATH: &str = "/hq/shortages";
/// The parts of a case's page.
const WAIT: &str = "shortage";
const REROUTE: &str = "short-order";
/// How many cases a page of the list has.
const PAGE: usize = 50;

fn path_of(id: ShortageId) -> String {
    format!("{PATH}/{id}")
}

fn id_of(fields: &Fields) -> Result<ShortageId, Fault> {
    fields.text("id").parse().map_err(|_| Fault::NotFound("这条缺货记录"))
}

/// Lets another store serve an order that waits for what is short.
#[server(prefix = "/rpc/hq", endpoint = "reroute_short_order")]
pub async fn reroute_short_order(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(REROUTE, LOG_IN, fields, async |scope, fields| {
        let id = id_of(&fields)?;
        let order: OrderId = fields.text("order").parse().map_err(|_| Fault::NotFound("这个订单"))?;
        orders::reroute(&scope, order, &Reroute::from_fields(&fields)?).await?;
        Ok(Next::to(path_of(id)).saying(REROUTE, "已改由这家门店服务，两家门店的看板都已更新"))
    })
    .await
}

/// Lets a case wait.
#[server(prefix = "/rpc/hq", endpoint = "let_case_wait")]
pub async fn let_case_wait(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(WAIT, LOG_IN, fields, async |scope, fields| {
        let id = id_of(&fields)?;
        use_cases::let_wait(&scope, id, &LetWait::from_fields(&fields)?).await?;
        Ok(Next::to(path_of(id)).saying(WAIT, "已记下，到时间前系统不会自动处理"))
    })
    .await
}

/// The list's page.
pub async fn list(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let ask = ListShortages { most: PAGE, ..ListShortages::from_fields(&asked.query) };
    let found = use_cases::list(&asked.scope, &ask).await?;
    let rules = rules::rules(&asked.scope).await?;
    let overdue = use_cases::overdue(&asked.scope).await?;
    Ok(Page::new("缺货", move || {
        let chips = vec![
            Chip::new("待处理", PATH).active(!ask.solved),
            Chip::new("全部记录", format!("{PATH}?solved=1")).active(ask.solved),
        ];
        let late = late(overdue);
        let sets = asked.scope.staff_everywhere(Permission::ManageOrders).is_ok();
        let section = shortage_rules::section(&asked, rules, sets, asked.scope.may(Permission::RejectOrders));
        let body = view! {
            <p class="mb-3 max-w-prose text-base-content/70">
                "盘点、报损或调整后，剩下的货不够交付已卖出的订单。补货到店、改由其他门店服务或拒单退款都会结束它；到时间仍缺货，按下面的规则处理。"
            </p>
            {late}
            <div class="mb-3"><Chips label="缺货记录" chips=chips/></div>
            {results(&ask, found, asked.scope.now)}
            {section}
        };
        let beside = files(PATH, &ask.pairs()).into_any();
        frame.screen(Tab::Shortages, "缺货".into(), "", beside, body.into_any())
    }))
}

/// That cases have waited longer than they should, for whom it is to decide.
pub(crate) fn late(overdue: i64) -> Option<AnyView> {
    let text = format!("{overdue} 条缺货已超过处理时间，系统不会自动处理，请补货、改派或退款。");
    (overdue > 0).then(|| {
        view! { <Notice tone=Tone::Warn>{text}<a class="link ms-2" href=PATH>"查看缺货"</a></Notice> }.into_any()
    })
}

fn results(ask: &ListShortages, found: Listed<Shortage>, now: DateTime<Utc>) -> AnyView {
    if found.items.is_empty() {
        let text = "各门店和仓库已卖出的商品都有货可交。";
        return view! { <EmptyState glyph=Glyph::Check title="没有缺货" text=text>""</EmptyState> }.into_any();
    }
    let columns = ["门店或仓库", "商品", "状态", "从什么时候起", "到时怎么办", "处理"].map(Column::new).to_vec();
    let next = found.next.map(|after| {
        let mut pairs = ask.pairs();
        pairs.push(("after", after));
        address(PATH, &pairs)
    });
    let rows = found.items.into_iter().map(|case| row(case, now)).collect_view();
    view! {
        <DataTable caption="缺货" columns=columns>{rows}</DataTable>
        {next.map(|next| view! { <Pager next=next/> })}
    }
    .into_any()
}

fn state(case: &Shortage) -> AnyView {
    if case.solved_at.is_some() || case.short == 0 {
        return view! { <Badge tone=Tone::Success>"已补足"</Badge> }.into_any();
    }
    view! { <Badge tone=Tone::Error>{format!("缺 {} 件", case.short)}</Badge> }.into_any()
}

/// When something happens by itself, and who or what says so.
fn rule(case: &Shortage, now: DateTime<Utc>) -> String {
    let until = text::moment(case.waits_until, now, text::zone(""));
    let then = case.then.then();
    match (&case.waits_by, case.solved_at) {
        (_, Some(_)) => "—".into(),
        _ if case.is_overdue(now) => format!("{until} 已到时间，等人处理"),
        (Some(by), None) => format!("{by} 延后到 {until}，到时{then}"),
        (None, None) if case.note.is_empty() => format!("系统规则：{until} {then}"),
        (None, None) => format!("已延后到 {until}，到时{then}"),
    }
}

fn row(case: Shortage, now: DateTime<Utc>) -> impl IntoView {
    let at = |when| text::moment(when, now, text::zone(""));
    let cause = format!("{} · {}", at(case.opened_at), case.cause);
    let (state, rule, page) = (state(&case), rule(&case, now), path_of(case.id));
    let note = (!case.note.is_empty())
        .then(|| view! { <span class="block text-sm text-base-content/70">{case.note.clone()}</span> });
    let shelf = format!("账面 {} · 已卖出 {}", case.on_hand, case.promised);
    view! {
        <tr>
            <td class="min-w-28">{case.store_name}</td>
            <td class="min-w-40">
                <a class="link font-medium" href=page.clone()>{case.name}</a>
                <span class="tabular block text-sm text-base-content/70">{shelf}</span>
            </td>
            <td class="whitespace-nowrap">{state}</td>
            <td class="tabular whitespace-nowrap">{cause}</td>
            <td class="min-w-48">{rule} {note}</td>
            <td><LinkButton href=page size=Size::Small>"处理"</LinkButton></td>
        </tr>
    }
}

/// What a case's page needs to let another store serve one of its orders.
struct Elsewhere {
    order: OrderId,
    choices: Vec<RerouteChoice>,
}

impl Elsewhere {
    /// The order that the address names, where it waits and can be given away.
    async fn of(scope: &Scope, asked: &Fields, waiting: &[ShortOrder]) -> Result<Option<Self>, Fault> {
        let named: Option<OrderId> = asked.text("order").parse().ok();
        let order = waiting.iter().find(|one| Some(one.order_id) == named && is_in_hand(one.state));
        let Some(order) = order.map(|one| one.order_id).filter(|_| scope.may(Permission::ManageOrders)) else {
            return Ok(None);
        };
        Ok(Some(Self { order, choices: orders::reroute_choices(scope, order).await? }))
    }
}

/// A case's page.
pub async fn one(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let id: ShortageId = asked.id("shortage", "这条缺货记录")?;
    let found = use_cases::show(&asked.scope, id).await?;
    let elsewhere = Elsewhere::of(&asked.scope, &asked.query, &found.waiting).await?;
    Ok(Page::new(format!("缺货 {}", found.shortage.name), move || {
        let case = found.shortage;
        let now = asked.scope.now;
        let title = case.name.clone();
        let told = [said(&asked, WAIT), said(&asked, REROUTE)];
        let advice = advice(&case);
        let about = about(&case, now);
        let wait = let_it_wait(&asked, &case);
        let gives = asked.scope.may(Permission::ManageOrders);
        let form = elsewhere.map(|one| reroute(&asked, id, one, &found.waiting));
        let orders = waiting(id, found.waiting, gives, now);
        let body = view! {
            {told}
            {advice}
            <div class="grid grid-cols-1 gap-4 lg:grid-cols-2 lg:items-start">
                <div class="grid grid-cols-1 gap-4">
                    <Card title="情况">{about}</Card>
                    {wait}
                </div>
                <div class="grid grid-cols-1 gap-4">
                    {form}
                    <Card title="等着这件商品的订单">{orders}</Card>
                </div>
            </div>
        };
        frame.screen(Tab::Shortages, title, PATH, ().into_any(), body.into_any())
    }))
}

fn advice(case: &Shortage) -> AnyView {
    if case.solved_at.is_some() || case.short == 0 {
        return view! { <Notice tone=Tone::Success>"货已补足，不需要再处理。"</Notice> }.into_any();
    }
    let text = if case.promised == 0 {
        format!("账面比实际少记了 {} 件：请盘点或补登收货，补上后自动结束。", case.short)
    } else {
        format!("还缺 {} 件：补货或调货后自动结束；也可以把等着的订单改由有货的门店服务。", case.short)
    };
    view! { <Notice tone=Tone::Warn>{text}</Notice> }.into_any()
}

fn about(case: &Shortage, now: DateTime<Utc>) -> impl IntoView + use<> {
    let case = case.clone();
    let at = move |when| text::moment(when, now, text::zone(""));
    let (state, rule) = (state(&case), rule(&case, now));
    let cause = format!("{} · {}", case.cause, at(case.opened_at));
    let note = (!case.note.is_empty()).then(|| view! { <Fact label="处理说明">{case.note}</Fact> });
    let solved = case.solved_at.map(at).map(|when| view! { <Fact label="补足时间">{when}</Fact> });
    let (on_hand, promised) = (format!("{} 件", case.on_hand), format!("{} 件", case.promised));
    view! {
        <Facts>
            <Fact label="门店或仓库">{case.store_name}</Fact>
            <Fact label="状态">{state}</Fact>
            <Fact label="账面"><span class="tabular">{on_hand}</span></Fact>
            <Fact label="已卖出未交付"><span class="tabular">{promised}</span></Fact>
            <Fact label="起因">{cause}</Fact>
            <Fact label="到时怎么办">{rule}</Fact>
            {note}
            {solved}
        </Facts>
    }
}

fn let_it_wait(asked: &Asked, case: &Shortage) -> Option<AnyView> {
    if case.solved_at.is_some() || case.short == 0 {
        return None;
    }
    let ((hours_wrong, hours), (note_wrong, note)) = (asked.field(WAIT, "hours"), asked.field(WAIT, "note"));
    let (id, from) = (case.id.to_string(), path_of(case.id));
    let form = view! {
        <Card title="延后处理">
            <Form action="/rpc/hq/let_case_wait">
                <Hidden name="from" value=from/>
                <Hidden name="id" value=id/>
                <Field name="hours" label="再等几小时" kind="number" value=hours.unwrap_or_else(|| "24".into())
                    error=hours_wrong.unwrap_or_default()/>
                <TextArea name="note" label="怎么处理" value=note.unwrap_or_default() error=note_wrong.unwrap_or_default()
                    maxlength=200 required=true hint="例如：仓库今晚补货，已电话告知顾客。"/>
                <Button>"保存"</Button>
            </Form>
        </Card>
    };
    Some(form.into_any())
}

fn waiting(id: ShortageId, orders: Vec<ShortOrder>, gives: bool, now: DateTime<Utc>) -> AnyView {
    if orders.is_empty() {
        return view! { <p class="text-sm text-base-content/70">"没有等着交付的订单。"</p> }.into_any();
    }
    let rows = orders.into_iter().map(|order| {
        let paid = order.paid_at.map_or_else(|| "未付款".to_owned(), |at| text::moment(at, now, text::zone("")));
        let give = (gives && is_in_hand(order.state)).then(|| {
            let page = format!("{}?order={}", path_of(id), order.order_id);
            view! { <LinkButton href=page size=Size::Small>"改由其他门店"</LinkButton> }
        });
        view! {
            <li class="flex flex-wrap items-center gap-x-3 gap-y-1 py-2 text-sm">
                <a class="link tabular font-medium" href=dispatch::path_of(order.order_id)>{order.number}</a>
                <span>{order.state.label()}</span>
                <span class="tabular">{format!("{} 件", order.pieces)}</span>
                <span class="tabular">{order.total_fen.to_string()}</span>
                <span class="tabular ms-auto text-base-content/70">{paid}</span>
                {give}
            </li>
        }
    });
    view! { <ol class="divide-y divide-base-300">{rows.collect_view()}</ol> }.into_any()
}

/// Which store serves the order in this one's place.
fn reroute(asked: &Asked, id: ShortageId, one: Elsewhere, waiting: &[ShortOrder]) -> AnyView {
    let number = waiting.iter().find(|order| order.order_id == one.order).map(|order| order.number.clone());
    let title = format!("订单 {} 改由其他门店服务", number.unwrap_or_default());
    if one.choices.is_empty() {
        let none = "没有能服务这笔订单的门店：可以补货，或打开订单取消退款。";
        return view! { <Card title=title><p>{none}</p></Card> }.into_any();
    }
    let ((store_wrong, store), (reason_wrong, reason)) =
        (asked.field(REROUTE, "store"), asked.field(REROUTE, "reason"));
    let item = |one: RerouteChoice| {
        let stock = if one.lacking == 0 { "有货".to_owned() } else { format!("缺 {} 样", one.lacking) };
        let slot = if one.slot_full { " · 该时段已约满" } else { "" };
        let far = if one.metres < 1_000.0 {
            format!("{:.0} m", one.metres)
        } else {
            format!("{:.1} km", one.metres / 1_000.0)
        };
        SelectItem::new(one.store_id.to_string(), format!("{} · {far} · {stock}{slot}", one.name))
    };
    let items: Vec<SelectItem> = one.choices.into_iter().map(item).collect();
    let (from, order) = (format!("{}?order={}", path_of(id), one.order), one.order.to_string());
    view! {
        <Card title=title>
            <Form action="/rpc/hq/reroute_short_order">
                <Hidden name="from" value=from/>
                <Hidden name="id" value=id.to_string()/>
                <Hidden name="order" value=order/>
                <Select name="store" label="门店" items=items value=store.unwrap_or_default() error=store_wrong.unwrap_or_default()
                    hint="有货的在前，再按距离。"/>
                <Field name="reason" label="原因" value=reason.unwrap_or_else(|| "门店缺货".into())
                    error=reason_wrong.unwrap_or_default() hint="顾客会看到。" maxlength=100/>
                <Button>"改派"</Button>
            </Form>
        </Card>
    }
    .into_any()
}
