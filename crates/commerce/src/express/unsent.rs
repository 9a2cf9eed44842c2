//! The rest of an express order that is sent no more: the goods are missing or broken, and what has left of it goes its
//! way. Its pieces had been issued with the first parcel, so they come back into the balance, or are lost; what was paid
//! for them goes back at once. What the way cost stays, unless the shopper gets nothing at all.

use domain::{
    Fault, Fen, OrderId,
    after_sales::Weighed,
    audit::{Act, ObjectKind},
    express::PackedLine,
    orders::OrderState,
    staff::Permission,
    unsent::{EndUnsent, UnsentFate, end},
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    parcels::{TAKEN_AFTER, must_be_express, still_here},
    returns,
    ways::{self, SIGNED_AFTER, tell_pages},
};
use crate::{
    Scope, after_sales,
    audit::{self, Change},
    database::OrFault,
    faults::{self, Deed},
    jobs::{self, Kind},
    orders::{self, Ordered},
    payments,
    scope::Actor,
    stock::{self, Cause, Document, Pieces},
};

/// Says that pieces of an order which no parcel holds are sent no more. Where nothing is left to be sent, the order goes
/// on as if all of it had been. The same again is answered the same.
///
/// Faults: `Invalid` beside `reason`, beside `pieces.{line}` for more than is left, beside `lines` where nothing is;
/// `NotFound` out of reach; `Forbidden` for whoever may not turn orders down; `Conflict` (`not_now`, `other_way`,
/// `key_reused`), (`too_many_requests`) for one more part where so many went back by themselves.
pub async fn end_unsent(scope: &Scope, id: OrderId, command: EndUnsent) -> Result<(), Fault> {
    let command = command.checked()?;
    let mut tx = scope.begin().await?;
    let store = orders::lock_within(&mut tx, scope, id, Permission::RejectOrders).await?.store_id;
    drop(tx);
    // What goes back to a shopper is not a store's to write, so the server does it, after looking at its grants.
    let mut tx = scope.house_begin().await?;
    let order = orders::lock(&mut tx, id).await?;
    if order.store_id != store {
        return Err(Fault::NotFound("这个订单"));
    }
    must_be_express(&order)?;
    if let Some(same) = is_same(&mut tx, id, &command).await? {
        let reused = || Fault::conflict("key_reused", "这个页面已经登记过另一些不再发出的商品，请刷新后再试");
        return if same { Ok(()) } else { Err(reused()) };
    }
    must_have_left(&order)?;
    let left = still_here(&mut tx, id).await?;
    let ended = end(&left, &command.lines)?;
    // What ends all that is left is the last one.
    let all = |lines: &[PackedLine]| lines.iter().map(|one| one.quantity).sum::<i64>();
    if all(&ended) < all(&left) && !after_sales::has_room(&mut tx, id).await? {
        let message = "这个订单分开登记的次数太多了，请把没有发出的商品一次全部登记";
        return Err(Fault::conflict("too_many_requests", message));
    }
    let worth = after_sales::worth(&mut tx, scope, id, &ended).await?;
    move_goods(&mut tx, scope, &order, &command, &ended).await?;
    write(&mut tx, scope, &order, &command, &worth).await?;
    go_on(&mut tx, scope, &order, &command.reason).await?;
    tell_pages(&mut tx, &order).await?;
    faults::commit(tx, scope, Deed::EndUnsent).await
}

fn must_have_left(order: &Ordered) -> Result<(), Fault> {
    if order.state == OrderState::Dispatched {
        return Ok(());
    }
    let then =
        if order.state.is_final() { "" } else { "，还没有发出：发不了请拒单，或请总部取消订单" };
    let message = format!("订单{}{then}", order.state.label_of(order.fulfilment));
    Err(Fault::conflict("not_now", message))
}

/// Whether this was said already, just so; nothing where it was not.
async fn is_same(tx: &mut PgConnection, order: OrderId, command: &EndUnsent) -> Result<Option<bool>, Fault> {
    let row = sqlx::query!("select order_id, reason, fate from unsent_ends where id = $1", command.id.0)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?;
    let Some(row) = row else { return Ok(None) };
    let lines =
        sqlx::query!("select line, quantity from unsent_end_lines where end_id = $1 order by line", command.id.0)
            .fetch_all(tx)
            .await
            .or_fault()?;
    let lines: Vec<_> = lines.into_iter().map(|row| PackedLine { line: row.line, quantity: row.quantity }).collect();
    let same = (row.order_id, row.reason.as_str(), row.fate.as_str())
        == (order.0, command.reason.as_str(), command.fate.code())
        && (command.lines.is_empty() || command.lines == lines);
    Ok(Some(same))
}

