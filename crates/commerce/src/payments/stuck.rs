//! Refunds that the gateway refused or that hang: seen, tried again under the same number, or settled by other means
//! (D8).

use chrono::{DateTime, Duration, Utc};
use domain::{
    Fault, Fen, OrderId, RefundId, StoreId,
    audit::{Act, ObjectKind},
    page::Page,
    refunds::{ListRefunds, SettleRefund, Settlement, StuckRefund, StuckState},
    staff::Permission,
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::ledger::{self, Cause, OTHER_MEANS, PREPAID, Transfer};
use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    faults::{self, Deed},
    jobs,
    scope::Actor,
};

/// How long a refund may take before somebody should look at it.
pub(crate) const LATE_AFTER: Duration = Duration::minutes(10);

fn not_found() -> Fault {
    Fault::NotFound("这笔退款")
}

/// Refunds of orders of stores within reach that did not go through by themselves: those that are open, the oldest
/// first, or those that were settled, the newest first.
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub async fn list(scope: &Scope, ask: &ListRefunds) -> Result<Page<StuckRefund>, Fault> {
    let reach = scope.reach_filter(Permission::RefundOrders)?;
    let most = ask.most.clamp(1, 100);
    let mut tx = scope.begin_search().await?;
    let rows = sqlx::query_as!(
        Row,
        r#"select r.id, r.order_id, o.number, s.name as store_name, r.amount_fen, r.reason, r.out_refund_no, r.state, r.tries,
                  r.last_answer, r.refused, r.wanted_at, r.answered_at, r.settled_at, r.settled_reason, r.settled_proof,
                  r.paid_twice_at is not null as "paid_twice!", coalesce(p.name, k.name, '系统') as "settled_by!"
           from refunds r join orders o on o.id = r.order_id join stores s on s.id = o.store_id
           left join staff p on p.id = r.settled_by left join api_keys k on k.id = r.settled_by_key
           where (case when $1 then r.state = 'settled'
                       else r.state in ('wanted', 'abnormal') and (r.state = 'abnormal' or r.refused or r.wanted_at < $2) end)
             and ($3::uuid[] is null or o.store_id = any($3))
             and ($4::uuid is null or o.store_id = $4)
             and ($5::uuid is null or case when $1 then r.id < $5 else r.id > $5 end)
           order by case when $1 then r.id end desc, r.id limit $6"#,
        ask.settled,
        scope.now - LATE_AFTER,
        reach.as_deref(),
        ask.store.map(|store| store.0),
        ask.after.map(|id| id.0),
        most as i64 + 1,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    Ok(Page::cut(rows, most, |row| row.id.to_string()).map(Row::view))
}

/// How many are open, for who may do something about them; 0 for others.
pub async fn waiting(scope: &Scope) -> Result<i64, Fault> {
    let Ok(reach) = scope.reach_filter(Permission::RefundOrders) else { return Ok(0) };
    let mut tx = scope.begin_search().await?;
    sqlx::query_scalar!(
        r#"select count(*) as "open!" from refunds r join orders o on o.id = r.order_id
           where r.state in ('wanted', 'abnormal') and (r.state = 'abnormal' or r.refused or r.wanted_at < $1)
             and ($2::uuid[] is null or o.store_id = any($2))"#,
        scope.now - LATE_AFTER,
        reach.as_deref(),
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()
}

/// What the list reads.
struct Row {
    id: Uuid,
    order_id: Uuid,
    number: String,
    store_name: String,
    amount_fen: i64,
    reason: String,
    out_refund_no: String,
    state: String,
    tries: i32,
    last_answer: String,
    refused: bool,
    wanted_at: DateTime<Utc>,
    answered_at: Option<DateTime<Utc>>,
    settled_at: Option<DateTime<Utc>>,
    settled_reason: Option<String>,
    settled_proof: Option<String>,
    settled_by: String,
    paid_twice: bool,
}

impl Row {
    fn view(self) -> StuckRefund {
        let state = match self.state.as_str() {
            "settled" => StuckState::Settled,
            "abnormal" => StuckState::Abnormal,
            _ if self.refused => StuckState::Refused,
            _ => StuckState::Hanging,
        };
        let settled = self.settled_at.map(|at| Settlement {
            at,
            by: self.settled_by,
            reason: self.settled_reason.unwrap_or_default(),
            proof: self.settled_proof.unwrap_or_default(),
            paid_twice: self.paid_twice,
        });
        StuckRefund {
            id: RefundId(self.id),
            state,
            order_id: OrderId(self.order_id),
            order_number: self.number,
            store_name: self.store_name,
            amount_fen: Fen(self.amount_fen),
            reason: self.reason,
            out_refund_no: self.out_refund_no,
            tries: self.tries,
            last_answer: self.last_answer,
            wanted_at: self.wanted_at,
            answered_at: self.answered_at,
            settled,
        }
    }
}

/// A refund locked within reach.
struct Locked {
    payment: Uuid,
    order: Uuid,
    store: StoreId,
    amount: Fen,
    state: String,
    refused: bool,
    settled_with: Option<(String, String)>,
}

async fn lock(tx: &mut PgConnection, scope: &Scope, id: RefundId) -> Result<Locked, Fault> {
    let reach = scope.reach(Permission::RefundOrders)?;
    let row = sqlx::query!(
        "select r.payment_id, r.order_id, o.store_id, r.amount_fen, r.state, r.refused, r.settled_reason, r.settled_proof
         from refunds r join orders o on o.id = r.order_id where r.id = $1 for update of r",
        id.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?
    .filter(|row| reach.covers(StoreId(row.store_id)))
    .ok_or_else(not_found)?;
    Ok(Locked {
        payment: row.payment_id,
        order: row.order_id,
        store: StoreId(row.store_id),
        amount: Fen(row.amount_fen),
        state: row.state,
        refused: row.refused,
        settled_with: row.settled_reason.zip(row.settled_proof),
    })
}

async fn note(
    tx: &mut PgConnection,
    scope: &Scope,
    (id, refund): (RefundId, &Locked),
    (act, state, reason): (Act, &str, &str),
) -> Result<(), Fault> {
    let change = Change {
        act,
        object: ObjectKind::Order,
        object_id: refund.order,
        store_id: Some(refund.store.0),
        before: json!({ "refund": id, "refund_state": refund.state }),
        after: json!({ "refund": id, "refund_state": state, "amount_fen": refund.amount }),
        reason,
    };
    audit::record(tx, scope, change).await
}

/// Has the gateway asked once more, now and under the same number, so that it cannot pay twice. Doing it twice is doing
/// it once.
///
/// Faults: `Forbidden`; `NotFound` out of reach; `Conflict` (`settled`) where it was paid out in another way.
pub async fn retry(scope: &Scope, id: RefundId) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    let refund = lock(&mut tx, scope, id).await?;
    match refund.state.as_str() {
        "succeeded" => return Ok(()),
        "settled" => return Err(Fault::conflict("settled", "这笔退款已用其他方式退回，不能再让网关退一次")),
        _ => {}
    }
    sqlx::query!("update refunds set state = 'wanted', refused = false where id = $1", id.0)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    jobs::schedule(&mut tx, jobs::Kind::SendRefund, id.0, scope.now).await?;
    jobs::hasten(&mut tx, jobs::Kind::SendRefund, id.0, scope.now).await?;
    note(&mut tx, scope, (id, &refund), (Act::RetryRefund, "wanted", "")).await?;
    tx.commit().await.or_fault()
}

/// Closes a refund that the gateway will not pay out and somebody has paid in another way: the customer's prepayment is
/// gone, and what left instead stands in an account of its own. The same again is the same.
///
/// Faults: `Invalid` beside `reason` or `proof`; `Forbidden`; `NotFound` out of reach; `Conflict` (`refunded`) where the
/// gateway has paid it, (`may_still_come`) while it has not said that it will not, (`settled`) where somebody has settled
/// it with another proof.
pub async fn settle(scope: &Scope, id: RefundId, command: &SettleRefund) -> Result<(), Fault> {
    let (reason, proof) = command.checked()?;
    let mut tx = scope.begin().await?;
    let refund = lock(&mut tx, scope, id).await?;
    if let Some((known_reason, known_proof)) = &refund.settled_with {
        return if (known_reason.as_str(), known_proof.as_str()) == (reason, proof) {
            Ok(())
        } else {
            Err(Fault::conflict("settled", format!("这笔退款已登记为其他方式退回，凭证号 {known_proof}")))
        };
    }
    match (refund.state.as_str(), refund.refused) {
        ("abnormal", _) | ("wanted", true) => {}
        ("succeeded", _) => return Err(Fault::conflict("refunded", "网关已经退回，不能再登记为其他方式")),
        _ => {
            let message = "网关还没有明确拒绝，可能随时到账；请等它答复，或先「立即重试」";
            return Err(Fault::conflict("may_still_come", message));
        }
    }
    let Actor { staff, key, .. } = scope.actor();
    sqlx::query!(
        "update refunds set state = 'settled', settled_at = $2, settled_by = $3, settled_by_key = $4, settled_reason = $5,
                settled_proof = $6 where id = $1",
        id.0,
        scope.now,
        staff,
        key,
        reason,
        proof,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let cause = Cause::Refund { payment: refund.payment, refund: id.0 };
    let between = (PREPAID, OTHER_MEANS);
    let transfer = Transfer { between, amount: refund.amount, order: refund.order, cause };
    ledger::book(&mut tx, scope, &[transfer]).await?;
    jobs::unschedule(&mut tx, [(jobs::Kind::SendRefund, id.0)]).await?;
    let told = format!("{reason}（凭证号 {proof}）");
    note(&mut tx, scope, (id, &refund), (Act::SettleRefund, "settled", &told)).await?;
    faults::commit(tx, scope, Deed::SettleRefund).await
}
