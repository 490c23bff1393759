//! Where an observation lies on the sky, and what of a region it holds.

mod matrix;
mod parse;
mod polygon;

use std::str::FromStr;

use astro_coords::{Angle, SkyCoord};

pub use matrix::{CoverageMatrix, covering};

use crate::{Cone, Observation};
use polygon::{Polygon, Vector, angle, dot};

/// Whether a footprint holds a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Coverage {
    /// No point of it.
    No,
    /// A part of it, or its edge runs so near that the archive's outline cannot tell.
    Maybe,
    /// All of it.
    Yes,
}

/// Why a footprint's text cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FootprintError {
    /// There is no text.
    #[error("no footprint")]
    Empty,
    /// The archive cut the text.
    #[error("the footprint's text is cut off")]
    Truncated,
    /// A shape or frame this crate cannot use.
    #[error("{word} is no known shape or frame of a footprint")]
    Unknown {
        /// The word.
        word: String,
    },
    /// A shape with too few or too many numbers.
    #[error("{found} numbers in the footprint's {shape}")]
    Numbers {
        /// The shape.
        shape: String,
        /// How many numbers follow it.
        found: usize,
    },
    /// A latitude beyond the poles.
    #[error("a footprint at latitude {degrees}")]
    Latitude {
        /// The latitude.
        degrees: String,
    },
    /// A polygon without area, or as large as half the sky.
    #[error("a footprint without area")]
    NoArea,
}

/// How far inside an edge may be taken for outside or the other way round: 0.1″, a tenth of what outlines
/// are good for.
const TOLERANCE: f64 = 0.1 / 3600.0;

/// An area on the sky: polygons of great circles and circles, together.
///
/// # Source
/// STC-S (Rots 2007, IVOA note), as the archive writes it: frames may be missing (ICRS), longitudes negative,
/// vertices doubled, windings either way, shapes side by side without `UNION`.
#[derive(Debug, Clone)]
pub struct Footprint {
    shapes: Vec<Shape>,
    /// Cap that holds everything, padded by the tolerance.
    center: Vector,
    radius: f64,
    /// Radians by which edges are uncertain.
    tolerance: f64,
}

#[derive(Debug, Clone)]
enum Shape {
    Polygon(Polygon),
    Circle { center: Vector, radius: f64 },
}

impl Shape {
    fn circle(center: SkyCoord, degrees: f64) -> Self {
        Self::Circle { center: center.to_vector(), radius: degrees.to_radians() }
    }

    fn cap(&self) -> (Vector, f64) {
        match self {
            Self::Polygon(polygon) => (polygon.center, polygon.radius),
            Self::Circle { center, radius } => (*center, *radius),
        }
    }

    fn contains(&self, place: Vector) -> bool {
        match self {
            Self::Polygon(polygon) => polygon.contains(place),
            Self::Circle { center, radius } => angle(*center, place) <= *radius,
        }
    }

    /// Distance to the edge, from inside or outside.
    fn edge_distance(&self, place: Vector) -> f64 {
        match self {
            Self::Polygon(polygon) => polygon.edge_distance(place),
            Self::Circle { center, radius } => (angle(*center, place) - radius).abs(),
        }
    }

    fn covers(&self, region: &Region, tolerance: f64) -> Coverage {
        if let Self::Polygon(polygon) = self
            && let Some(decided) = polygon.quick(region.center, region.sin_radius, tolerance)
        {
            return if decided { Coverage::Yes } else { Coverage::No };
        }
        let inside = self.contains(region.center);
        let distance = self.edge_distance(region.center);
        if inside && distance + tolerance >= region.radius {
            Coverage::Yes
        } else if inside || distance <= region.radius + tolerance {
            Coverage::Maybe
        } else {
            Coverage::No
        }
    }
}

/// A cone prepared for many footprints.
#[derive(Debug, Clone, Copy)]
struct Region {
    center: Vector,
    radius: f64,
    sin_radius: f64,
}

impl From<&Cone> for Region {
    fn from(cone: &Cone) -> Self {
        let radius = cone.radius.radians().abs();
        // Beyond a quarter of the sky no product decides quickly.
        let sin_radius = if radius < 1.5 { radius.sin() } else { 2.0 };
        Self { center: cone.center.to_vector(), radius, sin_radius }
    }
}

