//! The ways in: a code by SMS, a password; and oneself.

use chrono::Duration;
use domain::{
    Fault, MemberId,
    members::{AccountView, LogIn, LogInWithPassword, MemberView, Phone, ProgramKind, WeChatAccount, WeChatApp},
    staff::PASSWORD_MOST,
};
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

use super::{
    codes::{self, Opens, Typed},
    devices, wechat,
};
use crate::{
    Scope, cart,
    database::OrFault,
    devices as known,
    house::new_id,
    limits, password,
    sessions::{self, Person, Token},
};

/// What a log-in answers.
pub struct LoggedIn {
    /// The new session's.
    pub token: Token,
    /// Shown at the next log-in on this device.
    pub device: String,
    /// Who it is.
    pub member: MemberView,
}

/// Logs in with the code; a number not seen before becomes a member. What a visitor put into the
/// cart comes along. Whom WeChat named before (`arrival`) is linked.
///
/// Faults: `Invalid` beside `code` or `arrival` where it is wrong, old or used; `Conflict` (`wechat_taken`);
/// `TooMany`.
pub async fn log_in(scope: &Scope, command: LogIn) -> Result<LoggedIn, Fault> {
    known::check(command.device.as_deref())?;
    let most = scope.house.settings.log_ins_in_ten_minutes;
    limits::count(scope, &format!("log-in-from:{}", scope.address), most, Duration::minutes(10)).await?;
    let typed = Typed { phone: &command.phone, opens: Opens::LogIn, code: &command.code, field: "code" };
    let mut tx = codes::take(scope.house_begin().await?, scope, vec![typed]).await?;
    let named = match &command.arrival {
        Some(arrival) => Some(wechat::take_arrival(&mut tx, scope, arrival).await?),
        None => None,
    };
    let member = join(&mut tx, scope, &command.phone).await?;
    let mut program = command.app;
    if let Some(named) = named {
        wechat::link_or_refuse(&mut tx, scope, &named, member.id).await?;
        program = program.or(wechat::program(named.app));
    }
    enter(tx, scope, member, command.device.as_deref(), program).await
}

