//! The stores within a person's reach, with the filters in the address.

use chrono::{DateTime, Utc};
use commerce::stores;
use domain::{
    Fault, Fields,
    staff::Permission,
    stores::{ListStores, Ownership, StoreEntry, StoreState},
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{Badge, Column, DataTable, EmptyState, Field, Glyph, LinkButton, Select, SelectItem, Tone};

use crate::frame::{Frame, Tab, address, after, files, pager};

const PATH: &str = "/hq/stores";
/// How many stores a page of the list has.
const PAGE: i64 = 50;
/// What the address asks for.
struct Filter(ListStores);

impl Filter {
    fn of(asked: &Asked) -> Self {
        let skip = asked.query.text("skip").parse().unwrap_or(0).max(0);
        Self(ListStores { most: PAGE, skip, ..ListStores::from_fields(&asked.query) })
    }

    /// The address of the same list after the first `skip` stores.
    fn from(&self, skip: i64) -> String {
        after(PATH, self.0.pairs(), skip)
    }

    fn is_set(&self) -> bool {
        self.0 != ListStores { most: PAGE, ..ListStores::default() }
    }
}

/// The list's page.
pub async fn stores(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let filter = Filter::of(&asked);
    let (found, total) = stores::list(&asked.scope, &filter.0).await?;
    let (edits, now) = (asked.scope.may(Permission::EditStores), asked.scope.now);
    Ok(Page::new("门店", move || {
        let beside = view! {
            <p class="tabular text-sm text-base-content/70">{format!("共 {total} 家")}</p>
            {files(PATH, &filter.0.pairs())}
        };
        let body = view! {
            {filters(&filter)}
            {results(&filter, (found, total), edits, now)}
        };
        frame.screen(Tab::Stores, "门店".into(), "", beside.into_any(), body.into_any())
    }))
}

fn filters(filter: &Filter) -> impl IntoView + use<> {
    let mut ownerships = vec![SelectItem::new("", "全部类型")];
    ownerships.extend(Ownership::ALL.iter().map(|one| SelectItem::new(one.code(), one.label())));
    let mut states = vec![SelectItem::new("", "全部状态")];
    states.extend(StoreState::ALL.iter().map(|one| SelectItem::new(one.code(), one.label())));
    let (ownership, state) =
        (filter.0.ownership.map_or("", Ownership::code), filter.0.state.map_or("", StoreState::code));
    let reset = filter.is_set().then(|| view! { <LinkButton href=PATH>"清除"</LinkButton> });
    view! {
        <form method="get" action=PATH role="search" class="panel mb-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-2 lg:grid-cols-[1fr_1fr_1fr_auto] lg:items-end">
            <Field name="q" kind="search" label="搜索" placeholder="名称、编码或地址" maxlength=Fields::WORDS_MOST as u32 required=false
                value=filter.0.words.clone()/>
            <Select name="ownership" label="类型" items=ownerships value=ownership/>
            <Select name="state" label="状态" items=states value=state/>
            <div class="mb-4 flex gap-2"><button type="submit" class="btn btn-primary">"筛选"</button>{reset}</div>
        </form>
    }
}

fn results(filter: &Filter, (found, total): (Vec<StoreEntry>, i64), edits: bool, now: DateTime<Utc>) -> AnyView {
    if found.is_empty() {
        return none(filter).into_any();
    }
    let columns = ["编码", "门店", "品牌", "地区", "地址", "类型", "状态", "订单", "设置"].map(Column::new).to_vec();
    let rows = found.into_iter().map(|store| row(store, edits, now)).collect_view();
    let pager = pager(filter.0.skip, PAGE, total, |skip| filter.from(skip));
    view! {
        <DataTable caption="门店" columns=columns>{rows}</DataTable>
        {pager}
    }
    .into_any()
}

fn row(store: StoreEntry, edits: bool, now: DateTime<Utc>) -> impl IntoView {
    let tone = match store.state {
        StoreState::Open => Tone::Success,
        StoreState::Busy | StoreState::Paused => Tone::Warn,
        StoreState::Closed => Tone::Plain,
    };
    let until = store.until.map(|until| {
        let back = format!("{} 恢复", text::soon(until, now, text::zone(&store.timezone)));
        view! { <span class="tabular ms-2 text-sm text-base-content/70">{back}</span> }
    });
    let orders = address("/hq/orders", &[("store", store.id.to_string())]);
    let settings = edits.then(|| {
        let link = |part: &str, label: &'static str| {
            let href = format!("/console/{part}?store={}", store.id);
            view! { <a class="link whitespace-nowrap" href=href>{label}<span class="sr-only">{format!("：{}", store.name)}</span></a> }
        };
        view! { <span class="flex gap-3">{link("opening", "营业")} {link("delivery", "配送")}</span> }
    });
    view! {
        <tr>
            <td class="tabular whitespace-nowrap">{store.code}</td>
            <td class="min-w-36 font-medium">{store.name.clone()}</td>
            <td class="whitespace-nowrap">{store.brand}</td>
            <td class="whitespace-nowrap">{store.region}</td>
            <td class="min-w-48 text-base-content/70">{store.address}</td>
            <td class="whitespace-nowrap">{store.ownership.label()}</td>
            <td class="whitespace-nowrap"><Badge tone=tone>{store.state.label()}</Badge>{until}</td>
            <td><a class="link whitespace-nowrap" href=orders>"查看订单"<span class="sr-only">{format!("：{}", store.name)}</span></a></td>
            <td>{settings}</td>
        </tr>
    }
}

fn none(filter: &Filter) -> impl IntoView + use<> {
    if filter.is_set() {
        view! {
            <EmptyState glyph=Glyph::Search title="没有符合条件的门店" text="换个关键词，或放宽类型与状态。">
                <LinkButton href=PATH>"查看全部门店"</LinkButton>
            </EmptyState>
        }
        .into_any()
    } else {
        view! { <EmptyState glyph=Glyph::Shop title="还没有门店" text="您的权限范围内没有门店；如需查看更多，请联系总部管理员。"/> }.into_any()
    }
}
