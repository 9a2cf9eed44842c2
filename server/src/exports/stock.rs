//! What is the matter with stock, and what was said of how it is sold, as tables.

use axum::{
    Extension, Router,
    extract::{Path, Query},
    response::Response,
    routing::get,
};
use commerce::{
    Scope, alerts,
    exports::Exported,
    stock::{RULES_MOST, models, purchase_limits, quotas, shortages},
};
use domain::{
    Fault, Fields,
    alerts::{Alert, ListAlerts},
    channel_quotas::ChannelQuotaRule,
    purchase_limits::PurchaseLimitRule,
    stock::{ListShortages, Shortage},
    stock_models::StockModelRule,
};

use super::{
    at_head_office, file,
    tables::{DOCUMENTS_MOST, cut_at, goes_on, moment, moment_if_any, table, told_at},
};
use crate::site::Site;

/// The routes.
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/hq/shortages/all/{kind}", get(all_shortages))
        .route("/console/shortages/all/{kind}", get(shortages_of_stores))
        .route("/hq/alerts/all/{kind}", get(all_alerts))
        .route("/console/alerts/all/{kind}", get(alerts_of_stores))
        .route("/hq/stock-models/all/{kind}", get(all_models))
        .route("/hq/purchase-limits/all/{kind}", get(all_limits))
        .route("/hq/channel-quotas/all/{kind}", get(all_quotas))
}

async fn all_shortages(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    let exported = at_head_office(&scope, cases(&scope, &query)).await;
    file(&scope, "缺货", kind, exported).await
}

async fn shortages_of_stores(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    file(&scope, "缺货", kind, cases(&scope, &query).await).await
}

async fn all_alerts(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    let exported = at_head_office(&scope, inbox(&scope, &query)).await;
    file(&scope, "库存提醒", kind, exported).await
}

async fn alerts_of_stores(
    Extension(scope): Extension<Scope>,
    Path(kind): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    file(&scope, "库存提醒", kind, inbox(&scope, &query).await).await
}

async fn all_models(Extension(scope): Extension<Scope>, Path(kind): Path<String>) -> Response {
    let exported = at_head_office(&scope, ways(&scope)).await;
    file(&scope, "渠道库存", kind, exported).await
}

async fn all_limits(Extension(scope): Extension<Scope>, Path(kind): Path<String>) -> Response {
    let exported = at_head_office(&scope, limits(&scope)).await;
    file(&scope, "限购", kind, exported).await
}

async fn all_quotas(Extension(scope): Extension<Scope>, Path(kind): Path<String>) -> Response {
    let exported = at_head_office(&scope, how_much(&scope)).await;
    file(&scope, "渠道额度", kind, exported).await
}

/// The cases that a list shows with these filters, newest first.
async fn cases(scope: &Scope, query: &Fields) -> Result<Exported, Fault> {
    let header =
        ["门店或仓库", "商品", "缺", "账面", "已卖出", "起因", "开始时间", "备注", "自动退款", "谁延后的", "补足时间"];
    let mut ask = ListShortages { most: 100, ..ListShortages::from_fields(query) };
    let mut found = Vec::new();
    while goes_on(&mut found, shortages::list(scope, &ask).await?, &mut ask.after) {}
    let row = |case: Shortage| {
        let over = case.solved_at.is_some();
        vec![
            case.store_name,
            case.name,
            case.short.to_string(),
            case.on_hand.to_string(),
            case.promised.to_string(),
            case.cause,
            moment(case.opened_at),
            case.note,
            if over { String::new() } else { moment(case.waits_until) },
            case.waits_by.unwrap_or_default(),
            moment_if_any(case.solved_at),
        ]
    };
    Ok(cut_at(DOCUMENTS_MOST, found.len(), table(&header, found, row)))
}

/// The alerts that a list shows with these filters, newest first.
async fn inbox(scope: &Scope, query: &Fields) -> Result<Exported, Fault> {
    let header = ["门店或仓库", "SKU", "商品", "提醒", "件数", "界限", "单位", "状态", "谁读的", "开始时间"];
    let mut ask = ListAlerts { most: 100, ..ListAlerts::from_fields(query) };
    let mut found = Vec::new();
    while goes_on(&mut found, alerts::list(scope, &ask).await?, &mut ask.after) {}
    let row = |alert: Alert| {
        vec![
            alert.location_name,
            alert.code,
            alert.name,
            alert.kind.label().to_owned(),
            alert.pieces.to_string(),
            alert.threshold.to_string(),
            alert.kind.unit().to_owned(),
            alert.state.label().to_owned(),
            alert.seen_by.unwrap_or_default(),
            moment(alert.since),
        ]
    };
    Ok(cut_at(DOCUMENTS_MOST, found.len(), table(&header, found, row)))
}

/// How shop and counter share pieces, where something was said of it.
async fn ways(scope: &Scope) -> Result<Exported, Fault> {
    let row = |rule: StockModelRule| {
        let meaning = rule.meaning();
        vec![
            rule.sku,
            rule.name,
            rule.store_name.unwrap_or_else(|| "全部门店".into()),
            rule.model.label().to_owned(),
            rule.kept_back.to_string(),
            meaning,
        ]
    };
    let header = ["SKU", "商品", "门店", "方式", "留给柜台", "含义"];
    Ok(said_rules(&header, models::rules(scope, None).await?, row))
}

/// How much a channel may sell.
async fn how_much(scope: &Scope) -> Result<Exported, Fault> {
    let row = |rule: ChannelQuotaRule| {
        let meaning = rule.meaning(scope.now);
        vec![
            rule.sku,
            rule.name,
            rule.store_name.unwrap_or_else(|| "全部门店".into()),
            rule.channel.label().to_owned(),
            rule.most.to_string(),
            moment(rule.since),
            rule.sold.map(|sold| sold.to_string()).unwrap_or_default(),
            meaning,
        ]
    };
    let header = ["SKU", "商品", "门店", "渠道", "最多", "从何时起", "已卖", "含义"];
    Ok(said_rules(&header, quotas::rules(scope, None).await?, row))
}

/// How much one member may buy.
async fn limits(scope: &Scope) -> Result<Exported, Fault> {
    let number = |value: Option<i32>| value.map(|value| value.to_string()).unwrap_or_default();
    let row = |rule: PurchaseLimitRule| {
        let meaning = rule.meaning();
        vec![rule.sku, rule.name, rule.most.to_string(), number(rule.days), number(rule.pay_minutes), meaning]
    };
    let header = ["SKU", "商品", "每人最多", "多少天内", "付款时限(分钟)", "含义"];
    Ok(said_rules(&header, purchase_limits::rules(scope).await?, row))
}

/// What was said of goods; whether there is more of it than a file has.
fn said_rules<T>(header: &[&'static str], rules: Vec<T>, row: impl Fn(T) -> Vec<String>) -> Exported {
    told_at(RULES_MOST, rules.len(), "其余的没有列出，照样生效", table(header, rules, row))
}
