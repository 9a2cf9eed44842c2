//! People and their authority on head office's pages, without script.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use support::{STORE, TEA, Town, browser::Browser};
use uuid::Uuid;

const FIRST_PASSWORD: &str = "雨后 的 茶园 很安静";
const OWN_PASSWORD: &str = "只有 我 知道 的 那句话";

/// Hires somebody through the pages; answers the page that follows.
async fn hire(office: &mut Browser, account: &str, fields: &[(&str, &str)]) -> support::browser::Page {
    let page = office.open("/hq/staff/new").await;
    let form = page.form("/rpc/hq/hire").with("account", account).with("name", "林姐").with("password", FIRST_PASSWORD);
    let form = fields.iter().fold(form, |form, (name, value)| form.with(name, value));
    office.send(&form).await
}

async fn log_in(town: &Town, account: &str, password: &str) -> (Browser, support::browser::Page) {
    let mut browser = town.browser();
    let page = browser.open("/console/login").await;
    let form = page.form("/console/log_in").with("account", account).with("password", password);
    let next = browser.send(&form).await;
    (browser, next)
}

const MANAGER: &[(&str, &str)] = &[("role", "store_manager"), ("place", "stores"), ("stores", "QH-SH-001")];

#[tokio::test]
async fn somebody_is_hired_logs_in_and_loses_the_grant_again() {
    let town = Town::start().await;
    let mut office = town.head_office("hq").await;

    let wrong =
        hire(&mut office, "Lin!", &[("role", "store_manager"), ("place", "stores"), ("stores", "NOWHERE")]).await;
    assert!(wrong.html.contains("3 到 32 位小写字母或数字"), "{}", wrong.html);
    assert_eq!(wrong.form("/rpc/hq/hire").value("name"), Some("林姐"), "what was typed is kept");
    assert!(!wrong.html.contains(FIRST_PASSWORD), "but for the password");
    let wrong =
        hire(&mut office, "lin", &[("role", "store_manager"), ("place", "stores"), ("stores", "NOWHERE")]).await;
    assert!(wrong.html.contains("您的范围内没有这些门店：NOWHERE"), "{}", wrong.html);
    let wrong = hire(&mut office, "clerk", MANAGER).await;
    assert!(wrong.html.contains("这个账号已有人使用"), "{}", wrong.html);

    let card = hire(&mut office, "lin", MANAGER).await;
    assert!(card.url.path().starts_with("/hq/staff/"), "{}", card.url);
    assert!(card.html.contains("店长") && card.html.contains("人民广场店") && card.html.contains("初始密码还没有修改"));

    let (mut lin, page) = log_in(&town, "lin", FIRST_PASSWORD).await;
    assert_eq!(page.url.path(), "/console/account", "first of all the password is changed");
    let shut = lin.open("/console").await;
    assert_eq!(shut.url.path(), "/console/account", "until then nothing else opens");
    let form = page.form("/rpc/console/change_password").with("old_password", FIRST_PASSWORD);
    let wrong = lin.send(&form.clone().with("password", "password1").with("password_again", "password1")).await;
    assert!(wrong.html.contains("太常见"), "{}", wrong.html);
    let done = lin.send(&form.with("password", OWN_PASSWORD).with("password_again", OWN_PASSWORD)).await;
    assert!(done.html.contains("密码已修改"), "{}", done.html);
    assert_eq!(lin.open("/console").await.status, 200);

    let card = office.open(card.url.as_str()).await;
    let card = office.send(&card.form("/rpc/hq/take_back_grant")).await;
    assert!(card.html.contains("已收回") && card.html.contains("还没有授权"), "{}", card.html);
    assert_eq!(lin.open("/console").await.url.path(), "/console/login", "whoever lost a right logs in anew");
    assert!(!town.keeps(OWN_PASSWORD) && !town.keeps(FIRST_PASSWORD), "a password is kept somewhere");
}

