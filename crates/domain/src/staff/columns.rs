//! Rights to columns: what of a row not everybody sees whole who sees the row.
//!
//! This table is the rule. A use case that shows one of these columns asks it for a [`Sight`], and never the
//! permission itself; a new column is a variant here, with what shows it and what others see instead.

use super::{Permission, Reach};
use crate::{StoreId, text};

/// A column that is shown whole only to those with its permission at the row's store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// The phone of whoever ordered.
    ShopperPhone,
    /// What goods cost, what suppliers ask for them, and the margin that is left.
    Cost,
}

impl Column {
    /// What shows it whole.
    pub fn needs(self) -> Permission {
        match self {
            Self::ShopperPhone => Permission::SeePhones,
            Self::Cost => Permission::SeeCosts,
        }
    }

    /// What of a value everybody else sees: `138****8000`.
    fn masked(self, value: &str) -> String {
        match self {
            Self::ShopperPhone => text::masked_phone(value),
            Self::Cost => "—".to_owned(),
        }
    }
}

/// How somebody sees a column.
#[derive(Clone, Debug)]
pub struct Sight {
    column: Column,
    /// Where it is shown to them whole; nowhere where nothing stands here.
    whole: Option<Reach>,
}

impl Sight {
    /// The sight of somebody whose [`Column::needs`] reaches so far.
    pub fn new(column: Column, whole: Option<Reach>) -> Self {
        Self { column, whole }
    }

    /// Whether a row of this store is seen whole.
    pub fn is_whole(&self, store: StoreId) -> bool {
        self.whole.as_ref().is_some_and(|reach| reach.covers(store))
    }

    /// Whether every row is seen whole, also one of no store.
    pub fn is_whole_everywhere(&self) -> bool {
        self.whole == Some(Reach::All)
    }

    /// A value as it is shown in a row of this store.
    pub fn show(&self, store: StoreId, value: String) -> String {
        if self.is_whole(store) { value } else { self.column.masked(&value) }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_phone_is_whole_only_where_the_permission_reaches() {
        let (here, there) = (StoreId(Uuid::from_u128(1)), StoreId(Uuid::from_u128(2)));
        let shown =
            |whole: Option<Reach>, store| Sight::new(Column::ShopperPhone, whole).show(store, "13800138000".to_owned());
        assert_eq!(shown(Some(Reach::Stores(vec![here])), here), "13800138000");
        assert_eq!(shown(Some(Reach::Stores(vec![here])), there), "138****8000");
        assert_eq!(shown(Some(Reach::All), there), "13800138000");
        assert_eq!(shown(None, here), "138****8000");
    }
}
