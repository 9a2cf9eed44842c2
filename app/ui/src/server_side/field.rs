//! What is typed. Every field has a label, keeps what was entered, and says beside itself what is
//! wrong with it.

use super::action::present;
use leptos::prelude::*;

/// The texts around a control and how the control points at them.
pub(super) struct Wiring {
    pub id: String,
    hint_id: String,
    error_id: String,
    hint: String,
    error: String,
}

impl Wiring {
    pub fn new(id: String, name: &str, hint: String, error: String) -> Self {
        let id = present(id).unwrap_or_else(|| format!("field-{name}"));
        Self { hint_id: format!("{id}-hint"), error_id: format!("{id}-error"), id, hint, error }
    }

    /// The value of `aria-describedby`.
    pub fn described_by(&self) -> Option<String> {
        let mut ids = Vec::new();
        if !self.error.is_empty() {
            ids.push(self.error_id.as_str());
        }
        if !self.hint.is_empty() {
            ids.push(self.hint_id.as_str());
        }
        present(ids.join(" "))
    }

    /// The value of `aria-invalid`.
    pub const fn invalid(&self) -> Option<&'static str> {
        if self.error.is_empty() { None } else { Some("true") }
    }

    /// The texts below the control.
    pub fn notes(&self) -> impl IntoView + use<> {
        let error = (!self.error.is_empty())
            .then(|| view! { <p id=self.error_id.clone() class="mt-1 text-sm font-medium text-error">{self.error.clone()}</p> });
        let hint = (!self.hint.is_empty()).then(
            || view! { <p id=self.hint_id.clone() class="mt-1 text-sm text-base-content/70">{self.hint.clone()}</p> },
        );
        view! { {error} {hint} }
    }
}

fn label_view(id: &str, label: String, required: bool) -> impl IntoView + use<> {
    let optional = (!required).then(|| view! { <span class="ms-1 font-normal text-base-content/70">"（选填）"</span> });
    view! { <label class="mb-1 block text-sm font-semibold" for=id.to_owned()>{label} {optional}</label> }
}

/// One line to type into.
#[component]
pub fn Field(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    /// The `type` of the input.
    #[prop(optional, default = "text")]
    kind: &'static str,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] hint: String,
    #[prop(optional, into)] error: String,
    #[prop(optional, default = true)] required: bool,
    #[prop(optional)] autocomplete: &'static str,
    #[prop(optional)] inputmode: &'static str,
    #[prop(optional, into)] placeholder: String,
    #[prop(optional)] maxlength: Option<u32>,
    #[prop(optional, into)] min: String,
    #[prop(optional, into)] max: String,
    #[prop(optional, into)] step: String,
    /// Needed only where a name stands twice on a page.
    #[prop(optional, into)]
    id: String,
    #[prop(optional)] autofocus: bool,
) -> impl IntoView {
    let wiring = Wiring::new(id, &name, hint, error);
    let notes = wiring.notes();
    view! {
        <div class="mb-4">
            {label_view(&wiring.id, label, required)}
            <input
                class="input w-full"
                id=wiring.id.clone()
                type=kind
                name=name
                value=value
                required=required
                autofocus=autofocus
                autocomplete=present(autocomplete.to_owned())
                inputmode=present(inputmode.to_owned())
                placeholder=present(placeholder)
                maxlength=maxlength.map(|n| n.to_string())
                min=present(min)
                max=present(max)
                step=present(step)
                aria-describedby=wiring.described_by()
                aria-invalid=wiring.invalid()
            />
            {notes}
        </div>
    }
}

/// Several lines to type into.
#[component]
pub fn TextArea(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] hint: String,
    #[prop(optional, into)] error: String,
    #[prop(optional)] required: bool,
    #[prop(optional, default = 3)] rows: u32,
    #[prop(optional)] maxlength: Option<u32>,
    #[prop(optional, into)] id: String,
) -> impl IntoView {
    let wiring = Wiring::new(id, &name, hint, error);
    let notes = wiring.notes();
    // Leptos writes what stands in a text area as it is: what somebody typed would end it and go on as a page.
    let value = value.replace('&', "&amp;").replace('<', "&lt;");
    view! {
        <div class="mb-4">
            {label_view(&wiring.id, label, required)}
            <textarea
                class="textarea w-full"
                id=wiring.id.clone()
                name=name
                rows=rows.to_string()
                required=required
                maxlength=maxlength.map(|n| n.to_string())
                aria-describedby=wiring.described_by()
                aria-invalid=wiring.invalid()
            >
                {value}
            </textarea>
            {notes}
        </div>
    }
}

