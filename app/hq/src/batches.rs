//! Batches and their last day at all places within reach, warehouses included.

use commerce::{counts, stock::batches as use_cases};
use domain::{
    Fault, Fields, LocationId, SkuId,
    batches::{BatchEntry, BatchLeft, BatchesLeft, ListBatches, batch_field, expires_field},
    staff::Permission,
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{
    Badge, Button, Card, ChoiceCell, Column, DataTable, EmptyState, Entry, EntryCell, Field, Form, Glyph, Hidden,
    NamedCell, Select, SelectItem, Tone,
};

use crate::{
    counts::{place_items, stock_chips},
    frame::{Frame, Tab, after, files, pager, said},
};

/// The list.
const PATH: &str = "/hq/batches";
/// How many batches a page of the list has.
const PAGE: i64 = 50;
/// The part of a page that the console's form speaks to.
const FORM: &str = "batches";

/// The cells in which somebody says of which batch goods are that come in; empty for goods without a last day.
pub fn batch_cells(asked: &Asked, form: &str, sku: SkuId, name: &str, keeps: bool) -> AnyView {
    if !keeps {
        return view! { <td></td><td></td> }.into_any();
    }
    let cell = |field: String, kind: Entry, label: String| {
        let (wrong, value) = asked.field(form, &field);
        let (error, value) = (wrong.unwrap_or_default(), value.unwrap_or_default());
        view! { <EntryCell name=field label=label kind=kind value=value error=error maxlength=40/> }
    };
    let code = cell(batch_field(sku), Entry::Words, format!("{name} 批次号"));
    let expires = cell(expires_field(sku), Entry::Day, format!("{name} 到期日"));
    view! { {code} {expires} }.into_any()
}

/// The cell in which somebody may say of which batch a variant's pieces are that go; empty where none lies there.
pub fn batch_choice(asked: &Asked, form: &str, (sku, name): (SkuId, &str), at_hand: &[(SkuId, BatchLeft)]) -> AnyView {
    let own: Vec<&BatchLeft> = at_hand.iter().filter(|(of, _)| *of == sku).map(|(_, batch)| batch).collect();
    if own.is_empty() {
        return view! { <td></td> }.into_any();
    }
    let field = batch_field(sku);
    let (wrong, value) = asked.field(form, &field);
    let (error, value, label) = (wrong.unwrap_or_default(), value.unwrap_or_default(), format!("{name} 批次"));
    let mut items = vec![SelectItem::new("", "不指定")];
    items.extend(own.into_iter().map(|batch| SelectItem::new(batch.code.clone(), batch.offered())));
    view! { <ChoiceCell name=field label=label items=items value=value error=error/> }.into_any()
}

/// The list's page.
pub async fn list(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let ask = ListBatches { most: PAGE, ..ListBatches::from_fields(&asked.query) };
    let (found, total) = use_cases::list(&asked.scope, &ask).await?;
    let places = counts::places(&asked.scope).await.unwrap_or_default();
    Ok(Page::new("批次与效期", move || {
        let beside = files(PATH, &ask.pairs());
        let place = ask.location.map(|id| id.to_string()).unwrap_or_default();
        let items = place_items(places, "全部门店与仓库");
        let days = [("", "不限"), ("0", "已过期"), ("7", "7 天内到期"), ("30", "30 天内到期"), ("90", "90 天内到期")];
        let days = days.map(|(value, label)| SelectItem::new(value, label)).to_vec();
        let within = ask.days.map(|days| days.to_string()).unwrap_or_default();
        let body = view! {
            {stock_chips("batches")}
            <form method="get" action=PATH role="search" class="panel my-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-2 lg:grid-cols-4 lg:items-end">
                <Field name="q" kind="search" label="查找" required=false placeholder="商品、编码、条码或批次号" value=ask.words.clone()
                    maxlength=Fields::WORDS_MOST as u32/>
                <Select name="location" label="门店或仓库" items=items value=place/>
                <Select name="days" label="效期" items=days value=within/>
                <div class="mb-4"><button type="submit" class="btn btn-primary">"筛选"</button></div>
            </form>
            {results(found)}
            {pager(ask.skip, PAGE, total, |skip| after(PATH, ask.pairs(), skip))}
        };
        frame.screen(Tab::Stock, "批次与效期".into(), "", beside.into_any(), body.into_any())
    }))
}

fn results(found: Vec<BatchEntry>) -> AnyView {
    if found.is_empty() {
        return view! { <EmptyState glyph=Glyph::Box title="没有符合条件的批次" text="收货时填写批次号与到期日，或在门店和仓库的商品页登记后，会按到期先后列在这里。">""</EmptyState> }.into_any();
    }
    let columns = vec![
        Column::new("商品"),
        Column::new("批次"),
        Column::new("到期日"),
        Column::new("状态"),
        Column::new("剩余").right(),
        Column::new("门店或仓库"),
    ];
    let row = |one: BatchEntry| {
        let href = format!("{PATH}/{}/{}", one.location.id, one.sku_id);
        let (tone, standing) = (tone_of(&one.left), one.left.standing());
        view! {
            <tr>
                <NamedCell name=one.name detail=one.sku_code href=href/>
                <td class="min-w-28 break-all">{one.left.code}</td>
                <td class="tabular whitespace-nowrap">{one.left.expires_on.to_string()}</td>
                <td class="whitespace-nowrap"><Badge tone=tone>{standing}</Badge></td>
                <td class="tabular text-end">{one.left.pieces}</td>
                <td>{one.location.name}</td>
            </tr>
        }
    };
    let rows = found.into_iter().map(row).collect_view();
    view! { <DataTable caption="批次与效期" columns=columns>{rows}</DataTable> }.into_any()
}

fn tone_of(batch: &BatchLeft) -> Tone {
    match batch.days {
        ..=0 => Tone::Error,
        1..=7 => Tone::Warn,
        _ => Tone::Info,
    }
}

/// The batches of one variant at one place, and saying of which more are.
pub async fn one(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let (place, sku): (LocationId, SkuId) = (asked.id("location", "这处门店或仓库")?, asked.id("sku", "这件商品")?);
    let left = use_cases::left(&asked.scope, place, sku).await?;
    let registers = asked.scope.reach(Permission::CountStock);
    let registers = registers.is_ok_and(|reach| reach.covers(domain::StoreId(place.0)));
    Ok(Page::new("批次与效期", move || {
        let form = registers.then(|| form(&asked, place, sku));
        let body = view! { {said(&asked, FORM)} {batches(left)} {form} };
        frame.screen(Tab::Stock, "批次与效期".into(), PATH, ().into_any(), body.into_any())
    }))
}

fn batches(left: BatchesLeft) -> AnyView {
    let BatchesLeft { batches, on_hand, unknown } = left;
    let columns = vec![Column::new("批次"), Column::new("到期日"), Column::new("剩余").right(), Column::new("状态")];
    let row = |batch: BatchLeft| {
        let (tone, standing) = (tone_of(&batch), batch.standing());
        view! {
            <tr>
                <td class="min-w-28 font-medium break-all">{batch.code}</td>
                <td class="tabular whitespace-nowrap">{batch.expires_on.to_string()}</td>
                <td class="tabular text-end">{batch.pieces}</td>
                <td class="whitespace-nowrap"><Badge tone=tone>{standing}</Badge></td>
            </tr>
        }
    };
    let list = match batches.is_empty() {
        true => view! { <p class="text-base-content/70">"还没有登记批次。"</p> }.into_any(),
        false => {
            let rows = batches.into_iter().map(row).collect_view();
            view! { <DataTable caption="批次" columns=columns>{rows}</DataTable> }.into_any()
        }
    };
    let rest =
        format!("在库 {on_hand} 件，其中 {unknown} 件没有登记批次。先到期的先出：卖出和报损都从最早到期的批次减。");
    view! { <Card title="批次" class="mb-4">{list}<p class="mt-3 text-sm text-base-content/70">{rest}</p></Card> }
        .into_any()
}

/// The console's form does it for both faces.
fn form(asked: &Asked, place: LocationId, sku: SkuId) -> AnyView {
    let part = |name: &str| {
        let (wrong, typed) = asked.field(FORM, name);
        (wrong.unwrap_or_default(), typed.unwrap_or_default())
    };
    let ((code_wrong, code), (day_wrong, day), (pieces_wrong, pieces)) =
        (part("code"), part("expires_on"), part("quantity"));
    let here = format!("{PATH}/{place}/{sku}");
    view! {
        <Card title="登记批次">
            <Form action="/rpc/console/register_batch">
                <Hidden name="from" value=here/>
                <Hidden name="location" value=place.to_string()/>
                <Hidden name="sku_id" value=sku.to_string()/>
                <div class="grid gap-x-4 sm:grid-cols-3">
                    <Field name="code" label="批次号" value=code error=code_wrong maxlength=40/>
                    <Field name="expires_on" label="到期日" kind="date" value=day error=day_wrong/>
                    <Field name="quantity" label="现有件数" inputmode="numeric" value=pieces error=pieces_wrong
                        hint="这个批次现在一共有几件；填 0 取消登记。"/>
                </div>
                <Button>"登记批次"</Button>
            </Form>
        </Card>
    }
    .into_any()
}
