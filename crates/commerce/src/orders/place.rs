//! Placing: the lines of one part of the cart become an order that holds its stock.

use std::collections::BTreeSet;

use domain::{
    Complaint, Fault, Fen, OrderId,
    cart::Quote,
    fulfilment::{Fulfilment, OfferedSlot, Way},
    orders::{OrderPlaced, PlaceOrder},
};
use rand::Rng;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::write::{self, Checkout, NewOrder};
use crate::{Scope, cart, database::OrFault, fulfilment, memory};

/// Places an order for what the cart holds of one store, of what is set apart there or of all else, at the prices of this
/// moment. The store's other part stays in the cart.
///
/// The order's id is the idempotency key: the same request again answers the same order, another
/// one under that id is a conflict. Nothing is changed where a fault is returned.
///
/// Faults: `Unauthenticated`; `Conflict` (`price_changed`, `store_closed`, `cart_empty`,
/// `cart_changed`, `too_many_unpaid`, `key_reused`, `way_closed`, `cannot_bring`, `slot_full`); `Invalid` beside `slot` or
/// `address_id`; `SoldOut` per line.
pub async fn place(scope: &Scope, command: PlaceOrder) -> Result<OrderPlaced, Fault> {
    let hash = request_hash(scope.member()?.0, &command);
    match place_anew(scope, &command, &hash).await {
        // The same request may have been committed before: then it is its order that emptied the cart
        // or took the last piece.
        Err(fault) => placed_before(scope, command.id, &hash).await?.ok_or(fault),
        placed => placed,
    }
}

async fn place_anew(scope: &Scope, command: &PlaceOrder, hash: &[u8]) -> Result<OrderPlaced, Fault> {
    let order = ready(scope, command, hash, None).await?;
    let placed = order.placed.clone();
    write::write(scope, vec![order]).await?;
    tracing::info!(order = %placed.id, total_fen = placed.total_fen.0, "an order was placed");
    Ok(placed)
}

/// The order, priced and checked, where it can be written as things are now.
pub(super) async fn ready(
    scope: &Scope,
    command: &PlaceOrder,
    hash: &[u8],
    checkout: Option<Checkout>,
) -> Result<NewOrder, Fault> {
    let wish = command.wish();
    let quote = cart::quote_to_place(scope, command.part(), &wish).await?;
    let offered = check(&quote, command)?;
    let address = fulfilment::destination(scope, &wish).await?;
    let skus: BTreeSet<Uuid> = quote.lines.iter().map(|line| line.sku_id.0).collect();
    let caps = memory::limited(scope, skus.iter().copied());
    // Goods that many want are held for a shorter time.
    let pay_within = caps.iter().fold(scope.house.settings.pay_within, |usual, (_, cap)| cap.within(usual));
    let placed = OrderPlaced {
        id: command.id,
        number: new_number(scope),
        total_fen: quote.total_fen,
        pay_before: scope.now + pay_within,
    };
    Ok(NewOrder {
        member: scope.member()?.0,
        cart: scope.cart.ok_or(Fault::Unauthenticated)?.0,
        store: command.store_id.0,
        apart: command.apart,
        channel: scope.channel,
        placed,
        lines: quote.lines,
        note: command.note.clone(),
        fulfilment: command.fulfilment,
        freight_fen: quote.freight_fen,
        address,
        slot: offered.slot,
        slot_most: offered.capacity,
        occurred_at: command.occurred_at.unwrap_or(scope.now).min(scope.now),
        placed_at: scope.now,
        request_hash: hash.to_vec(),
        checkout,
        quotas: memory::quotas_of(scope, command.store_id, skus),
        caps,
    })
}

/// Who asked for what; the client's clock is left out, since a retry may carry another.
pub(super) fn request_hash(member: Uuid, command: &PlaceOrder) -> Vec<u8> {
    let PlaceOrder { id, store_id, apart, slot, expected_total_fen, note, fulfilment, address_id, occurred_at: _ } =
        command;
    let mut text = format!("{member}\n{id}\n{store_id}\n{}\n{}\n{note}", slot.timestamp(), expected_total_fen.0);
    // As it was before there were other ways, so that a retry over an update is still the same.
    if *fulfilment != Fulfilment::Pickup {
        let address = address_id.map(|id| id.to_string()).unwrap_or_default();
        text = format!("{text}\n{}\n{address}", fulfilment.code());
    }
    // Before all else, where no note can say the same.
    if *apart {
        text = format!("apart\n{text}");
    }
    Sha256::digest(text.as_bytes()).to_vec()
}

