//! Which stores would rather send what is in a store's part of the cart (D2): those that head office's rule for the way
//! names, for express and for what riders bring.

use std::collections::HashMap;

use domain::{
    Fault, Fen, SkuId, StoreId,
    cart::{Better, Part, Quote, QuotedLine},
    fulfilment::{AddressView, Fulfilment},
    route::{RoutePart, Wanted},
};

use crate::{
    Scope,
    database::OrFault,
    fulfilment::{
        is_enough, reaches,
        routing::{self, Search},
    },
    memory::Sight,
    stores::kept::Stores,
};

/// Who that is; nothing where it is the store itself, or nobody can. Stores of other brands are never asked. It promises
/// nothing: prices are those of whoever sends, and pieces are held when they are ordered.
pub(super) async fn of(scope: &Scope, sight: &Sight, quote: &Quote, to: &AddressView) -> Result<Option<Better>, Fault> {
    let (store, own, way) = (sight.store()?, quote.store.id, quote.fulfilment);
    let wanted: Vec<Wanted> = quote.lines.iter().map(wanted).collect();
    if !wanted.iter().all(|one| sight.catalogue.is_published(one.sku_id.0)) {
        return Ok(None);
    }
    let priced = quote.lines.iter().all(|line| line.problem.is_none());
    let has_part = priced && quote.lines.iter().all(|line| line.available >= line.quantity.get());
    let reached = reaches(store, way, &to.address.region_code, to.address.point);
    // Too little for its riders, or all their windows full.
    let hindered = quote.way().is_some_and(|way| way.problem.is_some());
    let needed = hindered || !(has_part && reached && quote.store.opening.takes_orders);
    let taken = in_other_parts(scope, quote.part(), &wanted).await?;
    let beside = |line: &QuotedLine| taken.get(&(own, line.sku_id)).copied().unwrap_or(0);
    // What the store's other part wants is spoken for here as well. Either part alone may still be ordered, so nobody has to
    // leave it to others for that.
    let has_all = has_part && quote.lines.iter().all(|line| line.available - beside(line) >= line.quantity.get());
    let search = Search {
        // What is short or off the shelf here has no price that could be told to be too little.
        goods_fen: if priced { quote.goods_fen } else { Fen(i64::MAX) },
        to: Some(to.into()),
        near: Some(store.point()),
        brand: Some(store.brand()),
        has_all: has_all.then_some(own),
        taken,
        ..Search::new(way, &wanted)
    };
    let parts = routing::choose(scope, sight.stores(), &search).await?;
    if way == Fulfilment::Delivery && !all_enough(sight.stores(), quote, &parts) {
        return Ok(None);
    }
    let better = Better { rule: sight.stores().rules().of(way), needed, parts };
    let others = better.others(own).count();
    Ok(Some(better).filter(|_| others > 0))
}

/// Whether what each store would bring is enough for its riders, where it is split: by the prices here, by the lowest where
/// a variant has several with its options, and where it has none, since it is off the shelf here, whatever it costs.
fn all_enough(stores: &Stores, quote: &Quote, parts: &[RoutePart]) -> bool {
    let lowest = |sku: SkuId| {
        let lines = quote.lines.iter().filter(|line| line.sku_id == sku && line.unit_fen > Fen::ZERO);
        lines.map(|line| line.unit_fen.0).min().unwrap_or(i64::MAX)
    };
    let worth = |part: &RoutePart| {
        let each = part.lines.iter().map(|one| lowest(one.sku_id).saturating_mul(one.quantity));
        Fen(each.fold(0, i64::saturating_add))
    };
    let enough = |part: &RoutePart| stores.with_id(part.store.id.0).is_some_and(|store| is_enough(store, worth(part)));
    parts.len() < 2 || parts.iter().all(enough)
}

fn wanted(line: &QuotedLine) -> Wanted {
    Wanted { sku_id: line.sku_id, quantity: line.quantity.get() }
}

/// How many of these goods the cart has in its other parts already, those of the same store among them.
async fn in_other_parts(scope: &Scope, own: Part, wanted: &[Wanted]) -> Result<HashMap<(StoreId, SkuId), i64>, Fault> {
    let cart = scope.cart.ok_or(Fault::Unauthenticated)?;
    let skus: Vec<_> = wanted.iter().map(|one| one.sku_id.0).collect();
    let mut tx = scope.begin().await?;
    let rows = sqlx::query!(
        r#"select store_id, sku_id, sum(quantity)::bigint as "pieces!" from cart_lines
           where cart_id = $1 and (store_id <> $2 or apart <> $3) and sku_id = any($4) group by store_id, sku_id"#,
        cart.0,
        own.store_id.0,
        own.apart,
        &skus,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    Ok(rows.into_iter().map(|row| ((StoreId(row.store_id), SkuId(row.sku_id)), row.pieces)).collect())
}
