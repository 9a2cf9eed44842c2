//! What shoppers ask for once the goods were handed over (D4).

use chrono::Duration;
use commerce::{Scope, after_sales, files, orders};
use domain::{
    AfterSalesId, Fault, Fen, OrderId, SkuId, StoreId,
    after_sales::{
        AfterSalesAct, AfterSalesKind, AfterSalesReason, AfterSalesState, Condition, DecideAfterSales, ListAfterSales,
        QuoteAfterSales, ReceiveReturn, ReceivedLine, RefundProgress, RequestAfterSales, RequestedLine, ReturnCode,
    },
    files::FileSize,
    staff::Role,
};
use partners::wechat_pay::{Event, RefundState};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    files::picture,
    gateway,
    people::Reach,
    world::{LARGE_FEN, MEDIUM_FEN, PIECES, Stock, World, code_of, field_of},
};

/// Everybody who takes part.
pub struct Cast {
    pub world: World,
    pub shopper: Scope,
    /// Of the store that sells.
    pub manager: Scope,
    /// Of another store.
    pub clerk_elsewhere: Scope,
    pub hq: Scope,
}

pub async fn cast(options: PgPoolOptions, connect: PgConnectOptions) -> Cast {
    let world = World::new(options, connect).await;
    let manager = world.staff("人民广场店长", Role::StoreManager, Reach::Store(world.store)).await;
    let clerk_elsewhere = world.staff("西湖店员", Role::Clerk, Reach::Store(world.elsewhere)).await;
    let hq = world.staff("总部客服", Role::ServiceDepartment, Reach::Everywhere).await;
    Cast { shopper: world.member().await, manager, clerk_elsewhere, hq, world }
}

pub fn later(scope: &Scope, wait: Duration) -> Scope {
    let mut later = scope.clone();
    later.now += wait;
    later
}

pub fn asks(order: OrderId, kind: AfterSalesKind, pieces: i64, fen: i64) -> RequestAfterSales {
    let line = RequestedLine { line: 1, quantity: pieces.try_into().unwrap(), exchange_for: None };
    RequestAfterSales {
        id: AfterSalesId(Uuid::now_v7()),
        order_id: order,
        what: QuoteAfterSales { kind, lines: vec![line] },
        reason: AfterSalesReason::Quality,
        note: "杯盖漏了".into(),
        expected_refund_fen: Fen(fen),
    }
}

pub const AGREE: DecideAfterSales = DecideAfterSales { agree: true, note: String::new(), freight_fen: Fen::ZERO };

pub fn refuse() -> DecideAfterSales {
    DecideAfterSales { agree: false, note: "照片看不出问题".into(), freight_fen: Fen::ZERO }
}

impl Cast {
    /// An order for so many medium teas that were handed over.
    pub async fn handed_over(&self, pieces: i64) -> OrderId {
        let (order, code) = self.world.place_paid(&self.shopper, pieces).await;
        orders::accept(&self.manager, order).await.unwrap();
        orders::redeem(&self.manager, &code).await.unwrap();
        order
    }

    pub async fn request(&self, command: RequestAfterSales) -> AfterSalesId {
        let id = command.id;
        after_sales::request(&self.shopper, command).await.unwrap();
        id
    }

    /// A request for goods to go back that was agreed to, with its code.
    pub async fn agreed(&self, command: RequestAfterSales) -> (AfterSalesId, ReturnCode) {
        let id = self.request(command).await;
        after_sales::decide(&self.manager, id, AGREE).await.unwrap();
        let view = after_sales::show(&self.shopper, id).await.unwrap();
        assert_eq!(view.card.state, AfterSalesState::Agreed);
        (id, view.code.unwrap().parse().unwrap())
    }

    pub async fn state(&self, id: AfterSalesId) -> AfterSalesState {
        after_sales::show(&self.shopper, id).await.unwrap().card.state
    }

    /// The gateway gives the money of a request back.
    pub async fn gateway_pays(&self, id: AfterSalesId) -> String {
        let (number, fen): (String, i64) =
            sqlx::query_as("select out_refund_no, amount_fen from refunds where after_sales_id = $1")
                .bind(id.0)
                .fetch_one(&self.world.owner)
                .await
                .unwrap();
        let refund = gateway::refund(&number, fen, RefundState::Success);
        self.world.hear(&gateway::notice(Event::Refund(refund))).await
    }

    /// What a store has earned.
    pub async fn revenue(&self, store: StoreId) -> i64 {
        self.world.revenue(store).await
    }

