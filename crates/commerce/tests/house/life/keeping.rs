//! Where pieces lie: counts, losses, what is for the counter, batches.

use commerce::{
    approvals, counts, losses,
    stock::{batches, models, quotas},
};
use domain::{
    CountId, LossId, ProposalId,
    approvals::{Decide, Propose, Proposed},
    batches::RegisterBatch,
    channel_quotas::SetChannelQuota,
    counts::{CountAct, CountState, EnterCount, OpenCount, Selection, SubmitCount},
    losses::{LossAct, LossKind, LossState, ReportLoss},
    orders::Channel,
    stock_models::{SetStockModel, ShareOut, StockModel},
};
use proptest::prelude::*;
use uuid::Uuid;

use super::{
    cast::Cast,
    model::{Count, Loss, Model, Quota, Rule},
    tries::Keep,
};

fn verdict(approve: bool) -> Decide {
    Decide { approve, note: if approve { String::new() } else { "请复盘".into() } }
}

impl Cast {
    pub async fn keep(&self, deed: &Keep, model: &mut Model) -> Result<(), TestCaseError> {
        match *deed {
            Keep::Adjust(at, pieces) => self.adjust(at, pieces, model).await,
            Keep::Count(at) => self.count(at, model).await,
            Keep::On(..) | Keep::Find(..) | Keep::Submit(_) | Keep::Decide(..) | Keep::GiveUp(_)
                if model.counts.is_empty() =>
            {
                Ok(())
            }
            Keep::On(which, off) => {
                let nth = which.index(model.counts.len());
                match (model.counts[nth].state, model.counts[nth].off) {
                    (CountState::Open, Some(_)) => self.submit(nth, model).await,
                    (CountState::Submitted, _) => self.decide(nth, true, model).await,
                    _ => self.find(nth, off, model).await,
                }
            }
            Keep::Find(which, off) => self.find(which.index(model.counts.len()), off, model).await,
            Keep::Submit(which) => self.submit(which.index(model.counts.len()), model).await,
            Keep::Decide(which, yes) => self.decide(which.index(model.counts.len()), yes, model).await,
            Keep::GiveUp(which) => self.give_up(which.index(model.counts.len()), model).await,
            Keep::Report(at, pieces) => self.report(at, pieces, model).await,
            Keep::Judge(..) | Keep::TakeBack(_) if model.losses.is_empty() => Ok(()),
            Keep::Judge(which, yes) => {
                let act = if yes { LossAct::Approve } else { LossAct::Reject };
                self.lose(which.index(model.losses.len()), act, model).await
            }
            Keep::TakeBack(which) => self.lose(which.index(model.losses.len()), LossAct::Withdraw, model).await,
            Keep::Say(of, separate, kept_back) => {
                self.say(of, separate, if separate { 0 } else { kept_back }, model).await
            }
            Keep::Unsay(of) => self.unsay(of, model).await,
            Keep::Ration(of, channel, most) => self.ration(of, channel, most, model).await,
            Keep::Unration(of, channel) => self.unration(of, channel, model).await,
            Keep::Share(at, online) => self.share(at, online, model).await,
            Keep::Register(at, day, pieces) => self.register(at, day, pieces, model).await,
            Keep::Day => {
                model.day += 1;
                Ok(())
            }
        }
    }

    async fn adjust(&self, at: usize, pieces: i64, model: &mut Model) -> Result<(), TestCaseError> {
        let id = ProposalId(Uuid::now_v7());
        let what = Proposed::Adjustment { sku_id: model.sku, difference: -pieces };
        let proposal = Propose { id, store_id: self.store(at), what, reason: "破损".into(), draft: false };
        let proposed = approvals::propose(&self.managers[at], proposal).await;
        prop_assert_eq!(proposed.is_ok(), model.shelves[at].on_hand >= pieces, "{:?}", proposed);
        if proposed.is_ok() {
            approvals::decide(&self.above, id, verdict(true)).await.unwrap();
            model.shelves[at].clear(-pieces);
        }
        Ok(())
    }

