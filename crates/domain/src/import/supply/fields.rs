//! What rows of suppliers, orders, supply prices, allocations and lists tell, under which names.

use crate::import::Field;

/// Spells out a [`Field`]: its variants with our name, people's name, whether it is needed, how long it may be, and
/// what else people call it.
macro_rules! fields {
    ($(#[$doc:meta])* $name:ident: $($(#[$what:meta])* $variant:ident = $ours:literal / $label:literal, $needed:literal, $most:literal, [$($also:literal),*];)+) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$what])* $variant,)+
        }

        impl Field for $name {
            const ALL: &'static [Self] = &[$(Self::$variant,)+];

            fn place(self) -> usize {
                self as usize
            }

            fn ours(self) -> &'static str {
                match self { $(Self::$variant => $ours,)+ }
            }

            fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)+ }
            }

            fn expected(self) -> &'static str {
                self.label()
            }

            fn also(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($also),*],)+ }
            }

            fn is_needed(self) -> bool {
                match self { $(Self::$variant => $needed,)+ }
            }

            fn most(self) -> usize {
                match self { $(Self::$variant => $most,)+ }
            }
        }
    };
}

fields!(
    /// What a row tells of a supplier and one of their prices.
    SupplierField:
    /// The supplier's code.
    Supplier = "supplier" / "供应商编号", true, 20, ["供应商编码", "编号", "供应商代码"];
    /// The supplier's name; needed for one that is not there yet.
    Name = "name" / "供应商", false, 60, ["供应商名称", "名称"];
    /// Whom to speak to.
    Contact = "contact" / "联系人", false, 40, ["联络人"];
    /// Their phone.
    Phone = "phone" / "电话", false, 30, ["联系电话", "手机"];
    /// How many days after its date an invoice is due.
    Terms = "terms" / "账期(天)", false, 10, ["账期", "账期天数", "账期（天）"];
    /// How many days after an order its goods arrive.
    Lead = "lead" / "提前期(天)", false, 10, ["提前期", "到货周期(天)", "到货周期", "交期", "提前期（天）"];
    /// The variant's code or barcode; empty for a row that only tells of the supplier.
    Sku = "sku" / "SKU", false, 60, ["商品编码", "SKU编码", "规格编码", "条码", "条形码", "货号"];
    /// What a piece costs with taxes, in yuan.
    Price = "price" / "含税进价(元)", false, 20, ["含税进价", "进价", "进价(元)", "采购价", "单价", "含税进价（元）"];
    /// How many pieces a pack has.
    Pack = "pack" / "每箱件数", false, 10, ["装箱数", "箱规", "装箱"];
    /// The fewest pieces of an order.
    Minimum = "minimum" / "起订量", false, 10, ["起订件数", "最小起订量", "MOQ", "起订"];
    /// From which day on.
    From = "from" / "生效日", false, 20, ["生效日期", "生效"];
);

fields!(
    /// What a row tells of an order to a supplier.
    PurchaseField:
    /// The supplier's code.
    Supplier = "supplier" / "供应商编号", true, 20, ["供应商编码", "供应商", "供应商代码"];
    /// The code of the warehouse or store that it comes to.
    Place = "place" / "收货方编号", true, 60, ["仓库编号", "门店编号", "收货仓库", "收货方", "仓库"];
    /// The variant's code or barcode.
    Sku = "sku" / "SKU", true, 60, ["商品编码", "SKU编码", "规格编码", "条码", "条形码", "货号"];
    /// How many pieces.
    Quantity = "quantity" / "数量", true, 20, ["件数", "订购件数", "采购数量", "订购数量"];
    /// What a piece costs with taxes, in yuan; the supplier's price where it is empty.
    Price = "price" / "含税进价(元)", false, 20, ["含税进价", "进价", "进价(元)", "单价", "含税进价（元）"];
    /// When it is to arrive.
    Expected = "expected" / "预计到货", false, 20, ["到货日期", "预计到货日", "交货日期"];
);

