//! Suppliers' invoices are paid in parts (K5).

use commerce::{Scope, purchasing};
use domain::{
    Fault, Fen, InvoiceId, SupplierPaymentId,
    purchasing::{EnterInvoice, InvoiceCard, InvoiceState, PayInvoice, PayPart, TakeBackInvoice, TakeBackPayment},
};
use futures::future::{join, join_all};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    purchasing::{Buying, buying},
    world::{World, code_of, field_of},
};

// What a server of the release before writes where an invoice is paid.
const PAID: &str = "update supplier_invoices set state = 'paid', paid_on = '2026-01-02', reference = 'OLD-1',
     paid_by = entered_by, paid_at = entered_at where id = $1";
const PAID_ENTRY: &str = "insert into supplier_ledger (supplier_id, debit, credit, amount_fen, document_id, at)
     select supplier_id, case when amount_fen < 0 then 'bank' else 'payable' end,
            case when amount_fen < 0 then 'payable' else 'bank' end, abs(amount_fen), id, paid_at
     from supplier_invoices where id = $1 and amount_fen <> 0";

/// An invoice of 50 yuan for what has arrived.
async fn owed(world: &World, buying: &Buying) -> InvoiceId {
    let order = buying.ordered(&[(world.medium, 10)]).await;
    let receipt = buying.received(order, &[]).await;
    entered(world, buying, receipt, 5_000).await
}

/// A credit note of 20 yuan for what went back.
async fn credited(world: &World, buying: &Buying) -> InvoiceId {
    let order = buying.ordered(&[(world.medium, 4)]).await;
    buying.received(order, &[]).await;
    let returned = buying.gone_back(order, world.medium, 4).await;
    entered(world, buying, returned, -2_000).await
}

/// An invoice of nothing for what has arrived: the supplier gives it away.
async fn given_away(world: &World, buying: &Buying) -> InvoiceId {
    let order = buying.ordered(&[(world.medium, 1)]).await;
    let receipt = buying.received(order, &[]).await;
    entered(world, buying, receipt, 0).await
}

async fn entered(world: &World, buying: &Buying, receipt: Uuid, fen: i64) -> InvoiceId {
    let id = InvoiceId(Uuid::now_v7());
    let invoice = EnterInvoice {
        id,
        supplier_id: buying.supplier,
        number: id.to_string(),
        dated: world.now.date_naive(),
        amount_fen: Fen(fen),
        receipts: vec![receipt],
        parts: Vec::new(),
        tax_percent: None,
        difference_note: if fen == 0 { "供应商赠送".into() } else { String::new() },
    };
    purchasing::enter_invoice(&buying.payer, invoice).await.unwrap();
    id
}

fn part(world: &World, fen: i64) -> PayPart {
    PayPart {
        id: SupplierPaymentId(Uuid::now_v7()),
        amount_fen: Fen(fen),
        paid_on: world.now.date_naive(),
        reference: format!("ICBC-{fen}"),
        note: String::new(),
    }
}

async fn card(buying: &Buying, id: InvoiceId) -> InvoiceCard {
    purchasing::invoice(&buying.payer, id).await.unwrap().card
}

fn wrongly() -> TakeBackPayment {
    TakeBackPayment { reason: "付给了另一家".into() }
}

fn entered_wrongly() -> TakeBackInvoice {
    TakeBackInvoice { reason: "登记错了".into() }
}

