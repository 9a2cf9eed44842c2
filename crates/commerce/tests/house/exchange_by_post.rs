//! What comes in exchange for goods that were posted is sent (D4).

use commerce::{Scope, after_sales, freight, fulfilment::addresses};
use domain::{
    AddressId, AfterSalesId, OrderId, SkuId,
    after_sales::{
        AfterSalesAct, AfterSalesKind, AfterSalesState, ArriveReturn, Came, Condition, PostReturn, ReceivedLine,
        SendExchange,
    },
    express::Carrier,
    freight::SetExpressStores,
    fulfilment::SaveAddress,
    staff::Role,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    after_sales::{Cast, asks, brings, cast, swaps},
    freight::{new_id, save, sends as sends_by_express},
    fulfilment::home,
    people::Reach,
    returns_by_post::address,
    world::{MEDIUM_FEN, code_of, field_of},
};

const SMALL_FEN: i64 = 1200;

fn posts(send_to: Option<AddressId>) -> PostReturn {
    PostReturn { carrier: Carrier::Shunfeng, tracking_number: "SF1234567".into(), send_to }
}

/// So many came as new, and as many others leave under this number.
fn leaves(pieces: i64, number: &str) -> ArriveReturn {
    let sent = SendExchange { carrier: Carrier::Yuantong, tracking_number: number.into() };
    ArriveReturn { sent: Some(sent), ..counts(pieces) }
}

fn counts(pieces: i64) -> ArriveReturn {
    let pieces = Some(Came { restock: pieces, scrap: 0, supplier: 0 });
    ArriveReturn { lines: vec![ReceivedLine { line: 1, condition: None, pieces }], sent: None }
}

impl Cast {
    /// The store takes parcels and sends some, but none to Xinjiang; the shopper has an address; there are smaller teas.
    async fn by_post(&self) -> (AddressId, SkuId) {
        after_sales::set_return_address(&self.manager, self.world.store, &address()).await.unwrap();
        let head = self.world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
        freight::save(&head, new_id(), save("标准", &["650000"])).await.unwrap();
        freight::set_stores(&head, sends_by_express(&["RMGC"], None)).await.unwrap();
        let (home, small) = (home("人民大道 1 号"), SkuId(Uuid::now_v7()));
        addresses::save(&self.shopper, home.clone()).await.unwrap();
        self.world.add_sku(small, "小杯", SMALL_FEN).await;
        (home.id, small)
    }

    /// The shopper puts an entry of their book right.
    async fn corrects(&self, id: AddressId, region: &str, detail: &str) {
        let mut entry = SaveAddress { id, ..home(detail) };
        entry.address.region_code = region.into();
        addresses::save(&self.shopper, entry).await.unwrap();
    }

    /// Where what comes in exchange is to be sent, as somebody of staff sees it.
    async fn seen(&self, staff: &Scope, id: AfterSalesId) -> Option<String> {
        let view = after_sales::show_for_staff(staff, id).await.unwrap();
        view.posted.unwrap().send_to.map(|to| to.address)
    }

