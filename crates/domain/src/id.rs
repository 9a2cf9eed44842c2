//! Identities. Each kind of thing has its own type, so that a store's id is never taken for a
//! product's. All are UUIDs made by whoever creates the thing, the client included.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )+};
}

ids! {
    /// A store 门店; also its stock location.
    StoreId,
    /// A brand under which stores and products are shown.
    BrandId,
    /// A product, the SPU 商品.
    ProductId,
    /// One sellable variant of a product.
    SkuId,
    /// A shopper's cart, of a visitor or a member.
    CartId,
    /// A member 会员.
    MemberId,
    /// A person who works for head office or a store.
    StaffId,
    /// An order; made by the client, and the idempotency key of placing it.
    OrderId,
    /// Orders placed at several stores at once; made by the client, and the idempotency key of placing them.
    CheckoutId,
    /// One attempt to pay.
    PaymentId,
    /// One return of money.
    RefundId,
    /// Several orders that head office does one thing with; made by the client.
    OrderBatchId,
    /// What a store proposes; made by the client, and the idempotency key of proposing it.
    ProposalId,
    /// A case of a variant of which more is promised at a store than is there.
    ShortageId,
    /// Goods held before they are ordered; made by the client, and the idempotency key of holding.
    HoldId,
    /// A picture or paper that somebody sent.
    FileId,
    /// What a shopper asks for after the sale; made by the client, and the idempotency key of asking.
    AfterSalesId,
    /// A shopper's request to call an order off; made by the client, and the idempotency key of asking.
    CancelRequestId,
    /// Where stock lies: a store, by the store's own id, or a warehouse.
    LocationId,
    /// A count of what is there; made by the client, and the idempotency key of beginning it.
    CountId,
    /// A report of a loss; made by the client, and the idempotency key of reporting it.
    LossId,
    /// Something that a store should know of its stock.
    AlertId,
    /// Goods that go from one location to another; made by whoever asks, and the idempotency key of asking.
    TransferId,
    /// A template that says what sending goods costs.
    FreightId,
    /// A parcel; made by the client, and the idempotency key of sending it off.
    ParcelId,
    /// Pieces of an order that are sent no more; made by the client, and the idempotency key of saying so.
    UnsentEndId,
    /// A rider's job; made by the client, the idempotency key of calling, and our number for it at the courier.
    RideId,
    /// Where a member has things sent; made by the client, and the idempotency key of adding it.
    AddressId,
    /// Somebody goods are bought from; made by the client.
    SupplierId,
    /// An order to a supplier; made by the client, and the idempotency key of drafting it.
    PurchaseId,
    /// A supplier's invoice; made by the client, and the idempotency key of entering it.
    InvoiceId,
    /// What was paid of a supplier's invoice; made by the client, and the idempotency key of entering it.
    SupplierPaymentId,
    /// That goods which lay apart went to their supplier, or were scrapped; made by the client.
    SetApartEndId,
    /// A sale at a store's counter; made by the client, and the idempotency key of booking it.
    CounterSaleId,
    /// That pieces of such a sale came back; made by the client.
    CounterReturnId,
}
