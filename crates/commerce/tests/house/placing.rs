//! From the cart to an order: what is charged, what is refused, and that a refusal changes nothing.

use chrono::Duration;
use commerce::{Partners, Settings, cart, orders};
use domain::{
    Fault, Fen, Quantity,
    cart::SetLine,
    fulfilment::Fulfilment,
    orders::{OrderState, PlaceOrder},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::world::{MEDIUM_FEN, Stock, World, code_of, field_of, new_order_id, teas};

/// Nothing was ordered, held or taken out of the cart.
async fn unchanged(world: &World, pieces_in_carts: i64) {
    assert_eq!(world.count("select count(*) from orders").await, 0);
    assert_eq!(world.count("select count(*) from order_lines").await, 0);
    assert_eq!(world.count("select count(*) from jobs").await, 0);
    assert_eq!(world.count("select count(*) from outbox").await, 0);
    assert_eq!(world.count("select sum(held)::bigint from stock").await, 0);
    assert_eq!(world.count("select coalesce(sum(quantity), 0)::bigint from cart_lines").await, pieces_in_carts);
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_order_holds_its_stock_empties_the_cart_and_waits_for_its_payment(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let with_toppings =
        SetLine { options: ["coco", "pearl", "s5"].map(str::to_owned).to_vec().into(), ..world.line(world.large, 2) };
    cart::set_line(&buyer, with_toppings).await.unwrap();
    world.put(&buyer, world.medium, 1).await;
    let command = PlaceOrder { note: "少冰".into(), ..world.command(&buyer).await };
    let placed = orders::place(&buyer, command.clone()).await.unwrap();
    // Two large at 18.00 with 2.00 and 3.00 on top, one medium at 15.00.
    assert_eq!(placed.total_fen, Fen(2 * (1800 + 500) + 1500));
    assert_eq!(placed.pay_before, world.now + Duration::minutes(15));
    let order = world.order(&buyer, command.id).await;
    assert_eq!((order.card.state, order.card.pieces, &*order.card.note), (OrderState::Placed, 3, "少冰"));
    assert_eq!((order.card.slot.start, order.pickup_code), (command.slot, None));
    assert_eq!(world.stock_at(world.store, world.large).await, Stock { on_hand: 100, held: 2, allocated: 0 });
    assert_eq!(cart::pieces(&buyer).await.unwrap(), 0);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn lines_of_one_variant_with_different_options_hold_their_sum(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    world.put(&buyer, world.medium, 2).await;
    let other = SetLine { options: vec!["s5".to_owned()].into(), ..world.line(world.medium, 3) };
    cart::set_line(&buyer, other).await.unwrap();
    let order = orders::place(&buyer, world.command(&buyer).await).await.unwrap();
    assert_eq!(order.total_fen, teas(5));
    assert_eq!(world.stock_at(world.store, world.medium).await.held, 5);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_price_the_client_sends_is_never_charged(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    world.put(&buyer, world.medium, 2).await;
    for wrong in [1, 0, -3000, 2999, 3001, i64::MAX] {
        let command = PlaceOrder { expected_total_fen: Fen(wrong), ..world.command(&buyer).await };
        assert_eq!(code_of(orders::place(&buyer, command).await), "price_changed", "{wrong}");
    }
    unchanged(&world, 2).await;
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_price_that_rose_after_it_was_shown_is_not_charged_unseen(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    world.put(&buyer, world.medium, 1).await;
    let command = world.command(&buyer).await;
    world.alter("update listings set price_fen = price_fen + 100").await;
    assert_eq!(code_of(orders::place(&buyer, command.clone()).await), "price_changed");
    unchanged(&world, 1).await;
    let seen = PlaceOrder { expected_total_fen: Fen(MEDIUM_FEN + 100), ..command };
    assert_eq!(orders::place(&buyer, seen).await.unwrap().total_fen, Fen(MEDIUM_FEN + 100));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_store_that_is_paused_or_closed_or_has_no_hours_takes_no_orders(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    world.put(&buyer, world.medium, 1).await;
    let command = world.command(&buyer).await;
    for change in [
        "update stores set state = 'paused'",
        "update stores set state = 'closed'",
        "update stores set state = 'open', hours = '{\"weekly\": []}'",
    ] {
        world.alter(change).await;
        assert_eq!(code_of(orders::place(&buyer, command.clone()).await), "store_closed", "{change}");
    }
    unchanged(&world, 1).await;
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_slot_must_be_one_of_those_offered_now(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    world.put(&buyer, world.medium, 1).await;
    let command = world.command(&buyer).await;
    let others = [
        world.now - Duration::hours(1),
        // Within the time the goods take to make ready.
        world.now,
        command.slot + Duration::minutes(7),
        world.now + Duration::days(3),
    ];
    for slot in others {
        let answer = orders::place(&buyer, PlaceOrder { slot, ..command.clone() }).await;
        assert_eq!(field_of(answer), "slot", "{slot}");
    }
    // A page that stood open too long.
    let mut later = buyer.clone();
    later.now = command.slot + Duration::minutes(1);
    assert_eq!(field_of(orders::place(&later, command).await), "slot");
    unchanged(&world, 1).await;
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_sold_out_since_it_was_put_in_the_cart_is_named_and_the_cart_kept(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    world.put(&buyer, world.medium, 2).await;
    world.put(&buyer, world.large, 2).await;
    let command = world.command(&buyer).await;
    world.leave(world.store, world.large, 1).await;
    let Err(Fault::SoldOut(lacking)) = orders::place(&buyer, command).await else { panic!("sold out") };
    let fields: Vec<_> = lacking.iter().map(|complaint| complaint.field.clone()).collect();
    assert_eq!(fields, [format!("line.{}", world.large)]);
    assert!(lacking[0].message.contains("仅剩 1 件"), "{}", lacking[0].message);
    unchanged(&world, 4).await;
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_was_taken_off_the_shelf_cannot_be_ordered(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    world.put(&buyer, world.medium, 1).await;
    let command = world.command(&buyer).await;
    for change in
        ["update listings set on_shelf = false", "update products set published = false", "delete from listings"]
    {
        world.alter(change).await;
        assert_eq!(code_of(orders::place(&buyer, command.clone()).await), "sold_out", "{change}");
        world.alter("update listings set on_shelf = true").await;
    }
    unchanged(&world, 1).await;
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn options_that_no_longer_exist_cannot_be_ordered(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    world.put(&buyer, world.medium, 1).await;
    world.alter("delete from modifier_options where code = 's7'").await;
    let quote = cart::quote(&buyer, world.store).await.unwrap();
    assert!(!quote.orderable && quote.lines[0].problem.is_some());
    assert!(orders::place(&buyer, world.command(&buyer).await).await.is_err());
    unchanged(&world, 1).await;
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_empty_cart_cannot_be_ordered_nor_a_cart_of_another_store(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    assert_eq!(code_of(orders::place(&buyer, world.command(&buyer).await).await), "cart_empty");
    world.put(&buyer, world.medium, 1).await;
    let command = PlaceOrder { store_id: world.elsewhere, ..world.command(&buyer).await };
    assert_eq!(code_of(orders::place(&buyer, command).await), "cart_empty");
    unchanged(&world, 1).await;
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn only_members_place_orders(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let visitor = world.visitor().await;
    world.put(&visitor, world.medium, 1).await;
    let command = world.command(&visitor).await;
    assert_eq!(orders::place(&visitor, command).await, Err(Fault::Unauthenticated));
    unchanged(&world, 1).await;
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_member_with_five_unpaid_orders_places_no_sixth(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let mut placed = Vec::new();
    for _ in 0..5 {
        placed.push(world.place(&buyer, 1).await);
    }
    world.put(&buyer, world.medium, 1).await;
    let command = world.command(&buyer).await;
    assert_eq!(code_of(orders::place(&buyer, command.clone()).await), "too_many_unpaid");
    assert_eq!(world.stock_at(world.store, world.medium).await.held, 5);
    world.pay(placed[0]).await;
    orders::place(&buyer, command).await.unwrap();
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_member_places_only_so_many_orders_in_ten_minutes(options: PgPoolOptions, connect: PgConnectOptions) {
    let settings = Settings { orders_in_ten_minutes: 3, ..Settings::default() };
    let world = World::with(options, connect, Partners::default(), settings).await;
    let mut buyer = world.member().await;
    for _ in 0..3 {
        let order = world.place(&buyer, 1).await;
        orders::cancel(&buyer, order).await.unwrap();
    }
    world.put(&buyer, world.medium, 1).await;
    let command = world.command(&buyer).await;
    assert_eq!(code_of(orders::place(&buyer, command.clone()).await), "too_many");
    buyer.now += Duration::minutes(10);
    let later = world.command(&buyer).await;
    orders::place(&buyer, later).await.unwrap();
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_same_request_again_answers_the_same_order_whatever_happened_since(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    world.put(&buyer, world.medium, 1).await;
    let command = world.command(&buyer).await;
    let first = orders::place(&buyer, command.clone()).await.unwrap();
    world.alter("update listings set price_fen = 1").await;
    world.put(&buyer, world.large, 1).await;
    let mut later = buyer.clone();
    later.now += Duration::hours(2);
    let retried = PlaceOrder { occurred_at: Some(world.now), ..command };
    assert_eq!(orders::place(&later, retried).await.unwrap(), first);
    assert_eq!(cart::pieces(&buyer).await.unwrap(), 1, "what was put in the cart since is still there");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn another_request_under_the_same_id_is_refused(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (buyer, other) = (world.member().await, world.member().await);
    world.put(&buyer, world.medium, 1).await;
    let command = world.command(&buyer).await;
    orders::place(&buyer, command.clone()).await.unwrap();
    let noted = PlaceOrder { note: "多冰".into(), ..command.clone() };
    assert_eq!(code_of(orders::place(&buyer, noted).await), "key_reused");
    world.put(&other, world.medium, 1).await;
    assert_eq!(code_of(orders::place(&other, command).await), "key_reused", "another member's too");
    assert_eq!(world.count("select count(*) from orders").await, 1);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_line_keeps_the_name_and_price_of_its_time(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let order = world.place(&buyer, 2).await;
    let before = world.order(&buyer, order).await.lines;
    world.alter("update products set name = '新名字', picture = 'new'").await;
    world.alter("update modifier_options set name = '别的', price_fen = 900").await;
    world.alter("update listings set price_fen = 9900").await;
    world.alter("update skus set spec_values = array[code]").await;
    let after = world.order(&buyer, order).await.lines;
    assert_eq!(after, before);
    let line = &after[0];
    assert_eq!((&*line.name, &*line.spec, &*line.options_text), ("珍珠奶茶", "中杯", "七分糖"));
    assert_eq!((line.quantity, line.unit_fen, line.total_fen), (Quantity::try_from(2).unwrap(), teas(1), teas(2)));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_total_beyond_what_fits_is_refused_instead_of_wrapping_around(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    world.put(&buyer, world.medium, 2).await;
    world.alter("update listings set price_fen = 9223372036854775807").await;
    assert_eq!(field_of(cart::quote(&buyer, world.store).await), "quantity");
    let command = PlaceOrder {
        id: new_order_id(),
        store_id: world.store,
        apart: false,
        fulfilment: Fulfilment::Pickup,
        address_id: None,
        slot: world.now + Duration::minutes(15),
        expected_total_fen: Fen(-2),
        note: String::new(),
        occurred_at: None,
    };
    assert_eq!(field_of(orders::place(&buyer, command).await), "quantity");
    unchanged(&world, 2).await;
    world.balanced().await;
}
