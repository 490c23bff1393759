//! What the user is told while images are measured, and at the end.

use std::path::Path;

use photometry::Flags;

use super::image::Image;
use super::measure::Measured;
use super::{Catalog, ErrorModel, Options, Source, WeightType};
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

/// What flags say, in words.
pub(crate) fn flag_words(flags: u32) -> Vec<&'static str> {
    const WORDS: [(Flags, &str); 10] = [
        (Flags::NO_OVERLAP, "outside the image"),
        (Flags::PARTIAL_OVERLAP, "reaches over the edge of the image"),
        (Flags::NO_PIXELS, "holds no pixel"),
        (Flags::MASKED_PIXELS, "masked pixels inside"),
        (Flags::NON_FINITE_DATA, "pixels without a value inside"),
        (Flags::NON_FINITE_ERROR, "pixels without an error inside"),
        (Flags::ALL_MASKED, "no usable pixel"),
        (Flags::CENTROID_OUTSIDE, "centre of light outside"),
        (Flags::UNCOVERED_PIXELS, "a chip gap or the edge of the exposures inside"),
        (Flags::NO_LOCAL_SKY, "no pixel in the ring of the sky"),
    ];
    WORDS.iter().filter(|(flag, _)| flags & flag.bits() != 0).map(|(_, words)| *words).collect()
}

/// One line at the end, and the sources that no image covers. Returns how many those are.
pub(crate) fn summarize(catalog: &Catalog, console: &Console) -> usize {
    let uncovered = catalog.uncovered();
    if !uncovered.is_empty() {
        let ids: Vec<_> = uncovered.iter().map(|source| source.id.as_str()).collect();
        console.problem(&format!("no image covers {}", list(&ids)));
    }
    console.note(&format!(
        "{} of {} regions measured on {} images in {} filters",
        catalog.sources.len() - uncovered.len(),
        catalog.sources.len(),
        catalog.images.len(),
        catalog.specs.len()
    ));
    uncovered.len()
}

fn list(ids: &[&str]) -> String {
    let shown = ids[..ids.len().min(FEW)].join(", ");
    if ids.len() > FEW { format!("{shown} and {} more", ids.len() - FEW) } else { shown }
}
