//! Papers of merchants 证照 (O3): seen and added by whoever manages merchants and by the merchant's owners, removed by
//! the former alone. Each is a file that is never published, and goes out by nothing but [`read`].

use chrono::NaiveDate;
use domain::{
    Fault, FileId,
    audit::{Act, ObjectKind},
    files::Purpose,
    staff::{AddPaper, MerchantPaper, PAPERS_MOST, PaperKind, PaperStanding, Permission, Place},
};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    files::{self, Content, Kept},
};

const NO_MERCHANT: Fault = Fault::NotFound("这个商户");
const GONE: Fault = Fault::NotFound("这份证照");

/// The merchants whose people whoever asks manages by a grant at the merchant itself.
///
/// Faults: `Unauthenticated`; `PeopleOnly`.
pub fn owned(scope: &Scope) -> Result<Vec<Uuid>, Fault> {
    let grants = &scope.person()?.grants;
    let manages = grants.iter().filter(|grant| grant.permissions.contains(&Permission::ManageStaff));
    let merchants = manages.filter_map(|grant| match grant.place {
        Place::Merchant { id } => Some(id),
        _ => None,
    });
    Ok(merchants.collect())
}

/// Whoever asks may see the papers of this merchant and add to them.
///
/// Faults: those of [`owned`]; `Forbidden` for who manages nobody; `NotFound` for another's, or one that is not there.
pub async fn may(scope: &Scope, merchant: Uuid) -> Result<(), Fault> {
    let own = owned(scope)?;
    if scope.staff_everywhere(Permission::ManageRoles).is_err() {
        scope.reach(Permission::ManageStaff)?;
        if !own.contains(&merchant) {
            return Err(NO_MERCHANT);
        }
    }
    let found = sqlx::query!("select id from merchants where id = $1", merchant).fetch_optional(scope.pool()).await;
    found.or_fault()?.map(drop).ok_or(NO_MERCHANT)
}