#[tokio::test]
async fn a_regional_manager_sees_and_staffs_the_region_alone_and_the_log_tells_it() {
    let town = Town::start().await;
    let mut office = town.head_office("hq").await;
    hire(&mut office, "near", MANAGER).await;
    let elsewhere = [("role", "clerk"), ("place", "stores"), ("stores", "QH-HZ-001")];
    let far = hire(&mut office, "far", &elsewhere).await;

    let mut region = town.head_office("shanghai").await;
    let list = region.open("/hq/staff").await;
    assert!(list.html.contains("near") && !list.html.contains("far"), "{}", list.html);
    assert_eq!(region.open(far.url.path()).await.status, 404);
    let file = region.download("/hq/staff/all/csv").await;
    let file = String::from_utf8(file).unwrap();
    assert!(file.contains("near") && !file.contains("far"), "{file}");
    let refused = hire(&mut region, "friend", &elsewhere).await;
    assert!(refused.html.contains("您的范围内没有这些门店"), "{}", refused.html);
    let form = region.open("/hq/staff/new").await;
    assert!(form.html.contains("上海市") && !form.html.contains("浙江省"), "only regions of theirs are offered");
    assert!(!form.html.contains("全部门店") && !form.html.contains("super_admin"), "{}", form.html);
    hire(&mut region, "clerk2", &[("role", "clerk"), ("place", "region"), ("region", "310000")]).await;

    let log = office.open("/hq/audit?q=clerk2").await;
    assert!(log.html.contains("新建员工") && log.html.contains("上海区域经理"), "{}", log.html);
    let log = region.open("/hq/audit").await;
    assert!(log.html.contains("人民广场店") && !log.html.contains("杭州"), "{}", log.html);
    let nothing = office.open("/hq/audit?act=revoke_key").await;
    assert!(nothing.html.contains("没有符合条件的记录"), "{}", nothing.html);
    let odd = office.open("/hq/audit?from=0000-13-40").await;
    assert_eq!(odd.status, 422, "{}", odd.html);
    assert_eq!(town.head_office("clerk").await.open("/hq/audit").await.status, 403);
}

#[tokio::test]
async fn roles_and_groups_of_the_customers_own_are_made_given_and_removed() {
    let town = Town::start().await;
    let mut office = town.head_office("hq").await;
    let list = office.open("/hq/roles").await;
    let new = list.attribute("a[href^='/hq/roles/']:not([href*='/all/'])", "href").unwrap();
    let form = office.open(&new).await.form("/rpc/hq/save_role");
    let wrong = office.send(&form.clone().with("name", "巡店员")).await;
    assert!(wrong.html.contains("请至少勾选一项权限") && wrong.html.contains("巡店员"), "{}", wrong.html);
    let list = office.send(&form.with("name", "巡店员").with("may.read_orders", "on")).await;
    assert!(list.html.contains("巡店员") && list.html.contains("已保存"), "{}", list.html);

    let empty = office.open("/hq/groups").await;
    let new = empty.attribute("a[href^='/hq/groups/']:not([href*='/all/'])", "href").unwrap();
    let form = office.open(&new).await.form("/rpc/hq/save_store_group").with("name", "试点");
    let wrong = office.send(&form.clone().with("stores", "QH-SH-001 NOWHERE")).await;
    assert!(wrong.html.contains("没有这些门店：NOWHERE"), "{}", wrong.html);
    let groups = office.send(&form.with("stores", "QH-SH-001，QH-HZ-001")).await;
    assert!(groups.html.contains("2 家：QH-HZ-001、QH-SH-001"), "{}", groups.html);

    let page = office.open("/hq/staff/new").await;
    let option = |page: &support::browser::Page, text: &str| {
        let at = page.html.find(text).unwrap();
        page.html[..at].rsplit("value=\"").next().unwrap().split('"').next().unwrap().to_owned()
    };
    let (role, group) = (option(&page, ">巡店员</option>"), option(&page, ">试点（2 家）</option>"));
    let card = hire(&mut office, "lin", &[("role", &role), ("place", "group"), ("group", &group)]).await;
    assert!(card.html.contains("试点（2 家）"), "{}", card.html);
    assert!(!office.open("/hq/roles").await.html.contains("/rpc/hq/remove_role"), "a role that somebody has stays");
    office.send(&card.form("/rpc/hq/take_back_grant")).await;
    let roles = office.open("/hq/roles").await;
    let roles = office.send(&roles.form("/rpc/hq/remove_role")).await;
    assert!(roles.html.contains("已删除") && !roles.html.contains("巡店员"), "{}", roles.html);
}

