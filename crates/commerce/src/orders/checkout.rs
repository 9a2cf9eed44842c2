//! Placing several orders at once, at several stores or for the parts of one, and what came of it (D1).

use domain::{
    CheckoutId, Fault, Fen, OrderId,
    checkout::{self, CheckoutPlaced, CheckoutView, PlaceCheckout},
    orders::{ListOrders, OrderPlaced},
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    place::{ready, request_hash},
    read::{Row, Within, rows},
    write::{self, Checkout},
};
use crate::{Scope, database::OrFault};

/// Places an order for each of several parts of the cart, at the prices of this moment: all of them or none.
///
/// The checkout's id is the idempotency key: the same request again answers the same orders, another one under that id
/// is a conflict. Nothing is changed where a fault is returned.
///
/// Faults: `Unauthenticated`; `Invalid` or `SoldOut` beside the parts that cannot be ordered, whatever is the matter with
/// them; `Conflict` (`too_many_unpaid`, `key_reused`).
pub async fn place_all(scope: &Scope, command: PlaceCheckout) -> Result<CheckoutPlaced, Fault> {
    let member = scope.member()?.0;
    let command = command.checked()?;
    let hash = hash_of(member, &command);
    match place_anew(scope, &command, &hash).await {
        // As with an order by itself: the same request may have been committed before.
        Err(fault) => placed_before(scope, command.id, &hash).await?.ok_or(fault),
        placed => placed,
    }
}

async fn place_anew(scope: &Scope, command: &PlaceCheckout, hash: &[u8]) -> Result<CheckoutPlaced, Fault> {
    let member = scope.member()?.0;
    let checkout = Checkout { id: command.id.0, request_hash: hash.to_vec() };
    let (mut basket, mut refused) = (Vec::with_capacity(command.orders.len()), Vec::new());
    for order in &command.orders {
        match ready(scope, order, &request_hash(member, order), Some(checkout.clone())).await {
            Ok(order) => basket.push(order),
            Err(fault) => refused.push((order.part(), fault)),
        }
    }
    if !refused.is_empty() {
        return Err(checkout::gather(refused));
    }
    let placed = answer(command.id, basket.iter().map(|order| order.placed.clone()).collect())?;
    write::write(scope, basket).await?;
    tracing::info!(checkout = %placed.id, total_fen = placed.total_fen.0, "orders were placed together");
    Ok(placed)
}

fn answer(id: CheckoutId, mut orders: Vec<OrderPlaced>) -> Result<CheckoutPlaced, Fault> {
    orders.sort_by_key(|order| order.id);
    let total_fen = orders.iter().try_fold(Fen::ZERO, |sum, order| sum.checked_add(order.total_fen));
    let total_fen = total_fen.ok_or_else(|| Fault::invalid("orders", "金额过大，请减少数量"))?;
    Ok(CheckoutPlaced { id, orders, total_fen })
}

/// Who asked for what in which parts, in whatever order those were named.
fn hash_of(member: Uuid, command: &PlaceCheckout) -> Vec<u8> {
    let mut parts: Vec<Vec<u8>> = command.orders.iter().map(|order| request_hash(member, order)).collect();
    parts.sort();
    let mut hash = Sha256::new();
    hash.update(command.id.0.as_bytes());
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().to_vec()
}

/// The answer given before to the same request.
async fn placed_before(scope: &Scope, id: CheckoutId, hash: &[u8]) -> Result<Option<CheckoutPlaced>, Fault> {
    let found = sqlx::query!(
        "select c.request_hash, o.id, o.number, o.total_fen, o.pay_before
         from checkouts c join orders o on o.checkout_id = c.id where c.id = $1",
        id.0,
    )
    .fetch_all(&scope.house.pool)
    .await
    .or_fault()?;
    if found.is_empty() {
        return Ok(None);
    }
    if found.iter().any(|row| row.request_hash != hash) {
        return Err(Fault::conflict("key_reused", "这个页面已经提交过另一些订单，请刷新后再试"));
    }
    let placed = found.into_iter().map(|row| OrderPlaced {
        id: OrderId(row.id),
        number: row.number,
        total_fen: Fen(row.total_fen),
        pay_before: row.pay_before,
    });
    answer(id, placed.collect()).map(Some)
}

/// The caller's own orders that were placed together.
///
/// Faults: `NotFound` for what is not theirs.
pub async fn checkout(scope: &Scope, id: CheckoutId) -> Result<CheckoutView, Fault> {
    let member = scope.own_filter()?;
    let mut tx = scope.begin_search().await?;
    let within = Within::checkout(member, id);
    let most = PlaceCheckout::PARTS_MOST as i64;
    let orders: Vec<_> =
        rows(&mut tx, within, &ListOrders::default(), most).await?.into_iter().map(Row::card).collect();
    if orders.is_empty() {
        return Err(Fault::NotFound("这些订单"));
    }
    let payable = sqlx::query!(
        r#"select coalesce(sum(total_fen), 0)::bigint as "fen!", count(*) as "many!", min(pay_before) as pay_before
           from orders where checkout_id = $1 and state = 'placed' and pay_before > $2 and ($3::uuid is null or member_id = $3)"#,
        id.0,
        scope.now,
        member,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()?;
    Ok(CheckoutView {
        id,
        orders,
        payable_fen: Fen(payable.fen),
        payable: payable.many,
        pay_before: payable.pay_before,
    })
}
