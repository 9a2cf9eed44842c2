//! Orders as shoppers and staff see them. Every look-up begins from what the caller may see, so
//! that another's order is simply not found.

use chrono::{DateTime, Utc};
use domain::{
    CheckoutId, Fault, Fen, OrderId, Quantity, SkuId, StoreId,
    audit::{Act, ObjectKind},
    fulfilment::{Fulfilment, SentTo},
    geo::Point,
    hours::Slot,
    orders::{
        Channel, Lateness, ListOrders, OrderAct, OrderCard, OrderLine, OrderState, OrderStep, OrderView, PickupCode,
    },
    page::Page,
    refunds::OtherMeans,
    staff::{Column, Permission},
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    fulfilment,
    house::new_id,
    members::GONE,
    orders::{
        cancel_requests, codes,
        looked_for::{Goods, Words},
        unclaimed,
    },
    payments,
};

/// Reads the cards of orders.
macro_rules! cards {
    ($which:literal, $($given:expr),+ $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select id as "id!", number as "number!", store_id as "store_id!", store_name as "store_name!", state as "state!",
                      fulfilment as "fulfilment!", channel as "channel!", total_fen as "total_fen!",
                      freight_fen as "freight_fen!", pieces as "pieces!", first_name as "first_name!", picture as "picture!",
                      slot_start as "slot_start!", slot_end as "slot_end!", placed_at as "placed_at!", phone,
                      phone_tail as "phone_tail!", note as "note!", checkout_id, late, cancel_asked_at
               from order_cards "# + $which,
            $($given),+
        )
    };
}

/// What every list of orders reads.
pub(super) struct Row {
    id: Uuid,
    number: String,
    store_id: Uuid,
    store_name: String,
    state: String,
    fulfilment: String,
    channel: String,
    total_fen: i64,
    freight_fen: i64,
    pieces: i64,
    first_name: String,
    picture: String,
    slot_start: DateTime<Utc>,
    slot_end: DateTime<Utc>,
    placed_at: DateTime<Utc>,
    /// Nothing of a member who has gone.
    phone: Option<String>,
    phone_tail: String,
    note: String,
    checkout_id: Option<Uuid>,
    late: Option<String>,
    cancel_asked_at: Option<DateTime<Utc>>,
}

impl Row {
    pub fn card(self) -> OrderCard {
        let summary =
            if self.pieces > 1 { format!("{} 等 {} 件", self.first_name, self.pieces) } else { self.first_name };
        OrderCard {
            id: OrderId(self.id),
            number: self.number,
            store_id: StoreId(self.store_id),
            store_name: self.store_name,
            state: OrderState::from_code(&self.state).unwrap_or(OrderState::Expired),
            fulfilment: Fulfilment::from_code(&self.fulfilment).unwrap_or_default(),
            channel: Channel::from_code(&self.channel).unwrap_or(Channel::System),
            total_fen: Fen(self.total_fen),
            freight_fen: Fen(self.freight_fen),
            pieces: self.pieces,
            summary,
            picture: self.picture,
            slot: Slot { start: self.slot_start, end: self.slot_end },
            placed_at: self.placed_at,
            phone_tail: if self.phone_tail.is_empty() { GONE.into() } else { self.phone_tail },
            note: self.note,
            checkout_id: self.checkout_id.map(CheckoutId),
            late: self.late.as_deref().and_then(Lateness::from_code),
            cancel_asked_at: self.cancel_asked_at,
        }
    }
}

/// Which orders: the caller's own, or those within a reach.
#[derive(Default)]
pub(super) struct Within<'a> {
    member: Option<Uuid>,
    reach: Option<&'a [Uuid]>,
    checkout: Option<CheckoutId>,
    goods: Goods,
    /// Oldest slot first, as a board wants it, rather than newest order first.
    by_slot: bool,
}

impl Within<'_> {
    /// Those that were placed together, the caller's own.
    pub fn checkout(member: Option<Uuid>, id: CheckoutId) -> Self {
        Self { member, checkout: Some(id), ..Self::default() }
    }
}

