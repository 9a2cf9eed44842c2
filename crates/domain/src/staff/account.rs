//! Accounts as they are managed and seen.

use std::{fmt, str::FromStr};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Department, GrantView, Merchant, Permission, Right, Role, StoreGroup, rights_of};
use crate::{Complaint, Fault, Fields, StaffId, approvals::Delegation, fields::Reading};

/// The shortest password, in characters (OWASP ASVS 5.0, 6.2.1).
pub const PASSWORD_LEAST: usize = 8;
/// The longest, in bytes: long enough for any sentence, short enough to be hashed.
pub const PASSWORD_MOST: usize = 512;
/// The longest name of an account, in bytes.
pub const ACCOUNT_MOST: usize = 64;
/// The longest name of a person, a department, a merchant, a role or a group, in characters.
pub const NAME_MOST: usize = 30;

/// A role that can be given: one that is there from the first day, or one that the customer made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RoleKey {
    /// By its code.
    BuiltIn(Role),
    /// By its identity.
    Own(Uuid),
}

impl fmt::Display for RoleKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn(role) => out.write_str(role.code()),
            Self::Own(id) => id.fmt(out),
        }
    }
}

impl FromStr for RoleKey {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        let built_in = Role::from_code(text).map(Self::BuiltIn);
        let own = || text.parse().ok().map(Self::Own);
        built_in.or_else(own).ok_or_else(|| Complaint::new("role", "请选择角色"))
    }
}

impl Serialize for RoleKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RoleKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|complaint: Complaint| serde::de::Error::custom(complaint.message))
    }
}

/// Where a grant is to apply, as people name places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum PlaceAsked {
    /// Every store, also those to come.
    Everywhere,
    /// A region with all below it.
    Region {
        /// By GB/T 2260.
        code: String,
    },
    /// A group of stores.
    Group {
        /// Which group.
        id: Uuid,
    },
    /// A merchant: all its stores, also those to come.
    Merchant {
        /// Which merchant.
        id: Uuid,
    },
    /// Some stores: a grant for each.
    Stores {
        /// By their codes.
        #[cfg_attr(feature = "api", schema(min_items = 1, max_items = 100))]
        codes: Vec<String>,
    },
}

/// Gives somebody a role somewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct GiveGrant {
    /// A built-in role's code, or the id of one of the customer's own.
    #[cfg_attr(feature = "api", schema(value_type = String))]
    pub role: RoleKey,
    /// Where.
    pub place: PlaceAsked,
    /// The last day on which it applies; until it is taken back where not given.
    #[serde(default)]
    pub until: Option<NaiveDate>,
}

/// The most stores that one act gives a role at.
pub const STORES_AT_ONCE: usize = 100;

impl GiveGrant {
    /// Refuses what a form would not let through: the same rules for whoever sends JSON.
    pub fn check(&self) -> Result<(), Fault> {
        match &self.place {
            PlaceAsked::Stores { codes } if codes.is_empty() || codes.len() > STORES_AT_ONCE => {
                Err(Fault::invalid("stores", format!("请填写 1 到 {STORES_AT_ONCE} 个门店编号")))
            }
            _ => Ok(()),
        }
    }

    /// Reads the command from a form: `role`, `place` (`everywhere`, `region`, `group`, `merchant`, `stores`) with
    /// `region`, `group`, `merchant` or `stores`, and `until`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let role = read.value("role");
        let place = match fields.text("place") {
            "everywhere" => Some(PlaceAsked::Everywhere),
            "region" => {
                let code = fields.text("region").to_owned();
                if code.is_empty() {
                    read.complain("region", "请选择区域");
                }
                Some(PlaceAsked::Region { code })
            }
            "group" => read.parse("group", "请选择门店组").map(|id| PlaceAsked::Group { id }),
            "merchant" => read.parse("merchant", "请选择商户").map(|id| PlaceAsked::Merchant { id }),
            "stores" => {
                let codes = fields.codes("stores");
                if codes.is_empty() || codes.len() > STORES_AT_ONCE {
                    read.complain("stores", "请填写 1 到 100 个门店编号");
                }
                Some(PlaceAsked::Stores { codes })
            }
            _ => {
                read.complain("place", "请选择范围");
                None
            }
        };
        let until = match fields.given("until").map(str::parse) {
            Some(Err(_)) => {
                read.complain("until", "请选择日期");
                None
            }
            until => until.and_then(Result::ok),
        };
        read.finish(|| Some(Self { role: role?, place: place?, until }))
    }
}

