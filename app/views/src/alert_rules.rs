//! Thresholds of alerts from a file: what it would change is shown, and somebody then says so.

use commerce::alerts as use_cases;
use domain::{
    Fault, LocationId,
    alerts::{RuleChange, SetAlertRules},
};
use leptos::prelude::*;
use rpc::Asked;
use ui::{Button, Card, Column, DataTable, Form, Hidden, TableIn};

/// The part of the page that its forms speak to, the console's that sets thresholds among them.
pub const FORM: &str = "alert-rules";
/// What a row is, but for the place that is meant where it names none: that follows.
pub const HINT: &str = "第一行是列名：SKU 或分类编码（全部商品填「全部」），再是库存不足、库存过多、滞销、临期各一列。\
                        填「不提醒」就不提醒，留空不改；门店或仓库编号留空就是";
/// The console's form sets them for both faces.
const ACTION: &str = "/rpc/console/set_alert_rules";

/// What the file that was just read would change.
///
/// Faults: those of [`use_cases::changes`], but for goods that have gone meanwhile: the message says so.
pub async fn changes(asked: &Asked) -> Result<Vec<RuleChange>, Fault> {
    let read = asked.flash_of(FORM).and_then(|flash| SetAlertRules::from_fields(&flash.typed).ok());
    let Some(command) = read else { return Ok(Vec::new()) };
    match use_cases::changes(&asked.scope, &command).await {
        Err(Fault::Invalid(_)) => Ok(Vec::new()),
        found => found,
    }
}

/// The changes, with the button that makes them; nothing where there are none. `back`: the page that the form stands on.
pub fn preview(asked: &Asked, back: String, changes: Vec<RuleChange>) -> Option<AnyView> {
    if changes.is_empty() {
        return None;
    }
    let command = SetAlertRules { rules: changes.iter().map(|one| (one.line, one.rule.clone())).collect() };
    let hidden = command.fields().0.into_iter().map(|(name, value)| view! { <Hidden name=name value=value/> });
    let hidden = hidden.collect_view();
    let columns = ["提醒", "商品", "地点", "现在", "改为"].map(Column::new).to_vec();
    let rows = changes.into_iter().map(|one| row(asked, one)).collect_view();
    Some(
        view! {
            <Form action=ACTION class="mb-6">
                <Hidden name="from" value=back/>
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

/// Where a file goes, and what is said of it.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The page, which takes the file at `{path}/list` and gives one to fill in at `{path}/template`.
    pub path: &'static str,
    /// The page's own address with what it was asked, to come back to.
    pub back: String,
    /// The place that is meant where a row names none; all where this is nothing.
    pub location: Option<LocationId>,
    /// What a row is.
    pub hint: String,
    /// What the file to fill in holds.
    pub holds: &'static str,
}

/// The form that takes the file.
pub fn by_file(asked: &Asked, upload: Upload) -> AnyView {
    let Upload { path, back, location, hint, holds } = upload;
    let (value, wrong) = (asked.typed(FORM, "table").trim().to_owned(), asked.wrong_lines(FORM));
    let (action, template) = (format!("{path}/list"), format!("{path}/template"));
    let told = format!("上传后先列出会改什么，点「保存这些设置」才生效；有一行不对就都不改。模板里是{holds}。");
    let location = location.map(|location| view! { <Hidden name="location" value=location.to_string()/> });
    view! {
        <Card class="max-w-2xl">
            <p class="mb-4 text-base-content/70">{told}</p>
            <Form action=action files=true>
                <Hidden name="from" value=back/>
                {location}
                <TableIn hint=hint template=template value=value wrong=wrong>
                    <Button>"看看会改什么"</Button>
                </TableIn>
            </Form>
        </Card>
    }
    .into_any()
}
