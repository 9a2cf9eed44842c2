//! What an order keeps of where it goes and of who brings it.

use domain::{
    Fault, OrderId,
    fulfilment::{AddressView, SentTo},
    geo::Point,
    orders::Rider,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::database::OrFault;

/// An order and the address it goes to.
pub(crate) struct SentWith<'a> {
    pub order: Uuid,
    pub address: &'a AddressView,
}

/// Keeps the addresses of these orders as they are now.
pub(crate) async fn keep_addresses(tx: &mut PgConnection, sent: &[SentWith<'_>]) -> Result<(), Fault> {
    if sent.is_empty() {
        return Ok(());
    }
    let texts =
        |of: fn(&AddressView) -> &str| sent.iter().map(|one| of(one.address).to_owned()).collect::<Vec<String>>();
    let degrees = |of: fn(Point) -> f64| sent.iter().map(|one| one.address.address.point.map(of)).collect::<Vec<_>>();
    let orders: Vec<Uuid> = sent.iter().map(|one| one.order).collect();
    sqlx::query!(
        "insert into order_addresses (order_id, name, phone, region_code, region, detail, latitude, longitude)
         select * from unnest((select $1::uuid[]), (select $2::text[]), (select $3::text[]), (select $4::text[]),
                              (select $5::text[]), (select $6::text[]), (select $7::float8[]), (select $8::float8[]))",
        &orders,
        &texts(|one| &one.address.name),
        &texts(|one| one.address.phone.as_str()),
        &texts(|one| &one.address.region_code),
        &texts(|one| &one.region),
        &texts(|one| &one.address.detail),
        &degrees(|point| point.latitude) as &[Option<f64>],
        &degrees(|point| point.longitude) as &[Option<f64>],
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Where an order goes; nothing for one that goes nowhere, or whose member has gone.
pub(crate) async fn sent_to(tx: &mut PgConnection, order: OrderId) -> Result<Option<SentTo>, Fault> {
    let row = sqlx::query!(
        "select name, phone, region_code, region, detail, latitude, longitude from order_addresses where order_id = $1",
        order.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    Ok(row.map(|row| SentTo {
        point: row.latitude.zip(row.longitude).and_then(|(latitude, longitude)| Point::new(latitude, longitude)),
        name: row.name,
        phone: row.phone,
        region_code: row.region_code,
        region: row.region,
        detail: row.detail,
    }))
}

/// With whom an order left the store last.
pub(crate) async fn rider(tx: &mut PgConnection, order: OrderId) -> Result<Option<Rider>, Fault> {
    let row = sqlx::query!(
        "select rider_name, rider_phone, dispatched_at from deliveries where order_id = $1 order by attempt desc limit 1",
        order.0,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    Ok(row.map(|row| Rider { name: row.rider_name, phone: row.rider_phone, dispatched_at: row.dispatched_at }))
}
