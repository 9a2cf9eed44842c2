//! Row-level security: what holds where a use case forgets to look from its asker's reach (O4).

use chrono::Duration;
use commerce::{Partners, Scope, Settings, audit, cart, events::Watch, figures, holds, orders, payments, staff};
use domain::{
    HoldId, Quantity,
    audit::ListAudit,
    holds::TakeHold,
    orders::{ListOrders, OrderState},
    staff::{Role, SaveMerchant},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    people::Reach,
    world::{World, code_of},
};

/// Tables that name a store, a member or an order, and may be seen by everybody whom a use case lets.
const NOT_FENCED: &[(&str, &str)] = &[
    ("express_stores", "where one can order from is everybody's"),
    ("delivery_priorities", "a place in an order of stores, which are everybody's"),
    ("listings", "prices are everybody's"),
    ("menu_versions", "counters of the listings"),
    ("stock", "how many are left is everybody's; it is changed only beside its movement"),
    ("batch_pieces", "parts of the balance, changed beside it"),
    ("batch_moves", "what a transfer took along is read where it arrives"),
    ("grants", "head office's own"),
    ("stores", "where one can buy is everybody's"),
    ("store_group_members", "head office's own"),
];

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn every_table_that_belongs_to_a_store_or_a_member_is_fenced(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let open: Vec<String> = sqlx::query_scalar(
        "select distinct c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid
         where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and not a.attisdropped and not c.relrowsecurity
           and a.attname in ('member_id', 'store_id', 'order_id', 'cart_id', 'location_id', 'merchant_id')",
    )
    .fetch_all(&world.owner)
    .await
    .unwrap();
    let forgotten: Vec<&String> =
        open.iter().filter(|table| NOT_FENCED.iter().all(|(name, _)| name != table)).collect();
    assert!(forgotten.is_empty(), "neither fenced nor said to be everybody's: {forgotten:?}");
    let unhoused: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class c where relrowsecurity and relnamespace = 'public'::regnamespace
           and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'house')",
    )
    .fetch_all(&world.owner)
    .await
    .unwrap();
    assert_eq!(unhoused, [""; 0], "the server itself could not work on these");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn whoever_does_not_say_who_asks_sees_nothing(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect.clone()).await;
    let clerk = world.staff("小王", Role::Clerk, Reach::Store(world.store)).await;
    let (order, _) = world.place_paid(&world.member().await, 1).await;
    orders::accept(&clerk, order).await.unwrap();
    let people = PgPoolOptions::new().max_connections(1).connect_with(connect).await.unwrap();
    sqlx::query("set role mendian_app").execute(&people).await.unwrap();
    for table in [
        "orders",
        "order_lines",
        "order_steps",
        "payments",
        "transfers",
        "movements",
        "holds",
        "members",
        "carts",
        "sessions",
        "audit",
        "inbox",
        "outbox",
    ] {
        let all: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {table}")))
            .fetch_one(&world.owner)
            .await
            .unwrap();
        let seen: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {table}")))
            .fetch_one(&people)
            .await
            .unwrap();
        assert!(all > 0, "{table} has nothing to hide");
        assert_eq!(seen, 0, "{table}");
    }
    people.close().await;
    world.balanced().await;
}

/// How many orders somebody sees as paid, an hour later.
async fn sold_today(person: &Scope) -> i64 {
    let mut later = person.clone();
    later.now += Duration::hours(1);
    figures::sales_today(&later).await.unwrap().today.orders
}

