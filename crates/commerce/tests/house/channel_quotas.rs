//! How many pieces of a variant one channel sells at a store (K2).

use std::sync::Arc;

use chrono::Duration;
use commerce::{Scope, cart, catalog, holds, orders, stock::quotas};
use domain::{
    Fault, HoldId, OrderId, Quantity, StoreId,
    channel_quotas::SetChannelQuota,
    holds::TakeHold,
    orders::{Channel, OrderState, PlaceOrder},
    staff::Role,
};
use futures::future::join_all;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::{
    gateway,
    people::Reach,
    races::another_server,
    world::{World, code_of, field_of},
};

fn quota(world: &World, store: Option<StoreId>, channel: Channel, most: i64) -> SetChannelQuota {
    SetChannelQuota { sku: world.medium.to_string(), store_id: store, channel, most }
}

/// Head office, and the manager of the store.
async fn people(world: &World) -> [Scope; 2] {
    [
        world.staff("总部", Role::GoodsDepartment, Reach::Everywhere).await,
        world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await,
    ]
}

/// A member as their request over a channel would find them.
async fn over(world: &World, channel: Channel) -> Scope {
    let mut member = world.member().await;
    member.channel = channel;
    member
}

/// How many medium teas the product's page says there are for whoever asks.
async fn on_page(world: &World, who: &Scope) -> i64 {
    let view = catalog::show(who, world.store, "pearl-tea").await.unwrap();
    view.skus.iter().find(|sku| sku.id == world.medium).unwrap().available
}

fn wish(world: &World, pieces: i64) -> TakeHold {
    let (id, quantity) = (HoldId(Uuid::now_v7()), Quantity::try_from(pieces).unwrap());
    TakeHold { id, store_id: world.store, sku_id: world.medium, quantity }
}

