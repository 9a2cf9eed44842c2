//! Lists of what was broken, expired, stolen or given away (K4). They report nothing: they fill in a form, which somebody
//! then looks at and sends.

use super::{
    Field, LostField,
    places::{Places, Words, read_all},
    products::pieces_of,
};
use crate::{
    Fault,
    approvals::REASON_MOST,
    batches::CODE_MOST,
    losses::{LossKind, QUANTITY_MOST},
};

/// What a row of a list of losses says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The line on which it stands; the first of a file is 1.
    pub line: u64,
    /// A variant's code or barcode.
    pub code: String,
    /// How many pieces, at least one.
    pub quantity: i64,
    /// Why they are gone.
    pub kind: LossKind,
    /// How it came about.
    pub reason: String,
    /// Of which batch they are, where it says so.
    pub batch: Option<String>,
}

fn read(places: &Places<LostField>, line: u64, row: &[String]) -> Result<Option<Lost>, String> {
    use LostField as Is;
    let (code, pieces) = (places.cell(row, Is::Sku), places.cell(row, Is::Quantity));
    // A template of which some lines were filled in.
    if pieces.is_empty() {
        return Ok(None);
    }
    if code.is_empty() || code.chars().count() > Is::Sku.most() {
        return Err("请填写 SKU 编码或条码".into());
    }
    let quantity = pieces_of(pieces).filter(|pieces| (1..=QUANTITY_MOST).contains(pieces));
    let quantity = quantity.ok_or("件数须是 1 到 100,000 的整数")?;
    let said = places.cell(row, Is::Kind);
    let kind = LossKind::ALL.iter().find(|kind| kind.label() == said || kind.code() == said).copied();
    let kind = kind.ok_or_else(|| {
        let kinds: Vec<&str> = LossKind::ALL.iter().map(|kind| kind.label()).collect();
        format!("类型请填写：{}", kinds.join("、"))
    })?;
    let reason = places.cell(row, Is::Reason);
    if reason.is_empty() || reason.chars().count() > REASON_MOST {
        return Err(format!("请写明原因，{REASON_MOST} 字以内，审批人会看到"));
    }
    let batch = places.cell(row, Is::Batch);
    if batch.chars().count() > CODE_MOST {
        return Err(format!("批次号最多 {CODE_MOST} 个字"));
    }
    let batch = Some(batch.to_owned()).filter(|batch| !batch.is_empty());
    Ok(Some(Lost { line, code: code.to_owned(), quantity, kind, reason: reason.to_owned(), batch }))
}

/// Reads a list of losses: columns by their names where its first row has them, else code, pieces, kind, reason and
/// batch in this order. Rows without a number of pieces are passed over.
///
/// Faults: `Invalid` beside each line that is wrong, or beside `table`.
pub fn lost(rows: &[(u64, Vec<String>)]) -> Result<Vec<Lost>, Fault> {
    let words = Words {
        nothing: "没有读到要报损的商品：每行填编码或条码、件数、类型和原因",
        first: "看不懂这一行；如果是列名，请用「SKU」「件数」「类型」「原因」",
    };
    read_all(rows, LostField::ALL.len(), &words, read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(u64, Vec<String>)> {
        (1..).zip(text.lines().map(|line| line.split(',').map(str::to_owned).collect())).collect()
    }

    fn wrong(text: &str) -> Vec<String> {
        lost(&rows(text)).unwrap_err().complaints().iter().map(|one| one.field.clone()).collect()
    }

    #[test]
    fn a_loss_is_read_with_and_without_the_names_of_its_columns() {
        let found = lost(&rows("商品,SKU,件数,类型,原因,批次\n茶,T-1,3,破损,打翻,B-1\n茶,T-2,,,,")).unwrap();
        let one = Lost {
            line: 2,
            code: "T-1".into(),
            quantity: 3,
            kind: LossKind::Broken,
            reason: "打翻".into(),
            batch: Some("B-1".into()),
        };
        assert_eq!(found, std::slice::from_ref(&one));
        assert_eq!(lost(&rows("\nT-1,3,broken,打翻,B-1")).unwrap(), [one]);
    }

    #[test]
    fn every_line_that_is_no_loss_is_told() {
        let table = "SKU,件数,类型,原因\nT-1,0,破损,打翻\nT-1,1,丢了,不见\nT-1,1,破损,\n,1,破损,打翻\nT-1,2,过期,到期";
        assert_eq!(wrong(table), ["line.2", "line.3", "line.4", "line.5"]);
        assert_eq!(wrong("货品代号,多少\nT-1,1"), ["line.1", "line.2"]);
        for empty in ["", "SKU,件数,类型,原因", "SKU,件数,类型,原因\nT-1,,破损,打翻"] {
            assert_eq!(wrong(empty), ["table"], "{empty}");
        }
    }
}
