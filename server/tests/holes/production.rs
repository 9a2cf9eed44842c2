//! A server that is told to be in production does not start with what is only for trying out.

use std::fs;

use commerce::demo;
use serde_json::json;

use crate::support::Town;

/// What a server that must not start says at its end.
async fn refused(town: &Town, settings: &[(&str, &str)]) -> String {
    let (started, said) = town.attempt_to_serve(settings).await;
    assert!(!started, "it started and ended well with {settings:?}: {said}");
    said
}

#[tokio::test]
async fn production_refuses_sample_keys_stand_ins_and_the_demos_passwords() {
    let mut town = Town::start().await;
    let merchant = town.gateway_file("merchant.json");
    let secrets = ["api_v3_key", "merchant_key_pem"].map(|name| merchant[name].as_str().unwrap().to_owned());
    let file = |name: &str, text: String| {
        let path = town.folder().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let mut all_said = String::new();

    let sample = file("sample.json", merchant.to_string());
    // A word that is not understood must not mean "no".
    for (production, why) in [("true", "sample.json holds sample keys"), ("1", "invalid value '1' for '--production'")]
    {
        let said = refused(&town, &[("MENDIAN_PRODUCTION", production), ("MENDIAN_WECHAT_PAY", &sample)]).await;
        assert!(said.contains(why), "{production}: {said}");
        all_said += &said;
    }
    // Keys that only say of themselves that they are none.
    let mut own = merchant.clone();
    own["sample"] = json!(false);
    let stand_in = file("stand-in.json", own.to_string());
    let said = refused(&town, &[("MENDIAN_PRODUCTION", "true"), ("MENDIAN_WECHAT_PAY", &stand_in)]).await;
    assert!(said.contains("stand-in.json names a gateway on this machine"), "{said}");
    all_said += &said;
    // A file that is not understood may hold a secret where it was not expected.
    let odd = file("odd.json", json!({ "sample": secrets[0] }).to_string());
    let said = refused(&town, &[("MENDIAN_WECHAT_PAY", &odd)]).await;
    assert!(said.contains("odd.json") && said.contains("not understood at line 1"), "{said}");
    all_said += &said;

    // A rider's account is as good as a key to the till.
    let account = |sample: bool, url: &str| json!({ "base_url": url, "dev_id": 1, "dev_key": "reiters-schluessel", "shop_id": "a", "source": "a", "sample": sample });
    for (sample, url, why) in [
        (true, "https://openic.sf-express.com", "riders.json holds a stand-in's account"),
        (false, "http://127.0.0.1:3905", "riders.json names a courier on this machine"),
    ] {
        let riders = file("riders.json", account(sample, url).to_string());
        let said = refused(&town, &[("MENDIAN_PRODUCTION", "true"), ("MENDIAN_COURIERS", &riders)]).await;
        assert!(said.contains(why), "{said}");
        all_said += &said;
    }

    let hosts = ["127.0.0.1:3901", "localhost", "localhost.:3901", "[::1]:3901", "127.1", "2130706433", "0.0.0.0:3901"];
    for host in hosts.into_iter().chain(["[::ffff:127.0.0.1]", "a:eines-mannes-wort@127.0.0.1"]) {
        let url = format!("http://{host}");
        let said = refused(&town, &[("MENDIAN_PRODUCTION", "true"), ("MENDIAN_SMS_URL", &url)]).await;
        assert!(said.contains("MENDIAN_SMS_URL leads to this machine"), "{host}: {said}");
        all_said += &said;
    }

    own["base_url"] = json!("https://api.mch.weixin.qq.com");
    let real = file("real.json", own.to_string());
    town.terminate_server().await;
    let said = refused(&town, &[("MENDIAN_PRODUCTION", "true"), ("MENDIAN_WECHAT_PAY", &real)]).await;
    for log_in in demo::LOG_INS {
        assert!(said.contains(log_in.account), "{} is not named: {said}", log_in.account);
        assert!(!said.contains(log_in.password), "a password is told: {said}");
    }
    assert!(said.contains("the demo's passwords still open"), "{said}");
    all_said += &said;
    for secret in
        secrets.iter().map(String::as_str).chain(["eines-mannes-wort", "reiters-schluessel", "BEGIN PRIVATE KEY"])
    {
        assert!(!all_said.contains(secret), "a secret is told: {all_said}");
    }
}
