//! What was sold, what it had cost and what is left, place by place; for those who may see costs.

use commerce::costs;
use domain::{
    Fault,
    purchasing::{PlaceMargin, margin_text},
    stock_lists::Period,
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{Column, DataTable, EmptyState, Field, Glyph, Notice, Stat, Tone};

use crate::{
    frame::{Frame, Tab, files},
    suppliers::{kinds, price},
};

/// The page.
const PATH: &str = "/hq/margins";

/// The page.
pub async fn list(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let today = asked.scope.now.with_timezone(&text::zone("")).date_naive();
    let period = Period::from_fields(&asked.query, today);
    let found = costs::margins(&asked.scope, period).await?;
    Ok(Page::new("成本与毛利", move || {
        let beside = files(PATH, &period.pairs());
        let (from, to) = (period.from.to_string(), period.to.to_string());
        let body = view! {
            {kinds(&asked, PATH)}
            <form method="get" action=PATH class="panel mb-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-3 lg:grid-cols-5 lg:items-end">
                <Field name="from" kind="date" label="从" required=false value=from/>
                <Field name="to" kind="date" label="到" required=false value=to/>
                <div class="mb-4"><button type="submit" class="btn btn-primary">"查看"</button></div>
            </form>
            {results(found)}
        };
        frame.screen(Tab::Purchasing, "采购".into(), "", beside.into_any(), body.into_any())
    }))
}

fn results(found: Vec<PlaceMargin>) -> AnyView {
    let Some(sum) = PlaceMargin::sum(&found) else {
        return view! { <EmptyState glyph=Glyph::Wallet title="这段时间没有可看的" text="有成本的商品收货、售出或报损之后，这里会按门店列出销售成本与毛利。">""</EmptyState> }.into_any();
    };
    let unknown = (sum.unknown > 0).then(|| {
        let text = format!(
            "售出的商品里有 {} 件在交付时还没有成本，没有算进销售成本；含这些商品的门店不显示毛利和毛利率。",
            sum.unknown
        );
        view! { <Notice tone=Tone::Warn>{text}</Notice> }
    });
    let columns = vec![
        Column::new("门店或仓库"),
        Column::new("销售额").right(),
        Column::new("其中柜台").right(),
        Column::new("销售成本").right(),
        Column::new("毛利").right(),
        Column::new("毛利率").right(),
        Column::new("交付件数").right(),
        Column::new("报损").right(),
        Column::new("盘点差异").right(),
        Column::new("净采购").right(),
        Column::new("现有库存").right(),
    ];
    let rows = found.into_iter().map(row).collect_view();
    view! {
        <div class="mb-4 grid grid-cols-2 gap-4 lg:grid-cols-4">
            <Stat label="销售额（不含运费）" value=sum.sales_fen.to_string()/>
            <Stat label="销售成本" value=sum.cost_fen.to_string()/>
            <Stat label="毛利" value=price(sum.gross_fen())/>
            <Stat label="毛利率" value=sum.margin_bp().map_or("—".into(), margin_text)/>
        </div>
        {unknown}
        <DataTable caption="成本与毛利" columns=columns>{rows}</DataTable>
        <p class="mt-3 text-sm text-base-content/70">"成本按移动加权平均。销售成本在交付时入账，顾客退货时冲回；报损（含调拨途中丢失，记在发货方）与盘点差异另列，不在销售成本里。在途商品不在任何一处的库存里。柜台销售按门店标价计，不是收银实收。"</p>
    }
    .into_any()
}

fn row(one: PlaceMargin) -> impl IntoView {
    let (gross, margin) = (one.gross_fen(), one.margin_bp().map_or("—".into(), margin_text));
    let tone = if gross.is_some_and(|gross| gross.0 < 0) { "font-semibold text-error" } else { "" };
    view! {
        <tr>
            <td class="min-w-40 font-medium">{one.location.name}</td>
            <td class="tabular text-end">{one.sales_fen.to_string()}</td>
            <td class="tabular text-end">{one.counter_fen.to_string()}</td>
            <td class="tabular text-end">{one.cost_fen.to_string()}</td>
            <td class=format!("tabular text-end {tone}")>{price(gross)}</td>
            <td class="tabular text-end">{margin}</td>
            <td class="tabular text-end">{one.pieces}</td>
            <td class="tabular text-end">{one.losses_fen.to_string()}</td>
            <td class="tabular text-end">{one.counts_fen.to_string()}</td>
            <td class="tabular text-end">{one.bought_fen.to_string()}</td>
            <td class="tabular text-end">{one.stock_fen.to_string()}</td>
        </tr>
    }
}
