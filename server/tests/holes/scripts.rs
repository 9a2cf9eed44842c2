//! What people type is text wherever it is shown: no script that somebody stored, or put into an address, runs.

use std::collections::BTreeSet;

use reqwest::Method;
use scraper::{ElementRef, Html, Selector};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    inventory::DOORS,
    people,
    support::{
        STORE, Town,
        browser::{Browser, Page},
        program::Program,
    },
};

/// The product that is imported.
const PRODUCT: &str = "xss-1";
const PASSWORD: &str = "雨后 的 茶园 很安静";

/// Ends in a word of its own, by which it is known where it is shown.
const NOTE: &str =
    r#"<script>alert(1)</script>"><img src=x onerror=alert(1)></title><script>{{7*7}}javascript:alert(1)备注"#;
const REASON: &str =
    r#"</textarea><script>alert(1)</script>"><img src=x onerror=alert(1)>{{7*7}}javascript:alert(1)缘由"#;
const PERSON: &str = "<script>alert(1)</script>姓名";
const DEPARTMENT: &str = r#""><img src onerror=alert(1)>部门"#;
const ROLE: &str = "</title><script>alert(1)//角色";
const GROUP: &str = r#""><svg onload=alert(1)>店组"#;
const KEY: &str = "<script>alert(1)</script>{{7*7}}密钥";
const WEBHOOK: &str = r#"javascript:alert(1)"><img src=x onerror=alert(1)>推送"#;
const STORE_NAME: &str = "<script>alert(1)</script>分店";
const ADDRESS: &str = r#""><img src=x onerror=alert(1)>地址"#;
const PRODUCT_NAME: &str = "<script>alert(1)</script>商品";
const SUBTITLE: &str = "</title><script>alert(1)</script>卖点";
const DESCRIPTION: &str = r#""><img src=x onerror=alert(1)>{{7*7}}描述"#;
const CATEGORY: &str = r#""><svg onload=alert(1)>分类"#;
const FILE: &str = "<img src=x onerror=alert(1)>文件.csv";
const COLUMN: &str = "<script>alert(1)</script>列名";

/// What is put into addresses and forms that fail.
const TYPED: &[&str] = &[
    "<script>alert(1)</script>",
    r#""><img src=x onerror=alert(1)>"#,
    "</title><script>alert(1)</script>",
    "javascript:alert(1)",
    "{{7*7}}",
    "'-alert(1)-'",
];

/// What of the page would run, or could be made to.
fn runs(page: &Page) -> Vec<String> {
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    let nonce = policy.split_once("'nonce-").unwrap().1.split('\'').next().unwrap();
    let document = Html::parse_document(&page.html);
    let all = Selector::parse("*").unwrap();
    document.select(&all).flat_map(|element| faults_of(element, nonce)).collect()
}

fn faults_of(element: ElementRef<'_>, nonce: &str) -> Vec<String> {
    let (name, text) = (element.value().name(), element.text().collect::<String>());
    let mut faults = Vec::new();
    if name == "script" && (element.attr("nonce") != Some(nonce) || text.contains("alert")) {
        faults.push(format!("a script of somebody's: {}", element.html()));
    }
    if matches!(name, "iframe" | "object" | "embed" | "base") || (name == "img" && element.attr("src") == Some("x")) {
        faults.push(format!("an element of somebody's: {}", element.html()));
    }
    for (attribute, value) in element.value().attrs() {
        let address: String = value.chars().filter(|sign| !sign.is_control() && *sign != ' ').collect();
        let address = address.to_lowercase();
        let scheme = ["javascript:", "vbscript:", "data:text"].iter().any(|scheme| address.starts_with(scheme));
        let leads = matches!(attribute, "href" | "src" | "action" | "formaction" | "xlink:href" | "data");
        if attribute.starts_with("on") || attribute == "srcdoc" || (leads && scheme) {
            faults.push(format!("{attribute}={value:?} of <{name}>"));
        }
    }
    faults
}

/// Opens an address; nothing of it may run. Answers the page.
async fn open(browser: &mut Browser, address: &str) -> Page {
    let page = browser.open(address).await;
    assert!(page.status < 500, "{address}: {}", page.status);
    harmless(page)
}

#[track_caller]
fn harmless(page: Page) -> Page {
    let faults = runs(&page);
    assert!(faults.is_empty(), "{}: {faults:#?}\n{}", page.url, page.html);
    page
}

/// A row of CSV.
fn row(cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
    cells.join(",") + "\n"
}

