//! Where parcels are, and those that come back (D2, D3).

use commerce::{Scope, after_sales, cart, express, freight, fulfilment::addresses, jobs, orders};
use domain::{
    AfterSalesId, OrderId, ParcelId,
    after_sales::{RefundOrder, RefundedLine},
    express::{Carrier, PackedLine, ShipParcel},
    fulfilment::{Fulfilment, SaveAddress, Wish},
    orders::{OrderState, PlaceOrder},
    parcels::{Afterwards, ParcelState, TakeBackParcel},
    staff::Role,
};
use partners::trackers::{Push, Scan, Status, Way};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    freight::{new_id, save, sends},
    fulfilment::home,
    people::Reach,
    world::{LARGE_FEN, Stock, World, code_of, field_of, teas},
};

pub const DAY: i64 = 24 * 60;

pub struct Scene {
    pub world: World,
    pub manager: Scope,
    pub buyer: Scope,
    address: SaveAddress,
}

impl Scene {
    pub async fn new(options: PgPoolOptions, connect: PgConnectOptions) -> Self {
        let world = World::new(options, connect).await;
        let hq = world.staff("周姐", Role::SuperAdmin, Reach::Everywhere).await;
        freight::save(&hq, new_id(), save("标准", &[])).await.unwrap();
        freight::set_stores(&hq, sends(&["RMGC"], None)).await.unwrap();
        let manager = world.staff("林姐", Role::StoreManager, Reach::Store(world.store)).await;
        let (buyer, address) = (world.member().await, home("人民大道 1 号"));
        addresses::save(&buyer, address.clone()).await.unwrap();
        Self { world, manager, buyer, address }
    }

    /// A paid and accepted express order: one tea with sugar, and two large ones.
    pub async fn accepted(&self) -> OrderId {
        self.world.put(&self.buyer, self.world.medium, 1).await;
        self.world.put(&self.buyer, self.world.large, 2).await;
        let wish = Wish { fulfilment: Fulfilment::Express, address_id: Some(self.address.id) };
        let quote = cart::quote_for(&self.buyer, self.world.store, &wish).await.unwrap();
        let command = PlaceOrder {
            fulfilment: wish.fulfilment,
            address_id: wish.address_id,
            slot: quote.slots.first().map_or(self.world.now, |slot| slot.start),
            expected_total_fen: quote.total_fen,
            ..self.world.command(&self.buyer).await
        };
        let order = orders::place(&self.buyer, command).await.unwrap().id;
        self.world.pay(order).await;
        orders::accept(&self.manager, order).await.unwrap();
        order
    }

    pub async fn ship(&self, order: OrderId, number: &str, lines: &[(i32, i64)]) -> ParcelId {
        let id = ParcelId(Uuid::now_v7());
        let lines = lines.iter().map(|&(line, quantity)| PackedLine { line, quantity }).collect();
        let parcel = ShipParcel { id, carrier: Carrier::Zhongtong, tracking_number: number.into(), lines };
        express::ship(&self.manager, order, parcel).await.unwrap();
        id
    }

    /// The platform tells this of a parcel so many minutes from now; answers what came of it.
    pub async fn tell(&self, number: &str, minutes: i64, status: Status, scans: &[(&str, &str)]) -> String {
        let data = scans.iter().map(|(time, words)| Scan {
            context: (*words).into(),
            time: format!("{} {time}", self.world.now.format("%Y-%m-%d")),
        });
        let way =
            Way { state: status.code().to_string(), com: "zhongtong".into(), nu: number.into(), data: data.collect() };
        let push =
            Push { status: "polling".into(), message: String::new(), com_old: String::new(), last_result: Some(way) };
        let scope = self.world.system(minutes);
        let signature = format!("{:?}", push.last_result);
        for _ in 0..2 {
            express::receive_way(&scope, &push, &signature).await.unwrap();
        }
        while jobs::work_parcel_notices(&scope).await.unwrap() {}
        sqlx::query_scalar("select outcome from parcel_notices order by id desc limit 1")
            .fetch_one(&self.world.owner)
            .await
            .unwrap()
    }

    async fn state(&self, order: OrderId, parcel: ParcelId) -> ParcelState {
        let seen = express::mine(&self.buyer, order).await.unwrap();
        seen.parcels.iter().find(|one| one.id == parcel).unwrap().state
    }

    pub async fn large(&self) -> Stock {
        self.world.stock_at(self.world.store, self.world.large).await
    }

    pub async fn refunded(&self) -> i64 {
        self.world.count("select coalesce(sum(amount_fen), 0)::bigint from refunds").await
    }
}

