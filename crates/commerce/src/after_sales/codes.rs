//! Codes under which goods come back: good at every store, so none is another's anywhere.

use domain::{Fault, after_sales::ReturnCode};
use rand::Rng;

use crate::{Scope, database::OrFault};

/// A code that no request has, of which nobody can guess the next. Whoever asks does not see others' codes, so the
/// server looks; should two draw the same at once, the unique index refuses the second.
pub(super) async fn draw(scope: &Scope) -> Result<String, Fault> {
    for _ in 0..8 {
        let digits = rand::rng().random_range(0..10_u64.pow(ReturnCode::DIGITS as u32));
        let code = format!("{digits:0width$}", width = ReturnCode::DIGITS);
        let taken = sqlx::query_scalar!(r#"select exists (select from after_sales where code = $1) as "taken!""#, code)
            .fetch_one(&scope.house.pool)
            .await
            .or_fault()?;
        if !taken {
            return Ok(code);
        }
    }
    Err(Fault::Internal("no free return code in eight tries".into()))
}
