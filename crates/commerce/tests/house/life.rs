//! Random lives of many orders, against a model that knows only the transition table.

use std::sync::Arc;

use commerce::{Partners, Scope, Settings, cart, orders};
use domain::{
    OrderId, SkuId,
    orders::{OrderAct, OrderState},
    staff::Role,
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::{
    people::Reach,
    world::{Stock, World},
};

const PIECES: i64 = 12;

/// What somebody tries; a number picks one of the orders placed so far.
#[derive(Clone, Debug)]
enum Try {
    Place(i64),
    Act(OrderAct, prop::sample::Index),
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    use OrderAct::{Accept, Cancel, Expire, Pay, Prepare, Redeem, Reject};
    let act = prop::sample::select(vec![Pay, Pay, Accept, Accept, Prepare, Redeem, Expire, Cancel, Reject]);
    let one = prop_oneof![
        2 => (1..5i64).prop_map(Try::Place),
        5 => (act, any::<prop::sample::Index>()).prop_map(|(act, which)| Try::Act(act, which)),
    ];
    prop::collection::vec(one, 30)
}

/// What the model knows of an order.
struct Modelled {
    id: OrderId,
    pieces: i64,
    state: OrderState,
}

/// The stock that follows from the orders' states alone.
fn expected_stock(orders: &[Modelled]) -> Stock {
    let pieces = |wanted: &[OrderState]| -> i64 {
        orders.iter().filter(|order| wanted.contains(&order.state)).map(|order| order.pieces).sum()
    };
    Stock {
        on_hand: PIECES - pieces(&[OrderState::Completed]),
        held: pieces(&[OrderState::Placed]),
        allocated: pieces(&[OrderState::Paid, OrderState::Accepted, OrderState::Ready]),
    }
}

/// Everybody who takes part.
struct Cast {
    world: World,
    buyer: Scope,
    manager: Scope,
}

impl Cast {
    /// A variant of its own for each run, with twelve pieces.
    async fn new_sku(&self) -> SkuId {
        let sku = SkuId(Uuid::now_v7());
        self.world.add_sku(sku, &sku.to_string(), 1000).await;
        self.world.leave(self.world.store, sku, PIECES).await;
        sku
    }

    async fn place(&self, sku: SkuId, pieces: i64) -> Option<OrderId> {
        cart::set_line(&self.buyer, self.world.line(sku, pieces)).await.ok()?;
        let command = self.world.command(&self.buyer).await;
        Some(orders::place(&self.buyer, command).await.unwrap().id)
    }

    /// Tries the act; whether it is refused or repeated is the model's to know.
    async fn act(&self, act: OrderAct, id: OrderId) {
        match act {
            OrderAct::Place => {}
            OrderAct::Pay => drop(self.world.pay(id).await),
            OrderAct::Expire => self.expire(id).await,
            OrderAct::Cancel => drop(orders::cancel(&self.buyer, id).await),
            OrderAct::Accept => drop(orders::accept(&self.manager, id).await),
            OrderAct::Prepare => drop(orders::prepare(&self.manager, id).await),
            OrderAct::Redeem => drop(self.redeem(id).await),
            OrderAct::Reject => drop(orders::reject(&self.manager, id, "原料用完").await),
        }
    }

    /// Lets the time of this one order run out.
    async fn expire(&self, id: OrderId) {
        self.world.alter("delete from jobs").await;
        sqlx::query("insert into jobs (kind, subject, run_at) values ('expire_order', $1, $2)")
            .bind(id.0)
            .bind(self.world.now)
            .execute(&self.world.owner)
            .await
            .unwrap();
        self.world.run_jobs(0).await;
    }

    async fn redeem(&self, id: OrderId) -> Option<OrderId> {
        let code: Option<String> = sqlx::query_scalar("select pickup_code from orders where id = $1")
            .bind(id.0)
            .fetch_one(&self.world.owner)
            .await
            .unwrap();
        orders::redeem(&self.manager, &code?.parse().ok()?).await.ok()
    }

    async fn live(&self, tries: Vec<Try>) -> Result<(), TestCaseError> {
        let sku = self.new_sku().await;
        let mut model: Vec<Modelled> = Vec::new();
        for one in tries {
            match &one {
                Try::Place(pieces) => {
                    let stock = expected_stock(&model);
                    let enough = stock.on_hand - stock.held - stock.allocated >= *pieces;
                    let placed = self.place(sku, *pieces).await;
                    prop_assert_eq!(placed.is_some(), enough, "{:?}", one);
                    model.extend(placed.map(|id| Modelled { id, pieces: *pieces, state: OrderState::Placed }));
                }
                Try::Act(act, which) if !model.is_empty() => {
                    let order = which.index(model.len());
                    self.act(*act, model[order].id).await;
                    model[order].state = model[order].state.after(*act).unwrap_or(model[order].state);
                    prop_assert_eq!(self.world.state_of(model[order].id).await, model[order].state, "{:?}", one);
                }
                Try::Act(..) => {}
            }
            prop_assert_eq!(self.world.stock_at(self.world.store, sku).await, expected_stock(&model), "{:?}", one);
        }
        // Orders left unpaid end here, so that the next life may place its own.
        for order in model.iter().filter(|order| order.state == OrderState::Placed) {
            orders::cancel(&self.buyer, order.id).await.unwrap();
        }
        Ok(())
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn whatever_is_tried_in_whatever_order_stock_follows_from_the_orders_states(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let settings = Settings { unpaid_most: 1000, orders_in_ten_minutes: 1_000_000, ..Settings::default() };
    let world = World::with(options, connect, Partners::default(), settings).await;
    let (buyer, manager) =
        (world.member().await, world.staff("林姐", Role::StoreManager, Reach::Store(world.store)).await);
    let cast = Arc::new(Cast { world, buyer, manager });
    let (kept, runtime) = (cast.clone(), Handle::current());
    let config = Config { cases: 24, max_shrink_iters: 200, failure_persistence: None, ..Config::default() };
    // proptest is not asynchronous: it runs on a thread of its own and blocks there.
    let lived = tokio::task::spawn_blocking(move || {
        TestRunner::new(config).run(&tries(), |tries| runtime.block_on(cast.live(tries)))
    });
    if let Err(failure) = lived.await.unwrap() {
        panic!("{failure}");
    }
    let Ok(cast) = Arc::try_unwrap(kept).map_err(drop) else { panic!("somebody still plays") };
    cast.world.balanced().await;
}
