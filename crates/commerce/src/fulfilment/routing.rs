//! Which store sends what somebody wants.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use domain::{
    Fault, Fen, SkuId, StoreId,
    audit::{Act, ObjectKind},
    catalog::SkuView,
    fulfilment::{AddressView, Fulfilment},
    geo::Point,
    route::{Candidate, FindRoute, RoutePart, RouteRule, RouteRules, SetRouteRules, Wanted, route},
    staff::Permission,
    stores::StoreCard,
};
use serde_json::json;
use uuid::Uuid;

use super::{
    addresses,
    ways::{brought_by, is_enough, reaches},
};
use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    memory, nearby,
    stores::kept::{Store, Stores},
};

/// Head office's rules.
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub async fn rules(scope: &Scope) -> Result<RouteRules, Fault> {
    scope.staff_everywhere(Permission::ManageFreight)?;
    Ok(memory::stores(scope).await?.rules())
}

/// Sets head office's rules. Doing it twice is doing it once.
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub async fn set_rules(scope: &Scope, command: SetRouteRules) -> Result<(), Fault> {
    let me = scope.staff_everywhere(Permission::ManageFreight)?.id.0;
    let mut tx = scope.begin().await?;
    let row = sqlx::query!("select rule, delivery_rule from order_routing for update")
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?;
    let usual = RouteRule::default().code();
    let before = row.map_or_else(|| [usual.to_owned(), usual.to_owned()], |row| [row.rule, row.delivery_rule]);
    let delivery = command.delivery_rule.map_or_else(|| before[1].clone(), |rule| rule.code().to_owned());
    let after = [command.rule.code().to_owned(), delivery];
    if before == after {
        return Ok(());
    }
    sqlx::query!(
        "insert into order_routing (rule, delivery_rule, set_by, set_at) values ($1, $2, $3, $4)
         on conflict (id) do update set rule = $1, delivery_rule = coalesce($5, order_routing.delivery_rule), set_by = $3, set_at = $4",
        after[0],
        after[1],
        me,
        scope.now,
        // Of two who set the first ones, the later must not undo what it does not name.
        command.delivery_rule.map(RouteRule::code),
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let label = |code: &str| RouteRule::from_code(code).map_or_else(|| code.to_owned(), |rule| rule.label().to_owned());
    let told = |codes: &[String; 2]| json!({ "rule": label(&codes[0]), "delivery_rule": label(&codes[1]) });
    let change = Change {
        act: Act::SetRouting,
        object: ObjectKind::Freight,
        object_id: Uuid::nil(),
        store_id: None,
        before: told(&before),
        after: told(&after),
        reason: "",
    };
    audit::record(&mut tx, scope, change).await?;
    tx.commit().await.or_fault()
}

/// Which stores would send this, by head office's rule for the way: among those that send so, there, and take orders now.
/// Nothing where none can. It promises nothing: what is there is held when it is ordered.
///
/// Faults: those of [`FindRoute::check`]; `Invalid` beside `address_id` for one that is not the member's;
/// `Unauthenticated` where an address is named and nobody is logged in.
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
    let search = Search { to: to.as_ref().map(Goal::from), near: ask.near, ..Search::new(ask.fulfilment, &ask.lines) };
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
    let search = Search { near, brand: Some(&store.brand), ..Search::new(Fulfilment::Express, &wanted) };
    let parts = choose(scope, &stores, &search).await?;
    Ok(parts.into_iter().next().map(|part| part.store))
}

/// Where something goes.
#[derive(Clone, Copy)]
pub(crate) struct Goal<'a> {
    /// By GB/T 2260.
    pub region: &'a str,
    /// Where that is exactly, where it is known.
    pub point: Option<Point>,
}

impl<'a> From<&'a AddressView> for Goal<'a> {
    fn from(to: &'a AddressView) -> Self {
        Self { region: &to.address.region_code, point: to.address.point }
    }
}

