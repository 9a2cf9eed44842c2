//! Work that is cheaper done together.
//!
//! A statement's way to the database and back, and a commit's to the disk, cost more than most of what
//! they carry. So whoever comes while others are served waits, and the next round serves all who wait:
//! with one guest nothing is delayed, with many the work of a round is shared.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::Fault;
use tokio::sync::oneshot;

use crate::House;

/// How many may wait at one desk. Beyond it a quick no is kinder than a late one.
const WAITING_MOST: usize = 4_096;

/// Where questions of one kind are asked and wait, in the order they came.
pub(crate) struct Desk<Q, A>(Arc<Room<Q, A>>);

struct Room<Q, A> {
    queue: Mutex<Queue<Q, A>>,
    clerks_most: usize,
    round_most: usize,
}

struct Queue<Q, A> {
    waiting: Vec<(Q, oneshot::Sender<A>)>,
    clerks: usize,
}

impl<Q: Send + 'static, A: Send + 'static> Desk<Q, A> {
    /// A desk at which so many rounds may be under way at once, each with so many questions.
    pub fn new(clerks_most: usize, round_most: usize) -> Self {
        let queue = Mutex::new(Queue { waiting: Vec::new(), clerks: 0 });
        Self(Arc::new(Room { queue, clerks_most, round_most }))
    }

    /// The answer to one question, out of a round that began after it was asked. `serve` answers the
    /// questions of a round in their order; it is the same for all questions of a desk.
    ///
    /// Faults: `TooMany` where too many wait already.
    pub async fn ask<F, R>(&self, house: &House, question: Q, serve: F) -> Result<A, Fault>
    where
        F: Fn(House, Vec<Q>) -> R + Send + 'static,
        R: Future<Output = Vec<A>> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let call = {
            let mut queue = self.0.queue();
            if queue.waiting.len() >= WAITING_MOST {
                return Err(Fault::TooMany { retry_after_s: 1 });
            }
            queue.waiting.push((question, tell));
            let call = queue.clerks < self.0.clerks_most;
            queue.clerks += usize::from(call);
            call
        };
        if call {
            // On its own: whoever asked first may hang up, and the others still want their answer.
            tokio::spawn(work(self.0.clone(), house.clone(), serve));
        }
        told.await.map_err(|_| Fault::Internal("whoever worked at the desk has gone".into()))
    }
}

/// The answers of a round that is done whole or not at all. Where that fails for a reason that nobody foresaw,
/// each question is tried alone, so that the others do not suffer for one.
pub(crate) async fn all_or_each<Q, A, F, R>(house: House, questions: Vec<Q>, serve: F) -> Vec<Result<A, Fault>>
where
    Q: Clone,
    F: Fn(House, Arc<[Q]>) -> R,
    R: Future<Output = Result<Vec<Result<A, Fault>>, Fault>>,
{
    let questions: Arc<[Q]> = questions.into();
    let fault = match serve(house.clone(), questions.clone()).await {
        Ok(answers) => return answers,
        Err(fault) => fault,
    };
    if questions.len() == 1 || matches!(fault, Fault::Upstream { .. }) {
        return questions.iter().map(|_| Err(fault.clone())).collect();
    }
    let mut answers = Vec::with_capacity(questions.len());
    for question in questions.iter() {
        let alone = serve(house.clone(), [question.clone()].into()).await;
        let nothing = || Err(Fault::Internal("a round of one had no answer".into()));
        answers.push(alone.and_then(|answers| answers.into_iter().next().unwrap_or_else(nothing)));
    }
    answers
}

impl<Q, A> Room<Q, A> {
    fn queue(&self) -> MutexGuard<'_, Queue<Q, A>> {
        // A queue is whole at any moment, also where somebody panicked beside it.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A clerk leaves, however that comes about; otherwise nobody would be called for the next question.
struct Leaving<'a, Q, A>(&'a Room<Q, A>);

impl<Q, A> Drop for Leaving<'_, Q, A> {
    fn drop(&mut self) {
        self.0.queue().clerks -= 1;
    }
}

/// Serves round after round until nobody waits.
async fn work<Q, A, F, R>(room: Arc<Room<Q, A>>, house: House, serve: F)
where
    F: Fn(House, Vec<Q>) -> R,
    R: Future<Output = Vec<A>>,
{
    let leaving = Leaving(&*room);
    loop {
        let round: Vec<_> = {
            let mut queue = room.queue();
            if queue.waiting.is_empty() {
                // Under the same lock: whoever comes next must find either a clerk or a free place.
                queue.clerks -= 1;
                mem::forget(leaving);
                return;
            }
            let many = queue.waiting.len().min(room.round_most);
            queue.waiting.drain(..many).collect()
        };
        let (questions, askers): (Vec<_>, Vec<_>) = round.into_iter().unzip();
        let answers = serve(house.clone(), questions).await;
        for (answer, asker) in answers.into_iter().zip(askers) {
            // Who hung up is not told.
            drop(asker.send(answer));
        }
    }
}
