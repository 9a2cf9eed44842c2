//! The log of what staff and partners' programs changed, as people search it (O4).

mod acts;

pub use acts::Act;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Fault, Fields, StaffId, StoreId,
    after_sales::AfterSalesState,
    approvals::ProposalState,
    counts::CountState,
    losses::LossState,
    orders::OrderState,
    purchasing::PurchaseState,
    staff::{Permission, Role},
    stores::{StoreState, words},
    text::zone,
    transfers::TransferState,
};

/// What it was done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum ObjectKind {
    Order,
    Staff,
    Role,
    StoreGroup,
    Merchant,
    Department,
    Import,
    ApiKey,
    Webhook,
    Proposal,
    File,
    Store,
    Export,
    Shortage,
    AfterSales,
    Count,
    Loss,
    AlertRule,
    Transfer,
    GoodsReceipt,
    Warehouse,
    Product,
    Sku,
    Category,
    Freight,
    Supplier,
    Purchase,
    Invoice,
    SetApart,
    CounterSale,
}

words!(ObjectKind:
    Order = "order" / "订单", Staff = "staff" / "员工", Role = "role" / "角色", StoreGroup = "store_group" / "门店组",
    Merchant = "merchant" / "商户", Department = "department" / "部门",
    Import = "import" / "批量导入", ApiKey = "api_key" / "密钥", Webhook = "webhook" / "消息推送",
    Proposal = "proposal" / "申请",
    File = "file" / "文件", Store = "store" / "门店",
    Export = "export" / "导出", Shortage = "shortage" / "缺货",
    AfterSales = "after_sales" / "售后单",
    Count = "count" / "盘点", Loss = "loss" / "报损", AlertRule = "alert_rule" / "库存提醒",
    Transfer = "transfer" / "调拨", GoodsReceipt = "goods_receipt" / "收货单",
    Warehouse = "warehouse" / "仓库", Product = "product" / "商品", Sku = "sku" / "商品规格", Category = "category" / "商品分类",
    Freight = "freight" / "运费",
    Supplier = "supplier" / "供应商", Purchase = "purchase" / "采购单", Invoice = "invoice" / "供应商发票",
    SetApart = "set_apart" / "退供单", CounterSale = "counter_sale" / "柜台销售");

/// Which changes of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListAudit {
    /// Words in who did it, what it was done to, or why; or a whole identity or request id.
    pub words: String,
    /// Only by this person.
    pub staff: Option<StaffId>,
    /// Only to objects of this kind.
    pub object: Option<ObjectKind>,
    /// Only this act.
    pub act: Option<Act>,
    /// Only what concerns this store.
    pub store: Option<StoreId>,
    /// From this day on, in China.
    pub from: Option<NaiveDate>,
    /// Up to this day and with it, in China.
    pub to: Option<NaiveDate>,
    /// Only changes before this one.
    pub after: Option<i64>,
    /// How many at most.
    pub most: usize,
}

impl ListAudit {
    /// Reads the filters of an address: `q`, `staff`, `object`, `act`, `store`, `from`, `to`, `after`.
    ///
    /// Faults: `Invalid` beside `from` or `to`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let day = |name: &str| match fields.given(name).map(str::parse) {
            None => Ok(None),
            Some(Ok(day)) => Ok(Some(day)),
            Some(Err(_)) => Err(Fault::invalid(name, "请选择日期")),
        };
        Ok(Self {
            words: fields.words("q"),
            staff: fields.text("staff").parse().ok(),
            object: ObjectKind::from_code(fields.text("object")),
            act: Act::from_code(fields.text("act")),
            store: fields.text("store").parse().ok(),
            from: day("from")?,
            to: day("to")?,
            after: fields.text("after").parse().ok(),
            most: 0,
        })
    }

    /// The filters as an address has them, but for where the page begins.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let text = |value: Option<String>| value.unwrap_or_default();
        vec![
            ("q", self.words.clone()),
            ("staff", text(self.staff.map(|id| id.to_string()))),
            ("object", self.object.map_or("", ObjectKind::code).to_owned()),
            ("act", self.act.map_or("", Act::code).to_owned()),
            ("store", text(self.store.map(|id| id.to_string()))),
            ("from", text(self.from.map(|day| day.to_string()))),
            ("to", text(self.to.map(|day| day.to_string()))),
        ]
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// Its place in the log; rises.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who, for people: a person's name, or `合作方` with the program's.
    pub who: String,
    /// The person's account; nothing for a program.
    pub account: Option<String>,
    /// What was done, by code; an act of a later release too.
    pub act: String,
    /// The kind of what it was done to, by code.
    pub object: String,
    /// Its identity.
    pub object_id: Uuid,
    /// What it is called: an order's number, a person's name.
    pub object_name: Option<String>,
    /// The store it concerns.
    pub store: Option<String>,
    /// What was so before; nothing for something new.
    #[cfg_attr(feature = "api", schema(value_type = Option<Object>))]
    pub before: Value,
    /// What was so afterwards; nothing for something that has gone.
    #[cfg_attr(feature = "api", schema(value_type = Option<Object>))]
    pub after: Value,
    /// Why, where somebody said so.
    pub reason: String,
    /// The request, as the server's log has it.
    pub request_id: String,
    /// The address it came from.
    pub address: String,
}

