//! The log of what staff and partners' programs changed, as people search it (O4).

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Fault, Fields, StaffId, StoreId,
    after_sales::{AfterSalesAct, AfterSalesState},
    approvals::{ProposalAct, ProposalState},
    counts::{CountAct, CountState},
    losses::{LossAct, LossState},
    orders::{OrderAct, OrderState},
    purchasing::{PurchaseAct, PurchaseState},
    staff::{Permission, Role},
    stores::{StoreState, words},
    text::zone,
    transfers::{TransferAct, TransferState},
};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum Act {
    Accept,
    Prepare,
    Redeem,
    Reject,
    Hire,
    GiveGrant,
    TakeBackGrant,
    SuspendStaff,
    RestoreStaff,
    ResetPassword,
    ChangePassword,
    EndSessions,
    TurnOnSecondStep,
    TurnOffSecondStep,
    SaveRole,
    RemoveRole,
    SaveStoreGroup,
    RemoveStoreGroup,
    SaveMerchant,
    RemoveMerchant,
    SavePaper,
    RemovePaper,
    SaveDepartment,
    RemoveDepartment,
    AssignDepartment,
    ConfirmImport,
    CreateKey,
    MakeKey,
    RevokeKey,
    CreateWebhook,
    ChangeWebhook,
    PauseWebhook,
    ResumeWebhook,
    RenewWebhookSecret,
    RemoveWebhook,
    SubmitProposal,
    ApproveProposal,
    RejectProposal,
    WithdrawProposal,
    Delegate,
    EndDelegation,
    TakeFile,
    RemoveFile,
    RestoreFile,
    ArrangePhotos,
    ExportPhones,
    LetShortageWait,
    SetUnclaimedRule,
    SetCancelRule,
    RemoveCancelRules,
    AgreeCancel,
    RefuseCancel,
    SetApprovalLimits,
    RemoveApprovalLimits,
    SetShortageRule,
    RemoveShortageRule,
    CallOff,
    Reroute,
    AnnotateOrder,
    RetryRefund,
    SettleRefund,
    RequestAfterSales,
    AgreeAfterSales,
    RefuseAfterSales,
    UpholdAppeal,
    DismissAppeal,
    ReceiveReturn,
    TurnAwayReturn,
    ArriveReturn,
    SaveReturnAddress,
    RefundAfterSales,
    SupersedeAfterSales,
    ExchangeGoods,
    OpenCount,
    SubmitCount,
    ApproveCount,
    SendBackCount,
    CancelCount,
    ReportLoss,
    ApproveLoss,
    RejectLoss,
    WithdrawLoss,
    SetAlertRule,
    RemoveAlertRule,
    SetStockModel,
    RemoveStockModel,
    SetPurchaseLimit,
    RemovePurchaseLimit,
    ShareOutStock,
    SetChannelQuota,
    RemoveChannelQuota,
    RegisterBatch,
    RequestTransfer,
    ApproveTransfer,
    RejectTransfer,
    WithdrawTransfer,
    CancelTransfer,
    ShipTransfer,
    ReceiveTransfer,
    ReceiveRestOfTransfer,
    SettleTransfer,
    AllocateStock,
    ReceiveGoods,
    SaveWarehouse,
    CloseWarehouse,
    ReopenWarehouse,
    SetSupplyPrice,
    SaveFreight,
    RemoveFreight,
    SetExpressStores,
    ShipParcel,
    TakeBackParcel,
    EndUnsent,
    CallRider,
    CancelRider,
    SetRouting,
    WeighGoods,
    KeepBatches,
    SetAfterSalesTerms,
    ResetAfterSalesTerms,
    Dispatch,
    Deliver,
    Undelivered,
    SaveFulfilment,
    SetOpening,
    SaveSupplier,
    SetSupplierPrices,
    DraftPurchase,
    SubmitPurchase,
    ApprovePurchase,
    RejectPurchase,
    CancelPurchase,
    ReceivePurchase,
    ClosePurchase,
    ReturnPurchase,
    HandToSupplier,
    ScrapSetApart,
    CreditHandOver,
    SellAtCounter,
    TakeBackCounterSale,
    EnterInvoice,
    PayInvoice,
    TakeBackPayment,
    TakeBackInvoice,
}

