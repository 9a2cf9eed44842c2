//! What a store should know of its stock before a shopper does (K4).

use chrono::Duration;
use commerce::{Scope, alerts};
use domain::{
    CounterSaleId, Fault,
    alerts::{Alert, AlertKind, AlertState, Goods, ListAlerts, SetAlertRule},
    counter_sales::{CounterLine, SellAtCounter},
    staff::Role,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    counts::place_of,
    people::Reach,
    world::{World, code_of, field_of},
};

/// Looks at every place, so many hours later.
async fn look(world: &World, hours: i64) {
    let scope = world.system(hours * 60);
    while alerts::check(&scope).await.unwrap() {}
}

async fn told(who: &Scope, kind: AlertKind) -> Vec<Alert> {
    let ask = ListAlerts { kind: Some(kind), most: 50, ..Default::default() };
    alerts::list(who, &ask).await.unwrap().items
}

fn rule(kind: AlertKind, threshold: Option<i64>) -> SetAlertRule {
    SetAlertRule { kind, location_id: None, goods: Goods::All, threshold }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn too_little_is_told_once_and_over_when_there_is_enough(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    look(&world, 0).await;
    assert_eq!(told(&clerk, AlertKind::Low).await, []);
    world.leave(world.store, world.medium, 6).await;
    // Held pieces are promised as well.
    world.place(&world.member().await, 1).await;
    look(&world, 1).await;
    look(&world, 2).await;
    let found = told(&clerk, AlertKind::Low).await;
    assert_eq!(found.len(), 1, "told once");
    assert_eq!((found[0].sku_id, found[0].threshold, found[0].pieces), (world.medium, 5, 5));
    assert_eq!(alerts::unread(&clerk).await.unwrap(), 1);
    alerts::see(&clerk, found[0].id).await.unwrap();
    alerts::see(&clerk, found[0].id).await.unwrap();
    look(&world, 3).await;
    assert_eq!(alerts::unread(&clerk).await.unwrap(), 0, "what somebody has taken note of is not told again");
    let seen = told(&clerk, AlertKind::Low).await;
    assert_eq!((seen[0].state, seen[0].seen_by.as_deref()), (AlertState::Seen, Some("店员")));

    world.receive(world.store, world.medium, 10).await;
    look(&world, 4).await;
    assert_eq!(told(&clerk, AlertKind::Low).await, []);
    let over = ListAlerts { state: Some(AlertState::Solved), most: 9, ..Default::default() };
    assert_eq!(alerts::list(&clerk, &over).await.unwrap().items.len(), 1);
    world.receive(world.store, world.medium, -12).await;
    look(&world, 5).await;
    assert_eq!(alerts::unread(&clerk).await.unwrap(), 1, "and told anew when it happens again");
    world.alter("update listings set on_shelf = false").await;
    look(&world, 6).await;
    assert_eq!(told(&clerk, AlertKind::Low).await, [], "what is no longer sold may run out");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_somebody_has_seen_is_told_anew_once_the_last_piece_has_gone(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    world.leave(world.store, world.medium, 5).await;
    look(&world, 1).await;
    let first = told(&clerk, AlertKind::Low).await;
    alerts::see(&clerk, first[0].id).await.unwrap();

    world.leave(world.store, world.medium, 2).await;
    look(&world, 2).await;
    let fewer = told(&clerk, AlertKind::Low).await;
    assert_eq!((fewer[0].pieces, fewer[0].state, fewer[0].since), (2, AlertState::Seen, first[0].since));

    world.leave(world.store, world.medium, 0).await;
    look(&world, 3).await;
    look(&world, 4).await;
    let gone = told(&clerk, AlertKind::Low).await;
    assert_eq!((gone.len(), gone[0].id, gone[0].pieces), (1, first[0].id, 0));
    assert_eq!((gone[0].state, gone[0].seen_by.as_deref()), (AlertState::Open, None));
    assert_eq!(gone[0].since, world.now + Duration::hours(3), "told anew once");
    alerts::see(&clerk, gone[0].id).await.unwrap();
    look(&world, 5).await;
    assert_eq!(alerts::unread(&clerk).await.unwrap(), 0);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_threshold_that_says_most_applies(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let head = world.staff("总部", Role::GoodsDepartment, Reach::Everywhere).await;
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    let category = Goods::Category { code: "milk-tea".into() };
    let here = Some(place_of(world.store));
    let high = |location_id, goods, threshold| SetAlertRule { location_id, goods, ..rule(AlertKind::High, threshold) };
    let found = async |hours| {
        look(&world, hours).await;
        let places = told(&head, AlertKind::High).await;
        places.into_iter().filter(|alert| Some(alert.location_id) == here).map(|alert| alert.sku_id).collect::<Vec<_>>()
    };
    alerts::set(&head, high(None, Goods::All, Some(1000))).await.unwrap();
    assert_eq!(found(1).await, []);
    alerts::set(&head, high(None, category.clone(), Some(50))).await.unwrap();
    assert_eq!(found(2).await.len(), 2, "a category before all goods");
    let large = Goods::Sku { code: world.large.to_string() };
    alerts::set(&head, high(None, large, Some(500))).await.unwrap();
    assert_eq!(found(3).await, [world.medium], "one variant before its category");
    let own = alerts::set(&manager, high(here, Goods::All, None)).await.unwrap();
    assert_eq!(found(4).await, [], "a store's own before head office's, also where it wants none");
    assert_eq!(told(&head, AlertKind::High).await.len(), 1, "the other store's is as it was");
    let again = alerts::set(&manager, high(here, Goods::All, Some(100))).await.unwrap();
    assert_eq!(again, own, "a threshold for the same goods becomes this");
    assert_eq!(found(5).await.len(), 2);
    alerts::remove(&manager, own).await.unwrap();
    assert_eq!(found(6).await, [world.medium]);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_lies_there_unsold_is_told_until_one_is_handed_over(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    look(&world, 24 * 30).await;
    assert_eq!(told(&clerk, AlertKind::Slow).await, [], "not for so long yet");
    look(&world, 24 * 70).await;
    assert_eq!(told(&clerk, AlertKind::Slow).await.len(), 2);
    let (order, code) = world.place_paid(&world.member().await, 1).await;
    commerce::orders::accept(&clerk, order).await.unwrap();
    commerce::orders::prepare(&clerk, order).await.unwrap();
    let mut later = clerk.clone();
    later.now += Duration::days(71);
    commerce::orders::redeem(&later, &code).await.unwrap();
    look(&world, 24 * 72).await;
    let left = told(&clerk, AlertKind::Slow).await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].sku_id, world.large);
    // Over the counter as well.
    let lines = vec![CounterLine { code: world.large.to_string(), pieces: 1 }];
    let id = CounterSaleId(Uuid::now_v7());
    let sale = SellAtCounter { id, lines, occurred_at: None, handed_over: false };
    commerce::counter_sales::sell(&later, world.store, sale).await.unwrap();
    look(&world, 24 * 73).await;
    assert_eq!(told(&clerk, AlertKind::Slow).await, []);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn alerts_and_thresholds_are_a_places_own_and_of_those_above_it(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    let stranger = world.staff("西湖店长", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    world.leave(world.store, world.medium, 1).await;
    look(&world, 1).await;
    let alert = told(&manager, AlertKind::Low).await.pop().unwrap();
    assert_eq!(told(&stranger, AlertKind::Low).await, []);
    assert_eq!(alerts::unread(&stranger).await.unwrap(), 0);
    assert_eq!(code_of(alerts::see(&stranger, alert.id).await), "not_found");
    assert_eq!(code_of(alerts::see_all(&stranger, place_of(world.store)).await), "not_found");
    let own = SetAlertRule { location_id: Some(place_of(world.store)), ..rule(AlertKind::Low, Some(9)) };
    assert_eq!(code_of(alerts::set(&stranger, own.clone()).await), "not_found");
    assert_eq!(code_of(alerts::set(&clerk, own.clone()).await), "forbidden");
    assert_eq!(code_of(alerts::set(&manager, rule(AlertKind::Low, Some(9))).await), "forbidden", "everybody's");
    assert_eq!(field_of(alerts::set(&manager, SetAlertRule { threshold: Some(-1), ..own.clone() }).await), "threshold");
    let unknown = SetAlertRule { goods: Goods::Sku { code: "ANANAS".into() }, ..own.clone() };
    assert_eq!(field_of(alerts::set(&manager, unknown).await), "sku");
    let id = alerts::set(&manager, own).await.unwrap();
    assert_eq!(code_of(alerts::remove(&stranger, id).await), "not_found");
    assert_eq!(alerts::rules(&stranger, None).await.unwrap().len(), 3, "head office's alone");
    assert_eq!(alerts::rules(&manager, None).await.unwrap().len(), 4);
    alerts::see_all(&manager, place_of(world.store)).await.unwrap();
    assert_eq!(alerts::unread(&manager).await.unwrap(), 0);
    assert_eq!(alerts::list(&world.visitor().await, &ListAlerts::default()).await.unwrap_err(), Fault::Unauthenticated);
    world.balanced().await;
}
