//! Riders of a courier who are called, refused, not heard of, looked for and sent away (D2).

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use commerce::{Partners, Scope, Settings, express, orders};
use domain::{
    Fen, OrderId, RideId,
    express::{RideState, RideView},
    order_centre::CallOff,
    orders::OrderState,
    staff::Role,
};
use partners::couriers::{Account, Riders, Status};
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use uuid::Uuid;

use crate::{
    people::Reach,
    world::{World, code_of},
};

/// A courier that answers what it is told to; what it was asked is kept.
#[derive(Clone, Default)]
struct Courier {
    answers: Arc<Mutex<VecDeque<Value>>>,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Courier {
    async fn start(&self) -> Riders {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let courier = self.clone();
        tokio::spawn(async move {
            while let Ok((mut caller, _)) = listener.accept().await {
                let mut bytes = Vec::new();
                let whole = |bytes: &[u8]| {
                    let text = String::from_utf8_lossy(bytes).to_lowercase();
                    let (head, body) = text.split_once("\r\n\r\n")?;
                    let length: usize = head.split("content-length: ").nth(1)?.split("\r\n").next()?.parse().ok()?;
                    (body.len() >= length).then_some(())
                };
                while whole(&bytes).is_none() {
                    if caller.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                        break;
                    }
                }
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let name = text.split('?').next().unwrap().rsplit('/').next().unwrap().to_owned();
                let body = serde_json::from_str(text.split("\r\n\r\n").nth(1).unwrap_or_default()).unwrap_or_default();
                courier.asked.lock().unwrap().push((name, body));
                let Some(answer) = courier.answers.lock().unwrap().pop_front() else { continue };
                let body = answer.to_string();
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                let _ = caller.write_all(format!("{head}{body}").as_bytes()).await;
            }
        });
        let (dev_key, shop_id, source) = ("key".into(), "mendian".into(), "门店".into());
        Riders::new(Account { base_url, dev_id: 7, dev_key, shop_id, source, sample: true }).unwrap()
    }

    /// What it says next; where it has nothing to say it hangs up.
    fn says(&self, result: Value) {
        self.answers.lock().unwrap().push_back(json!({ "error_code": 0, "error_msg": "success", "result": result }));
    }

    fn refuses(&self, code: i64, why: &str) {
        self.answers.lock().unwrap().push_back(json!({ "error_code": code, "error_msg": why }));
    }

    fn asked(&self) -> Vec<(String, Value)> {
        self.asked.lock().unwrap().split_off(0)
    }

    fn names(&self) -> Vec<String> {
        self.asked().into_iter().map(|(name, _)| name).collect()
    }
}

struct Scene {
    world: World,
    courier: Courier,
    clerk: Scope,
    order: OrderId,
}

impl Scene {
    /// An accepted order of same-city delivery.
    async fn new(options: PgPoolOptions, connect: PgConnectOptions) -> Self {
        let courier = Courier::default();
        let partners = Partners { riders: Some(courier.start().await), ..Partners::default() };
        let world = World::with(options, connect, partners, Settings::default()).await;
        let clerk = world.staff("小林", Role::Clerk, Reach::Store(world.store)).await;
        let (order, _) = world.place_paid(&world.member().await, 2).await;
        orders::accept(&clerk, order).await.unwrap();
        sqlx::query(
            "with sent as (update orders set fulfilment = 'delivery' where id = $1 returning id)
             insert into order_addresses (order_id, name, phone, region_code, region, detail, latitude, longitude)
             select id, '小林', '13800138000', '310100', '上海市', '人民大道 1 号', 31.205, 121.405 from sent",
        )
        .bind(order.0)
        .execute(&world.owner)
        .await
        .unwrap();
        Self { world, courier, clerk, order }
    }

    async fn ride(&self) -> RideView {
        express::show(&self.clerk, self.order).await.unwrap().rides[0].clone()
    }
}

fn new_ride() -> RideId {
    RideId(Uuid::now_v7())
}

