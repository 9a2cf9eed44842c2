//! Losses as those who report and those who decide see them.

use chrono::{DateTime, Duration, Utc};
use domain::{
    Fault, Fen, FileId, LocationId, LossId, SkuId,
    approvals::ProposalSubject,
    counts::DecideAlone,
    files::Photo,
    losses::{LOSSES_MOST, ListLosses, LossCard, LossFigure, LossKind, LossState, LossView, OtherLoss},
    page::Page,
    purchasing::MilliFen,
    staff::Permission,
    stock_lists::DocumentKind,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::NO_LOSS;
use crate::{
    Scope,
    database::OrFault,
    stockroom::{self, Sight, named},
};

struct Row {
    id: Uuid,
    number: i64,
    location_id: Uuid,
    location_name: String,
    product: String,
    spec: String,
    code: String,
    sku_id: Uuid,
    quantity: i64,
    price_fen: i64,
    cost_milli_fen: Option<i64>,
    kind: String,
    batch: Option<String>,
    reason: String,
    state: String,
    above: bool,
    alone_pieces: Option<i64>,
    alone_value_fen: Option<i64>,
    alone_own: Option<bool>,
    reporter: String,
    reported_by: Uuid,
    reported_at: DateTime<Utc>,
    decider: Option<String>,
    in_place_of: Option<String>,
    decided_at: Option<DateTime<Utc>>,
    note: String,
}

impl Row {
    fn card(&self, sight: &Sight) -> LossCard {
        let state = LossState::from_code(&self.state).unwrap_or(LossState::Withdrawn);
        let may_decide =
            state == LossState::Reported && sight.decides(self.location_id, self.above, Some(self.reported_by));
        let alone = self.alone_pieces.zip(self.alone_value_fen);
        LossCard {
            id: LossId(self.id),
            number: DocumentKind::Loss.said(self.number),
            location_id: LocationId(self.location_id),
            location_name: self.location_name.clone(),
            subject: named(&self.product, &self.spec),
            code: self.code.clone(),
            quantity: self.quantity,
            value_fen: Fen(self.price_fen.saturating_mul(self.quantity)),
            cost_fen: sight.cost(self.location_id, self.cost_milli_fen),
            kind: LossKind::from_code(&self.kind).unwrap_or(LossKind::Other),
            reason: self.reason.clone(),
            batch: self.batch.clone(),
            state,
            above: self.above,
            alone: alone.map(|(pieces, value)| DecideAlone { pieces, value_fen: Fen(value) }),
            alone_own: self.alone_own.filter(|_| alone.is_some()),
            reported_by: self.reporter.clone(),
            reported_at: self.reported_at,
            mine: self.reported_by == sight.me,
            may_decide,
        }
    }
}

/// The one query behind lists and pages.
async fn rows(
    tx: &mut PgConnection,
    sight: &Sight,
    ask: &ListLosses,
    id: Option<LossId>,
    limit: i64,
) -> Result<Vec<Row>, Fault> {
    sqlx::query_as!(
        Row,
        r#"select l.id, l.number, l.location_id, coalesce(s.name, w.name, '') as "location_name!", d.name as product,
                  array_to_string(k.spec_values, ' ') as "spec!", k.code, l.sku_id, l.quantity, l.price_fen,
                  -- As it was booked; until then, as it would be now.
                  case l.state when 'approved' then (select -sum(e.value_milli_fen) from cost_entries e
                                                     where e.document_id = l.id and e.location_id = l.location_id)
                       when 'reported' then (select l.quantity * c.milli_fen from stock_costs c
                                             where c.location_id = l.location_id and c.sku_id = l.sku_id) end::bigint as cost_milli_fen,
                  l.kind, b.code as "batch?", l.reason,
                  l.state, l.above, l.alone_pieces, l.alone_value_fen, l.alone_own, coalesce(r.name, '合作方 ' || a.name, '') as "reporter!",
                  coalesce(l.reported_by, l.reported_by_key) as "reported_by!", l.reported_at,
                  coalesce(p.name, '合作方 ' || t.name) as "decider?", o.name as "in_place_of?", l.decided_at, l.note
           from losses l join skus k on k.id = l.sku_id join products d on d.id = k.product_id
           left join staff r on r.id = l.reported_by left join api_keys a on a.id = l.reported_by_key
           left join staff p on p.id = l.decided_by left join api_keys t on t.id = l.decided_by_key
           left join staff o on o.id = l.in_place_of
           left join stores s on s.id = l.location_id left join warehouses w on w.id = l.location_id
           left join batches b on b.id = l.batch_id
           where ($1::uuid[] is null or l.location_id = any($1)) and ($2::uuid is null or l.id = $2)
             and ($3::text is null or l.state = $3) and ($4::text is null or l.kind = $4)
             and ($5::uuid is null or l.location_id = $5) and ($6::uuid is null or l.id < $6)
             and (not $7 or (l.state = 'reported' and case when l.above
                 then coalesce(l.reported_by, l.reported_by_key) <> $8 and ($9::uuid[] is null or l.location_id = any($9))
                 else $10::uuid[] is null or l.location_id = any($10) end))
           order by l.id desc limit $11"#,
        sight.seen.as_deref(),
        id.map(|id| id.0),
        ask.state.map(LossState::code),
        ask.kind.map(LossKind::code),
        ask.location.map(|location| location.0),
        ask.after.map(|id| id.0),
        ask.waiting,
        sight.me,
        sight.all.as_deref(),
        sight.small.as_deref(),
        limit,
    )
    .fetch_all(tx)
    .await
    .or_fault()
}

/// Reports of places within reach, the newest first.
///
/// Faults: `Forbidden`.
pub async fn list(scope: &Scope, ask: &ListLosses) -> Result<Page<LossCard>, Fault> {
    let sight = Sight::of(scope)?;
    let most = ask.most.clamp(1, 100);
    let mut tx = scope.begin_search().await?;
    let found = rows(&mut tx, &sight, ask, None, most as i64 + 1).await?;
    Ok(Page::cut(found, most, |row| row.id.to_string()).map(|row| row.card(&sight)))
}

/// How many reports wait for whoever asks: small ones for the store, larger ones for those above it.
///
/// Faults: `Unauthenticated` for who is not of staff.
pub async fn waiting(scope: &Scope) -> Result<i64, Fault> {
    scope.staff()?;
    let Ok(sight) = Sight::of(scope) else { return Ok(0) };
    let mut tx = scope.begin().await?;
    sqlx::query_scalar!(
        r#"select count(*) as "waiting!" from losses l
           where l.state = 'reported' and ($1::uuid[] is null or l.location_id = any($1)) and case when l.above
                 then coalesce(l.reported_by, l.reported_by_key) <> $2 and ($3::uuid[] is null or l.location_id = any($3))
                 else $4::uuid[] is null or l.location_id = any($4) end"#,
        sight.seen.as_deref(),
        sight.me,
        sight.all.as_deref(),
        sight.small.as_deref(),
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()
}

/// One report within reach, with its pictures and the decision on it.
///
/// Faults: `NotFound`; `Forbidden`.
pub async fn show(scope: &Scope, id: LossId) -> Result<LossView, Fault> {
    let sight = Sight::of(scope)?;
    let mut tx = scope.begin().await?;
    let row = rows(&mut tx, &sight, &ListLosses::default(), Some(id), 1).await?.into_iter().next().ok_or(NO_LOSS)?;
    let on_hand = sqlx::query_scalar!(
        "select on_hand from stock where location_id = $1 and sku_id = $2",
        row.location_id,
        row.sku_id
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()?;
    Ok(LossView {
        card: row.card(&sight),
        photos: photos(&mut tx, id).await?,
        decided_by: row.decider,
        in_place_of: row.in_place_of,
        decided_at: row.decided_at,
        note: row.note,
        on_hand,
        others: others(&mut tx, id).await?,
    })
}

/// How many other reports are shown beside one.
const OTHERS_MOST: i64 = 20;

/// Other reports of the same goods there that wait for a decision.
async fn others(tx: &mut PgConnection, id: LossId) -> Result<Vec<OtherLoss>, Fault> {
    let rows = sqlx::query!(
        r#"select o.id, o.quantity, o.kind, coalesce(r.name, '合作方 ' || a.name, '') as "reporter!", o.reported_at
           from losses l join losses o on o.location_id = l.location_id and o.sku_id = l.sku_id and o.id <> l.id
           left join staff r on r.id = o.reported_by left join api_keys a on a.id = o.reported_by_key
           where l.id = $1 and o.state = 'reported' order by o.id desc limit $2"#,
        id.0,
        OTHERS_MOST,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let other = rows.into_iter().map(|row| OtherLoss {
        id: LossId(row.id),
        quantity: row.quantity,
        kind: LossKind::from_code(&row.kind).unwrap_or(LossKind::Other),
        reported_by: row.reporter,
        reported_at: row.reported_at,
    });
    Ok(other.collect())
}

async fn photos(tx: &mut PgConnection, id: LossId) -> Result<Vec<Photo>, Fault> {
    let rows = sqlx::query!(
        r#"select f.id, f.width as "width!", f.height as "height!", s.width as "small_width!", s.height as "small_height!"
           from loss_photos p join files f on f.id = p.file_id join file_contents s on s.file_id = f.id and s.size = 'small'
           where p.loss_id = $1 order by f.created_at, f.id"#,
        id.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let photo = rows.into_iter().map(|row| {
        let (large, small) = ((row.width as u32, row.height as u32), (row.small_width as u32, row.small_height as u32));
        Photo::new(FileId(row.id), large, small)
    });
    Ok(photo.collect())
}

/// Whether whoever asks sees the reports of this place, and so their pictures.
pub(crate) fn may_see_photo(scope: &Scope, place: Uuid) -> bool {
    Sight::of(scope).is_ok_and(|sight| sight.seen.is_none_or(|some| some.contains(&place)))
}

/// What was booked as lost within so many days at places within reach, by kind, the most valuable first.
///
/// Faults: `Forbidden`.
pub async fn figures(scope: &Scope, days: i64, location: Option<LocationId>) -> Result<Vec<LossFigure>, Fault> {
    let sight = Sight::of(scope)?;
    let costs = scope.reach_filter(Permission::SeeCosts);
    let (sees_costs, costs) = (costs.is_ok(), costs.unwrap_or_default());
    let mut tx = scope.begin_search().await?;
    let rows = sqlx::query!(
        r#"select kind, count(*) as "reports!", sum(quantity)::bigint as "pieces!", sum(quantity * price_fen)::bigint as "value_fen!",
                  sum((select -sum(e.value_milli_fen) from cost_entries e where e.document_id = losses.id and e.location_id = losses.location_id
                       and $4 and ($5::uuid[] is null or e.location_id = any($5))))::bigint as cost_milli_fen
           from losses where state = 'approved' and decided_at > $1 and ($2::uuid[] is null or location_id = any($2))
             and ($3::uuid is null or location_id = $3)
           group by kind order by 4 desc, kind"#,
        scope.now - Duration::days(days.clamp(1, 366)),
        sight.seen.as_deref(),
        location.map(|location| location.0),
        sees_costs,
        costs.as_deref(),
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let figure = rows.into_iter().filter_map(|row| {
        let kind = LossKind::from_code(&row.kind)?;
        let cost_fen = row.cost_milli_fen.map(|milli_fen| MilliFen(milli_fen).fen());
        Some(LossFigure { kind, reports: row.reports, pieces: row.pieces, value_fen: Fen(row.value_fen), cost_fen })
    });
    Ok(figure.collect())
}

/// How many variants are offered to choose from; more words find the others.
const GOODS_MOST: i64 = 20;

/// What a place within reach sells or has on its books whose name, code or barcode has these words, to report a loss
/// of it.
///
/// Faults: `NotFound` for a place out of reach; `Forbidden`.
pub async fn goods(scope: &Scope, location: LocationId, words: &str) -> Result<Vec<ProposalSubject>, Fault> {
    found(scope, location, words, None, GOODS_MOST).await
}

/// Those of these variants that the place sells or has on its books.
///
/// Faults: `NotFound` for a place out of reach; `Forbidden`.
pub async fn subjects(scope: &Scope, location: LocationId, skus: &[SkuId]) -> Result<Vec<ProposalSubject>, Fault> {
    let ids: Vec<Uuid> = skus.iter().map(|sku| sku.0).collect();
    found(scope, location, "", Some(&ids), LOSSES_MOST as i64).await
}

async fn found(
    scope: &Scope,
    location: LocationId,
    words: &str,
    only: Option<&[Uuid]>,
    most: i64,
) -> Result<Vec<ProposalSubject>, Fault> {
    stockroom::works_at(scope, location)?;
    let rows = sqlx::query!(
        r#"select k.id, k.code, d.name, array_to_string(k.spec_values, ' ') as "spec!",
                  coalesce(l.price_fen, k.price_fen) as "price_fen!", coalesce(t.on_hand, 0) as "on_hand!"
           from skus k join products d on d.id = k.product_id
           left join listings l on l.store_id = $1 and l.sku_id = k.id
           left join stock t on t.location_id = $1 and t.sku_id = k.id
           where (l.sku_id is not null or t.sku_id is not null) and ($4::uuid[] is null or k.id = any($4))
             and ($2 = '' or strpos(lower(d.name || ' ' || d.pinyin || ' ' || d.initials), $2) > 0
                  or lower(k.code) = $2 or k.barcode = $2)
           order by d.sort, d.name, k.sort, k.code limit $3"#,
        location.0,
        words.trim().to_lowercase(),
        most,
        only,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let subject = rows.into_iter().map(|row| ProposalSubject {
        sku_id: SkuId(row.id),
        name: named(&row.name, &row.spec),
        code: row.code,
        price_fen: Fen(row.price_fen),
        on_hand: row.on_hand,
    });
    Ok(subject.collect())
}
