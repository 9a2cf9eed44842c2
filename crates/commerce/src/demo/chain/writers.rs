//! The connections that write the chain, part by part.

use std::{
    collections::{HashSet, VecDeque},
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::Duration;
use domain::Fault;
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::{sync::mpsc, task::JoinSet};
use uuid::Uuid;

use super::{
    BRAND, Progress, connect, notes,
    sales::{Ground, Taken},
    written::{self, Offer},
};
use crate::{database::OrFault, demo::PIECES};

/// Connections that write at once: as many as a small machine has processors.
const WRITERS: usize = 2;
/// The shelves were filled this long before the load: a year, and a day for the first orders.
const FILLED_DAYS: i64 = 366;

/// What is written in one transaction.
pub(super) enum Part {
    /// The members of these numbers.
    Members(Range<u64>),
    /// What a store offers.
    Shelf(Shelf),
    /// The orders of a day.
    Day(usize),
}

/// A store of the brand whose goods are to be listed.
pub(super) struct Shelf {
    store_id: Uuid,
    code: String,
    /// Which of the chain's stores it is; none for the small demo's.
    of_chain: Option<usize>,
}

impl Part {
    /// By which the load remembers that it is written.
    pub fn name(&self) -> String {
        match self {
            Self::Members(numbers) => format!("members {}", numbers.start),
            Self::Shelf(shelf) => format!("shelf {}", shelf.code),
            Self::Day(day) => format!("day {day}"),
        }
    }

    /// How much of the work it is: members and offers, or orders.
    fn weight(&self, ground: &Ground) -> u64 {
        match self {
            Self::Members(numbers) => numbers.end - numbers.start,
            Self::Shelf(_) => ground.goods.len() as u64,
            Self::Day(day) => ground.days[*day].orders,
        }
    }
}

/// The shelves of all stores of the brand.
pub(super) async fn shelves(owner: &mut PgConnection, ground: &Ground) -> Result<Vec<Part>, Fault> {
    let stores = sqlx::query!(
        "select s.id, s.code from stores s join brands b on b.id = s.brand_id where b.code = $1 order by s.code",
        BRAND,
    )
    .fetch_all(owner)
    .await
    .or_fault()?;
    let shelves = stores.into_iter().map(|row| {
        let of_chain = ground.stores.iter().position(|store| store.id == row.id);
        Part::Shelf(Shelf { store_id: row.id, code: row.code, of_chain })
    });
    Ok(shelves.collect())
}

/// What all writers share.
#[derive(Clone)]
pub(super) struct Writers {
    owner: PgConnectOptions,
    ground: Arc<Ground>,
    taken: Arc<Taken>,
}

impl Writers {
    pub fn new(owner: &PgConnectOptions, ground: Arc<Ground>, taken: Arc<Taken>) -> Self {
        Self { owner: owner.clone(), ground, taken }
    }

    /// Writes these parts; answers how many rows they were.
    pub async fn write(
        &self,
        what: &str,
        parts: VecDeque<Part>,
        rows_before: u64,
        progress: &mut impl FnMut(Progress<'_>),
    ) -> Result<u64, Fault> {
        let total = parts.iter().map(|part| part.weight(&self.ground)).sum();
        let parts = Arc::new(Mutex::new(parts));
        let (tell, mut told) = mpsc::unbounded_channel();
        // Dropped with this future, so that whoever calls the load off also stops the writers.
        let mut writers = JoinSet::new();
        for _ in 0..WRITERS {
            writers.spawn(self.clone().work(parts.clone(), tell.clone()));
        }
        drop(tell);
        let (mut done, mut rows) = (0, 0);
        loop {
            tokio::select! {
                Some((weight, written)) = told.recv() => {
                    done += weight;
                    rows += written;
                    progress(Progress { what, done, total, rows: rows_before + rows });
                }
                // Where one fails, the others need not go on.
                Some(ended) = writers.join_next() => {
                    ended.map_err(|error| Fault::Internal(format!("a writer of the chain: {error}")))??;
                }
                else => break,
            }
        }
        Ok(rows)
    }

    async fn work(
        self,
        parts: Arc<Mutex<VecDeque<Part>>>,
        tell: mpsc::UnboundedSender<(u64, u64)>,
    ) -> Result<(), Fault> {
        let mut connection = connect(&self.owner).await?;
        make_haste(&mut connection).await?;
        let next = || parts.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        while let Some(part) = next() {
            let mut tx = connection.begin().await.or_fault()?;
            let rows = match &part {
                Part::Members(numbers) => written::members(&mut tx, &self.ground, numbers.clone()).await?,
                Part::Shelf(shelf) => self.fill(&mut tx, shelf).await?,
                Part::Day(day) => written::day(&mut tx, &self.ground, *day).await?,
            };
            notes::wrote(&mut tx, &part.name()).await?;
            tx.commit().await.or_fault()?;
            if tell.send((part.weight(&self.ground), rows)).is_err() {
                break;
            }
        }
        connection.close().await.or_fault()
    }

    /// Offers what the store does not offer yet.
    async fn fill(&self, tx: &mut PgConnection, shelf: &Shelf) -> Result<u64, Fault> {
        let listed: HashSet<Uuid> =
            sqlx::query_scalar!("select sku_id from listings where store_id = $1", shelf.store_id)
                .fetch_all(&mut *tx)
                .await
                .or_fault()?
                .into_iter()
                .collect();
        let goods = self.ground.goods.iter().enumerate().filter(|(_, goods)| !listed.contains(&goods.sku_id));
        let offers: Vec<Offer> = goods.map(|(place, goods)| self.offer(shelf, place, goods.sku_id)).collect();
        let arrived = self.ground.now - Duration::days(FILLED_DAYS);
        let rows = written::shelf(tx, shelf.store_id, &offers, arrived).await?;
        // As the trigger does, which sleeps where the checks do: servers that are up look again.
        sqlx::query!(
            "insert into menu_versions (store_id, version) values ($1, 1)
             on conflict (store_id) do update set version = menu_versions.version + 1",
            shelf.store_id,
        )
        .execute(tx)
        .await
        .or_fault()?;
        Ok(rows)
    }

    /// As many pieces are left as the small demo's stores have, and what open orders wait for.
    fn offer(&self, shelf: &Shelf, goods: usize, sku_id: Uuid) -> Offer {
        let common_fen = self.ground.goods[goods].price_fen;
        let Some(store) = shelf.of_chain else {
            return Offer { sku_id, price_fen: common_fen, received: PIECES, on_hand: PIECES, allocated: 0 };
        };
        let place = store * self.ground.goods.len() + goods;
        let allocated = self.taken.allocated.get(&place).copied().unwrap_or_default();
        let on_hand = PIECES + allocated;
        Offer {
            sku_id,
            price_fen: self.ground.stores[store].price_fen(common_fen),
            received: on_hand + i64::from(self.taken.issued[place]),
            on_hand,
            allocated,
        }
    }
}

/// Commits need not be durable one by one: the load's last is, and with it all before. Where the owner
/// is a superuser, foreign keys are not checked and no triggers fire; see the module.
async fn make_haste(connection: &mut PgConnection) -> Result<(), Fault> {
    sqlx::query("set synchronous_commit = off").execute(&mut *connection).await.or_fault()?;
    let superuser: bool = sqlx::query_scalar("select rolsuper from pg_roles where rolname = current_user")
        .fetch_one(&mut *connection)
        .await
        .or_fault()?;
    if superuser {
        sqlx::query("set session_replication_role = replica").execute(connection).await.or_fault()?;
    }
    Ok(())
}
