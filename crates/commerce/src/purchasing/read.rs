//! Orders to suppliers as those see them who buy, and those who take the goods in.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    Fault, Fen, PurchaseId, SkuId, SupplierId,
    page::Page,
    purchasing::{
        ListPurchases, PurchaseAct, PurchaseCard, PurchaseLine, PurchaseReceipt, PurchaseState, PurchaseStep,
        PurchaseView, ReceiptBatch,
    },
    staff::Permission,
    transfers::Location,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Concern, NO_PURCHASE, must_buy, number_text};
use crate::{
    Scope, costs,
    database::OrFault,
    supply,
    transfers::{location, seen},
};

struct Row {
    id: Uuid,
    number: i64,
    state: String,
    supplier_id: Uuid,
    supplier: String,
    place_id: Uuid,
    place_kind: String,
    place_code: String,
    place_name: String,
    first: String,
    kinds: i64,
    pieces: i64,
    received: i64,
    returned: i64,
    total_fen: i64,
    above: bool,
    alone_fen: Option<i64>,
    /// Whether whoever asks has written any of it or handed it in.
    own: bool,
    note: String,
    expected_on: Option<NaiveDate>,
    created_at: DateTime<Utc>,
}

impl Row {
    fn card(self, scope: &Scope) -> PurchaseCard {
        let summary = if self.kinds > 1 { format!("{} 等 {} 种", self.first, self.kinds) } else { self.first };
        let place = location(self.place_id, &self.place_kind, self.place_code, self.place_name);
        PurchaseCard {
            id: PurchaseId(self.id),
            number: number_text(self.number),
            state: PurchaseState::from_code(&self.state).unwrap_or(PurchaseState::Cancelled),
            supplier_id: SupplierId(self.supplier_id),
            supplier: self.supplier,
            summary,
            pieces: self.pieces,
            received: self.received,
            returned: self.returned,
            total_fen: costs::seen_at(scope, &place).then_some(Fen(self.total_fen)),
            location: place,
            above: self.above,
            alone_fen: self.alone_fen.map(Fen),
            expected_on: self.expected_on,
            created_at: self.created_at,
        }
    }
}

/// Which orders whoever asks sees: all of them, or those that were agreed to and come to these places.
struct Seen {
    concern: Concern,
    /// `None` is every place.
    places: Option<Vec<Uuid>>,
    /// Whoever asks, where that is somebody of staff.
    me: Option<Uuid>,
}

impl Seen {
    fn of(scope: &Scope) -> Result<Self, Fault> {
        let concern = Concern::of(scope)?;
        let places = if concern.buys { None } else { seen(scope)? };
        Ok(Self { concern, places, me: scope.actor().staff })
    }
}