/// One of the values that a [`Select`] offers.
#[derive(Clone, Debug)]
pub struct SelectItem {
    pub(super) value: String,
    pub(super) label: String,
}

impl SelectItem {
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into() }
    }
}

/// One of many, where they are too many for radio cards.
#[component]
pub fn Select(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    items: Vec<SelectItem>,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] hint: String,
    #[prop(optional, into)] error: String,
    #[prop(optional, into)] id: String,
) -> impl IntoView {
    let wiring = Wiring::new(id, &name, hint, error);
    let notes = wiring.notes();
    let options = items
        .into_iter()
        .map(|item| {
            let selected = item.value == value;
            view! { <option value=item.value selected=selected>{item.label}</option> }
        })
        .collect_view();
    view! {
        <div class="mb-4">
            {label_view(&wiring.id, label, true)}
            <select
                class="select w-full"
                id=wiring.id.clone()
                name=name
                aria-describedby=wiring.described_by()
                aria-invalid=wiring.invalid()
            >
                {options}
            </select>
            {notes}
        </div>
    }
}

/// A quantity to type, with the browser's own arrows.
#[component]
pub fn Stepper(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    value: u32,
    #[prop(optional)] min: u32,
    #[prop(optional, default = 99)] max: u32,
    #[prop(optional, into)] id: String,
) -> impl IntoView {
    let id = present(id).unwrap_or_else(|| format!("field-{name}"));
    view! {
        <label class="inline-flex items-center gap-2 text-sm" for=id>
            {label}
            <input
                class="input tabular w-20 text-center"
                id=id.clone()
                type="number"
                inputmode="numeric"
                name=name
                value=value.to_string()
                min=min.to_string()
                max=max.to_string()
                step="1"
                required=true
            />
        </label>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render;

    #[test]
    fn a_fault_stands_at_its_field_and_is_read_with_it() {
        let html = render(
            || view! { <Field name="phone" label="手机号" value="139" error="手机号应为 11 位" hint="用于取货"/> },
        );
        assert!(html.contains(r#"aria-describedby="field-phone-error field-phone-hint""#), "{html}");
        assert!(html.contains(r#"aria-invalid="true""#), "{html}");
        assert!(html.contains(r#"<p id="field-phone-error""#), "{html}");
    }

    #[test]
    fn what_was_typed_is_kept_and_is_text() {
        let html = render(|| view! { <Field name="who" label="称呼" value="\"><script>"/> });
        assert!(!html.contains("<script>"), "{html}");
        assert!(html.contains(r#"value="&quot;&gt;&lt;script&gt;""#), "{html}");
    }

    #[test]
    fn nothing_typed_ends_the_area_it_was_typed_in() {
        let html = render(|| view! { <TextArea name="why" label="原因" value="</textarea><b> & &lt;"/> });
        assert!(html.contains("&lt;/textarea>&lt;b> &amp; &amp;lt;</textarea>"), "{html}");
        assert!(!html.contains("<b>"), "{html}");
    }

    #[test]
    fn a_field_without_a_fault_says_nothing_of_one() {
        let html = render(|| view! { <Field name="who" label="称呼"/> });
        assert!(!html.contains("aria-invalid") && !html.contains("aria-describedby"), "{html}");
    }

    #[test]
    fn an_option_shows_its_label_alone() {
        let items = vec![SelectItem::new("a", "甲"), SelectItem::new("b", "乙")];
        let html = render(|| view! { <Select name="pick" label="选" items=items value="b"/> });
        assert!(html.contains(r#"<option value="a">甲</option>"#), "{html}");
        assert!(html.contains(r#"<option value="b" selected>乙</option>"#), "{html}");
    }
}
