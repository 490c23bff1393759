//! `hst catalog` against the truth: sums and their errors on simulated fields whose noiseless light is known.

#![allow(clippy::print_stdout, reason = "the pulls and shares")]

#[expect(dead_code, reason = "no demo is needed here")]
mod common;
#[path = "common/scene.rs"]
mod scene;
#[path = "common/sky.rs"]
#[expect(dead_code, reason = "scenes are made elsewhere")]
mod sky;

use std::path::Path;

use common::{hst, stderr, stdout};
use scene::Scene;
use sky::Catalog;

/// Sums and errors as the program writes them.
fn measured(scene: &Scene, drizzled: bool, seed: u64, options: &[&str]) -> Vec<(f64, f64)> {
    let folder = tempfile::tempdir().expect("a folder");
    scene.write(&folder.path().join("a.fits"), drizzled, seed);
    catalog(folder.path(), &scene.regions(), options)
}

fn catalog(folder: &Path, regions: &str, options: &[&str]) -> Vec<(f64, f64)> {
    std::fs::write(folder.join("r.reg"), regions).expect("written");
    let mut args = vec!["catalog", "r.reg", "--images", "a.fits", "--format", "csv"];
    args.extend(["--columns", "sum,sum_err"]);
    args.extend(options);
    let output = hst(folder, &args);
    assert!(output.status.success(), "{}", stderr(&output));
    let table = Catalog::of_csv(&stdout(&output));
    (0..table.rows()).map(|row| (table.number("sum", row), table.number("sum_err", row))).collect()
}

fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt())
}

/// Of 4 800 pulls the mean is known to 0.014 and the width to 0.010.
#[test]
fn sums_are_the_noiseless_light_within_their_errors() {
    let mut pulls = Vec::new();
    for seed in 1..=4 {
        let scene = Scene::field(1920, 48, seed);
        let found = measured(&scene, true, seed, &[]);
        assert_eq!(found.len(), scene.places.len());
        let pull = |((sum, error), truth): (&(f64, f64), f64)| (sum - truth) / error;
        let of_scene: Vec<f64> = found.iter().zip(scene.truth()).map(pull).collect();
        println!("scene {seed}: {} pulls, {:?}", of_scene.len(), moments(&of_scene));
        pulls.extend(of_scene);
    }
    let (mean, width) = moments(&pulls);
    println!("{} pulls: mean {mean:.3}, width {width:.3}", pulls.len());
    assert!(pulls.len() >= 4000);
    assert!(mean.abs() < 0.05 && (width - 1.0).abs() < 0.1, "{mean} {width}");
}

/// Share of the sums within one error of zero, in percent.
fn covered(drizzled: bool, seeds: std::ops::Range<u64>) -> (f64, usize) {
    let (mut inside, mut n) = (0, 0);
    for seed in seeds {
        let scene = Scene::empty(1920, 12, |u| 1.0 + 2.5 * u, seed);
        // There is nothing to be masked, and half of the image were.
        let found = measured(&scene, drizzled, seed, &["--mask-regions", "none"]);
        inside += found.iter().filter(|(sum, error)| sum.abs() < *error).count();
        n += found.len();
    }
    (100.0 * inside as f64 / n as f64, n)
}

/// Of 51 200 sums the share is known to 0.2 %.
#[test]
fn errors_cover_white_noise() {
    let (share, n) = covered(false, 11..13);
    println!("white noise: {share:.2} % of {n}");
    assert!((share - 68.27).abs() < 0.5, "{share} % of {n}");
}

#[test]
fn errors_cover_drizzled_noise() {
    let (share, n) = covered(true, 21..22);
    println!("drizzled noise: {share:.2} % of {n}");
    assert!((share - 68.0).abs() < 3.0, "{share} % of {n}");
}

/// In a field of stars no place for a large circle is empty; what is left of them between the stars tells the noise.
#[test]
fn empty_apertures_keep_away_from_stars_without_regions() {
    let folder = tempfile::tempdir().expect("a folder");
    let scene = Scene::field(1440, 48, 31);
    scene.write(&folder.path().join("a.fits"), true, 31);
    for radius in [4.0_f64, 12.0, 30.0] {
        let regions = format!("image\ncircle(700.2,711.4,{radius})\n");
        let found = catalog(folder.path(), &regions, &["--error", "empirical"]);
        let (sum, error) = found[0];
        let area = std::f64::consts::PI * radius * radius;
        let expected = Scene::sky_noise(area).hypot((sum.max(0.0) / 1000.0).sqrt());
        println!("r {radius}: {error:.4} and not {expected:.4}");
        // 300 apertures know their scatter to 7 %, and it has the errors of the mesh and faint wings in it.
        assert!((0.8..1.25).contains(&(error / expected)), "r {radius}: {error} {expected}");
    }
}