fields!(
    /// What a row tells of what stores pay for what a warehouse sends.
    SupplyPriceField:
    /// The variant's code or barcode.
    Sku = "sku" / "SKU", true, 60, ["商品编码", "SKU编码", "规格编码", "条码", "条形码", "货号"];
    /// For all stores of an ownership.
    Ownership = "ownership" / "经营方式", false, 20, ["加盟类型", "门店类型", "经营模式"];
    /// For one store, by its code.
    Store = "store" / "门店编号", false, 60, ["店号", "门店编码"];
    /// The price of a piece in yuan; empty removes it.
    Price = "price" / "供货价(元)", true, 20, ["供货价", "加盟供货价", "价格", "单价", "供货价（元）"];
);

fields!(
    /// What a row tells of what a warehouse sends to a store.
    AllocationField:
    /// The warehouse's code.
    Warehouse = "warehouse" / "仓库编号", true, 60, ["发货仓库", "仓库编码", "仓库"];
    /// The store's code.
    Store = "store" / "门店编号", true, 60, ["店号", "门店编码", "门店"];
    /// The variant's code or barcode.
    Sku = "sku" / "SKU", true, 60, ["商品编码", "SKU编码", "规格编码", "条码", "条形码", "货号"];
    /// How many pieces.
    Quantity = "quantity" / "数量", true, 20, ["件数", "配货数量", "分配数量", "配货件数"];
);

fields!(
    /// What a row of a list of goods tells: what a scanner found, what a delivery note says.
    ListedField:
    /// The variant's code or barcode.
    Sku = "sku" / "SKU", true, 64, ["编码", "商品编码", "SKU编码", "SKU 编码", "规格编码", "条码", "条形码", "商品条码", "货号", "code", "barcode"];
    /// How many pieces.
    Quantity = "pieces" / "件数", false, 20, ["数量", "盘点数", "盘点件数", "实收", "本次实收", "实收件数", "到货数量", "quantity", "qty"];
    /// The code of their batch.
    Batch = "batch" / "批次号", false, 40, ["批次", "批号", "生产批号"];
    /// Their last day.
    Expires = "expires" / "到期日", false, 20, ["有效期至", "有效期", "保质期至", "到期日期", "失效日期"];
    /// What a piece cost, in yuan.
    Price = "price" / "进价(元)", false, 20, ["进价", "进价（元）", "含税进价", "含税进价(元)", "含税进价（元）", "采购价", "单价"];
);

fields!(
    /// What a row of a list of losses tells.
    LostField:
    /// The variant's code or barcode.
    Sku = "sku" / "SKU", true, 64, ["编码", "商品编码", "SKU编码", "SKU 编码", "规格编码", "条码", "条形码", "商品条码", "货号", "code", "barcode"];
    /// How many pieces.
    Quantity = "pieces" / "件数", true, 20, ["数量", "报损件数", "报损数量", "quantity", "qty"];
    /// Why they are gone.
    Kind = "kind" / "类型", true, 20, ["报损类型", "损耗类型"];
    /// How it came about.
    Reason = "reason" / "原因", true, 200, ["报损原因", "说明", "备注"];
    /// The code of their batch.
    Batch = "batch" / "批次号", false, 40, ["批次", "批号", "生产批号"];
);

fields!(
    /// What a row of thresholds tells: for which goods at which place, and one column for each alert.
    ThresholdField:
    /// The code of a store or warehouse; where it is empty the row is for the place, or for all places, of the page.
    Place = "place" / "门店或仓库编号", false, 60, ["门店编号", "仓库编号", "门店编码", "店号", "地点编号"];
    /// The variant's code or barcode.
    Sku = "sku" / "SKU", false, 64, ["编码", "商品编码", "SKU编码", "SKU 编码", "规格编码", "条码", "条形码", "商品条码", "货号"];
    /// The code of a category, or the word for all goods.
    Category = "category" / "分类编码", false, 64, ["分类", "分类编号", "类目编码"];
    /// So few can still be promised.
    Low = "low" / "库存不足(件)", false, 20, ["库存不足", "库存不足（件）", "低库存", "库存下限", "下限"];
    /// So many lie there.
    High = "high" / "库存过多(件)", false, 20, ["库存过多", "库存过多（件）", "高库存", "库存上限", "上限"];
    /// None was handed over for so many days.
    Slow = "slow" / "滞销(天)", false, 20, ["滞销", "滞销天数", "滞销（天）"];
    /// They may be sold for so many more days.
    Expiring = "expiring" / "临期(天)", false, 20, ["临期", "临期天数", "临期（天）"];
);
