//! Figures and facts.

use super::action::present;
use leptos::prelude::*;

/// An amount of money as it is read: `12.80` or `¥12.80`.
#[component]
pub fn Price(
    #[prop(into)] amount: String,
    /// What it was before; shown struck through.
    #[prop(optional, into)]
    former: String,
    /// Why it is what it is.
    #[prop(optional, into)]
    reason: String,
    #[prop(optional)] large: bool,
) -> impl IntoView {
    let digits = amount.trim_start_matches('¥').to_owned();
    let size = if large { "text-3xl" } else { "text-lg" };
    let former = (!former.is_empty()).then(|| {
        view! {
            <del class="tabular text-xs text-base-content/70">
                <span class="sr-only">"原价"</span>
                {format!("¥{}", former.trim_start_matches('¥'))}
            </del>
        }
    });
    let reason =
        (!reason.is_empty()).then(|| view! { <span class="badge badge-soft badge-accent badge-sm">{reason}</span> });
    view! {
        <span class="inline-flex flex-wrap items-baseline gap-x-1.5">
            <span class=format!("tabular font-bold text-accent {size}")>
                <span class="me-px text-[0.65em] font-semibold">"¥"</span>
                {digits}
            </span>
            {former}
            {reason}
        </span>
    }
}

/// Which way a figure went, and whether that is good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trend {
    Up,
    Down,
    #[default]
    Flat,
}

impl Trend {
    /// A sign beside the colour, for those who do not see it.
    const fn sign(self) -> (&'static str, &'static str) {
        match self {
            Self::Up => ("▲", "text-success"),
            Self::Down => ("▼", "text-error"),
            Self::Flat => ("", "text-base-content/70"),
        }
    }
}

/// One figure with its change, as a link if it has an `href`.
#[component]
pub fn Stat(
    #[prop(into)] label: String,
    #[prop(into)] value: String,
    /// The change, with what it is compared to.
    #[prop(optional, into)]
    delta: String,
    #[prop(optional)] trend: Trend,
    #[prop(optional, into)] href: String,
) -> impl IntoView {
    let (sign, colour) = trend.sign();
    let delta = (!delta.is_empty()).then(|| {
        view! { <p class=format!("tabular mt-1 text-sm font-medium {colour}")>{format!("{sign} {delta}").trim().to_owned()}</p> }
    });
    // Two figures stand beside each other on a phone: one of millions is set smaller, so that it stays within its own.
    let size = if value.chars().count() > 9 { "text-lg sm:text-2xl" } else { "text-2xl" };
    let content = view! {
        <p class="text-sm text-base-content/70">{label}</p>
        <p class=format!("tabular mt-1 font-bold tracking-tight {size}")>{value}</p>
        {delta}
    };
    match present(href) {
        Some(href) => view! { <a class="panel panel-link block p-4" href=href>{content}</a> }.into_any(),
        None => view! { <div class="panel p-4">{content}</div> }.into_any(),
    }
}

/// A column of a [`DataTable`].
#[derive(Clone, Debug)]
pub struct Column {
    title: String,
    right: bool,
}

impl Column {
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), right: false }
    }

    /// Aligned to the right, as figures are.
    pub fn right(mut self) -> Self {
        self.right = true;
        self
    }
}

/// A table that scrolls sideways on its own where it is wider than the page. Its children are the
/// rows.
#[component]
pub fn DataTable(
    /// What the table shows; read out, not seen.
    #[prop(into)]
    caption: String,
    columns: Vec<Column>,
    children: Children,
) -> impl IntoView {
    let heads = columns
        .into_iter()
        .map(|column| {
            let class = if column.right { "text-end" } else { "" };
            view! { <th scope="col" class=class>{column.title}</th> }
        })
        .collect_view();
    view! {
        <div class="panel overflow-x-auto" role="region" aria-label=caption tabindex="0">
            <table class="table">
                <caption class="sr-only">{caption.clone()}</caption>
                <thead>
                    <tr>{heads}</tr>
                </thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
}

/// The cell of a table that says on what its row rests: what people call it, and under that of which kind it is.
#[component]
pub fn ReferenceCell(
    #[prop(into)] said: String,
    #[prop(into)] kind: String,
    /// Whether it is a name that may be long, and not a number that stays on its line.
    long: bool,
    /// Where it leads.
    href: Option<String>,
) -> impl IntoView {
    let breaks = if long { "break-all" } else { "whitespace-nowrap" };
    let said = match href {
        Some(href) => view! { <a class=format!("link {breaks}") href=href>{said}</a> }.into_any(),
        None => view! { <span class=breaks>{said}</span> }.into_any(),
    };
    let kind = present(kind)
        .map(|kind| view! { <span class="block whitespace-nowrap text-sm text-base-content/70">{kind}</span> });
    view! { <td class="tabular min-w-28">{said}{kind}</td> }
}

/// The cell of a table that says what its row is about: its name, and what it is known by small below.
#[component]
pub fn NamedCell(
    #[prop(into)] name: String,
    #[prop(into)] detail: String,
    /// Where the name leads.
    #[prop(optional, into)]
    href: String,
) -> impl IntoView {
    let name = match present(href) {
        Some(href) => view! { <a class="link font-medium" href=href>{name}</a> }.into_any(),
        None => view! { <span class="font-medium">{name}</span> }.into_any(),
    };
    view! { <td class="min-w-40">{name}<span class="block text-sm text-base-content/70">{detail}</span></td> }
}

/// A list of named facts; its children are [`Fact`]s.
#[component]
pub fn Facts(#[prop(optional, into)] class: String, children: Children) -> impl IntoView {
    view! { <dl class=format!("divide-y divide-base-300 {class}")>{children()}</dl> }
}

/// One named fact.
#[component]
pub fn Fact(#[prop(into)] label: String, children: Children) -> impl IntoView {
    view! {
        <div class="flex items-baseline justify-between gap-4 py-2.5">
            <dt class="shrink-0 text-sm text-base-content/70">{label}</dt>
            <dd class="min-w-0 text-end font-medium break-words">{children()}</dd>
        </div>
    }
}
