//! Ordering at several stores at once: one request places an order at each, all of them or none, and one payment
//! pays them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    CheckoutId, Complaint, Fault, Fen, Fields, OrderId, PaymentId, StoreId,
    orders::{OrderCard, OrderPlaced, PlaceOrder},
    payments::Cashier,
};

/// Places an order at each of several stores: all of them or none.
///
/// A complaint names its field with the store behind it: `slot.{store_id}`, `line.{store_id}.{sku_id}`; what concerns a
/// store's part as a whole stands beside `store.{store_id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct PlaceCheckout {
    /// Made by the client; the idempotency key.
    pub id: CheckoutId,
    /// The order at each store; no store twice.
    #[cfg_attr(feature = "api", schema(min_items = 2, max_items = 10))]
    pub orders: Vec<PlaceOrder>,
}

impl PlaceCheckout {
    /// How many stores at most.
    pub const STORES_MOST: usize = 10;

    /// Reads the command from a form: its `key`, and each order's fields with `.{store_id}` behind their names.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut complaints = Vec::new();
        let id = fields.text("key").parse();
        if id.is_err() {
            complaints.push(Complaint::new("key", "页面已过期，请刷新后再提交"));
        }
        let mut orders = Vec::new();
        for (store, _) in fields.under("key.") {
            match PlaceOrder::from_fields(&part_of(fields, store)) {
                Ok(order) => orders.push(order),
                Err(fault) => complaints.extend(beside(store, fault)?),
            }
        }
        match id {
            Ok(id) if complaints.is_empty() => Self { id, orders }.checked(),
            _ => Err(Fault::Invalid(complaints)),
        }
    }

    /// The command, where it names two to ten stores, none twice.
    ///
    /// Faults: `Invalid` beside `orders`, or `note.{store_id}`.
    pub fn checked(self) -> Result<Self, Fault> {
        let stores: BTreeSet<StoreId> = self.orders.iter().map(|order| order.store_id).collect();
        let ids: BTreeSet<OrderId> = self.orders.iter().map(|order| order.id).collect();
        if stores.len() != self.orders.len() || ids.len() != self.orders.len() {
            return Err(Fault::invalid("orders", "每家门店只能有一份订单，请刷新后再提交"));
        }
        if stores.len() < 2 || stores.len() > Self::STORES_MOST {
            let message = format!("一起结算需要 2 到 {} 家门店", Self::STORES_MOST);
            return Err(Fault::invalid("orders", message));
        }
        let long = |order: &&PlaceOrder| order.note.chars().count() > PlaceOrder::NOTE_MOST;
        let complaint = |order: &PlaceOrder| Complaint::new(format!("note.{}", order.store_id), "最多 100 个字");
        let long: Vec<Complaint> = self.orders.iter().filter(long).map(complaint).collect();
        if long.is_empty() { Ok(self) } else { Err(Fault::Invalid(long)) }
    }
}

/// The fields of one store's order, named as those of an order by itself.
fn part_of(fields: &Fields, store: &str) -> Fields {
    let mut part = fields.of(store);
    part.0.insert("store_id".into(), store.to_owned());
    part
}

/// What is wrong with the part of one store, beside that part; what is about the whole request is a fault still.
fn beside(store: impl std::fmt::Display, fault: Fault) -> Result<Vec<Complaint>, Fault> {
    let named = |complaint: Complaint| {
        let field = match complaint.field.split_once('.') {
            Some((field, rest)) => format!("{field}.{store}.{rest}"),
            None => format!("{}.{store}", complaint.field),
        };
        Complaint::new(field, complaint.message)
    };
    match fault {
        Fault::Invalid(complaints) | Fault::SoldOut(complaints) => Ok(complaints.into_iter().map(named).collect()),
        Fault::Conflict { code, message } if !matches!(code, "too_many_unpaid" | "key_reused" | "goods_changing") => {
            Ok(vec![Complaint::new(format!("store.{store}"), message)])
        }
        whole => Err(whole),
    }
}

/// The faults of several stores' parts as one, each complaint beside its part: sold out, where that is all that is
/// wrong. What is about the whole request comes before what is about its parts.
pub fn gather(faults: Vec<(StoreId, Fault)>) -> Fault {
    let sold_out = faults.iter().all(|(_, fault)| matches!(fault, Fault::SoldOut(_)));
    let mut complaints = Vec::new();
    for (store, fault) in faults {
        match beside(store, fault) {
            Ok(some) => complaints.extend(some),
            Err(whole) => return whole,
        }
    }
    if sold_out { Fault::SoldOut(complaints) } else { Fault::Invalid(complaints) }
}

/// What placing at several stores answers; the same for every repeat of the same request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct CheckoutPlaced {
    /// Its identity.
    pub id: CheckoutId,
    /// The orders, in the order of their ids.
    pub orders: Vec<OrderPlaced>,
    /// What is to be paid for all of them.
    pub total_fen: Fen,
}

/// Orders that were placed together, as they stand now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct CheckoutView {
    /// Its identity.
    pub id: CheckoutId,
    /// The orders, newest first.
    pub orders: Vec<OrderCard>,
    /// What one payment of all that wait for one comes to.
    pub payable_fen: Fen,
    /// How many orders wait for a payment.
    pub payable: i64,
    /// Until when they must be paid.
    pub pay_before: Option<DateTime<Utc>>,
}

/// Begins to pay all orders of a checkout that can be paid at this moment. Nobody sends an amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartCheckoutPayment {
    /// Made by the client; the idempotency key.
    pub id: PaymentId,
    /// Which checkout.
    pub checkout_id: CheckoutId,
    /// How.
    pub cashier: Cashier,
    /// The order on whose page the shopper pays, which they come back to; any of it where it is not known.
    pub from_order: Option<OrderId>,
    /// The payer's address, which the gateway wants; the server fills it in.
    pub payer_ip: String,
}