/// The one query behind every list; `id`s are ordered by time, so they serve as cursors.
pub(super) async fn rows(
    tx: &mut PgConnection,
    within: Within<'_>,
    ask: &ListOrders,
    limit: i64,
) -> Result<Vec<Row>, Fault> {
    let after: Option<Uuid> = ask
        .after
        .as_deref()
        .map(|text| text.parse().map_err(|_| Fault::invalid("after", "翻页位置无效，请从第一页开始")))
        .transpose()?;
    let [from, until] = ask.placed()?;
    let words = Words::read(&ask.words);
    let states: Vec<String> = ask.states.iter().map(|state| state.code().to_owned()).collect();
    cards!(
        "where ($1::uuid is null or member_id = $1)
             and ($2::uuid[] is null or store_id = any($2))
             and ($3::uuid is null or checkout_id = $3)
             and ($4::uuid is null or store_id = $4)
             and (cardinality($5::text[]) = 0 or state = any($5))
             and ($6::text is null or number = $6)
             and ($7::text is null or pickup_code = $7)
             and ($8::text is null or phone_tail = $8)
             and ($9::uuid is null or id < $9)
             and ($12::text is null or channel = $12)
             and (not $14 or late is not null)
             and ($15::timestamptz is null or placed_at >= $15)
             and ($16::timestamptz is null or placed_at < $16)
             and ($17::text is null or fulfilment = $17)
             and ($18::uuid[] is null or id = any($18))
             and ($19::uuid[] is null or exists (
                 select from order_lines l where l.order_id = order_cards.id and l.sku_id = any($19)))
             and ($13::text is null or region_code in (
                 with recursive below as (
                     select $13 as code union all select r.code from below b join regions r on r.parent_code = b.code
                 )
                 select code from below))
           order by case when $10 then slot_start end, id desc
           limit $11",
        within.member,
        within.reach,
        within.checkout.map(|id| id.0),
        ask.store.map(|store| store.0),
        &states,
        words.number,
        words.code.as_ref().map(PickupCode::as_str),
        words.phone_tail,
        after,
        within.by_slot,
        limit,
        ask.channel.map(Channel::code),
        ask.region.as_deref(),
        ask.late,
        from,
        until,
        ask.fulfilment.map(Fulfilment::code),
        within.goods.orders.as_deref(),
        within.goods.skus.as_deref(),
    )
    .fetch_all(tx)
    .await
    .or_fault()
}

/// One order of these.
async fn row(tx: &mut PgConnection, within: Within<'_>, id: OrderId) -> Result<Option<Row>, Fault> {
    cards!(
        "where id = $1 and ($2::uuid is null or member_id = $2) and ($3::uuid[] is null or store_id = any($3))",
        id.0,
        within.member,
        within.reach,
    )
    .fetch_optional(tx)
    .await
    .or_fault()
}

fn page_of(rows: Vec<Row>, most: usize) -> Page<Row> {
    Page::cut(rows, most, |row| row.id.to_string())
}

/// The caller's own orders, newest first.
pub async fn mine(scope: &Scope, ask: ListOrders) -> Result<Page<OrderCard>, Fault> {
    let within = Within { member: scope.own_filter()?, ..Within::default() };
    let most = ask.most.clamp(1, 100);
    let mut tx = scope.begin_search().await?;
    Ok(page_of(rows(&mut tx, within, &ask, most as i64 + 1).await?, most).map(Row::card))
}

/// Orders within a person's reach, newest first.
///
/// Faults: `Invalid` beside `to` where it is before `from`; `TooMany` past so many pickup codes that nobody has.
pub async fn list(scope: &Scope, ask: ListOrders) -> Result<Page<OrderCard>, Fault> {
    let most = ask.most.clamp(1, 100);
    Ok(page(scope, &ask, most).await?.map(Row::card))
}

/// The newest of those orders, so many at most.
///
/// Faults: those of [`list`].
pub(super) async fn newest(scope: &Scope, ask: &ListOrders, most: usize) -> Result<Vec<OrderId>, Fault> {
    Ok(page(scope, ask, most).await?.items.into_iter().map(|row| OrderId(row.id)).collect())
}

/// How many orders are read at a time where all are wanted.
const AT_A_TIME: usize = 5_000;

