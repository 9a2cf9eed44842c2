//! Tables as people have them: CSV of any usual separator and encoding, or a workbook of Excel or
//! OpenDocument. Knows neither what is sold nor where it is kept, so that the command and head office's
//! import read files alike.

use std::{borrow::Cow, collections::BTreeMap, io::Cursor};

use calamine::{Data, Reader as _, Sheets, Xlsx, open_workbook_auto_from_rs};
use encoding_rs::{Encoding, GB18030};
use rust_xlsxwriter::{Workbook, XlsxError};

/// The largest file that is read, in bytes. No list of shops is larger; what is, is not one.
pub const MOST_BYTES: usize = 32 << 20;
/// The most columns of a table.
pub const MOST_COLUMNS: usize = 200;
/// The most that a workbook's parts may come to when they are unpacked, in bytes.
const MOST_UNPACKED: u64 = 512 << 20;
/// The mark by which Excel knows UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Why a file is no table that can be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It has so many bytes.
    #[error("has {0} bytes; at most {MOST_BYTES} are read")]
    TooLarge(usize),
    /// A workbook is far larger than it looks.
    #[error("the workbook unpacks to more than {MOST_UNPACKED} bytes")]
    Unpacks,
    /// Nothing is in it.
    #[error("the file is empty; its first line must name the columns")]
    Empty,
    /// Nothing follows the header.
    #[error("there are no rows below the header")]
    NoRows,
    /// It has so many columns.
    #[error("has {0} columns; at most {MOST_COLUMNS} are read")]
    TooWide(usize),
    /// A picture, a program.
    #[error("this is neither text nor a workbook")]
    NoText,
    /// The line on which the encoding is not what it seems or was said to be.
    #[error(
        "line {0} is neither UTF-8 nor GB18030, or not what was asked for; save the table as \"CSV UTF-8\" or as a workbook"
    )]
    Encoding(usize),
    /// A workbook that is broken or locked.
    #[error("the workbook cannot be read: {0}")]
    Workbook(String),
    /// A sheet that was asked for is not there.
    #[error("there is no sheet {0:?}")]
    NoSheet(String),
    /// A CSV file that is broken.
    #[error("{0}")]
    Csv(#[from] csv::Error),
}

/// How a table is written; what is not said is found out.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// The encoding of a CSV file without a byte-order mark.
    pub encoding: Option<TableEncoding>,
    /// What stands between the cells of a CSV file.
    pub separator: Option<u8>,
    /// The sheet of a workbook; the first where not given.
    pub sheet: Option<String>,
}

/// Encodings of CSV files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableEncoding {
    /// As most programs write.
    Utf8,
    /// As Excel writes on a Chinese Windows; GBK and GB2312 are parts of it.
    Gb18030,
}

/// The separators that are looked for.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// How a workbook begins: a ZIP archive, or the older container of Excel 97.
const WORKBOOKS: [&[u8]; 2] = [b"PK\x03\x04", b"\xd0\xcf\x11\xe0"];

/// A header and rows, each with the line it begins on.
#[derive(Clone, Debug)]
pub struct Table {
    /// The columns' names.
    pub header: Vec<String>,
    /// The line on which they stand.
    pub header_line: u64,
    /// The rows, each with its line; the first line of a file is 1.
    pub rows: Vec<(u64, Vec<String>)>,
    /// What the file was taken for, in words.
    pub read_as: String,
}

impl Table {
    /// A table with a column for each of some things as one with a row for each: whatever `is_thing` knows by its
    /// column's name goes into a column `thing`, and what stood there into a column `value`. Empty cells and zeros say
    /// nothing. The table itself where no column is such, or where it has a column `thing` already.
    pub fn lengthened(self, is_thing: impl Fn(&str) -> bool, thing: &str, value: &str) -> Self {
        let (across, kept): (Vec<usize>, Vec<usize>) =
            (0..self.header.len()).partition(|at| is_thing(self.header[*at].trim()));
        if across.is_empty() || self.header.iter().any(|name| name.trim() == thing) {
            return self;
        }
        let header = kept.iter().map(|at| self.header[*at].clone());
        let header = header.chain([thing.to_owned(), value.to_owned()]).collect();
        let says = |cell: &str| !matches!(cell.trim(), "" | "0" | "0.00");
        let mut rows = Vec::new();
        for (line, record) in &self.rows {
            let cell = |at: &usize| record.get(*at).cloned().unwrap_or_default();
            for at in across.iter().filter(|at| says(&cell(at))) {
                let own = kept.iter().map(cell).chain([self.header[*at].trim().to_owned(), cell(at)]);
                rows.push((*line, own.collect()));
            }
        }
        Self { header, header_line: self.header_line, rows, read_as: self.read_as }
    }
}

