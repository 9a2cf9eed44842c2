//! The goods of a count: what was found of each, what the books say where that is told, and counting without a
//! scanner.

use domain::{
    CountId, Fields,
    counts::{CountLine, CountView, LinesShown, ListLines},
    page::Page as Listed,
};
use leptos::{prelude::*, server_fn::ServerFn};
use ui::{Badge, Button, Chip, Chips, EmptyState, Form, Glyph, Hidden, Pager, Tone};
use uuid::Uuid;

use crate::{
    count::{EnterCount, RecountLine},
    counts::path_of,
};

fn address(id: CountId, show: LinesShown, words: &str, after: &str) -> String {
    format!(
        "{}?show={}&q={}&after={}",
        path_of(id),
        show.code(),
        urlencoding::encode(words),
        urlencoding::encode(after)
    )
}

/// Which lines are shown: the choice and the search.
pub fn filters(count: &CountView, ask: &ListLines) -> impl IntoView + use<> {
    let id = count.card.id;
    let offered = LinesShown::ALL.iter().filter(|show| count.shows_book || **show != LinesShown::Different);
    let chips = offered.map(|&show| {
        let left = count.card.lines - count.card.counted_lines;
        let number = match show {
            LinesShown::All => count.card.lines,
            LinesShown::Uncounted => left,
            LinesShown::Counted => count.card.counted_lines,
            LinesShown::Different => 0,
        };
        let number = if number > 0 { number.to_string() } else { String::new() };
        Chip::new(show.label(), address(id, show, &ask.words, "")).active(ask.show == show).count(number)
    });
    let (chips, show, words) = (chips.collect::<Vec<_>>(), ask.show.code(), ask.words.clone());
    view! {
        <div class="mb-3"><Chips label="盘点明细" chips=chips/></div>
        <form method="get" action=path_of(id) role="search" class="mb-3 flex items-center gap-2">
            <input type="hidden" name="show" value=show/>
            <input class="input min-w-0 flex-1" type="search" name="q" value=words aria-label="在这次盘点里找商品"
                placeholder="在这次盘点里找：名称、拼音、编码" maxlength=Fields::WORDS_MOST.to_string()/>
            <button type="submit" class="btn btn-quiet">"查找"</button>
        </form>
    }
}

/// The lines, each with what can be done about it.
pub fn line_list(count: &CountView, ask: &ListLines, lines: Listed<CountLine>, here: &str) -> AnyView {
    if lines.items.is_empty() {
        let (title, text) = match ask.show {
            LinesShown::Uncounted => ("都盘过了", "可以提交了。"),
            LinesShown::Different => ("没有差异", "盘到的与账面一致。"),
            _ if ask.words.is_empty() => ("还没有盘", "扫码或输入编码开始。"),
            _ => ("没有找到这件商品", "换个名称、拼音或编码再试；扫码录入会把它加进来。"),
        };
        return view! { <EmptyState glyph=Glyph::Box title=title text=text>""</EmptyState> }.into_any();
    }
    let (id, may, book) = (count.card.id, count.may_count, count.shows_book);
    let next = lines.next.map(|after| address(id, ask.show, &ask.words, &after)).unwrap_or_default();
    let items = lines.items.into_iter().map(|line| line_item(line, id, may, book, here.to_owned())).collect_view();
    view! {
        <ul class="panel divide-y divide-base-300">{items}</ul>
        {(!next.is_empty()).then(|| view! { <Pager next=next/> })}
    }
    .into_any()
}

fn line_item(line: CountLine, id: CountId, may: bool, book: bool, here: String) -> impl IntoView {
    let counted = match line.counted {
        Some(pieces) => view! { <span class="tabular text-lg font-bold">{pieces}</span> }.into_any(),
        None => view! { <Badge>"未盘"</Badge> }.into_any(),
    };
    let told = line.book.filter(|_| book).map(|book| {
        let difference = line.difference.filter(|pieces| *pieces != 0).map(|pieces| {
            let tone = if pieces < 0 { Tone::Error } else { Tone::Warn };
            let cost = line.cost_fen.map(|cost| format!("，成本 {cost}")).unwrap_or_default();
            let value = line.value_fen.map(|value| format!("（{value}{cost}）")).unwrap_or_default();
            view! { <Badge tone=tone>{format!("{pieces:+} 件{value}")}</Badge> }
        });
        view! { <span class="tabular text-sm text-base-content/70">{format!("账面 {book}")}</span> {difference} }
    });
    let apart = (line.apart > 0)
        .then(|| view! { <Badge tone=Tone::Warn>{format!("另有 {} 件已出账待发，不数", line.apart)}</Badge> });
    let moved = line.moved.then(|| view! { <Badge tone=Tone::Warn>"盘的中途有出入库，请重盘"</Badge> });
    let acts = may.then(|| line_acts(&line, id, here));
    view! {
        <li class="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 p-3">
            <span class="min-w-0">
                <span class="block font-medium">{line.name}</span>
                <span class="block text-sm text-base-content/70">{line.code}</span>
            </span>
            <span class="ms-auto flex flex-wrap items-center justify-end gap-2">{told} {apart} {moved} {counted}</span>
            {acts}
        </li>
    }
}

/// For who has no scanner: so many more of this; and all of it again.
fn line_acts(line: &CountLine, id: CountId, here: String) -> AnyView {
    let (code, sku, again) = (line.code.clone(), line.sku_id.to_string(), here.clone());
    let name = line.name.clone();
    let clear = line.counted.is_some().then(|| {
        view! {
            <Form action=RecountLine::PATH>
                <Hidden name="from" value=again/>
                <Hidden name="id" value=id.to_string()/>
                <Hidden name="sku" value=sku/>
                <Button tone=Tone::Plain label=format!("重盘 {name}")>"重盘"</Button>
            </Form>
        }
    });
    let label = format!("{} 的件数", line.name);
    view! {
        <span class="flex w-full items-center justify-end gap-2 sm:w-auto">
            {clear}
            <Form action=EnterCount::PATH class="flex items-center gap-2">
                <Hidden name="from" value=here/>
                <Hidden name="id" value=id.to_string()/>
                <Hidden name="key" value=Uuid::now_v7().to_string()/>
                <Hidden name="code" value=code/>
                <input class="input tabular w-20 text-center" type="text" name="pieces" inputmode="numeric" placeholder="件数" aria-label=label required=true autocomplete="off"/>
                <Button>"加"</Button>
            </Form>
        </span>
    }
    .into_any()
}
