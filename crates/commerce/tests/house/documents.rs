//! Which document says that pieces came or went (K1), and of which batch they were that go back to a supplier (K4, K5).

use chrono::Duration;
use commerce::{
    Scope, after_sales, approvals, counter_sales, counts, express,
    imports::{
        products::Listing,
        sent::{self, Judged, Rows},
    },
    losses, purchasing,
    stock::{batches, lists},
    supply, transfers,
};
use domain::{
    CountId, CounterSaleId, Fault, Fen, Fields, LocationId, LossId, ProposalId, SetApartEndId, SkuId,
    after_sales::{AfterSalesKind, Condition},
    approvals::{Propose, Proposed},
    batches::{BatchNamed, RegisterBatch, batch_field},
    counter_sales::{CounterLine, ListCounterSales, SellAtCounter},
    counts::{EnterCount, OpenCount, Selection, SubmitCount},
    import::{ImportKind, ImportOptions, ProductGiven, SkuGiven},
    losses::{LossKind, ReportLoss},
    parcels::Afterwards,
    purchasing::{HandToSupplier, HandedToSupplier, PurchaseReceipt, ReturnPurchase, ScrapSetApart},
    staff::Role,
    stock_lists::{DocumentKind, ListMovements, MovementEntry},
    transfers::field_of as pieces_field,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    after_sales::{asks, brings, cast},
    counts::yes,
    parcels::{Scene, back},
    people::Reach,
    purchasing::{Buying, buying},
    transfers::{arrived, asked, pieces, ship, stocked, yes as agree},
    world::{MEDIUM_FEN, World, code_of, field_of},
};

/// How pieces came and went at the store, as somebody sees it.
async fn moved(world: &World, who: &Scope) -> Vec<MovementEntry> {
    let today = ListMovements::from_fields(&Fields::default(), world.now.date_naive());
    let ask = ListMovements { location: Some(LocationId(world.store.0)), most: 200, ..today };
    lists::movements(who, &ask).await.unwrap().items
}

/// The one that came or went for this reason by a document of this kind.
fn by(found: &[MovementEntry], kind: DocumentKind, cause: &str) -> MovementEntry {
    let is = |one: &&MovementEntry| one.document_kind == Some(kind) && one.cause == cause;
    found.iter().find(is).cloned().unwrap_or_else(|| panic!("no {cause} by {kind:?}: {found:#?}"))
}

