//! The demo is data like any other: it balances.

use std::path::Path;

use chrono::{TimeZone, Utc};
use commerce::{
    House, Partners, Pools, Scope, Settings, books,
    demo::{self, Size},
};
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

async fn count(pool: &PgPool, question: &'static str) -> i64 {
    sqlx::query_scalar(question).fetch_one(pool).await.unwrap()
}

async fn house(options: PgPoolOptions, connect: PgConnectOptions) -> (PgPool, House) {
    let owner = PgPoolOptions::new().max_connections(1).connect_with(connect.clone()).await.unwrap();
    let pools = Pools::connect(options.max_connections(4), connect).await.unwrap();
    (owner, House::new(pools, Partners::default(), Settings::default()))
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_demos_six_months_of_orders_balance_and_are_written_once(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let (owner, house) = house(options, connect).await;
    // A Wednesday, one o'clock in Shanghai.
    let scope = Scope::system(&house, Utc.with_ymd_and_hms(2026, 6, 10, 5, 0, 0).unwrap());
    let made = demo::make(&scope, Size::Lived, |_| {}).await.unwrap();
    assert!(made.orders_added > 10_000, "{made:?}");
    assert_eq!(books::check(&scope).await.unwrap(), vec![]);
    assert_eq!(count(&owner, "select count(*) from stock s where on_hand <> 200 and not exists (
         select from movements m where m.location_id = s.location_id and m.sku_id = s.sku_id and m.document_id is not null)").await, 0, "shelves are full");
    for (question, what) in [
        ("select count(*) from (select distinct state from purchases) s", "orders in several states"),
        ("select count(*) from stock_transfers", "transfers"),
        ("select count(*) from batch_remains where remains > 0", "batches"),
        ("select count(*) from counts", "counts"),
        ("select count(*) from supplier_invoices", "invoices"),
        ("select count(*) from cost_entries where cause = 'loss'", "losses at cost"),
    ] {
        assert!(count(&owner, question).await > 0, "{what}");
    }
    assert_eq!(count(&owner, "select count(*) from orders where placed_at > '2026-06-10 13:00+08'").await, 0);
    let open = "select count(*) from orders where state in ('paid', 'accepted', 'ready')";
    assert!((1..200).contains(&count(&owner, open).await), "some orders are at the counter");
    let weekend =
        "select count(*) / 2 from orders where extract(isodow from placed_at at time zone 'Asia/Shanghai') > 5";
    let week = "select count(*) / 5 from orders where extract(isodow from placed_at at time zone 'Asia/Shanghai') < 6";
    assert!(count(&owner, weekend).await > count(&owner, week).await, "a weekend's day sells more");

    let ways = "select count(*) from express_stores e join fulfilment_settings f on f.store_id = e.store_id";
    assert!(count(&owner, ways).await > 1, "some stores bring and send");

    let again = demo::make(&scope, Size::Lived, |_| {}).await.unwrap();
    assert_eq!((again.orders_added, again.listings_added), (0, 0));
    assert_eq!(books::check(&scope).await.unwrap(), vec![]);
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn every_product_of_the_demo_can_be_seen_scanned_and_bought_somewhere(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let (owner, house) = house(options, connect).await;
    let made = demo::make(&Scope::system(&house, Utc::now()), Size::New, |_| {}).await.unwrap();
    assert_eq!(count(&owner, "select count(*) from stores").await, made.stores as i64);
    assert_eq!(count(&owner, "select count(*) from products").await, made.products as i64);

    let pictures: Vec<String> =
        sqlx::query_scalar("select distinct picture from products").fetch_all(&owner).await.unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../public/pictures");
    for picture in pictures {
        for width in [320, 640] {
            let file = folder.join(format!("{picture}-{width}.webp"));
            assert!(file.exists(), "{} is missing", file.display());
        }
    }
    let barcodes: Vec<String> =
        sqlx::query_scalar("select barcode from skus where barcode is not null").fetch_all(&owner).await.unwrap();
    for barcode in &barcodes {
        assert!(is_ean_13(barcode), "{barcode} does not scan");
    }
    let nowhere = "select count(*) from skus k where not exists (select from listings l where l.sku_id = k.id)";
    assert_eq!(count(&owner, nowhere).await, 0);
    let dry = "select count(*) from listings l join stores s on s.id = l.store_id join skus k on k.id = l.sku_id
               join products p on p.id = k.product_id where p.code = 'xs-youyong' and not '恒温泳池' = any (s.features)";
    assert_eq!(count(&owner, dry).await, 0, "nobody swims where there is no pool");
}

/// The digits from the left weigh 1 and 3 by turns; with the check digit their sum is a multiple of ten.
fn is_ean_13(text: &str) -> bool {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(10)).collect();
    digits.is_some_and(|digits| {
        let sum: u32 = digits.iter().zip([1, 3].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
        digits.len() == 13 && sum.is_multiple_of(10)
    })
}
