//! The address book, and what becomes of goods and money while an order is on its way.

use commerce::{Scope, books, fulfilment::addresses, orders};
use domain::{
    AddressId, OrderId,
    fulfilment::{ADDRESSES_MOST, Address, Deliver, Dispatch, SaveAddress, Undelivered},
    geo::Point,
    order_centre::{CallOff, Reroute},
    orders::OrderState,
    staff::Role,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    people::Reach,
    world::{Stock, World, code_of, field_of, teas},
};

/// An address of a new member's, near the store.
pub fn home(detail: &str) -> SaveAddress {
    let address = Address {
        name: "小林".into(),
        phone: "13800138000".parse().unwrap(),
        region_code: "310100".into(),
        detail: detail.into(),
        point: Point::new(31.205, 121.405),
    };
    SaveAddress { id: AddressId(Uuid::now_v7()), address, is_default: false }
}

pub fn rider() -> Dispatch {
    Dispatch { rider_name: "小李".into(), rider_phone: "13900139000".parse().unwrap() }
}

/// A paid order that is to be brought.
pub async fn to_be_brought(world: &World, buyer: &Scope) -> OrderId {
    let (order, _) = world.place_paid(buyer, 2).await;
    sqlx::query(
        "with sent as (update orders set fulfilment = 'delivery' where id = $1 returning id)
         insert into order_addresses (order_id, name, phone, region_code, region, detail)
         select id, '小林', '13800138000', '310100', '上海市', '人民大道 1 号' from sent",
    )
    .bind(order.0)
    .execute(&world.owner)
    .await
    .unwrap();
    order
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_first_address_is_the_default_until_another_is_or_it_goes(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let (one, two) = (home("一号"), home("二号"));
    for address in [&one, &two, &one] {
        addresses::save(&buyer, address.clone()).await.unwrap();
    }
    let details = async || -> Vec<(String, bool)> {
        let mine = addresses::mine(&buyer).await.unwrap();
        mine.into_iter().map(|one| (one.address.detail, one.is_default)).collect()
    };
    assert_eq!(details().await, [("一号".to_owned(), true), ("二号".to_owned(), false)], "saved twice is saved once");
    addresses::save(&buyer, SaveAddress { is_default: true, ..two.clone() }).await.unwrap();
    assert_eq!(details().await[0], ("二号".to_owned(), true));
    addresses::remove(&buyer, two.id).await.unwrap();
    assert_eq!(code_of(addresses::remove(&buyer, two.id).await), "not_found");
    assert_eq!(details().await, [("一号".to_owned(), true)]);
    assert_eq!(addresses::show(&buyer, one.id).await.unwrap().text(), "上海市 一号");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_address_book_is_its_members_alone_and_has_an_end(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (buyer, other) = (world.member().await, world.member().await);
    let first = home("一号");
    addresses::save(&buyer, first.clone()).await.unwrap();
    assert_eq!(code_of(addresses::show(&other, first.id).await), "not_found");
    assert_eq!(code_of(addresses::save(&other, first.clone()).await), "not_found");
    assert_eq!(code_of(addresses::remove(&other, first.id).await), "not_found");
    assert_eq!(addresses::mine(&buyer).await.unwrap().len(), 1);
    let nowhere =
        SaveAddress { address: Address { region_code: "999999".into(), ..first.address.clone() }, ..home("x") };
    assert_eq!(field_of(addresses::save(&buyer, nowhere).await), "region_code");
    for number in 1..ADDRESSES_MOST {
        addresses::save(&buyer, home(&number.to_string())).await.unwrap();
    }
    assert_eq!(code_of(addresses::save(&buyer, home("多")).await), "addresses_full");
    addresses::save(&buyer, SaveAddress { is_default: true, ..first }).await.unwrap();
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn goods_are_issued_when_they_leave_come_back_to_their_order_and_are_revenue_when_they_arrive(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let clerk = world.staff("小林", Role::Clerk, Reach::Store(world.store)).await;
    let order = to_be_brought(&world, &buyer).await;
    assert_eq!(code_of(orders::dispatch(&clerk, order, &rider()).await), "not_now", "it is not accepted yet");
    orders::accept(&clerk, order).await.unwrap();
    let stock = async || world.stock_at(world.store, world.medium).await;
    for _ in 0..2 {
        orders::dispatch(&clerk, order, &rider()).await.unwrap();
        assert_eq!(stock().await, Stock { on_hand: 98, held: 0, allocated: 0 });
    }
    assert_eq!(books::check(&world.system(0)).await.unwrap(), []);
    assert_eq!(world.order(&buyer, order).await.rider.unwrap().name, "小李");
    for _ in 0..2 {
        orders::undelivered(&clerk, order, &Undelivered { reason: "无人接听".into() }).await.unwrap();
        assert_eq!(stock().await, Stock { on_hand: 100, held: 0, allocated: 2 });
    }
    assert_eq!(books::check(&world.system(0)).await.unwrap(), []);
    assert_eq!(world.state_of(order).await, OrderState::Ready);
    orders::dispatch(&clerk, order, &rider()).await.unwrap();
    let code = world.code_of(order).await;
    let wrong = Deliver { code: "00000000".parse().ok(), ..Deliver::default() };
    assert_eq!(field_of(orders::deliver(&clerk, order, &wrong).await), "code");
    for _ in 0..2 {
        orders::deliver(&clerk, order, &Deliver { code: Some(code.clone()), ..Deliver::default() }).await.unwrap();
    }
    assert_eq!(world.state_of(order).await, OrderState::Completed);
    let revenue = world.count("select sum(amount_fen)::bigint from transfers where cause = 'fulfil'").await;
    assert_eq!(revenue, teas(2).0);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_on_its_way_is_not_called_off_nor_given_away_and_what_is_brought_is_not_redeemed(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let clerk = world.staff("小林", Role::Clerk, Reach::Store(world.store)).await;
    let hq = world.staff("周姐", Role::SuperAdmin, Reach::Everywhere).await;
    let order = to_be_brought(&world, &buyer).await;
    orders::accept(&clerk, order).await.unwrap();
    let code = world.code_of(order).await;
    assert_eq!(code_of(orders::redeem(&clerk, &code).await), "other_way");
    orders::dispatch(&clerk, order, &rider()).await.unwrap();
    assert_eq!(code_of(orders::redeem(&clerk, &code).await), "other_way");
    let reason = "缺货".to_owned();
    assert_eq!(code_of(orders::call_off(&hq, order, &CallOff { reason: reason.clone() }).await), "not_now");
    let reroute = Reroute { store_id: world.elsewhere, reason };
    assert_eq!(code_of(orders::reroute(&hq, order, &reroute).await), "not_now");
    assert_eq!(code_of(orders::cancel(&buyer, order).await), "not_now");
    assert_eq!(field_of(orders::undelivered(&clerk, order, &Undelivered { reason: " ".into() }).await), "reason");
    assert_eq!(orders::deliver(&clerk, order, &Deliver::default()).await.unwrap_err().complaints().len(), 2);
    let (picked_up, _) = world.place_paid(&buyer, 1).await;
    orders::accept(&clerk, picked_up).await.unwrap();
    assert_eq!(code_of(orders::dispatch(&clerk, picked_up, &rider()).await), "other_way");
    world.balanced().await;
}
