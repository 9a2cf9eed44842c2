//! What belongs to an order beside its goods: requests after the sale, parcels, riders.

use chrono::{DateTime, Utc};
use commerce::{Scope, after_sales as requests, express, orders};
use domain::{
    Fault,
    after_sales::{AfterSalesCard, ListAfterSales},
    express::{DeliveryView, ParcelView, RideView, Shipment},
    orders::{OrderView, PickLine},
    unsent::{UnsentEnd, UnsentFate},
};
use leptos::prelude::*;
use ui::{Badge, Column, DataTable, Section, Tone};

use crate::after_sales;

/// How a moment is told at the order's store.
type When<'a> = &'a dyn Fn(DateTime<Utc>) -> String;

/// What of it an order has.
pub struct Beside {
    /// Its lines, where any was ticked off at the shelf.
    picked: Vec<PickLine>,
    requests: Vec<AfterSalesCard>,
    /// Nothing of an order that nobody sends.
    shipment: Option<Shipment>,
}

impl Beside {
    /// Reads it for an order.
    pub async fn of(scope: &Scope, order: &OrderView) -> Result<Self, Fault> {
        let ask = ListAfterSales { order: Some(order.card.id), most: 100, ..ListAfterSales::default() };
        let sent = order.card.fulfilment.is_sent();
        let shipment = if sent { Some(express::show(scope, order.card.id).await?) } else { None };
        let mut picked = orders::pick_list(scope, order.card.id).await?;
        if picked.iter().all(|line| line.picked == 0) {
            picked.clear();
        }
        Ok(Self { picked, requests: requests::list(scope, &ask).await?.items, shipment })
    }

    /// A section for each kind of it that there is.
    pub fn sections(self, when: When<'_>) -> AnyView {
        let picks = (!self.picked.is_empty()).then(|| picks(self.picked, when));
        let claims = (!self.requests.is_empty()).then(|| claims(self.requests, when));
        let sent = self.shipment.map(|shipment| {
            let parcels = (!shipment.parcels.is_empty()).then(|| parcels(shipment.parcels, when));
            let rides = (!shipment.rides.is_empty()).then(|| rides(shipment.rides, when));
            let deliveries = (!shipment.deliveries.is_empty()).then(|| deliveries(shipment.deliveries, when));
            let ended = (!shipment.ended.is_empty()).then(|| ended(shipment.ended, when));
            view! { {parcels} {ended} {rides} {deliveries} }
        });
        view! { {picks} {claims} {sent} }.into_any()
    }
}

fn picks(lines: Vec<PickLine>, when: When<'_>) -> AnyView {
    let columns =
        vec![Column::new("商品"), Column::new("已拣").right(), Column::new("拣货人"), Column::new("拣货时间")];
    let row = |line: PickLine| {
        let (title, many) = (line.title(), format!("{}/{}", line.picked, line.quantity));
        view! {
            <tr>
                <td class="min-w-40">{title}</td>
                <td class="tabular text-end">{many}</td>
                <td class="whitespace-nowrap">{line.picked_by}</td>
                <td class="tabular whitespace-nowrap">{line.picked_at.map(when)}</td>
            </tr>
        }
    };
    let rows = lines.into_iter().map(row).collect_view();
    view! { <Section title="拣货"><DataTable caption="拣货" columns=columns>{rows}</DataTable></Section> }.into_any()
}

fn claims(cards: Vec<AfterSalesCard>, when: When<'_>) -> AnyView {
    let columns = vec![
        Column::new("商品"),
        Column::new("类型"),
        Column::new("状态"),
        Column::new("退款").right(),
        Column::new("申请时间"),
    ];
    let row = |card: AfterSalesCard| {
        let tone = after_sales::tone_of(card.state);
        view! {
            <tr>
                <td class="min-w-40"><a class="link font-medium" href=format!("{}/{}", after_sales::PATH, card.id)>{card.summary}</a></td>
                <td class="whitespace-nowrap">{card.kind.label()}</td>
                <td class="whitespace-nowrap"><Badge tone=tone>{card.state.label()}</Badge></td>
                <td class="tabular text-end">{card.refund_fen.to_string()}</td>
                <td class="tabular whitespace-nowrap">{when(card.requested_at)}</td>
            </tr>
        }
    };
    let rows = cards.into_iter().map(row).collect_view();
    view! { <Section title="售后"><DataTable caption="售后" columns=columns>{rows}</DataTable></Section> }.into_any()
}

