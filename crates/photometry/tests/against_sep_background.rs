//! The background of ten cases recorded from SEP 1.4.1.

mod reference;

use ndarray::Array2;
use photometry::MaskSource;
use photometry::background::{Masks, SExtractorOptions, sextractor_background};
use reference::{json, npy, number, numbers};
use serde_json::Value;

fn image(name: &str) -> Option<Array2<f64>> {
    match name {
        "c" => Some(Array2::from_elem((64, 80), 3.5)),
        "b" => Some(npy("inputs/img_b.npy")?.map(|v| if v.is_nan() { 0.0 } else { f64::from(*v) })),
        _ => Some(npy("inputs/img_a.npy")?.map(|v| f64::from(*v))),
    }
}

fn options(case: &Value) -> SExtractorOptions {
    let size = |name: &str| case[name].as_u64().unwrap() as usize;
    SExtractorOptions {
        box_size: (size("bh"), size("bw")),
        filter_size: (size("fh"), size("fw")),
        filter_threshold: number(&case["fthresh"]),
    }
}

#[test]
fn backgrounds_are_those_of_sep() {
    let Some(answers) = json("background.json") else { return };
    for (k, case) in answers["sep"].as_array().unwrap().iter().enumerate() {
        let Some(image) = image(case["img"].as_str().unwrap()) else { return };
        let mask = match case["mask"].as_str().unwrap() {
            "a" => npy("inputs/mask_a.npy"),
            "b" => npy("inputs/cover_b.npy"),
            _ => None,
        }
        .map(|m| m.map(|v| *v != 0.0));
        let masks = Masks { ignore: mask.as_ref().map(|m| m as &dyn MaskSource), uncovered: None };
        let ours = sextractor_background(&image, masks, &options(case)).unwrap();
        let rms = number(&case["globalrms"]);
        for (what, surface, median) in
            [("back", &ours.level, "globalback"), ("rms", &ours.rms, "globalrms")]
        {
            let map = surface.map();
            let theirs = &case[what];
            let places = numbers(&theirs["y"]).into_iter().zip(numbers(&theirs["x"]));
            let worst = places
                .zip(numbers(&theirs["v"]))
                .map(|((y, x), v)| (map[(y as usize, x as usize)] - v).abs())
                .fold(0.0, f64::max);
            let label = format!("case {k}, {what}");
            assert!(worst <= 2e-5 * rms, "{label}: {worst}");
            // SEP says 1 where the noise is zero.
            let expected =
                if case["img"] == "c" && what == "rms" { 0.0 } else { number(&case[median]) };
            assert!(
                (surface.median() - expected).abs() <= 2e-6 * rms,
                "{label}: {} {expected}",
                surface.median()
            );
        }
    }
}

#[test]
fn a_full_map_is_that_of_sep_pixel_by_pixel() {
    let Some((image, theirs)) = npy("inputs/img_a.npy").zip(npy("sepback_full_a_bw64.npy")) else {
        return;
    };
    let ours =
        sextractor_background(&image, Masks::default(), &SExtractorOptions::default()).unwrap();
    let worst =
        (ours.level.map() - theirs.mapv(f64::from)).mapv(f64::abs).into_iter().fold(0.0, f64::max);
    assert!(worst <= 2e-5 * ours.rms.median(), "{worst}");
}
