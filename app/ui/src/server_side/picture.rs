//! Pictures that never move the page about.

use super::action::present;
use leptos::prelude::*;

/// A picture with its size known before it arrives. It loads when it comes near, unless `eager`:
/// the first picture of a page is what people wait for.
#[component]
pub fn Picture(
    #[prop(into)] src: String,
    /// What it shows; empty if the text beside it says so already.
    #[prop(into)]
    alt: String,
    /// In pixels, as the ratio to keep.
    width: u32,
    height: u32,
    #[prop(optional, into)] srcset: String,
    #[prop(optional, into)] sizes: String,
    #[prop(optional)] eager: bool,
    #[prop(optional, into)] class: String,
) -> impl IntoView {
    view! {
        <img
            class=format!("h-auto max-w-full bg-base-200 object-cover {class}")
            src=src
            alt=alt
            width=width.to_string()
            height=height.to_string()
            srcset=present(srcset)
            sizes=present(sizes)
            loading=if eager { "eager" } else { "lazy" }
            fetchpriority=eager.then_some("high")
            decoding="async"
        />
    }
}
