//! Same-city delivery: what a store brings where for how much, and how many at a time.

use std::sync::Arc;

use chrono::{Duration, NaiveTime};
use commerce::{
    Scope, cart, express,
    fulfilment::{addresses, settings},
    orders,
};
use domain::{
    AddressId, Fen, OrderId,
    fulfilment::{
        Address, Band, DeliverySettings, Dispatch, Fulfilment, FulfilmentSettings, InStoreSettings, OwnRider, Range,
        SaveAddress, Window, Wish,
    },
    geo::Point,
    order_centre::Reroute,
    orders::{Lateness, OrderState, PlaceOrder},
    staff::Role,
};
use futures::future::join_all;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::sync::Barrier;

use crate::{
    fulfilment::{home, rider},
    people::Reach,
    world::{World, code_of, field_of, new_order_id, teas},
};

/// What the nearest step costs.
const FEE: i64 = 300;

pub fn offered() -> DeliverySettings {
    let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
    DeliverySettings {
        on: true,
        range: Range::Radius { metres: 3000 },
        bands: vec![Band { up_to_m: 1000, fee_fen: Fen(FEE) }, Band { up_to_m: 4000, fee_fen: Fen(500) }],
        light_grams: 1000,
        per_kilo_fen: Fen(200),
        minimum_fen: teas(1),
        free_from_fen: Some(teas(10)),
        minutes: 60,
        windows: vec![Window { from: time(12), until: time(18), capacity: 2 }],
        riders: vec![OwnRider { name: "小李".into(), phone: "13900139000".parse().unwrap() }],
    }
}

/// The store brings things from now on.
pub async fn brings(world: &World, delivery: DeliverySettings) -> Scope {
    let manager = world.staff("林姐", Role::StoreManager, Reach::Store(world.store)).await;
    let settings_now = FulfilmentSettings { delivery: Some(delivery), ..FulfilmentSettings::default() };
    settings::save(&manager, world.store, &settings_now).await.unwrap();
    manager
}

/// An address of the member's, so many thousandths of a degree north of the store (111 m each).
pub async fn lives(who: &Scope, north: f64) -> AddressId {
    let mut address = home("一号");
    address.address.point = Point::new(31.2 + north / 1000.0, 121.4);
    addresses::save(who, address).await.unwrap().id
}

fn wish(address: AddressId) -> Wish {
    Wish { fulfilment: Fulfilment::Delivery, address_id: Some(address) }
}

/// An order for the whole cart, brought there in the first window.
pub async fn brought(world: &World, who: &Scope, address: AddressId) -> PlaceOrder {
    let quote = cart::quote_for(who, world.store, &wish(address)).await.unwrap();
    let way = quote.way().unwrap();
    PlaceOrder {
        id: new_order_id(),
        store_id: world.store,
        apart: false,
        fulfilment: Fulfilment::Delivery,
        address_id: Some(address),
        slot: way.slots[0].slot.start,
        expected_total_fen: quote.total_fen,
        note: String::new(),
        occurred_at: None,
    }
}

