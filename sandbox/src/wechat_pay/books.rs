//! Transactions and refunds, and the gateway's rules for them. No I/O and no clock.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use partners::wechat_pay::{
    Refund, RefundState, TradeState, Transaction,
    signing::new_nonce,
    wire::{Paid, PrepayRequest, RefundRequest, Refunded},
};
use serde::{Deserialize, Serialize};

use super::notify::Pending;
use crate::page::BEIJING;

/// Beyond this the folder is better removed: everything is in memory.
const MOST_TRADES: usize = 1_000_000;
const MOST_REFUNDS: usize = 50;
const MOST_DESCRIPTION_LETTERS: usize = 127;

/// How a transaction is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A mobile browser.
    H5,
    /// A QR code.
    Native,
    /// Inside WeChat.
    Jsapi,
    /// A native app.
    App,
}

impl Kind {
    /// `trade_type` in the protocol.
    pub fn code(self) -> &'static str {
        match self {
            Self::H5 => "MWEB",
            Self::Native => "NATIVE",
            Self::Jsapi => "JSAPI",
            Self::App => "APP",
        }
    }

    /// How long what a prepay request answers can be used.
    fn link_lives(self) -> Duration {
        match self {
            Self::H5 => Duration::minutes(5),
            Self::Native | Self::Jsapi | Self::App => Duration::hours(2),
        }
    }
}

/// One transaction.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Trade {
    /// As it was asked for.
    pub asked: PrepayRequest,
    /// How it is paid.
    pub kind: Kind,
    /// Names it in the cashier's address.
    pub token: String,
    /// Until when the last answered link works.
    pub link_until: DateTime<Utc>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// Where it stands.
    pub state: TradeState,
    /// Once paid.
    pub payment: Option<Payment>,
    /// In their order.
    pub refunds: Vec<Refund>,
}

/// Who paid and when.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Payment {
    transaction_id: String,
    at: DateTime<Utc>,
}

/// The gateway's no, in the protocol's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// HTTP status.
    pub status: u16,
    /// For programs.
    pub code: &'static str,
    /// For a person.
    pub message: String,
}

/// A [`Refused`], for `Err(…)` and `ok_or`.
pub fn refused(status: u16, code: &'static str, message: impl Into<String>) -> Refused {
    Refused { status, code, message: message.into() }
}

/// What is written to disk. Transactions are shared, so taking a snapshot is cheap.
#[derive(Default, Serialize, Deserialize)]
pub struct Snapshot {
    trades: Vec<Arc<Trade>>,
    pending: Vec<Pending>,
}

/// Everything the gateway knows.
#[derive(Default)]
pub struct Books {
    /// In the order they were asked for; the maps below hold places in it.
    trades: Vec<Arc<Trade>>,
    by_number: HashMap<String, usize>,
    by_token: HashMap<String, usize>,
    by_refund: HashMap<String, usize>,
    /// Callbacks that are not delivered yet, by id.
    pub pending: HashMap<String, Pending>,
}

impl From<Snapshot> for Books {
    fn from(snapshot: Snapshot) -> Self {
        let mut books = Self::default();
        for trade in snapshot.trades {
            books.add(trade);
        }
        books.pending = snapshot.pending.into_iter().map(|pending| (pending.id.clone(), pending)).collect();
        books
    }
}

