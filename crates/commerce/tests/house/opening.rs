//! Whether and when a store is open: what its people say, shoppers meet at once.

use chrono::{DateTime, Duration, NaiveTime, Utc};
use commerce::{
    Scope, cart, exports, orders,
    stores::{self, opening},
};
use domain::{
    fulfilment::{Fulfilment, Wish},
    hours::{Hours, Span, SpecialDay},
    opening::{OpeningSettings, SetOpening, Standing},
    orders::OrderState,
    staff::Role,
    stores::{FindStores, ListStores, StoreState},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::{
    delivery::{brings, lives, offered as windows},
    gateway,
    people::Reach,
    world::{World, code_of, field_of},
};

/// The state, the text and how many slots shoppers are offered.
async fn offered(who: &Scope, world: &World) -> (StoreState, String, usize) {
    let store = stores::show_by_id(who, world.store, None).await.unwrap();
    (store.state, store.card.opening.text, store.slots.len())
}

fn stands(state: StoreState, until: Option<DateTime<Utc>>) -> Standing {
    Standing { state, until }
}

const OPEN: Standing = Standing { state: StoreState::Open, until: None };

fn span(days: Vec<u8>, open: u32, close: u32) -> Span {
    let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
    Span { days, open: time(open), close: time(close) }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_paused_store_takes_no_orders_hands_over_those_it_has_and_goes_on(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let manager = world.staff("林姐", Role::StoreManager, Reach::Store(world.store)).await;
    let buyer = world.member().await;
    let (paid, code) = world.place_paid(&buyer, 1).await;
    world.put(&buyer, world.medium, 1).await;
    let command = world.command(&buyer).await;

    opening::set_state(&manager, world.store, OPEN, stands(StoreState::Paused, None)).await.unwrap();
    opening::set_state(&manager, world.store, OPEN, stands(StoreState::Paused, None)).await.unwrap();
    assert_eq!(offered(&buyer, &world).await, (StoreState::Paused, "暂停接单".to_owned(), 0));
    assert_eq!(code_of(orders::place(&buyer, command.clone()).await), "store_closed");
    orders::accept(&manager, paid).await.unwrap();
    orders::prepare(&manager, paid).await.unwrap();
    orders::redeem(&manager, &code).await.unwrap();
    assert_eq!(world.state_of(paid).await, OrderState::Completed);

    opening::set_state(&manager, world.store, stands(StoreState::Paused, None), OPEN).await.unwrap();
    orders::place(&buyer, command).await.unwrap();
    let told = "select count(*) from audit where act = 'set_opening' and before ->> 'state' <> after ->> 'state'";
    assert_eq!(world.count(told).await, 2, "saying it twice is saying it once");
    world.balanced().await;
}

/// The same person, so many minutes later.
fn later(who: &Scope, minutes: i64) -> Scope {
    let mut later = who.clone();
    later.now += Duration::minutes(minutes);
    later
}

/// The stores that head office lists in a state, and until when.
async fn listed(who: &Scope, state: StoreState) -> Vec<(String, Option<DateTime<Utc>>)> {
    let ask = ListStores { state: Some(state), most: 10, ..ListStores::default() };
    let file = exports::stores(who, &ask).await.unwrap();
    let (found, _) = stores::list(who, &ask).await.unwrap();
    assert_eq!(file.rows.len(), found.len(), "the file has what the list has");
    assert!(found.iter().all(|store| store.state == state), "{found:?}");
    found.into_iter().map(|store| (store.code, store.until)).collect()
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_pause_ends_by_itself_wherever_it_is_asked_how_a_store_stands(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let manager = world.staff("林姐", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    let hq = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    let buyer = world.member().await;
    let (paid, _) = world.place_paid(&buyer, 1).await;
    let until = Some(world.now + Duration::minutes(30));
    opening::set_state(&manager, world.elsewhere, OPEN, stands(StoreState::Paused, until)).await.unwrap();

    let shown = async |who: &Scope| stores::show_by_id(who, world.elsewhere, None).await.unwrap();
    let open = async |who: &Scope| {
        let ask = FindStores { open_now: true, most: 10, ..FindStores::default() };
        stores::find(who, ask).await.unwrap().len()
    };
    for (minutes, is_paused) in [(0, true), (29, true), (30, false), (3000, false)] {
        let (buyer, manager, hq) = (later(&buyer, minutes), later(&manager, minutes), later(&hq, minutes));
        let store = shown(&buyer).await;
        assert_eq!((store.state == StoreState::Paused, store.until.is_some()), (is_paused, is_paused), "{minutes}");
        assert_eq!((store.slots.is_empty(), store.card.opening.takes_orders), (is_paused, !is_paused));
        assert_eq!(store.card.opening.text == "暂停接单，12:30 恢复", is_paused, "{}", store.card.opening.text);
        assert_eq!(open(&buyer).await, if is_paused { 1 } else { 2 });
        let settings = opening::show(&manager, world.elsewhere).await.unwrap();
        assert_eq!((settings.state, settings.until), (store.state, store.until), "the store's own page");
        let paused = if is_paused { vec![("XIHU".to_owned(), until)] } else { Vec::new() };
        assert_eq!(listed(&hq, StoreState::Paused).await, paused);
        assert_eq!(listed(&hq, StoreState::Open).await.len(), if is_paused { 1 } else { 2 });
        let choices = orders::reroute_choices(&hq, paid).await.unwrap();
        assert_eq!(choices.is_empty(), is_paused, "another store's orders");
    }
    let reroute = domain::order_centre::Reroute { store_id: world.elsewhere, reason: "原门店缺货".into() };
    assert_eq!(code_of(orders::reroute(&hq, paid, &reroute).await), "store_closed");
    orders::reroute(&later(&hq, 30), paid, &reroute).await.unwrap();
    assert_eq!(world.count("select count(*) from stores where state = 'paused'").await, 1, "nothing had to run");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn money_that_comes_late_buys_the_order_where_the_pause_is_over(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buyer = world.member().await;
    let orders = [world.place(&buyer, 1).await, world.place(&buyer, 1).await];
    let payments = [world.open_payment(orders[0]).await, world.open_payment(orders[1]).await];
    world.run_jobs(16).await;
    let ends = async |minutes: i64| {
        let statement = sqlx::query("update stores set state_until = $1");
        statement.bind(world.now + Duration::minutes(minutes)).execute(&world.owner).await.unwrap();
    };
    world.alter("update stores set state = 'paused'").await;
    ends(1).await;
    let late = |at: usize| gateway::paid(&payments[at].out_trade_no, payments[at].amount_fen);
    assert_eq!(world.tell(late(0)).await, "surplus: the order is expired");
    ends(0).await;
    assert_eq!(world.tell(late(1)).await, "paid late");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn whoever_pauses_says_until_when_and_may_end_it_before(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let manager = world.staff("林姐", Role::StoreManager, Reach::Store(world.store)).await;
    let until = Some(world.now + Duration::hours(2));
    let set = async |who: &Scope, seen, state| opening::set_state(who, world.store, seen, state).await;
    let shown = async |who: &Scope| opening::show(who, world.store).await.unwrap().standing();
    use StoreState::{Busy, Open, Paused};
    for wrong in [world.now, world.now + Duration::days(7) + Duration::seconds(1)] {
        assert_eq!(field_of(set(&manager, OPEN, stands(Paused, Some(wrong))).await), "until");
    }
    assert_eq!(field_of(set(&manager, OPEN, stands(Open, until)).await), "until");
    let usual = opening::show(&manager, world.store).await.unwrap();
    let past = OpeningSettings { state: Paused, until: Some(world.now), ..usual };
    assert_eq!(field_of(opening::save(&manager, world.store, None, &past.into()).await), "until");
    assert_eq!(shown(&manager).await, OPEN);

    let (busy, paused) = (stands(Busy, until), stands(Paused, until));
    set(&manager, OPEN, busy).await.unwrap();
    set(&manager, busy, paused).await.unwrap();
    assert_eq!(shown(&manager).await, paused, "the same end of another state");
    let longer = stands(Paused, Some(world.now + Duration::hours(3)));
    set(&manager, paused, longer).await.unwrap();
    assert_eq!(shown(&later(&manager, 179)).await, longer);
    set(&later(&manager, 5), longer, OPEN).await.unwrap();
    assert_eq!(shown(&later(&manager, 5)).await, OPEN, "before its time");
    let told = "select count(*) from audit where act = 'set_opening' and after ->> 'until' is not null";
    assert_eq!(world.count(told).await, 3, "who said what until when");

    // A page that was made during the pause neither undoes what came after it nor pauses once more.
    set(&later(&manager, 5), OPEN, longer).await.unwrap();
    let over = later(&manager, 180);
    assert_eq!(code_of(set(&over, longer, stands(Busy, None)).await), "state_changed");
    set(&over, longer, OPEN).await.unwrap();
    set(&over, OPEN, stands(Busy, None)).await.unwrap();
    assert_eq!(shown(&over).await, stands(Busy, None));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn nobody_ends_anothers_pause_earlier_or_later_from_an_older_page(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let manager = world.staff("林姐", Role::StoreManager, Reach::Store(world.store)).await;
    let pause = |hours: i64| stands(StoreState::Paused, Some(world.now + Duration::hours(hours)));
    let set = async |seen, wanted| opening::set_state(&manager, world.store, seen, wanted).await;
    let shown = async || opening::show(&manager, world.store).await.unwrap();
    set(OPEN, pause(10)).await.unwrap();
    assert_eq!(code_of(set(OPEN, pause(1)).await), "state_changed", "a board that still shows it open");
    set(OPEN, pause(10)).await.unwrap();

    // Somebody changes the hours on a page that was made before the pause was made longer.
    let mut page = shown().await;
    let seen = page.standing();
    set(seen, pause(20)).await.unwrap();
    page.hours.special.push(SpecialDay { date: world.now.date_naive(), reason: "盘点".into(), spans: Vec::new() });
    let again = opening::save(&manager, world.store, Some(seen), &page.clone().into()).await;
    assert_eq!(code_of(again), "state_changed");
    assert_eq!((shown().await.standing(), shown().await.hours.special.len()), (pause(20), 0));

    // A program that knows of no end changes the hours alone.
    let unaware = SetOpening { until: None, ..page.into() };
    opening::save(&manager, world.store, None, &unaware).await.unwrap();
    assert_eq!((shown().await.standing(), shown().await.hours.special.len()), (pause(20), 1));
    let endless = SetOpening { until: Some(None), ..unaware };
    opening::save(&manager, world.store, None, &endless).await.unwrap();
    assert_eq!(shown().await.standing(), stands(StoreState::Paused, None));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_state_that_a_server_of_the_release_before_sets_does_not_end_with_the_one_before_it(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let manager = world.staff("林姐", Role::StoreManager, Reach::Store(world.store)).await;
    let until = Some(world.now + Duration::hours(2));
    opening::set_state(&manager, world.store, OPEN, stands(StoreState::Busy, until)).await.unwrap();
    world.alter("update stores set state = 'paused' where code = 'RMGC'").await;
    let settings = opening::show(&later(&manager, 600), world.store).await.unwrap();
    assert_eq!((settings.state, settings.until), (StoreState::Paused, None));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_a_busy_store_brings_comes_later_too(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    // Two hours and a half to prepare and bring, from a window that ends at six.
    let manager = brings(&world, domain::fulfilment::DeliverySettings { minutes: 150, ..windows() }).await;
    let buyer = world.member().await;
    let wish = Wish { fulfilment: Fulfilment::Delivery, address_id: Some(lives(&buyer, 5.0).await) };
    world.put(&buyer, world.medium, 1).await;
    world.alter("update stores set prepare_minutes = 30").await;
    let first = async |minutes: i64| {
        let buyer = later(&buyer, minutes);
        let quote = cart::quote_for(&buyer, world.store, &wish).await.unwrap();
        quote.way().unwrap().slots[0].slot.start - world.now
    };
    // At half past three there is just time enough for today's window.
    let (today, tomorrow) = (Duration::zero(), Duration::days(1));
    assert_eq!((first(180).await, first(210).await, first(211).await), (today, today, tomorrow));
    let until = Some(world.now + Duration::minutes(200));
    opening::set_state(&manager, world.store, OPEN, stands(StoreState::Busy, until)).await.unwrap();
    assert_eq!((first(180).await, first(181).await), (today, tomorrow), "half an hour longer");
    assert_eq!(first(200).await, today, "until it is busy no more");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn hours_and_the_time_goods_take_decide_when_orders_can_be_fetched(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let manager = world.staff("林姐", Role::StoreManager, Reach::Store(world.store)).await;
    let buyer = world.member().await;
    let today = world.now.date_naive();
    let set = async |state, prepare_minutes, weekly: Vec<Span>, closed: &[chrono::NaiveDate]| {
        let day = |date: &chrono::NaiveDate| SpecialDay { date: *date, reason: "盘点".into(), spans: Vec::new() };
        let hours = Hours { weekly, special: closed.iter().map(day).collect() };
        let settings = OpeningSettings { state, until: None, prepare_minutes, hours };
        opening::save(&manager, world.store, None, &settings.clone().into()).await.unwrap();
        assert_eq!(opening::show(&manager, world.store).await.unwrap(), settings, "what is set is shown again");
    };
    // It is noon. Four slots an hour, the first when goods are ready.
    let afternoon = || vec![span((1..=7).collect(), 11, 14)];
    let tomorrow = today.succ_opt().unwrap();
    set(StoreState::Open, 30, afternoon(), &[tomorrow]).await;
    assert_eq!(offered(&buyer, &world).await.2, 6);
    set(StoreState::Busy, 30, afternoon(), &[tomorrow]).await;
    assert_eq!(offered(&buyer, &world).await, (StoreState::Busy, "忙碌 · 至 14:00".to_owned(), 4), "twice as long");
    set(StoreState::Open, 30, afternoon(), &[today, tomorrow]).await;
    let (_, text, slots) = offered(&buyer, &world).await;
    assert_eq!((text.starts_with("已打烊"), slots), (true, 0), "{text}");
    set(StoreState::Open, 30, Vec::new(), &[]).await;
    assert_eq!(offered(&buyer, &world).await, (StoreState::Open, "暂无营业时间".to_owned(), 0));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn only_who_may_change_a_store_changes_when_it_is_open(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let manager = world.staff("林姐", Role::StoreManager, Reach::Store(world.store)).await;
    let clerk = world.staff("小王", Role::Clerk, Reach::Store(world.store)).await;
    let settings = opening::show(&manager, world.store).await.unwrap();
    assert_eq!(code_of(opening::show(&manager, world.elsewhere).await), "not_found");
    assert_eq!(code_of(opening::save(&manager, world.elsewhere, None, &settings.clone().into()).await), "not_found");
    assert_eq!(
        code_of(opening::set_state(&manager, world.elsewhere, OPEN, stands(StoreState::Closed, None)).await),
        "not_found"
    );
    assert_eq!(
        code_of(opening::set_state(&clerk, world.store, OPEN, stands(StoreState::Closed, None)).await),
        "forbidden"
    );
    assert_eq!(code_of(opening::show(&clerk, world.store).await), "forbidden");
    let wrong = OpeningSettings { prepare_minutes: -1, ..settings.clone() };
    assert_eq!(field_of(opening::save(&manager, world.store, None, &wrong.into()).await), "prepare_minutes");
    assert_eq!(world.count("select count(*) from stores where state <> 'open'").await, 0);
    assert_eq!(world.count("select count(*) from audit where act = 'set_opening'").await, 0);

    // A store that closed is found by nobody, and its people still see it.
    opening::set_state(&manager, world.store, OPEN, stands(StoreState::Closed, None)).await.unwrap();
    // A board that still shows it open does not open it again, nor does a page of its hours.
    let again = opening::set_state(&manager, world.store, stands(StoreState::Busy, None), OPEN).await;
    assert_eq!(code_of(again), "state_changed");
    let again = opening::save(&manager, world.store, Some(OPEN), &settings.into()).await;
    assert_eq!(code_of(again), "state_changed");
    let buyer = world.member().await;
    let ask = FindStores { most: 10, ..FindStores::default() };
    let found = stores::find(&buyer, ask).await.unwrap();
    assert!(found.iter().all(|store| store.id != world.store), "{found:?}");
    assert_eq!(opening::show(&later(&manager, 1), world.store).await.unwrap().state, StoreState::Closed);
    world.balanced().await;
}
