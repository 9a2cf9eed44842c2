//! What should follow from what was done.

use std::collections::BTreeMap;

use commerce::Scope;
use domain::{
    AfterSalesId, CountId, CounterSaleId, HoldId, LossId, OrderId, ParcelId, PurchaseId, SkuId, TransferId,
    after_sales::{AfterSalesKind, AfterSalesState, ReturnCode},
    counts::CountState,
    fulfilment::Fulfilment,
    losses::LossState,
    orders::{Channel, OrderAct, OrderState},
    parcels::Afterwards,
    purchasing::PurchaseState,
    transfers::TransferState,
};
use uuid::Uuid;

use super::shelf::Shelf;

/// Two stores, and a warehouse.
pub const PLACES: usize = 3;
pub const STORES: usize = 2;
pub const WAREHOUSE: usize = 2;
/// How many pieces there are at each place as a life begins.
pub const PIECES: i64 = 12;
/// What a piece costs, and one of the smaller that come in exchange.
pub const FEN: i64 = 1000;
pub const SMALL_FEN: i64 = 700;

/// What the balance of a place says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    pub on_hand: i64,
    /// For unpaid orders and early holds.
    pub held: i64,
    /// For paid orders.
    pub allocated: i64,
    /// What of them is not there.
    pub short: i64,
    /// What the shop leaves to the counter.
    pub kept_back: i64,
    pub expired: i64,
    pub separate: bool,
}

#[derive(Clone, Debug)]
pub struct Order {
    pub id: OrderId,
    pub at: usize,
    pub pieces: i64,
    pub way: Fulfilment,
    pub state: OrderState,
    pub parcels: Vec<Parcel>,
    /// How often its store did not agree to call it off.
    pub refused: usize,
    /// How many smaller ones came in exchange, each time: lines of their own from the second on.
    pub given: Vec<i64>,
}

/// What left in one parcel.
#[derive(Clone, Debug)]
pub struct Parcel {
    pub id: ParcelId,
    pub pieces: i64,
    /// What becomes of them where it came back, and whether they are spoilt.
    pub back: Option<(Afterwards, bool)>,
    /// Its money has gone back, or its goods were paid back before.
    pub settled: bool,
    /// How many of them were paid back before it came.
    pub free: i64,
}

impl Order {
    /// Whether its pieces count for what a member has had and a channel has sold.
    fn counts(&self) -> bool {
        !matches!(self.state, OrderState::Cancelled | OrderState::Expired | OrderState::Rejected)
    }

    /// How many pieces have left, but for those that came back to be sent again.
    pub fn packed(&self) -> i64 {
        let again = |parcel: &&Parcel| parcel.back.is_some_and(|(then, _)| then == Afterwards::SendAgain);
        self.parcels.iter().filter(|parcel| !again(parcel)).map(|parcel| parcel.pieces).sum()
    }

    /// The numbers of its only line and of what came in exchange.
    pub fn lines(&self) -> impl Iterator<Item = i32> + use<> {
        1..=1 + self.given.len() as i32
    }

    /// How many pieces a line has.
    fn pieces_of(&self, line: i32) -> i64 {
        if line == 1 { self.pieces } else { self.given[line as usize - 2] }
    }

    /// Whether a parcel has left, and not all that is to.
    pub fn is_part_sent(&self) -> bool {
        self.way == Fulfilment::Express && self.state == OrderState::Dispatched && self.packed() < self.pieces
    }

    /// Whether the store has all again that was to leave and did.
    fn is_all_back(&self) -> bool {
        self.packed() == self.pieces && self.parcels.iter().all(|parcel| parcel.back.is_some())
    }
}

/// A hold before an order; no pieces once it has ended.
#[derive(Clone, Debug)]
pub struct Hold {
    pub id: HoldId,
    pub at: usize,
    pub pieces: i64,
}

