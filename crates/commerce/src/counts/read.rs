//! Counts as those who count and those who decide see them.

use chrono::{DateTime, Utc};
use domain::{
    CountId, Fault, Fen, LocationId, SkuId,
    counts::{
        CountAct, CountCard, CountEntry, CountKind, CountLine, CountState, CountStep, CountView, DecideAlone,
        LinesShown, ListCounts, ListLines, Off,
    },
    page::Page,
    staff::Permission,
    stock_lists::DocumentKind,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Count, NO_COUNT,
    apart::{self, Apart},
};
use crate::{
    Scope,
    database::OrFault,
    stockroom::{Sight, as_store, named},
};

/// How many of the latest entries a count's page shows.
const ENTRIES_SHOWN: i64 = 12;
/// The most lines of a file.
const LINES_MOST: i64 = 100_000;

struct Row {
    id: Uuid,
    number: i64,
    location_id: Uuid,
    location_name: String,
    kind: String,
    blind: bool,
    state: String,
    note: String,
    opened_by: Uuid,
    opener: String,
    opened_at: DateTime<Utc>,
    submitted_by: Option<Uuid>,
    off_pieces: Option<i64>,
    off_value_fen: Option<i64>,
    cost_milli_fen: Option<i64>,
    above: bool,
    alone_pieces: Option<i64>,
    alone_value_fen: Option<i64>,
    alone_own: Option<bool>,
    lines: i64,
    counted_lines: i64,
}

impl Row {
    fn state(&self) -> CountState {
        CountState::from_code(&self.state).unwrap_or(CountState::Cancelled)
    }

    fn may_decide(&self, sight: &Sight) -> bool {
        self.state() == CountState::Submitted && sight.decides(self.location_id, self.above, self.submitted_by)
    }

    /// Of a blind count nobody is told what the books say before it is handed in, and then those who decide on it.
    fn shows_book(&self, sight: &Sight) -> bool {
        !self.blind
            || match self.state() {
                CountState::Approved => true,
                CountState::Submitted => self.may_decide(sight) || sight.decides(self.location_id, false, None),
                CountState::Open | CountState::Cancelled => false,
            }
    }

    fn card(self, sight: &Sight) -> CountCard {
        let shows_book = self.shows_book(sight);
        let off = self.off_pieces.zip(self.off_value_fen).filter(|_| shows_book);
        let cost_fen = sight.cost(self.location_id, self.cost_milli_fen).filter(|_| off.is_some());
        let alone = self.alone_pieces.zip(self.alone_value_fen);
        CountCard {
            id: CountId(self.id),
            number: DocumentKind::Count.said(self.number),
            location_id: LocationId(self.location_id),
            kind: CountKind::from_code(&self.kind).unwrap_or(CountKind::Partial),
            state: self.state(),
            may_decide: self.may_decide(sight),
            location_name: self.location_name,
            blind: self.blind,
            note: self.note,
            opened_by: self.opener,
            opened_at: self.opened_at,
            lines: self.lines,
            counted_lines: self.counted_lines,
            off: off.map(|(pieces, value)| Off { pieces, value_fen: Fen(value) }),
            cost_fen,
            above: self.above,
            alone: alone.map(|(pieces, value)| DecideAlone { pieces, value_fen: Fen(value) }),
            alone_own: self.alone_own.filter(|_| alone.is_some()),
        }
    }
}

