//! What a chain buys, moves, counts and loses, so that every page of it shows life: through the use cases, in the name of
//! the demo's head office, over the weeks before.

use std::sync::Arc;

use chrono::{Duration, NaiveDate};
use domain::{
    CountId, Fault, Fen, InvoiceId, LocationId, LossId, PurchaseId, SkuId, StaffId, SupplierId, SupplierPaymentId,
    TransferId,
    batches::BatchCame,
    counts::{EnterCount, OpenCount, Selection, SubmitCount},
    geo::Point,
    losses::{LossKind, ReportLoss},
    purchasing::{
        DraftPurchase, EnterInvoice, PayInvoice, PayPart, PriceRow, PurchaseLineAsked, ReceivePurchase, ReturnPurchase,
        SaveSupplier, SetPrices,
    },
    stores::Ownership,
    supply::{Allocate, AllocateRow, ListStock, PriceFor, SaveWarehouse, SetSupplyPrice},
    transfers::{Pieces, ReceiveTransfer, RequestTransfer, ShipTransfer},
};
use uuid::Uuid;

use crate::{
    Scope, StaffMember, Who, counts, database::OrFault, figures::HQ_ZONE, house::new_id, losses, purchasing, staff,
    supply, transfers,
};

/// The brand whose goods are bought.
const BRAND: &str = "beibei";
/// The stores that are supplied.
const STORES: [&str; 2] = ["BB-SH-001", "BB-SH-002"];
/// Suppliers: code, name, whom to speak to, how long goods take; what they ask of a hundred that shoppers pay.
const SUPPLIERS: [(&str, &str, &str, i32, i64); 3] = [
    ("HT-001", "华东母婴供应链", "钱经理", 3, 58),
    ("NY-002", "南洋乳品", "孙经理", 7, 55),
    ("RX-003", "日新日化", "吴经理", 5, 62),
];
/// How many of the brand's variants are bought.
const GOODS: i64 = 12;
/// Products of which whoever takes them in says which batch they are.
const DATED: [&str; 4] = ["bb-naifen", "bb-mifen", "bb-guoni", "bb-rongdou"];

/// What is bought.
struct Goods {
    sku: SkuId,
    code: String,
    price: Fen,
    dated: bool,
}

/// What everything stands on.
struct Chain<'a> {
    scope: &'a Scope,
    staff: Arc<StaffMember>,
    warehouse: LocationId,
    stores: Vec<LocationId>,
    suppliers: Vec<SupplierId>,
    goods: Vec<Goods>,
}

/// Makes it where nothing has been bought yet.
pub(super) async fn make(scope: &Scope) -> Result<(), Fault> {
    let Some(chain) = found(scope).await? else { return Ok(()) };
    chain.found_warehouse().await?;
    chain.agree_on_prices().await?;
    chain.buy().await?;
    chain.send_out().await?;
    chain.count_and_lose().await
}

