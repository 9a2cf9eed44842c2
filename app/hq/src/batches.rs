//! Batches and their last day at all places within reach, warehouses included.

use commerce::{counts, stock::batches as use_cases};
use domain::{
    Fault, LocationId, SkuId,
    batches::{BatchesLeft, ListBatches},
    staff::Permission,
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{Card, Select};
use views::batches::{FORM, filters, form, of_variant};

use crate::{
    counts::{place_items, stock_chips},
    frame::{Frame, Tab, after, files, pager, said},
};

/// The list.
const PATH: &str = "/hq/batches";
/// How many batches a page of the list has.
const PAGE: i64 = 50;

/// The list's page.
pub async fn list(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let ask = ListBatches { most: PAGE, ..ListBatches::from_fields(&asked.query) };
    let (found, total) = use_cases::list(&asked.scope, &ask).await?;
    let places = counts::places(&asked.scope).await.unwrap_or_default();
    Ok(Page::new("批次与效期", move || {
        let beside = files(PATH, &ask.pairs());
        let place = ask.location.map(|id| id.to_string()).unwrap_or_default();
        let items = place_items(places, "全部门店与仓库");
        let choice = view! { <Select name="location" label="门店或仓库" items=items value=place/> }.into_any();
        let filters = filters(&ask, PATH, choice);
        let nothing = "收货时填写批次号与到期日，或在门店和仓库的商品页登记后，会按到期先后列在这里。";
        let list = views::batches::list(found, nothing, |one| format!("{PATH}/{}/{}", one.location.id, one.sku_id));
        let body = view! {
            {stock_chips("batches")}
            <div class="mt-4">{filters}</div>
            {list}
            {pager(ask.skip, PAGE, total, |skip| after(PATH, ask.pairs(), skip))}
        };
        frame.screen(Tab::Stock, "批次与效期".into(), "", beside.into_any(), body.into_any())
    }))
}

/// The batches of one variant at one place, and saying of which more are.
pub async fn one(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let (place, sku): (LocationId, SkuId) = (asked.id("location", "这处门店或仓库")?, asked.id("sku", "这件商品")?);
    let left = use_cases::left(&asked.scope, place, sku).await?;
    let registers = asked.scope.reach(Permission::CountStock);
    let registers = registers.is_ok_and(|reach| reach.covers(domain::StoreId(place.0)));
    Ok(Page::new("批次与效期", move || {
        let form = registers.then(|| {
            let form = form(&asked, format!("{PATH}/{place}/{sku}"), place, sku);
            view! { <Card title="登记批次">{form}</Card> }
        });
        let body = view! { {said(&asked, FORM)} {batches(left)} {form} };
        frame.screen(Tab::Stock, "批次与效期".into(), PATH, ().into_any(), body.into_any())
    }))
}

fn batches(left: BatchesLeft) -> AnyView {
    let BatchesLeft { batches, on_hand, unknown } = left;
    let list = match batches.is_empty() {
        true => view! { <p class="text-base-content/70">"还没有登记批次。"</p> }.into_any(),
        false => of_variant(batches),
    };
    let rest =
        format!("在库 {on_hand} 件，其中 {unknown} 件没有登记批次。先到期的先出：卖出和报损都从最早到期的批次减。");
    view! { <Card title="批次" class="mb-4">{list}<p class="mt-3 text-sm text-base-content/70">{rest}</p></Card> }
        .into_any()
}
