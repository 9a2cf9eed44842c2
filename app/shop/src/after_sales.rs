//! 售后: one's requests, and how far one of them is.

use chrono::{DateTime, Utc};
use commerce::{
    after_sales::{self as use_cases, PROOFS_MOST},
    fulfilment::addresses,
};
use domain::{
    AfterSalesId, Fault, Fields,
    after_sales::{
        AfterSalesAct, AfterSalesCard, AfterSalesKind, AfterSalesLine, AfterSalesState, AfterSalesStep, AfterSalesView,
        ListAfterSales, NOTE_MOST,
    },
    fulfilment::AddressView,
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Button, Card, EmptyState, Fact, Facts, Form, Glyph, Hidden, LinkButton, Notice, Pager, Picture, Price,
    Progress, QrCode, Size, Step, StepState, TextArea, Tone, live::LivePage,
};

use crate::{
    frame::{Frame, Tab, news},
    goods::GoodsPicture,
    post_back,
};

/// The list.
pub const PATH: &str = "/after-sales";
/// The part of the page that its forms speak to.
pub const FORM: &str = "after_sales";
/// How many requests a page of the list has.
const PAGE: usize = 20;

fn id_of(fields: &Fields) -> Result<AfterSalesId, Fault> {
    fields.text("id").parse().map_err(|_| Fault::NotFound("这张售后单"))
}

/// Takes the store's refusal to head office.
#[server(prefix = "/rpc/shop", endpoint = "appeal_after_sales")]
pub async fn appeal_after_sales(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/login", fields, async |scope, fields| {
        let id = id_of(&fields)?;
        use_cases::appeal(&scope, id, fields.text("note")).await?;
        Ok(Next::to(format!("{PATH}/{id}")).saying(FORM, "已提交总部，结果会显示在这里"))
    })
    .await
}

/// Takes one's own request back.
#[server(prefix = "/rpc/shop", endpoint = "withdraw_after_sales")]
pub async fn withdraw_after_sales(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/login", fields, async |scope, fields| {
        let id = id_of(&fields)?;
        use_cases::withdraw(&scope, id).await?;
        Ok(Next::to(format!("{PATH}/{id}")).saying(FORM, "申请已撤销；售后期限内可以重新申请"))
    })
    .await
}

/// The list's page.
pub async fn list(asked: Asked) -> Result<Page, Fault> {
    let ask = ListAfterSales { most: PAGE, after: asked.query.text("after").parse().ok(), ..ListAfterSales::default() };
    let found = use_cases::mine(&asked.scope, &ask).await?;
    let frame = Frame::of(&asked).await;
    Ok(Page::new("我的售后", move || {
        let body = if found.items.is_empty() {
            view! {
                <EmptyState glyph=Glyph::Receipt title="没有售后" text="取货后在订单页可以申请退款、退货或换货。">
                    <LinkButton href="/orders">"查看订单"</LinkButton>
                </EmptyState>
            }
            .into_any()
        } else {
            let next = found.next.map(|after| format!("{PATH}?after={after}"));
            view! {
                <Card><Requests cards=found.items now=asked.scope.now/></Card>
                {next.map(|next| view! { <Pager next=next/> })}
            }
            .into_any()
        };
        frame.titled(Tab::Me, "我的售后", "/me", body)
    }))
}

/// Requests, each leading to its page.
#[component]
pub fn Requests(cards: Vec<AfterSalesCard>, now: DateTime<Utc>) -> impl IntoView {
    let items = cards.into_iter().map(|card| {
        let when = text::moment(card.requested_at, now, text::zone(""));
        let words = card.words();
        // Money beside pieces has no goods to show.
        let picture = (!card.picture.is_empty()).then(|| {
            view! { <div class="w-14 shrink-0 overflow-hidden rounded-box"><GoodsPicture picture=card.picture.clone() alt="".into() sizes="56px"/></div> }
        });
        view! {
            <li>
                <a class="flex gap-3 py-3" href=format!("{PATH}/{}", card.id)>
                    {picture}
                    <span class="min-w-0 flex-1">
                        <span class="flex items-center justify-between gap-2">
                            <span class="truncate font-medium">{card.summary}</span>
                            <Badge tone=tone_of(card.state)>{words}</Badge>
                        </span>
                        <span class="flex justify-between gap-2 text-sm text-base-content/70">
                            <span>{format!("{} · {when}", card.kind.label())}</span>
                            <span class="tabular">{card.refund_fen.to_string()}</span>
                        </span>
                    </span>
                </a>
            </li>
        }
    });
    view! { <ul class="divide-y divide-base-200">{items.collect_view()}</ul> }
}

fn tone_of(state: AfterSalesState) -> Tone {
    use AfterSalesState::*;
    match state {
        Requested | Appealed => Tone::Warn,
        Agreed | Received => Tone::Info,
        Refunded | Exchanged => Tone::Success,
        Refused | Dismissed => Tone::Error,
        Withdrawn | Expired => Tone::Plain,
    }
}

