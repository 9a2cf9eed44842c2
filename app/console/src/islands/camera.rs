//! Reading codes with the device's camera, where its browser can (the Barcode Detection API,
//! <https://wicg.github.io/shape-detection-api/#barcode-detection-api>).

use js_sys::{Array, Object, Promise, Reflect};
use leptos::{html, prelude::*, task::spawn_local};
use std::time::Duration;
use ui::{Glyph, Icon};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    HtmlFormElement, HtmlInputElement, HtmlVideoElement, MediaStream, MediaStreamConstraints, MediaStreamTrack,
};

/// How often a picture is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// The same code counts again once it was out of sight for so many looks: goods that lie before the camera are one.
const GONE_AFTER: u32 = 5;

#[wasm_bindgen]
extern "C" {
    /// The browser's reader of codes. Not every browser has one.
    type BarcodeDetector;
    #[wasm_bindgen(constructor, catch)]
    fn new() -> Result<BarcodeDetector, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn detect(this: &BarcodeDetector, picture: &HtmlVideoElement) -> Result<Promise, JsValue>;

    /// A code that it has found.
    type DetectedBarcode;
    #[wasm_bindgen(method, getter, js_name = rawValue)]
    fn raw_value(this: &DetectedBarcode) -> String;
}

/// A button that reads codes with the camera into the field `code` of the form that it stands in, and sends the form
/// for each. Where the browser cannot there is no button.
#[island]
pub fn CameraScan() -> impl IntoView {
    let video = NodeRef::<html::Video>::new();
    let (able, tell_able) = signal(false);
    let (open, set_open) = signal(false);
    let (trouble, set_trouble) = signal("");
    Effect::new(move || {
        let has = |object: &JsValue, name: &str| Reflect::has(object, &JsValue::from_str(name)).unwrap_or(false);
        tell_able.set(has(&window(), "BarcodeDetector") && has(&window().navigator(), "mediaDevices"));
    });
    let toggle = move |_| {
        set_open.update(|open| *open = !*open);
        set_trouble.set("");
        if let (true, Some(video)) = (open.get_untracked(), video.get_untracked()) {
            spawn_local(async move {
                if watch(&video, open).await.is_err() {
                    set_open.set(false);
                    set_trouble.set("用不了相机：请在浏览器设置里允许使用相机，或用扫码枪、手动输入。");
                }
            });
        }
    };
    view! {
        <div class="mb-3" class:hidden=move || !able.get()>
            <button type="button" class="btn btn-quiet" aria-pressed=move || if open.get() { "true" } else { "false" } on:click=toggle>
                <Icon glyph=Glyph::Qr/>
                {move || if open.get() { "关闭相机" } else { "用相机扫码" }}
            </button>
            <video node_ref=video class="mt-2 aspect-4/3 w-full rounded-box bg-base-300 object-cover" class:hidden=move || !open.get()
                autoplay=true muted=true playsinline=true aria-label="相机画面"></video>
            <p role="status" class="text-sm text-warning">{move || trouble.get()}</p>
        </div>
    }
}

/// Looks through the camera until `open` says no more.
async fn watch(video: &HtmlVideoElement, open: ReadSignal<bool>) -> Result<(), JsValue> {
    let detector = BarcodeDetector::new()?;
    let stream = camera().await?;
    video.set_src_object(Some(&stream));
    let looked = look(video, &detector, open).await;
    video.set_src_object(None);
    for track in stream.get_tracks().iter() {
        track.unchecked_into::<MediaStreamTrack>().stop();
    }
    looked
}

/// The camera at the back, where there are two.
async fn camera() -> Result<MediaStream, JsValue> {
    let wish = Object::new();
    Reflect::set(&wish, &JsValue::from_str("facingMode"), &JsValue::from_str("environment"))?;
    let constraints = MediaStreamConstraints::new();
    constraints.set_video(&wish);
    let asked = window().navigator().media_devices()?.get_user_media_with_constraints(&constraints)?;
    JsFuture::from(asked).await?.dyn_into()
}

async fn look(video: &HtmlVideoElement, detector: &BarcodeDetector, open: ReadSignal<bool>) -> Result<(), JsValue> {
    JsFuture::from(video.play()?).await?;
    let (mut last, mut gone) = (String::new(), 0);
    // The page ends the loop with itself.
    while open.try_get_untracked().unwrap_or(false) {
        let found: Array = JsFuture::from(detector.detect(video)?).await?.dyn_into()?;
        let seen = found.get(0);
        if seen.is_undefined() {
            gone += 1;
        } else {
            let code = seen.unchecked_into::<DetectedBarcode>().raw_value();
            if code != last || gone >= GONE_AFTER {
                enter(video, &code)?;
                last = code;
            }
            gone = 0;
        }
        pause(LOOK).await?;
    }
    Ok(())
}

/// Sends the form with this code.
fn enter(video: &HtmlVideoElement, code: &str) -> Result<(), JsValue> {
    let Some(form) = video.closest("form")? else { return Ok(()) };
    if let Some(field) = form.query_selector("input[name=code]")? {
        field.unchecked_into::<HtmlInputElement>().set_value(code);
        form.unchecked_into::<HtmlFormElement>().request_submit()?;
    }
    Ok(())
}

async fn pause(time: Duration) -> Result<(), JsValue> {
    let timer = Promise::new(&mut |done, _| {
        set_timeout(move || drop(done.call0(&JsValue::NULL)), time);
    });
    JsFuture::from(timer).await.map(|_| ())
}
