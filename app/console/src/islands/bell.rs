//! The board that stands open all day: whether it is connected, and the bell for new orders.

use leptos::prelude::*;
use std::time::Duration;
use ui::live::{Heard, NEW, follow, reload_when_idle};
use ui::{Glyph, Icon};
use web_sys::Storage;

use super::sound::ring;

/// Long enough for the bell to ring out before the page goes.
const RING: Duration = Duration::from_millis(900);
/// Where the browser keeps whether the bell rings.
const SOUND_KEY: &str = "board-bell";

/// The connection of a board that stands open all day: rings and counts in the title on an event
/// named `new`, shows the board anew on that, on any `message` and when its store goes on by itself, and says whether it
/// is connected.
#[island]
pub fn BoardBell(
    /// The address of the event stream.
    events: String,
    /// When something on the board changes of which no event tells, if anything does.
    anew_in_ms: Option<u32>,
) -> impl IntoView {
    let (state, set_state) = signal("正在连接…");
    let (sound, set_sound) = signal(false);
    let unseen = StoredValue::new(0_u32);

    Effect::new(move || {
        set_sound.set(sound_is_on());
        if let Some(wait_ms) = anew_in_ms {
            set_timeout(|| reload_when_idle(Duration::ZERO), Duration::from_millis(wait_ms.into()));
        }
        follow(&events, &["message", NEW], move |heard| match heard {
            Heard::Open { again } => {
                set_state.set("已连接");
                if again {
                    reload_when_idle(RING);
                }
            }
            Heard::Lost => set_state.set("正在重连…"),
            Heard::Event { name, .. } => {
                if name == NEW {
                    unseen.update_value(|count| *count += 1);
                    count_in_title(unseen.get_value());
                    if sound.get_untracked() {
                        ring();
                    }
                }
                reload_when_idle(RING);
            }
        });
    });
    // Turning it on rings at once: that is what the browser asks of a page that wants to be heard
    // later, and it tells whether the speaker works.
    let toggle = move |_| {
        let on = !sound.get_untracked();
        set_sound.set(on);
        keep_sound(on);
        if on {
            ring();
        }
    };
    view! {
        <div class="flex flex-wrap items-center gap-3">
            <p role="status" class="flex items-center gap-2 text-sm">
                <span
                    class="size-2.5 rounded-full"
                    class:bg-success=move || state.get() == "已连接"
                    class:bg-warning=move || state.get() != "已连接"
                ></span>
                {move || state.get()}
            </p>
            <button
                type="button"
                class="btn btn-quiet"
                aria-pressed=move || if sound.get() { "true" } else { "false" }
                on:click=toggle
            >
                <Icon glyph=Glyph::Bell/>
                {move || if sound.get() { "关闭提示音" } else { "开启提示音" }}
            </button>
        </div>
    }
}

fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

fn sound_is_on() -> bool {
    storage().and_then(|storage| storage.get_item(SOUND_KEY).ok().flatten()).is_some_and(|kept| kept == "on")
}

fn keep_sound(on: bool) {
    if let Some(storage) = storage() {
        // A full or forbidden storage only means that the choice is forgotten with the page.
        let _ = storage.set_item(SOUND_KEY, if on { "on" } else { "off" });
    }
}

/// Puts `(2) ` before the title, in place of a count that stands there already.
fn count_in_title(count: u32) {
    let title = document().title();
    document().set_title(&format!("({count}) {}", without_count(&title)));
}

fn without_count(title: &str) -> &str {
    let counted = title.strip_prefix('(').and_then(|rest| rest.split_once(") "));
    match counted {
        Some((digits, rest)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => title,
    }
}

#[cfg(test)]
mod tests {
    use super::without_count;

    #[test]
    fn a_count_in_the_title_replaces_the_one_before() {
        assert_eq!(without_count("(2) 订单"), "订单");
        assert_eq!(without_count("订单"), "订单");
        assert_eq!(without_count("(周末) 订单"), "(周末) 订单");
    }
}
