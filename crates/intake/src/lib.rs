//! Tables as people have them: CSV of any usual separator and encoding, or a workbook of Excel or
//! OpenDocument. Knows neither what is sold nor where it is kept, so that the command and head office's
//! import read files alike.

use std::io::Cursor;

use anyhow::{Context, bail, ensure};
use calamine::{Data, Reader as _, open_workbook_auto_from_rs};
use encoding_rs::{Encoding, GB18030};

/// The largest file that is read, in bytes. No list of shops is larger; what is, is not one.
pub const MOST_BYTES: usize = 32 << 20;
/// The most columns of a table.
const MOST_COLUMNS: usize = 200;

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
pub struct Table {
    /// The columns' names.
    pub header: Vec<String>,
    /// The rows, each with its line; the first line of a file is 1.
    pub rows: Vec<(u64, Vec<String>)>,
    /// What the file was taken for, in words.
    pub read_as: String,
}

/// Reads a file's bytes as `form` says, and where it says nothing, as they look. The error says to people
/// what is wrong with the file.
pub fn read(bytes: &[u8], form: &Form) -> anyhow::Result<Table> {
    ensure!(bytes.len() <= MOST_BYTES, "has {} bytes; at most {MOST_BYTES} are read", bytes.len());
    let table = rows_of(bytes, form)?;
    let columns = table.header.len();
    ensure!(columns <= MOST_COLUMNS, "has {columns} columns; at most {MOST_COLUMNS} are read");
    ensure!(!table.rows.is_empty(), "there are no rows below the header");
    Ok(table)
}

fn rows_of(bytes: &[u8], form: &Form) -> anyhow::Result<Table> {
    if WORKBOOKS.iter().any(|start| bytes.starts_with(start)) {
        return workbook(bytes, form.sheet.as_deref());
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
            None => header = Some(cells),
            Some(_) => rows.push((line, cells)),
        }
    }
    let header = header.context("the file is empty; its first line must name the columns")?;
    Ok(Table { header, rows, read_as: format!("{encoding}, separated by {:?}", char::from(separator)) })
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
fn text_of(bytes: &[u8], told: Option<TableEncoding>) -> anyhow::Result<(String, &'static str)> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let text = encoding.decode_without_bom_handling_and_without_replacement(&bytes[mark..]);
        let text =
            text.with_context(|| format!("the file is not the {} that its first bytes promise", encoding.name()))?;
        return Ok((text.into_owned(), encoding.name()));
    }
    let utf8 = str::from_utf8(bytes);
    let wrong_at = |valid: usize| 1 + bytes[..valid].iter().filter(|byte| **byte == b'\n').count();
    match (told, utf8) {
        (None | Some(TableEncoding::Utf8), Ok(text)) => Ok((text.to_owned(), "UTF-8")),
        (Some(TableEncoding::Utf8), Err(error)) => bail!("line {} is not UTF-8", wrong_at(error.valid_up_to())),
        (None | Some(TableEncoding::Gb18030), _) => {
            let text = GB18030.decode_without_bom_handling_and_without_replacement(bytes);
            let line = utf8.err().map_or(1, |error| wrong_at(error.valid_up_to()));
            let text = text.with_context(|| {
                format!("line {line} is neither UTF-8 nor GB18030; save the table as \"CSV UTF-8\" or as a workbook")
            })?;
            Ok((text.into_owned(), "GB18030"))
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
fn workbook(bytes: &[u8], sheet: Option<&str>) -> anyhow::Result<Table> {
    let mut book = open_workbook_auto_from_rs(Cursor::new(bytes)).context("the workbook cannot be read")?;
    let names = book.sheet_names();
    let name = match sheet {
        None => names.first().context("the workbook has no sheet")?.clone(),
        Some(name) if names.iter().any(|known| known == name) => name.to_owned(),
        Some(name) => bail!("there is no sheet {name:?}; the workbook has {names:?}"),
    };
    let range = book.worksheet_range(&name).with_context(|| format!("sheet {name:?} cannot be read"))?;
    let first = range.start().map_or(0, |(row, _)| u64::from(row));
    let rows =
        (first + 1..).zip(range.rows()).map(|(line, cells)| (line, cells.iter().map(text_in).collect::<Vec<_>>()));
    let mut rows = rows.filter(|(_, cells)| cells.iter().any(|cell| !cell.is_empty()));
    let (_, header) =
        rows.next().with_context(|| format!("sheet {name:?} is empty; its first row must name the columns"))?;
    let rows: Vec<_> = rows.collect();
    Ok(Table { header, rows, read_as: format!("a workbook, sheet {name:?}") })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &[u8]) -> anyhow::Result<Table> {
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
        assert!(read(gbk, &told).err().unwrap().to_string().starts_with("line 2 is not UTF-8"));
    }

    #[test]
    fn what_no_encoding_explains_and_what_has_no_line_is_refused() {
        let refused = |bytes: &[u8]| parse(bytes).err().unwrap().to_string();
        assert!(refused(b"a,b\n\xff\xff,2\n").starts_with("line 2 is neither UTF-8 nor GB18030"));
        assert!(refused(b"").contains("empty"));
        assert!(refused(b"PK\x03\x04 broken").contains("workbook"));
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
        assert!(sheet("Sheet1").err().unwrap().to_string().contains("[\"门店\", \"空\"]"));
    }

    #[test]
    fn whole_numbers_of_a_workbook_have_no_point() {
        assert_eq!(text_in(&Data::Float(200433.0)), "200433");
        assert_eq!(text_in(&Data::Float(121.54)), "121.54");
        assert_eq!(text_in(&Data::Float(0.1 + 0.2)), "0.3");
        assert_eq!(text_in(&Data::Empty), "");
    }
}