async fn untouched(world: &World) {
    assert_eq!(world.count("select count(*) from orders").await, 0);
    assert_eq!(world.count("select count(*) from order_addresses").await, 0);
    assert_eq!(world.count("select sum(held)::bigint from stock").await, 0);
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_delivered_order_costs_goods_and_way_and_keeps_the_address_of_its_time(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    brings(&world, offered()).await;
    let buyer = world.member().await;
    let address = lives(&buyer, 5.0).await;
    world.put(&buyer, world.medium, 2).await;
    let command = brought(&world, &buyer, address).await;
    assert_eq!(command.expected_total_fen, Fen(teas(2).0 + FEE));
    let placed = orders::place(&buyer, command.clone()).await.unwrap();
    assert_eq!(orders::place(&buyer, command).await.unwrap(), placed, "the same request again");
    addresses::remove(&buyer, address).await.unwrap();
    let order = world.order(&buyer, placed.id).await;
    assert_eq!((order.card.total_fen, order.card.freight_fen), (Fen(teas(2).0 + FEE), Fen(FEE)));
    assert_eq!(order.sent_to.unwrap().text(), "上海市 一号");
    world.pay(placed.id).await;
    orders::cancel(&buyer, placed.id).await.unwrap();
    let back = world.count("select sum(amount_fen)::bigint from refunds").await;
    assert_eq!(back, teas(2).0 + FEE, "what the way cost goes back as well");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_a_rider_took_along_is_overdue_after_its_time_and_counts_as_brought_two_days_later(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let manager = brings(&world, offered()).await;
    let buyer = world.member().await;
    let address = lives(&buyer, 5.0).await;
    let order = async || {
        world.put(&buyer, world.medium, 1).await;
        let command = brought(&world, &buyer, address).await;
        let id = orders::place(&buyer, command).await.unwrap().id;
        world.pay(id).await;
        orders::accept(&manager, id).await.unwrap();
        orders::prepare(&manager, id).await.unwrap();
        id
    };
    let (taken, ready) = (order().await, order().await);
    let dispatch = Dispatch { rider_name: "小李".into(), rider_phone: "13900139000".parse().unwrap() };
    orders::dispatch(&manager, taken, &dispatch).await.unwrap();
    let end = (world.order(&buyer, taken).await.card.slot.end - world.now).num_minutes();
    let look = async |minutes| {
        while orders::look(&world.system(minutes)).await.unwrap() {}
        orders::complete_taken(&world.system(minutes)).await.unwrap();
        let late = async |id| world.order(&buyer, id).await.card.late;
        (late(taken).await, late(ready).await)
    };
    assert_eq!(look(end + 14).await, (None, None));
    assert_eq!(look(end + 15).await, (Some(Lateness::Overdue), Some(Lateness::Overdue)));
    assert_eq!(look(end + 48 * 60 - 1).await.0, Some(Lateness::Overdue));
    assert_eq!(world.state_of(taken).await, OrderState::Dispatched);
    assert_eq!(look(end + 48 * 60).await, (None, Some(Lateness::Overdue)), "one that never left waits on");
    assert_eq!((world.state_of(taken).await, world.state_of(ready).await), (OrderState::Completed, OrderState::Ready));
    assert_eq!(world.revenue(world.store).await, teas(1).0 + FEE, "it is the store's now");
    // What leaves days late has two days from then.
    let mut then = manager.clone();
    then.now += Duration::minutes(end + 49 * 60);
    orders::dispatch(&then, ready, &dispatch).await.unwrap();
    look(end + 97 * 60 - 1).await;
    assert_eq!(world.state_of(ready).await, OrderState::Dispatched);
    look(end + 97 * 60).await;
    assert_eq!(world.state_of(ready).await, OrderState::Completed);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_fee_grows_with_distance_and_weight_and_ends_where_goods_cost_enough(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    brings(&world, offered()).await;
    let buyer = world.member().await;
    let (near, far) = (lives(&buyer, 5.0).await, lives(&buyer, 20.0).await);
    world.alter("update skus set weight_grams = 700").await;
    world.put(&buyer, world.medium, 2).await;
    let freight = async |address| cart::quote_for(&buyer, world.store, &wish(address)).await.unwrap().freight_fen.0;
    // 1.4 kg, of which 1 kg is light.
    assert_eq!((freight(near).await, freight(far).await), (FEE + 200, 500 + 200));
    world.put(&buyer, world.medium, 10).await;
    assert_eq!(freight(far).await, 0);
    let pickup = cart::quote(&buyer, world.store).await.unwrap();
    assert_eq!((pickup.freight_fen, pickup.total_fen, pickup.ways.len()), (Fen(0), teas(10), 2));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_cannot_be_brought_is_refused_with_the_reason_and_nothing_changes(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (buyer, other) = (world.member().await, world.member().await);
    let address = lives(&buyer, 5.0).await;
    world.put(&buyer, world.medium, 1).await;
    let seen =
        PlaceOrder { fulfilment: Fulfilment::Delivery, address_id: Some(address), ..world.command(&buyer).await };
    assert_eq!(code_of(orders::place(&buyer, seen.clone()).await), "way_closed", "the store brings nothing");
    let manager = brings(&world, offered()).await;
    let good = brought(&world, &buyer, address).await;
    let place = async |command: PlaceOrder| orders::place(&buyer, command).await;
    assert_eq!(field_of(place(PlaceOrder { address_id: None, ..good.clone() }).await), "address_id");
    let others = Some(lives(&other, 5.0).await);
    assert_eq!(field_of(place(PlaceOrder { address_id: others, ..good.clone() }).await), "address_id");
    let too_far = Some(lives(&buyer, 30.0).await);
    assert_eq!(code_of(place(PlaceOrder { address_id: too_far, ..good.clone() }).await), "cannot_bring");
    let nowhere = home("x");
    let nowhere = SaveAddress { address: Address { point: None, ..nowhere.address.clone() }, ..nowhere };
    let unlocated = Some(addresses::save(&buyer, nowhere).await.unwrap().id);
    assert_eq!(code_of(place(PlaceOrder { address_id: unlocated, ..good.clone() }).await), "cannot_bring");
    for wrong in [teas(1), Fen(FEE), Fen(teas(1).0 + FEE - 1)] {
        assert_eq!(code_of(place(PlaceOrder { expected_total_fen: wrong, ..good.clone() }).await), "price_changed");
    }
    let pickup_time = PlaceOrder { slot: seen.slot + chrono::Duration::minutes(7), ..good.clone() };
    assert_eq!(field_of(place(pickup_time).await), "slot");
    for fulfilment in [Fulfilment::Express, Fulfilment::InStore] {
        assert_eq!(code_of(place(PlaceOrder { fulfilment, ..good.clone() }).await), "way_closed");
    }
    let dear = DeliverySettings { minimum_fen: teas(2), ..offered() };
    let set = async |delivery| {
        let settings_now = FulfilmentSettings { delivery: Some(delivery), ..FulfilmentSettings::default() };
        settings::save(&manager, world.store, &settings_now).await.unwrap();
    };
    set(dear).await;
    assert_eq!(code_of(place(good.clone()).await), "cannot_bring", "too little is ordered");
    set(DeliverySettings { on: false, ..offered() }).await;
    assert_eq!(code_of(place(good.clone()).await), "way_closed");
    set(offered()).await;
    world.alter("update stores set state = 'paused'").await;
    assert_eq!(code_of(place(good).await), "store_closed");
    untouched(&world).await;
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn settings_are_changed_by_those_who_run_the_store_and_written_to_the_log_without_the_riders(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let manager = brings(&world, offered()).await;
    let clerk = world.staff("小林", Role::Clerk, Reach::Store(world.store)).await;
    let abroad = world.staff("王姐", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    let read = settings::show(&manager, world.store).await.unwrap();
    assert_eq!(read.delivery, Some(offered()));
    settings::save(&manager, world.store, &read).await.unwrap();
    assert_eq!(world.count("select count(*) from audit where act = 'save_fulfilment'").await, 1, "the same again");
    assert_eq!(world.count("select count(*) from audit where after::text like '%小李%'").await, 0);
    assert_eq!(code_of(settings::save(&clerk, world.store, &read).await), "forbidden");
    assert_eq!(code_of(settings::save(&abroad, world.store, &read).await), "not_found");
    assert_eq!(code_of(settings::show(&abroad, world.store).await), "not_found");
    assert_eq!(settings::riders(&clerk, world.store).await.unwrap()[0].name, "小李");
    assert_eq!(code_of(settings::riders(&abroad, world.store).await), "not_found");
    let wrong = FulfilmentSettings { pickup_capacity: Some(0), ..FulfilmentSettings::default() };
    assert_eq!(field_of(settings::save(&manager, world.store, &wrong).await), "pickup_capacity");
    assert_eq!(settings::show(&manager, world.store).await.unwrap(), read);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_slot_is_given_to_no_more_orders_than_it_takes_however_many_ask_at_once(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    const BUYERS: usize = 24;
    let world = Arc::new(World::new(options, connect).await);
    let manager = brings(&world, offered()).await;
    let settings_now = FulfilmentSettings { pickup_capacity: Some(3), in_store: None, delivery: Some(offered()) };
    settings::save(&manager, world.store, &settings_now).await.unwrap();
    let mut asked = Vec::new();
    for place in 0..BUYERS {
        let buyer = world.member().await;
        world.put(&buyer, world.medium, 1).await;
        let command = if place % 2 == 0 {
            let address = lives(&buyer, 5.0).await;
            brought(&world, &buyer, address).await
        } else {
            world.command(&buyer).await
        };
        asked.push((buyer, command));
    }
    let start = Arc::new(Barrier::new(BUYERS));
    let tries = asked.iter().map(|(buyer, command)| {
        let (start, buyer, command) = (start.clone(), buyer.clone(), command.clone());
        tokio::spawn(async move {
            start.wait().await;
            orders::place(&buyer, command).await.map(|placed| placed.id)
        })
    });
    let answers: Vec<_> = join_all(tries).await.into_iter().map(Result::unwrap).collect();
    let granted: Vec<OrderId> = answers.iter().filter_map(|answer| answer.as_ref().ok().copied()).collect();
    assert_eq!(granted.len(), 2 + 3);
    assert!(answers.iter().filter_map(|answer| answer.as_ref().err()).all(|fault| fault.code() == "slot_full"));
    let per_way = "select count(*) from (select fulfilment, count(*) as many from orders group by 1) w
                   where (fulfilment = 'delivery' and many = 2) or (fulfilment = 'pickup' and many = 3)";
    assert_eq!(world.count(per_way).await, 2);
    // It is shown as full, and whoever calls off makes room for the next.
    let next = world.member().await;
    world.put(&next, world.medium, 1).await;
    let address = lives(&next, 5.0).await;
    let full = async || cart::quote_for(&next, world.store, &wish(address)).await.unwrap().way().unwrap().slots[0].full;
    assert!(full().await);
    let (buyer, command) = asked.iter().find(|(_, one)| one.address_id.is_some() && granted.contains(&one.id)).unwrap();
    orders::cancel(buyer, command.id).await.unwrap();
    assert!(!full().await);
    let command = brought(&world, &next, address).await;
    orders::place(&next, command).await.unwrap();
    drop((asked, next, manager));
    let Ok(world) = Arc::try_unwrap(world) else { panic!("somebody still asks") };
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_to_be_brought_is_given_only_to_a_store_that_brings_things_there_and_costs_what_it_did(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    brings(&world, offered()).await;
    let hq = world.staff("周姐", Role::SuperAdmin, Reach::Everywhere).await;
    let buyer = world.member().await;
    let address = lives(&buyer, 5.0).await;
    world.put(&buyer, world.medium, 1).await;
    let placed = orders::place(&buyer, brought(&world, &buyer, address).await).await.unwrap();
    world.pay(placed.id).await;
    let reroute = Reroute { store_id: world.elsewhere, reason: "缺货".into() };
    assert!(orders::reroute_choices(&hq, placed.id).await.unwrap().is_empty());
    assert_eq!(code_of(orders::reroute(&hq, placed.id, &reroute).await), "cannot_bring");
    let settings_there = FulfilmentSettings { delivery: Some(offered()), ..FulfilmentSettings::default() };
    settings::save(&hq, world.elsewhere, &settings_there).await.unwrap();
    assert_eq!(orders::reroute_choices(&hq, placed.id).await.unwrap().len(), 1);
    orders::reroute(&hq, placed.id, &reroute).await.unwrap();
    let order = world.order(&buyer, placed.id).await;
    assert_eq!((order.card.store_id, order.card.freight_fen), (world.elsewhere, Fen(FEE)));
    let clerk = world.staff("小林", Role::Clerk, Reach::Store(world.elsewhere)).await;
    let seen = orders::show_for_staff(&clerk, placed.id).await.unwrap();
    assert_eq!(seen.sent_to.unwrap().phone, "138****8000", "who may not see phones does not see this one either");
    orders::accept(&clerk, placed.id).await.unwrap();
    assert_eq!(code_of(express::confirm(&buyer, placed.id).await), "not_now", "it has not left yet");
    orders::dispatch(&clerk, placed.id, &rider()).await.unwrap();
    // The store forgets to say that it was brought; the shopper has it all the same.
    let other = world.member().await;
    assert_eq!(code_of(express::confirm(&other, placed.id).await), "not_found");
    express::confirm(&buyer, placed.id).await.unwrap();
    express::confirm(&buyer, placed.id).await.unwrap();
    assert_eq!(world.state_of(placed.id).await, OrderState::Completed);
    let rider_is_out = "select count(*) from deliveries where ended_at is null";
    assert_eq!(world.count(rider_is_out).await, 0);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_done_at_the_store_is_ordered_for_a_time_with_room_and_redeemed_there(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let manager = world.staff("林姐", Role::StoreManager, Reach::Store(world.store)).await;
    let (buyer, next) = (world.member().await, world.member().await);
    let in_store = Wish { fulfilment: Fulfilment::InStore, address_id: None };
    let ordered = async |who: &Scope| {
        world.put(who, world.medium, 1).await;
        let command = world.command(who).await;
        orders::place(who, PlaceOrder { fulfilment: Fulfilment::InStore, ..command }).await.map(|placed| placed.id)
    };
    assert_eq!(code_of(ordered(&buyer).await), "way_closed", "this store does not offer it");
    let one = FulfilmentSettings { in_store: Some(InStoreSettings { capacity: Some(1) }), ..Default::default() };
    settings::save(&manager, world.store, &one).await.unwrap();
    let order = ordered(&buyer).await.unwrap();
    assert_eq!(code_of(ordered(&next).await), "slot_full");
    let quote = cart::quote_for(&next, world.store, &in_store).await.unwrap();
    assert!(quote.way().unwrap().slots[0].full && quote.freight_fen == Fen::ZERO);

    world.pay(order).await;
    orders::accept(&manager, order).await.unwrap();
    orders::prepare(&manager, order).await.unwrap();
    let seen = world.order(&buyer, order).await;
    assert_eq!(seen.card.state.label_of(seen.card.fulfilment), "待到店");
    let ride = Dispatch { rider_name: "小李".into(), rider_phone: "13900139000".parse().unwrap() };
    assert_eq!(code_of(orders::dispatch(&manager, order, &ride).await), "other_way");
    let code = seen.pickup_code.unwrap().parse().unwrap();
    orders::redeem(&manager, &code).await.unwrap();
    ordered(&next).await.unwrap();
    world.balanced().await;
}
