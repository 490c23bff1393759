//! The field of seven galaxies in the Coma cluster, as an archive of small files with the true geometry.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::fs;
use std::path::Path;

use astro_coords::{Angle, SkyCoord};
use mast_client::{
    Cause, Cone, IndexOptions, IndexReport, LocalArchive, Observation, polygon_text,
};

/// RA and Dec in degrees, radius in arcseconds.
pub const REGIONS: [(f64, f64, f64); 7] = [
    (195.1359275, 28.0587217, 7.267),
    (195.1289479, 28.0535667, 2.581),
    (195.1149117, 28.0566078, 4.844),
    (195.1082671, 28.0624211, 4.620),
    (195.1121000, 28.0808456, 3.335),
    (195.1437250, 28.0800333, 2.337),
    (195.1243850, 28.0669169, 3.058),
];

/// Name, bytes, and where the image lies: from the field's own place in arcminutes east and north.
pub const IMAGES: [(&str, u64, (f64, f64)); 12] = [
    ("hst_14182_15_wfc3_uvis_f336w_icwr15", 282_726_720, (5.0, 0.0)),
    ("hst_14182_16_wfc3_uvis_f336w_icwr16", 282_726_720, (0.0, 5.0)),
    ("hst_14182_19_wfc3_uvis_f336w_icwr19", 282_726_720, (-5.0, 1.0)),
    ("hst_14182_20_wfc3_uvis_f336w_icwr20", 282_726_720, (0.0, 0.0)),
    ("hst_10861_02_acs_wfc_f475w_j9ty02", 306_984_960, (0.0, 0.0)),
    ("hst_10861_03_acs_wfc_f475w_j9ty03", 312_134_400, (6.0, 1.0)),
    ("hst_10861_09_acs_wfc_f475w_j9ty09", 307_105_920, (-6.0, -1.0)),
    ("hst_14182_16_acs_wfc_f475w_jcwr16", 445_901_760, (1.0, 6.5)),
    ("hst_10861_02_acs_wfc_f814w_j9ty02", 306_984_960, (0.0, 0.0)),
    ("hst_10861_03_acs_wfc_f814w_j9ty03", 312_134_400, (6.0, 1.0)),
    ("hst_10861_09_acs_wfc_f814w_j9ty09", 307_105_920, (-6.0, -1.0)),
    ("hst_14182_16_acs_wfc_f814w_jcwr16", 445_887_360, (1.0, 6.5)),
];

pub fn regions() -> Vec<Cone> {
    let cone = |(ra, dec, radius): (f64, f64, f64)| Cone {
        center: SkyCoord::from_degrees(ra, dec),
        radius: Angle::from_arcsec(radius),
    };
    REGIONS.into_iter().map(cone).collect()
}

/// Corners of an image that lies `shift` arcminutes from the place of the ones that were used.
fn corners(name: &str, (east, north): (f64, f64)) -> Vec<SkyCoord> {
    // Pixel scale in arcseconds, CRPIX from 1, shape (nx, ny), as fitted to what the notebook printed.
    let (scale, (x0, y0), (nx, ny)) = if name.contains("uvis") {
        (0.03962, (1619.9968, 2753.8137), (4855.0, 4853.0))
    } else {
        (0.05, (2775.7843, 1521.2656), (5200.0, 4919.0))
    };
    let center = SkyCoord::from_degrees(195.127, 28.0676);
    let corner = |(x, y): (f64, f64)| {
        let (xi, eta) = (-(x - x0) * scale + east * 60.0, (y - y0) * scale + north * 60.0);
        let distance = Angle::from_arcsec(xi.hypot(eta));
        center.offset(Angle::from_radians(xi.atan2(eta)), distance)
    };
    [(0.5, 0.5), (nx + 0.5, 0.5), (nx + 0.5, ny + 0.5), (0.5, ny + 0.5)].map(corner).to_vec()
}

/// Writes the images, a ten-thousandth of their size each, and a file that is none.
pub fn write(folder: &Path) {
    fs::create_dir_all(folder.join("sub")).unwrap();
    for (at, (name, bytes, _)) in IMAGES.iter().enumerate() {
        let place = if at % 2 == 0 { folder.join("sub") } else { folder.to_owned() };
        let mut content = b"SIMPLE  =                    T".to_vec();
        let length = usize::try_from(bytes / 10_000).unwrap();
        content.resize_with(length, || u8::try_from(at).unwrap());
        fs::write(place.join(format!("{name}_drc.fits")), content).unwrap();
    }
    fs::write(folder.join("notes.txt"), "not an image").unwrap();
    fs::write(folder.join("table.fits"), "SIMPLE  = no image").unwrap();
    fs::write(folder.join("broken.fits"), "").unwrap();
}

/// What a program that reads FITS would find.
pub fn read(path: &Path) -> Result<Option<Observation>, Cause> {
    let name = path.file_name().unwrap().to_str().unwrap();
    match name {
        "table.fits" => return Ok(None),
        "broken.fits" => return Err("no END card".into()),
        _ => {}
    }
    let known = IMAGES.iter().position(|(known, _, _)| name.starts_with(known)).ok_or("unknown")?;
    let (name, _, shift) = IMAGES[known];
    let corners = corners(name, shift);
    let parts: Vec<_> = name.split('_').collect();
    let start = 55_000.0 + f64::from(u32::try_from(known).unwrap());
    Ok(Some(Observation {
        obs_collection: "HST".into(),
        instrument_name: format!("{}/{}", parts[3], parts[4]).to_uppercase().as_str().into(),
        filters: parts[5].to_uppercase().as_str().into(),
        proposal_id: parts[1].into(),
        s_ra: corners[0].ra.degrees().into(),
        s_dec: corners[0].dec.degrees().into(),
        t_min: start.into(),
        t_max: (start + 0.1).into(),
        t_exptime: 1000.0.into(),
        s_region: polygon_text(&corners).as_str().into(),
        ..Observation::default()
    }))
}

pub fn index(folder: &Path) -> (LocalArchive, IndexReport) {
    LocalArchive::index(folder, &read, &IndexOptions::default()).unwrap()
}
