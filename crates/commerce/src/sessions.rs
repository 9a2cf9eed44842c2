//! Who bears a token. A session is a visitor's, a member's or a person of staff's.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Duration, Utc};
use domain::{
    CartId, Fault, MemberId, StaffId,
    members::ProgramKind,
    orders::Channel,
    sessions::SessionView,
    staff::{Permission, reach_of},
};
use rand::Rng;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{House, Scope, StaffMember, Who, database::OrFault, house::new_id, keys, together};

/// How long a shopper stays logged in.
pub const MEMBER_DAYS: i64 = 30;
/// How long staff stay logged in: one shift.
pub const STAFF_HOURS: i64 = 12;
/// How long a session of staff may rest before it is over. A board that is open asks every ten minutes.
const STAFF_IDLE: Duration = Duration::hours(2);
/// How long the second step of a log-in may take.
const CODE_WITHIN: Duration = Duration::minutes(10);
/// How exactly is kept when a session was last used, of staff and of members: every request would be a write.
const SEEN_EVERY: (Duration, Duration) = (Duration::minutes(5), Duration::hours(1));

/// The secret a session is known by: 256 bits, in hex. Only its hash is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    pub(crate) fn new() -> Self {
        let mut bytes = [0u8; 32];
        rand::rng().fill(&mut bytes);
        Self(hex::encode(bytes))
    }

    /// For the cookie or the bearer header.
    pub fn secret(&self) -> &str {
        &self.0
    }
}

/// How much of what a browser calls itself is kept, in characters.
const AGENT_MOST: usize = 300;

