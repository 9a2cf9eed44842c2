//! Which stores send by express, and by which rule a store is found for an order, as every server keeps them.

use std::{collections::HashMap, sync::Arc};

use domain::{Fault, freight::FreightTerms, route::RouteRule};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::database::OrFault;

/// How a store sends.
#[derive(Clone)]
pub(crate) struct Sending {
    /// What it costs.
    pub terms: Arc<FreightTerms>,
    /// Head office's order of stores: the lower comes first.
    pub priority: i32,
}

/// Those that send, each by the template it names or the default.
pub(super) async fn read(tx: &mut PgConnection) -> Result<HashMap<Uuid, Sending>, Fault> {
    let templates =
        sqlx::query!("select id, terms, is_default from freight_templates").fetch_all(&mut *tx).await.or_fault()?;
    let (mut default, mut terms) = (None, HashMap::new());
    for row in templates {
        let read: FreightTerms = serde_json::from_value(row.terms)
            .map_err(|error| Fault::Internal(format!("freight terms {}: {error}", row.id)))?;
        let read = Arc::new(read);
        if row.is_default {
            default = Some(read.clone());
        }
        terms.insert(row.id, read);
    }
    let stores =
        sqlx::query!("select store_id, template_id, priority from express_stores").fetch_all(tx).await.or_fault()?;
    let sending = stores.into_iter().filter_map(|row| {
        let terms = row.template_id.map_or_else(|| default.clone(), |id| terms.get(&id).cloned())?;
        Some((row.store_id, Sending { terms, priority: row.priority }))
    });
    Ok(sending.collect())
}

/// Head office's rule; the usual one where nobody has set one.
pub(super) async fn rule(tx: &mut PgConnection) -> Result<RouteRule, Fault> {
    let code = sqlx::query_scalar!("select rule from order_routing").fetch_optional(tx).await.or_fault()?;
    Ok(code.and_then(|code| RouteRule::from_code(&code)).unwrap_or_default())
}
