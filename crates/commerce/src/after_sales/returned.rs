//! A parcel that came back to the store that sent it: its part of the order is paid back without anybody asking.

use domain::{
    AfterSalesId, Fault, OrderId, ParcelId, Quantity, StoreId,
    after_sales::{
        AfterSalesAct, AfterSalesKind, AfterSalesReason, AfterSalesState, Condition, KindUntil, QuoteAfterSales,
        RequestAfterSales, RequestedLine, Weighed, weigh,
    },
    express::PackedLine,
};
use sqlx::PgConnection;

use super::{
    advance, lock, read, receive, request, settle,
    sold::{self, Sold},
    write_step,
};
use crate::Scope;

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
/// booked in at the store and the money goes back. What somebody has asked for meanwhile is theirs to end. How long what
/// may be asked for does not count: nobody has had the goods.
pub(crate) async fn pay_back(tx: &mut PgConnection, scope: &Scope, back: CameBack, reason: &str) -> Result<(), Fault> {
    let kind = AfterSalesKind::Return;
    let sold = unbound(tx, scope, back.order).await?;
    let wanted = back.lines.iter().filter_map(|packed| {
        let rest = sold.lines.iter().find(|line| line.line == packed.line)?.rest;
        let quantity = Quantity::try_from(packed.quantity.min(rest)).ok()?;
        Some(RequestedLine { line: packed.line, quantity, exchange_for: None })
    });
    let lines: Vec<RequestedLine> = wanted.collect();
    if lines.is_empty() {
        return Ok(());
    }
    let weighed = weigh(&sold.lines, kind, &lines, scope.now)?;
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
    let conditions = lines.iter().map(|line| (line.line, condition)).collect();
    receive::note_conditions(tx, &request, back.store, &conditions).await?;
    receive::move_goods(tx, scope, command.id, back.store, &lines, &conditions).await?;
    settle(tx, scope, &mut request).await
}
