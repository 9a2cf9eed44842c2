//! Every column that names a member has a rule for merging, exporting and erasing, and each rule does what it says.

use std::collections::BTreeSet;

use commerce::{
    Scope, holds,
    members::{self, Erasing, Exporting, Merging, RULES},
};
use domain::{
    HoldId,
    holds::TakeHold,
    members::{CodeFor, EraseAccount},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    member_accounts::{PASSWORD, phone_of, send_code_for, with_password},
    members::CODE,
    merging::offered,
    world::World,
};

/// Columns that refer to members, and those that are called as if they did.
const NAMING: &str = "
    select c.conrelid::regclass::text as table_name, a.attname::text as column_name
    from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = any(c.conkey)
    where c.contype = 'f' and c.confrelid = 'members'::regclass
    union
    select c.table_name::text, c.column_name::text
    from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
    where c.table_schema = 'public' and t.table_type = 'BASE TABLE'
      and (c.column_name ~ '(^|_)member_id$' or c.column_name = 'actor_id')";

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn every_column_that_names_a_member_has_a_rule(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let naming: Vec<(String, String)> = sqlx::query_as(NAMING).fetch_all(&world.owner).await.unwrap();
    let ruled: BTreeSet<(&str, &str)> = RULES.iter().map(|rule| (rule.table, rule.column)).collect();
    assert_eq!(ruled.len(), RULES.len(), "a column has two rules");
    let silent: Vec<_> = naming.iter().filter(|(table, column)| !ruled.contains(&(&**table, &**column))).collect();
    assert!(silent.is_empty(), "columns that name a member without a rule in members/rules.rs: {silent:?}");
    for rule in RULES {
        let found = format!("select count({}) from {}", rule.column, rule.table);
        let counted: Result<i64, _> = sqlx::query_scalar(sqlx::AssertSqlSafe(found)).fetch_one(&world.owner).await;
        assert!(counted.is_ok(), "a rule for {}.{}, which is not there", rule.table, rule.column);
    }
    world.balanced().await;
}

/// How many rows of a rule's column name a member.
async fn rows(world: &World, table: &str, column: &str, member: Uuid) -> i64 {
    let question = match (table, column) {
        ("cart_lines", _) => {
            "select count(*) from cart_lines l join members m on m.cart_id = l.cart_id where m.id = $1".to_owned()
        }
        ("order_addresses", _) => {
            "select count(*) from order_addresses a join orders o on o.id = a.order_id where o.member_id = $1"
                .to_owned()
        }
        ("after_sales_addresses", _) => {
            "select count(*) from after_sales_addresses d join after_sales a on a.id = d.after_sales_id where a.member_id = $1"
                .to_owned()
        }
        _ => format!("select count(*) from {table} where {column} = $1"),
    };
    sqlx::query_scalar(sqlx::AssertSqlSafe(question)).bind(member).fetch_one(&world.owner).await.unwrap()
}

/// Something that a member asked for of their order, with where it was to be sent, and took back.
async fn asked_for(world: &World, member: Uuid) {
    sqlx::query(
        "with asked as (
             insert into after_sales (id, order_id, order_number, member_id, store_id, kind, state, reason, note, refund_fen,
                                      requested_at, request_hash)
             select $1, id, number, member_id, store_id, 'return', 'withdrawn', 'other', '杯盖漏了', 0, now(), ''
             from orders where member_id = $2 limit 1 returning id
         ), sent as (
             insert into after_sales_addresses (after_sales_id, address_id, name, phone, address)
             select id, id, '小林', '13800138000', '上海市 人民大道 1 号' from asked
         )
         insert into after_sales_steps (after_sales_id, step, act, state, at, member_id)
         select id, 1, 'withdraw', 'withdrawn', now(), $2 from asked",
    )
    .bind(Uuid::now_v7())
    .bind(member)
    .execute(&world.owner)
    .await
    .unwrap();
}

/// An address in the member's book, and one that an order went to.
async fn sent_home(world: &World, member: Uuid) {
    sqlx::query(
        "insert into addresses (id, member_id, name, phone, region_code, detail, saved_at)
         values ($1, $2, '小林', '13800138000', '310100', '人民大道 1 号', now())",
    )
    .bind(Uuid::now_v7())
    .bind(member)
    .execute(&world.owner)
    .await
    .unwrap();
    sqlx::query(
        "with sent as (update orders set fulfilment = 'express' where id = (select id from orders where member_id = $1 limit 1) returning id)
         insert into order_addresses (order_id, name, phone, region_code, region, detail)
         select id, '小林', '13800138000', '310100', '上海市', '人民大道 1 号' from sent",
    )
    .bind(member)
    .execute(&world.owner)
    .await
    .unwrap();
}

