//! From a view to text.

use hydration_context::SsrSharedContext;
use leptos::prelude::*;
use std::sync::Arc;

const ISLAND_OPENS: &str = "<leptos-island ";
const ISLAND_CLOSES: &str = "</leptos-island>";

/// Leptos puts this between neighbouring texts, so that hydration can tell them apart.
const SEPARATOR: &str = "<!>";

/// Renders a view on the server, with islands as `<leptos-island>` and all else as plain HTML.
///
/// The view must have its data: nothing here waits. Reactive values live as long as this call.
pub fn render<V: IntoView>(view: impl FnOnce() -> V) -> String {
    let owner = Owner::new_root(Some(Arc::new(SsrSharedContext::new_islands())));
    let html = owner.with(|| view().to_html());
    owner.unset_with_forced_cleanup();
    without_separators(&html)
}

/// Whether rendered HTML needs the browser's half of the program.
pub fn has_islands(html: &str) -> bool {
    html.contains(ISLAND_OPENS)
}

/// Takes the separators out of everything that is never hydrated. In an `<option>`, a `<title>` or
/// a `<textarea>` the browser would show them as text. A text's own `<` is always escaped, so what
/// looks like a separator is one.
pub(super) fn without_separators(html: &str) -> String {
    let mut plain = String::with_capacity(html.len());
    let mut rest = html;
    let mut depth = 0_usize;
    while let Some(at) = rest.find('<') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with(ISLAND_OPENS) {
            depth += 1;
        } else if rest.starts_with(ISLAND_CLOSES) {
            depth = depth.saturating_sub(1);
        } else if depth == 0
            && let Some(after) = rest.strip_prefix(SEPARATOR)
        {
            rest = after;
            continue;
        }
        plain.push('<');
        rest = &rest[1..];
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[island]
    fn Counter(start: i32) -> impl IntoView {
        let count = RwSignal::new(start);
        view! { <button on:click=move |_| count.update(|n| *n += 1)>"已点 " {count} " 次"</button> }
    }

    #[test]
    fn an_island_is_an_element_that_carries_its_props() {
        let html = render(|| view! { <p>"前"</p><Counter start=3/> });
        assert!(html.contains(r#"<leptos-island data-component="Counter_"#), "{html}");
        assert!(html.contains(r#"data-props="{&quot;start&quot;:3}""#), "{html}");
        assert!(has_islands(&html));
    }

    #[test]
    fn an_island_keeps_the_separators_that_hydration_counts_on() {
        let html = render(|| view! { <Counter start=3/> });
        assert!(html.contains("已点 <!>3<!> 次"), "{html}");
    }

    #[test]
    fn what_is_not_an_island_is_plain_html() {
        let name = "苹果".to_owned();
        let absent: Option<String> = None;
        let rows = vec!["一".to_owned(), "二".to_owned()];
        let html = render(move || {
            view! {
                <p>"买 " {name} " 吧"</p>
                {absent}
                <ul>{rows.into_iter().map(|row| view! { <li>{row}</li> }).collect_view()}</ul>
            }
        });
        assert_eq!(html, "<p>买 苹果 吧</p><ul><li>一</li><li>二</li></ul>");
        assert!(!has_islands(&html));
    }

    #[test]
    fn a_text_that_looks_like_a_separator_stays_the_text_it_is() {
        let html = render(|| view! { <p title="<!>".to_owned()>{"<!>".to_owned()}</p> });
        assert!(html.contains("&lt;!&gt;</p>"), "{html}");
        assert!(!html.contains(r#"title="""#), "{html}");
    }
}
