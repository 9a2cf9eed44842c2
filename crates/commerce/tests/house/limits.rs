//! What one asker may take from all others: time in the database, and room for messages.

use std::time::Instant;

use chrono::Duration;
use commerce::flashes::{self, Flash};
use domain::Fields;
use sqlx::{
    Connection as _,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use uuid::Uuid;

use crate::world::{World, code_of};

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_people_ask_for_is_stopped_after_ten_seconds_and_the_servers_own_work_is_not(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let visitor = world.visitor().await;
    let id = flashes::keep(&visitor, &Flash::default()).await.unwrap();
    // Whoever waits for a lock is as slow as whoever reads too much, and tells nothing of the machine's speed.
    let mut owner = world.owner.acquire().await.unwrap();
    let mut lock = owner.begin().await.unwrap();
    sqlx::query("lock table flashes").execute(&mut *lock).await.unwrap();
    let begun = Instant::now();
    let fault = flashes::take(&visitor, id).await.unwrap_err();
    assert_eq!((fault.code(), fault.message().contains("请稍后再试")), ("upstream", true), "{fault:?}");
    assert!(begun.elapsed().as_secs() >= 9, "stopped after {:?}", begun.elapsed());

    let system = world.system(0);
    let long = tokio::spawn(async move { flashes::take(&system, id).await });
    tokio::time::sleep(std::time::Duration::from_secs(12)).await;
    assert!(!long.is_finished(), "the server's own work was stopped");
    lock.rollback().await.unwrap();
    drop(owner);
    assert_eq!(long.await.unwrap().unwrap(), Some(Flash::default()), "what was stopped took nothing");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn nobody_fills_the_database_with_forms_that_fail(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (one, other) = (world.member().await, world.member().await);
    let typed = Fields([("note".to_owned(), "长".repeat(2_000))].into());
    let (long, short) = (Flash { typed, ..Flash::default() }, Flash { message: "已核销".into(), ..Flash::default() });
    let mut first = Uuid::nil();
    for at in 0..50 {
        let id = flashes::keep(&one, &long).await.unwrap();
        first = if at == 0 { id } else { first };
    }
    assert_eq!(code_of(flashes::keep(&one, &long).await), "too_many");
    assert!(flashes::keep(&one, &short).await.is_ok(), "a clerk is still told what happened");
    assert!(flashes::keep(&other, &long).await.is_ok(), "another's forms are another's");
    assert_eq!(flashes::take(&one, first).await.unwrap(), Some(long.clone()), "what was kept is there");
    let mut later = one.clone();
    later.now += Duration::minutes(10);
    assert!(flashes::keep(&later, &long).await.is_ok());
    world.balanced().await;
}
