//! Why regions are not as DS9 has them.

use astro_coords::Angle;
use ds9_regions::{PixelShape, Region, Shape, SkyFrame, System, Unit};

use crate::numbers::Numbers;

/// Frames that DS9's library turns a little differently: how far places move, arc seconds, and how far angles
/// turn, degrees.
pub(crate) const FRAMES: &[(SkyFrame, f64, f64, &str)] = &[
    (SkyFrame::Fk4, 0.25, 1e-3, "it gives stars of FK4 the motion that FK5 calls rest"),
    (SkyFrame::Ecliptic, 0.03, 1e-5, "another obliquity and no FK5 bias"),
    (SkyFrame::Galactic, 0.003, 2e-5, "the pole as defined in FK5, to fewer digits"),
];

/// DS9 holds the seconds of a sexagesimal number in 32 bits: half their last digit below 60, in hours, is this
/// many arc seconds.
const SEXAGESIMAL: f64 = 15.0 * 1.91e-6;

/// By how much a region may be off for its frame and the spelling of its numbers, in pixels and degrees.
pub(crate) fn slack(region: &Region, source: &[u8], seconds: f64) -> [f64; 2] {
    let span = region.span();
    let frame = region.shape.center().and_then(|center| center.frame.sky_frame());
    // Among pixels the language has places of FK5 only, whatever frame another program's file gave them in.
    let carried = frame == Some(SkyFrame::Fk5) && region.frame.is_pixels();
    let frame = if carried { last_named(&source[..span.start as usize]) } else { frame };
    let found = FRAMES.iter().find(|(known, ..)| frame == Some(*known));
    let [place, angle] = found.map_or([0.0; 2], |(_, place, angle, _)| [*place, *angle]);
    let text = String::from_utf8_lossy(&source[span.start as usize..span.end as usize]);
    let shape = text.trim_start_matches(['#', ' ']).split('#').next().unwrap_or_default();
    let shape = shape.to_lowercase();
    let sexagesimal = shape.contains(':') || shape.contains('m');
    [(place + if sexagesimal { SEXAGESIMAL } else { 0.0 }) / seconds, angle]
}

/// The frame that a file of another program named last.
fn last_named(before: &[u8]) -> Option<SkyFrame> {
    let text = String::from_utf8_lossy(before).to_lowercase();
    [
        ("galactic", SkyFrame::Galactic),
        ("ecliptic", SkyFrame::Ecliptic),
        ("b1950", SkyFrame::Fk4),
        ("fk4", SkyFrame::Fk4),
        ("j2000", SkyFrame::Fk5),
        ("fk5", SkyFrame::Fk5),
        ("icrs", SkyFrame::Icrs),
        ("format: degrees\n", SkyFrame::Fk5),
        ("format: hms\n", SkyFrame::Fk5),
        ("logical", SkyFrame::Fk5),
        ("physical", SkyFrame::Fk5),
        ("pixels", SkyFrame::Fk5),
    ]
    .into_iter()
    .filter_map(|(word, frame)| Some((text.rfind(word)?, frame)))
    .max_by_key(|(at, _)| *at)
    .map(|(_, frame)| frame)
}

/// Why a region is not as DS9 has it, where that is known.
pub(crate) fn reason(
    region: &Region,
    ours: &PixelShape,
    theirs: &PixelShape,
    mirrored: bool,
) -> Option<&'static str> {
    let plain = matches!(region.frame.system, System::Detector | System::Amplifier);
    if plain && arcs(&region.shape) {
        return Some("DS9 takes arcs on detector and amplifier axes for plain pixels");
    }
    let far = Numbers::of(ours).pixels.iter().any(|number| number.abs() > 1e5);
    if far && Numbers::of(ours).differs(&Numbers::of(theirs), [1.0, 1.0]).is_none() {
        return Some("DS9 turns its frames a little differently, which grows with the distance");
    }
    if let (PixelShape::Box { size: a, .. }, PixelShape::Box { size: b, .. }) = (ours, theirs)
        && b.iter().any(|side| *side < 0.0)
        && a.iter().zip(b).all(|(a, b)| (a - b.abs()).abs() < 1e-4)
    {
        return Some("DS9 lets the sides of a rectangle be negative");
    }
    let (our, their) = (edges(ours)?, edges(theirs)?);
    let same = |a: Angle, b: Angle| (a - b).wrapped_signed().degrees().abs() < 2e-3;
    let swapped = same(our.0, their.1) && same(our.1, their.0);
    (mirrored && swapped)
        .then_some("DS9 turns a panda's edges and not their order: its cells are the others")
}

/// The first and last edge in angle of a panda.
fn edges(shape: &PixelShape) -> Option<(Angle, Angle)> {
    match shape {
        PixelShape::Panda { angles, .. }
        | PixelShape::Epanda { angles, .. }
        | PixelShape::Bpanda { angles, .. } => Some((*angles.first()?, *angles.last()?)),
        _ => None,
    }
}

/// Whether some length of the shape is an arc on the sky.
fn arcs(shape: &Shape) -> bool {
    let arc = |unit: Unit| matches!(unit, Unit::Degree | Unit::Arcmin | Unit::Arcsec);
    match shape {
        Shape::Circle { radius: one, .. }
        | Shape::Vector { length: one, .. }
        | Shape::Compass { length: one, .. }
        | Shape::Projection { width: one, .. } => arc(one.unit),
        Shape::Ellipse { semi_axes: pair, .. } | Shape::Box { size: pair, .. } => {
            pair.iter().any(|one| arc(one.unit))
        }
        Shape::Annulus { rings, .. } => rings.edges.iter().any(|one| arc(one.unit)),
        Shape::EllipseAnnulus(all) | Shape::BoxAnnulus(all) => {
            all.rings.edges.iter().flatten().any(|one| arc(one.unit))
        }
        Shape::Panda(all) => [all.inner, all.outer].iter().any(|one| arc(one.unit)),
        Shape::Epanda(all) | Shape::Bpanda(all) => {
            [all.inner, all.outer].iter().flatten().any(|one| arc(one.unit))
        }
        _ => false,
    }
}

/// A carriage return ends a line, but in DS9 not that of a comment.
pub(crate) fn lone_return(bytes: &[u8]) -> Option<&'static str> {
    let found = bytes.windows(2).any(|pair| pair[0] == b'\r' && pair[1] != b'\n');
    found.then_some("DS9 ends a comment at a line feed only, not at a lone carriage return")
}
