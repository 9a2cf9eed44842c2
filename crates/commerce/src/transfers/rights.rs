//! Who may do what with goods, and where: the receiver's side asks, the sender's side agrees and sends, and head
//! office, or a partner's key that names one, does for warehouses what a store does for itself.

use domain::{
    Fault,
    staff::{Permission, Reach},
    transfers::{Location, LocationKind, TransferAct},
};
use uuid::Uuid;

use crate::{Scope, stockroom::as_store};

/// What whoever asks may do with goods.
pub(crate) struct Rights {
    /// Where they ask for goods and agree to send them.
    moves: Option<Reach>,
    /// Where they take goods in and send them off.
    books: Option<Reach>,
    /// Where they decide above the stores.
    decides: Option<Reach>,
    /// Whether they run the warehouses.
    pub supplies: bool,
}

impl Rights {
    /// Faults: `Unauthenticated`; `Forbidden` for who has nothing to do with goods.
    pub fn of(scope: &Scope) -> Result<Self, Fault> {
        let moves = scope.reach(Permission::MoveStock);
        let [books, decides] =
            [Permission::ReceiveGoods, Permission::DecideProposals].map(|permission| scope.reach(permission).ok());
        let supplies = scope.reach(Permission::ManageSupply) == Ok(Reach::All);
        match (moves, &books, &decides) {
            (Err(fault), None, None) if !supplies => Err(fault),
            (moves, ..) => Ok(Self { moves: moves.ok(), books, decides, supplies }),
        }
    }

    /// Whether they ask for goods to be sent here, and agree to send goods from here.
    pub fn moves_at(&self, place: &Location) -> bool {
        self.supplies || covers(&self.moves, place)
    }

    /// Whether they take goods in here, and send them off.
    pub fn books_at(&self, place: &Location) -> bool {
        covers(&self.books, place) || (self.supplies && place.kind == LocationKind::Warehouse)
    }

    /// Whether they do anything with goods here.
    pub fn concerned_at(&self, place: &Location) -> bool {
        self.supplies || [&self.moves, &self.books, &self.decides].into_iter().any(|reach| covers(reach, place))
    }

    /// Whether a transfer between these places concerns them.
    pub fn sees(&self, from: &Location, to: &Location) -> bool {
        self.concerned_at(from) || self.concerned_at(to)
    }

    /// Whether they may do this with a transfer between these places.
    pub fn may(&self, act: TransferAct, from: &Location, to: &Location) -> bool {
        match act {
            TransferAct::Request | TransferAct::Withdraw => self.moves_at(to),
            TransferAct::Allocate => self.supplies,
            TransferAct::Approve | TransferAct::Reject => self.moves_at(from) || covers(&self.decides, from),
            TransferAct::Cancel | TransferAct::Settle => self.moves_at(from),
            TransferAct::Ship => self.books_at(from),
            TransferAct::Receive | TransferAct::ReceiveRest => self.books_at(to),
        }
    }
}

/// A grant reaches stores, also where it reaches all; a warehouse is head office's, or a key's that names it.
fn covers(reach: &Option<Reach>, place: &Location) -> bool {
    reach.as_ref().is_some_and(|reach| match (place.kind, reach) {
        (LocationKind::Warehouse, Reach::All) => false,
        _ => reach.covers(as_store(place.id)),
    })
}

/// The places with which whoever asks has to do, as a query takes them: `None` is everywhere.
pub(crate) fn seen(scope: &Scope) -> Result<Option<Vec<Uuid>>, Fault> {
    if Rights::of(scope)?.supplies {
        return Ok(None);
    }
    let permissions = [Permission::MoveStock, Permission::ReceiveGoods, Permission::DecideProposals];
    let reaches = permissions.into_iter().filter_map(|permission| scope.reach_filter(permission).ok());
    Ok(reaches.into_iter().try_fold(Vec::new(), |mut all, reach| {
        all.extend(reach?);
        Some(all)
    }))
}
