use std::slice::from_ref;

use chrono::TimeZone;
use domain::{
    Fen, OrderId, Quantity, SkuId,
    fulfilment::Fulfilment,
    hours::Slot,
    orders::{Channel, OrderPlaced},
    purchase_limits::PurchaseLimit,
};
use proptest::prelude::*;

use super::super::write::Checkout;
use super::*;

const ROOMY: Limits = Limits { unpaid: 100, lately: 100 };

fn id(place: u128) -> Uuid {
    Uuid::from_u128(place)
}

fn line(sku: u128, quantity: i64) -> QuotedLine {
    QuotedLine {
        sku_id: SkuId(id(sku)),
        product_code: String::new(),
        name: format!("商品{sku}"),
        spec: String::new(),
        options_text: String::new(),
        options: Vec::new().into(),
        picture: String::new(),
        quantity: Quantity::try_from(quantity).unwrap(),
        unit_fen: Fen(100),
        total_fen: Fen(100 * quantity),
        weight_grams: 0,
        available: quantity,
        problem: None,
    }
}

/// The order of one member with one cart, both named by `place`.
fn order(place: u128, lines: Vec<QuotedLine>) -> NewOrder {
    let now = Utc.with_ymd_and_hms(2026, 6, 10, 5, 0, 0).unwrap();
    NewOrder {
        member: id(place),
        cart: id(place),
        store: id(0),
        apart: false,
        channel: Channel::Shop,
        placed: OrderPlaced { id: OrderId(id(place)), number: String::new(), total_fen: Fen(100), pay_before: now },
        lines,
        note: String::new(),
        fulfilment: Fulfilment::Pickup,
        freight_fen: Fen::ZERO,
        address: None,
        slot: Slot { start: now, end: now },
        slot_most: None,
        occurred_at: now,
        placed_at: now,
        request_hash: Vec::new(),
        checkout: None,
        caps: Vec::new(),
        quotas: Vec::new(),
    }
}

fn found(orders: &[NewOrder], stock: &[(u128, i64)]) -> Found {
    let cart = |order: &NewOrder| {
        let lines = order.lines.iter().map(|line| (line.sku_id.0, String::new(), line.quantity.get()));
        ((order.cart, order.part()), lines.collect())
    };
    let stock = stock.iter().map(|(sku, pieces)| ((id(0), id(*sku)), *pieces));
    let members = orders.iter().map(|order| (order.member, Counted::default()));
    Found::new(members.collect(), orders.iter().map(cart).collect(), stock.collect(), Vec::new())
}

#[test]
fn who_comes_first_gets_the_last_piece_and_who_wants_more_than_is_left_leaves_it_to_the_next() {
    let orders = [order(1, vec![line(7, 2)]), order(2, vec![line(7, 2)]), order(3, vec![line(7, 1)])];
    let mut found = found(&orders, &[(7, 3)]);
    assert_eq!(found.grant(from_ref(&orders[0]), &ROOMY), Ok(()));
    let lacking = found.grant(from_ref(&orders[1]), &ROOMY);
    let complaint = Complaint::new(format!("line.{}", id(7)), "商品7 仅剩 1 件");
    assert_eq!(lacking, Err(Fault::SoldOut(vec![complaint])));
    assert_eq!(found.grant(from_ref(&orders[2]), &ROOMY), Ok(()));
}

#[test]
fn nobody_has_more_of_limited_goods_than_they_may_within_a_round_or_before_it() {
    let limit = PurchaseLimit { most: 3, days: None, pay_minutes: None };
    let capped = |place, own, quantity| {
        let mut order = NewOrder { caps: vec![(id(7), limit)], ..order(place, vec![line(7, quantity)]) };
        order.member = id(own);
        order
    };
    let orders = [capped(1, 1, 2), capped(2, 1, 1), capped(3, 2, 3)];
    let mut found = found(&orders, &[(7, 9)]).with_had([((id(1), id(7)), 1)].into());
    assert_eq!(found.grant(from_ref(&orders[0]), &ROOMY), Ok(()));
    let complaint = Complaint::new(format!("line.{}", id(7)), "商品7 每人限购 3 件，您已买 3 件");
    assert_eq!(found.grant(from_ref(&orders[1]), &ROOMY), Err(Fault::SoldOut(vec![complaint])));
    assert_eq!(found.grant(from_ref(&orders[2]), &ROOMY), Ok(()), "another member's");
}

