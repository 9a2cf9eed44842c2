//! A small chain: two stores in two provinces, both open around the clock, that sell one tea in two
//! sizes. Its fixtures are the owner's; everything under test works as `mendian_app`.

use std::sync::atomic::AtomicU64;

use chrono::{DateTime, Duration, NaiveTime, Utc};
use commerce::{
    House, Partners, Pools, Scope, Settings, books, cart,
    jobs::{self, Lane},
    orders, payments,
};
use domain::{
    Fault, Fen, OrderId, Quantity, SkuId, StoreId,
    cart::SetLine,
    fulfilment::Fulfilment,
    hours::Hours,
    orders::{OrderState, OrderView, PickupCode, PlaceOrder},
};
use partners::wechat_pay::{Event, Notice, Transaction};
use serde_json::json;
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use uuid::Uuid;

use crate::gateway;

/// What the medium and the large tea cost at both stores, without toppings.
pub const MEDIUM_FEN: i64 = 1500;
pub const LARGE_FEN: i64 = 1800;
/// How many of each there are at each store.
pub const PIECES: i64 = 100;

/// A payment under way.
pub struct Payment {
    pub id: Uuid,
    pub out_trade_no: String,
    pub amount_fen: i64,
}

/// What a store has of a SKU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stock {
    pub on_hand: i64,
    pub held: i64,
    pub allocated: i64,
}

pub struct World {
    pub house: House,
    /// For fixtures and for looking behind the scenes.
    pub owner: PgPool,
    /// A day that has not begun yet, at noon in Shanghai: no test depends on the hour it runs at.
    pub now: DateTime<Utc>,
    /// In Shanghai.
    pub store: StoreId,
    /// In Hangzhou.
    pub elsewhere: StoreId,
    pub product: Uuid,
    pub medium: SkuId,
    pub large: SkuId,
    /// How many members there are, for their phones.
    pub people: AtomicU64,
}

impl World {
    pub async fn new(options: PgPoolOptions, connect: PgConnectOptions) -> Self {
        Self::with(options, connect, Partners::default(), Settings::default()).await
    }

    /// A world with these parties and settings; it always has the gateway's keys.
    pub async fn with(
        options: PgPoolOptions,
        connect: PgConnectOptions,
        partners: Partners,
        settings: Settings,
    ) -> Self {
        let owner = PgPoolOptions::new().max_connections(2).connect_with(connect.clone()).await.unwrap();
        let pools = Pools::connect(options.max_connections(16), connect).await.unwrap();
        let wechat_pay = partners.wechat_pay.unwrap_or_else(gateway::wechat_pay);
        let partners = Partners { wechat_pay: Some(wechat_pay), ..partners };
        let world = Self {
            house: House::new(pools, partners, settings),
            owner,
            now: noon_of_tomorrow(),
            store: StoreId(Uuid::now_v7()),
            elsewhere: StoreId(Uuid::now_v7()),
            product: Uuid::now_v7(),
            medium: SkuId(Uuid::now_v7()),
            large: SkuId(Uuid::now_v7()),
            people: AtomicU64::new(0),
        };
        world.furnish().await;
        world
    }

