//! Holding goods before they are ordered, for sales that are over in seconds.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{HoldId, Quantity, SkuId, StoreId};

/// Holds some of a store's goods for a short time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct TakeHold {
    /// Made by the client; the idempotency key.
    pub id: HoldId,
    /// Which store's goods.
    pub store_id: StoreId,
    /// Which variant.
    pub sku_id: SkuId,
    /// How many.
    pub quantity: Quantity,
}

/// What a member holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct HoldView {
    /// Its identity.
    pub id: HoldId,
    /// Which store's goods.
    pub store_id: StoreId,
    /// Which variant.
    pub sku_id: SkuId,
    /// How many.
    pub quantity: Quantity,
    /// Until when, unless an order uses it or it is released before.
    pub expires_at: DateTime<Utc>,
}
