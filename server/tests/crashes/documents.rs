//! What documents do to pieces: transfers, purchases, counts, losses, shares of the shop and the counter.

use commerce::{Deed, FaultPoint};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    around,
    mortal::Mortal,
    support::{STORE, TEA, Town, program::Program},
};

/// What carries goods from place to place, and from and to suppliers.
pub const MOVING: [Deed; 7] = {
    use Deed::*;
    [ReceiveGoods, Allocate, ShipTransfer, ReceiveTransfer, ReceiveRestOfTransfer, SettleTransfer, ReturnGoods]
};
/// What is found where they lie.
pub const KEEPING: [Deed; 7] = {
    use Deed::*;
    [EnterCountList, ApproveCount, ReportLoss, ApproveLoss, ApproveProposal, SetStockModel, ShareOut]
};
/// The places that goods which are bought pass.
pub const BUYING: [FaultPoint; 4] = {
    use FaultPoint::*;
    [ArrivalWritten, ArrivalCommitted, InvoiceWritten, InvoiceCommitted]
};
/// And what becomes of their invoices.
pub const PAYING: [Deed; 3] = [Deed::TakeBackInvoice, Deed::PayInvoice, Deed::TakeBackPayment];
/// The code of the tea's first variant.
const CODE: &str = "qh-zhenzhu-naicha-m";

/// A warehouse, and somebody to buy from.
async fn furnish(office: &Program) -> [String; 2] {
    let [warehouse, supplier] = [(); 2].map(|()| Uuid::now_v7().to_string());
    let known = json!({ "code": "JN-1", "name": "江南食品", "terms_days": 30, "lead_days": 7 });
    let depot = json!({ "code": "CK-1", "name": "仓", "region": "310000", "address": "一号" });
    office.put(&format!("/hq/suppliers/{supplier}"), known).await.done();
    office.put(&format!("/hq/warehouses/{warehouse}"), depot).await.done();
    [warehouse, supplier]
}

/// Whoever asks until they are answered, and for what.
struct Desk<'a> {
    mortal: &'a mut Mortal,
    office: &'a Program,
    manager: &'a Program,
    clerk: &'a Program,
    store: &'a str,
    warehouse: &'a str,
    supplier: &'a str,
    sku: &'a str,
}

