//! What every server keeps in memory of stores and goods, and how it knows that it is still so.
//!
//! Prices and stock are read for every request. The statement that reads them also reads the counters
//! of migration 0010, which rise with every change of what is kept: where one differs, the memory is
//! made anew and the request looks again. So no page is older than its own statement, and no message
//! between servers is needed.

mod desk;
mod lines;
mod shelf;

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use domain::{Fault, Fen, StoreId, channel_quotas::ChannelQuota};
use sqlx::{Postgres, Transaction};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    Scope,
    catalog::kept::{Catalogue, Menu},
    database::OrFault,
    stock::{purchase_limits::Cap, quotas},
    stores::kept::{Store, Stores},
};
use desk::{Desk, Question};
use shelf::Shelf;

/// How often a request looks again where everything changes while it looks.
pub(crate) const LOOKS_MOST: usize = 4;

/// The memory of one server.
#[derive(Default)]
pub(crate) struct Memory {
    stores: RwLock<Arc<Stores>>,
    catalogue: RwLock<Arc<Catalogue>>,
    menus: RwLock<HashMap<Uuid, Arc<Menu>>>,
    shelves: RwLock<HashMap<Uuid, Shelf>>,
    desk: Desk,
    /// One reads what has changed; the others wait for it.
    renewing: Mutex<()>,
}

impl Memory {
    fn menu(&self, store: Uuid) -> Option<Arc<Menu>> {
        self.menus.read().unwrap_or_else(PoisonError::into_inner).get(&store).cloned()
    }

    /// The shelf as this menu was last seen on it, in this life of the database's connections.
    fn shelf(&self, store: Uuid, menu: &Menu, life: u64) -> Option<Shelf> {
        let shelf = self.shelves.read().unwrap_or_else(PoisonError::into_inner).get(&store).cloned();
        shelf.filter(|shelf| shelf.menu == menu.version && shelf.life == life)
    }

    fn keep_shelf(&self, store: Uuid, shelf: Shelf) {
        self.shelves.write().unwrap_or_else(PoisonError::into_inner).insert(store, shelf);
    }

    /// Takes leave of the database.
    pub async fn close(&self) {
        self.desk.lines.close().await;
    }
}

/// A lock whose holder panicked still holds a whole value: it is only ever replaced.
fn kept<T: Clone>(lock: &RwLock<T>) -> T {
    lock.read().unwrap_or_else(PoisonError::into_inner).clone()
}

fn keep<T>(lock: &RwLock<T>, value: T) {
    *lock.write().unwrap_or_else(PoisonError::into_inner) = value;
}

/// Which state of the tables something was read in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Versions {
    /// Of stores, brands, regions and places.
    pub stores: i64,
    /// Of products and what belongs to them.
    pub catalogue: i64,
    /// Of what is on one store's shelf.
    pub menu: i64,
}

/// All stores as they are at this moment.
pub(crate) async fn stores(scope: &Scope) -> Result<Arc<Stores>, Fault> {
    let told = desk::ask(&scope.house, Question::NOWHERE).await?;
    renewed_stores(scope, told.versions.stores).await
}

async fn renewed_stores(scope: &Scope, version: i64) -> Result<Arc<Stores>, Fault> {
    let memory = &scope.house.memory;
    let stores = kept(&memory.stores);
    if stores.version >= version {
        return Ok(stores);
    }
    let _one = memory.renewing.lock().await;
    let stores = kept(&memory.stores);
    if stores.version >= version {
        return Ok(stores);
    }
    let mut tx = one_moment(scope).await?;
    let stores = Arc::new(Stores::read(&mut tx).await?);
    keep(&memory.stores, stores.clone());
    Ok(stores)
}

/// What is limited of these variants for each member, as the goods were last read: whoever has just looked at them
/// asks nobody anew.
pub(crate) fn limited(scope: &Scope, skus: impl IntoIterator<Item = Uuid>) -> Vec<Cap> {
    kept(&scope.house.memory.catalogue).limited(skus)
}

