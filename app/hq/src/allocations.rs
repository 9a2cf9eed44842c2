//! Sending goods to many stores at once, and what stores pay for them.

use commerce::supply;
use domain::{
    Fault, Fields,
    import::ImportKind,
    stores::Ownership,
    supply::PriceFor,
    supply::{Allocate, Allocated, AllocationView, SetSupplyPrice as SetSupplyPriceCommand, SupplyPrice, Warehouse},
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{
    Button, Column, DataTable, EmptyState, Field, Form, Glyph, Hidden, LinkButton, Section, Select, SelectItem,
    TextArea, Tone,
};
use uuid::Uuid;

use crate::{
    allocation_formula,
    frame::{Frame, LOG_IN, Tab, files, said},
    suppliers::import_link,
    transfers::{FORM, PATH, kinds, supplies},
};

const NEW: &str = "/hq/allocations/new";
const PRICES: &str = "/hq/supply-prices";

/// Sends goods to stores.
#[server(prefix = "/rpc/hq", endpoint = "allocate_stock")]
pub async fn allocate_stock(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let done = supply::allocate(&scope, Allocate::from_fields(&fields)?).await?;
        Ok(Next::to(format!("/hq/allocations/{}", done.id)))
    })
    .await
}

/// Sets a supply price, or removes it.
#[server(prefix = "/rpc/hq", endpoint = "set_supply_price")]
pub async fn set_supply_price(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let command = SetSupplyPriceCommand::from_fields(&fields)?;
        let news = if command.price_fen.is_some() {
            "已保存，以后的要货按新价"
        } else {
            "已删除，以后的要货不显示价格"
        };
        supply::set_price(&scope, command).await?;
        Ok(Next::to(rpc::back_path(fields.text("from"))).saying(FORM, news))
    })
    .await
}

/// The page that sends goods.
pub async fn new(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    if !supplies(&asked) {
        return Err(Fault::Forbidden);
    }
    let found = supply::warehouses(&asked.scope).await?;
    Ok(Page::new("总部分配", move || {
        let body = view! {
            {kinds(true, NEW)}
            {said(&asked, FORM).filter(|_| asked.flash_of(FORM).is_none_or(|flash| flash.complaints.is_empty()))}
            {form(&asked, found)}
        };
        let beside = view! {
            <LinkButton href=allocation_formula::PATH>"按公式分配"</LinkButton>
            {import_link(&asked, ImportKind::Allocations)}
        };
        frame.screen(Tab::Supply, "供货与调拨".into(), "", beside.into_any(), body.into_any())
    }))
}

fn form(asked: &Asked, found: Vec<Warehouse>) -> AnyView {
    let open: Vec<_> = found.into_iter().filter(|one| one.closed_at.is_none()).collect();
    if open.is_empty() {
        return view! {
            <EmptyState glyph=Glyph::Box title="还没有仓库" text="先新建仓库并收货，再分配给门店。">
                <LinkButton href="/hq/warehouses" tone=Tone::Primary>"去建仓库"</LinkButton>
            </EmptyState>
        }
        .into_any();
    }
    let items = open.into_iter().map(|one| SelectItem::new(one.id.to_string(), one.name)).collect();
    let part = |name: &str| {
        let (wrong, typed) = asked.field(FORM, name);
        (typed.unwrap_or_default(), wrong.unwrap_or_default())
    };
    let ((source, source_wrong), (reason, reason_wrong)) = (part("source"), part("reason"));
    let (table, rows_wrong) = (part("table").0, part("rows").1);
    view! {
        <div class="grid grid-cols-1 gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)] lg:items-start">
            <div class="panel p-5">
                <Form action="/rpc/hq/allocate_stock">
                    <Hidden name="from" value=NEW/>
                    <Hidden name="key" value=Uuid::now_v7().to_string()/>
                    <Select name="source" label="从哪个仓库发" items=items value=source error=source_wrong/>
                    <TextArea name="table" label="分配表" required=true rows=12 value=table error=rows_wrong
                        hint="每行：门店编号、SKU 编码或条码、数量。可以直接从 Excel 复制粘贴，最多 2000 行。"/>
                    <Field name="reason" label="说明" required=false maxlength=200 value=reason error=reason_wrong placeholder="如：新品铺货"/>
                    <Button>"分配"</Button>
                </Form>
            </div>
            <Section title="分配怎么用">
                <p class="mb-3">"每家门店生成一张已同意的调拨单，仓库照单发货，门店收货。"</p>
                <p class="mb-3">"一行有问题不影响其他行，结果会逐行列出。更大的表（也可以每家门店一列）请从表格导入，先预览再发出。"</p>
                <pre class="overflow-x-auto rounded-box bg-base-200 p-3 text-sm">"门店编号\tSKU\t数量\nQH-SH-001\tqh-tea-m\t20\nQH-SH-002\tqh-tea-m\t15"</pre>
            </Section>
        </div>
    }
    .into_any()
}

/// What came of a table.
pub async fn allocation(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let found = supply::show_allocation(&asked.scope, asked.id("allocation", "这张分配表")?).await?;
    Ok(Page::new("分配结果", move || {
        let beside = view! { <LinkButton href=NEW>"再分配一次"</LinkButton> };
        frame.screen(Tab::Supply, "分配结果".into(), NEW, beside.into_any(), answered(found))
    }))
}