#[test]
fn a_channel_sells_no_more_than_its_quota_within_a_round_or_before_it_and_another_is_none_of_it() {
    let quota = ChannelQuota { most: 4, since: Utc.with_ymd_and_hms(2026, 6, 10, 4, 0, 0).unwrap() };
    let over = |place, channel: Channel, quantity| {
        let quotas = if channel == Channel::Shop { vec![(id(7), quota)] } else { Vec::new() };
        NewOrder { channel, quotas, ..order(place, vec![line(7, quantity)]) }
    };
    let orders =
        [over(1, Channel::Shop, 2), over(2, Channel::Shop, 2), over(3, Channel::Api, 5), over(4, Channel::Shop, 1)];
    let mut found = found(&orders, &[(7, 9)]).with_sold([((id(0), id(7), "shop"), 1)].into());
    assert_eq!(found.grant(from_ref(&orders[0]), &ROOMY), Ok(()));
    let complaint = Complaint::new(format!("line.{}", id(7)), "商品7 仅剩 1 件");
    assert_eq!(found.grant(from_ref(&orders[1]), &ROOMY), Err(Fault::SoldOut(vec![complaint])));
    assert_eq!(found.grant(from_ref(&orders[2]), &ROOMY), Ok(()));
    assert_eq!(found.grant(from_ref(&orders[3]), &ROOMY), Ok(()));
}

#[test]
fn an_order_that_lacks_one_thing_takes_nothing_of_the_other() {
    let orders = [order(1, vec![line(7, 1), line(8, 1)]), order(2, vec![line(7, 1)])];
    let mut found = found(&orders, &[(7, 1)]);
    assert!(matches!(found.grant(from_ref(&orders[0]), &ROOMY), Err(Fault::SoldOut(_))));
    assert_eq!(found.grant(from_ref(&orders[1]), &ROOMY), Ok(()));
}

#[test]
fn a_cart_is_ordered_once_and_only_as_it_was_quoted() {
    let (first, mut second) = (order(1, vec![line(7, 1)]), order(1, vec![line(7, 1)]));
    second.placed.id = OrderId(id(9));
    let mut found = found(from_ref(&first), &[(7, 9)]);
    let more = order(1, vec![line(7, 2)]);
    let changed = |answer| matches!(answer, Err(Fault::Conflict { code: "cart_changed", .. }));
    assert!(changed(found.grant(from_ref(&more), &ROOMY)));
    assert_eq!(found.grant(from_ref(&first), &ROOMY), Ok(()));
    assert_eq!(found.grant(from_ref(&first), &ROOMY), Err(Fault::NotFound("这个订单")), "the same request again");
    assert!(changed(found.grant(from_ref(&second), &ROOMY)));
}

#[test]
fn orders_of_one_round_count_against_their_members_limits() {
    let (first, mut second) = (order(1, vec![line(7, 1)]), order(1, vec![line(7, 1)]));
    second.placed.id = OrderId(id(9));
    second.cart = id(2);
    let mut found = found(&[first.clone(), second.clone()], &[(7, 9)]);
    let one = Limits { unpaid: 1, lately: 100 };
    assert_eq!(found.grant(from_ref(&first), &one), Ok(()));
    assert!(matches!(found.grant(from_ref(&second), &one), Err(Fault::Conflict { code: "too_many_unpaid", .. })));
    assert!(matches!(found.grant(from_ref(&second), &Limits { unpaid: 9, lately: 1 }), Err(Fault::TooMany { .. })));
}

#[test]
fn the_last_place_of_a_slot_is_the_first_ones_and_whoever_is_refused_takes_no_pieces() {
    let counted = |place| NewOrder { slot_most: Some(2), ..order(place, vec![line(7, 1)]) };
    let orders = [counted(1), counted(2)];
    let mut found = found(&orders, &[(7, 2)]).with_slots([(orders[0].slot_key(), 1)].into());
    assert_eq!(found.grant(from_ref(&orders[0]), &ROOMY), Ok(()));
    assert!(matches!(found.grant(from_ref(&orders[1]), &ROOMY), Err(Fault::Conflict { code: "slot_full", .. })));
    let uncounted = NewOrder { slot_most: None, ..orders[1].clone() };
    assert_eq!(found.grant(from_ref(&uncounted), &ROOMY), Ok(()));
}

/// The two parts of one store in one checkout.
fn parts(place: u128, plain: Vec<QuotedLine>, apart: Vec<QuotedLine>) -> [NewOrder; 2] {
    let checkout = Some(Checkout { id: id(place), request_hash: Vec::new() });
    let second = NewOrder { apart: true, checkout: checkout.clone(), ..order(place, apart) };
    let mut orders = [NewOrder { checkout, ..order(place, plain) }, second];
    orders[1].placed.id = OrderId(id(place + 1000));
    orders
}

