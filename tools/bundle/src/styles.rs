//! The style sheet: Tailwind over the classes that the pages name.

use crate::inputs::{Stamps, hash_of_files};
use crate::output::Site;
use crate::say;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Builds the style sheet and answers its name in `pkg/`.
pub fn build(root: &Path, site: &Site, stamps: &mut Stamps) -> Result<String> {
    let inputs = hash_of_files(root, &["app", "server/src/api", "style", "package-lock.json"], |file| {
        file.extension().is_some_and(|kind| kind == "rs" || kind == "css" || kind == "json")
    })?;
    if let Some([css]) = stamps.made("styles", &inputs)
        && site.has(css)
    {
        say("styles", "unchanged");
        return Ok(css.clone());
    }

    say("styles", "Tailwind");
    let sheet = root.join("target/bundle.css");
    let made = Command::new(root.join("node_modules/.bin/tailwindcss"))
        .current_dir(root)
        .args(["--input", "style/main.css", "--minify", "--output"])
        .arg(&sheet)
        .output()
        .context("starting tailwindcss: `npm ci` installs it")?;
    ensure!(made.status.success(), "tailwindcss failed:\n{}", String::from_utf8_lossy(&made.stderr));
    let css = site.put(&fs::read(&sheet)?, "css")?;
    fs::remove_file(sheet)?;
    stamps.remember("styles", inputs, &[&css])?;
    Ok(css)
}
