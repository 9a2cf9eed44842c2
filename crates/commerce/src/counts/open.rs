//! Beginning a count, and what it takes in.

use chrono::Duration;
use domain::{
    CountId, Fault, LocationId, SkuId,
    counts::{CountAct, CountKind, CountState, CycleBy, OpenCount, Selection},
    text,
};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{Count, Step, record};
use crate::{Scope, database::OrFault, stockroom};

/// What sells best is told by the sales of so many days.
const BEST_SELLING_DAYS: i64 = 30;

/// Begins a count at a place within reach. The count's id is the idempotency key: the same request again is the same
/// count.
///
/// Faults: `Invalid` beside the fields; `NotFound` for a place out of reach; `Forbidden`; `Conflict`
/// (`counted_elsewhere`) where another open count has some of the goods, (`nothing_to_count`), (`key_reused`).
pub async fn open(scope: &Scope, command: OpenCount) -> Result<(), Fault> {
    command.check()?;
    let me = stockroom::works_at(scope, command.location_id)?;
    let actor = scope.actor();
    let mut tx = scope.begin().await?;
    let room = stockroom::room(&mut tx, command.location_id).await?;
    let written = sqlx::query!(
        "insert into counts (id, location_id, kind, selection, blind, note, state, opened_by, opened_by_key, opened_at)
         values ($1, $2, $3, $4, $5, $6, 'open', $7, $8, $9) on conflict (id) do nothing",
        command.id.0,
        command.location_id.0,
        command.selection.kind().code(),
        Json(&command.selection) as _,
        command.blind,
        command.note.trim(),
        actor.staff,
        actor.key,
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if written.rows_affected() == 0 {
        return opened_before(&mut tx, &command, me).await;
    }
    let goods = chosen(&mut tx, scope, &command).await?;
    if goods.is_empty() {
        return Err(Fault::conflict("nothing_to_count", "这里没有可盘的商品，或都在别的盘点里"));
    }
    let count =
        Count { id: command.id, room, state: CountState::Open, opened_by: me, submitted_by: None, above: false };
    take_in(&mut tx, &count, &goods).await?;
    record(&mut tx, scope, &count, CountState::Open, &Step::plain(CountAct::Open)).await?;
    tx.commit().await.or_fault()
}

/// Whether the count is there because of the same request.
async fn opened_before(tx: &mut PgConnection, command: &OpenCount, me: Uuid) -> Result<(), Fault> {
    let found = sqlx::query!(
        r#"select location_id, selection as "selection: Json<Selection>", blind, note,
                  coalesce(opened_by, opened_by_key) as "opened_by!" from counts where id = $1"#,
        command.id.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    let same = found.is_some_and(|found| {
        (found.location_id, found.selection.0, found.blind, found.note.as_str(), found.opened_by)
            == (command.location_id.0, command.selection.clone(), command.blind, command.note.trim(), me)
    });
    if same {
        Ok(())
    } else {
        Err(Fault::conflict("key_reused", "这个页面已经开始过另一次盘点，请刷新后再试"))
    }
}

/// The goods that a count takes in as it begins.
async fn chosen(tx: &mut PgConnection, scope: &Scope, command: &OpenCount) -> Result<Vec<Uuid>, Fault> {
    let location = command.location_id;
    match &command.selection {
        Selection::Full => everything(tx, location).await,
        Selection::Partial { categories, skus } => some(tx, location, categories, skus).await,
        Selection::Cycle { by: CycleBy::LongestUncounted, lines } => longest_uncounted(tx, location, *lines).await,
        Selection::Cycle { by: CycleBy::BestSelling, lines } => best_selling(tx, scope, location, *lines).await,
    }
}

/// What a place sells, or has on its books.
async fn everything(tx: &mut PgConnection, location: LocationId) -> Result<Vec<Uuid>, Fault> {
    let goods = sqlx::query_scalar!(
        r#"select sku_id as "sku_id!" from listings where store_id = $1
           union select sku_id from stock where location_id = $1 and on_hand <> 0"#,
        location.0,
    );
    goods.fetch_all(tx).await.or_fault()
}

/// Faults: `Invalid` beside `categories` or `skus` for codes that nothing here has.
async fn some(
    tx: &mut PgConnection,
    location: LocationId,
    categories: &[String],
    codes: &[String],
) -> Result<Vec<Uuid>, Fault> {
    let known = sqlx::query_scalar!("select code from categories where code = any($1)", categories)
        .fetch_all(&mut *tx)
        .await
        .or_fault()?;
    if let Some(unknown) = categories.iter().find(|code| !known.contains(code)) {
        return Err(Fault::invalid("categories", format!("没有分类 {unknown}")));
    }
    let mut goods = sqlx::query_scalar!(
        r#"with recursive within as (
               select id from categories where code = any($2)
               union select c.id from categories c join within w on c.parent_id = w.id
           )
           select k.id as "id!" from skus k join products d on d.id = k.product_id
           where d.category_id in (select id from within)
             and (exists (select from listings l where l.store_id = $1 and l.sku_id = k.id)
                  or exists (select from stock t where t.location_id = $1 and t.sku_id = k.id and t.on_hand <> 0))"#,
        location.0,
        categories,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let mut unknown = Vec::new();
    for code in codes {
        match stockroom::of_code(tx, location, code).await {
            Ok(SkuId(sku)) => goods.push(sku),
            Err(Fault::NotFound(_)) => unknown.push(code.as_str()),
            Err(fault) => return Err(fault),
        }
    }
    if !unknown.is_empty() {
        return Err(Fault::invalid("skus", format!("这里没有这些商品：{}", unknown.join("、"))));
    }
    goods.sort_unstable();
    goods.dedup();
    Ok(goods)
}

/// What has not been counted for the longest; of what never was, that of which there is most.
async fn longest_uncounted(tx: &mut PgConnection, location: LocationId, lines: u32) -> Result<Vec<Uuid>, Fault> {
    let goods = sqlx::query_scalar!(
        r#"select g.sku_id as "sku_id!" from (
               select sku_id from listings where store_id = $1
               union select sku_id from stock where location_id = $1 and on_hand <> 0
           ) g
           left join stock t on t.location_id = $1 and t.sku_id = g.sku_id
           left join lateral (
               select max(l.counted_at) as at from count_lines l
               where l.location_id = $1 and l.sku_id = g.sku_id and not l.active and l.counted is not null
           ) c on true
           where not exists (select from count_lines o where o.location_id = $1 and o.sku_id = g.sku_id and o.active)
           order by c.at nulls first, t.on_hand desc nulls last, g.sku_id limit $2"#,
        location.0,
        i64::from(lines),
    );
    goods.fetch_all(tx).await.or_fault()
}

async fn best_selling(
    tx: &mut PgConnection,
    scope: &Scope,
    location: LocationId,
    lines: u32,
) -> Result<Vec<Uuid>, Fault> {
    let goods = sqlx::query_scalar!(
        r#"select m.sku_id as "sku_id!" from movements m
           where m.location_id = $1 and m.cause in ('issue', 'counter_sale', 'counter_return') and m.occurred_at > $2
             and not exists (select from count_lines o where o.location_id = $1 and o.sku_id = m.sku_id and o.active)
           group by m.sku_id order by sum(m.on_hand), m.sku_id limit $3"#,
        location.0,
        scope.now - Duration::days(BEST_SELLING_DAYS),
        i64::from(lines),
    );
    goods.fetch_all(tx).await.or_fault()
}

/// Takes goods into a count; those that are in it already stay.
///
/// Faults: `Conflict` (`counted_elsewhere`), which names the other count.
pub(super) async fn take_in(tx: &mut PgConnection, count: &Count, goods: &[Uuid]) -> Result<(), Fault> {
    match refused(tx, count, goods).await? {
        None => Ok(()),
        Some((_, why)) => Err(Fault::conflict("counted_elsewhere", why)),
    }
}

/// Takes goods into a count as [`take_in`] does; answers one of them that another open count has, and why it cannot be.
pub(super) async fn refused(
    tx: &mut PgConnection,
    count: &Count,
    goods: &[Uuid],
) -> Result<Option<(Uuid, String)>, Fault> {
    stockroom::shelve(tx, count.room.id, goods).await?;
    sqlx::query!(
        "insert into count_lines (count_id, location_id, sku_id)
         select $1, $2, sku from unnest($3::uuid[]) as s (sku) order by sku on conflict do nothing",
        count.id.0,
        count.room.id.0,
        goods,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    // Whoever was first has committed by now: the insertion waited for them.
    let elsewhere = sqlx::query!(
        r#"select l.sku_id, c.id, c.kind, c.opened_at, coalesce(o.name, '合作方 ' || a.name, '') as "opener!",
                  d.name as product, array_to_string(k.spec_values, ' ') as "spec!"
           from count_lines l join counts c on c.id = l.count_id
           left join staff o on o.id = c.opened_by left join api_keys a on a.id = c.opened_by_key
           join skus k on k.id = l.sku_id join products d on d.id = k.product_id
           where l.location_id = $1 and l.sku_id = any($2) and l.active and l.count_id <> $3
           order by c.id, d.name, k.code limit 1"#,
        count.room.id.0,
        goods,
        count.id.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    let Some(other) = elsewhere else { return Ok(None) };
    let kind = CountKind::from_code(&other.kind).map_or("盘点", CountKind::label);
    let began = other.opened_at.with_timezone(&text::zone("")).format("%m-%d %H:%M");
    let goods = stockroom::named(&other.product, &other.spec);
    let (opener, number) = (other.opener, short(CountId(other.id)));
    let why = format!("「{goods}」正在另一次{kind}里（{opener} {began} 开始，编号 {number}），请先完成或取消它");
    Ok(Some((other.sku_id, why)))
}

/// The end of a count's identity, by which people tell counts apart.
fn short(id: CountId) -> String {
    let text = id.0.simple().to_string();
    text[text.len() - 6..].to_uppercase()
}
