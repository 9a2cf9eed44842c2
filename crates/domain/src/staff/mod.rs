//! People who work for head office or a store, and what they may do (O4).

use serde::{Deserialize, Serialize};

use crate::{Fault, Fields, StaffId, StoreId, stores::words};

/// One thing that can be allowed. Each use case of staff names the one it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum Permission {
    /// See stores as staff see them.
    ReadStores,
    /// See orders.
    ReadOrders,
    /// Accept, prepare, redeem.
    FulfilOrders,
    /// Turn an order down, which gives the money back.
    RejectOrders,
    /// See figures of sales.
    ReadSales,
    /// Use head office's pages.
    UseHq,
    /// Import stores and products from tables. An import may touch any store, so only a reach of all of
    /// them is enough.
    ManageImports,
    /// Give keys of the API to partners' programs, and tell them what happens. Both may concern any
    /// store, so only a reach of all of them is enough.
    ManagePartners,
}

words!(Permission:
    ReadStores = "read_stores" / "查看门店", ReadOrders = "read_orders" / "查看订单",
    FulfilOrders = "fulfil_orders" / "接单、备货、核销", RejectOrders = "reject_orders" / "拒单退款",
    ReadSales = "read_sales" / "查看销售数据", UseHq = "use_hq" / "进入总部后台",
    ManageImports = "manage_imports" / "批量导入",
    ManagePartners = "manage_partners" / "管理开放接口");

/// A named set of permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum Role {
    /// 总部超级管理员
    SuperAdmin,
    /// 区域经理
    RegionalManager,
    /// 店长
    StoreManager,
    /// 店员
    Clerk,
}

words!(Role: SuperAdmin = "super_admin" / "总部管理员", RegionalManager = "regional_manager" / "区域经理", StoreManager = "store_manager" / "店长", Clerk = "clerk" / "店员");

impl Role {
    /// What the role allows.
    pub fn permissions(self) -> &'static [Permission] {
        use Permission::*;
        match self {
            Self::SuperAdmin => Permission::ALL,
            Self::RegionalManager => &[ReadStores, ReadOrders, ReadSales, UseHq],
            Self::StoreManager => &[ReadStores, ReadOrders, FulfilOrders, RejectOrders, ReadSales],
            Self::Clerk => &[ReadStores, ReadOrders, FulfilOrders],
        }
    }
}

/// How far a grant reaches, with regions already resolved to the stores in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every store, also those to come.
    All,
    /// These stores.
    Stores(Vec<StoreId>),
}

/// A role within a reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What.
    pub role: Role,
    /// Where.
    pub reach: Reach,
}

/// How far `permission` reaches over all `grants`; `None` where none gives it.
pub fn reach_of(grants: &[Grant], permission: Permission) -> Option<Reach> {
    let mut stores: Option<Vec<StoreId>> = None;
    for grant in grants.iter().filter(|grant| grant.role.permissions().contains(&permission)) {
        match &grant.reach {
            Reach::All => return Some(Reach::All),
            Reach::Stores(more) => stores.get_or_insert_default().extend(more),
        }
    }
    stores.map(|mut stores| {
        stores.sort();
        stores.dedup();
        Reach::Stores(stores)
    })
}

/// Logs a member of staff in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct StaffLogIn {
    /// The account's name.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 64))]
    pub account: String,
    /// The password.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 512))]
    pub password: String,
}

impl StaffLogIn {
    /// Reads the command from a form.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let account = read.text("account", 64);
        if fields.given("account").is_none() {
            read.complain("account", "请输入账号");
        }
        // A password is taken as typed: spaces at its ends belong to it.
        let password = fields.0.get("password").cloned().unwrap_or_default();
        if password.is_empty() || password.len() > 512 {
            read.complain("password", "请输入密码");
        }
        read.finish(|| Some(Self { account: account?, password }))
    }
}

/// A member of staff as they see themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct StaffView {
    /// Their identity.
    pub id: StaffId,
    /// What they are called.
    pub name: String,
    /// Their roles, for people.
    pub roles: Vec<String>,
    /// Whether head office's pages are theirs.
    pub uses_hq: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_permission_reaches_only_as_far_as_the_grants_that_give_it() {
        let (one, two) = (StoreId(Uuid::from_u128(1)), StoreId(Uuid::from_u128(2)));
        let grants = [
            Grant { role: Role::Clerk, reach: Reach::Stores(vec![one, two]) },
            Grant { role: Role::StoreManager, reach: Reach::Stores(vec![two]) },
        ];
        assert_eq!(reach_of(&grants, Permission::RejectOrders), Some(Reach::Stores(vec![two])));
        assert_eq!(reach_of(&grants, Permission::FulfilOrders), Some(Reach::Stores(vec![one, two])));
        assert_eq!(reach_of(&grants, Permission::UseHq), None);
    }
}