/// The answer given before to the same request.
async fn placed_before(scope: &Scope, id: OrderId, hash: &[u8]) -> Result<Option<OrderPlaced>, Fault> {
    let found = sqlx::query!("select number, total_fen, pay_before, request_hash from orders where id = $1", id.0)
        .fetch_optional(&scope.house.pool)
        .await
        .or_fault()?;
    let Some(row) = found else { return Ok(None) };
    if row.request_hash != hash {
        return Err(Fault::conflict("key_reused", "这个页面已经提交过另一份订单，请刷新后再试"));
    }
    Ok(Some(OrderPlaced { id, number: row.number, total_fen: Fen(row.total_fen), pay_before: row.pay_before }))
}

/// The slot chosen, where the quote of this moment is what the shopper agreed to.
fn check(quote: &Quote, command: &PlaceOrder) -> Result<OfferedSlot, Fault> {
    if quote.lines.is_empty() {
        return Err(Fault::conflict("cart_empty", "购物车里没有这家门店的商品"));
    }
    quote.store.opening.must_take_orders(&quote.store.name)?;
    let problems: Vec<_> = quote
        .lines
        .iter()
        .filter_map(|line| {
            let problem = line.problem.as_ref()?;
            Some(Complaint::new(format!("line.{}", line.sku_id), format!("{} {problem}", line.name)))
        })
        .collect();
    if !problems.is_empty() {
        return Err(Fault::SoldOut(problems));
    }
    let way = must_reach(quote, command)?;
    if quote.total_fen != command.expected_total_fen {
        let message = format!("价格有变化，现在合计 {}，请确认后再提交", quote.total_fen);
        return Err(Fault::conflict("price_changed", message));
    }
    if quote.total_fen <= Fen::ZERO {
        return Err(Fault::conflict("nothing_to_pay", "合计为零的订单暂不支持"));
    }
    let offered = way.slots.iter().find(|offered| offered.slot.start == command.slot);
    let label = way.fulfilment.time_label();
    let gone = || Fault::invalid("slot", format!("这个{label}已过或不在营业时间内，请重新选择"));
    match offered.ok_or_else(gone)? {
        offered if offered.full => Err(slot_full()),
        offered => Ok(*offered),
    }
}

/// What is told of a time that others have taken.
pub(super) fn slot_full() -> Fault {
    Fault::conflict("slot_full", "这个时段刚刚约满，请换一个时段")
}

/// The way that was chosen, where the store can go it to there.
fn must_reach<'a>(quote: &'a Quote, command: &PlaceOrder) -> Result<&'a Way, Fault> {
    let Some(way) = quote.way() else {
        let message = format!("{} 暂不提供{}，请换一种方式", quote.store.name, command.fulfilment.label());
        return Err(Fault::conflict("way_closed", message));
    };
    if way.fulfilment.is_sent() && command.address_id.is_none() {
        return Err(Fault::invalid("address_id", "请选择收货地址"));
    }
    match &way.problem {
        Some(problem) => Err(Fault::conflict("cannot_bring", problem.clone())),
        None => Ok(way),
    }
}

/// The day and 10 random digits: readable over the phone, and of no use to a guesser.
fn new_number(scope: &Scope) -> String {
    let random: u64 = rand::rng().random_range(0..10_000_000_000);
    format!("{}{random:010}", scope.now.format("%y%m%d"))
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use domain::{AddressId, StoreId};

    use super::*;

    fn command() -> PlaceOrder {
        PlaceOrder {
            id: OrderId(Uuid::from_u128(2)),
            store_id: StoreId(Uuid::from_u128(3)),
            apart: false,
            fulfilment: Fulfilment::Pickup,
            address_id: None,
            slot: chrono::Utc.with_ymd_and_hms(2026, 6, 10, 5, 0, 0).unwrap(),
            expected_total_fen: Fen(1200),
            note: "少冰".into(),
            occurred_at: None,
        }
    }

    fn hash(command: &PlaceOrder) -> Vec<u8> {
        request_hash(Uuid::from_u128(1), command)
    }

    /// What servers of earlier releases made the hash of, so that a retry over an update is still the same request.
    #[test]
    fn the_hash_of_an_order_of_what_is_not_set_apart_is_that_of_earlier_releases() {
        let pickup = "00000000-0000-0000-0000-000000000001\n00000000-0000-0000-0000-000000000002\n\
                      00000000-0000-0000-0000-000000000003\n1781067600\n1200\n少冰";
        assert_eq!(hash(&command()), Sha256::digest(pickup.as_bytes()).to_vec());
        let sent = PlaceOrder {
            fulfilment: Fulfilment::Express,
            address_id: Some(AddressId(Uuid::from_u128(4))),
            ..command()
        };
        let express = format!("{pickup}\nexpress\n00000000-0000-0000-0000-000000000004");
        assert_eq!(hash(&sent), Sha256::digest(express.as_bytes()).to_vec());
    }

    #[test]
    fn what_is_set_apart_is_another_request() {
        assert_ne!(hash(&PlaceOrder { apart: true, ..command() }), hash(&command()));
    }
}
