//! Who may make whom, and what that leaves behind.

use chrono::Duration;
use commerce::{Partners, Scope, Settings, audit, orders, sessions, staff};
use domain::{
    Fault, StaffId,
    audit::ListAudit,
    orders::{Channel, ListOrders},
    staff::{
        ChangePassword, GiveGrant, Hire, ListStaff, Permission, PlaceAsked, Role, RoleKey, SaveRole, SaveStoreGroup,
        StaffLogIn,
    },
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    people::Reach,
    world::{World, code_of, field_of},
};

const PASSWORD: &str = "雨后 的 茶园 很安静";

pub fn at_stores(role: Role, codes: &[&str]) -> GiveGrant {
    let codes = codes.iter().map(|code| (*code).to_owned()).collect();
    GiveGrant { role: RoleKey::BuiltIn(role), place: PlaceAsked::Stores { codes }, until: None }
}

fn in_region(role: Role, code: &str) -> GiveGrant {
    GiveGrant { role: RoleKey::BuiltIn(role), place: PlaceAsked::Region { code: code.into() }, until: None }
}

pub fn everywhere(role: Role) -> GiveGrant {
    GiveGrant { role: RoleKey::BuiltIn(role), place: PlaceAsked::Everywhere, until: None }
}

pub fn account(account: &str, grant: GiveGrant) -> Hire {
    Hire {
        id: StaffId(Uuid::now_v7()),
        account: account.into(),
        name: format!("员工 {account}"),
        department_id: None,
        password: PASSWORD.into(),
        grant,
    }
}

pub async fn hired(by: &Scope, name: &str, grant: GiveGrant) -> StaffId {
    let command = account(name, grant);
    let id = command.id;
    staff::hire(by, command).await.unwrap();
    id
}

async fn log_in(world: &World, name: &str, password: &str) -> Result<Scope, Fault> {
    let visitor = world.bearer(None, Channel::Console).await;
    let command = StaffLogIn { account: name.into(), password: password.into(), device: None };
    let staff::LoggedIn { token, .. } = staff::log_in(&visitor, command).await?;
    Ok(world.bearer(Some(token.secret()), Channel::Console).await)
}

/// A person who has logged in and replaced the first password.
pub async fn settled(world: &World, name: &str) -> Scope {
    let new = log_in(world, name, PASSWORD).await.unwrap();
    let command = ChangePassword { old_password: PASSWORD.into(), password: format!("{PASSWORD}，真的") };
    let token = staff::change_password(&new, command).await.unwrap();
    world.bearer(Some(token.secret()), Channel::Console).await
}

