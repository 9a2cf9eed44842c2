//! Scanning without waiting: what is scanned goes to the server one after the other, while the field is free for the
//! next code.

use leptos::{html, prelude::*, task::spawn_local};
use std::{collections::VecDeque, time::Duration};
use ui::{Glyph, Icon};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Document, DomParser, Event, FormData, HtmlElement, HtmlFormElement, HtmlInputElement, RequestInit, Response,
    SupportedType, UrlSearchParams,
};

use super::sound::buzz;

/// How long to wait before a scan that did not get through is sent again.
const RETRY: Duration = Duration::from_secs(3);
/// How many refusals stand on the page at most; the oldest go first.
const REFUSALS_MOST: usize = 8;

/// What was sent by the form and has not been answered.
#[derive(Clone)]
struct Scan {
    /// What was scanned, for people.
    code: String,
    /// The form as it was, url-encoded: with its key, so that sending it twice is sending it once.
    body: String,
}

/// What the server said of a scan.
enum Answer {
    /// The page after it: what became of it stands there.
    Page(Document),
    /// Nobody is logged in any more.
    LoggedOut,
    /// The network or the server is away.
    Away,
}

/// Takes over the form that it stands in: each sending is queued, and the field is free at once. What the server
/// answers is a page; of it are shown what it says of the scan, and every part that bears `data-fresh` and an `id`.
/// Without script the form is sent and the page comes back.
///
/// `part` is the id of what stands around the form: there the page says what became of it. The form has a field
/// `code`, which must not be empty, and a hidden `key`, made anew for each sending.
#[island]
pub fn ScanQueue(part: String) -> impl IntoView {
    let place = NodeRef::<html::Div>::new();
    let desk = Desk {
        part: StoredValue::new(part),
        waiting: RwSignal::new(VecDeque::new()),
        sending: StoredValue::new(false),
        said: RwSignal::new(String::new()),
        trouble: RwSignal::new(""),
        refused: RwSignal::new(VecDeque::new()),
    };
    Effect::new(move || {
        let form = place.get().and_then(|place| place.closest("form").ok().flatten());
        if let Some(form) = form.and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) {
            take_over(&form, desk);
        }
    });
    view! {
        <div node_ref=place role="status">
            {move || (!desk.said.get().is_empty()).then(|| view! {
                <p class="mb-2 flex items-center gap-2 font-medium text-success"><Icon glyph=Glyph::Check/> {desk.said.get()}</p>
            })}
            {move || match desk.waiting.with(VecDeque::len) {
                0 => None,
                some => Some(view! { <p class="tabular mb-2 text-sm">{format!("还有 {some} 笔正在录入…")}</p> }),
            }}
            {move || (!desk.trouble.get().is_empty()).then(|| view! { <p class="mb-2 font-medium text-warning">{desk.trouble.get()}</p> })}
            <ul>
                {move || desk.refused.get().into_iter().map(|told| view! { <li class="mb-1 text-sm font-medium text-error">{told}</li> }).collect_view()}
            </ul>
        </div>
    }
}

/// What waits, and what is told of it.
#[derive(Clone, Copy)]
struct Desk {
    part: StoredValue<String>,
    waiting: RwSignal<VecDeque<Scan>>,
    sending: StoredValue<bool>,
    said: RwSignal<String>,
    trouble: RwSignal<&'static str>,
    refused: RwSignal<VecDeque<String>>,
}

fn take_over(form: &HtmlFormElement, desk: Desk) {
    let held = form.clone();
    let listener = Closure::<dyn Fn(Event)>::new(move |event: Event| {
        event.prevent_default();
        if let Some(scan) = read(&held) {
            desk.waiting.update(|waiting| waiting.push_back(scan));
            clear(&held);
            pump(&held, desk);
        }
        if let Some(field) = input(&held, "code") {
            let _ = field.focus();
        }
    });
    // Both live as long as the page.
    let _ = form.add_event_listener_with_callback("submit", listener.as_ref().unchecked_ref());
    listener.forget();
    let leaving = Closure::<dyn Fn(Event)>::new(move |event: Event| {
        if desk.waiting.with_untracked(|waiting| !waiting.is_empty()) {
            event.prevent_default();
        }
    });
    let _ = window().add_event_listener_with_callback("beforeunload", leaving.as_ref().unchecked_ref());
    leaving.forget();
}

fn input(form: &HtmlFormElement, name: &str) -> Option<HtmlInputElement> {
    form.query_selector(&format!("input[name={name}]")).ok().flatten()?.dyn_into().ok()
}