/// The one query behind lists and pages.
async fn rows(
    tx: &mut PgConnection,
    seen: &Seen,
    ask: &ListPurchases,
    ids: Option<&[Uuid]>,
    limit: i64,
) -> Result<Vec<Row>, Fault> {
    sqlx::query_as!(
        Row,
        r#"select u.id, u.number, u.state, u.supplier_id, s.name as supplier, u.location_id as place_id, p.kind as "place_kind!",
                  p.code as "place_code!", p.name as "place_name!", l.first as "first!", l.kinds as "kinds!", l.pieces as "pieces!",
                  l.received as "received!", l.returned as "returned!", u.total_fen, u.above, u.alone_fen, u.note,
                  u.expected_on, u.created_at,
                  exists (select from purchase_steps t where t.purchase_id = u.id and t.act in ('draft', 'submit')
                          and t.staff_id = $10) as "own!"
           from purchases u join suppliers s on s.id = u.supplier_id join stock_places p on p.id = u.location_id
           cross join lateral (
               select count(*) as kinds, coalesce(sum(n.quantity), 0)::bigint as pieces,
                      coalesce(sum(n.received), 0)::bigint as received, coalesce(sum(n.returned), 0)::bigint as returned,
                      coalesce(min(concat_ws(' · ', d.name, nullif(array_to_string(k.spec_values, ' '), ''))), '') as first
               from purchase_lines n join skus k on k.id = n.sku_id join products d on d.id = k.product_id
               where n.purchase_id = u.id
           ) l
           where ($1 or u.state not in ('draft', 'submitted', 'rejected')) and ($2::uuid[] is null or u.location_id = any($2))
             and ($3::uuid[] is null or u.id = any($3)) and ($4::text is null or u.state = $4)
             and ($5::uuid is null or u.supplier_id = $5) and ($6::uuid is null or u.location_id = $6)
             and ($7::uuid is null or u.id < $7)
             and ($8 = '' or strpos(lower('CG' || lpad(u.number::text, greatest(6, length(u.number::text)), '0') || ' ' || s.name || ' ' || p.name), $8) > 0
                  or exists (select from purchase_lines x join skus y on y.id = x.sku_id
                             where x.purchase_id = u.id and lower(y.code) = $8))
           order by u.id desc limit $9"#,
        seen.concern.buys,
        seen.places.as_deref(),
        ids,
        ask.state.map(PurchaseState::code),
        ask.supplier.map(|id| id.0),
        ask.location.map(|id| id.0),
        ask.after.map(|id| id.0),
        ask.words.trim().to_lowercase(),
        limit,
        seen.me,
    )
    .fetch_all(tx)
    .await
    .or_fault()
}

/// Those of these orders that are there and concern whoever asks, in the transaction that has written them.
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub(super) async fn cards(tx: &mut PgConnection, scope: &Scope, ids: &[Uuid]) -> Result<Vec<PurchaseCard>, Fault> {
    let seen = Seen::of(scope)?;
    let found = rows(tx, &seen, &ListPurchases::default(), Some(ids), ids.len() as i64).await?;
    Ok(found.into_iter().map(|row| row.card(scope)).collect())
}

/// Orders to suppliers that concern whoever asks, the newest first.
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub async fn list(scope: &Scope, ask: &ListPurchases) -> Result<Page<PurchaseCard>, Fault> {
    let seen = Seen::of(scope)?;
    let most = ask.most.clamp(1, 100);
    let mut tx = scope.begin_search().await?;
    let found = rows(&mut tx, &seen, ask, None, most as i64 + 1).await?;
    Ok(Page::cut(found, most, |row| row.id.to_string()).map(|row| row.card(scope)))
}

