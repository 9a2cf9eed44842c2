//! Accounts, roles and groups of stores, within the caller's authority.

use axum::{Json, http::StatusCode};
use commerce::staff;
use domain::{
    StaffId,
    sessions::SessionView,
    staff::{
        ChangePassword, EnterCode, GiveGrant, GrantChoices, Hire, ListStaff, RoleKey, RoleView, SaveRole,
        SaveStoreGroup, SecondStepView, StaffCard, StaffEntry, StoreGroup,
    },
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    paging::{Limit, Offset},
    problem::{Caller, Path, Problem, Query, Sent},
};

/// Which accounts of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StaffAsked {
    /// Words in the account, name or department.
    q: Option<String>,
    /// Only who has this role: a built-in one's code or the id of one of the customer's own.
    role: Option<String>,
    /// Only who is in this department.
    department_id: Option<Uuid>,
    /// Only who can log in, or who cannot.
    active: Option<bool>,
    /// 1 to 200.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<Limit<200>>,
    /// How many to pass over.
    #[param(value_type = Option<u32>, minimum = 0, maximum = 100_000)]
    offset: Option<Offset>,
}

/// Accounts and how many there are in all.
#[derive(Serialize, ToSchema)]
pub struct StaffListed {
    items: Vec<StaffEntry>,
    total: i64,
}

/// Accounts within reach, those that can log in first.
#[utoipa::path(get, path = "/hq/staff", tag = "staff", security(("bearer" = [])), params(StaffAsked),
    responses((status = 200, body = StaffListed), (status = "default", body = Problem)))]
pub async fn list(caller: Caller, Query(asked): Query<StaffAsked>) -> Result<Json<StaffListed>, Problem> {
    let ask = ListStaff {
        words: asked.q.unwrap_or_default(),
        // What is no role, nobody has.
        role: asked.role.map(|role| role.parse().unwrap_or(RoleKey::Own(Uuid::nil()))),
        department: asked.department_id,
        active: asked.active,
        most: asked.limit.map_or(50, |limit| limit.get() as i64),
        skip: asked.offset.map_or(0, |offset| offset.get() as i64),
    };
    let found = staff::list(&caller.0, &ask).await;
    caller.answer(found.map(|(items, total)| StaffListed { items, total }))
}

/// Makes an account with a first grant. The same request again makes no second one.
#[utoipa::path(post, path = "/hq/staff", tag = "staff", security(("bearer" = [])), request_body = Hire,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn hire(caller: Caller, Sent(command): Sent<Hire>) -> Result<StatusCode, Problem> {
    caller.done(staff::hire(&caller.0, command).await)
}

/// An account with everything that it may do, and why.
#[utoipa::path(get, path = "/hq/staff/{staff_id}", tag = "staff", security(("bearer" = [])),
    params(("staff_id" = StaffId, Path)), responses((status = 200, body = StaffCard), (status = "default", body = Problem)))]
pub async fn show(caller: Caller, Path(id): Path<StaffId>) -> Result<Json<StaffCard>, Problem> {
    caller.answer(staff::show(&caller.0, id).await)
}

/// Gives a role; at several stores, a grant for each.
#[utoipa::path(post, path = "/hq/staff/{staff_id}/grants", tag = "staff", security(("bearer" = [])),
    params(("staff_id" = StaffId, Path)), request_body = GiveGrant,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn give(
    caller: Caller,
    Path(id): Path<StaffId>,
    Sent(command): Sent<GiveGrant>,
) -> Result<StatusCode, Problem> {
    caller.done(staff::give(&caller.0, id, command).await)
}

/// Takes a grant back. One that has gone is taken back already.
#[utoipa::path(delete, path = "/hq/staff/{staff_id}/grants/{grant_id}", tag = "staff", security(("bearer" = [])),
    params(("staff_id" = StaffId, Path), ("grant_id" = Uuid, Path)),
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn take_back(caller: Caller, Path((id, grant)): Path<(StaffId, Uuid)>) -> Result<StatusCode, Problem> {
    caller.done(staff::take_back(&caller.0, id, grant).await)
}

