//! From which pieces and amounts on somebody else must agree (K4, K5): head office's word, and the limits that
//! stores and warehouses have of their own.

use commerce::{Scope, approvals, audit, counts, losses, purchasing, staff, supply};
use domain::{
    CountId, Fault, Fen, LocationId, LossId, PurchaseId,
    approval_limits::HouseLimits,
    audit::{Act, ListAudit, ObjectKind},
    counts::{DecideAlone, EnterCount, OpenCount, Selection, SubmitCount},
    losses::{LossKind, LossState, ReportLoss},
    purchasing::PurchaseState,
    staff::{GiveGrant, Permission, PlaceAsked, Role, RoleKey, SaveRole},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    authority::{hired, settled},
    counts::{no, place_of, yes},
    people::Reach,
    purchasing::buying,
    transfers::{at, pieces, stocked, warehouse},
    world::{PIECES, World, code_of, field_of},
};

const DEFAULT: HouseLimits = HouseLimits { pieces: 20, value_fen: Fen(50_000), purchase_fen: Fen(500_000) };

async fn office(world: &World) -> Scope {
    world.staff("周姐", Role::SuperAdmin, Reach::Everywhere).await
}

async fn manager(world: &World) -> Scope {
    world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await
}

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

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_limit_holds_of_losses_reported_next_and_not_of_one_that_waits(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (hq, boss) = (office(&world).await, manager(&world).await);
    let waits = lost(&world, 40);
    assert_eq!(losses::report(&boss, waits.clone()).await.unwrap(), LossState::Reported);
    let more = HouseLimits { pieces: 50, value_fen: Fen(100_000), ..DEFAULT };
    approvals::set_limits(&hq, more).await.unwrap();
    assert_eq!(losses::report(&boss, waits.clone()).await.unwrap(), LossState::Reported, "the same report again");
    assert_eq!(code_of(losses::decide(&boss, waits.id, yes()).await), "forbidden", "it was reported before");
    let seen = losses::show(&boss, waits.id).await.unwrap().card;
    assert_eq!((seen.above, seen.alone), (true, Some(DecideAlone::default())), "what held then");
    assert_eq!(seen.alone_own, Some(false), "head office's of all");
    assert_eq!(losses::report(&boss, lost(&world, 40)).await.unwrap(), LossState::Approved);
    approvals::set_limits(&hq, HouseLimits { pieces: 0, value_fen: Fen::ZERO, ..DEFAULT }).await.unwrap();
    assert_eq!(losses::report(&boss, lost(&world, 1)).await.unwrap(), LossState::Reported, "all of them wait");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_stores_own_limits_go_before_head_offices(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (hq, boss) = (office(&world).await, manager(&world).await);
    let other = world.staff("另一位店长", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    let own = DecideAlone { pieces: 1, value_fen: Fen(10_000) };
    approvals::set_limits_at(&hq, place_of(world.store), own).await.unwrap();
    let elsewhere = ReportLoss { location_id: place_of(world.elsewhere), ..lost(&world, 3) };
    assert_eq!(losses::report(&other, elsewhere).await.unwrap(), LossState::Approved, "no other store's");

    let id = CountId(Uuid::now_v7());
    let selection = Selection::Partial { categories: Vec::new(), skus: vec![world.medium.to_string()] };
    let command = OpenCount { id, location_id: place_of(world.store), selection, blind: false, note: String::new() };
    counts::open(&boss, command).await.unwrap();
    let found = EnterCount { id: Uuid::now_v7(), code: world.medium.to_string(), pieces: PIECES - 3 };
    counts::enter(&boss, id, found).await.unwrap();
    counts::submit(&boss, id, SubmitCount::default()).await.unwrap();
    for _ in 0..2 {
        approvals::remove_limits_at(&hq, place_of(world.store)).await.unwrap();
    }
    assert_eq!(world.count("select count(*) from audit where act = 'remove_approval_limits'").await, 1);
    assert_eq!(code_of(counts::decide(&boss, id, yes()).await), "forbidden", "it was handed in before");
    let seen = counts::show(&boss, id).await.unwrap().card;
    assert_eq!((seen.above, seen.alone, seen.alone_own), (true, Some(own), Some(true)));
    counts::decide(&hq, id, no("请复盘")).await.unwrap();
    let seen = counts::show(&boss, id).await.unwrap().card;
    assert_eq!((seen.alone, seen.alone_own), (None, None), "it is not handed in");
    counts::submit(&boss, id, SubmitCount::default()).await.unwrap();
    let seen = counts::show(&boss, id).await.unwrap().card;
    assert_eq!((seen.above, seen.alone), (false, Some(DecideAlone::default())), "head office's word again");
    counts::decide(&boss, id, yes()).await.unwrap();
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_warehouses_own_limits_go_before_head_offices_and_hold_at_no_other_place(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (hq, (goods, depot)) = (office(&world).await, warehouse(&world).await);
    let (boss, other) = (manager(&world).await, LocationId(Uuid::now_v7()));
    supply::save(&goods, other, at("CK-2")).await.unwrap();
    for place in [depot, other] {
        stocked(&goods, place, &[pieces(world.medium, 50)]).await;
    }
    let lost_at = |place: LocationId, quantity: i64| ReportLoss { location_id: place, ..lost(&world, quantity) };
    let own = DecideAlone { pieces: 2, value_fen: Fen(1_000_000) };
    for _ in 0..2 {
        approvals::set_limits_at(&hq, depot, own).await.unwrap();
    }
    let waits = lost_at(depot, 3);
    assert_eq!(losses::report(&hq, waits.clone()).await.unwrap(), LossState::Reported);
    let seen = losses::show(&hq, waits.id).await.unwrap().card;
    assert_eq!((seen.above, seen.alone, seen.alone_own), (true, Some(own), Some(true)), "why, and whose limits");
    assert_eq!(code_of(losses::decide(&hq, waits.id, yes()).await), "own_loss");
    losses::decide(&goods, waits.id, yes()).await.unwrap();
    assert_eq!(losses::report(&hq, lost_at(depot, 2)).await.unwrap(), LossState::Approved);
    assert_eq!(losses::report(&hq, lost_at(other, 3)).await.unwrap(), LossState::Approved, "another warehouse's");
    assert_eq!(losses::report(&boss, lost(&world, 3)).await.unwrap(), LossState::Approved, "a store's");

    let seen = approvals::limits(&hq).await.unwrap();
    assert_eq!((seen.stores.len(), seen.warehouses.len()), (0, 1), "stores and warehouses apart");
    let one = &seen.warehouses[0];
    assert_eq!((one.location_id, one.location_name.as_str(), one.alone), (depot, "上海仓", own));
    let places = approvals::limit_places(&hq).await.unwrap();
    assert!(places.iter().any(|place| place.id == depot) && places[0].store().is_some(), "{places:?}");
    for _ in 0..2 {
        approvals::remove_limits_at(&hq, depot).await.unwrap();
    }
    assert_eq!(losses::report(&hq, lost_at(depot, 3)).await.unwrap(), LossState::Approved, "head office's word again");
    let ask = ListAudit { object: Some(ObjectKind::Warehouse), most: 10, ..ListAudit::default() };
    let log = audit::list(&hq, &ask).await.unwrap().items;
    let acts: Vec<&str> = log.iter().map(|one| one.act.as_str()).collect();
    assert_eq!(acts[..2], [Act::RemoveApprovalLimits.code(), Act::SetApprovalLimits.code()], "each once");
    assert_eq!(log[0].object_name.as_deref(), Some("上海仓"));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_limit_holds_of_purchases_handed_in_next_and_not_of_one_that_waits(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (hq, buying) = (office(&world).await, buying(&world).await);
    let card = async |id: PurchaseId| purchasing::show(&buying.buyer, id).await.unwrap().card;
    // 5,005 yuan.
    let waits = buying.ordered(&[(world.medium, 1_001)]).await;
    approvals::set_limits(&hq, HouseLimits { purchase_fen: Fen(600_000), ..DEFAULT }).await.unwrap();
    let (seen, next) = (card(waits).await, card(buying.ordered(&[(world.medium, 1_001)]).await).await);
    assert_eq!((seen.state, seen.alone_fen), (PurchaseState::Submitted, Some(DEFAULT.purchase_fen)));
    assert_eq!((next.state, next.alone_fen), (PurchaseState::Approved, Some(Fen(600_000))));
    approvals::set_limits(&hq, HouseLimits { purchase_fen: Fen(1_000), ..DEFAULT }).await.unwrap();
    assert_eq!(card(buying.ordered(&[(world.medium, 2)]).await).await.state, PurchaseState::Approved, "just as much");
    assert_eq!(card(buying.ordered(&[(world.medium, 3)]).await).await.state, PurchaseState::Submitted);
    world.balanced().await;
}

/// Who buys decides as well: they would let their own orders pass.
#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn limits_are_said_by_whoever_manages_roles_and_not_by_whoever_they_bind(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (boss, buying) = (manager(&world).await, buying(&world).await);
    let above = world.staff("区域经理", Role::RegionalManager, Reach::Region("310100")).await;
    for who in [&boss, &above, &buying.buyer] {
        assert_eq!(approvals::set_limits(who, DEFAULT).await, Err(Fault::Forbidden));
        assert_eq!(
            approvals::set_limits_at(who, place_of(world.store), DecideAlone::default()).await,
            Err(Fault::Forbidden)
        );
        assert_eq!(approvals::remove_limits_at(who, place_of(world.store)).await, Err(Fault::Forbidden));
    }
    assert_eq!(approvals::limits(&boss).await, Err(Fault::Forbidden));
    assert_eq!(approvals::limits(&above).await, Err(Fault::Forbidden));
    assert_eq!(approvals::limits(&buying.buyer).await.unwrap().house, DEFAULT, "who decides everywhere reads them");
    assert_eq!(world.count("select count(*) from approval_limits").await, 0);

    let (hq, role) = (office(&world).await, Uuid::now_v7());
    let permissions = vec![Permission::UseHq, Permission::ManageRoles];
    staff::own_roles::save(&hq, role, SaveRole { name: "权限管理".into(), permissions }).await.unwrap();
    let grant = GiveGrant { role: RoleKey::Own(role), place: PlaceAsked::Everywhere, until: None };
    hired(&hq, "roles-lead", grant).await;
    let setter = settled(&world, "roles-lead").await;
    let wanted = HouseLimits { pieces: 10, ..DEFAULT };
    approvals::set_limits(&setter, wanted).await.unwrap();
    assert_eq!(approvals::limits(&setter).await.unwrap().house, wanted, "who sets them reads them, deciding or not");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn nobody_sets_limits_with_a_right_that_was_taken_away_while_they_waited(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let hq = office(&world).await;
    let own = DecideAlone { pieces: 5, value_fen: Fen(20_000) };
    approvals::set_limits_at(&hq, place_of(world.store), own).await.unwrap();
    world.alter("delete from grants").await;
    assert_eq!(approvals::set_limits(&hq, DEFAULT).await, Err(Fault::Forbidden));
    assert_eq!(
        approvals::set_limits_at(&hq, place_of(world.store), DecideAlone::default()).await,
        Err(Fault::Forbidden)
    );
    assert_eq!(approvals::remove_limits_at(&hq, place_of(world.store)).await, Err(Fault::Forbidden));
    world.alter("update staff set active = false").await;
    assert_eq!(approvals::remove_limits_at(&hq, place_of(world.store)).await, Err(Fault::Unauthenticated));
    assert_eq!(world.count("select count(*) from approval_limits where pieces = 5").await, 1);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn wrong_limits_are_refused_beside_their_field_and_right_ones_are_in_the_log(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let hq = office(&world).await;
    for (wrong, field) in [
        (HouseLimits { pieces: -1, ..DEFAULT }, "pieces"),
        (HouseLimits { pieces: 100_001, ..DEFAULT }, "pieces"),
        (HouseLimits { value_fen: Fen(-1), ..DEFAULT }, "value"),
        (HouseLimits { purchase_fen: Fen(1_000_000_001), ..DEFAULT }, "purchase"),
    ] {
        assert_eq!(field_of(approvals::set_limits(&hq, wrong).await), field);
    }
    let own = DecideAlone { pieces: 5, value_fen: Fen(-1) };
    assert_eq!(field_of(approvals::set_limits_at(&hq, place_of(world.store), own).await), "value");
    let nowhere = LocationId(Uuid::now_v7());
    assert_eq!(code_of(approvals::set_limits_at(&hq, nowhere, DecideAlone::default()).await), "not_found");
    let seen = approvals::limits(&hq).await.unwrap();
    assert_eq!((seen.house, seen.set_by, seen.stores.len()), (DEFAULT, None, 0), "nothing has changed");

    approvals::set_limits(&hq, DEFAULT).await.unwrap();
    for _ in 0..2 {
        approvals::set_limits(&hq, HouseLimits { purchase_fen: Fen(600_000), ..DEFAULT }).await.unwrap();
    }
    let ask = ListAudit { act: Some(Act::SetApprovalLimits), most: 10, ..ListAudit::default() };
    let log = audit::list(&hq, &ask).await.unwrap().items;
    assert_eq!(log.len(), 2, "the same again is nothing new");
    assert_eq!(log[0].changes(), [("采购单".to_owned(), "¥5000.00".to_owned(), "¥6000.00".to_owned())]);
    let own = DecideAlone { pieces: 5, value_fen: Fen(20_000) };
    approvals::set_limits_at(&hq, place_of(world.store), own).await.unwrap();
    let seen = approvals::limits(&hq).await.unwrap();
    assert_eq!((seen.set_by.as_deref(), seen.set_at.is_some()), (Some("周姐"), true));
    assert_eq!((seen.stores.len(), seen.stores[0].alone, seen.stores[0].set_by.as_str()), (1, own, "周姐"));
    world.balanced().await;
}