    async fn furnish(&self) {
        let (brand, category) = (Uuid::now_v7(), Uuid::now_v7());
        let fixtures = [
            sqlx::query("insert into brands (id, code, name, kind) values ($1, 'qinghe', '青禾', 'tea')").bind(brand),
            sqlx::query("insert into categories (id, code, brand_id, name) values ($1, 'milk-tea', $2, '奶茶')")
                .bind(category)
                .bind(brand),
            sqlx::query(
                "insert into products (id, code, brand_id, category_id, name, picture, specs, published)
                 values ($1, 'pearl-tea', $2, $3, '珍珠奶茶', 'pearl-tea', $4, true)",
            )
            .bind(self.product)
            .bind(brand)
            .bind(category)
            .bind(json!([{ "name": "杯型", "values": ["中杯", "大杯"] }])),
            sqlx::query(
                "insert into modifiers (product_id, code, name, at_least, at_most)
                 values ($1, 'sugar', '糖度', 1, 1), ($1, 'topping', '加料', 0, 2)",
            )
            .bind(self.product),
            sqlx::query(
                "insert into modifier_options (product_id, modifier_code, code, name, price_fen)
                 values ($1, 'sugar', 's5', '五分糖', 0), ($1, 'sugar', 's7', '七分糖', 0),
                        ($1, 'topping', 'pearl', '珍珠', 200), ($1, 'topping', 'coco', '椰果', 300),
                        ($1, 'topping', 'jelly', '仙草', 300)",
            )
            .bind(self.product),
        ];
        for fixture in fixtures {
            fixture.execute(&self.owner).await.unwrap();
        }
        self.add_store(self.store, brand, "RMGC", "人民广场店", "310100").await;
        self.add_store(self.elsewhere, brand, "XIHU", "西湖店", "330100").await;
        self.add_sku(self.medium, "中杯", MEDIUM_FEN).await;
        self.add_sku(self.large, "大杯", LARGE_FEN).await;
    }

    async fn add_store(&self, id: StoreId, brand: Uuid, code: &str, name: &str, region: &str) {
        // A close at the hour of the opening is that of the next day.
        let hours = serde_json::to_value(Hours::daily(NaiveTime::MIN, NaiveTime::MIN)).unwrap();
        sqlx::query("insert into locations (id, kind) values ($1, 'store')")
            .bind(id.0)
            .execute(&self.owner)
            .await
            .unwrap();
        sqlx::query(
            "insert into stores (id, code, brand_id, name, ownership, region_code, address, latitude, longitude, hours)
             values ($1, $2, $3, $4, 'direct', $5, '一号', 31.2, 121.4, $6)",
        )
        .bind(id.0)
        .bind(code)
        .bind(brand)
        .bind(name)
        .bind(region)
        .bind(hours)
        .execute(&self.owner)
        .await
        .unwrap();
    }

    /// A third store of the same brand, which sells nothing yet.
    pub async fn add_another_store(&self, code: &str, name: &str, region: &str) -> StoreId {
        let id = StoreId(Uuid::now_v7());
        let brand = sqlx::query_scalar("select id from brands").fetch_one(&self.owner).await.unwrap();
        self.add_store(id, brand, code, name, region).await;
        id
    }

    /// A size of the tea, listed and in stock at both stores.
    pub async fn add_sku(&self, id: SkuId, size: &str, price_fen: i64) {
        sqlx::query(
            "insert into skus (id, code, product_id, spec_values, price_fen) values ($1, $1::text, $2, array[$3], $4)",
        )
        .bind(id.0)
        .bind(self.product)
        .bind(size)
        .bind(price_fen)
        .execute(&self.owner)
        .await
        .unwrap();
        for store in [self.store, self.elsewhere] {
            sqlx::query("insert into listings (store_id, sku_id, price_fen) values ($1, $2, $3)")
                .bind(store.0)
                .bind(id.0)
                .bind(price_fen)
                .execute(&self.owner)
                .await
                .unwrap();
            self.receive(store, id, PIECES).await;
        }
    }

