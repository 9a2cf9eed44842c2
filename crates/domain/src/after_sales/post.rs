//! Goods that come back by post: where to, under which number, and that they have arrived; and what is sent for them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{ReceivedLine, received_lines};
use crate::{
    AddressId, Complaint, Fault, Fields,
    approvals::checked_reason,
    express::{Carrier, checked_number},
};

/// Where goods that come back are sent to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ReturnAddress {
    /// Who takes them.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 30, pattern = r"\S"))]
    pub name: String,
    /// A number under which a carrier reaches them: 5 to 20 digits, with hyphens and spaces.
    #[cfg_attr(feature = "api", schema(min_length = 5, max_length = 20, pattern = "^[0-9+ -]{5,20}$"))]
    pub phone: String,
    /// All of the address, from the province on.
    #[cfg_attr(feature = "api", schema(min_length = 5, max_length = 120, pattern = r"\S"))]
    pub address: String,
}

impl ReturnAddress {
    /// The address as it is kept.
    ///
    /// Faults: `Invalid` beside `name`, `phone` or `address`.
    pub fn checked(&self) -> Result<Self, Fault> {
        let [name, phone, address] = [&self.name, &self.phone, &self.address].map(|text| text.trim().to_owned());
        let mut complaints = Vec::new();
        let mut must = |holds: bool, field: &str, message: &str| {
            if !holds {
                complaints.push(Complaint::new(field, message));
            }
        };
        let plain = |text: &str| !text.chars().any(char::is_control);
        let long = |text: &str, least, most| (least..=most).contains(&text.chars().count());
        must(long(&name, 1, 30) && plain(&name), "name", "请填写收件人（30 字以内）");
        let dials = phone.chars().all(|sign| sign.is_ascii_digit() || "+- ".contains(sign));
        let digits = phone.chars().filter(char::is_ascii_digit).count();
        must(dials && digits >= 5 && long(&phone, 5, 20), "phone", "请填写收件电话：5 到 20 位数字，可用 - 分隔");
        must(long(&address, 5, 120) && plain(&address), "address", "请填写完整的收件地址（5 到 120 字）");
        if complaints.is_empty() { Ok(Self { name, phone, address }) } else { Err(Fault::Invalid(complaints)) }
    }
}

/// The address of a store; goods cannot be sent to it where it has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ReturnsByPost {
    /// Where goods that come back are sent to; nothing where they are brought alone.
    pub address: Option<ReturnAddress>,
}

impl ReturnsByPost {
    /// Reads it from a form: `name`, `phone`, `address`; none of them where there is to be no address.
    pub fn from_fields(fields: &Fields) -> Self {
        let [name, phone, address] = ["name", "phone", "address"].map(|field| fields.text(field).to_owned());
        let none = [&name, &phone, &address].iter().all(|text| text.trim().is_empty());
        Self { address: (!none).then_some(ReturnAddress { name, phone, address }) }
    }
}

/// The shopper has sent the goods of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct PostReturn {
    /// Who brings them.
    pub carrier: Carrier,
    /// The carrier's number: 6 to 40 letters, digits and hyphens. Small letters become capital ones.
    #[cfg_attr(feature = "api", schema(min_length = 6, max_length = 40, pattern = "^[0-9A-Za-z-]{6,40}$"))]
    pub tracking_number: String,
    /// Of an exchange: to which of the shopper's addresses the store sends what they get instead, where it sends by
    /// express. Leaving it out means that they come for it, also where an address was said before.
    #[serde(default)]
    pub send_to: Option<AddressId>,
}

impl PostReturn {
    /// Reads the command from a form: `carrier`, `tracking_number`, and `send_to`, which may be empty.
    ///
    /// Faults: `Invalid` beside them.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let (carrier, tracking_number) = parcel(fields)?;
        let send_to = match fields.given("send_to") {
            None => None,
            Some(id) => Some(id.parse().map_err(|_| Fault::invalid("send_to", "没有这个地址，请重新选择"))?),
        };
        Ok(Self { carrier, tracking_number, send_to })
    }

    /// The command as it is kept.
    ///
    /// Faults: `Invalid` beside `tracking_number`.
    pub fn checked(&self) -> Result<Self, Fault> {
        Ok(Self { tracking_number: checked_number(&self.tracking_number)?, ..self.clone() })
    }
}

