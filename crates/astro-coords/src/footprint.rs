use crate::circle::SkyCircle;
use crate::cover::Plane;
use crate::overlap;
use crate::polygon::SkyPolygon;
use crate::vector::{self, Vector};
use crate::{Angle, SkyCoord};

/// What part of a region an observation covers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Coverage {
    /// The whole region.
    Yes,
    /// The region straddles an edge; the part of its area that is covered, 0 to 1.
    ///
    /// Exact where one straight-edged shape is straddled, within 0.02 where circles or several shapes are.
    Maybe(f64),
    /// Nothing of it.
    No,
}

/// One shape of a [`Footprint`].
#[derive(Debug, Clone, PartialEq)]
pub enum SkyShape {
    /// A polygon with great-circle edges.
    Polygon(SkyPolygon),
    /// A circle.
    Circle(SkyCircle),
}

/// The part of the sky an observation shows, the union of its shapes; read from `s_region` (STC-S) text.
///
/// # Example
/// ```
/// use astro_coords::{Angle, Coverage, Footprint, SkyCircle, SkyCoord};
/// let footprint: Footprint = "POLYGON ICRS 10 20 10 20.1 10.1 20.1 10.1 20 10 20".parse()?;
/// let region = SkyCircle::new(SkyCoord::from_degrees(10.05, 20.05), Angle::from_arcsec(5.0));
/// assert_eq!(footprint.coverage(&region), Coverage::Yes);
/// # Ok::<(), astro_coords::ParseFootprintError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Footprint {
    bounds: SkyCircle,
    tolerance: Angle,
    shapes: Vec<SkyShape>,
}

impl Footprint {
    /// The union of `shapes`; `None` without any.
    pub fn new(shapes: Vec<SkyShape>) -> Option<Self> {
        let bounds =
            shapes.iter().map(|shape| *shape.bounding_circle()).reduce(|a, b| union(&a, &b))?;
        Some(Self { bounds, tolerance: Self::TOLERANCE, shapes })
    }

    /// How far outside an edge a region still counts as inside: what the archive's rounding of corners and
    /// the astrometry of older footprints are worth.
    pub const TOLERANCE: Angle = Angle::from_degrees(0.1 / 3600.0);

    /// The same with another tolerance.
    #[must_use]
    pub fn with_tolerance(self, tolerance: Angle) -> Self {
        Self { tolerance, ..self }
    }

    /// The tolerance of [`Footprint::coverage`]; 0.1″, or 1″ where the frame was that of a guide star catalog.
    pub fn tolerance(&self) -> Angle {
        self.tolerance
    }

    /// The shapes whose union this is.
    pub fn shapes(&self) -> &[SkyShape] {
        &self.shapes
    }

    /// A circle that holds everything.
    pub fn bounding_circle(&self) -> &SkyCircle {
        &self.bounds
    }

    /// Whether the place is in one of the shapes.
    pub fn contains(&self, place: SkyCoord) -> bool {
        self.holds(place.to_vector())
    }

    /// Distance of the place to the nearest shape, zero inside.
    pub fn distance(&self, place: SkyCoord) -> Angle {
        let distances = self.shapes.iter().map(|shape| shape.distance(place));
        distances.fold(Angle::from_degrees(180.0), |a, b| if b < a { b } else { a })
    }

    /// Whether the circle has a point in common with one of the shapes.
    pub fn intersects(&self, circle: &SkyCircle) -> bool {
        !self.bounds.is_apart(circle) && self.shapes.iter().any(|shape| shape.intersects(circle))
    }

    /// Whether the polygon has a point in common with one of the shapes.
    pub fn intersects_polygon(&self, polygon: &SkyPolygon) -> bool {
        !self.bounds.is_apart(polygon.bounding_circle())
            && self.shapes.iter().any(|shape| match shape {
                SkyShape::Polygon(here) => here.intersects(polygon),
                SkyShape::Circle(here) => polygon.intersects_circle(here),
            })
    }

    /// Sum of the shapes' areas in square degrees; what two of them share counts twice.
    pub fn area(&self) -> f64 {
        self.shapes.iter().map(SkyShape::area).sum()
    }

