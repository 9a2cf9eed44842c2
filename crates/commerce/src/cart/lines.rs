//! Setting lines of carts: those that are set at the same moment are written in one statement.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use domain::{Fault, SkuId, StoreId, cart::SetLine, catalog::Options};
use uuid::Uuid;

use crate::{House, Scope, database::OrFault, together};

/// How many different lines one cart holds.
pub(crate) const LINES_MOST: i64 = 100;

/// How many rounds are under way at once. Nothing waits for the disk, so the next one gathers meanwhile.
const CLERKS: usize = 1;
/// How many lines one round writes.
const ROUND_MOST: usize = 256;

/// Where lines wait to be set.
pub(super) type Desk = together::Desk<Line, Result<(), Fault>>;

/// A desk for lines.
pub(super) fn desk() -> Desk {
    Desk::new(CLERKS, ROUND_MOST)
}

/// A line that was checked.
#[derive(Clone)]
pub(super) struct Line {
    pub cart: Uuid,
    pub line: SetLine,
    pub at: DateTime<Utc>,
}

/// What a line is known by: its cart, store, SKU and options.
type Key = (Uuid, Uuid, Uuid, String);

impl Line {
    fn key(&self) -> Key {
        (self.cart, self.line.store_id.0, self.line.sku_id.0, self.line.options.codes().join(","))
    }
}

/// A line as the cart has it.
pub(super) struct Kept {
    pub quantity: i64,
    pub apart: bool,
}

/// The line of a SKU with these options; nothing where there is none.
pub(super) async fn find(scope: &Scope, store: StoreId, sku: SkuId, options: &Options) -> Result<Option<Kept>, Fault> {
    let Some(cart) = scope.cart else { return Ok(None) };
    let mut tx = scope.begin().await?;
    sqlx::query_as!(
        Kept,
        "select quantity, apart from cart_lines where cart_id = $1 and store_id = $2 and sku_id = $3 and options = $4",
        cart.0,
        store.0,
        sku.0,
        options.codes().join(","),
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()
}

/// Sets the line.
///
/// Faults: `Conflict` (`cart_full`).
pub(super) async fn set(scope: &Scope, line: Line) -> Result<(), Fault> {
    scope.house.carts.setting.ask(&scope.house, line, round).await?
}

async fn round(house: House, lines: Vec<Line>) -> Vec<Result<(), Fault>> {
    together::all_or_each(house, lines, async |house, lines| write(&house, &lines).await).await
}

/// Writes the lines, the last one where one is set twice; answers which carts had no room.
///
/// The commit does not wait for the disk: a database that crashes may forget the last moment of a cart, but
/// no order.
async fn write(house: &House, lines: &[Line]) -> Result<Vec<Result<(), Fault>>, Fault> {
    let last: BTreeMap<Key, &Line> = lines.iter().map(|line| (line.key(), line)).collect();
    let options: Vec<String> = last.keys().map(|key| key.3.clone()).collect();
    let column = |of: fn(&Line) -> Uuid| last.values().map(|line| of(line)).collect::<Vec<Uuid>>();
    let quantities: Vec<i64> = last.values().map(|line| line.line.quantity.get()).collect();
    let times: Vec<DateTime<Utc>> = last.values().map(|line| line.at).collect();
    let kept = sqlx::query!(
        "with quick as (select set_config('synchronous_commit', 'off', true))
         insert into cart_lines (cart_id, store_id, sku_id, options, quantity, set_at)
         select a.cart_id, a.store_id, a.sku_id, a.options, a.quantity, a.set_at
         from quick, unnest((select $1::uuid[]), (select $2::uuid[]), (select $3::uuid[]), (select $4::text[]),
                            (select $5::bigint[]), (select $6::timestamptz[]))
              as a (cart_id, store_id, sku_id, options, quantity, set_at)
         where (select count(*) from cart_lines c
                where c.cart_id = a.cart_id and (c.store_id, c.sku_id, c.options) <> (a.store_id, a.sku_id, a.options)) < $7
         on conflict (cart_id, store_id, sku_id, options) do update set quantity = excluded.quantity
         returning cart_id, store_id, sku_id, options",
        &column(|line| line.cart),
        &column(|line| line.line.store_id.0),
        &column(|line| line.line.sku_id.0),
        &options,
        &quantities,
        &times,
        LINES_MOST,
    )
    .fetch_all(&house.pool)
    .await
    .or_fault()?;
    let kept: HashSet<Key> = kept.into_iter().map(|row| (row.cart_id, row.store_id, row.sku_id, row.options)).collect();
    let full = || Fault::conflict("cart_full", "购物车已满 100 种商品，请先结算或删除一些");
    Ok(lines.iter().map(|line| if kept.contains(&line.key()) { Ok(()) } else { Err(full()) }).collect())
}
