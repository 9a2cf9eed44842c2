//! Orders on their way (D2): parcels and riders.

use commerce::{Scope, books, cart, express, freight, fulfilment::addresses, jobs, orders};
use domain::{
    Fen, OrderId, ParcelId, RideId,
    express::{Carrier, PackedLine, RideState, ShipParcel},
    freight::SetExpressStores,
    fulfilment::{Fulfilment, SaveAddress, Undelivered, Wish},
    order_centre::{CallOff, Reroute},
    orders::{OrderState, PlaceOrder},
    staff::Role,
};
use partners::couriers::{Event, Status};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    freight::{new_id, save, sends},
    fulfilment::home,
    people::Reach,
    world::{Stock, World, code_of, field_of, teas},
};

/// What a parcel of three pieces costs: ¥8 and ¥2 for each more.
const FREIGHT: Fen = Fen(1_200);

struct Scene {
    world: World,
    hq: Scope,
    clerk: Scope,
    buyer: Scope,
    address: SaveAddress,
}

impl Scene {
    /// Both stores send, but not to Xinjiang.
    async fn new(options: PgPoolOptions, connect: PgConnectOptions) -> Self {
        let world = World::new(options, connect).await;
        let hq = world.staff("周姐", Role::SuperAdmin, Reach::Everywhere).await;
        freight::save(&hq, new_id(), save("标准", &["650000"])).await.unwrap();
        freight::set_stores(&hq, sends(&["RMGC", "XIHU"], None)).await.unwrap();
        let clerk = world.staff("小林", Role::Clerk, Reach::Store(world.store)).await;
        let (buyer, address) = (world.member().await, home("人民大道 1 号"));
        addresses::save(&buyer, address.clone()).await.unwrap();
        Self { world, hq, clerk, buyer, address }
    }

    /// What would be ordered: one tea with sugar, and two large ones.
    async fn command(&self) -> PlaceOrder {
        self.world.put(&self.buyer, self.world.medium, 1).await;
        self.world.put(&self.buyer, self.world.large, 2).await;
        let wish = Wish { fulfilment: Fulfilment::Express, address_id: Some(self.address.id) };
        let quote = cart::quote_for(&self.buyer, self.world.store, &wish).await.unwrap();
        PlaceOrder {
            fulfilment: wish.fulfilment,
            address_id: wish.address_id,
            slot: quote.slots.first().map_or(self.world.now, |slot| slot.start),
            expected_total_fen: quote.total_fen,
            ..self.world.command(&self.buyer).await
        }
    }

    /// A paid and accepted express order.
    async fn accepted(&self) -> OrderId {
        let order = orders::place(&self.buyer, self.command().await).await.unwrap().id;
        self.world.pay(order).await;
        orders::accept(&self.clerk, order).await.unwrap();
        order
    }

    async fn stock(&self) -> Stock {
        self.world.stock_at(self.world.store, self.world.large).await
    }
}

