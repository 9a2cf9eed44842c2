//! Thresholds of alerts from a file: what it would change is shown, and somebody then says so.

use commerce::{alerts as use_cases, counts};
use domain::{Fault, Fields, LocationId, alerts::SetAlertRules as Wanted, staff::Permission};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::Breadcrumbs;
use views::alert_rules::{FORM, HINT, Upload, by_file, changes, preview};

use crate::{
    counts::choose_place,
    frame::{Frame, Lit, news},
};

/// This page.
pub const PATH: &str = "/console/alerts/many";
const LOG_IN: &str = "/console/login";

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
    let back = format!("{PATH}?location={place}");
    let upload = Upload {
        path: PATH,
        back: back.clone(),
        location: Some(place),
        hint: format!("{HINT}「{}」。", meant.name),
        holds: "您管的门店和仓库现在单独的设置",
    };
    let changes = changes(&asked).await?;
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new("批量设置提醒", move || {
        let alerts = format!("/console/alerts?location={place}");
        let crumbs = vec![("库存提醒".to_owned(), alerts), ("批量设置".to_owned(), String::new())];
        let body = view! {
            <Breadcrumbs items=crumbs/>
            <h1 class="my-3 text-xl font-bold">"批量设置提醒"</h1>
            {news(&asked, FORM)}
            {preview(&asked, back, changes)}
            {choose_place(places, place)}
            {by_file(&asked, upload)}
        };
        frame.screen(Lit::Alerts, body.into_any())
    }))
}
