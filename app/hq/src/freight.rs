//! What sending goods costs: the templates, and the stores that send.

use std::collections::BTreeMap;

use commerce::{freight as use_cases, fulfilment::routing};
use domain::{
    Fault, Fields, FreightId,
    freight::{
        DeliveryPriority, ExpressStore, FreightArea, FreightBasis, FreightRate, FreightTemplate, PRIORITY_USUAL,
        SaveFreight as Wanted, SetDeliveryPriority as WantedOrder, SetExpressStores as WantedStores,
    },
    route::{RouteRule, RouteRules, SetRouteRules},
    staff::Permission,
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Button, Column, DataTable, EmptyState, Entry, EntryCell, Field, Form, Glyph, Hidden, LinkButton, Section,
    Select, SelectItem, TextArea, Tone,
};
use uuid::Uuid;

use crate::frame::{Frame, LOG_IN, Tab, remove, said};

const LIST: &str = "/hq/freight";
/// The part of the pages where templates are changed.
const FORM: &str = "freight";
/// The part of the list where stores are let send.
const STORES: &str = "express-stores";
/// The part of the list where the rules are set.
const ROUTING: &str = "routing";
/// The part of the list where stores get their place in the order for riders.
const ORDER: &str = "delivery-order";
/// How many empty rows for areas the form has beside those that are there.
const SPARE: usize = 4;

fn id_of(fields: &Fields) -> Result<FreightId, Fault> {
    fields.text("id").parse().map_err(|_| Fault::NotFound("这个运费模板"))
}

fn path_of(id: FreightId) -> String {
    format!("{LIST}/{id}")
}

/// Makes a template, or changes it.
#[server(prefix = "/rpc/hq", endpoint = "save_freight")]
pub async fn save_freight(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        use_cases::save(&scope, id_of(&fields)?, Wanted::from_fields(&fields)?).await?;
        Ok(Next::to(LIST).saying(FORM, "已保存，新的订单按新的运费计算"))
    })
    .await
}

/// Removes a template.
#[server(prefix = "/rpc/hq", endpoint = "remove_freight")]
pub async fn remove_freight(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        use_cases::remove(&scope, id_of(&fields)?).await?;
        Ok(Next::to(LIST).saying(FORM, "已删除"))
    })
    .await
}

/// Lets stores send, or no longer.
#[server(prefix = "/rpc/hq", endpoint = "set_express_stores")]
pub async fn set_express_stores(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(STORES, LOG_IN, fields, async |scope, fields| {
        let command = WantedStores::from_fields(&fields)?;
        use_cases::set_stores(&scope, command).await?;
        Ok(Next::to(LIST).saying(STORES, "已保存"))
    })
    .await
}

/// Sets the rules by which a store is found.
#[server(prefix = "/rpc/hq", endpoint = "set_routing")]
pub async fn set_routing(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(ROUTING, LOG_IN, fields, async |scope, fields| {
        routing::set_rules(&scope, SetRouteRules::from_fields(&fields)?).await?;
        Ok(Next::to(LIST).saying(ROUTING, "已保存"))
    })
    .await
}

/// Gives stores their place in the order for what riders bring.
#[server(prefix = "/rpc/hq", endpoint = "set_delivery_priority")]
pub async fn set_delivery_priority(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(ORDER, LOG_IN, fields, async |scope, fields| {
        use_cases::set_delivery_priority(&scope, WantedOrder::from_fields(&fields)?).await?;
        Ok(Next::to(LIST).saying(ORDER, "已保存"))
    })
    .await
}

/// Refuses whoever does not say what sending costs.
fn must_manage(asked: &Asked) -> Result<(), Fault> {
    asked.scope.staff_everywhere(Permission::ManageFreight).map(drop)
}

