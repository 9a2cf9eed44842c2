//! An order as after-sales see it: its lines, what of them is left, and on what terms.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{
    Fault, Fen, OrderId, Quantity, SkuId, StoreId,
    after_sales::{AfterSalesKind, ClaimableLine, KindUntil, Swap, Terms},
    prorate,
    staff::Permission,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::terms;
use crate::{Scope, Who, database::OrFault};

/// An order that something is asked for of.
pub(super) struct Sold {
    pub order: OrderId,
    pub number: String,
    pub store: StoreId,
    pub member: Uuid,
    pub handed_over_at: Option<DateTime<Utc>>,
    pub lines: Vec<ClaimableLine>,
}

/// Whose orders somebody may ask for something of: their own, or at the counter those of stores within reach.
struct Claimant {
    member: Option<Uuid>,
    stores: Option<Vec<Uuid>>,
}

impl Claimant {
    fn of(scope: &Scope) -> Result<Self, Fault> {
        Ok(match scope.who {
            Who::Staff(_) | Who::Partner(_) => {
                Self { member: None, stores: scope.reach_filter(Permission::FulfilOrders)? }
            }
            Who::Member(_) | Who::Visitor | Who::System => Self { member: scope.own_filter()?, stores: None },
        })
    }
}

/// Reads an order of whoever asks. Locked, the member and the order stay as they are until the transaction ends.
///
/// Faults: `NotFound` for another's.
pub(super) async fn read(tx: &mut PgConnection, scope: &Scope, order: OrderId, locked: bool) -> Result<Sold, Fault> {
    let claimant = Claimant::of(scope)?;
    let gone = || Fault::NotFound("这个订单");
    let row = row(tx, order, claimant.member, claimant.stores.as_deref()).await?;
    if locked {
        // Nobody asks for something in the name of a member who goes at this moment.
        sqlx::query!("select id from members where id = $1 and phone is not null for share", row.member_id)
            .fetch_optional(&mut *tx)
            .await
            .or_fault()?
            .ok_or_else(gone)?;
        sqlx::query!("select id from orders where id = $1 and member_id = $2 for update", order.0, row.member_id)
            .fetch_optional(&mut *tx)
            .await
            .or_fault()?
            .ok_or_else(gone)?;
    }
    whole(tx, order, row, Claims::All).await
}

