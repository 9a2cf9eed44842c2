//! Counting what is there while sales go on (K4).

use commerce::{Scope, counts, orders};
use domain::{
    CountId, Fault, Fen, LocationId, SkuId, StoreId,
    approvals::Decide,
    counts::{
        CountState, CycleBy, EnterCount, LinesShown, ListCounts, ListLines, Off, OpenCount, Selection, SubmitCount,
        Uncounted,
    },
    staff::Role,
};
use futures::future::join_all;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    people::Reach,
    world::{LARGE_FEN, PIECES, World, code_of, field_of},
};

pub fn place_of(store: StoreId) -> LocationId {
    LocationId(store.0)
}

fn of(world: &World, selection: Selection) -> OpenCount {
    let id = CountId(Uuid::now_v7());
    OpenCount { id, location_id: place_of(world.store), selection, blind: false, note: String::new() }
}

fn full(world: &World) -> OpenCount {
    of(world, Selection::Full)
}

fn only(world: &World, sku: SkuId) -> OpenCount {
    of(world, Selection::Partial { categories: Vec::new(), skus: vec![sku.to_string()] })
}

/// The fixtures' code of a variant is its id.
fn found(sku: SkuId, pieces: i64) -> EnterCount {
    EnterCount { id: Uuid::now_v7(), code: sku.to_string(), pieces }
}

pub fn yes() -> Decide {
    Decide { approve: true, note: String::new() }
}

pub fn no(note: &str) -> Decide {
    Decide { approve: false, note: note.into() }
}

fn rest(uncounted: Uncounted) -> SubmitCount {
    SubmitCount { uncounted: Some(uncounted) }
}

async fn clerk(world: &World) -> Scope {
    world.staff("店员", Role::Clerk, Reach::Store(world.store)).await
}

async fn manager(world: &World) -> Scope {
    world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await
}

async fn above(world: &World) -> Scope {
    world.staff("区域经理", Role::RegionalManager, Reach::Region("310100")).await
}

async fn begun(who: &Scope, command: OpenCount) -> CountId {
    counts::open(who, command.clone()).await.unwrap();
    command.id
}

async fn state_of(who: &Scope, id: CountId) -> CountState {
    counts::show(who, id).await.unwrap().card.state
}

async fn on_hand(world: &World, sku: SkuId) -> i64 {
    world.stock_at(world.store, sku).await.on_hand
}

/// Sells and hands over so many medium teas.
async fn hand_over(world: &World, clerk: &Scope, pieces: i64) {
    let (order, code) = world.place_paid(&world.member().await, pieces).await;
    orders::accept(clerk, order).await.unwrap();
    orders::prepare(clerk, order).await.unwrap();
    orders::redeem(clerk, &code).await.unwrap();
}

async fn lines_of(who: &Scope, id: CountId, show: LinesShown) -> Vec<(SkuId, Option<i64>, Option<i64>)> {
    let page = counts::lines(who, id, &ListLines { show, most: 50, ..Default::default() }).await.unwrap();
    page.items.into_iter().map(|line| (line.sku_id, line.counted, line.difference)).collect()
}