/// Reads a file's bytes as `form` says, and where it says nothing, as they look.
pub fn read(bytes: &[u8], form: &Form) -> Result<Table, Unreadable> {
    if bytes.len() > MOST_BYTES {
        return Err(Unreadable::TooLarge(bytes.len()));
    }
    let table = rows_of(bytes, form)?;
    if table.header.len() > MOST_COLUMNS {
        return Err(Unreadable::TooWide(table.header.len()));
    }
    if table.rows.is_empty() { Err(Unreadable::NoRows) } else { Ok(table) }
}

/// Reads a file whose first row need not be a header, as [`read`] does: all its rows.
pub fn read_rows(bytes: &[u8], form: &Form) -> Result<Vec<(u64, Vec<String>)>, Unreadable> {
    if bytes.len() > MOST_BYTES {
        return Err(Unreadable::TooLarge(bytes.len()));
    }
    let table = rows_of(bytes, form)?;
    let mut rows = vec![(table.header_line, table.header)];
    rows.extend(table.rows);
    match rows.iter().map(|(_, row)| row.len()).max() {
        Some(columns) if columns > MOST_COLUMNS => Err(Unreadable::TooWide(columns)),
        _ => Ok(rows),
    }
}

fn rows_of(bytes: &[u8], form: &Form) -> Result<Table, Unreadable> {
    if WORKBOOKS.iter().any(|start| bytes.starts_with(start)) {
        return workbook(bytes, form.sheet.as_deref());
    }
    // Text has no NUL, but for UTF-16, which says what it is; pictures have many.
    if Encoding::for_bom(bytes).is_none() && bytes.contains(&0) {
        return Err(Unreadable::NoText);
    }
    let (text, encoding) = text_of(bytes, form.encoding)?;
    let separator = form.separator.unwrap_or_else(|| separator_of(&text));
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).has_headers(false).delimiter(separator).from_reader(text.as_bytes());
    let (mut rows, mut header, mut lines) = (Vec::new(), None, Lines { text: &text, at: 0, line: 1 });
    for record in reader.records() {
        let record = record?;
        let start = record.position().map_or(0, |position| position.byte() as usize);
        let line = lines.of(start);
        let cells = record.iter().map(|cell| unguarded(cell).to_owned()).collect();
        match header {
            None => header = Some((line, cells)),
            Some(_) => rows.push((line, cells)),
        }
    }
    let (header_line, header) = header.ok_or(Unreadable::Empty)?;
    Ok(Table { header, header_line, rows, read_as: format!("{encoding}, separated by {:?}", char::from(separator)) })
}

/// A cell without the apostrophe that keeps a spreadsheet from running it as a formula.
fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| runs(rest)).unwrap_or(cell)
}

/// Whether a spreadsheet might run a cell, were it not for apostrophes before it (OWASP, CSV injection).
fn runs(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// The text without its byte-order mark, and the name of its encoding.
fn text_of(bytes: &[u8], told: Option<TableEncoding>) -> Result<(String, &'static str), Unreadable> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let text = encoding.decode_without_bom_handling_and_without_replacement(&bytes[mark..]);
        return Ok((text.ok_or(Unreadable::Encoding(1))?.into_owned(), encoding.name()));
    }
    let utf8 = str::from_utf8(bytes);
    let line = |valid: usize| 1 + bytes[..valid].iter().filter(|byte| **byte == b'\n').count();
    let line = utf8.err().map_or(1, |error| line(error.valid_up_to()));
    match (told, utf8) {
        (None | Some(TableEncoding::Utf8), Ok(text)) => Ok((text.to_owned(), "UTF-8")),
        (Some(TableEncoding::Utf8), Err(_)) => Err(Unreadable::Encoding(line)),
        (None | Some(TableEncoding::Gb18030), _) => {
            let text = GB18030.decode_without_bom_handling_and_without_replacement(bytes);
            Ok((text.ok_or(Unreadable::Encoding(line))?.into_owned(), "GB18030"))
        }
    }
}

/// The separator that stands most often in the header, outside quotation marks.
fn separator_of(text: &str) -> u8 {
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let mut counts = [0_usize; SEPARATORS.len()];
    let mut quoted = false;
    for byte in header.bytes() {
        quoted ^= byte == b'"';
        if let Some(place) = SEPARATORS.iter().position(|separator| *separator == byte && !quoted) {
            counts[place] += 1;
        }
    }
    // The comma where none leads.
    let most = counts.iter().copied().max().unwrap_or(0);
    counts.iter().position(|count| *count == most).map_or(b',', |place| SEPARATORS[place])
}

