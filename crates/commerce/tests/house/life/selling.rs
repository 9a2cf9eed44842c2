//! Orders and early holds, until their goods are handed over.

use commerce::{cart, holds, jobs, orders};
use domain::{
    CancelRequestId, CheckoutId, Fault, HoldId, OrderId, Quantity, SkuId,
    cancelling::{AnswerCancel, AskCancel, CancelReason, REQUESTS_MOST},
    cart::{Part, RemoveLine, SetLine, SetLineApart},
    catalog::Options,
    checkout::PlaceCheckout,
    fulfilment::{Deliver, Dispatch, Fulfilment, Undelivered, Wish},
    holds::TakeHold,
    order_centre::{CallOff, Reroute},
    orders::{OrderAct, OrderState, PlaceOrder},
};
use proptest::{prelude::*, sample::Index};
use uuid::Uuid;

use super::{
    cast::Cast,
    model::{Hold, Model, Order, STORES},
    tries::Sell,
};
use crate::world::new_order_id;

const SUGAR: &str = "s7";

impl Cast {
    pub async fn sell(&self, deed: &Sell, model: &mut Model) -> Result<(), TestCaseError> {
        match deed {
            Sell::Place(at, pieces, way) => {
                let placed = self.order(model.sku, *at, *pieces, *way).await;
                prop_assert_eq!(placed.is_ok(), model.enough(*at, *pieces), "{:?}", placed);
                placed.into_iter().for_each(|id| model.place(id, *at, *pieces, *way));
            }
            Sell::Together(pieces) => {
                let placed = self.order_together(model.sku, *pieces).await;
                let bought = model.had() - model.early(0) - model.early(1);
                let together = model.may_have(bought + pieces.iter().sum::<i64>());
                let enough = together && (0..STORES).all(|at| model.enough(at, pieces[at]));
                prop_assert_eq!(placed.is_ok(), enough, "{:?}", placed);
                for (at, id) in placed.into_iter().flatten().enumerate() {
                    model.place(id, at, pieces[at], Fulfilment::Pickup);
                }
            }
            Sell::Act(act, which) if !model.orders.is_empty() => self.step(*act, *which, model).await?,
            Sell::On(which) if !model.orders.is_empty() => self.go_on(*which, model).await?,
            Sell::AskOff(which, agree) if !model.orders.is_empty() => self.ask_off(*which, *agree, model).await?,
            Sell::Hold(at, pieces) => {
                let id = HoldId(Uuid::now_v7());
                let quantity = Quantity::try_from(*pieces).unwrap();
                let wish = TakeHold { id, store_id: self.store(*at), sku_id: model.sku, quantity };
                let held = holds::take(&self.buyer, wish).await;
                let may = model.may_have(model.had() + pieces) && model.may_sell(*at, *pieces);
                let possible = may && model.online(*at) >= *pieces;
                prop_assert_eq!(held.is_ok(), possible, "{:?}", held);
                model.holds.extend(held.ok().map(|_| Hold { id, at: *at, pieces: *pieces }));
            }
            Sell::Release(which) if !model.holds.is_empty() => {
                let at = which.index(model.holds.len());
                holds::release(&self.buyer, model.holds[at].id).await.unwrap();
                model.holds[at].pieces = 0;
            }
            Sell::Solve => {
                self.solve(model.sku).await;
                model.solve();
            }
            Sell::Act(..) | Sell::On(_) | Sell::AskOff(..) | Sell::Release(_) => {}
        }
        Ok(())
    }

    /// Places an order; where it is refused the cart is empty again.
    async fn order(&self, sku: SkuId, at: usize, pieces: i64, way: Fulfilment) -> Result<OrderId, Fault> {
        let placed = match self.wanted(sku, at, pieces, way).await {
            Ok(command) => orders::place(&self.buyer, command).await.map(|order| order.id),
            Err(fault) => Err(fault),
        };
        if placed.is_err() {
            self.put_back(sku, at).await;
        }
        placed
    }

