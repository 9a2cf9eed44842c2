//! What pages share that set something of one store: which store it is, and what their form shows.

use domain::{Fault, StoreId};
use leptos::prelude::*;
use rpc::Asked;
use ui::{Notice, Select, SelectItem, Tone};

/// The store that an address names, or the first that is theirs.
pub fn chosen(asked: &Asked, mine: &[(StoreId, String)]) -> Result<Option<StoreId>, Fault> {
    match asked.query.given("store") {
        Some(id) => Ok(Some(id.parse().map_err(|_| Fault::NotFound("这家门店"))?)),
        None => Ok(mine.first().map(|(id, _)| *id)),
    }
}

/// Names the store, and goes to another's page where there are several.
pub fn choose(path: &'static str, stores: Vec<(StoreId, String)>, now: StoreId) -> AnyView {
    if stores.len() < 2 {
        let name = stores.into_iter().find(|(id, _)| *id == now).map(|(_, name)| name);
        return view! { <p class="mb-3 text-base-content/70">{name}</p> }.into_any();
    }
    let items = stores.into_iter().map(|(id, name)| SelectItem::new(id.to_string(), name)).collect();
    view! {
        <form method="get" action=path class="flex max-w-lg items-end gap-2">
            <div class="min-w-0 flex-1"><Select name="store" label="门店" items=items value=now.to_string()/></div>
            <div class="mb-4"><button class="btn btn-quiet" type="submit">"切换"</button></div>
        </form>
    }
    .into_any()
}

/// What a form shows: what was typed and is wrong, or what is set.
pub struct Shown<'a> {
    asked: &'a Asked,
    form: &'static str,
    failed: bool,
}

impl<'a> Shown<'a> {
    /// Of the form that speaks to this part of the page.
    pub fn of(asked: &'a Asked, form: &'static str) -> Self {
        Self { asked, form, failed: asked.flash_of(form).is_some_and(|flash| !flash.good) }
    }

    /// What a field holds: the one that was typed and is wrong, or the one that is set.
    pub fn value(&self, name: &str, set: impl Into<String>) -> String {
        if self.failed { self.asked.field(self.form, name).1.unwrap_or_default() } else { set.into() }
    }

    /// Whether a box is ticked.
    pub fn ticked(&self, name: &str, set: bool) -> bool {
        if self.failed { !self.value(name, "").is_empty() } else { set }
    }

    /// What is wrong beside a field.
    pub fn wrong(&self, name: &str) -> String {
        self.asked.field(self.form, name).0.unwrap_or_default()
    }

    /// What is wrong with rows, above them.
    pub fn notice(&self, name: &str) -> Option<AnyView> {
        let wrong = self.wrong(name);
        (!wrong.is_empty()).then(|| view! { <Notice tone=Tone::Error>{wrong}</Notice> }.into_any())
    }
}
