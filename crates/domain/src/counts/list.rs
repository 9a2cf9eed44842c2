//! What a scanner's file found, in one piece (K4).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::PIECES_MOST;
use crate::{Complaint, Fault, import::LISTED_MOST};

/// A line of a list: so many pieces of something were found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "api", schema(as = CountListLine))]
pub struct FoundLine {
    /// The code or the barcode of what was found.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 64, pattern = r"\S"))]
    pub code: String,
    /// How many: they are added to what was found before. 0 says that there is none.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 100_000))]
    pub pieces: i64,
}

/// Adds all that a list says to a count, or nothing of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct EnterCountList {
    /// Made by the client: the same list again adds nothing.
    pub id: Uuid,
    /// Its lines; those of the same variant add up.
    #[cfg_attr(feature = "api", schema(min_items = 1, max_items = 2000))]
    pub lines: Vec<FoundLine>,
}

/// The field of a complaint about one of a list's lines, of which the first is 0.
pub fn found_field(at: usize) -> String {
    format!("lines.{at}")
}

impl EnterCountList {
    /// Refuses what can be no list of what was found.
    ///
    /// Faults: `Invalid` beside `lines`, or beside `lines.{at}` for each line that is wrong.
    pub fn check(&self) -> Result<(), Fault> {
        if !(1..=LISTED_MOST).contains(&self.lines.len()) {
            return Err(Fault::invalid("lines", format!("一次录入 1 到 {LISTED_MOST} 行，更多的请分成几次")));
        }
        let wrong = |line: &FoundLine| match () {
            () if line.code.trim().is_empty() || line.code.chars().count() > 64 => Some("请填写商品编码或条码"),
            () if !(0..=PIECES_MOST).contains(&line.pieces) => Some("件数须是 0 到 100,000 的整数"),
            () => None,
        };
        let wrong = |(at, line)| Some(Complaint::new(found_field(at), wrong(line)?));
        let complaints: Vec<Complaint> = self.lines.iter().enumerate().filter_map(wrong).collect();
        if complaints.is_empty() { Ok(()) } else { Err(Fault::Invalid(complaints)) }
    }
}

/// What came in with a list. What the books say is no part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct CountListEntered {
    /// How many different goods.
    pub goods: i64,
    /// How many pieces in all.
    pub pieces: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_that_cannot_be_is_told_at_once() {
        let list = |lines: Vec<(&str, i64)>| EnterCountList {
            id: Uuid::nil(),
            lines: lines.into_iter().map(|(code, pieces)| FoundLine { code: code.into(), pieces }).collect(),
        };
        let told = |list: EnterCountList| -> Vec<String> {
            list.check().unwrap_err().complaints().iter().map(|one| one.field.clone()).collect()
        };
        assert!(list(vec![("T-1", 0), ("T-1", PIECES_MOST)]).check().is_ok());
        assert_eq!(told(list(vec![(" ", 1), ("T", 1), ("T", -1), ("T", 100_001)])), ["lines.0", "lines.2", "lines.3"]);
        assert_eq!(told(list(vec![])), ["lines"]);
        assert_eq!(told(list(vec![("T", 1); LISTED_MOST + 1])), ["lines"]);
    }
}