/// A small generator, so that a failure can be seen again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// What really stands on the shelf is the model: sales and arrivals change it and the books alike, at any moment
/// before, between and after the entries, the submission and the approval. Afterwards the books say what is there.
#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_comes_and_goes_while_counting_is_no_difference(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (person, boss) = (clerk(&world).await, manager(&world).await);
    let mut dice = Dice(20_261_126);
    for round in 0..6 {
        // A few pieces went or turned up without a movement.
        let off = dice.roll(11) as i64 - 5;
        let mut shelf = on_hand(&world, world.medium).await + off;
        let id = begun(&person, only(&world, world.medium)).await;
        let steps = ["enter", "submit", "decide", "end"];
        for step in steps {
            for _ in 0..dice.roll(3) {
                let pieces = dice.roll(3) as i64 + 1;
                if dice.roll(3) == 0 {
                    world.receive(world.store, world.medium, pieces).await;
                    shelf += pieces;
                } else {
                    hand_over(&world, &person, pieces).await;
                    shelf -= pieces;
                }
            }
            match step {
                "enter" => {
                    let line = counts::enter(&person, id, found(world.medium, shelf)).await.unwrap();
                    assert_eq!(line.difference, Some(off), "round {round}");
                }
                "submit" => counts::submit(&person, id, SubmitCount::default()).await.unwrap(),
                "decide" => counts::decide(&boss, id, yes()).await.unwrap(),
                _ => {}
            }
        }
        assert_eq!(on_hand(&world, world.medium).await, shelf, "round {round}");
        let lines = lines_of(&boss, id, LinesShown::All).await;
        assert_eq!(lines[0].2, Some(off), "what was found stays as it was found");
    }
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn several_who_count_at_once_add_to_each_other(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let mut people = Vec::new();
    for number in 0..8 {
        people.push(world.staff(&format!("店员{number}"), Role::Clerk, Reach::Store(world.store)).await);
    }
    let id = begun(&people[0], full(&world)).await;
    let scans = people.iter().flat_map(|person| (0..4).map(move |_| person));
    let entered = join_all(scans.map(|person| counts::enter(person, id, found(world.medium, 3)))).await;
    assert!(entered.iter().all(Result::is_ok));
    let again = found(world.medium, 4);
    for _ in 0..3 {
        counts::enter(&people[0], id, again.clone()).await.unwrap();
    }
    assert_eq!(lines_of(&people[0], id, LinesShown::Counted).await, [(world.medium, Some(100), Some(0))]);
    let other = EnterCount { pieces: 5, ..again.clone() };
    assert_eq!(code_of(counts::enter(&people[0], id, other).await), "key_reused");
    assert_eq!(code_of(counts::enter(&people[1], id, again.clone()).await), "key_reused", "another's entry");

    counts::undo(&people[1], id, again.id).await.unwrap();
    counts::undo(&people[1], id, again.id).await.unwrap();
    assert_eq!(lines_of(&people[0], id, LinesShown::Counted).await, [(world.medium, Some(96), Some(-4))]);
    let latest = counts::show(&people[0], id).await.unwrap().entries;
    assert!(latest.iter().any(|entry| entry.id == again.id && entry.undone), "what was undone is still told");
    counts::recount(&people[2], id, world.medium).await.unwrap();
    assert_eq!(lines_of(&people[0], id, LinesShown::Counted).await, []);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_moves_between_two_entries_of_a_line_asks_for_another_count(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let person = clerk(&world).await;
    let id = begun(&person, only(&world, world.medium)).await;
    assert!(!counts::enter(&person, id, found(world.medium, 60)).await.unwrap().moved);
    hand_over(&world, &person, 2).await;
    let line = counts::enter(&person, id, found(world.medium, 40)).await.unwrap();
    assert!(line.moved, "whether the two that went had been counted, nobody knows");
    counts::recount(&person, id, world.medium).await.unwrap();
    let line = counts::enter(&person, id, found(world.medium, PIECES - 2)).await.unwrap();
    assert_eq!((line.moved, line.difference), (false, Some(0)));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_nobody_counted_is_none_only_where_that_is_said(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (person, boss) = (clerk(&world).await, manager(&world).await);
    let id = begun(&person, full(&world)).await;
    assert_eq!(code_of(counts::submit(&person, id, rest(Uncounted::LeaveOut)).await), "nothing_counted");
    counts::enter(&person, id, found(world.medium, PIECES)).await.unwrap();
    let refused = counts::submit(&person, id, SubmitCount::default()).await;
    assert!(matches!(&refused, Err(fault) if fault.message().contains("珍珠奶茶 · 大杯")), "{refused:?}");
    assert_eq!(code_of(refused), "not_all_counted");
    assert_eq!(state_of(&person, id).await, CountState::Open);
    counts::submit(&person, id, rest(Uncounted::LeaveOut)).await.unwrap();
    counts::submit(&person, id, rest(Uncounted::LeaveOut)).await.unwrap();
    counts::decide(&boss, id, yes()).await.unwrap();
    assert_eq!(on_hand(&world, world.large).await, PIECES, "left out is left as it was");

    let id = begun(&person, full(&world)).await;
    counts::enter(&person, id, found(world.medium, PIECES)).await.unwrap();
    counts::submit(&person, id, rest(Uncounted::Zero)).await.unwrap();
    let card = counts::show(&person, id).await.unwrap().card;
    assert_eq!(card.off, Some(Off { pieces: PIECES, value_fen: Fen(LARGE_FEN * PIECES) }));
    counts::decide(&above(&world).await, id, yes()).await.unwrap();
    assert_eq!((on_hand(&world, world.medium).await, on_hand(&world, world.large).await), (PIECES, 0));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_blind_count_tells_what_the_books_say_to_those_who_decide_and_afterwards(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (person, boss) = (clerk(&world).await, manager(&world).await);
    let id = begun(&boss, OpenCount { blind: true, ..only(&world, world.medium) }).await;
    let line = counts::enter(&person, id, found(world.medium, PIECES - 1)).await.unwrap();
    assert_eq!((line.book, line.difference, line.value_fen), (None, None, None));
    for who in [&person, &boss] {
        assert_eq!(lines_of(who, id, LinesShown::Different).await, [(world.medium, Some(PIECES - 1), None)]);
        assert_eq!(counts::whole(who, id).await.unwrap().1[0].book, None, "nor in a file");
    }
    counts::submit(&person, id, SubmitCount::default()).await.unwrap();
    assert_eq!(counts::show(&person, id).await.unwrap().card.off, None);
    assert_eq!(lines_of(&person, id, LinesShown::All).await[0].2, None);
    assert_eq!(lines_of(&boss, id, LinesShown::All).await[0].2, Some(-1));
    counts::decide(&boss, id, yes()).await.unwrap();
    assert_eq!(lines_of(&person, id, LinesShown::All).await[0].2, Some(-1));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn small_differences_are_the_stores_own_and_larger_ones_for_those_above_it(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (person, boss, above) = (clerk(&world).await, manager(&world).await, above(&world).await);
    let small = begun(&boss, only(&world, world.medium)).await;
    counts::enter(&boss, small, found(world.medium, PIECES - 20)).await.unwrap();
    counts::submit(&boss, small, SubmitCount::default()).await.unwrap();
    assert_eq!((counts::waiting(&boss).await.unwrap(), counts::waiting(&above).await.unwrap()), (1, 0));
    assert_eq!(code_of(counts::decide(&person, small, yes()).await), "forbidden");
    counts::decide(&boss, small, yes()).await.unwrap();

    let large = begun(&person, only(&world, world.medium)).await;
    counts::enter(&person, large, found(world.medium, PIECES - 20 - 21)).await.unwrap();
    counts::submit(&person, large, SubmitCount::default()).await.unwrap();
    assert_eq!((counts::waiting(&boss).await.unwrap(), counts::waiting(&above).await.unwrap()), (0, 1));
    assert_eq!(code_of(counts::decide(&boss, large, yes()).await), "forbidden");
    assert!(!counts::show(&boss, large).await.unwrap().card.may_decide);
    let inbox = counts::list(&above, &ListCounts { waiting: true, most: 9, ..Default::default() }).await.unwrap();
    assert!(inbox.items[0].may_decide && inbox.items[0].above);
    assert_eq!(field_of(counts::decide(&above, large, no(" ")).await), "note");
    counts::decide(&above, large, no("请复盘冰柜")).await.unwrap();
    assert_eq!(state_of(&person, large).await, CountState::Open);
    assert_eq!(counts::show(&person, large).await.unwrap().steps.pop().unwrap().note, "请复盘冰柜");
    counts::recount(&person, large, world.medium).await.unwrap();
    counts::enter(&person, large, found(world.medium, PIECES - 20)).await.unwrap();
    counts::submit(&person, large, SubmitCount::default()).await.unwrap();
    counts::decide(&boss, large, yes()).await.unwrap();
    assert_eq!(on_hand(&world, world.medium).await, PIECES - 20);

    let head = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    let own = begun(&head, only(&world, world.medium)).await;
    counts::enter(&head, own, found(world.medium, 0)).await.unwrap();
    counts::submit(&head, own, SubmitCount::default()).await.unwrap();
    assert_eq!(code_of(counts::decide(&head, own, yes()).await), "own_count");
    assert_eq!(counts::waiting(&head).await.unwrap(), 0);
    counts::cancel(&head, own).await.unwrap();
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_same_goods_are_in_one_open_count_at_a_time(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let person = clerk(&world).await;
    let first = begun(&person, only(&world, world.medium)).await;
    let second = full(&world);
    let refused = counts::open(&person, second.clone()).await;
    assert!(matches!(&refused, Err(fault) if fault.message().contains("店员")), "names the other count: {refused:?}");
    assert_eq!(code_of(refused), "counted_elsewhere");
    assert_eq!(code_of(counts::show(&person, second.id).await), "not_found", "nothing was begun");
    let beside = begun(&person, only(&world, world.large)).await;
    assert_eq!(code_of(counts::enter(&person, beside, found(world.medium, 1)).await), "counted_elsewhere");
    let cycle = of(&world, Selection::Cycle { by: CycleBy::LongestUncounted, lines: 10 });
    assert_eq!(code_of(counts::open(&person, cycle.clone()).await), "nothing_to_count");
    counts::cancel(&person, first).await.unwrap();
    counts::cancel(&person, first).await.unwrap();
    counts::open(&person, cycle.clone()).await.unwrap();
    assert_eq!(lines_of(&person, cycle.id, LinesShown::All).await, [(world.medium, None, None)]);

    // And of many who begin at once, one does.
    counts::cancel(&person, cycle.id).await.unwrap();
    counts::cancel(&person, beside).await.unwrap();
    let begun = join_all((0..8).map(|_| counts::open(&person, full(&world)))).await;
    assert_eq!(begun.iter().filter(|one| one.is_ok()).count(), 1, "{begun:?}");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_cannot_be_counted_is_told_and_changes_nothing(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (person, boss) = (clerk(&world).await, manager(&world).await);
    let stranger = world.staff("西湖店长", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    let visitor = world.visitor().await;
    let command = only(&world, world.medium);
    let id = begun(&person, command.clone()).await;
    counts::open(&person, command.clone()).await.unwrap();
    let reused = OpenCount { blind: true, ..command.clone() };
    assert_eq!(code_of(counts::open(&person, reused).await), "key_reused");
    let unknown = Selection::Partial { categories: Vec::new(), skus: vec!["ANANAS".into()] };
    assert_eq!(field_of(counts::open(&person, of(&world, unknown)).await), "skus");
    let unknown = Selection::Partial { categories: vec!["ananas".into()], skus: Vec::new() };
    assert_eq!(field_of(counts::open(&person, of(&world, unknown)).await), "categories");

    for (pieces, code, field) in [
        (-1, world.medium.to_string(), "pieces"),
        (100_001, world.medium.to_string(), "pieces"),
        (1, "6901234567892".into(), "code"),
    ] {
        let entry = EnterCount { id: Uuid::now_v7(), code, pieces };
        assert_eq!(field_of(counts::enter(&person, id, entry).await), field);
    }
    // Another store's count is not there, for whatever is asked of it.
    assert_eq!(code_of(counts::show(&stranger, id).await), "not_found");
    assert_eq!(code_of(counts::lines(&stranger, id, &ListLines::default()).await), "not_found");
    assert_eq!(code_of(counts::enter(&stranger, id, found(world.medium, 1)).await), "not_found");
    assert_eq!(code_of(counts::undo(&stranger, id, Uuid::now_v7()).await), "not_found");
    assert_eq!(code_of(counts::recount(&stranger, id, world.medium).await), "not_found");
    assert_eq!(code_of(counts::submit(&stranger, id, SubmitCount::default()).await), "not_found");
    assert_eq!(code_of(counts::decide(&stranger, id, yes()).await), "not_found");
    assert_eq!(code_of(counts::cancel(&stranger, id).await), "not_found");
    assert_eq!(code_of(counts::open(&stranger, full(&world)).await), "not_found");
    assert!(counts::list(&stranger, &ListCounts { most: 9, ..Default::default() }).await.unwrap().items.is_empty());
    assert_eq!(counts::list(&visitor, &ListCounts::default()).await.unwrap_err(), Fault::Unauthenticated);

    assert_eq!(code_of(counts::decide(&boss, id, yes()).await), "not_now", "nobody decides on what is still counted");
    counts::enter(&person, id, found(world.medium, PIECES - 3)).await.unwrap();
    counts::submit(&person, id, SubmitCount::default()).await.unwrap();
    assert_eq!(code_of(counts::enter(&person, id, found(world.medium, 3)).await), "not_now", "entry after submission");
    counts::decide(&boss, id, yes()).await.unwrap();
    counts::decide(&boss, id, yes()).await.unwrap();
    assert_eq!(on_hand(&world, world.medium).await, PIECES - 3, "booked once");
    assert_eq!(code_of(counts::decide(&boss, id, no("再看看")).await), "not_now");
    assert_eq!(code_of(counts::cancel(&boss, id).await), "not_now");
    let moved = world.count("select count(*) from movements where cause = 'count'").await;
    assert_eq!(moved, 1);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_count_that_leaves_too_little_for_what_is_promised_is_booked(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (person, boss) = (clerk(&world).await, manager(&world).await);
    world.leave(world.store, world.medium, 5).await;
    world.place_paid(&world.member().await, 4).await;
    let id = begun(&person, only(&world, world.medium)).await;
    counts::enter(&person, id, found(world.medium, 2)).await.unwrap();
    counts::submit(&person, id, SubmitCount::default()).await.unwrap();
    counts::decide(&boss, id, yes()).await.unwrap();
    let stock = world.stock_at(world.store, world.medium).await;
    assert_eq!((stock.on_hand, stock.allocated), (2, 4));
    assert_eq!(world.count("select short from stock where short > 0").await, 2);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_cycle_takes_what_has_not_been_counted_for_the_longest(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (person, boss) = (clerk(&world).await, manager(&world).await);
    hand_over(&world, &person, 1).await;
    let next = |by| of(&world, Selection::Cycle { by, lines: 1 });
    let first = begun(&person, next(CycleBy::LongestUncounted)).await;
    let (sku, ..) = lines_of(&person, first, LinesShown::All).await[0];
    assert_eq!(sku, world.large, "of what never was, that of which there is most");
    counts::enter(&person, first, found(sku, PIECES)).await.unwrap();
    counts::submit(&person, first, SubmitCount::default()).await.unwrap();
    counts::decide(&boss, first, yes()).await.unwrap();
    let second = begun(&person, next(CycleBy::LongestUncounted)).await;
    assert_eq!(lines_of(&person, second, LinesShown::All).await[0].0, world.medium);
    counts::cancel(&person, second).await.unwrap();
    let mut tomorrow = person.clone();
    tomorrow.now += chrono::Duration::hours(1);
    let sold = begun(&tomorrow, next(CycleBy::BestSelling)).await;
    assert_eq!(lines_of(&person, sold, LinesShown::All).await[0].0, world.medium);
    world.balanced().await;
}
