//! Places where stock lies, what is theirs, and who decides there: what counts, losses and alerts share (K4).

use std::collections::{BTreeSet, HashMap};

use domain::{
    Fault, Fen, LocationId, SkuId, StaffId, StoreId,
    counts::{CategoryChoice, PlaceOfStock},
    purchasing::MilliFen,
    staff::{Column, Grant, Permission, Reach},
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Scope, approvals, database::OrFault};

/// A store or a warehouse.
pub(crate) struct Room {
    pub id: LocationId,
    /// Where it is a store: what the audit and files are about.
    pub store: Option<StoreId>,
}

pub(crate) const NO_PLACE: Fault = Fault::NotFound("这个门店或仓库");
pub(crate) const NO_GOODS: Fault = Fault::NotFound("这件商品，或它不是这里的商品");

/// The store whose reach decides about a place. No store has a warehouse's id, so that one is within the reach of
/// everywhere, and of a partner's key that names it, alone.
pub(crate) fn as_store(location: LocationId) -> StoreId {
    StoreId(location.0)
}

/// Whoever asks, a person or a program's key, where they count and report at this place.
///
/// Faults: `NotFound` for a place out of reach; `Forbidden`.
pub(crate) fn works_at(scope: &Scope, location: LocationId) -> Result<Uuid, Fault> {
    let reach = scope.reach(Permission::CountStock)?;
    let me = scope.actor_id().ok_or(Fault::Unauthenticated)?;
    if reach.covers(as_store(location)) { Ok(me) } else { Err(NO_PLACE) }
}

/// Whoever asks sees what lies at this place: those who count there, and those who decide on what is found.
///
/// Faults: `NotFound` for a place out of reach; `Forbidden`.
pub(crate) fn sees(scope: &Scope, location: LocationId) -> Result<(), Fault> {
    let reaches = [scope.reach(Permission::CountStock), scope.reach(Permission::DecideProposals)];
    if reaches.iter().flatten().any(|reach| reach.covers(as_store(location))) {
        return Ok(());
    }
    match reaches {
        [Err(fault), Err(_)] => Err(fault),
        _ => Err(NO_PLACE),
    }
}

/// The place with this id.
///
/// Faults: `NotFound`.
pub(crate) async fn room(tx: &mut PgConnection, id: LocationId) -> Result<Room, Fault> {
    let kind = sqlx::query_scalar!("select kind from locations where id = $1", id.0)
        .fetch_optional(tx)
        .await
        .or_fault()?
        .ok_or(NO_PLACE)?;
    Ok(Room { id, store: (kind == "store").then(|| as_store(id)) })
}

/// At which places somebody sees counts, losses and alerts, and where they decide, as a query takes them: `None` is
/// everywhere.
pub(crate) struct Sight {
    /// Whoever asks: a person of staff, or a program's key.
    pub me: Uuid,
    pub seen: Option<Vec<Uuid>>,
    /// Where they decide on what a store decides itself.
    pub small: Option<Vec<Uuid>>,
    /// Where they decide on everything.
    pub all: Option<Vec<Uuid>>,
    /// Where they see what goods cost.
    costs: domain::staff::Sight,
}

impl Sight {
    /// Faults: `Forbidden` for who neither counts nor decides.
    pub(crate) fn of(scope: &Scope) -> Result<Self, Fault> {
        let counts = scope.reach_filter(Permission::CountStock);
        let decides = scope.reach_filter(Permission::DecideProposals);
        let seen = match (&counts, &decides) {
            (Err(fault), Err(_)) => return Err(fault.clone()),
            (Ok(counts), Ok(decides)) => approvals::union([counts.clone(), decides.clone()]),
            (Ok(one), Err(_)) | (Err(_), Ok(one)) => one.clone(),
        };
        let me = scope.actor_id().ok_or(Fault::Unauthenticated)?;
        let nowhere = || Some(Vec::new());
        let small = scope.reach_filter(Permission::ProposeChanges).unwrap_or_else(|_| nowhere());
        Ok(Self { me, seen, small, all: decides.unwrap_or_else(|_| nowhere()), costs: scope.sight(Column::Cost) })
    }

    /// What something at this place comes to at cost, where they see costs there.
    pub(crate) fn cost(&self, location: Uuid, milli_fen: Option<i64>) -> Option<Fen> {
        milli_fen.filter(|_| self.costs.is_whole(StoreId(location))).map(|milli_fen| MilliFen(milli_fen).fen())
    }

