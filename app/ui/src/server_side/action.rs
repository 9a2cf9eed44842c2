//! What is pressed: forms, buttons and links that look like them.

use super::tone::Tone;
use crate::{Glyph, Icon};
use leptos::prelude::*;

/// How much room a button takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Size {
    Small,
    #[default]
    Normal,
    /// For the one thing a page is there for, and for tablets at arm's length.
    Large,
}

/// The classes of anything that looks like a button.
pub(super) fn button_class(tone: Tone, size: Size, block: bool) -> String {
    let tone = match tone {
        Tone::Plain => "btn-quiet",
        Tone::Primary => "btn-primary",
        Tone::Accent => "btn-accent",
        Tone::Info => "btn-info",
        Tone::Success => "btn-success",
        Tone::Warn => "btn-warning",
        Tone::Error => "btn-error",
    };
    let size = match size {
        Size::Small => "btn-sm",
        Size::Normal => "",
        Size::Large => "btn-lg",
    };
    let block = if block { "w-full" } else { "" };
    format!("btn {tone} {size} {block}")
}

/// A form that posts to `action`. It works without script.
#[component]
pub fn Form(
    #[prop(into)] action: String,
    #[prop(optional, into)] class: String,
    #[prop(optional, into)] id: String,
    /// Whether it carries files.
    #[prop(optional)]
    files: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <form
            method="post"
            action=action
            class=present(class)
            id=present(id)
            enctype=files.then_some("multipart/form-data")
        >
            {children()}
        </form>
    }
}

/// A value that a form carries unseen.
#[component]
pub fn Hidden(#[prop(into)] name: String, #[prop(into)] value: String) -> impl IntoView {
    view! { <input type="hidden" name=name value=value/> }
}

/// Submits the form it stands in, or the one named by `form`.
#[component]
pub fn Button(
    #[prop(optional, default = Tone::Primary)] tone: Tone,
    #[prop(optional)] size: Size,
    /// Whether it is as wide as its place.
    #[prop(optional)]
    block: bool,
    #[prop(optional, into)] name: String,
    #[prop(optional, into)] value: String,
    /// The id of a form elsewhere on the page.
    #[prop(optional, into)]
    form: String,
    /// Where to post instead of the form's own address.
    #[prop(optional, into)]
    formaction: String,
    #[prop(optional)] disabled: bool,
    /// What a screen reader says, when the content is only an icon.
    #[prop(optional, into)]
    label: String,
    children: Children,
) -> impl IntoView {
    view! {
        <button
            type="submit"
            class=button_class(tone, size, block)
            name=present(name)
            value=present(value)
            form=present(form)
            formaction=present(formaction)
            disabled=disabled
            aria-label=present(label)
        >
            {children()}
        </button>
    }
}

/// A link that looks like a button.
#[component]
pub fn LinkButton(
    #[prop(into)] href: String,
    /// It leads to a file, which no browser fetches before it is asked for: it cannot show it, and would fetch it again.
    #[prop(optional)]
    file: bool,
    #[prop(optional)] tone: Tone,
    #[prop(optional)] size: Size,
    #[prop(optional)] block: bool,
    #[prop(optional, into)] label: String,
    children: Children,
) -> impl IntoView {
    view! {
        <a class=button_class(tone, size, block) href=href rel=file.then_some("external") aria-label=present(label)>
            {children()}
        </a>
    }
}

/// "− n +" as submit buttons: pressing one posts `name` as one less or one more. Setting a number
/// rather than adding to it makes a repeated request harmless.
#[component]
pub fn CountButtons(
    #[prop(into)] name: String,
    value: u32,
    #[prop(optional)] min: u32,
    #[prop(optional, default = 99)] max: u32,
    /// What is counted.
    #[prop(into)]
    label: String,
) -> impl IntoView {
    let less = value.saturating_sub(1).max(min);
    let more = value.saturating_add(1).min(max);
    let class = "btn btn-quiet btn-circle";
    view! {
        <div class="inline-flex items-center gap-1" role="group" aria-label=label.clone()>
            <button
                type="submit"
                class=class
                name=name.clone()
                value=less.to_string()
                disabled={value <= min}
                aria-label=format!("{label}减一")
            >
                <Icon glyph=Glyph::Minus class="size-4"/>
            </button>
            <output class="tabular min-w-8 text-center font-semibold">{value}</output>
            <button
                type="submit"
                class=class
                name=name
                value=more.to_string()
                disabled={value >= max}
                aria-label=format!("{label}加一")
            >
                <Icon glyph=Glyph::Plus class="size-4"/>
            </button>
        </div>
    }
}

/// An attribute's value, unless it is empty.
pub(super) fn present(value: String) -> Option<String> {
    (!value.is_empty()).then_some(value)
}
