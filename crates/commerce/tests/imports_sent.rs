//! Imports that head office sends in, on a real PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use chrono::{TimeZone, Utc};
use commerce::{
    House, Partners, Pools, Scope, Settings, StaffMember, Who,
    imports::sent::{self, Due, Judged, Rows},
};
use domain::{
    Fault, StaffId, StoreId,
    import::{ImportKind, ImportOptions, ImportState, StoreRow},
    staff::{Grant, Place, Reach, Role},
};
use sqlx::PgPool;
use uuid::Uuid;

/// A person of staff with this role and reach.
async fn person(pool: &PgPool, role: Role, reach: Reach) -> Scope {
    let now = Utc.with_ymd_and_hms(2026, 11, 23, 4, 0, 0).unwrap();
    let mut scope = Scope::system(
        &House::new(Pools { people: pool.clone(), house: pool.clone() }, Partners::default(), Settings::default()),
        now,
    );
    let id = Uuid::now_v7();
    sqlx::query("insert into staff (id, account, name, password_hash) values ($1, $2, '周总', '')")
        .bind(id)
        .bind(id.to_string())
        .execute(pool)
        .await
        .unwrap();
    let grants = vec![Grant::of(role, Place::Everywhere, reach)];
    let name = "周总".into();
    scope.who = Who::Staff(Arc::new(StaffMember {
        id: StaffId(id),
        name,
        grants,
        must_change_password: false,
        must_set_up_second_step: false,
    }));
    scope
}

fn store(number: usize) -> StoreRow {
    StoreRow {
        brand: "青禾".into(),
        code: format!("S-{number}"),
        name: format!("店 {number}"),
        ownership: None,
        address: format!("路 {number} 号"),
        city: String::new(),
        region: "310000".into(),
        postcode: None,
        phone: None,
        timezone: "Asia/Shanghai",
        longitude: 121.48,
        latitude: 31.26,
        weekly: None,
    }
}

async fn send_in(scope: &Scope) -> Uuid {
    sent::receive(scope, ImportKind::Stores, "门店.csv", ImportOptions::default(), b"x").await.unwrap()
}

/// Does one step as a server does.
async fn step(scope: &Scope, due: &Due, rows: &[StoreRow]) -> Result<(), Fault> {
    sent::carry_out(scope, due, Rows::Stores(rows), Judged::default()).await
}

