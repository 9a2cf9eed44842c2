//! Batches and their last day (K4).

use chrono::{Duration, NaiveDate};
use commerce::{
    Scope, alerts, cart, orders,
    stock::{batches, models},
    supply, transfers,
};
use domain::{
    Fault, LocationId, TransferId,
    alerts::{AlertKind, ListAlerts},
    batches::{BatchesLeft, RegisterBatch},
    staff::Role,
    stock_models::{SetStockModel, StockModel},
    supply::ReceiveGoods,
    transfers::{DecideTransfer, Pieces, ReceiveTransfer, RequestTransfer, ShipTransfer},
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    people::Reach,
    world::{World, code_of, field_of},
};

/// A day so many days from the world's today.
fn day(world: &World, days: i64) -> NaiveDate {
    // Noon in Shanghai is on the same day in UTC.
    world.now.date_naive() + Duration::days(days)
}

async fn manager(world: &World) -> Scope {
    world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await
}

/// Says how many medium teas of the store are of a batch.
async fn say(world: &World, who: &Scope, code: &str, days: i64, quantity: i64) -> Result<BatchesLeft, Fault> {
    let command = RegisterBatch { code: code.into(), expires_on: day(world, days), quantity };
    batches::register(who, LocationId(world.store.0), world.medium, command).await
}

/// What is left of each batch at the store, and of none.
async fn left(world: &World, who: &Scope) -> (Vec<(String, i64)>, i64) {
    let left = batches::left(who, LocationId(world.store.0), world.medium).await.unwrap();
    (left.batches.into_iter().map(|batch| (batch.code, batch.pieces)).collect(), left.unknown)
}

fn batch(code: &str, pieces: i64) -> (String, i64) {
    (code.into(), pieces)
}

async fn sell(world: &World, manager: &Scope, pieces: i64) {
    let (order, code) = world.place_paid(&world.member().await, pieces).await;
    orders::accept(manager, order).await.unwrap();
    orders::redeem(manager, &code).await.unwrap();
}

