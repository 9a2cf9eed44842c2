//! Handing a count in, and giving it up.

use domain::{
    CountId, Fault, Fen,
    counts::{CountAct, CountState, Off, SubmitCount, Uncounted},
    staff::Permission,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Count, NO_COUNT, Step, advance, lock, works_on};
use crate::{Scope, approvals, database::OrFault, stockroom};

/// How many goods that nobody counted are named.
const NAMED_MOST: usize = 5;

/// Hands a count in: from now on nothing is entered, and what was found is kept beside what the books said. Lines
/// that nobody counted are none, or no part of it, only where that is said. Doing it twice is doing it once.
///
/// Faults: `NotFound`, also for another place's; `Conflict` (`not_all_counted`, which names some; `nothing_counted`;
/// `not_now`); `Forbidden`.
pub async fn submit(scope: &Scope, id: CountId, command: SubmitCount) -> Result<(), Fault> {
    scope.reach(Permission::CountStock)?;
    let mut tx = scope.begin().await?;
    let count = lock(&mut tx, id).await?;
    works_on(scope, count.room.id)?;
    if count.state == CountState::Submitted {
        return Ok(());
    }
    count.state.after(CountAct::Submit).ok_or_else(|| count.not_now(CountAct::Submit.label()))?;
    match (uncounted(&mut tx, id).await?, command.uncounted) {
        (none, _) if none.is_empty() => {}
        (some, None) => return Err(not_all_counted(&some)),
        (some, Some(Uncounted::Zero)) => enter_none(&mut tx, scope, &count, &some).await?,
        (_, Some(Uncounted::LeaveOut)) => {}
    }
    let off = keep(&mut tx, &count).await?;
    let held = approvals::alone_at(&mut tx, count.room.id).await?;
    let above = !held.alone.suffices(off);
    let actor = scope.actor();
    sqlx::query!(
        "update counts set submitted_by = $2, submitted_by_key = $3, off_pieces = $4, off_value_fen = $5, above = $6,
                           alone_pieces = $7, alone_value_fen = $8, alone_own = $9
         where id = $1",
        id.0,
        actor.staff,
        actor.key,
        off.pieces,
        off.value_fen.0,
        above,
        held.alone.pieces,
        held.alone.value_fen.0,
        held.own,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    advance(&mut tx, scope, &count, Step { off: Some(off), ..Step::plain(CountAct::Submit) }).await?;
    tx.commit().await.or_fault()
}

struct Waiting {
    sku_id: Uuid,
    product: String,
    spec: String,
}

/// The lines without an entry that counts.
async fn uncounted(tx: &mut PgConnection, id: CountId) -> Result<Vec<Waiting>, Fault> {
    sqlx::query_as!(
        Waiting,
        r#"select l.sku_id, d.name as product, array_to_string(k.spec_values, ' ') as "spec!"
           from count_lines l join skus k on k.id = l.sku_id join products d on d.id = k.product_id
           where l.count_id = $1 and not exists (
               select from count_entries n where n.count_id = $1 and n.sku_id = l.sku_id and n.undone_at is null)
           order by k.code"#,
        id.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()
}

fn not_all_counted(some: &[Waiting]) -> Fault {
    let names: Vec<String> =
        some.iter().take(NAMED_MOST).map(|line| stockroom::named(&line.product, &line.spec)).collect();
    let more = if some.len() > NAMED_MOST { " 等" } else { "" };
    let message = format!(
        "还有 {} 项没有盘：{}{more}。请继续盘点，或说明它们按 0 件计、不计入这次盘点",
        some.len(),
        names.join("、"),
    );
    Fault::conflict("not_all_counted", message)
}

/// Enters that there is none of these, as somebody would who had looked.
async fn enter_none(tx: &mut PgConnection, scope: &Scope, count: &Count, some: &[Waiting]) -> Result<(), Fault> {
    let skus: Vec<Uuid> = some.iter().map(|line| line.sku_id).collect();
    let actor = scope.actor();
    sqlx::query!(
        "with shelves as materialized (
             select sku_id, on_hand from stock where location_id = $2 and sku_id = any($3) order by location_id, sku_id for share
         )
         insert into count_entries (id, count_id, sku_id, pieces, book, staff_id, api_key_id, at)
         select gen_random_uuid(), $1, sku_id, 0, on_hand, $4, $5, $6 from shelves order by sku_id",
        count.id.0,
        count.room.id.0,
        &skus,
        actor.staff,
        actor.key,
        scope.now,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Keeps what was found of each line, what the books said at its last entry, and the price; answers how far it is
/// off in all.
async fn keep(tx: &mut PgConnection, count: &Count) -> Result<Off, Fault> {
    let kept = sqlx::query!(
        r#"update count_lines l set counted = e.counted, book = e.book, counted_at = e.at, price_fen = e.price_fen
           from (
               select n.sku_id, sum(n.pieces)::bigint as counted, (array_agg(n.book order by n.place desc))[1] as book,
                      max(n.at) as at, coalesce(min(p.price_fen), min(k.price_fen)) as price_fen
               from count_entries n join skus k on k.id = n.sku_id
               left join listings p on p.store_id = $2 and p.sku_id = n.sku_id
               where n.count_id = $1 and n.undone_at is null group by n.sku_id
           ) e
           where l.count_id = $1 and l.sku_id = e.sku_id
           returning e.counted - e.book as "difference!", e.price_fen as "price_fen!""#,
        count.id.0,
        count.room.id.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    if kept.is_empty() {
        return Err(Fault::conflict("nothing_counted", "一项都没有盘，不能提交；不盘了可以取消"));
    }
    Off::of(kept.into_iter().map(|line| (line.difference, Fen(line.price_fen))))
        .ok_or_else(|| Fault::Internal("a difference beyond all numbers".into()))
}

/// Gives a count up: nothing is booked, and its goods can be counted by another. Doing it twice is doing it once.
///
/// Faults: `NotFound`, also for another place's; `Forbidden` for who neither began it nor decides at the place;
/// `Conflict` (`not_now`) once it is booked.
pub async fn cancel(scope: &Scope, id: CountId) -> Result<(), Fault> {
    let sight = stockroom::Sight::of(scope)?;
    let mut tx = scope.begin().await?;
    let count = lock(&mut tx, id).await?;
    let sees = sight.seen.as_ref().is_none_or(|some| some.contains(&count.room.id.0));
    if !sees {
        return Err(NO_COUNT);
    }
    if count.opened_by != sight.me && !sight.decides(count.room.id.0, false, None) {
        return Err(Fault::Forbidden);
    }
    if count.state == CountState::Cancelled {
        return Ok(());
    }
    advance(&mut tx, scope, &count, Step::plain(CountAct::Cancel)).await?;
    forget(&mut tx, id, false).await?;
    tx.commit().await.or_fault()
}

/// Forgets what was kept at the submission: the entries stay.
pub(super) async fn forget(tx: &mut PgConnection, id: CountId, active: bool) -> Result<(), Fault> {
    sqlx::query!(
        "update count_lines set active = $2, counted = null, book = null, price_fen = null, counted_at = null where count_id = $1",
        id.0,
        active,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}
