//! Devices on which somebody has logged in before, of staff and of members: tries to log in are counted there by
//! themselves, and those of all strangers together. So whoever guesses locks out strangers alone.
//!
//! Source: OWASP, "Slow Down Online Guessing Attacks with Device Cookies".

use chrono::Duration;
use domain::Fault;

use crate::{Scope, limits, sessions::hash_of};

/// How long a device is remembered after it was last used.
pub const DEVICE_DAYS: i64 = 90;
/// The while in which tries to log in are counted.
const A_WHILE: Duration = Duration::minutes(10);
/// The length of a device's token, in bytes.
const TOKEN_BYTES: usize = 64;

/// Refuses what no log-in has answered.
///
/// Faults: `Invalid` beside `device`.
pub(crate) fn check(device: Option<&str>) -> Result<(), Fault> {
    if device.is_some_and(|device| device.len() > TOKEN_BYTES) {
        return Err(Fault::invalid("device", "这不是登录时得到的设备编号"));
    }
    Ok(())
}

/// Whether it can be a device's token.
pub(crate) fn is_token(device: &str) -> bool {
    device.len() == TOKEN_BYTES
}

/// Counts a try by its address. `whose` is `staff` or `member`.
///
/// Faults: `TooMany`.
pub(crate) async fn count_from(scope: &Scope, whose: &str) -> Result<(), Fault> {
    let most = scope.house.settings.log_ins_in_ten_minutes;
    limits::count(scope, &format!("{whose}-log-in-from:{}", scope.address), most, A_WHILE).await
}

/// Counts a try by the account: for a device on which this account has logged in before by the device, for all
/// others together.
///
/// Faults: `TooMany`.
pub(crate) async fn count_to(scope: &Scope, whose: &str, account: &str, known: Option<&str>) -> Result<(), Fault> {
    let bucket = match known {
        Some(device) => format!("{whose}-log-in-on:{}", hex::encode(hash_of(device))),
        None => format!("{whose}-log-in:{account}"),
    };
    limits::count(scope, &bucket, scope.house.settings.log_ins_in_ten_minutes, A_WHILE).await
}
