//! Regions as lines and words over a picture.

use std::path::Path;

use anyhow::Context;
use astro_coords::{Angle, PixelCoord};
use cutout::render::{Anchor, Mark, Style};
use ds9_regions::{Flag, ImageFrame, PixelShape, PointSymbol, Property, Region};

use super::Layer;
use crate::console::Console;
use crate::geometry::RegionImage;

/// How far a drawn curve may be from the true one, in pixels.
const TOLERANCE: f64 = 0.1;
/// Length of an arrow's head over the width of its line.
const HEAD: f64 = 8.0;

/// Everything a region file draws on `layer`. What cannot be drawn is named and left out.
pub(crate) fn region_marks(
    path: &Path,
    layer: &Layer,
    unit: f64,
    labels: bool,
    console: &Console,
) -> anyhow::Result<Vec<Mark>> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let file = crate::regions::parse(&bytes, None);
    for problem in file.errors() {
        console.problem(&format!("{}:{}", path.display(), problem));
    }
    let wcs = match &layer.wcs {
        Ok(wcs) => wcs.clone(),
        Err(error) => anyhow::bail!("regions need coordinates, and {error:#}"),
    };
    let hdu = layer.hdu();
    let shape = hdu.shape().unwrap_or_default();
    let tables = layer.file.lookup_tables(hdu)?;
    let image = RegionImage::new(wcs, &hdu.header, &tables, shape);
    let frame = ImageFrame::new(&image);
    let mut marks = Vec::new();
    for region in file.regions().iter().filter(|region| !region.is_ignored_cell()) {
        match region.to_pixel(&frame) {
            Ok(shape) => Pen { region, layer, unit, labels }.draw(&shape, &mut marks),
            Err(error) => console.warning(&format!(
                "{}:{}: not drawn: {error}",
                path.display(),
                region.line()
            )),
        }
    }
    Ok(marks)
}

/// How one region is drawn.
struct Pen<'a> {
    region: &'a Region,
    layer: &'a Layer,
    /// Pixels that a line of width 1 is thick.
    unit: f64,
    labels: bool,
}

impl Pen<'_> {
    fn draw(&self, shape: &PixelShape, marks: &mut Vec<Mark>) {
        let style = self.style();
        let mut line = |through: Vec<PixelCoord>| {
            let through = through.into_iter().map(|place| self.layer.in_picture(place)).collect();
            marks.push(Mark::Line { through, style });
        };
        match shape {
            PixelShape::Point(place) => {
                let (symbol, size) = self.region.point();
                symbol_lines(symbol, *place, size as f64 * self.unit / 2.0)
                    .into_iter()
                    .for_each(line);
            }
            PixelShape::Text(_) => (),
            _ => {
                for through in shape.outline(TOLERANCE) {
                    for head in self.heads(shape, &through) {
                        line(head);
                    }
                    line(through);
                }
                // As DS9 strikes out what is taken away.
                if !self.region.include()
                    && let Some(bounds) = shape.bounding_box().filter(|_| shape.has_area())
                {
                    let [low, high] = [bounds.min, bounds.max];
                    let middle = [(low.x + high.x) / 2.0, (low.y + high.y) / 2.0];
                    let half = [(high.x - low.x) / 8f64.sqrt(), (high.y - low.y) / 8f64.sqrt()];
                    line(vec![
                        PixelCoord::new(middle[0] - half[0], middle[1] + half[1]),
                        PixelCoord::new(middle[0] + half[0], middle[1] - half[1]),
                    ]);
                }
            }
        }
        if self.labels || matches!(shape, PixelShape::Text(_)) {
            marks.extend(self.label(shape));
        }
    }

    fn style(&self) -> Style {
        let dashed = self.region.flag(Flag::Dash);
        let list = self.region.properties.dash_list();
        let dash = dashed.then(|| {
            let (dash, gap) = list.unwrap_or((8, 3));
            [dash as f64 * self.unit, gap as f64 * self.unit]
        });
        let width = self.region.width().clamp(0.0, 100.0) * self.unit;
        let color = color(self.region.color());
        Style { color, width: width.max(1.0), dash, seam: false }
    }

    /// The words of a region above it, those of a text region where it lies.
    fn label(&self, shape: &PixelShape) -> Option<Mark> {
        let words = self.region.text().filter(|text| !text.trim().is_empty())?.to_owned();
        let dot = super::dot(self.unit);
        let style = Style { seam: true, ..self.style() };
        let (place, anchor) = match shape {
            PixelShape::Text(place) => (*place, Anchor::Middle),
            PixelShape::Point(place) => {
                let up = self.region.point().1 as f64 / 2.0 + 3.0;
                (PixelCoord::new(place.x, place.y + up * self.unit), Anchor::Below)
            }
            _ => {
                let bounds = shape.bounding_box()?;
                let (low, high) = (bounds.min, bounds.max);
                let above = high.y + 3.0 * self.unit;
                (PixelCoord::new((low.x + high.x) / 2.0, above), Anchor::Below)
            }
        };
        let place = self.layer.in_picture(place);
        Some(Mark::Text { words, place, anchor, dot, style })
    }

    /// Heads of arrows of the line `through`.
    fn heads(&self, shape: &PixelShape, through: &[PixelCoord]) -> Vec<Vec<PixelCoord>> {
        let ends = match shape {
            PixelShape::Vector { .. } | PixelShape::Compass { .. } => [false, true],
            PixelShape::Line { .. } => self
                .region
                .properties
                .iter()
                .find_map(|property| match property {
                    Property::Line(start, end) => Some([*start, *end]),
                    _ => None,
                })
                .unwrap_or([false; 2]),
            _ => [false; 2],
        };
        let [start, .., end] = through else { return Vec::new() };
        let size = HEAD * self.unit;
        [(ends[0], *end, *start), (ends[1], *start, *end)]
            .into_iter()
            .filter(|(wanted, ..)| *wanted)
            .map(|(_, from, to)| arrow_head(from, to, size))
            .collect()
    }
}

