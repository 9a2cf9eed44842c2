//! One report of a loss: what was reported, its pictures, and the decision on it.

use chrono::{DateTime, Utc};
use commerce::losses as use_cases;
use domain::{
    Fault, Fields, LossId,
    approvals::Decide,
    counts::Off,
    losses::{LOSS_PHOTOS_MOST, LossState, LossView},
    staff::Permission,
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{Badge, Breadcrumbs, Button, Card, Fact, Facts, Form, Hidden, Notice, Picture, TextArea, Tone};

use crate::{
    frame::{Frame, Lit},
    losses::{FORM, PATH, file_field, path_of, tone_of},
};

const LOG_IN: &str = "/console/login";

fn id_of(fields: &Fields) -> Result<LossId, Fault> {
    fields.text("id").parse().map_err(|_| Fault::NotFound("这份报损"))
}

/// Takes one's own report back.
#[server(prefix = "/rpc/console", endpoint = "withdraw_loss")]
pub async fn withdraw_loss(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = id_of(&fields)?;
        use_cases::withdraw(&scope, id).await?;
        Ok(Next::to(path_of(id)).saying(FORM, "已撤回，库存没有改变"))
    })
    .await
}

/// Agrees to a report or turns it down.
#[server(prefix = "/rpc/console", endpoint = "decide_loss")]
pub async fn decide_loss(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let (id, decision) = (id_of(&fields)?, Decide::from_fields(&fields)?);
        let said =
            if decision.approve { "已入账，库存已减少" } else { "已驳回，提交人会看到原因" };
        use_cases::decide(&scope, id, decision).await?;
        Ok(Next::to(path_of(id)).saying(FORM, said))
    })
    .await
}

/// One report's page.
pub async fn loss(asked: Asked) -> Result<Page, Fault> {
    let loss = use_cases::show(&asked.scope, asked.id("loss", "这份报损")?).await?;
    let may_add = asked.scope.may(Permission::CountStock) && loss.photos.len() < LOSS_PHOTOS_MOST;
    let frame = Frame::of(&asked.scope).await?;
    let title = format!("报损 · {}", loss.card.subject);
    Ok(Page::new(title.clone(), move || {
        let crumbs = vec![("报损".to_owned(), PATH.to_owned()), (loss.card.subject.clone(), String::new())];
        let now = asked.scope.now;
        let told = told(&asked);
        let body = view! {
            <Breadcrumbs items=crumbs/>
            <h1 class="my-3 text-xl font-bold">{title}</h1>
            {told}
            <div class="grid grid-cols-1 gap-4 lg:grid-cols-2 lg:items-start">
                <div class="grid grid-cols-1 gap-4">{about(&loss, now)} {others(&loss, now)} {acts(&asked, &loss)}</div>
                {photos(&loss, may_add)}
            </div>
        };
        frame.screen(Lit::Losses, body.into_any())
    }))
}

/// What came of a form: one line, and what is wrong with which file.
fn told(asked: &Asked) -> Option<impl IntoView + use<>> {
    let flash = asked.flash_of(FORM)?.clone();
    let tone = match (flash.good, flash.complaints.is_empty()) {
        (true, true) => Tone::Success,
        (true, false) => Tone::Warn,
        (false, _) => Tone::Error,
    };
    let wrong = flash.complaints.into_iter().map(|one| one.message).filter(|message| *message != flash.message);
    let wrong = wrong.map(|message| view! { <li class="break-words">{message}</li> }).collect_view();
    Some(view! { <Notice tone=tone>{flash.message.clone()} <ul class="list-disc ps-5">{wrong}</ul></Notice> })
}

fn about(loss: &LossView, now: DateTime<Utc>) -> impl IntoView + use<> {
    let card = loss.card.clone();
    let decided = loss.decided_by.clone().zip(loss.decided_at).map(|(by, at)| {
        let by = match &loss.in_place_of {
            Some(other) => format!("{by}（代{other}）"),
            None => by,
        };
        let at = text::moment(at, now, text::zone(""));
        view! { <Fact label="处理">{format!("{by} · {at}")}</Fact> }
    });
    let said = loss.note.clone();
    let note = (!said.is_empty()).then(|| view! { <Fact label="意见">{said}</Fact> });
    let cost =
        card.cost_fen.map(|cost| view! { <Fact label="按成本"><span class="tabular">{cost.to_string()}</span></Fact> });
    let batch = card.batch.clone().map(|batch| view! { <Fact label="批次">{batch}</Fact> });
    let on_hand = format!("{} 件", loss.on_hand);
    let reported = format!("{} · {}", card.reported_by, text::moment(card.reported_at, now, text::zone("")));
    view! {
        <Card title="报损内容">
            <Facts>
                <Fact label="状态"><Badge tone=tone_of(card.state)>{card.state.label()}</Badge></Fact>
                <Fact label="单号"><span class="tabular">{card.number}</span></Fact>
                <Fact label="地点">{card.location_name}</Fact>
                <Fact label="编码">{card.code}</Fact>
                <Fact label="件数"><span class="tabular text-lg font-bold">{format!("{} 件", card.quantity)}</span></Fact>
                <Fact label="按售价"><span class="tabular">{card.value_fen.to_string()}</span></Fact>
                {cost}
                {batch}
                <Fact label="类型">{card.kind.label()}</Fact>
                <Fact label="原因">{card.reason}</Fact>
                <Fact label="提交">{reported}</Fact>
                <Fact label="现在账面"><span class="tabular">{on_hand}</span></Fact>
                {decided}
                {note}
            </Facts>
        </Card>
    }
}