impl Books {
    /// What there is to write.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { trades: self.trades.clone(), pending: self.pending.values().cloned().collect() }
    }

    /// The transactions, newest first.
    pub fn newest(&self) -> impl Iterator<Item = &Trade> {
        self.trades.iter().rev().map(AsRef::as_ref)
    }

    /// The transaction a cashier's address names.
    pub fn by_token(&self, token: &str) -> Option<&Trade> {
        self.by_token.get(token).map(|place| self.trades[*place].as_ref())
    }

    /// The transaction of this merchant's number.
    pub fn find(&self, out_trade_no: &str) -> Result<&Trade, Refused> {
        let place = self.place(out_trade_no)?;
        Ok(&self.trades[place])
    }

    /// A new transaction, or the same again under a fresh link.
    pub fn prepay(&mut self, kind: Kind, asked: PrepayRequest, now: DateTime<Utc>) -> Result<&Trade, Refused> {
        check(kind, &asked, now)?;
        let link_until = now + kind.link_lives();
        if let Some(place) = self.by_number.get(&asked.out_trade_no).copied() {
            let trade = Arc::make_mut(&mut self.trades[place]);
            if trade.asked.amount != asked.amount || trade.kind != kind {
                return Err(refused(403, "OUT_TRADE_NO_USED", "商户订单号已用于另一笔交易"));
            }
            trade.must_be_open()?;
            trade.link_until = link_until;
            return Ok(trade);
        }
        if self.trades.len() >= MOST_TRADES {
            return Err(refused(429, "FREQUENCY_LIMITED", "沙箱的交易太多，请清空数据目录"));
        }
        let (state, token) = (TradeState::NotPay, new_nonce().to_lowercase());
        let (payment, refunds) = (None, Vec::new());
        let place = self.trades.len();
        self.add(Arc::new(Trade { asked, kind, token, link_until, created_at: now, state, payment, refunds }));
        Ok(&self.trades[place])
    }

    /// Closes an unpaid transaction.
    pub fn close(&mut self, out_trade_no: &str) -> Result<(), Refused> {
        let place = self.place(out_trade_no)?;
        let trade = Arc::make_mut(&mut self.trades[place]);
        trade.must_be_open()?;
        trade.state = TradeState::Closed;
        Ok(())
    }

    /// Somebody pays; answers what the merchant is to be told, and where.
    pub fn pay(&mut self, out_trade_no: &str, now: DateTime<Utc>) -> Result<&Trade, Refused> {
        let place = self.place(out_trade_no)?;
        let trade = Arc::make_mut(&mut self.trades[place]);
        trade.must_be_open()?;
        if trade.has_expired(now) {
            return Err(refused(400, "ORDER_CLOSED", "订单已过支付时间"));
        }
        let day = now.with_timezone(&BEIJING).format("%Y%m%d%H%M%S");
        trade.payment = Some(Payment { transaction_id: format!("4200{day}{place:010}"), at: now });
        trade.state = TradeState::Success;
        Ok(trade)
    }

    /// Gives money back, ending in `outcome`. The flag is whether this is new: the same number again
    /// answers the same refund.
    pub fn refund(
        &mut self,
        asked: &RefundRequest,
        outcome: RefundState,
        now: DateTime<Utc>,
    ) -> Result<(Refund, bool), Refused> {
        let place = self.place(&asked.out_trade_no)?;
        if let Some(known) = self.by_refund.get(&asked.out_refund_no).copied() {
            let refund = self.refund_of(&asked.out_refund_no)?;
            let same = known == place
                && (refund.amount.refund, refund.amount.total) == (asked.amount.refund, asked.amount.total);
            let differs = || refused(400, "INVALID_REQUEST", "订单金额或退款金额与之前请求不一致");
            return if same { Ok((refund, false)) } else { Err(differs()) };
        }
        let trade = Arc::make_mut(&mut self.trades[place]);
        let payment = trade.refundable(asked, now)?;
        let day = now.with_timezone(&BEIJING).format("%Y%m%d%H%M%S");
        let refund = Refund {
            mchid: None,
            refund_id: format!("5030{day}{place:08}{:02}", trade.refunds.len()),
            out_refund_no: asked.out_refund_no.clone(),
            transaction_id: payment.transaction_id,
            out_trade_no: asked.out_trade_no.clone(),
            status: outcome,
            success_time: (outcome == RefundState::Success).then(|| rfc3339(now)),
            user_received_account: Some("支付用户零钱".into()),
            amount: Refunded {
                total: asked.amount.total,
                refund: asked.amount.refund,
                payer_total: Some(asked.amount.total),
                payer_refund: Some(asked.amount.refund),
                currency: Some("CNY".into()),
            },
        };
        trade.refunds.push(refund.clone());
        trade.state = TradeState::Refund;
        self.by_refund.insert(asked.out_refund_no.clone(), place);
        Ok((refund, true))
    }

    /// The refund of this merchant's number.
    pub fn refund_of(&self, out_refund_no: &str) -> Result<Refund, Refused> {
        let unknown = || refused(404, "RESOURCE_NOT_EXISTS", "退款单不存在");
        let place = self.by_refund.get(out_refund_no).ok_or_else(unknown)?;
        let found = self.trades[*place].refunds.iter().find(|refund| refund.out_refund_no == out_refund_no);
        found.cloned().ok_or_else(unknown)
    }

    fn add(&mut self, trade: Arc<Trade>) {
        let place = self.trades.len();
        self.by_number.insert(trade.asked.out_trade_no.clone(), place);
        self.by_token.insert(trade.token.clone(), place);
        for refund in &trade.refunds {
            self.by_refund.insert(refund.out_refund_no.clone(), place);
        }
        self.trades.push(trade);
    }

    fn place(&self, out_trade_no: &str) -> Result<usize, Refused> {
        self.by_number.get(out_trade_no).copied().ok_or_else(|| refused(404, "ORDER_NOT_EXIST", "订单不存在"))
    }
}