impl Desk<'_> {
    async fn post(&mut self, who: &Program, path: &str, body: Value) -> Value {
        self.mortal.twice(who, Method::POST, path, &body).await
    }

    async fn put(&mut self, who: &Program, path: &str, body: Value) -> Value {
        self.mortal.twice(who, Method::PUT, path, &body).await
    }

    /// Twenty pieces come to the warehouse, of which two are given to the store and six asked for; four of those
    /// arrive, one later, and one comes back. Two more are bought, of which one goes back.
    async fn carry(&mut self) {
        let (office, warehouse, store, sku) = (self.office, self.warehouse, self.store, self.sku);
        let lines = |quantity: i64| json!([{ "sku_id": sku, "quantity": quantity }]);
        let receipt = json!({ "id": Uuid::now_v7(), "location_id": warehouse, "lines": lines(20), "note": "送货单" });
        self.post(office, "/console/receipts", receipt).await;
        let rows = json!([{ "store": STORE, "sku": CODE, "quantity": 2 }]);
        let table = json!({ "id": Uuid::now_v7(), "from_id": warehouse, "rows": rows, "reason": "新品铺货" });
        let allocated = self.post(office, "/hq/allocations", table).await;
        assert_eq!(allocated["transfers"], 1, "{allocated}");
        let transfer = Uuid::now_v7();
        let request = json!({
            "id": transfer, "from_id": warehouse, "to_id": store, "lines": lines(6), "reason": "周末活动",
        });
        self.post(office, "/console/transfers", request).await;
        let settled = json!([{ "sku_id": sku, "lost": 0, "returned": 1 }]);
        let steps = [
            ("decision", json!({ "approve": true, "lines": [], "note": "" })),
            ("ship", json!({ "lines": [], "note": "" })),
            ("receive", json!({ "lines": lines(4), "reason": "少两件" })),
            ("rest", json!({ "lines": lines(5), "note": "第二车" })),
            ("settlement", json!({ "lines": settled, "note": "司机确认" })),
        ];
        for (step, body) in steps {
            self.post(office, &format!("/console/transfers/{transfer}/{step}"), body).await;
        }
        let purchase = Uuid::now_v7();
        let bought = json!([{ "sku_id": sku, "quantity": 2, "price_fen": 300 }]);
        let order = json!({ "supplier_id": self.supplier, "location_id": warehouse, "lines": bought });
        self.put(office, &format!("/hq/purchases/{purchase}"), order).await;
        self.post(office, &format!("/hq/purchases/{purchase}/submit"), json!({})).await;
        let path = |what: &str| format!("/console/purchases/{purchase}/{what}");
        self.post(office, &path("receipts"), json!({ "id": Uuid::now_v7() })).await;
        let back = json!({ "id": Uuid::now_v7(), "lines": lines(1), "reason": "包装破损" });
        self.post(office, &path("returns"), back).await;
    }

    /// A count finds one piece less, two are lost, one turns up. Pieces are parted, shared out, and one pool again.
    async fn keep(&mut self) {
        let (office, manager, clerk, store, sku) = (self.office, self.manager, self.clerk, self.store, self.sku);
        let there = self.mortal.on_hand(manager, store, CODE).await;
        let count = Uuid::now_v7();
        let selection = json!({ "kind": "partial", "categories": [], "skus": [CODE] });
        let begin = json!({ "id": count, "location_id": store, "selection": selection, "blind": false, "note": "" });
        self.post(clerk, "/console/counts", begin).await;
        let path = |step: &str| format!("/console/counts/{count}/{step}");
        let entry = json!({ "id": Uuid::now_v7(), "code": CODE, "pieces": 1 });
        self.post(clerk, &path("entries"), entry).await;
        let scanned = json!([{ "code": CODE, "pieces": there - 2 }]);
        self.post(clerk, &path("lists"), json!({ "id": Uuid::now_v7(), "lines": scanned })).await;
        self.post(clerk, &path("submit"), json!({})).await;
        let yes = json!({ "approve": true, "note": "" });
        self.post(office, &path("decision"), yes.clone()).await;
        let loss = |id: Uuid| {
            json!({
                "id": id, "location_id": store, "sku_id": sku, "quantity": 1, "kind": "broken", "reason": "打翻",
            })
        };
        let small = self.post(manager, "/console/losses", loss(Uuid::now_v7())).await;
        assert_eq!(small["state"], "approved");
        let lost = Uuid::now_v7();
        self.mortal.ask(clerk, Method::POST, "/console/losses", Some(&loss(lost))).await.done();
        self.post(office, &format!("/console/losses/{lost}/decision"), yes.clone()).await;
        let proposal = Uuid::now_v7();
        let what = json!({ "kind": "adjustment", "sku_id": sku, "difference": 1 });
        let proposed = json!({ "id": proposal, "store_id": store, "what": what, "reason": "货架后面", "draft": false });
        self.post(manager, "/proposals", proposed).await;
        self.post(office, &format!("/proposals/{proposal}/decision"), yes).await;
        let model = |model: &str| json!({ "sku": CODE, "store_id": store, "model": model, "kept_back": 0 });
        self.put(manager, "/console/stock-models", model("separate")).await;
        self.put(manager, &format!("/console/stores/{store}/stock/{sku}/shares"), json!({ "online": 7 })).await;
        self.put(manager, "/console/stock-models", model("pool")).await;
    }
}

#[tokio::test]
async fn goods_that_were_being_moved_go_and_come_once() {
    let mut mortal = Mortal { town: Town::start().await, point: None };
    let office = mortal.town.staff("hq").await;
    let goods = mortal.town.visitor().goods(STORE, TEA).await;
    let [warehouse, supplier] = furnish(&office).await;
    let before = mortal.on_hand(&office, &goods.store_id, CODE).await;
    for (moved, point) in (1..).zip(MOVING.into_iter().flat_map(around)) {
        mortal.until_it_ends_at(point).await;
        let mut desk = Desk {
            mortal: &mut mortal,
            office: &office,
            manager: &office,
            clerk: &office,
            store: &goods.store_id,
            warehouse: &warehouse,
            supplier: &supplier,
            sku: &goods.sku_id,
        };
        desk.carry().await;
        assert_eq!(mortal.point, None, "the server did not end there");
        assert_eq!(mortal.on_hand(&office, &warehouse, CODE).await, 16 * moved, "{point:?}");
        assert_eq!(mortal.on_hand(&office, &goods.store_id, CODE).await, before + 5 * moved, "{point:?}");
        mortal.town.check_books().await;
    }
}

