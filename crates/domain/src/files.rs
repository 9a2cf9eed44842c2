//! Pictures and papers that people send, and what a store shows of them (C4, O1).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{FileId, LocationId, MemberId, StoreId, stores::words};

/// How many photos a store may have.
pub const PHOTOS_MOST: usize = 12;

/// What a file is sent for, and whose it becomes. It decides what is taken, and who may send and see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A picture for a store's page.
    StorePhoto(StoreId),
    /// A store's certificate or contract: a photo of it, or a PDF. Shown to nobody but those who may edit the store.
    StorePaper(StoreId),
    /// A picture that a member sends as proof after a sale. Private to them and the stores that it concerns.
    AfterSalesProof(MemberId),
    /// A picture that the store that sold, or head office, adds to a request after a sale. Private to the stores that it
    /// concerns, and to the shopper once it is shown to them.
    StoreProof(StoreId),
    /// A picture of what a store reports as lost. Shown to nobody but those who see the report.
    LossPhoto(StoreId),
    /// The same of a warehouse.
    WarehouseLossPhoto(LocationId),
    /// A merchant's licence, permit or contract: a photo of it, or a PDF. Shown to nobody but the merchant's owners and
    /// those who manage merchants.
    MerchantPaper(Uuid),
}

impl Purpose {
    /// As it stands in the database.
    pub fn code(self) -> &'static str {
        match self {
            Self::StorePhoto(_) => "store_photo",
            Self::StorePaper(_) => "store_paper",
            Self::AfterSalesProof(_) => "after_sales_proof",
            Self::StoreProof(_) => "after_sales_store_proof",
            Self::LossPhoto(_) | Self::WarehouseLossPhoto(_) => "loss_photo",
            Self::MerchantPaper(_) => "merchant_paper",
        }
    }

    /// The store whose it becomes.
    pub fn store(self) -> Option<StoreId> {
        match self {
            Self::StorePhoto(store) | Self::StorePaper(store) | Self::StoreProof(store) | Self::LossPhoto(store) => {
                Some(store)
            }
            Self::AfterSalesProof(_) | Self::WarehouseLossPhoto(_) | Self::MerchantPaper(_) => None,
        }
    }

    /// The warehouse whose it becomes.
    pub fn warehouse(self) -> Option<LocationId> {
        if let Self::WarehouseLossPhoto(warehouse) = self { Some(warehouse) } else { None }
    }

    /// The member whose it becomes.
    pub fn member(self) -> Option<MemberId> {
        if let Self::AfterSalesProof(member) = self { Some(member) } else { None }
    }

    /// The merchant whose it becomes.
    pub fn merchant(self) -> Option<Uuid> {
        if let Self::MerchantPaper(merchant) = self { Some(merchant) } else { None }
    }
}

/// In which form a file is kept and asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileSize {
    /// A picture to look at.
    Large,
    /// A picture for lists.
    Small,
    /// What is no picture, as it was sent.
    Whole,
}

words!(FileSize: Large = "large" / "大图", Small = "small" / "小图", Whole = "whole" / "原件");

/// A picture that everybody may see, in both of its sizes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Photo {
    /// Its identity.
    pub id: FileId,
    /// To look at.
    pub large: Rendition,
    /// For lists.
    pub small: Rendition,
}

/// One size of a picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Rendition {
    /// Its path on this site.
    pub url: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

impl Photo {
    /// The picture with this id, in sizes of so many pixels, width first.
    pub fn new(id: FileId, large: (u32, u32), small: (u32, u32)) -> Self {
        let of =
            |size: FileSize, (width, height)| Rendition { url: format!("/files/{id}/{}", size.code()), width, height };
        Self { id, large: of(FileSize::Large, large), small: of(FileSize::Small, small) }
    }
}

/// A photo of a store, as those see it who may change it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct StorePhoto {
    /// The picture; of one that was removed everybody else is told that there is none.
    #[serde(flatten)]
    pub photo: Photo,
    /// What it was called by whoever sent it.
    pub name: String,
    /// When it was sent.
    pub sent_at: DateTime<Utc>,
}

/// The photos of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct StorePhotos {
    /// Those that are shown, the cover first.
    pub shown: Vec<StorePhoto>,
    /// Those that were removed within a day and can be brought back, the last one first.
    pub removed: Vec<StorePhoto>,
}

/// Where a photo goes among its like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// To the first place: it becomes the cover.
    First,
    /// One place forward.
    Earlier,
    /// One place back.
    Later,
}

words!(Move: First = "first" / "设为封面", Earlier = "earlier" / "前移", Later = "later" / "后移");

/// The order after one of them was moved; as it was where it has no such place to go to.
pub fn moved(mut order: Vec<FileId>, one: FileId, to: Move) -> Vec<FileId> {
    let Some(at) = order.iter().position(|id| *id == one) else { return order };
    match to {
        Move::First => order[..=at].rotate_right(1),
        Move::Earlier if at > 0 => order.swap(at - 1, at),
        Move::Later if at + 1 < order.len() => order.swap(at, at + 1),
        Move::Earlier | Move::Later => {}
    }
    order
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_photo_moves_among_its_like_and_none_is_lost() {
        let id = |number| FileId(Uuid::from_u128(number));
        let order = || vec![id(1), id(2), id(3)];
        for (one, to, expected) in [
            (3, Move::First, [3, 1, 2]),
            (2, Move::Earlier, [2, 1, 3]),
            (2, Move::Later, [1, 3, 2]),
            (1, Move::Earlier, [1, 2, 3]),
            (3, Move::Later, [1, 2, 3]),
            (9, Move::First, [1, 2, 3]),
        ] {
            assert_eq!(moved(order(), id(one), to), expected.map(id), "{one} {to:?}");
        }
    }
}
