//! What stores propose: the inbox of those who decide, and one proposal.

use chrono::{DateTime, Utc};
use commerce::{approvals, stores};
use domain::{
    Fault, Fields, ProposalId, StoreId,
    approvals::{
        self as wanted, Decide, Delegation, ListProposals, ProposalCard, ProposalKind, ProposalState, ProposalStep,
        ProposalView,
    },
    page::Page as Listed,
    staff::Permission,
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Next, Page};
use ui::{
    Badge, Button, Chip, Chips, Column, DataTable, EmptyState, Fact, Facts, Field, Form, Glyph, Hidden, LinkButton,
    Notice, Pager, Section, Select, SelectItem, Sheet, SheetButton, TextArea, Tone,
};
use uuid::Uuid;

use crate::{
    approval_limits,
    frame::{Frame, LOG_IN, Tab, address, files, said, tone_of_proposal},
};

const PATH: &str = "/hq/proposals";
/// The part of the page that its forms speak to.
const FORM: &str = "proposal";
/// The part of the page that delegations' forms speak to.
const DELEGATION: &str = "delegation";
/// How many proposals a page of the list has.
const PAGE: usize = 50;

fn path_of(id: ProposalId) -> String {
    format!("{PATH}/{id}")
}

/// Agrees to a proposal or turns it down.
#[server(prefix = "/rpc/hq", endpoint = "decide_proposal")]
pub async fn decide_proposal(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = fields.text("id").parse().map_err(|_| Fault::NotFound("这份申请"))?;
        let decision = Decide::from_fields(&fields)?;
        let news = if decision.approve { "已通过，立即生效" } else { "已驳回，门店会看到原因" };
        approvals::decide(&scope, id, decision).await?;
        Ok(Next::to(path_of(id)).saying(FORM, news))
    })
    .await
}

/// Lets somebody decide in one's place.
#[server(prefix = "/rpc/hq", endpoint = "delegate")]
pub async fn delegate(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(DELEGATION, LOG_IN, fields, async |scope, fields| {
        approvals::delegate(&scope, wanted::Delegate::from_fields(&fields)?).await?;
        Ok(Next::to(PATH).saying(FORM, "已委托，到期自动收回"))
    })
    .await
}

/// Takes a delegation back.
#[server(prefix = "/rpc/hq", endpoint = "end_delegation")]
pub async fn end_delegation(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(DELEGATION, LOG_IN, fields, async |scope, fields| {
        let id = fields.text("id").parse().map_err(|_| Fault::NotFound("这项委托"))?;
        approvals::take_back(&scope, id).await?;
        Ok(Next::to(PATH).saying(FORM, "已收回委托"))
    })
    .await
}

/// The list's page.
pub async fn proposals(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let ask = ListProposals { most: PAGE, ..ListProposals::from_fields(&asked.query) };
    let found = approvals::list(&asked.scope, &ask).await?;
    let waiting = approvals::waiting(&asked.scope).await?;
    let decides = asked.scope.may(Permission::DecideProposals);
    let (stores, delegations) = if decides {
        (stores::mine(&asked.scope, Permission::DecideProposals).await?, approvals::delegations(&asked.scope).await?)
    } else {
        (stores::mine(&asked.scope, Permission::ProposeChanges).await?, Vec::new())
    };
    Ok(Page::new("审批", move || {
        let lent = decides.then(|| delegation_section(&asked, delegations));
        let delegates = decides.then(|| view! { <SheetButton target="delegate">"委托审批"</SheetButton> });
        let limits = asked.scope.staff_everywhere(Permission::DecideProposals).is_ok();
        let limits = limits.then(|| view! { <LinkButton href=approval_limits::PATH>"审批限额"</LinkButton> });
        let beside = view! { {limits} {files(PATH, &ask.pairs())} {delegates} };
        let body = view! {
            {said(&asked, FORM)}
            {said(&asked, DELEGATION)}
            <div class="mb-4">{states(&ask, decides, waiting)}</div>
            {filters(&ask, stores)}
            {results(&ask, found, asked.scope.now)}
            {lent}
        };
        frame.screen(Tab::Proposals, "审批".into(), "", beside.into_any(), body.into_any())
    }))
}

fn states(ask: &ListProposals, decides: bool, waiting: i64) -> impl IntoView + use<> {
    let with = |waiting: bool, state: Option<ProposalState>| {
        address(PATH, &ListProposals { waiting, state, after: None, ..ask.clone() }.pairs())
    };
    let mut chips = vec![Chip::new("全部", with(false, None)).active(!ask.waiting && ask.state.is_none())];
    if decides {
        let count = if waiting > 0 { waiting.to_string() } else { String::new() };
        chips.push(Chip::new("待我审批", with(true, None)).active(ask.waiting).count(count));
    }
    chips.extend(ProposalState::ALL.iter().map(|&state| {
        Chip::new(state.label(), with(false, Some(state))).active(!ask.waiting && ask.state == Some(state))
    }));
    view! { <Chips label="申请状态" chips=chips/> }
}