/// All orders of [`list`], on all its pages, each with the phone of whoever ordered as whoever asks sees it there.
/// How many whole ones there are is written to the log.
///
/// Faults: those of `list`; `Invalid` beside `q` where there are more than `most`.
pub async fn whole_list(scope: &Scope, mut ask: ListOrders, most: usize) -> Result<Vec<(OrderCard, String)>, Fault> {
    let phones = scope.sight(Column::ShopperPhone);
    let (mut found, mut whole) = (Vec::new(), 0_usize);
    loop {
        let page = page(scope, &ask, AT_A_TIME).await?;
        for mut row in page.items {
            let store = StoreId(row.store_id);
            whole += usize::from(phones.is_whole(store));
            let phone = row.phone.take().map_or_else(|| GONE.into(), |phone| phones.show(store, phone));
            found.push((row.card(), phone));
        }
        if found.len() > most {
            return Err(Fault::invalid("q", format!("订单超过 {most} 笔，请先按日期或门店筛选，分几次导出")));
        }
        ask.after = page.next;
        if ask.after.is_none() {
            break;
        }
    }
    if whole > 0 {
        note_phones(scope, ask.store, whole).await?;
    }
    Ok(found)
}

/// Writes to the log that so many whole phones go out.
async fn note_phones(scope: &Scope, store: Option<StoreId>, many: usize) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    let change = Change {
        act: Act::ExportPhones,
        object: ObjectKind::Export,
        object_id: new_id(),
        store_id: store.map(|store| store.0),
        before: json!(null),
        after: json!({ "phones": many }),
        reason: "",
    };
    audit::record(&mut tx, scope, change).await?;
    tx.commit().await.or_fault()
}

async fn page(scope: &Scope, ask: &ListOrders, most: usize) -> Result<Page<Row>, Fault> {
    let reach = scope.reach_filter(Permission::ReadOrders)?;
    let Some(goods) = Goods::of(scope, &ask.goods).await? else { return Ok(page_of(Vec::new(), most)) };
    let within = Within { reach: reach.as_deref(), goods, ..Within::default() };
    let by_code = Words::read(&ask.words).code.is_some();
    if by_code {
        codes::refuse_guessing(scope).await?;
    }
    let mut tx = scope.begin_search().await?;
    let found = rows(&mut tx, within, ask, most as i64 + 1).await?;
    drop(tx);
    if by_code && found.is_empty() {
        codes::note_miss(scope).await?;
    }
    Ok(page_of(found, most))
}

/// What a store has to do: paid, accepted and ready orders, and those on their way, the most urgent first.
pub async fn board(scope: &Scope, store: Option<StoreId>) -> Result<Vec<OrderCard>, Fault> {
    let reach = scope.reach_filter(Permission::ReadOrders)?;
    let states = vec![OrderState::Paid, OrderState::Accepted, OrderState::Ready, OrderState::Dispatched];
    let ask = ListOrders { store, states, ..ListOrders::default() };
    let within = Within { reach: reach.as_deref(), by_slot: true, ..Within::default() };
    let mut tx = scope.begin_search().await?;
    Ok(rows(&mut tx, within, &ask, 300).await?.into_iter().map(Row::card).collect())
}

/// The caller's own order.
pub async fn show(scope: &Scope, id: OrderId) -> Result<OrderView, Fault> {
    let within = Within { member: scope.own_filter()?, ..Within::default() };
    let mut view = view(scope, within, id).await?;
    for step in &mut view.steps {
        // A shopper need not know which clerk it was.
        if step.by.starts_with("店员") {
            step.by = "门店".into();
        }
    }
    Ok(view)
}

/// An order within a person's reach. The pickup code is the shopper's secret: staff do not see it,
/// or nobody would need to come for the goods. The phone is whole to those who may see it at that store.
pub async fn show_for_staff(scope: &Scope, id: OrderId) -> Result<OrderView, Fault> {
    let reach = scope.reach_filter(Permission::ReadOrders)?;
    let within = Within { reach: reach.as_deref(), ..Within::default() };
    let view = view(scope, within, id).await?;
    let shopper_phone = match view.shopper_phone {
        phone if phone.is_empty() => GONE.into(),
        phone => scope.sight(Column::ShopperPhone).show(view.card.store_id, phone),
    };
    // Who takes a parcel has a number of their own, which is seen by those who see the shopper's.
    let store = view.card.store_id;
    let sent_to =
        view.sent_to.map(|to| SentTo { phone: scope.sight(Column::ShopperPhone).show(store, to.phone), ..to });
    Ok(OrderView { pickup_code: None, shopper_phone, sent_to, ..view })
}

