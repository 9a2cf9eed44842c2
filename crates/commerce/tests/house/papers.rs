//! Papers of merchants (O3).

use chrono::{Duration, NaiveDate};
use commerce::{
    Scope, audit,
    files::{self, Kept},
    jobs,
    staff::{joined_merchants, merchant_papers},
};
use domain::{
    Fault,
    audit::ListAudit,
    files::{FileSize, Purpose},
    staff::{AddPaper, PAPERS_MOST, PaperKind, PaperStanding, Role, SaveMerchant},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    files::picture,
    people::Reach,
    world::{World, code_of, field_of},
};

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n";

fn paper(kind: PaperKind, valid_until: Option<NaiveDate>) -> AddPaper {
    AddPaper { kind, valid_until }
}

/// Head office, and two merchants without a store, each with its owner.
async fn joined(options: PgPoolOptions, connect: PgConnectOptions) -> (World, Scope, [(Uuid, Scope); 2]) {
    let world = World::new(options, connect).await;
    let hq = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    let mut merchants = Vec::new();
    for code in ["EAST", "WEST"] {
        let id = Uuid::now_v7();
        let command = SaveMerchant { code: code.into(), name: format!("商户 {code}"), stores: Vec::new() };
        joined_merchants::save(&hq, id, command).await.unwrap();
        merchants.push((id, world.staff("方姐", Role::MerchantOwner, Reach::Merchant(id)).await));
    }
    let [east, west]: [(Uuid, Scope); 2] = merchants.try_into().unwrap_or_else(|_| panic!("two merchants"));
    (world, hq, [east, west])
}

