//! Lists that are only read: in the columns and words of their pages.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use commerce::{
    Scope, audit, counts, exports::Exported, imports::sent, keys, losses, orders, staff, transfers, webhooks,
};
use domain::{
    CountId, Fault, Fen, Fields,
    audit::{AuditEntry, ListAudit},
    counts::{CountCard, CountLine, ListCounts},
    import::ImportView,
    keys::KeyView,
    losses::{ListLosses, LossCard},
    orders::{ListOrders, OrderCard},
    page::Page,
    staff::{Department, ListStaff, Merchant, RoleView, StaffEntry, StoreGroup},
    text,
    transfers::{ListTransfers, TransferCard, TransferLine},
    webhooks::WebhookView,
};

/// The most orders of one file; more are asked for in parts.
const ORDERS_MOST: usize = 100_000;

pub(super) fn moment(at: DateTime<Utc>) -> String {
    at.with_timezone(&text::zone("")).format("%Y-%m-%d %H:%M:%S").to_string()
}

pub(super) fn moment_if_any(at: Option<DateTime<Utc>>) -> String {
    at.map_or(String::new(), moment)
}

pub(super) fn table<T>(header: &[&'static str], found: Vec<T>, row: impl Fn(T) -> Vec<String>) -> Exported {
    Exported { header: header.to_vec(), rows: found.into_iter().map(row).collect() }
}

/// The file with a last line that says so, where `listed` is as many as a file may have: its list is likely longer.
pub(super) fn cut_at(most: usize, listed: usize, file: Exported) -> Exported {
    told_at(most, listed, "其余的请用筛选分段导出", file)
}

/// The same of a list that cannot be narrowed, with what is to be said of the rest.
pub(super) fn told_at(most: usize, listed: usize, rest: &str, mut file: Exported) -> Exported {
    if listed >= most {
        let mut end = vec![String::new(); file.header.len()];
        end[0] = format!("一个文件最多 {most} 条；{rest}");
        file.rows.push(end);
    }
    file
}

/// How many documents these lines are of, which stand together.
pub(super) fn documents<T>(lines: &[T], same: impl Fn(&T, &T) -> bool) -> usize {
    lines.chunk_by(same).count()
}

/// Adds a page of a list to what was found; whether there is another to ask for, from `after` on. A list that is longer
/// than a file may be ends there.
pub(super) fn goes_on<T, Id: FromStr>(found: &mut Vec<T>, page: Page<T>, after: &mut Option<Id>) -> bool {
    found.extend(page.items);
    *after = page.next.and_then(|next| next.parse().ok()).filter(|_| found.len() < DOCUMENTS_MOST);
    after.is_some()
}

/// The orders that a list shows with these filters, newest first, with the phones that whoever asks may see.
pub(super) async fn orders(scope: &Scope, query: &Fields) -> Result<Exported, Fault> {
    let found = orders::whole_list(scope, ListOrders::from_fields(query)?, ORDERS_MOST).await?;
    let header = [
        "订单号",
        "状态",
        "门店",
        "商品",
        "件数",
        "金额(元)",
        "来源",
        "方式",
        "手机号",
        "下单时间",
        "取货开始",
        "取货结束",
    ];
    let row = |(order, phone): (OrderCard, String)| {
        vec![
            order.number,
            order.state.label_of(order.fulfilment).to_owned(),
            order.store_name,
            order.summary,
            order.pieces.to_string(),
            format!("{}.{:02}", order.total_fen.0 / 100, order.total_fen.0 % 100),
            order.channel.label().to_owned(),
            order.fulfilment.label().to_owned(),
            phone,
            moment(order.placed_at),
            moment(order.slot.start),
            moment(order.slot.end),
        ]
    };
    Ok(cut_at(ORDERS_MOST, found.len(), table(&header, found, row)))
}

/// The most transfers of one file; more are asked for in parts.
const TRANSFERS_MOST: usize = 10_000;

/// The transfers that a list shows with these filters, newest first, one row for each of their goods.
pub(super) async fn transfers(scope: &Scope, query: &Fields) -> Result<Exported, Fault> {
    let header = [
        "单号",
        "状态",
        "从",
        "到",
        "SKU",
        "商品",
        "申请",
        "同意",
        "发货",
        "实收",
        "丢失",
        "退回",
        "在途或待处理",
        "供货价(元)",
        "原因",
        "时间",
    ];
    let number = |value: Option<i64>| value.map_or(String::new(), |value| value.to_string());
    let row = |(card, line): (TransferCard, TransferLine)| {
        vec![
            card.number,
            card.state.label().to_owned(),
            card.from.name,
            card.to.name,
            line.code,
            line.name,
            line.requested.to_string(),
            number(line.approved),
            number(line.shipped),
            number(line.received),
            line.lost.to_string(),
            line.returned.to_string(),
            line.on_the_way.to_string(),
            line.price_fen.map_or(String::new(), |price| format!("{}.{:02}", price.0 / 100, price.0 % 100)),
            card.reason,
            moment(card.created_at),
        ]
    };
    let found = transfers::whole_list(scope, &ListTransfers::from_fields(query), TRANSFERS_MOST).await?;
    let many = documents(&found, |(one, _), (other, _)| one.number == other.number);
    Ok(cut_at(TRANSFERS_MOST, many, table(&header, found, row)))
}

/// The latest imports, newest first.
pub(super) async fn imports(scope: &Scope) -> Result<Exported, Fault> {
    let header = ["文件", "内容", "状态", "新增", "更新", "不变", "有问题", "谁", "上传时间", "结束时间"];
    let row = |import: ImportView| {
        let counts = import.counts;
        vec![
            import.file_name,
            import.kind.label().to_owned(),
            import.state.label().to_owned(),
            counts.inserted.to_string(),
            counts.updated.to_string(),
            counts.unchanged.to_string(),
            counts.rejected.to_string(),
            import.who,
            moment(import.created_at),
            moment_if_any(import.ended_at),
        ]
    };
    let found = sent::list(scope).await?;
    Ok(told_at(sent::LISTED, found.len(), "更早的没有列出", table(&header, found, row)))
}

/// The keys of partners; of a key itself only how it begins.
pub(super) async fn keys(scope: &Scope) -> Result<Exported, Fault> {
    let header =
        ["合作方", "状态", "密钥开头", "权限", "门店与仓库", "每分钟", "建立人", "建立时间", "最近使用", "到期"];
    let row = |key: KeyView| {
        let places = key.places_text();
        vec![
            key.name,
            key.state.label().to_owned(),
            key.prefix.unwrap_or_default(),
            key.permissions.iter().map(|one| one.label()).collect::<Vec<_>>().join("、"),
            places,
            key.per_minute.to_string(),
            key.created_by,
            moment(key.created_at),
            moment_if_any(key.last_used_at),
            moment_if_any(key.expires_at),
        ]
    };
    Ok(table(&header, keys::list(scope).await?, row))
}

/// The webhooks, without their secrets.
pub(super) async fn webhooks(scope: &Scope) -> Result<Exported, Fault> {
    let header = ["接收方", "地址", "状态", "消息", "门店", "待发送", "未送达", "建立人", "建立时间", "最近送达"];
    let row = |webhook: WebhookView| {
        vec![
            webhook.name.clone(),
            webhook.url.clone(),
            webhook.state_text().to_owned(),
            webhook.states_text(),
            webhook.stores_text(),
            webhook.waiting.to_string(),
            webhook.failed.to_string(),
            webhook.created_by.clone(),
            moment(webhook.created_at),
            moment_if_any(webhook.delivered_at),
        ]
    };
    Ok(table(&header, webhooks::list(scope).await?, row))
}

/// The accounts that the list shows with these filters, on all its pages.
pub(super) async fn staff(scope: &Scope, query: &Fields) -> Result<Exported, Fault> {
    let header = ["姓名", "账号", "部门", "角色与范围", "可登录", "最近登录"];
    let mut ask = ListStaff { most: 200, ..ListStaff::from_fields(query) };
    let mut found = Vec::new();
    loop {
        let (page, total) = staff::list(scope, &ask).await?;
        ask.skip += page.len() as i64;
        let ended = page.is_empty() || ask.skip >= total;
        found.extend(page);
        if ended {
            break;
        }
    }
    let row = |person: StaffEntry| {
        vec![
            person.name,
            person.account,
            person.department,
            person.roles.join("；"),
            if person.active { "是" } else { "否" }.to_owned(),
            moment_if_any(person.last_log_in_at),
        ]
    };
    Ok(table(&header, found, row))
}

/// The roles that can be given.
pub(super) async fn roles(scope: &Scope) -> Result<Exported, Fault> {
    let row = |role: RoleView| {
        vec![
            role.name,
            if role.built_in { "是" } else { "否" }.to_owned(),
            role.permissions.iter().map(|one| one.label()).collect::<Vec<_>>().join("、"),
            role.grants.to_string(),
        ]
    };
    Ok(table(&["角色", "内置", "能做什么", "授权数"], staff::own_roles::list(scope).await?, row))
}

/// The groups of stores.
pub(super) async fn groups(scope: &Scope) -> Result<Exported, Fault> {
    let row = |group: StoreGroup| vec![group.name, group.stores.join("、"), group.grants.to_string()];
    Ok(table(&["门店组", "门店编号", "授权数"], staff::store_groups::list(scope).await?, row))
}

/// The merchants.
pub(super) async fn merchants(scope: &Scope) -> Result<Exported, Fault> {
    let row = |one: Merchant| vec![one.code, one.name, one.stores.join("、"), one.grants.to_string()];
    Ok(table(&["编号", "商户", "门店编号", "授权数"], staff::joined_merchants::list(scope).await?, row))
}

/// The departments of head office.
pub(super) async fn departments(scope: &Scope) -> Result<Exported, Fault> {
    let row = |one: Department| vec![one.name, one.people.unwrap_or_default().to_string()];
    Ok(table(&["部门", "人数"], staff::office_departments::list(scope).await?, row))
}

/// The most changes of one file; more are asked for in parts.
const CHANGES_MOST: usize = 10_000;

/// The changes that the log shows with these filters, newest first.
pub(super) async fn audit(scope: &Scope, query: &Fields) -> Result<Exported, Fault> {
    let header = ["时间", "谁", "账号", "做了什么", "对象", "名称", "门店", "之前", "之后", "原因", "地址", "请求"];
    let ask = ListAudit { most: CHANGES_MOST, ..ListAudit::from_fields(query)? };
    let row = |entry: AuditEntry| {
        let json = |value: &serde_json::Value| if value.is_null() { String::new() } else { value.to_string() };
        vec![
            moment(entry.at),
            entry.who.clone(),
            entry.account.clone().unwrap_or_default(),
            entry.act_label().to_owned(),
            entry.object_label().to_owned(),
            entry.object_name.clone().unwrap_or_else(|| entry.object_id.to_string()),
            entry.store.clone().unwrap_or_default(),
            json(&entry.before),
            json(&entry.after),
            entry.reason.clone(),
            entry.address.clone(),
            entry.request_id.clone(),
        ]
    };
    let found = audit::list(scope, &ask).await?.items;
    Ok(cut_at(CHANGES_MOST, found.len(), table(&header, found, row)))
}

/// Yuan without a sign, as a table has them.
fn yuan(amount: Fen) -> String {
    let sign = if amount.0 < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", amount.0.abs() / 100, amount.0.abs() % 100)
}

/// What a count found, line by line; what the books say only for those who are told.
pub(super) async fn count(scope: &Scope, id: CountId) -> Result<Exported, Fault> {
    let (_, lines) = counts::whole(scope, id).await?;
    let header = ["编码", "商品", "盘点数", "账面数", "差异", "差异金额(元)", "差异成本(元)", "盘点时间", "备注"];
    let number = |value: Option<i64>| value.map(|value| value.to_string()).unwrap_or_default();
    let row = |line: CountLine| {
        let note = match (line.counted, line.moved) {
            (None, _) => "未盘",
            (_, true) => "盘的中途有出入库",
            _ => "",
        };
        vec![
            line.code,
            line.name,
            number(line.counted),
            number(line.book),
            number(line.difference),
            line.value_fen.map(yuan).unwrap_or_default(),
            line.cost_fen.map(yuan).unwrap_or_default(),
            moment_if_any(line.counted_at),
            note.to_owned(),
        ]
    };
    Ok(table(&header, lines, row))
}

/// The most counts, reports, requests or cases of one file.
pub(super) const DOCUMENTS_MOST: usize = 10_000;

/// The counts that a list shows with these filters, newest first.
pub(super) async fn counts(scope: &Scope, query: &Fields) -> Result<Exported, Fault> {
    let header = [
        "地点",
        "范围",
        "盲盘",
        "状态",
        "商品数",
        "已盘",
        "差异件数",
        "差异金额(元)",
        "差异成本(元)",
        "开始人",
        "开始时间",
        "备注",
        "单号",
    ];
    let mut ask = ListCounts { most: 100, ..ListCounts::from_fields(query) };
    let mut found = Vec::new();
    while goes_on(&mut found, counts::list(scope, &ask).await?, &mut ask.after) {}
    let row = |count: CountCard| {
        vec![
            count.location_name,
            count.kind.label().to_owned(),
            if count.blind { "是" } else { "否" }.to_owned(),
            count.state.label().to_owned(),
            count.lines.to_string(),
            count.counted_lines.to_string(),
            count.off.map(|off| off.pieces.to_string()).unwrap_or_default(),
            count.off.map(|off| yuan(off.value_fen)).unwrap_or_default(),
            count.cost_fen.map(yuan).unwrap_or_default(),
            count.opened_by,
            moment(count.opened_at),
            count.note,
            count.number,
        ]
    };
    Ok(cut_at(DOCUMENTS_MOST, found.len(), table(&header, found, row)))
}

/// The losses that a list shows with these filters, newest first.
pub(super) async fn losses(scope: &Scope, query: &Fields) -> Result<Exported, Fault> {
    let header =
        ["地点", "商品", "编码", "件数", "金额(元)", "成本(元)", "类型", "原因", "状态", "提交人", "提交时间", "单号"];
    let mut ask = ListLosses { most: 100, ..ListLosses::from_fields(query) };
    let mut found = Vec::new();
    while goes_on(&mut found, losses::list(scope, &ask).await?, &mut ask.after) {}
    let row = |loss: LossCard| {
        vec![
            loss.location_name,
            loss.subject,
            loss.code,
            loss.quantity.to_string(),
            yuan(loss.value_fen),
            loss.cost_fen.map(yuan).unwrap_or_default(),
            loss.kind.label().to_owned(),
            loss.reason,
            loss.state.label().to_owned(),
            loss.reported_by,
            moment(loss.reported_at),
            loss.number,
        ]
    };
    Ok(cut_at(DOCUMENTS_MOST, found.len(), table(&header, found, row)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_cut_says_so_in_its_last_line_and_another_does_not() {
        let file = || table(&["甲", "乙"], vec![1, 2, 3], |one| vec![one.to_string(), String::new()]);
        assert_eq!(cut_at(4, 3, file()), file());
        let cut = cut_at(3, 3, file());
        assert_eq!(cut.rows.len(), 4);
        assert!(cut.rows[3][0].contains("最多 3 条") && cut.rows[3].len() == 2);
    }

    #[test]
    fn a_document_of_several_lines_counts_once() {
        let lines = [("A", 1), ("A", 2), ("B", 1)];
        assert_eq!(documents(&lines, |one, other| one.0 == other.0), 2);
    }
}
