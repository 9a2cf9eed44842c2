//! The folder the server serves from.

use crate::inputs::hash_of;
use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Names in `pkg/` keep this many hex digits of their hash: 64 bits.
const HASH_DIGITS: usize = 16;

/// The names of the current files, as addresses the browser asks for once they are published.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub struct Assets {
    pub programs: BTreeMap<String, Program>,
    pub css: String,
}

/// What browsers run: the islands of some people's pages, or the reader of codes. A module, and the JavaScript that
/// starts it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    pub js: String,
    pub wasm: String,
}

impl Assets {
    /// Every file, by what stands in its place.
    fn each(&mut self) -> impl Iterator<Item = &mut String> {
        self.programs.values_mut().flat_map(|program| [&mut program.js, &mut program.wasm]).chain([&mut self.css])
    }
}

/// `target/site` while it is being filled.
pub struct Site {
    folder: PathBuf,
    /// Whether our own modules, by far the largest files, are compressed lightly.
    fast: bool,
}

impl Site {
    /// Opens the folder, making it if needed; `fast` compresses our own modules lightly.
    pub fn open(folder: &Path, fast: bool) -> Result<Self> {
        fs::create_dir_all(folder.join("pkg"))?;
        Ok(Self { folder: folder.to_path_buf(), fast })
    }

    /// The name `bytes` get: the hash of what they are.
    pub fn name(bytes: &[u8], extension: &str) -> String {
        format!("mendian.{}.{extension}", &hash_of(bytes)[..HASH_DIGITS])
    }

    /// Whether this file of `pkg/` stands, compressed forms included.
    pub fn has(&self, name: &str) -> bool {
        ["", ".br", ".gz"].iter().all(|form| self.folder.join("pkg").join(format!("{name}{form}")).is_file())
    }

    /// Writes `bytes` and their compressed forms under their hashed name and answers that name.
    pub fn put(&self, bytes: &[u8], extension: &str) -> Result<String> {
        self.write(bytes, extension, false)
    }

    /// The same with a module of ours, in haste compressed lightly. A fast module is another module and has another
    /// name, so the light form is never shipped.
    pub fn put_module(&self, bytes: &[u8]) -> Result<String> {
        self.write(bytes, "wasm", self.fast)
    }

    fn write(&self, bytes: &[u8], extension: &str, light: bool) -> Result<String> {
        let name = Self::name(bytes, extension);
        let path = self.folder.join("pkg").join(&name);
        let brotli = to_brotli(bytes, if light { 3 } else { 11 })?;
        let gzip = to_gzip(bytes, if light { Compression::fast() } else { Compression::best() })?;
        write_whole(&path.with_extension(format!("{extension}.br")), &brotli)?;
        write_whole(&path.with_extension(format!("{extension}.gz")), &gzip)?;
        write_whole(&path, bytes)?;
        crate::say("wrote", &format!("{name}  {} kB, brotli {} kB", kilo(bytes.len()), kilo(brotli.len())));
        Ok(name)
    }

    /// Copies the files that are served as they are.
    pub fn copy_public(&self, public: &Path) -> Result<()> {
        copy_below(public, &self.folder)
    }

    /// Names the current files to the server and clears out all but them and those before them:
    /// a page that was loaded before this build still finds what it asks for.
    pub fn publish(&self, mut assets: Assets) -> Result<()> {
        let list = self.folder.join("assets.json");
        let before: Option<Assets> = fs::read(&list).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        for name in assets.each() {
            *name = format!("/pkg/{name}");
        }
        if before.as_ref() == Some(&assets) {
            return Ok(());
        }
        write_whole(&list, &serde_json::to_vec_pretty(&assets)?)?;
        let keep: Vec<String> =
            [Some(assets), before].iter_mut().flatten().flat_map(Assets::each).map(|name| name.clone()).collect();
        self.sweep(&keep)
    }

    fn sweep(&self, keep: &[String]) -> Result<()> {
        for entry in fs::read_dir(self.folder.join("pkg"))? {
            let entry = entry?;
            let address = format!("/pkg/{}", entry.file_name().to_string_lossy());
            if !keep.iter().any(|kept| address.starts_with(kept)) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

fn to_brotli(bytes: &[u8], quality: i32) -> Result<Vec<u8>> {
    let settings = brotli::enc::BrotliEncoderParams { quality, ..Default::default() };
    let mut out = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut out, &settings)?;
    Ok(out)
}

fn to_gzip(bytes: &[u8], level: Compression) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), level);
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

/// Writes beside and renames, so that a running server never reads half a file.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    fs::write(&beside, bytes).with_context(|| format!("writing {}", path.display()))?;
    fs::rename(&beside, path).with_context(|| format!("placing {}", path.display()))
}

fn copy_below(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("reading {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_below(&entry.path(), &target)?;
            continue;
        }
        let bytes = fs::read(entry.path())?;
        if fs::read(&target).ok().as_ref() != Some(&bytes) {
            write_whole(&target, &bytes)?;
        }
    }
    Ok(())
}

fn kilo(bytes: usize) -> String {
    let tenths = bytes.div_ceil(100);
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_changes_with_the_content_and_only_with_it() {
        assert_eq!(Site::name(b"one", "js"), Site::name(b"one", "js"));
        assert_ne!(Site::name(b"one", "js"), Site::name(b"two", "js"));
    }

    #[test]
    fn sizes_are_rounded_up_to_a_tenth_of_a_kilobyte() {
        assert_eq!(kilo(0), "0.0");
        assert_eq!(kilo(1), "0.1");
        assert_eq!(kilo(120_000), "120.0");
        assert_eq!(kilo(120_001), "120.1");
    }
}
