//! Prices and stock of this moment, read for all who ask at the same time: every request wants the same
//! short statement, so one answers all who wait. Each is told what was so after it had asked, never
//! before.

use std::collections::HashMap;

use domain::{Fault, Fen};
use sqlx::PgExecutor;
use uuid::Uuid;

use super::{Offer, Versions};
use crate::{House, database::OrFault, together};

/// How many statements are under way at once; one answers while the next ones gather.
const CLERKS: usize = 3;
/// How many questions one statement answers.
const ROUND_MOST: usize = 256;

type Answer = Result<(Versions, Vec<Offer>), Fault>;

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
    pub skus: Vec<Uuid>,
}

/// The offers of what is asked, in its order, and the versions of the same moment.
pub(super) async fn ask(house: &House, question: Question) -> Answer {
    house.memory.desk.ask(house, question, answer_all).await?
}

async fn answer_all(house: House, asked: Vec<Question>) -> Vec<Answer> {
    // Many look at the same shelf at the same time: each question is read once.
    let mut places = HashMap::new();
    let mut questions = Vec::new();
    let place_of: Vec<usize> = asked
        .into_iter()
        .map(|question| {
            *places.entry(question).or_insert_with_key(|question| {
                questions.push(question.clone());
                questions.len() - 1
            })
        })
        .collect();
    match read(&house.pool, &questions).await {
        Ok(answers) => place_of.into_iter().map(|place| Ok(answers[place].clone())).collect(),
        Err(fault) => vec![Err(fault); place_of.len()],
    }
}

/// The answers to several questions, out of one statement.
///
/// The arrays come out of subqueries so that the planner does not look at their lengths: it would plan
/// anew for every call, which takes longer than the statement itself.
pub(super) async fn read(
    db: impl PgExecutor<'_>,
    questions: &[Question],
) -> Result<Vec<(Versions, Vec<Offer>)>, Fault> {
    let stores: Vec<Uuid> = questions.iter().map(|question| question.store).collect();
    let skus: Vec<Uuid> = questions.iter().flat_map(|question| &question.skus).copied().collect();
    let at: Vec<Uuid> = questions.iter().flat_map(|question| question.skus.iter().map(|_| question.store)).collect();
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
    let answer = |(question, menu): (&Question, i64)| {
        let versions = Versions { stores: row.stores, catalogue: row.catalogue, menu };
        (versions, offers.by_ref().take(question.skus.len()).collect())
    };
    Ok(questions.iter().zip(row.menus).map(answer).collect())
}
