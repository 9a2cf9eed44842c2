//! Beginning to pay: the order's amount becomes a transaction at the gateway.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::{
    Fault, OrderId,
    orders::OrderState,
    payments::{Cashier, PaymentStarted, StartPayment},
};
use partners::wechat_pay::{NewTransaction, Prepay, PrepayAnswer};

use crate::{Scope, database::OrFault, jobs};

/// How often the payment of one order may be begun.
const TRIES_MOST: i64 = 20;
/// What an address must still have to live to be given out: the payer has to get there.
const TO_GET_THERE: Duration = Duration::from_secs(60);
/// When the gateway is asked for the first time, should its callback not have come.
const LOOK_UP_AFTER: Duration = Duration::from_secs(30);

/// Begins to pay the caller's own order; answers where the cashier is. The same id again answers
/// the same cashier for as long as its address lives, and then a new address of the same
/// transaction. The amount is the order's.
///
/// Faults: `NotFound` for an order not theirs; `Conflict` (`not_payable`, `key_reused`); `Upstream`
/// where the gateway does not answer, with nothing lost: the same request may be sent again.
pub async fn start(scope: &Scope, command: StartPayment) -> Result<PaymentStarted, Fault> {
    let gateway = scope.house.wechat_pay();
    let gateway =
        gateway.ok_or(Fault::Upstream { who: "支付通道", hidden: "WeChat Pay is not configured".into() })?;
    let opened = open(scope, &command).await?;
    if let Some(url) = opened.cashier_url {
        return Ok(PaymentStarted { id: command.id, order_id: command.order_id, url });
    }
    let transaction = NewTransaction {
        out_trade_no: opened.out_trade_no,
        description: opened.description,
        total_fen: opened.amount_fen,
        expires_at: opened.pay_before.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        payer_ip: command.payer_ip.clone(),
    };
    let kind = match command.cashier {
        Cashier::H5 => Prepay::H5,
        Cashier::Native => Prepay::Native,
    };
    let until = scope.now + kind.lives();
    let answer = gateway.prepay(kind, &transaction).await;
    let answer = answer.map_err(|failure| Fault::Upstream { who: "支付通道", hidden: failure.to_string() })?;
    let url = match answer {
        PrepayAnswer::H5 { h5_url } => return_to(scope, h5_url, command.order_id),
        PrepayAnswer::Native { code_url } => code_url,
        other => {
            return Err(Fault::Internal(format!("the gateway answered {other:?} to {kind:?}", kind = command.cashier)));
        }
    };
    keep_cashier(scope, &command, &url, until).await?;
    Ok(PaymentStarted { id: command.id, order_id: command.order_id, url })
}

/// Stores where the cashier is, unless the order was closed while the gateway was asked: a cashier that
/// has come to be since is closed again, and nobody is sent there. The commit does not wait for the disk: the
/// payment is stored, and a cashier that a crash forgets is asked for again under its number.
async fn keep_cashier(scope: &Scope, command: &StartPayment, url: &str, until: DateTime<Utc>) -> Result<(), Fault> {
    let state = sqlx::query_scalar!(
        r#"with quick as (
               select set_config('synchronous_commit', 'off', true)
           ), ordered as materialized (
               select state from orders, quick where id = $1 for update of orders
           ), kept as (
               update payments p set cashier_url = (case when o.state = 'placed' then $3 end), cashier_url_until = $4,
                      state = (case when p.state = 'closed' then 'open' else p.state end)
               from ordered o where p.id = $2
           ), closing as (
               insert into jobs (kind, subject, run_at) select $5, $2, $6 from ordered where state <> 'placed'
               on conflict (kind, subject) do nothing
           )
           select state from ordered"#,
        command.order_id.0,
        command.id.0,
        url,
        until,
        jobs::Kind::ClosePayment.code(),
        scope.now,
    )
    .fetch_one(scope.pool())
    .await
    .or_fault()?;
    let placed = state == OrderState::Placed.code();
    if placed { Ok(()) } else { Err(not_payable(OrderState::from_code(&state))) }
}

fn not_payable(state: Option<OrderState>) -> Fault {
    let label = state.filter(|state| *state != OrderState::Placed).map_or("已超时", OrderState::label);
    Fault::conflict("not_payable", format!("订单{label}，不需要再付款"))
}

/// An H5 cashier sends the browser back to the order's page.
fn return_to(scope: &Scope, h5_url: String, order: OrderId) -> String {
    let page = format!("{}/orders/{order}", scope.house.settings.public_url);
    let joint = if h5_url.contains('?') { '&' } else { '?' };
    let page: String = page.bytes().map(escape).collect();
    format!("{h5_url}{joint}redirect_url={page}")
}

/// Percent-encoding of RFC 3986 for one byte.
fn escape(byte: u8) -> String {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    }
}

struct Opened {
    out_trade_no: String,
    description: String,
    amount_fen: i64,
    pay_before: DateTime<Utc>,
    cashier_url: Option<String>,
}

/// Stores the attempt before the gateway hears of it, so that a callback always finds it; and asks a
/// job to look for it, since a callback may never come. One statement, which locks the order first.
async fn open(scope: &Scope, command: &StartPayment) -> Result<Opened, Fault> {
    // The gateway's number is the payment's own, in a form it accepts (6 to 32 letters and digits).
    let out_trade_no = command.id.0.simple().to_string();
    let row = sqlx::query!(
        r#"with ordered as materialized (
               select id, store_id, state, total_fen, pay_before, number from orders
               where id = $2 and member_id = $3 for update
           ), stored as (
               insert into payments (id, order_id, gateway, cashier, out_trade_no, amount_fen, state, created_at)
               select $1, id, 'wechat_pay', $4, $5, total_fen, 'open', $6 from ordered
               where state = 'placed' and pay_before > $6
                 and $7 > (select count(*) from payments where order_id = $2 and id <> $1)
               on conflict (id) do update set id = payments.id
               returning id, order_id, cashier, (case when cashier_url_until > $8 then cashier_url end) as cashier_url
           ), asking as (
               insert into jobs (kind, subject, run_at) select $9, id, $10 from stored where order_id = $2
               on conflict (kind, subject) do nothing
           )
           select o.state, o.total_fen, o.pay_before, o.number, s.name,
                  p.order_id as "stored_for?", p.cashier as "cashier?", p.cashier_url
           from ordered o join stores s on s.id = o.store_id left join stored p on true"#,
        command.id.0,
        command.order_id.0,
        scope.member()?.0,
        command.cashier.code(),
        out_trade_no,
        scope.now,
        TRIES_MOST,
        scope.now + TO_GET_THERE,
        jobs::Kind::LookUpPayment.code(),
        scope.now + LOOK_UP_AFTER,
    )
    .fetch_optional(scope.pool())
    .await
    .or_fault()?
    .ok_or(Fault::NotFound("这个订单"))?;
    let state = OrderState::from_code(&row.state);
    if state != Some(OrderState::Placed) || row.pay_before <= scope.now {
        return Err(not_payable(state));
    }
    let Some(stored_for) = row.stored_for else {
        return Err(Fault::conflict("too_many_tries", "这个订单的付款次数过多，请重新下单"));
    };
    if stored_for != command.order_id.0 || row.cashier.as_deref() != Some(command.cashier.code()) {
        return Err(Fault::conflict("key_reused", "这个页面已经提交过另一笔付款，请刷新后再试"));
    }
    Ok(Opened {
        out_trade_no,
        description: format!("{} 订单 {}", row.name, row.number),
        amount_fen: row.total_fen,
        pay_before: row.pay_before,
        cashier_url: row.cashier_url,
    })
}
