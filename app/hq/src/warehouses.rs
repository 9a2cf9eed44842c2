//! Warehouses: the list, one of them, what lies in it and what arrives.

use commerce::supply;
use domain::{
    Fault, Fields, LocationId, SkuId,
    geo::Point,
    purchasing::price_field,
    staff::{Permission, Reach},
    supply::{ListStock, SaveWarehouse as SaveWarehouseCommand, StockEntry, Warehouse},
    transfers::{LINES_MOST, field_of},
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Button, Card, Column, DataTable, EmptyState, Entry, EntryCell, EntryRow, Field, Form, Glyph, Hidden,
    LinkButton, Section, TextArea, Tone,
};
use uuid::Uuid;
use views::{batches::batch_cells, fill_in, goods};

use crate::{
    frame::{Frame, LOG_IN, Tab, address, after, files, pager, said},
    transfers::{FORM, kinds, supplies},
};

const LIST: &str = "/hq/warehouses";
/// How many goods a page of a warehouse's stock has.
const PAGE: i64 = 50;
/// Nobody pages further.
const SKIP_MOST: i64 = 100_000;

fn id_of(fields: &Fields) -> Result<LocationId, Fault> {
    fields.text("id").parse().map_err(|_| Fault::NotFound("这个仓库"))
}

/// Makes a warehouse, or changes what it is called and where it is.
#[server(prefix = "/rpc/hq", endpoint = "save_warehouse")]
pub async fn save_warehouse(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        supply::save(&scope, id_of(&fields)?, SaveWarehouseCommand::from_fields(&fields)?).await?;
        Ok(Next::to(LIST).saying(FORM, "已保存"))
    })
    .await
}

/// Closes an empty warehouse.
#[server(prefix = "/rpc/hq", endpoint = "close_warehouse")]
pub async fn close_warehouse(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        supply::close(&scope, id_of(&fields)?).await?;
        Ok(Next::to(LIST).saying(FORM, "已关闭，不再收发货；记录都还在"))
    })
    .await
}

/// Opens a closed warehouse again.
#[server(prefix = "/rpc/hq", endpoint = "reopen_warehouse")]
pub async fn reopen_warehouse(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        supply::reopen(&scope, id_of(&fields)?).await?;
        Ok(Next::to(LIST).saying(FORM, "已重新启用"))
    })
    .await
}

fn path_of(id: LocationId) -> String {
    format!("{LIST}/{id}")
}

/// Refuses whoever does not run the warehouses.
fn must_supply(asked: &Asked) -> Result<(), Fault> {
    if supplies(asked) { Ok(()) } else { asked.scope.staff().and(Err(Fault::Forbidden)) }
}

/// The list's page.
pub async fn list(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    must_supply(&asked)?;
    let found = supply::warehouses(&asked.scope).await?;
    Ok(Page::new("仓库", move || {
        let new = path_of(LocationId(Uuid::now_v7()));
        let beside = view! { <LinkButton href=new tone=Tone::Primary>"新建仓库"</LinkButton> };
        let body = view! {
            {kinds(true, LIST)}
            {said(&asked, FORM)}
            {results(found)}
        };
        frame.screen(Tab::Supply, "供货与调拨".into(), "", beside.into_any(), body.into_any())
    }))
}

fn results(found: Vec<Warehouse>) -> AnyView {
    if found.is_empty() {
        return view! { <EmptyState glyph=Glyph::Box title="还没有仓库" text="新建仓库并收货后，门店可以要货，总部可以一次分配给多家门店。">""</EmptyState> }.into_any();
    }
    let columns = vec![
        Column::new("编号"),
        Column::new("仓库"),
        Column::new("地区"),
        Column::new("地址"),
        Column::new("商品种数").right(),
        Column::new("在库件数").right(),
        Column::new("操作"),
    ];
    let row = |one: Warehouse| {
        let closed = one.closed_at.is_some();
        let badge = closed.then(|| view! { <Badge>"已关闭"</Badge> });
        let (action, label) =
            if closed { ("/rpc/hq/reopen_warehouse", "重新启用") } else { ("/rpc/hq/close_warehouse", "关闭") };
        let id = one.id.to_string();
        view! {
            <tr>
                <td class="tabular whitespace-nowrap">{one.code}</td>
                <td class="font-medium">{one.name} " " {badge}</td>
                <td class="whitespace-nowrap">{one.region_name}</td>
                <td>{one.address}</td>
                <td class="tabular text-end">{one.skus}</td>
                <td class="tabular text-end">{one.pieces}</td>
                <td>
                    <div class="flex gap-2">
                        <LinkButton href=format!("{LIST}/{}/stock", one.id)>"库存与收货"</LinkButton>
                        <LinkButton href=path_of(one.id)>"修改"</LinkButton>
                        <Form action=action>
                            <Hidden name="from" value=LIST/>
                            <Hidden name="id" value=id/>
                            <Button tone=Tone::Plain>{label}</Button>
                        </Form>
                    </div>
                </td>
            </tr>
        }
    };
    let rows = found.into_iter().map(row).collect_view();
    view! { <DataTable caption="仓库" columns=columns>{rows}</DataTable> }.into_any()
}