#[tokio::test]
async fn what_was_being_counted_lost_or_shared_out_is_so_once() {
    let mut mortal = Mortal { town: Town::start().await, point: None };
    let [office, manager, clerk] =
        [mortal.town.staff("hq").await, mortal.town.staff("manager").await, mortal.town.staff("clerk").await];
    let goods = mortal.town.visitor().goods(STORE, TEA).await;
    let before = mortal.on_hand(&manager, &goods.store_id, CODE).await;
    for (kept, point) in (1..).zip(KEEPING.into_iter().flat_map(around)) {
        mortal.until_it_ends_at(point).await;
        let mut desk = Desk {
            mortal: &mut mortal,
            office: &office,
            manager: &manager,
            clerk: &clerk,
            store: &goods.store_id,
            warehouse: "",
            supplier: "",
            sku: &goods.sku_id,
        };
        desk.keep().await;
        assert_eq!(mortal.point, None, "the server did not end there");
        assert_eq!(mortal.on_hand(&manager, &goods.store_id, CODE).await, before - 2 * kept, "{point:?}");
        mortal.town.check_books().await;
    }
}

#[tokio::test]
async fn goods_that_were_being_bought_come_in_once_are_owed_once_and_paid_once() {
    let mut mortal = Mortal { town: Town::start().await, point: None };
    let office = mortal.town.staff("hq").await;
    let buyer = mortal.town.member("13800000556").await;
    let sku = buyer.goods(STORE, TEA).await.sku_id;
    let [warehouse, supplier] = furnish(&office).await;
    for (bought, point) in (1..).zip(BUYING.into_iter().chain(PAYING.into_iter().flat_map(around))) {
        mortal.until_it_ends_at(point).await;
        let [purchase, receipt, wrong, invoice, payment] = [(); 5].map(|()| Uuid::now_v7());
        let lines = json!([{ "sku_id": sku, "quantity": 2, "price_fen": 300 }]);
        let order = json!({ "supplier_id": supplier, "location_id": warehouse, "lines": lines });
        let path = format!("/hq/purchases/{purchase}");
        mortal.ask(&office, Method::PUT, &path, Some(&order)).await.done();
        let submitted = mortal.ask(&office, Method::POST, &format!("{path}/submit"), None).await.done();
        assert_eq!(submitted["state"], "approved");
        let billed = |id: Uuid| {
            json!({ "id": id, "supplier_id": supplier, "number": format!("{bought}"), "dated": "2026-01-01",
                    "amount_fen": 600, "receipts": [receipt] })
        };
        let part = json!({ "id": payment, "amount_fen": 200, "paid_on": "2026-01-02", "reference": "ICBC-888" });
        let asked = [
            (format!("/console/purchases/{purchase}/receipts"), json!({ "id": receipt })),
            ("/hq/invoices".to_owned(), billed(wrong)),
            (format!("/hq/invoices/{wrong}/void"), json!({ "reason": "发票号登记错了" })),
            ("/hq/invoices".to_owned(), billed(invoice)),
            (format!("/hq/invoices/{invoice}/payments"), part),
            (format!("/hq/invoices/{invoice}/payments/{payment}/void"), json!({ "reason": "付给了另一家" })),
            (format!("/hq/invoices/{invoice}/payment"), json!({ "paid_on": "2026-01-02", "reference": "ICBC-889" })),
        ];
        for (path, body) in asked {
            for _ in 0..2 {
                let answer = mortal.ask(&office, Method::POST, &path, Some(&body)).await;
                assert_eq!(answer.status, 204, "{path} at {point:?}: {}", answer.body);
            }
        }
        assert_eq!(mortal.point, None, "the server did not end there");
        let stock = office.get(&format!("/console/stock/{warehouse}")).await.done();
        assert_eq!(stock["items"][0]["on_hand"], 2 * bought, "{point:?}");
        mortal.town.check_books().await;
    }
}
