//! Rules that stores have of their own, in place of head office's.

use domain::StoreId;
use leptos::prelude::*;
use ui::{Button, Form, Hidden, Tone};

/// The form that lets head office's rules hold at a store again.
#[derive(Clone, Copy, Debug)]
pub struct Ending {
    /// Where it is sent.
    pub action: &'static str,
    /// The page that it stands on.
    pub from: &'static str,
}

/// One line of the list.
pub(crate) struct Line {
    pub store_id: StoreId,
    pub store_name: String,
    pub says: String,
}

/// The stores' rules, those of one store one after another: the first of them has the form, where whoever looks `may_end`
/// them. `named`: for those who do not see what stands above.
pub(crate) fn list(
    lines: impl Iterator<Item = Line>,
    named: Option<&'static str>,
    ending: Ending,
    may_end: impl Fn(StoreId) -> bool,
) -> AnyView {
    let mut last = None;
    let row = |one: Line| {
        let first = last.replace(one.store_id) != Some(one.store_id);
        let label = format!("{}恢复总部规则", one.store_name);
        let end = (first && may_end(one.store_id)).then(|| {
            view! {
                <Form action=ending.action>
                    <Hidden name="from" value=ending.from/>
                    <Hidden name="store" value=one.store_id.to_string()/>
                    <Button tone=Tone::Plain label=label>"恢复总部规则"</Button>
                </Form>
            }
        });
        view! {
            <li class="flex flex-wrap items-center gap-x-3 gap-y-1 py-2">
                <span class="font-medium">{one.store_name}</span>
                <span class="text-base-content/70">{one.says}</span>
                <span class="ms-auto">{end}</span>
            </li>
        }
    };
    let rows = lines.map(row).collect_view();
    view! { <ul class="divide-y divide-base-300" aria-label=named>{rows}</ul> }.into_any()
}
