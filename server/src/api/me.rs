//! A member's own account: the ways in, everything about oneself, two accounts that become one, going.

use axum::{Json, http::StatusCode};
use commerce::members;
use domain::members::{
    AccountView, AskOwnCode, ChangePhone, CodeSent, EraseAccount, LeavingView, LinkWeChat, MemberView, MergeOffer,
    PhoneChanged, Proof, SetPassword, WeChatLinked,
};
use serde_json::Value;
use uuid::Uuid;

use super::{
    auth::MemberLoggedIn,
    problem::{Caller, Path, Problem, Sent},
};

/// The ways into the account of the member who asks.
#[utoipa::path(get, path = "/me/account", tag = "me", security(("bearer" = [])),
    responses((status = 200, body = AccountView), (status = "default", body = Problem)))]
pub async fn account(caller: Caller) -> Result<Json<AccountView>, Problem> {
    caller.answer(members::account(&caller.0).await)
}

/// Sends a code by SMS for a change of the account. It serves that change alone.
#[utoipa::path(post, path = "/me/codes", tag = "me", security(("bearer" = [])), request_body = AskOwnCode,
    responses((status = 200, body = CodeSent), (status = "default", body = Problem)))]
pub async fn ask_own_code(caller: Caller, Sent(ask): Sent<AskOwnCode>) -> Result<Json<CodeSent>, Problem> {
    caller.answer(members::ask_own_code(&caller.0, ask).await)
}

/// Chooses a password, or another one. All sessions end; the answer has a new one.
#[utoipa::path(put, path = "/me/password", tag = "me", security(("bearer" = [])), request_body = SetPassword,
    responses((status = 200, body = MemberLoggedIn), (status = "default", body = Problem)))]
pub async fn set_password(caller: Caller, Sent(command): Sent<SetPassword>) -> Result<Json<MemberLoggedIn>, Problem> {
    caller.answer(members::set_password(&caller.0, command).await.map(MemberLoggedIn::from))
}

/// Gives the password up. All sessions end; the answer has a new one.
#[utoipa::path(delete, path = "/me/password", tag = "me", security(("bearer" = [])), request_body = Proof,
    responses((status = 200, body = MemberLoggedIn), (status = "default", body = Problem)))]
pub async fn remove_password(caller: Caller, Sent(proof): Sent<Proof>) -> Result<Json<MemberLoggedIn>, Problem> {
    caller.answer(members::remove_password(&caller.0, &proof).await.map(MemberLoggedIn::from))
}

/// Changes the number. Where it is another account's, nothing changes and the answer has an offer to merge.
#[utoipa::path(put, path = "/me/phone", tag = "me", security(("bearer" = [])), request_body = ChangePhone,
    responses((status = 200, body = PhoneChanged), (status = "default", body = Problem)))]
pub async fn change_phone(caller: Caller, Sent(command): Sent<ChangePhone>) -> Result<Json<PhoneChanged>, Problem> {
    caller.answer(members::change_phone(&caller.0, command).await)
}

/// Links the WeChat account that a mini-program was given. Where it opens another account, nothing changes and the
/// answer has an offer to merge.
#[utoipa::path(put, path = "/me/wechat", tag = "me", security(("bearer" = [])), request_body = LinkWeChat,
    responses((status = 200, body = WeChatLinked), (status = "default", body = Problem)))]
pub async fn link_wechat(caller: Caller, Sent(command): Sent<LinkWeChat>) -> Result<Json<WeChatLinked>, Problem> {
    caller.answer(members::wechat::link(&caller.0, command).await)
}

/// Takes every WeChat account off.
#[utoipa::path(delete, path = "/me/wechat", tag = "me", security(("bearer" = [])), request_body = Proof,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn unlink_wechat(caller: Caller, Sent(proof): Sent<Proof>) -> Result<StatusCode, Problem> {
    caller.done(members::wechat::unlink(&caller.0, &proof).await)
}

/// What would move if the accounts of an offer became one.
#[utoipa::path(get, path = "/me/merges/{merge_id}", tag = "me", security(("bearer" = [])),
    params(("merge_id" = Uuid, Path)), responses((status = 200, body = MergeOffer), (status = "default", body = Problem)))]
pub async fn merge_offer(caller: Caller, Path(id): Path<Uuid>) -> Result<Json<MergeOffer>, Problem> {
    caller.answer(members::offer(&caller.0, id).await)
}

/// Makes the two accounts one. Saying it twice is saying it once.
#[utoipa::path(post, path = "/me/merges/{merge_id}", tag = "me", security(("bearer" = [])),
    params(("merge_id" = Uuid, Path)), responses((status = 200, body = MemberView), (status = "default", body = Problem)))]
pub async fn merge(caller: Caller, Path(id): Path<Uuid>) -> Result<Json<MemberView>, Problem> {
    caller.answer(members::merge(&caller.0, id).await)
}

/// Everything that is known about the member who asks, under keys that people can read.
#[utoipa::path(get, path = "/me/export", tag = "me", security(("bearer" = [])),
    responses((status = 200, body = Value), (status = "default", body = Problem)))]
pub async fn export(caller: Caller) -> Result<Json<Value>, Problem> {
    caller.answer(members::export(&caller.0).await)
}

/// What stands in the way of erasing the account.
#[utoipa::path(get, path = "/me/leaving", tag = "me", security(("bearer" = [])),
    responses((status = 200, body = LeavingView), (status = "default", body = Problem)))]
pub async fn leaving(caller: Caller) -> Result<Json<LeavingView>, Problem> {
    caller.answer(members::leaving(&caller.0).await)
}

/// Erases the account: the person goes, what the books need stays without them.
#[utoipa::path(delete, path = "/me", tag = "me", security(("bearer" = [])), request_body = EraseAccount,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn erase(caller: Caller, Sent(command): Sent<EraseAccount>) -> Result<StatusCode, Problem> {
    caller.done(members::erase(&caller.0, command).await)
}
