//! Keys with which partners' programs use the API: what they may do, where, and how often (T5).

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::{Fault, Fields, staff::Permission};

/// What a key can be given: no more than what the API lets a person of staff do.
pub const GRANTABLE: &[Permission] = &[
    Permission::ReadStores,
    Permission::EditStores,
    Permission::ReadOrders,
    Permission::FulfilOrders,
    Permission::RejectOrders,
    Permission::ManageOrders,
    Permission::RefundOrders,
    Permission::ReadSales,
    Permission::CountStock,
    Permission::ReceiveGoods,
    Permission::MoveStock,
    Permission::ManageSupply,
    Permission::ManagePurchasing,
    Permission::SeeCosts,
];

/// What of it is given only by those who may do it everywhere themselves: it calls orders off or pays them back, whatever
/// their stores say.
pub const GIVEN_BY_ITS_OWN: &[Permission] = &[Permission::ManageOrders, Permission::RefundOrders];

/// How many requests a minute a key is given unless somebody says otherwise.
pub const PER_MINUTE: u32 = 600;
/// The most that one can be given.
pub const PER_MINUTE_MOST: u32 = 60_000;
/// The longest name, in characters.
pub const NAME_MOST: usize = 60;

/// A key to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateKey {
    /// Whose it is, for people.
    pub name: String,
    /// What it may do.
    pub permissions: Vec<Permission>,
    /// The codes of the stores at which.
    pub stores: Vec<String>,
    /// The codes of the warehouses at which; where neither names any, it is every store and warehouse.
    pub warehouses: Vec<String>,
    /// Requests a minute.
    pub per_minute: u32,
    /// The last day on which it works.
    pub until: Option<NaiveDate>,
}

impl CreateKey {
    /// Reads the command from a form: `name`, `may.{permission}`, `stores` and `warehouses` as of [`Fields::codes`],
    /// `per_minute`, `until`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let name = read.text("name", NAME_MOST);
        if fields.given("name").is_none() {
            read.complain("name", "请填写合作方名称");
        }
        let permissions: Vec<Permission> =
            GRANTABLE.iter().copied().filter(|one| fields.given(&format!("may.{}", one.code())).is_some()).collect();
        if permissions.is_empty() {
            read.complain("may", "请至少勾选一项权限");
        }
        let (stores, warehouses) = (fields.codes("stores"), fields.codes("warehouses"));
        let per_minute = fields.given("per_minute").map_or(Some(PER_MINUTE), |text| text.parse().ok());
        let per_minute = per_minute.filter(|number| (1..=PER_MINUTE_MOST).contains(number));
        if per_minute.is_none() {
            read.complain("per_minute", &format!("须是 1 到 {PER_MINUTE_MOST} 的整数"));
        }
        let until = fields.given("until").map(|text| text.parse::<NaiveDate>());
        if matches!(until, Some(Err(_))) {
            read.complain("until", "请选择日期");
        }
        let until = until.and_then(Result::ok);
        read.finish(|| Some(Self { name: name?, permissions, stores, warehouses, per_minute: per_minute?, until }))
    }
}

/// A key as head office sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyView {
    /// Its identity.
    pub id: Uuid,
    /// Whose it is.
    pub name: String,
    /// How the key begins; `None` until it was made.
    pub prefix: Option<String>,
    /// What it may do.
    pub permissions: Vec<Permission>,
    /// The names of the stores at which; `None` is every store and warehouse.
    pub stores: Option<Vec<String>>,
    /// The names of the warehouses at which.
    pub warehouses: Vec<String>,
    /// Requests a minute.
    pub per_minute: u32,
    /// Who created it.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// From when on it does not work any more.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Whether it works no longer, for whatever reason.
    pub state: KeyState,
}

impl KeyView {
    /// Where it works, for people: stores, then warehouses.
    pub fn places_text(&self) -> String {
        match &self.stores {
            None => "全部门店与仓库".to_owned(),
            Some(stores) => stores.iter().chain(&self.warehouses).map(String::as_str).collect::<Vec<_>>().join("、"),
        }
    }
}

/// Whether a key works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It was set up, and its secret not taken yet.
    New,
    /// It works.
    Working,
    /// Its time is over.
    Expired,
    /// Somebody has ended it.
    Revoked,
}

impl KeyState {
    /// As people read it.
    pub fn label(self) -> &'static str {
        match self {
            Self::New => "待下载",
            Self::Working => "使用中",
            Self::Expired => "已到期",
            Self::Revoked => "已停用",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        Fields(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn a_key_is_given_only_what_can_be_given() {
        let asked = fields(&[
            ("name", "配送平台"),
            ("may.read_orders", "on"),
            ("may.manage_orders", "on"),
            ("may.manage_imports", "on"),
            ("stores", "QH-SH-001，QH-SH-002 "),
            ("warehouses", "CK-SH"),
        ]);
        let key = CreateKey::from_fields(&asked).unwrap();
        assert_eq!(key.permissions, [Permission::ReadOrders, Permission::ManageOrders]);
        assert_eq!(key.stores, ["QH-SH-001", "QH-SH-002"]);
        assert_eq!(key.warehouses, ["CK-SH"]);
        assert_eq!((key.per_minute, key.until), (PER_MINUTE, None));
    }

    #[test]
    fn every_mistake_of_a_key_is_told_at_once() {
        let fault = CreateKey::from_fields(&fields(&[("per_minute", "0"), ("until", "明天")])).unwrap_err();
        let named: Vec<_> = fault.complaints().iter().map(|one| one.field.as_str()).collect();
        assert_eq!(named, ["name", "may", "per_minute", "until"]);
    }
}