/// Makes an account for a person, with a first grant.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Hire {
    /// Made by the client: the same request again makes no second account.
    pub id: StaffId,
    /// What the person types to log in: 3 to 32 lower-case letters, digits, `.`, `-`, `_`.
    #[cfg_attr(feature = "api", schema(min_length = 3, max_length = 32, pattern = "^[a-z0-9][a-z0-9._-]+$"))]
    pub account: String,
    /// What the person is called.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 30))]
    pub name: String,
    /// In which department of head office they work, if in one.
    #[serde(default)]
    pub department_id: Option<Uuid>,
    /// The first password, which the person must change on the first log-in.
    #[cfg_attr(feature = "api", schema(min_length = 8, max_length = 512))]
    pub password: String,
    /// What they may do.
    pub grant: GiveGrant,
}

impl Hire {
    /// Reads the command from a form: `key`, `account`, `name`, `department`, `password`, and what
    /// [`GiveGrant::from_fields`] reads.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let id = read.parse("key", "请刷新页面后再试");
        let account = read.text("account", 32).unwrap_or_default();
        let name = read.text("name", NAME_MOST);
        let department_id = department_in(fields, &mut read);
        let password = fields.0.get("password").cloned().unwrap_or_default();
        for complaint in complaints(&account, fields.text("name"), &password) {
            read.complain(&complaint.field, &complaint.message);
        }
        let grant = GiveGrant::from_fields(fields);
        for complaint in grant.as_ref().err().map(Fault::complaints).unwrap_or_default() {
            read.complain(&complaint.field, &complaint.message);
        }
        read.finish(|| {
            Some(Self { id: id?, account, name: name?, department_id: department_id?, password, grant: grant.ok()? })
        })
    }

    /// Refuses what a form would not let through: the same rules for whoever sends JSON.
    pub fn check(&self) -> Result<(), Fault> {
        let mut wrong = complaints(&self.account, &self.name, &self.password);
        wrong.extend(self.grant.check().err().iter().flat_map(Fault::complaints).cloned());
        if wrong.is_empty() { Ok(()) } else { Err(Fault::Invalid(wrong)) }
    }
}

/// The department that a form names; an empty choice is none.
fn department_in(fields: &Fields, read: &mut Reading<'_>) -> Option<Option<Uuid>> {
    match fields.given("department") {
        None => Some(None),
        Some(_) => read.parse("department", "请选择部门").map(Some),
    }
}

/// Puts a person into a department of head office, or into none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct AssignDepartment {
    /// Which department; none where nothing stands here.
    pub department_id: Option<Uuid>,
}

impl AssignDepartment {
    /// Reads the command from a form: `department`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let department_id = department_in(fields, &mut read);
        read.finish(|| Some(Self { department_id: department_id? }))
    }
}

fn complaints(account: &str, name: &str, password: &str) -> Vec<Complaint> {
    let mut found = Vec::new();
    let sign = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || ".-_".contains(sign);
    let begins = account.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit());
    if !(3..=32).contains(&account.len()) || !account.chars().all(sign) || !begins {
        found.push(Complaint::new("account", "3 到 32 位小写字母或数字，可含 . - _"));
    }
    if name.trim().is_empty() || name.chars().count() > NAME_MOST {
        found.push(Complaint::new("name", format!("请填写姓名（{NAME_MOST} 字以内）")));
    }
    found.extend(password_length(password));
    found
}

