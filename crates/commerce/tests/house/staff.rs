//! What staff may see and do, and how far.

use chrono::Duration;
use commerce::{Scope, cart, catalog, figures, orders};
use domain::{
    Fault, Fen, OrderId, StoreId,
    cart::SetLine,
    catalog::ListProducts,
    orders::{ListOrders, OrderState, PlaceOrder},
    staff::Role,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::{
    people::Reach,
    world::{Stock, World, code_of, field_of, teas},
};

/// An order at the store in Hangzhou.
async fn place_elsewhere(world: &World, who: &Scope, pieces: i64) -> OrderId {
    let line = SetLine { store_id: world.elsewhere, ..world.line(world.medium, pieces) };
    cart::set_line(who, line).await.unwrap();
    let quote = cart::quote(who, world.elsewhere).await.unwrap();
    let command = PlaceOrder {
        store_id: world.elsewhere,
        slot: quote.slots[0].start,
        expected_total_fen: quote.total_fen,
        ..world.command(who).await
    };
    orders::place(who, command).await.unwrap().id
}

fn everything() -> ListOrders {
    ListOrders { most: 100, ..ListOrders::default() }
}

async fn stores_listed(who: &Scope) -> Vec<StoreId> {
    orders::list(who, everything()).await.unwrap().items.iter().map(|card| card.store_id).collect()
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_order_goes_from_payment_to_the_counter_and_is_revenue_then(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let clerk = world.staff("小王", Role::Clerk, Reach::Store(world.store)).await;
    let (order, code) = world.place_paid(&world.member().await, 2).await;
    for _ in 0..2 {
        orders::accept(&clerk, order).await.unwrap();
    }
    for _ in 0..2 {
        orders::prepare(&clerk, order).await.unwrap();
    }
    assert_eq!(world.count("select count(*) from transfers where cause = 'fulfil'").await, 0);
    assert_eq!(orders::redeem(&clerk, &code).await, Ok(order));
    assert_eq!(world.stock_at(world.store, world.medium).await, Stock { on_hand: 98, held: 0, allocated: 0 });
    let revenue = "select sum(amount_fen)::bigint from transfers where credit like 'revenue:%'";
    assert_eq!(world.count(revenue).await, teas(2).0);
    let audited: Vec<(String, Option<serde_json::Value>, String)> =
        sqlx::query_as("select act, after, request_id from audit order by id").fetch_all(&world.owner).await.unwrap();
    let acts: Vec<_> = audited.iter().map(|(act, ..)| act.as_str()).collect();
    assert_eq!(acts, ["accept", "prepare", "redeem"], "each act once");
    assert_eq!(audited[2].1, Some(serde_json::json!({ "state": "completed" })));
    assert_eq!(audited[2].2, "request-1");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_clerk_of_another_store_finds_neither_the_order_nor_its_code(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    let clerk = world.staff("小王", Role::Clerk, Reach::Store(world.store)).await;
    let (order, code) = world.place_paid(&world.member().await, 1).await;
    assert_eq!(code_of(orders::show_for_staff(&manager, order).await), "not_found");
    assert_eq!(code_of(orders::accept(&manager, order).await), "not_found");
    assert_eq!(code_of(orders::prepare(&manager, order).await), "not_found");
    assert_eq!(code_of(orders::reject(&manager, order, "没有了").await), "not_found");
    orders::accept(&clerk, order).await.unwrap();
    assert_eq!(code_of(orders::redeem(&manager, &code).await), "not_found");
    assert_eq!(world.state_of(order).await, OrderState::Accepted);
    assert_eq!(stores_listed(&manager).await, []);
    assert_eq!(orders::board(&manager, Some(world.store)).await.unwrap(), []);
    assert_eq!(world.count("select count(*) from audit").await, 1);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn nobody_but_staff_fulfils_orders(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let (order, code) = world.place_paid(&buyer, 1).await;
    for who in [&buyer, &world.visitor().await, &world.system(0)] {
        assert_eq!(orders::accept(who, order).await, Err(Fault::Unauthenticated));
        assert_eq!(orders::reject(who, order, "不").await, Err(Fault::Unauthenticated));
        assert_eq!(orders::redeem(who, &code).await, Err(Fault::Unauthenticated));
        assert_eq!(code_of(orders::list(who, everything()).await), "unauthenticated");
    }
    assert_eq!(world.state_of(order).await, OrderState::Paid);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_clerk_may_not_turn_an_order_down_but_the_stores_manager_may(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let clerk = world.staff("小王", Role::Clerk, Reach::Store(world.store)).await;
    let manager = world.staff("林姐", Role::StoreManager, Reach::Store(world.store)).await;
    let (order, code) = world.place_paid(&buyer, 2).await;
    orders::accept(&clerk, order).await.unwrap();
    assert_eq!(orders::reject(&clerk, order, "原料用完").await, Err(Fault::Forbidden));
    assert_eq!(field_of(orders::reject(&manager, order, "  ").await), "reason");
    assert_eq!(field_of(orders::reject(&manager, order, &"长".repeat(101)).await), "reason");
    assert_eq!(world.state_of(order).await, OrderState::Accepted);
    orders::reject(&manager, order, "原料用完").await.unwrap();
    orders::reject(&manager, order, "原料用完").await.unwrap();
    assert_eq!(world.stock_at(world.store, world.medium).await, Stock { on_hand: 100, held: 0, allocated: 0 });
    assert_eq!(world.count("select count(*) from refunds where state = 'wanted'").await, 1);
    assert_eq!(world.count("select count(*) from audit where act = 'reject' and reason = '原料用完'").await, 1);
    let view = world.order(&buyer, order).await;
    assert_eq!((view.card.state, &*view.steps.last().unwrap().note), (OrderState::Rejected, "原料用完"));
    assert_eq!(code_of(orders::redeem(&clerk, &code).await), "not_now");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_regional_manager_looks_but_does_not_touch(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let manager = world.staff("顾经理", Role::RegionalManager, Reach::Region("310000")).await;
    let (order, code) = world.place_paid(&world.member().await, 1).await;
    assert!(orders::show_for_staff(&manager, order).await.is_ok());
    assert_eq!(orders::accept(&manager, order).await, Err(Fault::Forbidden));
    assert_eq!(orders::redeem(&manager, &code).await, Err(Fault::Forbidden));
    assert_eq!(orders::reject(&manager, order, "不").await, Err(Fault::Forbidden));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_code_that_was_used_says_when_and_by_whom(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let clerk = world.staff("小王", Role::Clerk, Reach::Store(world.store)).await;
    let mut colleague = world.staff("小李", Role::Clerk, Reach::Store(world.store)).await;
    let (order, code) = world.place_paid(&world.member().await, 1).await;
    orders::accept(&clerk, order).await.unwrap();
    orders::redeem(&clerk, &code).await.unwrap();
    colleague.now += Duration::minutes(30);
    let Err(Fault::Conflict { code, message }) = orders::redeem(&colleague, &code).await else { panic!("used") };
    assert_eq!(code, "already_redeemed");
    assert!(message.contains("小王") && message.contains("今天 12:00"), "{message}");
    assert_eq!(world.count("select count(*) from movements where cause = 'issue'").await, 1);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_order_must_be_accepted_before_it_is_handed_over(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let clerk = world.staff("小王", Role::Clerk, Reach::Store(world.store)).await;
    let (order, code) = world.place_paid(&world.member().await, 1).await;
    assert_eq!(code_of(orders::redeem(&clerk, &code).await), "not_accepted");
    assert_eq!(code_of(orders::prepare(&clerk, order).await), "not_now");
    assert_eq!(world.state_of(order).await, OrderState::Paid);
    orders::accept(&clerk, order).await.unwrap();
    // Ready is a courtesy to the shopper, not a condition.
    orders::redeem(&clerk, &code).await.unwrap();
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_unpaid_order_is_not_accepted_and_an_unknown_code_not_found(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let clerk = world.staff("小王", Role::Clerk, Reach::Store(world.store)).await;
    let order = world.place(&world.member().await, 1).await;
    assert_eq!(code_of(orders::accept(&clerk, order).await), "not_now");
    assert_eq!(code_of(orders::redeem(&clerk, &"00000000".parse().unwrap()).await), "not_found");
    assert_eq!(world.count("select count(*) from audit").await, 0);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_code_cannot_be_found_by_trying(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let mut clerk = world.staff("小王", Role::Clerk, Reach::Store(world.store)).await;
    let (order, code) = world.place_paid(&world.member().await, 1).await;
    orders::accept(&clerk, order).await.unwrap();
    let another = |tried: u32| format!("{:08}", (code.as_str().parse::<u32>().unwrap() + 1 + tried) % 100_000_000);
    for tried in 0..15 {
        assert_eq!(code_of(orders::redeem(&clerk, &another(tried).parse().unwrap()).await), "not_found");
        let words = another(tried + 15);
        let found = orders::list(&clerk, ListOrders { words, ..ListOrders::default() }).await.unwrap();
        assert_eq!(found.items, []);
    }
    assert_eq!(code_of(orders::redeem(&clerk, &code).await), "too_many");
    let words = code.as_str().to_owned();
    assert_eq!(code_of(orders::list(&clerk, ListOrders { words, ..ListOrders::default() }).await), "too_many");
    clerk.now += Duration::minutes(10);
    orders::redeem(&clerk, &code).await.unwrap();
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_same_code_at_two_stores_is_handed_over_by_neither_at_once(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let head_office = world.staff("周总", Role::SuperAdmin, Reach::Everywhere).await;
    let (here, code) = world.place_paid(&buyer, 1).await;
    let there = place_elsewhere(&world, &buyer, 1).await;
    world.pay(there).await;
    world.alter("update orders set pickup_code = (select min(pickup_code) from orders)").await;
    let code = if world.code_of(here).await == code { code } else { world.code_of(here).await };
    orders::accept(&head_office, here).await.unwrap();
    orders::accept(&head_office, there).await.unwrap();
    assert_eq!(code_of(orders::redeem(&head_office, &code).await), "several_orders");
    let clerk = world.staff("小王", Role::Clerk, Reach::Store(world.store)).await;
    assert_eq!(orders::redeem(&clerk, &code).await.unwrap(), here);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_pickup_code_is_the_shoppers_secret(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let head_office = world.staff("周总", Role::SuperAdmin, Reach::Everywhere).await;
    let (order, code) = world.place_paid(&buyer, 1).await;
    assert_eq!(world.order(&buyer, order).await.pickup_code.as_deref(), Some(code.as_str()));
    assert_eq!(orders::show_for_staff(&head_office, order).await.unwrap().pickup_code, None);
    let steps: i64 = sqlx::query_scalar("select count(*) from order_steps where strpos(note, $1) > 0")
        .bind(code.as_str())
        .fetch_one(&world.owner)
        .await
        .unwrap();
    assert_eq!(steps, 0);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_regional_manager_sees_the_stores_below_the_region_and_no_others(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let (here, _) = world.place_paid(&buyer, 2).await;
    let there = place_elsewhere(&world, &buyer, 3).await;
    world.pay(there).await;
    let mut shanghai = world.staff("顾经理", Role::RegionalManager, Reach::Region("310000")).await;
    let mut zhejiang = world.staff("钱经理", Role::RegionalManager, Reach::Region("330000")).await;
    let mut china = world.staff("总监", Role::RegionalManager, Reach::Region("CN")).await;
    for who in [&mut shanghai, &mut zhejiang, &mut china] {
        who.now += Duration::minutes(5);
    }
    assert_eq!(stores_listed(&shanghai).await, [world.store]);
    assert_eq!(stores_listed(&zhejiang).await, [world.elsewhere]);
    assert_eq!(stores_listed(&china).await, [world.elsewhere, world.store]);
    assert_eq!(code_of(orders::show_for_staff(&shanghai, there).await), "not_found");
    assert_eq!(code_of(orders::show_for_staff(&zhejiang, here).await), "not_found");
    let asked = ListOrders { store: Some(world.elsewhere), ..everything() };
    assert_eq!(orders::list(&shanghai, asked).await.unwrap().items, []);
    for (who, fen, stores) in [(&shanghai, teas(2), 1), (&zhejiang, teas(3), 1), (&china, teas(5), 2)] {
        let sales = figures::sales_today(who).await.unwrap();
        assert_eq!((sales.today.sales_fen, sales.by_store.len()), (fen, stores));
        assert_eq!(sales.by_hour_fen[12], fen.0, "noon in Shanghai");
    }
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn figures_count_what_was_paid_and_not_given_back(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (buyer, other) = (world.member().await, world.member().await);
    let mut head_office = world.staff("周总", Role::SuperAdmin, Reach::Everywhere).await;
    let clerk = world.staff("小王", Role::Clerk, Reach::Everywhere).await;
    world.place_paid(&buyer, 2).await;
    world.place_paid(&buyer, 1).await;
    let (called_off, _) = world.place_paid(&other, 4).await;
    orders::cancel(&other, called_off).await.unwrap();
    world.place(&other, 5).await;
    head_office.now += Duration::minutes(5);
    let today = figures::sales_today(&head_office).await.unwrap().today;
    assert_eq!((today.orders, today.sales_fen, today.buyers, today.pieces), (2, teas(3), 1, 3));
    head_office.now += Duration::days(1);
    let sales = figures::sales_today(&head_office).await.unwrap();
    assert_eq!((sales.today.sales_fen, sales.yesterday.sales_fen), (Fen::ZERO, teas(3)));
    assert_eq!(code_of(figures::sales_today(&clerk).await), "forbidden");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn whoever_left_the_company_has_no_reach_any_more(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let gone = world.staff("前员工", Role::SuperAdmin, Reach::Everywhere).await;
    let token = "f".repeat(64);
    sqlx::query(
        "insert into sessions (token_hash, staff_id, created_at, seen_at, expires_at)
         select sha256($1::bytea), id, $2, $2, $2::timestamptz + interval '12 hours' from staff",
    )
    .bind(token.as_bytes())
    .bind(world.now)
    .execute(&world.owner)
    .await
    .unwrap();
    assert!(gone.staff().is_ok());
    assert!(world.bearer(Some(&token), gone.channel).await.staff().is_ok());
    world.alter("update staff set active = false").await;
    assert!(world.bearer(Some(&token), gone.channel).await.staff().is_err());
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_list_of_products_counts_the_stores_of_whoever_asks(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let boss = world.staff("周总", Role::SuperAdmin, Reach::Everywhere).await;
    let shanghai = world.staff("沈经理", Role::RegionalManager, Reach::Region("310000")).await;
    let all = ListProducts { most: 50, ..ListProducts::default() };
    for (who, stores) in [(&boss, 2), (&shanghai, 1)] {
        let (found, total) = catalog::list(who, &all).await.unwrap();
        let [tea] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((total, tea.skus, tea.stores), (1, 2, stores));
        assert!(tea.lowest_fen < tea.highest_fen, "{tea:?}");
    }
    world.alter("update listings set on_shelf = false").await;
    assert_eq!(catalog::list(&boss, &all).await.unwrap().0[0].stores, 0);
    for (none, ask) in [
        (false, ListProducts { words: " 珍珠".into(), ..all.clone() }),
        (false, ListProducts { words: world.medium.to_string(), ..all.clone() }),
        (false, ListProducts { brand: Some("qinghe".into()), published: Some(true), ..all.clone() }),
        (true, ListProducts { brand: Some("other".into()), ..all.clone() }),
        (true, ListProducts { published: Some(false), ..all.clone() }),
        (true, ListProducts { words: "%' or 1=1 --".into(), ..all.clone() }),
    ] {
        assert_eq!(catalog::list(&boss, &ask).await.unwrap().0.is_empty(), none, "{ask:?}");
    }
    let clerk = world.staff("小王", Role::Clerk, Reach::Store(world.store)).await;
    assert_eq!(code_of(catalog::list(&clerk, &all).await), "forbidden");
}
