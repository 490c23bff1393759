//! What the user is told while images are measured, and at the end.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::image::Image;
use super::measure::Measured;
use super::{Catalog, Combine, ErrorModel, Options, Source, WeightType};
use crate::console::Console;
use crate::open;

/// A larger share of filled boxes makes a background doubtful.
const MANY_BOXES: f64 = 0.25;

/// How many names a warning lists.
const FEW: usize = 8;

/// Warnings about one measured image.
pub(super) fn image(
    path: &Path,
    image: &Image,
    measured: &Measured,
    sources: &[Source],
    options: &Options,
    console: &Console,
) {
    let name = path.display();
    for warning in &image.warnings {
        console.warning(&format!("{name}: {warning}"));
    }
    if !measured.measurements.is_empty() {
        noise(&name.to_string(), image, options, console);
    }
    if let Some(share) = measured.excluded_share.filter(|&share| share > MANY_BOXES) {
        console.warning(&format!(
            "{name}: {:.0} % of the background's boxes lost too many pixels to sources and were filled from \
             others; look at --exclude-percentile, --box and --background",
            100.0 * share
        ));
    }
    if !measured.wide.is_empty() {
        let ids: Vec<_> = measured.wide.iter().map(|&i| sources[i].id.as_str()).collect();
        console.warning(&format!(
            "{name}: wider than four boxes of the background: {}; a larger --box keeps their light",
            list(&ids)
        ));
    }
    console.detail(&format!(
        "{name}: {}, {} of {} regions, {:.0} % of the boxes filled from others",
        image.about.spec,
        measured.measurements.len(),
        sources.len(),
        100.0 * measured.excluded_share.unwrap_or(0.0)
    ));
}

/// Warnings about errors and weights.
fn noise(name: &str, image: &Image, options: &Options, console: &Console) {
    if let Some(warning) = image.noise_warning(options) {
        console.warning(&format!("{name}: {warning}"));
    }
    let seconds = options.wht_type == WeightType::Exp && options.error != ErrorModel::None;
    // Rows from all over the map are not worth their requests.
    let near = !open::is_remote(&image.path);
    let ratio = (seconds && near).then(|| image.weight_ratio()).flatten();
    if let Some(ratio) = ratio.filter(|ratio| !(0.1..=1.5).contains(ratio)) {
        console.warning(&format!(
            "{name}: the largest weight is {ratio:.3} of EXPTIME, which no seconds of exposure are; see --wht-type"
        ));
    }
}

/// Which images are not independent of others.
pub(super) fn shared(catalog: &Catalog, options: &Options, console: &Console) {
    let names = |pair: &[usize; 2]| pair.map(|i| catalog.images[i].name.as_str());
    for [one, other] in catalog.alike.difference(&catalog.shared).map(names) {
        console.warning(&format!(
            "{one} and {other} give the same sums to the last bit: if one is a copy, leave it out"
        ));
    }
    for [image, other] in catalog.shared.iter().map(names) {
        if options.combine == Combine::Mean {
            console.warning(&format!(
                "{image} and {other} hold the same exposures and are averaged as if they were independent"
            ));
        } else {
            console.note(&format!(
                "{image} does not count where {other} does: its exposures are in both"
            ));
        }
    }
}

/// Warnings about the catalog as a whole, one line of what was done, and the sources that no image covers. Returns how
/// many those are.
pub(crate) fn summarize(catalog: &Catalog, console: &Console) -> usize {
    let names = |sources: &BTreeSet<usize>| {
        let ids: Vec<_> = sources.iter().map(|&i| catalog.sources[i].id.as_str()).collect();
        list(&ids)
    };
    if !catalog.rings.on_source.is_empty() {
        let ids = names(&catalog.rings.on_source);
        console.warning(&format!(
            "the ring of the sky lies on its own source, whose light counts as sky: {ids}"
        ));
    }
    if !catalog.rings.on_others.is_empty() {
        let ids = names(&catalog.rings.on_others);
        console.warning(&format!(
            "the ring of the sky meets other regions, which are left out of it: {ids}"
        ));
    }
    let uncovered = catalog.uncovered();
    if !uncovered.is_empty() {
        let ids: Vec<_> = uncovered.iter().map(|source| source.id.as_str()).collect();
        console.problem(&format!("no image covers {}", list(&ids)));
    }
    let filled = catalog.filled_share().map_or_else(String::new, |share| {
        format!("; {:.1} % of the background's boxes filled from others", 100.0 * share)
    });
    console.note(&format!(
        "{} of {} regions measured on {} images in {} filters{filled}",
        catalog.sources.len() - uncovered.len(),
        catalog.sources.len(),
        catalog.images.len(),
        catalog.specs.len()
    ));
    uncovered.len()
}

/// The same for programs.
pub(crate) fn summary(catalog: &Catalog) -> Value {
    let id = |source: &Source| source.id.clone();
    let ids = |sources: &BTreeSet<usize>| {
        sources.iter().map(|&i| id(&catalog.sources[i])).collect::<Vec<_>>()
    };
    let uncovered = catalog.uncovered();
    json!({
        "regions": catalog.sources.len(),
        "measured": catalog.sources.len() - uncovered.len(),
        "images": catalog.images.len(),
        "filters": catalog.specs.len(),
        "uncovered": uncovered.into_iter().map(id).collect::<Vec<_>>(),
        "filled_share": catalog.filled_share(),
        "wide": ids(&catalog.wide),
        "sky_on_source": ids(&catalog.rings.on_source),
        "sky_on_others": ids(&catalog.rings.on_others),
    })
}

fn list(ids: &[&str]) -> String {
    let shown = ids[..ids.len().min(FEW)].join(", ");
    if ids.len() > FEW { format!("{shown} and {} more", ids.len() - FEW) } else { shown }
}