/// The goods and stores of the brand; nothing where there is a supplier already, or the brand is not there.
async fn found(scope: &Scope) -> Result<Option<Chain<'_>>, Fault> {
    let mut tx = scope.begin().await?;
    let begun =
        sqlx::query_scalar!(r#"select exists (select from suppliers) or exists (select from warehouses) as "begun!""#);
    if begun.fetch_one(&mut *tx).await.or_fault()? {
        return Ok(None);
    }
    let dated: Vec<String> = DATED.map(str::to_owned).to_vec();
    sqlx::query!("update products set keeps_batches = true where code = any($1)", &dated)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    let goods = sqlx::query!(
        "select k.id, k.code, k.price_fen, p.keeps_batches from skus k join products p on p.id = k.product_id
         join brands b on b.id = p.brand_id where b.code = $1 order by p.sort, k.sort, k.code limit $2",
        BRAND,
        GOODS,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let codes: Vec<String> = STORES.map(str::to_owned).to_vec();
    let stores = sqlx::query_scalar!("select id from stores where code = any($1) order by code", &codes);
    let stores: Vec<LocationId> = stores.fetch_all(&mut *tx).await.or_fault()?.into_iter().map(LocationId).collect();
    let person =
        sqlx::query!("select id, name from staff where account = 'hq'").fetch_optional(&mut *tx).await.or_fault()?;
    let (Some(person), [_, _], false) = (person, stores.as_slice(), goods.is_empty()) else { return Ok(None) };
    let member = |grants| StaffMember {
        id: StaffId(person.id),
        name: person.name.clone(),
        grants,
        must_change_password: false,
        must_set_up_second_step: false,
    };
    let theirs = Scope { who: Who::Staff(Arc::new(member(Vec::new()))), ..scope.clone() };
    let (_, grants) = staff::authority_of(&mut tx, &theirs).await?;
    let staff = Arc::new(member(grants));
    tx.commit().await.or_fault()?;
    let goods = goods.into_iter().map(|row| Goods {
        sku: SkuId(row.id),
        code: row.code,
        price: Fen(row.price_fen),
        dated: row.keeps_batches,
    });
    let suppliers = SUPPLIERS.map(|_| SupplierId(new_id())).to_vec();
    let warehouse = LocationId(new_id());
    Ok(Some(Chain { scope, staff, warehouse, stores, suppliers, goods: goods.collect() }))
}

impl Chain<'_> {
    /// Head office, so many days ago.
    fn ago(&self, days: i64) -> Scope {
        Scope { who: Who::Staff(self.staff.clone()), now: self.scope.now - Duration::days(days), ..self.scope.clone() }
    }

    fn all() -> ListStock {
        ListStock { most: 200, ..ListStock::default() }
    }

    fn day(&self, days: i64) -> NaiveDate {
        (self.scope.now + Duration::days(days)).with_timezone(&HQ_ZONE).date_naive()
    }

    async fn found_warehouse(&self) -> Result<(), Fault> {
        let command = SaveWarehouse {
            code: "CK-SH".into(),
            name: "嘉定中心仓".into(),
            region: "310000".into(),
            address: "上海市嘉定区曹安公路 5618 号".into(),
            point: Some(Point { latitude: 31.289, longitude: 121.199 }),
        };
        supply::save(&self.ago(60), self.warehouse, command).await
    }

    async fn agree_on_prices(&self) -> Result<(), Fault> {
        for (id, (code, name, contact, lead_days, share)) in self.suppliers.iter().zip(SUPPLIERS) {
            let command = SaveSupplier {
                code: code.into(),
                name: name.into(),
                contact: contact.into(),
                phone: "021-55550000".into(),
                terms_days: 30,
                lead_days,
                closed: false,
            };
            purchasing::save_supplier(&self.ago(60), *id, command).await?;
            let row = |goods: &Goods| PriceRow {
                sku: goods.code.clone(),
                price_fen: Fen(goods.price.0 * share / 100),
                pack: 6,
                minimum: 6,
                valid_from: Some(self.day(-60)),
            };
            let rows = SetPrices { rows: self.goods.iter().map(row).collect() };
            purchasing::set_prices(&self.ago(60), *id, rows).await?;
        }
        for goods in self.goods.iter().take(4) {
            let command = SetSupplyPrice {
                sku: goods.code.clone(),
                whom: PriceFor::Ownership { ownership: Ownership::Franchise },
                price_fen: Some(Fen(goods.price.0 * 70 / 100)),
            };
            supply::set_price(&self.ago(50), command).await?;
        }
        Ok(())
    }

    /// An order of so many pieces of each of these goods.
    async fn order(&self, days: i64, supplier: usize, goods: &[Goods], each: i64) -> Result<PurchaseId, Fault> {
        let id = PurchaseId(new_id());
        let line = |goods: &Goods| PurchaseLineAsked { sku_id: goods.sku, quantity: each, price_fen: None };
        let command = DraftPurchase {
            supplier_id: self.suppliers[supplier],
            location_id: self.warehouse,
            lines: goods.iter().map(line).collect(),
            expected_on: Some(self.day(7 - days)),
            note: String::new(),
        };
        purchasing::draft(&self.ago(days), id, command).await?;
        Ok(id)
    }

    /// So many pieces of each of these goods arrive, those with a last day in a batch of their own.
    async fn arrive(&self, days: i64, id: PurchaseId, goods: &[Goods], each: i64) -> Result<Uuid, Fault> {
        let receipt = new_id();
        let dated = goods.iter().filter(|goods| goods.dated).zip(1i64..);
        let batch = |(goods, place): (&Goods, i64)| BatchCame {
            sku_id: goods.sku,
            code: format!("{}-{place:02}", self.day(-days - 20).format("%Y%m%d")),
            // Some end soon, and one has.
            expires_on: self.day(place * 25 - 27),
            quantity: each,
        };
        let command = ReceivePurchase {
            id: receipt,
            lines: goods.iter().map(|goods| Pieces { sku_id: goods.sku, quantity: each }).collect(),
            note: format!("送货单 SH{days:03}"),
            batches: dated.map(batch).collect(),
        };
        purchasing::receive(&self.ago(days), id, command).await?;
        Ok(receipt)
    }

    /// Orders in every state: one that is settled, one that came and is paid in part, one that is to come, one that waits
    /// for somebody else's agreement, a draft.
    async fn buy(&self) -> Result<(), Fault> {
        let (some, more) = self.goods.split_at(self.goods.len() / 2);
        let cheap = &self.goods[self.goods.len().saturating_sub(3)..];
        let whole = self.order(40, 0, cheap, 12).await?;
        purchasing::submit(&self.ago(40), whole).await?;
        let receipt = self.arrive(36, whole, cheap, 12).await?;
        let back = vec![Pieces { sku_id: cheap[0].sku, quantity: 2 }];
        let back = ReturnPurchase { id: new_id(), lines: back, reason: "外箱破损".into(), batches: Vec::new() };
        let billed = self.value(&self.ago(0), self.suppliers[0], receipt).await?;
        let settled = self.invoice(30, 0, receipt, billed, "24312000000012345671").await?;
        purchasing::send_back(&self.ago(34), whole, back).await?;
        let paid = PayInvoice { paid_on: self.day(-2), reference: "ICBC20261123001".into() };
        purchasing::pay_invoice(&self.ago(2), settled, paid).await?;

        let part = self.order(18, 1, &more[..2.min(more.len())], 18).await?;
        purchasing::submit(&self.ago(18), part).await?;
        let receipt = self.arrive(11, part, &more[..2.min(more.len())], 12).await?;
        let billed = self.value(&self.ago(0), self.suppliers[1], receipt).await?;
        let owed = self.invoice(9, 1, receipt, billed, "24312000000012345688").await?;
        let half = PayPart {
            id: SupplierPaymentId(new_id()),
            amount_fen: Fen(billed.0 / 2),
            paid_on: self.day(-3),
            reference: "ICBC20261122007".into(),
            note: "首付一半".into(),
        };
        purchasing::pay_part(&self.ago(3), owed, half).await?;

        let coming = self.order(4, 2, &more[..1], 24).await?;
        purchasing::submit(&self.ago(4), coming).await?;
        let waiting = self.order(1, 0, &self.goods, 60).await?;
        purchasing::submit(&self.ago(1), waiting).await?;
        self.order(0, 1, some, 6).await.map(|_| ())
    }

    /// What a receipt comes to.
    async fn value(&self, scope: &Scope, supplier: SupplierId, receipt: Uuid) -> Result<Fen, Fault> {
        let waiting = purchasing::billable(scope, supplier).await?;
        Ok(waiting.into_iter().find(|one| one.id == receipt).map_or(Fen::ZERO, |one| one.value_fen))
    }

    async fn invoice(
        &self,
        days: i64,
        supplier: usize,
        receipt: Uuid,
        amount_fen: Fen,
        number: &str,
    ) -> Result<InvoiceId, Fault> {
        let id = InvoiceId(new_id());
        let command = EnterInvoice {
            id,
            supplier_id: self.suppliers[supplier],
            number: number.into(),
            dated: self.day(-days),
            amount_fen,
            receipts: vec![receipt],
            parts: Vec::new(),
            tax_percent: Some(13),
            difference_note: String::new(),
        };
        purchasing::enter_invoice(&self.ago(days), command).await?;
        Ok(id)
    }

    /// From the warehouse to the stores: one that has arrived, one on its way, one to be sent, one asked for.
    async fn send_out(&self) -> Result<(), Fault> {
        let there = supply::stock(&self.ago(0), self.warehouse, &Self::all()).await?.0;
        let there: Vec<_> =
            there.into_iter().filter(|one| one.available >= 8).map(|one| (one.sku_id, one.code)).collect();
        let Some((sku, _)) = there.first().cloned() else { return Ok(()) };
        let stores = STORES.map(str::to_owned);
        let row =
            |(store, code): (&String, &String)| AllocateRow { store: store.clone(), sku: code.clone(), quantity: 2 };
        let rows: Vec<_> =
            stores.iter().flat_map(|store| there.iter().map(move |(_, code)| (store, code))).map(row).collect();
        let id = new_id();
        let command = Allocate { id, from_id: self.warehouse, rows, reason: "新品铺货".into() };
        let sent = supply::allocate(&self.ago(8), command).await?;
        let mut sent: Vec<TransferId> = sent.rows.iter().filter_map(|row| row.transfer_id).collect();
        sent.dedup();
        if let [first, second] = sent.as_slice() {
            for id in [first, second] {
                transfers::ship(&self.ago(7), *id, ShipTransfer { lines: Vec::new(), note: "沪A·货运 3 号车".into() })
                    .await?;
            }
            let came = ReceiveTransfer { lines: Vec::new(), reason: String::new() };
            transfers::receive(&self.ago(6), *first, came).await?;
        }
        let ask = |days: i64, to: LocationId, reason: &str| {
            let lines = vec![Pieces { sku_id: sku, quantity: 3 }];
            let command = RequestTransfer {
                id: TransferId(new_id()),
                from_id: self.warehouse,
                to_id: to,
                lines,
                reason: reason.into(),
            };
            (self.ago(days), command)
        };
        for (days, to, reason) in [(1, self.stores[0], "周末活动备货"), (0, self.stores[1], "快卖完了")] {
            let (scope, command) = ask(days, to, reason);
            transfers::request(&scope, command).await?;
        }
        Ok(())
    }

    /// A count with differences that waits for somebody else, one that is open, and losses.
    async fn count_and_lose(&self) -> Result<(), Fault> {
        let codes: Vec<String> = self.goods.iter().take(6).map(|goods| goods.code.clone()).collect();
        for (days, hands_in, note) in [(3, true, "月度抽盘"), (0, false, "奶粉专区")] {
            let id = CountId(new_id());
            let location_id = self.stores[usize::from(!hands_in)];
            let selection = Selection::Partial { categories: Vec::new(), skus: codes.clone() };
            let command = OpenCount { id, location_id, selection, blind: false, note: note.into() };
            counts::open(&self.ago(days), command).await?;
            for (goods, off) in self.goods.iter().take(if hands_in { 6 } else { 2 }).zip([-9, 0, 2, -14, 0, 1]) {
                let there = supply::stock(&self.ago(0), location_id, &Self::all()).await?.0;
                let there = there.iter().find(|one| one.sku_id == goods.sku).map_or(0, |one| one.on_hand);
                let found = EnterCount { id: new_id(), code: goods.code.clone(), pieces: (there + off).max(0) };
                counts::enter(&self.ago(days), id, found).await?;
            }
            if hands_in {
                counts::submit(&self.ago(days), id, SubmitCount { uncounted: None }).await?;
            }
        }
        // Of what came from the warehouse, so that it is known what it cost.
        for (goods, (kind, reason)) in
            self.goods.iter().rev().zip([(LossKind::Broken, "搬运时压坏"), (LossKind::Expired, "临期下架")])
        {
            let command = ReportLoss {
                id: LossId(new_id()),
                location_id: self.stores[0],
                sku_id: goods.sku,
                quantity: 2,
                kind,
                reason: reason.into(),
                batch: None,
            };
            losses::report(&self.ago(1), command).await?;
        }
        Ok(())
    }
}
