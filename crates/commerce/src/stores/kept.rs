//! Stores as every server keeps them in memory: a few hundred to some thousands, read by every page.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use domain::{
    BrandId, Fault, FileId, StoreId,
    files::Photo,
    freight::PRIORITY_USUAL,
    fulfilment::{Fulfilment, FulfilmentSettings},
    geo::{OnGlobe, Point},
    hours::Hours,
    opening::Standing,
    route::RouteRules,
    stores::{FindStores, Opening, Ownership, Place, StoreCard, StoreState, StoreView},
    text,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::sending::{self, Sending};
use crate::{Scope, database::OrFault};

/// One store, with everything about it that is not of the moment.
pub(crate) struct Store {
    pub id: Uuid,
    pub code: String,
    name: String,
    brand_id: Uuid,
    brand: String,
    brand_name: String,
    ownership: Ownership,
    /// What it has said of itself; how it stands now is asked with the time.
    standing: Standing,
    region: String,
    address: String,
    phone: Option<String>,
    zone: Tz,
    timezone: String,
    point: Point,
    on_globe: OnGlobe,
    hours: Hours,
    features: Vec<String>,
    prepare_minutes: i64,
    fulfilment: FulfilmentSettings,
    /// Nothing where it sends nothing by express.
    sending: Option<Sending>,
    /// Its place in head office's order for what riders bring.
    delivery_priority: i32,
    /// The cover first.
    photos: Vec<Photo>,
    /// All that the finder's words may match, in small letters.
    words: String,
}

impl Store {
    /// What a list shows of it at this moment.
    pub fn card(&self, scope: &Scope, near: Option<Point>) -> StoreCard {
        StoreCard {
            id: StoreId(self.id),
            code: self.code.clone(),
            name: self.name.clone(),
            brand: self.brand.clone(),
            brand_name: self.brand_name.clone(),
            address: self.address.clone(),
            region: self.region.clone(),
            point: self.point,
            timezone: self.timezone.clone(),
            distance_m: near.map(|near| near.metres_to(self.point)),
            opening: self.opening(scope),
            features: self.features.clone(),
            cover: self.photos.first().cloned(),
        }
    }

    /// Its own page at this moment.
    pub fn view(&self, scope: &Scope, near: Option<Point>) -> StoreView {
        let card = self.card(scope, near);
        let slots = if card.opening.takes_orders {
            self.hours.slots(scope.now, self.zone, self.prepare_minutes + self.longer_minutes(scope))
        } else {
            Vec::new()
        };
        let Standing { state, until } = self.standing(scope);
        StoreView {
            card,
            brand_id: BrandId(self.brand_id),
            phone: self.phone.clone(),
            hours: self.hours.clone(),
            ownership: self.ownership,
            state,
            until,
            slots,
            photos: self.photos.clone(),
        }
    }

    /// What it offers beside its goods.
    pub fn fulfilment(&self) -> &FulfilmentSettings {
        &self.fulfilment
    }

    /// Its brand's code.
    pub fn brand(&self) -> &str {
        &self.brand
    }

    /// How it sends by express, where it does.
    pub fn sending(&self) -> Option<&Sending> {
        self.sending.as_ref()
    }

    /// Its place in head office's order for a way: the lower comes first.
    pub fn priority(&self, way: Fulfilment) -> i32 {
        match way {
            Fulfilment::Delivery => self.delivery_priority,
            _ => self.sending.as_ref().map_or(PRIORITY_USUAL, |sending| sending.priority),
        }
    }

