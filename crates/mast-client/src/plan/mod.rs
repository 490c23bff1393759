//! From regions to exactly the images that cover them.

mod exposures;
mod spec;

use std::collections::{BTreeMap, HashMap, HashSet};

use astro_coords::{Angle, Coverage, ParseFootprintError, SkyShape};

pub use exposures::same_exposures;
pub use spec::Spec;

use crate::{
    Archive, Cone, Criteria, Held, Observation, Product, ProductGroupId, Query, Result, Warning,
    covering,
};
use exposures::{Level, Origin, owners};

/// Whose drizzled images are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Project {
    /// Mosaics of single visits.
    #[default]
    HapSvm,
    /// Mosaics of all visits, cut into sky cells.
    HapMvm,
    /// Any pipeline's.
    Any,
}

/// Whether images that hold only a part of a region are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Partial {
    /// Where no image of the same spec holds all of the region.
    #[default]
    WhereNoneIsWhole,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What [`plan`] looks for.
#[derive(Debug, Clone)]
pub struct PlanOptions {
    /// The kinds of images; all when empty.
    pub specs: Vec<Spec>,
    /// Whose images.
    pub project: Project,
    /// Whether parts of regions count.
    pub partial: Partial,
    /// Regions farther apart than fit into a cone of this radius are asked for separately.
    pub cone_radius: Angle,
    /// Further conditions for the archive.
    pub criteria: Criteria,
}

impl Default for PlanOptions {
    fn default() -> Self {
        Self {
            specs: Vec::new(),
            project: Project::default(),
            partial: Partial::default(),
            cone_radius: Angle::from_degrees(1.0),
            criteria: Criteria::new(),
        }
    }
}

/// An image to fetch, and for which regions.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedImage {
    /// Its kind.
    pub spec: Spec,
    /// Its observation.
    pub observation: Observation,
    /// Its file.
    pub product: Product,
    /// The regions it shall be measured for, by their place in the list, and how much of each it holds.
    pub regions: Vec<(usize, Coverage)>,
}

/// An observation that was found and is not fetched.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftOut {
    /// The mission's name of the observation.
    pub obs_id: String,
    /// Why.
    pub reason: Reason,
}

/// Why an observation is not fetched.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// It holds no region, or only parts that another image holds whole.
    #[error("no region needs it")]
    NotNeeded,
    /// Its footprint cannot be used.
    #[error(transparent)]
    Footprint(#[from] ParseFootprintError),
    /// Its exposures are in an image that is fetched.
    #[error("its exposures are in {name}")]
    SameExposures {
        /// The other observation.
        name: String,
    },
    /// The archive lists no drizzled file for it.
    #[error("the archive lists no drizzled file of it")]
    NoProduct,
}

/// What to fetch for a list of regions, and what not.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// The images, by spec and then by time.
    pub images: Vec<PlannedImage>,
    /// Observations that were found and are not fetched.
    pub left_out: Vec<LeftOut>,
    /// Specs and regions that no image holds even a part of.
    pub uncovered: Vec<(Spec, usize)>,
    /// What could not be read of the answers.
    pub warnings: Vec<Warning>,
    /// The cones that were asked for, one request each.
    pub cones: Vec<Cone>,
}

impl Plan {
    /// The files to fetch.
    pub fn products(&self) -> Vec<Product> {
        self.images.iter().map(|image| image.product.clone()).collect()
    }

    /// The images of region `region`.
    pub fn images_of(&self, region: usize) -> impl Iterator<Item = &PlannedImage> {
        self.images.iter().filter(move |image| image.regions.iter().any(|(r, _)| *r == region))
    }
}

/// A found observation on its way to a planned image.
struct Candidate {
    spec: Spec,
    observation: Observation,
    is_mosaic: bool,
    regions: Vec<(usize, Coverage)>,
}

