//! How long after the goods were handed over what may be asked for. A category may have terms of its own; for all
//! others the default here holds.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::AfterSalesKind;

/// Hours from handing over for each kind; nothing where it cannot be asked for at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema), schema(as = AfterSalesTerms))]
pub struct Terms {
    pub refund_only_hours: Option<i32>,
    pub return_hours: Option<i32>,
    pub exchange_hours: Option<i32>,
}

impl Terms {
    /// Packed goods: seven days without a reason, fifteen to exchange.
    pub const DEFAULT: Self = Self { refund_only_hours: Some(168), return_hours: Some(168), exchange_hours: Some(360) };
    /// What is made when it is ordered, and eaten or drunk: the money within a day, and nothing comes back.
    pub const MADE_TO_ORDER: Self = Self { refund_only_hours: Some(24), return_hours: None, exchange_hours: None };

    /// Until when this kind may be asked for; `None` where it may not at all.
    pub fn until(self, kind: AfterSalesKind, handed_over_at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let hours = match kind {
            AfterSalesKind::RefundOnly => self.refund_only_hours,
            AfterSalesKind::Return => self.return_hours,
            AfterSalesKind::Exchange => self.exchange_hours,
        };
        handed_over_at.checked_add_signed(Duration::hours(hours?.into()))
    }
}
