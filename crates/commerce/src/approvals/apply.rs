//! What a proposal is about, as it stands now, and how it becomes so.

use domain::{Fault, StoreId, approvals::Proposed};
use sqlx::PgConnection;

use super::Proposal;
use crate::{
    Scope,
    database::OrFault,
    stock::{self, Cause, Document, Pieces},
};

/// How it is at this moment: a price in fen, pieces on the shelf. `None` where the store does not list the variant.
pub(super) async fn now(tx: &mut PgConnection, store: StoreId, what: &Proposed) -> Result<Option<i64>, Fault> {
    match what {
        Proposed::Price { sku_id, .. } => sqlx::query_scalar!(
            "select price_fen from listings where store_id = $1 and sku_id = $2",
            store.0,
            sku_id.0,
        )
        .fetch_optional(tx)
        .await,
        Proposed::Adjustment { sku_id, .. } => {
            sqlx::query_scalar!("select on_hand from stock where location_id = $1 and sku_id = $2", store.0, sku_id.0,)
                .fetch_optional(tx)
                .await
        }
    }
    .or_fault()
}

/// Refuses what would change nothing, or leave less than nothing.
///
/// Faults: `Invalid` beside `price` or `difference`.
pub(super) fn must_make_sense(what: &Proposed, now: i64) -> Result<(), Fault> {
    match (what, what.applied_to(now)) {
        (Proposed::Price { .. }, Some(price)) if price == now => {
            Err(Fault::invalid("price", "与现在的价格相同，不需要申请"))
        }
        (Proposed::Adjustment { .. }, pieces) if pieces.is_none_or(|pieces| pieces < 0) => {
            Err(Fault::invalid("difference", format!("账面只有 {now} 件，调整后不能少于 0")))
        }
        _ => Ok(()),
    }
}

/// Refuses a proposal whose ground has changed since it was written: whoever decides would decide on something
/// else. Pieces come and go with every order, so of an adjustment only the difference counts.
///
/// Faults: `Conflict` (`stale_proposal`).
pub(super) async fn must_be_fresh(tx: &mut PgConnection, proposal: &Proposal) -> Result<i64, Fault> {
    let stale = |why: String| Err(Fault::conflict("stale_proposal", why));
    match now(tx, proposal.store_id, &proposal.what).await? {
        None => stale("门店已不再销售这件商品，请驳回或让门店撤回".into()),
        Some(now) if matches!(proposal.what, Proposed::Price { .. }) && now != proposal.before => {
            stale(format!("价格已变为 {}，请驳回，让门店按新价格重新申请", proposal.what.in_words(now)))
        }
        Some(now) => Ok(now),
    }
}

/// Makes it so.
///
/// Faults: `Conflict` (`stale_proposal`).
pub(super) async fn apply(tx: &mut PgConnection, scope: &Scope, proposal: &Proposal) -> Result<(), Fault> {
    must_be_fresh(tx, proposal).await?;
    match proposal.what {
        Proposed::Price { sku_id, price_fen } => {
            // Only from the price that was looked at, should somebody have changed it meanwhile.
            let changed = sqlx::query!(
                "update listings set price_fen = $3 where store_id = $1 and sku_id = $2 and price_fen = $4",
                proposal.store_id.0,
                sku_id.0,
                price_fen.0,
                proposal.before,
            )
            .execute(tx)
            .await
            .or_fault()?;
            if changed.rows_affected() == 0 {
                return Err(Fault::conflict("stale_proposal", "价格刚刚有变化，请刷新后再看"));
            }
        }
        Proposed::Adjustment { sku_id, difference } => {
            let document = Document { cause: Cause::Adjust, id: Some(proposal.id.0) };
            let pieces = [Pieces { sku: sku_id.0, quantity: difference }];
            // What is missing is missing, also where it is promised: then a shortage case is open.
            stock::book(tx, scope, proposal.store_id.0, document, &pieces).await?;
        }
    }
    Ok(())
}
