//! Everything about oneself as a file; and a member who goes: the person vanishes, the books stay.

use commerce::{cart, members, orders};
use domain::{
    members::{CodeFor, EraseAccount},
    orders::ListOrders,
    staff::Role,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::{
    member_accounts::{PASSWORD, phone_of, send_code_for, with_password},
    members::{CODE, log_in_as, send_code},
    people::Reach,
    world::{World, code_of, field_of},
};

fn with(code: &str) -> EraseAccount {
    EraseAccount { code: code.into() }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn who_goes_leaves_no_trace_but_what_the_books_need(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let clerk = world.staff("小王", Role::Clerk, Reach::Store(world.store)).await;
    let member = with_password(&world, &world.member().await, PASSWORD).await;
    let phone = phone_of(&member).await;
    let (order, code) = world.place_paid(&member, 2).await;
    world.alter("update orders set note = '请交给张小姐'").await;
    // Not while something is open; and a refusal uses no code up.
    send_code_for(&world, &member, &phone, CodeFor::Erase).await;
    assert_eq!(members::leaving(&member).await.unwrap().open_orders, 1);
    assert_eq!(code_of(members::erase(&member, with(CODE)).await), "orders_open");
    orders::accept(&clerk, order).await.unwrap();
    orders::redeem(&clerk, &code).await.unwrap();
    world.put(&member, world.large, 1).await;

    assert_eq!(field_of(members::erase(&member, with("000000")).await), "code");
    members::erase(&member, with(CODE)).await.unwrap();
    assert_eq!(code_of(members::me(&member).await), "unauthenticated");
    for table in ["sessions where member_id is not null", "member_devices", "phone_codes", "cart_lines"] {
        let left: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {table}")))
            .fetch_one(&world.owner)
            .await
            .unwrap();
        assert_eq!(left, 0, "{table}");
    }
    let personal = "select count(*) from members m join orders o on o.member_id = m.id
        where m.phone is not null or m.password_hash is not null or m.name <> '已注销会员' or o.note <> ''";
    assert_eq!(world.count(personal).await, 0);
    let card = orders::show_for_staff(&clerk, order).await.unwrap().card;
    assert_eq!(card.phone_tail, "已注销会员");
    assert_eq!(world.count("select count(*) from audit where before::text || after::text like '%138%'").await, 0);

    // The number may be used anew, and nothing of before is there.
    send_code(&world, &phone).await;
    let anew = log_in_as(&world, &world.visitor().await, &phone, CODE).await;
    assert!(orders::mine(&anew, ListOrders { most: 10, ..ListOrders::default() }).await.unwrap().items.is_empty());
    assert_eq!(cart::pieces(&anew).await.unwrap(), 0);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn nobody_goes_while_money_is_on_its_way_back(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let member = world.member().await;
    let (order, _) = world.place_paid(&member, 1).await;
    orders::cancel(&member, order).await.unwrap();
    send_code_for(&world, &member, &phone_of(&member).await, CodeFor::Erase).await;
    assert_eq!(code_of(members::erase(&member, with(CODE)).await), "refunds_open");
    assert_eq!(code_of(members::erase(&world.visitor().await, with(CODE)).await), "unauthenticated");
    // A code for anything else erases nothing.
    send_code_for(&world, &member, &phone_of(&member).await, CodeFor::Account).await;
    assert!(members::erase(&member, with(CODE)).await.is_err());
    assert!(members::me(&member).await.is_ok());
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_file_holds_everything_about_a_member_and_nothing_of_others(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (member, other) = (world.member().await, world.member().await);
    let (order, _) = world.place_paid(&member, 2).await;
    world.put(&member, world.large, 1).await;
    world.place(&other, 1).await;
    let file = members::export(&member).await.unwrap();
    assert_eq!(file["会员"]["手机号"], phone_of(&member).await);
    let orders_of = file["订单"].as_array().unwrap();
    assert_eq!(orders_of.len(), 1);
    let number = orders::show(&member, order).await.unwrap().card.number;
    assert_eq!((&orders_of[0]["订单号"], &orders_of[0]["商品"][0]["数量"]), (&number.into(), &2.into()));
    assert_eq!(
        (&orders_of[0]["付款"][0]["金额_分"], &orders_of[0]["经过"][0]["事件"]),
        (&3000.into(), &"place".into())
    );
    assert_eq!(file["购物车"][0]["数量"], 1);
    assert_eq!(file["登录的设备"].as_array().unwrap().len(), 1);
    let text = file.to_string();
    assert!(!text.contains(&phone_of(&other).await) && !text.contains("hash"), "{text}");
    for _ in 0..9 {
        members::export(&member).await.unwrap();
    }
    assert_eq!(code_of(members::export(&member).await), "too_many");
    world.balanced().await;
}