/// A sheet of a workbook: the one named, else the first. Formulas are not run; what they last came to
/// is read.
fn workbook(bytes: &[u8], sheet: Option<&str>) -> Result<Table, Unreadable> {
    check_unpacked(bytes)?;
    let broken = |error: calamine::Error| Unreadable::Workbook(error.to_string());
    let mut book = open_workbook_auto_from_rs(Cursor::new(bytes)).map_err(broken)?;
    let names = book.sheet_names();
    let name = match sheet {
        None => names.first().ok_or(Unreadable::Empty)?.clone(),
        Some(name) if names.iter().any(|known| known == name) => name.to_owned(),
        Some(name) => return Err(Unreadable::NoSheet(name.to_owned())),
    };
    let mut rows = match &mut book {
        Sheets::Xlsx(book) => cells_of(book, &name)?,
        other => {
            let range = other.worksheet_range(&name).map_err(broken)?;
            let first = range.start().map_or(0, |(row, _)| u64::from(row));
            (first + 1..).zip(range.rows().map(|cells| cells.iter().map(text_in).collect())).collect()
        }
    };
    rows.retain(|_, cells| cells.iter().any(|cell| !cell.is_empty()));
    let (header_line, header) = rows.pop_first().ok_or(Unreadable::Empty)?;
    // Cells that are empty are not written: a row has at least as many as the header.
    for cells in rows.values_mut().filter(|cells| cells.len() < header.len()) {
        cells.resize(header.len(), String::new());
    }
    let rows = rows.into_iter().collect();
    Ok(Table { header, header_line, rows, read_as: format!("a workbook, sheet {name:?}") })
}

/// A small archive may hold a large file; the archive says how large. (Sizes that lie end the unpacking.)
fn check_unpacked(bytes: &[u8]) -> Result<(), Unreadable> {
    let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(bytes)) else { return Ok(()) };
    let mut unpacked = 0_u64;
    for place in 0..archive.len() {
        let size = archive.by_index_raw(place).map_or(0, |part| part.size());
        unpacked = unpacked.saturating_add(size);
    }
    if unpacked > MOST_UNPACKED { Err(Unreadable::Unpacks) } else { Ok(()) }
}

/// The cells that there are, by line. A sheet with two cells a million rows apart takes no more room than
/// two cells.
fn cells_of(book: &mut Xlsx<Cursor<&[u8]>>, name: &str) -> Result<BTreeMap<u64, Vec<String>>, Unreadable> {
    let broken = |error: calamine::XlsxError| Unreadable::Workbook(error.to_string());
    let mut reader = book.worksheet_cells_reader(name).map_err(broken)?;
    let (mut found, mut left) = (Vec::new(), usize::MAX);
    while let Some(cell) = reader.next_cell().map_err(broken)? {
        let (row, column) = cell.get_position();
        let text = text_in(&Data::from(cell.get_value().clone()));
        if !text.is_empty() {
            left = left.min(column as usize);
            found.push((u64::from(row) + 1, column as usize, text));
        }
    }
    let mut rows: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for (line, column, text) in found {
        let place = column - left;
        if place >= MOST_COLUMNS {
            return Err(Unreadable::TooWide(place + 1));
        }
        let cells = rows.entry(line).or_default();
        cells.resize(cells.len().max(place + 1), String::new());
        cells[place] = text;
    }
    Ok(rows)
}

/// A cell as it would stand in a CSV file. Whole numbers have no point: shop numbers and postcodes are
/// often typed as numbers.
fn text_in(cell: &Data) -> String {
    match cell {
        Data::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.0}"),
        // Of what a workbook reckoned, 15 digits are meant: `0.1 + 0.2` is shown as 0.3.
        Data::Float(number) => {
            format!("{number:.14e}").parse().map_or_else(|_| number.to_string(), |n: f64| n.to_string())
        }
        Data::Error(_) => String::new(),
        other => other.to_string(),
    }
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

/// A table as CSV that Excel opens as what it is: UTF-8 with its mark. Texts that a spreadsheet would run
/// are led by an apostrophe, which [`read`] takes away again.
pub fn csv<'a>(header: &[&'a str], rows: impl Iterator<Item = Vec<&'a str>>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    for row in std::iter::once(header.to_vec()).chain(rows) {
        // Memory does not refuse to be written to.
        drop(writer.write_record(row.into_iter().map(guarded).map(|cell| cell.into_owned())));
    }
    writer.into_inner().unwrap_or_default()
}

