//! Goods come back by post (D4): to the store that sold, under the shopper's number.

use chrono::Duration;
use commerce::after_sales;
use domain::{
    Fault, Fen, SkuId,
    after_sales::{
        AfterSalesAct, AfterSalesKind, AfterSalesState, ArriveReturn, Came, Condition, ListAfterSales, PostReturn,
        ReceivedLine, RefuseArrived, ReturnAddress, ReturnsByPost,
    },
    express::Carrier,
    staff::Role,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    after_sales::{AGREE, Cast, asks, brings, cast, later, refuse},
    people::Reach,
    world::{MEDIUM_FEN, PIECES, code_of, field_of},
};

const DAY: i64 = 24 * 60;

pub fn address() -> ReturnsByPost {
    let address = ReturnAddress {
        name: "售后组".into(),
        phone: "021-63501234".into(),
        address: "上海市黄浦区人民大道 1 号 B1".into(),
    };
    ReturnsByPost { address: Some(address) }
}

fn sends(number: &str) -> PostReturn {
    PostReturn { carrier: Carrier::Shunfeng, tracking_number: number.into(), send_to: None }
}

fn came(restock: i64, scrap: i64) -> ArriveReturn {
    let pieces = Some(Came { restock, scrap, supplier: 0 });
    ArriveReturn { lines: vec![ReceivedLine { line: 1, condition: None, pieces }], sent: None }
}

fn no() -> RefuseArrived {
    RefuseArrived { note: "箱子里是别家的商品".into() }
}

