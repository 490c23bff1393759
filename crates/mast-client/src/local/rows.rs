//! What a file's name and size say about it, in the archive's words.

use super::index::Entry;
use crate::hash::sha256;
use crate::{Field, Observation, Product, ProductGroupId};

/// The URI of a file, which tells nothing of where the archive lies.
pub(super) fn uri(path: &str) -> String {
    format!("file:{path}")
}

/// A number that stays with a path: 48 bits of its sum.
pub(super) fn id(path: &str) -> ProductGroupId {
    ProductGroupId(i64::from_str_radix(&sha256(path.as_bytes())[..12], 16).unwrap_or_default())
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Splits `hst_10861_02_acs_wfc_f475w_j9ty02_drc.fits` before its last `_`.
fn stem_and_suffix(path: &str) -> (&str, &str) {
    let name = name(path);
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    stem.rsplit_once('_').unwrap_or((stem, ""))
}

/// Pipeline and project by the naming of HST's Hubble Advanced Products; other files are the mission's.
fn pipeline(stem: &str, mission: &str) -> (String, String) {
    let stem = stem.to_lowercase();
    if stem.starts_with("hst_skycell") {
        ("HAP-MVM".to_owned(), "HAP".to_owned())
    } else if stem.starts_with("hst_") {
        ("HAP-SVM".to_owned(), "HAP".to_owned())
    } else {
        (mission.to_owned(), mission.to_owned())
    }
}

fn level(suffix: &str) -> i64 {
    match suffix.to_ascii_lowercase().as_str() {
        "raw" => 1,
        "flt" | "flc" | "crj" | "crc" => 2,
        _ => 3,
    }
}

fn fill<T>(field: &mut Field<T>, value: impl FnOnce() -> T) {
    if field.value().is_none() {
        *field = Field::Value(value());
    }
}

impl Entry {
    /// The observation as the archive would list it; what the file itself said comes first.
    pub(super) fn row(&self) -> Observation {
        let mut row = self.observation.clone();
        self.complete(&mut row);
        row
    }

    /// Fills what the file did not say.
    pub(super) fn complete(&self, row: &mut Observation) {
        let (stem, suffix) = stem_and_suffix(&self.path);
        fill(&mut row.obs_collection, || "HST".to_owned());
        let (provenance, project) = pipeline(stem, row.obs_collection.text());
        fill(&mut row.intent_type, || "science".to_owned());
        fill(&mut row.provenance_name, || provenance);
        fill(&mut row.project, || project);
        fill(&mut row.obs_id, || stem.to_owned());
        fill(&mut row.dataproduct_type, || "image".to_owned());
        fill(&mut row.calib_level, || level(suffix));
        fill(&mut row.data_rights, || "PUBLIC".to_owned());
        fill(&mut row.mt_flag, || false);
        row.data_url = uri(&self.path).into();
        row.obsid = id(&self.path).into();
        row.obj_id = id(&self.path).0.into();
    }

    /// The file as the archive would list it.
    pub(super) fn product(&self) -> Product {
        let observation = self.row();
        let (_, suffix) = stem_and_suffix(&self.path);
        let pipeline = observation.provenance_name.text();
        Product {
            obsid: observation.obsid,
            obs_collection: observation.obs_collection.clone(),
            dataproduct_type: observation.dataproduct_type.clone(),
            obs_id: observation.obs_id.clone(),
            description: "FITS science image".into(),
            kind: "D".into(),
            data_uri: uri(&self.path).into(),
            product_type: "SCIENCE".into(),
            product_group_description: "Minimum Recommended Products".into(),
            product_sub_group_description: suffix.to_uppercase().into(),
            product_documentation_url: Field::Null,
            project: pipeline.into(),
            prvversion: Field::Null,
            proposal_id: observation.proposal_id.clone(),
            product_filename: name(&self.path).into(),
            size: i64::try_from(self.size).map_or(Field::Null, Field::Value),
            parent_obsid: observation.obsid,
            data_rights: observation.data_rights.clone(),
            calib_level: observation.calib_level,
            filters: observation.filters.clone(),
            other: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_pipeline_and_level() {
        let entry = |path: &str| Entry { path: path.to_owned(), size: 2880, ..Entry::default() };
        let visit = entry("uvis/hst_14182_15_wfc3_uvis_f336w_icwr15_drc.fits");
        assert_eq!(visit.row().provenance_name.text(), "HAP-SVM");
        assert_eq!(visit.row().project.text(), "HAP");
        assert_eq!(visit.row().obs_id.text(), "hst_14182_15_wfc3_uvis_f336w_icwr15");
        let product = visit.product();
        assert_eq!(product.product_sub_group_description.text(), "DRC");
        assert_eq!(product.project.text(), "HAP-SVM");
        assert_eq!(
            product.data_uri.text(),
            "file:uvis/hst_14182_15_wfc3_uvis_f336w_icwr15_drc.fits"
        );
        let mosaic = entry("hst_skycell-p2081x08y05_acs_wfc_f814w_all_drc.fits").row();
        assert_eq!(mosaic.provenance_name.text(), "HAP-MVM");
        assert_eq!(entry("j8bt06nyq_flt.fits.gz").row().calib_level.copied(), Some(2));
        assert_eq!(entry("image.fits").row().project.text(), "HST");
    }
}
