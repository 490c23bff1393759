//! `hst background` as a user types it: every pixel and card of what it writes.

#[expect(dead_code, reason = "no demo is needed here")]
mod common;

use std::path::Path;

use astro_coords::PixelBox;
use common::{hst, stderr, stdout};
use hst_fits::{FitsFile, Header, Pixels, write_images};
use ndarray::Array2;
use photometry::background::{Background, BackgroundOptions, Exclude, Masks, background};

const SHAPE: (usize, usize) = (230, 330);

/// Noise on a slope, a few bright pixels, and a corner that was never exposed.
fn scene() -> Array2<f64> {
    let mut state = 1_u64;
    let mut uniform = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1_u64 << 24) as f64
    };
    Array2::from_shape_fn(SHAPE, |(y, x)| {
        let noise: f64 = (0..4).map(|_| uniform() - 0.5).sum();
        let star = if uniform() > 0.995 { 40.0 } else { 0.0 };
        if y + x < 60 {
            f64::NAN
        } else {
            5.0 + 0.004 * x as f64 - 0.002 * y as f64 + 0.3 * noise + star
        }
    })
}

fn header(text: &[&str]) -> Header {
    let bytes: String = text.iter().chain(&["END"]).map(|card| format!("{card:<80}")).collect();
    Header::parse(bytes.as_bytes()).expect("cards")
}

/// A primary unit with keywords, SCI, and a weight map.
fn write_drizzled(path: &Path) -> Array2<f32> {
    let image = scene().mapv(|v| v as f32);
    let pixels = image.as_slice().expect("in order");
    let primary = header(&["TELESCOP= 'HST     '", "FILTER  = 'F814W   '           / element"]);
    let science =
        header(&["EXTNAME = 'SCI     '", "BUNIT   = 'ELECTRONS/S'", "CRVAL1  = 194.95 / deg"]);
    let weight = header(&["EXTNAME = 'WHT     '"]);
    let units = [
        (&primary, Pixels::None),
        (&science, Pixels::F32(SHAPE, pixels)),
        (&weight, Pixels::F32(SHAPE, pixels)),
    ];
    write_images(path, &units).expect("written");
    image
}

fn read(path: &Path, index: usize) -> (FitsFile, Array2<f64>) {
    let file = FitsFile::open(path).expect("a FITS file");
    let hdu = file.hdu(index).expect("a unit");
    let mut pixels = vec![0.0; SHAPE.0 * SHAPE.1];
    file.read_window(hdu, &PixelBox::of_shape(SHAPE), &mut pixels).expect("pixels");
    (file, Array2::from_shape_vec(SHAPE, pixels).expect("the shape"))
}

fn expected(image: &Array2<f64>, options: &BackgroundOptions) -> Background {
    background(image, Masks::default(), options).expect("a background")
}

fn small() -> BackgroundOptions {
    BackgroundOptions { box_size: (32, 32), ..BackgroundOptions::default() }
}

fn assert_bits(found: &Array2<f64>, wanted: impl Iterator<Item = f64>) {
    let differ = found
        .iter()
        .zip(wanted)
        .filter(|(a, b)| a.to_bits() != b.to_bits() && !(a.is_nan() && b.is_nan()));
    assert_eq!(differ.count(), 0);
}

