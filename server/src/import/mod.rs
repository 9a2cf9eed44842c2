//! `mendian import stores`: a file's way into the database, and its report.
//!
//! The file is read and judged in whole before anything is written: a broken one changes nothing.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the report is the command's output")]

mod table;

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, ensure};
use commerce::{
    Scope,
    stores::import::{self as intake, Trial},
};
use domain::import::{Columns, RowComplaint, Sheet};
use indicatif::{ProgressBar, ProgressStyle};

use table::Table;

use crate::{
    config::{ImportStores, Settings},
    tasks::with_house,
};

/// No list of shops is larger; what is, is not one.
const MOST_BYTES: u64 = 64 << 20;
/// The file, or how it is to be read, is wrong; 1 is left for a database that fails.
const BROKEN_FILE: u8 = 2;

/// Imports stores. Ends with 0 where the file could be read, rejected rows or not.
pub async fn stores(settings: &Settings, import: &ImportStores) -> anyhow::Result<ExitCode> {
    let (table, sheet) = match open(import) {
        Ok(read) => read,
        Err(error) => {
            eprintln!("mendian: {}: {error:#}. Nothing was changed.", import.file.display());
            return Ok(ExitCode::from(BROKEN_FILE));
        }
    };
    let trial = if import.dry_run { Trial::Yes } else { Trial::No };
    let rejects = rejects_path(import);
    with_house(settings, async |scope| carry_in(scope, &table, sheet, &rejects, trial).await).await?;
    Ok(ExitCode::SUCCESS)
}

fn open(import: &ImportStores) -> anyhow::Result<(Table, Sheet)> {
    let mut columns = Columns::default();
    for mapping in &import.map {
        columns.rename(mapping).map_err(anyhow::Error::msg)?;
    }
    let size = fs::metadata(&import.file).context("cannot be read")?.len();
    ensure!(size <= MOST_BYTES, "has {size} bytes; at most {MOST_BYTES} are read");
    let bytes = fs::read(&import.file).context("cannot be read")?;
    let table = table::read(&bytes, &import.form)?;
    let sheet =
        Sheet::new(columns, &cells(&table.header)).map_err(anyhow::Error::msg)?.in_datum(import.coordinates.into());
    ensure!(!table.rows.is_empty(), "there are no rows below the header");
    let is_itself = |rejects: PathBuf| rejects.canonicalize().ok() == import.file.canonicalize().ok();
    ensure!(!is_itself(rejects_path(import)), "the rejects would overwrite the file itself; choose another --rejects");
    Ok((table, sheet))
}

fn cells(row: &[String]) -> Vec<&str> {
    row.iter().map(String::as_str).collect()
}

/// Where rejected rows go: as asked, else beside the file.
fn rejects_path(import: &ImportStores) -> PathBuf {
    import.rejects.clone().unwrap_or_else(|| {
        let mut name = OsString::from(import.file.file_stem().unwrap_or_default());
        name.push(".rejects.csv");
        import.file.with_file_name(name)
    })
}

/// Judges every row, writes the rejects, then the stores, then the report. Rejects come first:
/// where their file cannot be written, nothing has been imported yet.
async fn carry_in(scope: &Scope, table: &Table, sheet: Sheet, rejects: &Path, trial: Trial) -> anyhow::Result<()> {
    let mut sheet = sheet.knowing(intake::region_codes(scope).await?);
    let mut rejected = Vec::new();
    for (line, record) in &table.rows {
        match sheet.read(*line, &cells(record)) {
            Ok(warnings) => report(*line, "warning: ", &warnings),
            Err(complaints) => {
                report(*line, "", &complaints);
                rejected.push((record, complaints));
            }
        }
    }
    if !rejected.is_empty() && trial == Trial::No {
        let cannot =
            || format!("{} cannot be written; nothing was changed. Name another with --rejects", rejects.display());
        write_rejects(rejects, &table.header, &rejected).with_context(cannot)?;
    }
    let bar = progress_bar(sheet.rows.len())?;
    let imported = intake::import(scope, &sheet.rows, trial, |done| bar.set_position(done as u64)).await?;
    bar.finish_and_clear();
    println!("read as:   {}", table.read_as);
    println!("rows read: {}", table.rows.len());
    println!("inserted:  {}", imported.inserted);
    println!("updated:   {}", imported.updated);
    println!("unchanged: {}", imported.unchanged);
    println!("rejected:  {}", rejected.len());
    if trial == Trial::Yes {
        println!("This was a dry run: nothing was changed.");
    } else if !rejected.is_empty() {
        println!("The rejected rows are in {}, each with its reason.", rejects.display());
    }
    Ok(())
}

fn report(line: u64, kind: &str, complaints: &[RowComplaint]) {
    for RowComplaint { column, reason } in complaints {
        eprintln!("line {line}, column {column}: {kind}{reason}");
    }
}

/// The rejected rows as they were, with one column more, so that they can be mended and imported.
fn write_rejects(path: &Path, header: &[String], rejected: &[(&Vec<String>, Vec<RowComplaint>)]) -> anyhow::Result<()> {
    let mut file = csv::WriterBuilder::new().flexible(true).from_path(path)?;
    file.write_record(cells(header).into_iter().chain(["reason"]))?;
    for (record, complaints) in rejected {
        let reasons: Vec<_> = complaints.iter().map(|one| format!("{}: {}", one.column, one.reason)).collect();
        let lacking = header.len().saturating_sub(record.len());
        let cells = cells(record).into_iter().chain(std::iter::repeat_n("", lacking));
        file.write_record(cells.chain([reasons.join("; ").as_str()]))?;
    }
    file.flush()?;
    Ok(())
}

/// A bar that is seen on a terminal only.
fn progress_bar(rows: usize) -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} stores, {elapsed}")?;
    Ok(ProgressBar::new(rows as u64).with_style(style))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejected_row_keeps_its_cells_and_gains_the_reason_in_a_column_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rejects.csv");
        let complaints = vec![RowComplaint { column: "b".into(), reason: "is empty".into() }];
        let (header, row) = (vec!["a".to_owned(), "b".to_owned()], vec!["1".to_owned()]);
        write_rejects(&path, &header, &[(&row, complaints)]).unwrap();
        assert_eq!(fs::read_to_string(path).unwrap(), "a,b,reason\n1,,b: is empty\n");
    }
}
