//! What is left of batches at one's places, what ends first first.

use commerce::{counts, stock::batches as use_cases};
use domain::{
    Fault,
    batches::{BatchEntry, ListBatches},
    counts::PlaceOfStock,
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{Breadcrumbs, Pager};

use crate::{
    frame::{Frame, Lit, address, files},
    movements::place_choice,
    stock,
};

/// This page.
pub const PATH: &str = "/console/batches";
/// How many batches a page has.
const PAGE: i64 = 50;

/// The page.
pub async fn batches(asked: Asked) -> Result<Page, Fault> {
    let ask = ListBatches { most: PAGE, ..ListBatches::from_fields(&asked.query) };
    let (found, total) = use_cases::list(&asked.scope, &ask).await?;
    // Who decides and does not count sees all their places at once.
    let places = counts::places(&asked.scope).await.unwrap_or_default();
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new("批次与效期", move || {
        let crumbs = vec![("库存".to_owned(), stock::PATH.to_owned()), ("批次与效期".to_owned(), String::new())];
        let body = view! {
            <Breadcrumbs items=crumbs/>
            <div class="my-3 flex flex-wrap items-center justify-between gap-3">
                <h1 class="text-xl font-bold">"批次与效期"</h1>
                {files(PATH, &ask.pairs())}
            </div>
            {filters(&ask, places)}
            {results(&ask, found, total)}
        };
        frame.screen(Lit::Stock, body.into_any())
    }))
}

fn filters(ask: &ListBatches, places: Vec<PlaceOfStock>) -> AnyView {
    let all = address(PATH, &ListBatches { location: None, ..ask.clone() }.pairs());
    let place = place_choice(places, ask.location.map(|id| id.to_string()).unwrap_or_default(), all);
    views::batches::filters(ask, PATH, place)
}

fn results(ask: &ListBatches, found: Vec<BatchEntry>, total: i64) -> AnyView {
    // Of a store the batch is registered on the variant's page; of a warehouse that is head office's.
    let page_of = |one: &BatchEntry| {
        let href = one.location.store().map(|store| format!("{}?store={store}&sku={}", stock::PATH, one.sku_id));
        href.unwrap_or_default()
    };
    let nothing = "收货时填写批次号与到期日，或在商品的库存页登记后，会按到期先后列在这里。";
    let some = !found.is_empty();
    let list = views::batches::list(found, nothing, page_of);
    let page = |skip: i64| {
        let mut pairs = ask.pairs();
        pairs.push(("skip", if skip > 0 { skip.to_string() } else { String::new() }));
        address(PATH, &pairs)
    };
    let previous = if ask.skip > 0 { page((ask.skip - PAGE).max(0)) } else { String::new() };
    let next = if ask.skip + PAGE < total { page(ask.skip + PAGE) } else { String::new() };
    let pager = some.then(|| view! { <Pager previous=previous next=next note=format!("共 {total} 批")/> });
    view! { {list} {pager} }.into_any()
}
