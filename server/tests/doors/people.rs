//! One person of each kind, and what belongs to others.

use domain::staff::{Permission, Role};
use reqwest::{Method, header::LOCATION};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    inventory::Door,
    support::{
        self, STORE, TEA, Town,
        program::{Goods, Program},
    },
};

/// A store in another city.
const ELSEWHERE: &str = "QH-HZ-001";
/// Another one there.
const ANOTHER: &str = "QH-HZ-002";
const FIRST_PASSWORD: &str = "雨后 的 茶园 很安静";
const PASSWORD: &str = "雨后 的 茶园 真的 很安静";

/// Somebody who knocks.
pub struct Person {
    pub name: String,
    pub is_member: bool,
    pub is_staff: bool,
    pub permissions: Vec<Permission>,
    token: Option<String>,
}

/// What came back.
pub struct Answer {
    pub status: u16,
    to: String,
    pub text: String,
}

impl Answer {
    pub fn leads_to_log_in(&self) -> bool {
        self.to.starts_with("/console/login") || self.to.starts_with("/login")
    }
}

/// Things of others, by the names that doors have for them.
pub struct Foreign {
    names: Vec<(&'static str, String)>,
    /// Words that nobody of the people may read.
    pub secrets: Vec<String>,
}

/// An account with one role at one store, whose first password was replaced; answers its token.
async fn settle(town: &Town, account: &str, role: &str, store: &str) -> (Uuid, String) {
    settle_at(town, account, role, json!({ "kind": "stores", "codes": [store] })).await
}

/// The same at any place.
async fn settle_at(town: &Town, account: &str, role: &str, place: Value) -> (Uuid, String) {
    let hq = town.staff("hq").await;
    let id = Uuid::now_v7();
    let grant = json!({ "role": role, "place": place });
    let body = json!({ "id": id, "account": account, "name": account, "password": FIRST_PASSWORD, "grant": grant });
    hq.post("/hq/staff", body).await.done();
    let log_in = json!({ "account": account, "password": FIRST_PASSWORD });
    let session = town.visitor().post("/auth/staff-sessions", log_in).await.done();
    let new = town.program(session["token"].as_str().unwrap());
    let change = json!({ "old_password": FIRST_PASSWORD, "password": PASSWORD });
    let renewed = new.attempt(Method::PUT, "/auth/staff-password", Some(&change)).await.unwrap().done();
    (id, renewed["token"].as_str().unwrap().to_owned())
}

/// The demo's merchant.
const MERCHANT: &str = "TONGAN";

/// A photo that a store shows, and one that it has removed.
async fn photos(town: &Town, store: &str) -> [String; 2] {
    let hq = town.staff("hq").await;
    let mut ids = Vec::new();
    for color in [40, 80] {
        let photo = support::photo(64, 48, color);
        let path = format!("/api/v1/console/stores/{store}/photos");
        let request = town.raw(Method::POST, &path).bearer_auth(hq.token()).body(photo);
        let added: Value = request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap();
        ids.push(added["id"].as_str().unwrap().to_owned());
    }
    hq.attempt(Method::DELETE, &format!("/console/photos/{}", ids[1]), None).await.unwrap().done();
    [ids[0].clone(), ids[1].clone()]
}

/// A paper of a merchant.
async fn paper(town: &Town, merchant: Uuid) -> String {
    let hq = town.staff("hq").await;
    let path = format!("/api/v1/hq/merchants/{merchant}/papers?kind=licence&name=foreign-licence.pdf");
    let request = town.raw(Method::POST, &path).bearer_auth(hq.token()).body("%PDF-1.7\n%%EOF\n");
    let added: Value = request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap();
    added["id"].as_str().unwrap().to_owned()
}

/// A visitor, a member, one of each role at the demo's first store, and the merchant's own people.
pub async fn people(town: &Town) -> Vec<Person> {
    let member = town.member("13911112222").await;
    let someone = |name: &str, token: Option<String>| Person {
        name: name.into(),
        is_member: false,
        is_staff: false,
        permissions: Vec::new(),
        token,
    };
    let mut people = vec![
        someone("a visitor", None),
        Person { is_member: true, ..someone("another member", Some(member.token().to_owned())) },
    ];
    for role in Role::ALL {
        let (_, token) = settle(town, &format!("near.{}", role.code()), role.code(), STORE).await;
        let permissions = role.permissions().to_vec();
        people.push(Person { is_staff: true, permissions, ..someone(role.code(), Some(token)) });
    }
    let merchants = town.staff("hq").await.get("/hq/merchants").await.done();
    let merchant = merchants.as_array().unwrap().iter().find(|one| one["code"] == MERCHANT).unwrap()["id"].clone();
    for role in [Role::MerchantOwner, Role::MerchantStaff] {
        let (name, place) = (format!("joined.{}", role.code()), json!({ "kind": "merchant", "id": merchant }));
        let (_, token) = settle_at(town, &name, role.code(), place).await;
        people.push(Person { is_staff: true, permissions: role.permissions().to_vec(), ..someone(&name, Some(token)) });
    }
    people
}

/// Why the foreign store proposes what nobody else may read.
const REASON: &str = "异地店临期促销";

/// Why the foreign store asks for goods.
const NEED: &str = "异地店周末备货";

/// What sending costs.
async fn freight_template(town: &Town) -> String {
    let (template, rate) = (Uuid::now_v7(), json!({ "first": 1, "first_fen": 800, "further": 1, "further_fen": 200 }));
    let made = json!({ "name": "异地运费", "basis": "pieces", "elsewhere": rate });
    let hq = town.staff("hq").await;
    hq.attempt(Method::PUT, &format!("/hq/freight-templates/{template}"), Some(&made)).await.unwrap().done();
    template.to_string()
}

/// A warehouse, and what the store elsewhere asks it for.
async fn ask_for_goods(town: &Town, manager: &str, store: &str, sku: &str) -> [String; 2] {
    let (warehouse, transfer) = (Uuid::now_v7(), Uuid::now_v7());
    let made = json!({ "code": "FAR-1", "name": "异地仓", "region": "310000", "address": "一号" });
    let hq = town.staff("hq").await;
    hq.attempt(Method::PUT, &format!("/hq/warehouses/{warehouse}"), Some(&made)).await.unwrap().done();
    let lines = json!([{ "sku_id": sku, "quantity": 1 }]);
    let asked = json!({ "id": transfer, "from_id": warehouse, "to_id": store, "lines": lines, "reason": NEED });
    town.program(manager).post("/console/transfers", asked).await.done();
    [warehouse.to_string(), transfer.to_string()]
}

/// What a supplier of head office is told.
const ORDERED: &str = "异地店采购备注";

/// A supplier, an order to it for the store elsewhere of which some has arrived, and its invoice.
async fn buy(town: &Town, store: &str, sku: &str) -> [String; 3] {
    let [supplier, purchase, receipt, invoice] = [(); 4].map(|()| Uuid::now_v7());
    let hq = town.staff("hq").await;
    let put = async |path: String, body: Value| hq.attempt(Method::PUT, &path, Some(&body)).await.unwrap().done();
    let known = json!({ "code": "FAR-S", "name": "异地供应商", "terms_days": 30, "lead_days": 3 });
    put(format!("/hq/suppliers/{supplier}"), known).await;
    let lines = json!([{ "sku_id": sku, "quantity": 3, "price_fen": 777 }]);
    let order = json!({ "supplier_id": supplier, "location_id": store, "lines": lines, "note": ORDERED });
    put(format!("/hq/purchases/{purchase}"), order).await;
    hq.post(&format!("/hq/purchases/{purchase}/submit"), json!({})).await.done();
    let came = json!({ "id": receipt, "lines": [{ "sku_id": sku, "quantity": 1 }] });
    hq.post(&format!("/console/purchases/{purchase}/receipts"), came).await.done();
    let billed = json!({ "id": invoice, "supplier_id": supplier, "number": "FAR-1", "dated": "2026-01-01",
                         "amount_fen": 777, "receipts": [receipt] });
    hq.post("/hq/invoices", billed).await.done();
    [supplier, purchase, invoice].map(|id| id.to_string())
}

/// The manager of the store elsewhere.
async fn staff_of_store(town: &Town, account: &str) -> String {
    settle(town, account, "store_manager", ELSEWHERE).await.1
}

/// A price that the store elsewhere proposes.
async fn propose(town: &Town, manager: &str, store: &str, sku: &str) -> Uuid {
    let id = Uuid::now_v7();
    let what = json!({ "kind": "price", "sku_id": sku, "price_fen": 999 });
    let proposal = json!({ "id": id, "store_id": store, "what": what, "reason": REASON });
    town.program(manager).post("/proposals", proposal).await.done();
    id
}

/// A case of too little: of goods that could all be sold, and of which one has been since, none is left. `manager` is
/// the store's.
pub async fn shortage(town: &Town, manager: &Program, goods: &Goods) -> String {
    let hq = town.staff("hq").await;
    let id = Uuid::now_v7();
    let what = json!({ "kind": "adjustment", "sku_id": goods.sku_id, "difference": -goods.available });
    let proposal = json!({ "id": id, "store_id": goods.store_id, "what": what, "reason": REASON });
    manager.post("/proposals", proposal).await.done();
    hq.post(&format!("/proposals/{id}/decision"), json!({ "approve": true })).await.done();
    hq.get("/shortages").await.done()["items"][0]["id"].as_str().unwrap().to_owned()
}

/// A count with an entry, a loss and a threshold of the store elsewhere; answers their identities.
async fn stock_papers(town: &Town, manager: &str, store: &str, sku: &str) -> [String; 5] {
    let manager = town.program(manager);
    let (count, entry, loss) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    let begun = json!({ "id": count, "location_id": store, "selection": { "kind": "full" }, "note": REASON });
    manager.post("/console/counts", begun).await.done();
    let lines = manager.get(&format!("/console/counts/{count}/lines?limit=1")).await.done();
    let found = json!({ "id": entry, "code": lines["items"][0]["code"], "pieces": 1 });
    manager.post(&format!("/console/counts/{count}/entries"), found).await.done();
    let lost =
        json!({ "id": loss, "location_id": store, "sku_id": sku, "quantity": 30, "kind": "broken", "reason": REASON });
    manager.post("/console/losses", lost).await.done();
    let rule = json!({ "kind": "low", "location_id": store, "goods": { "for": "all" }, "threshold": 3 });
    let rule = manager.put("/console/alert-rules", rule).await.done()["id"].as_str().unwrap().to_owned();
    let model = json!({ "sku": lines["items"][0]["code"], "store_id": store, "model": "pool", "kept_back": 3 });
    let model = manager.put("/console/stock-models", model).await.done()["id"].as_str().unwrap().to_owned();
    [count.to_string(), entry.to_string(), loss.to_string(), rule, model]
}

impl Person {
    /// Doors that would end the session which the others need are left out.
    pub fn tries(&self, door: &Door) -> bool {
        !door.path.ends_with("log_out") && (door.method, door.path) != ("DELETE", "/api/v1/auth/sessions")
    }

