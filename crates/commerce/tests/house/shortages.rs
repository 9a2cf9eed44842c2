//! Facts that leave fewer pieces than orders are promised (K1, K2): booked, and followed by a case.

use commerce::{Scope, approvals, jobs, orders, stock::shortages};
use domain::{
    ProposalId, StoreId,
    approvals::{Decide, Propose, Proposed},
    order_centre::Reroute,
    orders::OrderState,
    staff::Role,
    stock::{LetWait, ListShortages, Shortage},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    people::Reach,
    transfers::warehouse,
    world::{World, code_of, field_of},
};

/// So many medium teas turn out not to be there: a fact, as a count would find it.
pub async fn lose(world: &World, pieces: i64) {
    let store = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    let above = world.staff("区域经理", Role::RegionalManager, Reach::Region("310100")).await;
    let proposal = Propose {
        id: ProposalId(Uuid::now_v7()),
        store_id: world.store,
        what: Proposed::Adjustment { sku_id: world.medium, difference: -pieces },
        reason: "破损".into(),
        draft: false,
    };
    approvals::propose(&store, proposal.clone()).await.unwrap();
    approvals::decide(&above, proposal.id, Decide { approve: true, note: String::new() }).await.unwrap();
}

pub async fn cases(scope: &Scope) -> Vec<Shortage> {
    shortages::list(scope, &ListShortages { most: 10, ..Default::default() }).await.unwrap().items
}