/// Finds the images that hold the regions, circles or polygons, and their files.
///
/// Regions in one place cost two requests: one for all observations of all specs, one for their files. Far
/// regions cost one more a place. A footprint that holds no region is not fetched; of products made of the
/// same exposures one is taken, the visit's before its parts'; of a file's versions DRC before DRZ.
///
/// # Errors
/// When the archive cannot answer.
pub fn plan<R: Clone + Into<SkyShape>>(
    archive: &dyn Archive,
    regions: &[R],
    options: &PlanOptions,
) -> Result<Plan> {
    let regions: Vec<SkyShape> = regions.iter().cloned().map(Into::into).collect();
    plan_of(archive, &regions, options)
}

fn plan_of(archive: &dyn Archive, regions: &[SkyShape], options: &PlanOptions) -> Result<Plan> {
    let cones: Vec<_> =
        regions.iter().map(|region| Cone::from(*region.bounding_circle())).collect();
    let mut plan = Plan { cones: group(&cones, options.cone_radius), ..Plan::default() };
    let found = find(archive, &mut plan, options)?;
    let mut candidates = candidates(found, regions, options, &mut plan);
    share_out_mosaics(&mut candidates);
    let candidates = needed(candidates, &mut plan);
    let candidates = without_same_exposures(candidates, &mut plan);
    let candidates = without_needless(candidates, options.partial, &mut plan);
    plan.uncovered = uncovered(&candidates, &options.specs, regions.len());
    let files = files(archive, &candidates, &mut plan)?;
    for candidate in candidates {
        match files.get(&candidate.observation.obsid.copied()) {
            Some(product) => plan.images.push(PlannedImage {
                spec: candidate.spec,
                observation: candidate.observation,
                product: product.clone(),
                regions: candidate.regions,
            }),
            None => plan.leave_out(&candidate.observation, Reason::NoProduct),
        }
    }
    Ok(plan)
}

impl Plan {
    fn leave_out(&mut self, observation: &Observation, reason: Reason) {
        self.left_out.push(LeftOut { obs_id: observation.obs_id.text().to_owned(), reason });
    }
}

/// Cones of at most `limit` that hold all regions; a larger region has its own.
fn group(regions: &[Cone], limit: Angle) -> Vec<Cone> {
    if let Some(all) = Cone::around(regions).filter(|all| all.radius <= limit) {
        return vec![all];
    }
    let mut groups: Vec<Vec<Cone>> = Vec::new();
    for region in regions {
        let room = groups.iter_mut().find(|group| {
            let apart = group[0].center.separation(region.center) + region.radius;
            apart <= limit
        });
        match room {
            Some(group) => group.push(*region),
            None => groups.push(vec![*region]),
        }
    }
    groups.iter().filter_map(|group| Cone::around(group)).collect()
}

fn criteria(options: &PlanOptions) -> Criteria {
    let mut criteria = options
        .criteria
        .clone()
        .any_of("intentType", ["science"])
        .any_of("dataproduct_type", ["image"])
        .any_of("calib_level", ["3"]);
    criteria = match options.project {
        Project::HapSvm => {
            criteria.any_of("project", ["HAP"]).any_of("provenance_name", ["HAP-SVM"])
        }
        Project::HapMvm => {
            criteria.any_of("project", ["HAP"]).any_of("provenance_name", ["HAP-MVM"])
        }
        Project::Any => criteria,
    };
    let of_specs = |part: fn(&Spec) -> String| {
        let values: std::collections::BTreeSet<_> = options.specs.iter().map(part).collect();
        values.into_iter().collect::<Vec<_>>()
    };
    if options.specs.is_empty() {
        return criteria.any_of("obs_collection", ["HST"]);
    }
    criteria
        .any_of("obs_collection", of_specs(|spec| spec.telescope.clone()))
        .any_of("instrument_name", of_specs(Spec::instrument_name))
        .any_of("filters", of_specs(|spec| spec.filter.clone()))
}

fn find(archive: &dyn Archive, plan: &mut Plan, options: &PlanOptions) -> Result<Vec<Observation>> {
    let criteria = criteria(options);
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for cone in plan.cones.clone() {
        let query = Query { cone: Some(cone), criteria: criteria.clone(), columns: Vec::new() };
        let answer = archive.find(&query)?;
        plan.warnings.extend(answer.warnings);
        found.extend(answer.rows.into_iter().filter(|row| match row.obsid.copied() {
            Some(id) => seen.insert(id),
            None => false,
        }));
    }
    Ok(found)
}

