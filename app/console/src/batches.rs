//! Of which batches a variant's pieces are, as a part of its page.

use commerce::stock::batches as use_cases;
use domain::{
    Fault, Fields, LocationId, SkuId,
    batches::{BatchLeft, BatchesLeft, RegisterBatch as Wanted, batch_field, expires_field},
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next};
use ui::{Badge, Button, Card, ChoiceCell, Column, DataTable, Entry, EntryCell, Field, Form, Hidden, SelectItem, Tone};

use crate::frame::news;

const LOG_IN: &str = "/console/login";
/// The part of the page that its form speaks to.
const FORM: &str = "batches";

/// Says how many pieces are of a batch.
#[server(prefix = "/rpc/console", endpoint = "register_batch")]
pub async fn register_batch(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let location: LocationId = fields.text("location").parse().map_err(|_| Fault::NotFound("这个门店或仓库"))?;
        let sku: SkuId = fields.text("sku_id").parse().map_err(|_| Fault::NotFound("这件商品"))?;
        use_cases::register(&scope, location, sku, Wanted::from_fields(&fields)?).await?;
        let back = rpc::back_path(fields.given("from").unwrap_or(crate::stock::PATH)).to_owned();
        Ok(Next::to(back).saying(FORM, "已登记"))
    })
    .await
}

/// The cells of the form `form` in which somebody says of which batch a variant's pieces are that come in; empty for goods
/// without a last day. `typed`: whether what was typed is this form's.
pub fn batch_cells(asked: &Asked, form: &str, typed: bool, (sku, name, keeps): (SkuId, &str, bool)) -> AnyView {
    if !keeps {
        return view! { <td></td><td></td> }.into_any();
    }
    let cell = |field: String, kind: Entry, label: String| {
        let (wrong, value) = if typed { asked.field(form, &field) } else { (None, None) };
        let value = value.or_else(|| asked.query.given(&field).filter(|_| typed).map(str::to_owned));
        let (error, value) = (wrong.unwrap_or_default(), value.unwrap_or_default());
        view! { <EntryCell name=field label=label kind=kind value=value error=error maxlength=40/> }
    };
    let code = cell(batch_field(sku), Entry::Words, format!("{name} 批次号"));
    let expires = cell(expires_field(sku), Entry::Day, format!("{name} 到期日"));
    view! { {code} {expires} }.into_any()
}

/// The cell of the form `form` in which somebody may say of which batch a variant's pieces are that go; empty where none
/// lies there. `typed` as above.
pub fn batch_choice(
    asked: &Asked,
    form: &str,
    typed: bool,
    (sku, name): (SkuId, &str),
    at_hand: &[(SkuId, BatchLeft)],
) -> AnyView {
    let own: Vec<&BatchLeft> = at_hand.iter().filter(|(of, _)| *of == sku).map(|(_, batch)| batch).collect();
    if own.is_empty() {
        return view! { <td></td> }.into_any();
    }
    let field = batch_field(sku);
    let (wrong, value) = if typed { asked.field(form, &field) } else { (None, None) };
    let (error, value, label) = (wrong.unwrap_or_default(), value.unwrap_or_default(), format!("{name} 批次"));
    let mut items = vec![SelectItem::new("", "不指定")];
    items.extend(own.into_iter().map(|batch| SelectItem::new(batch.code.clone(), batch.offered())));
    view! { <ChoiceCell name=field label=label items=items value=value error=error/> }.into_any()
}

/// The part of the page. `registers`: whether whoever asks may say of which batch pieces are.
pub fn section(asked: &Asked, location: LocationId, sku: SkuId, left: BatchesLeft, registers: bool) -> AnyView {
    let news = news(asked, FORM);
    let BatchesLeft { batches, on_hand, unknown } = left;
    let list = match batches.is_empty() {
        true => view! { <p class="mb-3 text-base-content/70">"还没有登记批次；登记之后，快到期的会提醒，过期的线上不再卖。"</p> }.into_any(),
        false => {
            let columns =
                vec![Column::new("批次"), Column::new("到期日"), Column::new("剩余").right(), Column::new("状态")];
            let rows = batches.into_iter().map(row).collect_view();
            view! { <div class="mb-3"><DataTable caption="批次" columns=columns>{rows}</DataTable></div> }.into_any()
        }
    };
    let rest = (unknown > 0).then(|| {
        view! { <p class="mb-3">{format!("在库 {on_hand} 件，其中 {unknown} 件没有登记批次。")}</p> }
    });
    let form = registers.then(|| form(asked, location, sku));
    view! {
        <Card title="批次与效期" class="mb-6">
            {news}
            <p class="mb-3 text-sm text-base-content/70">"先到期的先出：卖出和报损都从最早到期的批次减。"</p>
            {list}
            {rest}
            {form}
        </Card>
    }
    .into_any()
}

/// The colour of how a batch stands.
pub fn tone_of(batch: &BatchLeft) -> Tone {
    match batch.days {
        ..=0 => Tone::Error,
        1..=7 => Tone::Warn,
        _ => Tone::Info,
    }
}

fn row(batch: BatchLeft) -> impl IntoView {
    let (tone, standing) = (tone_of(&batch), batch.standing());
    view! {
        <tr>
            <td class="min-w-28 font-medium break-all">{batch.code}</td>
            <td class="tabular whitespace-nowrap">{batch.expires_on.to_string()}</td>
            <td class="tabular text-end">{batch.pieces}</td>
            <td class="whitespace-nowrap"><Badge tone=tone>{standing}</Badge></td>
        </tr>
    }
}

fn form(asked: &Asked, location: LocationId, sku: SkuId) -> impl IntoView + use<> {
    let part = |name: &str| {
        let (wrong, typed) = asked.field(FORM, name);
        (wrong.unwrap_or_default(), typed.unwrap_or_default())
    };
    let ((code_wrong, code), (day_wrong, day), (pieces_wrong, pieces)) =
        (part("code"), part("expires_on"), part("quantity"));
    let here = format!("{}?store={location}&sku={sku}", crate::stock::PATH);
    view! {
        <Form action=RegisterBatch::PATH>
            <Hidden name="from" value=here/>
            <Hidden name="location" value=location.to_string()/>
            <Hidden name="sku_id" value=sku.to_string()/>
            <div class="grid gap-x-4 sm:grid-cols-3">
                <Field name="code" label="批次号" value=code error=code_wrong maxlength=40/>
                <Field name="expires_on" label="到期日" kind="date" value=day error=day_wrong/>
                <Field name="quantity" label="现有件数" inputmode="numeric" value=pieces error=pieces_wrong
                    hint="这个批次现在一共有几件；填 0 取消登记。"/>
            </div>
            <Button>"登记批次"</Button>
        </Form>
    }
}