/// What is looked for.
pub(crate) struct Search<'a> {
    /// What is wanted.
    pub wanted: &'a [Wanted],
    /// In which way it goes, by whose rule of head office's it is looked for.
    pub way: Fulfilment,
    /// What it costs where the shopper found it: who brings things may have a minimum. Enough for everybody where nobody
    /// knows.
    pub goods_fen: Fen,
    /// Where it goes.
    pub to: Option<Goal<'a>>,
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
    /// For what goes in a way, anywhere.
    pub fn new(way: Fulfilment, wanted: &'a [Wanted]) -> Self {
        let goods_fen = Fen(i64::MAX);
        Self { wanted, way, goods_fen, to: None, near: None, brand: None, has_all: None, taken: HashMap::new() }
    }

    /// Whether a store sends things in this way there.
    fn served_by(&self, store: &Store) -> bool {
        let served = match self.to {
            Some(to) => reaches(store, self.way, to.region, to.point),
            None => self.way == Fulfilment::Express && store.sending().is_some(),
        };
        let enough = self.way != Fulfilment::Delivery || is_enough(store, self.goods_fen);
        served && enough && self.brand.is_none_or(|brand| store.brand() == brand)
    }

    /// By when what each of these stores sends can be there, at the earliest.
    async fn arrivals(&self, scope: &Scope, senders: &[&Store]) -> Result<HashMap<Uuid, DateTime<Utc>>, Fault> {
        if self.way == Fulfilment::Delivery {
            return brought_by(scope, senders).await;
        }
        let arrival = |store: &&Store| {
            let ready = store.view(scope, None).slots.first()?.end;
            // Where nobody knows where it goes, all are as long under way.
            let under_way = self.to.zip(store.sending()).map(|(to, sending)| sending.terms.under_way(to.region));
            Some((store.id, ready + under_way.unwrap_or_default()))
        };
        Ok(senders.iter().filter_map(arrival).collect())
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

/// Which stores send what.
pub(crate) async fn choose(scope: &Scope, stores: &Stores, search: &Search<'_>) -> Result<Vec<RoutePart>, Fault> {
    let mut senders: Vec<&Store> = stores.all().filter(|store| search.served_by(store)).collect();
    let rule = stores.rules().of(search.way);
    // Worked out only where somebody asks.
    let arrivals = match rule {
        _ if search.way == Fulfilment::Delivery => search.arrivals(scope, &senders).await?,
        RouteRule::Fastest => search.arrivals(scope, &senders).await?,
        RouteRule::Nearest | RouteRule::Priority | RouteRule::FewestParcels => HashMap::new(),
    };
    if search.way == Fulfilment::Delivery {
        // Who has no window left brings nothing, by whatever rule.
        senders.retain(|store| arrivals.contains_key(&store.id));
    }
    pick(scope, stores, &senders, search, rule, &arrivals).await
}

/// Which of these stores, which serve it, gets an order that is given away.
pub(crate) async fn choose_another(
    scope: &Scope,
    stores: &Stores,
    senders: &[&Store],
    search: &Search<'_>,
) -> Result<Vec<RoutePart>, Fault> {
    let (rule, arrivals) = match stores.rules().of(search.way) {
        // An order keeps its window, whoever brings it.
        RouteRule::Fastest if search.way == Fulfilment::Delivery => (RouteRule::Nearest, HashMap::new()),
        RouteRule::Fastest => (RouteRule::Fastest, search.arrivals(scope, senders).await?),
        rule => (rule, HashMap::new()),
    };
    pick(scope, stores, senders, search, rule, &arrivals).await
}

async fn pick(
    scope: &Scope,
    stores: &Stores,
    senders: &[&Store],
    search: &Search<'_>,
    rule: RouteRule,
    arrivals: &HashMap<Uuid, DateTime<Utc>>,
) -> Result<Vec<RoutePart>, Fault> {
    if senders.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = senders.iter().map(|store| store.id).collect();
    let skus: BTreeSet<Uuid> = search.wanted.iter().map(|one| one.sku_id.0).collect();
    let skus: Vec<Uuid> = skus.into_iter().collect();
    let mut found = nearby::some_at(scope, &ids, &skus).await?;
    let near = search.to.and_then(|to| to.point).or(search.near);
    let candidate = |store: &&Store| Candidate {
        store: StoreId(store.id),
        open: store.must_take_orders(scope).is_ok(),
        distance_m: near.map(|near| near.metres_to(store.point())),
        priority: store.priority(search.way),
        arrives_by: arrivals.get(&store.id).copied(),
        has: search.has(StoreId(store.id), found.remove(&store.id)),
    };
    let candidates: Vec<Candidate> = senders.iter().map(candidate).collect();
    let parts = route(rule, search.wanted, &candidates).into_iter().filter_map(|(id, lines)| {
        let store = stores.with_id(id.0)?;
        Some(RoutePart { store: store.card(scope, near), lines })
    });
    Ok(parts.collect())
}
