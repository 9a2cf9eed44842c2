//! Members (B1, P8).
//!
//! - `log_in`: the ways in, oneself
//! - `codes`: codes by SMS, each for one purpose
//! - `devices`: on which devices a member has logged in
//! - `proof`: what shows that it is the member before something of their account changes
//! - `password`: a password beside the codes
//! - `phone`: another number
//! - `wechat`: the ways through WeChat, and the accounts there that are linked
//! - `rules`: what becomes of each table that names a member where accounts merge, are exported and go
//! - `merge`: two accounts of one person become one
//! - `export`: everything about oneself as one file
//! - `erase`: the person goes, and what the books need stays

mod codes;
mod devices;
mod erase;
mod export;
mod log_in;
mod merge;
mod password;
mod phone;
mod proof;
mod rules;
pub mod wechat;

pub use codes::{ask_code, ask_own_code};
pub use erase::{erase, leaving};
pub use export::export;
pub use log_in::{LoggedIn, account, log_in, log_in_with_password, me};
pub use merge::{merge, offer};
pub use password::{remove_password, set_password};
pub use phone::change_phone;
pub use rules::{Erasing, Exporting, Merging, RULES, Rule};

use domain::Fault;

use crate::{Scope, database::OrFault};

/// What staff see of a member who has gone.
pub(crate) const GONE: &str = "已注销会员";

/// Forgets what is of no use any more.
pub(crate) async fn sweep(scope: &Scope) -> Result<(), Fault> {
    codes::sweep(scope).await?;
    devices::sweep(scope).await?;
    wechat::sweep(scope).await?;
    sqlx::query!("delete from merge_offers where expires_at < $1", scope.now).execute(scope.pool()).await.or_fault()?;
    Ok(())
}
