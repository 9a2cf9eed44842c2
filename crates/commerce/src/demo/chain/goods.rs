//! The chain's stores and goods, their names put together from parts.

use domain::Fault;
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde::Deserialize;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{BRAND, Plan, SEED, sales};
use crate::{database::OrFault, demo, house::new_id};

#[derive(Deserialize)]
struct Parts {
    lines: Vec<Word>,
    categories: Vec<Category>,
    streets: Vec<String>,
}

/// A word and its pinyin, the syllables apart.
#[derive(Deserialize)]
struct Word(String, String);

#[derive(Deserialize)]
struct Category {
    code: String,
    qualities: Vec<Word>,
    goods: Vec<Thing>,
}

#[derive(Deserialize)]
struct Thing {
    name: Word,
    picture: String,
    price_fen: i64,
    spec: String,
    values: Vec<String>,
    about: String,
}

/// How far towns reach around their middle, in degrees.
const TOWN: std::ops::Range<f64> = -0.09..0.09;
/// Who owns a store: as in a chain that grows by franchise.
const OWNERSHIPS: [&str; 6] = ["direct", "franchise", "franchise", "joint", "franchise", "direct"];
/// Each product's price differs from its kind's by one of these, in hundredths.
const PRICES: [i64; 7] = [88, 94, 97, 100, 106, 115, 129];

/// Makes the stores and goods of the plan; those that are there stay.
///
/// Faults: `Invalid` where the parts do not suffice for so many names.
pub(super) async fn make(tx: &mut PgConnection, plan: &Plan) -> Result<(), Fault> {
    let parts: Parts = demo::read(include_str!("../../../../../demo/chain.json"))?;
    products(tx, &parts, plan.skus).await?;
    stores(tx, &parts, plan.stores).await?;
    let accounts = "insert into accounts (code, name)
                    select 'revenue:' || id, '门店收入 ' || name from stores on conflict do nothing";
    sqlx::query(accounts).execute(tx).await.or_fault()?;
    Ok(())
}

async fn products(tx: &mut PgConnection, parts: &Parts, skus: usize) -> Result<(), Fault> {
    let mut left = skus;
    // Neighbours in the list differ in everything, so that any number of goods is of all kinds.
    'all: for round in 0.. {
        let mut made = false;
        for category in &parts.categories {
            let many = category.goods.len() * category.qualities.len() * parts.lines.len();
            if round >= many {
                continue;
            }
            if left == 0 {
                break 'all;
            }
            left -= product(tx, parts, category, round, left).await?;
            made = true;
        }
        if !made {
            return Err(Fault::invalid("skus", format!("演示连锁最多能有 {} 个 SKU", skus - left)));
        }
    }
    Ok(())
}

