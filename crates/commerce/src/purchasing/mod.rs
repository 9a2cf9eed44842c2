//! Buying goods 采购 (K5).
//!
//! - `suppliers`: whom goods are bought from, and what they ask
//! - `draft`: writing an order, handing it in
//! - `decide`: agreeing, turning down, calling off, closing
//! - `receive`: what arrives, what goes back; both change stock, costs and what is owed
//! - `read`: lists, one order
//! - `payables`: invoices against what arrived, what is owed
//! - `payments`: paying invoices, at once or in parts
//! - `invoices_back`: invoices that were entered wrongly
//! - `ledger`: double entry of what is owed
//! - `set_apart`: what shoppers brought back for the supplier
//! - `short`: what places are short of, and `replenish`: ordering it
//! - `import`: suppliers with their prices, and drafts, from tables
//!
//! An order is locked before the stock that it moves; a supplier before their invoices.

mod decide;
mod draft;
pub(crate) mod import;
mod invoices_back;
mod ledger;
mod payables;
mod payments;
mod read;
mod receive;
mod replenish;
mod set_apart;
mod short;
mod suppliers;

use chrono::NaiveDate;
use domain::{
    Fault, Fen, LocationId, PurchaseId, SkuId, StaffId,
    audit::{Act, ObjectKind},
    purchasing::{PurchaseAct, PurchaseState},
    staff::{Permission, Reach},
    stock_lists::DocumentKind,
    text,
    transfers::{Location, LocationKind, Pieces},
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    transfers::{Rights, places},
};

pub use decide::{cancel, close, decide};
pub use draft::{draft, submit};
pub use invoices_back::take_back_invoice;
pub use payables::{billable, enter_invoice, invoice, invoices, payables};
pub use payments::{pay_invoice, pay_part, take_back_payment};
pub use read::{list, places as places_to_order_to, show, waiting, whole_list};
pub use receive::{receive, send_back};
pub use replenish::{order_proposed, order_shortfalls, proposals, short_at, shortfalls};
pub use set_apart::{credit as credit_hand_over, hand_over, scrap_set_apart, set_apart};
pub use suppliers::{LIST_MOST as SUPPLIERS_MOST, list as suppliers, prices, save as save_supplier, set_prices};

/// Refuses whoever does not buy for the chain.
///
/// Faults: `Unauthenticated`; `Forbidden`.
fn must_buy(scope: &Scope) -> Result<(), Fault> {
    everywhere(scope, Permission::ManagePurchasing)
}

fn everywhere(scope: &Scope, permission: Permission) -> Result<(), Fault> {
    match scope.reach(permission)? {
        Reach::All => Ok(()),
        Reach::Stores(_) => Err(Fault::Forbidden),
    }
}

/// As people say an order's number.
fn number_text(number: i64) -> String {
    DocumentKind::Purchase.said(number)
}

const NO_PURCHASE: Fault = Fault::NotFound("这张采购单");
const NO_SUPPLIER: Fault = Fault::NotFound("这个供应商");

/// The day in China.
fn today(scope: &Scope) -> NaiveDate {
    scope.now.with_timezone(&text::zone("")).date_naive()
}

/// An order locked for a step.
struct Purchase {
    id: PurchaseId,
    supplier: Uuid,
    location: Location,
    /// Whether the place is closed.
    closed: bool,
    state: PurchaseState,
    above: bool,
    note: String,
    expected_on: Option<NaiveDate>,
    total: Fen,
    lines: Vec<Line>,
}

/// One of its lines.
struct Line {
    sku: SkuId,
    quantity: i64,
    price: Fen,
    received: i64,
    returned: i64,
}

impl Purchase {
    /// So many pieces of each variant as `of` says.
    fn pieces(&self, of: impl Fn(&Line) -> i64) -> Vec<Pieces> {
        self.lines.iter().map(|line| Pieces { sku_id: line.sku, quantity: of(line) }).collect()
    }

    fn price_of(&self, sku: SkuId) -> Fen {
        self.lines.iter().find(|line| line.sku == sku).map_or(Fen::ZERO, |line| line.price)
    }
}

