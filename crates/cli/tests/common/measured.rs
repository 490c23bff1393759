//! A star or noise on a small image, and what `hst catalog` measures there.

use std::f64::consts::PI;
use std::path::Path;

use crate::common::{hst, stderr, stdout};
use crate::sky::{Catalog, Sky};

/// Runs `hst catalog r.reg --images ...` in a folder; all columns.
pub(crate) fn catalog(
    folder: &Path,
    images: &[&str],
    options: &[&str],
) -> (Catalog, Option<i32>, String) {
    let mut args = vec!["catalog", "r.reg", "--images"];
    args.extend(images);
    args.extend(["--format", "csv", "--columns", "all"]);
    args.extend(options);
    let output = hst(folder, &args);
    (Catalog::of_csv(&stdout(&output)), output.status.code(), stderr(&output))
}

pub(crate) fn folder(regions: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("r.reg"), format!("icrs\n{regions}\n")).expect("written");
    folder
}

/// Uniform numbers that are the same every time.
pub(crate) fn uniform() -> impl FnMut() -> f64 {
    let mut state = 7_u64;
    move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }
}

pub(crate) fn normal() -> impl FnMut() -> f64 {
    let mut uniform = uniform();
    move || (-2.0 * uniform().ln()).sqrt() * (2.0 * PI * uniform()).cos()
}

/// A star of total `light` with a core of 3 pixels.
pub(crate) fn star(sky: &Sky, light: f64) -> Vec<f64> {
    let middle = 0.5 * (sky.n as f64 - 1.0);
    let value = |i: usize| {
        let (dx, dy) = ((i % sky.n) as f64 - middle, (i / sky.n) as f64 - middle);
        light / (18.0 * PI) * (-(dx * dx + dy * dy) / 18.0).exp()
    };
    (0..sky.n * sky.n).map(value).collect()
}

pub(crate) fn stored(pixels: &[f64], factor: f64) -> Vec<f32> {
    pixels.iter().map(|value| (value * factor) as f32).collect()
}

pub(crate) fn assert_near(found: f64, expected: f64, tolerance: f64, what: &str) {
    let off = (found / expected - 1.0).abs();
    assert!(off <= tolerance, "{what}: {found} and not {expected} ({off:e})");
}

pub(crate) const CIRCLE: &str = "circle(150,-30,0.8\") # text={star}";
