//! What a password must be, and how it is kept; of staff and of members.

use argon2::{
    Argon2, PasswordHash, PasswordHasher, PasswordVerifier,
    password_hash::{SaltString, rand_core::OsRng},
};
use domain::{Fault, staff::password_length};
use tokio::sync::Semaphore;

/// Password hashing is slow on purpose; no more than this many at once, so that log-ins never
/// take the machine from the shoppers.
static HASHING: Semaphore = Semaphore::const_new(2);

/// What attackers try first: a password that is guessed within so many tries, as a power of ten, is refused.
const GUESSES_LEAST_LOG10: f64 = 6.0;

/// Whether it is this hash's password. A hash of a password nobody has is checked for unknown accounts: an
/// unknown account takes as long as a wrong password. Parameters: argon2id, m = 19,456 KiB, t = 2, p = 1 (the
/// crate's defaults).
pub(crate) async fn is_right(password: String, hash: Option<String>) -> Result<bool, Fault> {
    let _turn = HASHING.acquire().await.map_err(|error| Fault::Internal(error.to_string()))?;
    let checked = tokio::task::spawn_blocking(move || match hash {
        Some(hash) => PasswordHash::new(&hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()),
        None => {
            let salt = SaltString::generate(&mut OsRng);
            let _ = Argon2::default().hash_password(password.as_bytes(), &salt);
            false
        }
    });
    checked.await.map_err(|error| Fault::Internal(error.to_string()))
}

/// The hash of a new password.
pub(crate) async fn hash(password: String) -> Result<String, Fault> {
    let _turn = HASHING.acquire().await.map_err(|error| Fault::Internal(error.to_string()))?;
    let hashed = tokio::task::spawn_blocking(move || {
        let salt = SaltString::generate(&mut OsRng);
        Argon2::default().hash_password(password.as_bytes(), &salt).map(|hash| hash.to_string())
    });
    let hashed = hashed.await.map_err(|error| Fault::Internal(error.to_string()))?;
    hashed.map_err(|error| Fault::Internal(error.to_string()))
}

/// Refuses what is too short, in the lists of common passwords, or made of what everybody knows of the person.
/// There are no rules of composition (OWASP ASVS 5.0, 6.2).
///
/// Faults: `Invalid` beside `password`.
pub(crate) fn judge(password: &str, known: &[&str]) -> Result<(), Fault> {
    if let Some(complaint) = password_length(password) {
        return Err(complaint.into());
    }
    let known: Vec<&str> = known.iter().copied().chain(["mendian", "门店"]).filter(|word| !word.is_empty()).collect();
    if zxcvbn::zxcvbn(password, &known).guesses_log10() < GUESSES_LEAST_LOG10 {
        return Err(Fault::invalid("password", "这个密码太常见或太容易猜到，请换一个，例如几个不相关的词"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_passwords_and_those_made_of_ones_own_name_are_refused() {
        for bad in ["password", "12345678", "qwertyuiop", "iloveyou1", "zhangwei1", "mendian1", "11111111", "short"] {
            assert!(judge(bad, &["zhangwei", "张伟"]).is_err(), "{bad}");
        }
        for good in ["correct horse battery", "demo-clerk-2026", "雨后 的 茶园 很安静", "kQ7vexarp"] {
            assert_eq!(judge(good, &["zhangwei", "张伟"]), Ok(()), "{good}");
        }
    }
}
