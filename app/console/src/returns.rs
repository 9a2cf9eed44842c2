//! The counter: goods come back under the code that a shopper shows, whatever store sold them.

use commerce::{after_sales as use_cases, stores};
use domain::{
    Fault, Fields, StoreId,
    after_sales::{
        AfterSalesKind, AfterSalesLine, AfterSalesState, Condition, Counter, ReceiveReturn as ReceiveCommand,
        ReturnCode,
    },
    staff::Permission,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Breadcrumbs, Button, Card, Choice, ChoiceItem, EmptyState, Fact, Facts, Field, Form, Glyph, Hidden,
    LinkButton, Notice, Select, SelectItem, Size, Tone,
};

use crate::{
    after_sales::{self, PATH as LIST},
    frame::{Frame, Lit, news},
    islands::CameraScan,
};

/// This page.
pub const PATH: &str = "/console/returns";
/// The part of the page that its form speaks to.
pub const FORM: &str = "returns";

/// Takes the goods of a request back.
#[server(prefix = "/rpc/console", endpoint = "receive_return")]
pub async fn receive_return(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/console/login", fields, async |scope, fields| {
        let command = ReceiveCommand::from_fields(&fields)?;
        let id = use_cases::receive(&scope, command).await?;
        Ok(Next::to(format!("{LIST}/{id}")).saying(FORM, "已收货：库存已入账，退款或换货已完成"))
    })
    .await
}

/// Where a code is scanned or typed.
#[component]
pub fn Finder(asked: Asked) -> impl IntoView {
    let typed = asked.query.text("code").to_owned();
    view! {
        <section class="panel mb-4 max-w-xl p-4">
            <form method="get" action=PATH class="flex items-start gap-2">
                <div class="flex-1">
                    <Field name="code" label="扫码或输入售后码，收退回的商品" inputmode="numeric" autocomplete="off" placeholder="10 位数字"
                        value=typed/>
                    <CameraScan/>
                </div>
                <div class="pt-7"><Button size=Size::Large>"查找"</Button></div>
            </form>
        </section>
    }
}

/// What an address's code leads to: what it is of, or what is wrong with it.
async fn found(asked: &Asked) -> Result<Result<(ReturnCode, Counter), String>, Fault> {
    if asked.query.given("code").is_none() {
        return Ok(Err(String::new()));
    }
    let code: ReturnCode = match asked.query.text("code").parse() {
        Ok(code) => code,
        Err(complaint) => return Ok(Err(complaint.message)),
    };
    match use_cases::find(&asked.scope, &code).await {
        Ok(counter) => Ok(Ok((code, counter))),
        Err(fault @ (Fault::NotFound(_) | Fault::TooMany { .. })) => Ok(Err(fault.message())),
        Err(fault) => Err(fault),
    }
}

/// The page: what is to be taken under the code in its address.
pub async fn returns(asked: Asked) -> Result<Page, Fault> {
    asked.scope.reach(Permission::FulfilOrders)?;
    let found = found(&asked).await?;
    let stores = stores::mine(&asked.scope, Permission::FulfilOrders).await?;
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new("收退回的商品", move || {
        let crumbs = vec![("售后".to_owned(), LIST.to_owned()), ("收退回的商品".to_owned(), String::new())];
        let body = match found {
            Ok((code, counter)) => take(&asked, stores, &code, counter).into_any(),
            Err(wrong) => view! {
                {(!wrong.is_empty()).then(|| view! { <Notice tone=Tone::Error>{wrong}</Notice> })}
                <Finder asked=asked.clone()/>
            }
            .into_any(),
        };
        let told = told(&asked);
        let body = view! {
            <Breadcrumbs items=crumbs/>
            <h1 class="my-3 text-xl font-bold">"收退回的商品"</h1>
            {told}
            {body}
        };
        frame.screen(Lit::AfterSales, body.into_any())
    }))
}

/// What went wrong with the form, where it is not told beside a field.
fn told(asked: &Asked) -> Option<AnyView> {
    let beside = asked.flash_of(FORM)?.complaints.iter().any(|one| one.field.starts_with("condition."));
    if beside { None } else { news(asked, FORM) }
}

fn take(asked: &Asked, stores: Vec<(StoreId, String)>, code: &ReturnCode, counter: Counter) -> impl IntoView + use<> {
    let card = counter.card;
    if card.state != AfterSalesState::Agreed {
        let text = format!("这张售后单{}，不能收货。", card.state.label());
        return view! {
            <EmptyState glyph=Glyph::Receipt title="不能收货" text=text><LinkButton href=LIST>"返回售后"</LinkButton></EmptyState>
        }
        .into_any();
    }
    let choices = counter.lines.iter().map(|line| condition(asked, line)).collect_view();
    // Most goods come back where they were bought.
    let picked = asked.field(FORM, "store").1.unwrap_or_else(|| card.store_id.to_string());
    let store = match stores.as_slice() {
        [(id, name)] => view! { <Hidden name="store" value=id.to_string()/> <p class="mb-3 text-sm">{format!("收货门店：{name}")}</p> }.into_any(),
        _ => {
            let items = stores.iter().map(|(id, name)| SelectItem::new(id.to_string(), name.clone())).collect();
            view! { <Select name="store" label="收货门店" items=items value=picked/> }.into_any()
        }
    };
    let done = match card.kind {
        AfterSalesKind::Exchange => format!("收货后请把换的商品交给顾客；差价 {} 原路退回。", card.refund_fen),
        AfterSalesKind::RefundOnly | AfterSalesKind::Return => format!("收货后 {} 原路退回顾客。", card.refund_fen),
    };
    let (here, code) = (asked.here.clone(), code.as_str().to_owned());
    view! {
        <div class="grid grid-cols-1 gap-4 lg:grid-cols-2 lg:items-start">
            <div class="grid grid-cols-1 gap-4">
                <Card title="售后单">
                    <Facts>
                        <Fact label="类型"><Badge tone=Tone::Info>{card.kind.label()}</Badge></Fact>
                        <Fact label="订单">{card.order_number.clone()}</Fact>
                        <Fact label="售出门店">{card.store_name.clone()}</Fact>
                        <Fact label="手机尾号">{card.phone_tail.clone()}</Fact>
                        <Fact label="原因">{card.reason.label()}</Fact>
                    </Facts>
                </Card>
                {after_sales::goods(&counter.lines)}
            </div>
            <Card title="清点并收货">
                <Form action=ReceiveReturn::PATH>
                    <Hidden name="from" value=here/>
                    <Hidden name="code" value=code/>
                    {store}
                    {choices}
                    <p class="mb-3 text-sm">{done}</p>
                    <Button block=true size=Size::Large>"确认收货"</Button>
                </Form>
            </Card>
        </div>
    }
    .into_any()
}

fn condition(asked: &Asked, line: &AfterSalesLine) -> impl IntoView + use<> {
    let name = format!("condition.{}", line.line);
    let (wrong, typed) = asked.field(FORM, &name);
    let items = Condition::ALL.iter().map(|one| ChoiceItem::new(one.code(), one.label())).collect();
    let legend = format!("{} {} ×{}", line.name, line.spec, line.quantity);
    view! {
        <div class="mb-4">
            <Choice name=name legend=legend items=items value=typed.unwrap_or_default() error=wrong.unwrap_or_default()/>
        </div>
    }
}