fn answered(found: AllocationView) -> AnyView {
    let wrong = found.rows.iter().filter(|row| row.transfer_id.is_none()).count();
    let summary = format!(
        "共 {} 行：{} 行已分配，生成 {} 张调拨单；{wrong} 行有问题，没有发出。",
        found.rows.len(),
        found.rows.len() - wrong,
        found.transfers
    );
    let columns = vec![
        Column::new("行").right(),
        Column::new("门店"),
        Column::new("SKU"),
        Column::new("数量").right(),
        Column::new("结果"),
    ];
    let row = |(at, one): (usize, Allocated)| {
        let said = match one.transfer_id {
            Some(id) => view! { <a class="link" href=format!("{PATH}/{id}")>{one.said}</a> }.into_any(),
            None => view! { <span class="font-medium text-error">{one.said}</span> }.into_any(),
        };
        view! {
            <tr>
                <td class="tabular text-end">{at + 1}</td>
                <td class="tabular">{one.row.store}</td>
                <td class="tabular">{one.row.sku}</td>
                <td class="tabular text-end">{one.row.quantity}</td>
                <td>{said}</td>
            </tr>
        }
    };
    let rows = found.rows.into_iter().enumerate().map(row).collect_view();
    view! { <p class="mb-4">{summary}</p><DataTable caption="分配结果" columns=columns>{rows}</DataTable> }.into_any()
}

/// What stores pay.
pub async fn prices(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let words = asked.query.words("q");
    let found = supply::prices(&asked.scope, &words).await?;
    Ok(Page::new("供货价", move || {
        let none = found.is_empty();
        let rows = found.into_iter().map(price_row).collect_view();
        let columns = vec![
            Column::new("商品"),
            Column::new("适用"),
            Column::new("供货价").right(),
            Column::new("零售价").right(),
            Column::new("操作"),
        ];
        let list = if none {
            view! { <EmptyState glyph=Glyph::Wallet title="还没有供货价" text="给加盟店定供货价后，要货单会显示价格和合计。">""</EmptyState> }.into_any()
        } else {
            view! { <DataTable caption="供货价" columns=columns>{rows}</DataTable> }.into_any()
        };
        let body = view! {
            {kinds(true, PRICES)}
            {said(&asked, FORM)}
            {price_form(&asked)}
            <form method="get" action=PRICES role="search" class="mb-4 flex max-w-xl gap-3">
                <input class="input w-full" type="search" name="q" value=words.clone() aria-label="查找供货价"
                    maxlength=Fields::WORDS_MOST.to_string() placeholder="商品、SKU 编码或门店"/>
                <button type="submit" class="btn btn-outline">"查找"</button>
            </form>
            {list}
        };
        let beside = view! { {files(PRICES, &[("q", words)])} {import_link(&asked, ImportKind::SupplyPrices)} };
        frame.screen(Tab::Supply, "供货与调拨".into(), "", beside.into_any(), body.into_any())
    }))
}

fn price_form(asked: &Asked) -> AnyView {
    let part = |name: &str| {
        let (wrong, typed) = asked.field(FORM, name);
        (typed.unwrap_or_default(), wrong.unwrap_or_default())
    };
    let ((sku, sku_wrong), (kind, kind_wrong), (store, store_wrong), (price, price_wrong)) =
        (part("sku"), part("ownership"), part("store"), part("price"));
    // Franchise stores are those that pay.
    let mut kinds = Ownership::ALL.to_vec();
    kinds.sort_by_key(|kind| *kind != Ownership::Franchise);
    let kinds: Vec<_> = kinds.into_iter().map(|kind| SelectItem::new(kind.code(), kind.label())).collect();
    view! {
        <div class="panel mb-4 px-4 pt-4">
            <Form action="/rpc/hq/set_supply_price">
                <Hidden name="from" value=PRICES/>
                <div class="grid gap-x-4 sm:grid-cols-2 lg:grid-cols-5 lg:items-start">
                    <Field name="sku" label="SKU 编码或条码" value=sku error=sku_wrong/>
                    <Select name="ownership" label="适用的经营方式" items=kinds value=kind error=kind_wrong/>
                    <Field name="store" label="或只给一家门店" required=false value=store error=store_wrong placeholder="门店编号"/>
                    <Field name="price" label="供货价（元）" required=false inputmode="decimal" value=price error=price_wrong hint="留空为删除"/>
                    <div class="mb-4 lg:pt-6"><Button>"保存"</Button></div>
                </div>
            </Form>
        </div>
    }
    .into_any()
}

fn price_row(one: SupplyPrice) -> impl IntoView {
    let (name, value) = match &one.whom {
        PriceFor::Ownership { ownership } => ("ownership", ownership.code().to_owned()),
        PriceFor::Store { code } => ("store", code.clone()),
    };
    let sku = one.code.clone();
    view! {
        <tr>
            <td class="min-w-40"><span class="font-medium">{one.name}</span>
                <span class="block text-sm text-base-content/70">{one.code}</span></td>
            <td>{one.whom_name}</td>
            <td class="tabular text-end">{one.price_fen.to_string()}</td>
            <td class="tabular text-end">{one.retail_fen.to_string()}</td>
            <td>
                <Form action="/rpc/hq/set_supply_price">
                    <Hidden name="from" value=PRICES/>
                    <Hidden name="sku" value=sku/>
                    <Hidden name=name value=value/>
                    <Hidden name="price" value=""/>
                    <Button tone=Tone::Plain>"删除"</Button>
                </Form>
            </td>
        </tr>
    }
}
