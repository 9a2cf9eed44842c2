//! What is bought, what it costs and what is owed, as tables. Who may not see costs finds none in them.

use commerce::{Scope, costs, exports::Exported, purchasing};
use domain::{
    Fault, Fen, Fields, SupplierId,
    purchasing::{
        CostEntry, InvoiceCard, ListCosts, ListInvoices, ListPurchases, ListSuppliers, MilliFen, PRICE_COLUMNS,
        Payables, PlaceMargin, PurchaseCard, PurchaseLine, Supplier, SupplierPriceView, margin_text,
    },
    staff::Permission,
    stock_lists::Period,
    text,
};

use super::tables::{cut_at, documents, moment, table};

/// The most orders, invoices or costs of one file; more are asked for in parts.
const MOST: usize = 10_000;
/// How many invoices are read at once.
const PAGE: usize = 200;

/// Yuan as a table has them.
pub(super) fn yuan(amount: Fen) -> String {
    let sign = if amount.0 < 0 { "-" } else { "" };
    let fen = amount.0.unsigned_abs();
    format!("{sign}{}.{:02}", fen / 100, fen % 100)
}

/// A cost in yuan, exact to the thousandth of a fen.
pub(super) fn cost(cost: MilliFen) -> String {
    format!("{}.{:05}", cost.0 / 100_000, cost.0 % 100_000)
}

/// The orders that a list shows with these filters, newest first, one row for each of their goods.
pub(super) async fn purchases(scope: &Scope, query: &Fields) -> Result<Exported, Fault> {
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
    let many = documents(&found, |(one, _), (other, _)| one.number == other.number);
    Ok(cut_at(MOST, many, table(&header, found, row)))
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
    let found = purchasing::suppliers(scope, &ask).await?;
    Ok(cut_at(purchasing::SUPPLIERS_MOST, found.len(), table(&header, found, row)))
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
    let header =
        ["发票号", "供应商", "开票日期", "到期", "收货(元)", "发票(元)", "已付(元)", "未付(元)", "状态", "逾期天数"];
    let row = |card: InvoiceCard| {
        vec![
            card.number,
            card.supplier,
            card.dated.to_string(),
            card.due_on.to_string(),
            yuan(card.received_fen),
            yuan(card.amount_fen),
            yuan(card.paid_fen),
            yuan(card.rest_fen),
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
    Ok(cut_at(MOST, found.len(), table(&header, found, row)))
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
    let found = costs::list(scope, &ask).await?.0;
    Ok(cut_at(MOST, found.len(), table(&header, found, row)))
}

/// What is owed to suppliers.
pub(super) async fn payables(scope: &Scope) -> Result<Exported, Fault> {
    scope.reach(Permission::UseHq)?;
    let header = [
        "供应商",
        "未开票(元)",
        "未付清发票(元)",
        "其中已付(元)",
        "未付(元)",
        "其中逾期(元)",
        "未到期(元)",
        "逾期30天内(元)",
        "逾期31-60天(元)",
        "逾期60天以上(元)",
    ];
    let row = |one: Payables| {
        let of = one.ageing;
        let amounts = [
            one.not_invoiced_fen,
            one.invoiced_fen,
            one.paid_fen,
            of.total(),
            of.overdue(),
            of.not_due_fen,
            of.to_30_fen,
            of.to_60_fen,
            of.beyond_fen,
        ];
        let mut cells = vec![one.supplier];
        cells.extend(amounts.map(yuan));
        cells
    };
    Ok(table(&header, purchasing::payables(scope).await?, row))
}

/// What was sold in a period, what it had cost and what is left.
pub(super) async fn margins(scope: &Scope, query: &Fields) -> Result<Exported, Fault> {
    scope.reach(Permission::UseHq)?;
    let header = [
        "编号",
        "门店或仓库",
        "销售额(元)",
        "其中柜台(元)",
        "销售成本(元)",
        "毛利(元)",
        "毛利率",
        "交付件数",
        "其中无成本",
        "报损(元)",
        "盘点差异(元)",
        "净采购(元)",
        "现有库存(元)",
    ];
    let row = |one: PlaceMargin| {
        let (gross, margin) = (one.gross_fen(), one.margin_bp().map(margin_text).unwrap_or_default());
        vec![
            one.location.code,
            one.location.name,
            yuan(one.sales_fen),
            yuan(one.counter_fen),
            yuan(one.cost_fen),
            gross.map(yuan).unwrap_or_default(),
            margin,
            one.pieces.to_string(),
            one.unknown.to_string(),
            yuan(one.losses_fen),
            yuan(one.counts_fen),
            yuan(one.bought_fen),
            yuan(one.stock_fen),
        ]
    };
    let today = scope.now.with_timezone(&text::zone("")).date_naive();
    Ok(table(&header, costs::margins(scope, Period::from_fields(query, today)).await?, row))
}
