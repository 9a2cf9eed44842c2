//! A form becomes a use case, and its answer a redirect.
//!
//! Every form carries `from`, the path of the page it stands on, and where it creates something
//! `key`, the id of what it creates. What fails goes back to `from` with a one-time message beside
//! the fields and everything typed still there.

use axum::http::{HeaderValue, header::SET_COOKIE, request::Parts};
use commerce::{
    Scope,
    flashes::{self, Flash},
};
use domain::{Fault, Fields};
use leptos::prelude::{ServerFnError, use_context};
use leptos_axum::ResponseOptions;

use crate::page::cookies_of;

/// What is never kept or shown again.
const SECRETS: &[&str] = &["password", "password_again", "old_password", "old_code", "code_secret"];

/// Where a form leads when it succeeds.
#[derive(Clone, Debug, Default)]
pub struct Next {
    to: String,
    cookies: Vec<String>,
    said: Option<String>,
    kept: Fields,
    form: &'static str,
}

impl Next {
    /// To a page, or another site's (a cashier).
    pub fn to(path: impl Into<String>) -> Self {
        Self { to: path.into(), ..Self::default() }
    }

    /// With a cookie, as a whole `Set-Cookie` value.
    pub fn with_cookie(mut self, cookie: String) -> Self {
        self.cookies.push(cookie);
        self
    }

    /// With good news for the next page, shown at `form`.
    pub fn saying(mut self, form: &'static str, news: impl Into<String>) -> Self {
        (self.said, self.form) = (Some(news.into()), form);
        self
    }

    /// With what was typed, for the next page's form.
    pub fn keeping(mut self, fields: Fields) -> Self {
        self.kept = fields;
        self
    }
}

/// A path of this site to go back to; `/` for anything else, so that no form leads astray. Browsers
/// drop control characters, which would turn `/<tab>/elsewhere` into another site's address.
pub fn back_path(text: &str) -> &str {
    let inside = text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains(|sign: char| sign == '\\' || sign.is_control());
    if inside { text } else { "/" }
}

/// Performs a use case for a form of the page's part `form`, and redirects: to what the use case
/// says, to log in where nobody is, else back to the form with what was wrong.
pub async fn post<F, A>(form: &'static str, log_in: &str, fields: Fields, act: F) -> Result<(), ServerFnError>
where
    F: FnOnce(Scope, Fields) -> A,
    A: Future<Output = Result<Next, Fault>>,
{
    let scope = use_context::<Parts>().and_then(|parts| parts.extensions.get::<Scope>().cloned());
    let scope = scope.ok_or_else(|| ServerFnError::new("the request has no scope"))?;
    let from = back_path(fields.text("from")).to_owned();
    let next = match act(scope.clone(), fields.clone()).await {
        Ok(next) => next,
        Err(Fault::Unauthenticated) => {
            let to = urlencoding::encode(&from).into_owned();
            Next::to(format!("{log_in}?to={to}"))
        }
        Err(fault) => back_with(&scope, form, &from, fields, &fault).await,
    };
    answer(&scope, next).await;
    Ok(())
}

/// A cookie of the request that sent the form.
pub fn cookie_sent(name: &str) -> Option<String> {
    cookies_of(&use_context::<Parts>()?.headers).remove(name)
}

async fn back_with(scope: &Scope, form: &'static str, from: &str, fields: Fields, fault: &Fault) -> Next {
    if let Some(hidden) = fault.hidden() {
        tracing::error!(request_id = %scope.request_id, form, code = fault.code(), hidden, "a form failed");
    }
    let flash = Flash {
        form: form.into(),
        message: fault.message(),
        complaints: fault.complaints().to_vec(),
        typed: fields.without(SECRETS),
        good: false,
    };
    Next::to(with_flash(scope, from, &flash).await)
}

/// The address with the id of a kept message; as it is where it could not be kept, since then the
/// page itself says that the database is away.
async fn with_flash(scope: &Scope, path: &str, flash: &Flash) -> String {
    match flashes::keep(scope, flash).await {
        Ok(id) => {
            let joint = if path.contains('?') { '&' } else { '?' };
            format!("{path}{joint}flash={id}")
        }
        Err(_) => path.to_owned(),
    }
}

async fn answer(scope: &Scope, next: Next) {
    let mut to = next.to;
    if let Some(said) = next.said {
        let flash = Flash {
            form: next.form.into(),
            message: said,
            typed: next.kept.without(SECRETS),
            good: true,
            ..Flash::default()
        };
        to = with_flash(scope, &to, &flash).await;
    }
    if let Some(options) = use_context::<ResponseOptions>() {
        for cookie in next.cookies {
            if let Ok(value) = HeaderValue::from_str(&cookie) {
                options.append_header(SET_COOKIE, value);
            }
        }
    }
    leptos_axum::redirect(&to);
}

#[cfg(test)]
mod tests {
    use super::back_path;

    #[test]
    fn a_form_never_leads_to_another_site() {
        for astray in [
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "",
            "/a\r\nSet-Cookie: x=1",
            "/\t/evil.example",
        ] {
            assert_eq!(back_path(astray), "/", "{astray}");
        }
        assert_eq!(back_path("/s/QH-SH-001?q=茶"), "/s/QH-SH-001?q=茶");
    }
}