/// The page of one warehouse; an id that nobody has is a new one's.
pub async fn warehouse(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    must_supply(&asked)?;
    let id: LocationId = asked.id("warehouse", "这个仓库")?;
    let found = supply::warehouses(&asked.scope).await?.into_iter().find(|one| one.id == id);
    let title = if found.is_some() { "修改仓库" } else { "新建仓库" };
    Ok(Page::new(title, move || {
        let body = view! {
            <div class="grid grid-cols-1 gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)] lg:items-start">
                <div class="panel p-5">{form(&asked, id, found)}</div>
                <Section title="仓库怎么用">
                    <p class="mb-3">"仓库只存货，不对顾客销售。收货后，门店可以向它要货，总部也可以一次分配给多家门店。"</p>
                    <p>"填了位置，门店查「哪里有货」时会看到距离。"</p>
                </Section>
            </div>
        };
        frame.screen(Tab::Supply, title.into(), LIST, ().into_any(), body.into_any())
    }))
}

fn form(asked: &Asked, id: LocationId, found: Option<Warehouse>) -> AnyView {
    let point =
        |point: Option<Point>| point.map(|one| format!("{},{}", one.latitude, one.longitude)).unwrap_or_default();
    let kept = found.map(|one| [one.code, one.name, one.region, one.address, point(one.point)]).unwrap_or_default();
    let mut kept = kept.into_iter();
    let fields = ["code", "name", "region", "address", "point"].map(|name| {
        let (wrong, typed) = asked.field(FORM, name);
        (typed.unwrap_or_else(|| kept.next().unwrap_or_default()), wrong.unwrap_or_default())
    });
    let [code, name, region, place, point] = fields;
    let unseen = said(asked, FORM).filter(|_| asked.flash_of(FORM).is_none_or(|flash| flash.complaints.is_empty()));
    view! {
        {unseen}
        <Form action="/rpc/hq/save_warehouse">
            <Hidden name="from" value=path_of(id)/>
            <Hidden name="id" value=id.to_string()/>
            <div class="grid gap-x-4 sm:grid-cols-2">
                <Field name="code" label="仓库编号" value=code.0 error=code.1 placeholder="如：CK-SH" hint="大写字母、数字，可含 -"/>
                <Field name="name" label="名称" value=name.0 error=name.1 maxlength=40/>
                <Field name="region" label="地区编码" value=region.0 error=region.1 inputmode="numeric" placeholder="如：310000" hint="国标行政区划代码"/>
                <Field name="point" label="位置" value=point.0 error=point.1 required=false placeholder="31.23,121.47" hint="纬度,经度（WGS-84）"/>
            </div>
            <Field name="address" label="地址" value=place.0 error=place.1 maxlength=100/>
            <Button>"保存"</Button>
        </Form>
    }
    .into_any()
}

/// What lies in a warehouse; goods that arrive are taken in here.
pub async fn stock(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    must_supply(&asked)?;
    let id: LocationId = asked.id("warehouse", "这个仓库")?;
    let found = supply::warehouses(&asked.scope).await?.into_iter().find(|one| one.id == id);
    let warehouse = found.ok_or(Fault::NotFound("这个仓库"))?;
    let skip: i64 = asked.query.text("skip").parse().unwrap_or(0).clamp(0, SKIP_MOST);
    // What a file or a form that was wrong names stands first, whatever the page.
    let mut also: Vec<SkuId> = asked.filled_in(FORM, "pieces.");
    also.truncate(LINES_MOST);
    let (most, skip) = (PAGE + also.len() as i64, if also.is_empty() { skip } else { 0 });
    let ask = ListStock { words: asked.query.words("q"), also, most, skip, ..ListStock::default() };
    let (goods, total) = supply::stock(&asked.scope, id, &ask).await?;
    let first = asked.query.text("receipt").parse().ok();
    let latest = supply::receipts(&asked.scope, id, first).await?;
    Ok(Page::new(warehouse.name.clone(), move || {
        let path = format!("{LIST}/{id}/stock");
        let pages = pager(skip, PAGE, total, |skip| after(&path, vec![("q", ask.words.clone())], skip));
        let latest = goods::receipts(latest, "还没有收货记录。", asked.scope.now);
        let title = if first.is_some() { "收货记录" } else { "最近收货" };
        let newest = first.map(|_| view! { <p class="mt-3"><a class="link" href=path.clone()>"最近收货"</a></p> });
        let body = view! {
            {said(&asked, FORM)}
            {search(&path, &ask.words)}
            {entries(&asked, id, goods)}
            {pages}
            <div class="mt-6"><Card title=title>{latest}{newest}</Card></div>
        };
        // The file is that of head office's list of stock, which fewer people see.
        let sees = [Permission::CountStock, Permission::DecideProposals].into_iter().any(|one| asked.scope.may(one));
        let of_stock = sees.then(|| files("/hq/stock", &[("location", id.to_string()), ("q", ask.words.clone())]));
        frame.screen(
            Tab::Supply,
            format!("{} · 库存与收货", warehouse.name),
            LIST,
            of_stock.into_any(),
            body.into_any(),
        )
    }))
}