/// The product at this place of its category, with at most so many SKUs; answers how many.
async fn product(
    tx: &mut PgConnection,
    parts: &Parts,
    category: &Category,
    place: usize,
    skus_most: usize,
) -> Result<usize, Fault> {
    let (rest, thing) = (place / category.goods.len(), &category.goods[place % category.goods.len()]);
    let (round, line) = (rest / parts.lines.len(), rest % parts.lines.len());
    // Each round gives every line another quality than before.
    let quality = &category.qualities[(round + line) % category.qualities.len()];
    let line = &parts.lines[line];
    let words = [line, quality, &thing.name];
    let values: Vec<&str> = thing.values.iter().take(skus_most).map(String::as_str).collect();
    let code = format!("bb-{}-{place:04}", category.code);
    let id = sqlx::query_scalar!(
        "insert into products (id, code, brand_id, category_id, name, subtitle, description, pinyin, initials, picture, specs, sort, published)
         select $1, $2, c.brand_id, c.id, $4, $5, $6, $7, $8, $9, $10, $11, true from categories c where c.code = $3
         on conflict do nothing returning id",
        new_id(),
        code,
        category.code,
        words.map(|word| word.0.as_str()).concat(),
        format!("{}系列 · {}", line.0, quality.0),
        thing.about,
        words.map(|word| word.1.replace(' ', "")).join(" "),
        words.map(|word| initials(&word.1)).concat(),
        thing.picture,
        json!([{ "name": thing.spec, "values": values }]),
        // After the small demo's.
        1_000 + place as i32,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    if let Some(id) = id {
        let common_fen = thing.price_fen * PRICES[place % PRICES.len()] / 1_000 * 10;
        skus(tx, id, &code, &values, common_fen).await?;
    }
    Ok(values.len())
}

async fn skus(tx: &mut PgConnection, product: Uuid, code: &str, values: &[&str], price_fen: i64) -> Result<(), Fault> {
    for (sort, value) in (0i32..).zip(values) {
        sqlx::query!(
            "insert into skus (id, code, product_id, spec_values, price_fen, sort) values ($1, $2, $3, $4, $5, $6)",
            new_id(),
            format!("{code}-{sort}"),
            product,
            &[(*value).to_owned()],
            // What is larger costs more.
            price_fen * (10 + 3 * i64::from(sort)) / 100 * 10,
            sort,
        )
        .execute(&mut *tx)
        .await
        .or_fault()?;
    }
    Ok(())
}

/// `mi fen` → `mf`
fn initials(pinyin: &str) -> String {
    pinyin.split(' ').filter_map(|syllable| syllable.chars().next()).collect()
}

/// Stores in the towns a shopper can choose, the same number in each, at streets that every town has.
async fn stores(tx: &mut PgConnection, parts: &Parts, many: usize) -> Result<(), Fault> {
    let towns = sqlx::query!(
        r#"select p.name, r.code as region, r.name as city, p.latitude, p.longitude
           from places p join regions r on r.code = p.region_code where p.kind = 'city' order by r.code"#
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    if many > towns.len() * parts.streets.len() {
        let most = towns.len() * parts.streets.len();
        return Err(Fault::invalid("stores", format!("演示连锁最多能有 {most} 家门店")));
    }
    let mut random = StdRng::seed_from_u64(SEED);
    for (place, town) in (0..many).zip(towns.iter().cycle()) {
        let street = &parts.streets[place / towns.len()];
        let house = random.random_range(1..400);
        let store = demo::Store {
            code: format!("BB-{:04}", place + 1),
            name: format!("贝贝树母婴 {}{street}店", town.name),
            brand: BRAND.into(),
            ownership: OWNERSHIPS[place % OWNERSHIPS.len()].into(),
            region_code: town.region.clone(),
            city: town.city.clone(),
            address: format!("{}{street}{house}号", town.city),
            phone: None,
            latitude: town.latitude + random.random_range(TOWN),
            longitude: town.longitude + random.random_range(TOWN),
            features: vec!["母婴室".into(), "停车".into()],
            hours: json!([{ "days": [1, 2, 3, 4, 5, 6, 7], "open": "09:00", "close": "22:00" }]),
        };
        demo::store_of(tx, &store).await?;
    }
    Ok(())
}

/// The chain's own stores, and all goods of its brand, the favourites first.
pub(super) async fn read(tx: &mut PgConnection, plan: &Plan) -> Result<(Vec<sales::Store>, Vec<sales::Goods>), Fault> {
    let codes: Vec<String> = (1..=plan.stores).map(|place| format!("BB-{place:04}")).collect();
    let stores = sqlx::query!("select id from stores where code = any($1) order by code", &codes)
        .fetch_all(&mut *tx)
        .await
        .or_fault()?;
    let goods = sqlx::query!(
        "select k.id, p.name, k.spec_values, p.picture, k.price_fen
         from skus k join products p on p.id = k.product_id join brands b on b.id = p.brand_id
         where b.code = $1 order by p.sort, p.code, k.sort",
        BRAND,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let mut random = StdRng::seed_from_u64(!SEED);
    let stores =
        stores.into_iter().map(|row| sales::Store { id: row.id, price_points: random.random_range(9_500..=10_500) });
    let goods = goods.into_iter().map(|row| sales::Goods {
        sku_id: row.id,
        name: row.name,
        spec: row.spec_values.join(" / "),
        picture: row.picture,
        price_fen: row.price_fen,
    });
    Ok((stores.collect(), goods.collect()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_kind_of_goods_has_its_picture_and_category() {
        let parts: Parts = demo::read(include_str!("../../../../../demo/chain.json")).unwrap();
        let small: serde_json::Value = demo::read(include_str!("../../../../../demo/catalogue.json")).unwrap();
        let pictures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../public/pictures");
        for category in &parts.categories {
            assert!(small["categories"].as_array().unwrap().iter().any(|one| one["code"] == *category.code));
            for thing in &category.goods {
                assert!(pictures.join(format!("{}-320.webp", thing.picture)).exists(), "{}", thing.picture);
            }
        }
    }

    #[test]
    fn initials_come_from_each_syllable() {
        assert_eq!(initials("xue bu wa"), "xbw");
    }
}