#[derive(Clone, Debug)]
pub struct Transfer {
    pub id: TransferId,
    pub from: usize,
    pub to: usize,
    pub state: TransferState,
    pub requested: i64,
    pub approved: i64,
    pub shipped: i64,
    pub received: i64,
    /// Shipped, and neither here nor accounted for.
    pub on_the_way: i64,
    /// What became of those that were missing.
    pub lost: i64,
    pub returned: i64,
    /// Whether some of them came later.
    pub rest_came: bool,
    /// What of it is of batches.
    pub batches: BTreeMap<i64, i64>,
}

impl Transfer {
    /// So many pieces arrive somewhere, of batches those that end first.
    pub fn unpack(&mut self, shelf: &mut Shelf, pieces: i64) {
        shelf.settle();
        let mut rest = pieces;
        for (day, there) in &mut self.batches {
            let taken = rest.min(*there);
            *shelf.batches.entry(*day).or_default() += taken;
            *there -= taken;
            rest -= taken;
        }
        shelf.add(pieces);
        shelf.look(0);
        self.on_the_way -= pieces;
    }
}

#[derive(Clone, Debug)]
pub struct Count {
    pub id: CountId,
    pub at: usize,
    pub state: CountState,
    /// What was found is so many more than the books said then.
    pub off: Option<i64>,
}

#[derive(Clone, Debug)]
pub struct Loss {
    pub id: LossId,
    pub at: usize,
    pub pieces: i64,
    pub state: LossState,
}

/// A sale at the counter, and how many of it have not come back.
#[derive(Clone, Debug)]
pub struct CounterSold {
    pub id: CounterSaleId,
    pub at: usize,
    pub left: i64,
}

/// What was asked for after a sale.
#[derive(Clone, Debug)]
pub struct Request {
    pub id: AfterSalesId,
    pub order: usize,
    pub pieces: i64,
    pub kind: AfterSalesKind,
    pub state: AfterSalesState,
    /// Head office has agreed to it, so that its store cannot turn it down any more.
    pub upheld: bool,
    pub code: Option<ReturnCode>,
    /// Its goods were sent to the store that sold.
    pub posted: bool,
    /// They are there, to be exchanged.
    pub arrived: bool,
    /// Of which line: of what was bought, or of what came in exchange.
    pub line: i32,
    /// The smaller is to come for what was bought.
    pub for_smaller: bool,
}

impl Request {
    /// As it begins, or was made by something else.
    pub fn new(id: AfterSalesId, order: usize, pieces: i64, kind: AfterSalesKind, state: AfterSalesState) -> Self {
        let (upheld, posted, arrived) = (false, false, false);
        Self { id, order, pieces, kind, state, upheld, code: None, posted, arrived, line: 1, for_smaller: false }
    }

    /// Whether its pieces can be asked for again. Who got the same in exchange has it as before.
    fn frees_pieces(&self) -> bool {
        self.state.frees_pieces() || (self.state == AfterSalesState::Exchanged && !self.for_smaller)
    }

    /// Whether its goods may come.
    pub fn awaits_goods(&self) -> bool {
        self.state == AfterSalesState::Agreed && self.kind.brings_goods()
    }
}

#[derive(Clone, Debug)]
pub struct Purchase {
    pub id: PurchaseId,
    pub at: usize,
    pub state: PurchaseState,
    pub ordered: i64,
    pub received: i64,
    pub returned: i64,
}

/// How pieces are shared, as somebody said.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    pub id: Uuid,
    pub separate: bool,
    pub kept_back: i64,
}

/// How many pieces a channel sells at a store, or at each.
#[derive(Clone, Copy, Debug)]
pub struct Quota {
    pub id: Uuid,
    pub store: Option<usize>,
    pub channel: Channel,
    pub most: i64,
}

