//! Transfers as both their ends and head office see them.

use chrono::{DateTime, Utc};
use domain::{
    Fault, Fen, SkuId, TransferId,
    page::Page,
    transfers::{
        ListTransfers, Location, TransferAct, TransferCard, TransferLine, TransferState, TransferStep, TransferTab,
        TransferView,
    },
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Rights, location, not_found, number_text, rights::seen};
use crate::{Scope, database::OrFault};

struct Row {
    id: Uuid,
    number: i64,
    state: String,
    reason: String,
    created_at: DateTime<Utc>,
    from_id: Uuid,
    from_kind: String,
    from_code: String,
    from_name: String,
    to_id: Uuid,
    to_kind: String,
    to_code: String,
    to_name: String,
    first: String,
    kinds: i64,
    pieces: i64,
    on_the_way: i64,
    total_fen: Option<i64>,
}

impl Row {
    fn card(self, rights: &Rights) -> TransferCard {
        let state = TransferState::from_code(&self.state).unwrap_or(TransferState::Cancelled);
        let summary = if self.kinds > 1 { format!("{} 等 {} 种", self.first, self.kinds) } else { self.first };
        let to = location(self.to_id, &self.to_kind, self.to_code, self.to_name);
        TransferCard {
            id: TransferId(self.id),
            number: number_text(self.number),
            state,
            from: location(self.from_id, &self.from_kind, self.from_code, self.from_name),
            total_fen: self.total_fen.filter(|_| told_prices(rights, &to)).map(Fen),
            to,
            summary,
            pieces: self.pieces,
            missing: if state == TransferState::Received { self.on_the_way } else { 0 },
            reason: self.reason,
            created_at: self.created_at,
        }
    }
}

/// What a store pays is between it and head office: whoever has to do with the sender alone is not told.
fn told_prices(rights: &Rights, to: &Location) -> bool {
    rights.concerned_at(to)
}

/// The one query behind lists and pages.
async fn rows(
    tx: &mut PgConnection,
    seen: Option<&[Uuid]>,
    ask: &ListTransfers,
    id: Option<TransferId>,
    limit: i64,
) -> Result<Vec<Row>, Fault> {
    let tab = ask.tab.map(TransferTab::code);
    sqlx::query_as!(
        Row,
        r#"select t.id, t.number, t.state, t.reason, t.created_at,
                  t.from_id, f.kind as "from_kind!", f.code as "from_code!", f.name as "from_name!",
                  t.to_id, o.kind as "to_kind!", o.code as "to_code!", o.name as "to_name!",
                  l.first as "first!", l.kinds as "kinds!", l.pieces as "pieces!", l.on_the_way as "on_the_way!", l.total_fen
           from stock_transfers t join stock_places f on f.id = t.from_id join stock_places o on o.id = t.to_id
           cross join lateral (
               select count(*) as kinds, coalesce(sum(n.pieces), 0)::bigint as pieces,
                      coalesce(sum(n.on_the_way), 0)::bigint as on_the_way, case when bool_and(n.price_fen is not null) then sum(n.pieces * n.price_fen)::bigint end as total_fen,
                      coalesce(min(concat_ws(' · ', d.name, nullif(array_to_string(k.spec_values, ' '), ''))), '') as first
               from (select sku_id, price_fen, on_the_way, coalesce(received, shipped, approved, requested) as pieces
                     from stock_transfer_lines where transfer_id = t.id) n
               join skus k on k.id = n.sku_id join products d on d.id = k.product_id
           ) l
           where ($1::uuid[] is null or t.from_id = any($1) or t.to_id = any($1))
             and ($2::uuid is null or t.id = $2) and ($3::text is null or t.state = $3)
             and ($4::uuid is null or $4 in (t.from_id, t.to_id)) and ($5::uuid is null or t.id < $5)
             and ($6::text is null or case $6
                 when 'to_send' then t.state in ('requested', 'approved') and ($1 is null or t.from_id = any($1))
                 when 'on_the_way' then t.state = 'shipped' and ($1 is null or t.to_id = any($1))
                 when 'asked' then t.state in ('requested', 'approved') and ($1 is null or t.to_id = any($1))
                 else t.state = 'received' and l.on_the_way > 0 end)
             and ($7 = '' or strpos(lower('DB' || lpad(t.number::text, greatest(6, length(t.number::text)), '0') || ' ' || f.name || ' ' || o.name), $7) > 0
                  or exists (select from stock_transfer_lines x join skus y on y.id = x.sku_id
                             where x.transfer_id = t.id and lower(y.code) = $7))
           order by t.id desc limit $8"#,
        seen,
        id.map(|id| id.0),
        ask.state.map(TransferState::code),
        ask.location.map(|id| id.0),
        ask.after.map(|id| id.0),
        tab,
        ask.words.trim().to_lowercase(),
        limit,
    )
    .fetch_all(tx)
    .await
    .or_fault()
}

/// Transfers that concern whoever asks, the newest first.
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub async fn list(scope: &Scope, ask: &ListTransfers) -> Result<Page<TransferCard>, Fault> {
    let (rights, seen) = (Rights::of(scope)?, seen(scope)?);
    let most = ask.most.clamp(1, 100);
    let mut tx = scope.begin_search().await?;
    let found = rows(&mut tx, seen.as_deref(), ask, None, most as i64 + 1).await?;
    Ok(Page::cut(found, most, |row| row.id.to_string()).map(|row| row.card(&rights)))
}

