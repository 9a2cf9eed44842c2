//! Beginning to pay: the order's amount becomes a transaction at the gateway.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::{
    Fault, OrderId,
    orders::OrderState,
    payments::{Cashier, PaymentStarted, StartPayment},
};
use partners::wechat_pay::{NewTransaction, Prepay, PrepayAnswer, WeChatPay};

use super::attempts::{self, Attempt, CashierFound, Opened};
use crate::{FaultPoint, Scope};

/// Begins to pay the caller's own order; answers where the cashier is. The same id again answers
/// the same cashier for as long as its address lives, and then a new address of the same
/// transaction. The amount is the order's.
///
/// Faults: `NotFound` for an order not theirs; `Conflict` (`not_payable`, `key_reused`); `Upstream`
/// where the gateway does not answer, with nothing lost: the same request may be sent again.
pub async fn start(scope: &Scope, command: StartPayment) -> Result<PaymentStarted, Fault> {
    configured(scope)?;
    let attempt = Attempt {
        id: command.id.0,
        order: command.order_id.0,
        member: scope.member()?.0,
        cashier: command.cashier,
        at: scope.now,
    };
    let opened = attempts::open(scope, attempt).await?;
    if let Some(url) = opened.cashier_url {
        return Ok(PaymentStarted { id: command.id, order_id: command.order_id, url });
    }
    let (url, until) = find_cashier(scope, opened, command.cashier, &command.payer_ip, command.order_id).await?;
    let found =
        CashierFound { payment: command.id.0, order: command.order_id.0, url: url.clone(), until, at: scope.now };
    attempts::keep_cashier(scope, found).await?;
    Ok(PaymentStarted { id: command.id, order_id: command.order_id, url })
}

/// The gateway, where there is one.
pub(super) fn configured(scope: &Scope) -> Result<&WeChatPay, Fault> {
    let none = || Fault::Upstream { who: "支付通道", hidden: "WeChat Pay is not configured".into() };
    scope.house.wechat_pay().ok_or_else(none)
}

/// Asks the gateway for the cashier of an attempt that is stored; answers its address, and how long that lives. Who
/// pays there comes back to the page of `order`.
pub(super) async fn find_cashier(
    scope: &Scope,
    opened: Opened,
    cashier: Cashier,
    payer_ip: &str,
    order: OrderId,
) -> Result<(String, DateTime<Utc>), Fault> {
    let transaction = NewTransaction {
        out_trade_no: opened.out_trade_no,
        description: opened.description,
        total_fen: opened.amount_fen,
        expires_at: opened.pay_before.to_rfc3339_opts(SecondsFormat::Secs, true),
        payer_ip: payer_ip.to_owned(),
    };
    let kind = match cashier {
        Cashier::H5 => Prepay::H5,
        Cashier::Native => Prepay::Native,
    };
    let until = scope.now + kind.lives();
    scope.house.pass(FaultPoint::AttemptStored);
    let answer = configured(scope)?.prepay(kind, &transaction).await;
    let answer = answer.map_err(|failure| Fault::Upstream { who: "支付通道", hidden: failure.to_string() })?;
    let url = match answer {
        PrepayAnswer::H5 { h5_url } => return_to(scope, h5_url, order),
        PrepayAnswer::Native { code_url } => code_url,
        other => return Err(Fault::Internal(format!("the gateway answered {other:?} to {cashier:?}"))),
    };
    scope.house.pass(FaultPoint::CashierMade);
    Ok((url, until))
}

pub(super) fn not_payable(state: Option<OrderState>) -> Fault {
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
