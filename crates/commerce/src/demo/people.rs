//! Who works for the demo's chain, and the merchant that has joined it.

use domain::{Fault, staff::Role};
use sqlx::PgConnection;

use crate::{
    Scope,
    database::OrFault,
    house::new_id,
    staff::{self, NewReach, NewStaff},
};

/// A log-in that the demo made or found.
pub struct DemoLogIn {
    /// Which face it is for.
    pub face: &'static str,
    /// Who it is.
    pub name: &'static str,
    /// The account's name.
    pub account: &'static str,
    /// Its password.
    pub password: &'static str,
}

/// The demo's staff. These passwords are public: `serve --production` refuses to run where one of them
/// works.
pub const LOG_INS: &[DemoLogIn] = &[
    DemoLogIn { face: "hq", name: "总部 周总", account: "hq", password: "demo-hq-2026" },
    DemoLogIn { face: "hq", name: "上海区域经理 顾经理", account: "shanghai", password: "demo-shanghai-2026" },
    DemoLogIn { face: "hq", name: "童安母婴 商户方姐", account: "merchant", password: "demo-merchant-2026" },
    DemoLogIn {
        face: "console", name: "人民广场店 店长林姐", account: "manager", password: "demo-manager-2026"
    },
    DemoLogIn { face: "console", name: "人民广场店 店员小王", account: "clerk", password: "demo-clerk-2026" },
];

/// The store whose manager and clerk the demo hires.
pub(super) const FIRST_STORE: &str = "QH-SH-001";
/// The demo's one merchant: its code, its name, its stores.
const MERCHANT: (&str, &str, &[&str]) = ("TONGAN", "童安母婴", &["BB-SH-004", "BB-NB-002"]);

/// The merchant, with those of its stores that belong to nobody. One that is there stays as it is.
pub(super) async fn merchant(tx: &mut PgConnection, scope: &Scope) -> Result<(), Fault> {
    let (code, name, stores) = MERCHANT;
    let stores: Vec<String> = stores.iter().map(|code| (*code).to_owned()).collect();
    sqlx::query!(
        "with made as (
             insert into merchants (id, code, name, created_at) values ($1, $2, $3, $4)
             on conflict (code) do nothing returning id
         )
         update stores s set merchant_id = made.id from made
         where s.code = any($5) and s.merchant_id is null and s.ownership = 'merchant'",
        new_id(),
        code,
        name,
        scope.now,
        &stores,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Everybody who is not there yet.
pub(super) async fn hire(tx: &mut PgConnection) -> Result<(), Fault> {
    for log_in in LOG_INS {
        let (role, reach) = match log_in.account {
            "hq" => (Role::SuperAdmin, NewReach::Everywhere),
            "shanghai" => (Role::RegionalManager, NewReach::Region("310000")),
            "merchant" => (Role::MerchantOwner, NewReach::Merchant(MERCHANT.0)),
            "manager" => (Role::StoreManager, NewReach::Store(FIRST_STORE)),
            _ => (Role::Clerk, NewReach::Store(FIRST_STORE)),
        };
        let (account, name, password) = (log_in.account, log_in.name, log_in.password);
        let department = if role == Role::SuperAdmin { "信息部" } else { "" };
        staff::install(tx, NewStaff { account, name, department, password, role, reach }).await?;
    }
    Ok(())
}
