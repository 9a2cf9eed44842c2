//! From which pieces and amounts on somebody else must agree: head office's word, and limits of stores and warehouses of
//! their own (K4, K5).
//!
//! Whoever manages roles says it, not whoever decides: who buys decides as well, and would let their own orders pass.

use domain::{
    Fault, Fen, LocationId, StaffId,
    approval_limits::{ApprovalLimits, HouseLimits, PlaceLimits},
    audit::{Act, ObjectKind},
    counts::DecideAlone,
    staff::{Permission, Reach, reach_of},
    transfers::{Location, LocationKind},
};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    staff,
    stockroom::{self, Room},
    supply,
};

/// What holds where: for who decides everywhere, and for who sets it.
///
/// Faults: `Unauthenticated`; `Forbidden` for who neither decides nor manages roles everywhere.
pub async fn limits(scope: &Scope) -> Result<ApprovalLimits, Fault> {
    scope
        .staff_everywhere(Permission::DecideProposals)
        .or_else(|fault| scope.staff_everywhere(Permission::ManageRoles).map_err(|_| fault))?;
    let mut tx = scope.begin().await?;
    let house = sqlx::query!(
        r#"select l.pieces, l.value_fen, l.purchase_fen as "purchase_fen!", p.name as "set_by!", l.set_at
           from approval_limits l join staff p on p.id = l.set_by where l.store_id is null"#,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let [stores, warehouses] = own(&mut tx).await?;
    let limits = ApprovalLimits { stores, warehouses, ..ApprovalLimits::default() };
    Ok(match house {
        None => limits,
        Some(row) => ApprovalLimits {
            house: HouseLimits {
                pieces: row.pieces,
                value_fen: Fen(row.value_fen),
                purchase_fen: Fen(row.purchase_fen),
            },
            set_by: Some(row.set_by),
            set_at: Some(row.set_at),
            ..limits
        },
    })
}

/// The stores that have limits of their own, and the warehouses.
async fn own(tx: &mut PgConnection) -> Result<[Vec<PlaceLimits>; 2], Fault> {
    let rows = sqlx::query!(
        r#"select p.id as "id!", p.kind = 'store' as "store!", p.name as "name!", l.pieces as "pieces!",
                  l.value_fen as "value_fen!", s.name as "set_by!", l.set_at as "set_at!"
           from place_approval_limits l join stock_places p on p.id = l.location_id join staff s on s.id = l.set_by
           order by p.name, p.id"#,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let (mut stores, mut warehouses) = (Vec::new(), Vec::new());
    for row in rows {
        let of_its_kind = if row.store { &mut stores } else { &mut warehouses };
        of_its_kind.push(PlaceLimits {
            location_id: LocationId(row.id),
            location_name: row.name,
            alone: DecideAlone { pieces: row.pieces, value_fen: Fen(row.value_fen) },
            set_by: row.set_by,
            set_at: row.set_at,
        });
    }
    Ok([stores, warehouses])
}

/// The open places that can be given limits of their own: stores, then warehouses, by name.
///
/// Faults: `Unauthenticated`; `Forbidden` for who does not manage roles.
pub async fn limit_places(scope: &Scope) -> Result<Vec<Location>, Fault> {
    must_set(scope)?;
    let mut places: Vec<Location> = supply::open_places(scope).await?.into_iter().map(|(place, _)| place).collect();
    places.sort_by_key(|place| place.kind == LocationKind::Warehouse);
    Ok(places)
}

/// What is said of a place, or of all others.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Said {
    alone: DecideAlone,
    /// Only head office's word has it.
    purchase: Option<Fen>,
}

impl Said {
    fn told(self) -> Value {
        let alone = self.alone.text();
        match self.purchase {
            Some(purchase) => json!({ "盘点、报损与报废": alone, "采购单": purchase.to_string() }),
            None => json!({ "盘点、报损与报废": alone }),
        }
    }
}

fn must_set(scope: &Scope) -> Result<(), Fault> {
    scope.staff_everywhere(Permission::ManageRoles).map(|_| ())
}

/// Who sets it, and still may: the request may have waited while it was taken away.
async fn still_sets(tx: &mut PgConnection, scope: &Scope) -> Result<StaffId, Fault> {
    let (me, grants) = staff::authority_of(tx, scope).await?;
    match reach_of(&grants, Permission::ManageRoles) {
        Some(Reach::All) => Ok(me),
        _ => Err(Fault::Forbidden),
    }
}

/// Says up to where nobody else needs to agree, at all stores and warehouses that have no limits of their own and of orders
/// to suppliers: of what is handed in from now on. What waits already goes on waiting. Saying the same again changes
/// nothing.
///
/// Faults: `Invalid` beside `pieces`, `value` or `purchase`; `Unauthenticated`; `Forbidden` for who does not manage roles.
pub async fn set_limits(scope: &Scope, wanted: HouseLimits) -> Result<(), Fault> {
    wanted.check()?;
    set(scope, None, Said { alone: wanted.alone(), purchase: Some(wanted.purchase_fen) }).await
}

/// Says up to where one store or warehouse decides itself, in place of head office's word.
///
/// Faults: `Invalid` beside `pieces` or `value`; `NotFound`; `Unauthenticated`; `Forbidden`.
pub async fn set_limits_at(scope: &Scope, place: LocationId, wanted: DecideAlone) -> Result<(), Fault> {
    wanted.check()?;
    set(scope, Some(place), Said { alone: wanted, purchase: None }).await
}

async fn set(scope: &Scope, place: Option<LocationId>, wanted: Said) -> Result<(), Fault> {
    must_set(scope)?;
    let mut tx = scope.begin().await?;
    let (room, before) = said(&mut tx, place).await?;
    let me = still_sets(&mut tx, scope).await?;
    if before == Some(wanted) {
        return Ok(());
    }
    match &room {
        Some(Room { id, store: None }) => write_of_warehouse(&mut tx, scope, me, *id, wanted.alone).await?,
        _ => write(&mut tx, scope, me, room.as_ref(), wanted).await?,
    }
    note(&mut tx, scope, Act::SetApprovalLimits, room.as_ref(), [before, Some(wanted)]).await?;
    tx.commit().await.or_fault()
}

/// Of a store, or of all others.
async fn write(
    tx: &mut PgConnection,
    scope: &Scope,
    me: StaffId,
    room: Option<&Room>,
    wanted: Said,
) -> Result<(), Fault> {
    sqlx::query!(
        "insert into approval_limits (store_id, pieces, value_fen, purchase_fen, set_by, set_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict on constraint approval_limits_one
         do update set pieces = excluded.pieces, value_fen = excluded.value_fen, purchase_fen = excluded.purchase_fen,
                       set_by = excluded.set_by, set_at = excluded.set_at",
        room.map(|room| room.id.0),
        wanted.alone.pieces,
        wanted.alone.value_fen.0,
        wanted.purchase.map(|purchase| purchase.0),
        me.0,
        scope.now,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

async fn write_of_warehouse(
    tx: &mut PgConnection,
    scope: &Scope,
    me: StaffId,
    warehouse: LocationId,
    wanted: DecideAlone,
) -> Result<(), Fault> {
    sqlx::query!(
        "insert into warehouse_approval_limits (warehouse_id, pieces, value_fen, set_by, set_at) values ($1, $2, $3, $4, $5)
         on conflict (warehouse_id)
         do update set pieces = excluded.pieces, value_fen = excluded.value_fen, set_by = excluded.set_by,
                       set_at = excluded.set_at",
        warehouse.0,
        wanted.pieces,
        wanted.value_fen.0,
        me.0,
        scope.now,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Lets head office's word hold at a store or warehouse again. Doing it twice is doing it once.
///
/// Faults: `NotFound`; `Unauthenticated`; `Forbidden`.
pub async fn remove_limits_at(scope: &Scope, place: LocationId) -> Result<(), Fault> {
    must_set(scope)?;
    let mut tx = scope.begin().await?;
    let (room, before) = said(&mut tx, Some(place)).await?;
    still_sets(&mut tx, scope).await?;
    if before.is_none() {
        return Ok(());
    }
    // A place has a row in one of them.
    sqlx::query!("delete from approval_limits where store_id = $1", place.0).execute(&mut *tx).await.or_fault()?;
    sqlx::query!("delete from warehouse_approval_limits where warehouse_id = $1", place.0)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    note(&mut tx, scope, Act::RemoveApprovalLimits, room.as_ref(), [before, None]).await?;
    tx.commit().await.or_fault()
}

/// The place, and what was said of it, or of all others. Nobody else says anything of it until the transaction ends.
async fn said(tx: &mut PgConnection, place: Option<LocationId>) -> Result<(Option<Room>, Option<Said>), Fault> {
    sqlx::query!("select pg_advisory_xact_lock(hashtext('mendian: approval limits'))")
        .execute(&mut *tx)
        .await
        .or_fault()?;
    let Some(place) = place else { return Ok((None, said_of_all(tx).await?)) };
    let room = stockroom::room(&mut *tx, place).await?;
    let found = sqlx::query!(
        r#"select pieces as "pieces!", value_fen as "value_fen!" from place_approval_limits where location_id = $1"#,
        place.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    let alone = found.map(|row| DecideAlone { pieces: row.pieces, value_fen: Fen(row.value_fen) });
    Ok((Some(room), alone.map(|alone| Said { alone, purchase: None })))
}

async fn said_of_all(tx: &mut PgConnection) -> Result<Option<Said>, Fault> {
    let found = sqlx::query!("select pieces, value_fen, purchase_fen from approval_limits where store_id is null")
        .fetch_optional(tx)
        .await
        .or_fault()?;
    Ok(found.map(|row| Said {
        alone: DecideAlone { pieces: row.pieces, value_fen: Fen(row.value_fen) },
        purchase: row.purchase_fen.map(Fen),
    }))
}

async fn note(
    tx: &mut PgConnection,
    scope: &Scope,
    act: Act,
    room: Option<&Room>,
    [before, after]: [Option<Said>; 2],
) -> Result<(), Fault> {
    let told = |said: Option<Said>| said.map_or(Value::Null, Said::told);
    let store = room.and_then(|room| room.store);
    let change = Change {
        act,
        object: if room.is_some() && store.is_none() { ObjectKind::Warehouse } else { ObjectKind::Store },
        // What holds of all others is of no place.
        object_id: room.map_or(Uuid::nil(), |room| room.id.0),
        store_id: store.map(|store| store.0),
        before: told(before),
        after: told(after),
        reason: "",
    };
    audit::record(tx, scope, change).await
}

/// Up to where it is decided at a place itself, and whose word that is.
pub(crate) struct Held {
    pub alone: DecideAlone,
    /// Whether the place has these limits of its own, and not with all others.
    pub own: bool,
}

/// What holds at a place now.
pub(crate) async fn alone_at(tx: &mut PgConnection, location: LocationId) -> Result<Held, Fault> {
    let said = sqlx::query!(
        r#"select pieces as "pieces!", value_fen as "value_fen!", own as "own!" from (
               select pieces, value_fen, true as own from place_approval_limits where location_id = $1
               union all select pieces, value_fen, false from approval_limits where store_id is null) l
           order by own desc limit 1"#,
        location.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    Ok(said.map_or(Held { alone: DecideAlone::default(), own: false }, |row| Held {
        alone: DecideAlone { pieces: row.pieces, value_fen: Fen(row.value_fen) },
        own: row.own,
    }))
}

/// Up to what an order to a supplier needs nobody but whoever hands it in.
pub(crate) async fn purchase_alone(tx: &mut PgConnection) -> Result<Fen, Fault> {
    let said =
        sqlx::query_scalar!(r#"select purchase_fen as "purchase_fen!" from approval_limits where store_id is null"#,)
            .fetch_optional(tx)
            .await
            .or_fault()?;
    Ok(said.map_or(HouseLimits::default().purchase_fen, Fen))
}
