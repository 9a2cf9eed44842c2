//! Goods are bought: orders, what arrives, what is to be ordered (K5).
//!
//! - `costing`: what it costs
//! - `invoicing`: what is owed

mod costing;
mod invoicing;

use commerce::{Scope, orders, purchasing, stock::batches};
use domain::{
    Fault, Fen, LocationId, PurchaseId, SkuId, SupplierId,
    approvals::Decide,
    batches::RegisterBatch,
    purchasing::{
        DraftPurchase, ListPurchases, ListSuppliers, OrderProposed, PriceRow, ProposalAsked, PurchaseAct,
        PurchaseLineAsked, PurchaseNote, PurchaseState, ReceivePurchase, ReturnPurchase, SaveSupplier, SetPrices,
    },
    staff::Role,
    transfers::Pieces,
};
use futures::future::join_all;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    people::Reach,
    world::{PIECES, World, code_of, field_of},
};

/// Who buys, who else agrees, who pays, and a supplier with prices for both teas.
pub struct Buying {
    pub buyer: Scope,
    boss: Scope,
    pub payer: Scope,
    /// The store's manager, who takes goods in there.
    keeper: Scope,
    pub supplier: SupplierId,
    pub here: LocationId,
}

/// What the supplier asks for a medium and a large tea.
pub const MEDIUM: Fen = Fen(500);
const LARGE: Fen = Fen(700);

pub async fn buying(world: &World) -> Buying {
    let buyer = world.staff("采购员", Role::GoodsDepartment, Reach::Everywhere).await;
    let boss = world.staff("采购经理", Role::GoodsDepartment, Reach::Everywhere).await;
    let payer = world.staff("财务", Role::FinanceDepartment, Reach::Everywhere).await;
    let keeper = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    let supplier = SupplierId(Uuid::now_v7());
    purchasing::save_supplier(&buyer, supplier, known("JN-1")).await.unwrap();
    let rows = [(world.medium, MEDIUM), (world.large, LARGE)].map(|(sku, price_fen)| priced(sku, price_fen, 1, 1));
    let answered = purchasing::set_prices(&buyer, supplier, SetPrices { rows: rows.to_vec() }).await.unwrap();
    assert!(answered.iter().all(|row| row.set), "{answered:?}");
    Buying { buyer, boss, payer, keeper, supplier, here: LocationId(world.store.0) }
}

fn known(code: &str) -> SaveSupplier {
    SaveSupplier {
        code: code.into(),
        name: "江南食品".into(),
        contact: "王经理".into(),
        phone: "021-55550000".into(),
        terms_days: 30,
        lead_days: 7,
        closed: false,
    }
}

pub fn priced(sku: SkuId, price_fen: Fen, pack: i64, minimum: i64) -> PriceRow {
    PriceRow { sku: sku.to_string(), price_fen, pack, minimum, valid_from: None }
}

fn pieces(sku: SkuId, quantity: i64) -> Pieces {
    Pieces { sku_id: sku, quantity }
}

impl Buying {
    pub fn order(&self, lines: &[(SkuId, i64)]) -> DraftPurchase {
        let line = |(sku_id, quantity): &(SkuId, i64)| PurchaseLineAsked {
            sku_id: *sku_id,
            quantity: *quantity,
            price_fen: None,
        };
        DraftPurchase {
            supplier_id: self.supplier,
            location_id: self.here,
            lines: lines.iter().map(line).collect(),
            expected_on: None,
            note: String::new(),
        }
    }

    /// An order that was handed in.
    pub async fn ordered(&self, lines: &[(SkuId, i64)]) -> PurchaseId {
        let id = PurchaseId(Uuid::now_v7());
        purchasing::draft(&self.buyer, id, self.order(lines)).await.unwrap();
        purchasing::submit(&self.buyer, id).await.unwrap();
        id
    }

    pub async fn received(&self, id: PurchaseId, lines: &[Pieces]) -> Uuid {
        let receipt = came(lines);
        purchasing::receive(&self.keeper, id, receipt.clone()).await.unwrap();
        receipt.id
    }

