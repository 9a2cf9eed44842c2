//! The cart and its quote: the one place where prices are calculated (D1).

use std::collections::HashMap;

use domain::{
    CartId, Fault, Fen, Quantity, SkuId, StoreId,
    cart::{CartView, Quote, QuotedLine, RemoveLine, SetLine},
    catalog::Options,
};
use uuid::Uuid;

use crate::{
    Scope,
    catalog::kept::Catalogue,
    database::OrFault,
    holds,
    memory::{self, Key, LOOKS_MOST, Sight, Versions},
};

/// How many different lines one cart holds.
pub(crate) const LINES_MOST: i64 = 100;

/// Sets a line to a quantity. Saying it twice is saying it once.
///
/// Faults: `Unauthenticated` for a visitor without a session; `NotFound` for goods this store does
/// not sell; `Invalid` beside `options` or `quantity`.
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
    // Its commit does not wait for the disk: a database that crashes may forget the last moment of a
    // cart, but no order.
    let kept = sqlx::query!(
        "with quick as (select set_config('synchronous_commit', 'off', true))
         insert into cart_lines (cart_id, store_id, sku_id, options, quantity, set_at)
         select $1, $2, $3, $4, $5, $6 from quick
         where (select count(*) from cart_lines
                where cart_id = $1 and (store_id, sku_id, options) <> ($2, $3, $4)) < $7
         on conflict (cart_id, store_id, sku_id, options) do update set quantity = excluded.quantity",
        cart.0,
        line.store_id.0,
        line.sku_id.0,
        line.options.codes().join(","),
        line.quantity.get(),
        scope.now,
        LINES_MOST,
    )
    .execute(scope.pool())
    .await
    .or_fault()?;
    if kept.rows_affected() == 0 {
        return Err(Fault::conflict("cart_full", "购物车已满 100 种商品，请先结算或删除一些"));
    }
    Ok(())
}

/// Takes a line out; one that is not there is out already.
pub async fn remove_line(scope: &Scope, line: RemoveLine) -> Result<(), Fault> {
    let cart = scope.cart.ok_or(Fault::Unauthenticated)?;
    sqlx::query!(
        "delete from cart_lines where cart_id = $1 and store_id = $2 and sku_id = $3 and options = $4",
        cart.0,
        line.store_id.0,
        line.sku_id.0,
        line.options.codes().join(","),
    )
    .execute(scope.pool())
    .await
    .or_fault()?;
    Ok(())
}

/// How many pieces are in the cart, for the badge.
pub async fn pieces(scope: &Scope) -> Result<i64, Fault> {
    let Some(cart) = scope.cart else { return Ok(0) };
    sqlx::query_scalar!(
        r#"select coalesce(sum(quantity), 0)::bigint as "pieces!" from cart_lines where cart_id = $1"#,
        cart.0
    )
    .fetch_one(scope.pool())
    .await
    .or_fault()
}

/// How many of a SKU with these options are in the cart.
pub async fn quantity_of(scope: &Scope, store: StoreId, sku: SkuId, options: &Options) -> Result<i64, Fault> {
    let Some(cart) = scope.cart else { return Ok(0) };
    let found = sqlx::query_scalar!(
        "select quantity from cart_lines where cart_id = $1 and store_id = $2 and sku_id = $3 and options = $4",
        cart.0,
        store.0,
        sku.0,
        options.codes().join(","),
    )
    .fetch_optional(scope.pool())
    .await
    .or_fault()?;
    Ok(found.unwrap_or(0))
}

