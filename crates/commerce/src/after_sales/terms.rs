//! Head office's book of terms: how long what may be asked for, by category.

use domain::{
    Fault,
    after_sales::{CategoryTerms, SetTerms, Terms, TermsBook},
    audit::{Act, ObjectKind},
    staff::Permission,
};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
};

const NO_CATEGORY: Fault = Fault::NotFound("这个分类");

fn must_manage(scope: &Scope) -> Result<(), Fault> {
    scope.staff_everywhere(Permission::ArbitrateReturns).map(drop)
}

/// The whole book.
///
/// Faults: `Unauthenticated`; `Forbidden` for whoever does not arbitrate everywhere.
pub async fn book(scope: &Scope) -> Result<TermsBook, Fault> {
    must_manage(scope)?;
    let mut tx = scope.begin().await?;
    let default = default(&mut tx).await?;
    let rows = sqlx::query!(
        r#"select c.id, c.name, b.name as brand, t.category_id is not null as "own!", t.refund_only_hours as "refund_only_hours?",
                  t.return_hours as "return_hours?", t.exchange_hours as "exchange_hours?"
           from categories c join brands b on b.id = c.brand_id left join after_sales_terms t on t.category_id = c.id
           order by b.name, c.sort, c.name, c.id limit 500"#,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let categories = rows.into_iter().map(|row| {
        let own = Terms {
            refund_only_hours: row.refund_only_hours,
            return_hours: row.return_hours,
            exchange_hours: row.exchange_hours,
        };
        let terms = if row.own { own } else { default };
        CategoryTerms { category_id: row.id, category: row.name, brand: row.brand, own: row.own, terms }
    });
    Ok(TermsBook { default, categories: categories.collect() })
}

/// What holds of goods whose category says nothing.
pub(super) async fn default(tx: &mut PgConnection) -> Result<Terms, Fault> {
    let said =
        sqlx::query_as!(Terms, "select refund_only_hours, return_hours, exchange_hours from after_sales_default_terms")
            .fetch_optional(tx)
            .await
            .or_fault()?;
    Ok(said.unwrap_or(Terms::DEFAULT))
}

/// Says how long what may be asked for; of what was bought before as well. Doing it twice is doing it once.
///
/// Faults: `Unauthenticated`; `Forbidden`; `NotFound` for a category that is none; `Invalid` beside the hours.
pub async fn set(scope: &Scope, command: SetTerms) -> Result<(), Fault> {
    must_manage(scope)?;
    command.check()?;
    let mut tx = scope.begin().await?;
    let before = said(&mut tx, command.category_id).await?;
    let terms = command.terms();
    match command.category_id {
        Some(category) => write(&mut tx, category, terms).await?,
        None => write_default(&mut tx, terms).await?,
    }
    if before != Some(terms) {
        record(&mut tx, scope, Act::SetAfterSalesTerms, command.category_id, [before, Some(terms)]).await?;
    }
    tx.commit().await.or_fault()
}

/// Lets what holds of all others hold of a category again. Doing it twice is doing it once.
///
/// Faults: `Unauthenticated`; `Forbidden`; `NotFound` for a category that is none.
pub async fn reset(scope: &Scope, category: Uuid) -> Result<(), Fault> {
    must_manage(scope)?;
    let mut tx = scope.begin().await?;
    let before = said(&mut tx, Some(category)).await?;
    sqlx::query!("delete from after_sales_terms where category_id = $1", category)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    if before.is_some() {
        record(&mut tx, scope, Act::ResetAfterSalesTerms, Some(category), [before, None]).await?;
    }
    tx.commit().await.or_fault()
}

/// What was said of a category, or of all others. Nobody else says anything of it until the transaction ends.
async fn said(tx: &mut PgConnection, category: Option<Uuid>) -> Result<Option<Terms>, Fault> {
    let Some(category) = category else {
        return sqlx::query_as!(
            Terms,
            "select refund_only_hours, return_hours, exchange_hours from after_sales_default_terms for update",
        )
        .fetch_optional(tx)
        .await
        .or_fault();
    };
    sqlx::query!("select id from categories where id = $1 for no key update", category)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?
        .ok_or(NO_CATEGORY)?;
    sqlx::query_as!(
        Terms,
        "select refund_only_hours, return_hours, exchange_hours from after_sales_terms where category_id = $1",
        category,
    )
    .fetch_optional(tx)
    .await
    .or_fault()
}

async fn write(tx: &mut PgConnection, category: Uuid, terms: Terms) -> Result<(), Fault> {
    sqlx::query!(
        "insert into after_sales_terms (category_id, refund_only_hours, return_hours, exchange_hours) values ($1, $2, $3, $4)
         on conflict (category_id) do update
         set refund_only_hours = excluded.refund_only_hours, return_hours = excluded.return_hours,
             exchange_hours = excluded.exchange_hours",
        category,
        terms.refund_only_hours,
        terms.return_hours,
        terms.exchange_hours,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

async fn write_default(tx: &mut PgConnection, terms: Terms) -> Result<(), Fault> {
    sqlx::query!(
        "insert into after_sales_default_terms (refund_only_hours, return_hours, exchange_hours) values ($1, $2, $3)
         on conflict (id) do update
         set refund_only_hours = excluded.refund_only_hours, return_hours = excluded.return_hours,
             exchange_hours = excluded.exchange_hours",
        terms.refund_only_hours,
        terms.return_hours,
        terms.exchange_hours,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

async fn record(
    tx: &mut PgConnection,
    scope: &Scope,
    act: Act,
    category: Option<Uuid>,
    [before, after]: [Option<Terms>; 2],
) -> Result<(), Fault> {
    let told = |terms: Option<Terms>| terms.map_or(Value::Null, |terms| json!(terms));
    let change = Change {
        act,
        object: ObjectKind::Category,
        // What holds of all others is of no category.
        object_id: category.unwrap_or_else(Uuid::nil),
        store_id: None,
        before: told(before),
        after: told(after),
        reason: "",
    };
    audit::record(tx, scope, change).await
}