async fn stores(pool: &PgPool) -> i64 {
    sqlx::query_scalar("select count(*) from stores").fetch_one(pool).await.unwrap()
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn only_a_reach_of_all_stores_is_enough_to_import(pool: PgPool) {
    let near = Reach::Stores(vec![StoreId(Uuid::now_v7())]);
    let refused = [
        person(&pool, Role::SuperAdmin, near).await,
        person(&pool, Role::RegionalManager, Reach::All).await,
        person(&pool, Role::StoreManager, Reach::All).await,
        person(&pool, Role::Clerk, Reach::All).await,
    ];
    let hq = person(&pool, Role::SuperAdmin, Reach::All).await;
    let id = send_in(&hq).await;
    for scope in refused {
        let options = ImportOptions::default();
        let received = sent::receive(&scope, ImportKind::Stores, "门店.csv", options, b"x").await;
        assert_eq!(received, Err(Fault::Forbidden));
        assert_eq!(sent::list(&scope).await, Err(Fault::Forbidden));
        assert_eq!(sent::show(&scope, id).await, Err(Fault::Forbidden));
        assert_eq!(sent::choose_columns(&scope, id, [].into()).await, Err(Fault::Forbidden));
        assert_eq!(sent::confirm(&scope, id).await, Err(Fault::Forbidden));
        assert_eq!(sent::cancel(&scope, id).await, Err(Fault::Forbidden));
        assert_eq!(sent::rejects(&scope, id).await, Err(Fault::Forbidden));
    }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn nothing_is_written_before_it_is_confirmed_and_an_import_that_was_cut_off_is_taken_again(pool: PgPool) {
    let hq = person(&pool, Role::SuperAdmin, Reach::All).await;
    let id = send_in(&hq).await;
    assert!(sent::confirm(&hq, id).await.is_err(), "it has not been read");
    let rows: Vec<_> = (0..3).map(store).collect();
    let due = sent::take(&hq).await.unwrap().unwrap();
    assert!(sent::take(&hq).await.unwrap().is_none(), "one server has it");
    step(&hq, &due, &rows).await.unwrap();
    let shown = sent::show(&hq, id).await.unwrap();
    assert_eq!((shown.state, shown.counts.inserted, stores(&pool).await), (ImportState::Ready, 3, 0));

    sent::confirm(&hq, id).await.unwrap();
    sent::confirm(&hq, id).await.unwrap();
    let lost = sent::take(&hq).await.unwrap().unwrap();
    sqlx::query("update imports set taken_until = now() - interval '1 second'").execute(&pool).await.unwrap();
    let due = sent::take(&hq).await.unwrap().unwrap();
    step(&hq, &due, &rows).await.unwrap();
    assert!(step(&hq, &lost, &rows).await.is_err(), "the server that was given up comes too late");
    let shown = sent::show(&hq, id).await.unwrap();
    assert_eq!((shown.state, shown.counts.inserted, stores(&pool).await), (ImportState::Done, 3, 3));
    assert!(sent::cancel(&hq, id).await.is_err(), "what is done cannot be cancelled");
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_import_that_is_cancelled_leaves_nothing(pool: PgPool) {
    let hq = person(&pool, Role::SuperAdmin, Reach::All).await;
    let id = send_in(&hq).await;
    let rows: Vec<_> = (0..3).map(store).collect();
    let due = sent::take(&hq).await.unwrap().unwrap();
    step(&hq, &due, &rows).await.unwrap();
    sent::confirm(&hq, id).await.unwrap();
    let due = sent::take(&hq).await.unwrap().unwrap();
    sent::cancel(&hq, id).await.unwrap();
    let Err(Fault::Conflict { code, .. }) = step(&hq, &due, &rows).await else { panic!("it went on") };
    assert_eq!((code, stores(&pool).await), (sent::STOPPED, 0));
    assert_eq!(sent::show(&hq, id).await.unwrap().state, ImportState::Cancelled);
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn only_who_gives_rights_everywhere_lets_an_import_move_a_store_into_another_region(pool: PgPool) {
    let hq = person(&pool, Role::SuperAdmin, Reach::All).await;
    let goods = person(&pool, Role::GoodsDepartment, Reach::All).await;
    let go_on = async |rows: &[StoreRow]| step(&hq, &sent::take(&hq).await.unwrap().unwrap(), rows).await.unwrap();
    let carry_in = async |rows: &[StoreRow], confirming: &Scope| {
        let id = send_in(&goods).await;
        go_on(rows).await;
        (id, sent::confirm(confirming, id).await)
    };
    let region =
        async || sqlx::query_scalar::<_, String>("select region_code from stores").fetch_one(&pool).await.unwrap();

    let (_, made) = carry_in(&[store(1)], &goods).await;
    made.unwrap();
    go_on(&[store(1)]).await;
    let away = [StoreRow { region: "320000".into(), ..store(1) }];
    let (id, refused) = carry_in(&away, &goods).await;
    assert!(matches!(refused, Err(Fault::Conflict { code: "import_moves_stores", .. })), "{refused:?}");
    assert_eq!(sent::show(&goods, id).await.unwrap().counts.moved, 1);
    sent::confirm(&hq, id).await.unwrap();
    go_on(&away).await;
    assert_eq!(region().await, "320000");

    // Somebody moves it away after this was confirmed, which would now move it back.
    let (id, unmoving) = carry_in(&away, &goods).await;
    unmoving.unwrap();
    sqlx::query("update stores set region_code = '310000'").execute(&pool).await.unwrap();
    go_on(&away).await;
    let shown = sent::show(&goods, id).await.unwrap();
    assert_eq!((shown.state, shown.report.refusal.is_some()), (ImportState::Broken, true));
    assert_eq!(region().await, "310000");
}
