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
use partners::wechat_pay::{Failure, Refund};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    ledger::{self, Cause, OTHER_MEANS, PREPAID, Transfer},
    refunds::{self, UNDER_WAY_AT_MOST},
};
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

/// Who is asked, for a person.
const GATEWAY: &str = "支付通道";

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
    number: String,
    state: String,
    refused: bool,
    sending_at: Option<DateTime<Utc>>,
    settled_with: Option<(String, String)>,
}

async fn lock(tx: &mut PgConnection, scope: &Scope, id: RefundId) -> Result<Locked, Fault> {
    let reach = scope.reach(Permission::RefundOrders)?;
    let row = sqlx::query!(
        "select r.payment_id, r.order_id, o.store_id, r.amount_fen, r.out_refund_no, r.state, r.refused, r.sending_at,
                r.settled_reason, r.settled_proof
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
        number: row.out_refund_no,
        state: row.state,
        refused: row.refused,
        sending_at: row.sending_at,
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
    sqlx::query!("update refunds set state = 'wanted', refused = false, retried = true where id = $1", id.0)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    jobs::schedule_by(&mut tx, jobs::Kind::SendRefund, id.0, scope.now).await?;
    note(&mut tx, scope, (id, &refund), (Act::RetryRefund, "wanted", "")).await?;
    faults::commit(tx, scope, Deed::RetryRefund).await
}

/// Closes a refund that the gateway will not pay out and somebody has paid in another way: the customer's prepayment is
/// gone, and what left instead stands in an account of its own. The gateway is asked once more before, as what it said
/// may be old. The same again is the same.
///
/// Faults: `Invalid` beside `reason` or `proof`; `Forbidden`; `NotFound` out of reach; `Conflict` (`refunded`) where the
/// gateway has paid it, (`may_still_come`) while it has not said that it will not, is at it, or is being asked to pay,
/// (`settled`) where somebody has settled it with another proof; `Upstream` where the gateway does not answer.
pub async fn settle(scope: &Scope, id: RefundId, command: &SettleRefund) -> Result<(), Fault> {
    let said = command.checked()?;
    let mut tx = scope.begin().await?;
    let seen = lock(&mut tx, scope, id).await?;
    if seen.is_settled_with(said)? {
        return Ok(());
    }
    seen.must_be_given_up(scope.now)?;
    // Nothing stays locked while somebody outside is asked.
    drop(tx);
    let told = ask(scope, &seen.number).await?;
    let mut tx = scope.begin().await?;
    let mut refund = lock(&mut tx, scope, id).await?;
    if refund.is_settled_with(said)? {
        return Ok(());
    }
    if refund.sending_at.is_some() && refund.sending_at != seen.sending_at {
        // What the gateway said just now is older than that.
        return Err(may_still_come());
    }
    if let Some(told) = &told {
        let outcome = refunds::heard(&mut tx, scope, told).await?;
        if outcome.starts_with("mismatch") {
            return Err(Fault::Upstream { who: GATEWAY, hidden: format!("the refund {}: {outcome}", seen.number) });
        }
        refund = lock(&mut tx, scope, id).await?;
    }
    if let Err(not_so) = refund.must_be_given_up(scope.now) {
        if refund.state == "wanted" {
            // Its job may have ended when the gateway said no.
            jobs::schedule(&mut tx, jobs::Kind::SendRefund, id.0, scope.now + LATE_AFTER).await?;
        }
        // What the gateway told is so, whatever was wanted here.
        tx.commit().await.or_fault()?;
        return Err(not_so);
    }
    close(&mut tx, scope, (id, &refund), said).await?;
    faults::commit(tx, scope, Deed::SettleRefund).await
}

fn may_still_come() -> Fault {
    let message = "网关还没有明确拒绝，可能随时到账；请等它答复，或先「立即重试」";
    Fault::conflict("may_still_come", message)
}

impl Locked {
    /// Whether somebody has settled it just so.
    ///
    /// Faults: `Conflict` (`settled`) where it was with another proof.
    fn is_settled_with(&self, said: (&str, &str)) -> Result<bool, Fault> {
        match &self.settled_with {
            None => Ok(false),
            Some((reason, proof)) if (reason.as_str(), proof.as_str()) == said => Ok(true),
            Some((_, proof)) => {
                Err(Fault::conflict("settled", format!("这笔退款已登记为其他方式退回，凭证号 {proof}")))
            }
        }
    }

    /// Faults: `Conflict` (`refunded`, `may_still_come`) unless the gateway has said no, and nobody asks it again.
    fn must_be_given_up(&self, now: DateTime<Utc>) -> Result<(), Fault> {
        let asked_now = self.sending_at.is_some_and(|at| at > now - UNDER_WAY_AT_MOST);
        match (self.state.as_str(), self.refused) {
            ("succeeded", _) => Err(Fault::conflict("refunded", "网关已经退回，不能再登记为其他方式")),
            ("abnormal", _) | ("wanted", true) if !asked_now => Ok(()),
            _ => Err(may_still_come()),
        }
    }
}

/// What the gateway says of a refund; nothing where it has never heard of it.
///
/// Faults: `Upstream` where it does not answer, or cannot be believed.
async fn ask(scope: &Scope, number: &str) -> Result<Option<Refund>, Fault> {
    let out = |hidden: String| Fault::Upstream { who: GATEWAY, hidden };
    let gateway = scope.house.wechat_pay().ok_or_else(|| out("no gateway is configured".into()))?;
    match gateway.query_refund(number).await {
        Ok(refund) => Ok(Some(refund)),
        Err(Failure::Refused { status: 404, code, .. }) if code == "RESOURCE_NOT_EXISTS" => Ok(None),
        Err(failure) => Err(out(failure.to_string())),
    }
}

/// Writes that a locked refund was paid in another way, and books it.
async fn close(
    tx: &mut PgConnection,
    scope: &Scope,
    (id, refund): (RefundId, &Locked),
    (reason, proof): (&str, &str),
) -> Result<(), Fault> {
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
    ledger::book(tx, scope, &[transfer]).await?;
    jobs::unschedule(tx, [(jobs::Kind::SendRefund, id.0)]).await?;
    let told = format!("{reason}（凭证号 {proof}）");
    note(tx, scope, (id, refund), (Act::SettleRefund, "settled", &told)).await
}
