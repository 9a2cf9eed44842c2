//! Reporting a loss, with pictures, and taking the report back: the side of whoever reports.

use domain::{
    Fault, FileId, LossId,
    audit::{Act, ObjectKind},
    counts::Off,
    files::Purpose,
    losses::{LOSS_PHOTOS_MOST, LossAct, LossState, ReportLoss},
    staff::{Grant, Permission},
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Loss, NO_LOSS, advance, lock, lock_on_hand};
use crate::{
    Scope, approvals,
    audit::{self, Change},
    database::OrFault,
    faults::{self, Deed},
    files, staff,
    stock::batches,
    stockroom,
};

/// Reports a loss at a place within reach. Where it is small and whoever reports decides for the store, it is booked
/// at once; a program's waits for somebody. The report's id is the idempotency key: the same request again is the same
/// report.
///
/// Faults: `Invalid` beside the fields, `quantity` also for more than the books have, `batch` for one that is not there; `NotFound` for a place out of
/// reach or goods that are not its own; `Conflict` (`key_reused`); `Forbidden`.
pub async fn report(scope: &Scope, command: ReportLoss) -> Result<LossState, Fault> {
    command.check()?;
    stockroom::works_at(scope, command.location_id)?;
    let mut tx = scope.begin().await?;
    let grants = grants_of(&mut tx, scope).await?;
    let reported = report_in(&mut tx, scope, &grants, &command).await?;
    if reported.is_new {
        faults::commit(tx, scope, Deed::ReportLoss).await?;
    }
    Ok(reported.state)
}

/// What came of a report.
pub(super) struct Reported {
    pub state: LossState,
    /// Whether it was not there before.
    pub is_new: bool,
}

/// By which right whoever asks may decide at once; a program's never does.
pub(super) async fn grants_of(tx: &mut PgConnection, scope: &Scope) -> Result<Vec<Grant>, Fault> {
    match scope.actor().staff {
        Some(_) => Ok(staff::authority_of(tx, scope).await?.1),
        None => Ok(Vec::new()),
    }
}

/// [`report`] within a transaction.
pub(super) async fn report_in(
    tx: &mut PgConnection,
    scope: &Scope,
    grants: &[Grant],
    command: &ReportLoss,
) -> Result<Reported, Fault> {
    let me = stockroom::works_at(scope, command.location_id)?;
    let actor = scope.actor();
    let room = stockroom::room(tx, command.location_id).await?;
    let price = stockroom::price(tx, room.id, command.sku_id).await?;
    let off =
        Off::of([(command.quantity, price)]).ok_or_else(|| Fault::Internal("a loss beyond all numbers".into()))?;
    let held = approvals::alone_at(tx, room.id).await?;
    let above = !held.alone.suffices(off);
    stockroom::shelve(tx, room.id, &[command.sku_id.0]).await?;
    if let Some(state) = reported_before(tx, command, me).await? {
        return Ok(Reported { state, is_new: false });
    }
    let batch = match command.batch.as_deref().map(str::trim).filter(|code| !code.is_empty()) {
        Some(code) => Some(batches::named(tx, room.id.0, command.sku_id.0, (code, command.quantity)).await?),
        None => None,
    };
    let written = sqlx::query!(
        "insert into losses (id, location_id, sku_id, quantity, kind, reason, state, price_fen, above, reported_by, reported_by_key,
                             reported_at, batch_id, alone_pieces, alone_value_fen, alone_own)
         values ($1, $2, $3, $4, $5, $6, 'reported', $7, $8, $9, $10, $11, $12, $13, $14, $15) on conflict (id) do nothing",
        command.id.0,
        room.id.0,
        command.sku_id.0,
        command.quantity,
        command.kind.code(),
        command.reason.trim(),
        price.0,
        above,
        actor.staff,
        actor.key,
        scope.now,
        batch,
        held.alone.pieces,
        held.alone.value_fen.0,
        held.own,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if written.rows_affected() == 0 {
        let state = reported_before(tx, command, me).await?.ok_or_else(key_reused)?;
        return Ok(Reported { state, is_new: false });
    }
    must_be_there(tx, command).await?;
    let loss = Loss {
        id: command.id,
        room,
        sku: command.sku_id,
        quantity: command.quantity,
        batch,
        state: LossState::Reported,
        above,
        reported_by: me,
    };
    record(tx, scope, &loss, command).await?;
    let decides = !above && stockroom::right_to_decide(grants, loss.room.id, false) == Ok(None);
    if decides {
        advance(tx, scope, &loss, LossAct::Approve, (None, "")).await?;
    }
    Ok(Reported { state: if decides { LossState::Approved } else { LossState::Reported }, is_new: true })
}

/// What is not on the books cannot be lost from them: then the books are wrong, and it is counted.
async fn must_be_there(tx: &mut PgConnection, command: &ReportLoss) -> Result<(), Fault> {
    let on_hand = lock_on_hand(tx, command.location_id, command.sku_id).await?;
    if command.quantity <= on_hand {
        return Ok(());
    }
    Err(Fault::invalid("quantity", not_there(on_hand)))
}

