//! What shows that it is the member who wants something of their account changed, and not somebody who found
//! their telephone open: the password, or a code that has just gone to their number.

use chrono::Duration;
use domain::{
    Fault,
    members::{CodeFor, Phone, Proof},
    staff::PASSWORD_MOST,
};
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::{
    codes::{self, Opens, Typed},
    log_in::phone_of,
};
use crate::{Scope, database::OrFault, limits, password, sessions};

/// A member who has shown that it is them. Their row is locked until the transaction ends.
pub(super) struct Proved {
    pub tx: Transaction<'static, Postgres>,
    pub id: Uuid,
    pub phone: Phone,
}

/// A change that needs a proof, and a code for a number to come beside it.
///
/// Faults: `Unauthenticated`; `Invalid` beside `old_password`, `old_code` or `code`; `TooMany`.
pub(super) async fn begin(scope: &Scope, proof: &Proof, new: Option<(&Phone, &str)>) -> Result<Proved, Fault> {
    let me = super::me(scope).await?;
    let mut typed: Vec<Typed<'_>> = new
        .into_iter()
        .map(|(phone, code)| Typed { phone, opens: Opens::Change(CodeFor::Phone, me.id.0), code, field: "code" })
        .collect();
    let known_hash = match (&proof.old_password, &proof.old_code) {
        (Some(old), _) => Some(check_password(scope, me.id.0, old).await?),
        (None, Some(code)) => {
            let opens = Opens::Change(CodeFor::Account, me.id.0);
            typed.push(Typed { phone: &me.phone, opens, code, field: "old_code" });
            None
        }
        (None, None) => return Err(Fault::invalid("old_code", "请输入验证码，或用现在的密码验证")),
    };
    let mut tx = codes::take(scope.house_begin().await?, scope, typed).await?;
    // What was proved rests on the number and the password as they were looked at. Two who want each other's number
    // must be able to name each other, so the key is left free.
    let row = sqlx::query!(
        r#"select phone as "phone!", password_hash from members where id = $1 and phone is not null for no key update"#,
        me.id.0,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .ok_or(Fault::Unauthenticated)?;
    sessions::must_live(&mut tx, scope).await?;
    if known_hash.is_some() && known_hash != row.password_hash {
        return Err(wrong_password());
    }
    if row.phone != me.phone.as_str() {
        return Err(Fault::invalid("old_code", "手机号刚刚有变化，请重新获取验证码"));
    }
    Ok(Proved { tx, id: me.id.0, phone: phone_of(&row.phone)? })
}

fn wrong_password() -> Fault {
    Fault::invalid("old_password", "现在的密码不对")
}

/// The hash that the password of now opened.
async fn check_password(scope: &Scope, member: Uuid, old: &str) -> Result<String, Fault> {
    let most = scope.house.settings.log_ins_in_ten_minutes;
    limits::count(scope, &format!("member-password:{member}"), most, Duration::minutes(10)).await?;
    let mut tx = scope.begin().await?;
    let hash = sqlx::query_scalar!("select password_hash from members where id = $1", member)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?
        .flatten()
        .ok_or_else(|| Fault::invalid("old_password", "您还没有设置密码，请用短信验证码验证"))?;
    drop(tx);
    let fits = old.len() <= PASSWORD_MOST && password::is_right(old.to_owned(), Some(hash.clone())).await?;
    if fits { Ok(hash) } else { Err(wrong_password()) }
}
