//! What is written, as astropy, NumPy, Pillow and DS9 read it. Needs a Python with them in `HST_PEERS`; DS9, XPA and Xvfb
//! are used where they are installed.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::{hst, make_demo, stderr, stdout};
use serde_json::{Value, json};

const RED: &str = "hst_90001_11_acs_wfc_f814w_jdem11_drc.fits";
const GREEN: &str = "hst_90001_11_acs_wfc_f475w_jdem11_drc.fits";
const BLUE: &str = "hst_90001_01_wfc3_uvis_f336w_idem01_drc.fits";
const AT: &str = "194.9490564 27.98125";

fn run(folder: &Path, args: &[&str]) {
    let output = hst(folder, args);
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
}

/// Cutouts of the demo of every kind, and of real images; the names of the files.
fn cutouts(folder: &Path) -> Vec<String> {
    let cut = |out: &str, more: &[&str]| {
        run(folder, &[&["cutout", "--at", AT, "-o", out], more].concat());
        out.to_owned()
    };
    let mut files = vec![
        cut("plain.fits", &[RED, "--size", "60x40", "--ext", "SCI,WHT,CTX"]),
        cut("compat.fits", &[RED, "--size", "31", "--compat"]),
        cut("short.fits", &[RED, "--size", "31", "--primary", "minimal", "--wcs-style", "pc"]),
        cut("both.fits", &[RED, BLUE, "--size", "4arcsec", "--ext", "SCI,WHT", "--single"]),
        cut("wide.fits", &[GREEN, "--size", "1400x60", "--ext", "SCI,WHT"]),
    ];
    // Of the pair, each a little beside the other on one grid, so that they can be combined.
    for (name, at) in [("one.fits", "194.9490564 27.98125"), ("other.fits", "194.9495 27.9814")] {
        let args = ["cutout", RED, "--at", at, "--size", "100", "--ext", "SCI,WHT", "-o", name];
        run(folder, &args);
        files.push(name.to_owned());
    }
    run(folder, &["combine", "one.fits", "other.fits", "-o", "combined.fits"]);
    run(folder, &["mosaic", RED, BLUE, "--at", AT, "--size", "6arcsec", "-o", "mosaic.fits"]);
    files.extend(["combined.fits", "mosaic.fits"].map(String::from));
    for (name, placed_by, ext) in [
        ("sample_svm_flc.fits", "SCI", "SCI,1,ERR,1,DQ,1"),
        ("j8bt06nyq_sip_flt.fits", "SCI", "SCI"),
        ("abell2744_cd_f105w.fits.gz", "0", "first"),
        ("candels_gn_zcut_3band.fits", "1", "all"),
    ] {
        let Some(image) = testkit::shared(&format!("data/hst/{name}")) else { continue };
        let out = format!("cut_{}", name.trim_end_matches(".gz"));
        let image = image.to_str().unwrap().to_owned();
        let place = hst(folder, &["pix2sky", &image, "-q", "-e", placed_by, "20", "12"]);
        assert!(place.status.success(), "{}", stderr(&place));
        let place = stdout(&place).trim().to_owned();
        let args = ["--size", "24x16", "--ext", ext, "--keep-empty", "-o", &out];
        run(folder, &[&["cutout", &image, "--at", &place], &args[..]].concat());
        files.push(out);
    }
    files
}

fn pictures(folder: &Path) -> Vec<&'static str> {
    let around = ["--at", AT, "--size", "10arcsec"];
    for (out, more) in [
        ("gray.png", &[RED][..]),
        ("gray.jpg", &[RED, "--invert", "--zscale"]),
        ("color.png", &[RED, GREEN, BLUE, "--rgb", "--align"]),
        ("color.jpg", &[RED, GREEN, BLUE, "--rgb", "--align", "--lupton", "8,0.5"]),
        ("marked.png", &[RED, "--regions", "demo.reg", "--guides"]),
    ] {
        run(folder, &[&["render"], more, &around, &["-o", out]].concat());
    }
    vec!["gray.png", "gray.jpg", "color.png", "color.jpg", "marked.png"]
}

#[test]
fn astropy_and_ds9_read_every_kind_of_output() {
    let Some(python) = std::env::var_os("HST_PEERS") else {
        eprintln!("skipped: HST_PEERS names no Python with astropy and Pillow");
        return;
    };
    let folder = make_demo("readers");
    let mut files = cutouts(&folder);
    let table = "id,ra,dec\na,194.9490564,27.98125\nb,194.9480,27.9820\nc,194.9500,27.9805\n";
    std::fs::write(folder.join("places.csv"), table).unwrap();
    let many = ["cutout", RED, "--table", "places.csv", "--size", "21", "--format"];
    run(&folder, &[&many[..], &["npy", "-o", "places.npy"]].concat());
    run(&folder, &[&many[..], &["tar", "-o", "places.tar", "--overwrite"]].concat());
    run(&folder, &[&many[..], &["fits", "--overwrite", "--name-template", "{id}.fits"]].concat());
    let each = ["a.fits", "b.fits", "c.fits"];
    files.extend(each.map(String::from));
    let jobs = json!({"fits": files, "tar": ["places.tar"], "npy": [["places.npy", each]],
        "pictures": pictures(&folder)});
    std::fs::write(folder.join("jobs.json"), jobs.to_string()).unwrap();
    let script: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers.py");
    let output = Command::new(python).arg(script).arg(&folder).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    let found: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    eprintln!("{found}");
    let count = |key: &str| found[key].as_u64().unwrap();
    assert!(count("fits") >= 15 && count("arrays") == 3 && count("pictures") == 5, "{found}");
    if found["ds9"] == true {
        assert!(count("ds9_units") >= 20 && count("ds9_pictures") == 5, "{found}");
    }
}
