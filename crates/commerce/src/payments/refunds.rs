//! Money that goes back. What is wanted is stored with the reason for it; a job sends it and keeps
//! trying under the same number, since a new number would refund twice.

use chrono::Duration;
use domain::{AfterSalesId, Fault, Fen, OrderId};
use partners::wechat_pay::{Failure, NewRefund, Refund, RefundState};
use sqlx::PgConnection;
use uuid::Uuid;

use super::ledger::{self, Cause, GATEWAY, PAID_TWICE, PREPAID, Transfer};
use crate::{FaultPoint, Scope, database::OrFault, house::new_id, jobs};

/// Wants back what was paid for an order, where anything was, but for what has gone back of it.
pub(crate) async fn want(tx: &mut PgConnection, scope: &Scope, order: OrderId, reason: &str) -> Result<(), Fault> {
    let kept = sqlx::query!(
        r#"select s.payment_id as "payment!", s.amount_fen - coalesce((
                   select sum(r.amount_fen) from refunds r where r.payment_id = s.payment_id and r.order_id = s.order_id
               ), 0)::bigint as "amount_fen!"
           from payment_shares s where s.order_id = $1 and s.state = 'kept'"#,
        order.0,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    match kept.filter(|share| share.amount_fen > 0) {
        Some(share) => {
            let (payment, amount) = (share.payment, Fen(share.amount_fen));
            want_for(tx, scope, Wanted { payment, order, amount, reason, after_sales: None }).await.map(drop)
        }
        None => Ok(()),
    }
}

/// Money that is to go back.
pub(super) struct Wanted<'a> {
    pub payment: Uuid,
    pub order: OrderId,
    /// All that the payment brought for the order, or a part of it.
    pub amount: Fen,
    pub reason: &'a str,
    /// The request that it is for, where it is for one.
    pub after_sales: Option<AfterSalesId>,
}

