//! Stores: finding one, and its page (O1, O5).

pub mod import;

use chrono::TimeZone;
use chrono_tz::Tz;
use domain::{
    BrandId, Fault, StoreId,
    geo::Point,
    hours::Hours,
    staff::Permission,
    stores::{FindStores, Opening, Ownership, Place, StoreCard, StoreEntry, StoreState, StoreView},
    text,
};
use serde_json::Value;
use uuid::Uuid;

use crate::{Scope, database::OrFault};

/// A store as the queries below read it.
struct Row {
    id: Uuid,
    code: String,
    name: String,
    brand_id: Uuid,
    brand: String,
    brand_name: String,
    ownership: String,
    state: String,
    region: String,
    address: String,
    phone: Option<String>,
    timezone: String,
    latitude: f64,
    longitude: f64,
    hours: Value,
    features: Vec<String>,
    prepare_minutes: i32,
}

impl Row {
    fn zone(&self) -> Tz {
        text::zone(&self.timezone)
    }

    fn hours(&self) -> Hours {
        serde_json::from_value(self.hours.clone()).unwrap_or_default()
    }

    fn state(&self) -> StoreState {
        StoreState::from_code(&self.state).unwrap_or(StoreState::Closed)
    }

    fn card(&self, scope: &Scope, near: Option<Point>) -> StoreCard {
        let point = Point { latitude: self.latitude, longitude: self.longitude };
        StoreCard {
            id: StoreId(self.id),
            code: self.code.clone(),
            name: self.name.clone(),
            brand: self.brand.clone(),
            brand_name: self.brand_name.clone(),
            address: self.address.clone(),
            region: self.region.clone(),
            point,
            timezone: self.timezone.clone(),
            distance_m: near.map(|near| near.metres_to(point)),
            opening: opening(scope, self.state(), &self.hours(), self.zone()),
            features: self.features.clone(),
        }
    }

    fn view(self, scope: &Scope, near: Option<Point>) -> StoreView {
        let (hours, zone, state) = (self.hours(), self.zone(), self.state());
        let card = self.card(scope, near);
        let slots = if card.opening.takes_orders {
            hours.slots(scope.now, zone, i64::from(self.prepare_minutes))
        } else {
            Vec::new()
        };
        StoreView {
            card,
            brand_id: BrandId(self.brand_id),
            phone: self.phone,
            hours,
            ownership: Ownership::from_code(&self.ownership).unwrap_or(Ownership::Direct),
            state,
            slots,
        }
    }
}

/// What to tell of a store at this moment.
fn opening(scope: &Scope, state: StoreState, hours: &Hours, zone: Tz) -> Opening {
    let local = zone.from_utc_datetime(&scope.now.naive_utc()).naive_local();
    let until = hours.open_until(local);
    let clock = |at: chrono::NaiveDateTime| at.format("%H:%M").to_string();
    let (open_now, text) = match (state, until, hours.opens_next(local)) {
        (StoreState::Closed, ..) => (false, "已闭店".to_owned()),
        (StoreState::Paused, ..) => (false, "暂停接单".to_owned()),
        (StoreState::Busy, Some(until), _) => (true, format!("忙碌 · 至 {}", clock(until))),
        (StoreState::Open, Some(until), _) => (true, format!("营业中 · 至 {}", clock(until))),
        (_, None, Some(next)) if next.date() == local.date() => (false, format!("休息中 · {} 开门", clock(next))),
        (_, None, Some(next)) if Some(next.date()) == local.date().succ_opt() => {
            (false, format!("已打烊 · 明天 {} 开门", clock(next)))
        }
        (_, None, Some(next)) => (false, format!("已打烊 · {} 开门", next.format("%m-%d %H:%M"))),
        (_, None, None) => (false, "暂无营业时间".to_owned()),
    };
    let takes_orders =
        matches!(state, StoreState::Open | StoreState::Busy) && (open_now || hours.opens_next(local).is_some());
    Opening { open_now, takes_orders, text }
}