    async fn rests(&self, order: OrderId) -> Vec<i64> {
        after_sales::options(&self.shopper, order).await.unwrap().lines.iter().map(|line| line.rest).collect()
    }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_comes_in_exchange_is_sent_to_the_shoppers_address_and_the_request_is_over(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let (home, small) = cast.by_post().await;
    let (here, medium) = (cast.world.store, cast.world.medium);
    let order = cast.handed_over(2).await;
    let (id, _) = cast.agreed(swaps(order, 2, small, 2 * (MEDIUM_FEN - SMALL_FEN))).await;
    assert!(after_sales::show(&cast.shopper, id).await.unwrap().sends);
    let unknown = posts(Some(AddressId(Uuid::now_v7())));
    assert_eq!(field_of(after_sales::post(&cast.shopper, id, &unknown).await), "send_to");
    assert_eq!(cast.world.count("select count(*) from after_sales_parcels").await, 0, "nothing was changed");
    // The shopper may think better of it until the goods are there.
    for send_to in [Some(home), None, Some(home), Some(home)] {
        after_sales::post(&cast.shopper, id, &posts(send_to)).await.unwrap();
        let posted = after_sales::show(&cast.shopper, id).await.unwrap().posted.unwrap();
        assert_eq!(posted.send_to.map(|to| to.id), send_to);
    }
    // An entry that was put right is told again, and must be one to which the store sends.
    let post_again = async || after_sales::post(&cast.shopper, id, &posts(Some(home))).await;
    let kept = async || cast.seen(&cast.manager, id).await.unwrap();
    cast.corrects(home, "650100", "人民路 3 号").await;
    assert_eq!(field_of(post_again().await), "send_to");
    cast.corrects(home, "310100", "人民大道 2 号").await;
    assert!(kept().await.contains("人民大道 1 号"), "what was said holds until then");
    post_again().await.unwrap();
    assert!(kept().await.contains("人民大道 2 号"));
    // One that leaves the book later stays what it was.
    addresses::remove(&cast.shopper, home).await.unwrap();
    post_again().await.unwrap();

    let arrive = async |command: &ArriveReturn| after_sales::arrive(&cast.manager, id, command).await;
    assert_eq!(field_of(arrive(&counts(2)).await), "lines");
    // While the shopper may still say another address nothing is sent.
    let seen = after_sales::show_for_staff(&cast.manager, id).await.unwrap();
    assert!(seen.acts.contains(&AfterSalesAct::Arrive) && !seen.acts.contains(&AfterSalesAct::Receive));
    assert_eq!(code_of(arrive(&leaves(2, "YT7654321")).await), "not_arrived");
    arrive(&ArriveReturn::default()).await.unwrap();
    // Whoever changes the address alone is told of the address.
    for (command, of_what) in
        [(posts(None), "寄到哪里"), (PostReturn { tracking_number: "SF7654321".into(), ..posts(Some(home)) }, "单号")]
    {
        let fault = after_sales::post(&cast.shopper, id, &command).await.unwrap_err();
        assert!(fault.code() == "already_arrived" && fault.message().contains(of_what), "{fault:?}");
    }
    let seen = after_sales::show_for_staff(&cast.manager, id).await.unwrap();
    assert!(seen.acts.contains(&AfterSalesAct::Receive) && !seen.acts.contains(&AfterSalesAct::Arrive));
    assert!(kept().await.contains("人民大道 2 号"));
    let before = (cast.on_hand(here, medium).await, cast.on_hand(here, small).await);
    assert_eq!(field_of(arrive(&leaves(2, "12")).await), "tracking_number");
    assert_eq!(cast.state(id).await, AfterSalesState::Agreed);
    arrive(&leaves(2, "yt 7654321")).await.unwrap();
    arrive(&leaves(2, "YT7654321")).await.unwrap();
    assert_eq!(code_of(arrive(&leaves(2, "YT1111111")).await), "already_sent");
    assert_eq!(code_of(arrive(&leaves(1, "YT7654321")).await), "already_received");
    let view = after_sales::show(&cast.shopper, id).await.unwrap();
    assert_eq!((view.card.state, view.sends), (AfterSalesState::Exchanged, false));
    assert_eq!(view.posted.unwrap().sent.unwrap().text(), "圆通速递 YT7654321");
    assert_eq!((cast.on_hand(here, medium).await, cast.on_hand(here, small).await), (before.0 + 2, before.1 - 2));
    assert_eq!(cast.revenue(here).await, 2 * SMALL_FEN);
    assert_eq!(cast.rests(order).await, [0, 2], "and what was sent can be asked for");
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn nothing_is_sent_to_whoever_comes_for_it_nor_by_a_store_that_sends_nothing(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let cast = cast(options, connect).await;
    let (home, small) = cast.by_post().await;
    let order = cast.handed_over(3).await;
    let less = MEDIUM_FEN - SMALL_FEN;
    let post = async |id, send_to| after_sales::post(&cast.shopper, id, &posts(send_to)).await;
    let arrive = async |id, command: ArriveReturn| after_sales::arrive(&cast.manager, id, &command).await;
    let (comes, _) = cast.agreed(swaps(order, 1, small, less)).await;
    assert_eq!(code_of(arrive(comes, leaves(1, "YT7654321")).await), "not_posted");
    post(comes, None).await.unwrap();
    assert_eq!(code_of(arrive(comes, leaves(1, "YT7654321")).await), "comes_for_it");
    let (back, _) = cast.agreed(asks(order, AfterSalesKind::Return, 1, MEDIUM_FEN)).await;
    assert_eq!(field_of(post(back, Some(home)).await), "send_to");
    post(back, None).await.unwrap();
    assert_eq!(field_of(arrive(back, leaves(1, "YT7654321")).await), "sent");
    // Whoever comes to the counter after all gets it there.
    let (sent, code) = cast.agreed(swaps(order, 1, small, less)).await;
    post(sent, Some(home)).await.unwrap();
    arrive(sent, ArriveReturn::default()).await.unwrap();
    after_sales::receive(&cast.manager, brings(&code, cast.world.store, Condition::Restock)).await.unwrap();
    assert_eq!(cast.state(sent).await, AfterSalesState::Exchanged);
    assert_eq!(code_of(arrive(sent, leaves(1, "YT7654321")).await), "comes_for_it");
    let head = cast.world.staff("总部二", Role::SuperAdmin, Reach::Everywhere).await;
    let none = SetExpressStores { sends: false, ..sends_by_express(&["RMGC"], None) };
    freight::set_stores(&head, none).await.unwrap();
    assert!(!after_sales::show(&cast.shopper, comes).await.unwrap().sends);
    assert_eq!(field_of(post(comes, Some(home)).await), "send_to");
    cast.world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_store_that_only_took_the_goods_sees_no_address(options: PgPoolOptions, connect: PgConnectOptions) {
    let cast = cast(options, connect).await;
    let (home, small) = cast.by_post().await;
    let there = cast.world.elsewhere;
    let order = cast.handed_over(1).await;
    let (id, code) = cast.agreed(swaps(order, 1, small, MEDIUM_FEN - SMALL_FEN)).await;
    after_sales::post(&cast.shopper, id, &posts(Some(home))).await.unwrap();
    // The shopper brings them to another store instead.
    let manager = cast.world.staff("西湖店长", Role::StoreManager, Reach::Store(there)).await;
    assert_eq!(code_of(after_sales::show_for_staff(&manager, id).await), "not_found");
    after_sales::receive(&manager, brings(&code, there, Condition::Restock)).await.unwrap();
    assert_eq!(cast.seen(&manager, id).await, None);
    assert!(cast.seen(&cast.manager, id).await.is_some());
    cast.world.balanced().await;
}
