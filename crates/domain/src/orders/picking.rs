//! Taking an order's goods off the shelf, line by line, and packing them.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{OrderAct, OrderStep, OrderView};
use crate::{Fault, Fields, SkuId, fulfilment::Fulfilment, text};

/// A line as somebody picks it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct PickLine {
    /// The line, counted from 1.
    pub line: i32,
    /// Which variant.
    pub sku_id: SkuId,
    /// Its code.
    pub code: String,
    /// What a scanner reads on it.
    pub barcode: Option<String>,
    /// The product's name.
    pub name: String,
    /// `大杯`, or empty.
    pub spec: String,
    /// `七分糖、少冰、珍珠`, or empty.
    pub options_text: String,
    /// The category, by which it lies on the shelf.
    pub category: String,
    /// How many.
    pub quantity: i64,
    /// How many of them are off the shelf.
    pub picked: i64,
    /// Who picked last, for people: `店员 小林`; nothing where none is picked.
    pub picked_by: Option<String>,
    /// When.
    pub picked_at: Option<DateTime<Utc>>,
}

impl PickLine {
    /// Whether all of it is off the shelf.
    pub const fn is_whole(&self) -> bool {
        self.picked >= self.quantity
    }

    /// Its name for people: `珍珠奶茶 · 大杯 · 七分糖`.
    pub fn title(&self) -> String {
        let parts = [&self.name, &self.spec, &self.options_text].into_iter().filter(|text| !text.is_empty());
        parts.map(String::as_str).collect::<Vec<_>>().join(" · ")
    }

    /// Who picked last and when: `店员 小林 · 今天 12:30`; nothing where none is picked.
    pub fn told(&self, now: DateTime<Utc>, zone: Tz) -> Option<String> {
        let at = text::moment(self.picked_at?, now, zone);
        Some(format!("{} · {at}", self.picked_by.as_deref()?))
    }
}

/// Says how many pieces of a line are off the shelf: so many in all, not so many more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SetPicked {
    /// The line, counted from 1.
    #[cfg_attr(feature = "api", schema(minimum = 1))]
    pub line: i32,
    /// How many; 0 puts all of it back.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 999))]
    pub picked: i64,
    /// How many there were when it was looked at: it is refused where somebody has said otherwise meanwhile. Nothing where
    /// that does not matter.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 999))]
    pub seen: Option<i64>,
}

impl SetPicked {
    /// Reads the command from a form: `line`, `picked`, and `seen`, which may be absent.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let line = read.parse("line", "请刷新页面后再试");
        let picked = read.parse("picked", "请填写拣了几件");
        let seen = match fields.given("seen") {
            None => None,
            Some(_) => read.parse("seen", "请刷新页面后再试"),
        };
        read.finish(|| Some(Self { line: line?, picked: picked?, seen }))
    }
}

/// One piece that somebody scanned as they took it off the shelf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanPick {
    /// Made by the client; the idempotency key.
    pub id: Uuid,
    /// The variant's code or barcode.
    pub code: String,
}

impl ScanPick {
    /// The longest code, in characters.
    const CODE_MOST: usize = 64;

    /// Reads the command from a form: `key`, `code`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let id = read.parse("key", "请刷新页面后再试");
        let code = fields.text("code");
        if code.is_empty() || code.chars().count() > Self::CODE_MOST {
            read.complain("code", "请扫描或输入商品编码、条码");
        }
        read.finish(|| Some(Self { id: id?, code: code.to_owned() }))
    }
}

/// What is said of an order that is made ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Pack {
    /// In how many bags or boxes it stands there; nothing where nobody counts them.
    #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 99))]
    pub packages: Option<i32>,
}

/// Said of a number of packages that none can be.
const NO_PACKAGES: &str = "包数须是 1 到 99 的整数，不数可以不填";

impl Pack {
    /// The most packages of an order.
    pub const MOST: i32 = 99;

    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `packages`.
    pub fn check(&self) -> Result<(), Fault> {
        match self.packages {
            None | Some(1..=Self::MOST) => Ok(()),
            Some(_) => Err(Fault::invalid("packages", NO_PACKAGES)),
        }
    }

    /// Reads the command from a form: `packages`, which may be empty.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let packages = match fields.given("packages") {
            None => None,
            Some(_) => read.parse("packages", NO_PACKAGES),
        };
        let pack = read.finish(|| Some(Self { packages }))?;
        pack.check().map(|()| pack)
    }
}

impl OrderStep {
    /// What happened, as people read it of an order that reaches its shopper in this way: `备货完成，待自提，共 2 包`.
    pub fn label_of(&self, fulfilment: Fulfilment) -> String {
        let label = self.act.label_of(fulfilment);
        self.packages.map_or_else(|| label.to_owned(), |many| format!("{label}，共 {many} 包"))
    }
}

impl OrderView {
    /// In how many packages the store that serves it has made it ready, where that was said.
    pub fn packages(&self) -> Option<i32> {
        let begun = |act: OrderAct| matches!(act, OrderAct::Accept | OrderAct::Reroute);
        self.steps.iter().rev().take_while(|step| !begun(step.act)).find_map(|step| step.packages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(given: &[(&str, &str)]) -> Fields {
        Fields(given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    fn wrong(fault: Fault) -> Vec<String> {
        fault.complaints().iter().map(|one| one.field.clone()).collect()
    }

    #[test]
    fn packages_are_counted_up_to_ninety_nine_or_not_at_all() {
        assert_eq!(Pack::from_fields(&fields(&[("packages", " ")])).unwrap(), Pack { packages: None });
        for (typed, many) in [("1", 1), ("99", 99)] {
            assert_eq!(Pack::from_fields(&fields(&[("packages", typed)])).unwrap(), Pack { packages: Some(many) });
        }
        for typed in ["0", "100", "-1", "1.5", "两", "9999999999"] {
            assert_eq!(wrong(Pack::from_fields(&fields(&[("packages", typed)])).unwrap_err()), ["packages"], "{typed}");
        }
    }

    #[test]
    fn what_was_seen_of_a_line_may_be_left_unsaid() {
        let read = |given: &[(&str, &str)]| {
            let line = [("line", "2"), ("picked", "3")];
            SetPicked::from_fields(&fields(&[&line[..], given].concat()))
        };
        let said = |seen| SetPicked { line: 2, picked: 3, seen };
        assert_eq!(read(&[]).unwrap(), said(None));
        assert_eq!(read(&[("seen", "0")]).unwrap(), said(Some(0)));
        assert_eq!(wrong(read(&[("seen", "x")]).unwrap_err()), ["seen"]);
    }

    #[test]
    fn a_scan_has_a_key_and_a_code() {
        let key = Uuid::now_v7().to_string();
        let read = ScanPick::from_fields(&fields(&[("key", &key), ("code", " 6901234567892 ")])).unwrap();
        assert_eq!(read.code, "6901234567892");
        assert_eq!(wrong(ScanPick::from_fields(&fields(&[("key", "x"), ("code", "")])).unwrap_err()), ["key", "code"]);
        let long = "9".repeat(65);
        assert_eq!(wrong(ScanPick::from_fields(&fields(&[("key", &key), ("code", &long)])).unwrap_err()), ["code"]);
    }
}