    pub async fn on_hand(&self, store: StoreId, sku: SkuId) -> i64 {
        self.world.stock_at(store, sku).await.on_hand
    }
}

pub fn brings(code: &ReturnCode, store: StoreId, condition: Condition) -> ReceiveReturn {
    ReceiveReturn { code: code.clone(), store_id: store, lines: vec![ReceivedLine::whole(1, condition)] }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn money_alone_goes_back_when_the_store_agrees_and_not_before(options: PgPoolOptions, connect: PgConnectOptions) {
    let cast = cast(options, connect).await;
    let order = cast.handed_over(2).await;
    assert_eq!(cast.revenue(cast.world.store).await, 2 * MEDIUM_FEN);
    let id = cast.request(asks(order, AfterSalesKind::RefundOnly, 1, MEDIUM_FEN)).await;
    assert_eq!(cast.world.count("select count(*) from refunds").await, 0);
    after_sales::decide(&cast.manager, id, AGREE).await.unwrap();
    // The same decision again is the same decision.
    after_sales::decide(&cast.manager, id, AGREE).await.unwrap();
    let view = after_sales::show(&cast.shopper, id).await.unwrap();
    assert_eq!(
        (view.card.state, view.refund, view.code),
        (AfterSalesState::Refunded, Some(RefundProgress::Wanted), None)
    );
    let acts: Vec<_> = view.steps.iter().map(|step| step.act).collect();
    assert_eq!(acts, [AfterSalesAct::Request, AfterSalesAct::Agree, AfterSalesAct::Refund]);
    assert_eq!(cast.revenue(cast.world.store).await, MEDIUM_FEN);
    assert_eq!(cast.gateway_pays(id).await, "refunded");
    let order = cast.world.order(&cast.shopper, order).await;
    assert_eq!((order.paid_fen, order.refunded_fen), (Fen(2 * MEDIUM_FEN), Fen(MEDIUM_FEN)));
    assert_eq!(cast.on_hand(cast.world.store, cast.world.medium).await, PIECES - 2, "no goods came back");
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn goods_come_back_at_any_store_and_the_revenue_goes_back_from_the_one_that_sold(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let (here, there) = (cast.world.store, cast.world.elsewhere);
    let order = cast.handed_over(3).await;
    let (id, code) = cast.agreed(asks(order, AfterSalesKind::Return, 2, 2 * MEDIUM_FEN)).await;
    // The other store has nothing to do with it until the code is shown there.
    assert_eq!(code_of(after_sales::show_for_staff(&cast.clerk_elsewhere, id).await), "not_found");
    let counter = after_sales::find(&cast.clerk_elsewhere, &code).await.unwrap();
    assert_eq!((counter.card.id, counter.lines[0].quantity.get()), (id, 2));
    let brought = brings(&code, there, Condition::Restock);
    assert_eq!(after_sales::receive(&cast.clerk_elsewhere, brought.clone()).await, Ok(id));
    // Twice the same is once.
    assert_eq!(after_sales::receive(&cast.clerk_elsewhere, brought).await, Ok(id));
    let other = brings(&code, there, Condition::Scrap);
    assert_eq!(code_of(after_sales::receive(&cast.clerk_elsewhere, other).await), "already_received");
    assert_eq!(
        code_of(after_sales::receive(&cast.manager, brings(&code, here, Condition::Restock)).await),
        "already_received"
    );
    assert_eq!(cast.on_hand(there, cast.world.medium).await, PIECES + 2);
    assert_eq!(cast.on_hand(here, cast.world.medium).await, PIECES - 3);
    assert_eq!((cast.revenue(here).await, cast.revenue(there).await), (MEDIUM_FEN, 0));
    let seen = after_sales::show_for_staff(&cast.clerk_elsewhere, id).await.unwrap();
    assert_eq!((seen.card.state, seen.code), (AfterSalesState::Refunded, None));
    assert_eq!(seen.received_at_store.as_deref(), Some("西湖店"));
    assert_eq!(cast.gateway_pays(id).await, "refunded");
    assert_eq!(cast.gateway_pays(id).await, "repeated");
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn neither_a_closed_store_nor_another_merchants_takes_goods_back(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let order = cast.handed_over(3).await;
    let (id, code) = cast.agreed(asks(order, AfterSalesKind::Return, 2, 2 * MEDIUM_FEN)).await;
    let brought = brings(&code, cast.world.elsewhere, Condition::Restock);
    let merchant = "with m as (insert into merchants (id, code, name, created_at)
                               values (gen_random_uuid(), 'TONGAN', '童安', now()) returning id)
                    update stores set ownership = 'merchant', merchant_id = (select id from m) where code = 'XIHU'";
    cast.world.alter(merchant).await;
    let refused = after_sales::receive(&cast.clerk_elsewhere, brought.clone()).await;
    assert_eq!(code_of(refused), "other_merchant");
    cast.world
        .alter("update stores set ownership = 'direct', merchant_id = null, state = 'closed' where code = 'XIHU'")
        .await;
    assert_eq!(code_of(after_sales::receive(&cast.clerk_elsewhere, brought.clone()).await), "store_closed");
    assert_eq!(cast.on_hand(cast.world.elsewhere, cast.world.medium).await, PIECES);
    cast.world.alter("update stores set state = 'paused' where code = 'XIHU'").await;
    assert_eq!(after_sales::receive(&cast.clerk_elsewhere, brought).await, Ok(id));
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_cannot_be_sold_again_does_not_come_on_the_shelf(options: PgPoolOptions, connect: PgConnectOptions) {
    let cast = cast(options, connect).await;
    let (here, medium) = (cast.world.store, cast.world.medium);
    for condition in [Condition::Scrap, Condition::Supplier] {
        let before = cast.world.stock_at(here, medium).await;
        let order = cast.handed_over(1).await;
        let (_, code) = cast.agreed(asks(order, AfterSalesKind::Return, 1, MEDIUM_FEN)).await;
        after_sales::receive(&cast.manager, brings(&code, here, condition)).await.unwrap();
        let sold = Stock { on_hand: before.on_hand - 1, ..before };
        assert_eq!(cast.world.stock_at(here, medium).await, sold, "{condition:?}");
    }
    let set_apart = "select count(*) from after_sales_lines where condition = 'supplier'";
    assert_eq!(cast.world.count(set_apart).await, 1);
    cast.world.balanced().await;
}

pub fn swaps(order: OrderId, pieces: i64, to: SkuId, fen: i64) -> RequestAfterSales {
    let mut command = asks(order, AfterSalesKind::Exchange, pieces, fen);
    command.what.lines[0].exchange_for = Some(to);
    command
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_exchange_gives_other_goods_at_the_store_that_takes_the_first_and_the_difference_back(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let (there, medium) = (cast.world.elsewhere, cast.world.medium);
    let small = SkuId(Uuid::now_v7());
    cast.world.add_sku(small, "小杯", 1200).await;
    let order = cast.handed_over(2).await;
    let dearer = swaps(order, 1, cast.world.large, 0);
    const { assert!(LARGE_FEN > MEDIUM_FEN) };
    assert_eq!(field_of(after_sales::request(&cast.shopper, dearer).await), "swap.1");
    let (id, code) = cast.agreed(swaps(order, 1, small, MEDIUM_FEN - 1200)).await;
    // Sold out where the goods are brought: nothing changes, and another store can do it.
    cast.world.leave(there, small, 0).await;
    let brought = brings(&code, there, Condition::Restock);
    let refused = after_sales::receive(&cast.clerk_elsewhere, brought.clone()).await;
    assert!(matches!(&refused, Err(Fault::SoldOut(lacking)) if lacking[0].message.contains("小杯")), "{refused:?}");
    assert_eq!(cast.state(id).await, AfterSalesState::Agreed);
    assert_eq!(cast.on_hand(there, medium).await, PIECES);
    cast.world.leave(there, small, 1).await;
    after_sales::receive(&cast.clerk_elsewhere, brought).await.unwrap();
    assert_eq!(cast.state(id).await, AfterSalesState::Exchanged);
    assert_eq!((cast.on_hand(there, medium).await, cast.on_hand(there, small).await), (PIECES + 1, 0));
    assert_eq!(cast.revenue(cast.world.store).await, 2 * MEDIUM_FEN - 300);
    assert_eq!(cast.gateway_pays(id).await, "refunded");
    // The same again, whatever it costs by now, gives nothing back.
    cast.world.alter("update listings set price_fen = 9900").await;
    let (_, code) = cast.agreed(swaps(order, 1, medium, 0)).await;
    after_sales::receive(&cast.manager, brings(&code, cast.world.store, Condition::Scrap)).await.unwrap();
    assert_eq!(cast.world.count("select count(*) from refunds").await, 1);
    // Who got the same has it as before: it is exchanged once more, and then given back for what it cost. What was
    // exchanged for something else is asked for under a number of its own alone.
    assert_eq!(field_of(after_sales::request(&cast.shopper, swaps(order, 2, medium, 0)).await), "line.1");
    let (_, code) = cast.agreed(swaps(order, 1, medium, 0)).await;
    after_sales::receive(&cast.manager, brings(&code, cast.world.store, Condition::Restock)).await.unwrap();
    let give_back = |pieces, fen| asks(order, AfterSalesKind::Return, pieces, fen);
    assert_eq!(field_of(after_sales::request(&cast.shopper, give_back(2, 2 * MEDIUM_FEN)).await), "line.1");
    let (_, code) = cast.agreed(give_back(1, MEDIUM_FEN)).await;
    after_sales::receive(&cast.manager, brings(&code, cast.world.store, Condition::Restock)).await.unwrap();
    assert_eq!(cast.revenue(cast.world.store).await, MEDIUM_FEN - 300);
    assert_eq!(field_of(after_sales::request(&cast.shopper, give_back(1, MEDIUM_FEN)).await), "line.1");
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn nothing_goes_back_that_was_not_sold_or_not_in_time_or_is_anothers(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let (open, _) = cast.world.place_paid(&cast.shopper, 1).await;
    let kind = AfterSalesKind::Return;
    let asked = after_sales::request(&cast.shopper, asks(open, kind, 1, MEDIUM_FEN)).await;
    assert_eq!(code_of(asked), "not_handed_over");
    let order = cast.handed_over(3).await;
    let ask = async |who: &Scope, command| after_sales::request(who, command).await;
    assert_eq!(field_of(ask(&cast.shopper, asks(order, kind, 4, 4 * MEDIUM_FEN)).await), "line.1");
    assert_eq!(code_of(ask(&cast.shopper, asks(order, kind, 1, MEDIUM_FEN + 1)).await), "amount_changed");
    let late = later(&cast.shopper, Duration::days(7));
    assert_eq!(field_of(ask(&late, asks(order, kind, 1, MEDIUM_FEN)).await), "line.1");
    let stranger = cast.world.member().await;
    assert_eq!(code_of(ask(&stranger, asks(order, kind, 1, MEDIUM_FEN)).await), "not_found");
    assert_eq!(code_of(ask(&cast.clerk_elsewhere, asks(order, kind, 1, MEDIUM_FEN)).await), "not_found");
    assert_eq!(code_of(after_sales::options(&stranger, order).await), "not_found");
    // The same pieces cannot be asked for twice; taken back, they can.
    let id = cast.request(asks(order, kind, 2, 2 * MEDIUM_FEN)).await;
    assert_eq!(field_of(ask(&cast.shopper, asks(order, kind, 2, 2 * MEDIUM_FEN)).await), "line.1");
    for stranger in [&stranger, &cast.clerk_elsewhere] {
        assert!(after_sales::show(stranger, id).await.is_err());
        assert!(after_sales::withdraw(stranger, id).await.is_err());
    }
    let there = cast.world.staff("西湖店长", Role::StoreManager, Reach::Store(cast.world.elsewhere)).await;
    assert_eq!(code_of(after_sales::decide(&there, id, AGREE).await), "not_found");
    assert_eq!(code_of(after_sales::show_for_staff(&there, id).await), "not_found");
    assert_eq!(after_sales::list(&there, &ListAfterSales::default()).await.unwrap().items, []);
    assert_eq!(code_of(after_sales::decide(&cast.clerk_elsewhere, id, AGREE).await), "forbidden");
    after_sales::withdraw(&cast.shopper, id).await.unwrap();
    after_sales::withdraw(&cast.shopper, id).await.unwrap();
    assert_eq!(code_of(after_sales::decide(&cast.manager, id, AGREE).await), "not_now");
    let whole = cast.request(asks(order, kind, 3, 3 * MEDIUM_FEN)).await;
    assert_eq!(cast.state(whole).await, AfterSalesState::Requested);
    assert_eq!(cast.world.count("select count(*) from refunds").await, 0);
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_category_has_terms_of_its_own(options: PgPoolOptions, connect: PgConnectOptions) {
    let cast = cast(options, connect).await;
    cast.world
        .alter("insert into after_sales_terms (category_id, refund_only_hours) select id, 24 from categories")
        .await;
    let order = cast.handed_over(1).await;
    let ask = async |who: &Scope, kind| after_sales::request(who, asks(order, kind, 1, MEDIUM_FEN)).await;
    assert_eq!(field_of(ask(&cast.shopper, AfterSalesKind::Return).await), "line.1");
    let late = later(&cast.shopper, Duration::hours(24));
    assert_eq!(field_of(ask(&late, AfterSalesKind::RefundOnly).await), "line.1");
    ask(&cast.shopper, AfterSalesKind::RefundOnly).await.unwrap();
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn head_office_decides_for_good_and_nobody_on_their_own_refusal(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let order = cast.handed_over(2).await;
    let id = cast.request(asks(order, AfterSalesKind::Return, 1, MEDIUM_FEN)).await;
    let silent = DecideAfterSales { agree: false, note: " ".into(), freight_fen: Fen::ZERO };
    assert_eq!(field_of(after_sales::decide(&cast.hq, id, silent).await), "note");
    // Head office may decide in the store's place, too; then somebody else arbitrates.
    after_sales::decide(&cast.hq, id, refuse()).await.unwrap();
    assert_eq!(code_of(after_sales::arbitrate(&cast.hq, id, AGREE).await), "own_decision");
    assert_eq!(field_of(after_sales::appeal(&cast.shopper, id, "").await), "note");
    let late = later(&cast.shopper, Duration::days(7));
    assert_eq!(code_of(after_sales::appeal(&late, id, "请再看看").await), "appeal_over");
    after_sales::appeal(&cast.shopper, id, "请再看看").await.unwrap();
    after_sales::appeal(&cast.shopper, id, "请再看看").await.unwrap();
    assert_eq!(code_of(after_sales::arbitrate(&cast.hq, id, AGREE).await), "own_decision");
    assert_eq!(code_of(after_sales::arbitrate(&cast.manager, id, AGREE).await), "forbidden");
    let other = cast.world.staff("总部客服二", Role::ServiceDepartment, Reach::Everywhere).await;
    after_sales::arbitrate(&other, id, AGREE).await.unwrap();
    after_sales::arbitrate(&other, id, AGREE).await.unwrap();
    assert_eq!(code_of(after_sales::decide(&cast.manager, id, refuse()).await), "upheld");
    assert_eq!(cast.state(id).await, AfterSalesState::Agreed, "no store overturns head office");
    let second = cast.request(asks(order, AfterSalesKind::RefundOnly, 1, MEDIUM_FEN)).await;
    after_sales::decide(&cast.manager, second, refuse()).await.unwrap();
    after_sales::appeal(&cast.shopper, second, "没道理").await.unwrap();
    after_sales::arbitrate(&other, second, refuse()).await.unwrap();
    assert_eq!(cast.state(second).await, AfterSalesState::Dismissed);
    assert_eq!(code_of(after_sales::appeal(&cast.shopper, second, "再来").await), "not_now");
    // What was decided for good is not asked for again.
    let again = after_sales::request(&cast.shopper, asks(order, AfterSalesKind::RefundOnly, 1, MEDIUM_FEN)).await;
    assert_eq!(field_of(again), "line.1");
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_the_store_does_not_answer_goes_to_head_office_and_what_is_not_brought_expires(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let order = cast.handed_over(1).await;
    let id = cast.request(asks(order, AfterSalesKind::Return, 1, MEDIUM_FEN)).await;
    let day = 24 * 60;
    cast.world.run_jobs(3 * day - 1).await;
    assert_eq!(cast.state(id).await, AfterSalesState::Requested);
    cast.world.run_jobs(3 * day).await;
    assert_eq!(cast.state(id).await, AfterSalesState::Appealed);
    let then = later(&cast.hq, Duration::days(3));
    after_sales::arbitrate(&then, id, AGREE).await.unwrap();
    let code: ReturnCode = after_sales::show(&cast.shopper, id).await.unwrap().code.unwrap().parse().unwrap();
    let late = later(&cast.clerk_elsewhere, Duration::days(17));
    let brought = brings(&code, cast.world.elsewhere, Condition::Restock);
    assert_eq!(code_of(after_sales::receive(&late, brought.clone()).await), "return_expired");
    cast.world.run_jobs(17 * day).await;
    assert_eq!(cast.state(id).await, AfterSalesState::Expired);
    assert_eq!(code_of(after_sales::receive(&late, brought).await), "not_now");
    let options = after_sales::options(&cast.shopper, order).await.unwrap();
    assert_eq!((options.lines[0].rest, options.requests.len()), (1, 1));
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_same_request_again_is_the_same_and_another_under_its_id_a_conflict(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let order = cast.handed_over(2).await;
    let command = asks(order, AfterSalesKind::Return, 2, 2 * MEDIUM_FEN);
    after_sales::request(&cast.shopper, command.clone()).await.unwrap();
    after_sales::request(&cast.shopper, command.clone()).await.unwrap();
    let other = RequestAfterSales { note: "换个说法".into(), ..command.clone() };
    assert_eq!(code_of(after_sales::request(&cast.shopper, other).await), "key_reused");
    let mut stranger = Cast { shopper: cast.world.member().await, ..cast };
    let theirs = stranger.handed_over(1).await;
    let taken = RequestAfterSales { id: command.id, ..asks(theirs, AfterSalesKind::Return, 1, MEDIUM_FEN) };
    assert_eq!(code_of(after_sales::request(&stranger.shopper, taken).await), "key_reused");
    // Staff ask in a shopper's name at the counter, which is written to the log.
    let at_counter = asks(theirs, AfterSalesKind::RefundOnly, 1, MEDIUM_FEN);
    after_sales::request(&stranger.manager, at_counter.clone()).await.unwrap();
    assert_eq!(stranger.state(at_counter.id).await, AfterSalesState::Requested);
    let logged = "select count(*) from audit where act = 'request_after_sales'";
    assert_eq!(stranger.world.count(logged).await, 1);
    stranger.shopper = stranger.world.member().await;
    stranger.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn money_on_its_way_keeps_its_number_and_a_refund_that_fails_is_told(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let order = cast.handed_over(2).await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let id = cast.request(asks(order, AfterSalesKind::RefundOnly, 1, MEDIUM_FEN)).await;
        after_sales::decide(&cast.manager, id, AGREE).await.unwrap();
        ids.push(id);
    }
    let numbers = "select count(distinct out_refund_no) from refunds where state = 'wanted'";
    assert_eq!(cast.world.count(numbers).await, 2);
    // No gateway answers: both stay wanted, under the numbers that they have.
    let before: Vec<String> = cast.numbers().await;
    cast.world.run_jobs(5).await;
    assert_eq!(cast.numbers().await, before);
    let failed = gateway::refund(&before[0], MEDIUM_FEN, RefundState::Abnormal);
    assert_eq!(cast.world.hear(&gateway::notice(Event::Refund(failed))).await, "abnormal");
    assert_eq!(cast.gateway_pays(ids[1]).await, "refunded");
    let progress = async |id| after_sales::show(&cast.shopper, id).await.unwrap().refund;
    assert_eq!(progress(ids[0]).await, Some(RefundProgress::Abnormal));
    assert_eq!(progress(ids[1]).await, Some(RefundProgress::Succeeded));
    cast.world.balanced().await;
}

impl Cast {
    /// The numbers of all refunds, the oldest first.
    async fn numbers(&self) -> Vec<String> {
        let numbers = sqlx::query_scalar("select out_refund_no from refunds order by id");
        numbers.fetch_all(&self.world.owner).await.unwrap()
    }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn proof_is_seen_by_the_shopper_and_the_stores_concerned_alone(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let order = cast.handed_over(1).await;
    let (id, code) = cast.agreed(asks(order, AfterSalesKind::Return, 1, MEDIUM_FEN)).await;
    let stranger = cast.world.member().await;
    assert_eq!(code_of(after_sales::add_proof(&stranger, id, "罐.jpg", picture(1)).await), "not_found");
    assert_eq!(field_of(after_sales::add_proof(&cast.shopper, id, "罐.jpg", b"GIF89a".to_vec()).await), "file");
    let file = after_sales::add_proof(&cast.shopper, id, "罐.jpg", picture(1)).await.unwrap();
    // The same picture again is the same.
    assert_eq!(after_sales::add_proof(&cast.shopper, id, "罐.jpg", picture(1)).await, Ok(file));
    let sees = async |who: &Scope| files::read(who, file, FileSize::Small).await.is_ok();
    assert!(sees(&cast.shopper).await && sees(&cast.manager).await && sees(&cast.hq).await);
    assert!(!sees(&stranger).await && !sees(&cast.clerk_elsewhere).await);
    assert!(!sees(&cast.world.visitor().await).await);
    after_sales::receive(&cast.clerk_elsewhere, brings(&code, cast.world.elsewhere, Condition::Scrap)).await.unwrap();
    assert!(sees(&cast.clerk_elsewhere).await);
    assert_eq!(code_of(after_sales::add_proof(&cast.shopper, id, "罐.jpg", picture(2)).await), "not_now");
    cast.world.balanced().await;
}
