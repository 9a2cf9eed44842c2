//! Where a store brings orders to.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::geo::Point;

/// How many corners a range has at most.
pub const CORNERS_MOST: usize = 100;
/// How far a store brings things at most, in metres.
pub const FAR_MOST_M: u32 = 50_000;
/// How many degrees a range is wide and high at most: a city, and nowhere near the line at which longitudes begin anew.
const WIDE_MOST_DEGREES: f64 = 2.0;

/// Where a store brings orders to. Within a city degrees are taken for a plane's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema), schema(as = DeliveryRange))]
pub enum Range {
    /// As far as the crow flies.
    Radius {
        /// How far.
        #[cfg_attr(feature = "api", schema(minimum = 1, maximum = 50000))]
        metres: u32,
    },
    /// Within these corners; the last is joined to the first.
    Polygon {
        /// The corners.
        #[cfg_attr(feature = "api", schema(min_items = 3, max_items = 100))]
        corners: Vec<Point>,
    },
}

impl Range {
    /// Whether it reaches a point. What lies on an edge is within.
    pub fn covers(&self, store: Point, to: Point) -> bool {
        match self {
            Self::Radius { metres } => store.metres_to(to) <= f64::from(*metres),
            Self::Polygon { corners } => is_within(corners, to),
        }
    }

    /// What is wrong with it, for people.
    pub fn problem(&self) -> Option<&'static str> {
        match self {
            Self::Radius { metres } if !(1..=FAR_MOST_M).contains(metres) => Some("半径须在 1 到 50000 米之间"),
            Self::Radius { .. } => None,
            Self::Polygon { corners } => problem_of(corners),
        }
    }

    /// Reads corners as people paste them: GeoJSON (a polygon, or a feature with one), or a line `纬度,经度` for each.
    pub fn polygon(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let corners = if text.starts_with('{') { of_geojson(text)? } else { of_lines(text)? };
        let range = Self::Polygon { corners };
        range.problem().map_or(Ok(range), Err)
    }
}

const SHAPE: &str = "须是 GeoJSON 的 Polygon，或每行一个“纬度,经度”";

fn of_lines(text: &str) -> Result<Vec<Point>, &'static str> {
    let mut corners: Vec<Point> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::parse)
        .collect::<Result<_, _>>()
        .map_err(|_| SHAPE)?;
    if corners.len() > 1 && corners.first() == corners.last() {
        corners.pop();
    }
    Ok(corners)
}

/// RFC 7946: positions are longitude before latitude, a ring ends where it begins.
fn of_geojson(text: &str) -> Result<Vec<Point>, &'static str> {
    let value: Value = serde_json::from_str(text).map_err(|_| SHAPE)?;
    let shape = if value["type"] == "Feature" { &value["geometry"] } else { &value };
    let rings = shape["coordinates"].as_array().filter(|_| shape["type"] == "Polygon").ok_or(SHAPE)?;
    let [ring] = rings.as_slice() else { return Err("配送范围只能是一块，中间不能有洞") };
    let corner = |position: &Value| Point::new(position[1].as_f64()?, position[0].as_f64()?);
    let mut corners: Vec<Point> =
        ring.as_array().ok_or(SHAPE)?.iter().map(corner).collect::<Option<_>>().ok_or(SHAPE)?;
    if corners.len() < 4 || corners.first() != corners.last() {
        return Err("多边形没有闭合：最后一个点须与第一个点相同");
    }
    corners.pop();
    Ok(corners)
}

fn problem_of(corners: &[Point]) -> Option<&'static str> {
    if !(3..=CORNERS_MOST).contains(&corners.len()) {
        return Some("多边形须有 3 到 100 个顶点");
    }
    if corners.iter().any(|one| Point::new(one.latitude, one.longitude).is_none()) {
        return Some("顶点的经纬度超出范围");
    }
    let wide = |of: fn(&Point) -> f64| {
        let (low, high) =
            corners.iter().map(of).fold((f64::MAX, f64::MIN), |(low, high), one| (low.min(one), high.max(one)));
        high - low
    };
    if wide(|one| one.latitude) > WIDE_MOST_DEGREES || wide(|one| one.longitude) > WIDE_MOST_DEGREES {
        return Some("配送范围太大，须在一座城市以内");
    }
    if !is_simple(corners) { Some("多边形的边相互交叉或重叠，请检查顶点顺序") } else { None }
}