    /// The ways in which it sends things, with where those of its brand are looked for.
    fn sent(&self) -> impl Iterator<Item = (Fulfilment, String, String)> + '_ {
        let brings = self.fulfilment.delivery.as_ref().is_some_and(|delivery| delivery.on);
        let ways = [(Fulfilment::Delivery, brings), (Fulfilment::Express, self.sending.is_some())];
        ways.into_iter().filter(|(_, offered)| *offered).map(|(way, _)| self.key(way))
    }

    fn key(&self, way: Fulfilment) -> (Fulfilment, String, String) {
        let region = if way == Fulfilment::Delivery { self.region.clone() } else { String::new() };
        (way, self.brand.clone(), region)
    }

    /// Where it is.
    pub fn point(&self) -> Point {
        self.point
    }

    /// Its zone.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// When it is open.
    pub fn hours(&self) -> &Hours {
        &self.hours
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn local(&self, scope: &Scope) -> NaiveDateTime {
        self.zone.from_utc_datetime(&scope.now.naive_utc()).naive_local()
    }

    /// How it stands at this moment.
    fn standing(&self, scope: &Scope) -> Standing {
        self.standing.at(scope.now)
    }

    fn serves(&self, scope: &Scope) -> bool {
        self.standing(scope).state.takes_orders()
    }

    /// How many minutes longer its goods take than they usually do, as things are.
    pub fn longer_minutes(&self, scope: &Scope) -> i64 {
        self.standing(scope).state.longer_minutes(self.prepare_minutes)
    }

    fn is_open(&self, scope: &Scope) -> bool {
        self.serves(scope) && self.hours.open_until(self.local(scope)).is_some()
    }

    /// Refuses as `store_closed` where it takes no orders at this moment.
    pub fn must_take_orders(&self, scope: &Scope) -> Result<(), Fault> {
        self.opening(scope).must_take_orders(&self.name)
    }

    /// What to tell of it at this moment.
    fn opening(&self, scope: &Scope) -> Opening {
        let local = self.local(scope);
        let (until, next) = (self.hours.open_until(local), self.hours.opens_next(local));
        let clock = |at: NaiveDateTime| at.format("%H:%M").to_string();
        let standing = self.standing(scope);
        let (open_now, text) = match (standing.state, until, next) {
            (StoreState::Closed, ..) => (false, "已闭店".to_owned()),
            (StoreState::Paused, ..) => (false, self.paused_until(scope, standing.until)),
            (StoreState::Busy, Some(until), _) => (true, self.busy_until(scope, standing.until, until)),
            (StoreState::Open, Some(until), _) => (true, format!("营业中 · 至 {}", clock(until))),
            (_, None, Some(next)) if next.date() == local.date() => (false, format!("休息中 · {} 开门", clock(next))),
            (_, None, Some(next)) if Some(next.date()) == local.date().succ_opt() => {
                (false, format!("已打烊 · 明天 {} 开门", clock(next)))
            }
            (_, None, Some(next)) => (false, format!("已打烊 · {} 开门", next.format("%m-%d %H:%M"))),
            (_, None, None) => (false, "暂无营业时间".to_owned()),
        };
        Opening { open_now, takes_orders: self.serves(scope) && (open_now || next.is_some()), text }
    }

    /// Shoppers read when they can come again: a pause that ends while the store is closed ends for them as it opens.
    fn paused_until(&self, scope: &Scope, until: Option<DateTime<Utc>>) -> String {
        let Some(until) = until else { return "暂停接单".to_owned() };
        let back = self.hours.first_open(until, self.zone).unwrap_or(until);
        format!("暂停接单，{} 恢复", text::soon(back, scope.now, self.zone))
    }

    /// Of a store that is open until `closes`, here. That it is busy until then goes without saying.
    fn busy_until(&self, scope: &Scope, until: Option<DateTime<Utc>>, closes: NaiveDateTime) -> String {
        let closes_at = closes.format("%H:%M");
        let ends_before = |until: &DateTime<Utc>| until.with_timezone(&self.zone).naive_local() < closes;
        match until.filter(ends_before) {
            Some(until) => format!("忙碌到 {} · 营业至 {closes_at}", text::soon(until, scope.now, self.zone)),
            None => format!("忙碌 · 至 {closes_at}"),
        }
    }
}

/// All stores, by name, and the places from which one may look for them.
#[derive(Default)]
pub(crate) struct Stores {
    /// Which state of the tables this is.
    pub version: i64,
    all: Vec<Store>,
    by_code: HashMap<String, usize>,
    by_id: HashMap<Uuid, usize>,
    places: Vec<KeptPlace>,
    /// By which a store is found for what is sent.
    rules: RouteRules,
    /// Who sends by express for a brand, and who of its stores in a region brings things.
    sent: HashMap<(Fulfilment, String, String), Vec<usize>>,
}