/// One request's page.
pub async fn one(asked: Asked) -> Result<Page, Fault> {
    let request = use_cases::show(&asked.scope, asked.id("request", "这张售后单")?).await?;
    let book = if request.sends { addresses::mine(&asked.scope).await? } else { Vec::new() };
    let frame = Frame::of(&asked).await;
    Ok(Page::new("售后进度", move || {
        let since = asked.scope.now.timestamp_millis();
        let events = format!("/orders/{}/events?since={since}", request.card.order_id);
        let body = view! {
            {news(&asked, FORM)}
            <LivePage events=events/>
            <div class="grid grid-cols-1 gap-4 lg:grid-cols-2 lg:items-start">
                <div class="grid grid-cols-1 gap-4">
                    {now(&asked, &request, &book)}
                    {proofs(&asked, &request)}
                    {store_proofs(&request, asked.scope.now)}
                </div>
                <div class="grid grid-cols-1 gap-4">
                    {what(&request)}
                    {past(&request, asked.scope.now)}
                </div>
            </div>
        };
        frame.titled(Tab::Me, "售后进度", PATH, body.into_any())
    }))
}

/// Where it stands and what is to be done.
fn now(asked: &Asked, request: &AfterSalesView, book: &[AddressView]) -> impl IntoView + use<> {
    let card = &request.card;
    let due = card.due_at.map(|at| text::moment(at, asked.scope.now, text::zone(""))).unwrap_or_default();
    let why = request.steps.iter().rev().find(|step| !step.note.is_empty()).map(|step| step.note.clone());
    let superseded = request.steps.last().is_some_and(|step| step.act == AfterSalesAct::Supersede);
    let advice = match card.state {
        AfterSalesState::Requested => format!("门店会在 {due} 前处理；超时未处理自动转总部"),
        AfterSalesState::Agreed => match &request.posted {
            Some(posted) if posted.arrived_at.is_some() && posted.send_to.is_some() => {
                format!("商品已寄到，门店会寄出换的商品；{due} 前没有寄出会转总部")
            }
            Some(posted) if posted.arrived_at.is_some() => {
                format!("商品已寄到，请在 {due} 前凭售后码到「{}」领取换的商品", card.store_name)
            }
            Some(_) => format!("门店收到寄回的商品后处理；{due} 前没有收到会转总部"),
            None => format!("请在 {due} 前带商品和售后码到任意一家门店"),
        },
        AfterSalesState::Refused => format!("原因：{}", why.unwrap_or_default()),
        AfterSalesState::Appealed => "总部正在处理，结果会显示在这里".into(),
        AfterSalesState::Dismissed => format!("总部的意见：{}", why.unwrap_or_default()),
        AfterSalesState::Received => "门店已收到商品".into(),
        AfterSalesState::Refunded => {
            let far = request.refund_words().unwrap_or_else(|| "无需退款".into());
            format!("{} {far}", card.refund_fen)
        }
        AfterSalesState::Exchanged => {
            let sent = request.posted.as_ref().is_some_and(|posted| posted.sent.is_some());
            let done = if sent { "换的商品已寄出，单号见下方" } else { "商品已换好" };
            match request.refund_words() {
                Some(far) => format!("{done}；差价 {} {far}", card.refund_fen),
                None => done.into(),
            }
        }
        AfterSalesState::Withdrawn if superseded => {
            "总部已直接退款，这份申请到此结束；退款进度见这笔订单的另一张售后单".into()
        }
        AfterSalesState::Withdrawn => "已撤销；售后期限内可以重新申请".into(),
        AfterSalesState::Expired => "商品没有在期限内退回；售后期限内可以重新申请".into(),
    };
    let code = request.code.clone().map(|code| view! { <Code code=code/> });
    let appeal = request.acts.contains(&AfterSalesAct::Appeal).then(|| appeal(asked, card.id));
    let withdraw = request.acts.contains(&AfterSalesAct::Withdraw).then(|| withdraw(asked, card.id));
    let by_post = post_back::part(asked, request, book);
    let (state, life) = (card.words(), life(request));
    view! {
        <Card>
            <h2 class="text-2xl font-bold">{state}</h2>
            <p class="mt-1 break-words text-base-content/70">{advice}</p>
            {code}
            {life}
            {by_post}
            {appeal}
            {withdraw}
        </Card>
    }
}

#[component]
fn Code(code: String) -> impl IntoView {
    let (head, tail) = code.split_at(code.len() / 2);
    let digits = format!("{head} {tail}");
    view! {
        <div class="mt-4 flex flex-col items-center gap-2 rounded-box bg-base-200 p-5">
            <p class="font-medium">"售后码"</p>
            <QrCode text=code label="售后码二维码"/>
            <p class="tabular text-3xl font-bold tracking-widest">{digits}</p>
            <p class="text-sm text-base-content/70">"带上商品，向店员出示二维码或报数字"</p>
        </div>
    }
}