/// The whole cart, a quote for each store.
pub async fn show(scope: &Scope) -> Result<CartView, Fault> {
    let Some(cart) = scope.cart else { return Ok(CartView::default()) };
    let stores = sqlx::query_scalar!(
        "select store_id from cart_lines where cart_id = $1 group by store_id order by max(set_at) desc, store_id",
        cart.0,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let mut view = CartView::default();
    for store in stores {
        let quote = quote(scope, StoreId(store)).await?;
        view.pieces += quote.lines.iter().map(|line| line.quantity.get()).sum::<i64>();
        view.quotes.push(quote);
    }
    Ok(view)
}

/// A line of the cart with the price and stock of this moment.
struct Row {
    sku_id: Uuid,
    options: String,
    quantity: i64,
    /// `None` where it is not on the shelf.
    price_fen: Option<i64>,
    available: i64,
}

/// What the cart's lines of one store cost at this moment, and when they can be picked up. Reads
/// prices and stock anew: nothing a client sends takes part.
pub async fn quote(scope: &Scope, store: StoreId) -> Result<Quote, Fault> {
    let cart = scope.cart.ok_or(Fault::Unauthenticated)?;
    let (sight, rows) = lines_at(scope, cart, store).await?;
    let view = sight.store()?.view(scope, None);
    // Lines of one SKU with different options draw on the same stock.
    let mut left: HashMap<Uuid, i64> = rows.iter().map(|row| (row.sku_id, row.available)).collect();
    let mut lines = Vec::with_capacity(rows.len());
    let mut total = Fen::ZERO;
    for row in rows {
        let line = quote_line(row, &sight.catalogue, &mut left)?;
        total = total.checked_add(line.total_fen).ok_or_else(too_much)?;
        lines.push(line);
    }
    let orderable = !lines.is_empty()
        && !view.slots.is_empty()
        && lines.iter().all(|line| line.problem.is_none())
        && total > Fen::ZERO;
    Ok(Quote { store: view.card, lines, total_fen: total, slots: view.slots, orderable })
}

/// The cart's lines of a store, and what is known of their goods at the same moment.
async fn lines_at(scope: &Scope, cart: CartId, store: StoreId) -> Result<(Sight, Vec<Row>), Fault> {
    let mut sight = Sight::of(scope, Key::Id(store)).await?;
    for _ in 0..LOOKS_MOST {
        let rows = sqlx::query!(
            r#"select (select version from versions where what = 'stores') as "stores!",
                      (select version from versions where what = 'catalogue') as "catalogue!",
                      coalesce((select version from menu_versions where store_id = $2), 0) as "menu!",
                      c.sku_id as "sku_id?", c.options as "options?", c.quantity as "quantity?",
                      l.price_fen as "price_fen?",
                      coalesce(s.on_hand - s.held - s.allocated, 0) + coalesce(h.pieces, 0) as "available!"
               from (select 1) once
               left join cart_lines c on c.cart_id = $1 and c.store_id = $2
               left join listings l on l.store_id = c.store_id and l.sku_id = c.sku_id and l.on_shelf
               left join stock s on s.location_id = c.store_id and s.sku_id = c.sku_id
               left join lateral (
                   select sum(quantity)::bigint as pieces from early_holds
                   where member_id = $3 and state = 'held' and location_id = c.store_id and sku_id = c.sku_id
               ) h on true
               order by c.set_at, c.sku_id, c.options"#,
            cart.0,
            store.0,
            scope.member().ok().map(|member| member.0),
        )
        .fetch_all(scope.pool())
        .await
        .or_fault()?;
        let versions =
            rows.first().map(|row| Versions { stores: row.stores, catalogue: row.catalogue, menu: row.menu });
        if let Some(versions) = versions
            && let Some(newer) = sight.renewed(scope, versions).await?
        {
            sight = newer;
            continue;
        }
        let lines = rows.into_iter().filter_map(|row| {
            let on_menu = sight.menu.has(&sight.catalogue, row.sku_id?);
            Some(Row {
                sku_id: row.sku_id?,
                options: row.options?,
                quantity: row.quantity?,
                price_fen: row.price_fen.filter(|_| on_menu),
                available: row.available,
            })
        });
        let lines = lines.collect();
        return Ok((sight, lines));
    }
    Err(Fault::conflict("goods_changing", "门店正在更新商品，请稍后再试"))
}

fn too_much() -> Fault {
    Fault::invalid("quantity", "金额过大，请减少数量")
}

fn quote_line(row: Row, catalogue: &Catalogue, left: &mut HashMap<Uuid, i64>) -> Result<QuotedLine, Fault> {
    let quantity = Quantity::try_from(row.quantity).map_err(|reason| Fault::Internal(reason.into()))?;
    let sku = catalogue.sku(row.sku_id).ok_or(Fault::NotFound("这件商品"))?;
    let product = catalogue.product_of(sku);
    let codes: Vec<String> = row.options.split(',').filter(|code| !code.is_empty()).map(str::to_owned).collect();
    let options = Options::from(codes);
    let (chosen, mut problem) = match options.chosen(&product.modifiers) {
        Ok(chosen) => (chosen, None),
        Err(reason) => (Vec::new(), Some(reason)),
    };
    let extra =
        chosen.iter().try_fold(Fen::ZERO, |sum, option| sum.checked_add(option.price_fen)).ok_or_else(too_much)?;
    let unit = Fen(row.price_fen.unwrap_or(0)).checked_add(extra).ok_or_else(too_much)?;
    let total = unit.checked_times(quantity).ok_or_else(too_much)?;
    let stock = left.entry(row.sku_id).or_default();
    let available = *stock;
    *stock -= quantity.get();
    if row.price_fen.is_none() {
        problem = Some("本店已下架，请删除".into());
    } else if available <= 0 {
        problem = Some("已售罄".into());
    } else if *stock < 0 {
        problem = Some(format!("库存不足，仅剩 {available} 件"));
    }
    Ok(QuotedLine {
        sku_id: SkuId(row.sku_id),
        product_code: product.code.clone(),
        name: product.name.clone(),
        spec: sku.values.join(" / "),
        options_text: chosen.iter().map(|option| option.name.as_str()).collect::<Vec<_>>().join("、"),
        options,
        picture: product.picture.clone(),
        quantity,
        unit_fen: unit,
        total_fen: total,
        available: available.max(0),
        problem,
    })
}
