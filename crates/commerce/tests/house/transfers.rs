//! Goods go between stores and warehouses (K3).

use commerce::{Scope, audit, nearby, orders, stores, supply, transfers};
use domain::{
    Fault, LocationId, SkuId, TransferId,
    audit::ListAudit,
    nearby::Band,
    staff::Role,
    supply::{ListStock, ReceiveGoods, SaveWarehouse},
    transfers::{
        CancelTransfer, DecideTransfer, ListTransfers, Pieces, ReceiveRest, ReceiveTransfer, RequestTransfer,
        SettleTransfer, Settled, ShipTransfer, TransferAct, TransferState, TransferTab,
    },
};
use futures::future::{join, join_all};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::{
    people::Reach,
    world::{PIECES, World, code_of, field_of},
};

/// Two stores with their managers: `near` asks, `far` sends.
pub struct Two {
    pub near: Scope,
    pub far: Scope,
    pub here: LocationId,
    pub there: LocationId,
}

pub async fn two(world: &World) -> Two {
    Two {
        near: world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await,
        far: world.staff("西湖店长", Role::StoreManager, Reach::Store(world.elsewhere)).await,
        here: LocationId(world.store.0),
        there: LocationId(world.elsewhere.0),
    }
}

pub fn pieces(sku: SkuId, quantity: i64) -> Pieces {
    Pieces { sku_id: sku, quantity }
}

/// Asks the store elsewhere for so many medium teas.
pub fn asked(world: &World, quantity: i64) -> RequestTransfer {
    RequestTransfer {
        id: TransferId(Uuid::now_v7()),
        from_id: LocationId(world.elsewhere.0),
        to_id: LocationId(world.store.0),
        lines: vec![pieces(world.medium, quantity)],
        reason: "周末活动".into(),
    }
}

pub fn yes() -> DecideTransfer {
    DecideTransfer { approve: true, lines: Vec::new(), note: String::new() }
}

pub fn ship(lines: &[Pieces]) -> ShipTransfer {
    ShipTransfer { lines: lines.to_vec(), note: String::new() }
}

pub fn arrived(lines: &[Pieces], reason: &str) -> ReceiveTransfer {
    ReceiveTransfer { lines: lines.to_vec(), reason: reason.into() }
}

async fn state_of(scope: &Scope, id: TransferId) -> TransferState {
    transfers::show(scope, id).await.unwrap().card.state
}

/// A transfer that was agreed to.
async fn agreed(world: &World, two: &Two, quantity: i64) -> TransferId {
    let request = asked(world, quantity);
    transfers::request(&two.near, request.clone()).await.unwrap();
    transfers::decide(&two.far, request.id, yes()).await.unwrap();
    request.id
}

/// The head office's goods department, and a warehouse of its own.
pub async fn warehouse(world: &World) -> (Scope, LocationId) {
    let office = world.staff("商品部", Role::GoodsDepartment, Reach::Everywhere).await;
    let id = LocationId(Uuid::now_v7());
    supply::save(&office, id, at("CK-1")).await.unwrap();
    (office, id)
}

pub fn at(code: &str) -> SaveWarehouse {
    let (region, point) = ("310100".into(), Some("31.0,121.0".parse().unwrap()));
    SaveWarehouse { code: code.into(), name: "上海仓".into(), region, address: "二号".into(), point }
}

pub async fn stocked(office: &Scope, place: LocationId, lines: &[Pieces]) {
    let note = "送货单 7".to_owned();
    let command = ReceiveGoods {
        id: Uuid::now_v7(),
        location_id: place,
        lines: lines.to_vec(),
        note,
        prices: Vec::new(),
        batches: Vec::new(),
    };
    supply::receive(office, command).await.unwrap();
}