/// Keeps an order's member from going until the transaction ends. To be called before the order is locked: whoever merges
/// or erases an account locks it before its orders, and what is written of an order may name its member.
pub(crate) async fn keep_member(tx: &mut PgConnection, order: OrderId) -> Result<(), Fault> {
    sqlx::query!(
        "select m.id from members m join orders o on o.member_id = m.id where o.id = $1 for key share of m",
        order.0
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// A locked order, as the server reads it.
pub(super) async fn of(tx: &mut PgConnection, order: OrderId) -> Result<Sold, Fault> {
    let row = row(tx, order, None, None).await?;
    whole(tx, order, row, Claims::All).await
}

/// The same, where what was turned down takes nothing: head office may pay it back all the same.
pub(super) async fn as_payable(tx: &mut PgConnection, order: OrderId) -> Result<Sold, Fault> {
    let row = row(tx, order, None, None).await?;
    whole(tx, order, row, Claims::NotTurnedDown).await
}

/// Which requests take their pieces out of what is left.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Claims {
    /// All but those that free them.
    All,
    /// Those neither.
    NotTurnedDown,
}

/// An order, without its lines.
struct Row {
    number: String,
    store_id: Uuid,
    member_id: Uuid,
    goods_fen: i64,
    handed_over_at: Option<DateTime<Utc>>,
}

async fn row(
    tx: &mut PgConnection,
    order: OrderId,
    member: Option<Uuid>,
    stores: Option<&[Uuid]>,
) -> Result<Row, Fault> {
    sqlx::query_as!(
        Row,
        r#"select o.number, o.store_id, o.member_id, o.total_fen - o.freight_fen as "goods_fen!",
                  (select at from order_steps t where t.order_id = o.id and t.act in ('redeem', 'deliver')) as handed_over_at
           from orders o where o.id = $1 and ($2::uuid is null or o.member_id = $2) and ($3::uuid[] is null or o.store_id = any($3))"#,
        order.0,
        member,
        stores,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?
    .ok_or(Fault::NotFound("这个订单"))
}

async fn whole(tx: &mut PgConnection, order: OrderId, row: Row, claims: Claims) -> Result<Sold, Fault> {
    let store = StoreId(row.store_id);
    let lines = lines(tx, order, &row, claims).await?;
    Ok(Sold { order, number: row.number, store, member: row.member_id, handed_over_at: row.handed_over_at, lines })
}

/// The order's lines, and after them what came in exchange for pieces of them. What was paid for the order, but for its
/// way to the shopper, is shared out over its own lines, so that a discount of the whole lowers what each gives back.
/// What came in exchange is worth what is left of that, and goes by the terms of its goods from when the order was handed
/// over: asking for something else does not give more time, as asking for the same again does not.
async fn lines(tx: &mut PgConnection, order: OrderId, sold: &Row, claims: Claims) -> Result<Vec<ClaimableLine>, Fault> {
    let rows = sqlx::query!(
        r#"select l.line as "line!", l.sku_id as "sku_id!", l.name as "name!", l.spec as "spec!",
                  l.options_text as "options_text!", l.picture as "picture!", l.quantity as "quantity!",
                  l.total_fen as "total_fen!", l.came_for as "came_for?", k.product_id as "product_id!",
                  c.category_id is not null as "has_terms!", c.refund_only_hours as "refund_only_hours?",
                  c.return_hours as "return_hours?", c.exchange_hours as "exchange_hours?",
                  t.pieces as "taken!", t.fen as "taken_fen!"
           from claimable_lines l join skus k on k.id = l.sku_id join products p on p.id = k.product_id
           left join after_sales_terms c on c.category_id = p.category_id
           cross join lateral (
               select coalesce(sum(x.quantity), 0)::bigint as pieces, coalesce(sum(x.paid_fen), 0)::bigint as fen
               from (
                   select r.quantity, r.paid_fen from claimed_lines r join after_sales a on a.id = r.after_sales_id
                   where r.order_id = l.order_id and r.line = l.line and a.state not in ('withdrawn', 'expired')
                     and ($2 or a.state not in ('refused', 'dismissed'))
                   union all
                   -- What was never sent has gone back already.
                   select u.quantity, u.paid_fen from unsent_end_lines u where u.order_id = l.order_id and u.line = l.line
               ) x
           ) t
           where l.order_id = $1 order by l.line"#,
        order.0,
        claims == Claims::All,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let products: Vec<Uuid> = rows.iter().map(|row| row.product_id).collect();
    let swaps = swaps(tx, StoreId(sold.store_id), &products).await?;
    let default = terms::default(tx).await?;
    let fen_of = |came: bool| rows.iter().filter(move |row| row.came_for.is_some() == came).map(|row| row.total_fen);
    let mut paid = prorate(Fen(sold.goods_fen), &fen_of(false).collect::<Vec<_>>());
    // Their numbers are beyond the others'.
    paid.extend(fen_of(true).map(Fen));
    rows.into_iter()
        .zip(paid)
        .map(|(row, paid_fen)| {
            let own = Terms {
                refund_only_hours: row.refund_only_hours,
                return_hours: row.return_hours,
                exchange_hours: row.exchange_hours,
            };
            let holds = if row.has_terms { own } else { default };
            Ok(ClaimableLine {
                line: row.line,
                sku_id: SkuId(row.sku_id),
                name: row.name,
                spec: row.spec,
                options_text: row.options_text,
                picture: row.picture,
                quantity: Quantity::try_from(row.quantity).map_err(|reason| Fault::Internal(reason.into()))?,
                paid_fen,
                rest: row.quantity - row.taken,
                taken_fen: Fen(row.taken_fen),
                kinds: kinds(holds, sold.handed_over_at),
                swaps: swaps.get(&row.product_id).cloned().unwrap_or_default(),
                came_for: row.came_for,
            })
        })
        .collect()
}

/// What may be asked for of goods that were handed over then, each until its time.
fn kinds(terms: Terms, handed_over_at: Option<DateTime<Utc>>) -> Vec<KindUntil> {
    let may = |&kind: &AfterSalesKind| Some(KindUntil { kind, until: terms.until(kind, handed_over_at?)? });
    AfterSalesKind::ALL.iter().filter_map(may).collect()
}

/// What the store that sold has of each product: that can come in exchange.
async fn swaps(tx: &mut PgConnection, store: StoreId, products: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<Swap>>, Fault> {
    let rows = sqlx::query!(
        r#"select k.product_id, k.id, array_to_string(k.spec_values, ' ') as "spec!", l.price_fen
           from skus k join listings l on l.sku_id = k.id and l.store_id = $1
           where k.product_id = any($2) and l.on_shelf order by k.sort, k.code"#,
        store.0,
        products,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let mut swaps: BTreeMap<Uuid, Vec<Swap>> = BTreeMap::new();
    for row in rows {
        let swap = Swap { sku_id: SkuId(row.id), spec: row.spec, price_fen: Fen(row.price_fen) };
        swaps.entry(row.product_id).or_default().push(swap);
    }
    Ok(swaps)
}