/// The list's page.
pub async fn list(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    must_manage(&asked)?;
    let (templates, names) = use_cases::templates(&asked.scope).await?;
    let stores = use_cases::stores(&asked.scope).await?;
    let order = use_cases::delivery_priorities(&asked.scope).await?;
    let rules = routing::rules(&asked.scope).await?;
    Ok(Page::new("运费", move || {
        let new = path_of(FreightId(Uuid::now_v7()));
        let beside = view! { <LinkButton href=new tone=Tone::Primary>"新建运费模板"</LinkButton> };
        let form = stores_form(&asked, &templates);
        let sending = sending(stores, &templates);
        let (riders, rules) = (order_of_riders(&asked, order), rules_form(&asked, rules));
        let body = view! {
            {said(&asked, FORM)}
            {results(templates, &names)}
            <div class="mt-6 grid grid-cols-1 gap-6 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)] lg:items-start">
                <div class="grid grid-cols-1 gap-6">
                    <Section title="可以寄快递的门店">{sending}</Section>
                    <Section title="骑手配送的优先级">{riders}</Section>
                </div>
                <div class="grid grid-cols-1 gap-6">
                    <Section title="由哪家门店发货">{rules}</Section>
                    <Section title="开通或关闭门店快递">{form}</Section>
                </div>
            </div>
        };
        frame.screen(Tab::Freight, "运费与快递".into(), "", beside.into_any(), body.into_any())
    }))
}

/// The prices of an area, for people.
fn rate_text(rate: Option<FreightRate>, basis: FreightBasis) -> String {
    rate.map_or_else(|| "不配送".to_owned(), |rate| rate.text(basis))
}

fn regions_text(area: &FreightArea, names: &BTreeMap<String, String>) -> String {
    let name = |code: &String| names.get(code).unwrap_or(code).clone();
    area.regions.iter().map(name).collect::<Vec<_>>().join("、")
}

fn results(templates: Vec<FreightTemplate>, names: &BTreeMap<String, String>) -> AnyView {
    if templates.is_empty() {
        return view! { <EmptyState glyph=Glyph::Truck title="还没有运费模板" text="先新建一个模板，再开通可以寄快递的门店；顾客结算时就能选择快递。">""</EmptyState> }.into_any();
    }
    let columns = vec![
        Column::new("模板"),
        Column::new("计费方式"),
        Column::new("各地运费"),
        Column::new("指定门店").right(),
        Column::new("操作"),
    ];
    let row = |one: FreightTemplate| {
        let basis = one.terms.basis;
        let badge = one.default.then(|| view! { <Badge tone=Tone::Success>"默认"</Badge> });
        let line =
            |to: String, rate| view! { <li><span class="font-medium">{to}</span>"："{rate_text(rate, basis)}</li> };
        let areas = one.terms.areas.iter().map(|area| line(regions_text(area, names), area.rate)).collect_view();
        let elsewhere = line(if one.terms.areas.is_empty() { "全国" } else { "其他地区" }.into(), one.terms.elsewhere);
        let means = "已经下的订单不受影响。默认模板和有门店在用的模板不能删除。";
        let delete = (!one.default).then(|| {
            remove("/rpc/hq/remove_freight", LIST, one.id.to_string(), format!("删除「{}」？", one.name), means)
        });
        view! {
            <tr>
                <td class="min-w-32 font-medium">{one.name} " " {badge}</td>
                <td class="whitespace-nowrap">{basis.label()}</td>
                <td class="min-w-72"><ul class="space-y-0.5 text-sm">{areas}{elsewhere}</ul></td>
                <td class="tabular text-end">{one.stores}</td>
                <td><div class="flex gap-2"><LinkButton href=path_of(one.id)>"修改"</LinkButton>{delete}</div></td>
            </tr>
        }
    };
    let rows = templates.into_iter().map(row).collect_view();
    view! { <DataTable caption="运费模板" columns=columns>{rows}</DataTable> }.into_any()
}

