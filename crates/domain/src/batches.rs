//! Batches and their last day (K4). First expired, first out: what is handed over is of the batch that ends first.

use chrono::{Duration, NaiveDate};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Complaint, Fault, Fields, SkuId, transfers::Pieces};

/// The longest code of a batch, in characters.
pub const CODE_MOST: usize = 40;
/// The most pieces of a batch at a place.
pub const PIECES_MOST: i64 = 1_000_000;

/// Says how many of the pieces that lie at a place are of a batch, whatever was said before; none takes it away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct RegisterBatch {
    /// As it stands on the package; 1 to 40 characters.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 40))]
    pub code: String,
    /// The last day on which it may be sold.
    pub expires_on: NaiveDate,
    /// How many pieces: 0 to 1,000,000.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 1_000_000))]
    pub quantity: i64,
}

impl RegisterBatch {
    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `code` or `quantity`.
    pub fn check(&self) -> Result<(), Fault> {
        if self.code.trim().is_empty() || self.code.trim().chars().count() > CODE_MOST {
            return Err(Fault::invalid("code", format!("请填写批次号，最多 {CODE_MOST} 个字")));
        }
        if !(0..=PIECES_MOST).contains(&self.quantity) {
            return Err(Fault::invalid("quantity", format!("请填写 0 到 {PIECES_MOST} 的整数")));
        }
        Ok(())
    }

    /// Reads the command from a form: `code`, `expires_on`, `quantity`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let code = read.text("code", CODE_MOST);
        if fields.given("code").is_none() {
            read.complain("code", "请填写批次号");
        }
        let expires_on = read.parse("expires_on", "请选择到期日");
        let quantity = read.parse("quantity", "请填写件数");
        let command = read.finish(|| Some(Self { code: code?, expires_on: expires_on?, quantity: quantity? }))?;
        command.check().map(|()| command)
    }
}

/// Of which batch some of the pieces are that come in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct BatchCame {
    /// Of which variant.
    pub sku_id: SkuId,
    /// As it stands on the package; 1 to 40 characters.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 40))]
    pub code: String,
    /// The last day on which it may be sold.
    pub expires_on: NaiveDate,
    /// How many of them: 1 to 100,000.
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 100_000))]
    pub quantity: i64,
}

/// Of which batch some of the pieces are that go back to their supplier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct BatchNamed {
    /// Of which variant.
    pub sku_id: SkuId,
    /// As it stands on the package; 1 to 40 characters.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 40))]
    pub code: String,
    /// How many of them: 1 to 100,000.
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 100_000))]
    pub quantity: i64,
}

/// The field of a form, and of a complaint, that says of which batch a variant's pieces are.
pub fn batch_field(sku: SkuId) -> String {
    format!("batch.{sku}")
}

/// The field of a form, and of a complaint, that says until when a variant's pieces may be sold.
pub fn expires_field(sku: SkuId) -> String {
    format!("expires.{sku}")
}

/// Refuses what a form would not let through.
///
/// Faults: `Invalid` beside `batch.{sku}` for a code that is none, or that stands there twice, and for pieces out of
/// bounds.
pub fn check_batches(batches: &[BatchCame]) -> Result<(), Fault> {
    for (at, one) in batches.iter().enumerate() {
        let beside = |message: String| Err(Fault::invalid(&batch_field(one.sku_id), message));
        let code = one.code.trim();
        if code.is_empty() || code.chars().count() > CODE_MOST {
            return beside(format!("请填写批次号，最多 {CODE_MOST} 个字"));
        }
        if !(1..=100_000).contains(&one.quantity) {
            return beside("批次件数须是 1 到 100,000 的整数".into());
        }
        if batches[..at].iter().any(|earlier| earlier.sku_id == one.sku_id && earlier.code.trim() == code) {
            return beside(format!("批次 {code} 填写了两次"));
        }
    }
    Ok(())
}