    /// Tries a door with the names of what is another's.
    pub async fn knock(&self, town: &Town, door: &Door, foreign: &Foreign) -> Answer {
        let method = Method::from_bytes(door.method.as_bytes()).unwrap();
        let mut request = town.raw(method, &foreign.named(door.path)).header("sec-fetch-site", "same-origin");
        if let Some(token) = &self.token {
            let cookie = if self.is_staff { "mendian-staff" } else { "mendian" };
            request = if door.is_api() {
                request.bearer_auth(token)
            } else {
                request.header("cookie", format!("{cookie}={token}"))
            };
        }
        if !door.is_api() {
            // As a browser without script asks.
            request = request.header("accept", "text/html");
        }
        let sends = foreign.named(door.sends);
        request = match sends.as_str() {
            "" => request,
            body if door.is_api() => request.header("content-type", "application/json").body(body.to_owned()),
            body if body.starts_with("--") => {
                request.header("content-type", "multipart/form-data; boundary=door").body(body.to_owned())
            }
            body => request.header("content-type", "application/x-www-form-urlencoded").body(body.to_owned()),
        };
        let answer = request.send().await.unwrap();
        let to = answer.headers().get(LOCATION).map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default();
        let status = answer.status().as_u16();
        // A stream of events does not end.
        let text = if door.path.ends_with("/events") { String::new() } else { answer.text().await.unwrap() };
        Answer { status, to, text }
    }
}

/// What head office would write about the order.
const NOTED: &str = "异地批量备注";
/// Goods that nothing else here is about.
const TIN: &str = "qh-mingqian-longjing";

/// What a buyer asks for of an order that was handed over to them at a store, in these words; answers its id.
pub async fn claim(town: &Town, buyer: &Program, store: &str, note: &str) -> String {
    let goods = buyer.goods(store, TIN).await;
    let order = buyer.place(&goods, 1).await;
    town.pay(buyer, &order).await;
    let hq = town.staff("hq").await;
    hq.post(&format!("/console/orders/{order}/accept"), json!({})).await.done();
    let seen = buyer.order(&order).await;
    hq.post("/console/redemptions", json!({ "code": seen["pickup_code"] })).await.done();
    let id = Uuid::now_v7().to_string();
    let lines = json!([{ "line": 1, "quantity": 1 }]);
    let body = json!({ "id": id, "order_id": order, "kind": "refund_only", "lines": lines, "reason": "other",
                       "note": note, "expected_refund_fen": seen["total_fen"] });
    buyer.post("/after-sales", body).await.done();
    id
}

/// Where the foreign member lives.
const DOOR: &str = "异地路 99 号";

/// An address in a member's book; answers its id.
async fn home(member: &Program) -> String {
    let id = Uuid::now_v7().to_string();
    let body = json!({ "id": id, "name": "异地人", "phone": "13833334444", "region_code": "330100", "detail": DOOR });
    member.post("/me/addresses", body).await.done();
    id
}

/// Two accounts of one person, about to become one; answers the offer's id.
async fn merge_offer(town: &Town, member: &Program) -> String {
    let (old, new) = ("13833334444", "13855556666");
    town.member(new).await;
    member.post("/me/codes", json!({ "for": "account" })).await.done();
    let proof = json!({ "old_code": town.code_sent_to(old).await });
    member.post("/me/codes", json!({ "for": "phone", "phone": new })).await.done();
    let body = json!({ "phone": new, "code": town.code_sent_to(new).await, "proof": proof });
    member.put("/me/phone", body).await.done()["merge"]["id"].as_str().unwrap().to_owned()
}

impl Foreign {
    /// An order, an account and everything else that head office has, all at a store where none of the people is.
    pub async fn furnish(town: &Town) -> Self {
        let hq = town.staff("hq").await;
        let buyer = town.member("13833334444").await;
        let goods = buyer.goods(ELSEWHERE, TEA).await;
        let order = buyer.place(&goods, 1).await;
        town.pay(&buyer, &order).await;
        let seen = buyer.order(&order).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (checkout, _) =
            buyer.place_together(&[buyer.goods(ANOTHER, TEA).await, buyer.goods(ELSEWHERE, TEA).await]).await;
        let (number, code) = (text(&seen["number"]), text(&seen["pickup_code"]));
        let (staff, _) = settle(town, "foreign.clerk", "clerk", ELSEWHERE).await;
        let card = hq.get(&format!("/hq/staff/{staff}")).await.done();
        let sessions = hq.get(&format!("/hq/staff/{staff}/sessions")).await.done();
        let (role, group) = (Uuid::now_v7(), Uuid::now_v7());
        let put = async |path: String, body: Value| {
            hq.attempt(Method::PUT, &path, Some(&body)).await.unwrap().done();
        };
        put(format!("/hq/roles/{role}"), json!({ "name": "巡店员", "permissions": ["read_orders"] })).await;
        put(format!("/hq/store-groups/{group}"), json!({ "name": "异地组", "stores": [ELSEWHERE] })).await;
        let (merchant, department) = (Uuid::now_v7(), Uuid::now_v7());
        let joined = json!({ "code": "FAR", "name": "异地商户", "stores": ["BB-GZ-002"] });
        put(format!("/hq/merchants/{merchant}"), joined).await;
        let paper = paper(town, merchant).await;
        put(format!("/hq/departments/{department}"), json!({ "name": "营运部" })).await;
        let mut office = town.head_office("hq").await;
        let page = office.open("/hq/keys/new").await;
        let form = page.form("/rpc/hq/create_key").with("name", "异地伙伴").with("may.read_orders", "on");
        let list = office.send(&form).await;
        let key = list.attribute("form[action$='/file']", "action").unwrap();
        let key = key.split('/').nth(3).unwrap().to_owned();
        let [photo, file] = photos(town, &goods.store_id).await;
        let unknown = Uuid::now_v7().to_string();
        let manager = staff_of_store(town, "foreign.manager").await;
        let proposal = propose(town, &manager, &goods.store_id, &goods.sku_id).await;
        let [count, entry, loss, rule, model] = stock_papers(town, &manager, &goods.store_id, &goods.sku_id).await;
        let shortage = shortage(town, &town.program(&manager), &goods).await;
        let claim = claim(town, &buyer, ELSEWHERE, REASON).await;
        let wide = json!({ "sku": format!("{TEA}-l"), "store_id": goods.store_id, "channel": "shop", "most": 1000 });
        let answer = hq.attempt(Method::PUT, "/console/channel-quotas", Some(&wide)).await.unwrap().done();
        let quota = text(&answer["id"]);
        let sale = Uuid::now_v7().to_string();
        let sold = json!({ "id": sale, "lines": [{ "code": format!("{TEA}-l"), "pieces": 1 }], "handed_over": true });
        hq.post(&format!("/console/stores/{}/counter-sales", goods.store_id), sold).await.done();
        let template = freight_template(town).await;
        let [warehouse, transfer] = ask_for_goods(town, &manager, &goods.store_id, &goods.sku_id).await;
        let [supplier, purchase, invoice] = buy(town, &goods.store_id, &goods.sku_id).await;
        let address = home(&buyer).await;
        let offer = merge_offer(town, &buyer).await;
        let batch = Uuid::now_v7().to_string();
        let noted = json!({ "id": batch, "act": "annotate", "orders": [order], "reason": NOTED });
        hq.post("/hq/order-batches", noted).await.done();
        let names = vec![
            ("order", order.clone()),
            ("order_id", order.clone()),
            ("id", order),
            ("checkout_id", checkout),
            ("store", ELSEWHERE.into()),
            ("store_id", goods.store_id.clone()),
            ("sku_id", goods.sku_id.clone()),
            ("product", TEA.into()),
            ("code", TEA.into()),
            ("pickup_code", code.clone()),
            ("person", staff.to_string()),
            ("staff_id", staff.to_string()),
            ("grant_id", text(&card["grants"][0]["id"])),
            ("session_id", text(&sessions[0]["id"])),
            ("role", role.to_string()),
            ("role_id", role.to_string()),
            ("group", group.to_string()),
            ("group_id", group.to_string()),
            ("merchant", merchant.to_string()),
            ("merchant_id", merchant.to_string()),
            ("paper", paper.clone()),
            ("paper_id", paper),
            ("department", department.to_string()),
            ("department_id", department.to_string()),
            ("key", key),
            ("proposal", proposal.to_string()),
            ("proposal_id", proposal.to_string()),
            ("shortage", shortage.clone()),
            ("shortage_id", shortage),
            ("transfer", transfer.clone()),
            ("transfer_id", transfer),
            ("warehouse", warehouse.clone()),
            ("warehouse_id", warehouse),
            ("supplier", supplier.clone()),
            ("supplier_id", supplier),
            ("purchase", purchase.clone()),
            ("purchase_id", purchase),
            ("invoice", invoice.clone()),
            ("invoice_id", invoice),
            ("location", goods.store_id.clone()),
            ("sku", goods.sku_id.clone()),
            ("location_id", goods.store_id.clone()),
            ("allocation", unknown.clone()),
            ("allocation_id", unknown.clone()),
            ("delegation_id", unknown.clone()),
            ("template", template.clone()),
            ("template_id", template),
            ("address", address.clone()),
            ("address_id", address),
            ("merge", offer.clone()),
            ("merge_id", offer),
            ("count", count.clone()),
            ("count_id", count),
            ("entry_id", entry),
            ("loss", loss.clone()),
            ("loss_id", loss),
            ("rule_id", rule),
            ("model_id", model),
            ("end_id", unknown.clone()),
            ("sale_id", sale),
            ("quota_id", quota),
            ("alert_id", unknown.clone()),
            ("ride_id", unknown.clone()),
            ("list_id", unknown.clone()),
            ("parcel_id", unknown.clone()),
            ("payment_id", unknown.clone()),
            ("category_id", unknown.clone()),
            ("webhook", unknown.clone()),
            ("import", unknown.clone()),
            ("refund_id", unknown.clone()),
            ("batch", batch.clone()),
            ("batch_id", batch),
            ("hold_id", unknown),
            ("return_code", "0000000000".into()),
            ("request", claim.clone()),
            ("after_sales_id", claim),
            ("photo_id", photo),
            ("file", file),
            ("size", "small".into()),
            ("kind", "csv".into()),
        ];
        Self {
            names,
            secrets: vec![
                number,
                code,
                "foreign.clerk".into(),
                "异地组".into(),
                "异地商户".into(),
                "foreign-licence".into(),
                "异地伙伴".into(),
                REASON.into(),
                NEED.into(),
                ORDERED.into(),
                NOTED.into(),
                "异地供应商".into(),
                DOOR.into(),
            ],
        }
    }