/// The store that sells takes parcels.
async fn takes_parcels(cast: &Cast) {
    after_sales::set_return_address(&cast.manager, cast.world.store, &address()).await.unwrap();
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_stores_return_address_is_its_managers_to_set(options: PgPoolOptions, connect: PgConnectOptions) {
    let cast = cast(options, connect).await;
    let (here, there) = (cast.world.store, cast.world.elsewhere);
    let set = async |command: &ReturnsByPost| after_sales::set_return_address(&cast.manager, here, command).await;
    assert_eq!(after_sales::return_address(&cast.manager, here).await.unwrap().address, None);
    let mut wrong = address();
    wrong.address.as_mut().unwrap().phone = "请打电话".into();
    assert_eq!(field_of(set(&wrong).await), "phone");
    assert_eq!(code_of(after_sales::set_return_address(&cast.manager, there, &address()).await), "not_found");
    assert_eq!(code_of(after_sales::return_address(&cast.manager, there).await), "not_found");
    assert_eq!(code_of(after_sales::set_return_address(&cast.clerk_elsewhere, there, &address()).await), "forbidden");
    assert!(after_sales::return_address(&cast.shopper, here).await.is_err());
    set(&address()).await.unwrap();
    set(&address()).await.unwrap();
    assert_eq!(after_sales::return_address(&cast.manager, here).await.unwrap(), address());
    assert_eq!(cast.world.count("select count(*) from audit where act = 'save_return_address'").await, 1);
    set(&ReturnsByPost::default()).await.unwrap();
    assert_eq!(cast.world.count("select count(*) from return_addresses").await, 0);
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn goods_that_were_posted_are_taken_in_without_a_code_piece_by_piece(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let (here, medium) = (cast.world.store, cast.world.medium);
    let order = cast.handed_over(3).await;
    let (id, _) = cast.agreed(asks(order, AfterSalesKind::Return, 3, 3 * MEDIUM_FEN)).await;
    assert_eq!(after_sales::show(&cast.shopper, id).await.unwrap().post_to, None);
    assert_eq!(code_of(after_sales::post(&cast.shopper, id, &sends("SF1234567")).await), "no_return_address");
    assert_eq!(code_of(after_sales::arrive(&cast.manager, id, &came(3, 0)).await), "not_posted");
    assert_eq!(code_of(after_sales::refuse_arrived(&cast.manager, id, &no()).await), "not_posted");
    takes_parcels(&cast).await;
    let view = after_sales::show(&cast.shopper, id).await.unwrap();
    assert!(view.post_to == address().address && view.acts.contains(&AfterSalesAct::Post));
    assert_eq!(field_of(after_sales::post(&cast.shopper, id, &sends("12")).await), "tracking_number");
    let stranger = cast.world.member().await;
    assert_eq!(code_of(after_sales::post(&stranger, id, &sends("SF1234567")).await), "not_found");
    assert_eq!(after_sales::show(&cast.shopper, id).await.unwrap().posted, None, "nothing has changed");

    after_sales::post(&cast.shopper, id, &sends("sf 1234567")).await.unwrap();
    after_sales::post(&cast.shopper, id, &sends("SF1234567")).await.unwrap();
    after_sales::post(&cast.shopper, id, &sends("SF7654321")).await.unwrap();
    let view = after_sales::show(&cast.shopper, id).await.unwrap();
    let posts: Vec<_> = view.steps.iter().filter(|step| step.act == AfterSalesAct::Post).collect();
    assert_eq!(
        (posts.len(), posts[1].note.as_str()),
        (2, "顺丰速运 SF7654321"),
        "a number that was wrong can be put right"
    );
    assert_eq!((view.card.words(), view.card.state), ("寄回中", AfterSalesState::Agreed));
    assert!(!view.acts.contains(&AfterSalesAct::Withdraw));
    assert_eq!(code_of(after_sales::withdraw(&cast.shopper, id).await), "posted");
    let ask = ListAfterSales { posted: true, most: 10, ..ListAfterSales::default() };
    assert_eq!(after_sales::list(&cast.manager, &ask).await.unwrap().items.len(), 1);
    assert_eq!(after_sales::counts(&cast.manager).await.unwrap().posted, 1);
    let seen = after_sales::show_for_staff(&cast.manager, id).await.unwrap();
    assert!(seen.acts.contains(&AfterSalesAct::Receive) && seen.post_to.is_none());

    // Another store has nothing to do with it.
    assert_eq!(code_of(after_sales::arrive(&cast.clerk_elsewhere, id, &came(3, 0)).await), "not_found");
    assert_eq!(code_of(after_sales::refuse_arrived(&cast.clerk_elsewhere, id, &no()).await), "not_found");
    assert!(after_sales::arrive(&cast.shopper, id, &came(3, 0)).await.is_err());
    assert_eq!(field_of(after_sales::arrive(&cast.manager, id, &came(4, 0)).await), "pieces.1");
    assert_eq!(field_of(after_sales::arrive(&cast.manager, id, &ArriveReturn::default()).await), "condition.1");
    let before = cast.on_hand(here, medium).await;
    after_sales::arrive(&cast.manager, id, &came(1, 1)).await.unwrap();
    after_sales::arrive(&cast.manager, id, &came(1, 1)).await.unwrap();
    assert_eq!(code_of(after_sales::arrive(&cast.manager, id, &came(2, 0)).await), "already_received");
    let view = after_sales::show(&cast.shopper, id).await.unwrap();
    assert_eq!((view.card.state, view.card.refund_fen), (AfterSalesState::Refunded, Fen(2 * MEDIUM_FEN)));
    assert_eq!(view.missing[0].quantity.get(), 1);
    assert_eq!(cast.on_hand(here, medium).await, before + 1);
    assert_eq!(code_of(after_sales::post(&cast.shopper, id, &sends("SF1111111")).await), "not_now");
    assert_eq!(cast.gateway_pays(id).await, "refunded");
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_on_its_way_does_not_expire_but_comes_up_at_head_office(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    takes_parcels(&cast).await;
    let order = cast.handed_over(2).await;
    let (late, _) = cast.agreed(asks(order, AfterSalesKind::Return, 1, MEDIUM_FEN)).await;
    let (id, _) = cast.agreed(asks(order, AfterSalesKind::Return, 1, MEDIUM_FEN)).await;
    let then = later(&cast.shopper, Duration::days(14));
    assert_eq!(code_of(after_sales::post(&then, late, &sends("SF1234567")).await), "return_expired");
    after_sales::post(&later(&cast.shopper, Duration::days(10)), id, &sends("SF1234567")).await.unwrap();
    cast.world.run_jobs(14 * DAY).await;
    assert_eq!((cast.state(late).await, cast.state(id).await), (AfterSalesState::Expired, AfterSalesState::Agreed));
    // A number that is put right gives no more time.
    after_sales::post(&later(&cast.shopper, Duration::days(20)), id, &sends("SF7654321")).await.unwrap();
    cast.world.run_jobs(25 * DAY - 1).await;
    assert_eq!(cast.state(id).await, AfterSalesState::Agreed);
    cast.world.run_jobs(25 * DAY).await;
    assert_eq!(cast.state(id).await, AfterSalesState::Appealed);
    let then = later(&cast.hq, Duration::days(25));
    assert_eq!(code_of(after_sales::withdraw(&cast.shopper, id).await), "posted");
    after_sales::arbitrate(&then, id, AGREE).await.unwrap();
    // The store has it after all, and takes it in.
    let then = later(&cast.manager, Duration::days(26));
    assert_eq!(code_of(after_sales::refuse_arrived(&then, id, &no()).await), "upheld");
    after_sales::arrive(&then, id, &came(1, 0)).await.unwrap();
    assert_eq!(cast.state(id).await, AfterSalesState::Refunded);
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_parcel_of_other_goods_is_turned_away_and_the_shopper_may_appeal(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    takes_parcels(&cast).await;
    let order = cast.handed_over(1).await;
    let (id, _) = cast.agreed(asks(order, AfterSalesKind::Return, 1, MEDIUM_FEN)).await;
    after_sales::post(&cast.shopper, id, &sends("SF1234567")).await.unwrap();
    let silent = RefuseArrived { note: " ".into() };
    assert_eq!(field_of(after_sales::refuse_arrived(&cast.manager, id, &silent).await), "note");
    after_sales::refuse_arrived(&cast.manager, id, &no()).await.unwrap();
    after_sales::refuse_arrived(&cast.manager, id, &no()).await.unwrap();
    assert_eq!(code_of(after_sales::arrive(&cast.manager, id, &came(1, 0)).await), "not_now");
    let view = after_sales::show(&cast.shopper, id).await.unwrap();
    assert_eq!((view.card.state, view.card.words()), (AfterSalesState::Refused, "门店已拒绝"));
    assert!(view.steps.last().unwrap().note.contains("别家的商品") && view.acts.contains(&AfterSalesAct::Appeal));
    after_sales::appeal(&cast.shopper, id, "是这里买的").await.unwrap();
    after_sales::arbitrate(&cast.hq, id, refuse()).await.unwrap();
    assert_eq!(cast.state(id).await, AfterSalesState::Dismissed);
    assert_eq!(cast.on_hand(cast.world.store, cast.world.medium).await, PIECES - 1);
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_exchange_by_post_waits_at_the_store_until_the_shopper_comes_with_the_code(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    takes_parcels(&cast).await;
    let (here, there, medium) = (cast.world.store, cast.world.elsewhere, cast.world.medium);
    let small = SkuId(Uuid::now_v7());
    cast.world.add_sku(small, "小杯", 1200).await;
    let order = cast.handed_over(2).await;
    let mut command = asks(order, AfterSalesKind::Exchange, 2, 2 * (MEDIUM_FEN - 1200));
    command.what.lines[0].exchange_for = Some(small);
    let (id, code) = cast.agreed(command).await;
    after_sales::post(&cast.shopper, id, &sends("SF1234567")).await.unwrap();
    let before = cast.on_hand(here, medium).await;
    let told = after_sales::arrive(&cast.manager, id, &came(2, 0)).await;
    assert_eq!(field_of(told), "lines");
    after_sales::arrive(&cast.manager, id, &ArriveReturn::default()).await.unwrap();
    after_sales::arrive(&cast.manager, id, &ArriveReturn::default()).await.unwrap();
    let view = after_sales::show(&cast.shopper, id).await.unwrap();
    assert_eq!(view.steps.iter().filter(|step| step.act == AfterSalesAct::Arrive).count(), 1);
    assert!(view.posted.unwrap().arrived_at.is_some() && view.code.is_some() && view.post_to.is_none());
    assert_eq!(cast.on_hand(here, medium).await, before, "nothing has moved yet");
    assert_eq!(code_of(after_sales::post(&cast.shopper, id, &sends("SF7654321")).await), "already_arrived");
    let elsewhere = after_sales::receive(&cast.clerk_elsewhere, brings(&code, there, Condition::Restock)).await;
    assert_eq!(code_of(elsewhere), "posted_elsewhere");
    let clerk = cast.world.staff("人民广场店员", Role::Clerk, Reach::Store(here)).await;
    after_sales::receive(&clerk, brings(&code, here, Condition::Restock)).await.unwrap();
    assert_eq!(cast.state(id).await, AfterSalesState::Exchanged);
    assert_eq!(cast.on_hand(here, medium).await, before + 2);
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn goods_are_posted_to_no_store_that_is_closed_and_money_alone_is_not_posted(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    takes_parcels(&cast).await;
    let order = cast.handed_over(2).await;
    let money = cast.request(asks(order, AfterSalesKind::RefundOnly, 1, MEDIUM_FEN)).await;
    assert_eq!(code_of(after_sales::post(&cast.shopper, money, &sends("SF1234567")).await), "not_now");
    let (id, code) = cast.agreed(asks(order, AfterSalesKind::Return, 1, MEDIUM_FEN)).await;
    cast.world.alter("update stores set state = 'closed' where code = 'RMGC'").await;
    assert_eq!(code_of(after_sales::post(&cast.shopper, id, &sends("SF1234567")).await), "no_return_address");
    cast.world.alter("update stores set state = 'open' where code = 'RMGC'").await;
    after_sales::post(&cast.shopper, id, &sends("SF1234567")).await.unwrap();
    // Whoever has the goods with them after all brings them to any counter.
    let brought: Result<_, Fault> =
        after_sales::receive(&cast.clerk_elsewhere, brings(&code, cast.world.elsewhere, Condition::Restock)).await;
    assert_eq!(brought, Ok(id));
    cast.world.balanced().await;
}
