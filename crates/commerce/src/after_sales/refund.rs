//! A completed order is paid back by head office without anybody asking (D8): a request after the sale that is asked
//! for, agreed to and settled in one transaction, so shares, revenue and what is left to ask for are those of any other.

use std::collections::BTreeMap;

use domain::{
    AfterSalesId, Fault, Fen, OrderId, Quantity, StoreId,
    after_sales::{
        AfterSalesAct, AfterSalesKind, AfterSalesReason, AfterSalesState, ClaimableLine, KindUntil, QuoteAfterSales,
        RefundOrder, Refundable, RefundableLine, RequestAfterSales, RequestedLine, cap, weigh,
    },
    order_centre::checked_reason,
    orders::OrderState,
    staff::Permission,
};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use super::{BRING_WITHIN, advance, lock, money, request, settle, sold, sold::Sold, write_step};
use crate::{
    Scope,
    database::OrFault,
    faults::{self, Deed},
    orders,
};

/// Pays a completed order back: all that is left of its pieces or some of them, what its way cost, or an amount beside both,
/// which leaves the pieces the shopper's. Never more goes back than is left of what was paid: pieces come to less where a
/// compensation has gone back, way and amount are refused. How long what may be asked for does not count
/// here, and neither does what was turned down: a request whose pieces are needed is over, and with it the shopper's
/// appeal. The same request again is the same refund.
///
/// Faults: `Invalid` beside `reason`, `lines`, `line.{n}`, `freight_fen` or `extra_fen` (more than is left); `NotFound` out of
/// reach; `Conflict`
/// (`not_completed`, `nothing_left`, `too_many_requests`, `key_reused`, `refund_above_paid`).
pub async fn refund(scope: &Scope, id: OrderId, command: &RefundOrder) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    refund_in(&mut tx, scope, id, command).await?;
    faults::commit(tx, scope, Deed::DecideReturn).await
}

/// [`refund`], for the caller to commit.
pub(crate) async fn refund_in(
    tx: &mut PgConnection,
    scope: &Scope,
    id: OrderId,
    command: &RefundOrder,
) -> Result<(), Fault> {
    let reason = checked_reason(&command.reason)?;
    sold::keep_member(tx, id).await?;
    let order = orders::lock_within(tx, scope, id, Permission::RefundOrders).await?;
    let kind = AfterSalesKind::RefundOnly;
    let mut wanted = RequestAfterSales {
        id: command.id,
        order_id: id,
        what: QuoteAfterSales { kind, lines: command.lines.iter().map(RequestedLine::from).collect() },
        reason: AfterSalesReason::Other,
        note: reason.to_owned(),
        expected_refund_fen: Fen::ZERO,
    };
    // Before all that is left is put in place of no lines: what is left is less afterwards.
    let hash = hash_of(&wanted, command);
    if let Some(known) = request::known_hash(tx, command.id).await? {
        return if known == hash { Ok(()) } else { Err(request::key_reused()) };
    }
    if order.state != OrderState::Completed {
        let message = format!("订单{}，还没有完成；没有完成的订单请用「取消」", order.state.label_of(order.fulfilment));
        return Err(Fault::conflict("not_completed", message));
    }
    if command.is_whole() {
        wanted.what.lines = all_left(&sold::as_payable(tx, id).await?.lines);
    }
    if command.is_whole() && wanted.what.lines.is_empty() {
        return Err(Fault::conflict("nothing_left", "这笔订单的商品都已退款或正在售后，没有可以退款的了"));
    }
    supersede(tx, scope, id, (&wanted.what.lines, reason)).await?;
    let sold = for_long(scope, sold::of(tx, id).await?);
    let money = money::of(tx, id, None).await?;
    let mut weighed = match wanted.what.lines.is_empty() {
        true => Vec::new(),
        false => weigh(&sold.lines, kind, &wanted.what.lines, scope.now)?,
    };
    let less = cap(&mut weighed, money.goods_rest());
    let goods = request::sum(&weighed)?;
    if less > Fen::ZERO && goods == Fen::ZERO {
        return Err(money::nothing_left());
    }
    let (freight, extra) = (command.freight_fen, command.extra_fen);
    money.and(goods, Fen::ZERO, Fen::ZERO).must_hold(freight, extra)?;
    let refund = goods.checked_add(freight).and_then(|sum| sum.checked_add(extra));
    let refund = refund.ok_or_else(|| Fault::Internal("a refund that does not fit".into()))?;
    request::must_not_be_too_many(tx, id).await?;
    request::write(tx, scope, &wanted, &sold, refund, hash).await?;
    request::write_lines(tx, command.id, &sold, &weighed).await?;
    money::note_beside(tx, command.id, freight, extra).await?;
    write_step(tx, scope, command.id, (AfterSalesAct::Request, AfterSalesState::Requested), "").await?;
    let mut request = lock(tx, command.id).await?;
    advance(tx, scope, &mut request, AfterSalesAct::Agree, reason).await?;
    settle(tx, scope, &mut request).await
}