fn filters(ask: &ListProposals, stores: Vec<(StoreId, String)>) -> impl IntoView + use<> {
    let mut store_items = vec![SelectItem::new("", "全部门店")];
    store_items.extend(stores.into_iter().map(|(id, name)| SelectItem::new(id.to_string(), name)));
    let mut kinds = vec![SelectItem::new("", "全部种类")];
    kinds.extend(ProposalKind::ALL.iter().map(|kind| SelectItem::new(kind.code(), kind.label())));
    let waiting = if ask.waiting { "1" } else { "" };
    view! {
        <form method="get" action=PATH role="search" class="panel mb-4 grid gap-x-4 px-4 pt-4 sm:grid-cols-2 lg:grid-cols-4 lg:items-end">
            <input type="hidden" name="waiting" value=waiting/>
            <input type="hidden" name="state" value=ask.state.map_or("", ProposalState::code)/>
            <Select name="kind" label="种类" items=kinds value=ask.kind.map_or("", ProposalKind::code)/>
            <Select name="store" label="门店" items=store_items value=ask.store.map(|id| id.to_string()).unwrap_or_default()/>
            <div class="mb-4"><button type="submit" class="btn btn-primary">"筛选"</button></div>
        </form>
    }
}

fn results(ask: &ListProposals, found: Listed<ProposalCard>, now: DateTime<Utc>) -> AnyView {
    if found.items.is_empty() {
        let (title, text) = if ask.waiting {
            ("没有等您审批的申请", "门店提交后会出现在这里，左侧菜单显示数量。")
        } else {
            ("没有符合条件的申请", "门店调价、库存调整先提交申请，您通过后立即生效。")
        };
        return view! { <EmptyState glyph=Glyph::Check title=title text=text>""</EmptyState> }.into_any();
    }
    let columns = ["申请", "变化", "状态", "门店", "提交人", "原因", "时间"].map(Column::new).to_vec();
    let next = found.next.as_ref().and_then(|after| after.parse().ok()).map(|after: ProposalId| {
        let mut pairs = ask.pairs();
        pairs.push(("after", after.to_string()));
        address(PATH, &pairs)
    });
    let rows = found.items.into_iter().map(|card| row(card, now)).collect_view();
    view! {
        <DataTable caption="申请" columns=columns>{rows}</DataTable>
        {next.map(|next| view! { <div class="mt-3"><Pager next=next/></div> })}
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
            <td><Badge tone=tone_of_proposal(card.state)>{card.state.label()}</Badge></td>
            <td class="min-w-28">{card.store_name}</td>
            <td class="whitespace-nowrap">{card.proposed_by}</td>
            <td class="min-w-40">{card.reason}</td>
            <td class="tabular whitespace-nowrap">{text::moment(card.created_at, now, text::zone(""))}</td>
        </tr>
    }
}

/// Who decides in whose place, and the form to let somebody.
fn delegation_section(asked: &Asked, delegations: Vec<Delegation>) -> impl IntoView + use<> {
    let part = |name: &str| {
        let (wrong, typed) = asked.field(DELEGATION, name);
        (wrong.unwrap_or_default(), typed.unwrap_or_default())
    };
    let ((account_wrong, account), (until_wrong, until)) = (part("account"), part("until"));
    let form = view! {
        <Sheet id="delegate" title="不在时请同事代为审批">
            <p class="mb-4 whitespace-normal">"同事只在您能审批的门店、到所选日期为止代您审批；记录里写明是代您。"</p>
            <Form action="/rpc/hq/delegate">
                <Hidden name="from" value=PATH/>
                <Hidden name="key" value=Uuid::now_v7().to_string()/>
                <Field name="account" label="同事的账号" value=account error=account_wrong maxlength=32/>
                <Field name="until" kind="date" label="到哪一天（含）" value=until error=until_wrong/>
                <Button>"委托"</Button>
            </Form>
        </Sheet>
    };
    let list = (!delegations.is_empty()).then(|| {
        let items = delegations.into_iter().map(|one| {
            let until = text::day_before(one.ends_at).to_string();
            let end = one.mine.then(|| {
                view! {
                    <Form action="/rpc/hq/end_delegation">
                        <Hidden name="from" value=PATH/>
                        <Hidden name="id" value=one.id.to_string()/>
                        <Button tone=Tone::Plain>"收回"</Button>
                    </Form>
                }
            });
            view! {
                <li class="flex flex-wrap items-center justify-between gap-3 py-2">
                    <span>{format!("{} 代 {} 审批，到 {until}", one.to, one.from)}</span>
                    {end}
                </li>
            }
        });
        let items = items.collect_view();
        view! { <Section title="代为审批"><ul class="panel divide-y divide-base-200 px-4">{items}</ul></Section> }
    });
    view! { {list} {form} }
}

