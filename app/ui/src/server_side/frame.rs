//! What a whole page is laid out in.

use super::navigation::{NavLink, SideRail, TabBar};
use leptos::prelude::*;

/// The main content, reached by the skip link.
#[component]
pub fn Main(
    /// For pages that are one form: a column as wide as a phone.
    #[prop(optional)]
    narrow: bool,
    #[prop(optional, into)] class: String,
    children: Children,
) -> impl IntoView {
    let width = if narrow { "max-w-md" } else { "max-w-7xl" };
    view! {
        <main id="main" tabindex="-1" class=format!("mx-auto w-full px-4 py-4 {width} {class}")>
            {children()}
        </main>
    }
}

#[component]
fn SkipLink() -> impl IntoView {
    view! { <a class="skip-link" href="#main">"跳到正文"</a> }
}

/// A page with tabs: at the bottom of a phone, at the top of a wide screen.
#[component]
pub fn TabScreen(
    #[prop(into)] brand: String,
    tabs: Vec<NavLink>,
    /// What stays above the content.
    #[prop(optional)]
    top: Option<AnyView>,
    children: Children,
) -> impl IntoView {
    view! {
        <SkipLink/>
        <div class="tab-screen">
            <TabBar brand=brand tabs=tabs/>
            {top}
            <Main>{children()}</Main>
        </div>
    }
}

/// A page with a rail at its side, for those who work in it all day.
#[component]
pub fn RailScreen(
    #[prop(into)] brand: String,
    links: Vec<NavLink>,
    #[prop(optional)] foot: Option<AnyView>,
    /// What stays above the content.
    #[prop(optional)]
    top: Option<AnyView>,
    children: Children,
) -> impl IntoView {
    let rail = match foot {
        Some(foot) => view! { <SideRail brand=brand links=links foot=foot/> },
        None => view! { <SideRail brand=brand links=links/> },
    };
    view! {
        <SkipLink/>
        <div class="rail-screen">
            {rail}
            <div class="min-w-0 flex-1">
                {top}
                <main id="main" tabindex="-1" class="p-4 lg:p-6">{children()}</main>
            </div>
        </div>
    }
}
