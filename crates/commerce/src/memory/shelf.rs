//! The offers of one store's shelf: read whole once, then only what has changed since.
//!
//! Every row of `listings` and `stock` bears the number of the transaction that wrote it (migration 0014).
//! A statement's horizon is the lowest number that was still running when it looked: every change it did
//! not see has that number or a higher one, so whoever reads what changed from there on misses nothing.

use std::sync::Arc;

use domain::{Fault, Fen};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Offer, Versions};
use crate::{catalog::kept::Menu, database::OrFault};

/// A shelf as some statement saw it.
#[derive(Clone)]
pub(super) struct Shelf {
    /// In which life of the database's connections it was read.
    pub life: u64,
    /// Of which state of the menu.
    pub menu: i64,
    /// From where to read on.
    pub horizon: Horizon,
    /// Of each variant of [`Menu::listed`], in that order.
    offers: Arc<[Offer]>,
}

impl Shelf {
    /// The shelf as a statement saw it that looked for what `before` did not have.
    ///
    /// `None` where that cannot be said: there is nothing before, or it is of another menu.
    pub fn after(before: Option<Self>, menu: &Menu, life: u64, told: Told) -> Option<Self> {
        let offers = match (told.offers, before) {
            (Read::Whole(offers), _) => offers,
            (Read::Changes(changes), Some(before)) if before.menu == menu.version => before.with(menu, &changes),
            (Read::Changes(_), _) => return None,
        };
        Some(Self { life, menu: menu.version, horizon: told.horizon, offers })
    }

    fn with(&self, menu: &Menu, changes: &[(Uuid, Offer)]) -> Arc<[Offer]> {
        if changes.is_empty() {
            return self.offers.clone();
        }
        let mut offers = self.offers.to_vec();
        for (sku, offer) in changes {
            // What is not on the shelf has no place there.
            if let Ok(place) = menu.listed().binary_search(sku) {
                offers[place] = *offer;
            }
        }
        offers.into()
    }

    /// The offers of these variants, in their order.
    pub fn offers_of(&self, menu: &Menu, skus: &[Uuid]) -> Vec<Offer> {
        let offer = |sku: &Uuid| {
            let place = menu.listed().binary_search(sku).ok();
            place.and_then(|place| self.offers.get(place)).copied().unwrap_or(Offer { price_fen: None, available: 0 })
        };
        skus.iter().map(offer).collect()
    }
}

/// The number of a transaction: whatever has a lower one has been seen.
pub(super) type Horizon = i64;

/// What one statement saw.
#[derive(Clone)]
pub(super) struct Told {
    pub versions: Versions,
    /// From where to read on.
    pub horizon: Horizon,
    offers: Read,
}

/// The offers that were read.
#[derive(Clone)]
enum Read {
    /// Of all that is on the shelf, by the variants' identities.
    Whole(Arc<[Offer]>),
    /// Of some variants; those on the shelf that are not among them have not changed.
    Changes(Arc<[(Uuid, Offer)]>),
}

/// What has changed on the shelves of several stores, out of one statement.
///
/// The arrays come out of subqueries so that the planner does not look at their lengths: it would plan
/// anew for every call, which takes longer than the statement itself. Prices and stock come out of
/// subqueries so that they are looked up one by one: it takes a third of a shelf to have changed.
pub(super) async fn read_changes(
    db: &mut PgConnection,
    stores: &[Uuid],
    since: &[Horizon],
) -> Result<Vec<Told>, Fault> {
    if stores.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        r#"select (select version from versions where what = 'stores') as "stores!",
                  (select version from versions where what = 'catalogue') as "catalogue!",
                  (select pg_snapshot_xmin(pg_current_snapshot())::text::bigint) as "horizon!",
                  coalesce((select version from menu_versions m where m.store_id = a.store_id), 0) as "menu!",
                  c.skus as "skus: Vec<Uuid>", c.prices as "prices: Vec<Option<i64>>", c.available as "available: Vec<i64>"
           from unnest((select $1::uuid[]), (select $2::bigint[])) with ordinality a (store_id, since, place)
           cross join lateral (
               select array_agg(sku_id) as skus, array_agg(price_fen) as prices, array_agg(available) as available
               from (
                   select sku_id,
                          (select l.price_fen from listings l
                           where l.store_id = a.store_id and l.sku_id = changed.sku_id and l.on_shelf) as price_fen,
                          coalesce((select s.on_hand - s.held - s.allocated - s.kept_back from stock s
                                    where s.location_id = a.store_id and s.sku_id = changed.sku_id), 0) as available
                   from (
                       select sku_id from stock where location_id = a.store_id and changed >= a.since::text::xid8
                       union
                       select sku_id from listings where store_id = a.store_id and changed >= a.since::text::xid8
                   ) changed
               ) now_so
           ) c
           order by a.place"#,
        stores,
        since,
    )
    .fetch_all(db)
    .await
    .or_fault()?;
    let told = rows.into_iter().map(|row| {
        let (skus, prices) = (row.skus.unwrap_or_default(), row.prices.unwrap_or_default());
        let offers = prices.into_iter().zip(row.available.unwrap_or_default());
        let offers = offers.map(|(price, available)| Offer { price_fen: price.map(Fen), available });
        Told {
            versions: Versions { stores: row.stores, catalogue: row.catalogue, menu: row.menu },
            horizon: row.horizon,
            offers: Read::Changes(skus.into_iter().zip(offers).collect()),
        }
    });
    Ok(told.collect())
}

/// The offers of all that is on the shelves of several stores, out of one statement. Both tables are read
/// in the order of their keys and merged, which takes a tenth of looking each variant up.
pub(super) async fn read_whole(db: &mut PgConnection, stores: &[Uuid]) -> Result<Vec<Told>, Fault> {
    if stores.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        r#"select (select version from versions where what = 'stores') as "stores!",
                  (select version from versions where what = 'catalogue') as "catalogue!",
                  (select pg_snapshot_xmin(pg_current_snapshot())::text::bigint) as "horizon!",
                  coalesce(m.version, 0) as "menu!", o.prices as "prices: Vec<i64>", o.available as "available: Vec<i64>"
           from unnest((select $1::uuid[])) with ordinality a (store_id, place)
           left join menu_versions m on m.store_id = a.store_id
           cross join lateral (
               select array_agg(price_fen) as prices, array_agg(available) as available
               from (
                   select l.price_fen, coalesce(s.on_hand - s.held - s.allocated - s.kept_back, 0) as available
                   from listings l left join stock s on s.location_id = a.store_id and s.sku_id = l.sku_id
                   where l.store_id = a.store_id and l.on_shelf
                   order by l.sku_id
               ) in_order
           ) o
           order by a.place"#,
        stores,
    )
    .fetch_all(db)
    .await
    .or_fault()?;
    let told = rows.into_iter().map(|row| {
        let offers = row.prices.unwrap_or_default().into_iter().zip(row.available.unwrap_or_default());
        let offers = offers.map(|(price, available)| Offer { price_fen: Some(Fen(price)), available });
        Told {
            versions: Versions { stores: row.stores, catalogue: row.catalogue, menu: row.menu },
            horizon: row.horizon,
            offers: Read::Whole(offers.collect()),
        }
    });
    Ok(told.collect())
}
