//! What the shop runs in the browser. Every page works without it.

use leptos::html::{Form, Input};
use leptos::prelude::*;
use ui::{Glyph, Icon};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Coordinates, Position, PositionError, PositionOptions};

/// A position up to this old is good enough to find what is near.
const POSITION_AGE_MS: u32 = 300_000;
const POSITION_TIMEOUT_MS: u32 = 10_000;

/// A button that asks the browser where it is and posts `lat` and `lon`, in degrees, to `action`.
/// Without script there is nobody to ask, so it is not seen.
#[island]
pub fn Locate(
    action: String,
    /// What the button says.
    label: String,
    /// Further values that the form carries, as `(name, value)`.
    fields: Vec<(String, String)>,
) -> impl IntoView {
    let form = NodeRef::<Form>::new();
    let lat = NodeRef::<Input>::new();
    let lon = NodeRef::<Input>::new();
    let (ready, set_ready) = signal(false);
    let (asking, set_asking) = signal(false);
    let (trouble, set_trouble) = signal("");
    Effect::new(move || set_ready.set(true));

    let post = move |place: Coordinates| {
        if let (Some(form), Some(lat), Some(lon)) = (form.get_untracked(), lat.get_untracked(), lon.get_untracked()) {
            lat.set_value(&format!("{:.6}", place.latitude()));
            lon.set_value(&format!("{:.6}", place.longitude()));
            // Fails only where the form has left the page, and then there is nothing to post.
            let _ = form.submit();
        }
    };
    let refuse = move |why| {
        set_asking.set(false);
        set_trouble.set(why);
    };
    let ask = move |_| {
        set_asking.set(true);
        set_trouble.set("");
        ask_position(post, refuse);
    };
    let hidden_fields =
        fields.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view();
    view! {
        <form node_ref=form method="post" action=action class:invisible=move || !ready.get()>
            {hidden_fields}
            <input node_ref=lat type="hidden" name="lat"/>
            <input node_ref=lon type="hidden" name="lon"/>
            <button type="button" class="btn btn-quiet" on:click=ask disabled=move || asking.get()>
                <Icon glyph=Glyph::Location/>
                {move || if asking.get() { "正在定位…".to_owned() } else { label.clone() }}
            </button>
            <p role="status" class="mt-1 text-sm text-base-content/70">{move || trouble.get()}</p>
        </form>
    }
}

/// Asks for the position once and calls one of the two: with the place, or with what to tell a
/// person instead.
fn ask_position(found: impl Fn(Coordinates) + 'static, refused: impl Fn(&'static str) + Copy + 'static) {
    let Ok(geolocation) = window().navigator().geolocation() else {
        return refused("这个浏览器不支持定位，请在下方选择门店。");
    };
    let options = PositionOptions::new();
    options.set_maximum_age(POSITION_AGE_MS);
    options.set_timeout(POSITION_TIMEOUT_MS);
    let found = Closure::once_into_js(move |position: Position| found(position.coords()));
    let failed = Closure::once_into_js(move |error: PositionError| refused(advice(error.code())));
    let asked = geolocation.get_current_position_with_error_callback_and_options(
        found.unchecked_ref(),
        Some(failed.unchecked_ref()),
        &options,
    );
    if asked.is_err() {
        refused(advice(PositionError::POSITION_UNAVAILABLE));
    }
}

/// What to do about a position that was not given.
fn advice(code: u16) -> &'static str {
    match code {
        PositionError::PERMISSION_DENIED => "没有定位权限：请在浏览器设置里允许定位，或在下方选择门店。",
        PositionError::TIMEOUT => "定位太久没有结果，请再试一次，或在下方选择门店。",
        _ => "暂时拿不到位置，请再试一次，或在下方选择门店。",
    }
}
