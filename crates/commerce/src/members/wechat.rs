//! WeChat: logging in through it, and which accounts there open a member's.
//!
//! A mini-program sends the code that it was given. A browser is sent to WeChat with a state that comes back once, to
//! the session it was given to, so that nobody can have another logged in or linked as themselves. Who is not known
//! yet shows a number first: every member has one.

use chrono::Duration;
use domain::{
    Fault, MemberId,
    members::{LinkWeChat, LogInWithWeChat, MemberView, MergeOffer, ProgramKind, Proof, WeChatApp, WeChatLinked},
};
use partners::wechat_log_in::{AppKind, Browser, Identity, LogInFailure, WeChatLogIn};
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

use super::{
    log_in::{LoggedIn, enter, phone_of},
    merge, proof,
};
use crate::{
    Scope,
    database::OrFault,
    devices, limits,
    sessions::{self, Token, hash_of},
};

/// How long somebody may take at WeChat, and then to show a number.
pub const MINUTES: i64 = 10;
/// Where WeChat sends browsers back to, below our address.
pub const BACK: &str = "/login/wechat";

/// Who came.
pub enum Came {
    /// A member, who is logged in.
    In(LoggedIn),
    /// Somebody who must show a number; the secret of their arrival goes into that log-in.
    New(Token),
}

/// What came of a browser that is back from WeChat.
pub enum Back {
    /// Somebody came in, and wanted to go there.
    Came(Came, String),
    /// A member's WeChat account was linked, or opens another account.
    Linked(Option<MergeOffer>),
}

/// Whether this browser can log in through WeChat.
pub fn is_offered(scope: &Scope) -> bool {
    scope.house.partners.wechat_log_in.as_ref().is_some_and(|client| client.offers(browser(scope).app()))
}

fn browser(scope: &Scope) -> Browser {
    if scope.agent.contains("MicroMessenger") { Browser::WeChat } else { Browser::Other }
}

fn client(scope: &Scope) -> Result<&WeChatLogIn, Fault> {
    scope.house.partners.wechat_log_in.as_ref().ok_or(Fault::NotFound("微信登录，请用手机号登录"))
}

/// What a failure at WeChat means to whoever tries.
fn fault_of(failure: LogInFailure) -> Fault {
    match failure {
        LogInFailure::BadCode { .. } => Fault::conflict("wechat_code", "这次微信登录已失效，请重新发起"),
        LogInFailure::Snapshot => Fault::conflict("wechat_snapshot", "请先点页面右下角的“使用完整服务”，再用微信登录"),
        LogInFailure::NotOffered(_) => Fault::NotFound("这种微信登录，请用手机号登录"),
        other => Fault::Upstream { who: "微信", hidden: other.to_string() },
    }
}

async fn count(scope: &Scope) -> Result<(), Fault> {
    let most = scope.house.settings.log_ins_in_ten_minutes;
    limits::count(scope, &format!("wechat-from:{}", scope.address), most, Duration::minutes(10)).await
}

/// Logs in with what a mini-program was given.
///
/// Faults: `Invalid` beside `app`; `NotFound` where it is not configured; `Conflict` (`wechat_code`); `Upstream`;
/// `TooMany`.
pub async fn log_in(scope: &Scope, command: LogInWithWeChat) -> Result<Came, Fault> {
    devices::check(command.device.as_deref())?;
    if command.app != WeChatApp::MiniProgram {
        return Err(Fault::invalid("app", "程序只能用 mini_program 登录"));
    }
    count(scope).await?;
    let identity = client(scope)?.mini_program(&command.code).await.map_err(fault_of)?;
    come(scope, &identity, command.device.as_deref()).await
}

/// Begins a visitor's log-in through WeChat: the address to send the browser to.
///
/// Faults: `Unauthenticated` without a session; `NotFound` where it is not configured; `Conflict` (`logged_in`);
/// `TooMany`.
pub async fn sign_in(scope: &Scope, back_to: &str) -> Result<String, Fault> {
    // A member's state links, and that wants a proof.
    if scope.member().is_ok() {
        return Err(Fault::conflict("logged_in", "您已登录；要绑定微信，请到“我的 · 账号与安全”"));
    }
    count(scope).await?;
    let mut tx = scope.house_begin().await?;
    let url = send(&mut tx, scope, back_to).await?;
    tx.commit().await.or_fault()?;
    Ok(url)
}

/// Begins to link a WeChat account to the member who asks: the address to send the browser to.
///
/// Faults: those of a proof; `NotFound` where it is not configured; `TooMany`.
pub async fn begin_link(scope: &Scope, proof: &Proof) -> Result<String, Fault> {
    count(scope).await?;
    client(scope)?;
    let mut proved = proof::begin(scope, proof, None).await?;
    let url = send(&mut proved.tx, scope, "").await?;
    proved.tx.commit().await.or_fault()?;
    Ok(url)
}

