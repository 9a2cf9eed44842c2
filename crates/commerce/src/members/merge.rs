//! Two accounts of one person become one. Whoever wants it has a session of the one that is kept and has just shown
//! that the other is theirs: by a code to its number, or by WeChat.

use chrono::{DateTime, Duration, Utc};
use domain::{
    Fault, MemberId,
    members::{MemberView, MergeOffer},
    text,
};
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

use super::{
    log_in::hand_over_cart,
    rules::{Merging, RULES},
};
use crate::{Scope, database::OrFault, sessions};

const NOT_FOUND: Fault = Fault::NotFound("这次合并；它可能已完成或已过期，请重新验证另一个账号");

/// How long an offer can be confirmed.
const OFFER_MINUTES: i64 = 10;

/// Notes that somebody has shown that both accounts are theirs; answers what would move.
pub(super) async fn make_offer(
    mut tx: Transaction<'static, Postgres>,
    scope: &Scope,
    kept: Uuid,
    absorbed: Uuid,
    takes_phone: bool,
) -> Result<MergeOffer, Fault> {
    let id = Uuid::new_v4();
    // What was offered before for these two is out of date.
    sqlx::query!("delete from merge_offers where kept_id = $1 and absorbed_id = $2", kept, absorbed)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    sqlx::query!(
        "insert into merge_offers (id, kept_id, absorbed_id, takes_phone, expires_at) values ($1, $2, $3, $4, $5)",
        id,
        kept,
        absorbed,
        takes_phone,
        scope.now + Duration::minutes(OFFER_MINUTES),
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let view = read(&mut tx, scope, kept, id).await?;
    tx.commit().await.or_fault()?;
    view.ok_or(Fault::NotFound("这个账号"))
}

/// What would move from the other account, as it is now.
///
/// Faults: `Unauthenticated`; `NotFound` for an offer that is not theirs, too old or confirmed.
pub async fn offer(scope: &Scope, id: Uuid) -> Result<MergeOffer, Fault> {
    let me = scope.member()?;
    let mut tx = scope.house_begin().await?;
    read(&mut tx, scope, me.0, id).await?.ok_or(NOT_FOUND)
}

async fn read(tx: &mut PgConnection, scope: &Scope, kept: Uuid, id: Uuid) -> Result<Option<MergeOffer>, Fault> {
    let row = sqlx::query!(
        r#"select f.takes_phone, f.expires_at, m.phone as "phone!", m.joined_at,
                  (select count(*) from orders o where o.member_id = m.id) as "orders!",
                  (select count(*) from orders o where o.member_id = m.id
                   and o.state in ('placed', 'paid', 'accepted', 'ready', 'dispatched')) as "open_orders!",
                  (select count(*) from cart_lines l where l.cart_id = m.cart_id) as "cart_lines!",
                  (select count(*) from early_holds h where h.member_id = m.id and h.state = 'held') as "holds!",
                  (select count(*) from wechat_identities w where w.member_id = m.id) as "wechat!"
           from merge_offers f join members m on m.id = f.absorbed_id
           where f.id = $1 and f.kept_id = $2 and f.expires_at > $3 and m.phone is not null"#,
        id,
        kept,
        scope.now,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    Ok(row.map(|row| MergeOffer {
        id,
        phone: text::masked_phone(&row.phone),
        joined_at: row.joined_at,
        orders: row.orders,
        open_orders: row.open_orders,
        cart_lines: row.cart_lines,
        holds: row.holds,
        wechat: row.wechat,
        takes_phone: row.takes_phone,
        expires_at: row.expires_at,
    }))
}

/// Makes the two accounts of an offer one: everything the other has is the kept one's, in one transaction with both
/// locked. The other's sessions end; its row stays, since history names it. Confirming it again is confirming it once.
///
/// Faults: `Unauthenticated`; `NotFound` for an offer that is not theirs or too old; `Conflict` (`merge_over`) where
/// one of the accounts has gone meanwhile.
pub async fn merge(scope: &Scope, id: Uuid) -> Result<MemberView, Fault> {
    let me = scope.member()?;
    let over = || Fault::conflict("merge_over", "这次合并已失效，请重新验证另一个账号");
    let mut tx = scope.house_begin().await?;
    let found = sqlx::query!(
        "select absorbed_id, takes_phone from merge_offers where id = $1 and kept_id = $2 and expires_at > $3",
        id,
        me.0,
        scope.now,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let Some(found) = found else {
        drop(tx);
        return if was_confirmed(scope, me, id).await? { super::me(scope).await } else { Err(NOT_FOUND) };
    };
    let absorbed = found.absorbed_id;
    // Both in the order of their ids, as orders lock members: whoever places one meanwhile, or merges the other way
    // round, waits and then finds how things are.
    let live = sqlx::query!(
        "select id, phone, cart_id from members where id = any($1) and phone is not null order by id for update",
        &[me.0, absorbed],
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let Some(other) = live.iter().find(|row| row.id == absorbed).filter(|_| live.len() == 2) else {
        drop(tx);
        // The same offer may have been confirmed while this waited.
        return if was_confirmed(scope, me, id).await? { super::me(scope).await } else { Err(over()) };
    };
    sessions::must_live(&mut tx, scope).await?;
    hand_over_cart(&mut tx, other.cart_id, me).await?;
    for rule in RULES {
        if let Merging::Move(statement) | Merging::End(statement) = rule.merging {
            sqlx::query(statement).bind(me.0).bind(absorbed).execute(&mut *tx).await.or_fault()?;
        }
    }
    bury(&mut tx, Buried { absorbed, kept: me.0, offer: id, at: scope.now }).await?;
    if found.takes_phone {
        sqlx::query!("update members set phone = $2 where id = $1", me.0, other.phone)
            .execute(&mut *tx)
            .await
            .or_fault()?;
    }
    tx.commit().await.or_fault()?;
    tracing::info!(kept = %me, absorbed = %absorbed, "two accounts became one");
    super::me(scope).await
}

async fn was_confirmed(scope: &Scope, kept: MemberId, offer: Uuid) -> Result<bool, Fault> {
    sqlx::query_scalar!(
        r#"select exists (select from members where merged_by = $1 and merged_into = $2) as "was!""#,
        offer,
        kept.0,
    )
    .fetch_one(&scope.house.pool)
    .await
    .or_fault()
}

/// An account that becomes a tombstone.
struct Buried {
    absorbed: Uuid,
    kept: Uuid,
    offer: Uuid,
    at: DateTime<Utc>,
}

/// Nothing personal is left on it.
async fn bury(tx: &mut PgConnection, buried: Buried) -> Result<(), Fault> {
    sqlx::query!(
        "update members set phone = null, password_hash = null, name = '已合并会员', merged_into = $2, merged_by = $3, merged_at = $4
         where id = $1",
        buried.absorbed,
        buried.kept,
        buried.offer,
        buried.at,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}
