//! Suppliers' invoices against what arrived, and what is owed.

use chrono::NaiveDate;
use domain::{
    Fault, Fen, InvoiceId, SupplierId,
    audit::{Act, ObjectKind},
    page::Page,
    purchasing::{
        Billable, EnterInvoice, InvoiceCard, InvoiceState, InvoiceView, ListInvoices, Payables, ageing, tax_within,
    },
    staff::Permission,
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    NO_SUPPLIER, everywhere,
    ledger::{self, Account, Entry},
    number_text, payments, set_apart, today,
};
use crate::{
    FaultPoint, Scope,
    audit::{self, Change},
    database::OrFault,
};

pub(super) const NO_INVOICE: Fault = Fault::NotFound("这张发票");

/// Refuses whoever does not pay suppliers.
pub(super) fn must_pay(scope: &Scope) -> Result<(), Fault> {
    everywhere(scope, Permission::PaySuppliers)
}

/// What arrived from a supplier, or went back, and is on no invoice yet, oldest first.
///
/// Faults: `Unauthenticated`; `Forbidden`; `NotFound`.
pub async fn billable(scope: &Scope, supplier: SupplierId) -> Result<Vec<Billable>, Fault> {
    must_pay(scope)?;
    let mut tx = scope.begin_search().await?;
    let found = sqlx::query!("select id from suppliers where id = $1", supplier.0).fetch_optional(&mut *tx).await;
    found.or_fault()?.ok_or(NO_SUPPLIER)?;
    receipts_of(&mut tx, Some(supplier), None).await
}

