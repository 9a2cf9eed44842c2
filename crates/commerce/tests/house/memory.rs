//! What servers keep in memory is never older than the statement that reads price and stock.

use std::sync::Arc;

use commerce::{Scope, cart, catalog, stores};
use domain::{
    Fen, SkuId,
    catalog::{BrowseGoods, MenuView, ProductCard},
    geo::Point,
    stores::FindStores,
};
use sqlx::{
    PgConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use uuid::Uuid;

use crate::world::{World, code_of};

fn all() -> BrowseGoods {
    BrowseGoods { most: 40, ..BrowseGoods::default() }
}

async fn menu(scope: &Scope) -> MenuView {
    catalog::menu(scope, "RMGC", None, all()).await.unwrap()
}

async fn card(scope: &Scope) -> ProductCard {
    menu(scope).await.goods.items.pop().unwrap()
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn every_change_is_seen_by_the_next_look(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let scope = world.system(0);
    let first = card(&scope).await;
    assert_eq!((first.price_fen, first.from, first.available), (Fen(1500), true, 200));

    world.alter("update listings set price_fen = 1600 where price_fen = 1500").await;
    assert_eq!(card(&scope).await.price_fen, Fen(1600));
    world.alter("update products set name = '珍珠奶茶 新版', tags = array['新品']").await;
    assert_eq!(card(&scope).await.name, "珍珠奶茶 新版");
    world.alter("update categories set name = '奶茶系列'").await;
    assert_eq!(menu(&scope).await.categories[0].name, "奶茶系列");
    world.alter("update stores set name = '人民广场旗舰店', state = 'paused' where code = 'RMGC'").await;
    let store = menu(&scope).await.store;
    assert_eq!((store.card.name.as_str(), store.card.opening.takes_orders), ("人民广场旗舰店", false));
    world.alter("update brands set name = '青禾茶'").await;
    assert_eq!(stores::show(&scope, "RMGC", None).await.unwrap().card.brand_name, "青禾茶");
    world.alter("update modifiers set name = '甜度' where code = 'sugar'").await;
    let product = catalog::show(&scope, world.store, "pearl-tea").await.unwrap();
    assert!(product.modifiers.iter().any(|modifier| modifier.name == "甜度"));
    world.alter("update modifier_options set price_fen = 250 where code = 'pearl'").await;
    let product = catalog::show(&scope, world.store, "pearl-tea").await.unwrap();
    let options: Vec<_> = product.modifiers.into_iter().flat_map(|modifier| modifier.options).collect();
    assert_eq!(options.iter().find(|option| option.code == "pearl").unwrap().price_fen, Fen(250));

    world
        .alter("update listings set on_shelf = false from skus k where k.id = sku_id and k.spec_values = '{大杯}'")
        .await;
    let narrowed = card(&scope).await;
    assert_eq!((narrowed.from, narrowed.available), (false, 100));
    world.alter("update products set published = false").await;
    assert!(menu(&scope).await.goods.items.is_empty());
    assert_eq!(code_of(catalog::show(&scope, world.store, "pearl-tea").await), "not_found");
    world.alter("update products set published = true").await;
    world.alter("delete from listings").await;
    assert!(menu(&scope).await.goods.items.is_empty());
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_store_opened_by_another_server_is_found_at_once(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let scope = world.system(0);
    let every = || FindStores { most: 100, ..FindStores::default() };
    assert_eq!(stores::find(&scope, every()).await.unwrap().len(), 2);
    assert_eq!(code_of(catalog::menu(&scope, "NEW", None, all()).await), "not_found");
    world
        .alter(
            "with place as (insert into locations (id, kind) values (gen_random_uuid(), 'store') returning id)
             insert into stores (id, code, brand_id, name, ownership, region_code, address, latitude, longitude, hours)
             select p.id, 'NEW', b.id, '新店', 'direct', '310100', '二号', 31.2, 121.5, '{\"weekly\": [], \"special\": []}'
             from place p, brands b",
        )
        .await;
    assert_eq!(stores::find(&scope, every()).await.unwrap().len(), 3);
    assert_eq!(catalog::menu(&scope, "NEW", None, all()).await.unwrap().goods.items, []);
    world.alter("update stores set state = 'closed' where code = 'NEW'").await;
    assert_eq!(stores::find(&scope, every()).await.unwrap().len(), 2);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_nearest_stores_come_first_page_after_page(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let scope = world.system(0);
    world
        .alter(
            "with place as (insert into locations (id, kind) select gen_random_uuid(), 'store' from generate_series(1, 60) returning id),
                  placed as (select id, row_number() over () as n from place)
             insert into stores (id, code, brand_id, name, ownership, region_code, address, latitude, longitude, hours)
             select p.id, 'N' || p.n, b.id, '店 ' || p.n, 'direct', '310100', '路', 31 + (p.n * 37 % 20) * 0.01, 121 + (p.n * 53 % 30) * 0.01,
                    '{\"weekly\": [], \"special\": []}'
             from placed p, brands b",
        )
        .await;
    let near = Point::new(31.1, 121.15);
    let find = async |most, skip| {
        let ask = FindStores { near, most, skip, ..FindStores::default() };
        stores::find(&scope, ask).await.unwrap()
    };
    let all = find(100, 0).await;
    assert_eq!(all.len(), 62);
    let metres: Vec<f64> = all.iter().map(|store| store.distance_m.unwrap()).collect();
    // To the millimetre: what is equally far is so only up to rounding.
    assert!(metres.is_sorted_by(|one, two| *one <= two + 0.001), "{metres:?}");
    let mut pages = Vec::new();
    for page in 0..9 {
        pages.extend(find(7, page * 7).await);
    }
    assert_eq!(pages, all);
    world.balanced().await;
}

/// A reader must never see the goods of one state beside the prices of another.
#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn readers_see_whole_states_while_a_writer_goes_on(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = Arc::new(World::new(options, connect).await);
    let reader = |world: Arc<World>| async move {
        let scope = world.system(0);
        for _ in 0..200 {
            let card = card(&scope).await;
            // The writer keeps the name and both prices in step.
            let told: i64 = card.name.rsplit(' ').next().unwrap().parse().unwrap_or(1500);
            assert_eq!(card.price_fen, Fen(told), "{card:?}");
        }
    };
    let readers: Vec<_> = (0..4).map(|_| tokio::spawn(reader(world.clone()))).collect();
    for price in 1000..1100_i64 {
        let mut tx = world.owner.begin().await.unwrap();
        sqlx::query("update products set name = '珍珠奶茶 ' || $1::text").bind(price).execute(&mut *tx).await.unwrap();
        sqlx::query("update listings set price_fen = $1").bind(price).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
    }
    for reader in readers {
        reader.await.unwrap();
    }
    Arc::into_inner(world).unwrap().balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn every_variant_of_a_long_shelf_has_its_own_price_and_stock(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let skus: Vec<SkuId> = (0..30).map(|_| SkuId(Uuid::now_v7())).collect();
    for (at, sku) in (1..).zip(&skus) {
        world.add_sku(*sku, &format!("{at} 号杯"), 1000 + at).await;
        world.leave(world.store, *sku, at).await;
    }
    world.alter("update listings set on_shelf = false where price_fen between 1010 and 1014").await;
    let member = world.member().await;
    let shown = catalog::show(&member, world.store, "pearl-tea").await.unwrap().skus;
    assert_eq!(shown.len(), 2 + 30 - 5);
    for (at, sku) in (1..).zip(&skus) {
        let Some(seen) = shown.iter().find(|seen| seen.id == *sku) else {
            assert!((10..=14).contains(&at), "{at}");
            continue;
        };
        assert_eq!((seen.price_fen, seen.available), (Fen(1000 + at), at));
        let too_many = cart::set_line(&member, world.line(*sku, at + 1)).await.unwrap_err();
        assert!(too_many.message().contains(&format!("仅剩 {at} 件")), "{too_many}");
        cart::set_line(&member, world.line(*sku, at)).await.unwrap();
        // The shelf is known now, and only what changed is read.
        world.leave(world.store, *sku, at - 1).await;
        let too_many = cart::set_line(&member, world.line(*sku, at)).await.unwrap_err();
        let left = if at > 1 { format!("仅剩 {} 件", at - 1) } else { "已售罄".to_owned() };
        assert!(too_many.message().contains(&left), "{too_many}");
    }
    world.balanced().await;
}

/// Takes pieces of one variant for another, so that the shop has as many as before.
async fn swap(db: &mut PgConnection, from: SkuId, to: SkuId, pieces: i64) {
    // In the order of their keys, so that no two wait for each other.
    let mut steps = [(from, -pieces), (to, pieces)];
    steps.sort();
    for (sku, pieces) in steps {
        sqlx::query(
            "with counted as (update stock set on_hand = on_hand + $2 where sku_id = $1 and location_id in (select id from stores where code = 'RMGC') returning location_id)
             insert into movements (location_id, sku_id, cause, on_hand, occurred_at)
             select location_id, $1, 'adjust', $2, now() from counted",
        )
        .bind(sku.0)
        .bind(pieces)
        .execute(&mut *db)
        .await
        .unwrap();
    }
}

async fn medium_left(world: &World) -> i64 {
    let product = catalog::show(&world.system(0), world.store, "pearl-tea").await.unwrap();
    product.skus.iter().find(|sku| sku.id == world.medium).unwrap().available
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_change_that_commits_after_a_later_one_is_not_missed(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    assert_eq!(medium_left(&world).await, 100);
    let mut slow = world.owner.begin().await.unwrap();
    swap(&mut slow, world.medium, world.large, 7).await;
    // Others come and go meanwhile, and the shelf is read on after each.
    for _ in 0..3 {
        world.alter("update listings set price_fen = price_fen + 1").await;
        assert_eq!(medium_left(&world).await, 100);
    }
    slow.commit().await.unwrap();
    assert_eq!(medium_left(&world).await, 93);
    let mut given_up = world.owner.begin().await.unwrap();
    swap(&mut given_up, world.medium, world.large, 5).await;
    assert_eq!(medium_left(&world).await, 93);
    given_up.rollback().await.unwrap();
    assert_eq!(medium_left(&world).await, 93);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn pieces_on_their_way_are_seen_here_or_there_and_never_twice(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = Arc::new(World::new(options, connect).await);
    let reader = |world: Arc<World>| async move {
        for _ in 0..300 {
            assert_eq!(card(&world.system(0)).await.available, 200);
        }
    };
    let readers: Vec<_> = (0..4).map(|_| tokio::spawn(reader(world.clone()))).collect();
    let writer = |world: Arc<World>, begin: i64| async move {
        for step in begin..begin + 60 {
            let mut tx = world.owner.begin().await.unwrap();
            let (from, to) = if step % 2 == 0 { (world.medium, world.large) } else { (world.large, world.medium) };
            swap(&mut tx, from, to, 1 + step % 5).await;
            // Some take their time, and some change their mind.
            if step % 3 == 0 {
                tokio::task::yield_now().await;
            }
            if step % 7 == 0 { tx.rollback().await.unwrap() } else { tx.commit().await.unwrap() }
        }
    };
    let writers = [0, 1000].map(|begin| tokio::spawn(writer(world.clone(), begin)));
    for task in readers.into_iter().chain(writers) {
        task.await.unwrap();
    }
    let left = world.stock_at(world.store, world.medium).await.on_hand;
    assert_eq!(medium_left(&world).await, left);
    Arc::into_inner(world).unwrap().balanced().await;
}

/// Cuts the lines on which shelves are read.
const CUT: &str = "select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and query like '%pg_snapshot_xmin%'";

/// A database that crashed may give numbers of transactions again: then a change can bear a number that
/// seems to have been seen.
#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_was_read_before_the_database_fell_is_read_anew(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    assert_eq!(medium_left(&world).await, 100);
    let with_an_old_number = async |statement| {
        world.alter("alter table stock disable trigger mark_change").await;
        world.alter(statement).await;
        world.alter("alter table stock enable trigger mark_change").await;
    };
    with_an_old_number("update stock set on_hand = on_hand - 1 where held = 0").await;
    world.alter(CUT).await;
    assert_eq!(medium_left(&world).await, 99);
    with_an_old_number("update stock set on_hand = on_hand + 1 where held = 0").await;
    world.alter(CUT).await;
    assert_eq!(medium_left(&world).await, 100);
    world.balanced().await;
}
