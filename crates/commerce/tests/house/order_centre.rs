//! Head office's order centre (D8).

use commerce::{Scope, audit, orders};
use domain::{
    OrderBatchId, OrderId,
    audit::{Act, ListAudit},
    fulfilment::Fulfilment,
    order_batches::{BatchAct, DraftBatch, OrderFilter},
    order_centre::{Annotate, CallOff, CallOffAll, Reroute},
    orders::{Channel, ListOrders, OrderState},
    staff::Role,
    text,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::{
    people::Reach,
    world::{Stock, World, code_of, field_of, new_order_id},
};

async fn service(world: &World) -> Scope {
    world.staff("客服", Role::ServiceDepartment, Reach::Everywhere).await
}

fn to(world: &World) -> Reroute {
    Reroute { store_id: world.elsewhere, reason: "原门店缺货".into() }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_order_given_to_another_store_is_served_and_paid_out_there(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (buyer, service) = (world.member().await, service(&world).await);
    let here = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    let there = world.staff("西湖店长", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    let (order, code) = world.place_paid(&buyer, 2).await;
    orders::accept(&here, order).await.unwrap();
    let choices = orders::reroute_choices(&service, order).await.unwrap();
    assert_eq!((choices[0].store_id, choices[0].lacking), (world.elsewhere, 0));

    orders::reroute(&service, order, &to(&world)).await.unwrap();
    orders::reroute(&service, order, &to(&world)).await.unwrap();
    assert_eq!(world.stock_at(world.store, world.medium).await, Stock { on_hand: 100, held: 0, allocated: 0 });
    assert_eq!(world.stock_at(world.elsewhere, world.medium).await, Stock { on_hand: 100, held: 0, allocated: 2 });
    assert_eq!(world.state_of(order).await, OrderState::Paid, "the other store has not accepted it yet");
    assert_eq!(code_of(orders::accept(&here, order).await), "not_found", "it is no longer theirs");
    assert_eq!(code_of(orders::redeem(&here, &code).await), "not_found");
    orders::accept(&there, order).await.unwrap();
    assert_eq!(orders::redeem(&there, &code).await.unwrap(), order, "the shopper's code is the same");
    let seen = world.order(&buyer, order).await;
    assert_eq!(seen.card.store_id, world.elsewhere);
    assert!(seen.steps.iter().any(|step| step.note == "原门店缺货"));
    let finance = world.staff("财务", Role::FinanceDepartment, Reach::Everywhere).await;
    let ask = ListAudit { act: Some(Act::Reroute), most: 5, ..Default::default() };
    assert_eq!(audit::list(&finance, &ask).await.unwrap().items.len(), 1, "once");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_order_keeps_its_time_at_a_store_where_that_is_full_and_whoever_gives_it_away_is_told(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (buyer, service) = (world.member().await, service(&world).await);
    world
        .alter(
            "insert into fulfilment_settings (store_id, settings, changed_at)
             select id, '{\"pickup_capacity\": 1}', now() from stores where code = 'XIHU'",
        )
        .await;
    let (first, _) = world.place_paid(&buyer, 1).await;
    let (second, _) = world.place_paid(&buyer, 1).await;
    let full = async || orders::reroute_choices(&service, second).await.unwrap()[0].slot_full;
    assert!(!full().await);
    orders::reroute(&service, first, &to(&world)).await.unwrap();
    assert!(full().await, "the first order has the only place");
    orders::reroute(&service, second, &to(&world)).await.unwrap();
    let slots = [world.order(&buyer, first).await.card.slot, world.order(&buyer, second).await.card.slot];
    assert_eq!(slots[0], slots[1]);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_order_is_given_only_to_a_store_that_can_serve_it(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (buyer, service) = (world.member().await, service(&world).await);
    let (order, _) = world.place_paid(&buyer, 3).await;
    world
        .alter(
            "insert into merchants (id, code, name, created_at) values (gen_random_uuid(), 'EAST', '东边商户', now())",
        )
        .await;
    world.leave(world.elsewhere, world.medium, 2).await;
    assert_eq!(code_of(orders::reroute(&service, order, &to(&world)).await), "sold_out");
    assert_eq!(orders::reroute_choices(&service, order).await.unwrap()[0].lacking, 1);
    world.leave(world.elsewhere, world.medium, 3).await;
    world.alter("update stores set state = 'paused' where code = 'XIHU'").await;
    assert_eq!(code_of(orders::reroute(&service, order, &to(&world)).await), "store_closed");
    assert!(orders::reroute_choices(&service, order).await.unwrap().is_empty());
    world.alter("update stores set state = 'open' where code = 'XIHU'").await;
    world.alter("update listings set on_shelf = false from stores s where s.id = store_id and s.code = 'XIHU'").await;
    assert_eq!(code_of(orders::reroute(&service, order, &to(&world)).await), "not_sold_there");
    world.alter("update listings set on_shelf = true").await;
    for foreign in [
        "update stores set ownership = 'merchant', merchant_id = (select id from merchants) where code = 'XIHU'",
        "with other as (insert into brands (id, code, name, kind) values (gen_random_uuid(), 'OTHER', '别家', 'tea') returning id)
         update stores set brand_id = (select id from other), merchant_id = null where code = 'XIHU'",
    ] {
        world.alter(foreign).await;
        assert_eq!(code_of(orders::reroute(&service, order, &to(&world)).await), "other_merchant");
        assert!(orders::reroute_choices(&service, order).await.unwrap().is_empty());
    }
    world
        .alter("update stores set brand_id = (select brand_id from stores where code = 'RMGC'), ownership = 'direct'")
        .await;
    let unsaid = Reroute { reason: " ".into(), ..to(&world) };
    assert_eq!(field_of(orders::reroute(&service, order, &unsaid).await), "reason");
    let of_shanghai = world.staff("区域经理", Role::RegionalManager, Reach::Region("310100")).await;
    assert_eq!(code_of(orders::reroute(&of_shanghai, order, &to(&world)).await), "not_found", "a store out of reach");
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    assert_eq!(code_of(orders::reroute(&manager, order, &to(&world)).await), "forbidden");
    let unpaid = world.place(&buyer, 1).await;
    assert_eq!(code_of(orders::reroute(&service, unpaid, &to(&world)).await), "not_now");
    assert_eq!(world.stock_at(world.store, world.medium).await.allocated, 3, "nothing has changed");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn given_away_and_handed_over_at_the_same_moment_it_is_one_of_the_two(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let service = service(&world).await;
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    for _ in 0..8 {
        let (order, code) = world.place_paid(&world.member().await, 1).await;
        orders::accept(&manager, order).await.unwrap();
        let start = Barrier::new(2);
        let (given, handed) = tokio::join!(
            async {
                start.wait().await;
                orders::reroute(&service, order, &to(&world)).await
            },
            async {
                start.wait().await;
                orders::redeem(&manager, &code).await
            }
        );
        assert!(given.is_ok() != handed.is_ok(), "{given:?} {handed:?}");
    }
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_called_off_is_free_and_paid_back_and_each_of_several_by_itself(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let service = service(&world).await;
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    let buyer = world.member().await;
    let (ready, _) = world.place_paid(&buyer, 1).await;
    orders::accept(&manager, ready).await.unwrap();
    orders::prepare(&manager, ready).await.unwrap();
    let unpaid = world.place(&buyer, 2).await;
    let (gone, code) = world.place_paid(&buyer, 1).await;
    orders::accept(&manager, gone).await.unwrap();
    orders::redeem(&manager, &code).await.unwrap();
    let all = |orders: Vec<OrderId>| CallOffAll { orders, reason: "门店停业".into() };
    assert_eq!(field_of(orders::call_off_all(&service, &all(Vec::new())).await), "orders");
    assert_eq!(code_of(orders::call_off_all(&service, &all(vec![new_order_id()])).await), "not_found");
    assert_eq!(code_of(orders::call_off_all(&manager, &all(vec![ready])).await), "forbidden");
    let answers = orders::call_off_all(&service, &all(vec![ready, unpaid, gone])).await.unwrap();
    let done: Vec<bool> = answers.iter().map(|one| one.problem.is_none()).collect();
    assert_eq!(done, [true, true, false], "{answers:?}");
    orders::call_off(&service, ready, &CallOff { reason: "门店停业".into() }).await.unwrap();
    assert_eq!(world.state_of(ready).await, OrderState::Cancelled);
    assert_eq!(world.stock_at(world.store, world.medium).await, Stock { on_hand: 99, held: 0, allocated: 0 });
    assert_eq!(world.count("select count(*) from refunds").await, 1, "once");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn notes_are_written_once_and_never_shown_to_the_shopper(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (buyer, service) = (world.member().await, service(&world).await);
    let (order, _) = world.place_paid(&buyer, 1).await;
    let note = Annotate { id: Uuid::now_v7(), text: "顾客同意换店".into() };
    orders::annotate(&service, order, &note).await.unwrap();
    orders::annotate(&service, order, &note).await.unwrap();
    let other = Annotate { text: "另一句".into(), ..note.clone() };
    assert_eq!(code_of(orders::annotate(&service, order, &other).await), "key_reused");
    let empty = Annotate { id: Uuid::now_v7(), text: " ".into() };
    assert_eq!(field_of(orders::annotate(&service, order, &empty).await), "text");
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    let notes = orders::notes(&manager, order).await.unwrap();
    assert_eq!(
        notes.iter().map(|note| (note.text.as_str(), note.by.as_str())).collect::<Vec<_>>(),
        [("顾客同意换店", "客服")]
    );
    let elsewhere = world.staff("西湖店长", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    assert_eq!(code_of(orders::notes(&elsewhere, order).await), "not_found");
    assert_eq!(code_of(orders::notes(&buyer, order).await), "unauthenticated");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn orders_are_listed_by_region_and_channel(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let service = service(&world).await;
    world.place_paid(&world.member().await, 1).await;
    let list =
        async |ask: ListOrders| orders::list(&service, ListOrders { most: 10, ..ask }).await.unwrap().items.len();
    let of_region = |code: &str| ListOrders { region: Some(code.into()), ..Default::default() };
    assert_eq!(list(of_region("310000")).await, 1, "a region holds those below it");
    assert_eq!(list(of_region("310100")).await, 1);
    assert_eq!(list(of_region("330100")).await, 0);
    let counts = [
        list(ListOrders { channel: Some(Channel::Shop), ..Default::default() }).await,
        list(ListOrders { channel: Some(Channel::Api), ..Default::default() }).await,
    ];
    assert_eq!(counts.iter().sum::<usize>(), 1);
    world.balanced().await;
}

/// How many orders somebody's list has.
async fn many(who: &Scope, ask: ListOrders) -> usize {
    orders::list(who, ListOrders { most: 10, ..ask }).await.unwrap().items.len()
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn orders_are_listed_by_the_days_they_were_placed_on_and_by_their_way(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (buyer, service) = (world.member().await, service(&world).await);
    world.place_paid(&buyer, 1).await;
    world.place_paid(&buyer, 2).await;
    // The last moment of the day before, in China, which is not that of the day in Greenwich.
    world
        .alter(
            "update orders o set placed_at = (date_trunc('day', placed_at at time zone 'Asia/Shanghai')
                                              - interval '1 second') at time zone 'Asia/Shanghai'
             where exists (select from order_lines where order_id = o.id and quantity = 2)",
        )
        .await;
    let today = world.now.with_timezone(&text::zone("")).date_naive();
    let days = |from: i64, to: i64| {
        let day = |far: i64| Some(today + chrono::Duration::days(far));
        ListOrders { from: day(from), to: day(to), ..ListOrders::default() }
    };
    assert_eq!(many(&service, days(-1, 0)).await, 2);
    assert_eq!(many(&service, days(0, 0)).await, 1);
    assert_eq!(many(&service, days(-1, -1)).await, 1, "the last day is in it, whole");
    assert_eq!(many(&service, days(-9, -2)).await + many(&service, days(1, 9)).await, 0);
    assert_eq!(many(&service, ListOrders { to: None, ..days(0, 0) }).await, 1, "one side may be open");
    assert_eq!(field_of(orders::list(&service, days(1, 0)).await), "to");
    let never = ListOrders { from: "9999-12-31".parse().ok(), ..ListOrders::default() };
    assert_eq!(many(&service, never).await, 0);
    let sent = |way| ListOrders { fulfilment: Some(way), ..ListOrders::default() };
    assert_eq!(many(&service, sent(Fulfilment::Pickup)).await, 2);
    assert_eq!(many(&service, sent(Fulfilment::Express)).await, 0);
    assert_eq!(orders::whole_list(&service, days(0, 0), 10).await.unwrap().len(), 1, "files too");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn orders_are_listed_by_their_goods_whether_few_have_them_or_many(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (buyer, service) = (world.member().await, service(&world).await);
    let elsewhere = world.staff("西湖店长", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    world.place_paid(&buyer, 1).await;
    world.put(&buyer, world.large, 1).await;
    let command = world.command(&buyer).await;
    let large = command.id;
    orders::place(&buyer, command).await.unwrap();
    let with = |goods: &str| ListOrders { goods: goods.into(), ..ListOrders::default() };
    let code = world.large.to_string();
    for times in 0..2 {
        assert_eq!(many(&service, with("珍珠奶")).await, 2, "{times}");
        assert_eq!(many(&service, with(&format!(" {} ", code.to_uppercase()))).await, 1, "{times}");
        assert_eq!(many(&service, with(code.split_at(8).0)).await, 0, "of a code only the whole");
        assert_eq!(many(&service, with("拿铁")).await, 0);
        assert_eq!(many(&elsewhere, with("珍珠奶")).await, 0, "never another store's");
        // Once more with as many lines as make them frequent goods.
        world
            .alter(
                "insert into order_lines
                 select order_id, line + n, sku_id, name, spec, options, options_text, picture, quantity, unit_fen,
                        total_fen
                 from order_lines cross join generate_series(100, 2200) n where line < 100
                 on conflict do nothing",
            )
            .await;
    }
    let command = DraftBatch {
        id: OrderBatchId(Uuid::now_v7()),
        act: BatchAct::Annotate,
        orders: Vec::new(),
        all: Some(OrderFilter { goods: code, ..OrderFilter::default() }),
        store_id: None,
        reason: "缺货".into(),
    };
    let batch = orders::batches::draft(&service, &command).await.unwrap();
    assert_eq!(batch.lines.iter().map(|line| line.order_id).collect::<Vec<_>>(), [large], "batches of all too");
    world.alter("delete from order_lines where line >= 100").await;
    world.balanced().await;
}
