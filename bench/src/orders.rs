//! Members who order and pay, through the API and the gateway's stand-in: as fast as they are answered, and then
//! at fixed times, when the store hands their orders over too.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use hdrhistogram::Histogram;
use hyper::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{client::Client, town::Town};

/// How long members order before it counts: each of the database's connections plans a statement anew for
/// its first five calls, which a server does once in its life.
const WARM_UP: Duration = Duration::from_secs(10);
/// How long the last callbacks may take.
const SETTLE: Duration = Duration::from_secs(60);

/// What was sold.
pub struct Sold {
    /// Orders, all of them paid.
    pub orders: u64,
    took: Duration,
    histogram: Histogram<u64>,
}

impl Sold {
    /// Paid orders per second, from the first order's begin to the last one's payment.
    pub fn per_second(&self) -> f64 {
        self.orders as f64 / self.took.as_secs_f64()
    }

    /// The time from the cart to the gateway's word that it is paid.
    pub fn quantile(&self, quantile: f64) -> Duration {
        Duration::from_micros(self.histogram.value_at_quantile(quantile))
    }
}

/// Something that can be bought.
struct Goods {
    store_id: String,
    /// The cart's line.
    line: Value,
}

/// Members at their phones, a store's people at the counter, and what can be bought.
pub struct Crowd {
    buyers: Vec<Buyer>,
    office: Client,
    goods: Vec<Goods>,
}

impl Crowd {
    /// So many members, logged in.
    pub async fn gather(town: &Town, buyers: usize) -> Result<Self> {
        let goods = open_goods(town).await?;
        let office = town.staff("hq", "demo-hq-2026").await?;
        let mut crowd = Self { buyers: Vec::new(), office, goods };
        for place in 0..buyers {
            let mut counter = Client::connect(town.address).await?;
            counter.token = crowd.office.token.clone();
            crowd.buyers.push(Buyer {
                shop: town.member(&format!("139{place:08}")).await?,
                gateway: Client::connect(town.gateway).await?,
                counter,
            });
        }
        Ok(crowd)
    }

    /// Lets them order for so long, each as soon as they have been answered, then waits until every order is paid.
    pub async fn sell(&mut self, lasts: Duration) -> Result<Sold> {
        let Self { buyers, office, goods } = self;
        sell_to(buyers, office, goods, WARM_UP).await?;
        sell_to(buyers, office, goods, lasts).await
    }

    /// Lets orders be due at fixed times, `per_second` in all, each followed until it is handed over; answers how
    /// long that took from when it was due: one that had to wait for its buyer counts with its wait. What hands orders
    /// over is warmed up first.
    pub async fn serve(&mut self, per_second: f64, lasts: Duration) -> Result<Histogram<u64>> {
        self.serve_at(per_second, WARM_UP).await?;
        self.serve_at(per_second, lasts).await
    }

    async fn serve_at(&mut self, per_second: f64, lasts: Duration) -> Result<Histogram<u64>> {
        let start = Instant::now();
        let every = Duration::from_secs_f64(self.buyers.len() as f64 / per_second);
        let many = self.buyers.len() as f64;
        let goods = &self.goods;
        let serving = self.buyers.iter_mut().enumerate().map(|(place, buyer)| async move {
            let mut histogram = Histogram::<u64>::new(3)?;
            let mut due = start + every.mul_f64(place as f64 / many);
            for goods in goods.iter().cycle().skip(place * 7) {
                if due >= start + lasts {
                    break;
                }
                tokio::time::sleep_until(due.into()).await;
                let order = buyer.order(goods).await?;
                buyer.collect(order).await?;
                histogram.record(due.elapsed().as_micros() as u64)?;
                due += every;
            }
            anyhow::Ok(histogram)
        });
        let mut histogram = Histogram::new(3)?;
        for served in try_join_all(serving).await? {
            histogram.add(served)?;
        }
        Ok(histogram)
    }
}