/// The balance of the medium tea: on hand, allocated, short.
async fn balance(world: &World) -> (i64, i64, i64) {
    sqlx::query_as("select on_hand, allocated, short from stock where location_id = $1 and sku_id = $2")
        .bind(world.store.0)
        .bind(world.medium.0)
        .fetch_one(&world.owner)
        .await
        .unwrap()
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_fact_that_leaves_too_little_is_booked_and_opens_one_case(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    let elsewhere = world.staff("别店店员", Role::Clerk, Reach::Store(world.elsewhere)).await;
    world.leave(world.store, world.medium, 6).await;
    let (order, _) = world.place_paid(&world.member().await, 4).await;
    lose(&world, 4).await;
    assert_eq!(balance(&world).await, (2, 4, 2));
    lose(&world, 1).await;
    let found = cases(&clerk).await;
    assert_eq!((found.len(), found[0].short, found[0].promised), (1, 3, 4), "one case for what is short");
    assert_eq!(shortages::open(&clerk).await.unwrap(), 1);
    let case = shortages::show(&clerk, found[0].id).await.unwrap();
    assert_eq!(case.waiting.iter().map(|one| (one.order_id, one.pieces)).collect::<Vec<_>>(), [(order, 4)]);
    assert!(cases(&elsewhere).await.is_empty());
    assert_eq!(code_of(shortages::show(&elsewhere, found[0].id).await), "not_found");

    world.put(&world.member().await, world.large, 1).await;
    let late = world.member().await;
    assert_eq!(code_of(commerce::cart::set_line(&late, world.line(world.medium, 1)).await), "sold_out");

    world.receive(world.store, world.medium, 3).await;
    assert!(cases(&clerk).await.is_empty(), "enough is there again");
    jobs::sweep(&world.system(1)).await.unwrap();
    assert!(shortages::show(&clerk, found[0].id).await.unwrap().shortage.solved_at.is_some());
    lose(&world, 1).await;
    assert_ne!(cases(&clerk).await[0].id, found[0].id, "what is short anew is another case");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_handed_over_all_the_same_is_booked(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    world.leave(world.store, world.medium, 2).await;
    let (order, code) = world.place_paid(&world.member().await, 2).await;
    lose(&world, 1).await;
    orders::accept(&clerk, order).await.unwrap();
    orders::redeem(&clerk, &code).await.unwrap();
    assert_eq!(balance(&world).await, (-1, 0, 1), "one piece was there that the books do not know of");
    assert_eq!(cases(&clerk).await[0].on_hand, -1);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn after_a_day_the_latest_orders_get_their_money_back(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    world.leave(world.store, world.medium, 6).await;
    let mut placed = Vec::new();
    for _ in 0..3 {
        placed.push(world.place_paid(&world.member().await, 2).await.0);
    }
    orders::accept(&clerk, placed[2]).await.unwrap();
    orders::prepare(&clerk, placed[2]).await.unwrap();
    lose(&world, 2).await;
    world.run_jobs(23 * 60).await;
    assert_eq!(world.state_of(placed[1]).await, OrderState::Paid, "there is a day for people");
    let case = cases(&clerk).await[0].id;
    let wait = |hours, note: &str| LetWait { hours, note: note.into() };
    assert_eq!(field_of(shortages::let_wait(&clerk, case, &wait(0, "补货")).await), "hours");
    assert_eq!(field_of(shortages::let_wait(&clerk, case, &wait(1, " ")).await), "note");
    shortages::let_wait(&clerk, case, &wait(30, "仓库明早补货")).await.unwrap();
    world.run_jobs(25 * 60).await;
    assert_eq!(world.state_of(placed[1]).await, OrderState::Paid, "it was let wait");
    world.run_jobs(31 * 60).await;
    let states = [world.state_of(placed[0]).await, world.state_of(placed[1]).await, world.state_of(placed[2]).await];
    assert_eq!(
        states,
        [OrderState::Paid, OrderState::Rejected, OrderState::Ready],
        "the latest that is not ready for its shopper, and no more than are short"
    );
    jobs::sweep(&world.system(31 * 60)).await.unwrap();
    assert_eq!(code_of(shortages::let_wait(&clerk, case, &wait(1, "补货")).await), "shortage_over");
    world.run_jobs(31 * 60).await;
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_case_that_begins_anew_before_it_is_closed_ends_a_day_later(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    world.leave(world.store, world.medium, 6).await;
    let mut placed = Vec::new();
    for _ in 0..3 {
        placed.push(world.place_paid(&world.member().await, 2).await.0);
    }
    lose(&world, 2).await;
    world.run_jobs(24 * 60).await;
    assert_eq!(world.state_of(placed[2]).await, OrderState::Rejected);
    // Enough is there for those that are left, and nobody has closed the case yet.
    lose(&world, 1).await;
    world.run_jobs(23 * 60).await;
    assert_eq!(world.state_of(placed[1]).await, OrderState::Paid);
    world.run_jobs(24 * 60).await;
    assert_eq!(world.state_of(placed[1]).await, OrderState::Rejected);
    assert_eq!(world.state_of(placed[0]).await, OrderState::Paid);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_ready_when_the_time_is_over_is_looked_at_again(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    world.leave(world.store, world.medium, 4).await;
    let (ready, _) = world.place_paid(&world.member().await, 2).await;
    orders::accept(&clerk, ready).await.unwrap();
    orders::prepare(&clerk, ready).await.unwrap();
    lose(&world, 3).await;
    world.run_jobs(25 * 60).await;
    assert_eq!(world.state_of(ready).await, OrderState::Ready, "it is left to people");
    assert_eq!(world.count("select count(*) from jobs where kind = 'solve_shortage'").await, 0);
    jobs::sweep(&world.system(25 * 60)).await.unwrap();
    assert_eq!(world.count("select count(*) from jobs where kind = 'solve_shortage'").await, 1);
    world.run_jobs(26 * 60).await;
    assert_eq!(cases(&clerk).await.len(), 1);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn head_office_sees_the_cases_of_every_place_and_as_many_as_are_counted(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let service = world.staff("客服", Role::ServiceDepartment, Reach::Everywhere).await;
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    world.leave(world.store, world.medium, 2).await;
    world.place_paid(&world.member().await, 2).await;
    lose(&world, 1).await;
    let (goods, depot) = warehouse(&world).await;
    // A count there is booked after what it had found was sent off.
    let place = StoreId(depot.0);
    world.receive(place, world.large, 2).await;
    world.receive(place, world.large, -3).await;
    world
        .alter(
            "insert into shortages (id, location_id, sku_id, cause, opened_at)
             select gen_random_uuid(), location_id, sku_id, 'count', now() from stock where on_hand < 0",
        )
        .await;
    let found = cases(&service).await;
    assert_eq!((found.len(), shortages::open(&service).await.unwrap()), (2, 2));
    let of_depot = found.iter().find(|case| case.store_id == place).unwrap();
    assert_eq!((of_depot.short, of_depot.promised, of_depot.store_name.is_empty()), (1, 0, false));
    assert_eq!((cases(&clerk).await.len(), shortages::open(&clerk).await.unwrap()), (1, 1), "their store's alone");
    assert_eq!(code_of(shortages::show(&clerk, of_depot.id).await), "not_found");
    assert_eq!(code_of(shortages::list(&goods, &ListShortages::default()).await), "forbidden");
    assert_eq!(shortages::open(&goods).await.unwrap(), 0);
    let wait = LetWait { hours: 5, note: "明早补登收货".into() };
    shortages::let_wait(&service, of_depot.id, &wait).await.unwrap();
    let waits = shortages::show(&service, of_depot.id).await.unwrap().shortage;
    assert_eq!((waits.waits_by.as_deref(), waits.note.as_str()), (Some("客服"), "明早补登收货"));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_case_is_over_once_another_store_serves_the_order_that_waits(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let service = world.staff("客服", Role::ServiceDepartment, Reach::Everywhere).await;
    world.leave(world.store, world.medium, 3).await;
    let (kept, _) = world.place_paid(&world.member().await, 1).await;
    let (given, _) = world.place_paid(&world.member().await, 2).await;
    lose(&world, 2).await;
    let case = cases(&service).await[0].id;
    let waiting = shortages::show(&service, case).await.unwrap().waiting;
    assert_eq!(waiting.iter().map(|one| one.order_id).collect::<Vec<_>>(), [kept, given]);
    let choices = orders::reroute_choices(&service, given).await.unwrap();
    assert_eq!((choices[0].store_id, choices[0].lacking), (world.elsewhere, 0));
    let reroute = Reroute { store_id: world.elsewhere, reason: "门店缺货".into() };
    orders::reroute(&service, given, &reroute).await.unwrap();
    assert_eq!(balance(&world).await, (1, 1, 0), "enough is there for who waits here");
    jobs::sweep(&world.system(1)).await.unwrap();
    assert!(shortages::show(&service, case).await.unwrap().shortage.solved_at.is_some());
    world.run_jobs(25 * 60).await;
    let states = [world.state_of(kept).await, world.state_of(given).await];
    assert_eq!(states, [OrderState::Paid, OrderState::Paid], "nobody is turned down");
    world.balanced().await;
}