    /// A text with the names in braces replaced by those of the foreign things.
    pub fn named(&self, text: &str) -> String {
        let fresh = Uuid::now_v7().to_string();
        let names = self.names.iter().map(|(name, value)| (*name, value.as_str())).chain([("new_id", fresh.as_str())]);
        names.fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
    }

    /// All that could have been changed, as head office sees it.
    pub async fn state(&self, town: &Town) -> Vec<Value> {
        let hq = town.staff("hq").await;
        let mut seen = Vec::new();
        for path in [
            "/hq/orders?limit=100",
            "/hq/staff?limit=200",
            "/hq/roles",
            "/hq/store-groups",
            "/hq/merchants",
            "/hq/departments",
            "/hq/audit?limit=200",
            "/proposals",
            "/shortages",
            "/shortage-rules",
            "/hq/unclaimed-rule",
            "/cancel-rules",
            "/approval-limits",
            "/console/after-sales",
            "/console/counts",
            "/console/losses",
            "/console/alert-rules",
            "/console/stock-models",
            "/console/purchase-limits",
            "/console/channel-quotas",
            "/console/transfers",
            "/hq/warehouses",
            "/hq/supply-prices",
            "/hq/freight-templates",
            "/hq/after-sales-terms",
            "/hq/express-stores",
            "/hq/routing",
            "/hq/delivery-priorities",
            "/hq/suppliers",
            "/console/purchases",
            "/console/set-apart",
            "/hq/invoices",
            "/hq/payables",
            "/hq/costs",
        ] {
            seen.push(hq.get(path).await.done());
        }
        seen.push(hq.get(&self.named("/console/stores/{store_id}/photos")).await.done());
        seen.push(hq.get(&self.named("/hq/merchants/{merchant_id}/papers")).await.done());
        seen.push(hq.get(&self.named("/console/stores/{store_id}/fulfilment")).await.done());
        seen.push(hq.get(&self.named("/console/stores/{store_id}/opening")).await.done());
        seen.push(hq.get(&self.named("/console/counts/{count_id}")).await.done());
        seen.push(hq.get(&self.named("/console/stores/{store_id}/counter-sales")).await.done());
        let staff = &self.names.iter().find(|(name, _)| *name == "staff_id").unwrap().1;
        seen.push(hq.get(&format!("/hq/staff/{staff}/sessions")).await.done());
        // Whoever looks has just logged in.
        for person in seen[1]["items"].as_array_mut().unwrap() {
            person["last_log_in_at"] = Value::Null;
        }
        seen
    }
}
