//! The demo is data like any other: it balances.

use chrono::{TimeZone, Utc};
use commerce::{
    House, Partners, Scope, Settings, app_pool, books,
    demo::{self, Size},
};
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

async fn count(pool: &PgPool, question: &'static str) -> i64 {
    sqlx::query_scalar(question).fetch_one(pool).await.unwrap()
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_demos_six_months_of_orders_balance_and_are_written_once(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let owner = PgPoolOptions::new().max_connections(1).connect_with(connect.clone()).await.unwrap();
    let pool = app_pool(options.max_connections(4), connect).await.unwrap();
    let house = House::new(pool, Partners::default(), Settings::default());
    // A Wednesday, one o'clock in Shanghai.
    let scope = Scope::system(&house, Utc.with_ymd_and_hms(2026, 6, 10, 5, 0, 0).unwrap());
    let made = demo::make(&scope, Size::Lived, |_| {}).await.unwrap();
    assert!(made.orders_added > 10_000, "{made:?}");
    assert_eq!(books::check(&scope).await.unwrap(), vec![]);
    assert_eq!(count(&owner, "select count(*) from stock where on_hand <> 200").await, 0, "shelves are full");
    assert_eq!(count(&owner, "select count(*) from orders where placed_at > '2026-06-10 13:00+08'").await, 0);
    let open = "select count(*) from orders where state in ('paid', 'accepted', 'ready')";
    assert!((1..200).contains(&count(&owner, open).await), "some orders are at the counter");
    let weekend =
        "select count(*) / 2 from orders where extract(isodow from placed_at at time zone 'Asia/Shanghai') > 5";
    let week = "select count(*) / 5 from orders where extract(isodow from placed_at at time zone 'Asia/Shanghai') < 6";
    assert!(count(&owner, weekend).await > count(&owner, week).await, "a weekend's day sells more");

    let again = demo::make(&scope, Size::Lived, |_| {}).await.unwrap();
    assert_eq!((again.orders_added, again.listings_added), (0, 0));
    assert_eq!(books::check(&scope).await.unwrap(), vec![]);
}
