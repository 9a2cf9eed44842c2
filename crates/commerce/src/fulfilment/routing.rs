//! Which store sends what somebody wants.

use std::collections::{BTreeSet, HashMap};

use domain::{
    Fault, Fen, SkuId, StoreId,
    audit::{Act, ObjectKind},
    catalog::SkuView,
    fulfilment::{AddressView, Fulfilment},
    geo::Point,
    route::{Candidate, FindRoute, RoutePart, RouteRule, Wanted, route},
    staff::Permission,
    stores::StoreCard,
};
use serde_json::json;
use uuid::Uuid;

use super::{
    addresses,
    ways::{brings_soon, reaches},
};
use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    memory, nearby,
    stores::kept::{Store, Stores},
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
    let stores = memory::stores(scope).await?;
    let search = Search { to: to.as_ref(), near: ask.near, ..Search::express(&ask.lines) };
    choose(scope, &stores, &search).await
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
    let stores = memory::stores(scope).await?;
    let search = Search { near, brand: Some(&store.brand), ..Search::express(&wanted) };
    let parts = choose(scope, &stores, &search).await?;
    Ok(parts.into_iter().next().map(|part| part.store))
}

/// What is looked for.
pub(crate) struct Search<'a> {
    /// What is wanted.
    pub wanted: &'a [Wanted],
    /// Express goes by head office's rule; what riders bring comes from the nearest.
    pub way: Fulfilment,
    /// What it costs where the shopper found it: who brings things may have a minimum.
    pub goods_fen: Fen,
    /// Where it goes.
    pub to: Option<&'a AddressView>,
    /// To what it is to be near, where nobody knows where it goes.
    pub near: Option<Point>,
    /// Among the stores of this brand alone.
    pub brand: Option<&'a str>,
    /// A store that is known to have all of it: what its member holds there early is theirs.
    pub has_all: Option<StoreId>,
    /// What is spoken for already at each store.
    pub taken: HashMap<(StoreId, SkuId), i64>,
}

impl<'a> Search<'a> {
    /// For what goes by express, anywhere.
    pub fn express(wanted: &'a [Wanted]) -> Self {
        let way = Fulfilment::Express;
        let goods_fen = Fen::ZERO;
        Self { wanted, way, goods_fen, to: None, near: None, brand: None, has_all: None, taken: HashMap::new() }
    }

    /// By what a store is chosen.
    pub fn rule(&self, stores: &Stores) -> RouteRule {
        if self.way == Fulfilment::Express { stores.rule() } else { RouteRule::Nearest }
    }

    /// Whether a store sends things in this way there.
    fn served_by(&self, scope: &Scope, store: &Store) -> bool {
        let served = match self.to {
            Some(to) => reaches(store, self.way, &to.address.region_code, to.address.point),
            None => self.way == Fulfilment::Express && store.sending().is_some(),
        };
        let brings = self.way != Fulfilment::Delivery || brings_soon(scope, store, self.goods_fen);
        served && brings && self.brand.is_none_or(|brand| store.brand() == brand)
    }

    /// What a store has of it, beside what is spoken for.
    fn has(&self, store: StoreId, found: Option<HashMap<Uuid, i64>>) -> Vec<Wanted> {
        if self.has_all == Some(store) {
            return self.wanted.to_vec();
        }
        let free = found.unwrap_or_default().into_iter().map(|(sku, quantity)| {
            let sku_id = SkuId(sku);
            Wanted { sku_id, quantity: quantity - self.taken.get(&(store, sku_id)).copied().unwrap_or(0) }
        });
        free.collect()
    }
}

/// Which of these stores send what.
pub(crate) async fn choose(scope: &Scope, stores: &Stores, search: &Search<'_>) -> Result<Vec<RoutePart>, Fault> {
    let senders: Vec<&Store> = stores.all().filter(|store| search.served_by(scope, store)).collect();
    choose_among(scope, stores, &senders, search).await
}

/// [`choose`] among these stores, which serve it.
pub(crate) async fn choose_among(
    scope: &Scope,
    stores: &Stores,
    senders: &[&Store],
    search: &Search<'_>,
) -> Result<Vec<RoutePart>, Fault> {
    if senders.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = senders.iter().map(|store| store.id).collect();
    let skus: BTreeSet<Uuid> = search.wanted.iter().map(|one| one.sku_id.0).collect();
    let skus: Vec<Uuid> = skus.into_iter().collect();
    let mut found = nearby::some_at(scope, &ids, &skus).await?;
    let near = search.to.and_then(|to| to.address.point).or(search.near);
    let rule = search.rule(stores);
    // The first slot that its hours and what it takes to prepare leave is worked out only where somebody asks.
    let ready_by = |store: &Store| match rule {
        RouteRule::Fastest => store.view(scope, None).slots.first().map(|slot| slot.end),
        RouteRule::Nearest | RouteRule::Priority | RouteRule::FewestParcels => None,
    };
    let candidate = |store: &&Store| Candidate {
        store: StoreId(store.id),
        open: store.must_take_orders(scope).is_ok(),
        distance_m: near.map(|near| near.metres_to(store.point())),
        priority: store.sending().map_or(i32::MAX, |sending| sending.priority),
        ready_by: ready_by(store),
        has: search.has(StoreId(store.id), found.remove(&store.id)),
    };
    let candidates: Vec<Candidate> = senders.iter().map(candidate).collect();
    let parts = route(rule, search.wanted, &candidates).into_iter().filter_map(|(id, lines)| {
        let store = stores.with_id(id.0)?;
        Some(RoutePart { store: store.card(scope, near), lines })
    });
    Ok(parts.collect())
}
