//! The books: what must always be true, checked on demand and after every integration test.
//!
//! - `stock`: what places have: balances, holds, counts, losses, sales at the counter
//! - `orders`: lines, steps, parcels, members
//! - `money`: payments, refunds, revenue, what is owed
//! - `returns`: goods that come back
//! - `between`: transfers and receipts
//! - `buying`: suppliers, costs, invoices

mod between;
mod buying;
mod money;
mod orders;
mod returns;
mod stock;

use domain::Fault;

use crate::{Scope, database::OrFault};

/// A rule that does not hold, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imbalance {
    /// The rule.
    pub rule: &'static str,
    /// How many rows break it.
    pub rows: i64,
}

/// What must be true, and a query that counts what breaks it, or says whether it is broken.
type Rule = (&'static str, &'static str);

/// What is compared is joined both ways, so that lines, steps, holds or movements of nothing are found as
/// well: a load of the demo's chain leaves the checks of foreign keys out. Where there are five million
/// orders, all rules together take three minutes.
const ROOMS: [&[Rule]; 6] = [stock::RULES, orders::RULES, money::RULES, returns::RULES, between::RULES, buying::RULES];

/// Checks every rule; an empty answer is a balanced house.
pub async fn check(scope: &Scope) -> Result<Vec<Imbalance>, Fault> {
    let mut found = Vec::new();
    // One snapshot for all rules, or an order placed between two of them would look like a fault.
    let mut tx = scope.begin().await?;
    sqlx::query("set transaction isolation level repeatable read, read only").execute(&mut *tx).await.or_fault()?;
    // Sums of millions of orders are to fit into memory; what does not is still right, but slower.
    sqlx::query("set local work_mem = '128MB'").execute(&mut *tx).await.or_fault()?;
    for (rule, query) in ROOMS.into_iter().flatten() {
        let rows: i64 = sqlx::query_scalar(*query).fetch_one(&mut *tx).await.or_fault()?;
        if rows > 0 {
            found.push(Imbalance { rule, rows });
        }
    }
    Ok(found)
}

/// How many rules there are.
pub fn rules() -> usize {
    ROOMS.iter().map(|rules| rules.len()).sum()
}
