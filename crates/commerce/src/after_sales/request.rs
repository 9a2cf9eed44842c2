//! What can be asked for of an order, what it comes to, and asking.

use domain::{
    AfterSalesId, Fault, Fen, OrderId,
    after_sales::{
        AfterSalesAct, AfterSalesKind, AfterSalesOptions, AfterSalesQuote, AfterSalesState, ListAfterSales,
        QuoteAfterSales, RequestAfterSales, Weighed, cap, weigh,
    },
    audit::{Act, ObjectKind},
};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    DECIDE_WITHIN, money, read,
    sold::{self, Sold},
    write_step,
};
use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    faults::{self, Deed},
    jobs,
};

/// How many requests and ends of unsent pieces an order may have: a gateway gives a payment back in 50 parts at most, and
/// what comes back in parcels is one of them whatever else was.
const REQUESTS_MOST: i64 = 40;

/// What can be asked for of an order, and what was: of one's own, or at the counter.
///
/// Faults: `NotFound` for another's.
pub async fn options(scope: &Scope, order: OrderId) -> Result<AfterSalesOptions, Fault> {
    let mut tx = scope.begin().await?;
    let sold = sold::read(&mut tx, scope, order, false).await?;
    let ask = ListAfterSales { order: Some(order), most: 100, ..ListAfterSales::default() };
    let requests = read::cards(&mut tx, &read::Within::default(), &ask).await?;
    Ok(AfterSalesOptions {
        order_id: order,
        order_number: sold.number,
        handed_over_at: sold.handed_over_at,
        lines: sold.lines,
        requests,
    })
}

/// What a request would come to; by the function that asking goes by.
///
/// Faults: as of [`request`].
pub async fn quote(scope: &Scope, order: OrderId, what: &QuoteAfterSales) -> Result<AfterSalesQuote, Fault> {
    let mut tx = scope.begin().await?;
    let sold = sold::read(&mut tx, scope, order, false).await?;
    let (weighed, less_fen) = weighed(&mut tx, scope, &sold, what).await?;
    Ok(AfterSalesQuote { refund_fen: sum(&weighed)?, less_fen })
}

/// What is wanted, weighed and lowered to what is left of what was paid; with by how much.
async fn weighed(
    tx: &mut PgConnection,
    scope: &Scope,
    sold: &Sold,
    what: &QuoteAfterSales,
) -> Result<(Vec<Weighed>, Fen), Fault> {
    if sold.handed_over_at.is_none() {
        return Err(Fault::conflict(
            "not_handed_over",
            "商品还没有交到您手上：没出库的可以直接取消订单，在路上的请收到后先确认收货",
        ));
    }
    let mut weighed = weigh(&sold.lines, what.kind, &what.lines, scope.now)?;
    let less = cap(&mut weighed, money::of(tx, sold.order, None).await?.goods_rest());
    // Other goods can be had all the same.
    if less > Fen::ZERO && what.kind != AfterSalesKind::Exchange && sum(&weighed)? == Fen::ZERO {
        return Err(money::nothing_left());
    }
    Ok((weighed, less))
}

pub(super) fn sum(weighed: &[Weighed]) -> Result<Fen, Fault> {
    let sum = weighed.iter().try_fold(Fen::ZERO, |sum, one| sum.checked_add(one.refund_fen));
    sum.ok_or_else(|| Fault::Internal("a refund that does not fit".into()))
}

/// Asks for something of an order: of one's own, or at the counter in the shopper's name.
///
/// The request's id is the idempotency key: the same request again is the same request.
///
/// Faults: `Invalid` beside `lines`, `line.{n}`, `swap.{n}` (more than is left, too late, not for such goods, dearer),
/// `note`; `NotFound` for another's order; `Conflict` (`not_handed_over`, `amount_changed`, `too_many_requests`,
/// `key_reused`), (`nothing_left`) where all that was paid has gone back beside pieces.
pub async fn request(scope: &Scope, command: RequestAfterSales) -> Result<(), Fault> {
    command.check()?;
    let mut tx = scope.begin().await?;
    let sold = sold::read(&mut tx, scope, command.order_id, true).await?;
    let hash = request_hash(&command);
    if let Some(known) = known_hash(&mut tx, command.id).await? {
        return if known == hash { Ok(()) } else { Err(key_reused()) };
    }
    let (weighed, _) = weighed(&mut tx, scope, &sold, &command.what).await?;
    let refund = sum(&weighed)?;
    if refund != command.expected_refund_fen {
        let message = format!("应退金额有变化，现在是 {refund}，请确认后再提交");
        return Err(Fault::conflict("amount_changed", message));
    }
    must_not_be_too_many(&mut tx, sold.order).await?;
    write(&mut tx, scope, &command, &sold, refund, hash).await?;
    write_lines(&mut tx, command.id, &sold, &weighed).await?;
    write_step(&mut tx, scope, command.id, (AfterSalesAct::Request, AfterSalesState::Requested), "").await?;
    jobs::schedule(&mut tx, jobs::Kind::AfterSalesDue, command.id.0, scope.now + DECIDE_WITHIN).await?;
    let change = Change {
        act: Act::RequestAfterSales,
        object: ObjectKind::AfterSales,
        object_id: command.id.0,
        store_id: Some(sold.store.0),
        before: json!(null),
        after: json!({ "state": AfterSalesState::Requested, "refund_fen": refund }),
        reason: command.reason_label(),
    };
    audit::record(&mut tx, scope, change).await?;
    faults::commit(tx, scope, Deed::RequestReturn).await
}

