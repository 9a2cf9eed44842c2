//! The document around every page.

use super::render::{has_islands, render};
use leptos::prelude::*;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The addresses of the built files, as the bundler names them in `assets.json`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Assets {
    /// What runs islands, by whose pages they are on; and the reader of codes, which an island loads.
    pub programs: BTreeMap<String, Program>,
    /// The style sheet.
    pub css: String,
}

/// What browsers run: the islands of some people's pages, or the reader of codes.
#[derive(Clone, Debug, Deserialize)]
pub struct Program {
    /// The script that starts it.
    pub js: String,
    /// The module it loads.
    pub wasm: String,
}

/// Light, dark, or as the reader's system is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    Light,
    Dark,
    System,
}

impl Theme {
    /// The theme's name in the style sheet; absent, the sheet follows the system.
    const fn name(self) -> Option<&'static str> {
        match self {
            Self::Light => Some("mendian"),
            Self::Dark => Some("mendian-dark"),
            Self::System => None,
        }
    }

    /// The colour of the browser's own bars.
    const fn bar_colour(self) -> &'static str {
        match self {
            Self::Light | Self::System => "#fbf8f3",
            Self::Dark => "#171b18",
        }
    }
}

/// What one page says of itself.
#[derive(Clone, Debug, Default)]
pub struct Head {
    pub title: String,
    /// One sentence for search results; empty for pages that are nobody's to find.
    pub description: String,
    pub theme: Theme,
    /// Whose page it is: the program that runs its islands, by its name in [`Assets`].
    pub program: &'static str,
    /// The nonce of this response's `Content-Security-Policy`. There is no inline style at all, and
    /// the only inline script is the list of addresses worth fetching early.
    pub nonce: String,
}

/// Same-origin links are fetched as soon as they are pressed. Pressed, not hovered: an answer that
/// shows a notice once must not be used up by a pointer passing over a link.
const SPECULATION: &str = r#"{"prefetch":[{"where":{"and":[{"href_matches":"/*"},{"not":{"selector_matches":"[download],[rel~=external]"}}]},"eagerness":"conservative"}]}"#;

/// Renders a whole document. Scripts are asked for only if the body holds an island.
pub fn page<V: IntoView>(assets: &Assets, head: &Head, body: impl FnOnce() -> V) -> String {
    let body = render(body);
    let head_html = render(|| head_view(assets, head, has_islands(&body)));
    let theme = head.theme.name().map(|name| format!(" data-theme=\"{name}\"")).unwrap_or_default();
    format!("<!DOCTYPE html><html lang=\"zh-CN\"{theme}>{head_html}<body>{body}</body></html>")
}

fn head_view(assets: &Assets, head: &Head, islands: bool) -> impl IntoView {
    let program = assets.programs.get(head.program).filter(|_| islands);
    let scripts = program.map(|program| {
        view! {
            <link rel="preload" href=program.wasm.clone() r#as="fetch" type="application/wasm" crossorigin="" fetchpriority="low"/>
            <script type="module" src=program.js.clone() nonce=head.nonce.clone()></script>
        }
    });
    let description =
        (!head.description.is_empty()).then(|| view! { <meta name="description" content=head.description.clone()/> });
    view! {
        <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover"/>
            <title>{head.title.clone()}</title>
            {description}
            <meta name="theme-color" content=head.theme.bar_colour()/>
            <link rel="stylesheet" href=assets.css.clone()/>
            <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
            <link rel="manifest" href="/manifest.webmanifest"/>
            {scripts}
            <script type="speculationrules" nonce=head.nonce.clone() inner_html=SPECULATION></script>
        </head>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assets() -> Assets {
        let program = |name: &str| Program { js: format!("/pkg/{name}.js"), wasm: format!("/pkg/{name}.wasm") };
        let programs = ["a", "b"].map(|name| (name.to_owned(), program(name))).into();
        Assets { programs, css: "/pkg/a.css".into() }
    }

    fn head() -> Head {
        Head { program: "a", ..Head::default() }
    }

    #[island]
    fn Dot() -> impl IntoView {
        view! { <i></i> }
    }

    #[test]
    fn a_page_without_islands_loads_no_program() {
        let html = page(&assets(), &head(), || view! { <p>"静"</p> });
        assert!(!html.contains("/pkg/a.js") && !html.contains("/pkg/a.wasm"), "{html}");
        assert!(html.ends_with("<body><p>静</p></body></html>"), "{html}");
    }

    #[test]
    fn a_page_with_an_island_loads_the_program_once() {
        let html = page(&assets(), &head(), || view! { <Dot/><Dot/> });
        assert_eq!(html.matches(r#"<script type="module" src="/pkg/a.js""#).count(), 1, "{html}");
        assert!(html.contains(r#"href="/pkg/a.wasm" as="fetch""#), "{html}");
        assert!(!html.contains("/pkg/b."), "that of others: {html}");
    }

    #[test]
    fn every_script_carries_the_nonce_and_no_style_is_inline() {
        let head = Head { nonce: "n0nce".into(), ..head() };
        let html = page(&assets(), &head, || view! { <Dot/> });
        assert_eq!(html.matches("<script").count(), html.matches(r#" nonce="n0nce""#).count(), "{html}");
        assert!(!html.contains("<style") && !html.contains(" style="), "{html}");
    }

    #[test]
    fn a_title_is_text_and_cannot_end_the_head() {
        let head = Head { title: "</title><script>".into(), ..head() };
        let html = page(&assets(), &head, || view! { <p></p> });
        assert!(html.contains("<title>&lt;/title&gt;&lt;script&gt;</title>"), "{html}");
    }
}
