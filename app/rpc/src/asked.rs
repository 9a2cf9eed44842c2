//! What a page is asked.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
    sync::Arc,
};

use commerce::{Scope, flashes::Flash};
use domain::{Fault, Fields};

/// The nonce of this answer's scripts, for the content security policy.
#[derive(Clone, Debug)]
pub struct Nonce(pub Arc<str>);

/// A request for a page, as a page function takes it.
#[derive(Clone)]
pub struct Asked {
    /// Who asks.
    pub scope: Scope,
    /// The variable parts of the path.
    pub path: BTreeMap<String, String>,
    /// What stands after the question mark.
    pub query: Fields,
    /// What a form of this page left behind when it failed, or good news.
    pub flash: Option<Flash>,
    /// Path and query of this page without the flash, for forms to come back to.
    pub here: String,
    /// The cookies, by name.
    pub cookies: BTreeMap<String, String>,
    /// See [`Nonce`].
    pub nonce: Nonce,
}

impl Asked {
    /// A part of the path; empty where the route has none of that name.
    pub fn part(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// A part of the path that is an identity; anything else is simply not found.
    pub fn id<T: FromStr>(&self, name: &str, what: &'static str) -> Result<T, Fault> {
        self.part(name).parse().map_err(|_| Fault::NotFound(what))
    }

    /// What went wrong with a field of `form`, and what was typed there.
    pub fn field(&self, form: &str, name: &str) -> (Option<String>, Option<String>) {
        let Some(flash) = self.flash.as_ref().filter(|flash| flash.form == form) else { return (None, None) };
        (flash.complaint(name).map(str::to_owned), flash.typed.0.get(name).cloned())
    }

    /// What was typed in a field of `form` before something was wrong, or else what the address says of it.
    pub fn typed(&self, form: &str, name: &str) -> String {
        self.field(form, name).1.unwrap_or_else(|| self.query.text(name).to_owned())
    }

    /// Of which things a field `{prefix}{thing}` is filled in, by what was typed in `form` or by the address; each once.
    pub fn filled_in<T: FromStr + Ord>(&self, form: &str, prefix: &str) -> Vec<T> {
        let typed = self.flash_of(form).into_iter().flat_map(|flash| flash.typed.under(prefix));
        let named = typed.chain(self.query.under(prefix)).filter_map(|(thing, _)| thing.parse::<T>().ok());
        named.collect::<BTreeSet<T>>().into_iter().collect()
    }

    /// What was wrong with a table that `form` brought, line by line.
    pub fn wrong_lines(&self, form: &str) -> Vec<String> {
        let complaints = self.flash_of(form).map(|flash| flash.complaints.as_slice()).unwrap_or_default();
        let told = complaints.iter().filter_map(|one| match one.field.strip_prefix("line.") {
            Some(line) => Some(format!("第 {line} 行：{}", one.message)),
            None => (one.field == "table").then(|| one.message.clone()),
        });
        told.collect()
    }

    /// What is wrong with the lines of `form` as a whole, to stand above them; nothing where that is all that is wrong,
    /// since the message of the form says it then.
    pub fn wrong_as_a_whole(&self, form: &str) -> Option<String> {
        let flash = self.flash_of(form).filter(|flash| flash.complaints.len() > 1)?;
        flash.complaint("lines").map(str::to_owned)
    }

    /// The flash where it belongs to `form`.
    pub fn flash_of(&self, form: &str) -> Option<&Flash> {
        self.flash.as_ref().filter(|flash| flash.form == form)
    }
}
