//! Merchants as a reach, departments of head office, rights to columns (O2, O4).

use chrono::Duration;
use commerce::{Scope, audit, exports, figures, orders, staff, stores};
use domain::{
    Fault,
    audit::ListAudit,
    orders::ListOrders,
    staff::{
        AssignDepartment, GiveGrant, Hire, ListStaff, Permission, Place, PlaceAsked, Role, RoleKey, SaveDepartment,
        SaveMerchant, SaveRole,
    },
    stores::ListStores,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    authority::{account, at_stores, everywhere, hired, names, settled},
    people::Reach,
    world::{World, code_of, field_of},
};

fn merchant(code: &str, stores: &[&str]) -> SaveMerchant {
    let stores = stores.iter().map(|code| (*code).to_owned()).collect();
    SaveMerchant { code: code.into(), name: format!("商户 {code}"), stores }
}

fn at_merchant(role: Role, id: Uuid) -> GiveGrant {
    GiveGrant { role: RoleKey::BuiltIn(role), place: PlaceAsked::Merchant { id }, until: None }
}

/// Both stores have joined; head office, and the two merchants: of Shanghai's store, and of none yet.
async fn joined(options: PgPoolOptions, connect: PgConnectOptions) -> (World, Scope, Uuid, Uuid) {
    let world = World::new(options, connect).await;
    world.alter("update stores set ownership = 'merchant'").await;
    let hq = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    let (east, new) = (Uuid::now_v7(), Uuid::now_v7());
    staff::joined_merchants::save(&hq, east, merchant("EAST", &["RMGC"])).await.unwrap();
    staff::joined_merchants::save(&hq, new, merchant("NEW", &[])).await.unwrap();
    (world, hq, east, new)
}

