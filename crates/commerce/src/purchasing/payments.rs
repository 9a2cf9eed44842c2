//! Paying suppliers' invoices, at once or in parts, and taking payments back that were entered wrongly.

use chrono::NaiveDate;
use domain::{
    Fault, Fen, InvoiceId, SupplierPaymentId,
    audit::Act,
    purchasing::{InvoicePayment, InvoiceState, PayInvoice, PayPart, PaymentTakenBack, TakeBackPayment, paid_after},
};
use serde_json::json;
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

use super::{
    ledger::{self, Account, Entry},
    payables::{NO_INVOICE, must_pay, record},
    today,
};
use crate::{
    Scope,
    database::OrFault,
    faults::{self, Deed},
    house::new_id,
};

const NO_PAYMENT: Fault = Fault::NotFound("这笔付款");

/// Says that an invoice was paid, or all that is left of it. The same again is the same, and pays nothing anew where it was
/// taken back meanwhile.
///
/// Faults: `Unauthenticated`; `Forbidden`; `Invalid` beside `reference` or `paid_on`; `NotFound`; `Conflict`
/// (`paid_already` with another reference or day, `taken_back`, `payment_taken_back`).
pub async fn pay_invoice(scope: &Scope, id: InvoiceId, command: PayInvoice) -> Result<(), Fault> {
    must_pay(scope)?;
    let reference = command.checked_reference()?;
    must_have_come(scope, command.paid_on)?;
    let mut tx = scope.begin().await?;
    let owed = lock(&mut tx, id).await?;
    let last = (owed.paid_on, owed.reference.as_deref());
    if owed.state == InvoiceState::Paid && last == (Some(command.paid_on), Some(reference)) {
        return Ok(());
    }
    owed.must_be_open()?;
    if was_taken_back(&mut tx, id, command.paid_on, reference).await? {
        let why = "这笔付款已撤销，确需重新登记请用分次付款";
        return Err(Fault::conflict("payment_taken_back", why));
    }
    let id = SupplierPaymentId(new_id());
    enter(tx, scope, &owed, Payment { id, paid: owed.amount, paid_on: command.paid_on, reference, note: "" }).await
}

/// Says that so much of an invoice was paid; with the rest it is paid. The payment's id is the idempotency key.
///
/// Faults: `Unauthenticated`; `Forbidden`; `Invalid` beside the fields, `amount` for more than is left; `NotFound`;
/// `Conflict` (`key_reused`, `paid_already`, `taken_back`, `payment_taken_back`).
pub async fn pay_part(scope: &Scope, id: InvoiceId, command: PayPart) -> Result<(), Fault> {
    must_pay(scope)?;
    let reference = command.checked()?;
    must_have_come(scope, command.paid_on)?;
    let mut tx = scope.begin().await?;
    let owed = lock(&mut tx, id).await?;
    if entered_before(&mut tx, id, &command).await? {
        return Ok(());
    }
    owed.must_be_open()?;
    let paid = paid_after(owed.amount, owed.paid, command.amount_fen)?;
    let (id, paid_on, note) = (command.id, command.paid_on, command.note.trim());
    enter(tx, scope, &owed, Payment { id, paid, paid_on, reference, note }).await
}

