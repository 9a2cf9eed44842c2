//! Goods come back by post: to the store that sold, where it has an address for that. Its people take them in without a
//! code, since the shopper's number says whose they are. An exchange waits at the store until the shopper comes for what
//! they get instead, with the code, or it is sent to them: nothing moves before.

use chrono::Duration;
use domain::{
    AfterSalesId, Fault, StoreId,
    after_sales::{
        AfterSalesAct, AfterSalesKind, AfterSalesState, ArriveReturn, PostReturn, PostedReturn, RefuseArrived,
        ReturnAddress, ReturnsByPost, SentExchange,
    },
    audit::{Act, ObjectKind},
    express::Carrier,
    staff::Permission,
};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::{Request, advance, decide, lock, not_found, receive, send, write_step};
use crate::{
    Scope,
    audit::{self, Change},
    database::OrFault,
    faults::{self, Deed},
};

/// How long goods may be on their way until head office is asked what became of them.
pub(super) const ARRIVE_WITHIN: Duration = Duration::days(15);

const NO_STORE: Fault = Fault::NotFound("这家门店");

/// Where a store takes parcels with goods that come back, to those who may change it.
///
/// Faults: `Forbidden`; `NotFound` out of reach.
pub async fn return_address(scope: &Scope, store: StoreId) -> Result<ReturnsByPost, Fault> {
    let mut tx = scope.begin().await?;
    must_edit(&mut tx, scope, store).await?;
    Ok(ReturnsByPost { address: read_address(&mut tx, store).await? })
}

/// Sets it, or takes it away: then goods are brought alone. What is on its way stays on its way. Saying it twice is saying
/// it once.
///
/// Faults: `Invalid` beside `name`, `phone` or `address`; `Forbidden`; `NotFound` out of reach.
pub async fn set_return_address(scope: &Scope, store: StoreId, command: &ReturnsByPost) -> Result<(), Fault> {
    let after = command.address.as_ref().map(ReturnAddress::checked).transpose()?;
    let mut tx = scope.begin().await?;
    must_edit(&mut tx, scope, store).await?;
    let before = read_address(&mut tx, store).await?;
    if before == after {
        return Ok(());
    }
    write_address(&mut tx, scope, store, after.as_ref()).await?;
    // Who takes the parcels is a person: the log says where to alone.
    let told = |one: &Option<ReturnAddress>| one.as_ref().map_or(Value::Null, |one| json!({ "address": one.address }));
    let change = Change {
        act: Act::SaveReturnAddress,
        object: ObjectKind::Store,
        object_id: store.0,
        store_id: Some(store.0),
        before: told(&before),
        after: told(&after),
        reason: "",
    };
    audit::record(&mut tx, scope, change).await?;
    tx.commit().await.or_fault()
}

async fn must_edit(tx: &mut PgConnection, scope: &Scope, store: StoreId) -> Result<(), Fault> {
    if !scope.reach(Permission::EditStores)?.covers(store) {
        return Err(NO_STORE);
    }
    // Two who save at once do so one after the other.
    let there = sqlx::query_scalar!("select id from stores where id = $1 for no key update", store.0)
        .fetch_optional(tx)
        .await
        .or_fault()?;
    there.map(|_| ()).ok_or(NO_STORE)
}

async fn read_address(tx: &mut PgConnection, store: StoreId) -> Result<Option<ReturnAddress>, Fault> {
    let row = sqlx::query!("select name, phone, address from return_addresses where store_id = $1", store.0)
        .fetch_optional(tx)
        .await
        .or_fault()?;
    Ok(row.map(|row| ReturnAddress { name: row.name, phone: row.phone, address: row.address }))
}

