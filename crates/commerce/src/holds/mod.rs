//! Goods held before they are ordered (K2), for sales that are over in seconds: whoever was quick enough
//! has some minutes to order in peace.
//!
//! - `round`: holds that are wanted at the same moment are written together
//! - `share`: who of them gets what is there
//!
//! An order of the same goods at the same store takes its pieces out of its member's holds first, and ends
//! them: see [`lock_open`] and [`end`], with which `orders` does so. What is not ordered in time expires.

mod round;
mod share;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::{
    Complaint, Fault, HoldId, Quantity, SkuId, StoreId,
    holds::{HoldView, TakeHold},
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Scope,
    database::OrFault,
    memory::{self, Key},
};

pub(crate) use round::{Desk, desk};

/// How many holds one sweep ends.
const SWEEP_MOST: i64 = 500;

/// Holds goods for the member who asks, as long as `Settings::hold_for` says; no longer than an order of them waits.
///
/// The hold's id is the idempotency key: the same request again answers the same hold, whatever has become
/// of it; another one under that id is a conflict. Nothing is changed where a fault is returned.
///
/// Faults: `Unauthenticated`; `NotFound` for goods this store does not sell; `SoldOut` beside `quantity`, also for more
/// than one member may have; `Conflict` (`store_closed`, `too_many_holds`, `key_reused`); `TooMany`.
pub async fn take(scope: &Scope, wish: TakeHold) -> Result<HoldView, Fault> {
    let member = scope.member()?.0;
    // Who is refused at first sight is answered at the desk too: it may be a repeat.
    let refused = first_sight(scope, &wish).await.err();
    let cap = memory::limited(scope, [wish.sku_id.0]).first().map(|(_, limit)| *limit);
    let quota = memory::quotas_of(scope, wish.store_id, [wish.sku_id.0]).first().map(|(_, quota)| *quota);
    let hold_for = scope.house.settings.hold_for;
    let expires_at = scope.now + cap.map_or(hold_for, |cap| cap.within(hold_for));
    let wanted = round::Wanted { member, wish, channel: scope.channel, at: scope.now, expires_at, refused, cap, quota };
    scope.house.holding.ask(&scope.house, wanted, round::round).await?
}

/// Refuses what can be seen to be in vain without a lock.
async fn first_sight(scope: &Scope, wish: &TakeHold) -> Result<(), Fault> {
    let (_, (), offers) = memory::look(scope, Key::Id(wish.store_id), |sight| {
        if !sight.menu.has(&sight.catalogue, wish.sku_id.0) {
            return Err(Fault::NotFound("这件商品"));
        }
        sight.store()?.must_take_orders(scope)?;
        Ok(((), vec![wish.sku_id.0]))
    })
    .await?;
    let available = offers.first().map_or(0, |offer| offer.available);
    if available < wish.quantity.get() { Err(sold_out(available)) } else { Ok(()) }
}

/// Says how many there are instead.
pub(crate) fn sold_out(available: i64) -> Fault {
    let message = if available > 0 { format!("仅剩 {available} 件") } else { "已售罄".into() };
    Fault::SoldOut(vec![Complaint::new("quantity", message)])
}

