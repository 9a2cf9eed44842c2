//! Taking suppliers' invoices back that were entered wrongly.

use domain::{
    Fault, Fen, InvoiceId, SupplierId,
    audit::Act,
    purchasing::{InvoiceState, TakeBackInvoice},
};
use serde_json::json;
use sqlx::PgConnection;

use super::{
    ledger::{self, Account, Entry},
    payables::{NO_INVOICE, must_pay, record},
};
use crate::{
    Scope,
    database::OrFault,
    faults::{self, Deed},
};

/// Takes an invoice back of which nothing is paid: what it was for waits for an invoice again, its number is free, and the
/// ledger has its entries the other way round. The same again is the same.
///
/// Faults: `Unauthenticated`; `Forbidden`; `Invalid` beside `reason`; `NotFound`; `Conflict` (`paid_already`).
pub async fn take_back_invoice(scope: &Scope, id: InvoiceId, command: TakeBackInvoice) -> Result<(), Fault> {
    must_pay(scope)?;
    let reason = command.checked()?;
    let me = scope.staff()?.id;
    let mut tx = scope.begin().await?;
    let supplier = lock_supplier_of(&mut tx, id).await?;
    let found = sqlx::query!(
        "select amount_fen, paid_fen, received_fen, state from supplier_invoices where id = $1 for update",
        id.0,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()?;
    if InvoiceState::from_code(&found.state) == Some(InvoiceState::TakenBack) {
        return Ok(());
    }
    // One of nothing is said to be paid without a payment that could be taken back first.
    if found.paid_fen != 0 {
        let why = "这张发票已有付款，不能作废；付款登记错了请先撤销，否则请登记供应商的红字发票";
        return Err(Fault::conflict("paid_already", why));
    }
    sqlx::query!(
        "update supplier_invoices set state = 'taken_back', taken_back_by = $2, taken_back_at = $3, taken_back_reason = $4,
                                       paid_on = null, reference = null, paid_by = null, paid_at = null
         where id = $1",
        id.0,
        me.0,
        scope.now,
        reason,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let difference = Fen(found.amount_fen - found.received_fen);
    for (credit, amount) in [(Account::Accrued, Fen(found.received_fen)), (Account::Difference, difference)] {
        ledger::enter(&mut tx, scope, supplier.0, id.0, Entry { debit: Account::Payable, credit, amount }).await?;
    }
    record(&mut tx, scope, id, (Act::TakeBackInvoice, json!(null), json!(null)), reason).await?;
    faults::commit(tx, scope, Deed::TakeBackInvoice).await
}

/// Whose an invoice is. Their invoices are entered and taken back one by one, so that no receipt is on two. Whoever pays
/// has locked the invoice and then refers to the supplier in the ledger, which this lock does not keep waiting.
async fn lock_supplier_of(tx: &mut PgConnection, id: InvoiceId) -> Result<SupplierId, Fault> {
    let supplier = sqlx::query_scalar!(
        "select id from suppliers where id = (select supplier_id from supplier_invoices where id = $1)
         for no key update",
        id.0,
    );
    supplier.fetch_optional(tx).await.or_fault()?.map(SupplierId).ok_or(NO_INVOICE)
}
