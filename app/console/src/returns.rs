//! The counter: goods come back under the code that a shopper shows, whatever store sold them.

use commerce::{after_sales as use_cases, stores};
use domain::{
    Fault, Fields, StoreId,
    after_sales::{
        AfterSalesKind, AfterSalesLine, AfterSalesState, Condition, Counter, NOTE_MOST,
        ReceiveReturn as ReceiveCommand, ReturnCode, TurnAwayReturn as TurnAwayCommand,
    },
    staff::Permission,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Breadcrumbs, Button, Card, EmptyState, Fact, Facts, Field, Form, Glyph, Hidden, LinkButton, Notice, Select,
    SelectItem, Size, TextArea, Tone,
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

/// Turns goods away that are not what was agreed on.
#[server(prefix = "/rpc/console", endpoint = "turn_away_return")]
pub async fn turn_away_return(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/console/login", fields, async |scope, fields| {
        use_cases::turn_away(&scope, TurnAwayCommand::from_fields(&fields)?).await?;
        Ok(Next::to(PATH).saying(FORM, "已拒收，商品请交还顾客；顾客会看到原因，可以申请总部仲裁"))
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
                    <CameraScan reader=rpc::code_reader()/>
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
    let is_field = |field: &str| field == "note" || field.starts_with("condition.") || field.starts_with("pieces.");
    let beside = asked.flash_of(FORM)?.complaints.iter().any(|one| is_field(&one.field));
    if beside { None } else { news(asked, FORM) }
}

/// Which store it is: the only one, or a choice among one's own.
fn store_field(asked: &Asked, stores: &[(StoreId, String)], sold: StoreId, id: &str) -> AnyView {
    if let [(store, name)] = stores {
        let (store, said) = (store.to_string(), format!("收货门店：{name}"));
        return view! { <Hidden name="store" value=store/> <p class="mb-3 text-sm">{said}</p> }.into_any();
    }
    // Most goods come back where they were bought.
    let picked = asked.field(FORM, "store").1.unwrap_or_else(|| sold.to_string());
    let items = stores.iter().map(|(id, name)| SelectItem::new(id.to_string(), name.clone())).collect();
    let id = id.to_owned();
    view! { <Select name="store" id=id label="收货门店" items=items value=picked/> }.into_any()
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
    let counts = counter.lines.iter().map(|line| pieces(asked, line)).collect_view();
    let store = store_field(asked, &stores, card.store_id, "store");
    let away = turn_away(asked, &stores, card.store_id, code.as_str());
    let done = match card.kind {
        AfterSalesKind::Exchange => {
            format!("收货后请把换的商品交给顾客，收到几件换几件；差价 {} 原路退回。", card.refund_fen)
        }
        AfterSalesKind::RefundOnly | AfterSalesKind::Return => {
            format!("全部收到时，{} 原路退回顾客。", card.refund_fen)
        }
    };
    // Pictures are added on the request's page, which the store that sold sees.
    let sees = asked.scope.may_at(Permission::ReadOrders, card.store_id);
    let page = format!("{LIST}/{}", card.id);
    let page = sees.then(|| view! { <p class="mt-3"><LinkButton href=page>"查看申请，添加照片"</LinkButton></p> });
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
                    {page}
                </Card>
                {after_sales::goods(&counter.lines)}
            </div>
            <div class="grid grid-cols-1 gap-4">
                <Card title="清点并收货">
                    <Form action=ReceiveReturn::PATH>
                        <Hidden name="from" value=here/>
                        <Hidden name="code" value=code/>
                        {store}
                        {counts}
                        <p class="mb-3 text-sm">{done}" "{FEWER}</p>
                        <Button block=true size=Size::Large>"确认收货"</Button>
                    </Form>
                </Card>
                {away}
            </div>
        </div>
    }
    .into_any()
}

/// What a counter must know where fewer came.
pub const FEWER: &str = "没带来的件数不用填：那几件退出这张售后单，按实收件数退款，期限内可以再申请。";

/// How many pieces of a line came in which state: all of them as new, until somebody says otherwise.
pub fn pieces(asked: &Asked, line: &AfterSalesLine) -> impl IntoView + use<> {
    let wrong = asked.field(FORM, &format!("pieces.{}", line.line)).0;
    let wrong = wrong.or_else(|| asked.field(FORM, &format!("condition.{}", line.line)).0);
    let most = line.quantity.get();
    let number = |condition: &Condition| {
        let name = format!("pieces.{}.{}", line.line, condition.code());
        let plain = if *condition == Condition::Restock { most } else { 0 };
        let value = asked.field(FORM, &name).1.unwrap_or_else(|| plain.to_string());
        view! { <Field name=name label=condition.short() inputmode="numeric" autocomplete="off" value=value/> }
    };
    let numbers = Condition::ALL.iter().map(number).collect_view();
    let goods = [line.name.as_str(), line.spec.as_str()].into_iter().filter(|part| !part.is_empty());
    let legend = format!("{} ×{most}", goods.collect::<Vec<_>>().join(" "));
    let error = wrong.map(|wrong| view! { <p class="mt-1 text-sm text-error" role="alert">{wrong}</p> });
    view! {
        <fieldset class="mb-4">
            <legend class="mb-1 font-medium">{legend}</legend>
            <div class="grid grid-cols-3 gap-3">{numbers}</div>
            {error}
        </fieldset>
    }
}

/// Where goods are turned away that are not what was agreed on.
fn turn_away(asked: &Asked, stores: &[(StoreId, String)], sold: StoreId, code: &str) -> impl IntoView + use<> {
    let (wrong, typed) = asked.field(FORM, "note");
    let store = store_field(asked, stores, sold, "store_away");
    let (here, code, open) = (asked.here.clone(), code.to_owned(), wrong.is_some());
    view! {
        <Card title="商品不对？">
            <details open=open>
                <summary class="touch inline-flex cursor-pointer items-center">"拒收：不是本店商品、已使用或人为损坏"</summary>
                <Form action=TurnAwayReturn::PATH class="mt-3">
                    <Hidden name="from" value=here/>
                    <Hidden name="code" value=code/>
                    {store}
                    <TextArea name="note" label="拒收原因" required=true maxlength=NOTE_MOST as u32
                        hint="顾客会看到，可以申请总部仲裁。商品交还顾客，库存和款项都不变。"
                        value=typed.unwrap_or_default() error=wrong.unwrap_or_default()/>
                    <Button tone=Tone::Error>"拒收"</Button>
                </Form>
            </details>
        </Card>
    }
}
