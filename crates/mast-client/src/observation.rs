use std::fmt;

use crate::cell::{Cell, FromCell, Kind};
use crate::row::row;

/// The archive's number of an observation, by which products are asked for (`obsid`).
///
/// It is not the mission's own name of the observation, which is `obs_id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProductGroupId(pub i64);

impl fmt::Display for ProductGroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromCell for ProductGroupId {
    const KIND: Kind = Kind::Integer;

    fn from_cell(cell: &Cell<'_>) -> Result<Option<Self>, ()> {
        Ok(i64::from_cell(cell)?.map(Self))
    }

    fn cell(&self) -> Cell<'_> {
        Cell::Integer(self.0)
    }
}

row! {
    /// One observation: a row of the Common Archive Observation Model, its columns named as MAST names them.
    ///
    /// Times are MJD, sky positions ICRS degrees, wavelengths nanometres; any column may be missing or null.
    Observation {
        /// `science` or `calibration`.
        intent_type: String = "intentType",
        /// The mission, such as `HST`.
        obs_collection: String = "obs_collection",
        /// The pipeline, such as `HAP-SVM`.
        provenance_name: String = "provenance_name",
        /// Instrument and detector, such as `ACS/WFC`.
        instrument_name: String = "instrument_name",
        /// The project, such as `HAP`.
        project: String = "project",
        /// Filters, `;` between them.
        filters: String = "filters",
        /// The range of wavelengths in words.
        wave_region: String = "wave_region",
        /// The target's name.
        target_name: String = "target_name",
        /// What the target is, `;` between the words.
        target_classification: String = "target_classification",
        /// The mission's name of the observation.
        obs_id: String = "obs_id",
        /// Right ascension in degrees.
        s_ra: f64 = "s_ra",
        /// Declination in degrees.
        s_dec: f64 = "s_dec",
        /// `image`, `spectrum`, ...
        dataproduct_type: String = "dataproduct_type",
        /// The proposal's principal investigator.
        proposal_pi: String = "proposal_pi",
        /// How far the data are reduced, -1 to 4; 3 is drizzled.
        calib_level: i64 = "calib_level",
        /// Start, MJD.
        t_min: f64 = "t_min",
        /// End, MJD.
        t_max: f64 = "t_max",
        /// Exposure in seconds.
        t_exptime: f64 = "t_exptime",
        /// The range of wavelengths in words, `;` between them.
        wavelength_region: String = "wavelength_region",
        /// Shortest wavelength, nm.
        em_min: f64 = "em_min",
        /// Longest wavelength, nm.
        em_max: f64 = "em_max",
        /// The proposal's title.
        obs_title: String = "obs_title",
        /// When the data became public, MJD.
        t_obs_release: f64 = "t_obs_release",
        /// The proposal.
        proposal_id: String = "proposal_id",
        /// The kind of proposal.
        proposal_type: String = "proposal_type",
        /// The number in a sequence.
        sequence_number: i64 = "sequence_number",
        /// The footprint on the sky as STC-S text, see [`Observation::footprint`].
        s_region: String = "s_region",
        /// A preview.
        jpeg_url: String = "jpegURL",
        /// The main file's URI.
        data_url: String = "dataURL",
        /// `PUBLIC`, `EXCLUSIVE_ACCESS` or `RESTRICTED`.
        data_rights: String = "dataRights",
        /// Whether the target moves.
        mt_flag: bool = "mtFlag",
        /// Density of sources.
        src_den: f64 = "srcDen",
        /// The archive's number of the observation.
        obsid: ProductGroupId = "obsid",
        /// The archive's number of the row.
        obj_id: i64 = "objID",
        /// A second number of the row, from queries by position.
        obj_id1: i64 = "objID1",
        /// Shortest wavelength, nm.
        wave_min: f64 = "wave_min",
        /// Longest wavelength, nm.
        wave_max: f64 = "wave_max",
        /// Arcseconds from the place asked for to the nearest edge of the footprint, 0 inside it.
        distance: f64 = "distance",
    }
}
