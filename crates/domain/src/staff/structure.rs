//! What a chain is divided into beside its regions: groups of stores, merchants, departments of head office (O2).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::NAME_MOST;
use crate::{Complaint, Fault, Fields};

/// The most stores of one group or merchant.
const STORES_MOST: usize = 1_000;
/// The longest code of a merchant.
const CODE_MOST: usize = 20;

/// A group of stores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct StoreGroup {
    /// Its identity.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// The codes of its stores.
    pub stores: Vec<String>,
    /// How many grants reach it at this moment.
    pub grants: i64,
}

/// Puts a group together, or anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SaveStoreGroup {
    /// What it is called.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 30, pattern = r"\S"))]
    pub name: String,
    /// The codes of its stores.
    #[cfg_attr(feature = "api", schema(min_items = 1, max_items = 1000))]
    pub stores: Vec<String>,
}

impl SaveStoreGroup {
    /// Reads the command from a form: `name`, `stores` as of [`Fields::codes`].
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let command = Self { name: fields.text("name").to_owned(), stores: fields.codes("stores") };
        command.check()?;
        Ok(command)
    }

    /// Refuses a group without a name or without a store.
    pub fn check(&self) -> Result<(), Fault> {
        all_right([wrong_name(&self.name), wrong_stores(&self.stores, 1)])
    }
}

/// A joined third party 商户, as head office sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Merchant {
    /// Its identity.
    pub id: Uuid,
    /// What it is called in tables: `BB-EAST`.
    pub code: String,
    /// What it is called.
    pub name: String,
    /// The codes of its stores.
    pub stores: Vec<String>,
    /// How many grants reach it at this moment.
    pub grants: i64,
    /// How many of its papers have run out or do so within 30 days; 0 for who may not see them.
    pub papers_due: i64,
}

/// Takes a merchant in, or changes what it is and which stores are its.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SaveMerchant {
    /// What it is called in tables: 2 to 20 capital letters, digits, `-`.
    #[cfg_attr(feature = "api", schema(min_length = 2, max_length = 20, pattern = "^[A-Z0-9][A-Z0-9-]+$"))]
    pub code: String,
    /// What it is called.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 30, pattern = r"\S"))]
    pub name: String,
    /// The codes of its stores; none yet where it has just joined.
    #[cfg_attr(feature = "api", schema(max_items = 1000))]
    pub stores: Vec<String>,
}

impl SaveMerchant {
    /// Reads the command from a form: `code`, `name`, `stores` as of [`Fields::codes`].
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let (code, name) = (fields.text("code").to_owned(), fields.text("name").to_owned());
        let command = Self { code, name, stores: fields.codes("stores") };
        command.check()?;
        Ok(command)
    }

    /// Refuses a merchant without a code that can stand in tables, or without a name.
    pub fn check(&self) -> Result<(), Fault> {
        all_right([wrong_code(&self.code), wrong_name(&self.name), wrong_stores(&self.stores, 0)])
    }
}

/// A department of head office.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Department {
    /// Its identity.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// How many people are in it, also those who cannot log in; nothing where that is not for whoever asks.
    pub people: Option<i64>,
}

/// Makes a department, or renames it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SaveDepartment {
    /// What it is called.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 30, pattern = r"\S"))]
    pub name: String,
}

impl SaveDepartment {
    /// Reads the command from a form: `name`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let command = Self { name: fields.text("name").to_owned() };
        command.check()?;
        Ok(command)
    }

    /// Refuses a department without a name.
    pub fn check(&self) -> Result<(), Fault> {
        all_right([wrong_name(&self.name)])
    }
}

fn wrong_name(name: &str) -> Option<Complaint> {
    let fits = !name.trim().is_empty() && name.chars().count() <= NAME_MOST;
    (!fits).then(|| Complaint::new("name", format!("请填写名称（{NAME_MOST} 字以内）")))
}

fn wrong_code(code: &str) -> Option<Complaint> {
    let sign = |sign: char| sign.is_ascii_uppercase() || sign.is_ascii_digit() || sign == '-';
    let fits = (2..=CODE_MOST).contains(&code.len()) && code.chars().all(sign) && !code.starts_with('-');
    (!fits).then(|| Complaint::new("code", format!("2 到 {CODE_MOST} 位大写字母或数字，可含 -")))
}

fn wrong_stores(codes: &[String], least: usize) -> Option<Complaint> {
    let fits = (least..=STORES_MOST).contains(&codes.len());
    (!fits).then(|| Complaint::new("stores", format!("请填写 {least} 到 {STORES_MOST} 个门店编号")))
}

fn all_right<const N: usize>(complaints: [Option<Complaint>; N]) -> Result<(), Fault> {
    let wrong: Vec<Complaint> = complaints.into_iter().flatten().collect();
    if wrong.is_empty() { Ok(()) } else { Err(Fault::Invalid(wrong)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merchant_has_a_code_for_tables_and_may_join_before_its_first_store() {
        let merchant = |code: &str| SaveMerchant { code: code.into(), name: "贝贝华东".into(), stores: Vec::new() };
        merchant("BB-EAST").check().unwrap();
        for wrong in ["", "B", "bb-east", "-BB", "商户", "ABCDEFGHIJKLMNOPQRSTU"] {
            assert_eq!(merchant(wrong).check().unwrap_err().complaints()[0].field, "code", "{wrong}");
        }
        let group = SaveStoreGroup { name: " ".into(), stores: Vec::new() };
        let fault = group.check().unwrap_err();
        let named: Vec<_> = fault.complaints().iter().map(|one| one.field.as_str()).collect();
        assert_eq!(named, ["name", "stores"]);
    }
}
