//! How much of an order's money is left to go back: for its pieces, for its way, and beside them.

use super::Weighed;
use crate::{Fault, Fen, prorate};

/// What was paid for an order, and what of it has gone back or is asked back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderMoney {
    /// What was paid, with what its way cost.
    pub total: Fen,
    /// What its way cost.
    pub freight: Fen,
    /// What goes back for pieces.
    pub goods_back: Fen,
    /// What goes back of the way's.
    pub freight_back: Fen,
    /// What goes back beside both: a compensation.
    pub extra_back: Fen,
}

impl OrderMoney {
    /// What can still go back at all.
    pub fn rest(&self) -> Fen {
        let back = [self.goods_back, self.freight_back, self.extra_back]
            .iter()
            .fold(0_i64, |sum, one| sum.saturating_add(one.0));
        Fen(self.total.0.saturating_sub(back).max(0))
    }

    /// What of it is of the way. A compensation is taken from what the goods cost first.
    pub fn freight_rest(&self) -> Fen {
        Fen(self.freight.0.saturating_sub(self.freight_back.0).max(0)).min(self.rest())
    }

    /// What the way cost for goods that were paid with so much and go back after those that have: [`prorate`] over what all
    /// goods cost, up to these less up to those before, so that in whatever parts all goods go back their shares are what
    /// the way cost. Never more than is left of it.
    pub fn freight_share(&self, goods: Fen) -> Fen {
        let whole = self.total.0.saturating_sub(self.freight.0).max(0);
        let up_to = |back: i64| {
            let back = back.clamp(0, whole);
            prorate(self.freight, &[back, whole - back])[0].0
        };
        let share = up_to(self.goods_back.0.saturating_add(goods.0)) - up_to(self.goods_back.0);
        Fen(share.max(0)).min(self.freight_rest())
    }

    /// What of it can go back for pieces.
    pub fn goods_rest(&self) -> Fen {
        Fen(self.rest().0 - self.freight_rest().0)
    }

    /// The same after so much more goes back.
    pub fn and(self, goods: Fen, freight: Fen, extra: Fen) -> Self {
        let sum = |one: Fen, more: Fen| Fen(one.0.saturating_add(more.0));
        Self {
            goods_back: sum(self.goods_back, goods),
            freight_back: sum(self.freight_back, freight),
            extra_back: sum(self.extra_back, extra),
            ..self
        }
    }

    /// Refuses more of the way's than is left of it, and more beside pieces than is left of all.
    ///
    /// Faults: `Invalid` beside `freight_fen` or `extra_fen`.
    pub fn must_hold(&self, freight: Fen, extra: Fen) -> Result<(), Fault> {
        if freight < Fen::ZERO || freight > self.freight_rest() {
            return Err(Fault::invalid(
                "freight_fen",
                match self.freight_rest() {
                    Fen::ZERO => "没有可以退的运费了".to_owned(),
                    rest => format!("运费最多还可以退 {rest}"),
                },
            ));
        }
        let rest = self.and(Fen::ZERO, freight, Fen::ZERO).rest();
        if extra < Fen::ZERO || extra > rest {
            return Err(Fault::invalid(
                "extra_fen",
                match rest {
                    Fen::ZERO => "这笔订单付的钱已经全部退回或正在退".to_owned(),
                    rest => format!("最多还可以退 {rest}：实付 {}，其余已退或正在退", self.total),
                },
            ));
        }
        Ok(())
    }
}

