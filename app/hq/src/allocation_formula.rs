//! A table of allocations that a formula makes: looked over, corrected, sent.

use commerce::{staff, supply};
use domain::{
    Fault, Fields,
    purchasing::{COVER_DAYS, SOLD_DAYS},
    staff::RegionChoice,
    stores::Ownership,
    supply::{AllocationProposal, FORMULA_SKUS_MOST, Formula, ProposeAllocation, ProposedRow, Warehouse},
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{
    Button, Column, DataTable, EmptyState, EntryCell, Field, Form, Glyph, Hidden, LinkButton, Select, SelectItem,
    TextArea, Tone,
};
use uuid::Uuid;

use crate::{
    frame::{Frame, Tab, said},
    transfers::{FORM, kinds, supplies},
};

/// This page.
pub const PATH: &str = "/hq/allocations/formula";
/// The page of tables.
const TABLES: &str = "/hq/allocations/new";

/// The page: the question, and the table that answers it.
pub async fn page(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    if !supplies(&asked) {
        return Err(Fault::Forbidden);
    }
    let warehouses = supply::warehouses(&asked.scope).await?;
    let regions = staff::regions_with_stores(&asked.scope).await?;
    let proposed = match asked.query.given("source") {
        None => None,
        Some(_) => Some(propose(&asked).await?),
    };
    Ok(Page::new("按公式分配", move || {
        let complaint = proposed.as_ref().and_then(|proposed| proposed.as_ref().err().cloned());
        let table = proposed.and_then(Result::ok).map(|found| table(&asked, found));
        let body = view! {
            {kinds(true, TABLES)}
            {said(&asked, FORM)}
            {question(&asked, warehouses, regions, complaint.as_ref())}
            {table}
        };
        frame.screen(Tab::Supply, "按公式分配".into(), TABLES, ().into_any(), body.into_any())
    }))
}

/// What came of the question, or what is wrong with it.
async fn propose(asked: &Asked) -> Result<Result<AllocationProposal, Fault>, Fault> {
    let found = match ProposeAllocation::from_fields(&asked.query) {
        Ok(ask) => supply::propose(&asked.scope, &ask).await,
        Err(fault) => Err(fault),
    };
    match found {
        Err(fault) if fault.complaints().is_empty() => Err(fault),
        found => Ok(found),
    }
}

fn question(asked: &Asked, found: Vec<Warehouse>, regions: Vec<RegionChoice>, complaint: Option<&Fault>) -> AnyView {
    let open: Vec<_> = found.into_iter().filter(|one| one.closed_at.is_none()).collect();
    if open.is_empty() {
        return view! {
            <EmptyState glyph=Glyph::Box title="还没有仓库" text="先新建仓库并收货，再分配给门店。">
                <LinkButton href="/hq/warehouses" tone=Tone::Primary>"去建仓库"</LinkButton>
            </EmptyState>
        }
        .into_any();
    }
    let typed = |name: &str| asked.query.text(name).to_owned();
    let wrong = |name: &str| {
        let complaints = complaint.map_or(&[][..], Fault::complaints);
        complaints.iter().find(|one| one.field == name).map(|one| one.message.clone()).unwrap_or_default()
    };
    let sources = open.into_iter().map(|one| SelectItem::new(one.id.to_string(), one.name)).collect();
    let formulas = Formula::ALL.iter().map(|one| SelectItem::new(one.code(), one.label())).collect();
    let mut kinds = vec![SelectItem::new("", "全部")];
    let chains = Ownership::ALL.iter().filter(|kind| **kind != Ownership::Merchant);
    kinds.extend(chains.map(|kind| SelectItem::new(kind.code(), kind.label())));
    let mut areas = vec![SelectItem::new("", "全部区域")];
    areas.extend(regions.into_iter().map(|region| SelectItem::new(region.code, region.name)));
    let days = asked.query.given("days").map_or(COVER_DAYS.to_string(), str::to_owned);
    let hint = format!("一行一个或用逗号分开，最多 {FORMULA_SKUS_MOST} 个");
    view! {
        <form method="get" action=PATH class="panel mb-4 px-4 pt-4">
            <div class="grid gap-x-4 lg:grid-cols-[minmax(0,1fr)_minmax(0,2fr)] lg:items-start">
                <TextArea name="skus" label="SKU 编码或条码" required=true rows=6 value=typed("skus") error=wrong("skus") hint=hint/>
                <div class="grid gap-x-4 sm:grid-cols-2 lg:grid-cols-3">
                    <Select name="source" label="从哪个仓库发" items=sources value=typed("source") error=wrong("source")/>
                    <Select name="formula" label="怎么分" items=formulas value=typed("formula")/>
                    <Field name="days" label="补足几天" inputmode="numeric" required=false value=days error=wrong("days")
                        hint="“补足可卖天数”用"/>
                    <Field name="pieces" label="每种最多分几件" inputmode="numeric" required=false value=typed("pieces") error=wrong("pieces")
                        hint="不填：仓库可分配的都分"/>
                    <Select name="ownership" label="经营方式" items=kinds value=typed("ownership")/>
                    <Select name="region" label="区域" items=areas value=typed("region")/>
                </div>
            </div>
            <div class="mb-4 flex flex-wrap items-center gap-4">
                <button type="submit" class="btn btn-primary">"算一算"</button>
                <p class="text-sm text-base-content/70">{explained()}</p>
            </div>
        </form>
    }
    .into_any()
}

fn explained() -> String {
    format!(
        "补足可卖天数：近 {SOLD_DAYS} 天日均 × 天数 + 安全库存（过低预警的阈值）− 可用 − 在途；仓库不够时按各店缺的多少分。\
         只算上架这件商品的门店，算出来可以改，确认后才生成调拨单。"
    )
}

fn table(asked: &Asked, found: AllocationProposal) -> AnyView {
    if found.rows.is_empty() {
        return view! { <EmptyState glyph=Glyph::Box title="没有门店可分" text="符合条件的门店都没有上架这些商品。">""</EmptyState> }.into_any();
    }
    let sums = found.skus.into_iter().map(|sku| {
        let rest = sku.left - sku.given;
        view! {
            <li><span class="font-medium">{sku.name}</span>
                <span class="tabular text-base-content/70">{format!("：仓库可分配 {}，分出 {}，余 {rest}", sku.left, sku.given)}</span></li>
        }
    });
    let sums = sums.collect_view();
    let columns = vec![
        Column::new("商品与门店"),
        Column::new("分配件数"),
        Column::new("可用").right(),
        Column::new("在途").right(),
        Column::new("怎么算的"),
    ];
    let rows = found.rows.into_iter().enumerate().map(|(at, one)| row(asked, at, one)).collect_view();
    let source = asked.query.text("source").to_owned();
    let (reason_wrong, reason) = asked.field(FORM, "reason");
    let here = asked.here.clone();
    view! {
        <Form action="/rpc/hq/allocate_stock">
            <Hidden name="from" value=here/>
            <Hidden name="key" value=Uuid::now_v7().to_string()/>
            <Hidden name="source" value=source/>
            <ul class="mb-3">{sums}</ul>
            <DataTable caption="分配方案" columns=columns>{rows}</DataTable>
            <div class="mt-4 grid gap-x-4 sm:grid-cols-[minmax(0,24rem)_auto] sm:items-end">
                <Field name="reason" label="说明" required=false maxlength=200 value=reason.unwrap_or_default()
                    error=reason_wrong.unwrap_or_default() placeholder="如：周末补货"/>
                <div class="mb-4"><Button>"按此分配"</Button></div>
            </div>
        </Form>
    }
    .into_any()
}

fn row(asked: &Asked, at: usize, one: ProposedRow) -> impl IntoView + use<> {
    let name = |part: &str| format!("{part}.{at}");
    let amount = asked.field(FORM, &name("amount")).1.unwrap_or_else(|| one.row.quantity.to_string());
    let label = format!("{} 给 {} 的件数", one.sku_name, one.store_name);
    view! {
        <tr>
            // A phone shows no more than two columns: what goes where, and how much.
            <td class="min-w-40"><span class="font-medium">{one.sku_name}</span>
                <span class="block text-sm text-base-content/70">{one.row.sku.clone()}</span>
                <span class="mt-1 block">{one.store_name}</span>
                <span class="block text-sm text-base-content/70">{one.row.store.clone()}</span>
                <Hidden name=name("store") value=one.row.store/>
                <Hidden name=name("sku") value=one.row.sku/>
            </td>
            <EntryCell name=name("amount") label=label value=amount maxlength=Fields::WORDS_MOST as u32/>
            <td class="tabular text-end">{one.need.available}</td>
            <td class="tabular text-end">{one.need.coming}</td>
            <td class="tabular text-sm text-base-content/70">{one.why}</td>
        </tr>
    }
}
