//! Stores from a table (O1).

mod field;

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::{Cells, Columns, Header, Lacking, Reason, RowComplaint, Sheet, given};
use crate::{
    geo::{Datum, Point, is_in_china},
    hours::{Hours, Span},
    opening,
    stores::Ownership,
};
pub use field::StoreField;
use field::StoreField as Is;

/// A store as a row tells it, checked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StoreRow {
    /// The brand's name.
    pub brand: String,
    /// Its number.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Who owns it, where the row says it in known words.
    pub ownership: Option<Ownership>,
    /// Street address.
    pub address: String,
    /// Its city; may be empty.
    pub city: String,
    /// A region that is known, by GB/T 2260.
    pub region: String,
    /// Postcode, as written.
    pub postcode: Option<String>,
    /// The number to call, as written.
    pub phone: Option<String>,
    /// IANA name of its zone.
    pub timezone: &'static str,
    /// Degrees east, WGS-84.
    pub longitude: f64,
    /// Degrees north, WGS-84.
    pub latitude: f64,
    /// The hours of an ordinary week, where the row says them.
    pub weekly: Option<Vec<Span>>,
}

/// A table of stores while it is read.
pub struct StoreSheet {
    header: Header<StoreField>,
    datum: Datum,
    regions: HashSet<String>,
    lines: HashMap<String, u64>,
    /// The rows that can be imported; no two have the same code.
    pub rows: Vec<StoreRow>,
}

impl StoreSheet {
    /// A sheet with this header.
    pub fn new(columns: Columns<StoreField>, header: &[&str]) -> Result<Self, Lacking> {
        Ok(Self {
            header: Header::find(columns, header)?,
            datum: Datum::Wgs84,
            regions: HashSet::new(),
            lines: HashMap::new(),
            rows: Vec::new(),
        })
    }

    /// Knows these regions from now on, by GB/T 2260.
    pub fn knowing(self, regions: HashSet<String>) -> Self {
        Self { regions, ..self }
    }

    /// Takes coordinates as given in this system.
    pub fn in_datum(self, datum: Datum) -> Self {
        Self { datum, ..self }
    }
}

impl Sheet for StoreSheet {
    fn read(&mut self, line: u64, cells: &[&str]) -> Result<Vec<RowComplaint>, Vec<RowComplaint>> {
        self.header.check_width(cells)?;
        let mut reading = Reading { cells: Cells::of(&self.header, cells), sheet: self };
        let row = reading.row();
        if let Some(first) = row.as_ref().and_then(|row| self.lines.get(&row.code)) {
            reading.cells.complain(Is::Code, Reason::Repeated(*first));
        }
        let Cells { complaints, warnings, .. } = reading.cells;
        match row {
            Some(row) if complaints.is_empty() => {
                self.lines.insert(row.code.clone(), line);
                self.rows.push(row);
                Ok(warnings)
            }
            _ => Err(complaints),
        }
    }

    fn kept(&self) -> usize {
        self.rows.len()
    }

    fn found(&self) -> Vec<(&'static str, String)> {
        self.header.found()
    }
}

/// One row being read.
struct Reading<'a> {
    sheet: &'a StoreSheet,
    cells: Cells<'a, StoreField>,
}

