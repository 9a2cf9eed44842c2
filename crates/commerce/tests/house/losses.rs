//! What is broken, expired, stolen or given away (K4).

use commerce::{Scope, files, losses};
use domain::{
    Fen, LossId,
    files::FileSize,
    losses::{ListLosses, LossKind, LossState, ReportLoss},
    staff::Role,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    counts::{no, place_of, yes},
    files::picture,
    people::Reach,
    transfers::{pieces, stocked, warehouse},
    world::{MEDIUM_FEN, PIECES, World, code_of, field_of},
};

fn lost(world: &World, quantity: i64) -> ReportLoss {
    ReportLoss {
        id: LossId(Uuid::now_v7()),
        location_id: place_of(world.store),
        sku_id: world.medium,
        quantity,
        kind: LossKind::Broken,
        reason: "搬运时打翻".into(),
        batch: None,
    }
}

async fn reported(who: &Scope, command: ReportLoss) -> (LossId, LossState) {
    (command.id, losses::report(who, command).await.unwrap())
}

async fn on_hand(world: &World) -> i64 {
    world.stock_at(world.store, world.medium).await.on_hand
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_small_loss_is_the_stores_own_to_decide_and_a_larger_one_of_those_above_it(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    let above = world.staff("区域经理", Role::RegionalManager, Reach::Region("310100")).await;
    let command = lost(&world, 2);
    assert_eq!(losses::report(&manager, command.clone()).await.unwrap(), LossState::Approved);
    assert_eq!(losses::report(&manager, command.clone()).await.unwrap(), LossState::Approved);
    assert_eq!(on_hand(&world).await, PIECES - 2, "booked at once, and once");
    let reused = ReportLoss { quantity: 3, ..command };
    assert_eq!(code_of(losses::report(&manager, reused).await), "key_reused");

    let (small, state) = reported(&clerk, lost(&world, 3)).await;
    assert_eq!(state, LossState::Reported);
    assert_eq!((losses::waiting(&manager).await.unwrap(), losses::waiting(&above).await.unwrap()), (1, 0));
    assert_eq!(code_of(losses::decide(&clerk, small, yes()).await), "forbidden");
    losses::decide(&manager, small, yes()).await.unwrap();
    losses::decide(&manager, small, yes()).await.unwrap();
    assert_eq!(on_hand(&world).await, PIECES - 5);
    assert_eq!(code_of(losses::decide(&manager, small, no("再看看")).await), "not_now");

    let (large, state) = reported(&manager, lost(&world, 40)).await;
    assert_eq!(state, LossState::Reported);
    assert_eq!((losses::waiting(&manager).await.unwrap(), losses::waiting(&above).await.unwrap()), (0, 1));
    assert_eq!(code_of(losses::decide(&manager, large, yes()).await), "forbidden");
    assert_eq!(field_of(losses::decide(&above, large, no("")).await), "note");
    losses::decide(&above, large, no("请附照片")).await.unwrap();
    assert_eq!(losses::show(&clerk, large).await.unwrap().note, "请附照片");
    assert_eq!(on_hand(&world).await, PIECES - 5);
    let head = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    let (own, _) = reported(&head, lost(&world, 40)).await;
    assert_eq!(code_of(losses::decide(&head, own, yes()).await), "own_loss");
    losses::withdraw(&head, own).await.unwrap();
    losses::withdraw(&head, own).await.unwrap();
    assert_eq!(code_of(losses::decide(&above, own, yes()).await), "not_now");

    let figures = losses::figures(&above, 30, None).await.unwrap();
    assert_eq!(figures.len(), 1);
    assert_eq!((figures[0].reports, figures[0].pieces, figures[0].value_fen), (2, 5, Fen(5 * MEDIUM_FEN)));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_cannot_be_lost_is_told_and_changes_nothing(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    let stranger = world.staff("西湖店长", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    for quantity in [0, -1, 100_001, PIECES + 1] {
        assert_eq!(field_of(losses::report(&clerk, lost(&world, quantity)).await), "quantity", "{quantity}");
    }
    let silent = ReportLoss { reason: " ".into(), ..lost(&world, 1) };
    assert_eq!(field_of(losses::report(&clerk, silent).await), "reason");
    let nothing = ReportLoss { sku_id: domain::SkuId(Uuid::now_v7()), ..lost(&world, 1) };
    assert_eq!(code_of(losses::report(&clerk, nothing).await), "not_found");
    assert_eq!(code_of(losses::report(&stranger, lost(&world, 1)).await), "not_found");
    let (id, _) = reported(&clerk, lost(&world, 1)).await;
    assert_eq!(code_of(losses::show(&stranger, id).await), "not_found");
    assert_eq!(code_of(losses::decide(&stranger, id, yes()).await), "not_found");
    assert_eq!(code_of(losses::withdraw(&stranger, id).await), "not_found");
    assert!(losses::list(&stranger, &ListLosses { most: 9, ..Default::default() }).await.unwrap().items.is_empty());
    assert_eq!(on_hand(&world).await, PIECES);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_same_pieces_are_lost_once_however_many_report_them(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let one = world.staff("早班", Role::Clerk, Reach::Store(world.store)).await;
    let two = world.staff("晚班", Role::Clerk, Reach::Store(world.store)).await;
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    world.leave(world.store, world.medium, 10).await;
    let (first, _) = reported(&one, lost(&world, 10)).await;
    let (second, _) = reported(&two, lost(&world, 10)).await;
    let seen = losses::show(&manager, second).await.unwrap().others;
    let others = seen.iter().map(|other| (other.id, other.quantity, other.reported_by.as_str())).collect::<Vec<_>>();
    assert_eq!(others, [(first, 10, "早班")]);
    losses::decide(&manager, first, yes()).await.unwrap();
    let refused = losses::decide(&manager, second, yes()).await;
    assert_eq!(code_of(refused), "not_there");
    assert_eq!((on_hand(&world).await, losses::show(&two, second).await.unwrap().card.state), (0, LossState::Reported));
    assert!(losses::show(&manager, second).await.unwrap().others.is_empty(), "it is decided");
    losses::decide(&manager, second, no("已报过")).await.unwrap();
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn pictures_of_a_loss_are_for_those_who_see_the_report(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    let above = world.staff("区域经理", Role::RegionalManager, Reach::Region("310100")).await;
    let stranger = world.staff("西湖店长", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    let (id, _) = reported(&clerk, lost(&world, 1)).await;
    let taken = losses::add_photo(&clerk, id, "打翻.jpg", picture(0)).await.unwrap();
    assert_eq!(losses::add_photo(&clerk, id, "打翻.jpg", picture(0)).await.unwrap(), taken, "the same file");
    assert_eq!(losses::show(&above, id).await.unwrap().photos.len(), 1);
    for who in [&clerk, &above] {
        assert!(files::read(who, taken, FileSize::Small).await.is_ok());
    }
    for who in [&stranger, &world.visitor().await] {
        assert_eq!(code_of(files::read(who, taken, FileSize::Small).await), "not_found");
    }
    assert_eq!(code_of(losses::add_photo(&stranger, id, "x.jpg", picture(1)).await), "not_found");
    assert_eq!(field_of(losses::add_photo(&clerk, id, "x.jpg", b"GIF89a".to_vec()).await), "file");
    for side in 1..6 {
        losses::add_photo(&clerk, id, "x.jpg", picture(side)).await.unwrap();
    }
    assert_eq!(code_of(losses::add_photo(&clerk, id, "x.jpg", picture(99)).await), "photos_full");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_warehouse_shows_pictures_of_what_it_lost_to_those_whom_every_place_is_in_reach_of(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (office, depot) = warehouse(&world).await;
    stocked(&office, depot, &[pieces(world.medium, 9)]).await;
    let keeper = world.staff("仓管", Role::SuperAdmin, Reach::Everywhere).await;
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    let (id, _) = reported(&keeper, ReportLoss { location_id: depot, ..lost(&world, 2) }).await;
    let taken = losses::add_photo(&keeper, id, "打翻.jpg", picture(0)).await.unwrap();
    assert_eq!(losses::add_photo(&keeper, id, "打翻.jpg", picture(0)).await.unwrap(), taken, "the same file");
    assert_eq!(losses::show(&keeper, id).await.unwrap().photos.len(), 1);
    assert!(files::read(&keeper, taken, FileSize::Small).await.is_ok());
    for who in [&manager, &world.visitor().await] {
        assert_eq!(code_of(files::read(who, taken, FileSize::Small).await), "not_found");
    }
    assert_eq!(code_of(losses::add_photo(&manager, id, "x.jpg", picture(1)).await), "not_found");
    world.balanced().await;
}
