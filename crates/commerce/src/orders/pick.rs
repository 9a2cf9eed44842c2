//! What somebody takes off the shelf for an order, and what of it they have taken.

use std::iter;

use domain::{
    Fault, OrderId, SkuId,
    orders::{OrderState, PickLine, ScanPick, SetPicked},
    staff::Permission,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::steps::{self, Ordered};
use crate::{Scope, catalog, database::OrFault, house::new_id};

/// The goods of an order of a store within reach, what lies together together: by category, then by code; each with how
/// many of it the store that serves the order has off the shelf. What is sent no more is not picked.
///
/// Faults: `Forbidden`; `NotFound` out of reach.
pub async fn pick_list(scope: &Scope, id: OrderId) -> Result<Vec<PickLine>, Fault> {
    let reach = scope.reach_filter(Permission::ReadOrders)?;
    let mut tx = scope.begin().await?;
    sqlx::query!(
        "select id from orders where id = $1 and ($2::uuid[] is null or store_id = any($2))",
        id.0,
        reach.as_deref(),
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .ok_or(Fault::NotFound("这个订单"))?;
    lines(&mut tx, id).await
}

async fn lines(tx: &mut PgConnection, id: OrderId) -> Result<Vec<PickLine>, Fault> {
    let rows = sqlx::query!(
        r#"select l.line as "line!", l.sku_id as "sku_id!", k.code as "code!", k.barcode, l.name as "name!", l.spec as "spec!",
                  l.options_text as "options_text!", c.name as "category!",
                  (l.quantity - coalesce((select sum(u.quantity) from unsent_end_lines u
                                          where u.order_id = l.order_id and u.line = l.line), 0))::bigint as "quantity!",
                  coalesce(t.quantity, 0)::bigint as "picked!", t.at as "picked_at?",
                  coalesce('店员 ' || w.name, '合作方 ' || a.name) as "picked_by?"
           from order_lines l join skus k on k.id = l.sku_id join products p on p.id = k.product_id
           join categories c on c.id = p.category_id
           -- What the store before has picked is not here, and what was put back is not picked.
           left join lateral (
               select o.quantity, o.at, o.staff_id, o.api_key_id from order_picks o
               where o.order_id = l.order_id and o.line = l.line
                 and o.step = (select case when s.act = 'accept' then s.step end from order_steps s
                               where s.order_id = l.order_id and s.act in ('accept', 'reroute') order by s.step desc limit 1)
               order by o.nth desc limit 1
           ) t on t.quantity > 0
           left join staff w on w.id = t.staff_id left join api_keys a on a.id = t.api_key_id
           where l.order_id = $1 order by c.sort, c.name, c.id, k.code, l.line"#,
        id.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let line = rows.into_iter().filter(|row| row.quantity > 0).map(|row| PickLine {
        line: row.line,
        sku_id: SkuId(row.sku_id),
        code: row.code,
        barcode: row.barcode,
        name: row.name,
        spec: row.spec,
        options_text: row.options_text,
        category: row.category,
        quantity: row.quantity,
        picked: row.picked,
        picked_by: row.picked_by,
        picked_at: row.picked_at,
    });
    Ok(line.collect())
}

/// Says how many pieces of a line are off the shelf. Saying it twice is saying it once, also for two people.
///
/// Faults: `Invalid` beside `line` where it is not on the list, beside `picked` for more than were ordered; `NotFound`
/// for another store's order; `Conflict` (`not_now`) before the store has taken it on, and once it is ready or over,
/// (`picked_meanwhile`) where there are not as many as were seen; `Forbidden`.
pub async fn set_picked(scope: &Scope, id: OrderId, command: SetPicked) -> Result<PickLine, Fault> {
    let mut tx = scope.begin().await?;
    let order = steps::lock_within(&mut tx, scope, id, Permission::FulfilOrders).await?;
    let step = taken_on(&mut tx, &order).await?;
    let line = lines(&mut tx, id).await?.into_iter().find(|one| one.line == command.line);
    let line = line.ok_or_else(|| Fault::invalid("line", "拣货单上没有这一行，请刷新后再试"))?;
    if !(0..=line.quantity).contains(&command.picked) {
        let message = format!("{} 共 {} 件，请填写 0 到 {} 件", line.title(), line.quantity, line.quantity);
        return Err(Fault::invalid("picked", message));
    }
    if command.picked == line.picked {
        return Ok(line);
    }
    if command.seen.is_some_and(|seen| seen != line.picked) {
        return Err(picked_meanwhile(&line));
    }
    let picked = Picked { id: new_id(), step, line: line.line, quantity: command.picked };
    write(&mut tx, scope, id, picked).await?;
    let line = line_of(&mut tx, id, line.line).await?;
    tx.commit().await.or_fault()?;
    Ok(line)
}

/// Said where somebody was faster. Who put all of it back is not known of the line.
fn picked_meanwhile(line: &PickLine) -> Fault {
    let by = line.picked_by.as_ref().map(|by| format!("由 {by} ")).unwrap_or_default();
    let (title, picked, all) = (line.title(), line.picked, line.quantity);
    Fault::conflict("picked_meanwhile", format!("{title} 刚刚{by}改为 {picked}/{all}，请核对后再点"))
}

/// Takes one more piece off the shelf: of the first line with what was scanned that is not whole yet. Answers the line.
/// The scan's id is the idempotency key: the same request again takes nothing more.
///
/// Faults: `Invalid` beside `code` for what is not on the list, or is picked whole; `NotFound` for another store's order;
/// `Conflict` (`not_now`) before the store has taken it on, and once it is ready or over, (`key_reused`); `Forbidden`.
pub async fn scan_pick(scope: &Scope, id: OrderId, command: &ScanPick) -> Result<PickLine, Fault> {
    let mut tx = scope.begin().await?;
    let order = steps::lock_within(&mut tx, scope, id, Permission::FulfilOrders).await?;
    let list = lines(&mut tx, id).await?;
    if let Some(before) = scanned_before(&mut tx, scope, id, command).await? {
        let same = list.into_iter().find(|one| one.line == before && names(one, &command.code));
        return same.ok_or_else(key_reused);
    }
    let step = taken_on(&mut tx, &order).await?;
    let named: Vec<&PickLine> = list.iter().filter(|one| names(one, &command.code)).collect();
    let Some(first) = named.first() else { return Err(not_on_the_list(&mut tx, &command.code).await?) };
    if named.iter().any(|one| one.sku_id != first.sku_id) {
        return Err(Fault::invalid("code", "这个条码对应单子里的多个商品，请输入商品编码"));
    }
    let Some(line) = named.iter().find(|one| !one.is_whole()) else {
        let all: i64 = named.iter().map(|one| one.quantity).sum();
        return Err(Fault::invalid("code", format!("{} 已拣够 {all} 件，多的请放回货架", first.name)));
    };
    let picked = Picked { id: command.id, step, line: line.line, quantity: line.picked + 1 };
    write(&mut tx, scope, id, picked).await?;
    let line = line_of(&mut tx, id, line.line).await?;
    tx.commit().await.or_fault()?;
    Ok(line)
}

/// The step with which the store took on a locked order that it is at.
///
/// Faults: `Conflict` (`not_now`).
async fn taken_on(tx: &mut PgConnection, order: &Ordered) -> Result<i32, Fault> {
    match order.state {
        OrderState::Accepted => {}
        OrderState::Paid => return Err(Fault::conflict("not_now", "订单还没有接单，请先接单再拣货")),
        other => {
            let message = format!("订单{}，不能再拣货", other.label_of(order.fulfilment));
            return Err(Fault::conflict("not_now", message));
        }
    }
    let silent = || Fault::Internal("an accepted order has no step that says so".into());
    sqlx::query_scalar!("select max(step) from order_steps where order_id = $1 and act = 'accept'", order.id.0)
        .fetch_one(tx)
        .await
        .or_fault()?
        .ok_or_else(silent)
}

/// Whether a code or a barcode means what is on this line.
fn names(line: &PickLine, code: &str) -> bool {
    let code = code.trim();
    line.code.to_lowercase() == code.to_lowercase() || line.barcode.as_deref() == Some(code)
}

/// What is said of something that was scanned and belongs back on the shelf.
async fn not_on_the_list(tx: &mut PgConnection, code: &str) -> Result<Fault, Fault> {
    let named = catalog::named(tx, iter::once(code)).await?;
    Ok(match named.find(code) {
        Ok(sku) => Fault::invalid("code", format!("{} 不在这张拣货单上，请放回货架", sku.name)),
        Err(_) => Fault::invalid("code", "没有找到：不在这张拣货单上，请核对编码或条码"),
    })
}

fn key_reused() -> Fault {
    Fault::conflict("key_reused", "这个页面已经扫过另一件，请刷新后再试")
}

/// The line of which the same request has taken a piece.
///
/// Faults: `Conflict` (`key_reused`) where it is another's.
async fn scanned_before(
    tx: &mut PgConnection,
    scope: &Scope,
    id: OrderId,
    command: &ScanPick,
) -> Result<Option<i32>, Fault> {
    let found = sqlx::query!(
        r#"select order_id, line, coalesce(staff_id, api_key_id) as "by!" from order_picks where id = $1"#,
        command.id,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    match found {
        None => Ok(None),
        Some(found) if found.order_id == id.0 && Some(found.by) == scope.actor_id() => Ok(Some(found.line)),
        Some(_) => Err(key_reused()),
    }
}

/// So many pieces of a line from now on.
struct Picked {
    id: Uuid,
    /// The step with which the store took the order on.
    step: i32,
    line: i32,
    quantity: i64,
}

/// Writes it of a locked order.
///
/// Faults: `Conflict` (`key_reused`).
async fn write(tx: &mut PgConnection, scope: &Scope, order: OrderId, picked: Picked) -> Result<(), Fault> {
    let actor = scope.actor();
    let written = sqlx::query!(
        "insert into order_picks (id, order_id, step, line, nth, quantity, at, staff_id, api_key_id)
         select $1, $2, $3, $4, coalesce(max(nth), 0) + 1, $5, $6, $7, $8
         from order_picks where order_id = $2 and step = $3 and line = $4
         on conflict (id) do nothing",
        picked.id,
        order.0,
        picked.step,
        picked.line,
        picked.quantity,
        scope.now,
        actor.staff,
        actor.key,
    )
    .execute(tx)
    .await
    .or_fault()?;
    if written.rows_affected() == 1 { Ok(()) } else { Err(key_reused()) }
}

/// A line as it is now.
async fn line_of(tx: &mut PgConnection, id: OrderId, line: i32) -> Result<PickLine, Fault> {
    let found = lines(tx, id).await?.into_iter().find(|one| one.line == line);
    found.ok_or_else(|| Fault::Internal(format!("no line {line}")))
}