/// Imports a table; each of its pages is looked at. Answers its id.
async fn import(office: &mut Browser, kind: &str, table: &str) -> String {
    let fields = [("kind", kind), ("datum", "wgs84"), ("list", "on")];
    let mut page = office.upload("/hq/imports", &fields, (FILE, table.as_bytes())).await;
    let address = page.url.path().to_owned();
    for confirmed in [false, true] {
        if confirmed {
            page = office.send(&page.form("/rpc/hq/confirm_import")).await;
        }
        while page.html.contains("http-equiv=\"refresh\"") {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            page = office.open(&address).await;
        }
        page = harmless(page);
    }
    assert!(page.html.contains("已导入"), "{}", page.html);
    address.rsplit('/').next().unwrap().to_owned()
}

/// What of it a page's address names, by the names that doors have for it.
type Named = Vec<(&'static str, Vec<String>)>;

/// Tables with stores and goods, and forms of head office.
async fn furnish(town: &Town, office: &mut Browser) -> Named {
    let stores = row(&["门店编号", "门店名称", "品牌", "地址", "城市", "地区编码", "经度", "纬度", COLUMN])
        + &row(&["X-1", STORE_NAME, "青禾茶铺", ADDRESS, ADDRESS, "31", "121.47", "31.23", COLUMN])
        + &row(&["X-2", STORE_NAME, "青禾茶铺", ADDRESS, ADDRESS, PERSON, "121.47", "31.23", ""]);
    let (code, name, brand) = ("商品编码", "商品名称", "品牌");
    let products = row(&[code, name, brand, "分类", "规格", "价格(元)", "期初库存", "副标题", "描述", "上架"])
        + &row(&[PRODUCT, PRODUCT_NAME, "青禾茶铺", CATEGORY, GROUP, "9.90", "50", SUBTITLE, DESCRIPTION, "是"])
        + &row(&["xss-2", PRODUCT_NAME, ROLE, CATEGORY, "", "9.90", "50", SUBTITLE, DESCRIPTION, "是"]);
    let imports = vec![import(office, "stores", &stores).await, import(office, "products", &products).await];

    let hq = town.staff("hq").await;
    let (role, group, person) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    let put = async |path: String, body: Value| hq.attempt(Method::PUT, &path, Some(&body)).await.unwrap().done();
    put(format!("/hq/roles/{role}"), json!({ "name": ROLE, "permissions": ["read_orders"] })).await;
    put(format!("/hq/store-groups/{group}"), json!({ "name": GROUP, "stores": [STORE] })).await;
    let (department, merchant) = (Uuid::now_v7(), Uuid::now_v7());
    put(format!("/hq/departments/{department}"), json!({ "name": DEPARTMENT })).await;
    put(format!("/hq/merchants/{merchant}"), json!({ "code": "TYPED-1", "name": GROUP, "stores": [] })).await;
    let grant = json!({ "role": role, "place": { "kind": "group", "id": group } });
    let hire = json!({
        "id": person, "account": "typed", "name": PERSON, "department_id": department, "password": PASSWORD,
        "grant": grant,
    });
    hq.post("/hq/staff", hire).await.done();
    let form = office.open("/hq/keys/new").await.form("/rpc/hq/create_key");
    harmless(office.send(&form.with("name", KEY).with("may.read_orders", "on")).await);
    let form = office.open("/hq/webhooks/new").await.form("/rpc/hq/save_webhook");
    let url = r#"https://x.example/?"><img src=x onerror=alert(1)>"#;
    let webhook = office.send(&form.with("name", WEBHOOK).with("url", url).with("of.paid", "on")).await;
    let webhook = harmless(webhook).url.path().rsplit('/').next().unwrap().to_owned();
    assert_ne!(webhook, "new", "the webhook was refused");
    vec![
        ("import", imports),
        ("person", vec![person.to_string()]),
        ("role", vec![role.to_string()]),
        ("group", vec![group.to_string()]),
        ("department", vec![department.to_string()]),
        ("merchant", vec![merchant.to_string()]),
        ("webhook", vec![webhook]),
    ]
}

/// What is asked for of an order with the note, and turned down for the reason; answers its id.
async fn claim(town: &Town, buyer: &Program) -> String {
    let id = people::claim(town, buyer, STORE, NOTE).await;
    let refusal = json!({ "agree": false, "note": REASON });
    town.staff("hq").await.post(&format!("/console/after-sales/{id}/decision"), refusal).await.done();
    id
}

/// A supplier, an order to it that arrives at the warehouse, and its invoice, with the words; answers their names.
async fn buy(hq: &Program, warehouse: &str, sku: &str) -> Named {
    let [supplier, purchase, receipt, invoice] = [(); 4].map(|()| Uuid::now_v7());
    let put = async |path: String, body: Value| hq.attempt(Method::PUT, &path, Some(&body)).await.unwrap().done();
    let known = json!({ "code": "X-SUP", "name": STORE_NAME, "contact": PERSON, "terms_days": 1, "lead_days": 1 });
    put(format!("/hq/suppliers/{supplier}"), known).await;
    let lines = json!([{ "sku_id": sku, "quantity": 2, "price_fen": 300 }]);
    let order = json!({ "supplier_id": supplier, "location_id": warehouse, "lines": lines, "note": NOTE });
    put(format!("/hq/purchases/{purchase}"), order).await;
    hq.post(&format!("/hq/purchases/{purchase}/submit"), json!({})).await.done();
    let came = json!({ "id": receipt, "lines": [{ "sku_id": sku, "quantity": 1 }], "note": NOTE });
    hq.post(&format!("/console/purchases/{purchase}/receipts"), came).await.done();
    let billed = json!({ "id": invoice, "supplier_id": supplier, "number": ROLE, "dated": "2026-01-01",
                         "amount_fen": 301, "receipts": [receipt], "difference_note": REASON });
    hq.post("/hq/invoices", billed).await.done();
    let paid =
        json!({ "id": Uuid::now_v7(), "amount_fen": 1, "paid_on": "2026-01-01", "reference": ROLE, "note": NOTE });
    hq.post(&format!("/hq/invoices/{invoice}/payments"), paid).await.done();
    vec![
        ("supplier", vec![supplier.to_string()]),
        ("purchase", vec![purchase.to_string()]),
        ("invoice", vec![invoice.to_string()]),
        ("location", vec![warehouse.to_owned()]),
        ("sku", vec![sku.to_owned()]),
    ]
}

/// Two orders with the note, one of them rejected for the reason, and the goods once more in the cart.
async fn shop(town: &Town, buyer: &Program) -> Named {
    let goods = buyer.goods(STORE, PRODUCT).await;
    let mut orders = Vec::new();
    for _ in 0..2 {
        buyer.put("/cart/lines", goods.line(json!(1))).await.done();
        let mut order = buyer.order_for_cart(&goods.store_id).await;
        order["note"] = json!(NOTE);
        let id = buyer.post("/orders", order).await.done()["id"].as_str().unwrap().to_owned();
        town.pay(buyer, &id).await;
        orders.push(id);
    }
    let claim = claim(town, buyer).await;
    let address = Uuid::now_v7();
    let lives =
        json!({ "id": address, "name": PERSON, "phone": "13800000079", "region_code": "310100", "detail": ADDRESS });
    buyer.post("/me/addresses", lives).await.done();
    let reject = format!("/console/orders/{}/reject", orders[0]);
    town.staff("hq").await.post(&reject, json!({ "reason": REASON })).await.done();
    buyer.put("/cart/lines", goods.line(json!(1))).await.done();
    let proposal = Uuid::now_v7();
    let what = json!({ "kind": "price", "sku_id": goods.sku_id, "price_fen": 1 });
    let proposed = json!({ "id": proposal, "store_id": goods.store_id, "what": what, "reason": REASON });
    town.staff("hq").await.post("/proposals", proposed).await.done();
    let (count, loss) = (Uuid::now_v7(), Uuid::now_v7());
    let (at, sku) = (&goods.store_id, &goods.sku_id);
    let begun = json!({ "id": count, "location_id": at, "selection": { "kind": "full" }, "note": NOTE });
    town.staff("hq").await.post("/console/counts", begun).await.done();
    let lost =
        json!({ "id": loss, "location_id": at, "sku_id": sku, "quantity": 30, "kind": "broken", "reason": REASON });
    town.staff("hq").await.post("/console/losses", lost).await.done();
    let manager = town.staff("manager").await;
    let shortage = people::shortage(town, &manager, &goods).await;
    manager.post(&format!("/shortages/{shortage}/wait"), json!({ "hours": 1, "note": NOTE })).await.done();
    let (warehouse, transfer, table) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    let hq = town.staff("hq").await;
    let depot = json!({ "code": "X-DEPOT", "name": STORE_NAME, "region": "310000", "address": ADDRESS });
    hq.attempt(Method::PUT, &format!("/hq/warehouses/{warehouse}"), Some(&depot)).await.unwrap().done();
    let lines = json!([{ "sku_id": goods.sku_id, "quantity": 5 }]);
    let receipt = json!({ "id": Uuid::now_v7(), "location_id": warehouse, "lines": lines, "note": NOTE });
    hq.post("/console/receipts", receipt).await.done();
    let asked =
        json!({ "id": transfer, "from_id": warehouse, "to_id": goods.store_id, "lines": lines, "reason": REASON });
    hq.post("/console/transfers", asked).await.done();
    let (template, rate) = (Uuid::now_v7(), json!({ "first": 1, "first_fen": 800, "further": 1, "further_fen": 200 }));
    let freight = json!({ "name": CATEGORY, "basis": "pieces", "elsewhere": rate });
    hq.attempt(Method::PUT, &format!("/hq/freight-templates/{template}"), Some(&freight)).await.unwrap().done();
    let rows = json!([{ "store": STORE_NAME, "sku": PRODUCT_NAME, "quantity": 1 }]);
    hq.post("/hq/allocations", json!({ "id": table, "from_id": warehouse, "rows": rows, "reason": REASON }))
        .await
        .done();
    let batch = Uuid::now_v7();
    let noted = json!({ "id": batch, "act": "annotate", "orders": [orders[0]], "reason": NOTE });
    hq.post("/hq/order-batches", noted).await.done();
    let bought = buy(&hq, &warehouse.to_string(), &goods.sku_id).await;
    let stores = [STORE, "X-1"].map(str::to_owned).to_vec();
    let named = vec![
        ("count", vec![count.to_string()]),
        ("loss", vec![loss.to_string()]),
        ("order", orders),
        ("batch", vec![batch.to_string()]),
        ("request", vec![claim]),
        ("proposal", vec![proposal.to_string()]),
        ("shortage", vec![shortage]),
        ("transfer", vec![transfer.to_string()]),
        ("warehouse", vec![warehouse.to_string()]),
        ("template", vec![template.to_string()]),
        ("allocation", vec![table.to_string()]),
        ("store", stores),
        ("address", vec![address.to_string()]),
        ("checkout", vec![goods.store_id.clone()]),
        ("product", vec![PRODUCT.into()]),
    ];
    [named, bought].concat()
}

/// Every page of the site, once for each thing that its address may name.
fn pages(named: &Named) -> Vec<String> {
    let no_page = |path: &str| {
        // Files are bytes of ours; what two accounts of one person are asked holds nothing that was typed.
        path.contains(['.', '*'])
            || [
                "/api/",
                "/health",
                "/metrics",
                "/files/",
                "/console/files/",
                "/console/after-sales/files/",
                "/console/loss-photos/",
                "/hq/merchants/{merchant}/papers/",
                "/me/merge/",
            ]
            .iter()
            .any(|one| path.starts_with(one))
    };
    let mut pages = BTreeSet::new();
    for door in DOORS.iter().filter(|door| door.method == "GET" && !no_page(door.path)) {
        if door.path.ends_with("/events") || door.path.ends_with("{kind}") {
            continue;
        }
        // The checkout alone knows a store by its id.
        let path = door.path.replace("/checkout/{store}", "/checkout/{checkout}");
        for at in 0..2 {
            let one = |values: &Vec<String>| values[at.min(values.len() - 1)].clone();
            let fill =
                |path: String, (name, values): &(&str, Vec<String>)| path.replace(&format!("{{{name}}}"), &one(values));
            pages.insert(named.iter().fold(path.clone(), fill));
        }
    }
    pages.into_iter().collect()
}

#[tokio::test]
async fn what_somebody_typed_never_runs_where_others_read_it() {
    let town = Town::start().await;
    let mut office = town.head_office("hq").await;
    let buyer = town.member("13800000079").await;
    let mut shopper = town.browser();
    shopper.cookies.insert("mendian".into(), buyer.token().to_owned());
    let mut named = furnish(&town, &mut office).await;
    named.extend(shop(&town, &buyer).await);

    let mut shown = String::new();
    for address in pages(&named) {
        let staffs = address.starts_with("/hq") || address.starts_with("/console");
        let browser = if staffs { &mut office } else { &mut shopper };
        let page = open(browser, &address).await;
        assert_eq!(page.status, 200, "{address}");
        shown += &page.html;
        // And what stands in the address itself.
        for typed in TYPED {
            let typed = urlencoding(typed);
            for names in ["q state c brand show category place to act role object", "from", "after"] {
                let query: Vec<String> = names.split(' ').map(|name| format!("{name}={typed}")).collect();
                open(browser, &format!("{address}?{}", query.join("&"))).await;
            }
        }
    }
    let words = "备注 缘由 姓名 部门 角色 店组 密钥 推送 分店 地址 商品 卖点 描述 分类 文件 列名";
    let escaped: BTreeSet<&str> = words.split(' ').filter(|word| text_shows(&shown, word)).collect();
    assert_eq!(escaped, words.split(' ').collect(), "what was stored is shown somewhere");
    assert!(!shown.contains(">49"), "a sum of somebody's was worked out");

    let checkout = pages(&named).into_iter().find(|address| address.starts_with("/checkout/")).unwrap();
    failed_forms(&town, &mut office, &mut shopper, &checkout).await;
    let rejects = format!("/hq/imports/{}/rejects.csv", named[0].1[0]);
    files_and_json(&town, &office, &rejects).await;
    town.check_books().await;
}

/// Whether the word is shown right behind a text that would have run.
fn text_shows(html: &str, word: &str) -> bool {
    let before = ["&gt;", ">", "//", "}}", "(1)"];
    before.iter().any(|end| html.contains(&format!("{end}{word}")))
}

fn urlencoding(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Forms that come back with what was typed.
async fn failed_forms(town: &Town, office: &mut Browser, shopper: &mut Browser, checkout: &str) {
    let mut nobody = town.browser();
    for typed in TYPED {
        let page = nobody.open(&format!("/console/login?to={}", urlencoding(typed))).await;
        harmless(nobody.send(&page.form("/console/log_in").with("account", typed).with("password", typed)).await);
        let page = nobody.open(&format!("/login?to={}", urlencoding(typed))).await;
        harmless(nobody.send(&page.form("/shop/ask_code").with("phone", typed)).await);
        let page = shopper.open("/stores").await;
        harmless(shopper.send(&page.form("/shop/choose_place").with("place", typed)).await);
        let page = shopper.open(&format!("/s/{STORE}/p/{PRODUCT}")).await;
        harmless(shopper.send(&page.form("/shop/set_line").with("quantity", typed)).await);
        let page = shopper.open(checkout).await;
        harmless(shopper.send(&page.form("/shop/place_order").with("note", &typed.repeat(20))).await);
        for (address, form, field) in [
            ("/hq/staff/new", "/hq/hire", "account"),
            ("/hq/keys/new", "/hq/create_key", "per_minute"),
            ("/hq/webhooks/new", "/hq/save_webhook", "url"),
            ("/console", "/console/redeem_code", "code"),
        ] {
            let page = office.open(address).await;
            let form = page.form(form).with("name", typed).with("stores", typed).with(field, typed);
            let back = harmless(office.send(&form).await);
            assert_eq!(back.url.path(), address, "{typed} was taken");
        }
    }
}

/// No browser takes a file or JSON for a page.
async fn files_and_json(town: &Town, office: &Browser, rejects: &str) {
    let staff = office.cookies["mendian-staff"].clone();
    let get = async |path: &str| {
        let request = town.raw(Method::GET, path).header("cookie", format!("mendian-staff={staff}"));
        let answer = request.bearer_auth(&staff).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let headers = answer.headers().clone();
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        let header = |name: &str| headers.get(name).map_or(String::new(), |value| value.to_str().unwrap().to_owned());
        (header("content-type"), header("content-disposition"))
    };
    let lists = ["stores", "products", "orders", "imports", "keys", "webhooks", "staff", "roles", "groups", "audit"];
    let files = |kind: &str| lists.map(|list| format!("/hq/{list}/all/{kind}"));
    for path in files("csv").into_iter().chain(files("xlsx")).chain([rejects.to_owned()]) {
        let media = if path.ends_with("csv") { "text/csv" } else { "application/vnd.openxmlformats" };
        let (content, disposition) = get(&path).await;
        assert!(
            content.starts_with(media) && disposition.starts_with("attachment;"),
            "{path}: {content} {disposition}"
        );
    }
    for list in ["orders", "stores", "staff", "roles", "store-groups", "audit"] {
        assert_eq!(get(&format!("/api/v1/hq/{list}")).await.0, "application/json", "{list}");
    }
}
