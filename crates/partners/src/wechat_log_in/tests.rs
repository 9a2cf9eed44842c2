use super::*;

fn app(name: &str) -> App {
    App { app_id: format!("wx-{name}"), secret: format!("hush-{name}") }
}

fn apps() -> Apps {
    Apps {
        api_url: "https://api.weixin.qq.com".into(),
        open_url: "https://open.weixin.qq.com".into(),
        mini_program: Some(app("mini")),
        official_account: Some(app("account")),
        website: Some(app("site")),
        sample: false,
    }
}

fn answered(text: &str) -> Result<Identity, LogInFailure> {
    identity(AppKind::Website, &app("site"), serde_json::from_str(text).unwrap())
}

#[test]
fn a_browser_is_sent_to_the_page_of_its_app_with_the_parameters_in_wechats_order() {
    let log_in = WeChatLogIn::new(apps()).unwrap();
    let back = "https://shop.example/wechat/back?next=/cart&a=1";
    let escaped = "https%3A%2F%2Fshop.example%2Fwechat%2Fback%3Fnext%3D%2Fcart%26a%3D1";
    assert_eq!(
        log_in.sign_in_url(Browser::WeChat, back, "s1").unwrap(),
        format!(
            "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx-account&redirect_uri={escaped}\
             &response_type=code&scope=snsapi_userinfo&state=s1#wechat_redirect"
        )
    );
    assert_eq!(
        log_in.sign_in_url(Browser::Other, back, "s2").unwrap(),
        format!(
            "https://open.weixin.qq.com/connect/qrconnect?appid=wx-site&redirect_uri={escaped}\
             &response_type=code&scope=snsapi_login&state=s2#wechat_redirect"
        )
    );
    assert_eq!(log_in.sign_in_origin(), "https://open.weixin.qq.com");
}

#[test]
fn what_there_is_no_app_for_is_not_offered() {
    let log_in = WeChatLogIn::new(Apps { website: None, ..apps() }).unwrap();
    assert_eq!(log_in.sign_in_url(Browser::Other, "https://shop.example/", "s"), None);
    assert!(log_in.offers(AppKind::MiniProgram) && !log_in.offers(AppKind::Website));
}

#[test]
fn an_unusable_configuration_is_refused_before_anything_is_sent() {
    let refused = |apps: Apps| WeChatLogIn::new(apps).unwrap_err();
    let none = Apps { mini_program: None, official_account: None, website: None, ..apps() };
    assert!(matches!(refused(none), Misconfigured::NoApp));
    let bare = Apps { website: Some(App { secret: " ".into(), ..app("site") }), ..apps() };
    assert!(matches!(refused(bare), Misconfigured::Incomplete(AppKind::Website)));
    assert!(matches!(refused(Apps { api_url: "weixin".into(), ..apps() }), Misconfigured::Address(_)));
    // Whoever is on the way could read the secret.
    assert!(matches!(
        refused(Apps { api_url: "http://api.weixin.qq.com".into(), ..apps() }),
        Misconfigured::Address(_)
    ));
}

#[test]
fn the_file_needs_no_addresses_and_allows_no_misspelt_app() {
    let read = |text: &str| serde_json::from_str::<Apps>(text);
    let read_apps = read(r#"{"mini_program": {"app_id": "wx1", "secret": "s"}}"#).unwrap();
    assert_eq!((read_apps.api_url.as_str(), read_apps.sample), ("https://api.weixin.qq.com", false));
    assert!(read(r#"{"miniprogram": {"app_id": "wx1", "secret": "s"}}"#).is_err());
}

#[test]
fn no_debug_text_holds_a_secret() {
    let log_in = WeChatLogIn::new(apps()).unwrap();
    let text = format!("{log_in:?}");
    assert!(text.contains("wx-mini") && !text.contains("hush"), "{text}");
}

#[tokio::test]
async fn no_error_holds_a_secret_or_a_code() {
    // Port 9 is nobody's here, and an unreachable WeChat is named without the address called.
    let apps = Apps { api_url: "http://127.0.0.1:9".into(), sample: true, ..apps() };
    let failure = WeChatLogIn::new(apps).unwrap().mini_program("code-1").await.unwrap_err();
    assert!(matches!(failure, LogInFailure::Unreachable(_)));
    let text = format!("{failure} {failure:?}");
    assert!(!text.contains("hush") && !text.contains("code-1"), "{text}");
    let echo = answered(r#"{"errcode": 40125, "errmsg": "bad hush-site\n"}"#).unwrap_err();
    assert_eq!(echo.to_string(), "WeChat refused with 40125: bad …");
}

#[test]
fn who_somebody_is_is_told_with_the_app_that_knows_them() {
    let known = answered(r#"{"openid": "o1", "unionid": "u1", "access_token": "t", "scope": "snsapi_login"}"#).unwrap();
    let expected =
        Identity { app: AppKind::Website, app_id: "wx-site".into(), open_id: "o1".into(), union_id: Some("u1".into()) };
    assert_eq!(known, expected);
    let alone = answered(r#"{"openid": "o1", "unionid": ""}"#).unwrap();
    assert_eq!(alone.union_id, None);
}

#[test]
fn nobody_is_taken_for_somebody() {
    for text in ["{}", r#"{"openid": ""}"#, r#"{"openid": "a b"}"#, r#"{"openid": "o", "unionid": "u\u0000"}"#] {
        assert!(matches!(answered(text), Err(LogInFailure::Malformed(_))), "{text}");
    }
    // An open id beside a fault is not believed.
    assert!(matches!(answered(r#"{"errcode": 48001, "openid": "o"}"#), Err(LogInFailure::Refused { .. })));
    assert!(matches!(answered(r#"{"openid": "o", "is_snapshotuser": 1}"#), Err(LogInFailure::Snapshot)));
}

#[test]
fn codes_that_are_no_good_and_a_busy_wechat_are_told_apart() {
    for errcode in [40_029, 40_163, 41_008, 42_003] {
        let failed = answered(&format!(r#"{{"errcode": {errcode}, "errmsg": "invalid code"}}"#));
        assert!(matches!(failed, Err(LogInFailure::BadCode { errcode: told }) if told == errcode));
    }
    for errcode in [-1, 45_011] {
        let failed = answered(&format!(r#"{{"errcode": {errcode}, "errmsg": "system error"}}"#));
        assert!(matches!(failed, Err(LogInFailure::Busy { errcode: told }) if told == errcode));
    }
}
