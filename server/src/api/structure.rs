//! Merchants and departments of head office.

use axum::{Json, http::StatusCode};
use commerce::staff::{joined_merchants, office_departments};
use domain::{
    StaffId,
    staff::{AssignDepartment, Department, Merchant, SaveDepartment, SaveMerchant},
};
use uuid::Uuid;

use super::problem::{Caller, Path, Problem, Sent};

/// All merchants, by name.
#[utoipa::path(get, path = "/hq/merchants", tag = "staff", security(("bearer" = [])),
    responses((status = 200, body = Vec<Merchant>), (status = "default", body = Problem)))]
pub async fn merchants(caller: Caller) -> Result<Json<Vec<Merchant>>, Problem> {
    caller.answer(joined_merchants::list(&caller.0).await)
}

/// Takes a merchant in under an id of the client's, or changes what it is and which stores are its.
#[utoipa::path(put, path = "/hq/merchants/{merchant_id}", tag = "staff", security(("bearer" = [])),
    params(("merchant_id" = Uuid, Path)), request_body = SaveMerchant,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn save_merchant(
    caller: Caller,
    Path(id): Path<Uuid>,
    Sent(merchant): Sent<SaveMerchant>,
) -> Result<StatusCode, Problem> {
    caller.done(joined_merchants::save(&caller.0, id, merchant).await)
}

/// Removes a merchant without stores that no grant reaches.
#[utoipa::path(delete, path = "/hq/merchants/{merchant_id}", tag = "staff", security(("bearer" = [])),
    params(("merchant_id" = Uuid, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn remove_merchant(caller: Caller, Path(id): Path<Uuid>) -> Result<StatusCode, Problem> {
    caller.done(joined_merchants::remove(&caller.0, id).await)
}

/// All departments, by name, with how many people are in each.
#[utoipa::path(get, path = "/hq/departments", tag = "staff", security(("bearer" = [])),
    responses((status = 200, body = Vec<Department>), (status = "default", body = Problem)))]
pub async fn departments(caller: Caller) -> Result<Json<Vec<Department>>, Problem> {
    caller.answer(office_departments::list(&caller.0).await)
}

/// Makes a department under an id of the client's, or renames it.
#[utoipa::path(put, path = "/hq/departments/{department_id}", tag = "staff", security(("bearer" = [])),
    params(("department_id" = Uuid, Path)), request_body = SaveDepartment,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn save_department(
    caller: Caller,
    Path(id): Path<Uuid>,
    Sent(department): Sent<SaveDepartment>,
) -> Result<StatusCode, Problem> {
    caller.done(office_departments::save(&caller.0, id, department).await)
}

/// Removes a department that nobody is in.
#[utoipa::path(delete, path = "/hq/departments/{department_id}", tag = "staff", security(("bearer" = [])),
    params(("department_id" = Uuid, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn remove_department(caller: Caller, Path(id): Path<Uuid>) -> Result<StatusCode, Problem> {
    caller.done(office_departments::remove(&caller.0, id).await)
}

/// Puts a person into a department, or into none.
#[utoipa::path(put, path = "/hq/staff/{staff_id}/department", tag = "staff", security(("bearer" = [])),
    params(("staff_id" = StaffId, Path)), request_body = AssignDepartment,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn assign_department(
    caller: Caller,
    Path(id): Path<StaffId>,
    Sent(command): Sent<AssignDepartment>,
) -> Result<StatusCode, Problem> {
    caller.done(office_departments::assign(&caller.0, id, command).await)
}