/// The list as a file has it: each transfer with each of its lines, `most` transfers at most.
///
/// Faults: those of [`list`].
pub async fn whole_list(
    scope: &Scope,
    ask: &ListTransfers,
    most: usize,
) -> Result<Vec<(TransferCard, TransferLine)>, Fault> {
    let (rights, seen) = (Rights::of(scope)?, seen(scope)?);
    let mut tx = scope.begin_search().await?;
    let found = rows(&mut tx, seen.as_deref(), ask, None, most as i64).await?;
    let ids: Vec<Uuid> = found.iter().map(|row| row.id).collect();
    let mut lines = lines(&mut tx, &ids).await?;
    let of_card = |row: Row| {
        let card = row.card(&rights);
        let of_it = lines.extract_if(.., |(of, _)| *of == card.id.0);
        let own = of_it.map(|(_, line)| line_of(&card, line, &rights)).collect::<Vec<_>>();
        own.into_iter().map(move |line| (card.clone(), line))
    };
    Ok(found.into_iter().flat_map(of_card).collect())
}

/// How many transfers wait for whoever asks: to be agreed to, sent or taken in; none for who has nothing to do with
/// goods.
///
/// Faults: `Unauthenticated` for who is not of staff.
pub async fn waiting(scope: &Scope) -> Result<i64, Fault> {
    scope.staff()?;
    let Ok(seen) = seen(scope) else { return Ok(0) };
    let mut tx = scope.begin().await?;
    sqlx::query_scalar!(
        r#"select count(*) as "waiting!" from stock_transfers
           where (state in ('requested', 'approved') and ($1::uuid[] is null or from_id = any($1)))
              or (state = 'shipped' and ($1 is null or to_id = any($1)))"#,
        seen.as_deref(),
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()
}

/// One transfer that concerns whoever asks, with its goods, what happened to it and what they can do now.
///
/// Faults: `Unauthenticated`; `Forbidden`; `NotFound`.
pub async fn show(scope: &Scope, id: TransferId) -> Result<TransferView, Fault> {
    let (rights, seen) = (Rights::of(scope)?, seen(scope)?);
    let mut tx = scope.begin_search().await?;
    let found = rows(&mut tx, seen.as_deref(), &ListTransfers::default(), Some(id), 1).await?;
    let card = found.into_iter().next().ok_or_else(not_found)?.card(&rights);
    let lines = lines(&mut tx, &[id.0]).await?;
    let lines = lines.into_iter().map(|(_, line)| line_of(&card, line, &rights)).collect();
    let can = |act: &TransferAct| {
        // What is never allowed while nothing is missing, though the state would be right.
        let settles = !matches!(act, TransferAct::Settle | TransferAct::ReceiveRest) || card.missing > 0;
        card.state.after(*act).is_some() && rights.may(*act, &card.from, &card.to) && settles
    };
    let acts = TransferAct::ALL.iter().copied().filter(can).collect();
    Ok(TransferView { lines, steps: steps(&mut tx, id).await?, acts, card })
}

/// A line of this transfer, as whoever asks sees it.
fn line_of(card: &TransferCard, line: TransferLine, rights: &Rights) -> TransferLine {
    TransferLine { price_fen: line.price_fen.filter(|_| told_prices(rights, &card.to)), ..line }
}

/// The lines of several transfers, each with whose it is, in the order in which they are picked.
async fn lines(tx: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<(Uuid, TransferLine)>, Fault> {
    let rows = sqlx::query!(
        r#"select l.transfer_id, l.sku_id, concat_ws(' · ', d.name, nullif(array_to_string(k.spec_values, ' '), '')) as "name!",
                  k.code, k.barcode, l.requested, l.approved, l.shipped, l.received, l.lost, l.returned,
                  l.on_the_way as "on_the_way!", l.price_fen,
                  greatest(coalesce(s.on_hand - s.held - s.allocated - s.expired, 0), 0) as "available!"
           from stock_transfer_lines l join stock_transfers t on t.id = l.transfer_id
           join skus k on k.id = l.sku_id join products d on d.id = k.product_id
           left join stock s on s.location_id = t.from_id and s.sku_id = l.sku_id
           where l.transfer_id = any($1) order by l.transfer_id, d.sort, d.name, k.sort, k.code"#,
        ids,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let line = rows.into_iter().map(|row| {
        let line = TransferLine {
            sku_id: SkuId(row.sku_id),
            name: row.name,
            code: row.code,
            barcode: row.barcode,
            requested: row.requested,
            approved: row.approved,
            shipped: row.shipped,
            received: row.received,
            lost: row.lost,
            returned: row.returned,
            on_the_way: row.on_the_way,
            price_fen: row.price_fen.map(Fen),
            available: row.available,
        };
        (row.transfer_id, line)
    });
    Ok(line.collect())
}

async fn steps(tx: &mut PgConnection, id: TransferId) -> Result<Vec<TransferStep>, Fault> {
    let rows = sqlx::query!(
        r#"select t.act, t.state, t.at, coalesce(p.name, '合作方 ' || k.name, '系统') as "by!", t.note
           from stock_transfer_steps t left join staff p on p.id = t.staff_id left join api_keys k on k.id = t.api_key_id
           where t.transfer_id = $1 order by t.step"#,
        id.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let step = rows.into_iter().filter_map(|row| {
        let (act, state) = (TransferAct::from_code(&row.act)?, TransferState::from_code(&row.state)?);
        Some(TransferStep { act, state, at: row.at, by: row.by, note: row.note })
    });
    Ok(step.collect())
}