/// The steps of a request that goes well; what ended otherwise says enough in words.
fn life(request: &AfterSalesView) -> Option<AnyView> {
    use AfterSalesState::*;
    let card = &request.card;
    if matches!(card.state, Refused | Dismissed | Withdrawn | Expired) {
        return None;
    }
    let mut labels = vec!["提交", if card.state == Appealed { "总部处理" } else { "审核" }];
    if card.kind.brings_goods() {
        labels.push("退回商品");
    }
    labels.push(if card.kind == AfterSalesKind::Exchange { "换货" } else { "退款" });
    let last = labels.len() - 1;
    let (at, over) = match card.state {
        Requested | Appealed => (1, false),
        Agreed => (2.min(last), false),
        _ => (last, true),
    };
    let steps = labels.into_iter().enumerate().map(|(place, label)| {
        let state = match place.cmp(&at) {
            std::cmp::Ordering::Less => StepState::Done,
            std::cmp::Ordering::Equal if over => StepState::Done,
            std::cmp::Ordering::Equal => StepState::Now,
            std::cmp::Ordering::Greater => StepState::Later,
        };
        Step::new(label, state)
    });
    let steps = steps.collect();
    Some(view! { <div class="mt-5"><Progress label="售后进度" steps=steps/></div> }.into_any())
}

fn appeal(asked: &Asked, id: AfterSalesId) -> impl IntoView + use<> {
    let (wrong, typed) = asked.field(FORM, "note");
    let here = asked.here.clone();
    view! {
        <Form action=AppealAfterSales::PATH class="mt-4">
            <Hidden name="from" value=here/>
            <Hidden name="id" value=id.to_string()/>
            <TextArea name="note" label="不同意门店的处理？请总部仲裁" required=true rows=3 maxlength=NOTE_MOST as u32
                hint="拒绝后 7 天内可以申请；200 字以内。" value=typed.unwrap_or_default() error=wrong.unwrap_or_default()/>
            <Button block=true>"申请总部仲裁"</Button>
        </Form>
    }
}

fn withdraw(asked: &Asked, id: AfterSalesId) -> impl IntoView + use<> {
    let here = asked.here.clone();
    view! {
        <details class="mt-4">
            <summary class="touch inline-flex cursor-pointer items-center text-sm text-base-content/70">"撤销申请"</summary>
            <Form action=WithdrawAfterSales::PATH class="mt-2 flex flex-wrap items-center gap-3">
                <Hidden name="from" value=here/>
                <Hidden name="id" value=id.to_string()/>
                <p class="text-sm">"撤销后不再处理；售后期限内可以重新申请。"</p>
                <Button tone=Tone::Error size=Size::Small>"确认撤销"</Button>
            </Form>
        </details>
    }
}

/// The pictures that were sent, and more while it is open.
fn proofs(asked: &Asked, request: &AfterSalesView) -> Option<AnyView> {
    let state = request.card.state;
    let open = state.takes_proofs() && request.proofs.len() < PROOFS_MOST;
    if !open && request.proofs.is_empty() {
        return None;
    }
    let wrong = asked.flash_of(FORM).and_then(|flash| flash.complaint("file").map(str::to_owned));
    let wrong = wrong.map(|message| view! { <Notice tone=Tone::Error>{message}</Notice> });
    let shown = request.proofs.iter().enumerate().map(|(at, photo)| {
        let (large, small) = (photo.large.url.clone(), photo.small.clone());
        view! {
            <li>
                <a href=large>
                    <Picture src=small.url alt=format!("第 {} 张照片", at + 1) width=small.width height=small.height class="aspect-square rounded-box"/>
                </a>
            </li>
        }
    });
    let shown = shown.collect_view();
    let add = open.then(|| {
        view! {
            <Form action=format!("{PATH}/{}/proofs", request.card.id) files=true class="mt-3">
                <label class="sr-only" for="file">"照片"</label>
                <input class="min-w-0 max-w-full" id="file" name="file" type="file" multiple=true required=true
                    accept="image/jpeg,image/png,image/webp" aria-describedby="file-hint"/>
                <p id="file-hint" class="my-2 text-sm text-base-content/70">
                    {format!("最多 {PROOFS_MOST} 张，每张最大 10 MB。只有您和处理的门店能看到，拍摄地点等信息会自动去掉。")}
                </p>
                <Button tone=Tone::Plain>"上传照片"</Button>
            </Form>
        }
    });
    Some(view! { <Card title="照片">{wrong}<ul class="grid grid-cols-3 gap-3">{shown}</ul>{add}</Card> }.into_any())
}

