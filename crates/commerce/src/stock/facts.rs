//! Pieces that come and go by a document. A fact has happened and is booked also where it leaves fewer pieces than
//! are promised; a shortage case is open from then on.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    Complaint, Fault,
    batches::{BatchNamed, batch_field},
    stock::SHORTAGE_WAITS,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{batches, lock_fit, lock_free};
use crate::{Scope, database::OrFault, jobs::Kind};

/// Why pieces come or go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Goods arrived that nobody here had sent.
    Receive,
    /// The books were wrong, and somebody agreed that they were.
    Adjust,
    /// Somebody counted what is there.
    Count,
    /// Pieces are broken, expired, stolen or given away.
    Loss,
    /// Goods come back from whoever bought them.
    Return,
    /// Goods are given in exchange for others.
    Issue,
    /// Goods are for the supplier, and set apart.
    SupplierReturn,
    /// They leave for another store or warehouse.
    TransferOut,
    /// They come from one, or back from the way to one.
    TransferIn,
    /// They are sold at the counter.
    CounterSale,
    /// Pieces of such a sale are back on the shelf.
    CounterReturn,
}

impl Cause {
    pub(super) const ALL: [Self; 11] = [
        Self::Receive,
        Self::Adjust,
        Self::Count,
        Self::Loss,
        Self::Return,
        Self::Issue,
        Self::SupplierReturn,
        Self::TransferOut,
        Self::TransferIn,
        Self::CounterSale,
        Self::CounterReturn,
    ];

    /// As it stands in the table, and as people read it.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Receive => ("receive", "收货"),
            Self::Adjust => ("adjust", "库存调整"),
            Self::Count => ("count", "盘点"),
            Self::Loss => ("loss", "报损"),
            Self::Return => ("return", "顾客退货"),
            Self::Issue => ("issue", "换货换出"),
            Self::SupplierReturn => ("supplier_return", "退供应商"),
            Self::TransferOut => ("transfer_out", "调拨发货"),
            Self::TransferIn => ("transfer_in", "调拨收货"),
            Self::CounterSale => ("counter_sale", "柜台销售"),
            Self::CounterReturn => ("counter_return", "柜台销售退回"),
        }
    }

    /// As it stands in the table.
    pub(crate) fn code(self) -> &'static str {
        self.words().0
    }

    /// As people read the cause with this code.
    pub(crate) fn label_of(code: &str) -> &'static str {
        Self::ALL.into_iter().map(Self::words).find(|words| words.0 == code).map_or("其他", |words| words.1)
    }
}

/// What says that pieces come or go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Document {
    /// Of which kind.
    pub cause: Cause,
    /// Which, where there is one.
    pub id: Option<Uuid>,
}

/// A change of what lies on the shelf.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pieces {
    /// Of which variant.
    pub sku: Uuid,
    /// How many more; negative where they go.
    pub quantity: i64,
}

