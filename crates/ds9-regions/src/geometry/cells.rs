//! The edges of rings and pandas, spelled out.

use astro_coords::Angle;

use super::convert::ConvertError;
use crate::{Panda, Rings};

/// A size that can lie between two others.
pub(super) trait Size: Copy {
    fn between(inner: Self, outer: Self, part: f64) -> Self;
    /// What rings are sorted by.
    fn key(self) -> f64;
}

impl Size for f64 {
    fn between(inner: Self, outer: Self, part: f64) -> Self {
        inner + (outer - inner) * part
    }

    fn key(self) -> f64 {
        self
    }
}

impl Size for [f64; 2] {
    fn between(inner: Self, outer: Self, part: f64) -> Self {
        [0, 1].map(|i| f64::between(inner[i], outer[i], part))
    }

    fn key(self) -> f64 {
        self[0]
    }
}

/// The edges from the inside out, in pixels.
pub(super) fn edges<L: Copy, P: Size>(
    rings: &Rings<L>,
    pixels: impl Fn(L) -> Result<P, ConvertError>,
) -> Result<Vec<P>, ConvertError> {
    let written: Vec<P> = rings.edges.iter().map(|edge| pixels(*edge)).collect::<Result<_, _>>()?;
    let mut all = match (rings.count, written.as_slice()) {
        (Some(count), [inner, outer]) => divided(*inner, *outer, count),
        _ => written,
    };
    all.sort_by(|a, b| a.key().total_cmp(&b.key()));
    Ok(all)
}

/// The edges of `count` cells of equal width.
pub(super) fn divided<P: Size>(inner: P, outer: P, count: u32) -> Vec<P> {
    let mut edges: Vec<P> =
        (0..count).map(|i| P::between(inner, outer, f64::from(i) / f64::from(count))).collect();
    edges.push(outer);
    edges
}

/// The edges in angle of a panda, each larger than the one before.
pub(super) fn angles<L>(panda: &Panda<L>) -> Vec<Angle> {
    let span = (panda.stop - panda.start).wrapped().degrees();
    let span = if span == 0.0 { 360.0 } else { span };
    let start = panda.start.degrees();
    divided(start, start + span, panda.angles).into_iter().map(Angle::from_degrees).collect()
}

/// `angles` with full turns added until each is larger than the one before.
pub(super) fn rising(angles: &[Angle]) -> Vec<Angle> {
    let mut last = f64::NEG_INFINITY;
    let mut all = Vec::with_capacity(angles.len());
    for angle in angles {
        let mut degrees = angle.degrees();
        if degrees <= last {
            degrees += 360.0 * (((last - degrees) / 360.0).floor() + 1.0);
        }
        last = degrees;
        all.push(Angle::from_degrees(degrees));
    }
    all
}
