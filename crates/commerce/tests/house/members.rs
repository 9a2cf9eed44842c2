//! Logging in with a code from a phone.

use std::sync::Arc;

use chrono::Duration;
use commerce::{Partners, Scope, Settings, cart, jobs, members, sessions};
use domain::{
    Fault,
    members::{AskCode, LogIn},
    orders::Channel,
};
use partners::sms::SmsSender;
use sha2::{Digest, Sha256};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::Mutex,
};

use crate::world::{World, code_of, field_of};

/// The code that [`send_code`] sends.
pub const CODE: &str = "204813";
const PHONE: &str = "13800138000";
const OTHER_PHONE: &str = "13900139000";

/// A code was sent to this number a moment ago.
pub async fn send_code(world: &World, phone: &str) {
    sqlx::query(
        "insert into phone_codes (phone, code_hash, sent_at, expires_at)
         values ($1, $2, $3, $3::timestamptz + interval '5 minutes')",
    )
    .bind(phone)
    .bind(Sha256::digest(format!("{phone}:{CODE}")).to_vec())
    .bind(world.now)
    .execute(&world.owner)
    .await
    .unwrap();
}

async fn try_code(who: &Scope, phone: &str, code: &str) -> Result<sessions::Token, Fault> {
    let command = LogIn { phone: phone.parse().unwrap(), code: code.into(), arrival: None, device: None, app: None };
    members::log_in(who, command).await.map(|done| done.token)
}

/// The scope after logging in.
pub async fn log_in_as(world: &World, who: &Scope, phone: &str, code: &str) -> Scope {
    let Ok(token) = try_code(who, phone, code).await else { panic!("the code was refused") };
    world.bearer(Some(token.secret()), Channel::Shop).await
}

/// What a refused try complains about.
async fn refused(who: &Scope, phone: &str, code: &str) -> String {
    field_of(try_code(who, phone, code).await.map(drop))
}

/// An endpoint that takes every message and keeps the last body it was sent.
async fn phone_carrier() -> (SmsSender, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let sender = SmsSender::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let last = Arc::new(Mutex::new(String::new()));
    let kept = last.clone();
    tokio::spawn(async move {
        while let Ok((mut caller, _)) = listener.accept().await {
            let mut request = Vec::new();
            // The request is short; its JSON ends with the only closing brace.
            while !request.ends_with(b"}") {
                if caller.read_buf(&mut request).await.unwrap_or(0) == 0 {
                    break;
                }
            }
            *kept.lock().await = String::from_utf8_lossy(&request).into_owned();
            let _ = caller.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").await;
        }
    });
    (sender, last)
}

async fn world_with_phones(options: PgPoolOptions, connect: PgConnectOptions) -> (World, Arc<Mutex<String>>) {
    let (sms, last) = phone_carrier().await;
    let partners = Partners { sms: Some(sms), ..Partners::default() };
    (World::with(options, connect, partners, Settings::default()).await, last)
}

