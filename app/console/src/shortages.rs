//! What is promised and not there: the cases, and one with the orders that wait.

use chrono::{DateTime, Utc};
use commerce::{
    stock::{shortage_rules as rules, shortages},
    stores,
};
use domain::{
    Fault, Fields, ShortageId,
    page::Page as Listed,
    staff::Permission,
    stock::{LetWait, ListShortages, ShortOrder, Shortage},
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Breadcrumbs, Button, Card, Chip, Chips, Column, DataTable, EmptyState, Fact, Facts, Field, Form, Glyph,
    Hidden, LinkButton, Notice, Pager, TextArea, Tone,
};

use crate::{
    frame::{Frame, Lit, files, news},
    shortage_rules,
};

/// The list.
pub const PATH: &str = "/console/shortages";
const FORM: &str = "shortage";
/// How many cases a page of the list has.
const PAGE: usize = 30;

/// Lets a case wait.
#[server(prefix = "/rpc/console", endpoint = "let_shortage_wait")]
pub async fn let_shortage_wait(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/console/login", fields, async |scope, fields| {
        let id: ShortageId = fields.text("id").parse().map_err(|_| Fault::NotFound("这条缺货记录"))?;
        shortages::let_wait(&scope, id, &LetWait::from_fields(&fields)?).await?;
        Ok(Next::to(format!("{PATH}/{id}")).saying(FORM, "已记下，到时间前系统不会自动处理"))
    })
    .await
}

/// The list's page.
pub async fn shortages(asked: Asked) -> Result<Page, Fault> {
    let ask = ListShortages { most: PAGE, ..ListShortages::from_fields(&asked.query) };
    let found = shortages::list(&asked.scope, &ask).await?;
    let rules = rules::rules(&asked.scope).await?;
    let turns_down = asked.scope.may(Permission::RejectOrders);
    let mine = if turns_down { stores::mine(&asked.scope, Permission::RejectOrders).await? } else { Vec::new() };
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new("缺货处理", move || {
        let chips = vec![
            Chip::new("待处理", PATH).active(!ask.solved),
            Chip::new("全部记录", format!("{PATH}?solved=1")).active(ask.solved),
        ];
        let section = shortage_rules::section(&asked, rules, mine);
        let body = view! {
            <div class="mb-3 flex flex-wrap items-center justify-between gap-3">
                <h1 class="text-xl font-bold">"缺货处理"</h1>
                {files(PATH, &ask.pairs())}
            </div>
            <div class="mb-3"><Chips label="缺货记录" chips=chips/></div>
            {results(&ask, found, asked.scope.now)}
            {section}
        };
        frame.screen(Lit::Shortages, body.into_any())
    }))
}

fn results(ask: &ListShortages, found: Listed<Shortage>, now: DateTime<Utc>) -> AnyView {
    if found.items.is_empty() {
        let text = "盘点、报损或调整后，如果剩下的货不够交付已卖出的订单，会出现在这里。";
        return view! { <EmptyState glyph=Glyph::Check title="没有缺货" text=text>""</EmptyState> }.into_any();
    }
    let columns = ["商品", "缺", "账面 / 已卖出", "门店", "起因", "到时怎么办"].map(Column::new).to_vec();
    let solved = if ask.solved { "solved=1&" } else { "" };
    let next = found.next.map(|after| format!("{PATH}?{solved}after={after}"));
    let rows = found.items.into_iter().map(|case| row(case, now)).collect_view();
    view! {
        <DataTable caption="缺货" columns=columns>{rows}</DataTable>
        {next.map(|next| view! { <Pager next=next/> })}
    }
    .into_any()
}

fn row(case: Shortage, now: DateTime<Utc>) -> impl IntoView {
    let at = |when| text::moment(when, now, text::zone(""));
    let (missing, until) = if case.short > 0 {
        let missing = view! { <Badge tone=Tone::Error>{format!("缺 {} 件", case.short)}</Badge> };
        (missing.into_any(), rule(&case, now))
    } else {
        (view! { <Badge tone=Tone::Success>"已补足"</Badge> }.into_any(), "—".to_owned())
    };
    let cause = format!("{} · {}", case.cause, at(case.opened_at));
    view! {
        <tr>
            <td class="min-w-40"><a class="link font-medium" href=format!("{PATH}/{}", case.id)>{case.name}</a></td>
            <td class="whitespace-nowrap">{missing}</td>
            <td class="tabular whitespace-nowrap">{format!("{} / {}", case.on_hand, case.promised)}</td>
            <td class="min-w-28">{case.store_name}</td>
            <td class="whitespace-nowrap">{cause}</td>
            <td class="tabular min-w-32">{until}</td>
        </tr>
    }
}

/// When something happens by itself, and what.
fn rule(case: &Shortage, now: DateTime<Utc>) -> String {
    let until = text::moment(case.waits_until, now, text::zone(""));
    if case.is_overdue(now) {
        format!("{until} 已到时间，等人处理")
    } else {
        format!("{until} {}", case.then.then())
    }
}