impl Reading<'_> {
    /// The store, where every cell that decides about it could be read. All cells are looked at
    /// before the first `?`, so that one pass finds every complaint.
    fn row(&mut self) -> Option<StoreRow> {
        let cells = &mut self.cells;
        let brand = cells.name(Is::Brand);
        let code = cells.needed(Is::Code).and_then(|_| cells.code(Is::Code));
        let name = cells.name(Is::Name);
        let address = cells.needed(Is::Address);
        let (city, postcode, phone) = (cells.text(Is::City), cells.text(Is::Postcode), cells.text(Is::Phone));
        let ownership = self.ownership();
        let weekly = self.weekly();
        let (region, timezone, point) = (self.region(), self.timezone(), self.point());
        let Point { latitude, longitude } = point?;
        Some(StoreRow {
            brand: brand?,
            code: code?,
            name: name?,
            ownership,
            address: address?,
            city: city?,
            region: region?,
            postcode: given(postcode?),
            phone: given(phone?),
            timezone: timezone?,
            longitude,
            latitude,
            weekly: weekly?,
        })
    }

    /// Nothing where the row says nothing of it.
    fn weekly(&mut self) -> Option<Option<Vec<Span>>> {
        let Some(text) = given(self.cells.text(Is::Hours)?) else { return Some(None) };
        let weekly = Hours::weekly_from(&text).filter(|weekly| opening::weekly_problem(weekly).is_none());
        if weekly.is_none() {
            self.cells.complain(Is::Hours, Reason::Hours(text));
        }
        weekly.map(Some)
    }

    /// A word that is not known is no reason to lose a store.
    fn ownership(&mut self) -> Option<Ownership> {
        let words = self.cells.text(Is::Ownership)?;
        let known = match words.to_lowercase().as_str() {
            "company owned" | "direct" | "直营" => Some(Ownership::Direct),
            "licensed" | "franchise" | "franchised" | "加盟" => Some(Ownership::Franchise),
            "joint venture" | "joint" | "联营" => Some(Ownership::Joint),
            "merchant" | "入驻" | "入驻商户" => Some(Ownership::Merchant),
            _ => None,
        };
        if known.is_none() {
            self.cells.warn(Is::Ownership, Reason::Ownership(words));
        }
        known
    }

    /// ISO 3166-2:CN numbers the provinces by the first two digits of GB/T 2260. A county that is
    /// not in the tree counts as its province.
    fn region(&mut self) -> Option<String> {
        let text = self.cells.needed(Is::Region)?;
        let digits = text.strip_prefix("CN-").unwrap_or(&text);
        let is_code = matches!(digits.len(), 2 | 6) && digits.bytes().all(|byte| byte.is_ascii_digit());
        let known = |code: &String| self.sheet.regions.contains(code);
        let code = is_code.then(|| {
            Some(digits.to_owned()).filter(known).or_else(|| Some(format!("{}0000", &digits[..2])).filter(known))
        });
        let code = code.flatten();
        if code.is_none() {
            self.cells.complain(Is::Region, Reason::Region(text));
        }
        code
    }

    /// The IANA name is the last word; Beijing has none of its own and keeps the time of Shanghai.
    fn timezone(&mut self) -> Option<&'static str> {
        let text = self.cells.text(Is::Timezone)?;
        let zone: Option<chrono_tz::Tz> = match text.split_whitespace().last() {
            None | Some("Asia/Beijing" | "GMT+08:00" | "UTC+08:00") => Some(chrono_tz::Asia::Shanghai),
            Some(name) => name.parse().ok(),
        };
        if zone.is_none() {
            self.cells.complain(Is::Timezone, Reason::Timezone(text));
        }
        zone.map(chrono_tz::Tz::name)
    }

    /// Every region is one of China, so a point elsewhere is a mistake; most often an exchange.
    fn point(&mut self) -> Option<Point> {
        let (longitude, latitude) = (self.degrees(Is::Longitude), self.degrees(Is::Latitude));
        let (longitude, latitude) = (longitude?, latitude?);
        if is_in_china(latitude, longitude) {
            return Point::new(latitude, longitude).map(|point| self.sheet.datum.to_wgs84(point));
        }
        if is_in_china(longitude, latitude) {
            self.cells.complain(Is::Latitude, Reason::Exchanged(latitude, longitude));
        } else if Point::new(latitude, longitude).is_some() {
            self.cells.complain(Is::Latitude, Reason::OutsideChina(latitude, longitude));
        }
        if latitude.abs() > 90.0 && !is_in_china(longitude, latitude) {
            self.cells.complain(Is::Latitude, Reason::Range(latitude, 90));
        }
        if longitude.abs() > 180.0 {
            self.cells.complain(Is::Longitude, Reason::Range(longitude, 180));
        }
        None
    }

    fn degrees(&mut self, field: StoreField) -> Option<f64> {
        let text = self.cells.needed(field)?;
        let degrees = text.parse().ok().filter(|degrees: &f64| degrees.is_finite());
        if degrees.is_none() {
            self.cells.complain(field, Reason::Degrees(text));
        }
        degrees
    }
}

#[cfg(test)]
mod tests {
    use crate::import::{Columns, Field as _, RowComplaint, Sheet as _, StoreField as Field, StoreSheet as Sheet};
    use crate::stores::Ownership;