/// What a person reads beside the only field that is wrong.
fn said(answer: Result<(), Fault>) -> String {
    answer.unwrap_err().complaints()[0].message.clone()
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_invoice_is_paid_in_parts_and_never_above_what_is_left(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    let id = owed(&world, &buying).await;
    let first = part(&world, 2_000);
    assert_eq!(code_of(purchasing::pay_part(&buying.buyer, id, first.clone()).await), "forbidden", "who buys");
    let mut early = first.clone();
    early.paid_on = world.now.date_naive() + chrono::Days::new(2);
    assert_eq!(field_of(purchasing::pay_part(&buying.payer, id, early).await), "paid_on");
    let unknown = InvoiceId(Uuid::now_v7());
    assert_eq!(code_of(purchasing::pay_part(&buying.payer, unknown, first.clone()).await), "not_found");
    // The same request again pays nothing twice, and another under its id nothing at all.
    for _ in 0..2 {
        purchasing::pay_part(&buying.payer, id, first.clone()).await.unwrap();
    }
    let other = PayPart { amount_fen: Fen(1), ..first };
    assert_eq!(code_of(purchasing::pay_part(&buying.payer, id, other).await), "key_reused");

    let seen = card(&buying, id).await;
    assert_eq!((seen.state, seen.paid_fen, seen.rest_fen), (InvoiceState::Open, Fen(2_000), Fen(3_000)));
    let much = purchasing::pay_part(&buying.payer, id, part(&world, 3_001)).await;
    assert_eq!(field_of(much.clone()), "amount");
    assert!(said(much).contains("¥30.00"), "what is left is said");
    let owed = purchasing::payables(&buying.payer).await.unwrap();
    assert_eq!((owed[0].invoiced_fen, owed[0].paid_fen, owed[0].ageing.total()), (Fen(5_000), Fen(2_000), Fen(3_000)));
    assert_eq!(code_of(purchasing::take_back_invoice(&buying.payer, id, entered_wrongly()).await), "paid_already");

    purchasing::pay_part(&buying.payer, id, part(&world, 3_000)).await.unwrap();
    let seen = purchasing::invoice(&buying.payer, id).await.unwrap();
    assert_eq!((seen.card.state, seen.card.rest_fen), (InvoiceState::Paid, Fen::ZERO));
    assert_eq!((seen.payments.len(), seen.reference.as_deref()), (2, Some("ICBC-3000")));
    assert_eq!(code_of(purchasing::pay_part(&buying.payer, id, part(&world, 1)).await), "paid_already");
    assert!(purchasing::payables(&buying.payer).await.unwrap().is_empty(), "nothing is owed");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn paying_an_invoice_pays_all_that_is_left(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    let id = owed(&world, &buying).await;
    purchasing::pay_part(&buying.payer, id, part(&world, 2_000)).await.unwrap();
    let rest = PayInvoice { paid_on: world.now.date_naive(), reference: "ICBC-889".into() };
    for _ in 0..2 {
        purchasing::pay_invoice(&buying.payer, id, rest.clone()).await.unwrap();
    }
    let seen = purchasing::invoice(&buying.payer, id).await.unwrap();
    let amounts: Vec<Fen> = seen.payments.iter().map(|payment| payment.amount_fen).collect();
    assert_eq!((seen.card.state, amounts), (InvoiceState::Paid, vec![Fen(2_000), Fen(3_000)]));

    // The request may come once more, since its answer was lost, after somebody has taken that payment back.
    purchasing::take_back_payment(&buying.payer, id, seen.payments[1].id, wrongly()).await.unwrap();
    let again = purchasing::pay_invoice(&buying.payer, id, rest.clone()).await;
    assert_eq!(code_of(again), "payment_taken_back");
    assert_eq!(card(&buying, id).await.rest_fen, Fen(3_000), "it is not paid anew");
    purchasing::pay_invoice(&buying.payer, id, PayInvoice { reference: "ICBC-890".into(), ..rest }).await.unwrap();
    assert_eq!(card(&buying, id).await.state, InvoiceState::Paid, "another payment is");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_payment_entered_wrongly_is_taken_back_and_owed_again(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    let (id, elsewhere) = (owed(&world, &buying).await, owed(&world, &buying).await);
    let [first, second] = [2_000, 3_000].map(|fen| part(&world, fen));
    for payment in [&first, &second] {
        purchasing::pay_part(&buying.payer, id, payment.clone()).await.unwrap();
    }
    let back = async |who: &Scope, id: InvoiceId, reason: TakeBackPayment| {
        purchasing::take_back_payment(who, id, first.id, reason).await
    };
    assert_eq!(code_of(back(&buying.buyer, id, wrongly()).await), "forbidden");
    assert_eq!(field_of(back(&buying.payer, id, TakeBackPayment { reason: " ".into() }).await), "reason");
    assert_eq!(code_of(back(&buying.payer, elsewhere, wrongly()).await), "not_found", "another invoice's");
    assert_eq!(card(&buying, id).await.state, InvoiceState::Paid, "nothing has changed");
    for _ in 0..2 {
        back(&buying.payer, id, wrongly()).await.unwrap();
    }

    let seen = purchasing::invoice(&buying.payer, id).await.unwrap();
    assert_eq!((seen.card.state, seen.card.paid_fen), (InvoiceState::Open, Fen(3_000)));
    assert_eq!((seen.paid_on, seen.reference), (None, None));
    let reasons: Vec<_> = seen.payments.iter().map(|one| one.taken_back.as_ref().map(|back| &*back.reason)).collect();
    assert_eq!(reasons, [Some("付给了另一家"), None], "both stay known");
    // The request that entered it may come once more: it counts no more for that.
    assert_eq!(code_of(purchasing::pay_part(&buying.payer, id, first.clone()).await), "payment_taken_back");
    assert_eq!(card(&buying, id).await.rest_fen, Fen(2_000));
    purchasing::take_back_payment(&buying.payer, id, second.id, wrongly()).await.unwrap();
    purchasing::take_back_invoice(&buying.payer, id, entered_wrongly()).await.unwrap();
    let seen = card(&buying, id).await;
    assert_eq!((seen.state, seen.rest_fen), (InvoiceState::TakenBack, Fen::ZERO));
    assert_eq!(code_of(purchasing::pay_part(&buying.payer, id, part(&world, 1)).await), "taken_back");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn payments_at_once_come_to_no_more_than_the_invoice(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    let id = owed(&world, &buying).await;
    let tries = (0..4).map(|_| purchasing::pay_part(&buying.payer, id, part(&world, 2_000)));
    let paid = join_all(tries).await.into_iter().filter(Result::is_ok).count();
    assert_eq!((paid, card(&buying, id).await.rest_fen), (2, Fen(1_000)));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn paying_an_invoice_and_taking_it_back_at_once_do_not_wait_for_each_other(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    for _ in 0..8 {
        let id = owed(&world, &buying).await;
        let pay = purchasing::pay_part(&buying.payer, id, part(&world, 2_000));
        let back = purchasing::take_back_invoice(&buying.payer, id, entered_wrongly());
        let (paid, back) = join(pay, back).await;
        let answers = [paid, back].map(|answer| answer.map_err(|fault| fault.code()));
        let one_won = [[Ok(()), Err("paid_already")], [Err("taken_back"), Ok(())]].contains(&answers);
        assert!(one_won, "{answers:?}");
    }
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_invoice_of_nothing_that_is_said_to_be_paid_may_be_taken_back(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    let id = given_away(&world, &buying).await;
    let paid = PayInvoice { paid_on: world.now.date_naive(), reference: "赠送".into() };
    purchasing::pay_invoice(&buying.payer, id, paid).await.unwrap();
    assert_eq!(card(&buying, id).await.state, InvoiceState::Paid);
    for _ in 0..2 {
        purchasing::take_back_invoice(&buying.payer, id, entered_wrongly()).await.unwrap();
    }
    let seen = purchasing::invoice(&buying.payer, id).await.unwrap();
    assert_eq!((seen.card.state, seen.paid_on, seen.reference), (InvoiceState::TakenBack, None, None));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_credit_is_settled_in_parts_too(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    let id = owed(&world, &buying).await;
    let credit = credited(&world, &buying).await;
    let came = part(&world, 500);
    purchasing::pay_part(&buying.payer, credit, came.clone()).await.unwrap();
    let seen = card(&buying, credit).await;
    assert_eq!((seen.paid_fen, seen.rest_fen), (Fen(-500), Fen(-1_500)));
    assert_eq!(field_of(purchasing::pay_part(&buying.payer, credit, part(&world, 1_501)).await), "amount");
    purchasing::take_back_payment(&buying.payer, credit, came.id, wrongly()).await.unwrap();
    purchasing::pay_part(&buying.payer, credit, part(&world, 2_000)).await.unwrap();
    assert_eq!(card(&buying, credit).await.state, InvoiceState::Paid);
    assert_eq!(card(&buying, id).await.rest_fen, Fen(5_000), "another invoice is as it was");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_server_of_the_release_before_pays_whole_invoices_alone(options: PgPoolOptions, connect: PgConnectOptions) {
    const TAKEN_BACK: &str = "update supplier_invoices set state = 'taken_back', taken_back_by = entered_by,
         taken_back_at = entered_at, taken_back_reason = 'x' where id = $1";
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    let (whole, begun) = (owed(&world, &buying).await, owed(&world, &buying).await);
    let old =
        async |statement: &'static str, id: InvoiceId| sqlx::query(statement).bind(id.0).execute(&world.owner).await;
    purchasing::pay_part(&buying.payer, begun, part(&world, 2_000)).await.unwrap();
    for statement in [PAID, TAKEN_BACK] {
        old(statement, begun).await.unwrap_err();
    }
    assert_eq!(card(&buying, begun).await.rest_fen, Fen(3_000), "nothing has changed");

    for statement in [PAID, PAID_ENTRY] {
        old(statement, whole).await.unwrap();
    }
    let seen = purchasing::invoice(&buying.payer, whole).await.unwrap();
    assert_eq!((seen.card.state, seen.card.paid_fen), (InvoiceState::Paid, Fen(5_000)));
    let known = &seen.payments[0];
    assert_eq!((seen.payments.len(), known.amount_fen, known.reference.as_str()), (1, Fen(5_000), "OLD-1"));
    purchasing::take_back_payment(&buying.payer, whole, known.id, wrongly()).await.unwrap();
    assert_eq!(card(&buying, whole).await.rest_fen, Fen(5_000), "taken back as any other");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_was_paid_before_invoices_were_paid_in_parts_was_paid_whole(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    // The tables as they were before the migration.
    const BEFORE: &str = "drop function enter_whole_payment() cascade;
         drop table supplier_payments_taken_back, supplier_payments;
         alter table supplier_invoices drop column paid_fen;";
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    let [whole, open] = [owed(&world, &buying).await, owed(&world, &buying).await];
    let (credit, nothing) = (credited(&world, &buying).await, given_away(&world, &buying).await);
    sqlx::raw_sql(BEFORE).execute(&world.owner).await.unwrap();
    for id in [whole, credit, nothing] {
        for statement in [PAID, PAID_ENTRY] {
            sqlx::query(statement).bind(id.0).execute(&world.owner).await.unwrap();
        }
    }
    let migration = commerce::MIGRATIONS.iter().find(|one| one.version == 81).unwrap();
    let mut tx = world.owner.begin().await.unwrap();
    sqlx::raw_sql(migration.sql.clone()).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();

    let expected = [
        (whole, 5_000, vec![Fen(5_000)]),
        (credit, -2_000, vec![Fen(2_000)]),
        (nothing, 0, Vec::new()),
        (open, 0, Vec::new()),
    ];
    for (id, paid, payments) in expected {
        let seen = purchasing::invoice(&buying.payer, id).await.unwrap();
        let amounts: Vec<Fen> = seen.payments.iter().map(|one| one.amount_fen).collect();
        assert_eq!((seen.card.paid_fen, amounts), (Fen(paid), payments), "{id}");
        assert!(seen.payments.iter().all(|one| one.reference == "OLD-1"), "{id}");
        assert_eq!(seen.card.state == InvoiceState::Open, id == open);
    }
    let known = purchasing::invoice(&buying.payer, credit).await.unwrap().payments[0].id;
    purchasing::take_back_payment(&buying.payer, credit, known, wrongly()).await.unwrap();
    assert_eq!(card(&buying, credit).await.rest_fen, Fen(-2_000), "taken back as any other");
    world.balanced().await;
}