/// A proposal's page.
pub async fn proposal(asked: Asked) -> Result<Page, Fault> {
    let frame = Frame::of(&asked.scope).await?;
    let proposal = approvals::show(&asked.scope, asked.id("proposal", "这份申请")?).await?;
    let title = format!("{} · {}", proposal.card.what.kind().label(), proposal.card.subject);
    Ok(Page::new(title.clone(), move || {
        let now = asked.scope.now;
        let state = proposal.card.state;
        let beside = view! { <Badge tone=tone_of_proposal(state)>{state.label()}</Badge> };
        let about = about(&proposal, now).into_any();
        let told = steps(&proposal.steps, now).into_any();
        let body = view! {
            {said(&asked, FORM)}
            {changed_since(&proposal)}
            <div class="grid grid-cols-1 gap-4 lg:grid-cols-3 lg:items-start">
                <div class="-mt-6 lg:col-span-2">
                    <Section title="申请内容"><div class="panel p-4">{about}</div></Section>
                    <Section title="记录">{told}</Section>
                </div>
                {decision(&asked, &proposal)}
            </div>
        };
        frame.screen(Tab::Proposals, title, PATH, beside.into_any(), body.into_any())
    }))
}

/// Says where what was looked at is not so any more.
fn changed_since(proposal: &ProposalView) -> Option<AnyView> {
    let card = &proposal.card;
    let text = match proposal.now {
        None => "门店已不再销售这件商品。".to_owned(),
        Some(now) if now != card.before => {
            format!("提交时是 {}，现在是 {}。", card.from_words(), card.what.in_words(now))
        }
        Some(_) => return None,
    };
    let open = card.state == ProposalState::Submitted;
    open.then(|| view! { <Notice tone=Tone::Warn>{text}</Notice> }.into_any())
}

fn about(proposal: &ProposalView, now: DateTime<Utc>) -> impl IntoView + use<> {
    let card = proposal.card.clone();
    let expires = card.expires_at.filter(|_| card.state == ProposalState::Submitted);
    let expires = expires.map(|at| view! { <Fact label="有效期至">{text::moment(at, now, text::zone(""))}</Fact> });
    let (from, to) = (card.from_words(), card.to_words());
    view! {
        <Facts>
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

fn decision(asked: &Asked, proposal: &ProposalView) -> Option<AnyView> {
    let (from, id) = (path_of(proposal.card.id), proposal.card.id.to_string());
    let (note_wrong, note) = asked.field(FORM, "note");
    let form = view! {
        <div class="panel p-4">
            <h2 class="mb-3 text-lg font-bold">"审批"</h2>
            <Form action="/rpc/hq/decide_proposal">
                <Hidden name="from" value=from/>
                <Hidden name="id" value=id/>
                <TextArea name="note" label="意见" value=note.unwrap_or_default() error=note_wrong.unwrap_or_default()
                    maxlength=200 hint="驳回时必填，门店会看到。"/>
                <div class="flex gap-3">
                    <button type="submit" name="verdict" value="approve" class="btn btn-primary">"通过"</button>
                    <button type="submit" name="verdict" value="reject" class="btn btn-outline btn-error">"驳回"</button>
                </div>
            </Form>
        </div>
    };
    if proposal.card.may_decide {
        return Some(form.into_any());
    }
    let own = proposal.card.mine && proposal.card.state == ProposalState::Submitted;
    own.then(|| view! { <Notice>"这是您自己提交的申请，要由别人审批。"</Notice> }.into_any())
}

fn steps(steps: &[ProposalStep], now: DateTime<Utc>) -> impl IntoView + use<> {
    let columns = ["时间", "谁", "做了什么", "意见"].map(Column::new).to_vec();
    let rows = steps.iter().rev().map(move |step| {
        let by = match &step.in_place_of {
            Some(other) => format!("{}（代{other}）", step.by),
            None => step.by.clone(),
        };
        view! {
            <tr>
                <td class="tabular whitespace-nowrap">{text::moment(step.at, now, text::zone(""))}</td>
                <td class="whitespace-nowrap">{by}</td>
                <td>{step.act.label()}</td>
                <td class="min-w-40">{step.note.clone()}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! { <DataTable caption="记录" columns=columns>{rows}</DataTable> }
}
