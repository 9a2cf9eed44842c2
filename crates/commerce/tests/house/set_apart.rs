//! What shoppers brought back for the supplier: it lies apart until the supplier takes it or it is scrapped (D4, K5).

use commerce::{Scope, after_sales, purchasing};
use domain::{
    Fault, Fen, InvoiceId, LocationId, SetApartEndId, SkuId, StoreId, SupplierId,
    after_sales::{AfterSalesKind, Condition},
    purchasing::{
        CreditHandOver, EnterInvoice, Fate, HandToSupplier, HandedToSupplier, PriceRow, SaveSupplier, ScrapSetApart,
        SetPrices,
    },
    staff::Role,
    transfers::{Pieces, field_of as pieces_field},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    after_sales::{Cast, asks, brings, cast},
    people::Reach,
    world::{MEDIUM_FEN, code_of, field_of},
};

/// Who takes part, and three medium teas that lie apart: two of one request, one of a later one.
struct Apart {
    cast: Cast,
    buyer: Scope,
    payer: Scope,
    supplier: SupplierId,
    here: LocationId,
    tea: SkuId,
}

async fn apart(options: PgPoolOptions, connect: PgConnectOptions) -> Apart {
    let cast = cast(options, connect).await;
    let buyer = cast.world.staff("采购员", Role::GoodsDepartment, Reach::Everywhere).await;
    let payer = cast.world.staff("财务", Role::FinanceDepartment, Reach::Everywhere).await;
    let (here, tea) = (cast.world.store, cast.world.medium);
    let [dear, cheap] = [("JN-1", 500), ("JN-2", 400)].map(|(code, fen)| (SupplierId(Uuid::now_v7()), code, fen));
    for (id, code, price_fen) in [dear, cheap] {
        let known = SaveSupplier {
            code: code.into(),
            name: format!("供应商 {code}"),
            contact: String::new(),
            phone: String::new(),
            terms_days: 30,
            lead_days: 7,
            closed: false,
        };
        purchasing::save_supplier(&buyer, id, known).await.unwrap();
        let row = PriceRow { sku: tea.to_string(), price_fen: Fen(price_fen), pack: 1, minimum: 1, valid_from: None };
        purchasing::set_prices(&buyer, id, SetPrices { rows: vec![row] }).await.unwrap();
    }
    for pieces in [2, 1] {
        let order = cast.handed_over(pieces).await;
        let request = asks(order, AfterSalesKind::Return, pieces, pieces * MEDIUM_FEN);
        let (_, code) = cast.agreed(request).await;
        after_sales::receive(&cast.manager, brings(&code, here, Condition::Supplier)).await.unwrap();
    }
    Apart { buyer, payer, supplier: cheap.0, here: LocationId(here.0), tea, cast }
}

impl Apart {
    fn hands_over(&self, quantity: i64, price: Option<i64>) -> HandToSupplier {
        let line = HandedToSupplier { sku_id: self.tea, quantity, price_fen: price.map(Fen), batch: None };
        HandToSupplier {
            id: SetApartEndId(Uuid::now_v7()),
            location_id: self.here,
            supplier_id: self.supplier,
            lines: vec![line],
            credit_note: "TH-7".into(),
        }
    }

    fn scraps(&self, quantity: i64) -> ScrapSetApart {
        ScrapSetApart {
            id: SetApartEndId(Uuid::now_v7()),
            location_id: self.here,
            lines: vec![Pieces { sku_id: self.tea, quantity }],
            reason: "供应商不收".into(),
        }
    }

    async fn lying(&self) -> i64 {
        let found = purchasing::set_apart(&self.buyer, None, None).await.unwrap();
        found.lying.iter().map(|line| line.quantity).sum()
    }

