//! Goods that shoppers brought back for their supplier lie apart: out of the store's balance since they came, and not
//! yet anybody else's. A supplier takes them, in part or whole, or they are scrapped; each is a document with a number.
//!
//! As they came they left the balance at cost, as what was bought less (`supplier_return`). What the supplier credits is
//! owed less from then on; what is scrapped is taken back from that and booked as a loss.

mod read;

use domain::{
    Fault, Fen, LocationId, SetApartEndId, StoreId, SupplierId,
    audit::{Act, ObjectKind},
    batches::batch_field,
    counts::Off,
    purchasing::{CreditHandOver, Fate, HandToSupplier, HandedToSupplier, ScrapSetApart, price_field},
    staff::Column,
    stock_lists::DocumentKind,
    transfers::{Location, Pieces, within},
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Concern,
    ledger::{self, Account, Entry},
    must_buy, sum,
};
use crate::{
    Scope, approvals,
    audit::{self, Change},
    database::OrFault,
    faults::{self, Deed},
    staff,
    stock::{self, Cause, Document},
    stockroom,
    transfers::places,
};

pub use read::list as set_apart;

const NO_END: Fault = Fault::NotFound("这张退供单");

/// As people say the number of one.
pub(super) fn number_text(number: i64) -> String {
    DocumentKind::SetApart.said(number)
}

/// What is to become of goods that lie apart.
struct End<'a> {
    id: SetApartEndId,
    fate: Fate,
    place: Location,
    supplier: Option<SupplierId>,
    /// The credit note's number, or why they are scrapped.
    note: &'a str,
    pieces: Vec<Pieces>,
    /// What a piece is credited with, in the pieces' order.
    prices: Vec<Option<Fen>>,
    /// Of which batch they are, where somebody says so, in the pieces' order.
    batches: Vec<Option<Uuid>>,
}

/// Gives goods that lie apart at a place within reach to a supplier. Where it is said what they credit for them, that is
/// owed less from now on. The request's id is the idempotency key.
///
/// Faults: `Forbidden`; `NotFound` for a place out of reach; `Invalid` beside `lines`, `supplier`, `credit_note`, beside
/// `pieces.{sku}` for more than lies there, beside `price.{sku}` of who does not see costs, and beside `batch.{sku}` for a
/// batch that nobody has registered; `Conflict` (`key_reused`).
pub async fn hand_over(scope: &Scope, command: HandToSupplier) -> Result<(), Fault> {
    let note = command.checked_note()?;
    let mut tx = scope.begin().await?;
    let place = ending_at(&mut tx, scope, command.location_id).await?;
    if let Some(priced) = command.lines.iter().find(|line| line.price_fen.is_some())
        && !sees_costs(scope, place.id)
    {
        let why = "您看不到成本，退款单价请留空，由总部登记";
        return Err(Fault::invalid(&price_field(priced.sku_id), why));
    }
    let known = sqlx::query_scalar!("select id from suppliers where id = $1", command.supplier_id.0);
    if known.fetch_optional(&mut *tx).await.or_fault()?.is_none() {
        return Err(Fault::invalid("supplier", "请选择供应商"));
    }
    let end = End {
        id: command.id,
        fate: Fate::HandOver,
        place,
        supplier: Some(command.supplier_id),
        note,
        pieces: command.pieces(),
        prices: command.lines.iter().map(|line| line.price_fen).collect(),
        batches: named(&mut tx, &command.lines).await?,
    };
    let Some(number) = write(&mut tx, scope, &end).await? else { return Ok(()) };
    let worth =
        command.lines.iter().map(|line| line.quantity.saturating_mul(line.price_fen.map_or(0, |price| price.0)));
    let amount = Fen(worth.sum());
    if amount > Fen::ZERO {
        write_credit(&mut tx, scope, command.id, (command.supplier_id, amount, note)).await?;
    }
    record(&mut tx, scope, (Act::HandToSupplier, number), &end).await?;
    faults::commit(tx, scope, Deed::HandOver).await
}

