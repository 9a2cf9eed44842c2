//! Imports that head office sends in: kept with their files, judged and written by any server, watched
//! and stopped by a person.
//!
//! An import is all or nothing, as the command's is: one transaction, so that whoever stops it, or whose
//! server dies, finds everything as it was. Its progress is told over a connection of its own.

use chrono::Duration;
use domain::{
    Fault, StaffId,
    audit::{Act, ObjectKind},
    import::{
        AllocationRow, ImportCounts, ImportKind, ImportOptions, ImportProgress, ImportReport, ImportState, ImportView,
        ProductGiven, PurchaseRow, StoreRow, SupplierRow, SupplyPriceRow,
    },
    staff::Permission,
};
use sqlx::types::Json;
use std::collections::BTreeMap;
use uuid::Uuid;

use super::{
    Imported,
    products::{self, Listing},
    supply::on_behalf,
};
use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    house::new_id,
    purchasing, stores, supply,
};

/// How long files are kept.
const KEPT_DAYS: i64 = 30;
/// How many imports the list shows.
pub const LISTED: usize = 100;
/// How long whoever took an import, or said so again, is taken to be at it, in seconds.
const STAYS_S: f64 = 20.0;
/// How often that should be said.
pub const STAY_EVERY: std::time::Duration = std::time::Duration::from_secs(5);
/// The code of the fault by which an import stops that is no longer wanted.
pub const STOPPED: &str = "import_stopped";

fn stopped() -> Fault {
    Fault::conflict(STOPPED, "这次导入已经取消或结束")
}

/// Refuses whoever may not do by hand what tables of this kind do.
fn may(scope: &Scope, kind: ImportKind) -> Result<(), Fault> {
    scope.staff_everywhere(Permission::ManageImports)?;
    kind.needs().iter().try_for_each(|permission| scope.staff_everywhere(*permission).map(|_| ()))
}

/// The kinds of tables that whoever asks may send.
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub fn kinds(scope: &Scope) -> Result<Vec<ImportKind>, Fault> {
    scope.staff_everywhere(Permission::ManageImports)?;
    Ok(ImportKind::ALL.iter().copied().filter(|kind| may(scope, *kind).is_ok()).collect())
}

/// Refuses whoever may not see an import: its file holds what they may not.
async fn must_see(scope: &Scope, id: Uuid) -> Result<(), Fault> {
    scope.staff_everywhere(Permission::ManageImports)?;
    let kind = sqlx::query_scalar!("select kind from imports where id = $1", id).fetch_optional(scope.pool()).await;
    let kind = kind.or_fault()?.and_then(|kind| ImportKind::from_code(&kind));
    match kind {
        Some(kind) if may(scope, kind).is_ok() => Ok(()),
        _ => Err(Fault::NotFound("这次导入")),
    }
}