/// Receipts with what they come to: those of a supplier of which something is on no invoice, with that, or those of an
/// invoice, with what it is for.
async fn receipts_of(
    tx: &mut PgConnection,
    supplier: Option<SupplierId>,
    invoice: Option<InvoiceId>,
) -> Result<Vec<Billable>, Fault> {
    let rows = sqlx::query!(
        r#"select r.id, u.number as "number?", e.number as "handed_over?", r.returned, r.at, r.note, w.whole as "whole!",
                  case when $2::uuid is null then w.whole - coalesce(i.amount, 0) else coalesce(o.own, w.whole) end::bigint as "value!",
                  ((select coalesce(sum(l.quantity), 0) from purchase_receipt_lines l where l.receipt_id = r.id)
                   + (select coalesce(sum(l.quantity), 0) from set_apart_end_lines l where l.end_id = r.handed_over_id))::bigint as "pieces!"
           from purchase_receipts r left join purchases u on u.id = r.purchase_id
           left join set_apart_ends e on e.id = r.handed_over_id
           cross join lateral (select case when r.returned then -r.value_fen else r.value_fen end as whole) w
           left join lateral (
               select sum(coalesce(x.amount_fen, w.whole)) as amount from invoiced_receipts x where x.receipt_id = r.id
           ) i on true
           left join lateral (
               select x.amount_fen as own, true as of_it from supplier_invoice_receipts x
               where x.receipt_id = r.id and x.invoice_id = $2
           ) o on true
           where ($1::uuid is null or ($1 in (u.supplier_id, e.supplier_id) and (i.amount is null or i.amount <> w.whole)))
             and ($2::uuid is null or o.of_it)
           order by r.at, r.id"#,
        supplier.map(|id| id.0),
        invoice.map(|id| id.0),
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let receipt = rows.into_iter().map(|row| Billable {
        id: row.id,
        purchase: row.number.map(number_text).or(row.handed_over.map(set_apart::number_text)).unwrap_or_default(),
        returned: row.returned,
        at: row.at,
        note: row.note,
        pieces: row.pieces,
        whole_fen: Fen(row.whole),
        value_fen: Fen(row.value),
    });
    Ok(receipt.collect())
}

/// Enters a supplier's invoice against what arrived. What it differs by is refused until somebody says why. The
/// invoice's id is the idempotency key.
///
/// Faults: `Unauthenticated`; `Forbidden`; `Invalid` beside the fields, `receipts` for one that is on an invoice or
/// another's, `part.{receipt}` for more than is left of it, and `difference_note` where the amounts differ and nobody says why; `NotFound`; `Conflict` (`key_reused`).
pub async fn enter_invoice(scope: &Scope, command: EnterInvoice) -> Result<(), Fault> {
    must_pay(scope)?;
    command.check()?;
    let me = scope.staff()?.id;
    let mut tx = scope.begin().await?;
    // Invoices of one supplier are entered one by one, so that no receipt is on two; payments do not wait for that.
    let terms =
        sqlx::query_scalar!("select terms_days from suppliers where id = $1 for no key update", command.supplier_id.0)
            .fetch_optional(&mut *tx)
            .await
            .or_fault()?
            .ok_or(NO_SUPPLIER)?;
    if let Some(same) = entered_before(&mut tx, &command).await? {
        let other = || Fault::conflict("key_reused", "这个页面已经登记过另一张发票，请刷新后再试");
        return if same { Ok(()) } else { Err(other()) };
    }
    let waiting = receipts_of(&mut tx, Some(command.supplier_id), None).await?;
    let asked: Vec<&Billable> = waiting.iter().filter(|one| command.receipts.contains(&one.id)).collect();
    if asked.len() != command.receipts.len() {
        let why = "有的收货单已经在别的发票上，或不是这个供应商的，请刷新后重新勾选";
        return Err(Fault::invalid("receipts", why));
    }
    let parts = asked.iter().map(|one| Ok((one.id, command.part_of(one.id, one.value_fen)?)));
    let parts = parts.collect::<Result<Vec<(Uuid, Fen)>, Fault>>()?;
    let received = parts.iter().map(|(_, amount)| *amount).sum::<Fen>();
    let (difference, note) = (Fen(command.amount_fen.0 - received.0), command.difference_note.trim());
    if difference != Fen::ZERO && note.is_empty() {
        let than = if difference.0 > 0 { "多" } else { "少" };
        let amount = Fen(difference.0.abs());
        let why = format!("收货合计 {received}，发票{than} {amount}；核对无误请写明原因，否则请先与供应商更正");
        return Err(Fault::invalid("difference_note", why));
    }
    write(&mut tx, scope, &command, (me.0, terms, received), &parts).await?;
    for (debit, amount) in [(Account::Accrued, received), (Account::Difference, difference)] {
        let entry = Entry { debit, credit: Account::Payable, amount };
        ledger::enter(&mut tx, scope, command.supplier_id.0, command.id.0, entry).await?;
    }
    // Not everybody who reads the log sees what goods cost.
    let after = json!({ "number": command.number.trim(), "receipts": command.receipts.len() });
    record(&mut tx, scope, command.id, (Act::EnterInvoice, json!(null), after), note).await?;
    scope.house().pass(FaultPoint::InvoiceWritten);
    tx.commit().await.or_fault()?;
    scope.house().pass(FaultPoint::InvoiceCommitted);
    Ok(())
}

async fn write(
    tx: &mut PgConnection,
    scope: &Scope,
    command: &EnterInvoice,
    (me, terms, received): (Uuid, i32, Fen),
    parts: &[(Uuid, Fen)],
) -> Result<(), Fault> {
    sqlx::query!(
        "insert into supplier_invoices (id, supplier_id, number, dated, due_on, amount_fen, received_fen, difference_note,
                                        state, entered_by, entered_at, tax_percent)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9, $10, $11)",
        command.id.0,
        command.supplier_id.0,
        command.number.trim(),
        command.dated,
        command.due_on(terms),
        command.amount_fen.0,
        received.0,
        command.difference_note.trim(),
        me,
        scope.now,
        command.tax_percent.map(i16::from),
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let (receipts, amounts): (Vec<Uuid>, Vec<i64>) = parts.iter().map(|(id, amount)| (*id, amount.0)).unzip();
    sqlx::query!(
        // What comes to nothing is on the invoice as a whole.
        "insert into supplier_invoice_receipts (receipt_id, invoice_id, amount_fen)
         select r, $3, nullif(a, 0) from unnest($1::uuid[], $2::bigint[]) as x (r, a)",
        &receipts,
        &amounts,
        command.id.0,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Whether an invoice under this id is there because of the same request; nothing where there is none.
async fn entered_before(tx: &mut PgConnection, command: &EnterInvoice) -> Result<Option<bool>, Fault> {
    let found = sqlx::query!(
        "select supplier_id, number, dated, amount_fen, difference_note, tax_percent from supplier_invoices where id = $1",
        command.id.0,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let Some(found) = found else { return Ok(None) };
    let head =
        (found.supplier_id, found.number.as_str(), found.dated, found.amount_fen, found.difference_note.as_str())
            == (
                command.supplier_id.0,
                command.number.trim(),
                command.dated,
                command.amount_fen.0,
                command.difference_note.trim(),
            )
            && found.tax_percent == command.tax_percent.map(i16::from);
    Ok(Some(head && parts_before(tx, command).await?))
}

/// Whether the invoice under this id is for the same parts of the same receipts. Of a receipt without a named part it is
/// for what earlier invoices had left of it; the ledger tells which were earlier.
async fn parts_before(tx: &mut PgConnection, command: &EnterInvoice) -> Result<bool, Fault> {
    let rows = sqlx::query!(
        r#"select r.receipt_id, coalesce(r.amount_fen, w.whole) as "amount!",
                  (w.whole - coalesce((
                      select sum(coalesce(x.amount_fen, w.whole)) from supplier_invoice_receipts x
                      join supplier_invoices e on e.id = x.invoice_id
                      where x.receipt_id = r.receipt_id and not coalesce(e.taken_back_at <= i.entered_at, false)
                        and (select min(g.id) from supplier_ledger g where g.document_id = x.invoice_id)
                            < (select min(g.id) from supplier_ledger g where g.document_id = r.invoice_id)), 0))::bigint as "left!"
           from supplier_invoice_receipts r join purchase_receipts c on c.id = r.receipt_id
           join supplier_invoices i on i.id = r.invoice_id
           cross join lateral (select case when c.returned then -c.value_fen else c.value_fen end as whole) w
           where r.invoice_id = $1"#,
        command.id.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let same = rows.iter().all(|row| {
        let named = command.parts.iter().find(|part| part.receipt_id == row.receipt_id);
        command.receipts.contains(&row.receipt_id) && row.amount == named.map_or(row.left, |part| part.amount_fen.0)
    });
    Ok(same && rows.len() == command.receipts.len())
}

pub(super) async fn record(
    tx: &mut PgConnection,
    scope: &Scope,
    id: InvoiceId,
    (act, before, after): (Act, serde_json::Value, serde_json::Value),
    reason: &str,
) -> Result<(), Fault> {
    let object = ObjectKind::Invoice;
    audit::record(tx, scope, Change { act, object, object_id: id.0, store_id: None, before, after, reason }).await
}

struct Row {
    id: Uuid,
    number: String,
    supplier_id: Uuid,
    supplier: String,
    dated: NaiveDate,
    due_on: NaiveDate,
    amount_fen: i64,
    received_fen: i64,
    paid_fen: i64,
    state: String,
}

impl Row {
    fn card(self, today: NaiveDate) -> InvoiceCard {
        let state = InvoiceState::from_code(&self.state).unwrap_or(InvoiceState::Open);
        let overdue = (today - self.due_on).num_days().max(0);
        InvoiceCard {
            id: InvoiceId(self.id),
            number: self.number,
            supplier_id: SupplierId(self.supplier_id),
            supplier: self.supplier,
            dated: self.dated,
            due_on: self.due_on,
            amount_fen: Fen(self.amount_fen),
            received_fen: Fen(self.received_fen),
            paid_fen: Fen(self.paid_fen),
            rest_fen: if state == InvoiceState::TakenBack { Fen::ZERO } else { Fen(self.amount_fen - self.paid_fen) },
            state,
            overdue_days: if state == InvoiceState::Open { overdue } else { 0 },
        }
    }
}

async fn rows(tx: &mut PgConnection, ask: &ListInvoices, id: Option<InvoiceId>, limit: i64) -> Result<Vec<Row>, Fault> {
    sqlx::query_as!(
        Row,
        "select i.id, i.number, i.supplier_id, s.name as supplier, i.dated, i.due_on, i.amount_fen, i.received_fen, i.paid_fen, i.state
         from supplier_invoices i join suppliers s on s.id = i.supplier_id
         where ($1::text is null or i.state = $1) and ($2::uuid is null or i.supplier_id = $2)
           and ($3::uuid is null or i.id < $3) and ($4::uuid is null or i.id = $4)
         order by i.id desc limit $5",
        ask.state.map(InvoiceState::code),
        ask.supplier.map(|id| id.0),
        ask.after.map(|id| id.0),
        id.map(|id| id.0),
        limit,
    )
    .fetch_all(tx)
    .await
    .or_fault()
}

/// Suppliers' invoices, the newest first.
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub async fn invoices(scope: &Scope, ask: &ListInvoices) -> Result<Page<InvoiceCard>, Fault> {
    must_pay(scope)?;
    let most = ask.most.clamp(1, 200);
    let mut tx = scope.begin_search().await?;
    let found = rows(&mut tx, ask, None, most as i64 + 1).await?;
    Ok(Page::cut(found, most, |row| row.id.to_string()).map(|row| row.card(today(scope))))
}

/// One invoice, with what was ordered and what arrived for it, and what was paid.
///
/// Faults: `Unauthenticated`; `Forbidden`; `NotFound`.
pub async fn invoice(scope: &Scope, id: InvoiceId) -> Result<InvoiceView, Fault> {
    must_pay(scope)?;
    let mut tx = scope.begin_search().await?;
    let found = rows(&mut tx, &ListInvoices::default(), Some(id), 1).await?;
    let card = found.into_iter().next().ok_or(NO_INVOICE)?.card(today(scope));
    let more = sqlx::query!(
        r#"select i.difference_note, i.tax_percent, e.name as entered_by, i.entered_at, i.paid_on, i.reference, p.name as "paid_by?",
                  b.name as "taken_back_by?", i.taken_back_at, i.taken_back_reason,
                  (select coalesce(sum(u.total_fen), 0)::bigint from purchases u where exists (
                       select from supplier_invoice_receipts r join purchase_receipts c on c.id = r.receipt_id
                       where r.invoice_id = i.id and c.purchase_id = u.id)) as "ordered_fen!"
           from supplier_invoices i join staff e on e.id = i.entered_by left join staff p on p.id = i.paid_by
           left join staff b on b.id = i.taken_back_by where i.id = $1"#,
        id.0,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()?;
    let tax_percent = more.tax_percent.and_then(|percent| u8::try_from(percent).ok());
    Ok(InvoiceView {
        tax_percent,
        tax_fen: tax_percent.map(|percent| tax_within(card.amount_fen, percent)),
        card,
        ordered_fen: Fen(more.ordered_fen),
        receipts: receipts_of(&mut tx, None, Some(id)).await?,
        payments: payments::of_invoice(&mut tx, id).await?,
        difference_note: more.difference_note,
        entered_by: more.entered_by,
        entered_at: more.entered_at,
        paid_on: more.paid_on,
        reference: more.reference,
        paid_by: more.paid_by,
        taken_back_by: more.taken_back_by,
        taken_back_at: more.taken_back_at,
        taken_back_reason: more.taken_back_reason,
    })
}

/// What is owed to each supplier to whom anything is: what their open invoices come to, what is paid of these, and the
/// rest by how long it has been due.
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub async fn payables(scope: &Scope) -> Result<Vec<Payables>, Fault> {
    must_pay(scope)?;
    let mut tx = scope.begin_search().await?;
    let rows = sqlx::query!(
        r#"select s.id, s.name, i.due_on as "due_on?", i.amount_fen as "amount_fen?", i.paid_fen as "paid_fen?",
                  (select coalesce(sum(case when g.credit = 'accrued' then g.amount_fen else -g.amount_fen end), 0)::bigint
                   from supplier_ledger g where g.supplier_id = s.id and 'accrued' in (g.debit, g.credit)) as "accrued!"
           from suppliers s left join supplier_invoices i on i.supplier_id = s.id and i.state = 'open'
           where i.id is not null or exists (select from supplier_ledger g where g.supplier_id = s.id)
           order by s.name, s.id, i.due_on"#,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let today = today(scope);
    let mut found: Vec<Payables> = Vec::new();
    for of_one in rows.chunk_by(|one, next| one.id == next.id) {
        let open = || of_one.iter().filter_map(|row| Some((row.due_on?, row.amount_fen?, row.paid_fen?)));
        let ageing = ageing(open().map(|(due, amount, paid)| ((today - due).num_days(), Fen(amount - paid))));
        let Some(row) = of_one.first() else { continue };
        if row.accrued == 0 && of_one.iter().all(|row| row.amount_fen.is_none()) {
            continue;
        }
        found.push(Payables {
            supplier_id: SupplierId(row.id),
            supplier: row.name.clone(),
            invoiced_fen: open().map(|(_, amount, _)| Fen(amount)).sum(),
            paid_fen: open().map(|(_, _, paid)| Fen(paid)).sum(),
            ageing,
            not_invoiced_fen: Fen(row.accrued),
        });
    }
    Ok(found)
}
