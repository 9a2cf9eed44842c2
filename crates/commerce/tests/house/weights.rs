//! What goods weigh as they are sent (D2).

use commerce::{catalog, supply};
use domain::{
    LocationId, SkuId,
    staff::Role,
    supply::ReceiveGoods,
    transfers::Pieces,
    weights::{KeepBatches, SetWeights, SkuWeight},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::{
    people::Reach,
    world::{World, code_of, field_of},
};

fn weigh(sku_id: SkuId, weight_grams: i64) -> SetWeights {
    SetWeights { weights: vec![SkuWeight { sku_id, weight_grams }] }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_weight_that_head_office_sets_is_the_shops_at_once_and_is_written_down(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let goods = world.staff("商品部", Role::GoodsDepartment, Reach::Everywhere).await;
    let visitor = world.visitor().await;
    let tea = catalog::browse(&visitor, world.store, Default::default()).await.unwrap().items[0].code.clone();
    let weight = async || {
        let skus = catalog::show(&visitor, world.store, &tea).await.unwrap().skus;
        skus.iter().find(|sku| sku.id == world.large).unwrap().weight_grams
    };
    assert_eq!(weight().await, 0, "nobody has said so");
    for _ in 0..2 {
        catalog::set_weights(&goods, &tea, weigh(world.large, 650)).await.unwrap();
        assert_eq!(weight().await, 650);
    }
    let seen = catalog::weights(&goods, &tea).await.unwrap().skus;
    let grams: Vec<_> = seen.iter().map(|sku| (sku.id, sku.weight_grams)).collect();
    assert!(grams.contains(&(world.large, 650)) && grams.contains(&(world.medium, 0)), "the others keep theirs");
    assert_eq!(world.count("select count(*) from audit where act = 'weigh_goods'").await, 1, "each change once");
    let strange = SkuId(uuid::Uuid::now_v7());
    let both = SetWeights { weights: [weigh(world.large, 1).weights, weigh(strange, 1).weights].concat() };
    assert_eq!(field_of(catalog::set_weights(&goods, &tea, both).await), format!("weight.{strange}"));
    assert_eq!(
        field_of(catalog::set_weights(&goods, &tea, weigh(world.large, -1)).await),
        format!("weight.{}", world.large)
    );
    assert_eq!(code_of(catalog::set_weights(&goods, "no-such-tea", weigh(world.large, 1)).await), "not_found");
    for (role, reach) in [
        (Role::StoreManager, Reach::Store(world.store)),
        (Role::RegionalManager, Reach::Region("310100")),
        (Role::ServiceDepartment, Reach::Everywhere),
    ] {
        let other = world.staff("别人", role, reach).await;
        assert_eq!(code_of(catalog::weights(&other, &tea).await), "forbidden");
        assert_eq!(code_of(catalog::set_weights(&other, &tea, weigh(world.large, 1)).await), "forbidden");
    }
    assert_eq!(weight().await, 650, "what was refused changed nothing");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn goods_that_head_office_keeps_by_batches_come_in_with_a_batch_alone(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let goods = world.staff("商品部", Role::GoodsDepartment, Reach::Everywhere).await;
    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    let arrives = async || {
        let lines = vec![Pieces { sku_id: world.medium, quantity: 3 }];
        let (id, location_id) = (uuid::Uuid::now_v7(), LocationId(world.store.0));
        let came =
            ReceiveGoods { id, location_id, lines, note: String::new(), prices: Vec::new(), batches: Vec::new() };
        supply::receive(&manager, came).await
    };
    let keep = async |keeps_batches| catalog::keep_batches(&goods, "pearl-tea", KeepBatches { keeps_batches }).await;
    arrives().await.unwrap();
    for _ in 0..2 {
        keep(true).await.unwrap();
        assert!(catalog::weights(&goods, "pearl-tea").await.unwrap().keeps_batches);
    }
    assert_eq!(field_of(arrives().await), format!("batch.{}", world.medium));
    keep(false).await.unwrap();
    arrives().await.unwrap();
    assert_eq!(world.count("select count(*) from audit where act = 'keep_batches'").await, 2, "each change once");
    let command = KeepBatches { keeps_batches: true };
    assert_eq!(code_of(catalog::keep_batches(&goods, "no-such-tea", command).await), "not_found");
    assert_eq!(code_of(catalog::keep_batches(&manager, "pearl-tea", command).await), "forbidden");
    assert!(!catalog::weights(&goods, "pearl-tea").await.unwrap().keeps_batches, "what was refused changed nothing");
    world.balanced().await;
}
