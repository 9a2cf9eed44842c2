//! Thresholds of alerts from a file: what it would change is shown, and somebody then says so.

use commerce::alerts as use_cases;
use domain::{
    Fault,
    alerts::{RuleChange, SetAlertRules as Wanted},
    staff::Permission,
};
use leptos::prelude::*;
use rpc::{Asked, Page};
use ui::{Button, Card, Column, DataTable, Form, Hidden, TableIn};

use crate::{
    counts::stock_chips,
    frame::{Frame, Tab, said},
};

/// This page.
pub const PATH: &str = "/hq/alerts/many";
/// The part of the page that its forms speak to, the console's that sets thresholds among them.
const FORM: &str = "alert-rules";
const HINT: &str = "第一行是列名：SKU 或分类编码（全部商品填「全部」），再是库存不足、库存过多、滞销、临期各一列。\
                    填「不提醒」就不提醒，留空不改；门店或仓库编号留空就是全部门店和仓库。";

/// The page.
pub async fn many(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    asked.scope.staff_everywhere(Permission::DecideProposals)?;
    let changes = changes(&asked).await?;
    Ok(Page::new("批量设置提醒", move || {
        let body = view! {
            {stock_chips("alerts")}
            <div class="mt-4">{said(&asked, FORM)}</div>
            {preview(&asked, changes)}
            {by_file(&asked)}
        };
        frame.screen(Tab::Stock, "批量设置提醒".into(), "/hq/alerts", ().into_any(), body.into_any())
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

fn preview(asked: &Asked, changes: Vec<RuleChange>) -> Option<AnyView> {
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
            <Form action="/rpc/console/set_alert_rules" class="mb-6">
                <Hidden name="from" value=PATH/>
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

fn by_file(asked: &Asked) -> impl IntoView + use<> {
    let (value, wrong) = (asked.typed(FORM, "table").trim().to_owned(), asked.wrong_lines(FORM));
    let (action, template) = (format!("{PATH}/list"), format!("{PATH}/template"));
    view! {
        <Card class="max-w-2xl">
            <p class="mb-4 text-base-content/70">"上传后先列出会改什么，点「保存这些设置」才生效；有一行不对就都不改。模板里是总部和各门店现在的设置。"</p>
            <Form action=action files=true>
                <Hidden name="from" value=PATH/>
                <TableIn hint=HINT template=template value=value wrong=wrong>
                    <Button>"看看会改什么"</Button>
                </TableIn>
            </Form>
        </Card>
    }
}
