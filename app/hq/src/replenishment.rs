//! What a store or warehouse is to order, and why; ordered in one go. Without one, all of them: see [`shortfalls`].

use commerce::purchasing;
use domain::{
    Fault, Fields, LocationId,
    purchasing::{OrderProposed as OrderProposedCommand, PROPOSED_MOST, Proposal, Unpriced},
    staff::Permission,
    transfers::Location,
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{Button, Column, DataTable, EmptyState, EntryCell, Form, Glyph, Hidden, Notice, Select, SelectItem, Tone};
use uuid::Uuid;

use crate::{
    frame::{Frame, LOG_IN, Tab, said},
    purchases::path_of,
    shortfalls::{self, Overview},
    suppliers::{FORM, everywhere, kinds, price, whole},
};

/// This page.
pub const PATH: &str = "/hq/replenishment";

/// Makes drafts of what was chosen, one for each supplier.
#[server(prefix = "/rpc/hq", endpoint = "order_proposed")]
pub async fn order_proposed(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let made = purchasing::order_proposed(&scope, OrderProposedCommand::from_fields(&fields)?).await?;
        Ok(match made.as_slice() {
            [one] => Next::to(path_of(*one)).saying(FORM, "已生成草稿，核对后提交"),
            many => {
                let said = format!("已生成 {} 张采购单草稿，核对后逐张提交", many.len());
                Next::to("/hq/purchases?state=draft").saying(FORM, said)
            }
        })
    })
    .await
}

/// The page.
pub async fn proposals(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    if !everywhere(&asked, Permission::ManagePurchasing) {
        return asked.scope.staff().and(Err(Fault::Forbidden));
    }
    let places = purchasing::places_to_order_to(&asked.scope).await?;
    let chosen: Option<LocationId> = asked.query.text("location").parse().ok();
    let shown = match chosen {
        Some(place) => {
            let (found, unpriced) = purchasing::short_at(&asked.scope, place).await?;
            Shown::One(found, unpriced)
        }
        None => Shown::All(Overview::of(&asked).await?),
    };
    Ok(Page::new("补货建议", move || {
        let found = match shown {
            Shown::One(found, unpriced) => view! {
                {results(&asked, found)}
                {shortfalls::without_price(unpriced.into_iter().collect(), 1, asked.scope.now)}
            }
            .into_any(),
            Shown::All(overview) => shortfalls::all(&asked, overview),
        };
        let body = view! {
            {kinds(&asked, PATH)}
            {said(&asked, FORM)}
            {choosing(places, chosen)}
            {found}
        };
        frame.screen(Tab::Purchasing, "采购".into(), "", ().into_any(), body.into_any())
    }))
}

/// What the page shows: one place line by line, with what nobody has a price for, or all places summed up.
enum Shown {
    One(Vec<Proposal>, Option<Unpriced>),
    All(Overview),
}

/// A place's page.
pub fn path_at(place: LocationId) -> String {
    format!("{PATH}?location={place}")
}

fn choosing(places: Vec<Location>, chosen: Option<LocationId>) -> AnyView {
    let mut items = vec![SelectItem::new("", "全部门店和仓库")];
    items.extend(places.into_iter().map(|one| SelectItem::new(one.id.to_string(), one.name)));
    let value = chosen.map(|id| id.to_string()).unwrap_or_default();
    view! {
        <form method="get" action=PATH class="panel mb-4 flex flex-wrap items-end gap-x-4 px-4 pt-4">
            <div class="min-w-72"><Select name="location" label="给哪里补货" items=items value=value/></div>
            <div class="mb-4"><button type="submit" class="btn btn-outline">"查看"</button></div>
        </form>
    }
    .into_any()
}

fn results(asked: &Asked, mut found: Vec<Proposal>) -> AnyView {
    if found.is_empty() {
        return view! { <EmptyState glyph=Glyph::Check title="暂时不用补货" text="在售且有供应商报价的商品，现有与在途的够卖到下次到货后 14 天。">""</EmptyState> }.into_any();
    }
    let more = found.len().saturating_sub(PROPOSED_MOST);
    found.truncate(PROPOSED_MOST);
    let more = (more > 0).then(|| {
        let text = format!("先显示 {PROPOSED_MOST} 种；下单后，其余 {more} 种会接着出现在这里");
        view! { <Notice tone=Tone::Info>{text}</Notice> }
    });
    let columns = vec![
        Column::new("下单"),
        Column::new("商品"),
        Column::new("建议件数"),
        Column::new("供应商"),
        Column::new("进价").right(),
        Column::new("怎么算的"),
    ];
    let (typed_before, here) = (asked.flash_of(FORM).is_some(), asked.here.clone());
    let row = |one: Proposal| {
        let of = format!("{}.{}", one.location.id, one.sku_id);
        let (pick, amount) = (format!("pick.{of}"), format!("amount.{of}"));
        let checked = !typed_before || asked.field(FORM, &pick).1.is_some();
        let value = asked.field(FORM, &amount).1.unwrap_or_else(|| one.quantity.to_string());
        let error = asked.field(FORM, &domain::transfers::field_of(one.sku_id)).0.unwrap_or_default();
        let (pick_label, amount_label) = (format!("下单 {}", one.name), format!("{} 件数", one.name));
        view! {
            <tr>
                <td><input class="checkbox" type="checkbox" name=pick value=one.supplier_id.to_string() checked=checked aria-label=pick_label/></td>
                <td class="min-w-36"><span class="font-medium">{one.name}</span>
                    <span class="block text-sm text-base-content/70">{one.code}</span></td>
                <EntryCell name=amount label=amount_label value=value error=error/>
                <td>{one.supplier}</td>
                <td class="tabular text-end">{price(one.price_fen)}</td>
                <td class="tabular text-sm text-base-content/70">{one.why}</td>
            </tr>
        }
    };
    let rows = found.into_iter().map(row).collect_view();
    let whole = whole(asked);
    view! {
        <Form action="/rpc/hq/order_proposed">
            <Hidden name="from" value=here/>
            <Hidden name="key" value=Uuid::now_v7().to_string()/>
            {whole}
            {more}
            <DataTable caption="补货建议" columns=columns>{rows}</DataTable>
            <div class="mt-4 flex items-center gap-4"><Button>"一键下单"</Button>
                <p class="text-sm text-base-content/70">"按供应商生成草稿，核对后提交。日均按近 28 天出库，备货到货后再够卖 14 天。"</p></div>
        </Form>
    }
    .into_any()
}
