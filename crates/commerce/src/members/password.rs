//! A member's password, beside the codes by SMS.

use domain::{
    Fault, MemberId,
    members::{Proof, SetPassword},
};
use sqlx::PgConnection;

use super::{devices, log_in::LoggedIn, log_in::enter, proof};
use crate::{Scope, database::OrFault, password, sessions};

/// Chooses a password, or another one. Every other session of the member ends, so that whoever knew the old
/// password is out; this one gets a new token.
///
/// Faults: those of a proof; `Invalid` beside `password`.
pub async fn set_password(scope: &Scope, command: SetPassword) -> Result<LoggedIn, Fault> {
    let me = super::me(scope).await?;
    // Before any code is used up.
    password::judge(&command.password, &[me.phone.as_str(), &me.name])?;
    if command.proof.old_password.as_ref() == Some(&command.password) {
        return Err(Fault::invalid("password", "新密码不能与现在的相同"));
    }
    let hash = password::hash(command.password).await?;
    let mut proved = proof::begin(scope, &command.proof, None).await?;
    replace(&mut proved.tx, proved.id, Some(hash)).await?;
    enter(proved.tx, scope, me, None, None).await
}

/// Gives the password up: from then on only codes by SMS and WeChat open the account. Every other session ends.
///
/// Faults: those of a proof.
pub async fn remove_password(scope: &Scope, proof: &Proof) -> Result<LoggedIn, Fault> {
    let me = super::me(scope).await?;
    let mut proved = proof::begin(scope, proof, None).await?;
    replace(&mut proved.tx, proved.id, None).await?;
    enter(proved.tx, scope, me, None, None).await
}

async fn replace(tx: &mut PgConnection, member: uuid::Uuid, hash: Option<String>) -> Result<(), Fault> {
    sqlx::query!("update members set password_hash = $2 where id = $1", member, hash)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    sessions::end_all_of_member(tx, MemberId(member)).await?;
    devices::forget_all(tx, member).await
}
