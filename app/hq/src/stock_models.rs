//! How variants' pieces are shared between the shop and the counter: everywhere, and where stores have said otherwise.

use commerce::stock::{models as use_cases, purchase_limits as limits, quotas};
use domain::{
    Fault, Fields,
    staff::Permission,
    stock_models::{SetStockModel as Wanted, StockModel, StockModelRule},
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Button, Column, DataTable, EmptyState, Field, Form, Glyph, Hidden, Select, SelectItem, Sheet, SheetButton,
};

use crate::{
    channel_quotas,
    counts::stock_chips,
    frame::{Frame, LOG_IN, Tab, files, said},
    purchase_limits,
    rulebook::{take_back, variant, whose},
};

pub(crate) const PATH: &str = "/hq/stock-models";
/// The part of the page that its forms speak to.
const FORM: &str = "stock-model";

/// Says how a variant's pieces are shared at all stores.
#[server(prefix = "/rpc/hq", endpoint = "set_stock_model")]
pub async fn set_stock_model(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let command = Wanted { store_id: None, ..Wanted::from_fields(&fields)? };
        use_cases::set(&scope, command).await?;
        Ok(Next::to(PATH).saying(FORM, "已保存，立即生效"))
    })
    .await
}

/// Takes back what was said.
#[server(prefix = "/rpc/hq", endpoint = "remove_stock_model")]
pub async fn remove_stock_model(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = fields.text("id").parse().map_err(|_| Fault::NotFound("这条库存方式"))?;
        use_cases::remove(&scope, id).await?;
        Ok(Next::to(PATH).saying(FORM, "已取消，恢复为统一库存或总部的设置"))
    })
    .await
}

/// The page.
pub async fn stock_models(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let rules = use_cases::rules(&asked.scope, None).await?;
    let limited = limits::rules(&asked.scope).await?;
    let capped = quotas::rules(&asked.scope, None).await?;
    let sets = asked.scope.staff_everywhere(Permission::DecideProposals).is_ok();
    Ok(Page::new("渠道库存", move || {
        let set = sets.then(|| view! { <SheetButton target="stock-model">"设置商品"</SheetButton> });
        let beside = view! { {files(PATH, &[])} {set} };
        let form = sets.then(|| form(&asked));
        let quotas = channel_quotas::section(&asked, capped, sets);
        let limits = purchase_limits::section(&asked, limited, sets);
        let body = view! {
            {said(&asked, FORM)}
            {stock_chips("models")}
            <p class="my-4 text-sm text-base-content/70">
                "没有设置的商品是统一库存，线上可卖全部。门店自己的设置优先于这里的；门店在“库存”里点开商品设置和分配。"
            </p>
            {list(rules, sets)}
            {form}
            {quotas}
            {limits}
        };
        frame.screen(Tab::Stock, "渠道库存".into(), "", beside.into_any(), body.into_any())
    }))
}

fn list(rules: Vec<StockModelRule>, sets: bool) -> AnyView {
    if rules.is_empty() {
        return view! { <EmptyState glyph=Glyph::Box title="全部商品都是统一库存" text="需要给柜台留货，或线上线下分开卖的商品，在这里设置。">""</EmptyState> }.into_any();
    }
    let columns = ["商品", "门店", "方式", "含义", "操作"].map(Column::new).to_vec();
    let rows = rules.into_iter().map(|rule| row(rule, sets)).collect_view();
    view! { <DataTable caption="渠道库存" columns=columns>{rows}</DataTable> }.into_any()
}

fn row(rule: StockModelRule, sets: bool) -> impl IntoView {
    let meaning = rule.meaning();
    let label = format!("取消 {} 的库存方式", rule.name);
    let remove = sets.then(|| take_back(RemoveStockModel::PATH, ("id", rule.id.to_string()), label));
    view! {
        <tr>
            {variant(rule.name, rule.sku)}
            {whose(rule.store_name)}
            <td class="whitespace-nowrap"><Badge>{rule.model.label()}</Badge></td>
            <td class="min-w-40">{meaning}</td>
            <td>{remove}</td>
        </tr>
    }
}

fn form(asked: &Asked) -> impl IntoView + use<> {
    let part = |name: &str| {
        let (wrong, typed) = asked.field(FORM, name);
        (wrong.unwrap_or_default(), typed.unwrap_or_default())
    };
    let ((sku_wrong, sku), (model_wrong, model), (kept_wrong, kept)) = (part("sku"), part("model"), part("kept_back"));
    let models = StockModel::ALL.iter().map(|model| SelectItem::new(model.code(), model.label())).collect();
    view! {
        <Sheet id="stock-model" title="设置全部门店的库存方式">
            <Form action=SetStockModel::PATH>
                <Hidden name="from" value=PATH/>
                <Field name="sku" label="商品编码" value=sku error=sku_wrong maxlength=64/>
                <Select name="model" label="方式" items=models value=model error=model_wrong/>
                <Field name="kept_back" label="留给柜台的件数" inputmode="numeric" value=kept error=kept_wrong required=false
                    hint="只用于统一库存；留空为 0，线上可卖全部。"/>
                <Button>"保存"</Button>
            </Form>
        </Sheet>
    }
}