impl Trade {
    /// As a query answers it.
    pub fn transaction(&self) -> Transaction {
        let payment = self.payment.as_ref();
        let total = self.asked.amount.total;
        Transaction {
            mchid: self.asked.mchid.clone(),
            appid: Some(self.asked.appid.clone()),
            out_trade_no: self.asked.out_trade_no.clone(),
            transaction_id: payment.map(|payment| payment.transaction_id.clone()),
            trade_type: payment.map(|_| self.kind.code().to_owned()),
            trade_state: self.state,
            trade_state_desc: Some(self.label().to_owned()),
            bank_type: payment.map(|_| "OTHERS".to_owned()),
            success_time: payment.map(|payment| rfc3339(payment.at)),
            payer: self.asked.payer.clone(),
            amount: Some(Paid {
                total,
                payer_total: payment.map(|_| total),
                currency: Some("CNY".into()),
                payer_currency: payment.map(|_| "CNY".to_owned()),
            }),
        }
    }

    /// Its state for a person.
    pub fn label(&self) -> &'static str {
        match self.state {
            TradeState::Success => "支付成功",
            TradeState::Refund => "转入退款",
            TradeState::NotPay => "未支付",
            TradeState::Closed => "已关闭",
            TradeState::Revoked => "已撤销",
            TradeState::UserPaying => "支付中",
            TradeState::PayError => "支付失败",
            TradeState::Unknown => "未知",
        }
    }

    /// Whether the time the merchant gave is over.
    pub fn has_expired(&self, now: DateTime<Utc>) -> bool {
        let until = self.asked.time_expire.as_deref().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        until.is_some_and(|until| until <= now)
    }

    fn must_be_open(&self) -> Result<(), Refused> {
        match self.state {
            TradeState::NotPay => Ok(()),
            TradeState::Closed => Err(refused(400, "ORDER_CLOSED", "订单已关闭")),
            _ => Err(refused(400, "ORDERPAID", "订单已支付")),
        }
    }

    fn refundable(&self, asked: &RefundRequest, now: DateTime<Utc>) -> Result<Payment, Refused> {
        let invalid = |message: &str| refused(400, "INVALID_REQUEST", message);
        let payment = self.payment.as_ref().ok_or_else(|| invalid("订单未支付，不能退款"))?;
        let given: i64 = self.refunds.iter().map(|refund| refund.amount.refund).sum();
        if asked.amount.total != self.asked.amount.total {
            return Err(invalid("原订单金额与请求不一致"));
        }
        if asked.out_refund_no.is_empty() || asked.out_refund_no.len() > 64 || asked.amount.refund < 1 {
            return Err(refused(400, "PARAM_ERROR", "退款单号或退款金额不正确"));
        }
        if asked.amount.refund > asked.amount.total - given {
            return Err(invalid("退款金额超过可退金额"));
        }
        if self.refunds.len() >= MOST_REFUNDS {
            return Err(invalid("一笔订单最多退款 50 次"));
        }
        if now - payment.at > Duration::days(365) {
            return Err(invalid("交易时间超过一年，不能退款"));
        }
        Ok(payment.clone())
    }
}

/// The rules for a prepay request that need no books.
fn check(kind: Kind, asked: &PrepayRequest, now: DateTime<Utc>) -> Result<(), Refused> {
    let wrong = |message: &str| Err(refused(400, "PARAM_ERROR", message));
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-|*".contains(&byte);
    if !(6..=32).contains(&asked.out_trade_no.len()) || !asked.out_trade_no.bytes().all(allowed) {
        return wrong("商户订单号须为 6 至 32 位字母、数字或 _-|*");
    }
    if asked.description.is_empty() || asked.description.chars().count() > MOST_DESCRIPTION_LETTERS {
        return wrong("商品描述须为 1 至 127 个字符");
    }
    if asked.amount.total < 1 || asked.amount.currency != "CNY" {
        return wrong("金额须为大于 0 的人民币分");
    }
    if !asked.notify_url.starts_with("http://") && !asked.notify_url.starts_with("https://") {
        return wrong("通知地址须为 http(s) 地址");
    }
    match asked.time_expire.as_deref().map(DateTime::parse_from_rfc3339) {
        Some(Err(_)) => return wrong("交易结束时间须为 RFC 3339 格式"),
        Some(Ok(until)) if until <= now => return wrong("交易结束时间已过"),
        Some(Ok(_)) | None => {}
    }
    if kind == Kind::Jsapi && asked.payer.is_none() {
        return wrong("JSAPI 支付须有 payer.openid");
    }
    if kind == Kind::H5 && asked.scene_info.as_ref().is_none_or(|scene| scene.h5_info.is_none()) {
        return wrong("H5 支付须有 scene_info.h5_info");
    }
    Ok(())
}

/// A time as the gateway writes it.
pub fn rfc3339(time: DateTime<Utc>) -> String {
    time.with_timezone(&BEIJING).to_rfc3339_opts(SecondsFormat::Secs, false)
}
