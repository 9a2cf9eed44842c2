//! What all places are to order, summed up by place and supplier; ordered in one go. A part of the page of proposals.

use chrono::{DateTime, NaiveDate, Utc};
use commerce::{purchasing, staff};
use domain::{
    Fault, Fields, LocationId,
    purchasing::{
        ListShortfalls, ListSuppliers, OrderShortfalls as OrderShortfallsCommand, PurchaseCard, ShortLine, Shortfall,
        Shortfalls, Supplier, Unpriced,
    },
    staff::RegionChoice,
    text,
    transfers::LINES_MOST,
};
use leptos::prelude::*;
use rpc::{Asked, Next, back_path};
use ui::{
    Badge, Button, Column, DataTable, EmptyState, Form, Glyph, Hidden, LinkButton, Notice, Section, Select, SelectItem,
    Tone,
};
use uuid::Uuid;

use crate::{
    frame::{LOG_IN, address},
    purchases::path_of,
    replenishment::{PATH, path_at},
    suppliers::{FORM, price, wrong},
};

/// In how many days or fewer what runs out is pointed out.
const SOON_DAYS: i64 = 3;

/// Makes drafts of what was ticked, one for each place and supplier.
#[server(prefix = "/rpc/hq", endpoint = "order_shortfalls")]
pub async fn order_shortfalls(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let command = OrderShortfallsCommand::from_fields(&fields)?;
        let made = purchasing::order_shortfalls(&scope, command).await?;
        Ok(match made.as_slice() {
            [one] => Next::to(path_of(one.id)).saying(FORM, "已生成草稿，核对后提交"),
            many => {
                let said = format!("已生成 {} 张采购单草稿，核对后逐张提交", many.len());
                Next::to(back_path(fields.text("from"))).saying(FORM, said).keeping(links_to(many))
            }
        })
    })
    .await
}

/// Orders as the next page links to them: `made.{place in the list}.{id}`, and what is said of each.
fn links_to(made: &[PurchaseCard]) -> Fields {
    let link = |(at, card): (usize, &PurchaseCard)| {
        let said = format!("{} · {} · {} · {} 件", card.number, card.location.name, card.supplier, card.pieces);
        (format!("made.{at:03}.{}", card.id), said)
    };
    Fields(made.iter().enumerate().map(link).collect())
}

/// What the page shows where no place is chosen.
pub struct Overview {
    ask: ListShortfalls,
    /// Nothing where there is so much that it was not summed up in time.
    found: Option<Shortfalls>,
    regions: Vec<RegionChoice>,
    suppliers: Vec<Supplier>,
}

impl Overview {
    /// Faults: those of [`purchasing::shortfalls`].
    pub async fn of(asked: &Asked) -> Result<Self, Fault> {
        let ask = ListShortfalls::from_fields(&asked.query);
        let found = match purchasing::shortfalls(&asked.scope, &ask).await {
            // The page is of use without: it is where a region or a place is chosen.
            Err(Fault::Upstream { .. }) => None,
            found => Some(found?),
        };
        Ok(Self {
            found,
            regions: staff::regions_with_places(&asked.scope).await?,
            suppliers: purchasing::suppliers(&asked.scope, &ListSuppliers::default()).await?,
            ask,
        })
    }
}

/// All places, summed up.
pub fn all(asked: &Asked, overview: Overview) -> AnyView {
    let Overview { ask, found, regions, suppliers } = overview;
    let found = match found {
        Some(found) => view! {
            {results(asked, &ask, found.items, found.total)}
            {without_price(found.unpriced, found.unpriced_total, asked.scope.now)}
        }
        .into_any(),
        None => view! {
            <Notice tone=Tone::Warn>"门店和仓库太多，没能及时算完。请按区域筛选，或在上面选择一处。"</Notice>
        }
        .into_any(),
    };
    view! {
        {just_made(asked)}
        {filters(&ask, regions, suppliers)}
        {found}
    }
    .into_any()
}

/// Links to the drafts that were made a moment ago.
fn just_made(asked: &Asked) -> Option<AnyView> {
    let flash = asked.flash_of(FORM).filter(|flash| flash.good)?;
    flash.typed.under("made.").next()?;
    let link = |(of, said): (&str, &str)| {
        let id = of.split_once('.').map_or(of, |(_, id)| id);
        let (href, said) = (format!("/hq/purchases/{id}"), said.to_owned());
        view! { <li><a class="link touch flex items-center" href=href>{said}</a></li> }
    };
    let links = flash.typed.under("made.").map(link).collect_view();
    Some(view! { <ul class="panel mb-4 px-4 py-2" aria-label="刚生成的采购单">{links}</ul> }.into_any())
}