    /// The same goods are in one count at a time.
    async fn count(&self, at: usize, model: &mut Model) -> Result<(), TestCaseError> {
        let (id, location_id) = (CountId(Uuid::now_v7()), self.place(at));
        let selection = Selection::Partial { categories: Vec::new(), skus: vec![model.sku.to_string()] };
        let begin = OpenCount { id, location_id, selection, blind: false, note: String::new() };
        let begun = counts::open(&self.clerk, begin).await;
        let active = |one: &Count| one.at == at && matches!(one.state, CountState::Open | CountState::Submitted);
        prop_assert_eq!(begun.is_ok(), !model.counts.iter().any(active), "{:?}", begun);
        if begun.is_ok() {
            model.counts.push(Count { id, at, state: CountState::Open, off: None });
        }
        Ok(())
    }

    /// What is on the shelf is entered, and what was entered before forgotten.
    async fn find(&self, nth: usize, off: i64, model: &mut Model) -> Result<(), TestCaseError> {
        let count = &mut model.counts[nth];
        let book = model.shelves[count.at].on_hand;
        let pieces = (book + off).max(0);
        let _ = counts::recount(&self.clerk, count.id, model.sku).await;
        let entry = EnterCount { id: Uuid::now_v7(), code: model.sku.to_string(), pieces };
        let found = counts::enter(&self.clerk, count.id, entry).await;
        prop_assert_eq!(found.is_ok(), count.state == CountState::Open, "{:?}", found);
        if let Ok(line) = found {
            prop_assert_eq!(line.difference, Some(pieces - book));
            count.off = Some(pieces - book);
        }
        Ok(())
    }

    async fn submit(&self, nth: usize, model: &mut Model) -> Result<(), TestCaseError> {
        let count = &mut model.counts[nth];
        let submitted = counts::submit(&self.clerk, count.id, SubmitCount::default()).await;
        let possible = count.state == CountState::Open && count.off.is_some();
        prop_assert_eq!(submitted.is_ok(), possible || count.state == CountState::Submitted, "{:?}", submitted);
        count.state = if possible { CountState::Submitted } else { count.state };
        Ok(())
    }

    /// What is agreed to is booked as it was found, whatever has come or gone since.
    async fn decide(&self, nth: usize, approve: bool, model: &mut Model) -> Result<(), TestCaseError> {
        let count = &mut model.counts[nth];
        let decided = counts::decide(&self.above, count.id, verdict(approve)).await;
        let (act, done) = match approve {
            true => (CountAct::Approve, CountState::Approved),
            false => (CountAct::SendBack, CountState::Open),
        };
        let next = count.state.after(act);
        prop_assert_eq!(decided.is_ok(), next.is_some() || count.state == done, "{:?}", decided);
        if let Some(next) = next {
            count.state = next;
            let off = count.off.filter(|off| approve && *off != 0);
            off.into_iter().for_each(|off| model.shelves[count.at].clear(off));
        }
        Ok(())
    }

    async fn give_up(&self, nth: usize, model: &mut Model) -> Result<(), TestCaseError> {
        let count = &mut model.counts[nth];
        let given_up = counts::cancel(&self.clerk, count.id).await;
        let next = count.state.after(CountAct::Cancel);
        prop_assert_eq!(given_up.is_ok(), next.is_some() || count.state == CountState::Cancelled, "{:?}", given_up);
        count.state = next.unwrap_or(count.state);
        Ok(())
    }

    /// What is not on the books cannot be lost from them.
    async fn report(&self, at: usize, quantity: i64, model: &mut Model) -> Result<(), TestCaseError> {
        let (id, location_id) = (LossId(Uuid::now_v7()), self.place(at));
        let (kind, reason) = (LossKind::Broken, "打翻".to_owned());
        let report = ReportLoss { id, location_id, sku_id: model.sku, quantity, kind, reason, batch: None };
        let reported = losses::report(&self.clerk, report).await;
        prop_assert_eq!(reported.is_ok(), model.shelves[at].on_hand >= quantity, "{:?}", reported);
        if let Ok(state) = reported {
            prop_assert_eq!(state, LossState::Reported);
            model.losses.push(Loss { id, at, pieces: quantity, state });
        }
        Ok(())
    }

