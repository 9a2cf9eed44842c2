//! Which stores near a place have a variant 附近有货 (K3, O5). Where the stores are is in memory; who of them has any is
//! one statement that looks each up by the keys of `listings` and `stock`.

use std::collections::HashMap;

use domain::{
    Fault, LocationId, SkuId, StoreId,
    catalog::SkuView,
    geo::Point,
    nearby::{NearbySku, NearbyStore, StockedAt, WhereStocked},
    stores::{FindStores, StoreCard},
    transfers::LocationKind,
};
use uuid::Uuid;

use crate::{
    Scope, catalog,
    database::OrFault,
    memory,
    stock::quotas,
    transfers::{Rights, places},
};

/// How many stores are shown.
const SHOWN: usize = 5;
/// Among how many of the nearest they are looked for; what is further is not near.
const LOOKED_AT: usize = 60;

/// The nearest other open stores of the same brand that have some of these variants, for shoppers. Near to `near`, or to
/// the store itself where nobody knows where the shopper is.
pub async fn with_some(
    scope: &Scope,
    store: &StoreCard,
    skus: &[SkuView],
    near: Option<Point>,
) -> Result<Vec<NearbyStore>, Fault> {
    let ask = FindStores {
        near: near.or(Some(store.point)),
        brand: Some(store.brand.clone()),
        open_now: true,
        most: LOOKED_AT,
        ..FindStores::default()
    };
    let others = memory::stores(scope).await?.find(scope, &ask).into_iter().filter(|other| other.id != store.id);
    let others: Vec<StoreCard> = others.collect();
    let stores: Vec<Uuid> = others.iter().map(|other| other.id.0).collect();
    let wanted: Vec<Uuid> = skus.iter().map(|sku| sku.id.0).collect();
    let mut found = some_at(scope, &stores, &wanted).await?;
    let with_skus = others.into_iter().filter_map(|other| {
        let there = found.remove(&other.id.0)?;
        let sku = |sku: &SkuView| Some(NearbySku::new(sku.id, sku.label(), *there.get(&sku.id.0)?));
        Some(NearbyStore { skus: skus.iter().filter_map(sku).collect(), store: other })
    });
    Ok(with_skus.take(SHOWN).collect())
}

/// Which other stores nearby have a product that a store sells.
///
/// Faults: those of [`catalog::show`].
pub async fn of_product(
    scope: &Scope,
    store: StoreId,
    code: &str,
    near: Option<Point>,
) -> Result<Vec<NearbyStore>, Fault> {
    let product = catalog::show(scope, store, code).await?;
    let card = crate::stores::show_by_id(scope, store, near).await?.card;
    with_some(scope, &card, &product.skus, near).await
}

/// How many of these variants can be sold at each of these stores; none where there are none.
///
/// The arrays come out of subqueries so that the planner does not look at their lengths.
pub(crate) async fn some_at(
    scope: &Scope,
    stores: &[Uuid],
    skus: &[Uuid],
) -> Result<HashMap<Uuid, HashMap<Uuid, i64>>, Fault> {
    let rows = sqlx::query!(
        r#"select s.location_id, s.sku_id, s.on_hand - s.held - s.allocated - s.kept_back as "available!"
           from unnest((select $1::uuid[])) a (store_id) cross join unnest((select $2::uuid[])) k (sku_id)
           join listings l on l.store_id = a.store_id and l.sku_id = k.sku_id and l.on_shelf
           join stock s on s.location_id = a.store_id and s.sku_id = k.sku_id
           where s.on_hand - s.held - s.allocated - s.kept_back > 0"#,
        stores,
        skus,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let shelves = rows.iter().map(|row| (row.location_id, row.sku_id));
    let may_sell = quotas::left(scope, &memory::catalogue(scope), shelves).await?;
    let mut found = HashMap::<Uuid, HashMap<Uuid, i64>>::new();
    for row in rows {
        let most = may_sell.get(&(row.location_id, row.sku_id)).copied().unwrap_or(i64::MAX);
        let available = row.available.min(most);
        if available > 0 {
            found.entry(row.location_id).or_default().insert(row.sku_id, available);
        }
    }
    Ok(found)
}

/// Where a variant is, seen from a store within reach: exactly how many, warehouses first, then stores by the way to
/// them. A merchant's stores see each other and the chain's warehouses, the chain's stores see all but merchants'.
///
/// Faults: `Unauthenticated`; `Forbidden`; `NotFound` for a store out of reach or a variant that is none.
pub async fn stocked(scope: &Scope, store: StoreId, sku: SkuId) -> Result<WhereStocked, Fault> {
    let rights = Rights::of(scope)?;
    let mut tx = scope.begin().await?;
    let [here] = places(&mut tx, [LocationId(store.0)]).await?;
    if here.location.store().is_none() || !rights.concerned_at(&here.location) {
        return Err(Fault::NotFound("这家门店"));
    }
    let of = sqlx::query!(
        r#"select concat_ws(' · ', d.name, nullif(array_to_string(k.spec_values, ' '), '')) as "name!",
                  (select coalesce(sum(l.on_the_way), 0)::bigint from stock_transfer_lines l
                   join stock_transfers t on t.id = l.transfer_id
                   where l.sku_id = k.id and l.on_the_way > 0 and t.to_id = $2 and t.state = 'shipped') as "in_transit!"
           from skus k join products d on d.id = k.product_id where k.id = $1"#,
        sku.0,
        store.0,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .ok_or(Fault::NotFound("这件商品"))?;
    let rows = sqlx::query!(
        r#"select p.id as "id!", p.kind as "kind!", p.code as "code!", p.name as "name!", p.latitude, p.longitude,
                  s.on_hand - s.held - s.allocated - s.expired as "available!"
           from stock_places p join stock s on s.location_id = p.id and s.sku_id = $1
           where p.id = $2 or (s.on_hand - s.held - s.allocated - s.expired > 0 and not p.closed
                               and (p.kind = 'warehouse' or p.merchant_id is not distinct from $3))"#,
        sku.0,
        store.0,
        here.merchant,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let point = |latitude: Option<f64>, longitude: Option<f64>| Point::new(latitude?, longitude?);
    let home = memory::stores(scope).await?.with_id(store.0).map(|store| store.card(scope, None).point);
    let (mut own, mut elsewhere) = (0, Vec::new());
    for row in rows {
        if row.id == store.0 {
            own = row.available.max(0);
            continue;
        }
        elsewhere.push(StockedAt {
            location_id: LocationId(row.id),
            kind: LocationKind::from_code(&row.kind).unwrap_or(LocationKind::Store),
            code: row.code,
            name: row.name,
            available: row.available,
            distance_m: home.zip(point(row.latitude, row.longitude)).map(|(home, there)| home.metres_to(there)),
        });
    }
    let far = |place: &StockedAt| (place.kind == LocationKind::Store, place.distance_m.unwrap_or(f64::MAX));
    elsewhere.sort_by(|one, two| {
        let ((one_store, one_far), (two_store, two_far)) = (far(one), far(two));
        one_store.cmp(&two_store).then(one_far.total_cmp(&two_far)).then(one.code.cmp(&two.code))
    });
    Ok(WhereStocked { store_id: store, sku_id: sku, name: of.name, here: own, in_transit: of.in_transit, elsewhere })
}
