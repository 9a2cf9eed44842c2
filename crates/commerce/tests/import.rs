//! Importing stores, on a real PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use chrono::{TimeZone, Utc};
use commerce::{
    House, Partners, Pools, Scope, Settings,
    imports::{Imported, Trial},
    stores::{
        self,
        import::{import, region_codes},
    },
};
use domain::{Fault, hours::Hours, import::StoreRow, stores::Ownership};
use sqlx::PgPool;

fn scope(pool: &PgPool) -> Scope {
    let now = Utc.with_ymd_and_hms(2026, 11, 23, 4, 0, 0).unwrap();
    Scope::system(
        &House::new(Pools { people: pool.clone(), house: pool.clone() }, Partners::default(), Settings::default()),
        now,
    )
}

async fn quiet(_: usize) -> Result<(), Fault> {
    Ok(())
}

fn row(number: usize) -> StoreRow {
    StoreRow {
        brand: "Starbucks".into(),
        code: format!("S-{number}"),
        name: format!("店 {number}"),
        ownership: Some(Ownership::Joint),
        address: format!("四川北路{number}号"),
        city: "上海市".into(),
        region: "310000".into(),
        postcode: Some("200085".into()),
        phone: None,
        timezone: "Asia/Shanghai",
        longitude: 121.48,
        latitude: 31.26,
        weekly: None,
    }
}

async fn count(pool: &PgPool, question: &'static str) -> i64 {
    sqlx::query_scalar(question).fetch_one(pool).await.unwrap()
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_second_import_of_the_same_rows_changes_nothing(pool: PgPool) {
    let scope = scope(&pool);
    let rows: Vec<_> = (0..250).map(row).collect();
    let mut seen = Vec::new();
    let first = import(&scope, &rows, Trial::No, async |done| {
        seen.push(done);
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(first, Imported { inserted: 250, updated: 0, unchanged: 0, moved: 0 });
    assert_eq!(seen, [100, 200, 250]);
    let second = import(&scope, &rows, Trial::No, quiet).await.unwrap();
    assert_eq!(second, Imported { inserted: 0, updated: 0, unchanged: 250, moved: 0 });
    assert_eq!(count(&pool, "select count(*) from locations").await, 250);
    assert_eq!(count(&pool, "select count(*) from brands where code = 'starbucks' and kind = 'other'").await, 1);
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_dry_run_counts_what_would_change_and_changes_nothing(pool: PgPool) {
    let scope = scope(&pool);
    import(&scope, &[row(1), row(2)], Trial::No, quiet).await.unwrap();
    let rows = [row(1), StoreRow { name: "新名".into(), ..row(2) }, row(3)];
    let would = import(&scope, &rows, Trial::Yes, quiet).await.unwrap();
    assert_eq!(would, Imported { inserted: 1, updated: 1, unchanged: 1, moved: 0 });
    assert_eq!(count(&pool, "select count(*) from stores").await, 2);
    assert_eq!(count(&pool, "select count(*) from stores where name = '新名'").await, 0);
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_changed_row_is_updated_and_keeps_its_hours_and_state(pool: PgPool) {
    let scope = scope(&pool);
    let mut rows: Vec<_> = (0..3).map(row).collect();
    import(&scope, &rows, Trial::No, quiet).await.unwrap();
    sqlx::query("update stores set state = 'paused', hours = '{\"weekly\": [], \"special\": [], \"note\": 1}'")
        .execute(&pool)
        .await
        .unwrap();
    rows[1].phone = Some("021-63221136".into());
    let again = import(&scope, &rows, Trial::No, quiet).await.unwrap();
    assert_eq!(again, Imported { inserted: 0, updated: 1, unchanged: 2, moved: 0 });
    let kept = "select count(*) from stores where state = 'paused' and hours ? 'note'";
    assert_eq!(count(&pool, kept).await, 3);
    assert_eq!(count(&pool, "select count(*) from stores where phone = '021-63221136'").await, 1);
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_a_row_leaves_empty_stays_as_it_is(pool: PgPool) {
    let scope = scope(&pool);
    import(&scope, &[row(1)], Trial::No, quiet).await.unwrap();
    let silent = StoreRow { ownership: None, city: String::new(), postcode: None, ..row(1) };
    let again = import(&scope, std::slice::from_ref(&silent), Trial::No, quiet).await.unwrap();
    assert_eq!(again, Imported { inserted: 0, updated: 0, unchanged: 1, moved: 0 });
    import(&scope, &[StoreRow { code: "NEW".into(), ..silent }], Trial::No, quiet).await.unwrap();
    assert_eq!(count(&pool, "select count(*) from stores where code = 'NEW' and ownership = 'direct'").await, 1);
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_row_that_says_hours_sets_the_week_and_leaves_special_days(pool: PgPool) {
    let scope = scope(&pool);
    import(&scope, &[row(1), row(2)], Trial::No, quiet).await.unwrap();
    sqlx::query("update stores set hours = '{\"weekly\": [], \"special\": [{\"date\": \"2027-02-06\", \"reason\": \"春节\", \"spans\": []}]}'")
        .execute(&pool)
        .await
        .unwrap();
    let weekly = Hours::weekly_from("周一至周五 08:00-22:00；周末 09:00-23:00");
    let told = [StoreRow { weekly, ..row(1) }, row(2)];
    let again = import(&scope, &told, Trial::No, quiet).await.unwrap();
    assert_eq!(again, Imported { inserted: 0, updated: 1, unchanged: 1, moved: 0 });
    let open = "select count(*) from stores where jsonb_array_length(hours -> 'weekly') = 2 and hours -> 'special' -> 0 ->> 'reason' = '春节'";
    assert_eq!(count(&pool, open).await, 1);
    let same = import(&scope, &told, Trial::No, quiet).await.unwrap();
    assert_eq!(same, Imported { inserted: 0, updated: 0, unchanged: 2, moved: 0 });
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_import_that_fails_changes_nothing(pool: PgPool) {
    let scope = scope(&pool);
    let mut rows: Vec<_> = (0..150).map(row).collect();
    rows[149].code = rows[0].code.clone();
    rows[148].region = "no such region".into();
    assert!(import(&scope, &rows, Trial::No, quiet).await.is_err());
    for table in ["select count(*) from stores", "select count(*) from locations", "select count(*) from brands"] {
        assert_eq!(count(&pool, table).await, 0, "{table}");
    }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_imported_store_is_found_but_takes_no_orders_before_it_has_hours(pool: PgPool) {
    let scope = scope(&pool);
    import(&scope, &[row(7)], Trial::No, quiet).await.unwrap();
    let store = stores::show(&scope, "S-7", None).await.unwrap();
    assert!(!store.card.opening.takes_orders);
    assert_eq!(store.card.opening.text, "暂无营业时间");
    assert!(store.slots.is_empty());
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn two_imports_at_once_make_each_store_once(pool: PgPool) {
    let scope = scope(&pool);
    let rows: Vec<_> = (0..120).map(row).collect();
    let (one, two) = futures::join!(import(&scope, &rows, Trial::No, quiet), import(&scope, &rows, Trial::No, quiet));
    assert_eq!(one.unwrap().inserted + two.unwrap().inserted, 120);
    assert_eq!(count(&pool, "select count(*) from locations").await, 120);
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn all_thirty_four_provinces_are_known(pool: PgPool) {
    let codes = region_codes(&scope(&pool)).await.unwrap();
    assert_eq!(codes.iter().filter(|code| code.ends_with("0000")).count(), 34);
    assert!(["310000", "320000", "330000"].iter().all(|code| codes.contains(*code)));
}
