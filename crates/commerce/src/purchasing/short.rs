//! The one query behind all proposals: what places are short of.

use chrono::{Days, Duration, NaiveDate};
use domain::{
    Fault, Fen, LocationId, SkuId, SupplierId,
    purchasing::{COVER_DAYS, Need, SOLD_DAYS, ShortLine, propose},
    transfers::Location,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::today;
use crate::{Scope, database::OrFault, transfers::location};

/// Of which places, and from whom.
pub(super) struct Wanted<'a> {
    /// `None` is every place.
    pub places: Option<&'a [Uuid]>,
    /// Only what this supplier delivers.
    pub supplier: Option<SupplierId>,
    /// So many sums of a place and a supplier, and as many places with what nobody has a price for.
    pub most: i64,
    /// So many lines of each; how many there are in all, each of its lines says.
    pub lines: i64,
}

impl<'a> Wanted<'a> {
    /// All that these places are short of.
    pub fn at(places: &'a [Uuid]) -> Self {
        Self { places: Some(places), supplier: None, most: i64::MAX, lines: i64::MAX }
    }
}

/// A variant that a place is short of, with who delivers it.
pub(super) struct Short {
    place_id: Uuid,
    place_kind: String,
    place_code: String,
    place_name: String,
    sku_id: Uuid,
    name: String,
    code: String,
    /// Nobody where nobody has a price for it.
    supplier_id: Option<Uuid>,
    supplier: Option<String>,
    price_fen: Option<i64>,
    pack: i64,
    minimum: i64,
    lead_days: i64,
    sold: i64,
    available: i64,
    on_order: i64,
    in_transit: i64,
    safety: i64,
    /// For how many days what is there lasts; nothing where none is sold.
    lasts_days: Option<i64>,
    /// How many variants its sum has, and how many pieces of them are to be ordered.
    pub kinds: i64,
    pub pieces: i64,
    /// What they cost; nothing where nobody has a price.
    cost_fen: Option<i64>,
    /// How many sums of its kind, with a supplier or without, there are in all.
    pub sums: i64,
}

impl Short {
    /// Whether two belong to the same sum.
    pub fn with(&self, other: &Self) -> bool {
        (self.place_id, self.supplier_id) == (other.place_id, other.supplier_id)
    }

    pub fn location(&self) -> Location {
        location(self.place_id, &self.place_kind, self.place_code.clone(), self.place_name.clone())
    }

    /// Who asks the least for it.
    pub fn supplier(&self) -> Option<(SupplierId, String)> {
        Some((SupplierId(self.supplier_id?), self.supplier.clone()?))
    }

    /// What its sum costs, for who sees costs there.
    pub fn cost(&self, whole: bool) -> Option<Fen> {
        self.cost_fen.filter(|_| whole).map(Fen)
    }

    /// As people see it, with its price for who sees costs there.
    pub fn line(&self, today: NaiveDate, whole: bool) -> ShortLine {
        let need = Need {
            sold: self.sold,
            available: self.available,
            on_order: self.on_order,
            in_transit: self.in_transit,
            safety: self.safety,
            lead_days: self.lead_days,
            pack: self.pack,
            minimum: self.minimum,
        };
        let days = self.lasts_days.and_then(|days| u64::try_from(days).ok());
        ShortLine {
            sku_id: SkuId(self.sku_id),
            name: self.name.clone(),
            code: self.code.clone(),
            price_fen: self.price_fen.filter(|_| whole).map(Fen),
            quantity: propose(&need),
            runs_out_on: days.and_then(|days| today.checked_add_days(Days::new(days))),
            why: need.to_string(),
            need,
        }
    }
}

/// The chain's open places in this region or below it; of these only `only`, where it is named. They are found before it
/// is asked what they are short of: that reads the movements of named places by an index, those of the whole chain at once.
pub(super) async fn places_in(
    tx: &mut PgConnection,
    region: &str,
    only: Option<LocationId>,
) -> Result<Vec<Uuid>, Fault> {
    sqlx::query_scalar!(
        r#"with recursive below as (
               select $1::text as code union all select r.code from below b join regions r on r.parent_code = b.code
           )
           select p.id as "id!" from stock_places p left join stores s on s.id = p.id left join warehouses w on w.id = p.id
           where not p.closed and p.merchant_id is null and ($2::uuid is null or p.id = $2)
             and coalesce(s.region_code, w.region_code) in (select code from below)"#,
        region,
        only.map(|place| place.0),
    )
    .fetch_all(tx)
    .await
    .or_fault()
}