words!(Act:
    Accept = "accept" / "接单", Prepare = "prepare" / "备货完成", Redeem = "redeem" / "核销", Reject = "reject" / "拒单",
    Hire = "hire" / "新建员工", GiveGrant = "give_grant" / "授权", TakeBackGrant = "take_back_grant" / "收回授权",
    SuspendStaff = "suspend_staff" / "停用员工", RestoreStaff = "restore_staff" / "恢复员工",
    ResetPassword = "reset_password" / "重置密码", ChangePassword = "change_password" / "修改密码",
    EndSessions = "end_sessions" / "退出设备",
    TurnOnSecondStep = "turn_on_second_step" / "开启两步验证", TurnOffSecondStep = "turn_off_second_step" / "关闭两步验证",
    SaveRole = "save_role" / "保存角色", RemoveRole = "remove_role" / "删除角色",
    SaveStoreGroup = "save_store_group" / "保存门店组", RemoveStoreGroup = "remove_store_group" / "删除门店组",
    SaveMerchant = "save_merchant" / "保存商户", RemoveMerchant = "remove_merchant" / "删除商户",
    SavePaper = "save_paper" / "保存证照", RemovePaper = "remove_paper" / "移除证照",
    SaveDepartment = "save_department" / "保存部门", RemoveDepartment = "remove_department" / "删除部门",
    AssignDepartment = "assign_department" / "调整部门",
    ConfirmImport = "import.confirm" / "确认导入",
    CreateKey = "create_key" / "新建密钥", MakeKey = "make_key" / "下载密钥", RevokeKey = "revoke_key" / "停用密钥",
    CreateWebhook = "create_webhook" / "新建推送", ChangeWebhook = "change_webhook" / "修改推送",
    PauseWebhook = "pause_webhook" / "暂停推送", ResumeWebhook = "resume_webhook" / "恢复推送",
    RenewWebhookSecret = "renew_webhook_secret" / "更换推送密钥", RemoveWebhook = "remove_webhook" / "删除推送",
    SubmitProposal = "submit_proposal" / "提交申请", ApproveProposal = "approve_proposal" / "通过申请",
    RejectProposal = "reject_proposal" / "驳回申请", WithdrawProposal = "withdraw_proposal" / "撤回申请",
    Delegate = "delegate" / "委托审批", EndDelegation = "end_delegation" / "收回委托",
    TakeFile = "take_file" / "上传文件", RemoveFile = "remove_file" / "移除文件", RestoreFile = "restore_file" / "恢复文件",
    ArrangePhotos = "arrange_photos" / "调整照片顺序",
    ExportPhones = "export_phones" / "导出手机号",
    LetShortageWait = "let_shortage_wait" / "缺货延后处理",
    SetUnclaimedRule = "set_unclaimed_rule" / "设置逾期未取规则",
    SetCancelRule = "set_cancel_rule" / "设置取消规则", RemoveCancelRules = "remove_cancel_rules" / "取消门店取消规则",
    AgreeCancel = "agree_cancel" / "同意取消申请", RefuseCancel = "refuse_cancel" / "不同意取消申请",
    SetApprovalLimits = "set_approval_limits" / "设置审批限额",
    RemoveApprovalLimits = "remove_approval_limits" / "取消单独的审批限额",
    SetShortageRule = "set_shortage_rule" / "设置缺货规则", RemoveShortageRule = "remove_shortage_rule" / "取消门店缺货规则",
    CallOff = "call_off" / "取消订单", Reroute = "reroute" / "订单改店", AnnotateOrder = "annotate_order" / "订单备注",
    RetryRefund = "retry_refund" / "重试退款", SettleRefund = "settle_refund" / "登记其他方式退款",
    RequestAfterSales = "request_after_sales" / "代客申请售后", AgreeAfterSales = "agree_after_sales" / "同意售后",
    RefuseAfterSales = "refuse_after_sales" / "拒绝售后", UpholdAppeal = "uphold_appeal" / "仲裁支持顾客",
    DismissAppeal = "dismiss_appeal" / "仲裁维持拒绝", ReceiveReturn = "receive_return" / "收到退货",
    TurnAwayReturn = "turn_away_return" / "拒收退货",
    ArriveReturn = "arrive_return" / "寄回的商品到店", SaveReturnAddress = "save_return_address" / "设置退货地址",
    RefundAfterSales = "refund_after_sales" / "售后退款",
    SupersedeAfterSales = "supersede_after_sales" / "直接退款，结束被拒的售后", ExchangeGoods = "exchange_goods" / "换出商品",
    OpenCount = "open_count" / "开始盘点", SubmitCount = "submit_count" / "提交盘点",
    ApproveCount = "approve_count" / "盘点入账", SendBackCount = "send_back_count" / "退回盘点",
    CancelCount = "cancel_count" / "取消盘点",
    ReportLoss = "report_loss" / "报损", ApproveLoss = "approve_loss" / "通过报损", RejectLoss = "reject_loss" / "驳回报损",
    WithdrawLoss = "withdraw_loss" / "撤回报损",
    SetAlertRule = "set_alert_rule" / "设置库存提醒", RemoveAlertRule = "remove_alert_rule" / "删除库存提醒",
    SetStockModel = "set_stock_model" / "设置库存方式", RemoveStockModel = "remove_stock_model" / "取消库存方式",
    SetPurchaseLimit = "set_purchase_limit" / "设置限购", RemovePurchaseLimit = "remove_purchase_limit" / "取消限购",
    SetChannelQuota = "set_channel_quota" / "设置渠道额度", RemoveChannelQuota = "remove_channel_quota" / "取消渠道额度",
    ShareOutStock = "share_out_stock" / "分配线上库存", RegisterBatch = "register_batch" / "登记批次",
    RequestTransfer = "request_transfer" / "申请调拨", ApproveTransfer = "approve_transfer" / "同意调拨",
    RejectTransfer = "reject_transfer" / "拒绝调拨", WithdrawTransfer = "withdraw_transfer" / "撤回调拨",
    CancelTransfer = "cancel_transfer" / "取消调拨", ShipTransfer = "ship_transfer" / "调拨发货",
    ReceiveTransfer = "receive_transfer" / "调拨收货", ReceiveRestOfTransfer = "receive_rest_of_transfer" / "调拨补收",
    SettleTransfer = "settle_transfer" / "处理调拨差异",
    AllocateStock = "allocate_stock" / "总部分配", ReceiveGoods = "receive_goods" / "收货入库",
    SaveWarehouse = "save_warehouse" / "保存仓库", CloseWarehouse = "close_warehouse" / "关闭仓库",
    ReopenWarehouse = "reopen_warehouse" / "重新启用仓库", SetSupplyPrice = "set_supply_price" / "设置供货价",
    SaveFreight = "save_freight" / "保存运费模板", RemoveFreight = "remove_freight" / "删除运费模板",
    SetExpressStores = "set_express_stores" / "设置快递门店",
    TakeBackParcel = "take_back_parcel" / "登记退件", EndUnsent = "end_unsent" / "其余不再发出", ShipParcel = "ship_parcel" / "包裹发出", CallRider = "call_rider" / "呼叫骑手", CancelRider = "cancel_rider" / "取消骑手",
    SetRouting = "set_routing" / "设置发货规则", WeighGoods = "weigh_goods" / "设置商品重量",
    KeepBatches = "keep_batches" / "设置保质期管理",
    SetAfterSalesTerms = "set_after_sales_terms" / "设置售后期限", ResetAfterSalesTerms = "reset_after_sales_terms" / "恢复统一售后期限",
    Dispatch = "dispatch" / "发出商品", Deliver = "deliver" / "送达", Undelivered = "undelivered" / "未送达",
    SaveFulfilment = "save_fulfilment" / "配送设置", SetOpening = "set_opening" / "营业设置",
    SaveSupplier = "save_supplier" / "保存供应商", SetSupplierPrices = "set_supplier_prices" / "设置采购价",
    DraftPurchase = "draft_purchase" / "编辑采购单", SubmitPurchase = "submit_purchase" / "提交采购单",
    ApprovePurchase = "approve_purchase" / "通过采购单", RejectPurchase = "reject_purchase" / "驳回采购单",
    CancelPurchase = "cancel_purchase" / "取消采购单", ReceivePurchase = "receive_purchase" / "采购收货",
    ClosePurchase = "close_purchase" / "结束采购单", ReturnPurchase = "return_purchase" / "采购退货",
    HandToSupplier = "hand_to_supplier" / "交还供应商", ScrapSetApart = "scrap_set_apart" / "报废待退商品",
    CreditHandOver = "credit_hand_over" / "登记供应商退款",
    SellAtCounter = "sell_at_counter" / "柜台销售", TakeBackCounterSale = "take_back_counter_sale" / "柜台销售退回",
    EnterInvoice = "enter_invoice" / "登记供应商发票", PayInvoice = "pay_invoice" / "供应商付款",
    TakeBackPayment = "take_back_payment" / "撤销供应商付款", TakeBackInvoice = "take_back_invoice" / "作废供应商发票");

