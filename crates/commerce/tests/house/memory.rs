//! What servers keep in memory is never older than the statement that reads price and stock.

use std::sync::Arc;

use commerce::{Scope, cart, catalog, stores};
use domain::{
    Fen, SkuId,
    catalog::{BrowseGoods, MenuView, ProductCard},
    stores::FindStores,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
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

#[sqlx::test(migrations = "../../migrations")]
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

#[sqlx::test(migrations = "../../migrations")]
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

/// A reader must never see the goods of one state beside the prices of another.
#[sqlx::test(migrations = "../../migrations")]
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

#[sqlx::test(migrations = "../../migrations")]
async fn a_variant_looked_up_alone_and_read_with_its_shelf_are_the_same(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let skus: Vec<SkuId> = (0..30).map(|_| SkuId(Uuid::now_v7())).collect();
    for (at, sku) in (1..).zip(&skus) {
        world.add_sku(*sku, &format!("{at} 号杯"), 1000 + at).await;
        world.leave(world.store, *sku, at).await;
    }
    world.alter("update listings set on_shelf = false where price_fen between 1010 and 1014").await;
    let member = world.member().await;
    // All of a product's variants are read with the shelf, a cart's line alone.
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
    }
    world.balanced().await;
}