/// What was sold by the store's list, of what the store sees of this channel.
async fn sold(world: &World, who: &Scope, channel: Channel) -> i64 {
    let rules = quotas::rules(who, Some(world.store)).await.unwrap();
    rules.into_iter().find(|rule| rule.channel == channel).unwrap().sold.unwrap()
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_channel_sells_no_more_than_its_quota_and_the_others_what_is_there(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let [head, manager] = people(&world).await;
    world.leave(world.store, world.medium, 10).await;
    // What was sold before does not count.
    world.place_paid(&world.member().await, 2).await;
    let mut later = head.clone();
    later.now += Duration::seconds(1);
    quotas::set(&later, quota(&world, None, Channel::Shop, 3)).await.unwrap();
    let (shop, program) = (over(&world, Channel::Shop).await, over(&world, Channel::Api).await);
    assert_eq!((on_page(&world, &shop).await, on_page(&world, &program).await), (3, 8));
    let four = cart::set_line(&shop, world.line(world.medium, 4)).await;
    assert_eq!(four.unwrap_err().complaints()[0].message, "仅剩 3 件");
    let mut shop = shop;
    shop.now += Duration::seconds(2);
    let first = world.place(&shop, 2).await;
    assert_eq!((on_page(&world, &shop).await, on_page(&world, &program).await), (1, 6));
    assert_eq!(sold(&world, &manager, Channel::Shop).await, 2);
    world.put(&shop, world.medium, 1).await;
    assert_eq!(cart::quote(&shop, world.store).await.unwrap().lines[0].available, 1);
    orders::place(&shop, world.command(&shop).await).await.unwrap();
    assert_eq!(code_of(cart::set_line(&shop, world.line(world.medium, 1)).await), "sold_out");
    assert_eq!(on_page(&world, &shop).await, 0);
    // The store it was not said of by itself has as many of its own.
    let elsewhere = catalog::show(&shop, world.elsewhere, "pearl-tea").await.unwrap();
    assert!(elsewhere.skus.iter().any(|sku| sku.id == world.medium && sku.available == 3), "{elsewhere:?}");
    world.place(&program, 5).await;

    // What is called off is there for the channel again.
    orders::cancel(&shop, first).await.unwrap();
    assert_eq!((on_page(&world, &shop).await, on_page(&world, &program).await), (2, 2));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_stores_own_quota_goes_before_head_offices_and_one_said_again_counts_anew(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let [head, manager] = people(&world).await;
    let mut buyer = over(&world, Channel::MiniProgram).await;
    quotas::set(&head, quota(&world, None, Channel::MiniProgram, 9)).await.unwrap();
    let own = quotas::set(&manager, quota(&world, Some(world.store), Channel::MiniProgram, 4)).await.unwrap();
    assert_eq!(on_page(&world, &buyer).await, 4);
    world.place(&buyer, 3).await;
    assert_eq!(on_page(&world, &buyer).await, 1);
    let mut later = manager.clone();
    later.now += Duration::seconds(1);
    let again = quotas::set(&later, quota(&world, Some(world.store), Channel::MiniProgram, 4)).await.unwrap();
    assert_eq!((again, on_page(&world, &buyer).await), (own, 4));
    buyer.now += Duration::seconds(2);
    world.place(&buyer, 4).await;
    assert_eq!(on_page(&world, &buyer).await, 0);
    quotas::remove(&manager, own).await.unwrap();
    assert_eq!(code_of(quotas::remove(&manager, own).await), "not_found");
    assert_eq!(on_page(&world, &buyer).await, 2, "head office's counts from when it was said");
    assert_eq!(world.count("select count(*) from audit where act like '%channel_quota'").await, 4);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_held_counts_for_its_channel_and_is_its_members_to_order(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let [head, manager] = people(&world).await;
    quotas::set(&head, quota(&world, None, Channel::Shop, 3)).await.unwrap();
    let (one, other) = (over(&world, Channel::Shop).await, over(&world, Channel::Shop).await);
    holds::take(&one, wish(&world, 2)).await.unwrap();
    assert_eq!(code_of(holds::take(&other, wish(&world, 2)).await), "sold_out");
    assert_eq!((on_page(&world, &other).await, sold(&world, &manager, Channel::Shop).await), (1, 2));
    world.put(&one, world.medium, 3).await;
    assert_eq!(cart::quote(&one, world.store).await.unwrap().lines[0].problem, None);
    let order = orders::place(&one, world.command(&one).await).await.unwrap();
    assert_eq!(sold(&world, &manager, Channel::Shop).await, 3, "what was held is the order's, and counts once");
    assert_eq!(code_of(holds::take(&other, wish(&world, 1)).await), "sold_out");
    orders::cancel(&one, order.id).await.unwrap();
    let hold = wish(&world, 3);
    holds::take(&other, hold.clone()).await.unwrap();
    holds::release(&other, hold.id).await.unwrap();
    assert_eq!(on_page(&world, &one).await, 3);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn of_many_over_two_channels_at_two_servers_each_channel_sells_its_quota_exactly(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let mut world = World::new(options, connect.clone()).await;
    let [head, _] = people(&world).await;
    world.leave(world.store, world.medium, 40).await;
    quotas::set(&head, quota(&world, None, Channel::Shop, 5)).await.unwrap();
    quotas::set(&head, quota(&world, Some(world.store), Channel::MiniProgram, 7)).await.unwrap();
    let mut wanted: Vec<(Scope, PlaceOrder)> = Vec::new();
    let mut holding: Vec<Scope> = Vec::new();
    for round in 0..2 {
        if round == 1 {
            world.house = another_server(connect.clone()).await;
        }
        for channel in [Channel::Shop, Channel::MiniProgram, Channel::Api] {
            for _ in 0..6 {
                let buyer = over(&world, channel).await;
                world.put(&buyer, world.medium, 1).await;
                let command = world.command(&buyer).await;
                wanted.push((buyer, command));
            }
            for _ in 0..4 {
                holding.push(over(&world, channel).await);
            }
        }
    }
    let start = Arc::new(Barrier::new(wanted.len() + holding.len()));
    let placing = wanted.into_iter().map(|(who, command)| {
        let start = start.clone();
        tokio::spawn(async move {
            start.wait().await;
            (who.channel, orders::place(&who, command).await.map(drop))
        })
    });
    let placing: Vec<_> = placing.collect();
    let (store, medium) = (world.store, world.medium);
    let holding = holding.into_iter().map(|who| {
        let start = start.clone();
        let quantity = Quantity::try_from(1).unwrap();
        let wish = TakeHold { id: HoldId(Uuid::now_v7()), store_id: store, sku_id: medium, quantity };
        tokio::spawn(async move {
            start.wait().await;
            (who.channel, holds::take(&who, wish).await.map(drop))
        })
    });
    let holding: Vec<_> = holding.collect();
    let answers: Vec<(Channel, Result<(), Fault>)> =
        join_all(placing.into_iter().chain(holding)).await.into_iter().map(|one| one.unwrap()).collect();
    let got = |channel| answers.iter().filter(|(over, answer)| *over == channel && answer.is_ok()).count();
    let refused = |(_, answer): &&(Channel, Result<(), Fault>)| matches!(answer, Err(Fault::SoldOut(_)));
    assert_eq!((got(Channel::Shop), got(Channel::MiniProgram), got(Channel::Api)), (5, 7, 20), "{answers:?}");
    assert_eq!(answers.iter().filter(refused).count(), answers.len() - 32);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn who_pays_late_buys_within_their_channels_quota_alone(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let [head, _] = people(&world).await;
    quotas::set(&head, quota(&world, None, Channel::Shop, 2)).await.unwrap();
    let (slow, quick) = (over(&world, Channel::Shop).await, over(&world, Channel::Shop).await);
    let order = world.place(&slow, 2).await;
    let payment = world.open_payment(order).await;
    world.run_jobs(60).await;
    assert_eq!(world.state_of(order).await, OrderState::Expired);
    let taken: OrderId = world.place(&quick, 1).await;
    world.tell(gateway::paid(&payment.out_trade_no, payment.amount_fen)).await;
    assert_eq!(world.state_of(order).await, OrderState::Expired, "one is left");
    orders::cancel(&quick, taken).await.unwrap();
    let again = world.place(&slow, 2).await;
    let payment = world.open_payment(again).await;
    world.run_jobs(60).await;
    world.tell(gateway::paid(&payment.out_trade_no, payment.amount_fen)).await;
    assert_eq!(world.state_of(again).await, OrderState::Paid);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_nobody_may_say_of_a_channel_changes_nothing(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let [head, manager] = people(&world).await;
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    let stranger = world.staff("西湖店长", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    let of = |store| quota(&world, store, Channel::Shop, 1);
    assert_eq!(quotas::set(&manager, of(None)).await, Err(Fault::Forbidden), "a store speaks for itself alone");
    assert_eq!(code_of(quotas::set(&manager, of(Some(world.elsewhere))).await), "not_found");
    assert_eq!(quotas::set(&clerk, of(Some(world.store))).await, Err(Fault::Forbidden));
    let unknown = SetChannelQuota { sku: "keines".into(), ..of(None) };
    assert_eq!(field_of(quotas::set(&head, unknown).await), "sku");
    assert_eq!(field_of(quotas::set(&head, SetChannelQuota { most: -1, ..of(None) }).await), "most");
    let console = SetChannelQuota { channel: Channel::Console, ..of(None) };
    assert_eq!(field_of(quotas::set(&head, console).await), "channel");
    assert_eq!(world.count("select count(*) from channel_quotas").await, 0);
    let own = quotas::set(&manager, of(Some(world.store))).await.unwrap();
    assert_eq!(code_of(quotas::remove(&stranger, own).await), "not_found");
    assert!(quotas::rules(&stranger, None).await.unwrap().is_empty());
    assert_eq!(code_of(quotas::rules(&stranger, Some(world.store)).await), "not_found");
    assert_eq!(world.count("select count(*) from channel_quotas").await, 1);
    world.balanced().await;
}
