//! Pictures and papers that people send, and the photos of stores (C4, O1).

use std::io::Cursor;

use chrono::Duration;
use commerce::{
    Scope, audit,
    files::{self, Kept, photos},
    jobs, stores,
};
use domain::{
    Fault, FileId, StoreId,
    audit::ListAudit,
    files::{FileSize, Move, PHOTOS_MOST, Purpose},
    staff::Role,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::{
    people::Reach,
    world::{World, code_of, field_of},
};

/// A small picture, each of a colour of its own.
pub fn picture(number: u8) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let pixels = image::RgbImage::from_pixel(16, 12, image::Rgb([number, 90, 160]));
    pixels.write_to(&mut file, image::ImageFormat::Png).unwrap();
    file.into_inner()
}

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n";

/// The photos of a store as shoppers are told of them.
async fn shown(world: &World, store: StoreId) -> Vec<FileId> {
    let visitor = world.visitor().await;
    let view = stores::show_by_id(&visitor, store, None).await.unwrap();
    assert_eq!(view.card.cover, view.photos.first().cloned());
    view.photos.into_iter().map(|photo| photo.id).collect()
}

async fn add(who: &Scope, store: StoreId, number: u8) -> FileId {
    photos::add(who, store, &format!("{number}.jpg.php"), picture(number)).await.unwrap()
}

