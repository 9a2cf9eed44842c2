//! Goods between two places: how a transfer stands, what was done with it, and what became of its missing pieces.

use chrono::{DateTime, Utc};
use domain::{
    text,
    transfers::{TransferCard, TransferLine, TransferState, TransferStep, lost_field, returned_field},
};
use leptos::prelude::*;
use rpc::Asked;
use ui::{Badge, Column, DataTable, EntryCell, EntryRow, Tone};

/// How it stands, and how many pieces are missing.
pub fn state(card: &TransferCard) -> AnyView {
    let missing = (card.missing > 0).then(|| {
        let text = format!("差 {} 件", card.missing);
        view! { <Badge tone=Tone::Error>{text}</Badge> }
    });
    let tone = match card.state {
        TransferState::Requested | TransferState::Approved => Tone::Warn,
        TransferState::Shipped => Tone::Accent,
        TransferState::Received => Tone::Success,
        TransferState::Rejected | TransferState::Withdrawn | TransferState::Cancelled => Tone::Plain,
    };
    let label = card.state.label();
    view! { <span class="inline-flex gap-1.5"><Badge tone=tone>{label}</Badge>{missing}</span> }.into_any()
}

/// What was done with it, the latest first.
pub fn steps(steps: &[TransferStep], now: DateTime<Utc>) -> AnyView {
    let steps = steps.iter().rev().map(|step| {
        let note = if step.note.is_empty() { String::new() } else { format!("（{}）", step.note) };
        view! {
            <li class="flex gap-3 py-1.5 text-sm">
                <span class="tabular w-24 shrink-0 text-base-content/70">{text::moment(step.at, now, text::zone(""))}</span>
                <span class="min-w-0 break-words">{format!("{}{note}", step.act.label())}</span>
                <span class="ms-auto shrink-0 text-base-content/70">{step.by.clone()}</span>
            </li>
        }
    });
    view! { <ol>{steps.collect_view()}</ol> }.into_any()
}

/// The lines of which pieces are missing, with the cells of the form `form` that say what became of them.
pub fn differences(asked: &Asked, form: &str, lines: &[TransferLine]) -> AnyView {
    let row = |line: &TransferLine| {
        let field = |name: String, what: &str, so_far: i64| {
            let (wrong, typed) = asked.field(form, &name);
            let value = typed.unwrap_or_else(|| if so_far > 0 { so_far.to_string() } else { String::new() });
            let (label, error) = (format!("{} {what}件数", line.name), wrong.unwrap_or_default());
            view! { <EntryCell name=name label=label value=value error=error/> }.into_any()
        };
        let lost = field(lost_field(line.sku_id), "丢失", line.lost);
        let returned = field(returned_field(line.sku_id), "退回", line.returned);
        let missing = format!("还差 {} 件", line.on_the_way);
        view! { <EntryRow title=line.name.clone() detail=missing>{lost}{returned}</EntryRow> }
    };
    let rows = lines.iter().filter(|line| line.on_the_way > 0).map(row).collect_view();
    let columns = vec![Column::new("商品"), Column::new("途中丢失"), Column::new("退回发货方")];
    view! { <DataTable caption="差异" columns=columns>{rows}</DataTable> }.into_any()
}
