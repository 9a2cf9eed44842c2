//! Goods to choose from within a form, each with how many of it are meant, and the goods that came in of late.

use chrono::{DateTime, Utc};
use domain::{
    supply::{ReceiptView, StockEntry},
    text,
    transfers::field_of,
};
use leptos::prelude::*;
use rpc::Asked;
use ui::{Column, DataTable, EmptyState, EntryCell, EntryRow, Glyph};

use crate::batches::batch_cells;

/// What a page says of the goods that were found.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// Above how many are meant.
    pub pieces: &'static str,
    /// Above how many can be had.
    pub available: &'static str,
    /// Where nothing was found.
    pub nothing: &'static str,
}

/// What is wrong with the form `form` as a whole.
pub fn whole(asked: &Asked, form: &str) -> Option<AnyView> {
    let wrong = asked.wrong_as_a_whole(form);
    wrong.map(|wrong| view! { <p class="mb-2 text-sm font-medium text-error" role="alert">{wrong}</p> }.into_any())
}

/// The goods that were found, each with how many of it are wanted by the form `form`, or come in: then with their batch,
/// where they have a last day.
pub fn table(asked: &Asked, form: &str, found: Vec<StockEntry>, words: Words, comes_in: bool) -> AnyView {
    let whole = whole(asked, form);
    if found.is_empty() {
        return view! { {whole}<EmptyState glyph=Glyph::Search title="没有找到商品" text=words.nothing>""</EmptyState> }
            .into_any();
    }
    let mut columns = vec![Column::new("商品"), Column::new(words.pieces)];
    let dated = comes_in && found.iter().any(|entry| entry.keeps_batches);
    if dated {
        columns.extend([Column::new("批次号"), Column::new("到期日")]);
    }
    columns.push(Column::new(words.available).right());
    let priced = found.iter().any(|entry| entry.supply_price_fen.is_some());
    columns.extend(priced.then(|| Column::new("供货价").right()));
    let row = |entry: StockEntry| {
        let name = field_of(entry.sku_id);
        let (error, value) = (asked.field(form, &name).0.unwrap_or_default(), asked.typed(form, &name));
        let label = format!("{} {}", entry.name, words.pieces);
        let batch = dated.then(|| batch_cells(asked, form, true, (entry.sku_id, &entry.name, entry.keeps_batches)));
        let price = || entry.supply_price_fen.map_or_else(|| "未定".to_owned(), |price| price.to_string());
        let figures: Vec<String> =
            [Some(entry.available.to_string()), priced.then(price)].into_iter().flatten().collect();
        view! {
            <EntryRow title=entry.name detail=entry.code figures=figures>
                <EntryCell name=name label=label value=value error=error/>
                {batch}
            </EntryRow>
        }
    };
    let rows = found.into_iter().map(row).collect_view();
    view! { {whole}<DataTable caption="商品" columns=columns>{rows}</DataTable> }.into_any()
}

/// What came in of late. `nothing`: what is said where nothing did.
pub fn receipts(latest: Vec<ReceiptView>, nothing: &'static str, now: DateTime<Utc>) -> AnyView {
    if latest.is_empty() {
        return view! { <p class="text-base-content/70">{nothing}</p> }.into_any();
    }
    let row = |one: ReceiptView| {
        let note = if one.note.is_empty() { one.by } else { format!("{} · {}", one.by, one.note) };
        view! {
            <li class="flex flex-wrap gap-x-3 py-1.5 text-sm">
                <span class="tabular w-24 shrink-0 text-base-content/70">{text::moment(one.at, now, text::zone(""))}</span>
                <span class="tabular">{one.number}</span>
                <span class="min-w-0 flex-1 break-words">{one.goods}</span>
                <span class="text-base-content/70">{note}</span>
            </li>
        }
    };
    view! { <ol>{latest.into_iter().map(row).collect_view()}</ol> }.into_any()
}
