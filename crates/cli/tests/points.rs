//! `hst sky2pix`, `hst pix2sky`, `hst skycell`: points there and back, and cells by arithmetic.

mod common;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use common::{hst, make_demo, stderr, stdout};

const IMAGE: &str = "hst_90001_11_acs_wfc_f814w_jdem11_drc.fits";

/// Runs `hst` with something on its standard input.
fn fed(folder: &Path, args: &[&str], input: &str) -> std::process::Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hst"))
        .current_dir(folder)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn numbers(text: &str) -> Vec<f64> {
    text.split_whitespace().map(|word| word.parse().unwrap()).collect()
}

#[test]
fn points_go_to_the_sky_and_back() {
    let demo = make_demo("points");
    // The middle, as `hst info` has it, and a corner.
    let output = hst(&demo, &["pix2sky", IMAGE, "476", "476", "-0.5", "-0.5"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    assert_eq!(text.lines().count(), 2);
    let sky = numbers(&text);
    for (found, expected) in sky.iter().zip([194.95016, 27.979861, 194.95765, 27.973243]) {
        assert!((found - expected).abs() < 1e-5, "{text}");
    }
    assert!(
        text.lines().next().unwrap().split(' ').all(|word| word
            .split('.')
            .next_back()
            .unwrap()
            .len()
            == 12)
    );

    let back = fed(&demo, &["sky2pix", IMAGE, "--origin", "1"], &text);
    for (found, expected) in numbers(&stdout(&back)).iter().zip([477.0, 477.0, 0.5, 0.5]) {
        assert!((found - expected).abs() < 1e-6, "{}", stdout(&back));
    }
    let sexagesimal = hst(&demo, &["pix2sky", IMAGE, "--sexagesimal", "476", "476"]);
    let again = hst(&demo, &["sky2pix", IMAGE, stdout(&sexagesimal).trim()]);
    for found in numbers(&stdout(&again)) {
        assert!((found - 476.0).abs() < 1e-4, "{}", stdout(&sexagesimal));
    }
    let json = hst(&demo, &["pix2sky", IMAGE, "476", "476", "--json"]);
    let object: serde_json::Value = serde_json::from_str(&stdout(&json)).unwrap();
    assert!((object["ra"].as_f64().unwrap() - sky[0]).abs() < 1e-11);
}

#[test]
fn points_without_an_answer_keep_their_line() {
    let demo = make_demo("points_bad");
    let input = "# comment\n476 476\n\nx\n1,2\n";
    let output = fed(&demo, &["pix2sky", IMAGE], input);
    assert_eq!(output.status.code(), Some(3));
    let lines: Vec<_> = stdout(&output).lines().map(str::to_owned).collect();
    assert_eq!((lines.len(), lines[1].as_str()), (3, "nan nan"));
    assert_eq!(stderr(&output), "error: line 4: not a pixel, x and y: \"x\"\n");

    // The other side of the sky is not on a tangent plane.
    let output = hst(&demo, &["sky2pix", IMAGE, "15", "-28"]);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(1), "nan nan\n"));
    let of = |ext: &str| hst(&demo, &["pix2sky", IMAGE, "-e", ext, "476", "476"]);
    assert_eq!(stdout(&of("SCI,1")), stdout(&of("sci")));
    let output = of("SCI,2");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("there is no extension SCI,2"), "{}", stderr(&output));
    let output = hst(&demo, &["sky2pix", IMAGE, "-e", "NONE", "15", "28"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("NONE") && stderr(&output).contains(IMAGE),
        "{}",
        stderr(&output)
    );
}

/// The positions of astropy's `all_pix2world`, lookup tables and SIP included.
const ASTROPY: &str = "
import sys, numpy as np
from astropy.io import fits
from astropy.wcs import WCS
h = fits.open(sys.argv[1])
points = np.loadtxt(sys.argv[2])
np.savetxt(sys.argv[3], WCS(h['SCI', int(sys.argv[4])].header, h).all_pix2world(points, 1), fmt='%.17g')
";

