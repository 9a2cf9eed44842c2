//! How a variant's pieces are shared between the shop and the counter, as a part of its page.

use commerce::stock::models as use_cases;
use domain::{
    Fault, Fields, SkuId, StoreId,
    stock_models::{SetStockModel as Wanted, ShareOut, SharedStock, StockModel},
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next};
use ui::{Badge, Button, Card, Field, Form, Hidden, Select, SelectItem, Stat, Tone};

use crate::frame::news;

const LOG_IN: &str = "/console/login";
/// The part of the page that its forms speak to.
const FORM: &str = "shared-stock";

fn back(fields: &Fields) -> Next {
    Next::to(rpc::back_path(fields.given("from").unwrap_or(crate::stock::PATH)).to_owned())
}

/// Says how a variant's pieces are shared at a store.
#[server(prefix = "/rpc/console", endpoint = "set_stock_model")]
pub async fn set_stock_model(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let command = Wanted::from_fields(&fields)?;
        if command.store_id.is_none() {
            return Err(Fault::invalid("store", "请选择门店"));
        }
        use_cases::set(&scope, command).await?;
        Ok(back(&fields).saying(FORM, "已保存，立即生效"))
    })
    .await
}

/// Takes a store's own word back.
#[server(prefix = "/rpc/console", endpoint = "remove_stock_model")]
pub async fn remove_stock_model(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = fields.text("id").parse().map_err(|_| Fault::NotFound("这条库存方式"))?;
        use_cases::remove(&scope, id).await?;
        Ok(back(&fields).saying(FORM, "已恢复总部的设置"))
    })
    .await
}

/// Gives the shop so many pieces.
#[server(prefix = "/rpc/console", endpoint = "share_out_stock")]
pub async fn share_out_stock(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let store: StoreId = fields.text("store").parse().map_err(|_| Fault::NotFound("这家门店"))?;
        let sku: SkuId = fields.text("sku_id").parse().map_err(|_| Fault::NotFound("这件商品"))?;
        use_cases::share_out(&scope, store, sku, ShareOut::from_fields(&fields)?).await?;
        Ok(back(&fields).saying(FORM, "已分配，线上立即按新的件数卖"))
    })
    .await
}

/// The part of the page. `sets`: whether whoever asks may change it.
pub fn section(asked: &Asked, store: StoreId, shared: SharedStock, sets: bool) -> AnyView {
    let news = news(asked, FORM);
    let counter = match shared.model {
        StockModel::Pool => "留给柜台",
        StockModel::Separate => "柜台",
    };
    let told = match (shared.model, shared.is_own) {
        (StockModel::Pool, _) if shared.rule.is_none() => "没有设置，线上可卖全部。",
        (StockModel::Pool, _) => "线上卖到只剩留给柜台的件数为止。",
        (StockModel::Separate, _) => "线上只卖分配给线上的件数；到货归柜台，报损和调出先减柜台的。",
    };
    let whose = shared.rule.map(|_| if shared.is_own { "本店设置" } else { "总部设置" });
    let forms = sets.then(|| forms(asked, store, &shared));
    let model = shared.model.label();
    let figures = [
        ("在库", shared.on_hand),
        ("订单占用", shared.promised),
        ("线上可卖", shared.online),
        (counter, shared.counter),
    ];
    let figures = figures.map(|(label, value)| view! { <Stat label=label value=value.to_string()/> }).collect_view();
    view! {
        <Card title="渠道库存" class="mb-6">
            {news}
            <p class="mb-3"><Badge>{model}</Badge> {whose.map(|whose| view! { <Badge>{whose}</Badge> })}
                <span class="ms-2 text-base-content/70">{told}</span></p>
            <div class="mb-4 grid grid-cols-2 gap-4 lg:grid-cols-4">{figures}</div>
            {forms}
        </Card>
    }
    .into_any()
}

fn forms(asked: &Asked, store: StoreId, shared: &SharedStock) -> impl IntoView + use<> {
    let part = |name: &str, now: String| {
        let (wrong, typed) = asked.field(FORM, name);
        (wrong.unwrap_or_default(), typed.unwrap_or(now))
    };
    let (model_wrong, model) = part("model", shared.model.code().to_owned());
    let (kept_wrong, kept) = part("kept_back", shared.kept_back.to_string());
    let (online_wrong, online) = part("online", shared.online.to_string());
    let here = format!("{}?store={store}&sku={}", crate::stock::PATH, shared.sku_id);
    let free = shared.online + shared.counter;
    let share = (shared.model == StockModel::Separate).then(|| {
        share(
            here.clone(),
            (store, shared.sku_id),
            format!("没有被占用的共 {free} 件，其余归柜台。"),
            (online, online_wrong),
        )
    });
    let remove = shared.rule.filter(|_| shared.is_own).map(|rule| remove(here.clone(), rule.to_string()));
    let models = StockModel::ALL.iter().map(|model| SelectItem::new(model.code(), model.label())).collect();
    let code = shared.code.clone();
    view! {
        <div class="grid gap-6 sm:grid-cols-2">
            {share}
            <details class="min-w-0">
                <summary class="cursor-pointer font-medium">"更改本店的库存方式"</summary>
                <div class="mt-3">
                    <Form action=SetStockModel::PATH>
                        <Hidden name="from" value=here/>
                        <Hidden name="store" value=store.to_string()/>
                        <Hidden name="sku" value=code/>
                        <Select name="model" label="方式" items=models value=model error=model_wrong/>
                        <Field name="kept_back" label="留给柜台的件数" inputmode="numeric" value=kept error=kept_wrong required=false
                            hint="只用于统一库存；0 为线上可卖全部。"/>
                        <Button>"保存"</Button>
                    </Form>
                    {remove}
                </div>
            </details>
        </div>
    }
}

fn share(
    here: String,
    (store, sku): (StoreId, SkuId),
    hint: String,
    (online, wrong): (String, String),
) -> impl IntoView + use<> {
    view! {
        <Form action=ShareOutStock::PATH>
            <Hidden name="from" value=here/>
            <Hidden name="store" value=store.to_string()/>
            <Hidden name="sku_id" value=sku.to_string()/>
            <Field name="online" label="线上可卖的件数" inputmode="numeric" value=online error=wrong hint=hint/>
            <Button tone=Tone::Primary>"分配"</Button>
        </Form>
    }
}

fn remove(here: String, rule: String) -> impl IntoView + use<> {
    view! {
        <Form action=RemoveStockModel::PATH>
            <Hidden name="from" value=here/>
            <Hidden name="id" value=rule/>
            <Button tone=Tone::Plain>"恢复总部的设置"</Button>
        </Form>
    }
}
