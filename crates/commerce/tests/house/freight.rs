//! What sending goods costs, and which stores send them (D2).

use commerce::{Scope, freight};
use domain::{
    Fen, FreightId,
    freight::{FreightArea, FreightBasis, FreightRate, FreightTerms, SaveFreight, SetExpressStores},
    route::{RouteRule, SetRouteRules},
    staff::Role,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    people::Reach,
    world::{World, code_of, field_of},
};

const RATE: FreightRate =
    FreightRate { first: 1, first_fen: Fen(800), further: 1, further_fen: Fen(200), free_from_fen: None, days: None };

/// ¥8 and ¥2 more for each further piece, but for these regions, to which nothing is sent.
pub fn save(name: &str, not: &[&str]) -> SaveFreight {
    let regions: Vec<String> = not.iter().map(|&region| region.to_owned()).collect();
    let areas = if regions.is_empty() { Vec::new() } else { vec![FreightArea { regions, rate: None }] };
    let terms = FreightTerms { basis: FreightBasis::Pieces, areas, elsewhere: Some(RATE) };
    SaveFreight { name: name.into(), terms, default: false }
}

pub fn new_id() -> FreightId {
    FreightId(Uuid::now_v7())
}

pub fn sends(stores: &[&str], template_id: Option<FreightId>) -> SetExpressStores {
    let stores = stores.iter().map(|&code| code.to_owned()).collect();
    SetExpressStores { stores, sends: true, template_id, priority: 100 }
}

/// Sets the rule for express, and leaves the other as it is.
pub fn by(rule: RouteRule) -> SetRouteRules {
    SetRouteRules { rule, delivery_rule: None }
}

async fn defaults(hq: &Scope) -> Vec<String> {
    let (templates, _) = freight::templates(hq).await.unwrap();
    templates.into_iter().filter(|one| one.default).map(|one| one.name).collect()
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn one_template_is_the_default_and_the_first_is_it_by_itself(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let hq = world.staff("商品部", Role::GoodsDepartment, Reach::Everywhere).await;
    let (first, second) = (new_id(), new_id());
    freight::save(&hq, first, save("标准", &["新疆维吾尔自治区", "540000"])).await.unwrap();
    freight::save(&hq, first, save("标准", &["新疆维吾尔自治区", "540000"])).await.unwrap();
    freight::save(&hq, second, save("大件", &[])).await.unwrap();
    assert_eq!(defaults(&hq).await, ["标准"]);
    freight::save(&hq, second, SaveFreight { default: true, ..save("大件", &[]) }).await.unwrap();
    assert_eq!(defaults(&hq).await, ["大件"], "there is always one");
    freight::save(&hq, second, save("大件", &[])).await.unwrap();
    assert_eq!(defaults(&hq).await, ["大件"], "and it stays until another takes its place");
    let (templates, names) = freight::templates(&hq).await.unwrap();
    let kept = &templates.iter().find(|one| one.id == first).unwrap().terms.areas[0].regions;
    assert_eq!(*kept, ["650000", "540000"], "what was told by its name is kept by its code");
    assert_eq!(names["650000"], "新疆维吾尔自治区");
    assert_eq!(world.count("select count(*) from audit where act = 'save_freight'").await, 3, "each change once");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_template_that_makes_no_sense_is_refused_beside_its_field(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let hq = world.staff("商品部", Role::GoodsDepartment, Reach::Everywhere).await;
    freight::save(&hq, new_id(), save("标准", &[])).await.unwrap();
    let try_save = async |command: SaveFreight| field_of(freight::save(&hq, new_id(), command).await);
    assert_eq!(try_save(save("标准", &[])).await, "name", "another is called that");
    assert_eq!(try_save(save(" ", &[])).await, "name");
    assert_eq!(try_save(save("远", &["火星"])).await, "areas");
    assert_eq!(try_save(save("远", &["CN"])).await, "areas", "all of China is everywhere else");
    assert_eq!(try_save(save("远", &["江苏省", "320000"])).await, "areas", "named twice");
    let with = |rate: FreightRate| {
        let mut command = save("错", &[]);
        command.terms.elsewhere = Some(rate);
        command
    };
    assert_eq!(try_save(with(FreightRate { first: 0, ..RATE })).await, "first.elsewhere");
    assert_eq!(try_save(with(FreightRate { further: i64::MAX, ..RATE })).await, "further.elsewhere");
    assert_eq!(try_save(with(FreightRate { first_fen: Fen(-1), ..RATE })).await, "first_fen.elsewhere");
    assert_eq!(try_save(with(FreightRate { free_from_fen: Some(Fen(-1)), ..RATE })).await, "free_from_fen.elsewhere");
    let mut nowhere = save("无", &[]);
    nowhere.terms.elsewhere = None;
    assert_eq!(try_save(nowhere).await, "areas");
    assert_eq!(freight::templates(&hq).await.unwrap().0.len(), 1, "nothing was kept");
    for (role, reach) in [
        (Role::StoreManager, Reach::Store(world.store)),
        (Role::RegionalManager, Reach::Region("310100")),
        (Role::ServiceDepartment, Reach::Everywhere),
    ] {
        let other = world.staff("别人", role, reach).await;
        assert_eq!(code_of(freight::save(&other, new_id(), save("x", &[])).await), "forbidden");
        assert_eq!(code_of(freight::set_stores(&other, sends(&["RMGC"], None)).await), "forbidden");
        assert_eq!(code_of(freight::templates(&other).await), "forbidden");
    }
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_template_in_use_stays(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let hq = world.staff("商品部", Role::GoodsDepartment, Reach::Everywhere).await;
    assert_eq!(field_of(freight::set_stores(&hq, sends(&["RMGC"], None)).await), "template_id", "there is none yet");
    let (usual, large) = (new_id(), new_id());
    freight::save(&hq, usual, save("标准", &[])).await.unwrap();
    freight::save(&hq, large, save("大件", &[])).await.unwrap();
    assert_eq!(field_of(freight::set_stores(&hq, sends(&["RMGC", "NONE"], Some(large))).await), "stores");
    assert_eq!(field_of(freight::set_stores(&hq, sends(&["RMGC"], Some(new_id()))).await), "template_id");
    assert!(freight::stores(&hq).await.unwrap().is_empty(), "nothing changed");
    freight::set_stores(&hq, sends(&["RMGC", "XIHU"], Some(large))).await.unwrap();
    freight::set_stores(&hq, sends(&["XIHU", "RMGC"], Some(large))).await.unwrap();
    assert_eq!(world.count("select count(*) from audit where act = 'set_express_stores'").await, 2);
    assert_eq!(code_of(freight::remove(&hq, usual).await), "freight_in_use", "the default");
    assert_eq!(code_of(freight::remove(&hq, large).await), "freight_in_use", "stores name it");
    freight::set_stores(&hq, sends(&["RMGC"], None)).await.unwrap();
    freight::set_stores(&hq, SetExpressStores { sends: false, ..sends(&["XIHU"], None) }).await.unwrap();
    freight::remove(&hq, large).await.unwrap();
    assert_eq!(code_of(freight::remove(&hq, large).await), "not_found");
    let left: Vec<String> = freight::stores(&hq).await.unwrap().into_iter().map(|store| store.code).collect();
    assert_eq!(left, ["RMGC"]);
    world.balanced().await;
}
