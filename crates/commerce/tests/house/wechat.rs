//! Logging in through WeChat, at the level of the use cases: who is who across apps, and when many come at once.

use std::sync::Arc;

use chrono::Duration;
use commerce::{
    Partners, Scope, Settings,
    members::{
        self,
        wechat::{self, Back, Came},
    },
};
use domain::{
    Fault,
    members::{CodeFor, LinkWeChat, LogIn, LogInWithWeChat, WeChatApp},
    orders::Channel,
};
use futures::future::join_all;
use partners::wechat_log_in::{App, Apps, WeChatLogIn};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::Barrier,
};

use crate::{
    member_accounts::{by_code, phone_of, send_code_for},
    members::{CODE, send_code},
    world::{World, code_of, field_of},
};

const PHONE: &str = "13800138000";

/// WeChat as these tests need it: the code `o-1.u-1` is for the person with that open id and that union id.
async fn wechat_that_knows_everybody() -> WeChatLogIn {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut caller, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut asked = Vec::new();
                while !asked.ends_with(b"\r\n\r\n") {
                    if caller.read_buf(&mut asked).await.unwrap_or(0) == 0 {
                        return;
                    }
                }
                let asked = String::from_utf8_lossy(&asked).into_owned();
                let code = asked.split("code=").nth(1).unwrap().split('&').next().unwrap();
                let (open, union) = code.split_once('.').unwrap_or((code, ""));
                let body = format!(r#"{{"openid":"{open}","unionid":"{union}"}}"#);
                let answer =
                    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
                let _ = caller.write_all(answer.as_bytes()).await;
            });
        }
    });
    let app = |id: &str| Some(App { app_id: id.into(), secret: "secret".into() });
    let apps = Apps {
        api_url: address.clone(),
        open_url: address,
        mini_program: app("wx1"),
        official_account: app("wx2"),
        website: app("wx3"),
        sample: true,
    };
    WeChatLogIn::new(apps).unwrap()
}

/// A world whose WeChat knows everybody: [`arrival`].
pub async fn world(options: PgPoolOptions, connect: PgConnectOptions) -> World {
    let partners = Partners { wechat_log_in: Some(wechat_that_knows_everybody().await), ..Partners::default() };
    World::with(options, connect, partners, Settings::default()).await
}

pub async fn come(who: &Scope, code: &str) -> Result<Came, Fault> {
    let command = LogInWithWeChat { app: WeChatApp::MiniProgram, code: code.into(), device: None };
    wechat::log_in(who, command).await
}

/// The secret of an arrival of somebody who is not known.
pub async fn arrival(who: &Scope, code: &str) -> String {
    match come(who, code).await.unwrap() {
        Came::New(arrival) => arrival.secret().to_owned(),
        Came::In(done) => panic!("known as {:?}", done.member),
    }
}

/// Who comes in with this code.
async fn comes_in(who: &Scope, code: &str) -> uuid::Uuid {
    match come(who, code).await.unwrap() {
        Came::In(done) => done.member.id.0,
        Came::New(_) => panic!("not known"),
    }
}

