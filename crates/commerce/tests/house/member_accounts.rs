//! What members change about how they log in: a password, another number.

use chrono::Duration;
use commerce::{Partners, Scope, Settings, members, sessions};
use domain::{
    Fault,
    members::{ChangePhone, CodeFor, LogIn, LogInWithPassword, Proof, SetPassword},
    orders::Channel,
};
use sha2::{Digest, Sha256};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::{
    members::{CODE, send_code},
    world::{World, code_of, field_of},
};

pub const PASSWORD: &str = "雨后 的 茶园 很安静";
const OTHER_PASSWORD: &str = "correct horse battery";
const NEW_PHONE: &str = "13900139000";

/// A code for this change was sent a moment ago to a number, at the wish of who asks.
pub async fn send_code_for(world: &World, who: &Scope, phone: &str, purpose: CodeFor) {
    let text = format!("{phone}:{}:{}:{CODE}", purpose.code(), who.member().unwrap());
    sqlx::query(
        "insert into phone_codes (phone, code_hash, sent_at, expires_at)
         values ($1, $2, $3, $3::timestamptz + interval '5 minutes')
         on conflict (phone) do update set code_hash = excluded.code_hash, wrong_tries = 0",
    )
    .bind(phone)
    .bind(Sha256::digest(text).to_vec())
    .bind(world.now)
    .execute(&world.owner)
    .await
    .unwrap();
}

pub async fn phone_of(who: &Scope) -> String {
    members::me(who).await.unwrap().phone.as_str().to_owned()
}

pub fn by_code(code: &str) -> Proof {
    Proof { old_code: Some(code.into()), ..Proof::default() }
}

fn by_password(password: &str) -> Proof {
    Proof { old_password: Some(password.into()), ..Proof::default() }
}

/// Chooses a first password with a code; answers the scope of the new session.
pub async fn with_password(world: &World, who: &Scope, password: &str) -> Scope {
    send_code_for(world, who, &phone_of(who).await, CodeFor::Account).await;
    let done = members::set_password(who, SetPassword { password: password.into(), proof: by_code(CODE) }).await;
    let Ok(done) = done else { panic!("the password was refused") };
    world.bearer(Some(done.token.secret()), Channel::Shop).await
}

async fn log_in(who: &Scope, phone: &str, password: &str, device: Option<&str>) -> Result<members::LoggedIn, Fault> {
    let device = device.map(str::to_owned);
    let command = LogInWithPassword { phone: phone.parse().unwrap(), password: password.into(), device, app: None };
    members::log_in_with_password(who, command).await
}