fn feed(told: &[(Status, i64)]) -> Value {
    let one = |&(status, at): &(Status, i64)| {
        json!({ "order_status": status.number(), "status_desc": format!("{status:?}"), "operator_name": "小周",
                "operator_phone": "13900000066", "create_time": at })
    };
    json!({ "feed": told.iter().map(one).collect::<Vec<_>>() })
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_rider_is_called_once_for_what_it_costs_and_sent_away(options: PgPoolOptions, connect: PgConnectOptions) {
    let scene = Scene::new(options, connect).await;
    let (courier, clerk, order) = (&scene.courier, &scene.clerk, scene.order);
    courier.says(json!({ "total_price": 700, "total_pay_money": 600, "promise_delivery_time": 45 }));
    let quote = express::quote(clerk, order).await.unwrap();
    assert_eq!((quote.fee_fen, quote.minutes), (Fen(600), Some(45)));
    let asked = courier.asked().remove(0).1;
    assert_eq!((&asked["lbs_type"], &asked["user_address"]), (&json!(2), &json!("上海市人民大道 1 号")));
    assert_ne!(asked["user_lat"], json!("31.205000"), "in the system of maps published in China");
    let ride = new_ride();
    courier.says(json!({ "sf_order_id": "sf-1", "total_price": 600 }));
    express::call(clerk, order, ride).await.unwrap();
    express::call(clerk, order, ride).await.unwrap();
    assert_eq!(courier.names(), ["createorder"], "the same again calls nobody");
    assert_eq!((scene.ride().await.state, scene.ride().await.fee_fen), (RideState::Called, Some(Fen(600))));
    assert_eq!(code_of(express::call(clerk, order, new_ride()).await), "ride_open");
    let elsewhere = scene.world.staff("西湖", Role::Clerk, Reach::Store(scene.world.elsewhere)).await;
    assert_eq!(code_of(express::call(&elsewhere, order, new_ride()).await), "not_found");
    assert_eq!(code_of(express::cancel(&elsewhere, order, ride).await), "not_found");
    assert!(courier.names().is_empty(), "nobody was asked");
    courier.refuses(4_002, "骑手已取件");
    assert_eq!(code_of(express::cancel(clerk, order, ride).await), "rider_refused");
    assert_eq!(code_of(express::cancel(clerk, order, ride).await), "upstream", "it hung up");
    assert_eq!(scene.ride().await.state, RideState::Called);
    courier.says(json!({}));
    express::cancel(clerk, order, ride).await.unwrap();
    express::cancel(clerk, order, ride).await.unwrap();
    assert_eq!(scene.ride().await.state, RideState::Cancelled);
    assert_eq!(scene.world.count("select count(*) from audit where act in ('call_rider', 'cancel_rider')").await, 2);
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_call_that_is_refused_is_over_and_one_of_which_nothing_is_heard_is_looked_for(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let (courier, clerk, order) = (&scene.courier, &scene.clerk, scene.order);
    courier.refuses(3_004, "附近暂时没有骑手");
    assert_eq!(code_of(express::call(clerk, order, new_ride()).await), "rider_refused");
    let refused = scene.ride().await;
    assert_eq!((refused.state, refused.problem.as_str()), (RideState::Refused, "附近暂时没有骑手"));
    // Nothing was heard, and nobody was called.
    express::call(clerk, order, new_ride()).await.unwrap();
    assert_eq!(scene.ride().await.state, RideState::Calling);
    courier.refuses(4_001, "订单不存在");
    scene.world.run_jobs(1).await;
    assert_eq!(scene.ride().await.state, RideState::Refused);
    // Nothing was heard, and somebody comes; its callbacks are lost as well.
    express::call(clerk, order, new_ride()).await.unwrap();
    courier.says(feed(&[]));
    scene.world.run_jobs(4).await;
    assert_eq!(scene.ride().await.state, RideState::Called);
    let at = scene.world.now.timestamp();
    courier.says(feed(&[(Status::Accepted, at + 1), (Status::PickedUp, at + 2)]));
    scene.world.run_jobs(8).await;
    assert_eq!(scene.world.state_of(order).await, OrderState::Dispatched);
    courier.says(feed(&[(Status::Accepted, at + 1), (Status::PickedUp, at + 2), (Status::Delivered, at + 3)]));
    scene.world.run_jobs(12).await;
    assert_eq!(scene.world.state_of(order).await, OrderState::Completed);
    scene.world.run_jobs(16).await;
    assert_eq!(scene.world.count("select count(*) from jobs where kind = 'follow_ride'").await, 0);
    assert_eq!(scene.world.count("select count(*) from tracking").await, 3, "what is told again stands once");
    assert_eq!(code_of(express::call(clerk, order, new_ride()).await), "not_now");
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn whoever_comes_for_an_order_that_was_called_off_is_sent_away(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let scene = Scene::new(options, connect).await;
    let (courier, clerk, order) = (&scene.courier, &scene.clerk, scene.order);
    courier.says(json!({ "sf_order_id": "sf-1", "total_price": 600 }));
    express::call(clerk, order, new_ride()).await.unwrap();
    let hq = scene.world.staff("周姐", Role::SuperAdmin, Reach::Everywhere).await;
    orders::call_off(&hq, order, &CallOff { reason: "缺货".into() }).await.unwrap();
    courier.asked();
    courier.says(feed(&[(Status::Accepted, scene.world.now.timestamp())]));
    courier.says(json!({}));
    scene.world.run_jobs(1).await;
    let asked = courier.names();
    assert!(asked.starts_with(&["listorderfeed".to_owned(), "cancelorder".to_owned()]), "{asked:?}");
    assert_eq!(scene.ride().await.state, RideState::Cancelled);
    scene.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn nobody_is_called_to_an_address_that_is_not_on_the_map(options: PgPoolOptions, connect: PgConnectOptions) {
    let scene = Scene::new(options, connect).await;
    scene.world.alter("update order_addresses set latitude = null, longitude = null").await;
    assert_eq!(code_of(express::quote(&scene.clerk, scene.order).await), "no_point");
    assert_eq!(code_of(express::call(&scene.clerk, scene.order, new_ride()).await), "no_point");
    assert_eq!(scene.world.count("select count(*) from rides").await, 0);
    scene.world.alter("update orders set fulfilment = 'express'").await;
    assert_eq!(code_of(express::call(&scene.clerk, scene.order, new_ride()).await), "other_way");
    scene.world.balanced().await;
}
