//! What was written stays written: the server's own roles cannot change history.

use commerce::{Pools, orders};
use domain::staff::Role;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::{people::Reach, world::World};

/// PostgreSQL's code for "insufficient privilege".
const DENIED: &str = "42501";

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn history_cannot_be_changed_or_deleted_by_the_server(options: PgPoolOptions, connect: PgConnectOptions) {
    let server = Pools::connect(PgPoolOptions::new().max_connections(1), connect.clone()).await.unwrap();
    let world = World::new(options, connect).await;
    let clerk = world.staff("小王", Role::Clerk, Reach::Store(world.store)).await;
    let (order, code) = world.place_paid(&world.member().await, 1).await;
    orders::accept(&clerk, order).await.unwrap();
    orders::redeem(&clerk, &code).await.unwrap();
    let attempts = [
        "update movements set held = 0",
        "delete from movements",
        "truncate movements",
        "update transfers set amount_fen = 1",
        "delete from transfers",
        "truncate transfers",
        "update order_steps set note = ''",
        "delete from order_steps",
        "truncate order_steps cascade",
        "update order_picks set quantity = 0",
        "delete from order_picks",
        "update checkouts set placed_at = now()",
        "delete from checkouts",
        "update order_lines set unit_fen = 1",
        "delete from order_lines",
        "update parcel_returns set reason = ''",
        "delete from parcel_returns",
        "update parcel_goods set quantity = 1",
        "update unsent_ends set reason = ''",
        "delete from unsent_end_lines",
        "update after_sales_steps set note = ''",
        "delete from after_sales_steps",
        "update after_sales_missing set quantity = 1",
        "delete from after_sales_missing",
        "update after_sales_store_proofs set note = ''",
        "delete from after_sales_store_proofs",
        "delete from after_sales",
        "update audit set reason = ''",
        "delete from audit",
        "truncate audit",
        "update stock_transfer_steps set note = ''",
        "delete from stock_transfer_steps",
        "update stock_transfer_losses set quantity = 1",
        "delete from stock_transfer_losses",
        "update goods_receipts set note = ''",
        "delete from goods_receipt_lines",
        "delete from stock_transfers",
        "update purchase_steps set note = ''",
        "delete from purchases",
        "update purchase_receipts set note = ''",
        "delete from purchase_receipt_lines",
        "update cost_steps set after_milli_fen = 1",
        "delete from cost_steps",
        "insert into cost_entries (location_id, sku_id, cause, quantity, value_milli_fen, at)
         values (gen_random_uuid(), gen_random_uuid(), 'receive', 1, 1, now())",
        "update cost_entries set quantity = 1",
        "delete from cost_entries",
        "update set_apart_ends set note = ''",
        "delete from set_apart_end_lines",
        "delete from set_apart",
        "update counter_sales set asked = ''",
        "delete from counter_sale_lines",
        "update counter_returns set why = 'mistake'",
        "delete from counter_return_lines",
        "update supplier_ledger set amount_fen = 1",
        "delete from supplier_ledger",
        "update supplier_invoice_receipts set invoice_id = receipt_id",
        "update supplier_payments set amount_fen = 1",
        "delete from supplier_payments",
        "update supplier_payments_taken_back set reason = ''",
        "delete from supplier_payments_taken_back",
    ];
    for (attempt, server) in attempts.iter().flat_map(|attempt| [(*attempt, &server.people), (*attempt, &server.house)])
    {
        let refused = sqlx::query(attempt).execute(server).await.expect_err(attempt);
        let code = refused.as_database_error().and_then(|error| error.code().map(|code| code.into_owned()));
        assert_eq!(code.as_deref(), Some(DENIED), "{attempt}: {refused}");
    }
    // Each of them had something to lose.
    let tables = "select (exists (select from movements) and exists (select from transfers)
        and exists (select from order_steps) and exists (select from order_lines) and exists (select from audit))::int::bigint";
    assert_eq!(world.count(tables).await, 1);
    server.people.close().await;
    server.house.close().await;
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_servers_roles_own_nothing(options: PgPoolOptions, connect: PgConnectOptions) {
    let server = Pools::connect(PgPoolOptions::new().max_connections(1), connect.clone()).await.unwrap();
    let world = World::new(options, connect).await;
    let owned = "select count(*) from pg_class where relowner in ('mendian_app'::regrole, 'mendian_house'::regrole)";
    assert_eq!(world.count(owned).await, 0);
    for attempt in [
        "create table mine (id int)",
        "drop table orders",
        "alter table stock drop constraint stock_promises_covered",
        "alter table orders disable row level security",
        "drop policy people on orders",
    ] {
        for role in [&server.people, &server.house] {
            assert!(sqlx::query(attempt).execute(role).await.is_err(), "{attempt}");
        }
    }
    server.people.close().await;
    server.house.close().await;
    world.balanced().await;
}
