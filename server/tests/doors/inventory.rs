//! The doors, and what each needs.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use domain::staff::Permission;
use serde_json::Value;

/// Who may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Anybody; what is shown is everybody's, or belongs to whoever asks.
    Nothing,
    /// Staff of any kind, about themselves.
    Oneself,
    /// A member, about what is theirs.
    Member,
    /// Staff with the permission, about what is within their reach; on head office's pages, with `UseHq` too.
    Staff(Permission),
    /// Staff who propose or decide, about what is within their reach; on head office's pages, with `UseHq` too.
    Proposals,
    /// Staff whose permission reaches every store.
    Everywhere(Permission),
}

/// A way into the site.
#[derive(Clone, Copy, Debug)]
pub struct Door {
    pub method: &'static str,
    pub path: &'static str,
    pub needs: Needs,
    /// What is sent: JSON to the API, else a form's fields as an address or `multipart/form-data` has them. Names
    /// in braces are those of foreign objects.
    pub sends: &'static str,
}

impl Door {
    pub fn is_api(&self) -> bool {
        self.path.starts_with("/api/v1/")
    }

    pub fn is_form(&self) -> bool {
        self.path.starts_with("/rpc/")
    }
}

use Needs::{Everywhere, Member, Nothing, Oneself, Proposals, Staff};
use Permission::*;

const fn door(method: &'static str, path: &'static str, needs: Needs, sends: &'static str) -> Door {
    Door { method, path, needs, sends }
}

const fn get(path: &'static str, needs: Needs) -> Door {
    door("GET", path, needs, "")
}

const fn form(path: &'static str, needs: Needs, sends: &'static str) -> Door {
    door("POST", path, needs, sends)
}

