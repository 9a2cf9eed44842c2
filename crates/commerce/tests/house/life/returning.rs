//! What is asked for after a sale, and goods that come back.

use commerce::after_sales;
use domain::{
    AfterSalesId, Fen,
    after_sales::{
        AfterSalesAct, AfterSalesKind, AfterSalesReason, AfterSalesState, ArriveReturn, Came, Condition, PostReturn,
        QuoteAfterSales, ReceiveReturn, ReceivedLine, RequestAfterSales, RequestedLine, TurnAwayReturn,
    },
    express::Carrier,
    orders::OrderState,
};
use proptest::{prelude::*, sample::Index};
use uuid::Uuid;

use super::{
    cast::Cast,
    model::{FEN, Model, Request, SMALL_FEN},
    tries::Return,
};
use crate::after_sales::{AGREE, refuse};

impl Cast {
    pub async fn after_sales(&self, deed: &Return, model: &mut Model) -> Result<(), TestCaseError> {
        let nothing = if let Return::Ask(..) = deed { model.orders.is_empty() } else { model.requests.is_empty() };
        if nothing {
            return Ok(());
        }
        match deed {
            Return::Ask(which, pieces, kind, (of, smaller)) => {
                let is_over = |nth: &usize| model.orders[*nth].state == OrderState::Completed;
                let over: Vec<usize> = (0..model.orders.len()).filter(is_over).collect();
                let nth = if over.is_empty() { which.index(model.orders.len()) } else { over[which.index(over.len())] };
                let line = 1 + of.index(1 + model.orders[nth].given.len()) as i32;
                self.ask((nth, line), *pieces, (*kind, *smaller), model).await
            }
            Return::On(which, at, came) => {
                let nth = which.index(model.requests.len());
                let pieces = model.requests[nth].pieces;
                let fits = (1..=pieces).contains(&came.all());
                let mostly = came.mostly().unwrap_or(Condition::Restock);
                let came = if fits { *came } else { Came::whole(mostly, pieces) };
                match model.requests[nth].state {
                    AfterSalesState::Requested => self.judge(nth, AfterSalesAct::Agree, model).await,
                    AfterSalesState::Refused => self.judge(nth, AfterSalesAct::Appeal, model).await,
                    AfterSalesState::Appealed => self.judge(nth, AfterSalesAct::Uphold, model).await,
                    _ => self.bring(nth, *at, came, model).await,
                }
            }
            Return::Judge(which, act) => self.judge(which.index(model.requests.len()), *act, model).await,
            Return::Bring(which, at, came) => self.bring(awaiting(*which, model), *at, *came, model).await,
            Return::TurnAway(which, at) => self.turn_away(awaiting(*which, model), *at, model).await,
            Return::Post(which) => self.post(awaiting(*which, model), model).await,
            Return::Arrive(which, came) => self.come_by_post(awaiting(*which, model), *came, model).await,
        }
    }

    async fn ask(
        &self,
        (nth, line): (usize, i32),
        pieces: i64,
        (kind, smaller): (AfterSalesKind, bool),
        model: &mut Model,
    ) -> Result<(), TestCaseError> {
        let order = &model.orders[nth];
        let (exchange, bought) = (kind == AfterSalesKind::Exchange, line == 1);
        let exchange_for = exchange.then_some(if smaller { model.small } else { model.sku });
        let each = if bought { FEN } else { SMALL_FEN };
        let back = match exchange {
            false => each,
            true if bought && smaller => FEN - SMALL_FEN,
            true => 0,
        };
        let wanted = RequestedLine { line, quantity: pieces.try_into().unwrap(), exchange_for };
        let command = RequestAfterSales {
            id: AfterSalesId(Uuid::now_v7()),
            order_id: order.id,
            what: QuoteAfterSales { kind, lines: vec![wanted] },
            reason: AfterSalesReason::Quality,
            note: "杯盖漏了".into(),
            expected_refund_fen: Fen(back * pieces),
        };
        let id = command.id;
        let asked = after_sales::request(&self.buyer, command).await;
        let dearer = exchange && !bought && !smaller;
        let possible = order.state == OrderState::Completed && model.rest_of(nth, line) >= pieces && !dearer;
        prop_assert_eq!(asked.is_ok(), possible, "{:?}", asked);
        if possible {
            let request = Request::new(id, nth, pieces, kind, AfterSalesState::Requested);
            model.requests.push(Request { line, for_smaller: exchange && bought && smaller, ..request });
        }
        Ok(())
    }

