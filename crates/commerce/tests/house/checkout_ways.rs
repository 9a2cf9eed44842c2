//! Orders of one checkout that go different ways (D1), and a store's lines that others are to send (D2).

use commerce::{
    Scope, cart, freight,
    fulfilment::{routing, settings},
    orders, payments,
};
use domain::{
    AddressId, CheckoutId, Fault, Fen, PaymentId, Quantity, StoreId,
    cart::{HandOver, Part, Quote, SetLine, SetLineApart},
    checkout::{PlaceCheckout, StartCheckoutPayment},
    freight::SetExpressStores,
    fulfilment::{DeliverySettings, Fulfilment, FulfilmentSettings, Wish},
    orders::{OrderState, PlaceOrder},
    payments::Cashier,
    route::RouteRule,
    staff::Role,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    delivery::{brings, lives, offered},
    freight::{by, new_id, save, sends},
    gateway,
    people::Reach,
    world::{World, code_of, field_of, new_order_id, teas},
};

/// What one parcel of one piece costs.
const FREIGHT: i64 = 800;

struct Scene {
    world: World,
    hq: Scope,
    buyer: Scope,
    address: AddressId,
}

impl Scene {
    /// Both stores send by express; the address is 550 m from one and 11 km from the other, at which the cart is.
    async fn new(options: PgPoolOptions, connect: PgConnectOptions) -> Self {
        let world = World::new(options, connect).await;
        world.alter("update stores set latitude = 31.3 where code = 'RMGC'").await;
        let hq = world.staff("周姐", Role::SuperAdmin, Reach::Everywhere).await;
        freight::save(&hq, new_id(), save("标准", &[])).await.unwrap();
        freight::set_stores(&hq, sends(&["RMGC", "XIHU"], None)).await.unwrap();
        let buyer = world.member().await;
        let address = lives(&buyer, 5.0).await;
        Self { world, hq, buyer, address }
    }

    fn wish(&self, fulfilment: Fulfilment) -> Wish {
        Wish { fulfilment, address_id: Some(self.address).filter(|_| fulfilment.is_sent()) }
    }

    async fn put(&self, store: StoreId, pieces: i64, option: &str) {
        let line = SetLine {
            store_id: store,
            sku_id: self.world.medium,
            options: vec![option.to_owned()].into(),
            quantity: Quantity::try_from(pieces).unwrap(),
        };
        cart::set_line(&self.buyer, line).await.unwrap();
    }

    /// Sets the line with this option apart, or puts it together with the others.
    async fn apart(&self, option: &str, apart: bool) -> Result<(), Fault> {
        let (store_id, options) = (self.world.store, vec![option.to_owned()].into());
        cart::set_apart(&self.buyer, SetLineApart { store_id, sku_id: self.world.medium, options, apart }).await
    }

    /// Both parts of the store: what is not set apart and what is.
    fn both(&self) -> [Part; 2] {
        let plain = Part::from(self.world.store);
        [plain, plain.other()]
    }

    async fn quote(&self, part: impl Into<Part>, way: Fulfilment) -> Quote {
        cart::quote_for(&self.buyer, part, &self.wish(way)).await.unwrap()
    }

    /// An order for what the cart has of a part, in this way, at the first time that is offered.
    async fn command(&self, part: impl Into<Part>, way: Fulfilment) -> PlaceOrder {
        let quote = self.quote(part, way).await;
        PlaceOrder {
            id: new_order_id(),
            store_id: quote.store.id,
            apart: quote.apart,
            slot: quote.way().unwrap().slots[0].slot.start,
            expected_total_fen: quote.total_fen,
            note: String::new(),
            fulfilment: way,
            address_id: self.wish(way).address_id,
            occurred_at: None,
        }
    }

    fn hand_over(&self, to: &[StoreId]) -> HandOver {
        HandOver {
            store_id: self.world.store,
            apart: false,
            fulfilment: Fulfilment::Express,
            address_id: self.address,
            to: to.to_vec(),
        }
    }

