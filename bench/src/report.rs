//! What was measured, as a table for people and as lines for a history file.

use std::{fs::OpenOptions, io::Write as _, path::Path, process::Command, time::Duration};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use crate::{load, pace, town};

/// One row of the table.
pub struct Row {
    /// What was done.
    pub what: String,
    /// What DESIGN asks for, per second; nothing where it asks for nothing.
    pub floor: Option<f64>,
    /// How often it was done, per second.
    pub per_second: f64,
    /// Times, each with what it is: `p95 at half load`.
    pub times: Vec<(&'static str, Duration)>,
}

/// All that a run found.
pub struct Report {
    size: String,
    /// Each with the machine's pace right after it.
    rows: Vec<(Row, f64)>,
    notes: Vec<String>,
}

impl Report {
    pub fn new(size: &str) -> Self {
        Self { size: size.to_owned(), rows: Vec::new(), notes: Vec::new() }
    }

    pub fn add(&mut self, row: Row) {
        let pace = pace::measure();
        eprintln!("{}", line(&row, pace));
        self.rows.push((row, pace));
    }

    pub fn note(&mut self, note: String) {
        eprintln!("{note}");
        self.notes.push(note);
    }

    /// A table in Markdown below when, where and with which settings.
    pub fn table(&self) -> String {
        let mut text =
            format!("{}\n\n| what | per second | floor | times | pace |\n|---|---|---|---|---|\n", self.about());
        for (row, pace) in &self.rows {
            text.push_str(&line(row, *pace));
            text.push('\n');
        }
        for note in &self.notes {
            text.push_str(&format!("\n{note}\n"));
        }
        text
    }

    fn about(&self) -> String {
        format!(
            "{}, {}, demo of size `{}`; server, PostgreSQL (fsync on), stand-ins and load on one machine; {}",
            today(),
            machine(),
            self.size,
            settings(),
        )
    }

    /// Adds one line of JSON to the history, so that a change for the worse is seen.
    pub fn keep(&self, history: &Path) -> Result<()> {
        let rows = self.rows.iter().map(|(row, pace)| {
            let times: Map<String, Value> =
                row.times.iter().map(|(what, time)| ((*what).to_owned(), json!(millis(*time)))).collect();
            json!({ "what": row.what, "per_second": round(row.per_second), "ms": times, "pace": round(*pace) })
        });
        let run = json!({
            "date": today(), "commit": commit(), "machine": machine(), "size": self.size,
            "settings": settings(), "rows": rows.collect::<Vec<_>>(), "notes": self.notes,
        });
        let file = OpenOptions::new().create(true).append(true).open(history);
        let mut file = file.with_context(|| format!("{} cannot be written", history.display()))?;
        writeln!(file, "{run}")?;
        Ok(())
    }
}

fn settings() -> String {
    format!("{}; pages and lists are taken in {}", town::limits_text(), load::ENCODINGS)
}

fn line(row: &Row, pace: f64) -> String {
    let times: Vec<_> = row.times.iter().map(|(what, time)| format!("{what} {} ms", millis(*time))).collect();
    let floor = row.floor.map_or(String::new(), |floor| floor.to_string());
    format!("| {} | {} | {floor} | {} | {} |", row.what, round(row.per_second), times.join(", "), round(pace))
}

fn round(figure: f64) -> f64 {
    if figure < 100.0 { (figure * 10.0).round() / 10.0 } else { figure.round() }
}

fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}

fn today() -> String {
    chrono::Utc::now().format("%Y-%m-%d").to_string()
}

/// The commit that is checked out, if this is a checkout.
fn commit() -> String {
    let said = Command::new("git").args(["describe", "--always", "--dirty"]).output();
    said.map(|said| String::from_utf8_lossy(&said.stdout).trim().to_owned()).unwrap_or_default()
}

fn machine() -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model =
        cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map_or("?", |(_, it)| it);
    let memory = read("/proc/meminfo");
    let memory_kb: u64 = memory.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{cores} × {model}, {} GiB", memory_kb.div_ceil(1024 * 1024))
}
