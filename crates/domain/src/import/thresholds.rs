//! Tables of thresholds (K4): a row for goods at a place, a column for each alert. They set nothing: what they would
//! change is shown, and somebody then says so.

use super::{
    Field, ThresholdField,
    places::{Places, Words, read_all},
    products::pieces_of,
};
use crate::{
    Fault,
    alerts::{AlertKind, Goods},
};

/// In the column of categories: all goods.
const ALL_GOODS: &str = "全部";
/// In the column of an alert: there is to be none.
const NO_ALERT: &str = "不提醒";

/// What a row of thresholds says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThresholdLine {
    /// The line on which it stands; the first of a file is 1.
    pub line: u64,
    /// The code of a store or warehouse, where it names one.
    pub place: Option<String>,
    /// For which goods; a variant by its code or its barcode.
    pub goods: Goods,
    /// Each threshold that it says, at least one; nothing for no alert.
    pub set: Vec<(AlertKind, Option<i64>)>,
}

/// The column of a threshold.
fn column_of(kind: AlertKind) -> ThresholdField {
    match kind {
        AlertKind::Low => ThresholdField::Low,
        AlertKind::High => ThresholdField::High,
        AlertKind::Slow => ThresholdField::Slow,
        AlertKind::Expiring => ThresholdField::Expiring,
    }
}

/// A threshold as a table has it; [`thresholds`] reads it again.
pub fn threshold_cell(threshold: Option<i64>) -> String {
    threshold.map_or(NO_ALERT.to_owned(), |threshold| threshold.to_string())
}

/// The goods of a rule as a table has them: the cells of a variant and of a category.
pub fn goods_cells(goods: &Goods) -> [String; 2] {
    match goods {
        Goods::All => [String::new(), ALL_GOODS.to_owned()],
        Goods::Category { code } => [String::new(), code.clone()],
        Goods::Sku { code } => [code.clone(), String::new()],
    }
}

fn read(places: &Places<ThresholdField>, line: u64, row: &[String]) -> Result<Option<ThresholdLine>, String> {
    use ThresholdField as Is;
    let mut set = Vec::new();
    for kind in AlertKind::ALL {
        let (column, cell) = (column_of(*kind), places.cell(row, column_of(*kind)));
        match cell {
            "" => {}
            NO_ALERT => set.push((*kind, None)),
            cell => {
                let bounds = kind.bounds();
                let number = pieces_of(cell.trim_end_matches('天')).filter(|number| bounds.contains(number));
                let wrong = || {
                    format!(
                        "「{}」须是 {} 到 {} 的整数，或「{NO_ALERT}」；留空不改",
                        column.label(),
                        bounds.start(),
                        bounds.end()
                    )
                };
                set.push((*kind, Some(number.ok_or_else(wrong)?)));
            }
        }
    }
    if set.is_empty() {
        return Ok(None);
    }
    for field in [Is::Place, Is::Sku, Is::Category] {
        if places.cell(row, field).chars().count() > field.most() {
            return Err(format!("「{}」最多 {} 个字", field.label(), field.most()));
        }
    }
    let goods = match (places.cell(row, Is::Sku), places.cell(row, Is::Category)) {
        ("", "") => return Err(format!("请填写 SKU 或分类编码；对全部商品，在分类编码里填「{ALL_GOODS}」")),
        ("", ALL_GOODS) => Goods::All,
        ("", code) => Goods::Category { code: code.to_owned() },
        (code, "") => Goods::Sku { code: code.to_owned() },
        _ => return Err("SKU 和分类编码只填一个".into()),
    };
    let place = Some(places.cell(row, Is::Place).to_owned()).filter(|code| !code.is_empty());
    Ok(Some(ThresholdLine { line, place, goods, set }))
}

/// Reads a table of thresholds. Its first row has the names of the columns; a cell that is empty changes nothing, and a
/// row without a threshold is passed over.
///
/// Faults: `Invalid` beside each line that is wrong, or beside `table`.
pub fn thresholds(rows: &[(u64, Vec<String>)]) -> Result<Vec<ThresholdLine>, Fault> {
    let names: Vec<&str> =
        rows.first().map(|(_, first)| first.iter().map(String::as_str).collect()).unwrap_or_default();
    let words = Words {
        nothing: "没有读到提醒设置：第一行是列名，例如「SKU」「库存不足(件)」，下面每行一个商品或分类",
        first: "看不懂这一行；第一行须是列名，可以下载模板看",
    };
    let header = super::Header::find(super::Columns::<ThresholdField>::default(), &names);
    let found = header.map(|header| header.found()).unwrap_or_default();
    let named = |field: ThresholdField| found.iter().any(|(ours, _)| *ours == field.ours());
    if !AlertKind::ALL.iter().any(|kind| named(column_of(*kind))) {
        return Err(Fault::invalid("table", words.nothing));
    }
    read_all(rows, 0, &words, read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(u64, Vec<String>)> {
        (1..).zip(text.lines().map(|line| line.split(',').map(str::to_owned).collect())).collect()
    }

    #[test]
    fn a_row_says_several_thresholds_and_an_empty_cell_none() {
        let table = "门店编号,SKU,分类编码,库存不足,滞销(天)\nQH-1,T-1,,10,\n,,全部,不提醒,60天\n,T-2,,,";
        let found = thresholds(&rows(table)).unwrap();
        let first = ThresholdLine {
            line: 2,
            place: Some("QH-1".into()),
            goods: Goods::Sku { code: "T-1".into() },
            set: vec![(AlertKind::Low, Some(10))],
        };
        let second = ThresholdLine {
            line: 3,
            place: None,
            goods: Goods::All,
            set: vec![(AlertKind::Low, None), (AlertKind::Slow, Some(60))],
        };
        assert_eq!(found, [first, second]);
    }

    #[test]
    fn what_is_written_is_read_again() {
        for goods in [Goods::All, Goods::Category { code: "C".into() }, Goods::Sku { code: "T".into() }] {
            let ([sku, category], low) = (goods_cells(&goods), threshold_cell(None));
            let found = thresholds(&rows(&format!("SKU,分类编码,库存不足(件)\n{sku},{category},{low}"))).unwrap();
            assert_eq!((found[0].goods.clone(), found[0].set.clone()), (goods, vec![(AlertKind::Low, None)]));
        }
    }

    #[test]
    fn every_line_that_is_no_threshold_is_told() {
        let wrong = |text: &str| {
            let fault = thresholds(&rows(text)).unwrap_err();
            fault.complaints().iter().map(|one| one.field.clone()).collect::<Vec<_>>()
        };
        let table = "SKU,分类编码,库存不足(件),滞销(天)\nT-1,,-1,\nT-1,C,1,\n,,1,\nT-1,,,366\nT-1,,少,\nT-1,,3,";
        assert_eq!(wrong(table), ["line.2", "line.3", "line.4", "line.5", "line.6"]);
        for empty in ["", "SKU,分类编码,库存不足(件)", "SKU,件数\nT-1,1", "SKU,分类编码,库存不足(件)\nT-1,,"]
        {
            assert_eq!(wrong(empty), ["table"], "{empty}");
        }
    }
}
