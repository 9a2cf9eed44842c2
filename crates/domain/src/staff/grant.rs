//! A role within a reach.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Permission, Role};
use crate::{StaffId, StoreId};

/// Where a grant applies, as it was given.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema), schema(as = GrantPlace))]
pub enum Place {
    /// Every store, also those to come.
    Everywhere,
    /// A region with all below it, also stores to come.
    Region {
        /// By GB/T 2260: `310000`.
        code: String,
    },
    /// A group of stores, as it is put together at the time.
    Group {
        /// Which group.
        id: Uuid,
    },
    /// A merchant: all its stores at the time.
    Merchant {
        /// Which merchant.
        id: Uuid,
    },
    /// One store.
    Store {
        /// Which store.
        id: StoreId,
    },
}

/// The stores that a grant reaches at this moment: regions, groups and merchants are resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every store, also those to come.
    All,
    /// These stores; of a partner's key also these warehouses, whose ids no store has.
    Stores(Vec<StoreId>),
}

impl Reach {
    /// Whether the store is within.
    pub fn covers(&self, store: StoreId) -> bool {
        match self {
            Self::All => true,
            Self::Stores(stores) => stores.contains(&store),
        }
    }
}

/// A role within a reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The role as people read it.
    pub role: String,
    /// What the role allows.
    pub permissions: Vec<Permission>,
    /// Where, as it was given.
    pub place: Place,
    /// Where, at this moment.
    pub reach: Reach,
    /// From when on it does not apply any more.
    pub ends_at: Option<DateTime<Utc>>,
    /// In whose place it is used, where somebody else's is lent for some days. Nobody gives what is lent to them.
    pub in_place_of: Option<StaffId>,
}

impl Grant {
    /// A role that is there from the first day, for good.
    pub fn of(role: Role, place: Place, reach: Reach) -> Self {
        let permissions = role.permissions().to_vec();
        Self { role: role.label().to_owned(), permissions, place, reach, ends_at: None, in_place_of: None }
    }

    /// Whether it lasts as long as something that ends then, or never.
    fn lasts_until(&self, end: Option<DateTime<Utc>>) -> bool {
        self.ends_at.is_none_or(|ends_at| end.is_some_and(|end| end <= ends_at))
    }

    /// Whether it applies wherever a grant at `place` would, also at stores to come. `above`: the codes of the
    /// region of `place` and of all regions above it.
    fn covers(&self, place: &Place, above: &[String]) -> bool {
        match (&self.place, place) {
            (Place::Everywhere, _) => true,
            (_, Place::Store { id }) => self.reach.covers(*id),
            (Place::Region { code }, Place::Region { .. }) => above.contains(code),
            (Place::Group { id }, Place::Group { id: other }) => id == other,
            (Place::Merchant { id }, Place::Merchant { id: other }) => id == other,
            _ => false,
        }
    }
}

/// How far `permission` reaches over all `grants`; `None` where none gives it.
pub fn reach_of(grants: &[Grant], permission: Permission) -> Option<Reach> {
    let mut stores: Option<Vec<StoreId>> = None;
    for grant in grants.iter().filter(|grant| grant.permissions.contains(&permission)) {
        match &grant.reach {
            Reach::All => return Some(Reach::All),
            Reach::Stores(more) => stores.get_or_insert_default().extend(more),
        }
    }
    stores.map(|mut stores| {
        stores.sort();
        stores.dedup();
        Reach::Stores(stores)
    })
}

/// What somebody is to be given.
#[derive(Clone, Copy, Debug)]
pub struct Gift<'a> {
    /// What it allows.
    pub permissions: &'a [Permission],
    /// Where.
    pub place: &'a Place,
    /// The codes of the region of `place` and of all regions above it.
    pub above: &'a [String],
    /// When it ends; for good where nothing stands here.
    pub ends_at: Option<DateTime<Utc>>,
}

/// The permissions of a gift that whoever holds these grants may not give. They must manage staff there; and
/// beyond the work of a store, which managers give without doing it, nobody makes another more powerful, or
/// for longer, than they are themselves.
pub fn not_theirs_to_give(held: &[Grant], gift: Gift<'_>) -> Vec<Permission> {
    let there = |one: Permission| {
        let theirs = held.iter().filter(move |grant| grant.in_place_of.is_none() && grant.permissions.contains(&one));
        theirs.filter(move |grant| grant.covers(gift.place, gift.above))
    };
    let manages = there(Permission::ManageStaff).next().is_some();
    let has = |one: Permission| there(one).any(|grant| grant.lasts_until(gift.ends_at));
    gift.permissions.iter().copied().filter(|one| !manages || !(one.is_store_work() || has(*one))).collect()
}