async fn write_address(
    tx: &mut PgConnection,
    scope: &Scope,
    store: StoreId,
    address: Option<&ReturnAddress>,
) -> Result<(), Fault> {
    let Some(ReturnAddress { name, phone, address }) = address else {
        let gone = sqlx::query!("delete from return_addresses where store_id = $1", store.0);
        return gone.execute(tx).await.or_fault().map(|_| ());
    };
    sqlx::query!(
        "insert into return_addresses (store_id, name, phone, address, changed_at) values ($1, $2, $3, $4, $5)
         on conflict (store_id) do update
         set name = excluded.name, phone = excluded.phone, address = excluded.address, changed_at = excluded.changed_at",
        store.0,
        name,
        phone,
        address,
        scope.now,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Where the goods of a request may be sent: to the store that sold, where it is not closed and has an address. A shopper
/// does not see the address book of stores, so the server looks.
pub(super) async fn place_for(scope: &Scope, store: StoreId) -> Result<Option<ReturnAddress>, Fault> {
    let row = sqlx::query!(
        "select r.name, r.phone, r.address from return_addresses r join stores s on s.id = r.store_id
         where r.store_id = $1 and s.state <> 'closed'",
        store.0,
    )
    .fetch_optional(&scope.house.pool)
    .await
    .or_fault()?;
    Ok(row.map(|row| ReturnAddress { name: row.name, phone: row.phone, address: row.address }))
}

/// What a shopper has sent.
pub(super) async fn posted(tx: &mut PgConnection, id: AfterSalesId) -> Result<Option<PostedReturn>, Fault> {
    let row = sqlx::query!(
        "select carrier, tracking_number, posted_at, arrived_at, sent_carrier, sent_number, sent_at
         from after_sales_parcels where after_sales_id = $1",
        id.0,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let Some(row) = row else { return Ok(None) };
    let carrier = |code: &str| Carrier::from_code(code).unwrap_or(Carrier::Other);
    let sent = row.sent_carrier.zip(row.sent_number).zip(row.sent_at);
    Ok(Some(PostedReturn {
        carrier: carrier(&row.carrier),
        tracking_number: row.tracking_number,
        posted_at: row.posted_at,
        arrived_at: row.arrived_at,
        send_to: send::address(tx, id).await?,
        sent: sent.map(|((code, tracking_number), sent_at)| SentExchange {
            carrier: carrier(&code),
            tracking_number,
            sent_at,
        }),
    }))
}

/// Says that the goods of one's own request were sent, or, while they have not arrived, under which other number, and of
/// an exchange where what comes instead is to be sent. From the first time on the request does not expire: what has not
/// come after fifteen days is asked of head office. The same again is the same.
///
/// Faults: `Invalid` beside `tracking_number`, or `send_to` for an address that is not in one's book or to which the store
/// does not send; `NotFound` for another's; `Conflict` (`not_now`), (`return_expired`),
/// (`no_return_address`) where the store takes no parcels, (`already_arrived`) for another number or address by then.
pub async fn post(scope: &Scope, id: AfterSalesId, command: &PostReturn) -> Result<(), Fault> {
    let command = command.checked()?;
    let wish = send::Wish::of(scope, command.send_to).await?;
    let mut tx = scope.begin().await?;
    let mut request = decide::lock_own(&mut tx, scope, id).await?;
    let known = posted(&mut tx, id).await?;
    let is_parcel =
        |known: &PostedReturn| known.carrier == command.carrier && known.tracking_number == command.tracking_number;
    if known.as_ref().is_some_and(|known| is_parcel(known) && wish.is_of(Some(known))) {
        return Ok(());
    }
    if known.as_ref().is_some_and(|known| known.arrived_at.is_some()) {
        let message = match known.as_ref().is_some_and(is_parcel) {
            true => "商品已到店，不能再改换的商品寄到哪里；还没有寄出的，可以凭售后码到门店领取",
            false => "商品已到店，单号不能再改",
        };
        return Err(Fault::conflict("already_arrived", message));
    }
    receive::must_be_in_time(scope, &request)?;
    if place_for(scope, request.store).await?.is_none() {
        return Err(Fault::conflict("no_return_address", "这家门店不收寄回的商品，请带商品和售后码到门店"));
    }
    wish.must_fit(&request, known.as_ref())?;
    let note = format!("{} {}", command.carrier.label(), command.tracking_number);
    if known.is_some() && request.state == AfterSalesState::Agreed {
        write_step(&mut tx, scope, id, (AfterSalesAct::Post, request.state), &note).await?;
    } else {
        advance(&mut tx, scope, &mut request, AfterSalesAct::Post, &note).await?;
    }
    sqlx::query!(
        "insert into after_sales_parcels (after_sales_id, carrier, tracking_number, posted_at) values ($1, $2, $3, $4)
         on conflict (after_sales_id) do update
         set carrier = excluded.carrier, tracking_number = excluded.tracking_number",
        id.0,
        command.carrier.code(),
        command.tracking_number,
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    if !wish.is_of(known.as_ref()) {
        wish.keep(&mut tx, id).await?;
    }
    tx.commit().await.or_fault()
}

/// Locks a request whose goods were sent to a store where whoever asks stands at the counter.
async fn lock_posted(tx: &mut PgConnection, scope: &Scope, id: AfterSalesId) -> Result<Request, Fault> {
    let reach = scope.reach(Permission::FulfilOrders)?;
    let request = lock(tx, id).await?;
    if !reach.covers(request.store) {
        return Err(not_found());
    }
    if !request.posted {
        let message = "顾客没有寄回这张售后单的商品；商品已在柜台的，请用顾客的售后码收货";
        return Err(Fault::conflict("not_posted", message));
    }
    Ok(request)
}

/// Takes in what has arrived by post: as over the counter, each piece by its state, and what did not come leaves the
/// request. Of an exchange it is only noted that the goods are there; they are counted when the shopper comes with the
/// code, or what they get instead leaves in a parcel: with its number the request is over. It does not leave before the
/// goods were noted: until then the shopper may say another address. The same again is the same.
///
/// Faults: `Forbidden`; `NotFound` out of reach; `Invalid` as of [`super::receive`], beside `lines` where the lines of
/// an exchange are told before, beside `sent` where it is none, or beside `tracking_number`; `SoldOut` where what is to
/// be sent is not there; `Conflict` (`not_posted`, `already_received`, `not_now`, `store_closed`), (`comes_for_it`)
/// where nothing is to be sent, (`not_arrived`) before the goods were noted, (`already_sent`) under another number.
pub async fn arrive(scope: &Scope, id: AfterSalesId, command: &ArriveReturn) -> Result<(), Fault> {
    scope.reach(Permission::FulfilOrders)?;
    let mut tx = scope.house_begin().await?;
    let mut request = lock_posted(&mut tx, scope, id).await?;
    match (request.kind, &command.sent) {
        (AfterSalesKind::Exchange, Some(sent)) => {
            send::out(&mut tx, scope, &mut request, (command.lines.as_slice(), sent)).await?;
        }
        (AfterSalesKind::Exchange, None) => {
            if !command.lines.is_empty() {
                let message = "换货的商品等顾客到店用售后码收货，或寄出换的商品时再清点，现在只登记到店";
                return Err(Fault::invalid("lines", message));
            }
            note_arrival(&mut tx, scope, &mut request).await?;
        }
        (AfterSalesKind::RefundOnly | AfterSalesKind::Return, Some(_)) => {
            return Err(Fault::invalid("sent", "只有换货才寄出商品"));
        }
        (AfterSalesKind::RefundOnly | AfterSalesKind::Return, None) => {
            let store = request.store;
            receive::take(&mut tx, scope, &mut request, store, &command.lines).await?;
        }
    }
    faults::commit(tx, scope, Deed::ReceiveReturn).await
}

async fn note_arrival(tx: &mut PgConnection, scope: &Scope, request: &mut Request) -> Result<(), Fault> {
    if request.arrived && request.state == AfterSalesState::Agreed {
        return Ok(());
    }
    receive::must_take(tx, request.store, request.store).await?;
    advance(tx, scope, request, AfterSalesAct::Arrive, "").await?;
    sqlx::query!(
        "update after_sales_parcels set arrived_at = coalesce(arrived_at, $2) where after_sales_id = $1",
        request.id.0,
        scope.now,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Does not take in what has arrived by post: nothing is booked, and the shopper may appeal, as where a counter turns
/// goods away. The same again is the same.
///
/// Faults: `Forbidden`; `NotFound` out of reach; `Invalid` beside `note`; `Conflict` (`not_posted`, `not_now`, `upheld`,
/// `store_closed`).
pub async fn refuse_arrived(scope: &Scope, id: AfterSalesId, command: &RefuseArrived) -> Result<(), Fault> {
    scope.reach(Permission::FulfilOrders)?;
    let note = command.checked_note()?;
    let mut tx = scope.house_begin().await?;
    let mut request = lock_posted(&mut tx, scope, id).await?;
    let store = request.store;
    receive::refuse_goods(&mut tx, scope, &mut request, store, note).await?;
    faults::commit(tx, scope, Deed::DecideReturn).await
}
