//! What the gateway says of transactions becomes the orders' payments, each exactly once.
//!
//! Only verified callbacks and answers to our own queries come here, many at a time where many are there.
//! Callbacks repeated, late, out of order or for an unknown order each end in a named outcome.

use std::collections::{HashMap, HashSet};

use chrono::Duration;
use domain::{Fault, Fen, OrderId, orders::OrderState};
use partners::wechat_pay::{Failure, TradeState, Transaction};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    late,
    ledger::{self, Cause, GATEWAY, PREPAID, Transfer},
    refunds::{self, Wanted},
};
use crate::{
    Scope,
    database::OrFault,
    jobs,
    orders::{self, Ordered, lock_all},
};

/// A payment that the gateway says has been made.
pub(super) struct Paid<'a> {
    /// Where its transaction stands among those asked about.
    place: usize,
    pub id: Uuid,
    /// What each of its orders has of it.
    shares: Vec<Share>,
    /// Whether it is of the orders of a checkout.
    of_several: bool,
    transaction: &'a Transaction,
}

/// What an order has of a payment.
struct Share {
    order: Uuid,
    amount: Fen,
    /// Whether the order waited for it; what is not kept goes back.
    kept: bool,
}

impl Paid<'_> {
    /// The orders that it is of.
    pub fn orders(&self) -> impl Iterator<Item = Uuid> {
        self.shares.iter().map(|share| share.order)
    }
}

/// Acts on what the gateway says of these transactions; answers what came of each, for the inbox.
pub(super) async fn settle(
    tx: &mut PgConnection,
    scope: &Scope,
    transactions: &[&Transaction],
) -> Result<Vec<String>, Fault> {
    let (mut outcomes, mut paid) = sift(tx, scope, transactions).await?;
    if paid.is_empty() {
        return Ok(outcomes);
    }
    // The orders before their payments, as `start` locks them: the other way round the two could wait for
    // each other.
    let ids: Vec<Uuid> = paid.iter().flat_map(Paid::orders).collect();
    let orders: HashMap<Uuid, Ordered> =
        lock_all(tx, &ids).await?.into_iter().map(|order| (order.id.0, order)).collect();
    let mut unpaid: HashSet<Uuid> =
        orders.values().filter(|order| order.state == OrderState::Placed).map(|order| order.id.0).collect();
    unpaid.extend(late::reallocate(tx, scope, &paid, &orders).await?);
    // The first payment that an order still waits for is kept; what comes after goes back.
    for share in paid.iter_mut().flat_map(|paid| &mut paid.shares) {
        share.kept = unpaid.remove(&share.order);
    }
    let turned = turn(tx, scope, &paid).await?;
    for paid in &paid {
        outcomes[paid.place] = if turned.contains(&paid.id) { outcome(paid, &orders) } else { "repeated".into() };
    }
    let news: Vec<&Paid<'_>> = paid.iter().filter(|paid| turned.contains(&paid.id)).collect();
    book(tx, scope, &news, &orders).await?;
    Ok(outcomes)
}

/// What came of a payment that is new.
fn outcome(paid: &Paid<'_>, orders: &HashMap<Uuid, Ordered>) -> String {
    let needless = paid.shares.iter().find(|share| !share.kept).map(|share| orders[&share.order].state.code());
    let revived = |share: &Share| share.kept && orders[&share.order].state == OrderState::Expired;
    match needless {
        Some(state) if paid.shares.iter().any(|share| share.kept) => format!("paid in part: an order is {state}"),
        Some(state) => format!("surplus: the order is {state}"),
        None if paid.shares.iter().any(revived) => "paid late".into(),
        None => "paid".into(),
    }
}