async fn try_log_in(who: &Scope, phone: &str, password: &str, device: Option<&str>) -> Result<(), Fault> {
    log_in(who, phone, password, device).await.map(drop)
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_member_chooses_a_password_changes_it_and_gives_it_up(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let member = world.member().await;
    let (phone, visitor) = (phone_of(&member).await, world.visitor().await);
    let set = |password: &str, proof| SetPassword { password: password.into(), proof };
    // Nothing but a code can prove it yet, and a log-in code proves nothing.
    let refused = members::set_password(&member, set(PASSWORD, by_password("x"))).await.map(drop);
    assert_eq!(field_of(refused), "old_password");
    send_code(&world, &phone).await;
    let refused = members::set_password(&member, set(PASSWORD, by_code(CODE))).await.map(drop);
    assert_eq!(field_of(refused), "old_code", "a code to log in with changes nothing");
    for bad in ["short", "password1", phone.as_str()] {
        assert_eq!(field_of(members::set_password(&member, set(bad, by_code(CODE))).await.map(drop)), "password");
    }
    let member_again = with_password(&world, &member, PASSWORD).await;
    assert!(sessions::mine(&world.bearer(None, Channel::Shop).await).await.is_err());
    try_log_in(&visitor, &phone, PASSWORD, None).await.unwrap();

    let refused = members::set_password(&member_again, set(OTHER_PASSWORD, by_password("falsch"))).await.map(drop);
    assert_eq!(field_of(refused), "old_password");
    assert_eq!(
        field_of(members::set_password(&member_again, set(PASSWORD, by_password(PASSWORD))).await.map(drop)),
        "password"
    );
    let done = members::set_password(&member_again, set(OTHER_PASSWORD, by_password(PASSWORD))).await;
    let renewed = world.bearer(Some(done.unwrap_or_else(|_| panic!()).token.secret()), Channel::Shop).await;
    assert_eq!(sessions::mine(&renewed).await.unwrap().len(), 1, "every session of before has ended");
    assert_eq!(field_of(try_log_in(&visitor, &phone, PASSWORD, None).await), "password");
    try_log_in(&visitor, &phone, OTHER_PASSWORD, None).await.unwrap();

    assert!(members::account(&renewed).await.unwrap().has_password);
    let done = members::remove_password(&renewed, &by_password(OTHER_PASSWORD)).await;
    let without = world.bearer(Some(done.unwrap_or_else(|_| panic!()).token.secret()), Channel::Shop).await;
    assert!(!members::account(&without).await.unwrap().has_password);
    assert_eq!(field_of(try_log_in(&visitor, &phone, OTHER_PASSWORD, None).await), "password");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_unknown_number_one_without_a_password_and_a_wrong_password_are_told_alike(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (with, without) = (world.member().await, world.member().await);
    let (with_phone, without_phone) = (phone_of(&with).await, phone_of(&without).await);
    with_password(&world, &with, PASSWORD).await;
    let visitor = world.visitor().await;
    let mut answers = Vec::new();
    for phone in [&*with_phone, &*without_phone, "13700000000"] {
        answers.push(try_log_in(&visitor, phone, "falsch falsch", None).await.unwrap_err());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let long = "长".repeat(400);
    assert_eq!(try_log_in(&visitor, &with_phone, &long, None).await.unwrap_err(), answers[0]);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn whoever_guesses_a_members_password_locks_out_strangers_alone(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let settings = Settings { log_ins_in_ten_minutes: 5, ..Settings::default() };
    let world = World::with(options, connect, Partners::default(), settings).await;
    let member = world.member().await;
    let phone = phone_of(&member).await;
    with_password(&world, &member, PASSWORD).await;
    let home = world.visitor().await;
    let known = log_in(&home, &phone, PASSWORD, None).await.unwrap_or_else(|_| panic!()).device;
    for try_of in 0..5 {
        let mut guesser = world.visitor().await;
        guesser.address = format!("10.0.0.{try_of}").into();
        let _ = try_log_in(&guesser, &phone, "falsch falsch", None).await;
    }
    let mut stranger = world.visitor().await;
    stranger.address = "10.0.1.1".into();
    assert_eq!(code_of(try_log_in(&stranger, &phone, PASSWORD, None).await), "too_many");
    assert_eq!(code_of(try_log_in(&stranger, &phone, PASSWORD, Some(&"0".repeat(64))).await), "too_many");
    stranger.address = "10.0.1.2".into();
    try_log_in(&stranger, &phone, PASSWORD, Some(&known)).await.unwrap();
    // And a code by SMS opens it as ever.
    send_code(&world, &phone).await;
    stranger.address = "10.0.1.3".into();
    let command = LogIn { phone: phone.parse().unwrap(), code: CODE.into(), arrival: None, device: None, app: None };
    members::log_in(&stranger, command).await.map(drop).unwrap();
    let too_long = try_log_in(&stranger, &phone, PASSWORD, Some(&"0".repeat(65))).await;
    assert_eq!(field_of(too_long), "device");
    world.balanced().await;
}

fn change(phone: &str, code: &str, proof: Proof) -> ChangePhone {
    ChangePhone { phone: phone.parse().unwrap(), code: code.into(), proof }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_number_changes_with_a_code_to_each_and_the_other_sessions_end(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let member = world.member().await;
    let old = phone_of(&member).await;
    send_code(&world, &old).await;
    let elsewhere = crate::members::log_in_as(&world, &world.visitor().await, &old, CODE).await;
    send_code_for(&world, &member, &old, CodeFor::Account).await;
    send_code_for(&world, &member, NEW_PHONE, CodeFor::Phone).await;
    // Both are looked at before one is used up, and each serves its own purpose.
    let wrong = members::change_phone(&member, change(NEW_PHONE, "000000", by_code("000000"))).await.unwrap_err();
    let fields: Vec<_> = wrong.complaints().iter().map(|one| one.field.clone()).collect();
    assert_eq!(fields, ["old_code", "code"]);
    assert_eq!(field_of(members::change_phone(&member, change(NEW_PHONE, "000000", by_code(CODE))).await), "code");
    assert_eq!(phone_of(&member).await, old);
    let changed = members::change_phone(&member, change(NEW_PHONE, CODE, by_code(CODE))).await.unwrap();
    assert_eq!((changed.member.phone.as_str(), changed.merge), (NEW_PHONE, None));
    assert_eq!(sessions::mine(&member).await.unwrap().len(), 1, "the other device is logged out");
    drop(elsewhere);
    // The old number is a stranger's now.
    send_code(&world, &old).await;
    let stranger = crate::members::log_in_as(&world, &world.visitor().await, &old, CODE).await;
    assert_ne!(stranger.member().unwrap(), member.member().unwrap());
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_code_for_a_number_to_come_serves_only_the_member_who_asked(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (one, other) = (world.member().await, world.member().await);
    let one = with_password(&world, &one, PASSWORD).await;
    send_code_for(&world, &other, NEW_PHONE, CodeFor::Phone).await;
    let stolen = members::change_phone(&one, change(NEW_PHONE, CODE, by_password(PASSWORD))).await;
    assert_eq!(field_of(stolen), "code");
    let nobody = members::change_phone(&world.visitor().await, change(NEW_PHONE, CODE, by_password(PASSWORD))).await;
    assert_eq!(code_of(nobody), "unauthenticated");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_device_is_forgotten_when_nobody_uses_it_for_long(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let member = world.member().await;
    with_password(&world, &member, PASSWORD).await;
    assert_eq!(world.count("select count(*) from member_devices").await, 1);
    let later = Scope::system(&world.house, world.now + Duration::days(commerce::DEVICE_DAYS) + Duration::seconds(1));
    commerce::jobs::sweep(&later).await.unwrap();
    assert_eq!(world.count("select count(*) from member_devices").await, 0);
    world.balanced().await;
}