    async fn lose(&self, nth: usize, act: LossAct, model: &mut Model) -> Result<(), TestCaseError> {
        let loss = &mut model.losses[nth];
        let (done, answer) = match act {
            LossAct::Approve => (LossState::Approved, losses::decide(&self.above, loss.id, verdict(true)).await),
            LossAct::Reject => (LossState::Rejected, losses::decide(&self.above, loss.id, verdict(false)).await),
            _ => (LossState::Withdrawn, losses::withdraw(&self.clerk, loss.id).await),
        };
        // No more is lost than lies there, however many have reported it.
        let there = act != LossAct::Approve || model.shelves[loss.at].on_hand >= loss.pieces;
        let next = loss.state.after(act).filter(|_| there);
        prop_assert_eq!(answer.is_ok(), next.is_some() || loss.state == done, "{:?}", answer);
        if next == Some(LossState::Approved) {
            model.shelves[loss.at].book(-loss.pieces);
        }
        loss.state = next.unwrap_or(loss.state);
        Ok(())
    }

    async fn say(
        &self,
        of: Option<usize>,
        separate: bool,
        kept_back: i64,
        model: &mut Model,
    ) -> Result<(), TestCaseError> {
        let say = SetStockModel {
            sku: model.sku.to_string(),
            store_id: of.map(|at| self.store(at)),
            model: if separate { StockModel::Separate } else { StockModel::Pool },
            kept_back,
        };
        let id = models::set(&self.head, say).await.unwrap();
        *rule(model, of) = Some(Rule { id, separate, kept_back });
        model.carry(of);
        Ok(())
    }

    async fn unsay(&self, of: Option<usize>, model: &mut Model) -> Result<(), TestCaseError> {
        if let Some(said) = rule(model, of).take() {
            models::remove(&self.head, said.id).await.unwrap();
            model.carry(of);
        }
        Ok(())
    }

    /// Said again it is the same one, for another number of pieces.
    async fn ration(
        &self,
        of: Option<usize>,
        channel: Channel,
        most: i64,
        model: &mut Model,
    ) -> Result<(), TestCaseError> {
        let say = SetChannelQuota { sku: model.sku.to_string(), store_id: of.map(|at| self.store(at)), channel, most };
        let id = quotas::set(&self.head, say).await.unwrap();
        let known = model.quotas.iter().position(|one| (one.store, one.channel) == (of, channel));
        prop_assert!(known.is_none_or(|nth| model.quotas[nth].id == id));
        match known {
            Some(nth) => model.quotas[nth].most = most,
            None => model.quotas.push(Quota { id, store: of, channel, most }),
        }
        Ok(())
    }

    async fn unration(&self, of: Option<usize>, channel: Channel, model: &mut Model) -> Result<(), TestCaseError> {
        if let Some(nth) = model.quotas.iter().position(|one| (one.store, one.channel) == (of, channel)) {
            quotas::remove(&self.head, model.quotas.remove(nth).id).await.unwrap();
        }
        Ok(())
    }

    async fn share(&self, at: usize, online: i64, model: &mut Model) -> Result<(), TestCaseError> {
        let shared = models::share_out(&self.managers[at], self.store(at), model.sku, ShareOut { online }).await;
        let free = model.free(at).max(0);
        let shelf = &mut model.shelves[at];
        let possible = shelf.separate && online <= (free - shelf.expired).max(0);
        prop_assert_eq!(shared.is_ok(), possible, "{:?}", shared);
        if possible {
            shelf.kept_back = free - online;
        }
        Ok(())
    }

    /// Somebody says of which batch pieces are; with that, what is over by then is kept back.
    async fn register(&self, at: usize, day: i64, quantity: i64, model: &mut Model) -> Result<(), TestCaseError> {
        let batch = RegisterBatch { code: format!("B{day}"), expires_on: self.day(day), quantity };
        let said = batches::register(&model.later(&self.head), self.place(at), model.sku, batch).await;
        let today = model.day;
        let shelf = &mut model.shelves[at];
        let remains = shelf.remains();
        let now = remains.get(&day).copied().unwrap_or(0);
        let unknown = (shelf.on_hand - remains.values().sum::<i64>()).max(0);
        prop_assert_eq!(said.is_ok(), quantity <= unknown + now, "{:?}", said);
        if said.is_err() || quantity == now {
            return Ok(());
        }
        shelf.settle();
        shelf.batches.insert(day, quantity);
        shelf.look(today);
        Ok(())
    }
}

fn rule(model: &mut Model, of: Option<usize>) -> &mut Option<Rule> {
    match of {
        None => &mut model.rule,
        Some(at) => &mut model.rules[at],
    }
}
