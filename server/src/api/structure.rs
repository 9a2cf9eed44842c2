//! Merchants with their papers, and departments of head office.

use axum::{Json, http::StatusCode, response::Response};
use chrono::NaiveDate;
use commerce::staff::{joined_merchants, merchant_papers, office_departments};
use domain::{
    FileId, StaffId,
    staff::{AddPaper, AssignDepartment, Department, Merchant, MerchantPaper, PaperKind, SaveDepartment, SaveMerchant},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::problem::{Caller, Path, Problem, Query, Sent, SentFile};
use crate::sent::to_keep;

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

/// Removes a merchant without stores and papers that no grant reaches.
#[utoipa::path(delete, path = "/hq/merchants/{merchant_id}", tag = "staff", security(("bearer" = [])),
    params(("merchant_id" = Uuid, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn remove_merchant(caller: Caller, Path(id): Path<Uuid>) -> Result<StatusCode, Problem> {
    caller.done(joined_merchants::remove(&caller.0, id).await)
}

/// The papers of a merchant, for who manages merchants and for the merchant's owners; those that run out first before
/// the others.
#[utoipa::path(get, path = "/hq/merchants/{merchant_id}/papers", tag = "staff", security(("bearer" = [])),
    params(("merchant_id" = Uuid, Path)),
    responses((status = 200, body = Vec<MerchantPaper>), (status = "default", body = Problem)))]
pub async fn papers(caller: Caller, Path(merchant): Path<Uuid>) -> Result<Json<Vec<MerchantPaper>>, Problem> {
    caller.answer(merchant_papers::list(&caller.0, merchant).await)
}

/// What is said of a paper.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SaidOfPaper {
    /// What it is; `other` where nothing is said.
    #[serde(default)]
    #[param(inline, required = false)]
    kind: PaperKind,
    /// The last day on which it counts; left out where it does not run out.
    valid_until: Option<NaiveDate>,
    /// The file's name, for people; what is longer than 100 characters is cut.
    name: Option<String>,
}

/// What was added.
#[derive(Serialize, ToSchema)]
#[schema(as = AddedPaper)]
pub struct AddedPaper {
    /// The paper.
    id: FileId,
}

/// Adds a paper to a merchant: a PDF, or a JPEG, PNG or WebP of it, of at most 10 MB. The same file again is the same
/// paper, with what is said of it now.
#[utoipa::path(post, path = "/hq/merchants/{merchant_id}/papers", tag = "staff", security(("bearer" = [])),
    params(("merchant_id" = Uuid, Path), SaidOfPaper),
    request_body(content = SentFile, content_type = "application/octet-stream", description = "The file's bytes."),
    responses((status = 200, body = AddedPaper), (status = "default", body = Problem)))]
pub async fn add_paper(
    caller: Caller,
    Path(merchant): Path<Uuid>,
    Query(said): Query<SaidOfPaper>,
    SentFile(bytes): SentFile,
) -> Result<Json<AddedPaper>, Problem> {
    let command = AddPaper { kind: said.kind, valid_until: said.valid_until };
    let added = merchant_papers::add(&caller.0, merchant, command, said.name.as_deref().unwrap_or_default(), bytes);
    caller.answer(added.await.map(|id| AddedPaper { id }))
}

/// Removes a paper of a merchant: from then on nobody sees it. For who manages merchants.
#[utoipa::path(delete, path = "/hq/merchants/{merchant_id}/papers/{paper_id}", tag = "staff",
    security(("bearer" = [])), params(("merchant_id" = Uuid, Path), ("paper_id" = FileId, Path)),
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn remove_paper(caller: Caller, Path((merchant, id)): Path<(Uuid, FileId)>) -> Result<StatusCode, Problem> {
    caller.done(merchant_papers::remove(&caller.0, merchant, id).await)
}

/// A paper itself: a PDF as it was sent, or a picture drawn anew.
#[utoipa::path(get, path = "/hq/merchants/{merchant_id}/papers/{paper_id}/file", tag = "staff",
    security(("bearer" = [])), params(("merchant_id" = Uuid, Path), ("paper_id" = FileId, Path)),
    responses((status = 200, content((SentFile = "application/pdf"), (SentFile = "image/jpeg"))),
        (status = "default", body = Problem)))]
pub async fn paper_file(caller: Caller, Path((merchant, id)): Path<(Uuid, FileId)>) -> Result<Response, Problem> {
    caller.file(merchant_papers::read(&caller.0, merchant, id).await.map(|content| to_keep(id, content)))
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
