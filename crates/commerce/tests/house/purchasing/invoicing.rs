//! What suppliers invoice, whole and in parts.

use commerce::purchasing;
use domain::{
    Fen, InvoiceId,
    purchasing::{EnterInvoice, InvoiceState, ListInvoices, PayInvoice, ReceiptPart},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use super::{buying, goes_back, pieces};
use crate::world::{World, code_of, field_of};

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_invoice_is_for_what_arrived_and_a_difference_is_explained(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    let id = buying.ordered(&[(world.medium, 10)]).await;
    let receipt = buying.received(id, &[]).await;
    let invoice = EnterInvoice {
        id: InvoiceId(Uuid::now_v7()),
        supplier_id: buying.supplier,
        number: "31002026-1".into(),
        dated: world.now.date_naive(),
        amount_fen: Fen(5_100),
        receipts: vec![receipt],
        parts: Vec::new(),
        tax_percent: Some(13),
        difference_note: String::new(),
    };
    assert_eq!(code_of(purchasing::enter_invoice(&buying.buyer, invoice.clone()).await), "forbidden", "who buys");
    assert_eq!(field_of(purchasing::enter_invoice(&buying.payer, invoice.clone()).await), "difference_note");
    let stranger = EnterInvoice { receipts: vec![Uuid::now_v7()], ..invoice.clone() };
    assert_eq!(field_of(purchasing::enter_invoice(&buying.payer, stranger).await), "receipts");
    let owed = purchasing::payables(&buying.payer).await.unwrap();
    assert_eq!((owed[0].not_invoiced_fen, owed[0].ageing.total()), (Fen(5_000), Fen(0)), "nothing has changed");
    let explained = EnterInvoice { difference_note: "含运费 1 元".into(), ..invoice.clone() };
    purchasing::enter_invoice(&buying.payer, explained.clone()).await.unwrap();
    purchasing::enter_invoice(&buying.payer, explained.clone()).await.unwrap();
    let other = EnterInvoice { number: "31002026-2".into(), ..explained.clone() };
    assert_eq!(code_of(purchasing::enter_invoice(&buying.payer, other.clone()).await), "key_reused");
    let again = EnterInvoice { id: InvoiceId(Uuid::now_v7()), ..other };
    assert_eq!(field_of(purchasing::enter_invoice(&buying.payer, again).await), "receipts", "invoiced once");
    let owed = purchasing::payables(&buying.payer).await.unwrap();
    assert_eq!((owed[0].not_invoiced_fen, owed[0].ageing.not_due_fen), (Fen(0), Fen(5_100)));
    let mut late = buying.payer.clone();
    late.now += chrono::Duration::days(61);
    assert_eq!(purchasing::payables(&late).await.unwrap()[0].ageing.to_60_fen, Fen(5_100), "31 days overdue");
    let seen = purchasing::invoice(&buying.payer, invoice.id).await.unwrap();
    assert_eq!((seen.ordered_fen, seen.card.received_fen, seen.receipts.len()), (Fen(5_000), Fen(5_000), 1));

    let paid = PayInvoice { paid_on: world.now.date_naive(), reference: "ICBC-889".into() };
    purchasing::pay_invoice(&buying.payer, invoice.id, paid.clone()).await.unwrap();
    purchasing::pay_invoice(&buying.payer, invoice.id, paid.clone()).await.unwrap();
    let elsewhere = PayInvoice { reference: "ICBC-890".into(), ..paid };
    assert_eq!(code_of(purchasing::pay_invoice(&buying.payer, invoice.id, elsewhere).await), "paid_already");
    let open = ListInvoices { state: Some(InvoiceState::Open), most: 9, ..Default::default() };
    assert!(purchasing::invoices(&buying.payer, &open).await.unwrap().items.is_empty());
    assert!(purchasing::payables(&buying.payer).await.unwrap().is_empty(), "nothing is owed");

    // What goes back is credited on an invoice of its own.
    let credit = goes_back(&[pieces(world.medium, 2)]);
    purchasing::send_back(&buying.keeper, id, credit.clone()).await.unwrap();
    let note = EnterInvoice {
        id: InvoiceId(Uuid::now_v7()),
        number: "红字 1".into(),
        amount_fen: Fen(-1_000),
        receipts: vec![credit.id],
        ..invoice
    };
    purchasing::enter_invoice(&buying.payer, note).await.unwrap();
    assert_eq!(purchasing::payables(&buying.payer).await.unwrap()[0].ageing.total(), Fen(-1_000));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_receipt_is_invoiced_in_parts_that_together_are_no_more_than_it_comes_to(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    let id = buying.ordered(&[(world.medium, 10)]).await;
    let receipt = buying.received(id, &[]).await;
    let invoice = |number: &str, part: Option<i64>, amount: i64| EnterInvoice {
        id: InvoiceId(Uuid::now_v7()),
        supplier_id: buying.supplier,
        number: number.into(),
        dated: world.now.date_naive(),
        amount_fen: Fen(amount),
        receipts: vec![receipt],
        parts: part.map(|part| ReceiptPart { receipt_id: receipt, amount_fen: Fen(part) }).into_iter().collect(),
        tax_percent: Some(13),
        difference_note: String::new(),
    };
    let beside = format!("part.{receipt}");
    let refused = purchasing::enter_invoice(&buying.payer, invoice("1", Some(5_001), 5_001)).await;
    assert_eq!(field_of(refused), beside, "more than arrived");
    let first = invoice("1", Some(2_000), 2_000);
    purchasing::enter_invoice(&buying.payer, first.clone()).await.unwrap();
    purchasing::enter_invoice(&buying.payer, first.clone()).await.unwrap();
    let waiting = purchasing::billable(&buying.payer, buying.supplier).await.unwrap();
    assert_eq!((waiting[0].whole_fen, waiting[0].value_fen), (Fen(5_000), Fen(3_000)));
    let part = |amount| vec![ReceiptPart { receipt_id: receipt, amount_fen: Fen(amount) }];
    let other = EnterInvoice { parts: part(1_999), ..first.clone() };
    assert_eq!(code_of(purchasing::enter_invoice(&buying.payer, other).await), "key_reused");
    let refused = purchasing::enter_invoice(&buying.payer, invoice("2", Some(3_001), 3_001)).await;
    assert_eq!(field_of(refused), beside, "more than is left");
    let rest = invoice("2", None, 3_000);
    purchasing::enter_invoice(&buying.payer, rest.clone()).await.unwrap();
    purchasing::enter_invoice(&buying.payer, rest.clone()).await.unwrap();
    // Without its part the first would have been for all of it; the rest is the same with its part named.
    let whole = EnterInvoice { parts: Vec::new(), ..first.clone() };
    assert_eq!(code_of(purchasing::enter_invoice(&buying.payer, whole).await), "key_reused");
    purchasing::enter_invoice(&buying.payer, EnterInvoice { parts: part(3_000), ..rest }).await.unwrap();
    assert!(purchasing::billable(&buying.payer, buying.supplier).await.unwrap().is_empty());
    let seen = purchasing::invoice(&buying.payer, first.id).await.unwrap();
    assert_eq!((seen.receipts[0].value_fen, seen.tax_fen), (Fen(2_000), Some(Fen(230))));
    let owed = purchasing::payables(&buying.payer).await.unwrap();
    assert_eq!((owed[0].not_invoiced_fen, owed[0].ageing.total()), (Fen(0), Fen(5_000)));
    world.balanced().await;
}
