//! The main job on real Hubble images, against photutils 3.1.1 on float64 (the `.expected.ecsv` beside them).

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

/// Columns of an ECSV table by name, as text.
fn read_ecsv(text: &str) -> HashMap<String, Vec<String>> {
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let names: Vec<_> = lines.next().expect("a line of names").split(' ').collect();
    let mut columns: HashMap<String, Vec<String>> = HashMap::new();
    for line in lines {
        for (name, cell) in names.iter().zip(line.split(' ')) {
            columns.entry((*name).to_owned()).or_default().push(cell.to_owned());
        }
    }
    columns
}

fn catalog(regions: &Path, image: &Path, options: &[&str]) -> HashMap<String, Vec<String>> {
    let output = Command::new(env!("CARGO_BIN_EXE_hst"))
        .args(["catalog".as_ref(), regions, "--images".as_ref(), image])
        .args(["--preset", "notebook", "--columns"])
        .arg("id,x_centroid,y_centroid,ra_centroid,dec_centroid,sum,sum_aper_area,ab_zeropoint,mag_ab")
        .args(options)
        .output()
        .expect("hst runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    read_ecsv(&String::from_utf8(output.stdout).expect("text"))
}

fn numbers(table: &HashMap<String, Vec<String>>, name: &str) -> Vec<f64> {
    table[name].iter().map(|cell| cell.parse().unwrap_or(f64::NAN)).collect()
}

/// Asserts that every number of a column is within `tolerance(row)` of the expected one.
fn agree(ours: &[f64], expected: &[f64], tolerance: impl Fn(usize) -> f64, what: &str) {
    assert_eq!(ours.len(), expected.len());
    for (row, (ours, expected)) in ours.iter().zip(expected).enumerate() {
        let difference = (ours - expected).abs();
        assert!(
            difference <= tolerance(row),
            "{what}, row {row}: {ours} and not {expected} ({difference:e})"
        );
    }
}

fn reproduces(name: &str, image: &str) {
    let paths = [format!("data/hst/{name}_circles.reg"), format!("data/hst/{image}")];
    let [Some(regions), Some(image)] = paths.map(|path| testkit::shared(&path)) else { return };
    let Some(expected) = testkit::shared(&format!("data/hst/{name}_circles.expected.ecsv")) else {
        return;
    };
    let expected = read_ecsv(&std::fs::read_to_string(expected).expect("a text file"));
    let ours = catalog(&regions, &image, &["--exclude-percentile", "100"]);

    assert_eq!(ours["id"], expected["id"]);
    let column = |name: &str| (numbers(&ours, name), numbers(&expected, name));
    let sum_abs = numbers(&expected, "sum_abs");
    let (sum, expected_sum) = column("sum");
    agree(&sum, &expected_sum, |row| 1e-8 * sum_abs[row], "sum");
    let (area, expected_area) = column("sum_aper_area");
    agree(&area, &expected_area, |row| 1e-8 * expected_area[row], "sum_aper_area");
    for name in ["x_centroid", "y_centroid"] {
        let (ours, expected) = column(name);
        agree(&ours, &expected, |_| 1e-6, name);
    }
    for name in ["ra_centroid", "dec_centroid"] {
        let (ours, expected) = column(name);
        // 1e-6 px of 0.0996 arcsec, and the right ascension is longer by 1 / cos dec.
        agree(&ours, &expected, |_| 1e-10, name);
    }
    let (zeropoint, expected_zeropoint) = column("ab_zeropoint");
    agree(&zeropoint, &expected_zeropoint, |_| 1e-12, "ab_zeropoint");
}

#[test]
fn a_globular_cluster_is_measured_as_photutils_does() {
    reproduces("ngc104", "ngc104_acs_hrc_f606w_drz_600.fits");
}

#[test]
fn a_field_in_counts_is_measured_as_photutils_does() {
    reproduces("a478", "a478_wfpc2_f814w_drz.fits");
}

#[test]
fn magnitudes_of_counts_need_the_exposure_time() {
    let (Some(regions), Some(image)) = (
        testkit::shared("data/hst/a478_circles.reg"),
        testkit::shared("data/hst/a478_wfpc2_f814w_drz.fits"),
    ) else {
        return;
    };
    // The science extension is in COUNTS/S; taken as COUNTS, the same pixels are EXPTIME times fainter.
    for (bunit, seconds) in [("COUNTS/S", 1.0), ("COUNTS", 600.0)] {
        let table = catalog(&regions, &image, &["--exclude-percentile", "100", "--bunit", bunit]);
        let (sum, zeropoint, mag) =
            (numbers(&table, "sum"), numbers(&table, "ab_zeropoint"), numbers(&table, "mag_ab"));
        for row in 0..sum.len() {
            let expected = zeropoint[row] - 2.5 * (sum[row] / seconds).log10();
            assert!(
                (mag[row] - expected).abs() < 1e-9,
                "{bunit}, row {row}: {} and not {expected}",
                mag[row]
            );
        }
    }
}