/// What the member who asks holds now, oldest first.
///
/// Faults: `Unauthenticated`.
pub async fn mine(scope: &Scope) -> Result<Vec<HoldView>, Fault> {
    let own = scope.own_filter()?;
    let mut tx = scope.begin().await?;
    let rows = sqlx::query_as!(
        Kept,
        "select id, member_id, location_id, sku_id, quantity, expires_at from early_holds
         where ($1::uuid is null or member_id = $1) and state = 'held' order by held_at, id",
        own,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    rows.iter().map(Kept::view).collect()
}

/// How many pieces of a variant the member who asks holds at a store; a visitor holds none.
pub(crate) async fn held_of(scope: &Scope, store: StoreId, sku: SkuId) -> Result<i64, Fault> {
    let Ok(own) = scope.own_filter() else { return Ok(0) };
    let mut tx = scope.begin().await?;
    sqlx::query_scalar!(
        r#"select coalesce(sum(quantity), 0)::bigint as "pieces!" from early_holds
           where ($1::uuid is null or member_id = $1) and state = 'held' and location_id = $2 and sku_id = $3"#,
        own,
        store.0,
        sku.0,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()
}

/// Gives back what is held; what has ended before is left as it is.
///
/// Faults: `Unauthenticated`; `NotFound` for a hold that is not theirs.
pub async fn release(scope: &Scope, id: HoldId) -> Result<(), Fault> {
    let own = scope.own_filter()?;
    let mut tx = scope.begin().await?;
    let theirs = sqlx::query_scalar!(
        r#"select exists (select from early_holds where id = $1 and ($2::uuid is null or member_id = $2)) as "theirs!""#,
        id.0,
        own,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()?;
    if !theirs {
        return Err(Fault::NotFound("这个占用"));
    }
    end(&mut tx, &[id.0], Ending::Released, scope.now).await?;
    tx.commit().await.or_fault()
}

/// Ends holds whose time is over; answers whether there may be more.
pub async fn expire(scope: &Scope) -> Result<bool, Fault> {
    let mut tx = scope.begin().await?;
    // One that somebody else is ending is not waited for: `end` waits for stock, and they may have it.
    let due = sqlx::query_scalar!(
        "select id from early_holds where state = 'held' and expires_at <= $1
         order by expires_at limit $2 for update skip locked",
        scope.now,
        SWEEP_MOST,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    if due.is_empty() {
        return Ok(false);
    }
    end(&mut tx, &due, Ending::Expired, scope.now).await?;
    tx.commit().await.or_fault()?;
    Ok(due.len() as i64 >= SWEEP_MOST)
}

/// An open hold that an order may take its pieces out of.
pub(crate) struct Open {
    pub id: Uuid,
    pub member: Uuid,
    pub store: Uuid,
    pub sku: Uuid,
    pub quantity: i64,
    /// Over which channel, by its code, and since when.
    pub channel: Option<String>,
    pub held_at: DateTime<Utc>,
}

/// Locks what these members hold of these stores and SKUs. Their rows are locked before any stock.
pub(crate) async fn lock_open(
    tx: &mut PgConnection,
    members: &[Uuid],
    shelves: &BTreeSet<(Uuid, Uuid)>,
) -> Result<Vec<Open>, Fault> {
    let (stores, skus): (Vec<Uuid>, Vec<Uuid>) = shelves.iter().copied().unzip();
    sqlx::query_as!(
        Open,
        "select h.id, h.member_id as member, h.location_id as store, h.sku_id as sku, h.quantity, h.channel, h.held_at
         from early_holds h
         where h.member_id = any($1) and h.state = 'held'
           and (h.location_id, h.sku_id) in (select * from unnest((select $2::uuid[]), (select $3::uuid[])))
         order by h.id for update",
        members,
        &stores,
        &skus,
    )
    .fetch_all(tx)
    .await
    .or_fault()
}

/// What ends a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// An order took its pieces.
    Used,
    /// The member gave it back.
    Released,
    /// Its time was over.
    Expired,
}

impl Ending {
    /// The state it leads to and the movement's cause.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Used => ("used", "release"),
            Self::Released => ("released", "release"),
            Self::Expired => ("expired", "expire"),
        }
    }
}

/// Ends those of these holds that are open still: their pieces are free again. Balance, hold and movement
/// change in one statement; rows are locked in the order of their stock.
pub(crate) async fn end(tx: &mut PgConnection, ids: &[Uuid], ending: Ending, at: DateTime<Utc>) -> Result<(), Fault> {
    let (state, cause) = ending.words();
    sqlx::query!(
        "with open as materialized (
             select h.id, h.member_id, h.location_id, h.sku_id, h.quantity
             from early_holds h join stock s on s.location_id = h.location_id and s.sku_id = h.sku_id
             where h.id = any($1) and h.state = 'held'
             order by h.location_id, h.sku_id, h.id for update of h, s
         ), freed as (
             update stock s set held = s.held - o.quantity,
                    short = greatest(s.held - o.quantity + s.allocated - s.on_hand, 0)
             from (select location_id, sku_id, sum(quantity)::bigint as quantity from open group by location_id, sku_id) o
             where s.location_id = o.location_id and s.sku_id = o.sku_id
         ), ended as (
             update early_holds h set state = $2 from open o where h.id = o.id
         )
         insert into movements (location_id, sku_id, cause, held, early_hold_id, actor_id, occurred_at)
         select location_id, sku_id, $3, -quantity, id, case when $4 then member_id end, $5 from open",
        ids,
        state,
        cause,
        ending != Ending::Expired,
        at,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// A hold as it is kept.
struct Kept {
    id: Uuid,
    member_id: Uuid,
    location_id: Uuid,
    sku_id: Uuid,
    quantity: i64,
    expires_at: DateTime<Utc>,
}

impl Kept {
    fn view(&self) -> Result<HoldView, Fault> {
        let quantity = Quantity::try_from(self.quantity).map_err(|reason| Fault::Internal(reason.into()))?;
        Ok(HoldView {
            id: HoldId(self.id),
            store_id: StoreId(self.location_id),
            sku_id: SkuId(self.sku_id),
            quantity,
            expires_at: self.expires_at,
        })
    }
}
