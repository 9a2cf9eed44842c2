//! How pieces came and went at one's places, day by day.

use commerce::{counts, stock::lists};
use domain::{Fault, counts::PlaceOfStock, stock_lists::ListMovements, text};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{Breadcrumbs, Hidden, Select, SelectItem};

use crate::{
    documents,
    frame::{Frame, Lit, address, files},
    stock,
};

/// This page.
pub const PATH: &str = "/console/movements";
/// How many movements a page has.
const PAGE: usize = 50;
/// What is said of all places at once.
const EVERYWHERE: &str = "全部门店与仓库";

/// The page.
pub async fn movements(asked: Asked) -> Result<Page, Fault> {
    let today = asked.scope.now.with_timezone(&text::zone("")).date_naive();
    let ask = ListMovements { most: PAGE, ..ListMovements::from_fields(&asked.query, today) };
    let found = lists::movements(&asked.scope, &ask).await?;
    // Who decides and does not count sees all their places at once.
    let places = counts::places(&asked.scope).await.unwrap_or_default();
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new("出入库流水", move || {
        let crumbs = vec![("库存".to_owned(), stock::PATH.to_owned()), ("出入库流水".to_owned(), String::new())];
        // A column in which nobody may see anything says nothing.
        let costs = found.items.iter().any(|one| one.value_fen.is_some());
        let list = views::movements::list(&ask, PATH, found, costs, asked.scope.now, documents::page_of);
        let body = view! {
            <Breadcrumbs items=crumbs/>
            <div class="my-3 flex flex-wrap items-center justify-between gap-3">
                <h1 class="text-xl font-bold">"出入库流水"</h1>
                {files(PATH, &ask.pairs())}
            </div>
            {filters(&ask, places)}
            {list}
        };
        frame.screen(Lit::Stock, body.into_any())
    }))
}

/// The places to choose from, where there are several; whoever has one sees it anyway. A place that is asked for and
/// that the choice does not show is left again by the link to `all`.
pub fn place_choice(places: Vec<PlaceOfStock>, chosen: String, all: String) -> AnyView {
    let known = places.iter().any(|place| place.id.to_string() == chosen);
    let left = (!known && !chosen.is_empty()).then(|| {
        view! { <p class="mb-4"><a class="link inline-flex min-h-11 items-center" href=all>{EVERYWHERE}</a></p> }
    });
    if places.len() < 2 {
        let stays = known.then(|| view! { <Hidden name="location" value=chosen/> });
        return view! { {stays} {left} }.into_any();
    }
    let label = |place: PlaceOfStock| if place.warehouse { format!("仓库 · {}", place.name) } else { place.name };
    let mut items = vec![SelectItem::new("", EVERYWHERE)];
    items.extend(places.into_iter().map(|place| SelectItem::new(place.id.to_string(), label(place))));
    view! { <Select name="location" label="门店或仓库" items=items value=chosen/> {left} }.into_any()
}

fn filters(ask: &ListMovements, places: Vec<PlaceOfStock>) -> AnyView {
    let all = address(PATH, &ListMovements { location: None, ..ask.clone() }.pairs());
    let place = place_choice(places, ask.location.map(|id| id.to_string()).unwrap_or_default(), all);
    views::movements::filters(ask, PATH, place)
}