/// The edges, each from a corner to the next.
fn edges(corners: &[Point]) -> impl Iterator<Item = (Point, Point)> + Clone + '_ {
    corners.iter().copied().zip(corners.iter().copied().cycle().skip(1))
}

/// On which side of the line from `a` to `b` a point lies: positive, negative, or 0 on it.
fn side(a: Point, b: Point, point: Point) -> f64 {
    (b.longitude - a.longitude) * (point.latitude - a.latitude)
        - (b.latitude - a.latitude) * (point.longitude - a.longitude)
}

/// Whether a point of the line through `a` and `b` lies between them.
fn is_between(a: Point, b: Point, point: Point) -> bool {
    let within = |one: f64, two: f64, value: f64| one.min(two) <= value && value <= one.max(two);
    within(a.latitude, b.latitude, point.latitude) && within(a.longitude, b.longitude, point.longitude)
}

fn is_on(a: Point, b: Point, point: Point) -> bool {
    side(a, b, point) == 0.0 && is_between(a, b, point)
}

fn meet((a, b): (Point, Point), (c, d): (Point, Point)) -> bool {
    let parted = |one: f64, two: f64| (one > 0.0) != (two > 0.0) && one != 0.0 && two != 0.0;
    let crossed = parted(side(a, b, c), side(a, b, d)) && parted(side(c, d, a), side(c, d, b));
    crossed || is_on(a, b, c) || is_on(a, b, d) || is_on(c, d, a) || is_on(c, d, b)
}

/// Whether no edge meets another but where one ends and the next begins.
fn is_simple(corners: &[Point]) -> bool {
    let edges: Vec<_> = edges(corners).collect();
    let many = edges.len();
    edges.iter().enumerate().all(|(at, one)| {
        one.0 != one.1
            && edges.iter().enumerate().skip(at + 1).all(|(other_at, other)| {
                if other_at == at + 1 {
                    // They share `one.1`; going back along itself is an overlap.
                    !is_on(one.0, one.1, other.1) && !is_on(other.0, other.1, one.0)
                } else if at == 0 && other_at == many - 1 {
                    !is_on(one.0, one.1, other.0) && !is_on(other.0, other.1, one.1)
                } else {
                    !meet(*one, *other)
                }
            })
    })
}