pub fn back(afterwards: Afterwards, spoilt: bool) -> TakeBackParcel {
    TakeBackParcel { reason: "收件人拒收".into(), afterwards, spoilt }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_carriers_tell_twice_and_out_of_order_stands_once_and_never_goes_back(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let order = scene.accepted().await;
    let parcel = scene.ship(order, "ZT1000001", &[]).await;
    assert_eq!(scene.state(order, parcel).await, ParcelState::Sent);
    let (one, two, three) = (("08:01:00", "已揽收"), ("08:02:00", "到达转运中心"), ("08:03:00", "正在派送"));
    assert_eq!(scene.tell("ZT1000001", 60, Status::Delivering, &[three, two, one]).await, "delivering");
    assert_eq!(scene.tell("ZT1000001", 61, Status::Collected, &[one]).await, "late");
    assert_eq!(scene.tell("ZT1000001", 62, Status::OnTheWay, &[two, one]).await, "late");
    assert_eq!(scene.state(order, parcel).await, ParcelState::Delivering);
    let seen = express::mine(&scene.buyer, order).await.unwrap();
    assert_eq!(seen.steps.len(), 4, "each scan once, beside that it was sent off: {:?}", seen.steps);
    assert_eq!(scene.tell("ZT9999999", 63, Status::Signed, &[one]).await, "not ours");
    assert_eq!(scene.world.state_of(order).await, OrderState::Dispatched);
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn three_days_after_all_was_signed_for_the_order_is_over_and_ten_days_after_it_left_at_the_latest(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let order = scene.accepted().await;
    scene.ship(order, "ZT1000001", &[(1, 1)]).await;
    scene.ship(order, "ZT1000002", &[]).await;
    let signed = [("08:05:00", "已签收")];
    scene.tell("ZT1000001", 0, Status::Signed, &signed).await;
    scene.world.run_jobs(4 * DAY).await;
    assert_eq!(scene.world.state_of(order).await, OrderState::Dispatched, "one is on its way");
    scene.tell("ZT1000002", 4 * DAY, Status::Signed, &signed).await;
    scene.world.run_jobs(7 * DAY - 10).await;
    assert_eq!(scene.world.state_of(order).await, OrderState::Dispatched);
    scene.world.run_jobs(7 * DAY + 10).await;
    assert_eq!(scene.world.state_of(order).await, OrderState::Completed);
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_order_that_came_back_whole_is_called_off_and_paid_back_with_its_way(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let order = scene.accepted().await;
    let (one, two) = (scene.ship(order, "ZT1000001", &[(1, 1)]).await, scene.ship(order, "ZT1000002", &[]).await);
    scene.tell("ZT1000001", 0, Status::Refused, &[("08:05:00", "拒收")]).await;
    let take = async |parcel, command| express::take_back(&scene.manager, order, parcel, &command).await;
    assert_eq!(
        field_of(take(one, TakeBackParcel { reason: " ".into(), ..back(Afterwards::Refund, false) }).await),
        "reason"
    );
    assert_eq!(field_of(take(one, back(Afterwards::SendAgain, true)).await), "spoilt");
    assert_eq!(code_of(take(ParcelId(Uuid::now_v7()), back(Afterwards::Refund, false)).await), "not_found");
    for _ in 0..2 {
        take(one, back(Afterwards::Refund, false)).await.unwrap();
        assert_eq!(scene.world.state_of(order).await, OrderState::Dispatched, "the rest is on its way");
        assert_eq!(scene.refunded().await, 0);
    }
    assert_eq!(code_of(take(one, back(Afterwards::Refund, true)).await), "already_back");
    take(two, back(Afterwards::Refund, true)).await.unwrap();
    assert_eq!(scene.world.state_of(order).await, OrderState::Cancelled);
    let paid = scene.world.count("select total_fen from orders").await;
    assert_eq!(scene.refunded().await, paid, "with what its way cost");
    assert_eq!(scene.large().await, Stock { on_hand: 98, held: 0, allocated: 0 }, "what was spoilt is lost");
    let medium = scene.world.stock_at(scene.world.store, scene.world.medium).await;
    assert_eq!((medium.held, medium.allocated), (0, 0), "what was good is on the shelf");
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_parcel_of_several_that_came_back_is_paid_back_once_the_shopper_has_the_others(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let order = scene.accepted().await;
    let (one, two) = (scene.ship(order, "ZT1000001", &[(2, 2)]).await, scene.ship(order, "ZT1000002", &[]).await);
    scene.tell("ZT1000001", 0, Status::Returning, &[("08:05:00", "退回")]).await;
    express::take_back(&scene.manager, order, one, &back(Afterwards::Refund, false)).await.unwrap();
    assert_eq!(scene.refunded().await, 0);
    scene.tell("ZT1000002", 10, Status::Signed, &[("08:09:00", "已签收")]).await;
    assert_eq!(
        code_of(express::take_back(&scene.manager, order, two, &back(Afterwards::Refund, false)).await),
        "not_now"
    );
    scene.world.run_jobs(4 * DAY).await;
    assert_eq!(scene.world.state_of(order).await, OrderState::Completed);
    assert_eq!(scene.refunded().await, 2 * LARGE_FEN, "what came back, and nothing else");
    assert_eq!(scene.large().await, Stock { on_hand: 100, held: 0, allocated: 0 });
    let asked = after_sales::options(&scene.buyer, order).await.unwrap();
    assert_eq!(asked.requests.len(), 1, "the shopper sees it among what was asked for");
    assert_eq!(asked.lines.iter().map(|line| line.rest).collect::<Vec<_>>(), [1, 0]);
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_comes_back_of_what_was_paid_back_without_goods_is_on_the_shelf_and_paid_back_once(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let order = scene.accepted().await;
    let one = scene.ship(order, "ZT1000001", &[(2, 1)]).await;
    let two = scene.ship(order, "ZT1000002", &[]).await;
    express::confirm(&scene.buyer, order).await.unwrap();
    let office = scene.world.staff("客服", Role::ServiceDepartment, Reach::Everywhere).await;
    let lines = vec![RefundedLine { line: 2, quantity: 1.try_into().unwrap() }];
    let lost = RefundOrder::of_pieces(AfterSalesId(Uuid::now_v7()), lines, "快递丢失");
    after_sales::refund(&office, order, &lost).await.unwrap();
    assert_eq!((scene.refunded().await, scene.large().await.on_hand), (LARGE_FEN, 98), "no goods came");
    for _ in 0..2 {
        express::take_back(&scene.manager, order, one, &back(Afterwards::Refund, false)).await.unwrap();
    }
    assert_eq!(
        (scene.refunded().await, scene.large().await.on_hand),
        (2 * LARGE_FEN, 99),
        "there was one more to pay for"
    );
    express::take_back(&scene.manager, order, two, &back(Afterwards::Refund, false)).await.unwrap();
    assert_eq!(scene.large().await.on_hand, 100, "the last is here, and was paid back before");
    let total = scene.world.count("select total_fen - freight_fen from orders").await;
    assert_eq!(scene.refunded().await, total, "all goods, each once");
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_spoilt_of_what_was_paid_back_without_goods_is_a_loss(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let order = scene.accepted().await;
    let one = scene.ship(order, "ZT1000001", &[]).await;
    express::confirm(&scene.buyer, order).await.unwrap();
    let office = scene.world.staff("客服", Role::ServiceDepartment, Reach::Everywhere).await;
    let all = RefundOrder::of_pieces(AfterSalesId(Uuid::now_v7()), Vec::new(), "快递丢失");
    after_sales::refund(&office, order, &all).await.unwrap();
    let before = scene.refunded().await;
    express::take_back(&scene.manager, order, one, &back(Afterwards::Refund, true)).await.unwrap();
    assert_eq!((scene.refunded().await, scene.large().await.on_hand), (before, 98));
    let lost = "select -sum(on_hand)::bigint from movements where cause = 'loss'";
    assert_eq!(scene.world.count(lost).await, 3, "both kinds came back, and went");
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_came_back_can_be_sent_again_and_the_order_goes_on(options: PgPoolOptions, connect: PgConnectOptions) {
    let scene = Scene::new(options, connect).await;
    let order = scene.accepted().await;
    let one = scene.ship(order, "ZT1000001", &[]).await;
    let clerk = scene.world.staff("小林", Role::Clerk, Reach::Store(scene.world.store)).await;
    express::take_back(&clerk, order, one, &back(Afterwards::SendAgain, false)).await.unwrap();
    assert_eq!(scene.world.state_of(order).await, OrderState::Ready, "all of it is back");
    assert_eq!(scene.large().await, Stock { on_hand: 100, held: 0, allocated: 2 }, "and set apart for it");
    scene.world.run_jobs(30 * DAY).await;
    assert_eq!(scene.world.state_of(order).await, OrderState::Ready);
    let two = scene.ship(order, "ZT1000002", &[]).await;
    assert_eq!(scene.state(order, two).await, ParcelState::Sent);
    express::confirm(&scene.buyer, order).await.unwrap();
    let revenue = scene.world.count("select sum(amount_fen)::bigint from transfers where cause = 'fulfil'").await;
    assert_eq!(revenue, scene.world.count("select total_fen from orders").await);
    assert!(revenue > teas(1).0);
    assert_eq!(scene.refunded().await, 0);
    let elsewhere = scene.world.staff("西湖", Role::StoreManager, Reach::Store(scene.world.elsewhere)).await;
    let theirs = express::take_back(&elsewhere, order, two, &back(Afterwards::Refund, false)).await;
    assert_eq!(code_of(theirs), "not_found", "another store's");
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_parcel_that_never_comes_back_is_given_up_so_that_no_order_stays_open(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let order = scene.accepted().await;
    scene.ship(order, "ZT1000001", &[]).await;
    scene.tell("ZT1000001", 0, Status::Refused, &[("08:05:00", "拒收")]).await;
    for day in 1..30 {
        scene.world.run_jobs(day * DAY).await;
    }
    assert_eq!(scene.world.state_of(order).await, OrderState::Dispatched, "it may still come");
    for day in 30..33 {
        scene.world.run_jobs(day * DAY + 60).await;
    }
    assert_eq!(scene.world.state_of(order).await, OrderState::Cancelled);
    assert_eq!(scene.refunded().await, scene.world.count("select total_fen from orders").await);
    assert_eq!(scene.large().await, Stock { on_hand: 98, held: 0, allocated: 0 }, "nobody has the goods");
    scene.world.balanced().await;
}