/// Refuses to name batches of pieces that do not go.
///
/// Faults: `Invalid` beside `batch.{sku}` for a code that is none, or that stands there twice, and for more pieces than
/// go of the variant.
pub fn check_named(batches: &[BatchNamed], lines: &[Pieces]) -> Result<(), Fault> {
    for (at, one) in batches.iter().enumerate() {
        let beside = |message: String| Err(Fault::invalid(&batch_field(one.sku_id), message));
        let code = one.code.trim();
        if code.is_empty() || code.chars().count() > CODE_MOST {
            return beside(format!("请填写批次号，最多 {CODE_MOST} 个字"));
        }
        if !(1..=100_000).contains(&one.quantity) {
            return beside("批次件数须是 1 到 100,000 的整数".into());
        }
        if batches[..at].iter().any(|earlier| earlier.sku_id == one.sku_id && earlier.code.trim() == code) {
            return beside(format!("批次 {code} 填写了两次"));
        }
        let of_it = |sku: SkuId| sku == one.sku_id;
        let said: i64 = batches[..=at].iter().filter(|other| of_it(other.sku_id)).map(|other| other.quantity).sum();
        let go: i64 = lines.iter().filter(|line| of_it(line.sku_id)).map(|line| line.quantity).sum();
        if said > go {
            return beside(format!("各批次合计 {said} 件，多于退货的 {go} 件"));
        }
    }
    Ok(())
}

/// Reads from a form of which batches these pieces are, each variant's of one: `batch.{sku}`, where anything is said.
pub fn named_of(fields: &Fields, lines: &[Pieces]) -> Vec<BatchNamed> {
    let some = lines.iter().filter(|line| line.quantity > 0);
    let named = some.filter_map(|line| {
        let code = fields.given(&batch_field(line.sku_id))?.to_owned();
        Some(BatchNamed { sku_id: line.sku_id, code, quantity: line.quantity })
    });
    named.collect()
}

/// Reads from a form of which batches these pieces are, each variant's of one: `batch.{sku}` and `expires.{sku}`.
///
/// Faults: `Invalid` beside the one that lacks where the other is given.
pub fn batches_of(fields: &Fields, lines: &[Pieces]) -> Result<Vec<BatchCame>, Fault> {
    let (mut batches, mut complaints) = (Vec::new(), Vec::new());
    for line in lines.iter().filter(|line| line.quantity > 0) {
        let (batch, expires) = (batch_field(line.sku_id), expires_field(line.sku_id));
        match (fields.given(&batch), fields.given(&expires).map(str::parse::<NaiveDate>)) {
            (None, None) => {}
            (Some(code), Some(Ok(expires_on))) => batches.push(BatchCame {
                sku_id: line.sku_id,
                code: code.to_owned(),
                expires_on,
                quantity: line.quantity,
            }),
            (None, Some(_)) => complaints.push(Complaint::new(batch, "请填写批次号")),
            (Some(_), _) => complaints.push(Complaint::new(expires, "请选择到期日")),
        }
    }
    if complaints.is_empty() { Ok(batches) } else { Err(Fault::Invalid(complaints)) }
}

/// Which batches of all places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListBatches {
    /// Only at this store or warehouse.
    pub location: Option<crate::LocationId>,
    /// Only those that may be sold for so many days at most.
    pub days: Option<i64>,
    /// Words in a name, its pinyin or initials; a whole code or barcode, or a batch's.
    pub words: String,
    /// How many at most.
    pub most: i64,
    /// How many to pass over.
    pub skip: i64,
}

impl ListBatches {
    /// Reads the filters of an address: `location`, `days`, `q`, `skip`.
    pub fn from_fields(fields: &Fields) -> Self {
        Self {
            location: fields.text("location").parse().ok(),
            days: fields.text("days").parse().ok().map(|days: i64| days.clamp(0, 3_660)),
            words: fields.words("q"),
            most: 0,
            skip: fields.text("skip").parse().unwrap_or(0).clamp(0, 1_000_000),
        }
    }

    /// The filters as an address has them, but for where the page begins.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        vec![
            ("location", self.location.map(|id| id.to_string()).unwrap_or_default()),
            ("days", self.days.map(|days| days.to_string()).unwrap_or_default()),
            ("q", self.words.clone()),
        ]
    }
}

/// What is left of a batch somewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct BatchEntry {
    /// Where.
    pub location: crate::transfers::Location,
    /// Of which variant.
    pub sku_id: SkuId,
    /// Its name for people.
    pub name: String,
    /// Its code.
    pub sku_code: String,
    /// What is left.
    pub left: BatchLeft,
}

/// What is left of a batch at a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct BatchLeft {
    /// Its identity.
    pub id: Uuid,
    /// As it stands on the package.
    pub code: String,
    /// The last day on which it may be sold.
    pub expires_on: NaiveDate,
    /// How many pieces are left of it, where what ends first was handed over first.
    pub pieces: i64,
    /// How many days it may still be sold, with today; 0 or less once it may not.
    pub days: i64,
}

impl BatchLeft {
    /// How many days something may still be sold, with today.
    pub fn days_from(expires_on: NaiveDate, today: NaiveDate) -> i64 {
        (expires_on + Duration::days(1) - today).num_days()
    }

