//! What head office runs in the browser. Every page works without it.

use leptos::prelude::*;
use std::time::Duration;
use ui::live::{Heard, follow, reload_when_idle};

/// How far long work is, kept up to date by the event stream at `events`; when that says `done`, the page
/// is shown anew. Without script it is as far as it was when the page was made.
#[island]
pub fn Progress(
    events: String,
    done: i32,
    total: i32,
    /// The same in words.
    text: String,
) -> impl IntoView {
    let (now, tell) = signal((done, total, text));
    Effect::new(move || {
        follow(&events, &["progress", "done"], move |heard| match heard {
            Heard::Event { name: "progress", data } => tell.maybe_update(|now| match read(&data) {
                Some(told) => {
                    *now = told;
                    true
                }
                None => false,
            }),
            Heard::Event { .. } => reload_when_idle(Duration::ZERO),
            // The browser tries again by itself, and hears the whole state when it is through.
            Heard::Open { .. } | Heard::Lost => {}
        });
    });
    view! {
        <progress class="progress progress-primary w-full" value=move || now.get().0.to_string()
            max=move || now.get().1.max(1).to_string() aria-label="进度"></progress>
        <p class="tabular mt-2 mb-4 text-base-content/70" role="status">{move || now.get().2}</p>
    }
}

/// Three lines: how many are done, of how many, and the same in words.
fn read(data: &str) -> Option<(i32, i32, String)> {
    let mut lines = data.splitn(3, '\n');
    Some((lines.next()?.parse().ok()?, lines.next()?.parse().ok()?, lines.next()?.to_owned()))
}
