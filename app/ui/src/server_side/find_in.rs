//! A search that stands within a form.

use crate::{Glyph, Icon};
use leptos::prelude::*;

/// A search within a form, by the field `q`: it leads to the page at `page` again with all that was typed, and changes
/// nothing. The form is sent to `{page}/find`, since no address has room for all that may stand in it. As the form's first
/// button it is also what the return key presses.
#[component]
pub fn FindIn(
    #[prop(into)] label: String,
    /// The address of the form's page.
    page: &'static str,
    /// What was searched for.
    #[prop(into)]
    value: String,
    #[prop(into)] placeholder: String,
    maxlength: usize,
) -> impl IntoView {
    view! {
        <div class="mb-4 flex items-end gap-3 sm:col-span-2">
            <label class="block w-full max-w-md">
                <span class="mb-1 block text-sm font-semibold">{label}</span>
                <input class="input w-full" type="search" name="q" value=value maxlength=maxlength.to_string()
                    placeholder=placeholder/>
            </label>
            <button type="submit" class="btn btn-outline" formaction=format!("{page}/find")
                formenctype="multipart/form-data" formnovalidate=true>
                <Icon glyph=Glyph::Search class="size-5"/>"查找"
            </button>
        </div>
    }
}
