//! Which store sends what somebody wants (D2): by express, and by riders.

use chrono::NaiveTime;
use commerce::{
    Scope, cart, freight,
    fulfilment::{addresses, routing, settings},
    orders,
};
use domain::{
    AddressId, Quantity, StoreId,
    cart::SetLine,
    freight::{FreightRate, SaveFreight, SetDeliveryPriority, SetExpressStores},
    fulfilment::{DeliverySettings, Fulfilment, FulfilmentSettings, Window, Wish},
    route::{FindRoute, RouteRule, SetRouteRules, Wanted},
    staff::Role,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::{
    delivery::{brought, lives, offered},
    freight::{by, new_id, save, sends},
    fulfilment::home,
    people::Reach,
    world::{World, code_of, field_of, teas},
};

struct Scene {
    world: World,
    hq: Scope,
    buyer: Scope,
    address: AddressId,
}

impl Scene {
    async fn new(options: PgPoolOptions, connect: PgConnectOptions) -> Self {
        let world = World::new(options, connect).await;
        let hq = world.staff("周姐", Role::SuperAdmin, Reach::Everywhere).await;
        let buyer = world.member().await;
        let address = addresses::save(&buyer, home("人民大道 1 号")).await.unwrap().id;
        Self { world, hq, buyer, address }
    }

    fn ask(&self, fulfilment: Fulfilment, pieces: i64) -> FindRoute {
        let lines = vec![Wanted { sku_id: self.world.medium, quantity: pieces }];
        FindRoute { lines, address_id: Some(self.address), fulfilment, near: None }
    }

    /// Who sends how many.
    async fn find(&self, fulfilment: Fulfilment, pieces: i64) -> Vec<(String, i64)> {
        let parts = routing::find(&self.buyer, &self.ask(fulfilment, pieces)).await.unwrap();
        parts.into_iter().map(|part| (part.store.code, part.lines[0].quantity)).collect()
    }

    /// Puts so many into the cart, at the first store.
    async fn put(&self, pieces: i64) {
        let line = SetLine {
            store_id: self.world.store,
            sku_id: self.world.medium,
            options: vec!["s7".to_owned()].into(),
            quantity: Quantity::try_from(pieces).unwrap(),
        };
        cart::set_line(&self.buyer, line).await.unwrap();
    }

    async fn brings(&self, store: StoreId, until: u32, capacity: i64) {
        let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
        let windows = vec![Window { from: time(12), until: time(until), capacity }];
        self.delivers(store, DeliverySettings { windows, ..offered() }).await;
    }

    async fn delivers(&self, store: StoreId, delivery: DeliverySettings) {
        let manager = self.world.staff("林姐", Role::StoreManager, Reach::Store(store)).await;
        let settings_now = FulfilmentSettings { delivery: Some(delivery), ..FulfilmentSettings::default() };
        settings::save(&manager, store, &settings_now).await.unwrap();
    }
}

fn one(store: &str) -> Vec<(String, i64)> {
    vec![(store.to_owned(), 1)]
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_store_that_sends_is_found_by_head_offices_rule_among_those_that_can(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let (world, buyer, hq) = (&scene.world, &scene.buyer, &scene.hq);
    freight::save(hq, new_id(), save("标准", &[])).await.unwrap();
    freight::set_stores(hq, sends(&["RMGC", "XIHU"], None)).await.unwrap();
    world.alter("update stores set latitude = 30.25, longitude = 120.15 where code = 'XIHU'").await;
    let find = |pieces| scene.find(Fulfilment::Express, pieces);
    assert_eq!(find(1).await, one("RMGC"), "the nearest");
    freight::set_stores(hq, SetExpressStores { priority: 1, ..sends(&["XIHU"], None) }).await.unwrap();
    routing::set_rules(hq, by(RouteRule::Priority)).await.unwrap();
    routing::set_rules(hq, by(RouteRule::Priority)).await.unwrap();
    assert_eq!(find(1).await, one("XIHU"), "head office's order");
    world.alter("update stores set state = 'paused' where code = 'XIHU'").await;
    assert_eq!(find(1).await, one("RMGC"), "a paused store is never chosen");
    world.alter("update stores set state = 'open' where code = 'XIHU'").await;
    world.alter("update stores set prepare_minutes = 90 where code = 'RMGC'").await;
    routing::set_rules(hq, by(RouteRule::Fastest)).await.unwrap();
    assert_eq!(find(1).await, one("XIHU"), "which has it ready first, though further away");
    world.alter("update stores set prepare_minutes = 90 where code = 'XIHU'").await;
    assert_eq!(find(1).await, one("RMGC"), "of two that are equally fast the nearer");
    world.leave(world.store, world.medium, 3).await;
    world.leave(world.elsewhere, world.medium, 4).await;
    assert_eq!(find(5).await, [], "nobody has everything");
    routing::set_rules(hq, by(RouteRule::FewestParcels)).await.unwrap();
    assert_eq!(find(5).await, [("XIHU".to_owned(), 4), ("RMGC".to_owned(), 1)]);
    assert_eq!(find(8).await, [], "nor together");
    assert_eq!(world.count("select count(*) from audit where act = 'set_routing'").await, 3);
    let clerk = world.staff("小林", Role::Clerk, Reach::Store(world.store)).await;
    assert_eq!(code_of(routing::set_rules(&clerk, by(RouteRule::Nearest)).await), "forbidden");
    let refused = async |ask: FindRoute| field_of(routing::find(buyer, &ask).await);
    let usual = || scene.ask(Fulfilment::Express, 1);
    assert_eq!(refused(FindRoute { lines: Vec::new(), ..usual() }).await, "lines");
    assert_eq!(refused(FindRoute { address_id: Some(home("x").id), ..usual() }).await, "address_id");
    assert_eq!(refused(FindRoute { fulfilment: Fulfilment::Pickup, ..usual() }).await, "fulfilment");
    let nowhere = FindRoute { fulfilment: Fulfilment::Delivery, address_id: None, ..usual() };
    assert_eq!(refused(nowhere).await, "address_id", "riders have to know where to");
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_fastest_parcel_is_the_one_that_is_there_first_not_the_one_that_leaves_first(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let (world, hq, quick) = (&scene.world, &scene.hq, new_id());
    let days = |name: &str, days| {
        let mut template: SaveFreight = save(name, &[]);
        template.terms.elsewhere = template.terms.elsewhere.map(|rate| FreightRate { days, ..rate });
        template
    };
    freight::save(hq, new_id(), days("标准", None)).await.unwrap();
    freight::save(hq, quick, days("次日达", Some(1))).await.unwrap();
    freight::set_stores(hq, sends(&["RMGC"], None)).await.unwrap();
    freight::set_stores(hq, sends(&["XIHU"], Some(quick))).await.unwrap();
    routing::set_rules(hq, by(RouteRule::Fastest)).await.unwrap();
    world.alter("update stores set prepare_minutes = 120 where code = 'XIHU'").await;
    assert_eq!(scene.find(Fulfilment::Express, 1).await, one("XIHU"), "later ready, but two days less under way");
    freight::save(hq, quick, days("慢件", Some(4))).await.unwrap();
    assert_eq!(scene.find(Fulfilment::Express, 1).await, one("RMGC"), "where nobody has said, three days are reckoned");
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_riders_bring_comes_from_whom_head_offices_rule_for_riders_names(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let mut scene = Scene::new(options, connect).await;
    scene.address = lives(&scene.buyer, 8.0).await;
    let (world, hq) = (&scene.world, &scene.hq);
    world.alter("update stores set latitude = 31.21 where code = 'XIHU'").await;
    scene.brings(world.store, 15, 1).await;
    scene.brings(world.elsewhere, 18, 9).await;
    let find = |pieces| scene.find(Fulfilment::Delivery, pieces);
    let rule = async |rule| {
        let command = SetRouteRules { rule: RouteRule::Nearest, delivery_rule: Some(rule) };
        routing::set_rules(hq, command).await.unwrap();
    };
    assert_eq!(find(1).await, one("XIHU"), "the nearest, where nobody has said anything");
    rule(RouteRule::Fastest).await;
    assert_eq!(find(1).await, one("RMGC"), "whose riders are there first");
    routing::set_rules(hq, by(RouteRule::Nearest)).await.unwrap();
    assert_eq!(find(1).await, one("RMGC"), "the rule for express is another");
    scene.put(2).await;
    orders::place(&scene.buyer, brought(world, &scene.buyer, scene.address).await).await.unwrap();
    assert_eq!(find(1).await, one("XIHU"), "a window that is full is none");
    rule(RouteRule::Priority).await;
    let order = async |who: &Scope, stores: &[&str], priority| {
        let stores = stores.iter().map(|&code| code.to_owned()).collect();
        freight::set_delivery_priority(who, SetDeliveryPriority { stores, priority }).await
    };
    assert_eq!(find(1).await, one("XIHU"), "of two in the usual place the nearer");
    order(hq, &["RMGC"], 10).await.unwrap();
    order(hq, &["RMGC"], 10).await.unwrap();
    assert_eq!(find(1).await, one("RMGC"), "head office's order");
    let listed = freight::delivery_priorities(hq).await.unwrap();
    assert_eq!(listed.iter().map(|one| (one.code.as_str(), one.priority)).collect::<Vec<_>>(), [("RMGC", 10)]);
    assert_eq!(field_of(order(hq, &["RMGC", "NIX"], 20).await), "stores");
    assert_eq!(field_of(order(hq, &[], 20).await), "stores");
    assert_eq!(field_of(order(hq, &["RMGC"], 0).await), "priority");
    let clerk = world.staff("小林", Role::Clerk, Reach::Store(world.store)).await;
    assert_eq!(code_of(order(&clerk, &["RMGC"], 20).await), "forbidden");
    assert_eq!(freight::delivery_priorities(hq).await.unwrap(), listed, "nothing has changed");
    order(hq, &["RMGC"], 100).await.unwrap();
    assert_eq!(freight::delivery_priorities(hq).await.unwrap(), [], "the usual place is none of its own");
    assert_eq!(find(1).await, one("XIHU"));
    world.leave(world.store, world.medium, 3).await;
    world.leave(world.elsewhere, world.medium, 4).await;
    assert_eq!(find(5).await, [], "nobody has everything");
    rule(RouteRule::FewestParcels).await;
    assert_eq!(find(5).await, [("XIHU".to_owned(), 4), ("RMGC".to_owned(), 1)]);
    world.alter("update stores set state = 'paused' where code = 'XIHU'").await;
    assert_eq!(find(1).await, one("RMGC"), "a paused store is never chosen");
    let told = "select count(*) from audit where act = 'set_routing' and object_kind = 'store'";
    assert_eq!(world.count(told).await, 2, "each change of a place once");
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_too_little_for_a_stores_riders_is_for_those_who_would_bring_it_whole_or_in_parts(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let mut scene = Scene::new(options, connect).await;
    scene.address = lives(&scene.buyer, 8.0).await;
    let world = &scene.world;
    world.alter("update stores set latitude = 31.21 where code = 'XIHU'").await;
    scene.put(2).await;
    let wants = async |store, pieces| {
        scene.delivers(store, DeliverySettings { minimum_fen: teas(pieces), ..offered() }).await;
    };
    let better = async || {
        let wish = Wish { fulfilment: Fulfilment::Delivery, address_id: Some(scene.address) };
        cart::quote_for(&scene.buyer, world.store, &wish).await.unwrap().better
    };
    wants(world.store, 3).await;
    wants(world.elsewhere, 2).await;
    let other = better().await.unwrap();
    assert_eq!(
        (other.needed, other.parts[0].store.id),
        (true, world.elsewhere),
        "two are too few for the cart's store"
    );
    wants(world.elsewhere, 3).await;
    assert_eq!(better().await, None, "and for the other one");
    let command = SetRouteRules { rule: RouteRule::Nearest, delivery_rule: Some(RouteRule::FewestParcels) };
    routing::set_rules(&scene.hq, command).await.unwrap();
    world.leave(world.store, world.medium, 1).await;
    world.leave(world.elsewhere, world.medium, 1).await;
    wants(world.store, 2).await;
    wants(world.elsewhere, 2).await;
    assert_eq!(better().await, None, "one each is too little for either");
    wants(world.store, 1).await;
    wants(world.elsewhere, 1).await;
    assert_eq!(better().await.map(|better| (better.needed, better.parts.len())), Some((true, 2)));
    scene.world.balanced().await;
}
