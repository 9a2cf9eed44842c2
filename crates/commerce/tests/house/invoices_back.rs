//! Suppliers' invoices that were entered wrongly (K5).

use commerce::purchasing;
use domain::{
    Fen, InvoiceId,
    purchasing::{EnterInvoice, InvoiceState, PayInvoice, TakeBackInvoice},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    purchasing::buying,
    world::{World, code_of, field_of},
};

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_invoice_entered_wrongly_is_taken_back_and_entered_again_under_its_number(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    let id = buying.ordered(&[(world.medium, 10)]).await;
    let receipt = buying.received(id, &[]).await;
    let wrong = EnterInvoice {
        id: InvoiceId(Uuid::now_v7()),
        supplier_id: buying.supplier,
        number: "31002026-1".into(),
        dated: world.now.date_naive(),
        amount_fen: Fen(5_100),
        receipts: vec![receipt],
        parts: Vec::new(),
        tax_percent: None,
        difference_note: "含运费 1 元".into(),
    };
    purchasing::enter_invoice(&buying.payer, wrong.clone()).await.unwrap();
    let why = || TakeBackInvoice { reason: "金额登记错了".into() };
    assert_eq!(code_of(purchasing::take_back_invoice(&buying.buyer, wrong.id, why()).await), "forbidden");
    let silent = TakeBackInvoice { reason: " ".into() };
    assert_eq!(field_of(purchasing::take_back_invoice(&buying.payer, wrong.id, silent).await), "reason");
    let unknown = InvoiceId(Uuid::now_v7());
    assert_eq!(code_of(purchasing::take_back_invoice(&buying.payer, unknown, why()).await), "not_found");
    assert_eq!(purchasing::payables(&buying.payer).await.unwrap()[0].ageing.total(), Fen(5_100), "nothing has changed");

    for _ in 0..2 {
        purchasing::take_back_invoice(&buying.payer, wrong.id, why()).await.unwrap();
    }
    let owed = purchasing::payables(&buying.payer).await.unwrap();
    assert_eq!(
        (owed[0].not_invoiced_fen, owed[0].ageing.total()),
        (Fen(5_000), Fen(0)),
        "it waits for an invoice again"
    );
    let paid = PayInvoice { paid_on: world.now.date_naive(), reference: "ICBC-889".into() };
    assert_eq!(code_of(purchasing::pay_invoice(&buying.payer, wrong.id, paid.clone()).await), "taken_back");
    let seen = purchasing::invoice(&buying.payer, wrong.id).await.unwrap();
    assert_eq!((seen.card.state, seen.receipts.len()), (InvoiceState::TakenBack, 1), "what it was for stays known");
    assert_eq!(seen.taken_back_reason.as_deref(), Some("金额登记错了"));

    let right = EnterInvoice {
        id: InvoiceId(Uuid::now_v7()),
        amount_fen: Fen(5_000),
        difference_note: String::new(),
        ..wrong.clone()
    };
    for _ in 0..2 {
        purchasing::enter_invoice(&buying.payer, right.clone()).await.unwrap();
    }
    let twice = EnterInvoice { id: InvoiceId(Uuid::now_v7()), ..right.clone() };
    assert_eq!(field_of(purchasing::enter_invoice(&buying.payer, twice).await), "receipts", "invoiced once");
    purchasing::pay_invoice(&buying.payer, right.id, paid).await.unwrap();
    assert_eq!(code_of(purchasing::take_back_invoice(&buying.payer, right.id, why()).await), "paid_already");
    // The request that entered the wrong one may come once more.
    purchasing::enter_invoice(&buying.payer, wrong).await.unwrap();
    assert!(purchasing::payables(&buying.payer).await.unwrap().is_empty(), "nothing is owed");
    world.balanced().await;
}
