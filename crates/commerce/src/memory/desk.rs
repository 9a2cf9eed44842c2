//! Where requests ask for the prices and stock of this moment. Every one wants the same short statement,
//! so one answers all who wait. Each is told what was so after it had asked, never before.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use domain::Fault;
use sqlx::PgConnection;
use tokio::time::timeout;
use uuid::Uuid;

use super::{
    lines::Lines,
    shelf::{self, Horizon, Told},
};
use crate::{House, together};

/// How many statements are under way at once; one answers while the next ones gather.
const CLERKS: usize = 2;
/// How many questions one statement answers.
const ROUND_MOST: usize = 256;

/// A line that says nothing for so long is dead.
const SILENCE: Duration = Duration::from_secs(5);

type Answer = Result<Told, Fault>;

/// See the module.
pub(super) struct Desk {
    questions: together::Desk<Question, Answer>,
    pub lines: Lines,
}

impl Default for Desk {
    fn default() -> Self {
        Self { questions: together::Desk::new(CLERKS, ROUND_MOST), lines: Lines::default() }
    }
}

/// What to read of which store.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub store: Uuid,
    /// What has changed since, where the shelf has been read before; else all of it.
    pub since: Option<Horizon>,
}

impl Question {
    /// Of no store in particular: only how new everything is.
    pub const NOWHERE: Self = Self { store: Uuid::nil(), since: Some(0) };
}

/// What there is to tell, all of one moment.
pub(super) async fn ask(house: &House, question: Question) -> Answer {
    house.memory.desk.questions.ask(house, question, answer_all).await?
}

async fn answer_all(house: House, asked: Vec<Question>) -> Vec<Answer> {
    // Many look at the same shelf at the same time: it is read once.
    let different: HashSet<Question> = asked.iter().copied().collect();
    match answer_on_a_line(&house, &different).await {
        Ok(told) => asked.iter().map(|question| Ok(told[question].clone())).collect(),
        Err(fault) => vec![Err(fault); asked.len()],
    }
}

/// What a line that rested does not answer, a new one is asked.
async fn answer_on_a_line(house: &House, asked: &HashSet<Question>) -> Result<HashMap<Question, Told>, Fault> {
    let lines = &house.memory.desk.lines;
    if let Some(mut line) = lines.rested()
        && let Ok(Ok(told)) = timeout(SILENCE, answer(&mut line, asked)).await
    {
        lines.keep(line);
        return Ok(told);
    }
    let mut line = lines.open(&house.pool).await?;
    let told = answer(&mut line, asked).await?;
    lines.keep(line);
    Ok(told)
}

async fn answer(line: &mut PgConnection, asked: &HashSet<Question>) -> Result<HashMap<Question, Told>, Fault> {
    let (read_before, new): (Vec<Question>, Vec<Question>) = asked.iter().partition(|one| one.since.is_some());
    let stores = |asked: &[Question]| asked.iter().map(|one| one.store).collect::<Vec<_>>();
    let since: Vec<Horizon> = read_before.iter().filter_map(|one| one.since).collect();
    let changes = shelf::read_changes(line, &stores(&read_before), &since).await?;
    let whole = shelf::read_whole(line, &stores(&new)).await?;
    Ok(read_before.into_iter().zip(changes).chain(new.into_iter().zip(whole)).collect())
}
