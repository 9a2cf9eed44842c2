//! Thresholds of alerts from a file: what it would change is shown, and somebody then says so.

use commerce::{alerts as use_cases, counts};
use domain::{
    Fault, Fields, LocationId,
    alerts::{RuleChange, SetAlertRules as Wanted},
    staff::Permission,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{Breadcrumbs, Button, Card, Column, DataTable, Form, Hidden, TableIn};

use crate::{
    counts::choose_place,
    frame::{Frame, Lit, news},
};

/// This page.
pub const PATH: &str = "/console/alerts/many";
const LOG_IN: &str = "/console/login";
/// The part of the page that its forms speak to.
const FORM: &str = "alert-rules";
/// Before the name of the place that is meant where a row names none.
const HINT: &str = "第一行是列名：SKU 或分类编码（全部商品填「全部」），再是库存不足、库存过多、滞销、临期各一列。\
                    填「不提醒」就不提醒，留空不改；门店或仓库编号留空就是";

/// Sets several thresholds, of a store or of all: head office's page uses it too.
#[server(prefix = "/rpc/console", endpoint = "set_alert_rules")]
pub async fn set_alert_rules(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let command = Wanted::from_fields(&fields)?;
        let many = command.rules.len();
        use_cases::set_all(&scope, &command).await?;
        let back = rpc::back_path(fields.given("from").unwrap_or(PATH)).to_owned();
        Ok(Next::to(back).saying(FORM, format!("已保存 {many} 项，十分钟内按新的设置提醒")))
    })
    .await
}

/// The page: of the place that its address names, or of the first that is theirs.
pub async fn many(asked: Asked) -> Result<Page, Fault> {
    asked.scope.reach(Permission::ProposeChanges).or_else(|_| asked.scope.reach(Permission::DecideProposals))?;
    let places = counts::places(&asked.scope).await?;
    let first = places.first().map(|place| place.id).ok_or(Fault::Forbidden)?;
    let place: LocationId = asked.typed(FORM, "location").parse().unwrap_or(first);
    let meant = places.iter().find(|one| one.id == place).ok_or(Fault::NotFound("这个门店或仓库"))?;
    let hint = format!("{HINT}「{}」。", meant.name);
    let changes = changes(&asked).await?;
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new("批量设置提醒", move || {
        let alerts = format!("/console/alerts?location={place}");
        let crumbs = vec![("库存提醒".to_owned(), alerts), ("批量设置".to_owned(), String::new())];
        let body = view! {
            <Breadcrumbs items=crumbs/>
            <h1 class="my-3 text-xl font-bold">"批量设置提醒"</h1>
            {news(&asked, FORM)}
            {preview(&asked, place, changes)}
            {choose_place(places, place)}
            {by_file(&asked, place, hint)}
        };
        frame.screen(Lit::Alerts, body.into_any())
    }))
}

/// What the file that was just read would change.
async fn changes(asked: &Asked) -> Result<Vec<RuleChange>, Fault> {
    let read = asked.flash_of(FORM).and_then(|flash| Wanted::from_fields(&flash.typed).ok());
    let Some(command) = read else { return Ok(Vec::new()) };
    match use_cases::changes(&asked.scope, &command).await {
        // Goods that have gone meanwhile: the message says so.
        Err(Fault::Invalid(_)) => Ok(Vec::new()),
        found => found,
    }
}

fn preview(asked: &Asked, place: LocationId, changes: Vec<RuleChange>) -> Option<AnyView> {
    if changes.is_empty() {
        return None;
    }
    let command = Wanted { rules: changes.iter().map(|one| (one.line, one.rule.clone())).collect() };
    let hidden = command.fields().0.into_iter().map(|(name, value)| view! { <Hidden name=name value=value/> });
    let hidden = hidden.collect_view();
    let columns = ["提醒", "商品", "地点", "现在", "改为"].map(Column::new).to_vec();
    let rows = changes.into_iter().map(|one| row(asked, one)).collect_view();
    Some(
        view! {
            <Form action=SetAlertRules::PATH class="mb-6">
                <Hidden name="from" value=format!("{PATH}?location={place}")/>
                {hidden}
                <DataTable caption="会改的提醒设置" columns=columns>{rows}</DataTable>
                <div class="mt-4"><Button>"保存这些设置"</Button></div>
            </Form>
        }
        .into_any(),
    )
}

fn row(asked: &Asked, one: RuleChange) -> impl IntoView + use<> {
    let (now, then, kind) = (one.now(), one.then(), one.rule.kind.label());
    let names = ["threshold", "sku", "category"].map(|name| format!("{name}.{}", one.line));
    let wrong = names.iter().find_map(|name| asked.field(FORM, name).0);
    let wrong =
        wrong.map(|wrong| view! { <span class="block text-sm font-medium text-error" role="alert">{wrong}</span> });
    view! {
        <tr>
            <td class="whitespace-nowrap">{kind}</td>
            <td class="min-w-32">{one.goods_name}</td>
            <td class="min-w-28">{one.location_name.unwrap_or_else(|| "全部门店和仓库".into())}</td>
            <td class="min-w-40 text-base-content/70">{now}</td>
            <td class="min-w-40 font-medium">{then}{wrong}</td>
        </tr>
    }
}

fn by_file(asked: &Asked, place: LocationId, hint: String) -> impl IntoView + use<> {
    let (value, wrong) = (asked.typed(FORM, "table").trim().to_owned(), asked.wrong_lines(FORM));
    let (action, template) = (format!("{PATH}/list"), format!("{PATH}/template"));
    view! {
        <Card class="max-w-2xl">
            <p class="mb-4 text-base-content/70">"上传后先列出会改什么，点「保存这些设置」才生效；有一行不对就都不改。模板里是您管的门店和仓库现在单独的设置。"</p>
            <Form action=action files=true>
                <Hidden name="from" value=format!("{PATH}?location={place}")/>
                <Hidden name="location" value=place.to_string()/>
                <TableIn hint=hint template=template value=value wrong=wrong>
                    <Button>"看看会改什么"</Button>
                </TableIn>
            </Form>
        </Card>
    }
}
