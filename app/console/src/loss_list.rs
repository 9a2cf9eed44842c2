//! 批量报损: several losses of a place at once, filled in from a file and then looked at and sent.

use commerce::{counts, losses as use_cases};
use domain::{
    Fault, Fields, LocationId, LossId, SkuId,
    approvals::ProposalSubject,
    losses::{LOSSES_MOST, LossKind, LossState, ReportLosses as Wanted},
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{
    Breadcrumbs, Button, Card, ChoiceCell, Column, DataTable, Entry, EntryCell, EntryRow, FillIn, Form, Hidden,
    SelectItem, Size, TableIn,
};
use uuid::Uuid;

use crate::{
    counts::choose_place,
    frame::{Frame, Lit, news},
    losses,
};

/// This page.
pub const PATH: &str = "/console/losses/many";
const LOG_IN: &str = "/console/login";
/// The part of the page that its forms speak to.
const FORM: &str = "losses";
const HINT: &str = "每行：编码或条码、件数、类型（破损、过期、失窃、试吃、自用、其他）、原因，批次号可不填；最多 50 份。\
                    填好后核对，再提交。";

/// Reports several losses.
#[server(prefix = "/rpc/console", endpoint = "report_losses")]
pub async fn report_losses(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let states = use_cases::report_list(&scope, &Wanted::from_fields(&fields)?).await?;
        let booked = states.iter().filter(|state| **state == LossState::Approved).count();
        let said = match (booked, states.len() - booked) {
            (booked, 0) => format!("{booked} 份报损已入账，库存已减少"),
            (0, waiting) => format!("已提交 {waiting} 份报损，等待审批"),
            (booked, waiting) => format!("{booked} 份报损已入账，库存已减少；另外 {waiting} 份等待审批"),
        };
        Ok(Next::to(losses::PATH).saying(losses::FORM, said))
    })
    .await
}

/// The lines that are filled in, each with its variant.
fn lines(asked: &Asked) -> Vec<(usize, SkuId)> {
    let Some(flash) = asked.flash_of(FORM) else { return Vec::new() };
    let line = |line: usize| -> Option<(usize, SkuId)> {
        Some((line, flash.typed.text(&format!("sku.{line}")).parse().ok()?))
    };
    flash.typed.lines("sku").into_iter().filter_map(line).take(LOSSES_MOST).collect()
}

/// The page.
pub async fn many(asked: Asked) -> Result<Page, Fault> {
    let places = counts::places(&asked.scope).await?;
    let first = places.first().map(|place| place.id).ok_or(Fault::Forbidden)?;
    let place: LocationId = asked.typed(FORM, "location").parse().unwrap_or(first);
    let lines = lines(&asked);
    let skus: Vec<SkuId> = lines.iter().map(|(_, sku)| *sku).collect();
    let found = use_cases::subjects(&asked.scope, place, &skus).await?;
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new("批量报损", move || {
        let crumbs = vec![("报损".to_owned(), losses::PATH.to_owned()), ("批量报损".to_owned(), String::new())];
        let body = if lines.is_empty() {
            view! { {choose_place(places, place)} {empty(&asked, place)} }.into_any()
        } else {
            let name = places.into_iter().find(|one| one.id == place).map(|one| one.name).unwrap_or_default();
            form(&asked, (place, name), &lines, &found)
        };
        let body = view! {
            <Breadcrumbs items=crumbs/>
            <h1 class="my-3 text-xl font-bold">"批量报损"</h1>
            {news(&asked, FORM)}
            {body}
        };
        frame.screen(Lit::Losses, body.into_any())
    }))
}

/// What was pasted and is not filled in, and what was wrong with it, line by line.
fn pasted(asked: &Asked) -> (String, Vec<String>) {
    (asked.typed(FORM, "table").trim().to_owned(), asked.wrong_lines(FORM))
}

