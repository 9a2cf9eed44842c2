//! The screen around every page of the shop: the chosen store on top, the tabs below.

use commerce::{Scope, cart};
use domain::{geo::Point, stores::StoreCard, text};
use leptos::prelude::*;
use rpc::Asked;
use ui::{Glyph, Icon, NavLink, Notice, TabScreen, Tone, TopBar};

/// The cookie with the chosen store's code.
pub const STORE_COOKIE: &str = "store";
/// The cookie with the place: `latitude,longitude|name`.
pub const PLACE_COOKIE: &str = "place";

/// Which tab is lit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    Home,
    Menu,
    Stores,
    Cart,
    Me,
}

/// What the frame needs of a request.
#[derive(Clone)]
pub struct Frame {
    store: Option<String>,
    pieces: i64,
}

impl Frame {
    /// Reads it; a cart that cannot be read just shows no badge.
    pub async fn of(asked: &Asked) -> Self {
        Self { store: chosen_store(asked), pieces: pieces(&asked.scope).await }
    }

    fn tabs(&self, lit: Tab) -> Vec<NavLink> {
        let menu = self.store.as_ref().map_or_else(|| "/stores".to_owned(), |code| format!("/s/{code}"));
        let badge = if self.pieces > 0 { self.pieces.to_string() } else { String::new() };
        let tab = |label: &str, href: String, glyph, at| NavLink::new(label, href, glyph).active(lit == at);
        vec![
            tab("首页", "/".into(), Glyph::Home, Tab::Home),
            tab("分类", menu, Glyph::Grid, Tab::Menu),
            tab("门店", "/stores".into(), Glyph::Shop, Tab::Stores),
            tab("购物车", "/cart".into(), Glyph::Cart, Tab::Cart).badge(badge),
            tab("我的", "/me".into(), Glyph::User, Tab::Me),
        ]
    }

    /// A page with a title and a way back.
    pub fn titled(self, lit: Tab, title: &str, back: &str, body: AnyView) -> impl IntoView + use<> {
        let top = view! { <TopBar title=title.to_owned() back=back.to_owned()/> }.into_any();
        view! { <TabScreen brand="门店" tabs=self.tabs(lit) top=top>{body}</TabScreen> }
    }

    /// A page below the chosen store.
    pub fn at_store(self, lit: Tab, store: &StoreCard, body: AnyView) -> impl IntoView + use<> {
        let store = store.clone();
        let top = view! { <TopBar><StoreLine store=store/></TopBar> }.into_any();
        view! { <TabScreen brand="门店" tabs=self.tabs(lit) top=top>{body}</TabScreen> }
    }
}

async fn pieces(scope: &Scope) -> i64 {
    cart::pieces(scope).await.unwrap_or(0)
}

/// The store this browser chose last, by code.
pub fn chosen_store(asked: &Asked) -> Option<String> {
    let code = decoded(asked.cookies.get(STORE_COOKIE)?)?;
    // A cookie is what somebody sent: only what can be a code goes into a link.
    let fits =
        !code.is_empty() && code.len() <= 40 && code.bytes().all(|sign| sign.is_ascii_alphanumeric() || sign == b'-');
    fits.then_some(code)
}

/// The place this browser chose last: where it is, and its name.
pub fn chosen_place(asked: &Asked) -> Option<(Point, String)> {
    let text = decoded(asked.cookies.get(PLACE_COOKIE)?)?;
    let (point, name) = text.split_once('|')?;
    Some((point.parse().ok()?, name.chars().take(40).collect()))
}

fn decoded(text: &str) -> Option<String> {
    urlencoding::decode(text).ok().map(|text| text.into_owned())
}

/// The chosen store, its distance and open state, one tap from another.
#[component]
fn StoreLine(store: StoreCard) -> impl IntoView {
    let distance = store.distance_m.map(|metres| view! { <span class="tabular">{text::distance(metres)}</span> });
    let tone = if store.opening.open_now { "text-success" } else { "text-warning" };
    view! {
        <a href="/stores" class="flex min-w-0 flex-1 items-center gap-2">
            <Icon glyph=Glyph::Location class="size-5 shrink-0 text-primary"/>
            <span class="min-w-0">
                <span class="flex items-center gap-1 font-bold">
                    <span class="truncate">{store.name}</span>
                    <span class="sr-only">"，更换门店"</span>
                    <Icon glyph=Glyph::ChevronDown class="size-4 shrink-0"/>
                </span>
                <span class="flex gap-2 text-xs text-base-content/70">
                    {distance}
                    <span class=tone>{store.opening.text}</span>
                </span>
            </span>
        </a>
    }
}

/// What happened with the form of this name, where anything did.
pub fn news(asked: &Asked, form: &str) -> Option<AnyView> {
    let flash = asked.flash_of(form)?;
    let tone = if flash.good { Tone::Success } else { Tone::Error };
    let message = flash.message.clone();
    Some(view! { <Notice tone=tone>{message}</Notice> }.into_any())
}
