//! How long what may be asked for after the sale: of all goods, and of categories that have terms of their own.

use commerce::after_sales as use_cases;
use domain::{
    Fault, Fields,
    after_sales::{AfterSalesKind, CategoryTerms, SetTerms, TERMS_FIELDS, Terms, TermsBook},
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Breadcrumbs, Button, Column, DataTable, EmptyState, Field, Form, Glyph, Hidden, Section, Select, SelectItem,
    Tone,
};

use crate::frame::{Frame, LOG_IN, Tab, said};

const PATH: &str = "/hq/after-sales/terms";
/// The part of the page that its forms speak to.
const FORM: &str = "after-sales-terms";

/// Says how long what may be asked for.
#[server(prefix = "/rpc/hq", endpoint = "set_after_sales_terms")]
pub async fn set_after_sales_terms(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        use_cases::set_terms(&scope, SetTerms::from_fields(&fields)?).await?;
        Ok(Next::to(PATH).saying(FORM, "已保存，立即生效"))
    })
    .await
}

/// Lets what holds of all others hold of a category again.
#[server(prefix = "/rpc/hq", endpoint = "reset_after_sales_terms")]
pub async fn reset_after_sales_terms(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let category = fields.text("category").parse().map_err(|_| Fault::NotFound("这个分类"))?;
        use_cases::reset_terms(&scope, category).await?;
        Ok(Next::to(PATH).saying(FORM, "已恢复为统一期限"))
    })
    .await
}

/// The page.
pub async fn terms(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let book = use_cases::terms(&asked.scope).await?;
    Ok(Page::new("售后期限", move || {
        let form = form(&asked, &book);
        let crumbs = vec![("售后".to_owned(), "/hq/after-sales".to_owned()), ("售后期限".to_owned(), String::new())];
        let body = view! {
            <Breadcrumbs items=crumbs/>
            {said(&asked, FORM)}
            <p class="my-4 text-sm text-base-content/70">
                "从取货或收货算起，期限内顾客可以申请。修改后立即生效，已经提交的申请不受影响。"
            </p>
            <div class="grid grid-cols-1 gap-6 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)] lg:items-start">
                <div>{list(book)}</div>
                <Section title="设置期限">{form}</Section>
            </div>
        };
        frame.screen(Tab::AfterSales, "售后期限".into(), "", ().into_any(), body.into_any())
    }))
}

fn list(book: TermsBook) -> AnyView {
    let mut columns = vec![Column::new("分类"), Column::new("品牌")];
    columns.extend(AfterSalesKind::ALL.iter().map(|kind| Column::new(kind.label())));
    columns.push(Column::new("操作"));
    let default = cells(book.default);
    let none = book.categories.is_empty().then(|| {
        view! { <EmptyState glyph=Glyph::Grid title="还没有商品分类" text="导入商品后，可以给分类单独设置期限。">""</EmptyState> }
    });
    let rows = book.categories.into_iter().map(row).collect_view();
    view! {
        <DataTable caption="售后期限" columns=columns>
            <tr><td class="min-w-36 font-medium">"统一期限"</td><td>"全部品牌"</td>{default}<td></td></tr>
            {rows}
        </DataTable>
        {none}
    }
    .into_any()
}

fn cells(terms: Terms) -> impl IntoView {
    let cell = |&kind: &AfterSalesKind| view! { <td class="whitespace-nowrap">{terms.text(kind)}</td> };
    AfterSalesKind::ALL.iter().map(cell).collect_view()
}

fn row(category: CategoryTerms) -> impl IntoView {
    let own = category.own.then(|| view! { <Badge>"单独设置"</Badge> });
    let label = format!("{} 恢复统一期限", category.category);
    let reset = category.own.then(|| {
        view! {
            <Form action=ResetAfterSalesTerms::PATH>
                <Hidden name="from" value=PATH/>
                <Hidden name="category" value=category.category_id.to_string()/>
                <Button tone=Tone::Plain label=label>"恢复统一"</Button>
            </Form>
        }
    });
    view! {
        <tr>
            <td class="min-w-36"><span class="font-medium">{category.category}</span> " " {own}</td>
            <td class="whitespace-nowrap">{category.brand}</td>
            {cells(category.terms)}
            <td>{reset}</td>
        </tr>
    }
}

fn form(asked: &Asked, book: &TermsBook) -> impl IntoView + use<> {
    let (category_wrong, category) = asked.field(FORM, "category");
    let mut categories = vec![SelectItem::new("", "统一期限（没有单独设置的分类）")];
    categories.extend(
        book.categories
            .iter()
            .map(|one| SelectItem::new(one.category_id.to_string(), format!("{} · {}", one.brand, one.category))),
    );
    let fields = AfterSalesKind::ALL.iter().zip(TERMS_FIELDS).map(|(kind, name)| {
        let (wrong, typed) = asked.field(FORM, name);
        let hours =
            typed.unwrap_or_else(|| book.default.hours(*kind).map(|hours| hours.to_string()).unwrap_or_default());
        view! {
            <Field name=name label=format!("{}（小时）", kind.label()) value=hours error=wrong.unwrap_or_default()
                inputmode="numeric" required=false hint="24 小时是 1 天；留空表示不支持。"/>
        }
    });
    let fields = fields.collect_view();
    view! {
        <Form action=SetAfterSalesTerms::PATH>
            <Hidden name="from" value=PATH/>
            <Select name="category" label="适用于" items=categories value=category.unwrap_or_default()
                error=category_wrong.unwrap_or_default()/>
            {fields}
            <Button>"保存"</Button>
        </Form>
    }
}
