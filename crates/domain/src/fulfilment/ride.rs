//! What a store does with an order that is brought to its shopper.

use serde::{Deserialize, Serialize};

use crate::{Complaint, Fault, Fields, members::Phone, orders::PickupCode};

/// The longest name of a rider, in characters.
const RIDER_MOST: usize = 30;
/// The longest reason, in characters.
pub const REASON_MOST: usize = 100;

/// Lets a rider take an order along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Dispatch {
    /// Who brings it; the shopper reads it.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 30, pattern = r"\S"))]
    pub rider_name: String,
    /// Their number; the shopper reads it.
    pub rider_phone: Phone,
}

impl Dispatch {
    /// Reads the command from a form: `rider_name`, `rider_phone`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        if !fits_rider(fields.text("rider_name")) {
            read.complain("rider_name", "请填写骑手姓名（30 字以内）");
        }
        let phone = fields.text("rider_phone").parse::<Phone>();
        if phone.is_err() {
            read.complain("rider_phone", "请填写骑手的 11 位手机号");
        }
        read.finish(|| Some(Self { rider_name: fields.text("rider_name").to_owned(), rider_phone: phone.ok()? }))
    }

    /// The rider's name without space around it.
    ///
    /// Faults: `Invalid` beside `rider_name`.
    pub fn checked_name(&self) -> Result<&str, Fault> {
        let name = self.rider_name.trim();
        if fits_rider(name) {
            Ok(name)
        } else {
            Err(Fault::invalid("rider_name", "请填写骑手姓名（30 字以内）"))
        }
    }
}

fn fits_rider(name: &str) -> bool {
    (1..=RIDER_MOST).contains(&name.chars().count()) && !name.contains(char::is_control)
}

/// Says that the shopper has got an order: by their code, or else by what the rider says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Deliver {
    /// The code that the shopper showed.
    #[serde(default)]
    pub code: Option<PickupCode>,
    /// Who took it, where nobody showed a code.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 100))]
    pub reason: String,
}

impl Deliver {
    /// Reads the command from a form: `code`, `reason`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let code: Option<PickupCode> = fields.given("code").map(str::parse).transpose()?;
        let command = Self { code, reason: fields.text("reason").to_owned() };
        command.checked()?;
        Ok(command)
    }

    /// The reason without space around it; empty beside a code.
    ///
    /// Faults: `Invalid` beside `code` and `reason`.
    pub fn checked(&self) -> Result<&str, Fault> {
        let reason = self.reason.trim();
        match &self.code {
            _ if reason.chars().count() > REASON_MOST => Err(Fault::invalid("reason", "最多 100 个字")),
            None if reason.is_empty() => Err(Fault::Invalid(vec![
                Complaint::new("code", "请输入顾客的 8 位收货码"),
                Complaint::new("reason", "没有收货码时，请写明由谁签收"),
            ])),
            _ => Ok(reason),
        }
    }
}

/// Says that nobody took an order, which is back at the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Undelivered {
    /// Why; the shopper reads it.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 100, pattern = r"\S"))]
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_shown_by_the_shoppers_code_or_by_who_took_it() {
        assert_eq!(Deliver::default().checked().unwrap_err().complaints().len(), 2);
        let told = Deliver { reason: " 前台代收 ".into(), ..Deliver::default() };
        assert_eq!(told.checked(), Ok("前台代收"));
        let shown = Deliver { code: "20481357".parse().ok(), ..Deliver::default() };
        assert_eq!(shown.checked(), Ok(""));
    }
}