/// Stores by distance where a place is known, else those open now first, then by name. Closed ones are
/// left out.
pub async fn find(scope: &Scope, ask: FindStores) -> Result<Vec<StoreCard>, Fault> {
    let words = ask.words.trim().to_lowercase();
    let rows = sqlx::query_as!(
        Row,
        r#"select s.id, s.code, s.name, s.brand_id, b.code as brand, b.name as brand_name, s.ownership, s.state,
                  (case when s.city = '' then r.name else s.city end) as "region!", s.address, s.phone, s.timezone,
                  s.latitude, s.longitude, s.hours, s.features, s.prepare_minutes
           from stores s join brands b on b.id = s.brand_id join regions r on r.code = s.region_code
           where s.state <> 'closed'
             and ($1::text is null or b.code = $1)
             and ($2 = '' or strpos(lower(s.name || ' ' || s.address || ' ' || b.name || ' ' || s.code || ' ' || s.city || ' ' || r.name), $2) > 0)
           order by s.name, s.id"#,
        ask.brand,
        words,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let mut cards: Vec<_> = rows.iter().map(|row| row.card(scope, ask.near)).collect();
    if ask.open_now {
        cards.retain(|card| card.opening.open_now);
    }
    if ask.near.is_some() {
        cards.sort_by(|one, two| one.distance_m.unwrap_or(f64::MAX).total_cmp(&two.distance_m.unwrap_or(f64::MAX)));
    } else {
        cards.sort_by_key(|card| !card.opening.open_now);
    }
    Ok(cards.into_iter().skip(ask.skip).take(ask.most.clamp(1, 100)).collect())
}

/// A store's own page, by its code.
pub async fn show(scope: &Scope, code: &str, near: Option<Point>) -> Result<StoreView, Fault> {
    one(scope, Some(code), None, near).await
}

/// A store's own page, by its identity.
pub async fn show_by_id(scope: &Scope, id: StoreId, near: Option<Point>) -> Result<StoreView, Fault> {
    one(scope, None, Some(id.0), near).await
}

async fn one(scope: &Scope, code: Option<&str>, id: Option<Uuid>, near: Option<Point>) -> Result<StoreView, Fault> {
    let row = sqlx::query_as!(
        Row,
        r#"select s.id, s.code, s.name, s.brand_id, b.code as brand, b.name as brand_name, s.ownership, s.state,
                  (case when s.city = '' then r.name else s.city end) as "region!", s.address, s.phone, s.timezone,
                  s.latitude, s.longitude, s.hours, s.features, s.prepare_minutes
           from stores s join brands b on b.id = s.brand_id join regions r on r.code = s.region_code
           where s.code = $1 or s.id = $2"#,
        code,
        id,
    )
    .fetch_optional(scope.pool())
    .await
    .or_fault()?;
    row.map(|row| row.view(scope, near)).ok_or(Fault::NotFound("这家门店"))
}

/// The stores a person of staff may see, by name.
pub async fn mine(scope: &Scope, permission: Permission) -> Result<Vec<(StoreId, String)>, Fault> {
    let reach = scope.reach_filter(permission)?;
    let rows = sqlx::query!(
        "select id, name from stores where ($1::uuid[] is null or id = any($1)) order by name, id",
        reach.as_deref(),
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    Ok(rows.into_iter().map(|row| (StoreId(row.id), row.name)).collect())
}

/// Which stores head office's list shows.
#[derive(Clone, Debug, Default)]
pub struct ListStores {
    /// Words in the name, code or address.
    pub words: String,
    /// Only of this ownership.
    pub ownership: Option<Ownership>,
    /// Only in this state.
    pub state: Option<StoreState>,
    /// How many at most; 1 to 200.
    pub most: i64,
    /// How many to pass over.
    pub skip: i64,
}

/// The stores within a person's reach, and how many there are in all.
pub async fn list(scope: &Scope, ask: ListStores) -> Result<(Vec<StoreEntry>, i64), Fault> {
    let reach = scope.reach_filter(Permission::ReadStores)?;
    let rows = sqlx::query!(
        r#"select s.id, s.code, s.name, b.name as brand, r.name as region, s.address, s.ownership, s.state,
                  count(*) over () as "total!"
           from stores s join brands b on b.id = s.brand_id join regions r on r.code = s.region_code
           where ($1::uuid[] is null or s.id = any($1))
             and ($2 = '' or strpos(lower(s.name || ' ' || s.code || ' ' || s.address || ' ' || s.city), $2) > 0)
             and ($3::text is null or s.ownership = $3) and ($4::text is null or s.state = $4)
           order by s.name, s.id limit $5 offset $6"#,
        reach.as_deref(),
        ask.words.trim().to_lowercase(),
        ask.ownership.map(Ownership::code),
        ask.state.map(StoreState::code),
        ask.most.clamp(1, 200),
        ask.skip.max(0),
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let total = rows.first().map_or(0, |row| row.total);
    let entries = rows.into_iter().map(|row| StoreEntry {
        id: StoreId(row.id),
        code: row.code,
        name: row.name,
        brand: row.brand,
        region: row.region,
        address: row.address,
        ownership: Ownership::from_code(&row.ownership).unwrap_or(Ownership::Direct),
        state: StoreState::from_code(&row.state).unwrap_or(StoreState::Closed),
    });
    Ok((entries.collect(), total))
}

/// Places to choose by hand: cities first, then landmarks; all where no words are given.
pub async fn places(scope: &Scope, words: &str) -> Result<Vec<Place>, Fault> {
    let words = words.trim().to_lowercase();
    let rows = sqlx::query!(
        "select name, latitude, longitude, kind from places
         where $1 = '' or strpos(lower(name), $1) > 0 or strpos(replace(pinyin, ' ', ''), $1) > 0
         order by kind, pinyin limit 100",
        words,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let place =
        |name: String, latitude, longitude, is_city| Place { name, point: Point { latitude, longitude }, is_city };
    Ok(rows.into_iter().map(|row| place(row.name, row.latitude, row.longitude, row.kind == "city")).collect())
}