async fn view(scope: &Scope, within: Within<'_>, id: OrderId) -> Result<OrderView, Fault> {
    let mut tx = scope.begin().await?;
    let mut row = row(&mut tx, within, id).await?.ok_or(Fault::NotFound("这个订单"))?;
    let (shopper_phone, card) = (row.phone.take().unwrap_or_default(), row.card());
    let more = sqlx::query!(
        r#"select o.pickup_code, o.pay_before, s.code, s.address, s.phone, s.latitude, s.longitude, s.timezone,
                  coalesce((select sum(amount_fen) from payment_shares where order_id = o.id and state in ('kept', 'surplus')), 0)::bigint as "paid!",
                  r.refunded as "refunded!", r.settled_fen, r.proofs, r.delayed as "refund_delayed!"
           from orders o join stores s on s.id = o.store_id
           -- In one pass: behind the second fence each look at refunds plans the fence of orders once more.
           cross join lateral (
               select coalesce(sum(amount_fen) filter (where state in ('succeeded', 'settled')), 0)::bigint as refunded,
                      array_agg(amount_fen order by settled_at, id) filter (where state = 'settled') as settled_fen,
                      array_agg(settled_proof order by settled_at, id) filter (where state = 'settled') as proofs,
                      coalesce(bool_or(state = 'abnormal' or (state = 'wanted' and (refused or wanted_at < $2))),
                               false) as delayed
               from refunds where order_id = o.id
           ) r
           where o.id = $1"#,
        id.0,
        scope.now - payments::stuck::LATE_AFTER,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()?;
    let open = card.state.is_sale() && !card.state.is_final();
    // Those alone wait that are ready.
    let claim_before = if card.state == OrderState::Ready { unclaimed::claim_before(&mut tx, id).await? } else { None };
    let otherwise = more.settled_fen.unwrap_or_default().into_iter().zip(more.proofs.unwrap_or_default());
    Ok(OrderView {
        refunded_otherwise: otherwise.map(|(fen, proof)| OtherMeans { amount_fen: Fen(fen), proof }).collect(),
        lines: lines(&mut tx, id).await?,
        steps: steps(&mut tx, id).await?,
        sent_to: fulfilment::sent_to(&mut tx, id).await?,
        rider: fulfilment::rider(&mut tx, id).await?,
        pickup_code: more.pickup_code.filter(|_| open),
        pay_before: Some(more.pay_before).filter(|_| card.state == OrderState::Placed),
        claim_before,
        cancelling: cancel_requests::cancelling(&mut tx, scope, id, card.state).await?,
        paid_fen: Fen(more.paid),
        refunded_fen: Fen(more.refunded),
        refund_delayed: more.refund_delayed,
        store_address: more.address,
        store_code: more.code,
        store_phone: more.phone,
        store_point: Point { latitude: more.latitude, longitude: more.longitude },
        timezone: more.timezone,
        shopper_phone,
        card,
    })
}

async fn lines(tx: &mut PgConnection, id: OrderId) -> Result<Vec<OrderLine>, Fault> {
    let rows = sqlx::query!(
        "select sku_id, name, spec, options_text, picture, quantity, unit_fen, total_fen
         from order_lines where order_id = $1 order by line",
        id.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let line = |row: &i64| Quantity::try_from(*row).map_err(|reason| Fault::Internal(reason.into()));
    rows.into_iter()
        .map(|row| {
            Ok(OrderLine {
                sku_id: SkuId(row.sku_id),
                quantity: line(&row.quantity)?,
                name: row.name,
                spec: row.spec,
                options_text: row.options_text,
                picture: row.picture,
                unit_fen: Fen(row.unit_fen),
                total_fen: Fen(row.total_fen),
            })
        })
        .collect()
}

async fn steps(tx: &mut PgConnection, id: OrderId) -> Result<Vec<OrderStep>, Fault> {
    let rows = sqlx::query!(
        r#"select t.act, t.state, t.at, t.note, t.packages,
                  (case when t.member_id is not null then '本人' when p.id is not null then '店员 ' || p.name
                        when k.id is not null then '合作方 ' || k.name else '系统' end) as "by!"
           from order_steps t left join staff p on p.id = t.staff_id left join api_keys k on k.id = t.api_key_id
           where t.order_id = $1 order by t.step"#,
        id.0,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let step = |act: &str, state: &str| Some((OrderAct::from_code(act)?, OrderState::from_code(state)?));
    rows.into_iter()
        .map(|row| {
            let (act, state) =
                step(&row.act, &row.state).ok_or_else(|| Fault::Internal(format!("step {}", row.act)))?;
            Ok(OrderStep { act, state, at: row.at, by: row.by, note: row.note, packages: row.packages })
        })
        .collect()
}