    /// Books pieces in, or out where negative, with the movement that says so.
    pub async fn receive(&self, store: StoreId, sku: SkuId, pieces: i64) {
        sqlx::query(
            "with shelved as (
                 insert into stock (location_id, sku_id, on_hand) values ($1, $2, greatest($3, 0))
                 on conflict (location_id, sku_id) do update
                 set on_hand = stock.on_hand + $3, short = greatest(stock.held + stock.allocated - stock.on_hand - $3, 0)
             )
             insert into movements (location_id, sku_id, cause, on_hand, occurred_at)
             values ($1, $2, case when $3 > 0 then 'receive' else 'adjust' end, $3, now())",
        )
        .bind(store.0)
        .bind(sku.0)
        .bind(pieces)
        .execute(&self.owner)
        .await
        .unwrap();
    }

    /// Leaves exactly so many pieces for sale.
    pub async fn leave(&self, store: StoreId, sku: SkuId, pieces: i64) {
        let stock = self.stock_at(store, sku).await;
        self.receive(store, sku, pieces - (stock.on_hand - stock.held - stock.allocated)).await;
    }

    pub async fn stock_at(&self, store: StoreId, sku: SkuId) -> Stock {
        let (on_hand, held, allocated) =
            sqlx::query_as("select on_hand, held, allocated from stock where location_id = $1 and sku_id = $2")
                .bind(store.0)
                .bind(sku.0)
                .fetch_one(&self.owner)
                .await
                .unwrap();
        Stock { on_hand, held, allocated }
    }

    /// Changes something as the owner, and answers how many rows.
    pub async fn alter(&self, statement: &'static str) -> u64 {
        sqlx::query(statement).execute(&self.owner).await.unwrap().rows_affected()
    }

    /// Makes a store that of a brand which has no goods.
    pub async fn give_to_another_brand(&self, store: StoreId) {
        sqlx::query(
            "with other as (insert into brands (id, code, name, kind) values (gen_random_uuid(), 'other', '别家', 'tea') returning id)
             update stores set brand_id = other.id from other where stores.id = $1",
        )
        .bind(store.0)
        .execute(&self.owner)
        .await
        .unwrap();
    }

    pub async fn count(&self, question: &'static str) -> i64 {
        sqlx::query_scalar(question).fetch_one(&self.owner).await.unwrap()
    }

    /// What a store has earned, in fen.
    pub async fn revenue(&self, store: StoreId) -> i64 {
        sqlx::query_scalar(
            "select coalesce(sum(case when credit = $1 then amount_fen else -amount_fen end), 0)::bigint
             from transfers where $1 in (debit, credit)",
        )
        .bind(format!("revenue:{store}"))
        .fetch_one(&self.owner)
        .await
        .unwrap()
    }
}

// What people do.
impl World {
    /// A line of the store in Shanghai, with sugar and nothing else.
    pub fn line(&self, sku: SkuId, pieces: i64) -> SetLine {
        SetLine {
            store_id: self.store,
            sku_id: sku,
            options: vec!["s7".to_owned()].into(),
            quantity: Quantity::try_from(pieces).unwrap(),
        }
    }

    pub async fn put(&self, who: &Scope, sku: SkuId, pieces: i64) {
        cart::set_line(who, self.line(sku, pieces)).await.unwrap();
    }

    /// An order for the whole cart as it is quoted now, for the first slot.
    pub async fn command(&self, who: &Scope) -> PlaceOrder {
        let quote = cart::quote(who, self.store).await.unwrap();
        PlaceOrder {
            id: new_order_id(),
            store_id: self.store,
            apart: false,
            fulfilment: Fulfilment::Pickup,
            address_id: None,
            slot: quote.slots.first().map_or(self.now, |slot| slot.start),
            expected_total_fen: quote.total_fen,
            note: String::new(),
            occurred_at: None,
        }
    }

    /// Places an order for so many medium teas.
    pub async fn place(&self, who: &Scope, pieces: i64) -> OrderId {
        self.put(who, self.medium, pieces).await;
        orders::place(who, self.command(who).await).await.unwrap().id
    }

    /// Places and pays an order; answers its code too.
    pub async fn place_paid(&self, who: &Scope, pieces: i64) -> (OrderId, PickupCode) {
        let order = self.place(who, pieces).await;
        self.pay(order).await;
        (order, self.code_of(order).await)
    }

    pub async fn order(&self, who: &Scope, id: OrderId) -> OrderView {
        orders::show(who, id).await.unwrap()
    }

    pub async fn state_of(&self, id: OrderId) -> OrderState {
        let state: String = sqlx::query_scalar("select state from orders where id = $1")
            .bind(id.0)
            .fetch_one(&self.owner)
            .await
            .unwrap();
        OrderState::from_code(&state).unwrap()
    }

