//! A product's variants, what a piece of each weighs as it is sent, and whether it is kept by batches.

use commerce::catalog;
use domain::{
    Fault, Fields,
    weights::{KeepBatches as Kept, SetWeights as Wanted, WeighedProduct, WeighedSku},
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{Breadcrumbs, Button, EmptyState, Field, Form, Glyph, Hidden, Section};

use crate::frame::{Frame, LOG_IN, Tab, said};

const LIST: &str = "/hq/products";
/// The part of the page that its form speaks to.
const FORM: &str = "weights";

fn path_of(code: &str) -> String {
    format!("{LIST}/{}", urlencoding::encode(code))
}

/// Says what pieces of a product's variants weigh.
#[server(prefix = "/rpc/hq", endpoint = "set_weights")]
pub async fn set_weights(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let code = fields.text("code").to_owned();
        catalog::set_weights(&scope, &code, Wanted::from_fields(&fields)?).await?;
        Ok(Next::to(path_of(&code)).saying(FORM, "已保存，新的订单按新的重量计算运费"))
    })
    .await
}

/// Says whether a product's pieces are kept by batches.
#[server(prefix = "/rpc/hq", endpoint = "keep_batches")]
pub async fn keep_batches(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let (code, command) = (fields.text("code").to_owned(), Kept::from_fields(&fields));
        catalog::keep_batches(&scope, &code, command).await?;
        let said = match command.keeps_batches {
            true => "已保存，以后收货要填写批次号和到期日",
            false => "已保存，以后收货不必填写批次",
        };
        Ok(Next::to(path_of(&code)).saying(FORM, said))
    })
    .await
}

/// The page.
pub async fn product(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let product = catalog::weights(&asked.scope, asked.part("product")).await?;
    Ok(Page::new(format!("{} 规格与重量", product.name), move || {
        let (name, keeping) = (product.name.clone(), keeping(&product));
        let body = view! {
            <Breadcrumbs items=vec![("商品".to_owned(), LIST.to_owned()), (name.clone(), String::new())]/>
            {said(&asked, FORM)}
            {keeping}
            <Section title="规格与重量">{form(&asked, product)}</Section>
        };
        frame.screen(Tab::Products, name, "", ().into_any(), body.into_any())
    }))
}

/// 保质期: the switch, with what follows from it.
fn keeping(product: &WeighedProduct) -> impl IntoView + use<> {
    let (code, keeps) = (product.code.clone(), product.keeps_batches);
    let from = path_of(&code);
    view! {
        <Section title="保质期">
            <Form action=KeepBatches::PATH>
                <Hidden name="from" value=from/>
                <Hidden name="code" value=code/>
                <label class="flex min-h-11 items-center gap-3">
                    <input class="checkbox" type="checkbox" name="keeps_batches" value="on" checked=keeps/>
                    "按批次管理保质期"
                </label>
                <p class="mb-4 text-sm text-base-content/70">
                    "勾选后，收货必须填写批次号和到期日；已经在库、没有登记批次的，可以在库存页补登。"
                </p>
                <Button>"保存"</Button>
            </Form>
        </Section>
    }
}

fn form(asked: &Asked, product: WeighedProduct) -> AnyView {
    if product.skus.is_empty() {
        return view! { <EmptyState glyph=Glyph::Box title="还没有规格" text="在商品表格里为它写一行规格，导入后再填写重量。">""</EmptyState> }
            .into_any();
    }
    let from = path_of(&product.code);
    let fields = product.skus.into_iter().map(|sku| field(asked, sku)).collect_view();
    view! {
        <p class="mb-4 text-sm text-base-content/70">
            "一件连同包装的重量，单位克。快递运费按重量计算的部分、同城配送的超重费和骑手报价都按它计算；0 表示还不知道，按 0 克计算。"
        </p>
        <Form action=SetWeights::PATH>
            <Hidden name="from" value=from/>
            <Hidden name="code" value=product.code/>
            <div class="grid gap-x-4 sm:grid-cols-2 lg:grid-cols-3">{fields}</div>
            <Button>"保存重量"</Button>
        </Form>
    }
    .into_any()
}

fn field(asked: &Asked, sku: WeighedSku) -> impl IntoView + use<> {
    let name = format!("weight.{}", sku.id);
    let (wrong, typed) = asked.field(FORM, &name);
    let spec = if sku.spec.is_empty() { "重量（克）".to_owned() } else { format!("{}（克）", sku.spec) };
    let barcode = sku.barcode.map(|code| format!(" · 条码 {code}")).unwrap_or_default();
    let hint = format!("{} · {}{barcode}", sku.code, sku.price_fen);
    view! {
        <Field name=name label=spec value=typed.unwrap_or_else(|| sku.weight_grams.to_string()) inputmode="numeric"
            hint=hint error=wrong.unwrap_or_default()/>
    }
}