/// The six digits that an app shows which took the secret of the account's page.
fn code_of(page: &support::browser::Page) -> String {
    let secret = page.text("#second-step code").unwrap().replace(' ', "");
    let totp = totp_rs::Builder::new().with_secret(totp_rs::Secret::try_from_base32(secret).unwrap()).build().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    totp.generate(now.as_secs()).to_string()
}

#[tokio::test]
async fn a_second_step_is_set_up_asked_for_and_taken_away_again() {
    let town = Town::start().await;
    let mut office = town.head_office("hq").await;
    let card = hire(&mut office, "lin", MANAGER).await;
    let (mut lin, page) = log_in(&town, "lin", FIRST_PASSWORD).await;
    assert!(!page.html.contains("两步验证"), "first of all the password is changed");
    let form = page.form("/rpc/console/change_password").with("old_password", FIRST_PASSWORD);
    let page = lin.send(&form.with("password", OWN_PASSWORD).with("password_again", OWN_PASSWORD)).await;
    let page = lin.send(&page.form("/rpc/console/begin_second_step")).await;
    assert!(page.html.contains("<svg") && page.html.contains("手动输入密钥"), "{}", page.html);
    let wrong = lin.send(&page.form("/rpc/console/confirm_second_step").with("code", "12 34")).await;
    assert!(wrong.html.contains("请输入验证器上的 6 位数字"), "{}", wrong.html);
    let code = code_of(&page);
    let on = lin.send(&page.form("/rpc/console/confirm_second_step").with("code", &code)).await;
    assert!(on.html.contains("两步验证已开启"), "{}", on.html);

    let (mut other, page) = log_in(&town, "lin", OWN_PASSWORD).await;
    assert_eq!(page.url.path(), "/console/code");
    assert_eq!(other.open("/console").await.url.path(), "/console/login", "the password alone opens nothing");
    let again = other.send(&page.form("/rpc/console/enter_code").with("code", &code)).await;
    assert!(again.html.contains("已经用过"), "{}", again.html);

    let card = office.open(card.url.as_str()).await;
    let card = office.send(&card.form("/rpc/hq/remove_second_step")).await;
    assert!(card.html.contains("已解除两步验证"), "{}", card.html);
    let (_, page) = log_in(&town, "lin", OWN_PASSWORD).await;
    assert_eq!(page.url.path(), "/console");
}

/// What stands in the demo's merchant's store in Shanghai.
const JOINED: (&str, &str) = ("BB-SH-004", "bb-naifen");