struct KeptPlace {
    place: Place,
    /// Its name and its pinyin without spaces, in small letters.
    words: [String; 2],
}

impl Stores {
    /// The store with this code.
    pub fn with_code(&self, code: &str) -> Option<&Store> {
        self.by_code.get(code).map(|at| &self.all[*at])
    }

    /// The store with this identity.
    pub fn with_id(&self, id: Uuid) -> Option<&Store> {
        self.by_id.get(&id).map(|at| &self.all[*at])
    }

    /// See [`super::find`]. Only the cards that are asked for are drawn up: sorting needs no more than a
    /// distance or the hours.
    pub fn find(&self, scope: &Scope, ask: &FindStores) -> Vec<StoreCard> {
        let words = ask.words.trim().to_lowercase();
        let fits = |store: &&Store| {
            store.standing.state != StoreState::Closed
                && ask.brand.as_ref().is_none_or(|brand| store.brand == *brand)
                && store.words.contains(&words)
                && (!ask.open_now || store.is_open(scope))
        };
        let mut found: Vec<&Store> = self.all.iter().filter(fits).collect();
        let most = ask.most.clamp(1, 100);
        match ask.near {
            Some(near) => found = nearest(found, near, ask.skip.saturating_add(most)),
            None => found.sort_by_cached_key(|store| !store.is_open(scope)),
        }
        let page = found.into_iter().skip(ask.skip).take(most);
        page.map(|store| store.card(scope, ask.near)).collect()
    }

    /// All of them, by name.
    pub fn all(&self) -> impl Iterator<Item = &Store> {
        self.all.iter()
    }

    /// The ways in which a store sends nothing, but others of its brand do: by express from anywhere, by riders in the
    /// same region.
    pub fn elsewhere(&self, scope: &Scope, store: &Store) -> Vec<Fulfilment> {
        let own: Vec<_> = store.sent().collect();
        let ways = [Fulfilment::Delivery, Fulfilment::Express].into_iter().map(|way| store.key(way));
        let serves = |at: &usize| self.all[*at].serves(scope);
        let others = |key: &(Fulfilment, String, String)| self.sent.get(key).is_some_and(|all| all.iter().any(serves));
        ways.filter(|key| !own.contains(key) && others(key)).map(|key| key.0).collect()
    }

    /// Head office's rules by which a store is found for what is sent.
    pub fn rules(&self) -> RouteRules {
        self.rules
    }

    /// See [`super::places`].
    pub fn places(&self, words: &str) -> Vec<Place> {
        let words = words.trim().to_lowercase();
        let fits = |kept: &&KeptPlace| kept.words.iter().any(|text| text.contains(&words));
        self.places.iter().filter(fits).take(100).map(|kept| kept.place.clone()).collect()
    }

    /// Reads them all; within a transaction, so that they are of one moment.
    pub async fn read(tx: &mut PgConnection) -> Result<Self, Fault> {
        let version = sqlx::query_scalar!("select version from versions where what = 'stores'")
            .fetch_one(&mut *tx)
            .await
            .or_fault()?;
        let all = read_stores(tx).await?;
        let by_code = all.iter().enumerate().map(|(at, store)| (store.code.clone(), at)).collect();
        let by_id = all.iter().enumerate().map(|(at, store)| (store.id, at)).collect();
        let (places, rules) = (read_places(tx).await?, sending::rules(tx).await?);
        let mut sent = HashMap::<_, Vec<usize>>::new();
        for (at, store) in all.iter().enumerate() {
            store.sent().for_each(|key| sent.entry(key).or_default().push(at));
        }
        Ok(Self { version, all, by_code, by_id, places, rules, sent })
    }
}

/// The nearest of these, so many at most; of two that are equally near, the one that came first.
fn nearest(stores: Vec<&Store>, near: Point, most: usize) -> Vec<&Store> {
    let near = OnGlobe::from(near);
    let mut by_distance: Vec<_> = stores
        .into_iter()
        .enumerate()
        .map(|(place, store)| (near.chord_squared(store.on_globe), place, store))
        .collect();
    let nearer =
        |one: &(f64, usize, &Store), two: &(f64, usize, &Store)| one.0.total_cmp(&two.0).then(one.1.cmp(&two.1));
    if most < by_distance.len() {
        by_distance.select_nth_unstable_by(most, nearer);
        by_distance.truncate(most);
    }
    by_distance.sort_unstable_by(nearer);
    by_distance.into_iter().map(|(_, _, store)| store).collect()
}