/// All that the model remembers.
#[derive(Debug)]
pub struct Model {
    pub sku: SkuId,
    /// What comes in exchange, and is always there.
    pub small: SkuId,
    pub shelves: [Shelf; PLACES],
    pub orders: Vec<Order>,
    pub holds: Vec<Hold>,
    pub transfers: Vec<Transfer>,
    pub counts: Vec<Count>,
    pub losses: Vec<Loss>,
    pub requests: Vec<Request>,
    pub purchases: Vec<Purchase>,
    pub counter: Vec<CounterSold>,
    /// What was said of all stores, and of each.
    pub rule: Option<Rule>,
    pub rules: [Option<Rule>; STORES],
    /// How many pieces one member may have.
    pub limit: Option<i64>,
    /// What was said of how many pieces a channel sells at each store, and at one.
    pub quotas: Vec<Quota>,
    /// How many days have passed.
    pub day: i64,
}

impl Model {
    pub fn new(sku: SkuId, small: SkuId) -> Self {
        let shelf = Shelf { on_hand: PIECES, ..Shelf::default() };
        Self {
            sku,
            small,
            shelves: [shelf.clone(), shelf.clone(), shelf],
            orders: Vec::new(),
            holds: Vec::new(),
            transfers: Vec::new(),
            counts: Vec::new(),
            losses: Vec::new(),
            requests: Vec::new(),
            purchases: Vec::new(),
            counter: Vec::new(),
            rule: None,
            rules: [None; STORES],
            limit: None,
            quotas: Vec::new(),
            day: 0,
        }
    }

    fn of(&self, at: usize, wanted: &[OrderState]) -> i64 {
        let here = self.orders.iter().filter(|order| order.at == at && wanted.contains(&order.state));
        here.map(|order| order.pieces).sum()
    }

    /// What is held at a store before an order.
    pub fn early(&self, at: usize) -> i64 {
        self.holds.iter().filter(|hold| hold.at == at).map(|hold| hold.pieces).sum()
    }

    pub fn balance(&self, at: usize) -> Balance {
        let Shelf { on_hand, kept_back, expired, separate, .. } = self.shelves[at];
        let held = self.of(at, &[OrderState::Placed]) + self.early(at);
        let allocated = self.of(at, &[OrderState::Paid, OrderState::Accepted, OrderState::Ready]);
        let short = (held + allocated - on_hand).max(0);
        Balance { on_hand, held, allocated, short, kept_back, expired, separate }
    }

    pub fn balances(&self) -> [Balance; PLACES] {
        [0, 1, 2].map(|at| self.balance(at))
    }

    /// What is left of batches, by place and last day.
    pub fn batches(&self) -> BTreeMap<(usize, i64), i64> {
        let left = |(at, shelf): (usize, &Shelf)| shelf.remains().into_iter().map(move |(day, left)| ((at, day), left));
        self.shelves.iter().enumerate().flat_map(left).collect()
    }

    /// What is promised to nobody.
    pub fn free(&self, at: usize) -> i64 {
        let balance = self.balance(at);
        balance.on_hand - balance.held - balance.allocated
    }

    /// What of it can be given to somebody else: what is over cannot.
    pub fn fit(&self, at: usize) -> i64 {
        let mut shelf = self.shelves[at].clone();
        shelf.look(0);
        self.free(at) - shelf.expired
    }

    /// What the counter can sell: of pieces that are apart its own.
    pub fn at_counter(&self, at: usize) -> i64 {
        let mut shelf = self.shelves[at].clone();
        shelf.look(0);
        let free = self.free(at);
        let own = if shelf.separate { shelf.kept_back.min(free) } else { free };
        (own - shelf.expired).max(0)
    }

    /// What the shop can promise.
    pub fn online(&self, at: usize) -> i64 {
        self.free(at) - self.shelves[at].kept_back
    }

    /// Whether an order of so many can be placed; it may use what its member holds there.
    pub fn enough(&self, at: usize, pieces: i64) -> bool {
        let own = self.early(at);
        self.online(at) + own >= pieces && self.may_have(self.had() - own + pieces) && self.may_sell(at, pieces - own)
    }

