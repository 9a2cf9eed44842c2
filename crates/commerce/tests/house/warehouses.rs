//! Warehouses, and what head office sends out of them (K3).

use commerce::{Scope, costs, orders, purchasing, supply, transfers};
use domain::{
    Fen, LocationId, PurchaseId, SkuId,
    purchasing::{DraftPurchase, PurchaseNote},
    staff::Role,
    stock_lists::Period,
    stores::Ownership,
    supply::{Allocate, AllocateRow, Formula, ListStock, PriceFor, ProposeAllocation, ReceiveGoods, SetSupplyPrice},
    transfers::{RequestTransfer, SettleTransfer, Settled, TransferState},
};
use futures::future::join;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::{
    people::Reach,
    purchasing::buying,
    transfers::{arrived, asked, at, on_hand, pieces, ship, stocked, two, warehouse, yes},
    world::{PIECES, World, code_of, field_of},
};

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_warehouse_takes_goods_in_and_sends_them_at_the_price_of_the_time(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let two = two(&world).await;
    let (office, depot) = warehouse(&world).await;
    assert_eq!(code_of(supply::save(&two.near, depot, at("CK-2")).await), "forbidden");
    assert_eq!(field_of(supply::save(&office, LocationId(Uuid::now_v7()), at("CK-1")).await), "code");
    assert_eq!(field_of(supply::save(&office, depot, at("仓")).await), "code");
    assert_eq!(code_of(supply::save(&office, two.here, at("CK-9")).await), "not_found", "a store is no warehouse");
    let receipt = ReceiveGoods {
        id: Uuid::now_v7(),
        location_id: depot,
        lines: vec![pieces(world.medium, 50), pieces(world.large, 20)],
        note: "送货单 1".into(),
        prices: Vec::new(),
        batches: Vec::new(),
    };
    assert_eq!(code_of(supply::receive(&two.near, receipt.clone()).await), "not_found");
    supply::receive(&office, receipt.clone()).await.unwrap();
    supply::receive(&office, receipt.clone()).await.unwrap();
    assert_eq!(on_hand(&world, depot, world.medium).await, 50, "the same receipt is one receipt");
    let other = ReceiveGoods { lines: vec![pieces(world.medium, 5)], ..receipt };
    assert_eq!(code_of(supply::receive(&office, other).await), "key_reused");
    assert_eq!(supply::receipts(&office, depot, None).await.unwrap()[0].pieces, 70);

    world.alter("update stores set ownership = 'franchise' where code = 'RMGC'").await;
    let code = world.medium.to_string();
    let price = |whom, fen: i64| SetSupplyPrice { sku: code.clone(), whom, price_fen: Some(Fen(fen)) };
    let franchise = || PriceFor::Ownership { ownership: Ownership::Franchise };
    supply::set_price(&office, price(franchise(), 700)).await.unwrap();
    assert_eq!(code_of(supply::set_price(&two.near, price(franchise(), 1)).await), "forbidden");
    let ask = |quantity| RequestTransfer { from_id: depot, ..asked(&world, quantity) };
    let (first, second) = (ask(10), ask(10));
    transfers::request(&two.near, first.clone()).await.unwrap();
    supply::set_price(&office, price(PriceFor::Store { code: "RMGC".into() }, 650)).await.unwrap();
    transfers::request(&two.near, second.clone()).await.unwrap();
    let total = async |id| transfers::show(&two.near, id).await.unwrap().card.total_fen;
    assert_eq!(total(first.id).await, Some(Fen(7_000)), "it keeps the price of its time");
    assert_eq!(total(second.id).await, Some(Fen(6_500)), "a store's own price comes first");
    assert_eq!(supply::prices(&office, "").await.unwrap().len(), 2);
    // Whoever orders sees it beforehand, and nobody else's.
    let shown = async |who: &Scope, place, to| {
        let ask = ListStock { most: 9, going_to: to, ..ListStock::default() };
        let (found, _) = supply::stock(who, place, &ask).await.unwrap();
        found.into_iter().find(|entry| entry.sku_id == world.medium).and_then(|entry| entry.supply_price_fen)
    };
    assert_eq!(shown(&two.near, depot, Some(two.here)).await, Some(Fen(650)));
    assert_eq!(shown(&office, depot, Some(two.here)).await, Some(Fen(650)));
    assert_eq!(
        shown(&office, depot, Some(two.there)).await,
        None,
        "head office has said nothing of a store of its own"
    );
    assert_eq!(shown(&two.far, depot, Some(two.here)).await, None, "another store's price is not theirs to know");
    assert_eq!(shown(&two.near, two.there, Some(two.here)).await, None, "a sister store asks nothing");

    assert_eq!(code_of(transfers::decide(&two.near, first.id, yes()).await), "forbidden");
    transfers::decide(&office, first.id, yes()).await.unwrap();
    transfers::ship(&office, first.id, ship(&[])).await.unwrap();
    transfers::receive(&two.near, first.id, arrived(&[], "")).await.unwrap();
    assert_eq!(on_hand(&world, depot, world.medium).await, 40);
    assert_eq!(code_of(supply::close(&office, depot).await), "warehouse_in_use");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_closed_warehouse_neither_sends_nor_takes_in(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let two = two(&world).await;
    let (office, depot) = warehouse(&world).await;
    supply::close(&office, depot).await.unwrap();
    supply::close(&office, depot).await.unwrap();
    let ask = RequestTransfer { from_id: depot, ..asked(&world, 1) };
    assert_eq!(code_of(transfers::request(&two.near, ask.clone()).await), "location_closed");
    let lines = vec![pieces(world.medium, 1)];
    let receipt = ReceiveGoods {
        id: Uuid::now_v7(),
        location_id: depot,
        lines,
        note: String::new(),
        prices: Vec::new(),
        batches: Vec::new(),
    };
    assert_eq!(code_of(supply::receive(&office, receipt).await), "location_closed");
    supply::reopen(&office, depot).await.unwrap();
    transfers::request(&two.near, ask).await.unwrap();
    assert_eq!(world.count("select count(*) from audit where object_kind = 'warehouse'").await, 3);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn one_table_sends_to_many_stores_and_says_what_is_wrong_with_each_row(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let two = two(&world).await;
    let (office, depot) = warehouse(&world).await;
    stocked(&office, depot, &[pieces(world.medium, 30), pieces(world.large, 5)]).await;
    let row = |store: &str, sku: SkuId, quantity| AllocateRow { store: store.into(), sku: sku.to_string(), quantity };
    let table = Allocate {
        id: Uuid::now_v7(),
        from_id: depot,
        rows: vec![
            row("RMGC", world.medium, 10),
            row("XIHU", world.medium, 15),
            row("RMGC", world.large, 5),
            row("NIEMAND", world.medium, 1),
            row("XIHU", world.large, 1),
            row("RMGC", world.medium, 1),
            row("XIHU", SkuId(Uuid::nil()), 1),
            row("RMGC", world.large, -1),
        ],
        reason: "新品铺货".into(),
    };
    assert_eq!(code_of(supply::allocate(&two.near, table.clone()).await), "forbidden");
    let start = Barrier::new(2);
    let send = async || {
        start.wait().await;
        supply::allocate(&office, table.clone()).await.unwrap()
    };
    let (answer, again) = join(send(), send()).await;
    assert_eq!(answer, again, "the same table sends nothing twice");
    assert_eq!(answer.transfers, 2);
    let sent: Vec<bool> = answer.rows.iter().map(|row| row.transfer_id.is_some()).collect();
    assert_eq!(sent, [true, true, true, false, false, false, false, false], "{answer:?}");
    assert!(answer.rows[4].said.contains("只剩 0 件"));
    assert_eq!(supply::show_allocation(&office, table.id).await.unwrap(), answer);
    let other = Allocate { rows: table.rows[..1].to_vec(), ..table.clone() };
    assert_eq!(code_of(supply::allocate(&office, other).await), "key_reused");
    assert_eq!(
        field_of(supply::allocate(&office, Allocate { id: Uuid::now_v7(), rows: Vec::new(), ..table.clone() }).await),
        "rows"
    );
    // What is agreed to is not given to another.
    let more = Allocate { id: Uuid::now_v7(), rows: vec![row("XIHU", world.medium, 6)], ..table };
    assert_eq!(supply::allocate(&office, more).await.unwrap().transfers, 0);

    let first = answer.rows[0].transfer_id.unwrap();
    let seen = transfers::show(&two.near, first).await.unwrap();
    assert_eq!((seen.card.state, seen.lines.len()), (TransferState::Approved, 2));
    assert_eq!(code_of(transfers::show(&two.far, first).await), "not_found");
    transfers::ship(&office, first, ship(&[])).await.unwrap();
    transfers::receive(&two.near, first, arrived(&[], "")).await.unwrap();
    assert_eq!(on_hand(&world, two.here, world.large).await, PIECES + 5);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_formula_shares_out_what_the_warehouse_can_give(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (two, (office, depot)) = (two(&world).await, warehouse(&world).await);
    stocked(&office, depot, &[pieces(world.medium, 30)]).await;
    let ask = ProposeAllocation {
        from_id: depot,
        skus: vec![world.medium.to_string()],
        formula: Formula::Even,
        days: 14,
        pieces: None,
        ownership: None,
        region: None,
    };
    assert_eq!(code_of(supply::propose(&two.near, &ask).await), "forbidden");
    let amounts = async |ask: &ProposeAllocation| {
        let proposal = supply::propose(&office, ask).await.unwrap();
        let amounts = proposal.rows.iter().map(|row| (row.row.store.clone(), row.row.quantity)).collect::<Vec<_>>();
        (amounts, proposal.skus[0].left, proposal.skus[0].given)
    };
    let (even, left, given) = amounts(&ask).await;
    assert_eq!((even.iter().map(|row| row.1).collect::<Vec<_>>(), left, given), (vec![15, 15], 30, 30));

    // This store sold 28 in 28 days and has none left; the other has its hundred.
    let (order, code) = world.place_paid(&world.member().await, 28).await;
    orders::accept(&two.near, order).await.unwrap();
    orders::redeem(&two.near, &code).await.unwrap();
    world.leave(world.store, world.medium, 0).await;
    let cover = ProposeAllocation { formula: Formula::Cover, ..ask.clone() };
    let of = |rows: &[(String, i64)], store: &str| rows.iter().find(|row| row.0 == store).map(|row| row.1);
    let (rows, _, given) = amounts(&cover).await;
    assert_eq!((of(&rows, "RMGC"), of(&rows, "XIHU"), given), (Some(19), Some(0), 19), "14 to sell, 5 to be left over");
    let sales = ProposeAllocation { formula: Formula::Sales, pieces: Some(7), ..ask.clone() };
    let (rows, _, _) = amounts(&sales).await;
    assert_eq!((of(&rows, "RMGC"), of(&rows, "XIHU")), (Some(7), Some(0)));

    // What was proposed is sent as any table is; then it is on its way, and no longer the warehouse's to give.
    let proposal = supply::propose(&office, &cover).await.unwrap();
    let rows = proposal.rows.into_iter().map(|row| row.row).filter(|row| row.quantity > 0).collect();
    let table = Allocate { id: Uuid::now_v7(), from_id: depot, rows, reason: String::new() };
    assert_eq!(supply::allocate(&office, table).await.unwrap().transfers, 1);
    let (rows, left, given) = amounts(&cover).await;
    assert_eq!((of(&rows, "RMGC"), left, given), (Some(0), 11, 0));

    let wrong = async |ask: ProposeAllocation| field_of(supply::propose(&office, &ask).await);
    assert_eq!(wrong(ProposeAllocation { skus: vec!["none".into()], ..ask.clone() }).await, "skus");
    assert_eq!(wrong(ProposeAllocation { skus: Vec::new(), ..ask.clone() }).await, "skus");
    assert_eq!(wrong(ProposeAllocation { days: 0, ..ask.clone() }).await, "days");
    assert_eq!(wrong(ProposeAllocation { pieces: Some(0), ..ask.clone() }).await, "pieces");
    let of_store = ProposeAllocation { from_id: two.here, ..ask };
    assert_eq!(field_of(supply::propose(&office, &of_store).await), "source");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_table_gives_a_store_no_goods_of_another_brand(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (office, depot) = warehouse(&world).await;
    stocked(&office, depot, &[pieces(world.medium, 30)]).await;
    world.give_to_another_brand(world.elsewhere).await;
    let row = |store: &str| AllocateRow { store: store.into(), sku: world.medium.to_string(), quantity: 10 };
    let rows = vec![row("XIHU"), row("RMGC")];
    let table = Allocate { id: Uuid::now_v7(), from_id: depot, rows, reason: "铺货".into() };
    let answer = supply::allocate(&office, table).await.unwrap();
    assert_eq!(answer.rows[0].said, "商品不属于这家门店的品牌");
    assert!(answer.rows[0].transfer_id.is_none() && answer.rows[1].transfer_id.is_some(), "{answer:?}");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_barcode_of_two_variants_is_taken_for_neither(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (office, depot) = warehouse(&world).await;
    stocked(&office, depot, &[pieces(world.medium, 30), pieces(world.large, 30)]).await;
    world.alter("update skus set barcode = '6901'").await;
    let row = AllocateRow { store: "XIHU".into(), sku: "6901".into(), quantity: 1 };
    let table = Allocate { id: Uuid::now_v7(), from_id: depot, rows: vec![row], reason: String::new() };
    let answer = supply::allocate(&office, table).await.unwrap();
    assert_eq!((answer.transfers, answer.rows[0].said.as_str()), (0, "这个条码对应多个商品，请填写 SKU 编码"));
    let whom = PriceFor::Ownership { ownership: Ownership::Franchise };
    let price = SetSupplyPrice { sku: "6901".into(), whom, price_fen: Some(Fen(1)) };
    assert_eq!(field_of(supply::set_price(&office, price).await), "sku");
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_warehouse_is_not_closed_while_anything_is_still_to_come_or_missing(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (two, (office, depot)) = (two(&world).await, warehouse(&world).await);
    stocked(&office, depot, &[pieces(world.medium, 3)]).await;
    let row = AllocateRow { store: "XIHU".into(), sku: world.medium.to_string(), quantity: 3 };
    let table = Allocate { id: Uuid::now_v7(), from_id: depot, rows: vec![row], reason: String::new() };
    let sent = supply::allocate(&office, table).await.unwrap().rows[0].transfer_id.unwrap();
    transfers::ship(&office, sent, ship(&[])).await.unwrap();
    transfers::receive(&two.far, sent, arrived(&[pieces(world.medium, 2)], "少一件")).await.unwrap();
    let why = |fault: domain::Fault| fault.to_string();
    let closing = supply::close(&office, depot).await;
    assert!(why(closing.unwrap_err()).contains("1 张有差异未了结的调拨单"));
    let lost = Settled { sku_id: world.medium, lost: 1, returned: 0 };
    transfers::settle(&office, sent, SettleTransfer { lines: vec![lost], note: "途中丢失".into() }).await.unwrap();
    let (buying, id) = (buying(&world).await, PurchaseId(Uuid::now_v7()));
    let draft = DraftPurchase { location_id: depot, ..buying.order(&[(world.medium, 1)]) };
    purchasing::draft(&office, id, draft).await.unwrap();
    assert!(why(supply::close(&office, depot).await.unwrap_err()).contains("1 张未完成的采购单"));
    purchasing::cancel(&office, id, PurchaseNote { note: "不要了".into() }).await.unwrap();
    supply::close(&office, depot).await.unwrap();
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_a_transfer_loses_is_its_senders_loss(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (two, buying) = (two(&world).await, buying(&world).await);
    world.leave(world.store, world.medium, 0).await;
    let bought = buying.ordered(&[(world.medium, 10)]).await;
    buying.received(bought, &[]).await;
    let request = RequestTransfer { from_id: two.here, to_id: two.there, ..asked(&world, 4) };
    let id = request.id;
    transfers::request(&two.far, request).await.unwrap();
    transfers::decide(&two.near, id, yes()).await.unwrap();
    transfers::ship(&two.near, id, ship(&[])).await.unwrap();
    transfers::receive(&two.far, id, arrived(&[pieces(world.medium, 1)], "少三件")).await.unwrap();
    let lost = Settled { sku_id: world.medium, lost: 2, returned: 1 };
    transfers::settle(&two.near, id, SettleTransfer { lines: vec![lost], note: "途中丢失".into() }).await.unwrap();
    let head = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    let margins = costs::margins(&head, Period::of(None, None, world.now.date_naive())).await.unwrap();
    let here = margins.iter().find(|one| one.location.id == two.here).unwrap();
    assert_eq!((here.losses_fen, here.stock_fen), (Fen(2 * 500), Fen(7 * 500)));
    let there = margins.iter().find(|one| one.location.id == two.there).unwrap();
    assert_eq!(there.losses_fen, Fen(0));
    world.balanced().await;
}
