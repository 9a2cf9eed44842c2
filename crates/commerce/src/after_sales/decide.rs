//! Deciding: the store that sold, the shopper's appeal, head office; and what runs out of time.

use domain::{
    AfterSalesId, Fault, Fen,
    after_sales::{AfterSalesAct, AfterSalesState, DecideAfterSales},
    approvals::checked_reason,
    staff::Permission,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{APPEAL_WITHIN, Request, advance, codes, lock, money, not_found, settle};
use crate::{
    Scope,
    database::OrFault,
    faults::{self, Deed},
};

/// Agrees to a request, or turns it down, as the store that sold. Where no goods are to come the money goes back in
/// the same transaction; otherwise the shopper gets a code. What of the way goes back with it is said here. The same
/// decision again is the same decision.
///
/// Faults: `Invalid` beside `note`, or `freight_fen` for more than is left of it; `Conflict` (`nothing_left`) where all that
/// was paid has gone back beside pieces meanwhile; `NotFound` out of reach; `Conflict` (`not_now`), (`upheld`) where a store turns down
/// what head office has agreed to.
pub async fn decide(scope: &Scope, id: AfterSalesId, decision: DecideAfterSales) -> Result<(), Fault> {
    let act = if decision.agree { AfterSalesAct::Agree } else { AfterSalesAct::Refuse };
    judge(scope, id, &decision, act, Permission::DecideReturns).await
}

/// Decides for good where the shopper did not take the store's refusal, or the store did not answer.
///
/// Faults: as of [`decide`]; `Conflict` (`own_decision`) for whoever turned it down themselves.
pub async fn arbitrate(scope: &Scope, id: AfterSalesId, decision: DecideAfterSales) -> Result<(), Fault> {
    let act = if decision.agree { AfterSalesAct::Uphold } else { AfterSalesAct::Dismiss };
    judge(scope, id, &decision, act, Permission::ArbitrateReturns).await
}

async fn judge(
    scope: &Scope,
    id: AfterSalesId,
    decision: &DecideAfterSales,
    act: AfterSalesAct,
    permission: Permission,
) -> Result<(), Fault> {
    let note = decision.checked_note()?;
    let reach = scope.reach_filter(permission)?;
    let code = codes::draw(scope).await?;
    let mut tx = scope.begin().await?;
    let mut request = lock(&mut tx, id).await?;
    if reach.is_some_and(|stores| !stores.contains(&request.store.0)) {
        return Err(not_found());
    }
    let last = last_decision(&mut tx, id).await?;
    if last.as_ref().is_some_and(|(last, _)| *last == act) {
        return Ok(());
    }
    let held = last.as_ref().is_some_and(|(last, _)| *last == AfterSalesAct::Uphold);
    if held && act == AfterSalesAct::Refuse {
        return Err(upheld());
    }
    let me = scope.actor().staff;
    if permission == Permission::ArbitrateReturns && me.is_some() && last.is_some_and(|(_, by)| by == me) {
        return Err(Fault::conflict("own_decision", "这张售后单是您拒绝的，要由别人仲裁"));
    }
    let note = match decision.agree {
        true => told(note, money::fit(&mut tx, &mut request, decision.freight_fen).await?, request.refund),
        false => note.to_owned(),
    };
    advance(&mut tx, scope, &mut request, act, &note).await?;
    if request.state == AfterSalesState::Agreed {
        if request.kind.brings_goods() {
            give_code(&mut tx, &request, &code).await?;
        } else {
            settle(&mut tx, scope, &mut request).await?;
        }
    }
    faults::commit(tx, scope, Deed::DecideReturn).await
}

pub(super) fn upheld() -> Fault {
    Fault::conflict("upheld", "总部已支持这张售后单，门店不能再拒绝；有异议请联系总部")
}

/// What the shopper reads of an agreement that gives less back than they had asked for.
fn told(note: &str, less: Fen, refund: Fen) -> String {
    if less == Fen::ZERO {
        return note.to_owned();
    }
    let why = format!("这笔订单已有其他退款，这次退 {refund}");
    if note.is_empty() { why } else { format!("{note}（{why}）") }
}

/// The last decision on a request, and by whom.
pub(super) async fn last_decision(
    tx: &mut PgConnection,
    id: AfterSalesId,
) -> Result<Option<(AfterSalesAct, Option<Uuid>)>, Fault> {
    let found = sqlx::query!(
        "select act, staff_id from after_sales_steps
         where after_sales_id = $1 and act in ('agree', 'refuse', 'turn_away', 'uphold', 'dismiss') order by step desc limit 1",
        id.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    Ok(found.and_then(|row| Some((AfterSalesAct::from_code(&row.act)?, row.staff_id))))
}

async fn give_code(tx: &mut PgConnection, request: &Request, code: &str) -> Result<(), Fault> {
    sqlx::query!("update after_sales set code = coalesce(code, $2) where id = $1", request.id.0, code)
        .execute(tx)
        .await
        .or_fault()?;
    Ok(())
}

/// Locks a request of the member who asks.
pub(super) async fn lock_own(tx: &mut PgConnection, scope: &Scope, id: AfterSalesId) -> Result<Request, Fault> {
    let own = scope.own_filter()?;
    let request = lock(tx, id).await?;
    if own.is_some_and(|member| member != request.member) { Err(not_found()) } else { Ok(request) }
}

/// Takes the store's refusal to head office. Doing it twice is doing it once.
///
/// Faults: `Invalid` beside `note`; `NotFound` for another's; `Conflict` (`not_now`), (`appeal_over`) after seven days.
pub async fn appeal(scope: &Scope, id: AfterSalesId, note: &str) -> Result<(), Fault> {
    let note = checked_reason("note", note, "请写明理由（200 字以内），总部会看到")?;
    let mut tx = scope.begin().await?;
    let mut request = lock_own(&mut tx, scope, id).await?;
    if request.state == AfterSalesState::Appealed {
        return Ok(());
    }
    let refused_at = sqlx::query_scalar!(
        "select max(at) from after_sales_steps where after_sales_id = $1 and act in ('refuse', 'turn_away')",
        id.0,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()?;
    if request.state == AfterSalesState::Refused && refused_at.is_some_and(|at| at + APPEAL_WITHIN <= scope.now) {
        return Err(Fault::conflict("appeal_over", "拒绝后 7 天内可以申请仲裁，现在已过期"));
    }
    advance(&mut tx, scope, &mut request, AfterSalesAct::Appeal, "").await?;
    sqlx::query!("update after_sales set appeal = $2 where id = $1", id.0, note).execute(&mut *tx).await.or_fault()?;
    tx.commit().await.or_fault()
}

/// Takes one's own request back, while nothing came of it; its pieces can be asked for again. Doing it twice is doing
/// it once.
///
/// Faults: `NotFound` for another's; `Conflict` (`not_now`), (`posted`) while its goods are on their way.
pub async fn withdraw(scope: &Scope, id: AfterSalesId) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    let mut request = lock_own(&mut tx, scope, id).await?;
    if request.state == AfterSalesState::Withdrawn {
        return Ok(());
    }
    if request.posted && may_be_under_way(request.state) {
        return Err(Fault::conflict("posted", "商品已寄回，等门店收货，不能再撤销申请；没有寄出的请联系门店"));
    }
    advance(&mut tx, scope, &mut request, AfterSalesAct::Withdraw, "").await?;
    tx.commit().await.or_fault()
}

/// Whether goods that were sent may not have been seen by the store yet.
pub(super) fn may_be_under_way(state: AfterSalesState) -> bool {
    matches!(state, AfterSalesState::Agreed | AfterSalesState::Appealed)
}

/// The time of a request is over: what the store did not decide, or did not say to have come by post, goes to head office;
/// what was neither brought nor sent expires.
pub(crate) async fn due(scope: &Scope, id: AfterSalesId) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    let mut request = lock(&mut tx, id).await?;
    if request.due_at.is_none_or(|at| at > scope.now) {
        return Ok(());
    }
    let act = match request.state {
        AfterSalesState::Requested => AfterSalesAct::Escalate,
        AfterSalesState::Agreed if request.posted => AfterSalesAct::Escalate,
        AfterSalesState::Agreed => AfterSalesAct::Expire,
        _ => return Ok(()),
    };
    advance(&mut tx, scope, &mut request, act, "").await?;
    tx.commit().await.or_fault()
}
