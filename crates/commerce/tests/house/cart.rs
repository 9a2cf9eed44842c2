//! The cart: lines are set, not added; what it costs is asked anew each time.

use commerce::{Scope, cart, members};
use domain::{
    Fault, Fen, SkuId, StoreId,
    cart::{Part, RemoveLine, SetLine, SetLineApart},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    members::{CODE, log_in_as, send_code},
    world::{World, code_of, field_of},
};

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn setting_a_line_twice_is_setting_it_once(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    world.put(&buyer, world.medium, 3).await;
    world.put(&buyer, world.medium, 3).await;
    assert_eq!(cart::pieces(&buyer).await.unwrap(), 3);
    world.put(&buyer, world.medium, 2).await;
    let line = world.line(world.medium, 1);
    assert_eq!(cart::quantity_of(&buyer, world.store, world.medium, &line.options).await.unwrap(), 2);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn removing_a_line_twice_is_removing_it_once_and_leaves_the_others(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    world.put(&buyer, world.medium, 3).await;
    world.put(&buyer, world.large, 1).await;
    let SetLine { store_id, sku_id, options, .. } = world.line(world.medium, 1);
    let line = RemoveLine { store_id, sku_id, options };
    cart::remove_line(&buyer, line.clone()).await.unwrap();
    cart::remove_line(&buyer, line).await.unwrap();
    assert_eq!(cart::pieces(&buyer).await.unwrap(), 1);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn more_than_there_is_cannot_be_put_in_the_cart(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    world.leave(world.store, world.medium, 4).await;
    let Err(Fault::SoldOut(lacking)) = cart::set_line(&buyer, world.line(world.medium, 5)).await else {
        panic!("sold out")
    };
    assert_eq!((&*lacking[0].field, &*lacking[0].message), ("quantity", "仅剩 4 件"));
    world.put(&buyer, world.medium, 4).await;
    world.leave(world.store, world.large, 0).await;
    assert_eq!(code_of(cart::set_line(&buyer, world.line(world.large, 1)).await), "sold_out");
    assert_eq!(cart::pieces(&buyer).await.unwrap(), 4);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_a_store_does_not_sell_is_not_found(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let line = world.line(world.medium, 1);
    let unknown_sku = SetLine { sku_id: SkuId(Uuid::now_v7()), ..line.clone() };
    let unknown_store = SetLine { store_id: StoreId(Uuid::now_v7()), ..line.clone() };
    assert_eq!(code_of(cart::set_line(&buyer, unknown_sku).await), "not_found");
    assert_eq!(code_of(cart::set_line(&buyer, unknown_store).await), "not_found");
    world.alter("update products set published = false").await;
    assert_eq!(code_of(cart::set_line(&buyer, line).await), "not_found");
    assert_eq!(cart::pieces(&buyer).await.unwrap(), 0);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn options_must_keep_to_the_products_bounds(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let wrong: [&[&str]; 5] = [&[], &["pearl"], &["s5", "s7"], &["s7", "pearl", "coco", "jelly"], &["s7", "gold"]];
    for codes in wrong {
        let options = codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>().into();
        let answer = cart::set_line(&buyer, SetLine { options, ..world.line(world.medium, 1) }).await;
        assert_eq!(field_of(answer), "options", "{codes:?}");
    }
    assert_eq!(cart::pieces(&buyer).await.unwrap(), 0);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn lines_of_one_variant_share_its_stock_in_the_quote(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    world.leave(world.store, world.medium, 5).await;
    world.put(&buyer, world.medium, 3).await;
    let other = SetLine { options: vec!["s5".to_owned()].into(), ..world.line(world.medium, 3) };
    cart::set_line(&buyer, other).await.unwrap();
    let quote = cart::quote(&buyer, world.store).await.unwrap();
    let problems: Vec<_> = quote.lines.iter().map(|line| line.problem.is_some()).collect();
    assert_eq!(problems, [false, true]);
    assert_eq!(quote.lines[1].available, 2);
    assert!(!quote.orderable);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_cart_holds_a_hundred_lines_and_those_can_still_be_changed(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    for number in 0..98 {
        let sku = SkuId(Uuid::now_v7());
        world.add_sku(sku, &format!("第 {number} 款"), 1000).await;
        world.put(&buyer, sku, 1).await;
    }
    world.put(&buyer, world.medium, 1).await;
    world.put(&buyer, world.large, 1).await;
    let one_more = SetLine { options: vec!["s5".to_owned()].into(), ..world.line(world.large, 1) };
    assert_eq!(code_of(cart::set_line(&buyer, one_more).await), "cart_full");
    world.put(&buyer, world.large, 2).await;
    assert_eq!(cart::pieces(&buyer).await.unwrap(), 101);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_visitors_cart_comes_along_and_the_larger_quantity_stays(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let phone = "13800138000";
    send_code(&world, phone).await;
    let member = log_in_as(&world, &world.visitor().await, phone, CODE).await;
    world.put(&member, world.medium, 5).await;
    world.put(&member, world.large, 1).await;
    let visitor = world.visitor().await;
    world.put(&visitor, world.medium, 2).await;
    world.put(&visitor, world.large, 4).await;
    let elsewhere = SetLine { store_id: world.elsewhere, ..world.line(world.medium, 7) };
    cart::set_line(&visitor, elsewhere).await.unwrap();
    send_code(&world, phone).await;
    let member = log_in_as(&world, &visitor, phone, CODE).await;
    let options = world.line(world.medium, 1).options;
    let quantity = |store, sku| cart::quantity_of(&member, store, sku, &options);
    assert_eq!(quantity(world.store, world.medium).await.unwrap(), 5);
    assert_eq!(quantity(world.store, world.large).await.unwrap(), 4);
    assert_eq!(quantity(world.elsewhere, world.medium).await.unwrap(), 7);
    assert_eq!(cart::pieces(&visitor).await.unwrap(), 0);
    assert!(members::me(&member).await.is_ok());
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_set_apart_in_either_of_two_carts_is_so_in_the_one_they_become(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let phone = "13800138000";
    send_code(&world, phone).await;
    let member = log_in_as(&world, &world.visitor().await, phone, CODE).await;
    let visitor = world.visitor().await;
    let sets = async |who: &Scope, sku_id: SkuId| {
        let SetLine { store_id, options, .. } = world.line(sku_id, 1);
        cart::set_apart(who, SetLineApart { store_id, sku_id, options, apart: true }).await
    };
    for who in [&member, &visitor] {
        world.put(who, world.medium, 1).await;
        world.put(who, world.large, 1).await;
    }
    sets(&member, world.medium).await.unwrap();
    sets(&visitor, world.large).await.unwrap();
    let third = SkuId(Uuid::now_v7());
    world.add_sku(third, "特大杯", 2000).await;
    assert_eq!(code_of(sets(&member, third).await), "not_found");
    world.put(&visitor, third, 1).await;
    send_code(&world, phone).await;
    let member = log_in_as(&world, &visitor, phone, CODE).await;
    let options = world.line(third, 1).options;
    let part = |sku| cart::part_of(&member, world.store, sku, &options);
    let plain = Part::from(world.store);
    assert_eq!(part(world.medium).await.unwrap(), plain.other());
    assert_eq!(part(world.large).await.unwrap(), plain.other());
    assert_eq!(part(third).await.unwrap(), plain);
    let stranger = world.bearer(None, domain::orders::Channel::Shop).await;
    assert_eq!(sets(&stranger, third).await, Err(Fault::Unauthenticated));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_cart_is_quoted_store_by_store_at_the_prices_of_now(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    world.put(&buyer, world.medium, 2).await;
    let mut later = buyer.clone();
    later.now += chrono::Duration::minutes(1);
    let elsewhere = SetLine { store_id: world.elsewhere, ..world.line(world.large, 1) };
    cart::set_line(&later, elsewhere).await.unwrap();
    sqlx::query("update listings set price_fen = 2000 where store_id = $1")
        .bind(world.store.0)
        .execute(&world.owner)
        .await
        .unwrap();
    let view = cart::show(&buyer).await.unwrap();
    let quotes: Vec<_> = view.quotes.iter().map(|quote| (quote.store.id, quote.total_fen)).collect();
    assert_eq!(quotes, [(world.elsewhere, Fen(1800)), (world.store, Fen(4000))]);
    assert_eq!(view.pieces, 3);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn without_a_session_nothing_is_kept(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let stranger = world.bearer(None, domain::orders::Channel::Shop).await;
    assert_eq!(cart::set_line(&stranger, world.line(world.medium, 1)).await, Err(Fault::Unauthenticated));
    assert_eq!(cart::pieces(&stranger).await.unwrap(), 0);
    world.balanced().await;
}