/// Tells a repeat from another refund under the same id.
fn hash_of(wanted: &RequestAfterSales, command: &RefundOrder) -> Vec<u8> {
    let hash = request::request_hash(wanted);
    if command.freight_fen == Fen::ZERO && command.extra_fen == Fen::ZERO {
        return hash;
    }
    let beside = format!("\n{}\n{}", command.freight_fen.0, command.extra_fen.0);
    Sha256::digest([hash.as_slice(), beside.as_bytes()].concat()).to_vec()
}

/// Ends requests that were turned down, the oldest first, as far as their pieces are needed.
async fn supersede(
    tx: &mut PgConnection,
    scope: &Scope,
    id: OrderId,
    (wanted, reason): (&[RequestedLine], &str),
) -> Result<(), Fault> {
    let sold = sold::of(tx, id).await?;
    let rest = |line: i32| sold.lines.iter().find(|one| one.line == line).map_or(0, |one| one.rest);
    let mut lacking: BTreeMap<i32, i64> =
        wanted.iter().map(|one| (one.line, one.quantity.get() - rest(one.line))).collect();
    let turned_down = sqlx::query!(
        r#"select a.id, array_agg(r.line order by r.line) as "lines!", array_agg(r.quantity order by r.line) as "pieces!"
           from after_sales a join after_sales_lines r on r.after_sales_id = a.id
           where a.order_id = $1 and a.state in ('refused', 'dismissed') group by a.id order by a.id"#,
        id.0,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    for request in turned_down {
        if !request.lines.iter().any(|line| lacking.get(line).is_some_and(|pieces| *pieces > 0)) {
            continue;
        }
        let mut locked = lock(tx, AfterSalesId(request.id)).await?;
        advance(tx, scope, &mut locked, AfterSalesAct::Supersede, reason).await?;
        for (line, pieces) in request.lines.iter().zip(request.pieces) {
            lacking.entry(*line).and_modify(|lacks| *lacks -= pieces);
        }
    }
    Ok(())
}

/// An order as it was sold, each line for as long as it takes to pay it back.
fn for_long(scope: &Scope, mut sold: Sold) -> Sold {
    let until = scope.now + BRING_WITHIN;
    for line in &mut sold.lines {
        line.kinds = vec![KindUntil { kind: AfterSalesKind::RefundOnly, until }];
    }
    sold
}

fn all_left(lines: &[ClaimableLine]) -> Vec<RequestedLine> {
    let left = lines.iter().filter_map(|line| {
        let quantity = Quantity::try_from(line.rest).ok()?;
        Some(RequestedLine { line: line.line, quantity, exchange_for: None })
    });
    left.collect()
}

/// What of an order of a store within reach can still be paid back; nothing of one that is not completed.
///
/// Faults: `Forbidden`; `NotFound` out of reach.
pub async fn refundable(scope: &Scope, id: OrderId) -> Result<Refundable, Fault> {
    let reach = scope.reach(Permission::RefundOrders)?;
    let mut tx = scope.begin().await?;
    let row = sqlx::query!("select store_id, state from orders where id = $1", id.0)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?
        .filter(|row| reach.covers(StoreId(row.store_id)))
        .ok_or(Fault::NotFound("这个订单"))?;
    if row.state != OrderState::Completed.code() {
        return Ok(Refundable::default());
    }
    let sold = for_long(scope, sold::as_payable(&mut tx, id).await?);
    let money = money::of(&mut tx, id, None).await?;
    let left = all_left(&sold.lines);
    let mut weighed = match left.is_empty() {
        true => Vec::new(),
        false => weigh(&sold.lines, AfterSalesKind::RefundOnly, &left, scope.now)?,
    };
    cap(&mut weighed, money.goods_rest());
    let lines = weighed.iter().filter_map(|one| {
        let line = sold.lines.iter().find(|line| line.line == one.line)?;
        let came = line.came_for.map_or("", |_| "（换货得到）");
        let parts = [line.name.as_str(), line.spec.as_str(), line.options_text.as_str(), came];
        let goods = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        Some(RefundableLine { line: one.line, goods, rest: one.quantity.get(), left_fen: one.refund_fen })
    });
    Ok(Refundable {
        lines: lines.collect(),
        left_fen: request::sum(&weighed)?,
        freight_left_fen: money.freight_rest(),
        extra_left_fen: money.rest(),
        extra_fen: money.extra_back,
    })
}
