//! What a form that was sent has left to say.

use leptos::prelude::*;
use rpc::Asked;
use ui::{Notice, Tone};

/// The message of one part of a page, above what it is about.
pub fn said(asked: &Asked, form: &str) -> Option<AnyView> {
    let flash = asked.flash_of(form)?;
    let tone = if flash.good { Tone::Success } else { Tone::Error };
    let message = flash.message.clone();
    Some(view! { <Notice tone=tone>{message}</Notice> }.into_any())
}