/// The observations of the right specs that hold at least a part of a region, ordered by spec and time.
fn candidates(
    found: Vec<Observation>,
    regions: &[SkyShape],
    options: &PlanOptions,
    plan: &mut Plan,
) -> Vec<Candidate> {
    let wanted = |spec: &Spec| options.specs.is_empty() || options.specs.contains(spec);
    let (mut rows, mut footprints) = (Vec::new(), Vec::new());
    for observation in found {
        let Some(spec) = Spec::of(&observation).filter(wanted) else { continue };
        match observation.footprint() {
            Ok(footprint) => {
                footprints.push(footprint);
                rows.push((spec, observation));
            }
            Err(problem) => plan.leave_out(&observation, problem.into()),
        }
    }
    let matrix = covering(&footprints, regions);
    let mut candidates = Vec::new();
    for (at, (spec, observation)) in rows.into_iter().enumerate() {
        let held = matrix.of_footprint(at).iter().zip(regions).enumerate();
        let held = held.filter(|(_, (held, _))| **held != Held::No);
        let held: Vec<_> =
            held.map(|(region, (_, shape))| (region, footprints[at].coverage_of(shape))).collect();
        if held.is_empty() {
            plan.leave_out(&observation, Reason::NotNeeded);
            continue;
        }
        let is_mosaic = Origin::of(&observation).level == Level::Mosaic;
        candidates.push(Candidate { spec, observation, is_mosaic, regions: held });
    }
    let place = |spec: &Spec| options.specs.iter().position(|wanted| wanted == spec);
    let time =
        |candidate: &Candidate| candidate.observation.t_min.copied().unwrap_or(f64::INFINITY);
    candidates.sort_by(|a, b| {
        place(&a.spec)
            .cmp(&place(&b.spec))
            .then_with(|| a.spec.cmp(&b.spec))
            .then_with(|| time(a).total_cmp(&time(b)))
            .then_with(|| a.observation.obs_id.text().cmp(b.observation.obs_id.text()))
    });
    candidates
}

/// The share of a region that is held, above 1 for all of it whatever an edge's tolerance says.
fn share(coverage: Coverage) -> f64 {
    match coverage {
        Coverage::Yes => 2.0,
        Coverage::Maybe(share) => share,
        Coverage::No => -1.0,
    }
}

/// From this share on a region may turn out to be whole in the pixels, whatever the footprint's outline says.
const NEARLY: f64 = 0.95;

/// Neighbouring sky cells overlap and hold the same exposures there: every region goes to one of them.
fn share_out_mosaics(candidates: &mut [Candidate]) {
    let mut best: BTreeMap<(Spec, usize), (Coverage, usize)> = BTreeMap::new();
    for (at, candidate) in candidates.iter().enumerate() {
        if !candidate.is_mosaic {
            continue;
        }
        for (region, coverage) in &candidate.regions {
            let owner = best.entry((candidate.spec.clone(), *region)).or_insert((*coverage, at));
            if share(owner.0) < share(*coverage) {
                *owner = (*coverage, at);
            }
        }
    }
    for (at, candidate) in candidates.iter_mut().enumerate() {
        if candidate.is_mosaic {
            let spec = candidate.spec.clone();
            candidate.regions.retain(|(region, _)| best[&(spec.clone(), *region)].1 == at);
        }
    }
}

/// Of candidates made of the same exposures, the one that holds most of them.
fn without_same_exposures(candidates: Vec<Candidate>, plan: &mut Plan) -> Vec<Candidate> {
    let holds = |at: usize, region: usize| candidates[at].regions.iter().any(|(r, _)| *r == region);
    let share_region = |one: usize, other: usize| {
        candidates[one].regions.iter().any(|(region, _)| holds(other, *region))
    };
    let owners = owners(candidates.iter().map(|c| &c.observation), share_region);
    let name = |owner: usize| candidates[owner].observation.obs_id.text().to_owned();
    let names: Vec<_> = owners.into_iter().map(|owner| owner.map(name)).collect();
    let mut kept = Vec::new();
    for (candidate, owner) in candidates.into_iter().zip(names) {
        match owner {
            Some(name) => plan.leave_out(&candidate.observation, Reason::SameExposures { name }),
            None => kept.push(candidate),
        }
    }
    kept
}