/// A world in which no use case filters by who asks.
async fn open_world(options: PgPoolOptions, connect: PgConnectOptions) -> World {
    let settings = Settings { without_first_fence: true, ..Settings::default() };
    World::with(options, connect, Partners::default(), settings).await
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn without_the_first_fence_a_store_still_sees_and_changes_its_own_alone(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = open_world(options, connect).await;
    let shopper = world.member().await;
    let (order, code) = world.place_paid(&shopper, 2).await;
    let there = world.staff("西湖店长", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    let south = world.staff("浙江区域经理", Role::RegionalManager, Reach::Region("330100")).await;
    for stranger in [&there, &south] {
        assert_eq!(orders::list(stranger, ListOrders::default()).await.unwrap().items.len(), 0);
        assert_eq!(orders::board(stranger, None).await.unwrap().len(), 0);
        assert_eq!(orders::board(stranger, Some(world.store)).await.unwrap().len(), 0);
        assert_eq!(code_of(orders::show_for_staff(stranger, order).await), "not_found");
        let by_phone = ListOrders { words: "0000".into(), ..ListOrders::default() };
        assert_eq!(orders::list(stranger, by_phone).await.unwrap().items.len(), 0);
    }
    assert_eq!(code_of(orders::accept(&there, order).await), "not_found");
    assert_eq!(code_of(orders::reject(&there, order, "没货").await), "not_found");
    assert_eq!(code_of(orders::redeem(&there, &code).await), "not_found");
    assert_eq!(sold_today(&south).await, 0);
    let heard = Watch::stores(&south).unwrap().missed(&south, world.now).await.unwrap();
    assert_eq!(heard, Some(Vec::new()));
    assert_eq!(world.state_of(order).await, OrderState::Paid);

    // The store itself works as ever, and so does who reaches it.
    let here = world.staff("人民广场店长", Role::StoreManager, Reach::Store(world.store)).await;
    let east = world.staff("上海区域经理", Role::RegionalManager, Reach::Region("310100")).await;
    let head = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    orders::accept(&here, order).await.unwrap();
    orders::prepare(&here, order).await.unwrap();
    for person in [&east, &head] {
        assert_eq!(sold_today(person).await, 1);
        let log = audit::list(person, &ListAudit::default()).await.unwrap();
        assert_eq!(log.items.len(), 1, "the order was accepted");
    }
    assert_eq!(audit::list(&south, &ListAudit::default()).await.unwrap().items.len(), 0);
    orders::redeem(&here, &code).await.unwrap();
    world.balanced().await;
}

/// The fence takes the stores of whoever asks from their grants, whatever place those name.
#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn without_the_first_fence_a_merchant_still_sees_and_changes_its_own_alone(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = open_world(options, connect).await;
    world.alter("update stores set ownership = 'merchant'").await;
    let hq = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    let (here, there) = (Uuid::now_v7(), Uuid::now_v7());
    for (id, code, store) in [(here, "HERE", "RMGC"), (there, "THERE", "XIHU")] {
        let merchant = SaveMerchant { code: code.into(), name: code.into(), stores: vec![store.into()] };
        staff::joined_merchants::save(&hq, id, merchant).await.unwrap();
    }
    let (order, code) = world.place_paid(&world.member().await, 1).await;
    let stranger = world.staff("别家商户", Role::MerchantOwner, Reach::Merchant(there)).await;
    assert_eq!(orders::list(&stranger, ListOrders::default()).await.unwrap().items.len(), 0);
    assert_eq!(code_of(orders::show_for_staff(&stranger, order).await), "not_found");
    assert_eq!(code_of(orders::redeem(&stranger, &code).await), "not_found");
    assert_eq!(code_of(orders::accept(&stranger, order).await), "not_found");
    assert_eq!(sold_today(&stranger).await, 0);
    let owner = world.staff("商户", Role::MerchantOwner, Reach::Merchant(here)).await;
    orders::accept(&owner, order).await.unwrap();
    assert_eq!(sold_today(&owner).await, 1);
    assert_eq!(audit::list(&owner, &ListAudit::default()).await.unwrap().items.len(), 1);
    assert_eq!(audit::list(&stranger, &ListAudit::default()).await.unwrap().items.len(), 0);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn without_the_first_fence_a_member_still_has_their_own_alone(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = open_world(options, connect).await;
    let (shopper, other) = (world.member().await, world.member().await);
    let order = world.place(&shopper, 1).await;
    let hold = TakeHold {
        id: HoldId(Uuid::now_v7()),
        store_id: world.store,
        sku_id: world.medium,
        quantity: Quantity::try_from(2).unwrap(),
    };
    let hold = holds::take(&shopper, hold).await.unwrap();
    world.put(&shopper, world.large, 1).await;
    assert_eq!(orders::mine(&other, ListOrders::default()).await.unwrap().items.len(), 0);
    assert_eq!(code_of(orders::show(&other, order).await), "not_found");
    assert_eq!(code_of(orders::cancel(&other, order).await), "not_found");
    assert_eq!(payments::scan_code(&other, order).await.unwrap(), None);
    assert_eq!(holds::mine(&other).await.unwrap().len(), 0);
    assert_eq!(code_of(holds::release(&other, hold.id).await), "not_found");
    // Whoever names another's cart has an empty one.
    assert_eq!(cart::pieces(&other).await.unwrap(), 0);

    assert_eq!(orders::mine(&shopper, ListOrders::default()).await.unwrap().items.len(), 1);
    assert_eq!(cart::pieces(&shopper).await.unwrap(), 1);
    holds::release(&shopper, hold.id).await.unwrap();
    orders::cancel(&shopper, order).await.unwrap();
    world.balanced().await;
}

/// What a statement that was slipped in could not do either.
#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_member_writes_nothing_into_what_is_anothers(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect.clone()).await;
    let (shopper, other) = (world.member().await, world.member().await);
    let order = world.place(&shopper, 1).await;
    let me = other.member().unwrap();
    let pool = PgPoolOptions::new().max_connections(1).connect_with(connect).await.unwrap();
    sqlx::query("set role mendian_app").execute(&pool).await.unwrap();
    sqlx::query("select set_config('mendian.member', $1, false)").bind(me.to_string()).execute(&pool).await.unwrap();
    let changes = [
        "update orders set state = 'cancelled'",
        "update orders set member_id = current_setting('mendian.member')::uuid",
        "delete from holds",
        "update members set name = 'x' where id <> current_setting('mendian.member')::uuid",
        "delete from cart_lines",
        "delete from sessions where member_id <> current_setting('mendian.member')::uuid",
        "update payments set state = 'kept'",
    ];
    for change in changes {
        assert_eq!(sqlx::query(change).execute(&pool).await.unwrap().rows_affected(), 0, "{change}");
    }
    let forged =
        sqlx::query("insert into order_steps (order_id, step, act, state, at) values ($1, 9, 'pay', 'paid', now())")
            .bind(order.0)
            .execute(&pool)
            .await;
    assert!(forged.is_err(), "a step of another's order");
    pool.close().await;
    world.balanced().await;
}
