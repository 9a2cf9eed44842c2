//! Asking for goods, and taking that back: the receiver's side.

use domain::{
    Fault, SkuId, TransferId,
    transfers::{Location, LocationKind, Pieces, RequestTransfer, TransferAct, TransferState},
};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Place, Rights, Step, Transfer, advance, columns, lock, lock_for, places, sum, tell, write_step};
use crate::{Scope, database::OrFault};

/// Asks for goods to be sent to a store or warehouse within reach.
///
/// The transfer's id is the idempotency key: the same request again is the same transfer.
///
/// Faults: `Invalid` beside the fields, beside `from` for goods of another merchant's, or beside `lines` for such of
/// another brand's; `NotFound` for a receiver out
/// of reach, a place or a variant that is none; `Conflict` (`location_closed`, `key_reused`).
pub async fn request(scope: &Scope, command: RequestTransfer) -> Result<(), Fault> {
    command.check()?;
    let rights = Rights::of(scope)?;
    let mut tx = scope.begin().await?;
    let [from, to] = places(&mut tx, [command.from_id, command.to_id]).await?;
    if !rights.moves_at(&to.location) {
        return Err(Fault::NotFound("这处收货方"));
    }
    may_trade(&from, &to)?;
    let reason = command.reason.trim();
    let asking = Asking { from: &from, to: &to, reason, act: TransferAct::Request, allocation: None };
    if write(&mut tx, scope, command.id, &asking, &command.lines).await?.is_none() {
        return requested_before(&mut tx, &command).await;
    }
    tx.commit().await.or_fault()
}

/// Goods go between the stores of one owner, and out of the chain's warehouses to anybody.
fn may_trade(from: &Place, to: &Place) -> Result<(), Fault> {
    if let Some(closed) = [from, to].into_iter().find(|place| place.closed) {
        return Err(Fault::conflict("location_closed", format!("「{}」已关闭，不能调拨", closed.location.name)));
    }
    if from.location.kind == LocationKind::Store && from.merchant != to.merchant {
        return Err(Fault::invalid("from", "只能从同一商户的门店，或总部仓库调货"));
    }
    Ok(())
}

/// A transfer to be written down.
pub(crate) struct Asking<'a> {
    pub from: &'a Place,
    pub to: &'a Place,
    pub reason: &'a str,
    /// Whether somebody asks for it, or head office sends it out.
    pub act: TransferAct,
    pub allocation: Option<Uuid>,
}

/// Writes a transfer down; answers its number, or nothing where its id is taken.
///
/// Faults: `NotFound` for a variant that is none; `Invalid` beside `lines` for goods of another brand than the
/// receiving store's.
pub(crate) async fn write(
    tx: &mut PgConnection,
    scope: &Scope,
    id: TransferId,
    asking: &Asking<'_>,
    lines: &[Pieces],
) -> Result<Option<i64>, Fault> {
    let sent_out = asking.act == TransferAct::Allocate;
    let state = if sent_out { TransferState::Approved } else { TransferState::Requested };
    let (from, to) = (&asking.from.location, &asking.to.location);
    let number = sqlx::query_scalar!(
        "insert into stock_transfers (id, from_id, to_id, state, reason, allocation_id, created_at)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (id) do nothing returning number",
        id.0,
        from.id.0,
        to.id.0,
        state.code(),
        asking.reason,
        asking.allocation,
        scope.now,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let Some(number) = number else { return Ok(None) };
    // What a store pays is said where a warehouse sends; the price stays that of this moment.
    let priced = from.kind == LocationKind::Warehouse && to.kind == LocationKind::Store;
    let (skus, quantities) = columns(lines);
    let written = sqlx::query!(
        "insert into stock_transfer_lines (transfer_id, sku_id, requested, approved, price_fen)
         select $1, a.sku_id, a.quantity, case when $4 then a.quantity end,
                case when $5 then supply_price($6, a.sku_id) end
         from unnest($2::uuid[], $3::bigint[]) as a (sku_id, quantity) join skus k on k.id = a.sku_id",
        id.0,
        &skus,
        &quantities,
        sent_out,
        priced,
        to.id.0,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if written.rows_affected() != lines.len() as u64 {
        return Err(Fault::NotFound("这件商品"));
    }
    must_be_sold_at(tx, id, to).await?;
    let step = Step { act: asking.act, state, note: asking.reason };
    write_step(tx, scope, id, &step).await?;
    tell(tx, scope, id, (from, to), &step, (Value::Null, sum(lines)), asking.reason).await?;
    Ok(Some(number))
}

/// Refuses goods of another brand than that of the store that they are to go to: nobody could sell them there.
///
/// Faults: `Invalid` beside `lines`.
async fn must_be_sold_at(tx: &mut PgConnection, id: TransferId, to: &Location) -> Result<(), Fault> {
    let other = sqlx::query_scalar!(
        r#"select d.name from stock_transfer_lines l join skus k on k.id = l.sku_id join products d on d.id = k.product_id
           join stores s on s.id = $2 where l.transfer_id = $1 and d.brand_id <> s.brand_id order by d.name limit 1"#,
        id.0,
        to.id.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    let Some(name) = other else { return Ok(()) };
    Err(Fault::invalid("lines", format!("「{name}」不是「{}」所属品牌的商品，不能调到那里", to.name)))
}

/// Whether the transfer is there because of the same request.
async fn requested_before(tx: &mut PgConnection, command: &RequestTransfer) -> Result<(), Fault> {
    let found = lock(tx, command.id).await.ok();
    let lines = |lines: &[Pieces]| -> Vec<(SkuId, i64)> {
        let mut lines: Vec<_> = lines.iter().map(|line| (line.sku_id, line.quantity)).collect();
        lines.sort();
        lines
    };
    let same = |found: &Transfer| {
        (found.from.id, found.to.id, found.reason.as_str()) == (command.from_id, command.to_id, command.reason.trim())
            && lines(&found.pieces(|line| line.requested)) == lines(&command.lines)
    };
    match found {
        Some(found) if same(&found) => Ok(()),
        _ => Err(Fault::conflict("key_reused", "这个页面已经提交过另一张调拨单，请刷新后再试")),
    }
}

/// Takes a request back before it is decided on. Doing it twice is doing it once.
///
/// Faults: `NotFound`, `Forbidden` as of [`super::ship`]; `Conflict` (`not_now`) once it is decided.
pub async fn withdraw(scope: &Scope, id: TransferId) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    let transfer = lock_for(&mut tx, scope, id, TransferAct::Withdraw).await?;
    if transfer.state == TransferState::Withdrawn {
        return Ok(());
    }
    advance(&mut tx, scope, &transfer, TransferAct::Withdraw, "", 0).await?;
    tx.commit().await.or_fault()
}