/// Locks an order; nothing else happens to it until the transaction ends.
///
/// Faults: `NotFound`.
async fn lock(tx: &mut PgConnection, id: PurchaseId) -> Result<Purchase, Fault> {
    let row = sqlx::query!(
        "select supplier_id, location_id, state, above, note, expected_on, total_fen
         from purchases where id = $1 for update",
        id.0,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .ok_or(NO_PURCHASE)?;
    let state = PurchaseState::from_code(&row.state).ok_or_else(|| Fault::Internal(format!("state {}", row.state)))?;
    let [place] = places(tx, [LocationId(row.location_id)]).await?;
    let lines = sqlx::query!(
        "select sku_id, quantity, price_fen, received, returned from purchase_lines where purchase_id = $1 order by sku_id",
        id.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let line = lines.into_iter().map(|row| Line {
        sku: SkuId(row.sku_id),
        quantity: row.quantity,
        price: Fen(row.price_fen),
        received: row.received,
        returned: row.returned,
    });
    Ok(Purchase {
        id,
        supplier: row.supplier_id,
        location: place.location,
        closed: place.closed,
        state,
        above: row.above,
        note: row.note,
        expected_on: row.expected_on,
        total: Fen(row.total_fen),
        lines: line.collect(),
    })
}

/// What is said of a step.
#[derive(Default)]
struct Said<'a> {
    note: &'a str,
    in_place_of: Option<StaffId>,
    /// How many pieces it moves.
    pieces: i64,
}

/// Applies the transition table to a locked order, and records who did it and why.
///
/// Faults: `Conflict` (`not_now`) where the table does not allow it.
async fn advance(
    tx: &mut PgConnection,
    scope: &Scope,
    purchase: &mut Purchase,
    act: PurchaseAct,
    said: Said<'_>,
) -> Result<(), Fault> {
    let before = purchase.state;
    let not_now = || Fault::conflict("not_now", format!("这张采购单{}，不能再{}", before.label(), act.label()));
    let next = before.after(act).ok_or_else(not_now)?;
    sqlx::query!("update purchases set state = $2 where id = $1", purchase.id.0, next.code())
        .execute(&mut *tx)
        .await
        .or_fault()?;
    let actor = scope.actor();
    sqlx::query!(
        "insert into purchase_steps (purchase_id, step, act, state, at, staff_id, api_key_id, in_place_of, note)
         select $1, coalesce(max(step), 0) + 1, $2, $3, $4, $5, $6, $7, $8 from purchase_steps where purchase_id = $1",
        purchase.id.0,
        act.code(),
        next.code(),
        scope.now,
        actor.staff,
        actor.key,
        said.in_place_of.map(|person| person.0),
        said.note,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    purchase.state = next;
    let change = Change {
        act: Act::on_purchase(act),
        object: ObjectKind::Purchase,
        object_id: purchase.id.0,
        store_id: purchase.location.store().map(|store| store.0),
        before: json!({ "state": before }),
        after: json!({ "state": next, "pieces": said.pieces, "in_place_of": said.in_place_of, "place": purchase.location.name }),
        reason: said.note,
    };
    audit::record(tx, scope, change).await
}

/// What whoever asks has to do with orders to suppliers.
struct Concern {
    /// Whether they buy for the chain.
    buys: bool,
    /// Where they take goods in.
    rights: Option<Rights>,
}

impl Concern {
    /// Faults: `Unauthenticated`; `Forbidden` for who neither buys nor has to do with goods.
    fn of(scope: &Scope) -> Result<Self, Fault> {
        let buys = must_buy(scope).is_ok();
        match Rights::of(scope) {
            Err(fault) if !buys => Err(fault),
            rights => Ok(Self { buys, rights: rights.ok() }),
        }
    }

    /// Whether they see an order to this place. Those who only take goods in see what was agreed to.
    fn sees(&self, place: &Location, state: PurchaseState) -> bool {
        let agreed = !matches!(state, PurchaseState::Draft | PurchaseState::Submitted | PurchaseState::Rejected);
        self.buys || (agreed && self.rights.as_ref().is_some_and(|rights| rights.concerned_at(place)))
    }

    /// Whether they take goods in there. Who buys does so for warehouses.
    fn receives_at(&self, place: &Location) -> bool {
        let warehouse = self.buys && place.kind == LocationKind::Warehouse;
        warehouse || self.rights.as_ref().is_some_and(|rights| rights.books_at(place))
    }

    /// Whether they send goods back from there: who takes them in, or has bought them.
    fn sends_back_from(&self, place: &Location) -> bool {
        self.buys || self.receives_at(place)
    }
}

fn sum(pieces: &[Pieces]) -> i64 {
    pieces.iter().map(|one| one.quantity).sum()
}

/// Variants and numbers as a query takes them.
fn columns(pieces: &[Pieces]) -> (Vec<Uuid>, Vec<i64>) {
    pieces.iter().map(|one| (one.sku_id.0, one.quantity)).unzip()
}
