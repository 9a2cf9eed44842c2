//! Pictures of what came back, added by whoever handles a request: the people of the store that sold, who see the goods
//! at their counter or in a parcel, and head office. They are files of that store. The shopper sees each of them once
//! somebody has decided with it at hand, which the database knows from the request's steps (`store_proof_is_shown`).

use domain::{
    AfterSalesId, Fault, FileId, StoreId,
    after_sales::{AfterSalesState, STORE_PROOFS_MOST, StoreProof, checked_proof_note},
    files::{Photo, Purpose},
    staff::{Permission, Reach},
};
use sqlx::PgConnection;

use super::{not_found, proofs};
use crate::{Scope, database::OrFault, files, scope::Actor};

/// Who handles requests: decides on them, takes goods at the counter, or arbitrates.
const HANDLING: [Permission; 3] = [Permission::DecideReturns, Permission::FulfilOrders, Permission::ArbitrateReturns];

/// Where whoever asks handles requests.
///
/// Faults: those of [`Scope::reach`], for whoever handles none.
fn reaches(scope: &Scope) -> Result<Vec<Reach>, Fault> {
    match HANDLING.map(|permission| scope.reach(permission)) {
        [Err(fault), Err(_), Err(_)] => Err(fault),
        reaches => Ok(reaches.into_iter().flatten().collect()),
    }
}

/// Refuses whoever does not handle the requests of what this store sold.
///
/// Faults: those of [`Scope::reach`]; `NotFound` out of reach.
pub(crate) fn must_handle(scope: &Scope, store: StoreId) -> Result<(), Fault> {
    if reaches(scope)?.iter().any(|reach| reach.covers(store)) { Ok(()) } else { Err(not_found()) }
}

/// Whether whoever asks may add a picture to a request now; answers the store whose it becomes.
///
/// Faults: `Forbidden`; `NotFound` out of reach; `Conflict` (`not_now`) once it is settled.
pub async fn may(scope: &Scope, id: AfterSalesId) -> Result<StoreId, Fault> {
    // Whoever handles no request anywhere is told so, whether there is this one or not.
    reaches(scope)?;
    let mut tx = scope.begin().await?;
    let row = sqlx::query!("select state, store_id from after_sales where id = $1", id.0)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?
        .ok_or_else(not_found)?;
    let store = StoreId(row.store_id);
    must_handle(scope, store)?;
    let open = AfterSalesState::from_code(&row.state).is_some_and(AfterSalesState::takes_proofs);
    if open { Ok(store) } else { Err(proofs::over()) }
}

/// Adds a picture to a request, with a word that may be empty. The same file again is the picture that it is; what was
/// said of it is not changed.
///
/// Faults: those of [`may`]; `Invalid` beside `note`, or beside `file` for what is no picture; `Conflict`
/// (`already_added` for the same file with another word, `proofs_full`); `TooMany`.
pub async fn add(scope: &Scope, id: AfterSalesId, name: &str, note: &str, bytes: Vec<u8>) -> Result<FileId, Fault> {
    let note = checked_proof_note(note)?;
    let purpose = Purpose::StoreProof(may(scope, id).await?);
    let made = files::made(scope, purpose, bytes).await?;
    let mut tx = scope.begin().await?;
    // Drawing it took its time: somebody may have decided meanwhile.
    if !super::lock(&mut tx, id).await?.state.takes_proofs() {
        return Err(proofs::over());
    }
    let known = sqlx::query!(
        "select f.id, f.sha256, p.note from after_sales_store_proofs p join files f on f.id = p.file_id where p.after_sales_id = $1",
        id.0,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    if let Some(same) = known.iter().find(|file| made.is(&file.sha256)) {
        if !note.is_empty() && note != same.note {
            return Err(Fault::conflict("already_added", "这张照片已经添加过，说明不能再改"));
        }
        return Ok(FileId(same.id));
    }
    if known.len() >= STORE_PROOFS_MOST {
        let full = format!("门店和总部最多添加 {STORE_PROOFS_MOST} 张照片，这张售后单已有 {STORE_PROOFS_MOST} 张");
        return Err(Fault::conflict("proofs_full", full));
    }
    let file = files::keep(&mut tx, scope, purpose, name, made).await?;
    sqlx::query!("update files set unused_since = null where id = $1", file.0).execute(&mut *tx).await.or_fault()?;
    let Actor { staff, key, .. } = scope.actor();
    sqlx::query!(
        "insert into after_sales_store_proofs (file_id, after_sales_id, after_step, staff_id, api_key_id, note, at)
         select $1, $2, max(step), $3, $4, $5, $6 from after_sales_steps where after_sales_id = $2",
        file.0,
        id.0,
        staff,
        key,
        note,
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    tx.commit().await.or_fault()?;
    Ok(file)
}

/// The pictures of a request, the oldest first: all of them, or those that its shopper sees.
pub(super) async fn of(tx: &mut PgConnection, id: AfterSalesId, to_shopper: bool) -> Result<Vec<StoreProof>, Fault> {
    let rows = sqlx::query!(
        r#"select f.id as "id!", f.width as "width!", f.height as "height!", c.width as "small_width!",
                  c.height as "small_height!", p.note as "note!", p.at as "at!",
                  (case when s.id is not null then '员工 ' || s.name when k.id is not null then '合作方 ' || k.name
                        else '系统' end) as "by!"
           from after_sales_store_proofs p join files f on f.id = p.file_id
           join file_contents c on c.file_id = f.id and c.size = 'small'
           left join staff s on s.id = p.staff_id left join api_keys k on k.id = p.api_key_id
           where p.after_sales_id = $1 and (not $2 or store_proof_is_shown(p.after_sales_id, p.after_step))
           order by p.at, f.id"#,
        id.0,
        to_shopper,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let proof = rows.into_iter().map(|row| {
        let (large, small) = ((row.width as u32, row.height as u32), (row.small_width as u32, row.small_height as u32));
        StoreProof { photo: Photo::new(FileId(row.id), large, small), note: row.note, by: row.by, at: row.at }
    });
    Ok(proof.collect())
}

/// Whether a file is one of these, of a request that whoever asks sees, and to the shopper shown by now.
pub(crate) async fn may_see(tx: &mut PgConnection, scope: &Scope, file: FileId) -> Result<bool, Fault> {
    let of = sqlx::query!(
        r#"select a.store_id, a.received_store_id, a.member_id,
                  store_proof_is_shown(p.after_sales_id, p.after_step) as "is_shown!"
           from after_sales_store_proofs p join after_sales a on a.id = p.after_sales_id where p.file_id = $1"#,
        file.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    let Some(of) = of else { return Ok(false) };
    if let Ok(member) = scope.member() {
        return Ok(of.is_shown && of.member_id == member.0);
    }
    let sees = |store| scope.may_at(Permission::ReadOrders, StoreId(store));
    Ok(sees(of.store_id) || of.received_store_id.is_some_and(sees))
}
