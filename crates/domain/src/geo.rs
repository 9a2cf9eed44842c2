//! Places on the earth. Kept as WGS-84; other coordinate systems are turned into it on the way in.

use std::{f64::consts::PI, str::FromStr};

use serde::{Deserialize, Serialize};

/// A point in WGS-84 degrees.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Point {
    /// Degrees north, −90 to 90.
    pub latitude: f64,
    /// Degrees east, −180 to 180.
    pub longitude: f64,
}

impl Point {
    /// A point, or `None` where the degrees are out of range.
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let fits = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        fits.then_some(Self { latitude, longitude })
    }

    /// The great-circle distance in metres (haversine on the mean radius of IUGG, 6,371,008.8 m).
    pub fn metres_to(self, other: Self) -> f64 {
        let (from, to) = (self.latitude.to_radians(), other.latitude.to_radians());
        let half_lat = (to - from) / 2.0;
        let half_lon = (other.longitude - self.longitude).to_radians() / 2.0;
        let square = half_lat.sin().powi(2) + from.cos() * to.cos() * half_lon.sin().powi(2);
        2.0 * 6_371_008.8 * square.sqrt().min(1.0).asin()
    }
}

/// A point on a globe of radius 1: to find the nearest of many without working out an angle for each.
#[derive(Clone, Copy, Debug)]
pub struct OnGlobe([f64; 3]);

impl OnGlobe {
    /// The square of the straight line between two, through the globe; it grows with the way around it.
    pub fn chord_squared(self, other: Self) -> f64 {
        self.0.iter().zip(other.0).map(|(one, two)| (one - two).powi(2)).sum()
    }
}

impl From<Point> for OnGlobe {
    fn from(point: Point) -> Self {
        let ((lat_sin, lat_cos), (lon_sin, lon_cos)) =
            (point.latitude.to_radians().sin_cos(), point.longitude.to_radians().sin_cos());
        Self([lat_cos * lon_cos, lat_cos * lon_sin, lat_sin])
    }
}

/// `latitude,longitude`, as the address of a finder page carries it.
impl FromStr for Point {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts =
            text.split_once(',').and_then(|(lat, lon)| Some((lat.trim().parse().ok()?, lon.trim().parse().ok()?)));
        parts.and_then(|(lat, lon)| Self::new(lat, lon)).ok_or("位置须是“纬度,经度”")
    }
}

/// The rough bounds of China, to tell swapped coordinates from merely distant ones.
pub fn is_in_china(latitude: f64, longitude: f64) -> bool {
    (3.0..=54.0).contains(&latitude) && (73.0..=136.0).contains(&longitude)
}

/// A system of coordinates that places in China are told in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Datum {
    /// What satellites and this server use.
    Wgs84,
    /// The shifted system of maps published in China (Amap, Tencent).
    Gcj02,
    /// Baidu's, shifted once more.
    Bd09,
}

impl Datum {
    /// A point told in this system, in WGS-84 to 7 decimals (about a centimetre).
    pub fn to_wgs84(self, point: Point) -> Point {
        let Point { latitude, longitude } = match self {
            Self::Wgs84 => return point,
            Self::Gcj02 => gcj02_to_wgs84(point),
            Self::Bd09 => gcj02_to_wgs84(bd09_to_gcj02(point)),
        };
        let round = |degrees: f64| (degrees * 1e7).round() / 1e7;
        Point { latitude: round(latitude), longitude: round(longitude) }
    }
}

/// A point in GCJ-02, as those want it who read maps published in China, to 6 decimals (about a decimetre).
pub fn to_gcj02(point: Point) -> Point {
    let (north, east) = gcj02_shift(point);
    let round = |degrees: f64| (degrees * 1e6).round() / 1e6;
    Point { latitude: round(point.latitude + north), longitude: round(point.longitude + east) }
}

/// The shift has no inverse formula; taking it back at the point found so far converges to less than a
/// millimetre in four rounds.
fn gcj02_to_wgs84(told: Point) -> Point {
    let mut point = told;
    for _ in 0..4 {
        let (north, east) = gcj02_shift(point);
        point = Point { latitude: told.latitude - north, longitude: told.longitude - east };
    }
    point
}