    /// Whether the region is covered. A region all of which lies in one shape, or beyond its edge by no more
    /// than the tolerance, is a yes.
    pub fn coverage(&self, region: &SkyCircle) -> Coverage {
        let slack = self.tolerance.radians();
        if self.is_beyond(region, slack) {
            return Coverage::No;
        }
        let mut straddled = None;
        let mut several = false;
        for shape in &self.shapes {
            match shape.relation(region, slack) {
                Relation::Inside => return Coverage::Yes,
                Relation::Outside => {}
                Relation::Straddles => {
                    several |= straddled.is_some();
                    straddled = Some(shape);
                }
            }
        }
        match straddled {
            None => Coverage::No,
            Some(SkyShape::Polygon(polygon)) if !several => {
                let exact = overlap::circle_fraction(polygon, region);
                Coverage::Maybe(exact.unwrap_or_else(|| self.sampled(region)))
            }
            Some(_) => Coverage::Maybe(self.sampled(region)),
        }
    }

    /// The same for a region of any shape. A polygon that is not convex has to lie inside without any tolerance.
    pub fn coverage_of(&self, region: &SkyShape) -> Coverage {
        let region = match region {
            SkyShape::Circle(circle) => return self.coverage(circle),
            SkyShape::Polygon(polygon) => polygon,
        };
        let slack = self.tolerance.radians();
        if self.is_beyond(region.bounding_circle(), slack) {
            return Coverage::No;
        }
        let mut straddled = Vec::new();
        for shape in &self.shapes {
            match shape.relation_to_polygon(region, slack) {
                Relation::Inside => return Coverage::Yes,
                Relation::Outside => {}
                Relation::Straddles => straddled.push(shape),
            }
        }
        let sampled = || overlap::sampled_share(region, |place| self.holds(place));
        match straddled[..] {
            [] => Coverage::No,
            [SkyShape::Polygon(polygon)] => {
                let exact = Plane::of(region, polygon).and_then(|plane| plane.fraction());
                Coverage::Maybe(exact.unwrap_or_else(sampled))
            }
            _ => Coverage::Maybe(sampled()),
        }
    }

    /// Whether the region is apart for certain, even with the slack added.
    #[inline]
    fn is_beyond(&self, region: &SkyCircle, slack: f64) -> bool {
        let reach = self.bounds.chord + region.chord + slack;
        vector::chord_square(self.bounds.vector, region.vector) > reach * reach
    }

    fn sampled(&self, region: &SkyCircle) -> f64 {
        overlap::sampled_fraction(region, |place| self.holds(place))
    }

    fn holds(&self, place: Vector) -> bool {
        self.shapes.iter().any(|shape| shape.holds(place))
    }
}

impl From<SkyCircle> for SkyShape {
    fn from(circle: SkyCircle) -> Self {
        Self::Circle(circle)
    }
}

impl From<SkyPolygon> for SkyShape {
    fn from(polygon: SkyPolygon) -> Self {
        Self::Polygon(polygon)
    }
}

impl From<SkyCircle> for Footprint {
    fn from(circle: SkyCircle) -> Self {
        Self { bounds: circle, tolerance: Self::TOLERANCE, shapes: vec![SkyShape::Circle(circle)] }
    }
}

impl From<SkyPolygon> for Footprint {
    fn from(polygon: SkyPolygon) -> Self {
        let bounds = *polygon.bounding_circle();
        Self { bounds, tolerance: Self::TOLERANCE, shapes: vec![SkyShape::Polygon(polygon)] }
    }
}

enum Relation {
    Inside,
    Straddles,
    Outside,
}

impl SkyShape {
    /// A circle that holds the shape.
    pub fn bounding_circle(&self) -> &SkyCircle {
        match self {
            Self::Polygon(polygon) => polygon.bounding_circle(),
            Self::Circle(circle) => circle,
        }
    }

    /// Whether the place is inside.
    pub fn contains(&self, place: SkyCoord) -> bool {
        self.holds(place.to_vector())
    }

