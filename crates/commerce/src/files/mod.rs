//! Pictures and papers that people send (C4): the one way in, and the way out.
//!
//! - `photos`: those that a store shows of itself
//!
//! What something is, its first bytes say; a picture is drawn anew before it is kept, so that nothing of what was
//! sent goes out (`pictures`). A PDF is kept as it is, is never published, and never shown within a page. What
//! nothing uses is forgotten after a day.

pub mod photos;

use chrono::Duration;
use domain::{
    Fault, FileId, StoreId,
    audit::{Act, ObjectKind},
    files::{FileSize, Purpose},
    staff::Permission,
};
use pictures::{Jpeg, Paper, Picture, Refusal};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Scope, after_sales,
    audit::{self, Change},
    database::OrFault,
    house::new_id,
    limits, losses, memory, staff, stockroom,
};

/// How many files one person or program may send in ten minutes.
const SENT_MOST: i32 = 60;
/// How long what nothing uses is kept.
const UNUSED_HOURS: i64 = 24;
/// The longest name that is kept, in characters.
const NAME_MOST: usize = 100;

/// What a kept file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// A picture of ours.
    Jpeg,
    /// As it was sent: to be kept by whoever asks, never to be shown.
    Pdf,
}

/// A file as it goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// What it is.
    pub kept: Kept,
    /// Whether everybody may see it.
    pub is_published: bool,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// What was sent, after it was looked at and drawn anew.
pub(crate) struct Made {
    kept: Kept,
    byte_size: usize,
    pub(crate) sha256: Vec<u8>,
    forms: Vec<Form>,
}

impl Made {
    /// Whether it is the file with this digest.
    pub(crate) fn is(&self, sha256: &[u8]) -> bool {
        self.sha256 == sha256
    }
}

/// One of the forms in which a file is kept.
struct Form {
    size: FileSize,
    bytes: Vec<u8>,
    /// Of a picture, width first.
    pixels: Option<(u32, u32)>,
}

/// Takes a file in. It is private, and forgotten after a day if nothing uses it.
///
/// Faults: `Forbidden`; `NotFound` for a store out of reach; `Invalid` beside `file` for what is not taken;
/// `TooMany`.
pub async fn take(scope: &Scope, purpose: Purpose, name: &str, bytes: Vec<u8>) -> Result<FileId, Fault> {
    let made = made(scope, purpose, bytes).await?;
    let mut tx = scope.begin().await?;
    let id = keep(&mut tx, scope, purpose, name, made).await?;
    tx.commit().await.or_fault()?;
    Ok(id)
}

/// Whoever asks may send and see what is for this purpose.
///
/// Faults: `Forbidden`; `NotFound` for a store or merchant out of reach; `Unauthenticated` for another member.
pub async fn may(scope: &Scope, purpose: Purpose) -> Result<(), Fault> {
    if let Some(merchant) = purpose.merchant() {
        return staff::merchant_papers::may(scope, merchant).await;
    }
    if let Some(warehouse) = purpose.warehouse() {
        let reach = scope.reach(Permission::CountStock)?;
        return if reach.covers(stockroom::as_store(warehouse)) {
            Ok(())
        } else {
            Err(Fault::NotFound("这个仓库"))
        };
    }
    if let Purpose::StoreProof(store) = purpose {
        return after_sales::must_handle(scope, store);
    }
    let Some(store) = purpose.store() else {
        return if purpose.member() == Some(scope.member()?) { Ok(()) } else { Err(Fault::Unauthenticated) };
    };
    let reach = scope.reach(match purpose {
        Purpose::LossPhoto(_) => Permission::CountStock,
        _ => Permission::EditStores,
    })?;
    let exists = memory::stores(scope).await?.with_id(store.0).is_some();
    if exists && reach.covers(store) { Ok(()) } else { Err(Fault::NotFound("这家门店")) }
}