/// What is said of more than the books have.
pub(super) fn not_there(on_hand: i64) -> String {
    format!("账面只有 {on_hand} 件；如果账面不对，请先盘点这件商品")
}

fn key_reused() -> Fault {
    Fault::conflict("key_reused", "这个页面已经提交过另一份报损，请刷新后再试")
}

/// How far the report is that is there because of the same request; nothing where there is none under its id.
///
/// Faults: `Conflict` (`key_reused`) for another under that id.
async fn reported_before(tx: &mut PgConnection, command: &ReportLoss, me: Uuid) -> Result<Option<LossState>, Fault> {
    let found = sqlx::query!(
        r#"select l.location_id, l.sku_id, l.quantity, l.kind, l.reason, l.state, b.code as "batch?",
                  coalesce(l.reported_by, l.reported_by_key) as "reported_by!"
           from losses l left join batches b on b.id = l.batch_id where l.id = $1"#,
        command.id.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    let Some(found) = found else { return Ok(None) };
    let batch = command.batch.as_deref().map(str::trim).filter(|code| !code.is_empty());
    let same = batch == found.batch.as_deref()
        && (
            found.location_id,
            found.sku_id,
            found.quantity,
            found.kind.as_str(),
            found.reason.as_str(),
            found.reported_by,
        ) == (
            command.location_id.0,
            command.sku_id.0,
            command.quantity,
            command.kind.code(),
            command.reason.trim(),
            me,
        );
    if same { Ok(LossState::from_code(&found.state)) } else { Err(key_reused()) }
}

async fn record(tx: &mut PgConnection, scope: &Scope, loss: &Loss, command: &ReportLoss) -> Result<(), Fault> {
    let change = Change {
        act: Act::ReportLoss,
        object: ObjectKind::Loss,
        object_id: loss.id.0,
        store_id: loss.room.store.map(|store| store.0),
        before: json!(null),
        after: json!({ "state": LossState::Reported, "quantity": loss.quantity, "kind": command.kind.label() }),
        reason: command.reason.trim(),
    };
    audit::record(tx, scope, change).await
}

/// Takes one's own report back. Doing it twice is doing it once.
///
/// Faults: `NotFound` for a report that is not theirs; `Conflict` (`not_now`) once it is decided; `Forbidden`.
pub async fn withdraw(scope: &Scope, id: LossId) -> Result<(), Fault> {
    let reach = scope.reach(Permission::CountStock)?;
    let me = scope.actor_id().ok_or(Fault::Unauthenticated)?;
    let mut tx = scope.begin().await?;
    let loss = lock(&mut tx, id).await?;
    if loss.reported_by != me || !reach.covers(stockroom::as_store(loss.room.id)) {
        return Err(NO_LOSS);
    }
    if loss.state == LossState::Withdrawn {
        return Ok(());
    }
    advance(&mut tx, scope, &loss, LossAct::Withdraw, (None, "")).await?;
    tx.commit().await.or_fault()
}

/// What a picture of this report is for, where whoever asks may add one.
///
/// Faults: `NotFound`, also for another place's; `Forbidden`.
pub async fn may_add_photos(scope: &Scope, id: LossId) -> Result<Purpose, Fault> {
    let reach = scope.reach(Permission::CountStock)?;
    let mut tx = scope.begin().await?;
    let loss = lock(&mut tx, id).await?;
    if !reach.covers(stockroom::as_store(loss.room.id)) {
        return Err(NO_LOSS);
    }
    Ok(loss.room.store.map_or(Purpose::WarehouseLossPhoto(loss.room.id), Purpose::LossPhoto))
}

/// Adds a picture to a report. It is private to those who see the report. The same file again is the picture that it
/// is.
///
/// Faults: as of [`files::take`]; `Conflict` (`photos_full`).
pub async fn add_photo(scope: &Scope, id: LossId, name: &str, bytes: Vec<u8>) -> Result<FileId, Fault> {
    let purpose = may_add_photos(scope, id).await?;
    let made = files::made(scope, purpose, bytes).await?;
    let mut tx = scope.begin().await?;
    lock(&mut tx, id).await?;
    let there = sqlx::query!(
        "select p.file_id, f.sha256 from loss_photos p join files f on f.id = p.file_id where p.loss_id = $1",
        id.0,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    if let Some(same) = there.iter().find(|one| one.sha256 == made.sha256) {
        return Ok(FileId(same.file_id));
    }
    if there.len() >= LOSS_PHOTOS_MOST {
        return Err(Fault::conflict("photos_full", format!("每份报损最多 {LOSS_PHOTOS_MOST} 张图片")));
    }
    let file = files::keep(&mut tx, scope, purpose, name, made).await?;
    sqlx::query!("update files set unused_since = null where id = $1", file.0).execute(&mut *tx).await.or_fault()?;
    sqlx::query!("insert into loss_photos (file_id, loss_id) values ($1, $2)", file.0, id.0)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    tx.commit().await.or_fault()?;
    Ok(file)
}
