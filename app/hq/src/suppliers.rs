//! Suppliers: the list, one of them, what they ask.

use commerce::{imports::sent, purchasing};
use domain::{
    Fault, Fen, Fields, SupplierId,
    import::ImportKind,
    purchasing::{ListSuppliers, SaveSupplier as SaveSupplierCommand, SetPrices, Supplier, SupplierPriceView, said_of},
    staff::{Permission, Reach},
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Button, Chip, Chips, Column, DataTable, EmptyState, Field, Form, Glyph, Hidden, LinkButton, Section,
    TextArea, Tone,
};
use uuid::Uuid;

use crate::frame::{Frame, LOG_IN, Tab, files, said};

/// The list.
const LIST: &str = "/hq/suppliers";
/// The part of a page that the forms about buying speak to.
pub const FORM: &str = "purchasing";

/// Links to the pages about buying, for those who buy and those who pay.
pub fn kinds(asked: &Asked, here: &str) -> AnyView {
    let (buys, pays) = (everywhere(asked, Permission::ManagePurchasing), everywhere(asked, Permission::PaySuppliers));
    let all = [
        (buys, "采购单", "/hq/purchases"),
        (buys, "补货建议", "/hq/replenishment"),
        (buys || pays, "供应商", LIST),
        (pays, "发票与应付", "/hq/invoices"),
        (buys, "待退供应商", "/console/set-apart"),
        (asked.scope.may(Permission::SeeCosts), "库存成本", "/hq/costs"),
        (asked.scope.may(Permission::SeeCosts), "成本与毛利", "/hq/margins"),
    ];
    let chips = all.into_iter().filter(|(shown, ..)| *shown);
    let chips = chips.map(|(_, label, href)| Chip::new(label, href).active(href == here)).collect();
    view! { <div class="mb-4"><Chips label="采购" chips=chips/></div> }.into_any()
}

/// Whether a permission of whoever asks reaches every store.
pub fn everywhere(asked: &Asked, permission: Permission) -> bool {
    asked.scope.reach(permission) == Ok(Reach::All)
}

/// A field of the form that failed, with what was typed there, else what is known.
pub fn part(asked: &Asked, name: &str, known: String) -> (String, String) {
    let (wrong, typed) = asked.field(FORM, name);
    (typed.unwrap_or(known), wrong.unwrap_or_default())
}

/// A complaint that stands in a table, below its field.
pub fn wrong(asked: &Asked, name: &str) -> Option<AnyView> {
    let wrong = asked.field(FORM, name).0?;
    Some(view! { <span class="block max-w-52 whitespace-normal text-sm font-medium text-error" role="alert">{wrong}</span> }.into_any())
}

/// What is wrong with the lines of a form as a whole, above them.
pub fn whole(asked: &Asked) -> Option<AnyView> {
    let wrong = asked.wrong_as_a_whole(FORM)?;
    Some(view! { <p class="mb-2 text-sm font-medium text-error" role="alert">{wrong}</p> }.into_any())
}

/// A price, or that it is not shown.
pub fn price(price: Option<Fen>) -> String {
    price.map_or("—".into(), |price| price.to_string())
}

fn path_of(id: SupplierId) -> String {
    format!("{LIST}/{id}")
}

fn id_of(fields: &Fields) -> Result<SupplierId, Fault> {
    fields.text("id").parse().map_err(|_| Fault::NotFound("这个供应商"))
}

/// Where tables of a kind come in, for those who may send them.
pub fn import_link(asked: &Asked, kind: ImportKind) -> Option<AnyView> {
    let may = sent::kinds(&asked.scope).is_ok_and(|kinds| kinds.contains(&kind));
    let href = format!("/hq/imports/new?kind={}", kind.code());
    may.then(|| view! { <LinkButton href=href>"从表格导入"</LinkButton> }.into_any())
}

/// Makes a supplier, or changes what is known of them.
#[server(prefix = "/rpc/hq", endpoint = "save_supplier")]
pub async fn save_supplier(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = id_of(&fields)?;
        purchasing::save_supplier(&scope, id, SaveSupplierCommand::from_fields(&fields)?).await?;
        Ok(Next::to(path_of(id)).saying(FORM, "已保存"))
    })
    .await
}

/// Sets prices of a supplier.
#[server(prefix = "/rpc/hq", endpoint = "set_supplier_prices")]
pub async fn set_supplier_prices(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = id_of(&fields)?;
        let answered = purchasing::set_prices(&scope, id, SetPrices::from_fields(&fields)).await?;
        let (said, all) = said_of(&answered);
        let next = Next::to(path_of(id)).saying(FORM, said);
        // What is to be mended stays to be mended.
        Ok(if all { next } else { next.keeping(fields) })
    })
    .await
}

