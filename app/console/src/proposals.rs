//! What the store proposes and what waits for a decision: the list and one proposal.

use chrono::{DateTime, Utc};
use commerce::approvals;
use domain::{
    Fault, Fields, ProposalId,
    approvals::{Decide, ListProposals, ProposalCard, ProposalState, ProposalStep, ProposalView},
    page::Page as Listed,
    staff::Permission,
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Breadcrumbs, Button, Card, Chip, Chips, Column, DataTable, EmptyState, Fact, Facts, Form, Glyph, Hidden,
    LinkButton, Notice, Pager, TextArea, Tone,
};

use crate::frame::{Frame, Lit, files, news};

/// The list.
pub const PATH: &str = "/console/proposals";
const LOG_IN: &str = "/console/login";
/// The part of the page that its forms speak to.
pub const FORM: &str = "proposal";
/// How many proposals a page of the list has.
const PAGE: usize = 30;

fn id_of(fields: &Fields) -> Result<ProposalId, Fault> {
    fields.text("id").parse().map_err(|_| Fault::NotFound("这份申请"))
}

/// A proposal's page.
pub fn path_of(id: ProposalId) -> String {
    format!("{PATH}/{id}")
}

/// Puts a draft before whoever decides.
#[server(prefix = "/rpc/console", endpoint = "submit_proposal")]
pub async fn submit_proposal(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = id_of(&fields)?;
        approvals::submit(&scope, id).await?;
        Ok(Next::to(path_of(id)).saying(FORM, "已提交，结果会显示在这里"))
    })
    .await
}

/// Takes one's own proposal back.
#[server(prefix = "/rpc/console", endpoint = "withdraw_proposal")]
pub async fn withdraw_proposal(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = id_of(&fields)?;
        approvals::withdraw(&scope, id).await?;
        Ok(Next::to(path_of(id)).saying(FORM, "已撤回，什么都没有改变"))
    })
    .await
}

/// Agrees to a proposal or turns it down.
#[server(prefix = "/rpc/console", endpoint = "decide_proposal")]
pub async fn decide_proposal(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let (id, decision) = (id_of(&fields)?, Decide::from_fields(&fields)?);
        let said = if decision.approve { "已通过，立即生效" } else { "已驳回，门店会看到原因" };
        approvals::decide(&scope, id, decision).await?;
        Ok(Next::to(path_of(id)).saying(FORM, said))
    })
    .await
}

/// The list's page.
pub async fn proposals(asked: Asked) -> Result<Page, Fault> {
    let ask = ListProposals { most: PAGE, ..ListProposals::from_fields(&asked.query) };
    let found = approvals::list(&asked.scope, &ask).await?;
    let waiting = approvals::waiting(&asked.scope).await?;
    let proposes = asked.scope.may(Permission::ProposeChanges);
    let decides = asked.scope.may(Permission::DecideProposals);
    let frame = Frame::of(&asked.scope).await?;
    Ok(Page::new("申请审批", move || {
        let new = proposes.then(|| {
            view! { <LinkButton href=format!("{PATH}/new") tone=Tone::Primary>"新建申请"</LinkButton> }
        });
        let body = view! {
            <div class="mb-3 flex flex-wrap items-center justify-between gap-3">
                <h1 class="text-xl font-bold">"申请审批"</h1>
                <div class="flex flex-wrap items-center gap-3">{files(PATH, &ask.pairs())} {new}</div>
            </div>
            {news(&asked, FORM)}
            <div class="mb-3">{filters(&ask, decides, waiting)}</div>
            {results(&ask, found, asked.scope.now)}
        };
        frame.screen(Lit::Proposals, body.into_any())
    }))
}

fn address(waiting: bool, state: Option<ProposalState>, after: &str) -> String {
    let waiting = if waiting { "1" } else { "" };
    format!("{PATH}?waiting={waiting}&state={}&after={after}", state.map_or("", ProposalState::code))
}

