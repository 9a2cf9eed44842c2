//! Requests as shoppers and staff see them. Every look-up begins from what the caller may see.

use chrono::{DateTime, Utc};
use domain::{
    AfterSalesId, Fault, Fen, FileId, OrderId, Quantity, SkuId, StoreId,
    after_sales::{
        AfterSalesAct, AfterSalesCard, AfterSalesCounts, AfterSalesKind, AfterSalesLine, AfterSalesReason,
        AfterSalesState, AfterSalesStep, AfterSalesView, Came, Condition, ListAfterSales, MissingLine, RefundProgress,
        STORE_PROOFS_MOST,
    },
    files::Photo,
    page::Page,
    staff::{Column, Permission},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{APPEAL_WITHIN, decide::may_be_under_way, money, not_found, post, send, store_proofs};
use crate::{Scope, database::OrFault, members::GONE};

/// Which requests: the caller's own, or those within a reach.
#[derive(Default)]
pub(super) struct Within {
    pub member: Option<Uuid>,
    pub reach: Option<Vec<Uuid>>,
    pub id: Option<AfterSalesId>,
}

/// What every list of requests reads.
struct Row {
    id: Uuid,
    order_id: Uuid,
    order_number: String,
    kind: String,
    state: String,
    store_id: Uuid,
    store_name: String,
    pieces: i64,
    first_name: String,
    picture: String,
    refund_fen: i64,
    freight_fen: i64,
    extra_fen: i64,
    reason: String,
    note: String,
    requested_at: DateTime<Utc>,
    due_at: Option<DateTime<Utc>>,
    phone_tail: String,
    posted_at: Option<DateTime<Utc>>,
}

impl Row {
    fn card(self) -> AfterSalesCard {
        let summary = match self.pieces {
            // Money beside pieces.
            0 if self.extra_fen == 0 => "运费".to_owned(),
            0 if self.freight_fen == 0 => "补偿".to_owned(),
            0 => "补偿和运费".to_owned(),
            1 => self.first_name,
            pieces => format!("{} 等 {pieces} 件", self.first_name),
        };
        AfterSalesCard {
            id: AfterSalesId(self.id),
            order_id: OrderId(self.order_id),
            order_number: self.order_number,
            kind: AfterSalesKind::from_code(&self.kind).unwrap_or(AfterSalesKind::RefundOnly),
            state: AfterSalesState::from_code(&self.state).unwrap_or(AfterSalesState::Expired),
            store_id: StoreId(self.store_id),
            store_name: self.store_name,
            summary,
            picture: self.picture,
            refund_fen: Fen(self.refund_fen),
            freight_fen: Fen(self.freight_fen),
            extra_fen: Fen(self.extra_fen),
            reason: AfterSalesReason::from_code(&self.reason).unwrap_or(AfterSalesReason::Other),
            note: self.note,
            requested_at: self.requested_at,
            due_at: self.due_at,
            posted_at: self.posted_at,
            phone_tail: if self.phone_tail.is_empty() { GONE.into() } else { self.phone_tail },
        }
    }
}

/// The one query behind every list. Who sold and who took the goods back sees a request; whose it is may be hidden
/// from the latter.
async fn rows(tx: &mut PgConnection, within: &Within, ask: &ListAfterSales, limit: i64) -> Result<Vec<Row>, Fault> {
    let states: Vec<String> =
        ask.tab.iter().flat_map(|tab| tab.states()).map(|state| state.code().to_owned()).collect();
    sqlx::query_as!(
        Row,
        r#"select a.id, a.order_id, a.order_number, a.kind, a.state, a.store_id, s.name as store_name, a.refund_fen, a.freight_fen, a.extra_fen, a.reason,
                  a.note, a.requested_at, a.due_at, l.pieces as "pieces!", l.first_name as "first_name!", l.picture as "picture!",
                  coalesce(m.phone_tail, '') as "phone_tail!", w.posted_at as "posted_at?"
           from after_sales a join stores s on s.id = a.store_id left join members m on m.id = a.member_id
           left join after_sales_parcels w on w.after_sales_id = a.id
           cross join lateral (
               select coalesce(sum(quantity), 0)::bigint as pieces, coalesce((array_agg(name order by line))[1], '') as first_name,
                      coalesce((array_agg(picture order by line))[1], '') as picture
               from after_sales_lines where after_sales_id = a.id
           ) l
           where ($1::uuid is null or a.member_id = $1)
             and ($2::uuid[] is null or a.store_id = any($2) or a.received_store_id = any($2))
             and ($3::uuid is null or a.id = $3)
             and ($4::uuid is null or a.store_id = $4 or a.received_store_id = $4)
             and (cardinality($5::text[]) = 0 or a.state = any($5))
             and ($6::text is null or a.kind = $6)
             and ($7::uuid is null or a.order_id = $7)
             and ($8 = '' or a.order_number = $8)
             and ($9::uuid is null or a.id < $9)
             and (not $11 or w.after_sales_id is not null)
           order by a.id desc limit $10"#,
        within.member,
        within.reach.as_deref(),
        within.id.map(|id| id.0),
        ask.store.map(|store| store.0),
        &states,
        ask.kind.map(AfterSalesKind::code),
        ask.order.map(|order| order.0),
        ask.words.trim(),
        ask.after.map(|id| id.0),
        limit,
        ask.posted,
    )
    .fetch_all(tx)
    .await
    .or_fault()
}

/// Requests as cards, the newest first.
pub(super) async fn cards(
    tx: &mut PgConnection,
    within: &Within,
    ask: &ListAfterSales,
) -> Result<Vec<AfterSalesCard>, Fault> {
    Ok(rows(tx, within, ask, ask.most as i64).await?.into_iter().map(Row::card).collect())
}

/// One request as a card.
pub(super) async fn card(tx: &mut PgConnection, within: &Within) -> Result<AfterSalesCard, Fault> {
    let found = rows(tx, within, &ListAfterSales::default(), 1).await?;
    found.into_iter().next().map(Row::card).ok_or_else(not_found)
}

async fn page(scope: &Scope, within: Within, ask: &ListAfterSales) -> Result<Page<AfterSalesCard>, Fault> {
    let most = ask.most.clamp(1, 100);
    let mut tx = scope.begin_search().await?;
    let found = rows(&mut tx, &within, ask, most as i64 + 1).await?;
    Ok(Page::cut(found, most, |row| row.id.to_string()).map(Row::card))
}

/// The caller's own requests, the newest first.
pub async fn mine(scope: &Scope, ask: &ListAfterSales) -> Result<Page<AfterSalesCard>, Fault> {
    page(scope, Within { member: scope.own_filter()?, ..Within::default() }, ask).await
}

/// Requests of what stores within reach sold or took back, the newest first.
///
/// Faults: `Forbidden`.
pub async fn list(scope: &Scope, ask: &ListAfterSales) -> Result<Page<AfterSalesCard>, Fault> {
    page(scope, Within { reach: scope.reach_filter(Permission::ReadOrders)?, ..Within::default() }, ask).await
}

/// How many requests within reach wait on each tab.
///
/// Faults: `Forbidden`.
pub async fn counts(scope: &Scope) -> Result<AfterSalesCounts, Fault> {
    let reach = scope.reach_filter(Permission::ReadOrders)?;
    let mut tx = scope.begin().await?;
    let row = sqlx::query!(
        r#"select count(*) filter (where state = 'requested') as "waiting!", count(*) filter (where state = 'agreed') as "coming!",
                  count(*) filter (where state = 'appealed') as "appeals!",
                  count(*) filter (where state = 'agreed'
                                   and exists (select from after_sales_parcels p where p.after_sales_id = id)) as "posted!"
           from after_sales where state in ('requested', 'agreed', 'appealed') and ($1::uuid[] is null or store_id = any($1))"#,
        reach.as_deref(),
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()?;
    Ok(AfterSalesCounts { waiting: row.waiting, coming: row.coming, appeals: row.appeals, posted: row.posted })
}

/// The caller's own request, with the code while its goods are to come.
///
/// Faults: `NotFound` for another's.
pub async fn show(scope: &Scope, id: AfterSalesId) -> Result<AfterSalesView, Fault> {
    let within = Within { member: scope.own_filter()?, id: Some(id), ..Within::default() };
    let mut view = view(scope, within, id).await?;
    for step in &mut view.steps {
        // A shopper need not know which person it was.
        if step.by.starts_with("员工") {
            step.by = if step.act == AfterSalesAct::Uphold || step.act == AfterSalesAct::Dismiss {
                "总部"
            } else {
                "门店"
            }
            .into();
        }
    }
    for proof in &mut view.store_proofs {
        proof.by = "商家".into();
    }
    let refused_at = view.steps.iter().rev().find(|step| is_refusal(step.act)).map(|step| step.at);
    let appeals = refused_at.is_some_and(|at| at + APPEAL_WITHIN > scope.now);
    view.acts = [AfterSalesAct::Appeal, AfterSalesAct::Withdraw]
        .into_iter()
        .filter(|&act| view.card.state.after(view.card.kind, act).is_some())
        .filter(|&act| act != AfterSalesAct::Appeal || appeals)
        .filter(|&act| act != AfterSalesAct::Withdraw || view.posted.is_none() || !may_be_under_way(view.card.state))
        .collect();
    let arrived = view.posted.as_ref().is_some_and(|posted| posted.arrived_at.is_some());
    if view.card.state == AfterSalesState::Agreed && view.card.kind.brings_goods() && !arrived {
        view.post_to = post::place_for(scope, view.card.store_id).await?;
        view.acts.extend(view.post_to.is_some().then_some(AfterSalesAct::Post));
        let exchange = view.card.kind == AfterSalesKind::Exchange && view.post_to.is_some();
        view.sends = exchange && send::sends(scope, view.card.store_id).await?;
    }
    Ok(view)
}

/// Whether it is what a shopper may take to head office.
fn is_refusal(act: AfterSalesAct) -> bool {
    matches!(act, AfterSalesAct::Refuse | AfterSalesAct::TurnAway)
}

/// A request within a person's reach. Its code is the shopper's secret, or nobody would need to bring the goods.
///
/// Faults: `NotFound`; `Forbidden`.
pub async fn show_for_staff(scope: &Scope, id: AfterSalesId) -> Result<AfterSalesView, Fault> {
    let within = Within { reach: scope.reach_filter(Permission::ReadOrders)?, id: Some(id), ..Within::default() };
    let mut view = view(scope, within, id).await?;
    view.code = None;
    let store = view.card.store_id;
    let may = |permission| scope.reach(permission).is_ok_and(|reach| reach.covers(store));
    if let Some(posted) = &mut view.posted {
        // A store that only took the goods back has nothing to send.
        posted.send_to = posted.send_to.take().filter(|_| may(Permission::ReadOrders));
        if let Some(to) = &mut posted.send_to {
            to.phone = scope.sight(Column::ShopperPhone).show(store, std::mem::take(&mut to.phone));
        }
    }
    let acts = [
        (AfterSalesAct::Agree, Permission::DecideReturns),
        (AfterSalesAct::Refuse, Permission::DecideReturns),
        (AfterSalesAct::Uphold, Permission::ArbitrateReturns),
        (AfterSalesAct::Dismiss, Permission::ArbitrateReturns),
    ];
    let can = |(act, permission): (AfterSalesAct, Permission)| {
        (view.card.state.after(view.card.kind, act).is_some() && may(permission)).then_some(act)
    };
    view.acts = acts.into_iter().filter_map(can).collect();
    view.may_add_store_proof = view.card.state.takes_proofs()
        && view.store_proofs.len() < STORE_PROOFS_MOST
        && store_proofs::must_handle(scope, store).is_ok();
    view.acts.extend(at_the_counter(&view).into_iter().filter(|_| may(Permission::FulfilOrders)));
    if view.acts.iter().any(|act| matches!(act, AfterSalesAct::Agree | AfterSalesAct::Uphold)) {
        let mut tx = scope.begin().await?;
        let goods = view.lines.iter().map(|line| line.refund_fen).sum();
        let money = money::of(&mut tx, view.card.order_id, Some(id)).await?;
        let with_goods = money.and(goods, Fen::ZERO, Fen::ZERO);
        view.freight_left_fen = with_goods.freight_rest();
        view.freight_share_fen = money.freight_share(goods).min(view.freight_left_fen);
    }
    Ok(view)
}

/// What the store that sold does without a code: goods that came by post are counted or turned away; those of an
/// exchange are there, and wait for the shopper, or are counted then as others leave for them.
fn at_the_counter(view: &AfterSalesView) -> Vec<AfterSalesAct> {
    let (state, kind) = (view.card.state, view.card.kind);
    let Some(posted) = &view.posted else { return Vec::new() };
    let exchange = kind == AfterSalesKind::Exchange;
    let arrived = posted.arrived_at.is_some();
    let arrives = (exchange && !arrived).then_some(AfterSalesAct::Arrive);
    let counted = (!exchange || arrived && posted.send_to.is_some()).then_some(AfterSalesAct::Receive);
    let acts = arrives.into_iter().chain(counted).chain([AfterSalesAct::TurnAway]);
    acts.filter(|&act| state.after(kind, act).is_some()).collect()
}

async fn view(scope: &Scope, within: Within, id: AfterSalesId) -> Result<AfterSalesView, Fault> {
    let mut tx = scope.begin().await?;
    let card = card(&mut tx, &within).await?;
    let more = sqlx::query!(
        r#"select a.code, a.appeal, s.name as "received_at?", r.state as "refund?",
                  r.settled_proof as "refund_proof?"
           from after_sales a left join stores s on s.id = a.received_store_id left join refunds r on r.after_sales_id = a.id
           where a.id = $1"#,
        id.0,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()?;
    Ok(AfterSalesView {
        lines: lines(&mut tx, id).await?,
        missing: missing(&mut tx, id).await?,
        steps: steps(&mut tx, id).await?,
        proofs: proofs(&mut tx, id).await?,
        store_proofs: store_proofs::of(&mut tx, id, scope.member().is_ok()).await?,
        may_add_store_proof: false,
        appeal: more.appeal,
        post_to: None,
        sends: false,
        posted: post::posted(&mut tx, id).await?,
        code: more.code.filter(|_| card.state == AfterSalesState::Agreed),
        received_at_store: more.received_at,
        refund_proof: more.refund_proof,
        freight_left_fen: Fen::ZERO,
        freight_share_fen: Fen::ZERO,
        refund: more.refund.and_then(|state| RefundProgress::from_code(&state)),
        acts: Vec::new(),
        card,
    })
}

/// The goods of a request.
pub(super) async fn lines(tx: &mut PgConnection, id: AfterSalesId) -> Result<Vec<AfterSalesLine>, Fault> {
    let rows = sqlx::query!(
        "select line, sku_id, name, spec, options_text, picture, quantity, paid_fen, refund_fen, exchange_sku_id, exchange_spec,
                condition, restock_pieces, scrap_pieces, supplier_pieces
         from after_sales_lines where after_sales_id = $1 order by line",
        id.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    rows.into_iter()
        .map(|row| {
            Ok(AfterSalesLine {
                line: row.line,
                sku_id: SkuId(row.sku_id),
                quantity: Quantity::try_from(row.quantity).map_err(|reason| Fault::Internal(reason.into()))?,
                name: row.name,
                spec: row.spec,
                options_text: row.options_text,
                picture: row.picture,
                paid_fen: Fen(row.paid_fen),
                refund_fen: Fen(row.refund_fen),
                exchange_for: row.exchange_sku_id.map(SkuId),
                exchange_spec: row.exchange_spec,
                condition: row.condition.as_deref().and_then(Condition::from_code),
                came: came(row.restock_pieces, row.scrap_pieces, row.supplier_pieces),
            })
        })
        .collect()
}

fn came(restock: Option<i64>, scrap: Option<i64>, supplier: Option<i64>) -> Option<Came> {
    Some(Came { restock: restock?, scrap: scrap?, supplier: supplier? })
}

/// What was asked for and did not come.
pub(super) async fn missing(tx: &mut PgConnection, id: AfterSalesId) -> Result<Vec<MissingLine>, Fault> {
    let rows = sqlx::query!(
        "select line, name, spec, quantity, refund_fen from after_sales_missing where after_sales_id = $1 order by line",
        id.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let missing = rows.into_iter().map(|row| {
        Ok(MissingLine {
            line: row.line,
            name: row.name,
            spec: row.spec,
            quantity: Quantity::try_from(row.quantity).map_err(|reason| Fault::Internal(reason.into()))?,
            refund_fen: Fen(row.refund_fen),
        })
    });
    missing.collect()
}

async fn steps(tx: &mut PgConnection, id: AfterSalesId) -> Result<Vec<AfterSalesStep>, Fault> {
    let rows = sqlx::query!(
        r#"select t.act, t.state, t.at, t.note,
                  (case when t.member_id is not null then '本人' when p.id is not null then '员工 ' || p.name
                        when k.id is not null then '合作方 ' || k.name else '系统' end) as "by!"
           from after_sales_steps t left join staff p on p.id = t.staff_id left join api_keys k on k.id = t.api_key_id
           where t.after_sales_id = $1 order by t.step"#,
        id.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let step = |act: &str, state: &str| Some((AfterSalesAct::from_code(act)?, AfterSalesState::from_code(state)?));
    let steps = rows.into_iter().filter_map(|row| {
        let (act, state) = step(&row.act, &row.state)?;
        Some(AfterSalesStep { act, state, at: row.at, by: row.by, note: row.note })
    });
    Ok(steps.collect())
}

async fn proofs(tx: &mut PgConnection, id: AfterSalesId) -> Result<Vec<Photo>, Fault> {
    let rows = sqlx::query!(
        r#"select f.id, f.width as "width!", f.height as "height!", c.width as "small_width!", c.height as "small_height!"
           from after_sales_proofs p join files f on f.id = p.file_id join file_contents c on c.file_id = f.id and c.size = 'small'
           where p.after_sales_id = $1 order by f.id"#,
        id.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let photo = |large: (i32, i32), small: (i32, i32), id| {
        Photo::new(FileId(id), (large.0 as u32, large.1 as u32), (small.0 as u32, small.1 as u32))
    };
    Ok(rows
        .into_iter()
        .map(|row| photo((row.width, row.height), (row.small_width, row.small_height), row.id))
        .collect())
}