#[test]
fn the_maps_are_the_librarys_rounded_once_with_the_images_header() {
    let folder = tempfile::tempdir().expect("a folder");
    let image = write_drizzled(&folder.path().join("a_drc.fits")).mapv(f64::from);
    let output = hst(folder.path(), &["background", "a_drc.fits", "--box", "32", "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let wanted = expected(&image, &small());
    let path = folder.path().join("a_drc_bkg.fits");
    for (index, name, surface) in [(1, "BKG", &wanted.level), (2, "BKG_RMS", &wanted.rms)] {
        let (file, map) = read(&path, index);
        assert_bits(&map, surface.map().iter().map(|v| f64::from(*v as f32)));
        let unit = file.hdu(index).expect("a unit");
        assert_eq!((unit.name.as_str(), unit.bitpix.code()), (name, -32));
        assert_eq!(unit.header.get::<f64>("CRVAL1").ok(), Some(194.95));
        assert_eq!(unit.header.get::<String>("BUNIT").ok().as_deref(), Some("ELECTRONS/S"));
        assert_eq!(unit.header.all("HISTORY").count(), 4);
        assert_eq!(file.primary().get::<String>("FILTER").ok().as_deref(), Some("F814W"));
        assert_eq!(file.hdus().len(), 3);
    }
    let text = stdout(&output);
    assert!(
        text.contains("\"boxes\":[11,8]") && text.contains("\"file\":\"a_drc_bkg.fits\""),
        "{text}"
    );
    assert_eq!(
        std::fs::read_dir(folder.path()).expect("a folder").count(),
        2,
        "nothing else is left"
    );
}

#[test]
fn subtraction_keeps_nan_and_header_and_rounds_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let image = write_drizzled(&folder.path().join("a_drc.fits")).mapv(f64::from);
    let arguments = [
        "background",
        "a_drc.fits",
        "--subtract",
        "--box",
        "32",
        "--exclude-percentile",
        "30",
        "-o",
        "flat.fits",
    ];
    let output = hst(folder.path(), &arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    let exclude = Exclude::Photutils31 { percentile: 30.0 };
    let level = expected(&image, &BackgroundOptions { exclude, ..small() }).level.map();
    let (file, flat) = read(&folder.path().join("flat.fits"), 1);
    assert_bits(&flat, image.iter().zip(&level).map(|(v, l)| f64::from((v - l) as f32)));
    assert!(flat[(3, 4)].is_nan());
    assert_eq!((file.hdus().len(), file.hdu(1).expect("a unit").name.as_str()), (2, "SCI"));
}

#[test]
fn a_primary_image_of_doubles_stays_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let image = scene();
    let cards = header(&["OBJECT  = 'Coma    '"]);
    let pixels = Pixels::F64(SHAPE, image.as_slice().expect("in order"));
    write_images(&folder.path().join("d.fits"), &[(&cards, pixels)]).expect("written");
    let output = hst(folder.path(), &["background", "d.fits", "--subtract", "--box", "32"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let (file, flat) = read(&folder.path().join("d_sub.fits"), 0);
    let level = expected(&image, &small()).level.map();
    assert_bits(&flat, image.iter().zip(&level).map(|(v, l)| v - l));
    assert_eq!(file.hdu(0).expect("a unit").bitpix.code(), -64);
    assert_eq!(file.primary().get::<String>("OBJECT").ok().as_deref(), Some("Coma"));
}

#[test]
fn scaled_integers_are_measured_as_what_they_mean() {
    let folder = tempfile::tempdir().expect("a folder");
    let counts: Vec<i16> =
        scene().iter().map(|v| if v.is_nan() { -1 } else { (v * 100.0) as i16 }).collect();
    let stored = hst_fits::StoredPixels::from_slice(SHAPE, &counts).expect("pixels");
    let cards = header(&["BSCALE  = 0.5", "BZERO   = 100.0", "BLANK   = -1"]);
    write_images(&folder.path().join("i.fits"), &[(&cards, Pixels::Stored(&stored))])
        .expect("written");
    let output = hst(folder.path(), &["background", "i.fits", "--box", "32"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let (_, image) = read(&folder.path().join("i.fits"), 0);
    assert!(image[(0, 0)].is_nan());
    let (file, map) = read(&folder.path().join("i_bkg.fits"), 0);
    assert_bits(&map, expected(&image, &small()).level.map().iter().map(|v| f64::from(*v as f32)));
    assert!(file.primary().card("BZERO").is_none());
}

#[test]
fn any_number_of_threads_writes_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    write_drizzled(&folder.path().join("a.fits"));
    let bytes = ["1", "2", "7"].map(|threads| {
        let output = hst(
            folder.path(),
            &[
                "background",
                "a.fits",
                "--box",
                "20",
                "-o",
                "o.fits",
                "--overwrite",
                "--threads",
                threads,
            ],
        );
        assert!(output.status.success(), "{}", stderr(&output));
        std::fs::read(folder.path().join("o.fits")).expect("maps")
    });
    assert!(bytes[0] == bytes[1] && bytes[0] == bytes[2]);
}

#[test]
fn what_goes_wrong_is_named_and_leaves_the_old_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.fits");
    write_drizzled(&path);
    let out = folder.path().join("a_bkg.fits");
    std::fs::write(&out, "old").expect("written");
    let fails = |arguments: &[&str], words: &[&str]| {
        let output = hst(folder.path(), &[&["background"], arguments].concat());
        let message = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(words.iter().all(|word| message.contains(word)), "{message}");
        assert_eq!(std::fs::read(&out).expect("a file"), b"old");
    };
    fails(&["a.fits"], &["a_bkg.fits exists", "--overwrite"]);
    fails(&["missing.fits", "--overwrite"], &["missing.fits"]);
    fails(&["a.fits", "--ext", "ERR", "--overwrite"], &["ERR", "a.fits"]);
    fails(&["a.fits", "--ext", "0", "--overwrite"], &["no 2-D image", "a.fits"]);
    fails(&["a.fits", "-o", "no/such/folder.fits"], &["folder.fits"]);
    let whole = std::fs::read(&path).expect("the image");
    std::fs::write(&path, &whole[..whole.len() / 4]).expect("written");
    fails(&["a.fits", "--overwrite"], &["a.fits"]);
    let blank = vec![f32::NAN; SHAPE.0 * SHAPE.1];
    let nothing = Header::new();
    write_images(&path, &[(&nothing, Pixels::F32(SHAPE, &blank))]).expect("written");
    fails(&["a.fits", "--overwrite"], &["no background for PRIMARY in", "a.fits"]);
    let names = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(names, 2, "no part of a file is left");
}

#[test]
fn many_filled_boxes_are_warned_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let image = write_drizzled(&folder.path().join("a.fits")).mapv(f64::from);
    let strict = ["background", "a.fits", "--box", "64", "--exclude-percentile", "0.6"];
    let output = hst(folder.path(), &strict);
    let exclude = Exclude::Photutils31 { percentile: 0.6 };
    let options = BackgroundOptions { exclude, ..BackgroundOptions::default() };
    let share = 100.0 * expected(&image, &options).excluded_share();
    assert!(share > 25.0 && output.status.success(), "{share}: {}", stderr(&output));
    let warning = format!("warning: {share:.0} % of the boxes");
    assert!(stderr(&output).contains(&warning), "{}", stderr(&output));
}

#[test]
fn the_maps_are_those_of_photutils() {
    let Some(python) = std::env::var_os("HST_PEERS") else {
        eprintln!("skipped: HST_PEERS names no Python with photutils");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    write_drizzled(&folder.path().join("a.fits"));
    let output =
        hst(folder.path(), &["background", "a.fits", "--box", "23", "--exclude-percentile", "100"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let script = "\
import numpy as np
from astropy.io import fits
from photutils.background import Background2D
image = fits.getdata('a.fits', 'SCI').astype('f8')
theirs = Background2D(image, 23, filter_size=3, exclude_percentile=100)
for name, map in (('BKG', theirs.background), ('BKG_RMS', theirs.background_rms)):
    ours, header = fits.getdata('a_bkg.fits', name, header=True)
    # Boxes without a pixel are filled in the order of a k-d tree there; ours are rounded to float32.
    far = np.add.outer(np.arange(230), np.arange(330)) > 60 + 8 * 2 * 23
    worst = np.abs(ours - map)[far].max() / theirs.background_rms_median
    assert worst < 3e-6, (name, worst)
    assert header['CRVAL1'] == 194.95
";
    let checked = std::process::Command::new(python)
        .current_dir(folder.path())
        .args(["-c", script])
        .output()
        .expect("Python runs");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

/// Products of several filters are 0, and not NaN, where nothing was exposed.
#[test]
fn what_was_not_exposed_does_not_count() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a_drc.fits");
    let exposed = |i: usize| i % SHAPE.1 >= 40;
    let image = scene().mapv(|v| if v.is_nan() { 5.0 } else { v as f32 });
    let pixels: Vec<f32> =
        image.iter().enumerate().map(|(i, v)| if exposed(i) { *v } else { 0.0 }).collect();
    let weights: Vec<f32> = (0..pixels.len()).map(|i| f32::from(u8::from(exposed(i)))).collect();
    let science = header(&["EXTNAME = 'SCI     '"]);
    let weight = header(&["EXTNAME = 'WHT     '"]);
    let units = [
        (&Header::new(), Pixels::None),
        (&science, Pixels::F32(SHAPE, &pixels)),
        (&weight, Pixels::F32(SHAPE, &weights)),
    ];
    write_images(&path, &units).expect("written");
    let output = hst(folder.path(), &["background", "a_drc.fits", "--box", "32"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let (_, level) = read(&folder.path().join("a_drc_bkg.fits"), 1);
    let blank = Array2::from_shape_fn(SHAPE, |(y, x)| {
        if x < 40 { f64::NAN } else { f64::from(pixels[y * SHAPE.1 + x]) }
    });
    assert_bits(
        &level,
        expected(&blank, &small()).level.map().iter().map(|v| f64::from(*v as f32)),
    );
}
