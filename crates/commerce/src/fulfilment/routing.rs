//! Which store sends what somebody wants.

use std::collections::BTreeSet;

use domain::{
    Fault, StoreId,
    audit::{Act, ObjectKind},
    catalog::SkuView,
    fulfilment::AddressView,
    geo::Point,
    route::{Candidate, FindRoute, RoutePart, RouteRule, Wanted, route},
    staff::Permission,
    stores::StoreCard,
};
use serde_json::json;
use uuid::Uuid;

use super::{addresses, express::sends_to};
use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    memory, nearby,
    stores::kept::Store,
};

/// Head office's rule.
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub async fn rule(scope: &Scope) -> Result<RouteRule, Fault> {
    scope.staff_everywhere(Permission::ManageFreight)?;
    Ok(memory::stores(scope).await?.rule())
}

/// Sets head office's rule. Doing it twice is doing it once.
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub async fn set_rule(scope: &Scope, rule: RouteRule) -> Result<(), Fault> {
    let me = scope.staff_everywhere(Permission::ManageFreight)?.id.0;
    let mut tx = scope.begin().await?;
    let before =
        sqlx::query_scalar!("select rule from order_routing for update").fetch_optional(&mut *tx).await.or_fault()?;
    let before = before.unwrap_or_else(|| RouteRule::default().code().to_owned());
    if before == rule.code() {
        return Ok(());
    }
    sqlx::query!(
        "insert into order_routing (rule, set_by, set_at) values ($1, $2, $3)
         on conflict (id) do update set rule = $1, set_by = $2, set_at = $3",
        rule.code(),
        me,
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let told = |code: &str| json!({ "rule": RouteRule::from_code(code).map_or(code, |rule| rule.label()) });
    let change = Change {
        act: Act::SetRouting,
        object: ObjectKind::Freight,
        object_id: Uuid::nil(),
        store_id: None,
        before: told(&before),
        after: told(rule.code()),
        reason: "",
    };
    audit::record(&mut tx, scope, change).await?;
    tx.commit().await.or_fault()
}

/// Which stores would send this, by head office's rule: among those that send by express, there, and take orders now.
/// Nothing where none can. It promises nothing: what is there is held when it is ordered.
///
/// Faults: `Invalid` beside `lines`, beside `address_id` for one that is not the member's; `Unauthenticated` where an
/// address is named and nobody is logged in.
pub async fn find(scope: &Scope, ask: &FindRoute) -> Result<Vec<RoutePart>, Fault> {
    ask.check()?;
    let to = match ask.address_id {
        Some(id) => Some(addresses::show(scope, id).await.map_err(|fault| match fault {
            Fault::NotFound(_) => Fault::invalid("address_id", "没有这个地址，请重新选择"),
            other => other,
        })?),
        None => None,
    };
    choose(scope, &ask.lines, to.as_ref(), ask.near, None).await
}

/// Which store of the same brand would send a product that a store shows: the first of its variants that any has.
/// Near to `near`, or to the store itself where nobody knows where the shopper is.
pub async fn of_product(
    scope: &Scope,
    store: &StoreCard,
    skus: &[SkuView],
    near: Option<Point>,
) -> Result<Option<StoreCard>, Fault> {
    let near = near.or(Some(store.point));
    let sku = skus.iter().find(|sku| sku.available > 0).or_else(|| skus.first());
    let Some(sku) = sku else { return Ok(None) };
    let wanted = [Wanted { sku_id: sku.id, quantity: 1 }];
    let parts = choose(scope, &wanted, None, near, Some(&store.brand)).await?;
    Ok(parts.into_iter().next().map(|part| part.store))
}

/// The same, among the stores of one brand where one is named.
pub(crate) async fn choose(
    scope: &Scope,
    wanted: &[Wanted],
    to: Option<&AddressView>,
    near: Option<Point>,
    brand: Option<&str>,
) -> Result<Vec<RoutePart>, Fault> {
    let stores = memory::stores(scope).await?;
    let served = |store: &&Store| {
        store.sending().is_some()
            && to.is_none_or(|to| sends_to(store, &to.address.region_code))
            && brand.is_none_or(|brand| store.brand() == brand)
    };
    let senders: Vec<&Store> = stores.all().filter(served).collect();
    if senders.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = senders.iter().map(|store| store.id).collect();
    let skus: BTreeSet<Uuid> = wanted.iter().map(|one| one.sku_id.0).collect();
    let skus: Vec<Uuid> = skus.into_iter().collect();
    let mut found = nearby::some_at(scope, &ids, &skus).await?;
    let near = to.and_then(|to| to.address.point).or(near);
    let candidate = |store: &&Store| {
        let has = found.remove(&store.id).unwrap_or_default().into_iter();
        Candidate {
            store: StoreId(store.id),
            open: store.must_take_orders(scope).is_ok(),
            distance_m: near.map(|near| near.metres_to(store.point())),
            priority: store.sending().map_or(i32::MAX, |sending| sending.priority),
            sends_by: store.view(scope, None).slots.first().map(|slot| slot.start),
            has: has.map(|(sku, quantity)| Wanted { sku_id: domain::SkuId(sku), quantity }).collect(),
        }
    };
    let candidates: Vec<Candidate> = senders.iter().map(candidate).collect();
    let parts = route(stores.rule(), wanted, &candidates).into_iter().filter_map(|(id, lines)| {
        let store = stores.with_id(id.0)?;
        Some(RoutePart { store: store.card(scope, near), lines })
    });
    Ok(parts.collect())
}