impl Act {
    /// What staff did to a count.
    pub fn on_count(act: CountAct) -> Self {
        match act {
            CountAct::Open => Self::OpenCount,
            CountAct::Submit => Self::SubmitCount,
            CountAct::Approve => Self::ApproveCount,
            CountAct::SendBack => Self::SendBackCount,
            CountAct::Cancel => Self::CancelCount,
        }
    }

    /// What staff did about a reported loss.
    pub fn on_loss(act: LossAct) -> Self {
        match act {
            LossAct::Approve => Self::ApproveLoss,
            LossAct::Reject => Self::RejectLoss,
            LossAct::Withdraw => Self::WithdrawLoss,
        }
    }

    /// What staff did to a proposal; nothing for what only its author sees, or nobody does.
    pub fn on_proposal(act: ProposalAct) -> Option<Self> {
        match act {
            ProposalAct::Submit => Some(Self::SubmitProposal),
            ProposalAct::Approve => Some(Self::ApproveProposal),
            ProposalAct::Reject => Some(Self::RejectProposal),
            ProposalAct::Withdraw => Some(Self::WithdrawProposal),
            ProposalAct::Draft | ProposalAct::Expire => None,
        }
    }

    /// What staff or a program did to a request after the sale; nothing for what shoppers and the server do, which
    /// its steps tell.
    pub fn on_after_sales(act: AfterSalesAct) -> Option<Self> {
        Some(match act {
            AfterSalesAct::Request => Self::RequestAfterSales,
            AfterSalesAct::Agree => Self::AgreeAfterSales,
            AfterSalesAct::Refuse => Self::RefuseAfterSales,
            AfterSalesAct::Uphold => Self::UpholdAppeal,
            AfterSalesAct::Dismiss => Self::DismissAppeal,
            AfterSalesAct::Receive => Self::ReceiveReturn,
            AfterSalesAct::TurnAway => Self::TurnAwayReturn,
            AfterSalesAct::Arrive => Self::ArriveReturn,
            AfterSalesAct::Refund => Self::RefundAfterSales,
            AfterSalesAct::Exchange => Self::ExchangeGoods,
            AfterSalesAct::Supersede => Self::SupersedeAfterSales,
            AfterSalesAct::Withdraw
            | AfterSalesAct::Appeal
            | AfterSalesAct::Escalate
            | AfterSalesAct::Expire
            | AfterSalesAct::Post => return None,
        })
    }