    const GOOD: [&str; 13] = [
        "Starbucks",
        "26657-242588",
        "汇暻生活广场店",
        "Joint Venture",
        "黄浦区,\t四川北路1689号",
        "上海市",
        "31",
        "\u{3000}200085",
        "",
        "GMT+08:00 Asia/Beijing",
        "121.54",
        "31.27",
        "",
    ];

    fn sheet() -> Sheet {
        let columns = Columns::default();
        let header: Vec<_> = Field::ALL.iter().map(|field| columns.of(*field)).collect();
        let regions = ["310000", "320000"].map(String::from).into();
        Sheet::new(columns.clone(), &header).unwrap().knowing(regions)
    }

    fn with(changes: &[(Field, &'static str)]) -> [&'static str; 13] {
        let mut cells = GOOD;
        for (field, cell) in changes {
            cells[*field as usize] = cell;
        }
        cells
    }

    /// The column and reason of the only complaint.
    fn complaint(field: Field, cell: &'static str) -> (String, String) {
        let complaints = sheet().read(2, &with(&[(field, cell)])).unwrap_err();
        let [RowComplaint { column, reason }] = complaints.as_slice() else { panic!("{complaints:?}") };
        (column.clone(), reason.to_string())
    }

    #[test]
    fn a_row_of_the_public_list_is_read_as_it_is() {
        let mut sheet = sheet();
        assert_eq!(sheet.read(2, &GOOD), Ok(vec![]));
        let row = &sheet.rows[0];
        assert_eq!(
            (row.region.as_str(), row.timezone, row.ownership),
            ("310000", "Asia/Shanghai", Some(Ownership::Joint))
        );
        assert_eq!(
            (row.address.as_str(), row.postcode.as_deref(), row.phone.as_deref()),
            ("黄浦区, 四川北路1689号", Some("200085"), None)
        );
        assert_eq!((row.longitude, row.latitude).partial_cmp(&(121.54, 31.27)), Some(std::cmp::Ordering::Equal));
    }

    #[test]
    fn the_usual_names_of_a_column_are_known_and_one_that_was_asked_for_counts_alone() {
        let header = [
            "品牌",
            "门店编号",
            "门店名称",
            "门店类型",
            "地址",
            "城市",
            "省份",
            "邮编",
            "电话",
            "时区",
            "LNG",
            "纬度",
            "营业时间",
        ];
        let mut sheet = Sheet::new(Columns::default(), &header).unwrap().knowing(["310000".to_owned()].into());
        assert_eq!(sheet.read(2, &GOOD), Ok(vec![]));
        let complaints = sheet.read(3, &with(&[(Field::Latitude, "north")])).unwrap_err();
        assert_eq!(complaints[0].column, "纬度", "it is named as the file names it");

        let mut columns = Columns::default();
        columns.rename("code=Shop No").unwrap();
        let Err(message) = Sheet::new(columns, &header) else { panic!("another column was taken") };
        assert!(message.to_string().contains("Shop No"), "{message}");
    }

    #[test]
    fn ownership_is_known_by_both_languages_words_and_only_warned_about_otherwise() {
        let read = |words: &'static str| {
            let mut sheet = sheet();
            let warnings = sheet.read(2, &with(&[(Field::Ownership, words)])).unwrap();
            (sheet.rows[0].ownership, warnings.len())
        };
        assert_eq!(read("Company Owned"), (Some(Ownership::Direct), 0));
        assert_eq!(read("Licensed"), (Some(Ownership::Franchise), 0));
        assert_eq!(read("FRANCHISE"), (Some(Ownership::Franchise), 0));
        assert_eq!(read("联营"), (Some(Ownership::Joint), 0));
        assert_eq!(read("入驻"), (Some(Ownership::Merchant), 0));
        assert_eq!(read("Cooperative"), (None, 1));
        assert_eq!(read(""), (None, 1));
    }

    #[test]
    fn hours_are_read_where_a_row_says_them_and_nothing_is_guessed() {
        let read = |cell| {
            let mut sheet = sheet();
            sheet.read(2, &with(&[(Field::Hours, cell)])).map(|_| sheet.rows[0].weekly.as_ref().map(Vec::len))
        };
        assert_eq!(read(""), Ok(None));
        assert_eq!(read("工作日 08:00-12:00,13:00-20:00；周末 10:00-18:00"), Ok(Some(3)));
        assert!(read("早八晚十").is_err());
        assert!(read("08:00-12:00,11:00-20:00").is_err(), "an hour of it is there twice");
    }

    #[test]
    fn exchanged_coordinates_are_said_to_look_exchanged() {
        for (longitude, latitude) in [("31.27", "121.54"), ("45.7", "80.3")] {
            let cells = with(&[(Field::Longitude, longitude), (Field::Latitude, latitude)]);
            let complaints = sheet().read(2, &cells).unwrap_err();
            assert_eq!(complaints.len(), 1, "{complaints:?}");
            assert!(complaints[0].reason.to_string().contains("exchanged"), "{complaints:?}");
        }
    }

    #[test]
    fn coordinates_are_numbers_in_range_and_in_china() {
        assert!(complaint(Field::Latitude, "91").1.contains("out of range"));
        assert!(complaint(Field::Latitude, "-90.01").1.contains("out of range"));
        assert_eq!(complaint(Field::Longitude, "180.5").0, "Longitude");
        assert!(complaint(Field::Latitude, "0").1.contains("outside China"));
        for word in ["NaN", "inf", "31,27", "north"] {
            assert!(complaint(Field::Latitude, word).1.contains("not a number"), "{word}");
        }
        assert_eq!(complaint(Field::Longitude, ""), ("Longitude".into(), "is empty".into()));
    }

    #[test]
    fn every_mistake_of_a_row_is_complained_about_at_once() {
        let cells = with(&[
            (Field::Code, ""),
            (Field::Name, "…"),
            (Field::Address, "a\u{0}b"),
            (Field::Region, "CA"),
            (Field::Timezone, "Mars/Base"),
            (Field::Longitude, "x"),
        ]);
        let complaints = sheet().read(2, &cells).unwrap_err();
        let columns: Vec<_> = complaints.iter().map(|one| one.column.as_str()).collect();
        assert_eq!(
            columns,
            ["Store Number", "Store Name", "Street Address", "State/Province", "Timezone", "Longitude"]
        );
    }

    #[test]
    fn a_code_fits_into_an_address() {
        for code in ["a/b", "../x", "a b", "a?b", "-a"] {
            assert_eq!(complaint(Field::Code, code).0, "Store Number", "{code}");
        }
    }

    #[test]
    fn a_county_outside_the_tree_counts_as_its_province_and_an_unknown_province_is_rejected() {
        let region = |cell| {
            let mut sheet = sheet();
            sheet.read(2, &with(&[(Field::Region, cell)])).map(|_| sheet.rows[0].region.clone())
        };
        assert_eq!(region("310115").as_deref(), Ok("310000"));
        assert_eq!(region("CN-32").as_deref(), Ok("320000"));
        assert!(region("99").is_err() && region("3").is_err() && region("三一").is_err());
    }

    #[test]
    fn the_second_row_with_a_code_is_rejected_and_names_the_first() {
        let mut sheet = sheet();
        assert!(sheet.read(2, &GOOD).is_ok());
        let complaints = sheet.read(9, &with(&[(Field::Name, "Another")])).unwrap_err();
        assert!(complaints[0].reason.to_string().contains("line 2"), "{complaints:?}");
        assert_eq!(sheet.rows.len(), 1);
    }

    #[test]
    fn over_long_text_and_a_row_of_another_width_are_rejected() {
        let long: &'static str = "长".repeat(201).leak();
        assert_eq!(complaint(Field::Address, long).1, "has 201 characters, at most 200 fit");
        assert!(sheet().read(2, &GOOD[..12]).is_err());
    }

    #[test]
    fn other_columns_can_be_named_and_those_that_lack_are() {
        let mut columns = Columns::default();
        columns.rename("code = Shop No").unwrap();
        assert_eq!(columns.of(Field::Code), "Shop No");
        assert!(columns.rename("colour=Red").is_err() && columns.rename("code").is_err());
        let Err(message) = Sheet::new(columns, &["Store Number", "Brand"]) else {
            panic!("a header without columns passed")
        };
        assert!(
            message.to_string().contains("\"Shop No\" (code)") && message.to_string().contains("\"Store Number\""),
            "{message}"
        );
        assert!(!message.to_string().contains("\"Phone Number\""), "{message}");
    }
}
