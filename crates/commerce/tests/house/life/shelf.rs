//! What lies at one place, by what was done to it.

use std::collections::{BTreeMap, BTreeSet};

/// What lies at a place.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    pub on_hand: i64,
    pub kept_back: i64,
    pub expired: i64,
    pub separate: bool,
    /// Pieces of batches by their last day, some of which may have gone.
    pub batches: BTreeMap<i64, i64>,
    /// The last days that were over when somebody looked.
    pub aside: BTreeSet<i64>,
    /// What was written off of batches, less what came back of it.
    pub gone: BTreeMap<i64, i64>,
}

impl Shelf {
    /// A document brings pieces or takes them away.
    pub fn book(&mut self, pieces: i64) {
        if pieces == 0 {
            return;
        }
        if pieces > 0 {
            self.settle();
        }
        self.add(pieces);
        self.look(0);
    }

    /// Pieces of the shop's own that had come back are lost: nothing of them was the counter's.
    pub fn lose_of_the_shop(&mut self, pieces: i64) {
        self.kept_back += if self.separate { pieces } else { 0 };
        self.book(-pieces);
    }

    /// As [`Self::book`], by a document that takes what is over first.
    pub fn clear(&mut self, pieces: i64) {
        if pieces < 0 {
            self.look(0);
            let mut rest = -pieces;
            for (day, there) in
                self.remains().into_iter().filter(|(day, _)| self.aside.contains(day)).collect::<Vec<_>>()
            {
                let taken = rest.min(there);
                *self.batches.entry(day).or_default() -= taken;
                rest -= taken;
            }
        }
        self.book(pieces);
    }

    /// Somebody looks on this day: what is over is set aside, and the shop keeps it back.
    pub fn look(&mut self, today: i64) {
        let over = |(day, pieces): &(&i64, &i64)| **day < today && **pieces > 0 && !self.aside.contains(day);
        let over: Vec<i64> = self.batches.iter().filter(over).map(|(day, _)| *day).collect();
        if !over.is_empty() {
            self.settle();
            self.aside.extend(over);
        }
        let expired: i64 =
            self.remains().iter().filter(|(day, _)| self.aside.contains(day)).map(|(_, left)| left).sum();
        self.kept_back = (self.kept_back + expired - self.expired).max(0);
        self.expired = expired;
    }

    /// What the counter has of its own comes and goes there.
    pub fn add(&mut self, pieces: i64) {
        self.on_hand += pieces;
        if self.separate {
            self.kept_back = (self.kept_back + pieces).max(0);
        }
    }

    /// What is left of each batch: those that end first have gone first, and nobody has sold what is set aside.
    pub fn remains(&self) -> BTreeMap<i64, i64> {
        let mut there = self.on_hand.max(0);
        let mut remains = BTreeMap::new();
        let (aside, good): (Vec<_>, Vec<_>) = self.batches.iter().rev().partition(|(day, _)| self.aside.contains(day));
        for (day, pieces) in aside.into_iter().chain(good) {
            remains.insert(*day, there.min(*pieces));
            there -= there.min(*pieces);
        }
        remains.retain(|_, pieces| *pieces > 0);
        remains
    }

    /// What has gone of batches is written off: what comes now is not it.
    pub fn settle(&mut self) {
        let remains = self.remains();
        for (day, pieces) in &self.batches {
            *self.gone.entry(*day).or_default() += pieces - remains.get(day).copied().unwrap_or(0);
        }
        self.batches = remains;
    }

    /// Pieces that had left for a shopper are here again: of what was written off, that which ends first.
    pub fn come_back(&mut self, pieces: i64) {
        self.of_what_went(pieces);
        self.on_hand += pieces;
        self.look(0);
    }

    /// Pieces that were sold at the counter are here again, and the counter's.
    pub fn take_back(&mut self, pieces: i64) {
        self.of_what_went(pieces);
        self.add(pieces);
        self.look(0);
    }

    fn of_what_went(&mut self, pieces: i64) {
        self.settle();
        let mut rest = pieces;
        for (day, gone) in &mut self.gone {
            let taken = rest.min(*gone);
            *self.batches.entry(*day).or_default() += taken;
            *gone -= taken;
            rest -= taken;
        }
    }

    /// Takes pieces of the batches that end first and are not over along.
    pub fn pack(&mut self, mut pieces: i64) -> BTreeMap<i64, i64> {
        if pieces > 0 {
            self.settle();
        }
        let mut packed = BTreeMap::new();
        for (day, there) in self.batches.iter_mut().filter(|(day, _)| !self.aside.contains(day)) {
            let taken = pieces.min(*there);
            packed.insert(*day, taken);
            *there -= taken;
            pieces -= taken;
        }
        packed
    }
}