/// By the number of edges that a ray to the east crosses (even and odd).
fn is_within(corners: &[Point], point: Point) -> bool {
    if edges(corners).any(|(a, b)| is_on(a, b, point)) {
        return true;
    }
    let crossed = edges(corners).filter(|(a, b)| {
        let spans = (a.latitude > point.latitude) != (b.latitude > point.latitude);
        let up = b.latitude > a.latitude;
        spans && (side(*a, *b, point) > 0.0) == up
    });
    crossed.count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STORE: Point = Point { latitude: 31.2, longitude: 121.4 };

    fn at(north: f64, east: f64) -> Point {
        Point { latitude: STORE.latitude + north, longitude: STORE.longitude + east }
    }

    /// A corner in each of many directions around the store, at these distances.
    fn star(distances: &[f64]) -> Vec<Point> {
        let turn = std::f64::consts::TAU / distances.len() as f64;
        let corner = |(place, far): (usize, &f64)| {
            let angle = turn * place as f64;
            at(far * angle.sin(), far * angle.cos())
        };
        distances.iter().enumerate().map(corner).collect()
    }

    proptest! {
        #[test]
        fn a_star_around_the_store_is_simple_and_covers_what_lies_before_its_corners_and_nothing_beyond(
            distances in prop::collection::vec(0.01f64..0.2, 5..100), share in 0.01f64..0.99, beyond in 1.01f64..3.0,
        ) {
            let corners = star(&distances);
            let range = Range::Polygon { corners: corners.clone() };
            prop_assert_eq!(range.problem(), None);
            for corner in corners {
                let (north, east) = (corner.latitude - STORE.latitude, corner.longitude - STORE.longitude);
                prop_assert!(range.covers(STORE, at(north * share, east * share)));
                prop_assert!(!range.covers(STORE, at(north * beyond, east * beyond)));
                prop_assert!(range.covers(STORE, corner));
            }
        }

        #[test]
        fn the_corner_at_which_a_range_begins_and_its_direction_do_not_matter(
            distances in prop::collection::vec(0.01f64..0.2, 5..30), first in 0usize..30, north in -0.3f64..0.3, east in -0.3f64..0.3,
        ) {
            let corners = star(&distances);
            let mut turned = corners.clone();
            turned.rotate_left(first % corners.len());
            let mirrored = turned.iter().rev().copied().collect::<Vec<_>>();
            let to = at(north, east);
            let covers = |corners: Vec<Point>| Range::Polygon { corners }.covers(STORE, to);
            prop_assert_eq!(covers(turned), covers(corners.clone()));
            prop_assert_eq!(covers(mirrored), covers(corners));
        }

        #[test]
        fn a_radius_covers_exactly_what_is_no_farther(metres in 1u32..50_000, north in -0.5f64..0.5, east in -0.5f64..0.5) {
            let to = at(north, east);
            prop_assert_eq!(Range::Radius { metres }.covers(STORE, to), STORE.metres_to(to) <= f64::from(metres));
        }
    }

    #[test]
    fn a_range_that_crosses_itself_is_open_too_large_or_has_a_hole_is_refused() {
        let ring = |points: &str| format!(r#"{{"type":"Polygon","coordinates":[[{points}]]}}"#);
        let square = "[121.4,31.2],[121.5,31.2],[121.5,31.3],[121.4,31.3],[121.4,31.2]";
        let Ok(Range::Polygon { corners }) = Range::polygon(&ring(square)) else { panic!("a square") };
        assert_eq!((corners.len(), corners[1]), (4, Point { latitude: 31.2, longitude: 121.5 }));
        let feature = format!(r#"{{"type":"Feature","geometry":{}}}"#, ring(square));
        assert!(Range::polygon(&feature).is_ok());
        assert!(Range::polygon("31.2,121.4\n31.2,121.5\n31.3,121.5").is_ok());
        for bad in [
            ring("[121.4,31.2],[121.5,31.3],[121.5,31.2],[121.4,31.3],[121.4,31.2]"), // a bow tie
            ring("[121.4,31.2],[121.5,31.2],[121.5,31.3],[121.4,31.3]"),              // not closed
            ring("[121.4,31.2],[121.5,31.2],[121.4,31.2]"),                           // two corners
            ring("[121.4,31.2],[121.5,31.2],[121.45,31.2],[121.4,31.3],[121.4,31.2]"), // back along itself
            ring("[100,31.2],[121.5,31.2],[121.5,31.3],[100,31.2]"),                  // a quarter of China
            ring("[121.4,310],[121.5,31.2],[121.5,31.3],[121.4,310]"),
            ring(r#""x",[121.5,31.2],[121.5,31.3],"x""#),
            format!(r#"{{"type":"Polygon","coordinates":[[{square}],[{square}]]}}"#),
            r#"{"type":"Point","coordinates":[121.4,31.2]}"#.to_owned(),
            "{".to_owned(),
            String::new(),
            "31.2;121.4".to_owned(),
        ] {
            assert!(Range::polygon(&bad).is_err(), "{bad}");
        }
        let many: Vec<_> = (0..101).map(|_| 0.1).collect();
        assert!(Range::Polygon { corners: star(&many) }.problem().is_some());
        assert!(Range::Radius { metres: 0 }.problem().is_some());
    }
}
