//! Builds what browsers load into `target/site`.
//!
//! ```text
//! cargo run -p bundle            as it is shipped: small, compressed as far as it goes
//! cargo run -p bundle -- --fast  for work and tests: unoptimised wasm, lightly compressed
//! ```
//!
//! `pkg/mendian.<hash>.{js,wasm,css}` carry the hash of their content, so they may be cached for
//! ever and a page never meets the wrong version; each has its `.br` and `.gz` beside it. The
//! server reads the names from `assets.json`, which is written last. A step whose inputs have not
//! changed is skipped.

#![allow(clippy::print_stdout)]

mod inputs;
mod output;
mod reader;
mod styles;
mod wasm;

use anyhow::{Context, Result};
use clap::Parser;
use inputs::Stamps;
use output::Site;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Builds wasm, JavaScript and style sheet into target/site.
#[derive(Parser)]
struct Arguments {
    /// Unoptimised, lightly compressed wasm: seconds instead of minutes.
    #[arg(long)]
    fast: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let started = Instant::now();
    let root = workspace_root()?;
    let site = Site::open(&root.join("target/site"), arguments.fast)?;
    let mut stamps = Stamps::read(&root.join("target/bundle.json"));

    let mut programs = wasm::build(&root, &site, &mut stamps, arguments.fast)?;
    programs.insert("reader".to_owned(), reader::build(&root, &site, &mut stamps)?);
    let css = styles::build(&root, &site, &mut stamps)?;
    site.copy_public(&root.join("public"))?;
    site.publish(output::Assets { programs, css })?;

    say("site", &format!("ready in {:.1} s", started.elapsed().as_secs_f32()));
    Ok(())
}

/// One line of progress.
fn say(step: &str, what: &str) {
    println!("{step:>8}  {what}");
}

/// The nearest folder at or above the current one that holds the workspace.
fn workspace_root() -> Result<PathBuf> {
    let here = std::env::current_dir()?;
    here.ancestors()
        .find(|folder| is_workspace(folder))
        .map(Path::to_path_buf)
        .context("not inside the workspace: no Cargo.toml with [workspace] at or above the current folder")
}

fn is_workspace(folder: &Path) -> bool {
    std::fs::read_to_string(folder.join("Cargo.toml")).is_ok_and(|text| text.contains("[workspace]"))
}
