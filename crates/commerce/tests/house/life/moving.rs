//! Goods that go from place to place, and from and to suppliers.

use commerce::{purchasing, supply, transfers};
use domain::{
    Fen, PurchaseId, TransferId,
    purchasing::{
        DraftPurchase, PurchaseAct, PurchaseLineAsked, PurchaseNote, PurchaseState, ReceivePurchase, ReturnPurchase,
    },
    supply::{Allocate, AllocateRow, ReceiveGoods},
    transfers::{
        CancelTransfer, DecideTransfer, ReceiveRest, ReceiveTransfer, RequestTransfer, SettleTransfer, Settled,
        ShipTransfer, TransferAct, TransferState,
    },
};
use proptest::{prelude::*, sample::Index};
use uuid::Uuid;

use super::{
    cast::{Cast, lines},
    model::{Model, Purchase, Transfer, WAREHOUSE},
    tries::Move,
};

fn why() -> String {
    "周末活动".into()
}

impl Cast {
    pub async fn transfer(&self, deed: &Move, model: &mut Model) -> Result<(), TestCaseError> {
        match *deed {
            Move::Ask(from, to, pieces) => {
                let id = TransferId(Uuid::now_v7());
                let (from_id, to_id) = (self.place(from), self.place(to));
                let request = RequestTransfer { id, from_id, to_id, lines: lines(model.sku, pieces), reason: why() };
                transfers::request(&self.head, request).await.unwrap();
                model.transfers.push(asked(id, (from, to), TransferState::Requested, pieces));
                Ok(())
            }
            Move::On(which, pieces) => {
                if model.transfers.is_empty() {
                    return Ok(());
                }
                let one = &model.transfers[which.index(model.transfers.len())];
                let deed = match one.state {
                    TransferState::Requested => Move::Agree(which, pieces.min(one.requested)),
                    TransferState::Approved => Move::Ship(which, pieces.min(one.approved)),
                    TransferState::Shipped => Move::Receive(which, pieces.min(one.shipped)),
                    _ => {
                        let some = pieces.min(one.on_the_way);
                        match pieces % 3 {
                            0 => Move::ReceiveRest(which, one.received + some),
                            1 => Move::Settle(which, one.lost + some, one.returned),
                            _ => Move::Settle(which, one.lost, one.returned + some),
                        }
                    }
                };
                self.carry(&deed, which, model).await
            }
            Move::Allocate(to, pieces) => self.allocate(to, pieces, model).await,
            Move::Agree(which, _)
            | Move::Reject(which)
            | Move::Withdraw(which)
            | Move::Cancel(which)
            | Move::Ship(which, _)
            | Move::Receive(which, _)
            | Move::ReceiveRest(which, _)
            | Move::Settle(which, ..) => self.carry(deed, which, model).await,
            Move::Buy(at, ordered) => {
                let id = self.buy(at, ordered, model).await;
                let state = PurchaseState::Approved;
                model.purchases.push(Purchase { id, at, state, ordered, received: 0, returned: 0 });
                Ok(())
            }
            Move::Arrive(which, pieces) => self.arrive(which, pieces, model).await,
            Move::SendBack(which, pieces) => self.send_back(which, pieces, model).await,
            Move::CallOff(which) => self.stop(which, PurchaseAct::Cancel, model).await,
            Move::Close(which) => self.stop(which, PurchaseAct::Close, model).await,
            Move::TakeIn(at, pieces) => {
                let (id, location_id) = (Uuid::now_v7(), self.place(at));
                let lines = lines(model.sku, pieces);
                let receipt = ReceiveGoods {
                    id,
                    location_id,
                    lines,
                    note: String::new(),
                    prices: Vec::new(),
                    batches: Vec::new(),
                };
                supply::receive(&self.head, receipt).await.unwrap();
                model.shelves[at].book(pieces);
                Ok(())
            }
        }
    }

    /// No more than the warehouse has, less what it has agreed to send.
    async fn allocate(&self, to: usize, pieces: i64, model: &mut Model) -> Result<(), TestCaseError> {
        let store = ["RMGC", "XIHU"][to].to_owned();
        let row = AllocateRow { store, sku: model.sku.to_string(), quantity: pieces };
        let table = Allocate { id: Uuid::now_v7(), from_id: self.place(WAREHOUSE), rows: vec![row], reason: why() };
        let answer = supply::allocate(&self.head, table).await.unwrap();
        let agreed = model.transfers.iter().filter(|one| (one.from, one.state) == (WAREHOUSE, TransferState::Approved));
        let left =
            model.free(WAREHOUSE) - model.shelves[WAREHOUSE].expired - agreed.map(|one| one.approved).sum::<i64>();
        let id = answer.rows[0].transfer_id;
        prop_assert_eq!(id.is_some(), left >= pieces, "{:?}", answer);
        model.transfers.extend(id.map(|id| asked(id, (WAREHOUSE, to), TransferState::Approved, pieces)));
        Ok(())
    }

