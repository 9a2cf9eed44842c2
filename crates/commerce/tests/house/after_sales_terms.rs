//! How long what may be asked for after the sale, as head office says (D4).

use commerce::{after_sales, orders};
use domain::{
    after_sales::{SetTerms, Terms},
    staff::Role,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    people::Reach,
    world::{World, code_of, field_of},
};

fn terms(category_id: Option<Uuid>, return_hours: Option<i32>) -> SetTerms {
    SetTerms { category_id, refund_only_hours: Some(24), return_hours, exchange_hours: None }
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_head_office_says_of_a_category_and_of_all_others_holds_at_once(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let clerk = world.staff("小王", Role::Clerk, Reach::Store(world.store)).await;
    let service = world.staff("客服", Role::ServiceDepartment, Reach::Everywhere).await;
    let buyer = world.member().await;
    let (order, code) = world.place_paid(&buyer, 1).await;
    orders::accept(&clerk, order).await.unwrap();
    orders::redeem(&clerk, &code).await.unwrap();
    let kinds = async || after_sales::options(&buyer, order).await.unwrap().lines[0].kinds.len();
    assert_eq!(kinds().await, 3, "the default");
    let book = after_sales::terms(&service).await.unwrap();
    assert_eq!(book.default, Terms::DEFAULT);
    let category = book.categories[0].category_id;
    for _ in 0..2 {
        after_sales::set_terms(&service, terms(None, Some(48))).await.unwrap();
    }
    assert_eq!(kinds().await, 2, "of all others");
    after_sales::set_terms(&service, terms(Some(category), None)).await.unwrap();
    assert_eq!(kinds().await, 1, "of this category");
    for _ in 0..2 {
        after_sales::reset_terms(&service, category).await.unwrap();
    }
    assert_eq!(kinds().await, 2, "as of all others again");
    assert_eq!(field_of(after_sales::set_terms(&service, terms(None, Some(0))).await), "return_hours");
    let nowhere = Some(Uuid::now_v7());
    assert_eq!(code_of(after_sales::set_terms(&service, terms(nowhere, None)).await), "not_found");
    let manager = world.staff("林姐", Role::StoreManager, Reach::Store(world.store)).await;
    assert_eq!(code_of(after_sales::terms(&manager).await), "forbidden");
    assert_eq!(code_of(after_sales::set_terms(&manager, terms(None, None)).await), "forbidden");
    assert_eq!(
        world.count("select count(*) from audit where act like '%after_sales_terms'").await,
        3,
        "each change once"
    );
    world.balanced().await;
}
