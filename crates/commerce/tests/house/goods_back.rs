//! What really comes back over a counter (D4): pieces in several states, fewer than were asked for, or goods that are
//! turned away.

use chrono::Duration;
use commerce::{after_sales, orders};
use domain::{
    Fen, OrderId, SkuId, StoreId,
    after_sales::{
        AfterSalesAct, AfterSalesKind, AfterSalesState, Came, Condition, ReceiveReturn, ReceivedLine, RequestedLine,
        ReturnCode, TurnAwayReturn,
    },
    staff::Role,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    after_sales::{AGREE, Cast, asks, brings, cast, later, refuse},
    people::Reach,
    world::{LARGE_FEN, MEDIUM_FEN, PIECES, code_of, field_of},
};

fn came(restock: i64, scrap: i64, supplier: i64) -> Came {
    Came { restock, scrap, supplier }
}

fn counted(code: &ReturnCode, store: StoreId, lines: &[(i32, Came)]) -> ReceiveReturn {
    let line = |(line, pieces): &(i32, Came)| ReceivedLine { line: *line, condition: None, pieces: Some(*pieces) };
    ReceiveReturn { code: code.clone(), store_id: store, lines: lines.iter().map(line).collect() }
}

fn turns_away(code: &ReturnCode, store: StoreId, note: &str) -> TurnAwayReturn {
    TurnAwayReturn { code: code.clone(), store_id: store, note: note.into() }
}

