//! How much of an order's money is left to go back: for pieces, for its way, and beside them.

use domain::{
    AfterSalesId, Fault, Fen, OrderId, Quantity,
    after_sales::{OrderMoney, Weighed, cap},
};
use sqlx::PgConnection;

use super::Request;
use crate::database::OrFault;

/// What of an order's money has gone back or is asked back, without what one request (`besides`) says. What was turned
/// down is asked back no more; where head office agrees to it after all, it is lowered to what is left by then.
pub(super) async fn of(
    tx: &mut PgConnection,
    order: OrderId,
    besides: Option<AfterSalesId>,
) -> Result<OrderMoney, Fault> {
    let row = sqlx::query!(
        r#"select o.total_fen, o.freight_fen,
                  (coalesce((select sum(u.refund_fen) from unsent_ends u where u.order_id = o.id), 0) + a.goods_fen)::bigint as "goods_back!",
                  a.freight_back as "freight_back!", a.extra_back as "extra_back!"
           from orders o cross join lateral (
               select coalesce(sum(refund_fen - freight_fen - extra_fen), 0) as goods_fen,
                      coalesce(sum(freight_fen), 0)::bigint as freight_back, coalesce(sum(extra_fen), 0)::bigint as extra_back
               from after_sales where order_id = o.id and state not in ('withdrawn', 'expired', 'refused', 'dismissed')
                 and id is distinct from $2
           ) a
           where o.id = $1"#,
        order.0,
        besides.map(|id| id.0),
    )
    .fetch_one(tx)
    .await
    .or_fault()?;
    Ok(OrderMoney {
        total: Fen(row.total_fen),
        freight: Fen(row.freight_fen),
        goods_back: Fen(row.goods_back),
        freight_back: Fen(row.freight_back),
        extra_back: Fen(row.extra_back),
    })
}

/// What went back beside pieces stops later requests from bringing the total above what was paid.
pub(super) fn nothing_left() -> Fault {
    Fault::conflict("nothing_left", "这笔订单付的钱已经全部退回或正在退，没有可以退的金额了")
}

/// Says that so much of what a request gives back is beside its lines.
pub(super) async fn note_beside(
    tx: &mut PgConnection,
    id: AfterSalesId,
    freight: Fen,
    extra: Fen,
) -> Result<(), Fault> {
    if freight == Fen::ZERO && extra == Fen::ZERO {
        return Ok(());
    }
    sqlx::query!("update after_sales set freight_fen = $2, extra_fen = $3 where id = $1", id.0, freight.0, extra.0)
        .execute(tx)
        .await
        .or_fault()?;
    Ok(())
}

/// A locked request is agreed to: what it gives back for its lines is lowered to what is left by now, and what of the
/// way goes back with it is added. Answers by how much it was lowered.
///
/// Faults: `Invalid` beside `freight_fen`; `Conflict` (`nothing_left`) where there is nothing left for its lines.
pub(super) async fn fit(tx: &mut PgConnection, request: &mut Request, freight: Fen) -> Result<Fen, Fault> {
    let money = of(tx, request.order, Some(request.id)).await?;
    let mut lines = weighed(tx, request.id).await?;
    let before = sum(&lines);
    let less = cap(&mut lines, money.goods_rest());
    let goods = sum(&lines);
    if less > Fen::ZERO && goods == Fen::ZERO {
        return Err(nothing_left());
    }
    money.and(goods, Fen::ZERO, Fen::ZERO).must_hold(freight, Fen::ZERO)?;
    if goods == before && freight == Fen::ZERO {
        return Ok(Fen::ZERO);
    }
    let (numbers, amounts): (Vec<i32>, Vec<i64>) = lines.iter().map(|one| (one.line, one.refund_fen.0)).unzip();
    sqlx::query!(
        "update after_sales_lines l set refund_fen = n.fen
         from unnest((select $2::integer[]), (select $3::bigint[])) as n (line, fen)
         where l.after_sales_id = $1 and l.line = n.line and l.refund_fen <> n.fen",
        request.id.0,
        &numbers,
        &amounts,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let refund = goods.checked_add(freight).ok_or_else(|| Fault::Internal("a refund that does not fit".into()))?;
    sqlx::query!(
        "update after_sales set refund_fen = $2, freight_fen = $3 where id = $1",
        request.id.0,
        refund.0,
        freight.0,
    )
    .execute(tx)
    .await
    .or_fault()?;
    request.refund = refund;
    Ok(less)
}

fn sum(lines: &[Weighed]) -> Fen {
    lines.iter().map(|one| one.refund_fen).sum()
}

async fn weighed(tx: &mut PgConnection, id: AfterSalesId) -> Result<Vec<Weighed>, Fault> {
    let rows = sqlx::query!(
        "select line, quantity, paid_fen, refund_fen from after_sales_lines where after_sales_id = $1 order by line",
        id.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    rows.into_iter()
        .map(|row| {
            Ok(Weighed {
                line: row.line,
                quantity: Quantity::try_from(row.quantity).map_err(|reason| Fault::Internal(reason.into()))?,
                paid_fen: Fen(row.paid_fen),
                refund_fen: Fen(row.refund_fen),
                exchange_for: None,
            })
        })
        .collect()
}
