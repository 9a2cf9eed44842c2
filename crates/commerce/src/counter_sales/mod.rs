//! What is sold at the counter 柜台销售 (K2): of the same pieces as the shop, so that neither sells what the other has sold.
//!
//! - `sell`: a sale, guarded like an order or booked as the fact that it is
//! - `take_back`: pieces of one are back on the shelf
//! - `read`: sales, one sale, a day, what lies on the counter
//!
//! The movements' causes are its own (`counter_sale`, `counter_return`), and all that asks what was sold counts them. No
//! money is booked: what the till took is not known here (F2).

mod read;
mod sell;
mod take_back;

use domain::{
    CounterSaleId, Fault, LocationId, StoreId,
    audit::{Act, ObjectKind},
    staff::Permission,
    stock_lists::DocumentKind,
};
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::{
    Scope,
    audit::{self, Change},
};

pub use read::{day, find, list, on_counter, show, stores};
pub use sell::sell;
pub use take_back::take_back;

const NO_SALE: Fault = Fault::NotFound("这笔柜台销售");
const NO_STORE: Fault = Fault::NotFound("这家门店");

/// As people say the number of one.
fn number_text(number: i64) -> String {
    DocumentKind::CounterSale.said(number)
}

fn place(store: StoreId) -> LocationId {
    LocationId(store.0)
}

/// Whoever hands goods over at this store sells there too, programs included.
///
/// Faults: `NotFound` for a store out of reach; `Unauthenticated`; `Forbidden`.
fn serves_at(scope: &Scope, store: StoreId) -> Result<(), Fault> {
    if scope.reach(Permission::FulfilOrders)?.covers(store) { Ok(()) } else { Err(NO_STORE) }
}

async fn record(
    tx: &mut PgConnection,
    scope: &Scope,
    (act, id, store): (Act, CounterSaleId, StoreId),
    (after, reason): (Value, &str),
) -> Result<(), Fault> {
    let change = Change {
        act,
        object: ObjectKind::CounterSale,
        object_id: id.0,
        store_id: Some(store.0),
        before: json!(null),
        after,
        reason,
    };
    audit::record(tx, scope, change).await
}
