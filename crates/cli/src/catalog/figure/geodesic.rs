//! Outlines as they are on the sky, whatever the image makes of them: circles of one distance, sides along great circles.

use astro_coords::{Angle, PixelCoord, SkyCoord};
use photometry::aperture::Polygon;

use super::{Figure, Grid, Place, Tangent};

/// How far the outline in pixels may be from that on the sky.
const TOLERANCE: f64 = 1e-5;

/// Halvings of a part, at most: the projection is not smooth where more are needed.
const HALVINGS: u32 = 16;

/// Parts that a round outline has at least; fewer could all look straight by chance.
const PARTS: u32 = 16;

impl Figure {
    /// The outline in pixels, of an ellipse, a box or a polygon on the sky, or of the part of one that lies between two
    /// directions; `None` for others, and where it is not on the projection.
    pub(super) fn geodesic(&self, grid: &dyn Grid) -> Option<Polygon> {
        let mut path = Path { grid, points: Vec::new() };
        match self {
            Self::Polygon(corners) => {
                let corners: Option<Vec<_>> = corners.iter().map(on_the_sky).collect();
                path.around(&corners?)?;
            }
            Self::Box { center, .. } => path.around(&self.corners(center)?)?,
            Self::Ellipse { center, .. } => {
                let whole = [Angle::ZERO, Angle::from_degrees(360.0)];
                path.round(&|direction| self.edge(center, direction), whole)?;
            }
            Self::Sector { whole, edges } if (edges[1] - edges[0]).degrees() >= 360.0 => {
                return whole.geodesic(grid);
            }
            Self::Sector { whole, edges } => {
                let (center, edges) = (whole.center(), unwound(*edges));
                let Place::Sky(middle) = center else { return None };
                let edge = |direction| whole.edge(&center, direction);
                let ends = edges.map(edge);
                path.side(middle, ends[0]?)?;
                match &**whole {
                    Self::Ellipse { .. } => path.round(&edge, edges)?,
                    _ => {
                        let corners = whole.corners_between(&center, edges)?;
                        let mut from = ends[0]?;
                        for to in corners.into_iter().chain(ends[1]) {
                            path.side(from, to)?;
                            from = to;
                        }
                    }
                }
                path.side(ends[1]?, middle)?;
            }
            Self::Ring { .. } | Self::Joined { .. } => return None,
        }
        Some(Polygon::new(&path.points))
    }

    /// Directions of the corners of a box, from west through north and rising, and their distance from the middle.
    fn corner_directions(&self) -> Option<([Angle; 4], f64)> {
        let Self::Box { size: [width, height], angle, .. } = self else { return None };
        let half = Angle::from_radians(height.atan2(*width));
        let turn = Angle::from_degrees(180.0);
        let corners = [half, turn - half, turn + half, turn + turn - half];
        Some((corners.map(|corner| *angle + corner), 0.5 * width.hypot(*height)))
    }

    fn corners(&self, center: &Place) -> Option<Vec<SkyCoord>> {
        let (directions, distance) = self.corner_directions()?;
        directions.iter().map(|direction| in_plane(center, *direction, distance)).collect()
    }

    /// The corners between two directions, of which the second is the larger.
    fn corners_between(&self, center: &Place, edges: [Angle; 2]) -> Option<Vec<SkyCoord>> {
        let (directions, distance) = self.corner_directions()?;
        let after = |direction: &Angle| (*direction - edges[0]).wrapped().degrees();
        let open = (edges[1] - edges[0]).degrees();
        let mut met: Vec<_> =
            directions.iter().filter(|direction| (0.0..open).contains(&after(direction))).collect();
        met.sort_by(|a, b| after(a).total_cmp(&after(b)));
        met.into_iter().map(|direction| in_plane(center, *direction, distance)).collect()
    }

    /// The place on the outline in a direction from west through north: of an ellipse at the distance of its edge, of a
    /// box where the great circle meets the side.
    fn edge(&self, center: &Place, direction: Angle) -> Option<SkyCoord> {
        match self {
            Self::Ellipse { semi_axes: [a, b], angle, .. } => {
                let (sin, cos) = (direction - *angle).radians().sin_cos();
                let distance = (cos / a).hypot(sin / b).recip();
                let Place::Sky(center) = center else { return None };
                // The position angle of west is 270°.
                let position_angle = direction - Angle::from_degrees(90.0);
                Some(center.offset(position_angle, Angle::from_arcsec(distance)))
            }
            Self::Box { size: [width, height], angle, .. } => {
                let (sin, cos) = (direction - *angle).radians().sin_cos();
                let distance = (0.5 * width / cos.abs()).min(0.5 * height / sin.abs());
                in_plane(center, direction, distance)
            }
            _ => None,
        }
    }
}

