//! What somebody takes off the shelf for an order.

use domain::{Fault, OrderId, SkuId, orders::PickLine, staff::Permission};

use crate::{Scope, database::OrFault};

/// The goods of an order of a store within reach, what lies together together: by category, then by code. What is sent no
/// more is not picked.
///
/// Faults: `Forbidden`; `NotFound` out of reach.
pub async fn pick_list(scope: &Scope, id: OrderId) -> Result<Vec<PickLine>, Fault> {
    let reach = scope.reach_filter(Permission::ReadOrders)?;
    let mut tx = scope.begin().await?;
    sqlx::query!(
        "select id from orders where id = $1 and ($2::uuid[] is null or store_id = any($2))",
        id.0,
        reach.as_deref(),
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .ok_or(Fault::NotFound("这个订单"))?;
    let rows = sqlx::query!(
        r#"select l.sku_id, k.code, k.barcode, l.name, l.spec, l.options_text, c.name as category,
                  (l.quantity - coalesce((select sum(u.quantity) from unsent_end_lines u
                                          where u.order_id = l.order_id and u.line = l.line), 0))::bigint as "quantity!"
           from order_lines l join skus k on k.id = l.sku_id join products p on p.id = k.product_id
           join categories c on c.id = p.category_id
           where l.order_id = $1 order by c.sort, c.name, c.id, k.code, l.line"#,
        id.0,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let line = rows.into_iter().filter(|row| row.quantity > 0).map(|row| PickLine {
        sku_id: SkuId(row.sku_id),
        code: row.code,
        barcode: row.barcode,
        name: row.name,
        spec: row.spec,
        options_text: row.options_text,
        category: row.category,
        quantity: row.quantity,
    });
    Ok(line.collect())
}
