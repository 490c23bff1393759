//! What all sources together show: the map, and colours.

use std::fmt::Write as _;
use std::io::{self, Write};

use astro_coords::SkyCoord;

use super::Report;
use super::charts::class;
use super::html::{escape, number};
use super::svg::{Axis, Chart, Frame};
use crate::catalog::Row;

const WIDE: Frame = Frame { size: [460.0, 340.0], margin: [56.0, 14.0, 14.0, 46.0] };
/// More names than this hide the points.
const MOST_NAMES: usize = 40;

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut charts = Vec::new();
    charts
        .extend(map(report).map(|svg| ("On the sky; images in the colours of their filters", svg)));
    charts.extend(color_magnitude(report).map(|svg| ("Colour\u{2013}magnitude", svg)));
    charts.extend(color_color(report).map(|svg| ("Colour\u{2013}colour", svg)));
    if charts.is_empty() {
        return Ok(());
    }
    writeln!(out, "<section id=\"diagrams\"><h2>Diagrams</h2>\n<div class=\"wide\">")?;
    for (title, svg) in charts {
        writeln!(out, "<figure><figcaption>{title}</figcaption>\n{svg}</figure>")?;
    }
    writeln!(out, "</div></section>")
}

/// Footprints of the images and the regions, on the plane that touches the sky in the regions' middle; east is left.
fn map(report: &Report<'_>) -> Option<String> {
    let catalog = report.catalog;
    let vectors = catalog.sources.iter().map(|source| source.center.to_vector());
    let sum = vectors.fold([0.0; 3], |sum, v| [sum[0] + v[0], sum[1] + v[1], sum[2] + v[2]]);
    let middle = SkyCoord::from_vector(sum);
    let flat = |place: SkyCoord| {
        let (distance, angle) = (middle.separation(place).arcsec(), middle.position_angle(place));
        let (sin, cos) = if distance > 0.0 { angle.radians().sin_cos() } else { (0.0, 0.0) };
        [distance * sin, distance * cos]
    };
    let footprints: Vec<(usize, Vec<[f64; 2]>)> = catalog
        .images
        .iter()
        .enumerate()
        .filter_map(|(i, image)| Some((i, image.footprint?.map(flat).to_vec())))
        .collect();
    let sources: Vec<([f64; 2], f64)> =
        catalog.sources.iter().map(|s| (flat(s.center), s.radius.arcsec().max(0.0))).collect();
    let all = || {
        let corners = footprints.iter().flat_map(|(_, corners)| corners.iter().copied());
        corners.chain(sources.iter().map(|(place, _)| *place))
    };
    let longest = all().flatten().fold(0.0, |most: f64, value| most.max(value.abs()));
    // A field of degrees is no plane.
    if !longest.is_finite() || longest > 36_000.0 {
        return None;
    }
    let (unit, per) = if longest > 300.0 { ("arcmin", 60.0) } else { ("arcsec", 1.0) };
    let x = Axis::around(all().map(|[x, _]| x / per), &format!("east of the middle ({unit})"))?;
    let y = Axis::around(all().map(|[_, y]| y / per), &format!("north ({unit})"))?;
    let (x, y) = Axis::square(x, y, Chart::inner(WIDE));
    let mut chart = Chart::new(WIDE, x.reversed(), y);
    let order = catalog.by_wavelength();
    for (image, corners) in &footprints {
        let image = &catalog.images[*image];
        let spec = catalog.specs.iter().position(|spec| *spec == image.spec).unwrap_or(0);
        let place = order.iter().position(|other| *other == spec).unwrap_or(0);
        let closed = corners.iter().chain(corners.first()).map(|[x, y]| [x / per, y / per]);
        let class = format!("footprint {}", class(place, order.len()));
        chart.line(closed, &class, &format!("{} ({})", image.name, image.spec.filter));
    }
    for (source, ([x, y], radius)) in catalog.sources.iter().zip(&sources) {
        let [cx, cy] = chart.at(x / per, y / per);
        let [edge, _] = chart.at((x - radius) / per, y / per);
        let title = escape(&source.id);
        chart.raw(&format!(
            "<circle class=\"region\" cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"{:.1}\"><title>{title}</title></circle>\n",
            (edge - cx).abs().max(1.5)
        ));
        if sources.len() <= MOST_NAMES {
            chart.text(x / per, y / per, &source.id);
        }
    }
    Some(chart.finish("footprints of the images and the regions"))
}