#[test]
fn two_parts_of_one_store_share_its_stock_and_where_one_lacks_something_neither_takes_anything() {
    let both = parts(1, vec![line(7, 2)], vec![line(7, 1)]);
    let other = order(2, vec![line(7, 2)]);
    let all: Vec<NewOrder> = both.iter().chain([&other]).cloned().collect();
    let mut scarce = found(&all, &[(7, 2)]);
    let lacking = Complaint::new(format!("line.{}-apart.{}", id(0), id(7)), "商品7 已售罄");
    assert_eq!(scarce.grant(&both, &ROOMY), Err(Fault::SoldOut(vec![lacking])));
    assert_eq!(scarce.grant(from_ref(&other), &ROOMY), Ok(()), "all is there for the next");
    let mut enough = found(&all, &[(7, 3)]);
    assert_eq!(enough.grant(&both, &ROOMY), Ok(()));
    assert!(matches!(enough.grant(from_ref(&other), &ROOMY), Err(Fault::SoldOut(_))));
    assert!(matches!(enough.grant(&both, &ROOMY), Err(Fault::NotFound(_))), "the same request again");
}

#[test]
fn what_a_member_holds_early_is_used_once_by_two_parts_and_is_still_held_where_they_are_refused() {
    let both = parts(1, vec![line(7, 1)], vec![line(7, 2)]);
    let now = both[0].placed_at;
    let hold =
        || Open { id: id(50), member: id(1), store: id(0), sku: id(7), quantity: 2, channel: None, held_at: now };
    let with = |stock: i64| {
        let found = found(&both, &[(7, stock)]);
        Found::new(found.members, found.carts, found.stock, vec![hold()])
    };
    let mut scarce = with(0);
    assert!(matches!(scarce.grant(&both, &ROOMY), Err(Fault::SoldOut(_))), "two are held, three are wanted");
    assert_eq!(scarce.early_of(&both[0], &id(7)), 2);
    assert_eq!(scarce.stock[&(id(0), id(7))], 0);
    assert_eq!(both.iter().flat_map(|order| scarce.used_by(order.id())).count(), 0);
    let mut enough = with(1);
    assert_eq!(enough.grant(&both, &ROOMY), Ok(()));
    assert_eq!(enough.stock[&(id(0), id(7))], 0);
    assert_eq!(both.iter().flat_map(|order| enough.used_by(order.id())).collect::<Vec<_>>(), [id(50)]);
}

#[test]
fn two_parts_of_one_store_share_its_slots_quotas_and_their_members_limits() {
    let limit = PurchaseLimit { most: 2, days: None, pay_minutes: None };
    let both = |of: fn(&mut NewOrder)| {
        let mut both = parts(1, vec![line(7, 1)], vec![line(7, 2)]);
        both.iter_mut().for_each(of);
        both
    };
    let beside = |orders: &[NewOrder]| match found(orders, &[(7, 9)]).grant(orders, &ROOMY) {
        Err(fault) => fault.complaints()[0].field.clone(),
        Ok(()) => String::new(),
    };
    let (whole, goods) = (format!("store.{}-apart", id(0)), format!("line.{}-apart.{}", id(0), id(7)));
    assert_eq!(beside(&both(|order| order.slot_most = Some(1))), whole);
    assert_eq!(beside(&both(|order| order.slot_most = Some(2))), "");
    let quota = |order: &mut NewOrder, most| {
        order.quotas = vec![(id(7), ChannelQuota { most, since: order.placed_at })];
    };
    let mut narrow = both(|_| {});
    narrow.iter_mut().for_each(|order| quota(order, 2));
    assert_eq!(beside(&narrow), goods);
    narrow.iter_mut().for_each(|order| quota(order, 3));
    assert_eq!(beside(&narrow), "");
    narrow.iter_mut().for_each(|order| order.caps = vec![(id(7), limit)]);
    assert_eq!(beside(&narrow), goods);
    let fault = found(&narrow, &[(7, 9)]).grant(&narrow, &ROOMY).unwrap_err();
    assert_eq!(fault.complaints()[0].message, "商品7 每人限购 2 件，一起下的其他订单有 1 件");
}

/// All that is left, to be compared: none and nothing said are the same.
fn left(found: &Found) -> String {
    fn counts<K: Ord + Copy>(map: &HashMap<K, i64>) -> BTreeMap<K, i64> {
        map.iter().filter(|(_, many)| **many != 0).map(|(key, many)| (*key, *many)).collect()
    }
    let Found { members, carts, stock, early, slots, had, sold, granted, used } = found;
    let (stock, slots, had, sold) = (counts(stock), counts(slots), counts(had), counts(sold));
    let early: BTreeMap<_, _> = early.iter().map(|(key, own)| (key, (&own.ids, own.pieces, &own.over))).collect();
    let (members, carts): (BTreeMap<_, _>, BTreeMap<_, _>) = (members.iter().collect(), carts.iter().collect());
    let (granted, used): (BTreeSet<_>, BTreeMap<_, _>) = (granted.iter().collect(), used.iter().collect());
    format!("{stock:?} {slots:?} {had:?} {sold:?} {early:?} {members:?} {carts:?} {granted:?} {used:?}")
}

