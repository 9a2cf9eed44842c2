//! What a load of the chain notes down while it goes, so that one cut off goes on where it was: in a
//! schema of its own, since it is no part of the product.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::Fault;
use sqlx::{AssertSqlSafe, PgConnection};

use super::Plan;
use crate::database::OrFault;

const SCHEMA: &str = "
    create schema if not exists chain_demo;
    create table if not exists chain_demo.load (
        only_one boolean primary key default true check (only_one),
        begun_at timestamptz not null,
        stores bigint not null,
        skus bigint not null,
        members bigint not null,
        orders bigint not null,
        finished_at timestamptz
    );
    -- A part is written in one transaction, together with its name here.
    create table if not exists chain_demo.parts (name text primary key);
    -- Indexes that are dropped while rows pour in, to be made again from the whole.
    create table if not exists chain_demo.indexes (name text primary key, definition text not null);
";

/// A load, begun now or before.
pub(super) struct Load {
    /// The orders lead up to this moment.
    pub begun_at: DateTime<Utc>,
    pub finished: bool,
    /// The names of the parts that are written.
    pub parts: HashSet<String>,
}

impl Load {
    /// The load in this database; begins it where there is none.
    ///
    /// Faults: `Conflict` where another run is at it, where one of another size was begun, or where
    /// there are orders that are nobody's demo.
    pub async fn open(owner: &mut PgConnection, plan: &Plan, now: DateTime<Utc>) -> Result<Self, Fault> {
        let alone: bool = sqlx::query_scalar("select pg_try_advisory_lock(hashtext('chain_demo'))")
            .fetch_one(&mut *owner)
            .await
            .or_fault()?;
        if !alone {
            return Err(Fault::conflict("chain_running", "另一个进程正在写演示连锁，请等它结束"));
        }
        refuse_real_orders(owner).await?;
        sqlx::raw_sql(SCHEMA).execute(&mut *owner).await.or_fault()?;
        sqlx::query(
            "insert into chain_demo.load (begun_at, stores, skus, members, orders) values ($1, $2, $3, $4, $5)
             on conflict do nothing",
        )
        .bind(now)
        .bind(plan.stores as i64)
        .bind(plan.skus as i64)
        .bind(plan.members as i64)
        .bind(plan.orders as i64)
        .execute(&mut *owner)
        .await
        .or_fault()?;
        let (begun_at, stores, skus, members, orders, finished): (_, i64, i64, i64, i64, _) = sqlx::query_as(
            "select begun_at, stores, skus, members, orders, finished_at is not null from chain_demo.load",
        )
        .fetch_one(&mut *owner)
        .await
        .or_fault()?;
        if (stores, skus, members, orders)
            != (plan.stores as i64, plan.skus as i64, plan.members as i64, plan.orders as i64)
        {
            let begun = format!("--stores {stores} --skus {skus} --members {members} --orders {orders}");
            return Err(Fault::conflict(
                "chain_of_other_size",
                format!("这个数据库里已有另一种规模的演示连锁，请用同样的规模继续：{begun}；或换一个空的数据库"),
            ));
        }
        let parts: Vec<String> =
            sqlx::query_scalar("select name from chain_demo.parts").fetch_all(owner).await.or_fault()?;
        Ok(Self { begun_at, finished, parts: parts.into_iter().collect() })
    }
}

/// Placing an order through any face leaves the hash of what was asked; the demo's orders have none.
async fn refuse_real_orders(owner: &mut PgConnection) -> Result<(), Fault> {
    let real = sqlx::query_scalar!(r#"select exists (select from orders where request_hash <> '') as "real!""#)
        .fetch_one(owner)
        .await
        .or_fault()?;
    if real {
        let message = "这个数据库里有不是演示数据的订单，演示连锁只写进新的或只有演示数据的数据库；什么都没有改动";
        return Err(Fault::conflict("has_real_orders", message));
    }
    Ok(())
}

/// Notes that a part is written, in its transaction.
pub(super) async fn wrote(tx: &mut PgConnection, part: &str) -> Result<(), Fault> {
    sqlx::query("insert into chain_demo.parts (name) values ($1)").bind(part).execute(tx).await.or_fault()?;
    Ok(())
}

/// Drops the indexes that only make looking things up fast, and notes how they were made. Those that
/// keep a rule (unique ones and constraints) stay.
pub(super) async fn set_indexes_aside(owner: &mut PgConnection) -> Result<(), Fault> {
    // One transaction: as one string it is.
    let aside = "
        insert into chain_demo.indexes (name, definition)
        select c.relname, pg_get_indexdef(i.indexrelid)
        from pg_index i join pg_class c on c.oid = i.indexrelid
        where not i.indisunique and i.indrelid = any (array[
            'orders', 'holds', 'movements', 'payments', 'transfers', 'members']::regclass[])
        on conflict do nothing;
        do $$
        declare
            aside text;
        begin
            for aside in select name from chain_demo.indexes loop
                execute format('drop index if exists %I', aside);
            end loop;
        end
        $$;";
    sqlx::raw_sql(aside).execute(owner).await.or_fault()?;
    Ok(())
}

/// The indexes that are missing, as name and definition.
pub(super) async fn indexes_aside(owner: &mut PgConnection) -> Result<Vec<(String, String)>, Fault> {
    let missing =
        "select name, definition from chain_demo.indexes where to_regclass(quote_ident(name)) is null order by name";
    sqlx::query_as(missing).fetch_all(owner).await.or_fault()
}

/// Makes an index again.
pub(super) async fn put_index_back(owner: &mut PgConnection, definition: String) -> Result<(), Fault> {
    // The definition is PostgreSQL's own, of an index of ours.
    sqlx::raw_sql(AssertSqlSafe(definition)).execute(owner).await.or_fault()?;
    Ok(())
}

/// Notes that everything is written.
pub(super) async fn finish(owner: &mut PgConnection, now: DateTime<Utc>) -> Result<(), Fault> {
    sqlx::query("update chain_demo.load set finished_at = $1").bind(now).execute(owner).await.or_fault()?;
    Ok(())
}
