//! Everything that uses the pieces of one variant, at the same moment, at two servers (K1, K2).

use std::{future::Future, pin::Pin, sync::Arc};

use commerce::{
    Scope, after_sales, approvals, counts, holds, losses, orders,
    stock::{batches, models},
    supply, transfers,
};
use domain::{
    CountId, Fault, HoldId, LocationId, LossId, ProposalId, Quantity, StoreId, TransferId,
    after_sales::{AfterSalesKind, Condition},
    approvals::{Propose, Proposed},
    batches::RegisterBatch,
    counts::{EnterCount, OpenCount, Selection, SubmitCount},
    holds::TakeHold,
    losses::{LossKind, ReportLoss},
    order_centre::Reroute,
    staff::Role,
    stock_models::{SetStockModel, ShareOut, StockModel},
    supply::ReceiveGoods,
    transfers::{DecideTransfer, Pieces, ReceiveTransfer, RequestTransfer, ShipTransfer},
};
use futures::future::join_all;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::{
    after_sales::{Cast, asks, brings, cast},
    counts::yes,
    people::Reach,
    races::another_server,
    world::{MEDIUM_FEN, World},
};

/// What one worker does, once all are there.
type Deed = Pin<Box<dyn Future<Output = Result<(), Fault>> + Send>>;

/// Something to do at the barrier.
fn deed<T>(what: impl Future<Output = Result<T, Fault>> + Send + 'static) -> Deed {
    Box::pin(async { what.await.map(drop) })
}

/// Who does it: everybody at both servers.
struct Crowd<'a> {
    cast: &'a Cast,
    /// Whoever decides and carries, at the one server and at the other.
    heads: [Scope; 2],
    clerk: Scope,
    deeds: Vec<Deed>,
}