    /// How many pieces the buyer has had, and holds.
    pub fn had(&self) -> i64 {
        let bought: i64 = self.orders.iter().filter(|order| order.counts()).map(|order| order.pieces).sum();
        bought + (0..STORES).map(|at| self.early(at)).sum::<i64>()
    }

    /// Whether one member may have so many.
    pub fn may_have(&self, pieces: i64) -> bool {
        self.limit.is_none_or(|most| pieces <= most)
    }

    /// Whether the buyer's channel may sell so many more at a store. The time stands still: all that was sold counts.
    pub fn may_sell(&self, at: usize, more: i64) -> bool {
        let of = |store| self.quotas.iter().find(|one| one.channel == Channel::Shop && one.store == store);
        let quota = of(Some(at)).or(of(None));
        quota.is_none_or(|quota| self.sold(at) + more <= quota.most)
    }

    /// How many pieces were sold at a store, or are held there.
    fn sold(&self, at: usize) -> i64 {
        let sold = self.orders.iter().filter(|order| order.at == at && order.counts());
        sold.map(|order| order.pieces).sum::<i64>() + self.early(at)
    }

    /// Whether an order can take a step.
    pub fn can(&self, nth: usize, act: OrderAct) -> bool {
        self.can_go(nth, act, 1 - self.orders[nth].at)
    }

    /// Whether an order can take a step, which is to this store where it is to one.
    pub fn can_go(&self, nth: usize, act: OrderAct, to: usize) -> bool {
        let order = &self.orders[nth];
        let possible = match act {
            OrderAct::Revive => {
                let (at, pieces) = (order.at, order.pieces);
                self.online(at) >= pieces && self.may_have(self.had() + pieces) && self.may_sell(at, pieces)
            }
            OrderAct::Reroute => to != order.at && self.online(to) >= order.pieces,
            // By parcels alone.
            OrderAct::Dispatch | OrderAct::Deliver | OrderAct::Undelivered => order.way == Fulfilment::Delivery,
            // Where no rule is set the shopper calls off what the store has not taken on.
            OrderAct::Cancel => matches!(order.state, OrderState::Placed | OrderState::Paid),
            _ => act.fits(order.way),
        };
        possible && order.state.after(act).is_some()
    }

    /// An order takes a step that it can take.
    pub fn step(&mut self, nth: usize, act: OrderAct) {
        self.go(nth, act, 1 - self.orders[nth].at);
    }

    /// As [`Self::step`], to this store where it is to one.
    pub fn go(&mut self, nth: usize, act: OrderAct, to: usize) {
        let order = &mut self.orders[nth];
        order.state = order.state.after(act).unwrap_or(order.state);
        match act {
            OrderAct::Redeem | OrderAct::Dispatch => self.shelves[order.at].on_hand -= order.pieces,
            OrderAct::Undelivered => self.shelves[order.at].come_back(order.pieces),
            OrderAct::Reroute => order.at = to,
            _ => {}
        }
    }

    /// An order is placed, which takes what its member holds there.
    pub fn place(&mut self, id: OrderId, at: usize, pieces: i64, way: Fulfilment) {
        self.holds.iter_mut().filter(|hold| hold.at == at).for_each(|hold| hold.pieces = 0);
        let (parcels, given) = (Vec::new(), Vec::new());
        self.orders.push(Order { id, at, pieces, way, state: OrderState::Placed, parcels, refused: 0, given });
    }

    /// The latest orders that are not ready are turned down until the others are covered.
    pub fn solve(&mut self) {
        for at in 0..STORES {
            while self.balance(at).short > 0 {
                let open = |order: &&mut Order| {
                    order.at == at && matches!(order.state, OrderState::Paid | OrderState::Accepted)
                };
                let Some(latest) = self.orders.iter_mut().filter(open).max_by_key(|order| order.id) else { break };
                latest.state = OrderState::Rejected;
            }
        }
    }

