//! What is paid to suppliers: an invoice at once or in parts, and payments that were entered wrongly.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::payables::AMOUNT_MOST;
use crate::{
    Fault, Fen, Fields, SupplierPaymentId,
    approvals::{REASON_MOST, checked_reason},
    fields::Reading,
};

/// The longest number of a bank's, in characters.
const REFERENCE_MOST: usize = 60;
/// What is said where there is none, or a longer one.
const NO_REFERENCE: &str = "请填写流水号（60 字以内）";
/// What is said where no amount is named.
const NO_AMOUNT: &str = "请填写金额（元）";

fn checked_number(reference: &str) -> Result<&str, Fault> {
    let reference = checked_reason("reference", reference, NO_REFERENCE)?;
    if reference.chars().count() <= REFERENCE_MOST {
        return Ok(reference);
    }
    Err(Fault::invalid("reference", NO_REFERENCE))
}

fn day_of(read: &mut Reading<'_>) -> Option<NaiveDate> {
    read.parse("paid_on", "请选择日期")
}

fn reference_of(read: &mut Reading<'_>, fields: &Fields) -> Option<String> {
    if fields.given("reference").is_none() {
        read.complain("reference", NO_REFERENCE);
    }
    read.text("reference", REFERENCE_MOST)
}

/// What is paid of an invoice of this amount once `more` of it is paid as well. The amount of a credit and what is paid
/// of it are negative; `more`, which the supplier then pays back, is not.
///
/// Faults: `Invalid` beside `amount` for nothing, or more than is left.
pub fn paid_after(amount: Fen, paid: Fen, more: Fen) -> Result<Fen, Fault> {
    let left = amount.0 - paid.0;
    if (1..=left.abs()).contains(&more.0) {
        return Ok(Fen(paid.0 + left.signum() * more.0));
    }
    let why = format!("这张发票还有 {} 未结清，请填写不超过它的金额", Fen(left.abs()));
    Err(Fault::invalid("amount", why))
}

/// Says that an invoice was paid, or all that is left of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct PayInvoice {
    /// On which day.
    pub paid_on: NaiveDate,
    /// The bank's number of the payment.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 60, pattern = r"\S"))]
    pub reference: String,
}

impl PayInvoice {
    /// Reads the command from a form: `paid_on`, `reference`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let (paid_on, reference) = (day_of(&mut read), reference_of(&mut read, fields));
        read.finish(|| Some(Self { paid_on: paid_on?, reference: reference? }))
    }

    /// The reference.
    ///
    /// Faults: `Invalid` beside `reference`.
    pub fn checked_reference(&self) -> Result<&str, Fault> {
        checked_number(&self.reference)
    }
}

/// Says that so much of an invoice was paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "api", schema(as = PayInvoicePart))]
pub struct PayPart {
    /// Made by the client: the same request again pays nothing twice.
    pub id: SupplierPaymentId,
    /// How much, at most what is left; of a credit, what the supplier has paid back.
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 10_000_000_000_i64))]
    pub amount_fen: Fen,
    /// On which day.
    pub paid_on: NaiveDate,
    /// The bank's number of the payment.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 60, pattern = r"\S"))]
    pub reference: String,
    /// Whatever else is to be known of it.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 200))]
    pub note: String,
}

impl PayPart {
    /// Refuses what a form would not let through; answers the reference.
    ///
    /// Faults: `Invalid` beside `amount`, `reference` or `note`.
    pub fn checked(&self) -> Result<&str, Fault> {
        if !(1..=AMOUNT_MOST).contains(&self.amount_fen.0) {
            return Err(Fault::invalid("amount", NO_AMOUNT));
        }
        if self.note.trim().chars().count() > REASON_MOST {
            return Err(Fault::invalid("note", format!("最多 {REASON_MOST} 个字")));
        }
        checked_number(&self.reference)
    }