async fn send(tx: &mut PgConnection, scope: &Scope, back_to: &str) -> Result<String, Fault> {
    let session = scope.token_hash.as_ref().ok_or(Fault::Unauthenticated)?;
    let state = Token::new();
    let redirect_uri = format!("{}{BACK}", scope.house.settings.public_url);
    let url = client(scope)?.sign_in_url(browser(scope), &redirect_uri, state.secret());
    let url = url.ok_or(Fault::NotFound("这种微信登录，请用手机号登录"))?;
    sqlx::query!(
        "insert into wechat_states (state_hash, session_hash, back_to, expires_at) values ($1, $2, $3, $4)",
        hash_of(state.secret()),
        session,
        back_to,
        scope.now + Duration::minutes(MINUTES),
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(url)
}

/// A browser is back from WeChat. A state is good once, and only for the session it was given to: a visitor's logs
/// in, a member's, who has shown that it is them before they left, links.
///
/// Faults: `Conflict` (`wechat_state`, `wechat_refused`, `wechat_code`, `wechat_snapshot`); `Upstream`; `TooMany`.
pub async fn come_back(scope: &Scope, code: Option<&str>, state: &str, device: Option<&str>) -> Result<Back, Fault> {
    count(scope).await?;
    let back_to = sqlx::query_scalar!(
        "delete from wechat_states where state_hash = $1 and session_hash = $2 and expires_at > $3 returning back_to",
        hash_of(state),
        scope.token_hash,
        scope.now,
    )
    .fetch_optional(&scope.house.pool)
    .await
    .or_fault()?
    .ok_or_else(|| Fault::conflict("wechat_state", "这次微信登录已失效，请重新发起"))?;
    let code = code.ok_or_else(|| Fault::conflict("wechat_refused", "您取消了微信登录，可以用手机号登录"))?;
    let identity = client(scope)?.web(browser(scope), code).await.map_err(fault_of)?;
    match scope.member() {
        Ok(me) => Ok(Back::Linked(link_to(scope.house_begin().await?, scope, &identity, me).await?)),
        Err(_) => Ok(Back::Came(come(scope, &identity, device).await?, back_to)),
    }
}

/// Links what a mini-program was given to the member who asks.
///
/// Faults: those of a proof; `NotFound` where it is not configured; `Conflict` (`wechat_code`); `Upstream`; `TooMany`.
pub async fn link(scope: &Scope, command: LinkWeChat) -> Result<WeChatLinked, Fault> {
    scope.member()?;
    count(scope).await?;
    client(scope)?;
    let proved = proof::begin(scope, &command.proof, None).await?;
    let me = MemberId(proved.id);
    // Nothing waits for WeChat with a lock in its hand; a code by SMS is used up all the same.
    proved.tx.commit().await.or_fault()?;
    let identity = client(scope)?.mini_program(&command.code).await.map_err(fault_of)?;
    let merge = link_to(scope.house_begin().await?, scope, &identity, me).await?;
    Ok(WeChatLinked { merge })
}

/// Takes every WeChat account off the member who asks. Their number remains, so this is never the last way in.
///
/// Faults: those of a proof.
pub async fn unlink(scope: &Scope, proof: &Proof) -> Result<(), Fault> {
    let mut proved = proof::begin(scope, proof, None).await?;
    sqlx::query!("delete from wechat_identities where member_id = $1", proved.id)
        .execute(&mut *proved.tx)
        .await
        .or_fault()?;
    proved.tx.commit().await.or_fault()
}

/// Logs in whom WeChat named, or keeps them until they have shown a number.
async fn come(scope: &Scope, identity: &Identity, device: Option<&str>) -> Result<Came, Fault> {
    let mut tx = scope.house_begin().await?;
    lock(&mut tx, identity).await?;
    let Some(member) = owner(&mut tx, identity).await? else {
        return arrive(tx, scope, identity).await.map(Came::New);
    };
    remember(&mut tx, scope, identity, member.id.0).await?;
    enter(tx, scope, member, device, program(identity.app)).await.map(Came::In)
}

/// One at a time for a person at WeChat, through whichever app they come: two first arrivals must not become two
/// members' accounts.
async fn lock(tx: &mut PgConnection, identity: &Identity) -> Result<(), Fault> {
    let alone = || format!("{}:{}", identity.app_id, identity.open_id);
    let person = identity.union_id.clone().unwrap_or_else(alone);
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 22))", person).fetch_one(tx).await.or_fault()?;
    Ok(())
}

