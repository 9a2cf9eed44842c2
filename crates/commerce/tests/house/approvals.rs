//! A store proposes, somebody above it decides (O4).

use chrono::{Days, Duration};
use commerce::{Scope, approvals, audit, cart};
use domain::{
    Fen, ProposalId, SkuId,
    approvals::{Decide, Delegate, ListProposals, ProposalAct, ProposalState, Propose, Proposed},
    audit::{Act, ListAudit},
    staff::Role,
};
use futures::future::join_all;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{
    people::Reach,
    world::{MEDIUM_FEN, World, code_of, field_of},
};

/// A proposal of another price for the medium tea.
fn price(world: &World, fen: i64) -> Propose {
    of(world, Proposed::Price { sku_id: world.medium, price_fen: Fen(fen) })
}

/// A proposal of more or fewer medium teas.
fn pieces(world: &World, difference: i64) -> Propose {
    of(world, Proposed::Adjustment { sku_id: world.medium, difference })
}

fn of(world: &World, what: Proposed) -> Propose {
    let id = ProposalId(Uuid::now_v7());
    Propose { id, store_id: world.store, what, reason: "临期促销".into(), draft: false }
}

fn yes() -> Decide {
    Decide { approve: true, note: String::new() }
}

fn no(note: &str) -> Decide {
    Decide { approve: false, note: note.into() }
}

async fn manager(world: &World) -> Scope {
    world.staff("店长", Role::StoreManager, Reach::Store(world.store)).await
}

async fn above(world: &World) -> Scope {
    world.staff("区域经理", Role::RegionalManager, Reach::Region("310100")).await
}

async fn state_of(scope: &Scope, id: ProposalId) -> ProposalState {
    approvals::show(scope, id).await.unwrap().card.state
}