/// Throws goods away that lie apart at a place within reach: what they cost is a loss. What is beyond what a store
/// decides by itself is thrown away by who decides above it, and nothing by a program. The request's id is the
/// idempotency key.
///
/// Faults: `Forbidden`; `PeopleOnly`; `NotFound` for a place out of reach; `Invalid` beside `reason`, `lines`, and beside
/// `pieces.{sku}` for more than lies there; `Conflict` (`beyond_store`, `key_reused`).
pub async fn scrap_set_apart(scope: &Scope, command: ScrapSetApart) -> Result<(), Fault> {
    let reason = command.checked_reason()?;
    let mut tx = scope.begin().await?;
    let place = ending_at(&mut tx, scope, command.location_id).await?;
    scope.person()?;
    let end = End {
        id: command.id,
        fate: Fate::Scrap,
        place,
        supplier: None,
        note: reason,
        prices: vec![None; command.lines.len()],
        batches: vec![None; command.lines.len()],
        pieces: command.lines.clone(),
    };
    let Some(number) = write(&mut tx, scope, &end).await? else { return Ok(()) };
    must_decide(&mut tx, scope, &end).await?;
    let document = |cause| Document { cause, id: Some(end.id.0) };
    let pieces = |sign: i64| -> Vec<stock::Pieces> {
        let piece = |one: &Pieces| stock::Pieces { sku: one.sku_id.0, quantity: sign * one.quantity };
        end.pieces.iter().map(piece).collect()
    };
    // They were booked out as the supplier's; now they are the house's loss.
    stock::book(&mut tx, scope, end.place.id.0, document(Cause::SupplierReturn), &pieces(1)).await?;
    stock::book(&mut tx, scope, end.place.id.0, document(Cause::Loss), &pieces(-1)).await?;
    record(&mut tx, scope, (Act::ScrapSetApart, number), &end).await?;
    faults::commit(tx, scope, Deed::ScrapSetApart).await
}