    pub async fn gone_back(&self, id: PurchaseId, sku: SkuId, quantity: i64) -> Uuid {
        let back = goes_back(&[pieces(sku, quantity)]);
        purchasing::send_back(&self.keeper, id, back.clone()).await.unwrap();
        back.id
    }

    async fn state_of(&self, id: PurchaseId) -> PurchaseState {
        purchasing::show(&self.buyer, id).await.unwrap().card.state
    }
}

fn came(lines: &[Pieces]) -> ReceivePurchase {
    ReceivePurchase { id: Uuid::now_v7(), lines: lines.to_vec(), note: "送货单 7".into(), batches: Vec::new() }
}

fn goes_back(lines: &[Pieces]) -> ReturnPurchase {
    ReturnPurchase { id: Uuid::now_v7(), lines: lines.to_vec(), reason: "包装破损".into(), batches: Vec::new() }
}

async fn on_hand(world: &World, sku: SkuId) -> i64 {
    world.stock_at(world.store, sku).await.on_hand
}

fn verdict(approve: bool) -> Decide {
    Decide { approve, note: "价格偏高".into() }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_small_order_is_agreed_to_at_once_and_arrives_in_parts(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    let id = PurchaseId(Uuid::now_v7());
    let order = buying.order(&[(world.medium, 10), (world.large, 4)]);
    purchasing::draft(&buying.buyer, id, order.clone()).await.unwrap();
    assert_eq!(code_of(purchasing::show(&buying.keeper, id).await), "not_found", "a draft is nobody else's");
    let more = buying.order(&[(world.medium, 12), (world.large, 4)]);
    purchasing::draft(&buying.boss, id, more.clone()).await.unwrap();
    assert_eq!(purchasing::submit(&buying.buyer, id).await.unwrap(), PurchaseState::Approved);
    assert_eq!(purchasing::submit(&buying.buyer, id).await.unwrap(), PurchaseState::Approved, "twice is once");
    purchasing::draft(&buying.buyer, id, more).await.unwrap();
    assert_eq!(code_of(purchasing::draft(&buying.buyer, id, order).await), "not_now");
    let seen = purchasing::show(&buying.buyer, id).await.unwrap();
    assert_eq!(seen.card.total_fen, Some(Fen(12 * MEDIUM.0 + 4 * LARGE.0)));
    assert_eq!(seen.acts, [PurchaseAct::Cancel], "a store's goods are taken in by the store");

    let first = came(&[pieces(world.medium, 5)]);
    purchasing::receive(&buying.keeper, id, first.clone()).await.unwrap();
    purchasing::receive(&buying.keeper, id, first.clone()).await.unwrap();
    assert_eq!(on_hand(&world, world.medium).await, PIECES + 5, "the same delivery is one delivery");
    let other = ReceivePurchase { lines: vec![pieces(world.medium, 4)], ..first };
    assert_eq!(code_of(purchasing::receive(&buying.keeper, id, other).await), "key_reused");
    assert_eq!(buying.state_of(id).await, PurchaseState::PartReceived);
    let whole = purchasing::show(&buying.keeper, id).await.unwrap();
    assert_eq!((whole.card.total_fen, whole.lines[0].price_fen), (None, None), "a store's manager sees no costs");
    assert_eq!(whole.receipts[0].value_fen, None);
    buying.received(id, &[]).await;
    assert_eq!((on_hand(&world, world.medium).await, on_hand(&world, world.large).await), (PIECES + 12, PIECES + 4));
    assert_eq!(buying.state_of(id).await, PurchaseState::Received);
    assert_eq!(code_of(purchasing::receive(&buying.keeper, id, came(&[])).await), "not_now");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_large_order_is_agreed_to_by_somebody_else(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    let lines = [(world.medium, 1_001)];
    let id = buying.ordered(&lines).await;
    assert_eq!(buying.state_of(id).await, PurchaseState::Submitted);
    assert_eq!(code_of(purchasing::receive(&buying.keeper, id, came(&[])).await), "not_found", "not agreed to yet");
    assert_eq!(code_of(purchasing::decide(&buying.buyer, id, verdict(true)).await), "own_purchase");
    assert_eq!(code_of(purchasing::decide(&buying.payer, id, verdict(true)).await), "forbidden");
    assert_eq!(code_of(purchasing::decide(&buying.keeper, id, verdict(true)).await), "forbidden");
    let region = world.staff("区域经理", Role::RegionalManager, Reach::Region("310000")).await;
    assert_eq!(code_of(purchasing::decide(&region, id, verdict(true)).await), "forbidden", "who does not buy");
    assert_eq!(purchasing::show(&buying.boss, id).await.unwrap().acts.first(), Some(&PurchaseAct::Approve));
    purchasing::decide(&buying.boss, id, verdict(true)).await.unwrap();
    purchasing::decide(&buying.boss, id, verdict(true)).await.unwrap();
    assert_eq!(buying.state_of(id).await, PurchaseState::Approved);
    assert_eq!(code_of(purchasing::decide(&buying.boss, id, verdict(false)).await), "not_now");

    let other = buying.ordered(&lines).await;
    purchasing::decide(&buying.boss, other, verdict(false)).await.unwrap();
    assert_eq!(buying.state_of(other).await, PurchaseState::Rejected);
    let off = PurchaseNote { note: "改向别家采购".into() };
    purchasing::cancel(&buying.buyer, id, off.clone()).await.unwrap();
    purchasing::cancel(&buying.buyer, id, off.clone()).await.unwrap();
    assert_eq!(code_of(purchasing::receive(&buying.keeper, id, came(&[])).await), "not_now");
    assert_eq!(code_of(purchasing::close(&buying.buyer, id, off).await), "not_now");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn who_has_written_any_of_a_large_order_does_not_agree_to_it_whoever_hands_it_in(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    let id = PurchaseId(Uuid::now_v7());
    purchasing::draft(&buying.boss, id, buying.order(&[(world.medium, 1_001)])).await.unwrap();
    purchasing::draft(&buying.buyer, id, buying.order(&[(world.medium, 1_002)])).await.unwrap();
    purchasing::submit(&buying.buyer, id).await.unwrap();
    let third = world.staff("采购总监", Role::GoodsDepartment, Reach::Everywhere).await;
    for (who, waiting) in [(&buying.buyer, 0), (&buying.boss, 0), (&third, 1)] {
        let shown = purchasing::show(who, id).await.unwrap().acts.contains(&PurchaseAct::Approve);
        assert_eq!((shown, purchasing::waiting(who).await.unwrap()), (waiting == 1, waiting));
    }
    for who in [&buying.buyer, &buying.boss] {
        assert_eq!(code_of(purchasing::decide(who, id, verdict(true)).await), "own_purchase");
    }
    assert_eq!(buying.state_of(id).await, PurchaseState::Submitted);
    purchasing::decide(&third, id, verdict(true)).await.unwrap();
    assert_eq!(buying.state_of(id).await, PurchaseState::Approved);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn no_more_arrives_than_was_ordered_and_nothing_at_anothers(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    let id = buying.ordered(&[(world.medium, 10)]).await;
    let of = format!("pieces.{}", world.medium);
    let too_many = purchasing::receive(&buying.keeper, id, came(&[pieces(world.medium, 11)])).await;
    assert_eq!(field_of(too_many), of);
    assert_eq!(
        field_of(purchasing::receive(&buying.keeper, id, came(&[pieces(world.large, 1)])).await),
        format!("pieces.{}", world.large)
    );
    assert_eq!(field_of(purchasing::receive(&buying.keeper, id, came(&[pieces(world.medium, 0)])).await), "lines");
    let far = world.staff("西湖店长", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    assert_eq!(code_of(purchasing::receive(&far, id, came(&[])).await), "not_found");
    assert_eq!(code_of(purchasing::show(&far, id).await), "not_found");
    assert_eq!(purchasing::list(&far, &ListPurchases { most: 9, ..Default::default() }).await.unwrap().items.len(), 0);
    assert_eq!(code_of(purchasing::receive(&buying.payer, id, came(&[])).await), "forbidden");
    assert_eq!((on_hand(&world, world.medium).await, buying.state_of(id).await), (PIECES, PurchaseState::Approved));
    // Sixteen clerks at once with deliveries of four: two fit, and one more does not.
    let deliveries = (0..16).map(|_| purchasing::receive(&buying.keeper, id, came(&[pieces(world.medium, 4)])));
    let done = join_all(deliveries).await.into_iter().filter(Result::is_ok).count();
    assert_eq!((done, on_hand(&world, world.medium).await), (2, PIECES + 8));
    purchasing::close(&buying.buyer, id, PurchaseNote { note: "供应商断货".into() }).await.unwrap();
    assert_eq!(buying.state_of(id).await, PurchaseState::Closed);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn only_what_arrived_and_is_promised_to_nobody_goes_back(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    let id = buying.ordered(&[(world.medium, 10)]).await;
    assert_eq!(
        field_of(purchasing::send_back(&buying.keeper, id, goes_back(&[pieces(world.medium, 1)])).await),
        format!("pieces.{}", world.medium)
    );
    buying.received(id, &[]).await;
    let of = format!("pieces.{}", world.medium);
    assert_eq!(field_of(purchasing::send_back(&buying.keeper, id, goes_back(&[pieces(world.medium, 11)])).await), of);
    world.leave(world.store, world.medium, 3).await;
    world.place_paid(&world.member().await, 2).await;
    let refused = purchasing::send_back(&buying.keeper, id, goes_back(&[pieces(world.medium, 2)])).await.unwrap_err();
    assert!(matches!(&refused, Fault::SoldOut(lacks) if lacks[0].field == of), "{refused:?}");
    let one = goes_back(&[pieces(world.medium, 1)]);
    purchasing::send_back(&buying.keeper, id, one.clone()).await.unwrap();
    purchasing::send_back(&buying.keeper, id, one).await.unwrap();
    let seen = purchasing::show(&buying.buyer, id).await.unwrap();
    assert_eq!((seen.card.returned, seen.card.state), (1, PurchaseState::Received));
    assert!(seen.receipts[0].returned && seen.receipts[0].value_fen == Some(MEDIUM));
    let owed = purchasing::payables(&buying.payer).await.unwrap();
    assert_eq!(owed[0].not_invoiced_fen, Fen(9 * MEDIUM.0), "what went back is credited");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_does_not_last_is_proposed_and_ordered_once(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    let rows = vec![priced(world.medium, Fen(480), 24, 48)];
    let second = SupplierId(Uuid::now_v7());
    purchasing::save_supplier(&buying.buyer, second, known("JN-2")).await.unwrap();
    purchasing::set_prices(&buying.buyer, second, SetPrices { rows }).await.unwrap();
    assert!(purchasing::proposals(&buying.buyer, buying.here).await.unwrap().is_empty(), "nothing was sold");
    let (order, code) = world.place_paid(&world.member().await, 28).await;
    orders::accept(&buying.keeper, order).await.unwrap();
    orders::redeem(&buying.keeper, &code).await.unwrap();
    world.leave(world.store, world.medium, 10).await;
    let found = purchasing::proposals(&buying.buyer, buying.here).await.unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].supplier_id, found[0].price_fen), (second, Some(Fen(480))), "who asks the least");
    assert_eq!(found[0].why, "日均 1.0 × (7+14) 天 + 安全库存 5 − 可用 10，按每箱 24 件、起订 48 件");
    assert_eq!(found[0].quantity, 48);
    let over = RegisterBatch { code: "A".into(), expires_on: world.now.date_naive().pred_opt().unwrap(), quantity: 4 };
    batches::register(&buying.keeper, buying.here, world.medium, over).await.unwrap();
    let less = purchasing::proposals(&buying.buyer, buying.here).await.unwrap();
    assert_eq!(less[0].need.available, 6, "what is over is sold no more");
    let line = ProposalAsked {
        location_id: buying.here,
        sku_id: world.medium,
        supplier_id: second,
        quantity: found[0].quantity,
    };
    let twice = OrderProposed { id: Uuid::now_v7(), lines: vec![line.clone(), line.clone()] };
    assert_eq!(field_of(purchasing::order_proposed(&buying.buyer, twice).await), format!("pieces.{}", world.medium));
    let ask = OrderProposed { id: Uuid::now_v7(), lines: vec![line] };
    let made = purchasing::order_proposed(&buying.buyer, ask.clone()).await.unwrap();
    assert_eq!(purchasing::order_proposed(&buying.buyer, ask).await.unwrap(), made);
    let listed = purchasing::list(&buying.buyer, &ListPurchases { most: 9, ..Default::default() }).await.unwrap();
    assert_eq!((listed.items.len(), listed.items[0].state), (1, PurchaseState::Draft));
    assert!(purchasing::proposals(&buying.buyer, buying.here).await.unwrap().is_empty(), "it is ordered");
    assert_eq!(code_of(purchasing::proposals(&buying.keeper, buying.here).await), "forbidden");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_chain_buys_nothing_for_a_merchants_store(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    world
        .alter(
            "with m as (insert into merchants (id, code, name, created_at) values (gen_random_uuid(), 'TONGAN', '童安', now()) returning id)
             update stores set ownership = 'merchant', merchant_id = (select id from m) where code = 'RMGC'",
        )
        .await;
    let order = buying.order(&[(world.medium, 20)]);
    assert_eq!(field_of(purchasing::draft(&buying.buyer, PurchaseId(Uuid::now_v7()), order).await), "location");
    let places = purchasing::places_to_order_to(&buying.buyer).await.unwrap();
    assert_eq!(places.iter().map(|place| place.code.as_str()).collect::<Vec<_>>(), ["XIHU"]);
    assert_eq!(code_of(purchasing::places_to_order_to(&buying.keeper).await), "forbidden");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_supplier_is_head_offices_and_a_closed_one_sells_nothing(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let buying = buying(&world).await;
    assert_eq!(code_of(purchasing::suppliers(&buying.keeper, &ListSuppliers::default()).await), "forbidden");
    assert_eq!(purchasing::suppliers(&buying.payer, &ListSuppliers::default()).await.unwrap()[0].skus, 2);
    let other = SupplierId(Uuid::now_v7());
    assert_eq!(field_of(purchasing::save_supplier(&buying.buyer, other, known("JN-1")).await), "code");
    let rows =
        vec![priced(world.medium, Fen(-1), 1, 1), PriceRow { sku: "无".into(), ..priced(world.large, LARGE, 1, 1) }];
    let answered = purchasing::set_prices(&buying.buyer, buying.supplier, SetPrices { rows }).await.unwrap();
    assert!(answered.iter().all(|row| !row.set), "{answered:?}");
    let least = vec![priced(world.medium, MEDIUM, 1, 20)];
    purchasing::set_prices(&buying.buyer, buying.supplier, SetPrices { rows: least }).await.unwrap();
    let id = PurchaseId(Uuid::now_v7());
    let few = purchasing::draft(&buying.buyer, id, buying.order(&[(world.medium, 19)])).await;
    assert_eq!(field_of(few), format!("pieces.{}", world.medium));
    let unknown = SkuId(Uuid::now_v7());
    let nothing_asked = purchasing::draft(&buying.buyer, id, buying.order(&[(unknown, 1)])).await;
    assert_eq!(field_of(nothing_asked), format!("price.{unknown}"));
    let closed = SaveSupplier { closed: true, ..known("JN-1") };
    purchasing::save_supplier(&buying.buyer, buying.supplier, closed).await.unwrap();
    let order = buying.order(&[(world.medium, 20)]);
    assert_eq!(code_of(purchasing::draft(&buying.buyer, id, order).await), "supplier_closed");
    assert_eq!(code_of(purchasing::show(&buying.buyer, id).await), "not_found", "nothing was written");
    world.balanced().await;
}
