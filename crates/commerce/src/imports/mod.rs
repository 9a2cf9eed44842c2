//! Many stores, products, prices or orders at once. What every import shares.

pub mod products;
pub mod sent;
pub mod supply;

use std::collections::{HashMap, HashSet};

use domain::{Fault, import::slug};
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

use crate::{database::OrFault, house::new_id};

/// What an import did, in rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Rows that made something new.
    pub inserted: usize,
    /// Rows that changed something.
    pub updated: usize,
    /// Rows of which everything was so already.
    pub unchanged: usize,
    /// Of those that changed something, rows that gave a store another region.
    pub moved: usize,
}

impl Imported {
    /// All rows.
    pub fn rows(self) -> usize {
        self.inserted + self.updated + self.unchanged
    }
}

/// Whether what is imported stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trial {
    /// It is only counted what would change.
    Yes,
    /// It stays.
    No,
}

impl Trial {
    pub(crate) async fn end(self, tx: Transaction<'static, Postgres>) -> Result<(), Fault> {
        match self {
            Self::Yes => tx.rollback().await.or_fault(),
            Self::No => tx.commit().await.or_fault(),
        }
    }
}

/// Has the rest of the transaction find rows by their keys. A statement that is planned while the tables are
/// small would read them whole, and go on so for each chunk while the import makes them large.
pub(crate) async fn look_up_by_key(tx: &mut PgConnection) -> Result<(), Fault> {
    sqlx::query!(
        "select set_config(name, 'off', true) from unnest(array['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin']) name"
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// The brands with these names; those that lack are made.
pub(crate) async fn brands<'a>(
    tx: &mut PgConnection,
    names: impl Iterator<Item = &'a str>,
) -> Result<HashMap<&'a str, Uuid>, Fault> {
    let names: HashSet<&str> = names.collect();
    let mut brands = HashMap::with_capacity(names.len());
    for name in names {
        let id = sqlx::query_scalar!(
            r#"with there as (
                   select id from brands where name = $2 or code = $3 order by name = $2 desc, id limit 1
               ), made as (
                   insert into brands (id, code, name, kind) select $1, $3, $2, 'other'
                   where not exists (select from there)
                   returning id
               )
               select id as "id!" from there union all select id from made"#,
            new_id(),
            name,
            slug(name),
        )
        .fetch_one(&mut *tx)
        .await
        .or_fault()?;
        brands.insert(name, id);
    }
    Ok(brands)
}
