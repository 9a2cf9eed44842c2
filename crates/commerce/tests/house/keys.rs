//! Keys of partners' programs that manage and pay back orders (T5, D8).

use commerce::{Scope, after_sales, keys, orders, staff};
use domain::{
    AfterSalesId, Fault,
    after_sales::RefundOrder,
    keys::CreateKey,
    order_centre::CallOff,
    orders::{Channel, OrderState},
    staff::{GiveGrant, Permission, PlaceAsked, Role, RoleKey, SaveRole},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    authority::{hired, settled},
    people::Reach,
    world::{World, code_of, field_of},
};

fn with(permissions: &[Permission]) -> CreateKey {
    CreateKey {
        name: "客服系统".into(),
        permissions: permissions.to_vec(),
        stores: vec!["RMGC".into()],
        per_minute: 600,
        until: None,
    }
}

async fn program(world: &World, admin: &Scope, permissions: &[Permission]) -> Scope {
    let key = keys::create(admin, with(permissions)).await.unwrap();
    let secret = keys::make(admin, key).await.unwrap();
    world.bearer(Some(&secret), Channel::Api).await
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_program_calls_orders_off_and_pays_them_back_where_it_may_and_in_its_own_name(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let admin = world.staff("管理员", Role::SuperAdmin, Reach::Everywhere).await;
    let manages = program(&world, &admin, &[Permission::ReadOrders, Permission::ManageOrders]).await;
    let pays_back = program(&world, &admin, &[Permission::RefundOrders]).await;
    let buyer = world.member().await;
    let (open, _) = world.place_paid(&buyer, 1).await;
    let (done, code) = world.place_paid(&buyer, 2).await;
    orders::accept(&admin, done).await.unwrap();
    orders::redeem(&admin, &code).await.unwrap();
    let (abroad, _) = world.place_paid(&buyer, 1).await;
    let elsewhere = domain::order_centre::Reroute { store_id: world.elsewhere, reason: "顾客同意换店".into() };
    orders::reroute(&admin, abroad, &elsewhere).await.unwrap();

    let off = CallOff { reason: "顾客来电取消".into() };
    assert_eq!(code_of(orders::call_off(&pays_back, open, &off).await), "forbidden");
    assert_eq!(code_of(orders::call_off(&manages, abroad, &off).await), "not_found", "another store's");
    orders::call_off(&manages, open, &off).await.unwrap();
    assert_eq!(world.state_of(open).await, OrderState::Cancelled);
    let back = RefundOrder::of_pieces(AfterSalesId(Uuid::now_v7()), Vec::new(), "商品有质量问题");
    assert_eq!(after_sales::refund(&manages, done, &back).await, Err(Fault::Forbidden));
    after_sales::refund(&pays_back, done, &back).await.unwrap();
    assert_eq!(world.count("select count(*) from refunds").await, 2);
    let signed =
        "select count(*) from audit where act in ('call_off', 'refund_after_sales') and api_key_id is not null";
    assert_eq!(world.count(signed).await, 2);
    let steps = world.order(&buyer, open).await.steps;
    assert!(steps.last().unwrap().by.contains("客服系统"), "{steps:?}");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn nobody_gives_a_key_what_pays_back_without_having_it_or_what_no_key_is_given(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let admin = world.staff("管理员", Role::SuperAdmin, Reach::Everywhere).await;
    assert_eq!(field_of(keys::create(&admin, with(&[Permission::ManageStaff])).await), "may");
    let id = Uuid::now_v7();
    let permissions = vec![Permission::UseHq, Permission::ManagePartners];
    staff::own_roles::save(&admin, id, SaveRole { name: "对接".into(), permissions }).await.unwrap();
    hired(&admin, "it-lead", GiveGrant { role: RoleKey::Own(id), place: PlaceAsked::Everywhere, until: None }).await;
    let person = settled(&world, "it-lead").await;
    for money in [Permission::ManageOrders, Permission::RefundOrders] {
        assert_eq!(field_of(keys::create(&person, with(&[money])).await), "may");
    }
    assert_eq!(world.count("select count(*) from api_keys").await, 0);
    keys::create(&person, with(&[Permission::ReadOrders])).await.unwrap();
    world.balanced().await;
}
