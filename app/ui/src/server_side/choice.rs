//! What is picked: radio cards, buttons that are answers, and tick boxes.

use super::field::Wiring;
use crate::{Glyph, Icon};
use leptos::prelude::*;

/// One card of a [`Choice`].
#[derive(Clone, Debug)]
pub struct ChoiceItem {
    value: String,
    title: String,
    text: String,
    note: String,
    disabled: bool,
}

impl ChoiceItem {
    pub fn new(value: impl Into<String>, title: impl Into<String>) -> Self {
        Self { value: value.into(), title: title.into(), text: String::new(), note: String::new(), disabled: false }
    }

    /// A second line.
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// A word at the far end, such as a price.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// Shown, but not to be picked; say why in the text.
    pub fn disabled(mut self, disabled: bool) -> Self {
        self.disabled = disabled;
        self
    }

    fn card(self, name: String, picked: bool) -> impl IntoView {
        let text = (!self.text.is_empty())
            .then(|| view! { <span class="block text-sm text-base-content/70">{self.text}</span> });
        let note = (!self.note.is_empty())
            .then(|| view! { <span class="tabular ms-auto shrink-0 text-sm font-semibold">{self.note}</span> });
        view! {
            <label class="choice">
                <input
                    class="radio radio-primary radio-sm"
                    type="radio"
                    name=name
                    value=self.value
                    checked=picked
                    disabled=self.disabled
                    required=true
                />
                <span class="min-w-0">
                    <span class="block font-medium">{self.title}</span>
                    {text}
                </span>
                {note}
            </label>
        }
    }
}

/// One of few, all seen at once.
#[component]
pub fn Choice(
    #[prop(into)] name: String,
    #[prop(into)] legend: String,
    items: Vec<ChoiceItem>,
    /// The value that is picked already.
    #[prop(optional, into)]
    value: String,
    #[prop(optional, into)] error: String,
    /// Cards beside each other: 1 to 3.
    #[prop(optional, default = 1)]
    columns: u8,
) -> impl IntoView {
    let wiring = Wiring::new(String::new(), &name, String::new(), error);
    let notes = wiring.notes();
    let grid = match columns {
        2 => "grid grid-cols-2 gap-2",
        3 => "grid grid-cols-3 gap-2",
        _ => "grid gap-2",
    };
    let cards = items
        .into_iter()
        .map(|item| {
            let picked = item.value == value;
            item.card(name.clone(), picked)
        })
        .collect_view();
    view! {
        <fieldset class="mb-4" aria-describedby=wiring.described_by() aria-invalid=wiring.invalid()>
            <legend class="mb-1 text-sm font-semibold">{legend}</legend>
            <div class=grid>{cards}</div>
            {notes}
        </fieldset>
    }
}

/// One of few that is taken by pressing it: submits the form it stands in.
#[component]
pub fn ChoiceButton(
    #[prop(into)] name: String,
    #[prop(into)] value: String,
    #[prop(into)] title: String,
    /// A word at the far end, such as until when.
    #[prop(optional, into)]
    note: String,
) -> impl IntoView {
    let note = (!note.is_empty()).then(|| view! { <span class="tabular text-sm text-base-content/70">{note}</span> });
    view! {
        <button type="submit" class="choice" name=name value=value>
            <span class="me-auto font-medium">{title}</span>
            {note}
            <Icon glyph=Glyph::ChevronRight class="size-4"/>
        </button>
    }
}

/// Yes or no. An unticked box posts nothing.
#[component]
pub fn CheckBox(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into, default = "on".to_owned())] value: String,
    #[prop(optional)] checked: bool,
) -> impl IntoView {
    view! {
        <label class="touch flex items-center gap-3">
            <input class="checkbox checkbox-primary" type="checkbox" name=name value=value checked=checked/>
            <span>{label}</span>
        </label>
    }
}
