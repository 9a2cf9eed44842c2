//! Of which batches a variant's pieces are, as a part of its page.

use commerce::stock::batches as use_cases;
use domain::{
    Fault, Fields, LocationId, SkuId,
    batches::{BatchesLeft, RegisterBatch as Wanted},
};
use leptos::prelude::*;
use rpc::{Asked, Next};
use ui::Card;
use views::batches::{FORM, form, of_variant};

use crate::frame::news;

const LOG_IN: &str = "/console/login";

/// Says how many pieces are of a batch.
#[server(prefix = "/rpc/console", endpoint = "register_batch")]
pub async fn register_batch(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let location: LocationId = fields.text("location").parse().map_err(|_| Fault::NotFound("这个门店或仓库"))?;
        let sku: SkuId = fields.text("sku_id").parse().map_err(|_| Fault::NotFound("这件商品"))?;
        use_cases::register(&scope, location, sku, Wanted::from_fields(&fields)?).await?;
        let back = rpc::back_path(fields.given("from").unwrap_or(crate::stock::PATH)).to_owned();
        Ok(Next::to(back).saying(FORM, "已登记"))
    })
    .await
}

/// The part of the page. `registers`: whether whoever asks may say of which batch pieces are.
pub fn section(asked: &Asked, location: LocationId, sku: SkuId, left: BatchesLeft, registers: bool) -> AnyView {
    let news = news(asked, FORM);
    let BatchesLeft { batches, on_hand, unknown } = left;
    let list = match batches.is_empty() {
        true => view! { <p class="mb-3 text-base-content/70">"还没有登记批次；登记之后，快到期的会提醒，过期的线上不再卖。"</p> }.into_any(),
        false => view! { <div class="mb-3">{of_variant(batches)}</div> }.into_any(),
    };
    let rest = (unknown > 0).then(|| {
        view! { <p class="mb-3">{format!("在库 {on_hand} 件，其中 {unknown} 件没有登记批次。")}</p> }
    });
    let form = registers.then(|| {
        let here = format!("{}?store={location}&sku={sku}", crate::stock::PATH);
        form(asked, here, location, sku)
    });
    view! {
        <Card title="批次与效期" class="mb-6">
            {news}
            <p class="mb-3 text-sm text-base-content/70">"先到期的先出：卖出和报损都从最早到期的批次减。"</p>
            {list}
            {rest}
            {form}
        </Card>
    }
    .into_any()
}
