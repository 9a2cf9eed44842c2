//! What a place is to order, with all that is agreed to come and to leave (K4, K5).

use commerce::{Scope, nearby, orders, purchasing, transfers};
use domain::{
    LocationId, SkuId,
    batches::RegisterBatch,
    purchasing::{Need, OrderProposed, ProposalAsked, SetPrices},
    staff::Role,
    transfers::{RequestTransfer, SettleTransfer, Settled},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    people::Reach,
    purchasing::{Buying, MEDIUM, buying, priced},
    transfers::{arrived, asked, pieces, ship, stocked, two, warehouse, yes},
    world::World,
};

/// What a proposal for the medium tea rests on.
async fn need(buying: &Buying, place: LocationId, world: &World) -> Option<Need> {
    let found = purchasing::proposals(&buying.buyer, place).await.unwrap();
    found.into_iter().find(|one| one.sku_id == world.medium).map(|one| one.need)
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_agreed_to_come_is_not_bought_and_what_is_agreed_to_leave_is(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (buying, two) = (buying(&world).await, two(&world).await);
    let (order, code) = world.place_paid(&world.member().await, 28).await;
    orders::accept(&two.near, order).await.unwrap();
    orders::redeem(&two.near, &code).await.unwrap();
    world.leave(world.store, world.medium, 10).await;
    let before = need(&buying, two.here, &world).await.unwrap();
    assert_eq!((before.available, before.in_transit), (10, 0));
    // Asked for, nobody has agreed yet.
    let request = asked(&world, 4);
    transfers::request(&two.near, request.clone()).await.unwrap();
    assert_eq!(need(&buying, two.here, &world).await.unwrap().in_transit, 0);
    transfers::decide(&two.far, request.id, yes()).await.unwrap();
    assert_eq!(need(&buying, two.here, &world).await.unwrap().in_transit, 4);
    transfers::ship(&two.far, request.id, ship(&[pieces(world.medium, 3)])).await.unwrap();
    assert_eq!(need(&buying, two.here, &world).await.unwrap().in_transit, 3);
    // And the other way.
    let away = RequestTransfer { from_id: two.here, to_id: two.there, ..asked(&world, 6) };
    transfers::request(&two.far, away.clone()).await.unwrap();
    transfers::decide(&two.near, away.id, yes()).await.unwrap();
    assert_eq!(need(&buying, two.here, &world).await.unwrap().available, 4);
    world.balanced().await;
}

/// Twenty pieces leave a warehouse, of which these arrive; the others are back from the way.
async fn sent_out(world: &World, near: &Scope, (office, from): (&Scope, LocationId), arrive: i64) {
    let request = RequestTransfer { from_id: from, ..asked(world, 20) };
    transfers::request(near, request.clone()).await.unwrap();
    transfers::decide(office, request.id, yes()).await.unwrap();
    transfers::ship(office, request.id, ship(&[pieces(world.medium, 20)])).await.unwrap();
    transfers::receive(near, request.id, arrived(&[pieces(world.medium, arrive)], "少了")).await.unwrap();
    let line = Settled { sku_id: world.medium, lost: 0, returned: 20 - arrive };
    let settle = SettleTransfer { lines: vec![line], note: "司机带回".into() };
    transfers::settle(office, request.id, settle).await.unwrap();
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_came_back_from_the_way_to_a_store_was_not_sent_out(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (buying, two) = (buying(&world).await, two(&world).await);
    let (office, depot) = warehouse(&world).await;
    stocked(&office, depot, &[pieces(world.medium, 20)]).await;
    sent_out(&world, &two.near, (&office, depot), 14).await;
    assert_eq!(need(&buying, depot, &world).await.unwrap().sold, 14);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_over_is_nowhere_to_be_asked_for(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let two = two(&world).await;
    world.leave(world.elsewhere, world.medium, 8).await;
    let yesterday = world.now.date_naive().pred_opt().unwrap();
    let over = RegisterBatch { code: "A".into(), expires_on: yesterday, quantity: 5 };
    commerce::stock::batches::register(&two.far, two.there, world.medium, over).await.unwrap();
    let there = nearby::stocked(&two.near, world.store, world.medium).await.unwrap();
    let far = there.elsewhere.iter().find(|one| one.location_id == two.there).unwrap();
    assert_eq!(far.available, 3);
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    world.leave(world.elsewhere, world.medium, 5).await;
    let none = nearby::stocked(&clerk, world.store, world.medium).await.unwrap();
    assert!(none.elsewhere.iter().all(|one| one.location_id != two.there), "{none:?}");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_more_than_an_order_has_room_for_goes_into_several(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    let skus: Vec<SkuId> = (0..401).map(|_| SkuId(Uuid::now_v7())).collect();
    for (at, sku) in skus.iter().enumerate() {
        world.add_sku(*sku, &format!("{at} 号"), 1_000).await;
    }
    for part in skus.chunks(200) {
        let rows = part.iter().map(|sku| priced(*sku, MEDIUM, 1, 1)).collect();
        let answered = purchasing::set_prices(&buying.buyer, buying.supplier, SetPrices { rows }).await.unwrap();
        assert!(answered.iter().all(|row| row.set), "{answered:?}");
    }
    let line = |sku: &SkuId| ProposalAsked {
        location_id: buying.here,
        sku_id: *sku,
        supplier_id: buying.supplier,
        quantity: 2,
    };
    let ask = OrderProposed { id: Uuid::now_v7(), lines: skus.iter().map(line).collect() };
    let made = purchasing::order_proposed(&buying.buyer, ask.clone()).await.unwrap();
    assert_eq!(purchasing::order_proposed(&buying.buyer, ask).await.unwrap(), made, "asked again it is the same");
    let mut lines = Vec::new();
    for id in &made {
        lines.push(purchasing::show(&buying.buyer, *id).await.unwrap().lines.len());
    }
    lines.sort_unstable();
    assert_eq!(lines, [1, 200, 200]);
    world.balanced().await;
}
