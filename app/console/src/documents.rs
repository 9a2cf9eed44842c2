//! Where the document is that says that pieces came or went.

use domain::stock_lists::{DocumentKind, MovementEntry};

/// Where a document is shown to whoever may look at it: on its page, or first in its list. Head office's people alone
/// import.
pub fn page_of(one: &MovementEntry) -> Option<String> {
    let (id, place) = (one.document_id?, one.location.id);
    let page = match one.document_kind? {
        DocumentKind::Order => format!("/console/orders/{id}"),
        DocumentKind::AfterSales => format!("/console/after-sales/{id}"),
        DocumentKind::CounterSale => format!("/console/till/sales?store={place}&sale={id}"),
        DocumentKind::Transfer => format!("/console/transfers/{id}"),
        DocumentKind::Purchase => format!("/console/purchases/{id}"),
        DocumentKind::Receipt => {
            let store = one.location.store()?;
            format!("/console/receipts?location={store}&receipt={id}")
        }
        DocumentKind::SetApart => format!("/console/set-apart?location={place}&end={id}"),
        DocumentKind::Count => format!("/console/counts/{id}"),
        DocumentKind::Loss => format!("/console/losses/{id}"),
        DocumentKind::Proposal => format!("/console/proposals/{id}"),
        DocumentKind::Import => return None,
    };
    Some(page)
}
