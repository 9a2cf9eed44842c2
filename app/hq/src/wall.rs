//! The wall: how today goes, against the same hours of yesterday.

use chrono::{DateTime, Timelike, Utc};
use commerce::{figures, stock::shortages as cases};
use domain::{
    Fault, Fen,
    figures::{SalesToday, StoreSales},
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{
    Bar, BarChart, Card, Column, DataTable, EmptyState, Glyph, Line, LineChart, LinkButton, Section, Stat, Trend,
};

use crate::{
    frame::{Frame, Tab, address},
    shortages,
};

/// How many stores the bars compare.
const BARS: usize = 10;

/// The wall's page.
pub async fn wall(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let sales = figures::sales_today(&asked.scope).await?;
    let overdue = cases::overdue(&asked.scope).await?;
    Ok(Page::new("实时大屏", move || {
        let now = asked.scope.now;
        let as_of = now.with_timezone(&text::zone("")).format("数据截至 %H:%M:%S").to_string();
        let beside = view! {
            <p class="tabular hidden text-sm text-base-content/70 sm:block">{as_of}</p>
            <LinkButton href="/hq">"刷新"</LinkButton>
        };
        let late = shortages::late(overdue);
        let sums = view! { <Sums sales=sales.clone()/> }.into_any();
        let hours = view! { <Hours sales=sales.clone() now=now/> }.into_any();
        let ranking = view! { <Ranking stores=sales.by_store.clone()/> }.into_any();
        let stores = view! { <Stores stores=sales.by_store/> }.into_any();
        let body = view! {
            {late}
            {sums}
            <div class="mt-4 grid gap-4 xl:grid-cols-5 xl:items-start">
                <Card class="xl:col-span-3">{hours}</Card>
                <Card class="xl:col-span-2">{ranking}</Card>
            </div>
            <Section title="门店销售" more="/hq/stores" more_label="全部门店">{stores}</Section>
        };
        frame.screen(Tab::Wall, "实时大屏".into(), "", beside.into_any(), body.into_any())
    }))
}

#[component]
fn Sums(sales: SalesToday) -> impl IntoView {
    let (today, before) = (sales.today, sales.yesterday);
    let stat = |label: &str, shown: String, now: i64, before: i64| {
        let (delta, trend) = change(now, before);
        view! { <Stat label=label value=shown delta=delta trend=trend/> }
    };
    view! {
        <section aria-label="今日指标" class="grid grid-cols-2 gap-4 lg:grid-cols-4">
            {stat("销售额", today.sales_fen.to_string(), today.sales_fen.0, before.sales_fen.0)}
            {stat("订单", today.orders.to_string(), today.orders, before.orders)}
            {stat("客户", today.buyers.to_string(), today.buyers, before.buyers)}
            {stat("件数", today.pieces.to_string(), today.pieces, before.pieces)}
        </section>
    }
}

/// How a figure went against yesterday's, in words and as a direction.
fn change(now: i64, before: i64) -> (String, Trend) {
    if now == before {
        return ("与昨日同期持平".into(), Trend::Flat);
    }
    let trend = if now > before { Trend::Up } else { Trend::Down };
    if before <= 0 {
        // Nothing can be a percentage of nothing.
        return ("昨日同期为 0".into(), trend);
    }
    let (now, before) = (i128::from(now), i128::from(before));
    let permille = (now - before) * 1000 / before;
    let sign = if permille < 0 { '-' } else { '+' };
    let size = permille.unsigned_abs();
    (format!("较昨日同期 {sign}{}.{}%", size / 10, size % 10), trend)
}

/// Sales by the hour, as far as today has come: hours that are still to come are no fall to zero.
#[component]
fn Hours(sales: SalesToday, now: DateTime<Utc>) -> impl IntoView {
    // A line needs two points.
    let hours = (now.with_timezone(&text::zone("")).hour() as usize + 1).max(2);
    let yuan = |fen: Vec<i64>| -> Vec<i64> { fen.into_iter().take(hours).map(|fen| fen / 100).collect() };
    let labels = (0..hours).map(|hour| format!("{hour} 时")).collect();
    let lines = vec![Line::new("今天", yuan(sales.by_hour_fen)), Line::new("昨天", yuan(sales.yesterday_by_hour_fen))];
    view! { <LineChart title="每小时销售额（元）" labels=labels lines=lines/> }
}

#[component]
fn Ranking(stores: Vec<StoreSales>) -> impl IntoView {
    if stores.is_empty() {
        return view! { <EmptyState glyph=Glyph::Chart title="今天还没有成交" text="第一笔付款后，这里会列出门店排行。"/> }.into_any();
    }
    let bars =
        stores.into_iter().take(BARS).map(|store| Bar::new(store.name, store.sales_fen.0, store.sales_fen.to_string()));
    let bars: Vec<_> = bars.collect();
    view! { <BarChart title="门店销售额排行" bars=bars/> }.into_any()
}

#[component]
fn Stores(stores: Vec<StoreSales>) -> impl IntoView {
    if stores.is_empty() {
        return view! {
            <EmptyState glyph=Glyph::Shop title="今天还没有门店成交" text="可以先看看历史订单，或检查门店是否在营业。">
                <LinkButton href="/hq/orders">"全部订单"</LinkButton>
                <LinkButton href="/hq/stores">"门店状态"</LinkButton>
            </EmptyState>
        }
        .into_any();
    }
    let rows = stores.into_iter().enumerate().map(|(place, store)| {
        let average = Fen(store.sales_fen.0 / store.orders.max(1));
        let href = address("/hq/orders", &[("store", &store.store_id.to_string())]);
        view! {
            <tr>
                <td class="tabular">{place + 1}</td>
                <td><a class="link touch inline-flex items-center font-medium" href=href>{store.name}</a></td>
                <td class="tabular text-end">{store.orders}</td>
                <td class="tabular text-end">{average.to_string()}</td>
                <td class="tabular text-end font-semibold">{store.sales_fen.to_string()}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    let columns = vec![
        Column::new("名次"),
        Column::new("门店"),
        Column::new("订单").right(),
        Column::new("客单价").right(),
        Column::new("销售额").right(),
    ];
    view! { <DataTable caption="今日各门店销售" columns=columns>{rows}</DataTable> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_in_percent_unless_yesterday_had_nothing() {
        assert_eq!(change(1123, 1000), ("较昨日同期 +12.3%".into(), Trend::Up));
        assert_eq!(change(995, 1000), ("较昨日同期 -0.5%".into(), Trend::Down));
        assert_eq!(change(0, 1000), ("较昨日同期 -100.0%".into(), Trend::Down));
        assert_eq!(change(5, 0), ("昨日同期为 0".into(), Trend::Up));
        assert_eq!(change(0, 0), ("与昨日同期持平".into(), Trend::Flat));
    }
}