fn parcel(number: &str, lines: &[(i32, i64)]) -> ShipParcel {
    let lines = lines.iter().map(|&(line, quantity)| PackedLine { line, quantity }).collect();
    ShipParcel { id: ParcelId(Uuid::now_v7()), carrier: Carrier::Shunfeng, tracking_number: number.into(), lines }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn express_is_offered_where_the_store_sends_and_costs_what_its_template_says(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let (buyer, store) = (&scene.buyer, scene.world.store);
    let command = scene.command().await;
    let goods = Fen(command.expected_total_fen.0 - FREIGHT.0);
    let wish = Wish { fulfilment: Fulfilment::Express, address_id: Some(scene.address.id) };
    let quote = cart::quote_for(buyer, store, &wish).await.unwrap();
    assert_eq!((quote.goods_fen, quote.freight_fen, quote.orderable), (goods, FREIGHT, true));
    let unnamed = Wish { address_id: None, ..wish };
    assert!(!cart::quote_for(buyer, store, &unnamed).await.unwrap().orderable, "to no address");
    assert_eq!(field_of(orders::place(buyer, PlaceOrder { address_id: None, ..command.clone() }).await), "address_id");
    let cheap = PlaceOrder { expected_total_fen: goods, ..command.clone() };
    assert_eq!(code_of(orders::place(buyer, cheap).await), "price_changed", "freight is part of what is paid");
    let mut far = home("天山路 1 号");
    far.address.region_code = "650100".into();
    addresses::save(buyer, far.clone()).await.unwrap();
    let far = PlaceOrder { address_id: Some(far.id), ..command.clone() };
    assert_eq!(code_of(orders::place(buyer, far).await), "cannot_bring");
    freight::set_stores(&scene.hq, SetExpressStores { sends: false, ..sends(&["RMGC"], None) }).await.unwrap();
    assert_eq!(code_of(orders::place(buyer, command.clone()).await), "way_closed");
    freight::set_stores(&scene.hq, sends(&["RMGC"], None)).await.unwrap();
    orders::place(buyer, command.clone()).await.unwrap();
    let view = scene.world.order(buyer, command.id).await;
    assert_eq!((view.card.freight_fen, view.card.fulfilment), (FREIGHT, Fulfilment::Express));
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_order_leaves_with_its_first_parcel_and_is_the_stores_revenue_when_the_shopper_has_all(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let (clerk, buyer) = (&scene.clerk, &scene.buyer);
    let order = scene.accepted().await;
    assert_eq!(code_of(express::confirm(buyer, order).await), "not_now", "nothing has left yet");
    let first = parcel("sf 1000001", &[(2, 1)]);
    for _ in 0..2 {
        express::ship(clerk, order, first.clone()).await.unwrap();
        assert_eq!(scene.stock().await, Stock { on_hand: 98, held: 0, allocated: 0 }, "all its pieces are set apart");
    }
    assert_eq!(books::check(&scene.world.system(0)).await.unwrap(), []);
    let reused = ShipParcel { tracking_number: "SF1000009".into(), ..first.clone() };
    assert_eq!(code_of(express::ship(clerk, order, reused).await), "key_reused");
    let seen = express::mine(buyer, order).await.unwrap();
    assert_eq!((seen.parcels.len(), seen.left.len(), seen.steps.len()), (1, 2, 1));
    assert_eq!(seen.parcels[0].tracking_number, "SF1000001");
    assert_eq!(code_of(express::confirm(buyer, order).await), "not_all_sent");
    let reason = "不要了".to_owned();
    assert_eq!(code_of(orders::call_off(&scene.hq, order, &CallOff { reason }).await), "not_now");
    express::ship(clerk, order, parcel("YT2000002", &[])).await.unwrap();
    assert!(express::show(clerk, order).await.unwrap().left.is_empty());
    assert_eq!(field_of(express::ship(clerk, order, parcel("YT2000003", &[])).await), "lines", "nothing is left");
    for _ in 0..2 {
        express::confirm(buyer, order).await.unwrap();
    }
    assert_eq!(scene.world.state_of(order).await, OrderState::Completed);
    let revenue = scene.world.count("select sum(amount_fen)::bigint from transfers where cause = 'fulfil'").await;
    assert_eq!(revenue, teas(1).0 + 2 * crate::world::LARGE_FEN + FREIGHT.0);
    assert_eq!(scene.world.count("select count(*) from jobs where kind = 'complete_express'").await, 0);
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_parcel_that_cannot_be_is_refused_and_nothing_has_left(options: PgPoolOptions, connect: PgConnectOptions) {
    let scene = Scene::new(options, connect).await;
    let clerk = &scene.clerk;
    let unpaid = orders::place(&scene.buyer, scene.command().await).await.unwrap().id;
    assert_eq!(code_of(express::ship(clerk, unpaid, parcel("SF1000001", &[])).await), "not_now");
    orders::cancel(&scene.buyer, unpaid).await.unwrap();
    let order = scene.accepted().await;
    let try_ship = async |command| express::ship(clerk, order, command).await;
    assert_eq!(field_of(try_ship(parcel("12", &[])).await), "tracking_number");
    assert_eq!(field_of(try_ship(parcel("SF1000001", &[(2, 3)])).await), "pieces.2", "more than was ordered");
    assert_eq!(field_of(try_ship(parcel("SF1000001", &[(9, 1)])).await), "pieces.9", "no such line");
    assert_eq!(field_of(try_ship(parcel("SF1000001", &[(1, 0)])).await), "pieces.1");
    assert_eq!(scene.world.state_of(order).await, OrderState::Accepted);
    assert_eq!(scene.stock().await, Stock { on_hand: 100, held: 0, allocated: 2 }, "nothing has left");
    let elsewhere = scene.world.staff("西湖", Role::Clerk, Reach::Store(scene.world.elsewhere)).await;
    assert_eq!(code_of(express::ship(&elsewhere, order, parcel("SF1000001", &[])).await), "not_found");
    assert_eq!(code_of(express::show(&elsewhere, order).await), "not_found");
    let other = scene.world.member().await;
    assert_eq!(code_of(express::confirm(&other, order).await), "not_found");
    assert_eq!(code_of(express::mine(&other, order).await), "not_found");
    try_ship(parcel("SF1000001", &[(1, 1)])).await.unwrap();
    assert_eq!(field_of(try_ship(parcel(" sf1000001 ", &[(2, 1)])).await), "tracking_number", "another parcel has it");
    let (picked_up, _) = scene.world.place_paid(&scene.buyer, 1).await;
    orders::accept(clerk, picked_up).await.unwrap();
    assert_eq!(code_of(express::ship(clerk, picked_up, parcel("SF1000007", &[])).await), "other_way");
    assert_eq!(code_of(express::confirm(&scene.buyer, picked_up).await), "other_way");
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn ten_days_after_the_last_parcel_what_was_sent_is_taken_for_granted(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    const DAY: i64 = 24 * 60;
    let scene = Scene::new(options, connect).await;
    let order = scene.accepted().await;
    express::ship(&scene.clerk, order, parcel("SF1000001", &[(1, 1)])).await.unwrap();
    scene.world.run_jobs(30 * DAY).await;
    assert_eq!(scene.world.state_of(order).await, OrderState::Dispatched, "not all of it has left");
    express::ship(&scene.clerk, order, parcel("SF1000002", &[])).await.unwrap();
    scene.world.run_jobs(10 * DAY - 1).await;
    assert_eq!(scene.world.state_of(order).await, OrderState::Dispatched);
    scene.world.run_jobs(10 * DAY + 1).await;
    assert_eq!(scene.world.state_of(order).await, OrderState::Completed);
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_store_that_can_send_is_offered_however_many_that_cannot_are_nearer(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let (world, hq) = (&scene.world, &scene.hq);
    let order = scene.accepted().await;
    for near in 0..21 {
        let store = world.add_another_store(&format!("NEAR-{near}"), "近店", "310100").await;
        sqlx::query("insert into listings (store_id, sku_id, price_fen) select $1, id, 1500 from skus")
            .bind(store.0)
            .execute(&world.owner)
            .await
            .unwrap();
        for sku in [world.medium, world.large] {
            world.receive(store, sku, 9).await;
        }
    }
    world.alter("update stores set latitude = 32 where code = 'XIHU'").await;
    let choices = orders::reroute_choices(hq, order).await.unwrap();
    assert_eq!(choices.iter().map(|one| (one.store_id, one.lacking)).collect::<Vec<_>>(), [(world.elsewhere, 0)]);
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_express_order_is_given_only_to_a_store_that_sends_there(options: PgPoolOptions, connect: PgConnectOptions) {
    let scene = Scene::new(options, connect).await;
    let (hq, to) = (&scene.hq, scene.world.elsewhere);
    let order = scene.accepted().await;
    let reroute = Reroute { store_id: to, reason: "缺货".into() };
    freight::set_stores(hq, SetExpressStores { sends: false, ..sends(&["XIHU"], None) }).await.unwrap();
    assert!(orders::reroute_choices(hq, order).await.unwrap().is_empty());
    assert_eq!(code_of(orders::reroute(hq, order, &reroute).await), "cannot_bring");
    freight::set_stores(hq, sends(&["XIHU"], None)).await.unwrap();
    assert_eq!(orders::reroute_choices(hq, order).await.unwrap().len(), 1);
    orders::reroute(hq, order, &reroute).await.unwrap();
    let view = scene.world.order(&scene.buyer, order).await;
    assert_eq!((view.card.store_id, view.card.freight_fen), (to, FREIGHT), "what was paid for the way stays");
    scene.world.balanced().await;
}

/// A ride of an order of same-city delivery, as it is after it was called.
async fn called(scene: &Scene) -> (OrderId, RideId) {
    let (order, _) = scene.world.place_paid(&scene.buyer, 2).await;
    orders::accept(&scene.clerk, order).await.unwrap();
    let ride = RideId(Uuid::now_v7());
    sqlx::query(
        "with sent as (update orders set fulfilment = 'delivery' where id = $1 returning id, store_id),
         kept as (insert into order_addresses (order_id, name, phone, region_code, region, detail)
                  select id, '小林', '13800138000', '310100', '上海市', '人民大道 1 号' from sent)
         insert into rides (id, order_id, store_id, state, called_at) select $2, id, store_id, 'called', $3 from sent",
    )
    .bind(order.0)
    .bind(ride.0)
    .bind(scene.world.now)
    .execute(&scene.world.owner)
    .await
    .unwrap();
    (order, ride)
}

/// The courier tells this, in this order; answers what came of the last.
async fn tell(scene: &Scene, ride: RideId, told: &[(Status, i64)]) -> String {
    let scope = scene.world.system(60);
    for &(status, after_s) in told {
        let event = Event {
            sf_order_id: "sf-1".into(),
            shop_order_id: ride.to_string(),
            url_index: Event::index_of(status).into(),
            order_status: status.number(),
            status_desc: format!("{status:?}"),
            operator_name: "骑手小周".into(),
            operator_phone: "13900000066".into(),
            push_time: scene.world.now.timestamp() + after_s,
        };
        express::receive(&scope, &event).await.unwrap();
    }
    while jobs::work_ride_notices(&scope).await.unwrap() {}
    sqlx::query_scalar("select outcome from ride_notices order by id desc limit 1")
        .fetch_one(&scene.world.owner)
        .await
        .unwrap()
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_order_goes_as_far_as_its_ride_has_come_once(options: PgPoolOptions, connect: PgConnectOptions) {
    let scene = Scene::new(options, connect).await;
    let (order, ride) = called(&scene).await;
    let rode = async || express::show(&scene.clerk, order).await.unwrap().rides[0].state;
    tell(&scene, ride, &[(Status::Accepted, 1), (Status::Accepted, 1)]).await;
    assert_eq!((rode().await, scene.world.state_of(order).await), (RideState::Accepted, OrderState::Accepted));
    tell(&scene, ride, &[(Status::PickedUp, 3)]).await;
    assert_eq!((rode().await, scene.world.state_of(order).await), (RideState::PickedUp, OrderState::Dispatched));
    assert_eq!(scene.world.order(&scene.buyer, order).await.rider.unwrap().phone, "13900000066");
    assert_eq!(tell(&scene, ride, &[(Status::AtPickup, 2)]).await, "late");
    assert_eq!(rode().await, RideState::PickedUp, "a ride never goes back");
    tell(&scene, ride, &[(Status::Exception, 4)]).await;
    assert_eq!(scene.world.state_of(order).await, OrderState::Dispatched, "the store decides what becomes of it");
    tell(&scene, ride, &[(Status::Delivered, 5), (Status::Delivered, 5), (Status::Delivered, 6)]).await;
    assert_eq!((rode().await, scene.world.state_of(order).await), (RideState::Delivered, OrderState::Completed));
    assert_eq!(tell(&scene, ride, &[(Status::Cancelled, 7)]).await, "late");
    let told = express::mine(&scene.buyer, order).await.unwrap();
    assert_eq!(told.steps.len(), 7, "what is told twice stands once: {:?}", told.steps);
    assert!(told.rides.is_empty(), "whom the store called is its business");
    assert_eq!(tell(&scene, RideId(Uuid::now_v7()), &[(Status::Delivered, 1)]).await, "no such ride");
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_the_store_says_is_back_is_not_delivered_by_a_ride_of_before(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let (order, ride) = called(&scene).await;
    tell(&scene, ride, &[(Status::Accepted, 1), (Status::PickedUp, 3)]).await;
    let nobody = Undelivered { reason: "联系不上顾客".into() };
    orders::undelivered(&scene.clerk, order, &nobody).await.unwrap();
    assert_eq!(tell(&scene, ride, &[(Status::Delivered, 5)]).await, "late");
    assert_eq!(scene.world.state_of(order).await, OrderState::Ready);
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_delivery_whose_pick_up_was_never_told_is_one_all_the_same(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let (order, ride) = called(&scene).await;
    tell(&scene, ride, &[(Status::Delivered, 5), (Status::PickedUp, 3), (Status::Accepted, 1)]).await;
    assert_eq!(scene.world.state_of(order).await, OrderState::Completed);
    let (gone, ride) = called(&scene).await;
    let reason = "缺货".to_owned();
    orders::call_off(&scene.hq, gone, &CallOff { reason }).await.unwrap();
    tell(&scene, ride, &[(Status::PickedUp, 3), (Status::Delivered, 5)]).await;
    assert_eq!(scene.world.state_of(gone).await, OrderState::Cancelled, "what is over stays as it ended");
    let (_, ride) = called(&scene).await;
    let again = sqlx::query("insert into rides (id, order_id, store_id, state, called_at) select $2, order_id, store_id, 'calling', $3 from rides where id = $1")
        .bind(ride.0)
        .bind(Uuid::now_v7())
        .bind(scene.world.now)
        .execute(&scene.world.owner)
        .await;
    assert!(again.is_err(), "one ride at a time");
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn without_a_courier_nobody_is_called_and_the_store_is_told(options: PgPoolOptions, connect: PgConnectOptions) {
    let scene = Scene::new(options, connect).await;
    let order = scene.accepted().await;
    assert_eq!(code_of(express::quote(&scene.clerk, order).await), "no_courier");
    assert_eq!(code_of(express::call(&scene.clerk, order, RideId(Uuid::now_v7())).await), "no_courier");
    assert_eq!(scene.world.count("select count(*) from rides").await, 0);
    scene.world.balanced().await;
}
