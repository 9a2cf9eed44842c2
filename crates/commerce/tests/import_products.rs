//! Importing products, on a real PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use chrono::{TimeZone, Utc};
use commerce::{
    House, Partners, Pools, Scope, Settings, books,
    imports::{
        Imported, Trial,
        products::{Listing, import, known},
    },
};
use domain::{
    Fault,
    import::{Columns, ProductGiven, ProductSheet, Sheet as _},
};
use sqlx::PgPool;

const HEADER: [&str; 9] = ["商品编码", "商品名称", "品牌", "分类", "规格", "条码", "价格(元)", "描述", "上架"];
const TEA: [[&str; 9]; 3] = [
    ["NC", "珍珠奶茶", "青禾", "奶茶", "杯型:中杯", "0690001", "12.00", "=1+1\n第二行 \"引号\"", "是"],
    ["NC", "珍珠奶茶", "青禾", "奶茶", "杯型:大杯", "0690002", "15.50", "", ""],
    ["", "红茶", "青禾", "纯茶", "", "", "9", "", "否"],
];

fn scope(pool: &PgPool) -> Scope {
    let now = Utc.with_ymd_and_hms(2026, 11, 23, 4, 0, 0).unwrap();
    Scope::system(
        &House::new(Pools { people: pool.clone(), house: pool.clone() }, Partners::default(), Settings::default()),
        now,
    )
}

async fn quiet(_: usize) -> Result<(), Fault> {
    Ok(())
}

/// The rows as a file of today would be read.
async fn read(scope: &Scope, rows: &[[&str; 9]]) -> Vec<ProductGiven> {
    let mut sheet = ProductSheet::new(Columns::default(), &HEADER).unwrap().knowing(known(scope).await.unwrap());
    for (line, row) in (2..).zip(rows) {
        sheet.read(line, row).unwrap();
    }
    sheet.products
}

async fn carry_in(scope: &Scope, rows: &[[&str; 9]], trial: Trial) -> Imported {
    let products = read(scope, rows).await;
    import(scope, &products, Listing::Nowhere, trial, quiet).await.unwrap()
}

