//! What the server does where nobody solves a shortage in time (K2, D2): head office's rule, and a store's own.

use commerce::{
    Scope, cart, freight,
    fulfilment::{addresses, settings},
    orders,
    stock::{shortage_rules as rules, shortages},
};
use domain::{
    Fault, OrderId,
    freight::SetExpressStores,
    fulfilment::{Fulfilment, FulfilmentSettings, Wish},
    orders::{OrderAct, OrderState, PlaceOrder},
    shortage_rules::{ShortageAct, ShortageRule},
    staff::Role,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::{
    delivery::{brings, brought, lives, offered},
    freight::{new_id, save, sends},
    fulfilment::home,
    people::Reach,
    shortages::{cases, lose},
    world::{World, code_of, field_of},
};

const REROUTE: ShortageRule = ShortageRule { act: ShortageAct::RerouteThenRefund, wait_hours: 24 };
const WAIT: ShortageRule = ShortageRule { act: ShortageAct::Wait, wait_hours: 24 };

/// Head office, with both stores sending by express.
async fn office(world: &World) -> Scope {
    let hq = world.staff("周姐", Role::SuperAdmin, Reach::Everywhere).await;
    freight::save(&hq, new_id(), save("标准", &[])).await.unwrap();
    freight::set_stores(&hq, sends(&["RMGC", "XIHU"], None)).await.unwrap();
    hq
}

/// A paid express order of two medium teas, and whose it is.
async fn express(world: &World) -> (Scope, OrderId) {
    let (buyer, address) = (world.member().await, home("人民大道 1 号"));
    addresses::save(&buyer, address.clone()).await.unwrap();
    world.put(&buyer, world.medium, 2).await;
    let wish = Wish { fulfilment: Fulfilment::Express, address_id: Some(address.id) };
    let quote = cart::quote_for(&buyer, world.store, &wish).await.unwrap();
    let command = PlaceOrder {
        fulfilment: wish.fulfilment,
        address_id: wish.address_id,
        slot: quote.slots.first().map_or(world.now, |slot| slot.start),
        expected_total_fen: quote.total_fen,
        ..world.command(&buyer).await
    };
    let order = orders::place(&buyer, command).await.unwrap().id;
    world.pay(order).await;
    (buyer, order)
}

async fn store_of(world: &World, order: OrderId) -> uuid::Uuid {
    let store = sqlx::query_scalar("select store_id from orders where id = $1").bind(order.0);
    store.fetch_one(&world.owner).await.unwrap()
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_latest_express_order_goes_to_another_store_and_only_who_cannot_be_served_is_paid_back(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let hq = office(&world).await;
    rules::set(&hq, None, REROUTE).await.unwrap();
    world.leave(world.store, world.medium, 6).await;
    world.leave(world.elsewhere, world.medium, 3).await;
    let (_, first) = express(&world).await;
    let (fetched, _) = world.place_paid(&world.member().await, 2).await;
    let (buyer, last) = express(&world).await;
    lose(&world, 2).await;
    world.run_jobs(23 * 60).await;
    assert_eq!(store_of(&world, last).await, world.store.0, "there is a day for people");
    world.run_jobs(24 * 60).await;
    assert_eq!((store_of(&world, last).await, world.state_of(last).await), (world.elsewhere.0, OrderState::Paid));
    let seen = world.order(&buyer, last).await;
    let step = seen.steps.iter().find(|step| step.act == OrderAct::Reroute).unwrap();
    assert_eq!((step.by.as_str(), step.note.as_str()), ("系统", "门店缺货，系统按规则改由西湖店发货"));
    assert_eq!(seen.card.store_name, "西湖店", "the shopper sees who sends it");
    assert_eq!(world.stock_at(world.elsewhere, world.medium).await.allocated, 2);
    assert_eq!(world.count("select count(*) from refunds").await, 0);

    // Who fetches goods themselves is not sent to Hangzhou, though a piece is left there.
    world.receive(world.elsewhere, world.medium, 1).await;
    lose(&world, 2).await;
    world.run_jobs(48 * 60).await;
    assert_eq!((store_of(&world, fetched).await, world.state_of(fetched).await), (world.store.0, OrderState::Rejected));
    // And whom no store has everything for is paid back.
    world.leave(world.elsewhere, world.medium, 1).await;
    lose(&world, 2).await;
    world.run_jobs(72 * 60).await;
    assert_eq!((store_of(&world, first).await, world.state_of(first).await), (world.store.0, OrderState::Rejected));
    assert_eq!(world.count("select count(*) from refunds").await, 2);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_riders_bring_goes_to_another_store_only_where_that_one_brings_things_there(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let hq = office(&world).await;
    rules::set(&hq, None, REROUTE).await.unwrap();
    brings(&world, offered()).await;
    world.leave(world.store, world.medium, 2).await;
    let mut placed = Vec::new();
    for _ in 0..2 {
        let buyer = world.member().await;
        let address = lives(&buyer, 1.0).await;
        world.put(&buyer, world.medium, 1).await;
        let order = orders::place(&buyer, brought(&world, &buyer, address).await).await.unwrap().id;
        world.pay(order).await;
        placed.push(order);
    }
    lose(&world, 1).await;
    world.run_jobs(24 * 60).await;
    assert_eq!(world.state_of(placed[1]).await, OrderState::Rejected, "nobody else brings anything there");
    let there = FulfilmentSettings { delivery: Some(offered()), ..FulfilmentSettings::default() };
    settings::save(&hq, world.elsewhere, &there).await.unwrap();
    lose(&world, 1).await;
    world.run_jobs(48 * 60).await;
    assert_eq!(
        (store_of(&world, placed[0]).await, world.state_of(placed[0]).await),
        (world.elsewhere.0, OrderState::Paid)
    );
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_rule_that_waits_leaves_a_case_to_people_and_head_office_is_told(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let hq = office(&world).await;
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    rules::set(&hq, None, WAIT).await.unwrap();
    world.leave(world.store, world.medium, 2).await;
    let (_, order) = express(&world).await;
    lose(&world, 1).await;
    assert_eq!(shortages::overdue(&hq).await.unwrap(), 0);
    world.run_jobs(25 * 60).await;
    assert_eq!((store_of(&world, order).await, world.state_of(order).await), (world.store.0, OrderState::Paid));
    let mut later = hq.clone();
    later.now = world.system(25 * 60).now;
    assert_eq!(shortages::overdue(&later).await.unwrap(), 1);
    let case = &cases(&later).await[0];
    assert!(case.then == ShortageAct::Wait && case.is_overdue(later.now));
    assert_eq!(shortages::overdue(&clerk).await.unwrap(), 0, "it is head office that is told");

    // What the rule says when somebody looks again counts.
    rules::set(&later, None, REROUTE).await.unwrap();
    commerce::jobs::sweep(&world.system(25 * 60)).await.unwrap();
    world.run_jobs(25 * 60).await;
    assert_eq!(store_of(&world, order).await, world.elsewhere.0);
    assert_eq!(shortages::overdue(&later).await.unwrap(), 0);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_stores_own_rule_goes_before_head_offices_and_a_case_keeps_its_time(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let hq = office(&world).await;
    let manager = world.staff("林姐", Role::StoreManager, Reach::Store(world.store)).await;
    rules::set(&hq, None, WAIT).await.unwrap();
    let own = ShortageRule { act: ShortageAct::Refund, wait_hours: 2 };
    rules::set(&manager, Some(world.store), own).await.unwrap();
    world.leave(world.store, world.medium, 4).await;
    let (_, first) = express(&world).await;
    let (_, last) = express(&world).await;
    lose(&world, 1).await;
    let case = cases(&manager).await[0].clone();
    assert_eq!((case.waits_until - case.opened_at).num_hours(), 2);
    assert_eq!(case.then, ShortageAct::Refund);
    rules::set(&manager, Some(world.store), ShortageRule { wait_hours: 200, ..own }).await.unwrap();
    world.run_jobs(119).await;
    assert_eq!(world.state_of(last).await, OrderState::Paid);
    world.run_jobs(120).await;
    assert_eq!(world.state_of(last).await, OrderState::Rejected, "its time is the one that held when it was opened");

    rules::remove(&manager, world.store).await.unwrap();
    rules::remove(&manager, world.store).await.unwrap();
    lose(&world, 2).await;
    assert_eq!(cases(&manager).await[0].then, ShortageAct::Wait, "head office's rule holds again");
    world.run_jobs(400 * 60).await;
    assert_eq!(world.state_of(first).await, OrderState::Paid);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_rule_is_set_by_whom_it_concerns_and_written_to_the_log(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let hq = office(&world).await;
    freight::set_stores(&hq, SetExpressStores { sends: false, ..sends(&["RMGC"], None) }).await.unwrap();
    let manager = world.staff("林姐", Role::StoreManager, Reach::Store(world.store)).await;
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    let abroad = world.staff("西湖店长", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    let goods = world.staff("商品部", Role::GoodsDepartment, Reach::Everywhere).await;
    assert_eq!(rules::set(&manager, None, WAIT).await, Err(Fault::Forbidden), "a store speaks for itself alone");
    assert_eq!(rules::set(&clerk, Some(world.store), WAIT).await, Err(Fault::Forbidden));
    assert_eq!(code_of(rules::set(&abroad, Some(world.store), WAIT).await), "not_found");
    assert_eq!(code_of(rules::remove(&abroad, world.store).await), "not_found");
    assert_eq!(code_of(rules::rules(&goods).await), "forbidden");
    let never = ShortageRule { wait_hours: 337, ..WAIT };
    assert_eq!(field_of(rules::set(&hq, None, never).await), "wait_hours");
    assert_eq!(world.count("select count(*) from shortage_rules").await, 0);

    for _ in 0..2 {
        rules::set(&hq, None, REROUTE).await.unwrap();
        rules::set(&manager, Some(world.store), WAIT).await.unwrap();
    }
    assert_eq!(world.count("select count(*) from audit where act = 'set_shortage_rule'").await, 2, "the same again");
    let seen = rules::rules(&clerk).await.unwrap();
    assert_eq!((seen.house, seen.stores.len(), seen.stores[0].rule), (REROUTE, 1, WAIT));
    let there = rules::rules(&abroad).await.unwrap();
    assert_eq!((there.house, there.stores.len()), (REROUTE, 0), "another store's word is not theirs to see");
    rules::remove(&manager, world.store).await.unwrap();
    assert_eq!(
        world.count("select count(*) from audit where act = 'remove_shortage_rule' and store_id is not null").await,
        1
    );
    world.balanced().await;
}