impl AuditEntry {
    /// What was done, for people.
    pub fn act_label(&self) -> &str {
        Act::from_code(&self.act).map_or(&self.act, |act| act.label())
    }

    /// The kind of what it was done to, for people.
    pub fn object_label(&self) -> &str {
        ObjectKind::from_code(&self.object).map_or(&self.object, |object| object.label())
    }

    /// What differs, field by field: its name, and how it was and is.
    pub fn changes(&self) -> Vec<(String, String, String)> {
        let (empty, of) = (serde_json::Map::new(), |value: &Value| value.as_object().cloned());
        let (before, after) = (of(&self.before).unwrap_or(empty.clone()), of(&self.after).unwrap_or(empty));
        let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let differs = |name: &&&String| before.get(**name) != after.get(**name);
        // An open store has the code of an open count.
        let is_opening = self.act == Act::SetOpening.code();
        let text = |name: &str, value: Option<&Value>| {
            let state = value.and_then(Value::as_str).filter(|_| is_opening && name == "state");
            match state.and_then(StoreState::from_code) {
                Some(state) => state.label().to_owned(),
                None => value.map(in_words).unwrap_or_default(),
            }
        };
        names
            .iter()
            .filter(differs)
            .map(|name| ((*name).clone(), text(name, before.get(*name)), text(name, after.get(*name))))
            .filter(|(_, before, after)| before != after)
            .collect()
    }
}

/// A value as a person reads it: codes of roles, permissions and states by their names, moments as they are in China.
fn in_words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "是".into(),
        Value::Bool(false) => "否".into(),
        Value::String(text) => match DateTime::parse_from_rfc3339(text) {
            Ok(moment) => moment.with_timezone(&zone("")).format("%Y-%m-%d %H:%M").to_string(),
            Err(_) => named(text).unwrap_or(text).to_owned(),
        },
        Value::Array(values) => values.iter().map(in_words).collect::<Vec<_>>().join("、"),
        Value::Number(number) => number.to_string(),
        Value::Object(fields) => match fields.get("kind").and_then(Value::as_str) {
            // The place of a grant; which store it is stands beside it.
            Some("everywhere") => "全部门店".into(),
            Some("region") => format!("区域 {}", fields.get("code").map(in_words).unwrap_or_default()),
            Some("group") => "门店组".into(),
            Some("merchant") => "商户".into(),
            Some("store") => "单个门店".into(),
            _ => fields.values().map(in_words).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" "),
        },
    }
}

fn named(code: &str) -> Option<&'static str> {
    let role = Role::from_code(code).map(|role| role.label());
    let permission = || Permission::from_code(code).map(|permission| permission.label());
    let order = || OrderState::from_code(code).map(|state| state.label());
    let transfer = || TransferState::from_code(code).map(|state| state.label());
    let proposal = || ProposalState::from_code(code).map(|state| state.label());
    let after_sales = || AfterSalesState::from_code(code).map(|state| state.label());
    let count = || CountState::from_code(code).map(|state| state.label());
    let loss = || LossState::from_code(code).map(|state| state.label());
    let purchase = || PurchaseState::from_code(code).map(|state| state.label());
    let stock = || transfer().or_else(count).or_else(loss).or_else(purchase);
    role.or_else(permission).or_else(order).or_else(proposal).or_else(after_sales).or_else(stock)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_told_as_a_change() {
        let entry = AuditEntry {
            id: 1,
            at: DateTime::UNIX_EPOCH,
            who: "林姐".into(),
            account: None,
            act: "save_role".into(),
            object: "role".into(),
            object_id: Uuid::nil(),
            object_name: None,
            store: None,
            before: json!({ "name": "巡店", "permissions": ["read_stores"], "note": null }),
            after: json!({ "name": "巡店", "permissions": ["read_stores", "read_sales"] }),
            reason: String::new(),
            request_id: String::new(),
            address: String::new(),
        };
        let changed = ("permissions".to_owned(), "查看门店".to_owned(), "查看门店、查看销售数据".to_owned());
        assert_eq!(entry.changes(), [changed]);
        assert_eq!((entry.act_label(), entry.object_label()), ("保存角色", "角色"));
        let paused = AuditEntry {
            act: "set_opening".into(),
            before: json!({ "state": "open", "until": null }),
            after: json!({ "state": "paused", "until": "2026-11-23T04:40:00Z" }),
            ..entry
        };
        let told = [("state", "营业中", "暂停接单"), ("until", "", "2026-11-23 12:40")];
        assert_eq!(paused.changes(), told.map(|(name, was, is)| (name.to_owned(), was.to_owned(), is.to_owned())));
    }
}
