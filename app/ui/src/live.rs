//! Following an event stream from an island, and showing the page anew when it tells of a change.
//!
//! The page itself is the view of its data: rather than patching what is on screen, an island asks
//! for it again, and never while somebody is in the middle of something.

use leptos::prelude::*;
use std::cell::Cell;
use std::time::Duration;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, EventSource, HtmlInputElement, HtmlTextAreaElement, MessageEvent, Node};

/// How long to wait before asking again whether the reader is busy.
const RETRY: Duration = Duration::from_secs(2);
/// How long somebody who is told that it worked has to read it.
const READING: Duration = Duration::from_secs(4);

/// The stream's event for something that nobody has seen yet; any other change is a `message`.
pub const NEW: &str = "new";
/// Changes that come together are shown together.
const GATHER: Duration = Duration::from_millis(400);

/// Keeps a page up to date: shows it anew when the event stream at `events` tells of a change, never while somebody
/// types. Seen by nobody; without script the page is as it was when it was loaded.
#[island]
pub fn LivePage(events: String) -> impl IntoView {
    Effect::new(move || {
        follow(&events, &["message", NEW], |heard| match heard {
            Heard::Event { .. } | Heard::Open { again: true } => reload_when_idle(GATHER),
            Heard::Open { again: false } | Heard::Lost => {}
        });
    });
}

/// What a stream has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The connection stands. `again` says that it was lost before, so that something may have been
    /// missed.
    Open { again: bool },
    /// The connection is lost; the browser tries again by itself.
    Lost,
    /// An event, by its name on the stream (`message` where it has none), and its data.
    Event { name: &'static str, data: String },
}

/// Opens the event stream at `url` and tells `hear` of the events named in `names`, for as long as
/// the page lives. Only in a browser.
pub fn follow(url: &str, names: &[&'static str], hear: impl Fn(Heard) + Clone + 'static) {
    let Ok(stream) = EventSource::new(url) else {
        return hear(Heard::Lost);
    };
    for name in names.iter().copied() {
        let hear = hear.clone();
        on(&stream, name, move |event| {
            let data = event.dyn_into::<MessageEvent>().ok().and_then(|event| event.data().as_string());
            hear(Heard::Event { name, data: data.unwrap_or_default() });
        });
    }
    let opened = Cell::new(false);
    let open = hear.clone();
    on(&stream, "open", move |_| open(Heard::Open { again: opened.replace(true) }));
    on(&stream, "error", move |_| hear(Heard::Lost));
}

fn on(stream: &EventSource, name: &str, act: impl Fn(Event) + 'static) {
    let listener = Closure::<dyn Fn(Event)>::new(act);
    // The page ends the stream and with it the listener; until then both must live.
    let _ = stream.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
    listener.forget();
}

thread_local! {
    static RELOADING: Cell<bool> = const { Cell::new(false) };
}

/// Loads the page again after `wait`, or as soon after it as the reader sees the page and is not
/// typing or looking into a sheet. Further calls until then change nothing.
pub fn reload_when_idle(wait: Duration) {
    if !RELOADING.replace(true) {
        reload_after(if is_told() { wait.max(READING) } else { wait });
    }
}

/// Whether the page came with news of what its reader has just done, which is told once.
fn is_told() -> bool {
    document().query_selector(".alert-success").is_ok_and(|found| found.is_some())
}

fn reload_after(wait: Duration) {
    let reload = || {
        if is_busy() {
            return reload_after(RETRY);
        }
        // Refused only by a page that is being left, which is just as well.
        let _ = window().location().reload();
    };
    set_timeout(reload, wait);
}

fn is_busy() -> bool {
    let document = document();
    let sheet_open = || document.query_selector(":popover-open, dialog[open]").is_ok_and(|found| found.is_some());
    // Whoever aims a camera at a code would have to begin anew.
    let camera_open = || document.query_selector("video:not(.hidden)").is_ok_and(|found| found.is_some());
    document.hidden() || is_typing() || sheet_open() || camera_open()
}

/// Whether any field holds something other than what the page came with, a file that was picked included. A field that
/// merely waits for a scanner does not count.
fn is_typing() -> bool {
    let Ok(fields) = document().query_selector_all("input:not([type=hidden]), textarea") else { return false };
    (0..fields.length()).filter_map(|place| fields.item(place)).any(|field| is_changed(&field))
}

fn is_changed(field: &Node) -> bool {
    if let Some(input) = field.dyn_ref::<HtmlInputElement>() {
        return input.value() != input.default_value() || input.checked() != input.default_checked();
    }
    let area = field.dyn_ref::<HtmlTextAreaElement>();
    area.is_some_and(|area| area.default_value().is_ok_and(|came| came != area.value()))
}
