//! Ordering several parts of a cart at once, of several stores or of one: one request places an order for each, all of
//! them or none, and one payment pays them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    CheckoutId, Complaint, Fault, Fen, Fields, OrderId, PaymentId,
    cart::Part,
    orders::{OrderCard, OrderPlaced, PlaceOrder},
    payments::Cashier,
};

/// Places an order for each of several parts of the cart, at several stores or at one: all of them or none.
///
/// A complaint names its field with the part behind it, which is the store's id, with `-apart` where the part is set
/// apart: `slot.{part}`, `line.{part}.{sku_id}`; what concerns a part as a whole stands beside `store.{part}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct PlaceCheckout {
    /// Made by the client; the idempotency key.
    pub id: CheckoutId,
    /// The order for each part; none twice, so two of one store are one of what is set apart and one of all else.
    #[cfg_attr(feature = "api", schema(min_items = 2, max_items = 10))]
    pub orders: Vec<PlaceOrder>,
}

impl PlaceCheckout {
    /// How many orders at most.
    pub const PARTS_MOST: usize = 10;

    /// Reads the command from a form: its `key`, and each order's fields with `.{part}` behind their names.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut complaints = Vec::new();
        let id = fields.text("key").parse();
        if id.is_err() {
            complaints.push(Complaint::new("key", "页面已过期，请刷新后再提交"));
        }
        let mut orders = Vec::new();
        for (part, _) in fields.under("key.") {
            match PlaceOrder::from_fields(&Part::fields_of(fields, part)) {
                Ok(order) => orders.push(order),
                Err(fault) => complaints.extend(beside(part, fault)?),
            }
        }
        match id {
            Ok(id) if complaints.is_empty() => Self { id, orders }.checked(),
            _ => Err(Fault::Invalid(complaints)),
        }
    }

    /// The command, where it names two to ten parts, none twice.
    ///
    /// Faults: `Invalid` beside `orders`, or `note.{part}`.
    pub fn checked(self) -> Result<Self, Fault> {
        let parts: BTreeSet<Part> = self.orders.iter().map(PlaceOrder::part).collect();
        let ids: BTreeSet<OrderId> = self.orders.iter().map(|order| order.id).collect();
        if parts.len() != self.orders.len() || ids.len() != self.orders.len() {
            return Err(Fault::invalid("orders", "同一家门店的同一份商品只能下一个订单，请刷新后再提交"));
        }
        if parts.len() < 2 || parts.len() > Self::PARTS_MOST {
            let message = format!("一起结算需要 2 到 {} 份商品", Self::PARTS_MOST);
            return Err(Fault::invalid("orders", message));
        }
        let long = |order: &&PlaceOrder| order.note.chars().count() > PlaceOrder::NOTE_MOST;
        let complaint = |order: &PlaceOrder| Complaint::new(format!("note.{}", order.part()), "最多 100 个字");
        let long: Vec<Complaint> = self.orders.iter().filter(long).map(complaint).collect();
        if long.is_empty() { Ok(self) } else { Err(Fault::Invalid(long)) }
    }
}

/// What is wrong with one part, beside that part; what is about the whole request is a fault still.
fn beside(part: impl std::fmt::Display, fault: Fault) -> Result<Vec<Complaint>, Fault> {
    let named = |complaint: Complaint| {
        let field = match complaint.field.split_once('.') {
            Some((field, rest)) => format!("{field}.{part}.{rest}"),
            None => format!("{}.{part}", complaint.field),
        };
        Complaint::new(field, complaint.message)
    };
    match fault {
        Fault::Invalid(complaints) | Fault::SoldOut(complaints) => Ok(complaints.into_iter().map(named).collect()),
        Fault::Conflict { code, message } if !matches!(code, "too_many_unpaid" | "key_reused" | "goods_changing") => {
            Ok(vec![Complaint::new(format!("store.{part}"), message)])
        }
        whole => Err(whole),
    }
}

/// The faults of several parts as one, each complaint beside its part: sold out, where that is all that is wrong. What
/// is about the whole request comes before what is about its parts.
pub fn gather(faults: Vec<(Part, Fault)>) -> Fault {
    let sold_out = faults.iter().all(|(_, fault)| matches!(fault, Fault::SoldOut(_)));
    let mut complaints = Vec::new();
    for (part, fault) in faults {
        match beside(part, fault) {
            Ok(some) => complaints.extend(some),
            Err(whole) => return whole,
        }
    }
    if sold_out { Fault::SoldOut(complaints) } else { Fault::Invalid(complaints) }
}

/// What placing several orders at once answers; the same for every repeat of the same request.
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
    fn a_checkout_is_of_two_to_ten_parts_and_of_none_twice() {
        let refused =
            |stores: &[u128]| PlaceCheckout::from_fields(&form(stores)).unwrap_err().complaints()[0].field.clone();
        assert_eq!(refused(&[1]), "orders");
        assert_eq!(refused(&(1..12).collect::<Vec<_>>()), "orders");
        assert!(PlaceCheckout::from_fields(&form(&(1..11).collect::<Vec<_>>())).is_ok());
        let mut twice = PlaceCheckout::from_fields(&form(&[1, 2])).unwrap();
        twice.orders[1].store_id = twice.orders[0].store_id;
        assert!(twice.clone().checked().is_err());
        twice.orders[1].apart = true;
        assert!(twice.checked().is_ok(), "of one store, what is set apart and all else");
    }

    #[test]
    fn one_stores_two_parts_are_two_orders_and_what_is_wrong_stands_beside_its_own() {
        let (plain, apart) = (store(1), format!("{}-apart", store(1)));
        let mut fields = form(&[1]);
        let address = Uuid::from_u128(7).to_string();
        for (name, value) in [
            ("key", store(102)),
            ("slot", "2026-06-10T06:00:00+00:00".to_owned()),
            ("expected_total_fen", "500".to_owned()),
            ("fulfilment", "delivery".to_owned()),
            ("address_id", address),
        ] {
            fields.0.insert(format!("{name}.{apart}"), value);
        }
        let command = PlaceCheckout::from_fields(&fields).unwrap();
        let read: Vec<_> = command
            .orders
            .iter()
            .map(|order| (order.part().to_string(), order.fulfilment, order.expected_total_fen.0))
            .collect();
        let expected = [(plain, Fulfilment::Pickup, 100), (apart.clone(), Fulfilment::Delivery, 500)];
        assert_eq!(read, expected);
        fields.0.insert(format!("slot.{apart}"), String::new());
        let fault = PlaceCheckout::from_fields(&fields).unwrap_err();
        let named: Vec<_> = fault.complaints().iter().map(|one| one.field.clone()).collect();
        assert_eq!(named, [format!("slot.{apart}")]);
        let closed = beside(command.orders[1].part(), Fault::conflict("store_closed", "已打烊")).unwrap();
        assert_eq!(closed[0].field, format!("store.{apart}"));
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
