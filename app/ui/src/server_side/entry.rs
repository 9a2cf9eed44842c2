//! Tables to type into. What is typed stands beside what it is about and what is only read to the right of it: a phone
//! shows no more of a table than its first columns.

use super::{action::present, field::SelectItem};
use leptos::prelude::*;

/// What is typed into an [`EntryCell`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Entry {
    /// A whole number.
    #[default]
    Whole,
    /// A number that may have a fraction, such as money.
    Decimal,
    /// Words.
    Words,
    /// A day.
    Day,
}

impl Entry {
    /// The `class`, `type` and `inputmode` of its input.
    const fn looks(self) -> (&'static str, &'static str, Option<&'static str>) {
        match self {
            Self::Whole => ("input tabular w-24 text-end", "text", Some("numeric")),
            Self::Decimal => ("input tabular w-28 text-end", "text", Some("decimal")),
            Self::Words => ("input w-full min-w-40", "text", None),
            Self::Day => ("input w-40", "date", None),
        }
    }
}

/// A cell to type into, with what is wrong with it below. It keeps what was typed.
#[component]
pub fn EntryCell(
    #[prop(into)] name: String,
    /// What is typed here, for those who do not see the table around it.
    #[prop(into)]
    label: String,
    #[prop(optional)] kind: Entry,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] error: String,
    #[prop(optional, into)] placeholder: String,
    #[prop(optional)] maxlength: Option<u32>,
) -> impl IntoView {
    let (class, input_type, mode) = kind.looks();
    let invalid = (!error.is_empty()).then_some("true");
    let wrong = (!error.is_empty()).then(|| {
        view! { <span class="block max-w-52 whitespace-normal text-sm font-medium text-error" role="alert">{error}</span> }
    });
    view! {
        <td>
            <input class=class type=input_type name=name inputmode=mode autocomplete="off" value=value
                placeholder=present(placeholder) maxlength=maxlength.map(|most| most.to_string()) aria-label=label
                aria-invalid=invalid/>
            {wrong}
        </td>
    }
}

/// A cell in which one of some is chosen, with what is wrong with it below.
#[component]
pub fn ChoiceCell(
    #[prop(into)] name: String,
    /// As of an [`EntryCell`].
    #[prop(into)]
    label: String,
    items: Vec<SelectItem>,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] error: String,
) -> impl IntoView {
    let invalid = (!error.is_empty()).then_some("true");
    let wrong = (!error.is_empty()).then(|| {
        view! { <span class="block max-w-52 whitespace-normal text-sm font-medium text-error" role="alert">{error}</span> }
    });
    let options = items
        .into_iter()
        .map(|item| {
            let selected = item.value == value;
            view! { <option value=item.value selected=selected>{item.label}</option> }
        })
        .collect_view();
    view! {
        <td>
            <select class="select min-w-44" name=name aria-label=label aria-invalid=invalid>{options}</select>
            {wrong}
        </td>
    }
}

/// A row of a [`DataTable`](crate::DataTable) to type into: what it is about, then its children, which are
/// [`EntryCell`]s, then what is only read.
#[component]
pub fn EntryRow(
    #[prop(into)] title: String,
    /// Stands small below the title.
    #[prop(optional, into)]
    detail: String,
    /// Where the title leads.
    #[prop(optional, into)]
    href: String,
    /// What is only read, aligned to the right.
    #[prop(optional)]
    figures: Vec<String>,
    children: Children,
) -> impl IntoView {
    let title = match present(href) {
        Some(href) => view! { <a class="link font-medium" href=href>{title}</a> }.into_any(),
        None => view! { <span class="font-medium">{title}</span> }.into_any(),
    };
    let detail =
        present(detail).map(|detail| view! { <span class="block text-sm text-base-content/70">{detail}</span> });
    let figures = figures
        .into_iter()
        .map(|text| view! { <td class="tabular whitespace-nowrap text-end">{text}</td> })
        .collect_view();
    view! {
        <tr>
            <td class="min-w-36">{title}{detail}</td>
            {children()}
            {figures}
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render;

    #[test]
    fn what_is_typed_stands_beside_what_it_is_about() {
        let html = render(|| {
            view! {
                <EntryRow title="甲" detail="还差 2 件" figures=vec!["7".to_owned()]>
                    <EntryCell name="pieces.1" label="甲 件数" value="2"/>
                </EntryRow>
            }
        });
        let at = |text: &str| html.find(text).unwrap();
        assert!(at("甲") < at("还差 2 件") && at("还差 2 件") < at("<input") && at("<input") < at(">7<"), "{html}");
        assert!(html.contains(r#"inputmode="numeric""#) && !html.contains("aria-invalid"), "{html}");
    }

    #[test]
    fn a_cell_keeps_what_was_typed_and_says_what_is_wrong_with_it() {
        let cell = || view! { <EntryCell name="price.1" label="甲 单价" kind=Entry::Decimal value="很多" error="请填写金额"/> };
        let html = render(cell);
        assert!(html.contains(r#"value="很多""#) && html.contains(r#"aria-invalid="true""#), "{html}");
        assert!(html.contains("请填写金额") && html.contains(r#"role="alert""#), "{html}");
        assert!(html.contains(r#"inputmode="decimal""#) && !html.contains("placeholder"), "{html}");
    }

    #[test]
    fn a_choice_in_a_table_keeps_what_was_chosen() {
        let items = || ["", "A", "B"].map(|value| SelectItem::new(value, value)).to_vec();
        let cell =
            move || view! { <ChoiceCell name="batch.1" label="甲 批次" items=items() value="B" error="只剩 1 件"/> };
        let html = render(cell);
        let chosen = html.split("<option").find(|option| option.contains("selected")).unwrap();
        assert!(chosen.contains(r#"value="B""#) && html.matches("selected").count() == 1, "{html}");
        assert!(html.contains(r#"aria-label="甲 批次""#) && html.contains("只剩 1 件"), "{html}");
    }
}
