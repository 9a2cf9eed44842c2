//! A text for cameras.

use leptos::prelude::*;
use qrcode::render::svg;

/// A QR code of a text, dark on white whatever the theme: scanners want it so. Drawn on the server, it needs no
/// script and prints well.
#[component]
pub fn QrCode(
    #[prop(into)] text: String,
    /// What it is, for who does not see it.
    #[prop(into)]
    label: String,
) -> impl IntoView {
    let drawn = qrcode::QrCode::new(text.as_bytes())
        .map(|code| code.render::<svg::Color<'_>>().min_dimensions(208, 208).build());
    let drawn = drawn.ok().and_then(|text| text.find("<svg").map(|at| text[at..].to_owned()));
    view! { <div role="img" aria-label=label class="rounded-lg bg-white p-2" inner_html=drawn.unwrap_or_default()></div> }
}
