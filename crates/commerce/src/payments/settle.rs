//! What the gateway says of transactions becomes the orders' payments, each exactly once.
//!
//! Only verified callbacks and answers to our own queries come here, many at a time where many are there.
//! Callbacks repeated, late, out of order or for an unknown order each end in a named outcome.

use std::collections::{HashMap, HashSet};

use chrono::Duration;
use domain::{Fault, Fen, OrderId, orders::OrderState};
use partners::wechat_pay::{Failure, TradeState, Transaction};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    ledger::{self, Cause, GATEWAY, PREPAID, Transfer},
    refunds::{self, Wanted},
};
use crate::{
    Scope,
    database::OrFault,
    jobs,
    orders::{self, Ordered, lock_all},
};

/// A payment that the gateway says has been made.
struct Paid<'a> {
    /// Where its transaction stands among those asked about.
    place: usize,
    id: Uuid,
    order: Uuid,
    amount: Fen,
    transaction: &'a Transaction,
}

/// Acts on what the gateway says of these transactions; answers what came of each, for the inbox.
pub(super) async fn settle(
    tx: &mut PgConnection,
    scope: &Scope,
    transactions: &[&Transaction],
) -> Result<Vec<String>, Fault> {
    let (mut outcomes, paid) = sift(tx, scope, transactions).await?;
    if paid.is_empty() {
        return Ok(outcomes);
    }
    // The orders before their payments, as `start` locks them: the other way round the two could wait for
    // each other.
    let ids: Vec<Uuid> = paid.iter().map(|paid| paid.order).collect();
    let orders: HashMap<Uuid, Ordered> =
        lock_all(tx, &ids).await?.into_iter().map(|order| (order.id.0, order)).collect();
    let mut unpaid: HashSet<Uuid> =
        orders.values().filter(|order| order.state == OrderState::Placed).map(|order| order.id.0).collect();
    // The first payment that an order still waits for is kept; what comes after goes back.
    let kept: Vec<bool> = paid.iter().map(|paid| unpaid.remove(&paid.order)).collect();
    let news = turn(tx, scope, &paid, &kept).await?;
    for (paid, kept) in paid.iter().zip(&kept) {
        outcomes[paid.place] = match (news.contains(&paid.id), kept) {
            (false, _) => "repeated".into(),
            (true, true) => "paid".into(),
            (true, false) => format!("surplus: the order is {}", orders[&paid.order].state.code()),
        };
    }
    let news: Vec<(&Paid<'_>, bool)> = paid.iter().zip(kept).filter(|(paid, _)| news.contains(&paid.id)).collect();
    book(tx, scope, &news, &orders).await?;
    Ok(outcomes)
}

/// Separates what was paid as it was asked for from everything else, whose outcome is known already. A payment
/// that is named twice is taken once.
async fn sift<'a>(
    tx: &mut PgConnection,
    scope: &Scope,
    transactions: &[&'a Transaction],
) -> Result<(Vec<String>, Vec<Paid<'a>>), Fault> {
    let numbers: Vec<String> = transactions.iter().map(|transaction| transaction.out_trade_no.clone()).collect();
    let found = sqlx::query!(
        "select out_trade_no, id, order_id, amount_fen from payments where out_trade_no = any($1)",
        &numbers,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let (mut outcomes, mut paid, mut taken) = (Vec::new(), Vec::new(), HashSet::new());
    for (place, transaction) in transactions.iter().enumerate() {
        let payment = found.iter().find(|payment| payment.out_trade_no == transaction.out_trade_no);
        let Some(payment) = payment else {
            tracing::warn!(out_trade_no = %transaction.out_trade_no, "a transaction nobody here began");
            outcomes.push("unknown transaction".into());
            continue;
        };
        if transaction.trade_state != TradeState::Success {
            outcomes.push(format!("no payment: {:?}", transaction.trade_state));
        } else if let Some(difference) = difference(scope, transaction, payment.amount_fen) {
            // Money that does not match is nobody's: a person must look.
            tracing::error!(payment = %payment.id, difference, "a payment does not match what was asked");
            outcomes.push(format!("mismatch: {difference}"));
        } else {
            outcomes.push("repeated".into());
            if taken.insert(payment.id) {
                let (id, order, amount) = (payment.id, payment.order_id, Fen(payment.amount_fen));
                paid.push(Paid { place, id, order, amount, transaction });
            }
        }
    }
    Ok((outcomes, paid))
}

/// Marks payments as made; answers which of them were not so before.
async fn turn(tx: &mut PgConnection, scope: &Scope, paid: &[Paid<'_>], kept: &[bool]) -> Result<HashSet<Uuid>, Fault> {
    let ids: Vec<Uuid> = paid.iter().map(|paid| paid.id).collect();
    let numbers: Vec<Option<String>> = paid.iter().map(|paid| paid.transaction.transaction_id.clone()).collect();
    let turned = sqlx::query_scalar!(
        "update payments p set state = (case when a.kept then 'kept' else 'surplus' end),
                transaction_id = a.transaction_id, paid_at = $4
         from unnest((select $1::uuid[]), (select $2::bool[]), (select $3::text[])) as a (id, kept, transaction_id)
         where p.id = a.id and p.state not in ('kept', 'surplus')
         returning p.id",
        &ids,
        kept,
        &numbers as &[Option<String>],
        scope.now,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    Ok(turned.into_iter().collect())
}

/// Books payments that are new, and moves their orders on; what an order has no use for, since it came too
/// late or a second time, goes back by itself.
async fn book(
    tx: &mut PgConnection,
    scope: &Scope,
    news: &[(&Paid<'_>, bool)],
    orders: &HashMap<Uuid, Ordered>,
) -> Result<(), Fault> {
    let transfers = news.iter().map(|(paid, _)| Transfer {
        between: (GATEWAY, PREPAID),
        amount: paid.amount,
        order: paid.order,
        cause: Cause::Pay { payment: paid.id },
    });
    ledger::book(tx, scope, &transfers.collect::<Vec<_>>()).await?;
    let kept: Vec<&Paid<'_>> = news.iter().filter(|(_, kept)| *kept).map(|(paid, _)| *paid).collect();
    if !kept.is_empty() {
        let paid: Vec<Ordered> = kept.iter().map(|paid| orders[&paid.order].clone()).collect();
        orders::paid(tx, scope, &paid).await?;
        let needless =
            kept.iter().flat_map(|paid| [(jobs::Kind::ExpireOrder, paid.order), (jobs::Kind::LookUpPayment, paid.id)]);
        jobs::unschedule(tx, needless).await?;
    }
    for (paid, _) in news.iter().filter(|(_, kept)| !kept) {
        let (order, reason) = (OrderId(paid.order), "订单已关闭或已付款，自动退回");
        let wanted = Wanted { payment: paid.id, order, amount: paid.amount, reason, after_sales: None };
        refunds::want_for(tx, scope, wanted).await?;
    }
    Ok(())
}

/// What in a transaction differs from what we asked for.
fn difference(scope: &Scope, transaction: &Transaction, amount_fen: i64) -> Option<&'static str> {
    let Some(gateway) = scope.house.wechat_pay() else { return Some("no gateway is configured") };
    if transaction.mchid != gateway.mch_id() {
        return Some("merchant");
    }
    if transaction.appid.as_deref() != Some(gateway.app_id()) {
        return Some("app");
    }
    match &transaction.amount {
        Some(amount) if amount.total != amount_fen => Some("amount"),
        Some(amount) if amount.currency.as_deref().is_some_and(|currency| currency != "CNY") => Some("currency"),
        Some(_) => None,
        None => Some("amount missing"),
    }
}

/// Asks the gateway about an open payment: for callbacks that never come.
///
/// Answers when to ask again, or `None` where nothing is open any more.
pub(crate) async fn look_up(scope: &Scope, id: Uuid) -> Result<Option<Duration>, Fault> {
    let payment = sqlx::query!(
        "select p.out_trade_no, p.state, p.created_at, o.state as order_state, o.pay_before
         from payments p join orders o on o.id = p.order_id where p.id = $1",
        id,
    )
    .fetch_optional(scope.pool())
    .await
    .or_fault()?;
    let Some(payment) = payment.filter(|payment| payment.state == "open") else { return Ok(None) };
    let Some(gateway) = scope.house.wechat_pay() else { return Ok(None) };
    match gateway.query(&payment.out_trade_no).await {
        Ok(transaction) if transaction.trade_state == TradeState::Success => {
            let mut tx = scope.begin().await?;
            let outcomes = settle(&mut tx, scope, &[&transaction]).await?;
            tx.commit().await.or_fault()?;
            tracing::info!(payment = %id, ?outcomes, "a payment was found by asking");
            return Ok(None);
        }
        Ok(_) => {}
        // The gateway has never heard of it: our request did not arrive.
        Err(Failure::Refused { status: 404, .. }) => {}
        Err(failure) => return Err(Fault::Upstream { who: "支付通道", hidden: failure.to_string() }),
    }
    // Ever more seldom, up to ten minutes, and no longer once it cannot be paid any more.
    let age = scope.now - payment.created_at;
    let still = scope.now < payment.pay_before + Duration::hours(2);
    Ok(still.then(|| age.clamp(Duration::seconds(30), Duration::minutes(10))))
}

/// The order can no longer be paid: its open payments are closed here and, by a job, at the
/// gateway. Money that arrives all the same goes back.
pub(crate) async fn close_open(tx: &mut PgConnection, scope: &Scope, order: OrderId) -> Result<(), Fault> {
    let open = sqlx::query_scalar!("select id from payments where order_id = $1 and state = 'open'", order.0)
        .fetch_all(&mut *tx)
        .await
        .or_fault()?;
    for payment in open {
        jobs::schedule(tx, jobs::Kind::ClosePayment, payment, scope.now).await?;
    }
    Ok(())
}

/// Closes a payment at the gateway, or settles it where it was paid in that very moment.
pub(crate) async fn close(scope: &Scope, id: Uuid) -> Result<(), Fault> {
    let found = sqlx::query_scalar!("select out_trade_no from payments where id = $1 and state = 'open'", id)
        .fetch_optional(scope.pool())
        .await
        .or_fault()?;
    let (Some(out_trade_no), Some(gateway)) = (found, scope.house.wechat_pay()) else { return Ok(()) };
    match gateway.close(&out_trade_no).await {
        Ok(()) => {}
        // It has not heard of it yet: our request may still be on its way, so it is asked about later.
        Err(Failure::Refused { status: 404, .. }) => return Ok(()),
        Err(Failure::Refused { code, .. }) if code == "ORDER_CLOSED" || code == "ORDERNOTEXIST" => {}
        Err(Failure::Refused { code, .. }) if code == "ORDERPAID" => {
            look_up(scope, id).await?;
            return Ok(());
        }
        Err(failure) => return Err(Fault::Upstream { who: "支付通道", hidden: failure.to_string() }),
    }
    sqlx::query!("update payments set state = 'closed' where id = $1 and state = 'open'", id)
        .execute(scope.pool())
        .await
        .or_fault()?;
    Ok(())
}
