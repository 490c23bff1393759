//! The background of 62 cases recorded from photutils 3.1.1.

mod reference;
mod ties;

use std::collections::BTreeMap;

use ndarray::Array2;
use photometry::background::{
    Background, BackgroundOptions, BoxStatistics, Exclude, Masks, Surface, background,
};
use photometry::stats::{Location, Scale, SigmaClip};
use photometry::{MaskSource, Result};
use reference::{json, npy, number, numbers, pair, table};
use serde_json::Value;
use ties::Bounds;

struct Inputs {
    images: BTreeMap<&'static str, Array2<f64>>,
    masks: BTreeMap<&'static str, Array2<bool>>,
}

impl Inputs {
    fn read() -> Option<Self> {
        let a = npy("inputs/img_a.npy")?;
        let wide = a.map(|v| f64::from(*v));
        let images = BTreeMap::from([
            ("a", wide.clone()),
            ("ad", wide),
            ("ai", a.map(|v| f64::from((v * 1000.0).trunc()))),
            ("b", npy("inputs/img_b.npy")?.map(|v| f64::from(*v))),
            ("c", Array2::from_elem((64, 80), 3.5)),
        ]);
        let mask = |name| npy(name).map(|m| m.map(|v| *v != 0.0));
        let masks =
            BTreeMap::from([("a", mask("inputs/mask_a.npy")?), ("b", mask("inputs/cover_b.npy")?)]);
        Some(Self { images, masks })
    }

    fn mask(&self, name: &Value) -> Option<&dyn MaskSource> {
        self.masks.get(name.as_str().unwrap()).map(|m| m as &dyn MaskSource)
    }

    fn ours(&self, case: &Value) -> Result<Background> {
        let masks =
            Masks { ignore: self.mask(&case["mask"]), uncovered: self.mask(&case["coverage"]) };
        background(&self.images[case["img"].as_str().unwrap()], masks, &options(case))
    }
}

fn options(case: &Value) -> BackgroundOptions {
    let clip = case["sigma"].as_f64().map(|sigma| SigmaClip {
        max_iterations: case["maxiters"].as_u64().map(|n| n as usize),
        ..SigmaClip::sigma(sigma)
    });
    BackgroundOptions {
        box_size: pair(&case["box"]),
        filter_size: pair(&case["filter"]),
        filter_threshold: case["filter_threshold"].as_f64(),
        clip,
        level: match case["estimator"].as_str().unwrap() {
            "mean" => Location::Mean,
            "median" => Location::Median,
            "mode" | "mmm" => Location::MMM,
            "biweight" => Location::BIWEIGHT,
            _ => Location::SExtractor,
        },
        rms: match case["rms_estimator"].as_str().unwrap() {
            "mad" => Scale::MadStd,
            "biweight" => Scale::BIWEIGHT,
            _ => Scale::Std,
        },
        exclude: Exclude::Photutils31 { percentile: number(&case["exclude_percentile"]) },
        ..BackgroundOptions::default()
    }
}

/// The largest difference between two lists, NaN beside NaN counting as none.
fn difference(ours: impl IntoIterator<Item = f64>, theirs: impl IntoIterator<Item = f64>) -> f64 {
    ours.into_iter()
        .zip(theirs)
        .map(|(a, b)| if a.is_nan() && b.is_nan() { 0.0 } else { (a - b).abs() })
        .fold(0.0, |worst, d| if d.is_nan() { f64::INFINITY } else { d.max(worst) })
}

