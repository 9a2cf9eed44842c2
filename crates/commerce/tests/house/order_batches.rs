//! One thing done with several orders, and completed orders that head office pays back (D8).

use commerce::{Scope, after_sales, keys, orders, orders::batches};
use domain::{
    AfterSalesId, Fen, OrderBatchId, OrderId, Quantity,
    after_sales::{RefundOrder, RefundedLine},
    keys::CreateKey,
    order_batches::{BatchAct, BatchState, BatchView, DraftBatch, OrderFilter, Outcome},
    orders::{Channel, OrderState},
    staff::{Permission, Role},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    people::Reach,
    world::{Stock, World, code_of, field_of, new_order_id, teas},
};

async fn service(world: &World) -> Scope {
    world.staff("客服", Role::ServiceDepartment, Reach::Everywhere).await
}

fn of(act: BatchAct, orders: &[OrderId]) -> DraftBatch {
    let id = OrderBatchId(Uuid::now_v7());
    DraftBatch { id, act, orders: orders.to_vec(), all: None, store_id: None, reason: "门店停业".into() }
}

/// A batch that is put together, started and worked on to its end.
async fn done(world: &World, who: &Scope, command: &DraftBatch) -> BatchView {
    batches::draft(who, command).await.unwrap();
    batches::start(who, command.id).await.unwrap();
    world.run_jobs(1).await;
    let view = batches::show(who, command.id).await.unwrap();
    assert_eq!(view.card.state, BatchState::Ended);
    view
}

fn outcome(view: &BatchView, order: OrderId) -> (Outcome, Option<&str>) {
    let line = view.lines.iter().find(|line| line.order_id == order).unwrap();
    (line.outcome, line.problem.as_deref())
}

