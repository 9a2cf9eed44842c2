//! The pages for people: the cashier a payer is sent to, and the list of transactions.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use axum::{
    Form, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use chrono::{DateTime, Utc};
use partners::wechat_pay::TradeState;
use serde::Deserialize;

use super::{Gateway, books::Trade, control::pay, notify::Manner};
use crate::page::{BEIJING, escape, page, yuan};

/// The list shows the newest.
const MOST_SHOWN: usize = 50;
/// So long a payer waits for the merchant to hear of it, so that the page they return to knows.
const MERCHANT_FIRST: Duration = Duration::from_millis(1_500);
/// How late the callback is where the payer is to return first.
const RETURN_FIRST_S: u32 = 3;

/// The pages.
pub fn router() -> Router<Arc<Gateway>> {
    Router::new().route("/", get(list)).route("/cashier/{token}", get(show).post(act))
}

#[derive(Deserialize)]
struct Return {
    redirect_url: Option<String>,
}

#[derive(Deserialize)]
struct Act {
    action: String,
    #[serde(default)]
    redirect_url: String,
    /// A cleared field is sent empty, and means none.
    #[serde(default)]
    delay_s: String,
    #[serde(default)]
    repeat: String,
    silent: Option<String>,
    return_first: Option<String>,
}

async fn show(State(gateway): State<Arc<Gateway>>, Path(token): Path<String>, Query(back): Query<Return>) -> Response {
    let books = gateway.books();
    let Some(trade) = books.by_token(&token) else { return unknown() };
    let back = back.redirect_url.unwrap_or_default();
    match obstacle(trade, Utc::now()) {
        None => page("微信支付 · 沙箱", None, &cashier(trade, &back)).into_response(),
        Some((good, title, text)) => outcome(good, title, text, trade, &back).into_response(),
    }
}

async fn act(State(gateway): State<Arc<Gateway>>, Path(token): Path<String>, Form(act): Form<Act>) -> Response {
    let Some(trade) = gateway.books().by_token(&token).cloned() else { return unknown() };
    let back = act.redirect_url.as_str();
    if act.action == "cancel" {
        return go_back(back)
            .unwrap_or_else(|| outcome(false, "已取消", "没有付款，订单仍可支付。", &trade, back).into_response());
    }
    if let Some((good, title, text)) = obstacle(&trade, Utc::now()) {
        return outcome(good, title, text, &trade, back).into_response();
    }
    if act.action == "fail" {
        return outcome(false, "支付失败", "银行卡余额不足，没有扣款。", &trade, back).into_response();
    }
    let return_first = act.return_first.is_some();
    let asked_s = act.delay_s.parse().unwrap_or(0);
    let delay_s = if return_first { RETURN_FIRST_S.max(asked_s) } else { asked_s };
    let manner = Manner { delay_s, repeat: act.repeat.parse().unwrap_or(0), silent: act.silent.is_some() };
    match pay(&gateway, &trade.asked.out_trade_no, manner) {
        Err(refused) => outcome(false, "不能支付", &refused.message, &trade, back).into_response(),
        Ok((_, told)) => {
            if let (Some(told), 0) = (told, delay_s) {
                // Whether it was heard in time or not, the payer goes on; the callback is repeated.
                let _ = tokio::time::timeout(MERCHANT_FIRST, told).await;
            }
            go_back(back)
                .unwrap_or_else(|| outcome(true, "支付成功", "可以关闭这个页面。", &trade, back).into_response())
        }
    }
}

/// Why this transaction cannot be paid now: whether that is good news, a title, a text.
fn obstacle(trade: &Trade, now: DateTime<Utc>) -> Option<(bool, &'static str, &'static str)> {
    match trade.state {
        TradeState::Success | TradeState::Refund => Some((true, "已支付", "这笔订单已经付过款了，不用再付。")),
        TradeState::NotPay if trade.has_expired(now) => Some((false, "订单已过期", "已过支付时间，请回商家重新下单。")),
        TradeState::NotPay if trade.link_until <= now => {
            Some((false, "链接已失效", "支付链接只在 5 分钟（H5）或 2 小时内有效，请回商家重新发起支付。"))
        }
        TradeState::NotPay => None,
        _ => Some((false, "订单已关闭", "商家已关闭这笔订单，没有扣款。")),
    }
}

/// The page to return to, where the merchant gave one that is a page.
fn web_address(back: &str) -> Option<&str> {
    (back.starts_with("http://") || back.starts_with("https://")).then_some(back)
}

fn go_back(back: &str) -> Option<Response> {
    web_address(back).map(|back| Redirect::to(back).into_response())
}

fn unknown() -> Response {
    let body = "<div class=\"card center\"><h1>没有这笔交易</h1><p class=\"muted\">链接不完整，或沙箱数据已清空。</p>\
                <a class=\"button\" href=\"/\">查看全部交易</a></div>";
    (StatusCode::NOT_FOUND, page("没有这笔交易", None, body)).into_response()
}

