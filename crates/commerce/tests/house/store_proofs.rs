//! Pictures of what came back, by the store that sold and head office (D4).

use chrono::Duration;
use commerce::{Scope, after_sales, files, jobs, keys};
use domain::{
    AfterSalesId, FileId,
    after_sales::{AfterSalesKind, AfterSalesState, Condition, NOTE_MOST, STORE_PROOFS_MOST, TurnAwayReturn},
    files::FileSize,
    keys::CreateKey,
    orders::Channel,
    staff::{Permission, Role},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::{
    after_sales::{AGREE, Cast, asks, brings, cast, later, refuse},
    files::picture,
    people::Reach,
    world::{MEDIUM_FEN, code_of, field_of},
};

async fn added(who: &Scope, id: AfterSalesId, number: u8) -> FileId {
    after_sales::add_store_proof(who, id, "底.jpg", "罐底凹陷", picture(number)).await.unwrap()
}

async fn sees(who: &Scope, file: FileId) -> bool {
    files::read(who, file, FileSize::Small).await.is_ok()
}

/// The store's pictures that the shopper's page shows.
async fn shown(cast: &Cast, id: AfterSalesId) -> Vec<FileId> {
    let view = after_sales::show(&cast.shopper, id).await.unwrap();
    assert!(!view.may_add_store_proof, "a shopper adds their own");
    view.store_proofs.iter().map(|proof| proof.photo.id).collect()
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn those_who_handle_a_request_add_pictures_and_nobody_else(options: PgPoolOptions, connect: PgConnectOptions) {
    let cast = cast(options, connect).await;
    let id = cast.request(asks(cast.handed_over(1).await, AfterSalesKind::Return, 1, MEDIUM_FEN)).await;
    let clerk = cast.world.staff("店员", Role::Clerk, Reach::Store(cast.world.store)).await;
    let books = cast.world.staff("财务", Role::FinanceDepartment, Reach::Everywhere).await;
    let try_by = async |who: &Scope| after_sales::add_store_proof(who, id, "底.jpg", "", picture(9)).await;
    assert_eq!(code_of(try_by(&cast.clerk_elsewhere).await), "not_found");
    assert_eq!(code_of(try_by(&books).await), "forbidden", "who only reads orders handles none");
    for nobody in [&cast.shopper, &cast.world.visitor().await] {
        assert_eq!(code_of(try_by(nobody).await), "unauthenticated");
    }

    let by = [(added(&clerk, id, 1).await, "员工 店员"), (added(&cast.hq, id, 2).await, "员工 总部客服")];
    let view = after_sales::show_for_staff(&cast.manager, id).await.unwrap();
    let told: Vec<_> = view.store_proofs.iter().map(|proof| (proof.photo.id, proof.by.as_str())).collect();
    assert_eq!(told, by);
    assert_eq!(view.store_proofs[0].note, "罐底凹陷");
    assert!(view.may_add_store_proof && view.proofs.is_empty(), "they stand apart from the shopper's");
    let read = after_sales::show_for_staff(&books, id).await.unwrap();
    assert!(!read.may_add_store_proof && read.store_proofs.len() == 2);
    for (file, _) in by {
        assert!(sees(&clerk, file).await && sees(&cast.manager, file).await && sees(&cast.hq, file).await);
        assert!(!sees(&cast.clerk_elsewhere, file).await && !sees(&cast.world.visitor().await, file).await);
        let kept = files::remove(&cast.manager, file).await;
        assert_eq!(code_of(kept), "not_found", "what somebody may have decided on stays");
    }
    // A server of the release before takes such a file for one that can be removed.
    cast.world.alter("update files set unused_since = created_at where purpose = 'after_sales_store_proof'").await;
    jobs::sweep(&later(&cast.world.system(0), Duration::hours(25))).await.unwrap();
    assert!(sees(&clerk, by[0].0).await && sees(&clerk, by[1].0).await);
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_key_adds_pictures_where_its_rights_reach_and_in_its_own_name(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let admin = cast.world.staff("管理员", Role::SuperAdmin, Reach::Everywhere).await;
    let id = cast.request(asks(cast.handed_over(1).await, AfterSalesKind::Return, 1, MEDIUM_FEN)).await;
    let program = async |permission: Permission, store: &str| {
        let command = CreateKey {
            name: "售后系统".into(),
            permissions: vec![permission],
            stores: vec![store.to_owned()],
            warehouses: Vec::new(),
            per_minute: 600,
            until: None,
        };
        let key = keys::create(&admin, command).await.unwrap();
        let secret = keys::make(&admin, key).await.unwrap();
        cast.world.bearer(Some(&secret), Channel::Api).await
    };
    for (permission, store, expected) in
        [(Permission::ReadOrders, "RMGC", "forbidden"), (Permission::FulfilOrders, "XIHU", "not_found")]
    {
        let other = program(permission, store).await;
        let refused = after_sales::add_store_proof(&other, id, "底.jpg", "", picture(1)).await;
        assert_eq!(code_of(refused), expected);
    }
    added(&program(Permission::FulfilOrders, "RMGC").await, id, 1).await;
    let view = after_sales::show_for_staff(&cast.manager, id).await.unwrap();
    assert_eq!(view.store_proofs[0].by, "合作方 售后系统");
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_request_has_only_so_many_pictures_and_only_until_it_is_settled(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let id = cast.request(asks(cast.handed_over(1).await, AfterSalesKind::RefundOnly, 1, MEDIUM_FEN)).await;
    let first = added(&cast.manager, id, 1).await;
    assert_eq!(added(&cast.hq, id, 1).await, first, "the same file is the picture that it is");
    let again =
        async |note: &'static str| after_sales::add_store_proof(&cast.manager, id, "底.jpg", note, picture(1)).await;
    assert_eq!(again("").await.unwrap(), first);
    assert_eq!(code_of(again("盖子也裂了").await), "already_added", "no word is lost without one");
    let long = "凹".repeat(NOTE_MOST + 1);
    let refused = after_sales::add_store_proof(&cast.manager, id, "底.jpg", &long, picture(2)).await;
    assert_eq!(field_of(refused), "note");
    let refused = after_sales::add_store_proof(&cast.manager, id, "底.jpg", "", b"GIF89a".to_vec()).await;
    assert_eq!(field_of(refused), "file");
    for number in 2..=STORE_PROOFS_MOST as u8 {
        added(&cast.manager, id, number).await;
    }
    let refused = after_sales::add_store_proof(&cast.manager, id, "底.jpg", "", picture(99)).await;
    assert_eq!(code_of(refused), "proofs_full");
    let view = after_sales::show_for_staff(&cast.manager, id).await.unwrap();
    assert_eq!((view.store_proofs.len(), view.may_add_store_proof), (STORE_PROOFS_MOST, false));
    // The shopper's own are counted by themselves.
    after_sales::add_proof(&cast.shopper, id, "罐.jpg", picture(1)).await.unwrap();

    let other = cast.request(asks(cast.handed_over(1).await, AfterSalesKind::RefundOnly, 1, MEDIUM_FEN)).await;
    after_sales::decide(&cast.manager, other, AGREE).await.unwrap();
    assert_eq!(cast.state(other).await, AfterSalesState::Refunded);
    let late = after_sales::add_store_proof(&cast.manager, other, "底.jpg", "", picture(1)).await;
    assert_eq!(code_of(late), "not_now");
    assert!(!after_sales::show_for_staff(&cast.manager, other).await.unwrap().may_add_store_proof);
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_shopper_sees_what_was_decided_on_and_not_before(options: PgPoolOptions, connect: PgConnectOptions) {
    let cast = cast(options, connect).await;
    let id = cast.request(asks(cast.handed_over(1).await, AfterSalesKind::Return, 1, MEDIUM_FEN)).await;
    let stranger = cast.world.member().await;
    let at_first = added(&cast.manager, id, 1).await;
    assert!(shown(&cast, id).await.is_empty() && !sees(&cast.shopper, at_first).await);
    after_sales::decide(&cast.manager, id, refuse()).await.unwrap();
    assert_eq!(shown(&cast, id).await, [at_first], "it is why the request was turned down");
    assert!(sees(&cast.shopper, at_first).await && !sees(&stranger, at_first).await);
    let view = after_sales::show(&cast.shopper, id).await.unwrap();
    assert_eq!(view.store_proofs[0].by, "商家", "a shopper need not know which person it was");
    // What follows a refusal says no more than why, so it is seen at once, and stays seen.
    let after = added(&later(&cast.manager, Duration::minutes(1)), id, 2).await;
    assert_eq!(shown(&cast, id).await, [at_first, after]);

    after_sales::appeal(&cast.shopper, id, "买来就是这样").await.unwrap();
    let for_office = added(&later(&cast.manager, Duration::minutes(2)), id, 3).await;
    assert_eq!(shown(&cast, id).await, [at_first, after]);
    after_sales::arbitrate(&cast.hq, id, AGREE).await.unwrap();
    assert_eq!(shown(&cast, id).await, [at_first, after, for_office]);
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_a_counter_saw_is_shown_once_it_has_taken_the_goods_or_turned_them_away(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let (here, there) = (cast.world.store, cast.world.elsewhere);
    let (id, code) = cast.agreed(asks(cast.handed_over(1).await, AfterSalesKind::Return, 1, MEDIUM_FEN)).await;
    let file = added(&cast.manager, id, 1).await;
    assert!(shown(&cast, id).await.is_empty(), "it was agreed to before");
    let command = TurnAwayReturn { code, store_id: here, note: "罐子已开封".into() };
    after_sales::turn_away(&cast.manager, command).await.unwrap();
    assert_eq!(shown(&cast, id).await, [file]);

    let (id, code) = cast.agreed(asks(cast.handed_over(1).await, AfterSalesKind::Return, 1, MEDIUM_FEN)).await;
    let file = added(&cast.manager, id, 1).await;
    after_sales::receive(&cast.clerk_elsewhere, brings(&code, there, Condition::Scrap)).await.unwrap();
    assert_eq!(shown(&cast, id).await, [file]);
    assert!(sees(&cast.shopper, file).await);
    // The store that took the goods has them, and so sees what is said of them.
    assert!(sees(&cast.clerk_elsewhere, file).await);
    assert_eq!(after_sales::show_for_staff(&cast.clerk_elsewhere, id).await.unwrap().store_proofs.len(), 1);
    cast.world.balanced().await;
}
