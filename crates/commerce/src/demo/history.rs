//! Six months of orders for the demo, so that every list and chart is alive: with the hours and
//! weekdays of each trade, growth, a few orders called off, and some at the counter right now.

use chrono::{DateTime, Datelike, Duration, NaiveDate, TimeZone, Timelike, Utc};
use domain::{
    Fault,
    catalog::{Modifier, ModifierOption},
    orders::OrderState,
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use sqlx::PgConnection;
use uuid::{NoContext, Timestamp, Uuid};

use super::{aftermath, people::FIRST_STORE};
use crate::{Scope, catalog, database::OrFault, figures::HQ_ZONE, house::new_id};

/// How far back the orders go.
const DAYS: i64 = 180;
const MEMBERS: usize = 800;
/// Orders written by one statement.
const CHUNK: usize = 2_000;

/// When and how much a trade sells.
pub(super) struct Trade {
    /// Orders of an average store on an average day.
    a_day: f64,
    /// The share of each hour from 8 to 21.
    pub hours: [f64; 14],
    pub weekend: f64,
    /// Whether one order is for several things, or several of one. Nobody takes a course twice.
    mixes: bool,
}

const TEA: Trade = Trade {
    a_day: 7.5,
    hours: [2.0, 3.0, 5.0, 8.0, 11.0, 10.0, 9.0, 12.0, 10.0, 8.0, 8.0, 7.0, 5.0, 2.0],
    weekend: 1.35,
    mixes: true,
};
pub(super) const MOTHER_AND_BABY: Trade = Trade {
    a_day: 5.0,
    hours: [1.0, 4.0, 9.0, 10.0, 6.0, 5.0, 6.0, 8.0, 8.0, 7.0, 6.0, 9.0, 8.0, 3.0],
    weekend: 1.6,
    mixes: true,
};
const COURSES: Trade = Trade {
    a_day: 1.5,
    hours: [1.0, 6.0, 8.0, 6.0, 3.0, 4.0, 6.0, 7.0, 8.0, 9.0, 11.0, 12.0, 6.0, 1.0],
    weekend: 2.1,
    mixes: false,
};

/// A store with what it sells, the favourites first.
struct Shop {
    id: Uuid,
    code: String,
    trade: &'static Trade,
    popularity: f64,
    goods: Vec<Goods>,
}

struct Goods {
    sku_id: Uuid,
    name: String,
    spec: String,
    picture: String,
    price_fen: i64,
    modifiers: Vec<Modifier>,
}

/// Columns of the orders of one statement.
#[derive(Default)]
struct Orders {
    ids: Vec<Uuid>,
    numbers: Vec<String>,
    stores: Vec<Uuid>,
    members: Vec<Uuid>,
    states: Vec<String>,
    totals: Vec<i64>,
    placed_at: Vec<DateTime<Utc>>,
    paid_at: Vec<Option<DateTime<Utc>>>,
    codes: Vec<Option<String>>,
    slots: Vec<DateTime<Utc>>,
    lines: Lines,
}

/// Columns of their lines.
#[derive(Default)]
struct Lines {
    orders: Vec<Uuid>,
    numbers: Vec<i32>,
    skus: Vec<Uuid>,
    names: Vec<String>,
    specs: Vec<String>,
    options: Vec<String>,
    options_texts: Vec<String>,
    pictures: Vec<String>,
    quantities: Vec<i64>,
    units: Vec<i64>,
}

/// Writes the history where there are no orders yet; answers how many it wrote.
pub(super) async fn write(
    tx: &mut PgConnection,
    scope: &Scope,
    progress: &mut impl FnMut(&str),
) -> Result<usize, Fault> {
    let begun = sqlx::query_scalar!(r#"select exists (select from orders) as "begun!""#)
        .fetch_one(&mut *tx)
        .await
        .or_fault()?;
    if begun {
        return Ok(0);
    }
    // The same demo everywhere, but for the day on which it is made.
    let mut random = StdRng::seed_from_u64(20_260_601);
    let members = join(tx, scope, &mut random).await?;
    let shops = shops(tx, &mut random).await?;
    let today = scope.now.with_timezone(&HQ_ZONE).date_naive();
    let mut orders = Orders::default();
    let mut written = 0;
    for ahead in -DAYS..=0 {
        let day = today + Duration::days(ahead);
        for shop in &shops {
            orders_of_day(&mut orders, scope, shop, day, &members, &mut random);
        }
        if ahead == 0 {
            at_the_counter(&mut orders, scope, &shops, &members, &mut random);
        }
        if orders.ids.len() >= CHUNK || ahead == 0 {
            written += orders.ids.len();
            insert(tx, std::mem::take(&mut orders)).await?;
            progress(&format!("订单 {written}"));
        }
    }
    aftermath::write(tx, scope, DAYS).await?;
    Ok(written)
}

async fn join(tx: &mut PgConnection, scope: &Scope, random: &mut StdRng) -> Result<Vec<Uuid>, Fault> {
    let ids: Vec<Uuid> = (0..MEMBERS).map(|_| new_id()).collect();
    let carts: Vec<Uuid> = (0..MEMBERS).map(|_| new_id()).collect();
    let phones: Vec<String> = (0..MEMBERS).map(|place| format!("199{:08}", place * 9_973 + 12_345)).collect();
    let joined: Vec<_> =
        (0..MEMBERS).map(|_| scope.now - Duration::minutes(random.random_range(DAYS * 1_440..DAYS * 2_880))).collect();
    sqlx::query!("insert into carts (id) select * from unnest($1::uuid[])", &carts)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    sqlx::query!(
        "insert into members (id, phone, name, cart_id, joined_at)
         select id, phone, '会员' || right(phone, 4), cart_id, joined_at
         from unnest($1::uuid[], $2::text[], $3::uuid[], $4::timestamptz[]) as m (id, phone, cart_id, joined_at)",
        &ids,
        &phones,
        &carts,
        &joined,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(ids)
}

async fn shops(tx: &mut PgConnection, random: &mut StdRng) -> Result<Vec<Shop>, Fault> {
    let rows = sqlx::query!(
        "select l.store_id, s.code, b.kind, k.id as sku_id, k.product_id, p.name, k.spec_values, p.picture, l.price_fen
         from listings l join skus k on k.id = l.sku_id join products p on p.id = k.product_id join brands b on b.id = p.brand_id
         join stores s on s.id = l.store_id
         where l.on_shelf order by s.code, p.sort, k.sort",
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let mut products: Vec<Uuid> = rows.iter().map(|row| row.product_id).collect();
    products.sort();
    products.dedup();
    let modifiers = catalog::modifiers_of(&mut *tx, &products).await?;
    let mut shops: Vec<Shop> = Vec::new();
    for row in rows {
        if shops.last().is_none_or(|shop| shop.id != row.store_id) {
            let trade = match row.kind.as_str() {
                "tea" => &TEA,
                "courses" => &COURSES,
                _ => &MOTHER_AND_BABY,
            };
            let popularity = random.random_range(0.5..1.6);
            shops.push(Shop { id: row.store_id, code: row.code, trade, popularity, goods: Vec::new() });
        }
        let goods = Goods {
            sku_id: row.sku_id,
            name: row.name,
            spec: row.spec_values.join(" / "),
            picture: row.picture,
            price_fen: row.price_fen,
            modifiers: modifiers.get(&row.product_id).cloned().unwrap_or_default(),
        };
        if let Some(shop) = shops.last_mut() {
            shop.goods.push(goods);
        }
    }
    Ok(shops)
}

fn orders_of_day(
    orders: &mut Orders,
    scope: &Scope,
    shop: &Shop,
    day: NaiveDate,
    members: &[Uuid],
    random: &mut StdRng,
) {
    let weekend = if day.weekday().number_from_monday() > 5 { shop.trade.weekend } else { 1.0 };
    // From four fifths half a year ago to six fifths today.
    let age = (scope.now.with_timezone(&HQ_ZONE).date_naive() - day).num_days();
    let growth = 1.2 - 0.4 * age as f64 / DAYS as f64;
    let expected = shop.trade.a_day * shop.popularity * weekend * growth * random.random_range(0.75..1.25);
    for _ in 0..expected.round() as usize {
        let Some(at) = moment_of(day, shop.trade, random) else { continue };
        if at < scope.now - Duration::minutes(1) {
            order(orders, scope, shop, at, members, random);
        }
    }
}

/// Something to do at the counter that the demo's clerk sees, by day.
fn at_the_counter(orders: &mut Orders, scope: &Scope, shops: &[Shop], members: &[Uuid], random: &mut StdRng) {
    let by_day = (8..22).contains(&scope.now.with_timezone(&HQ_ZONE).hour());
    for shop in shops.iter().filter(|shop| by_day && shop.code == FIRST_STORE) {
        for minutes in [2, 4, 5, 9, 13, 18, 27] {
            order(orders, scope, shop, scope.now - Duration::minutes(minutes), members, random);
        }
    }
}

/// A moment of the day by the trade's hours.
fn moment_of(day: NaiveDate, trade: &Trade, random: &mut StdRng) -> Option<DateTime<Utc>> {
    let total: f64 = trade.hours.iter().sum();
    let mut left = random.random_range(0.0..total);
    let place = trade.hours.iter().position(|share| {
        left -= share;
        left < 0.0
    });
    let hour = 8 + place.unwrap_or(0) as u32;
    let local = day.and_hms_opt(hour, random.random_range(0..60), random.random_range(0..60))?;
    Some(HQ_ZONE.from_local_datetime(&local).earliest()?.with_timezone(&Utc))
}

fn order(orders: &mut Orders, scope: &Scope, shop: &Shop, at: DateTime<Utc>, members: &[Uuid], random: &mut StdRng) {
    let Some(member) = members.choose(random) else { return };
    let id = Uuid::new_v7(Timestamp::from_unix(NoContext, at.timestamp().unsigned_abs(), at.timestamp_subsec_nanos()));
    let state = state_of(scope.now - at, random);
    let paid = !matches!(state, OrderState::Expired | OrderState::Cancelled);
    let mut total = 0;
    for (number, goods) in (1i32..).zip(choice(shop, random)) {
        let options = options_of(goods, random);
        let unit = goods.price_fen + options.iter().map(|option| option.price_fen.0).sum::<i64>();
        let quantity = if shop.trade.mixes { *[1, 1, 1, 1, 1, 2, 2, 3].choose(random).unwrap_or(&1) } else { 1 };
        total += unit * quantity;
        orders.lines.push(id, number, goods, &options, quantity, unit);
    }
    orders.ids.push(id);
    orders.numbers.push(format!("{}{:010}", at.format("%y%m%d"), random.random_range(0..10_000_000_000u64)));
    orders.stores.push(shop.id);
    orders.members.push(*member);
    orders.states.push(state.code().to_owned());
    orders.totals.push(total);
    orders.placed_at.push(at);
    orders.paid_at.push(paid.then(|| at + Duration::seconds(random.random_range(8..50))));
    orders.codes.push(paid.then(|| format!("{:08}", random.random_range(0..100_000_000))));
    orders.slots.push(next_quarter(at + Duration::minutes(15)));
}

/// What has become of an order by its age.
pub(super) fn state_of(age: Duration, random: &mut StdRng) -> OrderState {
    let called_off = random.random_bool(0.04);
    match age.num_minutes() {
        0..6 => OrderState::Paid,
        6..15 => OrderState::Accepted,
        15..40 => OrderState::Ready,
        _ if !called_off => OrderState::Completed,
        _ => *[OrderState::Expired, OrderState::Cancelled].choose(random).unwrap_or(&OrderState::Expired),
    }
}

pub(super) fn next_quarter(at: DateTime<Utc>) -> DateTime<Utc> {
    let past = i64::from(at.minute() % 15) * 60 + i64::from(at.second());
    at + Duration::seconds((15 * 60 - past) % (15 * 60)) - Duration::nanoseconds(i64::from(at.nanosecond()))
}

/// What one order is for.
fn choice<'a>(shop: &'a Shop, random: &mut StdRng) -> Vec<&'a Goods> {
    let many = if shop.trade.mixes { *[1, 1, 1, 1, 2, 2, 3].choose(random).unwrap_or(&1) } else { 1 };
    let mut places: Vec<usize> = (0..many).map(|_| favourite(shop.goods.len(), random)).collect();
    places.sort_unstable();
    places.dedup();
    let mut chosen: Vec<&Goods> = places.into_iter().filter_map(|place| shop.goods.get(place)).collect();
    if !shop.trade.mixes {
        // Trial lessons sell far more often than whole years.
        let others = (0..3).filter_map(|_| shop.goods.get(favourite(shop.goods.len(), random)));
        chosen = chosen.into_iter().chain(others).min_by_key(|goods| goods.price_fen).into_iter().collect();
    }
    chosen
}

/// A place in the menu; what stands first sells best.
pub(super) fn favourite(many: usize, random: &mut StdRng) -> usize {
    let share: f64 = random.random_range(0.0..1.0);
    ((share * share * many as f64) as usize).min(many.saturating_sub(1))
}

/// One of each group where one is needed, elsewhere sometimes one.
fn options_of(goods: &Goods, random: &mut StdRng) -> Vec<ModifierOption> {
    let mut options = Vec::new();
    for modifier in &goods.modifiers {
        if modifier.at_least > 0 || random.random_bool(0.3) {
            options.extend(modifier.options.choose(random).cloned());
        }
    }
    options
}

impl Lines {
    fn push(&mut self, order: Uuid, number: i32, goods: &Goods, options: &[ModifierOption], quantity: i64, unit: i64) {
        let mut codes: Vec<&str> = options.iter().map(|option| option.code.as_str()).collect();
        codes.sort_unstable();
        let names: Vec<&str> = options.iter().map(|option| option.name.as_str()).collect();
        self.orders.push(order);
        self.numbers.push(number);
        self.skus.push(goods.sku_id);
        self.names.push(goods.name.clone());
        self.specs.push(goods.spec.clone());
        self.options.push(codes.join(","));
        self.options_texts.push(names.join("、"));
        self.pictures.push(goods.picture.clone());
        self.quantities.push(quantity);
        self.units.push(unit);
    }
}

async fn insert(tx: &mut PgConnection, orders: Orders) -> Result<(), Fault> {
    sqlx::query!(
        "insert into orders (id, number, store_id, member_id, channel, state, total_fen, slot_start, slot_end, pickup_code,
                             pay_before, paid_at, occurred_at, placed_at, request_hash)
         select id, number, store_id, member_id, 'shop', state, total_fen, slot, slot + interval '15 minutes', code,
                placed_at + interval '15 minutes', paid_at, placed_at, placed_at, ''
         from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::bigint[], $7::timestamptz[],
                     $8::timestamptz[], $9::text[], $10::timestamptz[])
              as o (id, number, store_id, member_id, state, total_fen, placed_at, paid_at, code, slot)",
        &orders.ids,
        &orders.numbers,
        &orders.stores,
        &orders.members,
        &orders.states,
        &orders.totals,
        &orders.placed_at,
        orders.paid_at as _,
        orders.codes as _,
        &orders.slots,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    let lines = orders.lines;
    sqlx::query!(
        "insert into order_lines (order_id, line, sku_id, name, spec, options, options_text, picture, quantity, unit_fen, total_fen)
         select *, quantity * unit_fen
         from unnest($1::uuid[], $2::int[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                     $9::bigint[], $10::bigint[])
              as l (order_id, line, sku_id, name, spec, options, options_text, picture, quantity, unit_fen)",
        &lines.orders,
        &lines.numbers,
        &lines.skus,
        &lines.names,
        &lines.specs,
        &lines.options,
        &lines.options_texts,
        &lines.pictures,
        &lines.quantities,
        &lines.units,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}
