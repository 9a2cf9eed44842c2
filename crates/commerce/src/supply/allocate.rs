//! One table, many transfers: head office sends goods from a warehouse to many stores at once.

use std::collections::{BTreeMap, HashMap};

use domain::{
    Fault, LocationId, SkuId, TransferId,
    supply::{Allocate, AllocateRow, Allocated, AllocationView},
    transfers::{Pieces, TransferAct},
};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::must_supply;
use crate::{
    Scope,
    catalog::{Named, named},
    database::OrFault,
    faults::{self, Deed},
    transfers::{Asking, Place, number_text, places, write},
};

/// Sends goods from a warehouse to stores: one transfer for each store, agreed to already. A row with something wrong
/// is answered with what is wrong; the others are sent.
///
/// The table's id is the idempotency key: the same table again is answered as before.
///
/// Faults: `Forbidden`; `Invalid` beside `rows` or `reason`; `NotFound` for a warehouse that is none; `Conflict`
/// (`location_closed`, `key_reused`).
pub async fn allocate(scope: &Scope, command: Allocate) -> Result<AllocationView, Fault> {
    must_supply(scope)?;
    command.check()?;
    let mut tx = scope.begin().await?;
    // The same table twice at once: the second waits and is answered as the first. Of two tables for one warehouse the
    // second sees what the first has given.
    for key in [command.id, command.from_id.0] {
        sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 28))", key.to_string())
            .execute(&mut *tx)
            .await
            .or_fault()?;
    }
    if let Some((asked, answered)) = read(&mut tx, command.id).await? {
        let other = || Fault::conflict("key_reused", "这个页面已经提交过另一张分配表，请刷新后再试");
        return if asked == command { Ok(view(command.id, answered)) } else { Err(other()) };
    }
    let [from] = places(&mut tx, [command.from_id]).await?;
    if from.location.store().is_some() {
        return Err(Fault::NotFound("这个仓库"));
    }
    if from.closed {
        return Err(Fault::conflict("location_closed", format!("「{}」已关闭，不能发货", from.location.name)));
    }
    let stores = stores_of(&mut tx, &command.rows).await?;
    let skus = named(&mut tx, command.rows.iter().map(|row| row.sku.as_str())).await?;
    let ids: Vec<SkuId> = command.rows.iter().filter_map(|row| Some(skus.find(&row.sku).ok()?.id)).collect();
    let left = left_at(&mut tx, command.from_id, &ids).await?;
    let brands = brands_of(&mut tx, &ids).await?;
    let judged = judge(&command.rows, &stores, &skus, &brands, left);
    let answered = write_down(&mut tx, scope, &command, &from, judged).await?;
    faults::commit(tx, scope, Deed::Allocate).await?;
    Ok(view(command.id, answered))
}

