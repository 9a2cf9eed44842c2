//! Tables that fill in a form: small, read whole, and told line by line. Some come without the names of their columns,
//! as a scanner writes them.

use std::marker::PhantomData;

use super::{Columns, Field, Header, line_field};
use crate::{Complaint, Fault};

/// The most rows that are read; a scanner writes one for each scan.
pub const ROWS_MOST: usize = 20_000;

/// Which cells of a row say what.
pub struct Places<F> {
    of: Vec<Option<usize>>,
    /// Whether the first row has the columns' names.
    pub is_named: bool,
    field: PhantomData<F>,
}

impl<F: Field> Places<F> {
    /// By the names of the columns, where the first row has them; else the first `in_order` fields in their order.
    fn of(first: &[String], in_order: usize) -> Self {
        let names: Vec<&str> = first.iter().map(String::as_str).collect();
        match Header::find(Columns::<F>::default(), &names) {
            Ok(header) => Self { of: header.places, is_named: true, field: PhantomData },
            Err(_) => {
                let of = F::ALL.iter().map(|field| Some(field.place()).filter(|place| *place < in_order));
                Self { of: of.collect(), is_named: false, field: PhantomData }
            }
        }
    }

    /// Whether rows may say this.
    pub fn has(&self, field: F) -> bool {
        self.of[field.place()].is_some()
    }

    /// What a row says of it; empty where it says nothing.
    pub fn cell<'a>(&self, row: &'a [String], field: F) -> &'a str {
        self.of[field.place()].and_then(|at| row.get(at)).map_or("", |cell| cell.trim())
    }
}

/// What is said of a table of which nothing can be read.
pub struct Words {
    /// Of one without a row that says anything.
    pub nothing: &'static str,
    /// Of a first row that is neither names of columns nor anything else.
    pub first: &'static str,
}

/// Reads all rows by `read`, which answers nothing for a row that says nothing. Where the first row has no names of
/// columns, its cells are the first `in_order` fields.
///
/// Faults: `Invalid` beside each line that is wrong, or beside `table`.
pub fn read_all<F: Field, T, E: Into<String>>(
    rows: &[(u64, Vec<String>)],
    in_order: usize,
    words: &Words,
    read: impl Fn(&Places<F>, u64, &[String]) -> Result<Option<T>, E>,
) -> Result<Vec<T>, Fault> {
    let nothing = || Fault::invalid("table", words.nothing);
    let Some((_, first)) = rows.first() else { return Err(nothing()) };
    if rows.len() > ROWS_MOST {
        return Err(Fault::invalid("table", format!("最多 {ROWS_MOST} 行，请分成几个文件")));
    }
    let places = Places::of(first, in_order);
    let (mut found, mut complaints) = (Vec::new(), Vec::new());
    for (at, (line, row)) in rows.iter().enumerate().skip(usize::from(places.is_named)) {
        match read(&places, *line, row) {
            Ok(one) => found.extend(one),
            // A header that names no column as we do.
            Err(_) if at == 0 => complaints.push(Complaint::new(line_field(*line), words.first)),
            Err(wrong) => complaints.push(Complaint::new(line_field(*line), wrong)),
        }
    }
    match (complaints.is_empty(), found.is_empty()) {
        (false, _) => Err(Fault::Invalid(complaints)),
        (true, true) => Err(nothing()),
        (true, false) => Ok(found),
    }
}
