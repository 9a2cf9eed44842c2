//! Random lives of many orders, holds and facts of one variant, against a model that knows the transition table and
//! what each deed does to the balance.
//!
//! `PROPTEST_CASES=10000` lives as many lives, `PROPTEST_RNG_SEED` those of a failure again.

use std::{env, sync::Arc};

use commerce::{Partners, Scope, Settings, approvals, cart, holds, jobs, orders};
use domain::{
    HoldId, OrderId, ProposalId, Quantity, SkuId,
    approvals::{Decide, Propose, Proposed},
    cart::RemoveLine,
    fulfilment::{Deliver, Dispatch, Fulfilment, Undelivered},
    holds::TakeHold,
    order_centre::{CallOff, Reroute},
    orders::{OrderAct, OrderState},
    staff::Role,
};
use proptest::{
    prelude::*,
    test_runner::{Config, RngSeed, TestRunner},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::{people::Reach, world::World};

const PIECES: i64 = 12;

/// What somebody tries; a number picks one of the orders placed, or of the holds taken, so far.
#[derive(Clone, Debug)]
enum Try {
    Place(i64),
    Act(OrderAct, prop::sample::Index),
    /// Pieces are held before they are ordered.
    Hold(i64),
    Release(prop::sample::Index),
    /// Pieces arrive.
    Receive(i64),
    /// Pieces turn out not to be there.
    Lose(i64),
    /// Nobody has solved a shortage in time.
    Solve,
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    use OrderAct::{Accept, CallOff, Cancel, Expire, Pay, Prepare, Redeem, Reject, Reroute};
    let act =
        prop::sample::select(vec![Pay, Pay, Accept, Accept, Prepare, Redeem, Expire, Cancel, Reject, CallOff, Reroute]);
    let one = prop_oneof![
        4 => (1..5i64).prop_map(Try::Place),
        9 => (act, any::<prop::sample::Index>()).prop_map(|(act, which)| Try::Act(act, which)),
        2 => (1..4i64).prop_map(Try::Hold),
        1 => any::<prop::sample::Index>().prop_map(Try::Release),
        1 => (1..6i64).prop_map(Try::Receive),
        2 => (1..7i64).prop_map(Try::Lose),
        1 => Just(Try::Solve),
    ];
    prop::collection::vec(one, 30)
}

/// What the model knows of an order.
struct Modelled {
    id: OrderId,
    pieces: i64,
    state: OrderState,
}

/// A balance: what lies there, what is held for unpaid and allocated to paid orders, what of it is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Balance {
    on_hand: i64,
    held: i64,
    allocated: i64,
    short: i64,
}

impl Balance {
    fn free(self) -> i64 {
        self.on_hand - self.held - self.allocated
    }
}

/// All that the model remembers.
#[derive(Default)]
struct Model {
    orders: Vec<Modelled>,
    /// Holds before an order; no pieces once they have ended.
    holds: Vec<(HoldId, i64)>,
    /// Pieces that have arrived, less those lost.
    facts: i64,
}

impl Model {
    /// The balance that follows.
    fn balance(&self) -> Balance {
        let pieces = |wanted: &[OrderState]| -> i64 {
            self.orders.iter().filter(|order| wanted.contains(&order.state)).map(|order| order.pieces).sum()
        };
        let on_hand = PIECES + self.facts - pieces(&[OrderState::Completed]);
        let held = pieces(&[OrderState::Placed]) + self.early();
        let allocated = pieces(&[OrderState::Paid, OrderState::Accepted, OrderState::Ready]);
        Balance { on_hand, held, allocated, short: (held + allocated - on_hand).max(0) }
    }

    fn early(&self) -> i64 {
        self.holds.iter().map(|(_, pieces)| pieces).sum()
    }

    /// The latest orders that are not ready are turned down until the others are covered.
    fn solve(&mut self) {
        while self.balance().short > 0 {
            let open = |order: &&mut Modelled| matches!(order.state, OrderState::Paid | OrderState::Accepted);
            let Some(latest) = self.orders.iter_mut().filter(open).max_by_key(|order| order.id) else { return };
            latest.state = OrderState::Rejected;
        }
    }
}

