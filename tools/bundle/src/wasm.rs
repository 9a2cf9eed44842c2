//! The browser's half of the program: cargo, then wasm-bindgen, then wasm-opt.

use crate::inputs::{Stamps, hash_of, hash_of_files};
use crate::output::{Program, Site};
use crate::say;
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use wasm_bindgen_cli_support::Bindgen;

const TARGET: &str = "wasm32-unknown-unknown";

/// What rustc assumes of every browser for this target. Named, because wasm-bindgen drops the
/// section in which the module says so itself.
const WASM_FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Everything the wasm can be made of.
const SOURCES: [&str; 8] = [
    ".cargo/config.toml",
    "Cargo.lock",
    "Cargo.toml",
    "app",
    "crates/domain",
    "frontend",
    "rust-toolchain.toml",
    "tools/bundle",
];

/// Whose programs there are, by the features of `frontend`.
const PROGRAMS: [&str; 2] = ["shop", "staff"];

/// Builds everybody's modules and their JavaScript; answers the names of both in `pkg/`, by whose they are.
pub fn build(root: &Path, site: &Site, stamps: &mut Stamps, fast: bool) -> Result<BTreeMap<String, Program>> {
    let sources = hash_of_files(root, &SOURCES, |_| true)?;
    PROGRAMS.iter().map(|whose| Ok((String::from(*whose), one(whose, &sources, root, site, stamps, fast)?))).collect()
}

fn one(whose: &str, sources: &str, root: &Path, site: &Site, stamps: &mut Stamps, fast: bool) -> Result<Program> {
    let mode = if fast { "fast" } else { "small" };
    let sources_step = format!("{mode} {whose} wasm from sources");
    if let Some(program) = standing(stamps, site, &sources_step, sources) {
        say("wasm", &format!("unchanged for {whose}"));
        return Ok(program);
    }

    let module = compile(root, whose, fast)?;
    let compiled = fs::read(&module).with_context(|| format!("reading {}", module.display()))?;
    let boot = fs::read_to_string(root.join("frontend/boot.js")).context("reading frontend/boot.js")?;
    // Most edits are to pages, which only the server renders: the module then comes out the same.
    let module_step = format!("{mode} {whose} wasm from module");
    let inputs = format!("{} {}", hash_of(&compiled), hash_of(boot.as_bytes()));
    let program = match standing(stamps, site, &module_step, &inputs) {
        Some(program) => program,
        None => bind(root, site, compiled, &boot, fast)?,
    };
    let made = [program.js.as_str(), &program.wasm];
    stamps.remember(&module_step, inputs, &made)?;
    stamps.remember(&sources_step, sources.to_owned(), &made)?;
    Ok(program)
}

/// The two names of the last time, if they were made of these inputs and are still there.
pub fn standing(stamps: &Stamps, site: &Site, step: &str, inputs: &str) -> Option<Program> {
    match stamps.made(step, inputs)? {
        [js, wasm] if site.has(js) && site.has(wasm) => Some(Program { js: js.clone(), wasm: wasm.clone() }),
        _ => None,
    }
}

fn compile(root: &Path, whose: &str, fast: bool) -> Result<PathBuf> {
    // Cargo keeps the `dev` profile in a folder named `debug`.
    let (profile, folder) = if fast { ("dev", "debug") } else { ("wasm", "wasm") };
    say("cargo", &format!("{whose} for {TARGET}, profile {profile}"));
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(root)
        .args(["build", "--package", "frontend", "--lib", "--target", TARGET, "--profile", profile])
        .args(["--no-default-features", "--features", whose])
        .status()
        .context("starting cargo")?;
    ensure!(status.success(), "the wasm side does not build");
    Ok(root.join("target").join(TARGET).join(folder).join("frontend.wasm"))
}

fn bind(root: &Path, site: &Site, compiled: Vec<u8>, boot: &str, fast: bool) -> Result<Program> {
    say("bindgen", "JavaScript for the module");
    let mut output = Bindgen::new()
        .input_bytes("mendian", compiled)
        .web(true)?
        .typescript(false)
        .remove_name_section(!fast)
        .remove_producers_section(true)
        .generate_output()
        .context("binding the module")?;
    let bound = output.wasm_mut().emit_wasm();
    let wasm = if fast { bound } else { optimise(root, &bound)? };
    let wasm = site.put_module(&wasm)?;
    // The page loads one module script: the bindings, followed by what starts them.
    let script = format!("{}\n{}", output.js(), boot.replace("{wasm}", &wasm));
    let js = site.put(script.as_bytes(), "js")?;
    Ok(Program { js, wasm })
}

fn optimise(root: &Path, bound: &[u8]) -> Result<Vec<u8>> {
    say("wasm-opt", "smallest form");
    let before = root.join("target/bundle.bound.wasm");
    let after = root.join("target/bundle.small.wasm");
    fs::write(&before, bound)?;
    let status = Command::new(root.join("node_modules/.bin/wasm-opt"))
        .arg("-Oz")
        .args(WASM_FEATURES)
        .arg(&before)
        .arg("-o")
        .arg(&after)
        .status()
        .context("starting wasm-opt: `npm ci` installs it")?;
    ensure!(status.success(), "wasm-opt refused the module");
    let small = fs::read(&after)?;
    fs::remove_file(before)?;
    fs::remove_file(after)?;
    Ok(small)
}