    /// What the cart has: of which store, with which option, how many; the smallest first.
    async fn lines(&self) -> Vec<(StoreId, String, i64)> {
        let rows: Vec<(Uuid, String, i64)> =
            sqlx::query_as("select store_id, options, quantity from cart_lines order by quantity, options")
                .fetch_all(&self.world.owner)
                .await
                .unwrap();
        rows.into_iter().map(|(store, options, quantity)| (StoreId(store), options, quantity)).collect()
    }

    /// The stores that the quote names, with how many pieces each sends.
    async fn better(&self, way: Fulfilment) -> Option<Vec<(StoreId, i64)>> {
        let better = self.quote(self.world.store, way).await.better?;
        let pieces = |part: &domain::route::RoutePart| part.lines.iter().map(|one| one.quantity).sum();
        Some(better.parts.iter().map(|part| (part.store.id, pieces(part))).collect())
    }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn orders_of_one_checkout_each_go_their_own_way_and_one_payment_pays_goods_and_ways(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let world = &scene.world;
    world.alter("update stores set latitude = 31.2 where code = 'RMGC'").await;
    brings(world, offered()).await;
    scene.put(world.store, 2, "s7").await;
    scene.put(world.elsewhere, 1, "s7").await;
    let delivery = scene.command(world.store, Fulfilment::Delivery).await;
    let express = scene.command(world.elsewhere, Fulfilment::Express).await;
    assert_eq!(delivery.expected_total_fen, Fen(teas(2).0 + 300));
    assert_eq!(express.expected_total_fen, Fen(teas(1).0 + FREIGHT));
    let command = PlaceCheckout { id: CheckoutId(Uuid::now_v7()), orders: vec![delivery.clone(), express.clone()] };
    let mut cheap = command.clone();
    cheap.id = CheckoutId(Uuid::now_v7());
    cheap.orders[1].expected_total_fen = teas(1);
    assert_eq!(field_of(orders::place_all(&scene.buyer, cheap).await), format!("store.{}", world.elsewhere));
    let placed = orders::place_all(&scene.buyer, command.clone()).await.unwrap();
    assert_eq!(orders::place_all(&scene.buyer, command.clone()).await.unwrap(), placed, "the same request again");
    let total = Fen(teas(3).0 + 300 + FREIGHT);
    assert_eq!(placed.total_fen, total);
    let payment = StartCheckoutPayment {
        id: PaymentId(Uuid::now_v7()),
        checkout_id: command.id,
        cashier: Cashier::H5,
        from_order: None,
        payer_ip: "127.0.0.1".into(),
    };
    assert_eq!(code_of(payments::start_together(&scene.buyer, payment.clone()).await), "upstream");
    assert_eq!(world.tell(gateway::paid(&payment.id.0.simple().to_string(), total.0)).await, "paid");
    for (order, way, freight) in [(delivery.id, Fulfilment::Delivery, 300), (express.id, Fulfilment::Express, FREIGHT)]
    {
        let view = world.order(&scene.buyer, order).await;
        assert_eq!((view.card.state, view.card.fulfilment), (OrderState::Paid, way));
        assert_eq!((view.card.freight_fen, view.paid_fen), (Fen(freight), view.card.total_fen), "each its own share");
        assert_eq!(view.sent_to.unwrap().text(), "上海市 一号");
    }
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn where_one_stores_slot_is_full_or_its_way_leads_not_there_no_order_is_placed(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let world = &scene.world;
    world.alter("update stores set latitude = 31.2 where code = 'RMGC'").await;
    let mut narrow = offered();
    narrow.windows[0].capacity = 1;
    brings(world, narrow).await;
    scene.put(world.store, 1, "s7").await;
    orders::place(&scene.buyer, scene.command(world.store, Fulfilment::Delivery).await).await.unwrap();
    scene.put(world.store, 1, "s7").await;
    scene.put(world.elsewhere, 1, "s7").await;
    let mut orders_of_both = vec![
        scene.command(world.store, Fulfilment::Delivery).await,
        scene.command(world.elsewhere, Fulfilment::Express).await,
    ];
    let place = async |orders: &[PlaceOrder]| {
        let command = PlaceCheckout { id: CheckoutId(Uuid::now_v7()), orders: orders.to_vec() };
        field_of(orders::place_all(&scene.buyer, command).await)
    };
    assert_eq!(place(&orders_of_both).await, format!("store.{}", world.store), "the window is taken");
    orders_of_both[0] = scene.command(world.store, Fulfilment::Pickup).await;
    orders_of_both[1].address_id = None;
    assert_eq!(place(&orders_of_both).await, format!("address_id.{}", world.elsewhere));
    assert_eq!(world.count("select count(*) from orders").await, 1, "the one from before");
    assert_eq!(world.count("select count(*) from checkouts").await, 0);
    assert_eq!(scene.lines().await.len(), 2, "nothing has left the cart");
    orders_of_both[1].address_id = Some(scene.address);
    let command = PlaceCheckout { id: CheckoutId(Uuid::now_v7()), orders: orders_of_both };
    orders::place_all(&scene.buyer, command).await.unwrap();
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn lines_that_are_handed_over_join_what_the_other_store_has_at_its_prices(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let world = &scene.world;
    world
        .alter("update listings set price_fen = 1700 where store_id = (select id from stores where code = 'XIHU')")
        .await;
    scene.put(world.store, 2, "s7").await;
    scene.put(world.store, 3, "s5").await;
    scene.put(world.elsewhere, 4, "s7").await;
    assert_eq!(scene.better(Fulfilment::Pickup).await, None, "who comes for it has chosen the store");
    let quote = scene.quote(world.store, Fulfilment::Express).await;
    let better = quote.better.clone().unwrap();
    assert_eq!((better.needed, better.rule, quote.orderable), (false, RouteRule::Nearest, true));
    assert_eq!(scene.better(Fulfilment::Express).await, Some(vec![(world.elsewhere, 5)]));
    let command = scene.hand_over(&[world.elsewhere]);
    let done = cart::hand_over(&scene.buyer, &command).await.unwrap();
    assert_eq!((done.moved.len(), done.kept), (1, 0));
    let there = [(world.elsewhere, "s5".to_owned(), 3), (world.elsewhere, "s7".to_owned(), 6)];
    assert_eq!(scene.lines().await, there, "each with its options");
    let again = cart::hand_over(&scene.buyer, &command).await.unwrap();
    assert_eq!((again.moved.len(), again.kept), (0, 0), "twice is once");
    assert_eq!(scene.lines().await, there);
    let quote = scene.quote(world.elsewhere, Fulfilment::Express).await;
    assert_eq!((quote.goods_fen, quote.better), (Fen(9 * 1700), None), "that store sends it itself");
    orders::place(&scene.buyer, scene.command(world.elsewhere, Fulfilment::Express).await).await.unwrap();
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn nothing_is_handed_over_but_to_those_that_the_rule_names_now(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let world = &scene.world;
    scene.put(world.store, 5, "s7").await;
    let before = scene.lines().await;
    let shown = scene.hand_over(&[world.elsewhere]);
    let stays = async |why: &str| {
        let done = cart::hand_over(&scene.buyer, &shown).await.unwrap();
        assert_eq!((done.moved.len(), done.kept), (0, 5), "{why}");
        assert_eq!(scene.lines().await, before, "{why}");
        assert_eq!(scene.better(Fulfilment::Express).await, None, "{why}");
    };
    for state in [
        "update stores set state = 'paused' where code = 'XIHU'",
        "update stores set state = 'closed' where code = 'XIHU'",
    ] {
        world.alter(state).await;
        stays("it takes no orders").await;
    }
    world.alter("update stores set state = 'open' where code = 'XIHU'").await;
    world.leave(world.elsewhere, world.medium, 4).await;
    stays("it has too little").await;
    world.leave(world.elsewhere, world.medium, 7).await;
    scene.put(world.elsewhere, 3, "s5").await;
    assert_eq!(scene.better(Fulfilment::Express).await, None, "what is in its part already is spoken for");
    cart::remove_line(
        &scene.buyer,
        domain::cart::RemoveLine {
            store_id: world.elsewhere,
            sku_id: world.medium,
            options: vec!["s5".to_owned()].into(),
        },
    )
    .await
    .unwrap();
    freight::set_stores(&scene.hq, SetExpressStores { sends: false, ..sends(&["XIHU"], None) }).await.unwrap();
    stays("it sends nothing").await;
    freight::set_stores(&scene.hq, sends(&["XIHU"], None)).await.unwrap();
    let third = world.add_another_store("JINGAN", "静安店", "310100").await;
    assert_eq!(code_of(cart::hand_over(&scene.buyer, &scene.hand_over(&[third])).await), "route_changed");
    assert_eq!(field_of(cart::hand_over(&scene.buyer, &scene.hand_over(&[world.store])).await), "to");
    assert_eq!(field_of(cart::hand_over(&scene.buyer, &scene.hand_over(&[])).await), "to");
    let pickup = HandOver { fulfilment: Fulfilment::Pickup, ..shown.clone() };
    assert_eq!(field_of(cart::hand_over(&scene.buyer, &pickup).await), "fulfilment");
    assert_eq!(scene.lines().await, before);
    cart::hand_over(&scene.buyer, &shown).await.unwrap();
    assert_eq!(scene.lines().await, [(world.elsewhere, "s7".to_owned(), 5)]);
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_store_of_another_brand_is_never_named_and_nobody_moves_anothers_lines(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let world = &scene.world;
    let other = world.member().await;
    scene.put(world.store, 2, "s7").await;
    world.put(&other, world.medium, 1).await;
    let theirs = cart::hand_over(&other, &scene.hand_over(&[world.elsewhere])).await;
    assert_eq!(field_of(theirs), "address_id", "not their address");
    let own = HandOver { address_id: lives(&other, 5.0).await, ..scene.hand_over(&[world.elsewhere]) };
    let done = cart::hand_over(&other, &own).await.unwrap();
    assert_eq!(done.moved[0].lines[0].quantity, 1, "their own");
    let lines = [(world.elsewhere, "s7".to_owned(), 1), (world.store, "s7".to_owned(), 2)];
    assert_eq!(scene.lines().await, lines, "each in their own cart");
    world.give_to_another_brand(world.elsewhere).await;
    assert_eq!(scene.better(Fulfilment::Express).await, None, "nearer, and another brand's");
    world.leave(world.store, world.medium, 1).await;
    assert_eq!(scene.better(Fulfilment::Express).await, None, "not even where there is nobody else");
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn where_no_store_has_everything_the_parts_go_to_those_that_have_most_if_head_office_says_so(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let world = &scene.world;
    scene.put(world.store, 3, "s7").await;
    scene.put(world.store, 2, "s5").await;
    world.leave(world.store, world.medium, 1).await;
    world.leave(world.elsewhere, world.medium, 4).await;
    assert_eq!(scene.better(Fulfilment::Express).await, None, "nobody has everything");
    routing::set_rules(&scene.hq, by(RouteRule::FewestParcels)).await.unwrap();
    let parts = vec![(world.elsewhere, 4), (world.store, 1)];
    assert_eq!(scene.better(Fulfilment::Express).await, Some(parts));
    assert!(scene.quote(world.store, Fulfilment::Express).await.better.unwrap().needed);
    let command = scene.hand_over(&[world.elsewhere]);
    let done = cart::hand_over(&scene.buyer, &command).await.unwrap();
    assert_eq!(done.kept, 1);
    let pieces = async |store: StoreId| -> i64 {
        scene.lines().await.iter().filter(|line| line.0 == store).map(|line| line.2).sum()
    };
    assert_eq!((pieces(world.store).await, pieces(world.elsewhere).await), (1, 4));
    assert_eq!(cart::hand_over(&scene.buyer, &command).await.unwrap().moved, [], "twice is once");
    assert_eq!((pieces(world.store).await, pieces(world.elsewhere).await), (1, 4));
    let both = [world.store, world.elsewhere];
    let mut orders_of_both = Vec::new();
    for store in both {
        orders_of_both.push(scene.command(store, Fulfilment::Express).await);
    }
    let command = PlaceCheckout { id: CheckoutId(Uuid::now_v7()), orders: orders_of_both };
    orders::place_all(&scene.buyer, command).await.unwrap();
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn both_parts_of_a_store_together_are_never_to_come_from_more_than_it_has(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let world = &scene.world;
    routing::set_rules(&scene.hq, by(RouteRule::FewestParcels)).await.unwrap();
    scene.put(world.store, 3, "s7").await;
    scene.put(world.store, 4, "s5").await;
    scene.apart("s5", true).await.unwrap();
    world.leave(world.elsewhere, world.medium, 2).await;
    let [comes_for_it, sent] = scene.both();
    world.leave(world.store, world.medium, 7).await;
    assert_eq!(scene.quote(sent, Fulfilment::Express).await.better, None, "there is enough for both");
    world.leave(world.store, world.medium, 5).await;
    let quote = scene.quote(sent, Fulfilment::Express).await;
    let better = quote.better.unwrap();
    let parts: Vec<_> = better.parts.iter().map(|part| (part.store.id, part.lines[0].quantity)).collect();
    assert_eq!(parts, [(world.elsewhere, 2), (world.store, 2)], "three of the five are for who comes for them");
    assert!(!better.needed && quote.orderable, "alone it could still go from here");

    let command = HandOver { apart: true, ..scene.hand_over(&[world.elsewhere]) };
    assert_eq!(cart::hand_over(&scene.buyer, &command).await.unwrap().kept, 2);
    let orders_of_all = vec![
        scene.command(comes_for_it, Fulfilment::Pickup).await,
        scene.command(sent, Fulfilment::Express).await,
        scene.command(world.elsewhere, Fulfilment::Express).await,
    ];
    let command = PlaceCheckout { id: CheckoutId(Uuid::now_v7()), orders: orders_of_all };
    orders::place_all(&scene.buyer, command).await.unwrap();
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_store_that_sends_nothing_tells_of_the_way_that_another_of_its_brand_goes(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let world = &scene.world;
    freight::set_stores(&scene.hq, SetExpressStores { sends: false, ..sends(&["RMGC"], None) }).await.unwrap();
    scene.put(world.store, 1, "s7").await;
    let quote = scene.quote(world.store, Fulfilment::Pickup).await;
    assert_eq!((quote.ways.len(), quote.elsewhere.as_slice()), (1, [Fulfilment::Express].as_slice()));
    let better = scene.quote(world.store, Fulfilment::Express).await.better.unwrap();
    assert!(better.needed);
    world.alter("update stores set state = 'closed' where code = 'XIHU'").await;
    assert_eq!(scene.quote(world.store, Fulfilment::Pickup).await.elsewhere, [], "a closed store goes no way");
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_a_rider_is_to_bring_is_offered_by_the_store_that_the_rule_names(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let world = &scene.world;
    brings(world, offered()).await;
    scene.put(world.store, 2, "s7").await;
    let quote = scene.quote(world.store, Fulfilment::Delivery).await;
    assert!(quote.way().unwrap().problem.is_some(), "11 km are too far");
    assert_eq!(quote.better, None, "and nobody else brings anything");
    let manager = world.staff("林姐", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    let delivers = async |delivery| {
        let settings_now = FulfilmentSettings { delivery: Some(delivery), ..FulfilmentSettings::default() };
        settings::save(&manager, world.elsewhere, &settings_now).await.unwrap();
    };
    delivers(DeliverySettings { minimum_fen: teas(100), ..offered() }).await;
    assert_eq!(scene.better(Fulfilment::Delivery).await, None, "it is too little for who would bring it");
    delivers(offered()).await;
    let better = scene.quote(world.store, Fulfilment::Delivery).await.better.unwrap();
    assert_eq!((better.needed, better.rule), (true, RouteRule::Nearest));
    let command = HandOver { fulfilment: Fulfilment::Delivery, ..scene.hand_over(&[world.elsewhere]) };
    assert_eq!(cart::hand_over(&scene.buyer, &command).await.unwrap().kept, 0);
    let quote = scene.quote(world.elsewhere, Fulfilment::Delivery).await;
    assert_eq!((quote.orderable, quote.better), (true, None));
    assert_eq!(quote.elsewhere, [], "it offers every way itself");
    world.alter("update stores set latitude = 31.207 where code = 'RMGC'").await;
    scene.put(world.store, 1, "s7").await;
    assert_eq!(scene.better(Fulfilment::Delivery).await, None, "it is the nearest itself");
    let better = scene.quote(world.elsewhere, Fulfilment::Delivery).await.better.unwrap();
    assert_eq!((better.needed, better.parts[0].store.id), (false, world.store), "the other may still bring it");
    orders::place(&scene.buyer, scene.command(world.elsewhere, Fulfilment::Delivery).await).await.unwrap();
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_set_apart_at_a_store_goes_another_way_in_an_order_of_its_own_for_the_same_payment(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let world = &scene.world;
    let [plain, apart] = scene.both();
    scene.put(world.store, 2, "s7").await;
    scene.put(world.store, 1, "s5").await;
    for _ in 0..2 {
        scene.apart("s5", true).await.unwrap();
    }
    scene.put(world.store, 3, "s5").await;
    let view = cart::show(&scene.buyer).await.unwrap();
    let seen: Vec<_> = view.quotes.iter().map(|quote| (quote.part(), quote.goods_fen)).collect();
    assert_eq!(seen, [(plain, teas(2)), (apart, teas(3))], "a line that is set again stays in its part");
    let fetched = scene.command(plain, Fulfilment::Pickup).await;
    let sent = scene.command(apart, Fulfilment::Express).await;
    let command = PlaceCheckout { id: CheckoutId(Uuid::now_v7()), orders: vec![fetched.clone(), sent.clone()] };
    let mut cheap = command.clone();
    cheap.id = CheckoutId(Uuid::now_v7());
    cheap.orders[1].expected_total_fen = teas(3);
    assert_eq!(field_of(orders::place_all(&scene.buyer, cheap).await), format!("store.{apart}"));
    let placed = orders::place_all(&scene.buyer, command.clone()).await.unwrap();
    assert_eq!(orders::place_all(&scene.buyer, command.clone()).await.unwrap(), placed, "the same request again");
    let total = Fen(sent.expected_total_fen.0 + teas(2).0);
    assert_eq!(placed.total_fen, total);
    assert_eq!(scene.lines().await, []);
    let payment = StartCheckoutPayment {
        id: PaymentId(Uuid::now_v7()),
        checkout_id: command.id,
        cashier: Cashier::H5,
        from_order: None,
        payer_ip: "127.0.0.1".into(),
    };
    assert_eq!(code_of(payments::start_together(&scene.buyer, payment.clone()).await), "upstream");
    assert_eq!(world.tell(gateway::paid(&payment.id.0.simple().to_string(), total.0)).await, "paid");
    for (order, way, pieces) in [(fetched.id, Fulfilment::Pickup, 2), (sent.id, Fulfilment::Express, 3)] {
        let view = world.order(&scene.buyer, order).await;
        assert_eq!((view.card.state, view.card.fulfilment), (OrderState::Paid, way));
        assert_eq!((view.card.store_id, view.card.pieces), (world.store, pieces));
        assert_eq!(view.paid_fen, view.card.total_fen, "each its own share");
    }
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_part_that_is_ordered_alone_leaves_the_other_in_the_cart(options: PgPoolOptions, connect: PgConnectOptions) {
    let scene = Scene::new(options, connect).await;
    let world = &scene.world;
    let [plain, apart] = scene.both();
    scene.put(world.store, 2, "s7").await;
    scene.put(world.store, 1, "s5").await;
    assert_eq!(code_of(scene.apart("s3", true).await), "not_found", "what is not there");
    scene.apart("s5", true).await.unwrap();
    let (first, second) =
        (scene.command(plain, Fulfilment::Pickup).await, scene.command(apart, Fulfilment::Pickup).await);
    // What was quoted before a line went to the other part is not what is there.
    scene.apart("s5", false).await.unwrap();
    assert_eq!(code_of(orders::place(&scene.buyer, first.clone()).await), "price_changed");
    assert_eq!(code_of(orders::place(&scene.buyer, second.clone()).await), "cart_empty");
    scene.apart("s5", true).await.unwrap();
    orders::place(&scene.buyer, second).await.unwrap();
    assert_eq!(scene.lines().await, [(world.store, "s7".to_owned(), 2)]);
    orders::place(&scene.buyer, first).await.unwrap();
    assert_eq!(scene.lines().await, []);
    assert_eq!(world.count("select count(*) from orders").await, 2);
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn where_both_parts_of_a_store_want_the_last_piece_neither_is_ordered(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let world = &scene.world;
    let [plain, apart] = scene.both();
    scene.put(world.store, 1, "s7").await;
    scene.put(world.store, 1, "s5").await;
    scene.apart("s5", true).await.unwrap();
    world.leave(world.store, world.medium, 1).await;
    let place = async || {
        let orders =
            vec![scene.command(plain, Fulfilment::Pickup).await, scene.command(apart, Fulfilment::Express).await];
        let command = PlaceCheckout { id: CheckoutId(Uuid::now_v7()), orders };
        orders::place_all(&scene.buyer, command).await
    };
    let Err(Fault::SoldOut(lacking)) = place().await else { panic!("the last piece was sold twice") };
    assert_eq!(lacking[0].field, format!("line.{apart}.{}", world.medium));
    assert_eq!(world.count("select (select count(*) from orders) + (select count(*) from checkouts)").await, 0);
    assert_eq!(world.stock_at(world.store, world.medium).await.held, 0);
    assert_eq!(scene.lines().await.len(), 2, "nothing has left the cart");
    world.leave(world.store, world.medium, 2).await;
    assert_eq!(place().await.unwrap().orders.len(), 2);
    assert_eq!(world.stock_at(world.store, world.medium).await.held, 2);
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn one_part_is_handed_over_and_what_it_joins_stays_in_its_part(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let world = &scene.world;
    scene.put(world.store, 2, "s7").await;
    scene.put(world.store, 1, "s5").await;
    scene.apart("s5", true).await.unwrap();
    scene.put(world.elsewhere, 4, "s5").await;
    let there = SetLineApart {
        store_id: world.elsewhere,
        sku_id: world.medium,
        options: vec!["s5".to_owned()].into(),
        apart: true,
    };
    cart::set_apart(&scene.buyer, there).await.unwrap();
    let command = HandOver { apart: true, ..scene.hand_over(&[world.elsewhere]) };
    let done = cart::hand_over(&scene.buyer, &command).await.unwrap();
    assert_eq!((done.moved.len(), done.kept), (1, 0));
    assert_eq!(done.joined, [Part::from(world.elsewhere).other()]);
    assert_eq!(scene.lines().await, [(world.store, "s7".to_owned(), 2), (world.elsewhere, "s5".to_owned(), 5)]);
    let mut parts = [Part::from(world.store), Part::from(world.elsewhere).other()];
    let mut found = cart::parts(&scene.buyer).await.unwrap();
    parts.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, parts);
    assert_eq!(cart::hand_over(&scene.buyer, &command).await.unwrap().moved, [], "twice is once");
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_handed_over_is_in_the_parts_that_are_named_also_where_the_other_store_has_both(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let world = &scene.world;
    let plain = Part::from(world.elsewhere);
    scene.put(world.elsewhere, 3, "s5").await;
    let there = SetLineApart {
        store_id: world.elsewhere,
        sku_id: world.medium,
        options: vec!["s5".to_owned()].into(),
        apart: true,
    };
    cart::set_apart(&scene.buyer, there).await.unwrap();
    let command = scene.hand_over(&[world.elsewhere]);
    // What is new there is in the plain part; what joins a line is in that line's.
    for (pieces, option, joined) in [(1, "s7", vec![plain]), (1, "s5", vec![plain.other()])] {
        scene.put(world.store, pieces, option).await;
        assert_eq!(cart::hand_over(&scene.buyer, &command).await.unwrap().joined, joined);
    }
    scene.put(world.store, 1, "s7").await;
    scene.put(world.store, 1, "s5").await;
    let done = cart::hand_over(&scene.buyer, &command).await.unwrap();
    assert_eq!((done.moved.len(), done.kept, done.joined), (1, 0, vec![plain, plain.other()]));
    let there = [("s7", 2), ("s5", 5)].map(|(option, many)| (world.elsewhere, option.to_owned(), many));
    assert_eq!(scene.lines().await, there);
    assert_eq!(cart::hand_over(&scene.buyer, &command).await.unwrap().joined, [], "twice is once");
    scene.world.balanced().await;
}