    /// Whether they decide on something at this place: on what is beyond the store only where another brought it.
    pub(crate) fn decides(&self, location: Uuid, above: bool, brought_by: Option<Uuid>) -> bool {
        let covers = |places: &Option<Vec<Uuid>>| places.as_ref().is_none_or(|some| some.contains(&location));
        match above {
            true => covers(&self.all) && brought_by != Some(self.me),
            false => covers(&self.small) || covers(&self.all),
        }
    }
}

/// By whose right somebody decides at a place: their own, or that of the person in whose place they do. `above` is
/// what a store does not decide itself.
///
/// Faults: `NotFound` for a place out of reach; `Forbidden` for what is not theirs to decide.
pub(crate) fn right_to_decide(grants: &[Grant], location: LocationId, above: bool) -> Result<Option<StaffId>, Fault> {
    let here = |permission: Permission| {
        let reaches =
            move |grant: &&Grant| grant.permissions.contains(&permission) && grant.reach.covers(as_store(location));
        grants.iter().filter(reaches).collect::<Vec<_>>()
    };
    if !above && !here(Permission::ProposeChanges).is_empty() {
        return Ok(None);
    }
    let deciding = here(Permission::DecideProposals);
    let own = deciding.iter().any(|grant| grant.in_place_of.is_none());
    match deciding.first() {
        Some(_) if own => Ok(None),
        Some(lent) => Ok(lent.in_place_of),
        None if here(Permission::CountStock).is_empty() && here(Permission::ProposeChanges).is_empty() => Err(NO_PLACE),
        None => Err(Fault::Forbidden),
    }
}

/// Whoever asks, where they say what applies to stock here: a store's manager for the store, everywhere who decides
/// everywhere. No key is given what that needs.
///
/// Faults: `NotFound` for a place out of reach; `Forbidden`; `PeopleOnly`.
pub(crate) fn may_set(scope: &Scope, location: Option<LocationId>) -> Result<Uuid, Fault> {
    Setter::of(scope)?.at(location)
}

/// Whoever asks, as [`may_set`] has it: for many places at once, since a reach is put together anew each time.
pub(crate) struct Setter {
    me: Uuid,
    /// Where they say it as a store's manager.
    own: Result<Reach, Fault>,
    /// Where they decide above the stores.
    above: Result<Reach, Fault>,
}

impl Setter {
    /// Faults: `PeopleOnly`.
    pub(crate) fn of(scope: &Scope) -> Result<Self, Fault> {
        let me = scope.person()?.id.0;
        let [own, above] =
            [Permission::ProposeChanges, Permission::DecideProposals].map(|permission| scope.reach(permission));
        Ok(Self { me, own, above })
    }

    /// Faults: `NotFound` for a place out of reach; `Forbidden`.
    pub(crate) fn at(&self, location: Option<LocationId>) -> Result<Uuid, Fault> {
        let covers =
            |reach: &Result<Reach, Fault>, location| reach.as_ref().is_ok_and(|reach| reach.covers(as_store(location)));
        match (location, &self.own, &self.above) {
            (Some(location), own, above) if covers(own, location) || covers(above, location) => Ok(self.me),
            (Some(_), Err(fault), Err(_)) | (None, _, Err(fault)) => Err(fault.clone()),
            (Some(_), ..) => Err(NO_PLACE),
            (None, _, Ok(Reach::All)) => Ok(self.me),
            (None, _, Ok(Reach::Stores(_))) => Err(Fault::Forbidden),
        }
    }
}

