//! Money of a part of an order that goes back. Of what was handed over the store that sold gives the revenue back; of
//! what never left there is none yet.

use domain::{AfterSalesId, Fault, Fen, OrderId, StoreId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    ledger::{self, Cause, PREPAID, Transfer},
    refunds,
};
use crate::{Scope, database::OrFault};

/// What goes back, and for what.
pub(crate) struct GiveBack<'a> {
    pub after_sales: AfterSalesId,
    pub order: OrderId,
    /// The store that sold.
    pub store: StoreId,
    pub amount: Fen,
    pub reason: &'a str,
}

/// Gives back a part of what was paid for an order that was handed over.
///
/// Faults: `Conflict` (`refund_above_paid`) where more would go back than came in: the last guard, since what can be
/// asked for is bounded before.
pub(crate) async fn give_back(tx: &mut PgConnection, scope: &Scope, back: GiveBack<'_>) -> Result<(), Fault> {
    let GiveBack { after_sales, order, store, amount, reason } = back;
    let payment = part_of(tx, order, amount).await?;
    let (revenue, cause) = (ledger::revenue_of(store), Cause::Return { after_sales: after_sales.0 });
    let between = (revenue.as_str(), PREPAID);
    ledger::book(tx, scope, &[Transfer { between, amount, order: order.0, cause }]).await?;
    let want = refunds::Wanted { payment, order, amount, reason, after_sales: Some(after_sales) };
    refunds::want_for(tx, scope, want).await.map(drop)
}

/// Gives back what was paid for pieces of a locked order that never leave; answers the refund, where they cost
/// anything. What is left becomes the store's revenue once the shopper has the others.
///
/// Faults: as of [`give_back`].
pub(crate) async fn give_back_unsent(
    tx: &mut PgConnection,
    scope: &Scope,
    order: OrderId,
    amount: Fen,
    reason: &str,
) -> Result<Option<Uuid>, Fault> {
    if amount == Fen::ZERO {
        return Ok(None);
    }
    let payment = part_of(tx, order, amount).await?;
    let want = refunds::Wanted { payment, order, amount, reason, after_sales: None };
    refunds::want_for(tx, scope, want).await.map(Some)
}

/// Locks the payment that was kept for an order, of which so much more is to go back.
///
/// Faults: `Conflict` (`refund_above_paid`).
async fn part_of(tx: &mut PgConnection, order: OrderId, amount: Fen) -> Result<Uuid, Fault> {
    let share = sqlx::query!(
        r#"select p.id, s.amount_fen as "amount_fen!" from payment_shares s join payments p on p.id = s.payment_id
           where s.order_id = $1 and s.state = 'kept' for update of p"#,
        order.0,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .ok_or_else(|| Fault::Internal("an order that was sent has no payment".into()))?;
    let gone = sqlx::query_scalar!(
        r#"select coalesce(sum(amount_fen), 0)::bigint as "gone!" from refunds where payment_id = $1 and order_id = $2"#,
        share.id,
        order.0,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()?;
    if gone.checked_add(amount.0).is_none_or(|sum| sum > share.amount_fen) {
        return Err(Fault::conflict("refund_above_paid", "退款合计会超过实付金额，请联系总部处理"));
    }
    Ok(share.id)
}
