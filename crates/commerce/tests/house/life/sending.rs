//! Parcels.

use commerce::express;
use domain::{
    ParcelId, UnsentEndId,
    express::{Carrier, PackedLine, ShipParcel},
    fulfilment::Fulfilment,
    orders::OrderState,
    parcels::{Afterwards, TakeBackParcel},
    unsent::{EndUnsent, UnsentFate},
};
use proptest::prelude::*;
use uuid::Uuid;

use super::{
    cast::Cast,
    model::{Model, Parcel},
    tries::Send,
};

impl Cast {
    pub async fn send(&self, deed: &Send, model: &mut Model) -> Result<(), TestCaseError> {
        if model.orders.is_empty() {
            return Ok(());
        }
        match deed {
            Send::Pack(which, pieces) => self.pack(which.index(model.orders.len()), *pieces, model).await,
            Send::Confirm(which) => self.confirm(which.index(model.orders.len()), model).await,
            Send::End(which, fate) => {
                // Few are there: the random one of those of which some has left, where there are any.
                let part_sent = |nth: &usize| model.orders[*nth].is_part_sent();
                let sent: Vec<usize> = (0..model.orders.len()).filter(part_sent).collect();
                let nth = if sent.is_empty() { which.index(model.orders.len()) } else { sent[which.index(sent.len())] };
                self.end(nth, *fate, model).await
            }
            Send::Back(which, then) => {
                let is_out = |parcel: &Parcel| parcel.back.is_none();
                let out: Vec<usize> =
                    (0..model.orders.len()).filter(|nth| model.orders[*nth].parcels.iter().any(is_out)).collect();
                let nth = if out.is_empty() { which.index(model.orders.len()) } else { out[which.index(out.len())] };
                self.take_back(nth, *then, model).await
            }
        }
    }

    /// With the first parcel the order has left its store, all of it.
    pub async fn pack(&self, nth: usize, pieces: i64, model: &mut Model) -> Result<(), TestCaseError> {
        let order = &mut model.orders[nth];
        let id = Uuid::now_v7();
        let parcel = ShipParcel {
            id: ParcelId(id),
            carrier: Carrier::Shunfeng,
            tracking_number: id.simple().to_string(),
            lines: vec![PackedLine { line: 1, quantity: pieces }],
        };
        let sent = express::ship(&self.managers[order.at], order.id, parcel).await;
        let leaves = matches!(order.state, OrderState::Accepted | OrderState::Ready);
        let possible = order.way == Fulfilment::Express && (leaves || order.state == OrderState::Dispatched);
        prop_assert_eq!(sent.is_ok(), possible && order.packed() + pieces <= order.pieces, "{:?}", sent);
        if sent.is_ok() {
            order.parcels.push(Parcel { id: ParcelId(id), pieces, back: None, settled: false, free: 0 });
            if leaves {
                order.state = OrderState::Dispatched;
                model.shelves[order.at].on_hand -= order.pieces;
            }
        }
        Ok(())
    }

    /// What left with the rest and never went is at its store again; there is so much less of the order.
    async fn end(&self, nth: usize, fate: UnsentFate, model: &mut Model) -> Result<(), TestCaseError> {
        let order = &mut model.orders[nth];
        let id = UnsentEndId(Uuid::now_v7());
        let command = EndUnsent { id, lines: Vec::new(), reason: "货架上没有了".into(), fate };
        let ended = express::end_unsent(&self.managers[order.at], order.id, command).await;
        prop_assert_eq!(ended.is_ok(), order.is_part_sent(), "{:?}", ended);
        if ended.is_ok() {
            let rest = order.pieces - order.packed();
            order.pieces -= rest;
            let shelf = &mut model.shelves[order.at];
            shelf.come_back(rest);
            if fate == UnsentFate::Lose {
                shelf.lose_of_the_shop(rest);
            }
            model.give_up_what_is_back(nth);
        }
        Ok(())
    }

    /// The store has a parcel again. Its pieces are sent again, or paid back once nothing of the order is out.
    async fn take_back(
        &self,
        nth: usize,
        (afterwards, spoilt): (Afterwards, bool),
        model: &mut Model,
    ) -> Result<(), TestCaseError> {
        let order = &mut model.orders[nth];
        let Some(parcel) = order.parcels.iter().find(|parcel| parcel.back.is_none()).or(order.parcels.last()) else {
            return Ok(());
        };
        let (id, back) = (parcel.id, parcel.back);
        let command = TakeBackParcel { reason: "拒收".into(), afterwards, spoilt };
        let taken = express::take_back(&self.managers[order.at], order.id, id, &command).await;
        let possible = afterwards == Afterwards::Refund || order.state == OrderState::Dispatched;
        let expected = back.map_or(possible, |back| back == (afterwards, spoilt));
        prop_assert_eq!(taken.is_ok(), expected, "{:?}", taken);
        if expected && back.is_none() {
            order.parcels.iter_mut().filter(|parcel| parcel.id == id).for_each(|parcel| {
                parcel.back = Some((afterwards, spoilt));
            });
            match afterwards {
                // Nothing of it is out: it is as if it had never left.
                Afterwards::SendAgain if order.packed() == 0 => {
                    order.state = OrderState::Ready;
                    model.shelves[order.at].come_back(order.pieces);
                }
                Afterwards::SendAgain => {}
                Afterwards::Refund if order.state == OrderState::Completed => model.pay_back_parcels(nth),
                Afterwards::Refund => model.give_up_what_is_back(nth),
            }
        }
        prop_assert_eq!(self.world.state_of(model.orders[nth].id).await, model.orders[nth].state);
        Ok(())
    }

    pub async fn confirm(&self, nth: usize, model: &mut Model) -> Result<(), TestCaseError> {
        let order = &mut model.orders[nth];
        let taken = express::confirm(&self.buyer, order.id).await;
        let here = match order.way {
            Fulfilment::Express => order.packed() == order.pieces,
            Fulfilment::Delivery => true,
            Fulfilment::Pickup | Fulfilment::InStore => false,
        };
        let all_sent = order.state == OrderState::Dispatched && here;
        prop_assert_eq!(taken.is_ok(), all_sent || order.state == OrderState::Completed, "{:?}", taken);
        if all_sent {
            order.state = OrderState::Completed;
            model.pay_back_parcels(nth);
        }
        let order = &model.orders[nth];
        prop_assert_eq!(self.world.state_of(order.id).await, order.state);
        Ok(())
    }
}