fn filters(ask: &ListShortfalls, regions: Vec<RegionChoice>, suppliers: Vec<Supplier>) -> AnyView {
    let mut region_items = vec![SelectItem::new("", "全部区域")];
    region_items.extend(regions.into_iter().map(|region| SelectItem::new(region.code, region.name)));
    let mut supplier_items = vec![SelectItem::new("", "全部供应商")];
    supplier_items.extend(suppliers.into_iter().map(|one| SelectItem::new(one.id.to_string(), one.name)));
    let region = ask.region.clone().unwrap_or_default();
    let supplier = ask.supplier.map(|id| id.to_string()).unwrap_or_default();
    let reset = (*ask != ListShortfalls::default()).then(|| view! { <LinkButton href=PATH>"清除"</LinkButton> });
    view! {
        <form method="get" action=PATH role="search" class="panel mb-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-2 lg:grid-cols-4 lg:items-end">
            <Select name="region" label="区域" items=region_items value=region/>
            <Select name="supplier" label="供应商" items=supplier_items value=supplier/>
            <div class="mb-4 flex flex-wrap gap-3"><button type="submit" class="btn btn-primary">"筛选"</button>{reset}</div>
        </form>
    }
    .into_any()
}

fn results(asked: &Asked, ask: &ListShortfalls, found: Vec<Shortfall>, total: i64) -> AnyView {
    if found.is_empty() {
        return view! { <EmptyState glyph=Glyph::Check title="暂时不用补货" text="在售且有供应商报价的商品，现有与在途的够卖到下次到货后 14 天。">""</EmptyState> }.into_any();
    }
    let shown = found.len();
    let more = (total > shown as i64).then(|| {
        let text =
            format!("先显示最急的 {shown} 行，共 {total} 行：下单后其余会接着出现在这里，也可以按区域或供应商筛选");
        view! { <Notice tone=Tone::Info>{text}</Notice> }
    });
    let columns = vec![
        Column::new("下单"),
        Column::new("收货方"),
        Column::new("供应商"),
        Column::new("最早卖完"),
        Column::new("要补的商品"),
        Column::new("件数").right(),
        Column::new("金额").right(),
    ];
    let failed = asked.flash_of(FORM).is_some_and(|flash| !flash.good);
    let none = asked.query.text("picked") == "none";
    let rows = found.into_iter().map(|one| {
        let pick = format!("pick.{}.{}", one.location.id, one.supplier_id);
        let ticked = if failed { asked.field(FORM, &pick).1.is_some() } else { !none };
        row(one, pick, ticked, asked.scope.now)
    });
    let rows = rows.collect_view();
    let (label, picked) = if none { ("全选", "") } else { ("全不选", "none") };
    let mut pairs = ask.pairs();
    pairs.push(("picked", picked.to_owned()));
    let (turn, here, whole) = (address(PATH, &pairs), asked.here.clone(), wrong(asked, "picks"));
    view! {
        <Form action="/rpc/hq/order_shortfalls">
            <Hidden name="from" value=here/>
            <Hidden name="key" value=Uuid::now_v7().to_string()/>
            {whole}
            {more}
            <DataTable caption="各处补货建议" columns=columns>{rows}</DataTable>
            <div class="mt-4 flex flex-wrap items-center gap-4"><Button>"生成采购单"</Button>
                <LinkButton href=turn>{label}</LinkButton>
                <p class="text-sm text-base-content/70">{format!("每行生成一张草稿，按下单那一刻的缺货算，核对后提交；一张最多 {LINES_MOST} 种，先订最急的。日均按近 28 天出库，备货到货后再够卖 14 天。")}</p></div>
        </Form>
    }
    .into_any()
}

/// `pick` is the name of its tick box.
fn row(one: Shortfall, pick: String, ticked: bool, now: DateTime<Utc>) -> impl IntoView {
    let label = format!("{} 向 {} 下单", one.location.name, one.supplier);
    let href = path_at(one.location.id);
    let soonest = runs_out(one.runs_out_on, is_out(&one.lines), now);
    let goods = goods(one.lines, one.kinds, one.location.id, now);
    view! {
        <tr>
            <td><input class="checkbox" type="checkbox" name=pick value="on" checked=ticked aria-label=label/></td>
            <td class="min-w-36"><a class="link font-medium" href=href>{one.location.name}</a></td>
            <td class="min-w-28">{one.supplier}</td>
            <td class="tabular whitespace-nowrap">{soonest}</td>
            <td class="min-w-56">{goods}</td>
            <td class="tabular text-end">{one.pieces}</td>
            <td class="tabular text-end">{price(one.cost_fen)}</td>
        </tr>
    }
}

