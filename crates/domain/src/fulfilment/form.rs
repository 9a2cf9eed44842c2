//! A store's settings as its people type them.

use super::{
    BANDS_MOST, Band, DeliverySettings, FulfilmentSettings, InStoreSettings, OwnRider, RIDERS_MOST, Range,
    WINDOWS_MOST, Window,
};
use crate::{Complaint, Fault, Fen, Fields, hours::clock};

impl FulfilmentSettings {
    /// Reads the settings from a form: `pickup_capacity`; `in_store`, `in_store_capacity`; `on`, `range` (`radius` or `polygon`), `metres`, `polygon`;
    /// `light_grams`, `per_kilo`, `minimum`, `free_from` (yuan), `minutes`; and in rows from 1 on `band_m.1`,
    /// `band_fee.1`; `from.1`, `until.1`, `capacity.1`; `rider.1`, `rider_phone.1`. Rows of which nothing is filled in
    /// are passed over. Where delivery is neither on nor filled in there is none.
    ///
    /// Faults: `Invalid` with every complaint.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut complaints = Vec::new();
        let mut capacity = |name: &str| {
            fields.given(name).map(|text| {
                text.parse().unwrap_or_else(|_| {
                    complaints.push(Complaint::new(name, "每个时段的单数须是整数；不限请留空"));
                    1
                })
            })
        };
        let pickup_capacity = capacity("pickup_capacity");
        let in_store = fields.given("in_store").map(|_| InStoreSettings { capacity: capacity("in_store_capacity") });
        let wanted = ["on", "metres", "polygon", "band_m.1", "from.1"].iter().any(|name| fields.given(name).is_some());
        let delivery = wanted.then(|| delivery(fields, &mut complaints));
        let settings = Self { pickup_capacity, in_store, delivery };
        // What could not be read is told in place of what follows from it.
        if complaints.is_empty() {
            settings.checked()?;
            return Ok(settings);
        }
        let read: Vec<String> = complaints.iter().map(|one| one.field.clone()).collect();
        if let Err(fault) = settings.checked() {
            complaints.extend(fault.complaints().iter().filter(|one| !read.contains(&one.field)).cloned());
        }
        Err(Fault::Invalid(complaints))
    }
}

fn delivery(fields: &Fields, complaints: &mut Vec<Complaint>) -> DeliverySettings {
    let mut wrong = |field: &str, message: &str| complaints.push(Complaint::new(field, message));
    let range = if fields.text("range") == "polygon" {
        Range::polygon(fields.text("polygon")).unwrap_or_else(|problem| {
            wrong("polygon", problem);
            Range::Radius { metres: 1 }
        })
    } else {
        let metres = fields.text("metres").parse().unwrap_or_else(|_| {
            wrong("metres", "请填写配送半径（米）");
            1
        });
        Range::Radius { metres }
    };
    let mut yuan = |name: &str| match fields.given(name) {
        None => Fen::ZERO,
        Some(text) => Fen::typed(text).unwrap_or_else(|| {
            wrong(name, "请填写金额，例如 5 或 5.50");
            Fen::ZERO
        }),
    };
    let (per_kilo_fen, minimum_fen) = (yuan("per_kilo"), yuan("minimum"));
    let free_from_fen = fields.given("free_from").map(|_| yuan("free_from"));
    let mut whole = |name: &str| {
        fields.given(name).map_or(Ok(0), str::parse).unwrap_or_else(|_| {
            wrong(name, "请填写整数");
            0
        })
    };
    let (light_grams, minutes) = (whole("light_grams"), whole("minutes"));
    DeliverySettings {
        on: fields.given("on").is_some(),
        range,
        bands: rows(fields, BANDS_MOST, ["band_m", "band_fee"], |[metres, fee]| {
            Some(Band { up_to_m: metres.parse().ok()?, fee_fen: Fen::typed(fee)? })
        })
        .unwrap_or_else(|| {
            wrong("bands", "每一档都要填写距离（米）和配送费（元）");
            Vec::new()
        }),
        light_grams,
        per_kilo_fen,
        minimum_fen,
        free_from_fen,
        minutes,
        windows: rows(fields, WINDOWS_MOST, ["from", "until", "capacity"], |[from, until, capacity]| {
            Some(Window { from: clock(from)?, until: clock(until)?, capacity: capacity.parse().ok()? })
        })
        .unwrap_or_else(|| {
            wrong("windows", "每个时段都要填写开始、结束和单数，时间写成 08:05");
            Vec::new()
        }),
        riders: rows(fields, RIDERS_MOST, ["rider", "rider_phone"], |[name, phone]| {
            Some(OwnRider { name: name.to_owned(), phone: phone.parse().ok()? }).filter(|rider| !rider.name.is_empty())
        })
        .unwrap_or_else(|| {
            wrong("riders", "每位骑手都要填写姓名和 11 位手机号");
            Vec::new()
        }),
    }
}