#[tokio::test]
async fn a_merchants_owner_works_with_their_stores_alone_on_pages_in_files_and_in_the_api() {
    let town = Town::start().await;
    let buyer = town.member("13811112222").await;
    let (own, strange) = (buyer.goods(JOINED.0, JOINED.1).await, buyer.goods(STORE, TEA).await);
    let (theirs, anothers) = (buyer.place(&own, 1).await, buyer.place(&strange, 1).await);
    town.pay(&buyer, &theirs).await;
    town.pay(&buyer, &anothers).await;
    let number = |order: Value| order["number"].as_str().unwrap().to_owned();
    let (theirs_number, anothers_number) = (number(buyer.order(&theirs).await), number(buyer.order(&anothers).await));

    let mut owner = town.head_office("merchant").await;
    let mut seen = Vec::new();
    for page in ["/hq/orders", "/console/orders", "/console"] {
        seen.push(owner.open(page).await.html);
    }
    for file in ["/hq/orders/all/csv", "/hq/orders/all/csv?state=paid"] {
        seen.push(String::from_utf8(owner.download(file).await).unwrap());
    }
    let api = town.staff("merchant").await;
    for path in ["/hq/orders", "/console/board"] {
        seen.push(api.get(path).await.done().to_string());
    }
    for text in seen {
        let their = text.contains(&theirs_number) || text.contains(&theirs);
        assert!(their && !text.contains(&anothers_number) && !text.contains(&anothers), "{text}");
    }
    let stores = api.get("/hq/stores").await.done();
    assert_eq!(stores["total"], 2, "{stores}");
    let sold = api.get("/hq/sales/today").await.done();
    assert!(sold.to_string().contains("七宝店") && !sold.to_string().contains("人民广场店"), "{sold}");
    api.get(&format!("/console/orders/{anothers}")).await.refused(404, "not_found");
    api.post(&format!("/console/orders/{anothers}/accept"), json!({})).await.refused(404, "not_found");
    api.attempt(Method::POST, &format!("/console/orders/{theirs}/accept"), None).await.unwrap().done();
    let log = owner.open("/hq/audit").await.html;
    assert!(log.contains(&theirs_number) && log.contains("接单"), "{log}");
    assert_eq!(owner.open("/hq/merchants").await.status, 403);

    let form = owner.open("/hq/staff/new").await;
    assert!(form.html.contains("童安母婴（2 家）") && !form.html.contains("全部门店"), "{}", form.html);
    let merchant = api.get("/hq/grant-choices").await.done()["merchants"][0]["id"].as_str().unwrap().to_owned();
    let offered = form.form("/rpc/hq/hire");
    assert_eq!((offered.value("place"), offered.value("merchant")), (Some("merchant"), Some(merchant.as_str())));
    let card = hire(&mut owner, "helper", &[("role", "merchant_staff")]).await;
    assert!(card.html.contains("童安母婴（2 家）"), "{}", card.html);
    let elsewhere = hire(&mut owner, "spy", &[("role", "clerk"), ("place", "stores"), ("stores", STORE)]).await;
    assert!(elsewhere.html.contains("您的范围内没有这些门店"), "{}", elsewhere.html);
}

#[tokio::test]
async fn merchants_and_departments_are_made_on_their_pages() {
    let town = Town::start().await;
    let mut office = town.head_office("hq").await;
    let list = office.open("/hq/merchants").await;
    assert!(list.html.contains("2 家：BB-NB-002、BB-SH-004"), "{}", list.html);
    let new = list.attribute("a[href^='/hq/merchants/'][class*='primary']", "href").unwrap();
    let form = office.open(&new).await.form("/rpc/hq/save_merchant").with("name", "南方母婴").with("code", "south");
    let wrong = office.send(&form).await;
    assert!(wrong.html.contains("2 到 20 位大写字母或数字") && wrong.html.contains("南方母婴"), "{}", wrong.html);
    let form = form.with("code", "SOUTH");
    for (stores, complaint) in
        [("QH-SH-001", "这些门店的经营方式不是「入驻」"), ("BB-SH-004", "这些门店已属于其他商户")]
    {
        let wrong = office.send(&form.clone().with("stores", stores)).await;
        assert!(wrong.html.contains(&format!("{complaint}：{stores}")), "{}", wrong.html);
    }
    let list = office.send(&form.with("stores", "BB-GZ-002")).await;
    assert!(list.html.contains("1 家：BB-GZ-002") && list.html.contains("已保存"), "{}", list.html);
    let file = String::from_utf8(office.download("/hq/merchants/all/csv").await).unwrap();
    assert!(file.contains("SOUTH,南方母婴,BB-GZ-002,0"), "{file}");
    let page = office.open(&new).await;
    let hiring = page.attribute("a[href^='/hq/staff/new?']", "href").unwrap();
    let form = office.open(&hiring).await.form("/rpc/hq/hire");
    assert_eq!((form.value("role"), form.value("place")), (Some("merchant_owner"), Some("merchant")));

    let list = office.open("/hq/departments").await;
    assert!(list.html.contains("信息部") && list.html.contains("1 人"), "{}", list.html);
    let new = list.attribute("a[href^='/hq/departments/'][class*='primary']", "href").unwrap();
    let form = office.open(&new).await.form("/rpc/hq/save_department").with("name", "信息部");
    let wrong = office.send(&form).await;
    assert!(wrong.html.contains("已有同名部门"), "{}", wrong.html);
    office.send(&form.with("name", "营运部")).await;
    let department = new.rsplit('/').next().unwrap().to_owned();
    let fields = [MANAGER, &[("department", department.as_str())]].concat();
    let card = hire(&mut office, "lin", &fields).await;
    assert!(card.html.contains("营运部"), "{}", card.html);
    let people = office.open(&format!("/hq/staff?department={department}")).await.html;
    assert!(people.contains("林姐") && !people.contains("顾经理"), "{people}");
    let file = String::from_utf8(office.download(&format!("/hq/staff/all/csv?department={department}")).await).unwrap();
    assert!(file.contains("林姐") && !file.contains("顾经理"), "{file}");
    let hq = town.staff("hq").await;
    assert_eq!(hq.get(&format!("/hq/staff?department_id={department}")).await.done()["total"], 1);
    let delete = |path: String| {
        let hq = hq.clone();
        async move { hq.attempt(Method::DELETE, &path, None).await.unwrap() }
    };
    delete(format!("/hq/departments/{department}")).await.refused(409, "department_has_people");
    let form = office.open(card.url.path()).await.form("/rpc/hq/assign_department").with("department", "");
    let card = office.send(&form).await;
    assert!(card.html.contains("部门已调整"), "{}", card.html);
    delete(format!("/hq/departments/{department}")).await.done();
    let log = office.open("/hq/audit?act=assign_department").await.html;
    assert!(log.contains("营运部 → 无"), "{log}");
}

