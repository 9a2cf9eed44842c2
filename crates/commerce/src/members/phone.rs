//! Another number for a member.

use domain::{
    Fault, MemberId,
    members::{ChangePhone, PhoneChanged},
};

use super::{merge, proof};
use crate::{Scope, database::OrFault, sessions};

/// Changes the number of the member who asks, who has proved the old one or the password, and has the code that went
/// to the new one. Their other sessions end. Where the number is another account's, nothing changes yet: both are
/// theirs, and an offer to merge is answered.
///
/// Faults: those of a proof; `Invalid` beside `phone` and `code`.
pub async fn change_phone(scope: &Scope, command: ChangePhone) -> Result<PhoneChanged, Fault> {
    let mut proved = proof::begin(scope, &command.proof, Some((&command.phone, &command.code))).await?;
    if command.phone == proved.phone {
        return Err(Fault::invalid("phone", "这就是您现在的手机号，请输入新的"));
    }
    let holder = sqlx::query_scalar!("select id from members where phone = $1", command.phone.as_str())
        .fetch_optional(&mut *proved.tx)
        .await
        .or_fault()?;
    if let Some(other) = holder {
        let offer = merge::make_offer(proved.tx, scope, proved.id, other, true).await?;
        return Ok(PhoneChanged { member: super::me(scope).await?, merge: Some(offer) });
    }
    let me = MemberId(proved.id);
    sqlx::query!("update members set phone = $2 where id = $1", me.0, command.phone.as_str())
        .execute(&mut *proved.tx)
        .await
        .or_fault()?;
    sessions::end_others_of_member(&mut proved.tx, scope, me).await?;
    proved.tx.commit().await.or_fault()?;
    Ok(PhoneChanged { member: super::me(scope).await?, merge: None })
}