pub async fn on_hand(world: &World, place: LocationId, sku: SkuId) -> i64 {
    world.stock_at(domain::StoreId(place.0), sku).await.on_hand
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn goods_of_one_brand_go_to_no_store_of_another(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let two = two(&world).await;
    world.give_to_another_brand(world.store).await;
    let request = asked(&world, 10);
    assert_eq!(field_of(transfers::request(&two.near, request.clone()).await), "lines");
    assert_eq!(world.count("select count(*) from stock_transfers").await, 0);
    let offered = ListStock { most: 9, going_to: Some(request.to_id), ..Default::default() };
    assert!(supply::stock(&two.near, request.from_id, &offered).await.unwrap().0.is_empty(), "nor are they offered");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn goods_leave_one_store_and_arrive_at_another(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let two = two(&world).await;
    let request = asked(&world, 10);
    transfers::request(&two.near, request.clone()).await.unwrap();
    transfers::request(&two.near, request.clone()).await.unwrap();
    assert_eq!(transfers::waiting(&two.far).await.unwrap(), 1, "the same request is the same transfer");
    let other = RequestTransfer { reason: "另一个原因".into(), ..request.clone() };
    assert_eq!(code_of(transfers::request(&two.near, other).await), "key_reused");
    let seen = transfers::show(&two.far, request.id).await.unwrap();
    assert_eq!(seen.acts, [TransferAct::Approve, TransferAct::Reject]);
    assert_eq!(transfers::show(&two.near, request.id).await.unwrap().acts, [TransferAct::Withdraw]);

    let fewer = DecideTransfer { lines: vec![pieces(world.medium, 8)], ..yes() };
    transfers::decide(&two.far, request.id, fewer.clone()).await.unwrap();
    transfers::decide(&two.far, request.id, fewer).await.unwrap();
    assert_eq!(on_hand(&world, two.there, world.medium).await, PIECES, "nothing moves before it is sent");
    transfers::ship(&two.far, request.id, ship(&[pieces(world.medium, 7)])).await.unwrap();
    assert_eq!(on_hand(&world, two.there, world.medium).await, PIECES - 7);
    assert_eq!(on_hand(&world, two.here, world.medium).await, PIECES, "on the way they are nobody's");
    let coming = supply::stock(&two.near, two.here, &ListStock { most: 9, ..Default::default() }).await.unwrap().0;
    assert_eq!(coming.iter().map(|entry| entry.in_transit).sum::<i64>(), 7);

    transfers::receive(&two.near, request.id, arrived(&[], "")).await.unwrap();
    assert_eq!(on_hand(&world, two.here, world.medium).await, PIECES + 7);
    let done = transfers::show(&two.near, request.id).await.unwrap();
    let told: Vec<_> = done.steps.iter().map(|step| (step.act, step.by.as_str())).collect();
    use TransferAct::{Approve, Receive, Request, Ship};
    assert_eq!(told, [(Request, "店长"), (Approve, "西湖店长"), (Ship, "西湖店长"), (Receive, "店长")]);
    assert!(done.acts.is_empty() && done.card.missing == 0);
    let head = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    let log = audit::list(&head, &ListAudit { words: done.card.number, most: 9, ..Default::default() }).await.unwrap();
    let acts: Vec<_> = log.items.iter().map(|entry| entry.act.as_str()).collect();
    assert_eq!(acts, ["receive_transfer", "ship_transfer", "approve_transfer", "request_transfer"]);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_did_not_arrive_is_accounted_for(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let two = two(&world).await;
    let request = RequestTransfer { lines: vec![pieces(world.medium, 10), pieces(world.large, 4)], ..asked(&world, 1) };
    let id = request.id;
    transfers::request(&two.near, request).await.unwrap();
    transfers::decide(&two.far, id, yes()).await.unwrap();
    transfers::ship(&two.far, id, ship(&[])).await.unwrap();
    let some = [pieces(world.medium, 7), pieces(world.large, 3)];
    assert_eq!(field_of(transfers::receive(&two.near, id, arrived(&some, " ")).await), "reason");
    assert_eq!(state_of(&two.near, id).await, TransferState::Shipped, "nothing has changed");
    transfers::receive(&two.near, id, arrived(&some, "破损")).await.unwrap();
    let found = transfers::show(&two.far, id).await.unwrap();
    assert_eq!((found.card.missing, found.acts), (4, vec![TransferAct::Settle]), "the sender's side accounts for it");
    let found = transfers::show(&two.near, id).await.unwrap();
    assert_eq!(found.acts, [TransferAct::ReceiveRest], "what comes later is the receiver's");

    let settled = |sku_id, lost, returned| Settled { sku_id, lost, returned };
    let settle = async |scope: &Scope, lines: &[Settled]| {
        let command = SettleTransfer { lines: lines.to_vec(), note: "司机确认".into() };
        transfers::settle(scope, id, command).await
    };
    let all = [settled(world.medium, 2, 1), settled(world.large, 0, 1)];
    assert_eq!(code_of(settle(&two.near, &all).await), "forbidden");
    let lost_of = |sku: SkuId| format!("lost.{sku}");
    assert_eq!(field_of(settle(&two.far, &[settled(world.medium, 3, 1)]).await), lost_of(world.medium), "only 3 are");
    assert_eq!(field_of(settle(&two.far, &[settled(world.medium, -1, 0)]).await), lost_of(world.medium));
    assert_eq!(field_of(settle(&two.far, &[all[0], all[0]]).await), lost_of(world.medium));
    assert_eq!(field_of(settle(&two.far, &[settled(world.medium, i64::MAX, 1)]).await), lost_of(world.medium));
    assert_eq!(field_of(settle(&two.far, &[settled(world.medium, 0, 0)]).await), "lines", "nothing is said");
    assert_eq!(transfers::show(&two.far, id).await.unwrap().card.missing, 4, "nothing has changed");

    // A part at first; what is counted from the beginning may be said twice.
    for _ in 0..2 {
        settle(&two.far, &[settled(world.medium, 2, 0)]).await.unwrap();
        assert_eq!(transfers::show(&two.far, id).await.unwrap().card.missing, 2);
    }
    for _ in 0..2 {
        settle(&two.far, &all).await.unwrap();
    }
    assert_eq!(code_of(settle(&two.far, &[settled(world.medium, 1, 2)]).await), "settled_already");
    assert_eq!(on_hand(&world, two.there, world.medium).await, PIECES - 9, "one came back");
    assert_eq!(on_hand(&world, two.there, world.large).await, PIECES - 3, "one came back");
    assert_eq!(transfers::show(&two.far, id).await.unwrap().card.missing, 0);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_was_missing_may_come_later(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let two = two(&world).await;
    let request = RequestTransfer { lines: vec![pieces(world.medium, 10), pieces(world.large, 4)], ..asked(&world, 1) };
    let id = request.id;
    transfers::request(&two.near, request).await.unwrap();
    transfers::decide(&two.far, id, yes()).await.unwrap();
    let rest = async |scope: &Scope, lines: &[Pieces]| {
        transfers::receive_rest(scope, id, ReceiveRest { lines: lines.to_vec(), note: "第二车".into() }).await
    };
    transfers::ship(&two.far, id, ship(&[])).await.unwrap();
    assert_eq!(code_of(rest(&two.near, &[]).await), "not_now", "nothing has been received");
    transfers::receive(&two.near, id, arrived(&[pieces(world.medium, 7)], "只到一车")).await.unwrap();
    let field = format!("pieces.{}", world.medium);
    assert_eq!(code_of(rest(&two.far, &[]).await), "forbidden", "the receiver's side takes it in");
    assert_eq!(field_of(rest(&two.near, &[pieces(world.medium, 11)]).await), field, "no more than was shipped");
    assert_eq!(field_of(rest(&two.near, &[pieces(world.medium, 6)]).await), field, "7 have come before");
    assert_eq!(field_of(rest(&two.near, &[pieces(world.medium, 7)]).await), "lines", "nothing more has come");
    assert_eq!(on_hand(&world, two.here, world.medium).await, PIECES + 7, "nothing has changed");

    for pieces_now in [2, 0] {
        assert_eq!(rest(&two.near, &[pieces(world.medium, 9)]).await.unwrap(), pieces_now);
        assert_eq!(on_hand(&world, two.here, world.medium).await, PIECES + 9);
    }
    assert_eq!(on_hand(&world, two.here, world.large).await, PIECES, "what is not named has stayed as it was");
    let lost = Settled { sku_id: world.medium, lost: 1, returned: 0 };
    transfers::settle(&two.far, id, SettleTransfer { lines: vec![lost], note: "司机确认".into() }).await.unwrap();
    assert_eq!(field_of(rest(&two.near, &[pieces(world.medium, 10)]).await), field, "one of them is lost");
    for _ in 0..2 {
        rest(&two.near, &[]).await.unwrap();
        assert_eq!(on_hand(&world, two.here, world.large).await, PIECES + 4, "all that was missing");
    }
    assert_eq!(transfers::show(&two.near, id).await.unwrap().card.missing, 0);

    let whole = agreed(&world, &two, 2).await;
    transfers::ship(&two.far, whole, ship(&[])).await.unwrap();
    transfers::receive(&two.near, whole, arrived(&[], "")).await.unwrap();
    let nothing = transfers::receive_rest(&two.near, whole, ReceiveRest::default()).await;
    assert_eq!(code_of(nothing), "nothing_missing");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn no_more_is_sent_than_is_there_and_promised_to_nobody(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let two = two(&world).await;
    // The store that is asked sells on: what it has promised stays.
    let request = RequestTransfer { from_id: two.here, to_id: two.there, ..asked(&world, 5) };
    transfers::request(&two.far, request.clone()).await.unwrap();
    transfers::decide(&two.near, request.id, yes()).await.unwrap();
    world.leave(world.store, world.medium, 5).await;
    world.place_paid(&world.member().await, 2).await;
    let refused = transfers::ship(&two.near, request.id, ship(&[])).await.unwrap_err();
    assert!(matches!(&refused, Fault::SoldOut(lacks) if lacks[0].field == format!("pieces.{}", world.medium)));
    assert_eq!(world.stock_at(world.store, world.medium).await.on_hand, 5, "nothing has changed");
    assert_eq!(state_of(&two.near, request.id).await, TransferState::Approved);
    let too_many = ship(&[pieces(world.medium, 6)]);
    assert_eq!(field_of(transfers::ship(&two.near, request.id, too_many).await), format!("pieces.{}", world.medium));
    transfers::ship(&two.near, request.id, ship(&[pieces(world.medium, 3)])).await.unwrap();
    transfers::ship(&two.near, request.id, ship(&[pieces(world.medium, 3)])).await.unwrap();
    assert_eq!(
        code_of(transfers::ship(&two.near, request.id, ship(&[pieces(world.medium, 2)])).await),
        "shipped_already"
    );
    let stock = world.stock_at(world.store, world.medium).await;
    assert_eq!((stock.on_hand, stock.allocated), (2, 2));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_transfer_is_received_once_and_no_more_than_was_shipped(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let two = two(&world).await;
    let id = agreed(&world, &two, 6).await;
    assert_eq!(code_of(transfers::receive(&two.near, id, arrived(&[], "")).await), "not_now");
    transfers::ship(&two.far, id, ship(&[pieces(world.medium, 5)])).await.unwrap();
    let field = format!("pieces.{}", world.medium);
    for wrong in [pieces(world.medium, 6), pieces(world.medium, -1)] {
        assert_eq!(field_of(transfers::receive(&two.near, id, arrived(&[wrong], "x")).await), field);
    }
    let twice = [pieces(world.medium, 1), pieces(world.medium, 1)];
    assert_eq!(field_of(transfers::receive(&two.near, id, arrived(&twice, "x")).await), field);
    let strange = [pieces(world.large, 1)];
    assert_eq!(
        field_of(transfers::receive(&two.near, id, arrived(&strange, "x")).await),
        format!("pieces.{}", world.large)
    );
    assert_eq!(on_hand(&world, two.here, world.medium).await, PIECES, "nothing has changed");
    let four = [pieces(world.medium, 4)];
    transfers::receive(&two.near, id, arrived(&four, "少一件")).await.unwrap();
    transfers::receive(&two.near, id, arrived(&four, "少一件")).await.unwrap();
    assert_eq!(on_hand(&world, two.here, world.medium).await, PIECES + 4);
    assert_eq!(code_of(transfers::receive(&two.near, id, arrived(&[], "")).await), "received_already");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_request_makes_sense_or_changes_nothing(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let two = two(&world).await;
    let ask = async |request: RequestTransfer| transfers::request(&two.near, request).await;
    let itself = RequestTransfer { from_id: two.here, ..asked(&world, 1) };
    assert_eq!(field_of(ask(itself).await), "from");
    let field = format!("pieces.{}", world.medium);
    for quantity in [0, -3, 100_001] {
        assert_eq!(field_of(ask(asked(&world, quantity)).await), field);
    }
    let twice = RequestTransfer { lines: vec![pieces(world.medium, 1), pieces(world.medium, 2)], ..asked(&world, 1) };
    assert_eq!(field_of(ask(twice).await), field);
    assert_eq!(field_of(ask(RequestTransfer { lines: Vec::new(), ..asked(&world, 1) }).await), "lines");
    let nothing = RequestTransfer { lines: vec![pieces(SkuId(Uuid::now_v7()), 1)], ..asked(&world, 1) };
    assert_eq!(code_of(ask(nothing).await), "not_found");
    let nowhere = RequestTransfer { from_id: LocationId(Uuid::now_v7()), ..asked(&world, 1) };
    assert_eq!(code_of(ask(nowhere).await), "not_found");
    let long = RequestTransfer { reason: "长".repeat(201), ..asked(&world, 1) };
    assert_eq!(field_of(ask(long).await), "reason");
    assert_eq!(world.count("select count(*) from stock_transfers").await, 0);
    assert_eq!(world.count("select count(*) from audit").await, 0);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_transfer_is_seen_by_both_its_ends_and_those_above_them(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let two = two(&world).await;
    let third = world.add_another_store("SZSZ", "苏州店", "320100").await;
    let stranger = world.staff("苏州店长", Role::StoreManager, Reach::Store(third)).await;
    let north = world.staff("江苏区域经理", Role::RegionalManager, Reach::Region("320100")).await;
    let south = world.staff("浙江区域经理", Role::RegionalManager, Reach::Region("330100")).await;
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    let finance = world.staff("财务", Role::FinanceDepartment, Reach::Everywhere).await;
    let request = asked(&world, 5);
    assert_eq!(code_of(transfers::request(&stranger, request.clone()).await), "not_found");
    assert_eq!(code_of(transfers::request(&clerk, request.clone()).await), "not_found");
    assert_eq!(code_of(transfers::request(&finance, request.clone()).await), "forbidden");
    transfers::request(&two.near, request.clone()).await.unwrap();
    for person in [&stranger, &north] {
        assert_eq!(code_of(transfers::show(person, request.id).await), "not_found");
        assert_eq!(code_of(transfers::decide(person, request.id, yes()).await), "not_found");
        assert_eq!(code_of(transfers::ship(person, request.id, ship(&[])).await), "not_found");
        assert_eq!(code_of(transfers::receive(person, request.id, arrived(&[], "")).await), "not_found");
        assert_eq!(code_of(transfers::withdraw(person, request.id).await), "not_found");
        assert!(transfers::list(person, &ListTransfers::default()).await.unwrap().items.is_empty());
        assert_eq!(transfers::waiting(person).await.unwrap(), 0);
    }
    assert_eq!(code_of(transfers::decide(&two.near, request.id, yes()).await), "forbidden", "the sender agrees");
    assert_eq!(code_of(transfers::withdraw(&two.far, request.id).await), "forbidden");
    transfers::decide(&south, request.id, yes()).await.unwrap();
    assert_eq!(
        code_of(transfers::ship(&south, request.id, ship(&[])).await),
        "forbidden",
        "goods are sent by the store"
    );
    transfers::ship(&two.far, request.id, ship(&[])).await.unwrap();
    assert_eq!(code_of(transfers::receive(&two.far, request.id, arrived(&[], "")).await), "forbidden");
    transfers::receive(&clerk, request.id, arrived(&[], "")).await.unwrap();
    let tab = |tab| ListTransfers { tab: Some(tab), ..Default::default() };
    assert!(transfers::list(&two.near, &tab(TransferTab::OnTheWay)).await.unwrap().items.is_empty());
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_turned_down_withdrawn_or_cancelled_moves_nothing(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let two = two(&world).await;
    let (one, other) = (asked(&world, 1), asked(&world, 2));
    transfers::request(&two.near, one.clone()).await.unwrap();
    transfers::request(&two.near, other.clone()).await.unwrap();
    let no = |note: &str| DecideTransfer { approve: false, lines: Vec::new(), note: note.into() };
    assert_eq!(field_of(transfers::decide(&two.far, one.id, no(" ")).await), "note");
    transfers::decide(&two.far, one.id, no("自己也缺")).await.unwrap();
    transfers::decide(&two.far, one.id, no("自己也缺")).await.unwrap();
    transfers::withdraw(&two.near, other.id).await.unwrap();
    transfers::withdraw(&two.near, other.id).await.unwrap();
    for id in [one.id, other.id] {
        assert_eq!(code_of(transfers::decide(&two.far, id, yes()).await), "not_now");
        assert_eq!(code_of(transfers::ship(&two.far, id, ship(&[])).await), "not_now");
    }
    let id = agreed(&world, &two, 3).await;
    assert_eq!(code_of(transfers::withdraw(&two.near, id).await), "not_now");
    let cancel = |note: &str| CancelTransfer { note: note.into() };
    assert_eq!(field_of(transfers::cancel(&two.far, id, cancel("")).await), "note");
    transfers::cancel(&two.far, id, cancel("盘点后没有货")).await.unwrap();
    transfers::cancel(&two.far, id, cancel("盘点后没有货")).await.unwrap();
    assert_eq!(code_of(transfers::ship(&two.far, id, ship(&[])).await), "not_now");
    assert_eq!(on_hand(&world, two.there, world.medium).await, PIECES);
    let none = DecideTransfer { lines: vec![pieces(world.medium, 0)], ..yes() };
    let last = asked(&world, 1);
    transfers::request(&two.near, last.clone()).await.unwrap();
    assert_eq!(field_of(transfers::decide(&two.far, last.id, none).await), "lines");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn of_many_who_receive_the_same_transfer_at_once_it_is_received_once(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let two = two(&world).await;
    let id = agreed(&world, &two, 8).await;
    transfers::ship(&two.far, id, ship(&[])).await.unwrap();
    let start = Barrier::new(8);
    let receipts = (0..8).map(async |number| {
        start.wait().await;
        // Half of them count one less.
        let lines = if number % 2 == 0 { vec![] } else { vec![pieces(world.medium, 7)] };
        transfers::receive(&two.near, id, arrived(&lines, "少一件")).await
    });
    let answers = join_all(receipts).await;
    let done = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(done, 4, "those who say the same are answered the same, the others are told: {answers:?}");
    let came = on_hand(&world, two.here, world.medium).await - PIECES;
    assert!(came == 8 || came == 7, "{came}");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_shipment_and_orders_share_the_last_pieces_and_leave_no_less_than_none(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let two = two(&world).await;
    let request = RequestTransfer { from_id: two.here, to_id: two.there, ..asked(&world, 5) };
    transfers::request(&two.far, request.clone()).await.unwrap();
    transfers::decide(&two.near, request.id, yes()).await.unwrap();
    world.leave(world.store, world.medium, 6).await;
    let shoppers = world.members(8).await;
    let mut commands = Vec::new();
    for shopper in &shoppers {
        world.put(shopper, world.medium, 1).await;
        commands.push((shopper, world.command(shopper).await));
    }
    let start = Barrier::new(9);
    let placing = join_all(commands.into_iter().map(async |(shopper, command)| {
        start.wait().await;
        orders::place(shopper, command).await.is_ok()
    }));
    let shipping = async {
        start.wait().await;
        transfers::ship(&two.near, request.id, ship(&[])).await
    };
    let (placed, shipped) = join(placing, shipping).await;
    let sold = placed.into_iter().filter(|placed| *placed).count() as i64;
    let sent = if shipped.is_ok() { 5 } else { 0 };
    assert!(sold + sent <= 6 && sold > 0, "{sold} sold, {sent} sent");
    let stock = world.stock_at(world.store, world.medium).await;
    assert_eq!((stock.on_hand, stock.held), (6 - sent, sold));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn shoppers_find_what_is_nearby_and_staff_how_many(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let two = two(&world).await;
    let (office, depot) = warehouse(&world).await;
    stocked(&office, depot, &[pieces(world.large, 9)]).await;
    world.leave(world.elsewhere, world.large, 2).await;
    world.leave(world.elsewhere, world.medium, 0).await;
    let visitor = world.visitor().await;
    let near = nearby::of_product(&visitor, world.store, "pearl-tea", None).await.unwrap();
    assert_eq!(near.len(), 1);
    assert_eq!(near[0].store.id, world.elsewhere);
    let told: Vec<_> = near[0].skus.iter().map(|sku| (sku.sku_id, sku.band, sku.left)).collect();
    assert_eq!(told, [(world.large, Band::Last, Some(2))], "what is sold out there is not nearby");
    assert_eq!(code_of(nearby::of_product(&visitor, world.store, "niemals", None).await), "not_found");

    let found = nearby::stocked(&two.near, world.store, world.large).await.unwrap();
    let there: Vec<_> = found.elsewhere.iter().map(|place| (place.code.as_str(), place.available)).collect();
    assert_eq!(there, [("CK-1", 9), ("XIHU", 2)]);
    assert_eq!(found.here, PIECES);
    assert!(found.elsewhere[0].distance_m.is_some());
    assert_eq!(code_of(nearby::stocked(&two.far, world.store, world.large).await), "not_found");
    assert_eq!(code_of(nearby::stocked(&visitor, world.store, world.large).await), "unauthenticated");
    world.alter("update stores set state = 'closed' where code = 'XIHU'").await;
    assert!(nearby::of_product(&visitor, world.store, "pearl-tea", None).await.unwrap().is_empty());
    assert_eq!(nearby::stocked(&two.near, world.store, world.large).await.unwrap().elsewhere.len(), 1);
    assert!(stores::show(&visitor, "RMGC", None).await.is_ok());
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_merchants_store_trades_with_its_own_and_the_chains_warehouses(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let two = two(&world).await;
    let (office, depot) = warehouse(&world).await;
    stocked(&office, depot, &[pieces(world.medium, 9)]).await;
    world
        .alter(
            "with m as (insert into merchants (id, code, name, created_at) values (gen_random_uuid(), 'TONGAN', '童安', now()) returning id)
             update stores set ownership = 'merchant', merchant_id = (select id from m) where code = 'XIHU'",
        )
        .await;
    assert_eq!(field_of(transfers::request(&two.near, asked(&world, 1)).await), "from");
    assert!(
        supply::stock(&two.near, two.there, &ListStock::default()).await.is_err(),
        "its stock is not the chain's to see"
    );
    let seen = nearby::stocked(&two.near, world.store, world.medium).await.unwrap();
    assert_eq!(seen.elsewhere.iter().map(|place| place.code.as_str()).collect::<Vec<_>>(), ["CK-1"]);
    let from_depot = RequestTransfer { from_id: depot, to_id: two.there, ..asked(&world, 1) };
    transfers::request(&two.far, from_depot).await.unwrap();
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn without_the_first_fence_a_transfer_is_still_its_own_ends(options: PgPoolOptions, connect: PgConnectOptions) {
    let settings = commerce::Settings { without_first_fence: true, ..Default::default() };
    let world = World::with(options, connect, Default::default(), settings).await;
    let two = two(&world).await;
    let third = world.add_another_store("SZSZ", "苏州店", "320100").await;
    let stranger = world.staff("苏州店长", Role::StoreManager, Reach::Store(third)).await;
    let request = asked(&world, 1);
    transfers::request(&two.near, request.clone()).await.unwrap();
    assert_eq!(transfers::list(&two.far, &ListTransfers::default()).await.unwrap().items.len(), 1);
    assert_eq!(transfers::list(&stranger, &ListTransfers::default()).await.unwrap().items.len(), 0);
    assert_eq!(transfers::waiting(&stranger).await.unwrap(), 0);
    assert_eq!(code_of(transfers::show(&stranger, request.id).await), "not_found");
    world.balanced().await;
}
