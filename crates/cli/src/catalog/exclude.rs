//! Which boxes of a mesh are filled from others, as the command line names it.

use clap::ValueEnum;
use photometry::background::Exclude;

/// The rules, as presets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExcludeRule {
    /// Those with less than half of their exposed pixels left, or less than 32
    Robust,
    /// As photutils 3.0: those with at most 90 % of a whole box left, also on the edge
    #[value(name = "photutils-3.0")]
    Photutils30,
    /// As photutils 3.1: those with less than 90 % of a whole box left, also on the edge
    #[value(name = "photutils-3.1")]
    Photutils31,
}

/// The rule that was asked for, with the share of pixels that a box may lose; `preset` where neither was. A share alone
/// is that of photutils 3.1.
pub(crate) fn exclude(
    rule: Option<ExcludeRule>,
    percentile: Option<f64>,
    preset: Exclude,
) -> Exclude {
    let photutils = percentile.unwrap_or(10.0);
    match rule {
        None => percentile.map_or(preset, |percentile| Exclude::Photutils31 { percentile }),
        Some(ExcludeRule::Photutils30) => Exclude::Photutils30 { percentile: photutils },
        Some(ExcludeRule::Photutils31) => Exclude::Photutils31 { percentile: photutils },
        Some(ExcludeRule::Robust) => match (Exclude::ROBUST, percentile) {
            (Exclude::Robust { min_pixels, .. }, Some(lost)) => {
                Exclude::Robust { min_fraction: 1.0 - lost / 100.0, min_pixels }
            }
            (robust, _) => robust,
        },
    }
}
