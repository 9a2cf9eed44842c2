//! Batches and their last day: cells in which somebody says which one pieces are of, what is left of each, and a form that
//! says how many pieces are of one.

use domain::{
    Fields, LocationId, SkuId,
    batches::{BatchEntry, BatchLeft, ListBatches, batch_field, expires_field},
};
use leptos::prelude::*;
use rpc::Asked;
use ui::{
    Badge, Button, ChoiceCell, Column, DataTable, EmptyState, Entry, EntryCell, Field, Form, Glyph, Hidden, NamedCell,
    Select, SelectItem, Tone,
};

/// The part of a page that [`form`] speaks to.
pub const FORM: &str = "batches";
/// The console's form does it for both faces.
const ACTION: &str = "/rpc/console/register_batch";

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

/// What the list at `path` can be asked; `place` is the choice of one.
pub fn filters(ask: &ListBatches, path: &'static str, place: AnyView) -> AnyView {
    let days = [("", "不限"), ("0", "已过期"), ("7", "7 天内到期"), ("30", "30 天内到期"), ("90", "90 天内到期")];
    let days = days.map(|(value, label)| SelectItem::new(value, label)).to_vec();
    let (within, words) = (ask.days.map(|days| days.to_string()).unwrap_or_default(), ask.words.clone());
    view! {
        <form method="get" action=path role="search" class="panel mb-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-2 lg:grid-cols-4 lg:items-end">
            <Field name="q" kind="search" label="查找" required=false placeholder="商品、编码、条码或批次号" value=words
                maxlength=Fields::WORDS_MOST as u32/>
            {place}
            <Select name="days" label="效期" items=days value=within/>
            <div class="mb-4"><button type="submit" class="btn btn-primary">"筛选"</button></div>
        </form>
    }
    .into_any()
}

/// A page of the list. `nothing`: what is said where it is empty; `page_of`: where whoever looks registers one, or empty.
pub fn list(found: Vec<BatchEntry>, nothing: &'static str, page_of: impl Fn(&BatchEntry) -> String) -> AnyView {
    if found.is_empty() {
        return view! { <EmptyState glyph=Glyph::Box title="没有符合条件的批次" text=nothing>""</EmptyState> }
            .into_any();
    }
    let columns = vec![
        Column::new("商品"),
        Column::new("批次"),
        Column::new("到期日"),
        Column::new("状态"),
        Column::new("剩余").right(),
        Column::new("门店或仓库"),
    ];
    let row = |one: BatchEntry| {
        let href = page_of(&one);
        let (tone, standing) = (tone_of(&one.left), one.left.standing());
        view! {
            <tr>
                <NamedCell name=one.name detail=one.sku_code href=href/>
                <td class="min-w-28 break-all">{one.left.code}</td>
                <td class="tabular whitespace-nowrap">{one.left.expires_on.to_string()}</td>
                <td class="whitespace-nowrap"><Badge tone=tone>{standing}</Badge></td>
                <td class="tabular text-end">{one.left.pieces}</td>
                <td>{one.location.name}</td>
            </tr>
        }
    };
    let rows = found.into_iter().map(row).collect_view();
    view! { <DataTable caption="批次与效期" columns=columns>{rows}</DataTable> }.into_any()
}

/// What is left of each batch of one variant at one place.
pub fn of_variant(batches: Vec<BatchLeft>) -> AnyView {
    let columns = vec![Column::new("批次"), Column::new("到期日"), Column::new("剩余").right(), Column::new("状态")];
    let row = |batch: BatchLeft| {
        let (tone, standing) = (tone_of(&batch), batch.standing());
        view! {
            <tr>
                <td class="min-w-28 font-medium break-all">{batch.code}</td>
                <td class="tabular whitespace-nowrap">{batch.expires_on.to_string()}</td>
                <td class="tabular text-end">{batch.pieces}</td>
                <td class="whitespace-nowrap"><Badge tone=tone>{standing}</Badge></td>
            </tr>
        }
    };
    let rows = batches.into_iter().map(row).collect_view();
    view! { <DataTable caption="批次" columns=columns>{rows}</DataTable> }.into_any()
}

/// The colour of how a batch stands.
fn tone_of(batch: &BatchLeft) -> Tone {
    match batch.days {
        ..=0 => Tone::Error,
        1..=7 => Tone::Warn,
        _ => Tone::Info,
    }
}

/// The form that says how many pieces of a variant at a place are of a batch. `here`: the page that it stands on.
pub fn form(asked: &Asked, here: String, location: LocationId, sku: SkuId) -> AnyView {
    let part = |name: &str| {
        let (wrong, typed) = asked.field(FORM, name);
        (wrong.unwrap_or_default(), typed.unwrap_or_default())
    };
    let ((code_wrong, code), (day_wrong, day), (pieces_wrong, pieces)) =
        (part("code"), part("expires_on"), part("quantity"));
    view! {
        <Form action=ACTION>
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
    .into_any()
}
