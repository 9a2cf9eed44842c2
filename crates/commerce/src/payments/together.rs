//! One payment of the orders of a checkout: each has its share of it.

use chrono::{DateTime, Utc};
use domain::{
    Fault, Fen, OrderId,
    checkout::{CheckoutPaymentStarted, StartCheckoutPayment},
    orders::OrderState,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    attempts::{LOOK_UP_AFTER, Opened, TO_GET_THERE, TRIES_MOST},
    start::{configured, find_cashier, not_payable},
};
use crate::{Scope, database::OrFault, jobs};

/// Begins to pay those of the caller's own orders, placed together, that can be paid at this moment; answers where the
/// cashier is. The same id again answers the same cashier for as long as its address lives. The amount is the orders'.
///
/// Faults: `NotFound` for orders not theirs; `Conflict` (`not_payable`, `orders_changed`, `too_many_tries`,
/// `key_reused`); `Upstream` where the gateway does not answer, with nothing lost: the same request may be sent again.
pub async fn start_together(scope: &Scope, command: StartCheckoutPayment) -> Result<CheckoutPaymentStarted, Fault> {
    configured(scope)?;
    let (orders, opened) = open(scope, &command).await?;
    let amount_fen = Fen(opened.amount_fen);
    let url = match opened.cashier_url.clone() {
        Some(url) => url,
        None => {
            let first = *orders.first().ok_or(Fault::NotFound("这些订单"))?;
            let back_to = command.from_order.filter(|order| orders.contains(order)).unwrap_or(first);
            let (url, until) = find_cashier(scope, opened, command.cashier, &command.payer_ip, back_to).await?;
            keep_cashier(scope, command.id.0, &url, until).await?;
            url
        }
    };
    Ok(CheckoutPaymentStarted { id: command.id, checkout_id: command.checkout_id, orders, amount_fen, url })
}

/// An order that can be paid at this moment.
struct Payable {
    id: Uuid,
    total_fen: i64,
    pay_before: DateTime<Utc>,
    store: String,
}

