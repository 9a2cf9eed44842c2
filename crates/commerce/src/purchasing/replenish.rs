//! What stores and warehouses are to order from suppliers, and why: one place line by line, or many at once, summed up.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Fault, LocationId, PurchaseId, SupplierId,
    purchasing::{
        DraftPurchase, ListShortfalls, OrderProposed, OrderShortfalls, Proposal, PurchaseCard, PurchaseLineAsked,
        SHORTFALL_LINES_MOST, SHORTFALLS_MOST, ShortLine, Shortfall, ShortfallPick, Shortfalls, Unpriced,
    },
    transfers::{LINES_MOST, PIECES_MOST},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    NO_SUPPLIER, draft, must_buy, read,
    short::{Short, Wanted, places_in, short},
    today,
};
use crate::{Scope, costs, database::OrFault, transfers::places};

/// What drafts say that were made of proposals.
const NOTE: &str = "按补货建议";

/// What a place is to order of what some supplier has a price for; see [`short`]. Nothing for a closed place and for a
/// merchant's store, to which the chain orders nothing.
///
/// Faults: `Unauthenticated`; `Forbidden`; `NotFound`.
pub async fn proposals(scope: &Scope, place: LocationId) -> Result<Vec<Proposal>, Fault> {
    Ok(short_at(scope, place).await?.0)
}

/// [`proposals`], and all that the place is short of that nobody has a price for.
///
/// Faults: `Unauthenticated`; `Forbidden`; `NotFound`.
pub async fn short_at(scope: &Scope, place: LocationId) -> Result<(Vec<Proposal>, Option<Unpriced>), Fault> {
    must_buy(scope)?;
    let mut tx = scope.begin_search().await?;
    let [of] = places(&mut tx, [place]).await?;
    let rows = short(&mut tx, scope, &Wanted::at(&[place.0])).await?;
    let (today, whole) = (today(scope), costs::seen_at(scope, &of.location));
    let unpriced = summed(scope, &rows).unpriced.pop();
    let proposal = rows.into_iter().filter_map(|row| {
        let (supplier_id, supplier) = row.supplier()?;
        let line = row.line(today, whole);
        Some(Proposal {
            location: of.location.clone(),
            sku_id: line.sku_id,
            name: line.name,
            code: line.code,
            supplier_id,
            supplier,
            price_fen: line.price_fen,
            need: line.need,
            quantity: line.quantity,
            why: line.why,
        })
    });
    Ok((proposal.collect(), unpriced))
}

/// What places are to order, summed up by place and supplier, the most urgent first; and which of them are short of what
/// nobody has a price for. Of each the first 100, and how many there are; of their lines the first 20, or all where one
/// place is asked for.
///
/// Faults: `Unauthenticated`; `Forbidden`.
pub async fn shortfalls(scope: &Scope, ask: &ListShortfalls) -> Result<Shortfalls, Fault> {
    must_buy(scope)?;
    let mut tx = scope.begin_search().await?;
    let places = match &ask.region {
        Some(region) => Some(places_in(&mut tx, region, ask.location).await?),
        None => ask.location.map(|place| vec![place.0]),
    };
    let wanted = Wanted {
        places: places.as_deref(),
        supplier: ask.supplier,
        most: SHORTFALLS_MOST as i64,
        lines: if ask.location.is_some() { i64::MAX } else { SHORTFALL_LINES_MOST as i64 },
    };
    Ok(summed(scope, &short(&mut tx, scope, &wanted).await?))
}

/// Lines summed up by place and supplier, in their order.
fn summed(scope: &Scope, rows: &[Short]) -> Shortfalls {
    let today = today(scope);
    let mut found = Shortfalls::default();
    for sum in rows.chunk_by(Short::with) {
        let Some(first) = sum.first() else { continue };
        let (location, kinds) = (first.location(), first.kinds);
        let whole = costs::seen_at(scope, &location);
        let lines: Vec<ShortLine> = sum.iter().map(|row| row.line(today, whole)).collect();
        // The first of them runs out before all others.
        let runs_out_on = lines.first().and_then(|line| line.runs_out_on);
        match first.supplier() {
            Some((supplier_id, supplier)) => {
                found.total = first.sums;
                let (pieces, cost_fen) = (first.pieces, first.cost(whole));
                let sum = Shortfall { location, supplier_id, supplier, kinds, pieces, cost_fen, runs_out_on, lines };
                found.items.push(sum);
            }
            None => {
                found.unpriced_total = first.sums;
                found.unpriced.push(Unpriced { location, kinds, runs_out_on, lines });
            }
        }
    }
    found
}

/// Makes drafts of what is to be ordered, one for each supplier and place, or several where it is more than one has room
/// for, all or none; answers which. The same request again is answered the same and makes none.
///
/// Faults: `Forbidden`; `Invalid` beside `lines` or `pieces.{sku}`; `NotFound`; `Conflict` (`not_now`, `supplier_closed`,
/// `location_closed`).
pub async fn order_proposed(scope: &Scope, command: OrderProposed) -> Result<Vec<PurchaseId>, Fault> {
    must_buy(scope)?;
    command.check()?;
    let mut drafts = BTreeMap::<PurchaseId, DraftPurchase>::new();
    let mut lines_of = BTreeMap::<(SupplierId, LocationId), usize>::new();
    for line in &command.lines {
        let lines = lines_of.entry((line.supplier_id, line.location_id)).or_default();
        let id = command.draft_id(line.supplier_id, line.location_id, *lines / LINES_MOST);
        *lines += 1;
        let draft = drafts.entry(id).or_insert_with(|| empty(line.supplier_id, line.location_id));
        draft.lines.push(PurchaseLineAsked { sku_id: line.sku_id, quantity: line.quantity, price_fen: None });
    }
    let mut tx = scope.begin().await?;
    write(&mut tx, scope, &drafts).await?;
    tx.commit().await.or_fault()?;
    Ok(drafts.into_keys().collect())
}