/// Writes the transfers of a table, and what came of each row.
pub(super) async fn write_down(
    tx: &mut PgConnection,
    scope: &Scope,
    command: &Allocate,
    from: &Place,
    judged: Vec<Judged>,
) -> Result<Vec<Allocated>, Fault> {
    let answered = send(tx, scope, command, from, judged).await?;
    let actor = scope.actor();
    sqlx::query!(
        "insert into allocations (id, from_id, asked, answered, at, staff_id, api_key_id) values ($1, $2, $3, $4, $5, $6, $7)",
        command.id,
        command.from_id.0,
        Json(command) as _,
        Json(&answered) as _,
        scope.now,
        actor.staff,
        actor.key,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(answered)
}

/// A table that was sent, and what came of it.
///
/// Faults: `Forbidden`; `NotFound`.
pub async fn show(scope: &Scope, id: Uuid) -> Result<AllocationView, Fault> {
    must_supply(scope)?;
    let mut tx = scope.begin().await?;
    let (_, answered) = read(&mut tx, id).await?.ok_or(Fault::NotFound("这张分配表"))?;
    Ok(view(id, answered))
}

async fn read(tx: &mut PgConnection, id: Uuid) -> Result<Option<(Allocate, Vec<Allocated>)>, Fault> {
    let row = sqlx::query!(
        r#"select asked as "asked: Json<Allocate>", answered as "answered: Json<Vec<Allocated>>" from allocations where id = $1"#,
        id,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    Ok(row.map(|row| (row.asked.0, row.answered.0)))
}

fn view(id: Uuid, rows: Vec<Allocated>) -> AllocationView {
    let mut transfers: Vec<TransferId> = rows.iter().filter_map(|row| row.transfer_id).collect();
    transfers.sort();
    transfers.dedup();
    AllocationView { id, transfers: transfers.len(), rows }
}

/// A store that a row names.
#[derive(Clone, Copy)]
struct Receiver {
    id: LocationId,
    brand: Uuid,
}

/// The open stores that the rows name, by code.
async fn stores_of(tx: &mut PgConnection, rows: &[AllocateRow]) -> Result<HashMap<String, Receiver>, Fault> {
    let codes: Vec<String> = rows.iter().map(|row| row.store.trim().to_owned()).collect();
    let found =
        sqlx::query!("select id, code, brand_id from stores where code = any($1) and state <> 'closed'", &codes)
            .fetch_all(tx)
            .await
            .or_fault()?;
    Ok(found.into_iter().map(|row| (row.code, Receiver { id: LocationId(row.id), brand: row.brand_id })).collect())
}

/// Whose goods variants are.
async fn brands_of(tx: &mut PgConnection, skus: &[SkuId]) -> Result<HashMap<SkuId, Uuid>, Fault> {
    let skus: Vec<Uuid> = skus.iter().map(|sku| sku.0).collect();
    let found = sqlx::query!(
        "select k.id, d.brand_id from skus k join products d on d.id = k.product_id where k.id = any($1)",
        &skus,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    Ok(found.into_iter().map(|row| (SkuId(row.id), row.brand_id)).collect())
}

/// How many pieces a warehouse has that are promised to nobody, other transfers included, and are not over.
pub(super) async fn left_at(
    tx: &mut PgConnection,
    from: LocationId,
    skus: &[SkuId],
) -> Result<HashMap<SkuId, i64>, Fault> {
    let skus: Vec<Uuid> = skus.iter().map(|sku| sku.0).collect();
    let rows = sqlx::query!(
        r#"select s.sku_id, (s.on_hand - s.held - s.allocated - s.expired - coalesce(o.agreed, 0))::bigint as "available!"
           from stock s left join (
               select l.sku_id, sum(l.approved) as agreed from stock_transfer_lines l join stock_transfers t on t.id = l.transfer_id
               where t.from_id = $1 and t.state = 'approved' group by l.sku_id
           ) o on o.sku_id = s.sku_id
           where s.location_id = $1 and s.sku_id = any($2)"#,
        from.0,
        &skus,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    Ok(rows.into_iter().map(|row| (SkuId(row.sku_id), row.available)).collect())
}

/// A row with where it goes, or what is wrong with it.
pub(super) type Judged = (AllocateRow, Result<(LocationId, SkuId), String>);

/// Judges the rows in their order: what one takes, a later one does not get.
fn judge(
    rows: &[AllocateRow],
    stores: &HashMap<String, Receiver>,
    skus: &Named,
    brands: &HashMap<SkuId, Uuid>,
    mut left: HashMap<SkuId, i64>,
) -> Vec<Judged> {
    let mut taken = Vec::new();
    let mut judged = Vec::new();
    for row in rows {
        let mut place = || {
            let store = *stores.get(row.store.trim()).ok_or_else(|| "没有这个门店编号，或门店已闭店".to_owned())?;
            let sku = skus.find(&row.sku)?.id;
            if brands.get(&sku) != Some(&store.brand) {
                return Err("商品不属于这家门店的品牌".to_owned());
            }
            if let Some(complaint) = row.complaint() {
                return Err(complaint.to_owned());
            }
            if taken.contains(&(store.id, sku)) {
                return Err("同一门店的同一商品已在前面的行".to_owned());
            }
            let left = left.entry(sku).or_default();
            if *left < row.quantity {
                return Err(format!("仓库只剩 {} 件可分配", (*left).max(0)));
            }
            *left -= row.quantity;
            taken.push((store.id, sku));
            Ok((store.id, sku))
        };
        judged.push((row.clone(), place()));
    }
    judged
}

/// Writes one transfer for each store, in the order of their ids.
async fn send(
    tx: &mut PgConnection,
    scope: &Scope,
    command: &Allocate,
    from: &Place,
    judged: Vec<Judged>,
) -> Result<Vec<Allocated>, Fault> {
    let mut of_stores = BTreeMap::<LocationId, Vec<Pieces>>::new();
    for (row, place) in &judged {
        if let Ok((store, sku_id)) = place {
            of_stores.entry(*store).or_default().push(Pieces { sku_id: *sku_id, quantity: row.quantity });
        }
    }
    let mut written = HashMap::new();
    for (store, lines) in of_stores {
        let ([to], id) = (places(tx, [store]).await?, TransferId(Uuid::now_v7()));
        let allocation = Some(command.id);
        let asking = Asking { from, to: &to, reason: command.reason.trim(), act: TransferAct::Allocate, allocation };
        let number = write(tx, scope, id, &asking, &lines).await?;
        let number = number.ok_or_else(|| Fault::Internal("a new id is taken".into()))?;
        written.insert(store, (id, number));
    }
    let answered = judged.into_iter().map(|(row, place)| match place.map(|(store, _)| written.get(&store)) {
        Ok(Some((id, number))) => Allocated { row, transfer_id: Some(*id), said: number_text(*number) },
        Ok(None) => Allocated { row, transfer_id: None, said: String::new() },
        Err(wrong) => Allocated { row, transfer_id: None, said: wrong },
    });
    Ok(answered.collect())
}
