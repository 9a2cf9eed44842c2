//! Handing a part's lines over to the stores that are to send them (D2).

use std::collections::BTreeSet;

use domain::{
    Fault, Quantity, SkuId, StoreId,
    cart::{HandOver, HandedOver, Part, QuotedLine},
    fulfilment::Wish,
    route::RoutePart,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{LINES_MOST, quote_for};
use crate::{Scope, database::OrFault, fulfilment};

/// Hands the lines of a part over to the stores that are to send them by now, where they are those that the shopper was
/// shown: in one transaction they leave it and join what the cart has of the others, a line that is there in whichever
/// part it is. What they cost there the next quote says. Where nobody else is to send them (any more) nothing happens, so
/// saying it twice is saying it once.
///
/// Faults: `Invalid` beside `fulfilment`, `to` or `address_id`; `Unauthenticated`; `NotFound` for a store that there is
/// not; `Conflict` (`route_changed`, `cart_changed`, `cart_full`, `too_many_of_one`). Nothing is changed where a fault is
/// returned.
pub async fn hand_over(scope: &Scope, command: &HandOver) -> Result<HandedOver, Fault> {
    command.check()?;
    scope.member()?;
    let cart = scope.cart.ok_or(Fault::Unauthenticated)?;
    let wish = Wish { fulfilment: command.fulfilment, address_id: Some(command.address_id) };
    // Also where there is nothing to hand over: another's address is never answered.
    fulfilment::destination(scope, &wish).await?;
    let quote = quote_for(scope, command.part(), &wish).await?;
    let pieces: i64 = quote.lines.iter().map(|line| line.quantity.get()).sum();
    let Some(better) = quote.better else { return Ok(nothing(pieces)) };
    let moved: Vec<RoutePart> = better.others(command.store_id).cloned().collect();
    let senders: BTreeSet<StoreId> = moved.iter().map(|part| part.store.id).collect();
    if senders != command.to.iter().copied().collect() {
        return Err(Fault::conflict("route_changed", "门店的库存或营业状态有变化，发货门店已重新安排，请核对后再试"));
    }
    let plan = plan(&quote.lines, &moved)?;
    let mut tx = scope.begin().await?;
    lock(&mut tx, cart.0, command.part(), &quote.lines, &senders).await?;
    leave(&mut tx, cart.0, command.store_id, &plan).await?;
    let joined = join(&mut tx, scope, cart.0, &plan).await?;
    tx.commit().await.or_fault()?;
    let gone: i64 = plan.iter().map(|one| one.quantity).sum();
    tracing::info!(from = %command.store_id, pieces = gone, "lines of a cart were handed over");
    Ok(HandedOver { moved, joined, kept: pieces - gone })
}

/// What there is to say where nothing was handed over.
fn nothing(kept: i64) -> HandedOver {
    HandedOver { moved: Vec::new(), joined: Vec::new(), kept }
}

/// Pieces of a line that go to a store.
#[derive(Debug, PartialEq, Eq)]
struct Move {
    to: StoreId,
    sku: SkuId,
    options: String,
    quantity: i64,
}

/// Which pieces of which line go where: each part takes what it sends out of the lines in their order.
///
/// Faults: `Conflict` (`cart_changed`) where the parts name more than the lines have.
fn plan(lines: &[QuotedLine], parts: &[RoutePart]) -> Result<Vec<Move>, Fault> {
    let mut left: Vec<i64> = lines.iter().map(|line| line.quantity.get()).collect();
    let mut plan: Vec<Move> = Vec::new();
    for (to, wanted) in parts.iter().flat_map(|part| part.lines.iter().map(|wanted| (part.store.id, wanted))) {
        let mut lacking = wanted.quantity;
        for (line, left) in lines.iter().zip(&mut left).filter(|(line, _)| line.sku_id == wanted.sku_id) {
            let quantity = lacking.min(*left);
            if quantity > 0 {
                plan.push(Move { to, sku: line.sku_id, options: line.options.codes().join(","), quantity });
                *left -= quantity;
                lacking -= quantity;
            }
        }
        if lacking > 0 {
            return Err(changed());
        }
    }
    Ok(plan)
}

fn changed() -> Fault {
    Fault::conflict("cart_changed", "购物车刚刚有变化，请确认后再提交")
}

/// Locks the lines of all stores concerned, in the order in which orders do, and refuses where those that are to be
/// handed over are not those that were quoted.
async fn lock(
    tx: &mut PgConnection,
    cart: Uuid,
    from: Part,
    quoted: &[QuotedLine],
    to: &BTreeSet<StoreId>,
) -> Result<(), Fault> {
    let stores: Vec<Uuid> = to.iter().chain([&from.store_id]).map(|store| store.0).collect();
    let lines = sqlx::query!(
        "select store_id, apart, sku_id, options, quantity from cart_lines where cart_id = $1 and store_id = any($2)
         order by cart_id, store_id, sku_id, options for update",
        cart,
        &stores,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let own = lines.into_iter().filter(|line| line.store_id == from.store_id.0 && line.apart == from.apart);
    let own: BTreeSet<_> = own.map(|line| (line.sku_id, line.options, line.quantity)).collect();
    let quoted = quoted.iter().map(|line| (line.sku_id.0, line.options.codes().join(","), line.quantity.get()));
    if own == quoted.collect() { Ok(()) } else { Err(changed()) }
}

/// The pieces leave the lines that were locked; a line of which nothing is left goes.
async fn leave(tx: &mut PgConnection, cart: Uuid, from: StoreId, plan: &[Move]) -> Result<(), Fault> {
    sqlx::query!(
        "with gone as (
             select sku_id, options, sum(quantity)::bigint as quantity
             from unnest((select $3::uuid[]), (select $4::text[]), (select $5::bigint[])) as a (sku_id, options, quantity)
             group by sku_id, options
         ), emptied as (
             delete from cart_lines c using gone g
             where c.cart_id = $1 and c.store_id = $2 and c.sku_id = g.sku_id and c.options = g.options
               and c.quantity = g.quantity
         )
         update cart_lines c set quantity = c.quantity - g.quantity from gone g
         where c.cart_id = $1 and c.store_id = $2 and c.sku_id = g.sku_id and c.options = g.options
           and c.quantity > g.quantity",
        cart,
        from.0,
        &column(plan, |one| one.sku.0),
        &column(plan, |one| one.options.clone()),
        &column(plan, |one| one.quantity),
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// The pieces join what the cart has of the other stores. Answers the parts in which they are: a line that was there stays
/// in its own.
///
/// Faults: `Conflict` (`too_many_of_one`, `cart_full`).
async fn join(tx: &mut PgConnection, scope: &Scope, cart: Uuid, plan: &[Move]) -> Result<Vec<Part>, Fault> {
    let joined = sqlx::query!(
        "insert into cart_lines as c (cart_id, store_id, sku_id, options, quantity, set_at)
         select $1, a.store_id, a.sku_id, a.options, a.quantity, $6
         from unnest((select $2::uuid[]), (select $3::uuid[]), (select $4::text[]), (select $5::bigint[]))
              as a (store_id, sku_id, options, quantity)
         order by a.store_id, a.sku_id, a.options
         on conflict (cart_id, store_id, sku_id, options) do update set quantity = c.quantity + excluded.quantity
         returning c.store_id, c.apart",
        cart,
        &column(plan, |one| one.to.0),
        &column(plan, |one| one.sku.0),
        &column(plan, |one| one.options.clone()),
        &column(plan, |one| one.quantity),
        scope.now,
    )
    .fetch_all(&mut *tx)
    .await;
    let joined = match joined {
        Err(sqlx::Error::Database(fault)) if fault.is_check_violation() => {
            let message = format!("每种商品最多 {} 件，请先减少数量", Quantity::MOST);
            return Err(Fault::conflict("too_many_of_one", message));
        }
        joined => joined.or_fault()?,
    };
    let lines = sqlx::query_scalar!(r#"select count(*) as "lines!" from cart_lines where cart_id = $1"#, cart)
        .fetch_one(tx)
        .await
        .or_fault()?;
    if lines > LINES_MOST {
        return Err(Fault::conflict("cart_full", "购物车已满 100 种商品，请先结算或删除一些"));
    }
    let parts = joined.into_iter().map(|line| Part { store_id: StoreId(line.store_id), apart: line.apart });
    Ok(parts.collect::<BTreeSet<_>>().into_iter().collect())
}

fn column<T>(plan: &[Move], of: fn(&Move) -> T) -> Vec<T> {
    plan.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use domain::{
        Fen,
        catalog::Options,
        geo::Point,
        route::Wanted,
        stores::{Opening, StoreCard},
    };

    use super::*;

    fn line(sku: u128, option: &str, quantity: i64) -> QuotedLine {
        QuotedLine {
            sku_id: SkuId(Uuid::from_u128(sku)),
            product_code: String::new(),
            name: String::new(),
            spec: String::new(),
            options: Options::from(vec![option.to_owned()]),
            options_text: String::new(),
            picture: String::new(),
            quantity: Quantity::try_from(quantity).unwrap(),
            unit_fen: Fen::ZERO,
            total_fen: Fen::ZERO,
            weight_grams: 0,
            available: quantity,
            problem: None,
        }
    }

    fn part(store: u128, lines: &[(u128, i64)]) -> RoutePart {
        let wanted = |&(sku, quantity): &(u128, i64)| Wanted { sku_id: SkuId(Uuid::from_u128(sku)), quantity };
        let opening = Opening { open_now: true, takes_orders: true, text: String::new() };
        let store = StoreCard {
            id: StoreId(Uuid::from_u128(store)),
            code: String::new(),
            name: String::new(),
            brand: String::new(),
            brand_name: String::new(),
            address: String::new(),
            region: String::new(),
            point: Point { latitude: 0.0, longitude: 0.0 },
            timezone: String::new(),
            distance_m: None,
            opening,
            features: Vec::new(),
            cover: None,
        };
        RoutePart { store, lines: lines.iter().map(wanted).collect() }
    }

    #[test]
    fn pieces_of_one_variant_keep_their_options_wherever_they_go() {
        let lines = [line(1, "sweet", 2), line(1, "bitter", 3), line(2, "sweet", 1)];
        let moves = plan(&lines, &[part(10, &[(1, 3)]), part(11, &[(1, 1), (2, 1)])]).unwrap();
        let told: Vec<_> = moves.iter().map(|one| (one.to.0.as_u128(), one.options.as_str(), one.quantity)).collect();
        assert_eq!(told, [(10, "sweet", 2), (10, "bitter", 1), (11, "bitter", 1), (11, "sweet", 1)]);
        assert!(plan(&lines, &[part(10, &[(2, 2)])]).is_err(), "no more than there is");
    }
}
