//! A member goes (P8): the person vanishes, and what the books need stays without them.

use domain::{
    Fault, MemberId,
    members::{CodeFor, EraseAccount, LeavingView},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    GONE,
    codes::{self, Opens, Typed},
    rules::{Erasing, RULES},
};
use crate::{
    Scope,
    database::OrFault,
    holds::{self, Ending},
    sessions,
};

/// What stands in the way of erasing one's account, and what will stay.
///
/// Faults: `Unauthenticated`.
pub async fn leaving(scope: &Scope) -> Result<LeavingView, Fault> {
    let me = scope.member()?;
    let mut tx = scope.begin().await?;
    look(&mut tx, me).await
}

async fn look(tx: &mut PgConnection, member: MemberId) -> Result<LeavingView, Fault> {
    let row = sqlx::query!(
        r#"select count(*) as "orders!",
                  count(*) filter (where state in ('placed', 'paid', 'accepted', 'ready', 'dispatched')) as "open!",
                  (select count(*) from refunds r join orders of on of.id = r.order_id
                   where of.member_id = $1 and r.state not in ('succeeded', 'settled')) as "refunds!",
                  (select count(*) from after_sales a where a.member_id = $1
                   and a.state in ('requested', 'agreed', 'appealed')) as "after_sales!"
           from orders where member_id = $1"#,
        member.0,
    )
    .fetch_one(tx)
    .await
    .or_fault()?;
    Ok(LeavingView {
        member,
        open_orders: row.open,
        open_after_sales: row.after_sales,
        refunds: row.refunds,
        orders: row.orders,
    })
}

fn must_be_free(view: &LeavingView) -> Result<(), Fault> {
    if view.open_orders > 0 {
        let message = format!("还有 {} 个订单没有完成，请先取货或取消，再来注销", view.open_orders);
        return Err(Fault::conflict("orders_open", message));
    }
    if view.open_after_sales > 0 {
        let message = format!("还有 {} 张售后单没有完成，请先撤销或等待结果，再来注销", view.open_after_sales);
        return Err(Fault::conflict("after_sales_open", message));
    }
    if view.refunds > 0 {
        let message = format!("还有 {} 笔退款没有到账，请等到账后再来注销", view.refunds);
        return Err(Fault::conflict("refunds_open", message));
    }
    Ok(())
}

/// Erases the account of the member who asks: number, name, password, WeChat, sessions, cart and what they wrote go;
/// orders, movements and transfers stay and name a row that tells nothing. The number may be used anew.
///
/// Faults: `Unauthenticated`; `Conflict` (`orders_open`, `after_sales_open`, `refunds_open`); `Invalid` beside `code`.
pub async fn erase(scope: &Scope, command: EraseAccount) -> Result<(), Fault> {
    let me = super::me(scope).await?;
    // Before the code is used up.
    must_be_free(&leaving(scope).await?)?;
    let opens = Opens::Change(CodeFor::Erase, me.id.0);
    let typed = Typed { phone: &me.phone, opens, code: &command.code, field: "code" };
    let mut tx = codes::take(scope.house_begin().await?, scope, vec![typed]).await?;
    let same =
        sqlx::query!("select id from members where id = $1 and phone = $2 for update", me.id.0, me.phone.as_str())
            .fetch_optional(&mut *tx)
            .await
            .or_fault()?;
    same.ok_or(Fault::Unauthenticated)?;
    sessions::must_live(&mut tx, scope).await?;
    // Once more: nobody places an order for a member that is locked.
    must_be_free(&look(&mut tx, me.id).await?)?;
    let held = sqlx::query_scalar!("select id from early_holds where member_id = $1 and state = 'held'", me.id.0)
        .fetch_all(&mut *tx)
        .await
        .or_fault()?;
    if !held.is_empty() {
        holds::end(&mut tx, &held, Ending::Released, scope.now).await?;
    }
    forget_number(&mut tx, me.id.0, me.phone.as_str()).await?;
    for rule in RULES {
        if let Erasing::Remove(statement) | Erasing::Blank(statement) = rule.erasing {
            sqlx::query(statement).bind(me.id.0).execute(&mut *tx).await.or_fault()?;
        }
    }
    sqlx::query!(
        "update members set phone = null, password_hash = null, name = $2, erased_at = $3 where id = $1",
        me.id.0,
        GONE,
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    tx.commit().await.or_fault()?;
    tracing::info!(member = %me.id, "an account was erased");
    Ok(())
}

/// Where the number stands outside the tables that name members, and by whom WeChat came that is not linked yet.
async fn forget_number(tx: &mut PgConnection, member: Uuid, phone: &str) -> Result<(), Fault> {
    sqlx::query!(
        "delete from wechat_arrivals a using wechat_identities w
         where w.member_id = $1 and (a.open_id = w.open_id or a.union_id = w.union_id)",
        member,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    sqlx::query!("delete from phone_codes where phone = $1", phone).execute(&mut *tx).await.or_fault()?;
    sqlx::query!("delete from flashes where payload->'typed'->>'phone' = $1", phone)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    sqlx::query!(
        "delete from rate_limits where bucket = any($1)",
        &["code", "member-log-in"].map(|kind| format!("{kind}:{phone}")),
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}