fn parcels(parcels: Vec<ParcelView>, when: When<'_>) -> AnyView {
    let columns = ["快递", "单号", "商品", "状态", "最近动态", "发出时间"].map(Column::new).to_vec();
    let row = |parcel: ParcelView| {
        let last = parcel.last.map(|last| format!("{} {}", when(last.at), last.words));
        view! {
            <tr>
                <td class="whitespace-nowrap">{parcel.carrier.label()}</td>
                <td class="tabular">{parcel.tracking_number}</td>
                <td class="min-w-40">{parcel.goods.join("、")}</td>
                <td class="whitespace-nowrap">{parcel.state.label()}</td>
                <td class="min-w-40">{last.unwrap_or_else(|| "还没有".into())}</td>
                <td class="tabular whitespace-nowrap">{when(parcel.shipped_at)}</td>
            </tr>
        }
    };
    let rows = parcels.into_iter().map(row).collect_view();
    view! { <Section title="包裹"><DataTable caption="包裹" columns=columns>{rows}</DataTable></Section> }.into_any()
}

fn ended(ends: Vec<UnsentEnd>, when: When<'_>) -> AnyView {
    let columns = vec![
        Column::new("商品"),
        Column::new("原因"),
        Column::new("处理"),
        Column::new("退款").right(),
        Column::new("登记人"),
        Column::new("登记时间"),
    ];
    let row = |end: UnsentEnd| {
        view! {
            <tr>
                <td class="min-w-40">{end.goods.join("、")}</td>
                <td class="min-w-40">{end.reason}</td>
                <td class="whitespace-nowrap">{end.fate.map(UnsentFate::label)}</td>
                <td class="tabular text-end">{end.refund_fen.to_string()}</td>
                <td class="whitespace-nowrap">{end.by}</td>
                <td class="tabular whitespace-nowrap">{when(end.at)}</td>
            </tr>
        }
    };
    let rows = ends.into_iter().map(row).collect_view();
    view! { <Section title="不再发出"><DataTable caption="不再发出" columns=columns>{rows}</DataTable></Section> }
        .into_any()
}

fn rides(rides: Vec<RideView>, when: When<'_>) -> AnyView {
    let columns = vec![
        Column::new("骑手"),
        Column::new("状态"),
        Column::new("说明"),
        Column::new("配送费").right(),
        Column::new("呼叫时间"),
    ];
    let row = |ride: RideView| {
        let fee = ride.fee_fen.map(|fee| fee.to_string());
        view! {
            <tr>
                <td class="whitespace-nowrap">{format!("{} {}", ride.rider_name, ride.rider_phone)}</td>
                <td class="whitespace-nowrap">{ride.state.label()}</td>
                <td class="min-w-40">{ride.problem}</td>
                <td class="tabular text-end">{fee}</td>
                <td class="tabular whitespace-nowrap">{when(ride.called_at)}</td>
            </tr>
        }
    };
    let rows = rides.into_iter().map(row).collect_view();
    view! { <Section title="呼叫骑手"><DataTable caption="呼叫骑手" columns=columns>{rows}</DataTable></Section> }
        .into_any()
}

fn deliveries(deliveries: Vec<DeliveryView>, when: When<'_>) -> AnyView {
    let columns = ["骑手", "电话", "出发时间", "结束时间"].map(Column::new).to_vec();
    let row = |one: DeliveryView| {
        let ended = match one.ended_at {
            Some(at) => view! { {when(at)} }.into_any(),
            None => view! { <Badge tone=Tone::Info>"配送中"</Badge> }.into_any(),
        };
        view! {
            <tr>
                <td class="whitespace-nowrap">{one.rider_name}</td>
                <td class="tabular">{one.rider_phone}</td>
                <td class="tabular whitespace-nowrap">{when(one.dispatched_at)}</td>
                <td class="tabular whitespace-nowrap">{ended}</td>
            </tr>
        }
    };
    let rows = deliveries.into_iter().map(row).collect_view();
    view! { <Section title="配送"><DataTable caption="配送" columns=columns>{rows}</DataTable></Section> }.into_any()
}
