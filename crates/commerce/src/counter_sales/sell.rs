//! Selling at the counter: all lines of it or none.

use std::collections::BTreeMap;

use domain::{
    Complaint, Fault, Fen, SkuId, StoreId,
    audit::Act,
    counter_sales::{CounterSale, SellAtCounter, line_field},
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{NO_STORE, number_text, place, read, record, serves_at};
use crate::{
    Scope,
    database::OrFault,
    faults::{self, Deed},
    stock::{self, Cause, Document, Pieces},
    stockroom,
};

/// A variant of a sale.
struct Sold {
    sku: Uuid,
    quantity: i64,
    price: Fen,
    /// The lines that named it.
    lines: Vec<usize>,
}

/// Sells goods at the counter of a store within reach, at its prices of now. No more is sold than the counter has: of
/// pieces that are shared out its own, of a pool all that nobody is promised, never what is over. Where the goods have
/// gone already it is booked as the fact that it is; what orders lack then opens a shortage case. The sale's id is the
/// idempotency key: the same request again answers the same sale.
///
/// Faults: `Invalid` beside `lines`, `occurred_at`, and beside `lines.{n}` for a code that is not the store's; `SoldOut`
/// beside `lines.{n}` for more than there is; `NotFound` for a store out of reach; `Conflict` (`key_reused`);
/// `Unauthenticated`; `Forbidden`.
pub async fn sell(scope: &Scope, store: StoreId, command: SellAtCounter) -> Result<CounterSale, Fault> {
    command.check(scope.now)?;
    serves_at(scope, store)?;
    let mut tx = scope.begin().await?;
    if let Some(sold) = sold_before(&mut tx, scope, store, &command).await? {
        return Ok(sold);
    }
    stockroom::room(&mut tx, place(store)).await.ok().and_then(|room| room.store).ok_or(NO_STORE)?;
    let sold = meant(&mut tx, store, &command).await?;
    let total: i64 = sold.iter().map(|one| one.quantity.saturating_mul(one.price.0)).sum();
    let Some(number) = write(&mut tx, scope, store, (&command, &sold, total)).await? else {
        let other = || Fault::conflict("key_reused", KEY_REUSED);
        return sold_before(&mut tx, scope, store, &command).await?.ok_or_else(other);
    };
    if !command.handed_over {
        must_be_there(&mut tx, scope, store, &sold).await?;
    }
    let gone: Vec<Pieces> = sold.iter().map(|one| Pieces { sku: one.sku, quantity: -one.quantity }).collect();
    stock::book(&mut tx, scope, store.0, Document { cause: Cause::CounterSale, id: Some(command.id.0) }, &gone).await?;
    let pieces: i64 = sold.iter().map(|one| one.quantity).sum();
    let after = json!({
        "number": number_text(number), "pieces": pieces, "total_fen": total, "handed_over": command.handed_over,
    });
    record(&mut tx, scope, (Act::SellAtCounter, command.id, store), (after, "")).await?;
    let answer = read::one(&mut tx, command.id).await?;
    faults::commit(tx, scope, Deed::SellAtCounter).await?;
    Ok(answer)
}

const KEY_REUSED: &str = "这个页面已经提交过另一笔柜台销售，请刷新后再试";

/// The sale that is there because of the same request; nothing where none is under its id.
///
/// Faults: `Conflict` (`key_reused`) for another under that id.
async fn sold_before(
    tx: &mut PgConnection,
    scope: &Scope,
    store: StoreId,
    command: &SellAtCounter,
) -> Result<Option<CounterSale>, Fault> {
    let found = sqlx::query!(
        "select store_id, asked, handed_over, occurred_at, booked_at from counter_sales where id = $1",
        command.id.0,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let Some(found) = found else { return Ok(None) };
    // Where it is not said when it was, it was when it was booked.
    let when = command.occurred_at.map_or(found.booked_at, |_| command.moment(scope.now));
    let told = (found.store_id, found.asked.as_str(), found.handed_over, found.occurred_at);
    if told != (store.0, command.asked().as_str(), command.handed_over, when) {
        return Err(Fault::conflict("key_reused", KEY_REUSED));
    }
    read::one(tx, command.id).await.map(Some)
}

/// What the lines mean at the store, each variant once and in the order of the balances, with what it sells for.
///
/// Faults: `Invalid` beside `lines.{n}` for each code that means nothing there, or more than one thing.
async fn meant(tx: &mut PgConnection, store: StoreId, command: &SellAtCounter) -> Result<Vec<Sold>, Fault> {
    let codes: Vec<&str> = command.lines.iter().map(|line| line.code.as_str()).collect();
    let found = stockroom::of_codes(tx, place(store), &codes).await?;
    let wrong = found.iter().enumerate().filter_map(|(at, one)| Some((at, one.as_ref().err()?)));
    let wrong: Vec<Complaint> = wrong.map(|(at, reason)| Complaint::new(line_field(at), *reason)).collect();
    if !wrong.is_empty() {
        return Err(Fault::Invalid(wrong));
    }
    let mut sold: BTreeMap<Uuid, Sold> = BTreeMap::new();
    for (at, (line, sku)) in command.lines.iter().zip(found.into_iter().flatten()).enumerate() {
        let one = sold.entry(sku.0).or_insert(Sold { sku: sku.0, quantity: 0, price: Fen::ZERO, lines: Vec::new() });
        one.quantity += line.pieces;
        one.lines.push(at);
    }
    for one in sold.values_mut() {
        one.price = stockroom::price(tx, place(store), SkuId(one.sku)).await?;
    }
    Ok(sold.into_values().collect())
}

/// Writes the sale; answers its number, and nothing where another stands under its id.
async fn write(
    tx: &mut PgConnection,
    scope: &Scope,
    store: StoreId,
    (command, sold, total): (&SellAtCounter, &[Sold], i64),
) -> Result<Option<i64>, Fault> {
    let actor = scope.actor();
    let number = sqlx::query_scalar!(
        "insert into counter_sales (id, store_id, asked, handed_over, occurred_at, booked_at, total_fen, staff_id, api_key_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (id) do nothing returning number",
        command.id.0,
        store.0,
        command.asked(),
        command.handed_over,
        command.moment(scope.now),
        scope.now,
        total,
        actor.staff,
        actor.key,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    if number.is_none() {
        return Ok(None);
    }
    let skus: Vec<Uuid> = sold.iter().map(|one| one.sku).collect();
    let quantities: Vec<i64> = sold.iter().map(|one| one.quantity).collect();
    let prices: Vec<i64> = sold.iter().map(|one| one.price.0).collect();
    sqlx::query!(
        "insert into counter_sale_lines (sale_id, sku_id, quantity, price_fen)
         select $1, sku_id, quantity, price_fen
         from unnest($2::uuid[], $3::bigint[], $4::bigint[]) as l (sku_id, quantity, price_fen)",
        command.id.0,
        &skus,
        &quantities,
        &prices,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(number)
}

/// Locks the balances, and refuses more of a variant than the counter can sell.
///
/// Faults: `SoldOut` beside each line of what is too few.
async fn must_be_there(tx: &mut PgConnection, scope: &Scope, store: StoreId, sold: &[Sold]) -> Result<(), Fault> {
    let skus: Vec<Uuid> = sold.iter().map(|one| one.sku).collect();
    let left = stock::lock_for_counter(tx, scope, store.0, &skus).await?;
    let left = |one: &Sold| left.get(&one.sku).copied().unwrap_or(0);
    let lacking = sold.iter().filter(|one| one.quantity > left(one));
    let complaints: Vec<Complaint> = lacking
        .flat_map(|one| {
            let message = match left(one) {
                0 => "柜台没有可卖的了".to_owned(),
                some => format!("柜台可卖的只有 {some} 件"),
            };
            one.lines.iter().map(move |at| Complaint::new(line_field(*at), message.clone()))
        })
        .collect();
    if complaints.is_empty() { Ok(()) } else { Err(Fault::SoldOut(complaints)) }
}