/// Drops parts of regions that are not wanted, and then the images that nothing needs.
fn without_needless(
    mut candidates: Vec<Candidate>,
    partial: Partial,
    plan: &mut Plan,
) -> Vec<Candidate> {
    let whole: HashSet<(Spec, usize)> = candidates
        .iter()
        .flat_map(|candidate| {
            let whole = candidate.regions.iter().filter(|(_, held)| *held == Coverage::Yes);
            whole.map(|(region, _)| (candidate.spec.clone(), *region))
        })
        .collect();
    for candidate in &mut candidates {
        let spec = candidate.spec.clone();
        candidate.regions.retain(|(region, held)| match partial {
            _ if share(*held) >= NEARLY => true,
            Partial::Always => true,
            Partial::Never => false,
            Partial::WhereNoneIsWhole => !whole.contains(&(spec.clone(), *region)),
        });
    }
    needed(candidates, plan)
}

/// Those that still have a region.
fn needed(candidates: Vec<Candidate>, plan: &mut Plan) -> Vec<Candidate> {
    let (kept, needless): (Vec<_>, Vec<_>) =
        candidates.into_iter().partition(|candidate| !candidate.regions.is_empty());
    needless.iter().for_each(|candidate| plan.leave_out(&candidate.observation, Reason::NotNeeded));
    kept
}

fn uncovered(candidates: &[Candidate], wanted: &[Spec], regions: usize) -> Vec<(Spec, usize)> {
    let mut specs = wanted.to_vec();
    for candidate in candidates {
        if !specs.contains(&candidate.spec) {
            specs.push(candidate.spec.clone());
        }
    }
    let is_held = |spec: &Spec, region: usize| {
        let holds = |candidate: &Candidate| candidate.regions.iter().any(|(r, _)| *r == region);
        candidates.iter().any(|candidate| candidate.spec == *spec && holds(candidate))
    };
    let of_spec = |spec: &Spec| {
        let missing = (0..regions).filter(|region| !is_held(spec, *region));
        missing.map(|region| (spec.clone(), region)).collect::<Vec<_>>()
    };
    specs.iter().flat_map(of_spec).collect()
}

/// The drizzled file of every candidate, DRC before DRZ.
fn files(
    archive: &dyn Archive,
    candidates: &[Candidate],
    plan: &mut Plan,
) -> Result<HashMap<Option<ProductGroupId>, Product>> {
    let ids: Vec<_> =
        candidates.iter().filter_map(|candidate| candidate.observation.obsid.copied()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let answer = archive.list(&ids)?;
    plan.warnings.extend(answer.warnings);
    let wanted: HashSet<_> = ids.into_iter().collect();
    let mut best: HashMap<Option<ProductGroupId>, Product> = HashMap::new();
    for product in answer.rows {
        // A list also names the observation's inputs and siblings, which have numbers of their own.
        let id = product.obsid.copied().filter(|id| wanted.contains(id));
        let (Some(_), Some(rank)) = (id, rank(&product)) else { continue };
        let is_better = |known: &Product| self::rank(known).is_none_or(|known| rank > known);
        if best.get(&id).is_none_or(is_better) {
            best.insert(id, product);
        }
    }
    Ok(best)
}

/// How good a file is as the image of its observation; `None` for what is no drizzled image.
fn rank(product: &Product) -> Option<u8> {
    let name = product.product_filename.text().to_lowercase();
    let is_fits = [".fits", ".fits.gz", ".fits.fz"].iter().any(|end| name.ends_with(end));
    match product.product_sub_group_description.text().to_uppercase().as_str() {
        _ if !is_fits => None,
        "DRC" => Some(2),
        "DRZ" => Some(1),
        // In a folder of the user's own the name need not tell.
        _ if product.data_uri.text().starts_with("file:") => Some(0),
        _ => None,
    }
}
