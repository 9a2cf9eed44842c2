//! A program's client of the JSON API: plain requests, nothing of the server's own types.

use std::time::Duration;

use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};
use uuid::Uuid;

/// Who asks.
#[derive(Clone)]
pub struct Program {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// Null where there is none.
    pub body: Value,
}

impl Answer {
    /// The body of a success.
    #[track_caller]
    pub fn done(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.body);
        self.body
    }

    /// The problem of a refusal with this status and code.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{}", self.body);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert!(!self.body["detail"].as_str().unwrap().is_empty(), "a person is told nothing");
        assert_eq!(self.body["request_id"], self.headers["x-request-id"].to_str().unwrap());
        self.body
    }
}

/// One variant of a product at a store, with the options a line of it needs.
#[derive(Clone, Debug)]
pub struct Goods {
    pub store_id: String,
    pub sku_id: String,
    pub options: Vec<String>,
    pub price_fen: i64,
    pub available: i64,
}

impl Goods {
    /// A line of a cart.
    pub fn line(&self, quantity: Value) -> Value {
        json!({ "store_id": self.store_id, "sku_id": self.sku_id, "options": self.options, "quantity": quantity })
    }
}

/// A payment that has begun.
pub struct Started {
    /// What was sent to begin it.
    pub body: Value,
    /// How the gateway knows it.
    pub out_trade_no: String,
    /// The cashier's page.
    pub url: String,
}

impl Program {
    pub fn new(http: reqwest::Client, url: &str, token: Option<&str>) -> Self {
        Self { http, base: format!("{url}/api/v1"), token: token.map(str::to_owned) }
    }

    /// The session's secret.
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap()
    }

    /// Any request; `Err` where no whole answer came.
    pub async fn attempt(&self, method: Method, path: &str, body: Option<&Value>) -> reqwest::Result<Answer> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await?;
        Ok(Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::Null) })
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.attempt(Method::GET, path, None).await.unwrap()
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.attempt(Method::POST, path, Some(&body)).await.unwrap()
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.attempt(Method::PUT, path, Some(&body)).await.unwrap()
    }

    /// The store with this code.
    pub async fn store(&self, code: &str) -> Value {
        let found = self.get(&format!("/stores?q={code}")).await.done();
        let store = found.as_array().unwrap().iter().find(|store| store["code"] == code);
        store.unwrap_or_else(|| panic!("no store {code}")).clone()
    }

    /// The first variant of a product at a store, with the first option wherever one is needed.
    pub async fn goods(&self, store: &str, product: &str) -> Goods {
        let store_id = self.store(store).await["id"].as_str().unwrap().to_owned();
        let product = self.get(&format!("/stores/{store_id}/products/{product}")).await.done();
        let needed = product["modifiers"].as_array().unwrap().iter().filter(|modifier| modifier["at_least"] == 1);
        let options = needed.map(|modifier| modifier["options"][0]["code"].as_str().unwrap().to_owned());
        let sku = &product["skus"][0];
        Goods {
            options: options.collect(),
            sku_id: sku["id"].as_str().unwrap().to_owned(),
            price_fen: sku["price_fen"].as_i64().unwrap(),
            available: sku["available"].as_i64().unwrap(),
            store_id,
        }
    }

    /// Pieces of these goods that can be sold now.
    pub async fn available(&self, goods: &Goods, product: &str) -> i64 {
        let product = self.get(&format!("/stores/{}/products/{product}", goods.store_id)).await.done();
        let skus = product["skus"].as_array().unwrap();
        skus.iter().find(|sku| sku["id"] == goods.sku_id).unwrap()["available"].as_i64().unwrap()
    }

    /// The request that orders what the cart holds of a store, at the price of its quote.
    pub async fn order_for_cart(&self, store_id: &str) -> Value {
        let quote = self.get(&format!("/cart/quotes/{store_id}")).await.done();
        assert_eq!(quote["orderable"], true, "{quote}");
        json!({
            "id": Uuid::now_v7(),
            "store_id": store_id,
            "slot": quote["slots"][0]["start"],
            "expected_total_fen": quote["total_fen"],
            "note": "少放吸管",
        })
    }

    /// Orders so many; answers the order's id.
    pub async fn place(&self, goods: &Goods, quantity: i64) -> String {
        self.put("/cart/lines", goods.line(quantity.into())).await.done();
        let order = self.order_for_cart(&goods.store_id).await;
        self.post("/orders", order).await.done()["id"].as_str().unwrap().to_owned()
    }

    /// Orders one piece of each of these goods, which are of different stores, with one request; answers the checkout's
    /// id and those of its orders.
    pub async fn place_together(&self, goods: &[Goods]) -> (String, Vec<String>) {
        let mut orders = Vec::new();
        for goods in goods {
            self.put("/cart/lines", goods.line(1.into())).await.done();
            orders.push(self.order_for_cart(&goods.store_id).await);
        }
        let ids = orders.iter().map(|order| order["id"].as_str().unwrap().to_owned()).collect();
        let id = Uuid::now_v7().to_string();
        self.post("/checkouts", json!({ "id": id, "orders": orders })).await.done();
        (id, ids)
    }

    /// Begins to pay an order.
    pub async fn start_payment(&self, order: &str) -> Started {
        let id = Uuid::now_v7();
        let body = json!({ "id": id, "cashier": "h5" });
        let started = self.post(&format!("/orders/{order}/payments"), body.clone()).await.done();
        let url = started["url"].as_str().unwrap().to_owned();
        Started { body, out_trade_no: id.simple().to_string(), url }
    }

    /// One of one's own orders.
    pub async fn order(&self, id: &str) -> Value {
        self.get(&format!("/orders/{id}")).await.done()
    }

    /// Waits until an order is in this state; answers it.
    pub async fn order_in(&self, id: &str, state: &str, limit: Duration) -> Value {
        let what = format!("order {id} is {state}");
        super::until(&what, limit, async || self.order(id).await["state"] == state).await;
        self.order(id).await
    }
}

/// How often an act stands in an order's history.
pub fn times(order: &Value, act: &str) -> usize {
    order["steps"].as_array().unwrap().iter().filter(|step| step["act"] == act).count()
}
