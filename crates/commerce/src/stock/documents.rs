//! Which documents of movements whoever asks may look at.

use domain::{
    StoreId,
    staff::{Permission, Reach},
    stock_lists::DocumentKind,
    transfers::Location,
};
use uuid::Uuid;

use crate::{Scope, transfers::Rights};

/// Where whoever asks may look at which documents. Those that see movements see counts and losses there as well.
pub(super) struct Opens {
    orders: Option<Reach>,
    counter: Option<Reach>,
    /// None for a program: proposals stay with people.
    proposals: Vec<Reach>,
    goods: Option<Rights>,
    buys: bool,
    imports: bool,
}

impl Opens {
    pub fn of(scope: &Scope) -> Self {
        let reach = |permission: Permission| scope.reach(permission).ok();
        let everywhere = |permission: Permission| scope.reach(permission) == Ok(Reach::All);
        let proposals = [Permission::ProposeChanges, Permission::DecideProposals].into_iter().filter_map(reach);
        Self {
            orders: reach(Permission::ReadOrders),
            counter: reach(Permission::FulfilOrders),
            proposals: if scope.staff().is_ok() { proposals.collect() } else { Vec::new() },
            goods: Rights::of(scope).ok(),
            buys: everywhere(Permission::ManagePurchasing),
            imports: everywhere(Permission::ManageImports),
        }
    }

    /// Whether they may look at a document of this kind that moved pieces at `place`. `sold`: the stores that sold what
    /// an order or a request after the sale is about, and that took it back.
    pub fn shows(&self, kind: DocumentKind, place: &Location, sold: [Option<Uuid>; 2]) -> bool {
        let covers = |reach: &Reach, store: Uuid| reach.covers(StoreId(store));
        let goods = |has: fn(&Rights, &Location) -> bool| self.goods.as_ref().is_some_and(|rights| has(rights, place));
        match kind {
            DocumentKind::Count | DocumentKind::Loss => true,
            DocumentKind::Order | DocumentKind::AfterSales => {
                self.orders.as_ref().is_some_and(|reach| sold.into_iter().flatten().any(|store| covers(reach, store)))
            }
            DocumentKind::CounterSale => self.counter.as_ref().is_some_and(|reach| covers(reach, place.id.0)),
            DocumentKind::Proposal => self.proposals.iter().any(|reach| covers(reach, place.id.0)),
            DocumentKind::Transfer => goods(Rights::concerned_at),
            DocumentKind::Receipt => goods(Rights::books_at),
            DocumentKind::Purchase | DocumentKind::SetApart => self.buys || goods(Rights::concerned_at),
            DocumentKind::Import => self.imports,
        }
    }
}