async fn price_of(world: &World, sku: SkuId) -> i64 {
    sqlx::query_scalar("select price_fen from listings where store_id = $1 and sku_id = $2")
        .bind(world.store.0)
        .bind(sku.0)
        .fetch_one(&world.owner)
        .await
        .unwrap()
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_price_that_is_agreed_to_is_the_price(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (store, above) = (manager(&world).await, above(&world).await);
    let proposal = price(&world, MEDIUM_FEN - 200);
    approvals::propose(&store, proposal.clone()).await.unwrap();
    approvals::propose(&store, proposal.clone()).await.unwrap();
    assert_eq!(approvals::waiting(&above).await.unwrap(), 1, "the same request is the same proposal");
    assert_eq!(approvals::waiting(&store).await.unwrap(), 0);
    let inbox = approvals::list(&above, &ListProposals { waiting: true, ..Default::default() }).await.unwrap();
    assert_eq!(inbox.items[0].id, proposal.id);
    assert!(inbox.items[0].may_decide && !approvals::show(&store, proposal.id).await.unwrap().card.may_decide);
    assert_eq!(price_of(&world, world.medium).await, MEDIUM_FEN, "nothing is so before it is agreed to");

    approvals::decide(&above, proposal.id, yes()).await.unwrap();
    approvals::decide(&above, proposal.id, yes()).await.unwrap();
    assert_eq!(price_of(&world, world.medium).await, MEDIUM_FEN - 200);
    let shopper = world.member().await;
    world.put(&shopper, world.medium, 1).await;
    assert_eq!(cart::quote(&shopper, world.store).await.unwrap().total_fen, Fen(MEDIUM_FEN - 200));
    let steps = approvals::show(&store, proposal.id).await.unwrap().steps;
    let told: Vec<_> = steps.iter().map(|step| (step.act, step.by.as_str())).collect();
    use ProposalAct::{Approve, Draft, Submit};
    assert_eq!(told, [(Draft, "店长"), (Submit, "店长"), (Approve, "区域经理")]);
    let log =
        audit::list(&above, &ListAudit { words: "珍珠奶茶".into(), most: 9, ..Default::default() }).await.unwrap();
    let acts: Vec<_> = log.items.iter().map(|entry| (entry.act.as_str(), entry.who.as_str())).collect();
    assert_eq!(acts, [(Act::ApproveProposal.code(), "区域经理"), (Act::SubmitProposal.code(), "店长")]);
    assert_eq!(approvals::waiting(&above).await.unwrap(), 0);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_is_turned_down_withdrawn_or_late_changes_nothing(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (store, above) = (manager(&world).await, above(&world).await);
    let rejected = price(&world, 1);
    approvals::propose(&store, rejected.clone()).await.unwrap();
    assert_eq!(field_of(approvals::decide(&above, rejected.id, no(" ")).await), "note");
    approvals::decide(&above, rejected.id, no("低于成本")).await.unwrap();
    assert_eq!(code_of(approvals::decide(&above, rejected.id, yes()).await), "not_now");
    assert_eq!(approvals::show(&store, rejected.id).await.unwrap().steps[2].note, "低于成本");

    let withdrawn = price(&world, 2);
    approvals::propose(&store, withdrawn.clone()).await.unwrap();
    assert_eq!(code_of(approvals::withdraw(&above, withdrawn.id).await), "forbidden");
    approvals::withdraw(&store, withdrawn.id).await.unwrap();
    approvals::withdraw(&store, withdrawn.id).await.unwrap();
    assert_eq!(code_of(approvals::decide(&above, withdrawn.id, yes()).await), "not_now");

    let late = price(&world, 3);
    approvals::propose(&store, late.clone()).await.unwrap();
    let mut next_week = above.clone();
    next_week.now += Duration::days(7);
    assert_eq!(approvals::waiting(&next_week).await.unwrap(), 0);
    assert_eq!(code_of(approvals::decide(&next_week, late.id, yes()).await), "not_now");
    world.run_jobs(7 * 24 * 60 - 1).await;
    assert_eq!(state_of(&store, late.id).await, ProposalState::Submitted);
    world.run_jobs(7 * 24 * 60).await;
    assert_eq!(state_of(&store, late.id).await, ProposalState::Expired);
    assert_eq!(price_of(&world, world.medium).await, MEDIUM_FEN);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn nobody_decides_on_what_they_propose(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let head = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    let proposal = price(&world, 1);
    approvals::propose(&head, proposal.clone()).await.unwrap();
    assert_eq!(approvals::waiting(&head).await.unwrap(), 0);
    assert_eq!(code_of(approvals::decide(&head, proposal.id, yes()).await), "own_proposal");
    assert_eq!(state_of(&head, proposal.id).await, ProposalState::Submitted);
    approvals::decide(&above(&world).await, proposal.id, yes()).await.unwrap();
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn a_proposal_is_seen_by_its_store_and_those_above_it_and_a_draft_by_its_author(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let (store, above) = (manager(&world).await, above(&world).await);
    let beside = world.staff("副店长", Role::StoreManager, Reach::Store(world.store)).await;
    let elsewhere = world.staff("西湖店长", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    let south = world.staff("浙江区域经理", Role::RegionalManager, Reach::Region("330100")).await;
    let clerk = world.staff("店员", Role::Clerk, Reach::Store(world.store)).await;
    let draft = Propose { draft: true, ..price(&world, 900) };
    approvals::propose(&store, draft.clone()).await.unwrap();
    for other in [&beside, &above, &elsewhere, &south] {
        assert_eq!(code_of(approvals::show(other, draft.id).await), "not_found");
    }
    assert_eq!(code_of(approvals::decide(&above, draft.id, yes()).await), "not_found");
    assert_eq!(code_of(approvals::submit(&beside, draft.id).await), "not_found");
    approvals::submit(&store, draft.id).await.unwrap();
    assert_eq!(approvals::show(&beside, draft.id).await.unwrap().card.state, ProposalState::Submitted);
    for stranger in [&elsewhere, &south] {
        assert_eq!(code_of(approvals::show(stranger, draft.id).await), "not_found");
        assert!(approvals::list(stranger, &ListProposals::default()).await.unwrap().items.is_empty());
    }
    assert_eq!(code_of(approvals::decide(&south, draft.id, yes()).await), "not_found");
    assert_eq!(code_of(approvals::decide(&store, draft.id, yes()).await), "forbidden");
    assert_eq!(code_of(approvals::list(&clerk, &ListProposals::default()).await), "forbidden");
    assert_eq!(code_of(approvals::propose(&clerk, price(&world, 1)).await), "forbidden");
    assert_eq!(code_of(approvals::propose(&elsewhere, price(&world, 1)).await), "not_found");
    assert_eq!(code_of(approvals::subjects(&elsewhere, world.store, "").await), "not_found");
    assert_eq!(approvals::subjects(&store, world.store, "珍珠").await.unwrap().len(), 2);
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn of_two_who_decide_at_once_one_does_and_it_is_done_once(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let store = manager(&world).await;
    let before = world.stock_at(world.store, world.medium).await.on_hand;
    let proposal = pieces(&world, 7);
    approvals::propose(&store, proposal.clone()).await.unwrap();
    let mut deciders = Vec::new();
    for number in 0..8 {
        deciders.push(world.staff(&format!("经理{number}"), Role::RegionalManager, Reach::Everywhere).await);
    }
    let decisions = deciders
        .iter()
        .enumerate()
        .map(|(number, who)| approvals::decide(who, proposal.id, if number % 2 == 0 { yes() } else { no("不同意") }));
    let decided = join_all(decisions).await;
    assert!(decided.iter().any(Result::is_ok) && decided.iter().any(Result::is_err));
    let agreed = state_of(&store, proposal.id).await == ProposalState::Approved;
    let after = world.stock_at(world.store, world.medium).await.on_hand;
    assert_eq!(after - before, if agreed { 7 } else { 0 });
    assert_eq!(approvals::show(&store, proposal.id).await.unwrap().steps.len(), 3, "decided on once");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn what_has_changed_since_is_not_overwritten(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (store, above) = (manager(&world).await, above(&world).await);
    let proposal = price(&world, 900);
    approvals::propose(&store, proposal.clone()).await.unwrap();
    world.alter("update listings set price_fen = 1111").await;
    assert_eq!(code_of(approvals::decide(&above, proposal.id, yes()).await), "stale_proposal");
    assert_eq!(approvals::show(&above, proposal.id).await.unwrap().now, Some(1111));
    assert_eq!(price_of(&world, world.medium).await, 1111);
    approvals::decide(&above, proposal.id, no("价格已变")).await.unwrap();
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn pieces_are_adjusted_once_and_from_one_open_proposal(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (store, above) = (manager(&world).await, above(&world).await);
    world.leave(world.store, world.medium, 5).await;
    let proposal = pieces(&world, -4);
    approvals::propose(&store, proposal.clone()).await.unwrap();
    assert_eq!(code_of(approvals::propose(&store, pieces(&world, -1)).await), "proposal_open");
    let too_many =
        Propose { what: Proposed::Adjustment { sku_id: world.large, difference: -99_999 }, ..pieces(&world, -1) };
    assert_eq!(field_of(approvals::propose(&store, too_many).await), "difference");
    let reused = Propose { reason: "另一个原因".into(), ..proposal.clone() };
    assert_eq!(code_of(approvals::propose(&store, reused).await), "key_reused");
    world.place_paid(&world.member().await, 2).await;
    approvals::decide(&above, proposal.id, no("先交付订单")).await.unwrap();
    approvals::propose(&store, pieces(&world, -3)).await.unwrap();
    let open = approvals::list(&above, &ListProposals { waiting: true, ..Default::default() }).await.unwrap();
    approvals::decide(&above, open.items[0].id, yes()).await.unwrap();
    let stock = world.stock_at(world.store, world.medium).await;
    assert_eq!((stock.on_hand, stock.allocated), (2, 2));
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn whoever_stands_in_decides_in_anothers_place_until_it_ends(options: PgPoolOptions, connect: PgConnectOptions) {
    let world = World::new(options, connect).await;
    let (store, away) = (manager(&world).await, above(&world).await);
    let helper = world.staff("同事", Role::FinanceDepartment, Reach::Everywhere).await;
    let account = helper.staff().unwrap().id.to_string();
    let until = |days| world.now.date_naive().checked_add_days(Days::new(days)).unwrap();
    let lend = |account: &str, days| Delegate { id: Uuid::now_v7(), account: account.into(), until: until(days) };
    assert_eq!(field_of(approvals::delegate(&away, lend("niemand", 3)).await), "account");
    assert_eq!(field_of(approvals::delegate(&away, lend(&account, 200)).await), "until");
    assert_eq!(code_of(approvals::delegate(&helper, lend(&account, 3)).await), "forbidden");
    let lent = lend(&account, 3);
    approvals::delegate(&away, lent.clone()).await.unwrap();
    approvals::delegate(&away, lent.clone()).await.unwrap();

    let helper = world.again(&helper).await;
    let proposal = price(&world, 900);
    approvals::propose(&store, proposal.clone()).await.unwrap();
    assert_eq!(approvals::waiting(&helper).await.unwrap(), 1);
    let third = world.staff("第三人", Role::FinanceDepartment, Reach::Everywhere).await;
    let third = third.staff().unwrap().id.to_string();
    assert_eq!(
        code_of(approvals::delegate(&helper, lend(&third, 1)).await),
        "forbidden",
        "lent rights are not lent on"
    );
    approvals::decide(&helper, proposal.id, yes()).await.unwrap();
    let step = approvals::show(&store, proposal.id).await.unwrap().steps.pop().unwrap();
    assert_eq!((step.by.as_str(), step.in_place_of.as_deref()), ("同事", Some("区域经理")));
    let elsewhere = world.staff("西湖店长", Role::StoreManager, Reach::Store(world.elsewhere)).await;
    let out_of_reach = Propose { store_id: world.elsewhere, ..price(&world, 900) };
    approvals::propose(&elsewhere, out_of_reach.clone()).await.unwrap();
    assert_eq!(code_of(approvals::decide(&helper, out_of_reach.id, yes()).await), "not_found", "no further than lent");

    assert_eq!(approvals::delegations(&away).await.unwrap().len(), 1);
    assert_eq!(code_of(approvals::take_back(&helper, lent.id).await), "not_found");
    approvals::take_back(&away, lent.id).await.unwrap();
    let helper = world.again(&helper).await;
    assert_eq!(code_of(approvals::decide(&helper, proposal.id, yes()).await), "forbidden");
    // And with the right of whoever lends it, even in the middle of a request.
    approvals::delegate(&away, lend(&account, 3)).await.unwrap();
    let helper = world.again(&helper).await;
    let second = price(&world, 800);
    approvals::propose(&store, second.clone()).await.unwrap();
    world.alter("delete from grants where region_code = '310100'").await;
    assert_eq!(code_of(approvals::decide(&helper, second.id, yes()).await), "not_found");
    world.balanced().await;
}

#[sqlx::test(migrator = "commerce::MIGRATIONS")]
async fn nobody_decides_on_what_those_propose_in_whose_place_they_decide(
    options: PgPoolOptions,
    connect: PgConnectOptions,
) {
    let world = World::new(options, connect).await;
    let head = world.staff("总部", Role::SuperAdmin, Reach::Everywhere).await;
    let helper = world.staff("同事", Role::FinanceDepartment, Reach::Everywhere).await;
    let account = helper.staff().unwrap().id.to_string();
    let until = world.now.date_naive().checked_add_days(Days::new(3)).unwrap();
    approvals::delegate(&head, Delegate { id: Uuid::now_v7(), account, until }).await.unwrap();
    let proposal = price(&world, 900);
    approvals::propose(&head, proposal.clone()).await.unwrap();
    let helper = world.again(&helper).await;
    assert_eq!(code_of(approvals::decide(&helper, proposal.id, yes()).await), "own_proposal");
    world.balanced().await;
}
