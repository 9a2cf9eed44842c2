//! Calling paid orders off: until when shoppers do it by themselves, asking for it afterwards, and what a store cannot
//! hand over any more (D3).

use std::sync::Arc;

use chrono::Duration;
use commerce::{Scope, orders};
use domain::{
    CancelRequestId, Fault, OrderId,
    cancelling::{AnswerCancel, AskCancel, CancelReason, CancelRequestState, CancelRule, CancelUntil, SetCancelRule},
    fulfilment::Fulfilment,
    order_centre::{CallOff, Reroute},
    orders::{Lateness, ListOrders, OrderState, PickupCode},
    staff::Role,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::{
    people::Reach,
    world::{Stock, World, code_of, field_of, teas},
};

/// Everybody who takes part.
struct Cast {
    world: World,
    shopper: Scope,
    manager: Scope,
    hq: Scope,
}

async fn cast(options: PgPoolOptions, connect: PgConnectOptions) -> Cast {
    let world = World::new(options, connect).await;
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    let hq = world.staff("客服", Role::ServiceDepartment, Reach::Everywhere).await;
    Cast { shopper: world.member().await, manager, hq, world }
}

fn later(scope: &Scope, minutes: i64) -> Scope {
    let mut later = scope.clone();
    later.now += Duration::minutes(minutes);
    later
}

fn pickup(until: CancelUntil, minutes: i32, may_ask: bool) -> SetCancelRule {
    SetCancelRule { fulfilment: Fulfilment::Pickup, rule: CancelRule { until, minutes, may_ask } }
}

fn asks() -> AskCancel {
    AskCancel { id: CancelRequestId(Uuid::now_v7()), reason: CancelReason::TooSlow, note: "赶不上车了".into() }
}

fn answers(request_id: CancelRequestId, agree: bool) -> AnswerCancel {
    AnswerCancel { request_id, agree, note: if agree { String::new() } else { "已经做好了".into() } }
}

impl Cast {
    /// An order for two teas that the store has taken on.
    async fn accepted(&self) -> (OrderId, PickupCode) {
        let (order, code) = self.world.place_paid(&self.shopper, 2).await;
        orders::accept(&self.manager, order).await.unwrap();
        (order, code)
    }

    async fn asked(&self, order: OrderId) -> CancelRequestId {
        let command = asks();
        orders::ask_cancel(&self.shopper, order, &command).await.unwrap();
        command.id
    }

    async fn states(&self, order: OrderId) -> Vec<CancelRequestState> {
        let requests = self.world.order(&self.shopper, order).await.cancelling.requests;
        requests.into_iter().map(|request| request.state).collect()
    }

    async fn refunded(&self) -> i64 {
        self.world.count("select coalesce(sum(amount_fen), 0)::bigint from refunds").await
    }

    async fn stock(&self) -> Stock {
        self.world.stock_at(self.world.store, self.world.medium).await
    }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn where_nothing_is_said_a_shopper_calls_off_what_the_store_has_not_taken_on(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let (paid, _) = cast.world.place_paid(&cast.shopper, 1).await;
    assert!(cast.world.order(&cast.shopper, paid).await.cancelling.by_self);
    orders::cancel(&cast.shopper, paid).await.unwrap();
    let (order, _) = cast.accepted().await;
    let seen = cast.world.order(&cast.shopper, order).await.cancelling;
    assert_eq!((seen.by_self, seen.may_ask, seen.until), (false, true, None));
    assert_eq!(code_of(orders::cancel(&cast.shopper, order).await), "not_now");
    assert_eq!(cast.world.state_of(order).await, OrderState::Accepted);
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn head_offices_rule_holds_of_its_way_and_a_stores_own_goes_before_it(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let here = Some(cast.world.store);
    let (order, _) = cast.accepted().await;
    for _ in 0..2 {
        orders::set_cancel_rule(&cast.hq, None, pickup(CancelUntil::Ready, 0, true)).await.unwrap();
    }
    assert_eq!(cast.world.count("select count(*) from audit where act = 'set_cancel_rule'").await, 1, "the same again");
    orders::set_cancel_rule(&cast.manager, here, pickup(CancelUntil::Accepted, 0, false)).await.unwrap();
    assert_eq!(code_of(orders::cancel(&cast.shopper, order).await), "not_now", "the store's own");
    assert_eq!(code_of(orders::ask_cancel(&cast.shopper, order, &asks()).await), "may_not_ask");
    assert!(!cast.world.order(&cast.shopper, order).await.cancelling.may_ask);
    let seen = orders::cancel_rules(&cast.manager).await.unwrap();
    assert_eq!((seen.house.len(), seen.stores.len()), (Fulfilment::ALL.len(), 1));
    assert_eq!(seen.house[0].rule.until, CancelUntil::Ready);
    for _ in 0..2 {
        orders::remove_cancel_rules(&cast.manager, cast.world.store).await.unwrap();
    }
    assert_eq!(cast.world.count("select count(*) from audit where act = 'remove_cancel_rules'").await, 1);
    orders::cancel(&cast.shopper, order).await.unwrap();
    assert_eq!(cast.world.state_of(order).await, OrderState::Cancelled);
    assert_eq!(cast.refunded().await, teas(2).0);
    assert_eq!(cast.stock().await, Stock { on_hand: 100, held: 0, allocated: 0 });
    let (ready, _) = cast.accepted().await;
    orders::prepare(&cast.manager, ready).await.unwrap();
    assert_eq!(code_of(orders::cancel(&cast.shopper, ready).await), "not_now", "it is ready");
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn minutes_count_from_the_payment_also_where_the_order_is_ready(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    orders::set_cancel_rule(&cast.hq, None, pickup(CancelUntil::Minutes, 30, true)).await.unwrap();
    let ready = async || {
        let (order, _) = cast.accepted().await;
        orders::prepare(&cast.manager, order).await.unwrap();
        order
    };
    let (kept, gone) = (ready().await, ready().await);
    let seen = cast.world.order(&cast.shopper, gone).await.cancelling;
    assert!(seen.by_self && !seen.may_ask && seen.until.is_some());
    assert_eq!(code_of(orders::ask_cancel(&cast.shopper, gone, &asks()).await), "cancel_yourself");
    orders::cancel(&later(&cast.shopper, 29), gone).await.unwrap();
    assert_eq!(code_of(orders::cancel(&later(&cast.shopper, 31), kept).await), "not_now");
    orders::ask_cancel(&later(&cast.shopper, 31), kept, &asks()).await.unwrap();
    assert_eq!(cast.refunded().await, teas(2).0);
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_rule_is_set_by_whoever_manages_there_and_refused_beside_its_field(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let clerk = cast.world.staff("店员", Role::Clerk, Reach::Store(cast.world.store)).await;
    let rule = pickup(CancelUntil::Ready, 0, true);
    assert_eq!(orders::set_cancel_rule(&cast.manager, None, rule).await, Err(Fault::Forbidden));
    let elsewhere = Some(cast.world.elsewhere);
    assert_eq!(code_of(orders::set_cancel_rule(&cast.manager, elsewhere, rule).await), "not_found");
    assert_eq!(orders::set_cancel_rule(&clerk, Some(cast.world.store), rule).await, Err(Fault::Forbidden));
    for minutes in [0, 1441, -1] {
        let wrong = pickup(CancelUntil::Minutes, minutes, true);
        assert_eq!(field_of(orders::set_cancel_rule(&cast.hq, None, wrong).await), "minutes");
    }
    assert_eq!(field_of(orders::set_cancel_rule(&cast.hq, None, pickup(CancelUntil::Ready, 5, true)).await), "minutes");
    assert_eq!(cast.world.count("select count(*) from cancel_rules").await, 0);
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_store_that_agrees_calls_the_order_off_with_all_of_its_money(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let (order, code) = cast.accepted().await;
    let told = "select count(*) from outbox where topic = 'order' and payload is null or payload = '{}'";
    let before = cast.world.count(told).await;
    let command = asks();
    for _ in 0..2 {
        orders::ask_cancel(&cast.shopper, order, &command).await.unwrap();
    }
    assert!(cast.world.count(told).await > before, "open pages look again");
    assert_eq!(cast.world.state_of(order).await, OrderState::Accepted, "it keeps its state");
    let card = &orders::board(&cast.manager, None).await.unwrap()[0];
    assert_eq!(card.cancel_asked_at, Some(cast.world.now), "the board shows it");
    assert_eq!(code_of(orders::ask_cancel(&cast.shopper, order, &asks()).await), "asked_already");
    let other = AskCancel { note: "别的".into(), ..command.clone() };
    assert_eq!(code_of(orders::ask_cancel(&cast.shopper, order, &other).await), "key_reused");
    for _ in 0..2 {
        orders::answer_cancel(&cast.manager, order, &answers(command.id, true)).await.unwrap();
    }
    assert_eq!(cast.world.state_of(order).await, OrderState::Cancelled);
    assert_eq!(cast.states(order).await, [CancelRequestState::Agreed]);
    assert_eq!(cast.refunded().await, teas(2).0, "once");
    assert_eq!(cast.stock().await, Stock { on_hand: 100, held: 0, allocated: 0 });
    assert_eq!(code_of(orders::redeem(&cast.manager, &code).await), "not_now");
    assert_eq!(code_of(orders::answer_cancel(&cast.manager, order, &answers(command.id, false)).await), "not_now");
    let step = cast.world.order(&cast.shopper, order).await.steps.pop().unwrap();
    assert_eq!(step.note, "门店同意取消申请");
    assert_eq!(cast.world.count("select count(*) from audit where act = 'agree_cancel'").await, 1);
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_store_refuses_with_words_and_is_asked_once_more_at_most(options: PgPoolOptions, connect: PgConnectOptions) {
    let cast = cast(options, connect).await;
    let (order, code) = cast.accepted().await;
    for _ in 0..2 {
        let request = cast.asked(order).await;
        let silent = AnswerCancel { note: " ".into(), ..answers(request, false) };
        assert_eq!(field_of(orders::answer_cancel(&cast.manager, order, &silent).await), "note");
        orders::answer_cancel(&cast.manager, order, &answers(request, false)).await.unwrap();
        orders::answer_cancel(&cast.manager, order, &answers(request, false)).await.unwrap();
    }
    assert_eq!(code_of(orders::ask_cancel(&cast.shopper, order, &asks()).await), "asked_enough");
    let seen = cast.world.order(&cast.shopper, order).await;
    assert!(!seen.cancelling.may_ask);
    assert_eq!(seen.cancelling.requests[1].answer, "已经做好了", "the shopper is told");
    assert_eq!(seen.card.cancel_asked_at, None);
    assert_eq!(orders::redeem(&cast.manager, &code).await.unwrap(), order, "the order goes on");
    assert_eq!(cast.refunded().await, 0);
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_taken_back_can_be_asked_again_and_anothers_is_not_found(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let (order, _) = cast.accepted().await;
    let (other, there) = (
        cast.world.member().await,
        cast.world.staff("西湖店长", Role::StoreManager, Reach::Store(cast.world.elsewhere)).await,
    );
    assert_eq!(code_of(orders::withdraw_cancel(&cast.shopper, order).await), "not_found", "nothing was asked");
    assert_eq!(code_of(orders::ask_cancel(&other, order, &asks()).await), "not_found");
    let wordless = AskCancel { reason: CancelReason::Other, note: " ".into(), ..asks() };
    assert_eq!(field_of(orders::ask_cancel(&cast.shopper, order, &wordless).await), "note");
    let request = cast.asked(order).await;
    assert_eq!(code_of(orders::withdraw_cancel(&other, order).await), "not_found");
    assert_eq!(code_of(orders::answer_cancel(&there, order, &answers(request, true)).await), "not_found");
    let unknown = answers(CancelRequestId(Uuid::now_v7()), true);
    assert_eq!(code_of(orders::answer_cancel(&cast.manager, order, &unknown).await), "not_found");
    let clerk = cast.world.staff("店员", Role::Clerk, Reach::Store(cast.world.store)).await;
    assert_eq!(orders::answer_cancel(&clerk, order, &answers(request, true)).await, Err(Fault::Forbidden));
    for _ in 0..2 {
        orders::withdraw_cancel(&cast.shopper, order).await.unwrap();
    }
    assert_eq!(code_of(orders::answer_cancel(&cast.manager, order, &answers(request, true)).await), "not_now");
    let again = cast.asked(order).await;
    assert_eq!(
        code_of(orders::answer_cancel(&cast.manager, order, &answers(request, true)).await),
        "not_now",
        "an old page"
    );
    orders::answer_cancel(&cast.manager, order, &answers(again, true)).await.unwrap();
    assert_eq!(cast.states(order).await, [CancelRequestState::Withdrawn, CancelRequestState::Agreed]);
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_request_is_over_by_itself_where_the_order_is_handed_over_or_called_off(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let (fetched, code) = cast.accepted().await;
    let (stopped, _) = cast.accepted().await;
    let (rejected, _) = cast.accepted().await;
    let (moved, _) = cast.accepted().await;
    let mut requests = Vec::new();
    for order in [fetched, stopped, rejected, moved] {
        requests.push(cast.asked(order).await);
    }
    orders::redeem(&cast.manager, &code).await.unwrap();
    orders::call_off(&cast.hq, stopped, &CallOff { reason: "门店停业".into() }).await.unwrap();
    orders::reject(&cast.manager, rejected, "机器坏了").await.unwrap();
    for (order, request) in [fetched, stopped, rejected].into_iter().zip(&requests) {
        assert_eq!(cast.states(order).await, [CancelRequestState::Over]);
        assert_eq!(code_of(orders::answer_cancel(&cast.manager, order, &answers(*request, true)).await), "not_now");
        assert_eq!(code_of(orders::withdraw_cancel(&cast.shopper, order).await), "not_now");
        assert_eq!(code_of(orders::ask_cancel(&cast.shopper, order, &asks()).await), "not_now");
    }
    // Another store serves it and answers, though its shopper could call it off by themselves now.
    let to = Reroute { store_id: cast.world.elsewhere, reason: "缺货".into() };
    orders::reroute(&cast.hq, moved, &to).await.unwrap();
    assert_eq!(cast.states(moved).await, [CancelRequestState::Open]);
    let there = cast.world.staff("西湖店长", Role::StoreManager, Reach::Store(cast.world.elsewhere)).await;
    orders::answer_cancel(&there, moved, &answers(requests[3], true)).await.unwrap();
    assert_eq!(cast.refunded().await, 3 * teas(2).0);
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_request_that_nobody_answers_for_half_an_hour_is_head_offices_matter(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let (order, _) = cast.accepted().await;
    let request = cast.asked(order).await;
    let look = async |minutes| while orders::look(&cast.world.system(minutes)).await.unwrap() {};
    let late = async || cast.world.order(&cast.shopper, order).await.card.late;
    look(29).await;
    assert_eq!(late().await, None);
    look(30).await;
    assert_eq!(late().await, Some(Lateness::CancelUnanswered));
    assert_eq!(orders::escalated(&cast.hq).await.unwrap(), 1);
    let ask = ListOrders { late: true, most: 9, ..ListOrders::default() };
    assert_eq!(orders::list(&cast.hq, ask).await.unwrap().items.len(), 1);
    orders::answer_cancel(&cast.manager, order, &answers(request, false)).await.unwrap();
    assert_eq!((late().await, orders::escalated(&cast.hq).await.unwrap()), (None, 0));
    look(40).await;
    assert_eq!(late().await, None);
    cast.world.balanced().await;
}

/// Does both at the same moment.
async fn at_once<A: Send + 'static, B: Send + 'static>(
    one: impl Future<Output = A> + Send + 'static,
    other: impl Future<Output = B> + Send + 'static,
) -> (A, B) {
    let start = Arc::new(Barrier::new(2));
    let (first, second) = (start.clone(), start);
    let one = tokio::spawn(async move {
        first.wait().await;
        one.await
    });
    let other = tokio::spawn(async move {
        second.wait().await;
        other.await
    });
    (one.await.unwrap(), other.await.unwrap())
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn of_an_answer_and_a_handing_over_at_the_same_moment_exactly_one_happens(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let mut back = 0;
    for _ in 0..8 {
        let (order, code) = cast.accepted().await;
        let request = cast.asked(order).await;
        let (manager, clerk) = (cast.manager.clone(), cast.manager.clone());
        let (agreed, redeemed) =
            at_once(async move { orders::answer_cancel(&manager, order, &answers(request, true)).await }, async move {
                orders::redeem(&clerk, &code).await
            })
            .await;
        assert_ne!(agreed.is_ok(), redeemed.is_ok(), "{agreed:?} {redeemed:?}");
        back += if agreed.is_ok() { teas(2).0 } else { 0 };
        let expected = if agreed.is_ok() { CancelRequestState::Agreed } else { CancelRequestState::Over };
        assert_eq!(cast.states(order).await, [expected]);
    }
    assert_eq!(cast.refunded().await, back);
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn two_who_agree_at_once_call_off_once_and_asking_meets_a_handing_over_cleanly(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    for _ in 0..4 {
        let (order, _) = cast.accepted().await;
        let request = cast.asked(order).await;
        let (one, two) = (cast.manager.clone(), cast.hq.clone());
        let (first, second) =
            at_once(async move { orders::answer_cancel(&one, order, &answers(request, true)).await }, async move {
                orders::call_off(&two, order, &CallOff { reason: "顾客来电".into() }).await
            })
            .await;
        assert!(first.is_ok() || second.is_ok(), "{first:?} {second:?}");
        assert_eq!(cast.world.state_of(order).await, OrderState::Cancelled);
        let (order, code) = cast.accepted().await;
        let (shopper, clerk) = (cast.shopper.clone(), cast.manager.clone());
        let (asked, redeemed) =
            at_once(async move { orders::ask_cancel(&shopper, order, &asks()).await }, async move {
                orders::redeem(&clerk, &code).await
            })
            .await;
        redeemed.unwrap();
        let states = cast.states(order).await;
        assert_eq!(states, if asked.is_ok() { vec![CancelRequestState::Over] } else { vec![] });
    }
    assert_eq!(cast.refunded().await, 4 * teas(2).0);
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_store_turns_down_what_it_is_at_or_has_made_ready_and_nothing_that_was_handed_over(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let (order, _) = cast.accepted().await;
    orders::prepare(&cast.manager, order).await.unwrap();
    for _ in 0..2 {
        orders::reject(&cast.manager, order, "烤箱坏了，做好的摔了").await.unwrap();
    }
    assert_eq!(cast.world.state_of(order).await, OrderState::Rejected);
    assert_eq!(cast.refunded().await, teas(2).0);
    assert_eq!(cast.stock().await, Stock { on_hand: 100, held: 0, allocated: 0 }, "what broke leaves by a loss alone");
    let (order, code) = cast.accepted().await;
    orders::prepare(&cast.manager, order).await.unwrap();
    orders::redeem(&cast.manager, &code).await.unwrap();
    assert_eq!(code_of(orders::reject(&cast.manager, order, "晚了").await), "not_now");
    for _ in 0..6 {
        let (order, code) = cast.accepted().await;
        orders::prepare(&cast.manager, order).await.unwrap();
        let (manager, clerk) = (cast.manager.clone(), cast.manager.clone());
        let (rejected, redeemed) = at_once(async move { orders::reject(&manager, order, "摔了").await }, async move {
            orders::redeem(&clerk, &code).await
        })
        .await;
        assert_ne!(rejected.is_ok(), redeemed.is_ok(), "{rejected:?} {redeemed:?}");
    }
    cast.world.balanced().await;
}