pub(super) fn key_reused() -> Fault {
    Fault::conflict("key_reused", "这个页面已经提交过另一份售后申请，请刷新后再试")
}

pub(super) fn request_hash(command: &RequestAfterSales) -> Vec<u8> {
    let RequestAfterSales { id, order_id, what, reason, note, expected_refund_fen } = command;
    let lines = what.lines.iter().map(|line| format!("{}:{}:{:?}", line.line, line.quantity, line.exchange_for));
    let mut lines: Vec<String> = lines.collect();
    lines.sort();
    let lines = lines.join(",");
    let (kind, reason) = (what.kind.code(), reason.code());
    let text = format!("{id}\n{order_id}\n{kind}\n{lines}\n{reason}\n{}\n{note}", expected_refund_fen.0);
    Sha256::digest(text.as_bytes()).to_vec()
}

pub(super) async fn known_hash(tx: &mut PgConnection, id: AfterSalesId) -> Result<Option<Vec<u8>>, Fault> {
    sqlx::query_scalar!("select request_hash from after_sales where id = $1", id.0).fetch_optional(tx).await.or_fault()
}

pub(super) async fn must_not_be_too_many(tx: &mut PgConnection, order: OrderId) -> Result<(), Fault> {
    if has_room(tx, order).await? {
        return Ok(());
    }
    Err(Fault::conflict("too_many_requests", "这个订单的售后申请过多，请联系门店处理"))
}

/// Whether one more part of a locked order may go back by itself.
pub(crate) async fn has_room(tx: &mut PgConnection, order: OrderId) -> Result<bool, Fault> {
    let many = sqlx::query_scalar!(
        r#"select (select count(*) from after_sales where order_id = $1)
                + (select count(*) from unsent_ends where order_id = $1) as "many!""#,
        order.0,
    )
    .fetch_one(tx)
    .await
    .or_fault()?;
    Ok(many < REQUESTS_MOST)
}

pub(super) async fn write(
    tx: &mut PgConnection,
    scope: &Scope,
    command: &RequestAfterSales,
    sold: &Sold,
    refund: Fen,
    hash: Vec<u8>,
) -> Result<(), Fault> {
    let written = sqlx::query!(
        "insert into after_sales (id, order_id, order_number, member_id, store_id, kind, state, reason, note, refund_fen,
                                  requested_at, due_at, request_hash)
         values ($1, $2, $3, $4, $5, $6, 'requested', $7, $8, $9, $10, $11, $12) on conflict (id) do nothing",
        command.id.0,
        sold.order.0,
        sold.number,
        sold.member,
        sold.store.0,
        command.what.kind.code(),
        command.reason.code(),
        command.note.trim(),
        refund.0,
        scope.now,
        scope.now + DECIDE_WITHIN,
        hash,
    )
    .execute(tx)
    .await
    .or_fault()?;
    // It is another's, whom whoever asks does not see.
    if written.rows_affected() == 0 { Err(key_reused()) } else { Ok(()) }
}

pub(super) async fn write_lines(
    tx: &mut PgConnection,
    id: AfterSalesId,
    sold: &Sold,
    weighed: &[Weighed],
) -> Result<(), Fault> {
    for one in weighed {
        let Some(line) = sold.lines.iter().find(|line| line.line == one.line) else { continue };
        let swap: Option<Uuid> = one.exchange_for.map(|sku| sku.0);
        let spec = one.exchange_for.map(|sku| {
            let other = line.swaps.iter().find(|swap| swap.sku_id == sku);
            other.map_or_else(|| line.spec.clone(), |swap| swap.spec.clone())
        });
        sqlx::query!(
            "insert into after_sales_lines (after_sales_id, order_id, line, sku_id, name, spec, options_text, picture, quantity,
                                            paid_fen, refund_fen, exchange_sku_id, exchange_spec, came_for)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            id.0,
            sold.order.0,
            line.line,
            line.sku_id.0,
            line.name,
            line.spec,
            line.options_text,
            line.picture,
            one.quantity.get(),
            one.paid_fen.0,
            one.refund_fen.0,
            swap,
            spec,
            line.came_for,
        )
        .execute(&mut *tx)
        .await
        .or_fault()?;
    }
    Ok(())
}
