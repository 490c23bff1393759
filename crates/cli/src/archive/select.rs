//! The options that say what is looked for, and the plan that comes of them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Context;
use astro_coords::{Angle, SkyCircle, SkyCoord, SkyShape};
use clap::ValueEnum;
use mast_client::{MAST, Partial, Plan, PlanOptions, Project, Spec, plan, total_size};

use super::{Place, Session, bytes, chained, shapes};
use crate::angles;
use crate::console::{Console, wrong_usage};

/// The specs of the main job where the archive has everything.
const CLASSIC: [&str; 3] = ["HST-WFC3-UVIS-F336W", "HST-ACS-WFC-F475W", "HST-ACS-WFC-F814W"];

/// Whose drizzled images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProjectName {
    /// Hubble Advanced Products of single visits
    HapSvm,
    /// Mosaics of all visits in sky cells
    HapMvm,
    /// Any pipeline's
    Any,
}

impl From<ProjectName> for Project {
    fn from(name: ProjectName) -> Self {
        match name {
            ProjectName::HapSvm => Self::HapSvm,
            ProjectName::HapMvm => Self::HapMvm,
            ProjectName::Any => Self::Any,
        }
    }
}

/// Where to look, in which archive, and for what.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Selectors {
    /// A place: "RA DEC" in degrees or sexagesimal, or the name of an object
    #[arg(long, value_name = "POS", allow_hyphen_values = true)]
    pub(crate) at: Option<String>,
    /// Width and height around the place, as 10arcsec or 5x4arcsec
    #[arg(long, value_name = "SIZE", requires = "at", value_parser = angles::sky_size)]
    pub(crate) size: Option<(Angle, Angle)>,
    /// Radius around the place, as 30arcsec
    #[arg(long, value_name = "R", requires = "at", conflicts_with = "size", value_parser = angles::angle)]
    pub(crate) radius: Option<Angle>,
    /// mast, the address of a server that speaks its protocol, or a folder of FITS files
    #[arg(long, value_name = "mast|URL|DIR", default_value = "mast")]
    pub(crate) archive: Place,
    /// Only images of this telescope-instrument-detector-filter, as HST-ACS-WFC-F814W; may be repeated
    #[arg(long, value_name = "SPEC")]
    pub(crate) spec: Vec<Spec>,
    /// Whose drizzled images [default: hap-svm for mast, any elsewhere]
    #[arg(long, value_enum)]
    pub(crate) project: Option<ProjectName>,
    #[command(flatten)]
    pub(crate) session: Session,
}

impl Selectors {
    /// The shapes to look in, and how many regions have none.
    pub(crate) fn shapes(
        &self,
        regions: Option<&PathBuf>,
        console: &Console,
    ) -> anyhow::Result<(Vec<SkyShape>, usize)> {
        match (regions, &self.at) {
            (Some(_), Some(_)) => wrong_usage!("give a region file or --at, not both"),
            (Some(path), None) => shapes::of_file(path, console),
            (None, Some(text)) => {
                let center = self.place(text, console)?;
                let shape = match (self.size, self.radius) {
                    (Some(size), _) => shapes::rectangle(center, size, Angle::ZERO),
                    (None, radius) => SkyCircle::new(center, radius.unwrap_or(Angle::ZERO)).into(),
                };
                Ok((vec![shape], 0))
            }
            (None, None) => wrong_usage!("nowhere to look: give a region file, or --at POS"),
        }
    }

    /// Everything that holds a part of a shape.
    pub(crate) fn plan(&self, shapes: &[SkyShape], console: &Console) -> anyhow::Result<Plan> {
        let options = PlanOptions {
            specs: self.spec.clone(),
            project: self.project.map_or_else(|| self.archive.project(), Project::from),
            partial: Partial::Always,
            ..PlanOptions::default()
        };
        let archive = self.archive.open(&self.session, console)?;
        let plan = plan(archive.as_ref(), shapes, &options).map_err(chained)?;
        tell(&plan, console);
        Ok(plan)
    }

    /// A position, or the place of an object that the archive's resolver knows.
    fn place(&self, text: &str, console: &Console) -> anyhow::Result<SkyCoord> {
        let problem = match text.parse::<SkyCoord>() {
            Ok(place) => return Ok(place),
            Err(problem) => problem,
        };
        // What begins like a number was meant as one, and no resolver shall guess at it.
        let numeric = text.trim().starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
        if numeric {
            return Err(anyhow::Error::new(problem).context(format!("--at {text}")));
        }
        let url = self.archive.url().unwrap_or_else(|| MAST.to_owned());
        let client = self.session.client(&url, console)?;
        client.resolve(text).map_err(chained).with_context(|| format!("--at {text}"))
    }
}

/// The specs of the main job: as given, else the classic three where the archive is MAST.
pub(crate) fn specs(given: &[hst_fits::Spec], place: &Place) -> anyhow::Result<Vec<Spec>> {
    let parse = |text: &str| text.parse::<Spec>().map_err(chained);
    match place {
        Place::Mast if given.is_empty() => CLASSIC.iter().map(|text| parse(text)).collect(),
        _ => given.iter().map(|spec| parse(&spec.to_string())).collect(),
    }
}

/// What was found, what is left out and why, in as few lines as say it.
pub(crate) fn tell(plan: &Plan, console: &Console) {
    let products = plan.products();
    let (known, unknown) = total_size(&products);
    let more = if unknown > 0 { format!(" and {unknown} of unknown size") } else { String::new() };
    let specs: BTreeSet<_> = plan.images.iter().map(|image| image.spec.to_string()).collect();
    console.note(&format!(
        "{} images, {}{more}, in {} filters",
        products.len(),
        bytes(known),
        specs.len()
    ));
    for warning in &plan.warnings {
        console.detail(&format!("in the archive's answer: {warning}"));
    }
    for left in &plan.left_out {
        match left.reason {
            mast_client::Reason::NotNeeded => {
                console.detail(&format!("{}: {}", left.obs_id, left.reason));
            }
            mast_client::Reason::SameExposures { .. } => {
                console.note(&format!("{} not taken: {}", left.obs_id, left.reason));
            }
            _ => console.warning(&format!("{} not taken: {}", left.obs_id, left.reason)),
        }
    }
}
