//! Goods come back, at whatever store, whatever store sold them. Whoever has the goods and the code is whom the
//! request belongs to; a counter sees no more of it than it needs. What is done reaches beyond the stores of whoever
//! does it (the order and its money are the selling store's), so the server does it, after looking at their grants.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AfterSalesId, Fault, StoreId,
    after_sales::{AfterSalesAct, AfterSalesLine, AfterSalesState, Condition, Counter, ReceiveReturn, ReturnCode},
    staff::Permission,
    text,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Request, advance, lock, not_found, read, settle};
use crate::{
    Scope,
    database::OrFault,
    faults::{self, Deed},
    memory, orders,
    stock::{self, Cause, Document, Pieces},
};

async fn id_of(scope: &Scope, code: &ReturnCode) -> Result<AfterSalesId, Fault> {
    scope.reach(Permission::FulfilOrders)?;
    orders::refuse_guessing(scope).await?;
    let found = sqlx::query_scalar!("select id from after_sales where code = $1", code.as_str())
        .fetch_optional(&scope.house.pool)
        .await
        .or_fault()?;
    match found {
        Some(id) => Ok(AfterSalesId(id)),
        None => {
            orders::note_miss(scope).await?;
            Err(Fault::NotFound("这个售后码对应的售后单；请核对数字，或请顾客刷新页面"))
        }
    }
}

/// What is to be taken under a code.
///
/// Faults: `Forbidden`; `NotFound` for a code that nobody has; `TooMany` past so many of them.
pub async fn find(scope: &Scope, code: &ReturnCode) -> Result<Counter, Fault> {
    let id = id_of(scope, code).await?;
    let mut tx = scope.house_begin().await?;
    let card = read::card(&mut tx, &read::Within { id: Some(id), ..read::Within::default() }).await?;
    Ok(Counter { card, lines: read::lines(&mut tx, id).await? })
}

/// Takes the goods of a request back at a store within reach: each variant goes where its condition says, in an
/// exchange others leave the same store's shelf, and the money goes back; all of it or nothing. The same again is the
/// same.
///
/// Faults: `Forbidden`; `NotFound` for a store out of reach or a code that nobody has; `Invalid` beside
/// `condition.{line}`; `SoldOut` where what is to come in exchange is not there; `Conflict` (`already_received`,
/// `not_now`, `return_expired`, `other_merchant`, `store_closed`); `TooMany`.
pub async fn receive(scope: &Scope, command: ReceiveReturn) -> Result<AfterSalesId, Fault> {
    let within = scope.reach(Permission::FulfilOrders)?.covers(command.store_id);
    if !within || memory::stores(scope).await?.with_id(command.store_id.0).is_none() {
        return Err(Fault::NotFound("这家门店"));
    }
    let id = id_of(scope, &command.code).await?;
    let mut tx = scope.house_begin().await?;
    let mut request = lock(&mut tx, id).await?;
    if request.code.as_deref() != Some(command.code.as_str()) {
        return Err(not_found());
    }
    let lines = read::lines(&mut tx, id).await?;
    let conditions = conditions(&command, &lines)?;
    if request.received_at.is_some() {
        return received_before(&mut tx, scope, &request, &command, &lines, &conditions).await;
    }
    if request.state == AfterSalesState::Agreed && request.due_at.is_some_and(|at| at <= scope.now) {
        return Err(Fault::conflict("return_expired", "这张售后单已过退回期限，请顾客重新申请"));
    }
    must_take(&mut tx, request.store, command.store_id).await?;
    request.received_at = Some(command.store_id);
    advance(&mut tx, scope, &mut request, AfterSalesAct::Receive, "").await?;
    note_conditions(&mut tx, &request, command.store_id, &conditions).await?;
    move_goods(&mut tx, scope, id, command.store_id, &lines, &conditions).await?;
    settle(&mut tx, scope, &mut request).await?;
    faults::commit(tx, scope, Deed::ReceiveReturn).await?;
    Ok(id)
}

/// Any store of the same brand and merchant that is not closed takes the goods: they are then its to sell, and nobody
/// else's revenue pays for them.
async fn must_take(tx: &mut PgConnection, sold: StoreId, takes: StoreId) -> Result<(), Fault> {
    let row = sqlx::query!(
        r#"select t.name, t.state = 'closed' as "closed!",
                  t.brand_id <> s.brand_id or t.merchant_id is distinct from s.merchant_id as "foreign!"
           from stores s cross join stores t where s.id = $1 and t.id = $2"#,
        sold.0,
        takes.0,
    )
    .fetch_one(tx)
    .await
    .or_fault()?;
    if row.foreign {
        let message = format!("「{}」属于其他品牌或商户，请顾客到原品牌的门店退换", row.name);
        return Err(Fault::conflict("other_merchant", message));
    }
    if row.closed {
        return Err(Fault::conflict("store_closed", format!("「{}」已关闭，不能收退货", row.name)));
    }
    Ok(())
}