    /// Places an order at each store, all of them or none.
    async fn order_together(&self, sku: SkuId, pieces: [i64; STORES]) -> Result<[OrderId; STORES], Fault> {
        let [here, there] = [0, 1].map(|at| self.wanted(sku, at, pieces[at], Fulfilment::Pickup));
        let placed = match (here.await, there.await) {
            (Ok(here), Ok(there)) => {
                let ids = [here.id, there.id];
                let command = PlaceCheckout { id: CheckoutId(Uuid::now_v7()), orders: vec![here, there] };
                orders::place_all(&self.buyer, command).await.map(|_| ids)
            }
            (Err(fault), _) | (_, Err(fault)) => Err(fault),
        };
        if placed.is_err() {
            self.put_back(sku, 0).await;
            self.put_back(sku, 1).await;
        }
        placed
    }

    /// An order for so many pieces, which are in the cart now.
    async fn wanted(&self, sku_id: SkuId, at: usize, pieces: i64, way: Fulfilment) -> Result<PlaceOrder, Fault> {
        let (store_id, options) = (self.store(at), Options::from(vec![SUGAR.to_owned()]));
        let quantity = Quantity::try_from(pieces).unwrap();
        cart::set_line(&self.buyer, SetLine { store_id, sku_id, options: options.clone(), quantity }).await?;
        // Whether the goods are set apart from others of the store is nothing to what becomes of them.
        let part = Part { store_id, apart: pieces % 2 == 0 };
        cart::set_apart(&self.buyer, SetLineApart { store_id, sku_id, options, apart: part.apart }).await?;
        let address_id = Some(self.address).filter(|_| way.is_sent());
        let quote = cart::quote_for(&self.buyer, part, &Wish { fulfilment: way, address_id }).await?;
        let slots = quote.way().map_or(&[][..], |way| &way.slots);
        Ok(PlaceOrder {
            id: new_order_id(),
            store_id,
            apart: part.apart,
            fulfilment: way,
            address_id,
            slot: slots.first().map_or(self.world.now, |offered| offered.slot.start),
            expected_total_fen: quote.total_fen,
            note: String::new(),
            occurred_at: None,
        })
    }

    async fn put_back(&self, sku_id: SkuId, at: usize) {
        let line = RemoveLine { store_id: self.store(at), sku_id, options: vec![SUGAR.to_owned()].into() };
        drop(cart::remove_line(&self.buyer, line).await);
    }

    /// An order takes the step that it usually takes next.
    async fn go_on(&self, which: Index, model: &mut Model) -> Result<(), TestCaseError> {
        use Fulfilment::{Delivery, Express};
        let nth = which.index(model.orders.len());
        let order = &model.orders[nth];
        let rest = order.pieces - order.packed();
        let act = match (order.state, order.way) {
            (OrderState::Placed, _) => OrderAct::Pay,
            (OrderState::Paid, _) => OrderAct::Accept,
            (OrderState::Dispatched, Express) if rest == 0 => return self.confirm(nth, model).await,
            // The first parcel holds one piece, the second all others.
            (OrderState::Dispatched, Express) => return self.pack(nth, rest, model).await,
            (OrderState::Accepted | OrderState::Ready, Express) => return self.pack(nth, 1, model).await,
            (OrderState::Accepted | OrderState::Ready, Delivery) => OrderAct::Dispatch,
            (OrderState::Accepted | OrderState::Ready, _) => OrderAct::Redeem,
            (OrderState::Dispatched, _) => OrderAct::Deliver,
            _ => return Ok(()),
        };
        self.step(act, which, model).await
    }

    /// An order takes a step, or cannot.
    async fn step(&self, act: OrderAct, which: Index, model: &mut Model) -> Result<(), TestCaseError> {
        let nth = which.index(model.orders.len());
        let order = model.orders[nth].clone();
        self.act(act, &order).await;
        // Who pays too late gets the goods all the same, where they are there.
        let late = act == OrderAct::Pay && order.state == OrderState::Expired;
        let act = if late { OrderAct::Revive } else { act };
        if model.can(nth, act) {
            model.step(nth, act);
        }
        prop_assert_eq!(self.world.state_of(order.id).await, model.orders[nth].state);
        Ok(())
    }

