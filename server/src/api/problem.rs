//! Faults as programs read them: RFC 9457 with a stable code.

use std::sync::Arc;

use axum::{
    Json,
    body::{Body, Bytes},
    extract,
    extract::{
        FromRequest, FromRequestParts, Request,
        rejection::{BytesRejection, JsonRejection},
    },
    http::{Extensions, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Response},
};
use commerce::Scope;
use domain::{Complaint, Fault};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use utoipa::ToSchema;

use crate::sent::brings_more_than;

/// An answer that is not what was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// Stable, for programs: `invalid`, `sold_out`, `price_changed` …
    pub code: String,
    /// What happened and what to do, for a person.
    pub detail: String,
    /// What is wrong with which field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub complaints: Vec<Complaint>,
    /// Quote it when asking for help.
    pub request_id: String,
    /// Seconds until another try can succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
}

impl Problem {
    /// The visible half of a fault.
    pub fn of(fault: &Fault, request_id: &str) -> Self {
        let retry_after_s = match fault {
            Fault::TooMany { retry_after_s } => Some(*retry_after_s),
            Fault::Upstream { .. } => Some(5),
            _ => None,
        };
        Self {
            status: rpc::status_of(fault).as_u16(),
            code: fault.code().into(),
            detail: fault.message(),
            complaints: fault.complaints().to_vec(),
            request_id: request_id.into(),
            retry_after_s,
        }
    }
}

impl Problem {
    /// A body beyond what is read, which is at most so much.
    pub fn too_large(most: &str, request_id: &str) -> Self {
        Self {
            status: StatusCode::PAYLOAD_TOO_LARGE.as_u16(),
            code: "too_large".into(),
            ..Self::of(&Fault::invalid("", format!("请求内容过大，上限 {most}")), request_id)
        }
    }

    /// A body that does not call itself JSON: what somebody meant to say is not to be passed over.
    pub fn not_json(request_id: &str) -> Self {
        let message = "请求内容须是 JSON，并带请求头 Content-Type: application/json";
        Self {
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE.as_u16(),
            code: "not_json".into(),
            ..Self::of(&Fault::invalid("", message), request_id)
        }
    }

    /// A body that could not be read.
    fn unread(status: StatusCode, reason: &str, request_id: &str) -> Self {
        match status {
            StatusCode::PAYLOAD_TOO_LARGE => Self::too_large(JSON_MOST, request_id),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::not_json(request_id),
            _ => Self::of(&Fault::invalid("", format!("请求内容不合要求：{reason}")), request_id),
        }
    }
}

/// How much JSON is read, for people.
pub const JSON_MOST: &str = "128 KB";
/// How much of a file is read, for people.
pub const FILE_MOST: &str = "10 MB";

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry = self.retry_after_s.map(|seconds| (header::RETRY_AFTER, seconds.to_string()));
        let mut response = (status, Json(self)).into_response();
        let kind = header::HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        if let Some((name, value)) = retry.and_then(|(name, value)| Some((name, value.parse().ok()?))) {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// Who asks, and the way faults go back.
pub struct Caller(pub Scope);

impl Caller {
    /// The use case's answer as JSON, or its fault as a problem.
    pub fn answer<T: Serialize>(&self, done: Result<T, Fault>) -> Result<Json<T>, Problem> {
        done.map(Json).map_err(|fault| self.problem(&fault))
    }

    /// 204, or the fault as a problem.
    pub fn done(&self, done: Result<(), Fault>) -> Result<StatusCode, Problem> {
        done.map(|()| StatusCode::NO_CONTENT).map_err(|fault| self.problem(&fault))
    }

    /// A file as it goes out, or the fault as a problem.
    pub fn file(&self, made: Result<Response, Fault>) -> Result<Response, Problem> {
        made.map_err(|fault| self.problem(&fault))
    }

    fn problem(&self, fault: &Fault) -> Problem {
        let request_id = &self.0.request_id;
        if let Some(hidden) = fault.hidden() {
            tracing::error!(%request_id, code = fault.code(), hidden, "an API call failed");
        }
        Problem::of(fault, request_id)
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let scope = parts.extensions.get::<Scope>().cloned();
        scope.map(Self).ok_or_else(|| Problem::of(&Fault::Internal("no scope".into()), ""))
    }
}

/// A JSON body; one that does not fit is a problem like any other.
pub struct Sent<T>(pub T);

impl<S: Sync + Send, T: DeserializeOwned> FromRequest<S> for Sent<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let request_id = id_in(request.extensions());
        let rejected = |reason: JsonRejection| Problem::unread(reason.status(), &reason.body_text(), &request_id);
        let Json(sent) = Json::<Value>::from_request(request, state).await.map_err(rejected)?;
        Self::meant(sent, &request_id)
    }
}