async fn take_in(world: &World, who: &Scope, quantity: i64) {
    let lines = vec![Pieces { sku_id: world.medium, quantity }];
    let (id, location_id) = (Uuid::now_v7(), LocationId(world.store.0));
    let receipt = ReceiveGoods { id, location_id, lines, note: String::new(), prices: Vec::new() };
    supply::receive(who, receipt).await.unwrap();
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_ends_first_is_handed_over_first(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let manager = manager(&world).await;
    world.leave(world.store, world.medium, 12).await;
    say(&world, &manager, "later", 90, 5).await.unwrap();
    say(&world, &manager, "soon", 10, 4).await.unwrap();
    assert_eq!(left(&world, &manager).await, (vec![batch("soon", 4), batch("later", 5)], 3));
    // What nobody has said of which batch it is went before.
    sell(&world, &manager, 5).await;
    assert_eq!(left(&world, &manager).await, (vec![batch("soon", 2), batch("later", 5)], 0));
    sell(&world, &manager, 3).await;
    assert_eq!(left(&world, &manager).await, (vec![batch("later", 4)], 0));
    // Pieces that come are not those that went.
    take_in(&world, &manager, 6).await;
    assert_eq!(left(&world, &manager).await, (vec![batch("later", 4)], 6));
    say(&world, &manager, "soon", 10, 2).await.unwrap();
    say(&world, &manager, "soon", 10, 2).await.unwrap();
    assert_eq!(left(&world, &manager).await, (vec![batch("soon", 2), batch("later", 4)], 4));
    world.balanced().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn whatever_comes_and_goes_the_batches_agree_with_a_shelf_that_is_emptied_from_the_front(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let manager = manager(&world).await;
    world.leave(world.store, world.medium, 0).await;
    let seed = rand::rng().random();
    let mut random = StdRng::seed_from_u64(seed);
    // Pieces by the day on which they end; none for those of no batch, which go first.
    let mut shelf: Vec<Option<i64>> = Vec::new();
    for _ in 0..40 {
        let pieces: i64 = random.random_range(1..6);
        if random.random_bool(0.5) {
            take_in(&world, &manager, pieces).await;
            shelf.extend((0..pieces).map(|_| None));
        } else if random.random_bool(0.5) {
            let unknown = shelf.iter().filter(|piece| piece.is_none()).count() as i64;
            let days = random.random_range(5..15);
            let of_it = shelf.iter().filter(|piece| **piece == Some(days)).count() as i64;
            let more = unknown.min(pieces);
            say(&world, &manager, &format!("B{days}"), days, of_it + more).await.unwrap();
            let nameless = shelf.iter_mut().filter(|piece| piece.is_none()).take(more as usize);
            nameless.for_each(|piece| *piece = Some(days));
        } else {
            let gone = pieces.min(shelf.len() as i64);
            world.receive(world.store, world.medium, -gone).await;
            shelf.sort();
            shelf.drain(..gone as usize);
        }
        shelf.sort();
        let known: Vec<(String, i64)> = (5..15)
            .map(|days| batch(&format!("B{days}"), shelf.iter().filter(|piece| **piece == Some(days)).count() as i64))
            .filter(|(_, pieces)| *pieces > 0)
            .collect();
        let unknown = shelf.iter().filter(|piece| piece.is_none()).count() as i64;
        assert_eq!(left(&world, &manager).await, (known, unknown), "seed {seed}");
    }
    world.balanced().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_shop_sells_no_piece_after_its_last_day_and_the_store_is_told_before(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let manager = manager(&world).await;
    let buyer = world.member().await;
    let on_sale = async || {
        world.put(&buyer, world.medium, 1).await;
        cart::quote(&buyer, world.store).await.unwrap().lines[0].available
    };
    let look = async |days: i64| {
        let scope = world.system(days * 24 * 60);
        while alerts::check(&scope).await.unwrap() {}
        let ask = ListAlerts { kind: Some(AlertKind::Expiring), most: 50, ..Default::default() };
        alerts::list(&manager, &ask).await.unwrap().items.into_iter().map(|alert| alert.pieces).collect::<Vec<_>>()
    };
    world.leave(world.store, world.medium, 9).await;
    say(&world, &manager, "soon", 40, 4).await.unwrap();
    say(&world, &manager, "later", 400, 5).await.unwrap();
    assert_eq!(look(0).await, [0; 0], "41 days with today are more than 30");
    assert_eq!(look(11).await, [4]);
    look(40).await;
    assert_eq!(on_sale().await, 9, "the last day counts");
    look(41).await;
    assert_eq!(on_sale().await, 5);
    // What head office says of a pool comes on top, and the other way round.
    let head = world.staff("总部", Role::GoodsDepartment, Reach::Everywhere).await;
    let two = SetStockModel { sku: world.medium.to_string(), store_id: None, model: StockModel::Pool, kept_back: 2 };
    models::set(&head, two).await.unwrap();
    assert_eq!(on_sale().await, 3);
    world.receive(world.store, world.medium, -4).await;
    look(42).await;
    assert_eq!(on_sale().await, 3, "what has gone is no longer kept back");
    world.balanced().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_transfer_takes_along_what_ends_first_and_brings_its_batches(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let manager = manager(&world).await;
    let far = world.staff("西湖店长", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    world.leave(world.store, world.medium, 8).await;
    say(&world, &manager, "soon", 10, 3).await.unwrap();
    say(&world, &manager, "later", 90, 5).await.unwrap();
    let [from, to] = [world.store, world.elsewhere].map(|store| LocationId(store.0));
    let (id, lines) = (TransferId(Uuid::now_v7()), vec![Pieces { sku_id: world.medium, quantity: 5 }]);
    let request = RequestTransfer { id, from_id: from, to_id: to, lines: lines.clone(), reason: "周末".into() };
    transfers::request(&far, request).await.unwrap();
    let yes = DecideTransfer { approve: true, lines: Vec::new(), note: String::new() };
    transfers::decide(&manager, id, yes).await.unwrap();
    transfers::ship(&manager, id, ShipTransfer { lines: lines.clone(), note: String::new() }).await.unwrap();
    assert_eq!(left(&world, &manager).await, (vec![batch("later", 3)], 0));
    transfers::receive(&far, id, ReceiveTransfer { lines, reason: String::new() }).await.unwrap();
    let arrived = batches::left(&far, to, world.medium).await.unwrap().batches;
    let arrived: Vec<_> = arrived.into_iter().map(|one| (one.code, one.pieces)).collect();
    assert_eq!(arrived, [batch("soon", 3), batch("later", 2)]);
    world.balanced().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_cannot_be_of_a_batch_changes_nothing(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let manager = manager(&world).await;
    world.leave(world.store, world.medium, 5).await;
    say(&world, &manager, "A", 10, 3).await.unwrap();
    assert_eq!(field_of(say(&world, &manager, "B", 10, 3).await), "quantity", "2 are left without a batch");
    assert_eq!(field_of(say(&world, &manager, "A", 11, 3).await), "expires_on", "it ends on another day");
    assert_eq!(field_of(say(&world, &manager, " ", 10, 1).await), "code");
    let elsewhere = RegisterBatch { code: "A".into(), expires_on: day(&world, 10), quantity: 1 };
    let refused = batches::register(&manager, LocationId(world.elsewhere.0), world.medium, elsewhere).await;
    assert_eq!(code_of(refused), "not_found");
    assert_eq!(left(&world, &manager).await, (vec![batch("A", 3)], 2));
    world.balanced().await;
}