async fn sell_to(clients: &mut [Buyer], office: &mut Client, goods: &[Goods], lasts: Duration) -> Result<Sold> {
    let before = paid_today(office).await?;
    let began = Instant::now();
    // Each begins elsewhere in the list, and goes through all of it.
    let buying = clients.iter_mut().enumerate().map(|(place, client)| buy(client, goods, place * 7, began + lasts));
    let mut histogram = Histogram::new(3)?;
    for bought in try_join_all(buying).await? {
        histogram.add(bought)?;
    }
    let orders = histogram.len();
    let settled = Instant::now();
    while paid_today(office).await? < before + orders {
        ensure!(settled.elapsed() < SETTLE, "not every order was paid");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(Sold { orders, took: began.elapsed(), histogram })
}

/// The first variant of every product that can be ordered now, at every store.
async fn open_goods(town: &Town) -> Result<Vec<Goods>> {
    let mut visitor = town.member("13700000000").await?;
    let stores = visitor.api(Method::GET, "/stores?limit=100", None).await?;
    let mut goods = Vec::new();
    for store in stores.as_array().context("stores")? {
        if store["opening"]["takes_orders"] != true {
            continue;
        }
        let store_id = store["id"].as_str().context("a store without id")?;
        // A store that is about to close takes orders for tomorrow only, once tomorrow has come.
        let store = visitor.api(Method::GET, &format!("/stores/{store_id}"), None).await?;
        if store["slots"].as_array().is_none_or(Vec::is_empty) {
            continue;
        }
        let list = visitor.api(Method::GET, &format!("/stores/{store_id}/products?limit=100"), None).await?;
        for card in list["items"].as_array().context("products")? {
            let code = card["code"].as_str().context("a product without code")?;
            let product = visitor.api(Method::GET, &format!("/stores/{store_id}/products/{code}"), None).await?;
            let needed =
                product["modifiers"].as_array().into_iter().flatten().filter(|modifier| modifier["at_least"] == 1);
            let options: Vec<_> = needed.map(|modifier| modifier["options"][0]["code"].clone()).collect();
            let line =
                json!({ "store_id": store_id, "sku_id": product["skus"][0]["id"], "options": options, "quantity": 1 });
            goods.push(Goods { store_id: store_id.to_owned(), line });
        }
    }
    ensure!(!goods.is_empty(), "no store takes orders at this hour");
    Ok(goods)
}

async fn paid_today(office: &mut Client) -> Result<u64> {
    let sales = office.api(Method::GET, "/hq/sales/today", None).await?;
    sales["today"]["orders"].as_u64().context("sales without orders")
}

/// A member, the way to the cashier, and the counter where the goods are.
struct Buyer {
    shop: Client,
    gateway: Client,
    counter: Client,
}

impl Buyer {
    /// From the cart to the gateway's word that it is paid.
    async fn order(&mut self, goods: &Goods) -> Result<Uuid> {
        let Self { shop: client, gateway, .. } = self;
        client.api(Method::PUT, "/cart/lines", Some(&goods.line)).await?;
        let quote = client.api(Method::GET, &format!("/cart/quotes/{}", goods.store_id), None).await?;
        let order = Uuid::now_v7();
        let body = json!({
            "id": order, "store_id": goods.store_id, "slot": quote["slots"][0]["start"],
            "expected_total_fen": quote["total_fen"], "note": "",
        });
        client.api(Method::POST, "/orders", Some(&body)).await?;
        let payment = Uuid::now_v7();
        let body = json!({ "id": payment, "cashier": "h5" });
        client.api(Method::POST, &format!("/orders/{order}/payments"), Some(&body)).await?;
        let body = json!({ "out_trade_no": payment.simple().to_string() });
        gateway.json(Method::POST, "/sandbox/pay", Some(&body)).await?;
        Ok(order)
    }

    /// Waits for the code, and lets the store accept the order and hand it over.
    async fn collect(&mut self, order: Uuid) -> Result<()> {
        let asked = Instant::now();
        let code = loop {
            let seen = self.shop.api(Method::GET, &format!("/orders/{order}"), None).await?;
            if let Some(code) = seen["pickup_code"].as_str() {
                break code.to_owned();
            }
            ensure!(asked.elapsed() < SETTLE, "an order was not paid");
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        self.counter.api(Method::POST, &format!("/console/orders/{order}/accept"), None).await?;
        self.counter.api(Method::POST, "/console/redemptions", Some(&json!({ "code": code }))).await?;
        Ok(())
    }
}

async fn buy(buyer: &mut Buyer, goods: &[Goods], first: usize, until: Instant) -> Result<Histogram<u64>> {
    let mut histogram = Histogram::new(3)?;
    for goods in goods.iter().cycle().skip(first) {
        let began = Instant::now();
        if began >= until {
            break;
        }
        buyer.order(goods).await?;
        histogram.record(began.elapsed().as_micros() as u64)?;
    }
    Ok(histogram)
}
