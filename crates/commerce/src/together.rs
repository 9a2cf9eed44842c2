//! Work that is cheaper done together.
//!
//! A statement's way to the database and back, and a commit's to the disk, cost more than most of what
//! they carry. So whoever comes while others are served waits, and the next round serves all who wait:
//! with one guest nothing is delayed, with many the work of a round is shared.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::Fault;
use tokio::{sync::oneshot, time::timeout};

use crate::House;

/// How many may wait at one desk. Beyond it a quick no is kinder than a late one.
const WAITING_MOST: usize = 4_096;
/// How long anybody waits for their round to begin: well within what a browser and a proxy wait for an answer, and
/// longer than any queue of [`WAITING_MOST`] takes while the database answers.
const PATIENCE: Duration = Duration::from_secs(8);

/// Where questions of one kind are asked and wait, in the order they came.
pub(crate) struct Desk<Q, A>(Arc<Room<Q, A>>);

struct Room<Q, A> {
    queue: Mutex<Queue<Q, A>>,
    clerks_most: usize,
    round_most: usize,
    patience: Duration,
}

struct Queue<Q, A> {
    /// In the order of their tickets.
    waiting: Vec<Waiting<Q, A>>,
    next_ticket: u64,
    clerks: usize,
}

struct Waiting<Q, A> {
    ticket: u64,
    question: Q,
    tell: oneshot::Sender<A>,
}

impl<Q: Send + 'static, A: Send + 'static> Desk<Q, A> {
    /// A desk at which so many rounds may be under way at once, each with so many questions.
    pub fn new(clerks_most: usize, round_most: usize) -> Self {
        Self::with_patience(clerks_most, round_most, PATIENCE)
    }

    fn with_patience(clerks_most: usize, round_most: usize, patience: Duration) -> Self {
        let queue = Mutex::new(Queue { waiting: Vec::new(), next_ticket: 0, clerks: 0 });
        Self(Arc::new(Room { queue, clerks_most, round_most, patience }))
    }

    /// The answer to one question, out of a round that began after it was asked. `serve` answers the
    /// questions of a round in their order; it is the same for all questions of a desk.
    ///
    /// Faults: `TooMany` where too many wait already, and for whoever has waited too long for their round to begin:
    /// nothing was done for them then. What has begun is waited for.
    pub async fn ask<H, F, R>(&self, house: &H, question: Q, serve: F) -> Result<A, Fault>
    where
        H: Clone + Send + 'static,
        F: Fn(H, Vec<Q>) -> R + Send + 'static,
        R: Future<Output = Vec<A>> + Send + 'static,
    {
        let (tell, mut told) = oneshot::channel();
        let (ticket, call) = {
            let mut queue = self.0.queue();
            if queue.waiting.len() >= WAITING_MOST {
                return Err(Fault::TooMany { retry_after_s: 1 });
            }
            let ticket = queue.next_ticket;
            queue.next_ticket += 1;
            queue.waiting.push(Waiting { ticket, question, tell });
            let call = queue.clerks < self.0.clerks_most;
            queue.clerks += usize::from(call);
            (ticket, call)
        };
        if call {
            // On its own: whoever asked first may hang up, and the others still want their answer.
            tokio::spawn(work(self.0.clone(), house.clone(), serve));
        }
        let gone = |_| Fault::Internal("whoever worked at the desk has gone".into());
        match timeout(self.0.patience, &mut told).await {
            Ok(answer) => answer.map_err(gone),
            Err(_) if self.0.leave(ticket) => Err(Fault::TooMany { retry_after_s: 1 }),
            Err(_) => told.await.map_err(gone),
        }
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

    /// Takes whoever has this ticket out of the queue; false where their round has begun.
    fn leave(&self, ticket: u64) -> bool {
        let mut queue = self.queue();
        let place = queue.waiting.binary_search_by_key(&ticket, |waiting| waiting.ticket);
        place.is_ok_and(|place| {
            queue.waiting.remove(place);
            true
        })
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
async fn work<Q, A, H, F, R>(room: Arc<Room<Q, A>>, house: H, serve: F)
where
    H: Clone,
    F: Fn(H, Vec<Q>) -> R,
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
        let (questions, askers): (Vec<_>, Vec<_>) = round.into_iter().map(|one| (one.question, one.tell)).unzip();
        let answers = serve(house.clone(), questions).await;
        for (answer, asker) in answers.into_iter().zip(askers) {
            // Who hung up is not told.
            drop(asker.send(answer));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{sync::Semaphore, task::yield_now};

    /// Whose round lasts until it is let go, and who says which questions were served.
    #[derive(Clone)]
    struct Slow {
        may_go: Arc<Semaphore>,
        served: Arc<Mutex<Vec<u32>>>,
    }

    impl Slow {
        fn new() -> Self {
            Self { may_go: Arc::new(Semaphore::new(0)), served: Arc::default() }
        }

        async fn serve(self, round: Vec<u32>) -> Vec<u32> {
            self.may_go.acquire().await.unwrap().forget();
            self.served.lock().unwrap().extend(&round);
            round
        }
    }

    async fn asked(desk: &Arc<Desk<u32, u32>>, house: &Slow, question: u32) -> Result<u32, Fault> {
        desk.ask(house, question, Slow::serve).await
    }

    #[tokio::test]
    async fn where_too_many_wait_a_quick_no_is_said_and_the_others_are_served() {
        let (desk, house) = (Arc::new(Desk::new(1, WAITING_MOST)), Slow::new());
        let ask = |question| {
            let (desk, house) = (desk.clone(), house.clone());
            tokio::spawn(async move { asked(&desk, &house, question).await })
        };
        let first = ask(0);
        while !desk.0.queue().waiting.is_empty() || desk.0.queue().clerks == 0 {
            yield_now().await;
        }
        let waiting: Vec<_> = (1..).take(WAITING_MOST).map(ask).collect();
        while desk.0.queue().waiting.len() < WAITING_MOST {
            yield_now().await;
        }

        let beyond = asked(&desk, &house, u32::MAX).await;
        assert!(matches!(beyond, Err(Fault::TooMany { .. })), "{beyond:?}");
        house.may_go.add_permits(2);
        assert_eq!(first.await.unwrap().unwrap(), 0);
        for (question, answer) in (1..).zip(waiting) {
            assert_eq!(answer.await.unwrap().unwrap(), question);
        }
        assert_eq!(house.served.lock().unwrap().len(), WAITING_MOST + 1);
    }

    #[tokio::test]
    async fn who_waits_too_long_is_told_no_and_nothing_is_done_for_them() {
        let (desk, house) = (Arc::new(Desk::with_patience(1, 1, Duration::from_millis(30))), Slow::new());
        let first = tokio::spawn({
            let (desk, house) = (desk.clone(), house.clone());
            async move { asked(&desk, &house, 1).await }
        });
        while !desk.0.queue().waiting.is_empty() || desk.0.queue().clerks == 0 {
            yield_now().await;
        }

        let second = asked(&desk, &house, 2).await;
        assert!(matches!(second, Err(Fault::TooMany { .. })), "{second:?}");
        assert!(desk.0.queue().waiting.is_empty());
        // What has begun is waited for, however long it takes.
        house.may_go.add_permits(2);
        assert_eq!(first.await.unwrap().unwrap(), 1);
        assert_eq!(asked(&desk, &house, 3).await.unwrap(), 3);
        assert_eq!(*house.served.lock().unwrap(), [1, 3]);
    }
}
