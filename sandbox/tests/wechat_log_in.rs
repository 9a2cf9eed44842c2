//! WeChat's log-in, driven by the client the server uses and by a browser's requests.

#![allow(clippy::unwrap_used, reason = "in a test, the panic is the report")]

mod party;

use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use partners::{
    wechat_log_in::{App, AppKind, Apps, Browser, Identity, LogInFailure, WeChatLogIn},
    wechat_pay::signing::new_nonce,
};
use party::{Party, client};
use reqwest::{Response, StatusCode, Url};
use serde_json::{Value, json};

const BACK: &str = "http://localhost:3000/wechat/back?next=%2Fcart";

struct Scene {
    party: Party,
    data: PathBuf,
    log_in: WeChatLogIn,
}

fn start(data: &Path, more: &[&str]) -> Party {
    Party::start(&[&["wechat-log-in", "--data", data.to_str().unwrap()], more].concat())
}

fn apps(data: &Path) -> Apps {
    Apps::from_file(&data.join("apps.json")).unwrap()
}

impl Scene {
    fn new(more: &[&str]) -> Self {
        let data = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(new_nonce());
        let party = start(&data, more);
        let log_in = WeChatLogIn::new(apps(&data)).unwrap();
        Self { party, data, log_in }
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let answered = client().post(format!("{}{path}", self.party.url)).json(&body).send().await.unwrap();
        answered.error_for_status().unwrap().json().await.unwrap()
    }

    async fn code(&self, person: &str, app: &str) -> String {
        self.post("/sandbox/code", json!({"person": person, "app": app})).await["code"].as_str().unwrap().to_owned()
    }

    async fn at_the_mini_program(&self, person: &str) -> Result<Identity, LogInFailure> {
        self.log_in.mini_program(&self.code(person, "mini_program").await).await
    }

    /// A client whose apps have been changed.
    fn changed(&self, change: impl FnOnce(&mut Apps)) -> WeChatLogIn {
        let mut apps = apps(&self.data);
        change(&mut apps);
        WeChatLogIn::new(apps).unwrap()
    }