/// What the channel of whoever asks may sell of these variants at a store, of those of which that was said; as [`limited`].
pub(crate) fn quotas_of(
    scope: &Scope,
    store: StoreId,
    skus: impl IntoIterator<Item = Uuid>,
) -> Vec<(Uuid, ChannelQuota)> {
    let catalogue = kept(&scope.house.memory.catalogue);
    skus.into_iter().filter_map(|sku| Some((sku, catalogue.quota(sku, store.0, scope.channel)?))).collect()
}

/// All goods, as they were last read.
pub(crate) fn catalogue(scope: &Scope) -> Arc<Catalogue> {
    kept(&scope.house.memory.catalogue)
}

/// A transaction that reads everything in one state.
async fn one_moment(scope: &Scope) -> Result<Transaction<'static, Postgres>, Fault> {
    let mut tx = scope.house_begin().await?;
    sqlx::query!("set transaction isolation level repeatable read, read only").execute(&mut *tx).await.or_fault()?;
    Ok(tx)
}

/// By what a store is known.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key<'a> {
    /// Its code, out of an address.
    Code(&'a str),
    /// Its identity.
    Id(StoreId),
}

/// One store and its goods as the memory has them.
pub(crate) struct Sight {
    stores: Arc<Stores>,
    store: Uuid,
    /// All goods.
    pub catalogue: Arc<Catalogue>,
    /// This store's.
    pub menu: Arc<Menu>,
}

impl Sight {
    /// What the memory has of a store. It may be old: whoever shows it reads the versions too.
    ///
    /// Faults: `NotFound` where there is no such store at this moment.
    pub async fn of(scope: &Scope, key: Key<'_>) -> Result<Self, Fault> {
        let memory = &scope.house.memory;
        let mut stores = kept(&memory.stores);
        let mut store = found(&stores, key);
        if store.is_none() {
            stores = self::stores(scope).await?;
            store = found(&stores, key);
        }
        let store = store.ok_or(Fault::NotFound("这家门店"))?;
        let catalogue = kept(&memory.catalogue);
        match memory.menu(store) {
            Some(menu) if menu.catalogue == catalogue.version => Ok(Self { stores, store, catalogue, menu }),
            _ => {
                let (catalogue, menu) = renewed_goods(scope, store, None).await?;
                Ok(Self { stores, store, catalogue, menu })
            }
        }
    }

    /// All stores.
    pub fn stores(&self) -> &Stores {
        &self.stores
    }

    /// The store.
    pub fn store(&self) -> Result<&Store, Fault> {
        self.stores.with_id(self.store).ok_or(Fault::NotFound("这家门店"))
    }

    /// Its identity.
    pub fn store_id(&self) -> StoreId {
        StoreId(self.store)
    }

    /// The sight of the same store once these versions are known; `None` where this one is of them.
    pub async fn renewed(&self, scope: &Scope, now: Versions) -> Result<Option<Self>, Fault> {
        let versions =
            Versions { stores: self.stores.version, catalogue: self.catalogue.version, menu: self.menu.version };
        if versions == now {
            return Ok(None);
        }
        let stores = renewed_stores(scope, now.stores).await?;
        let (catalogue, menu) = renewed_goods(scope, self.store, Some(now)).await?;
        Ok(Some(Self { stores, store: self.store, catalogue, menu }))
    }
}

fn found(stores: &Stores, key: Key<'_>) -> Option<Uuid> {
    let store = match key {
        Key::Code(code) => stores.with_code(code),
        Key::Id(id) => stores.with_id(id.0),
    };
    store.map(|store| store.id)
}

