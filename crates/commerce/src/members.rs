//! Members: asking for a code, logging in, oneself (B1).

use chrono::Duration;
use domain::{
    Fault, MemberId,
    members::{AskCode, CodeSent, LogIn, MemberView, Phone},
};
use rand::Rng;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Scope, cart,
    database::OrFault,
    house::new_id,
    limits,
    sessions::{self, Person, Token},
};

/// How long a code can be used.
const CODE_MINUTES: i64 = 5;
/// How soon another can be asked for.
const AGAIN_AFTER_S: i64 = 60;
/// A code dies with this many wrong tries.
const WRONG_TRIES_MOST: i32 = 5;

/// Sends a code by SMS. It answers the same for known and unknown numbers.
///
/// Faults: `TooMany` for the number or the address, `Upstream` where SMS is out of reach.
pub async fn ask_code(scope: &Scope, ask: AskCode) -> Result<CodeSent, Fault> {
    let phone = ask.phone.as_str();
    let sms = scope.house.partners.sms.as_ref();
    let sms = sms.ok_or(Fault::Upstream { who: "短信服务", hidden: "no SMS endpoint is configured".into() })?;
    let most = scope.house.settings.codes_an_hour;
    limits::count(scope, &format!("code-from:{}", scope.address), most * 10, Duration::hours(1)).await?;
    let again_from = scope.now - Duration::seconds(AGAIN_AFTER_S);
    // Before the number's own count: who asks too soon must not use up what its owner may ask for.
    let too_soon = sqlx::query_scalar!(
        r#"select exists (select from phone_codes where phone = $1 and sent_at > $2) as "too_soon!""#,
        phone,
        again_from,
    )
    .fetch_one(&scope.house.pool)
    .await
    .or_fault()?;
    if too_soon {
        return Err(Fault::TooMany { retry_after_s: AGAIN_AFTER_S as u32 });
    }
    limits::count(scope, &format!("code:{phone}"), most, Duration::hours(1)).await?;
    let code = format!("{:06}", rand::rng().random_range(0..1_000_000));
    let kept = sqlx::query!(
        "insert into phone_codes (phone, code_hash, sent_at, expires_at) values ($1, $2, $3, $4)
         on conflict (phone) do update
         set code_hash = excluded.code_hash, sent_at = excluded.sent_at, expires_at = excluded.expires_at, wrong_tries = 0
         where phone_codes.sent_at <= $5",
        phone,
        code_hash(phone, &code),
        scope.now,
        scope.now + Duration::minutes(CODE_MINUTES),
        again_from,
    )
    .execute(&scope.house.pool)
    .await
    .or_fault()?;
    if kept.rows_affected() == 0 {
        return Err(Fault::TooMany { retry_after_s: AGAIN_AFTER_S as u32 });
    }
    let text = format!("【门店】验证码 {code}，{CODE_MINUTES} 分钟内有效。请勿告诉他人。");
    if let Err(failure) = sms.send(phone, &text).await {
        // Nothing was sent, so the shopper may ask again at once.
        sqlx::query!("delete from phone_codes where phone = $1", phone).execute(&scope.house.pool).await.or_fault()?;
        return Err(Fault::Upstream { who: "短信服务", hidden: failure.to_string() });
    }
    Ok(CodeSent { valid_s: (CODE_MINUTES * 60) as u32, again_after_s: AGAIN_AFTER_S as u32 })
}

/// Codes are short; the number goes into the hash, so that one table of hashes serves no two.
fn code_hash(phone: &str, code: &str) -> Vec<u8> {
    Sha256::digest(format!("{phone}:{code}").as_bytes()).to_vec()
}

/// Logs in with the code; a number not seen before becomes a member. What a visitor put into the
/// cart comes along.
///
/// Faults: `Invalid` beside `code` where it is wrong, old or used; `TooMany`.
pub async fn log_in(scope: &Scope, command: LogIn) -> Result<(Token, MemberView), Fault> {
    let phone = command.phone.as_str();
    let most = scope.house.settings.log_ins_in_ten_minutes;
    limits::count(scope, &format!("log-in-from:{}", scope.address), most, Duration::minutes(10)).await?;
    let mut tx = scope.house_begin().await?;
    let open = sqlx::query!(
        "select code_hash from phone_codes where phone = $1 and expires_at > $2 and wrong_tries < $3 for update",
        phone,
        scope.now,
        WRONG_TRIES_MOST,
    )
    .fetch_optional(&mut *tx)
    .await
    .or_fault()?;
    let Some(open) = open else {
        return Err(Fault::invalid("code", "验证码已失效，请重新获取"));
    };
    if open.code_hash != code_hash(phone, &command.code) {
        sqlx::query!("update phone_codes set wrong_tries = wrong_tries + 1 where phone = $1", phone)
            .execute(&mut *tx)
            .await
            .or_fault()?;
        tx.commit().await.or_fault()?;
        return Err(Fault::invalid("code", "验证码不对，请核对短信里的 6 位数字"));
    }
    sqlx::query!("delete from phone_codes where phone = $1", phone).execute(&mut *tx).await.or_fault()?;
    let member = join(&mut tx, scope, &command.phone).await?;
    if let Some(cart) = scope.cart.filter(|_| scope.member().is_err()) {
        hand_over_cart(&mut tx, cart.0, member.id).await?;
    }
    let token = sessions::begin(&mut tx, scope, Person::Member(member.id)).await?;
    tx.commit().await.or_fault()?;
    Ok((token, member))
}

/// The member with this number, made where there is none.
pub(crate) async fn join(tx: &mut PgConnection, scope: &Scope, phone: &Phone) -> Result<MemberView, Fault> {
    let found = sqlx::query!("select id, name, joined_at from members where phone = $1", phone.as_str())
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

/// A line in both carts keeps the larger quantity: nobody wanted the sum. Where the two do not fit
/// into one cart, the oldest lines go.
async fn hand_over_cart(tx: &mut PgConnection, from: Uuid, member: MemberId) -> Result<(), Fault> {
    sqlx::query!(
        "with moved as (delete from cart_lines where cart_id = $1 returning *)
         insert into cart_lines (cart_id, store_id, sku_id, options, quantity, set_at)
         select m.cart_id, l.store_id, l.sku_id, l.options, l.quantity, l.set_at
         from moved l cross join members m where m.id = $2
         on conflict (cart_id, store_id, sku_id, options) do update
         set quantity = greatest(cart_lines.quantity, excluded.quantity), set_at = excluded.set_at",
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
    let row = sqlx::query!("select phone, name, joined_at from members where id = $1", id.0)
        .fetch_one(&mut *tx)
        .await
        .or_fault()?;
    let phone = row.phone.parse().map_err(|_| Fault::Internal("a stored phone is none".into()))?;
    Ok(MemberView { id, phone, name: row.name, joined_at: row.joined_at })
}

/// Forgets codes that are of no use any more.
pub(crate) async fn sweep(scope: &Scope) -> Result<(), Fault> {
    sqlx::query!("delete from phone_codes where expires_at < $1", scope.now).execute(scope.pool()).await.or_fault()?;
    Ok(())
}
