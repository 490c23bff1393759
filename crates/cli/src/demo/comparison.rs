//! The catalog of the demo beside what was put into its images.

use super::scene::{BANDS, Scene};
use crate::catalog::Catalog;
use crate::table::{Column, Table, Values};

/// One row per target and filter: the true flux in the aperture, the measured one, and their difference in
/// standard errors.
pub(crate) fn compare(catalog: &Catalog) -> Table {
    let scene = Scene::new();
    let mut pairs = Vec::new();
    for row in &catalog.rows {
        let id = &catalog.sources[row.source].id;
        let spec = &catalog.specs[row.spec];
        let target = scene.targets.iter().find(|target| target.id == id);
        let band = BANDS.iter().position(|band| band.filter == spec.filter);
        if let (Some(target), Some(band)) = (target, band) {
            pairs.push((row, target, band));
        }
    }
    let float = |name: &'static str, unit, description, values: Vec<f64>| Column {
        name: name.into(),
        unit: Some(unit),
        description,
        values: Values::Float(values),
    };
    let text = |name: &'static str, description, values| Column {
        name: name.into(),
        unit: None,
        description,
        values: Values::Text(values),
    };
    let truth: Vec<_> =
        pairs.iter().map(|(_, target, band)| target.rate_in_region(*band)).collect();
    let magnitude = |rate: &f64, band: usize| BANDS[band].ab_zeropoint() - 2.5 * rate.log10();
    let true_mag =
        truth.iter().zip(&pairs).map(|(rate, (_, _, band))| magnitude(rate, *band)).collect();
    let pull = truth
        .iter()
        .zip(&pairs)
        .map(|(rate, (row, ..))| (row.flux - rate) / row.flux_err)
        .collect();
    let columns = vec![
        text(
            "id",
            "text of the region",
            pairs.iter().map(|(_, target, _)| target.id.to_owned()).collect(),
        ),
        text(
            "filter",
            "filter",
            pairs.iter().map(|(_, _, band)| BANDS[*band].filter.to_owned()).collect(),
        ),
        Column {
            name: "n_images".into(),
            unit: None,
            description: "images that entered",
            values: Values::Int(
                pairs.iter().map(|(row, ..)| i64::try_from(row.images.len()).ok()).collect(),
            ),
        },
        float("true_flux", "electron / s", "noiseless flux in the aperture", truth.clone()),
        float("flux", "electron / s", "measured", pairs.iter().map(|(row, ..)| row.flux).collect()),
        float(
            "flux_err",
            "electron / s",
            "its standard error",
            pairs.iter().map(|(row, ..)| row.flux_err).collect(),
        ),
        float("true_mag", "mag", "AB magnitude of true_flux", true_mag),
        float("mag_ab", "mag", "measured", pairs.iter().map(|(row, ..)| row.ab.value).collect()),
        float("pull", "", "flux - true_flux, in units of flux_err", pull),
    ];
    Table { columns, meta: serde_json::Map::new() }
}
