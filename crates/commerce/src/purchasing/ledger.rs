//! Double entry of what is owed to suppliers: each entry takes from one account what it gives to another.

use domain::{Fault, Fen};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Scope, database::OrFault};

/// An account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Account {
    /// What was bought.
    Goods,
    /// What arrived and is on no invoice.
    Accrued,
    /// What is invoiced and not paid.
    Payable,
    /// What was invoiced otherwise than it arrived.
    Difference,
    /// What was paid.
    Bank,
}

impl Account {
    fn code(self) -> &'static str {
        match self {
            Self::Goods => "goods",
            Self::Accrued => "accrued",
            Self::Payable => "payable",
            Self::Difference => "difference",
            Self::Bank => "bank",
        }
    }
}

/// One entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub debit: Account,
    pub credit: Account,
    /// A negative amount is the same entry the other way round, nothing is none.
    pub amount: Fen,
}

/// Enters what a document of a supplier's says.
pub(super) async fn enter(
    tx: &mut PgConnection,
    scope: &Scope,
    supplier: Uuid,
    document: Uuid,
    entry: Entry,
) -> Result<(), Fault> {
    let (debit, credit) = match entry.amount.0 {
        0 => return Ok(()),
        ..0 => (entry.credit, entry.debit),
        _ => (entry.debit, entry.credit),
    };
    sqlx::query!(
        "insert into supplier_ledger (supplier_id, debit, credit, amount_fen, document_id, at) values ($1, $2, $3, $4, $5, $6)",
        supplier,
        debit.code(),
        credit.code(),
        entry.amount.0.abs(),
        document,
        scope.now,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}