    /// A transfer takes a step, or cannot, or has taken it before.
    async fn carry(&self, deed: &Move, which: Index, model: &mut Model) -> Result<(), TestCaseError> {
        if model.transfers.is_empty() {
            return Ok(());
        }
        let nth = which.index(model.transfers.len());
        let done = self.carried(deed, model.transfers[nth].id, model).await;
        let expected = carried(deed, nth, model);
        prop_assert_eq!(done.is_ok(), expected, "{:?}", done);
        let one = &model.transfers[nth];
        let (state, on_the_way): (String, i64) = sqlx::query_as(
            "select t.state, l.on_the_way from stock_transfers t join stock_transfer_lines l on l.transfer_id = t.id
             where t.id = $1",
        )
        .bind(one.id.0)
        .fetch_one(&self.world.owner)
        .await
        .unwrap();
        prop_assert_eq!((TransferState::from_code(&state), on_the_way), (Some(one.state), one.on_the_way));
        Ok(())
    }

    async fn carried(&self, deed: &Move, id: TransferId, model: &Model) -> Result<(), domain::Fault> {
        let (who, sku) = (&self.head, model.sku);
        match *deed {
            Move::Agree(_, pieces) => {
                let yes = DecideTransfer { approve: true, lines: lines(sku, pieces), note: String::new() };
                transfers::decide(who, id, yes).await
            }
            Move::Reject(_) => {
                let no = DecideTransfer { approve: false, lines: Vec::new(), note: why() };
                transfers::decide(who, id, no).await
            }
            Move::Withdraw(_) => transfers::withdraw(who, id).await,
            Move::Cancel(_) => transfers::cancel(who, id, CancelTransfer { note: why() }).await,
            Move::Ship(_, pieces) => {
                transfers::ship(who, id, ShipTransfer { lines: lines(sku, pieces), note: String::new() }).await
            }
            Move::Receive(_, pieces) => {
                transfers::receive(who, id, ReceiveTransfer { lines: lines(sku, pieces), reason: why() }).await
            }
            Move::ReceiveRest(_, come) => {
                transfers::receive_rest(who, id, ReceiveRest { lines: lines(sku, come), note: String::new() })
                    .await
                    .map(drop)
            }
            Move::Settle(_, lost, returned) => {
                let lines = vec![Settled { sku_id: sku, lost, returned }];
                transfers::settle(who, id, SettleTransfer { lines, note: why() }).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    async fn buy(&self, at: usize, quantity: i64, model: &Model) -> PurchaseId {
        let id = PurchaseId(Uuid::now_v7());
        let line = PurchaseLineAsked { sku_id: model.sku, quantity, price_fen: Some(Fen(500)) };
        let draft = DraftPurchase {
            supplier_id: self.supplier,
            location_id: self.place(at),
            lines: vec![line],
            expected_on: None,
            note: String::new(),
        };
        purchasing::draft(&self.head, id, draft).await.unwrap();
        assert_eq!(purchasing::submit(&self.head, id).await.unwrap(), PurchaseState::Approved);
        id
    }

    async fn arrive(&self, which: Index, pieces: i64, model: &mut Model) -> Result<(), TestCaseError> {
        if model.purchases.is_empty() {
            return Ok(());
        }
        let nth = which.index(model.purchases.len());
        let one = &mut model.purchases[nth];
        let lines = lines(model.sku, pieces);
        let receipt = ReceivePurchase { id: Uuid::now_v7(), lines, note: String::new(), batches: Vec::new() };
        let came = purchasing::receive(&self.head, one.id, receipt).await;
        let outstanding = one.ordered - one.received;
        prop_assert_eq!(came.is_ok(), one.state.expects_goods() && pieces <= outstanding, "{:?}", came);
        if came.is_ok() {
            let act = if pieces == outstanding { PurchaseAct::ReceiveAll } else { PurchaseAct::ReceivePart };
            one.state = one.state.after(act).unwrap();
            one.received += pieces;
            model.shelves[one.at].book(pieces);
        }
        Ok(())
    }

    async fn stop(&self, which: Index, act: PurchaseAct, model: &mut Model) -> Result<(), TestCaseError> {
        if model.purchases.is_empty() {
            return Ok(());
        }
        let nth = which.index(model.purchases.len());
        let one = &mut model.purchases[nth];
        let command = PurchaseNote { note: why() };
        let (done, stopped) = match act {
            PurchaseAct::Cancel => (PurchaseState::Cancelled, purchasing::cancel(&self.head, one.id, command).await),
            _ => (PurchaseState::Closed, purchasing::close(&self.head, one.id, command).await),
        };
        let next = one.state.after(act);
        prop_assert_eq!(stopped.is_ok(), next.is_some() || one.state == done, "{:?}", stopped);
        one.state = next.unwrap_or(one.state);
        Ok(())
    }

    /// Only what has come of it, is there, and is promised to nobody.
    async fn send_back(&self, which: Index, pieces: i64, model: &mut Model) -> Result<(), TestCaseError> {
        if model.purchases.is_empty() {
            return Ok(());
        }
        let nth = which.index(model.purchases.len());
        let one = model.purchases[nth].clone();
        let lines = lines(model.sku, pieces);
        let back = ReturnPurchase { id: Uuid::now_v7(), lines, reason: why(), batches: Vec::new() };
        let gone = purchasing::send_back(&self.head, one.id, back).await;
        let possible = pieces <= one.received - one.returned && model.free(one.at) >= pieces;
        prop_assert_eq!(gone.is_ok(), possible, "{:?}", gone);
        if possible {
            model.purchases[nth].returned += pieces;
            model.shelves[one.at].clear(-pieces);
        }
        Ok(())
    }
}

fn asked(id: TransferId, (from, to): (usize, usize), state: TransferState, pieces: i64) -> Transfer {
    let approved = if state == TransferState::Approved { pieces } else { 0 };
    Transfer {
        id,
        from,
        to,
        state,
        requested: pieces,
        approved,
        shipped: 0,
        received: 0,
        on_the_way: 0,
        lost: 0,
        returned: 0,
        rest_came: false,
        batches: Default::default(),
    }
}

/// What a step does to a transfer and to the shelves; answers whether it is taken, now or before just so.
fn carried(deed: &Move, nth: usize, model: &mut Model) -> bool {
    use TransferState::{Approved, Cancelled, Received, Rejected, Requested, Shipped, Withdrawn};
    let free = model.fit(model.transfers[nth].from);
    let one = &mut model.transfers[nth];
    let simple = |one: &mut Transfer, act: TransferAct, done: TransferState| {
        let taken = one.state.after(act).is_some() || one.state == done;
        one.state = if taken { done } else { one.state };
        taken
    };
    match *deed {
        Move::Agree(_, pieces) if one.state == Requested && pieces <= one.requested => {
            (one.state, one.approved) = (Approved, pieces);
            true
        }
        Move::Agree(_, pieces) => one.state == Approved && one.approved == pieces,
        Move::Reject(_) => simple(one, TransferAct::Reject, Rejected),
        Move::Withdraw(_) => simple(one, TransferAct::Withdraw, Withdrawn),
        Move::Cancel(_) => simple(one, TransferAct::Cancel, Cancelled),
        Move::Ship(_, pieces) if one.state == Approved => {
            let possible = pieces <= one.approved && pieces <= free;
            if possible {
                let shelf = &mut model.shelves[one.from];
                (one.state, one.shipped, one.on_the_way) = (Shipped, pieces, pieces);
                one.batches = shelf.pack(pieces);
                shelf.book(-pieces);
            }
            possible
        }
        Move::Ship(_, pieces) => matches!(one.state, Shipped | Received) && one.shipped == pieces,
        Move::Receive(_, pieces) if one.state == Shipped && pieces <= one.shipped => {
            (one.state, one.received) = (Received, pieces);
            if pieces > 0 {
                one.unpack(&mut model.shelves[one.to], pieces);
            }
            true
        }
        Move::Receive(_, pieces) => one.state == Received && one.received == pieces,
        Move::ReceiveRest(_, come) if one.state == Received && come > one.received => {
            let more = come - one.received;
            let possible = more <= one.on_the_way;
            if possible {
                (one.received, one.rest_came) = (come, true);
                one.unpack(&mut model.shelves[one.to], more);
            }
            possible
        }
        Move::ReceiveRest(_, come) => one.state == Received && one.rest_came && come == one.received,
        Move::Settle(_, lost, returned) if one.state == Received => {
            let (gone, back) = (lost - one.lost, returned - one.returned);
            if gone < 0 || back < 0 || gone + back > one.on_the_way {
                return false;
            }
            (one.lost, one.returned) = (lost, returned);
            one.on_the_way -= gone;
            if back > 0 {
                one.unpack(&mut model.shelves[one.from], back);
            }
            lost + returned > 0
        }
        Move::Settle(..) => false,
        _ => true,
    }
}
