//! Timed work, kept in a table: it survives a crash, and any server may do it.

use std::time::Instant;

use chrono::{DateTime, Duration, Utc};
use domain::{AfterSalesId, Fault, OrderBatchId, OrderId, ParcelId, ProposalId, RideId, ShortageId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    FaultPoint, Scope, after_sales, alerts, approvals, database::OrFault, events, express, files, flashes, imports,
    limits, members, orders, payments, sessions, staff, stock, webhooks,
};

/// What there is to do, each about one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An order's time to pay is over.
    ExpireOrder,
    /// Nobody decided on a proposal in time.
    ExpireProposal,
    /// The store did not decide on a request in time, or its goods did not come.
    AfterSalesDue,
    /// A payment's callback may have been lost.
    LookUpPayment,
    /// A payment must not be paid any more.
    ClosePayment,
    /// Money must go back.
    SendRefund,
    /// A shopper has said nothing about what was sent.
    CompleteExpress,
    /// A rider's callbacks may have been lost.
    FollowRide,
    /// A parcel is to be told of, and may have been silent for long.
    FollowParcel,
    /// Nobody has solved a shortage in time.
    SolveShortage,
    /// Head office does one thing with several orders.
    WorkOrderBatch,
}

/// Work that does not wait for other work: a gateway that is slow must not keep stock held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// What needs nobody outside.
    Own,
    /// What asks the gateway.
    Gateway,
}

impl Lane {
    fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Own => &[
                Kind::ExpireOrder,
                Kind::ExpireProposal,
                Kind::AfterSalesDue,
                Kind::SolveShortage,
                Kind::CompleteExpress,
                Kind::WorkOrderBatch,
            ],
            Self::Gateway => {
                &[Kind::LookUpPayment, Kind::ClosePayment, Kind::SendRefund, Kind::FollowRide, Kind::FollowParcel]
            }
        }
    }
}

impl Kind {
    /// As it stands in the table.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::ExpireOrder => "expire_order",
            Self::ExpireProposal => "expire_proposal",
            Self::AfterSalesDue => "after_sales_due",
            Self::LookUpPayment => "look_up_payment",
            Self::ClosePayment => "close_payment",
            Self::SendRefund => "send_refund",
            Self::CompleteExpress => "complete_express",
            Self::FollowRide => "follow_ride",
            Self::FollowParcel => "follow_parcel",
            Self::SolveShortage => "solve_shortage",
            Self::WorkOrderBatch => "work_order_batch",
        }
    }
}