/// Looks at what was sent and draws it anew. It is counted before, since that is what costs.
pub(crate) async fn made(scope: &Scope, purpose: Purpose, bytes: Vec<u8>) -> Result<Made, Fault> {
    may(scope, purpose).await?;
    let who = scope.actor_id().ok_or(Fault::Unauthenticated)?;
    limits::count(scope, &format!("files:{who}"), SENT_MOST, Duration::minutes(10)).await?;
    let (byte_size, sha256) = (bytes.len(), Sha256::digest(&bytes).to_vec());
    let paper = match purpose {
        Purpose::StorePhoto(_)
        | Purpose::LossPhoto(_)
        | Purpose::WarehouseLossPhoto(_)
        | Purpose::AfterSalesProof(_)
        | Purpose::StoreProof(_) => pictures::picture(bytes).await.map(Paper::Picture),
        Purpose::StorePaper(_) | Purpose::MerchantPaper(_) => pictures::paper(bytes).await,
    };
    let refused = |refusal: Refusal| Fault::invalid("file", refusal.to_string());
    let (kept, forms) = match paper.map_err(refused)? {
        Paper::Picture(Picture { large, small }) => {
            let of = |size, Jpeg { bytes, width, height }| Form { size, bytes, pixels: Some((width, height)) };
            (Kept::Jpeg, vec![of(FileSize::Large, large), of(FileSize::Small, small)])
        }
        Paper::Pdf(bytes) => (Kept::Pdf, vec![Form { size: FileSize::Whole, bytes, pixels: None }]),
    };
    Ok(Made { kept, byte_size, sha256, forms })
}

/// Keeps a file with its contents, private and unused.
pub(crate) async fn keep(
    tx: &mut PgConnection,
    scope: &Scope,
    purpose: Purpose,
    name: &str,
    made: Made,
) -> Result<FileId, Fault> {
    let id = new_id();
    let name = name_of(name);
    let columns = |pixels: Option<(u32, u32)>| pixels.map(|(width, height)| (width as i32, height as i32)).unzip();
    let (width, height) = columns(made.forms.first().and_then(|large| large.pixels));
    sqlx::query!(
        "insert into files (id, kind, purpose, store_id, member_id, merchant_id, warehouse_id, name, byte_size, sha256, width,
                            height, created_by, created_at, unused_since)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)",
        id,
        match made.kept {
            Kept::Jpeg => "jpeg",
            Kept::Pdf => "pdf",
        },
        purpose.code(),
        purpose.store().map(|store| store.0),
        purpose.member().map(|member| member.0),
        purpose.merchant(),
        purpose.warehouse().map(|warehouse| warehouse.0),
        name,
        made.byte_size as i32,
        made.sha256,
        width,
        height,
        scope.actor_id().ok_or(Fault::Unauthenticated)?,
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    for Form { size, bytes, pixels } in made.forms {
        let (width, height) = columns(pixels);
        sqlx::query!(
            "insert into file_contents (file_id, size, content, width, height) values ($1, $2, $3, $4, $5)",
            id,
            size.code(),
            bytes,
            width,
            height,
        )
        .execute(&mut *tx)
        .await
        .or_fault()?;
    }
    let after = json!({ "name": name, "bytes": made.byte_size });
    record(tx, scope, Act::TakeFile, (id, purpose.store()), [serde_json::Value::Null, after]).await?;
    Ok(FileId(id))
}

/// What a file was called, as text: without signs that are not seen, and never a path.
fn name_of(sent: &str) -> String {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.trim().chars().filter(|sign| !sign.is_control()).take(NAME_MOST).collect();
    if name.is_empty() { "未命名".into() } else { name }
}

async fn record(
    tx: &mut PgConnection,
    scope: &Scope,
    act: Act,
    (id, store): (Uuid, Option<StoreId>),
    [before, after]: [serde_json::Value; 2],
) -> Result<(), Fault> {
    let change = Change {
        act,
        object: ObjectKind::File,
        object_id: id,
        store_id: store.map(|store| store.0),
        before,
        after,
        reason: "",
    };
    audit::record(tx, scope, change).await
}

