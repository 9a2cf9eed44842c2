//! Attempts to pay as they stand in the database. Those of the same moment are written together, since each
//! would otherwise be a durable commit of its own.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Duration, Utc};
use domain::{Fault, orders::OrderState, payments::Cashier};
use uuid::Uuid;

use super::start::not_payable;
use crate::{House, Scope, database::OrFault, jobs, together};

/// How often the payment of one order, or of one checkout, may be begun.
pub(super) const TRIES_MOST: i64 = 20;
/// What an address must still have to live to be given out: the payer has to get there.
pub(super) const TO_GET_THERE: Duration = Duration::seconds(60);
/// When the gateway is asked for the first time, should its callback not have come.
pub(super) const LOOK_UP_AFTER: Duration = Duration::seconds(30);

/// How many rounds are under way at once: one waits for the disk while the next one gathers.
const CLERKS: usize = 2;
/// How many attempts one round writes.
const ROUND_MOST: usize = 64;

/// Where attempts wait to be opened.
pub(super) type Opening = together::Desk<Attempt, Result<Opened, Fault>>;
/// Where attempts wait that have got a cashier.
pub(super) type Keeping = together::Desk<CashierFound, Result<(), Fault>>;

/// The desks of one server.
pub(super) fn desks() -> (Opening, Keeping) {
    (Opening::new(CLERKS, ROUND_MOST), Keeping::new(CLERKS, ROUND_MOST))
}

/// A member's wish to pay an order.
#[derive(Clone)]
pub(super) struct Attempt {
    pub id: Uuid,
    pub order: Uuid,
    pub member: Uuid,
    pub cashier: Cashier,
    pub at: DateTime<Utc>,
}

impl Attempt {
    /// The gateway's number is the payment's own, in a form it accepts (6 to 32 letters and digits).
    fn out_trade_no(&self) -> String {
        self.id.simple().to_string()
    }
}

/// An attempt that the gateway may hear of.
pub(super) struct Opened {
    pub out_trade_no: String,
    pub description: String,
    pub amount_fen: i64,
    pub pay_before: DateTime<Utc>,
    /// Where it is paid, if that is known from before and lives long enough.
    pub cashier_url: Option<String>,
}

/// Stores the attempt before the gateway hears of it, so that a callback always finds it; and asks a
/// job to look for it, since a callback may never come.
///
/// Faults: `NotFound` for an order not theirs; `Conflict` (`not_payable`, `too_many_tries`, `key_reused`).
pub(super) async fn open(scope: &Scope, attempt: Attempt) -> Result<Opened, Fault> {
    let round = async |house, attempts| together::all_or_each(house, attempts, open_all).await;
    scope.house.paying.opening.ask(&scope.house, attempt, round).await?
}

/// One statement, which locks the orders first.
async fn open_all(house: House, attempts: Arc<[Attempt]>) -> Result<Vec<Result<Opened, Fault>>, Fault> {
    let ids = |of: fn(&Attempt) -> Uuid| attempts.iter().map(of).collect::<Vec<Uuid>>();
    let texts = |of: fn(&Attempt) -> String| attempts.iter().map(of).collect::<Vec<String>>();
    let after = |wait: Duration| attempts.iter().map(|one| one.at + wait).collect::<Vec<DateTime<Utc>>>();
    let rows = sqlx::query!(
        r#"with asked as materialized (
               select * from unnest((select $1::uuid[]), (select $2::uuid[]), (select $3::uuid[]), (select $4::text[]), (select $5::text[]),
                                    (select $6::timestamptz[]), (select $7::timestamptz[]), (select $8::timestamptz[]))
                   with ordinality as a (id, order_id, member_id, cashier, out_trade_no, at, alive_at, look_up_at, place)
           ), ordered as materialized (
               select a.*, o.store_id, o.state, o.total_fen, o.pay_before, o.number
               from asked a join orders o on o.id = a.order_id and o.member_id = a.member_id
               order by o.id for update of o
           ), stored as (
               insert into payments (id, order_id, gateway, cashier, out_trade_no, amount_fen, state, created_at)
               select distinct on (o.id) o.id, o.order_id, 'wechat_pay', o.cashier, o.out_trade_no, o.total_fen, 'open', o.at from ordered o
               where o.state = 'placed' and o.pay_before > o.at
                 and $9 > (select count(*) from payments p where p.order_id = o.order_id and p.id <> o.id)
               on conflict (id) do update set id = payments.id
               returning id, order_id, cashier, cashier_url, cashier_url_until
           ), asking as (
               insert into jobs (kind, subject, run_at)
               select $10, o.id, o.look_up_at from ordered o join stored p on p.id = o.id and p.order_id = o.order_id
               on conflict (kind, subject) do nothing
           )
           select o.place as "place!", o.state, o.total_fen, o.pay_before, o.number, s.name,
                  p.order_id as "stored_for?", p.cashier as "cashier?",
                  (case when p.cashier_url_until > o.alive_at then p.cashier_url end) as cashier_url
           from ordered o join stores s on s.id = o.store_id left join stored p on p.id = o.id"#,
        &ids(|one| one.id),
        &ids(|one| one.order),
        &ids(|one| one.member),
        &texts(|one| one.cashier.code().to_owned()),
        &texts(Attempt::out_trade_no),
        &after(Duration::zero()),
        &after(TO_GET_THERE),
        &after(LOOK_UP_AFTER),
        TRIES_MOST,
        jobs::Kind::LookUpPayment.code(),
    )
    .fetch_all(&house.pool)
    .await
    .or_fault()?;
    let mut found: HashMap<i64, _> = rows.into_iter().map(|row| (row.place, row)).collect();
    let answer = |(place, attempt): (i64, &Attempt)| {
        let row = found.remove(&place).ok_or(Fault::NotFound("这个订单"))?;
        let state = OrderState::from_code(&row.state);
        if state != Some(OrderState::Placed) || row.pay_before <= attempt.at {
            return Err(not_payable(state));
        }
        let Some(stored_for) = row.stored_for else {
            return Err(Fault::conflict("too_many_tries", "这个订单的付款次数过多，请重新下单"));
        };
        if stored_for != attempt.order || row.cashier.as_deref() != Some(attempt.cashier.code()) {
            return Err(Fault::conflict("key_reused", "这个页面已经提交过另一笔付款，请刷新后再试"));
        }
        Ok(Opened {
            out_trade_no: attempt.out_trade_no(),
            description: format!("{} 订单 {}", row.name, row.number),
            amount_fen: row.total_fen,
            pay_before: row.pay_before,
            cashier_url: row.cashier_url,
        })
    };
    Ok((1..).zip(attempts.iter()).map(answer).collect())
}