fn lost(place: LocationId, sku: SkuId) -> ReportLoss {
    let (id, reason) = (LossId(Uuid::now_v7()), "搬运时打翻".into());
    ReportLoss { id, location_id: place, sku_id: sku, quantity: 1, kind: LossKind::Broken, reason, batch: None }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn each_movement_names_its_document_as_its_page_does(options: PgPoolOptions, connect: PgConnectOptions) {
    let cast = cast(options, connect).await;
    let (world, manager) = (&cast.world, &cast.manager);
    let head = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    let far = world.staff("西湖店长", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    let (here, tea) = (LocationId(world.store.0), world.medium);

    stocked(manager, here, &[pieces(tea, 5)]).await;
    let receipt = supply::receipts(manager, here, None).await.unwrap().remove(0);
    let loss = lost(here, tea);
    losses::report(manager, loss.clone()).await.unwrap();
    let loss = losses::show(manager, loss.id).await.unwrap().card;
    let selection = Selection::Partial { categories: Vec::new(), skus: vec![tea.to_string()] };
    let count = CountId(Uuid::now_v7());
    let open = OpenCount { id: count, location_id: here, selection, blind: false, note: String::new() };
    counts::open(manager, open).await.unwrap();
    let found = cast.on_hand(world.store, tea).await - 1;
    let entry = EnterCount { id: Uuid::now_v7(), code: tea.to_string(), pieces: found };
    counts::enter(manager, count, entry).await.unwrap();
    counts::submit(manager, count, SubmitCount { uncounted: None }).await.unwrap();
    counts::decide(&head, count, yes()).await.unwrap();
    let count = counts::show(manager, count).await.unwrap().card;
    let proposal = ProposalId(Uuid::now_v7());
    let what = Proposed::Adjustment { sku_id: tea, difference: 2 };
    let propose = Propose { id: proposal, store_id: world.store, what, reason: "少点了".into(), draft: false };
    approvals::propose(manager, propose).await.unwrap();
    approvals::decide(&head, proposal, yes()).await.unwrap();
    let proposal = approvals::show(manager, proposal).await.unwrap().card;
    let transfer = asked(world, 3);
    transfers::request(manager, transfer.clone()).await.unwrap();
    transfers::decide(&far, transfer.id, agree()).await.unwrap();
    transfers::ship(&far, transfer.id, ship(&[])).await.unwrap();
    transfers::receive(manager, transfer.id, arrived(&[], "")).await.unwrap();
    let transfer = transfers::show(manager, transfer.id).await.unwrap().card;
    let lines = vec![CounterLine { code: tea.to_string(), pieces: 1 }];
    let id = CounterSaleId(Uuid::now_v7());
    let sale = SellAtCounter { id, lines, occurred_at: None, handed_over: false };
    let sale = counter_sales::sell(manager, world.store, sale).await.unwrap();
    let order = cast.handed_over(2).await;
    let order = world.order(&cast.shopper, order).await.card;
    let (request, code) = cast.agreed(asks(order.id, AfterSalesKind::Return, 1, MEDIUM_FEN)).await;
    after_sales::receive(manager, brings(&code, world.store, Condition::Scrap)).await.unwrap();

    use DocumentKind as Kind;
    let told = moved(world, manager).await;
    for (kind, cause, quantity, number, id) in [
        (Kind::Receipt, "收货", 5, &receipt.number, receipt.id),
        (Kind::Loss, "报损", -1, &loss.number, loss.id.0),
        (Kind::Count, "盘点", -1, &count.number, count.id.0),
        (Kind::Proposal, "库存调整", 2, &proposal.number, proposal.id.0),
        (Kind::Transfer, "调拨收货", 3, &transfer.number, transfer.id.0),
        (Kind::CounterSale, "柜台销售", -1, &sale.number, sale.id.0),
        (Kind::Order, "售出", -2, &order.number, order.id.0),
        (Kind::AfterSales, "顾客退货", 1, &order.number, request.0),
        (Kind::AfterSales, "报损", -1, &order.number, request.0),
    ] {
        let one = by(&told, kind, cause);
        assert_eq!((one.quantity, &one.document, one.document_id), (quantity, number, Some(id)), "{kind:?}");
    }
    for (number, prefix) in
        [(&receipt.number, "SH"), (&loss.number, "BS"), (&count.number, "PD"), (&proposal.number, "SQ")]
    {
        assert!(number.starts_with(prefix) && number.len() == 8, "{number}");
    }
    let opening = told.iter().find(|one| one.document.is_empty()).unwrap();
    assert_eq!((opening.document_kind, opening.document_id), (None, None), "nobody has said why");

    // A document is told by its number to whoever sees what it moved, and shown to those who may open it.
    let goods = world.staff("商品部", Role::GoodsDepartment, Reach::Everywhere).await;
    let seen = moved(world, &goods).await;
    for (kind, cause, opens) in [
        (Kind::Order, "售出", false),
        (Kind::AfterSales, "顾客退货", false),
        (Kind::CounterSale, "柜台销售", false),
        (Kind::Transfer, "调拨收货", true),
        (Kind::Count, "盘点", true),
    ] {
        let one = by(&seen, kind, cause);
        assert_eq!((one.document_id.is_some(), one.document.is_empty()), (opens, false), "{kind:?}");
    }
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_an_import_put_on_a_shelf_names_its_file(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let head = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    let sku = SkuGiven {
        code: "hongcha".into(),
        values: Vec::new(),
        barcode: None,
        price_fen: Fen(900),
        weight_grams: None,
        stock: Some(6),
    };
    let tea = ProductGiven {
        code: "hongcha".into(),
        name: "红茶".into(),
        brand: "青禾".into(),
        category: "奶茶".into(),
        subtitle: None,
        description: None,
        picture: None,
        published: None,
        keeps_batches: None,
        specs: Vec::new(),
        skus: vec![sku],
    };
    let (kind, file) = (ImportKind::Products, "秋季新品.csv");
    let id = sent::receive(&head, kind, file, ImportOptions::default(), b"x").await.unwrap();
    let server = world.system(0);
    for confirmed in [false, true] {
        if confirmed {
            sent::confirm(&head, id).await.unwrap();
        }
        let due = sent::take(&server).await.unwrap().unwrap();
        let rows = Rows::Products(std::slice::from_ref(&tea), 1, Listing::AtAllStoresOfTheBrand);
        sent::carry_out(&server, &due, rows, Judged::default()).await.unwrap();
    }
    for (who, opens) in [(&head, Some(id)), (&manager, None)] {
        let one = by(&moved(&world, who).await, DocumentKind::Import, "收货");
        assert_eq!((one.quantity, one.document.as_str(), one.document_id), (6, file, opens));
    }
    world.balanced().await;
}

/// The counter's sales that a list shows, by their numbers.
async fn sold(world: &World, who: &Scope, ask: ListCounterSales) -> Vec<String> {
    let found = counter_sales::list(who, world.store, &ListCounterSales { most: 10, ..ask }).await.unwrap();
    found.items.into_iter().map(|sale| sale.number).collect()
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_document_without_a_page_is_the_first_of_its_list(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    let (here, tea) = (LocationId(world.store.0), world.medium);
    for quantity in [1, 2, 3] {
        stocked(&manager, here, &[pieces(tea, quantity)]).await;
    }
    let all = supply::receipts(&manager, here, None).await.unwrap();
    assert_eq!(supply::receipts(&manager, here, Some(all[1].id)).await.unwrap(), all[1..]);

    let mut sales = Vec::new();
    for _ in 0..3 {
        let lines = vec![CounterLine { code: tea.to_string(), pieces: 1 }];
        let id = CounterSaleId(Uuid::now_v7());
        let sale = SellAtCounter { id, lines, occurred_at: None, handed_over: false };
        sales.insert(0, counter_sales::sell(&manager, world.store, sale).await.unwrap());
    }
    let numbers: Vec<String> = sales.iter().map(|sale| sale.number.clone()).collect();
    let nothing = ListCounterSales::default();
    let from_the_second = ListCounterSales { first: Some(sales[1].id), ..nothing.clone() };
    assert_eq!(sold(&world, &manager, from_the_second).await, numbers[1..]);
    // Noon in China is the same day there and in Greenwich.
    let today = world.now.date_naive();
    let (before, after) = (today.pred_opt(), today.succ_opt());
    for (from, to, found) in
        [(Some(today), Some(today), 3), (after, None, 0), (None, before, 0), (before, after, 3), (None, None, 3)]
    {
        let ask = ListCounterSales { from, to, ..nothing.clone() };
        assert_eq!(sold(&world, &manager, ask).await, numbers[..found], "{from:?} {to:?}");
    }
    let turned = ListCounterSales { from: after, to: before, ..nothing };
    assert_eq!(field_of(counter_sales::list(&manager, world.store, &turned).await), "to");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_was_spoilt_on_its_way_names_the_order_that_sent_it(options: PgPoolOptions, connect: PgConnectOptions) {
    let scene = Scene::new(options, connect).await;
    let order = scene.accepted().await;
    let parcel = scene.ship(order, "ZT1000001", &[]).await;
    express::take_back(&scene.manager, order, parcel, &back(Afterwards::Refund, true)).await.unwrap();
    let number = scene.world.order(&scene.buyer, order).await.card.number;
    let spoilt = by(&moved(&scene.world, &scene.manager).await, DocumentKind::Order, "报损");
    assert_eq!((spoilt.document, spoilt.document_id), (number, Some(order.0)));
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_lay_apart_names_its_paper_and_the_batch_that_was_said(options: PgPoolOptions, connect: PgConnectOptions) {
    let cast = cast(options, connect).await;
    let (world, manager) = (&cast.world, &cast.manager);
    let (here, tea) = (LocationId(world.store.0), world.medium);
    let buying = buying(world).await;
    let order = cast.handed_over(3).await;
    let (_, code) = cast.agreed(asks(order, AfterSalesKind::Return, 3, 3 * MEDIUM_FEN)).await;
    after_sales::receive(manager, brings(&code, world.store, Condition::Supplier)).await.unwrap();
    let day = (world.now + Duration::days(30)).date_naive();
    let known = RegisterBatch { code: "A-1".into(), expires_on: day, quantity: 1 };
    batches::register(manager, here, tea, known).await.unwrap();

    let gives = |quantity, batch: Option<&str>| HandToSupplier {
        id: SetApartEndId(Uuid::now_v7()),
        location_id: here,
        supplier_id: buying.supplier,
        lines: vec![HandedToSupplier { sku_id: tea, quantity, price_fen: None, batch: batch.map(str::to_owned) }],
        credit_note: String::new(),
    };
    let wrong = purchasing::hand_over(manager, gives(1, Some("A-9"))).await;
    assert_eq!(field_of(wrong), batch_field(tea), "nobody has heard of it");
    let given = gives(2, Some(" A-1 "));
    purchasing::hand_over(manager, given.clone()).await.unwrap();
    purchasing::hand_over(manager, given.clone()).await.unwrap();
    let unsaid = HandToSupplier { lines: gives(2, None).lines, ..given };
    assert_eq!(code_of(purchasing::hand_over(manager, unsaid).await), "key_reused");
    let lines = vec![pieces(tea, 1)];
    let scrap = ScrapSetApart { id: SetApartEndId(Uuid::now_v7()), location_id: here, lines, reason: "漏了".into() };
    purchasing::scrap_set_apart(manager, scrap.clone()).await.unwrap();
    let ends = purchasing::set_apart(manager, None, None).await.unwrap().ends;
    assert!(ends[1].goods.ends_with(&format!(" 2 件（批次 A-1，{day} 到期）")), "{}", ends[1].goods);
    assert!(ends[0].goods.ends_with(" 1 件"), "{}", ends[0].goods);
    let older = purchasing::set_apart(manager, None, Some(ends[1].id)).await.unwrap().ends;
    assert_eq!(older, ends[1..], "a paper is the first of its list");
    let thrown = by(&moved(world, manager).await, DocumentKind::SetApart, "报损");
    assert_eq!((thrown.document, thrown.document_id), (ends[0].number.clone(), Some(scrap.id.0)));
    cast.world.balanced().await;
}

fn goes_back(sku: SkuId, quantity: i64, named: &[(&str, i64)]) -> ReturnPurchase {
    let named =
        named.iter().map(|(code, quantity)| BatchNamed { sku_id: sku, code: (*code).into(), quantity: *quantity });
    let (lines, reason) = (vec![pieces(sku, quantity)], "临期".into());
    ReturnPurchase { id: Uuid::now_v7(), lines, reason, batches: named.collect() }
}

/// Says of which batches the store's medium teas are: code, days from today, pieces.
async fn said(world: &World, who: &Scope, batches: &[(&str, i64, i64)]) {
    for (code, days, quantity) in batches {
        let expires_on = (world.now + Duration::days(*days)).date_naive();
        let command = RegisterBatch { code: (*code).into(), expires_on, quantity: *quantity };
        batches::register(who, LocationId(world.store.0), world.medium, command).await.unwrap();
    }
}

/// What is left of each batch, and of none.
async fn left(world: &World, who: &Scope) -> (Vec<(String, i64)>, i64) {
    let left = batches::left(who, LocationId(world.store.0), world.medium).await.unwrap();
    (left.batches.into_iter().map(|batch| (batch.code, batch.pieces)).collect(), left.unknown)
}

fn told(receipt: &PurchaseReceipt) -> Vec<(&str, i64)> {
    receipt.batches.iter().map(|batch| (batch.code.as_str(), batch.quantity)).collect()
}

/// So many medium teas and no others are there, which came of an order.
async fn bought(world: &World, buying: &Buying, quantity: i64) -> domain::PurchaseId {
    world.leave(world.store, world.medium, 0).await;
    let id = buying.ordered(&[(world.medium, quantity)]).await;
    buying.received(id, &[]).await;
    id
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_goes_back_says_of_which_batch_each_piece_was(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    let manager = world.staff("另一店长", Role::StoreManager, Reach::Store(world.store)).await;
    let tea = world.medium;
    let id = bought(&world, &buying, 12).await;
    said(&world, &manager, &[("old", -1, 2), ("soon", 10, 4), ("later", 90, 3)]).await;
    let of = |code: &str, pieces: i64| (code.to_owned(), pieces);

    let named = goes_back(tea, 2, &[("later", 2)]);
    purchasing::send_back(&manager, id, named.clone()).await.unwrap();
    purchasing::send_back(&manager, id, named.clone()).await.unwrap();
    let other = ReturnPurchase { batches: goes_back(tea, 2, &[("soon", 2)]).batches, ..named };
    assert_eq!(code_of(purchasing::send_back(&manager, id, other).await), "key_reused");
    assert_eq!(left(&world, &manager).await, (vec![of("old", 2), of("soon", 4), of("later", 1)], 3));
    purchasing::send_back(&manager, id, goes_back(tea, 6, &[])).await.unwrap();
    assert_eq!(left(&world, &manager).await, (vec![of("soon", 3), of("later", 1)], 0));
    let view = purchasing::show(&manager, id).await.unwrap();
    assert_eq!(told(&view.receipts[0]), [("old", 2), ("soon", 1)], "what is over, what is of none, what ends first");
    assert_eq!(view.receipts[0].batch_lines().last().unwrap(), "其余 3 件没有记下批次");
    assert_eq!(told(&view.receipts[1]), [("later", 2)]);
    assert!(told(&view.receipts[2]).is_empty(), "as it came nobody had said");

    for wrong in [
        goes_back(tea, 4, &[("soon", 4)]),
        goes_back(tea, 1, &[("none", 1)]),
        goes_back(tea, 1, &[("soon", 2)]),
        goes_back(tea, 1, &[("old", 1)]),
    ] {
        assert_eq!(field_of(purchasing::send_back(&manager, id, wrong.clone()).await), batch_field(tea), "{wrong:?}");
    }
    purchasing::send_back(&manager, id, goes_back(tea, 3, &[("later", 1), ("soon", 1)])).await.unwrap();
    assert_eq!(left(&world, &manager).await, (vec![of("soon", 1)], 0), "of the third it was reckoned");
    let back = by(&moved(&world, &manager).await, DocumentKind::Purchase, "退供应商");
    assert_eq!((back.quantity, back.document, back.document_id), (-3, view.card.number, Some(id.0)));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn no_named_piece_goes_back_that_somebody_is_promised_while_others_are_over(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    let manager = world.staff("另一店长", Role::StoreManager, Reach::Store(world.store)).await;
    let tea = world.medium;
    let id = bought(&world, &buying, 4).await;
    said(&world, &manager, &[("old", -1, 2), ("fresh", 30, 2)]).await;
    world.place_paid(&world.member().await, 2).await;
    let fault = purchasing::send_back(&manager, id, goes_back(tea, 2, &[("fresh", 2)])).await.unwrap_err();
    assert!(matches!(&fault, Fault::SoldOut(lacks) if lacks[0].field == pieces_field(tea)), "{fault:?}");
    purchasing::send_back(&manager, id, goes_back(tea, 2, &[])).await.unwrap();
    assert_eq!(left(&world, &manager).await, (vec![("fresh".to_owned(), 2)], 0));
    world.balanced().await;
}
