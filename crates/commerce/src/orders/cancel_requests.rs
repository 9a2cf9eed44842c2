//! A shopper asks their store to call an order off that they cannot call off by themselves any more (D3). The order
//! keeps its state, and the request stands beside it until the store answers, the shopper takes it back, or the order is
//! handed over, leaves or is called off in another way (a trigger on orders ends it then, whoever takes that step).
//!
//! Everything happens under the order's lock, so of an answer and a handing over at the same moment one finds the other.

use domain::{
    CancelRequestId, Fault, OrderId,
    audit::{Act, ObjectKind},
    cancelling::{
        AnswerCancel, AskCancel, CancelReason, CancelRequest, CancelRequestState, CancelRule, Cancelling, has_room,
    },
    order_centre::is_in_hand,
    orders::{OrderAct, OrderState},
    staff::Permission,
};
use serde_json::json;
use sqlx::PgConnection;

use super::{
    cancel_rules, centre,
    steps::{self, Ordered},
};
use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    scope::Actor,
};

/// What a shopper reads of an order that was called off because they asked.
const AGREED: &str = "门店同意取消申请";

/// Asks the store to call one's own order off. The same request again is the same request.
///
/// Faults: `Invalid` beside `note`; `NotFound` for an order that is not theirs; `Conflict` (`not_now`) where it has left
/// or is over, (`cancel_yourself`) where they can call it off by themselves, (`may_not_ask`) where the rule lets nobody
/// ask, (`asked_already`) while another request is open, (`asked_enough`), (`key_reused`).
pub async fn ask_cancel(scope: &Scope, id: OrderId, command: &AskCancel) -> Result<(), Fault> {
    command.check()?;
    let mut tx = scope.begin().await?;
    let order = steps::lock_own(&mut tx, scope, id).await?;
    let note = command.note.trim();
    let before = of(&mut tx, id).await?;
    if let Some(known) = before.iter().find(|one| one.id == command.id) {
        let same = known.reason == command.reason && known.note == note;
        return if same { Ok(()) } else { Err(key_reused()) };
    }
    if !is_in_hand(order.state) {
        return Err(gone(&order));
    }
    let (rule, paid_at) = cancel_rules::rule_of(&mut tx, id).await?;
    if rule.allows(order.state, paid_at, scope.now) {
        return Err(Fault::conflict("cancel_yourself", "这个订单现在可以直接取消，不用申请"));
    }
    if !rule.may_ask {
        return Err(Fault::conflict("may_not_ask", "门店已经接单，这个订单不能再取消；有问题请联系门店"));
    }
    if before.iter().any(|one| one.state == CancelRequestState::Open) {
        return Err(Fault::conflict("asked_already", "已经申请过取消，请等门店答复"));
    }
    if !has_room(before.iter().map(|one| one.state)) {
        return Err(Fault::conflict("asked_enough", "门店已经两次没有同意，不能再申请取消；有问题请联系门店"));
    }
    let written = sqlx::query!(
        "insert into cancel_requests (id, order_id, reason, note, state, asked_at) values ($1, $2, $3, $4, 'open', $5)
         on conflict (id) do nothing",
        command.id.0,
        id.0,
        command.reason.code(),
        note,
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if written.rows_affected() == 0 {
        return Err(key_reused());
    }
    sqlx::query!("update orders set cancel_asked_at = $2 where id = $1", id.0, scope.now)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    tell_pages(&mut tx, &order).await?;
    tx.commit().await.or_fault()
}

fn key_reused() -> Fault {
    Fault::conflict("key_reused", "这个页面已经提交过另一次取消申请，请刷新后再试")
}

fn gone(order: &Ordered) -> Fault {
    let message = match order.state {
        OrderState::Completed | OrderState::Dispatched => {
            format!("订单{}，不能再取消；商品有问题可以申请售后", order.state.label_of(order.fulfilment))
        }
        state => format!("订单{}，不用申请取消", state.label_of(order.fulfilment)),
    };
    Fault::conflict("not_now", message)
}

/// Takes one's own open request back. Doing it twice is doing it once.
///
/// Faults: `NotFound` for an order that is not theirs; `Conflict` (`not_now`) where the store has answered or the request
/// is over.
pub async fn withdraw_cancel(scope: &Scope, id: OrderId) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    let order = steps::lock_own(&mut tx, scope, id).await?;
    let Some(last) = of(&mut tx, id).await?.pop() else { return Err(Fault::NotFound("这个订单的取消申请")) };
    match last.state {
        CancelRequestState::Withdrawn => return Ok(()),
        CancelRequestState::Open => {}
        _ => return Err(over(&last)),
    }
    end(&mut tx, scope, &order, last.id, CancelRequestState::Withdrawn, "").await?;
    tx.commit().await.or_fault()
}

fn over(request: &CancelRequest) -> Fault {
    Fault::conflict("not_now", format!("这次取消申请已经结束（{}）", request.state.label()))
}