/// Takes a payment back that was entered wrongly: what it was for is owed again, and the ledger has its entry the other
/// way round. The same again is the same.
///
/// Faults: `Unauthenticated`; `Forbidden`; `Invalid` beside `reason`; `NotFound`.
pub async fn take_back_payment(
    scope: &Scope,
    id: InvoiceId,
    payment: SupplierPaymentId,
    command: TakeBackPayment,
) -> Result<(), Fault> {
    must_pay(scope)?;
    let reason = command.checked()?;
    let me = scope.staff()?.id;
    let mut tx = scope.begin().await?;
    let owed = lock(&mut tx, id).await?;
    let found = sqlx::query!(
        r#"select p.amount_fen, p.reference, b.payment_id is not null as "taken_back!"
           from supplier_payments p left join supplier_payments_taken_back b on b.payment_id = p.id
           where p.id = $1 and p.invoice_id = $2"#,
        payment.0,
        id.0,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .ok_or(NO_PAYMENT)?;
    if found.taken_back {
        return Ok(());
    }
    sqlx::query!(
        "insert into supplier_payments_taken_back (payment_id, reason, staff_id, at) values ($1, $2, $3, $4)",
        payment.0,
        reason,
        me.0,
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let back = Fen(owed.amount.0.signum() * found.amount_fen);
    set_paid(&mut tx, scope, &owed, Fen(owed.paid.0 - back.0), None).await?;
    let entry = Entry { debit: Account::Bank, credit: Account::Payable, amount: back };
    ledger::enter(&mut tx, scope, owed.supplier, id.0, entry).await?;
    let before = json!({ "reference": found.reference });
    record(&mut tx, scope, id, (Act::TakeBackPayment, before, json!(null)), reason).await?;
    faults::commit(tx, scope, Deed::TakeBackPayment).await
}

/// Refuses a day on which nobody can have paid yet.
fn must_have_come(scope: &Scope, paid_on: NaiveDate) -> Result<(), Fault> {
    if paid_on > today(scope) {
        return Err(Fault::invalid("paid_on", "日期不能晚于今天"));
    }
    Ok(())
}

/// An invoice locked for a payment.
struct Owed {
    id: InvoiceId,
    supplier: Uuid,
    /// Negative for a credit, as what is paid of it.
    amount: Fen,
    paid: Fen,
    state: InvoiceState,
    paid_on: Option<NaiveDate>,
    reference: Option<String>,
}

impl Owed {
    fn must_be_open(&self) -> Result<(), Fault> {
        match self.state {
            InvoiceState::Open => Ok(()),
            InvoiceState::Paid => Err(Fault::conflict("paid_already", "这张发票已经付清，请刷新后查看")),
            InvoiceState::TakenBack => Err(Fault::conflict("taken_back", "这张发票已作废，不能付款")),
        }
    }
}

/// Locks an invoice; nothing else is paid of it until the transaction ends.
///
/// Faults: `NotFound`.
async fn lock(tx: &mut PgConnection, id: InvoiceId) -> Result<Owed, Fault> {
    let row = sqlx::query!(
        "select supplier_id, amount_fen, paid_fen, state, paid_on, reference from supplier_invoices where id = $1 for update",
        id.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?
    .ok_or(NO_INVOICE)?;
    Ok(Owed {
        id,
        supplier: row.supplier_id,
        amount: Fen(row.amount_fen),
        paid: Fen(row.paid_fen),
        state: InvoiceState::from_code(&row.state)
            .ok_or_else(|| Fault::Internal(format!("an invoice in state {}", row.state)))?,
        paid_on: row.paid_on,
        reference: row.reference,
    })
}

/// Whether a payment under this id is there, and counts, because of the same request.
///
/// Faults: `Conflict` (`key_reused` for another request, `payment_taken_back`).
async fn entered_before(tx: &mut PgConnection, id: InvoiceId, command: &PayPart) -> Result<bool, Fault> {
    let found = sqlx::query!(
        r#"select invoice_id, amount_fen, paid_on, reference, note,
                  exists (select from supplier_payments_taken_back b where b.payment_id = p.id) as "taken_back!"
           from supplier_payments p where id = $1"#,
        command.id.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    let Some(row) = found else { return Ok(false) };
    let asked = (id.0, command.amount_fen.0, command.paid_on, command.reference.trim(), command.note.trim());
    if (row.invoice_id, row.amount_fen, row.paid_on, row.reference.as_str(), row.note.as_str()) != asked {
        return Err(Fault::conflict("key_reused", "这个页面已经登记过另一笔付款，请刷新后再试"));
    }
    if row.taken_back {
        return Err(Fault::conflict("payment_taken_back", "这笔付款已撤销，确需重新登记请刷新后再填"));
    }
    Ok(true)
}

/// Whether a payment of this day and reference was entered for an invoice and taken back.
async fn was_taken_back(tx: &mut PgConnection, id: InvoiceId, on: NaiveDate, reference: &str) -> Result<bool, Fault> {
    sqlx::query_scalar!(
        r#"select exists (
               select from supplier_payments p join supplier_payments_taken_back b on b.payment_id = p.id
               where p.invoice_id = $1 and p.paid_on = $2 and p.reference = $3
           ) as "taken_back!""#,
        id.0,
        on,
        reference,
    )
    .fetch_one(tx)
    .await
    .or_fault()
}

/// A payment about to be entered.
struct Payment<'a> {
    id: SupplierPaymentId,
    /// What is paid of the invoice with it.
    paid: Fen,
    paid_on: NaiveDate,
    reference: &'a str,
    note: &'a str,
}

/// Enters a payment of a locked invoice, with what the ledger says of it.
async fn enter(
    mut tx: Transaction<'_, Postgres>,
    scope: &Scope,
    owed: &Owed,
    payment: Payment<'_>,
) -> Result<(), Fault> {
    let (me, more) = (scope.staff()?.id, Fen(payment.paid.0 - owed.paid.0));
    // An invoice of nothing is paid without a payment.
    if more != Fen::ZERO {
        sqlx::query!(
            "insert into supplier_payments (id, invoice_id, amount_fen, paid_on, reference, note, entered_by, entered_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
            payment.id.0,
            owed.id.0,
            more.0.abs(),
            payment.paid_on,
            payment.reference,
            payment.note,
            me.0,
            scope.now,
        )
        .execute(&mut *tx)
        .await
        .or_fault()?;
    }
    let last = (payment.paid == owed.amount).then_some((payment.paid_on, payment.reference));
    set_paid(&mut tx, scope, owed, payment.paid, last).await?;
    let entry = Entry { debit: Account::Payable, credit: Account::Bank, amount: more };
    ledger::enter(&mut tx, scope, owed.supplier, owed.id.0, entry).await?;
    // Not everybody who reads the log sees what goods cost.
    let after = json!({ "paid_on": payment.paid_on, "reference": payment.reference });
    record(&mut tx, scope, owed.id, (Act::PayInvoice, json!(null), after), payment.note).await?;
    faults::commit(tx, scope, Deed::PayInvoice).await
}

/// Writes how much of a locked invoice is paid: it is paid with the `last` of its payments, else open.
async fn set_paid(
    tx: &mut PgConnection,
    scope: &Scope,
    owed: &Owed,
    paid: Fen,
    last: Option<(NaiveDate, &str)>,
) -> Result<(), Fault> {
    let me = scope.staff()?.id;
    let state = if last.is_some() { InvoiceState::Paid } else { InvoiceState::Open };
    sqlx::query!(
        "update supplier_invoices
         set paid_fen = $2, state = $3, paid_on = $4, reference = $5, paid_by = $6, paid_at = $7 where id = $1",
        owed.id.0,
        paid.0,
        state.code(),
        last.map(|(day, _)| day),
        last.map(|(_, reference)| reference),
        last.map(|_| me.0),
        last.map(|_| scope.now),
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// What was paid of an invoice, in the order in which it was entered.
pub(super) async fn of_invoice(tx: &mut PgConnection, id: InvoiceId) -> Result<Vec<InvoicePayment>, Fault> {
    let rows = sqlx::query!(
        r#"select p.id, p.amount_fen, p.paid_on, p.reference, p.note, e.name as entered_by, p.entered_at,
                  t.name as "taken_back_by?", b.at as "taken_back_at?", b.reason as "taken_back_reason?"
           from supplier_payments p join staff e on e.id = p.entered_by
           left join supplier_payments_taken_back b on b.payment_id = p.id left join staff t on t.id = b.staff_id
           where p.invoice_id = $1 order by p.entered_at, p.id"#,
        id.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let payment = rows.into_iter().map(|row| InvoicePayment {
        id: SupplierPaymentId(row.id),
        amount_fen: Fen(row.amount_fen),
        paid_on: row.paid_on,
        reference: row.reference,
        note: row.note,
        entered_by: row.entered_by,
        entered_at: row.entered_at,
        taken_back: row.taken_back_at.zip(row.taken_back_by).map(|(at, by)| PaymentTakenBack {
            by,
            at,
            reason: row.taken_back_reason.unwrap_or_default(),
        }),
    });
    Ok(payment.collect())
}