/// Whose account this person at WeChat opens, by the app's own id first. Nobody merges or erases it before the
/// transaction ends.
async fn owner(tx: &mut PgConnection, identity: &Identity) -> Result<Option<MemberView>, Fault> {
    let row = sqlx::query!(
        r#"select m.id, m.phone as "phone!", m.name, m.joined_at
           from members m
           where m.phone is not null and m.id = (
               select w.member_id from wechat_identities w
               where (w.app_id = $1 and w.open_id = $2) or w.union_id = $3
               order by (w.app_id = $1 and w.open_id = $2) desc, w.linked_at limit 1
           )
           for key share"#,
        identity.app_id,
        identity.open_id,
        identity.union_id,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?;
    row.map(|row| {
        let phone = phone_of(&row.phone)?;
        Ok(MemberView { id: MemberId(row.id), phone, name: row.name, joined_at: row.joined_at })
    })
    .transpose()
}

/// Keeps that this person opens the member's account; what was not known of them before is added.
async fn remember(tx: &mut PgConnection, scope: &Scope, identity: &Identity, member: Uuid) -> Result<(), Fault> {
    sqlx::query!(
        "insert into wechat_identities (app_id, open_id, app, union_id, member_id, linked_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (app_id, open_id) do update set union_id = excluded.union_id
         where wechat_identities.union_id is distinct from excluded.union_id and excluded.union_id is not null",
        identity.app_id,
        identity.open_id,
        word(identity.app).code(),
        identity.union_id,
        member,
        scope.now,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

fn word(app: AppKind) -> WeChatApp {
    match app {
        AppKind::MiniProgram => WeChatApp::MiniProgram,
        AppKind::OfficialAccount => WeChatApp::OfficialAccount,
        AppKind::Website => WeChatApp::Website,
    }
}

/// What kind of program WeChat named somebody to; a browser is none.
pub(super) fn program(app: AppKind) -> Option<ProgramKind> {
    (app == AppKind::MiniProgram).then_some(ProgramKind::MiniProgram)
}

async fn arrive(mut tx: Transaction<'static, Postgres>, scope: &Scope, identity: &Identity) -> Result<Token, Fault> {
    let token = Token::new();
    sqlx::query!(
        "insert into wechat_arrivals (token_hash, app_id, open_id, app, union_id, expires_at) values ($1, $2, $3, $4, $5, $6)",
        hash_of(token.secret()),
        identity.app_id,
        identity.open_id,
        word(identity.app).code(),
        identity.union_id,
        scope.now + Duration::minutes(MINUTES),
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    tx.commit().await.or_fault()?;
    Ok(token)
}

/// Whom WeChat named before, once.
///
/// Faults: `Invalid` beside `arrival`.
pub(super) async fn take_arrival(tx: &mut PgConnection, scope: &Scope, arrival: &str) -> Result<Identity, Fault> {
    let row = sqlx::query!(
        "delete from wechat_arrivals where token_hash = $1 and expires_at > $2 returning app_id, open_id, app, union_id",
        hash_of(arrival),
        scope.now,
    )
    .fetch_optional(tx)
    .await
    .or_fault()?
    .ok_or_else(|| Fault::invalid("arrival", "微信登录已失效，请重新用微信登录，或直接用手机号登录"))?;
    let app = match WeChatApp::from_code(&row.app) {
        Some(WeChatApp::MiniProgram) => AppKind::MiniProgram,
        Some(WeChatApp::OfficialAccount) => AppKind::OfficialAccount,
        Some(WeChatApp::Website) => AppKind::Website,
        None => return Err(Fault::Internal(format!("app {}", row.app))),
    };
    Ok(Identity { app, app_id: row.app_id, open_id: row.open_id, union_id: row.union_id })
}

/// Links whom WeChat named to a member who is about to come in.
///
/// Faults: `Conflict` (`wechat_taken`) where somebody else linked them meanwhile.
pub(super) async fn link_or_refuse(
    tx: &mut PgConnection,
    scope: &Scope,
    identity: &Identity,
    member: MemberId,
) -> Result<(), Fault> {
    lock(tx, identity).await?;
    match owner(tx, identity).await? {
        Some(other) if other.id != member => {
            Err(Fault::conflict("wechat_taken", "这个微信刚刚绑定了另一个账号，请重新用微信登录"))
        }
        _ => remember(tx, scope, identity, member.0).await,
    }
}

/// Links to a member who is logged in; where the person opens another account, answers an offer to merge the two.
async fn link_to(
    mut tx: Transaction<'static, Postgres>,
    scope: &Scope,
    identity: &Identity,
    me: MemberId,
) -> Result<Option<MergeOffer>, Fault> {
    lock(&mut tx, identity).await?;
    let other = owner(&mut tx, identity).await?.filter(|other| other.id != me);
    sqlx::query!("select id from members where id = $1 and phone is not null for no key update", me.0)
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?
        .ok_or(Fault::Unauthenticated)?;
    sessions::must_live(&mut tx, scope).await?;
    if let Some(other) = other {
        return merge::make_offer(tx, scope, me.0, other.id.0, false).await.map(Some);
    }
    remember(&mut tx, scope, identity, me.0).await?;
    tx.commit().await.or_fault()?;
    Ok(None)
}

/// Forgets who did not come on.
pub(super) async fn sweep(scope: &Scope) -> Result<(), Fault> {
    sqlx::query!("delete from wechat_arrivals where expires_at < $1", scope.now)
        .execute(&scope.house.pool)
        .await
        .or_fault()?;
    sqlx::query!("delete from wechat_states where expires_at < $1", scope.now)
        .execute(&scope.house.pool)
        .await
        .or_fault()?;
    Ok(())
}