    /// The store or head office decides, or the shopper goes on or takes the request back. What needs no goods is over
    /// as soon as somebody agrees.
    async fn judge(&self, nth: usize, act: AfterSalesAct, model: &mut Model) -> Result<(), TestCaseError> {
        let request = &mut model.requests[nth];
        // The store that sold, wherever its order was.
        let _ = match act {
            AfterSalesAct::Agree => after_sales::decide(&self.head, request.id, AGREE).await,
            AfterSalesAct::Refuse => after_sales::decide(&self.head, request.id, refuse()).await,
            AfterSalesAct::Appeal => after_sales::appeal(&self.buyer, request.id, "杯盖确实漏了").await,
            // Who turned it down cannot decide again.
            AfterSalesAct::Uphold => after_sales::arbitrate(&self.above, request.id, AGREE).await,
            AfterSalesAct::Dismiss => after_sales::arbitrate(&self.above, request.id, refuse()).await,
            _ => after_sales::withdraw(&self.buyer, request.id).await,
        };
        let bound = match act {
            AfterSalesAct::Refuse => request.upheld,
            // Its goods may be on their way.
            AfterSalesAct::Withdraw => request.posted && may_be_under_way(request.state),
            _ => false,
        };
        if let Some(next) = request.state.after(request.kind, act).filter(|_| !bound) {
            request.upheld |= act == AfterSalesAct::Uphold;
            let over = next == AfterSalesState::Agreed && !request.kind.brings_goods();
            request.state = if over { AfterSalesState::Refunded } else { next };
        }
        let view = after_sales::show(&self.buyer, request.id).await.unwrap();
        prop_assert_eq!(view.card.state, request.state);
        request.code = view.code.map(|code| code.parse().unwrap());
        Ok(())
    }

    /// The goods come to any store, but for those that were sent to another; in an exchange others leave it, where there
    /// are enough.
    async fn bring(&self, nth: usize, at: usize, came: Came, model: &mut Model) -> Result<(), TestCaseError> {
        let request = &model.requests[nth];
        let Some(code) = request.code.clone() else { return Ok(()) };
        let command = ReceiveReturn { code, store_id: self.store(at), lines: counted(request.line, came) };
        let taken = after_sales::receive(&self.managers[at], command).await;
        let elsewhere = request.arrived && at != model.orders[request.order].at;
        let possible = request.awaits_goods() && !elsewhere && model.can_take(nth, at, came);
        self.taken(nth, at, (came, taken.is_ok(), possible), model).await
    }

    /// Nothing is booked, and the shopper may appeal.
    async fn turn_away(&self, nth: usize, at: usize, model: &mut Model) -> Result<(), TestCaseError> {
        let request = &mut model.requests[nth];
        let Some(code) = request.code.clone() else { return Ok(()) };
        let command = TurnAwayReturn { code, store_id: self.store(at), note: "不是这件商品".into() };
        let _ = after_sales::turn_away(&self.managers[at], command).await;
        if request.awaits_goods() && !request.upheld {
            request.state = AfterSalesState::Refused;
        }
        let view = after_sales::show(&self.buyer, request.id).await.unwrap();
        prop_assert_eq!(view.card.state, request.state);
        Ok(())
    }

    /// Under a number of its own each time: what is sent may be told again until it is there.
    async fn post(&self, nth: usize, model: &mut Model) -> Result<(), TestCaseError> {
        let request = &mut model.requests[nth];
        let tracking_number = Uuid::now_v7().simple().to_string();
        let command = PostReturn { carrier: Carrier::Shunfeng, tracking_number, send_to: None };
        let posted = after_sales::post(&self.buyer, request.id, &command).await;
        let possible = request.awaits_goods() && !request.arrived;
        prop_assert_eq!(posted.is_ok(), possible, "{:?}", posted);
        request.posted |= possible;
        Ok(())
    }

