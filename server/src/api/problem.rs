//! Faults as programs read them: RFC 9457 with a stable code.

use axum::{
    Json, extract,
    extract::{FromRequest, FromRequestParts, Request, rejection::JsonRejection},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use commerce::Scope;
use domain::{Complaint, Fault};
use serde::{Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

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
    /// A body beyond what is read.
    pub fn too_large(request_id: &str) -> Self {
        Self {
            status: StatusCode::PAYLOAD_TOO_LARGE.as_u16(),
            code: "too_large".into(),
            ..Self::of(&Fault::invalid("", "请求内容过大，上限 128 KB"), request_id)
        }
    }
}

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
        let request_id = request.extensions().get::<Scope>().map(|scope| scope.request_id.clone()).unwrap_or_default();
        let rejected = |rejection: JsonRejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(&request_id),
            _ => Problem::of(&Fault::invalid("", format!("请求内容不合要求：{}", rejection.body_text())), &request_id),
        };
        Json::from_request(request, state).await.map(|Json(sent)| Self(sent)).map_err(rejected)
    }
}

/// Parts of the path. What cannot be an id is the id of nothing.
pub struct Path<T>(pub T);

impl<S: Sync + Send, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let request_id = id_of(parts);
        let path = extract::Path::from_request_parts(parts, state).await;
        path.map(|extract::Path(path)| Self(path)).map_err(|_| Problem::of(&Fault::NotFound("这个地址"), &request_id))
    }
}

/// The query; a value that does not fit is a problem like any other.
pub struct Query<T>(pub T);

impl<S: Sync + Send, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let request_id = id_of(parts);
        let query = extract::Query::from_request_parts(parts, state).await;
        let rejected = |rejection: extract::rejection::QueryRejection| {
            Problem::of(&Fault::invalid("", format!("查询参数不合要求：{}", rejection.body_text())), &request_id)
        };
        query.map(|extract::Query(query)| Self(query)).map_err(rejected)
    }
}

fn id_of(parts: &Parts) -> std::sync::Arc<str> {
    parts.extensions.get::<Scope>().map(|scope| scope.request_id.clone()).unwrap_or_default()
}
