//! Who asks, over which face, when, and how far their grants reach.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    CartId, Fault, MemberId, StaffId, StoreId,
    orders::Channel,
    staff::{Grant, Permission, Reach, reach_of},
};
use sqlx::{PgPool, Postgres, Transaction};
use uuid::Uuid;

use crate::{House, database::OrFault};

/// A person of staff with their grants.
#[derive(Clone, Debug)]
pub struct StaffMember {
    /// Their identity.
    pub id: StaffId,
    /// What they are called.
    pub name: String,
    /// What they may do, and where.
    pub grants: Vec<Grant>,
}

/// Who asks.
#[derive(Clone, Debug)]
pub enum Who {
    /// Nobody known.
    Visitor,
    /// A shopper who is logged in.
    Member(MemberId),
    /// A person of staff.
    Staff(Arc<StaffMember>),
    /// The server itself: a job, a callback, a command.
    System,
}

/// The first argument of every use case. Only `sessions` makes one for a person.
#[derive(Clone)]
pub struct Scope {
    pub(crate) house: House,
    /// Who asks.
    pub who: Who,
    /// Over which face.
    pub channel: Channel,
    /// When: no use case reads a clock.
    pub now: DateTime<Utc>,
    /// The request, for the log and the audit.
    pub request_id: Arc<str>,
    /// The address asked from, for rate limits.
    pub address: Arc<str>,
    pub(crate) cart: Option<CartId>,
    pub(crate) token_hash: Option<Vec<u8>>,
}

impl Scope {
    /// The scope of the server itself.
    pub fn system(house: &House, now: DateTime<Utc>) -> Self {
        Self {
            house: house.clone(),
            who: Who::System,
            channel: Channel::System,
            now,
            request_id: "system".into(),
            address: "".into(),
            cart: None,
            token_hash: None,
        }
    }

    /// What the use case stands on.
    pub fn house(&self) -> &House {
        &self.house
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.house.pool
    }

    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Postgres>, Fault> {
        self.house.pool.begin().await.or_fault()
    }

    /// The member who asks.
    pub fn member(&self) -> Result<MemberId, Fault> {
        match self.who {
            Who::Member(id) => Ok(id),
            _ => Err(Fault::Unauthenticated),
        }
    }

    /// The person of staff who asks.
    pub fn staff(&self) -> Result<&StaffMember, Fault> {
        match &self.who {
            Who::Staff(person) => Ok(person),
            _ => Err(Fault::Unauthenticated),
        }
    }

    /// How far this person's `permission` reaches.
    pub fn reach(&self, permission: Permission) -> Result<Reach, Fault> {
        reach_of(&self.staff()?.grants, permission).ok_or(Fault::Forbidden)
    }

    /// Whether this person has `permission` anywhere.
    pub fn may(&self, permission: Permission) -> bool {
        self.reach(permission).is_ok()
    }

    /// The reach as a query takes it: `None` is every store.
    pub(crate) fn reach_filter(&self, permission: Permission) -> Result<Option<Vec<Uuid>>, Fault> {
        Ok(match self.reach(permission)? {
            Reach::All => None,
            Reach::Stores(stores) => Some(stores.into_iter().map(|StoreId(id)| id).collect()),
        })
    }

    /// Who asks, as movements and steps record it: the member or person of staff.
    pub(crate) fn actor(&self) -> (Option<Uuid>, Option<Uuid>) {
        match &self.who {
            Who::Member(id) => (Some(id.0), None),
            Who::Staff(person) => (None, Some(person.id.0)),
            Who::Visitor | Who::System => (None, None),
        }
    }

    pub(crate) fn actor_id(&self) -> Option<Uuid> {
        let (member, staff) = self.actor();
        member.or(staff)
    }

    /// Whether a live session was named.
    pub fn has_session(&self) -> bool {
        self.token_hash.is_some()
    }

    /// Whether this visitor or member has a cart already.
    pub fn has_cart(&self) -> bool {
        self.cart.is_some()
    }
}
