//! What stores pay for what warehouses send, what lies where and how it came and went, as tables.

use commerce::{
    Scope,
    exports::Exported,
    stock::{self, lists},
    supply,
};
use domain::{
    Fault, Fields,
    batches::{BatchEntry, ListBatches},
    import::{Field, SupplyPriceField},
    staff::Permission,
    stock_lists::{BalanceEntry, DocumentKind, ListBalances, ListMovements, MovementEntry},
    supply::{PriceFor, SupplyPrice},
    text,
};

use super::{
    purchasing::{cost, yuan},
    tables::{cut_at, moment, table},
};

/// The most rows of one file; more are asked for in parts.
const MOST: usize = 100_000;

/// What stores pay, as an import reads it.
pub(super) async fn prices(scope: &Scope, query: &Fields) -> Result<Exported, Fault> {
    scope.reach(Permission::UseHq)?;
    let header: Vec<&str> = SupplyPriceField::ALL.iter().map(|field| field.label()).collect();
    let row = |one: SupplyPrice| {
        let (ownership, store) = match one.whom {
            PriceFor::Ownership { ownership } => (ownership.label().to_owned(), String::new()),
            PriceFor::Store { code } => (String::new(), code),
        };
        vec![one.code, ownership, store, yuan(one.price_fen)]
    };
    Ok(table(&header, supply::all_prices(scope, &query.words("q")).await?, row))
}

/// What lies where, with these filters.
pub(super) async fn stock(scope: &Scope, query: &Fields) -> Result<Exported, Fault> {
    let header = [
        "门店或仓库编号",
        "门店或仓库",
        "SKU",
        "商品",
        "在库",
        "待付占用",
        "已付待发",
        "不上线",
        "缺",
        "在途",
        "成本(元)",
        "库存金额(元)",
    ];
    let row = |one: BalanceEntry| {
        vec![
            one.location.code,
            one.location.name,
            one.code,
            one.name,
            one.on_hand.to_string(),
            one.held.to_string(),
            one.allocated.to_string(),
            one.kept_back.to_string(),
            one.short.to_string(),
            one.in_transit.to_string(),
            one.cost_milli_fen.map(cost).unwrap_or_default(),
            one.value_fen.map(yuan).unwrap_or_default(),
        ]
    };
    let ask = ListBalances { most: MOST as i64, ..ListBalances::from_fields(query) };
    let found = lists::balances(scope, &ask).await?.0;
    Ok(cut_at(MOST, found.len(), table(&header, found, row)))
}

/// How pieces came and went in a period, the latest first.
pub(super) async fn movements(scope: &Scope, query: &Fields) -> Result<Exported, Fault> {
    let header = [
        "时间",
        "门店或仓库编号",
        "门店或仓库",
        "SKU",
        "商品",
        "原因",
        "件数",
        "成本金额(元)",
        "单据",
        "经手人",
        "单据类型",
    ];
    let row = |one: MovementEntry| {
        vec![
            moment(one.at),
            one.location.code,
            one.location.name,
            one.code,
            one.name,
            one.cause,
            one.quantity.to_string(),
            one.value_fen.map(yuan).unwrap_or_default(),
            one.document,
            one.by,
            one.document_kind.map_or("", DocumentKind::label).to_owned(),
        ]
    };
    let today = scope.now.with_timezone(&text::zone("")).date_naive();
    let ask = ListMovements { most: MOST, ..ListMovements::from_fields(query, today) };
    let found = lists::movements(scope, &ask).await?.items;
    Ok(cut_at(MOST, found.len(), table(&header, found, row)))
}

/// What is left of batches, with these filters; what ends first first.
pub(super) async fn batches(scope: &Scope, query: &Fields) -> Result<Exported, Fault> {
    let header = ["门店或仓库编号", "门店或仓库", "SKU", "商品", "批次", "到期日", "还可售天数", "剩余"];
    let row = |one: BatchEntry| {
        vec![
            one.location.code,
            one.location.name,
            one.sku_code,
            one.name,
            one.left.code,
            one.left.expires_on.to_string(),
            one.left.days.to_string(),
            one.left.pieces.to_string(),
        ]
    };
    let ask = ListBatches { most: MOST as i64, ..ListBatches::from_fields(query) };
    let found = stock::batches::list(scope, &ask).await?.0;
    Ok(cut_at(MOST, found.len(), table(&header, found, row)))
}
