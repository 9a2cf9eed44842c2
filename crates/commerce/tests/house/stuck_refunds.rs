//! Refunds that the gateway refused or that hang (D8). The gateway is out of reach here; what it says is told by hand.

use commerce::{Partners, Scope, Settings, audit, orders, payments::stuck};
use domain::{
    OrderId, RefundId,
    audit::{Act, ListAudit},
    refunds::{ListRefunds, SettleRefund, StuckRefund, StuckState, back},
    staff::Role,
};
use partners::wechat_pay::{Event, RefundState};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    gateway,
    people::Reach,
    stand_in::{Answer, StandIn},
    world::{World, code_of, field_of, teas},
};

async fn finance(world: &World) -> Scope {
    world.staff("财务", Role::FinanceDepartment, Reach::Everywhere).await
}

/// An order whose money is wanted back.
async fn cancelled(world: &World, buyer: &Scope) -> OrderId {
    let (order, _) = world.place_paid(buyer, 2).await;
    orders::cancel(buyer, order).await.unwrap();
    order
}

/// Somebody, so many minutes later.
fn at(world: &World, who: &Scope, minutes: i64) -> Scope {
    let mut later = who.clone();
    later.now = world.system(minutes).now;
    later
}

async fn open(who: &Scope) -> Vec<StuckRefund> {
    stuck::list(who, &ListRefunds { most: 10, ..ListRefunds::default() }).await.unwrap().items
}

async fn told(world: &World, refund: &StuckRefund, status: RefundState) -> String {
    let told = gateway::refund(&refund.out_refund_no, refund.amount_fen.0, status);
    world.hear(&gateway::notice(Event::Refund(told))).await
}

/// The gateway's word on the only refund that it could not pay out.
async fn fail(world: &World) {
    let number: String = sqlx::query_scalar("select out_refund_no from refunds").fetch_one(&world.owner).await.unwrap();
    let told = gateway::refund(&number, teas(2).0, RefundState::Abnormal);
    assert_eq!(world.hear(&gateway::notice(Event::Refund(told))).await, "abnormal");
}