/// Books what has happened at a location, all of it in one statement, in the order of the variants.
pub(crate) async fn book(
    tx: &mut PgConnection,
    scope: &Scope,
    location: Uuid,
    document: Document,
    pieces: &[Pieces],
) -> Result<(), Fault> {
    let (skus, quantities): (Vec<Uuid>, Vec<i64>) = summed(pieces).into_iter().unzip();
    // All of them before any: whoever asks after batches locks the balances of some.
    lock_free(tx, skus.iter().map(|sku| (location, *sku)).collect()).await?;
    account_for_batches(tx, scope, location, document, pieces).await?;
    sqlx::query!(
        "with fact as materialized (
             select sku_id, quantity from unnest((select $2::uuid[]), (select $3::bigint[])) as f (sku_id, quantity)
             where quantity <> 0 order by sku_id
         ), shelved as (
             insert into stock (location_id, sku_id, on_hand, short)
             select $1, sku_id, quantity, greatest(-quantity, 0) from fact order by sku_id
             on conflict (location_id, sku_id) do update
             set on_hand = stock.on_hand + excluded.on_hand,
                 short = greatest(stock.held + stock.allocated - stock.on_hand - excluded.on_hand, 0),
                 -- Where the counter has pieces of its own, it is there that they come and go.
                 kept_back = case when stock.separate then greatest(stock.kept_back + excluded.on_hand, 0) else stock.kept_back end
             returning sku_id, short, held + allocated - on_hand as lacks
         ), due as materialized (
             select $7::timestamptz + make_interval(hours => r.wait_hours) as until from shortage_rule_at($1) r
         ), opened as (
             insert into shortages (id, location_id, sku_id, cause, document_id, opened_by, opened_at, wait_until)
             select gen_random_uuid(), $1, sku_id, $4, $5, $6, $7, due.until from shelved cross join due where short > 0
             -- Of a case whose time is over, or that was covered and is not closed yet, this is the beginning.
             on conflict (location_id, sku_id) where solved_at is null do update
             set wait_until = case
                 when coalesce(shortages.wait_until, shortages.opened_at + ($9::timestamptz - $7::timestamptz)) <= $7
                   or (select s.lacks + f.quantity <= 0 from shelved s join fact f using (sku_id) where s.sku_id = shortages.sku_id)
                 then excluded.wait_until else shortages.wait_until end
             returning id, coalesce(wait_until, opened_at + ($9::timestamptz - $7::timestamptz)) as until
         ), scheduled as (
             insert into jobs (kind, subject, run_at) select $8, id, until from opened
             on conflict (kind, subject) do update set run_at = greatest(jobs.run_at, excluded.run_at)
         )
         insert into movements (location_id, sku_id, cause, on_hand, document_id, actor_id, occurred_at)
         select $1, sku_id, $4, quantity, $5, $6, $7 from fact",
        location,
        &skus,
        &quantities,
        document.cause.words().0,
        document.id,
        scope.actor_id(),
        scope.now,
        Kind::SolveShortage.code(),
        scope.now + SHORTAGE_WAITS,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    // A transfer may have brought what is over, and a loss have taken it away.
    batches::keep_back(tx, scope, location, Some(&skus)).await
}

/// What the document means for batches: a transfer takes along those that end first and brings what it took; of all
/// else that comes nobody has said yet of which batch it is. What goes is of the batch that ends first and is not over,
/// but for what is known to rid the shelf of what is over.
async fn account_for_batches(
    tx: &mut PgConnection,
    scope: &Scope,
    location: Uuid,
    document: Document,
    pieces: &[Pieces],
) -> Result<(), Fault> {
    match (document.cause, document.id) {
        (Cause::TransferOut, Some(transfer)) => return batches::send(tx, scope, location, transfer, pieces).await,
        _ => {
            let coming: Vec<Uuid> = pieces.iter().filter(|one| one.quantity > 0).map(|one| one.sku).collect();
            if !coming.is_empty() {
                batches::settle(tx, scope, location, &coming).await?;
            }
        }
    }
    match (document.cause, document.id) {
        (Cause::CounterReturn, Some(back)) => batches::come_back_to_counter(tx, scope, location, back, pieces).await,
        (Cause::TransferIn, Some(transfer)) => batches::arrive(tx, scope, location, transfer, pieces).await,
        _ if clears_away(tx, document).await? => {
            let going: Vec<Pieces> = pieces.iter().filter(|one| one.quantity < 0).copied().collect();
            if going.is_empty() {
                return Ok(());
            }
            batches::clear_away(tx, scope, location, document.id, &going).await
        }
        _ => Ok(()),
    }
}

/// Whether pieces that are over go first: what a count does not find is what was thrown away, and what is broken,
/// stolen or tasted is of what is sold.
async fn clears_away(tx: &mut PgConnection, document: Document) -> Result<bool, Fault> {
    match document.cause {
        Cause::Count | Cause::Adjust => Ok(true),
        Cause::Loss => sqlx::query_scalar!(
            r#"select exists (select from losses where id = $1 and kind = 'expired') as "over!""#,
            document.id,
        )
        .fetch_one(tx)
        .await
        .or_fault(),
        _ => Ok(false),
    }
}

/// Takes pieces away that nobody has been promised and that are not over, all or none.
///
/// Faults: `SoldOut` with a complaint beside `sku.{id}` for each that is too few.
pub(crate) async fn take(
    tx: &mut PgConnection,
    scope: &Scope,
    location: Uuid,
    document: Document,
    pieces: &[Pieces],
) -> Result<(), Fault> {
    let wanted = summed(pieces);
    let fit = lock_fit(tx, scope, location, wanted.keys().copied().collect()).await?;
    must_suffice(tx, location, &wanted, &fit).await?;
    book(tx, scope, location, document, &gone(pieces)).await
}

