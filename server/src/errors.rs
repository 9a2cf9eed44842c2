//! Answers where no page was reached: an unknown address, a database that is away.

use axum::{
    Extension,
    extract::{OriginalUri, Request},
    http::header,
    response::{IntoResponse, Response},
};
use commerce::Scope;
use domain::{Fault, orders::Channel};
use rpc::{Nonce, fault_page};

use crate::{api::problem::Problem, identity::face_of};

/// An address nobody serves.
pub async fn not_found(
    Extension(scope): Extension<Scope>,
    Extension(nonce): Extension<Nonce>,
    uri: OriginalUri,
) -> Response {
    let fault = Fault::NotFound("这个页面");
    // A mini-program's session has a channel of its own on every face.
    match face_of(uri.path()).0 {
        Channel::Api => Problem::of(&fault, &scope.request_id).into_response(),
        _ => fault_page(app::face_of(uri.path()), &nonce, &scope.request_id, &fault),
    }
}

/// Before there is a scope, a fault can only be the database's.
pub fn without_scope(request: &Request, channel: Channel, fault: &Fault, request_id: &str) -> Response {
    let mut response = match (channel, request.extensions().get::<Nonce>()) {
        (Channel::Api, _) | (_, None) => Problem::of(fault, request_id).into_response(),
        (_, Some(nonce)) => fault_page(app::face_of(request.uri().path()), nonce, request_id, fault),
    };
    response.headers_mut().entry(header::RETRY_AFTER).or_insert(header::HeaderValue::from_static("5"));
    response
}