/// How many a member may have of the first of three goods, the shop may sell of the second, and a slot may take.
const NARROW: (i64, i64, i64) = (5, 12, 15);

/// What a member wants: of what is set apart nothing, or something too. It holds so many of everything.
type Wants = (BTreeMap<u128, i64>, BTreeMap<u128, i64>, i64);

fn basket(place: u128, (plain, apart, _): &Wants) -> Vec<NewOrder> {
    let lines = |goods: &BTreeMap<u128, i64>| goods.iter().map(|(sku, many)| line(*sku, *many)).collect::<Vec<_>>();
    let mut basket = match apart.is_empty() {
        true => vec![order(place, lines(plain))],
        false => parts(place, lines(plain), lines(apart)).to_vec(),
    };
    for order in &mut basket {
        let wanted = wanted(&order.lines);
        let limit = PurchaseLimit { most: NARROW.0, days: None, pay_minutes: None };
        let quota = ChannelQuota { most: NARROW.1, since: order.placed_at };
        order.caps = wanted.get(&id(0)).map(|_| (id(0), limit)).into_iter().collect();
        order.quotas = wanted.get(&id(1)).map(|_| (id(1), quota)).into_iter().collect();
        order.slot_most = Some(NARROW.2);
    }
    basket
}

fn goods(fewest: usize) -> impl Strategy<Value = BTreeMap<u128, i64>> {
    prop::collection::btree_map(0u128..3, 1i64..4, fewest..3)
}

proptest! {
    #[test]
    fn no_more_is_granted_than_is_there_and_whoever_is_refused_could_not_be_served_and_has_taken_nothing(
        stock in prop::collection::vec(0i64..12, 3),
        wants in prop::collection::vec((goods(1), goods(0), 0i64..3), 1..20),
    ) {
        let baskets: Vec<Vec<NewOrder>> = (100..).zip(&wants).map(|(place, wants)| basket(place, wants)).collect();
        let now = baskets[0][0].placed_at;
        let of_each = (100u128..).zip(&wants).flat_map(|(place, (.., held))| {
            (0u128..3).filter(move |_| *held > 0).map(move |sku| (place, sku, *held))
        });
        let hold = |(place, sku, quantity): (u128, u128, i64)| Open {
            id: id(place * 10 + sku),
            member: id(place),
            store: id(0),
            sku: id(sku),
            quantity,
            channel: Some("shop".into()),
            held_at: now,
        };
        let holds: Vec<Open> = of_each.map(hold).collect();
        let had = holds.iter().map(|hold| ((hold.member, hold.sku), hold.quantity)).collect();
        let (mut sold, mut places) = (wants.iter().map(|(.., held)| held).sum::<i64>(), 0);
        let shelf: Vec<(u128, i64)> = (0..).zip(stock.iter().copied()).collect();
        let found = found(&baskets.concat(), &shelf);
        let mut found = Found::new(found.members, found.carts, found.stock, holds)
            .with_had(had)
            .with_sold([((id(0), id(1), "shop"), sold)].into());
        let mut free = stock.clone();
        for (basket, (plain, apart, held)) in baskets.iter().zip(&wants) {
            let many = [0u128, 1, 2].map(|sku| [plain, apart].iter().filter_map(|goods| goods.get(&sku)).sum::<i64>());
            let fits = many.iter().zip(&free).all(|(many, free)| *many == 0 || *many <= free + held)
                && many[0] <= NARROW.0
                && (many[1] == 0 || many[1] <= NARROW.1 - (sold - held))
                && places + basket.len() as i64 <= NARROW.2;
            let before = left(&found);
            let answer = found.grant(basket, &ROOMY);
            prop_assert_eq!(answer.is_ok(), fits, "{:?}", answer);
            if !fits {
                prop_assert_eq!(left(&found), before);
                continue;
            }
            // What is held of goods that are ordered is theirs by now.
            free.iter_mut().zip(many).filter(|(_, many)| *many > 0).for_each(|(free, many)| *free += held - many);
            sold += if many[1] > 0 { many[1] - held } else { 0 };
            places += basket.len() as i64;
        }
        prop_assert!(found.stock.values().all(|pieces| *pieces >= 0));
    }
}