fn on_the_sky(place: &Place) -> Option<SkyCoord> {
    match place {
        Place::Sky(place) => Some(*place),
        Place::Pixel(_) => None,
    }
}

/// The place that lies in a direction from west through north at a distance in arcsec in the tangent plane, where great
/// circles are straight.
fn in_plane(center: &Place, direction: Angle, distance: f64) -> Option<SkyCoord> {
    let (sin, cos) = direction.radians().sin_cos();
    on_the_sky(&Tangent::at(*center).place(PixelCoord::new(distance * cos, distance * sin)))
}

/// The same directions, the second less than a turn above the first.
fn unwound([start, stop]: [Angle; 2]) -> [Angle; 2] {
    [start, start + (stop - start).wrapped()]
}

/// An outline in the pixels of an image, each part up to but not with its end.
struct Path<'a> {
    grid: &'a dyn Grid,
    points: Vec<PixelCoord>,
}

type Curve<'a> = &'a dyn Fn(f64) -> Option<SkyCoord>;

impl Path<'_> {
    fn around(&mut self, corners: &[SkyCoord]) -> Option<()> {
        let next = corners.iter().cycle().skip(1);
        corners.iter().zip(next).try_for_each(|(from, to)| self.side(*from, *to))
    }

    /// Along the great circle.
    fn side(&mut self, from: SkyCoord, to: SkyCoord) -> Option<()> {
        let (a, b) = (from.to_vector(), to.to_vector());
        let curve =
            |t: f64| Some(SkyCoord::from_vector([0, 1, 2].map(|i| a[i] + t * (b[i] - a[i]))));
        self.along(&curve, [0.0, 1.0])
    }

    /// Along what `edge` gives for the directions between two.
    fn round(&mut self, edge: &dyn Fn(Angle) -> Option<SkyCoord>, edges: [Angle; 2]) -> Option<()> {
        let [from, to] = edges.map(Angle::degrees);
        let curve = |t: f64| edge(Angle::from_degrees(from + t * (to - from)));
        let at = |k: u32| f64::from(k) / f64::from(PARTS);
        (0..PARTS).try_for_each(|k| self.along(&curve, [at(k), at(k + 1)]))
    }

    fn along(&mut self, curve: Curve<'_>, [from, to]: [f64; 2]) -> Option<()> {
        let pixel = |t: f64| self.grid.pixel(curve(t)?);
        let ends = [pixel(from)?, pixel(to)?];
        self.points.push(ends[0]);
        self.refine(curve, [from, to], ends, HALVINGS)
    }

    /// Adds what lies between `ends` until the middle is where the chord has it.
    fn refine(
        &mut self,
        curve: Curve<'_>,
        [from, to]: [f64; 2],
        [start, end]: [PixelCoord; 2],
        halvings: u32,
    ) -> Option<()> {
        let at = 0.5 * (from + to);
        let middle = self.grid.pixel(curve(at)?)?;
        let (dx, dy) = (end.x - start.x, end.y - start.y);
        let off = (middle.x - start.x) * dy - (middle.y - start.y) * dx;
        if off.abs() <= TOLERANCE * dx.hypot(dy) || halvings == 0 {
            return Some(());
        }
        self.refine(curve, [from, at], [start, middle], halvings - 1)?;
        self.points.push(middle);
        self.refine(curve, [at, to], [middle, end], halvings - 1)
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use hst_fits::Wcs;
    use photometry::Aperture;

    use super::*;
    use crate::catalog::SkyShape;

    fn wcs(center: SkyCoord, scale: f64) -> Wcs {
        let cd = [[-scale / 3600.0, 0.1 * scale / 3600.0], [0.02 * scale / 3600.0, scale / 3600.0]];
        Wcs::tangent(center, PixelCoord::new(500.0, 400.0), cd).expect("regular")
    }

    fn figures(center: Place) -> Vec<Figure> {
        let degrees = Angle::from_degrees;
        let ellipse = |a, b| Figure::Ellipse { center, semi_axes: [a, b], angle: degrees(30.0) };
        let rectangle = Figure::Box { center, size: [5.0, 3.0], angle: degrees(75.0) };
        let sector = |whole: &Figure, edges: [f64; 2]| Figure::Sector {
            whole: Box::new(whole.clone()),
            edges: edges.map(degrees),
        };
        let tangent = Tangent::at(center);
        let corner = |x, y| tangent.place(PixelCoord::new(x, y));
        let (round, long) = (ellipse(4.0, 4.0), ellipse(4.0, 2.0));
        vec![
            sector(&round, [20.0, 100.0]),
            sector(&long, [300.0, 480.0]),
            sector(&rectangle, [-10.0, 200.0]),
            sector(&rectangle, [40.0, 400.0]),
            Figure::Polygon(vec![corner(-3.0, -2.0), corner(4.0, -1.0), corner(0.5, 3.0)]),
            round,
            long,
            rectangle,
        ]
    }

    /// Where the sky is flat, the outline is what the Jacobian makes of it.
    #[test]
    fn small_shapes_are_those_of_the_jacobian() {
        for center in [[150.0, -30.0], [359.9999, 80.0]] {
            let center = SkyCoord::from_degrees(center[0], center[1]);
            let image = wcs(center, 0.05);
            for figure in figures(Place::Sky(center)) {
                let [ours, plain] = [SkyShape::Geodesic, SkyShape::Affine]
                    .map(|shape| figure.aperture(&image, shape).expect("an aperture"));
                let ratio = ours.area() / plain.area();
                assert!((ratio - 1.0).abs() < 2e-6, "{figure:?}: {ratio}");
                // Row by row the same share of every pixel.
                let bounds = plain.bounds();
                let mut shares = [vec![0.0; bounds.x.len() + 2], vec![0.0; bounds.x.len() + 2]];
                for y in bounds.y.clone() {
                    for (aperture, shares) in [&ours, &plain].into_iter().zip(&mut shares) {
                        shares.fill(0.0);
                        let run = aperture.row(y, bounds.x.start - 1, shares);
                        shares[run.whole].fill(1.0);
                    }
                    let off = shares[0].iter().zip(&shares[1]).map(|(a, b)| (a - b).abs());
                    assert!(off.fold(0.0, f64::max) < 2e-5, "{figure:?} row {y}");
                }
            }
        }
    }

    /// A circle of 20° and the sides of a triangle that an image of a hemisphere bends.
    #[test]
    fn large_shapes_are_those_of_the_sky() {
        // At the pole, where a circle of one distance is one of declination.
        let pole = SkyCoord::from_degrees(0.0, 90.0);
        let scale = Angle::from_degrees(0.01).arcsec();
        let cd = [[-0.01, 0.0], [0.0, 0.01]];
        let image = Wcs::tangent(pole, PixelCoord::new(0.0, 0.0), cd).expect("regular");
        let radius = Angle::from_degrees(20.0);
        let circle = Figure::circle(Place::Sky(pole), radius.arcsec());
        let found = circle.aperture(&image, SkyShape::Geodesic).expect("on the projection");
        let expected =
            PI * (radius.radians().tan() / scale * Angle::from_radians(1.0).arcsec()).powi(2);
        assert!((found.area() / expected - 1.0).abs() < 1e-7, "{} {expected}", found.area());
        let flat = circle.aperture(&image, SkyShape::Affine).expect("on the projection");
        assert!(flat.area() < 0.95 * expected);
        // Great circles are straight in this projection, and bent away from the equator in one that keeps declinations.
        let corners = [[0.0, 40.0], [60.0, 40.0], [30.0, 30.0]];
        let corners = corners.map(|[ra, dec]| Place::Sky(SkyCoord::from_degrees(ra, dec)));
        let triangle = Figure::Polygon(corners.to_vec());
        let [bent, straight] = [SkyShape::Geodesic, SkyShape::Affine]
            .map(|shape| triangle.aperture(&image, shape).expect("on the projection").area());
        assert!((bent / straight - 1.0).abs() < 1e-9, "{bent} {straight}");
    }

    #[test]
    fn what_is_not_on_the_projection_has_no_outline() {
        let center = SkyCoord::from_degrees(10.0, 20.0);
        let half = Angle::from_degrees(91.0).arcsec();
        let circle = Figure::circle(Place::Sky(center), half);
        assert!(circle.aperture(&wcs(center, 1.0), SkyShape::Geodesic).is_none());
        let nothing = Figure::circle(Place::Sky(center), 0.0);
        assert!(nothing.aperture(&wcs(center, 1.0), SkyShape::Geodesic).is_none());
    }
}