/// How much somebody sees: orders, orders in a file, stores, stores in a file, today's orders, changes in the log.
async fn sees(person: &Scope) -> [usize; 6] {
    let mut later = person.clone();
    later.now += Duration::hours(1);
    let stores = ListStores { most: 100, ..ListStores::default() };
    [
        orders::list(person, ListOrders { most: 100, ..ListOrders::default() }).await.unwrap().items.len(),
        orders::whole_list(person, ListOrders::default(), 100).await.unwrap().len(),
        stores::list(person, &stores).await.unwrap().0.len(),
        exports::stores(person, &stores).await.unwrap().rows.len(),
        usize::try_from(figures::sales_today(&later).await.unwrap().today.orders).unwrap(),
        audit::list(person, &ListAudit { most: 100, ..ListAudit::default() }).await.unwrap().items.len(),
    ]
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_merchants_owner_sees_their_stores_alone_and_those_that_join_at_once(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let (world, hq, east, new) = joined(options, connect).await;
    let (order, _) = world.place_paid(&world.member().await, 1).await;
    let owner = world.staff("方姐", Role::MerchantOwner, Reach::Merchant(east)).await;
    let other = world.staff("别家", Role::MerchantOwner, Reach::Merchant(new)).await;
    orders::accept(&owner, order).await.unwrap();
    assert_eq!(sees(&owner).await, [1; 6]);
    assert_eq!(sees(&other).await, [0; 6], "a merchant without a store sees nothing");
    assert_eq!(code_of(orders::show_for_staff(&other, order).await), "not_found");
    assert_eq!(other.staff().unwrap().grants[0].place, Place::Merchant { id: new });

    staff::joined_merchants::save(&hq, new, merchant("NEW", &["XIHU"])).await.unwrap();
    let other = world.again(&other).await;
    assert_eq!(sees(&other).await, [0, 0, 1, 1, 0, 0], "the store that joined is there with the next request");
    staff::joined_merchants::save(&hq, east, merchant("EAST", &[])).await.unwrap();
    assert_eq!(sees(&world.again(&owner).await).await, [0; 6], "and what left is gone");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_store_is_of_one_merchant_at_most_and_only_where_it_has_joined(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let (world, hq, east, new) = joined(options, connect).await;
    let save = |id, command| staff::joined_merchants::save(&hq, id, command);
    assert_eq!(field_of(save(new, merchant("NEW", &["RMGC"])).await), "stores", "it is another's");
    assert_eq!(field_of(save(new, merchant("NEW", &["NOWHERE"])).await), "stores");
    world.alter("update stores set ownership = 'direct' where code = 'XIHU'").await;
    assert_eq!(field_of(save(new, merchant("NEW", &["XIHU"])).await), "stores", "it has not joined");
    assert_eq!(field_of(save(new, merchant("EAST", &[])).await), "code");
    let same_name = SaveMerchant { name: "商户 EAST".into(), ..merchant("NEW", &[]) };
    assert_eq!(field_of(save(new, same_name).await), "name");
    let refused = sqlx::query("update stores set ownership = 'joint' where code = 'RMGC'").execute(&world.owner).await;
    assert!(refused.is_err(), "a merchant's store stays a joined one");

    hired(&hq, "owner", at_merchant(Role::MerchantOwner, east)).await;
    assert_eq!(code_of(staff::joined_merchants::remove(&hq, east).await), "merchant_given");
    staff::joined_merchants::remove(&hq, new).await.unwrap();
    let list = staff::joined_merchants::list(&hq).await.unwrap();
    assert_eq!(list.len(), 1, "the one without stores and grants has gone");
    assert_eq!((list[0].stores.as_slice(), list[0].grants), (["RMGC".to_owned()].as_slice(), 1));
    let id =
        staff::list(&hq, &ListStaff { words: "owner".into(), most: 9, ..ListStaff::default() }).await.unwrap().0[0].id;
    let grant = staff::show(&hq, id).await.unwrap().grants[0].clone();
    assert_eq!((grant.place_name.as_str(), grant.stores), ("商户 EAST", Some(1)));
    staff::take_back(&hq, id, grant.id).await.unwrap();
    assert_eq!(code_of(staff::joined_merchants::remove(&hq, east).await), "merchant_has_stores");
    let manager = world.staff("顾经理", Role::RegionalManager, Reach::Region("310000")).await;
    assert_eq!(staff::joined_merchants::save(&manager, east, merchant("EAST", &[])).await, Err(Fault::Forbidden));
    assert_eq!(staff::joined_merchants::list(&manager).await, Err(Fault::Forbidden));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn nobody_widens_a_grant_by_its_merchant_and_an_owner_staffs_the_merchant_alone(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let (world, hq, east, new) = joined(options, connect).await;
    let makers = Uuid::now_v7();
    let role = SaveRole { name: "招商".into(), permissions: vec![Permission::UseHq, Permission::ManageRoles] };
    staff::own_roles::save(&hq, makers, role).await.unwrap();
    let maker = GiveGrant { role: RoleKey::Own(makers), place: PlaceAsked::Everywhere, until: None };
    let id = hired(&hq, "maker", maker).await;
    let maker = settled(&world, "maker").await;
    let save = |command| staff::joined_merchants::save(&maker, new, command);
    save(merchant("NEW", &["XIHU"])).await.unwrap();
    save(merchant("NEW", &[])).await.unwrap();
    hired(&hq, "friend", at_merchant(Role::MerchantOwner, new)).await;
    assert_eq!(field_of(save(merchant("NEW", &["XIHU"])).await), "stores", "that would give more than is theirs");
    staff::give(&hq, id, at_merchant(Role::MerchantStaff, new)).await.unwrap();
    assert_eq!(code_of(save(merchant("NEW", &[])).await), "yourself");

    hired(&hq, "owner", at_merchant(Role::MerchantOwner, east)).await;
    let owner = settled(&world, "owner").await;
    let choices = staff::choices(&owner).await.unwrap();
    assert_eq!(choices.merchants.iter().map(|one| one.id).collect::<Vec<_>>(), [east]);
    assert_eq!((choices.everywhere, choices.regions.len(), choices.groups.len()), (false, 0, 0));
    hired(&owner, "helper", at_merchant(Role::MerchantStaff, east)).await;
    hired(&owner, "seller", at_stores(Role::Clerk, &["RMGC"])).await;
    let refused = async |grant| field_of(staff::hire(&owner, account("intruder", grant)).await);
    assert_eq!(refused(at_merchant(Role::MerchantStaff, new)).await, "merchant");
    assert_eq!(refused(at_merchant(Role::MerchantStaff, Uuid::now_v7())).await, "merchant");
    assert_eq!(refused(at_stores(Role::Clerk, &["XIHU"])).await, "stores");
    assert_eq!(refused(everywhere(Role::MerchantStaff)).await, "place");
    assert_eq!(names(&owner, ListStaff::default()).await.len(), 3, "the owner and the two whom they hired");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn departments_are_chosen_renamed_and_removed_when_nobody_is_in_them(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let hq = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    let (works, sells) = (Uuid::now_v7(), Uuid::now_v7());
    let name = |name: &str| SaveDepartment { name: name.into() };
    staff::office_departments::save(&hq, works, name("营运部")).await.unwrap();
    staff::office_departments::save(&hq, sells, name("销售部")).await.unwrap();
    assert_eq!(field_of(staff::office_departments::save(&hq, Uuid::now_v7(), name("营运部")).await), "name");
    let hire = Hire { department_id: Some(works), ..account("lin", at_stores(Role::Clerk, &["RMGC"])) };
    let lin = hire.id;
    staff::hire(&hq, hire.clone()).await.unwrap();
    let nowhere = Hire { department_id: Some(Uuid::now_v7()), ..account("wang", at_stores(Role::Clerk, &["RMGC"])) };
    assert_eq!(field_of(staff::hire(&hq, nowhere).await), "department");
    let of = |department| ListStaff { department: Some(department), ..ListStaff::default() };
    assert_eq!(names(&hq, of(works)).await, ["lin"]);
    assert_eq!(names(&hq, of(sells)).await, [""; 0]);
    assert_eq!(names(&hq, ListStaff { words: "营运".into(), ..ListStaff::default() }).await, ["lin"]);

    staff::office_departments::save(&hq, works, name("营运中心")).await.unwrap();
    assert_eq!(staff::show(&hq, lin).await.unwrap().entry.department, "营运中心");
    assert_eq!(
        world.count("select count(*) from staff where department = '营运中心'").await,
        1,
        "for the last release"
    );
    assert_eq!(code_of(staff::office_departments::remove(&hq, works).await), "department_has_people");
    let assign = |department_id| AssignDepartment { department_id };
    staff::office_departments::assign(&hq, lin, assign(Some(sells))).await.unwrap();
    staff::office_departments::assign(&hq, lin, assign(Some(sells))).await.unwrap();
    let entry = staff::show(&hq, lin).await.unwrap().entry;
    assert_eq!((entry.department.as_str(), entry.department_id), ("销售部", Some(sells)));
    staff::office_departments::remove(&hq, works).await.unwrap();
    staff::office_departments::remove(&hq, works).await.unwrap();
    let list = staff::office_departments::list(&hq).await.unwrap();
    assert_eq!(list.iter().map(|one| (one.name.as_str(), one.people)).collect::<Vec<_>>(), [("销售部", Some(1))]);

    let log = audit::list(&hq, &ListAudit { most: 100, ..ListAudit::default() }).await.unwrap().items;
    let mut acts: Vec<&str> = log.iter().map(|entry| entry.act.as_str()).collect();
    acts.sort_unstable();
    let expected = [
        "assign_department",
        "give_grant",
        "hire",
        "remove_department",
        "save_department",
        "save_department",
        "save_department",
    ];
    assert_eq!(acts, expected);
    let manager = world.staff("顾经理", Role::RegionalManager, Reach::Region("310000")).await;
    assert_eq!(staff::office_departments::list(&manager).await, Err(Fault::Forbidden));
    assert_eq!(staff::office_departments::save(&manager, works, name("我的")).await, Err(Fault::Forbidden));
    assert_eq!(staff::office_departments::names(&manager).await.unwrap()[0].people, None);
    let away = staff::office_departments::assign(&manager, hq.staff().unwrap().id, assign(None)).await;
    assert_eq!(code_of(away), "not_found");
    world.balanced().await;
}

/// A server of the last release knows the text alone.
#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn whom_the_last_release_hires_is_in_a_department_too(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let hq = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    for account in ["'a'", "'b'"] {
        let hire = format!(
            "insert into staff (id, account, name, department, password_hash) values (gen_random_uuid(), {account}, 'x', '财务部 ', '')"
        );
        sqlx::query(sqlx::AssertSqlSafe(hire)).execute(&world.owner).await.unwrap();
    }
    let list = staff::office_departments::list(&hq).await.unwrap();
    assert_eq!(list.iter().map(|one| (one.name.as_str(), one.people)).collect::<Vec<_>>(), [("财务部", Some(2))]);
    world.alter("update staff set department_id = null").await;
    assert_eq!(world.count("select count(*) from staff where department <> ''").await, 0);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_phone_is_whole_only_where_it_may_be_seen_and_whole_ones_in_a_file_are_logged(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let hq = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    let shopper = world.member().await;
    let (order, _) = world.place_paid(&shopper, 1).await;
    let whole = world.order(&shopper, order).await.shopper_phone;
    assert_eq!(whole.len(), 11, "one's own");
    let masked = domain::text::masked_phone(&whole);

    let manager = world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await;
    let service = world.staff("客服", Role::ServiceDepartment, Reach::Everywhere).await;
    // Who may see phones elsewhere, and orders here.
    let mixed = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    let callers = SaveRole { name: "回访".into(), permissions: vec![Permission::ReadOrders, Permission::SeePhones] };
    let role = Uuid::now_v7();
    staff::own_roles::save(&hq, role, callers).await.unwrap();
    let there = PlaceAsked::Stores { codes: vec!["XIHU".into()] };
    let grant = GiveGrant { role: RoleKey::Own(role), place: there, until: None };
    staff::give(&hq, mixed.staff().unwrap().id, grant).await.unwrap();
    let mixed = world.again(&mixed).await;
    assert!(mixed.may(Permission::SeePhones));

    for (person, expected) in [(&hq, &whole), (&service, &whole), (&manager, &masked), (&mixed, &masked)] {
        assert_eq!(&orders::show_for_staff(person, order).await.unwrap().shopper_phone, expected);
        let file = orders::whole_list(person, ListOrders::default(), 100).await.unwrap();
        assert_eq!(file.iter().map(|(_, phone)| phone).collect::<Vec<_>>(), [expected]);
        let list = orders::list(person, ListOrders { most: 10, ..ListOrders::default() }).await.unwrap();
        assert_eq!(list.items[0].phone_tail, whole[7..]);
    }
    let log = audit::list(&hq, &ListAudit { most: 100, words: String::new(), ..ListAudit::default() }).await.unwrap();
    let exports: Vec<_> = log.items.iter().filter(|entry| entry.act == "export_phones").collect();
    assert_eq!(exports.len(), 2, "those of head office and service; looking at a page is not logged");
    assert!(exports.iter().all(|entry| entry.after["phones"] == 1 && !entry.after.to_string().contains(&whole)));
    let manager = world.staff("顾经理", Role::RegionalManager, Reach::Region("310000")).await;
    let here = PlaceAsked::Stores { codes: vec!["RMGC".into()] };
    let grant = GiveGrant { role: RoleKey::Own(role), place: here, until: None };
    let refused = staff::hire(&manager, account("caller", grant)).await;
    assert_eq!(field_of(refused), "stores", "nobody gives what they do not have");
    world.balanced().await;
}