/// Before anything is filled in.
fn empty(asked: &Asked, place: LocationId) -> AnyView {
    let (value, wrong) = pasted(asked);
    let (action, template) = (format!("{PATH}/list"), format!("{PATH}/template"));
    view! {
        <Card class="max-w-2xl">
            <p class="mb-4 text-base-content/70">"用文件填写多份报损，核对后一起提交；有一行不对就都不填入。要附照片的，请单独报损。"</p>
            <Form action=action files=true>
                <Hidden name="from" value=format!("{PATH}?location={place}")/>
                <Hidden name="location" value=place.to_string()/>
                <TableIn hint=HINT template=template value=value wrong=wrong>
                    <Button>"填入报损"</Button>
                </TableIn>
            </Form>
        </Card>
    }
    .into_any()
}

fn form(
    asked: &Asked,
    (place, place_name): (LocationId, String),
    lines: &[(usize, SkuId)],
    found: &[ProposalSubject],
) -> AnyView {
    let hidden = lines.iter().map(|(line, sku)| {
        view! {
            <Hidden name=format!("sku.{line}") value=sku.to_string()/>
            <Hidden name=format!("key.{line}") value=LossId(Uuid::now_v7()).to_string()/>
        }
    });
    let hidden = hidden.collect_view();
    let whole = asked.wrong_as_a_whole(FORM);
    let whole = whole.map(|wrong| view! { <p class="mb-2 text-sm font-medium text-error" role="alert">{wrong}</p> });
    let rows = lines.iter().map(|(line, sku)| row(asked, *line, found.iter().find(|one| one.sku_id == *sku)));
    let rows = rows.collect_view();
    let columns = ["商品", "件数", "类型", "原因", "批次号"].map(Column::new).to_vec();
    let (value, wrong) = pasted(asked);
    let (action, template) = (format!("{PATH}/list"), format!("{PATH}/template"));
    view! {
        <p class="mb-3 text-base-content/70">{format!("{place_name}。不报的行请把件数清空；一起提交，有一行不对就都不提交。")}</p>
        <Form action=ReportLosses::PATH>
            <Hidden name="from" value=format!("{PATH}?location={place}")/>
            <Hidden name="location" value=place.to_string()/>
            {hidden}
            {whole}
            <DataTable caption="报损" columns=columns>{rows}</DataTable>
            <div class="mt-4"><Button size=Size::Large>"提交报损"</Button></div>
            <FillIn title="换一个文件" button="重新填入" action=action hint=HINT template=template value=value wrong=wrong/>
        </Form>
    }
    .into_any()
}

/// A loss, of something that the place has or sells.
fn row(asked: &Asked, line: usize, subject: Option<&ProposalSubject>) -> impl IntoView + use<> {
    let gone = || ("这里已没有这件商品".to_owned(), String::new());
    let (name, detail) =
        subject.map_or_else(gone, |one| (one.name.clone(), format!("{} · 账面 {} 件", one.code, one.on_hand)));
    let part = |field: &str, label: &str| {
        let field = format!("{field}.{line}");
        let (wrong, typed) = asked.field(FORM, &field);
        (field, format!("{name} {label}"), typed.unwrap_or_default(), wrong.unwrap_or_default())
    };
    let cell = |(field, label, value, error): (String, String, String, String), kind: Entry, most: u32| {
        view! { <EntryCell name=field label=label kind=kind value=value error=error maxlength=most/> }
    };
    let quantity = cell(part("quantity", "件数"), Entry::Whole, 10);
    let (field, label, value, error) = part("kind", "类型");
    let kinds: Vec<SelectItem> = LossKind::ALL.iter().map(|kind| SelectItem::new(kind.code(), kind.label())).collect();
    let reason = cell(part("reason", "原因"), Entry::Words, 200);
    let batch = cell(part("batch", "批次号"), Entry::Words, 40);
    view! {
        <EntryRow title=name detail=detail>
            {quantity}
            <ChoiceCell name=field label=label items=kinds value=value error=error/>
            {reason}
            {batch}
        </EntryRow>
    }
}
