//! How changes of batches are written.

use domain::Fault;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Scope, database::OrFault, stock::Pieces};

/// A change of a batch's pieces at a place.
pub(super) struct Move {
    pub location: Uuid,
    pub sku: Uuid,
    pub batch: Uuid,
    pub quantity: i64,
}

/// Writes changes down with their cause, and what is left after them.
pub(super) async fn write(
    tx: &mut PgConnection,
    scope: &Scope,
    cause: &str,
    document: Option<Uuid>,
    moves: &[Move],
) -> Result<(), Fault> {
    let column = |of: fn(&Move) -> Uuid| moves.iter().map(of).collect::<Vec<Uuid>>();
    let quantities: Vec<i64> = moves.iter().map(|one| one.quantity).collect();
    sqlx::query!(
        "with moved as materialized (
             select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[]) as m (location_id, sku_id, batch_id, quantity)
         ), kept as (
             insert into batch_pieces as p (location_id, sku_id, batch_id, quantity)
             select location_id, sku_id, batch_id, greatest(quantity, 0) from moved
             on conflict (location_id, sku_id, batch_id) do update
             set quantity = p.quantity + (select m.quantity from moved m where m.batch_id = p.batch_id and m.location_id = p.location_id)
         )
         insert into batch_moves (location_id, sku_id, batch_id, quantity, cause, document_id, at)
         select location_id, sku_id, batch_id, quantity, $5, $6, $7 from moved",
        &column(|one| one.location),
        &column(|one| one.sku),
        &column(|one| one.batch),
        &quantities,
        cause,
        document,
        scope.now,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// So many pieces of each variant, out of these batches one after the other.
pub(super) fn in_turn(location: Uuid, batches: &[(Uuid, Uuid, i64)], pieces: &[Pieces], sign: i64) -> Vec<Move> {
    let mut moves = Vec::new();
    for one in pieces {
        let mut rest = one.quantity.abs();
        for &(sku, batch, there) in batches.iter().filter(|(sku, ..)| *sku == one.sku) {
            let taken = rest.min(there);
            if taken > 0 {
                moves.push(Move { location, sku, batch, quantity: sign * taken });
                rest -= taken;
            }
        }
    }
    moves
}