async fn read_stores(tx: &mut PgConnection) -> Result<Vec<Store>, Fault> {
    let rows = sqlx::query!(
        r#"select s.id, s.code, s.name, s.brand_id, b.code as brand, b.name as brand_name, s.ownership, s.state,
                  s.state_until, s.city, r.name as region_name, s.address, s.phone, s.timezone,
                  s.latitude, s.longitude, s.hours, s.features, s.prepare_minutes,
                  f.settings as "settings?"
           from stores s join brands b on b.id = s.brand_id join regions r on r.code = s.region_code
           left join fulfilment_settings f on f.store_id = s.id
           order by s.name, s.id"#,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let mut photos = read_photos(tx).await?;
    let mut sending = sending::read(tx).await?;
    let priorities = sending::delivery_priorities(tx).await?;
    let stores = rows.into_iter().map(|row| Store {
        words: [&row.name, &row.address, &row.brand_name, &row.code, &row.city, &row.region_name]
            .map(|text| text.to_lowercase())
            .join(" "),
        photos: photos.remove(&row.id).unwrap_or_default(),
        id: row.id,
        code: row.code,
        name: row.name,
        brand_id: row.brand_id,
        brand: row.brand,
        brand_name: row.brand_name,
        ownership: Ownership::from_code(&row.ownership).unwrap_or(Ownership::Direct),
        standing: Standing {
            state: StoreState::from_code(&row.state).unwrap_or(StoreState::Closed),
            until: row.state_until,
        },
        region: if row.city.is_empty() { row.region_name } else { row.city },
        address: row.address,
        phone: row.phone,
        zone: text::zone(&row.timezone),
        timezone: row.timezone,
        point: Point { latitude: row.latitude, longitude: row.longitude },
        on_globe: Point { latitude: row.latitude, longitude: row.longitude }.into(),
        hours: serde_json::from_value(row.hours).unwrap_or_default(),
        features: row.features,
        prepare_minutes: i64::from(row.prepare_minutes),
        sending: sending.remove(&row.id),
        delivery_priority: priorities.get(&row.id).copied().unwrap_or(PRIORITY_USUAL),
        fulfilment: row.settings.and_then(|settings| serde_json::from_value(settings).ok()).unwrap_or_default(),
    });
    Ok(stores.collect())
}

/// The photos of all stores, each store's in its order.
async fn read_photos(tx: &mut PgConnection) -> Result<HashMap<Uuid, Vec<Photo>>, Fault> {
    let rows = sqlx::query!(
        r#"select p.store_id, p.file_id, f.width as "width!", f.height as "height!",
                  s.width as "small_width!", s.height as "small_height!"
           from store_photos p join files f on f.id = p.file_id
           join file_contents s on s.file_id = p.file_id and s.size = 'small'
           order by p.store_id, p.place, p.file_id"#,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let mut photos = HashMap::<Uuid, Vec<Photo>>::new();
    for row in rows {
        let large = (row.width as u32, row.height as u32);
        let small = (row.small_width as u32, row.small_height as u32);
        photos.entry(row.store_id).or_default().push(Photo::new(FileId(row.file_id), large, small));
    }
    Ok(photos)
}

async fn read_places(tx: &mut PgConnection) -> Result<Vec<KeptPlace>, Fault> {
    let rows = sqlx::query!("select name, pinyin, latitude, longitude, kind from places order by kind, pinyin")
        .fetch_all(tx)
        .await
        .or_fault()?;
    let places = rows.into_iter().map(|row| KeptPlace {
        words: [row.name.to_lowercase(), row.pinyin.replace(' ', "")],
        place: Place {
            name: row.name,
            point: Point { latitude: row.latitude, longitude: row.longitude },
            is_city: row.kind == "city",
        },
    });
    Ok(places.collect())
}
