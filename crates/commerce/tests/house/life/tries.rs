//! What somebody tries. An index picks one of the orders, holds, transfers … that there are so far. Most of what is
//! tried at random is refused, so some of it goes on with whatever it picks as people would: else few get far.

use domain::{
    after_sales::{AfterSalesAct, AfterSalesKind, Came, Condition},
    fulfilment::Fulfilment,
    order_batches::BatchAct,
    orders::{Channel, OrderAct},
    parcels::Afterwards,
    unsent::UnsentFate,
};
use proptest::{prelude::*, sample::Index};

use super::model::{PLACES, STORES};

/// How long a life is.
const DEEDS: usize = 60;

#[derive(Clone, Debug)]
pub enum Try {
    Sell(Sell),
    Send(Send),
    Return(Return),
    Counter(Counter),
    Move(Move),
    Keep(Keep),
    Rule(Rule),
}

/// With orders and early holds.
#[derive(Clone, Debug)]
pub enum Sell {
    /// At a store, to reach the shopper in this way.
    Place(usize, i64, Fulfilment),
    /// So many at each store, with one request.
    Together([i64; STORES]),
    Act(OrderAct, Index),
    On(Index),
    /// The shopper asks to call an order off, and its store agrees or does not.
    AskOff(Index, bool),
    /// Pieces are held before they are ordered.
    Hold(usize, i64),
    Release(Index),
    /// Nobody has solved a shortage in time.
    Solve,
}

/// With parcels.
#[derive(Clone, Debug)]
pub enum Send {
    /// So many pieces of an order go into a parcel.
    Pack(Index, i64),
    Confirm(Index),
    /// What of an order is in no parcel is sent no more, and lies on the shelf again or is lost.
    End(Index, UnsentFate),
    /// A parcel came back: its pieces are sent again, or paid back, and may be spoilt.
    Back(Index, (Afterwards, bool)),
}

/// With what is asked for after a sale, and goods that come back.
#[derive(Clone, Debug)]
pub enum Return {
    /// A request goes on; its goods are brought to this store.
    On(Index, usize, Came),
    /// So many pieces of an order, or of what came in exchange for some, are asked to be taken back; what is to come in
    /// exchange is the smaller or not.
    Ask(Index, i64, AfterSalesKind, (Index, bool)),
    /// Somebody decides on a request, goes on with it or takes it back.
    Judge(Index, AfterSalesAct),
    /// The goods are brought to a store, so many in each state.
    Bring(Index, usize, Came),
    /// A store sees what is brought, and does not take it.
    TurnAway(Index, usize),
    /// The shopper sends the goods to the store that sold.
    Post(Index),
    /// What was sent has come there.
    Arrive(Index, Came),
}

/// At the counter.
#[derive(Clone, Debug)]
pub enum Counter {
    /// So many at a store; whether they have gone already.
    Sell(usize, i64, bool),
    /// So many pieces of a sale come back.
    TakeBack(Index, i64),
}

/// Between places, and from and to suppliers.
#[derive(Clone, Debug)]
pub enum Move {
    /// Goods of the first place are asked for at the second.
    Ask(usize, usize, i64),
    /// The warehouse sends goods to a store without being asked.
    Allocate(usize, i64),
    /// A transfer goes on, with so many pieces at most.
    On(Index, i64),
    Agree(Index, i64),
    Reject(Index),
    Withdraw(Index),
    Cancel(Index),
    Ship(Index, i64),
    Receive(Index, i64),
    /// What was missing has come: so many in all.
    ReceiveRest(Index, i64),
    /// So many are lost in all, so many back.
    Settle(Index, i64, i64),
    Buy(usize, i64),
    Arrive(Index, i64),
    SendBack(Index, i64),
    /// What has not arrived will not: nothing of it has, or the rest.
    CallOff(Index),
    Close(Index),
    /// Goods come without an order.
    TakeIn(usize, i64),
}

/// Where pieces lie.
#[derive(Clone, Debug)]
pub enum Keep {
    /// Somebody says that pieces are not there, and is believed.
    Adjust(usize, i64),
    Count(usize),
    /// A count goes on, in which so many more are found.
    On(Index, i64),
    /// So many more than the books say are found.
    Find(Index, i64),
    Submit(Index),
    /// The count is agreed to, or sent back.
    Decide(Index, bool),
    GiveUp(Index),
    Report(usize, i64),
    /// The loss is agreed to, or turned down.
    Judge(Index, bool),
    TakeBack(Index),
    /// Of a store or of all: pieces apart, or so many of a pool that stay for the counter.
    Say(Option<usize>, bool, i64),
    Unsay(Option<usize>),
    /// Of a store or of all: how many pieces a channel sells there.
    Ration(Option<usize>, Channel, i64),
    /// As many as there are.
    Unration(Option<usize>, Channel),
    Share(usize, i64),
    /// So many of the pieces at a place are good until this day.
    Register(usize, i64, i64),
    Day,
}