fn search(path: &str, words: &str) -> impl IntoView + use<> {
    view! {
        <form method="get" action=path.to_owned() role="search" class="mb-4 flex max-w-xl gap-3">
            <input class="input w-full" type="search" name="q" value=words.to_owned() aria-label="查找商品"
                maxlength=Fields::WORDS_MOST.to_string() placeholder="名称、拼音、编码或条码；没有货的也能查到"/>
            <button type="submit" class="btn btn-outline">"查找"</button>
        </form>
    }
}

fn entries(asked: &Asked, id: LocationId, goods: Vec<StockEntry>) -> AnyView {
    // What is taken in is the latest of its list, wherever that began.
    let here = address(&format!("{LIST}/{id}/stock"), &["q", "skip"].map(|name| (name, asked.query.text(name))));
    let (note_wrong, note) = asked.field(FORM, "note");
    let whole = goods::whole(asked, FORM);
    let submit = (!goods.is_empty()).then(|| {
        view! {
            <div class="mt-4 max-w-2xl">
                <TextArea name="note" label="送货单号或备注" rows=2 maxlength=200 value=note.unwrap_or_default() error=note_wrong.unwrap_or_default()/>
                <Button>"确认收货"</Button>
            </div>
        }
    });
    let goods = cells(asked, id, goods);
    let hint = "每行：编码或条码、件数，有保质期的再填批次号、到期日，最多 200 种商品。填好后核对，再确认收货。";
    let by_file = fill_in(asked, FORM, &format!("{LIST}/{id}/stock"), hint);
    view! {
        <Form action="/rpc/console/receive_goods">
            <Hidden name="from" value=here/>
            <Hidden name="key" value=Uuid::now_v7().to_string()/>
            <Hidden name="location" value=id.to_string()/>
            {whole}
            {goods}
            {submit}
            {by_file}
        </Form>
    }
    .into_any()
}

/// The goods of a warehouse, each with how many of it come in.
fn cells(asked: &Asked, id: LocationId, goods: Vec<StockEntry>) -> AnyView {
    if goods.is_empty() {
        return view! { <EmptyState glyph=Glyph::Box title="没有找到商品" text="仓库还没有货时，先查找要收的商品，填上数量收货；也可以用文件填写。">""</EmptyState> }.into_any();
    }
    let mut columns = vec![Column::new("商品"), Column::new("收货数量")];
    // A warehouse's costs are seen by those who see every place's.
    let costs = asked.scope.reach(Permission::SeeCosts) == Ok(Reach::All);
    // Of goods with a last day somebody says which batch they are.
    let dated = goods.iter().any(|entry| entry.keeps_batches);
    if dated {
        columns.extend([Column::new("批次号"), Column::new("到期日")]);
    }
    columns.extend(costs.then(|| Column::new("进价（元，可不填）")));
    columns.extend(["条码", "在库", "可发", "在途"].map(|title| Column::new(title).right()));
    columns.extend(costs.then(|| Column::new("成本").right()));
    let cell = |name: String, label: String, kind: Entry| {
        let (wrong, typed) = asked.field(FORM, &name);
        let (value, error) = (typed.unwrap_or_default(), wrong.unwrap_or_default());
        view! { <EntryCell name=name label=label kind=kind value=value error=error/> }
    };
    let row = |entry: StockEntry| {
        let (label, price_label) = (format!("{} 收货数量", entry.name), format!("{} 进价", entry.name));
        let batch = dated.then(|| batch_cells(asked, FORM, true, (entry.sku_id, &entry.name, entry.keeps_batches)));
        let of_batches = format!("/hq/batches/{id}/{}", entry.sku_id);
        let pieces = cell(field_of(entry.sku_id), label, Entry::Whole);
        let price = costs.then(|| cell(price_field(entry.sku_id), price_label, Entry::Decimal));
        let mut figures = vec![entry.barcode.unwrap_or_default()];
        figures.extend([entry.on_hand, entry.available, entry.in_transit].map(|pieces| pieces.to_string()));
        figures.extend(costs.then(|| entry.cost_milli_fen.map_or("—".into(), |cost| cost.to_string())));
        view! {
            <EntryRow title=entry.name detail=entry.code href=of_batches figures=figures>
                {pieces}
                {batch}
                {price}
            </EntryRow>
        }
    };
    let rows = goods.into_iter().map(row).collect_view();
    view! { <DataTable caption="库存" columns=columns>{rows}</DataTable> }.into_any()
}