fn sending(stores: Vec<ExpressStore>, templates: &[FreightTemplate]) -> AnyView {
    if stores.is_empty() {
        return view! { <p class="text-base-content/70">"还没有门店开通快递，顾客只能自提或同城配送。"</p> }.into_any();
    }
    let columns =
        vec![Column::new("优先级").right(), Column::new("编号"), Column::new("门店"), Column::new("运费模板")];
    let row = |one: ExpressStore| {
        let named = templates.iter().find(|template| Some(template.id) == one.template_id);
        let template = named.map_or_else(|| "默认模板".to_owned(), |template| template.name.clone());
        view! {
            <tr>
                <td class="tabular text-end">{one.priority}</td>
                <td class="tabular whitespace-nowrap">{one.code}</td>
                <td class="min-w-32">{one.name}</td>
                <td>{template}</td>
            </tr>
        }
    };
    let rows = stores.into_iter().map(row).collect_view();
    view! { <DataTable caption="可以寄快递的门店" columns=columns>{rows}</DataTable> }.into_any()
}

/// Head office's order for what riders bring: who is not in the usual place, and the form for it.
fn order_of_riders(asked: &Asked, order: Vec<DeliveryPriority>) -> AnyView {
    let part = |name: &str| {
        let (wrong, typed) = asked.field(ORDER, name);
        (wrong.unwrap_or_default(), typed.unwrap_or_default())
    };
    let ((stores_wrong, stores), (priority_wrong, priority)) = (part("stores"), part("priority"));
    let row = |one: DeliveryPriority| {
        view! {
            <tr>
                <td class="tabular text-end">{one.priority}</td>
                <td class="tabular whitespace-nowrap">{one.code}</td>
                <td class="min-w-32">{one.name}</td>
            </tr>
        }
    };
    let listed = (!order.is_empty()).then(|| {
        let columns = vec![Column::new("优先级").right(), Column::new("编号"), Column::new("门店")];
        let rows = order.into_iter().map(row).collect_view();
        view! { <div class="mb-4"><DataTable caption="骑手配送的优先级" columns=columns>{rows}</DataTable></div> }
    });
    let usual =
        format!("1 到 999，数字小的门店优先配送；没有设置的门店是 {PRIORITY_USUAL}，填 {PRIORITY_USUAL} 即恢复");
    view! {
        {said(asked, ORDER)}
        <p class="mb-3 text-sm text-base-content/70">"骑手配送的规则是“总部设定的优先级”时，按这里的顺序选门店。"</p>
        {listed}
        <Form action="/rpc/hq/set_delivery_priority">
            <Hidden name="from" value=LIST/>
            <div class="grid gap-x-4 sm:grid-cols-2">
                <TextArea id="order-stores" name="stores" label="门店编号" required=true rows=2 value=stores error=stores_wrong
                    hint="多个编号用逗号或换行分开"/>
                <Field id="order-priority" name="priority" label="优先级" inputmode="numeric" value=priority error=priority_wrong hint=usual/>
            </div>
            <Button>"保存"</Button>
        </Form>
    }
    .into_any()
}

fn rules_form(asked: &Asked, rules: RouteRules) -> AnyView {
    let part = |name: &str, kept: RouteRule| {
        let (wrong, typed) = asked.field(ROUTING, name);
        (wrong.unwrap_or_default(), typed.unwrap_or_else(|| kept.code().to_owned()))
    };
    let items = |label: fn(RouteRule) -> &'static str| {
        RouteRule::ALL.iter().map(|one| SelectItem::new(one.code(), label(*one))).collect::<Vec<_>>()
    };
    let (express_wrong, express) = part("rule", rules.rule);
    let (delivery_wrong, delivery) = part("delivery_rule", rules.delivery_rule);
    view! {
        {said(asked, ROUTING)}
        <p class="mb-3 text-sm text-base-content/70">"在能送到、有货、正在营业的门店里，按规则选出发货门店。"</p>
        <Form action="/rpc/hq/set_routing">
            <Hidden name="from" value=LIST/>
            <Select name="rule" label="快递" items=items(RouteRule::label) value=express error=express_wrong
                hint="“最快送到”看备好的时间加上运费模板里的天数，没写天数的按 3 天算"/>
            <Select name="delivery_rule" label="骑手配送" items=items(RouteRule::delivery_label) value=delivery error=delivery_wrong
                hint="“最快送到”看还有名额的最早时段"/>
            <Button>"保存"</Button>
        </Form>
    }
    .into_any()
}