/// Wants back what one payment brought for an order, or a part of it; answers the refund.
pub(super) async fn want_for(tx: &mut PgConnection, scope: &Scope, wanted: Wanted<'_>) -> Result<Uuid, Fault> {
    let id = new_id();
    sqlx::query!(
        "insert into refunds (id, payment_id, order_id, out_refund_no, amount_fen, reason, state, wanted_at, after_sales_id)
         values ($1, $2, $3, $4, $5, $6, 'wanted', $7, $8)",
        id,
        wanted.payment,
        wanted.order.0,
        id.simple().to_string(),
        wanted.amount.0,
        wanted.reason,
        scope.now,
        wanted.after_sales.map(|id| id.0),
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    jobs::schedule(tx, jobs::Kind::SendRefund, id, scope.now).await?;
    Ok(id)
}

/// How long a refund counts as being asked for at most. The gateway's client gives up long before; the rest is for servers
/// whose clocks differ, and for one that ended before it heard the answer.
pub(super) const UNDER_WAY_AT_MOST: Duration = Duration::seconds(30);
/// When to look again at a refund that another server is asking for.
const AFTER_ANOTHER: Duration = Duration::seconds(5);

/// Sends a wanted refund to the gateway; answers when to do it again, where somebody else is at it. An error means: try
/// again, with the same number.
pub(crate) async fn send(scope: &Scope, id: Uuid) -> Result<Option<Duration>, Fault> {
    let Some(gateway) = scope.house.wechat_pay() else { return Ok(None) };
    let Some(asked) = begin(scope, id).await? else { return later(scope, id).await };
    let refund = match gateway.refund(&asked).await {
        Ok(refund) => refund,
        Err(failure) => {
            note_failure(scope, id, &failure).await?;
            return Err(Fault::Upstream { who: "支付通道", hidden: failure.to_string() });
        }
    };
    scope.house.pass(FaultPoint::RefundAnswered);
    let mut tx = scope.begin().await?;
    let outcome = heard(&mut tx, scope, &refund).await?;
    sqlx::query!("update refunds set tries = tries + 1, sending_at = null where id = $1", id)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    tx.commit().await.or_fault()?;
    scope.house.pass(FaultPoint::RefundBooked);
    if refund.status == RefundState::Processing {
        // The callback should tell; where it does not come, asking again under the same number does.
        return Err(Fault::Upstream { who: "支付通道", hidden: "the refund is being processed".into() });
    }
    tracing::info!(refund = %id, outcome, "a refund was answered");
    Ok(None)
}

/// Says that a wanted refund is being asked for from now on, unless somebody else is at it: committed before the gateway
/// hears of it, so that nobody settles it by other means in between.
async fn begin(scope: &Scope, id: Uuid) -> Result<Option<NewRefund>, Fault> {
    let row = sqlx::query!(
        "update refunds r set sending_at = $2, state = 'wanted', retried = false from payments p
         where r.id = $1 and p.id = r.payment_id and (r.state = 'wanted' or (r.state = 'abnormal' and r.retried))
           and (r.sending_at is null or r.sending_at <= $3)
         returning r.out_refund_no, r.amount_fen, r.reason, p.out_trade_no, p.amount_fen as paid_fen",
        id,
        scope.now,
        scope.now - UNDER_WAY_AT_MOST,
    )
    .fetch_optional(scope.pool())
    .await
    .or_fault()?;
    Ok(row.map(|row| NewRefund {
        out_trade_no: row.out_trade_no,
        out_refund_no: row.out_refund_no,
        refund_fen: row.amount_fen,
        total_fen: row.paid_fen,
        reason: row.reason,
    }))
}

/// When to look again at a refund that could not be begun; not at all at one that is not wanted any more.
async fn later(scope: &Scope, id: Uuid) -> Result<Option<Duration>, Fault> {
    let wanted = sqlx::query_scalar!(
        r#"select exists (select from refunds where id = $1 and (state = 'wanted' or (state = 'abnormal' and retried)))
               as "wanted!""#,
        id,
    )
    .fetch_one(scope.pool())
    .await
    .or_fault()?;
    Ok(wanted.then_some(AFTER_ANOTHER))
}

/// Keeps what the gateway said instead of paying back, in its words where it said anything.
async fn note_failure(scope: &Scope, id: Uuid, failure: &Failure) -> Result<(), Fault> {
    let (refused, said) = match failure {
        Failure::Refused { code, message, .. } => (true, format!("{code} {message}")),
        Failure::Unreachable(_) => (false, "网关没有应答".to_owned()),
        Failure::BadSignature(_) => (false, "应答的签名不是网关的".to_owned()),
        Failure::Malformed(_) => (false, "网关的应答无法识别".to_owned()),
    };
    sqlx::query!(
        "update refunds set tries = tries + 1, sending_at = null, refused = $2, last_answer = $3, answered_at = $4
         where id = $1 and state = 'wanted'",
        id,
        refused,
        said,
        scope.now,
    )
    .execute(scope.pool())
    .await
    .or_fault()?;
    Ok(())
}

/// What the gateway says of a refund, by answer or callback, is booked once.
pub(super) async fn heard(tx: &mut PgConnection, scope: &Scope, refund: &Refund) -> Result<String, Fault> {
    let row = sqlx::query!(
        "select id, payment_id, order_id, amount_fen, state from refunds where out_refund_no = $1 for update",
        refund.out_refund_no,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let Some(row) = row else { return Ok("unknown refund".into()) };
    if row.state == "succeeded" {
        return Ok("repeated".into());
    }
    if refund.amount.refund != row.amount_fen {
        tracing::error!(refund = %row.id, "a refund's amount differs from what was asked");
        return Ok("mismatch: amount".into());
    }
    let state = match refund.status {
        RefundState::Success => "succeeded",
        RefundState::Abnormal | RefundState::Closed => "abnormal",
        RefundState::Processing => "wanted",
    };
    if row.state == "settled" {
        let wanted = Refunded { id: row.id, payment: row.payment_id, order: row.order_id, amount: Fen(row.amount_fen) };
        return heard_too_late(tx, scope, wanted, refund.status).await;
    }
    let said = match refund.status {
        RefundState::Success => "SUCCESS 退款成功",
        RefundState::Processing => "PROCESSING 退款处理中",
        RefundState::Abnormal => "ABNORMAL 退款异常：原支付账户无法入账",
        RefundState::Closed => "CLOSED 退款已关闭",
    };
    sqlx::query!(
        "update refunds set state = $2, succeeded_at = case when $2 = 'succeeded' then $3::timestamptz end, refused = false,
                last_answer = $4, answered_at = $3 where id = $1",
        row.id,
        state,
        scope.now,
        said,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if state == "wanted" {
        return Ok("processing".into());
    }
    if state == "abnormal" {
        tracing::error!(refund = %row.id, "a refund failed at the gateway; a person must pay it out");
        return Ok("abnormal".into());
    }
    let cause = Cause::Refund { payment: row.payment_id, refund: row.id };
    let (between, amount) = ((PREPAID, GATEWAY), Fen(row.amount_fen));
    ledger::book(tx, scope, &[Transfer { between, amount, order: row.order_id, cause }]).await?;
    // Whoever has the order open sees that the money is on its way back.
    sqlx::query!(
        "insert into outbox (topic, store_id, order_id) select 'order', store_id, id from orders where id = $1",
        row.order_id,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok("refunded".into())
}

/// A refund as the gateway tells of it.
struct Refunded {
    id: Uuid,
    payment: Uuid,
    order: Uuid,
    amount: Fen,
}

/// The gateway tells of a refund that somebody has settled by other means. Where it has paid all the same, the shopper
/// has the money twice: that is booked, and said on the page.
async fn heard_too_late(
    tx: &mut PgConnection,
    scope: &Scope,
    refund: Refunded,
    status: RefundState,
) -> Result<String, Fault> {
    if status != RefundState::Success {
        return Ok("settled".into());
    }
    let Refunded { id, payment, order, amount } = refund;
    let marked =
        sqlx::query!("update refunds set paid_twice_at = $2 where id = $1 and paid_twice_at is null", id, scope.now,)
            .execute(&mut *tx)
            .await
            .or_fault()?;
    if marked.rows_affected() == 0 {
        return Ok("repeated".into());
    }
    tracing::error!(refund = %id, "the gateway paid a refund that was settled by other means");
    let (between, cause) = ((PAID_TWICE, GATEWAY), Cause::Refund { payment, refund: id });
    ledger::book(tx, scope, &[Transfer { between, amount, order, cause }]).await?;
    Ok("paid twice".into())
}
