//! What a shopper gets for goods that they have posted is sent to them, where the store that sold sends by express: with
//! its number the goods are counted, other goods leave and the request is over, as where somebody comes for them.

use std::sync::Arc;

use domain::{
    AddressId, AfterSalesId, Fault, StoreId,
    after_sales::{
        AfterSalesKind, AfterSalesState, ExchangeAddress, PostedReturn, ReceivedLine, SendExchange, SentExchange,
    },
    fulfilment::{AddressView, Fulfilment},
};
use sqlx::PgConnection;

use super::{Request, post, receive};
use crate::{
    Scope,
    database::OrFault,
    fulfilment::{addresses, reaches},
    memory,
    stores::kept::Stores,
};

/// Where a shopper wants what they get to be sent, if at all.
pub(super) struct Wish {
    id: Option<AddressId>,
    /// Nothing where it is not, or no more, in their book.
    address: Option<AddressView>,
    stores: Arc<Stores>,
}

impl Wish {
    /// Reads the address of whoever asks, before anything is locked.
    ///
    /// Faults: `Unauthenticated`.
    pub async fn of(scope: &Scope, id: Option<AddressId>) -> Result<Self, Fault> {
        let address = match id {
            None => None,
            Some(id) => match addresses::show(scope, id).await {
                Ok(address) => Some(address),
                Err(Fault::NotFound(_)) => None,
                Err(fault) => return Err(fault),
            },
        };
        Ok(Self { id, address, stores: memory::stores(scope).await? })
    }

    /// Whether this is what was said before, as the book has it by now: an entry that was put right since is something
    /// else. One that has left the book stays what it was.
    pub fn is_of(&self, known: Option<&PostedReturn>) -> bool {
        let kept = known.and_then(|known| known.send_to.as_ref());
        match &self.address {
            Some(to) => kept == Some(&as_kept(to)),
            None => kept.map(|to| to.id) == self.id,
        }
    }

    /// Refuses what the store that sold does not do.
    ///
    /// Faults: `Invalid` beside `send_to`.
    pub fn must_fit(&self, request: &Request, known: Option<&PostedReturn>) -> Result<(), Fault> {
        if self.id.is_none() || self.is_of(known) {
            return Ok(());
        }
        let wrong = |message: String| Err(Fault::invalid("send_to", message));
        if request.kind != AfterSalesKind::Exchange {
            return wrong("只有换货可以选择把换的商品寄给您".into());
        }
        let Some(to) = &self.address else { return wrong("没有这个地址，请重新选择".into()) };
        let store = self.stores.with_id(request.store.0);
        if !store.is_some_and(|store| reaches(store, Fulfilment::Express, &to.address.region_code, None)) {
            return wrong(format!("这家门店不寄送到{}，请换一个地址，或到店领取", to.region));
        }
        Ok(())
    }

    /// Keeps the address as it is now, or that the shopper comes.
    pub async fn keep(&self, tx: &mut PgConnection, id: AfterSalesId) -> Result<(), Fault> {
        let Some(to) = &self.address else {
            let gone = sqlx::query!("delete from after_sales_addresses where after_sales_id = $1", id.0);
            return gone.execute(tx).await.or_fault().map(|_| ());
        };
        let to = as_kept(to);
        sqlx::query!(
            "insert into after_sales_addresses (after_sales_id, address_id, name, phone, address) values ($1, $2, $3, $4, $5)
             on conflict (after_sales_id) do update
             set address_id = excluded.address_id, name = excluded.name, phone = excluded.phone, address = excluded.address",
            id.0,
            to.id.0,
            to.name,
            to.phone,
            to.address,
        )
        .execute(tx)
        .await
        .or_fault()?;
        Ok(())
    }
}

/// An address of the book as it is written beside the request.
fn as_kept(to: &AddressView) -> ExchangeAddress {
    ExchangeAddress {
        id: to.id,
        name: to.address.name.clone(),
        phone: to.address.phone.as_str().to_owned(),
        address: to.text(),
    }
}

/// Whether a store sends by express at all.
pub(super) async fn sends(scope: &Scope, store: StoreId) -> Result<bool, Fault> {
    Ok(memory::stores(scope).await?.with_id(store.0).is_some_and(|store| store.sending().is_some()))
}

/// Where what comes in exchange is to be sent; nothing where the shopper comes for it, or has gone.
pub(super) async fn address(tx: &mut PgConnection, id: AfterSalesId) -> Result<Option<ExchangeAddress>, Fault> {
    let row = sqlx::query!(
        "select address_id, name, phone, address from after_sales_addresses where after_sales_id = $1",
        id.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    Ok(row.map(|row| ExchangeAddress {
        id: AddressId(row.address_id),
        name: row.name,
        phone: row.phone,
        address: row.address,
    }))
}

/// Takes in the goods of a locked request and sends others, for the caller to commit.
///
/// Faults: as of [`super::arrive`].
pub(super) async fn out(
    tx: &mut PgConnection,
    scope: &Scope,
    request: &mut Request,
    (lines, command): (&[ReceivedLine], &SendExchange),
) -> Result<(), Fault> {
    let command = command.checked()?;
    let known = post::posted(tx, request.id).await?;
    let is_same =
        |sent: &SentExchange| sent.carrier == command.carrier && sent.tracking_number == command.tracking_number;
    match known.as_ref().and_then(|known| known.sent.as_ref()) {
        Some(sent) if !is_same(sent) => {
            let message = format!("换的商品已寄出（{}），单号不能再改", sent.text());
            return Err(Fault::conflict("already_sent", message));
        }
        None if request.received_at.is_some() || known.as_ref().is_none_or(|known| known.send_to.is_none()) => {
            let message = "换的商品由顾客到店领取，或已在柜台交给顾客，不用寄出";
            return Err(Fault::conflict("comes_for_it", message));
        }
        None if request.state == AfterSalesState::Agreed && !request.arrived => {
            let message = "请先登记到店：登记后顾客不能再改地址，再打包寄出";
            return Err(Fault::conflict("not_arrived", message));
        }
        _ => {}
    }
    let store = request.store;
    receive::take(tx, scope, request, store, lines).await?;
    sqlx::query!(
        "update after_sales_parcels set sent_carrier = $2, sent_number = $3, sent_at = $4
         where after_sales_id = $1 and sent_at is null",
        request.id.0,
        command.carrier.code(),
        command.tracking_number,
        scope.now,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}