/// Keeps a person from logging in, and logs them out everywhere.
#[utoipa::path(post, path = "/hq/staff/{staff_id}/suspend", tag = "staff", security(("bearer" = [])),
    params(("staff_id" = StaffId, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn suspend(caller: Caller, Path(id): Path<StaffId>) -> Result<StatusCode, Problem> {
    caller.done(staff::suspend(&caller.0, id).await)
}

/// Lets a person log in again.
#[utoipa::path(post, path = "/hq/staff/{staff_id}/restore", tag = "staff", security(("bearer" = [])),
    params(("staff_id" = StaffId, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn restore(caller: Caller, Path(id): Path<StaffId>) -> Result<StatusCode, Problem> {
    caller.done(staff::restore(&caller.0, id).await)
}

/// A new first password.
#[derive(Deserialize, ToSchema)]
pub struct NewPassword {
    /// At least 8 characters; the person must change it.
    #[schema(min_length = 8, max_length = 512)]
    password: String,
}

/// Gives a person a new first password, and logs them out everywhere.
#[utoipa::path(put, path = "/hq/staff/{staff_id}/password", tag = "staff", security(("bearer" = [])),
    params(("staff_id" = StaffId, Path)), request_body = NewPassword,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn reset_password(
    caller: Caller,
    Path(id): Path<StaffId>,
    Sent(sent): Sent<NewPassword>,
) -> Result<StatusCode, Problem> {
    caller.done(staff::reset_password(&caller.0, id, sent.password).await)
}

/// What the caller can give to others, and where.
#[utoipa::path(get, path = "/hq/grant-choices", tag = "staff", security(("bearer" = [])),
    responses((status = 200, body = GrantChoices), (status = "default", body = Problem)))]
pub async fn choices(caller: Caller) -> Result<Json<GrantChoices>, Problem> {
    caller.answer(staff::choices(&caller.0).await)
}

/// All roles: those that are there from the first day, and the customer's own.
#[utoipa::path(get, path = "/hq/roles", tag = "staff", security(("bearer" = [])),
    responses((status = 200, body = Vec<RoleView>), (status = "default", body = Problem)))]
pub async fn roles(caller: Caller) -> Result<Json<Vec<RoleView>>, Problem> {
    caller.answer(staff::own_roles::list(&caller.0).await)
}

/// Makes a role under an id of the client's, or changes what it is.
#[utoipa::path(put, path = "/hq/roles/{role_id}", tag = "staff", security(("bearer" = [])),
    params(("role_id" = Uuid, Path)), request_body = SaveRole,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn save_role(
    caller: Caller,
    Path(id): Path<Uuid>,
    Sent(role): Sent<SaveRole>,
) -> Result<StatusCode, Problem> {
    caller.done(staff::own_roles::save(&caller.0, id, role).await)
}

/// Removes a role that nobody has.
#[utoipa::path(delete, path = "/hq/roles/{role_id}", tag = "staff", security(("bearer" = [])),
    params(("role_id" = Uuid, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn remove_role(caller: Caller, Path(id): Path<Uuid>) -> Result<StatusCode, Problem> {
    caller.done(staff::own_roles::remove(&caller.0, id).await)
}

/// All groups of stores.
#[utoipa::path(get, path = "/hq/store-groups", tag = "staff", security(("bearer" = [])),
    responses((status = 200, body = Vec<StoreGroup>), (status = "default", body = Problem)))]
pub async fn store_groups(caller: Caller) -> Result<Json<Vec<StoreGroup>>, Problem> {
    caller.answer(staff::store_groups::list(&caller.0).await)
}

