//! A transfer that head office makes between any two places: out of a warehouse, back to it, or from store to store.

use commerce::{supply, transfers};
use domain::{
    Fault, Fields, LocationId, SkuId, TransferId,
    supply::{ListStock, StockEntry},
    transfers::{LINES_MOST, Location, RequestTransfer as RequestTransferCommand},
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{Button, FindIn, Form, Hidden, Select, SelectItem, TextArea};
use uuid::Uuid;
use views::{
    fill_in,
    goods::{self, Words},
};

use crate::{
    frame::{Frame, LOG_IN, Tab, address, said},
    transfers::{FORM, PATH as LIST, kinds, supplies},
};

/// This page.
pub const PATH: &str = "/hq/transfers/new";
/// How many goods are offered beside those that are chosen already; more words find the others.
const GOODS_MOST: i64 = 40;

/// Makes a transfer, to which the sender's side is still to agree.
#[server(prefix = "/rpc/hq", endpoint = "request_transfer")]
pub async fn request_transfer(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let command = RequestTransferCommand::from_fields(&fields)?;
        let id = command.id;
        transfers::request(&scope, command).await?;
        let news = "调拨单已生成，待发货方同意后发货；总部可以在本页代为同意";
        Ok(Next::to(format!("{LIST}/{id}")).saying(FORM, news))
    })
    .await
}

/// The page.
pub async fn new(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    if !supplies(&asked) {
        return Err(Fault::Forbidden);
    }
    let places = supply::sources(&asked.scope).await?;
    let place = |name: &str| -> Option<Location> {
        let id: LocationId = asked.typed(FORM, name).parse().ok()?;
        places.iter().find(|place| place.id == id).cloned()
    };
    // Whose goods are shown has to be somebody; to whom they go nobody guesses.
    let (from, to) = (place("source").or_else(|| places.first().cloned()), place("target"));
    let mut also: Vec<SkuId> = asked.filled_in(FORM, "pieces.");
    also.truncate(LINES_MOST);
    let ask = ListStock {
        words: asked.query.words("q"),
        most: GOODS_MOST + also.len() as i64,
        also,
        going_to: to.as_ref().map(|to| to.id),
        skip: 0,
    };
    let found = match &from {
        Some(from) => supply::stock(&asked.scope, from.id, &ask).await?.0,
        None => Vec::new(),
    };
    Ok(Page::new("新建调拨单", move || {
        let body = view! {
            {kinds(true, LIST)}
            {said(&asked, FORM)}
            {form(&asked, &places, [from, to], &ask.words, found)}
        };
        frame.screen(Tab::Supply, "新建调拨单".into(), LIST, ().into_any(), body.into_any())
    }))
}

fn form(
    asked: &Asked,
    places: &[Location],
    [from, to]: [Option<Location>; 2],
    words: &str,
    found: Vec<StockEntry>,
) -> AnyView {
    let item =
        |place: &Location| SelectItem::new(place.id.to_string(), format!("{}（{}）", place.name, place.kind.label()));
    let senders: Vec<SelectItem> = places.iter().map(item).collect();
    let mut receivers = vec![SelectItem::new("", "请选择")];
    receivers.extend(senders.iter().cloned());
    let id = |place: &Option<Location>| place.as_ref().map(|place| place.id.to_string()).unwrap_or_default();
    let (source, target) = (id(&from), id(&to));
    // A field that is not filled in is complained of by its name, two places that do not go together by the command's.
    let wrong = |names: [&str; 2]| names.into_iter().find_map(|name| asked.field(FORM, name).0).unwrap_or_default();
    let (source_wrong, target_wrong) = (wrong(["source", "from"]), wrong(["target", "to"]));
    let (reason_wrong, reason) = (asked.field(FORM, "reason").0.unwrap_or_default(), asked.typed(FORM, "reason"));
    let back = address(PATH, &[("source", source.clone()), ("target", target.clone()), ("q", words.to_owned())]);
    let says = Words {
        pieces: "件数",
        available: "发货方可发",
        nothing: "发货方没有这样的商品；换个名称、拼音、编码或条码，再点「查找」。",
    };
    let (words, goods) = (words.to_owned(), goods::table(asked, FORM, found, says, false));
    let whose = from.map(|from| view! { <h2 class="mb-2 font-semibold">{format!("「{}」的商品", from.name)}</h2> });
    let by_file = fill_in(asked, FORM, PATH, "每行：编码或条码、件数，最多 200 种商品。填好后核对，再提交调拨单。");
    view! {
        <Form action="/rpc/hq/request_transfer">
            <Hidden name="from" value=back/>
            <Hidden name="key" value=TransferId(Uuid::now_v7()).to_string()/>
            <div class="panel mb-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-2">
                <Select name="source" label="从" items=senders value=source error=source_wrong/>
                <Select name="target" label="到" items=receivers value=target error=target_wrong/>
                <FindIn label="查找商品" page=PATH value=words placeholder="名称、拼音、编码或条码"
                    maxlength=Fields::WORDS_MOST/>
                <p class="mb-4 text-sm text-base-content/70 sm:col-span-2">
                    "换了「从」或「到」之后也点「查找」：下面换成新发货方的商品和可发件数，仓库发给门店时还有供货价；已填的都保留。"
                </p>
            </div>
            {whose}
            {goods}
            <div class="mt-4 max-w-2xl">
                <TextArea name="reason" label="原因" maxlength=200 rows=2 value=reason error=reason_wrong
                    hint="收发双方都会看到，例如「并仓」「临期退仓」。"/>
                <Button>"提交调拨单"</Button>
            </div>
            {by_file}
        </Form>
    }
    .into_any()
}