    /// How many pieces that were bought with an order may still be asked to be taken back.
    pub fn rest(&self, order: usize) -> i64 {
        self.rest_of(order, 1)
    }

    /// How many pieces of a line, or of what came in exchange, may still be asked to be taken back.
    pub fn rest_of(&self, order: usize, line: i32) -> i64 {
        let asked = self.requests.iter().filter(|one| (one.order, one.line) == (order, line) && !one.frees_pieces());
        self.orders[order].pieces_of(line) - asked.map(|one| one.pieces).sum::<i64>()
    }

    /// A dispatched order of which nothing is out and nothing left to send is called off: all of it is at its store.
    pub fn give_up_what_is_back(&mut self, nth: usize) {
        let order = &mut self.orders[nth];
        if order.state != OrderState::Dispatched || !order.is_all_back() {
            return;
        }
        order.state = OrderState::Cancelled;
        let shelf = &mut self.shelves[order.at];
        shelf.come_back(order.pieces);
        let spoilt = order.parcels.iter().filter(|parcel| parcel.back == Some((Afterwards::Refund, true)));
        spoilt.for_each(|parcel| shelf.lose_of_the_shop(parcel.pieces));
    }

    /// What came back of a completed order is at its store, and paid back as far as it was not before.
    pub fn pay_back_parcels(&mut self, nth: usize) {
        for at in 0..self.orders[nth].parcels.len() {
            let (order, rest) = (&self.orders[nth], self.rest(nth));
            let parcel = &order.parcels[at];
            let Some((Afterwards::Refund, spoilt)) = parcel.back.filter(|_| !parcel.settled) else { continue };
            let paid = parcel.pieces.min(rest);
            // Pieces that were paid back without goods are here now, for no more money.
            let free = (parcel.pieces - paid).min(self.without_goods(nth)).max(0);
            let (id, store) = (AfterSalesId(parcel.id.0), order.at);
            let shelf = &mut self.shelves[store];
            for pieces in [paid, free].into_iter().filter(|pieces| *pieces > 0) {
                shelf.book(pieces);
                shelf.book(if spoilt { -pieces } else { 0 });
            }
            let parcel = &mut self.orders[nth].parcels[at];
            parcel.settled = paid + free > 0;
            parcel.free = free;
            if paid > 0 {
                let (kind, state) = (AfterSalesKind::Return, AfterSalesState::Refunded);
                self.requests.push(Request::new(id, nth, paid, kind, state));
            }
        }
    }

    /// How many pieces of an order were asked to be paid back without goods, and have not come in a parcel.
    fn without_goods(&self, nth: usize) -> i64 {
        let bought = self.requests.iter().filter(|one| (one.order, one.line) == (nth, 1));
        let asked = bought.filter(|one| one.kind == AfterSalesKind::RefundOnly);
        let asked: i64 = asked.filter(|one| !one.state.frees_pieces()).map(|one| one.pieces).sum();
        asked - self.orders[nth].parcels.iter().map(|parcel| parcel.free).sum::<i64>()
    }

    /// Carries what is said now to the stores.
    pub fn carry(&mut self, of: Option<usize>) {
        for at in (0..STORES).filter(|at| of.is_none_or(|of| of == *at)) {
            let rule = self.rules[at].or(self.rule);
            let (separate, kept_back) = rule.map_or((false, 0), |rule| (rule.separate, rule.kept_back));
            let free = self.free(at);
            let shelf = &mut self.shelves[at];
            if !separate {
                shelf.kept_back = kept_back + shelf.expired;
            } else if !shelf.separate {
                shelf.kept_back = shelf.kept_back.min(free).max(0);
            }
            shelf.separate = separate;
        }
    }

    /// A scope so many days later as have passed.
    pub fn later(&self, who: &Scope) -> Scope {
        let mut later = who.clone();
        later.now += chrono::Duration::days(self.day);
        later
    }
}
