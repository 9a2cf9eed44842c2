//! Batches and their last day (K4).

use std::sync::Arc;

use chrono::{Duration, NaiveDate};
use commerce::{
    Scope, alerts, cart, losses, orders,
    stock::{batches, models},
    supply, transfers,
};
use domain::{
    Fault, LocationId, LossId, TransferId,
    alerts::{AlertKind, ListAlerts},
    batches::{BatchCame, BatchesLeft, ListBatches, RegisterBatch},
    fulfilment::Undelivered,
    losses::{LossKind, LossState, ReportLoss},
    order_centre::Reroute,
    staff::Role,
    stock_models::{SetStockModel, StockModel},
    supply::ReceiveGoods,
    transfers::{DecideTransfer, Pieces, ReceiveTransfer, RequestTransfer, ShipTransfer},
};
use futures::future::join_all;
use rand::{Rng, SeedableRng, rngs::StdRng};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::{
    fulfilment::{rider, to_be_brought},
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

fn lost(world: &World, kind: LossKind, quantity: i64) -> ReportLoss {
    let (location_id, reason) = (LocationId(world.store.0), "下架".into());
    ReportLoss { id: LossId(Uuid::now_v7()), location_id, sku_id: world.medium, quantity, kind, reason, batch: None }
}

/// Pieces that are over are off the shelf and in the books.
async fn throw_away(world: &World, who: &Scope, pieces: i64) {
    losses::report(who, lost(world, LossKind::Expired, pieces)).await.unwrap();
}

/// How many medium teas of the store the shop promises.
async fn online(world: &World) -> i64 {
    sqlx::query_scalar(
        "select on_hand - held - allocated - kept_back from stock where location_id = $1 and sku_id = $2",
    )
    .bind(world.store.0)
    .bind(world.medium.0)
    .fetch_one(&world.owner)
    .await
    .unwrap()
}

/// A transfer of so many from the store to the other that is agreed to.
async fn sent(world: &World, [to, from]: [&Scope; 2], quantity: i64) -> (TransferId, Vec<Pieces>) {
    let (id, lines) = (TransferId(Uuid::now_v7()), vec![Pieces { sku_id: world.medium, quantity }]);
    let [from_id, to_id] = [world.store, world.elsewhere].map(|store| LocationId(store.0));
    transfers::request(to, RequestTransfer { id, from_id, to_id, lines: lines.clone(), reason: "周末".into() })
        .await
        .unwrap();
    let yes = DecideTransfer { approve: true, lines: Vec::new(), note: String::new() };
    transfers::decide(from, id, yes).await.unwrap();
    (id, lines)
}

async fn take_in(world: &World, who: &Scope, quantity: i64) {
    let lines = vec![Pieces { sku_id: world.medium, quantity }];
    let (id, location_id) = (Uuid::now_v7(), LocationId(world.store.0));
    let receipt = ReceiveGoods { id, location_id, lines, note: String::new(), prices: Vec::new(), batches: Vec::new() };
    supply::receive(who, receipt).await.unwrap();
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
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

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
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

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
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
    throw_away(&world, &manager, 4).await;
    assert_eq!(on_sale().await, 3, "what has gone is no longer kept back");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_sale_is_of_good_pieces_and_those_that_are_over_stay_set_aside(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let manager = manager(&world).await;
    world.leave(world.store, world.medium, 10).await;
    say(&world, &manager, "over", 5, 3).await.unwrap();
    say(&world, &manager, "good", 400, 7).await.unwrap();
    let look = async |minutes: i64| while alerts::check(&world.system(6 * 24 * 60 + minutes)).await.unwrap() {};
    look(0).await;
    assert_eq!(online(&world).await, 7);
    sell(&world, &manager, 3).await;
    look(20).await;
    assert_eq!(online(&world).await, 4);
    assert_eq!(left(&world, &manager).await, (vec![batch("over", 3), batch("good", 4)], 0));
    // Nor are they when what has gone is written off.
    take_in(&world, &manager, 2).await;
    assert_eq!(left(&world, &manager).await, (vec![batch("over", 3), batch("good", 4)], 2));
    // What is broken is of what is sold; what is thrown away is not.
    losses::report(&manager, lost(&world, LossKind::Broken, 1)).await.unwrap();
    assert_eq!(left(&world, &manager).await, (vec![batch("over", 3), batch("good", 4)], 1));
    throw_away(&world, &manager, 3).await;
    assert_eq!(left(&world, &manager).await, (vec![batch("good", 4)], 1));
    assert_eq!(online(&world).await, 5);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_over_is_handed_on_to_no_other_store_and_promised_by_none(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let manager = manager(&world).await;
    let far = world.staff("西湖店长", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    let service = world.staff("客服", Role::ServiceDepartment, Reach::Everywhere).await;
    world.leave(world.store, world.medium, 8).await;
    say(&world, &manager, "over", 5, 3).await.unwrap();
    say(&world, &manager, "soon", 7, 5).await.unwrap();
    // Nobody has looked since the day was over.
    let (mut manager, mut far) = (manager, far);
    manager.now += Duration::days(6);
    let (id, lines) = sent(&world, [&far, &manager], 6).await;
    let refused = transfers::ship(&manager, id, ShipTransfer { lines, note: String::new() }).await.unwrap_err();
    assert!(refused.message().contains("只有 5 件可发"), "{refused:?}");
    let lines = vec![Pieces { sku_id: world.medium, quantity: 4 }];
    transfers::ship(&manager, id, ShipTransfer { lines: lines.clone(), note: String::new() }).await.unwrap();
    assert_eq!(left(&world, &manager).await, (vec![batch("over", 3), batch("soon", 1)], 0));
    // What ends on the way is not promised where it arrives.
    world.leave(world.elsewhere, world.medium, 1).await;
    far.now += Duration::days(8);
    transfers::receive(&far, id, ReceiveTransfer { lines, reason: String::new() }).await.unwrap();
    let expired =
        "select expired from stock s join stores t on t.id = s.location_id where t.code = 'XIHU' and expired > 0";
    assert_eq!(world.count(expired).await, 4);
    world.receive(world.store, world.medium, 2).await;
    let (order, _) = world.place_paid(&world.member().await, 2).await;
    assert_eq!(orders::reroute_choices(&service, order).await.unwrap()[0].lacking, 1);
    let there = Reroute { store_id: world.elsewhere, reason: "原门店缺货".into() };
    assert_eq!(code_of(orders::reroute(&service, order, &there).await), "sold_out");
    world.receive(world.elsewhere, world.medium, 1).await;
    orders::reroute(&service, order, &there).await.unwrap();
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_comes_back_from_its_shopper_ends_when_it_did(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let manager = manager(&world).await;
    world.leave(world.store, world.medium, 5).await;
    say(&world, &manager, "soon", 10, 3).await.unwrap();
    say(&world, &manager, "later", 90, 2).await.unwrap();
    let order = to_be_brought(&world, &world.member().await).await;
    orders::accept(&manager, order).await.unwrap();
    orders::dispatch(&manager, order, &rider()).await.unwrap();
    take_in(&world, &manager, 4).await;
    assert_eq!(left(&world, &manager).await, (vec![batch("soon", 1), batch("later", 2)], 4));
    orders::undelivered(&manager, order, &Undelivered { reason: "无人接听".into() }).await.unwrap();
    assert_eq!(left(&world, &manager).await, (vec![batch("soon", 3), batch("later", 2)], 4));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn two_who_name_the_first_batch_at_once_name_no_more_than_lie_there(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let manager = manager(&world).await;
    world.leave(world.store, world.medium, 10).await;
    let start = Arc::new(Barrier::new(8));
    let workers = (0..8).map(|number| {
        let (who, location, sku, start) = (manager.clone(), LocationId(world.store.0), world.medium, start.clone());
        let command = RegisterBatch { code: format!("B{number}"), expires_on: day(&world, 30), quantity: 10 };
        tokio::spawn(async move {
            start.wait().await;
            batches::register(&who, location, sku, command).await
        })
    });
    let answers = join_all(workers).await.into_iter().filter(|answer| answer.as_ref().unwrap().is_ok()).count();
    assert_eq!(answers, 1);
    assert_eq!(world.count("select sum(quantity)::bigint from batch_pieces").await, 10);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn receipts_and_orders_of_the_same_goods_never_deadlock(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let manager = manager(&world).await;
    // Of the second alone there are batches, so a receipt asks after it first.
    let second = world.medium.max(world.large);
    let (location_id, expires_on) = (LocationId(world.store.0), day(&world, 90));
    let known = RegisterBatch { code: "A".into(), expires_on, quantity: 50 };
    batches::register(&manager, location_id, second, known).await.unwrap();
    let buyers = world.members(12).await;
    for round in 0..4 {
        let mut orders_at_once = Vec::new();
        for buyer in &buyers {
            world.put(buyer, world.medium, 1).await;
            world.put(buyer, world.large, 1).await;
            orders_at_once.push((buyer.clone(), world.command(buyer).await));
        }
        let start = Arc::new(Barrier::new(24));
        let receipts = (0..12).map(|_| {
            let (who, start) = (manager.clone(), start.clone());
            let lines = [world.medium, world.large].map(|sku_id| Pieces { sku_id, quantity: 2 }).to_vec();
            let receipt = ReceiveGoods {
                id: Uuid::now_v7(),
                location_id,
                lines,
                note: String::new(),
                prices: Vec::new(),
                batches: Vec::new(),
            };
            tokio::spawn(async move {
                start.wait().await;
                supply::receive(&who, receipt).await.map(drop)
            })
        });
        let receipts: Vec<_> = receipts.collect();
        let placed = orders_at_once.into_iter().map(|(who, command)| {
            let start = start.clone();
            tokio::spawn(async move {
                start.wait().await;
                orders::place(&who, command).await.map(drop)
            })
        });
        for answer in join_all(receipts.into_iter().chain(placed.collect::<Vec<_>>())).await {
            answer.unwrap().unwrap_or_else(|fault| panic!("round {round}: {fault:?}"));
        }
    }
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
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
    let to = LocationId(world.elsewhere.0);
    let (id, lines) = sent(&world, [&far, &manager], 5).await;
    transfers::ship(&manager, id, ShipTransfer { lines: lines.clone(), note: String::new() }).await.unwrap();
    assert_eq!(left(&world, &manager).await, (vec![batch("later", 3)], 0));
    transfers::receive(&far, id, ReceiveTransfer { lines, reason: String::new() }).await.unwrap();
    let arrived = batches::left(&far, to, world.medium).await.unwrap().batches;
    let arrived: Vec<_> = arrived.into_iter().map(|one| (one.code, one.pieces)).collect();
    assert_eq!(arrived, [batch("soon", 3), batch("later", 2)]);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
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

/// Has the teas kept by batches.
async fn keep_by_batches(world: &World) {
    sqlx::query("update products set keeps_batches = true where id = (select product_id from skus where id = $1)")
        .bind(world.medium.0)
        .execute(&world.owner)
        .await
        .unwrap();
}

fn came(world: &World, code: &str, days: i64, quantity: i64) -> BatchCame {
    BatchCame { sku_id: world.medium, code: code.into(), expires_on: day(world, days), quantity }
}

fn receipt(world: &World, quantity: i64, batches: Vec<BatchCame>) -> ReceiveGoods {
    ReceiveGoods {
        id: Uuid::now_v7(),
        location_id: LocationId(world.store.0),
        lines: vec![Pieces { sku_id: world.medium, quantity }],
        note: String::new(),
        prices: Vec::new(),
        batches,
    }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn goods_with_a_last_day_come_in_with_their_batches_or_not_at_all(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let manager = manager(&world).await;
    world.leave(world.store, world.medium, 0).await;
    keep_by_batches(&world).await;
    let field = format!("batch.{}", world.medium);
    assert_eq!(field_of(supply::receive(&manager, receipt(&world, 5, Vec::new())).await), field, "nobody says which");
    let some = vec![came(&world, "B-1", 20, 3)];
    assert_eq!(field_of(supply::receive(&manager, receipt(&world, 5, some.clone())).await), field, "not all of them");
    assert_eq!(left(&world, &manager).await, (vec![], 0), "nothing has come");
    let both = receipt(&world, 5, [some, vec![came(&world, "B-2", 40, 2)]].concat());
    supply::receive(&manager, both.clone()).await.unwrap();
    supply::receive(&manager, both.clone()).await.unwrap();
    assert_eq!(left(&world, &manager).await, (vec![batch("B-1", 3), batch("B-2", 2)], 0), "the same is one receipt");
    let other = ReceiveGoods { batches: vec![came(&world, "B-1", 20, 5)], ..both };
    assert_eq!(code_of(supply::receive(&manager, other).await), "key_reused");
    let other_day = receipt(&world, 1, vec![came(&world, "B-1", 21, 1)]);
    let beside = format!("expires.{}", world.medium);
    assert_eq!(field_of(supply::receive(&manager, other_day).await), beside, "a batch has one last day");
    // Those that were sold are of the batch that ended first, and what comes is told apart from them.
    sell(&world, &manager, 2).await;
    supply::receive(&manager, receipt(&world, 4, vec![came(&world, "B-1", 20, 4)])).await.unwrap();
    assert_eq!(left(&world, &manager).await, (vec![batch("B-1", 5), batch("B-2", 2)], 0));
    let (listed, total) =
        batches::list(&manager, &ListBatches { most: 9, days: Some(30), ..Default::default() }).await.unwrap();
    assert_eq!((listed[0].left.code.as_str(), listed[0].left.pieces, total), ("B-1", 5, 1));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_loss_that_names_its_batch_takes_from_that_one(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let manager = manager(&world).await;
    world.leave(world.store, world.medium, 9).await;
    say(&world, &manager, "soon", 10, 4).await.unwrap();
    say(&world, &manager, "later", 90, 5).await.unwrap();
    let lost = |batch: &str, quantity| ReportLoss {
        id: LossId(Uuid::now_v7()),
        location_id: LocationId(world.store.0),
        sku_id: world.medium,
        quantity,
        kind: LossKind::Broken,
        reason: "整箱打翻".into(),
        batch: Some(batch.into()),
    };
    assert_eq!(field_of(losses::report(&manager, lost("none", 1)).await), "batch");
    assert_eq!(field_of(losses::report(&manager, lost("later", 6)).await), "batch", "more than is left of it");
    let report = lost("later", 2);
    assert_eq!(losses::report(&manager, report.clone()).await.unwrap(), LossState::Approved);
    assert_eq!(losses::report(&manager, report).await.unwrap(), LossState::Approved);
    assert_eq!(left(&world, &manager).await, (vec![batch("soon", 4), batch("later", 3)], 0));
    world.balanced().await;
}