/// Logs in with the password that a member chose. An unknown number, one without a password and a wrong password
/// are answered alike and after the same work.
///
/// Faults: `Invalid` beside `password`; `TooMany`.
pub async fn log_in_with_password(scope: &Scope, command: LogInWithPassword) -> Result<LoggedIn, Fault> {
    let wrong = || Fault::invalid("password", "手机号或密码不对；忘了密码可以用短信验证码登录");
    let device = command.device.as_deref();
    known::check(device)?;
    if command.password.len() > PASSWORD_MOST {
        return Err(wrong());
    }
    devices::count_try(scope, &command.phone, device).await?;
    let phone = command.phone.as_str();
    let hash = sqlx::query_scalar!("select password_hash from members where phone = $1", phone)
        .fetch_optional(&scope.house.pool)
        .await
        .or_fault()?
        .flatten();
    if !password::is_right(command.password, hash.clone()).await? {
        return Err(wrong());
    }
    let mut tx = scope.house_begin().await?;
    // Only where nobody has replaced the password since it was looked at.
    let row = sqlx::query!(
        "select id, name, joined_at from members where phone = $1 and password_hash = $2 for no key update",
        phone,
        hash,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .ok_or_else(wrong)?;
    let member = MemberView { id: MemberId(row.id), phone: command.phone, name: row.name, joined_at: row.joined_at };
    enter(tx, scope, member, device, command.app).await
}

/// Begins the session of a member who is locked against merging and erasing, on this kind of program, or on that which
/// asks.
pub(super) async fn enter(
    mut tx: Transaction<'static, Postgres>,
    scope: &Scope,
    member: MemberView,
    device: Option<&str>,
    program: Option<ProgramKind>,
) -> Result<LoggedIn, Fault> {
    if let Some(cart) = scope.cart.filter(|_| scope.member().is_err()) {
        hand_over_cart(&mut tx, cart.0, member.id).await?;
    }
    let device = devices::remember(&mut tx, scope, member.id.0, device).await?;
    let token =
        sessions::begin(&mut tx, scope, Person::Member(member.id, program.or(ProgramKind::of(scope.channel)))).await?;
    tx.commit().await.or_fault()?;
    Ok(LoggedIn { token, device, member })
}

/// The member with this number, made where there is none. Nobody merges or erases it before the transaction ends.
async fn join(tx: &mut PgConnection, scope: &Scope, phone: &Phone) -> Result<MemberView, Fault> {
    let found = sqlx::query!("select id, name, joined_at from members where phone = $1 for key share", phone.as_str())
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?;
    if let Some(row) = found {
        return Ok(MemberView { id: MemberId(row.id), phone: phone.clone(), name: row.name, joined_at: row.joined_at });
    }
    let (id, cart) = (new_id(), new_id());
    let name = format!("会员{}", domain::orders::phone_tail(phone));
    sqlx::query!("insert into carts (id) values ($1)", cart).execute(&mut *tx).await.or_fault()?;
    sqlx::query!(
        "insert into members (id, phone, name, cart_id, joined_at) values ($1, $2, $3, $4, $5)",
        id,
        phone.as_str(),
        name,
        cart,
        scope.now,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(MemberView { id: MemberId(id), phone: phone.clone(), name, joined_at: scope.now })
}

/// A line in both carts keeps the larger quantity: nobody wanted the sum. It is set apart where it is in either. Where
/// the two do not fit into one cart, the oldest lines go.
pub(super) async fn hand_over_cart(tx: &mut PgConnection, from: Uuid, member: MemberId) -> Result<(), Fault> {
    sqlx::query!(
        "with moved as (delete from cart_lines where cart_id = $1 returning *)
         insert into cart_lines (cart_id, store_id, sku_id, options, quantity, set_at, apart)
         select m.cart_id, l.store_id, l.sku_id, l.options, l.quantity, l.set_at, l.apart
         from moved l cross join members m where m.id = $2
         on conflict (cart_id, store_id, sku_id, options) do update
         set quantity = greatest(cart_lines.quantity, excluded.quantity), set_at = excluded.set_at,
             apart = cart_lines.apart or excluded.apart",
        from,
        member.0,
    )
    .execute(&mut *tx)
    .await
    .or_fault()?;
    sqlx::query!(
        "delete from cart_lines where (cart_id, store_id, sku_id, options) in (
             select cart_id, store_id, sku_id, options from cart_lines
             where cart_id = (select cart_id from members where id = $1) order by set_at desc, sku_id offset $2)",
        member.0,
        cart::LINES_MOST,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// The member who asks.
pub async fn me(scope: &Scope) -> Result<MemberView, Fault> {
    let id = scope.member()?;
    let mut tx = scope.begin().await?;
    let row = sqlx::query!(
        r#"select phone as "phone!", name, joined_at from members where id = $1 and phone is not null"#,
        id.0,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?
    .ok_or(Fault::Unauthenticated)?;
    let phone = phone_of(&row.phone)?;
    Ok(MemberView { id, phone, name: row.name, joined_at: row.joined_at })
}

/// A number as it is kept.
pub(super) fn phone_of(text: &str) -> Result<Phone, Fault> {
    text.parse().map_err(|_| Fault::Internal("a stored phone is none".into()))
}

/// The ways in of the member who asks.
pub async fn account(scope: &Scope) -> Result<AccountView, Fault> {
    let member = me(scope).await?;
    let mut tx = scope.begin().await?;
    let has_password =
        sqlx::query_scalar!(r#"select password_hash is not null as "has!" from members where id = $1"#, member.id.0,)
            .fetch_one(&mut *tx)
            .await
            .or_fault()?;
    let linked = sqlx::query!(
        "select app, linked_at from wechat_identities where member_id = $1 order by linked_at",
        member.id.0
    )
    .fetch_all(&mut *tx)
    .await
    .or_fault()?;
    let wechat = linked
        .into_iter()
        .filter_map(|row| Some(WeChatAccount { app: WeChatApp::from_code(&row.app)?, linked_at: row.linked_at }));
    Ok(AccountView { wechat: wechat.collect(), has_password, member })
}