/// The two strokes at the end `to` of an arrow.
pub(super) fn arrow_head(from: PixelCoord, to: PixelCoord, size: f64) -> Vec<PixelCoord> {
    let back = (from.y - to.y).atan2(from.x - to.x);
    let stroke = |turn: f64| {
        let (sin, cos) = (back + turn).sin_cos();
        PixelCoord::new(to.x + size * cos, to.y + size * sin)
    };
    vec![stroke(0.45), to, stroke(-0.45)]
}

/// The lines of a point's symbol of half the size `half`.
fn symbol_lines(symbol: PointSymbol, at: PixelCoord, half: f64) -> Vec<Vec<PixelCoord>> {
    let places = |offsets: &[[f64; 2]]| -> Vec<_> {
        offsets.iter().map(|[x, y]| PixelCoord::new(at.x + x * half, at.y + y * half)).collect()
    };
    let circle = || PixelShape::Circle { center: at, radius: half }.outline(TOLERANCE);
    let square = || places(&[[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0]]);
    match symbol {
        PointSymbol::Circle => circle(),
        PointSymbol::Box => vec![square()],
        PointSymbol::BoxCircle => {
            let mut lines = circle();
            lines.push(square());
            lines
        }
        PointSymbol::Diamond => {
            vec![places(&[[0.0, -1.0], [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])]
        }
        PointSymbol::Cross => {
            vec![places(&[[-1.0, 0.0], [1.0, 0.0]]), places(&[[0.0, -1.0], [0.0, 1.0]])]
        }
        PointSymbol::X => {
            vec![places(&[[-1.0, -1.0], [1.0, 1.0]]), places(&[[-1.0, 1.0], [1.0, -1.0]])]
        }
        PointSymbol::Arrow => {
            let mut lines = vec![places(&[[1.5, 1.5], [0.0, 0.0]])];
            lines.push(arrow_head(lines[0][0], at, half * 0.8));
            lines
        }
    }
}

/// DS9's named colours, and `#rgb` with any number of digits; others are green as DS9 takes them.
fn color(name: &str) -> [u8; 3] {
    let hex = |digits: &str| -> Option<[u8; 3]> {
        let n = digits.len() / 3;
        if n == 0 || !digits.is_ascii() || !digits.len().is_multiple_of(3) {
            return None;
        }
        let part = |i: usize| {
            let text = &digits[i * n..i * n + n.min(2)];
            let value = u8::from_str_radix(text, 16).ok()?;
            Some(if n == 1 { value * 17 } else { value })
        };
        Some([part(0)?, part(1)?, part(2)?])
    };
    match name.to_ascii_lowercase().as_str() {
        "white" => [255, 255, 255],
        "black" => [0, 0, 0],
        "red" => [255, 0, 0],
        "blue" => [0, 0, 255],
        "cyan" => [0, 255, 255],
        "magenta" => [255, 0, 255],
        "yellow" => [255, 255, 0],
        "orange" => [255, 165, 0],
        "purple" => [160, 32, 240],
        "pink" => [255, 192, 203],
        "gray" | "grey" => [190, 190, 190],
        other => other.strip_prefix('#').and_then(hex).unwrap_or([0, 255, 0]),
    }
}

/// The direction of an angle in a picture, from the x axis to the y axis.
pub(super) fn ahead(from: PixelCoord, angle: Angle, length: f64) -> PixelCoord {
    let (sin, cos) = angle.degrees().to_radians().sin_cos();
    PixelCoord::new(from.x + length * cos, from.y + length * sin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_those_of_ds9() {
        assert_eq!(color("Cyan"), [0, 255, 255]);
        assert_eq!(color("#f80"), [255, 136, 0]);
        assert_eq!(color("#ff8000"), [255, 128, 0]);
        assert_eq!(color("#ffff80000000"), [255, 128, 0]);
        assert_eq!(color("nonsense"), [0, 255, 0]);
        assert_eq!(color("#\u{e9}\u{e9}\u{e9}"), [0, 255, 0]);
    }
}