/// What is wrong with a password's length. There are no rules of composition.
pub fn password_length(password: &str) -> Option<Complaint> {
    let fits = password.chars().count() >= PASSWORD_LEAST && password.len() <= PASSWORD_MOST;
    (!fits).then(|| Complaint::new("password", format!("密码至少 {PASSWORD_LEAST} 位，可以是一句话")))
}

/// Replaces one's own password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ChangePassword {
    /// The one of now.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 512))]
    pub old_password: String,
    /// The one to come.
    #[cfg_attr(feature = "api", schema(min_length = 8, max_length = 512))]
    pub password: String,
}

impl ChangePassword {
    /// Reads the command from a form: `old_password`, `password`, and the same again as `password_again`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        // Passwords are taken as typed: spaces at their ends belong to them.
        let [old_password, password, again] =
            ["old_password", "password", "password_again"].map(|name| fields.0.get(name).cloned().unwrap_or_default());
        if old_password.is_empty() {
            read.complain("old_password", "请输入现在的密码");
        }
        if let Some(complaint) = password_length(&password) {
            read.complain("password", &complaint.message);
        }
        if again != password {
            read.complain("password_again", "两次输入不一样");
        }
        read.finish(|| Some(Self { old_password, password }))
    }
}

/// Which accounts of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListStaff {
    /// Words in the account, name or department.
    pub words: String,
    /// Only those who have this role somewhere.
    pub role: Option<RoleKey>,
    /// Only those of this department.
    pub department: Option<Uuid>,
    /// Only those who can log in, or only those who cannot.
    pub active: Option<bool>,
    /// How many at most.
    pub most: i64,
    /// How many to pass over.
    pub skip: i64,
}

impl ListStaff {
    /// Reads the filters `q`, `role`, `department` and `active` (`yes`, `no`) of an address.
    pub fn from_fields(fields: &Fields) -> Self {
        let active = match fields.text("active") {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        let (role, department) = (fields.text("role").parse().ok(), fields.text("department").parse().ok());
        Self { words: fields.words("q"), role, department, active, most: 0, skip: 0 }
    }

    /// The filters as an address has them.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let active = self.active.map_or("", |active| if active { "yes" } else { "no" });
        vec![
            ("q", self.words.clone()),
            ("role", self.role.map(|role| role.to_string()).unwrap_or_default()),
            ("department", self.department.map(|id| id.to_string()).unwrap_or_default()),
            ("active", active.to_owned()),
        ]
    }
}

/// An account as it stands in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct StaffEntry {
    /// Its identity.
    pub id: StaffId,
    /// What the person types to log in.
    pub account: String,
    /// What they are called.
    pub name: String,
    /// Their department of head office; empty where they are in none.
    pub department: String,
    /// Which one that is.
    pub department_id: Option<Uuid>,
    /// Whether they can log in.
    pub active: bool,
    /// Their roles and where, for people: `店长 · 人民广场店`.
    pub roles: Vec<String>,
    /// When they last logged in.
    pub last_log_in_at: Option<DateTime<Utc>>,
}

/// An account with everything that it may do, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct StaffCard {
    /// Who it is.
    pub entry: StaffEntry,
    /// Whether the password must be changed before anything else.
    pub must_change_password: bool,
    /// Whether a code is asked for at the log-in.
    pub second_step: bool,
    /// The grants that apply now.
    pub grants: Vec<GrantView>,
    /// Every permission, with the grants it comes from.
    pub rights: Vec<Right>,
    /// In whose place they decide on proposals, and who does in theirs.
    pub delegations: Vec<Delegation>,
    /// Whether whoever asks may change it: nobody changes who may do more than they.
    pub may_change: bool,
}

impl StaffCard {
    /// The card of an account with these grants.
    pub fn new(entry: StaffEntry, grants: Vec<GrantView>) -> Self {
        Self {
            rights: rights_of(&grants),
            entry,
            must_change_password: false,
            second_step: false,
            grants,
            delegations: Vec::new(),
            may_change: false,
        }
    }
}

