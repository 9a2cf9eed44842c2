//! The receipt of an order, for a printer of 80 mm: what was bought, what it cost, what was paid. It goes with the goods,
//! so the shopper's number is told by its end alone.

use commerce::{express, orders};
use domain::{
    Fault, Fen,
    fulfilment::Fulfilment,
    orders::{OrderState, OrderView},
    refunds, text,
    unsent::UnsentEnd,
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{Main, QrCode};

use crate::board::slot_text;

/// Where an order's receipt is.
pub fn path_of(order: &str) -> String {
    format!("/console/orders/{order}/receipt")
}

pub async fn receipt(asked: Asked) -> Result<Page, Fault> {
    let id = asked.id("order", "这个订单")?;
    let order = orders::show_for_staff(&asked.scope, id).await?;
    let ended = match order.card.fulfilment {
        Fulfilment::Express => express::show(&asked.scope, id).await?.ended,
        _ => Vec::new(),
    };
    Ok(Page::new(format!("小票 {}", order.card.number), move || {
        let back = format!("/console/orders/{id}");
        view! {
            <Main class="receipt mx-auto bg-white text-black">
                {head(&asked, &order)}
                {goods(&order)}
                {sums(&order)}
                {not_sent(ended)}
                {foot(&asked, &order)}
                {print_hint(back, "回到订单")}
            </Main>
        }
    }))
}

/// What a page to print says on the screen alone.
pub fn print_hint(back: String, label: &'static str) -> impl IntoView {
    view! {
        <p class="mt-6 text-center text-sm print:hidden">
            "按 Ctrl+P 或浏览器菜单打印 · " <a class="link touch inline-flex items-center" href=back>{label}</a>
        </p>
    }
}

/// The end of an order's number, by which a bag is found.
pub fn tail_of(number: &str) -> String {
    number.chars().skip(number.chars().count().saturating_sub(4)).collect()
}

fn head(asked: &Asked, order: &OrderView) -> impl IntoView + use<> {
    let (now, zone) = (asked.scope.now, text::zone(&order.timezone));
    let card = &order.card;
    let tail = format!("#{}", tail_of(&card.number));
    let slot = format!("{} {}", slot_text(card, now, &order.timezone), card.fulfilment.label());
    let placed = card.placed_at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string();
    let phone =
        order.store_phone.clone().map(|phone| view! { <p class="tabular text-xs">{format!("电话 {phone}")}</p> });
    // Whoever hands it over sees that nothing is left behind.
    let packed = order.packages().map(|many| view! { <p class="text-lg font-bold">{format!("共 {many} 包")}</p> });
    let facts = [("订单号", card.number.clone()), ("下单", placed), ("手机尾号", card.phone_tail.clone())];
    let facts = facts.into_iter().map(|(label, value)| {
        view! { <p class="flex justify-between gap-3"><span>{label}</span><span class="tabular text-end break-all">{value}</span></p> }
    });
    let facts = facts.collect_view();
    view! {
        <header class="text-center">
            <h1 class="text-lg font-bold">{card.store_name.clone()}</h1>
            <p class="text-xs">{order.store_address.clone()}</p>
            {phone}
            <p class="tabular mt-1 text-4xl font-black">{tail}</p>
            <p class="font-bold">{slot}</p>
            {packed}
        </header>
        <div class="mt-2 border-t border-dashed border-black pt-2 text-xs">{facts}</div>
    }
}

fn goods(order: &OrderView) -> impl IntoView + use<> {
    let lines = order.lines.clone().into_iter().map(|line| {
        let choice =
            [line.spec, line.options_text].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ");
        let each = format!("{} × {}", line.unit_fen, line.quantity);
        view! {
            <li class="keep py-1">
                <p class="font-medium">{line.name}</p>
                <p class="text-xs">{choice}</p>
                <p class="tabular flex justify-between text-sm"><span>{each}</span><span>{line.total_fen.to_string()}</span></p>
            </li>
        }
    });
    view! { <ul class="mt-2 border-y border-dashed border-black py-1">{lines.collect_view()}</ul> }
}

fn sums(order: &OrderView) -> impl IntoView + use<> {
    let card = &order.card;
    let goods: i64 = order.lines.iter().map(|line| line.total_fen.0).sum();
    // What the lines come to and the order does not was taken off.
    let off = Fen(goods + card.freight_fen.0 - card.total_fen.0);
    let mut rows = vec![(format!("共 {} 件", card.pieces), Fen(goods).to_string())];
    if card.fulfilment.is_sent() {
        rows.push(("配送费".to_owned(), card.freight_fen.to_string()));
    }
    if off > Fen::ZERO {
        rows.push(("优惠".to_owned(), format!("-{off}")));
    }
    rows.push(("应付".to_owned(), card.total_fen.to_string()));
    let rows = rows.into_iter().map(|(label, value)| {
        view! { <p class="flex justify-between gap-3"><span>{label}</span><span class="tabular">{value}</span></p> }
    });
    let rows = rows.collect_view();
    let paid = match card.state {
        OrderState::Placed => "未付款".to_owned(),
        _ => order.paid_fen.to_string(),
    };
    let back = (order.refunded_fen > Fen::ZERO).then(|| {
        let back = format!("-{}", order.refunded_fen);
        view! { <p class="flex justify-between gap-3"><span>"已退款"</span><span class="tabular">{back}</span></p> }
    });
    view! {
        <div class="mt-1 text-sm">
            {rows}
            <p class="mt-1 flex justify-between gap-3 text-lg font-bold"><span>"实付"</span><span class="tabular">{paid}</span></p>
            {back}
        </div>
    }
}

/// What of the order does not come.
fn not_sent(ended: Vec<UnsentEnd>) -> Option<AnyView> {
    if ended.is_empty() {
        return None;
    }
    let lines = ended.into_iter().map(|end| {
        let way = refunds::way(end.settled_proof.as_deref());
        let words = format!("{}（{}），{} {way}", end.goods.join("、"), end.reason, end.refund_fen);
        view! { <li class="keep">{words}</li> }
    });
    let lines = lines.collect_view();
    Some(view! { <div class="mt-2 border-t border-dashed border-black pt-2 text-xs"><p class="font-bold">"不再发出"</p><ul>{lines}</ul></div> }.into_any())
}

fn foot(asked: &Asked, order: &OrderView) -> impl IntoView + use<> {
    let card = &order.card;
    let (zone, number) = (text::zone(&order.timezone), card.number.clone());
    let note = (!card.note.is_empty())
        .then(|| view! { <p class="mt-2 border-t border-dashed border-black pt-2 font-bold break-words">{format!("备注：{}", card.note)}</p> });
    let printed = format!("打印于 {}", asked.scope.now.with_timezone(&zone).format("%Y-%m-%d %H:%M"));
    view! {
        {note}
        <div class="keep mt-3 flex flex-col items-center gap-1 border-t border-dashed border-black pt-3">
            <QrCode text=number.clone() label="订单号二维码"/>
            <p class="tabular text-xs">{number}</p>
            <p class="text-xs">{printed}</p>
            <p class="text-sm">"谢谢惠顾"</p>
        </div>
    }
}
