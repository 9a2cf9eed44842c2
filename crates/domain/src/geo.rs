//! Places on the earth. Kept as WGS-84; other coordinate systems are turned into it on the way in.

use std::str::FromStr;

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

#[cfg(test)]
mod tests {
    use super::*;

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