    /// What is to be exchanged is only noted; all else is taken in.
    async fn come_by_post(&self, nth: usize, came: Came, model: &mut Model) -> Result<(), TestCaseError> {
        let request = &model.requests[nth];
        let at = model.orders[request.order].at;
        let exchange = request.kind == AfterSalesKind::Exchange;
        let lines = if exchange { Vec::new() } else { counted(request.line, came) };
        let arrived = after_sales::arrive(&self.managers[at], request.id, &ArriveReturn { lines, sent: None }).await;
        if !exchange {
            let possible = request.posted && request.awaits_goods() && model.can_take(nth, at, came);
            return self.taken(nth, at, (came, arrived.is_ok(), possible), model).await;
        }
        let possible = request.posted && request.awaits_goods();
        prop_assert_eq!(arrived.is_ok(), possible, "{:?}", arrived);
        model.requests[nth].arrived |= possible;
        Ok(())
    }

    /// What came is at the store, or nothing has changed. The same again is the same, so what is over may succeed.
    async fn taken(
        &self,
        nth: usize,
        at: usize,
        (came, done, possible): (Came, bool, bool),
        model: &mut Model,
    ) -> Result<(), TestCaseError> {
        let again = matches!(model.requests[nth].state, AfterSalesState::Refunded | AfterSalesState::Exchanged);
        prop_assert!(done == possible || (done && again));
        if possible {
            model.take_in(nth, at, came);
        }
        let view = after_sales::show(&self.buyer, model.requests[nth].id).await.unwrap();
        prop_assert_eq!(view.card.state, model.requests[nth].state);
        Ok(())
    }
}

/// Pieces of a request's only line.
fn counted(line: i32, came: Came) -> Vec<ReceivedLine> {
    vec![ReceivedLine { line, condition: None, pieces: Some(came) }]
}

fn may_be_under_way(state: AfterSalesState) -> bool {
    matches!(state, AfterSalesState::Agreed | AfterSalesState::Appealed)
}

/// Few wait for goods: the random one of those, where there are any.
fn awaiting(which: Index, model: &Model) -> usize {
    let awaits = |nth: &usize| model.requests[*nth].awaits_goods();
    let waiting: Vec<usize> = (0..model.requests.len()).filter(awaits).collect();
    if waiting.is_empty() { which.index(model.requests.len()) } else { waiting[which.index(waiting.len())] }
}

impl Model {
    /// Whether a store can take so many pieces of a request that waits for them: as many of an exchange have to be there,
    /// as the smaller ones are.
    fn can_take(&self, nth: usize, at: usize, came: Came) -> bool {
        let request = &self.requests[nth];
        let mut after = self.shelves[at].clone();
        after.book(came.all());
        [came.scrap, came.supplier].into_iter().for_each(|gone| after.book(-gone));
        let there = self.free(at) + came.restock - after.expired;
        let same = request.kind == AfterSalesKind::Exchange && request.line == 1 && !request.for_smaller;
        let enough = !same || there >= came.all();
        (1..=request.pieces).contains(&came.all()) && enough
    }

    /// What came is booked, and what did not is no more part of the request.
    fn take_in(&mut self, nth: usize, at: usize, came: Came) {
        let (request, shelf) = (&mut self.requests[nth], &mut self.shelves[at]);
        let exchange = request.kind == AfterSalesKind::Exchange;
        // What came in exchange before is of another shelf.
        if request.line == 1 {
            shelf.book(came.all());
            [came.scrap, came.supplier].into_iter().for_each(|gone| shelf.book(-gone));
        }
        if request.for_smaller {
            self.orders[request.order].given.push(came.all());
        } else if exchange && request.line == 1 {
            shelf.book(-came.all());
        }
        request.pieces = came.all();
        request.state = if exchange { AfterSalesState::Exchanged } else { AfterSalesState::Refunded };
    }
}