fn stores_form(asked: &Asked, templates: &[FreightTemplate]) -> AnyView {
    let part = |name: &str| {
        let (wrong, typed) = asked.field(STORES, name);
        (wrong.unwrap_or_default(), typed)
    };
    let (stores_wrong, stores) = part("stores");
    let (template_wrong, template) = part("template_id");
    let (priority_wrong, priority) = part("priority");
    let mut items = vec![SelectItem::new("", "默认模板")];
    items.extend(templates.iter().map(|one| SelectItem::new(one.id.to_string(), one.name.clone())));
    let sends = vec![SelectItem::new("yes", "开通快递"), SelectItem::new("no", "关闭快递")];
    view! {
        {said(asked, STORES)}
        <Form action="/rpc/hq/set_express_stores">
            <Hidden name="from" value=LIST/>
            <TextArea name="stores" label="门店编号" required=true rows=3 value=stores.unwrap_or_default() error=stores_wrong
                hint="多个编号用逗号或换行分开"/>
            <Select name="sends" label="操作" items=sends/>
            <Select name="template" label="运费模板" items=items value=template.unwrap_or_default() error=template_wrong/>
            <Field name="priority" label="优先级" inputmode="numeric" required=false value=priority.unwrap_or_else(|| "100".into())
                error=priority_wrong hint="1 到 999，数字小的门店优先发货"/>
            <Button>"保存"</Button>
        </Form>
    }
    .into_any()
}

/// The page of one template; an id that nobody has is a new one's.
pub async fn template(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    must_manage(&asked)?;
    let id: FreightId = asked.id("template", "这个运费模板")?;
    let (templates, names) = use_cases::templates(&asked.scope).await?;
    let found = templates.into_iter().find(|one| one.id == id);
    let title = if found.is_some() { "修改运费模板" } else { "新建运费模板" };
    Ok(Page::new(title, move || {
        let unseen = said(&asked, FORM);
        let body = view! { {unseen} <div class="panel p-5">{form(&asked, id, found, &names)}</div> };
        frame.screen(Tab::Freight, title.into(), LIST, ().into_any(), body.into_any())
    }))
}

