//! 寄回: where the goods of a request are sent to, and under which number; and where what comes in exchange is sent.

use commerce::after_sales as use_cases;
use domain::{
    AfterSalesId, Fault, Fields,
    after_sales::{
        AfterSalesAct, AfterSalesKind, AfterSalesView, PostReturn as PostCommand, PostedReturn, ReturnAddress,
    },
    express::Carrier,
    fulfilment::AddressView,
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next};
use ui::{Button, Fact, Facts, Field, Form, Hidden, Select, SelectItem};

use crate::{
    addresses,
    after_sales::{FORM, PATH},
};

/// Says that the goods were sent, or under which other number.
#[server(prefix = "/rpc/shop", endpoint = "post_return")]
pub async fn post_return(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/login", fields, async |scope, fields| {
        let id: AfterSalesId = fields.text("id").parse().map_err(|_| Fault::NotFound("这张售后单"))?;
        use_cases::post(&scope, id, &PostCommand::from_fields(&fields)?).await?;
        Ok(Next::to(format!("{PATH}/{id}")).saying(FORM, "寄回信息已保存，门店收到后会处理"))
    })
    .await
}

/// What was sent, and where it may be sent to.
pub fn part(asked: &Asked, request: &AfterSalesView, book: &[AddressView]) -> Option<AnyView> {
    let sent = request.posted.as_ref().map(|posted| sent(asked, request, posted));
    let to = request.post_to.as_ref().filter(|_| request.acts.contains(&AfterSalesAct::Post));
    let to = to.map(|to| send(asked, request, to, book));
    (sent.is_some() || to.is_some()).then(|| view! { {sent} {to} }.into_any())
}

fn sent(asked: &Asked, request: &AfterSalesView, posted: &PostedReturn) -> AnyView {
    let zone = text::zone("");
    let when = text::moment(posted.posted_at, asked.scope.now, zone);
    let arrived = posted.arrived_at.map(|at| {
        let when = text::moment(at, asked.scope.now, zone);
        view! { <Fact label="到店">{when}</Fact> }
    });
    let to = posted.send_to.as_ref().map(|to| {
        let said = format!("{}，{}", to.name, to.address);
        view! { <Fact label="换货寄到"><span class="break-words">{said}</span></Fact> }
    });
    let out = posted.sent.as_ref().map(|sent| {
        let said = format!("{}（{}）", sent.text(), text::moment(sent.sent_at, asked.scope.now, zone));
        view! { <Fact label="换货快递"><span class="tabular break-all">{said}</span></Fact> }
    });
    let (said, store) = (posted.text(), request.card.store_name.clone());
    view! {
        <div class="mt-4 rounded-box bg-base-200 p-4">
            <Facts>
                <Fact label="寄回快递"><span class="tabular break-all">{said}</span></Fact>
                <Fact label="寄往">{store}</Fact>
                <Fact label="提交时间">{when}</Fact>
                {arrived}
                {to}
                {out}
            </Facts>
        </div>
    }
    .into_any()
}

/// Where what comes in exchange is sent, of an exchange at a store that sends: one of the shopper's addresses, or nowhere.
fn destination(asked: &Asked, request: &AfterSalesView, book: &[AddressView]) -> Option<AnyView> {
    let known = request.posted.as_ref().and_then(|posted| posted.send_to.as_ref());
    let (wrong, typed) = asked.field(FORM, "send_to");
    let picked = typed.or_else(|| known.map(|to| to.id.to_string())).unwrap_or_default();
    let mut items = vec![SelectItem::new("", "到店领取，凭售后码")];
    // What was chosen before may have left the book since.
    let gone = known.filter(|to| book.iter().all(|one| one.id != to.id));
    items.extend(gone.map(|to| SelectItem::new(to.id.to_string(), format!("寄给 {}：{}", to.name, to.address))));
    items.extend(book.iter().map(|one| {
        let label = format!("寄给 {}：{}", one.address.name, one.text());
        SelectItem::new(one.id.to_string(), label)
    }));
    (request.sends || known.is_some()).then(|| {
        view! {
            <Select name="send_to" label="换的商品" items=items value=picked error=wrong.unwrap_or_default()
                hint="选寄送的，门店收到寄回的商品后寄出，单号会显示在这里。"/>
            <p class="mb-3"><a class="link touch inline-flex items-center text-sm" href=addresses::PATH>"管理收货地址"</a></p>
        }
        .into_any()
    })
}

fn send(asked: &Asked, request: &AfterSalesView, to: &ReturnAddress, book: &[AddressView]) -> AnyView {
    let known = request.posted.as_ref();
    let (carrier_wrong, carrier) = asked.field(FORM, "carrier");
    let (number_wrong, number) = asked.field(FORM, "tracking_number");
    let open = carrier_wrong.is_some() || number_wrong.is_some() || asked.field(FORM, "send_to").0.is_some();
    let carrier = carrier.or_else(|| known.map(|known| known.carrier.code().to_owned())).unwrap_or_default();
    let number = number.or_else(|| known.map(|known| known.tracking_number.clone())).unwrap_or_default();
    let mut items = vec![SelectItem::new("", "请选择")];
    items.extend(Carrier::ALL.iter().map(|one| SelectItem::new(one.code(), one.label())));
    let summary = if known.is_some() { "修改快递单号" } else { "不方便到店？寄回商品" };
    let destination = destination(asked, request, book);
    let exchange = (request.card.kind == AfterSalesKind::Exchange && destination.is_none()).then(|| {
        view! { <p class="mt-2 text-sm">"换货：商品寄到后，请凭售后码到这家门店领取换的商品。"</p> }
    });
    let ReturnAddress { name, phone, address } = to.clone();
    let (here, id, store) = (asked.here.clone(), request.card.id.to_string(), request.card.store_name.clone());
    view! {
        <details class="mt-4" open=open>
            <summary class="touch inline-flex cursor-pointer items-center font-medium">{summary}</summary>
            <div class="mt-2 rounded-box bg-base-200 p-4">
                <Facts>
                    <Fact label="收件人">{format!("{name}（{store}）")}</Fact>
                    <Fact label="电话"><span class="tabular">{phone}</span></Fact>
                    <Fact label="地址">{address}</Fact>
                </Facts>
                <p class="mt-2 text-sm">"运费请先垫付，不要到付；寄出后填写单号，售后单不会过期。"</p>
                {exchange}
            </div>
            <Form action=PostReturn::PATH class="mt-3">
                <Hidden name="from" value=here/>
                <Hidden name="id" value=id/>
                <Select name="carrier" label="快递公司" items=items value=carrier error=carrier_wrong.unwrap_or_default()/>
                <Field name="tracking_number" label="快递单号" autocomplete="off" value=number error=number_wrong.unwrap_or_default()/>
                {destination}
                <Button block=true>"保存寄回信息"</Button>
            </Form>
        </details>
    }
    .into_any()
}