/// Answers a request as the store: the order is called off, its pieces are free and all that was paid goes back, or it
/// goes on. The same answer again is the same answer.
///
/// Faults: `Invalid` beside `note`; `NotFound` out of reach; `Conflict` (`not_now`) where the request is over, or was
/// answered otherwise.
pub async fn answer_cancel(scope: &Scope, id: OrderId, answer: &AnswerCancel) -> Result<(), Fault> {
    let note = answer.checked_note()?;
    let state = if answer.agree { CancelRequestState::Agreed } else { CancelRequestState::Refused };
    let mut tx = scope.begin().await?;
    let order = steps::lock_within(&mut tx, scope, id, Permission::RejectOrders).await?;
    let requests = of(&mut tx, id).await?;
    let request = requests.iter().find(|one| one.id == answer.request_id);
    let request = request.ok_or(Fault::NotFound("这次取消申请"))?;
    if request.state == state {
        return Ok(());
    }
    if request.state != CancelRequestState::Open {
        return Err(over(request));
    }
    end(&mut tx, scope, &order, request.id, state, note).await?;
    let change = Change {
        act: if answer.agree { Act::AgreeCancel } else { Act::RefuseCancel },
        object: ObjectKind::Order,
        object_id: id.0,
        store_id: Some(order.store_id.0),
        before: json!(null),
        after: json!({ "request": request.id }),
        reason: note,
    };
    audit::record(&mut tx, scope, change).await?;
    if !answer.agree {
        return tx.commit().await.or_fault();
    }
    let reason = if note.is_empty() { AGREED.to_owned() } else { format!("{AGREED}：{note}") };
    centre::call_off_locked(&mut tx, scope, &order, &reason).await?;
    steps::commit(tx, scope, OrderAct::CallOff).await
}

/// Ends an open request of a locked order.
async fn end(
    tx: &mut PgConnection,
    scope: &Scope,
    order: &Ordered,
    request: CancelRequestId,
    state: CancelRequestState,
    answer: &str,
) -> Result<(), Fault> {
    let Actor { staff, key, .. } = scope.actor();
    sqlx::query!(
        "update cancel_requests set state = $2, ended_at = greatest(asked_at, $3), answer = $4, staff_id = $5, api_key_id = $6
         where id = $1 and state = 'open'",
        request.0,
        state.code(),
        scope.now,
        answer,
        staff,
        key,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    // What it is late for otherwise, the next look says.
    sqlx::query!(
        "update orders set cancel_asked_at = null, late = nullif(late, 'cancel_unanswered') where id = $1",
        order.id.0,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    tell_pages(tx, order).await
}

/// Open pages of the shopper and of the store look again.
async fn tell_pages(tx: &mut PgConnection, order: &Ordered) -> Result<(), Fault> {
    sqlx::query!(
        "insert into outbox (topic, store_id, order_id) values ('order', $1, $2)",
        order.store_id.0,
        order.id.0,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// What was asked of an order, oldest first.
async fn of(tx: &mut PgConnection, order: OrderId) -> Result<Vec<CancelRequest>, Fault> {
    let rows = sqlx::query!(
        "select id, state, reason, note, asked_at, ended_at, answer from cancel_requests where order_id = $1
         order by asked_at, id",
        order.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let request = |row_state: &str, reason: &str| {
        Some((CancelRequestState::from_code(row_state)?, CancelReason::from_code(reason)?))
    };
    rows.into_iter()
        .map(|row| {
            let unread = || Fault::Internal(format!("cancel request {} {}", row.state, row.reason));
            let (state, reason) = request(&row.state, &row.reason).ok_or_else(unread)?;
            Ok(CancelRequest {
                id: CancelRequestId(row.id),
                state,
                reason,
                note: row.note,
                asked_at: row.asked_at,
                ended_at: row.ended_at,
                answer: row.answer,
            })
        })
        .collect()
}

/// How an order's shopper can call it off, and what they have asked for.
pub(super) async fn cancelling(
    tx: &mut PgConnection,
    scope: &Scope,
    id: OrderId,
    state: OrderState,
) -> Result<Cancelling, Fault> {
    let (rule, paid_at) =
        if CancelRule::decides(state) { cancel_rules::rule_of(tx, id).await? } else { (CancelRule::default(), None) };
    let requests = of(tx, id).await?;
    let open = requests.iter().any(|one| one.state == CancelRequestState::Open);
    let may_ask =
        rule.may_be_asked(state, paid_at, scope.now) && !open && has_room(requests.iter().map(|one| one.state));
    Ok(Cancelling {
        by_self: rule.allows(state, paid_at, scope.now),
        // What the store has not taken on can be called off at any time.
        until: rule.ends(paid_at).filter(|end| CancelRule::decides(state) && *end > scope.now),
        may_ask,
        requests,
    })
}