/// The pieces are in the balance again; those that are not there, or not to be sold, leave it as a loss.
async fn move_goods(
    tx: &mut PgConnection,
    scope: &Scope,
    order: &Ordered,
    command: &EndUnsent,
    ended: &[PackedLine],
) -> Result<(), Fault> {
    let rows = sqlx::query!("select line, sku_id from order_lines where order_id = $1", order.id.0)
        .fetch_all(&mut *tx)
        .await
        .or_fault()?;
    let sku = |line: i32| rows.iter().find(|row| row.line == line).map(|row| row.sku_id);
    let pieces = |sign: i64| -> Vec<Pieces> {
        let of = |one: &PackedLine| Some(Pieces { sku: sku(one.line)?, quantity: sign * one.quantity });
        ended.iter().filter_map(of).collect()
    };
    stock::shelve(tx, scope, order.id, order.store_id, &pieces(1)).await?;
    match command.fate {
        UnsentFate::Shelve => Ok(()),
        UnsentFate::Lose => {
            let document = Document { cause: Cause::Loss, id: Some(command.id.0) };
            stock::of_the_shop(tx, order.store_id, &pieces(-1)).await?;
            stock::book(tx, scope, order.store_id.0, document, &pieces(-1)).await
        }
    }
}

/// Writes down what was ended, and wants its money back.
async fn write(
    tx: &mut PgConnection,
    scope: &Scope,
    order: &Ordered,
    command: &EndUnsent,
    worth: &[Weighed],
) -> Result<(), Fault> {
    let amount = Fen(worth.iter().map(|one| one.paid_fen.0).sum());
    let pieces: i64 = worth.iter().map(|one| one.quantity.get()).sum();
    let back = format!("商品不再发出：{}", command.reason);
    let refund = payments::give_back_unsent(tx, scope, order.id, amount, &back).await?;
    let then = if refund.is_some() { format!("，{amount} 原路退回") } else { String::new() };
    let words = format!("{pieces} 件商品不再发出（{}）{then}", command.reason);
    keep(tx, scope, order, command, (amount, refund)).await?;
    keep_lines(tx, order, command, worth).await?;
    sqlx::query!("insert into tracking (order_id, words, at) values ($1, $2, $3)", order.id.0, words, scope.now)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    let change = Change {
        act: Act::EndUnsent,
        object: ObjectKind::Order,
        object_id: order.id.0,
        store_id: Some(order.store_id.0),
        before: json!(null),
        after: json!({ "pieces": pieces, "fate": command.fate, "refund_fen": amount }),
        reason: &command.reason,
    };
    audit::record(tx, scope, change).await
}

async fn keep(
    tx: &mut PgConnection,
    scope: &Scope,
    order: &Ordered,
    command: &EndUnsent,
    (amount, refund): (Fen, Option<Uuid>),
) -> Result<(), Fault> {
    let Actor { staff, key, .. } = scope.actor();
    sqlx::query!(
        "insert into unsent_ends (id, order_id, store_id, reason, fate, refund_fen, refund_id, at, staff_id, api_key_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        command.id.0,
        order.id.0,
        order.store_id.0,
        command.reason,
        command.fate.code(),
        amount.0,
        refund,
        scope.now,
        staff,
        key,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

async fn keep_lines(
    tx: &mut PgConnection,
    order: &Ordered,
    command: &EndUnsent,
    worth: &[Weighed],
) -> Result<(), Fault> {
    let lines: Vec<i32> = worth.iter().map(|one| one.line).collect();
    let pieces: Vec<i64> = worth.iter().map(|one| one.quantity.get()).collect();
    let paid: Vec<i64> = worth.iter().map(|one| one.paid_fen.0).collect();
    sqlx::query!(
        "insert into unsent_end_lines (end_id, order_id, line, quantity, paid_fen)
         select $1, $2, line, quantity, paid_fen
         from unnest((select $3::integer[]), (select $4::bigint[]), (select $5::bigint[])) as e (line, quantity, paid_fen)",
        command.id.0,
        order.id.0,
        &lines,
        &pieces,
        &paid,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Nothing more of an order is to be sent: it is the shopper's after the time of any that was sent, but for some days
/// to say that it is not. Where the store has all that had left again, the shopper gets nothing of it.
async fn go_on(tx: &mut PgConnection, scope: &Scope, order: &Ordered, reason: &str) -> Result<(), Fault> {
    if !still_here(tx, order.id).await?.is_empty() {
        return Ok(());
    }
    if returns::is_all_back(tx, order.id).await? {
        return returns::give_up(tx, scope, order, reason).await;
    }
    let last = sqlx::query_scalar!(r#"select max(shipped_at) as "last!" from parcels where order_id = $1"#, order.id.0)
        .fetch_one(&mut *tx)
        .await
        .or_fault()?;
    let at = (last + TAKEN_AFTER).max(scope.now + SIGNED_AFTER);
    jobs::schedule(tx, Kind::CompleteExpress, order.id.0, at).await?;
    ways::hasten(tx, scope, order).await
}
