//! Codes by SMS. Each serves one purpose, and but for logging in only the member who asked for it: a code that
//! somebody was talked into telling opens nothing else.

use chrono::Duration;
use domain::{
    Fault,
    members::{AskCode, AskOwnCode, CodeFor, CodeSent, Phone},
};
use rand::Rng;
use sha2::{Digest, Sha256};
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use crate::{Scope, database::OrFault, limits};

/// How long a code can be used.
const CODE_MINUTES: i64 = 5;
/// How soon another can be asked for.
const AGAIN_AFTER_S: i64 = 60;
/// A code dies with this many wrong tries.
const WRONG_TRIES_MOST: i32 = 5;

/// What a code opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opens {
    /// The account of the number it went to.
    LogIn,
    /// A change that this member wants.
    Change(CodeFor, Uuid),
}

/// Codes are short; number and purpose go into the hash, so that one table of hashes serves no two.
fn code_hash(phone: &str, opens: Opens, code: &str) -> Vec<u8> {
    let text = match opens {
        Opens::LogIn => format!("{phone}:{code}"),
        Opens::Change(purpose, member) => format!("{phone}:{}:{member}:{code}", purpose.code()),
    };
    Sha256::digest(text.as_bytes()).to_vec()
}

/// Sends a code to log in with. It answers the same for known and unknown numbers.
///
/// Faults: `TooMany` for the number or the address, `Upstream` where SMS is out of reach.
pub async fn ask_code(scope: &Scope, ask: AskCode) -> Result<CodeSent, Fault> {
    send(scope, ask.phone.as_str(), Opens::LogIn).await
}

/// Sends the member who asks a code for a change of their account, to their own number or to the one to come.
///
/// Faults: those of [`ask_code`]; `Unauthenticated`; `Invalid` beside `phone`.
pub async fn ask_own_code(scope: &Scope, ask: AskOwnCode) -> Result<CodeSent, Fault> {
    let me = super::me(scope).await?;
    let opens = Opens::Change(ask.purpose, me.id.0);
    match (ask.purpose, ask.phone) {
        (CodeFor::Phone, Some(phone)) if phone == me.phone => {
            Err(Fault::invalid("phone", "这就是您现在的手机号，请输入新的"))
        }
        (CodeFor::Phone, Some(phone)) => send(scope, phone.as_str(), opens).await,
        (CodeFor::Phone, None) => Err(Fault::invalid("phone", "请输入新的手机号")),
        (CodeFor::Account | CodeFor::Erase, _) => send(scope, me.phone.as_str(), opens).await,
    }
}

async fn send(scope: &Scope, phone: &str, opens: Opens) -> Result<CodeSent, Fault> {
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
        code_hash(phone, opens, &code),
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
    if let Err(failure) = sms.send(phone, &message(opens, &code)).await {
        // Nothing was sent, so the shopper may ask again at once.
        sqlx::query!("delete from phone_codes where phone = $1", phone).execute(&scope.house.pool).await.or_fault()?;
        return Err(Fault::Upstream { who: "短信服务", hidden: failure.to_string() });
    }
    Ok(CodeSent { valid_s: (CODE_MINUTES * 60) as u32, again_after_s: AGAIN_AFTER_S as u32 })
}

/// It says what the code is for: whoever is asked for it on the telephone shall know what they would give away.
fn message(opens: Opens, code: &str) -> String {
    let what = match opens {
        Opens::LogIn => String::new(),
        Opens::Change(purpose, _) => format!("您正在{}，", purpose.label()),
    };
    format!("【门店】{what}验证码 {code}，{CODE_MINUTES} 分钟内有效。请勿告诉他人。")
}

/// A code that somebody typed.
pub(super) struct Typed<'a> {
    pub phone: &'a Phone,
    pub opens: Opens,
    pub code: &'a str,
    /// Beside which field its complaint stands.
    pub field: &'static str,
}

/// Uses codes up, all of them or none; what was done before in the transaction must be worth keeping where one is
/// wrong, since the try is counted. Codes are locked before members.
///
/// Faults: `Invalid` beside the field of each that is wrong, old or used.
pub(super) async fn take(
    mut tx: Transaction<'static, Postgres>,
    scope: &Scope,
    mut typed: Vec<Typed<'_>>,
) -> Result<Transaction<'static, Postgres>, Fault> {
    // In the order of their numbers: two who swap numbers wait for each other.
    typed.sort_by(|one, other| one.phone.as_str().cmp(other.phone.as_str()));
    let mut complaints = Vec::new();
    for one in &typed {
        let phone = one.phone.as_str();
        let open = sqlx::query!(
            "select code_hash from phone_codes where phone = $1 and expires_at > $2 and wrong_tries < $3 for update",
            phone,
            scope.now,
            WRONG_TRIES_MOST,
        )
        .fetch_optional(&mut *tx)
        .await
        .or_fault()?;
        let complaint = match open {
            None => "验证码已失效，请重新获取",
            Some(open) if open.code_hash == code_hash(phone, one.opens, one.code) => continue,
            Some(_) => {
                sqlx::query!("update phone_codes set wrong_tries = wrong_tries + 1 where phone = $1", phone)
                    .execute(&mut *tx)
                    .await
                    .or_fault()?;
                "验证码不对，请核对短信里的 6 位数字"
            }
        };
        complaints.push(domain::Complaint::new(one.field, complaint));
    }
    if !complaints.is_empty() {
        tx.commit().await.or_fault()?;
        return Err(Fault::Invalid(complaints));
    }
    for one in &typed {
        sqlx::query!("delete from phone_codes where phone = $1", one.phone.as_str())
            .execute(&mut *tx)
            .await
            .or_fault()?;
    }
    Ok(tx)
}

/// Forgets codes that are of no use any more.
pub(super) async fn sweep(scope: &Scope) -> Result<(), Fault> {
    sqlx::query!("delete from phone_codes where expires_at < $1", scope.now)
        .execute(&scope.house.pool)
        .await
        .or_fault()?;
    Ok(())
}
