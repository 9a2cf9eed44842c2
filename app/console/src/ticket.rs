//! A ticket to print and put on the bag.

use commerce::{orders, stock::batches};
use domain::{Fault, LocationId, SkuId, batches::FirstOut, orders::OrderView};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::Main;

use crate::board::slot_text;

pub async fn ticket(asked: Asked) -> Result<Page, Fault> {
    let order = orders::show_for_staff(&asked.scope, asked.id("order", "这个订单")?).await?;
    let skus: Vec<SkuId> = order.lines.iter().map(|line| line.sku_id).collect();
    let first = batches::first(&asked.scope, LocationId(order.card.store_id.0), &skus).await?;
    Ok(Page::new(format!("小票 {}", order.card.number), move || {
        view! { <Ticket asked=asked order=order first=first/> }
    }))
}

#[component]
fn Ticket(asked: Asked, order: OrderView, first: Vec<FirstOut>) -> impl IntoView {
    let now = asked.scope.now;
    let card = order.card;
    let tail: String = card.number.chars().skip(card.number.len().saturating_sub(4)).collect();
    let slot = slot_text(&card, now, &order.timezone);
    let note = (!card.note.is_empty())
        .then(|| view! { <p class="mt-2 border-t border-dashed pt-2 font-bold">{format!("备注：{}", card.note)}</p> });
    let lines = order.lines.into_iter().map(|line| {
        let batch = first.iter().find(|batch| batch.sku_id == line.sku_id).map(taken_first);
        let choice =
            [line.spec, line.options_text].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ");
        view! {
            <li class="flex justify-between gap-2 py-1">
                <span>{line.name} <span class="block text-sm">{choice}</span>{batch}</span>
                <span class="tabular font-bold">{format!("×{}", line.quantity)}</span>
            </li>
        }
    });
    let lines = lines.collect_view();
    let sent_to = order.sent_to.map(|to| {
        let (who, where_to) = (format!("{} {}", to.name, to.phone), to.text());
        view! {
            <div class="mt-2 border-t border-dashed pt-2">
                <p class="tabular font-bold">{who}</p>
                <p class="text-lg leading-snug font-bold break-words">{where_to}</p>
            </div>
        }
    });
    view! {
        <Main class="mx-auto max-w-80 bg-white text-black print:max-w-none print:p-0">
            <h1 class="text-center text-lg font-bold">{card.store_name}</h1>
            <p class="tabular text-center text-5xl font-black">{format!("#{tail}")}</p>
            <p class="text-center">{format!("{slot} {} · 尾号 {}", card.fulfilment.label(), card.phone_tail)}</p>
            {sent_to}
            <ul class="mt-2 border-y border-dashed py-1">{lines}</ul>
            <p class="mt-2 flex justify-between"><span>{format!("共 {} 件", card.pieces)}</span><span class="tabular">{card.total_fen.to_string()}</span></p>
            {note}
            <p class="tabular mt-2 text-center text-xs">{card.number}</p>
            <p class="mt-4 text-center text-sm print:hidden">"按 Ctrl+P 或浏览器菜单打印 · " <a class="link" href="/console">"回到看板"</a></p>
        </Main>
    }
}

/// Which batch to take, on a list to pick by.
pub fn taken_first(batch: &FirstOut) -> impl IntoView + use<> {
    let told = format!("先取批次 {}（{} 到期）", batch.code, batch.expires_on);
    view! { <span class="block text-sm">{told}</span> }
}
