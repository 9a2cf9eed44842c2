//! Searches that stand within forms of the staff's pages: they lead to the form's page again, with what was found and all
//! that was typed. The address says it, but for what no address has room for: a pasted table, or many lines, come along
//! as a one-time message. So nothing that was typed is lost on the way, also not by whoever has to log in again first.

use std::collections::BTreeMap;

use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, Multipart},
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use commerce::{
    Scope,
    flashes::{self, Flash},
};
use domain::{Fault, Fields, staff::Permission};

use crate::{
    listed::{FORM_MOST, refused, texts, too_large},
    sent::brings_more_than,
    site::Site,
};

/// The part of the pages that their forms speak to.
const FORM: &str = "transfer";
/// The longest text of a field that an address says, in bytes.
const ADDRESS_TEXT_MOST: usize = 1 << 10;
/// The longest address, in bytes. Servers on the way often take no line above 8 KB, and where somebody logs in the address
/// stands within another one, encoded once more.
const ADDRESS_MOST: usize = 2 << 10;
/// What an address says even so: what was searched for, and where.
const ADDRESS_ALWAYS: [&str; 4] = ["location", "q", "source", "target"];
/// The most that is read of whoever is not logged in, in bytes: all that is typed or pasted, without a file.
const STRANGER_MOST: usize = 128 << 10;

/// The routes.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/console/transfers/new/find", post(to_ask_for).layer(DefaultBodyLimit::max(FORM_MOST)))
        .route("/console/receipts/find", post(to_take_in).layer(DefaultBodyLimit::max(FORM_MOST)))
        .route("/hq/transfers/new/find", post(to_move).layer(DefaultBodyLimit::max(FORM_MOST)))
}

async fn to_ask_for(Extension(scope): Extension<Scope>, headers: HeaderMap, form: Multipart) -> Response {
    let may = scope.reach(Permission::MoveStock).map(|_| ());
    answer(&scope, may, "/console/transfers/new", &headers, form).await
}

async fn to_take_in(Extension(scope): Extension<Scope>, headers: HeaderMap, form: Multipart) -> Response {
    let may = scope.reach(Permission::ReceiveGoods).map(|_| ());
    answer(&scope, may, "/console/receipts", &headers, form).await
}

async fn to_move(Extension(scope): Extension<Scope>, headers: HeaderMap, form: Multipart) -> Response {
    let may = scope.staff_everywhere(Permission::ManageSupply).map(|_| ());
    answer(&scope, may, "/hq/transfers/new", &headers, form).await
}

/// To the page, with all that was typed; by way of the log-in where the session has ended. Whoever else may not is turned
/// away before anything is read.
async fn answer(
    scope: &Scope,
    may: Result<(), Fault>,
    page: &'static str,
    headers: &HeaderMap,
    form: Multipart,
) -> Response {
    let stranger = match may {
        Ok(()) => false,
        Err(Fault::Unauthenticated) => true,
        Err(fault) => return refused(scope, &fault),
    };
    let known_length = headers.contains_key(header::CONTENT_LENGTH);
    if stranger && (!known_length || brings_more_than(STRANGER_MOST, headers)) {
        return log_in(page);
    }
    if brings_more_than(FORM_MOST, headers) {
        return too_large();
    }
    let mut fields = Fields::default();
    let read = texts(form, &mut fields).await;
    let (mut to, long) = address(page, fields);
    if let Some(flash) = said(read, long) {
        match flashes::keep(scope, &flash).await {
            Ok(id) => {
                let joint = if to.contains('?') { '&' } else { '?' };
                to = format!("{to}{joint}flash={id}");
            }
            Err(_) if stranger => {}
            // The browser still has the form, one step back.
            Err(fault) => return refused(scope, &fault),
        }
    }
    if stranger { log_in(&to) } else { Redirect::to(&to).into_response() }
}

/// To where staff log in, and from there to this address.
fn log_in(to: &str) -> Response {
    Redirect::to(&format!("/console/login?to={}", urlencoding::encode(to))).into_response()
}

/// The page's address with what was typed, and what it has no room for.
fn address(page: &str, fields: Fields) -> (String, Fields) {
    // Which page it was, and the id of what the form makes, are each page's own.
    let typed = fields.without(&["from", "key"]).0.into_iter().filter(|(_, value)| !value.trim().is_empty());
    let (short, mut long): (BTreeMap<_, _>, BTreeMap<_, _>) =
        typed.partition(|(_, value)| value.len() <= ADDRESS_TEXT_MOST);
    let whole = with_query(page, &short);
    if whole.len() <= ADDRESS_MOST {
        return (whole, Fields(long));
    }
    let (kept, rest): (BTreeMap<_, _>, BTreeMap<_, _>) =
        short.into_iter().partition(|(name, _)| ADDRESS_ALWAYS.contains(&name.as_str()));
    long.extend(rest);
    (with_query(page, &kept), Fields(long))
}

fn with_query(page: &str, fields: &BTreeMap<String, String>) -> String {
    let encode = |text: &str| urlencoding::encode(text).into_owned();
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    if pairs.is_empty() { page.to_owned() } else { format!("{page}?{}", pairs.join("&")) }
}

/// What the page says beside what was found, if anything.
fn said(read: Result<Vec<u8>, Fault>, long: Fields) -> Option<Flash> {
    let wrong = match read {
        Ok(file) if file.is_empty() => None,
        Ok(_) => Some(Fault::invalid("table", "查找时没有保留选好的文件，请重新选择")),
        Err(fault) => Some(fault),
    };
    match wrong {
        Some(fault) => {
            let (message, complaints) = (fault.message(), fault.complaints().to_vec());
            Some(Flash { form: FORM.into(), message, complaints, typed: long, good: false })
        }
        None if long.0.is_empty() => None,
        None => {
            let message = match long.given("table") {
                Some(_) => "粘贴的表格已保留，还没有填入数量",
                None => "已填的内容都保留着，还没有提交",
            };
            Some(Flash { form: FORM.into(), message: message.into(), typed: long, good: true, ..Flash::default() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        Fields(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn an_address_says_what_is_short_and_leaves_out_what_is_each_pages_own() {
        let typed = fields(&[("q", "珍珠 & 奶茶"), ("reason", " "), ("from", "/x"), ("key", "1"), ("pieces.1", "3")]);
        let (address, rest) = address("/page", typed);
        let said = "/page?pieces.1=3&q=%E7%8F%8D%E7%8F%A0%20%26%20%E5%A5%B6%E8%8C%B6";
        assert_eq!((address.as_str(), rest), (said, Fields::default()));
    }

    #[test]
    fn no_address_is_too_long_for_a_line_and_nothing_that_was_typed_is_lost() {
        let mut typed = fields(&[("q", "奶茶"), ("source", "a"), ("target", "b"), ("table", &"x".repeat(2_000))]);
        typed.0.extend((0..200).map(|line| (format!("pieces.{line:036}"), "3".to_owned())));
        let (address, rest) = address("/page", typed);
        assert_eq!(address, "/page?q=%E5%A5%B6%E8%8C%B6&source=a&target=b");
        assert_eq!((rest.under("pieces.").count(), rest.text("table").len()), (200, 2_000));
    }
}