async fn count(pool: &PgPool, question: &'static str) -> i64 {
    sqlx::query_scalar(question).fetch_one(pool).await.unwrap()
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn the_second_import_of_the_same_products_changes_nothing(pool: PgPool) {
    let scope = scope(&pool);
    let tried = carry_in(&scope, &TEA, Trial::Yes).await;
    assert_eq!(tried, Imported { inserted: 3, updated: 0, unchanged: 0, moved: 0 });
    assert_eq!(count(&pool, "select count(*) from products").await, 0, "a trial changes nothing");
    assert_eq!(carry_in(&scope, &TEA, Trial::No).await, tried);
    let again = Imported { inserted: 0, updated: 0, unchanged: 3, moved: 0 };
    assert_eq!(carry_in(&scope, &TEA, Trial::No).await, again);
    let spelled = "select count(*) from products where pinyin = 'zhenzhunaicha' and initials = 'zznc' and published";
    assert_eq!(count(&pool, spelled).await, 1);
    assert_eq!(count(&pool, "select count(*) from skus where price_fen = 1550 and barcode = '0690002'").await, 1);
    assert_eq!(count(&pool, "select count(*) from categories").await, 2);
    assert_eq!(count(&pool, "select count(*) from products where code = '青禾-红茶' and not published").await, 1);
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_new_variant_joins_its_product_and_a_changed_price_is_one_update(pool: PgPool) {
    let scope = scope(&pool);
    carry_in(&scope, &TEA, Trial::No).await;
    let mut dearer = TEA[2];
    dearer[6] = "9.90";
    let done = carry_in(&scope, &[dearer, TEA[1]], Trial::No).await;
    assert_eq!(done, Imported { inserted: 0, updated: 1, unchanged: 1, moved: 0 });
    let mut larger = TEA[0];
    (larger[4], larger[7]) = ("杯型:超大杯", "");
    let done = carry_in(&scope, &[larger], Trial::No).await;
    assert_eq!(done, Imported { inserted: 1, updated: 0, unchanged: 0, moved: 0 });
    let specs =
        r#"select count(*) from products where specs = '[{"name": "杯型", "values": ["中杯", "大杯", "超大杯"]}]'"#;
    assert_eq!(count(&pool, specs).await, 1);
    let description = "select count(*) from products where description = E'=1+1\\n第二行 \"引号\"'";
    assert_eq!(count(&pool, description).await, 1, "what a row leaves empty stays");
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn an_import_that_is_stopped_leaves_nothing(pool: PgPool) {
    let scope = scope(&pool);
    let products = read(&scope, &TEA).await;
    let stop = async |_| Err(Fault::conflict("cancelled", "已取消"));
    assert!(import(&scope, &products, Listing::Nowhere, Trial::No, stop).await.is_err());
    for table in ["select count(*) from products", "select count(*) from skus", "select count(*) from brands"] {
        assert_eq!(count(&pool, table).await, 0, "{table}");
    }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn goods_are_listed_at_all_stores_of_the_brand_only_where_that_is_asked(pool: PgPool) {
    let scope = scope(&pool);
    carry_in(&scope, &TEA, Trial::No).await;
    let store = "with placed as (insert into locations (id, kind) values (gen_random_uuid(), 'store') returning id)
         insert into stores (id, code, brand_id, name, ownership, region_code, city, address, timezone, latitude, longitude, hours)
         select placed.id, 'S-1', b.id, '一店', 'direct', '310000', '', '路', 'Asia/Shanghai', 31.2, 121.4, '{}'
         from placed, brands b";
    sqlx::query(store).execute(&pool).await.unwrap();
    assert_eq!(count(&pool, "select count(*) from listings").await, 0);
    let mut products = read(&scope, &TEA).await;
    import(&scope, &products, Listing::AtAllStoresOfTheBrand, Trial::No, quiet).await.unwrap();
    assert_eq!(count(&pool, "select count(*) from listings where price_fen in (1200, 1550, 900)").await, 3);
    assert_eq!(count(&pool, "select count(*) from stock").await, 0, "the file says nothing of stock");
    // What is new to a store comes with its opening stock, once; what it has listed before stays.
    sqlx::query("delete from listings where price_fen = 1200").execute(&pool).await.unwrap();
    products.iter_mut().flat_map(|product| &mut product.skus).for_each(|sku| sku.stock = Some(30));
    for _ in 0..2 {
        import(&scope, &products, Listing::AtAllStoresOfTheBrand, Trial::No, quiet).await.unwrap();
    }
    let stock = "select on_hand from stock s join skus k on k.id = s.sku_id where k.barcode = '0690001'";
    assert_eq!((count(&pool, stock).await, count(&pool, "select count(*) from stock").await), (30, 1));
    assert_eq!(books::check(&scope).await.unwrap(), []);
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_weight_is_imported_in_grams_and_stays_where_a_later_file_says_nothing(pool: PgPool) {
    let scope = scope(&pool);
    let header = ["商品编码", "商品名称", "品牌", "分类", "价格(元)", "重量(克)"];
    let read = |weight: &'static str| {
        let mut sheet = ProductSheet::new(Columns::default(), &header).unwrap();
        sheet.read(2, &["HC", "红茶", "青禾", "纯茶", "9", weight]).map(|_| sheet.products)
    };
    for (weight, changed) in [("1.2kg", 0), ("1200", 0), ("", 0), ("500克", 1)] {
        let products = read(weight).unwrap();
        let done = import(&scope, &products, Listing::Nowhere, Trial::No, quiet).await.unwrap();
        assert_eq!(done.updated, changed, "{weight}");
    }
    assert_eq!(count(&pool, "select count(*) from skus where weight_grams = 500").await, 1);
    let told = read("一斤").unwrap_err();
    assert_eq!(told[0].column, "重量(克)");
    assert!(told[0].reason.chinese().contains("单位克"), "{}", told[0].reason.chinese());
}
