//! A member's address book (B6).

use domain::{
    AddressId, Fault,
    fulfilment::{ADDRESSES_MOST, Address, AddressView, SaveAddress},
    geo::Point,
    members::Phone,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Scope, database::OrFault};

/// What is told of an address that is not in the member's book.
const NOT_FOUND: Fault = Fault::NotFound("这个地址");

/// The addresses of the member who asks: the default first, then those changed last.
///
/// Faults: `Unauthenticated`.
pub async fn mine(scope: &Scope) -> Result<Vec<AddressView>, Fault> {
    let me = scope.member()?;
    let mut tx = scope.begin().await?;
    rows(&mut tx, me.0, None).await
}

/// One of them.
///
/// Faults: `Unauthenticated`; `NotFound` for another's.
pub async fn show(scope: &Scope, id: AddressId) -> Result<AddressView, Fault> {
    let me = scope.member()?;
    let mut tx = scope.begin().await?;
    rows(&mut tx, me.0, Some(id.0)).await?.pop().ok_or(NOT_FOUND)
}

async fn rows(tx: &mut PgConnection, member: Uuid, id: Option<Uuid>) -> Result<Vec<AddressView>, Fault> {
    let rows = sqlx::query!(
        r#"select a.id, a.name, a.phone, a.region_code, a.detail, a.latitude, a.longitude, a.is_default, a.saved_at,
                  concat_ws(' ', case when r.level = 'city' and p.name <> r.name then p.name end, r.name) as "region!"
           from addresses a join regions r on r.code = a.region_code left join regions p on p.code = r.parent_code
           where a.member_id = $1 and ($2::uuid is null or a.id = $2)
           order by a.is_default desc, a.saved_at desc, a.id"#,
        member,
        id,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    rows.into_iter()
        .map(|row| {
            let phone = Phone::try_from(row.phone).map_err(Fault::Internal)?;
            let point =
                row.latitude.zip(row.longitude).and_then(|(latitude, longitude)| Point::new(latitude, longitude));
            let (name, region_code, detail) = (row.name, row.region_code, row.detail);
            Ok(AddressView {
                id: AddressId(row.id),
                address: Address { name, phone, region_code, detail, point },
                region: row.region,
                is_default: row.is_default,
                saved_at: row.saved_at,
            })
        })
        .collect()
}

/// Adds an address, or changes the one with this id. The first one is the default. Saying it twice is saying it once.
///
/// Faults: `Unauthenticated`; `Invalid` beside a field; `NotFound` for another's id; `Conflict` (`addresses_full`).
pub async fn save(scope: &Scope, command: SaveAddress) -> Result<AddressView, Fault> {
    let me = scope.member()?;
    let address = command.address.checked()?;
    let mut tx = scope.begin().await?;
    let (many, known) = lock_book(&mut tx, me.0, command.id).await?;
    if !known && many >= ADDRESSES_MOST {
        let message = format!("最多保存 {ADDRESSES_MOST} 个地址，请先删除不用的");
        return Err(Fault::conflict("addresses_full", message));
    }
    let is_region = sqlx::query_scalar!(
        r#"select exists (select from regions where code = $1 and level in ('province', 'city')) as "is!""#,
        address.region_code,
    )
    .fetch_one(&mut *tx)
    .await
    .or_fault()?;
    if !is_region {
        return Err(Fault::invalid("region_code", "没有这个城市，请从列表中选择"));
    }
    let first = command.is_default || many == 0;
    if first {
        sqlx::query!(
            "update addresses set is_default = false where member_id = $1 and is_default and id <> $2",
            me.0,
            command.id.0
        )
        .execute(&mut *tx)
        .await
        .or_fault()?;
    }
    let written = sqlx::query!(
        "insert into addresses (id, member_id, name, phone, region_code, detail, latitude, longitude, is_default, saved_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (id) do update
         set name = excluded.name, phone = excluded.phone, region_code = excluded.region_code, detail = excluded.detail,
             latitude = excluded.latitude, longitude = excluded.longitude,
             -- The default stays the default until another is.
             is_default = addresses.is_default or excluded.is_default, saved_at = excluded.saved_at
         where addresses.member_id = $2",
        command.id.0,
        me.0,
        address.name,
        address.phone.as_str(),
        address.region_code,
        address.detail,
        address.point.map(|point| point.latitude),
        address.point.map(|point| point.longitude),
        first,
        scope.now,
    )
    .execute(&mut *tx)
    .await;
    match written {
        Ok(written) if written.rows_affected() > 0 => {}
        // Another's, which the fence does not let be seen.
        Ok(_) => return Err(NOT_FOUND),
        Err(sqlx::Error::Database(fault)) if fault.code().as_deref() == Some("42501") => return Err(NOT_FOUND),
        Err(fault) => return Err(fault).or_fault(),
    }
    let saved = rows(&mut tx, me.0, Some(command.id.0)).await?.pop().ok_or(NOT_FOUND)?;
    tx.commit().await.or_fault()?;
    Ok(saved)
}

/// Locks the member, so that two of their devices do not both find room for one more; how many addresses there are,
/// and whether this one is among them.
async fn lock_book(tx: &mut PgConnection, member: Uuid, id: AddressId) -> Result<(i64, bool), Fault> {
    sqlx::query!("select id from members where id = $1 and phone is not null for no key update", member)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?
        .ok_or(Fault::Unauthenticated)?;
    let row = sqlx::query!(
        r#"select count(*) as "many!", coalesce(bool_or(id = $2), false) as "known!" from addresses where member_id = $1"#,
        member,
        id.0,
    )
    .fetch_one(tx)
    .await
    .or_fault()?;
    Ok((row.many, row.known))
}

/// Takes an address out of the book. Orders keep theirs. Where it was the default, the one changed last is.
///
/// Faults: `Unauthenticated`; `NotFound` for one that is not in it.
pub async fn remove(scope: &Scope, id: AddressId) -> Result<(), Fault> {
    let me = scope.member()?;
    let mut tx = scope.begin().await?;
    lock_book(&mut tx, me.0, id).await?;
    let gone = sqlx::query!("delete from addresses where id = $1 and member_id = $2", id.0, me.0)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    if gone.rows_affected() == 0 {
        return Err(NOT_FOUND);
    }
    sqlx::query!(
        "update addresses set is_default = true
         where id = (select id from addresses where member_id = $1 order by saved_at desc, id limit 1)
           and not exists (select from addresses where member_id = $1 and is_default)",
        me.0,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    tx.commit().await.or_fault()
}

/// The cities, and the provinces whose cities are not known, that an address may be in: code and name.
pub async fn regions(scope: &Scope) -> Result<Vec<(String, String)>, Fault> {
    let rows = sqlx::query!(
        r#"select r.code, concat_ws(' ', case when r.level = 'city' and p.name <> r.name then p.name end, r.name) as "name!"
           from regions r left join regions p on p.code = r.parent_code
           where r.level = 'city' or (r.level = 'province' and not exists (select from regions c where c.parent_code = r.code))
           order by r.code"#,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    Ok(rows.into_iter().map(|row| (row.code, row.name)).collect())
}