/// The list's page.
pub async fn list(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let words = asked.query.words("q");
    let found = purchasing::suppliers(&asked.scope, &ListSuppliers { words: words.clone() }).await?;
    let buys = everywhere(&asked, Permission::ManagePurchasing);
    let import = import_link(&asked, ImportKind::Suppliers);
    Ok(Page::new("供应商", move || {
        let new = buys.then(|| {
            view! { <LinkButton href=path_of(SupplierId(Uuid::now_v7())) tone=Tone::Primary>"新建供应商"</LinkButton> }
        });
        let beside = view! { {files(LIST, &[("q", words.clone())])} {import} {new} };
        let body = view! {
            {kinds(&asked, LIST)}
            {said(&asked, FORM)}
            <form method="get" action=LIST role="search" class="mb-4 flex max-w-xl gap-3">
                <input class="input w-full" type="search" name="q" value=words aria-label="查找供应商"
                    maxlength=Fields::WORDS_MOST.to_string() placeholder="编号或名称"/>
                <button type="submit" class="btn btn-outline">"查找"</button>
            </form>
            {results(found, buys)}
        };
        frame.screen(Tab::Purchasing, "采购".into(), "", beside.into_any(), body.into_any())
    }))
}

fn results(found: Vec<Supplier>, buys: bool) -> AnyView {
    if found.is_empty() {
        return view! { <EmptyState glyph=Glyph::Truck title="没有供应商" text="新建供应商并录入采购价后，就可以下采购单。">""</EmptyState> }.into_any();
    }
    let columns = vec![
        Column::new("编号"),
        Column::new("名称"),
        Column::new("联系人"),
        Column::new("账期").right(),
        Column::new("到货").right(),
        Column::new("报价商品").right(),
        Column::new("未完成采购单").right(),
    ];
    let row = |one: Supplier| {
        let badge = one.closed.then(|| view! { <Badge>"已停用"</Badge> });
        let name = match buys {
            true => view! { <a class="link font-medium" href=path_of(one.id)>{one.name}</a> }.into_any(),
            false => view! { <span class="font-medium">{one.name}</span> }.into_any(),
        };
        view! {
            <tr>
                <td class="tabular whitespace-nowrap">{one.code}</td>
                <td>{name} " " {badge}</td>
                <td>{format!("{} {}", one.contact, one.phone)}</td>
                <td class="tabular text-end">{format!("{} 天", one.terms_days)}</td>
                <td class="tabular text-end">{format!("{} 天", one.lead_days)}</td>
                <td class="tabular text-end">{one.skus}</td>
                <td class="tabular text-end">{one.open_orders}</td>
            </tr>
        }
    };
    let rows = found.into_iter().map(row).collect_view();
    view! { <DataTable caption="供应商" columns=columns>{rows}</DataTable> }.into_any()
}

/// The page of one supplier; an id that nobody has is a new one's.
pub async fn supplier(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    if !everywhere(&asked, Permission::ManagePurchasing) {
        return asked.scope.staff().and(Err(Fault::Forbidden));
    }
    let id: SupplierId = asked.id("supplier", "这个供应商")?;
    let all = purchasing::suppliers(&asked.scope, &ListSuppliers::default()).await?;
    let found = all.into_iter().find(|one| one.id == id);
    let prices = match &found {
        Some(_) => Some(purchasing::prices(&asked.scope, id).await?),
        None => None,
    };
    let title = found.as_ref().map_or("新建供应商".to_owned(), |one| one.name.clone());
    Ok(Page::new(title.clone(), move || {
        let order = found.as_ref().filter(|one| !one.closed).map(|_| {
            let href = format!("/hq/purchases/{}?supplier={id}", Uuid::now_v7());
            view! { <LinkButton href=href tone=Tone::Primary>"下采购单"</LinkButton> }
        });
        let prices = prices.map(|prices| asking(&asked, id, prices));
        let body = view! {
            {said(&asked, FORM)}
            <div class="panel p-5">{form(&asked, id, found)}</div>
            {prices}
        };
        frame.screen(Tab::Purchasing, title, LIST, order.into_any(), body.into_any())
    }))
}