/// An order for so many of each tea that was handed over, which cost this much less than its goods.
async fn both_handed_over(cast: &Cast, pieces: i64) -> OrderId {
    cast.world.put(&cast.shopper, cast.world.large, pieces).await;
    let (order, code) = cast.world.place_paid(&cast.shopper, pieces).await;
    orders::accept(&cast.manager, order).await.unwrap();
    orders::redeem(&cast.manager, &code).await.unwrap();
    order
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn pieces_of_one_line_go_where_the_state_of_each_says(options: PgPoolOptions, connect: PgConnectOptions) {
    let cast = cast(options, connect).await;
    let (there, medium) = (cast.world.elsewhere, cast.world.medium);
    let order = cast.handed_over(4).await;
    let (id, code) = cast.agreed(asks(order, AfterSalesKind::Return, 4, 4 * MEDIUM_FEN)).await;
    for (bad, field) in [
        (came(4, 1, 0), "pieces.1"),
        (came(5, -1, 0), "pieces.1"),
        (came(i64::MAX, i64::MAX, i64::MAX), "pieces.1"),
        (came(0, 0, 0), "lines"),
    ] {
        let refused = after_sales::receive(&cast.clerk_elsewhere, counted(&code, there, &[(1, bad)])).await;
        assert_eq!(field_of(refused), field, "{bad:?}");
    }
    let unknown = counted(&code, there, &[(1, came(4, 0, 0)), (2, came(1, 0, 0))]);
    assert_eq!(field_of(after_sales::receive(&cast.clerk_elsewhere, unknown).await), "condition.2");
    assert_eq!(cast.state(id).await, AfterSalesState::Agreed, "nothing has changed");
    assert_eq!(cast.on_hand(there, medium).await, PIECES);

    let brought = counted(&code, there, &[(1, came(2, 1, 1))]);
    assert_eq!(after_sales::receive(&cast.clerk_elsewhere, brought.clone()).await, Ok(id));
    assert_eq!(after_sales::receive(&cast.clerk_elsewhere, brought).await, Ok(id), "twice the same is once");
    let other = counted(&code, there, &[(1, came(3, 0, 1))]);
    assert_eq!(code_of(after_sales::receive(&cast.clerk_elsewhere, other).await), "already_received");
    assert_eq!(cast.on_hand(there, medium).await, PIECES + 2);
    assert_eq!(cast.world.count("select sum(remains)::bigint from set_apart").await, 1);
    let view = after_sales::show(&cast.shopper, id).await.unwrap();
    assert_eq!((view.card.refund_fen, view.lines[0].came), (Fen(4 * MEDIUM_FEN), Some(came(2, 1, 1))));
    assert_eq!((view.lines[0].condition, view.missing.len()), (Some(Condition::Restock), 0));
    let told = view.steps.iter().find(|step| step.act == AfterSalesAct::Receive).unwrap();
    assert_eq!(told.note, "收到 4 件：完好 2、损坏 1、退供应商 1");
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_was_not_brought_is_not_paid_back_and_can_be_asked_for_again(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let here = cast.world.store;
    let order = cast.handed_over(3).await;
    let (id, code) = cast.agreed(asks(order, AfterSalesKind::Return, 3, 3 * MEDIUM_FEN)).await;
    let two = counted(&code, here, &[(1, came(1, 1, 0))]);
    after_sales::receive(&cast.manager, two.clone()).await.unwrap();
    assert_eq!(after_sales::receive(&cast.manager, two).await, Ok(id), "the same again, also of what is left");
    let whole = brings(&code, here, Condition::Restock);
    assert_eq!(code_of(after_sales::receive(&cast.manager, whole).await), "already_received");
    let view = after_sales::show(&cast.shopper, id).await.unwrap();
    assert_eq!((view.card.state, view.card.refund_fen), (AfterSalesState::Refunded, Fen(2 * MEDIUM_FEN)));
    assert_eq!((view.lines[0].quantity.get(), view.missing[0].quantity.get()), (2, 1));
    assert_eq!(view.missing[0].refund_fen, Fen(MEDIUM_FEN));
    let told = view.steps.iter().find(|step| step.act == AfterSalesAct::Receive).unwrap();
    assert!(told.note.contains("收到 2 件") && told.note.contains("没有收到的 1 件"), "{}", told.note);
    assert_eq!(cast.gateway_pays(id).await, "refunded");
    assert_eq!(cast.revenue(here).await, MEDIUM_FEN);
    let options = after_sales::options(&cast.shopper, order).await.unwrap();
    assert_eq!(options.lines[0].rest, 1);
    let (last, code) = cast.agreed(asks(order, AfterSalesKind::Return, 1, MEDIUM_FEN)).await;
    after_sales::receive(&cast.manager, brings(&code, here, Condition::Restock)).await.unwrap();
    assert_eq!(cast.state(last).await, AfterSalesState::Refunded);
    assert_eq!(cast.revenue(here).await, 0);
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_line_of_which_nothing_came_leaves_the_request(options: PgPoolOptions, connect: PgConnectOptions) {
    let cast = cast(options, connect).await;
    let (here, large) = (cast.world.store, cast.world.large);
    let order = both_handed_over(&cast, 2).await;
    let lines = after_sales::options(&cast.shopper, order).await.unwrap().lines;
    let line_of = |sku: SkuId| lines.iter().find(|line| line.sku_id == sku).unwrap().line;
    let (of_medium, of_large) = (line_of(cast.world.medium), line_of(large));
    let mut command = asks(order, AfterSalesKind::Return, 2, 2 * (MEDIUM_FEN + LARGE_FEN));
    command.what.lines = [of_medium, of_large]
        .map(|line| RequestedLine { line, quantity: 2.try_into().unwrap(), exchange_for: None })
        .to_vec();
    let (id, code) = cast.agreed(command).await;
    let half = counted(&code, here, &[(of_medium, came(0, 0, 0)), (of_large, came(0, 0, 2))]);
    after_sales::receive(&cast.manager, half.clone()).await.unwrap();
    assert_eq!(after_sales::receive(&cast.manager, half).await, Ok(id));
    let view = after_sales::show(&cast.shopper, id).await.unwrap();
    assert_eq!((view.lines.len(), view.lines[0].line, view.card.refund_fen), (1, of_large, Fen(2 * LARGE_FEN)));
    assert_eq!((view.missing[0].line, view.missing[0].quantity.get()), (of_medium, 2));
    let lines = after_sales::options(&cast.shopper, order).await.unwrap().lines;
    let rest = |line| lines.iter().find(|one| one.line == line).unwrap().rest;
    assert_eq!((rest(of_medium), rest(of_large)), (2, 0));
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_exchange_gives_as_many_as_came_and_the_difference_of_those(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let (here, medium) = (cast.world.store, cast.world.medium);
    let small = SkuId(Uuid::now_v7());
    cast.world.add_sku(small, "小杯", 1200).await;
    cast.world.leave(here, small, 2).await;
    let order = cast.handed_over(3).await;
    let mut command = asks(order, AfterSalesKind::Exchange, 3, 3 * (MEDIUM_FEN - 1200));
    command.what.lines[0].exchange_for = Some(small);
    let (id, code) = cast.agreed(command).await;
    let before = cast.on_hand(here, medium).await;
    // There are two to be given, so three cannot be taken; two can.
    let all = after_sales::receive(&cast.manager, counted(&code, here, &[(1, came(3, 0, 0))])).await;
    assert!(matches!(all, Err(domain::Fault::SoldOut(_))), "{all:?}");
    after_sales::receive(&cast.manager, counted(&code, here, &[(1, came(1, 1, 0))])).await.unwrap();
    assert_eq!((cast.on_hand(here, medium).await, cast.on_hand(here, small).await), (before + 1, 0));
    let view = after_sales::show(&cast.shopper, id).await.unwrap();
    assert_eq!((view.card.state, view.card.refund_fen), (AfterSalesState::Exchanged, Fen(2 * (MEDIUM_FEN - 1200))));
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn goods_that_are_not_what_was_agreed_on_are_turned_away_and_the_shopper_may_appeal(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let there = cast.world.elsewhere;
    let order = cast.handed_over(2).await;
    let (id, code) = cast.agreed(asks(order, AfterSalesKind::Return, 2, 2 * MEDIUM_FEN)).await;
    let away = |note: &str| turns_away(&code, there, note);
    assert_eq!(field_of(after_sales::turn_away(&cast.clerk_elsewhere, away(" ")).await), "note");
    assert_eq!(field_of(after_sales::turn_away(&cast.clerk_elsewhere, away(&"长".repeat(201))).await), "note");
    let not_theirs = turns_away(&code, cast.world.store, "已拆封");
    assert_eq!(code_of(after_sales::turn_away(&cast.clerk_elsewhere, not_theirs).await), "not_found");
    let unknown = turns_away(&"0000000000".parse().unwrap(), there, "已拆封");
    assert_eq!(code_of(after_sales::turn_away(&cast.clerk_elsewhere, unknown).await), "not_found");
    assert!(after_sales::turn_away(&cast.shopper, away("已拆封")).await.is_err());
    assert_eq!(cast.state(id).await, AfterSalesState::Agreed, "nothing has changed");

    assert_eq!(after_sales::turn_away(&cast.clerk_elsewhere, away("已拆封")).await, Ok(id));
    assert_eq!(after_sales::turn_away(&cast.clerk_elsewhere, away("已拆封")).await, Ok(id), "twice the same is once");
    assert_eq!(code_of(after_sales::turn_away(&cast.clerk_elsewhere, away("换个说法")).await), "not_now");
    assert_eq!(
        code_of(after_sales::receive(&cast.clerk_elsewhere, brings(&code, there, Condition::Restock)).await),
        "not_now"
    );
    let view = after_sales::show(&cast.shopper, id).await.unwrap();
    assert_eq!((view.card.state, view.code, view.received_at_store), (AfterSalesState::Refused, None, None));
    assert!(view.acts.contains(&AfterSalesAct::Appeal));
    let last = view.steps.last().unwrap();
    assert_eq!((last.act, last.note.as_str(), last.by.as_str()), (AfterSalesAct::TurnAway, "西湖店：已拆封", "门店"));
    assert_eq!(
        (cast.on_hand(there, cast.world.medium).await, cast.revenue(cast.world.store).await),
        (PIECES, 2 * MEDIUM_FEN)
    );
    let logged = "select count(*) from audit a join stores s on s.id = a.store_id
                  where a.act = 'turn_away_return' and s.code = 'XIHU'";
    assert_eq!(cast.world.count(logged).await, 1);

    let late = later(&cast.shopper, Duration::days(7));
    assert_eq!(code_of(after_sales::appeal(&late, id, "没有拆封").await), "appeal_over");
    after_sales::appeal(&cast.shopper, id, "没有拆封").await.unwrap();
    after_sales::arbitrate(&cast.hq, id, AGREE).await.unwrap();
    // Head office has the last word: the same code holds, and no counter turns the goods away any more.
    assert_eq!(code_of(after_sales::turn_away(&cast.clerk_elsewhere, away("已拆封")).await), "upheld");
    after_sales::receive(&cast.clerk_elsewhere, brings(&code, there, Condition::Scrap)).await.unwrap();
    assert_eq!(cast.state(id).await, AfterSalesState::Refunded);
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn nobody_arbitrates_what_they_turned_away_themselves(options: PgPoolOptions, connect: PgConnectOptions) {
    let cast = cast(options, connect).await;
    let order = cast.handed_over(1).await;
    let (id, code) = cast.agreed(asks(order, AfterSalesKind::Return, 1, MEDIUM_FEN)).await;
    let both = cast.world.staff("店长兼客服", Role::SuperAdmin, Reach::Everywhere).await;
    let late = later(&both, Duration::days(15));
    let away = turns_away(&code, cast.world.store, "不是本店商品");
    assert_eq!(code_of(after_sales::turn_away(&late, away.clone()).await), "return_expired");
    after_sales::turn_away(&both, away).await.unwrap();
    after_sales::appeal(&cast.shopper, id, "就是这里买的").await.unwrap();
    assert_eq!(code_of(after_sales::arbitrate(&both, id, AGREE).await), "own_decision");
    after_sales::arbitrate(&cast.hq, id, refuse()).await.unwrap();
    assert_eq!(cast.state(id).await, AfterSalesState::Dismissed);
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_server_of_the_release_before_still_says_one_state_for_all_of_a_line(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let order = cast.handed_over(3).await;
    let (id, _) = cast.agreed(asks(order, AfterSalesKind::Return, 3, 3 * MEDIUM_FEN)).await;
    let received = "update after_sales set received_store_id = store_id where state = 'agreed'";
    cast.world.alter(received).await;
    cast.world
        .alter(
            "insert into after_sales_steps (after_sales_id, step, act, state, at)
             select id, 9, 'receive', 'received', now() from after_sales",
        )
        .await;
    cast.world.alter("update after_sales_lines set condition = 'supplier'").await;
    let view = after_sales::show(&cast.shopper, id).await.unwrap();
    assert_eq!(view.lines[0].came, Some(came(0, 0, 3)));
    assert_eq!(cast.world.count("select sum(quantity)::bigint from set_apart").await, 3);
}