/// How many orders wait for whoever asks to agree: those that were handed in where they decide, but for large ones
/// that they have written any of.
///
/// Faults: `Unauthenticated` for who is not of staff.
pub async fn waiting(scope: &Scope) -> Result<i64, Fault> {
    let me = scope.staff()?.id;
    let (Ok(()), Ok(places)) = (must_buy(scope), scope.reach_filter(Permission::DecideProposals)) else { return Ok(0) };
    let mut tx = scope.begin().await?;
    sqlx::query_scalar!(
        r#"select count(*) as "waiting!" from purchases
           where state = 'submitted' and ($1::uuid[] is null or location_id = any($1)) 
             and not (above and exists (select from purchase_steps t where t.purchase_id = purchases.id
                                        and t.act in ('draft', 'submit') and t.staff_id = $2))"#,
        places.as_deref(),
        me.0,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()
}

/// The list as a file has it: each order with each of its lines, `most` orders at most.
///
/// Faults: those of [`list`].
pub async fn whole_list(
    scope: &Scope,
    ask: &ListPurchases,
    most: usize,
) -> Result<Vec<(PurchaseCard, PurchaseLine)>, Fault> {
    let seen = Seen::of(scope)?;
    let mut tx = scope.begin_search().await?;
    let found = rows(&mut tx, &seen, ask, None, most as i64).await?;
    let cards: Vec<PurchaseCard> = found.into_iter().map(|row| row.card(scope)).collect();
    let ids: Vec<Uuid> = cards.iter().map(|card| card.id.0).collect();
    let mut lines = lines(&mut tx, &ids).await?;
    let of_card = |card: PurchaseCard| {
        let own: Vec<_> = lines.extract_if(.., |(of, _)| *of == card.id.0).map(|(_, line)| line).collect();
        let whole = card.total_fen.is_some();
        own.into_iter().map(move |line| (card.clone(), without_price(line, whole)))
    };
    Ok(cards.into_iter().flat_map(of_card).collect())
}

fn without_price(line: PurchaseLine, whole: bool) -> PurchaseLine {
    PurchaseLine { price_fen: line.price_fen.filter(|_| whole), ..line }
}

/// One order that concerns whoever asks, with its goods, what came, what happened and what they can do now.
///
/// Faults: `Unauthenticated`; `Forbidden`; `NotFound`.
pub async fn show(scope: &Scope, id: PurchaseId) -> Result<PurchaseView, Fault> {
    let seen = Seen::of(scope)?;
    let mut tx = scope.begin_search().await?;
    let found = rows(&mut tx, &seen, &ListPurchases::default(), Some(&[id.0]), 1).await?;
    let row = found.into_iter().next().ok_or(NO_PURCHASE)?;
    let (note, own) = (row.note.clone(), row.own);
    let card = row.card(scope);
    let whole = card.total_fen.is_some();
    let lines = lines(&mut tx, &[id.0]).await?.into_iter().map(|(_, line)| without_price(line, whole));
    let acts = PurchaseAct::ALL.iter().copied().filter(|act| can(scope, &seen.concern, &card, own, *act));
    Ok(PurchaseView {
        note,
        lines: lines.collect(),
        receipts: receipts(&mut tx, id, whole).await?,
        steps: steps(&mut tx, id).await?,
        acts: acts.collect(),
        card,
    })
}

/// Whether whoever asks can do this with an order now. Of the two ways to take goods in, the first stands for both.
fn can(scope: &Scope, concern: &Concern, card: &PurchaseCard, own: bool, act: PurchaseAct) -> bool {
    let theirs = match act {
        PurchaseAct::Draft | PurchaseAct::Submit | PurchaseAct::Cancel | PurchaseAct::Close => concern.buys,
        PurchaseAct::Approve | PurchaseAct::Reject => {
            let reach = scope.reach(Permission::DecideProposals);
            let here = reach.is_ok_and(|reach| reach.covers(domain::StoreId(card.location.id.0)));
            concern.buys && here && !(card.above && own)
        }
        PurchaseAct::ReceivePart => concern.receives_at(&card.location),
        PurchaseAct::ReceiveAll => false,
        PurchaseAct::Return => concern.sends_back_from(&card.location) && card.received > card.returned,
    };
    theirs && card.state.after(act).is_some()
}

/// Where goods can be ordered to: open warehouses, then the chain's open stores. A merchant buys for its own.
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub async fn places(scope: &Scope) -> Result<Vec<Location>, Fault> {
    must_buy(scope)?;
    let places = supply::open_places(scope).await?;
    Ok(places.into_iter().filter(|(_, merchant)| merchant.is_none()).map(|(place, _)| place).collect())
}

/// The lines of several orders, each with whose it is.
async fn lines(tx: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<(Uuid, PurchaseLine)>, Fault> {
    let rows = sqlx::query!(
        r#"select l.purchase_id, l.sku_id, concat_ws(' · ', d.name, nullif(array_to_string(k.spec_values, ' '), '')) as "name!",
                  k.code, k.barcode, l.quantity, l.received, l.returned, l.price_fen, d.keeps_batches
           from purchase_lines l join skus k on k.id = l.sku_id join products d on d.id = k.product_id
           where l.purchase_id = any($1) order by l.purchase_id, d.sort, d.name, k.sort, k.code"#,
        ids,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let line = rows.into_iter().map(|row| {
        let line = PurchaseLine {
            sku_id: SkuId(row.sku_id),
            name: row.name,
            code: row.code,
            barcode: row.barcode,
            quantity: row.quantity,
            received: row.received,
            returned: row.returned,
            price_fen: Some(Fen(row.price_fen)),
            keeps_batches: row.keeps_batches,
        };
        (row.purchase_id, line)
    });
    Ok(line.collect())
}

async fn receipts(tx: &mut PgConnection, id: PurchaseId, whole: bool) -> Result<Vec<PurchaseReceipt>, Fault> {
    let rows = sqlx::query!(
        r#"select r.id, r.returned, r.at, r.note, r.value_fen, coalesce(p.name, '合作方 ' || k.name, '系统') as "by!",
                  l.goods as "goods!", l.pieces as "pieces!"
           from purchase_receipts r left join staff p on p.id = r.staff_id left join api_keys k on k.id = r.api_key_id
           cross join lateral (
               select coalesce(sum(n.quantity), 0)::bigint as pieces,
                      coalesce(string_agg(concat_ws(' · ', d.name, nullif(array_to_string(v.spec_values, ' '), '')) || ' ×' || n.quantity,
                                          '、' order by d.sort, d.name, v.sort, v.code), '') as goods
               from purchase_receipt_lines n join skus v on v.id = n.sku_id join products d on d.id = v.product_id
               where n.receipt_id = r.id
           ) l
           where r.purchase_id = $1 order by r.at desc, r.id desc"#,
        id.0,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut batches = batches_of(tx, &ids).await?;
    let receipt = rows.into_iter().map(|row| PurchaseReceipt {
        id: row.id,
        returned: row.returned,
        at: row.at,
        by: row.by,
        note: row.note,
        goods: row.goods,
        pieces: row.pieces,
        batches: batches.extract_if(.., |(of, _)| *of == row.id).map(|(_, batch)| batch).collect(),
        value_fen: whole.then_some(Fen(row.value_fen)),
    });
    Ok(receipt.collect())
}

/// Of which batches the pieces of receipts and returns were, each with whose it is.
async fn batches_of(tx: &mut PgConnection, receipts: &[Uuid]) -> Result<Vec<(Uuid, ReceiptBatch)>, Fault> {
    let rows = sqlx::query!(
        r#"select m.document_id as "receipt!", m.sku_id, b.code, b.expires_on, abs(sum(m.quantity))::bigint as "quantity!",
                  concat_ws(' · ', d.name, nullif(array_to_string(k.spec_values, ' '), '')) as "name!"
           from batch_moves m join batches b on b.id = m.batch_id
           join skus k on k.id = m.sku_id join products d on d.id = k.product_id
           where m.document_id = any($1) group by m.document_id, m.sku_id, b.id, k.id, d.id
           order by d.sort, d.name, k.sort, k.code, b.expires_on, b.code"#,
        receipts,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let batch = rows.into_iter().map(|row| {
        let batch = ReceiptBatch {
            sku_id: SkuId(row.sku_id),
            name: row.name,
            code: row.code,
            expires_on: row.expires_on,
            quantity: row.quantity,
        };
        (row.receipt, batch)
    });
    Ok(batch.collect())
}

async fn steps(tx: &mut PgConnection, id: PurchaseId) -> Result<Vec<PurchaseStep>, Fault> {
    let rows = sqlx::query!(
        r#"select t.act, t.state, t.at, coalesce(p.name || coalesce('（代 ' || o.name || '）', ''), '合作方 ' || k.name, '系统') as "by!", t.note
           from purchase_steps t left join staff p on p.id = t.staff_id left join staff o on o.id = t.in_place_of
           left join api_keys k on k.id = t.api_key_id where t.purchase_id = $1 order by t.step"#,
        id.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let step = rows.into_iter().filter_map(|row| {
        let (act, state) = (PurchaseAct::from_code(&row.act)?, PurchaseState::from_code(&row.state)?);
        Some(PurchaseStep { act, state, at: row.at, by: row.by, note: row.note })
    });
    Ok(step.collect())
}
