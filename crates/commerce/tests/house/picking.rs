//! Taking an order's goods off the shelf, and packing them: who, when, and what is refused (D3).

use commerce::{Scope, cart, orders};
use domain::{
    Fault, OrderId, SkuId,
    cart::SetLine,
    order_centre::Reroute,
    orders::{OrderState, Pack, PickLine, ScanPick, SetPicked},
    staff::Role,
};
use futures::future::join_all;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    people::Reach,
    world::{World, code_of, field_of},
};

/// A paid order of two medium teas and three large ones, that nobody has taken on.
async fn paid(world: &World) -> OrderId {
    let buyer = world.member().await;
    world.put(&buyer, world.medium, 2).await;
    world.put(&buyer, world.large, 3).await;
    let order = orders::place(&buyer, world.command(&buyer).await).await.unwrap().id;
    world.pay(order).await;
    order
}

async fn clerk(world: &World, name: &str) -> Scope {
    world.staff(name, Role::Clerk, Reach::Store(world.store)).await
}

async fn line(who: &Scope, order: OrderId, sku: SkuId) -> PickLine {
    let lines = orders::pick_list(who, order).await.unwrap();
    lines.into_iter().find(|one| one.sku_id == sku).unwrap()
}

/// How many of each line are off the shelf, the medium one's first.
async fn picked(world: &World, who: &Scope, order: OrderId) -> (i64, i64) {
    (line(who, order, world.medium).await.picked, line(who, order, world.large).await.picked)
}

async fn set(who: &Scope, order: OrderId, sku: SkuId, picked: i64) -> Result<PickLine, Fault> {
    let line = line(who, order, sku).await.line;
    orders::set_picked(who, order, SetPicked { line, picked, seen: None }).await
}

fn scanned(code: impl Into<String>) -> ScanPick {
    ScanPick { id: Uuid::now_v7(), code: code.into() }
}

