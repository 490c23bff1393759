//! The simulated archive as files: names and headers like those of the Hubble Advanced Products.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use astro_coords::{Angle, PixelCoord};
use hst_fits::{Header, Pixels, Wcs, write_images};
use rayon::prelude::*;

use super::exposure::{Visit, expose};
use super::scene::{BANDS, Band, Scene};

/// The visits: ultraviolet ones for F336W, optical ones for F475W and F814W.
pub(super) const VISITS: [(Visit, &[usize]); 6] = [
    (visit("01", "idem01", -1.0, -1.5, 12.0, 58960.134, 620.0), &[0]),
    (visit("02", "idem02", 2.5, 2.0, 55.0, 58988.402, 640.0), &[0]),
    (visit("03", "idem03", -3.0, 3.5, 80.0, 59021.771, 600.0), &[0]),
    (visit("11", "jdem11", 0.5, -0.5, 20.0, 58801.250, 480.0), &[1, 2]),
    (visit("12", "jdem12", -2.5, 1.5, 38.0, 58830.611, 510.0), &[1, 2]),
    (visit("13", "jdem13", 3.0, 2.5, 65.0, 58877.093, 495.0), &[1, 2]),
];

const fn visit(
    number: &'static str,
    rootname: &'static str,
    east: f64,
    north: f64,
    roll: f64,
    mjd: f64,
    exposure_s: f64,
) -> Visit {
    Visit { number, rootname, east, north, roll: Angle::from_degrees(roll), mjd, exposure_s }
}

/// Names of the region file and of the images of the archive.
#[derive(Debug)]
pub(crate) struct Archive {
    pub(crate) regions: PathBuf,
    pub(crate) images: Vec<PathBuf>,
}

/// Makes the archive in `folder`; the bytes are the same every time.
pub(crate) fn make(folder: &Path, progress: impl Fn() + Sync) -> anyhow::Result<Archive> {
    let scene = Scene::new();
    let regions = folder.join("demo.reg");
    crate::output::write_aside(&regions, |out| out.write_all(region_file(&scene).as_bytes()))?;
    let products: Vec<_> = VISITS
        .iter()
        .flat_map(|(visit, bands)| bands.iter().map(move |&band| (visit, band)))
        .collect();
    let images: Result<_, _> = products
        .par_iter()
        .map(|&(visit, band)| {
            let path = folder.join(file_name(visit, band));
            write_product(&path, visit, band, &scene)?;
            progress();
            Ok(path)
        })
        .collect();
    Ok(Archive {
        regions,
        images: images.map_err(|error: hst_fits::Error| anyhow::anyhow!(error))?,
    })
}

/// How many images [`make`] makes.
pub(crate) fn image_count() -> usize {
    VISITS.iter().map(|(_, bands)| bands.len()).sum()
}

fn region_file(scene: &Scene) -> String {
    let mut text =
        String::from("# Region file format: DS9 version 4.1\nglobal color=green width=2\nicrs\n");
    for target in &scene.targets {
        let (ra, dec) = (target.position.ra.degrees(), target.position.dec.degrees());
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "circle({ra:.7},{dec:.7},{:.3}\") # text={{{}}}",
            target.radius, target.id
        );
    }
    text
}

fn write_product(path: &Path, visit: &Visit, band: usize, scene: &Scene) -> hst_fits::Result<()> {
    let shape = visit.shape(band);
    let wcs = wcs(visit, band)
        .map_err(|source| hst_fits::Error::Wcs { place: path.display().to_string(), source })?;
    let planes = expose(visit, band, scene, |place| wcs.to_pixel(place));
    let primary = primary_header(path, visit, band);
    let science = extension_header("SCI", visit, band, Some("ELECTRONS/S"));
    let weight = extension_header("WHT", visit, band, Some("UNITLESS"));
    let context = extension_header("CTX", visit, band, None);
    write_images(
        path,
        &[
            (&primary, Pixels::None),
            (&science, Pixels::F32(shape, &planes.science)),
            (&weight, Pixels::F32(shape, &planes.weight)),
            (&context, Pixels::I32(shape, &planes.context)),
        ],
    )
}

/// North up, east to the left, with the visit's centre in the middle.
fn wcs(visit: &Visit, band: usize) -> Result<Wcs, hst_fits::WcsError> {
    let scale = Angle::from_arcsec(BANDS[band].pixel_scale).degrees();
    Wcs::tangent(visit.center(), origin(visit, band), [[-scale, 0.0], [0.0, scale]])
}