impl Crowd<'_> {
    fn world(&self) -> &World {
        &self.cast.world
    }

    /// Somebody at one of the servers, in turn.
    fn head(&self) -> Scope {
        self.heads[self.deeds.len() % 2].clone()
    }

    fn lines(&self, quantity: i64) -> Vec<Pieces> {
        vec![Pieces { sku_id: self.world().medium, quantity }]
    }

    fn place(&self) -> LocationId {
        LocationId(self.world().store.0)
    }

    /// Orders that are placed, held for, called off, handed over, given away and come back.
    async fn sell(&mut self) {
        let (store_id, elsewhere, sku_id) = (self.world().store, self.world().elsewhere, self.world().medium);
        for buyer in self.world().members(19).await {
            self.world().put(&buyer, sku_id, 1).await;
            let command = self.world().command(&buyer).await;
            self.deeds.push(deed(async move { orders::place(&buyer, command).await }));
        }
        for buyer in self.world().members(8).await {
            let quantity = Quantity::try_from(1).unwrap();
            let wish = TakeHold { id: HoldId(Uuid::now_v7()), store_id, sku_id, quantity };
            self.deeds.push(deed(async move { holds::take(&buyer, wish).await }));
        }
        for _ in 0..4 {
            let buyer = self.world().member().await;
            let placed = self.world().place(&buyer, 1).await;
            self.deeds.push(deed(async move { orders::cancel(&buyer, placed).await }));
            let (order, code) = self.world().place_paid(&self.cast.shopper, 1).await;
            orders::accept(&self.cast.manager, order).await.unwrap();
            let head = self.cast.manager.clone();
            self.deeds.push(deed(async move { orders::redeem(&head, &code).await }));
            let (order, _) = self.world().place_paid(&self.cast.shopper, 1).await;
            let (head, reroute) = (self.head(), Reroute { store_id: elsewhere, reason: "缺货".into() });
            self.deeds.push(deed(async move { orders::reroute(&head, order, &reroute).await }));
            let order = self.cast.handed_over(1).await;
            let (_, code) = self.cast.agreed(asks(order, AfterSalesKind::Return, 1, MEDIUM_FEN)).await;
            let (head, brought) = (self.head(), brings(&code, store_id, Condition::Restock));
            self.deeds.push(deed(async move { after_sales::receive(&head, brought).await }));
        }
    }

    /// A transfer that somebody agreed to; one that comes has left its sender too.
    async fn agreed(&self, from: StoreId, to: StoreId, comes: bool) -> TransferId {
        let id = TransferId(Uuid::now_v7());
        let [from_id, to_id] = [from, to].map(|store| LocationId(store.0));
        let request = RequestTransfer { id, from_id, to_id, lines: self.lines(2), reason: "周末".into() };
        transfers::request(&self.heads[0], request).await.unwrap();
        let approve = DecideTransfer { approve: true, lines: Vec::new(), note: String::new() };
        transfers::decide(&self.heads[0], id, approve).await.unwrap();
        if comes {
            transfers::ship(&self.heads[0], id, ShipTransfer::default()).await.unwrap();
        }
        id
    }

    /// Goods that leave, arrive, and come from outside.
    async fn carry(&mut self) {
        let (here, there) = (self.world().store, self.world().elsewhere);
        for _ in 0..6 {
            let (id, head) = (self.agreed(here, there, false).await, self.head());
            self.deeds.push(deed(async move { transfers::ship(&head, id, ShipTransfer::default()).await }));
        }
        for _ in 0..3 {
            let (id, head) = (self.agreed(there, here, true).await, self.head());
            let all = ReceiveTransfer { lines: Vec::new(), reason: String::new() };
            self.deeds.push(deed(async move { transfers::receive(&head, id, all).await }));
            let (id, location_id, lines) = (Uuid::now_v7(), self.place(), self.lines(2));
            let receipt =
                ReceiveGoods { id, location_id, lines, note: String::new(), prices: Vec::new(), batches: Vec::new() };
            let head = self.head();
            self.deeds.push(deed(async move { supply::receive(&head, receipt).await }));
        }
    }

    /// A count and losses that are agreed to, a proposal, batches, and pieces that are parted.
    async fn keep(&mut self) {
        let (store, sku_id, location_id, clerk) =
            (self.world().store, self.world().medium, self.place(), self.clerk.clone());
        let (id, code) = (CountId(Uuid::now_v7()), sku_id.to_string());
        let selection = Selection::Partial { categories: Vec::new(), skus: vec![code.clone()] };
        let begin = OpenCount { id, location_id, selection, blind: false, note: String::new() };
        counts::open(&clerk, begin).await.unwrap();
        let pieces = self.cast.on_hand(store, sku_id).await - 3;
        counts::enter(&clerk, id, EnterCount { id: Uuid::now_v7(), code: code.clone(), pieces }).await.unwrap();
        counts::submit(&clerk, id, SubmitCount::default()).await.unwrap();
        let head = self.head();
        self.deeds.push(deed(async move { counts::decide(&head, id, yes()).await }));
        for quantity in [1, 2] {
            let (id, head) = (LossId(Uuid::now_v7()), self.head());
            let (kind, reason) = (LossKind::Broken, "打翻".to_owned());
            losses::report(&clerk, ReportLoss { id, location_id, sku_id, quantity, kind, reason, batch: None })
                .await
                .unwrap();
            self.deeds.push(deed(async move { losses::decide(&head, id, yes()).await }));
            let (expires_on, head) = (self.world().now.date_naive() + chrono::Duration::days(quantity), self.head());
            let batch = RegisterBatch { code: format!("B{quantity}"), expires_on, quantity };
            self.deeds.push(deed(async move { batches::register(&head, location_id, sku_id, batch).await }));
            let model = if quantity == 1 { StockModel::Separate } else { StockModel::Pool };
            let (sku, head) = (code.clone(), self.head());
            let say = SetStockModel { sku, store_id: Some(store), model, kept_back: 0 };
            self.deeds.push(deed(async move { models::set(&head, say).await }));
        }
        let id = ProposalId(Uuid::now_v7());
        let what = Proposed::Adjustment { sku_id, difference: -2 };
        let proposal = Propose { id, store_id: store, what, reason: "破损".into(), draft: false };
        approvals::propose(&self.cast.manager, proposal).await.unwrap();
        let head = self.head();
        self.deeds.push(deed(async move { approvals::decide(&head, id, yes()).await }));
        let head = self.head();
        self.deeds.push(deed(async move { models::share_out(&head, store, sku_id, ShareOut { online: 3 }).await }));
    }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn whatever_uses_the_pieces_of_one_variant_at_once_everybody_gets_an_answer_and_the_books_balance(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let mut cast = cast(options, connect.clone()).await;
    let head = async |world: &World, name| world.staff(name, Role::SuperAdmin, Reach::Everywhere).await;
    let one = head(&cast.world, "总部一").await;
    let first = std::mem::replace(&mut cast.world.house, another_server(connect).await);
    let heads = [one, head(&cast.world, "总部二").await];
    let clerk = cast.world.staff("店员", Role::Clerk, Reach::Store(cast.world.store)).await;
    cast.world.leave(cast.world.store, cast.world.medium, 40).await;
    let mut crowd = Crowd { cast: &cast, heads, clerk, deeds: Vec::new() };
    crowd.sell().await;
    crowd.carry().await;
    crowd.keep().await;
    let (deeds, start) = (crowd.deeds, Arc::new(Barrier::new(64)));
    assert_eq!(deeds.len(), 64);
    let workers = deeds.into_iter().map(|deed| {
        let start = start.clone();
        tokio::spawn(async move {
            start.wait().await;
            deed.await
        })
    });
    let answers: Vec<Result<(), Fault>> = join_all(workers).await.into_iter().map(Result::unwrap).collect();
    let named = |answer: &&Result<(), Fault>| !matches!(answer, Err(Fault::Internal(_) | Fault::Upstream { .. }));
    let unnamed: Vec<_> = answers.iter().filter(|answer| !named(answer)).collect();
    assert!(unnamed.is_empty(), "{unnamed:?}");
    assert!(answers.iter().filter(|answer| answer.is_ok()).count() > 40, "{answers:?}");
    first.close().await;
    cast.world.balanced().await;
}