/// Separates what was paid as it was asked for from everything else, whose outcome is known already. A payment
/// that is named twice is taken once.
async fn sift<'a>(
    tx: &mut PgConnection,
    scope: &Scope,
    transactions: &[&'a Transaction],
) -> Result<(Vec<String>, Vec<Paid<'a>>), Fault> {
    let numbers: Vec<String> = transactions.iter().map(|transaction| transaction.out_trade_no.clone()).collect();
    let found = sqlx::query!(
        "select out_trade_no, id, order_id, amount_fen from payments where out_trade_no = any($1)",
        &numbers,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let several: Vec<Uuid> = found.iter().filter(|row| row.order_id.is_none()).map(|row| row.id).collect();
    let mut parts = parts_of(tx, &several).await?;
    let (mut outcomes, mut paid, mut taken) = (Vec::new(), Vec::new(), HashSet::new());
    for (place, transaction) in transactions.iter().enumerate() {
        let payment = found.iter().find(|payment| payment.out_trade_no == transaction.out_trade_no);
        let Some(payment) = payment else {
            tracing::warn!(out_trade_no = %transaction.out_trade_no, "a transaction nobody here began");
            outcomes.push("unknown transaction".into());
            continue;
        };
        if transaction.trade_state != TradeState::Success {
            outcomes.push(format!("no payment: {:?}", transaction.trade_state));
        } else if let Some(difference) = difference(scope, transaction, payment.amount_fen) {
            // Money that does not match is nobody's: a person must look.
            tracing::error!(payment = %payment.id, difference, "a payment does not match what was asked");
            outcomes.push(format!("mismatch: {difference}"));
        } else {
            outcomes.push("repeated".into());
            if taken.insert(payment.id) {
                let (id, amount) = (payment.id, Fen(payment.amount_fen));
                let shares = match payment.order_id {
                    Some(order) => vec![Share { order, amount, kept: false }],
                    None => parts.remove(&id).unwrap_or_default(),
                };
                paid.push(Paid { place, id, shares, of_several: payment.order_id.is_none(), transaction });
            }
        }
    }
    Ok((outcomes, paid))
}

/// The shares of payments of several orders.
async fn parts_of(tx: &mut PgConnection, payments: &[Uuid]) -> Result<HashMap<Uuid, Vec<Share>>, Fault> {
    let mut parts: HashMap<Uuid, Vec<Share>> = HashMap::new();
    if payments.is_empty() {
        return Ok(parts);
    }
    let rows = sqlx::query!(
        "select payment_id, order_id, amount_fen from payment_parts where payment_id = any($1) order by payment_id, order_id",
        payments,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    for row in rows {
        let share = Share { order: row.order_id, amount: Fen(row.amount_fen), kept: false };
        parts.entry(row.payment_id).or_default().push(share);
    }
    Ok(parts)
}

/// Marks payments as made; answers which of them were not so before.
async fn turn(tx: &mut PgConnection, scope: &Scope, paid: &[Paid<'_>]) -> Result<HashSet<Uuid>, Fault> {
    let ids: Vec<Uuid> = paid.iter().map(|paid| paid.id).collect();
    let kept: Vec<bool> = paid.iter().map(|paid| paid.shares.iter().any(|share| share.kept)).collect();
    let numbers: Vec<Option<String>> = paid.iter().map(|paid| paid.transaction.transaction_id.clone()).collect();
    let turned = sqlx::query_scalar!(
        "update payments p set state = (case when a.kept then 'kept' else 'surplus' end),
                transaction_id = a.transaction_id, paid_at = $4
         from unnest((select $1::uuid[]), (select $2::bool[]), (select $3::text[])) as a (id, kept, transaction_id)
         where p.id = a.id and p.state not in ('kept', 'surplus')
         returning p.id",
        &ids,
        &kept,
        &numbers as &[Option<String>],
        scope.now,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let turned: HashSet<Uuid> = turned.into_iter().collect();
    let several = paid.iter().filter(|paid| paid.of_several && turned.contains(&paid.id));
    turn_parts(tx, several).await?;
    Ok(turned)
}

/// Marks the shares of payments of several orders.
async fn turn_parts<'a>(tx: &mut PgConnection, paid: impl Iterator<Item = &'a Paid<'a>>) -> Result<(), Fault> {
    let parts: Vec<(Uuid, &Share)> =
        paid.flat_map(|paid| paid.shares.iter().map(move |share| (paid.id, share))).collect();
    if parts.is_empty() {
        return Ok(());
    }
    let payments: Vec<Uuid> = parts.iter().map(|(payment, _)| *payment).collect();
    let orders: Vec<Uuid> = parts.iter().map(|(_, share)| share.order).collect();
    let kept: Vec<bool> = parts.iter().map(|(_, share)| share.kept).collect();
    sqlx::query!(
        "update payment_parts x set state = (case when a.kept then 'kept' else 'surplus' end)
         from unnest((select $1::uuid[]), (select $2::uuid[]), (select $3::bool[])) as a (payment_id, order_id, kept)
         where x.payment_id = a.payment_id and x.order_id = a.order_id",
        &payments,
        &orders,
        &kept,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Books payments that are new, and moves their orders on; what an order has no use for, since it came too
/// late or a second time, goes back by itself.
async fn book(
    tx: &mut PgConnection,
    scope: &Scope,
    news: &[&Paid<'_>],
    orders: &HashMap<Uuid, Ordered>,
) -> Result<(), Fault> {
    let shares: Vec<(Uuid, &Share)> =
        news.iter().flat_map(|paid| paid.shares.iter().map(|share| (paid.id, share))).collect();
    let transfers = shares.iter().map(|(payment, share)| Transfer {
        between: (GATEWAY, PREPAID),
        amount: share.amount,
        order: share.order,
        cause: Cause::Pay { payment: *payment },
    });
    ledger::book(tx, scope, &transfers.collect::<Vec<_>>()).await?;
    let kept = || shares.iter().filter(|(_, share)| share.kept);
    let (late, paid): (Vec<Ordered>, Vec<Ordered>) =
        kept().map(|(_, share)| orders[&share.order].clone()).partition(|order| order.state == OrderState::Expired);
    if !late.is_empty() {
        orders::revived(tx, scope, &late).await?;
    }
    if !paid.is_empty() {
        orders::paid(tx, scope, &paid).await?;
    }
    if kept().next().is_some() {
        let needless = kept().flat_map(|(payment, share)| {
            [(jobs::Kind::ExpireOrder, share.order), (jobs::Kind::LookUpPayment, *payment)]
        });
        jobs::unschedule(tx, needless).await?;
    }
    for (payment, share) in shares.iter().filter(|(_, share)| !share.kept) {
        let (order, reason) = (OrderId(share.order), "订单已关闭或已付款，自动退回");
        let wanted = Wanted { payment: *payment, order, amount: share.amount, reason, after_sales: None };
        refunds::want_for(tx, scope, wanted).await?;
    }
    Ok(())
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
        r#"select p.out_trade_no, p.state, p.created_at,
                  coalesce(o.pay_before, (select max(s.pay_before) from payment_parts x join orders s on s.id = x.order_id
                                          where x.payment_id = p.id)) as "pay_before!"
           from payments p left join orders o on o.id = p.order_id where p.id = $1"#,
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
            let outcomes = settle(&mut tx, scope, &[&transaction]).await?;
            tx.commit().await.or_fault()?;
            tracing::info!(payment = %id, ?outcomes, "a payment was found by asking");
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

/// The order can no longer be paid: its open payments, those of other orders with it too, are closed here and, by a
/// job, at the gateway. Money that arrives all the same goes back, as far as it is the order's.
pub(crate) async fn close_open(tx: &mut PgConnection, scope: &Scope, order: OrderId) -> Result<(), Fault> {
    let open = sqlx::query_scalar!(
        r#"select id as "id!" from payments where order_id = $1 and state = 'open'
           union all
           select p.id from payment_parts x join payments p on p.id = x.payment_id where x.order_id = $1 and p.state = 'open'"#,
        order.0,
    )
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