/// Of each source the rows of some specifications, where it has a magnitude in all of them.
fn with_magnitudes<'a, const N: usize>(
    report: &Report<'a>,
    specs: [usize; N],
) -> Vec<[&'a Row; N]> {
    let rows = &report.catalog.rows;
    let of = |source: usize, spec: usize| {
        rows.iter().find(|r| r.source == source && r.spec == spec && r.ab.value.is_finite())
    };
    (0..report.catalog.sources.len())
        .filter_map(|source| {
            let found: Vec<&Row> = specs.iter().filter_map(|spec| of(source, *spec)).collect();
            found.try_into().ok()
        })
        .collect()
}

/// A colour of two rows, and its error.
fn color(blue: &Row, red: &Row) -> [f64; 2] {
    [blue.ab.value - red.ab.value, blue.ab.error.hypot(red.ab.error)]
}

/// The ends of an error bar, or the value where there is none.
fn bar([value, error]: [f64; 2]) -> [f64; 2] {
    let error = if error.is_finite() { error } else { 0.0 };
    [value - error, value + error]
}

/// The last two filters: the colour against the redder one, bright on top.
fn color_magnitude(report: &Report<'_>) -> Option<String> {
    let order = report.catalog.by_wavelength();
    let [.., blue, red] = order[..] else { return None };
    let rows = with_magnitudes(report, [blue, red]);
    let filter = |spec: usize| &report.catalog.specs[spec].filter;
    let colors = rows.iter().flat_map(|[b, r]| bar(color(b, r)));
    let x = Axis::around(colors, &format!("{} \u{2212} {} (AB mag)", filter(blue), filter(red)))?;
    let magnitudes = rows.iter().flat_map(|[_, r]| bar([r.ab.value, r.ab.error]));
    let y = Axis::around(magnitudes, &format!("{} (AB mag)", filter(red)))?;
    let mut chart = Chart::new(WIDE, x, y.reversed());
    for [b, r] in &rows {
        let [value, error] = color(b, r);
        point(report, &mut chart, r.source, rows.len(), [value, error], [r.ab.value, r.ab.error]);
    }
    Some(chart.finish("colour-magnitude diagram"))
}

/// The last three filters: blue colour up, red colour to the right.
fn color_color(report: &Report<'_>) -> Option<String> {
    let order = report.catalog.by_wavelength();
    let [.., blue, green, red] = order[..] else { return None };
    let rows = with_magnitudes(report, [blue, green, red]);
    let filter = |spec: usize| &report.catalog.specs[spec].filter;
    let label = |a: usize, b: usize| format!("{} \u{2212} {} (AB mag)", filter(a), filter(b));
    let x = Axis::around(rows.iter().flat_map(|[_, g, r]| bar(color(g, r))), &label(green, red))?;
    let y = Axis::around(rows.iter().flat_map(|[b, g, _]| bar(color(b, g))), &label(blue, green))?;
    let mut chart = Chart::new(WIDE, x, y.reversed());
    for [b, g, r] in &rows {
        point(report, &mut chart, r.source, rows.len(), color(g, r), color(b, g));
    }
    Some(chart.finish("colour-colour diagram"))
}

fn point(
    report: &Report<'_>,
    chart: &mut Chart,
    source: usize,
    count: usize,
    x: [f64; 2],
    y: [f64; 2],
) {
    let id = &report.catalog.sources[source].id;
    let mut title = format!("{id}: {} \u{b1} {}", number(x[0]), number(x[1]));
    let _ = write!(title, ", {} \u{b1} {}", number(y[0]), number(y[1]));
    chart.point([x[0], x[1], x[1]], [y[0], y[1], y[1]], "source", &title);
    if count <= MOST_NAMES {
        chart.text(x[0], y[0], id);
    }
}