    /// What staff or a program did to a transfer.
    pub fn on_transfer(act: TransferAct) -> Self {
        match act {
            TransferAct::Request => Self::RequestTransfer,
            TransferAct::Allocate => Self::AllocateStock,
            TransferAct::Approve => Self::ApproveTransfer,
            TransferAct::Reject => Self::RejectTransfer,
            TransferAct::Withdraw => Self::WithdrawTransfer,
            TransferAct::Cancel => Self::CancelTransfer,
            TransferAct::Ship => Self::ShipTransfer,
            TransferAct::Receive => Self::ReceiveTransfer,
            TransferAct::ReceiveRest => Self::ReceiveRestOfTransfer,
            TransferAct::Settle => Self::SettleTransfer,
        }
    }

    /// What staff or a program did to an order to a supplier.
    pub fn on_purchase(act: PurchaseAct) -> Self {
        match act {
            PurchaseAct::Draft => Self::DraftPurchase,
            PurchaseAct::Submit => Self::SubmitPurchase,
            PurchaseAct::Approve => Self::ApprovePurchase,
            PurchaseAct::Reject => Self::RejectPurchase,
            PurchaseAct::Cancel => Self::CancelPurchase,
            PurchaseAct::ReceivePart | PurchaseAct::ReceiveAll => Self::ReceivePurchase,
            PurchaseAct::Close => Self::ClosePurchase,
            PurchaseAct::Return => Self::ReturnPurchase,
        }
    }

    /// What staff or a program did to an order; nothing for what shoppers and the server do, which the order's
    /// steps tell.
    pub fn on_order(act: OrderAct) -> Option<Self> {
        match act {
            OrderAct::Accept => Some(Self::Accept),
            OrderAct::Prepare => Some(Self::Prepare),
            OrderAct::Redeem => Some(Self::Redeem),
            OrderAct::Dispatch => Some(Self::Dispatch),
            OrderAct::Deliver => Some(Self::Deliver),
            OrderAct::Undelivered => Some(Self::Undelivered),
            OrderAct::Reject => Some(Self::Reject),
            OrderAct::CallOff => Some(Self::CallOff),
            OrderAct::Reroute => Some(Self::Reroute),
            OrderAct::Place | OrderAct::Pay | OrderAct::Revive | OrderAct::Expire | OrderAct::Cancel => None,
        }
    }
}

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
