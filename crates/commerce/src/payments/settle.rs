//! What the gateway says of a transaction becomes the order's payment, exactly once.
//!
//! Only a verified callback or an answer to our own query comes here. Callbacks repeated, late, out
//! of order or for an unknown order each end in a named outcome.

use chrono::Duration;
use domain::{Fault, Fen, OrderId, orders::OrderState};
use partners::wechat_pay::{Failure, TradeState, Transaction};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    ledger::{self, Cause, GATEWAY, PREPAID},
    refunds,
};
use crate::{
    Scope,
    database::OrFault,
    jobs,
    orders::{self, lock},
};

/// Acts on a transaction's state; answers what came of it, for the inbox.
pub(super) async fn settle(tx: &mut PgConnection, scope: &Scope, transaction: &Transaction) -> Result<String, Fault> {
    let payment = sqlx::query!(
        "select id, order_id, amount_fen from payments where out_trade_no = $1",
        transaction.out_trade_no,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let Some(payment) = payment else {
        tracing::warn!(out_trade_no = %transaction.out_trade_no, "a transaction nobody here began");
        return Ok("unknown transaction".into());
    };
    if transaction.trade_state != TradeState::Success {
        return Ok(format!("no payment: {:?}", transaction.trade_state));
    }
    if let Some(difference) = difference(scope, transaction, payment.amount_fen) {
        // Money that does not match is nobody's: a person must look.
        tracing::error!(payment = %payment.id, difference, "a payment does not match what was asked");
        return Ok(format!("mismatch: {difference}"));
    }
    // The order before its payment, as `start` locks them: the other way round the two could wait for
    // each other.
    let order = lock(tx, OrderId(payment.order_id)).await?;
    let kept = order.state == OrderState::Placed;
    let turned = sqlx::query!(
        "update payments set state = $2, transaction_id = $3, paid_at = $4
         where id = $1 and state not in ('kept', 'surplus')",
        payment.id,
        if kept { "kept" } else { "surplus" },
        transaction.transaction_id,
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if turned.rows_affected() == 0 {
        return Ok("repeated".into());
    }
    let amount = Fen(payment.amount_fen);
    ledger::book(tx, scope, (GATEWAY, PREPAID), amount, order.id.0, Cause::Pay { payment: payment.id }).await?;
    if kept {
        orders::paid(tx, scope, &order).await?;
        let needless = [(jobs::Kind::ExpireOrder, order.id.0), (jobs::Kind::LookUpPayment, payment.id)];
        jobs::unschedule(tx, needless).await?;
        return Ok("paid".into());
    }
    // Too late or the second time: the order has no use for it, so it goes back by itself.
    refunds::want_for(tx, scope, payment.id, order.id, amount, "订单已关闭或已付款，自动退回").await?;
    Ok(format!("surplus: the order is {}", order.state.code()))
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
            let outcome = settle(&mut tx, scope, &transaction).await?;
            tx.commit().await.or_fault()?;
            tracing::info!(payment = %id, outcome, "a payment was found by asking");
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
