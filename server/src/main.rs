//! `mendian`: the server and its commands.

mod api;
mod callbacks;
mod chain;
mod config;
mod database;
mod errors;
mod exports;
mod files;
mod finding;
mod identity;
mod import;
mod listed;
mod live;
mod papers;
mod postgres;
mod reported;
mod sent;
mod serve;
mod site;
mod store_proofs;
mod tasks;
mod uploads;
mod wechat;
mod work;

use std::process::ExitCode;

use clap::Parser;
use config::{Cli, Command, Import, Settings};
use mimalloc::MiMalloc;

/// Drawing a page makes thousands of small strings, from all threads at once.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    start_log(&cli.settings);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    match runtime.block_on(run(cli)) {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Serve(serve) => serve::serve(&cli.settings, &serve).await.map(|()| ExitCode::SUCCESS),
        Command::Migrate => tasks::migrate(&cli.settings).await,
        Command::Import(Import::Stores(import)) => import::stores(&cli.settings, &import).await,
        Command::Import(Import::Products(import)) => import::products(&cli.settings, &import).await,
        Command::Demo { size, chain } => tasks::demo(&cli.settings, size, &chain).await,
        Command::Openapi => tasks::openapi(),
        Command::ClearSecondStep { account } => tasks::clear_second_step(&cli.settings, &account).await,
        Command::CheckBooks => tasks::check_books(&cli.settings).await,
        Command::ScratchPostgres { command } => postgres::with_scratch(command).await,
    }
}

#[allow(clippy::print_stderr, reason = "this is the command line's answer")]
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("mendian: {error:#}");
    ExitCode::FAILURE
}

fn start_log(settings: &Settings) {
    let filter = tracing_subscriber::EnvFilter::try_new(&settings.log)
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if settings.log_format == "json" { log.json().init() } else { log.init() }
}