/// The papers of a merchant, those that run out first before the others.
///
/// Faults: those of [`may`].
pub async fn list(scope: &Scope, merchant: Uuid) -> Result<Vec<MerchantPaper>, Fault> {
    may(scope, merchant).await?;
    let mut tx = scope.begin().await?;
    let rows = sqlx::query!(
        "select p.file_id, p.kind, p.valid_until, p.added_at, f.name, a.name as added_by
         from merchant_papers p join files f on f.id = p.file_id join staff a on a.id = p.added_by
         where p.merchant_id = $1 order by p.valid_until nulls last, p.added_at desc, p.file_id",
        merchant,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let paper = rows.into_iter().map(|row| MerchantPaper {
        id: FileId(row.file_id),
        kind: PaperKind::from_code(&row.kind).unwrap_or_default(),
        name: row.name,
        valid_until: row.valid_until,
        standing: PaperStanding::of(row.valid_until, scope.now),
        added_by: row.added_by,
        added_at: row.added_at,
    });
    Ok(paper.collect())
}

/// Adds a paper to a merchant: a PDF, or a picture of it. The same file again is the paper that it is, with what is
/// said of it now.
///
/// Faults: those of [`may`]; `Invalid` beside `valid_until`, or beside `file` for what is not taken; `Conflict`
/// (`papers_full`); `TooMany`.
pub async fn add(
    scope: &Scope,
    merchant: Uuid,
    command: AddPaper,
    name: &str,
    bytes: Vec<u8>,
) -> Result<FileId, Fault> {
    may(scope, merchant).await?;
    command.check()?;
    let purpose = Purpose::MerchantPaper(merchant);
    let made = files::made(scope, purpose, bytes).await?;
    let mut tx = scope.begin().await?;
    lock(&mut tx, merchant).await?;
    let there = sqlx::query!(
        "select p.file_id, p.kind, p.valid_until, f.name, f.sha256 from merchant_papers p
         join files f on f.id = p.file_id where p.merchant_id = $1",
        merchant,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let after = |name: &str| said(command.kind.code(), command.valid_until, name);
    if let Some(same) = there.iter().find(|paper| made.is(&paper.sha256)) {
        let (before, after) = (said(&same.kind, same.valid_until, &same.name), after(&same.name));
        if before != after {
            say(&mut tx, same.file_id, command).await?;
            note(&mut tx, scope, Act::SavePaper, merchant, [before, after]).await?;
            tx.commit().await.or_fault()?;
        }
        return Ok(FileId(same.file_id));
    }
    if there.len() >= PAPERS_MOST {
        return Err(Fault::conflict("papers_full", format!("每个商户最多 {PAPERS_MOST} 份证照，请先移除过期的")));
    }
    let file = files::keep(&mut tx, scope, purpose, name, made).await?;
    let kept = sqlx::query_scalar!("update files set unused_since = null where id = $1 returning name", file.0)
        .fetch_one(&mut *tx)
        .await
        .or_fault()?;
    sqlx::query!(
        "insert into merchant_papers (file_id, merchant_id, kind, valid_until, added_by, added_at)
         values ($1, $2, $3, $4, $5, $6)",
        file.0,
        merchant,
        command.kind.code(),
        command.valid_until,
        scope.staff()?.id.0,
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    note(&mut tx, scope, Act::SavePaper, merchant, [json!(null), after(&kept)]).await?;
    tx.commit().await.or_fault()?;
    Ok(file)
}

/// Says something else of a paper that is there.
async fn say(tx: &mut PgConnection, id: Uuid, command: AddPaper) -> Result<(), Fault> {
    sqlx::query!(
        "update merchant_papers set kind = $2, valid_until = $3 where file_id = $1",
        id,
        command.kind.code(),
        command.valid_until,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Removes a paper: from then on nobody sees it. Removing twice is removing once.
///
/// Faults: `Forbidden` for who does not manage merchants; `NotFound`, also for another merchant's.
pub async fn remove(scope: &Scope, merchant: Uuid, id: FileId) -> Result<(), Fault> {
    scope.staff_everywhere(Permission::ManageRoles)?;
    let mut tx = scope.begin().await?;
    lock(&mut tx, merchant).await?;
    let file = sqlx::query!(
        r#"select f.name, p.kind as "kind?", p.valid_until from files f left join merchant_papers p on p.file_id = f.id
           where f.id = $1 and f.merchant_id = $2"#,
        id.0,
        merchant,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .ok_or(GONE)?;
    let Some(kind) = file.kind else { return Ok(()) };
    sqlx::query!("delete from merchant_papers where file_id = $1", id.0).execute(&mut *tx).await.or_fault()?;
    sqlx::query!("update files set unused_since = $2 where id = $1", id.0, scope.now)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    let before = said(&kind, file.valid_until, &file.name);
    note(&mut tx, scope, Act::RemovePaper, merchant, [before, json!(null)]).await?;
    tx.commit().await.or_fault()
}

/// A paper as it goes out: a PDF as it was sent, a picture drawn anew.
///
/// Faults: those of [`may`]; `NotFound`, also for one that was removed.
pub async fn read(scope: &Scope, merchant: Uuid, id: FileId) -> Result<Content, Fault> {
    may(scope, merchant).await?;
    let mut tx = scope.begin().await?;
    let found = sqlx::query!(
        "select f.kind, c.content from merchant_papers p join files f on f.id = p.file_id
         join file_contents c on c.file_id = p.file_id and c.size <> 'small'
         where p.file_id = $1 and p.merchant_id = $2",
        id.0,
        merchant,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .ok_or(GONE)?;
    let kept = if found.kind == "pdf" { Kept::Pdf } else { Kept::Jpeg };
    Ok(Content { kept, is_published: false, bytes: found.content })
}

/// One after the other, and none while the merchant is removed.
async fn lock(tx: &mut PgConnection, merchant: Uuid) -> Result<(), Fault> {
    let found = sqlx::query!("select id from merchants where id = $1 for no key update", merchant);
    found.fetch_optional(tx).await.or_fault()?.map(drop).ok_or(NO_MERCHANT)
}

/// A paper, for the log.
fn said(kind: &str, valid_until: Option<NaiveDate>, name: &str) -> Value {
    let kind = PaperKind::from_code(kind).unwrap_or_default();
    json!({ "kind": kind.label(), "valid_until": valid_until, "name": name })
}

async fn note(
    tx: &mut PgConnection,
    scope: &Scope,
    act: Act,
    merchant: Uuid,
    [before, after]: [Value; 2],
) -> Result<(), Fault> {
    let change =
        Change { act, object: ObjectKind::Merchant, object_id: merchant, store_id: None, before, after, reason: "" };
    audit::record(tx, scope, change).await
}