#[tokio::test]
async fn a_phone_is_whole_to_those_alone_who_may_see_it_on_pages_in_files_and_in_the_api() {
    let town = Town::start().await;
    let (whole, masked) = ("13822223333", "138****3333");
    let buyer = town.member(whole).await;
    let goods = buyer.goods(STORE, TEA).await;
    let order = buyer.place(&goods, 1).await;
    town.pay(&buyer, &order).await;
    let order_path = format!("/console/orders/{order}");

    let hq = town.staff("hq").await;
    let role = Uuid::now_v7();
    let callers = json!({ "name": "回访员", "permissions": ["use_hq", "read_orders", "see_phones"] });
    hq.put(&format!("/hq/roles/{role}"), callers).await.done();
    let mut office = town.head_office("hq").await;
    // One may see phones at another store, and orders here.
    for (account, code) in [("near", STORE), ("far", "QH-HZ-001")] {
        let card =
            hire(&mut office, account, &[("role", &role.to_string()), ("place", "stores"), ("stores", code)]).await;
        let clerk = [("role", "clerk"), ("place", "stores"), ("stores", STORE)];
        let form = card.form("/rpc/hq/give_grant");
        office.send(&clerk.iter().fold(form, |form, (name, value)| form.with(name, value))).await;
    }
    for (account, expected, other) in [("near", whole, masked), ("far", masked, whole)] {
        let (mut person, page) = log_in(&town, account, FIRST_PASSWORD).await;
        let form = page.form("/rpc/console/change_password").with("old_password", FIRST_PASSWORD);
        person.send(&form.with("password", OWN_PASSWORD).with("password_again", OWN_PASSWORD)).await;
        let body = json!({ "account": account, "password": OWN_PASSWORD });
        let session = town.visitor().post("/auth/staff-sessions", body).await.done();
        let api = town.program(session["token"].as_str().unwrap());
        assert_eq!(api.get(&order_path).await.done()["shopper_phone"], expected);
        let file = String::from_utf8(person.download("/hq/orders/all/csv?state=paid").await).unwrap();
        for text in [person.open(&format!("/hq/orders/{order}")).await.html, person.open(&order_path).await.html, file]
        {
            assert!(text.contains(expected) && !text.contains(other), "{account}: {text}");
        }
        let list = person.open("/hq/orders").await.html + &api.get("/hq/orders").await.done().to_string();
        assert!(!list.contains(whole), "lists have the end alone");
    }
    assert_eq!(buyer.order(&order).await["shopper_phone"], whole, "one's own");
    let log = hq.get("/hq/audit?act=export_phones").await.done();
    let items = log["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["after"]["phones"]), (1, &json!(1)), "{log}");
    assert!(!log.to_string().contains(whole), "{log}");
}