fn filters(ask: &ListProposals, decides: bool, waiting: i64) -> impl IntoView + use<> {
    let mut chips = vec![Chip::new("全部", PATH).active(!ask.waiting && ask.state.is_none())];
    if decides {
        let chip = Chip::new("待我审批", address(true, None, "")).active(ask.waiting);
        chips.push(chip.count(if waiting > 0 { waiting.to_string() } else { String::new() }));
    }
    let chip = |&state: &ProposalState| {
        Chip::new(state.label(), address(false, Some(state), "")).active(!ask.waiting && ask.state == Some(state))
    };
    chips.extend(ProposalState::ALL.iter().map(chip));
    view! { <Chips label="申请状态" chips=chips/> }
}

fn results(ask: &ListProposals, found: Listed<ProposalCard>, now: DateTime<Utc>) -> AnyView {
    if found.items.is_empty() {
        let (title, text) = if ask.waiting {
            ("没有等您审批的申请", "门店提交后会出现在这里，左侧菜单显示数量。")
        } else {
            ("还没有申请", "门店调价、库存调整先提交申请，上级通过后立即生效。")
        };
        return view! { <EmptyState glyph=Glyph::Check title=title text=text>""</EmptyState> }.into_any();
    }
    let columns = ["申请", "变化", "状态", "门店", "提交人", "时间"].map(Column::new).to_vec();
    let rows = found.items.into_iter().map(|card| row(card, now)).collect_view();
    let next = found.next.map(|after| address(ask.waiting, ask.state, &after)).unwrap_or_default();
    view! {
        <DataTable caption="申请" columns=columns>{rows}</DataTable>
        {(!next.is_empty()).then(|| view! { <Pager next=next/> })}
    }
    .into_any()
}

fn row(card: ProposalCard, now: DateTime<Utc>) -> impl IntoView {
    let change = format!("{} → {}", card.from_words(), card.to_words());
    view! {
        <tr>
            <td class="min-w-40">
                <a class="link font-medium" href=path_of(card.id)>{card.subject.clone()}</a>
                <span class="block text-sm text-base-content/70">{format!("{} · {}", card.number, card.what.kind().label())}</span>
            </td>
            <td class="tabular whitespace-nowrap">{change}</td>
            <td><Badge tone=tone_of(card.state)>{card.state.label()}</Badge></td>
            <td class="min-w-28">{card.store_name}</td>
            <td class="whitespace-nowrap">{card.proposed_by}</td>
            <td class="tabular whitespace-nowrap">{text::moment(card.created_at, now, text::zone(""))}</td>
        </tr>
    }
}

fn tone_of(state: ProposalState) -> Tone {
    match state {
        ProposalState::Submitted => Tone::Warn,
        ProposalState::Approved => Tone::Success,
        ProposalState::Rejected => Tone::Error,
        ProposalState::Draft | ProposalState::Withdrawn | ProposalState::Expired => Tone::Plain,
    }
}

/// A proposal's page.
pub async fn proposal(asked: Asked) -> Result<Page, Fault> {
    let proposal = approvals::show(&asked.scope, asked.id("proposal", "这份申请")?).await?;
    let frame = Frame::of(&asked.scope).await?;
    let title = format!("{} · {}", proposal.card.what.kind().label(), proposal.card.subject);
    Ok(Page::new(title.clone(), move || {
        let crumbs = vec![("申请审批".to_owned(), PATH.to_owned()), (proposal.card.subject.clone(), String::new())];
        let now = asked.scope.now;
        let about = about(&proposal, now).into_any();
        let told = steps(&proposal.steps, now).into_any();
        let body = view! {
            <Breadcrumbs items=crumbs/>
            <h1 class="my-3 text-xl font-bold">{title}</h1>
            {news(&asked, FORM)}
            {changed_since(&proposal)}
            <div class="grid grid-cols-1 gap-4 lg:grid-cols-2 lg:items-start">
                <Card title="申请内容">{about}</Card>
                <div class="grid grid-cols-1 gap-4">
                    {acts(&asked, &proposal)}
                    <Card title="记录">{told}</Card>
                </div>
            </div>
        };
        frame.screen(Lit::Proposals, body.into_any())
    }))
}

