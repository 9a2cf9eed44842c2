//! Placing: the cart's lines of one store become an order that holds its stock.

use std::collections::BTreeMap;

use chrono::Duration;
use domain::{
    Complaint, Fault, Fen, OrderId,
    cart::{Quote, QuotedLine},
    hours::Slot,
    orders::{OrderPlaced, PlaceOrder},
};
use rand::Rng;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Scope, cart,
    database::OrFault,
    jobs,
    stock::{self, Wanted},
};

/// Places an order for what the cart holds of one store, at the prices of this moment.
///
/// The order's id is the idempotency key: the same request again answers the same order, another
/// one under that id is a conflict. Nothing is changed where a fault is returned.
///
/// Faults: `Unauthenticated`; `Conflict` (`price_changed`, `store_closed`, `cart_empty`,
/// `cart_changed`, `too_many_unpaid`, `key_reused`); `Invalid` beside `slot`; `SoldOut` per line.
pub async fn place(scope: &Scope, command: PlaceOrder) -> Result<OrderPlaced, Fault> {
    let hash = request_hash(scope.member()?.0, &command);
    if let Some(placed) = placed_before(scope, command.id, &hash).await? {
        return Ok(placed);
    }
    match place_anew(scope, &command, &hash).await {
        // The same request may have been committed meanwhile: then it is its order that emptied the
        // cart or took the last piece.
        Err(fault) => placed_before(scope, command.id, &hash).await?.ok_or(fault),
        placed => placed,
    }
}

async fn place_anew(scope: &Scope, command: &PlaceOrder, hash: &[u8]) -> Result<OrderPlaced, Fault> {
    let quote = cart::quote(scope, command.store_id).await?;
    let slot = check(&quote, command)?;
    let placed = OrderPlaced {
        id: command.id,
        number: new_number(scope),
        total_fen: quote.total_fen,
        pay_before: scope.now + scope.house.settings.pay_within,
    };
    let mut tx = scope.begin().await?;
    write(&mut tx, scope, command, &quote, &placed, slot, hash).await?;
    // Last, so that a hot SKU's row is locked for the shortest time.
    stock::hold(&mut tx, scope, command.id, command.store_id, &wanted(&quote), placed.pay_before).await?;
    tx.commit().await.or_fault()?;
    tracing::info!(order = %placed.id, total_fen = placed.total_fen.0, "an order was placed");
    Ok(placed)
}

/// Who asked for what; the client's clock is left out, since a retry may carry another.
fn request_hash(member: Uuid, command: &PlaceOrder) -> Vec<u8> {
    let PlaceOrder { id, store_id, slot, expected_total_fen, note, occurred_at: _ } = command;
    let text = format!("{member}\n{id}\n{store_id}\n{}\n{}\n{note}", slot.timestamp(), expected_total_fen.0);
    Sha256::digest(text.as_bytes()).to_vec()
}

/// The answer given before to the same request.
async fn placed_before(scope: &Scope, id: OrderId, hash: &[u8]) -> Result<Option<OrderPlaced>, Fault> {
    let found = sqlx::query!("select number, total_fen, pay_before, request_hash from orders where id = $1", id.0)
        .fetch_optional(scope.pool())
        .await
        .or_fault()?;
    let Some(row) = found else { return Ok(None) };
    if row.request_hash != hash {
        return Err(Fault::conflict("key_reused", "这个页面已经提交过另一份订单，请刷新后再试"));
    }
    Ok(Some(OrderPlaced { id, number: row.number, total_fen: Fen(row.total_fen), pay_before: row.pay_before }))
}

/// The slot chosen, where the quote of this moment is what the shopper agreed to.
fn check(quote: &Quote, command: &PlaceOrder) -> Result<Slot, Fault> {
    if quote.lines.is_empty() {
        return Err(Fault::conflict("cart_empty", "购物车里没有这家门店的商品"));
    }
    if !quote.store.opening.takes_orders {
        return Err(Fault::conflict(
            "store_closed",
            format!("{} {}，暂不能下单", quote.store.name, quote.store.opening.text),
        ));
    }
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
    if quote.total_fen != command.expected_total_fen {
        let message = format!("价格有变化，现在合计 {}，请确认后再提交", quote.total_fen);
        return Err(Fault::conflict("price_changed", message));
    }
    if quote.total_fen <= Fen::ZERO {
        return Err(Fault::conflict("nothing_to_pay", "合计为零的订单暂不支持"));
    }
    let slot = quote.slots.iter().find(|slot| slot.start == command.slot).copied();
    slot.ok_or_else(|| Fault::invalid("slot", "这个取货时间已过或不在营业时间内，请重新选择"))
}

/// The day and 10 random digits: readable over the phone, and of no use to a guesser.
fn new_number(scope: &Scope) -> String {
    let random: u64 = rand::rng().random_range(0..10_000_000_000);
    format!("{}{random:010}", scope.now.format("%y%m%d"))
}