/// All of them.
pub const DOORS: &[Door] = &[
    // The shop's pages and forms.
    get("/", Nothing),
    get("/cart", Nothing),
    get("/checkout/{store}", Member),
    get("/login", Nothing),
    get("/me", Member),
    get("/me/account", Member),
    get("/me/data", Member),
    get("/me/export.json", Member),
    get("/me/merge/{merge}", Member),
    get("/me/phone", Member),
    get("/me/wechat", Member),
    get("/login/wechat", Nothing),
    get("/orders", Member),
    get("/orders/{order}", Member),
    get("/orders/{id}/events", Member),
    get("/s/{store}", Nothing),
    get("/s/{store}/p/{product}", Nothing),
    get("/stores", Nothing),
    get("/files/{file}/{size}", Nothing),
    form("/rpc/shop/ask_code", Nothing, "phone=1&from=/login"),
    form("/rpc/shop/log_in", Nothing, "phone=13800000000&code=000000&from=/login"),
    form("/rpc/shop/log_in_with_password", Nothing, "phone=13800000000&password=falschfalsch&from=/login"),
    form("/rpc/shop/log_in_with_wechat", Nothing, "from=/login"),
    form("/rpc/shop/forget_wechat", Nothing, "from=/login"),
    form("/rpc/shop/link_wechat", Member, "old_code=000000&from=/me/wechat"),
    form("/rpc/shop/unlink_wechat", Member, "old_code=000000&from=/me/wechat"),
    form("/rpc/shop/ask_own_code", Member, "for=phone&from=/me/account"),
    form("/rpc/shop/set_password", Member, "password=falsch&old_code=000000&from=/me/account"),
    form("/rpc/shop/remove_password", Member, "old_code=000000&from=/me/account"),
    form("/rpc/shop/ask_phone_code", Member, "phone=1&from=/me/phone"),
    form("/rpc/shop/change_phone", Member, "phone=13833334444&code=000000&old_code=000000&from=/me/phone"),
    form("/rpc/shop/merge_accounts", Member, "id={merge}&from=/me"),
    form("/rpc/shop/erase_account", Member, "code=000000&understood=on&from=/me/data"),
    form("/rpc/shop/log_out", Oneself, "from=/"),
    form("/rpc/shop/end_session", Oneself, "id={session_id}&from=/me"),
    form("/rpc/shop/end_other_sessions", Oneself, "from=/me"),
    form("/rpc/shop/choose_place", Nothing, "from=/stores"),
    form("/rpc/shop/set_line", Nothing, "store_id={store_id}&sku_id={sku_id}&quantity=0&from=/"),
    form("/rpc/shop/remove_line", Nothing, "store_id={store_id}&sku_id={sku_id}&from=/cart"),
    form(
        "/rpc/shop/place_order",
        Member,
        "key={order_id}&store_id={store_id}&slot=2026-01-01T00:00:00Z&total_fen=1&from=/",
    ),
    form("/rpc/shop/cancel_order", Member, "order={order_id}&id={order_id}&from=/"),
    form("/rpc/shop/start_payment", Member, "order={order_id}&key={role_id}&cashier=h5&from=/"),
    // The console.
    get("/console", Staff(ReadOrders)),
    get("/console/events", Staff(ReadOrders)),
    get("/console/login", Nothing),
    get("/console/account", Oneself),
    get("/console/code", Oneself),
    form("/rpc/console/enter_code", Oneself, "code=000000&from=/console/code"),
    form("/rpc/console/begin_second_step", Oneself, "from=/console/account"),
    form("/rpc/console/confirm_second_step", Oneself, "code=000000&from=/console/account"),
    form("/rpc/console/turn_off_second_step", Oneself, "password=falsch&from=/console/account"),
    get("/console/orders", Staff(ReadOrders)),
    get("/console/orders/{order}", Staff(ReadOrders)),
    get("/console/orders/{order}/ticket", Staff(ReadOrders)),
    get("/console/photos", Staff(EditStores)),
    form(
        "/console/photos/{store_id}",
        Staff(EditStores),
        "--door\r\ncontent-disposition: form-data; name=\"file\"; filename=\"x.png\"\r\n\r\nGIF89a\r\n--door--\r\n",
    ),
    get("/console/files/{file}/{size}", Staff(EditStores)),
    form("/rpc/console/move_photo", Staff(EditStores), "photo={photo_id}&to=first&from=/console/photos"),
    form("/rpc/console/remove_photo", Staff(EditStores), "photo={photo_id}&from=/console/photos"),
    form("/rpc/console/restore_photo", Staff(EditStores), "photo={file}&from=/console/photos"),
    form("/rpc/console/log_in", Nothing, "account=hq&password=falsch&from=/console/login"),
    form(
        "/rpc/console/change_password",
        Oneself,
        "old_password=falsch&password=falschfalsch&password_again=falsch&from=/",
    ),
    form("/rpc/console/end_session", Oneself, "id={session_id}&from=/console/account"),
    form("/rpc/console/end_other_sessions", Oneself, "from=/console/account"),
    form("/rpc/console/accept_order", Staff(FulfilOrders), "order={order_id}&id={order_id}&from=/console"),
    form("/rpc/console/prepare_order", Staff(FulfilOrders), "order={order_id}&id={order_id}&from=/console"),
    form("/rpc/console/reject_order", Staff(RejectOrders), "order={order_id}&id={order_id}&reason=x&from=/console"),
    form("/rpc/console/redeem_code", Staff(FulfilOrders), "code={pickup_code}&from=/console"),
    get("/console/proposals", Proposals),
    get("/console/proposals/new", Staff(ProposeChanges)),
    get("/console/proposals/{proposal}", Proposals),
    form(
        "/rpc/console/propose",
        Staff(ProposeChanges),
        "key={new_id}&store={store_id}&sku={sku_id}&kind=price&price=1&reason=x&from=/console/proposals",
    ),
    get("/console/shortages", Staff(FulfilOrders)),
    get("/console/shortages/{shortage}", Staff(FulfilOrders)),
    form(
        "/rpc/console/let_shortage_wait",
        Staff(FulfilOrders),
        "id={shortage_id}&hours=1&note=x&from=/console/shortages",
    ),
    form("/rpc/console/submit_proposal", Staff(ProposeChanges), "id={proposal_id}&from=/console/proposals"),
    form("/rpc/console/withdraw_proposal", Staff(ProposeChanges), "id={proposal_id}&from=/console/proposals"),
    form(
        "/rpc/console/decide_proposal",
        Staff(DecideProposals),
        "id={proposal_id}&verdict=approve&from=/console/proposals",
    ),
    // Head office.
    get("/hq/proposals", Proposals),
    get("/hq/proposals/{proposal}", Proposals),
    form("/rpc/hq/decide_proposal", Staff(DecideProposals), "id={proposal_id}&verdict=approve&from=/hq/proposals"),
    form(
        "/rpc/hq/delegate",
        Staff(DecideProposals),
        "key={new_id}&account=niemand&until=2020-01-01&from=/hq/proposals",
    ),
    form("/rpc/hq/end_delegation", Oneself, "id={delegation_id}&from=/hq/proposals"),
    get("/hq", Staff(ReadSales)),
    get("/hq/orders", Staff(ReadOrders)),
    get("/hq/orders/{order}", Staff(ReadOrders)),
    get("/hq/orders/all/{kind}", Staff(ReadOrders)),
    get("/hq/stores", Staff(ReadStores)),
    get("/hq/stores/all/{kind}", Staff(ReadStores)),
    get("/hq/products", Staff(ReadStores)),
    get("/hq/products/all/{kind}", Staff(ReadStores)),
    get("/hq/imports", Everywhere(ManageImports)),
    get("/hq/imports/all/{kind}", Everywhere(ManageImports)),
    get("/hq/imports/new", Everywhere(ManageImports)),
    get("/hq/imports/{import}", Everywhere(ManageImports)),
    get("/hq/imports/{import}/events", Everywhere(ManageImports)),
    get("/hq/imports/{import}/rejects.csv", Everywhere(ManageImports)),
    form(
        "/hq/imports",
        Everywhere(ManageImports),
        "--door\r\ncontent-disposition: form-data; name=\"kind\"\r\n\r\nstores\r\n--door--\r\n",
    ),
    form("/rpc/hq/confirm_import", Everywhere(ManageImports), "id={import}&from=/hq/imports"),
    form("/rpc/hq/cancel_import", Everywhere(ManageImports), "id={import}&from=/hq/imports"),
    form("/rpc/hq/choose_import_columns", Everywhere(ManageImports), "id={import}&from=/hq/imports"),
    get("/hq/keys", Everywhere(ManagePartners)),
    get("/hq/keys/all/{kind}", Everywhere(ManagePartners)),
    get("/hq/keys/new", Everywhere(ManagePartners)),
    form("/hq/keys/{key}/file", Everywhere(ManagePartners), ""),
    form("/rpc/hq/create_key", Everywhere(ManagePartners), "name=x&may.read_orders=on&from=/hq/keys"),
    form("/rpc/hq/revoke_key", Everywhere(ManagePartners), "id={key}&from=/hq/keys"),
    get("/hq/webhooks", Everywhere(ManagePartners)),
    get("/hq/webhooks/all/{kind}", Everywhere(ManagePartners)),
    get("/hq/webhooks/new", Everywhere(ManagePartners)),
    get("/hq/webhooks/{webhook}", Everywhere(ManagePartners)),
    get("/hq/webhooks/{webhook}/edit", Everywhere(ManagePartners)),
    form(
        "/rpc/hq/save_webhook",
        Everywhere(ManagePartners),
        "name=x&url=https://x.example/&of.paid=on&from=/hq/webhooks",
    ),
    form("/rpc/hq/pause_webhook", Everywhere(ManagePartners), "id={webhook}&from=/hq/webhooks"),
    form("/rpc/hq/resume_webhook", Everywhere(ManagePartners), "id={webhook}&from=/hq/webhooks"),
    form("/rpc/hq/renew_webhook_secret", Everywhere(ManagePartners), "id={webhook}&from=/hq/webhooks"),
    form("/rpc/hq/remove_webhook", Everywhere(ManagePartners), "id={webhook}&from=/hq/webhooks"),
    form("/rpc/hq/test_webhook", Everywhere(ManagePartners), "id={webhook}&from=/hq/webhooks"),
    form("/rpc/hq/replay_webhook", Everywhere(ManagePartners), "id={webhook}&from=/hq/webhooks"),
    get("/hq/staff", Staff(ManageStaff)),
    get("/hq/staff/all/{kind}", Staff(ManageStaff)),
    get("/hq/staff/new", Staff(ManageStaff)),
    get("/hq/staff/{person}", Staff(ManageStaff)),
    form(
        "/rpc/hq/hire",
        Staff(ManageStaff),
        "key={new_id}&account=intruder&name=x&password=ein langes gutes Wort&role=clerk&place=stores&stores={store}&from=/hq/staff",
    ),
    form(
        "/rpc/hq/give_grant",
        Staff(ManageStaff),
        "id={staff_id}&role=clerk&place=stores&stores={store}&from=/hq/staff",
    ),
    form("/rpc/hq/take_back_grant", Staff(ManageStaff), "id={staff_id}&grant={grant_id}&from=/hq/staff"),
    form("/rpc/hq/suspend_staff", Staff(ManageStaff), "id={staff_id}&from=/hq/staff"),
    form("/rpc/hq/remove_second_step", Staff(ManageStaff), "id={staff_id}&from=/hq/staff"),
    form("/rpc/hq/log_out_everywhere", Staff(ManageStaff), "id={staff_id}&from=/hq/staff"),
    form("/rpc/hq/restore_staff", Staff(ManageStaff), "id={staff_id}&from=/hq/staff"),
    form(
        "/rpc/hq/reset_staff_password",
        Staff(ManageStaff),
        "id={staff_id}&password=ein langes gutes Wort&from=/hq/staff",
    ),
    get("/hq/roles", Staff(ManageStaff)),
    get("/hq/roles/all/{kind}", Staff(ManageStaff)),
    get("/hq/groups/all/{kind}", Everywhere(ManageStaff)),
    get("/hq/roles/{role}", Everywhere(ManageRoles)),
    form("/rpc/hq/save_role", Everywhere(ManageRoles), "id={role_id}&name=x&may.read_orders=on&from=/hq/roles"),
    form("/rpc/hq/remove_role", Everywhere(ManageRoles), "id={role_id}&from=/hq/roles"),
    get("/hq/groups", Everywhere(ManageStaff)),
    get("/hq/groups/{group}", Everywhere(ManageRoles)),
    form("/rpc/hq/save_store_group", Everywhere(ManageRoles), "id={group_id}&name=x&stores={store}&from=/hq/groups"),
    form("/rpc/hq/remove_store_group", Everywhere(ManageRoles), "id={group_id}&from=/hq/groups"),
    get("/hq/merchants", Everywhere(ManageStaff)),
    get("/hq/merchants/all/{kind}", Everywhere(ManageStaff)),
    get("/hq/merchants/{merchant}", Everywhere(ManageRoles)),
    form(
        "/rpc/hq/save_merchant",
        Everywhere(ManageRoles),
        "id={merchant_id}&code=X1&name=x&stores={store}&from=/hq/merchants",
    ),
    form("/rpc/hq/remove_merchant", Everywhere(ManageRoles), "id={merchant_id}&from=/hq/merchants"),
    get("/hq/departments", Everywhere(ManageStaff)),
    get("/hq/departments/all/{kind}", Everywhere(ManageStaff)),
    get("/hq/departments/{department}", Everywhere(ManageStaff)),
    form("/rpc/hq/save_department", Everywhere(ManageStaff), "id={department_id}&name=x&from=/hq/departments"),
    form("/rpc/hq/remove_department", Everywhere(ManageStaff), "id={department_id}&from=/hq/departments"),
    form("/rpc/hq/assign_department", Staff(ManageStaff), "id={staff_id}&department=&from=/hq/staff"),
    get("/hq/audit", Staff(ReadAudit)),
    get("/hq/audit/all/{kind}", Staff(ReadAudit)),
    // The API.
    get("/api/docs", Nothing),
    get("/api/v1/openapi.json", Nothing),
    door("POST", "/api/v1/auth/codes", Nothing, r#"{"phone":"1"}"#),
    door("POST", "/api/v1/auth/sessions", Nothing, r#"{"phone":"13800000000","code":"000000"}"#),
    door("POST", "/api/v1/auth/staff-sessions", Nothing, r#"{"account":"hq","password":"falsch"}"#),
    door("PUT", "/api/v1/auth/staff-password", Oneself, r#"{"old_password":"falsch","password":"falschfalsch"}"#),
    get("/api/v1/auth/sessions", Oneself),
    door("POST", "/api/v1/auth/staff-codes", Oneself, r#"{"code":"000000"}"#),
    get("/api/v1/auth/second-step", Oneself),
    door("POST", "/api/v1/auth/second-step", Oneself, ""),
    door("PUT", "/api/v1/auth/second-step", Oneself, r#"{"code":"000000"}"#),
    door("DELETE", "/api/v1/auth/sessions/{session_id}", Oneself, ""),
    door("POST", "/api/v1/auth/password-sessions", Nothing, r#"{"phone":"13833334444","password":"falschfalsch"}"#),
    door("POST", "/api/v1/auth/wechat-sessions", Nothing, r#"{"app":"mini_program","code":"x"}"#),
    get("/api/v1/me", Member),
    door("DELETE", "/api/v1/me", Member, r#"{"code":"000000"}"#),
    get("/api/v1/me/account", Member),
    door("POST", "/api/v1/me/codes", Member, r#"{"for":"phone"}"#),
    door("PUT", "/api/v1/me/password", Member, r#"{"password":"ein langes gutes Wort","proof":{"old_code":"000000"}}"#),
    door("DELETE", "/api/v1/me/password", Member, r#"{"old_code":"000000"}"#),
    door("PUT", "/api/v1/me/phone", Member, r#"{"phone":"13833334444","code":"000000","proof":{"old_code":"000000"}}"#),
    door("PUT", "/api/v1/me/wechat", Member, r#"{"code":"x","proof":{"old_code":"000000"}}"#),
    door("DELETE", "/api/v1/me/wechat", Member, r#"{"old_code":"000000"}"#),
    get("/api/v1/me/merges/{merge_id}", Member),
    door("POST", "/api/v1/me/merges/{merge_id}", Member, ""),
    get("/api/v1/me/export", Member),
    get("/api/v1/me/leaving", Member),
    get("/api/v1/stores", Nothing),
    get("/api/v1/places", Nothing),
    get("/api/v1/stores/{store_id}", Nothing),
    get("/api/v1/stores/{store_id}/categories", Nothing),
    get("/api/v1/stores/{store_id}/products", Nothing),
    get("/api/v1/stores/{store_id}/products/{code}", Nothing),
    get("/api/v1/cart", Nothing),
    door("PUT", "/api/v1/cart/lines", Nothing, r#"{"store_id":"{store_id}","sku_id":"{sku_id}","quantity":0}"#),
    door("DELETE", "/api/v1/cart/lines", Nothing, r#"{"store_id":"{store_id}","sku_id":"{sku_id}"}"#),
    get("/api/v1/cart/quotes/{store_id}", Nothing),
    get("/api/v1/holds", Member),
    door(
        "POST",
        "/api/v1/holds",
        Member,
        r#"{"id":"{order_id}","store_id":"{order_id}","sku_id":"{sku_id}","quantity":1}"#,
    ),
    door("DELETE", "/api/v1/holds/{hold_id}", Member, ""),
    get("/api/v1/orders", Member),
    door(
        "POST",
        "/api/v1/orders",
        Member,
        r#"{"id":"{order_id}","store_id":"{store_id}","slot":"2026-01-01T00:00:00Z","expected_total_fen":1,"note":""}"#,
    ),
    get("/api/v1/orders/{order_id}", Member),
    door("POST", "/api/v1/orders/{order_id}/cancel", Member, ""),
    door("POST", "/api/v1/orders/{order_id}/payments", Member, r#"{"id":"{new_id}","cashier":"h5"}"#),
    get("/api/v1/console/board", Staff(ReadOrders)),
    get("/api/v1/console/orders/{order_id}", Staff(ReadOrders)),
    door("POST", "/api/v1/console/orders/{order_id}/accept", Staff(FulfilOrders), ""),
    door("POST", "/api/v1/console/orders/{order_id}/prepare", Staff(FulfilOrders), ""),
    door("POST", "/api/v1/console/orders/{order_id}/reject", Staff(RejectOrders), r#"{"reason":"x"}"#),
    door("POST", "/api/v1/console/redemptions", Staff(FulfilOrders), r#"{"code":"{pickup_code}"}"#),
    get("/api/v1/console/stores/{store_id}/photos", Staff(EditStores)),
    door("POST", "/api/v1/console/stores/{store_id}/photos", Staff(EditStores), "GIF89a"),
    door("PUT", "/api/v1/console/stores/{store_id}/photos", Staff(EditStores), r#"{"photos":["{photo_id}"]}"#),
    door("DELETE", "/api/v1/console/photos/{photo_id}", Staff(EditStores), ""),
    door("POST", "/api/v1/console/photos/{photo_id}/restore", Staff(EditStores), ""),
    get("/api/v1/hq/sales/today", Staff(ReadSales)),
    get("/api/v1/hq/orders", Staff(ReadOrders)),
    get("/api/v1/hq/stores", Staff(ReadStores)),
    get("/api/v1/hq/audit", Staff(ReadAudit)),
    get("/api/v1/proposals", Proposals),
    get("/api/v1/proposals/waiting", Oneself),
    get("/api/v1/proposals/subjects/{store_id}", Staff(ProposeChanges)),
    door(
        "POST",
        "/api/v1/proposals",
        Staff(ProposeChanges),
        r#"{"id":"{new_id}","store_id":"{store_id}","what":{"kind":"price","sku_id":"{sku_id}","price_fen":1},"reason":"x"}"#,
    ),
    get("/api/v1/proposals/{proposal_id}", Proposals),
    door("POST", "/api/v1/proposals/{proposal_id}/submit", Staff(ProposeChanges), ""),
    door("POST", "/api/v1/proposals/{proposal_id}/withdraw", Staff(ProposeChanges), ""),
    door("POST", "/api/v1/proposals/{proposal_id}/decision", Staff(DecideProposals), r#"{"approve":true}"#),
    get("/api/v1/shortages", Staff(FulfilOrders)),
    get("/api/v1/shortages/{shortage_id}", Staff(FulfilOrders)),
    door("POST", "/api/v1/shortages/{shortage_id}/wait", Staff(FulfilOrders), r#"{"hours":1,"note":"x"}"#),
    get("/api/v1/delegations", Staff(DecideProposals)),
    door(
        "POST",
        "/api/v1/delegations",
        Staff(DecideProposals),
        r#"{"id":"{new_id}","account":"niemand","until":"2020-01-01"}"#,
    ),
    door("DELETE", "/api/v1/delegations/{delegation_id}", Oneself, ""),
    get("/api/v1/hq/staff", Staff(ManageStaff)),
    door(
        "POST",
        "/api/v1/hq/staff",
        Staff(ManageStaff),
        r#"{"id":"{new_id}","account":"intruder","name":"x","password":"ein langes gutes Wort","grant":{"role":"clerk","place":{"kind":"stores","codes":["{store}"]}}}"#,
    ),
    get("/api/v1/hq/staff/{staff_id}", Staff(ManageStaff)),
    door(
        "POST",
        "/api/v1/hq/staff/{staff_id}/grants",
        Staff(ManageStaff),
        r#"{"role":"clerk","place":{"kind":"stores","codes":["{store}"]}}"#,
    ),
    door("DELETE", "/api/v1/hq/staff/{staff_id}/grants/{grant_id}", Staff(ManageStaff), ""),
    door("POST", "/api/v1/hq/staff/{staff_id}/suspend", Staff(ManageStaff), ""),
    door("POST", "/api/v1/hq/staff/{staff_id}/restore", Staff(ManageStaff), ""),
    door("PUT", "/api/v1/hq/staff/{staff_id}/password", Staff(ManageStaff), r#"{"password":"ein langes gutes Wort"}"#),
    door("DELETE", "/api/v1/hq/staff/{staff_id}/second-step", Staff(ManageStaff), ""),
    get("/api/v1/hq/staff/{staff_id}/sessions", Staff(ManageStaff)),
    door("DELETE", "/api/v1/hq/staff/{staff_id}/sessions", Staff(ManageStaff), ""),
    get("/api/v1/hq/grant-choices", Staff(ManageStaff)),
    get("/api/v1/hq/roles", Staff(ManageStaff)),
    door("PUT", "/api/v1/hq/roles/{role_id}", Everywhere(ManageRoles), r#"{"name":"x","permissions":["read_orders"]}"#),
    door("DELETE", "/api/v1/hq/roles/{role_id}", Everywhere(ManageRoles), ""),
    get("/api/v1/hq/store-groups", Everywhere(ManageStaff)),
    door("PUT", "/api/v1/hq/store-groups/{group_id}", Everywhere(ManageRoles), r#"{"name":"x","stores":["{store}"]}"#),
    door("DELETE", "/api/v1/hq/store-groups/{group_id}", Everywhere(ManageRoles), ""),
    get("/api/v1/hq/merchants", Everywhere(ManageStaff)),
    door(
        "PUT",
        "/api/v1/hq/merchants/{merchant_id}",
        Everywhere(ManageRoles),
        r#"{"code":"X1","name":"x","stores":["{store}"]}"#,
    ),
    door("DELETE", "/api/v1/hq/merchants/{merchant_id}", Everywhere(ManageRoles), ""),
    get("/api/v1/hq/departments", Everywhere(ManageStaff)),
    door("PUT", "/api/v1/hq/departments/{department_id}", Everywhere(ManageStaff), r#"{"name":"x"}"#),
    door("DELETE", "/api/v1/hq/departments/{department_id}", Everywhere(ManageStaff), ""),
    door("PUT", "/api/v1/hq/staff/{staff_id}/department", Staff(ManageStaff), r#"{"department_id":null}"#),
    // Ends the session that asks, so it is tried by nobody here.
    door("DELETE", "/api/v1/auth/sessions", Oneself, ""),
    form("/rpc/console/log_out", Oneself, "from=/console/login"),
    // Machines: the gateway by its signature, Prometheus and load balancers without names of anybody.
    form("/callbacks/wechat-pay", Nothing, "{}"),
    get("/health", Nothing),
    get("/health/live", Nothing),
    get("/metrics", Nothing),
    get("/favicon.svg", Nothing),
    get("/manifest.webmanifest", Nothing),
    get("/robots.txt", Nothing),
    get("/pictures/{*path}", Nothing),
    get("/pkg/{*path}", Nothing),
];

/// Every door that the sources and the API's document name.
pub fn declared() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = BTreeSet::new();
    for folder in ["app", "server/src"] {
        for text in sources(&root.join(folder)) {
            found.extend(forms_in(&text));
            found.extend(routes_in(&text));
        }
    }
    let document: Value = serde_json::from_str(include_str!("../../src/api/openapi.json")).unwrap();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let methods = operations.as_object().unwrap().keys().filter(|key| *key != "parameters");
        found.extend(methods.map(|method| format!("{} /api/v1{path}", method.to_uppercase())));
    }
    found
}

fn sources(folder: &Path) -> Vec<String> {
    let (mut texts, mut waiting) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = waiting.pop() {
        let entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        for path in entries {
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                texts.push(fs::read_to_string(path).unwrap());
            }
        }
    }
    texts
}

/// The text of a string literal that follows `name` within an attribute.
fn quoted<'a>(attribute: &'a str, name: &str) -> Option<&'a str> {
    attribute.split(name).nth(1)?.split('"').nth(1)
}

/// Server functions: `#[server(prefix = "…", endpoint = "…")]`.
fn forms_in(text: &str) -> Vec<String> {
    let attributes = text.split("#[server(prefix").skip(1).filter_map(|rest| rest.split(")]").next());
    let path = |attribute: &str| {
        let prefix = attribute.split('"').nth(1)?;
        Some(format!("POST {prefix}/{}", quoted(attribute, "endpoint")?))
    };
    attributes.filter_map(path).collect()
}

/// Routes: `.route("…", …)`, and files' `.route_service`.
fn routes_in(text: &str) -> Vec<String> {
    let calls = text.split(".route").skip(1).filter_map(|rest| {
        let rest = rest.trim_start_matches("_service").trim_start().strip_prefix('(')?.trim_start();
        let path = rest.strip_prefix('"')?.split('"').next()?;
        let handler = rest.get(path.len() + 2..)?.trim_start_matches([',', ' ', '\n']);
        Some((path, handler))
    });
    let entry = |(path, handler): (&str, &str)| {
        let method = if handler.starts_with("post(") { "POST" } else { "GET" };
        // Nested below a prefix; the rest of `/rpc` is found by its functions.
        match path {
            "/rpc/{*function}" => None,
            "/wechat-pay" => Some(format!("{method} /callbacks/wechat-pay")),
            "/openapi.json" => Some(format!("{method} /api/v1/openapi.json")),
            _ => Some(format!("{method} {path}")),
        }
    };
    calls.filter_map(entry).collect()
}