fn form(asked: &Asked, id: FreightId, found: Option<FreightTemplate>, names: &BTreeMap<String, String>) -> AnyView {
    let field = |name: &str, kept: String| {
        let (wrong, typed) = asked.field(FORM, name);
        (typed.unwrap_or(kept), wrong.unwrap_or_default())
    };
    let name = field("name", found.as_ref().map(|one| one.name.clone()).unwrap_or_default());
    let basis = found.as_ref().map_or(FreightBasis::Pieces, |one| one.terms.basis);
    let basis = field("basis", basis.code().to_owned());
    let (default, elsewhere) = found.as_ref().map_or((false, None), |one| (one.default, one.terms.elsewhere));
    let areas = found.as_ref().map(|one| one.terms.areas.clone()).unwrap_or_default();
    let bases =
        FreightBasis::ALL.iter().map(|one| SelectItem::new(one.code(), format!("{}（{}）", one.label(), one.unit())));
    let bases = bases.collect();
    let fresh = found.is_none();
    let row = |at: usize| {
        let area = areas.get(at);
        let regions = area.map(|area| regions_text(area, names)).unwrap_or_default();
        area_row(asked, &at.to_string(), Some(regions), area.map(|area| area.rate))
    };
    let rows = (0..areas.len() + SPARE).map(row).collect_view();
    let last = area_row(asked, "elsewhere", None, (!fresh).then_some(elsewhere));
    let columns = ["地区", "是否配送", "首", "首费（元）", "每加", "加收（元）", "满多少包邮（元）", "几天送到"]
        .map(Column::new)
        .to_vec();
    let whole = asked.field(FORM, "areas").0;
    let whole = whole.map(|wrong| view! { <p class="mb-2 text-sm font-medium text-error" role="alert">{wrong}</p> });
    view! {
        <Form action="/rpc/hq/save_freight">
            <Hidden name="from" value=path_of(id)/>
            <Hidden name="id" value=id.to_string()/>
            <div class="grid gap-x-4 sm:grid-cols-2">
                <Field name="name" label="模板名称" value=name.0 error=name.1 maxlength=40 placeholder="如：标准快递"/>
                <Select name="basis" label="计费方式" items=bases value=basis.0 error=basis.1/>
            </div>
            <p class="mb-2 text-sm text-base-content/70">
                "地区填省市名称或国标代码，多个用顿号分开；写了省又写了其中的市，以市为准。地区留空的行不保存。不足一档按一档收。"
            </p>
            {whole}
            <DataTable caption="各地运费" columns=columns>{rows}{last}</DataTable>
            <label class="my-4 flex min-h-11 items-center gap-2">
                <input class="checkbox" type="checkbox" name="default" value="yes" checked=default/>
                "设为默认模板，没有指定模板的门店用它"
            </label>
            <Button>"保存"</Button>
        </Form>
    }
    .into_any()
}

/// A row of the form; `regions` is `None` for all other places, `kept` for a row that is new.
fn area_row(asked: &Asked, row: &str, regions: Option<String>, kept: Option<Option<FreightRate>>) -> AnyView {
    let rate = kept.flatten();
    let yuan = |fen: i64| format!("{}.{:02}", fen / 100, fen % 100);
    let kept_of = |of: fn(FreightRate) -> Option<i64>| rate.and_then(of);
    let cell = |name: &str, label: &str, kept: String| {
        let kind = match name {
            "regions" => Entry::Words,
            "first" | "further" | "days" => Entry::Whole,
            _ => Entry::Decimal,
        };
        let name = format!("{name}.{row}");
        let (wrong, typed) = asked.field(FORM, &name);
        let (error, value) = (wrong.unwrap_or_default(), typed.unwrap_or(kept));
        view! { <EntryCell name=name label=label.to_owned() kind=kind value=value error=error/> }
    };
    let first = match regions {
        Some(regions) => cell("regions", "地区", regions).into_any(),
        None => view! { <th scope="row" class="text-start font-medium">"其他地区"</th> }.into_any(),
    };
    let typed = asked.field(FORM, &format!("served.{row}")).1;
    let served = typed.map_or(kept.is_none_or(|rate| rate.is_some()), |typed| typed == "yes");
    let text = |value: Option<i64>| value.map(|value| value.to_string()).unwrap_or_default();
    let money = |value: Option<i64>| value.map(yuan).unwrap_or_default();
    view! {
        <tr>
            {first}
            <td><select class="select w-24" name=format!("served.{row}") aria-label="是否配送">
                <option value="yes" selected=served>"配送"</option>
                <option value="no" selected=!served>"不配送"</option>
            </select></td>
            {cell("first", "首件数或首重", text(kept_of(|rate| Some(rate.first))))}
            {cell("first_fen", "首费", money(kept_of(|rate| Some(rate.first_fen.0))))}
            {cell("further", "每加多少", text(kept_of(|rate| Some(rate.further))))}
            {cell("further_fen", "加收", money(kept_of(|rate| Some(rate.further_fen.0))))}
            {cell("free_from_fen", "满多少包邮", money(kept_of(|rate| rate.free_from_fen.map(|fen| fen.0))))}
            {cell("days", "几天送到", text(kept_of(|rate| rate.days)))}
        </tr>
    }
    .into_any()
}
