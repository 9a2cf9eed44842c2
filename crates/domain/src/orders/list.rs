//! Which orders a list shows: the same filters for pages, files, batches and the API.

use chrono::{DateTime, NaiveDate, Utc};

use super::{Channel, OrderState};
use crate::{Fault, Fields, StoreId, fulfilment::Fulfilment, text};

/// What a staff list of orders is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListOrders {
    /// Only of this store.
    pub store: Option<StoreId>,
    /// Only of stores in this region, or below it; by its code.
    pub region: Option<String>,
    /// Only over this face.
    pub channel: Option<Channel>,
    /// Only in these states; any where empty.
    pub states: Vec<OrderState>,
    /// Only those that reach their shopper in this way.
    pub fulfilment: Option<Fulfilment>,
    /// Placed from this day on, in China.
    pub from: Option<NaiveDate>,
    /// Placed up to this day and with it, in China.
    pub to: Option<NaiveDate>,
    /// Only with such goods: words in a product's name, its pinyin or initials; a variant's whole code or barcode.
    pub goods: String,
    /// A number, a pickup code or the end of a phone number.
    pub words: String,
    /// Only those that wait longer than they should.
    pub late: bool,
    /// How many at most; 1 to 100.
    pub most: usize,
    /// Where to read on.
    pub after: Option<String>,
}

impl ListOrders {
    /// Reads the filters from an address.
    ///
    /// Faults: `NotFound` for a store that can be none; `Invalid` beside `from` or `to` for what is no day: a batch of
    /// all that a list shows must not grow where one of its filters cannot be read.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let store = fields.given("store").map(|text| text.parse().map_err(|_| Fault::NotFound("这家门店")));
        Ok(Self {
            store: store.transpose()?,
            region: fields.given("region").map(str::to_owned),
            channel: fields.given("channel").and_then(Channel::from_code),
            states: fields.given("state").and_then(OrderState::from_code).into_iter().collect(),
            fulfilment: fields.given("fulfilment").and_then(Fulfilment::from_code),
            from: text::day_given(fields, "from")?,
            to: text::day_given(fields, "to")?,
            goods: fields.words("goods"),
            words: fields.words("q"),
            late: fields.given("late").is_some(),
            ..Self::default()
        })
    }

    /// The filters as [`Self::from_fields`] reads them.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        vec![
            ("store", self.store.map(|id| id.to_string()).unwrap_or_default()),
            ("region", self.region.clone().unwrap_or_default()),
            ("channel", self.channel.map_or("", Channel::code).to_owned()),
            ("state", self.states.first().map_or("", |state| state.code()).to_owned()),
            ("fulfilment", self.fulfilment.map_or("", Fulfilment::code).to_owned()),
            ("from", self.from.map(|day| day.to_string()).unwrap_or_default()),
            ("to", self.to.map(|day| day.to_string()).unwrap_or_default()),
            ("goods", self.goods.clone()),
            ("q", self.words.clone()),
            ("late", if self.late { "on".into() } else { String::new() }),
        ]
    }

    /// From which moment on, and before which one, the orders were placed; nothing where a side is open.
    ///
    /// Faults: `Invalid` beside `to` where it is before `from`.
    pub fn placed(&self) -> Result<[Option<DateTime<Utc>>; 2], Fault> {
        text::moments_of_days(self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_of_a_list_begin_and_end_at_midnight_in_china() {
        let fields = |pairs: &[(&str, &str)]| {
            Fields(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        };
        let asked = |from: &str, to: &str| ListOrders::from_fields(&fields(&[("from", from), ("to", to)]));
        let moment = |text: &str| Some(text.parse::<DateTime<Utc>>().unwrap());
        let one = asked("2026-11-26", "2026-11-26").unwrap();
        assert_eq!(one.placed().unwrap(), [moment("2026-11-25T16:00:00Z"), moment("2026-11-26T16:00:00Z")]);
        assert_eq!(asked("", "2026-11-26").unwrap().placed().unwrap()[0], None, "an open side bounds nothing");
        let (ages_ago, never) = (asked("", "0001-01-01").unwrap(), asked("9999-12-31", "").unwrap());
        assert!(
            ages_ago.placed().unwrap()[1].is_some_and(|end| end.timestamp() == 0),
            "nothing was placed before then"
        );
        assert!(never.placed().unwrap()[0].is_some(), "nor will be after then");
        let Err(Fault::Invalid(wrong)) = asked("2026-11-27", "2026-11-26").unwrap().placed() else { panic!() };
        assert_eq!(wrong[0].field, "to");
        assert!(asked("昨天", "").is_err());
    }

    #[test]
    fn the_filters_of_a_list_are_read_as_they_are_written() {
        let ask = ListOrders {
            region: Some("310000".into()),
            channel: Some(Channel::Api),
            states: vec![OrderState::Ready],
            fulfilment: Some(Fulfilment::Express),
            from: NaiveDate::from_ymd_opt(2026, 11, 1),
            to: NaiveDate::from_ymd_opt(2026, 11, 26),
            goods: "奶茶".into(),
            words: "1234".into(),
            late: true,
            ..ListOrders::default()
        };
        let fields = Fields(ask.pairs().into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
        assert_eq!(ListOrders::from_fields(&fields).unwrap(), ask);
    }
}