async fn show_number(world: &World, who: &Scope, arrival: &str) -> Result<Scope, Fault> {
    send_code(world, PHONE).await;
    let (phone, arrival) = (PHONE.parse().unwrap(), Some(arrival.to_owned()));
    let done = members::log_in(who, LogIn { phone, code: CODE.into(), arrival, device: None, app: None }).await?;
    Ok(world.bearer(Some(done.token.secret()), Channel::Shop).await)
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn whoever_showed_a_number_comes_in_through_every_app_of_ours(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = world(options, connect).await;
    let visitor = world.visitor().await;
    let secret = arrival(&visitor, "o-1.u-1").await;
    let member = show_number(&world, &visitor, &secret).await.unwrap();
    let id = member.member().unwrap().0;
    let visitor = world.visitor().await;
    assert_eq!(comes_in(&visitor, "o-1").await, id, "by the open id alone");
    // In a browser the person has another open id, and the same union id.
    let browser = world.visitor().await;
    let url = wechat::sign_in(&browser, "/cart").await.unwrap();
    let state = url.split("state=").nth(1).unwrap().split('#').next().unwrap().to_owned();
    let Back::Came(Came::In(done), to) = wechat::come_back(&browser, Some("o-9.u-1"), &state, None).await.unwrap()
    else {
        panic!("not known")
    };
    assert_eq!((done.member.id.0, &*to), (id, "/cart"));
    assert_eq!(members::account(&member).await.unwrap().wechat.len(), 2);
    assert_eq!(comes_in(&visitor, "o-1.u-1").await, id);
    arrival(&visitor, "o-2.u-2").await;
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_arrival_is_good_once_and_for_ten_minutes(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = world(options, connect).await;
    let mut visitor = world.visitor().await;
    let secret = arrival(&visitor, "o-1").await;
    show_number(&world, &visitor, &secret).await.unwrap();
    let visitor_again = world.visitor().await;
    assert_eq!(field_of(show_number(&world, &visitor_again, &secret).await.map(drop)), "arrival");
    assert_eq!(world.count("select count(*) from phone_codes").await, 1, "the code is not used up");
    world.alter("delete from phone_codes").await;
    let late = arrival(&visitor_again, "o-2").await;
    visitor.now += Duration::minutes(wechat::MINUTES) + Duration::seconds(1);
    send_code(&world, PHONE).await;
    world.alter("update phone_codes set expires_at = expires_at + interval '1 hour'").await;
    let (phone, arrival) = (PHONE.parse().unwrap(), Some(late));
    let refused = members::log_in(&visitor, LogIn { phone, code: CODE.into(), arrival, device: None, app: None }).await;
    assert_eq!(field_of(refused.map(drop)), "arrival");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn of_many_first_arrivals_of_one_person_one_account_comes(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = world(options, connect).await;
    let mut ready = Vec::new();
    for place in 0..8 {
        let visitor = world.visitor().await;
        let secret = arrival(&visitor, &format!("o-{}.u-1", place % 2)).await;
        let phone = format!("1391111000{place}");
        send_code(&world, &phone).await;
        ready.push((
            visitor,
            LogIn { phone: phone.parse().unwrap(), code: CODE.into(), arrival: Some(secret), device: None, app: None },
        ));
    }
    let start = Arc::new(Barrier::new(ready.len()));
    let tries = ready.into_iter().map(|(who, command)| {
        let start = start.clone();
        tokio::spawn(async move {
            start.wait().await;
            members::log_in(&who, command).await.map(drop)
        })
    });
    let answers: Vec<_> = join_all(tries).await.into_iter().map(|one| one.unwrap()).collect();
    assert_eq!(answers.iter().filter(|one| one.is_ok()).count(), 1, "{answers:?}");
    assert!(answers.iter().filter(|one| one.is_err()).all(|one| code_of(one.clone()) == "wechat_taken"), "{answers:?}");
    assert_eq!(world.count("select count(distinct member_id) from wechat_identities").await, 1);
    assert_eq!(world.count("select count(*) from members").await, 1, "who was refused became no member");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_state_links_only_the_session_that_proved_itself(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = world(options, connect).await;
    let (member, other) = (world.member().await, world.member().await);
    assert_eq!(code_of(wechat::sign_in(&member, "/").await), "logged_in");
    let phone = phone_of(&member).await;
    let no_proof = wechat::begin_link(&member, &by_code(CODE)).await;
    assert_eq!(field_of(no_proof), "old_code");
    send_code_for(&world, &member, &phone, CodeFor::Account).await;
    let url = wechat::begin_link(&member, &by_code(CODE)).await.unwrap();
    let state = url.split("state=").nth(1).unwrap().split('#').next().unwrap().to_owned();
    assert_eq!(code_of(wechat::come_back(&other, Some("o-1.u-1"), &state, None).await.map(drop)), "wechat_state");
    let back = wechat::come_back(&member, Some("o-1.u-1"), &state, None).await.unwrap();
    assert!(matches!(back, Back::Linked(None)));
    assert_eq!(code_of(wechat::come_back(&member, Some("o-1.u-1"), &state, None).await.map(drop)), "wechat_state");
    // It opens this account; another that links it is offered to merge, and takes no number over.
    let phone = phone_of(&other).await;
    send_code_for(&world, &other, &phone, CodeFor::Account).await;
    let linked = wechat::link(&other, LinkWeChat { code: "o-1.u-1".into(), proof: by_code(CODE) }).await.unwrap();
    let offer = linked.merge.unwrap();
    assert_eq!((offer.wechat, offer.takes_phone), (1, false));
    assert_eq!(members::merge(&other, offer.id).await.unwrap().phone.as_str(), phone);
    assert_eq!(comes_in(&world.visitor().await, "o-1.u-1").await, other.member().unwrap().0);
    // Taken off, it is nobody's, and the number still opens the account.
    send_code_for(&world, &other, &phone, CodeFor::Account).await;
    wechat::unlink(&other, &by_code(CODE)).await.unwrap();
    arrival(&world.visitor().await, "o-1.u-1").await;
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn without_wechat_nobody_is_sent_there(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let visitor = world.visitor().await;
    assert!(!wechat::is_offered(&visitor));
    assert_eq!(code_of(wechat::sign_in(&visitor, "/").await), "not_found");
    assert_eq!(code_of(come(&visitor, "o-1").await.map(drop)), "not_found");
    world.balanced().await;
}