/// A file as it goes out: a published one to everybody, a private one to those whom it concerns.
///
/// Faults: `NotFound`, also for what is not theirs to see.
pub async fn read(scope: &Scope, id: FileId, size: FileSize) -> Result<Content, Fault> {
    let nothing = || Fault::NotFound("这个文件");
    let mut tx = scope.begin().await?;
    let file = sqlx::query!(
        "select kind, purpose, state, store_id, warehouse_id, member_id, staff_id from files where id = $1",
        id.0,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .ok_or_else(nothing)?;
    let is_published = file.state == "published";
    let edits = |store| scope.reach(Permission::EditStores).is_ok_and(|reach| reach.covers(StoreId(store)));
    let sees = |store| match file.purpose.as_str() {
        "loss_photo" => losses::may_see_photo(scope, store),
        // It is seen with its request alone.
        "after_sales_store_proof" => false,
        _ => edits(store),
    };
    let is_theirs = file.store_id.or(file.warehouse_id).is_some_and(sees)
        || file.member_id.is_some_and(|owner| scope.member().is_ok_and(|member| member.0 == owner))
        || file.staff_id.is_some_and(|owner| scope.staff().is_ok_and(|person| person.id.0 == owner));
    let is_known = is_published || is_theirs;
    if !is_known
        && !concerns(&mut tx, scope, id).await?
        && !after_sales::may_see_store_proof(&mut tx, scope, id).await?
    {
        return Err(nothing());
    }
    let bytes =
        sqlx::query_scalar!("select content from file_contents where file_id = $1 and size = $2", id.0, size.code())
            .fetch_optional(&mut *tx)
            .await
            .or_fault()?
            .ok_or_else(nothing)?;
    Ok(Content { kept: if file.kind == "pdf" { Kept::Pdf } else { Kept::Jpeg }, is_published, bytes })
}

/// Whether a private file is proof in something that a store of whoever asks has sold or taken back.
async fn concerns(tx: &mut PgConnection, scope: &Scope, id: FileId) -> Result<bool, Fault> {
    let Ok(reach) = scope.reach(Permission::ReadOrders) else { return Ok(false) };
    let of = sqlx::query!(
        "select a.store_id, a.received_store_id from after_sales_proofs p join after_sales a on a.id = p.after_sales_id
         where p.file_id = $1",
        id.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    let covers = |store| reach.covers(StoreId(store));
    Ok(of.is_some_and(|of| covers(of.store_id) || of.received_store_id.is_some_and(covers)))
}

/// Removes a file from where it is used. For a day those whom it concerns still find it.
///
/// Faults: `NotFound`, also for what is not theirs; removing twice is removing once.
pub async fn remove(scope: &Scope, id: FileId) -> Result<(), Fault> {
    let reach = scope.reach_filter(Permission::EditStores)?;
    let mut tx = scope.begin().await?;
    let file = sqlx::query!(
        r#"select name, store_id as "store_id!", state, unused_since from files
           where id = $1 and purpose not in ('loss_photo', 'after_sales_store_proof') and store_id is not null and ($2::uuid[] is null or store_id = any($2)) for update"#,
        id.0,
        reach.as_deref(),
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .ok_or(Fault::NotFound("这个文件"))?;
    if file.unused_since.is_some() {
        return Ok(());
    }
    sqlx::query!("update files set state = 'private', unused_since = $2 where id = $1", id.0, scope.now)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    sqlx::query!("delete from store_photos where file_id = $1", id.0).execute(&mut *tx).await.or_fault()?;
    let before = json!({ "name": file.name });
    let of = (id.0, Some(StoreId(file.store_id)));
    record(&mut tx, scope, Act::RemoveFile, of, [before, serde_json::Value::Null]).await?;
    tx.commit().await.or_fault()
}

/// Forgets what nothing has used for a day. A store's picture of what came back is always used: one that a server of the
/// release before takes for removed may not keep all others from being forgotten.
pub(crate) async fn sweep(scope: &Scope) -> Result<(), Fault> {
    let before = scope.now - Duration::hours(UNUSED_HOURS);
    sqlx::query!("delete from files where unused_since < $1 and purpose <> 'after_sales_store_proof'", before)
        .execute(scope.pool())
        .await
        .or_fault()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn a_name_is_a_text_and_never_a_path() {
        for (sent, kept) in [
            ("门头.jpg", "门头.jpg"),
            ("../../etc/passwd", "passwd"),
            (r"C:\照片\店.php.jpg", "店.php.jpg"),
            ("a\0b\r\n.png", "ab.png"),
            ("..", ".."),
            ("/", "未命名"),
            ("", "未命名"),
        ] {
            assert_eq!(name_of(sent), kept, "{sent:?}");
        }
        assert_eq!(name_of(&"长".repeat(300)).chars().count(), 100);
    }
}