/// What the store and head office have shown of the goods, which is why they decided as they did.
fn store_proofs(request: &AfterSalesView, now: DateTime<Utc>) -> Option<AnyView> {
    if request.store_proofs.is_empty() {
        return None;
    }
    let shown = request.store_proofs.iter().enumerate().map(|(at, proof)| {
        let (large, small) = (proof.photo.large.url.clone(), proof.photo.small.clone());
        let note = proof.note.clone();
        let note = (!note.is_empty()).then(|| view! { <p class="mt-1 text-sm break-words">{note}</p> });
        let when = text::moment(proof.at, now, text::zone(""));
        view! {
            <li>
                <a href=large>
                    <Picture src=small.url alt=format!("商家的第 {} 张照片", at + 1) width=small.width height=small.height class="aspect-square w-full rounded-box"/>
                </a>
                {note}
                <p class="text-sm text-base-content/70">{when}</p>
            </li>
        }
    });
    let shown = shown.collect_view();
    Some(view! { <Card title="商家的照片"><ul class="grid grid-cols-2 gap-3">{shown}</ul></Card> }.into_any())
}

fn what(request: &AfterSalesView) -> impl IntoView + use<> {
    let card = request.card.clone();
    let beside = card.beside_words();
    let lines = request.lines.iter().cloned().map(|line| view! { <Line line=line/> }).collect_view();
    let received = request.received_at_store.clone().map(|name| view! { <Fact label="收货门店">{name}</Fact> });
    let note = (!card.note.is_empty()).then(|| view! { <Fact label="说明">{card.note.clone()}</Fact> });
    let appeal = request.appeal.clone();
    let appeal = (!appeal.is_empty()).then(|| view! { <Fact label="仲裁理由">{appeal}</Fact> });
    let missing = request.missing.iter().map(|line| {
        let goods = format!("{} {} ×{}", line.name, line.spec, line.quantity);
        view! { <p class="py-1 text-sm text-base-content/70">{format!("没有带来：{goods}，期限内可以再申请")}</p> }
    });
    let missing = missing.collect_view();
    let label = if card.kind == AfterSalesKind::Exchange { "退回差价" } else { "退款金额" };
    view! {
        <Card title=card.kind.label()>
            <ul class="divide-y divide-base-200">{lines}</ul>
            {missing}
            <p class="my-3 flex items-baseline justify-between border-t border-base-200 pt-3">
                {label} <Price amount=card.refund_fen.to_string() large=true/>
            </p>
            {beside.map(|words| view! { <p class="mb-3 text-end text-sm text-base-content/70">{words}</p> })}
            <Facts>
                <Fact label="原因">{card.reason.label()}</Fact>
                {note}
                {appeal}
                <Fact label="订单"><a class="link tabular" href=format!("/orders/{}", card.order_id)>{card.order_number.clone()}</a></Fact>
                <Fact label="购买门店">{card.store_name.clone()}</Fact>
                {received}
            </Facts>
        </Card>
    }
}

#[component]
fn Line(line: AfterSalesLine) -> impl IntoView {
    let choice =
        [line.spec, line.options_text].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ");
    let to = line.exchange_spec.map(|spec| if spec.is_empty() { "换同款".to_owned() } else { format!("换成 {spec}") });
    view! {
        <li class="flex gap-3 py-2">
            <div class="w-14 shrink-0 overflow-hidden rounded-box"><GoodsPicture picture=line.picture alt="".into() sizes="56px"/></div>
            <div class="min-w-0 flex-1">
                <p class="truncate font-medium">{line.name}</p>
                <p class="truncate text-sm text-base-content/70">{choice}</p>
                {to.map(|to| view! { <p class="text-sm">{to}</p> })}
            </div>
            <p class="text-right text-sm">
                <Price amount=line.refund_fen.to_string()/>
                <span class="block text-base-content/70">{format!("×{}", line.quantity)}</span>
            </p>
        </li>
    }
}

fn past(request: &AfterSalesView, now: DateTime<Utc>) -> impl IntoView + use<> {
    let item = |step: &AfterSalesStep| {
        let (note, by) = (step.note.clone(), step.by.clone());
        let note = (!note.is_empty())
            .then(|| view! { <span class="block break-words text-sm text-base-content/70">{note}</span> });
        view! {
            <li class="flex gap-3 py-1.5">
                <span class="tabular w-24 shrink-0 text-sm text-base-content/70">{text::moment(step.at, now, text::zone(""))}</span>
                <span class="min-w-0">{step.act.label()} {note}</span>
                <span class="ms-auto shrink-0"><Badge>{by}</Badge></span>
            </li>
        }
    };
    let steps = request.steps.iter().rev().map(item).collect_view();
    view! { <Card title="记录"><ol>{steps}</ol></Card> }
}