/// By head office.
#[derive(Clone, Debug)]
pub enum Rule {
    /// So many pieces for each member, or as many as they like.
    Limit(Option<i64>),
    /// So many pieces of a completed order are paid back, or all that is left.
    PayBack(Index, Option<i64>),
    /// One thing is done with several orders; this store is to serve them, where it is that.
    Batch(BatchAct, Vec<Index>, usize),
}

fn selling() -> impl Strategy<Value = Sell> {
    use Fulfilment::{Delivery, Express, Pickup};
    use OrderAct::{
        Accept, CallOff, Cancel, Deliver, Dispatch, Expire, Pay, Prepare, Redeem, Reject, Reroute, Undelivered,
    };
    let acts = [
        Pay,
        Pay,
        Accept,
        Accept,
        Accept,
        Prepare,
        Redeem,
        Redeem,
        Dispatch,
        Dispatch,
        Deliver,
        Undelivered,
        Undelivered,
        Undelivered,
        Expire,
        Cancel,
        Reject,
        CallOff,
        Reroute,
    ];
    let way = prop::sample::select(vec![Pickup, Pickup, Delivery, Express]);
    prop_oneof![
        4 => (0..STORES, 1..5i64, way).prop_map(|(at, pieces, way)| Sell::Place(at, pieces, way)),
        4 => (prop::sample::select(acts.to_vec()), any::<Index>()).prop_map(|(act, which)| Sell::Act(act, which)),
        10 => any::<Index>().prop_map(Sell::On),
        1 => (any::<Index>(), any::<bool>()).prop_map(|(which, agree)| Sell::AskOff(which, agree)),
        1 => [1..4i64, 1..4i64].prop_map(Sell::Together),
        1 => (0..STORES, 1..4i64).prop_map(|(at, pieces)| Sell::Hold(at, pieces)),
        1 => any::<Index>().prop_map(Sell::Release),
        1 => Just(Sell::Solve),
    ]
}

fn sending() -> impl Strategy<Value = Send> {
    let fate = prop::sample::select(UnsentFate::ALL.to_vec());
    let back = {
        use Afterwards::{Refund, SendAgain};
        prop::sample::select(vec![(SendAgain, false), (Refund, false), (Refund, true)])
    };
    let which = any::<Index>;
    prop_oneof![
        2 => (which(), 1..4i64).prop_map(|(which, pieces)| Send::Pack(which, pieces)),
        1 => which().prop_map(Send::Confirm),
        2 => (which(), fate).prop_map(|(which, fate)| Send::End(which, fate)),
        2 => (which(), back).prop_map(|(which, then)| Send::Back(which, then)),
    ]
}

/// Pieces in one state or in several, at times more than were asked for or none.
fn came() -> impl Strategy<Value = Came> {
    let states = |restock, scrap, supplier| Came { restock, scrap, supplier };
    prop_oneof![
        3 => (prop::sample::select(Condition::ALL.to_vec()), 1..4i64).prop_map(|(how, pieces)| Came::whole(how, pieces)),
        2 => (0..3i64, 0..3i64, 0..3i64).prop_map(move |(restock, scrap, supplier)| states(restock, scrap, supplier)),
    ]
}

fn returning() -> impl Strategy<Value = Return> {
    use AfterSalesKind::{Exchange, RefundOnly};
    let kind = prop::sample::select(vec![RefundOnly, AfterSalesKind::Return, AfterSalesKind::Return, Exchange]);
    let acts = {
        use AfterSalesAct::{Agree, Appeal, Dismiss, Refuse, Uphold, Withdraw};
        [Agree, Refuse, Refuse, Appeal, Uphold, Dismiss, Withdraw]
    };
    let act = prop::sample::select(acts.to_vec());
    let which = any::<Index>;
    prop_oneof![
        5 => (which(), 0..STORES, came()).prop_map(|(which, at, came)| Return::On(which, at, came)),
        4 => (which(), 1..4i64, kind, (which(), any::<bool>()))
            .prop_map(|(which, pieces, kind, what)| Return::Ask(which, pieces, kind, what)),
        4 => (which(), act).prop_map(|(which, act)| Return::Judge(which, act)),
        1 => (which(), 0..STORES, came()).prop_map(|(which, at, came)| Return::Bring(which, at, came)),
        1 => (which(), 0..STORES).prop_map(|(which, at)| Return::TurnAway(which, at)),
        3 => which().prop_map(Return::Post),
        2 => (which(), came()).prop_map(|(which, came)| Return::Arrive(which, came)),
    ]
}

fn counter() -> impl Strategy<Value = Counter> {
    prop_oneof![
        3 => (0..STORES, 1..5i64, prop::bool::weighted(0.3)).prop_map(|(at, pieces, gone)| Counter::Sell(at, pieces, gone)),
        2 => (any::<Index>(), 1..5i64).prop_map(|(which, pieces)| Counter::TakeBack(which, pieces)),
    ]
}

