//! Head office's order centre (D8): orders of every store within reach are called off and written about.

use domain::{
    Fault, OrderId,
    audit::{Act, ObjectKind},
    order_centre::{Annotate, CallOff, CallOffAll, CalledOff, OrderNote, TOGETHER_MOST, checked_reason},
    orders::{OrderAct, OrderState},
    staff::Permission,
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::steps::{self, Ordered};
use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    payments,
    scope::Actor,
    stock::{self, Turn},
};

/// Calls an order off that its shopper has not got yet; what was paid goes back. Doing it twice is doing it once.
///
/// Faults: `Invalid` beside `reason`; `NotFound` out of reach; `Conflict` (`not_now`).
pub async fn call_off(scope: &Scope, id: OrderId, command: &CallOff) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    if !call_off_in(&mut tx, scope, id, command).await? {
        return Ok(());
    }
    steps::commit(tx, scope, OrderAct::CallOff).await
}

/// [`call_off`], for the caller to commit; `false` where it is so already.
pub(super) async fn call_off_in(
    tx: &mut PgConnection,
    scope: &Scope,
    id: OrderId,
    command: &CallOff,
) -> Result<bool, Fault> {
    let reason = checked_reason(&command.reason)?;
    let order = steps::lock_within(tx, scope, id, Permission::ManageOrders).await?;
    if order.state == OrderState::Cancelled {
        return Ok(false);
    }
    call_off_locked(tx, scope, &order, reason).await.map(|()| true)
}

/// Calls a locked order off: its pieces are free, and what was paid goes back.
pub(super) async fn call_off_locked(
    tx: &mut PgConnection,
    scope: &Scope,
    order: &Ordered,
    reason: &str,
) -> Result<(), Fault> {
    steps::advance(tx, scope, order, OrderAct::CallOff, reason).await?;
    stock::turn(tx, scope, &[order.id], Turn::Release).await?;
    payments::close_open(tx, scope, order.id).await?;
    payments::want_refund(tx, scope, order.id, reason).await
}

/// Calls several orders off, each by itself; answers which were left as they are, and why.
///
/// Faults: `Invalid` beside `reason` or `orders`; `Forbidden`; `NotFound` where none of them is within reach.
pub async fn call_off_all(scope: &Scope, command: &CallOffAll) -> Result<Vec<CalledOff>, Fault> {
    let reason = checked_reason(&command.reason)?;
    if command.orders.is_empty() || command.orders.len() > TOGETHER_MOST {
        return Err(Fault::invalid("orders", format!("请勾选 1 到 {TOGETHER_MOST} 笔订单")));
    }
    scope.reach(Permission::ManageOrders)?;
    let one = CallOff { reason: reason.to_owned() };
    let mut answers = Vec::with_capacity(command.orders.len());
    let mut found = false;
    for &order_id in &command.orders {
        let called_off = call_off(scope, order_id, &one).await;
        found |= !matches!(called_off, Err(Fault::NotFound(_)));
        answers.push(CalledOff { order_id, problem: called_off.err().map(|fault| fault.message()) });
    }
    if found { Ok(answers) } else { Err(Fault::NotFound("这些订单")) }
}

/// Writes a note about an order, which shoppers do not see.
///
/// Faults: `Invalid` beside `text`; `NotFound` out of reach; `Conflict` (`key_reused`).
pub async fn annotate(scope: &Scope, id: OrderId, note: &Annotate) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    annotate_in(&mut tx, scope, id, note).await?;
    tx.commit().await.or_fault()
}

/// [`annotate`], for the caller to commit.
pub(super) async fn annotate_in(
    tx: &mut PgConnection,
    scope: &Scope,
    id: OrderId,
    note: &Annotate,
) -> Result<(), Fault> {
    let text = note.checked()?;
    let order = steps::lock_within(tx, scope, id, Permission::ManageOrders).await?;
    let Actor { staff, key, .. } = scope.actor();
    let written = sqlx::query!(
        "insert into order_notes (id, order_id, text, at, staff_id, api_key_id) values ($1, $2, $3, $4, $5, $6)
         on conflict (id) do nothing",
        note.id,
        id.0,
        text,
        scope.now,
        staff,
        key,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if written.rows_affected() == 0 {
        return must_be_the_same(tx, id, note.id, text).await;
    }
    let change = Change {
        act: Act::AnnotateOrder,
        object: ObjectKind::Order,
        object_id: id.0,
        store_id: Some(order.store_id.0),
        before: json!(null),
        after: json!({ "note": note.id }),
        reason: "",
    };
    audit::record(tx, scope, change).await
}

async fn must_be_the_same(tx: &mut PgConnection, order: OrderId, id: Uuid, text: &str) -> Result<(), Fault> {
    let same = sqlx::query_scalar!(
        r#"select exists (select from order_notes where id = $1 and order_id = $2 and text = $3) as "same!""#,
        id,
        order.0,
        text,
    )
    .fetch_one(tx)
    .await
    .or_fault()?;
    if same {
        Ok(())
    } else {
        Err(Fault::conflict("key_reused", "这个页面已经提交过另一条备注，请刷新后再试"))
    }
}

/// The notes about an order within reach, the newest first.
///
/// Faults: `NotFound` out of reach; `Forbidden`.
pub async fn notes(scope: &Scope, id: OrderId) -> Result<Vec<OrderNote>, Fault> {
    let reach = scope.reach_filter(Permission::ReadOrders)?;
    let mut tx = scope.begin().await?;
    let seen = sqlx::query_scalar!(
        r#"select exists (select from orders where id = $1 and ($2::uuid[] is null or store_id = any($2))) as "seen!""#,
        id.0,
        reach.as_deref(),
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()?;
    if !seen {
        return Err(Fault::NotFound("这个订单"));
    }
    sqlx::query_as!(
        OrderNote,
        r#"select n.text, n.at, coalesce(p.name, k.name, '系统') as "by!"
           from order_notes n left join staff p on p.id = n.staff_id left join api_keys k on k.id = n.api_key_id
           where n.order_id = $1 order by n.at desc, n.id desc"#,
        id.0,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()
}
