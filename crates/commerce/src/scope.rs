//! Who asks, over which face, when, and how far their grants reach.

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, Utc};
use domain::{
    CartId, Fault, MemberId, StaffId, StoreId,
    orders::Channel,
    staff::{Column, Grant, Permission, Reach, Sight, reach_of},
};
use sqlx::{AssertSqlSafe, PgPool, Postgres, Transaction};
use uuid::Uuid;

use crate::{House, database::OrFault};

/// A person of staff with their grants.
#[derive(Clone, Debug)]
pub struct StaffMember {
    /// Their identity.
    pub id: StaffId,
    /// What they are called.
    pub name: String,
    /// What they may do, and where; nothing while their password must be changed or a second step set up.
    pub grants: Vec<Grant>,
    /// Whether somebody else knows their password, so that it must be changed first.
    pub must_change_password: bool,
    /// Whether they must have a second step of the log-in, and have none yet.
    pub must_set_up_second_step: bool,
}

/// A partner's program, known by its key.
#[derive(Clone, Debug)]
pub struct Partner {
    /// The key's identity.
    pub id: Uuid,
    /// Whose it is.
    pub name: String,
    /// What it may do.
    pub permissions: Vec<Permission>,
    /// At which stores and warehouses.
    pub reach: Reach,
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
    /// A partner's program.
    Partner(Arc<Partner>),
    /// The server itself: a job, a callback, a command.
    System,
}

/// The identity of whoever asks, in the column of its kind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Actor {
    pub member: Option<Uuid>,
    pub staff: Option<Uuid>,
    /// A program's key.
    pub key: Option<Uuid>,
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
    /// What the browser or program calls itself, for the list of sessions.
    pub agent: Arc<str>,
    pub(crate) cart: Option<CartId>,
    pub(crate) token_hash: Option<Vec<u8>>,
    /// Whose password was right, where the code is still to come. Nobody is known yet.
    pub(crate) awaits_code_of: Option<StaffId>,
}