/// Takes a file in. It is judged by and by; nothing is imported before somebody confirms it.
///
/// Faults: `Forbidden`; `Invalid` for an empty file.
pub async fn receive(
    scope: &Scope,
    kind: ImportKind,
    file_name: &str,
    options: ImportOptions,
    content: &[u8],
) -> Result<Uuid, Fault> {
    may(scope, kind)?;
    if content.is_empty() {
        return Err(Fault::invalid("file", "文件是空的；请选择有内容的表格文件"));
    }
    let mut tx = scope.begin().await?;
    let columns = sqlx::query_scalar!(
        r#"select columns as "columns: Json<BTreeMap<String, String>>" from import_columns where kind = $1"#,
        kind.code(),
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let options = ImportOptions { columns: columns.map(|columns| columns.0).unwrap_or_default(), ..options };
    let id = new_id();
    sqlx::query!(
        "insert into imports (id, kind, staff_id, file_name, options, state, created_at)
         values ($1, $2, $3, $4, $5, 'reading', $6)",
        id,
        kind.code(),
        scope.staff()?.id.0,
        file_name.chars().take(200).collect::<String>(),
        Json(&options) as _,
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    sqlx::query!("insert into import_files (import_id, content) values ($1, $2)", id, content)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    tx.commit().await.or_fault()?;
    Ok(id)
}

/// The latest imports, or one.
async fn views(scope: &Scope, id: Option<Uuid>) -> Result<Vec<ImportView>, Fault> {
    let kinds: Vec<String> = kinds(scope)?.into_iter().map(|kind| kind.code().to_owned()).collect();
    let rows = sqlx::query!(
        r#"select i.*, i.options as "given: Json<ImportOptions>", i.report as "found: Json<ImportReport>",
                  s.name as who
           from imports i join staff s on s.id = i.staff_id
           where ($1::uuid is null or i.id = $1) and i.kind = any($3) order by i.created_at desc, i.id desc limit $2"#,
        id,
        LISTED as i64,
        &kinds,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let views = rows.into_iter().map(|row| ImportView {
        id: row.id,
        kind: ImportKind::from_code(&row.kind).unwrap_or(ImportKind::Stores),
        who: row.who,
        file_name: row.file_name,
        options: row.given.0,
        state: ImportState::from_code(&row.state).unwrap_or(ImportState::Broken),
        report: row.found.0,
        counts: ImportCounts {
            total: row.rows_total,
            done: row.rows_done,
            inserted: row.inserted,
            updated: row.updated,
            unchanged: row.unchanged,
            rejected: row.rejected,
            moved: row.moved,
        },
        created_at: row.created_at,
        began_at: row.began_at,
        ended_at: row.ended_at,
    });
    Ok(views.collect())
}

/// The latest imports, newest first.
pub async fn list(scope: &Scope) -> Result<Vec<ImportView>, Fault> {
    views(scope, None).await
}

/// One import.
pub async fn show(scope: &Scope, id: Uuid) -> Result<ImportView, Fault> {
    views(scope, Some(id)).await?.pop().ok_or(Fault::NotFound("这次导入"))
}

/// How far an import is: of its view, what changes while a server is at it.
pub async fn progress(scope: &Scope, id: Uuid) -> Result<ImportProgress, Fault> {
    must_see(scope, id).await?;
    let row = sqlx::query!("select state, rows_done, rows_total, began_at from imports where id = $1", id)
        .fetch_optional(scope.pool())
        .await
        .or_fault()?
        .ok_or(Fault::NotFound("这次导入"))?;
    Ok(ImportProgress {
        state: ImportState::from_code(&row.state).unwrap_or(ImportState::Broken),
        done: row.rows_done,
        total: row.rows_total,
        began_at: row.began_at,
    })
}

/// Reads the file again with these columns, by our names for the fields, and remembers them for the next
/// file of this kind.
pub async fn choose_columns(scope: &Scope, id: Uuid, columns: BTreeMap<String, String>) -> Result<(), Fault> {
    must_see(scope, id).await?;
    let mut tx = scope.begin().await?;
    let kind = sqlx::query_scalar!(
        "update imports set state = 'reading', taken_until = null, options = options || jsonb_build_object('columns', $2::jsonb)
         where id = $1 and state = 'ready' returning kind",
        id,
        Json(&columns) as _,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let kind = kind.ok_or_else(stopped)?;
    sqlx::query!(
        "insert into import_columns (kind, columns) values ($1, $2)
         on conflict (kind) do update set columns = excluded.columns",
        kind,
        Json(&columns) as _,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    tx.commit().await.or_fault()
}

/// Lets the rows be written. Confirming twice is confirming once.
///
/// Faults: `Forbidden`; `Conflict` (`import_not_ready`; `import_moves_stores`: a store that gets another region comes
/// into the hands of those who have that region, so only who gives rights everywhere confirms it).
pub async fn confirm(scope: &Scope, id: Uuid) -> Result<(), Fault> {
    scope.staff_everywhere(Permission::ManageImports)?;
    let import = show(scope, id).await?;
    if matches!(import.state, ImportState::Importing | ImportState::Done) {
        return Ok(());
    }
    let may_move = scope.staff_everywhere(Permission::ManageRoles).is_ok();
    if import.counts.moved > 0 && !may_move {
        let message = format!("这份表会把 {} 家门店移到其他区域，须由总部管理员确认", import.counts.moved);
        return Err(Fault::conflict("import_moves_stores", message));
    }
    let mut tx = scope.begin().await?;
    let confirmed = sqlx::query!(
        "update imports set state = 'importing', rows_done = 0, began_at = $2, taken_until = null, may_move = $3, confirmed_by = $4
         where id = $1 and state = 'ready' and rows_total > 0",
        id,
        scope.now,
        may_move,
        scope.staff()?.id.0,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if confirmed.rows_affected() == 0 {
        return Err(Fault::conflict("import_not_ready", "现在不能确认：文件还在读取、已取消，或没有可导入的行"));
    }
    let change = Change {
        act: Act::ConfirmImport,
        object: ObjectKind::Import,
        object_id: id,
        store_id: None,
        before: serde_json::Value::Null,
        after: serde_json::json!({ "kind": import.kind.code(), "rows": import.counts.total }),
        reason: "",
    };
    audit::record(&mut tx, scope, change).await?;
    tx.commit().await.or_fault()
}

/// Stops an import that has not ended; nothing of it stays.
pub async fn cancel(scope: &Scope, id: Uuid) -> Result<(), Fault> {
    must_see(scope, id).await?;
    let cancelled = sqlx::query!(
        "update imports set state = 'cancelled', ended_at = $2
         where id = $1 and state in ('reading', 'ready', 'importing')",
        id,
        scope.now,
    )
    .execute(scope.pool())
    .await
    .or_fault()?;
    if cancelled.rows_affected() == 0 { Err(stopped()) } else { Ok(()) }
}

/// The rejected rows as CSV, and the name of the file they came in.
pub async fn rejects(scope: &Scope, id: Uuid) -> Result<(String, Vec<u8>), Fault> {
    must_see(scope, id).await?;
    let row = sqlx::query!(
        r#"select i.file_name, f.rejects as "rejects!" from imports i join import_files f on f.import_id = i.id
           where i.id = $1 and f.rejects is not null"#,
        id,
    )
    .fetch_optional(scope.pool())
    .await
    .or_fault()?;
    row.map(|row| (row.file_name, row.rejects)).ok_or(Fault::NotFound("这次导入的问题行；文件只保留 30 天"))
}

/// An import whose turn it is.
#[derive(Clone, Debug)]
pub struct Due {
    /// Its identity.
    pub id: Uuid,
    /// What the table holds.
    pub kind: ImportKind,
    /// Reading, to be judged; or importing, to be written.
    pub state: ImportState,
    /// How the file is meant.
    pub options: ImportOptions,
    /// The file.
    pub content: Vec<u8>,
    /// Whether whoever confirmed it may give stores other regions.
    pub may_move: bool,
    /// Whose its documents are: whoever confirmed it, until then whoever sent it.
    pub person: StaffId,
}

/// Takes the oldest import that waits for a server. It is this server's for as long as it says so with
/// [`stay`]: one that died is followed by another, and doing it again is safe.
pub async fn take(scope: &Scope) -> Result<Option<Due>, Fault> {
    let row = sqlx::query!(
        r#"update imports i set taken_until = now() + make_interval(secs => $1)
           from import_files f
           where f.import_id = i.id and i.id = (
               select id from imports
               where state in ('reading', 'importing') and (taken_until is null or taken_until < now())
               order by created_at limit 1 for update skip locked)
           returning i.id, i.kind, i.state, i.options as "options: Json<ImportOptions>", f.content, i.may_move,
                     coalesce(i.confirmed_by, i.staff_id) as "person!""#,
        STAYS_S,
    )
    .fetch_optional(scope.pool())
    .await
    .or_fault()?;
    Ok(row.map(|row| Due {
        id: row.id,
        kind: ImportKind::from_code(&row.kind).unwrap_or(ImportKind::Stores),
        state: ImportState::from_code(&row.state).unwrap_or(ImportState::Reading),
        options: row.options.0,
        content: row.content,
        may_move: row.may_move,
        person: StaffId(row.person),
    }))
}

/// Says that whoever took an import is still at it.
pub async fn stay(scope: &Scope, id: Uuid) -> Result<(), Fault> {
    sqlx::query!(
        "update imports set taken_until = now() + make_interval(secs => $2) where id = $1 and taken_until is not null",
        id,
        STAYS_S,
    )
    .execute(scope.pool())
    .await
    .or_fault()?;
    Ok(())
}

/// Tells how many rows are done. Faults with [`STOPPED`] where the import is no longer wanted.
async fn tell(scope: &Scope, due: &Due, done: usize, total: usize) -> Result<(), Fault> {
    let told = sqlx::query!(
        "update imports set rows_done = $3, rows_total = $4 where id = $1 and state = $2",
        due.id,
        due.state.code(),
        done as i32,
        total as i32,
    )
    .execute(scope.pool())
    .await
    .or_fault()?;
    if told.rows_affected() == 0 { Err(stopped()) } else { Ok(()) }
}

/// Rows that can be written.
#[derive(Debug)]
pub enum Rows<'a> {
    /// Stores.
    Stores(&'a [StoreRow]),
    /// Products with so many variants, and whether they are listed at all stores of their brand.
    Products(&'a [ProductGiven], usize, Listing),
    /// Suppliers with their prices.
    Suppliers(&'a [SupplierRow]),
    /// Lines of orders to suppliers.
    Purchases(&'a [PurchaseRow]),
    /// What stores pay for what warehouses send.
    SupplyPrices(&'a [SupplyPriceRow]),
    /// What warehouses send to stores.
    Allocations(&'a [AllocationRow]),
}

impl Rows<'_> {
    fn count(&self) -> usize {
        match self {
            Self::Stores(rows) => rows.len(),
            Self::Products(_, rows, _) => *rows,
            Self::Suppliers(rows) => rows.len(),
            Self::Purchases(rows) => rows.len(),
            Self::SupplyPrices(rows) => rows.len(),
            Self::Allocations(rows) => rows.len(),
        }
    }
}

/// What judging a file came to, beside the rows.
#[derive(Debug, Default)]
pub struct Judged {
    /// How it was read, and what is wrong with which row.
    pub report: ImportReport,
    /// How many rows were rejected.
    pub rejected: usize,
    /// Those rows as CSV.
    pub rejects: Option<Vec<u8>>,
}

/// Writes the rows of an import that was taken: on trial where it is still to be confirmed, to stay where
/// it was. Faults with [`STOPPED`] where it is no longer wanted; then nothing has changed.
pub async fn carry_out(scope: &Scope, due: &Due, rows: Rows<'_>, judged: Judged) -> Result<(), Fault> {
    let total = rows.count();
    tell(scope, due, 0, total).await?;
    let mut tx = scope.begin().await?;
    let by = match due.kind.needs() {
        [] => Ok(scope.clone()),
        _ => on_behalf(&mut tx, scope, due.kind, due.person).await,
    };
    let by = match by {
        Ok(by) => by,
        Err(Fault::Forbidden | Fault::Unauthenticated) => {
            tx.rollback().await.or_fault()?;
            let refusal = Some("上传或确认这份表的人已没有这项权限；没有写入任何内容".into());
            let report = ImportReport { refusal, ..judged.report };
            return refuse(scope, due, ImportState::Broken, Judged { report, ..judged }).await;
        }
        Err(fault) => return Err(fault),
    };
    let imported = write(&mut tx, &by, due.id, rows, async |done| tell(scope, due, done, total).await).await?;
    if due.state == ImportState::Importing && imported.moved > 0 && !due.may_move {
        // Since it was confirmed, somebody else has given a store the region that it had here.
        tx.rollback().await.or_fault()?;
        let refusal = Some("有门店的区域在确认之后变了，这份表会把它移走；没有写入任何内容，请重新上传并确认".into());
        let report = ImportReport { refusal, ..judged.report };
        return refuse(scope, due, ImportState::Broken, Judged { report, ..judged }).await;
    }
    if due.state == ImportState::Reading {
        tx.rollback().await.or_fault()?;
        tx = scope.begin().await?;
    }
    let next = if due.state == ImportState::Reading { ImportState::Ready } else { ImportState::Done };
    conclude(scope, due, &mut tx, next, imported, judged).await?;
    tx.commit().await.or_fault()
}

async fn write(
    tx: &mut sqlx::PgConnection,
    scope: &Scope,
    sent: Uuid,
    rows: Rows<'_>,
    progress: impl AsyncFnMut(usize) -> Result<(), Fault>,
) -> Result<Imported, Fault> {
    match rows {
        Rows::Stores(rows) => stores::import::import_in(tx, scope, rows, progress).await,
        Rows::Products(products, _, listing) => {
            products::import_in(tx, scope, Some(sent), products, listing, progress).await
        }
        Rows::Suppliers(rows) => purchasing::import::suppliers_in(tx, scope, rows, progress).await,
        Rows::Purchases(rows) => purchasing::import::drafts_in(tx, scope, rows, progress).await,
        Rows::SupplyPrices(rows) => supply::import::prices_in(tx, scope, rows, progress).await,
        Rows::Allocations(rows) => supply::import::allocations_in(tx, scope, rows, progress).await,
    }
}

/// Says that a file cannot be imported, and why.
pub async fn refuse(scope: &Scope, due: &Due, next: ImportState, judged: Judged) -> Result<(), Fault> {
    let mut tx = scope.begin().await?;
    conclude(scope, due, &mut tx, next, Imported::default(), judged).await?;
    tx.commit().await.or_fault()
}

/// The end of a stage, in the transaction of its rows: either both are there, or neither.
async fn conclude(
    scope: &Scope,
    due: &Due,
    tx: &mut sqlx::PgConnection,
    next: ImportState,
    imported: Imported,
    judged: Judged,
) -> Result<(), Fault> {
    let ended = sqlx::query!(
        "update imports set state = $3, report = $4, rows_total = $5, rows_done = $6, inserted = $7, updated = $8,
                            unchanged = $9, rejected = $10, moved = $11, taken_until = null,
                            ended_at = case when $3 = 'ready' then null else clock_timestamp() end
         where id = $1 and state = $2",
        due.id,
        due.state.code(),
        next.code(),
        Json(&judged.report) as _,
        imported.rows() as i32,
        if next == ImportState::Done { imported.rows() as i32 } else { 0 },
        imported.inserted as i32,
        imported.updated as i32,
        imported.unchanged as i32,
        judged.rejected as i32,
        imported.moved as i32,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if ended.rows_affected() == 0 {
        return Err(stopped());
    }
    sqlx::query!("update import_files set rejects = $2 where import_id = $1", due.id, judged.rejects)
        .execute(tx)
        .await
        .or_fault()?;
    tracing::info!(import = %due.id, state = next.code(), rows = imported.rows(), request_id = %scope.request_id, "an import went on");
    Ok(())
}

/// Forgets old files; what became of them stays.
pub(crate) async fn sweep(scope: &Scope) -> Result<(), Fault> {
    sqlx::query!(
        "delete from import_files f using imports i where i.id = f.import_id and i.created_at < $1",
        scope.now - Duration::days(KEPT_DAYS),
    )
    .execute(scope.pool())
    .await
    .or_fault()?;
    Ok(())
}