fn later(who: &Scope, hours: i64) -> Scope {
    let mut scope = who.clone();
    scope.now += Duration::hours(hours);
    scope
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_store_shows_its_photos_in_the_order_that_its_manager_gives_them(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    assert!(shown(&world, world.store).await.is_empty());
    let (one, two, three) =
        (add(&manager, world.store, 1).await, add(&manager, world.store, 2).await, add(&manager, world.store, 3).await);
    assert_eq!(shown(&world, world.store).await, [one, two, three]);
    assert!(shown(&world, world.elsewhere).await.is_empty());
    photos::move_to(&manager, three, Move::First).await.unwrap();
    assert_eq!(shown(&world, world.store).await, [three, one, two]);
    photos::move_to(&manager, three, Move::Later).await.unwrap();
    photos::arrange(&manager, world.store, &[two, three, one]).await.unwrap();
    assert_eq!(shown(&world, world.store).await, [two, three, one]);
    for wrong in [vec![two, three], vec![two, two, three], vec![two, three, one, one]] {
        assert_eq!(code_of(photos::arrange(&manager, world.store, &wrong).await), "photos_changed");
    }
    // A file that comes twice is the photo that it is.
    assert_eq!(add(&manager, world.store, 2).await, two);
    assert_eq!(shown(&world, world.store).await, [two, three, one]);
    let hq = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    let log = audit::list(&hq, &ListAudit { most: 9, ..ListAudit::default() }).await.unwrap();
    let acts: Vec<_> = log.items.into_iter().rev().map(|entry| (entry.act, entry.object_name)).collect();
    let photo = |name: &str| ("take_file".to_owned(), Some(name.to_owned()));
    assert_eq!(acts[..3], [photo("1.jpg.php"), photo("2.jpg.php"), photo("3.jpg.php")]);
    assert_eq!(acts.len(), 6, "each change once: {acts:?}");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_photo_that_was_removed_is_nobodys_and_comes_back_within_a_day(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    let far = world.staff("外地店长", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    let visitor = world.visitor().await;
    let (one, two) = (add(&manager, world.store, 1).await, add(&manager, world.store, 2).await);
    let seen = files::read(&visitor, one, FileSize::Small).await.unwrap();
    assert!(seen.is_published && seen.kept == Kept::Jpeg && seen.bytes.starts_with(b"\xFF\xD8\xFF"));

    photos::remove(&manager, one).await.unwrap();
    photos::remove(&manager, one).await.unwrap();
    assert_eq!(shown(&world, world.store).await, [two]);
    for nobody in [&visitor, &far, &world.member().await] {
        assert_eq!(code_of(files::read(nobody, one, FileSize::Small).await), "not_found");
    }
    assert!(!files::read(&manager, one, FileSize::Small).await.unwrap().is_published);
    let listed = photos::list(&manager, world.store).await.unwrap();
    assert_eq!(listed.removed.iter().map(|photo| photo.photo.id).collect::<Vec<_>>(), [one]);

    photos::restore(&manager, one).await.unwrap();
    assert_eq!(shown(&world, world.store).await, [two, one]);
    photos::remove(&manager, two).await.unwrap();
    jobs::sweep(&later(&world.system(0), 23)).await.unwrap();
    assert!(files::read(&manager, two, FileSize::Large).await.is_ok(), "it was forgotten before its day was over");
    jobs::sweep(&later(&world.system(0), 25)).await.unwrap();
    assert_eq!(code_of(files::read(&manager, two, FileSize::Large).await), "not_found");
    assert_eq!(code_of(photos::restore(&manager, two).await), "not_found");
    assert_eq!(world.count("select count(*) from file_contents").await, 2, "the other's two sizes stay");
    assert_eq!(shown(&world, world.store).await, [one]);

    // Whoever sends it again has brought it back.
    photos::remove(&manager, one).await.unwrap();
    assert_eq!(add(&manager, world.store, 1).await, one);
    assert_eq!(shown(&world, world.store).await, [one]);
    assert!(photos::list(&manager, world.store).await.unwrap().removed.is_empty());
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn only_who_may_edit_a_store_changes_its_photos(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    let one = add(&manager, world.store, 1).await;
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    let far = world.staff("外地店长", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    let member = world.member().await;
    for (who, expected) in [(&clerk, "forbidden"), (&far, "not_found"), (&member, "unauthenticated")] {
        let (store, file) = (world.store, picture(9));
        assert_eq!(code_of(photos::add(who, store, "x", file.clone()).await), expected);
        assert_eq!(code_of(files::take(who, Purpose::StorePaper(store), "x", file).await), expected);
        assert_eq!(code_of(photos::list(who, store).await), expected);
        assert_eq!(code_of(photos::arrange(who, store, &[one]).await), expected);
        assert_eq!(code_of(photos::move_to(who, one, Move::First).await), expected);
        assert_eq!(code_of(photos::remove(who, one).await), expected);
        assert_eq!(code_of(photos::restore(who, one).await), expected);
        assert_eq!(code_of(files::remove(who, one).await), expected);
    }
    let marketing = world.staff("营销部", Role::MarketingDepartment, Reach::Everywhere).await;
    let unknown = StoreId(uuid::Uuid::now_v7());
    assert_eq!(code_of(photos::add(&marketing, unknown, "x", picture(9)).await), "not_found");
    let two = add(&marketing, world.store, 2).await;
    assert_eq!(shown(&world, world.store).await, [one, two]);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_paper_is_for_those_alone_who_may_edit_its_store(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    let paper = Purpose::StorePaper(world.store);
    let pdf = files::take(&manager, paper, "../执照.pdf", PDF.to_vec()).await.unwrap();
    let scan = files::take(&manager, paper, "执照.jpg", picture(1)).await.unwrap();
    assert_eq!(files::read(&manager, pdf, FileSize::Whole).await.unwrap().bytes, PDF);
    assert_eq!(files::read(&manager, scan, FileSize::Large).await.unwrap().kept, Kept::Jpeg);
    assert_eq!(code_of(files::read(&manager, scan, FileSize::Whole).await), "not_found", "what was sent is not kept");
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    let far = world.staff("外地店长", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    for other in [&clerk, &far, &world.visitor().await, &world.member().await] {
        assert_eq!(code_of(files::read(other, pdf, FileSize::Whole).await), "not_found");
        assert_eq!(code_of(files::read(other, scan, FileSize::Large).await), "not_found");
    }
    // A paper is no photo.
    assert_eq!(code_of(photos::restore(&manager, scan).await), "not_found");
    assert_eq!(field_of(photos::add(&manager, world.store, "执照.jpg", PDF.to_vec()).await), "file");
    // Nothing uses them, so they are forgotten.
    jobs::sweep(&later(&world.system(0), 25)).await.unwrap();
    assert_eq!(code_of(files::read(&manager, pdf, FileSize::Whole).await), "not_found");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_no_picture_leaves_nothing_and_photos_have_their_limits(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    for wrong in [b"".as_slice(), b"GIF89a", b"<svg onload=alert(1)>", PDF, b"\xFF\xD8\xFF\xE0"] {
        assert_eq!(field_of(photos::add(&manager, world.store, "照片.jpg", wrong.to_vec()).await), "file");
    }
    assert_eq!(world.count("select count(*) from files").await, 0);
    assert_eq!(world.count("select count(*) from audit").await, 0);
    let mut ids = Vec::new();
    for number in 0..PHOTOS_MOST as u8 {
        ids.push(add(&manager, world.store, number).await);
    }
    assert_eq!(code_of(photos::add(&manager, world.store, "x", picture(99)).await), "photos_full");
    photos::remove(&manager, ids[0]).await.unwrap();
    add(&manager, world.store, 99).await;
    assert_eq!(code_of(photos::restore(&manager, ids[0]).await), "photos_full");
    assert_eq!(shown(&world, world.store).await.len(), PHOTOS_MOST);

    // Sixty files in ten minutes, good or not; then somebody else may still send theirs.
    let mut sent = 5 + PHOTOS_MOST + 2;
    let refused = loop {
        let fault = files::take(&manager, Purpose::StorePaper(world.store), "x", Vec::new()).await.unwrap_err();
        if matches!(fault, Fault::TooMany { .. }) {
            break sent;
        }
        sent += 1;
    };
    assert_eq!(refused, 60);
    let colleague = world.staff("同事", Role::StoreManager, Reach::Store(world.store)).await;
    assert_eq!(field_of(files::take(&colleague, Purpose::StorePaper(world.store), "x", Vec::new()).await), "file");
    let manager = later(&manager, 1);
    assert_eq!(field_of(files::take(&manager, Purpose::StorePaper(world.store), "x", Vec::new()).await), "file");
    world.balanced().await;
}

/// Whoever adds at the same moment adds as many as there is room for.
#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn photos_that_are_added_at_once_never_are_too_many(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    let (store, all) = (world.store, PHOTOS_MOST as u8 + 8);
    let adding = (0..all).map(|number| {
        let manager = manager.clone();
        tokio::spawn(async move { photos::add(&manager, store, "x", picture(number)).await })
    });
    let mut added = 0;
    for done in adding.collect::<Vec<_>>() {
        added += usize::from(done.await.unwrap().is_ok());
    }
    assert_eq!((added, shown(&world, store).await.len()), (PHOTOS_MOST, PHOTOS_MOST));
    world.balanced().await;
}
