//! Thresholds of alerts from a file: what it would change is shown, and somebody then says so.

use domain::{Fault, staff::Permission};
use leptos::prelude::*;
use rpc::{Asked, Page};
use views::alert_rules::{FORM, HINT, Upload, by_file, changes, preview};

use crate::{
    counts::stock_chips,
    frame::{Frame, Tab, said},
};

/// This page.
pub const PATH: &str = "/hq/alerts/many";

/// The page.
pub async fn many(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    asked.scope.staff_everywhere(Permission::DecideProposals)?;
    let changes = changes(&asked).await?;
    let upload = Upload {
        path: PATH,
        back: PATH.to_owned(),
        location: None,
        hint: format!("{HINT}全部门店和仓库。"),
        holds: "总部和各门店现在的设置",
    };
    Ok(Page::new("批量设置提醒", move || {
        let body = view! {
            {stock_chips("alerts")}
            <div class="mt-4">{said(&asked, FORM)}</div>
            {preview(&asked, PATH.to_owned(), changes)}
            {by_file(&asked, upload)}
        };
        frame.screen(Tab::Stock, "批量设置提醒".into(), "/hq/alerts", ().into_any(), body.into_any())
    }))
}
