//! Reading codes with the device's camera: by the browser's own reader where it has one (the Barcode Detection API,
//! <https://wicg.github.io/shape-detection-api/#barcode-detection-api>), else by ours, which answers to the same calls
//! and is loaded when it is first needed (`frontend/reader.js`).

use js_sys::{Array, Object, Promise, Reflect};
use leptos::{html, prelude::*, task::spawn_local};
use std::time::Duration;
use ui::{Glyph, Icon};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    HtmlElement, HtmlFormElement, HtmlInputElement, HtmlVideoElement, MediaStream, MediaStreamConstraints,
    MediaStreamTrack,
};

/// How often a picture is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// The same code counts again once it was out of sight for so many looks: goods that lie before the camera are one.
const GONE_AFTER: u32 = 5;
/// The camera rests after so many looks at nothing, three minutes: it takes power, and the board waits for it to close
/// before it shows what is new.
const REST_AFTER: u32 = 900;
/// What ours reads: the codes of our pages, and those on goods.
const FORMATS: [&str; 5] = ["qr_code", "ean_13", "ean_8", "upc_a", "code_128"];
/// The browser's own reader must know these. Phones without Google's services have one that knows none.
const NEEDED: [&str; 2] = ["qr_code", "ean_13"];

const NO_CAMERA: &str = "用不了相机：请在浏览器设置里允许使用相机，或用扫码枪、手动输入。";
const NO_READER: &str = "相机识别没有下载成功：请检查网络后再点一次，或用扫码枪、手动输入。";

#[wasm_bindgen]
extern "C" {
    /// A reader of codes: the browser's, or ours. Not every browser has one.
    type BarcodeDetector;
    #[wasm_bindgen(constructor, catch)]
    fn new() -> Result<BarcodeDetector, JsValue>;
    #[wasm_bindgen(static_method_of = BarcodeDetector, catch, js_name = getSupportedFormats)]
    fn supported_formats() -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn detect(this: &BarcodeDetector, picture: &HtmlVideoElement) -> Result<Promise, JsValue>;

    /// A code that it has found.
    type DetectedBarcode;
    #[wasm_bindgen(method, getter, js_name = rawValue)]
    fn raw_value(this: &DetectedBarcode) -> String;

    /// A reader of ours of these formats, once its script is there.
    #[wasm_bindgen(catch, js_name = codeReader)]
    fn code_reader(formats: &Array) -> Result<Promise, JsValue>;
}

fn has(object: &JsValue, name: &str) -> bool {
    Reflect::has(object, &JsValue::from_str(name)).unwrap_or(false)
}

