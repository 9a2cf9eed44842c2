//! The list by which somebody takes an order's goods off the shelf: what lies together stands together, in large pieces,
//! with a box to tick, and no prices.

use std::collections::BTreeMap;

use commerce::{orders, stock::batches};
use domain::{
    Fault, LocationId, SkuId,
    batches::FirstOut,
    orders::{OrderView, PickLine},
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::Main;

use crate::{
    board::slot_text,
    receipt::{print_hint, tail_of},
};

/// Where an order's list is.
pub fn path_of(order: &str) -> String {
    format!("/console/orders/{order}/picking")
}

pub async fn picking(asked: Asked) -> Result<Page, Fault> {
    let id = asked.id("order", "这个订单")?;
    let order = orders::show_for_staff(&asked.scope, id).await?;
    let lines = orders::pick_list(&asked.scope, id).await?;
    let skus: Vec<SkuId> = lines.iter().map(|line| line.sku_id).collect();
    let first = batches::first(&asked.scope, LocationId(order.card.store_id.0), &skus).await?;
    Ok(Page::new(format!("拣货单 {}", order.card.number), move || {
        let pieces: i64 = lines.iter().map(|line| line.quantity).sum();
        let (kinds, back) = (lines.len(), format!("/console/orders/{id}"));
        view! {
            <Main class="pick-ticket mx-auto bg-white text-black">
                {head(&asked, &order)}
                {goods(lines, &first)}
                <p class="keep tabular mt-3 flex justify-between text-lg font-bold">
                    <span>{format!("{kinds} 种")}</span> <span>{format!("共 {pieces} 件")}</span>
                </p>
                <p class="keep mt-4 flex gap-6"><span class="flex-1 border-b border-black pb-1">"拣货："</span><span class="flex-1 border-b border-black pb-1">"复核："</span></p>
                {print_hint(back, "回到订单")}
            </Main>
        }
    }))
}

fn head(asked: &Asked, order: &OrderView) -> impl IntoView + use<> {
    let card = &order.card;
    let tail = format!("#{}", tail_of(&card.number));
    let slot = slot_text(card, asked.scope.now, &order.timezone);
    let about = format!("{} · 手机尾号 {}", card.fulfilment.label(), card.phone_tail);
    let note = (!card.note.is_empty()).then(
        || view! { <p class="mt-2 border-2 border-black p-2 text-lg font-bold break-words">{format!("备注：{}", card.note)}</p> },
    );
    let packed = order.packages().map(|many| view! { <p class="text-lg font-bold">{format!("共 {many} 包")}</p> });
    let sent_to = order.sent_to.clone().map(|to| {
        let words = format!("{} {} · {}", to.name, to.phone, to.text());
        view! { <p class="mt-2 break-words">{words}</p> }
    });
    view! {
        <header>
            <p class="flex items-baseline justify-between gap-3"><span>"拣货单"</span> <span>{card.store_name.clone()}</span></p>
            <h1 class="mt-1 flex flex-wrap items-baseline justify-between gap-x-4">
                <span class="tabular text-5xl font-black">{tail}</span>
                <span class="tabular text-2xl font-bold">{slot}</span>
            </h1>
            <p class="mt-1 text-lg">{about}</p>
            {packed}
            <p class="tabular text-sm">{format!("订单号 {}", card.number)}</p>
            {sent_to}
            {note}
        </header>
    }
}

/// Lines that come by category, each category's together.
pub fn by_category(lines: Vec<PickLine>) -> Vec<(String, Vec<PickLine>)> {
    let mut groups: Vec<(String, Vec<PickLine>)> = Vec::new();
    for line in lines {
        match groups.last_mut().filter(|(category, _)| *category == line.category) {
            Some((_, group)) => group.push(line),
            None => groups.push((line.category.clone(), vec![line])),
        }
    }
    groups
}

/// The lines under the heads of their categories.
fn goods(lines: Vec<PickLine>, first: &[FirstOut]) -> impl IntoView + use<> {
    let batches: BTreeMap<SkuId, &FirstOut> = first.iter().map(|batch| (batch.sku_id, batch)).collect();
    let groups = by_category(lines).into_iter().map(|(category, group)| {
        let items = group.into_iter().map(|line| item(&batches, line)).collect_view();
        view! {
            <section class="mt-3">
                <h2 class="border-b-2 border-black pb-1 font-bold">{category}</h2>
                <ul>{items}</ul>
            </section>
        }
    });
    groups.collect_view()
}

fn item(batches: &BTreeMap<SkuId, &FirstOut>, line: PickLine) -> impl IntoView + use<> {
    let batch = batches.get(&line.sku_id).copied().map(taken_first);
    let choice =
        [line.spec, line.options_text].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ");
    let choice = (!choice.is_empty()).then(|| view! { <span class="block text-base font-medium">{choice}</span> });
    let codes = [Some(line.code), line.barcode].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    // More than one is what is overlooked.
    let frame = if line.quantity > 1 { "border-black" } else { "border-transparent" };
    let many = format!("tabular shrink-0 border-2 px-2 text-3xl font-black {frame}");
    view! {
        <li class="keep flex items-start gap-3 border-b border-dashed border-black py-2">
            <span class="mt-1 size-6 shrink-0 border-2 border-black" aria-hidden="true"></span>
            <span class="min-w-0 flex-1">
                <span class="block text-lg leading-snug font-bold break-words">{line.name}</span>
                {choice}
                <span class="tabular block text-xs break-all">{codes}</span>
                {batch}
            </span>
            <span class=many>{format!("×{}", line.quantity)}</span>
        </li>
    }
}

/// Which batch to take, on a list to pick by.
pub fn taken_first(batch: &FirstOut) -> impl IntoView + use<> {
    let told = format!("先取批次 {}（{} 到期）", batch.code, batch.expires_on);
    view! { <span class="block text-sm">{told}</span> }
}