/// The gateway's answer to an attempt.
#[derive(Clone)]
pub(super) struct CashierFound {
    pub payment: Uuid,
    pub order: Uuid,
    pub url: String,
    pub until: DateTime<Utc>,
    pub at: DateTime<Utc>,
}

/// Stores where the cashier is, unless the order was closed while the gateway was asked: a cashier that
/// has come to be since is closed again, and nobody is sent there.
///
/// Faults: `Conflict` (`not_payable`).
pub(super) async fn keep_cashier(scope: &Scope, found: CashierFound) -> Result<(), Fault> {
    let round = async |house, found| together::all_or_each(house, found, keep_all).await;
    scope.house.paying.keeping.ask(&scope.house, found, round).await?
}

/// The commit does not wait for the disk: the payments are stored, and a cashier that a crash forgets is
/// asked for again under its number.
async fn keep_all(house: House, found: Arc<[CashierFound]>) -> Result<Vec<Result<(), Fault>>, Fault> {
    let ids = |of: fn(&CashierFound) -> Uuid| found.iter().map(of).collect::<Vec<Uuid>>();
    let times = |of: fn(&CashierFound) -> DateTime<Utc>| found.iter().map(of).collect::<Vec<DateTime<Utc>>>();
    let rows = sqlx::query!(
        r#"with quick as (
               select set_config('synchronous_commit', 'off', true)
           ), asked as materialized (
               select a.* from quick, unnest((select $1::uuid[]), (select $2::uuid[]), (select $3::text[]), (select $4::timestamptz[]),
                                             (select $5::timestamptz[]))
                   as a (payment_id, order_id, url, until, at)
           ), ordered as materialized (
               select a.*, o.state from asked a join orders o on o.id = a.order_id order by o.id for update of o
           ), kept as (
               update payments p set cashier_url = (case when o.state = 'placed' then o.url end), cashier_url_until = o.until,
                      state = (case when p.state = 'closed' then 'open' else p.state end)
               from ordered o where p.id = o.payment_id
           ), closing as (
               insert into jobs (kind, subject, run_at) select $6, payment_id, at from ordered where state <> 'placed'
               on conflict (kind, subject) do nothing
           )
           select payment_id as "payment_id!", state from ordered"#,
        &ids(|one| one.payment),
        &ids(|one| one.order),
        &found.iter().map(|one| one.url.clone()).collect::<Vec<String>>(),
        &times(|one| one.until),
        &times(|one| one.at),
        jobs::Kind::ClosePayment.code(),
    )
    .fetch_all(&house.pool)
    .await
    .or_fault()?;
    let states: HashMap<Uuid, String> = rows.into_iter().map(|row| (row.payment_id, row.state)).collect();
    let answer = |one: &CashierFound| match states.get(&one.payment).map(|state| OrderState::from_code(state)) {
        Some(Some(OrderState::Placed)) => Ok(()),
        Some(state) => Err(not_payable(state)),
        None => Err(Fault::Internal("the order of a payment has gone".into())),
    };
    Ok(found.iter().map(answer).collect())
}
