//! `mendian import stores`: a file's way into the database, and its report.
//!
//! The file is read and judged in whole before anything is written: a broken one changes nothing.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the report is the command's output")]

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail, ensure};
use commerce::{Scope, stores::import as intake};
use csv::StringRecord;
use domain::import::{Columns, RowComplaint, Sheet};
use indicatif::{ProgressBar, ProgressStyle};

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
    let rejects = rejects_path(import);
    with_house(settings, async |scope| carry_in(scope, &table, sheet, &rejects).await).await?;
    Ok(ExitCode::SUCCESS)
}

/// A file of comma-separated values, each row with the line it begins on.
struct Table {
    header: StringRecord,
    rows: Vec<(u64, StringRecord)>,
}

fn open(import: &ImportStores) -> anyhow::Result<(Table, Sheet)> {
    let mut columns = Columns::default();
    for mapping in &import.map {
        columns.rename(mapping).map_err(anyhow::Error::msg)?;
    }
    let size = fs::metadata(&import.file).context("cannot be read")?.len();
    ensure!(size <= MOST_BYTES, "has {size} bytes; at most {MOST_BYTES} are read");
    let bytes = fs::read(&import.file).context("cannot be read")?;
    let table = parse(&bytes)?;
    let sheet = Sheet::new(columns, &table.header.iter().collect::<Vec<_>>()).map_err(anyhow::Error::msg)?;
    ensure!(!table.rows.is_empty(), "there are no rows below the header");
    let is_itself = |rejects: PathBuf| rejects.canonicalize().ok() == import.file.canonicalize().ok();
    ensure!(!is_itself(rejects_path(import)), "the rejects would overwrite the file itself; choose another --rejects");
    Ok((table, sheet))
}

fn parse(bytes: &[u8]) -> anyhow::Result<Table> {
    let text = match str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(error) => {
            let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
            bail!("line {line} is not UTF-8; save the table as \"CSV UTF-8\"");
        }
    };
    let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(text.as_bytes());
    let (mut rows, mut header, mut lines) = (Vec::new(), None, Lines { text, at: 0, line: 1 });
    for record in reader.records() {
        let record = record?;
        let start = record.position().map_or(0, |position| position.byte() as usize);
        let line = lines.of(start);
        match header {
            None => header = Some(record),
            Some(_) => rows.push((line, record)),
        }
    }
    let header = header.context("the file is empty; its first line must name the columns")?;
    Ok(Table { header, rows })
}

/// Tells lines apart as an editor does. The reader's own count is of where it stopped before a
/// row: in files with Windows line ends, or after blank lines, that is a line above.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the row that the reader began to look for at byte `start`; these only grow.
    fn of(&mut self, start: usize) -> u64 {
        let bytes = self.text.as_bytes();
        let blank = bytes[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let begins = start + blank;
        self.line += bytes[self.at..begins].iter().filter(|byte| **byte == b'\n').count() as u64;
        self.at = begins;
        self.line
    }
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
async fn carry_in(scope: &Scope, table: &Table, sheet: Sheet, rejects: &Path) -> anyhow::Result<()> {
    let mut sheet = sheet.knowing(intake::region_codes(scope).await?);
    let mut rejected = Vec::new();
    for (line, record) in &table.rows {
        match sheet.read(*line, &record.iter().collect::<Vec<_>>()) {
            Ok(warnings) => report(*line, "warning: ", &warnings),
            Err(complaints) => {
                report(*line, "", &complaints);
                rejected.push((record, complaints));
            }
        }
    }
    if !rejected.is_empty() {
        let cannot =
            || format!("{} cannot be written; nothing was changed. Name another with --rejects", rejects.display());
        write_rejects(rejects, &table.header, &rejected).with_context(cannot)?;
    }
    let bar = progress_bar(sheet.rows.len())?;
    let imported = intake::import(scope, &sheet.rows, |done| bar.set_position(done as u64)).await?;
    bar.finish_and_clear();
    println!("rows read: {}", table.rows.len());
    println!("inserted:  {}", imported.inserted);
    println!("updated:   {}", imported.updated);
    println!("unchanged: {}", imported.unchanged);
    println!("rejected:  {}", rejected.len());
    if !rejected.is_empty() {
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
fn write_rejects(
    path: &Path,
    header: &StringRecord,
    rejected: &[(&StringRecord, Vec<RowComplaint>)],
) -> anyhow::Result<()> {
    let mut file = csv::WriterBuilder::new().flexible(true).from_path(path)?;
    file.write_record(header.iter().chain(["reason"]))?;
    for (record, complaints) in rejected {
        let reasons: Vec<_> = complaints.iter().map(|one| format!("{}: {}", one.column, one.reason)).collect();
        let lacking = header.len().saturating_sub(record.len());
        let cells = record.iter().chain(std::iter::repeat_n("", lacking));
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

    fn lines(text: &str) -> Vec<u64> {
        parse(text.as_bytes()).unwrap().rows.into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn a_row_has_the_line_on_which_it_begins_whatever_ends_a_line() {
        assert_eq!(lines("a,b\n1,2\n3,4\n"), [2, 3]);
        assert_eq!(lines("a,b\r\n1,2\r\n3,4\r\n"), [2, 3]);
        assert_eq!(lines("a,b\n\n\n1,\"2\n2\"\n3,4"), [4, 6]);
        assert_eq!(lines("\u{feff}a,b\r\n\r\n1,2\r\n"), [3]);
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_column() {
        assert_eq!(&parse("\u{feff}Brand,x\n".as_bytes()).unwrap().header[0], "Brand");
    }

    #[test]
    fn a_file_of_another_encoding_or_without_a_line_is_refused() {
        let refused = |bytes: &[u8]| parse(bytes).err().unwrap().to_string();
        assert!(refused(b"a,b\n\xc9\xcf\xba\xa3,2\n").starts_with("line 2 is not UTF-8"));
        assert!(refused(b"").contains("empty"));
    }

    #[test]
    fn a_rejected_row_keeps_its_cells_and_gains_the_reason_in_a_column_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rejects.csv");
        let complaints = vec![RowComplaint { column: "b".into(), reason: "is empty".into() }];
        let row = StringRecord::from(vec!["1"]);
        write_rejects(&path, &StringRecord::from(vec!["a", "b"]), &[(&row, complaints)]).unwrap();
        assert_eq!(fs::read_to_string(path).unwrap(), "a,b,reason\n1,,b: is empty\n");
    }
}
