//! What a scanner's file brings into a count (K4): all of it or nothing, and once.

use commerce::counts;
use domain::{
    CountId, Fault, SkuId,
    approvals::Decide,
    counts::{EnterCountList, FoundLine, OpenCount, Selection, SubmitCount, Uncounted},
    staff::Role,
};
use futures::future::join_all;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{counts::place_of, people::Reach, world::World};

/// The fixtures' code of a variant is its id.
fn list(lines: &[(SkuId, i64)]) -> EnterCountList {
    let lines = lines.iter().map(|(sku, pieces)| FoundLine { code: sku.to_string(), pieces: *pieces });
    EnterCountList { id: Uuid::now_v7(), lines: lines.collect() }
}

async fn begun(world: &World, who: &commerce::Scope, skus: &[SkuId]) -> CountId {
    let id = CountId(Uuid::now_v7());
    let skus = skus.iter().map(SkuId::to_string).collect();
    let selection = Selection::Partial { categories: Vec::new(), skus };
    let open = OpenCount { id, location_id: place_of(world.store), selection, blind: false, note: String::new() };
    counts::open(who, open).await.unwrap();
    id
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_list_that_is_sent_many_times_at_once_counts_once(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    let count = begun(&world, &clerk, &[world.medium]).await;
    let there = world.stock_at(world.store, world.medium).await.on_hand;

    // The large tea is taken in with the list; what it names twice adds up.
    let scanned = list(&[(world.medium, there - 3), (world.large, 1), (world.medium, 1)]);
    let at_once = join_all((0..8).map(|_| counts::enter_list(&clerk, count, scanned.clone()))).await;
    for entered in at_once {
        let entered = entered.unwrap();
        assert_eq!((entered.goods, entered.pieces), (2, there - 1));
    }
    let seen = counts::show(&clerk, count).await.unwrap();
    assert_eq!((seen.entries.len(), seen.card.counted_lines), (2, 2));
    assert!(seen.entries.iter().all(|entry| entry.list_id == Some(scanned.id)));

    // Nobody else's list, and no other, has that identity.
    let other = EnterCountList { id: scanned.id, ..list(&[(world.medium, 1)]) };
    let conflict = |fault: Fault| fault.code().to_owned();
    assert_eq!(counts::enter_list(&clerk, count, other).await.map_err(conflict), Err("key_reused".into()));
    let again = counts::enter_list(&manager, count, scanned.clone()).await;
    assert_eq!(again.map_err(conflict), Err("key_reused".into()));

    // What is undone counts no more, and the books take what is left.
    counts::undo_list(&manager, count, scanned.id).await.unwrap();
    counts::undo_list(&manager, count, scanned.id).await.unwrap();
    assert_eq!(counts::show(&clerk, count).await.unwrap().card.counted_lines, 0);
    counts::enter_list(&clerk, count, list(&[(world.medium, there - 2)])).await.unwrap();
    let rest = SubmitCount { uncounted: Some(Uncounted::LeaveOut) };
    counts::submit(&clerk, count, rest).await.unwrap();
    let late = list(&[(world.medium, 1)]);
    assert_eq!(counts::enter_list(&clerk, count, late).await.map_err(conflict), Err("not_now".into()));
    assert_eq!(counts::undo_list(&clerk, count, scanned.id).await, Ok(()), "what is undone already");
    counts::decide(&manager, count, Decide { approve: true, note: String::new() }).await.unwrap();
    assert_eq!(world.stock_at(world.store, world.medium).await.on_hand, there - 2);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn one_wrong_line_keeps_the_whole_list_out(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    let (count, other) = (begun(&world, &clerk, &[world.medium]).await, begun(&world, &clerk, &[world.large]).await);
    let told = |fault: Fault| -> Vec<String> { fault.complaints().iter().map(|one| one.field.clone()).collect() };
    let mut unknown = list(&[(world.medium, 1)]);
    unknown.lines.extend(["none", "neither"].map(|code| FoundLine { code: code.into(), pieces: 1 }));
    let refused = counts::enter_list(&clerk, count, unknown).await.map_err(told);
    assert_eq!(refused, Err(vec!["lines.1".into(), "lines.2".into()]));
    // Goods that another open count has.
    let counted_there = list(&[(world.medium, 1), (world.large, 1)]);
    assert_eq!(counts::enter_list(&clerk, count, counted_there).await.map_err(told), Err(vec!["lines.1".into()]));
    let too_many = list(&[(world.medium, 60_000), (world.medium, 60_000)]);
    assert_eq!(counts::enter_list(&clerk, count, too_many).await.map_err(told), Err(vec!["lines.1".into()]));
    for id in [count, other] {
        assert!(counts::show(&clerk, id).await.unwrap().entries.is_empty());
    }
    // Another store's people have no such count.
    let far = world.staff("外店员", Role::Clerk, Reach::Store(world.elsewhere)).await;
    let hidden = counts::enter_list(&far, count, list(&[(world.medium, 1)])).await.map_err(|fault| fault.code());
    assert_eq!(hidden, Err("not_found"));
    world.balanced().await;
}
