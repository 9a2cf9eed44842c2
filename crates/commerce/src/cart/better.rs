//! Which stores would rather send what is in a store's part of the cart (D2): those that head office's rule for the way
//! names, for express and for what riders bring.

use std::collections::HashMap;

use domain::{
    Fault, Fen, SkuId, StoreId,
    cart::{Better, Part, Quote, QuotedLine},
    fulfilment::AddressView,
    route::Wanted,
};

use crate::{
    Scope,
    database::OrFault,
    fulfilment::{
        reaches,
        routing::{self, Search},
    },
    memory::Sight,
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
    let needed = !(has_part && reached && quote.store.opening.takes_orders);
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
    let better = Better {
        rule: sight.stores().rules().of(way),
        needed,
        parts: routing::choose(scope, sight.stores(), &search).await?,
    };
    let others = better.others(own).count();
    Ok(Some(better).filter(|_| others > 0))
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