/// Other reports of the same goods: whoever decides sees whether they are of the same pieces.
fn others(loss: &LossView, now: DateTime<Utc>) -> Option<AnyView> {
    if loss.card.state != LossState::Reported || loss.others.is_empty() {
        return None;
    }
    let pieces: i64 = loss.others.iter().map(|one| one.quantity).sum();
    let many = loss.others.len();
    let told = format!("这件商品在这里还有 {many} 份报损待审批，共 {pieces} 件。通过前请核对是不是同一批货。");
    let items = loss.others.iter().map(|one| {
        let at = text::moment(one.reported_at, now, text::zone(""));
        let words = format!("{} {} 件 · {} · {at}", one.kind.label(), one.quantity, one.reported_by);
        view! { <li><a class="link" href=path_of(one.id)>{words}</a></li> }
    });
    let items = items.collect_view();
    Some(view! { <Notice tone=Tone::Warn>{told} <ul class="list-disc ps-5">{items}</ul></Notice> }.into_any())
}

fn acts(asked: &Asked, loss: &LossView) -> Option<AnyView> {
    let card = &loss.card;
    if card.state != LossState::Reported {
        return None;
    }
    let (from, id) = (path_of(card.id), card.id.to_string());
    let (again, same) = (from.clone(), id.clone());
    let (note_wrong, note) = asked.field(FORM, "note");
    let decide = card.may_decide.then(|| {
        view! {
            <Card title="审批">
                <Form action=DecideLoss::PATH>
                    <Hidden name="from" value=from/>
                    <Hidden name="id" value=id/>
                    <TextArea name="note" label="意见" value=note.unwrap_or_default() error=note_wrong.unwrap_or_default()
                        maxlength=200 rows=2 hint="驳回时必填，提交人会看到。"/>
                    <div class="flex flex-wrap gap-3">
                        <button type="submit" name="verdict" value="approve" class="btn btn-primary">"通过"</button>
                        <button type="submit" name="verdict" value="reject" class="btn btn-outline btn-error">"驳回"</button>
                    </div>
                </Form>
            </Card>
        }
    });
    let waits = (!card.may_decide).then(|| {
        let off = Off { pieces: card.quantity, value_fen: card.value_fen };
        let text = match (card.above, card.alone) {
            (true, Some(alone)) => format!("{}，已交给上级审批。", alone.exceeded(Some(off), card.alone_own)),
            (true, None) => "金额或数量较大，已交给上级审批。".to_owned(),
            (false, _) => "等这里的负责人审批。".to_owned(),
        };
        view! { <Notice>{text}</Notice> }
    });
    let withdraw = card.mine.then(|| {
        view! {
            <Form action=WithdrawLoss::PATH>
                <Hidden name="from" value=again/>
                <Hidden name="id" value=same/>
                <Button tone=Tone::Plain>"撤回"</Button>
            </Form>
        }
    });
    Some(view! { {decide} {waits} {withdraw} }.into_any())
}

fn photos(loss: &LossView, may_add: bool) -> impl IntoView + use<> {
    let subject = loss.card.subject.clone();
    let items = loss.photos.iter().cloned().enumerate().map(|(at, photo)| {
        let address = |size: &str| format!("/console/loss-photos/{}/{size}", photo.id);
        let alt = format!("{subject} 的第 {} 张照片", at + 1);
        view! {
            <li class="panel overflow-hidden">
                <a class="block" href=address("large")>
                    <Picture src=address("small") alt=alt width=photo.small.width height=photo.small.height class="aspect-4/3 w-full"/>
                </a>
            </li>
        }
    });
    let items = items.collect_view();
    let none = loss.photos.is_empty().then(|| view! { <p class="mb-3 text-base-content/70">"还没有照片。"</p> });
    let add = may_add.then(|| {
        view! {
            <Form action=format!("{}/photos", path_of(loss.card.id)) files=true>
                {file_field()}
                <Button tone=Tone::Plain>"添加照片"</Button>
            </Form>
        }
    });
    view! { <Card title="照片">{none} <ul class="mb-4 grid grid-cols-2 gap-3">{items}</ul> {add}</Card> }
}
