//! Goods that others send us and that we send: the list, and what its forms do.

use chrono::{DateTime, Utc};
use commerce::{Scope, supply, transfers};
use domain::{
    Fault, Fields, TransferId,
    page::Page as Listed,
    staff::Permission,
    supply::ReceiveGoods as ReceiveGoodsCommand,
    text,
    transfers::{
        self as wanted, CancelTransfer as CancelCommand, DecideTransfer as DecideCommand, ListTransfers, TransferCard,
        TransferTab,
    },
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{Chip, Chips, Column, DataTable, EmptyState, Glyph, Icon, LinkButton, Pager, Tone};
use views::transfers::state;

use crate::frame::{self, Frame, Lit, files, news};

/// The list.
pub const PATH: &str = "/console/transfers";
const LOG_IN: &str = "/console/login";
/// The part of the page that its forms speak to.
pub const FORM: &str = "transfer";
/// The part of a transfer's page that the form of its differences speaks to: it may stand beside the form of what came
/// later, and both have a note.
pub const SETTLE: &str = "settle";
/// How many transfers a page of the list has.
const PAGE: usize = 30;

/// A transfer's page.
pub fn path_of(id: TransferId) -> String {
    format!("{PATH}/{id}")
}

/// Does something with the transfer that a form names, and goes back to its page, in whichever face that is, to tell what
/// was done at its part `form`.
async fn act(
    form: &'static str,
    fields: Fields,
    what: impl AsyncFnOnce(Scope, TransferId, Fields) -> Result<&'static str, Fault>,
) -> Result<(), ServerFnError> {
    rpc::post(form, LOG_IN, fields, async |scope, fields| {
        let id = fields.text("id").parse().map_err(|_| Fault::NotFound("这张调拨单"))?;
        let back = rpc::back_path(fields.text("from")).to_owned();
        let said = what(scope, id, fields).await?;
        Ok(Next::to(back).saying(form, said))
    })
    .await
}

/// Asks for goods.
#[server(prefix = "/rpc/console", endpoint = "request_transfer")]
pub async fn request_transfer(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let command = wanted::RequestTransfer::from_fields(&fields)?;
        let id = command.id;
        transfers::request(&scope, command).await?;
        Ok(Next::to(path_of(id)).saying(FORM, "已提交，对方同意后就会发货"))
    })
    .await
}

/// Takes a request back.
#[server(prefix = "/rpc/console", endpoint = "withdraw_transfer")]
pub async fn withdraw_transfer(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    let withdraw = async |scope, id, _| {
        transfers::withdraw(&scope, id).await?;
        Ok("已撤回，什么都没有改变")
    };
    act(FORM, fields, withdraw).await
}

/// Agrees to a request, or turns it down.
#[server(prefix = "/rpc/console", endpoint = "decide_transfer")]
pub async fn decide_transfer(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    let decide = async |scope, id, fields: Fields| {
        transfers::decide(&scope, id, DecideCommand::from_fields(&fields)?).await?;
        Ok("已答复，对方会看到")
    };
    act(FORM, fields, decide).await
}

/// Does not send after all.
#[server(prefix = "/rpc/console", endpoint = "cancel_transfer")]
pub async fn cancel_transfer(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    let cancel = async |scope, id, fields: Fields| {
        transfers::cancel(&scope, id, CancelCommand { note: fields.text("note").to_owned() }).await?;
        Ok("已取消，货品没有动")
    };
    act(FORM, fields, cancel).await
}

/// Sends the goods off.
#[server(prefix = "/rpc/console", endpoint = "ship_transfer")]
pub async fn ship_transfer(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    let ship = async |scope, id, fields: Fields| {
        transfers::ship(&scope, id, wanted::ShipTransfer::from_fields(&fields)?).await?;
        Ok("已发货，库存已扣减")
    };
    act(FORM, fields, ship).await
}

/// Takes the goods in.
#[server(prefix = "/rpc/console", endpoint = "receive_transfer")]
pub async fn receive_transfer(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    let receive = async |scope, id, fields: Fields| {
        transfers::receive(&scope, id, wanted::ReceiveTransfer::from_fields(&fields)?).await?;
        Ok("已收货，可以销售了")
    };
    act(FORM, fields, receive).await
}

/// What is said where a form brings no number that was not known.
const NOTHING_NEW: &str = "没有新的数量，什么都没有改变";

/// Takes in what was missing and has come after all.
#[server(prefix = "/rpc/console", endpoint = "receive_rest_of_transfer")]
pub async fn receive_rest_of_transfer(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    let receive = async |scope, id, fields: Fields| {
        let pieces = transfers::receive_rest(&scope, id, wanted::ReceiveRest::from_fields(&fields)?).await?;
        Ok(if pieces > 0 { "已补收，可以销售了" } else { NOTHING_NEW })
    };
    act(FORM, fields, receive).await
}

/// Accounts for what did not arrive.
#[server(prefix = "/rpc/console", endpoint = "settle_transfer")]
pub async fn settle_transfer(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    let settle = async |scope, id, fields: Fields| {
        let pieces = transfers::settle(&scope, id, wanted::SettleTransfer::from_fields(&fields)?).await?;
        Ok(if pieces > 0 { "差异已处理" } else { NOTHING_NEW })
    };
    act(SETTLE, fields, settle).await
}