    async fn credit_waiting(&self) -> i64 {
        let waiting = purchasing::billable(&self.payer, self.supplier).await.unwrap();
        waiting.iter().map(|one| one.value_fen.0).sum()
    }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_came_back_for_the_supplier_lies_apart_until_they_take_it(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let apart = apart(options, connect).await;
    let found = purchasing::set_apart(&apart.cast.manager, Some(apart.here), None).await.unwrap();
    let [line] = found.lying.as_slice() else { panic!("{found:?}") };
    assert_eq!((line.quantity, line.requests, line.may_end, line.may_price), (3, 2, true, false));
    assert_eq!(line.supplier.as_ref().map(|one| one.id), Some(apart.supplier), "who asks least");
    let before = apart.cast.on_hand(StoreId(apart.here.0), apart.tea).await;
    let command = apart.hands_over(2, None);
    purchasing::hand_over(&apart.cast.manager, command.clone()).await.unwrap();
    purchasing::hand_over(&apart.cast.manager, command.clone()).await.unwrap();
    assert_eq!(apart.lying().await, 1, "the same again hands nothing over twice");
    let other = HandToSupplier { lines: apart.hands_over(1, None).lines, ..command.clone() };
    assert_eq!(code_of(purchasing::hand_over(&apart.cast.manager, other).await), "key_reused");
    assert_eq!(apart.cast.on_hand(StoreId(apart.here.0), apart.tea).await, before, "they had left the shelf");
    assert_eq!(apart.credit_waiting().await, 0, "nobody has said what it is credited with");
    let found = purchasing::set_apart(&apart.buyer, None, None).await.unwrap();
    let [end] = found.ends.as_slice() else { panic!("{found:?}") };
    assert_eq!((end.fate, end.pieces, end.credit_fen, end.may_credit), (Fate::HandOver, 2, None, true));
    assert!(end.number.starts_with("TG"), "{}", end.number);
    apart.cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn no_more_is_handed_over_or_scrapped_than_lies_there(options: PgPoolOptions, connect: PgConnectOptions) {
    let apart = apart(options, connect).await;
    let beside = pieces_field(apart.tea);
    assert_eq!(field_of(purchasing::hand_over(&apart.cast.manager, apart.hands_over(4, None)).await), beside);
    assert_eq!(field_of(purchasing::scrap_set_apart(&apart.cast.manager, apart.scraps(4)).await), beside);
    let priced = apart.hands_over(1, Some(400));
    let wrong = format!("price.{}", apart.tea);
    assert_eq!(
        field_of(purchasing::hand_over(&apart.cast.manager, priced).await),
        wrong,
        "who sees no costs says none"
    );
    let nobody = HandToSupplier { supplier_id: SupplierId(Uuid::now_v7()), ..apart.hands_over(1, None) };
    assert_eq!(field_of(purchasing::hand_over(&apart.cast.manager, nobody).await), "supplier");
    assert_eq!(
        code_of(purchasing::hand_over(&apart.cast.clerk_elsewhere, apart.hands_over(1, None)).await),
        "not_found"
    );
    let elsewhere = purchasing::set_apart(&apart.cast.clerk_elsewhere, None, None).await.unwrap();
    assert!(elsewhere.lying.is_empty() && elsewhere.ends.is_empty(), "another store's is nobody else's");
    assert_eq!(apart.lying().await, 3, "nothing has changed");
    apart.cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_a_supplier_credits_for_goods_that_lay_apart_is_owed_less_and_goes_on_an_invoice(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let apart = apart(options, connect).await;
    purchasing::hand_over(&apart.buyer, apart.hands_over(2, Some(400))).await.unwrap();
    assert_eq!(apart.credit_waiting().await, -800);
    let later = apart.hands_over(1, None);
    purchasing::hand_over(&apart.cast.manager, later.clone()).await.unwrap();
    let says = CreditHandOver { amount_fen: Fen(350), credit_note: "TH-8".into() };
    assert_eq!(code_of(purchasing::credit_hand_over(&apart.cast.manager, later.id, says.clone()).await), "forbidden");
    purchasing::credit_hand_over(&apart.buyer, later.id, says.clone()).await.unwrap();
    purchasing::credit_hand_over(&apart.buyer, later.id, says.clone()).await.unwrap();
    let more = CreditHandOver { amount_fen: Fen(900), ..says };
    assert_eq!(code_of(purchasing::credit_hand_over(&apart.buyer, later.id, more).await), "credited_already");
    assert_eq!(apart.credit_waiting().await, -1150);
    let waiting = purchasing::billable(&apart.payer, apart.supplier).await.unwrap();
    let invoice = EnterInvoice {
        id: InvoiceId(Uuid::now_v7()),
        supplier_id: apart.supplier,
        number: "红字-1".into(),
        dated: apart.payer.now.date_naive(),
        amount_fen: Fen(-1150),
        receipts: waiting.iter().map(|one| one.id).collect(),
        parts: Vec::new(),
        tax_percent: None,
        difference_note: String::new(),
    };
    purchasing::enter_invoice(&apart.payer, invoice).await.unwrap();
    assert_eq!(apart.credit_waiting().await, 0);
    apart.cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_scrapped_of_what_lay_apart_is_a_loss_and_not_the_suppliers(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let apart = apart(options, connect).await;
    let before = apart.cast.on_hand(StoreId(apart.here.0), apart.tea).await;
    let unsaid = ScrapSetApart { reason: " ".into(), ..apart.scraps(1) };
    assert_eq!(field_of(purchasing::scrap_set_apart(&apart.cast.manager, unsaid).await), "reason");
    let command = apart.scraps(1);
    purchasing::scrap_set_apart(&apart.cast.manager, command.clone()).await.unwrap();
    purchasing::scrap_set_apart(&apart.cast.manager, command.clone()).await.unwrap();
    assert_eq!((apart.lying().await, apart.cast.on_hand(StoreId(apart.here.0), apart.tea).await), (2, before));
    let reused: Result<(), Fault> =
        purchasing::scrap_set_apart(&apart.cast.manager, ScrapSetApart { reason: "别的".into(), ..command }).await;
    assert_eq!(code_of(reused), "key_reused");
    let lost = "select count(*) from movements where cause = 'loss' and on_hand = -1 and document_id in (select id from set_apart_ends)";
    assert_eq!(apart.cast.world.count(lost).await, 1);
    let credit = CreditHandOver { amount_fen: Fen(1), credit_note: "TH".into() };
    let end = purchasing::set_apart(&apart.buyer, None, None).await.unwrap().ends[0].id;
    assert_eq!(code_of(purchasing::credit_hand_over(&apart.buyer, end, credit).await), "not_found");
    apart.cast.world.balanced().await;
}