fn form(asked: &Asked, id: SupplierId, found: Option<Supplier>) -> AnyView {
    let closed = found.as_ref().is_some_and(|one| one.closed);
    let kept = found
        .map(|one| [one.code, one.name, one.contact, one.phone, one.terms_days.to_string(), one.lead_days.to_string()]);
    let mut kept = kept.unwrap_or_default().into_iter();
    let fields = ["code", "name", "contact", "phone", "terms_days", "lead_days"]
        .map(|name| part(asked, name, kept.next().unwrap_or_default()));
    let [code, name, contact, phone, terms, lead] = fields;
    view! {
        <Form action="/rpc/hq/save_supplier">
            <Hidden name="from" value=path_of(id)/>
            <Hidden name="id" value=id.to_string()/>
            <div class="grid gap-x-4 sm:grid-cols-2 lg:grid-cols-3">
                <Field name="code" label="供应商编号" value=code.0 error=code.1 placeholder="如：JN-001" hint="大写字母、数字，可含 -"/>
                <Field name="name" label="名称" value=name.0 error=name.1 maxlength=60/>
                <Field name="contact" label="联系人" value=contact.0 error=contact.1 required=false maxlength=40/>
                <Field name="phone" label="电话" value=phone.0 error=phone.1 required=false maxlength=30/>
                <Field name="terms_days" label="账期（天）" value=terms.0 error=terms.1 inputmode="numeric" hint="发票日期起多少天付款"/>
                <Field name="lead_days" label="到货周期（天）" value=lead.0 error=lead.1 inputmode="numeric" hint="下单后多少天到货，补货建议按它算"/>
            </div>
            <label class="mb-4 flex items-center gap-2"><input class="checkbox" type="checkbox" name="closed" checked=closed/>"停用，不再向它采购"</label>
            <Button>"保存"</Button>
        </Form>
    }
    .into_any()
}

fn asking(asked: &Asked, id: SupplierId, prices: Vec<SupplierPriceView>) -> AnyView {
    let sees = everywhere(asked, Permission::SeeCosts);
    let columns = vec![
        Column::new("商品"),
        Column::new("进价").right(),
        Column::new("每箱").right(),
        Column::new("起订").right(),
        Column::new("生效日"),
        Column::new("下次调价"),
    ];
    let row = |one: SupplierPriceView| {
        let next = one.next_from.map(|day| format!("{day} 起 {}", price(one.next_fen)));
        view! {
            <tr>
                <td class="min-w-40"><span class="font-medium">{one.name}</span>
                    <span class="block text-sm text-base-content/70">{one.code}</span></td>
                <td class="tabular text-end">{price(one.price_fen)}</td>
                <td class="tabular text-end">{one.pack}</td>
                <td class="tabular text-end">{one.minimum}</td>
                <td class="tabular whitespace-nowrap">{one.valid_from.to_string()}</td>
                <td class="tabular whitespace-nowrap">{next}</td>
            </tr>
        }
    };
    let list = match prices.is_empty() {
        true => view! { <p class="text-base-content/70">"还没有报价。"</p> }.into_any(),
        false => {
            let rows = prices.into_iter().map(row).collect_view();
            view! { <DataTable caption="采购价" columns=columns>{rows}</DataTable> }.into_any()
        }
    };
    let (table, rows_wrong) = (part(asked, "table", String::new()).0, part(asked, "rows", String::new()).1);
    let upload = format!("{}/prices", path_of(id));
    let set = sees.then(|| {
        view! {
            <div class="panel mt-4 p-5">
                <Form action="/rpc/hq/set_supplier_prices">
                    <Hidden name="from" value=path_of(id)/>
                    <Hidden name="id" value=id.to_string()/>
                    <TextArea name="table" label="录入或调整采购价" required=true rows=6 value=table error=rows_wrong
                        hint="每行：SKU 编码或条码、进价（元）、每箱件数、起订件数、生效日。后三项可不填。可以直接从 Excel 复制粘贴，最多 500 行。"/>
                    <Button>"保存采购价"</Button>
                </Form>
                <Form action=upload files=true class="mt-6">
                    <label class="mb-1 block font-medium" for="file">"或上传文件"</label>
                    <div class="flex flex-wrap items-center gap-3">
                        <input class="file-input" id="file" name="file" type="file" required=true accept=".csv,.txt,.tsv,.xlsx,.xls,.ods"/>
                        <Button tone=Tone::Plain>"上传采购价"</Button>
                    </div>
                    <p class="mt-1 text-sm text-base-content/70">"CSV 或 XLSX，列与上面相同，第一行是列名；导出的文件改好后可以直接传回。"</p>
                </Form>
            </div>
        }
    });
    let exports = sees.then(|| {
        let file = |kind: &str| format!("{}/prices/{kind}", path_of(id));
        view! {
            <div class="mb-3 flex gap-3"><LinkButton href=file("csv") file=true>"导出 CSV"</LinkButton>
                <LinkButton href=file("xlsx") file=true>"XLSX"</LinkButton></div>
        }
    });
    view! { <Section title="采购价">{exports}{list}{set}</Section> }.into_any()
}