/// A table as an Excel workbook of one sheet, every cell a text: nothing in it is a formula, however it begins,
/// and codes keep their zeros.
pub fn xlsx<'a>(header: &[&'a str], rows: impl Iterator<Item = Vec<&'a str>>) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    for (line, row) in (0..).zip(std::iter::once(header.to_vec()).chain(rows)) {
        for (column, cell) in (0..).zip(row) {
            if !cell.is_empty() {
                sheet.write_string(line, column, cell)?;
            }
        }
    }
    workbook.save_to_buffer()
}

/// A cell of a text file, led by an apostrophe where a spreadsheet would run it.
fn guarded(cell: &str) -> Cow<'_, str> {
    if runs(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &[u8]) -> Result<Table, Unreadable> {
        read(bytes, &Form::default())
    }

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
    fn an_apostrophe_before_a_formula_is_no_part_of_the_text() {
        let table = parse("a,b\n'=1+1,'tis\n'-5,=2\n".as_bytes()).unwrap();
        assert_eq!(table.rows[0].1, ["=1+1", "'tis"]);
        assert_eq!(table.rows[1].1, ["-5", "=2"]);
    }

    #[test]
    fn what_is_written_is_read_again_the_same() {
        let nasty =
            ["=1+1", "-5", "'=x", "''@y", "'tis", "0012", "12345678901234567890", "\"引号\", 逗号", "两\n行", ""];
        let written = csv(&nasty, std::iter::once(nasty.to_vec()));
        let table = parse(&written).unwrap();
        assert_eq!(table.header, nasty);
        assert_eq!(table.rows[0].1, nasty);
        // A column without name or content is none in a workbook.
        let nasty = &nasty[..nasty.len() - 1];
        let workbook = parse(&xlsx(nasty, std::iter::once(nasty.to_vec())).unwrap()).unwrap();
        assert_eq!(workbook.header, nasty);
        assert_eq!(workbook.rows[0].1, nasty);
        let text = String::from_utf8(written).unwrap();
        assert!(text.starts_with(BYTE_ORDER_MARK));
        assert!(text.contains("'=1+1,'-5,''=x"), "{text}");
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_column() {
        assert_eq!(parse("\u{feff}Brand,x\n1,2\n".as_bytes()).unwrap().header[0], "Brand");
    }

    #[test]
    fn the_encodings_that_excel_saves_in_are_told_apart() {
        let gbk = b"a,b\n\xc9\xcf\xba\xa3,2\n";
        let mut utf16 = vec![0xff, 0xfe];
        utf16.extend("a\tb\n上海\t2\n".encode_utf16().flat_map(u16::to_le_bytes));
        for (bytes, read_as) in [
            ("a,b\n上海,2\n".as_bytes(), "UTF-8, separated by ','"),
            (&gbk[..], "GB18030, separated by ','"),
            (&utf16[..], "UTF-16LE, separated by '\\t'"),
        ] {
            let table = parse(bytes).unwrap();
            assert_eq!((table.rows[0].1[0].as_str(), table.read_as.as_str()), ("上海", read_as));
        }
        let told = Form { encoding: Some(TableEncoding::Utf8), ..Form::default() };
        assert!(matches!(read(gbk, &told), Err(Unreadable::Encoding(2))));
    }

    #[test]
    fn what_no_encoding_explains_and_what_has_no_line_is_refused() {
        let refused = |bytes: &[u8]| parse(bytes).err().unwrap().to_string();
        assert!(refused(b"a,b\n\xff\xff,2\n").starts_with("line 2 is neither UTF-8 nor GB18030"));
        assert!(refused(b"").contains("empty"));
        assert!(refused(b"PK\x03\x04 broken").contains("workbook"));
        assert!(matches!(parse(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), Err(Unreadable::NoText)));
        assert!(matches!(parse(b"a,b\n"), Err(Unreadable::NoRows)));
        assert!(matches!(parse(&[b"a,".repeat(300), b"\n1".to_vec()].concat()), Err(Unreadable::TooWide(301))));
    }

    #[test]
    fn the_separator_is_the_one_that_the_header_has_most_of() {
        for (text, separator) in
            [("a;b;c\n1,5;2;3", b';'), ("a\tb\n", b'\t'), ("\"a;b;c\",d\n", b','), ("a\n1;2", b',')]
        {
            assert_eq!(separator_of(text), separator, "{text:?}");
        }
        let told = Form { separator: Some(b'|'), ..Form::default() };
        assert_eq!(read(b"a,b|c\n1,2|3\n", &told).unwrap().rows[0].1, ["1,2", "3"]);
    }

    #[test]
    fn a_workbook_is_read_as_it_looks_and_its_formulas_are_not_run() {
        let book = include_bytes!("../tests/data/stores.xlsx");
        let table = parse(book).unwrap();
        assert_eq!(table.header, ["门店编号", "门店名称", "邮编", "经度"]);
        let cells = |place: usize| (table.rows[place].0, table.rows[place].1.join("|"));
        assert_eq!(cells(0), (3, "T-1|测试一店|200433|121.54".to_owned()));
        assert_eq!(cells(1), (5, "1002|测试二店||".to_owned()), "nobody has yet worked the formula out");
        let sheet = |name: &str| read(book, &Form { sheet: Some(name.into()), ..Form::default() });
        assert!(sheet("空").err().unwrap().to_string().contains("is empty"));
        assert!(matches!(sheet("Sheet1"), Err(Unreadable::NoSheet(_))));
    }

    #[test]
    fn a_workbook_far_larger_than_it_looks_is_not_unpacked() {
        let mut book = include_bytes!("../tests/data/stores.xlsx").to_vec();
        // What the archive's directory says of its first part: 768 MiB (APPNOTE.TXT, 4.3.12).
        let entry = book.windows(4).position(|signature| signature == b"PK\x01\x02").unwrap();
        book[entry + 24..entry + 28].copy_from_slice(&0x3000_0000_u32.to_le_bytes());
        assert!(matches!(parse(&book), Err(Unreadable::Unpacks)));
    }

    #[test]
    fn cells_far_apart_take_no_more_room_than_cells_together() {
        let book = |cells: &[(u32, u16)]| {
            let mut workbook = Workbook::new();
            let sheet = workbook.add_worksheet();
            for (row, column) in cells {
                sheet.write_string(*row, *column, "格").unwrap();
            }
            workbook.save_to_buffer().unwrap()
        };
        let table = parse(&book(&[(0, 0), (0, 1), (1_048_575, 0)])).unwrap();
        assert_eq!(table.rows, [(1_048_576, vec!["格".to_owned(), String::new()])]);
        assert!(matches!(parse(&book(&[(0, 0), (1, 16_383)])), Err(Unreadable::TooWide(16_384))));
    }

    #[test]
    fn whole_numbers_of_a_workbook_have_no_point() {
        assert_eq!(text_in(&Data::Float(200433.0)), "200433");
        assert_eq!(text_in(&Data::Float(121.54)), "121.54");
        assert_eq!(text_in(&Data::Float(0.1 + 0.2)), "0.3");
        assert_eq!(text_in(&Data::Empty), "");
    }

    #[test]
    fn a_file_without_a_header_loses_no_row() {
        let rows = |text: &str| read_rows(text.as_bytes(), &Form::default()).unwrap();
        let row = |line, cells: &[&str]| (line, cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>());
        assert_eq!(rows("690\n691"), [row(1, &["690"]), row(2, &["691"])]);
        assert_eq!(rows("690\t3\r\n\r\n691\t4"), [row(1, &["690", "3"]), row(3, &["691", "4"])]);
        let book = xlsx(&["690", "3"], [vec!["691", "4"]].into_iter()).unwrap();
        let read = read_rows(&book, &Form::default()).unwrap();
        assert_eq!(read, [row(1, &["690", "3"]), row(2, &["691", "4"])]);
        assert!(matches!(read_rows(b"", &Form::default()), Err(Unreadable::Empty)));
    }

    #[test]
    fn a_column_for_each_thing_becomes_a_row_for_each() {
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        let table = Table {
            header: row(["仓", "SKU", " S-1 ", "S-2"]),
            header_line: 1,
            rows: vec![(2, row(["W", "T-1", "8", ""])), (3, row(["W", "T-2", "0", "3"]))],
            read_as: String::new(),
        };
        let long = table.clone().lengthened(|name| name.starts_with("S-"), "门店", "数量");
        assert_eq!(long.header, ["仓", "SKU", "门店", "数量"]);
        assert_eq!(long.rows, [(2, row(["W", "T-1", "S-1", "8"])), (3, row(["W", "T-2", "S-2", "3"]))]);
        assert_eq!(table.clone().lengthened(|_| false, "门店", "数量").header, table.header);
    }
}