/// A case's page.
pub async fn shortage(asked: Asked) -> Result<Page, Fault> {
    let id: ShortageId = asked.id("shortage", "这条缺货记录")?;
    let found = shortages::show(&asked.scope, id).await?;
    let frame = Frame::of(&asked.scope).await?;
    let title = format!("缺货 · {}", found.shortage.name);
    Ok(Page::new(title.clone(), move || {
        let crumbs = vec![("缺货处理".to_owned(), PATH.to_owned()), (found.shortage.name.clone(), String::new())];
        let about = about(&found.shortage, asked.scope.now).into_any();
        // Whoever gives orders to other stores does so in head office's pages.
        let gives = asked.scope.may(Permission::ManageOrders) && asked.scope.may(Permission::UseHq);
        let give = gives.then(|| {
            let page = format!("/hq/shortages/{}", found.shortage.id);
            view! { <div class="mt-3"><LinkButton href=page>"改由其他门店服务"</LinkButton></div> }
        });
        let orders = waiting(found.waiting, asked.scope.now);
        let body = view! {
            <Breadcrumbs items=crumbs/>
            <h1 class="my-3 text-xl font-bold">{title}</h1>
            {news(&asked, FORM)}
            {advice(&found.shortage)}
            <div class="grid grid-cols-1 gap-4 lg:grid-cols-2 lg:items-start">
                <div class="grid grid-cols-1 gap-4">
                    <Card title="情况">{about}</Card>
                    {let_it_wait(&asked, &found.shortage)}
                </div>
                <Card title="等着这件商品的订单">{orders} {give}</Card>
            </div>
        };
        frame.screen(Lit::Shortages, body.into_any())
    }))
}

/// What can be done about it.
fn advice(case: &Shortage) -> AnyView {
    if case.short == 0 {
        return view! { <Notice tone=Tone::Success>"货已补足，不需要再处理。"</Notice> }.into_any();
    }
    let text = format!(
        "还缺 {} 件：补货或调货到店后自动结束；也可以打开右边的订单拒单退款，或请总部改由有货的门店服务。{}",
        case.short,
        case.then.meaning()
    );
    view! { <Notice tone=Tone::Warn>{text}</Notice> }.into_any()
}

fn about(case: &Shortage, now: DateTime<Utc>) -> impl IntoView + use<> {
    let case = case.clone();
    let at = move |when| text::moment(when, now, text::zone(""));
    let cause = format!("{} · {}", case.cause, at(case.opened_at));
    let rule = rule(&case, now);
    let until = (case.short > 0).then(|| view! { <Fact label="到时怎么办">{rule}</Fact> });
    let note = (!case.note.is_empty()).then(|| view! { <Fact label="处理说明">{case.note}</Fact> });
    let (on_hand, promised) = (format!("{} 件", case.on_hand), format!("{} 件", case.promised));
    view! {
        <Facts>
            <Fact label="门店">{case.store_name}</Fact>
            <Fact label="账面"><span class="tabular">{on_hand}</span></Fact>
            <Fact label="已卖出未交付"><span class="tabular">{promised}</span></Fact>
            <Fact label="起因">{cause}</Fact>
            {until}
            {note}
        </Facts>
    }
}

fn let_it_wait(asked: &Asked, case: &Shortage) -> Option<AnyView> {
    if case.short == 0 {
        return None;
    }
    let (hours_wrong, hours) = asked.field(FORM, "hours");
    let (note_wrong, note) = asked.field(FORM, "note");
    let (id, from) = (case.id.to_string(), format!("{PATH}/{}", case.id));
    Some(
        view! {
            <Card title="延后处理">
                <Form action="/rpc/console/let_shortage_wait">
                    <Hidden name="from" value=from/>
                    <Hidden name="id" value=id/>
                    <Field name="hours" label="再等几小时" kind="number" value=hours.unwrap_or_else(|| "24".into())
                        error=hours_wrong.unwrap_or_default()/>
                    <TextArea name="note" label="怎么处理" value=note.unwrap_or_default() error=note_wrong.unwrap_or_default()
                        maxlength=200 required=true hint="例如：仓库今晚补货，已电话告知顾客。"/>
                    <Button>"保存"</Button>
                </Form>
            </Card>
        }
        .into_any(),
    )
}

fn waiting(orders: Vec<ShortOrder>, now: DateTime<Utc>) -> AnyView {
    if orders.is_empty() {
        return view! { <p class="text-sm text-base-content/70">"没有等着交付的订单。"</p> }.into_any();
    }
    let rows = orders.into_iter().map(|order| {
        let paid = order.paid_at.map_or_else(|| "未付款".to_owned(), |at| text::moment(at, now, text::zone("")));
        view! {
            <li class="flex flex-wrap items-center gap-x-3 py-2 text-sm">
                <a class="link tabular font-medium" href=format!("/console/orders/{}", order.order_id)>{order.number}</a>
                <span>{order.state.label()}</span>
                <span class="tabular">{format!("{} 件", order.pieces)}</span>
                <span class="tabular ms-auto text-base-content/70">{paid}</span>
            </li>
        }
    });
    view! { <ol class="divide-y divide-base-300">{rows.collect_view()}</ol> }.into_any()
}
