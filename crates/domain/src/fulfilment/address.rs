//! Where members have things sent (B6).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{AddressId, Complaint, Fault, Fields, geo::Point, members::Phone};

/// How many addresses a member keeps.
pub const ADDRESSES_MOST: i64 = 20;

const NAME_MOST: usize = 30;
const DETAIL_MOST: usize = 120;

/// Where something is sent, and to whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Address {
    /// Who takes it.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 30, pattern = r"\S"))]
    pub name: String,
    /// Their number.
    pub phone: Phone,
    /// The city, or the province where the tree of regions stops there, by GB/T 2260.
    #[cfg_attr(feature = "api", schema(pattern = "^[0-9]{6}$"))]
    pub region_code: String,
    /// District, street, house, door.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 120, pattern = r"\S"))]
    pub detail: String,
    /// Where it is, WGS-84. Delivery by a rider needs it.
    pub point: Option<Point>,
}

impl Address {
    /// The address without space around its texts.
    ///
    /// Faults: `Invalid` beside `name`, `region_code`, `detail` or `point`.
    pub fn checked(&self) -> Result<Self, Fault> {
        let (name, detail) = (self.name.trim().to_owned(), self.detail.trim().to_owned());
        let fits =
            |text: &str, most: usize| (1..=most).contains(&text.chars().count()) && !text.contains(char::is_control);
        let mut complaints = Vec::new();
        if !fits(&name, NAME_MOST) {
            complaints.push(Complaint::new("name", format!("请填写收货人（{NAME_MOST} 字以内）")));
        }
        if self.region_code.len() != 6 || !self.region_code.bytes().all(|sign| sign.is_ascii_digit()) {
            complaints.push(Complaint::new("region_code", "请选择所在城市"));
        }
        if !fits(&detail, DETAIL_MOST) {
            complaints.push(Complaint::new("detail", format!("请填写详细地址（{DETAIL_MOST} 字以内）")));
        }
        if self.point.is_some_and(|point| Point::new(point.latitude, point.longitude).is_none()) {
            complaints.push(Complaint::new("point", "位置的经纬度超出范围，请重新定位"));
        }
        if complaints.is_empty() { Ok(Self { name, detail, ..self.clone() }) } else { Err(Fault::Invalid(complaints)) }
    }
}

/// Adds an address to one's book, or changes one of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SaveAddress {
    /// Made by the client: the same request again adds no second one.
    pub id: AddressId,
    /// The address.
    #[serde(flatten)]
    pub address: Address,
    /// Whether it is the one that is offered first.
    #[serde(default)]
    pub is_default: bool,
}

impl SaveAddress {
    /// Reads the command from a form: `key`, `name`, `phone`, `region_code`, `detail`, `default`, and where it is as
    /// `point` (`纬度,经度`).
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let id = read.parse("key", "页面已过期，请刷新后再提交");
        let phone: Option<Phone> = read.value("phone");
        let point: Option<Option<Point>> = match fields.given("point") {
            None => Some(None),
            Some(_) => read.parse("point", "位置须是“纬度,经度”，例如 31.2304,121.4737").map(Some),
        };
        let text = |name: &str| fields.text(name).to_owned();
        // What does not parse is complained about together with what breaks a rule.
        let stand_in = || "13800138000".parse().ok();
        let rest = Address {
            name: text("name"),
            phone: phone.clone().or_else(stand_in).ok_or_else(|| Fault::Internal("a phone that is none".into()))?,
            region_code: text("region_code"),
            detail: text("detail"),
            point: point.flatten(),
        };
        let rest = rest.checked().map_err(|fault| {
            fault.complaints().iter().for_each(|one| read.complain(&one.field, &one.message));
        });
        let is_default = fields.given("default").is_some();
        read.finish(|| {
            let address = Address { phone: phone?, ..rest.ok()? };
            Some(Self { id: id?, address, is_default })
        })
    }
}

/// An address in its member's book.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct AddressView {
    /// Its identity.
    pub id: AddressId,
    /// The address.
    #[serde(flatten)]
    pub address: Address,
    /// `上海市`, `浙江省 杭州市`.
    pub region: String,
    /// Whether it is the one that is offered first.
    pub is_default: bool,
    /// When it was last changed.
    pub saved_at: DateTime<Utc>,
}

impl AddressView {
    /// `浙江省 杭州市 西湖区文三路 1 号`.
    pub fn text(&self) -> String {
        format!("{} {}", self.region, self.address.detail)
    }
}

/// Where an order goes, as it was when it was placed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SentTo {
    /// Who takes it.
    pub name: String,
    /// Their number; `138****8000` to staff who may not see it whole there.
    pub phone: String,
    /// By GB/T 2260.
    pub region_code: String,
    /// `上海市`, `浙江省 杭州市`.
    pub region: String,
    /// District, street, house, door.
    pub detail: String,
    /// Where it is, WGS-84.
    pub point: Option<Point>,
}

impl SentTo {
    /// `浙江省 杭州市 西湖区文三路 1 号`.
    pub fn text(&self) -> String {
        format!("{} {}", self.region, self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        Fields(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    const WHOLE: [(&str, &str); 6] = [
        ("key", "01a207ec-117b-712b-b90d-b991cfaa067d"),
        ("name", " 小林 "),
        ("phone", "13800138000"),
        ("region_code", "310100"),
        ("detail", "黄浦区人民大道 1 号"),
        ("point", "31.2304,121.4737"),
    ];

    #[test]
    fn an_address_is_read_as_people_type_it() {
        let read = SaveAddress::from_fields(&fields(&WHOLE)).unwrap();
        assert_eq!((read.address.name.as_str(), read.is_default), ("小林", false));
        assert_eq!(read.address.point, Point::new(31.2304, 121.4737));
    }

    #[test]
    fn every_mistake_in_an_address_is_told_beside_its_field() {
        let long = "长".repeat(121);
        for (name, bad) in [
            ("name", ""),
            ("name", "a\u{7}b"),
            ("phone", "123"),
            ("region_code", "上海"),
            ("detail", ""),
            ("detail", long.as_str()),
            ("point", "91,0"),
            ("point", "x"),
            ("key", "x"),
        ] {
            let changed: Vec<_> = WHOLE.iter().map(|one| if one.0 == name { (name, bad) } else { *one }).collect();
            let fault = SaveAddress::from_fields(&fields(&changed)).unwrap_err();
            let named: Vec<_> = fault.complaints().iter().map(|one| one.field.as_str()).collect();
            assert_eq!(named, [name], "{bad}");
        }
        let fault = SaveAddress::from_fields(&Fields::default()).unwrap_err();
        assert_eq!(fault.complaints().len(), 5);
    }
}
