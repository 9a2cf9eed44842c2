//! Stores from a table: which column is what, and what a row must be like (O1).
//!
//! Reasons are in English, as all of the command line is.

mod reading;

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use crate::{geo::Datum, stores::Ownership};
use reading::Reading;

/// What a row tells of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The brand's name.
    Brand,
    /// The store's number, unique.
    Code,
    /// The store's name.
    Name,
    /// Who owns it, in words.
    Ownership,
    /// Street address.
    Address,
    /// The city as people write it.
    City,
    /// The region, as ISO 3166-2:CN (`31`) or GB/T 2260 (`310000`) number.
    Region,
    /// Postcode.
    Postcode,
    /// The number to call.
    Phone,
    /// A zone with an IANA name in it: `GMT+08:00 Asia/Beijing`.
    Timezone,
    /// Degrees east.
    Longitude,
    /// Degrees north.
    Latitude,
}

impl Field {
    /// Every field, in the order of [`Columns`].
    pub const ALL: [Self; 12] = [
        Self::Brand,
        Self::Code,
        Self::Name,
        Self::Ownership,
        Self::Address,
        Self::City,
        Self::Region,
        Self::Postcode,
        Self::Phone,
        Self::Timezone,
        Self::Longitude,
        Self::Latitude,
    ];

    /// Our name for it, and its column in the public list of stores that is read as it is.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Brand => ("brand", "Brand"),
            Self::Code => ("code", "Store Number"),
            Self::Name => ("name", "Store Name"),
            Self::Ownership => ("ownership", "Ownership Type"),
            Self::Address => ("address", "Street Address"),
            Self::City => ("city", "City"),
            Self::Region => ("region", "State/Province"),
            Self::Postcode => ("postcode", "Postcode"),
            Self::Phone => ("phone", "Phone Number"),
            Self::Timezone => ("timezone", "Timezone"),
            Self::Longitude => ("longitude", "Longitude"),
            Self::Latitude => ("latitude", "Latitude"),
        }
    }

    /// What lists of Chinese chains call it, and our own name.
    fn also(self) -> &'static [&'static str] {
        match self {
            Self::Brand => &["brand", "品牌", "品牌名称"],
            Self::Code => &["code", "门店编号", "门店编码", "店铺编号", "店号"],
            Self::Name => &["name", "门店名称", "店铺名称", "门店", "店名"],
            Self::Ownership => &["ownership", "经营方式", "经营类型", "门店类型", "门店性质"],
            Self::Address => &["address", "地址", "详细地址", "门店地址"],
            Self::City => &["city", "城市", "所在城市"],
            Self::Region => &["region", "地区编码", "行政区划代码", "省份", "省"],
            Self::Postcode => &["postcode", "邮编", "邮政编码"],
            Self::Phone => &["phone", "电话", "联系电话", "门店电话"],
            Self::Timezone => &["timezone", "时区"],
            Self::Longitude => &["longitude", "经度", "lng", "lon"],
            Self::Latitude => &["latitude", "纬度", "lat"],
        }
    }

    /// Whether a file without this column cannot be imported.
    fn is_needed(self) -> bool {
        !matches!(self, Self::Ownership | Self::City | Self::Postcode | Self::Phone | Self::Timezone)
    }

    /// How many characters it may have. Addresses of shops in malls are long.
    fn most(self) -> usize {
        match self {
            Self::Address => 200,
            Self::Brand | Self::Name => 100,
            Self::Postcode => 16,
            _ => 60,
        }
    }
}

/// Which column of a file holds which field.
#[derive(Clone, Debug)]
pub struct Columns([String; 12]);

impl Default for Columns {
    fn default() -> Self {
        Self(Field::ALL.map(|field| field.names().1.to_owned()))
    }
}

impl Columns {
    /// Takes another column, said as `code=Shop No`.
    pub fn rename(&mut self, mapping: &str) -> Result<(), String> {
        let ours = || Field::ALL.map(|field| field.names().0).join(", ");
        let (name, column) =
            mapping.split_once('=').map(|(name, column)| (name.trim(), column.trim())).unwrap_or_default();
        let field = Field::ALL.into_iter().find(|field| field.names().0 == name && !column.is_empty());
        let field =
            field.ok_or_else(|| format!("cannot map {mapping:?}: say OURS=THEIRS, where OURS is one of {}", ours()))?;
        self.0[field as usize] = column.to_owned();
        Ok(())
    }

    /// Takes a column by another of its usual names, where the one expected is missing and none was asked
    /// for.
    fn find_in(&mut self, header: &[&str]) {
        for field in Field::ALL {
            let expected = &self.0[field as usize];
            let is_there = header.iter().any(|column| column.trim() == expected);
            if is_there || expected != field.names().1 {
                continue;
            }
            let usual = |column: &&&str| field.also().iter().any(|name| name.eq_ignore_ascii_case(column.trim()));
            if let Some(column) = header.iter().find(usual) {
                self.0[field as usize] = column.trim().to_owned();
            }
        }
    }

    /// The column of a field, as the file names it.
    pub fn of(&self, field: Field) -> &str {
        &self.0[field as usize]
    }
}

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
}

/// What is wrong with one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowComplaint {
    /// The column, as the file names it.
    pub column: String,
    /// What is wrong with it.
    pub reason: String,
}

/// A table of stores while it is read: the good rows gather, the bad ones are complained about.
pub struct Sheet {
    columns: Columns,
    /// Where each field stands in a row, in the order of [`Field::ALL`].
    places: [Option<usize>; 12],
    width: usize,
    datum: Datum,
    regions: HashSet<String>,
    lines: HashMap<String, u64>,
    /// The rows that can be imported; no two have the same code.
    pub rows: Vec<StoreRow>,
}

impl Sheet {
    /// A sheet with this header; a reason where it lacks a column that is needed.
    pub fn new(mut columns: Columns, header: &[&str]) -> Result<Self, String> {
        columns.find_in(header);
        let place = |field: &Field| header.iter().position(|column| column.trim() == columns.of(*field));
        let lacking: Vec<_> = Field::ALL.iter().filter(|field| field.is_needed() && place(field).is_none()).collect();
        if !lacking.is_empty() {
            let lacking: Vec<_> =
                lacking.iter().map(|field| format!("{:?} ({})", columns.of(**field), field.names().0)).collect();
            return Err(format!(
                "there is no column {}; the file has {header:?}. Name the right ones with --map OURS=THEIRS",
                lacking.join(", ")
            ));
        }
        let places = Field::ALL.map(|field| place(&field));
        Ok(Self {
            columns,
            places,
            width: header.len(),
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

    /// Reads one row. It is kept, and the answer holds warnings; or it is rejected, and the error
    /// holds every reason.
    pub fn read(&mut self, line: u64, cells: &[&str]) -> Result<Vec<RowComplaint>, Vec<RowComplaint>> {
        if cells.len() != self.width {
            let reason = format!("the row has {} cells where the header has {}", cells.len(), self.width);
            return Err(vec![RowComplaint { column: "(all)".into(), reason }]);
        }
        let (row, mut complaints, warnings) = Reading::of(self, cells);
        if let Some(first) = row.as_ref().and_then(|row| self.lines.get(&row.code)) {
            let reason = format!("the same as on line {first}; that row was read first and counts");
            complaints.push(RowComplaint { column: self.columns.of(Field::Code).into(), reason });
        }
        match row {
            Some(row) if complaints.is_empty() => {
                self.lines.insert(row.code.clone(), line);
                self.rows.push(row);
                Ok(warnings)
            }
            _ => Err(complaints),
        }
    }
}
