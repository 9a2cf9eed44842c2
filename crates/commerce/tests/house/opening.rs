//! Whether and when a store is open: what its people say, shoppers meet at once.

use chrono::{Duration, NaiveTime};
use commerce::{
    Scope, orders,
    stores::{self, opening},
};
use domain::{
    hours::{Hours, Span, SpecialDay},
    opening::OpeningSettings,
    orders::OrderState,
    staff::Role,
    stores::StoreState,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::{
    people::Reach,
    world::{World, code_of, field_of},
};

/// The state, the text and how many slots shoppers are offered.
async fn offered(who: &Scope, world: &World) -> (StoreState, String, usize) {
    let store = stores::show_by_id(who, world.store, None).await.unwrap();
    (store.state, store.card.opening.text, store.slots.len())
}

fn span(days: Vec<u8>, open: u32, close: u32) -> Span {
    let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
    Span { days, open: time(open), close: time(close) }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_paused_store_takes_no_orders_hands_over_those_it_has_and_goes_on(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let manager = world.staff("林姐", Role::StoreManager, Reach::Store(world.store)).await;
    let buyer = world.member().await;
    let (paid, code) = world.place_paid(&buyer, 1).await;
    world.put(&buyer, world.medium, 1).await;
    let command = world.command(&buyer).await;

    opening::set_state(&manager, world.store, StoreState::Open, StoreState::Paused).await.unwrap();
    opening::set_state(&manager, world.store, StoreState::Open, StoreState::Paused).await.unwrap();
    assert_eq!(offered(&buyer, &world).await, (StoreState::Paused, "暂停接单".to_owned(), 0));
    assert_eq!(code_of(orders::place(&buyer, command.clone()).await), "store_closed");
    orders::accept(&manager, paid).await.unwrap();
    orders::prepare(&manager, paid).await.unwrap();
    orders::redeem(&manager, &code).await.unwrap();
    assert_eq!(world.state_of(paid).await, OrderState::Completed);

    opening::set_state(&manager, world.store, StoreState::Paused, StoreState::Open).await.unwrap();
    orders::place(&buyer, command).await.unwrap();
    let told = "select count(*) from audit where act = 'set_opening' and before ->> 'state' <> after ->> 'state'";
    assert_eq!(world.count(told).await, 2, "saying it twice is saying it once");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn hours_and_the_time_goods_take_decide_when_orders_can_be_fetched(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let manager = world.staff("林姐", Role::StoreManager, Reach::Store(world.store)).await;
    let buyer = world.member().await;
    let today = world.now.date_naive();
    let set = async |state, prepare_minutes, weekly: Vec<Span>, closed: &[chrono::NaiveDate]| {
        let day = |date: &chrono::NaiveDate| SpecialDay { date: *date, reason: "盘点".into(), spans: Vec::new() };
        let hours = Hours { weekly, special: closed.iter().map(day).collect() };
        let settings = OpeningSettings { state, prepare_minutes, hours };
        opening::save(&manager, world.store, None, &settings).await.unwrap();
        assert_eq!(opening::show(&manager, world.store).await.unwrap(), settings, "what is set is shown again");
    };
    // It is noon. Four slots an hour, the first when goods are ready.
    let afternoon = || vec![span((1..=7).collect(), 11, 14)];
    let tomorrow = today.succ_opt().unwrap();
    set(StoreState::Open, 30, afternoon(), &[tomorrow]).await;
    assert_eq!(offered(&buyer, &world).await.2, 6);
    set(StoreState::Busy, 30, afternoon(), &[tomorrow]).await;
    assert_eq!(offered(&buyer, &world).await, (StoreState::Busy, "忙碌 · 至 14:00".to_owned(), 4), "twice as long");
    set(StoreState::Open, 30, afternoon(), &[today, tomorrow]).await;
    let (_, text, slots) = offered(&buyer, &world).await;
    assert_eq!((text.starts_with("已打烊"), slots), (true, 0), "{text}");
    set(StoreState::Open, 30, Vec::new(), &[]).await;
    assert_eq!(offered(&buyer, &world).await, (StoreState::Open, "暂无营业时间".to_owned(), 0));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn only_who_may_change_a_store_changes_when_it_is_open(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let manager = world.staff("林姐", Role::StoreManager, Reach::Store(world.store)).await;
    let clerk = world.staff("小王", Role::Clerk, Reach::Store(world.store)).await;
    let settings = opening::show(&manager, world.store).await.unwrap();
    assert_eq!(code_of(opening::show(&manager, world.elsewhere).await), "not_found");
    assert_eq!(code_of(opening::save(&manager, world.elsewhere, None, &settings).await), "not_found");
    assert_eq!(
        code_of(opening::set_state(&manager, world.elsewhere, StoreState::Open, StoreState::Closed).await),
        "not_found"
    );
    assert_eq!(
        code_of(opening::set_state(&clerk, world.store, StoreState::Open, StoreState::Closed).await),
        "forbidden"
    );
    assert_eq!(code_of(opening::show(&clerk, world.store).await), "forbidden");
    let wrong = OpeningSettings { prepare_minutes: -1, ..settings.clone() };
    assert_eq!(field_of(opening::save(&manager, world.store, None, &wrong).await), "prepare_minutes");
    assert_eq!(world.count("select count(*) from stores where state <> 'open'").await, 0);
    assert_eq!(world.count("select count(*) from audit where act = 'set_opening'").await, 0);

    // A store that closed is found by nobody, and its people still see it.
    opening::set_state(&manager, world.store, StoreState::Open, StoreState::Closed).await.unwrap();
    // A board that still shows it open does not open it again, nor does a page of its hours.
    let seen = StoreState::Busy;
    assert_eq!(code_of(opening::set_state(&manager, world.store, seen, StoreState::Open).await), "state_changed");
    let again = opening::save(&manager, world.store, Some(StoreState::Open), &settings).await;
    assert_eq!(code_of(again), "state_changed");
    let buyer = world.member().await;
    let ask = domain::stores::FindStores { most: 10, ..Default::default() };
    let found = stores::find(&buyer, ask).await.unwrap();
    assert!(found.iter().all(|store| store.id != world.store), "{found:?}");
    let mut later = manager.clone();
    later.now += Duration::minutes(1);
    assert_eq!(opening::show(&later, world.store).await.unwrap().state, StoreState::Closed);
    world.balanced().await;
}
