//! Rounds over orders of which the server does something by itself once their time is over.

use domain::{Fault, OrderId};
use futures::future::BoxFuture;
use uuid::Uuid;

use crate::Scope;

/// What is answered once it is done.
type Soon<'a, T> = BoxFuture<'a, Result<T, Fault>>;

/// How many such questions a round asks: others wait for its end.
const ROUNDS_MOST: usize = 10;
/// How many orders one question finds.
pub(super) const AT_A_TIME: i64 = 100;

/// Does something with each order that is due, by itself, in the order of their ids. One with which it cannot be done is
/// logged and passed over until the next round, so that it holds up none of the thousand that a round looks at. `true`
/// where there may be more.
///
/// `find`: at most [`AT_A_TIME`] that are due, with ids above this one. `what`: what is done, for the log.
pub(super) async fn each<'a>(
    scope: &'a Scope,
    find: fn(&'a Scope, Uuid) -> Soon<'a, Vec<Uuid>>,
    act: fn(&'a Scope, OrderId) -> Soon<'a, ()>,
    what: &'static str,
) -> Result<bool, Fault> {
    let (mut passed, mut any) = (Uuid::nil(), false);
    for _ in 0..ROUNDS_MOST {
        let due = find(scope, passed).await?;
        for &id in &due {
            match act(scope, OrderId(id)).await {
                Ok(()) => any = true,
                Err(fault) => tracing::warn!(order = %id, ?fault, what, "could not be done with an order that is due"),
            }
        }
        match due.last() {
            Some(&last) if due.len() as i64 == AT_A_TIME => passed = last,
            _ => return Ok(false),
        }
    }
    // Where nothing could be done there is no hurry to try again.
    Ok(any)
}