/// The condition of each line, where exactly the request's lines have one.
fn conditions(command: &ReceiveReturn, lines: &[AfterSalesLine]) -> Result<BTreeMap<i32, Condition>, Fault> {
    let said: BTreeMap<i32, Condition> = command.lines.iter().map(|one| (one.line, one.condition)).collect();
    if let Some(line) = lines.iter().find(|line| !said.contains_key(&line.line)) {
        let message = format!("请选择「{}」的状况", line.name);
        return Err(Fault::invalid(&format!("condition.{}", line.line), message));
    }
    match said.keys().find(|said| lines.iter().all(|line| line.line != **said)) {
        Some(line) => Err(Fault::invalid(&format!("condition.{line}"), "售后单里没有这件商品")),
        None => Ok(said),
    }
}

/// Whether the goods are here because of the same request.
async fn received_before(
    tx: &mut PgConnection,
    scope: &Scope,
    request: &Request,
    command: &ReceiveReturn,
    lines: &[AfterSalesLine],
    conditions: &BTreeMap<i32, Condition>,
) -> Result<AfterSalesId, Fault> {
    let same = lines.iter().all(|line| line.condition == conditions.get(&line.line).copied());
    if request.received_at == Some(command.store_id) && same {
        return Ok(request.id);
    }
    let row = sqlx::query!(
        r#"select t.at, s.name, s.timezone from after_sales a join stores s on s.id = a.received_store_id
           join after_sales_steps t on t.after_sales_id = a.id and t.act = 'receive' where a.id = $1"#,
        request.id.0,
    )
    .fetch_one(tx)
    .await
    .or_fault()?;
    let when = text::moment(row.at, scope.now, text::zone(&row.timezone));
    let message = format!("这张售后单的商品已在 {when} 由「{}」收下，请勿重复收货", row.name);
    Err(Fault::conflict("already_received", message))
}

pub(super) async fn note_conditions(
    tx: &mut PgConnection,
    request: &Request,
    store: StoreId,
    conditions: &BTreeMap<i32, Condition>,
) -> Result<(), Fault> {
    sqlx::query!("update after_sales set received_store_id = $2 where id = $1", request.id.0, store.0)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    let (lines, words): (Vec<i32>, Vec<String>) =
        conditions.iter().map(|(line, condition)| (*line, condition.code().to_owned())).unzip();
    sqlx::query!(
        "update after_sales_lines l set condition = c.condition
         from unnest((select $2::integer[]), (select $3::text[])) as c (line, condition)
         where l.after_sales_id = $1 and l.line = c.line",
        request.id.0,
        &lines,
        &words,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Books the goods in; what cannot be sold again out again, as a loss or for the supplier; and what comes in exchange
/// out. All shelves are locked first, in one order.
pub(super) async fn move_goods(
    tx: &mut PgConnection,
    scope: &Scope,
    id: AfterSalesId,
    store: StoreId,
    lines: &[AfterSalesLine],
    conditions: &BTreeMap<i32, Condition>,
) -> Result<(), Fault> {
    let skus = lines.iter().flat_map(|line| [Some(line.sku_id), line.exchange_for]).flatten();
    let shelves: BTreeSet<(Uuid, Uuid)> = skus.map(|sku| (store.0, sku.0)).collect();
    stock::lock(tx, shelves).await?;
    let pieces = |which: &dyn Fn(&AfterSalesLine) -> Option<Uuid>, sign: i64| -> Vec<Pieces> {
        let of = |line: &AfterSalesLine| Some(Pieces { sku: which(line)?, quantity: sign * line.quantity.get() });
        lines.iter().filter_map(of).collect()
    };
    let document = |cause| Document { cause, id: Some(id.0) };
    stock::book(tx, scope, store.0, document(Cause::Return), &pieces(&|line| Some(line.sku_id.0), 1)).await?;
    for (condition, cause) in [(Condition::Scrap, Cause::Loss), (Condition::Supplier, Cause::SupplierReturn)] {
        let is = |line: &AfterSalesLine| conditions.get(&line.line) == Some(&condition);
        let gone = pieces(&|line| is(line).then_some(line.sku_id.0), -1);
        if !gone.is_empty() {
            stock::book(tx, scope, store.0, document(cause), &gone).await?;
        }
    }
    let given = pieces(&|line| line.exchange_for.map(|sku| sku.0), 1);
    if given.is_empty() {
        return Ok(());
    }
    stock::take(tx, scope, store.0, document(Cause::Issue), &given).await
}
