//! Figures for head office (R1).

use serde::{Deserialize, Serialize};

use crate::{Fen, StoreId};

/// What one store sold on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct StoreSales {
    /// The store.
    pub store_id: StoreId,
    /// Its name.
    pub name: String,
    /// Paid orders.
    pub orders: i64,
    /// What they came to, less what went back.
    pub sales_fen: Fen,
}

/// Sums of one day so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct DaySums {
    /// Paid orders.
    pub orders: i64,
    /// What they came to, less what went back.
    pub sales_fen: Fen,
    /// Members who bought.
    pub buyers: i64,
    /// Pieces sold.
    pub pieces: i64,
}

/// Sales of today, against the same hours of yesterday.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SalesToday {
    /// Since midnight in the zone of head office.
    pub today: DaySums,
    /// Yesterday, up to the same time of day.
    pub yesterday: DaySums,
    /// Sales in fen for each hour of today, 24 of them.
    pub by_hour_fen: Vec<i64>,
    /// The same of the whole of yesterday.
    pub yesterday_by_hour_fen: Vec<i64>,
    /// Stores that sold something, the best first.
    pub by_store: Vec<StoreSales>,
}