/// Everybody who takes part.
struct Cast {
    world: World,
    buyer: Scope,
    manager: Scope,
    /// Who agrees to what the manager proposes.
    above: Scope,
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
        let placed = orders::place(&self.buyer, command).await;
        if placed.is_err() {
            let line = self.world.line(sku, pieces);
            let line = RemoveLine { store_id: line.store_id, sku_id: sku, options: line.options };
            cart::remove_line(&self.buyer, line).await.unwrap();
        }
        placed.ok().map(|order| order.id)
    }

    async fn hold(&self, sku: SkuId, pieces: i64) -> Option<HoldId> {
        let id = HoldId(Uuid::now_v7());
        let quantity = Quantity::try_from(pieces).unwrap();
        let wish = TakeHold { id, store_id: self.world.store, sku_id: sku, quantity };
        holds::take(&self.buyer, wish).await.ok().map(|_| id)
    }

    /// Somebody finds fewer pieces than the books say, and is believed.
    async fn lose(&self, sku: SkuId, pieces: i64) -> bool {
        let id = ProposalId(Uuid::now_v7());
        let what = Proposed::Adjustment { sku_id: sku, difference: -pieces };
        let proposal = Propose { id, store_id: self.world.store, what, reason: "破损".into(), draft: false };
        if approvals::propose(&self.manager, proposal).await.is_err() {
            return false;
        }
        approvals::decide(&self.above, id, Decide { approve: true, note: String::new() }).await.unwrap();
        true
    }

    /// The time of the variant's open case is over.
    async fn solve(&self, sku: SkuId) {
        self.world.alter("delete from jobs").await;
        sqlx::query(
            "insert into jobs (kind, subject, run_at)
             select 'solve_shortage', id, $2 from shortages where sku_id = $1 and solved_at is null",
        )
        .bind(sku.0)
        .bind(self.world.now)
        .execute(&self.world.owner)
        .await
        .unwrap();
        self.world.run_jobs(0).await;
        jobs::sweep(&self.world.system(0)).await.unwrap();
    }

    async fn balance(&self, sku: SkuId) -> Balance {
        let (on_hand, held, allocated, short) =
            sqlx::query_as("select on_hand, held, allocated, short from stock where location_id = $1 and sku_id = $2")
                .bind(self.world.store.0)
                .bind(sku.0)
                .fetch_one(&self.world.owner)
                .await
                .unwrap();
        Balance { on_hand, held, allocated, short }
    }

    /// Tries the act; whether it is refused or repeated is the model's to know.
    async fn act(&self, act: OrderAct, id: OrderId) {
        match act {
            // A late payment does it.
            OrderAct::Place | OrderAct::Revive => {}
            OrderAct::Pay => drop(self.world.pay(id).await),
            OrderAct::Expire => self.expire(id).await,
            OrderAct::Cancel => drop(orders::cancel(&self.buyer, id).await),
            OrderAct::Accept => drop(orders::accept(&self.manager, id).await),
            OrderAct::Prepare => drop(orders::prepare(&self.manager, id).await),
            OrderAct::Redeem => drop(self.redeem(id).await),
            OrderAct::CallOff => {
                let reason = "门店停业".into();
                drop(orders::call_off(&self.above, id, &CallOff { reason }).await);
            }
            // To another store and back, which changes nothing here.
            OrderAct::Reroute => {
                for store_id in [self.world.elsewhere, self.world.store] {
                    drop(orders::reroute(&self.above, id, &Reroute { store_id, reason: "缺货".into() }).await);
                }
            }
            // Nobody brings what is picked up: each of them is refused.
            OrderAct::Dispatch | OrderAct::Deliver | OrderAct::Undelivered => self.send(act, id).await,
            OrderAct::Reject => drop(orders::reject(&self.manager, id, "原料用完").await),
        }
    }

    /// Tries to have an order brought that its shopper comes for.
    async fn send(&self, act: OrderAct, id: OrderId) {
        let answer = match act {
            OrderAct::Dispatch => {
                let ride = Dispatch { rider_name: "小李".into(), rider_phone: "13900139000".parse().unwrap() };
                orders::dispatch(&self.manager, id, &ride).await
            }
            OrderAct::Deliver => {
                let told = Deliver { reason: "前台代收".into(), ..Deliver::default() };
                orders::deliver(&self.manager, id, &told).await
            }
            _ => orders::undelivered(&self.manager, id, &Undelivered { reason: "无人".into() }).await,
        };
        assert!(answer.is_err(), "{act:?}");
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

    /// Tries one deed, here and in the model; whether it succeeds is the model's to know.
    async fn tried(&self, one: &Try, sku: SkuId, model: &mut Model) -> Result<(), TestCaseError> {
        let free = model.balance().free();
        match one {
            Try::Place(pieces) => {
                let placed = self.place(sku, *pieces).await;
                prop_assert_eq!(placed.is_some(), free + model.early() >= *pieces);
                if let Some(id) = placed {
                    // An order takes what its member holds.
                    model.holds.iter_mut().for_each(|hold| hold.1 = 0);
                    model.orders.push(Modelled { id, pieces: *pieces, state: OrderState::Placed });
                }
            }
            // Where pieces are short, what went to another store could not come back.
            Try::Act(OrderAct::Reroute, _) if model.balance().short > 0 => {}
            Try::Act(act, which) if !model.orders.is_empty() => {
                let at = which.index(model.orders.len());
                let order = &mut model.orders[at];
                self.act(*act, order.id).await;
                let late = *act == OrderAct::Pay && order.state == OrderState::Expired && free >= order.pieces;
                let act = if late { OrderAct::Revive } else { *act };
                let next = order.state.after(act).filter(|_| act.fits(Fulfilment::Pickup));
                order.state = next.unwrap_or(order.state);
                prop_assert_eq!(self.world.state_of(order.id).await, order.state);
            }
            Try::Hold(pieces) => {
                let held = self.hold(sku, *pieces).await;
                prop_assert_eq!(held.is_some(), free >= *pieces);
                model.holds.extend(held.map(|id| (id, *pieces)));
            }
            Try::Release(which) if !model.holds.is_empty() => {
                let at = which.index(model.holds.len());
                holds::release(&self.buyer, model.holds[at].0).await.unwrap();
                model.holds[at].1 = 0;
            }
            Try::Receive(pieces) => {
                self.world.receive(self.world.store, sku, *pieces).await;
                model.facts += pieces;
            }
            Try::Lose(pieces) => {
                let lost = self.lose(sku, *pieces).await;
                prop_assert_eq!(lost, model.balance().on_hand >= *pieces);
                model.facts -= if lost { *pieces } else { 0 };
            }
            Try::Solve => {
                self.solve(sku).await;
                model.solve();
            }
            Try::Act(..) | Try::Release(_) => {}
        }
        prop_assert_eq!(self.balance(sku).await, model.balance());
        Ok(())
    }

    async fn live(&self, tries: Vec<Try>) -> Result<(), TestCaseError> {
        let sku = self.new_sku().await;
        let mut model = Model::default();
        for one in tries {
            let tried = self.tried(&one, sku, &mut model).await;
            tried.map_err(|failure| TestCaseError::fail(format!("{one:?}: {failure}")))?;
        }
        // What is left open ends here, so that the next life may place and hold its own.
        for order in model.orders.iter().filter(|order| order.state == OrderState::Placed) {
            orders::cancel(&self.buyer, order.id).await.unwrap();
        }
        for (id, _) in model.holds {
            holds::release(&self.buyer, id).await.unwrap();
        }
        Ok(())
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn whatever_is_tried_in_whatever_order_the_balance_is_that_of_the_model(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let settings = Settings {
        unpaid_most: 1000,
        orders_in_ten_minutes: 1_000_000,
        holds_most: 1000,
        holds_in_ten_minutes: 1_000_000,
        ..Settings::default()
    };
    let world = World::with(options, connect, Partners::default(), settings).await;
    let buyer = world.member().await;
    let manager = world.staff("林姐", Role::StoreManager, Reach::Store(world.store)).await;
    let above = world.staff("周姐", Role::RegionalManager, Reach::Everywhere).await;
    let cast = Arc::new(Cast { world, buyer, manager, above });
    let (kept, runtime) = (cast.clone(), Handle::current());
    let asked = Config::default();
    let seed = match asked.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => rand::random(),
    };
    let cases = env::var("PROPTEST_CASES").map_or(24, |_| asked.cases);
    let rng_seed = RngSeed::Fixed(seed);
    let config = Config { cases, rng_seed, max_shrink_iters: 200, failure_persistence: None, ..asked };
    // proptest is not asynchronous: it runs on a thread of its own and blocks there.
    let lived = tokio::task::spawn_blocking(move || {
        TestRunner::new(config).run(&tries(), |tries| runtime.block_on(cast.live(tries)))
    });
    if let Err(failure) = lived.await.unwrap() {
        panic!("PROPTEST_RNG_SEED={seed}: {failure}");
    }
    let Ok(cast) = Arc::try_unwrap(kept).map_err(drop) else { panic!("somebody still plays") };
    cast.world.balanced().await;
}
