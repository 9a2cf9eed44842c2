//! A parcel that came back to the store that sent it: its part of the order is paid back without anybody asking.

use domain::{
    AfterSalesId, Fault, OrderId, ParcelId, Quantity, StoreId,
    after_sales::{
        AfterSalesAct, AfterSalesKind, AfterSalesReason, AfterSalesState, Came, Condition, KindUntil, QuoteAfterSales,
        RequestAfterSales, RequestedLine, Weighed, cap, weigh,
    },
    express::PackedLine,
};
use sqlx::PgConnection;

use super::{
    advance, lock, money, read, request, settle,
    sold::{self, Sold},
    take_in as goods_in, write_step,
};
use crate::{
    Scope,
    database::OrFault,
    house,
    stock::{self, Cause, Document, Pieces},
};

/// What came back.
pub(crate) struct CameBack {
    pub parcel: ParcelId,
    pub order: OrderId,
    pub store: StoreId,
    pub lines: Vec<PackedLine>,
    /// It is booked in and out again as a loss.
    pub spoilt: bool,
}

/// An order as after-sales see it, all of which may go back, however long ago it was bought: nobody has had the goods.
async fn unbound(tx: &mut PgConnection, scope: &Scope, order: OrderId) -> Result<Sold, Fault> {
    let mut sold = sold::of(tx, order).await?;
    let until = scope.now + super::BRING_WITHIN;
    for line in &mut sold.lines {
        line.kinds = vec![KindUntil { kind: AfterSalesKind::Return, until }];
    }
    Ok(sold)
}

/// What was paid for pieces of a locked order that are never sent, line by line, with their share of every discount.
pub(crate) async fn worth(
    tx: &mut PgConnection,
    scope: &Scope,
    order: OrderId,
    lines: &[PackedLine],
) -> Result<Vec<Weighed>, Fault> {
    let sold = unbound(tx, scope, order).await?;
    let wanted = lines.iter().map(|one| {
        let quantity = Quantity::try_from(one.quantity).map_err(|reason| Fault::Internal(reason.into()))?;
        Ok(RequestedLine { line: one.line, quantity, exchange_for: None })
    });
    weigh(&sold.lines, AfterSalesKind::Return, &wanted.collect::<Result<Vec<_>, Fault>>()?, scope.now)
}

/// Opens a request with the parcel's id for what came back of a locked, completed order, and ends it: the goods are
/// booked in at the store and the money goes back. What somebody has asked for meanwhile is theirs to end, but for what
/// was to be paid back without goods: that is here now, and nobody will bring it. How long what may be asked for does not
/// count: nobody has had the goods.
pub(crate) async fn pay_back(tx: &mut PgConnection, scope: &Scope, back: CameBack, reason: &str) -> Result<(), Fault> {
    let kind = AfterSalesKind::Return;
    let sold = unbound(tx, scope, back.order).await?;
    let wanted = back.lines.iter().filter_map(|packed| {
        let rest = sold.lines.iter().find(|line| line.line == packed.line)?.rest;
        let quantity = Quantity::try_from(packed.quantity.min(rest)).ok()?;
        Some(RequestedLine { line: packed.line, quantity, exchange_for: None })
    });
    let lines: Vec<RequestedLine> = wanted.collect();
    let beyond = beyond(tx, &back, &sold).await?;
    if lines.is_empty() {
        return take_in(tx, scope, &back, &sold, &beyond).await;
    }
    let mut weighed = weigh(&sold.lines, kind, &lines, scope.now)?;
    // What went back as a compensation does not go back twice.
    cap(&mut weighed, money::of(tx, back.order, None).await?.goods_rest());
    let refund = request::sum(&weighed)?;
    let command = RequestAfterSales {
        id: AfterSalesId(back.parcel.0),
        order_id: back.order,
        what: QuoteAfterSales { kind, lines },
        reason: AfterSalesReason::Other,
        note: format!("快递退件：{reason}"),
        expected_refund_fen: refund,
    };
    let hash = request::request_hash(&command);
    request::write(tx, scope, &command, &sold, refund, hash).await?;
    request::write_lines(tx, command.id, &sold, &weighed).await?;
    write_step(tx, scope, command.id, (AfterSalesAct::Request, AfterSalesState::Requested), "").await?;
    let mut request = lock(tx, command.id).await?;
    advance(tx, scope, &mut request, AfterSalesAct::Agree, reason).await?;
    request.received_at = Some(back.store);
    advance(tx, scope, &mut request, AfterSalesAct::Receive, "").await?;
    let lines = read::lines(tx, command.id).await?;
    let condition = if back.spoilt { Condition::Scrap } else { Condition::Restock };
    let came = lines.iter().map(|line| (line.line, Came::whole(condition, line.quantity.get()))).collect();
    goods_in::note_came(tx, &request, back.store, &came).await?;
    // Of this store's shelves all at once, in one order.
    let skus = lines.iter().map(|line| line.sku_id.0).chain(pieces(&sold, &beyond, 1).into_iter().map(|one| one.sku));
    stock::lock(tx, skus.map(|sku| (back.store.0, sku)).collect()).await?;
    goods_in::move_goods(tx, scope, command.id, back.store, &lines, &came).await?;
    take_in(tx, scope, &back, &sold, &beyond).await?;
    settle(tx, scope, &mut request).await
}

