//! Which stores send by express, and by which rules and in which order a store is found for an order, as every server
//! keeps them.

use std::{collections::HashMap, sync::Arc};

use domain::{
    Fault,
    freight::FreightTerms,
    route::{RouteRule, RouteRules},
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::database::OrFault;

/// How a store sends.
#[derive(Clone)]
pub(crate) struct Sending {
    /// What it costs.
    pub terms: Arc<FreightTerms>,
    /// Head office's order of stores for express: the lower comes first.
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

/// Head office's order of stores for what riders bring; those without an entry are in the usual place.
pub(super) async fn delivery_priorities(tx: &mut PgConnection) -> Result<HashMap<Uuid, i32>, Fault> {
    let rows = sqlx::query!("select store_id, priority from delivery_priorities").fetch_all(tx).await.or_fault()?;
    Ok(rows.into_iter().map(|row| (row.store_id, row.priority)).collect())
}

/// Head office's rules; the usual ones where nobody has set any.
pub(super) async fn rules(tx: &mut PgConnection) -> Result<RouteRules, Fault> {
    let row = sqlx::query!("select rule, delivery_rule from order_routing").fetch_optional(tx).await.or_fault()?;
    let rule = |code: &str| RouteRule::from_code(code).unwrap_or_default();
    let rules = row.map(|row| RouteRules { rule: rule(&row.rule), delivery_rule: rule(&row.delivery_rule) });
    Ok(rules.unwrap_or_default())
}
