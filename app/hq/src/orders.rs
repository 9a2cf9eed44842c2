//! All orders within a person's reach, newest first, with the filters in the address.

use chrono::{DateTime, NaiveDate, Utc};
use commerce::{Scope, orders, staff, stores};
use domain::{
    Fault, Fields, StoreId,
    fulfilment::Fulfilment,
    order_batches::{BATCH_MOST, BatchAct},
    orders::{Channel, Lateness, ListOrders, OrderCard, OrderState},
    page::Page as Listed,
    staff::{Permission, RegionChoice},
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{
    Badge, Button, Column, DataTable, EmptyState, Field, Form, Glyph, Hidden, LinkButton, Pager, Select, SelectItem,
    Tone,
};
use uuid::Uuid;

use crate::{
    cancel_rules,
    dispatch::{PATH, TOGETHER},
    frame::{Frame, Tab, address, files, said, slot_text, tone_of},
    order_batches, unclaimed,
};

/// How many orders a page of the list has.
const PAGE: usize = 50;
/// What the address asks for.
struct Filter(ListOrders);

impl Filter {
    fn of(asked: &Asked) -> Result<Self, Fault> {
        let after = asked.query.given("after").map(str::to_owned);
        Ok(Self(ListOrders { most: PAGE, after, ..ListOrders::from_fields(&asked.query)? }))
    }

    /// The address of the same list, from the top or from `after` on.
    fn from(&self, after: &str) -> String {
        let mut pairs = self.0.pairs();
        pairs.push(("after", after.to_owned()));
        address(PATH, &pairs)
    }

    fn is_set(&self) -> bool {
        self.0 != ListOrders { most: PAGE, ..ListOrders::default() }
    }

    /// Whether one is set of those that are folded away.
    fn has_more(&self) -> bool {
        let ListOrders { region, channel, fulfilment, from, to, goods, .. } = &self.0;
        let days = from.or(*to).is_some();
        days || region.is_some() || channel.is_some() || fulfilment.is_some() || !goods.is_empty()
    }
}

/// The list's page.
pub async fn orders(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let filter = Filter::of(&asked)?;
    // Days that end before they begin are said beside their field, in the list that has nothing of them.
    let wrong_day = filter.0.placed().err().map(|fault| fault.message()).unwrap_or_default();
    let found = match wrong_day.is_empty() {
        true => orders::list(&asked.scope, filter.0.clone()).await?,
        false => Listed::cut(Vec::new(), PAGE, |_| String::new()),
    };
    let stores = stores::mine(&asked.scope, Permission::ReadOrders).await?;
    let regions = staff::regions_with_stores(&asked.scope).await?;
    let picks = Picks::of(&asked.scope).await?;
    let may_batch = picks.is_some();
    Ok(Page::new("订单", move || {
        let body = view! {
            {said(&asked, TOGETHER)}
            {filters(&filter, stores, regions, wrong_day)}
            {results(&asked, &filter, found, picks)}
        };
        let batches = may_batch.then(|| view! { <LinkButton href=order_batches::PATH>"批量处理记录"</LinkButton> });
        let unclaimed = asked.scope.staff_everywhere(Permission::ManageOrders).is_ok();
        let unclaimed = unclaimed.then(|| {
            view! {
                <LinkButton href=cancel_rules::PATH>"取消规则"</LinkButton>
                <LinkButton href=unclaimed::PATH>"逾期未取规则"</LinkButton>
            }
        });
        let beside = view! {
            {batches}
            {unclaimed}
            {files(PATH, &filter.0.pairs())}
        };
        frame.screen(Tab::Orders, "订单".into(), "", beside.into_any(), body.into_any())
    }))
}

/// Those filters that most people look with, and the others below them, open where one of them is set.
fn filters(
    filter: &Filter,
    stores: Vec<(StoreId, String)>,
    regions: Vec<RegionChoice>,
    wrong_day: String,
) -> impl IntoView + use<> {
    let mut store_items = vec![SelectItem::new("", "全部门店")];
    store_items.extend(stores.into_iter().map(|(id, name)| SelectItem::new(id.to_string(), name)));
    let mut state_items = vec![SelectItem::new("", "全部状态")];
    state_items.extend(OrderState::ALL.iter().map(|state| SelectItem::new(state.code(), state.label())));
    let state = filter.0.states.first().map_or("", |state| state.code());
    let late = filter.0.late;
    let reset = filter.is_set().then(|| view! { <LinkButton href=PATH>"清除"</LinkButton> });
    view! {
        <form method="get" action=PATH role="search" class="panel mb-4 px-4 pt-4">
            <div class="grid gap-x-4 sm:grid-cols-3">
                <Select name="store" label="门店" items=store_items value=filter.0.store.map(|id| id.to_string()).unwrap_or_default()/>
                <Select name="state" label="状态" items=state_items value=state/>
                <Field name="q" kind="search" label="搜索" placeholder="订单号、取货码或手机尾号" maxlength=Fields::WORDS_MOST as u32 required=false
                    value=filter.0.words.clone()/>
            </div>
            {more_filters(filter, regions, wrong_day)}
            <div class="mb-4 flex flex-wrap items-center gap-x-4 gap-y-3">
                <button type="submit" class="btn btn-primary">"筛选"</button>
                {reset}
                <label class="flex items-center gap-2"><input type="checkbox" class="checkbox" name="late" value="on" checked=late/>"只看超时的订单"</label>
            </div>
        </form>
    }
}

fn more_filters(filter: &Filter, regions: Vec<RegionChoice>, wrong_day: String) -> impl IntoView + use<> {
    let mut region_items = vec![SelectItem::new("", "全部区域")];
    region_items.extend(regions.into_iter().map(|region| SelectItem::new(region.code, region.name)));
    let mut channel_items = vec![SelectItem::new("", "全部来源")];
    channel_items.extend(Channel::OF_ORDERS.map(|one| SelectItem::new(one.code(), one.label())));
    let channel = filter.0.channel.map_or("", Channel::code);
    let mut ways = vec![SelectItem::new("", "全部方式")];
    ways.extend(Fulfilment::ALL.iter().map(|way| SelectItem::new(way.code(), way.label())));
    let way = filter.0.fulfilment.map_or("", Fulfilment::code);
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let (from, to) = (day(filter.0.from), day(filter.0.to));
    view! {
        <details class="mb-4" open=filter.has_more()>
            <summary class="cursor-pointer font-medium">"更多筛选"</summary>
            <div class="mt-3 grid gap-x-4 sm:grid-cols-2 lg:grid-cols-3">
                <Field name="from" kind="date" label="下单日期，从" required=false value=from/>
                <Field name="to" kind="date" label="下单日期，到" required=false value=to error=wrong_day/>
                <Field name="goods" kind="search" label="商品" placeholder="名称、编码或条码" maxlength=Fields::WORDS_MOST as u32 required=false
                    value=filter.0.goods.clone()/>
                <Select name="fulfilment" label="配送方式" items=ways value=way/>
                <Select name="region" label="区域" items=region_items value=filter.0.region.clone().unwrap_or_default()/>
                <Select name="channel" label="来源" items=channel_items value=channel/>
            </div>
        </details>
    }
}

/// What can be done with several orders at once; nothing for who can do none of it.
struct Picks {
    acts: Vec<BatchAct>,
    /// Where orders can be sent to.
    stores: Vec<(StoreId, String)>,
}

impl Picks {
    async fn of(scope: &Scope) -> Result<Option<Self>, Fault> {
        let acts: Vec<BatchAct> = BatchAct::ALL.iter().copied().filter(|act| scope.may(act.needs())).collect();
        if acts.is_empty() {
            return Ok(None);
        }
        let reroutes = acts.contains(&BatchAct::Reroute);
        let stores = if reroutes { stores::mine(scope, Permission::ManageOrders).await? } else { Vec::new() };
        Ok(Some(Self { acts, stores }))
    }
}

fn results(asked: &Asked, filter: &Filter, found: Listed<OrderCard>, picks: Option<Picks>) -> AnyView {
    if found.items.is_empty() {
        return none(filter).into_any();
    }
    let mut columns = vec![
        Column::new("订单号"),
        Column::new("状态"),
        Column::new("门店"),
        Column::new("商品"),
        Column::new("件数").right(),
        Column::new("金额").right(),
        Column::new("来源"),
        Column::new("方式"),
        Column::new("下单时间"),
        Column::new("取货时间"),
    ];
    if picks.is_some() {
        columns.insert(0, Column::new("选择"));
    }
    let now = asked.scope.now;
    let row = |order: OrderCard| {
        let name = format!("pick.{}", order.id);
        let pick = picks.is_some().then(|| (asked.field(TOGETHER, &name).1.is_some(), name));
        row(order, now, pick)
    };
    let rows = found.items.into_iter().map(row).collect_view();
    let next = found.next.map(|after| filter.from(&after)).unwrap_or_default();
    let first = filter.0.after.is_some().then(|| filter.from(""));
    let table = view! { <DataTable caption="订单" columns=columns>{rows}</DataTable> }.into_any();
    let table = match picks {
        Some(picks) => together(asked, filter, picks, table),
        None => table,
    };
    view! {
        {table}
        <div class="mt-3 flex flex-wrap items-center justify-between gap-3">
            {first.map(|href| view! { <LinkButton href=href>"回到第一页"</LinkButton> })}
            {(!next.is_empty()).then(|| view! { <Pager next=next/> })}
        </div>
    }
    .into_any()
}

/// The table in a form that puts together what is picked in it, or all that its filters leave.
fn together(asked: &Asked, filter: &Filter, picks: Picks, table: AnyView) -> AnyView {
    let (act_wrong, act) = asked.field(TOGETHER, "act");
    let (store_wrong, store) = asked.field(TOGETHER, "store");
    let (reason_wrong, reason) = asked.field(TOGETHER, "reason");
    let all = asked.field(TOGETHER, "which").1.as_deref() == Some("all");
    let acts = picks.acts.into_iter().map(|act| SelectItem::new(act.code(), act.label())).collect();
    let mut store_items = vec![SelectItem::new("", "按发货规则，逐笔选择门店")];
    store_items.extend(picks.stores.into_iter().map(|(id, name)| SelectItem::new(id.to_string(), name)));
    let reroutes = store_items.len() > 1;
    let filters = filter.0.pairs().into_iter().filter(|(_, value)| !value.is_empty());
    let filters =
        filters.map(|(name, value)| view! { <Hidden name=format!("{name}.filter") value=value/> }).collect_view();
    let store = reroutes.then(|| {
        view! {
            <Select name="store" label="改派到" items=store_items value=store.unwrap_or_default() error=store_wrong.unwrap_or_default()
                hint="只在改派门店时使用。"/>
        }
    });
    let (from, open) = (asked.here.clone(), asked.flash_of(TOGETHER).is_some());
    view! {
        <Form action="/rpc/hq/draft_order_batch">
            <Hidden name="from" value=from/>
            <Hidden name="key" value=Uuid::now_v7().to_string()/>
            {filters}
            {table}
            <details class="panel mt-3 px-4 py-3" open=open>
                <summary class="cursor-pointer font-medium">"批量处理"</summary>
                <div class="mt-3 max-w-lg">
                    <Select name="act" label="做什么" items=acts value=act.unwrap_or_default() error=act_wrong.unwrap_or_default()/>
                    {store}
                    <Field name="reason" label="原因或备注" value=reason.unwrap_or_default() error=reason_wrong.unwrap_or_default()
                        hint="改派、取消和退款时顾客会看到原因；写备注时只有员工能看到。"/>
                    <fieldset class="mb-4">
                        <legend class="mb-1 font-medium">"哪些订单"</legend>
                        <label class="flex items-center gap-2 py-1"><input type="radio" class="radio" name="which" value="picked" checked=!all/>"上面勾选的订单"</label>
                        <label class="flex items-center gap-2 py-1"><input type="radio" class="radio" name="which" value="all" checked=all/>{format!("符合当前筛选条件的全部订单（最新的 {BATCH_MOST} 笔以内）")}</label>
                    </fieldset>
                    <Button>"预览，先不改动"</Button>
                </div>
            </details>
        </Form>
    }
    .into_any()
}

/// `pick` is the name of its tick box, and whether it was ticked.
fn row(order: OrderCard, now: DateTime<Utc>, pick: Option<(bool, String)>) -> impl IntoView {
    let href = format!("{PATH}/{}", order.id);
    let late = order.late.map(|late| view! { " " <Badge tone=Tone::Error>{late.label()}</Badge> });
    let asks = (order.cancel_asked_at.is_some() && order.late != Some(Lateness::CancelUnanswered))
        .then(|| view! { " " <Badge tone=Tone::Warn>"申请取消"</Badge> });
    let pick = pick.map(|(ticked, name)| {
        let label = format!("选择订单 {}", order.number);
        view! { <td><input type="checkbox" class="checkbox" name=name value="on" aria-label=label checked=ticked/></td> }
    });
    view! {
        <tr>
            {pick}
            <td><a class="link tabular font-medium" href=href>{order.number}</a></td>
            <td class="whitespace-nowrap"><Badge tone=tone_of(order.state)>{order.state.label_of(order.fulfilment)}</Badge>{late}{asks}</td>
            <td class="min-w-40">{order.store_name}</td>
            <td class="min-w-40">{order.summary}</td>
            <td class="tabular text-end">{order.pieces}</td>
            <td class="tabular text-end">{order.total_fen.to_string()}</td>
            <td class="whitespace-nowrap">{order.channel.label()}</td>
            <td class="whitespace-nowrap">{order.fulfilment.label()}</td>
            <td class="tabular whitespace-nowrap">{text::moment(order.placed_at, now, text::zone(""))}</td>
            <td class="tabular whitespace-nowrap">{slot_text(order.slot, now)}</td>
        </tr>
    }
}

fn none(filter: &Filter) -> impl IntoView + use<> {
    let (title, text, href, label) = if filter.is_set() {
        ("没有符合条件的订单", "换一个门店、状态或日期，或核对订单号、取货码、手机尾号和商品。", PATH, "查看全部订单")
    } else {
        ("还没有订单", "门店有了第一笔订单后，会列在这里。", "/hq/stores", "查看门店")
    };
    view! {
        <EmptyState glyph=Glyph::Receipt title=title text=text>
            <LinkButton href=href>{label}</LinkButton>
        </EmptyState>
    }
}
