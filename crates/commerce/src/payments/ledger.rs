//! Transfers between accounts. Each takes from one what it gives to another.

use domain::{Fault, Fen};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Scope, database::OrFault, house::new_id, orders::Ordered};

/// Money on its way from the gateway to us.
pub(super) const GATEWAY: &str = "gateway:wechat_pay";
/// What customers have paid for goods they do not have yet.
pub(super) const PREPAID: &str = "customers:prepaid";

/// Why money moves between accounts.
pub(super) enum Cause {
    Pay { payment: Uuid },
    Refund { payment: Uuid, refund: Uuid },
    Fulfil,
}

/// Books a transfer.
pub(super) async fn book(
    tx: &mut PgConnection,
    scope: &Scope,
    (debit, credit): (&str, &str),
    amount: Fen,
    order: Uuid,
    cause: Cause,
) -> Result<(), Fault> {
    let (word, payment, refund) = match cause {
        Cause::Pay { payment } => ("pay", Some(payment), None),
        Cause::Refund { payment, refund } => ("refund", Some(payment), Some(refund)),
        Cause::Fulfil => ("fulfil", None, None),
    };
    sqlx::query!(
        "insert into transfers (id, debit, credit, amount_fen, cause, order_id, payment_id, refund_id, occurred_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        new_id(),
        debit,
        credit,
        amount.0,
        word,
        order,
        payment,
        refund,
        scope.now,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// The goods are handed over: what the customer had paid ahead is now the store's revenue.
pub(crate) async fn fulfilled(tx: &mut PgConnection, scope: &Scope, order: &Ordered) -> Result<(), Fault> {
    let revenue = format!("revenue:{}", order.store_id);
    sqlx::query!(
        "insert into accounts (code, name) select $1, '门店收入 ' || name from stores where id = $2 on conflict do nothing",
        revenue,
        order.store_id.0,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    book(tx, scope, (PREPAID, &revenue), order.total_fen, order.id.0, Cause::Fulfil).await
}