    /// Area in square degrees.
    pub fn area(&self) -> f64 {
        match self {
            Self::Polygon(polygon) => polygon.area(),
            Self::Circle(circle) => {
                // 2π (1 − cos r) = π c² of the chord c
                std::f64::consts::PI * circle.chord * circle.chord * 1f64.to_degrees().powi(2)
            }
        }
    }

    /// Distance of the place to the shape, zero inside.
    pub fn distance(&self, place: SkyCoord) -> Angle {
        match self {
            Self::Polygon(polygon) => polygon.distance(place),
            Self::Circle(circle) => {
                let beyond = circle.center().separation(place) - circle.radius();
                if beyond > Angle::ZERO { beyond } else { Angle::ZERO }
            }
        }
    }

    /// Whether the circle has a point in common with the shape.
    pub fn intersects(&self, circle: &SkyCircle) -> bool {
        match self {
            Self::Polygon(polygon) => polygon.intersects_circle(circle),
            Self::Circle(here) => here.intersects(circle),
        }
    }

    fn holds(&self, place: Vector) -> bool {
        match self {
            Self::Polygon(polygon) => polygon.holds(place),
            Self::Circle(circle) => circle.holds(place),
        }
    }

    /// `slack` in radians.
    fn relation_to_polygon(&self, region: &SkyPolygon, slack: f64) -> Relation {
        let circle = match self {
            Self::Polygon(polygon) => return polygons_relation(polygon, region, slack),
            Self::Circle(circle) => circle,
        };
        let reach = vector::chord_of(circle.radius().radians() + slack);
        let within = |place: Vector| vector::chord_square(circle.vector, place) <= reach * reach;
        // A circle up to half the sky is convex.
        let is_small = circle.radius().degrees() < 90.0;
        if is_small && region.edges().all(|[corner, _]| within(corner)) {
            Relation::Inside
        } else if region.intersects_circle(circle) {
            Relation::Straddles
        } else {
            Relation::Outside
        }
    }

    /// `slack` in radians.
    fn relation(&self, region: &SkyCircle, slack: f64) -> Relation {
        match self {
            Self::Circle(circle) => {
                let apart = circle.center_distance(region);
                let (size, radius) = (circle.radius().radians(), region.radius().radians());
                if apart + radius <= size + slack {
                    Relation::Inside
                } else if apart >= size + radius {
                    Relation::Outside
                } else {
                    Relation::Straddles
                }
            }
            Self::Polygon(polygon) => polygon_relation(polygon, region, slack),
        }
    }
}

/// `slack` is a chord.
fn polygons_relation(polygon: &SkyPolygon, region: &SkyPolygon, slack: f64) -> Relation {
    let near = |corner: Vector| polygon.holds(corner) || polygon.boundary_distance(corner) <= slack;
    let all_near = region.edges().all(|[corner, _]| near(corner));
    let cut = || Plane::of(region, polygon).and_then(|plane| plane.is_cut_deep(slack));
    if all_near && !cut().unwrap_or_else(|| polygon.edges_meet(region)) {
        Relation::Inside
    } else if polygon.intersects(region) {
        Relation::Straddles
    } else {
        Relation::Outside
    }
}

fn polygon_relation(polygon: &SkyPolygon, region: &SkyCircle, slack: f64) -> Relation {
    if polygon.core().clearly_holds(region) {
        return Relation::Inside;
    }
    let edge = polygon.boundary_distance(region.vector);
    if polygon.holds(region.vector) {
        if edge >= region.chord - slack { Relation::Inside } else { Relation::Straddles }
    } else if edge + region.chord <= slack {
        // A point, or a region smaller than the tolerance, just outside the edge.
        Relation::Inside
    } else if edge >= region.chord {
        Relation::Outside
    } else {
        Relation::Straddles
    }
}

/// A circle that holds both.
fn union(a: &SkyCircle, b: &SkyCircle) -> SkyCircle {
    let (small, large) = if a.chord < b.chord { (a, b) } else { (b, a) };
    if large.contains_circle(small) {
        return *large;
    }
    let radius = large.center_distance(small) + small.radius().radians();
    let reach = radius.max(large.radius().radians()) * (1.0 + 1e-12);
    SkyCircle::around(large.vector, vector::chord_of(reach))
}
