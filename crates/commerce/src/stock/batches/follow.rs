//! What becomes of batches as pieces go, arrive and come back: what ends first goes first.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{Fault, LocationId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    aside::keep_back,
    moves::{Move, in_turn, write},
};
use crate::{Scope, database::OrFault, stock::Pieces, stockroom};

/// Writes off what has gone of batches: before pieces come, and before what is left is acted on. Locks the balances,
/// also of variants that have no batch yet: two who name the first one would else both find all pieces without.
pub(in crate::stock) async fn settle(
    tx: &mut PgConnection,
    scope: &Scope,
    location: Uuid,
    skus: &[Uuid],
) -> Result<(), Fault> {
    sqlx::query!(
        "select s.sku_id from stock s where s.location_id = $1 and s.sku_id = any($2) order by s.sku_id for update",
        location,
        skus,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let gone = sqlx::query!(
        r#"select sku_id as "sku_id!", batch_id as "batch_id!", remains - quantity as "quantity!" from batch_remains
           where location_id = $1 and sku_id = any($2) and remains <> quantity order by sku_id, batch_id"#,
        location,
        skus,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    if gone.is_empty() {
        return Ok(());
    }
    let moves: Vec<Move> = gone
        .into_iter()
        .map(|row| Move { location, sku: row.sku_id, batch: row.batch_id, quantity: row.quantity })
        .collect();
    write(tx, scope, "sold", None, &moves).await
}

/// Pieces of this very batch go, as far as any are left of it; before the balance is changed.
pub(crate) async fn lose(
    tx: &mut PgConnection,
    scope: &Scope,
    (location, document): (Uuid, Uuid),
    (sku, batch, quantity): (Uuid, Uuid, i64),
) -> Result<(), Fault> {
    settle(tx, scope, location, &[sku]).await?;
    let left = sqlx::query_scalar!(
        "select quantity from batch_pieces where location_id = $1 and sku_id = $2 and batch_id = $3",
        location,
        sku,
        batch,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    match left.unwrap_or(0).min(quantity) {
        0 => Ok(()),
        gone => {
            let change = Move { location, sku, batch, quantity: -gone };
            write(tx, scope, "loss", Some(document), &[change]).await
        }
    }
}

/// A transfer's pieces leave: those that end first and are not over yet, which the receiver is told of when they
/// arrive. Before the balance is changed.
pub(in crate::stock) async fn send(
    tx: &mut PgConnection,
    scope: &Scope,
    location: Uuid,
    transfer: Uuid,
    pieces: &[Pieces],
) -> Result<(), Fault> {
    let skus: Vec<Uuid> = pieces.iter().map(|one| one.sku).collect();
    settle(tx, scope, location, &skus).await?;
    let left = sqlx::query!(
        r#"select sku_id as "sku_id!", batch_id as "batch_id!", remains as "remains!" from batch_remains
           where location_id = $1 and sku_id = any($2) and remains > 0 and not set_aside order by expires_on, batch_id"#,
        location,
        &skus,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let left = left.into_iter().map(|row| (row.sku_id, row.batch_id, row.remains)).collect::<Vec<_>>();
    let moves = in_turn(location, &left, pieces, -1);
    if moves.is_empty() { Ok(()) } else { write(tx, scope, "out", Some(transfer), &moves).await }
}

/// A transfer's pieces arrive, or come back: of the batches that left with it and have not arrived yet. Before the
/// balance is changed.
pub(in crate::stock) async fn arrive(
    tx: &mut PgConnection,
    scope: &Scope,
    location: Uuid,
    transfer: Uuid,
    pieces: &[Pieces],
) -> Result<(), Fault> {
    let skus: Vec<Uuid> = pieces.iter().map(|one| one.sku).collect();
    let way = sqlx::query!(
        r#"select m.sku_id, m.batch_id, (-sum(m.quantity))::bigint as "quantity!"
           from batch_moves m join batches b on b.id = m.batch_id
           where m.document_id = $1 and m.sku_id = any($2)
           group by m.sku_id, m.batch_id, b.expires_on having sum(m.quantity) < 0 order by b.expires_on, m.batch_id"#,
        transfer,
        &skus,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let way = way.into_iter().map(|row| (row.sku_id, row.batch_id, row.quantity)).collect::<Vec<_>>();
    let moves = in_turn(location, &way, pieces, 1);
    if moves.is_empty() {
        return Ok(());
    }
    // What comes to a place for the first time has no balance yet.
    let skus: Vec<Uuid> = moves.iter().map(|one| one.sku).collect();
    stockroom::shelve(tx, LocationId(location), &skus).await?;
    write(tx, scope, "in", Some(transfer), &moves).await
}

/// Pieces go that are over, where any are: of them, those that end first. The rest, and what the document has already
/// said of a batch, is of those that anything else is of. Before the balance is changed.
pub(in crate::stock) async fn clear_away(
    tx: &mut PgConnection,
    scope: &Scope,
    location: Uuid,
    document: Option<Uuid>,
    pieces: &[Pieces],
) -> Result<(), Fault> {
    let skus: Vec<Uuid> = pieces.iter().map(|one| one.sku).collect();
    keep_back(tx, scope, location, Some(&skus)).await?;
    let over = sqlx::query!(
        r#"select r.sku_id as "sku_id!", r.batch_id as "batch_id!", r.remains as "remains!",
                  (select coalesce(-sum(m.quantity), 0) from batch_moves m
                   where m.document_id = $3 and m.location_id = $1 and m.sku_id = r.sku_id)::bigint as "said!"
           from batch_remains r where r.location_id = $1 and r.sku_id = any($2) and r.set_aside and r.remains > 0
           order by r.expires_on, r.batch_id"#,
        location,
        &skus,
        document,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let said = |sku| over.iter().find(|row| row.sku_id == sku).map_or(0, |row| row.said);
    let rest = pieces.iter().map(|one| Pieces { quantity: (one.quantity.abs() - said(one.sku)).max(0), ..*one });
    let rest: Vec<Pieces> = rest.collect();
    let over: Vec<_> = over.iter().map(|row| (row.sku_id, row.batch_id, row.remains)).collect();
    let moves = in_turn(location, &over, &rest, -1);
    if moves.is_empty() { Ok(()) } else { write(tx, scope, "sold", document, &moves).await }
}

/// Pieces go back to their supplier: of the batches that are named, with how many of each; of the rest what is over, then
/// what is of no batch, then what ends first. All of it is written under the document, so that its reader sees of which
/// batches they were. Answers how many of each variant were over. Before the balance is changed.
pub(in crate::stock) async fn go_back(
    tx: &mut PgConnection,
    scope: &Scope,
    (location, document): (Uuid, Uuid),
    pieces: &[Pieces],
    named: &[(Uuid, Uuid, i64)],
) -> Result<BTreeMap<Uuid, i64>, Fault> {
    let skus: Vec<Uuid> = pieces.iter().map(|one| one.sku).collect();
    settle(tx, scope, location, &skus).await?;
    let rows = sqlx::query!(
        r#"select r.sku_id as "sku_id!", r.batch_id as "batch_id!", r.remains as "remains!", r.set_aside as "over!",
                  greatest(s.on_hand - sum(r.remains) over (partition by r.sku_id), 0)::bigint as "of_none!"
           from batch_remains r join stock s on s.location_id = r.location_id and s.sku_id = r.sku_id
           where r.location_id = $1 and r.sku_id = any($2) and r.remains > 0 order by r.expires_on, r.batch_id"#,
        location,
        &skus,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let said = |of: &dyn Fn(Uuid, Uuid) -> bool| -> i64 {
        named.iter().filter(|(sku, batch, _)| of(*sku, *batch)).map(|(.., quantity)| quantity).sum()
    };
    let left = |over: bool| -> Vec<(Uuid, Uuid, i64)> {
        let some = rows.iter().filter(|row| row.over == over);
        some.map(|row| (row.sku_id, row.batch_id, row.remains - said(&|_, batch| batch == row.batch_id))).collect()
    };
    let less = |pieces: &[Pieces], gone: &dyn Fn(Uuid) -> i64| -> Vec<Pieces> {
        pieces.iter().map(|one| Pieces { quantity: (one.quantity - gone(one.sku)).max(0), ..*one }).collect()
    };
    let rest = less(pieces, &|sku| said(&|of, _| of == sku));
    let mut reckoned = in_turn(location, &left(true), &rest, -1);
    let mut over: BTreeMap<Uuid, i64> = BTreeMap::new();
    for one in &reckoned {
        *over.entry(one.sku).or_default() -= one.quantity;
    }
    let of_none = |sku: Uuid| rows.iter().find(|row| row.sku_id == sku).map_or(0, |row| row.of_none);
    let rest = less(&rest, &|sku| over.get(&sku).copied().unwrap_or(0) + of_none(sku));
    reckoned.extend(in_turn(location, &left(false), &rest, -1));
    for &(sku, batch, quantity) in named {
        if rows.iter().any(|row| row.batch_id == batch && row.over) {
            *over.entry(sku).or_default() += quantity;
        }
    }
    let moves: Vec<Move> =
        named.iter().map(|&(sku, batch, quantity)| Move { location, sku, batch, quantity: -quantity }).collect();
    for (cause, moves) in [("returned", moves), ("sold", reckoned)] {
        if !moves.is_empty() {
            write(tx, scope, cause, Some(document), &moves).await?;
        }
    }
    Ok(over)
}

/// Pieces that an order had been handed come back: of the batches that were written off since, as far as that goes, and
/// of them those that end first, so that none is taken for better than it may be. Before the balance is changed.
pub(in crate::stock) async fn come_back(
    tx: &mut PgConnection,
    scope: &Scope,
    location: Uuid,
    order: Uuid,
    pieces: &[Pieces],
) -> Result<(), Fault> {
    let issued =
        sqlx::query_scalar!("select max(occurred_at) from movements where order_id = $1 and cause = 'issue'", order)
            .fetch_one(&mut *tx)
            .await
            .or_fault()?;
    come_back_since(tx, scope, location, issued, pieces).await
}

/// Pieces of a sale at the counter come back, as above.
pub(in crate::stock) async fn come_back_to_counter(
    tx: &mut PgConnection,
    scope: &Scope,
    location: Uuid,
    back: Uuid,
    pieces: &[Pieces],
) -> Result<(), Fault> {
    let sold = sqlx::query_scalar!(
        "select s.booked_at from counter_returns r join counter_sales s on s.id = r.sale_id where r.id = $1",
        back,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    come_back_since(tx, scope, location, sold, pieces).await
}

/// Pieces come back of the batches that were written off since they went.
async fn come_back_since(
    tx: &mut PgConnection,
    scope: &Scope,
    location: Uuid,
    since: Option<DateTime<Utc>>,
    pieces: &[Pieces],
) -> Result<(), Fault> {
    let skus: Vec<Uuid> = pieces.iter().map(|one| one.sku).collect();
    settle(tx, scope, location, &skus).await?;
    let gone = sqlx::query!(
        r#"select m.sku_id, m.batch_id, (-sum(m.quantity))::bigint as "quantity!"
           from batch_moves m join batches b on b.id = m.batch_id
           where m.location_id = $1 and m.sku_id = any($2) and m.cause = 'sold' and m.document_id is null and m.at >= $3
           group by m.sku_id, m.batch_id, b.expires_on having sum(m.quantity) < 0 order by b.expires_on, m.batch_id"#,
        location,
        &skus,
        since,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let gone: Vec<_> = gone.into_iter().map(|row| (row.sku_id, row.batch_id, row.quantity)).collect();
    let moves = in_turn(location, &gone, pieces, 1);
    if moves.is_empty() { Ok(()) } else { write(tx, scope, "sold", None, &moves).await }
}
