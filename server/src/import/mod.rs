//! `mendian import`: a file's way into the database, and its report.
//!
//! The file is read and judged in whole before anything is written: a broken one changes nothing.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the report is the command's output")]

pub mod job;

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, ensure};
use commerce::{
    imports::{
        Imported, Trial,
        products::{self, Listing},
    },
    stores,
};
use domain::import::{Columns, Field, Lacking, ProductSheet, RowComplaint, Sheet, StoreSheet};
use indicatif::{ProgressBar, ProgressStyle};
use intake::Table;

use crate::{
    config::{ImportFile, ImportProducts, ImportStores, Settings},
    tasks::with_house,
};

/// The file, or how it is to be read, is wrong; 1 is left for a database that fails.
const BROKEN_FILE: u8 = 2;

/// `mendian import stores`. Ends with 0 where the file could be read, rejected rows or not.
pub async fn stores(settings: &Settings, import: &ImportStores) -> anyhow::Result<ExitCode> {
    let file = &import.file;
    let (table, sheet) = match open(file, StoreSheet::new) {
        Ok((table, sheet)) => (table, sheet.in_datum(import.coordinates.into())),
        Err(error) => return Ok(broken(file, &error)),
    };
    with_house(settings, async |scope| {
        let mut sheet = sheet.knowing(stores::import::region_codes(scope).await?);
        let rejected = judge(file, &table, &mut sheet)?;
        let bar = progress_bar(sheet.kept())?;
        let told = async |done| {
            bar.set_position(done as u64);
            Ok(())
        };
        let imported = stores::import::import(scope, &sheet.rows, trial(file), told).await?;
        bar.finish_and_clear();
        conclude(file, &table, imported, rejected);
        Ok(())
    })
    .await?;
    Ok(ExitCode::SUCCESS)
}

/// `mendian import products`, as [`stores`].
pub async fn products(settings: &Settings, import: &ImportProducts) -> anyhow::Result<ExitCode> {
    let file = &import.file;
    let (table, sheet) = match open(file, ProductSheet::new) {
        Ok(read) => read,
        Err(error) => return Ok(broken(file, &error)),
    };
    let listing = if import.list { Listing::AtAllStoresOfTheBrand } else { Listing::Nowhere };
    with_house(settings, async |scope| {
        let mut sheet = sheet.knowing(products::known(scope).await?);
        let rejected = judge(file, &table, &mut sheet)?;
        let bar = progress_bar(sheet.kept())?;
        let told = async |done| {
            bar.set_position(done as u64);
            Ok(())
        };
        let imported = products::import(scope, &sheet.products, listing, trial(file), told).await?;
        bar.finish_and_clear();
        conclude(file, &table, imported, rejected);
        Ok(())
    })
    .await?;
    Ok(ExitCode::SUCCESS)
}

fn broken(file: &ImportFile, error: &anyhow::Error) -> ExitCode {
    eprintln!("mendian: {}: {error:#}. Nothing was changed.", file.file.display());
    ExitCode::from(BROKEN_FILE)
}

fn trial(file: &ImportFile) -> Trial {
    if file.dry_run { Trial::Yes } else { Trial::No }
}

fn open<F: Field, S>(
    file: &ImportFile,
    sheet: impl FnOnce(Columns<F>, &[&str]) -> Result<S, Lacking>,
) -> anyhow::Result<(Table, S)> {
    let mut columns = Columns::default();
    for mapping in &file.map {
        columns.rename(mapping).map_err(anyhow::Error::msg)?;
    }
    let size = fs::metadata(&file.file).context("cannot be read")?.len();
    ensure!(size <= intake::MOST_BYTES as u64, "has {size} bytes; at most {} are read", intake::MOST_BYTES);
    let bytes = fs::read(&file.file).context("cannot be read")?;
    let table = intake::read(&bytes, &(&file.form).into())?;
    let sheet = sheet(columns, &cells(&table.header)).map_err(|lacking| anyhow::Error::msg(lacking.to_string()))?;
    let is_itself = |rejects: PathBuf| rejects.canonicalize().ok() == file.file.canonicalize().ok();
    ensure!(!is_itself(rejects_path(file)), "the rejects would overwrite the file itself; choose another --rejects");
    Ok((table, sheet))
}

