//! What says that pieces came or went: the document's number, which leads to its page.

use domain::stock_lists::{DocumentKind, MovementEntry};
use leptos::prelude::*;
use ui::ReferenceCell;

/// The cell of a table of movements with the document of one, for who may look at it with its page.
pub fn cell(one: &MovementEntry) -> AnyView {
    let (kind, href) = (one.document_kind.map_or("", DocumentKind::label), page_of(one));
    // It is known by its file's name.
    let long = one.document_kind == Some(DocumentKind::Import);
    view! { <ReferenceCell said=one.document.clone() kind=kind long=long href=href/> }.into_any()
}

/// Where a document is shown to whoever may look at it: on its page, or first in its list. Head office's people alone
/// import.
fn page_of(one: &MovementEntry) -> Option<String> {
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
