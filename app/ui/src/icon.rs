//! The icon set: one stroke, one grid of 24, coloured by the text around it.

use leptos::prelude::*;

/// What an icon shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyph {
    Home,
    Grid,
    Shop,
    Cart,
    User,
    Users,
    Search,
    Location,
    Clock,
    Phone,
    Check,
    Close,
    Plus,
    Minus,
    ChevronLeft,
    ChevronRight,
    ChevronDown,
    ChevronUp,
    Bell,
    Qr,
    Chart,
    List,
    Logout,
    Sun,
    Moon,
    Edit,
    Filter,
    Truck,
    Alert,
    Receipt,
    Settings,
    Gift,
    Wallet,
    Print,
    Box,
}

impl Glyph {
    /// The strokes, as the inside of a 24 × 24 `<svg>`.
    const fn strokes(self) -> &'static str {
        match self {
            Self::Home => {
                r#"<path d="M3 11 12 3l9 8"/><path d="M5 9.5V20a1 1 0 0 0 1 1h12a1 1 0 0 0 1-1V9.5"/><path d="M10 21v-6h4v6"/>"#
            }
            Self::Grid => {
                r#"<rect x="3" y="3" width="7" height="7" rx="2"/><rect x="14" y="3" width="7" height="7" rx="2"/><rect x="3" y="14" width="7" height="7" rx="2"/><rect x="14" y="14" width="7" height="7" rx="2"/>"#
            }
            Self::Shop => {
                r#"<path d="M4 10v10a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1V10"/><path d="M3 8.5 5 3h14l2 5.5a3 3 0 0 1-6 0 3 3 0 0 1-6 0 3 3 0 0 1-6 0Z"/><path d="M9 21v-6h6v6"/>"#
            }
            Self::Cart => {
                r#"<path d="M2 3h2.5l2.6 12.2a1.5 1.5 0 0 0 1.5 1.2h8.6a1.5 1.5 0 0 0 1.5-1.2L20.5 7H5.4"/><circle cx="9" cy="20" r="1.4"/><circle cx="17.5" cy="20" r="1.4"/>"#
            }
            Self::User => r#"<circle cx="12" cy="8" r="4"/><path d="M4 21c.6-4.2 3.8-6.5 8-6.5s7.4 2.3 8 6.5"/>"#,
            Self::Users => {
                r#"<circle cx="9" cy="8" r="3.5"/><path d="M2 20c.5-3.7 3.2-5.7 7-5.7s6.5 2 7 5.7"/><path d="M16 4.8a3.5 3.5 0 0 1 0 6.4M18.5 14.9c2 .8 3.2 2.5 3.5 5.1"/>"#
            }
            Self::Search => r#"<circle cx="11" cy="11" r="7"/><path d="m21 21-5-5"/>"#,
            Self::Location => {
                r#"<path d="M12 22s7.5-7 7.5-12.5a7.5 7.5 0 0 0-15 0C4.5 15 12 22 12 22Z"/><circle cx="12" cy="9.5" r="2.7"/>"#
            }
            Self::Clock => r#"<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3.5 2"/>"#,
            Self::Phone => {
                r#"<path d="M6 3h3l1.5 5-2.2 1.6a12 12 0 0 0 6.1 6.1L16 13.5l5 1.5v3a3 3 0 0 1-3 3C10 21 3 14 3 6a3 3 0 0 1 3-3Z"/>"#
            }
            Self::Check => r#"<path d="m4.5 12.5 5 5 10-11"/>"#,
            Self::Close => r#"<path d="M6 6l12 12M18 6 6 18"/>"#,
            Self::Plus => r#"<path d="M12 5v14M5 12h14"/>"#,
            Self::Minus => r#"<path d="M5 12h14"/>"#,
            Self::ChevronLeft => r#"<path d="m15 5-7 7 7 7"/>"#,
            Self::ChevronRight => r#"<path d="m9 5 7 7-7 7"/>"#,
            Self::ChevronDown => r#"<path d="m5 9 7 7 7-7"/>"#,
            Self::ChevronUp => r#"<path d="m5 15 7-7 7 7"/>"#,
            Self::Bell => {
                r#"<path d="M6 10a6 6 0 0 1 12 0c0 6 2.5 7 2.5 7h-17S6 16 6 10Z"/><path d="M10 20.5a2.2 2.2 0 0 0 4 0"/>"#
            }
            Self::Qr => {
                r#"<rect x="3" y="3" width="7" height="7" rx="1"/><rect x="14" y="3" width="7" height="7" rx="1"/><rect x="3" y="14" width="7" height="7" rx="1"/><path d="M14 14h3v3h-3zM20 14h1M14 20.5h1M18 18h3v3h-3"/>"#
            }
            Self::Chart => r#"<path d="M4 4v16h16"/><path d="m7 15 4-5 3.5 3L20 6.5"/>"#,
            Self::List => r#"<path d="M8 6h13M8 12h13M8 18h13M3.5 6h.01M3.5 12h.01M3.5 18h.01"/>"#,
            Self::Logout => {
                r#"<path d="M10 4H6a1.5 1.5 0 0 0-1.5 1.5v13A1.5 1.5 0 0 0 6 20h4"/><path d="M15 8l4 4-4 4M19 12H10"/>"#
            }
            Self::Sun => {
                r#"<circle cx="12" cy="12" r="4"/><path d="M12 2v2.5M12 19.5V22M2 12h2.5M19.5 12H22M5 5l1.7 1.7M17.3 17.3 19 19M5 19l1.7-1.7M17.3 6.7 19 5"/>"#
            }
            Self::Moon => r#"<path d="M20.5 14.5A8.5 8.5 0 0 1 9.5 3.5a8.5 8.5 0 1 0 11 11Z"/>"#,
            Self::Edit => {
                r#"<path d="M4 20l1-4.5L16.5 4a2.1 2.1 0 0 1 3 0l.5.5a2.1 2.1 0 0 1 0 3L8.5 19 4 20Z"/><path d="m14.5 6 3.5 3.5"/>"#
            }
            Self::Filter => r#"<path d="M3 5h18l-7 8v6l-4 2v-8L3 5Z"/>"#,
            Self::Truck => {
                r#"<path d="M2 5h12v12H2zM14 9h4l4 4v4h-8z"/><circle cx="6.5" cy="18" r="2"/><circle cx="17.5" cy="18" r="2"/>"#
            }
            Self::Alert => r#"<path d="M12 3 2 20.5h20L12 3Z"/><path d="M12 10v5M12 17.7v.01"/>"#,
            Self::Receipt => {
                r#"<path d="M5 3v18l2.3-1.5L9.7 21l2.3-1.5 2.3 1.5 2.4-1.5L19 21V3l-2.3 1.5L14.3 3 12 4.5 9.7 3 7.3 4.5 5 3Z"/><path d="M9 9h6M9 13.5h6"/>"#
            }
            Self::Settings => {
                r#"<path d="M4 7h9M17 7h3M4 17h3M11 17h9"/><circle cx="15" cy="7" r="2"/><circle cx="9" cy="17" r="2"/>"#
            }
            Self::Gift => {
                r#"<path d="M4 11h16v9a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1zM3 7h18v4H3zM12 7v14"/><path d="M12 7S10.5 3 8 3a2 2 0 0 0 0 4h8a2 2 0 0 0 0-4c-2.5 0-4 4-4 4Z"/>"#
            }
            Self::Wallet => {
                r#"<path d="M4 6h14a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2h11"/><path d="M20 11h-4.5a2 2 0 0 0 0 4H20"/>"#
            }
            Self::Print => {
                r#"<path d="M7 8V3h10v5M7 17H4a1 1 0 0 1-1-1v-6a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2v6a1 1 0 0 1-1 1h-3"/><path d="M7 14h10v7H7z"/>"#
            }
            Self::Box => r#"<path d="m12 2.5 9 5v9l-9 5-9-5v-9zM3 7.5l9 5 9-5M12 12.5v9"/>"#,
        }
    }
}

/// An icon in the colour of its text. Beside a text it says nothing of its own to a screen reader;
/// standing alone it needs a `label`.
#[component]
pub fn Icon(
    glyph: Glyph,
    /// Its size, as classes.
    #[prop(optional, into, default = "size-5".to_owned())]
    class: String,
    /// What it means, when no text beside it says so.
    #[prop(optional, into)]
    label: String,
) -> impl IntoView {
    let silent = label.is_empty();
    view! {
        <svg
            class=format!("shrink-0 {class}")
            viewBox="0 0 24 24"
            fill="none"
            stroke="currentColor"
            stroke-width="1.8"
            stroke-linecap="round"
            stroke-linejoin="round"
            role=(!silent).then_some("img")
            aria-label=(!silent).then_some(label)
            aria-hidden=silent.then_some("true")
            inner_html=glyph.strokes()
        ></svg>
    }
}
