//! What head office sends to stores: warehouses, goods that arrive, supply prices, tables of what goes where (K3).

mod allocation;
mod formula;
mod prices;
mod warehouses;

pub use allocation::{Allocate, AllocateRow, Allocated, AllocationView, ROWS_MOST};
pub use formula::{
    AllocationProposal, FORMULA_ROWS_MOST, FORMULA_SKUS_MOST, Formula, ProposeAllocation, ProposedRow, ProposedSku,
    StoreNeed, share_by, share_reason,
};
pub use prices::{PriceFor, SetSupplyPrice, SupplyPrice};
pub use warehouses::{ListStock, PiecePrice, ReceiptView, ReceiveGoods, SaveWarehouse, StockEntry, Warehouse};