/// What the log says was done to papers, the first of it first: by whom, what, and how the paper was and is.
async fn logged(hq: &Scope) -> Vec<(String, String)> {
    let log = audit::list(hq, &ListAudit { most: 100, ..ListAudit::default() }).await.unwrap().items;
    let of_papers = log.into_iter().rev().filter(|entry| entry.act.ends_with("_paper"));
    of_papers.map(|entry| (entry.who, entry.act)).collect()
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_merchants_papers_are_seen_and_added_by_its_owner_and_removed_by_head_office(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let (world, hq, [(east, owner), _]) = joined(options, connect).await;
    let today = world.now.date_naive();
    let soon = Some(today + Duration::days(20));
    let licence = merchant_papers::add(&hq, east, paper(PaperKind::Licence, None), "../执照.pdf", PDF.to_vec()).await;
    let licence = licence.unwrap();
    let permit = paper(PaperKind::FoodPermit, soon);
    let permit = merchant_papers::add(&owner, east, permit, "许可证.jpg", picture(1)).await.unwrap();
    for who in [&hq, &owner] {
        let list = merchant_papers::list(who, east).await.unwrap();
        let seen: Vec<_> = list.iter().map(|one| (one.id, one.kind, one.standing, one.name.as_str())).collect();
        let expected = [
            (permit, PaperKind::FoodPermit, PaperStanding::EndsSoon, "许可证.jpg"),
            (licence, PaperKind::Licence, PaperStanding::Valid, "执照.pdf"),
        ];
        assert_eq!(seen, expected);
        assert_eq!(list[0].added_by, "方姐");
        let pdf = merchant_papers::read(who, east, licence).await.unwrap();
        assert!(pdf.kept == Kept::Pdf && !pdf.is_published && pdf.bytes == PDF);
        let scan = merchant_papers::read(who, east, permit).await.unwrap();
        assert!(scan.kept == Kept::Jpeg && scan.bytes.starts_with(b"\xFF\xD8\xFF"), "it was not drawn anew");
        // By its id alone it is nobody's.
        assert_eq!(code_of(files::read(who, permit, FileSize::Large).await), "not_found");
        assert_eq!(code_of(files::remove(who, permit).await), "not_found");
    }
    let due =
        async |who: &Scope| joined_merchants::list(who).await.unwrap().iter().map(|one| one.papers_due).sum::<i64>();
    assert_eq!(due(&hq).await, 1);

    // The same file again is the same paper, with what is said of it now.
    for _ in 0..2 {
        let longer = paper(PaperKind::FoodPermit, Some(today + Duration::days(400)));
        let again = merchant_papers::add(&owner, east, longer, "x.jpg", picture(1)).await.unwrap();
        assert_eq!(again, permit);
    }
    assert_eq!((merchant_papers::list(&hq, east).await.unwrap().len(), due(&hq).await), (2, 0));
    assert_eq!(merchant_papers::remove(&owner, east, permit).await, Err(Fault::Forbidden));
    assert_eq!(code_of(joined_merchants::remove(&hq, east).await), "merchant_given");

    merchant_papers::remove(&hq, east, permit).await.unwrap();
    merchant_papers::remove(&hq, east, permit).await.unwrap();
    for who in [&hq, &owner] {
        assert_eq!(code_of(merchant_papers::read(who, east, permit).await), "not_found", "removed is gone");
        assert_eq!(merchant_papers::list(who, east).await.unwrap().len(), 1);
    }
    let mut later = world.system(0);
    later.now += Duration::hours(25);
    jobs::sweep(&later).await.unwrap();
    assert_eq!(world.count("select count(*) from files").await, 1, "what was removed is forgotten after a day");
    assert_eq!(code_of(merchant_papers::remove(&hq, east, permit).await), "not_found");
    let log = logged(&hq).await;
    let log: Vec<_> = log.iter().map(|(who, act)| (who.as_str(), act.as_str())).collect();
    let expected = [("总部", "save_paper"), ("方姐", "save_paper"), ("方姐", "save_paper"), ("总部", "remove_paper")];
    assert_eq!(log, expected);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn nobody_sees_or_changes_another_merchants_papers(options: PgPoolOptions, connect: PgConnectOptions) {
    let (world, hq, [(east, owner), (west, other)]) = joined(options, connect).await;
    let licence = paper(PaperKind::Licence, None);
    let one = merchant_papers::add(&hq, east, licence, "执照.pdf", PDF.to_vec()).await.unwrap();
    let before = logged(&hq).await;
    let manager = world.staff("顾经理", Role::RegionalManager, Reach::Region("310000")).await;
    let shopper = world.member().await;
    let clerk = world.staff("商户店员", Role::MerchantStaff, Reach::Merchant(east)).await;
    let strangers =
        [(&other, "not_found"), (&manager, "not_found"), (&clerk, "forbidden"), (&shopper, "unauthenticated")];
    for (who, expected) in strangers {
        assert_eq!(code_of(merchant_papers::list(who, east).await), expected);
        assert_eq!(code_of(merchant_papers::read(who, east, one).await), expected);
        assert_eq!(code_of(merchant_papers::add(who, east, licence, "x", PDF.to_vec()).await), expected);
        assert_eq!(code_of(files::take(who, Purpose::MerchantPaper(east), "x", PDF.to_vec()).await), expected);
        let refused = code_of(merchant_papers::remove(who, east, one).await);
        assert!(refused == "forbidden" || refused == "unauthenticated", "{refused}");
    }
    // By one's own merchant nobody comes to another's.
    assert_eq!(code_of(merchant_papers::read(&other, west, one).await), "not_found");
    assert_eq!(code_of(merchant_papers::remove(&hq, west, one).await), "not_found");
    assert_eq!(code_of(merchant_papers::list(&hq, Uuid::now_v7()).await), "not_found");
    assert_eq!(merchant_papers::list(&other, west).await.unwrap(), []);
    assert_eq!(logged(&hq).await, before, "it was tried, and nothing is in the log");
    assert_eq!(merchant_papers::list(&owner, east).await.unwrap().len(), 1);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_paper_is_what_its_first_bytes_say_and_a_merchant_has_so_many(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let (world, hq, [(east, owner), (west, _)]) = joined(options, connect).await;
    let contract = paper(PaperKind::Contract, None);
    for wrong in [&b"GIF89a"[..], b"<html><script>1</script>", b"PK\x03\x04", b""] {
        assert_eq!(field_of(merchant_papers::add(&owner, east, contract, "合同.pdf", wrong.to_vec()).await), "file");
    }
    let never = paper(PaperKind::Contract, NaiveDate::from_ymd_opt(1, 1, 1));
    let refused = merchant_papers::add(&owner, east, never, "合同.pdf", PDF.to_vec()).await;
    assert_eq!(field_of(refused), "valid_until");
    assert_eq!(merchant_papers::list(&owner, east).await.unwrap(), []);
    assert_eq!(logged(&hq).await, []);

    merchant_papers::add(&owner, east, contract, "合同.pdf", PDF.to_vec()).await.unwrap();
    // Of more nobody need be told one by one.
    sqlx::query(
        "with made as (
             insert into files (id, kind, purpose, merchant_id, name, byte_size, sha256, created_by, created_at)
             select gen_random_uuid(), 'pdf', 'merchant_paper', $1, 'x', 1, sha256(n::text::bytea), $1, now()
             from generate_series(2, $2) n returning id)
         insert into merchant_papers (file_id, merchant_id, kind, added_by, added_at)
         select id, $1, 'other', (select id from staff limit 1), now() from made",
    )
    .bind(east)
    .bind(i64::try_from(PAPERS_MOST).unwrap())
    .execute(&world.owner)
    .await
    .unwrap();
    assert_eq!(code_of(merchant_papers::add(&owner, east, contract, "x.jpg", picture(1)).await), "papers_full");
    assert!(merchant_papers::add(&owner, east, contract, "合同.pdf", PDF.to_vec()).await.is_ok(), "it is there");

    world.alter("delete from grants where merchant_id is not null").await;
    assert_eq!(code_of(joined_merchants::remove(&hq, east).await), "merchant_has_papers");
    let one = merchant_papers::add(&hq, west, contract, "合同.pdf", PDF.to_vec()).await.unwrap();
    merchant_papers::remove(&hq, west, one).await.unwrap();
    joined_merchants::remove(&hq, west).await.unwrap();
    world.balanced().await;
}

/// What holds where a use case forgets to ask: the rows themselves.
#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn behind_the_second_fence_a_merchants_papers_are_its_own_peoples(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let (world, hq, [(east, owner), (_, other)]) = joined(options, connect.clone()).await;
    let licence = paper(PaperKind::Licence, None);
    merchant_papers::add(&owner, east, licence, "执照.pdf", PDF.to_vec()).await.unwrap();
    let people = PgPoolOptions::new().max_connections(1).connect_with(connect).await.unwrap();
    sqlx::query("set role mendian_app").execute(&people).await.unwrap();
    for (who, stores, sees) in [(&owner, "{}", 1), (&other, "{}", 0), (&hq, "*", 1)] {
        for table in ["merchant_papers", "files", "file_contents"] {
            let mut tx = people.begin().await.unwrap();
            sqlx::query("select set_config('mendian.staff', $1, true), set_config('mendian.stores', $2, true)")
                .bind(who.staff().unwrap().id.to_string())
                .bind(stores)
                .execute(&mut *tx)
                .await
                .unwrap();
            let seen: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {table}")))
                .fetch_one(&mut *tx)
                .await
                .unwrap();
            assert_eq!(seen, sees, "{table}");
        }
    }
    people.close().await;
    world.balanced().await;
}