    pub async fn code_of(&self, id: OrderId) -> PickupCode {
        let code: String = sqlx::query_scalar("select pickup_code from orders where id = $1")
            .bind(id.0)
            .fetch_one(&self.owner)
            .await
            .unwrap();
        code.parse().unwrap()
    }
}

// What the server and the gateway do.
impl World {
    /// The server itself, so many minutes later.
    pub fn system(&self, minutes: i64) -> Scope {
        Scope::system(&self.house, self.now + Duration::minutes(minutes))
    }

    /// Does every job that is due so many minutes later.
    pub async fn run_jobs(&self, minutes: i64) {
        let scope = self.system(minutes);
        for lane in [Lane::Own, Lane::Gateway] {
            while jobs::run_one(&scope, lane).await.unwrap() {}
        }
    }

    /// A payment of the whole order, as it stands after the gateway's cashier was asked for.
    pub async fn open_payment(&self, order: OrderId) -> Payment {
        let id = Uuid::now_v7();
        let out_trade_no = id.simple().to_string();
        let amount_fen = sqlx::query_scalar(
            "insert into payments (id, order_id, gateway, cashier, out_trade_no, amount_fen, state, created_at)
             select $1, id, 'wechat_pay', 'h5', $3, total_fen, 'open', $4 from orders where id = $2 returning amount_fen",
        )
        .bind(id)
        .bind(order.0)
        .bind(&out_trade_no)
        .bind(self.now)
        .fetch_one(&self.owner)
        .await
        .unwrap();
        Payment { id, out_trade_no, amount_fen }
    }

    /// Pays the whole order; answers what came of the notice.
    pub async fn pay(&self, order: OrderId) -> String {
        let payment = self.open_payment(order).await;
        self.tell(gateway::paid(&payment.out_trade_no, payment.amount_fen)).await
    }

    /// The gateway tells of a transaction; answers what came of it.
    pub async fn tell(&self, transaction: Transaction) -> String {
        self.hear(&gateway::notice(Event::Transaction(transaction))).await
    }

    /// Receives a notice, works through the inbox, and answers what came of this one.
    pub async fn hear(&self, notice: &Notice) -> String {
        let scope = self.system(0);
        payments::receive(&scope, notice).await.unwrap();
        while jobs::work_inbox(&scope).await.unwrap() {}
        let outcome: Option<String> = sqlx::query_scalar("select outcome from inbox where notice_id = $1")
            .bind(&notice.id)
            .fetch_one(&self.owner)
            .await
            .unwrap();
        outcome.expect("the notice could not be acted on")
    }

    /// Every rule of the books holds; and the connections are closed, so that the database can go.
    pub async fn balanced(self) {
        let broken = books::check(&self.system(0)).await.unwrap();
        assert_eq!(broken, [], "the books do not balance");
        self.house.close().await;
        self.owner.close().await;
    }
}

pub fn new_order_id() -> OrderId {
    OrderId(Uuid::now_v7())
}

/// The complaint of a fault about a single field.
pub fn field_of<T: std::fmt::Debug>(answer: Result<T, Fault>) -> String {
    match answer {
        Err(Fault::Invalid(complaints)) if complaints.len() == 1 => complaints[0].field.clone(),
        other => panic!("expected one complaint, got {other:?}"),
    }
}

/// The stable code of a fault.
pub fn code_of<T: std::fmt::Debug>(answer: Result<T, Fault>) -> &'static str {
    answer.expect_err("expected a fault").code()
}

/// What so many medium teas cost.
pub fn teas(pieces: i64) -> Fen {
    Fen(MEDIUM_FEN * pieces)
}

fn noon_of_tomorrow() -> DateTime<Utc> {
    const DAY_S: i64 = 86_400;
    let today = DateTime::<Utc>::from(std::time::SystemTime::now()).timestamp().div_euclid(DAY_S);
    // Noon in Shanghai is 4 o'clock UTC.
    DateTime::from_timestamp((today + 1) * DAY_S + 4 * 3600, 0).unwrap()
}