    /// Reads the command from a form: `key`, `amount` in yuan, `paid_on`, `reference`, `note`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let id = read.parse("key", "请刷新页面后再试");
        let amount = Fen::typed(fields.text("amount"));
        if amount.is_none() {
            read.complain("amount", NO_AMOUNT);
        }
        let (paid_on, reference) = (day_of(&mut read), reference_of(&mut read, fields));
        let note = read.text("note", REASON_MOST);
        read.finish(|| {
            Some(Self { id: id?, amount_fen: amount?, paid_on: paid_on?, reference: reference?, note: note? })
        })
    }
}

/// Takes a payment back that was entered wrongly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "api", schema(as = TakeBackSupplierPayment))]
pub struct TakeBackPayment {
    /// Why.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 200, pattern = r"\S"))]
    pub reason: String,
}

impl TakeBackPayment {
    /// Reads the command from a form: `reason`.
    pub fn from_fields(fields: &Fields) -> Self {
        Self { reason: fields.text("reason").to_owned() }
    }

    /// The reason.
    ///
    /// Faults: `Invalid` beside `reason`.
    pub fn checked(&self) -> Result<&str, Fault> {
        checked_reason("reason", &self.reason, "请写明撤销原因（200 字以内）")
    }
}

/// What was paid of an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct InvoicePayment {
    /// Its identity.
    pub id: SupplierPaymentId,
    /// How much; of a credit, what the supplier has paid back.
    pub amount_fen: Fen,
    /// On which day.
    pub paid_on: NaiveDate,
    /// The bank's number of it.
    pub reference: String,
    /// Whatever else is to be known of it.
    pub note: String,
    /// Who entered it.
    pub entered_by: String,
    /// When.
    pub entered_at: DateTime<Utc>,
    /// That it was taken back, where it was entered wrongly: it counts no more.
    pub taken_back: Option<PaymentTakenBack>,
}

/// How a payment was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct PaymentTakenBack {
    /// By whom.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn parts_end_at_the_amount_and_never_go_beyond_it() {
        for amount in [-700_i64, -1, 1, 700] {
            let mut paid = Fen::ZERO;
            for part in [1, 200, 300, 700] {
                let left = amount.abs() - paid.0.abs();
                match paid_after(Fen(amount), paid, Fen(part)) {
                    Ok(after) => {
                        assert_eq!(after.0.abs(), paid.0.abs() + part);
                        assert!(part <= left && after.0.signum() == amount.signum(), "{part} of {left}");
                        paid = after;
                    }
                    Err(fault) => {
                        assert!(part > left, "{part} of {left}");
                        assert!(fault.complaints()[0].message.contains(&Fen(left).to_string()), "{fault:?}");
                    }
                }
            }
            let rest = Fen(amount.abs() - paid.0.abs());
            if rest != Fen::ZERO {
                assert_eq!(paid_after(Fen(amount), paid, rest), Ok(Fen(amount)));
            }
            for nothing in [i64::MIN, -1, 0] {
                assert!(paid_after(Fen(amount), Fen::ZERO, Fen(nothing)).is_err());
            }
        }
        assert!(paid_after(Fen::ZERO, Fen::ZERO, Fen(1)).is_err(), "nothing is owed");
    }

    #[test]
    fn a_payment_names_an_amount_and_the_banks_number() {
        let part = |amount, reference: &str, note: &str| PayPart {
            id: SupplierPaymentId(Uuid::from_u128(1)),
            amount_fen: Fen(amount),
            paid_on: NaiveDate::default(),
            reference: reference.into(),
            note: note.into(),
        };
        assert_eq!(part(1, " ICBC-889 ", "").checked(), Ok("ICBC-889"));
        let long = "9".repeat(61);
        for wrong in [part(0, "x", ""), part(-1, "x", ""), part(1, " ", ""), part(1, &long, "")] {
            assert!(wrong.checked().is_err(), "{wrong:?}");
        }
        assert!(part(1, "x", &"字".repeat(201)).checked().is_err());
    }
}