/// A member of whom every table has a row.
async fn well_known(world: &World) -> Scope {
    let member = with_password(world, &world.member().await, PASSWORD).await;
    let absorbed = world.member().await;
    let offer = offered(world, &member, &absorbed).await;
    members::merge(&member, offer.id).await.unwrap();
    world.place(&member, 1).await;
    world.put(&member, world.large, 1).await;
    let quantity = 1.try_into().unwrap();
    let wish = TakeHold { id: HoldId(Uuid::now_v7()), store_id: world.store, sku_id: world.large, quantity };
    holds::take(&member, wish).await.unwrap();
    let id = member.member().unwrap().0;
    sqlx::query(
        "insert into wechat_identities (app_id, open_id, app, member_id, linked_at)
         values ('wx1', $1::text, 'website', $1, now())",
    )
    .bind(id)
    .execute(&world.owner)
    .await
    .unwrap();
    sqlx::query(
        "insert into files (id, kind, purpose, member_id, name, byte_size, sha256, width, height, created_by, created_at)
         values ($1, 'jpeg', 'store_photo', $2, '照片.jpg', 9, sha256(''), 1, 1, $2, now())",
    )
    .bind(Uuid::now_v7())
    .bind(id)
    .execute(&world.owner)
    .await
    .unwrap();
    asked_for(world, id).await;
    sent_home(world, id).await;
    let third = world.member().await;
    offered(world, &member, &third).await;
    offered(world, &third, &member).await;
    for rule in RULES {
        let of = format!("{}.{}", rule.table, rule.column);
        assert!(rows(world, rule.table, rule.column, id).await > 0, "the fixture has no row of {of}");
    }
    member
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn each_rule_of_merging_does_what_it_says(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (kept, other) = (world.member().await, well_known(&world).await);
    let (to, from) = (kept.member().unwrap().0, other.member().unwrap().0);
    let mut before = Vec::new();
    for rule in RULES {
        let own = rows(&world, rule.table, rule.column, to).await;
        before.push((own, rows(&world, rule.table, rule.column, from).await));
    }
    let offer = offered(&world, &kept, &other).await;
    members::merge(&kept, offer.id).await.unwrap();
    for (rule, (own, others)) in RULES.iter().zip(before) {
        let now = (rows(&world, rule.table, rule.column, to).await, rows(&world, rule.table, rule.column, from).await);
        let of = format!("{}.{}", rule.table, rule.column);
        match rule.merging {
            // The tombstone itself names the kept account, too.
            Merging::Move(_) if rule.column == "merged_into" => assert_eq!(now, (own + others + 1, 0), "{of}"),
            Merging::Move(_) => assert_eq!(now, (own + others, 0), "{of}"),
            Merging::End(_) => assert_eq!(now, (own, 0), "{of}"),
            Merging::Stay(_) => assert_eq!(now, (own, others), "{of}"),
            Merging::Own(_) if rule.table == "members" => assert_eq!(now, (1, 1), "{of}"),
            Merging::Own(_) => assert_eq!(now, (own + others, 0), "{of}"),
        }
    }
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn each_rule_of_erasing_does_what_it_says_and_of_exporting_is_a_key(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let member = well_known(&world).await;
    let id = member.member().unwrap().0;
    let file = members::export(&member).await.unwrap();
    for rule in RULES {
        let of = format!("{}.{}", rule.table, rule.column);
        match rule.exporting {
            Exporting::Under(key, _) | Exporting::Within(key) => {
                let empty = file[key].is_null() || file[key].as_array().is_some_and(Vec::is_empty);
                assert!(!empty, "{of} is not found under {key}");
            }
            Exporting::Not(why) => assert!(!why.is_empty(), "{of}"),
        }
    }
    world.run_jobs(60).await;
    let mut before = Vec::new();
    for rule in RULES {
        before.push(rows(&world, rule.table, rule.column, id).await);
    }
    send_code_for(&world, &member, &phone_of(&member).await, CodeFor::Erase).await;
    members::erase(&member, EraseAccount { code: CODE.into() }).await.unwrap();
    for (rule, before) in RULES.iter().zip(before) {
        let (of, now) = (format!("{}.{}", rule.table, rule.column), rows(&world, rule.table, rule.column, id).await);
        match rule.erasing {
            Erasing::Remove(_) => assert_eq!(now, 0, "{of}"),
            // An open hold that is released adds its own movement.
            Erasing::Stay(_) if rule.table == "movements" => assert!(now >= before, "{of}"),
            Erasing::Blank(_) | Erasing::Stay(_) | Erasing::Own(_) => assert_eq!(now, before, "{of}"),
        }
    }
    world.balanced().await;
}
