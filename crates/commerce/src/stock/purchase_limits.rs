//! How many pieces of a variant one member may buy 限购 (K2), at all stores. Every server keeps the limits with its goods
//! (`catalog::kept`); what a member has had is counted under the member's lock, for goods that have a limit alone.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::{
    Fault, SkuId, StoreId,
    audit::{Act, ObjectKind},
    purchase_limits::{PurchaseLimit, PurchaseLimitRule, SetPurchaseLimit},
};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::RULES_MOST;
use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    stockroom::{Sight, may_set, named},
};

const NO_LIMIT: Fault = Fault::NotFound("这条限购");

/// What one member may have of a variant, and of which.
pub(crate) type Cap = (Uuid, PurchaseLimit);

/// All limits; at most [`RULES_MOST`].
///
/// Faults: `Forbidden`.
pub async fn rules(scope: &Scope) -> Result<Vec<PurchaseLimitRule>, Fault> {
    Sight::of(scope)?;
    let mut tx = scope.begin().await?;
    let rows = sqlx::query!(
        r#"select l.sku_id, k.code, d.name as product, coalesce(array_to_string(k.spec_values, ' '), '') as "spec!",
                  l.most, l.days, l.pay_minutes
           from purchase_limits l join skus k on k.id = l.sku_id join products d on d.id = k.product_id
           order by d.name, k.code limit $1"#,
        RULES_MOST as i64,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let rule = rows.into_iter().map(|row| PurchaseLimitRule {
        sku_id: SkuId(row.sku_id),
        sku: row.code,
        name: named(&row.product, &row.spec),
        most: row.most,
        days: row.days,
        pay_minutes: row.pay_minutes,
    });
    Ok(rule.collect())
}

/// Limits what one member may buy of a variant from now on; answers which. What was bought before counts.
///
/// Faults: `Invalid` beside the fields; `Forbidden`.
pub async fn set(scope: &Scope, command: SetPurchaseLimit) -> Result<SkuId, Fault> {
    command.check()?;
    let me = may_set(scope, None)?;
    let mut tx = scope.begin().await?;
    let sku =
        sqlx::query_scalar!("select id from skus where lower(code) = lower($1) for no key update", command.sku.trim())
            .fetch_optional(&mut *tx)
            .await
            .or_fault()?
            .ok_or_else(|| Fault::invalid("sku", "没有这个商品编码"))?;
    let before = said(&mut tx, sku).await?;
    sqlx::query!(
        "insert into purchase_limits (sku_id, most, days, pay_minutes, set_by, set_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (sku_id) do update set most = excluded.most, days = excluded.days, pay_minutes = excluded.pay_minutes,
             set_by = excluded.set_by, set_at = excluded.set_at",
        sku,
        command.most,
        command.days,
        command.pay_minutes,
        me,
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let after = said(&mut tx, sku).await?;
    note(&mut tx, scope, Act::SetPurchaseLimit, sku, [before, after]).await?;
    tx.commit().await.or_fault()?;
    Ok(SkuId(sku))
}

/// Takes a limit back.
///
/// Faults: `NotFound`; `Forbidden`.
pub async fn remove(scope: &Scope, sku: SkuId) -> Result<(), Fault> {
    may_set(scope, None)?;
    let mut tx = scope.begin().await?;
    let before = said(&mut tx, sku.0).await?;
    let gone =
        sqlx::query!("delete from purchase_limits where sku_id = $1", sku.0).execute(&mut *tx).await.or_fault()?;
    if gone.rows_affected() == 0 {
        return Err(NO_LIMIT);
    }
    note(&mut tx, scope, Act::RemovePurchaseLimit, sku.0, [before, json!(null)]).await?;
    tx.commit().await.or_fault()
}

/// What was said of a variant, for the log.
async fn said(tx: &mut PgConnection, sku: Uuid) -> Result<Value, Fault> {
    let found = sqlx::query!("select most, days, pay_minutes from purchase_limits where sku_id = $1", sku)
        .fetch_optional(tx)
        .await
        .or_fault()?;
    let told = |most: i64, days: Option<i32>, minutes: Option<i32>| json!({ "most": most, "days": days, "pay_minutes": minutes });
    Ok(found.map_or(json!(null), |row| told(row.most, row.days, row.pay_minutes)))
}

async fn note(
    tx: &mut PgConnection,
    scope: &Scope,
    act: Act,
    sku: Uuid,
    [before, after]: [Value; 2],
) -> Result<(), Fault> {
    let change = Change { act, object: ObjectKind::Sku, object_id: sku, store_id: None, before, after, reason: "" };
    audit::record(tx, scope, change).await
}

/// A variant that a member wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Counting {
    pub member: Uuid,
    pub sku: Uuid,
    /// From when on orders of it count; all of them where nothing is said.
    pub since: Option<DateTime<Utc>>,
    /// Where what they hold does not count, as it goes into what they want.
    pub but_at: Option<Uuid>,
}

/// How many pieces members have had of variants, by member and variant: of orders that are not over without them, and of
/// what they hold. Nothing is asked where nothing is limited. Where a limit is kept, members are locked before.
pub(crate) async fn had(tx: &mut PgConnection, asked: BTreeSet<Counting>) -> Result<HashMap<(Uuid, Uuid), i64>, Fault> {
    if asked.is_empty() {
        return Ok(HashMap::new());
    }
    let members: Vec<Uuid> = asked.iter().map(|one| one.member).collect();
    let skus: Vec<Uuid> = asked.iter().map(|one| one.sku).collect();
    let since: Vec<Option<DateTime<Utc>>> = asked.iter().map(|one| one.since).collect();
    let but_at: Vec<Option<Uuid>> = asked.iter().map(|one| one.but_at).collect();
    let rows = sqlx::query!(
        r#"select a.member_id as "member_id!", a.sku_id as "sku_id!",
                  (coalesce((select sum(l.quantity - coalesce((select sum(u.quantity) from unsent_end_lines u
                                                                  where u.order_id = l.order_id and u.line = l.line), 0))
                             from orders o join order_lines l on l.order_id = o.id and l.sku_id = a.sku_id
                             where o.member_id = a.member_id and o.state not in ('cancelled', 'expired', 'rejected')
                               and (a.since is null or o.placed_at >= a.since)), 0)
                   + coalesce((select sum(h.quantity) from early_holds h
                               where h.member_id = a.member_id and h.sku_id = a.sku_id and h.state = 'held'
                                 and h.location_id is distinct from a.but_at), 0))::bigint as "pieces!"
           from unnest((select $1::uuid[]), (select $2::uuid[]), (select $3::timestamptz[]), (select $4::uuid[]))
                as a (member_id, sku_id, since, but_at)"#,
        &members,
        &skus,
        &since as &[Option<DateTime<Utc>>],
        &but_at as &[Option<Uuid>],
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let mut had = HashMap::new();
    for row in rows {
        // Two orders of a round may count from two moments: the longer time says more.
        let most: &mut i64 = had.entry((row.member_id, row.sku_id)).or_default();
        *most = (*most).max(row.pieces);
    }
    Ok(had)
}

/// How many pieces the member who asks has had of limited variants, without what they hold at a store whose shelf they
/// want more of; of none where nobody is logged in. What it tells is what was so, and nothing is locked.
pub(crate) async fn had_of(scope: &Scope, but_at: Option<StoreId>, caps: &[Cap]) -> Result<HashMap<Uuid, i64>, Fault> {
    let Ok(member) = scope.member() else { return Ok(HashMap::new()) };
    if caps.is_empty() {
        return Ok(HashMap::new());
    }
    let counting = caps.iter().map(|(sku, limit)| Counting {
        member: member.0,
        sku: *sku,
        since: limit.since(scope.now),
        but_at: but_at.map(|store| store.0),
    });
    let mut tx = scope.begin().await?;
    let had = had(&mut tx, counting.collect()).await?;
    Ok(had.into_iter().map(|((_, sku), pieces)| (sku, pieces)).collect())
}

/// Those of these expired orders that their locked members may have still: the first of them before the others, as each
/// that is granted counts for those after it. An order without limited goods always is.
pub(crate) async fn may_have(tx: &mut PgConnection, scope: &Scope, orders: &[Uuid]) -> Result<HashSet<Uuid>, Fault> {
    let rows = sqlx::query!(
        r#"with wanted as materialized (
               select o.id, o.member_id, l.sku_id, p.most, $2::timestamptz - make_interval(days => p.days) as since,
                      sum(l.quantity)::bigint as pieces
               from orders o join order_lines l on l.order_id = o.id join purchase_limits p on p.sku_id = l.sku_id
               where o.id = any($1) group by o.id, o.member_id, l.sku_id, p.most, p.days
           )
           select w.id as "order!", w.member_id as "member!", w.sku_id as "sku!", w.most as "most!", w.pieces as "pieces!",
                  (coalesce((select sum(l.quantity - coalesce((select sum(u.quantity) from unsent_end_lines u
                                                                  where u.order_id = l.order_id and u.line = l.line), 0))
                             from orders o join order_lines l on l.order_id = o.id and l.sku_id = w.sku_id
                             where o.member_id = w.member_id and o.state not in ('cancelled', 'expired', 'rejected')
                               and (w.since is null or o.placed_at >= w.since)), 0)
                   + coalesce((select sum(h.quantity) from early_holds h
                               where h.member_id = w.member_id and h.sku_id = w.sku_id and h.state = 'held'), 0))::bigint as "had!"
           from wanted w"#,
        orders,
        scope.now,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let mut had: HashMap<(Uuid, Uuid), i64> = HashMap::new();
    for row in &rows {
        had.insert((row.member, row.sku), row.had);
    }
    let mut granted = HashSet::new();
    for &order in orders {
        let limited = || rows.iter().filter(|row| row.order == order);
        let fits = limited().all(|row| had.get(&(row.member, row.sku)).copied().unwrap_or(0) + row.pieces <= row.most);
        if !fits || !granted.insert(order) {
            continue;
        }
        for row in limited() {
            *had.entry((row.member, row.sku)).or_default() += row.pieces;
        }
    }
    Ok(granted)
}
