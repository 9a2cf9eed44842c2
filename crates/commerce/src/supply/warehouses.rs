//! Warehouses, and what lies in them and in stores.

use domain::{
    Fault, Fen, LocationId, SkuId,
    audit::{Act, ObjectKind},
    geo::Point,
    purchasing::{MilliFen, margin_bp},
    supply::{ListStock, SaveWarehouse, StockEntry, Warehouse},
    transfers::{Location, LocationKind},
};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::must_supply;
use crate::{
    Scope,
    audit::{self, Change},
    costs,
    database::OrFault,
    transfers::{Rights, location, places},
};

fn not_found() -> Fault {
    Fault::NotFound("这个仓库")
}

/// All warehouses, those that are open first, for everybody who has to do with goods.
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub async fn list(scope: &Scope) -> Result<Vec<Warehouse>, Fault> {
    Rights::of(scope)?;
    let rows = sqlx::query!(
        r#"select w.id, w.code, w.name, w.region_code, r.name as region_name, w.address, w.latitude, w.longitude, w.closed_at,
                  (select count(*) from stock s where s.location_id = w.id and s.on_hand > 0) as "skus!",
                  (select coalesce(sum(s.on_hand), 0)::bigint from stock s where s.location_id = w.id) as "pieces!"
           from warehouses w join regions r on r.code = w.region_code order by w.closed_at is not null, w.code"#,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let warehouse = rows.into_iter().map(|row| Warehouse {
        id: LocationId(row.id),
        code: row.code,
        name: row.name,
        region: row.region_code,
        region_name: row.region_name,
        address: row.address,
        point: row.latitude.zip(row.longitude).and_then(|(latitude, longitude)| Point::new(latitude, longitude)),
        closed_at: row.closed_at,
        skus: row.skus,
        pieces: row.pieces,
    });
    Ok(warehouse.collect())
}

/// The stores at which whoever asks has to do with goods, by name.
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub async fn stores_of(scope: &Scope) -> Result<Vec<Location>, Fault> {
    let rights = Rights::of(scope)?;
    let rows = sqlx::query!("select id, code, name from stores where state <> 'closed' order by name, id")
        .fetch_all(scope.pool())
        .await
        .or_fault()?;
    let stores = rows.into_iter().map(|row| location(row.id, "store", row.code, row.name));
    Ok(stores.filter(|store| rights.concerned_at(store)).collect())
}

/// The warehouses with these codes, closed ones as well.
///
/// Faults: `Invalid` beside `warehouses` for a code that none has.
pub(crate) async fn of_codes(scope: &Scope, codes: &[String]) -> Result<Vec<Uuid>, Fault> {
    let found = sqlx::query!("select id, code from warehouses where code = any($1)", codes)
        .fetch_all(scope.pool())
        .await
        .or_fault()?;
    let unknown: Vec<&str> =
        codes.iter().filter(|code| found.iter().all(|one| one.code != **code)).map(String::as_str).collect();
    if !unknown.is_empty() {
        return Err(Fault::invalid("warehouses", format!("没有这些仓库：{}", unknown.join("、"))));
    }
    Ok(found.into_iter().map(|one| one.id).collect())
}