/// Schedules work in the transaction that makes it necessary.
pub(crate) async fn schedule(
    tx: &mut PgConnection,
    kind: Kind,
    subject: Uuid,
    run_at: DateTime<Utc>,
) -> Result<(), Fault> {
    sqlx::query!(
        "insert into jobs (kind, subject, run_at) values ($1, $2, $3) on conflict (kind, subject) do nothing",
        kind.code(),
        subject,
        run_at,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Has work that is scheduled done by then at the latest.
pub(crate) async fn hasten(tx: &mut PgConnection, kind: Kind, subject: Uuid, by: DateTime<Utc>) -> Result<(), Fault> {
    sqlx::query!(
        "update jobs set run_at = least(run_at, $3) where kind = $1 and subject = $2",
        kind.code(),
        subject,
        by,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Schedules work for then, or has what is scheduled already done by then at the latest. Where somebody is at it at this
/// very moment it is done once more afterwards: that attempt may have begun before what is to be seen to.
pub(crate) async fn schedule_by(
    tx: &mut PgConnection,
    kind: Kind,
    subject: Uuid,
    by: DateTime<Utc>,
) -> Result<(), Fault> {
    // One statement: it waits for whoever is taking the job away, and then writes it anew.
    sqlx::query!(
        "insert into jobs (kind, subject, run_at) values ($1, $2, $3)
         on conflict (kind, subject) do update set run_at = least(jobs.run_at, excluded.run_at)",
        kind.code(),
        subject,
        by,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Takes work back in the transaction that makes it needless.
pub(crate) async fn unschedule(
    tx: &mut PgConnection,
    needless: impl IntoIterator<Item = (Kind, Uuid)>,
) -> Result<(), Fault> {
    let (kinds, subjects): (Vec<String>, Vec<Uuid>) =
        needless.into_iter().map(|(kind, subject)| (kind.code().to_owned(), subject)).unzip();
    sqlx::query!(
        "delete from jobs j using unnest((select $1::text[]), (select $2::uuid[])) as n (kind, subject)
         where j.kind = n.kind and j.subject = n.subject",
        &kinds,
        &subjects,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Does one due job of a lane; `false` where none is due.
///
/// A job is taken by moving its time a minute on, which is committed at once: another server, or
/// this one after a crash, takes it again then. So every job is safe to do twice. That time is also
/// whoever's attempt it is: one that ends leaves a job alone that was called for meanwhile, or that
/// another server has taken.
pub async fn run_one(scope: &Scope, lane: Lane) -> Result<bool, Fault> {
    let kinds: Vec<String> = lane.kinds().iter().map(|kind| kind.code().to_owned()).collect();
    let taken = sqlx::query!(
        "update jobs set run_at = $2, tries = tries + 1
         where id = (select id from jobs where run_at <= $1 and kind = any($3) order by run_at limit 1 for update skip locked)
         returning id, kind, subject, tries, run_at",
        scope.now,
        scope.now + Duration::minutes(1),
        &kinds,
    )
    .fetch_optional(scope.pool())
    .await
    .or_fault()?;
    let Some(job) = taken else { return Ok(false) };
    let kind = lane.kinds().iter().copied().find(|kind| kind.code() == job.kind);
    let kind = kind.ok_or_else(|| Fault::Internal(format!("job {}", job.kind)))?;
    let began = Instant::now();
    match perform(scope, kind, job.subject).await {
        Ok(None) => {
            sqlx::query!("delete from jobs where id = $1 and run_at = $2", job.id, job.run_at)
                .execute(scope.pool())
                .await
                .or_fault()?;
        }
        Ok(Some(again)) => put_off(scope, (job.id, job.run_at), again, None).await?,
        Err(fault) => {
            tracing::warn!(
                job = job.id,
                kind = job.kind,
                tries = job.tries,
                ?fault,
                "a job failed; it will be tried again"
            );
            let wait = Duration::seconds(2i64.saturating_pow(job.tries.clamp(1, 12) as u32)).min(Duration::hours(1));
            put_off(scope, (job.id, job.run_at), wait, Some(format!("{fault:?}"))).await?;
        }
    }
    tracing::debug!(kind = job.kind, elapsed_ms = began.elapsed().as_millis() as u64, "a job ran");
    Ok(true)
}

async fn put_off(
    scope: &Scope,
    (id, taken_until): (i64, DateTime<Utc>),
    wait: Duration,
    error: Option<String>,
) -> Result<(), Fault> {
    sqlx::query!(
        "update jobs set run_at = $3, last_error = $4 where id = $1 and run_at = $2",
        id,
        taken_until,
        scope.now + wait,
        error,
    )
    .execute(scope.pool())
    .await
    .or_fault()?;
    Ok(())
}

/// Does the work; answers when to do it again, where it must be.
async fn perform(scope: &Scope, kind: Kind, subject: Uuid) -> Result<Option<Duration>, Fault> {
    match kind {
        Kind::ExpireOrder => {
            let mut tx = scope.begin().await?;
            if orders::expire(&mut tx, scope, OrderId(subject)).await? {
                scope.house.pass(FaultPoint::ExpiryWritten);
                tx.commit().await.or_fault()?;
                scope.house.pass(FaultPoint::ExpiryCommitted);
            }
            Ok(None)
        }
        Kind::ExpireProposal => approvals::expire(scope, ProposalId(subject)).await.map(|()| None),
        Kind::AfterSalesDue => after_sales::due(scope, AfterSalesId(subject)).await.map(|()| None),
        Kind::LookUpPayment => payments::look_up(scope, subject).await,
        Kind::ClosePayment => payments::close(scope, subject).await.map(|()| None),
        Kind::SendRefund => payments::send_refund(scope, subject).await,
        Kind::CompleteExpress => express::complete(scope, OrderId(subject)).await,
        Kind::FollowRide => express::follow(scope, RideId(subject)).await,
        Kind::FollowParcel => express::follow_parcel(scope, ParcelId(subject)).await,
        Kind::SolveShortage => stock::shortages::solve(scope, ShortageId(subject)).await.map(|()| None),
        Kind::WorkOrderBatch => orders::batches::work(scope, OrderBatchId(subject)).await,
    }
}

/// Acts on stored callbacks; `false` where none is due.
pub async fn work_inbox(scope: &Scope) -> Result<bool, Fault> {
    payments::work_inbox(scope).await
}

/// Acts on stored callbacks of the courier; `false` where none is due.
pub async fn work_ride_notices(scope: &Scope) -> Result<bool, Fault> {
    express::work_notices(scope).await
}

/// Acts on stored callbacks of the carriers' platform; `false` where none is due.
pub async fn work_parcel_notices(scope: &Scope) -> Result<bool, Fault> {
    express::work_parcel_notices(scope).await
}

/// Forgets what is of no use any more.
pub async fn sweep(scope: &Scope) -> Result<(), Fault> {
    limits::sweep(scope).await?;
    flashes::sweep(scope).await?;
    sessions::sweep(scope).await?;
    staff::sweep_devices(scope).await?;
    members::sweep(scope).await?;
    imports::sent::sweep(scope).await?;
    files::sweep(scope).await?;
    stock::shortages::sweep(scope).await?;
    orders::batches::sweep(scope).await?;
    alerts::sweep(scope).await?;
    webhooks::sweep(scope).await?;
    events::sweep(scope).await
}
