//! How many pieces of a variant one channel sells at a store 渠道额度 (K2). Every server keeps the quotas with its goods
//! (`catalog::kept`), so goods without one cost nobody a statement; what a channel has sold is counted under the lock of
//! the balance, in the round that grants.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::{
    Fault, LocationId, StoreId,
    audit::{Act, ObjectKind},
    channel_quotas::{ChannelQuota, ChannelQuotaRule, SetChannelQuota},
    orders::Channel,
};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::RULES_MOST;
use crate::{
    Scope,
    audit::{self, Change},
    catalog::kept::Catalogue,
    database::OrFault,
    house::new_id,
    memory::Offer,
    stockroom::{self, NO_PLACE, Sight, may_set, named},
};

const NO_QUOTA: Fault = Fault::NotFound("这条渠道额度");

fn place(store: StoreId) -> LocationId {
    LocationId(store.0)
}

/// What was said for each store, and of stores within reach; of one store where it is named, with what was sold there.
/// At most [`RULES_MOST`].
///
/// Faults: `Forbidden`.
pub async fn rules(scope: &Scope, store: Option<StoreId>) -> Result<Vec<ChannelQuotaRule>, Fault> {
    let sight = Sight::of(scope)?;
    if let Some(store) = store {
        stockroom::sees(scope, place(store))?;
    }
    let mut tx = scope.begin_search().await?;
    let rows = sqlx::query!(
        r#"select q.id, q.sku_id, k.code, d.name as product, coalesce(array_to_string(k.spec_values, ' '), '') as "spec!",
                  q.store_id, s.name as "store_name?", q.channel, q.most, q.set_at
           from channel_quotas q join skus k on k.id = q.sku_id join products d on d.id = k.product_id
           left join stores s on s.id = q.store_id
           where (q.store_id is null or $1::uuid[] is null or q.store_id = any($1))
             and ($2::uuid is null or q.store_id is null or q.store_id = $2)
           order by d.name, k.code, q.store_id is not null, s.name, q.channel limit $3"#,
        sight.seen.as_deref(),
        store.map(|store| store.0),
        RULES_MOST as i64,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    drop(tx);
    let counting = rows.iter().filter_map(|row| {
        let channel = Channel::from_code(&row.channel)?;
        let store = row.store_id.or(store.map(|store| store.0))?;
        Some(Counting { store, sku: row.sku_id, channel: channel.code(), since: row.set_at })
    });
    let counted = sold_now(scope, counting.collect(), None).await?;
    let rule = rows.into_iter().filter_map(|row| {
        let channel = Channel::from_code(&row.channel)?;
        let at = row.store_id.or(store.map(|store| store.0));
        Some(ChannelQuotaRule {
            id: row.id,
            sku: row.code,
            name: named(&row.product, &row.spec),
            store_id: row.store_id.map(StoreId),
            store_name: row.store_name,
            channel,
            most: row.most,
            since: row.set_at,
            sold: at.map(|at| counted.get(&(at, row.sku_id, channel.code())).copied().unwrap_or(0)),
        })
    });
    Ok(rule.collect())
}

/// Says how many pieces of a variant a channel sells from now on, at each store or at one. Answers the identity of what
/// was said. What was sold before does not count, also where the same is said again.
///
/// Faults: `Invalid` beside `channel`, `most` or `sku`; `NotFound` for a store out of reach; `Forbidden`.
pub async fn set(scope: &Scope, command: SetChannelQuota) -> Result<Uuid, Fault> {
    command.check()?;
    let me = may_set(scope, command.store_id.map(place))?;
    let mut tx = scope.begin().await?;
    if let Some(store) = command.store_id {
        stockroom::room(&mut tx, place(store)).await?.store.ok_or(NO_PLACE)?;
    }
    let sku =
        sqlx::query_scalar!("select id from skus where lower(code) = lower($1) for no key update", command.sku.trim())
            .fetch_optional(&mut *tx)
            .await
            .or_fault()?
            .ok_or_else(|| Fault::invalid("sku", "没有这个商品编码"))?;
    let store = command.store_id.map(|store| store.0);
    let before = sqlx::query_scalar!(
        "select most from channel_quotas where sku_id = $1 and store_id is not distinct from $2 and channel = $3",
        sku,
        store,
        command.channel.code(),
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let id = sqlx::query_scalar!(
        "insert into channel_quotas (id, sku_id, store_id, channel, most, set_by, set_at) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict on constraint channel_quotas_one do update
         set most = excluded.most, set_by = excluded.set_by, set_at = excluded.set_at
         returning id",
        new_id(),
        sku,
        store,
        command.channel.code(),
        command.most,
        me,
        scope.now,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()?;
    let told = |most: i64| json!({ "channel": command.channel.label(), "most": most });
    let change = [before.map_or(json!(null), told), told(command.most)];
    note(&mut tx, scope, Act::SetChannelQuota, (sku, store), change).await?;
    tx.commit().await.or_fault()?;
    Ok(id)
}

/// Takes back what was said: what is said of each store applies again, or nothing.
///
/// Faults: `NotFound`, also for a store out of reach; `Forbidden`.
pub async fn remove(scope: &Scope, id: Uuid) -> Result<(), Fault> {
    Sight::of(scope)?;
    let mut tx = scope.begin().await?;
    let found = sqlx::query!("select sku_id, store_id, channel, most from channel_quotas where id = $1", id)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?
        .ok_or(NO_QUOTA)?;
    may_set(scope, found.store_id.map(LocationId)).map_err(|fault| match fault {
        Fault::NotFound(_) => NO_QUOTA,
        other => other,
    })?;
    sqlx::query!("delete from channel_quotas where id = $1", id).execute(&mut *tx).await.or_fault()?;
    let label = Channel::from_code(&found.channel).map_or("", Channel::label);
    let before = json!({ "channel": label, "most": found.most });
    note(&mut tx, scope, Act::RemoveChannelQuota, (found.sku_id, found.store_id), [before, json!(null)]).await?;
    tx.commit().await.or_fault()
}

async fn note(
    tx: &mut PgConnection,
    scope: &Scope,
    act: Act,
    (sku, store_id): (Uuid, Option<Uuid>),
    [before, after]: [Value; 2],
) -> Result<(), Fault> {
    let object = ObjectKind::Sku;
    audit::record(tx, scope, Change { act, object, object_id: sku, store_id, before, after, reason: "" }).await
}

/// A variant that a channel sells at a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Counting {
    pub store: Uuid,
    pub sku: Uuid,
    /// By its code.
    pub channel: &'static str,
    /// From when on orders and holds of it count.
    pub since: DateTime<Utc>,
}

/// What channels have sold, by store, variant and the channel's code.
pub(crate) type Sold = HashMap<(Uuid, Uuid, &'static str), i64>;

/// How many pieces channels have sold: of orders that are not over without them, and of what is held, without what
/// `but_of` holds. Nothing is asked where there is no quota. Whoever grants has locked the balances before, so that
/// whatever another has granted is counted.
pub(crate) async fn sold(
    tx: &mut PgConnection,
    asked: BTreeSet<Counting>,
    but_of: Option<Uuid>,
) -> Result<Sold, Fault> {
    if asked.is_empty() {
        return Ok(HashMap::new());
    }
    let asked: Vec<Counting> = asked.into_iter().collect();
    let stores: Vec<Uuid> = asked.iter().map(|one| one.store).collect();
    let skus: Vec<Uuid> = asked.iter().map(|one| one.sku).collect();
    let channels: Vec<String> = asked.iter().map(|one| one.channel.to_owned()).collect();
    let since: Vec<DateTime<Utc>> = asked.iter().map(|one| one.since).collect();
    let rows = sqlx::query!(
        r#"select a.place as "place!",
                  (coalesce((select sum(l.quantity - coalesce((select sum(u.quantity) from unsent_end_lines u
                                                                  where u.order_id = l.order_id and u.line = l.line), 0))
                             from orders o join order_lines l on l.order_id = o.id and l.sku_id = a.sku_id
                             where o.store_id = a.store_id and o.channel = a.channel and o.placed_at >= a.since
                               and o.state not in ('cancelled', 'expired', 'rejected')), 0)
                   + coalesce((select sum(h.quantity) from early_holds h
                               where h.location_id = a.store_id and h.sku_id = a.sku_id and h.channel = a.channel
                                 and h.state = 'held' and h.held_at >= a.since
                                 and ($5::uuid is null or h.member_id <> $5)), 0))::bigint as "pieces!"
           from unnest((select $1::uuid[]), (select $2::uuid[]), (select $3::text[]), (select $4::timestamptz[])) with ordinality
                as a (store_id, sku_id, channel, since, place)"#,
        &stores,
        &skus,
        &channels,
        &since,
        but_of,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let mut sold = HashMap::new();
    for row in rows {
        let Some(one) = usize::try_from(row.place - 1).ok().and_then(|place| asked.get(place)) else { continue };
        // Two of a round may know quotas of two moments: the longer time says more.
        let most: &mut i64 = sold.entry((one.store, one.sku, one.channel)).or_default();
        *most = (*most).max(row.pieces);
    }
    Ok(sold)
}

/// [`sold`] as it is now, with nothing locked: what pages tell. Whoever asks sees few of the orders that count.
async fn sold_now(scope: &Scope, asked: BTreeSet<Counting>, but_of: Option<Uuid>) -> Result<Sold, Fault> {
    if asked.is_empty() {
        return Ok(HashMap::new());
    }
    let mut tx = scope.house_begin().await?;
    sold(&mut tx, asked, but_of).await
}

/// How many pieces of these variants the channel of whoever asks may still sell at these stores; nothing of those without
/// a quota. What a member holds themselves is theirs to order.
pub(crate) async fn left(
    scope: &Scope,
    catalogue: &Catalogue,
    shelves: impl Iterator<Item = (Uuid, Uuid)>,
) -> Result<HashMap<(Uuid, Uuid), i64>, Fault> {
    let of = |(store, sku): (Uuid, Uuid)| Some(((store, sku), catalogue.quota(sku, store, scope.channel)?));
    let quotas: HashMap<(Uuid, Uuid), ChannelQuota> = shelves.filter_map(of).collect();
    let channel = scope.channel.code();
    let counting = quotas.iter().map(|(&(store, sku), quota)| Counting { store, sku, channel, since: quota.since });
    let sold = sold_now(scope, counting.collect(), scope.member().ok().map(|member| member.0)).await?;
    let left = |((store, sku), quota): ((Uuid, Uuid), ChannelQuota)| {
        ((store, sku), quota.left(sold.get(&(store, sku, channel)).copied().unwrap_or(0)))
    };
    Ok(quotas.into_iter().map(left).collect())
}

/// Has offers of a store say no more than the channel of whoever asks may still sell. What a member holds counts, as it is
/// no part of what the store has left either.
pub(crate) async fn cap(
    scope: &Scope,
    catalogue: &Catalogue,
    (store, skus): (Uuid, &[Uuid]),
    offers: &mut [Offer],
) -> Result<(), Fault> {
    let of = |sku: &Uuid| Some((*sku, catalogue.quota(*sku, store, scope.channel)?));
    let quotas: HashMap<Uuid, ChannelQuota> = skus.iter().filter_map(of).collect();
    if quotas.is_empty() {
        return Ok(());
    }
    let channel = scope.channel.code();
    let counting = quotas.iter().map(|(&sku, quota)| Counting { store, sku, channel, since: quota.since });
    let sold = sold_now(scope, counting.collect(), None).await?;
    for (sku, offer) in skus.iter().zip(offers) {
        if let Some(quota) = quotas.get(sku) {
            offer.available = offer.available.min(quota.left(sold.get(&(store, *sku, channel)).copied().unwrap_or(0)));
        }
    }
    Ok(())
}

/// Those of these expired orders that their channels may sell still, the first of them before the others. The balances are
/// locked. An order from before a quota is none of what it counts.
pub(super) async fn may_sell(tx: &mut PgConnection, orders: &[Uuid]) -> Result<HashSet<Uuid>, Fault> {
    let rows = sqlx::query!(
        r#"select o.id, o.store_id, l.sku_id, o.channel, q.most, q.set_at, sum(l.quantity)::bigint as "pieces!"
           from orders o join order_lines l on l.order_id = o.id
           join lateral (
               select q.most, q.set_at from channel_quotas q
               where q.sku_id = l.sku_id and q.channel = o.channel and (q.store_id is null or q.store_id = o.store_id)
               order by q.store_id nulls last limit 1
           ) q on q.set_at <= o.placed_at
           where o.id = any($1) group by o.id, o.store_id, l.sku_id, o.channel, q.most, q.set_at"#,
        orders,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let code = |channel: &str| Channel::from_code(channel).map_or("", Channel::code);
    let counting = rows.iter().map(|row| Counting {
        store: row.store_id,
        sku: row.sku_id,
        channel: code(&row.channel),
        since: row.set_at,
    });
    let mut sold = sold(tx, counting.collect(), None).await?;
    let mut granted = HashSet::new();
    for &order in orders {
        let capped = || rows.iter().filter(|row| row.id == order);
        let key = |store, sku, channel: &str| (store, sku, code(channel));
        let fits = capped().all(|row| {
            let sold = sold.get(&key(row.store_id, row.sku_id, &row.channel)).copied().unwrap_or(0);
            sold + row.pieces <= row.most
        });
        if !fits || !granted.insert(order) {
            continue;
        }
        for row in capped() {
            *sold.entry(key(row.store_id, row.sku_id, &row.channel)).or_default() += row.pieces;
        }
    }
    Ok(granted)
}
