//! Logging in.

use axum::{Json, http::StatusCode};
use commerce::{
    members::{self, wechat::Came},
    sessions,
    staff::{self, LoggedIn},
};
use domain::{
    Fault,
    members::{AskCode, CodeSent, LogIn, LogInWithPassword, LogInWithWeChat, MemberView},
    sessions::SessionView,
    staff::{EnterCode, StaffLogIn, StaffView},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::problem::{Caller, Path, Problem, Sent};

/// A member's log-in.
#[derive(Serialize, ToSchema)]
pub struct MemberLoggedIn {
    /// For the header `Authorization: Bearer`.
    pub token: String,
    /// To be sent with the next log-in on this device; it opens nothing.
    pub device: String,
    /// Who it is.
    pub member: MemberView,
}

impl From<members::LoggedIn> for MemberLoggedIn {
    fn from(members::LoggedIn { token, device, member }: members::LoggedIn) -> Self {
        Self { token: token.secret().into(), device, member }
    }
}

/// A person of staff's log-in.
#[derive(Serialize, ToSchema)]
pub struct StaffLoggedIn {
    /// For the header `Authorization: Bearer`.
    pub token: String,
    /// To be sent with the next log-in on this device; it opens nothing. Empty where a code is still to come.
    pub device: String,
    /// Who it is.
    pub staff: StaffView,
}

impl From<LoggedIn> for StaffLoggedIn {
    fn from(LoggedIn { token, device, person }: LoggedIn) -> Self {
        Self { token: token.secret().into(), device, staff: person }
    }
}

/// Sends a log-in code by SMS.
#[utoipa::path(post, path = "/auth/codes", tag = "auth", request_body = AskCode,
    responses((status = 200, body = CodeSent), (status = "default", body = Problem)))]
pub async fn ask_code(caller: Caller, Sent(ask): Sent<AskCode>) -> Result<Json<CodeSent>, Problem> {
    caller.answer(members::ask_code(&caller.0, ask).await)
}

/// Logs a member in with the code.
#[utoipa::path(post, path = "/auth/sessions", tag = "auth", request_body = LogIn,
    responses((status = 200, body = MemberLoggedIn), (status = "default", body = Problem)))]
pub async fn log_in(caller: Caller, Sent(command): Sent<LogIn>) -> Result<Json<MemberLoggedIn>, Problem> {
    caller.answer(members::log_in(&caller.0, command).await.map(MemberLoggedIn::from))
}

/// Logs a member in with the password that they chose.
#[utoipa::path(post, path = "/auth/password-sessions", tag = "auth", request_body = LogInWithPassword,
    responses((status = 200, body = MemberLoggedIn), (status = "default", body = Problem)))]
pub async fn log_in_with_password(
    caller: Caller,
    Sent(command): Sent<LogInWithPassword>,
) -> Result<Json<MemberLoggedIn>, Problem> {
    caller.answer(members::log_in_with_password(&caller.0, command).await.map(MemberLoggedIn::from))
}

/// What came of a log-in with WeChat: one of the two.
#[derive(Serialize, ToSchema)]
pub struct WeChatCame {
    /// Whom WeChat named is a member, who is logged in.
    pub session: Option<MemberLoggedIn>,
    /// They are nobody here yet: sent with the log-in with a code by SMS, it links them to that member. It is good
    /// once, and for ten minutes.
    pub arrival: Option<String>,
}

impl From<Came> for WeChatCame {
    fn from(came: Came) -> Self {
        match came {
            Came::In(done) => Self { session: Some(done.into()), arrival: None },
            Came::New(arrival) => Self { session: None, arrival: Some(arrival.secret().into()) },
        }
    }
}

/// Logs a member in with what WeChat gave a mini-program.
#[utoipa::path(post, path = "/auth/wechat-sessions", tag = "auth", request_body = LogInWithWeChat,
    responses((status = 200, body = WeChatCame), (status = "default", body = Problem)))]
pub async fn log_in_with_wechat(
    caller: Caller,
    Sent(command): Sent<LogInWithWeChat>,
) -> Result<Json<WeChatCame>, Problem> {
    caller.answer(members::wechat::log_in(&caller.0, command).await.map(WeChatCame::from))
}

/// Ends the session whose token is borne.
#[utoipa::path(delete, path = "/auth/sessions", tag = "auth", security(("bearer" = [])),
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn log_out(caller: Caller) -> Result<StatusCode, Problem> {
    let ended = async {
        if !caller.0.has_session() {
            return Err(Fault::Unauthenticated);
        }
        sessions::end(&caller.0).await
    };
    caller.done(ended.await)
}

/// Logs a person of staff in.
#[utoipa::path(post, path = "/auth/staff-sessions", tag = "auth", request_body = StaffLogIn,
    responses((status = 200, body = StaffLoggedIn), (status = "default", body = Problem)))]
pub async fn staff_log_in(caller: Caller, Sent(command): Sent<StaffLogIn>) -> Result<Json<StaffLoggedIn>, Problem> {
    let done = staff::log_in(&caller.0, command).await;
    caller.answer(done.map(StaffLoggedIn::from))
}

/// A code of the app, where the log-in answered `awaits_code`.
#[derive(Deserialize, ToSchema)]
pub struct CodeEntered {
    /// Six digits.
    #[schema(min_length = 6, max_length = 7, pattern = "^[0-9]{3} ?[0-9]{3}$")]
    code: String,
    /// What the last log-in on this device answered as `device`.
    #[serde(default)]
    #[schema(max_length = 64)]
    device: Option<String>,
}

/// The second step of a log-in, with the token that its first step answered.
#[utoipa::path(post, path = "/auth/staff-codes", tag = "auth", security(("bearer" = [])), request_body = CodeEntered,
    responses((status = 200, body = StaffLoggedIn), (status = "default", body = Problem)))]
pub async fn enter_code(caller: Caller, Sent(sent): Sent<CodeEntered>) -> Result<Json<StaffLoggedIn>, Problem> {
    let done = staff::second_step::enter(&caller.0, EnterCode { code: sent.code }, sent.device.as_deref()).await;
    caller.answer(done.map(StaffLoggedIn::from))
}

/// The member who asks.
#[utoipa::path(get, path = "/me", tag = "auth", security(("bearer" = [])),
    responses((status = 200, body = MemberView), (status = "default", body = Problem)))]
pub async fn me(caller: Caller) -> Result<Json<MemberView>, Problem> {
    caller.answer(members::me(&caller.0).await)
}

/// Where the caller, a member or a person of staff, is logged in; the session that asks first.
#[utoipa::path(get, path = "/auth/sessions", tag = "auth", security(("bearer" = [])),
    responses((status = 200, body = Vec<SessionView>), (status = "default", body = Problem)))]
pub async fn sessions(caller: Caller) -> Result<Json<Vec<SessionView>>, Problem> {
    caller.answer(sessions::mine(&caller.0).await)
}

/// Ends one of the caller's own sessions.
#[utoipa::path(delete, path = "/auth/sessions/{session_id}", tag = "auth", security(("bearer" = [])),
    params(("session_id" = Uuid, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn end_session(caller: Caller, Path(id): Path<Uuid>) -> Result<StatusCode, Problem> {
    caller.done(sessions::end_one(&caller.0, id).await)
}