/// Places that are short of what nobody has a price for, of `total`.
pub fn without_price(found: Vec<Unpriced>, total: i64, now: DateTime<Utc>) -> Option<AnyView> {
    if found.is_empty() {
        return None;
    }
    let shown = found.len();
    let more = (total > shown as i64).then(|| format!("先显示最急的 {shown} 处，共 {total} 处。"));
    let columns = vec![Column::new("收货方"), Column::new("最早卖完"), Column::new("没有报价的商品")];
    let row = |one: Unpriced| {
        let href = path_at(one.location.id);
        let soonest = runs_out(one.runs_out_on, is_out(&one.lines), now);
        let goods = goods(one.lines, one.kinds, one.location.id, now);
        view! {
            <tr>
                <td class="min-w-36"><a class="link font-medium" href=href>{one.location.name}</a></td>
                <td class="tabular whitespace-nowrap">{soonest}</td>
                <td class="min-w-56">{goods}</td>
            </tr>
        }
    };
    let rows = found.into_iter().map(row).collect_view();
    Some(
        view! {
            <Section title="要补货，但没有供应商报价" more="/hq/suppliers" more_label="去录入采购价">
                <p class="mb-3 text-sm text-base-content/70">"没有报价不能下单。在供应商页录入采购价后，这些商品会出现在上面的补货建议里。"{more}</p>
                <DataTable caption="没有供应商报价的商品" columns=columns>{rows}</DataTable>
            </Section>
        }
        .into_any(),
    )
}

/// How many variants, and the most urgent of them, which open without script. The place's page has the others.
fn goods(lines: Vec<ShortLine>, kinds: i64, place: LocationId, now: DateTime<Utc>) -> AnyView {
    let rest = kinds - lines.len() as i64;
    let more = (rest > 0).then(|| {
        let (href, said) = (path_at(place), format!("其余 {rest} 种"));
        view! { <li><a class="link touch flex items-center" href=href>{said}</a></li> }
    });
    let line = |one: ShortLine| {
        let cost = one.price_fen.map(|price| format!(" · {price} / 件"));
        let ends = runs_out(one.runs_out_on, one.is_out(), now);
        view! {
            <li>
                <span class="block"><span class="font-medium">{one.name}</span>" "{one.code}{format!(" × {}", one.quantity)}{cost}</span>
                <span class="tabular block text-base-content/70">{one.why}" · 卖完："{ends}</span>
            </li>
        }
    };
    let lines = lines.into_iter().map(line).collect_view();
    view! {
        <details>
            <summary class="touch cursor-pointer py-2.5">{format!("{kinds} 种，看明细")}</summary>
            <ul class="mb-2 grid gap-2 whitespace-normal text-sm">{lines}{more}</ul>
        </details>
    }
    .into_any()
}

/// Whether there is none left of the first of these lines, which runs out before all others.
fn is_out(lines: &[ShortLine]) -> bool {
    lines.first().is_some_and(ShortLine::is_out)
}

/// When something runs out, pointed out where that is soon.
fn runs_out(day: Option<NaiveDate>, is_out: bool, now: DateTime<Utc>) -> AnyView {
    match end(day, is_out, now.with_timezone(&text::zone("")).date_naive()) {
        (Tone::Plain, said) => view! { <span>{said}</span> }.into_any(),
        (tone, said) => view! { <Badge tone=tone>{said}</Badge> }.into_any(),
    }
}

/// How urgent it is that something runs out on a day, and as people read it. What is sold today may be there still.
fn end(day: Option<NaiveDate>, is_out: bool, today: NaiveDate) -> (Tone, String) {
    let Some(day) = day else { return (Tone::Plain, "近期没有卖出".to_owned()) };
    match (day - today).num_days() {
        _ if is_out => (Tone::Error, "已断货".to_owned()),
        ..=0 => (Tone::Error, "今天卖完".to_owned()),
        days @ 1..=SOON_DAYS => (Tone::Warn, format!("{day}（{days} 天后）")),
        days => (Tone::Plain, format!("{day}（{days} 天后）")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goods_that_are_there_are_not_said_to_be_out() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 11, day);
        let today = day(23).unwrap();
        let said = |on, is_out| end(on, is_out, today);
        assert_eq!(said(day(23), true), (Tone::Error, "已断货".to_owned()));
        assert_eq!(said(day(23), false), (Tone::Error, "今天卖完".to_owned()), "fewer than are sold in a day");
        assert_eq!(said(day(26), false), (Tone::Warn, "2026-11-26（3 天后）".to_owned()));
        assert_eq!(said(day(27), false), (Tone::Plain, "2026-11-27（4 天后）".to_owned()));
        assert_eq!(said(None, false), (Tone::Plain, "近期没有卖出".to_owned()));
    }
}
