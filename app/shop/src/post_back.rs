//! 寄回: where the goods of a request are sent to, and under which number.

use commerce::after_sales as use_cases;
use domain::{
    AfterSalesId, Fault, Fields,
    after_sales::{
        AfterSalesAct, AfterSalesKind, AfterSalesView, PostReturn as PostCommand, PostedReturn, ReturnAddress,
    },
    express::Carrier,
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next};
use ui::{Button, Fact, Facts, Field, Form, Hidden, Select, SelectItem};

use crate::after_sales::{FORM, PATH};

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
pub fn part(asked: &Asked, request: &AfterSalesView) -> Option<AnyView> {
    let sent = request.posted.as_ref().map(|posted| sent(asked, request, posted));
    let to = request.post_to.as_ref().filter(|_| request.acts.contains(&AfterSalesAct::Post));
    let to = to.map(|to| send(asked, request, to));
    (sent.is_some() || to.is_some()).then(|| view! { {sent} {to} }.into_any())
}

fn sent(asked: &Asked, request: &AfterSalesView, posted: &PostedReturn) -> AnyView {
    let zone = text::zone("");
    let when = text::moment(posted.posted_at, asked.scope.now, zone);
    let arrived = posted.arrived_at.map(|at| {
        let when = text::moment(at, asked.scope.now, zone);
        view! { <Fact label="到店">{when}</Fact> }
    });
    let (said, store) = (posted.text(), request.card.store_name.clone());
    view! {
        <div class="mt-4 rounded-box bg-base-200 p-4">
            <Facts>
                <Fact label="寄回快递"><span class="tabular break-all">{said}</span></Fact>
                <Fact label="寄往">{store}</Fact>
                <Fact label="提交时间">{when}</Fact>
                {arrived}
            </Facts>
        </div>
    }
    .into_any()
}

fn send(asked: &Asked, request: &AfterSalesView, to: &ReturnAddress) -> AnyView {
    let known = request.posted.as_ref();
    let (carrier_wrong, carrier) = asked.field(FORM, "carrier");
    let (number_wrong, number) = asked.field(FORM, "tracking_number");
    let open = carrier_wrong.is_some() || number_wrong.is_some();
    let carrier = carrier.or_else(|| known.map(|known| known.carrier.code().to_owned())).unwrap_or_default();
    let number = number.or_else(|| known.map(|known| known.tracking_number.clone())).unwrap_or_default();
    let mut items = vec![SelectItem::new("", "请选择")];
    items.extend(Carrier::ALL.iter().map(|one| SelectItem::new(one.code(), one.label())));
    let summary = if known.is_some() { "修改快递单号" } else { "不方便到店？寄回商品" };
    let exchange = (request.card.kind == AfterSalesKind::Exchange).then(|| {
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
                <Button block=true>"保存寄回信息"</Button>
            </Form>
        </details>
    }
    .into_any()
}
