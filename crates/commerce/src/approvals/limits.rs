//! From which pieces and amounts on somebody else must agree: head office's word, and stores' own limits (K4, K5).
//!
//! Whoever manages roles says it, not whoever decides: who buys decides as well, and would let their own orders pass.

use domain::{
    Fault, Fen, LocationId, StaffId, StoreId,
    approval_limits::{ApprovalLimits, HouseLimits, StoreLimits},
    audit::{Act, ObjectKind},
    counts::DecideAlone,
    staff::{Permission, Reach, reach_of},
};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    staff,
};

const NO_STORE: Fault = Fault::NotFound("这家门店");

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
    let stores = sqlx::query!(
        r#"select s.id, s.name, l.pieces, l.value_fen, p.name as "set_by!", l.set_at
           from approval_limits l join stores s on s.id = l.store_id join staff p on p.id = l.set_by
           order by s.name, s.id"#,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let own = stores.into_iter().map(|row| StoreLimits {
        store_id: StoreId(row.id),
        store_name: row.name,
        alone: DecideAlone { pieces: row.pieces, value_fen: Fen(row.value_fen) },
        set_by: row.set_by,
        set_at: row.set_at,
    });
    let limits = ApprovalLimits { stores: own.collect(), ..ApprovalLimits::default() };
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

/// What is said of a store, or of all others.
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

/// Says up to where nobody else needs to agree, at all stores that have no limits of their own and of orders to suppliers:
/// of what is handed in from now on. What waits already goes on waiting. Saying the same again changes nothing.
///
/// Faults: `Invalid` beside `pieces`, `value` or `purchase`; `Unauthenticated`; `Forbidden` for who does not manage roles.
pub async fn set_limits(scope: &Scope, wanted: HouseLimits) -> Result<(), Fault> {
    wanted.check()?;
    set(scope, None, Said { alone: wanted.alone(), purchase: Some(wanted.purchase_fen) }).await
}

/// Says up to where one store decides itself, in place of head office's word.
///
/// Faults: `Invalid` beside `pieces` or `value`; `NotFound`; `Unauthenticated`; `Forbidden`.
pub async fn set_store_limits(scope: &Scope, store: StoreId, wanted: DecideAlone) -> Result<(), Fault> {
    wanted.check()?;
    set(scope, Some(store), Said { alone: wanted, purchase: None }).await
}

async fn set(scope: &Scope, store: Option<StoreId>, wanted: Said) -> Result<(), Fault> {
    must_set(scope)?;
    let mut tx = scope.begin().await?;
    let before = said(&mut tx, store).await?;
    let me = still_sets(&mut tx, scope).await?;
    if before == Some(wanted) {
        return Ok(());
    }
    sqlx::query!(
        "insert into approval_limits (store_id, pieces, value_fen, purchase_fen, set_by, set_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict on constraint approval_limits_one
         do update set pieces = excluded.pieces, value_fen = excluded.value_fen, purchase_fen = excluded.purchase_fen,
                       set_by = excluded.set_by, set_at = excluded.set_at",
        store.map(|store| store.0),
        wanted.alone.pieces,
        wanted.alone.value_fen.0,
        wanted.purchase.map(|purchase| purchase.0),
        me.0,
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    note(&mut tx, scope, Act::SetApprovalLimits, store, [before, Some(wanted)]).await?;
    tx.commit().await.or_fault()
}

/// Lets head office's word hold at a store again. Doing it twice is doing it once.
///
/// Faults: `NotFound`; `Unauthenticated`; `Forbidden`.
pub async fn remove_store_limits(scope: &Scope, store: StoreId) -> Result<(), Fault> {
    must_set(scope)?;
    let mut tx = scope.begin().await?;
    let before = said(&mut tx, Some(store)).await?;
    still_sets(&mut tx, scope).await?;
    if before.is_none() {
        return Ok(());
    }
    sqlx::query!("delete from approval_limits where store_id = $1", store.0).execute(&mut *tx).await.or_fault()?;
    note(&mut tx, scope, Act::RemoveApprovalLimits, Some(store), [before, None]).await?;
    tx.commit().await.or_fault()
}

/// What was said of a store, or of all others. Nobody else says anything of it until the transaction ends.
async fn said(tx: &mut PgConnection, store: Option<StoreId>) -> Result<Option<Said>, Fault> {
    sqlx::query!("select pg_advisory_xact_lock(hashtext('mendian: approval limits'))")
        .execute(&mut *tx)
        .await
        .or_fault()?;
    if let Some(store) = store {
        sqlx::query!("select id from stores where id = $1", store.0)
            .fetch_optional(&mut *tx)
            .await
            .or_fault()?
            .ok_or(NO_STORE)?;
    }
    let found = sqlx::query!(
        "select pieces, value_fen, purchase_fen from approval_limits where store_id is not distinct from $1",
        store.map(|store| store.0),
    )
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
    store: Option<StoreId>,
    [before, after]: [Option<Said>; 2],
) -> Result<(), Fault> {
    let told = |said: Option<Said>| said.map_or(Value::Null, Said::told);
    let change = Change {
        act,
        object: ObjectKind::Store,
        // What holds of all others is of no store.
        object_id: store.map_or(Uuid::nil(), |store| store.0),
        store_id: store.map(|store| store.0),
        before: told(before),
        after: told(after),
        reason: "",
    };
    audit::record(tx, scope, change).await
}

/// Up to where it is decided at a place itself. A warehouse is no store, so that head office's word holds there.
pub(crate) async fn alone_at(tx: &mut PgConnection, location: LocationId) -> Result<DecideAlone, Fault> {
    let said = sqlx::query!(
        "select pieces, value_fen from approval_limits where store_id is null or store_id = $1
         order by store_id nulls last limit 1",
        location.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    let alone = said.map(|row| DecideAlone { pieces: row.pieces, value_fen: Fen(row.value_fen) });
    Ok(alone.unwrap_or_default())
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
