//! The second step of staff's log-in.

use chrono::Duration;
use commerce::{
    Partners, Scope, Settings, orders, sessions,
    staff::{self, LoggedIn, second_step},
};
use domain::{
    Fault,
    orders::Channel,
    staff::{EnterCode, Role, StaffLogIn},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use totp_rs::{Builder, Secret};

use crate::{
    people::Reach,
    world::{World, code_of, field_of},
};

const PASSWORD: &str = "雨后 的 茶园 很安静";

/// Somebody's app, which has taken the secret as it is shown.
struct App(totp_rs::Totp);

impl App {
    async fn of(who: &Scope) -> Self {
        let shown = second_step::mine(who).await.unwrap().set_up.unwrap();
        let text = shown.secret.replace(' ', "");
        assert!(shown.url.starts_with("otpauth://totp/") && shown.url.contains(&text), "{}", shown.url);
        let secret = Secret::try_from_base32(text).unwrap();
        Self(Builder::new().with_secret(secret).build().unwrap())
    }

    fn code(&self, who: &Scope) -> EnterCode {
        EnterCode { code: self.0.generate(who.now.timestamp() as u64).to_string() }
    }
}

/// A person of staff who has an own password.
async fn person(world: &World, role: Role, reach: Reach) -> Scope {
    let who = world.staff("林姐", role, reach).await;
    let hq = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    staff::reset_password(&hq, who.staff().unwrap().id, PASSWORD.into()).await.unwrap();
    world.alter("update staff set must_change_password = false").await;
    log_in(world, &who, 0).await.unwrap().1
}

/// Logs somebody in again, so much later; answers what was said and the scope of the session.
async fn log_in(world: &World, who: &Scope, later_s: i64) -> Result<(LoggedIn, Scope), Fault> {
    let id = who.staff().unwrap().id.to_string();
    let mut visitor = world.bearer(None, Channel::Console).await;
    visitor.now += Duration::seconds(later_s);
    let logged_in =
        staff::log_in(&visitor, StaffLogIn { account: id, password: PASSWORD.into(), device: None }).await?;
    let scope = bearer(world, &logged_in, later_s).await;
    Ok((logged_in, scope))
}

async fn bearer(world: &World, logged_in: &LoggedIn, later_s: i64) -> Scope {
    let now = world.now + Duration::seconds(later_s);
    let (channel, id, address, agent) = (Channel::Console, "r".into(), "127.0.0.1".into(), "".into());
    let request = sessions::Request { channel, now, id, address, agent };
    sessions::identify(&world.house, Some(logged_in.token.secret()), request).await.unwrap()
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_password_alone_opens_nothing_once_the_second_step_is_on(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let who = person(&world, Role::Clerk, Reach::Store(world.store)).await;
    second_step::begin(&who).await.unwrap();
    let app = App::of(&who).await;
    assert_eq!(field_of(second_step::confirm(&who, EnterCode { code: "12345".into() }).await), "code");
    let wrong = EnterCode { code: format!("{:06}", (app.code(&who).code.parse::<u32>().unwrap() + 1) % 1_000_000) };
    assert_eq!(field_of(second_step::confirm(&who, wrong).await), "code");
    assert!(log_in(&world, &who, 0).await.unwrap().0.person.roles == ["店员"], "it is not asked for before it is on");
    second_step::confirm(&who, app.code(&who)).await.unwrap();
    assert_eq!(code_of(second_step::begin(&who).await), "second_step_on");

    let (first, pending) = log_in(&world, &who, 60).await.unwrap();
    assert!(first.person.awaits_code && first.device.is_empty());
    assert_eq!(code_of(orders::board(&pending, None).await), "unauthenticated");
    assert_eq!(code_of(second_step::mine(&pending).await.map(drop)), "unauthenticated");
    assert_eq!(code_of(second_step::turn_off(&pending, PASSWORD.into()).await), "unauthenticated");
    let used = app.code(&who);
    assert_eq!(field_of(second_step::enter(&pending, used, None).await.map(drop)), "code", "a code opens once");
    let entered = second_step::enter(&pending, app.code(&pending), None).await.unwrap();
    assert!(!entered.device.is_empty() && entered.token.secret() != first.token.secret(), "under a new token");
    let logged_in = bearer(&world, &entered, 60).await;
    assert!(orders::board(&logged_in, None).await.is_ok());
    assert_eq!(
        code_of(second_step::enter(&bearer(&world, &first, 60).await, app.code(&pending), None).await.map(drop)),
        "unauthenticated"
    );
    let (late, _) = log_in(&world, &who, 120).await.unwrap();
    let pending = bearer(&world, &late, 120 + 601).await;
    assert_eq!(code_of(second_step::enter(&pending, app.code(&pending), None).await.map(drop)), "unauthenticated");
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn codes_cannot_be_guessed_through(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let who = person(&world, Role::Clerk, Reach::Store(world.store)).await;
    second_step::begin(&who).await.unwrap();
    let app = App::of(&who).await;
    second_step::confirm(&who, app.code(&who)).await.unwrap();
    let (_, pending) = log_in(&world, &who, 600).await.unwrap();
    for guess in 0..6 {
        let guess = EnterCode { code: format!("00000{guess}") };
        assert_eq!(code_of(second_step::enter(&pending, guess, None).await.map(drop)), "invalid");
    }
    assert_eq!(code_of(second_step::enter(&pending, app.code(&pending), None).await.map(drop)), "too_many");
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_secret_is_shown_to_and_taken_from_the_session_alone_that_began(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let who = person(&world, Role::Clerk, Reach::Store(world.store)).await;
    let thief = log_in(&world, &who, 0).await.unwrap().1;
    second_step::begin(&thief).await.unwrap();
    let planted = App::of(&thief).await;
    assert!(second_step::mine(&who).await.unwrap().set_up.is_none(), "nobody is shown another's secret");
    assert_eq!(code_of(second_step::confirm(&who, planted.code(&who)).await), "second_step_not_begun");
    second_step::begin(&who).await.unwrap();
    assert!(second_step::mine(&thief).await.unwrap().set_up.is_none());
    assert_eq!(code_of(second_step::confirm(&thief, planted.code(&thief)).await), "second_step_not_begun");
    let own = App::of(&who).await;
    second_step::confirm(&who, own.code(&who)).await.unwrap();
    let hq = world.staff("总部二", Role::SuperAdmin, Reach::Everywhere).await;
    staff::reset_password(&hq, who.staff().unwrap().id, "另一个 好的 密码".into()).await.unwrap();
    world.alter("update staff set totp_secret = null, totp_since = null").await;
    let id = who.staff().unwrap().id.to_string();
    let command = StaffLogIn { account: id, password: "另一个 好的 密码".into(), device: None };
    let first = staff::log_in(&world.bearer(None, Channel::Console).await, command).await.unwrap();
    let first = bearer(&world, &first, 0).await;
    assert_eq!(code_of(second_step::begin(&first).await), "password_must_change");
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn who_knows_the_password_alone_locks_nobody_out(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let who = person(&world, Role::Clerk, Reach::Store(world.store)).await;
    second_step::begin(&who).await.unwrap();
    let app = App::of(&who).await;
    second_step::confirm(&who, app.code(&who)).await.unwrap();
    let (_, pending) = log_in(&world, &who, 600).await.unwrap();
    let known = second_step::enter(&pending, app.code(&pending), None).await.unwrap().device;
    let (_, stranger) = log_in(&world, &who, 1_200).await.unwrap();
    for _ in 0..6 {
        let guess = EnterCode { code: "000000".into() };
        assert_eq!(code_of(second_step::enter(&stranger, guess, None).await.map(drop)), "invalid");
    }
    assert_eq!(code_of(second_step::enter(&stranger, app.code(&stranger), None).await.map(drop)), "too_many");
    assert!(
        second_step::enter(&stranger, app.code(&stranger), Some(&known)).await.is_ok(),
        "on a device that is known"
    );
    let (_, late) = log_in(&world, &who, 2_400).await.unwrap();
    assert!(second_step::clear_by_command(&world.system(0), &who.staff().unwrap().id.to_string()).await.unwrap());
    assert_eq!(code_of(second_step::enter(&late, app.code(&late), Some(&known)).await.map(drop)), "unauthenticated");
    assert!(!second_step::clear_by_command(&world.system(0), "niemand").await.unwrap());
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn it_is_given_up_with_the_password_or_taken_away_by_a_manager(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let who = person(&world, Role::Clerk, Reach::Store(world.store)).await;
    let hq = world.staff("总部二", Role::SuperAdmin, Reach::Everywhere).await;
    let far = world.staff("浙江", Role::RegionalManager, Reach::Region("330000")).await;
    let id = who.staff().unwrap().id;
    for _ in 0..2 {
        second_step::begin(&who).await.unwrap();
        let app = App::of(&who).await;
        world.alter("update staff set totp_period = 0").await;
        second_step::confirm(&who, app.code(&who)).await.unwrap();
        assert!(staff::show(&hq, id).await.unwrap().second_step);
        assert_eq!(field_of(second_step::turn_off(&who, "falsch".into()).await), "password");
        assert_eq!(code_of(second_step::remove(&far, id).await), "not_found");
        second_step::turn_off(&who, PASSWORD.into()).await.unwrap();
    }
    second_step::begin(&who).await.unwrap();
    let app = App::of(&who).await;
    world.alter("update staff set totp_period = 0").await;
    world.alter("delete from rate_limits").await;
    second_step::confirm(&who, app.code(&who)).await.unwrap();
    second_step::remove(&hq, id).await.unwrap();
    second_step::remove(&hq, id).await.unwrap();
    assert!(!log_in(&world, &who, 60).await.unwrap().0.person.awaits_code);
    let told = "select count(*) from audit where act = 'turn_off_second_step'";
    assert_eq!(world.count(told).await, 3);
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn where_it_is_required_head_office_opens_nothing_before_it_is_set_up(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let settings = Settings { second_step_for_hq: true, ..Settings::default() };
    let world = World::with(options, connect, Partners::default(), settings).await;
    let clerk = world.staff("小王", Role::Clerk, Reach::Store(world.store)).await;
    assert!(orders::board(&clerk, None).await.is_ok(), "a store's people need none");
    let hq = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    assert_eq!(code_of(orders::board(&hq, None).await), "second_step_needed");
    assert!(second_step::mine(&hq).await.unwrap().is_required);
    second_step::begin(&hq).await.unwrap();
    let app = App::of(&hq).await;
    second_step::confirm(&hq, app.code(&hq)).await.unwrap();
    let token = format!("{:064x}", 7);
    world.alter("update sessions set token_hash = sha256('0000000000000000000000000000000000000000000000000000000000000007') where staff_id in (select id from staff where name = '总部')").await;
    let hq = world.bearer(Some(&token), Channel::Hq).await;
    assert!(orders::board(&hq, None).await.is_ok());
    assert_eq!(code_of(second_step::turn_off(&hq, PASSWORD.into()).await), "second_step_required");
}