pub(crate) fn hash_of(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// What a request tells of itself.
#[derive(Clone, Debug)]
pub struct Request {
    /// Over which face it came.
    pub channel: Channel,
    /// When it arrived.
    pub now: DateTime<Utc>,
    /// Its id in the log.
    pub id: Arc<str>,
    /// The address it came from.
    pub address: Arc<str>,
    /// What the browser or program calls itself.
    pub agent: Arc<str>,
}

/// The scope of whoever bears `token`, a session's or, for the API, a key; a visitor's where it is absent,
/// unknown or out of time.
///
/// Faults: `TooMany` past a key's limit.
pub async fn identify(house: &House, token: Option<&str>, request: Request) -> Result<Scope, Fault> {
    let mut scope = Scope {
        house: house.clone(),
        who: Who::Visitor,
        channel: request.channel,
        now: request.now,
        request_id: request.id,
        address: request.address,
        agent: request.agent,
        cart: None,
        token_hash: None,
        awaits_code_of: None,
    };
    if let Some(key) = token.filter(|token| keys::is_key(token)) {
        if scope.channel == Channel::Api
            && let Some(program) = keys::identify(&scope, key).await?
        {
            scope.who = Who::Partner(program);
        }
        return Ok(scope);
    }
    let Some(token) = token.filter(|token| token.len() == 64) else { return Ok(scope) };
    let hash = hash_of(token);
    let found = house.sessions.ask(house, hash.clone(), find).await??;
    let rests = |session: &Session| session.staff_id.is_some() && request.now - session.seen_at > STAFF_IDLE;
    let live = |session: &Session| session.expires_at > request.now && !rests(session);
    let Some(session) = found.filter(live) else { return Ok(scope) };
    let seen_every = if session.staff_id.is_some() { SEEN_EVERY.0 } else { SEEN_EVERY.1 };
    if request.now - session.seen_at > seen_every {
        note_seen(house, &hash, request.now).await?;
    }
    scope.token_hash = Some(hash);
    if let Some(channel) = session.channel {
        scope.channel = channel;
    }
    scope.cart = session.cart_id.map(CartId);
    if let Some(member) = session.member_id {
        scope.who = Who::Member(MemberId(member));
    } else if let (Some(id), Some(name)) = (session.staff_id, session.staff_name) {
        if session.awaits_code {
            scope.awaits_code_of = Some(StaffId(id));
            return Ok(scope);
        }
        let must_change_password = session.must_change_password;
        let mut grants = if must_change_password {
            Vec::new()
        } else {
            house.authorities.of(&house.pool, id, session.authority, request.now).await?
        };
        let must_set_up_second_step = house.settings.second_step_for_hq
            && !session.has_second_step
            && reach_of(&grants, Permission::UseHq).is_some();
        if must_set_up_second_step {
            grants.clear();
        }
        let id = StaffId(id);
        let person = StaffMember { id, name, grants, must_change_password, must_set_up_second_step };
        scope.who = Who::Staff(Arc::new(person));
    }
    Ok(scope)
}

/// Where requests ask whose session a token's hash is.
pub(crate) type Desk = together::Desk<Vec<u8>, Result<Option<Session>, Fault>>;

/// A desk for sessions. One statement answers while the next one gathers.
pub(crate) fn desk() -> Desk {
    Desk::new(2, 256)
}

/// A session as it stands in the database.
#[derive(Clone)]
pub(crate) struct Session {
    expires_at: DateTime<Utc>,
    seen_at: DateTime<Utc>,
    member_id: Option<Uuid>,
    staff_id: Option<Uuid>,
    staff_name: Option<String>,
    must_change_password: bool,
    has_second_step: bool,
    awaits_code: bool,
    /// Rises with every change of what anybody of staff may do.
    authority: i64,
    cart_id: Option<Uuid>,
    /// Over what it asks, where its face does not say.
    channel: Option<Channel>,
}

/// The sessions of these hashes, in their order.
async fn find(house: House, hashes: Vec<Vec<u8>>) -> Vec<Result<Option<Session>, Fault>> {
    let found = sqlx::query!(
        r#"select s.token_hash, s.expires_at, s.seen_at, m.id as "member_id?", s.staff_id, coalesce(m.cart_id, s.cart_id) as cart_id,
                  p.name as "staff_name?", coalesce(p.must_change_password, false) as "must_change_password!",
                  p.totp_since is not null as "has_second_step!", s.awaits_code, s.channel,
                  (select sum(version)::bigint from versions where what in ('authority', 'stores')) as "authority!"
           from unnest((select $1::bytea[])) asked (token_hash)
           join sessions s on s.token_hash = asked.token_hash
           left join members m on m.id = s.member_id and m.phone is not null
           left join staff p on p.id = s.staff_id and p.active"#,
        &hashes,
    )
    .fetch_all(&house.pool)
    .await
    .or_fault();
    let rows = match found {
        Ok(rows) => rows,
        Err(fault) => return vec![Err(fault); hashes.len()],
    };
    let sessions: HashMap<Vec<u8>, Session> = rows
        .into_iter()
        .map(|row| {
            let session = Session {
                expires_at: row.expires_at,
                seen_at: row.seen_at,
                member_id: row.member_id,
                staff_id: row.staff_id,
                staff_name: row.staff_name,
                must_change_password: row.must_change_password,
                has_second_step: row.has_second_step,
                awaits_code: row.awaits_code,
                authority: row.authority,
                cart_id: row.cart_id,
                channel: row.channel.as_deref().and_then(Channel::from_code),
            };
            (row.token_hash, session)
        })
        .collect();
    hashes.iter().map(|hash| Ok(sessions.get(hash).cloned())).collect()
}

/// Notes that a session is used. The commit does not wait for the disk: a crash forgets some minutes.
async fn note_seen(house: &House, hash: &[u8], now: DateTime<Utc>) -> Result<(), Fault> {
    sqlx::query!(
        "with quick as (select set_config('synchronous_commit', 'off', true))
         update sessions set seen_at = $2 from quick where token_hash = $1",
        hash,
        now,
    )
    .execute(&house.pool)
    .await
    .or_fault()?;
    Ok(())
}

/// Gives a visitor a session with a cart, on the first thing they keep.
pub async fn welcome(scope: &Scope) -> Result<(Token, Scope), Fault> {
    let (token, cart) = (Token::new(), new_id());
    let mut tx = scope.house_begin().await?;
    sqlx::query!("insert into carts (id) values ($1)", cart).execute(&mut *tx).await.or_fault()?;
    let hash = hash_of(token.secret());
    sqlx::query!(
        "insert into sessions (token_hash, cart_id, created_at, expires_at) values ($1, $2, $3, $4)",
        hash,
        cart,
        scope.now,
        scope.now + Duration::days(MEMBER_DAYS),
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    tx.commit().await.or_fault()?;
    let mut scope = scope.clone();
    (scope.cart, scope.token_hash) = (Some(CartId(cart)), Some(hash));
    Ok((token, scope))
}

/// A new session for a member or a person of staff; the session of before ends, so that a token
/// somebody planted is never raised to a person's.
pub(crate) async fn begin(tx: &mut PgConnection, scope: &Scope, person: Person) -> Result<Token, Fault> {
    let token = Token::new();
    let (member, staff, lasts) = match person {
        Person::Member(id, _) => (Some(id.0), None, Duration::days(MEMBER_DAYS)),
        Person::Staff(id) => (None, Some(id.0), Duration::hours(STAFF_HOURS)),
        Person::StaffWithoutCode(id) => (None, Some(id.0), CODE_WITHIN),
    };
    let awaits_code = matches!(person, Person::StaffWithoutCode(_));
    let program = if let Person::Member(_, program) = person { program } else { None };
    if let Some(old) = &scope.token_hash {
        forget(tx, old).await?;
    }
    sqlx::query!(
        "insert into sessions (token_hash, member_id, staff_id, created_at, seen_at, expires_at, agent, address, awaits_code, channel)
         values ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9)",
        hash_of(token.secret()),
        member,
        staff,
        scope.now,
        scope.now + lasts,
        scope.agent.chars().take(AGENT_MOST).collect::<String>(),
        &*scope.address,
        awaits_code,
        program.map(|program| program.channel().code()),
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(token)
}

/// Whom a session is for.
pub(crate) enum Person {
    /// And on what kind of program, where that is told apart.
    Member(MemberId, Option<ProgramKind>),
    Staff(StaffId),
    /// Whose password was right and whose code is still to come.
    StaffWithoutCode(StaffId),
}

/// Ends the session that asks.
pub async fn end(scope: &Scope) -> Result<(), Fault> {
    if let Some(hash) = &scope.token_hash {
        let mut tx = scope.house_begin().await?;
        forget(&mut tx, hash).await?;
        tx.commit().await.or_fault()?;
    }
    Ok(())
}

/// Ends every session of a person of staff.
pub(crate) async fn end_all_of(tx: &mut PgConnection, staff: StaffId) -> Result<(), Fault> {
    sqlx::query!("delete from sessions where staff_id = $1", staff.0).execute(tx).await.or_fault()?;
    Ok(())
}

/// Ends every session of a member.
pub(crate) async fn end_all_of_member(tx: &mut PgConnection, member: MemberId) -> Result<(), Fault> {
    sqlx::query!("delete from sessions where member_id = $1", member.0).execute(tx).await.or_fault()?;
    Ok(())
}

/// Ends every session of a member but the one that asks.
pub(crate) async fn end_others_of_member(tx: &mut PgConnection, scope: &Scope, member: MemberId) -> Result<(), Fault> {
    sqlx::query!(
        "delete from sessions where member_id = $1 and token_hash is distinct from $2",
        member.0,
        scope.token_hash,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Refuses where the session that asks was ended meanwhile: what rests on it must not outlive it. The account is
/// locked by whoever calls, as by those who end its sessions.
///
/// Faults: `Unauthenticated`.
pub(crate) async fn must_live(tx: &mut PgConnection, scope: &Scope) -> Result<(), Fault> {
    let live = sqlx::query!("select id from sessions where token_hash = $1 for update", scope.token_hash)
        .fetch_optional(tx)
        .await
        .or_fault()?;
    live.map(drop).ok_or(Fault::Unauthenticated)
}

/// Where whoever asks is logged in, the one that asks first.
///
/// Faults: `Unauthenticated` for a visitor or a program.
pub async fn mine(scope: &Scope) -> Result<Vec<SessionView>, Fault> {
    read(scope, owner(scope)?).await
}

/// Ends one of one's own sessions; one that is over has ended already.
pub async fn end_one(scope: &Scope, id: Uuid) -> Result<(), Fault> {
    let (member, staff) = owner(scope)?;
    sqlx::query!("delete from sessions where id = $1 and (member_id = $2 or staff_id = $3)", id, member, staff,)
        .execute(&scope.house.pool)
        .await
        .or_fault()?;
    Ok(())
}

/// Ends all of one's own sessions but the one that asks.
pub async fn end_others(scope: &Scope) -> Result<(), Fault> {
    let (member, staff) = owner(scope)?;
    sqlx::query!(
        "delete from sessions where (member_id = $1 or staff_id = $2) and token_hash is distinct from $3",
        member,
        staff,
        scope.token_hash,
    )
    .execute(&scope.house.pool)
    .await
    .or_fault()?;
    Ok(())
}

/// A member or a person of staff, in the column of its kind.
type Owner = (Option<Uuid>, Option<Uuid>);

fn owner(scope: &Scope) -> Result<Owner, Fault> {
    match scope.member() {
        Ok(member) => Ok((Some(member.0), None)),
        Err(_) => Ok((None, Some(scope.staff()?.id.0))),
    }
}

/// Where somebody is logged in.
pub(crate) async fn read(scope: &Scope, (member, staff): Owner) -> Result<Vec<SessionView>, Fault> {
    let rows = sqlx::query!(
        r#"select id, agent, address, created_at, seen_at, token_hash is not distinct from $4 as "is_this!" from sessions
           where (member_id = $1 or staff_id = $2) and expires_at > $3 and not awaits_code
           order by 6 desc, seen_at desc, id"#,
        member,
        staff,
        scope.now,
        scope.token_hash,
    )
    .fetch_all(&scope.house.pool)
    .await
    .or_fault()?;
    let view = rows.into_iter().map(|row| SessionView {
        id: row.id,
        agent: row.agent,
        address: row.address,
        began_at: row.created_at,
        seen_at: row.seen_at,
        is_this: row.is_this,
    });
    Ok(view.collect())
}

/// Ends a session; a visitor's cart goes with it, for nobody else can reach it.
async fn forget(tx: &mut PgConnection, hash: &[u8]) -> Result<(), Fault> {
    sqlx::query!(
        "with gone as (delete from sessions where token_hash = $1 returning cart_id)
         delete from carts using gone where carts.id = gone.cart_id",
        hash,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Forgets sessions that are over, and the carts of visitors with them.
pub(crate) async fn sweep(scope: &Scope) -> Result<(), Fault> {
    sqlx::query!(
        "with gone as (delete from sessions where expires_at < $1 returning cart_id)
         delete from carts using gone where carts.id = gone.cart_id",
        scope.now,
    )
    .execute(&scope.house.pool)
    .await
    .or_fault()?;
    Ok(())
}
