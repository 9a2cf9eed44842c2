//! Prices and stock of this moment, read for all who ask at the same time.
//!
//! Every request wants the same short statement, and a statement's way to the database and back costs
//! more than its work. So whoever asks while others are being answered waits for the next statement,
//! which answers all who wait: each is told what was so after it had asked, never before.

use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::{Fault, Fen};
use sqlx::PgExecutor;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::{Offer, Versions};
use crate::{House, database::OrFault};

/// How many statements are under way at once; one answers while the next ones gather.
const CLERKS: usize = 3;

type Answer = Result<(Versions, Vec<Offer>), Fault>;

/// Where requests ask, and where they wait.
#[derive(Default)]
pub(crate) struct Desk(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    /// By what is asked: many look at the same shelf at the same time.
    waiting: HashMap<Question, Vec<oneshot::Sender<Answer>>>,
    clerks: usize,
}

/// Which variants at which store.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub store: Uuid,
    pub skus: Vec<Uuid>,
}

impl Desk {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        // A queue is whole at any moment, also where somebody panicked beside it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A clerk leaves, however that comes about; otherwise nobody would be called for the next question.
struct Leaving<'a>(&'a Desk);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.queue().clerks -= 1;
    }
}

/// The offers of what is asked, in its order, and the versions of the same moment.
pub(super) async fn ask(house: &House, question: Question) -> Answer {
    let (tell, told) = oneshot::channel();
    let call = {
        let mut queue = house.memory.desk.queue();
        queue.waiting.entry(question).or_default().push(tell);
        let call = queue.clerks < CLERKS;
        queue.clerks += usize::from(call);
        call
    };
    if call {
        // On its own: whoever asked first may hang up, and the others still want their answer.
        tokio::spawn(serve(house.clone()));
    }
    told.await.map_err(|_| Fault::Internal("whoever read the offers has gone".into()))?
}

/// Answers until nobody waits.
async fn serve(house: House) {
    let desk = &house.memory.desk;
    let leaving = Leaving(desk);
    loop {
        let waiting = {
            let mut queue = desk.queue();
            if queue.waiting.is_empty() {
                // Under the same lock: whoever comes next must find either a clerk or a free place.
                queue.clerks -= 1;
                mem::forget(leaving);
                return;
            }
            mem::take(&mut queue.waiting)
        };
        let (questions, askers): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
        let answers = match read(&house.pool, &questions).await {
            Ok(answers) => answers.into_iter().map(Ok).collect(),
            Err(fault) => vec![Err(fault); questions.len()],
        };
        for (answer, askers) in answers.into_iter().zip(askers) {
            for asker in askers {
                // Who hung up is not told.
                drop(asker.send(answer.clone()));
            }
        }
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
