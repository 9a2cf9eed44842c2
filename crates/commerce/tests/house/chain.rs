//! The chain is data like any other, only more: the same small, so that everything can be looked at.

use std::{sync::Arc, time::Duration as StdDuration};

use chrono::{Duration, TimeZone, Utc};
use commerce::{
    House, MIGRATIONS, Partners, Pools, Scope, Settings, books,
    demo::chain::{self, Plan},
};
use sqlx::{
    ConnectOptions, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::sync::Notify;

const PLAN: Plan = Plan { stores: 5, skus: 50, members: 1_000, orders: 2_000 };
const CHAIN_ORDERS: &str = "select count(*) from orders where length(number) = 17";

/// As the owner, and as the server.
async fn house(options: PgPoolOptions, connect: &PgConnectOptions) -> (PgPool, Scope) {
    let owner = PgPoolOptions::new().max_connections(1).connect_with(connect.clone()).await.unwrap();
    let pools = Pools::connect(options.max_connections(4), connect.clone()).await.unwrap();
    let house = House::new(pools, Partners::default(), Settings::default());
    // A Wednesday, one o'clock in Shanghai.
    (owner, Scope::system(&house, Utc.with_ymd_and_hms(2026, 6, 10, 5, 0, 0).unwrap()))
}

async fn count(pool: &PgPool, question: &'static str) -> i64 {
    sqlx::query_scalar(question).fetch_one(pool).await.unwrap()
}

async fn indexes(pool: &PgPool) -> Vec<String> {
    let all = "select indexdef from pg_indexes where schemaname = 'public' order by 1";
    sqlx::query_scalar(all).fetch_all(pool).await.unwrap()
}

/// The load leaves the checks of foreign keys out; this makes up for it.
async fn assert_all_foreign_keys_lead_somewhere(owner: &PgPool) {
    let check = "
        update pg_constraint set convalidated = false where contype = 'f' and connamespace = 'public'::regnamespace;
        do $$
        declare
            one record;
        begin
            for one in select conrelid::regclass as place, conname from pg_constraint where not convalidated loop
                execute format('alter table %s validate constraint %I', one.place, one.conname);
            end loop;
        end
        $$;";
    sqlx::raw_sql(check).execute(owner).await.unwrap();
}

/// Makes a chain until its orders begin.
async fn make_and_cut_off(scope: &Scope, connect: &PgConnectOptions, plan: &Plan) {
    let orders_begun = Arc::new(Notify::new());
    let tell = orders_begun.clone();
    let cut_off = chain::make(scope, connect, plan, move |at| {
        if at.what == "订单" {
            tell.notify_one();
        }
    });
    tokio::select! {
        made = Box::pin(cut_off) => panic!("it was to be cut off: {made:?}"),
        () = orders_begun.notified() => {}
    }
}

/// The connection that was cut off may take a moment to let its lock go.
async fn go_on(scope: &Scope, connect: &PgConnectOptions, plan: &Plan) -> u64 {
    for _ in 0..50 {
        match chain::make(scope, connect, plan, |_| {}).await {
            Err(fault) if fault.code() == "chain_running" => tokio::time::sleep(StdDuration::from_millis(100)).await,
            made => return made.unwrap(),
        }
    }
    panic!("the lock was never let go")
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_chain_cut_off_goes_on_balances_in_the_books_and_is_made_once(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let (owner, scope) = house(options, &connect).await;
    let indexes_before = indexes(&owner).await;
    make_and_cut_off(&scope, &connect, &PLAN).await;
    assert!(count(&owner, CHAIN_ORDERS).await < 2_000);
    let later = Scope::system(scope.house(), scope.now + Duration::hours(2));
    assert!(go_on(&later, &connect, &PLAN).await > 0);
    assert_eq!(books::check(&later).await.unwrap(), vec![]);
    assert_all_foreign_keys_lead_somewhere(&owner).await;
    assert_eq!(indexes(&owner).await, indexes_before);
    assert_whole(&owner).await;

    assert_eq!(chain::make(&later, &connect, &PLAN, |_| {}).await.unwrap(), 0);
    let larger = Plan { orders: 3_000, ..PLAN };
    let refused = chain::make(&later, &connect, &larger, |_| {}).await.unwrap_err();
    assert_eq!(refused.code(), "chain_of_other_size");
    assert!(refused.message().contains("--orders 2000"), "{}", refused.message());
}

async fn assert_whole(owner: &PgPool) {
    assert_eq!(count(owner, CHAIN_ORDERS).await, 2_000);
    assert_eq!(count(owner, "select count(*) from members where phone like '198%'").await, 1_000);
    assert_eq!(count(owner, "select count(*) from stores where code ~ '^BB-[0-9]{4}$'").await, 5);
    let unlisted = "select count(*) from stores s join products p using (brand_id) join skus k on k.product_id = p.id
                    join brands b on b.id = s.brand_id
                    where b.code = 'beibei' and not exists (
                        select from listings l join stock t on t.location_id = l.store_id and t.sku_id = l.sku_id
                        where l.store_id = s.id and l.sku_id = k.id
                          -- But for what the demo counts, loses and sends.
                          and (t.on_hand >= 200 or exists (select from movements m where m.location_id = t.location_id
                                                           and m.sku_id = t.sku_id and m.document_id is not null)))";
    assert_eq!(count(owner, unlisted).await, 0, "every store of the brand has everything");
    let unknown = "select count(*) from stores where id not in (select store_id from menu_versions)";
    assert_eq!(count(owner, unknown).await, 0, "servers hear of every shelf");
    let to_come = "select count(*) from orders where placed_at > '2026-06-10 13:00+08'";
    assert_eq!(count(owner, to_come).await, 0, "going on later does not move the orders");
}

/// As on a managed PostgreSQL: the owner of the schema is no superuser.
#[sqlx::test(migrations = false)]
async fn a_chain_is_written_with_checks_where_the_owner_may_not_leave_them_out(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let superuser = PgPoolOptions::new().max_connections(1).connect_with(connect.clone()).await.unwrap();
    let role = "
        do $$
        begin
            create role mendian_app nologin noinherit;
        exception
            when duplicate_object or unique_violation then null;
        end
        $$;
        do $$
        begin
            create role chain_owner login createrole;
        exception
            when duplicate_object then null;
        end
        $$;
        grant mendian_app to chain_owner with admin option;
        do $$ begin execute format('alter database %I owner to chain_owner', current_database()); end $$;
        -- Tests' databases come with a schema that is the superuser's.
        drop schema public cascade;
        create schema public authorization chain_owner;
        grant usage on schema public to public;";
    sqlx::raw_sql(role).execute(&superuser).await.unwrap();
    let connect = connect.username("chain_owner");
    MIGRATIONS.run(&mut connect.connect().await.unwrap()).await.unwrap();
    let (_, scope) = house(options, &connect).await;
    let plan = Plan { stores: 2, skus: 10, members: 100, orders: 300 };
    assert!(chain::make(&scope, &connect, &plan, |_| {}).await.unwrap() > 0);
    assert_eq!(books::check(&scope).await.unwrap(), vec![]);
    assert_eq!(count(&superuser, CHAIN_ORDERS).await, 300);
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_chain_is_not_written_among_orders_that_are_no_demo(options: PgPoolOptions, connect: PgConnectOptions) {
    let (owner, scope) = house(options, &connect).await;
    let world = "
        insert into carts (id) values ('00000000-0000-0000-0000-000000000001');
        insert into members (id, phone, name, cart_id, joined_at)
        select id, '13800000000', '顾客', id, now() from carts;
        insert into locations (id, kind) select id, 'store' from carts;
        insert into brands (id, code, name, kind) select id, 'own', '自家', 'other' from carts;
        insert into stores (id, code, brand_id, name, ownership, region_code, address, latitude, longitude, hours)
        select id, 'S1', id, '一号店', 'direct', '310100', '某路 1 号', 31, 121, '{}' from carts;
        insert into orders (id, number, store_id, member_id, channel, state, total_fen, slot_start, slot_end, pay_before,
                            occurred_at, placed_at, request_hash)
        select id, '1', id, id, 'shop', 'expired', 1, now(), now(), now(), now(), now(), '\\x01' from carts;";
    sqlx::raw_sql(world).execute(&owner).await.unwrap();
    let refused = chain::make(&scope, &connect, &PLAN, |_| {}).await.unwrap_err();
    assert_eq!(refused.code(), "has_real_orders");
    assert_eq!(count(&owner, "select count(*) from stores").await, 1, "nothing was changed");
    assert_eq!(count(&owner, "select count(*) from pg_namespace where nspname = 'chain_demo'").await, 0);
}