/// Says where what was looked at is not so any more.
fn changed_since(proposal: &ProposalView) -> Option<AnyView> {
    let card = &proposal.card;
    let open = matches!(card.state, ProposalState::Draft | ProposalState::Submitted);
    let text = match proposal.now {
        None => "门店已不再销售这件商品。".to_owned(),
        Some(now) if now != card.before => {
            format!("提交时是 {}，现在是 {}。", card.from_words(), card.what.in_words(now))
        }
        Some(_) => return None,
    };
    open.then(|| view! { <Notice tone=Tone::Warn>{text}</Notice> }.into_any())
}

fn about(proposal: &ProposalView, now: DateTime<Utc>) -> impl IntoView + use<> {
    let card = proposal.card.clone();
    let expires = card.expires_at.filter(|_| card.state == ProposalState::Submitted);
    let expires = expires.map(|at| view! { <Fact label="有效期至">{text::moment(at, now, text::zone(""))}</Fact> });
    let (from, to) = (card.from_words(), card.to_words());
    view! {
        <Facts>
            <Fact label="状态"><Badge tone=tone_of(card.state)>{card.state.label()}</Badge></Fact>
            <Fact label="单号"><span class="tabular">{card.number}</span></Fact>
            <Fact label="商品">{card.subject}</Fact>
            <Fact label="门店">{card.store_name}</Fact>
            <Fact label="原来"><span class="tabular">{from}</span></Fact>
            <Fact label="申请改为"><span class="tabular text-lg font-bold">{to}</span></Fact>
            <Fact label="原因">{card.reason}</Fact>
            <Fact label="提交人">{card.proposed_by}</Fact>
            {expires}
        </Facts>
    }
}

/// What whoever looks can do.
fn acts(asked: &Asked, proposal: &ProposalView) -> Option<AnyView> {
    let (id, from) = (proposal.card.id.to_string(), path_of(proposal.card.id));
    if proposal.card.may_decide {
        let (note_wrong, note) = asked.field(FORM, "note");
        return Some(
            view! {
                <Card title="审批">
                    <Form action="/rpc/console/decide_proposal">
                        <Hidden name="from" value=from/>
                        <Hidden name="id" value=id/>
                        <TextArea name="note" label="意见" value=note.unwrap_or_default() error=note_wrong.unwrap_or_default()
                            maxlength=200 hint="驳回时必填，门店会看到。"/>
                        <div class="flex gap-3">
                            <button type="submit" name="verdict" value="approve" class="btn btn-primary">"通过"</button>
                            <button type="submit" name="verdict" value="reject" class="btn btn-outline btn-error">"驳回"</button>
                        </div>
                    </Form>
                </Card>
            }
            .into_any(),
        );
    }
    let open = matches!(proposal.card.state, ProposalState::Draft | ProposalState::Submitted);
    if !(proposal.card.mine && open) {
        return None;
    }
    let submit = (proposal.card.state == ProposalState::Draft).then(|| {
        let (id, from) = (id.clone(), from.clone());
        view! {
            <Form action="/rpc/console/submit_proposal">
                <Hidden name="from" value=from/>
                <Hidden name="id" value=id/>
                <Button>"提交审批"</Button>
            </Form>
        }
    });
    Some(
        view! {
            <div class="flex flex-wrap gap-3">
                {submit}
                <Form action="/rpc/console/withdraw_proposal">
                    <Hidden name="from" value=from/>
                    <Hidden name="id" value=id/>
                    <Button tone=Tone::Plain>"撤回"</Button>
                </Form>
            </div>
        }
        .into_any(),
    )
}

fn steps(steps: &[ProposalStep], now: DateTime<Utc>) -> impl IntoView + use<> {
    let steps = steps.iter().rev().map(|step| {
        let what = match step.note.as_str() {
            "" => step.act.label().to_owned(),
            note => format!("{}（{note}）", step.act.label()),
        };
        let by = match &step.in_place_of {
            Some(other) => format!("{}（代{other}）", step.by),
            None => step.by.clone(),
        };
        view! {
            <li class="flex gap-3 py-1.5 text-sm">
                <span class="tabular w-24 shrink-0 text-base-content/70">{text::moment(step.at, now, text::zone(""))}</span>
                <span>{what}</span>
                <span class="ms-auto shrink-0 text-base-content/70">{by}</span>
            </li>
        }
    });
    view! { <ol>{steps.collect_view()}</ol> }
}