/// The one query behind lists and pages.
async fn rows(
    tx: &mut PgConnection,
    sight: &Sight,
    ask: &ListCounts,
    id: Option<CountId>,
    limit: i64,
) -> Result<Vec<Row>, Fault> {
    sqlx::query_as!(
        Row,
        r#"select c.id, c.number, c.location_id, coalesce(s.name, w.name, '') as "location_name!", c.kind, c.blind, c.state, c.note,
                  coalesce(c.opened_by, c.opened_by_key) as "opened_by!", coalesce(o.name, '合作方 ' || a.name, '') as "opener!",
                  c.opened_at, coalesce(c.submitted_by, c.submitted_by_key) as "submitted_by?", c.off_pieces, c.off_value_fen, c.above,
                  c.alone_pieces, c.alone_value_fen, c.alone_own,
                  case c.state when 'approved' then (select sum(e.value_milli_fen) from cost_entries e
                                                     where e.document_id = c.id and e.location_id = c.location_id)
                       when 'submitted' then (select sum((l.counted - l.book) * x.milli_fen) from count_lines l
                                              join stock_costs x on x.location_id = l.location_id and x.sku_id = l.sku_id
                                              where l.count_id = c.id and l.counted <> l.book) end::bigint as cost_milli_fen,
                  (select count(*) from count_lines l where l.count_id = c.id) as "lines!",
                  (select count(distinct n.sku_id) from count_entries n where n.count_id = c.id and n.undone_at is null) as "counted_lines!"
           from counts c left join staff o on o.id = c.opened_by left join api_keys a on a.id = c.opened_by_key
           left join stores s on s.id = c.location_id left join warehouses w on w.id = c.location_id
           where ($1::uuid[] is null or c.location_id = any($1)) and ($2::uuid is null or c.id = $2)
             and ($3::text is null or c.state = $3) and ($4::uuid is null or c.location_id = $4)
             and ($5::uuid is null or c.id < $5)
             and (not $6 or (c.state = 'submitted' and case when c.above
                 then coalesce(c.submitted_by, c.submitted_by_key) <> $7 and ($8::uuid[] is null or c.location_id = any($8))
                 else $9::uuid[] is null or c.location_id = any($9) end))
           order by c.id desc limit $10"#,
        sight.seen.as_deref(),
        id.map(|id| id.0),
        ask.state.map(CountState::code),
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

/// Counts of places within reach, the newest first.
///
/// Faults: `Forbidden`.
pub async fn list(scope: &Scope, ask: &ListCounts) -> Result<Page<CountCard>, Fault> {
    let sight = Sight::of(scope)?;
    let most = ask.most.clamp(1, 100);
    let mut tx = scope.begin_search().await?;
    let found = rows(&mut tx, &sight, ask, None, most as i64 + 1).await?;
    Ok(Page::cut(found, most, |row| row.id.to_string()).map(|row| row.card(&sight)))
}

/// How many counts wait for whoever asks: small differences for the store, larger ones for those above it.
///
/// Faults: `Unauthenticated` for who is not of staff.
pub async fn waiting(scope: &Scope) -> Result<i64, Fault> {
    scope.staff()?;
    let Ok(sight) = Sight::of(scope) else { return Ok(0) };
    let mut tx = scope.begin().await?;
    sqlx::query_scalar!(
        r#"select count(*) as "waiting!" from counts c
           where c.state = 'submitted' and ($1::uuid[] is null or c.location_id = any($1)) and case when c.above
                 then coalesce(c.submitted_by, c.submitted_by_key) <> $2 and ($3::uuid[] is null or c.location_id = any($3))
                 else $4::uuid[] is null or c.location_id = any($4) end"#,
        sight.seen.as_deref(),
        sight.me,
        sight.all.as_deref(),
        sight.small.as_deref(),
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()
}

async fn found(tx: &mut PgConnection, sight: &Sight, id: CountId) -> Result<Row, Fault> {
    rows(tx, sight, &ListCounts::default(), Some(id), 1).await?.into_iter().next().ok_or(NO_COUNT)
}

/// One count within reach, with what was entered last and what happened.
///
/// Faults: `NotFound`; `Forbidden`.
pub async fn show(scope: &Scope, id: CountId) -> Result<CountView, Fault> {
    let sight = Sight::of(scope)?;
    let mut tx = scope.begin().await?;
    let row = found(&mut tx, &sight, id).await?;
    let set_apart = apart::of_count(&mut tx, id).await?;
    let works =
        scope.reach(Permission::CountStock).is_ok_and(|reach| reach.covers(as_store(LocationId(row.location_id))));
    let may_cancel = row.state().after(CountAct::Cancel).is_some()
        && (row.opened_by == sight.me || sight.decides(row.location_id, false, None));
    Ok(CountView {
        shows_book: row.shows_book(&sight),
        may_count: works && row.state() == CountState::Open,
        may_cancel,
        apart: set_apart.values().sum(),
        entries: entries(&mut tx, id).await?,
        steps: steps(&mut tx, id).await?,
        card: row.card(&sight),
    })
}

async fn entries(tx: &mut PgConnection, id: CountId) -> Result<Vec<CountEntry>, Fault> {
    let rows = sqlx::query!(
        r#"select n.id, n.sku_id, k.code, d.name as product, array_to_string(k.spec_values, ' ') as "spec!", n.pieces,
                  coalesce(p.name, '合作方 ' || a.name, '') as "by!", n.at, n.undone_at is not null as "undone!", n.list_id
           from count_entries n join skus k on k.id = n.sku_id join products d on d.id = k.product_id
           left join staff p on p.id = n.staff_id left join api_keys a on a.id = n.api_key_id
           where n.count_id = $1 order by n.place desc limit $2"#,
        id.0,
        ENTRIES_SHOWN,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let entry = rows.into_iter().map(|row| CountEntry {
        id: row.id,
        sku_id: SkuId(row.sku_id),
        name: named(&row.product, &row.spec),
        code: row.code,
        pieces: row.pieces,
        by: row.by,
        at: row.at,
        undone: row.undone,
        list_id: row.list_id,
    });
    Ok(entry.collect())
}

async fn steps(tx: &mut PgConnection, id: CountId) -> Result<Vec<CountStep>, Fault> {
    let rows = sqlx::query!(
        r#"select t.act, t.state, t.at, coalesce(p.name, '合作方 ' || a.name, '') as "by!", o.name as "in_place_of?", t.note
           from count_steps t left join staff p on p.id = t.staff_id left join api_keys a on a.id = t.api_key_id
           left join staff o on o.id = t.in_place_of
           where t.count_id = $1 order by t.step"#,
        id.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let steps = rows.into_iter().filter_map(|row| {
        let (act, state) = (CountAct::from_code(&row.act)?, CountState::from_code(&row.state)?);
        Some(CountStep { act, state, at: row.at, by: row.by, in_place_of: row.in_place_of, note: row.note })
    });
    Ok(steps.collect())
}

struct LineRow {
    sku_id: Uuid,
    code: String,
    product: String,
    spec: String,
    counted: Option<i64>,
    counted_at: Option<DateTime<Utc>>,
    moved: bool,
    book: Option<i64>,
    price_fen: i64,
    location_id: Uuid,
    cost_milli_fen: Option<i64>,
}

impl LineRow {
    fn line(self, sight: &Sight, shows_book: bool, apart: &Apart) -> CountLine {
        let book = self.book.filter(|_| shows_book);
        let difference = self.counted.zip(book).map(|(counted, book)| counted - book);
        CountLine {
            sku_id: SkuId(self.sku_id),
            code: self.code,
            name: named(&self.product, &self.spec),
            counted: self.counted,
            counted_at: self.counted_at,
            moved: self.moved,
            book,
            apart: apart.get(&self.sku_id).copied().unwrap_or_default(),
            difference,
            value_fen: difference.and_then(|pieces| pieces.checked_mul(self.price_fen)).map(Fen),
            cost_fen: sight.cost(self.location_id, self.cost_milli_fen).filter(|_| difference.is_some()),
        }
    }
}

/// The one query behind all lines: of what is handed in as it was kept then, before as it is entered now.
async fn line_rows(
    tx: &mut PgConnection,
    id: CountId,
    ask: &ListLines,
    sku: Option<Uuid>,
    limit: i64,
) -> Result<Vec<LineRow>, Fault> {
    sqlx::query_as!(
        LineRow,
        r#"select l.sku_id, k.code, d.name as product, array_to_string(k.spec_values, ' ') as "spec!",
                  coalesce(l.counted, e.counted) as counted, coalesce(l.counted_at, e.at) as counted_at,
                  coalesce(e.moved, false) as "moved!", coalesce(l.book, e.book) as book,
                  coalesce(l.price_fen, p.price_fen, k.price_fen) as "price_fen!", l.location_id,
                  -- As it was booked; until then, as it would be now.
                  case c.state when 'approved' then (select sum(v.value_milli_fen) from cost_entries v
                           where v.document_id = l.count_id and v.location_id = l.location_id and v.sku_id = l.sku_id)
                       else (select (coalesce(l.counted, e.counted) - coalesce(l.book, e.book)) * x.milli_fen from stock_costs x
                             where x.location_id = l.location_id and x.sku_id = l.sku_id) end::bigint as cost_milli_fen
           from count_lines l join counts c on c.id = l.count_id join skus k on k.id = l.sku_id join products d on d.id = k.product_id
           left join listings p on p.store_id = l.location_id and p.sku_id = l.sku_id
           left join lateral (
               select sum(n.pieces)::bigint as counted, (array_agg(n.book order by n.place desc))[1] as book, max(n.at) as at,
                      min(n.book) <> max(n.book) as moved
               from count_entries n where n.count_id = l.count_id and n.sku_id = l.sku_id and n.undone_at is null
           ) e on true
           where l.count_id = $1 and ($2::uuid is null or l.sku_id = $2)
             and case $3 when 'uncounted' then e.counted is null when 'counted' then e.counted is not null
                      when 'different' then e.counted <> e.book else true end
             and ($4 = '' or strpos(lower(d.name || ' ' || d.pinyin || ' ' || d.initials), $4) > 0 or lower(k.code) = $4 or k.barcode = $4)
             and ($5::text is null or k.code > $5)
           order by k.code limit $6"#,
        id.0,
        sku,
        ask.show.code(),
        ask.words.trim().to_lowercase(),
        ask.after.as_deref(),
        limit,
    )
    .fetch_all(tx)
    .await
    .or_fault()
}

/// The filter that whoever asks may use: which lines differ is told to those alone who may know.
fn fitting(ask: &ListLines, shows_book: bool) -> ListLines {
    match ask.show {
        LinesShown::Different if !shows_book => ListLines { show: LinesShown::Counted, ..ask.clone() },
        _ => ask.clone(),
    }
}

/// The lines of a count within reach, by code.
///
/// Faults: `NotFound`; `Forbidden`.
pub async fn lines(scope: &Scope, id: CountId, ask: &ListLines) -> Result<Page<CountLine>, Fault> {
    let sight = Sight::of(scope)?;
    let most = ask.most.clamp(1, 200);
    let mut tx = scope.begin().await?;
    let shows_book = found(&mut tx, &sight, id).await?.shows_book(&sight);
    let found = line_rows(&mut tx, id, &fitting(ask, shows_book), None, most as i64 + 1).await?;
    let apart = apart::of_count(&mut tx, id).await?;
    Ok(Page::cut(found, most, |row| row.code.clone()).map(|row| row.line(&sight, shows_book, &apart)))
}

/// A count with all its lines, for a file.
///
/// Faults: `NotFound`; `Forbidden`.
pub async fn whole(scope: &Scope, id: CountId) -> Result<(CountCard, Vec<CountLine>), Fault> {
    let sight = Sight::of(scope)?;
    let mut tx = scope.begin().await?;
    let row = found(&mut tx, &sight, id).await?;
    let shows_book = row.shows_book(&sight);
    let lines = line_rows(&mut tx, id, &ListLines::default(), None, LINES_MOST).await?;
    let apart = apart::of_count(&mut tx, id).await?;
    let lines = lines.into_iter().map(|line| line.line(&sight, shows_book, &apart)).collect();
    Ok((row.card(&sight), lines))
}

/// One line as it is now, for whoever has just entered something.
pub(super) async fn line(tx: &mut PgConnection, scope: &Scope, count: &Count, sku: Uuid) -> Result<CountLine, Fault> {
    let sight = Sight::of(scope)?;
    let shows_book = found(tx, &sight, count.id).await?.shows_book(&sight);
    let found = line_rows(tx, count.id, &ListLines::default(), Some(sku), 1).await?;
    let apart = apart::of_count(tx, count.id).await?;
    found.into_iter().next().map(|row| row.line(&sight, shows_book, &apart)).ok_or(NO_COUNT)
}