/// The goods and a store's menu, read anew unless the memory has them at `wanted` or later.
async fn renewed_goods(
    scope: &Scope,
    store: Uuid,
    wanted: Option<Versions>,
) -> Result<(Arc<Catalogue>, Arc<Menu>), Fault> {
    let memory = &scope.house.memory;
    let _one = memory.renewing.lock().await;
    let (mut catalogue, menu) = (kept(&memory.catalogue), memory.menu(store));
    let (catalogue_version, menu_version) = wanted.map_or((1, 0), |wanted| (wanted.catalogue, wanted.menu));
    if let Some(menu) = menu
        && catalogue.version >= catalogue_version
        && menu.catalogue == catalogue.version
        && menu.version >= menu_version
    {
        return Ok((catalogue, menu));
    }
    let mut tx = one_moment(scope).await?;
    if catalogue.version < catalogue_version {
        catalogue = Arc::new(Catalogue::read(&mut tx).await?);
        keep(&memory.catalogue, catalogue.clone());
    }
    let menu = Arc::new(Menu::read(&mut tx, store, &catalogue).await?);
    memory.menus.write().unwrap_or_else(PoisonError::into_inner).insert(store, menu.clone());
    Ok((catalogue, menu))
}

/// What a store asks for a variant at this moment, and how many pieces of it can be sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    /// `None` where it is not on the shelf.
    pub price_fen: Option<Fen>,
    /// Never below zero for people, but a fact may have left too little.
    pub available: i64,
}

/// Chooses from what is kept of a store, and reads the prices and stock of what was chosen: both of the
/// same moment. `choose` answers something and the variants it needs the offers of, and is asked again
/// where the memory was old. No more is offered than the channel of whoever asks may still sell.
pub(crate) async fn look<T>(
    scope: &Scope,
    key: Key<'_>,
    choose: impl Fn(&Sight) -> Result<(T, Vec<Uuid>), Fault>,
) -> Result<(Sight, T, Vec<Offer>), Fault> {
    let (sight, (chosen, skus), mut offers) = look_at_all(scope, key, choose).await?;
    quotas::cap(scope, &sight.catalogue, (sight.store, &skus), &mut offers).await?;
    Ok((sight, chosen, offers))
}

async fn look_at_all<T>(
    scope: &Scope,
    key: Key<'_>,
    choose: impl Fn(&Sight) -> Result<(T, Vec<Uuid>), Fault>,
) -> Result<(Sight, (T, Vec<Uuid>), Vec<Offer>), Fault> {
    let memory = &scope.house.memory;
    let mut sight = Sight::of(scope, key).await?;
    for _ in 0..LOOKS_MOST {
        let chosen = choose(&sight);
        let life = memory.desk.lines.life();
        let before = memory.shelf(sight.store, &sight.menu, life);
        let question = Question { store: sight.store, since: before.as_ref().map(|shelf| shelf.horizon) };
        let told = desk::ask(&scope.house, question).await?;
        if let Some(newer) = sight.renewed(scope, told.versions).await? {
            sight = newer;
            continue;
        }
        // A fault too is only so if the memory is not old.
        let (chosen, skus) = chosen?;
        let read_on = before.is_some();
        if let Some(shelf) = Shelf::after(before, &sight.menu, life, told)
            && (!read_on || memory.desk.lines.life() == life)
        {
            let offers = shelf.offers_of(&sight.menu, &skus);
            memory.keep_shelf(sight.store, shelf);
            return Ok((sight, (chosen, skus), offers));
        }
    }
    // Somebody changes goods without a pause: then all of it is read in one state.
    let mut tx = one_moment(scope).await?;
    let (stores, catalogue) = (Stores::read(&mut tx).await?, Catalogue::read(&mut tx).await?);
    let menu = Menu::read(&mut tx, sight.store, &catalogue).await?;
    let sight =
        Sight { stores: Arc::new(stores), store: sight.store, catalogue: Arc::new(catalogue), menu: Arc::new(menu) };
    let (chosen, skus) = choose(&sight)?;
    let told = shelf::read_whole(&mut tx, &[sight.store]).await?.pop();
    let shelf = told.and_then(|told| Shelf::after(None, &sight.menu, 0, told));
    let shelf = shelf.ok_or_else(|| Fault::Internal("a whole shelf was asked for and not read".into()))?;
    let offers = shelf.offers_of(&sight.menu, &skus);
    Ok((sight, (chosen, skus), offers))
}