/// Takes pieces away that go back to their supplier by this document, all or none: what nobody has been promised, also
/// what is over. Each is of a batch that is named, or of the one whose turn it is.
///
/// Faults: as of [`take`]; `Invalid` beside `batch.{sku}` for a batch that is not there, or of which fewer pieces are.
pub(crate) async fn give_back(
    tx: &mut PgConnection,
    scope: &Scope,
    location: Uuid,
    document: Uuid,
    pieces: &[Pieces],
    named: &[BatchNamed],
) -> Result<(), Fault> {
    let wanted = summed(pieces);
    let fit = lock_fit(tx, scope, location, wanted.keys().copied().collect()).await?;
    let free = lock_free(tx, wanted.keys().map(|sku| (location, *sku)).collect()).await?;
    must_suffice(tx, location, &wanted, &free).await?;
    let mut of_batches = Vec::new();
    for one in named {
        let found = batches::named(tx, location, one.sku_id.0, (one.code.trim(), one.quantity)).await;
        let batch = found.map_err(|fault| match fault {
            Fault::Invalid(said) => {
                let beside = |said: Complaint| Complaint { field: batch_field(one.sku_id), ..said };
                Fault::Invalid(said.into_iter().map(beside).collect())
            }
            other => other,
        })?;
        of_batches.push((one.sku_id.0, batch, one.quantity));
    }
    let over = batches::go_back(tx, scope, (location, document), pieces, &of_batches).await?;
    // What is over can be promised to nobody; of the rest no more goes than is free.
    let fresh = wanted.into_iter().map(|(sku, most)| (sku, most - over.get(&sku).copied().unwrap_or(0)));
    must_suffice(tx, location, &fresh.filter(|(_, most)| *most > 0).collect(), &fit).await?;
    let document = Document { cause: Cause::SupplierReturn, id: Some(document) };
    book(tx, scope, location, document, &gone(pieces)).await
}

/// Pieces that were wanted, as a change of what lies on the shelf.
fn gone(pieces: &[Pieces]) -> Vec<Pieces> {
    pieces.iter().map(|one| Pieces { quantity: -one.quantity, ..*one }).collect()
}

/// Faults: `SoldOut` with a complaint beside `sku.{id}` for each of which there is less than is wanted.
async fn must_suffice(
    tx: &mut PgConnection,
    location: Uuid,
    wanted: &BTreeMap<Uuid, i64>,
    there: &HashMap<(Uuid, Uuid), i64>,
) -> Result<(), Fault> {
    let there = |sku: &Uuid| there.get(&(location, *sku)).copied().unwrap_or(0);
    let lacking: BTreeSet<Uuid> =
        wanted.iter().filter(|(sku, most)| there(sku) < **most).map(|(sku, _)| *sku).collect();
    if lacking.is_empty() { Ok(()) } else { Err(too_few(tx, lacking, there).await?) }
}

pub(super) async fn too_few(
    tx: &mut PgConnection,
    lacking: BTreeSet<Uuid>,
    free: impl Fn(&Uuid) -> i64,
) -> Result<Fault, Fault> {
    let lacking: Vec<Uuid> = lacking.into_iter().collect();
    let names = sqlx::query!(
        r#"select k.id, concat_ws(' ', p.name, nullif(array_to_string(k.spec_values, ' '), '')) as "name!"
           from skus k join products p on p.id = k.product_id where k.id = any($1) order by k.id"#,
        &lacking,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let complain = |sku: Uuid, name: String| {
        Complaint::new(format!("sku.{sku}"), format!("{name} 可动用的只有 {} 件", free(&sku).max(0)))
    };
    Ok(Fault::SoldOut(names.into_iter().map(|row| complain(row.id, row.name)).collect()))
}

/// One change for each variant.
pub(super) fn summed(pieces: &[Pieces]) -> BTreeMap<Uuid, i64> {
    let mut summed = BTreeMap::new();
    for one in pieces {
        *summed.entry(one.sku).or_default() += one.quantity;
    }
    summed
}
