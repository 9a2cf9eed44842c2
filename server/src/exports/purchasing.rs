//! What is bought, what it costs and what is owed, as tables. Who may not see costs finds none in them.

use commerce::{Scope, costs, exports::Exported, purchasing};
use domain::{
    Fault, Fen, Fields, SupplierId,
    purchasing::{
        CostEntry, InvoiceCard, ListCosts, ListInvoices, ListPurchases, ListSuppliers, MilliFen, PRICE_COLUMNS,
        PurchaseCard, PurchaseLine, Supplier, SupplierPriceView, margin_text,
    },
    staff::Permission,
};

use super::tables::{moment, table};

/// The most orders, invoices or costs of one file; more are asked for in parts.
const MOST: usize = 10_000;
/// How many invoices are read at once.
const PAGE: usize = 200;

/// Yuan as a table has them.
fn yuan(amount: Fen) -> String {
    let sign = if amount.0 < 0 { "-" } else { "" };
    let fen = amount.0.unsigned_abs();
    format!("{sign}{}.{:02}", fen / 100, fen % 100)
}

/// A cost in yuan, exact to the thousandth of a fen.
fn cost(cost: MilliFen) -> String {
    format!("{}.{:05}", cost.0 / 100_000, cost.0 % 100_000)
}

/// The orders that the list shows with these filters, newest first, one row for each of their goods.
pub(super) async fn purchases(scope: &Scope, query: &Fields) -> Result<Exported, Fault> {
    scope.reach(Permission::UseHq)?;
    let header =
        ["单号", "状态", "供应商", "收货方", "SKU", "商品", "订购", "已收", "已退", "进价(元)", "预计到货", "时间"];
    let row = |(card, line): (PurchaseCard, PurchaseLine)| {
        vec![
            card.number,
            card.state.label().to_owned(),
            card.supplier,
            card.location.name,
            line.code,
            line.name,
            line.quantity.to_string(),
            line.received.to_string(),
            line.returned.to_string(),
            line.price_fen.map(yuan).unwrap_or_default(),
            card.expected_on.map(|day| day.to_string()).unwrap_or_default(),
            moment(card.created_at),
        ]
    };
    let found = purchasing::whole_list(scope, &ListPurchases::from_fields(query), MOST).await?;
    Ok(table(&header, found, row))
}

/// The suppliers that the list shows.
pub(super) async fn suppliers(scope: &Scope, query: &Fields) -> Result<Exported, Fault> {
    scope.reach(Permission::UseHq)?;
    let header = ["编号", "名称", "联系人", "电话", "账期(天)", "到货周期(天)", "状态", "报价商品", "未完成采购单"];
    let row = |one: Supplier| {
        vec![
            one.code,
            one.name,
            one.contact,
            one.phone,
            one.terms_days.to_string(),
            one.lead_days.to_string(),
            if one.closed { "已停用" } else { "启用" }.to_owned(),
            one.skus.to_string(),
            one.open_orders.to_string(),
        ]
    };
    let ask = ListSuppliers { words: query.words("q") };
    Ok(table(&header, purchasing::suppliers(scope, &ask).await?, row))
}

/// What a supplier asks today; the file can be sent in again.
pub(super) async fn prices(scope: &Scope, id: SupplierId) -> Result<Exported, Fault> {
    scope.reach(Permission::UseHq)?;
    let row = |one: SupplierPriceView| {
        vec![
            one.code,
            one.price_fen.map(yuan).unwrap_or_default(),
            one.pack.to_string(),
            one.minimum.to_string(),
            one.valid_from.to_string(),
        ]
    };
    Ok(table(&PRICE_COLUMNS, purchasing::prices(scope, id).await?, row))
}

/// The invoices that the list shows with these filters, newest first.
pub(super) async fn invoices(scope: &Scope, query: &Fields) -> Result<Exported, Fault> {
    scope.reach(Permission::UseHq)?;
    let header = ["发票号", "供应商", "开票日期", "到期", "收货(元)", "发票(元)", "状态", "逾期天数"];
    let row = |card: InvoiceCard| {
        vec![
            card.number,
            card.supplier,
            card.dated.to_string(),
            card.due_on.to_string(),
            yuan(card.received_fen),
            yuan(card.amount_fen),
            card.state.label().to_owned(),
            card.overdue_days.to_string(),
        ]
    };
    let mut ask = ListInvoices { most: PAGE, ..ListInvoices::from_fields(query) };
    let mut found = Vec::new();
    while found.len() < MOST {
        let page = purchasing::invoices(scope, &ask).await?;
        ask.after = page.items.last().map(|card| card.id);
        found.extend(page.items);
        if page.next.is_none() {
            break;
        }
    }
    Ok(table(&header, found, row))
}

/// The costs that the list shows with these filters.
pub(super) async fn costs(scope: &Scope, query: &Fields) -> Result<Exported, Fault> {
    scope.reach(Permission::UseHq)?;
    let header = ["门店或仓库", "SKU", "商品", "在库", "成本(元)", "库存金额(元)", "售价(元)", "毛利率"];
    let row = |one: CostEntry| {
        vec![
            one.location.name,
            one.code,
            one.name,
            one.on_hand.to_string(),
            cost(one.cost_milli_fen),
            yuan(one.value_fen),
            yuan(one.price_fen),
            one.margin_bp.map(margin_text).unwrap_or_default(),
        ]
    };
    let ask = ListCosts { most: MOST as i64, ..ListCosts::from_fields(query) };
    Ok(table(&header, costs::list(scope, &ask).await?.0, row))
}