fn cells(row: &[String]) -> Vec<&str> {
    row.iter().map(String::as_str).collect()
}

/// Where rejected rows go: as asked, else beside the file.
fn rejects_path(file: &ImportFile) -> PathBuf {
    file.rejects.clone().unwrap_or_else(|| {
        let mut name = OsString::from(file.file.file_stem().unwrap_or_default());
        name.push(".rejects.csv");
        file.file.with_file_name(name)
    })
}

/// Judges every row and writes the rejects; answers how many there are. They are written before anything
/// is imported: where their file cannot be, nothing has changed yet.
fn judge(file: &ImportFile, table: &Table, sheet: &mut dyn Sheet) -> anyhow::Result<usize> {
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
    if !rejected.is_empty() && !file.dry_run {
        let rejects = rejects_path(file);
        let cannot =
            || format!("{} cannot be written; nothing was changed. Name another with --rejects", rejects.display());
        write_rejects(&rejects, &table.header, &rejected).with_context(cannot)?;
    }
    Ok(rejected.len())
}

fn conclude(file: &ImportFile, table: &Table, imported: Imported, rejected: usize) {
    println!("read as:   {}", table.read_as);
    println!("rows read: {}", table.rows.len());
    println!("inserted:  {}", imported.inserted);
    println!("updated:   {}", imported.updated);
    println!("unchanged: {}", imported.unchanged);
    println!("rejected:  {rejected}");
    if file.dry_run {
        println!("This was a dry run: nothing was changed.");
    } else if rejected > 0 {
        println!("The rejected rows are in {}, each with its reason.", rejects_path(file).display());
    }
}

/// The column of a complaint, as it is reported.
fn column(complaint: &RowComplaint) -> &str {
    if complaint.column.is_empty() { "(all)" } else { &complaint.column }
}

fn report(line: u64, kind: &str, complaints: &[RowComplaint]) {
    for complaint in complaints {
        eprintln!("line {line}, column {}: {kind}{}", column(complaint), complaint.reason);
    }
}

/// The rejected rows as they were, with one column more, so that they can be mended and imported.
fn write_rejects(path: &Path, header: &[String], rejected: &[(&Vec<String>, Vec<RowComplaint>)]) -> anyhow::Result<()> {
    let mut file = csv::WriterBuilder::new().flexible(true).from_path(path)?;
    file.write_record(cells(header).into_iter().chain(["reason"]))?;
    for (record, complaints) in rejected {
        let reasons: Vec<_> = complaints.iter().map(|one| format!("{}: {}", column(one), one.reason)).collect();
        let lacking = header.len().saturating_sub(record.len());
        let cells = cells(record).into_iter().chain(std::iter::repeat_n("", lacking));
        file.write_record(cells.chain([reasons.join("; ").as_str()]))?;
    }
    file.flush()?;
    Ok(())
}

/// A bar that is seen on a terminal only.
fn progress_bar(rows: usize) -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} rows, {per_sec}, {eta} left")?;
    Ok(ProgressBar::new(rows as u64).with_style(style))
}

#[cfg(test)]
mod tests {
    use domain::import::Reason;

    use super::*;

    #[test]
    fn a_rejected_row_keeps_its_cells_and_gains_the_reason_in_a_column_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rejects.csv");
        let complaints = vec![RowComplaint { column: "b".into(), reason: Reason::Empty }];
        let (header, row) = (vec!["a".to_owned(), "b".to_owned()], vec!["1".to_owned()]);
        write_rejects(&path, &header, &[(&row, complaints)]).unwrap();
        assert_eq!(fs::read_to_string(path).unwrap(), "a,b,reason\n1,,b: is empty\n");
    }
}