/// A button that reads codes with the camera into the field `code` of the form that it stands in, and sends the form
/// for each. Where the browser gives no camera to pages there is no button.
#[island]
pub fn CameraScan(
    /// The address of our reader's script.
    reader: String,
) -> impl IntoView {
    let video = NodeRef::<html::Video>::new();
    let reader = StoredValue::new(reader);
    let presses = StoredValue::new(0_u32);
    let (able, tell_able) = signal(false);
    let (open, set_open) = signal(false);
    let (preparing, set_preparing) = signal(false);
    let (trouble, set_trouble) = signal("");
    Effect::new(move || tell_able.set(has(&window().navigator(), "mediaDevices")));
    let toggle = move |_| {
        presses.update_value(|presses| *presses += 1);
        set_open.update(|open| *open = !*open);
        set_preparing.set(false);
        set_trouble.set("");
        if let (true, Some(video)) = (open.get_untracked(), video.get_untracked()) {
            let turn = Turn { presses, press: presses.get_value(), set_preparing };
            spawn_local(async move {
                let looked = watch(&video, &reader.get_value(), turn).await;
                if turn.lasts() {
                    set_open.set(false);
                    set_trouble.set(looked.err().unwrap_or_default());
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
            <p role="status" class="mt-1 text-sm" class:text-warning=move || !preparing.get()>
                {move || if preparing.get() { "正在准备相机识别…" } else { trouble.get() }}
            </p>
        </div>
    }
}

/// From the press that opened the camera to the next one. Preparing takes a while, in which somebody may press again:
/// what was begun before must end, or a code would be entered twice.
#[derive(Clone, Copy)]
struct Turn {
    /// How often the button has been pressed.
    presses: StoredValue<u32>,
    /// How often it had been when this began.
    press: u32,
    set_preparing: WriteSignal<bool>,
}

impl Turn {
    /// Whether nobody has pressed since. The page ends it with itself.
    fn lasts(self) -> bool {
        self.presses.try_get_value() == Some(self.press)
    }

    /// Tells whether the reader is being prepared.
    fn prepares(self, yes: bool) {
        if self.lasts() {
            self.set_preparing.set(yes);
        }
    }
}

/// Looks through the camera for as long as the turn lasts; the fault says what to do without.
async fn watch(video: &HtmlVideoElement, reader: &str, turn: Turn) -> Result<(), &'static str> {
    let stream = camera().await.map_err(|_| NO_CAMERA)?;
    let looked = if turn.lasts() { show(video, &stream, reader, turn).await } else { Ok(()) };
    // Of the turn after this one it may show another already.
    if video.src_object().as_ref() == Some(&stream) {
        video.set_src_object(None);
    }
    for track in stream.get_tracks().iter() {
        track.unchecked_into::<MediaStreamTrack>().stop();
    }
    looked
}

/// Shows what the camera sees, and reads it.
async fn show(video: &HtmlVideoElement, stream: &MediaStream, reader: &str, turn: Turn) -> Result<(), &'static str> {
    video.set_src_object(Some(stream));
    play(video).await.map_err(|_| NO_CAMERA)?;
    let detector = prepare(reader, turn).await.map_err(|_| NO_READER)?;
    look(video, &detector, turn).await.map_err(|_| NO_CAMERA)
}

async fn play(video: &HtmlVideoElement) -> Result<(), JsValue> {
    JsFuture::from(video.play()?).await.map(|_| ())
}

/// The browser's own reader, else ours.
async fn prepare(reader: &str, turn: Turn) -> Result<BarcodeDetector, JsValue> {
    if own_is_of_use().await.unwrap_or(false) {
        return BarcodeDetector::new();
    }
    turn.prepares(true);
    let ours = load(reader).await;
    turn.prepares(false);
    ours
}

/// Whether the browser's own reader knows what is needed; a fault where there is none.
async fn own_is_of_use() -> Result<bool, JsValue> {
    let known: Array = JsFuture::from(BarcodeDetector::supported_formats()?).await?.dyn_into()?;
    Ok(NEEDED.iter().all(|format| known.includes(&JsValue::from_str(format), 0)))
}

/// Our reader, from the script at this address.
async fn load(address: &str) -> Result<BarcodeDetector, JsValue> {
    if !has(&window(), "codeReader") {
        run(address).await?;
    }
    let formats: Array = FORMATS.iter().map(|format| JsValue::from_str(format)).collect();
    Ok(JsFuture::from(code_reader(&formats)?).await?.unchecked_into())
}

/// Runs a script of ours.
async fn run(address: &str) -> Result<(), JsValue> {
    let script: HtmlElement = document().create_element("script")?.unchecked_into();
    let ran = Promise::new(&mut |done, failed| {
        script.set_onload(Some(&done));
        script.set_onerror(Some(&failed));
    });
    script.set_attribute("src", address)?;
    if let Some(body) = document().body() {
        body.append_child(&script)?;
    }
    let ran = JsFuture::from(ran).await;
    // One that failed is asked for anew by the next one that stands here.
    script.remove();
    ran.map(|_| ())
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

/// Enters what comes into sight, until there has long been nothing.
async fn look(video: &HtmlVideoElement, detector: &BarcodeDetector, turn: Turn) -> Result<(), JsValue> {
    let (mut last, mut gone) = (String::new(), 0);
    while turn.lasts() && gone < REST_AFTER {
        let found: Array = JsFuture::from(detector.detect(video)?).await?.dyn_into()?;
        if !turn.lasts() {
            break;
        }
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