/// Lowers what goes back for pieces to what is left for them, of the last lines first; answers by how much. What was paid
/// for the pieces stays what it is, or the shares of those that are left would be others.
pub fn cap(weighed: &mut [Weighed], most: Fen) -> Fen {
    let sum: i64 = weighed.iter().fold(0, |sum, one| sum.saturating_add(one.refund_fen.0));
    let over = (sum - most.0.max(0)).max(0);
    let mut left = over;
    for one in weighed.iter_mut().rev() {
        let less = one.refund_fen.0.min(left);
        one.refund_fen = Fen(one.refund_fen.0 - less);
        left -= less;
    }
    Fen(over)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        Quantity,
        after_sales::{Taken, share},
    };

    /// What is tried on an order: pieces of its line, the way's, or an amount beside.
    #[derive(Clone, Copy, Debug)]
    enum Try {
        Pieces(i64),
        Freight(i64),
        Extra(i64),
        /// The last that was given is taken back.
        Back,
    }

    fn a_try() -> impl Strategy<Value = Try> {
        prop_oneof![
            (1_i64..9).prop_map(Try::Pieces),
            (0_i64..3_000).prop_map(Try::Freight),
            (0_i64..60_000).prop_map(Try::Extra),
            Just(Try::Back),
        ]
    }

    fn weighed(paid: Fen, pieces: i64) -> Weighed {
        let quantity = Quantity::try_from(pieces).unwrap();
        Weighed { line: 1, quantity, paid_fen: paid, refund_fen: paid, exchange_for: None }
    }

    proptest! {
        #[test]
        fn whatever_goes_back_in_whatever_order_is_never_more_than_was_paid_and_all_of_it_exactly_that(
            goods in 0_i64..100_000,
            freight in 0_i64..3_000,
            whole in 1_i64..20,
            tries in proptest::collection::vec(a_try(), 0..30),
        ) {
            let quantity = Quantity::try_from(whole).unwrap();
            let start = OrderMoney { total: Fen(goods + freight), freight: Fen(freight), ..OrderMoney::default() };
            // Each gift: pieces and what was paid for them, what went back for them, of the way's, beside.
            let mut given: Vec<(i64, Fen, [Fen; 3])> = Vec::new();
            let taken = |given: &[(i64, Fen, [Fen; 3])]| given.iter().fold(Taken::default(), |sum, (pieces, paid, _)| {
                Taken { pieces: sum.pieces + pieces, fen: Fen(sum.fen.0 + paid.0) }
            });
            let money = |given: &[(i64, Fen, [Fen; 3])]| {
                given.iter().fold(start, |money, (_, _, [goods, freight, extra])| money.and(*goods, *freight, *extra))
            };
            for one in tries {
                let now = money(&given);
                match one {
                    Try::Pieces(pieces) => {
                        if let Some(paid) = share(Fen(goods), quantity, taken(&given), pieces) {
                            let mut lines = [weighed(paid, pieces)];
                            let less = cap(&mut lines, now.goods_rest());
                            prop_assert_eq!(lines[0].refund_fen.0 + less.0, paid.0);
                            given.push((pieces, paid, [lines[0].refund_fen, Fen::ZERO, Fen::ZERO]));
                        }
                    }
                    Try::Freight(fen) => {
                        let fits = fen <= now.freight_rest().0;
                        prop_assert_eq!(now.must_hold(Fen(fen), Fen::ZERO).is_ok(), fits);
                        if fits {
                            given.push((0, Fen::ZERO, [Fen::ZERO, Fen(fen), Fen::ZERO]));
                        }
                    }
                    Try::Extra(fen) => {
                        let fits = fen <= now.rest().0;
                        prop_assert_eq!(now.must_hold(Fen::ZERO, Fen(fen)).is_ok(), fits);
                        if fits {
                            given.push((0, Fen::ZERO, [Fen::ZERO, Fen::ZERO, Fen(fen)]));
                        }
                    }
                    Try::Back => drop(given.pop()),
                }
                let now = money(&given);
                let back = now.goods_back.0 + now.freight_back.0 + now.extra_back.0;
                prop_assert!(back <= now.total.0);
                prop_assert!(now.freight_back <= now.freight);
                prop_assert_eq!(back + now.rest().0, now.total.0);
                prop_assert_eq!(now.goods_rest().0 + now.freight_rest().0, now.rest().0);
            }
            // All pieces that are left, all that is left of the way, and then what is left beside: exactly what was paid.
            let left = whole - taken(&given).pieces;
            let mut now = money(&given);
            if left > 0 {
                let paid = share(Fen(goods), quantity, taken(&given), left).unwrap();
                let mut lines = [weighed(paid, left)];
                cap(&mut lines, now.goods_rest());
                now = now.and(lines[0].refund_fen, Fen::ZERO, Fen::ZERO);
            }
            now = now.and(Fen::ZERO, now.freight_rest(), Fen::ZERO);
            now = now.and(Fen::ZERO, Fen::ZERO, now.rest());
            prop_assert_eq!(now.goods_back.0 + now.freight_back.0 + now.extra_back.0, goods + freight);
            prop_assert_eq!(now.rest(), Fen::ZERO);
        }
    }

    proptest! {
        #[test]
        fn in_whatever_parts_all_goods_go_back_their_shares_of_the_way_are_what_it_cost(
            parts in proptest::collection::vec(0_i64..20_000, 1..12), freight in 0_i64..3_000,
        ) {
            let goods: i64 = parts.iter().sum();
            prop_assume!(goods > 0);
            let mut money = OrderMoney { total: Fen(goods + freight), freight: Fen(freight), ..OrderMoney::default() };
            for part in parts {
                let share = money.freight_share(Fen(part));
                // To the nearest fen, at both of its ends.
                prop_assert!((share.0 * goods - freight * part).abs() <= goods, "{share} of {freight} for {part} of {goods}");
                money = money.and(Fen(part), share, Fen::ZERO);
            }
            prop_assert_eq!(money.freight_back, Fen(freight));
            prop_assert_eq!(money.rest(), Fen::ZERO);
        }
    }

    #[test]
    fn a_share_of_the_way_is_no_more_than_is_left_of_it_and_nothing_of_goods_that_cost_nothing() {
        let money = OrderMoney { total: Fen(3600), freight: Fen(600), freight_back: Fen(400), ..OrderMoney::default() };
        assert_eq!([1000, 3000].map(|goods| money.freight_share(Fen(goods))), [Fen(200), Fen(200)]);
        let free = OrderMoney { total: Fen(600), freight: Fen(600), ..OrderMoney::default() };
        assert_eq!(free.freight_share(Fen::ZERO), Fen::ZERO);
    }

    #[test]
    fn where_nothing_went_back_beside_pieces_all_pieces_and_the_way_come_to_what_was_paid() {
        let money = OrderMoney { total: Fen(3600), freight: Fen(600), ..OrderMoney::default() };
        assert_eq!((money.goods_rest(), money.freight_rest()), (Fen(3000), Fen(600)));
        let mut lines = [weighed(Fen(3000), 2)];
        assert_eq!(cap(&mut lines, money.goods_rest()), Fen::ZERO);
        assert_eq!(money.and(Fen(3000), Fen(600), Fen::ZERO).rest(), Fen::ZERO);
    }

    #[test]
    fn a_compensation_is_taken_from_the_goods_first_and_what_is_asked_for_later_is_lowered_by_it() {
        let money = OrderMoney { total: Fen(3600), freight: Fen(600), extra_back: Fen(1000), ..OrderMoney::default() };
        assert_eq!((money.goods_rest(), money.freight_rest()), (Fen(2000), Fen(600)));
        let mut lines = [weighed(Fen(1500), 1), weighed(Fen(1500), 1)];
        assert_eq!(cap(&mut lines, money.goods_rest()), Fen(1000));
        assert_eq!([lines[0].refund_fen, lines[1].refund_fen], [Fen(1500), Fen(500)]);
        assert_eq!([lines[0].paid_fen, lines[1].paid_fen], [Fen(1500), Fen(1500)]);
        let all = money.and(Fen::ZERO, Fen::ZERO, Fen(2600));
        assert_eq!((all.goods_rest(), all.freight_rest()), (Fen::ZERO, Fen::ZERO));
    }

    #[test]
    fn more_than_is_left_is_refused_beside_its_field() {
        let money = OrderMoney { total: Fen(3600), freight: Fen(600), freight_back: Fen(500), ..OrderMoney::default() };
        let field = |freight, extra| {
            money.must_hold(Fen(freight), Fen(extra)).map_err(|fault| fault.complaints()[0].field.clone())
        };
        assert_eq!(field(100, 3000), Ok(()));
        assert_eq!(field(101, 0), Err("freight_fen".into()));
        assert_eq!(field(-1, 0), Err("freight_fen".into()));
        assert_eq!(field(100, 3001), Err("extra_fen".into()));
        assert_eq!(field(0, -1), Err("extra_fen".into()));
    }
}
