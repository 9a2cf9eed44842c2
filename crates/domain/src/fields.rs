//! What a form sent: names with the text as it was typed.
//!
//! A command is read from fields in one pass that gathers every complaint, so that a person sees
//! all mistakes at once and finds what was typed still there.

use std::{collections::BTreeMap, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::fault::{Complaint, Fault};

/// The fields of one form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fields(pub BTreeMap<String, String>);

impl Fields {
    /// The longest text that is searched for, in characters.
    pub const WORDS_MOST: usize = 40;

    /// The text of a field, trimmed; empty where it was not sent.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |value| value.trim())
    }

    /// The text of a field, or `None` where nothing was typed.
    pub fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// The names of the fields that begin with `prefix`, without it, that are not empty.
    pub fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter_map(move |(name, value)| {
            let rest = name.strip_prefix(prefix)?;
            Some((rest, value.trim())).filter(|(_, value)| !value.is_empty())
        })
    }

    /// The fields of one part of a form, whose names end with that part's: `note.{part}` is its `note`.
    pub fn of(&self, part: &str) -> Self {
        let own = self.0.iter().filter_map(|(name, value)| {
            let (name, of) = name.rsplit_once('.')?;
            (of == part).then(|| (name.to_owned(), value.clone()))
        });
        Self(own.collect())
    }

    /// The numbers of the lines of which the field `name` is filled in, `{name}.{number}`, in their order.
    pub fn lines(&self, name: &str) -> Vec<usize> {
        let prefix = format!("{name}.");
        let mut lines: Vec<usize> = self.under(&prefix).filter_map(|(line, _)| line.parse().ok()).collect();
        lines.sort_unstable();
        lines.dedup();
        lines
    }

    /// Reads each of these lines by `read`, to which its fields have their names without the number.
    ///
    /// Faults: `Invalid` with every complaint beside its line's field; what else `read` says.
    pub fn read_lines<T>(&self, lines: &[usize], read: impl Fn(&Self) -> Result<T, Fault>) -> Result<Vec<T>, Fault> {
        let (mut found, mut complaints) = (Vec::new(), Vec::new());
        for line in lines {
            match read(&self.of(&line.to_string())).map_err(|fault| fault.in_line(*line)) {
                Ok(one) => found.push(one),
                Err(Fault::Invalid(wrong)) => complaints.extend(wrong),
                Err(other) => return Err(other),
            }
        }
        if complaints.is_empty() { Ok(found) } else { Err(Fault::Invalid(complaints)) }
    }

    /// The words of a search, cut where they are too long to mean anything.
    pub fn words(&self, name: &str) -> String {
        self.text(name).chars().take(Self::WORDS_MOST).collect()
    }

    /// The codes in a field, with commas, spaces or lines between them.
    pub fn codes(&self, name: &str) -> Vec<String> {
        let parts = self.text(name).split([',', '，', '、', ' ', '\n', '\r']);
        parts.map(str::trim).filter(|code| !code.is_empty()).map(str::to_owned).collect()
    }

    /// Begins to read a command.
    pub fn read(&self) -> Reading<'_> {
        Reading { fields: self, complaints: Vec::new() }
    }

    /// The fields without those that must not be kept or shown again (codes, passwords).
    pub fn without(mut self, names: &[&str]) -> Self {
        self.0.retain(|name, _| !names.contains(&name.as_str()));
        self
    }
}

/// A command being read from fields.
pub struct Reading<'a> {
    fields: &'a Fields,
    complaints: Vec<Complaint>,
}

impl Reading<'_> {
    /// Reads a value; where it does not parse, notes `reason` beside the field.
    pub fn parse<T: FromStr>(&mut self, name: &str, reason: &str) -> Option<T> {
        let parsed = self.fields.text(name).parse().ok();
        if parsed.is_none() {
            self.complain(name, reason);
        }
        parsed
    }

    /// Reads a value that knows best itself what is wrong with it.
    pub fn value<T: FromStr<Err = Complaint>>(&mut self, name: &str) -> Option<T> {
        match self.fields.text(name).parse() {
            Ok(value) => Some(value),
            Err(complaint) => {
                self.complain(name, &complaint.message);
                None
            }
        }
    }

    /// Reads text of at most `most` characters; it may be empty.
    pub fn text(&mut self, name: &str, most: usize) -> Option<String> {
        let text = self.fields.text(name);
        if text.chars().count() > most {
            self.complain(name, &format!("最多 {most} 个字"));
            return None;
        }
        Some(text.to_owned())
    }

    /// Notes that a field is wrong.
    pub fn complain(&mut self, name: &str, reason: &str) {
        self.complaints.push(Complaint::new(name, reason));
    }

    /// The command that `build` makes of the values read, or every complaint.
    pub fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, Fault> {
        if !self.complaints.is_empty() {
            return Err(Fault::Invalid(self.complaints));
        }
        build().ok_or_else(|| Fault::Internal("a reading without complaints lacks a value".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Quantity;

    #[test]
    fn every_mistake_is_complained_about_at_once() {
        let fields = Fields([("quantity".into(), "0".into()), ("store".into(), "x".into())].into());
        let mut reading = fields.read();
        let quantity: Option<Quantity> = reading.value("quantity");
        let store: Option<crate::StoreId> = reading.parse("store", "请选择门店");
        let fault = reading.finish(|| Some((quantity?, store?))).unwrap_err();
        let named: Vec<_> = fault.complaints().iter().map(|one| one.field.as_str()).collect();
        assert_eq!(named, ["quantity", "store"]);
    }
}