fn by_bank() -> SettleRefund {
    SettleRefund { reason: "原卡已注销，财务转账".into(), proof: "20261126000123".into() }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_refund_is_listed_once_it_hangs_and_until_it_is_there(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (buyer, finance) = (world.member().await, finance(&world).await);
    let order = cancelled(&world, &buyer).await;
    assert!(open(&finance).await.is_empty(), "it may take some minutes");
    world.run_jobs(0).await;
    let later = at(&world, &finance, 11);
    let listed = open(&later).await;
    assert_eq!((listed.len(), listed[0].state, listed[0].order_id), (1, StuckState::Hanging, order));
    assert_eq!((listed[0].tries, listed[0].last_answer.as_str()), (1, "网关没有应答"));
    assert_eq!(stuck::waiting(&later).await.unwrap(), 1);
    let clerk = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    let seen = orders::show_for_staff(&at(&world, &clerk, 11), order).await.unwrap();
    assert!(seen.refund_delayed, "the store sees that it is delayed, and no more");
    assert_eq!(code_of(stuck::list(&clerk, &ListRefunds::default()).await), "forbidden");
    assert_eq!(stuck::waiting(&clerk).await.unwrap(), 0);
    let id = listed[0].id;
    assert_eq!(code_of(stuck::settle(&later, id, &by_bank()).await), "may_still_come");
    stuck::retry(&later, id).await.unwrap();
    world.run_jobs(11).await;
    assert_eq!(open(&later).await[0].tries, 2, "asked at once, not when its turn comes");
    assert_eq!(world.count("select count(distinct out_refund_no) from refunds").await, 1, "under the same number");
    assert_eq!(told(&world, &listed[0], RefundState::Success).await, "refunded");
    assert!(open(&later).await.is_empty());
    stuck::retry(&later, id).await.unwrap();
    assert_eq!(code_of(stuck::settle(&later, id, &by_bank()).await), "refunded");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_somebody_paid_in_another_way_is_closed_once_and_stands_in_the_ledger(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let gateway = StandIn::new(teas(2).0).await;
    gateway.queries(Answer::Refund(RefundState::Abnormal));
    let partners = Partners { wechat_pay: Some(gateway.client()), ..Partners::default() };
    let world = World::with(options, connect, partners, Settings::default()).await;
    let (buyer, finance) = (world.member().await, finance(&world).await);
    let order = cancelled(&world, &buyer).await;
    fail(&world).await;
    let listed = open(&finance).await;
    assert_eq!((listed.len(), listed[0].state), (1, StuckState::Abnormal));
    assert!(listed[0].last_answer.starts_with("ABNORMAL"), "{listed:?}");
    let id = listed[0].id;
    for (field, wrong) in [
        ("reason", SettleRefund { reason: " ".into(), ..by_bank() }),
        ("proof", SettleRefund { proof: " ".into(), ..by_bank() }),
        ("proof", SettleRefund { proof: "1".repeat(65), ..by_bank() }),
    ] {
        assert_eq!(field_of(stuck::settle(&finance, id, &wrong).await), field);
    }
    assert_eq!(code_of(stuck::settle(&finance, RefundId(Uuid::now_v7()), &by_bank()).await), "not_found");
    stuck::settle(&finance, id, &by_bank()).await.unwrap();
    stuck::settle(&finance, id, &by_bank()).await.unwrap();
    let other = SettleRefund { proof: "别的凭证".into(), ..by_bank() };
    assert_eq!(code_of(stuck::settle(&finance, id, &other).await), "settled");
    assert_eq!(code_of(stuck::retry(&finance, id).await), "settled");
    let booked = "select coalesce(sum(amount_fen), 0)::bigint from transfers where credit = 'settled:other_means'";
    assert_eq!(world.count(booked).await, teas(2).0);
    let seen = world.order(&buyer, order).await;
    assert_eq!((seen.refunded_fen, seen.refund_delayed), (teas(2), false));
    let words = back(seen.refunded_fen, &seen.refunded_otherwise);
    assert_eq!(words, format!("{} 已用其他方式退回（凭证号 20261126000123）", teas(2)), "the shopper is told how");
    assert!(open(&finance).await.is_empty());
    let settled = stuck::list(&finance, &ListRefunds { settled: true, most: 10, ..Default::default() }).await.unwrap();
    let settlement = settled.items[0].settled.clone().unwrap();
    assert_eq!((settlement.by.as_str(), settlement.proof.as_str()), ("财务", "20261126000123"));
    let ask = ListAudit { act: Some(Act::SettleRefund), most: 5, ..Default::default() };
    assert_eq!(audit::list(&finance, &ask).await.unwrap().items.len(), 1);

    // The gateway pays it out all the same: the shopper has it twice, and the books say so.
    assert_eq!(told(&world, &listed[0], RefundState::Success).await, "paid twice");
    assert_eq!(told(&world, &listed[0], RefundState::Success).await, "repeated");
    let settled = stuck::list(&finance, &ListRefunds { settled: true, most: 10, ..Default::default() }).await.unwrap();
    assert!(settled.items[0].settled.as_ref().unwrap().paid_twice);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_refund_is_seen_to_by_who_pays_back_orders_of_its_store(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    cancelled(&world, &buyer).await;
    fail(&world).await;
    let all = finance(&world).await;
    let id = open(&all).await[0].id;
    let elsewhere = world.staff("外地财务", Role::FinanceDepartment, Reach::Region("330100")).await;
    assert!(open(&elsewhere).await.is_empty());
    assert_eq!(stuck::waiting(&elsewhere).await.unwrap(), 0);
    assert_eq!(code_of(stuck::retry(&elsewhere, id).await), "not_found");
    assert_eq!(code_of(stuck::settle(&elsewhere, id, &by_bank()).await), "not_found");
    let regional = world.staff("区域经理", Role::RegionalManager, Reach::Region("310100")).await;
    assert_eq!(code_of(stuck::retry(&regional, id).await), "forbidden");
    assert_eq!(code_of(stuck::retry(&buyer, id).await), "unauthenticated");
    stuck::retry(&all, id).await.unwrap();
    assert!(open(&all).await.is_empty(), "it is on its way again");
    world.run_jobs(1).await;
    fail(&world).await;
    assert_eq!(open(&all).await[0].state, StuckState::Abnormal, "the gateway says the same again");
    world.balanced().await;
}
