//! Ways from page to page.

use super::Size;
use super::action::{button_class, present};
use super::tone::Tone;
use crate::{Glyph, Icon};
use leptos::prelude::*;

/// A link of a main navigation.
#[derive(Clone, Debug)]
pub struct NavLink {
    label: String,
    href: String,
    glyph: Glyph,
    active: bool,
    badge: String,
}

impl NavLink {
    pub fn new(label: impl Into<String>, href: impl Into<String>, glyph: Glyph) -> Self {
        Self { label: label.into(), href: href.into(), glyph, active: false, badge: String::new() }
    }

    /// Whether the reader is there.
    pub fn active(mut self, active: bool) -> Self {
        self.active = active;
        self
    }

    /// A count at the icon; empty for none.
    pub fn badge(mut self, badge: impl Into<String>) -> Self {
        self.badge = badge.into();
        self
    }

    fn item(self, class: &'static str) -> impl IntoView {
        let badge = (!self.badge.is_empty()).then(|| view! { <span class="nav-badge tabular">{self.badge}</span> });
        view! {
            <li class="contents">
                <a class=class href=self.href aria-current=self.active.then_some("page")>
                    <span class="relative">
                        <Icon glyph=self.glyph class="size-6"/>
                        {badge}
                    </span>
                    <span>{self.label}</span>
                </a>
            </li>
        }
    }
}

/// Tabs at the bottom edge of a phone; from 1024 px on, links in a bar at the top.
#[component]
pub fn TabBar(#[prop(into)] brand: String, tabs: Vec<NavLink>) -> impl IntoView {
    let items = tabs.into_iter().map(|tab| tab.item("tab-link")).collect_view();
    view! {
        <nav class="tab-bar" aria-label="主导航">
            <a class="tab-brand" href="/">{brand}</a>
            <ul class="contents">{items}</ul>
        </nav>
    }
}

/// Links at the side; on a narrow screen they move to the bottom edge.
#[component]
pub fn SideRail(
    #[prop(into)] brand: String,
    links: Vec<NavLink>,
    /// What stands at the foot of the rail: who is here, the way out.
    #[prop(optional)]
    foot: Option<AnyView>,
) -> impl IntoView {
    let items = links.into_iter().map(|link| link.item("rail-link")).collect_view();
    let foot = foot.map(|foot| view! { <div class="mt-auto hidden p-2 lg:block">{foot}</div> });
    view! {
        <nav class="rail" aria-label="主导航">
            <p class="rail-brand">{brand}</p>
            <ul class="contents">{items}</ul>
            {foot}
        </nav>
    }
}

/// The bar that stays at the top: the way back, where the reader is, and what stands beside it. On a narrow screen what
/// has no room there wraps below the title, which is not cut for it.
#[component]
pub fn TopBar(
    #[prop(optional, into)] title: String,
    /// The address of the way back.
    #[prop(optional, into)]
    back: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let back = present(back).map(|href| {
        view! {
            <a class="btn btn-ghost btn-circle -ms-2" href=href aria-label="返回">
                <Icon glyph=Glyph::ChevronLeft/>
            </a>
        }
    });
    let title = present(title).map(|title| view! { <h1 class="top-bar-title">{title}</h1> });
    view! {
        <header class="top-bar">
            <div class="top-bar-inner">{back} {title} {children.map(|children| children())}</div>
        </header>
    }
}

/// Where the page stands: `(label, href)` from the top; the last is the page itself.
#[component]
pub fn Breadcrumbs(items: Vec<(String, String)>) -> impl IntoView {
    let last = items.len().saturating_sub(1);
    let crumbs = items
        .into_iter()
        .enumerate()
        .map(|(at, (label, href))| {
            if at == last {
                return view! { <li aria-current="page" class="font-medium">{label}</li> }.into_any();
            }
            view! {
                <li class="flex items-center gap-1">
                    <a class="link-quiet touch inline-flex items-center" href=href>{label}</a>
                    <Icon glyph=Glyph::ChevronRight class="size-3.5"/>
                </li>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <nav aria-label="面包屑">
            <ol class="flex flex-wrap items-center gap-1 text-sm">{crumbs}</ol>
        </nav>
    }
}

/// The way to the page before and the page after, where there is one.
#[component]
pub fn Pager(
    #[prop(optional, into)] previous: String,
    #[prop(optional, into)] next: String,
    /// Where the reader is: "第 2 页，共 9 页".
    #[prop(optional, into)]
    note: String,
) -> impl IntoView {
    let link = |href: String, rel: &'static str, label: &'static str| {
        let class = button_class(Tone::Plain, Size::Normal, false);
        match present(href) {
            Some(href) => view! { <a class=class rel=rel href=href>{label}</a> }.into_any(),
            None => {
                view! { <span class=format!("{class} btn-disabled") aria-disabled="true">{label}</span> }.into_any()
            }
        }
    };
    view! {
        <nav class="mt-4 flex items-center justify-center gap-4" aria-label="分页">
            {link(previous, "prev", "上一页")}
            <span class="tabular text-sm text-base-content/70">{note}</span>
            {link(next, "next", "下一页")}
        </nav>
    }
}

/// One of several views of the same thing.
#[derive(Clone, Debug)]
pub struct Chip {
    label: String,
    href: String,
    active: bool,
    count: String,
}

impl Chip {
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { label: label.into(), href: href.into(), active: false, count: String::new() }
    }

    pub fn active(mut self, active: bool) -> Self {
        self.active = active;
        self
    }

    /// How many stand behind it; empty for none.
    pub fn count(mut self, count: impl Into<String>) -> Self {
        self.count = count.into();
        self
    }
}

/// Filters and sub-pages whose state lives in the address. They scroll sideways on a phone.
#[component]
pub fn Chips(#[prop(into)] label: String, chips: Vec<Chip>) -> impl IntoView {
    let links = chips
        .into_iter()
        .map(|chip| {
            let count = present(chip.count).map(|count| view! { <span class="tabular opacity-80">{count}</span> });
            view! {
                <a class="chip" href=chip.href aria-current=chip.active.then_some("true")>
                    {chip.label}
                    {count}
                </a>
            }
        })
        .collect_view();
    view! { <nav class="chips" aria-label=label>{links}</nav> }
}

/// Choices that look like [`Chips`] and are buttons of the form around them: what was typed there goes along. Pressing
/// one posts its `href` as `name` to `formaction`.
#[component]
pub fn ChipButtons(
    #[prop(into)] label: String,
    #[prop(into)] formaction: String,
    #[prop(into)] name: String,
    chips: Vec<Chip>,
) -> impl IntoView {
    let buttons = chips
        .into_iter()
        .map(|chip| {
            let (formaction, name) = (formaction.clone(), name.clone());
            view! {
                <button type="submit" class="chip" formaction=formaction formnovalidate=true name=name value=chip.href
                    aria-current=chip.active.then_some("true")>
                    {chip.label}
                </button>
            }
        })
        .collect_view();
    view! { <div class="chips" role="group" aria-label=label>{buttons}</div> }
}
