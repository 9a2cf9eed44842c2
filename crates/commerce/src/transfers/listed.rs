//! Goods that a file names, to be asked for.

use std::collections::BTreeMap;

use domain::{
    Complaint, Fault,
    import::{Filled, Listed, line_field},
    transfers::{LINES_MOST, PIECES_MOST, field_of},
};

use super::Rights;
use crate::{Scope, catalog};

/// What a list says, as the fields of the form that asks for goods: lines of the same variant add up, and of what it has
/// none nothing is asked for. It changes nothing.
///
/// Faults: `Invalid` beside each line that is wrong, or beside `table` for too many goods or none; `Unauthenticated`;
/// `Forbidden`.
pub async fn of_list(scope: &Scope, list: &[Listed]) -> Result<Filled, Fault> {
    Rights::of(scope)?;
    let mut tx = scope.begin().await?;
    let named = catalog::named(&mut tx, list.iter().map(|one| one.code.as_str())).await?;
    let (mut sums, mut complaints) = (BTreeMap::new(), Vec::new());
    let mut filled = Filled::default();
    for one in list {
        let mut complain = |wrong: &str| complaints.push(Complaint::new(line_field(one.line), wrong));
        match named.find(&one.code) {
            Ok(sku) => {
                let sum = sums.entry(sku.id).or_insert(0);
                *sum += one.pieces;
                if *sum > PIECES_MOST {
                    complain("同一件商品合计超过 100,000 件");
                }
            }
            Err(wrong) => complain(wrong),
        }
        filled.without_batch += usize::from(one.batch.is_some());
    }
    if !complaints.is_empty() {
        return Err(Fault::Invalid(complaints));
    }
    sums.retain(|_, pieces| *pieces > 0);
    if !(1..=LINES_MOST).contains(&sums.len()) {
        return Err(Fault::invalid("table", format!("一张单须有 1 到 {LINES_MOST} 种商品")));
    }
    filled.goods = sums.len();
    filled.pieces = sums.values().sum();
    filled.fields.0.extend(sums.into_iter().map(|(sku, pieces)| (field_of(sku), pieces.to_string())));
    Ok(filled)
}