#[test]
fn meshes_and_maps_are_those_of_photutils() {
    let Some((inputs, answers)) = Inputs::read().zip(json("background.json")) else { return };
    let cases = answers["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 62);
    for (k, case) in cases.iter().enumerate() {
        let label = format!("case {k}: {:?}", options(case));
        match (inputs.ours(case), case.get("error")) {
            (Err(_), Some(_)) => {}
            (Ok(ours), None) => compare(&label, &inputs, case, &ours),
            (ours, theirs) => panic!("{label}: {:?}, photutils: {theirs:?}", ours.err()),
        }
    }
}

fn compare(label: &str, inputs: &Inputs, case: &Value, ours: &Background) {
    let good: Vec<f64> = ours.boxes.iter().map(|b| b.good as f64).collect();
    assert_eq!(difference(good, table(&case["npix_mesh"])), 0.0, "{label}: good pixels");
    let single = case["img"] != "ad";
    let rms = number(&case["background_rms_median"]);
    for (what, surface, bounds) in [
        ("mesh", &ours.level, bounds(case, ours, |b| b.level)),
        ("rms_mesh", &ours.rms, bounds(case, ours, |b| b.rms)),
    ] {
        let theirs = table(&case[what]);
        let scale = largest(&theirs);
        // The reference's own meshes are float32 where its image is.
        let exact = if single { 1e-6 * scale } else { 1e-12 * rms };
        assert!(bounds.outside(&theirs) <= exact, "{label}: {what} {:e}", bounds.outside(&theirs));
        let mesh = surface.mesh().to_owned();
        assert!(bounds.outside(&mesh) <= 1e-12 * rms, "{label}: our {what}");
        if bounds.widest() == 0.0 {
            assert!(difference(mesh, theirs) <= exact, "{label}: {what}");
        }
        compare_map(label, inputs, case, (what, surface), if single { 1e-6 } else { 1e-9 });
    }
}

/// Where a mesh may lie: to a point where no box is excluded, else within the choices among equals.
fn bounds(case: &Value, ours: &Background, of: impl Fn(&BoxStatistics) -> f64) -> Bounds {
    let unfilled = |of: &dyn Fn(&BoxStatistics) -> f64| {
        ours.boxes.map(|b| if b.excluded { f64::NAN } else { of(b) })
    };
    let levels = unfilled(&|b| b.level);
    let lowest = levels.iter().copied().fold(f64::INFINITY, f64::min);
    let levels = Bounds::filled(&levels);
    let threshold = case["filter_threshold"].as_f64().filter(|t| *t >= lowest);
    let above = |at| match threshold {
        None => Some(true),
        Some(t) if levels.low[at] > t => Some(true),
        Some(t) if levels.high[at] <= t => Some(false),
        Some(_) => None,
    };
    Bounds::filled(&unfilled(&of)).filtered(pair(&case["filter"]), above)
}

fn largest(values: &Array2<f64>) -> f64 {
    values.iter().fold(0.0, |most, v| most.max(v.abs()))
}

/// The surface that our spline draws over a mesh of any origin: that of an image which is constant in each box.
fn drawn(mesh: &Array2<f64>, shape: (usize, usize), box_size: (usize, usize)) -> Surface {
    let (by, bx) = (box_size.0.min(shape.0), box_size.1.min(shape.1));
    let image = Array2::from_shape_fn(shape, |(y, x)| mesh[(y / by, x / bx)]);
    let options = BackgroundOptions {
        box_size,
        filter_size: (1, 1),
        level: Location::Median,
        exclude: Exclude::Photutils31 { percentile: 100.0 },
        ..BackgroundOptions::default()
    };
    let level = background(&image, Masks::default(), &options).unwrap().level;
    assert_eq!(level.mesh(), mesh);
    level
}

/// Median of the mesh and 64 pixels of the map, over photutils' own mesh; ours are the same where the mesh is.
fn compare_map(
    label: &str,
    inputs: &Inputs,
    case: &Value,
    (what, ours): (&str, &Surface),
    exact: f64,
) {
    let name = if what == "mesh" { "background" } else { "background_rms" };
    let theirs = drawn(&table(&case[what]), ours.shape(), pair(&case["box"]));
    let mask = inputs.mask(&case["coverage"]);
    let map = match mask {
        Some(mask) => theirs.map_covered(mask, number(&case["fill_value"])).unwrap(),
        None => theirs.map(),
    };
    let record = numbers(&case[name]["v"]);
    let (y, x) = (numbers(&case[name]["y"]), numbers(&case[name]["x"]));
    let samples = y.iter().zip(&x).map(|(y, x)| map[(*y as usize, *x as usize)]);
    let scale = record.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
    let worst = difference(samples, record);
    assert!(worst <= exact * scale, "{label}: {name} {worst:e}");
    let median = number(&case[&format!("{name}_median")]);
    assert!((theirs.median() - median).abs() <= exact * scale, "{label}: {name}_median");
}

#[test]
fn a_full_map_is_that_of_photutils_pixel_by_pixel() {
    let Some(((image, map), answers)) = npy("inputs/img_a.npy")
        .zip(npy("background_full_a_box64.npy"))
        .zip(json("background.json"))
    else {
        return;
    };
    // The case with the same options has the mesh of this map.
    let case = &answers["cases"][2];
    assert_eq!((pair(&case["box"]), number(&case["exclude_percentile"])), ((64, 64), 10.0));
    let theirs = drawn(&table(&case["mesh"]), image.dim(), (64, 64));
    let map = map.map(|v| f64::from(*v));
    let worst = difference(theirs.map(), map.iter().copied());
    assert!(worst <= 1e-6 * largest(&map), "{worst:e}");
    // Two maps differ by at most 2.4 times what their meshes do, the norm of the spline over a grid.
    let ours = background(&image, Masks::default(), &BackgroundOptions::photutils_3_1()).unwrap();
    let apart = bounds(case, &ours, |b| b.level).widest();
    let worst = difference(ours.level.map(), map.iter().copied());
    assert!(worst <= 2.4 * apart + 1e-6 * largest(&map), "{worst:e} {apart:e}");
}

#[test]
fn single_and_double_precision_give_the_same_bits() {
    let Some(image) = npy("inputs/img_b.npy") else { return };
    let options = BackgroundOptions { box_size: (33, 29), ..BackgroundOptions::default() };
    let single = background(&image, Masks::default(), &options).unwrap();
    let double = background(&image.map(|v| f64::from(*v)), Masks::default(), &options).unwrap();
    assert_eq!(single.level.mesh(), double.level.mesh());
    assert_eq!(single.rms.mesh(), double.rms.mesh());
    assert_eq!(
        single.boxes.map(|b| (b.good, b.excluded)),
        double.boxes.map(|b| (b.good, b.excluded))
    );
}
