//! Keys of partners' programs that manage and pay back orders, count and report losses (T5, D8, K4).

use commerce::{
    Scope, after_sales, alerts, counts, keys, losses, orders, purchasing, staff,
    stock::{batches, lists},
};
use domain::{
    AfterSalesId, CountId, Fault, LossId, PurchaseId, SetApartEndId,
    after_sales::RefundOrder,
    alerts::{AlertKind, Goods, ListAlerts, SetAlertRule},
    batches::ListBatches,
    counts::{
        CountState, CountView, EnterCount, EnterCountList, FoundLine, ListCounts, OpenCount, Selection, SubmitCount,
    },
    keys::CreateKey,
    losses::{LossKind, LossState, ReportLoss},
    order_centre::CallOff,
    orders::{Channel, OrderState},
    purchasing::ScrapSetApart,
    staff::{GiveGrant, Permission, PlaceAsked, Role, RoleKey, SaveRole},
    stock_lists::ListBalances,
    transfers::Pieces,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    authority::{hired, settled},
    counts::{no, place_of, yes},
    people::Reach,
    world::{PIECES, World, code_of, field_of},
};

/// How steps and documents name the key of [`with`].
const ITS_NAME: &str = "合作方 客服系统";

fn with(permissions: &[Permission]) -> CreateKey {
    CreateKey {
        name: "客服系统".into(),
        permissions: permissions.to_vec(),
        stores: vec!["RMGC".into()],
        warehouses: Vec::new(),
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

/// A count of the medium tea, of which whoever counts is not told what the books say.
fn blind(world: &World) -> OpenCount {
    let selection = Selection::Partial { categories: Vec::new(), skus: vec![world.medium.to_string()] };
    let (id, location_id) = (CountId(Uuid::now_v7()), place_of(world.store));
    OpenCount { id, location_id, selection, blind: true, note: String::new() }
}

fn found(world: &World, pieces: i64) -> EnterCount {
    EnterCount { id: Uuid::now_v7(), code: world.medium.to_string(), pieces }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_program_counts_where_it_may_in_its_own_name_and_decides_nothing(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let admin = world.staff("管理员", Role::SuperAdmin, Reach::Everywhere).await;
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    let scanner = program(&world, &admin, &[Permission::CountStock]).await;
    let other = program(&world, &admin, &[Permission::CountStock]).await;
    let reader = program(&world, &admin, &[Permission::ReadOrders, Permission::ReceiveGoods]).await;
    let count = blind(&world);
    let id = count.id;
    assert_eq!(code_of(counts::open(&reader, count.clone()).await), "forbidden");
    let elsewhere = OpenCount { location_id: place_of(world.elsewhere), ..count.clone() };
    assert_eq!(code_of(counts::open(&scanner, elsewhere).await), "not_found");
    for _ in 0..2 {
        counts::open(&scanner, count.clone()).await.unwrap();
    }
    assert_eq!(code_of(counts::open(&other, count.clone()).await), "key_reused", "another program's");
    let refused = counts::open(&manager, blind(&world)).await;
    assert!(matches!(&refused, Err(fault) if fault.message().contains(ITS_NAME)), "names who counts: {refused:?}");

    // What it scans by itself, what it takes back, and what its scanners bring as a list.
    let entry = found(&world, PIECES);
    for _ in 0..2 {
        let line = counts::enter(&scanner, id, entry.clone()).await.unwrap();
        assert_eq!((line.counted, line.book), (Some(PIECES), None));
    }
    assert_eq!(code_of(counts::enter(&other, id, entry.clone()).await), "key_reused");
    assert_eq!(code_of(counts::enter(&reader, id, found(&world, 1)).await), "forbidden");
    counts::undo(&scanner, id, entry.id).await.unwrap();
    let lines = vec![FoundLine { code: world.medium.to_string(), pieces: PIECES - 30 }];
    let list = EnterCountList { id: Uuid::now_v7(), lines };
    for _ in 0..2 {
        assert_eq!(counts::enter_list(&scanner, id, list.clone()).await.unwrap().pieces, PIECES - 30);
    }
    counts::submit(&scanner, id, SubmitCount::default()).await.unwrap();

    let names = |view: &CountView| -> Vec<String> {
        let entered = view.entries.iter().map(|entry| entry.by.clone());
        entered.chain(view.steps.iter().map(|step| step.by.clone())).chain([view.card.opened_by.clone()]).collect()
    };
    let view = counts::show(&scanner, id).await.unwrap();
    assert_eq!(names(&view), [ITS_NAME; 5], "two entries, two steps and the count");
    assert!(view.card.off.is_none() && !view.card.may_decide && view.may_cancel);
    assert_eq!(code_of(counts::decide(&scanner, id, yes()).await), "forbidden");
    assert_eq!(counts::waiting(&admin).await.unwrap(), 1, "too far off for the store");
    counts::decide(&admin, id, no("请复盘冰柜")).await.unwrap();
    counts::recount(&scanner, id, world.medium).await.unwrap();
    counts::enter(&scanner, id, found(&world, PIECES - 3)).await.unwrap();
    counts::submit(&scanner, id, SubmitCount::default()).await.unwrap();
    counts::decide(&manager, id, yes()).await.unwrap();
    assert_eq!(world.stock_at(world.store, world.medium).await.on_hand, PIECES - 3);
    let off = counts::show(&scanner, id).await.unwrap().card.off;
    assert_eq!(off.map(|off| off.pieces), Some(3), "it reads the result");

    let again = blind(&world);
    counts::open(&scanner, again.clone()).await.unwrap();
    assert_eq!(code_of(counts::cancel(&other, again.id).await), "forbidden", "another program's");
    counts::cancel(&scanner, again.id).await.unwrap();
    let listed = counts::list(&scanner, &ListCounts { most: 9, ..Default::default() }).await.unwrap();
    let states: Vec<CountState> = listed.items.iter().map(|card| card.state).collect();
    assert_eq!(states, [CountState::Cancelled, CountState::Approved]);
    let signed = "select count(*) from audit where object_kind = 'count' and api_key_id is not null";
    assert_eq!(world.count(signed).await, 5, "opened, submitted twice, opened, cancelled");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_program_reports_losses_and_reads_stock_where_it_may(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let admin = world.staff("管理员", Role::SuperAdmin, Reach::Everywhere).await;
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    let keeper = program(&world, &admin, &[Permission::CountStock]).await;
    let reader = program(&world, &admin, &[Permission::ReadOrders, Permission::ReceiveGoods]).await;
    let lost = || ReportLoss {
        id: LossId(Uuid::now_v7()),
        location_id: place_of(world.store),
        sku_id: world.medium,
        quantity: 2,
        kind: LossKind::Broken,
        reason: "叉车碰倒".into(),
        batch: None,
    };
    let (first, second) = (lost(), lost());
    assert_eq!(code_of(losses::report(&reader, first.clone()).await), "forbidden");
    let elsewhere = ReportLoss { location_id: place_of(world.elsewhere), ..lost() };
    assert_eq!(code_of(losses::report(&keeper, elsewhere).await), "not_found");
    for command in [&first, &first, &second] {
        assert_eq!(losses::report(&keeper, command.clone()).await.unwrap(), LossState::Reported, "small as it is");
    }
    assert_eq!(code_of(losses::report(&manager, first.clone()).await), "key_reused");
    let seen = losses::show(&manager, first.id).await.unwrap();
    assert_eq!((seen.card.reported_by.as_str(), seen.others[0].reported_by.as_str()), (ITS_NAME, ITS_NAME));
    assert!(losses::show(&keeper, first.id).await.unwrap().card.mine);
    assert_eq!(code_of(losses::decide(&keeper, first.id, yes()).await), "forbidden");
    losses::decide(&manager, first.id, yes()).await.unwrap();
    for _ in 0..2 {
        losses::withdraw(&keeper, second.id).await.unwrap();
    }
    let back = losses::show(&manager, second.id).await.unwrap();
    assert_eq!((back.card.state, back.decided_by.as_deref()), (LossState::Withdrawn, Some(ITS_NAME)));
    assert_eq!(world.stock_at(world.store, world.medium).await.on_hand, PIECES - 2);
    let signed = "select count(*) from audit where object_kind = 'loss' and api_key_id is not null";
    assert_eq!(world.count(signed).await, 3, "reported twice, withdrawn");

    // What lies at its store, and nothing of another.
    let places: Vec<_> = counts::places(&keeper).await.unwrap().into_iter().map(|place| place.id).collect();
    assert_eq!(places, [place_of(world.store)]);
    let all = ListBalances { most: 99, ..Default::default() };
    let (lying, total) = lists::balances(&keeper, &all).await.unwrap();
    assert_eq!(total, 2);
    assert!(lying.iter().all(|one| one.location.id == place_of(world.store)), "{lying:?}");
    assert_eq!(code_of(lists::balances(&reader, &all).await), "forbidden");
    batches::list(&keeper, &ListBatches { most: 9, ..Default::default() }).await.unwrap();
    alerts::list(&keeper, &ListAlerts { most: 9, ..Default::default() }).await.unwrap();
    alerts::rules(&keeper, None).await.unwrap();
    for location_id in [None, Some(place_of(world.store))] {
        let rule = SetAlertRule { kind: AlertKind::Low, location_id, goods: Goods::All, threshold: Some(3) };
        assert_eq!(code_of(alerts::set(&keeper, rule).await), "forbidden");
    }
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_program_that_may_come_so_far_is_told_what_only_people_do(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let admin = world.staff("管理员", Role::SuperAdmin, Reach::Everywhere).await;
    let may = [Permission::ManagePurchasing, Permission::ReceiveGoods, Permission::ManageOrders];
    let everywhere = keys::create(&admin, CreateKey { stores: Vec::new(), ..with(&may) }).await.unwrap();
    let secret = keys::make(&admin, everywhere).await.unwrap();
    let buys = world.bearer(Some(&secret), Channel::Api).await;
    let reader = program(&world, &admin, &[Permission::ReadOrders]).await;
    let visitor = world.visitor().await;
    let purchase = PurchaseId(Uuid::now_v7());
    let scrap = || ScrapSetApart {
        id: SetApartEndId(Uuid::now_v7()),
        location_id: place_of(world.store),
        lines: vec![Pieces { sku_id: world.medium, quantity: 1 }],
        reason: "供应商不收".into(),
    };

    assert_eq!(purchasing::decide(&buys, purchase, yes()).await, Err(Fault::PeopleOnly));
    assert_eq!(purchasing::scrap_set_apart(&buys, scrap()).await, Err(Fault::PeopleOnly));
    assert_eq!(orders::unclaimed_rule(&buys).await.unwrap_err(), Fault::PeopleOnly);
    for program in [&buys, &reader] {
        assert_eq!(counts::decide(program, CountId(Uuid::now_v7()), yes()).await, Err(Fault::PeopleOnly));
    }
    assert_eq!(purchasing::decide(&reader, purchase, yes()).await, Err(Fault::Forbidden), "it does not buy at all");
    assert_eq!(purchasing::scrap_set_apart(&reader, scrap()).await, Err(Fault::Forbidden));
    assert_eq!(orders::unclaimed_rule(&reader).await.unwrap_err(), Fault::Forbidden);
    assert_eq!(purchasing::decide(&visitor, purchase, yes()).await, Err(Fault::Unauthenticated));
    world.balanced().await;
}
