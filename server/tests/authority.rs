//! People and their authority on head office's pages, without script.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use support::{Town, browser::Browser};

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
