//! The cart and its quote: the one place where prices are calculated (D1).
//!
//! - `lines`: lines that are set at the same moment are written together
//! - `quote`: what a part's lines cost now; quotes asked for at the same moment are read together
//! - `apart`: lines of a store that go another way than its others
//! - `better`: which stores would rather send what is in a part
//! - `hand_over`: a part's lines go to the parts of other stores

mod apart;
mod better;
mod hand_over;
mod lines;
mod quote;

use std::collections::BTreeMap;

use domain::{
    Complaint, Fault, SkuId, StoreId,
    cart::{CartView, Part, RemoveLine, SetLine},
    catalog::Options,
    fulfilment::Wish,
    purchase_limits::PurchaseLimit,
};

use crate::{
    Scope,
    database::OrFault,
    holds,
    memory::{self, Key},
    stock::purchase_limits,
};

pub use apart::{part_of, parts, set_apart};
pub use hand_over::hand_over;
pub use quote::{quote, quote_for};

pub(crate) use lines::LINES_MOST;
pub(crate) use quote::quote_to_place;

/// Where carts wait to be written and read.
pub(crate) struct Desks {
    setting: lines::Desk,
    reading: quote::Desk,
}

/// The desks of one server.
pub(crate) fn desks() -> Desks {
    Desks { setting: lines::desk(), reading: quote::desk() }
}

/// Sets a line to a quantity; one that is there stays in its part. Saying it twice is saying it once.
///
/// Faults: `Unauthenticated` for a visitor without a session; `NotFound` for goods this store does
/// not sell; `Invalid` beside `options` or `quantity`; `SoldOut` beside `quantity`, also for more than one member may have.
pub async fn set_line(scope: &Scope, line: SetLine) -> Result<(), Fault> {
    let cart = scope.cart.ok_or(Fault::Unauthenticated)?;
    let (sight, (), offers) = memory::look(scope, Key::Id(line.store_id), |sight| {
        if !sight.menu.has(&sight.catalogue, line.sku_id.0) {
            return Err(Fault::NotFound("这件商品"));
        }
        Ok(((), vec![line.sku_id.0]))
    })
    .await?;
    let mut available = offers.first().map_or(0, |offer| offer.available);
    if line.quantity.get() > available {
        available = available.max(0) + holds::held_of(scope, line.store_id, line.sku_id).await?;
    }
    if line.quantity.get() > available {
        return Err(holds::sold_out(available));
    }
    let sku = sight.catalogue.sku(line.sku_id.0).ok_or(Fault::NotFound("这件商品"))?;
    let modifiers = &sight.catalogue.product_of(sku).modifiers;
    line.options.chosen(modifiers).map_err(|reason| Fault::invalid("options", reason))?;
    if let Some(limit) = sku.limit {
        within(scope, &line, limit).await?;
    }
    lines::set(scope, lines::Line { cart: cart.0, line, at: scope.now }).await
}

/// Refuses more than the member may have of limited goods; less than before is no more, whatever is allowed by now.
async fn within(scope: &Scope, line: &SetLine, limit: PurchaseLimit) -> Result<(), Fault> {
    let had = purchase_limits::had_of(scope, Some(line.store_id), &[(line.sku_id.0, limit)]).await?;
    let had = had.get(&line.sku_id.0).copied().unwrap_or(0);
    if had + line.quantity.get() <= limit.most
        || line.quantity.get() < quantity_of(scope, line.store_id, line.sku_id, &line.options).await?
    {
        return Ok(());
    }
    Err(Fault::SoldOut(vec![Complaint::new("quantity", limit.refusal(had))]))
}

/// Takes a line out; one that is not there is out already.
pub async fn remove_line(scope: &Scope, line: RemoveLine) -> Result<(), Fault> {
    let cart = scope.cart.ok_or(Fault::Unauthenticated)?;
    let mut tx = scope.begin().await?;
    sqlx::query!(
        "delete from cart_lines where cart_id = $1 and store_id = $2 and sku_id = $3 and options = $4",
        cart.0,
        line.store_id.0,
        line.sku_id.0,
        line.options.codes().join(","),
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    tx.commit().await.or_fault()
}

/// How many pieces are in the cart, for the badge.
pub async fn pieces(scope: &Scope) -> Result<i64, Fault> {
    let Some(cart) = scope.cart else { return Ok(0) };
    let mut tx = scope.begin().await?;
    sqlx::query_scalar!(
        r#"select coalesce(sum(quantity), 0)::bigint as "pieces!" from cart_lines where cart_id = $1"#,
        cart.0
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()
}

/// How many of a SKU with these options are in the cart.
pub async fn quantity_of(scope: &Scope, store: StoreId, sku: SkuId, options: &Options) -> Result<i64, Fault> {
    Ok(lines::find(scope, store, sku, options).await?.map_or(0, |line| line.quantity))
}

/// The whole cart, a quote for each of its parts.
pub async fn show(scope: &Scope) -> Result<CartView, Fault> {
    show_for(scope, &BTreeMap::new()).await
}

/// The whole cart, each part for its own way; for pickup where none is named.
///
/// Faults: those of [`quote_for`].
pub async fn show_for(scope: &Scope, wishes: &BTreeMap<Part, Wish>) -> Result<CartView, Fault> {
    let mut view = CartView::default();
    for part in parts(scope).await? {
        let quote = quote_for(scope, part, &wishes.get(&part).copied().unwrap_or_default()).await?;
        view.pieces += quote.lines.iter().map(|line| line.quantity.get()).sum::<i64>();
        view.quotes.push(quote);
    }
    Ok(view)
}
