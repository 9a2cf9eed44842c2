//! What was said of variants, as parts of the page about how stock is shared: the rules, each to be taken back, and a
//! form for more.

use leptos::prelude::*;
use rpc::Asked;
use ui::{Button, Column, DataTable, Form, Hidden, Tone};

use crate::{
    frame::{files, said},
    stock_models::PATH,
};

/// One part, without its rules.
pub struct Part {
    /// What its forms speak to.
    pub form: &'static str,
    /// What it is called, to people and in the page.
    pub title: &'static str,
    /// Where its files are; also the anchor of its title.
    pub files: &'static str,
    pub columns: &'static [&'static str],
    /// What is said where there is no rule.
    pub none: &'static str,
}

impl Part {
    /// The part with its rules as rows, and the form where whoever asks may say more.
    pub fn section(&self, asked: &Asked, rows: Vec<AnyView>, form: Option<AnyView>) -> AnyView {
        let Self { title, files: path, .. } = *self;
        let list = if rows.is_empty() {
            view! { <p class="text-sm text-base-content/70">{self.none}</p> }.into_any()
        } else {
            let columns = self.columns.iter().copied().map(Column::new).collect();
            view! { <DataTable caption=title columns=columns>{rows}</DataTable> }.into_any()
        };
        let id = path.rsplit('/').next().unwrap_or(path);
        view! {
            <section class="mt-8" aria-labelledby=id>
                <div class="mb-3 flex flex-wrap items-center justify-between gap-3">
                    <h2 id=id class="text-lg font-bold">{title}</h2>
                    <div class="flex gap-3">{files(path, &[])}</div>
                </div>
                {said(asked, self.form)}
                {list}
                {form}
            </section>
        }
        .into_any()
    }

    /// The form, which is open where it was refused: what was typed is seen with what is wrong beside its field.
    pub fn form(&self, asked: &Asked, action: &'static str, fields: AnyView) -> AnyView {
        let refused = asked.flash_of(self.form).is_some_and(|flash| !flash.good);
        view! {
            <details class="panel mt-4 p-4" open=refused>
                <summary class="cursor-pointer font-medium">{format!("设置{}", self.title)}</summary>
                <Form action=action class="mt-4">
                    <Hidden name="from" value=PATH/>
                    {fields}
                    <Button>"保存"</Button>
                </Form>
            </details>
        }
        .into_any()
    }

    /// What is wrong with a field of the form, and what was typed.
    pub fn field(&self, asked: &Asked, name: &str) -> (String, String) {
        let (wrong, typed) = asked.field(self.form, name);
        (wrong.unwrap_or_default(), typed.unwrap_or_default())
    }
}

/// The cell that says of which variant a rule is.
pub fn variant(name: String, sku: String) -> impl IntoView {
    view! {
        <td class="min-w-40"><span class="font-medium">{name}</span>
            <span class="block text-sm text-base-content/70">{sku}</span></td>
    }
}

/// The cell that says for which store.
pub fn whose(store: Option<String>) -> impl IntoView {
    view! { <td class="min-w-28">{store.unwrap_or_else(|| "全部门店".into())}</td> }
}

/// What takes a rule back; the field names it.
pub fn take_back(action: &'static str, (field, value): (&'static str, String), label: String) -> impl IntoView {
    view! {
        <Form action=action>
            <Hidden name="from" value=PATH/>
            <Hidden name=field value=value/>
            <Button tone=Tone::Plain label=label>"取消"</Button>
        </Form>
    }
}
