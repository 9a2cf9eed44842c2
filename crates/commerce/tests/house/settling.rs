//! Refunds are settled by other means, and tried again, while the gateway is asked (D8).

use commerce::{
    Partners, Scope, Settings,
    jobs::{self, Lane},
    orders,
    payments::stuck,
};
use domain::{
    Fault, RefundId,
    refunds::{ListRefunds, SettleRefund, StuckState},
    staff::Role,
};
use partners::wechat_pay::RefundState;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::{
    people::Reach,
    stand_in::{Answer, NOT_ENOUGH, QUERY, REFUND, StandIn, UNKNOWN},
    world::{World, code_of, teas},
};

const SETTLED: &str = "select count(*) from refunds where state = 'settled'";
const PAID_BACK: &str = "select coalesce(sum(amount_fen), 0)::bigint from transfers where debit = 'customers:prepaid' and refund_id is not null";

/// A cancelled order whose refund the gateway has refused, and who sees to it.
async fn refused(options: PgPoolOptions, connect: PgConnectOptions) -> (World, StandIn, Scope, RefundId) {
    let gateway = StandIn::new(teas(2).0).await;
    let partners = Partners { wechat_pay: Some(gateway.client()), ..Partners::default() };
    let world = World::with(options, connect, partners, Settings::default()).await;
    let buyer = world.member().await;
    let (order, _) = world.place_paid(&buyer, 2).await;
    orders::cancel(&buyer, order).await.unwrap();
    world.run_jobs(0).await;
    let finance = world.staff("财务", Role::FinanceDepartment, Reach::Everywhere).await;
    let listed = stuck::list(&finance, &ListRefunds { most: 10, ..Default::default() }).await.unwrap().items;
    assert_eq!((listed.len(), listed[0].state, listed[0].tries), (1, StuckState::Refused, 1));
    (world, gateway, finance, listed[0].id)
}

fn by_bank() -> SettleRefund {
    SettleRefund { reason: "财务转账".into(), proof: "20261126000123".into() }
}

/// One due job of the gateway's lane, so many minutes later.
async fn attempt(world: &World, minutes: i64) -> Result<bool, Fault> {
    jobs::run_one(&world.system(minutes), Lane::Gateway).await
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_the_gateway_has_paid_or_is_paying_after_all_is_not_settled_by_other_means(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let (world, gateway, finance, id) = refused(options, connect).await;
    gateway.queries(Answer::Refund(RefundState::Processing));
    assert_eq!(code_of(stuck::settle(&finance, id, &by_bank()).await), "may_still_come");
    // What it said stands there, and it is asked until it is through.
    gateway.refunds(Answer::Refund(RefundState::Success));
    assert_eq!(code_of(stuck::settle(&finance, id, &by_bank()).await), "may_still_come", "without asking");
    world.run_jobs(11).await;
    assert_eq!(code_of(stuck::settle(&finance, id, &by_bank()).await), "refunded");
    assert_eq!((world.count(PAID_BACK).await, world.count(SETTLED).await), (teas(2).0, 0));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_refund_of_which_only_the_gateway_knows_is_booked_as_it_says(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let (world, gateway, finance, id) = refused(options, connect).await;
    gateway.queries(Answer::Refund(RefundState::Success));
    assert_eq!(code_of(stuck::settle(&finance, id, &by_bank()).await), "refunded");
    assert_eq!((world.count(PAID_BACK).await, world.count(SETTLED).await), (teas(2).0, 0));
    assert!(stuck::list(&finance, &ListRefunds::default()).await.unwrap().items.is_empty());
    world.run_jobs(60).await;
    assert_eq!(world.count(PAID_BACK).await, teas(2).0, "its job finds nothing to do");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn nothing_is_settled_by_other_means_while_the_gateway_cannot_be_asked(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let (world, gateway, finance, id) = refused(options, connect).await;
    for silent in [Answer::Broken, Answer::Refused(401, "SIGN_ERROR")] {
        gateway.queries(silent);
        let answer = stuck::settle(&finance, id, &by_bank()).await;
        assert!(matches!(answer, Err(Fault::Upstream { .. })), "{answer:?}");
        assert_eq!(world.count(SETTLED).await, 0);
    }
    gateway.queries(Answer::Refund(RefundState::Closed));
    stuck::settle(&finance, id, &by_bank()).await.unwrap();
    gateway.queries(Answer::Broken);
    stuck::settle(&finance, id, &by_bank()).await.unwrap();
    assert_eq!(world.count(SETTLED).await, 1);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn nobody_settles_a_refund_that_the_gateway_is_being_asked_for(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let (world, gateway, finance, id) = refused(options, connect).await;
    // The attempt was begun before.
    gateway.hold(REFUND);
    let told = async {
        gateway.is_asked(2).await;
        let answer = code_of(stuck::settle(&finance, id, &by_bank()).await);
        gateway.release();
        answer
    };
    let (tried, answer) = tokio::join!(attempt(&world, 1), told);
    assert_eq!((tried.unwrap(), answer), (true, "may_still_come"));
    // It begins, and is answered, while whoever settles has the gateway's old word.
    gateway.hold(QUERY);
    let meanwhile = async {
        gateway.is_asked(3).await;
        gateway.refunds(Answer::Refund(RefundState::Success));
        assert!(attempt(&world, 60).await.unwrap());
        gateway.release();
    };
    let command = by_bank();
    let (answer, ()) = tokio::join!(stuck::settle(&finance, id, &command), meanwhile);
    assert_eq!(code_of(answer), "refunded");
    assert_eq!((world.count(PAID_BACK).await, world.count(SETTLED).await), (teas(2).0, 0));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_refund_that_a_dead_server_was_asking_for_is_settled_once_half_a_minute_is_over(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let (world, gateway, mut finance, id) = refused(options, connect).await;
    let now = world.system(0).now;
    sqlx::query("update refunds set sending_at = $1").bind(now).execute(&world.owner).await.unwrap();
    assert_eq!(code_of(stuck::settle(&finance, id, &by_bank()).await), "may_still_come");
    assert_eq!(gateway.asked(), 1);
    finance.now = world.system(1).now;
    gateway.queries(UNKNOWN);
    stuck::settle(&finance, id, &by_bank()).await.unwrap();
    world.run_jobs(60).await;
    assert_eq!((gateway.asked(), world.count(SETTLED).await), (2, 1), "nothing is sent any more");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_refund_that_is_retried_while_an_attempt_ends_is_tried_again_at_once(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let (world, gateway, finance, id) = refused(options, connect).await;
    // An attempt that would come back late, and one after which nothing would come.
    for (minutes, ends) in [(1, NOT_ENOUGH), (2, Answer::Refund(RefundState::Abnormal))] {
        let mut then = finance.clone();
        then.now = world.system(minutes).now;
        let before = gateway.asked();
        gateway.hold(REFUND);
        gateway.refunds(ends);
        let again = async {
            gateway.is_asked(before + 1).await;
            stuck::retry(&then, id).await.unwrap();
            gateway.release();
        };
        let (tried, ()) = tokio::join!(attempt(&world, minutes), again);
        assert!(tried.unwrap());
        world.run_jobs(minutes).await;
        assert_eq!(gateway.asked(), before + 2, "{ends:?}");
    }
    world.balanced().await;
}