/// Says what a supplier credits for goods that they took, where it was not said then. The same again is the same.
///
/// Faults: `Unauthenticated`; `Forbidden` for who does not buy and see costs; `Invalid` beside `amount` or
/// `credit_note`; `NotFound`; `Conflict` (`credited_already` with another amount or note).
pub async fn credit(scope: &Scope, id: SetApartEndId, command: CreditHandOver) -> Result<(), Fault> {
    must_buy(scope)?;
    let note = command.checked_note()?;
    let mut tx = scope.begin().await?;
    let found = sqlx::query!(
        r#"select number, location_id, supplier_id as "supplier_id!" from set_apart_ends where id = $1 and fate = 'hand_over'"#,
        id.0,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .ok_or(NO_END)?;
    if !sees_costs(scope, LocationId(found.location_id)) {
        return Err(Fault::Forbidden);
    }
    let supplier = SupplierId(found.supplier_id);
    if !write_credit(&mut tx, scope, id, (supplier, command.amount_fen, note)).await? {
        let there = sqlx::query!("select value_fen, note from purchase_receipts where id = $1", id.0);
        let there = there.fetch_one(&mut *tx).await.or_fault()?;
        let same = (there.value_fen, there.note.as_str()) == (command.amount_fen.0, note);
        let other = || Fault::conflict("credited_already", "这张退供单已经登记过供应商退款，请刷新后查看");
        return if same { Ok(()) } else { Err(other()) };
    }
    let change = Change {
        act: Act::CreditHandOver,
        object: ObjectKind::SetApart,
        object_id: id.0,
        store_id: Some(found.location_id),
        before: json!(null),
        // Not everybody who reads the log sees what goods cost.
        after: json!({ "number": number_text(found.number), "credit_note": note }),
        reason: "",
    };
    audit::record(&mut tx, scope, change).await?;
    faults::commit(tx, scope, Deed::CreditHandOver).await
}

/// The batches that are named of goods that lay apart, in the lines' order. What a shopper brought back is of no batch in
/// the books, so that it may be of any.
///
/// Faults: `Invalid` beside `batch.{sku}`.
async fn named(tx: &mut PgConnection, lines: &[HandedToSupplier]) -> Result<Vec<Option<Uuid>>, Fault> {
    let mut named = Vec::new();
    for line in lines {
        let Some(code) = line.batch_code() else {
            named.push(None);
            continue;
        };
        let found = sqlx::query_scalar!("select id from batches where sku_id = $1 and code = $2", line.sku_id.0, code)
            .fetch_optional(&mut *tx)
            .await
            .or_fault()?;
        let unknown = || Fault::invalid(&batch_field(line.sku_id), format!("没有登记过批次 {code}，请核对或留空"));
        named.push(Some(found.ok_or_else(unknown)?));
    }
    Ok(named)
}

/// The place, where whoever asks ends what lies apart there: who sends goods back from it.
async fn ending_at(tx: &mut PgConnection, scope: &Scope, id: LocationId) -> Result<Location, Fault> {
    let concern = Concern::of(scope)?;
    let [place] = places(tx, [id]).await?;
    let concerned = concern.rights.as_ref().is_some_and(|rights| rights.concerned_at(&place.location));
    match () {
        () if concern.sends_back_from(&place.location) => Ok(place.location),
        () if concerned => Err(Fault::Forbidden),
        () => Err(stockroom::NO_PLACE),
    }
}

fn sees_costs(scope: &Scope, place: LocationId) -> bool {
    scope.sight(Column::Cost).is_whole(StoreId(place.0))
}

/// Refuses to scrap what is more than whoever asks decides on.
async fn must_decide(tx: &mut PgConnection, scope: &Scope, end: &End<'_>) -> Result<(), Fault> {
    let (_, grants) = staff::authority_of(tx, scope).await?;
    let mut worth = Vec::new();
    for one in &end.pieces {
        worth.push((one.quantity, stockroom::price(tx, end.place.id, one.sku_id).await?));
    }
    let off = Off::of(worth).ok_or_else(|| Fault::Internal("a loss beyond all numbers".into()))?;
    let held = approvals::alone_at(tx, end.place.id).await?;
    let above = !held.alone.suffices(off);
    match stockroom::right_to_decide(&grants, end.place.id, above) {
        Err(Fault::Forbidden) if above => {
            let why = held.alone.exceeded(Some(off), Some(held.own));
            Err(Fault::conflict("beyond_store", format!("{why}，请由有审批权限的上级报废，或分批退给供应商")))
        }
        decided => decided.map(drop),
    }
}

/// Writes a document and takes its pieces from what lies there, the oldest first; answers its number, and nothing where
/// it is there because of the same request.
///
/// Faults: `Invalid` beside `pieces.{sku}`; `Conflict` (`key_reused`).
async fn write(tx: &mut PgConnection, scope: &Scope, end: &End<'_>) -> Result<Option<String>, Fault> {
    let actor = scope.actor();
    let number = sqlx::query_scalar!(
        "insert into set_apart_ends (id, fate, location_id, supplier_id, note, at, staff_id, api_key_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (id) do nothing returning number",
        end.id.0,
        end.fate.code(),
        end.place.id.0,
        end.supplier.map(|supplier| supplier.0),
        end.note,
        scope.now,
        actor.staff,
        actor.key,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let Some(number) = number else { return ended_before(tx, end).await.map(|()| None) };
    let mut lying = lock_lying(tx, end).await?;
    let there = end.pieces.iter().map(|one| Pieces {
        sku_id: one.sku_id,
        quantity: lying.iter().filter(|lies| lies.sku == one.sku_id.0).map(|lies| lies.remains).sum(),
    });
    within(&end.pieces, &there.collect::<Vec<_>>(), |most| format!("这里只单独存放着 {most} 件，不能多填"))?;
    let (mut requests, mut lines, mut quantities) = (Vec::new(), Vec::new(), Vec::new());
    let (mut prices, mut batches) = (Vec::new(), Vec::new());
    for ((one, price), batch) in end.pieces.iter().zip(&end.prices).zip(&end.batches) {
        let mut left = one.quantity;
        for lies in lying.iter_mut().filter(|lies| lies.sku == one.sku_id.0) {
            let taken = left.min(lies.remains);
            if taken > 0 {
                requests.push(lies.request);
                lines.push(lies.line);
                quantities.push(taken);
                prices.push(price.map(|price| price.0));
                batches.push(*batch);
            }
            left -= taken;
        }
    }
    sqlx::query!(
        "with gone as materialized (
             select * from unnest((select $2::uuid[]), (select $3::integer[]), (select $4::bigint[]), (select $5::bigint[]),
                                  (select $6::uuid[]))
                 as g (after_sales_id, line, quantity, price_fen, batch_id)
         ), taken as (
             update set_apart s set remains = s.remains - g.quantity from gone g
             where s.after_sales_id = g.after_sales_id and s.line = g.line
         )
         insert into set_apart_end_lines (end_id, after_sales_id, line, quantity, price_fen, batch_id)
         select $1, after_sales_id, line, quantity, price_fen, batch_id from gone",
        end.id.0,
        &requests,
        &lines,
        &quantities,
        &prices as &[Option<i64>],
        &batches as &[Option<Uuid>],
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(Some(number_text(number)))
}

/// Pieces that came with a line of a request and lie there.
struct Lies {
    request: Uuid,
    line: i32,
    sku: Uuid,
    remains: i64,
}

/// Locks what lies there of the document's goods; answers it the oldest first.
async fn lock_lying(tx: &mut PgConnection, end: &End<'_>) -> Result<Vec<Lies>, Fault> {
    let skus: Vec<Uuid> = end.pieces.iter().map(|one| one.sku_id.0).collect();
    let mut rows = sqlx::query!(
        "select after_sales_id, line, sku_id, remains, since from set_apart
         where location_id = $1 and sku_id = any($2) and remains > 0 order by after_sales_id, line for update",
        end.place.id.0,
        &skus,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    rows.sort_by_key(|row| (row.since, row.after_sales_id, row.line));
    let lies = rows.into_iter().map(|row| Lies {
        request: row.after_sales_id,
        line: row.line,
        sku: row.sku_id,
        remains: row.remains,
    });
    Ok(lies.collect())
}

/// Whether the document under this id is there because of the same request.
///
/// Faults: `Conflict` (`key_reused`).
async fn ended_before(tx: &mut PgConnection, end: &End<'_>) -> Result<(), Fault> {
    let key_reused = || Fault::conflict("key_reused", "这个页面已经提交过另一张退供单，请刷新后再试");
    let head = sqlx::query!("select fate, location_id, supplier_id, note from set_apart_ends where id = $1", end.id.0)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?
        .ok_or_else(key_reused)?;
    let rows = sqlx::query!(
        r#"select s.sku_id, sum(l.quantity)::bigint as "quantity!", min(l.price_fen) as "price_fen?",
                  (array_agg(l.batch_id))[1] as "batch_id?"
           from set_apart_end_lines l join set_apart s using (after_sales_id, line) where l.end_id = $1 group by 1 order by 1"#,
        end.id.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let there: Vec<_> = rows.iter().map(|row| (row.sku_id, row.quantity, row.price_fen, row.batch_id)).collect();
    let asked = end.pieces.iter().zip(&end.prices).zip(&end.batches);
    let asked = asked.map(|((one, price), batch)| (one.sku_id.0, one.quantity, price.map(|price| price.0), *batch));
    let mut asked: Vec<_> = asked.collect();
    asked.sort();
    let said = (head.fate.as_str(), head.location_id, head.supplier_id, head.note.as_str());
    let same = said == (end.fate.code(), end.place.id.0, end.supplier.map(|one| one.0), end.note) && there == asked;
    if same { Ok(()) } else { Err(key_reused()) }
}

/// Writes what a supplier credits for a handing over, which then waits for their invoice; whether nobody had said it.
async fn write_credit(
    tx: &mut PgConnection,
    scope: &Scope,
    id: SetApartEndId,
    (supplier, amount, note): (SupplierId, Fen, &str),
) -> Result<bool, Fault> {
    let actor = scope.actor();
    let written = sqlx::query!(
        "insert into purchase_receipts (id, handed_over_id, returned, note, value_fen, at, staff_id, api_key_id)
         values ($1, $1, true, $2, $3, $4, $5, $6) on conflict (id) do nothing",
        id.0,
        note,
        amount.0,
        scope.now,
        actor.staff,
        actor.key,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if written.rows_affected() == 0 {
        return Ok(false);
    }
    let entry = Entry { debit: Account::Accrued, credit: Account::Goods, amount };
    ledger::enter(tx, scope, supplier.0, id.0, entry).await?;
    Ok(true)
}

async fn record(
    tx: &mut PgConnection,
    scope: &Scope,
    (act, number): (Act, String),
    end: &End<'_>,
) -> Result<(), Fault> {
    let change = Change {
        act,
        object: ObjectKind::SetApart,
        object_id: end.id.0,
        store_id: end.place.store().map(|store| store.0),
        before: json!(null),
        after: json!({ "number": number, "pieces": sum(&end.pieces), "supplier_id": end.supplier, "place": end.place.name }),
        reason: end.note,
    };
    audit::record(tx, scope, change).await
}
