//! Goods come back, at whatever store, whatever store sold them. Whoever has the goods and the code is whom the
//! request belongs to; a counter sees no more of it than it needs. What is done reaches beyond the stores of whoever
//! does it (the order and its money are the selling store's), so the server does it, after looking at their grants.

use domain::{
    AfterSalesId, Fault, StoreId,
    after_sales::{
        AfterSalesAct, AfterSalesState, Counter, ReceiveReturn, ReceivedLine, ReturnCode, TurnAwayReturn, what_came,
    },
    staff::Permission,
    text,
};
use sqlx::PgConnection;

use super::{
    Request, advance, decide, lock, not_found, read, settle,
    take_in::{self, Goods},
};
use crate::{
    Scope,
    database::OrFault,
    faults::{self, Deed},
    memory, orders,
};

async fn id_of(scope: &Scope, code: &ReturnCode) -> Result<AfterSalesId, Fault> {
    scope.reach(Permission::FulfilOrders)?;
    orders::refuse_guessing(scope).await?;
    let found = sqlx::query_scalar!("select id from after_sales where code = $1", code.as_str())
        .fetch_optional(&scope.house.pool)
        .await
        .or_fault()?;
    match found {
        Some(id) => Ok(AfterSalesId(id)),
        None => {
            orders::note_miss(scope).await?;
            Err(Fault::NotFound("这个售后码对应的售后单；请核对数字，或请顾客刷新页面"))
        }
    }
}

/// What is to be taken under a code.
///
/// Faults: `Forbidden`; `NotFound` for a code that nobody has; `TooMany` past so many of them.
pub async fn find(scope: &Scope, code: &ReturnCode) -> Result<Counter, Fault> {
    let id = id_of(scope, code).await?;
    let mut tx = scope.house_begin().await?;
    let card = read::card(&mut tx, &read::Within { id: Some(id), ..read::Within::default() }).await?;
    Ok(Counter { card, lines: read::lines(&mut tx, id).await? })
}

/// A store within reach of whoever stands at its counter.
async fn must_be_here(scope: &Scope, store: StoreId) -> Result<(), Fault> {
    let within = scope.reach(Permission::FulfilOrders)?.covers(store);
    if !within || memory::stores(scope).await?.with_id(store.0).is_none() {
        return Err(Fault::NotFound("这家门店"));
    }
    Ok(())
}

/// Takes the goods of a request back at a store within reach: each piece goes where its state says, in an exchange as
/// many others leave the same store's shelf, and the money for what came goes back; all of it or nothing. What was asked
/// for and did not come is no more part of the request, and can be asked for again. The same again is the same.
///
/// Faults: `Forbidden`; `NotFound` for a store out of reach or a code that nobody has; `Invalid` beside
/// `condition.{line}`, `pieces.{line}` or `lines`; `SoldOut` where what is to come in exchange is not there; `Conflict`
/// (`already_received`, `not_now`, `return_expired`, `other_merchant`, `store_closed`), (`posted_elsewhere`) where the
/// goods came to another store by post; `TooMany`.
pub async fn receive(scope: &Scope, command: ReceiveReturn) -> Result<AfterSalesId, Fault> {
    must_be_here(scope, command.store_id).await?;
    let id = id_of(scope, &command.code).await?;
    let mut tx = scope.house_begin().await?;
    let mut request = lock(&mut tx, id).await?;
    if request.code.as_deref() != Some(command.code.as_str()) {
        return Err(not_found());
    }
    take(&mut tx, scope, &mut request, command.store_id, &command.lines).await?;
    faults::commit(tx, scope, Deed::ReceiveReturn).await?;
    Ok(id)
}

/// [`receive`], of a locked request, for the caller to commit.
pub(super) async fn take(
    tx: &mut PgConnection,
    scope: &Scope,
    request: &mut Request,
    store: StoreId,
    said: &[ReceivedLine],
) -> Result<(), Fault> {
    let goods = Goods::of(tx, request.id).await?;
    let came = what_came(said, &goods.asked())?;
    if request.received_at.is_some() {
        return received_before(tx, scope, request, store, goods.came() == came).await;
    }
    must_be_in_time(scope, request)?;
    must_take(tx, request.store, store).await?;
    if request.arrived && store != request.store {
        return Err(Fault::conflict("posted_elsewhere", "顾客寄回的商品在售出的门店，请在那里收货"));
    }
    let note = goods.note(&came);
    let lines = take_in::leave_out_missing(tx, request, goods.lines, &came).await?;
    request.received_at = Some(store);
    advance(tx, scope, request, AfterSalesAct::Receive, &note).await?;
    take_in::note_came(tx, request, store, &came).await?;
    take_in::move_goods(tx, scope, request.id, store, &lines, &came).await?;
    settle(tx, scope, request).await
}

