//! What lies apart for suppliers, and what became of it.

use domain::{
    Fault, Fen, LocationId, SetApartEndId, SkuId, StoreId, SupplierId,
    purchasing::{Fate, LyingApart, SetApart, SetApartEnd, SupplierChoice},
    staff::Column,
    transfers::{Location, LocationKind},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{super::today, Concern, must_buy, number_text};
use crate::{Scope, database::OrFault, transfers};

/// How many variants, suppliers and documents are shown.
const LYING_MOST: i64 = 500;
const SUPPLIERS_MOST: i64 = 1_000;
const ENDS_MOST: i64 = 100;

/// Which places whoever asks is shown.
struct Seen {
    concern: Concern,
    /// Everywhere where there are none.
    places: Option<Vec<Uuid>>,
    /// The one that is asked about.
    place: Option<Uuid>,
    /// The document with which what became of them begins; with the latest where there is none.
    first: Option<SetApartEndId>,
    costs: domain::staff::Sight,
}

impl Seen {
    /// Whether they hand goods over from this store.
    fn ends_at(&self, id: Uuid) -> bool {
        let place =
            Location { id: LocationId(id), kind: LocationKind::Store, code: String::new(), name: String::new() };
        self.concern.sends_back_from(&place)
    }
}

/// What lies apart at places within reach, whom it may go to, and what became of what lay there: the latest first, or
/// beginning with `first`.
///
/// Faults: `Unauthenticated`; `Forbidden` for who neither buys nor has to do with goods.
pub async fn list(
    scope: &Scope,
    location: Option<LocationId>,
    first: Option<SetApartEndId>,
) -> Result<SetApart, Fault> {
    let concern = Concern::of(scope)?;
    let places = if concern.buys { None } else { transfers::seen(scope)? };
    let seen = Seen { concern, places, place: location.map(|id| id.0), first, costs: scope.sight(Column::Cost) };
    let mut tx = scope.begin_search().await?;
    // Who buys may name any; a store knows those that sell what lies there.
    let suppliers = sqlx::query!(
        "select s.id, s.name from suppliers s
         where not s.closed and ($2 or exists (
             select from supplier_prices x join set_apart a on a.sku_id = x.sku_id
             where x.supplier_id = s.id and a.remains > 0 and ($3::uuid[] is null or a.location_id = any($3))
               and ($4::uuid is null or a.location_id = $4)))
         order by s.name, s.id limit $1",
        SUPPLIERS_MOST,
        must_buy(scope).is_ok(),
        seen.places.as_deref(),
        seen.place,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let choice = suppliers.into_iter().map(|row| SupplierChoice { id: SupplierId(row.id), name: row.name });
    Ok(SetApart {
        lying: lying(&mut tx, scope, &seen).await?,
        suppliers: choice.collect(),
        ends: ends(&mut tx, scope, &seen).await?,
    })
}

/// What lies apart. It is likely the goods of whoever delivered them last of those who sell them, or asks least.
async fn lying(tx: &mut PgConnection, scope: &Scope, seen: &Seen) -> Result<Vec<LyingApart>, Fault> {
    let rows = sqlx::query!(
        r#"select a.location_id as "location_id!", p.name as "place!", a.sku_id as "sku_id!",
                  concat_ws(' · ', d.name, nullif(array_to_string(k.spec_values, ' '), '')) as "name!", k.code,
                  a.remains as "remains!", a.requests as "requests!", a.since as "since!",
                  s.id as "supplier_id?", s.name as "supplier?"
           from (
               select location_id, sku_id, sum(remains)::bigint as remains, count(distinct after_sales_id) as requests,
                      min(since) as since
               from set_apart where remains > 0 and ($1::uuid[] is null or location_id = any($1))
                 and ($2::uuid is null or location_id = $2) group by 1, 2
           ) a
           join stock_places p on p.id = a.location_id
           join skus k on k.id = a.sku_id join products d on d.id = k.product_id
           left join lateral (
               select s.id, s.name from suppliers s
               left join lateral (
                   select max(r.at) as at from purchase_lines l join purchases u on u.id = l.purchase_id
                   join purchase_receipts r on r.purchase_id = u.id
                   where u.supplier_id = s.id and l.sku_id = a.sku_id and l.received > 0 and not r.returned
               ) c on true
               join lateral (
                   select x.price_fen from supplier_prices x
                   where x.supplier_id = s.id and x.sku_id = a.sku_id and x.valid_from <= $3 order by x.valid_from desc limit 1
               ) b on true
               where not s.closed and s.id in (select x.supplier_id from supplier_prices x where x.sku_id = a.sku_id)
               order by c.at desc nulls last, b.price_fen, s.id limit 1
           ) s on true
           order by p.name, a.location_id, s.name nulls last, s.id, d.name, k.code limit $4"#,
        seen.places.as_deref(),
        seen.place,
        today(scope),
        LYING_MOST,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let line = rows.into_iter().map(|row| LyingApart {
        location_id: LocationId(row.location_id),
        location_name: row.place,
        sku_id: SkuId(row.sku_id),
        name: row.name,
        code: row.code,
        quantity: row.remains,
        requests: row.requests,
        since: row.since,
        supplier: chosen(row.supplier_id, row.supplier),
        may_end: seen.ends_at(row.location_id),
        may_price: seen.costs.is_whole(StoreId(row.location_id)),
    });
    Ok(line.collect())
}

fn chosen(id: Option<Uuid>, name: Option<String>) -> Option<SupplierChoice> {
    Some(SupplierChoice { id: SupplierId(id?), name: name? })
}

async fn ends(tx: &mut PgConnection, scope: &Scope, seen: &Seen) -> Result<Vec<SetApartEnd>, Fault> {
    let rows = sqlx::query!(
        r#"select e.id, e.number, e.fate, e.location_id, p.name as "place!", e.supplier_id, s.name as "supplier?",
                  coalesce(r.note, e.note) as "note!", e.at, coalesce(b.name, '合作方 ' || a.name, '') as "by!",
                  l.pieces as "pieces!", l.goods as "goods!", r.value_fen as "credit_fen?"
           from set_apart_ends e join stock_places p on p.id = e.location_id
           left join suppliers s on s.id = e.supplier_id
           left join staff b on b.id = e.staff_id left join api_keys a on a.id = e.api_key_id
           left join purchase_receipts r on r.handed_over_id = e.id
           join lateral (
               select sum(g.pieces)::bigint as pieces, string_agg(g.name || ' ' || g.pieces || ' 件' || g.batch, '，' order by g.name) as goods
               from (
                   select concat_ws(' · ', d.name, nullif(array_to_string(k.spec_values, ' '), '')) as name, sum(x.quantity) as pieces,
                          coalesce('（批次 ' || b.code || '，' || to_char(b.expires_on, 'YYYY-MM-DD') || ' 到期）', '') as batch
                   from set_apart_end_lines x join set_apart t using (after_sales_id, line)
                   join skus k on k.id = t.sku_id join products d on d.id = k.product_id
                   left join batches b on b.id = x.batch_id
                   where x.end_id = e.id group by k.id, d.id, b.id
               ) g
           ) l on true
           where ($1::uuid[] is null or e.location_id = any($1)) and ($2::uuid is null or e.location_id = $2)
             and ($4::uuid is null or e.number <= (select f.number from set_apart_ends f where f.id = $4))
           order by e.number desc limit $3"#,
        seen.places.as_deref(),
        seen.place,
        ENDS_MOST,
        seen.first.map(|id| id.0),
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let buys = must_buy(scope).is_ok();
    let end = rows.into_iter().map(|row| {
        let fate = Fate::from_code(&row.fate).unwrap_or(Fate::Scrap);
        let sees = seen.costs.is_whole(StoreId(row.location_id));
        SetApartEnd {
            id: SetApartEndId(row.id),
            number: number_text(row.number),
            fate,
            location_id: LocationId(row.location_id),
            location_name: row.place,
            supplier: chosen(row.supplier_id, row.supplier),
            pieces: row.pieces,
            goods: row.goods,
            note: row.note,
            credit_fen: row.credit_fen.filter(|_| sees).map(Fen),
            may_credit: buys && sees && fate == Fate::HandOver && row.credit_fen.is_none(),
            by: row.by,
            at: row.at,
        }
    });
    Ok(end.collect())
}