/// A body that need not be sent: nothing at all, whatever it calls itself, and JSON's `null` are none.
impl<S: Sync + Send, T: DeserializeOwned> extract::OptionalFromRequest<S> for Sent<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Problem> {
        let request_id = id_in(request.extensions());
        let unread = |reason: BytesRejection| Problem::unread(reason.status(), &reason.body_text(), &request_id);
        let (parts, body) = request.into_parts();
        let whole = Request::from_parts(parts.clone(), body);
        let bytes = Bytes::from_request(whole, state).await.map_err(unread)?;
        if bytes.trim_ascii().is_empty() {
            return Ok(None);
        }
        let sent = Request::from_parts(parts, Body::from(bytes));
        let rejected = |reason: JsonRejection| Problem::unread(reason.status(), &reason.body_text(), &request_id);
        match <Json<Value> as FromRequest<S>>::from_request(sent, state).await.map_err(rejected)? {
            Json(Value::Null) => Ok(None),
            Json(sent) => Self::meant(sent, &request_id).map(Some),
        }
    }
}

impl<T: DeserializeOwned> Sent<T> {
    /// What a body means, or what of it does not fit.
    fn meant(mut sent: Value, request_id: &str) -> Result<Self, Problem> {
        if sent.is_array() {
            // Serde would take its items for a command's fields, one after the other.
            let message = "请求内容不合要求：须是一个对象，不是数组";
            return Err(Problem::of(&Fault::invalid("", message), request_id));
        }
        tidy(&mut sent);
        serde_path_to_error::deserialize(sent).map(Self).map_err(|error| {
            let field = error.path().to_string();
            let message = format!("请求内容不合要求：{}", error.inner());
            Problem::of(&Fault::invalid(if field == "." { "" } else { &field }, message), request_id)
        })
    }
}

/// A body that is a file. One that says it is too large is refused before it is read.
#[derive(ToSchema)]
#[schema(as = File, value_type = String, format = Binary)]
pub struct SentFile(pub Vec<u8>);

impl<S: Sync + Send> FromRequest<S> for SentFile {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let request_id = id_in(request.extensions());
        let too_large = || Problem::too_large(FILE_MOST, &request_id);
        if brings_more_than(pictures::MOST_BYTES, request.headers()) {
            return Err(too_large());
        }
        let bytes = axum::body::to_bytes(request.into_body(), pictures::MOST_BYTES).await;
        bytes.map(|bytes| Self(bytes.into())).map_err(|_| too_large())
    }
}

/// JSON knows one kind of number: 64.0 is 64, and some clients write it so. And it knows a NUL, which
/// PostgreSQL's text does not have.
fn tidy(value: &mut Value) {
    /// Up to here every whole number has a floating-point one of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) => {
            let whole = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() <= EXACT);
            if let Some(whole) = whole.filter(|_| number.is_f64()) {
                *value = Value::from(whole as i64);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Object(fields) => fields.values_mut().for_each(tidy),
        Value::String(text) => text.retain(|sign| sign != '\0'),
        Value::Null | Value::Bool(_) => {}
    }
}

/// Parts of the path. What cannot be an id is the id of nothing.
pub struct Path<T>(pub T);

impl<S: Sync + Send, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let request_id = id_in(&parts.extensions);
        let path = extract::Path::from_request_parts(parts, state).await;
        path.map(|extract::Path(path)| Self(path)).map_err(|_| Problem::of(&Fault::NotFound("这个地址"), &request_id))
    }
}

/// The query; a value that does not fit is a problem like any other.
pub struct Query<T>(pub T);

impl<S: Sync + Send, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let request_id = id_in(&parts.extensions);
        let rejected =
            |reason: String| Problem::of(&Fault::invalid("", format!("查询参数不合要求：{reason}")), &request_id);
        // As in a body: PostgreSQL's text has no NUL.
        let asked = parts.uri.query().unwrap_or_default().replace("%00", "");
        let uri = Uri::try_from(format!("/?{asked}")).map_err(|error| rejected(error.to_string()))?;
        let query = extract::Query::try_from_uri(&uri);
        query.map(|extract::Query(query)| Self(query)).map_err(|rejection| rejected(rejection.body_text()))
    }
}

fn id_in(extensions: &Extensions) -> Arc<str> {
    extensions.get::<Scope>().map(|scope| scope.request_id.clone()).unwrap_or_default()
}
