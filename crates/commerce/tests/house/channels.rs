//! Over what orders come (D8, R2): the shop's pages, a mini-program, any other program.

use commerce::{
    Scope, cart,
    members::{self, wechat::Came},
    orders,
    stock::models,
};
use domain::{
    members::{CodeFor, LogIn, ProgramKind, SetPassword},
    orders::{Channel, ListOrders},
    staff::Role,
    stock_models::{SetStockModel, ShareOut, StockModel},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::{
    member_accounts::{by_code, send_code_for},
    members::{CODE, send_code},
    people::Reach,
    wechat::{self, arrival, come},
    world::{World, code_of},
};

/// Logs in with a code over the API, and answers the session as it is borne there.
async fn log_in(world: &World, who: &Scope, phone: &str, arrival: Option<String>, app: Option<ProgramKind>) -> Scope {
    send_code(world, phone).await;
    let command = LogIn { phone: phone.parse().unwrap(), code: CODE.into(), arrival, device: None, app };
    let Ok(done) = members::log_in(who, command).await else { panic!("the code was refused") };
    world.bearer(Some(done.token.secret()), Channel::Api).await
}

/// How many orders came over the shop, mini-programs and other programs.
async fn listed(service: &Scope) -> [usize; 3] {
    let mut counts = [0; 3];
    for (count, channel) in counts.iter_mut().zip(Channel::OF_ORDERS) {
        let ask = ListOrders { channel: Some(channel), most: 10, ..Default::default() };
        let found = orders::list(service, ask).await.unwrap().items;
        assert!(found.iter().all(|order| order.channel == channel));
        *count = found.len();
    }
    counts
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_order_of_a_mini_program_is_listed_as_its_and_not_as_the_shops_or_a_programs(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = wechat::world(options, connect).await;
    let service = world.staff("客服", Role::ServiceDepartment, Reach::Everywhere).await;
    world.place_paid(&world.member().await, 1).await;
    let asks = world.bearer(None, Channel::Api).await;

    // Whom WeChat named to a mini-program and who then showed a number.
    let secret = arrival(&asks, "o-1.u-1").await;
    let first = log_in(&world, &asks, "13700000001", Some(secret), None).await;
    world.place_paid(&first, 1).await;
    assert_eq!(listed(&service).await, [1, 1, 0]);

    // Whom WeChat names again.
    let Came::In(done) = come(&asks, "o-1.u-1").await.unwrap() else { panic!("not known") };
    let again = world.bearer(Some(done.token.secret()), Channel::Api).await;
    world.place_paid(&again, 1).await;
    assert_eq!(listed(&service).await, [1, 2, 0]);

    // A mini-program that shows a code by SMS alone says what it is; any other program says nothing.
    let said = log_in(&world, &asks, "13700000002", None, Some(ProgramKind::MiniProgram)).await;
    world.place_paid(&said, 1).await;
    let program = log_in(&world, &asks, "13700000003", None, None).await;
    world.place_paid(&program, 1).await;
    assert_eq!(listed(&service).await, [1, 3, 1]);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_session_keeps_its_channel_on_whatever_face_it_is_borne(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let asks = world.bearer(None, Channel::Api).await;
    send_code(&world, "13700000001").await;
    let app = Some(ProgramKind::MiniProgram);
    let command = LogIn { phone: "13700000001".parse().unwrap(), code: CODE.into(), arrival: None, device: None, app };
    let Ok(done) = members::log_in(&asks, command).await else { panic!("the code was refused") };
    for face in [Channel::Api, Channel::Shop, Channel::Console, Channel::Hq] {
        assert_eq!(world.bearer(Some(done.token.secret()), face).await.channel, Channel::MiniProgram);
    }
    assert_eq!(world.bearer(None, Channel::Shop).await.channel, Channel::Shop);

    // The session that takes its place when a password is chosen is of the same kind.
    let mini = world.bearer(Some(done.token.secret()), Channel::Api).await;
    let phone = "13700000001";
    send_code_for(&world, &mini, phone, CodeFor::Account).await;
    let chosen = SetPassword { password: "雨后 的 茶园 很安静".into(), proof: by_code(CODE) };
    let Ok(done) = members::set_password(&mini, chosen).await else { panic!("the password was refused") };
    assert_eq!(world.bearer(Some(done.token.secret()), Channel::Api).await.channel, Channel::MiniProgram);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_mini_program_sells_of_the_shops_pieces_and_never_of_the_counters(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    world.leave(world.store, world.medium, 10).await;
    let parted = SetStockModel {
        sku: world.medium.to_string(),
        store_id: Some(world.store),
        model: StockModel::Separate,
        kept_back: 0,
    };
    models::set(&manager, parted).await.unwrap();
    models::share_out(&manager, world.store, world.medium, ShareOut { online: 4 }).await.unwrap();
    let asks = world.bearer(None, Channel::Api).await;
    let mini = log_in(&world, &asks, "13700000001", None, Some(ProgramKind::MiniProgram)).await;
    world.place_paid(&mini, 2).await;
    world.place_paid(&world.member().await, 1).await;
    let two = cart::set_line(&mini, world.line(world.medium, 2)).await;
    assert_eq!(code_of(two), "sold_out", "one is left of what the shop and mini-programs share");
    // What was in the cart while there was enough is not sold either.
    world.put(&mini, world.medium, 1).await;
    let command = world.command(&mini).await;
    world.place(&world.member().await, 1).await;
    assert_eq!(code_of(orders::place(&mini, command).await), "sold_out");
    let now = models::show(&manager, world.store, world.medium).await.unwrap();
    assert_eq!((now.online, now.counter), (0, 6));
    world.balanced().await;
}
