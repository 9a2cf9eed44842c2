//! Proposals as their authors and those who decide see them.

use chrono::{DateTime, Utc};
use domain::{
    Fault, Fen, ProposalId, SkuId, StoreId,
    approvals::{
        ListProposals, ProposalAct, ProposalCard, ProposalKind, ProposalState, ProposalStep, ProposalSubject,
        ProposalView, Proposed,
    },
    page::Page,
    staff::Permission,
    stock_lists::DocumentKind,
};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{apply, not_found, union};
use crate::{Scope, database::OrFault};

/// Which stores' proposals somebody sees, and on which of them they decide, as a query takes them.
struct Sight {
    me: Uuid,
    seen: Option<Vec<Uuid>>,
    /// `None`: everywhere.
    decided: Option<Vec<Uuid>>,
}

impl Sight {
    /// Faults: `Forbidden` for who neither proposes nor decides; `PeopleOnly`.
    fn of(scope: &Scope) -> Result<Self, Fault> {
        let me = scope.person()?.id.0;
        let decided = scope.reach_filter(Permission::DecideProposals);
        let proposed = scope.reach_filter(Permission::ProposeChanges);
        let seen = match (&decided, proposed) {
            (Err(fault), Err(_)) => return Err(fault.clone()),
            (Ok(decided), Ok(proposed)) => union([decided.clone(), proposed]),
            (Ok(decided), Err(_)) => decided.clone(),
            (Err(_), Ok(proposed)) => proposed,
        };
        Ok(Self { me, seen, decided: decided.unwrap_or_else(|_| Some(Vec::new())) })
    }
}

struct Row {
    id: Uuid,
    number: i64,
    content: Json<Proposed>,
    state: String,
    store_id: Uuid,
    store_name: String,
    product: String,
    spec: String,
    value_before: i64,
    reason: String,
    author: String,
    mine: bool,
    decides: bool,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
}

impl Row {
    fn card(self, now: DateTime<Utc>) -> ProposalCard {
        let state = ProposalState::from_code(&self.state).unwrap_or(ProposalState::Expired);
        let open = state == ProposalState::Submitted && self.expires_at.is_none_or(|end| end > now);
        ProposalCard {
            id: ProposalId(self.id),
            number: DocumentKind::Proposal.said(self.number),
            what: self.content.0,
            state,
            store_id: StoreId(self.store_id),
            store_name: self.store_name,
            subject: named(&self.product, &self.spec),
            before: self.value_before,
            reason: self.reason,
            proposed_by: self.author,
            mine: self.mine,
            created_at: self.created_at,
            expires_at: self.expires_at,
            may_decide: open && self.decides && !self.mine,
        }
    }
}

fn named(product: &str, spec: &str) -> String {
    if spec.is_empty() { product.to_owned() } else { format!("{product} · {spec}") }
}

/// The one query behind lists and pages. A draft is its author's alone.
async fn rows(
    tx: &mut PgConnection,
    scope: &Scope,
    sight: &Sight,
    ask: &ListProposals,
    id: Option<ProposalId>,
    limit: i64,
) -> Result<Vec<Row>, Fault> {
    sqlx::query_as!(
        Row,
        r#"select p.id, p.number, p.content as "content: Json<Proposed>", p.state, p.store_id, s.name as store_name, d.name as product,
                  array_to_string(k.spec_values, ' ') as "spec!", p.value_before, p.reason, a.name as author,
                  p.proposed_by = $1 as "mine!", ($3::uuid[] is null or p.store_id = any($3)) as "decides!",
                  p.created_at, p.expires_at
           from proposals p join stores s on s.id = p.store_id join skus k on k.id = p.sku_id
           join products d on d.id = k.product_id join staff a on a.id = p.proposed_by
           where ($2::uuid[] is null or p.store_id = any($2)) and (p.state <> 'draft' or p.proposed_by = $1)
             and ($4::uuid is null or p.id = $4) and ($5::text is null or p.state = $5) and ($6::text is null or p.kind = $6)
             and ($7::uuid is null or p.store_id = $7) and ($8::uuid is null or p.id < $8)
             and (not $9 or (p.state = 'submitted' and p.proposed_by <> $1 and p.expires_at > $10
                             and ($3::uuid[] is null or p.store_id = any($3))))
           order by p.id desc limit $11"#,
        sight.me,
        sight.seen.as_deref(),
        sight.decided.as_deref(),
        id.map(|id| id.0),
        ask.state.map(ProposalState::code),
        ask.kind.map(ProposalKind::code),
        ask.store.map(|store| store.0),
        ask.after.map(|id| id.0),
        ask.waiting,
        scope.now,
        limit,
    )
    .fetch_all(tx)
    .await
    .or_fault()
}