/// Takes goods in that came from outside.
#[server(prefix = "/rpc/console", endpoint = "receive_goods")]
pub async fn receive_goods(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let command = ReceiveGoodsCommand::from_fields(&fields)?;
        let pieces: i64 = command.lines.iter().map(|line| line.quantity).sum();
        supply::receive(&scope, command).await?;
        let back = rpc::back_path(fields.text("from")).to_owned();
        Ok(Next::to(back).saying(FORM, format!("已收货 {pieces} 件，可以销售了")))
    })
    .await
}

/// The list's page.
pub async fn list(asked: Asked) -> Result<Page, Fault> {
    let ask = ListTransfers { most: PAGE, ..ListTransfers::from_fields(&asked.query) };
    let found = transfers::list(&asked.scope, &ask).await?;
    let (asks, receives) = (asked.scope.may(Permission::MoveStock), asked.scope.may(Permission::ReceiveGoods));
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new("要货调拨", move || {
        let new = asks.then(|| view! { <LinkButton href=format!("{PATH}/new") tone=Tone::Primary>"要货"</LinkButton> });
        let take_in = receives.then(|| view! { <LinkButton href="/console/receipts">"收货入库"</LinkButton> });
        let body = view! {
            <div class="mb-3 flex flex-wrap items-center justify-between gap-3">
                <h1 class="text-xl font-bold">"要货调拨"</h1>
                <div class="flex flex-wrap items-center gap-3">{files(PATH, &ask.pairs())} {take_in} {new}</div>
            </div>
            {news(&asked, FORM)}
            <div class="mb-3">{tabs(&ask)}</div>
            {search(&ask)}
            {results(&ask, found, asked.scope.now)}
        };
        frame.screen(Lit::Transfers, body.into_any())
    }))
}

fn address(ask: &ListTransfers, after: &str) -> String {
    let mut pairs = ask.pairs();
    pairs.push(("after", after.to_owned()));
    frame::address(PATH, &pairs)
}

fn tabs(ask: &ListTransfers) -> impl IntoView + use<> {
    let of = |tab| address(&ListTransfers { tab, state: None, after: None, ..ask.clone() }, "");
    let mut chips = vec![Chip::new("全部", of(None)).active(ask.tab.is_none())];
    let chip = |&tab: &TransferTab| Chip::new(tab.label(), of(Some(tab))).active(ask.tab == Some(tab));
    chips.extend(TransferTab::ALL.iter().map(chip));
    view! { <Chips label="调拨单" chips=chips/> }
}

fn search(ask: &ListTransfers) -> impl IntoView + use<> {
    let tab = ask.tab.map_or("", TransferTab::code);
    view! {
        <form method="get" action=PATH role="search" class="mb-4 flex max-w-xl gap-3">
            <input type="hidden" name="tab" value=tab/>
            <input class="input w-full" type="search" name="q" value=ask.words.clone() aria-label="查找调拨单"
                maxlength=Fields::WORDS_MOST.to_string() placeholder="单号、门店、仓库或 SKU 编码"/>
            <button type="submit" class="btn btn-outline"><Icon glyph=Glyph::Search class="size-5"/>"查找"</button>
        </form>
    }
}

fn results(ask: &ListTransfers, found: Listed<TransferCard>, now: DateTime<Utc>) -> AnyView {
    if found.items.is_empty() {
        let (title, text) = match ask.tab {
            Some(TransferTab::ToSend) => ("没有等我方发货的", "别的门店向我们要货时，会出现在这里。"),
            Some(TransferTab::OnTheWay) => ("没有在途的货", "对方发货后会出现在这里，到店后在这里收货。"),
            Some(TransferTab::Asked) => ("没有未发货的要货", "点「要货」，向仓库或别的门店申请。"),
            Some(TransferTab::Differences) => ("没有待处理的差异", "实收少于发货的调拨单会出现在这里。"),
            None => ("还没有调拨单", "缺货时点「要货」，向仓库或别的门店申请。"),
        };
        return view! { <EmptyState glyph=Glyph::Truck title=title text=text>""</EmptyState> }.into_any();
    }
    let columns = vec![
        Column::new("单号"),
        Column::new("商品"),
        Column::new("件数").right(),
        Column::new("状态"),
        Column::new("从"),
        Column::new("到"),
        Column::new("时间"),
    ];
    let rows = found.items.into_iter().map(|card| row(card, now)).collect_view();
    let next = found.next.map(|after| address(ask, &after)).unwrap_or_default();
    view! {
        <DataTable caption="调拨单" columns=columns>{rows}</DataTable>
        {(!next.is_empty()).then(|| view! { <Pager next=next/> })}
    }
    .into_any()
}

fn row(card: TransferCard, now: DateTime<Utc>) -> impl IntoView {
    view! {
        <tr>
            <td class="tabular whitespace-nowrap"><a class="link font-medium" href=path_of(card.id)>{card.number.clone()}</a></td>
            <td class="min-w-36">{card.summary.clone()}</td>
            <td class="tabular text-end">{card.pieces}</td>
            <td class="whitespace-nowrap">{state(&card)}</td>
            <td class="min-w-28">{card.from.name}</td>
            <td class="min-w-28">{card.to.name}</td>
            <td class="tabular whitespace-nowrap">{text::moment(card.created_at, now, text::zone(""))}</td>
        </tr>
    }
}
