//! What of an amount that was paid for a whole line belongs to some of its pieces.

use crate::{Fen, Quantity};

/// What of a line is asked back or has gone back already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// How many pieces.
    pub pieces: i64,
    /// What was given for them.
    pub fen: Fen,
}

/// What goes back for `pieces` more of a line for which `paid` was paid; `None` where so many are not left, or where
/// `taken` is not what this function gave.
///
/// `paid` need not be a multiple of the quantity: each piece is worth the same whole number of fen, and the fen left
/// over, fewer than there are pieces, go one each to the pieces that go back first. So whatever is taken, in which
/// parts and order, and also where some of it is called off and asked for again: all pieces together are worth
/// exactly `paid`, and each one within a fen of its exact share.
pub fn share(paid: Fen, quantity: Quantity, taken: Taken, pieces: i64) -> Option<Fen> {
    let rest = quantity.get().checked_sub(taken.pieces)?;
    if paid < Fen::ZERO || taken.pieces < 0 || !(0..=rest).contains(&pieces) {
        return None;
    }
    let (each, left_over) = (paid.0 / quantity.get(), paid.0 % quantity.get());
    let dear = taken.fen.0.checked_sub(each.checked_mul(taken.pieces)?)?;
    if !(0..=left_over.min(taken.pieces)).contains(&dear) {
        return None;
    }
    Some(Fen(each.checked_mul(pieces)?.checked_add(pieces.min(left_over - dear))?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::prorate;

    fn quantity(pieces: i64) -> Quantity {
        Quantity::try_from(pieces).unwrap()
    }

    impl Taken {
        fn and(self, pieces: i64, fen: Fen) -> Self {
            Self { pieces: self.pieces + pieces, fen: Fen(self.fen.0 + fen.0) }
        }
    }

    proptest! {
        #[test]
        fn a_line_that_goes_back_in_parts_comes_to_what_was_paid_for_it(
            paid in 0i64..100_000_000,
            parts in proptest::collection::vec(1i64..20, 1..20),
        ) {
            let whole = quantity(parts.iter().sum());
            let mut taken = Taken::default();
            for &part in &parts {
                let fen = share(Fen(paid), whole, taken, part).unwrap();
                let exact = i128::from(paid) * i128::from(part);
                let off = i128::from(fen.0) * i128::from(whole.get()) - exact;
                prop_assert!(off.abs() <= i128::from(part) * i128::from(whole.get()), "a fen for each piece at most");
                taken = taken.and(part, fen);
            }
            prop_assert_eq!(taken.fen, Fen(paid));
            prop_assert_eq!(share(Fen(paid), whole, taken, 1), None);
            prop_assert_eq!(share(Fen(paid), whole, Taken::default(), whole.get()), Some(Fen(paid)));
        }

        #[test]
        fn more_pieces_are_never_worth_less(paid in 0i64..1_000_000, whole in 1i64..200) {
            let of = |pieces| share(Fen(paid), quantity(whole), Taken::default(), pieces).unwrap();
            for pieces in 0..whole {
                prop_assert!(of(pieces) <= of(pieces + 1));
            }
            prop_assert_eq!(of(0), Fen::ZERO);
        }

        #[test]
        fn pieces_that_are_called_off_and_asked_for_again_still_come_to_the_whole(
            paid in 0i64..1_000_000,
            whole in 1i64..30,
            tries in proptest::collection::vec((any::<bool>(), 1i64..8, any::<prop::sample::Index>()), 0..40),
        ) {
            let mut live: Vec<(i64, Fen)> = Vec::new();
            let taken = |live: &[(i64, Fen)]| live.iter().fold(Taken::default(), |sum, (pieces, fen)| sum.and(*pieces, *fen));
            for (off, pieces, which) in tries {
                if off && !live.is_empty() {
                    live.remove(which.index(live.len()));
                } else if let Some(fen) = share(Fen(paid), quantity(whole), taken(&live), pieces) {
                    live.push((pieces, fen));
                }
                let now = taken(&live);
                prop_assert!(now.fen <= Fen(paid));
                let rest = share(Fen(paid), quantity(whole), now, whole - now.pieces).unwrap();
                prop_assert_eq!(now.fen.0 + rest.0, paid);
            }
        }

        #[test]
        fn an_order_with_a_discount_that_goes_back_piece_by_piece_comes_to_what_was_paid(
            lines in proptest::collection::vec((1i64..5_000, 1i64..12), 1..10),
            discount in 0i64..100,
        ) {
            let totals: Vec<i64> = lines.iter().map(|(unit, pieces)| unit * pieces).collect();
            let paid = totals.iter().sum::<i64>() * (100 - discount) / 100;
            let mut back = 0;
            for (part, (_, pieces)) in prorate(Fen(paid), &totals).into_iter().zip(&lines) {
                let mut taken = Taken::default();
                for _ in 0..*pieces {
                    taken = taken.and(1, share(part, quantity(*pieces), taken, 1).unwrap());
                }
                back += taken.fen.0;
            }
            prop_assert_eq!(back, paid);
        }
    }

    #[test]
    fn what_is_not_left_or_was_never_given_has_no_share() {
        let ten = Fen(1000);
        let taken = |pieces, fen| Taken { pieces, fen: Fen(fen) };
        assert_eq!(share(ten, quantity(3), taken(0, 0), 3), Some(ten));
        assert_eq!(share(ten, quantity(3), taken(1, 334), 2), Some(Fen(666)));
        assert_eq!(share(ten, quantity(3), taken(1, 333), 2), Some(Fen(667)));
        for (taken, pieces) in
            [(taken(0, 0), 4), (taken(0, 0), -1), (taken(3, 1000), 1), (taken(1, 335), 1), (taken(1, 332), 1)]
        {
            assert_eq!(share(ten, quantity(3), taken, pieces), None, "{taken:?} {pieces}");
        }
        assert_eq!(share(Fen(-1), quantity(1), taken(0, 0), 1), None);
        assert_eq!(share(Fen(i64::MAX), quantity(999), taken(0, 0), 999), Some(Fen(i64::MAX)));
    }
}