impl FromStr for Footprint {
    type Err = FootprintError;

    fn from_str(text: &str) -> Result<Self, FootprintError> {
        let (shapes, slop) = parse::parse(text)?;
        let tolerance = (TOLERANCE + slop).to_radians();
        let caps: Vec<_> = shapes.iter().map(Shape::cap).collect();
        let sum = caps.iter().fold([0.0; 3], |s, (v, _)| [s[0] + v[0], s[1] + v[1], s[2] + v[2]]);
        let length = dot(sum, sum).sqrt();
        let center = if length > 1e-9 { sum.map(|x| x / length) } else { caps[0].0 };
        let reach = caps.iter().map(|(v, radius)| angle(center, *v) + radius);
        let radius = reach.fold(0.0, f64::max) + tolerance;
        Ok(Self { shapes, center, radius, tolerance })
    }
}

impl Footprint {
    /// Whether the footprint holds the region, a circle.
    pub fn covers(&self, region: Cone) -> Coverage {
        self.covers_region(&Region::from(&region))
    }

    fn covers_region(&self, region: &Region) -> Coverage {
        if angle(self.center, region.center) > self.radius + region.radius {
            return Coverage::No;
        }
        // A region across the gap between two chips is held by neither alone.
        let of = |shape: &Shape| shape.covers(region, self.tolerance);
        self.shapes.iter().map(of).max().unwrap_or(Coverage::No)
    }

    /// Whether the footprint holds `place`; its edge belongs to it.
    pub fn contains(&self, place: SkyCoord) -> bool {
        let place = place.to_vector();
        let holds =
            |shape: &Shape| shape.contains(place) || shape.edge_distance(place) <= self.tolerance;
        self.shapes.iter().any(holds)
    }

    /// Distance from `place` to the nearest point of the footprint; zero inside.
    pub fn distance(&self, place: SkyCoord) -> Angle {
        let place = place.to_vector();
        let from = |shape: &Shape| {
            if shape.contains(place) { 0.0 } else { shape.edge_distance(place) }
        };
        Angle::from_radians(self.shapes.iter().map(from).fold(f64::INFINITY, f64::min))
    }

    /// The share of the region that the footprint holds, 0 to 1, sampled at 400 places.
    pub fn fraction(&self, region: Cone) -> f64 {
        match self.covers(region) {
            Coverage::Yes => return 1.0,
            Coverage::No => return 0.0,
            Coverage::Maybe => {}
        }
        const SAMPLES: u32 = 400;
        let golden = std::f64::consts::PI * (3.0 - 5f64.sqrt());
        let held = (0..SAMPLES).filter(|at| {
            // Vogel's spiral: every sample stands for the same area.
            let share = ((f64::from(*at) + 0.5) / f64::from(SAMPLES)).sqrt();
            let direction = Angle::from_radians(f64::from(*at) * golden);
            let place = region.center.offset(direction, region.radius * share).to_vector();
            self.shapes.iter().any(|shape| shape.contains(place))
        });
        #[expect(clippy::cast_precision_loss, reason = "at most 400")]
        let held = held.count() as f64;
        held / f64::from(SAMPLES)
    }

    /// The smallest known cone around the footprint.
    pub fn cone(&self) -> Cone {
        let center = SkyCoord::from_vector(self.center);
        Cone { center, radius: Angle::from_radians(self.radius) }
    }
}

impl Observation {
    /// The footprint, where the observation has one that can be used.
    pub fn footprint(&self) -> Option<Footprint> {
        self.s_region.text().parse().ok()
    }
}

