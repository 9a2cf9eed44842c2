//! What a piece costs, who is told, and what is entered at it.

use commerce::{Scope, catalog, costs, losses, orders, purchasing, supply, transfers};
use domain::{
    Fen, LocationId, LossId, PurchaseId, SkuId, TransferId,
    catalog::ListProducts,
    losses::{LossKind, ReportLoss},
    purchasing::{ListCosts, MilliFen, PlaceMargin},
    staff::Role,
    stock_lists::Period,
    supply::{ListStock, PiecePrice, ReceiveGoods},
    transfers::{DecideTransfer, ReceiveTransfer, RequestTransfer, ShipTransfer},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use super::{buying, pieces};
use crate::{
    people::Reach,
    world::{World, code_of},
};

/// What a piece costs at a place.
async fn cost_of(who: &Scope, place: LocationId, sku: SkuId) -> Option<MilliFen> {
    costs::history(who, place, sku).await.unwrap().first().map(|step| step.after_milli_fen)
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_cost_is_the_average_of_what_was_paid_and_goes_where_the_goods_go(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    let (tea, here, there) = (world.medium, buying.here, LocationId(world.elsewhere.0));
    assert_eq!(cost_of(&buying.buyer, here, tea).await, None);
    let first = buying.ordered(&[(tea, 100)]).await;
    buying.received(first, &[]).await;
    assert_eq!(cost_of(&buying.buyer, here, tea).await, Some(MilliFen(500_000)), "nobody knew what the others cost");
    // 200 pieces at 5.00, 100 more at 6.50.
    let id = PurchaseId(Uuid::now_v7());
    let mut dearer = buying.order(&[(tea, 100)]);
    dearer.lines[0].price_fen = Some(Fen(650));
    purchasing::draft(&buying.buyer, id, dearer).await.unwrap();
    purchasing::submit(&buying.buyer, id).await.unwrap();
    buying.received(id, &[]).await;
    assert_eq!(cost_of(&buying.buyer, here, tea).await, Some(MilliFen(550_000)));
    let priced = ReceiveGoods {
        id: Uuid::now_v7(),
        location_id: here,
        lines: vec![pieces(tea, 7)],
        note: "零星采购".into(),
        prices: vec![PiecePrice { sku_id: tea, price_fen: Fen(1_000) }],
        batches: Vec::new(),
    };
    assert_eq!(code_of(supply::receive(&buying.keeper, priced.clone()).await), "forbidden", "who sees no costs");
    let head = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    supply::receive(&head, priced.clone()).await.unwrap();
    supply::receive(&head, priced).await.unwrap();
    // (300 × 550,000 + 7 × 1,000,000) / 307 = 560,260.59
    assert_eq!(cost_of(&buying.buyer, here, tea).await, Some(MilliFen(560_261)));

    let far = world.staff("西湖店长", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    let transfer = RequestTransfer {
        id: TransferId(Uuid::now_v7()),
        from_id: here,
        to_id: there,
        lines: vec![pieces(tea, 10)],
        reason: String::new(),
    };
    let of = transfer.id;
    transfers::request(&far, transfer).await.unwrap();
    let yes = DecideTransfer { approve: true, lines: Vec::new(), note: String::new() };
    transfers::decide(&buying.keeper, of, yes).await.unwrap();
    transfers::ship(&buying.keeper, of, ShipTransfer { lines: Vec::new(), note: String::new() }).await.unwrap();
    transfers::receive(&far, of, ReceiveTransfer { lines: Vec::new(), reason: String::new() }).await.unwrap();
    assert_eq!(cost_of(&buying.buyer, there, tea).await, Some(MilliFen(560_261)), "the receiver takes it in at that");
    let (found, total, _) = costs::list(&buying.buyer, &ListCosts { most: 9, ..Default::default() }).await.unwrap();
    assert_eq!((found.len(), total), (2, 2));
    assert_eq!(found.iter().find(|one| one.location.id == here).unwrap().margin_bp, Some(6_265), "of 15.00");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn who_may_not_see_costs_sees_none(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    let id = buying.ordered(&[(world.medium, 10)]).await;
    buying.received(id, &[]).await;
    let most = ListStock { most: 9, ..Default::default() };
    let whole = supply::stock(&buying.buyer, buying.here, &most).await.unwrap().0;
    assert!(whole.iter().any(|one| one.cost_milli_fen == Some(MilliFen(500_000)) && one.margin_bp == Some(6_667)));
    let masked = supply::stock(&buying.keeper, buying.here, &most).await.unwrap().0;
    assert!(masked.iter().all(|one| one.cost_milli_fen.is_none() && one.margin_bp.is_none()));
    assert_eq!(code_of(costs::list(&buying.keeper, &ListCosts::default()).await), "forbidden");
    assert_eq!(code_of(costs::history(&buying.keeper, buying.here, world.medium).await), "forbidden");
    let products = ListProducts { most: 9, ..Default::default() };
    let costed = catalog::list(&buying.buyer, &products).await.unwrap().0;
    assert_eq!(costed[0].cost_milli_fen, Some(MilliFen(500_000)));
    let market = world.staff("营销部", Role::MarketingDepartment, Reach::Everywhere).await;
    let bare = catalog::list(&market, &products).await.unwrap().0;
    assert_eq!((bare[0].cost_milli_fen, bare[0].margin_bp), (None, None));
    for no_buyer in [&buying.keeper, &market, &buying.payer] {
        assert_eq!(code_of(purchasing::prices(no_buyer, buying.supplier).await), "forbidden");
    }
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_sold_lost_and_missed_is_entered_at_what_it_had_cost(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    world.leave(world.store, world.medium, 0).await;
    let id = buying.ordered(&[(world.medium, 10)]).await;
    buying.received(id, &[]).await;
    let (order, code) = world.place_paid(&world.member().await, 2).await;
    orders::accept(&buying.keeper, order).await.unwrap();
    orders::redeem(&buying.keeper, &code).await.unwrap();
    let lost = ReportLoss {
        id: LossId(Uuid::now_v7()),
        location_id: buying.here,
        sku_id: world.medium,
        quantity: 1,
        kind: LossKind::Broken,
        reason: "打翻".into(),
        batch: None,
    };
    losses::report(&buying.keeper, lost.clone()).await.unwrap();
    let head = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    let loss = losses::show(&head, lost.id).await.unwrap().card;
    assert_eq!(loss.cost_fen, Some(Fen(500)));
    assert_eq!(losses::show(&buying.keeper, lost.id).await.unwrap().card.cost_fen, None, "who may not see costs");
    let period = Period::of(None, None, world.now.date_naive());
    let here = |found: Vec<PlaceMargin>| found.into_iter().find(|one| one.location.id == buying.here).unwrap();
    let found = here(costs::margins(&head, period).await.unwrap());
    assert_eq!((found.cost_fen, found.losses_fen, found.bought_fen), (Fen(1_000), Fen(500), Fen(5_000)));
    assert_eq!((found.pieces, found.unknown, found.stock_fen), (2, 0, Fen(3_500)));
    assert_eq!(found.gross_fen(), Some(Fen(found.sales_fen.0 - 1_000)));
    assert!(found.sales_fen.0 > 0 && found.margin_bp().is_some());
    assert_eq!(code_of(costs::margins(&buying.keeper, period).await), "forbidden");
    // What was there before anybody knew what it cost is worth that from then on, and sold without a cost before.
    world.leave(world.store, world.large, 4).await;
    let id = buying.ordered(&[(world.large, 6)]).await;
    buying.received(id, &[]).await;
    assert_eq!(here(costs::margins(&head, period).await.unwrap()).stock_fen, Fen(3_500 + 7_000));
    world.balanced().await;
}