/// A role as those who give it see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct RoleView {
    /// By what it is given.
    #[cfg_attr(feature = "api", schema(value_type = String))]
    pub key: RoleKey,
    /// What it is called.
    pub name: String,
    /// What it allows.
    pub permissions: Vec<Permission>,
    /// Whether it is there from the first day and cannot be changed.
    pub built_in: bool,
    /// How many grants give it at this moment.
    pub grants: i64,
}

/// Makes a role, or changes what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SaveRole {
    /// What it is called.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 30, pattern = r"\S"))]
    pub name: String,
    /// What it allows.
    #[cfg_attr(feature = "api", schema(min_items = 1))]
    pub permissions: Vec<Permission>,
}

impl SaveRole {
    /// Reads the command from a form: `name`, `may.{permission}`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let given = |one: &Permission| fields.given(&format!("may.{}", one.code())).is_some();
        let permissions = Permission::ALL.iter().copied().filter(given).collect();
        let command = Self { name: fields.text("name").to_owned(), permissions };
        command.check()?;
        Ok(command)
    }

    /// Refuses a role without a name or without a permission.
    pub fn check(&self) -> Result<(), Fault> {
        let mut wrong = Vec::new();
        if self.name.trim().is_empty() || self.name.chars().count() > NAME_MOST {
            wrong.push(Complaint::new("name", format!("请填写角色名称（{NAME_MOST} 字以内）")));
        }
        if self.permissions.is_empty() {
            wrong.push(Complaint::new("may", "请至少勾选一项权限"));
        }
        if wrong.is_empty() { Ok(()) } else { Err(Fault::Invalid(wrong)) }
    }
}

/// A region that a grant can reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct RegionChoice {
    /// By GB/T 2260.
    pub code: String,
    /// With the regions above it: `浙江省 / 杭州市`.
    pub name: String,
}

/// What whoever asks can give to others, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct GrantChoices {
    /// The roles; each somewhere, not all of them everywhere.
    pub roles: Vec<RoleView>,
    /// Whether at every store.
    pub everywhere: bool,
    /// In these regions, of those that have stores.
    pub regions: Vec<RegionChoice>,
    /// In these groups of stores.
    pub groups: Vec<StoreGroup>,
    /// At these merchants.
    pub merchants: Vec<Merchant>,
    /// The departments that a person can be put into.
    pub departments: Vec<Department>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        Fields(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn every_mistake_of_a_new_account_is_told_at_once() {
        let fault = Hire::from_fields(&fields(&[("account", "-Ä"), ("password", "kurz")])).map(drop).unwrap_err();
        let named: Vec<_> = fault.complaints().iter().map(|one| one.field.as_str()).collect();
        assert_eq!(named, ["key", "account", "name", "password", "role", "place"]);
    }

    #[test]
    fn a_password_may_be_a_sentence_and_needs_no_special_signs() {
        assert_eq!(password_length("正确的马电池订书钉"), None);
        assert_eq!(password_length("aaaaaaaa"), None, "its length is right; that it is common is judged elsewhere");
        assert!(password_length("短密码").is_some());
        assert!(password_length(&"x".repeat(PASSWORD_MOST + 1)).is_some());
    }

    #[test]
    fn a_grant_names_one_place_and_what_that_place_needs() {
        let base = [("role", "clerk"), ("place", "stores"), ("stores", "QH-SH-001，QH-SH-002")];
        let grant = GiveGrant::from_fields(&fields(&base)).unwrap();
        assert_eq!(grant.role, RoleKey::BuiltIn(Role::Clerk));
        assert_eq!(grant.place, PlaceAsked::Stores { codes: vec!["QH-SH-001".into(), "QH-SH-002".into()] });
        for (place, lacking) in [
            ("region", "region"),
            ("group", "group"),
            ("merchant", "merchant"),
            ("stores", "stores"),
            ("moon", "place"),
        ] {
            let fault = GiveGrant::from_fields(&fields(&[("role", "clerk"), ("place", place)])).unwrap_err();
            assert_eq!(fault.complaints()[0].field, lacking);
        }
    }
}
