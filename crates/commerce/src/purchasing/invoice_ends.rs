//! How a supplier's invoice ends: it is paid, or taken back because it was entered wrongly.

use domain::{
    Fault, Fen, InvoiceId, SupplierId,
    audit::Act,
    purchasing::{InvoiceState, PayInvoice, TakeBackInvoice},
};
use serde_json::json;
use sqlx::PgConnection;

use super::{
    ledger::{self, Account, Entry},
    payables::{NO_INVOICE, must_pay, record},
    today,
};
use crate::{
    Scope,
    database::OrFault,
    faults::{self, Deed},
};

/// Says that an invoice was paid. The same again is the same.
///
/// Faults: `Unauthenticated`; `Forbidden`; `Invalid` beside `reference` or `paid_on`; `NotFound`; `Conflict`
/// (`paid_already` with another reference or day,
/// `taken_back`).
pub async fn pay_invoice(scope: &Scope, id: InvoiceId, command: PayInvoice) -> Result<(), Fault> {
    must_pay(scope)?;
    let reference = command.checked_reference()?;
    let me = scope.staff()?.id;
    if command.paid_on > today(scope) {
        return Err(Fault::invalid("paid_on", "付款日期不能晚于今天"));
    }
    let mut tx = scope.begin().await?;
    let found = sqlx::query!(
        "select supplier_id, amount_fen, state, paid_on, reference from supplier_invoices where id = $1 for update",
        id.0,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .ok_or(NO_INVOICE)?;
    if found.state == InvoiceState::Paid.code() {
        let same = (found.paid_on, found.reference.as_deref()) == (Some(command.paid_on), Some(reference));
        let other = || Fault::conflict("paid_already", "这张发票已经登记过付款，请刷新后查看");
        return if same { Ok(()) } else { Err(other()) };
    }
    if found.state == InvoiceState::TakenBack.code() {
        return Err(Fault::conflict("taken_back", "这张发票已作废，不能付款"));
    }
    sqlx::query!(
        "update supplier_invoices set state = 'paid', paid_on = $2, reference = $3, paid_by = $4, paid_at = $5 where id = $1",
        id.0,
        command.paid_on,
        reference,
        me.0,
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let entry = Entry { debit: Account::Payable, credit: Account::Bank, amount: Fen(found.amount_fen) };
    ledger::enter(&mut tx, scope, found.supplier_id, id.0, entry).await?;
    let after = json!({ "paid_on": command.paid_on, "reference": reference });
    record(&mut tx, scope, id, (Act::PayInvoice, json!(null), after), "").await?;
    faults::commit(tx, scope, Deed::PayInvoice).await
}

/// Takes an invoice back that is not paid: what it was for waits for an invoice again, its number is free, and the
/// ledger has its entries the other way round. The same again is the same.
///
/// Faults: `Unauthenticated`; `Forbidden`; `Invalid` beside `reason`; `NotFound`; `Conflict` (`paid_already`).
pub async fn take_back_invoice(scope: &Scope, id: InvoiceId, command: TakeBackInvoice) -> Result<(), Fault> {
    must_pay(scope)?;
    let reason = command.checked()?;
    let me = scope.staff()?.id;
    let mut tx = scope.begin().await?;
    let supplier = lock_supplier_of(&mut tx, id).await?;
    let found =
        sqlx::query!("select amount_fen, received_fen, state from supplier_invoices where id = $1 for update", id.0)
            .fetch_one(&mut *tx)
            .await
            .or_fault()?;
    match InvoiceState::from_code(&found.state) {
        Some(InvoiceState::TakenBack) => return Ok(()),
        Some(InvoiceState::Paid) => {
            return Err(Fault::conflict("paid_already", "这张发票已经付款，不能作废；请登记供应商的红字发票"));
        }
        Some(InvoiceState::Open) | None => {}
    }
    sqlx::query!(
        "update supplier_invoices set state = 'taken_back', taken_back_by = $2, taken_back_at = $3, taken_back_reason = $4
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

/// Whose an invoice is. Their invoices are entered and taken back one by one, so that no receipt is on two.
async fn lock_supplier_of(tx: &mut PgConnection, id: InvoiceId) -> Result<SupplierId, Fault> {
    let supplier = sqlx::query_scalar!(
        "select id from suppliers where id = (select supplier_id from supplier_invoices where id = $1) for update",
        id.0,
    );
    supplier.fetch_optional(tx).await.or_fault()?.map(SupplierId).ok_or(NO_INVOICE)
}
