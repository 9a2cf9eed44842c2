//! Two accounts of one person become one, exactly once, and the books balance.

use std::sync::Arc;

use chrono::Duration;
use commerce::{Scope, cart, holds, members, orders};
use domain::{
    Fault, HoldId,
    holds::TakeHold,
    members::{ChangePhone, CodeFor, MergeOffer},
    orders::{ListOrders, OrderState},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::{
    member_accounts::{by_code, phone_of, send_code_for},
    members::{CODE, log_in_as, send_code},
    world::{World, code_of},
};

/// `kept` shows that the number of `other` is theirs as well.
pub async fn offered(world: &World, kept: &Scope, other: &Scope) -> MergeOffer {
    let phone = phone_of(other).await;
    send_code_for(world, kept, &phone_of(kept).await, CodeFor::Account).await;
    send_code_for(world, kept, &phone, CodeFor::Phone).await;
    let command = ChangePhone { phone: phone.parse().unwrap(), code: CODE.into(), proof: by_code(CODE) };
    members::change_phone(kept, command).await.unwrap().merge.unwrap()
}

async fn hold(world: &World, who: &Scope) {
    let quantity = 2.try_into().unwrap();
    let wish = TakeHold { id: HoldId(Uuid::now_v7()), store_id: world.store, sku_id: world.large, quantity };
    holds::take(who, wish).await.unwrap();
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn all_that_the_other_account_has_becomes_the_kept_ones(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (kept, other) = (world.member().await, world.member().await);
    let (old, taken) = (phone_of(&kept).await, phone_of(&other).await);
    let (paid, _) = world.place_paid(&other, 2).await;
    let own = world.place(&kept, 1).await;
    world.put(&other, world.large, 3).await;
    world.put(&kept, world.large, 1).await;
    hold(&world, &other).await;

    let offer = offered(&world, &kept, &other).await;
    assert_eq!((offer.orders, offer.open_orders, offer.cart_lines, offer.holds, offer.takes_phone), (1, 1, 1, 1, true));
    assert_eq!(members::offer(&kept, offer.id).await.unwrap(), offer);
    assert_eq!(phone_of(&kept).await, old, "nothing has changed before it is confirmed");
    assert_eq!(code_of(members::merge(&other, offer.id).await), "not_found", "the other did not prove anything");

    let me = members::merge(&kept, offer.id).await.unwrap();
    assert_eq!(me.phone.as_str(), taken);
    assert_eq!(members::merge(&kept, offer.id).await.unwrap(), me, "confirmed twice is confirmed once");
    let mine = orders::mine(&kept, ListOrders { most: 10, ..ListOrders::default() }).await.unwrap().items;
    assert_eq!(mine.iter().map(|order| order.id).collect::<Vec<_>>(), [own, paid]);
    assert!(orders::show(&kept, paid).await.unwrap().pickup_code.is_some());
    assert_eq!(cart::pieces(&kept).await.unwrap(), 3, "a line of both keeps the larger quantity");
    assert_eq!(holds::mine(&kept).await.unwrap().len(), 1);
    // The other's sessions open nothing, and neither does the number that went.
    assert_eq!(code_of(members::me(&other).await), "unauthenticated");
    send_code(&world, &old).await;
    let stranger = log_in_as(&world, &world.visitor().await, &old, CODE).await;
    assert!(orders::mine(&stranger, ListOrders { most: 10, ..ListOrders::default() }).await.unwrap().items.is_empty());
    // What was bought is called off by whom it belongs to now, and the money goes back.
    orders::cancel(&kept, paid).await.unwrap();
    assert_eq!(world.state_of(paid).await, OrderState::Cancelled);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_offer_ends_and_says_so(options: PgPoolOptions, connect: PgConnectOptions) {
    let mut world = World::new(options, connect).await;
    let (mut kept, other, third) = (world.member().await, world.member().await, world.member().await);
    let offer = offered(&world, &kept, &other).await;
    assert_eq!(code_of(members::offer(&third, offer.id).await), "not_found");
    assert_eq!(code_of(members::merge(&kept, Uuid::new_v4()).await), "not_found");
    world.now += Duration::minutes(11);
    kept.now = world.now;
    assert_eq!(code_of(members::merge(&kept, offer.id).await), "not_found");
    assert!(members::me(&other).await.is_ok());
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_account_that_absorbed_another_is_absorbed_with_it(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (first, second, third) = (world.member().await, world.member().await, world.member().await);
    world.place(&first, 1).await;
    let offer = offered(&world, &second, &first).await;
    members::merge(&second, offer.id).await.unwrap();
    let offer = offered(&world, &third, &second).await;
    assert_eq!(offer.orders, 1);
    members::merge(&third, offer.id).await.unwrap();
    let into = "select count(*) from members m join members k on k.id = m.merged_into where k.phone is not null";
    assert_eq!(world.count(into).await, 2, "both tombstones name the one that lives");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn of_two_merges_that_would_each_absorb_the_other_one_happens(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    for _ in 0..6 {
        let (one, other) = (world.member().await, world.member().await);
        let (to_one, to_other) = (offered(&world, &one, &other).await, offered(&world, &other, &one).await);
        let start = Arc::new(Barrier::new(4));
        let merging = |who: &Scope, offer: Uuid| {
            let (who, start) = (who.clone(), start.clone());
            tokio::spawn(async move {
                start.wait().await;
                members::merge(&who, offer).await
            })
        };
        // Each is pressed twice, too.
        let tries = [(&one, &to_one), (&one, &to_one), (&other, &to_other), (&other, &to_other)];
        let tries = tries.map(|(who, offer)| merging(who, offer.id));
        let mut done = Vec::new();
        for one in tries {
            done.push(one.await.unwrap());
        }
        let won = done.iter().map(Result::is_ok).collect::<Vec<_>>();
        assert!(won == [true, true, false, false] || won == [false, false, true, true], "{done:?}");
        let known = |fault: &Fault| matches!(fault.code(), "not_found" | "merge_over" | "unauthenticated");
        assert!(done.iter().filter_map(|one| one.as_ref().err()).all(known), "{done:?}");
    }
    assert_eq!(world.count("select count(*) from members where merged_into is not null").await, 6);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_order_placed_while_its_account_is_absorbed_is_the_kept_ones_or_none(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    for _ in 0..12 {
        let (kept, other) = (world.member().await, world.member().await);
        world.put(&other, world.medium, 1).await;
        let command = world.command(&other).await;
        let offer = offered(&world, &kept, &other).await;
        let start = Arc::new(Barrier::new(3));
        let (placing, merging, holding) = (start.clone(), start.clone(), start.clone());
        let (buyer, holder, taker) = (other.clone(), other.clone(), kept.clone());
        let placed = tokio::spawn(async move {
            placing.wait().await;
            orders::place(&buyer, command).await
        });
        let quantity = 1.try_into().unwrap();
        let wish = TakeHold { id: HoldId(Uuid::now_v7()), store_id: world.store, sku_id: world.large, quantity };
        let held = tokio::spawn(async move {
            holding.wait().await;
            holds::take(&holder, wish).await
        });
        let merged = tokio::spawn(async move {
            merging.wait().await;
            members::merge(&taker, offer.id).await
        });
        let (placed, held) = (placed.await.unwrap(), held.await.unwrap());
        merged.await.unwrap().unwrap();
        let mine = orders::mine(&kept, ListOrders { most: 10, ..ListOrders::default() }).await.unwrap().items;
        assert_eq!(mine.len(), usize::from(placed.is_ok()), "{placed:?}");
        // Nothing is lost: what was not ordered lies in the kept cart.
        assert_eq!(cart::pieces(&kept).await.unwrap(), i64::from(placed.is_err()));
        assert_eq!(holds::mine(&kept).await.unwrap().len(), usize::from(held.is_ok()), "{held:?}");
    }
    let lost = "select count(*) from members m where m.phone is null
        and (exists (select from orders o where o.member_id = m.id) or exists (select from early_holds h where h.member_id = m.id))";
    assert_eq!(world.count(lost).await, 0);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_log_in_while_its_account_is_absorbed_opens_nothing_that_has_gone(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    for _ in 0..8 {
        let (kept, other) = (world.member().await, world.member().await);
        let phone = phone_of(&other).await;
        let offer = offered(&world, &kept, &other).await;
        send_code(&world, &phone).await;
        let start = Arc::new(Barrier::new(2));
        let (entering, merging) = (start.clone(), start.clone());
        let (visitor, taker) = (world.visitor().await, kept.clone());
        let command = domain::members::LogIn {
            phone: phone.parse().unwrap(),
            code: CODE.into(),
            arrival: None,
            device: None,
            app: None,
        };
        let entered = tokio::spawn(async move {
            entering.wait().await;
            members::log_in(&visitor, command).await
        });
        let merged = tokio::spawn(async move {
            merging.wait().await;
            members::merge(&taker, offer.id).await
        });
        merged.await.unwrap().unwrap();
        // Too late for the other account, the number is the kept one's: so is the session, or there is none yet.
        if let Ok(done) = entered.await.unwrap() {
            let who = world.bearer(Some(done.token.secret()), domain::orders::Channel::Shop).await;
            assert!(who.member().is_err() || who.member() == kept.member());
        }
    }
    let of_nobody = "select count(*) from sessions s join members m on m.id = s.member_id where m.phone is null";
    assert_eq!(world.count(of_nobody).await, 0);
    world.balanced().await;
}
