//! A round of holds: one durable commit for all that are wanted at the moment, with a fair answer to each.
//!
//! A hot SKU has one row that everybody wants to change, and a disk that takes some milliseconds for each
//! commit: one by one that is some hundred holds a second. Together they are limited by neither.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Duration, Utc};
use domain::{
    Fault,
    channel_quotas::ChannelQuota,
    holds::{HoldView, TakeHold},
    orders::Channel,
    purchase_limits::PurchaseLimit,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Kept,
    share::{Counted, Found, Limits},
};
use crate::{
    FaultPoint, House,
    database::OrFault,
    stock::{
        self,
        purchase_limits::{self, Counting},
        quotas,
    },
    together,
};

/// How many rounds are under way at once. In a sale all of them want one row of stock, so a second round would
/// only wait for the first one's lock, and hold half as many.
const CLERKS: usize = 1;
/// How many holds one round writes.
const ROUND_MOST: usize = 256;
/// The while of which a member's holds are counted.
pub(super) const A_WHILE: Duration = Duration::minutes(10);

/// Where holds wait to be written.
pub(crate) type Desk = together::Desk<Wanted, Result<HoldView, Fault>>;

/// A desk for holds.
pub(crate) fn desk() -> Desk {
    Desk::new(CLERKS, ROUND_MOST)
}

/// A hold that somebody wants.
#[derive(Clone)]
pub(crate) struct Wanted {
    pub member: Uuid,
    pub wish: TakeHold,
    pub channel: Channel,
    pub at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// Why it is in vain, unless it was granted before.
    pub refused: Option<Fault>,
    /// What its member may have of its goods, where that is limited.
    pub cap: Option<PurchaseLimit>,
    /// What its channel may sell of them there, where that was said.
    pub quota: Option<ChannelQuota>,
}

impl Wanted {
    fn id(&self) -> Uuid {
        self.wish.id.0
    }

    /// Where the goods lie, and which they are.
    pub fn shelf(&self) -> (Uuid, Uuid) {
        (self.wish.store_id.0, self.wish.sku_id.0)
    }

    /// What is counted where its goods are limited.
    fn counting(&self) -> Option<Counting> {
        let since = self.cap?.since(self.at);
        Some(Counting { member: self.member, sku: self.wish.sku_id.0, since, but_at: None })
    }

    /// What is counted of what its channel has sold.
    fn sold(&self) -> Option<quotas::Counting> {
        let (store, sku) = self.shelf();
        Some(quotas::Counting { store, sku, channel: self.channel.code(), since: self.quota?.since })
    }

    fn granted(&self) -> HoldView {
        let TakeHold { id, store_id, sku_id, quantity } = self.wish;
        HoldView { id, store_id, sku_id, quantity, expires_at: self.expires_at }
    }

    /// The answer where there is a hold under its id: its own of before, or somebody else's.
    fn repeated(&self, kept: &Kept) -> Result<HoldView, Fault> {
        let kept_shelf = (kept.location_id, kept.sku_id);
        if kept.member_id == self.member && kept_shelf == self.shelf() && kept.quantity == self.wish.quantity.get() {
            return kept.view();
        }
        Err(Fault::conflict("key_reused", "这个编号已经占用过其他商品，请换一个"))
    }
}

type Answer = Result<HoldView, Fault>;

pub(super) async fn round(house: House, wanted: Vec<Wanted>) -> Vec<Answer> {
    together::all_or_each(house, wanted, answer).await
}

/// Answers each; a fault of its own means that nothing was written.
async fn answer(house: House, wanted: Arc<[Wanted]>) -> Result<Vec<Answer>, Fault> {
    let before = known(&house, &wanted).await?;
    let mut answers: Vec<Option<Answer>> = wanted
        .iter()
        .map(|one| {
            let repeated = before.get(&one.id()).map(|kept| one.repeated(kept));
            repeated.or_else(|| one.refused.clone().map(Err))
        })
        .collect();
    if answers.iter().any(Option::is_none) {
        write(&house, &wanted, &mut answers).await?;
    }
    if answers.iter().any(Option::is_none) {
        // The same id again, in this round or in one at the same moment.
        let now = known(&house, &wanted).await?;
        for (one, answer) in wanted.iter().zip(&mut answers).filter(|(_, answer)| answer.is_none()) {
            *answer = now.get(&one.id()).map(|kept| one.repeated(kept));
        }
    }
    let lost = || Err(Fault::Internal("a hold was written and is not there".into()));
    Ok(answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect())
}

