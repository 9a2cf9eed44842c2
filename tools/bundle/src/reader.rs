//! The reader of codes for browsers that have none: a library as it comes, and what starts it.

use crate::inputs::{Stamps, hash_of, hash_of_files};
use crate::output::{Program, Site};
use crate::{say, wasm};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::Path;

const LIBRARY: &str = "node_modules/barcode-detector/dist/iife/ponyfill.js";
/// The library's licence wants to be wherever the library is. Its module carries ZXing-C++, whose licence is ours.
const LICENCE: &str = "node_modules/barcode-detector/LICENSE";
const MODULE: &str = "node_modules/zxing-wasm/dist/reader/zxing_reader.wasm";
const START: &str = "frontend/reader.js";

/// Puts the reader's script and module into `pkg/` and answers their names. Both are compressed as far as it goes
/// whatever the haste: they change with the library alone.
pub fn build(root: &Path, site: &Site, stamps: &mut Stamps) -> Result<Program> {
    let made_of = [LIBRARY, LICENCE, MODULE, START, "tools/bundle/src/reader.rs"];
    let inputs = hash_of_files(root, &made_of, |_| true)?;
    if let Some(program) = wasm::standing(stamps, site, "reader", &inputs) {
        say("reader", "unchanged");
        return Ok(program);
    }

    say("reader", "a reader of codes for browsers that have none");
    let (library, licence, start) = (text(root, LIBRARY)?, text(root, LICENCE)?, text(root, START)?);
    let module =
        fs::read(root.join(MODULE)).with_context(|| format!("reading {MODULE}: `npm ci` installs packages"))?;
    // The script names the module that it was made with.
    ensure!(library.contains(&hash_of(&module)), "{LIBRARY} and {MODULE} are of two versions");
    let wasm = site.put(&module, "wasm")?;
    let js = site.put(script(&library, &licence, &start, &wasm).as_bytes(), "js")?;
    stamps.remember("reader", inputs, &[&js, &wasm])?;
    Ok(Program { js, wasm })
}

fn text(root: &Path, name: &str) -> Result<String> {
    fs::read_to_string(root.join(name)).with_context(|| format!("reading {name}: `npm ci` installs packages"))
}

/// The one script: whose work it is, the library, and what starts it with the module of this name.
fn script(library: &str, licence: &str, start: &str, wasm: &str) -> String {
    format!(
        "/*! barcode-detector and zxing-wasm, with ZXing-C++ (Apache-2.0)\n\n{licence}*/\n{library}\n{}",
        start.replace("{wasm}", wasm)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_bears_the_licence_and_names_the_module_that_lies_beside_it() {
        let script = script("var Library;", "MIT\n", "load(\"{wasm}\");", "mendian.0123.wasm");
        assert_eq!(
            script,
            "/*! barcode-detector and zxing-wasm, with ZXing-C++ (Apache-2.0)\n\nMIT\n*/\nvar Library;\nload(\"mendian.0123.wasm\");"
        );
    }
}