    /// As it is offered to choose from.
    pub fn offered(&self) -> String {
        format!("{} · {} 到期 · 剩 {} 件", self.code, self.expires_on, self.pieces)
    }

    /// How it stands, for people.
    pub fn standing(&self) -> String {
        match self.days {
            ..=0 => "已过期".into(),
            1 => "今天到期".into(),
            days => format!("还剩 {days} 天"),
        }
    }
}

/// The batch that is to be taken first of a variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstOut {
    /// Which variant.
    pub sku_id: SkuId,
    /// The batch, as it stands on the package.
    pub code: String,
    /// The last day on which it may be sold.
    pub expires_on: NaiveDate,
}

/// What is left of a variant at a place, batch by batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct BatchesLeft {
    /// What ends first comes first.
    pub batches: Vec<BatchLeft>,
    /// Pieces that lie there.
    pub on_hand: i64,
    /// Of them, those of which nobody has said of which batch they are.
    pub unknown: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_last_day_counts_and_the_day_after_does_not() {
        for (today, days, told) in
            [("2026-11-24", 3, "还剩 3 天"), ("2026-11-26", 1, "今天到期"), ("2026-11-27", 0, "已过期")]
        {
            let days_left = BatchLeft::days_from(day("2026-11-26"), day(today));
            let left = BatchLeft {
                id: Uuid::nil(),
                code: "A".into(),
                expires_on: day("2026-11-26"),
                pieces: 1,
                days: days_left,
            };
            assert_eq!((days_left, left.standing().as_str()), (days, told));
        }
    }

    #[test]
    fn a_batch_has_a_code_and_no_less_than_nothing() {
        let batch = |code: &str, quantity| RegisterBatch { code: code.into(), expires_on: day("2026-12-01"), quantity };
        assert!(batch("B-1", 0).check().is_ok());
        for wrong in [batch(" ", 1), batch(&"长".repeat(41), 1), batch("B", -1), batch("B", PIECES_MOST + 1)] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_form_names_a_batch_and_its_last_day_or_neither() {
        let sku = SkuId(Uuid::from_u128(7));
        let lines = [Pieces { sku_id: sku, quantity: 3 }];
        let fields = |pairs: &[(String, &str)]| {
            Fields(pairs.iter().map(|(name, value)| (name.clone(), (*value).to_owned())).collect())
        };
        let (batch, expires) = (batch_field(sku), expires_field(sku));
        assert!(batches_of(&fields(&[]), &lines).unwrap().is_empty());
        let both = batches_of(&fields(&[(batch.clone(), "B-1"), (expires.clone(), "2026-12-01")]), &lines).unwrap();
        assert_eq!((both[0].code.as_str(), both[0].quantity), ("B-1", 3));
        let beside = |fault: Fault| fault.complaints()[0].field.clone();
        assert_eq!(beside(batches_of(&fields(&[(batch.clone(), "B-1")]), &lines).unwrap_err()), expires);
        assert_eq!(beside(batches_of(&fields(&[(expires, "2026-12-01")]), &lines).unwrap_err()), batch);
        let twice = [both[0].clone(), both[0].clone()];
        assert_eq!(beside(check_batches(&twice).unwrap_err()), batch);
    }

    #[test]
    fn no_more_pieces_are_named_of_batches_than_go() {
        let sku = SkuId(Uuid::from_u128(7));
        let lines = [Pieces { sku_id: sku, quantity: 3 }, Pieces { sku_id: SkuId(Uuid::from_u128(8)), quantity: 9 }];
        let named = |code: &str, quantity| BatchNamed { sku_id: sku, code: code.into(), quantity };
        assert!(check_named(&[named("A", 1), named("B", 2)], &lines).is_ok(), "the rest is reckoned");
        let wrong: [&[BatchNamed]; 5] = [
            &[named("A", 2), named("B", 2)],
            &[named("A", 1), named(" A ", 1)],
            &[named(" ", 1)],
            &[named("A", 0)],
            &[BatchNamed { sku_id: SkuId(Uuid::from_u128(9)), ..named("A", 1) }],
        ];
        for wrong in wrong {
            let fault = check_named(wrong, &lines).unwrap_err();
            assert_eq!(fault.complaints()[0].field, batch_field(wrong[0].sku_id), "{wrong:?}");
        }
        let fields = Fields([(batch_field(sku), "A".to_owned())].into_iter().collect());
        assert_eq!(named_of(&fields, &lines), [named("A", 3)]);
        assert!(named_of(&fields, &[Pieces { quantity: 0, ..lines[0] }]).is_empty(), "none of it goes");
    }
}
