//! A request becomes a page: its data first, then its view, then its status.

use std::{collections::BTreeMap, sync::OnceLock};

use axum::{
    extract::{Path, Query, Request},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{MethodRouter, get},
};
use commerce::{Scope, flashes};
use domain::{Fault, Fields};
use leptos::prelude::*;
use ui::{Assets, ErrorPage, Head, LinkButton, Main, Theme, Tone};
use uuid::Uuid;

use crate::{Asked, Nonce};

static ASSETS: OnceLock<Assets> = OnceLock::new();
static NO_ASSETS: Assets = Assets { programs: BTreeMap::new(), css: String::new() };

/// Tells the pages what their scripts and styles are called; once, when the server starts.
pub fn use_assets(assets: Assets) {
    // A second call is a test's: it finds the same files.
    drop(ASSETS.set(assets));
}

/// The address of the reader of codes for browsers that have none; empty where no site was built.
pub fn code_reader() -> String {
    let reader = ASSETS.get().and_then(|assets| assets.programs.get("reader"));
    reader.map(|reader| reader.js.clone()).unwrap_or_default()
}

/// A page, ready to be drawn.
pub struct Page {
    /// What the tab says.
    pub title: String,
    /// One sentence for search results; empty for pages that are nobody's to find.
    pub description: String,
    /// Everything inside `<body>`.
    pub body: Box<dyn FnOnce() -> AnyView + Send>,
    /// `Set-Cookie` values.
    pub cookies: Vec<String>,
}

impl Page {
    /// A page with this title, drawn by `body` once the reactive owner stands.
    pub fn new<V: IntoAny>(title: impl Into<String>, body: impl FnOnce() -> V + Send + 'static) -> Self {
        let body = Box::new(move || body().into_any());
        Self { title: title.into(), description: String::new(), body, cookies: Vec::new() }
    }

    /// The page with what search results say of it.
    pub fn described(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }
}

/// What differs between the faces where a page fails.
#[derive(Clone, Copy, Debug)]
pub struct Face {
    /// Where one logs in.
    pub log_in: &'static str,
    /// Where one begins.
    pub home: &'static str,
    /// One's own account: where what must be done before anything else is done.
    pub account: &'static str,
    /// Light, dark or as the device says.
    pub theme: Theme,
    /// The program that runs its islands: shoppers' phones do not load what staff work with.
    pub program: &'static str,
}

/// A route that answers GET with a page.
pub fn page<S, F, A>(face: Face, draw: F) -> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
    F: Fn(Asked) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Result<Page, Fault>> + Send + 'static,
{
    get(
        move |path: Option<Path<BTreeMap<String, String>>>,
              Query(query): Query<BTreeMap<String, String>>,
              request: Request| {
            let draw = draw.clone();
            async move {
                let Some(asked) = asked(path, query, request).await else {
                    return StatusCode::INTERNAL_SERVER_ERROR.into_response();
                };
                let (nonce, request_id, here) =
                    (asked.nonce.clone(), asked.scope.request_id.clone(), asked.here.clone());
                match draw(asked).await {
                    Ok(page) => answer(face, StatusCode::OK, &nonce, page),
                    Err(Fault::Unauthenticated) => {
                        Redirect::to(&format!("{}?to={}", face.log_in, urlencoding::encode(&here))).into_response()
                    }
                    Err(fault) if matches!(fault.code(), "password_must_change" | "second_step_needed") => {
                        Redirect::to(face.account).into_response()
                    }
                    Err(fault) => fault_page(face, &nonce, &request_id, &fault),
                }
            }
        },
    )
}

/// A page that needs nothing of its request but the nonce.
pub fn show(face: Face, request: &Request, page: Page) -> Response {
    match request.extensions().get::<Nonce>() {
        Some(nonce) => answer(face, StatusCode::OK, nonce, page),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Everything a page function needs, out of the request.
async fn asked(
    path: Option<Path<BTreeMap<String, String>>>,
    mut query: BTreeMap<String, String>,
    request: Request,
) -> Option<Asked> {
    let scope = request.extensions().get::<Scope>()?.clone();
    let nonce = request.extensions().get::<Nonce>()?.clone();
    let id: Option<Uuid> = query.remove("flash").and_then(|id| id.parse().ok());
    let flash = match id {
        Some(id) => flashes::take(&scope, id).await.unwrap_or_default(),
        None => None,
    };
    Some(Asked {
        here: here(request.uri(), &query),
        cookies: cookies_of(request.headers()),
        path: path.map(|Path(path)| path).unwrap_or_default(),
        query: Fields(query),
        scope,
        flash,
        nonce,
    })
}

fn here(uri: &Uri, query: &BTreeMap<String, String>) -> String {
    let encode = |text: &str| urlencoding::encode(text).into_owned();
    let pairs: Vec<_> = query.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    if pairs.is_empty() { uri.path().to_owned() } else { format!("{}?{}", uri.path(), pairs.join("&")) }
}

/// The cookies of a request, by name.
pub(crate) fn cookies_of(headers: &HeaderMap) -> BTreeMap<String, String> {
    let texts = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// One cookie of a request.
pub fn cookie_of(headers: &HeaderMap, name: &str) -> Option<String> {
    cookies_of(headers).remove(name)
}

fn answer(face: Face, status: StatusCode, nonce: &Nonce, page: Page) -> Response {
    let Page { title, description, body, cookies } = page;
    let head = Head { title, description, theme: face.theme, program: face.program, nonce: nonce.0.to_string() };
    let html = ui::page(ASSETS.get().unwrap_or(&NO_ASSETS), &head, body);
    let mut response = (status, Html(html)).into_response();
    for cookie in cookies {
        if let Ok(value) = cookie.parse() {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    response
}

/// The designed page of a fault, with the request's id so that a person can quote it.
pub fn fault_page(face: Face, nonce: &Nonce, request_id: &str, fault: &Fault) -> Response {
    if let Some(hidden) = fault.hidden() {
        tracing::error!(request_id, code = fault.code(), hidden, "a page failed");
    }
    let status = status_of(fault);
    let (request_id, message) = (request_id.to_owned(), fault.message());
    let title = title_of(fault);
    let page = Page::new(title, move || {
        view! {
            <Main narrow=true>
                <ErrorPage code=status.as_u16() title=title text=message request_id=request_id>
                    <LinkButton href=face.home tone=Tone::Primary>"回到首页"</LinkButton>
                </ErrorPage>
            </Main>
        }
    });
    answer(face, status, nonce, page)
}

fn title_of(fault: &Fault) -> &'static str {
    match fault {
        Fault::NotFound(_) => "没有找到",
        Fault::Forbidden | Fault::PeopleOnly => "没有权限",
        Fault::Upstream { .. } => "稍后再试",
        _ => "出了点问题",
    }
}

/// The status of a fault; the JSON API uses the same.
pub fn status_of(fault: &Fault) -> StatusCode {
    match fault {
        Fault::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Fault::Unauthenticated => StatusCode::UNAUTHORIZED,
        Fault::Forbidden | Fault::PeopleOnly => StatusCode::FORBIDDEN,
        Fault::NotFound(_) => StatusCode::NOT_FOUND,
        Fault::Conflict { .. } | Fault::SoldOut(_) => StatusCode::CONFLICT,
        Fault::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
        Fault::Upstream { .. } => StatusCode::SERVICE_UNAVAILABLE,
        Fault::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