/// An order that was handed over.
async fn completed(world: &World, buyer: &Scope, pieces: i64) -> OrderId {
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    let (order, code) = world.place_paid(buyer, pieces).await;
    orders::accept(&manager, order).await.unwrap();
    orders::redeem(&manager, &code).await.unwrap();
    order
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_preview_says_what_would_be_refused_and_does_nothing(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (buyer, service) = (world.member().await, service(&world).await);
    let (open, _) = world.place_paid(&buyer, 1).await;
    let gone = completed(&world, &buyer, 1).await;
    let command = of(BatchAct::CallOff, &[open, gone]);
    let view = batches::draft(&service, &command).await.unwrap();
    assert_eq!((view.card.state, view.card.total, view.card.refused), (BatchState::Draft, 2, 1));
    assert_eq!(outcome(&view, open), (Outcome::Waiting, None));
    assert!(outcome(&view, gone).1.unwrap().contains("已完成"), "{view:?}");
    assert_eq!(world.state_of(open).await, OrderState::Paid, "nothing has happened");
    assert_eq!(world.count("select count(*) from refunds").await, 0);
    assert_eq!(batches::draft(&service, &command).await.unwrap(), view, "the same again");
    let other = DraftBatch { reason: "另一个原因".into(), ..command.clone() };
    assert_eq!(code_of(batches::draft(&service, &other).await), "key_reused");
    let stranger = world.staff("客服二", Role::ServiceDepartment, Reach::Everywhere).await;
    assert_eq!(code_of(batches::show(&stranger, command.id).await), "not_found", "a batch is its author's");
    assert_eq!(code_of(batches::start(&stranger, command.id).await), "not_found");
    assert_eq!(code_of(batches::draft(&stranger, &command).await), "key_reused");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn each_order_of_a_batch_is_done_by_itself_and_once(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (buyer, service) = (world.member().await, service(&world).await);
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    let (open, _) = world.place_paid(&buyer, 1).await;
    let (taken, code) = world.place_paid(&buyer, 1).await;
    let unpaid = world.place(&buyer, 2).await;
    let gone = completed(&world, &buyer, 1).await;
    let command = of(BatchAct::CallOff, &[open, taken, unpaid, gone]);
    batches::draft(&service, &command).await.unwrap();
    // It is handed over between the preview and the start.
    orders::accept(&manager, taken).await.unwrap();
    orders::redeem(&manager, &code).await.unwrap();
    batches::start(&service, command.id).await.unwrap();
    batches::start(&service, command.id).await.unwrap();
    assert_eq!(batches::show(&service, command.id).await.unwrap().card.state, BatchState::Running);
    world.run_jobs(1).await;
    let view = batches::show(&service, command.id).await.unwrap();
    assert_eq!((view.card.state, view.card.done, view.card.refused), (BatchState::Ended, 2, 2), "{view:?}");
    assert_eq!(outcome(&view, open), (Outcome::Done, None));
    assert!(outcome(&view, taken).1.unwrap().contains("已完成"));
    assert_eq!(world.state_of(unpaid).await, OrderState::Cancelled);
    batches::start(&service, command.id).await.unwrap();
    world.run_jobs(2).await;
    assert_eq!(batches::show(&service, command.id).await.unwrap(), view, "doing it twice is doing it once");
    let again = batches::draft(&service, &of(BatchAct::CallOff, &[open])).await.unwrap();
    assert_eq!(again.card.refused, 1, "what is so already is not done again");
    assert_eq!(world.count("select count(*) from refunds").await, 1);
    assert_eq!(world.count("select count(*) from audit where act = 'call_off' and staff_id is not null").await, 2);
    assert_eq!(world.stock_at(world.store, world.medium).await, Stock { on_hand: 98, held: 0, allocated: 0 });
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn by_the_rule_each_order_goes_where_everything_is(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (buyer, service) = (world.member().await, service(&world).await);
    let mut orders = Vec::new();
    for _ in 0..3 {
        orders.push(world.place_paid(&buyer, 2).await.0);
    }
    world.leave(world.elsewhere, world.medium, 4).await;
    let view = batches::draft(&service, &of(BatchAct::Reroute, &orders)).await.unwrap();
    let could = view.lines.iter().filter(|line| line.problem.is_none() && line.to_store.is_some()).count();
    assert_eq!((could, view.card.refused), (2, 1), "as many as there are pieces for: {view:?}");
    let chosen = DraftBatch { store_id: Some(world.elsewhere), ..of(BatchAct::Reroute, &orders) };
    let view = batches::draft(&service, &chosen).await.unwrap();
    assert_eq!(view.card.refused, 1, "{view:?}");
    let told = view.lines.iter().find_map(|line| line.problem.as_deref()).unwrap();
    assert!(told.contains("0 件"), "the others have them: {told}");
    assert_eq!(world.stock_at(world.elsewhere, world.medium).await, Stock { on_hand: 4, held: 0, allocated: 0 });
    let view = done(&world, &service, &of(BatchAct::Reroute, &orders)).await;
    assert_eq!((view.card.done, view.card.refused), (2, 1), "only so many are there: {view:?}");
    let refused = view.lines.iter().find(|line| line.outcome == Outcome::Refused).unwrap();
    assert!(refused.problem.as_deref().unwrap().contains("备齐"));
    assert_eq!(world.stock_at(world.elsewhere, world.medium).await, Stock { on_hand: 4, held: 0, allocated: 4 });
    let chosen = DraftBatch { store_id: Some(world.elsewhere), ..of(BatchAct::Reroute, &orders) };
    let view = batches::draft(&service, &chosen).await.unwrap();
    assert_eq!(view.card.refused, 3, "two are there already, and for the third nothing is left: {view:?}");
    world.alter("update stores set state = 'paused' where code = 'XIHU'").await;
    let view = batches::draft(&service, &of(BatchAct::Reroute, &[refused.order_id])).await.unwrap();
    assert_eq!(view.card.refused, 1, "a paused store is never chosen");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_batch_is_done_with_what_its_author_may_do_at_each_orders_store(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (buyer, service) = (world.member().await, service(&world).await);
    let (here, _) = world.place_paid(&buyer, 1).await;
    let (there, _) = world.place_paid(&buyer, 1).await;
    let to = domain::order_centre::Reroute { store_id: world.elsewhere, reason: "换店".into() };
    orders::reroute(&service, there, &to).await.unwrap();
    let of_shanghai = world.staff("区域经理", Role::RegionalManager, Reach::Region("310100")).await;
    assert_eq!(field_of(batches::draft(&of_shanghai, &of(BatchAct::CallOff, &[here, there])).await), "orders");
    assert_eq!(code_of(batches::draft(&of_shanghai, &of(BatchAct::CallOff, &[there])).await), "not_found");
    let elsewhere = DraftBatch { store_id: Some(world.elsewhere), ..of(BatchAct::Reroute, &[here]) };
    assert_eq!(code_of(batches::draft(&of_shanghai, &elsewhere).await), "not_found", "a store out of reach");
    assert_eq!(code_of(batches::draft(&of_shanghai, &of(BatchAct::Refund, &[here])).await), "forbidden");
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    assert_eq!(code_of(batches::draft(&manager, &of(BatchAct::Annotate, &[here])).await), "forbidden");
    assert_eq!(code_of(batches::list(&manager).await), "forbidden");
    assert_eq!(code_of(batches::draft(&service, &of(BatchAct::CallOff, &[new_order_id()])).await), "not_found");
    assert_eq!(field_of(batches::draft(&service, &of(BatchAct::CallOff, &[])).await), "orders");
    let unsaid = DraftBatch { reason: " ".into(), ..of(BatchAct::CallOff, &[here]) };
    assert_eq!(field_of(batches::draft(&service, &unsaid).await), "reason");

    // Whoever is suspended before the server comes to it does nothing any more.
    let command = of(BatchAct::CallOff, &[here]);
    batches::draft(&of_shanghai, &command).await.unwrap();
    batches::start(&of_shanghai, command.id).await.unwrap();
    world.alter("update staff set active = false where name = '区域经理'").await;
    world.run_jobs(1).await;
    assert_eq!(world.state_of(here).await, OrderState::Paid);
    assert_eq!(world.count("select count(*) from order_batch_lines where outcome = 'refused'").await, 1);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn notes_are_written_to_all_that_a_lists_filters_leave(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (buyer, service) = (world.member().await, service(&world).await);
    for _ in 0..25 {
        world.place_paid(&buyer, 1).await;
    }
    completed(&world, &buyer, 1).await;
    let filter = OrderFilter { state: Some(OrderState::Paid), store_id: Some(world.store), ..OrderFilter::default() };
    let command = DraftBatch { all: Some(filter), ..of(BatchAct::Annotate, &[]) };
    let view = done(&world, &service, &command).await;
    assert_eq!((view.card.total, view.card.done), (25, 25), "more than a job does at a time");
    assert_eq!(world.count("select count(*) from order_notes").await, 25);
    let none = OrderFilter { state: Some(OrderState::Rejected), ..OrderFilter::default() };
    let none = DraftBatch { all: Some(none), ..of(BatchAct::Annotate, &[]) };
    assert_eq!(code_of(batches::draft(&service, &none).await), "not_found");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_programs_batch_is_done_in_its_name_while_its_key_works(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (buyer, admin) = (world.member().await, world.staff("管理员", Role::SuperAdmin, Reach::Everywhere).await);
    let (first, _) = world.place_paid(&buyer, 1).await;
    let (second, _) = world.place_paid(&buyer, 1).await;
    let command = CreateKey {
        name: "客服系统".into(),
        permissions: vec![Permission::ReadOrders, Permission::ManageOrders],
        stores: vec!["RMGC".into()],
        warehouses: Vec::new(),
        per_minute: 60,
        until: None,
    };
    let key = keys::create(&admin, command).await.unwrap();
    let secret = keys::make(&admin, key).await.unwrap();
    let program = world.bearer(Some(&secret), Channel::Api).await;
    let view = done(&world, &program, &of(BatchAct::CallOff, &[first])).await;
    assert_eq!(outcome(&view, first), (Outcome::Done, None));
    let signed = "select count(*) from audit where act = 'call_off' and api_key_id is not null and staff_id is null";
    assert_eq!(world.count(signed).await, 1);
    let late = of(BatchAct::CallOff, &[second]);
    batches::draft(&program, &late).await.unwrap();
    batches::start(&program, late.id).await.unwrap();
    keys::revoke(&admin, key).await.unwrap();
    world.run_jobs(1).await;
    assert_eq!(world.state_of(second).await, OrderState::Paid, "a key that was revoked does nothing any more");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_nobody_starts_is_forgotten(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (buyer, service) = (world.member().await, service(&world).await);
    let gone = completed(&world, &buyer, 1).await;
    let command = of(BatchAct::CallOff, &[gone]);
    batches::draft(&service, &command).await.unwrap();
    assert_eq!(code_of(batches::start(&service, command.id).await), "nothing_to_do");
    commerce::jobs::sweep(&world.system(25 * 60)).await.unwrap();
    assert_eq!(world.count("select count(*) from order_batch_lines").await, 0);
    assert!(batches::list(&service).await.unwrap().is_empty());
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_completed_order_is_paid_back_whole_or_in_part_and_never_twice(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (buyer, service) = (world.member().await, service(&world).await);
    let order = completed(&world, &buyer, 3).await;
    let (open, _) = world.place_paid(&buyer, 1).await;
    let whole = || RefundOrder::of_pieces(AfterSalesId(Uuid::now_v7()), Vec::new(), "商品有质量问题");
    let some = |pieces: i64| RefundOrder {
        lines: vec![RefundedLine { line: 1, quantity: Quantity::try_from(pieces).unwrap() }],
        ..whole()
    };
    assert_eq!(code_of(after_sales::refund(&service, open, &whole()).await), "not_completed");
    assert_eq!(field_of(after_sales::refund(&service, order, &some(4)).await), "line.1");
    let unsaid = RefundOrder { reason: " ".into(), ..whole() };
    assert_eq!(field_of(after_sales::refund(&service, order, &unsaid).await), "reason");
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    assert_eq!(code_of(after_sales::refund(&manager, order, &whole()).await), "forbidden");
    assert_eq!(after_sales::refundable(&service, order).await.unwrap().left_fen, teas(3));
    assert_eq!(after_sales::refundable(&service, open).await.unwrap().left_fen, Fen::ZERO);

    let one = some(1);
    after_sales::refund(&service, order, &one).await.unwrap();
    after_sales::refund(&service, order, &one).await.unwrap();
    let other = RefundOrder { reason: "别的原因".into(), ..one.clone() };
    assert_eq!(code_of(after_sales::refund(&service, order, &other).await), "key_reused");
    assert_eq!(after_sales::refundable(&service, order).await.unwrap().left_fen, teas(2));
    let rest = whole();
    after_sales::refund(&service, order, &rest).await.unwrap();
    after_sales::refund(&service, order, &rest).await.unwrap();
    assert_eq!(code_of(after_sales::refund(&service, order, &whole()).await), "nothing_left");
    assert_eq!(world.count("select sum(amount_fen)::bigint from refunds").await, teas(3).0);
    assert_eq!(world.count("select count(*) from after_sales where state = 'refunded'").await, 2);
    assert_eq!(world.count("select count(*) from audit where act = 'refund_after_sales'").await, 2);
    assert_eq!(world.stock_at(world.store, world.medium).await.on_hand, 97, "the goods stay where they are");

    let another = completed(&world, &buyer, 1).await;
    let view = done(&world, &service, &of(BatchAct::Refund, &[order, another, open])).await;
    assert_eq!(outcome(&view, another), (Outcome::Done, None));
    assert_eq!((view.card.done, view.card.refused), (1, 2), "{view:?}");
    world.balanced().await;
}
