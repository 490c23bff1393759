//! Cutouts as astropy reads them: legal, the image's pixels, the image's sky. Needs a Python with astropy in `HST_PEERS`.

#[expect(dead_code, reason = "a part is enough here")]
mod made;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use astro_coords::PixelCoord;
use cutout::{CutOptions, Empty, Size, cut};
use hst_fits::{Bitpix, FitsFile};
use made::Made;
use serde_json::{Value, json};

/// Images of every type made here, and real ones.
fn images(folder: &Path) -> Vec<(PathBuf, &'static str)> {
    let mut images = Vec::new();
    let types = [Bitpix::U8, Bitpix::I16, Bitpix::I32, Bitpix::I64, Bitpix::F32, Bitpix::F64];
    for (i, bitpix) in types.into_iter().enumerate() {
        let plain = Made::new(bitpix, (60, 50)).companion("WHT").companion("CTX");
        let galactic = plain
            .texts(&[("CTYPE1A", "GLON-TAN"), ("CTYPE2A", "GLAT-TAN"), ("CUNIT1A", "deg")])
            .texts(&[("CUNIT2A", "deg")])
            .numbers(&[("CRVAL1A", 236.0), ("CRVAL2A", 42.0), ("CRPIX1A", 31.25)])
            .numbers(&[("CRPIX2A", 11.5), ("CDELT1A", -1e-5), ("CDELT2A", 1e-5)]);
        let unsigned = galactic.clone().numbers(&[("BZERO", 32768.0), ("BSCALE", 1.0)]);
        let cube = galactic.clone().planes(&[3]);
        for (kind, made) in [("plain", &galactic), ("unsigned", &unsigned), ("cube", &cube)] {
            if kind == "unsigned" && bitpix != Bitpix::I16 {
                continue;
            }
            let path = folder.join(format!("{kind}_{i}.fits"));
            std::fs::write(&path, made.bytes()).unwrap();
            images.push((path, "all"));
        }
    }
    for (name, extensions) in [
        ("sample_svm_flc.fits", "SCI,2,SCI,1"),
        ("j8bt06nyq_sip_flt.fits", "SCI"),
        ("abell2744_cd_f105w.fits.gz", "first"),
        ("a478_wfpc2_f814w_drz.fits", "SCI,WHT,CTX"),
        ("candels_gn_zcut_3band.fits", "all"),
        ("ngc104_acs_hrc_f606w_drz_600.fits", "SCI"),
    ] {
        let path = testkit::shared(&format!("data/hst/{name}"));
        images.extend(path.map(|path| (path, extensions)));
    }
    images
}

/// Cuts inside and at the border; what the script needs to know of each.
fn cutouts(image: &Path, extensions: &str, folder: &Path) -> Vec<Value> {
    let file = FitsFile::open(image).unwrap();
    let options = CutOptions {
        extensions: extensions.parse().unwrap(),
        empty: Empty::Keep,
        ..CutOptions::default()
    };
    let hdu = options.extensions.of(&file).0[0];
    let (ny, nx) = hdu.plane_shape().unwrap();
    let wcs = file.wcs(hdu, None).unwrap();
    let mut jobs = Vec::new();
    for (i, (x, y)) in [(0.4, 0.6), (0.02, 0.97)].into_iter().enumerate() {
        let center = PixelCoord::new(x * nx as f64 + 0.3, y * ny as f64 + 0.2);
        let at = wcs.to_sky(center).unwrap();
        let size = Size::pixels(nx as f64 / 3.0, ny as f64 / 4.0);
        let cutout = cut(&file, at, size, &options).unwrap();
        let stem = image.file_stem().unwrap().to_string_lossy();
        let path = folder.join(format!("{stem}_{i}_cutout.fits"));
        cutout.write(&path).unwrap();
        let units: Vec<_> = cutout
            .units
            .iter()
            .enumerate()
            .map(|(n, unit)| json!([unit.index, n + 1, unit.window.x.start, unit.window.y.start]))
            .collect();
        jobs.push(json!({"image": image, "cutout": path, "units": units}));
    }
    jobs
}

#[test]
fn astropy_finds_the_pixels_and_the_sky_of_the_image() {
    let Some(python) = std::env::var_os("HST_PEERS") else {
        eprintln!("skipped: HST_PEERS names no Python with astropy");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let images = images(folder.path());
    let jobs = images.iter().flat_map(|(path, text)| cutouts(path, text, folder.path()));
    let lines: String = jobs.map(|job| format!("{job}\n")).collect();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/astropy_reads.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // Behind what astropy says itself.
    let text = String::from_utf8(output.stdout).unwrap();
    let found: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    eprintln!("{} cutouts, {found}", lines.lines().count());
    assert!(found["corners"].as_u64() > Some(400) && found["pixels"].as_u64() > Some(10_000));
}
