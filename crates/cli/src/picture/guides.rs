//! What tells the size and the directions of a picture.

use astro_coords::{Angle, PixelCoord};
use cutout::render::{Anchor, Mark, Style};

use super::marks::{ahead, arrow_head};
use super::{Layer, dot};

const STYLE: Style = Style { color: [255; 3], width: 1.0, dash: None, seam: true };

/// Lengths a scale bar may have, in arcsec: 1, 2, 5 of each power of ten of arcsec, then arcmin, then degrees.
const LENGTHS: [f64; 22] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0,
    120.0, 300.0, 600.0, 1800.0, 3600.0, 18000.0,
];

/// A bar of a round length, lower left, with its length. Nothing where the image has no coordinates or the picture is too
/// small for a bar.
pub(crate) fn scale_bar(layer: &Layer, unit: f64) -> Vec<Mark> {
    let (ny, nx) = layer.window.shape();
    let scale = layer.wcs.as_ref().ok().and_then(|wcs| wcs.pixel_scale_at(layer.middle()));
    let Some(scale) = scale.map(|scale| scale.degrees() * 3600.0) else { return Vec::new() };
    let longest = 0.3 * nx as f64 * scale;
    let fits = LENGTHS.into_iter().rfind(|length| *length <= longest);
    let Some(length) = fits.filter(|_| nx > 40 && ny > 40) else { return Vec::new() };
    let margin = 10.0 * unit;
    let (x, y) = (margin, margin);
    let end = x + length / scale;
    let tick = 3.0 * unit;
    let style = Style { width: unit, ..STYLE };
    let line = |from: [f64; 2], to: [f64; 2]| Mark::Line {
        through: [from, to].map(|[x, y]| PixelCoord::new(x, y)).to_vec(),
        style,
    };
    vec![
        line([x, y], [end, y]),
        line([x, y - tick], [x, y + tick]),
        line([end, y - tick], [end, y + tick]),
        Mark::Text {
            words: length_words(length),
            place: PixelCoord::new((x + end) / 2.0, y + 5.0 * unit),
            anchor: Anchor::Below,
            dot: dot(unit),
            style,
        },
    ]
}

/// Arrows to the north and the east, lower right.
pub(crate) fn compass(layer: &Layer, unit: f64) -> Vec<Mark> {
    let (ny, nx) = layer.window.shape();
    let jacobian = layer.wcs.as_ref().ok().and_then(|wcs| wcs.jacobian(layer.middle()));
    let Some([[a, b], [c, d]]) = jacobian.filter(|_| nx > 80 && ny > 80) else { return Vec::new() };
    // Columns of the inverse: where a step to the east and one to the north lead in pixels.
    let turned = if a * d - b * c < 0.0 { -1.0 } else { 1.0 };
    let east = Angle::from_degrees((-c * turned).atan2(d * turned).to_degrees());
    let north = Angle::from_degrees((a * turned).atan2(-b * turned).to_degrees());
    let length = 30.0 * unit;
    let style = Style { width: unit, ..STYLE };
    let at = PixelCoord::new(nx as f64 - 55.0 * unit, 55.0 * unit);
    [(north, "N"), (east, "E")]
        .into_iter()
        .flat_map(|(angle, letter)| {
            let tip = ahead(at, angle, length);
            [
                Mark::Line { through: vec![at, tip], style },
                Mark::Line { through: arrow_head(at, tip, 7.0 * unit), style },
                Mark::Text {
                    words: letter.to_owned(),
                    place: ahead(at, angle, length + 9.0 * unit),
                    anchor: Anchor::Middle,
                    dot: dot(unit),
                    style,
                },
            ]
        })
        .collect()
}

fn length_words(arcsec: f64) -> String {
    if arcsec >= 3600.0 {
        format!("{}\u{b0}", arcsec / 3600.0)
    } else if arcsec >= 60.0 {
        format!("{}\u{2032}", arcsec / 60.0)
    } else {
        format!("{arcsec}\u{2033}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_read_well() {
        let words: Vec<_> = [0.5, 10.0, 60.0, 1800.0, 3600.0].map(length_words).to_vec();
        assert_eq!(words, ["0.5\u{2033}", "10\u{2033}", "1\u{2032}", "30\u{2032}", "1\u{b0}"]);
        assert!(LENGTHS.is_sorted());
    }
}
