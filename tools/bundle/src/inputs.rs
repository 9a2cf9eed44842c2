//! What a step is made of, as one hash, and what it was made of the last time.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The hash of some bytes as 64 hex digits.
pub fn hash_of(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The hash of the named files and of every file below the named folders that `wanted` accepts.
///
/// Paths are taken in order and hashed with the contents, so a renamed file is a change. A name
/// that does not exist counts as nothing, so it becomes a change when it appears.
pub fn hash_of_files(root: &Path, names: &[&str], wanted: impl Fn(&Path) -> bool) -> Result<String> {
    let mut files = Vec::new();
    for name in names {
        collect(&root.join(name), &wanted, &mut files)?;
    }
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        let bytes = fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
        hash.update(file.strip_prefix(root)?.to_string_lossy().as_bytes());
        hash.update(bytes.len().to_le_bytes());
        hash.update(bytes);
    }
    Ok(hex::encode(hash.finalize()))
}

fn collect(path: &Path, wanted: &impl Fn(&Path) -> bool, files: &mut Vec<PathBuf>) -> Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            collect(&entry?.path(), wanted, files)?;
        }
    } else if path.is_file() && wanted(path) {
        files.push(path.to_path_buf());
    }
    Ok(())
}

/// What each step was last made of, and the files it made.
#[derive(Default)]
pub struct Stamps {
    path: PathBuf,
    steps: BTreeMap<String, Stamp>,
}

#[derive(Serialize, Deserialize)]
struct Stamp {
    inputs: String,
    made: Vec<String>,
}

impl Stamps {
    /// Reads the stamps; a missing or unreadable file means that everything is made anew.
    pub fn read(path: &Path) -> Self {
        let steps = fs::read(path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        Self { path: path.to_path_buf(), steps }
    }

    /// What `step` made of just these inputs, if it did so the last time.
    pub fn made(&self, step: &str, inputs: &str) -> Option<&[String]> {
        self.steps.get(step).filter(|stamp| stamp.inputs == inputs).map(|stamp| stamp.made.as_slice())
    }

    /// Remembers what `step` made of these inputs, at once: the next step may fail.
    pub fn remember(&mut self, step: &str, inputs: String, made: &[&str]) -> Result<()> {
        let made = made.iter().map(ToString::to_string).collect();
        self.steps.insert(step.to_owned(), Stamp { inputs, made });
        fs::write(&self.path, serde_json::to_vec_pretty(&self.steps)?).context("writing the stamps")
    }
}