/// A grant as those who manage staff see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct GrantView {
    /// Its identity.
    pub id: Uuid,
    /// The role, for people.
    pub role: String,
    /// What the role allows.
    pub permissions: Vec<Permission>,
    /// Where.
    pub place: Place,
    /// Where, for people: `全部门店`, `上海市`.
    pub place_name: String,
    /// How many stores that is at this moment; nothing for all of them.
    pub stores: Option<usize>,
    /// From when on it does not apply any more.
    pub ends_at: Option<DateTime<Utc>>,
    /// When it was given.
    pub given_at: DateTime<Utc>,
    /// By whom; nothing where the first accounts were made.
    pub given_by: Option<String>,
}

/// A permission of a person, and the grants it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Right {
    /// What may be done.
    pub permission: Permission,
    /// The grants that give it.
    pub grants: Vec<Uuid>,
    /// Whether it can be used: some permissions need a grant that reaches every store.
    pub works: bool,
}

/// What these grants come to: every permission with the grants it comes from. One that nothing gives has none.
pub fn rights_of(grants: &[GrantView]) -> Vec<Right> {
    Permission::ALL
        .iter()
        .map(|permission| {
            let giving: Vec<&GrantView> =
                grants.iter().filter(|grant| grant.permissions.contains(permission)).collect();
            let everywhere = giving.iter().any(|grant| grant.place == Place::Everywhere);
            Right {
                permission: *permission,
                grants: giving.iter().map(|grant| grant.id).collect(),
                works: !giving.is_empty() && (everywhere || !permission.needs_everywhere()),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(number: u128) -> StoreId {
        StoreId(Uuid::from_u128(number))
    }

    fn at_stores(role: Role, stores: &[u128]) -> Grant {
        let stores: Vec<StoreId> = stores.iter().map(|number| store(*number)).collect();
        Grant::of(role, Place::Store { id: stores[0] }, Reach::Stores(stores))
    }

    fn in_region(role: Role, code: &str) -> Grant {
        Grant::of(role, Place::Region { code: code.into() }, Reach::Stores(vec![store(1)]))
    }

    #[test]
    fn a_permission_reaches_only_as_far_as_the_grants_that_give_it() {
        let grants = [at_stores(Role::Clerk, &[1, 2]), at_stores(Role::StoreManager, &[2])];
        assert_eq!(reach_of(&grants, Permission::RejectOrders), Some(Reach::Stores(vec![store(2)])));
        assert_eq!(reach_of(&grants, Permission::FulfilOrders), Some(Reach::Stores(vec![store(1), store(2)])));
        assert_eq!(reach_of(&grants, Permission::UseHq), None);
    }

    #[test]
    fn nobody_makes_another_more_powerful_than_they_are_there_themselves() {
        let held = [in_region(Role::RegionalManager, "310000"), at_stores(Role::StoreManager, &[7])];
        let lacking = |role: Role, place: Place, above: &[&str]| {
            let above: Vec<String> = above.iter().map(|code| (*code).to_owned()).collect();
            let permissions = role.permissions();
            not_theirs_to_give(&held, Gift { permissions, place: &place, above: &above, ends_at: None })
        };
        let at = |number| Place::Store { id: store(number) };
        assert_eq!(lacking(Role::Clerk, at(1), &[]), [], "a regional manager fulfils nothing, and staffs the stores");
        assert_eq!(lacking(Role::MarketingDepartment, at(1), &[]), []);
        assert_eq!(
            lacking(Role::FinanceDepartment, at(1), &[]),
            [Permission::RefundOrders, Permission::PaySuppliers, Permission::SeeCosts],
            "who pays back and pays suppliers, and what goods cost, is for head office to say"
        );
        assert_eq!(
            lacking(Role::GoodsDepartment, at(1), &[]),
            [
                Permission::ManageImports,
                Permission::ManageSupply,
                Permission::ManagePurchasing,
                Permission::ManageFreight,
                Permission::SeeCosts
            ]
        );
        assert_eq!(lacking(Role::Clerk, at(7), &[]), Role::Clerk.permissions(), "a store's manager manages no staff");
        let district = Place::Region { code: "310100".into() };
        assert_eq!(lacking(Role::RegionalManager, district.clone(), &["310100", "310000", "100000"]), []);
        let other = Place::Region { code: "330000".into() };
        let whole = Role::RegionalManager.permissions();
        assert_eq!(lacking(Role::RegionalManager, other, &["330000", "100000"]), whole);
        assert_eq!(lacking(Role::RegionalManager, Place::Everywhere, &[]), whole);
        let all = [Grant::of(Role::SuperAdmin, Place::Everywhere, Reach::All)];
        let everything = Gift { permissions: Permission::ALL, place: &district, above: &[], ends_at: None };
        assert_eq!(not_theirs_to_give(&all, everything), []);
    }

    #[test]
    fn all_stores_of_a_region_are_less_than_the_region() {
        let held = [at_stores(Role::RegionalManager, &[1, 2, 3])];
        let region = Place::Region { code: "310000".into() };
        let (permissions, above) = (&[Permission::ReadOrders], &["310000".to_owned()]);
        assert!(!not_theirs_to_give(&held, Gift { permissions, place: &region, above, ends_at: None }).is_empty());
    }

    #[test]
    fn a_merchants_owner_staffs_the_merchant_and_nothing_beside_it() {
        let merchant = |number| Place::Merchant { id: Uuid::from_u128(number) };
        let held = [Grant::of(Role::MerchantOwner, merchant(1), Reach::Stores(vec![store(1), store(2)]))];
        let lacking = |role: Role, place: Place| {
            not_theirs_to_give(
                &held,
                Gift { permissions: role.permissions(), place: &place, above: &[], ends_at: None },
            )
        };
        assert_eq!(lacking(Role::MerchantOwner, merchant(1)), []);
        assert_eq!(lacking(Role::MerchantStaff, Place::Store { id: store(2) }), []);
        let above = [Permission::ManageOrders, Permission::ArbitrateReturns, Permission::DecideProposals];
        assert_eq!(lacking(Role::RegionalManager, merchant(1)), above);
        let all = Role::MerchantStaff.permissions();
        for beside in [merchant(2), Place::Store { id: store(3) }, Place::Group { id: Uuid::from_u128(1) }] {
            assert_eq!(lacking(Role::MerchantStaff, beside), all);
        }
    }

    #[test]
    fn who_manages_for_a_time_gives_management_for_no_longer() {
        let day = |days| Some(DateTime::UNIX_EPOCH + chrono::Duration::days(days));
        let held = [Grant { ends_at: day(9), ..in_region(Role::RegionalManager, "310000") }];
        let (place, above) = (Place::Region { code: "310000".into() }, ["310000".to_owned()]);
        let lacking = |role: Role, ends_at| {
            not_theirs_to_give(&held, Gift { permissions: role.permissions(), place: &place, above: &above, ends_at })
        };
        assert_eq!(lacking(Role::RegionalManager, day(9)), []);
        assert_eq!(lacking(Role::RegionalManager, day(10)).len(), 6);
        assert_eq!(lacking(Role::RegionalManager, None).len(), 6);
        assert_eq!(lacking(Role::StoreManager, None), [], "a store is staffed for good by a stand-in too");
    }

    #[test]
    fn what_is_lent_for_some_days_is_not_given_on() {
        let lent = Grant { in_place_of: Some(StaffId(Uuid::nil())), ..in_region(Role::RegionalManager, "310000") };
        let (place, above) = (Place::Region { code: "310000".into() }, ["310000".to_owned()]);
        let gift = Gift { permissions: &[Permission::DecideProposals], place: &place, above: &above, ends_at: None };
        assert_eq!(not_theirs_to_give(&[lent], gift), [Permission::DecideProposals]);
    }

    #[test]
    fn a_right_is_explained_by_the_grants_it_comes_from() {
        let view = |number: u128, role: Role, place: Place| GrantView {
            id: Uuid::from_u128(number),
            role: role.label().into(),
            permissions: role.permissions().to_vec(),
            place,
            place_name: String::new(),
            stores: None,
            ends_at: None,
            given_at: DateTime::UNIX_EPOCH,
            given_by: None,
        };
        let grants = [
            view(1, Role::Clerk, Place::Store { id: store(1) }),
            view(2, Role::StoreManager, Place::Store { id: store(2) }),
            view(3, Role::GoodsDepartment, Place::Region { code: "310000".into() }),
        ];
        let rights = rights_of(&grants);
        assert_eq!(rights.len(), Permission::ALL.len());
        let of = |permission| rights.iter().find(|right| right.permission == permission).unwrap();
        assert_eq!(of(Permission::FulfilOrders).grants, [Uuid::from_u128(1), Uuid::from_u128(2)]);
        assert!(!of(Permission::ManageStaff).works && of(Permission::ManageStaff).grants.is_empty());
        assert!(!of(Permission::ManageImports).works, "in a region alone it comes to nothing");
    }
}