/// Every open warehouse, then every open store, each with the merchant whose it is.
pub(crate) async fn open_places(scope: &Scope) -> Result<Vec<(Location, Option<Uuid>)>, Fault> {
    let rows = sqlx::query!(
        r#"select id as "id!", kind as "kind!", code as "code!", name as "name!", merchant_id from stock_places
           where not closed order by kind desc, name, id"#,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let place = rows.into_iter().map(|row| (location(row.id, &row.kind, row.code, row.name), row.merchant_id));
    Ok(place.collect())
}

/// Where goods can be asked for: open warehouses, then the chain's open stores, and a merchant's for its own people.
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub async fn sources(scope: &Scope) -> Result<Vec<Location>, Fault> {
    let rights = Rights::of(scope)?;
    let places = open_places(scope).await?;
    let concerned = |place: &Location| rights.concerned_at(place);
    let chains =
        places.iter().any(|(place, merchant)| merchant.is_none() && place.store().is_some() && concerned(place));
    let can = |(place, merchant): &(Location, Option<Uuid>)| match merchant {
        Some(_) => concerned(place),
        None => chains || place.store().is_none(),
    };
    Ok(places.into_iter().filter(can).map(|(place, _)| place).collect())
}

/// Makes a warehouse under an id of the client's, or changes what it is called and where it is. Doing it twice is doing
/// it once.
///
/// Faults: `Forbidden`; `Invalid` beside the fields; `NotFound` for an id that is a store's.
pub async fn save(scope: &Scope, id: LocationId, command: SaveWarehouse) -> Result<(), Fault> {
    must_supply(scope)?;
    command.check()?;
    let mut tx = scope.begin().await?;
    let before = read(&mut tx, id).await?;
    sqlx::query!("insert into locations (id, kind) values ($1, 'warehouse') on conflict (id) do nothing", id.0)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    let saved = sqlx::query!(
        "insert into warehouses (id, code, name, region_code, address, latitude, longitude, created_at)
         select $1, $2, $3, r.code, $5, $6, $7, $8 from regions r
         where r.code = $4 and exists (select from locations l where l.id = $1 and l.kind = 'warehouse')
         on conflict (id) do update set code = excluded.code, name = excluded.name, region_code = excluded.region_code,
             address = excluded.address, latitude = excluded.latitude, longitude = excluded.longitude",
        id.0,
        command.code,
        command.name.trim(),
        command.region,
        command.address.trim(),
        command.point.map(|point| point.latitude),
        command.point.map(|point| point.longitude),
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if saved.rows_affected() == 0 {
        let kind = sqlx::query_scalar!("select kind from locations where id = $1", id.0);
        let kind = kind.fetch_one(&mut *tx).await.or_fault()?;
        let no_region = || Fault::invalid("region", "没有这个地区，请从列表中选择");
        return Err(if kind == "store" { not_found() } else { no_region() });
    }
    let after = read(&mut tx, id).await?;
    if before != after {
        record(&mut tx, scope, id, Act::SaveWarehouse, before, after).await?;
    }
    tx.commit().await.or_fault()
}

/// A warehouse as the log has it; nothing where there is none.
async fn read(tx: &mut PgConnection, id: LocationId) -> Result<Value, Fault> {
    let row = sqlx::query!(
        "select code, name, region_code, address, latitude, longitude from warehouses where id = $1 for update",
        id.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    Ok(row.map_or(Value::Null, |row| {
        let point = row.latitude.zip(row.longitude).map(|(latitude, longitude)| format!("{latitude},{longitude}"));
        json!({ "code": row.code, "name": row.name, "region": row.region_code, "address": row.address, "point": point })
    }))
}

async fn record(
    tx: &mut PgConnection,
    scope: &Scope,
    id: LocationId,
    act: Act,
    before: Value,
    after: Value,
) -> Result<(), Fault> {
    let object = ObjectKind::Warehouse;
    audit::record(tx, scope, Change { act, object, object_id: id.0, store_id: None, before, after, reason: "" }).await
}

/// Closes an empty warehouse: nothing is sent from it or to it any more. Doing it twice is doing it once.
///
/// Faults: `Forbidden`; `NotFound`; `Conflict` (`warehouse_in_use`) where there are goods in it or on their way, or
/// where some that left it are not accounted for.
pub async fn close(scope: &Scope, id: LocationId) -> Result<(), Fault> {
    must_supply(scope)?;
    let mut tx = scope.begin().await?;
    if read(&mut tx, id).await?.is_null() {
        return Err(not_found());
    }
    let left = sqlx::query!(
        r#"select (select coalesce(sum(on_hand), 0)::bigint from stock where location_id = $1) as "pieces!",
                  (select count(*) from stock_transfers where $1 in (from_id, to_id)
                   and state in ('requested', 'approved', 'shipped')) as "open!",
                  (select count(*) from stock_transfers t where $1 in (t.from_id, t.to_id) and t.state = 'received'
                   and exists (select from stock_transfer_lines l where l.transfer_id = t.id and l.on_the_way > 0)) as "missing!",
                  (select count(*) from purchases where location_id = $1
                   and state in ('draft', 'submitted', 'approved', 'part_received')) as "ordered!""#,
        id.0,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()?;
    let (open, ordered) = (format!("{} 张未完成的调拨单", left.open), format!("{} 张未完成的采购单", left.ordered));
    let why = [
        (left.pieces, format!("{} 件货", left.pieces)),
        (left.open, open),
        (left.missing, format!("{} 张有差异未了结的调拨单", left.missing)),
        (left.ordered, ordered),
    ];
    let why: Vec<String> = why.into_iter().filter(|(many, _)| *many != 0).map(|(_, said)| said).collect();
    if !why.is_empty() {
        return Err(Fault::conflict("warehouse_in_use", format!("仓库还有 {}，请先处理", why.join("、"))));
    }
    turn(&mut tx, scope, id, true).await?;
    tx.commit().await.or_fault()
}

/// Opens a closed warehouse again. Doing it twice is doing it once.
///
/// Faults: `Forbidden`; `NotFound`.
pub async fn reopen(scope: &Scope, id: LocationId) -> Result<(), Fault> {
    must_supply(scope)?;
    let mut tx = scope.begin().await?;
    if read(&mut tx, id).await?.is_null() {
        return Err(not_found());
    }
    turn(&mut tx, scope, id, false).await?;
    tx.commit().await.or_fault()
}

async fn turn(tx: &mut PgConnection, scope: &Scope, id: LocationId, closed: bool) -> Result<(), Fault> {
    let turned = sqlx::query!(
        "update warehouses set closed_at = case when $2 then $3::timestamptz end where id = $1 and (closed_at is null) = $2",
        id.0,
        closed,
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if turned.rows_affected() == 0 {
        return Ok(());
    }
    let act = if closed { Act::CloseWarehouse } else { Act::ReopenWarehouse };
    record(tx, scope, id, act, json!({ "closed": !closed }), json!({ "closed": closed })).await
}

/// What a warehouse or store has whose name, code or barcode has these words, and how many variants in all. Of a store,
/// also what it lists and has none of.
///
/// Faults: `Unauthenticated`; `Forbidden`; `NotFound` for a place that is none, or another merchant's store.
pub async fn stock(scope: &Scope, place: LocationId, ask: &ListStock) -> Result<(Vec<StockEntry>, i64), Fault> {
    let rights = Rights::of(scope)?;
    let mut tx = scope.begin_search().await?;
    let [of] = places(&mut tx, [place]).await?;
    if of.merchant.is_some() && !rights.concerned_at(&of.location) {
        return Err(Fault::NotFound("这处门店或仓库"));
    }
    // A store's prices are its own matter and head office's.
    let buyer = match ask.going_to {
        Some(to) if of.location.kind == LocationKind::Warehouse => {
            let [to] = places(&mut tx, [to]).await?;
            Some(to.location).filter(|to| to.kind == LocationKind::Store && rights.concerned_at(to))
        }
        _ => None,
    };
    let rows = sqlx::query!(
        r#"select k.id, concat_ws(' · ', d.name, nullif(array_to_string(k.spec_values, ' '), '')) as "name!", k.code, k.barcode,
                  coalesce(s.on_hand, 0) as "on_hand!", coalesce(s.held, 0) as "held!", coalesce(s.allocated, 0) as "allocated!",
                  coalesce(s.kept_back, 0) as "kept_back!", greatest(coalesce(s.on_hand - s.held - s.allocated - s.expired, 0), 0) as "available!",
                  (select coalesce(sum(l.on_the_way), 0)::bigint from stock_transfer_lines l
                   join stock_transfers t on t.id = l.transfer_id
                   where l.sku_id = k.id and l.on_the_way > 0 and t.to_id = $1 and t.state = 'shipped') as "in_transit!",
                  c.milli_fen as "milli_fen?", coalesce(h.price_fen, k.price_fen) as "price_fen!",
                  case when $8::uuid is not null then supply_price($8, k.id) end as "supply_price_fen?",
                  d.keeps_batches, count(*) over () as "total!"
           from skus k join products d on d.id = k.product_id
           left join stock s on s.location_id = $1 and s.sku_id = k.id
           left join stock_costs c on c.location_id = $1 and c.sku_id = k.id
           left join listings h on h.store_id = $1 and h.sku_id = k.id
           where k.id = any($6)
              or ((s.on_hand <> 0 or exists (select from listings i where i.store_id = $1 and i.sku_id = k.id)
                   or ($2 <> '' and $5))
                  and ($2 = '' or strpos(lower(d.name || ' ' || d.pinyin || ' ' || d.initials), $2) > 0
                       or lower(k.code) = $2 or k.barcode = $2)
                  and d.brand_id = coalesce((select t.brand_id from stores t where t.id = $7), d.brand_id))
           order by k.id = any($6) desc, d.sort, d.name, k.sort, k.code limit $3 offset $4"#,
        place.0,
        ask.words.trim().to_lowercase(),
        ask.most.clamp(1, 200),
        ask.skip.max(0),
        // What never lay in a warehouse can still arrive there.
        of.location.store().is_none(),
        &ask.also.iter().map(|sku| sku.0).collect::<Vec<Uuid>>(),
        ask.going_to.map(|place| place.0),
        buyer.map(|store| store.id.0),
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let total = rows.first().map_or(0, |row| row.total);
    let whole = costs::seen_at(scope, &of.location);
    let cost = |milli_fen: Option<i64>| milli_fen.filter(|_| whole).map(MilliFen);
    let entry = rows.into_iter().map(|row| StockEntry {
        margin_bp: cost(row.milli_fen).and_then(|cost| margin_bp(MilliFen::of(Fen(row.price_fen)), cost)),
        cost_milli_fen: cost(row.milli_fen),
        sku_id: SkuId(row.id),
        name: row.name,
        code: row.code,
        barcode: row.barcode,
        on_hand: row.on_hand,
        held: row.held,
        allocated: row.allocated,
        kept_back: row.kept_back,
        available: row.available,
        in_transit: row.in_transit,
        supply_price_fen: row.supply_price_fen.map(Fen),
        keeps_batches: row.keeps_batches,
    });
    Ok((entry.collect(), total))
}