fn ask(phone: &str) -> AskCode {
    AskCode { phone: phone.parse().unwrap() }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_code_in_the_message_logs_in_once(options: PgPoolOptions, connect: PgConnectOptions) {
    let (world, last) = world_with_phones(options, connect).await;
    let visitor = world.visitor().await;
    let sent = members::ask_code(&visitor, ask(PHONE)).await.unwrap();
    assert_eq!((sent.valid_s, sent.again_after_s), (300, 60));
    let message = last.lock().await.clone();
    let code = message.split("验证码 ").nth(1).unwrap()[..6].to_owned();
    let member = log_in_as(&world, &visitor, PHONE, &code).await;
    let me = members::me(&member).await.unwrap();
    assert_eq!((me.phone.as_str(), &*me.name), (PHONE, "会员8000"));
    assert_eq!(refused(&world.visitor().await, PHONE, &code).await, "code", "a used code is used up");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn another_code_within_a_minute_is_refused_and_the_first_stays_good(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let (world, _) = world_with_phones(options, connect).await;
    send_code(&world, PHONE).await;
    let mut visitor = world.visitor().await;
    visitor.now += Duration::seconds(59);
    assert_eq!(members::ask_code(&visitor, ask(PHONE)).await, Err(Fault::TooMany { retry_after_s: 60 }));
    members::ask_code(&visitor, ask(OTHER_PHONE)).await.unwrap();
    log_in_as(&world, &visitor, PHONE, CODE).await;
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_minute_later_a_new_code_replaces_the_old_one_and_its_wrong_tries(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let (world, last) = world_with_phones(options, connect).await;
    send_code(&world, PHONE).await;
    let mut visitor = world.visitor().await;
    for _ in 0..5 {
        assert_eq!(refused(&visitor, PHONE, "000000").await, "code");
    }
    visitor.now += Duration::seconds(60);
    members::ask_code(&visitor, ask(PHONE)).await.unwrap();
    let message = last.lock().await.clone();
    let code = message.split("验证码 ").nth(1).unwrap()[..6].to_owned();
    log_in_as(&world, &visitor, PHONE, &code).await;
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_phone_is_sent_only_so_many_codes_an_hour(options: PgPoolOptions, connect: PgConnectOptions) {
    let (world, _) = world_with_phones(options, connect).await;
    let mut visitor = world.visitor().await;
    for _ in 0..10 {
        members::ask_code(&visitor, ask(PHONE)).await.unwrap();
        visitor.now += Duration::seconds(61);
    }
    assert_eq!(code_of(members::ask_code(&visitor, ask(PHONE)).await), "too_many");
    visitor.now += Duration::hours(1);
    members::ask_code(&visitor, ask(PHONE)).await.unwrap();
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_message_that_could_not_be_sent_does_not_keep_the_phone_waiting(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    // Nothing listens there.
    let partners = Partners { sms: Some(SmsSender::new("http://127.0.0.1:9").unwrap()), ..Partners::default() };
    let world = World::with(options, connect, partners, Settings::default()).await;
    let visitor = world.visitor().await;
    for _ in 0..2 {
        assert_eq!(code_of(members::ask_code(&visitor, ask(PHONE)).await), "upstream");
    }
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_code_dies_with_the_fifth_wrong_try(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let visitor = world.visitor().await;
    send_code(&world, PHONE).await;
    for _ in 0..4 {
        assert_eq!(refused(&visitor, PHONE, "204814").await, "code");
    }
    send_code(&world, OTHER_PHONE).await;
    for _ in 0..5 {
        assert_eq!(refused(&visitor, OTHER_PHONE, "204814").await, "code");
    }
    assert_eq!(refused(&visitor, OTHER_PHONE, CODE).await, "code", "the right code comes too late");
    log_in_as(&world, &visitor, PHONE, CODE).await;
    assert_eq!(world.count("select count(*) from members").await, 1);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_code_is_good_for_five_minutes(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    send_code(&world, PHONE).await;
    let mut visitor = world.visitor().await;
    visitor.now += Duration::minutes(6);
    assert_eq!(refused(&visitor, PHONE, CODE).await, "code");
    visitor.now -= Duration::minutes(2);
    log_in_as(&world, &visitor, PHONE, CODE).await;
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_code_serves_only_the_phone_it_was_sent_to(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let visitor = world.visitor().await;
    send_code(&world, PHONE).await;
    assert_eq!(refused(&visitor, OTHER_PHONE, CODE).await, "code");
    assert_eq!(world.count("select count(*) from members").await, 0);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn one_address_may_try_only_so_many_log_ins(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let mut visitor = world.visitor().await;
    for _ in 0..30 {
        assert_eq!(refused(&visitor, PHONE, "000000").await, "code");
    }
    send_code(&world, PHONE).await;
    assert_eq!(code_of(try_code(&visitor, PHONE, CODE).await.map(drop)), "too_many");
    visitor.address = "127.0.0.2".into();
    log_in_as(&world, &visitor, PHONE, CODE).await;
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_session_of_before_ends_with_the_log_in_and_the_new_one_with_the_log_out(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let nobody = world.bearer(None, Channel::Shop).await;
    let (planted, visitor) = sessions::welcome(&nobody).await.unwrap();
    send_code(&world, PHONE).await;
    let member = log_in_as(&world, &visitor, PHONE, CODE).await;
    assert!(!world.bearer(Some(planted.secret()), Channel::Shop).await.has_cart());
    sessions::end(&member).await.unwrap();
    assert_eq!(world.count("select count(*) from sessions").await, 0);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_session_ends_after_thirty_days(options: PgPoolOptions, connect: PgConnectOptions) {
    let mut world = World::new(options, connect).await;
    send_code(&world, PHONE).await;
    let Ok(token) = try_code(&world.visitor().await, PHONE, CODE).await else { panic!("the code was refused") };
    world.now += Duration::days(sessions::MEMBER_DAYS) - Duration::seconds(1);
    assert!(world.bearer(Some(token.secret()), Channel::Shop).await.member().is_ok());
    world.now += Duration::seconds(1);
    assert!(world.bearer(Some(token.secret()), Channel::Shop).await.member().is_err());
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_visitors_cart_goes_with_the_session_and_a_members_stays(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (leaving, forgotten, member) = (world.visitor().await, world.visitor().await, world.member().await);
    for who in [&leaving, &forgotten, &member] {
        world.put(who, world.medium, 1).await;
    }
    sessions::end(&leaving).await.unwrap();
    sessions::end(&member).await.unwrap();
    assert_eq!(world.count("select count(*) from cart_lines").await, 2);
    jobs::sweep(&world.system(60 * 24 * 29)).await.unwrap();
    assert_eq!(world.count("select count(*) from carts").await, 2);
    jobs::sweep(&world.system(60 * 24 * 31)).await.unwrap();
    assert_eq!(world.count("select count(*) from carts join members m on m.cart_id = carts.id").await, 1);
    assert_eq!(world.count("select count(*) from carts").await, 1);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn two_carts_that_do_not_fit_into_one_lose_their_oldest_lines(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    send_code(&world, PHONE).await;
    log_in_as(&world, &world.visitor().await, PHONE, CODE).await;
    world
        .alter(
            "insert into cart_lines (cart_id, store_id, sku_id, options, quantity, set_at)
             select m.cart_id, l.store_id, l.sku_id, n::text, 1, now() - interval '1 day'
             from members m, (select store_id, sku_id from listings limit 1) l, generate_series(1, 100) n",
        )
        .await;
    let visitor = world.visitor().await;
    world.put(&visitor, world.large, 2).await;
    send_code(&world, PHONE).await;
    let member = log_in_as(&world, &visitor, PHONE, CODE).await;
    assert_eq!(world.count("select count(*) from cart_lines").await, 100);
    assert_eq!(cart::pieces(&member).await.unwrap(), 101, "the new line is among them");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_member_sees_and_ends_their_own_sessions_alone(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (one, other) = (world.member().await, world.member().await);
    let mine = sessions::mine(&one).await.unwrap();
    assert!(mine.len() == 1 && mine[0].is_this);
    sessions::end_one(&other, mine[0].id).await.unwrap();
    sessions::end_others(&other).await.unwrap();
    assert_eq!(sessions::mine(&one).await.unwrap().len(), 1, "another's stays");
    world
        .alter("update sessions set member_id = (select min(id::text)::uuid from members) where member_id is not null")
        .await;
    assert_eq!(sessions::mine(&one).await.unwrap().len(), 2, "now it is logged in twice");
    sessions::end_others(&one).await.unwrap();
    assert_eq!(sessions::mine(&one).await.unwrap().len(), 1);
    assert_eq!(code_of(sessions::mine(&world.visitor().await).await), "unauthenticated");
    assert_eq!(code_of(sessions::end_others(&world.system(0)).await), "unauthenticated");
}