/// Who brings a parcel and its number, of a form: `carrier` and `tracking_number`.
///
/// Faults: `Invalid` beside them.
fn parcel(fields: &Fields) -> Result<(Carrier, String), Fault> {
    let number = checked_number(fields.text("tracking_number"));
    match (Carrier::from_code(fields.text("carrier")), number) {
        (Some(carrier), Ok(tracking_number)) => Ok((carrier, tracking_number)),
        (None, Ok(_)) => Err(Fault::invalid("carrier", "请选择快递公司")),
        (Some(_), Err(fault)) => Err(fault),
        (None, Err(fault)) => {
            let mut complaints = vec![Complaint::new("carrier", "请选择快递公司")];
            complaints.extend(fault.complaints().iter().cloned());
            Err(Fault::Invalid(complaints))
        }
    }
}

/// What a shopper gets in exchange leaves in a parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SendExchange {
    /// Who brings it.
    pub carrier: Carrier,
    /// The carrier's number: 6 to 40 letters, digits and hyphens. Small letters become capital ones.
    #[cfg_attr(feature = "api", schema(min_length = 6, max_length = 40, pattern = "^[0-9A-Za-z-]{6,40}$"))]
    pub tracking_number: String,
}

impl SendExchange {
    /// The command as it is kept.
    ///
    /// Faults: `Invalid` beside `tracking_number`.
    pub fn checked(&self) -> Result<Self, Fault> {
        Ok(Self { carrier: self.carrier, tracking_number: checked_number(&self.tracking_number)? })
    }
}

/// The goods of a request have arrived by post.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ArriveReturn {
    /// How each of the request's lines came. Of an exchange nothing is said before the shopper comes for what they get
    /// instead, or it is sent: it is counted then.
    #[serde(default)]
    pub lines: Vec<ReceivedLine>,
    /// Of an exchange that is to be sent, once its goods were noted: under which number it leaves now. With that the
    /// request is over.
    #[serde(default)]
    pub sent: Option<SendExchange>,
}

impl ArriveReturn {
    /// Reads the command from a form: the fields of [`received_lines`], and where `send` is there, `carrier` and
    /// `tracking_number`.
    ///
    /// Faults: as of [`received_lines`]; `Invalid` beside `carrier` or `tracking_number`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let lines = received_lines(fields)?;
        let sent = fields.given("send").map(|_| parcel(fields)).transpose()?;
        let sent = sent.map(|(carrier, tracking_number)| SendExchange { carrier, tracking_number });
        Ok(Self { lines, sent })
    }
}

/// What has arrived by post is not what was agreed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct RefuseArrived {
    /// Why; the shopper reads it.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 200, pattern = r"\S"))]
    pub note: String,
}

impl RefuseArrived {
    /// The reason.
    ///
    /// Faults: `Invalid` beside `note`.
    pub fn checked_note(&self) -> Result<&str, Fault> {
        checked_reason("note", &self.note, "请写明拒收的原因（200 字以内），顾客会看到")
    }
}

/// Goods that a shopper has sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct PostedReturn {
    /// Who brings them.
    pub carrier: Carrier,
    /// The carrier's number.
    pub tracking_number: String,
    /// When the shopper said so.
    pub posted_at: DateTime<Utc>,
    /// When they came to the store, of an exchange whose goods wait there for the shopper.
    pub arrived_at: Option<DateTime<Utc>>,
    /// Where what they get instead is sent; nothing where they come for it.
    #[serde(default)]
    pub send_to: Option<ExchangeAddress>,
    /// Under which number it was sent, once it was.
    #[serde(default)]
    pub sent: Option<SentExchange>,
}

/// Where what comes in exchange is sent: an address of the shopper's, as it was when they said so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ExchangeAddress {
    /// Which one of their book.
    pub id: AddressId,
    /// Who takes it.
    pub name: String,
    /// Their number; `138****8000` to staff who may not see it whole there.
    pub phone: String,
    /// All of the address, from the province on.
    pub address: String,
}