/// Makes drafts of what places are short of at this moment, one for each place and supplier that is picked, all or none;
/// answers them by place and supplier. A draft has room for 200 variants: those that run out first; the others are short
/// still. The same request again is answered with the same drafts and makes none.
///
/// Faults: `Forbidden`; `Invalid` beside `picks`; `NotFound`; `Conflict` (`not_short` where one of the places need not
/// order from that supplier, `key_reused`, `supplier_closed`, `location_closed`).
pub async fn order_shortfalls(scope: &Scope, command: OrderShortfalls) -> Result<Vec<PurchaseCard>, Fault> {
    must_buy(scope)?;
    command.check()?;
    let picks = command.drafts();
    let ids: Vec<Uuid> = picks.keys().map(|id| id.0).collect();
    let mut tx = scope.begin_search().await?;
    // One after the other: of two who order for the same place at once, the second sees what the first has ordered.
    sqlx::query!("select pg_advisory_xact_lock(hashtext('mendian: order shortfalls'))")
        .execute(&mut *tx)
        .await
        .or_fault()?;
    let before = cards(&mut tx, scope, &ids).await?;
    if before.len() == ids.len() {
        return Ok(before);
    }
    if !before.is_empty() {
        return Err(Fault::conflict("key_reused", "这个页面已经下过另一批采购单，请刷新后再试"));
    }
    let drafts = drafts_of(&mut tx, scope, &picks).await?;
    write(&mut tx, scope, &drafts).await?;
    let made = cards(&mut tx, scope, &ids).await?;
    tx.commit().await.or_fault()?;
    Ok(made)
}

/// The drafts of what is picked, of what is short now.
///
/// Faults: `Invalid` beside `picks`; `NotFound`; `Conflict` (`not_short`).
async fn drafts_of(
    tx: &mut PgConnection,
    scope: &Scope,
    picks: &BTreeMap<PurchaseId, ShortfallPick>,
) -> Result<BTreeMap<PurchaseId, DraftPurchase>, Fault> {
    let picked: BTreeSet<_> = picks.values().map(|pick| (pick.location_id, pick.supplier_id)).collect();
    let places: BTreeSet<Uuid> = picked.iter().map(|(place, _)| place.0).collect();
    let places: Vec<Uuid> = places.into_iter().collect();
    let rows = short(tx, scope, &Wanted::at(&places)).await?;
    let today = today(scope);
    let mut lines = BTreeMap::<(LocationId, SupplierId), Vec<PurchaseLineAsked>>::new();
    for row in &rows {
        let (place, Some((supplier, _))) = (row.location(), row.supplier()) else { continue };
        let of = (place.id, supplier);
        if !picked.contains(&of) {
            continue;
        }
        let asked = lines.entry(of).or_default();
        if asked.len() == LINES_MOST {
            continue;
        }
        let line = row.line(today, false);
        if line.quantity > PIECES_MOST {
            let (place, name, quantity) = (place.name, line.name, line.quantity);
            let said = format!(
                "「{place}」的「{name}」要补 {quantity} 件，一行最多 {PIECES_MOST} 件：请打开这一处的补货建议，改好件数再下单"
            );
            return Err(Fault::invalid("picks", said));
        }
        asked.push(PurchaseLineAsked { sku_id: line.sku_id, quantity: line.quantity, price_fen: None });
    }
    let mut drafts = BTreeMap::new();
    for (id, pick) in picks {
        let asked = lines.remove(&(pick.location_id, pick.supplier_id)).unwrap_or_default();
        if asked.is_empty() {
            return Err(not_short(tx, *pick).await?);
        }
        drafts.insert(*id, DraftPurchase { lines: asked, ..empty(pick.supplier_id, pick.location_id) });
    }
    Ok(drafts)
}

/// What is said where a place need not order from a supplier.
///
/// Faults: `NotFound` for a place or supplier that is none.
async fn not_short(tx: &mut PgConnection, pick: ShortfallPick) -> Result<Fault, Fault> {
    let [place] = places(tx, [pick.location_id]).await?;
    let supplier = sqlx::query_scalar!("select name from suppliers where id = $1", pick.supplier_id.0)
        .fetch_optional(tx)
        .await
        .or_fault()?
        .ok_or(NO_SUPPLIER)?;
    let place = place.location.name;
    let said = format!(
        "「{place}」现在没有要向「{supplier}」补的货，可能有人刚下过单或报价变了。这次没有生成采购单，请刷新后再选"
    );
    Ok(Fault::conflict("not_short", said))
}

/// A draft of proposals, before its lines.
fn empty(supplier_id: SupplierId, location_id: LocationId) -> DraftPurchase {
    DraftPurchase { supplier_id, location_id, lines: Vec::new(), expected_on: None, note: NOTE.into() }
}

/// Writes drafts in the order of their ids, as all documents are locked.
async fn write(
    tx: &mut PgConnection,
    scope: &Scope,
    drafts: &BTreeMap<PurchaseId, DraftPurchase>,
) -> Result<(), Fault> {
    for (id, draft) in drafts {
        draft.check()?;
        draft::write(tx, scope, *id, draft).await?;
    }
    Ok(())
}

/// Those of these orders that are there, by place and supplier.
async fn cards(tx: &mut PgConnection, scope: &Scope, ids: &[Uuid]) -> Result<Vec<PurchaseCard>, Fault> {
    let mut found = read::cards(tx, scope, ids).await?;
    found.sort_by(|one, other| (&one.location.name, &one.supplier).cmp(&(&other.location.name, &other.supplier)));
    Ok(found)
}