/// The variant that a code or barcode means at a place: something it sells or has on its books.
///
/// Faults: `NotFound`; `Conflict` (`code_ambiguous`).
pub(crate) async fn of_code(tx: &mut PgConnection, location: LocationId, code: &str) -> Result<SkuId, Fault> {
    let found = sqlx::query_scalar!(
        "select k.id from skus k
         where (lower(k.code) = lower($2) or k.barcode = $2)
           and (exists (select from listings l where l.store_id = $1 and l.sku_id = k.id)
                or exists (select from stock t where t.location_id = $1 and t.sku_id = k.id)) limit 2",
        location.0,
        code.trim(),
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    match found.as_slice() {
        [] => Err(NO_GOODS),
        [one] => Ok(SkuId(*one)),
        _ => Err(Fault::conflict("code_ambiguous", "这个条码对应多个商品，请输入商品编码")),
    }
}

/// What each of some codes or barcodes means at a place, as [`of_code`] has it; or what is wrong with it, for people.
pub(crate) async fn of_codes(
    tx: &mut PgConnection,
    location: LocationId,
    codes: &[&str],
) -> Result<Vec<Result<SkuId, &'static str>>, Fault> {
    let barcodes: Vec<String> = codes.iter().map(|code| code.trim().to_owned()).collect();
    let lower: Vec<String> = barcodes.iter().map(|code| code.to_lowercase()).collect();
    let rows = sqlx::query!(
        r#"select k.id, lower(k.code) as "code!", k.barcode from skus k
           where (lower(k.code) = any($2) or k.barcode = any($3))
             and (exists (select from listings l where l.store_id = $1 and l.sku_id = k.id)
                  or exists (select from stock t where t.location_id = $1 and t.sku_id = k.id))"#,
        location.0,
        &lower,
        &barcodes,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let mut named: HashMap<&str, BTreeSet<Uuid>> = HashMap::new();
    for row in &rows {
        named.entry(&row.code).or_default().insert(row.id);
        if let Some(barcode) = &row.barcode {
            named.entry(barcode).or_default().insert(row.id);
        }
    }
    let meaning = |(code, lower): (&String, &String)| {
        let found: BTreeSet<Uuid> =
            [code, lower].iter().filter_map(|name| named.get(name.as_str())).flatten().copied().collect();
        match (found.first(), found.len()) {
            (Some(one), 1) => Ok(SkuId(*one)),
            (Some(_), _) => Err("这个条码对应多个商品，请填写商品编码"),
            (None, _) => Err("没有找到：不是这里的商品，请核对编码或条码"),
        }
    };
    Ok(barcodes.iter().zip(&lower).map(meaning).collect())
}

/// What a piece sells for at a place: the store's price, or that of all. Counts and losses are valued by it, since those
/// who count need not see what goods cost.
///
/// Faults: `NotFound` for goods that are not the place's.
pub(crate) async fn price(tx: &mut PgConnection, location: LocationId, sku: SkuId) -> Result<Fen, Fault> {
    let price = sqlx::query_scalar!(
        r#"select coalesce(l.price_fen, k.price_fen) as "price_fen!" from skus k
           left join listings l on l.store_id = $1 and l.sku_id = k.id
           where k.id = $2 and (l.sku_id is not null or exists (select from stock t where t.location_id = $1 and t.sku_id = k.id))"#,
        location.0,
        sku.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    price.map(Fen).ok_or(NO_GOODS)
}

/// Makes sure that these goods have a balance here, of nothing where they had none: what is counted is compared
/// with it, and it is what is locked.
pub(crate) async fn shelve(tx: &mut PgConnection, location: LocationId, skus: &[Uuid]) -> Result<(), Fault> {
    sqlx::query!(
        "insert into stock (location_id, sku_id) select $1, sku from unnest($2::uuid[]) as s (sku) order by sku
         on conflict do nothing",
        location.0,
        skus,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// A variant's name for people: `珍珠奶茶 · 中杯`.
pub(crate) fn named(product: &str, spec: &str) -> String {
    if spec.is_empty() { product.to_owned() } else { format!("{product} · {spec}") }
}

/// The places at which whoever asks counts and reports, warehouses last.
///
/// Faults: `Forbidden`.
pub async fn places(scope: &Scope) -> Result<Vec<PlaceOfStock>, Fault> {
    let reach = scope.reach_filter(Permission::CountStock)?;
    let everywhere = matches!(scope.reach(Permission::CountStock)?, domain::staff::Reach::All);
    let rows = sqlx::query!(
        r#"select id as "id!", name as "name!", warehouse as "warehouse!" from (
               select id, name, false as warehouse from stores where ($1::uuid[] is null or id = any($1))
               union all select id, name, true from warehouses where $2 or id = any($1)) p
           order by warehouse, name, id"#,
        reach.as_deref(),
        everywhere,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let place =
        rows.into_iter().map(|row| PlaceOfStock { id: LocationId(row.id), name: row.name, warehouse: row.warehouse });
    Ok(place.collect())
}

/// The categories of what a place sells, to choose from.
///
/// Faults: `NotFound` for a place out of reach; `Forbidden`.
pub async fn categories(scope: &Scope, location: LocationId) -> Result<Vec<CategoryChoice>, Fault> {
    works_at(scope, location)?;
    let rows = sqlx::query!(
        "select c.code, c.name from categories c where exists (
             select from products d join skus k on k.product_id = d.id
             where d.category_id = c.id and (exists (select from listings l where l.store_id = $1 and l.sku_id = k.id)
                 or exists (select from stock t where t.location_id = $1 and t.sku_id = k.id and t.on_hand <> 0)))
         order by c.sort, c.name, c.code",
        location.0,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    Ok(rows.into_iter().map(|row| CategoryChoice { code: row.code, name: row.name }).collect())
}