/// Proposals of stores within reach, the newest first.
///
/// Faults: `Forbidden`.
pub async fn list(scope: &Scope, ask: &ListProposals) -> Result<Page<ProposalCard>, Fault> {
    let sight = Sight::of(scope)?;
    let most = ask.most.clamp(1, 100);
    let mut tx = scope.begin_search().await?;
    let found = rows(&mut tx, scope, &sight, ask, None, most as i64 + 1).await?;
    Ok(Page::cut(found, most, |row| row.id.to_string()).map(|row| row.card(scope.now)))
}

/// How many proposals wait for whoever asks; none for who does not decide.
///
/// Faults: `Unauthenticated` for who is not of staff.
pub async fn waiting(scope: &Scope) -> Result<i64, Fault> {
    let me = scope.staff()?.id.0;
    let Ok(reach) = scope.reach_filter(Permission::DecideProposals) else { return Ok(0) };
    let mut tx = scope.begin().await?;
    sqlx::query_scalar!(
        r#"select count(*) as "waiting!" from proposals
           where state = 'submitted' and proposed_by <> $1 and expires_at > $2 and ($3::uuid[] is null or store_id = any($3))"#,
        me,
        scope.now,
        reach.as_deref(),
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()
}

/// One proposal within reach, with what happened to it and how things are now.
///
/// Faults: `NotFound`; `Forbidden`.
pub async fn show(scope: &Scope, id: ProposalId) -> Result<ProposalView, Fault> {
    let sight = Sight::of(scope)?;
    let mut tx = scope.begin_search().await?;
    let found = rows(&mut tx, scope, &sight, &ListProposals::default(), Some(id), 1).await?;
    let card = found.into_iter().next().ok_or_else(not_found)?.card(scope.now);
    let now = apply::now(&mut tx, card.store_id, &card.what).await?;
    Ok(ProposalView { now, steps: steps(&mut tx, id).await?, card })
}

async fn steps(tx: &mut PgConnection, id: ProposalId) -> Result<Vec<ProposalStep>, Fault> {
    let rows = sqlx::query!(
        r#"select t.act, t.state, t.at, coalesce(p.name, '系统') as "by!", o.name as "in_place_of?", t.note
           from proposal_steps t left join staff p on p.id = t.staff_id left join staff o on o.id = t.in_place_of
           where t.proposal_id = $1 order by t.step"#,
        id.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let step = |act: &str, state: &str| Some((ProposalAct::from_code(act)?, ProposalState::from_code(state)?));
    let steps = rows.into_iter().filter_map(|row| {
        let (act, state) = step(&row.act, &row.state)?;
        Some(ProposalStep { act, state, at: row.at, by: row.by, in_place_of: row.in_place_of, note: row.note })
    });
    Ok(steps.collect())
}

/// How many variants are offered to choose from; more words find the others.
const SUBJECTS_MOST: i64 = 20;

/// What a store within reach sells whose name, code or barcode has these words, to propose something for it.
///
/// Faults: `NotFound` for a store out of reach; `Forbidden`.
pub async fn subjects(scope: &Scope, store: StoreId, words: &str) -> Result<Vec<ProposalSubject>, Fault> {
    if !scope.reach(Permission::ProposeChanges)?.covers(store) {
        return Err(Fault::NotFound("这家门店"));
    }
    let rows = sqlx::query!(
        r#"select k.id, k.code, d.name, array_to_string(k.spec_values, ' ') as "spec!", l.price_fen,
                  coalesce(t.on_hand, 0) as "on_hand!"
           from listings l join skus k on k.id = l.sku_id join products d on d.id = k.product_id
           left join stock t on t.location_id = l.store_id and t.sku_id = l.sku_id
           where l.store_id = $1
             and ($2 = '' or strpos(lower(d.name || ' ' || d.pinyin || ' ' || d.initials), $2) > 0
                  or lower(k.code) = $2 or k.barcode = $2)
           order by d.sort, d.name, k.sort, k.code limit $3"#,
        store.0,
        words.trim().to_lowercase(),
        SUBJECTS_MOST,
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
