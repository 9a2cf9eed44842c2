//! Several losses at once: what a file says of them, and reporting them together.

use std::collections::{HashMap, hash_map::Entry};

use domain::{
    Complaint, Fault, LocationId, SkuId,
    import::{Filled, Lost, line_field},
    losses::{LOSSES_MOST, LossState, ReportLosses, loss_fields},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::report::{grants_of, not_there, report_in};
use crate::{
    Scope,
    database::OrFault,
    faults::{self, Deed},
    stock::{self, batches},
    stockroom,
};

/// What a list says, as the lines of the form that reports losses of a place: rows of the same goods and batch with the
/// same kind and reason add up. It changes nothing.
///
/// Faults: `Invalid` beside each line that is wrong, also for more than the books have, or beside `table` for too many;
/// `NotFound` for a place out of reach; `Forbidden`.
pub async fn of_list(scope: &Scope, location: LocationId, list: &[Lost]) -> Result<Filled, Fault> {
    stockroom::works_at(scope, location)?;
    let mut tx = scope.begin().await?;
    let room = stockroom::room(&mut tx, location).await?;
    let codes: Vec<&str> = list.iter().map(|one| one.code.as_str()).collect();
    let meant = stockroom::of_codes(&mut tx, location, &codes).await?;
    let on_hand = on_hand(&mut tx, location, meant.iter().flatten().copied().collect()).await?;
    let (mut lines, mut complaints): (Vec<(SkuId, Lost)>, Vec<Complaint>) = Default::default();
    let (mut lost, mut at): (HashMap<SkuId, i64>, HashMap<_, usize>) = Default::default();
    for (one, sku) in list.iter().zip(meant) {
        let mut complain = |wrong: String| complaints.push(Complaint::new(line_field(one.line), wrong));
        let sku = match sku {
            Ok(sku) => sku,
            Err(wrong) => {
                complain(wrong.to_owned());
                continue;
            }
        };
        let (there, all) = (on_hand.get(&sku).copied().unwrap_or(0), lost.entry(sku).or_insert(0));
        *all += one.quantity;
        if *all > there {
            complain(not_there(there));
        }
        match at.entry((sku, one.kind, &one.reason, &one.batch)) {
            Entry::Occupied(known) => lines[*known.get()].1.quantity += one.quantity,
            Entry::Vacant(new) => {
                new.insert(lines.len());
                lines.push((sku, one.clone()));
            }
        }
    }
    // Of more than can be reported at once nobody need look each batch up.
    if lines.len() <= LOSSES_MOST {
        complaints.extend(wrong_batches(&mut tx, room.id, &lines).await?);
    }
    if !complaints.is_empty() {
        complaints.sort_by_key(|one| one.field.rsplit('.').next().and_then(|line| line.parse::<u64>().ok()));
        return Err(Fault::Invalid(complaints));
    }
    if lines.len() > LOSSES_MOST {
        let many = lines.len();
        return Err(Fault::invalid(
            "table",
            format!("这个表格有 {many} 份报损，一次最多 {LOSSES_MOST} 份，请分成几个文件"),
        ));
    }
    Ok(Filled { fields: loss_fields(&lines), goods: lost.len(), pieces: lost.values().sum(), ..Filled::default() })
}

/// How many of these goods the books say there are.
async fn on_hand(tx: &mut PgConnection, location: LocationId, skus: Vec<SkuId>) -> Result<HashMap<SkuId, i64>, Fault> {
    let ids: Vec<Uuid> = skus.into_iter().map(|sku| sku.0).collect();
    let rows =
        sqlx::query!("select sku_id, on_hand from stock where location_id = $1 and sku_id = any($2)", location.0, &ids)
            .fetch_all(tx)
            .await
            .or_fault()?;
    Ok(rows.into_iter().map(|row| (SkuId(row.sku_id), row.on_hand)).collect())
}

/// What is wrong with the batches that lines name.
async fn wrong_batches(
    tx: &mut PgConnection,
    location: LocationId,
    lines: &[(SkuId, Lost)],
) -> Result<Vec<Complaint>, Fault> {
    let mut wrong = Vec::new();
    for (sku, one) in lines {
        let Some(code) = &one.batch else { continue };
        match batches::named(&mut *tx, location.0, sku.0, (code.as_str(), one.quantity)).await {
            Ok(_) => {}
            Err(Fault::Invalid(said)) => {
                wrong.extend(said.into_iter().map(|said| Complaint { field: line_field(one.line), ..said }));
            }
            Err(other) => return Err(other),
        }
    }
    Ok(wrong)
}

/// Reports several losses of a place within reach, all or none: each as [`super::report()`] does, so that what the store
/// decides itself is booked at once and the rest waits. Answers the state of each. The same request again reports
/// nothing.
///
/// Faults: `Invalid` beside the lines' fields; `NotFound` for a place out of reach or goods that are not its own;
/// `Conflict` (`key_reused`); `Forbidden`.
pub async fn report_list(scope: &Scope, command: &ReportLosses) -> Result<Vec<LossState>, Fault> {
    command.check()?;
    for (_, one) in &command.lines {
        stockroom::works_at(scope, one.location_id)?;
    }
    let mut tx = scope.begin().await?;
    let grants = grants_of(&mut tx, scope).await?;
    // All balances before any is changed, in the order in which everybody locks them.
    let shelves = command.lines.iter().map(|(_, one)| (one.location_id.0, one.sku_id.0)).collect();
    stock::lock_free(&mut tx, shelves).await?;
    let (mut states, mut any_new) = (Vec::new(), false);
    for (line, one) in &command.lines {
        let reported = report_in(&mut tx, scope, &grants, one).await.map_err(|fault| fault.in_line(*line))?;
        any_new |= reported.is_new;
        states.push(reported.state);
    }
    if any_new {
        faults::commit(tx, scope, Deed::ReportLoss).await?;
    }
    Ok(states)
}