/// The rows of a form of which anything is filled in; nothing where one of them cannot be read.
fn rows<T, const N: usize>(
    fields: &Fields,
    most: usize,
    names: [&str; N],
    read: impl Fn([&str; N]) -> Option<T>,
) -> Option<Vec<T>> {
    (1..=most)
        .map(|row| names.map(|name| fields.text(&format!("{name}.{row}"))))
        .filter(|texts| texts.iter().any(|text| !text.is_empty()))
        .map(read)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(pairs: &[(&str, &str)]) -> Fields {
        Fields(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    const WHOLE: [(&str, &str); 13] = [
        ("on", "on"),
        ("range", "radius"),
        ("metres", "3000"),
        ("band_m.1", "1000"),
        ("band_fee.1", "3"),
        ("band_m.3", "3000"),
        ("band_fee.3", "5.50"),
        ("minutes", "40"),
        ("from.1", "10:00"),
        ("until.1", "12:00"),
        ("capacity.1", "20"),
        ("rider.2", "小李"),
        ("rider_phone.2", "13900139000"),
    ];

    #[test]
    fn settings_are_read_row_by_row_and_empty_rows_are_passed_over() {
        let read = FulfilmentSettings::from_fields(&typed(&WHOLE)).unwrap().delivery.unwrap();
        assert_eq!(read.bands.iter().map(|band| band.fee_fen.0).collect::<Vec<_>>(), [300, 550]);
        assert_eq!((read.on, read.windows.len(), read.riders.len(), read.free_from_fen), (true, 1, 1, None));
        assert_eq!(FulfilmentSettings::from_fields(&typed(&[])), Ok(FulfilmentSettings::default()));
        let at_the_store = |pairs| FulfilmentSettings::from_fields(&typed(pairs)).unwrap().in_store;
        assert_eq!(at_the_store(&[("in_store_capacity", "8")]), None, "not offered");
        assert_eq!(at_the_store(&[("in_store", "on")]), Some(InStoreSettings { capacity: None }));
        let eight = at_the_store(&[("in_store", "on"), ("in_store_capacity", "8")]);
        assert_eq!(eight, Some(InStoreSettings { capacity: Some(8) }));
    }

    #[test]
    fn what_cannot_be_read_is_told_once_beside_its_field() {
        for (name, bad, field) in [
            ("metres", "x", "metres"),
            ("band_fee.1", "", "bands"),
            ("from.1", "25:00", "windows"),
            ("from.1", "8:5", "windows"),
            ("capacity.1", "0", "windows"),
            ("rider_phone.2", "1", "riders"),
            ("minutes", "x", "minutes"),
            ("range", "polygon", "polygon"),
        ] {
            let changed: Vec<_> = WHOLE.iter().map(|one| if one.0 == name { (name, bad) } else { *one }).collect();
            let fault = FulfilmentSettings::from_fields(&typed(&changed)).unwrap_err();
            let named: Vec<_> = fault.complaints().iter().map(|one| one.field.as_str()).collect();
            assert_eq!(named, [field], "{name} {bad}");
        }
        let more = [
            WHOLE.as_slice(),
            &[
                ("pickup_capacity", "x"),
                ("in_store", "on"),
                ("in_store_capacity", "0"),
                ("minimum", "-1"),
                ("free_from", "x"),
            ],
        ]
        .concat();
        let fault = FulfilmentSettings::from_fields(&typed(&more)).unwrap_err();
        assert_eq!(fault.complaints().len(), 4);
    }
}
