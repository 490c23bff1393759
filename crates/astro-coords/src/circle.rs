use crate::vector::{self, Vector};
use crate::{Angle, SkyCoord};

/// A circle on the sky with what the tests of many footprints need computed once.
///
/// A radius of zero is a point. Radii run from 0° to 180°; what lies outside is brought into this range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SkyCircle {
    center: SkyCoord,
    radius: Angle,
    pub(crate) vector: Vector,
    pub(crate) chord: f64,
}

impl SkyCircle {
    /// The circle of `radius` around `center`.
    pub fn new(center: SkyCoord, radius: Angle) -> Self {
        let radius = Angle::from_degrees(radius.degrees().clamp(0.0, 180.0));
        let chord = vector::chord_of(radius.radians());
        Self { center, radius, vector: center.to_vector(), chord }
    }

    pub(crate) fn around(vector: Vector, chord: f64) -> Self {
        let radius = Angle::from_radians(vector::angle_of(chord));
        Self { center: SkyCoord::from_vector(vector), radius, vector, chord }
    }

    /// The middle.
    pub fn center(&self) -> SkyCoord {
        self.center
    }

    /// The radius.
    pub fn radius(&self) -> Angle {
        self.radius
    }

    /// Whether the place is in the circle or on it.
    pub fn contains(&self, place: SkyCoord) -> bool {
        self.holds(place.to_vector())
    }

    #[inline]
    pub(crate) fn holds(&self, place: Vector) -> bool {
        vector::chord_square(self.vector, place) <= self.chord * self.chord
    }

    /// Whether the two circles have a point in common.
    pub fn intersects(&self, other: &Self) -> bool {
        self.center_distance(other) <= (self.radius + other.radius).radians()
    }

    /// Whether the other circle is all in this one.
    pub fn contains_circle(&self, other: &Self) -> bool {
        self.center_distance(other) + other.radius.radians() <= self.radius.radians()
    }

    /// Radians.
    pub(crate) fn center_distance(&self, other: &Self) -> f64 {
        vector::angle_of(vector::chord_square(self.vector, other.vector).sqrt())
    }

    /// Whether the two are apart for certain. Chords add up to more than the chord of the sum, so no
    /// trigonometry is needed; circles that are nearly apart may be missed.
    #[inline]
    pub(crate) fn is_apart(&self, other: &Self) -> bool {
        let reach = self.chord + other.chord;
        vector::chord_square(self.vector, other.vector) > reach * reach
    }

    /// Whether the other is inside for certain, by the same inequality.
    #[inline]
    pub(crate) fn clearly_holds(&self, other: &Self) -> bool {
        let room = self.chord - other.chord;
        room >= 0.0 && vector::chord_square(self.vector, other.vector) <= room * room
    }
}
