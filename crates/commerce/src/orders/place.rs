//! Placing: the cart's lines of one store become an order that holds its stock.

use std::collections::BTreeMap;

use chrono::Duration;
use domain::{
    Complaint, Fault, Fen, OrderId,
    cart::Quote,
    hours::Slot,
    orders::{OrderAct, OrderPlaced, OrderState, PlaceOrder},
};
use rand::Rng;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Scope, cart,
    database::OrFault,
    events, jobs,
    orders::steps,
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
    refuse_hoarding(&mut tx, scope).await?;
    if !insert_order(&mut tx, scope, command, &placed, slot, hash).await? {
        // Another request under this id was under way and has just been committed.
        return Err(Fault::NotFound("这个订单"));
    }
    insert_lines(&mut tx, command.id, &quote).await?;
    steps::note_step(&mut tx, scope, command.id, OrderAct::Place, OrderState::Placed, "").await?;
    empty_cart(&mut tx, scope, &quote).await?;
    jobs::schedule(&mut tx, jobs::Kind::ExpireOrder, command.id.0, placed.pay_before).await?;
    events::order_changed(&mut tx, command.store_id, command.id, OrderState::Placed).await?;
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

/// Unpaid orders hold stock that others want, so one member may have only a few, and place only so
/// many in a while.
async fn refuse_hoarding(tx: &mut PgConnection, scope: &Scope) -> Result<(), Fault> {
    let member = scope.member()?.0;
    // One order of a member at a time, or many at once would each find room for one more.
    sqlx::query!("select id from members where id = $1 for no key update", member)
        .fetch_one(&mut *tx)
        .await
        .or_fault()?;
    let count = sqlx::query!(
        r#"select count(*) filter (where state = 'placed') as "unpaid!", count(*) filter (where placed_at > $2) as "lately!"
           from orders where member_id = $1"#,
        member,
        scope.now - Duration::minutes(10),
    )
    .fetch_one(tx)
    .await
    .or_fault()?;
    let (settings, unpaid) = (&scope.house.settings, count.unpaid);
    if count.lately >= settings.orders_in_ten_minutes {
        return Err(Fault::TooMany { retry_after_s: 600 });
    }
    if unpaid >= settings.unpaid_most {
        return Err(Fault::conflict("too_many_unpaid", format!("您有 {unpaid} 个订单未付款，请先付款或取消")));
    }
    Ok(())
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

async fn insert_order(
    tx: &mut PgConnection,
    scope: &Scope,
    command: &PlaceOrder,
    placed: &OrderPlaced,
    slot: Slot,
    hash: &[u8],
) -> Result<bool, Fault> {
    let inserted = sqlx::query!(
        "insert into orders (id, number, store_id, member_id, channel, state, total_fen, note, slot_start, slot_end,
                             pay_before, occurred_at, placed_at, request_hash)
         values ($1, $2, $3, $4, $5, 'placed', $6, $7, $8, $9, $10, $11, $12, $13)
         on conflict (id) do nothing",
        command.id.0,
        placed.number,
        command.store_id.0,
        scope.member()?.0,
        scope.channel.code(),
        placed.total_fen.0,
        command.note,
        slot.start,
        slot.end,
        placed.pay_before,
        command.occurred_at.unwrap_or(scope.now).min(scope.now),
        scope.now,
        hash,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(inserted.rows_affected() == 1)
}

/// All lines in one statement, in the order of the quote.
async fn insert_lines(tx: &mut PgConnection, order: OrderId, quote: &Quote) -> Result<(), Fault> {
    let lines = &quote.lines;
    let texts = |of: fn(&domain::cart::QuotedLine) -> String| lines.iter().map(of).collect::<Vec<String>>();
    let numbers = |of: fn(&domain::cart::QuotedLine) -> i64| lines.iter().map(of).collect::<Vec<i64>>();
    let skus: Vec<Uuid> = lines.iter().map(|line| line.sku_id.0).collect();
    sqlx::query!(
        "insert into order_lines (order_id, line, sku_id, name, spec, options, options_text, picture, quantity, unit_fen, total_fen)
         select $1, l.line, l.sku_id, l.name, l.spec, l.options, l.options_text, l.picture, l.quantity, l.unit_fen, l.total_fen
         from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[])
              with ordinality as l (sku_id, name, spec, options, options_text, picture, quantity, unit_fen, total_fen, line)",
        order.0,
        &skus,
        &texts(|line| line.name.clone()),
        &texts(|line| line.spec.clone()),
        &texts(|line| line.options.codes().join(",")),
        &texts(|line| line.options_text.clone()),
        &texts(|line| line.picture.clone()),
        &numbers(|line| line.quantity.get()),
        &numbers(|line| line.unit_fen.0),
        &numbers(|line| line.total_fen.0),
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Takes what was quoted out of the cart, where it is still that: another page may have ordered it
/// or changed it since.
async fn empty_cart(tx: &mut PgConnection, scope: &Scope, quote: &Quote) -> Result<(), Fault> {
    let cart = scope.cart.ok_or(Fault::Unauthenticated)?;
    let taken = sqlx::query!(
        r#"with taken as (delete from cart_lines where cart_id = $1 and store_id = $2 returning quantity)
           select count(*) as "lines!", coalesce(sum(quantity), 0)::bigint as "pieces!" from taken"#,
        cart.0,
        quote.store.id.0,
    )
    .fetch_one(tx)
    .await
    .or_fault()?;
    let pieces: i64 = quote.lines.iter().map(|line| line.quantity.get()).sum();
    if (taken.lines, taken.pieces) != (quote.lines.len() as i64, pieces) {
        return Err(Fault::conflict("cart_changed", "购物车刚刚有变化，请确认后再提交"));
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
