//! What can be allowed, and the roles that are there from the first day.

use serde::{Deserialize, Serialize};

use crate::stores::words;

/// One thing that can be allowed. Each use case of staff names the one it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum Permission {
    /// See stores as staff see them.
    ReadStores,
    /// Change what stores show of themselves: their photos, their papers.
    EditStores,
    /// See orders.
    ReadOrders,
    /// See the whole phone of whoever ordered; others see `138****8000` ([`super::Column`]).
    SeePhones,
    /// Accept, prepare, redeem.
    FulfilOrders,
    /// Turn an order down, which gives the money back.
    RejectOrders,
    /// Call orders off, give them to another store, write about them.
    ManageOrders,
    /// Pay completed orders back without anybody asking, and bring refunds that the gateway refused to an end.
    RefundOrders,
    /// Decide on what shoppers ask for after the sale, at the store that sold.
    DecideReturns,
    /// Decide where a shopper does not take the store's refusal.
    ArbitrateReturns,
    /// See figures of sales.
    ReadSales,
    /// Propose for a store what somebody above it decides: prices, adjustments of stock.
    ProposeChanges,
    /// Decide on what stores propose.
    DecideProposals,
    /// Count what is there, report losses, heed alerts. A store's manager decides on small differences themselves,
    /// who proposes for the store; whoever decides on proposals decides on all.
    CountStock,
    /// Take goods in, and send off and take in what is transferred.
    ReceiveGoods,
    /// Ask others for goods, and agree to send them.
    MoveStock,
    /// Run warehouses and what goes out of them, and say what stores pay for it. It concerns all stores, so only a
    /// reach of all of them is enough.
    ManageSupply,
    /// Say what sending goods costs, which stores send them, and which store an order goes to. It concerns all stores,
    /// so only a reach of all of them is enough.
    ManageFreight,
    /// Buy: suppliers, their prices, orders to them, what is sent back. It concerns all stores and warehouses, so only
    /// a reach of all of them is enough.
    ManagePurchasing,
    /// Enter suppliers' invoices and say that they are paid. Suppliers are the whole chain's, so only a reach of all
    /// stores is enough.
    PaySuppliers,
    /// See what goods cost and the margin that is left ([`super::Column`]).
    SeeCosts,
    /// Use head office's pages.
    UseHq,
    /// Import stores and products from tables. An import may touch any store, so only a reach of all of
    /// them is enough.
    ManageImports,
    /// Give keys of the API to partners' programs, and tell them what happens. Both may concern any
    /// store, so only a reach of all of them is enough.
    ManagePartners,
    /// Make accounts, and give grants that are no wider than one's own.
    ManageStaff,
    /// Make roles, groups of stores and merchants. Any of them may be used anywhere, so only a reach of all
    /// stores is enough.
    ManageRoles,
    /// See who changed what.
    ReadAudit,
}

words!(Permission:
    ReadStores = "read_stores" / "查看门店", EditStores = "edit_stores" / "编辑门店资料",
    ReadOrders = "read_orders" / "查看订单",
    SeePhones = "see_phones" / "查看完整手机号",
    FulfilOrders = "fulfil_orders" / "接单、备货、核销", RejectOrders = "reject_orders" / "拒单退款",
    ManageOrders = "manage_orders" / "订单调度：改店、取消、备注",
    RefundOrders = "refund_orders" / "总部退款与异常退款",
    DecideReturns = "decide_returns" / "审核售后", ArbitrateReturns = "arbitrate_returns" / "仲裁售后",
    ReadSales = "read_sales" / "查看销售数据",
    ProposeChanges = "propose_changes" / "提交门店申请", DecideProposals = "decide_proposals" / "审批门店申请",
    CountStock = "count_stock" / "盘点、报损与库存提醒",
    ReceiveGoods = "receive_goods" / "收货、发货", MoveStock = "move_stock" / "要货与调拨",
    ManageSupply = "manage_supply" / "管理仓库与供货",
    ManageFreight = "manage_freight" / "管理运费与快递",
    ManagePurchasing = "manage_purchasing" / "采购与供应商", PaySuppliers = "pay_suppliers" / "供应商发票与付款",
    SeeCosts = "see_costs" / "查看成本与毛利",
    UseHq = "use_hq" / "进入总部后台",
    ManageImports = "manage_imports" / "批量导入",
    ManagePartners = "manage_partners" / "管理开放接口",
    ManageStaff = "manage_staff" / "管理员工与授权",
    ManageRoles = "manage_roles" / "管理角色、门店组与商户",
    ReadAudit = "read_audit" / "查看操作日志");

