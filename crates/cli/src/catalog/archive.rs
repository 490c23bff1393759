//! Where the images come from: named by hand, or what an archive has of the regions.

use std::path::PathBuf;

use mast_client::{
    Archive, Cone, Observation, Partial, Plan, PlanOptions, Product, Project, plan, same_exposures,
    total_size,
};
use serde_json::{Value, json};

use super::{Catalog, Combine, Options, Source, Targets, measure};
use crate::archive::{self, Images, Place, ProjectName, Session, Transfer};
use crate::console::{Console, wrong_usage};
use crate::open;

/// Options of the archive as the source of images.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Images from an archive")]
pub(crate) struct ArchiveArgs {
    /// mast, the address of a server that speaks its protocol, or a folder of FITS files [default: mast]
    #[arg(long, value_name = "mast|URL|DIR", conflicts_with = "images")]
    archive: Option<Place>,
    /// Whose drizzled images [default: hap-svm for mast, any elsewhere]
    #[arg(long, value_enum, conflicts_with = "images")]
    project: Option<ProjectName>,
    /// Tell what would be fetched and measured, and stop
    #[arg(long, conflicts_with = "images")]
    pub(crate) dry_run: bool,
    /// Read only the bytes that are needed, without downloading: with --background mesh those of the science image (and
    /// its weights, unless --preset notebook), with local or annulus the rows near the regions
    #[arg(long, conflicts_with = "images")]
    remote: bool,
    #[command(flatten)]
    transfer: Transfer,
    #[command(flatten)]
    session: Session,
}

/// The images to measure.
pub(crate) enum From {
    /// These files, without those made of the exposures of others.
    Files(Vec<PathBuf>),
    /// These products of an archive.
    Archive(Box<Found>),
}

/// What an archive has.
pub(crate) struct Found {
    archive: Box<dyn Archive>,
    place: Place,
    pub(crate) plan: Plan,
    transfer: Transfer,
    remote: bool,
    session: Session,
}

impl ArchiveArgs {
    /// The files given by hand, else what the archive has of the sources.
    pub(crate) fn images(
        &self,
        given: &[PathBuf],
        sources: &[Source],
        options: &Options,
        console: &Console,
    ) -> anyhow::Result<From> {
        if !given.is_empty() {
            if self.session.is_used() {
                wrong_usage!(
                    "--record and --replay are for images of an archive, not for --images"
                );
            }
            return Ok(From::Files(without_same_exposures(given, console)));
        }
        if self.remote && self.session.is_used() {
            wrong_usage!(
                "--record and --replay keep whole files, and --remote reads parts of them"
            );
        }
        let place = self.archive.clone().unwrap_or(Place::Mast);
        let cones: Vec<_> = sources
            .iter()
            .map(|source| Cone { center: source.center, radius: source.reach })
            .collect();
        // Where every image counts, an image with a part of a region does.
        let every = options.min_coverage <= 0.0 || options.combine == Combine::None;
        let wanted = PlanOptions {
            specs: archive::specs(&options.specs, &place)?,
            project: self.project.map_or_else(|| place.project(), Project::from),
            partial: if every { Partial::Always } else { Partial::WhereNoneIsWhole },
            ..PlanOptions::default()
        };
        let archive = place.open(&self.session, console)?;
        let plan = plan(archive.as_ref(), &cones, &wanted).map_err(archive::chained)?;
        archive::tell(&plan, console);
        let (transfer, session) = (self.transfer.clone(), self.session.clone());
        // The files of a folder are read by position anyway.
        let remote = self.remote && !matches!(place, Place::Folder(_));
        Ok(From::Archive(Box::new(Found { archive, place, plan, transfer, remote, session })))
    }
}

impl From {
    /// Measures image by image; images of an archive as they come.
    ///
    /// Returns the catalog and the number of images that failed or could not be had.
    pub(crate) fn measure(
        &self,
        targets: &Targets,
        options: &Options,
        console: &Console,
    ) -> anyhow::Result<(Catalog, usize)> {
        let found = match self {
            Self::Files(files) => {
                return Ok(measure(targets, files.len(), files.clone(), options, console));
            }
            Self::Archive(found) => found,
        };
        let products = found.plan.products();
        if found.remote {
            let measured = found.where_they_are(&products, targets, options, console);
            if console.is_interrupted() {
                return Err(archive::chained(mast_client::Error::Cancelled));
            }
            return Ok(measured);
        }
        let folder = found.folder()?;
        let images = Images {
            archive: found.archive.as_ref(),
            session: &found.session,
            products: &products,
            folder: &folder,
        };
        let ((catalog, failed), missing) = images.each(&found.transfer, console, |paths| {
            measure(targets, products.len(), paths, options, console)
        })?;
        Ok((catalog, failed + missing))
    }

    /// What belongs into the catalog's metadata.
    pub(crate) fn provenance(&self) -> Option<Value> {
        let Self::Archive(found) = self else { return None };
        let left_out = found.plan.left_out.iter();
        Some(json!({
            "archive": found.place.to_string(),
            "products": found.plan.products().iter().map(|p| p.data_uri.text()).collect::<Vec<_>>(),
            "left_out": left_out.map(|left| json!({"obs_id": left.obs_id, "reason": left.reason.to_string()})).collect::<Vec<_>>(),
        }))
    }
}

impl Found {
    /// Measures the images where they are.
    fn where_they_are(
        &self,
        products: &[Product],
        targets: &Targets,
        options: &Options,
        console: &Console,
    ) -> (Catalog, usize) {
        open::configure(|remote| {
            remote.archive_url = self.place.url();
            remote.max_bytes = self.transfer.max_bytes();
        });
        let uris: Vec<_> =
            products.iter().map(|product| product.data_uri.text().to_owned()).collect();
        open::announce(&uris);
        let paths = uris.iter().map(PathBuf::from).take_while(|_| !console.is_interrupted());
        open::files_have(total_size(products).0);
        measure(targets, uris.len(), paths, options, console)
    }

    /// A folder's files stay where they are.
    fn folder(&self) -> anyhow::Result<PathBuf> {
        match &self.place {
            Place::Folder(folder) => Ok(folder.clone()),
            place => place.cache(),
        }
    }
}

/// One file of those made of the same exposures; the others are named.
fn without_same_exposures(files: &[PathBuf], console: &Console) -> Vec<PathBuf> {
    let rows: Vec<Observation> = files.iter().map(|path| archive::described(path)).collect();
    let places: Vec<_> = files.iter().map(|path| path.canonicalize().ok()).collect();
    let twin = |at: usize| (0..at).find(|&k| places[k].is_some() && places[k] == places[at]);
    let owners: Vec<_> = same_exposures(&rows)
        .into_iter()
        .enumerate()
        .map(|(at, owner)| twin(at).or(owner))
        .collect();
    let keep = |(path, owner): (&PathBuf, &Option<usize>)| match owner {
        None => Some(path.clone()),
        Some(owner) => {
            let (name, other) = (path.display(), files[*owner].display());
            console.note(&format!("{name} is not measured: its exposures are in {other}"));
            None
        }
    };
    files.iter().zip(&owners).filter_map(keep).collect()
}
