//! Which database a command works with: the one of DATABASE_URL, or the embedded one.

use std::time::Duration;

use anyhow::Context;
use commerce::Pools;
use sqlx::{
    ConnectOptions, Connection,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{
    config::Settings,
    postgres::{Durability, Postgres},
};

/// A connection that was idle for so long may have been cut off.
const RESTED: Duration = Duration::from_secs(1);

/// A database that is up, and the server it runs in where that is ours to stop.
pub struct Database {
    /// How the schema's owner connects.
    pub owner: PgConnectOptions,
    embedded: Option<Postgres>,
}

impl Database {
    /// Reaches the database: by DATABASE_URL; else the embedded one of a server that runs beside
    /// this command; else the embedded one, started for as long as this command lasts.
    pub async fn reach(settings: &Settings) -> anyhow::Result<Self> {
        if let Some(url) = &settings.database_url {
            let owner = url.parse().context("DATABASE_URL is not an address of PostgreSQL")?;
            return Ok(Self { owner, embedded: None });
        }
        let data = settings.data.clone();
        if let Some(url) = tokio::task::spawn_blocking(move || Postgres::running(&data)).await? {
            return Ok(Self { owner: url.parse()?, embedded: None });
        }
        Self::embed(settings).await
    }

    /// For the server: by DATABASE_URL, else the embedded one, started or adopted.
    pub async fn start(settings: &Settings) -> anyhow::Result<Self> {
        if settings.database_url.is_some() { Self::reach(settings).await } else { Self::embed(settings).await }
    }

    async fn embed(settings: &Settings) -> anyhow::Result<Self> {
        let data = settings.data.clone();
        let embedded = tokio::task::spawn_blocking(move || Postgres::start(&data, Durability::Durable)).await??;
        Ok(Self { owner: embedded.owner_url().parse()?, embedded: Some(embedded) })
    }

    /// Brings the schema up to date, as its owner.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        let mut owner =
            self.owner.clone().disable_statement_logging().connect().await.context("the database cannot be reached")?;
        commerce::MIGRATIONS.run(&mut owner).await.context("the schema could not be brought up to date")?;
        owner.close().await?;
        Ok(())
    }

    /// Connections in the roles of the server, so many in each.
    pub async fn pools(&self, connections: u32) -> anyhow::Result<Pools> {
        let options = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(5))
            .idle_timeout(Duration::from_secs(600))
            // Asking every time whether a connection lives would be a round trip before each statement:
            // only one that has rested is asked.
            .test_before_acquire(false)
            .before_acquire(|connection, rested| {
                Box::pin(async move {
                    if rested.idle_for < RESTED {
                        return Ok(true);
                    }
                    connection.ping().await.map(|()| true)
                })
            });
        let pools = Pools::connect(options, self.owner.clone().disable_statement_logging()).await;
        pools.context("the database cannot be reached as mendian_app and mendian_house")
    }

    /// Stops the embedded server, where this process started it.
    pub async fn stop(self) {
        if let Some(embedded) = self.embedded {
            embedded.stop().await;
        }
    }
}