impl Permission {
    /// Whether it is the daily work of a store.
    pub fn is_store_work(self) -> bool {
        use Permission::*;
        matches!(
            self,
            ReadStores
                | EditStores
                | ReadOrders
                | FulfilOrders
                | RejectOrders
                | DecideReturns
                | ReadSales
                | ProposeChanges
                | CountStock
                | ReceiveGoods
                | MoveStock
        )
    }

    /// Whether it comes to nothing where the grant that gives it does not reach every store.
    pub fn needs_everywhere(self) -> bool {
        matches!(
            self,
            Self::ManageImports
                | Self::ManagePartners
                | Self::ManageRoles
                | Self::ManageSupply
                | Self::ManagePurchasing
                | Self::PaySuppliers
                | Self::ManageFreight
        )
    }
}

/// A role that is there from the first day. Customers make others beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum Role {
    /// 总部超级管理员
    SuperAdmin,
    /// 总部商品部
    GoodsDepartment,
    /// 总部营销部
    MarketingDepartment,
    /// 总部财务部
    FinanceDepartment,
    /// 总部客服部
    ServiceDepartment,
    /// 区域经理
    RegionalManager,
    /// 店长
    StoreManager,
    /// 店员
    Clerk,
    /// 商户负责人
    MerchantOwner,
    /// 商户店员
    MerchantStaff,
}

words!(Role:
    SuperAdmin = "super_admin" / "总部管理员", GoodsDepartment = "goods_department" / "总部商品部",
    MarketingDepartment = "marketing_department" / "总部营销部", FinanceDepartment = "finance_department" / "总部财务部",
    ServiceDepartment = "service_department" / "总部客服部", RegionalManager = "regional_manager" / "区域经理",
    StoreManager = "store_manager" / "店长", Clerk = "clerk" / "店员",
    MerchantOwner = "merchant_owner" / "商户负责人", MerchantStaff = "merchant_staff" / "商户店员");

impl Role {
    /// What the role allows.
    pub fn permissions(self) -> &'static [Permission] {
        use Permission::*;
        match self {
            Self::SuperAdmin => Permission::ALL,
            Self::GoodsDepartment => &[
                ReadStores,
                UseHq,
                ManageImports,
                DecideProposals,
                CountStock,
                ManageSupply,
                ManagePurchasing,
                ManageFreight,
                SeeCosts,
            ],
            Self::MarketingDepartment => &[ReadStores, EditStores, ReadSales, UseHq],
            Self::FinanceDepartment => {
                &[ReadStores, ReadOrders, ReadSales, RefundOrders, UseHq, ReadAudit, PaySuppliers, SeeCosts]
            }
            Self::ServiceDepartment => &[
                ReadStores,
                ReadOrders,
                SeePhones,
                RejectOrders,
                ManageOrders,
                RefundOrders,
                DecideReturns,
                ArbitrateReturns,
                UseHq,
            ],
            Self::RegionalManager => &[
                ReadStores,
                EditStores,
                ReadOrders,
                ManageOrders,
                DecideReturns,
                ArbitrateReturns,
                ReadSales,
                DecideProposals,
                CountStock,
                UseHq,
                ManageStaff,
                ReadAudit,
            ],
            Self::StoreManager => &[
                ReadStores,
                EditStores,
                ReadOrders,
                FulfilOrders,
                RejectOrders,
                DecideReturns,
                ReadSales,
                ProposeChanges,
                CountStock,
                ReceiveGoods,
                MoveStock,
            ],
            Self::Clerk | Self::MerchantStaff => &[ReadStores, ReadOrders, FulfilOrders, CountStock, ReceiveGoods],
            Self::MerchantOwner => &[
                ReadStores,
                EditStores,
                ReadOrders,
                FulfilOrders,
                RejectOrders,
                DecideReturns,
                ReadSales,
                ProposeChanges,
                CountStock,
                ReceiveGoods,
                MoveStock,
                SeeCosts,
                UseHq,
                ManageStaff,
                ReadAudit,
            ],
        }
    }
}
