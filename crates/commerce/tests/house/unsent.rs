//! The rest of an express order that is sent no more (D2, D3).

use std::sync::Arc;

use commerce::{
    after_sales, books, cart, counts, express, orders,
    stock::{models, purchase_limits},
};
use domain::{
    AfterSalesId, CountId, OrderId, ParcelId, UnsentEndId,
    after_sales::{AfterSalesKind, AfterSalesReason, QuoteAfterSales, RequestAfterSales, RequestedLine},
    counts::{EnterCount, ListLines, OpenCount, Selection},
    express::{Carrier, PackedLine, ShipParcel},
    orders::OrderState,
    parcels::Afterwards,
    purchase_limits::SetPurchaseLimit,
    staff::Role,
    stock_models::{SetStockModel, ShareOut, StockModel},
    unsent::{EndUnsent, UnsentFate},
};
use futures::future::join_all;
use partners::{
    trackers::Status,
    wechat_pay::{Event, RefundState},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::{
    counts::place_of,
    gateway::{notice, refund},
    parcels::{DAY, Scene, back},
    people::Reach,
    world::{LARGE_FEN, Stock, code_of, field_of, teas},
};

fn lines(lines: &[(i32, i64)]) -> Vec<PackedLine> {
    lines.iter().map(|&(line, quantity)| PackedLine { line, quantity }).collect()
}

fn ends(which: &[(i32, i64)], fate: UnsentFate) -> EndUnsent {
    EndUnsent { id: UnsentEndId(Uuid::now_v7()), lines: lines(which), reason: "缺货".into(), fate }
}

impl Scene {
    async fn end(&self, order: OrderId, command: EndUnsent) {
        express::end_unsent(&self.manager, order, command).await.unwrap();
    }

    async fn paid(&self) -> i64 {
        self.world.count("select total_fen from orders").await
    }

    async fn revenue(&self) -> i64 {
        self.world
            .count("select coalesce(sum(amount_fen), 0)::bigint from transfers where credit like 'revenue:%'")
            .await
    }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_sent_no_more_is_paid_back_at_once_and_the_rest_goes_its_way(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let order = scene.accepted().await;
    scene.ship(order, "ZT1000001", &[(1, 1), (2, 1)]).await;
    assert_eq!(scene.large().await, Stock { on_hand: 98, held: 0, allocated: 0 }, "set apart for it");
    let command = ends(&[(2, 1)], UnsentFate::Shelve);
    for _ in 0..2 {
        scene.end(order, command.clone()).await;
        assert_eq!(scene.large().await, Stock { on_hand: 99, held: 0, allocated: 0 }, "the piece is anybody's");
        assert_eq!(scene.refunded().await, LARGE_FEN, "and its money goes back, without the way");
    }
    let reused = EndUnsent { reason: "坏了".into(), ..command };
    assert_eq!(code_of(express::end_unsent(&scene.manager, order, reused).await), "key_reused");
    assert_eq!(field_of(express::end_unsent(&scene.manager, order, ends(&[], UnsentFate::Lose)).await), "lines");
    let number = "select replace(out_refund_no, '-', '') from refunds";
    let number: String = sqlx::query_scalar(number).fetch_one(&scene.world.owner).await.unwrap();
    let seen = express::mine(&scene.buyer, order).await.unwrap();
    assert_eq!((seen.left.len(), seen.ended.len(), seen.ended[0].refunded_at), (0, 1, None));
    assert_eq!((seen.ended[0].by.clone(), seen.ended[0].fate), (None, None), "who and what is the store's business");
    let told = refund(&number, LARGE_FEN, RefundState::Success);
    scene.world.hear(&notice(Event::Refund(told))).await;
    assert!(express::mine(&scene.buyer, order).await.unwrap().ended[0].refunded_at.is_some());
    assert_eq!(books::check(&scene.world.system(0)).await.unwrap(), []);
    scene.world.run_jobs(10 * DAY - 10).await;
    assert_eq!(scene.world.state_of(order).await, OrderState::Dispatched);
    scene.world.run_jobs(10 * DAY + 10).await;
    assert_eq!(scene.world.state_of(order).await, OrderState::Completed, "by the schedule of any that was sent");
    assert_eq!(scene.revenue().await, scene.paid().await - LARGE_FEN);
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_sent_no_more_does_not_count_against_a_limit(options: PgPoolOptions, connect: PgConnectOptions) {
    let scene = Scene::new(options, connect).await;
    let (world, order) = (&scene.world, scene.accepted().await);
    let head = world.staff("总部", Role::GoodsDepartment, Reach::Everywhere).await;
    let limit = SetPurchaseLimit { sku: world.large.to_string(), most: 2, days: None, pay_minutes: None };
    purchase_limits::set(&head, limit).await.unwrap();
    let another = async || cart::set_line(&scene.buyer, world.line(world.large, 1)).await.is_ok();
    assert!(!another().await, "two were bought");
    scene.ship(order, "ZT1000001", &[(1, 1), (2, 1)]).await;
    scene.end(order, ends(&[(2, 1)], UnsentFate::Lose)).await;
    assert!(another().await, "one of them never comes");
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_missing_or_broken_is_a_loss_and_three_days_after_all_was_signed_for_the_order_is_over(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let order = scene.accepted().await;
    scene.ship(order, "ZT1000001", &[(1, 1)]).await;
    scene.tell("ZT1000001", 0, Status::Signed, &[("08:05:00", "已签收")]).await;
    scene.end(order, ends(&[(2, 1)], UnsentFate::Lose)).await;
    assert_eq!(express::mine(&scene.buyer, order).await.unwrap().left[0].quantity, 1, "one may still be sent");
    assert_eq!(scene.world.count("select count(*) from jobs where kind = 'complete_express'").await, 0);
    scene.end(order, ends(&[], UnsentFate::Lose)).await;
    assert_eq!(scene.large().await, Stock { on_hand: 98, held: 0, allocated: 0 }, "nobody has them");
    assert_eq!(scene.refunded().await, 2 * LARGE_FEN);
    scene.world.run_jobs(3 * DAY - 10).await;
    assert_eq!(scene.world.state_of(order).await, OrderState::Dispatched);
    scene.world.run_jobs(3 * DAY + 10).await;
    assert_eq!(scene.world.state_of(order).await, OrderState::Completed);
    let open = after_sales::options(&scene.buyer, order).await.unwrap();
    assert_eq!(open.lines.iter().map(|line| line.rest).collect::<Vec<_>>(), [1, 0]);
    let what = |line, pieces: i64| QuoteAfterSales {
        kind: AfterSalesKind::Return,
        lines: vec![RequestedLine { line, quantity: pieces.try_into().unwrap(), exchange_for: None }],
    };
    assert_eq!(field_of(after_sales::quote(&scene.buyer, order, &what(2, 1)).await), "line.2", "it has gone back");
    let quote = after_sales::quote(&scene.buyer, order, &what(1, 1)).await.unwrap();
    assert_eq!(quote.refund_fen, teas(1));
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_order_of_which_all_that_left_came_back_is_called_off_with_its_way_and_paid_back_once(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let order = scene.accepted().await;
    let parcel = scene.ship(order, "ZT1000001", &[(1, 1), (2, 1)]).await;
    express::take_back(&scene.manager, order, parcel, &back(Afterwards::Refund, false)).await.unwrap();
    assert_eq!(scene.world.state_of(order).await, OrderState::Dispatched, "the rest may still be sent");
    scene.end(order, ends(&[], UnsentFate::Lose)).await;
    assert_eq!(scene.world.state_of(order).await, OrderState::Cancelled);
    assert_eq!(scene.refunded().await, scene.paid().await, "each piece once, and the way");
    assert_eq!(scene.large().await, Stock { on_hand: 99, held: 0, allocated: 0 });
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_came_back_to_be_sent_again_is_sent_without_what_was_ended(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let order = scene.accepted().await;
    let parcel = scene.ship(order, "ZT1000001", &[(1, 1)]).await;
    scene.end(order, ends(&[], UnsentFate::Shelve)).await;
    express::take_back(&scene.manager, order, parcel, &back(Afterwards::SendAgain, false)).await.unwrap();
    assert_eq!(scene.world.state_of(order).await, OrderState::Ready);
    assert_eq!(scene.large().await, Stock { on_hand: 100, held: 0, allocated: 0 }, "none of these is promised");
    assert_eq!(books::check(&scene.world.system(0)).await.unwrap(), []);
    let again = ends(&[(1, 1)], UnsentFate::Shelve);
    assert_eq!(code_of(express::end_unsent(&scene.manager, order, again).await), "not_now", "nothing is out");
    scene.ship(order, "ZT1000002", &[]).await;
    express::confirm(&scene.buyer, order).await.unwrap();
    assert_eq!(scene.revenue().await, scene.paid().await - 2 * LARGE_FEN);
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn only_what_has_not_left_is_ended_and_only_by_who_may_turn_orders_down(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let order = scene.accepted().await;
    let all = || ends(&[], UnsentFate::Shelve);
    assert_eq!(code_of(express::end_unsent(&scene.manager, order, all()).await), "not_now", "nothing has left");
    scene.ship(order, "ZT1000001", &[(2, 1)]).await;
    let clerk = scene.world.staff("小林", Role::Clerk, Reach::Store(scene.world.store)).await;
    assert_eq!(code_of(express::end_unsent(&clerk, order, all()).await), "forbidden");
    let elsewhere = scene.world.staff("西湖", Role::StoreManager, Reach::Store(scene.world.elsewhere)).await;
    assert_eq!(code_of(express::end_unsent(&elsewhere, order, all()).await), "not_found");
    let try_end = async |command| express::end_unsent(&scene.manager, order, command).await;
    assert_eq!(field_of(try_end(ends(&[(2, 2)], UnsentFate::Shelve)).await), "pieces.2", "one of them has left");
    assert_eq!(field_of(try_end(ends(&[(9, 1)], UnsentFate::Shelve)).await), "pieces.9");
    assert_eq!(field_of(try_end(EndUnsent { reason: " ".into(), ..all() }).await), "reason");
    assert_eq!((scene.refunded().await, scene.large().await.on_hand), (0, 98), "nothing was changed");
    let office = scene.world.staff("周姐", Role::SuperAdmin, Reach::Everywhere).await;
    express::end_unsent(&office, order, all()).await.unwrap();
    let parcel = ShipParcel {
        id: ParcelId(Uuid::now_v7()),
        carrier: Carrier::Zhongtong,
        tracking_number: "ZT1000002".into(),
        lines: lines(&[(2, 1)]),
    };
    assert_eq!(field_of(express::ship(&scene.manager, order, parcel).await), "lines", "it is sent no more");
    let (picked_up, _) = scene.world.place_paid(&scene.buyer, 1).await;
    assert_eq!(code_of(express::end_unsent(&scene.manager, picked_up, all()).await), "other_way");
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn of_many_who_end_and_send_the_same_pieces_at_once_one_does(options: PgPoolOptions, connect: PgConnectOptions) {
    let scene = Scene::new(options, connect).await;
    let order = scene.accepted().await;
    scene.ship(order, "ZT1000001", &[(1, 1), (2, 1)]).await;
    let start = Arc::new(Barrier::new(12));
    let workers = (0..12).map(|at| {
        let (start, manager) = (start.clone(), scene.manager.clone());
        tokio::spawn(async move {
            start.wait().await;
            if at % 2 == 0 {
                return express::end_unsent(&manager, order, ends(&[(2, 1)], UnsentFate::Shelve)).await;
            }
            let (id, tracking_number) = (ParcelId(Uuid::now_v7()), format!("ZT200000{at}"));
            let parcel = ShipParcel { id, carrier: Carrier::Zhongtong, tracking_number, lines: lines(&[(2, 1)]) };
            express::ship(&manager, order, parcel).await
        })
    });
    let answers: Vec<_> = join_all(workers).await.into_iter().map(|worker| worker.unwrap()).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
    let seen = express::show(&scene.manager, order).await.unwrap();
    assert_eq!((seen.left.len(), seen.parcels.len() + seen.ended.len()), (0, 2));
    assert_eq!(scene.refunded().await, LARGE_FEN * i64::try_from(seen.ended.len()).unwrap());
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_count_names_what_is_set_apart_and_does_not_find_it_as_surplus(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let (store, large) = (scene.world.store, scene.world.large);
    let order = scene.accepted().await;
    let id = CountId(Uuid::now_v7());
    let count = OpenCount {
        id,
        location_id: place_of(store),
        selection: Selection::Partial { categories: Vec::new(), skus: vec![large.to_string()] },
        blind: false,
        note: String::new(),
    };
    counts::open(&scene.manager, count).await.unwrap();
    let line = async || {
        let ask = ListLines { most: 10, ..ListLines::default() };
        counts::lines(&scene.manager, id, &ask).await.unwrap().items.remove(0)
    };
    let apart = async || (counts::show(&scene.manager, id).await.unwrap().apart, line().await.apart);
    assert_eq!(apart().await, (0, 0), "what is picked for an order that has not left is in the books, and counted");
    let parcel = scene.ship(order, "ZT1000001", &[(1, 1)]).await;
    assert_eq!(apart().await, (2, 2), "the two large ones are out of the books, and lie there still");
    let entry = EnterCount { id: Uuid::now_v7(), code: large.to_string(), pieces: 98 };
    let entered = counts::enter(&scene.manager, id, entry).await.unwrap();
    assert_eq!((entered.apart, entered.difference), (2, Some(0)), "what is on the shelf is what the books say");
    scene.end(order, ends(&[(2, 1)], UnsentFate::Shelve)).await;
    assert_eq!(apart().await, (1, 1), "one is the shelf's again");
    let last = scene.ship(order, "ZT1000002", &[]).await;
    assert_eq!(apart().await, (0, 0), "nothing of it is here");
    express::take_back(&scene.manager, order, last, &back(Afterwards::Refund, false)).await.unwrap();
    assert_eq!(apart().await, (1, 1), "it is here again, and in the books once the order is over");
    express::take_back(&scene.manager, order, parcel, &back(Afterwards::Refund, true)).await.unwrap();
    assert_eq!((scene.world.state_of(order).await, apart().await), (OrderState::Cancelled, (0, 0)));
    assert_eq!(scene.large().await.on_hand, 100);
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_list_to_pick_by_names_no_price_and_nothing_that_is_sent_no_more(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let order = scene.accepted().await;
    let pieces = async || {
        let lines = orders::pick_list(&scene.manager, order).await.unwrap();
        lines.iter().map(|line| line.quantity).sum::<i64>()
    };
    assert_eq!(pieces().await, 3);
    scene.ship(order, "ZT1000001", &[(1, 1)]).await;
    scene.end(order, ends(&[(2, 1)], UnsentFate::Lose)).await;
    assert_eq!(pieces().await, 2);
    let elsewhere = scene.world.staff("西湖", Role::Clerk, Reach::Store(scene.world.elsewhere)).await;
    assert_eq!(code_of(orders::pick_list(&elsewhere, order).await), "not_found");
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_lost_of_an_order_is_the_shops_and_the_counter_keeps_its_own(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let (store, large) = (scene.world.store, scene.world.large);
    let head = scene.world.staff("总部", Role::GoodsDepartment, Reach::Everywhere).await;
    let model =
        SetStockModel { sku: large.to_string(), store_id: Some(store), model: StockModel::Separate, kept_back: 0 };
    models::set(&head, model).await.unwrap();
    models::share_out(&scene.manager, store, large, ShareOut { online: 10 }).await.unwrap();
    let shares = async || {
        let shared = models::show(&scene.manager, store, large).await.unwrap();
        (shared.online, shared.counter)
    };
    let order = scene.accepted().await;
    assert_eq!(shares().await, (8, 90), "two of the shop's are promised");
    let parcel = scene.ship(order, "ZT1000001", &[(1, 1)]).await;
    scene.end(order, ends(&[(2, 1)], UnsentFate::Lose)).await;
    assert_eq!(shares().await, (8, 90), "the lost one was the shop's");
    scene.end(order, ends(&[(2, 1)], UnsentFate::Shelve)).await;
    assert_eq!(shares().await, (9, 90), "the other one is the shop's again");
    express::take_back(&scene.manager, order, parcel, &back(Afterwards::Refund, true)).await.unwrap();
    assert_eq!(scene.world.state_of(order).await, OrderState::Cancelled);
    assert_eq!(shares().await, (9, 90));
    // All of another order is sent, comes back and is spoilt.
    let order = scene.accepted().await;
    let parcel = scene.ship(order, "ZT1000002", &[]).await;
    assert_eq!(shares().await, (7, 90));
    express::take_back(&scene.manager, order, parcel, &back(Afterwards::Refund, true)).await.unwrap();
    assert_eq!(shares().await, (7, 90), "spoilt ones were the shop's too");
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn ends_of_pieces_count_as_parts_that_go_back_but_for_the_last(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let order = scene.accepted().await;
    scene.ship(order, "ZT1000001", &[(1, 1)]).await;
    sqlx::query(
        "insert into unsent_ends (id, order_id, store_id, reason, fate, refund_fen, at)
         select gen_random_uuid(), $1, $2, '缺货', 'shelve', 0, now() from generate_series(1, 40)",
    )
    .bind(order.0)
    .bind(scene.world.store.0)
    .execute(&scene.world.owner)
    .await
    .unwrap();
    let one = express::end_unsent(&scene.manager, order, ends(&[(2, 1)], UnsentFate::Shelve)).await;
    assert_eq!(code_of(one), "too_many_requests");
    scene.end(order, ends(&[], UnsentFate::Shelve)).await;
    express::confirm(&scene.buyer, order).await.unwrap();
    let line = RequestedLine { line: 1, quantity: 1.try_into().unwrap(), exchange_for: None };
    let asked = RequestAfterSales {
        id: AfterSalesId(Uuid::now_v7()),
        order_id: order,
        what: QuoteAfterSales { kind: AfterSalesKind::Return, lines: vec![line] },
        reason: AfterSalesReason::Quality,
        note: String::new(),
        expected_refund_fen: teas(1),
    };
    assert_eq!(code_of(after_sales::request(&scene.buyer, asked).await), "too_many_requests");
    scene
        .world
        .alter("delete from unsent_ends u where not exists (select from unsent_end_lines i where i.end_id = u.id)")
        .await;
    scene.world.balanced().await;
}
