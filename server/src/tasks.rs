//! The commands that do something and end.
#![allow(clippy::print_stdout, reason = "a command's answer is its output")]

use std::process::ExitCode;

use chrono::Utc;
use commerce::{House, Partners, Scope, books, demo, staff::second_step};
use sqlx::postgres::PgConnectOptions;

use crate::{
    api, chain,
    config::{ChainSize, DemoSize, Settings},
    database::Database,
};

/// Runs `work` as the server itself on the command's database, migrated; stops what was started.
pub(crate) async fn with_house<T>(
    settings: &Settings,
    work: impl AsyncFnOnce(&Scope) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    with_house_and_owner(settings, async |scope, _| work(scope).await).await
}

/// The same for work that also needs to know how the schema's owner connects.
pub(crate) async fn with_house_and_owner<T>(
    settings: &Settings,
    work: impl AsyncFnOnce(&Scope, &PgConnectOptions) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let database = Database::reach(settings).await?;
    let done = async {
        database.migrate().await?;
        let house = House::new(database.pools(4).await?, Partners::default(), commerce::Settings::default());
        let done = work(&Scope::system(&house, Utc::now()), &database.owner).await;
        house.close().await;
        done
    };
    let done = done.await;
    database.stop().await;
    done
}

/// `mendian migrate`
pub async fn migrate(settings: &Settings) -> anyhow::Result<ExitCode> {
    with_house(settings, async |_| Ok(())).await?;
    println!("The schema is up to date.");
    Ok(ExitCode::SUCCESS)
}

/// `mendian demo`
pub async fn demo(settings: &Settings, size: DemoSize, chain: &ChainSize) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        size == DemoSize::Chain || *chain == ChainSize::default(),
        "--stores, --skus, --members and --orders say how large the chain is: add --size chain"
    );
    match size {
        DemoSize::New => small_demo(settings, demo::Size::New).await?,
        DemoSize::Lived => small_demo(settings, demo::Size::Lived).await?,
        DemoSize::Chain => chain::make(settings, chain).await?,
    }
    for log_in in demo::LOG_INS {
        println!("  /{:<8} {:<10} {:<20} {}", log_in.face, log_in.account, log_in.password, log_in.name);
    }
    Ok(ExitCode::SUCCESS)
}

async fn small_demo(settings: &Settings, size: demo::Size) -> anyhow::Result<()> {
    let made =
        with_house(settings, async |scope| Ok(demo::make(scope, size, |step| println!("demo: {step} …")).await?))
            .await?;
    println!(
        "demo: {} stores, {} products, {} listings added, {} orders added",
        made.stores, made.products, made.listings_added, made.orders_added
    );
    Ok(())
}

/// `mendian openapi`
pub fn openapi() -> anyhow::Result<ExitCode> {
    println!("{}", serde_json::to_string_pretty(&api::document())?);
    Ok(ExitCode::SUCCESS)
}

/// `mendian clear-second-step`
pub async fn clear_second_step(settings: &Settings, account: &str) -> anyhow::Result<ExitCode> {
    let cleared = with_house(settings, async |scope| Ok(second_step::clear_by_command(scope, account).await?)).await?;
    if cleared {
        println!("The account's password is enough now, and it is logged out everywhere.");
        return Ok(ExitCode::SUCCESS);
    }
    println!("There is no account of this name that has a second step.");
    Ok(ExitCode::FAILURE)
}

/// `mendian check-books`: 0 where everything agrees, 1 where not.
pub async fn check_books(settings: &Settings) -> anyhow::Result<ExitCode> {
    let found = with_house(settings, async |scope| Ok(books::check(scope).await?)).await?;
    for imbalance in &found {
        println!("BROKEN ({} rows): {}", imbalance.rows, imbalance.rule);
    }
    if found.is_empty() {
        println!("The books balance: {} rules hold.", books::rules());
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}
