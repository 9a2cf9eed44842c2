//! What the demo's stores bring and send: some have riders of their own, some send by express, so that a checkout has
//! every way, and head office's rule somebody to choose among.

use chrono::NaiveTime;
use domain::{
    Fault, Fen,
    freight::{FreightArea, FreightBasis, FreightRate, FreightTerms},
    fulfilment::{Band, DeliverySettings, FulfilmentSettings, OwnRider, Range, Window},
};
use serde_json::json;
use sqlx::PgConnection;

use super::people::FIRST_STORE;
use crate::{Scope, database::OrFault, house::new_id};

/// Stores that bring things within 3 km.
const BRING: &[&str] = &[FIRST_STORE, "QH-SH-002", "QH-SH-007", "QH-HZ-001", "BB-SH-001", "BB-SH-002"];
/// Stores that send by express.
const SEND: &[&str] = &[FIRST_STORE, "QH-SH-003", "QH-HZ-001", "QH-BJ-001", "BB-SH-001", "BB-HZ-001"];

/// Lets them bring and send; what is set already stays. The template is its first administrator's.
pub(super) async fn begin(tx: &mut PgConnection, scope: &Scope) -> Result<(), Fault> {
    let codes = |some: &[&str]| some.iter().map(|code| (*code).to_owned()).collect::<Vec<String>>();
    sqlx::query!(
        "insert into fulfilment_settings (store_id, settings, changed_at)
         select id, $2, $3 from stores where code = any($1) on conflict do nothing",
        &codes(BRING),
        json!(FulfilmentSettings { delivery: Some(delivery()?), ..FulfilmentSettings::default() }),
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    sqlx::query!(
        "insert into freight_templates (id, name, terms, is_default, saved_by, saved_at)
         select $1, '全国快递', $2, true, id, $3 from staff where account = 'hq' on conflict do nothing",
        new_id(),
        json!(terms()),
        scope.now,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    sqlx::query!(
        "insert into express_stores (store_id) select id from stores where code = any($1) on conflict do nothing",
        &codes(SEND),
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// ¥4 up to 1.5 km and ¥6 up to 3 km, nothing from ¥128 on, in three windows a day.
fn delivery() -> Result<DeliverySettings, Fault> {
    let time = |hour: u32| NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
    let window = |from, until| Window { from: time(from), until: time(until), capacity: 30 };
    let phone = "13900139000".parse().map_err(|_| Fault::Internal("the demo's rider".into()))?;
    Ok(DeliverySettings {
        on: true,
        range: Range::Radius { metres: 3_000 },
        bands: vec![Band { up_to_m: 1_500, fee_fen: Fen(400) }, Band { up_to_m: 3_000, fee_fen: Fen(600) }],
        light_grams: 5_000,
        per_kilo_fen: Fen(100),
        minimum_fen: Fen(1_000),
        free_from_fen: Some(Fen(12_800)),
        minutes: 45,
        windows: vec![window(10, 14), window(14, 18), window(18, 22)],
        riders: vec![OwnRider { name: "小李".into(), phone }],
    })
}

/// Cheaper around Shanghai, nothing from ¥99 on there; not to Tibet and Xinjiang.
fn terms() -> FreightTerms {
    let rate = |first_fen, further_fen, free_from_fen, days| FreightRate {
        first: 1,
        first_fen: Fen(first_fen),
        further: 1,
        further_fen: Fen(further_fen),
        free_from_fen,
        days: Some(days),
    };
    let area = |regions: &[&str], rate| FreightArea {
        regions: regions.iter().map(|region| (*region).to_owned()).collect(),
        rate,
    };
    FreightTerms {
        basis: FreightBasis::Pieces,
        areas: vec![
            area(&["310000", "320000", "330000"], Some(rate(600, 100, Some(Fen(9_900)), 1))),
            area(&["540000", "650000"], None),
        ],
        elsewhere: Some(rate(1_000, 200, None, 3)),
    }
}
