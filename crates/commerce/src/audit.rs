//! The log of what staff and partners' programs changed: written in the transaction of the change, searched by
//! those who may.

use domain::{
    Fault,
    audit::{Act, AuditEntry, ListAudit, ObjectKind},
    page::Page,
    staff::Permission,
    text,
};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Scope, database::OrFault, scope::Actor};

/// One change.
pub(crate) struct Change<'a> {
    pub act: Act,
    pub object: ObjectKind,
    pub object_id: Uuid,
    pub store_id: Option<Uuid>,
    pub before: Value,
    pub after: Value,
    pub reason: &'a str,
}

/// Records a change where staff or a program made it; what shoppers and the server do is in the steps.
pub(crate) async fn record(tx: &mut PgConnection, scope: &Scope, change: Change<'_>) -> Result<(), Fault> {
    let Actor { staff, key, .. } = scope.actor();
    if staff.is_none() && key.is_none() {
        return Ok(());
    }
    sqlx::query!(
        "insert into audit (staff_id, api_key_id, act, object_kind, object_id, store_id, before, after, reason, request_id, address, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        staff,
        key,
        change.act.code(),
        change.object.code(),
        change.object_id,
        change.store_id,
        change.before,
        change.after,
        change.reason,
        &*scope.request_id,
        &*scope.address,
        scope.now,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// The changes that whoever asks may see, the newest first: all of them, or those that concern their stores.
///
/// Faults: `Forbidden`.
pub async fn list(scope: &Scope, ask: &ListAudit) -> Result<Page<AuditEntry>, Fault> {
    let reach = scope.reach_filter(Permission::ReadAudit)?;
    let words = ask.words.trim().to_lowercase();
    // A day begins when the one before it ends.
    let from = ask.from.map(|day| text::bound_of_day(day.pred_opt().unwrap_or(day)));
    let to = ask.to.map(text::bound_of_day);
    let most = ask.most.clamp(1, 10_000);
    let mut tx = scope.begin_search().await?;
    let rows = sqlx::query!(
        r#"select a.id, a.at, coalesce(p.name, '合作方 ' || k.name) as "who!", p.account as "account?", a.act,
                  a.object_kind, a.object_id, coalesce(o.number, af.order_number, d.name, r.name, m.name, t.name, e.name, w.name, h.name, i.file_name,
                                                          v.name, f.name, x.name, y.number, z.name, ft.name, sp.name, pu.number, si.number, case when a.object_kind = 'store' then s.name end) as object_name,
                  s.name as "store?", a.before, a.after, a.reason, a.request_id, a.address
           from audit a
           left join staff p on p.id = a.staff_id left join api_keys k on k.id = a.api_key_id
           left join stores s on s.id = a.store_id
           left join orders o on a.object_kind = 'order' and o.id = a.object_id
           left join staff d on a.object_kind = 'staff' and d.id = a.object_id
           left join roles r on a.object_kind = 'role' and r.id = a.object_id
           left join store_groups m on a.object_kind = 'store_group' and m.id = a.object_id
           left join merchants t on a.object_kind = 'merchant' and t.id = a.object_id
           left join departments e on a.object_kind = 'department' and e.id = a.object_id
           left join api_keys w on a.object_kind = 'api_key' and w.id = a.object_id
           left join webhooks h on a.object_kind = 'webhook' and h.id = a.object_id
           left join imports i on a.object_kind = 'import' and i.id = a.object_id
           left join proposals q on a.object_kind = 'proposal' and q.id = a.object_id
           left join skus u on u.id = q.sku_id left join products v on v.id = u.product_id
           left join files f on a.object_kind = 'file' and f.id = a.object_id
           left join after_sales af on a.object_kind = 'after_sales' and af.id = a.object_id
           left join warehouses x on a.object_kind = 'warehouse' and x.id = a.object_id
           left join freight_templates ft on a.object_kind = 'freight' and ft.id = a.object_id
           left join lateral (select 'DB' || lpad(n.number::text, greatest(6, length(n.number::text)), '0') as number from stock_transfers n
                              where a.object_kind = 'transfer' and n.id = a.object_id) y on true
           left join lateral (select b.name from skus c join products b on b.id = c.product_id
                              where a.object_kind = 'sku' and c.id = a.object_id) z on true
           left join suppliers sp on a.object_kind = 'supplier' and sp.id = a.object_id
           left join lateral (select 'CG' || lpad(n.number::text, greatest(6, length(n.number::text)), '0') as number from purchases n
                              where a.object_kind = 'purchase' and n.id = a.object_id) pu on true
           left join supplier_invoices si on a.object_kind = 'invoice' and si.id = a.object_id
           where ($1::uuid[] is null or a.store_id = any($1))
             and ($2 = '' or a.object_id = $11 or a.request_id = $2
                  or strpos(lower(concat_ws(' ', p.name, p.account, k.name, o.number, d.name, d.account, v.name, y.number, x.name, sp.name, pu.number, si.number, a.reason)), $2) > 0)
             and ($3::uuid is null or a.staff_id = $3) and ($4::text is null or a.object_kind = $4)
             and ($5::text is null or a.act = $5) and ($6::uuid is null or a.store_id = $6)
             and ($7::timestamptz is null or a.at >= $7) and ($8::timestamptz is null or a.at < $8)
             and ($9::bigint is null or (a.at, a.id) < (select c.at, c.id from audit c where c.id = $9))
           order by a.at desc, a.id desc limit $10"#,
        reach.as_deref(),
        words,
        ask.staff.map(|id| id.0),
        ask.object.map(ObjectKind::code),
        ask.act.map(Act::code),
        ask.store.map(|id| id.0),
        from,
        to,
        ask.after,
        most as i64 + 1,
        ask.words.trim().parse::<Uuid>().ok(),
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let entries = rows.into_iter().map(|row| AuditEntry {
        id: row.id,
        at: row.at,
        who: row.who,
        account: row.account,
        act: row.act,
        object: row.object_kind,
        object_id: row.object_id,
        object_name: row.object_name,
        store: row.store,
        before: row.before.unwrap_or_default(),
        after: row.after.unwrap_or_default(),
        reason: row.reason,
        request_id: row.request_id,
        address: row.address,
    });
    Ok(Page::cut(entries.collect(), most, |entry| entry.id.to_string()))
}