/// What was sent in exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SentExchange {
    /// Who brings it.
    pub carrier: Carrier,
    /// The carrier's number.
    pub tracking_number: String,
    /// When it left.
    pub sent_at: DateTime<Utc>,
}

impl SentExchange {
    /// `顺丰速运 SF1234567890`.
    pub fn text(&self) -> String {
        format!("{} {}", self.carrier.label(), self.tracking_number)
    }
}

impl PostedReturn {
    /// `顺丰速运 SF1234567890`.
    pub fn text(&self) -> String {
        format!("{} {}", self.carrier.label(), self.tracking_number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(name: &str, phone: &str, address: &str) -> ReturnAddress {
        ReturnAddress { name: name.into(), phone: phone.into(), address: address.into() }
    }

    #[test]
    fn a_parcel_finds_its_way_to_an_address_or_the_address_is_not_kept() {
        let good = address(" 售后组 ", "021-6350 1234", "上海市黄浦区人民大道 1 号").checked().unwrap();
        assert_eq!(good.name, "售后组");
        let told = |one: ReturnAddress| one.checked().unwrap_err().complaints()[0].field.clone();
        assert_eq!(told(address(" ", "13800000000", "上海市黄浦区人民大道 1 号")), "name");
        assert_eq!(told(address("售后", "请打电话", "上海市黄浦区人民大道 1 号")), "phone");
        assert_eq!(told(address("售后", "- - - -", "上海市黄浦区人民大道 1 号")), "phone");
        assert_eq!(told(address("售后", "13800000000", "上海")), "address");
        assert_eq!(told(address("售后", "13800000000", &"长".repeat(121))), "address");
        assert_eq!(address("", "", "").checked().unwrap_err().complaints().len(), 3);
    }

    #[test]
    fn a_parcel_of_the_shopper_has_a_carrier_and_a_number() {
        let read = |carrier: &str, number: &str| {
            let pairs = [("carrier", carrier), ("tracking_number", number)];
            PostReturn::from_fields(&Fields(pairs.map(|(name, value)| (name.into(), value.into())).into()))
        };
        assert_eq!(read("shunfeng", "sf 1234567").unwrap().tracking_number, "SF1234567");
        let told = |fault: Result<PostReturn, Fault>| {
            fault.unwrap_err().complaints().iter().map(|one| one.field.clone()).collect::<Vec<_>>()
        };
        assert_eq!(told(read("", "SF1234567")), ["carrier"]);
        assert_eq!(told(read("shunfeng", "12345")), ["tracking_number"]);
        assert_eq!(told(read("pigeon", "单号一二三四五六")), ["carrier", "tracking_number"]);
    }

    #[test]
    fn what_is_sent_in_exchange_has_a_number_and_an_address_of_the_book() {
        let fields = |pairs: &[(&str, &str)]| {
            Fields(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        };
        let sent = [("carrier", "shunfeng"), ("tracking_number", "SF1234567")];
        let to = |id| PostReturn::from_fields(&fields(&[sent[0], sent[1], ("send_to", id)]));
        assert_eq!(to("").unwrap().send_to, None);
        assert_eq!(to("家里").unwrap_err().complaints()[0].field, "send_to");
        let id = "01a207e5-52a1-7000-8000-000000000202";
        assert_eq!(to(id).unwrap().send_to.map(|id| id.to_string()).as_deref(), Some(id));
        let noted = ArriveReturn::from_fields(&fields(&[])).unwrap();
        assert_eq!(noted, ArriveReturn::default());
        let out = ArriveReturn::from_fields(&fields(&[sent[0], sent[1], ("send", "1")])).unwrap();
        assert_eq!(out.sent.unwrap().tracking_number, "SF1234567");
        let fault = ArriveReturn::from_fields(&fields(&[sent[0], ("send", "1")])).unwrap_err();
        assert_eq!(fault.complaints()[0].field, "tracking_number");
    }
}