fn moving() -> impl Strategy<Value = Move> {
    let which = any::<Index>;
    let some = || (any::<Index>(), 1..6i64);
    let at = || (0..PLACES, 1..6i64);
    prop_oneof![
        2 => (0..PLACES, 1..PLACES, 1..6i64).prop_map(|(from, on, pieces)| Move::Ask(from, (from + on) % PLACES, pieces)),
        1 => (0..STORES, 1..6i64).prop_map(|(to, pieces)| Move::Allocate(to, pieces)),
        9 => some().prop_map(|(which, pieces)| Move::On(which, pieces)),
        1 => some().prop_map(|(which, pieces)| Move::Agree(which, pieces)),
        1 => which().prop_map(Move::Reject),
        1 => which().prop_map(Move::Withdraw),
        1 => which().prop_map(Move::Cancel),
        1 => some().prop_map(|(which, pieces)| Move::Ship(which, pieces)),
        1 => (which(), 0..6i64).prop_map(|(which, pieces)| Move::Receive(which, pieces)),
        1 => (which(), 0..6i64).prop_map(|(which, come)| Move::ReceiveRest(which, come)),
        1 => (which(), 0..3i64, 0..3i64).prop_map(|(which, lost, back)| Move::Settle(which, lost, back)),
        1 => at().prop_map(|(at, pieces)| Move::Buy(at, pieces)),
        2 => some().prop_map(|(which, pieces)| Move::Arrive(which, pieces)),
        1 => some().prop_map(|(which, pieces)| Move::SendBack(which, pieces)),
        1 => which().prop_map(Move::CallOff),
        1 => which().prop_map(Move::Close),
        1 => at().prop_map(|(at, pieces)| Move::TakeIn(at, pieces)),
    ]
}

fn keeping() -> impl Strategy<Value = Keep> {
    let which = any::<Index>;
    let verdict = || (any::<Index>(), any::<bool>());
    let of = || prop::option::of(0..STORES);
    // The buyer's own, and one that is none of theirs.
    let channel = prop::sample::select(vec![Channel::Shop, Channel::Shop, Channel::MiniProgram]);
    prop_oneof![
        2 => (0..STORES, 1..7i64).prop_map(|(at, pieces)| Keep::Adjust(at, pieces)),
        2 => (0..PLACES).prop_map(Keep::Count),
        5 => (which(), -4..4i64).prop_map(|(which, off)| Keep::On(which, off)),
        1 => (which(), -4..4i64).prop_map(|(which, off)| Keep::Find(which, off)),
        1 => which().prop_map(Keep::Submit),
        1 => verdict().prop_map(|(which, yes)| Keep::Decide(which, yes)),
        1 => which().prop_map(Keep::GiveUp),
        1 => (0..PLACES, 1..8i64).prop_map(|(at, pieces)| Keep::Report(at, pieces)),
        2 => verdict().prop_map(|(which, yes)| Keep::Judge(which, yes)),
        1 => which().prop_map(Keep::TakeBack),
        2 => (of(), any::<bool>(), 0..5i64).prop_map(|(of, apart, kept)| Keep::Say(of, apart, kept)),
        1 => of().prop_map(Keep::Unsay),
        1 => (of(), channel.clone(), 2..30i64).prop_map(|(of, over, most)| Keep::Ration(of, over, most)),
        1 => (of(), channel).prop_map(|(of, over)| Keep::Unration(of, over)),
        2 => (0..STORES, 0..9i64).prop_map(|(at, online)| Keep::Share(at, online)),
        4 => (0..PLACES, 0..5i64, 0..9i64).prop_map(|(at, day, pieces)| Keep::Register(at, day, pieces)),
        1 => Just(Keep::Day),
    ]
}

fn ruling() -> impl Strategy<Value = Rule> {
    let act = {
        use BatchAct::{Annotate, CallOff, Refund, Reroute};
        prop::sample::select(vec![Annotate, Reroute, Reroute, CallOff, Refund, Refund])
    };
    let some = prop::collection::vec(any::<Index>(), 1..4);
    prop_oneof![
        2 => prop::option::weighted(0.6, 5..40i64).prop_map(Rule::Limit),
        2 => (any::<Index>(), prop::option::of(1..4i64)).prop_map(|(which, pieces)| Rule::PayBack(which, pieces)),
        3 => (act, some, 0..STORES).prop_map(|(act, which, to)| Rule::Batch(act, which, to)),
    ]
}

pub fn tries() -> impl Strategy<Value = Vec<Try>> {
    let one = prop_oneof![
        11 => selling().prop_map(Try::Sell),
        2 => sending().prop_map(Try::Send),
        5 => returning().prop_map(Try::Return),
        3 => counter().prop_map(Try::Counter),
        6 => moving().prop_map(Try::Move),
        6 => keeping().prop_map(Try::Keep),
        2 => ruling().prop_map(Try::Rule),
    ];
    prop::collection::vec(one, DEEDS)
}