#[test]
fn an_exposure_with_lookup_tables_agrees_with_astropy() {
    let Some(image) = testkit::shared("data/hst/sample_svm_flc.fits") else { return };
    let Ok(python) = std::env::var("HST_PEERS") else {
        eprintln!("skipped: HST_PEERS names no Python with astropy");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut points = String::new();
    for i in 0..400 {
        let (x, y) = (f64::from(i % 20) * 217.3 - 20.0, f64::from(i / 20) * 108.7 - 20.0);
        points.push_str(&format!("{x} {y}\n"));
    }
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("points"), &points).unwrap();
    // The first chip is the default.
    for (chip, ext) in [("1", &[][..]), ("2", &["-e", "SCI,2"])] {
        let status = Command::new(&python)
            .args(["-c", ASTROPY])
            .args([image.as_path(), path("points").as_path(), path("sky").as_path()])
            .arg(chip)
            .status()
            .unwrap();
        assert!(status.success());
        let run = |command: &str, input: &str| {
            let args = [&[command, image.to_str().unwrap(), "--origin", "1"], ext].concat();
            let output = fed(folder.path(), &args, input);
            assert!(output.status.success(), "{}", stderr(&output));
            stdout(&output)
        };
        let ours = run("pix2sky", &points);
        let theirs = numbers(&std::fs::read_to_string(path("sky")).unwrap());
        let found = numbers(&ours);
        assert_eq!(found.len(), theirs.len());
        for (a, b) in found.iter().zip(theirs) {
            assert!((a - b).abs() < 1.5e-12, "chip {chip}: {a} {b}");
        }
        for (a, b) in numbers(&run("sky2pix", &ours)).iter().zip(numbers(&points)) {
            // Twelve decimals of a degree are 7e-8 pixels.
            assert!((a - b).abs() < 3e-7, "chip {chip}: {a} {b}");
        }
    }
}

#[test]
fn skycells_by_place_region_and_name() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let output = hst(folder.path(), args);
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
        stdout(&output)
    };
    let at = run(&["skycell", "at", "84.9208", "-69.1467", "--format", "csv"]);
    let rows: Vec<Vec<&str>> = at.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let expected = [
        ("p0081x14y14", 21742.7, 21754.2),
        ("p0081x14y15", 21742.7, 312.2),
        ("p0081x15y14", 300.7, 21754.2),
        ("p0081x15y15", 300.7, 312.2),
    ];
    assert_eq!(rows.len(), expected.len(), "{at}");
    for (row, (name, x, y)) in rows.iter().zip(expected) {
        assert_eq!(row[0], format!("skycell-{name}"));
        let number = |i: usize| row[i].parse::<f64>().unwrap();
        assert!((number(6) - x).abs() < 0.05 && (number(7) - y).abs() < 0.05, "{row:?}");
    }
    assert_eq!(rows.iter().filter(|row| row[8] == "1").count(), 1);

    let regions = folder.path().join("a.reg");
    std::fs::write(&regions, "icrs\ncircle(84.9208,-69.1467,1\")\ncircle(180,26,1\")\n").unwrap();
    let inside = run(&["skycell", "in", "a.reg", "--format", "csv"]);
    assert_eq!(inside.lines().count(), 6, "{inside}");
    assert!(inside.contains("skycell-p1889x11y11,1889,11,11,"));

    let card = |text: &str, keyword: &str| -> f64 {
        let line = text.lines().find(|line| line.starts_with(keyword)).unwrap();
        line[10..].trim().parse().unwrap()
    };
    let fine = run(&["skycell", "show", "p1889x07y19"]);
    assert_eq!(
        [card(&fine, "CRPIX1"), card(&fine, "CRPIX2"), card(&fine, "NAXIS1")],
        [96492.0, -160812.0, 21954.0]
    );
    let coarse =
        run(&["skycell", "show", "hst_skycell-p1889x07y19_wfc3_ir_f160w_coarse-all_drz.fits"]);
    assert_eq!(
        [card(&coarse, "CRPIX1"), card(&coarse, "CRPIX2"), card(&coarse, "NAXIS1")],
        [32164.0, -53604.0, 7318.0]
    );
    assert_eq!(card(&run(&["skycell", "show", "p1889"]), "CRPIX1"), 225144.0);
    for wrong in ["p9999", "p1889x22y01", "p1889 x", "x"] {
        let output = hst(folder.path(), &["skycell", "show", wrong]);
        assert_eq!(output.status.code(), Some(2), "{wrong}");
        assert!(stderr(&output).starts_with("error: "), "{}", stderr(&output));
    }
}
