//! How pieces are shared between the shop and the counter (K2).

use commerce::{Scope, cart, orders, stock::models};
use domain::{
    Fault, SkuId, StoreId,
    staff::Role,
    stock_models::{SetStockModel, ShareOut, SharedStock, StockModel},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::sync::Barrier;

use crate::{
    people::Reach,
    world::{World, code_of, field_of},
};

fn say(sku: SkuId, store: Option<StoreId>, model: StockModel, kept_back: i64) -> SetStockModel {
    SetStockModel { sku: sku.to_string(), store_id: store, model, kept_back }
}

/// What the shop's quote says is left of the medium tea.
async fn on_sale(world: &World, who: &Scope) -> i64 {
    world.put(who, world.medium, 1).await;
    cart::quote(who, world.store).await.unwrap().lines[0].available
}

async fn shared(world: &World, who: &Scope) -> SharedStock {
    models::show(who, world.store, world.medium).await.unwrap()
}

/// Head office, and the manager of the store.
async fn people(world: &World) -> [Scope; 2] {
    [
        world.staff("总部", Role::GoodsDepartment, Reach::Everywhere).await,
        world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await,
    ]
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_shop_sells_a_pool_down_to_what_stays_for_the_counter(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let [head, manager] = people(&world).await;
    let buyer = world.member().await;
    world.leave(world.store, world.medium, 5).await;
    let said = models::set(&head, say(world.medium, None, StockModel::Pool, 3)).await.unwrap();
    assert_eq!(models::set(&head, say(world.medium, None, StockModel::Pool, 3)).await, Ok(said));
    assert_eq!(world.count("select count(*) from audit where act = 'set_stock_model'").await, 1, "the same again");
    assert_eq!(on_sale(&world, &buyer).await, 2);
    let three = cart::set_line(&buyer, world.line(world.medium, 3)).await;
    assert_eq!(code_of(three), "sold_out");
    let (order, code) = world.place_paid(&buyer, 2).await;
    assert_eq!(code_of(cart::set_line(&buyer, world.line(world.medium, 1)).await), "sold_out");
    orders::accept(&manager, order).await.unwrap();
    orders::redeem(&manager, &code).await.unwrap();
    let now = shared(&world, &manager).await;
    assert_eq!((now.on_hand, now.online, now.counter), (3, 0, 3), "what is handed over leaves the counter's alone");

    // The store's own word goes before that of all, also where it says less.
    models::set(&manager, say(world.medium, Some(world.store), StockModel::Pool, 1)).await.unwrap();
    assert_eq!(on_sale(&world, &buyer).await, 2);
    models::set(&head, say(world.medium, None, StockModel::Pool, 2)).await.unwrap();
    assert_eq!(on_sale(&world, &buyer).await, 2, "head office's word is not for a store that has its own");
    let own = shared(&world, &manager).await;
    models::remove(&manager, own.rule.unwrap()).await.unwrap();
    assert_eq!(on_sale(&world, &buyer).await, 1);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn where_they_are_parted_the_shop_sells_its_own_and_what_arrives_is_the_counters(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let [_, manager] = people(&world).await;
    let buyer = world.member().await;
    world.leave(world.store, world.medium, 10).await;
    models::set(&manager, say(world.medium, Some(world.store), StockModel::Separate, 0)).await.unwrap();
    assert_eq!(on_sale(&world, &buyer).await, 10, "the shop keeps what it could sell");
    models::share_out(&manager, world.store, world.medium, ShareOut { online: 4 }).await.unwrap();
    models::share_out(&manager, world.store, world.medium, ShareOut { online: 4 }).await.unwrap();
    assert_eq!(on_sale(&world, &buyer).await, 4);
    let order = world.place(&buyer, 3).await;
    let now = shared(&world, &manager).await;
    assert_eq!((now.promised, now.online, now.counter), (3, 1, 6));
    let more = models::share_out(&manager, world.store, world.medium, ShareOut { online: 8 }).await;
    assert_eq!(field_of(more), "online", "7 are promised to nobody");
    orders::cancel(&buyer, order).await.unwrap();
    assert_eq!(on_sale(&world, &buyer).await, 4, "what was the shop's is its again");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn of_sixteen_who_want_what_the_shop_has_left_none_gets_what_is_the_counters(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let [_, manager] = people(&world).await;
    world.leave(world.store, world.medium, 20).await;
    models::set(&manager, say(world.medium, Some(world.store), StockModel::Separate, 0)).await.unwrap();
    models::share_out(&manager, world.store, world.medium, ShareOut { online: 5 }).await.unwrap();
    let mut ready = Vec::new();
    for buyer in world.members(16).await {
        world.put(&buyer, world.medium, 1).await;
        let command = world.command(&buyer).await;
        ready.push((buyer, command));
    }
    let barrier = std::sync::Arc::new(Barrier::new(ready.len()));
    let racing = ready.into_iter().map(|(buyer, command)| {
        let barrier = barrier.clone();
        tokio::spawn(async move {
            barrier.wait().await;
            orders::place(&buyer, command).await.is_ok()
        })
    });
    let mut placed = 0;
    for one in racing.collect::<Vec<_>>() {
        placed += i64::from(one.await.unwrap());
    }
    let now = shared(&world, &manager).await;
    assert_eq!((placed, now.online, now.counter), (5, 0, 15));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_nobody_may_say_changes_nothing(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let [head, manager] = people(&world).await;
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    let pool = |store| say(world.medium, store, StockModel::Pool, 1);
    assert_eq!(models::set(&manager, pool(None)).await, Err(Fault::Forbidden), "a store speaks for itself alone");
    assert_eq!(code_of(models::set(&manager, pool(Some(world.elsewhere))).await), "not_found");
    assert_eq!(models::set(&clerk, pool(Some(world.store))).await, Err(Fault::Forbidden));
    let unknown = SetStockModel { sku: "keines".into(), ..pool(None) };
    assert_eq!(field_of(models::set(&head, unknown).await), "sku");
    assert_eq!(field_of(models::set(&head, SetStockModel { kept_back: -1, ..pool(None) }).await), "kept_back");
    let online = ShareOut { online: 1 };
    assert_eq!(code_of(models::share_out(&manager, world.store, world.medium, online).await), "one_pool");
    assert_eq!(code_of(models::share_out(&manager, world.elsewhere, world.medium, online).await), "not_found");
    assert_eq!(world.count("select count(*) from stock_models").await, 0);
    assert_eq!(world.count("select count(*) from stock where kept_back <> 0 or separate").await, 0);
    world.balanced().await;
}
