//! Transfers between accounts. Each takes from one what it gives to another.

use domain::{Fault, Fen, StoreId, fulfilment::Fulfilment};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Scope, database::OrFault, house::new_id, orders::Ordered};

/// Money on its way from the gateway to us.
pub(super) const GATEWAY: &str = "gateway:wechat_pay";
/// What customers have paid for goods they do not have yet.
pub(super) const PREPAID: &str = "customers:prepaid";

/// What was paid back without the gateway.
pub(super) const OTHER_MEANS: &str = "settled:other_means";
/// What customers have got back twice.
pub(super) const PAID_TWICE: &str = "customers:paid_twice";

/// Why money moves between accounts.
pub(super) enum Cause {
    Pay {
        payment: Uuid,
    },
    Refund {
        payment: Uuid,
        refund: Uuid,
    },
    Fulfil,
    /// Goods that were handed over go back, or their money does.
    Return {
        after_sales: Uuid,
    },
}

impl Cause {
    fn word(&self) -> &'static str {
        match self {
            Self::Pay { .. } => "pay",
            Self::Refund { .. } => "refund",
            Self::Fulfil => "fulfil",
            Self::Return { .. } => "return",
        }
    }

    /// The payment and the refund it is of.
    fn of(&self) -> (Option<Uuid>, Option<Uuid>) {
        match *self {
            Self::Pay { payment } => (Some(payment), None),
            Self::Refund { payment, refund } => (Some(payment), Some(refund)),
            Self::Fulfil | Self::Return { .. } => (None, None),
        }
    }

    /// The request it is of.
    fn after_sales(&self) -> Option<Uuid> {
        match *self {
            Self::Return { after_sales } => Some(after_sales),
            Self::Pay { .. } | Self::Refund { .. } | Self::Fulfil => None,
        }
    }
}

/// The account of what a store has earned.
pub(super) fn revenue_of(store: StoreId) -> String {
    format!("revenue:{store}")
}

/// What one account gives to another.
pub(super) struct Transfer<'a> {
    /// From which to which.
    pub between: (&'a str, &'a str),
    pub amount: Fen,
    pub order: Uuid,
    pub cause: Cause,
}

/// Books transfers.
pub(super) async fn book(tx: &mut PgConnection, scope: &Scope, transfers: &[Transfer<'_>]) -> Result<(), Fault> {
    let texts = |of: fn(&Transfer<'_>) -> String| transfers.iter().map(of).collect::<Vec<String>>();
    let ids: Vec<Uuid> = transfers.iter().map(|_| new_id()).collect();
    let amounts: Vec<i64> = transfers.iter().map(|transfer| transfer.amount.0).collect();
    let orders: Vec<Uuid> = transfers.iter().map(|transfer| transfer.order).collect();
    let (payments, refunds): (Vec<_>, Vec<_>) = transfers.iter().map(|transfer| transfer.cause.of()).unzip();
    let after_sales: Vec<Option<Uuid>> = transfers.iter().map(|transfer| transfer.cause.after_sales()).collect();
    sqlx::query!(
        "insert into transfers (id, debit, credit, amount_fen, cause, order_id, payment_id, refund_id, after_sales_id, occurred_at)
         select t.*, $10 from unnest((select $1::uuid[]), (select $2::text[]), (select $3::text[]), (select $4::bigint[]),
                                     (select $5::text[]), (select $6::uuid[]), (select $7::uuid[]), (select $8::uuid[]),
                                     (select $9::uuid[])) t",
        &ids,
        &texts(|transfer| transfer.between.0.to_owned()),
        &texts(|transfer| transfer.between.1.to_owned()),
        &amounts,
        &texts(|transfer| transfer.cause.word().to_owned()),
        &orders,
        &payments as &[Option<Uuid>],
        &refunds as &[Option<Uuid>],
        &after_sales as &[Option<Uuid>],
        scope.now,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// The goods are handed over: what the customer had paid ahead is now the store's revenue, but for what was never sent.
pub(crate) async fn fulfilled(tx: &mut PgConnection, scope: &Scope, order: &Ordered) -> Result<(), Fault> {
    let revenue = revenue_of(order.store_id);
    sqlx::query!(
        "insert into accounts (code, name) select $1, '门店收入 ' || name from stores where id = $2 on conflict do nothing",
        revenue,
        order.store_id.0,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let (between, amount) = ((PREPAID, revenue.as_str()), Fen(order.total_fen.0 - unsent_fen(tx, order).await?));
    if amount == Fen::ZERO {
        return Ok(());
    }
    book(tx, scope, &[Transfer { between, amount, order: order.id.0, cause: Cause::Fulfil }]).await
}

/// What has gone back for pieces of an order that were never sent.
async fn unsent_fen(tx: &mut PgConnection, order: &Ordered) -> Result<i64, Fault> {
    if order.fulfilment != Fulfilment::Express {
        return Ok(0);
    }
    sqlx::query_scalar!(
        r#"select coalesce(sum(refund_fen), 0)::bigint as "fen!" from unsent_ends where order_id = $1"#,
        order.id.0,
    )
    .fetch_one(tx)
    .await
    .or_fault()
}