/// What the form holds; nothing where no code was scanned.
fn read(form: &HtmlFormElement) -> Option<Scan> {
    let code = input(form, "code")?.value().trim().to_owned();
    if code.is_empty() {
        return None;
    }
    let data = FormData::new_with_form(form).ok()?;
    let body = UrlSearchParams::new_with_str_sequence_sequence(&data).ok()?;
    Some(Scan { code, body: String::from(body.to_string()) })
}

/// Makes the form ready for the next scan.
fn clear(form: &HtmlFormElement) {
    for name in ["code", "pieces"] {
        if let Some(field) = input(form, name) {
            field.set_value("");
        }
    }
    if let Some(key) = input(form, "key") {
        key.set_value(&new_key());
    }
}

/// A random UUID. (The browser's own maker of them is there on secure pages alone; a key need not be secret.)
fn new_key() -> String {
    let digits = |many: u32| -> String {
        (0..many).filter_map(|_| char::from_digit((js_sys::Math::random() * 16.0) as u32, 16)).collect()
    };
    format!("{}-{}-4{}-8{}-{}", digits(8), digits(4), digits(3), digits(3), digits(12))
}

/// Sends what has waited longest, if nothing is under way.
fn pump(form: &HtmlFormElement, desk: Desk) {
    let Some(scan) = desk.waiting.with_untracked(|waiting| waiting.front().cloned()) else { return };
    if desk.sending.get_value() {
        return;
    }
    desk.sending.set_value(true);
    let form = form.clone();
    spawn_local(async move {
        let answer = send(&form.action(), &scan.body).await;
        desk.sending.set_value(false);
        match answer {
            Answer::Page(page) => {
                desk.waiting.update(|waiting| drop(waiting.pop_front()));
                desk.trouble.set("");
                tell(desk, &scan, &page);
                pump(&form, desk);
            }
            Answer::LoggedOut => again(form, desk, "登录已过期：请在另一个窗口重新登录，这里会接着录入。"),
            Answer::Away => again(form, desk, "网络断开：还没录入的都在，连上后自动接着录入，请不要关闭页面。"),
        }
    });
}

fn again(form: HtmlFormElement, desk: Desk, trouble: &'static str) {
    desk.trouble.set(trouble);
    set_timeout(move || pump(&form, desk), RETRY);
}

/// Says what became of a scan, and shows the fresh parts of the page.
fn tell(desk: Desk, scan: &Scan, page: &Document) {
    let part = desk.part.get_value();
    let text = |what: &str| {
        let found = page.query_selector(&format!("#{part} {what}")).ok().flatten()?;
        found.text_content().map(|text| text.trim().to_owned())
    };
    match text(".alert-success") {
        Some(said) => desk.said.set(said),
        None => {
            let why = text(".text-error").or_else(|| text(".alert-error")).unwrap_or_else(|| "没有录入，请重试".into());
            desk.said.set(String::new());
            desk.refused.update(|refused| {
                refused.push_front(format!("{}：{why}", scan.code));
                refused.truncate(REFUSALS_MOST);
            });
            buzz();
        }
    }
    // What the page said when it was loaded is of an earlier scan.
    if let Ok(Some(old)) = document().query_selector(&format!("#{part} > .alert-success")) {
        old.remove();
    }
    freshen(page);
}

/// Shows those parts of the page that are to be kept fresh, but not where somebody is at work.
fn freshen(page: &Document) {
    let Ok(parts) = document().query_selector_all("[data-fresh][id]") else { return };
    for old in (0..parts.length()).filter_map(|place| parts.item(place)?.dyn_into::<HtmlElement>().ok()) {
        let busy = old.query_selector(":focus, :popover-open").is_ok_and(|found| found.is_some());
        if let (false, Some(new)) = (busy, page.get_element_by_id(&old.id())) {
            old.set_inner_html(&new.inner_html());
        }
    }
}

async fn send(action: &str, body: &str) -> Answer {
    post(action, body).await.unwrap_or(Answer::Away)
}

/// Posts as a form does: the answer is the page to which the server leads.
async fn post(action: &str, body: &str) -> Result<Answer, JsValue> {
    let options = RequestInit::new();
    options.set_method("POST");
    options.set_body(&JsValue::from_str(body));
    let request = web_sys::Request::new_with_str_and_init(action, &options)?;
    request.headers().set("content-type", "application/x-www-form-urlencoded")?;
    request.headers().set("accept", "text/html")?;
    let response: Response = JsFuture::from(window().fetch_with_request(&request)).await?.dyn_into()?;
    if response.url().contains("/login") {
        return Ok(Answer::LoggedOut);
    }
    if response.status() >= 500 || response.status() == 429 {
        return Ok(Answer::Away);
    }
    let html = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    DomParser::new()?.parse_from_string(&html, SupportedType::TextHtml).map(Answer::Page)
}