/// The text of a footprint through `vertices`, as the archive writes it.
pub fn polygon_text(vertices: &[SkyCoord]) -> String {
    let vertex = |place: &SkyCoord| format!(" {} {}", place.ra.degrees(), place.dec.degrees());
    format!("POLYGON ICRS{}", vertices.iter().map(vertex).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place(ra: f64, dec: f64) -> SkyCoord {
        SkyCoord::from_degrees(ra, dec)
    }

    fn cone(center: SkyCoord, arcsec: f64) -> Cone {
        Cone { center, radius: Angle::from_arcsec(arcsec) }
    }

    fn footprint(text: &str) -> Footprint {
        text.parse().unwrap()
    }

    #[test]
    fn footprints_are_read_as_archives_write_them() {
        for text in [
            "POLYGON -90.31 66.63 -90.27 66.66 -90.38 66.69 -90.42 66.67 -90.31 66.63 -90.31 66.63",
            "POLYGON ICRS 269.69 66.63 269.73 66.66 269.62 66.69 269.58 66.67 ",
            "Polygon J2000  269.58 66.67  269.62 66.69  269.73 66.66  269.69 66.63",
            "UNION ICRS TOPOCENTER (POLYGON 269.69 66.63 269.73 66.66 269.62 66.69 269.58 66.67)",
            "POLYGON GSC1 269.69 66.63 269.73 66.66 269.62 66.69 269.58 66.67",
        ] {
            let footprint = footprint(text);
            assert_eq!(footprint.covers(cone(place(269.65, 66.66), 10.0)), Coverage::Yes, "{text}");
            assert_eq!(footprint.covers(cone(place(269.65, 66.60), 10.0)), Coverage::No, "{text}");
            assert_eq!(
                footprint.covers(cone(place(269.69, 66.63), 10.0)),
                Coverage::Maybe,
                "{text}"
            );
        }
        let circle = footprint("CIRCLE ICRS 17.71740689 -58.40043015 0.625");
        assert_eq!(circle.covers(cone(place(17.7174, -58.0), 800.0)), Coverage::Yes);
        assert_eq!(circle.covers(cone(place(17.7174, -57.7755), 10.0)), Coverage::Maybe);
        assert_eq!(
            footprint("BOX ICRS 10 20 0.2 0.1").distance(place(10.0, 20.1)).arcmin().round(),
            3.0
        );
        assert!(footprint("ELLIPSE ICRS 10 20 0.2 0.1 90").contains(place(10.19, 20.0)));
        assert!(footprint("POSITION ICRS 10 20").contains(place(10.0, 20.0)));
    }

    #[test]
    fn what_is_no_footprint_says_why() {
        let error = |text: &str| text.parse::<Footprint>().unwrap_err().to_string();
        assert_eq!(error(""), "no footprint");
        assert_eq!(error("POLYGON 1 2 3 4 5 6 ..."), "the footprint's text is cut off");
        assert_eq!(error("POLYGON ICRS 1 2 3 4"), "4 numbers in the footprint's POLYGON");
        assert_eq!(error("POLYGON ICRS 1 2 3 4 5 6 7"), "7 numbers in the footprint's POLYGON");
        assert_eq!(
            error("POLYGON GALACTIC 1 2 3 4 5 6"),
            "GALACTIC is no known shape or frame of a footprint"
        );
        assert_eq!(error("null"), "NULL is no known shape or frame of a footprint");
        assert_eq!(error("CIRCLE 10 95 1"), "a footprint at latitude 95");
        assert_eq!(error("POLYGON 1 2 1 2 1 2"), "a footprint without area");
        assert_eq!(error("CIRCLE nan 0 1"), "0 numbers in the footprint's CIRCLE");
    }

    #[test]
    fn every_form_met_in_the_wild_is_read_or_named() {
        let Some(path) = testkit::shared("data/mast/s_region_samples.txt") else { return };
        let text = std::fs::read_to_string(path).unwrap();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let fields: Vec<_> = line.split('\t').collect();
            let read = fields[1].parse::<Footprint>();
            match fields[0] {
                "truncated" => assert_eq!(read.unwrap_err(), FootprintError::Truncated),
                "empty" => assert_eq!(read.unwrap_err(), FootprintError::Empty),
                // Two vertices each.
                "null" | "j2000" => assert!(read.is_err()),
                name => assert!(read.is_ok(), "{name}: {read:?}"),
            }
        }
    }

    #[test]
    fn the_inside_is_the_small_side_across_ra_0_and_around_the_poles() {
        let diamond = footprint("Polygon J2000 1.0 -0.0 0.0 1.0 359.0 0.0 0.0 -1.0");
        assert!(diamond.contains(place(0.2, 0.1)) && !diamond.contains(place(180.0, 0.0)));
        for winding in
            ["359.9 -0.1 0.1 -0.1 0.1 0.1 359.9 0.1", "-0.1 0.1 0.1 0.1 0.1 -0.1 -0.1 -0.1"]
        {
            let square = footprint(&format!("POLYGON {winding}"));
            assert!(square.contains(place(0.0, 0.0)) && square.contains(place(359.95, 0.05)));
            assert!(!square.contains(place(180.0, 0.0)) && !square.contains(place(0.2, 0.0)));
        }
        let cap = footprint("POLYGON 0 89 90 89 180 89 270 89");
        assert!(cap.contains(place(45.0, 90.0)) && cap.contains(place(200.0, 89.5)));
        assert!(!cap.contains(place(45.0, 89.0)) && !cap.contains(place(0.0, -90.0)));
        assert_eq!(cap.covers(cone(place(0.0, 90.0), 2500.0)), Coverage::Yes);
        assert_eq!(cap.covers(cone(place(0.0, 90.0), 2600.0)), Coverage::Maybe);
    }

    #[test]
    fn chips_side_by_side_are_one_footprint_with_a_gap() {
        let chips = footprint(
            "POLYGON ICRS 10 20 10 20.1 10.1 20.1 10.1 20 POLYGON ICRS 10.102 20 10.102 20.1 10.2 20.1 10.2 20",
        );
        assert_eq!(chips.covers(cone(place(10.05, 20.05), 60.0)), Coverage::Yes);
        assert_eq!(chips.covers(cone(place(10.15, 20.05), 60.0)), Coverage::Yes);
        let across = cone(place(10.101, 20.05), 60.0);
        assert_eq!(chips.covers(across), Coverage::Maybe);
        assert!((0.8..1.0).contains(&chips.fraction(across)), "{}", chips.fraction(across));
    }

    #[test]
    fn halves_are_halves() {
        let square = footprint("POLYGON 10 20 10 20.1 10.1 20.1 10.1 20");
        let edge = cone(place(10.05, 20.1), 60.0);
        assert!((square.fraction(edge) - 0.5).abs() < 0.02, "{}", square.fraction(edge));
        let corner = cone(place(10.1, 20.0), 60.0);
        assert!((square.fraction(corner) - 0.25).abs() < 0.02, "{}", square.fraction(corner));
    }

    /// `distance` of the recorded answer: from the place asked for to the nearest edge of the footprint.
    #[test]
    fn distances_are_the_archives() {
        let Some(path) = testkit::shared("data/mast/caom.json") else { return };
        let answer: serde_json::Value =
            serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let mut compared = 0;
        for row in answer["data"].as_array().unwrap() {
            let text = row["s_region"].as_str().unwrap_or_default();
            let Ok(footprint) = text.parse::<Footprint>() else { continue };
            let ours = footprint.distance(place(23.34086, 60.658)).arcsec();
            let theirs = row["distance"].as_f64().unwrap();
            assert!((ours - theirs).abs() < 0.4, "{ours} {theirs} {text}");
            compared += 1;
        }
        assert_eq!(compared, 19);
    }

    /// Inside a polygon around `center`, by the angles under which its vertices are seen: the plain definition.
    fn winds_around(vertices: &[SkyCoord], place: SkyCoord) -> bool {
        let angles: Vec<_> = vertices.iter().map(|v| place.position_angle(*v)).collect();
        let turn = |at: usize| (angles[(at + 1) % angles.len()] - angles[at]).wrapped_signed();
        let sum: f64 = (0..angles.len()).map(|at| turn(at).degrees()).sum();
        sum.abs() > 180.0
    }

    proptest! {
        #[test]
        fn inside_is_where_the_edge_winds_around(
            ra in 0.0..360.0, dec in -90.0..=90.0, size in 0.01..5.0, reverse: bool,
            radii in proptest::collection::vec(0.3..1.0, 3..9),
            probes in proptest::collection::vec((0.0..360.0, 0.0..1.2), 20),
            extent in 0.0..0.4,
        ) {
            let center = place(ra, dec);
            let at = |turn: f64, distance: f64| {
                center.offset(Angle::from_degrees(turn), Angle::from_degrees(size * distance))
            };
            let step = 360.0 / radii.len() as f64;
            let mut vertices: Vec<_> =
                radii.iter().enumerate().map(|(n, r)| at(step * n as f64 + 7.0, *r)).collect();
            if reverse {
                vertices.reverse();
            }
            let footprint = footprint(&polygon_text(&vertices));
            for (turn, distance) in probes {
                let probe = at(turn, distance);
                let edge = footprint.shapes[0].edge_distance(probe.to_vector());
                if edge < 1e-7 {
                    continue;
                }
                let inside = winds_around(&vertices, probe);
                prop_assert_eq!(footprint.shapes[0].contains(probe.to_vector()), inside);
                // The cone's edge, all around, and the verdict on the cone.
                let radius = Angle::from_degrees(size * extent);
                let rim: Vec<_> = (0..72)
                    .map(|n| probe.offset(Angle::from_degrees(f64::from(n) * 5.0), radius * 0.9999))
                    .map(|place| winds_around(&vertices, place))
                    .collect();
                match footprint.covers(Cone { center: probe, radius }) {
                    Coverage::Yes => prop_assert!(inside && rim.iter().all(|inside| *inside)),
                    Coverage::No => prop_assert!(!inside && rim.iter().all(|inside| !inside)),
                    Coverage::Maybe => {}
                }
                if inside != rim[0] {
                    prop_assert_eq!(footprint.covers(Cone { center: probe, radius }), Coverage::Maybe);
                }
            }
        }

        #[test]
        fn turning_the_sky_changes_nothing(
            ra in 0.0..360.0, dec in -80.0..80.0, to_ra in 0.0..360.0, to_dec in -90.0..=90.0,
            turn in 0.0..360.0, angle in 0.0..360.0, distance in 0.0..0.3, radius in 0.0..0.2,
        ) {
            let verdict = |ra, dec, turn: f64| {
                let center = place(ra, dec);
                let at = |turn_by: f64, r: f64| {
                    center.offset(Angle::from_degrees(turn + turn_by), Angle::from_degrees(r))
                };
                let corners = [at(0.0, 0.2), at(80.0, 0.25), at(200.0, 0.2), at(260.0, 0.1)];
                let region =
                    Cone { center: at(angle, distance), radius: Angle::from_degrees(radius) };
                let footprint = footprint(&polygon_text(&corners));
                let edge = footprint.shapes[0].edge_distance(region.center.to_vector());
                let near = (edge - radius.to_radians()).abs() < 2e-6;
                (footprint.covers(region), near, footprint.distance(region.center).arcsec())
            };
            let (here, near, far) = verdict(ra, dec, 0.0);
            let (there, _, far_there) = verdict(to_ra, to_dec, turn);
            prop_assert!(here == there || near);
            prop_assert!((far - far_there).abs() < 1e-6);
        }

        #[test]
        fn the_matrix_is_every_single_verdict(seed in 0u64..1000) {
            let random = |n: u64| {
                let x = (seed * 7919 + n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                (x ^ (x >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9) as f64 / u64::MAX as f64
            };
            let near = |n: u64| place(359.9 + 0.2 * random(n), 60.0 + 0.1 * random(n + 1));
            let footprints: Vec<_> = (0..30)
                .map(|n| {
                    let corners: Vec<_> = (0..4).map(|k| near(n * 100 + k * 2)).collect();
                    polygon_text(&corners).parse().ok()
                })
                .collect();
            let regions: Vec<_> = (0..20).map(|n| cone(near(9000 + n * 3), 100.0 * random(n))).collect();
            let matrix = covering(&footprints, &regions);
            for (f, footprint) in footprints.iter().enumerate() {
                for (r, region) in regions.iter().enumerate() {
                    let expected = footprint.as_ref().map_or(Coverage::No, |f| f.covers(*region));
                    prop_assert_eq!(matrix.cell(f, r), expected);
                }
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}", words in "((POLYGON|CIRCLE|BOX|ICRS|UNION|-?[0-9]{1,3}(\\.[0-9])?|\\(|\\)) ){0,20}") {
            let _ = text.parse::<Footprint>();
            if let Ok(footprint) = words.parse::<Footprint>() {
                footprint.fraction(cone(place(10.0, 10.0), 1e5));
            }
        }
    }
}