impl StartCheckoutPayment {
    /// Reads the command from a form.
    pub fn from_fields(fields: &Fields, payer_ip: String) -> Result<Self, Fault> {
        let mut read = fields.read();
        let id = read.parse("key", "页面已过期，请刷新后再提交");
        let checkout_id = read.parse("checkout_id", "没有这些订单");
        let cashier = Cashier::from_code(fields.given("cashier").unwrap_or("h5"));
        if cashier.is_none() {
            read.complain("cashier", "请选择支付方式");
        }
        let from_order = fields.text("order_id").parse().ok();
        read.finish(|| Some(Self { id: id?, checkout_id: checkout_id?, cashier: cashier?, from_order, payer_ip }))
    }
}

/// A payment of several orders under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct CheckoutPaymentStarted {
    /// Its identity.
    pub id: PaymentId,
    /// The checkout.
    pub checkout_id: CheckoutId,
    /// The orders that it pays.
    pub orders: Vec<OrderId>,
    /// What is paid for all of them.
    pub amount_fen: Fen,
    /// H5: where to send the browser. Native: what to show as a QR code.
    pub url: String,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::fulfilment::Fulfilment;

    fn store(place: u128) -> String {
        Uuid::from_u128(place).to_string()
    }

    /// The form of a checkout at these stores.
    fn form(stores: &[u128]) -> Fields {
        let mut fields = vec![("key".to_owned(), store(99))];
        for place in stores {
            let store = store(*place);
            fields.extend([
                (format!("key.{store}"), Uuid::from_u128(100 + place).to_string()),
                (format!("slot.{store}"), "2026-06-10T05:00:00+00:00".to_owned()),
                (format!("expected_total_fen.{store}"), format!("{place}00")),
                (format!("note.{store}"), format!("备注{place}")),
            ]);
        }
        Fields(fields.into_iter().collect())
    }

    #[test]
    fn each_stores_part_is_read_from_its_own_fields() {
        let command = PlaceCheckout::from_fields(&form(&[1, 2])).unwrap();
        let read: Vec<_> = command
            .orders
            .iter()
            .map(|order| (order.store_id.to_string(), order.expected_total_fen.0, order.note.as_str()))
            .collect();
        assert_eq!(read, [(store(1), 100, "备注1"), (store(2), 200, "备注2")]);
    }

    #[test]
    fn each_stores_part_goes_its_own_way_to_its_own_address() {
        let mut fields = form(&[1, 2, 3]);
        let address = Uuid::from_u128(7).to_string();
        for (place, way) in [(1, "express"), (2, "delivery")] {
            fields.0.insert(format!("fulfilment.{}", store(place)), way.into());
            fields.0.insert(format!("address_id.{}", store(place)), address.clone());
        }
        let command = PlaceCheckout::from_fields(&fields).unwrap();
        let wishes: Vec<_> =
            command.orders.iter().map(|order| (order.fulfilment, order.address_id.map(|id| id.to_string()))).collect();
        let expected = [
            (Fulfilment::Express, Some(address.clone())),
            (Fulfilment::Delivery, Some(address)),
            (Fulfilment::Pickup, None),
        ];
        assert_eq!(wishes, expected);
        fields.0.insert(format!("fulfilment.{}", store(3)), "by_air".into());
        let fault = PlaceCheckout::from_fields(&fields).unwrap_err();
        assert_eq!(fault.complaints()[0].field, format!("fulfilment.{}", store(3)));
    }

    #[test]
    fn what_is_wrong_with_a_part_is_said_beside_it_and_all_at_once() {
        let mut fields = form(&[1, 2]);
        fields.0.insert(format!("slot.{}", store(1)), String::new());
        fields.0.insert(format!("note.{}", store(2)), "长".repeat(101));
        let fault = PlaceCheckout::from_fields(&fields).unwrap_err();
        let named: Vec<_> = fault.complaints().iter().map(|one| one.field.clone()).collect();
        assert_eq!(named, [format!("slot.{}", store(1)), format!("note.{}", store(2))]);
    }

    #[test]
    fn a_checkout_is_of_two_to_ten_stores_and_of_none_twice() {
        let refused =
            |stores: &[u128]| PlaceCheckout::from_fields(&form(stores)).unwrap_err().complaints()[0].field.clone();
        assert_eq!(refused(&[1]), "orders");
        assert_eq!(refused(&(1..12).collect::<Vec<_>>()), "orders");
        assert!(PlaceCheckout::from_fields(&form(&(1..11).collect::<Vec<_>>())).is_ok());
        let mut twice = PlaceCheckout::from_fields(&form(&[1, 2])).unwrap();
        twice.orders[1].store_id = twice.orders[0].store_id;
        assert!(twice.checked().is_err());
    }

    #[test]
    fn a_conflict_of_one_store_stands_beside_it_and_one_of_the_shopper_stays_a_conflict() {
        let closed = beside(store(1), Fault::conflict("store_closed", "已打烊")).unwrap();
        assert_eq!(closed, [Complaint::new(format!("store.{}", store(1)), "已打烊")]);
        let lacking = Fault::SoldOut(vec![Complaint::new("line.7", "已售罄")]);
        assert_eq!(beside(store(1), lacking).unwrap(), [Complaint::new(format!("line.{}.7", store(1)), "已售罄")]);
        assert!(beside(store(1), Fault::conflict("too_many_unpaid", "太多")).is_err());
    }
}
