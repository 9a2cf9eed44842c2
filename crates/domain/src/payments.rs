//! Paying an order.

use serde::{Deserialize, Serialize};

use crate::{Fault, Fields, OrderId, PaymentId};

/// How the shopper reaches the gateway's cashier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum Cashier {
    /// A mobile browser is sent to the gateway's page.
    H5,
    /// A code on the screen is scanned with the gateway's app.
    Native,
}

crate::stores::words!(Cashier: H5 = "h5" / "手机支付", Native = "native" / "扫码支付");

/// Begins to pay an order. The amount is the order's: nobody sends one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct StartPayment {
    /// Made by the client; the idempotency key.
    pub id: PaymentId,
    /// Which order.
    pub order_id: OrderId,
    /// How.
    pub cashier: Cashier,
    /// The payer's address, which the gateway wants; the server fills it in.
    #[serde(skip)]
    pub payer_ip: String,
}

impl StartPayment {
    /// Reads the command from a form.
    pub fn from_fields(fields: &Fields, payer_ip: String) -> Result<Self, Fault> {
        let mut read = fields.read();
        let id = read.parse("key", "页面已过期，请刷新后再提交");
        let order_id = read.parse("order_id", "没有这个订单");
        let cashier = Cashier::from_code(fields.given("cashier").unwrap_or("h5"));
        if cashier.is_none() {
            read.complain("cashier", "请选择支付方式");
        }
        read.finish(|| Some(Self { id: id?, order_id: order_id?, cashier: cashier?, payer_ip }))
    }
}

/// A payment under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct PaymentStarted {
    /// Its identity.
    pub id: PaymentId,
    /// The order.
    pub order_id: OrderId,
    /// H5: where to send the browser. Native: what to show as a QR code.
    pub url: String,
}
