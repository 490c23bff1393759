//! Where regions lie in an image, against what DS9 8.4.1 says.

mod image;

use std::fs;

use astro_coords::{Angle, PixelCoord};
use ds9_regions::{ImageFrame, Mode, PixelShape, Region, RegionFile, SkyFrame};
use image::Image;
use serde_json::Value;

/// Frames that DS9's library turns a little differently: how far places move, arc seconds, and how far angles
/// turn, degrees.
const FRAMES: &[(SkyFrame, f64, f64, &str)] = &[
    (SkyFrame::Fk4, 0.25, 1e-3, "it gives stars of FK4 the motion that FK5 calls rest"),
    (SkyFrame::Ecliptic, 0.03, 1e-5, "another obliquity and no FK5 bias"),
    (SkyFrame::Galactic, 0.003, 2e-5, "the pole as defined in FK5, to fewer digits"),
];

/// Regions where DS9 is not followed.
const KNOWN: &[(&str, &str)] = &[
    ("055_global_wcs.reg:3", "seconds of arc on axes that are plain numbers: no length is right"),
    ("058_saoimage_annulus.reg:2", "the old annulus, of which DS9 keeps only the inner ellipse"),
];

/// The numbers of a shape: places, lengths in pixels, and angles apart.
#[derive(Default)]
struct Numbers {
    pixels: Vec<f64>,
    angles: Vec<f64>,
}

impl Numbers {
    fn of(shape: &PixelShape) -> Self {
        let mut all = Self::default();
        match shape {
            PixelShape::Circle { center, radius } => all.place(*center).lengths([*radius]),
            PixelShape::Ellipse { center, semi_axes: pair, angle }
            | PixelShape::Box { center, size: pair, angle } => {
                all.place(*center).lengths(*pair).turn(*angle)
            }
            PixelShape::Polygon(places) | PixelShape::Segment(places) => {
                places.iter().fold(&mut all, |all, place| all.place(*place))
            }
            PixelShape::Annulus { center, radii } => {
                all.place(*center).lengths(radii.iter().copied())
            }
            PixelShape::EllipseAnnulus { center, semi_axes: pairs, angle }
            | PixelShape::BoxAnnulus { center, sizes: pairs, angle } => {
                all.place(*center).lengths(pairs.iter().flatten().copied()).turn(*angle)
            }
            PixelShape::Panda { center, angles, radii } => {
                all.place(*center).lengths(radii.iter().copied()).turns(angles)
            }
            PixelShape::Epanda { center, angles, semi_axes: pairs, angle }
            | PixelShape::Bpanda { center, angles, sizes: pairs, angle } => all
                .place(*center)
                .lengths(pairs.iter().flatten().copied())
                .turns(angles)
                .turn(*angle),
            PixelShape::Point(place) | PixelShape::Text(place) => all.place(*place),
            PixelShape::Line { start, end } | PixelShape::Ruler { start, end } => {
                all.place(*start).place(*end)
            }
            PixelShape::Vector { start, length, angle } => {
                all.place(*start).lengths([*length]).turn(*angle)
            }
            PixelShape::Compass { center, length, .. } => all.place(*center).lengths([*length]),
            PixelShape::Projection { start, end, width } => {
                all.place(*start).place(*end).lengths([*width])
            }
            PixelShape::Composite { center, angle } => all.place(*center).turn(*angle),
            other => panic!("{other:?}"),
        };
        all
    }

    fn place(&mut self, place: PixelCoord) -> &mut Self {
        let (x, y) = place.to_fits();
        self.lengths([x, y])
    }

    fn lengths(&mut self, lengths: impl IntoIterator<Item = f64>) -> &mut Self {
        self.pixels.extend(lengths);
        self
    }

    fn turn(&mut self, angle: Angle) -> &mut Self {
        self.angles.push(angle.degrees());
        self
    }

    fn turns(&mut self, angles: &[Angle]) -> &mut Self {
        self.angles.extend(angles.iter().map(|angle| angle.degrees()));
        self
    }