pub async fn names(who: &Scope, ask: ListStaff) -> Vec<String> {
    let (found, total) = staff::list(who, &ListStaff { most: 100, ..ask }).await.unwrap();
    assert_eq!(found.len() as i64, total);
    found.into_iter().map(|entry| entry.account).collect()
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn whoever_is_hired_changes_the_first_password_and_then_does_what_was_granted(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let hq = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    let command = account("lin", at_stores(Role::StoreManager, &["RMGC"]));
    staff::hire(&hq, command.clone()).await.unwrap();
    staff::hire(&hq, command.clone()).await.unwrap();
    let other = Hire { name: "另一位".into(), ..command.clone() };
    assert_eq!(code_of(staff::hire(&hq, other).await), "key_reused");
    let second = world.staff("总部二", Role::SuperAdmin, Reach::Everywhere).await;
    assert_eq!(code_of(staff::hire(&second, command).await), "key_reused", "by somebody else it is not the same");
    assert_eq!(
        world.count("select count(*) from grants g join staff p on p.id = g.staff_id where account = 'lin'").await,
        1
    );
    let new = log_in(&world, "lin", PASSWORD).await.unwrap();
    assert_eq!(code_of(orders::board(&new, None).await), "password_must_change");
    let same = ChangePassword { old_password: PASSWORD.into(), password: PASSWORD.into() };
    assert_eq!(field_of(staff::change_password(&new, same).await.map(drop)), "password");
    let wrong = ChangePassword { old_password: "falsch".into(), password: "另一个 好 密码".into() };
    assert_eq!(field_of(staff::change_password(&new, wrong).await.map(drop)), "old_password");
    let common = ChangePassword { old_password: PASSWORD.into(), password: "password1".into() };
    assert_eq!(field_of(staff::change_password(&new, common).await.map(drop)), "password");
    let lin = settled(&world, "lin").await;
    assert!(orders::board(&lin, None).await.unwrap().is_empty());
    assert_eq!(code_of(log_in(&world, "lin", PASSWORD).await.map(drop)), "invalid", "the first password is over");
    assert!(!lin.may(Permission::UseHq));
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_new_password_ends_every_session_of_before(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let hq = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    hired(&hq, "lin", at_stores(Role::Clerk, &["RMGC"])).await;
    let visitor = world.bearer(None, Channel::Console).await;
    let command = StaffLogIn { account: "lin".into(), password: PASSWORD.into(), device: None };
    let stolen = staff::log_in(&visitor, command).await.unwrap().token;
    settled(&world, "lin").await;
    let thief = world.bearer(Some(stolen.secret()), Channel::Console).await;
    assert_eq!(code_of(staff::me(&thief)), "unauthenticated");
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_regional_manager_staffs_the_regions_stores_and_no_more(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let manager = world.staff("顾经理", Role::RegionalManager, Reach::Region("310000")).await;
    let lin = hired(&manager, "lin", at_stores(Role::StoreManager, &["RMGC"])).await;
    hired(&manager, "district", in_region(Role::RegionalManager, "310100")).await;
    let tries = [
        (at_stores(Role::Clerk, &["XIHU"]), "stores"),
        (at_stores(Role::Clerk, &["RMGC", "NOWHERE"]), "stores"),
        (at_stores(Role::SuperAdmin, &["RMGC"]), "stores"),
        (in_region(Role::Clerk, "330000"), "region"),
        (in_region(Role::Clerk, "100000"), "region"),
        (in_region(Role::Clerk, "nowhere"), "region"),
        (in_region(Role::GoodsDepartment, "310000"), "region"),
        (everywhere(Role::Clerk), "place"),
    ];
    for (place, (grant, field)) in tries.into_iter().enumerate() {
        assert_eq!(field_of(staff::give(&manager, lin, grant.clone()).await), field, "{grant:?}");
        assert_eq!(field_of(staff::hire(&manager, account(&format!("new-{place}"), grant)).await), field);
    }
    assert_eq!(world.count("select count(*) from staff").await, 3, "nobody was hired by a refused request");
    assert_eq!(world.count("select count(*) from grants").await, 3);
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn accounts_out_of_reach_are_not_found_and_stronger_ones_not_touched(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let hq = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    let manager = world.staff("顾经理", Role::RegionalManager, Reach::Region("310000")).await;
    let near = hired(&hq, "near", at_stores(Role::Clerk, &["RMGC"])).await;
    let far = hired(&hq, "far", at_stores(Role::Clerk, &["XIHU"])).await;
    let both = hired(&hq, "both", at_stores(Role::Clerk, &["RMGC", "XIHU"])).await;
    let stronger = hired(&hq, "stronger", in_region(Role::GoodsDepartment, "310000")).await;
    let (boss, me) = (hq.staff().unwrap().id, manager.staff().unwrap().id);
    let seen = names(&manager, ListStaff { role: Some(RoleKey::BuiltIn(Role::Clerk)), ..ListStaff::default() }).await;
    assert_eq!(seen, ["near"]);
    assert_eq!(names(&manager, ListStaff { words: "STRONG".into(), ..ListStaff::default() }).await, ["stronger"]);
    assert_eq!(names(&hq, ListStaff::default()).await.len(), 6);
    for unseen in [far, both, boss, StaffId(Uuid::now_v7())] {
        assert_eq!(code_of(staff::show(&manager, unseen).await), "not_found");
        assert_eq!(code_of(staff::suspend(&manager, unseen).await), "not_found");
        assert_eq!(code_of(staff::reset_password(&manager, unseen, PASSWORD.into()).await), "not_found");
        assert_eq!(code_of(staff::give(&manager, unseen, at_stores(Role::Clerk, &["RMGC"])).await), "not_found");
        assert_eq!(code_of(staff::take_back(&manager, unseen, Uuid::now_v7()).await), "not_found");
    }
    let card = staff::show(&manager, stronger).await.unwrap();
    assert!(!card.may_change);
    assert_eq!(staff::suspend(&manager, stronger).await, Err(Fault::Forbidden));
    assert_eq!(staff::reset_password(&manager, stronger, PASSWORD.into()).await, Err(Fault::Forbidden));
    assert_eq!(code_of(staff::give(&manager, me, at_stores(Role::StoreManager, &["RMGC"])).await), "yourself");
    assert_eq!(code_of(staff::suspend(&hq, boss).await), "yourself");
    staff::suspend(&manager, near).await.unwrap();
    assert_eq!(world.count("select count(*) from staff where not active").await, 1);
    let clerk = world.staff("小王", Role::Clerk, Reach::Store(world.store)).await;
    assert_eq!(code_of(staff::list(&clerk, &ListStaff::default()).await), "forbidden");
    assert_eq!(code_of(staff::hire(&clerk, account("x", everywhere(Role::Clerk))).await), "forbidden");
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn rights_that_change_take_effect_at_once_and_end_the_sessions(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let hq = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    let lin = hired(&hq, "lin", at_stores(Role::Clerk, &["RMGC"])).await;
    let logged_in = settled(&world, "lin").await;
    assert!(orders::list(&logged_in, ListOrders { most: 1, ..ListOrders::default() }).await.is_ok());
    let card = staff::show(&hq, lin).await.unwrap();
    assert_eq!((card.grants.len(), card.grants[0].place_name.as_str()), (1, "人民广场店"));
    staff::take_back(&hq, lin, card.grants[0].id).await.unwrap();
    staff::take_back(&hq, lin, card.grants[0].id).await.unwrap();
    assert_eq!(
        world.count("select count(*) from sessions s join staff p on p.id = s.staff_id where account = 'lin'").await,
        0
    );
    let again = log_in(&world, "lin", &format!("{PASSWORD}，真的")).await.unwrap();
    assert_eq!(code_of(orders::board(&again, None).await), "forbidden");
    staff::suspend(&hq, lin).await.unwrap();
    staff::suspend(&hq, lin).await.unwrap();
    assert_eq!(code_of(log_in(&world, "lin", &format!("{PASSWORD}，真的")).await.map(drop)), "invalid");
    staff::restore(&hq, lin).await.unwrap();
    assert!(log_in(&world, "lin", &format!("{PASSWORD}，真的")).await.is_ok());
    staff::reset_password(&hq, lin, "全新 的 初始 密码".into()).await.unwrap();
    let reset = log_in(&world, "lin", "全新 的 初始 密码").await.unwrap();
    assert_eq!(code_of(orders::board(&reset, None).await), "password_must_change");
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_temporary_grant_ends_with_its_last_day(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let hq = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    let today = world.now.date_naive();
    let past = GiveGrant { until: today.pred_opt(), ..at_stores(Role::Clerk, &["RMGC"]) };
    assert_eq!(field_of(staff::hire(&hq, account("lin", past)).await), "until");
    let grant = GiveGrant { until: Some(today), ..at_stores(Role::Clerk, &["RMGC"]) };
    let lin = hired(&hq, "lin", grant).await;
    settled(&world, "lin").await;
    let visitor = world.bearer(None, Channel::Console).await;
    let command = StaffLogIn { account: "lin".into(), password: format!("{PASSWORD}，真的"), device: None };
    let token = staff::log_in(&visitor, command).await.unwrap().token;
    let at = |hours| {
        let now = world.now + Duration::hours(hours);
        let request =
            sessions::Request { channel: Channel::Console, now, id: "r".into(), address: "".into(), agent: "".into() };
        sessions::identify(&world.house, Some(token.secret()), request)
    };
    world
        .alter(
            "update sessions set expires_at = expires_at + interval '1 day', seen_at = seen_at + interval '11 hours'",
        )
        .await;
    // It is noon in Shanghai.
    assert!(at(11).await.unwrap().may(Permission::ReadOrders));
    assert!(!at(12).await.unwrap().may(Permission::ReadOrders));
    let mut tomorrow = hq.clone();
    tomorrow.now += Duration::hours(12);
    assert!(staff::show(&tomorrow, lin).await.unwrap().grants.is_empty());
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_role_of_the_customers_own_allows_what_it_says_at_the_moment(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let hq = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    let (role, group) = (Uuid::now_v7(), Uuid::now_v7());
    let save =
        |name: &str, permissions: &[Permission]| SaveRole { name: name.into(), permissions: permissions.to_vec() };
    staff::own_roles::save(&hq, role, save("巡店员", &[Permission::ReadOrders])).await.unwrap();
    assert_eq!(
        field_of(staff::own_roles::save(&hq, Uuid::now_v7(), save("巡店员", &[Permission::ReadOrders])).await),
        "name"
    );
    assert_eq!(
        field_of(staff::own_roles::save(&hq, Uuid::now_v7(), save("店长", &[Permission::ReadOrders])).await),
        "name"
    );
    assert_eq!(field_of(staff::own_roles::save(&hq, Uuid::now_v7(), save("空", &[])).await), "may");
    let stores = |codes: &[&str]| SaveStoreGroup {
        name: "试点".into(),
        stores: codes.iter().map(|code| (*code).into()).collect(),
    };
    staff::store_groups::save(&hq, group, stores(&["RMGC"])).await.unwrap();
    assert_eq!(field_of(staff::store_groups::save(&hq, group, stores(&["NOWHERE"])).await), "stores");
    let grant = GiveGrant { role: RoleKey::Own(role), place: PlaceAsked::Group { id: group }, until: None };
    hired(&hq, "lin", grant).await;
    settled(&world, "lin").await;
    let (near, _) = world.place_paid(&world.member().await, 1).await;
    let count = async || {
        let lin = log_in(&world, "lin", &format!("{PASSWORD}，真的")).await.unwrap();
        orders::list(&lin, ListOrders { most: 10, ..ListOrders::default() }).await.map(|page| page.items.len())
    };
    assert_eq!(count().await, Ok(1));
    staff::store_groups::save(&hq, group, stores(&["XIHU"])).await.unwrap();
    assert_eq!(count().await, Ok(0), "the group has other stores now");
    staff::store_groups::save(&hq, group, stores(&["XIHU", "RMGC"])).await.unwrap();
    let lin = log_in(&world, "lin", &format!("{PASSWORD}，真的")).await.unwrap();
    assert_eq!(orders::accept(&lin, near).await, Err(Fault::Forbidden));
    staff::own_roles::save(&hq, role, save("巡店员", &[Permission::FulfilOrders])).await.unwrap();
    let lin = log_in(&world, "lin", &format!("{PASSWORD}，真的")).await.unwrap();
    orders::accept(&lin, near).await.unwrap();
    assert_eq!(count().await, Err(Fault::Forbidden));
    assert_eq!(code_of(staff::own_roles::remove(&hq, role).await), "role_given");
    assert_eq!(code_of(staff::store_groups::remove(&hq, group).await), "group_given");
    let manager = world.staff("顾经理", Role::RegionalManager, Reach::Region("310000")).await;
    assert_eq!(
        staff::own_roles::save(&manager, role, save("巡店员", &[Permission::ReadOrders])).await,
        Err(Fault::Forbidden)
    );
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn nobody_puts_into_a_role_what_they_do_not_have(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let hq = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    let id = Uuid::now_v7();
    let role = |permissions: &[Permission]| SaveRole { name: "人事".into(), permissions: permissions.to_vec() };
    let hr = [Permission::UseHq, Permission::ManageStaff, Permission::ManageRoles];
    staff::own_roles::save(&hq, id, role(&hr)).await.unwrap();
    hired(&hq, "hr-lead", GiveGrant { role: RoleKey::Own(id), place: PlaceAsked::Everywhere, until: None }).await;
    let person = settled(&world, "hr-lead").await;
    let wider = SaveRole { permissions: vec![Permission::ManagePartners], ..role(&[]) };
    assert_eq!(field_of(staff::own_roles::save(&person, id, wider).await), "may");
    assert_eq!(field_of(staff::hire(&person, account("friend", everywhere(Role::SuperAdmin))).await), "place");
    hired(&person, "clerk", at_stores(Role::Clerk, &["RMGC"])).await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn somebody_is_always_left_who_can_give_everything_back(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let hq = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    let first = hq.staff().unwrap().id;
    hired(&hq, "second", everywhere(Role::SuperAdmin)).await;
    let second = settled(&world, "second").await;
    staff::suspend(&second, first).await.unwrap();
    // A request of the first one that began before still runs.
    let id = second.staff().unwrap().id;
    assert_eq!(
        code_of(staff::suspend(&hq, id).await),
        "unauthenticated",
        "whoever was suspended meanwhile does nothing"
    );
    staff::restore(&second, first).await.unwrap();
    let mut temporary = everywhere(Role::SuperAdmin);
    temporary.until = Some(world.now.date_naive());
    staff::give(&hq, id, temporary.clone()).await.unwrap();
    assert_eq!(code_of(staff::give(&second, first, temporary).await), "forbidden", "who is administrator for a day");
    staff::give(&hq, id, everywhere(Role::SuperAdmin)).await.unwrap();
    staff::suspend(&second, first).await.unwrap();
    let grant = staff::show(&second, id).await.unwrap().grants[0].id;
    assert_eq!(code_of(staff::take_back(&second, id, grant).await), "yourself");
    let everything = SaveRole { name: "全权".into(), permissions: Permission::ALL.to_vec() };
    let role = Uuid::now_v7();
    staff::own_roles::save(&second, role, everything).await.unwrap();
    hired(&second, "third", GiveGrant { role: RoleKey::Own(role), place: PlaceAsked::Everywhere, until: None }).await;
    let third = settled(&world, "third").await;
    assert_eq!(code_of(staff::suspend(&third, id).await), "last_admin");
    assert_eq!(code_of(staff::take_back(&third, id, grant).await), "last_admin");
    let mut ended = everywhere(Role::SuperAdmin);
    ended.until = Some(world.now.date_naive());
    assert_eq!(code_of(staff::give(&third, id, ended).await), "last_admin", "nor is the last one given an end");
    assert!(staff::show(&third, id).await.unwrap().grants[0].ends_at.is_none());
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_log_tells_who_did_what_to_whom_and_only_to_those_who_may_know(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let hq = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    let manager = world.staff("顾经理", Role::RegionalManager, Reach::Region("310000")).await;
    let lin = hired(&hq, "lin", at_stores(Role::Clerk, &["RMGC"])).await;
    hired(&hq, "far", at_stores(Role::Clerk, &["XIHU"])).await;
    let clerk = settled(&world, "lin").await;
    let (order, _) = world.place_paid(&world.member().await, 1).await;
    orders::accept(&clerk, order).await.unwrap();
    let acts = async |who: &Scope, ask: ListAudit| -> Vec<String> {
        let page = audit::list(who, &ListAudit { most: 50, ..ask }).await.unwrap();
        page.items.into_iter().map(|entry| entry.act).collect()
    };
    assert_eq!(
        acts(&hq, ListAudit::default()).await,
        ["accept", "change_password", "give_grant", "hire", "give_grant", "hire"],
        "newest first"
    );
    assert_eq!(
        acts(&manager, ListAudit::default()).await,
        ["accept", "give_grant"],
        "what concerns the region's stores"
    );
    let of = |words: &str| ListAudit { words: words.into(), ..ListAudit::default() };
    assert_eq!(acts(&hq, of(&lin.to_string())).await, ["change_password", "give_grant", "hire"]);
    assert_eq!(acts(&hq, of("员工 LIN")).await.len(), 4, "by and to that person");
    assert_eq!(acts(&hq, ListAudit { staff: Some(lin), ..ListAudit::default() }).await, ["accept", "change_password"]);
    let today = world.now.date_naive();
    let days = |from, to| ListAudit { from, to, ..ListAudit::default() };
    assert_eq!(acts(&hq, days(Some(today), Some(today))).await.len(), 6);
    assert_eq!(acts(&hq, days(today.succ_opt(), None)).await.len(), 0);
    assert_eq!(acts(&hq, days(None, today.pred_opt())).await.len(), 0);
    let page = audit::list(&hq, &ListAudit { most: 2, ..ListAudit::default() }).await.unwrap();
    assert_eq!((page.items[0].address.as_str(), page.items[0].request_id.as_str()), ("127.0.0.1", "request-1"));
    let next = page.next.unwrap().parse().ok();
    assert_eq!(acts(&hq, ListAudit { after: next, ..ListAudit::default() }).await.len(), 4);
    assert_eq!(code_of(audit::list(&clerk, &ListAudit::default()).await), "forbidden");
    let told = "select count(*) from audit where concat(before, after) like '%茶园%'";
    assert_eq!(world.count(told).await, 0, "a password is in the log");
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn whoever_guesses_locks_out_strangers_and_nobody_on_a_device_that_is_known(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let settings = Settings { log_ins_in_ten_minutes: 5, ..Settings::default() };
    let world = World::with(options, connect, Partners::default(), settings).await;
    let hq = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    hired(&hq, "lin", at_stores(Role::Clerk, &["RMGC"])).await;
    let from = async |address: &str, password: &str, device: Option<&str>| {
        let mut visitor = world.bearer(None, Channel::Console).await;
        visitor.address = address.into();
        let command =
            StaffLogIn { account: "lin".into(), password: password.into(), device: device.map(str::to_owned) };
        staff::log_in(&visitor, command).await
    };
    let known = from("10.0.0.1", PASSWORD, None).await.unwrap().device;
    for guess in 0..4 {
        assert_eq!(code_of(from(&format!("10.1.0.{guess}"), "geraten", None).await.map(drop)), "invalid");
    }
    assert_eq!(code_of(from("10.1.0.9", PASSWORD, None).await.map(drop)), "too_many", "a stranger is locked out");
    let made_up = "ab".repeat(32);
    assert_eq!(code_of(from("10.1.0.9", PASSWORD, Some(&made_up)).await.map(drop)), "too_many");
    let again = from("10.0.0.2", PASSWORD, Some(&known)).await.unwrap();
    assert_eq!(again.device, known, "the device stays the same");
    for _ in 0..4 {
        assert_eq!(code_of(from("10.0.0.3", "geraten", Some(&known)).await.map(drop)), "invalid");
    }
    assert_eq!(
        code_of(from("10.0.0.4", PASSWORD, Some(&known)).await.map(drop)),
        "too_many",
        "a device is counted too"
    );
    assert_eq!(world.count("select count(*) from staff_devices").await, 1);
    let lin = again.person.id;
    staff::log_out_everywhere(&hq, lin).await.unwrap();
    assert_eq!(world.count("select count(*) from staff_devices").await, 0, "a lost device is a stranger again");
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_session_is_listed_ended_and_over_when_it_rests_too_long(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let hq = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    let manager = world.staff("顾经理", Role::RegionalManager, Reach::Region("330000")).await;
    let lin = hired(&hq, "lin", at_stores(Role::Clerk, &["RMGC"])).await;
    let first = settled(&world, "lin").await;
    let second = log_in(&world, "lin", &format!("{PASSWORD}，真的")).await.unwrap();
    let mine = sessions::mine(&second).await.unwrap();
    assert_eq!(mine.iter().map(|session| session.is_this).collect::<Vec<_>>(), [true, false]);
    assert_eq!((mine[0].device().as_str(), mine[0].address.as_str()), ("Firefox · Windows", "127.0.0.1"));
    assert_eq!(staff::sessions_of(&hq, lin).await.unwrap().len(), 2);
    assert_eq!(code_of(staff::sessions_of(&manager, lin).await), "not_found");
    assert_eq!(code_of(staff::log_out_everywhere(&manager, lin).await), "not_found");
    let of_hq = sessions::mine(&hq).await.unwrap()[0].id;
    sessions::end_one(&second, of_hq).await.unwrap();
    assert_eq!(sessions::mine(&hq).await.unwrap().len(), 1, "another's session cannot be ended");
    sessions::end_one(&second, mine[1].id).await.unwrap();
    assert_eq!(sessions::mine(&first).await.unwrap().len(), 1);
    log_in(&world, "lin", &format!("{PASSWORD}，真的")).await.unwrap();
    sessions::end_others(&second).await.unwrap();
    assert_eq!(sessions::mine(&second).await.unwrap().len(), 1);

    let visitor = world.bearer(None, Channel::Console).await;
    let command = StaffLogIn { account: "lin".into(), password: format!("{PASSWORD}，真的"), device: None };
    let token = staff::log_in(&visitor, command).await.unwrap().token;
    let after = |minutes| {
        let (channel, now) = (Channel::Console, world.now + Duration::minutes(minutes));
        let request = sessions::Request { channel, now, id: "r".into(), address: "".into(), agent: "".into() };
        sessions::identify(&world.house, Some(token.secret()), request)
    };
    for minutes in [60, 170, 280] {
        assert!(after(minutes).await.unwrap().staff().is_ok(), "used after {minutes} minutes");
    }
    assert!(after(280 + 121).await.unwrap().staff().is_err(), "it rested for two hours");
    assert!(after(12 * 60).await.unwrap().staff().is_err());
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn nobody_widens_a_grant_by_its_group_or_for_longer_than_they_have(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let hq = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    let (group, makers) = (Uuid::now_v7(), Uuid::now_v7());
    let stores = |codes: &[&str]| {
        let stores = codes.iter().map(|code| (*code).to_owned()).collect();
        SaveStoreGroup { name: "试点".into(), stores }
    };
    staff::store_groups::save(&hq, group, stores(&["RMGC"])).await.unwrap();
    let role = SaveRole { name: "建组".into(), permissions: vec![Permission::UseHq, Permission::ManageRoles] };
    staff::own_roles::save(&hq, makers, role.clone()).await.unwrap();
    let maker = GiveGrant { role: RoleKey::Own(makers), place: PlaceAsked::Everywhere, until: None };
    let id = hired(&hq, "maker", maker).await;
    let maker = settled(&world, "maker").await;
    let at_group =
        |role| GiveGrant { role: RoleKey::BuiltIn(role), place: PlaceAsked::Group { id: group }, until: None };
    staff::store_groups::save(&maker, group, stores(&["RMGC", "XIHU"])).await.unwrap();
    staff::store_groups::save(&maker, group, stores(&["RMGC"])).await.unwrap();
    hired(&hq, "friend", at_group(Role::StoreManager)).await;
    assert_eq!(field_of(staff::store_groups::save(&maker, group, stores(&["RMGC", "XIHU"])).await), "stores");
    staff::give(&hq, id, at_group(Role::StoreManager)).await.unwrap();
    assert_eq!(code_of(staff::store_groups::save(&maker, group, stores(&["RMGC"])).await), "yourself");
    staff::store_groups::save(&hq, group, stores(&["RMGC", "XIHU"])).await.unwrap();
    let taken = SaveRole { permissions: vec![Permission::ManageRoles], ..role };
    let directors = Uuid::now_v7();
    let director = SaveRole { name: "总监".into(), permissions: Permission::ALL.to_vec() };
    staff::own_roles::save(&hq, directors, director).await.unwrap();
    let less = SaveRole { name: "总监".into(), ..taken };
    assert_eq!(
        field_of(staff::own_roles::save(&maker, directors, less).await),
        "may",
        "nor takes away what is not theirs"
    );

    let mut stand_in = in_region(Role::RegionalManager, "310000");
    stand_in.until = Some(world.now.date_naive());
    hired(&hq, "stand-in", stand_in.clone()).await;
    let manager = settled(&world, "stand-in").await;
    let puppet = account("puppet", in_region(Role::RegionalManager, "310000"));
    assert_eq!(field_of(staff::hire(&manager, puppet).await), "region", "for good, as they are not themselves");
    hired(&manager, "helper", stand_in).await;
    hired(&manager, "clerk", at_stores(Role::Clerk, &["RMGC"])).await;
    let lasting = hired(&hq, "lasting", in_region(Role::RegionalManager, "310000")).await;
    assert_eq!(staff::reset_password(&manager, lasting, PASSWORD.into()).await, Err(Fault::Forbidden));
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn whoever_took_the_last_grant_back_can_give_another(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let manager = world.staff("顾经理", Role::RegionalManager, Reach::Region("310000")).await;
    let lin = hired(&manager, "lin", at_stores(Role::Clerk, &["RMGC"])).await;
    let grant = staff::show(&manager, lin).await.unwrap().grants[0].id;
    staff::take_back(&manager, lin, grant).await.unwrap();
    staff::take_back(&manager, lin, grant).await.unwrap();
    assert!(staff::show(&manager, lin).await.unwrap().grants.is_empty());
    assert!(names(&manager, ListStaff::default()).await.contains(&"lin".to_owned()));
    staff::give(&manager, lin, at_stores(Role::StoreManager, &["RMGC"])).await.unwrap();
    staff::give(&manager, lin, at_stores(Role::Clerk, &["RMGC"])).await.unwrap();
    assert_eq!(staff::show(&manager, lin).await.unwrap().grants.len(), 2);
    assert_eq!(
        world.count("select count(*) from grants g join staff p on p.id = g.staff_id where account = 'lin'").await,
        2
    );
    let counts = staff::own_roles::list(&manager).await.unwrap();
    let admins = counts.iter().find(|role| role.key == RoleKey::BuiltIn(Role::SuperAdmin)).unwrap();
    world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    assert_eq!(admins.grants, 0, "how many others have is not a region's to know");
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn two_who_suspend_each_other_at_once_never_deadlock_and_one_stays(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    for _ in 0..8 {
        let one = world.staff("甲", Role::SuperAdmin, Reach::Everywhere).await;
        let other = world.staff("乙", Role::SuperAdmin, Reach::Everywhere).await;
        let (first, second) = futures::join!(
            staff::suspend(&one, other.staff().unwrap().id),
            staff::suspend(&other, one.staff().unwrap().id)
        );
        assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
        assert_eq!(first.and(second), Err(Fault::Unauthenticated));
    }
}
