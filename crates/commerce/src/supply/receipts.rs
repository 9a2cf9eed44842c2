//! Goods that arrive from outside.

use domain::{
    Fault, LocationId,
    audit::{Act, ObjectKind},
    purchasing::MilliFen,
    stock_lists::DocumentKind,
    supply::{ReceiptView, ReceiveGoods},
    transfers::Pieces,
};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Scope,
    audit::{self, Change},
    costs::{self, Arrival},
    database::OrFault,
    faults::{self, Deed},
    stock::{self, Cause, Document, batches},
    transfers::{Rights, places},
};

/// Takes goods in at a store within reach, or at a warehouse for those who run them or whose key names it.
///
/// The receipt's id is the idempotency key: the same request again takes nothing in twice.
///
/// Faults: `Invalid` beside the fields; `Forbidden`, also for a price from who may not see costs there; `NotFound` for a
/// place out of reach or a variant that is none; `Conflict` (`location_closed`, `key_reused`).
pub async fn receive(scope: &Scope, command: ReceiveGoods) -> Result<(), Fault> {
    command.check()?;
    let rights = Rights::of(scope)?;
    let mut tx = scope.begin().await?;
    let [place] = places(&mut tx, [command.location_id]).await?;
    if !rights.concerned_at(&place.location) {
        return Err(Fault::NotFound("这处门店或仓库"));
    }
    if !rights.books_at(&place.location) {
        return Err(Fault::Forbidden);
    }
    if !command.prices.is_empty() && !costs::seen_at(scope, &place.location) {
        return Err(Fault::Forbidden);
    }
    let note = command.note.trim();
    let actor = scope.actor();
    let written = sqlx::query!(
        "insert into goods_receipts (id, location_id, note, at, staff_id, api_key_id) values ($1, $2, $3, $4, $5, $6)
         on conflict (id) do nothing",
        command.id,
        command.location_id.0,
        note,
        scope.now,
        actor.staff,
        actor.key,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if written.rows_affected() == 0 {
        received_before(&mut tx, &command).await?;
        return batches::must_be_said(&mut tx, command.id, &command.batches).await;
    }
    if place.closed {
        return Err(Fault::conflict("location_closed", format!("「{}」已关闭，不能收货", place.location.name)));
    }
    write_lines(&mut tx, &command).await?;
    let pieces: Vec<stock::Pieces> =
        command.lines.iter().map(|line| stock::Pieces { sku: line.sku_id.0, quantity: line.quantity }).collect();
    let document = Document { cause: Cause::Receive, id: Some(command.id) };
    stock::book(&mut tx, scope, command.location_id.0, document, &pieces).await?;
    batches::came(&mut tx, scope, command.location_id.0, (command.id, &pieces), &command.batches).await?;
    costs::weigh(&mut tx, scope, command.location_id.0, document, &arrivals(&command)).await?;
    let change = Change {
        act: Act::ReceiveGoods,
        object: ObjectKind::GoodsReceipt,
        object_id: command.id,
        store_id: place.location.store().map(|store| store.0),
        before: Value::Null,
        after: json!({ "place": place.location.name, "pieces": pieces.iter().map(|one| one.quantity).sum::<i64>() }),
        reason: note,
    };
    audit::record(&mut tx, scope, change).await?;
    faults::commit(tx, scope, Deed::ReceiveGoods).await
}

/// The pieces of which somebody says what they cost.
fn arrivals(command: &ReceiveGoods) -> Vec<Arrival> {
    let priced = command.lines.iter().filter_map(|line| {
        let price = command.prices.iter().find(|price| price.sku_id == line.sku_id)?.price_fen;
        Some(Arrival { sku: line.sku_id.0, quantity: line.quantity, price: MilliFen::of(price) })
    });
    priced.collect()
}

async fn write_lines(tx: &mut PgConnection, command: &ReceiveGoods) -> Result<(), Fault> {
    let (skus, quantities): (Vec<Uuid>, Vec<i64>) =
        command.lines.iter().map(|line| (line.sku_id.0, line.quantity)).unzip();
    let (priced, prices): (Vec<Uuid>, Vec<i64>) =
        command.prices.iter().map(|one| (one.sku_id.0, one.price_fen.0)).unzip();
    let written = sqlx::query!(
        "insert into goods_receipt_lines (receipt_id, sku_id, quantity, price_fen)
         select $1, a.sku_id, a.quantity, p.price_fen
         from unnest($2::uuid[], $3::bigint[]) as a (sku_id, quantity) join skus k on k.id = a.sku_id
         left join unnest($4::uuid[], $5::bigint[]) as p (sku_id, price_fen) on p.sku_id = a.sku_id",
        command.id,
        &skus,
        &quantities,
        &priced,
        &prices,
    )
    .execute(tx)
    .await
    .or_fault()?;
    if written.rows_affected() == command.lines.len() as u64 { Ok(()) } else { Err(Fault::NotFound("这件商品")) }
}

/// Whether the receipt is there because of the same request.
async fn received_before(tx: &mut PgConnection, command: &ReceiveGoods) -> Result<(), Fault> {
    let found = sqlx::query!(
        r#"select r.location_id, r.note, array(select l.sku_id from goods_receipt_lines l where l.receipt_id = r.id order by 1) as "skus!",
                  array(select l.quantity from goods_receipt_lines l where l.receipt_id = r.id order by l.sku_id) as "quantities!",
                  array(select l.sku_id from goods_receipt_lines l where l.receipt_id = r.id and l.price_fen is not null order by 1) as "priced!",
                  array(select l.price_fen from goods_receipt_lines l where l.receipt_id = r.id and l.price_fen is not null order by l.sku_id) as "prices!"
           from goods_receipts r where r.id = $1"#,
        command.id,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    let mut lines = command.lines.clone();
    lines.sort_by_key(|line| line.sku_id);
    let (skus, quantities): (Vec<Uuid>, Vec<i64>) =
        lines.iter().map(|line: &Pieces| (line.sku_id.0, line.quantity)).unzip();
    let mut prices: Vec<(Uuid, i64)> = command.prices.iter().map(|one| (one.sku_id.0, one.price_fen.0)).collect();
    prices.sort();
    match found {
        Some(found)
            if (found.location_id, found.note.as_str()) == (command.location_id.0, command.note.trim())
                && (&found.skus, &found.quantities) == (&skus, &quantities)
                && found.priced.iter().copied().zip(found.prices.iter().copied()).eq(prices) =>
        {
            Ok(())
        }
        _ => Err(Fault::conflict("key_reused", "这个页面已经提交过另一张收货单，请刷新后再试")),
    }
}

/// How many receipts a page shows; older ones are in the log.
const RECEIPTS_MOST: i64 = 30;

/// The latest goods that came in at a place within reach, newest first; beginning with `first` where a receipt is named.
///
/// Faults: `Unauthenticated`; `Forbidden`; `NotFound` out of reach.
pub async fn list(scope: &Scope, place: LocationId, first: Option<Uuid>) -> Result<Vec<ReceiptView>, Fault> {
    let rights = Rights::of(scope)?;
    let mut tx = scope.begin().await?;
    let [of] = places(&mut tx, [place]).await?;
    if !rights.concerned_at(&of.location) {
        return Err(Fault::NotFound("这处门店或仓库"));
    }
    let rows = sqlx::query!(
        r#"select r.id, r.number, r.at, r.note, coalesce(p.name, '合作方 ' || k.name, '系统') as "by!", l.goods as "goods!", l.pieces as "pieces!"
           from goods_receipts r left join staff p on p.id = r.staff_id left join api_keys k on k.id = r.api_key_id
           cross join lateral (
               select coalesce(sum(n.quantity), 0)::bigint as pieces,
                      coalesce(string_agg(concat_ws(' · ', d.name, nullif(array_to_string(v.spec_values, ' '), '')) || ' ×' || n.quantity,
                                          '、' order by d.sort, d.name, v.sort, v.code), '') as goods
               from goods_receipt_lines n join skus v on v.id = n.sku_id join products d on d.id = v.product_id
               where n.receipt_id = r.id
           ) l
           where r.location_id = $1 and ($3::uuid is null or r.id <= $3) order by r.id desc limit $2"#,
        place.0,
        RECEIPTS_MOST,
        first,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let receipt = rows.into_iter().map(|row| ReceiptView {
        id: row.id,
        number: DocumentKind::Receipt.said(row.number),
        at: row.at,
        by: row.by,
        note: row.note,
        goods: row.goods,
        pieces: row.pieces,
    });
    Ok(receipt.collect())
}