/// What places are short of: of what they sell or keep, all that does not last over the delivery and 14 days. Who asks the
/// least delivers. Sums of a place and a supplier come one after the other, the most urgent first; after them, likewise,
/// what nobody has a price for. Merchants buy for their own stores, and nothing is ordered to a closed place.
///
/// What a store handed over, and what a warehouse sent out, in the last 28 days is the speed of sales; the threshold of
/// alerts for too little is what is to be left over; drafts count as ordered, what is agreed to come as on its way, and
/// what is over or agreed to leave as gone.
pub(super) async fn short(tx: &mut PgConnection, scope: &Scope, wanted: &Wanted<'_>) -> Result<Vec<Short>, Fault> {
    sqlx::query_as!(
        Short,
        r#"with recursive wanted as materialized (
               select id, kind, code, name from stock_places
               where not closed and merchant_id is null and ($1::uuid[] is null or id = any($1))
           ), listed as (
               select distinct on (supplier_id, sku_id) supplier_id, sku_id, price_fen, pack, minimum from supplier_prices
               where valid_from <= $2 order by supplier_id, sku_id, valid_from desc
           ), offered as (
               select distinct on (p.sku_id) p.sku_id, p.supplier_id, s.name as supplier, p.price_fen, p.pack, p.minimum, s.lead_days
               from listed p join suppliers s on s.id = p.supplier_id where not s.closed
               order by p.sku_id, p.price_fen, s.lead_days, s.code
           ), kept as (
               -- What is on the shelf, and what lies there without a shelf, as at a warehouse. What is no longer sold may run out.
               select i.store_id as location_id, i.sku_id from listings i join wanted p on p.id = i.store_id where i.on_shelf
               union all
               select t.location_id, t.sku_id from stock t join wanted p on p.id = t.location_id
               where not exists (select from listings i where i.store_id = t.location_id and i.sku_id = t.sku_id)
           ), sold as (
               -- What left and came back, from a shopper or from the way to a store, has not gone.
               select m.location_id, m.sku_id, greatest(-sum(m.on_hand), 0) as pieces
               from movements m join wanted p on p.id = m.location_id
               where m.occurred_at > $3 and ($1::uuid[] is null or m.location_id = any($1))
                 and case p.kind
                     when 'warehouse' then m.cause = 'transfer_out' or m.cause = 'transfer_in'
                          and exists (select from stock_transfers t where t.id = m.document_id and t.from_id = m.location_id)
                     else m.cause in ('issue', 'bring_back', 'counter_sale', 'counter_return') end
               group by m.location_id, m.sku_id
           ), ordered as (
               select u.location_id, l.sku_id, sum(l.quantity - l.received) as pieces
               from purchases u join purchase_lines l on l.purchase_id = u.id
               where u.state in ('draft', 'submitted', 'approved', 'part_received') and l.received < l.quantity
                 and ($1::uuid[] is null or u.location_id = any($1))
               group by u.location_id, l.sku_id
           ), coming as (
               select t.to_id as location_id, l.sku_id, sum(case t.state when 'approved' then l.approved else l.on_the_way end) as pieces
               from stock_transfers t join stock_transfer_lines l on l.transfer_id = t.id
               where t.state in ('approved', 'shipped') and ($1::uuid[] is null or t.to_id = any($1)) group by t.to_id, l.sku_id
           ), leaving as (
               select t.from_id as location_id, l.sku_id, sum(l.approved) as pieces
               from stock_transfers t join stock_transfer_lines l on l.transfer_id = t.id
               where t.state = 'approved' and ($1::uuid[] is null or t.from_id = any($1)) group by t.from_id, l.sku_id
           ), low as (
               -- As `threshold_at` says of one variant at one place, here of all at once: by equality alone, so that many
               -- thresholds and many places are no loop of one over the other. One that says there is none ends the search.
               select location_id, category_id, sku_id, coalesce(threshold, 0) as threshold from alert_rules where kind = 'low'
           ), up as (
               -- Each category with itself and all above it, and how far up they are.
               select id as category_id, id as above_id, 0 as far from categories
               union all
               select u.category_id, c.parent_id, u.far + 1 from up u join categories c on c.id = u.above_id
               where c.parent_id is not null
           ), low_of_category as (
               select distinct on (r.location_id, u.category_id) r.location_id, u.category_id, r.threshold
               from up u join low r on r.category_id = u.above_id order by r.location_id, u.category_id, u.far
           ), known as (
               select k.location_id, k.sku_id, o.supplier_id, o.supplier, o.price_fen, coalesce(o.pack, 1) as pack,
                      coalesce(o.minimum, 1) as minimum, coalesce(o.lead_days, 0)::bigint as lead_days,
                      (coalesce(t.on_hand - t.held - t.allocated - t.expired, 0) - coalesce(g.pieces, 0))::bigint as available,
                      coalesce(v.pieces, 0)::bigint as sold, coalesce(e.pieces, 0)::bigint as on_order,
                      coalesce(c.pieces, 0)::bigint as in_transit,
                      -- A place's own before head office's; a variant's before its category's before that of all goods.
                      coalesce(a.threshold, ac.threshold, aa.threshold, h.threshold, hc.threshold, (
                          select f.threshold from low f where num_nonnulls(f.location_id, f.category_id, f.sku_id) = 0
                      ), 0) as safety
               from kept k join skus n on n.id = k.sku_id join products d on d.id = n.product_id
               left join offered o on o.sku_id = k.sku_id
               left join stock t on t.location_id = k.location_id and t.sku_id = k.sku_id
               left join sold v on v.location_id = k.location_id and v.sku_id = k.sku_id
               left join ordered e on e.location_id = k.location_id and e.sku_id = k.sku_id
               left join coming c on c.location_id = k.location_id and c.sku_id = k.sku_id
               left join leaving g on g.location_id = k.location_id and g.sku_id = k.sku_id
               left join low a on a.location_id = k.location_id and a.sku_id = k.sku_id
               left join low_of_category ac on ac.location_id = k.location_id and ac.category_id = d.category_id
               left join low aa on aa.location_id = k.location_id and aa.sku_id is null and aa.category_id is null
               left join low h on h.location_id is null and h.sku_id = k.sku_id
               left join low_of_category hc on hc.location_id is null and hc.category_id = d.category_id
           ), lacking as (
               -- What is sold until 14 days after the delivery, and what is to be left over, less what is there and coming;
               -- in parts of a piece, so many as there are days that sales were looked at.
               select *, sold * (lead_days + $6::bigint) - (available + on_order + in_transit - safety) * $7::bigint as parts
               from known
           ), short as (
               -- Those of which `propose` orders any, and so many as it does.
               select *, case when available <= 0 then 0 when sold > 0 then available * $7::bigint / sold end as lasts_days,
                      (greatest((parts + $7::bigint - 1) / $7::bigint, minimum) + pack - 1) / pack * pack as quantity
               from lacking where parts > 0 and ($4::uuid is null or supplier_id = $4)
           ), urgent as (
               select *, min(lasts_days) over one as soonest_days, count(*) over one as kinds,
                      (sum(quantity) over one)::bigint as pieces, (sum(quantity * price_fen) over one)::bigint as cost_fen
               from short window one as (partition by location_id, supplier_id)
           ), ranked as (
               select u.*, p.kind, p.code, p.name, dense_rank() over (
                          partition by u.supplier_id is null
                          order by u.soonest_days nulls last, p.name, u.location_id, u.supplier, u.supplier_id
                      ) as place
               from urgent u join wanted p on p.id = u.location_id
           ), counted as (
               select *, max(place) over (partition by supplier_id is null) as sums from ranked
           ), named as (
               -- What there is none of before what is sold today.
               select r.*, concat_ws(' · ', d.name, nullif(array_to_string(k.spec_values, ' '), '')) as goods, k.code as sku_code,
                      row_number() over (
                          partition by r.location_id, r.supplier_id
                          order by r.lasts_days nulls last, r.available > 0, d.sort, d.name, k.sort, k.code
                      ) as line
               from counted r join skus k on k.id = r.sku_id join products d on d.id = k.product_id
               where r.place <= $5
           )
           select location_id as "place_id!", kind as "place_kind!", code as "place_code!", name as "place_name!",
                  sku_id as "sku_id!", goods as "name!", sku_code as "code!", supplier_id as "supplier_id?",
                  supplier as "supplier?", price_fen as "price_fen?", pack as "pack!", minimum as "minimum!",
                  lead_days as "lead_days!", sold as "sold!", available as "available!", on_order as "on_order!",
                  in_transit as "in_transit!", safety as "safety!", lasts_days as "lasts_days?", kinds as "kinds!",
                  pieces as "pieces!", cost_fen as "cost_fen?", sums as "sums!"
           from named where line <= $8
           order by supplier_id is null, place, line"#,
        wanted.places,
        today(scope),
        scope.now - Duration::days(SOLD_DAYS),
        wanted.supplier.map(|id| id.0),
        wanted.most,
        COVER_DAYS,
        SOLD_DAYS,
        wanted.lines,
    )
    .fetch_all(tx)
    .await
    .or_fault()
}
