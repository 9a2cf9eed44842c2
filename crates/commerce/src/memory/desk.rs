//! Prices and stock of this moment, read for all who ask at the same time: every request wants the same
//! short statement, so one answers all who wait. Each is told what was so after it had asked, never
//! before.

use std::{collections::HashMap, sync::Arc};

use domain::{Fault, Fen};
use sqlx::PgExecutor;
use uuid::Uuid;

use super::{Offer, Versions};
use crate::{House, database::OrFault, together};

/// How many statements are under way at once; one answers while the next ones gather.
const CLERKS: usize = 3;
/// How many questions one statement answers.
const ROUND_MOST: usize = 256;

/// Offers, and the versions of the same moment.
type Told = (Versions, Arc<[Offer]>);
type Answer = Result<Told, Fault>;

/// Where requests ask for offers.
pub(super) type Desk = together::Desk<Question, Answer>;

/// A desk for offers.
pub(super) fn open() -> Desk {
    Desk::new(CLERKS, ROUND_MOST)
}

/// Which variants at which store.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub store: Uuid,
    pub wanted: Wanted,
}

/// Which variants of a store.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Wanted {
    /// These; the offers come in their order.
    Some(Vec<Uuid>),
    /// All on its shelf; the offers come by the variants' identities.
    Shelf,
}

/// The offers of what is asked, and the versions of the same moment.
pub(super) async fn ask(house: &House, question: Question) -> Answer {
    house.memory.desk.ask(house, question, answer_all).await?
}

async fn answer_all(house: House, asked: Vec<Question>) -> Vec<Answer> {
    // Many look at the same shelf at the same time: each question is read once.
    let (mut some, mut shelves) = (Vec::new(), Vec::new());
    let mut places = HashMap::new();
    for question in &asked {
        places.entry(question).or_insert_with(|| match &question.wanted {
            Wanted::Some(skus) => {
                some.push((question.store, skus.clone()));
                some.len() - 1
            }
            Wanted::Shelf => {
                shelves.push(question.store);
                shelves.len() - 1
            }
        });
    }
    match tokio::try_join!(read_some(&house.pool, &some), read_shelves(&house.pool, &shelves)) {
        Ok((some, shelves)) => {
            let told = |question: &Question| match question.wanted {
                Wanted::Some(_) => some[places[question]].clone(),
                Wanted::Shelf => shelves[places[question]].clone(),
            };
            asked.iter().map(|question| Ok(told(question))).collect()
        }
        Err(fault) => vec![Err(fault); asked.len()],
    }
}

/// The offers of some variants at several stores, out of one statement.
///
/// The arrays come out of subqueries so that the planner does not look at their lengths: it would plan
/// anew for every call, which takes longer than the statement itself.
pub(super) async fn read_some(db: impl PgExecutor<'_>, asked: &[(Uuid, Vec<Uuid>)]) -> Result<Vec<Told>, Fault> {
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let stores: Vec<Uuid> = asked.iter().map(|(store, _)| *store).collect();
    let skus: Vec<Uuid> = asked.iter().flat_map(|(_, skus)| skus).copied().collect();
    let at: Vec<Uuid> = asked.iter().flat_map(|(store, skus)| skus.iter().map(|_| *store)).collect();
    let row = sqlx::query!(
        r#"select (select version from versions where what = 'stores') as "stores!",
                  (select version from versions where what = 'catalogue') as "catalogue!",
                  (select array_agg(coalesce(m.version, 0) order by a.place)
                   from unnest((select $1::uuid[])) with ordinality a (store_id, place)
                   left join menu_versions m on m.store_id = a.store_id) as "menus!: Vec<i64>",
                  array_agg(l.price_fen order by a.place) as "prices: Vec<Option<i64>>",
                  array_agg(coalesce(s.on_hand - s.held - s.allocated, 0) order by a.place) as "available: Vec<i64>"
           from unnest((select $2::uuid[]), (select $3::uuid[])) with ordinality a (store_id, sku_id, place)
           left join listings l on l.store_id = a.store_id and l.sku_id = a.sku_id and l.on_shelf
           left join stock s on s.location_id = a.store_id and s.sku_id = a.sku_id"#,
        &stores,
        &at,
        &skus,
    )
    .fetch_one(db)
    .await
    .or_fault()?;
    let (prices, available) = (row.prices.unwrap_or_default(), row.available.unwrap_or_default());
    let mut offers =
        prices.into_iter().zip(available).map(|(price, available)| Offer { price_fen: price.map(Fen), available });
    let told = |((_, skus), menu): (&(Uuid, Vec<Uuid>), i64)| {
        let versions = Versions { stores: row.stores, catalogue: row.catalogue, menu };
        (versions, offers.by_ref().take(skus.len()).collect())
    };
    Ok(asked.iter().zip(row.menus).map(told).collect())
}

/// The offers of all that is on the shelves of several stores, out of one statement. Both tables are read
/// in the order of their keys and merged, which takes a tenth of looking each variant up.
async fn read_shelves(db: impl PgExecutor<'_>, stores: &[Uuid]) -> Result<Vec<Told>, Fault> {
    if stores.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        r#"select (select version from versions where what = 'stores') as "stores!",
                  (select version from versions where what = 'catalogue') as "catalogue!",
                  coalesce(m.version, 0) as "menu!", o.prices as "prices: Vec<i64>", o.available as "available: Vec<i64>"
           from unnest((select $1::uuid[])) with ordinality a (store_id, place)
           left join menu_versions m on m.store_id = a.store_id
           cross join lateral (
               select array_agg(price_fen) as prices, array_agg(available) as available
               from (
                   select l.price_fen, coalesce(s.on_hand - s.held - s.allocated, 0) as available
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
        (Versions { stores: row.stores, catalogue: row.catalogue, menu: row.menu }, offers.collect())
    });
    Ok(told.collect())
}