const ROWS: &str = "select count(*) from order_picks";

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_picked_is_kept_with_who_and_when_and_two_share_an_order(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (wang, lin) = (clerk(&world, "小王").await, clerk(&world, "小林").await);
    let order = paid(&world).await;
    orders::accept(&wang, order).await.unwrap();
    assert_eq!(picked(&world, &wang, order).await, (0, 0));
    assert_eq!(line(&wang, order, world.medium).await.picked_by, None);

    let whole = set(&wang, order, world.medium, 2).await.unwrap();
    assert!(whole.is_whole());
    let large = orders::scan_pick(&lin, order, &scanned(world.large.to_string())).await.unwrap();
    assert_eq!((large.picked, large.quantity, large.picked_by.as_deref()), (1, 3, Some("店员 小林")));
    let seen = line(&lin, order, world.medium).await;
    assert_eq!((seen.picked, seen.picked_by.as_deref(), seen.picked_at), (2, Some("店员 小王"), Some(world.now)));

    // Saying it again changes nothing; putting it back does, and nobody has picked it then.
    assert_eq!(set(&lin, order, world.medium, 2).await.unwrap(), seen);
    assert_eq!(world.count(ROWS).await, 2);
    let back = set(&lin, order, world.medium, 0).await.unwrap();
    assert_eq!((back.picked, back.picked_by, back.picked_at), (0, None, None));
    assert_eq!(picked(&world, &wang, order).await, (0, 1));
    assert_eq!(world.count(ROWS).await, 3, "what was so before is kept");
    assert_eq!(world.state_of(order).await, OrderState::Accepted, "ticking off is no step of the order");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn who_looks_at_a_line_that_somebody_else_has_changed_takes_nothing_back(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (wang, lin) = (clerk(&world, "小王").await, clerk(&world, "小林").await);
    let order = paid(&world).await;
    orders::accept(&wang, order).await.unwrap();
    let large = line(&wang, order, world.large).await;
    let say = async |who: &Scope, picked, seen| {
        let command = SetPicked { line: large.line, picked, seen: Some(seen) };
        orders::set_picked(who, order, command).await
    };
    let told = |answer: Result<PickLine, Fault>| match answer {
        Err(Fault::Conflict { code: "picked_meanwhile", message }) => message,
        other => panic!("{other:?}"),
    };
    // Both look at none picked.
    assert_eq!(say(&wang, 2, 0).await.unwrap().picked, 2);
    let by_wang = format!("{} 刚刚由 店员 小王 改为 2/3，请核对后再点", large.title());
    assert_eq!(told(say(&lin, 1, 0).await), by_wang);
    assert_eq!(say(&lin, 2, 0).await.unwrap().picked, 2, "it is so already");
    assert_eq!(say(&lin, 3, 2).await.unwrap().picked, 3, "who looks again goes on");
    assert_eq!(say(&wang, 0, 3).await.unwrap().picked, 0);
    let back = format!("{} 刚刚改为 0/3，请核对后再点", large.title());
    assert_eq!(told(say(&lin, 1, 3).await), back);
    assert_eq!(world.count(ROWS).await, 3, "what was refused has changed nothing");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_scan_takes_a_piece_of_what_is_on_the_list_and_counts_once(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (wang, lin) = (clerk(&world, "小王").await, clerk(&world, "小林").await);
    world.alter("update skus set barcode = '6901234567892' where spec_values = array['大杯']").await;
    let small = SkuId(Uuid::now_v7());
    world.add_sku(small, "小杯", 900).await;
    let order = paid(&world).await;
    orders::accept(&wang, order).await.unwrap();

    let once = scanned(" 6901234567892 ");
    for _ in 0..2 {
        assert_eq!(orders::scan_pick(&wang, order, &once).await.unwrap().picked, 1);
    }
    let another = ScanPick { code: world.medium.to_string(), ..once.clone() };
    assert_eq!(code_of(orders::scan_pick(&wang, order, &another).await), "key_reused");
    assert_eq!(code_of(orders::scan_pick(&lin, order, &once).await), "key_reused");

    let unknown = orders::scan_pick(&wang, order, &scanned("6900000000000")).await;
    assert_eq!(field_of(unknown), "code");
    let Err(Fault::Invalid(told)) = orders::scan_pick(&wang, order, &scanned(small.to_string())).await else {
        panic!("it is not on the list");
    };
    assert_eq!(told[0].field, "code");
    assert!(told[0].message.contains("小杯"), "it says what it is: {}", told[0].message);

    let code = world.medium.to_string().to_uppercase();
    for _ in 0..2 {
        orders::scan_pick(&wang, order, &scanned(code.clone())).await.unwrap();
    }
    assert_eq!(field_of(orders::scan_pick(&wang, order, &scanned(code)).await), "code", "two were ordered");
    assert_eq!(picked(&world, &wang, order).await, (2, 1), "what was refused has changed nothing");
    assert_eq!(world.count(ROWS).await, 3);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_scan_fills_one_line_of_the_same_goods_after_the_other(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (buyer, wang) = (world.member().await, clerk(&world, "小王").await);
    world.put(&buyer, world.medium, 1).await;
    let less_sweet = SetLine { options: vec!["s5".to_owned()].into(), ..world.line(world.medium, 1) };
    cart::set_line(&buyer, less_sweet).await.unwrap();
    let order = orders::place(&buyer, world.command(&buyer).await).await.unwrap().id;
    world.pay(order).await;
    orders::accept(&wang, order).await.unwrap();
    let mut lines = Vec::new();
    for _ in 0..2 {
        lines.push(orders::scan_pick(&wang, order, &scanned(world.medium.to_string())).await.unwrap().line);
    }
    assert_eq!(lines, [1, 2]);
    assert_eq!(field_of(orders::scan_pick(&wang, order, &scanned(world.medium.to_string())).await), "code");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn no_more_than_was_ordered_is_picked(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let wang = clerk(&world, "小王").await;
    let order = paid(&world).await;
    orders::accept(&wang, order).await.unwrap();
    for wrong in [-1, 3, i64::MAX] {
        assert_eq!(field_of(set(&wang, order, world.medium, wrong).await), "picked");
    }
    let none = SetPicked { line: 3, picked: 1, seen: None };
    assert_eq!(field_of(orders::set_picked(&wang, order, none).await), "line");
    assert_eq!(world.count(ROWS).await, 0);
    // Who scan at the same moment add to each other, and the last piece is one of theirs.
    set(&wang, order, world.large, 1).await.unwrap();
    let scans: Vec<ScanPick> = (0..4).map(|_| scanned(world.large.to_string())).collect();
    let all = join_all(scans.iter().map(|scan| orders::scan_pick(&wang, order, scan))).await;
    assert_eq!(all.iter().filter(|answer| answer.is_ok()).count(), 2);
    assert_eq!(picked(&world, &wang, order).await, (0, 3));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn only_the_store_that_is_at_an_order_picks_it(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let wang = clerk(&world, "小王").await;
    let elsewhere = world.staff("西湖", Role::Clerk, Reach::Store(world.elsewhere)).await;
    let region = world.staff("区域经理", Role::RegionalManager, Reach::Region("310100")).await;
    let order = paid(&world).await;
    let first = SetPicked { line: 1, picked: 1, seen: None };
    let scan = || scanned(world.medium.to_string());
    assert_eq!(code_of(orders::set_picked(&wang, order, first).await), "not_now", "nobody has taken it on");
    assert_eq!(code_of(orders::scan_pick(&wang, order, &scan()).await), "not_now");
    orders::accept(&wang, order).await.unwrap();
    assert_eq!(code_of(orders::set_picked(&elsewhere, order, first).await), "not_found");
    assert_eq!(code_of(orders::scan_pick(&elsewhere, order, &scan()).await), "not_found");
    assert_eq!(code_of(orders::set_picked(&region, order, first).await), "forbidden");
    assert_eq!(code_of(orders::scan_pick(&region, order, &scan()).await), "forbidden");
    let buyer = world.member().await;
    assert!(orders::set_picked(&buyer, order, first).await.is_err());
    let before = scan();
    orders::scan_pick(&wang, order, &before).await.unwrap();
    orders::prepare(&wang, order).await.unwrap();
    assert_eq!(code_of(orders::set_picked(&wang, order, first).await), "not_now", "it is ready");
    assert_eq!(code_of(orders::scan_pick(&wang, order, &scan()).await), "not_now");
    assert_eq!(orders::scan_pick(&wang, order, &before).await.unwrap().picked, 1, "the same request again is answered");
    assert_eq!(picked(&world, &region, order).await, (1, 0), "whoever sees the order sees who picked");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_order_given_to_another_store_is_picked_anew(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let wang = clerk(&world, "小王").await;
    let there = world.staff("西湖", Role::Clerk, Reach::Store(world.elsewhere)).await;
    let service = world.staff("客服", Role::ServiceDepartment, Reach::Everywhere).await;
    let order = paid(&world).await;
    orders::accept(&wang, order).await.unwrap();
    set(&wang, order, world.medium, 2).await.unwrap();
    orders::pack(&wang, order, Pack { packages: Some(2) }).await.unwrap();
    let to = |store_id| Reroute { store_id, reason: "原门店缺货".into() };
    orders::reroute(&service, order, &to(world.elsewhere)).await.unwrap();
    assert_eq!(picked(&world, &there, order).await, (0, 0), "what the other store picked is not here");
    assert_eq!(orders::show_for_staff(&there, order).await.unwrap().packages(), None);
    orders::accept(&there, order).await.unwrap();
    assert_eq!(picked(&world, &there, order).await, (0, 0));
    set(&there, order, world.large, 1).await.unwrap();
    // Back where it was first, it begins anew there too.
    orders::reroute(&service, order, &to(world.store)).await.unwrap();
    orders::accept(&wang, order).await.unwrap();
    assert_eq!(picked(&world, &wang, order).await, (0, 0));
    assert_eq!(world.count(ROWS).await, 2, "what was picked before is kept");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn packages_are_kept_with_the_step_that_makes_an_order_ready(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let wang = clerk(&world, "小王").await;
    let order = paid(&world).await;
    orders::accept(&wang, order).await.unwrap();
    for wrong in [0, 100, -1] {
        assert_eq!(field_of(orders::pack(&wang, order, Pack { packages: Some(wrong) }).await), "packages");
    }
    assert_eq!(world.state_of(order).await, OrderState::Accepted);
    let two = Pack { packages: Some(2) };
    for _ in 0..2 {
        orders::pack(&wang, order, two).await.unwrap();
    }
    orders::prepare(&wang, order).await.unwrap();
    let other = Pack { packages: Some(3) };
    assert_eq!(code_of(orders::pack(&wang, order, other).await), "already_prepared");
    let seen = orders::show_for_staff(&wang, order).await.unwrap();
    assert_eq!(seen.packages(), Some(2));
    let step = seen.steps.last().unwrap();
    assert_eq!((step.packages, step.by.as_str(), step.at), (Some(2), "店员 小王", world.now));
    assert_eq!(world.count("select count(*) from order_steps where packages is not null").await, 1);

    // Nobody has to count them, or to tick anything off.
    let (plain, _) = world.place_paid(&world.member().await, 1).await;
    orders::accept(&wang, plain).await.unwrap();
    orders::prepare(&wang, plain).await.unwrap();
    assert_eq!(world.state_of(plain).await, OrderState::Ready);
    assert_eq!(orders::show_for_staff(&wang, plain).await.unwrap().packages(), None);
    world.balanced().await;
}