/// What somebody is told whose password somebody else knows.
pub(crate) fn password_must_change() -> Fault {
    Fault::conflict("password_must_change", "请先修改初始密码，之后就可以使用")
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
            agent: "".into(),
            cart: None,
            token_hash: None,
            awaits_code_of: None,
        }
    }

    /// What the use case stands on.
    pub fn house(&self) -> &House {
        &self.house
    }

    /// For what is not fenced: goods, stores, limits, messages. Of what belongs to stores and members nothing is
    /// seen here but by the server itself; see migration 0020.
    pub(crate) fn pool(&self) -> &PgPool {
        match self.who {
            Who::System => &self.house.pool,
            _ => &self.house.people,
        }
    }

    /// A transaction behind the second fence: it sees and changes only what concerns whoever asks.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Postgres>, Fault> {
        if matches!(self.who, Who::System) {
            return self.house_begin().await;
        }
        // Only identities that have been parsed stand in it.
        self.house.people.begin_with(AssertSqlSafe(self.introduction())).await.or_fault()
    }

    /// [`Scope::begin`] for statements whose filters may each be left out: every one is planned for what it is asked.
    /// Planned once for all cases, the list of a store's orders reads everybody's (102 ms in place of 2 for 73,000
    /// orders, docs/performance.md).
    pub(crate) async fn begin_search(&self) -> Result<Transaction<'static, Postgres>, Fault> {
        if matches!(self.who, Who::System) {
            return self.house_begin().await;
        }
        let begin = format!("{}; set local plan_cache_mode = force_custom_plan", self.introduction());
        // As in `begin`.
        self.house.people.begin_with(AssertSqlSafe(begin)).await.or_fault()
    }

    /// A transaction of the server itself: for finding out who asks, and for what must reach beyond them.
    pub(crate) async fn house_begin(&self) -> Result<Transaction<'static, Postgres>, Fault> {
        self.house.pool.begin().await.or_fault()
    }

    /// Begins a transaction that says who asks, in one message.
    fn introduction(&self) -> String {
        let Actor { member, staff, key } = self.actor();
        let text = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
        format!(
            "begin; set local mendian.member = '{}'; set local mendian.staff = '{}'; set local mendian.key = '{}';
             set local mendian.cart = '{}'; set local mendian.stores = '{}'",
            text(member),
            text(staff),
            text(key),
            text(self.cart.map(|cart| cart.0)),
            self.stores(),
        )
    }

    /// All stores that any grant of whoever asks reaches, and a key's warehouses, as PostgreSQL writes them down.
    fn stores(&self) -> String {
        let reaches: Vec<&Reach> = match &self.who {
            Who::Staff(person) => person.grants.iter().map(|grant| &grant.reach).collect(),
            Who::Partner(program) => vec![&program.reach],
            Who::Visitor | Who::Member(_) | Who::System => return String::new(),
        };
        let mut stores = BTreeSet::new();
        for reach in reaches {
            match reach {
                Reach::All => return "*".into(),
                Reach::Stores(some) => stores.extend(some.iter().map(|store| store.0)),
            }
        }
        format!("{{{}}}", stores.iter().map(Uuid::to_string).collect::<Vec<_>>().join(","))
    }

    /// The member who asks, as a query takes them.
    pub(crate) fn own_filter(&self) -> Result<Option<Uuid>, Fault> {
        let member = self.member()?;
        Ok(self.has_first_fence().then_some(member.0))
    }

    fn has_first_fence(&self) -> bool {
        !(cfg!(debug_assertions) && self.house.settings.without_first_fence)
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

    /// The person of staff who asks, for what stays with people whatever a key may do.
    ///
    /// Faults: `Unauthenticated`; `PeopleOnly` for a program.
    pub fn person(&self) -> Result<&StaffMember, Fault> {
        match self.who {
            Who::Partner(_) => Err(Fault::PeopleOnly),
            _ => self.staff(),
        }
    }

    /// How far the `permission` of this person or program reaches.
    ///
    /// Faults: `Unauthenticated`; `Forbidden`; `Conflict` (`password_must_change`, `second_step_needed`).
    pub fn reach(&self, permission: Permission) -> Result<Reach, Fault> {
        let reach = match &self.who {
            Who::Staff(person) if person.must_change_password => {
                return Err(password_must_change());
            }
            Who::Staff(person) if person.must_set_up_second_step => {
                return Err(Fault::conflict("second_step_needed", "请先设置两步验证，之后就可以使用"));
            }
            Who::Staff(person) => reach_of(&person.grants, permission),
            Who::Partner(program) => program.permissions.contains(&permission).then(|| program.reach.clone()),
            Who::Visitor | Who::Member(_) | Who::System => return Err(Fault::Unauthenticated),
        };
        reach.ok_or(Fault::Forbidden)
    }

    /// The person of staff who asks, where their `permission` reaches every store: what may concern any
    /// store is not for those who answer for some.
    ///
    /// Faults: those of [`Scope::reach`]; `PeopleOnly` for a program that may do it.
    pub fn staff_everywhere(&self, permission: Permission) -> Result<&StaffMember, Fault> {
        match self.reach(permission)? {
            Reach::All => self.person(),
            Reach::Stores(_) => Err(Fault::Forbidden),
        }
    }

    /// Whether this person has `permission` anywhere.
    pub fn may(&self, permission: Permission) -> bool {
        self.reach(permission).is_ok()
    }

    /// Whether this person or program may do it at this store.
    pub fn may_at(&self, permission: Permission, store: StoreId) -> bool {
        self.reach(permission).is_ok_and(|reach| reach.covers(store))
    }

    /// How this person or program sees a column that not everybody sees whole.
    pub(crate) fn sight(&self, column: Column) -> Sight {
        Sight::new(column, self.reach(column.needs()).ok())
    }

    /// The reach as a query takes it: `None` is every store.
    pub(crate) fn reach_filter(&self, permission: Permission) -> Result<Option<Vec<Uuid>>, Fault> {
        Ok(match self.reach(permission)? {
            Reach::All => None,
            Reach::Stores(_) if !self.has_first_fence() => None,
            Reach::Stores(stores) => Some(stores.into_iter().map(|StoreId(id)| id).collect()),
        })
    }

    /// Who asks, as steps and the audit record it.
    pub(crate) fn actor(&self) -> Actor {
        match &self.who {
            Who::Member(id) => Actor { member: Some(id.0), ..Actor::default() },
            Who::Staff(person) => Actor { staff: Some(person.id.0), ..Actor::default() },
            Who::Partner(program) => Actor { key: Some(program.id), ..Actor::default() },
            Who::Visitor | Who::System => Actor::default(),
        }
    }

    pub(crate) fn actor_id(&self) -> Option<Uuid> {
        let Actor { member, staff, key } = self.actor();
        member.or(staff).or(key)
    }

    /// Whether a log-in of staff has only its second step to come.
    pub fn awaits_code(&self) -> bool {
        self.awaits_code_of.is_some()
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
