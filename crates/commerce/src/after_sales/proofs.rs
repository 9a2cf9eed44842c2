//! Pictures that a shopper sends as proof. They are theirs, and private to them and the stores that the request
//! concerns.

use domain::{AfterSalesId, Fault, FileId, MemberId, after_sales::AfterSalesState, files::Purpose};

use super::not_found;
use crate::{Scope, database::OrFault, files};

/// How many pictures a request may have.
pub const PROOFS_MOST: usize = 6;

/// Whether whoever asks may add a picture to a request now; answers whose it becomes.
///
/// Faults: `NotFound` for another's; `Conflict` (`not_now`) once it is settled.
pub async fn may(scope: &Scope, id: AfterSalesId) -> Result<MemberId, Fault> {
    let me = scope.member()?;
    let mut tx = scope.begin().await?;
    let row = sqlx::query!("select state, member_id from after_sales where id = $1", id.0)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?
        .filter(|row| row.member_id == me.0)
        .ok_or_else(not_found)?;
    let open = AfterSalesState::from_code(&row.state).is_some_and(AfterSalesState::takes_proofs);
    if open { Ok(me) } else { Err(over()) }
}

/// Nothing is decided any more, so there is nothing to prove.
pub(super) fn over() -> Fault {
    Fault::conflict("not_now", "这张售后单已结束，不能再添加照片")
}

/// Adds a picture to one's own request.
///
/// Faults: those of [`may`]; `Invalid` beside `file` for what is no picture; `Conflict` (`proofs_full`); `TooMany`.
pub async fn add(scope: &Scope, id: AfterSalesId, name: &str, bytes: Vec<u8>) -> Result<FileId, Fault> {
    let me = may(scope, id).await?;
    let purpose = Purpose::AfterSalesProof(me);
    let made = files::made(scope, purpose, bytes).await?;
    let mut tx = scope.begin().await?;
    super::lock(&mut tx, id).await?;
    let known = sqlx::query!(
        "select f.id, f.sha256 from after_sales_proofs p join files f on f.id = p.file_id where p.after_sales_id = $1",
        id.0,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    if let Some(same) = known.iter().find(|file| made.is(&file.sha256)) {
        return Ok(FileId(same.id));
    }
    if known.len() >= PROOFS_MOST {
        return Err(Fault::conflict("proofs_full", format!("每张售后单最多 {PROOFS_MOST} 张照片")));
    }
    let file = files::keep(&mut tx, scope, purpose, name, made).await?;
    sqlx::query!("update files set unused_since = null where id = $1", file.0).execute(&mut *tx).await.or_fault()?;
    sqlx::query!("insert into after_sales_proofs (file_id, after_sales_id) values ($1, $2)", file.0, id.0)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    tx.commit().await.or_fault()?;
    Ok(file)
}