/// What was sent may come late: head office is asked then, and the request does not expire.
pub(super) fn must_be_in_time(scope: &Scope, request: &Request) -> Result<(), Fault> {
    if request.state == AfterSalesState::Agreed && !request.posted && request.due_at.is_some_and(|at| at <= scope.now) {
        return Err(Fault::conflict("return_expired", "这张售后单已过退回期限，请顾客重新申请"));
    }
    Ok(())
}

/// Turns goods away at the counter of a store within reach, which has seen that they are not what was agreed on.
/// Nothing is booked; the shopper reads why, and may take it to head office as after any refusal. The same again is the
/// same.
///
/// Faults: `Forbidden`; `NotFound` for a store out of reach or a code that nobody has; `Invalid` beside `note`;
/// `Conflict` (`not_now`, `return_expired`, `other_merchant`, `store_closed`), (`upheld`) where head office has agreed to
/// the request; `TooMany`.
pub async fn turn_away(scope: &Scope, command: TurnAwayReturn) -> Result<AfterSalesId, Fault> {
    let note = command.checked_note()?;
    must_be_here(scope, command.store_id).await?;
    let id = id_of(scope, &command.code).await?;
    let mut tx = scope.house_begin().await?;
    let mut request = lock(&mut tx, id).await?;
    if request.code.as_deref() != Some(command.code.as_str()) {
        return Err(not_found());
    }
    refuse_goods(&mut tx, scope, &mut request, command.store_id, note).await?;
    faults::commit(tx, scope, Deed::DecideReturn).await?;
    Ok(id)
}

/// [`turn_away`], of a locked request, for the caller to commit.
pub(super) async fn refuse_goods(
    tx: &mut PgConnection,
    scope: &Scope,
    request: &mut Request,
    store: StoreId,
    note: &str,
) -> Result<(), Fault> {
    let named = must_take(tx, request.store, store).await?;
    let note = format!("{named}：{note}");
    if request.state == AfterSalesState::Refused && was_turned_away(tx, request.id, &note).await? {
        return Ok(());
    }
    let last = decide::last_decision(tx, request.id).await?;
    if last.is_some_and(|(act, _)| act == AfterSalesAct::Uphold) {
        return Err(decide::upheld());
    }
    must_be_in_time(scope, request)?;
    // For the log alone: this store has done it. It has not taken the goods.
    request.received_at = Some(store);
    advance(tx, scope, request, AfterSalesAct::TurnAway, &note).await
}

async fn was_turned_away(tx: &mut PgConnection, id: AfterSalesId, note: &str) -> Result<bool, Fault> {
    let last = sqlx::query!(
        "select act, note from after_sales_steps where after_sales_id = $1 order by step desc limit 1",
        id.0,
    )
    .fetch_one(tx)
    .await
    .or_fault()?;
    Ok(last.act == AfterSalesAct::TurnAway.code() && last.note == note)
}

/// Any store of the same brand and merchant that is not closed takes the goods: they are then its to sell, and nobody
/// else's revenue pays for them. Answers its name.
pub(super) async fn must_take(tx: &mut PgConnection, sold: StoreId, takes: StoreId) -> Result<String, Fault> {
    let row = sqlx::query!(
        r#"select t.name, t.state = 'closed' as "closed!",
                  t.brand_id <> s.brand_id or t.merchant_id is distinct from s.merchant_id as "foreign!"
           from stores s cross join stores t where s.id = $1 and t.id = $2"#,
        sold.0,
        takes.0,
    )
    .fetch_one(tx)
    .await
    .or_fault()?;
    if row.foreign {
        let message = format!("「{}」属于其他品牌或商户，请顾客到原品牌的门店退换", row.name);
        return Err(Fault::conflict("other_merchant", message));
    }
    if row.closed {
        return Err(Fault::conflict("store_closed", format!("「{}」已关闭，不能收退货", row.name)));
    }
    Ok(row.name)
}

/// Whether the goods are here because of the same request.
async fn received_before(
    tx: &mut PgConnection,
    scope: &Scope,
    request: &Request,
    store: StoreId,
    same: bool,
) -> Result<(), Fault> {
    if request.received_at == Some(store) && same {
        return Ok(());
    }
    let row = sqlx::query!(
        r#"select t.at, s.name, s.timezone from after_sales a join stores s on s.id = a.received_store_id
           join after_sales_steps t on t.after_sales_id = a.id and t.act = 'receive' where a.id = $1"#,
        request.id.0,
    )
    .fetch_one(tx)
    .await
    .or_fault()?;
    let when = text::moment(row.at, scope.now, text::zone(&row.timezone));
    let message = format!("这张售后单的商品已在 {when} 由「{}」收下，请勿重复收货", row.name);
    Err(Fault::conflict("already_received", message))
}
