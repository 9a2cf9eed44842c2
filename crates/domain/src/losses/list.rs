//! Several losses of one place, reported at once.

use super::ReportLoss;
use crate::{Fault, Fields, SkuId, import::Lost};

/// The most losses that are reported at once.
pub const LOSSES_MOST: usize = 50;
/// The fields of a line of the form, each with a dot and the line's number after it.
const LINE_FIELDS: [&str; 6] = ["key", "sku", "quantity", "kind", "reason", "batch"];

/// Reports several losses of one place: all of them, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportLosses {
    /// Each with its number in the form; 1 to 50.
    pub lines: Vec<(usize, ReportLoss)>,
}

impl ReportLosses {
    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `lines`, or beside a line's own field: `quantity.3`.
    pub fn check(&self) -> Result<(), Fault> {
        if !(1..=LOSSES_MOST).contains(&self.lines.len()) {
            return Err(Fault::invalid("lines", format!("请填写 1 到 {LOSSES_MOST} 行的件数")));
        }
        if self.lines.iter().any(|(_, one)| one.location_id != self.lines[0].1.location_id) {
            return Err(Fault::invalid("lines", "一次只报一个门店或仓库的损失"));
        }
        self.lines.iter().try_for_each(|(line, one)| one.check().map_err(|fault| fault.in_line(*line)))
    }

    /// Reads the command from a form: `location`, and of each line what [`ReportLoss::from_fields`] reads. A line whose
    /// number of pieces is empty is left out.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let is_meant = |line: &usize| fields.given(&format!("quantity.{line}")).is_some();
        let lines: Vec<usize> = fields.lines("sku").into_iter().filter(is_meant).collect();
        let reports = fields.read_lines(&lines, |own| {
            let mut own = own.clone();
            own.0.insert("location".into(), fields.text("location").to_owned());
            ReportLoss::from_fields(&own)
        })?;
        let command = Self { lines: lines.into_iter().zip(reports).collect() };
        command.check().map(|()| command)
    }
}

/// What a list says of losses, as the lines of the form.
pub fn loss_fields(list: &[(SkuId, Lost)]) -> Fields {
    let lines = list.iter().enumerate().flat_map(|(line, (sku, lost))| {
        let said = [
            ("sku", sku.to_string()),
            ("quantity", lost.quantity.to_string()),
            ("kind", lost.kind.code().to_owned()),
            ("reason", lost.reason.clone()),
            ("batch", lost.batch.clone().unwrap_or_default()),
        ];
        said.map(|(name, value)| (format!("{name}.{line}"), value))
    });
    Fields(lines.collect())
}

/// The fields of the form without its lines, which another list replaces.
pub fn without_loss_lines(mut fields: Fields) -> Fields {
    let is_of_line = |name: &String| name.split_once('.').is_some_and(|(field, _)| LINE_FIELDS.contains(&field));
    fields.0.retain(|name, _| !is_of_line(name));
    fields
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{LocationId, losses::LossKind};

    fn lost(line: u64, quantity: i64) -> (SkuId, Lost) {
        let one =
            Lost { line, code: "T-1".into(), quantity, kind: LossKind::Broken, reason: "打翻".into(), batch: None };
        (SkuId(Uuid::from_u128(line.into())), one)
    }

    fn form(list: &[(SkuId, Lost)]) -> Fields {
        let mut fields = loss_fields(list);
        for line in 0..list.len() {
            fields.0.insert(format!("key.{line}"), Uuid::from_u128(100 + line as u128).to_string());
        }
        fields.0.insert("location".into(), LocationId(Uuid::from_u128(9)).to_string());
        fields
    }

    #[test]
    fn a_list_becomes_the_lines_of_a_form_and_those_without_pieces_are_left_out() {
        let list: Vec<_> = (0..12).map(|line| lost(line, 2)).collect();
        let mut fields = form(&list);
        fields.0.insert("quantity.1".into(), " ".into());
        let read = ReportLosses::from_fields(&fields).unwrap();
        assert_eq!(read.lines.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        assert_eq!((read.lines[1].1.sku_id, read.lines[1].1.quantity), (list[2].0, 2));
        let rest = without_loss_lines(fields);
        assert_eq!(rest.0.keys().map(String::as_str).collect::<Vec<_>>(), ["location"]);
    }

    #[test]
    fn what_is_wrong_stands_beside_its_line() {
        let mut fields = form(&[lost(0, 1), lost(1, 1)]);
        fields.0.insert("quantity.1".into(), "0".into());
        fields.0.insert("reason.0".into(), String::new());
        let fault = ReportLosses::from_fields(&fields).unwrap_err();
        let named: Vec<_> = fault.complaints().iter().map(|one| one.field.as_str()).collect();
        assert_eq!(named, ["reason.0", "quantity.1"]);
        let nothing = ReportLosses::from_fields(&Fields::default()).unwrap_err();
        assert_eq!(nothing.complaints()[0].field, "lines");
    }
}