/// Writes the order with its lines, its first step, its event and the job that ends it unpaid, and
/// takes what was quoted out of the cart: one statement, as this is where a busy hour is spent.
///
/// Faults: those of [`refuse_hoarding`]; `NotFound` where another request under this id was under way
/// and has just been committed; `Conflict` (`cart_changed`) where another page has ordered what is in
/// the cart, or changed it since.
async fn write(
    tx: &mut PgConnection,
    scope: &Scope,
    command: &PlaceOrder,
    quote: &Quote,
    placed: &OrderPlaced,
    slot: Slot,
    hash: &[u8],
) -> Result<(), Fault> {
    let (member, cart) = (scope.member()?.0, scope.cart.ok_or(Fault::Unauthenticated)?);
    // One order of a member at a time, or many at once would each find room for one more.
    sqlx::query!("select id from members where id = $1 for no key update", member)
        .fetch_one(&mut *tx)
        .await
        .or_fault()?;
    let lines = &quote.lines;
    let texts = |of: fn(&QuotedLine) -> String| lines.iter().map(of).collect::<Vec<String>>();
    let numbers = |of: fn(&QuotedLine) -> i64| lines.iter().map(of).collect::<Vec<i64>>();
    let skus: Vec<Uuid> = lines.iter().map(|line| line.sku_id.0).collect();
    let wrote = sqlx::query!(
        r#"with counted as materialized (
               select count(*) filter (where state = 'placed') as unpaid, count(*) filter (where placed_at > $24) as lately
               from orders where member_id = $4
           ), placed as (
               insert into orders (id, number, store_id, member_id, channel, state, total_fen, note, slot_start, slot_end,
                                   pay_before, occurred_at, placed_at, request_hash)
               values ($1, $2, $3, $4, $5, 'placed', $6, $7, $8, $9, $10, $11, $12, $13)
               on conflict (id) do nothing returning id
           ), lined as (
               insert into order_lines (order_id, line, sku_id, name, spec, options, options_text, picture, quantity, unit_fen, total_fen)
               select p.id, l.line, l.sku_id, l.name, l.spec, l.options, l.options_text, l.picture, l.quantity, l.unit_fen, l.total_fen
               from placed p,
                    unnest($14::uuid[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[], $20::bigint[], $21::bigint[], $22::bigint[])
                    with ordinality as l (sku_id, name, spec, options, options_text, picture, quantity, unit_fen, total_fen, line)
           ), stepped as (
               insert into order_steps (order_id, step, act, state, at, member_id)
               select id, 1, 'place', 'placed', $12, $4 from placed
           ), told as (
               insert into outbox (topic, store_id, order_id, payload)
               select 'order', $3, id, '{"state": "placed"}' from placed
           ), timed as (
               insert into jobs (kind, subject, run_at) select $25, id, $10 from placed
           ), taken as (
               delete from cart_lines where cart_id = $23 and store_id = $3 returning quantity
           )
           select unpaid as "unpaid!", lately as "lately!", (select count(*) from placed) as "placed!",
                  (select count(*) from taken) as "lines!", (select coalesce(sum(quantity), 0)::bigint from taken) as "pieces!"
           from counted"#,
        command.id.0,
        placed.number,
        command.store_id.0,
        member,
        scope.channel.code(),
        placed.total_fen.0,
        command.note,
        slot.start,
        slot.end,
        placed.pay_before,
        command.occurred_at.unwrap_or(scope.now).min(scope.now),
        scope.now,
        hash,
        &skus,
        &texts(|line| line.name.clone()),
        &texts(|line| line.spec.clone()),
        &texts(|line| line.options.codes().join(",")),
        &texts(|line| line.options_text.clone()),
        &texts(|line| line.picture.clone()),
        &numbers(|line| line.quantity.get()),
        &numbers(|line| line.unit_fen.0),
        &numbers(|line| line.total_fen.0),
        cart.0,
        scope.now - Duration::minutes(10),
        jobs::Kind::ExpireOrder.code(),
    )
    .fetch_one(tx)
    .await
    .or_fault()?;
    if wrote.placed == 0 {
        return Err(Fault::NotFound("这个订单"));
    }
    refuse_hoarding(scope, wrote.unpaid, wrote.lately)?;
    let pieces: i64 = lines.iter().map(|line| line.quantity.get()).sum();
    if (wrote.lines, wrote.pieces) != (lines.len() as i64, pieces) {
        return Err(Fault::conflict("cart_changed", "购物车刚刚有变化，请确认后再提交"));
    }
    Ok(())
}

/// Unpaid orders hold stock that others want, so one member may have only a few, and place only so
/// many in a while.
fn refuse_hoarding(scope: &Scope, unpaid: i64, lately: i64) -> Result<(), Fault> {
    let settings = &scope.house.settings;
    if lately >= settings.orders_in_ten_minutes {
        return Err(Fault::TooMany { retry_after_s: 600 });
    }
    if unpaid >= settings.unpaid_most {
        return Err(Fault::conflict("too_many_unpaid", format!("您有 {unpaid} 个订单未付款，请先付款或取消")));
    }
    Ok(())
}

/// Each SKU once, whatever options its lines have.
fn wanted(quote: &Quote) -> Vec<Wanted> {
    let mut wanted: BTreeMap<Uuid, Wanted> = BTreeMap::new();
    for line in &quote.lines {
        let entry = wanted.entry(line.sku_id.0).or_insert_with(|| Wanted {
            sku_id: line.sku_id.0,
            quantity: 0,
            name: line.name.clone(),
        });
        entry.quantity += line.quantity.get();
    }
    wanted.into_values().collect()
}