    /// What an endpoint answers to these parameters.
    async fn errcode(&self, path: &str, parameters: &[(&str, &str)]) -> i64 {
        let asked = client().get(format!("{}{path}", self.party.url)).query(parameters).send().await.unwrap();
        assert_eq!(asked.headers()["content-type"], "text/plain");
        serde_json::from_str::<Value>(&asked.text().await.unwrap()).unwrap()["errcode"].as_i64().unwrap()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

async fn open(url: &str) -> (StatusCode, String) {
    let answered = client().get(url).send().await.unwrap();
    (answered.status(), answered.text().await.unwrap())
}

/// Takes a button of the page, as a browser does.
async fn take(url: &str, form: &[(&str, &str)]) -> Response {
    client().post(url).form(form).send().await.unwrap()
}

/// Where a browser is sent, and the parameters added there.
fn sent_to(answered: &Response) -> (String, Option<String>, String) {
    assert_eq!(answered.status(), StatusCode::SEE_OTHER);
    let mut url = Url::parse(answered.headers()["location"].to_str().unwrap()).unwrap();
    let get = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let (code, state, next) = (get("code"), get("state").unwrap(), get("next").unwrap());
    url.set_query(None);
    (format!("{url} {next}"), code, state)
}

fn errcode_of(outcome: Result<Identity, LogInFailure>) -> i64 {
    match outcome.unwrap_err() {
        LogInFailure::BadCode { errcode } | LogInFailure::Busy { errcode } | LogInFailure::Refused { errcode, .. } => {
            errcode
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_person_has_an_open_id_for_each_app_and_one_union_id_for_all() {
    let scene = Scene::new(&[]);
    let mini = scene.at_the_mini_program("林晓").await.unwrap();
    let account = scene.log_in.web(Browser::WeChat, &scene.code("林晓", "official_account").await).await.unwrap();
    let site = scene.log_in.web(Browser::Other, &scene.code("林晓", "website").await).await.unwrap();
    assert_eq!([mini.app, account.app, site.app], AppKind::ALL);
    assert!(mini.open_id != account.open_id && account.open_id != site.open_id && mini.open_id != site.open_id);
    assert!(mini.union_id.is_some() && mini.union_id == account.union_id && account.union_id == site.union_id);
    assert_eq!(mini, scene.at_the_mini_program(" 林晓 ").await.unwrap());
    let other = scene.at_the_mini_program("赵敏").await.unwrap();
    assert!(other.open_id != mini.open_id && other.union_id != mini.union_id);
}

#[tokio::test]
async fn a_browser_comes_back_with_a_code_and_its_state() {
    let scene = Scene::new(&[]);
    for (browser, state) in [(Browser::WeChat, "a1"), (Browser::Other, "b2")] {
        let url = scene.log_in.sign_in_url(browser, BACK, state).unwrap();
        let (status, page) = open(&url).await;
        assert!(status == StatusCode::OK && page.contains("林晓") && page.contains("localhost"), "{page}");
        let (back, code, came_back) = sent_to(&take(&url, &[("person", "阿甲")]).await);
        assert_eq!((back.as_str(), came_back.as_str()), ("http://localhost:3000/wechat/back /cart", state));
        let known = scene.log_in.web(browser, &code.unwrap()).await.unwrap();
        assert_eq!(known.union_id, scene.at_the_mini_program("阿甲").await.unwrap().union_id);
        // The next time they can be picked.
        assert!(open(&url).await.1.contains("value=\"阿甲\""));
    }
}

#[tokio::test]
async fn who_refuses_comes_back_without_a_code_on_a_pc_and_stays_in_wechat() {
    let scene = Scene::new(&[]);
    let url = scene.log_in.sign_in_url(Browser::Other, BACK, "a1").unwrap();
    let (_, code, state) = sent_to(&take(&url, &[]).await);
    assert_eq!((code, state.as_str()), (None, "a1"));
    let url = scene.log_in.sign_in_url(Browser::WeChat, BACK, "a1").unwrap();
    let stayed = take(&url, &[]).await;
    assert_eq!(stayed.status(), StatusCode::OK);
    assert!(stayed.text().await.unwrap().contains("已拒绝"));
}

#[tokio::test]
async fn a_name_that_is_none_is_complained_about_beside_its_field() {
    let scene = Scene::new(&[]);
    let url = scene.log_in.sign_in_url(Browser::Other, BACK, "a1").unwrap();
    let again = take(&url, &[("person", "  ")]).await;
    assert_eq!(again.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.text().await.unwrap().contains("请输入 1 到 20 个字的名字"));
}

#[tokio::test]
async fn nobody_is_sent_to_a_host_that_was_not_allowed() {
    let scene = Scene::new(&["--allow-host", "shop.example,m.shop.example"]);
    let ask = |back: &str| scene.log_in.sign_in_url(Browser::Other, back, "a1").unwrap();
    for good in
        ["https://shop.example/back?next=1", "http://m.shop.example:8080/?next=1", "http://127.0.0.1:3000/?next=1"]
    {
        assert_eq!(open(&ask(good)).await.0, StatusCode::OK, "{good}");
        assert!(sent_to(&take(&ask(good), &[("person", "林晓")]).await).1.is_some());
    }
    for bad in [
        "https://evil.example/",
        "https://shop.example.evil.example/",
        "https://shop.example@evil.example/",
        "javascript:alert(1)",
        "/back",
    ] {
        let (status, page) = open(&ask(bad)).await;
        assert!(status == StatusCode::BAD_REQUEST && page.contains("10003"), "{bad}: {page}");
        assert_eq!(take(&ask(bad), &[("person", "林晓")]).await.status(), StatusCode::BAD_REQUEST, "{bad}");
    }
}

#[tokio::test]
async fn a_page_asked_for_in_any_other_way_than_wechats_is_not_shown() {
    let scene = Scene::new(&[]);
    let good = scene.log_in.sign_in_url(Browser::Other, BACK, "a1").unwrap();
    let changes = [
        ("snsapi_login", "snsapi_base", "10005"),
        ("response_type=code", "response_type=token", "10004"),
        ("appid=wx", "appid=wy", "10013"),
        ("state=a1", "state=a-1", "state"),
        ("scope=snsapi_login&state=a1", "state=a1&scope=snsapi_login", "无法访问"),
    ];
    for (from, to, complaint) in changes {
        let url = good.replace(from, to);
        assert_ne!(url, good);
        let (status, page) = open(&url).await;
        assert!(status == StatusCode::BAD_REQUEST && page.contains(complaint), "{url}: {page}");
    }
}

#[tokio::test]
async fn a_code_is_for_one_app_and_for_one_time() {
    let scene = Scene::new(&[]);
    let code = scene.code("林晓", "mini_program").await;
    // In another app it is no code, and stays good for its own.
    assert_eq!(errcode_of(scene.log_in.web(Browser::Other, &code).await), 40_029);
    scene.log_in.mini_program(&code).await.unwrap();
    assert_eq!(errcode_of(scene.log_in.mini_program(&code).await), 40_163);
    assert_eq!(errcode_of(scene.log_in.mini_program("guessed").await), 40_029);
    assert_eq!(errcode_of(scene.log_in.mini_program("").await), 41_008);
    assert!(matches!(scene.log_in.mini_program("guessed").await, Err(LogInFailure::BadCode { .. })));
}

#[tokio::test]
async fn a_wrong_app_or_secret_is_refused_and_uses_no_code_up() {
    let scene = Scene::new(&[]);
    let code = scene.code("林晓", "mini_program").await;
    let stranger = scene.changed(|apps| apps.mini_program.as_mut().unwrap().app_id = "wx0".into());
    assert_eq!(errcode_of(stranger.mini_program(&code).await), 40_013);
    let outdated = scene.changed(|apps| apps.mini_program.as_mut().unwrap().secret = "old-secret".into());
    let failure = outdated.mini_program(&code).await.unwrap_err();
    assert!(matches!(failure, LogInFailure::Refused { errcode: 40_125, .. }), "{failure}");
    assert!(!format!("{failure} {failure:?}").contains("old-secret"));
    scene.log_in.mini_program(&code).await.unwrap();
    let without = scene.changed(|apps| apps.website = None);
    let code = scene.code("林晓", "website").await;
    assert!(matches!(without.web(Browser::Other, &code).await, Err(LogInFailure::NotOffered(AppKind::Website))));
}

#[tokio::test]
async fn a_missing_parameter_is_named() {
    let scene = Scene::new(&[]);
    let App { app_id, secret } = apps(&scene.data).website.unwrap();
    let code = scene.code("林晓", "website").await;
    let whole =
        [("appid", app_id.as_str()), ("secret", &secret), ("code", &code), ("grant_type", "authorization_code")];
    for (at, expected) in [(0, 41_002), (1, 41_004), (2, 41_008), (3, 40_002)] {
        let rest: Vec<_> = whole.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, pair)| *pair).collect();
        assert_eq!(scene.errcode("/sns/oauth2/access_token", &rest).await, expected);
    }
    // The mini-program's endpoint knows no website.
    let mini = [whole[0], whole[1], ("js_code", &code), whole[3]];
    assert_eq!(scene.errcode("/sns/jscode2session", &mini).await, 40_013);
}

#[tokio::test]
async fn a_code_survives_a_busy_or_broken_wechat_but_not_a_garbled_answer() {
    let scene = Scene::new(&[]);
    let code = scene.code("林晓", "mini_program").await;
    scene.post("/control", json!({"busy_next": 1})).await;
    assert!(matches!(scene.log_in.mini_program(&code).await, Err(LogInFailure::Busy { errcode: -1 })));
    scene.post("/control", json!({"fail_next": 1})).await;
    assert!(matches!(scene.log_in.mini_program(&code).await, Err(LogInFailure::Unreachable(_))));
    scene.post("/control", json!({"garble_next": 1})).await;
    assert!(matches!(scene.log_in.mini_program(&code).await, Err(LogInFailure::Malformed(_))));
    assert_eq!(errcode_of(scene.log_in.mini_program(&code).await), 40_163);
}

#[tokio::test]
async fn the_client_gives_up_after_five_seconds_and_tells_no_secret() {
    let scene = Scene::new(&[]);
    let code = scene.code("林晓", "mini_program").await;
    scene.post("/control", json!({"delay_ms": 20_000})).await;
    let failure = scene.log_in.mini_program(&code).await.unwrap_err();
    assert!(matches!(failure, LogInFailure::Unreachable(_)), "{failure}");
    let secret = apps(&scene.data).mini_program.unwrap().secret;
    let text = format!("{failure} {failure:?}");
    assert!(!text.contains(&secret) && !text.contains(&code), "{text}");
}

#[tokio::test]
async fn apps_bound_to_no_open_platform_tell_no_union_id() {
    let scene = Scene::new(&[]);
    scene.post("/control", json!({"without_union_id": true})).await;
    let alone = scene.at_the_mini_program("林晓").await.unwrap();
    assert_eq!(alone.union_id, None);
    scene.post("/control", json!({"without_union_id": false})).await;
    let bound = scene.at_the_mini_program("林晓").await.unwrap();
    assert!(bound.union_id.is_some() && bound.open_id == alone.open_id);
}

#[tokio::test]
async fn who_is_made_up_in_snapshot_mode_is_nobody() {
    let scene = Scene::new(&[]);
    scene.post("/control", json!({"snapshot_next": 1})).await;
    let code = scene.code("林晓", "official_account").await;
    assert!(matches!(scene.log_in.web(Browser::WeChat, &code).await, Err(LogInFailure::Snapshot)));
    let code = scene.code("林晓", "official_account").await;
    scene.log_in.web(Browser::WeChat, &code).await.unwrap();
}

#[tokio::test]
async fn apps_and_people_stay_the_same_over_a_restart() {
    let mut scene = Scene::new(&[]);
    let before = scene.at_the_mini_program("阿甲").await.unwrap();
    let file = scene.data.join("apps.json");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let secret = apps(&scene.data).website.unwrap().secret;
    let next = start(&scene.data, &["--public-url", "http://phone.example:3904/"]);
    std::mem::replace(&mut scene.party, next).terminate();
    let kept = apps(&scene.data);
    assert_eq!((kept.open_url.as_str(), kept.sample), ("http://phone.example:3904", true));
    assert!(kept.api_url == scene.party.url && kept.website.as_ref().unwrap().secret == secret);
    scene.log_in = WeChatLogIn::new(kept).unwrap();
    assert_eq!(scene.at_the_mini_program("阿甲").await.unwrap(), before);
    assert!(open(&scene.party.url).await.1.contains("阿甲"));
}