fn cashier(trade: &Trade, back: &str) -> String {
    let (amount, description) = (yuan(trade.asked.amount.total), escape(&trade.asked.description));
    let (merchant, number) = (escape(&trade.asked.mchid), escape(&trade.asked.out_trade_no));
    let back = escape(back);
    format!(
        "<p class=\"note\">沙箱收银台：不会扣真钱。</p>\
         <form method=\"post\"><input type=\"hidden\" name=\"redirect_url\" value=\"{back}\">\
         <section class=\"card\"><p class=\"center\" style=\"margin:8px 0 0\">{description}</p>\
         <p class=\"amount\">{amount}</p><div style=\"height:12px\"></div>\
         <div class=\"row\"><span>收款商户</span><span>沙箱商户 {merchant}</span></div>\
         <div class=\"row\"><span>商户订单号</span><span>{number}</span></div>\
         <div class=\"row\"><span>支付方式</span><span>零钱</span></div></section>\
         <button class=\"main\" name=\"action\" value=\"pay\">立即支付 {amount}</button>\
         <button name=\"action\" value=\"fail\">支付失败</button>\
         <button name=\"action\" value=\"cancel\">取消</button>\
         <details class=\"card\"><summary>测试选项</summary>\
         <label>延迟通知 <input type=\"number\" name=\"delay_s\" min=\"0\" max=\"86400\" value=\"0\"> 秒</label>\
         <label>重复通知 <input type=\"number\" name=\"repeat\" min=\"0\" max=\"100\" value=\"0\"> 次</label>\
         <label><input type=\"checkbox\" name=\"silent\"> 不发通知(商家须自己查询)</label>\
         <label><input type=\"checkbox\" name=\"return_first\"> 先跳回商家,3 秒后再通知</label>\
         <p class=\"muted\">选好后点“立即支付”。</p></details></form>"
    )
}

fn outcome(good: bool, title: &str, text: &str, trade: &Trade, back: &str) -> Html<String> {
    let (class, sign) = if good { ("mark", "✓") } else { ("mark bad", "!") };
    let (amount, back) = (yuan(trade.asked.amount.total), web_address(back).map(escape));
    let back = back.map(|back| format!("<a class=\"button main\" href=\"{back}\">返回商家</a>")).unwrap_or_default();
    let again = if trade.state == TradeState::NotPay && !good {
        // An empty address is this very page, with the way back still in its query.
        "<a class=\"button\" href=\"\">重新支付</a>"
    } else {
        ""
    };
    let body = format!(
        "<div class=\"card center\"><div class=\"{class}\" aria-hidden=\"true\">{sign}</div><h1>{title}</h1>\
         <p class=\"amount\">{amount}</p><p class=\"muted\">{text}</p>{back}{again}</div>",
        title = escape(title),
        text = escape(text),
    );
    page(&format!("{title} · 沙箱"), None, &body)
}

async fn list(State(gateway): State<Arc<Gateway>>) -> Html<String> {
    let books = gateway.books();
    let mut body = format!(
        "<h1>微信支付沙箱</h1><p class=\"muted\">商户号 {}，待发通知 {} 条。页面每 5 秒自动刷新。</p>",
        escape(&gateway.keys.merchant.mch_id),
        books.pending.len(),
    );
    if books.newest().next().is_none() {
        body.push_str(
            "<div class=\"card center muted\">还没有交易。在商城下单并点“去支付”，交易就会出现在这里。</div>",
        );
    }
    for trade in books.newest().take(MOST_SHOWN) {
        let refunded: i64 = trade.refunds.iter().map(|refund| refund.amount.refund).sum();
        let refunded = if refunded > 0 { format!("，已退 {}", yuan(refunded)) } else { String::new() };
        let pay = if trade.state == TradeState::NotPay {
            format!("<a class=\"button\" href=\"/cashier/{}\">打开收银台</a>", trade.token)
        } else {
            String::new()
        };
        // Writing to a string cannot fail.
        let _ = write!(
            body,
            "<article class=\"card\"><div class=\"row\"><span>{time} · {kind}</span><span class=\"state\">{state}{refunded}</span></div>\
             <p class=\"text\"><strong>{amount}</strong> {description}</p><p class=\"muted text\">{number}</p>{pay}</article>",
            time = trade.created_at.with_timezone(&BEIJING).format("%m-%d %H:%M:%S"),
            kind = trade.kind.code(),
            state = trade.label(),
            amount = yuan(trade.asked.amount.total),
            description = escape(&trade.asked.description),
            number = escape(&trade.asked.out_trade_no),
        );
    }
    page("微信支付沙箱", Some(5), &body)
}
