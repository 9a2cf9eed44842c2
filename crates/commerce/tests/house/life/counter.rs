//! Sales at the counter.

use commerce::counter_sales;
use domain::{
    CounterReturnId, CounterSaleId,
    counter_sales::{CounterLine, SellAtCounter, TakeBack, TakeBackWhy},
};
use proptest::prelude::*;
use uuid::Uuid;

use super::{
    cast::{Cast, lines},
    model::{CounterSold, Model},
    tries::Counter,
};

impl Cast {
    pub async fn counter(&self, deed: &Counter, model: &mut Model) -> Result<(), TestCaseError> {
        match *deed {
            Counter::Sell(at, pieces, handed_over) => {
                let id = CounterSaleId(Uuid::now_v7());
                let lines = vec![CounterLine { code: model.sku.to_string(), pieces }];
                let sale = SellAtCounter { id, lines, occurred_at: None, handed_over };
                let sold = counter_sales::sell(&self.managers[at], self.store(at), sale).await;
                let possible = handed_over || model.at_counter(at) >= pieces;
                prop_assert_eq!(sold.is_ok(), possible, "{:?}", sold);
                if possible {
                    let shelf = &mut model.shelves[at];
                    if !handed_over {
                        shelf.look(0);
                    }
                    shelf.book(-pieces);
                    model.counter.push(CounterSold { id, at, left: pieces });
                }
            }
            Counter::TakeBack(which, pieces) if !model.counter.is_empty() => {
                let nth = which.index(model.counter.len());
                let sale = &mut model.counter[nth];
                let (id, lines) = (CounterReturnId(Uuid::now_v7()), lines(model.sku, pieces));
                let back = TakeBack { id, lines, why: TakeBackWhy::Returned };
                let taken = counter_sales::take_back(&self.managers[sale.at], sale.id, back).await;
                prop_assert_eq!(taken.is_ok(), pieces <= sale.left, "{:?}", taken);
                if taken.is_ok() {
                    sale.left -= pieces;
                    model.shelves[sale.at].take_back(pieces);
                }
            }
            Counter::TakeBack(..) => {}
        }
        Ok(())
    }
}
