//! What head office does: limits for each member, completed orders paid back, one act with several orders.

use commerce::{after_sales, orders::batches, stock::purchase_limits};
use domain::{
    AfterSalesId, OrderBatchId, OrderId,
    after_sales::{AfterSalesKind, AfterSalesState, RefundOrder, RefundedLine},
    order_batches::{BatchAct, DraftBatch, Outcome},
    orders::{OrderAct, OrderState},
    purchase_limits::SetPurchaseLimit,
};
use proptest::prelude::*;
use uuid::Uuid;

use super::{
    cast::Cast,
    model::{Model, Request},
    tries::Rule,
};

const WHY: &str = "门店停业";

impl Cast {
    pub async fn rule(&self, deed: &Rule, model: &mut Model) -> Result<(), TestCaseError> {
        match deed {
            Rule::Limit(most) => self.limit(*most, model).await,
            Rule::PayBack(..) | Rule::Batch(..) if model.orders.is_empty() => Ok(()),
            Rule::PayBack(which, pieces) => {
                let is_over = |nth: &usize| model.orders[*nth].state == OrderState::Completed;
                let over: Vec<usize> = (0..model.orders.len()).filter(is_over).collect();
                let nth = if over.is_empty() { which.index(model.orders.len()) } else { over[which.index(over.len())] };
                self.refund(nth, *pieces, model).await
            }
            Rule::Batch(act, which, to) => {
                let mut picked: Vec<usize> = which.iter().map(|one| one.index(model.orders.len())).collect();
                picked.sort_unstable();
                picked.dedup();
                self.batch(*act, &picked, *to, model).await
            }
        }
    }

    /// What was bought before counts, and nothing of it is taken away.
    async fn limit(&self, most: Option<i64>, model: &mut Model) -> Result<(), TestCaseError> {
        match most {
            Some(most) => {
                let set = SetPurchaseLimit { sku: model.sku.to_string(), most, days: None, pay_minutes: Some(5) };
                purchase_limits::set(&self.head, set).await.unwrap();
            }
            None => {
                let removed = purchase_limits::remove(&self.head, model.sku).await;
                prop_assert_eq!(removed.is_ok(), model.limit.is_some(), "{:?}", removed);
            }
        }
        model.limit = most;
        Ok(())
    }

    /// Money goes back and no goods come; what is asked for after the sale is not paid twice.
    async fn refund(&self, nth: usize, pieces: Option<i64>, model: &mut Model) -> Result<(), TestCaseError> {
        let id = AfterSalesId(Uuid::now_v7());
        let lines = pieces.map(|pieces| RefundedLine { line: 1, quantity: pieces.try_into().unwrap() });
        let command = RefundOrder::of_pieces(id, lines.into_iter().collect(), WHY);
        let refunded = after_sales::refund(&self.head, model.orders[nth].id, &command).await;
        let possible = pieces.map_or(model.is_refundable(nth), |pieces| model.refundable(nth, 1) >= pieces);
        prop_assert_eq!(refunded.is_ok(), possible, "{:?}", refunded);
        match pieces {
            _ if !possible => {}
            Some(pieces) => model.paid_back(id, (nth, 1), pieces),
            None => model.all_paid_back(id, nth),
        }
        Ok(())
    }

    /// Each order by itself, the latest first: what could not be done as the batch was put together is not tried.
    async fn batch(&self, act: BatchAct, picked: &[usize], to: usize, model: &mut Model) -> Result<(), TestCaseError> {
        let id = OrderBatchId(Uuid::now_v7());
        let orders: Vec<OrderId> = picked.iter().map(|nth| model.orders[*nth].id).collect();
        let store_id = (act == BatchAct::Reroute).then(|| self.store(to));
        let command = DraftBatch { id, act, orders, all: None, store_id, reason: WHY.into() };
        batches::draft(&self.head, &command).await.unwrap();
        let started = batches::start(&self.head, id).await;
        let possible = |nth: usize, model: &Model| match act {
            BatchAct::Annotate => true,
            BatchAct::Reroute => model.can_go(nth, OrderAct::Reroute, to),
            BatchAct::CallOff => model.can(nth, OrderAct::CallOff),
            BatchAct::Refund => model.is_refundable(nth),
        };
        prop_assert_eq!(started.is_ok(), picked.iter().any(|nth| possible(*nth, model)), "{:?}", started);
        if started.is_err() {
            return Ok(());
        }
        self.only("work_order_batch", id.0).await;
        let view = batches::show(&self.head, id).await.unwrap();
        let mut latest = picked.to_vec();
        latest.sort_unstable_by_key(|nth| std::cmp::Reverse(model.orders[*nth].id));
        for nth in latest {
            let done = possible(nth, model);
            let order = model.orders[nth].id;
            let line = view.lines.iter().find(|line| line.order_id == order).unwrap();
            prop_assert_eq!(line.outcome == Outcome::Done, done, "{:?}", line);
            match act {
                BatchAct::Reroute if done => model.go(nth, OrderAct::Reroute, to),
                BatchAct::CallOff if done => model.step(nth, OrderAct::CallOff),
                BatchAct::Refund if done => {
                    let refund: Uuid =
                        sqlx::query_scalar("select id from after_sales where order_id = $1 order by id desc limit 1")
                            .bind(order.0)
                            .fetch_one(&self.world.owner)
                            .await
                            .unwrap();
                    model.all_paid_back(AfterSalesId(refund), nth);
                }
                _ => {}
            }
            prop_assert_eq!(self.world.state_of(order).await, model.orders[nth].state);
        }
        Ok(())
    }
}

fn is_turned_down(request: &Request) -> bool {
    matches!(request.state, AfterSalesState::Refused | AfterSalesState::Dismissed)
}

impl Model {
    /// How many pieces of an order's line, or of what came in exchange, head office can pay back: those that were turned
    /// down are among them.
    fn refundable(&self, nth: usize, line: i32) -> i64 {
        let of_line = self.requests.iter().filter(|one| (one.order, one.line) == (nth, line));
        let turned_down: i64 = of_line.filter(|one| is_turned_down(one)).map(|one| one.pieces).sum();
        if self.orders[nth].state == OrderState::Completed { self.rest_of(nth, line) + turned_down } else { 0 }
    }

    fn is_refundable(&self, nth: usize) -> bool {
        self.orders[nth].lines().any(|line| self.refundable(nth, line) > 0)
    }

    /// Requests that were turned down are over as far as their pieces are needed, the oldest first.
    fn paid_back(&mut self, id: AfterSalesId, (order, line): (usize, i32), pieces: i64) {
        let mut lacking = pieces - self.rest_of(order, line);
        let of_line = self.requests.iter_mut().filter(|one| (one.order, one.line) == (order, line));
        for one in of_line.filter(|one| is_turned_down(one)) {
            if lacking > 0 {
                lacking -= one.pieces;
                one.state = AfterSalesState::Withdrawn;
            }
        }
        let request = Request::new(id, order, pieces, AfterSalesKind::RefundOnly, AfterSalesState::Refunded);
        self.requests.push(Request { line, ..request });
    }

    /// All that is left, with one request.
    fn all_paid_back(&mut self, id: AfterSalesId, order: usize) {
        for line in self.orders[order].lines() {
            let pieces = self.refundable(order, line);
            if pieces > 0 {
                self.paid_back(id, (order, line), pieces);
            }
        }
    }
}