/// The holds that are there under the ids of these.
async fn known(house: &House, wanted: &[Wanted]) -> Result<HashMap<Uuid, Kept>, Fault> {
    let ids: Vec<Uuid> = wanted.iter().map(Wanted::id).collect();
    let rows = sqlx::query_as!(
        Kept,
        "select id, member_id, location_id, sku_id, quantity, expires_at from early_holds where id = any($1)",
        &ids,
    )
    .fetch_all(&house.pool)
    .await
    .or_fault()?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Grants or refuses each that has no answer yet, and writes what was granted. One that is there under its
/// id by then keeps none.
async fn write(house: &House, wanted: &[Wanted], answers: &mut [Option<Answer>]) -> Result<(), Fault> {
    let open: Vec<(usize, &Wanted)> =
        wanted.iter().enumerate().filter(|(place, _)| answers[*place].is_none()).collect();
    let mut tx = house.pool.begin().await.or_fault()?;
    let mut found = find(&mut tx, &open).await?;
    let settings = &house.settings;
    let limits = Limits { open: settings.holds_most, lately: settings.holds_in_ten_minutes };
    let (mut granted, mut ids) = (Vec::with_capacity(open.len()), HashSet::new());
    for (place, one) in open {
        if ids.contains(&one.id()) {
            continue;
        }
        match found.grant(one, &limits) {
            Ok(()) => {
                ids.insert(one.id());
                granted.push((place, one));
            }
            Err(fault) => answers[place] = Some(Err(fault)),
        }
    }
    if granted.is_empty() {
        return Ok(());
    }
    let written = insert(&mut tx, &granted).await?;
    house.pass(FaultPoint::HoldWritten);
    tx.commit().await.or_fault()?;
    house.pass(FaultPoint::HoldCommitted);
    for (place, one) in granted {
        if written.contains(&one.id()) {
            answers[place] = Some(Ok(one.granted()));
        }
    }
    Ok(())
}

/// Locks what these draw on, and reads it: members first, then stock, each in key order.
async fn find(tx: &mut PgConnection, wanted: &[(usize, &Wanted)]) -> Result<Found, Fault> {
    let members: BTreeSet<Uuid> = wanted.iter().map(|(_, one)| one.member).collect();
    let members: Vec<Uuid> = members.into_iter().collect();
    // One round of a member at a time, or two would each find room for one more; and counted by a later
    // statement, since one that waits for a lock counts what was so before.
    let live = sqlx::query_scalar!(
        "select id from members where id = any($1) and phone is not null order by id for no key update",
        &members,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let since = wanted.iter().map(|(_, one)| one.at).min().unwrap_or_default() - A_WHILE;
    let counted = sqlx::query!(
        r#"select member_id, count(*) filter (where state = 'held') as "open!",
                  count(*) filter (where held_at > $2) as "lately!"
           from early_holds where member_id = any($1) group by member_id"#,
        &members,
        since,
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    // Whoever was merged or erased meanwhile is not among them.
    let mut found: HashMap<Uuid, Counted> = live.into_iter().map(|member| (member, Counted::default())).collect();
    for row in counted {
        found.entry(row.member_id).and_modify(|of| *of = Counted { open: row.open, lately: row.lately });
    }
    let counting = wanted.iter().filter_map(|(_, one)| one.counting());
    let had = purchase_limits::had(tx, counting.collect()).await?;
    let stock = stock::lock(tx, wanted.iter().map(|(_, one)| one.shelf()).collect()).await?;
    // By a later statement than the lock, or what another round has just granted would not count.
    let sold = quotas::sold(tx, wanted.iter().filter_map(|(_, one)| one.sold()).collect(), None).await?;
    Ok(Found::new(found, stock).with_had(had).with_sold(sold))
}

/// Writes all in one statement; answers which of them were not there already under their id. The balance's
/// own check is the second fence.
async fn insert(tx: &mut PgConnection, granted: &[(usize, &Wanted)]) -> Result<HashSet<Uuid>, Fault> {
    fn column<V>(granted: &[(usize, &Wanted)], of: impl Fn(&Wanted) -> V) -> Vec<V> {
        granted.iter().map(|(_, one)| of(one)).collect()
    }
    let written = sqlx::query_scalar!(
        "with kept as (
             insert into early_holds (id, member_id, location_id, sku_id, quantity, state, held_at, expires_at, channel)
             select id, member_id, location_id, sku_id, quantity, 'held', held_at, expires_at, channel
             from unnest((select $1::uuid[]), (select $2::uuid[]), (select $3::uuid[]), (select $4::uuid[]), (select $5::bigint[]),
                         (select $6::timestamptz[]), (select $7::timestamptz[]), (select $8::text[]))
                 as a (id, member_id, location_id, sku_id, quantity, held_at, expires_at, channel)
             order by id
             on conflict (id) do nothing
             returning id, member_id, location_id, sku_id, quantity, held_at
         ), taken as (
             update stock s set held = s.held + k.quantity
             from (select location_id, sku_id, sum(quantity)::bigint as quantity from kept group by location_id, sku_id) k
             where s.location_id = k.location_id and s.sku_id = k.sku_id
         ), moved as (
             insert into movements (location_id, sku_id, cause, held, early_hold_id, actor_id, occurred_at)
             select location_id, sku_id, 'hold', quantity, id, member_id, held_at from kept
         )
         select id from kept",
        &column(granted, Wanted::id),
        &column(granted, |one| one.member),
        &column(granted, |one| one.wish.store_id.0),
        &column(granted, |one| one.wish.sku_id.0),
        &column(granted, |one| one.wish.quantity.get()),
        &column(granted, |one| one.at),
        &column(granted, |one| one.expires_at),
        &column(granted, |one| one.channel.code().to_owned()),
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    Ok(written.into_iter().collect())
}
