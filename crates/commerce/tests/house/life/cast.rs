//! Everybody who takes part.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime};
use commerce::{
    Partners, Scope, Settings, after_sales, freight,
    fulfilment::{addresses, settings},
    purchasing, supply,
};
use domain::{
    AddressId, Fen, LocationId, SkuId, StoreId, SupplierId,
    fulfilment::{Band, DeliverySettings, FulfilmentSettings, Range, Window},
    purchasing::SaveSupplier,
    staff::Role,
    supply::SaveWarehouse,
    transfers::Pieces,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use super::model::{Balance, FEN, PIECES, PLACES, SMALL_FEN, STORES, WAREHOUSE};
use crate::{
    freight::{new_id, save, sends},
    fulfilment::home,
    people::Reach,
    returns_by_post::address as by_post,
    world::World,
};

pub struct Cast {
    pub world: World,
    pub buyer: Scope,
    pub address: AddressId,
    /// Of each store.
    pub managers: [Scope; STORES],
    /// Who counts and reports, and decides nothing.
    pub clerk: Scope,
    /// Who agrees to what others propose.
    pub above: Scope,
    /// Who runs the warehouse and buys.
    pub head: Scope,
    pub warehouse: LocationId,
    pub supplier: SupplierId,
}

impl Cast {
    pub async fn gather(options: PgPoolOptions, connect: PgConnectOptions) -> Self {
        let limits = Settings {
            unpaid_most: 1000,
            orders_in_ten_minutes: 1_000_000,
            holds_most: 1000,
            holds_in_ten_minutes: 1_000_000,
            ..Settings::default()
        };
        let world = World::with(options, connect, Partners::default(), limits).await;
        let (buyer, home) = (world.member().await, home("人民大道 1 号"));
        addresses::save(&buyer, home.clone()).await.unwrap();
        let manager = async |store| world.staff("林姐", Role::StoreManager, Reach::Store(store)).await;
        let managers = [manager(world.store).await, manager(world.elsewhere).await];
        let clerk = world.staff("小林", Role::Clerk, Reach::Everywhere).await;
        let above = world.staff("周姐", Role::RegionalManager, Reach::Everywhere).await;
        let head = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
        let (warehouse, supplier) = (LocationId(Uuid::now_v7()), SupplierId(Uuid::now_v7()));
        let cast = Self { world, buyer, address: home.id, managers, clerk, above, head, warehouse, supplier };
        cast.furnish().await;
        cast
    }

    /// Both stores bring and send things; there is a warehouse, and somebody to buy from.
    async fn furnish(&self) {
        let window =
            Window { from: NaiveTime::MIN, until: NaiveTime::from_hms_opt(23, 59, 0).unwrap(), capacity: 10_000 };
        let delivery = DeliverySettings {
            on: true,
            range: Range::Radius { metres: 5000 },
            bands: vec![Band { up_to_m: 5000, fee_fen: Fen(300) }],
            light_grams: 1000,
            per_kilo_fen: Fen(0),
            minimum_fen: Fen(0),
            free_from_fen: None,
            minutes: 0,
            windows: vec![window],
            riders: Vec::new(),
        };
        for store in [self.world.store, self.world.elsewhere] {
            let offered = FulfilmentSettings { delivery: Some(delivery.clone()), ..FulfilmentSettings::default() };
            settings::save(&self.head, store, &offered).await.unwrap();
            after_sales::set_return_address(&self.head, store, &by_post()).await.unwrap();
        }
        freight::save(&self.head, new_id(), save("标准", &[])).await.unwrap();
        freight::set_stores(&self.head, sends(&["RMGC", "XIHU"], None)).await.unwrap();
        let depot = SaveWarehouse {
            code: "CK-1".into(),
            name: "上海仓".into(),
            region: "310100".into(),
            address: "二号".into(),
            point: Some("31.0,121.0".parse().unwrap()),
        };
        supply::save(&self.head, self.warehouse, depot).await.unwrap();
        let known = SaveSupplier {
            code: "JN-1".into(),
            name: "江南食品".into(),
            contact: "王经理".into(),
            phone: "021-55550000".into(),
            terms_days: 30,
            lead_days: 7,
            closed: false,
        };
        purchasing::save_supplier(&self.head, self.supplier, known).await.unwrap();
    }

    /// A variant of its own for each run, with twelve pieces at each place.
    pub async fn new_sku(&self) -> SkuId {
        let sku = SkuId(Uuid::now_v7());
        self.world.add_sku(sku, &sku.to_string(), FEN).await;
        for store in 0..STORES {
            self.world.leave(self.store(store), sku, PIECES).await;
        }
        self.world.receive(StoreId(self.warehouse.0), sku, PIECES).await;
        sku
    }

    /// A smaller one of which no store runs out: what comes in exchange for the other.
    pub async fn small_sku(&self) -> SkuId {
        let sku = SkuId(Uuid::now_v7());
        self.world.add_sku(sku, &sku.to_string(), SMALL_FEN).await;
        for store in 0..STORES {
            self.world.leave(self.store(store), sku, 1000).await;
        }
        sku
    }

    pub fn place(&self, at: usize) -> LocationId {
        [LocationId(self.world.store.0), LocationId(self.world.elsewhere.0), self.warehouse][at]
    }

    pub fn store(&self, at: usize) -> StoreId {
        [self.world.store, self.world.elsewhere][at]
    }

    /// The day so many days from the world's today: noon in Shanghai is on the same day in UTC.
    pub fn day(&self, days: i64) -> NaiveDate {
        self.world.now.date_naive() + chrono::Duration::days(days)
    }

    /// The balance of each place.
    pub async fn balances(&self, sku: SkuId) -> [Balance; PLACES] {
        type Row = (Uuid, i64, i64, i64, i64, i64, i64, bool);
        let rows: Vec<Row> = sqlx::query_as(
            "select location_id, on_hand, held, allocated, short, kept_back, expired, separate from stock
             where sku_id = $1 and location_id = any($2)",
        )
        .bind(sku.0)
        .bind([0, 1, WAREHOUSE].map(|at| self.place(at).0).to_vec())
        .fetch_all(&self.world.owner)
        .await
        .unwrap();
        [0, 1, WAREHOUSE].map(|at| {
            let row = rows.iter().find(|row| row.0 == self.place(at).0).unwrap();
            let &(_, on_hand, held, allocated, short, kept_back, expired, separate) = row;
            Balance { on_hand, held, allocated, short, kept_back, expired, separate }
        })
    }

    /// What is left of batches, by place and last day.
    pub async fn batches(&self, sku: SkuId) -> BTreeMap<(usize, i64), i64> {
        let places = [0, 1, WAREHOUSE].map(|at| self.place(at).0);
        let rows: Vec<(Uuid, NaiveDate, i64)> = sqlx::query_as(
            "select location_id, expires_on, remains from batch_remains
             where sku_id = $1 and location_id = any($2) and remains > 0",
        )
        .bind(sku.0)
        .bind(places.to_vec())
        .fetch_all(&self.world.owner)
        .await
        .unwrap();
        let place = |id| places.iter().position(|place| *place == id).unwrap();
        rows.into_iter().map(|(at, on, left)| ((place(at), (on - self.day(0)).num_days()), left)).collect()
    }
}

/// So many pieces of a variant.
pub fn lines(sku_id: SkuId, quantity: i64) -> Vec<Pieces> {
    vec![Pieces { sku_id, quantity }]
}