/// Stores the attempt with the share of each order before the gateway hears of it; and asks a job to look for it.
async fn open(scope: &Scope, command: &StartCheckoutPayment) -> Result<(Vec<OrderId>, Opened), Fault> {
    let mut tx = scope.begin().await?;
    let payable = lock_payable(&mut tx, scope, command).await?;
    let amount_fen = payable.iter().try_fold(0_i64, |sum, order| sum.checked_add(order.total_fen));
    let amount_fen = amount_fen.ok_or_else(|| Fault::Internal("the sum of a checkout is too large".into()))?;
    let out_trade_no = command.id.0.simple().to_string();
    let stored = sqlx::query_scalar!(
        "insert into payments (id, checkout_id, gateway, cashier, out_trade_no, amount_fen, state, created_at)
         select $1, $2, 'wechat_pay', $3, $4, $5, 'open', $6
         where $7 > (select count(*) from payments p where p.checkout_id = $2 and p.id <> $1)
         on conflict (id) do nothing returning id",
        command.id.0,
        command.checkout_id.0,
        command.cashier.code(),
        out_trade_no,
        amount_fen,
        scope.now,
        TRIES_MOST,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let cashier_url = match stored {
        Some(_) => {
            share_out(&mut tx, command.id.0, &payable).await?;
            jobs::schedule(&mut tx, jobs::Kind::LookUpPayment, command.id.0, scope.now + LOOK_UP_AFTER).await?;
            tx.commit().await.or_fault()?;
            None
        }
        None => begun_before(&mut tx, scope, command, &payable).await?,
    };
    let stores: Vec<&str> = payable.iter().map(|order| order.store.as_str()).collect();
    let description = match stores.as_slice() {
        [] => String::new(),
        [first, rest @ ..] => format!("{first} 等 {} 笔订单", rest.len() + 1),
    };
    let pay_before = payable.iter().map(|order| order.pay_before).min().unwrap_or(scope.now);
    let opened = Opened { out_trade_no, description, amount_fen, pay_before, cashier_url };
    Ok((payable.iter().map(|order| OrderId(order.id)).collect(), opened))
}

/// Locks the orders of the checkout; answers those that can be paid.
async fn lock_payable(
    tx: &mut PgConnection,
    scope: &Scope,
    command: &StartCheckoutPayment,
) -> Result<Vec<Payable>, Fault> {
    let orders = sqlx::query!(
        "select o.id, o.state, o.total_fen, o.pay_before, s.name from orders o join stores s on s.id = o.store_id
         where o.checkout_id = $1 and ($2::uuid is null or o.member_id = $2) order by o.id for update of o",
        command.checkout_id.0,
        scope.own_filter()?,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let first = orders.first().ok_or(Fault::NotFound("这些订单"))?;
    let state = OrderState::from_code(&first.state);
    let payable: Vec<Payable> = orders
        .into_iter()
        .filter(|order| order.state == OrderState::Placed.code() && order.pay_before > scope.now)
        .map(|order| Payable {
            id: order.id,
            total_fen: order.total_fen,
            pay_before: order.pay_before,
            store: order.name,
        })
        .collect();
    if payable.is_empty() { Err(not_payable(state)) } else { Ok(payable) }
}

async fn share_out(tx: &mut PgConnection, payment: Uuid, payable: &[Payable]) -> Result<(), Fault> {
    let ids: Vec<Uuid> = payable.iter().map(|order| order.id).collect();
    let amounts: Vec<i64> = payable.iter().map(|order| order.total_fen).collect();
    sqlx::query!(
        "insert into payment_parts (payment_id, order_id, amount_fen, state)
         select $1, id, amount_fen, 'open' from unnest((select $2::uuid[]), (select $3::bigint[])) as a (id, amount_fen)",
        payment,
        &ids,
        &amounts,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// The cashier of the same request before, while its address lives.
async fn begun_before(
    tx: &mut PgConnection,
    scope: &Scope,
    command: &StartCheckoutPayment,
    payable: &[Payable],
) -> Result<Option<String>, Fault> {
    let key_reused = || Fault::conflict("key_reused", "这个页面已经提交过另一笔付款，请刷新后再试");
    let before = sqlx::query!(
        r#"select checkout_id, cashier, (case when cashier_url_until > $2 then cashier_url end) as cashier_url,
                  array(select order_id from payment_parts where payment_id = $1 order by order_id) as "orders!"
           from payments where id = $1"#,
        command.id.0,
        scope.now + TO_GET_THERE,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let Some(before) = before else {
        let tried = sqlx::query_scalar!(
            r#"select count(*) as "tried!" from payments where checkout_id = $1"#,
            command.checkout_id.0
        )
        .fetch_one(tx)
        .await
        .or_fault()?;
        return Err(if tried < TRIES_MOST {
            key_reused()
        } else {
            Fault::conflict("too_many_tries", "这些订单的付款次数过多，请分别付款或重新下单")
        });
    };
    if before.checkout_id != Some(command.checkout_id.0) || before.cashier != command.cashier.code() {
        return Err(key_reused());
    }
    if before.orders != payable.iter().map(|order| order.id).collect::<Vec<Uuid>>() {
        return Err(orders_changed());
    }
    Ok(before.cashier_url)
}

fn orders_changed() -> Fault {
    Fault::conflict("orders_changed", "一起付款的订单刚刚有变化，请刷新后按新的合计付款")
}

/// Stores where the cashier is, unless one of the orders was closed while the gateway was asked: its amount is not what
/// is to be paid any more, so it is closed again, and nobody is sent there.
///
/// Faults: `Conflict` (`orders_changed`).
async fn keep_cashier(scope: &Scope, payment: Uuid, url: &str, until: DateTime<Utc>) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    let states = sqlx::query_scalar!(
        "select o.state from orders o join payment_parts x on x.order_id = o.id
         where x.payment_id = $1 order by o.id for update of o",
        payment,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let still = states.iter().all(|state| state == OrderState::Placed.code());
    sqlx::query!(
        "update payments set cashier_url = (case when $4 then $2 end), cashier_url_until = $3,
                state = (case when state = 'closed' then 'open' else state end)
         where id = $1",
        payment,
        url,
        until,
        still,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if !still {
        jobs::schedule(&mut tx, jobs::Kind::ClosePayment, payment, scope.now).await?;
    }
    tx.commit().await.or_fault()?;
    if still { Ok(()) } else { Err(orders_changed()) }
}
