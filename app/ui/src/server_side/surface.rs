//! What content stands on.

use super::tone::Tone;
use crate::{Glyph, Icon};
use leptos::prelude::*;

/// A raised piece of the page, with a heading if it has a `title`.
#[component]
pub fn Card(
    #[prop(optional, into)] title: String,
    #[prop(optional, into)] class: String,
    children: Children,
) -> impl IntoView {
    let heading = (!title.is_empty()).then(|| view! { <h2 class="mb-3 text-base font-semibold">{title}</h2> });
    view! { <section class=format!("panel p-4 {class}")>{heading} {children()}</section> }
}

/// A part of a page under a heading, with a link to all of it if `more` is an address.
#[component]
pub fn Section(
    #[prop(into)] title: String,
    #[prop(optional, into)] more: String,
    #[prop(optional, into, default = "更多".to_owned())] more_label: String,
    children: Children,
) -> impl IntoView {
    let link = (!more.is_empty()).then(|| {
        view! {
            <a class="link-quiet touch -my-2 flex items-center text-sm" href=more>
                {more_label}
                <Icon glyph=Glyph::ChevronRight class="size-4"/>
            </a>
        }
    });
    view! {
        <section class="mt-6">
            <div class="mb-3 flex items-center justify-between gap-4">
                <h2 class="text-lg font-bold tracking-tight">{title}</h2>
                {link}
            </div>
            {children()}
        </section>
    }
}

/// A short word about a thing.
#[component]
pub fn Badge(#[prop(optional)] tone: Tone, children: Children) -> impl IntoView {
    let colour = match tone {
        Tone::Plain => "badge-ghost",
        Tone::Primary => "badge-soft badge-primary",
        Tone::Accent => "badge-soft badge-accent",
        Tone::Info => "badge-soft badge-info",
        Tone::Success => "badge-soft badge-success",
        Tone::Warn => "badge-soft badge-warning",
        Tone::Error => "badge-soft badge-error",
    };
    view! { <span class=format!("badge badge-sm whitespace-nowrap font-medium {colour}")>{children()}</span> }
}

/// Opens the [`Sheet`] whose id is `target`; needs no script.
#[component]
pub fn SheetButton(
    #[prop(into)] target: String,
    #[prop(optional)] tone: Tone,
    #[prop(optional)] block: bool,
    children: Children,
) -> impl IntoView {
    let class = super::action::button_class(tone, super::Size::Normal, block);
    view! { <button type="button" class=class popovertarget=target>{children()}</button> }
}

/// Content that slides over the page: from below on a phone, in the middle on a wide screen.
#[component]
pub fn Sheet(#[prop(into)] id: String, #[prop(into)] title: String, children: Children) -> impl IntoView {
    let heading = format!("{id}-title");
    view! {
        <div id=id popover="auto" role="dialog" aria-labelledby=heading class="sheet">
            <div class="mb-3 flex items-center justify-between gap-4">
                <h2 id=heading.clone() class="text-lg font-bold">{title}</h2>
                <button
                    type="button"
                    class="btn btn-ghost btn-circle"
                    popovertarget=id.clone()
                    popovertargetaction="hide"
                    aria-label="关闭"
                >
                    <Icon glyph=Glyph::Close/>
                </button>
            </div>
            {children()}
        </div>
    }
}