fn origin(visit: &Visit, band: usize) -> PixelCoord {
    let (ny, nx) = visit.shape(band);
    PixelCoord::new((nx as f64 - 1.0) / 2.0, (ny as f64 - 1.0) / 2.0)
}

fn primary_header(path: &Path, visit: &Visit, band: usize) -> Header {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let Band { instrument, detector, filter, photflam, photplam, pixel_scale, .. } = BANDS[band];
    let exposures = i64::try_from(super::exposure::EXPOSURES).unwrap_or_default();
    let exptime = visit.exposure_s * exposures as f64;
    let center = visit.center();
    let mut header = Header::new();
    header.set("FILENAME", name, "name of file");
    header.set("ORIGIN", "hst demo", "simulated, no observation");
    header.set("TELESCOP", "HST", "imitated telescope");
    header.set("INSTRUME", instrument, "imitated instrument");
    header.set("DETECTOR", detector, "imitated detector");
    if instrument == "ACS" {
        header.set("FILTER1", if filter == "F475W" { "F475W" } else { "CLEAR1L" }, "first wheel");
        header.set("FILTER2", if filter == "F475W" { "CLEAR2L" } else { filter }, "second wheel");
    } else {
        header.set("FILTER", filter, "filter");
    }
    header.set("ROOTNAME", visit.rootname, "visit");
    header.set("PROPOSID", 90001, "no real proposal");
    header.set("TARGNAME", "SIMULATED-FIELD", "");
    header.set("RA_TARG", center.ra.degrees(), "[deg]");
    header.set("DEC_TARG", center.dec.degrees(), "[deg]");
    header.set("EXPSTART", visit.mjd, "start, modified Julian date");
    header.set("EXPEND", visit.mjd + 1.08 * exptime / 86_400.0, "end, modified Julian date");
    header.set("EXPTIME", exptime, "[s]");
    header.set("NDRIZIM", exposures, "exposures combined");
    header.set("PHOTMODE", format!("{instrument} {detector} {filter}"), "");
    header.set("PHOTFLAM", photflam, "erg / (s cm2 A) per electron / s");
    header.set("PHOTPLAM", photplam, "pivot wavelength, A");
    header.set("PHOTZPT", -21.1, "ST magnitude zero point");
    header.set("D001KERN", "square", "drizzle kernel");
    header.set("D001PIXF", 1.0, "size of a drop in input pixels");
    header.set("D001SCAL", pixel_scale, "[arcsec] output pixel");
    header.set("D001ISCL", pixel_scale, "[arcsec] input pixel");
    header
}

fn extension_header(name: &str, visit: &Visit, band: usize, bunit: Option<&str>) -> Header {
    let center = visit.center();
    let (x, y) = origin(visit, band).to_fits();
    let scale = Angle::from_arcsec(BANDS[band].pixel_scale).degrees();
    let mut header = Header::new();
    header.set("EXTNAME", name, "");
    header.set("EXTVER", 1, "");
    header.set("WCSAXES", 2, "");
    for (keyword, value) in [
        ("CRPIX1", x),
        ("CRPIX2", y),
        ("CRVAL1", center.ra.degrees()),
        ("CRVAL2", center.dec.degrees()),
        ("CD1_1", -scale),
        ("CD1_2", 0.0),
        ("CD2_1", 0.0),
        ("CD2_2", scale),
    ] {
        header.set(keyword, value, "");
    }
    header.set("CTYPE1", "RA---TAN", "");
    header.set("CTYPE2", "DEC--TAN", "");
    header.set("RADESYS", "ICRS", "");
    header.set("ORIENTAT", 0.0, "[deg] position angle of the y axis");
    if let Some(bunit) = bunit {
        header.set("BUNIT", bunit, "");
    }
    if name == "SCI" {
        header.set("PHOTFLAM", BANDS[band].photflam, "erg / (s cm2 A) per electron / s");
        header.set("PHOTPLAM", BANDS[band].photplam, "pivot wavelength, A");
        let corners =
            visit.corners().map(|c| format!("{:.8} {:.8}", c.ra.degrees(), c.dec.degrees()));
        header.set("S_REGION", format!("POLYGON ICRS {}", corners.join(" ")), "footprint");
    }
    header
}

/// `hst_90001_01_wfc3_uvis_f336w_idem01_drc.fits`: proposal, visit, instrument, detector, filter, rootname.
pub(super) fn file_name(visit: &Visit, band: usize) -> String {
    let band = &BANDS[band];
    let words = [band.instrument, band.detector, band.filter].map(str::to_lowercase);
    format!("hst_90001_{}_{}_{}_drc.fits", visit.number, words.join("_"), visit.rootname)
}