/// Puts a group of stores together under an id of the client's, or anew.
#[utoipa::path(put, path = "/hq/store-groups/{group_id}", tag = "staff", security(("bearer" = [])),
    params(("group_id" = Uuid, Path)), request_body = SaveStoreGroup,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn save_store_group(
    caller: Caller,
    Path(id): Path<Uuid>,
    Sent(group): Sent<SaveStoreGroup>,
) -> Result<StatusCode, Problem> {
    caller.done(staff::store_groups::save(&caller.0, id, group).await)
}

/// Removes a group that no grant reaches.
#[utoipa::path(delete, path = "/hq/store-groups/{group_id}", tag = "staff", security(("bearer" = [])),
    params(("group_id" = Uuid, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn remove_store_group(caller: Caller, Path(id): Path<Uuid>) -> Result<StatusCode, Problem> {
    caller.done(staff::store_groups::remove(&caller.0, id).await)
}

/// The session after a change of the password.
#[derive(Serialize, ToSchema)]
pub struct Renewed {
    /// Borne from now on; all others of the person have ended.
    token: String,
}

/// Replaces the caller's own password.
#[utoipa::path(put, path = "/auth/staff-password", tag = "auth", security(("bearer" = [])), request_body = ChangePassword,
    responses((status = 200, body = Renewed), (status = "default", body = Problem)))]
pub async fn change_password(caller: Caller, Sent(command): Sent<ChangePassword>) -> Result<Json<Renewed>, Problem> {
    let done = staff::change_password(&caller.0, command).await;
    caller.answer(done.map(|token| Renewed { token: token.secret().into() }))
}

/// Where an account within reach is logged in.
#[utoipa::path(get, path = "/hq/staff/{staff_id}/sessions", tag = "staff", security(("bearer" = [])),
    params(("staff_id" = StaffId, Path)),
    responses((status = 200, body = Vec<SessionView>), (status = "default", body = Problem)))]
pub async fn sessions_of(caller: Caller, Path(id): Path<StaffId>) -> Result<Json<Vec<SessionView>>, Problem> {
    caller.answer(staff::sessions_of(&caller.0, id).await)
}

/// Logs a person out everywhere.
#[utoipa::path(delete, path = "/hq/staff/{staff_id}/sessions", tag = "staff", security(("bearer" = [])),
    params(("staff_id" = StaffId, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn log_out_everywhere(caller: Caller, Path(id): Path<StaffId>) -> Result<StatusCode, Problem> {
    caller.done(staff::log_out_everywhere(&caller.0, id).await)
}

/// How the caller stands with the second step of the log-in.
#[utoipa::path(get, path = "/auth/second-step", tag = "auth", security(("bearer" = [])),
    responses((status = 200, body = SecondStepView), (status = "default", body = Problem)))]
pub async fn second_step(caller: Caller) -> Result<Json<SecondStepView>, Problem> {
    caller.answer(staff::second_step::mine(&caller.0).await)
}

/// Begins to set the second step up: afterwards it is asked for at `GET`, and turned on with a first code.
#[utoipa::path(post, path = "/auth/second-step", tag = "auth", security(("bearer" = [])),
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn begin_second_step(caller: Caller) -> Result<StatusCode, Problem> {
    caller.done(staff::second_step::begin(&caller.0).await)
}

/// Turns the second step on with a first code.
#[utoipa::path(put, path = "/auth/second-step", tag = "auth", security(("bearer" = [])), request_body = EnterCode,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn confirm_second_step(caller: Caller, Sent(command): Sent<EnterCode>) -> Result<StatusCode, Problem> {
    caller.done(staff::second_step::confirm(&caller.0, command).await)
}

/// Takes the second step away from somebody who has lost the app, and logs them out everywhere.
#[utoipa::path(delete, path = "/hq/staff/{staff_id}/second-step", tag = "staff", security(("bearer" = [])),
    params(("staff_id" = StaffId, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn remove_second_step(caller: Caller, Path(id): Path<StaffId>) -> Result<StatusCode, Problem> {
    caller.done(staff::second_step::remove(&caller.0, id).await)
}
