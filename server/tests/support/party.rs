//! A stand-in as a process of its own, ended with the test.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

/// A running stand-in.
pub struct Party {
    process: Child,
    /// Where it listens.
    pub url: String,
}

/// Starts `sandbox {arguments}` on a free port and waits until it listens.
pub fn sandbox(arguments: &[&str]) -> Party {
    let program = Path::new(super::MENDIAN).with_file_name("sandbox");
    assert!(program.exists(), "{} is missing: cargo build first", program.display());
    let mut process = Command::new(program)
        .args(arguments)
        .args(["--listen", "127.0.0.1:0"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first_line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut first_line).unwrap();
    let url = first_line.trim().rsplit(' ').next().unwrap().to_owned();
    assert!(url.starts_with("http://127.0.0.1:"), "{first_line:?}");
    Party { process, url }
}

impl Drop for Party {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