    /// What differs by more than 1e-6 pixel or the eight digits DS9 prints, and `pixels` or `degrees` more.
    fn differs(&self, theirs: &Self, [pixels, degrees]: [f64; 2]) -> Option<String> {
        if self.pixels.len() != theirs.pixels.len() || self.angles.len() != theirs.angles.len() {
            return Some(format!("{:?} for {:?}", self.pixels, theirs.pixels));
        }
        let far = |a: f64, b: f64| (a - b).abs() > 1e-6_f64.max(digits(b)) + pixels;
        let pixel = self.pixels.iter().zip(&theirs.pixels).find(|(a, b)| far(**a, **b));
        let turned = |a: f64, b: f64| Angle::from_degrees(a - b).wrapped_signed().degrees().abs();
        let angles = self.angles.iter().zip(&theirs.angles);
        let mut angles = angles.filter(|(a, b)| turned(**a, **b) > digits(360.0) + degrees);
        let pixel = pixel.map(|(a, b)| format!("{a} for {b}"));
        pixel.or_else(|| angles.next().map(|(a, b)| format!("{a} degrees for {b}")))
    }
}

/// Half a unit of the eighth digit, and what is left of rounding.
fn digits(value: f64) -> f64 {
    0.501 * 10f64.powf(value.abs().log10().floor() - 7.0)
}

/// DS9 drops a vertex that only closes a polygon.
fn unclosed(shape: PixelShape) -> PixelShape {
    match shape {
        PixelShape::Polygon(mut places) if places.len() > 1 && places.first() == places.last() => {
            places.pop();
            PixelShape::Polygon(places)
        }
        other => other,
    }
}

/// By how much a region may be off for its frame, in pixels and degrees.
fn slack(region: &Region, seconds: f64) -> [f64; 2] {
    let frame = region.shape.center().and_then(|center| center.frame.sky_frame());
    let found = FRAMES.iter().find(|(known, ..)| frame == Some(*known));
    found.map_or([0.0; 2], |(_, place, angle, _)| [place / seconds, *angle])
}

fn shapes(regions: &[Region], image: &Image) -> Vec<Result<PixelShape, String>> {
    let frame = ImageFrame::as_ds9(image);
    regions
        .iter()
        .map(|region| region.to_pixel(&frame).map_err(|error| error.to_string()))
        .collect()
}

#[test]
fn image_pixels_are_those_of_ds9() {
    let Some(root) = testkit::shared("data/regions") else { return };
    let oracle: Value =
        serde_json::from_slice(&fs::read(root.join("oracle.json")).unwrap()).unwrap();
    let (mut count, mut differ, mut known) = (0, Vec::new(), 0);
    for (folder, header) in [("real", "allsky.hdr.txt"), ("synthetic", "north.hdr.txt")] {
        let image = Image::read(&root.join(header));
        let seconds = image.pixel_seconds();
        for (name, answer) in oracle[folder].as_object().unwrap() {
            if answer["err"] != "" {
                continue;
            }
            let bytes = fs::read(root.join(folder).join(name)).unwrap();
            let ours = RegionFile::parse(&bytes, Mode::Default);
            let theirs = answer["image"].as_str().unwrap();
            let theirs = RegionFile::parse(theirs.as_bytes(), Mode::Default);
            let ours: Vec<Region> =
                ours.regions().iter().filter(|r| !r.is_ignored_cell()).cloned().collect();
            let theirs: Vec<Region> =
                theirs.regions().iter().filter(|r| !r.is_ignored_cell()).cloned().collect();
            if ours.len() != theirs.len() {
                differ.push(format!("{name}: {} for {}", ours.len(), theirs.len()));
                continue;
            }
            let pairs = shapes(&ours, &image).into_iter().zip(shapes(&theirs, &image));
            for (region, (our, their)) in ours.iter().zip(pairs) {
                count += 1;
                let what = match (our, their) {
                    (Ok(a), Ok(b)) => {
                        Numbers::of(&unclosed(a)).differs(&Numbers::of(&b), slack(region, seconds))
                    }
                    (a, b) => Some(format!("{a:?} for {b:?}")),
                };
                if let Some(what) = what {
                    let place = format!("{name}:{}", region.line());
                    let line = format!("{place}: {}: {what}", region.shape.name());
                    if let Some((_, reason)) = KNOWN.iter().find(|(known, _)| *known == place) {
                        eprintln!("{line}\n    {reason}");
                        known += 1;
                    } else {
                        differ.push(line);
                    }
                }
            }
        }
    }
    eprintln!("{count} regions, {known} known to differ, {} not", differ.len());
    for (frame, seconds, degrees, reason) in FRAMES {
        eprintln!("{}: within {seconds} arc seconds, {degrees} degrees: {reason}", frame.name());
    }
    assert!(count > 3000, "{count}");
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    assert_eq!(known, KNOWN.len());
}
