//! The chain's products, with the filters in the address.

use commerce::catalog;
use domain::{
    Fault, Fields,
    catalog::{ListProducts, ProductEntry},
    purchasing::margin_text,
    staff::Permission,
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{Badge, Column, DataTable, EmptyState, Field, Glyph, LinkButton, Picture, Select, SelectItem, Tone};

use crate::frame::{Frame, Tab, after, files, pager};

const PATH: &str = "/hq/products";
const IMPORT: &str = "/hq/imports/new";
/// How many products a page of the list has.
const PAGE: i64 = 50;

/// The list's page.
pub async fn products(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let skip = asked.query.text("skip").parse().unwrap_or(0).max(0);
    let filter = ListProducts { most: PAGE, skip, ..ListProducts::from_fields(&asked.query) };
    let (found, total) = catalog::list(&asked.scope, &filter).await?;
    let brands = catalog::brands(&asked.scope).await?;
    Ok(Page::new("商品", move || {
        let beside = view! {
            <p class="tabular hidden text-sm text-base-content/70 sm:block">{format!("共 {total} 件")}</p>
            {files(PATH, &filter.pairs())}
        };
        let (imports, costs) = (frame.imports(), asked.scope.may(Permission::SeeCosts));
        let weighs = asked.scope.staff_everywhere(Permission::ManageFreight).is_ok();
        let body = view! {
            {filters(&filter, brands)}
            {results(&filter, found, total, imports, [costs, weighs])}
        };
        frame.screen(Tab::Products, "商品".into(), "", beside.into_any(), body.into_any())
    }))
}

fn is_set(filter: &ListProducts) -> bool {
    *filter != ListProducts { most: PAGE, ..ListProducts::default() }
}

fn filters(filter: &ListProducts, brands: Vec<(String, String)>) -> impl IntoView + use<> {
    let mut brand_items = vec![SelectItem::new("", "全部品牌")];
    brand_items.extend(brands.into_iter().map(|(code, name)| SelectItem::new(code, name)));
    let states = [("", "全部状态"), ("yes", "已上架"), ("no", "未上架")];
    let states = states.map(|(value, label)| SelectItem::new(value, label)).to_vec();
    let published = filter.published.map_or("", |yes| if yes { "yes" } else { "no" });
    let reset = is_set(filter).then(|| view! { <LinkButton href=PATH>"清除"</LinkButton> });
    view! {
        <form method="get" action=PATH role="search" class="panel mb-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-2 lg:grid-cols-[1fr_1fr_1fr_auto] lg:items-end">
            <Field name="q" kind="search" label="搜索" placeholder="名称、拼音、编码或条码" maxlength=Fields::WORDS_MOST as u32
                required=false value=filter.words.clone()/>
            <Select name="brand" label="品牌" items=brand_items value=filter.brand.clone().unwrap_or_default()/>
            <Select name="published" label="状态" items=states value=published/>
            <div class="mb-4 flex gap-2"><button type="submit" class="btn btn-primary">"筛选"</button>{reset}</div>
        </form>
    }
}

fn results(
    filter: &ListProducts,
    found: Vec<ProductEntry>,
    total: i64,
    imports: bool,
    [costs, weighs]: [bool; 2],
) -> AnyView {
    if found.is_empty() {
        return none(is_set(filter), imports);
    }
    let mut columns = vec![
        Column::new("商品"),
        Column::new("编码"),
        Column::new("品牌"),
        Column::new("分类"),
        Column::new("规格数").right(),
        Column::new("建议价").right(),
        Column::new("上架门店").right(),
        Column::new("状态"),
    ];
    // Who may not see costs has no column of them; who may sees where none is known.
    if costs {
        columns.insert(6, Column::new("成本").right());
        columns.insert(7, Column::new("毛利率").right());
    }
    let rows = found.into_iter().map(|product| row(product, costs, weighs)).collect_view();
    let pager = pager(filter.skip, PAGE, total, |skip| after(PATH, filter.pairs(), skip));
    view! {
        <DataTable caption="商品" columns=columns>{rows}</DataTable>
        {pager}
    }
    .into_any()
}

fn row(product: ProductEntry, costs: bool, weighs: bool) -> impl IntoView {
    let cost = costs.then(|| {
        let cost = product.cost_milli_fen.map_or("—".into(), |cost| cost.to_string());
        let margin = product.margin_bp.map_or("—".into(), margin_text);
        view! {
            <td class="tabular text-end">{cost}</td>
            <td class="tabular text-end">{margin}</td>
        }
    });
    let (tone, state) = if product.published { (Tone::Success, "已上架") } else { (Tone::Plain, "未上架") };
    let price = if product.lowest_fen == product.highest_fen {
        product.lowest_fen.to_string()
    } else {
        format!("{}–{}", product.lowest_fen, product.highest_fen)
    };
    let name = if weighs {
        let page = format!("{PATH}/{}", urlencoding::encode(&product.code));
        view! { <a class="link font-medium" href=page>{product.name}</a> }.into_any()
    } else {
        view! { <span class="font-medium">{product.name}</span> }.into_any()
    };
    view! {
        <tr>
            <td class="min-w-48">
                <span class="flex items-center gap-3">
                    <Picture src=format!("/pictures/{}-320.webp", product.picture) alt="" width=320 height=320 class="size-11 rounded-field"/>
                    {name}
                </span>
            </td>
            <td class="tabular whitespace-nowrap">{product.code}</td>
            <td class="whitespace-nowrap">{product.brand}</td>
            <td class="whitespace-nowrap">{product.category}</td>
            <td class="tabular text-end">{product.skus}</td>
            <td class="tabular text-end whitespace-nowrap">{price}</td>
            {cost}
            <td class="tabular text-end">{product.stores}</td>
            <td class="whitespace-nowrap"><Badge tone=tone>{state}</Badge></td>
        </tr>
    }
}

fn none(is_set: bool, imports: bool) -> AnyView {
    if is_set {
        return view! {
            <EmptyState glyph=Glyph::Search title="没有符合条件的商品" text="换个关键词，或放宽品牌与状态。">
                <LinkButton href=PATH>"查看全部商品"</LinkButton>
            </EmptyState>
        }
        .into_any();
    }
    let import = imports.then(|| view! { <LinkButton href=IMPORT tone=Tone::Primary>"导入商品"</LinkButton> });
    view! {
        <EmptyState glyph=Glyph::Box title="还没有商品" text="用表格一次导入：名称、规格、价格、图片，一行一个规格。">{import}</EmptyState>
    }
    .into_any()
}