    /// A request stands beside an order that its store has and that its shopper cannot call off any more.
    async fn ask_off(&self, which: Index, agree: bool, model: &mut Model) -> Result<(), TestCaseError> {
        let nth = which.index(model.orders.len());
        let order = model.orders[nth].clone();
        let ask = AskCancel { id: CancelRequestId(Uuid::now_v7()), reason: CancelReason::TooSlow, note: String::new() };
        let asked = orders::ask_cancel(&self.buyer, order.id, &ask).await;
        let possible = matches!(order.state, OrderState::Accepted | OrderState::Ready) && order.refused < REQUESTS_MOST;
        prop_assert_eq!(asked.is_ok(), possible, "{:?}", asked);
        if !possible {
            return Ok(());
        }
        let answer = AnswerCancel { request_id: ask.id, agree, note: "已经在做了".into() };
        orders::answer_cancel(&self.managers[order.at], order.id, &answer).await.unwrap();
        match agree {
            true => model.step(nth, OrderAct::CallOff),
            false => model.orders[nth].refused += 1,
        }
        prop_assert_eq!(self.world.state_of(order.id).await, model.orders[nth].state);
        Ok(())
    }

    /// Tries the act; whether it is refused or repeated is the model's to know.
    async fn act(&self, act: OrderAct, order: &Order) {
        let (id, manager) = (order.id, &self.managers[order.at]);
        let reason = || "门店停业".to_owned();
        match act {
            // A late payment does it.
            OrderAct::Place | OrderAct::Revive => {}
            OrderAct::Pay => drop(self.world.pay(id).await),
            OrderAct::Expire => self.expire(id).await,
            OrderAct::Cancel => drop(orders::cancel(&self.buyer, id).await),
            OrderAct::Accept => drop(orders::accept(manager, id).await),
            OrderAct::Prepare => drop(orders::prepare(manager, id).await),
            OrderAct::Redeem => self.redeem(order).await,
            OrderAct::CallOff => drop(orders::call_off(&self.above, id, &CallOff { reason: reason() }).await),
            OrderAct::Reroute => {
                let reroute = Reroute { store_id: self.store(1 - order.at), reason: reason() };
                drop(orders::reroute(&self.above, id, &reroute).await);
            }
            OrderAct::Dispatch => {
                let ride = Dispatch { rider_name: "小李".into(), rider_phone: "13900139000".parse().unwrap() };
                drop(orders::dispatch(manager, id, &ride).await);
            }
            OrderAct::Deliver => {
                let told = Deliver { reason: "前台代收".into(), ..Deliver::default() };
                drop(orders::deliver(manager, id, &told).await);
            }
            OrderAct::Undelivered => {
                drop(orders::undelivered(manager, id, &Undelivered { reason: "无人".into() }).await);
            }
            OrderAct::Reject => drop(orders::reject(manager, id, "原料用完").await),
        }
    }

    /// Lets the time of this one order run out.
    async fn expire(&self, id: OrderId) {
        self.only("expire_order", id.0).await;
    }

    /// One job is worked on, and what others would do is not done.
    pub async fn only(&self, kind: &str, subject: Uuid) {
        self.world.alter("delete from jobs").await;
        sqlx::query("insert into jobs (kind, subject, run_at) values ($1, $2, $3)")
            .bind(kind)
            .bind(subject)
            .bind(self.world.now)
            .execute(&self.world.owner)
            .await
            .unwrap();
        self.world.run_jobs(0).await;
    }

    async fn redeem(&self, order: &Order) {
        let code: Option<String> = sqlx::query_scalar("select pickup_code from orders where id = $1")
            .bind(order.id.0)
            .fetch_one(&self.world.owner)
            .await
            .unwrap();
        if let Some(code) = code {
            drop(orders::redeem(&self.managers[order.at], &code.parse().unwrap()).await);
        }
    }

    /// The time of the variant's open cases is over.
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
}