/// What of a parcel is of pieces that were paid back without goods, as far as no earlier parcel was.
async fn beyond(tx: &mut PgConnection, back: &CameBack, sold: &Sold) -> Result<Vec<PackedLine>, Fault> {
    let rows = sqlx::query!(
        r#"select r.line, (sum(r.quantity) - coalesce((select sum(g.quantity) from parcel_goods g
                                                       where g.order_id = $1 and g.line = r.line), 0))::bigint as "pieces!"
           from after_sales_lines r join after_sales a on a.id = r.after_sales_id
           where r.order_id = $1 and a.kind = 'refund_only' and a.state not in ('withdrawn', 'expired') group by r.line"#,
        back.order.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let without_goods = |line: i32| rows.iter().find(|row| row.line == line).map_or(0, |row| row.pieces);
    let beyond = back.lines.iter().map(|packed| {
        let rest = sold.lines.iter().find(|line| line.line == packed.line).map_or(0, |line| line.rest);
        let quantity = (packed.quantity - rest.max(0)).clamp(0, without_goods(packed.line).max(0));
        PackedLine { quantity, ..*packed }
    });
    Ok(beyond.filter(|line| line.quantity > 0).collect())
}

fn pieces(sold: &Sold, lines: &[PackedLine], sign: i64) -> Vec<Pieces> {
    let of = |one: &PackedLine| {
        let line = sold.lines.iter().find(|line| line.line == one.line)?;
        Some(Pieces { sku: line.sku_id.0, quantity: sign * one.quantity })
    };
    lines.iter().filter_map(of).collect()
}

/// Books goods in for which nothing more is paid back; as a loss out again where they are spoilt.
async fn take_in(
    tx: &mut PgConnection,
    scope: &Scope,
    back: &CameBack,
    sold: &Sold,
    lines: &[PackedLine],
) -> Result<(), Fault> {
    if lines.is_empty() {
        return Ok(());
    }
    let document = house::new_id();
    let (numbers, quantities): (Vec<i32>, Vec<i64>) = lines.iter().map(|one| (one.line, one.quantity)).unzip();
    sqlx::query!(
        "insert into parcel_goods (parcel_id, order_id, document_id, line, quantity)
         select $1, $2, $3, line, quantity from unnest((select $4::integer[]), (select $5::bigint[])) as g (line, quantity)",
        back.parcel.0,
        back.order.0,
        document,
        &numbers,
        &quantities,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let document = |cause| Document { cause, id: Some(document) };
    stock::book(tx, scope, back.store.0, document(Cause::Return), &pieces(sold, lines, 1)).await?;
    if !back.spoilt {
        return Ok(());
    }
    stock::book(tx, scope, back.store.0, document(Cause::Loss), &pieces(sold, lines, -1)).await
}