/// Degrees north and east from WGS-84 to GCJ-02, by the formula that is publicly known since 2010
/// (`eviltransform` has the same), on the ellipsoid of Krassovsky 1940.
fn gcj02_shift(point: Point) -> (f64, f64) {
    const AXIS_M: f64 = 6_378_245.0;
    const ECCENTRICITY_SQUARED: f64 = 0.006_693_421_622_965_943;
    let (x, y) = (point.longitude - 105.0, point.latitude - 35.0);
    let wave = |of: f64| (of * PI).sin();
    let common = (20.0 * wave(6.0 * x) + 20.0 * wave(2.0 * x)) * 2.0 / 3.0;
    let north_m = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * x.abs().sqrt()
        + common
        + (20.0 * wave(y) + 40.0 * wave(y / 3.0)) * 2.0 / 3.0
        + (160.0 * wave(y / 12.0) + 320.0 * wave(y / 30.0)) * 2.0 / 3.0;
    let east_m = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * x.abs().sqrt()
        + common
        + (20.0 * wave(x) + 40.0 * wave(x / 3.0)) * 2.0 / 3.0
        + (150.0 * wave(x / 12.0) + 300.0 * wave(x / 30.0)) * 2.0 / 3.0;
    let latitude = point.latitude.to_radians();
    let flat = 1.0 - ECCENTRICITY_SQUARED * latitude.sin().powi(2);
    let north = north_m * 180.0 / (AXIS_M * (1.0 - ECCENTRICITY_SQUARED) / (flat * flat.sqrt()) * PI);
    let east = east_m * 180.0 / (AXIS_M / flat.sqrt() * latitude.cos() * PI);
    (north, east)
}

/// Baidu's second shift taken back, by the formula that is publicly known.
fn bd09_to_gcj02(told: Point) -> Point {
    const TURN: f64 = PI * 3_000.0 / 180.0;
    let (x, y) = (told.longitude - 0.0065, told.latitude - 0.006);
    let radius = x.hypot(y) - 0.000_02 * (y * TURN).sin();
    let angle = y.atan2(x) - 0.000_003 * (x * TURN).cos();
    Point { latitude: radius * angle.sin(), longitude: radius * angle.cos() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn points() -> impl Strategy<Value = Point> {
        (-90.0..=90.0, -180.0..=180.0).prop_map(|(latitude, longitude)| Point { latitude, longitude })
    }

    proptest! {
        #[test]
        fn whoever_is_nearer_is_nearer_through_the_globe_too(here in points(), one in points(), two in points()) {
            let (to_one, to_two) = (here.metres_to(one), here.metres_to(two));
            // Around the other side of the globe the haversine itself is only good to some metres.
            prop_assume!((to_one - to_two).abs() > 10.0);
            let chord = |other: Point| OnGlobe::from(here).chord_squared(other.into());
            prop_assert_eq!(to_one < to_two, chord(one) < chord(two));
        }
    }

    /// Pairs published with `eviltransform`, of WGS-84 and GCJ-02, and `coordtransform`, of GCJ-02 and BD-09.
    #[test]
    fn places_on_chinese_maps_are_found_where_they_are() {
        for ((latitude, longitude), told) in [
            ((31.177_427_6, 121.527_210_6), (31.175_303_983_645_97, 121.531_541_859_215)),
            ((22.543_847, 113.912_316), (22.540_796_131_694_766, 113.917_176_480_836_3)),
            ((39.911_954, 116.377_817), (39.913_345_455_360_69, 116.384_047_224_556_57)),
        ] {
            let there = Point::new(latitude, longitude).unwrap();
            let found = Datum::Gcj02.to_wgs84(Point::new(told.0, told.1).unwrap());
            assert!(found.metres_to(there) < 0.02, "{found:?} is not {there:?}");
            assert_eq!(Datum::Wgs84.to_wgs84(there), there);
            assert!(to_gcj02(there).metres_to(Point::new(told.0, told.1).unwrap()) < 0.2);
        }
        let found = bd09_to_gcj02(Point::new(39.915, 116.404).unwrap());
        let there = Point::new(39.908_656_739_576_31, 116.397_627_291_193_15).unwrap();
        assert!(found.metres_to(there) < 0.02, "{found:?} is not {there:?}");
    }

    #[test]
    fn the_distance_from_peoples_square_to_lujiazui_is_about_two_and_a_half_kilometres() {
        let (square, tower) = (Point::new(31.2304, 121.4737).unwrap(), Point::new(31.2397, 121.4998).unwrap());
        assert!((2_600.0..2_800.0).contains(&square.metres_to(tower)), "{}", square.metres_to(tower));
    }

    #[test]
    fn degrees_out_of_range_are_no_point() {
        assert!(Point::new(121.47, 31.23).is_none());
        assert!("31.2".parse::<Point>().is_err());
        assert!("31.2,nan".parse::<Point>().is_err());
        assert!("31.2;drop table,1".parse::<Point>().is_err());
    }
}
