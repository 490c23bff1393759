//! The charts of one source.

use super::Report;
use super::html::number;
use super::svg::{Axis, Chart, Frame};
use crate::catalog::{FACTORS, Row};

/// The class that colours a specification, by its place among the wavelengths.
pub(super) fn class(place: usize, count: usize) -> String {
    // Eight colours from blue to red; fewer filters are spread over them.
    let step = if count > 1 { place * 7 / (count - 1).max(1) } else { 3 };
    format!("f{}", step.min(7))
}

/// Magnitudes over wavelengths; `None` without any.
pub(super) fn energy_distribution(report: &Report<'_>, source: usize) -> Option<String> {
    let catalog = report.catalog;
    let order = catalog.by_wavelength();
    let rows: Vec<&Row> = catalog
        .rows
        .iter()
        .filter(|row| row.source == source && row.photplam.is_finite() && !row.images.is_empty())
        .collect();
    let level = |row: &Row| if row.ab.value.is_nan() { row.ab.limit } else { row.ab.value };
    let x = Axis::around(rows.iter().map(|row| row.photplam / 1e4), "pivot wavelength (\u{b5}m)")?;
    let ends = rows.iter().flat_map(|row| {
        let error = |value: f64| if value.is_finite() { value } else { 0.0 };
        [level(row) - error(row.ab.brighter), level(row) + error(row.ab.fainter)]
    });
    let y = Axis::around(ends, "AB magnitude")?.reversed();
    let mut chart = Chart::new(Frame::default(), x, y);
    for row in rows {
        let place = order.iter().position(|spec| *spec == row.spec).unwrap_or(0);
        let class = class(place, order.len());
        let filter = &catalog.specs[row.spec].filter;
        let at = row.photplam / 1e4;
        if row.ab.value.is_finite() {
            let title =
                format!("{filter}: {} \u{b1} {} mag", number(row.ab.value), number(row.ab.error));
            chart.point(
                [at, 0.0, 0.0],
                [row.ab.value, row.ab.brighter, row.ab.fainter],
                &class,
                &title,
            );
        } else if row.ab.limit.is_finite() {
            let title = format!("{filter}: fainter than {} mag (3\u{3c3})", number(row.ab.limit));
            chart.limit(at, row.ab.limit, &class, &title);
        }
    }
    Some(chart.finish("spectral energy distribution in AB magnitudes"))
}

/// The share of the aperture's light within smaller and larger apertures of its shape.
pub(super) fn growth(report: &Report<'_>, source: usize) -> Option<String> {
    let catalog = report.catalog;
    let order = catalog.by_wavelength();
    let own = FACTORS.iter().position(|factor| *factor == 1.0)?;
    let curves: Vec<(usize, Vec<f64>)> = order
        .iter()
        .enumerate()
        .filter_map(|(place, spec)| {
            let growth = &report.portrait(source, *spec)?.growth;
            let whole = *growth.get(own)?;
            // Of a source that is not there no share can be told.
            let row = catalog.rows.iter().find(|r| r.source == source && r.spec == *spec)?;
            let faint = row.snr < 3.0;
            let seen = whole > 0.0 && !faint;
            seen.then(|| (place, growth.iter().map(|sum| sum / whole).collect()))
        })
        .collect();
    let x = Axis::around([0.0, 2.0].into_iter(), "size of the aperture (\u{d7} region)")?;
    let values = curves.iter().flat_map(|(_, curve)| curve.iter().copied());
    curves.first()?;
    let y = Axis::around(values.chain([0.0, 1.0]), "share of the region's flux")?;
    let mut chart = Chart::new(Frame::default(), x, y);
    chart.line([[1.0, 0.0], [1.0, 1.0]].into_iter(), "mark", "the region");
    for (place, curve) in &curves {
        let filter = &catalog.specs[order[*place]].filter;
        let class = format!("curve {}", class(*place, order.len()));
        let points = FACTORS.iter().zip(curve).map(|(factor, share)| [*factor, *share]);
        chart.line(points, &class, filter);
    }
    Some(chart.finish("growth curve"))
}
