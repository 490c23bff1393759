//! What astropy 8.0 makes of 26 headers, both ways, and the exact pixels of its positions.

mod cards;

use astro_coords::{Frame, PixelCoord, SkyCoord};
use cards::Cards;
use hst_fits::{LookupTables, Wcs, WcsError};
use serde_json::Value;

/// Degrees on the sky.
const SKY: f64 = 1e-12;
/// Pixels.
const PIXEL: f64 = 1e-9;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap_or(f64::NAN)).collect()
}

/// How far a position in degrees can lie from what was meant, as its numbers are rounded.
fn rounding(ra: f64, dec: f64) -> f64 {
    let ulp = |number: f64| number.abs().next_up() - number.abs();
    (ulp(ra) * dec.to_radians().cos()).hypot(ulp(dec))
}

#[test]
fn every_header_gives_astropys_positions_both_ways() {
    let Some(path) = testkit::shared("reference/wcs.json") else { return };
    let reference: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let exact: Value = serde_json::from_str(include_str!("data/wcs_exact.json")).unwrap();
    let mut refused = Vec::new();
    for case in reference["cases"].as_array().unwrap() {
        let name = case["case"].as_str().unwrap();
        let header = Cards::parse(case["header"].as_str().unwrap());
        let wcs = match Wcs::from_keywords(&header, None, &LookupTables::default()) {
            Ok(wcs) => wcs,
            Err(WcsError::UnsupportedProjection(code)) => {
                refused.push(code);
                continue;
            }
            Err(error) => panic!("{name}: {error}"),
        };
        let frame = wcs.frame();
        let [x, y, ra, dec] = ["x", "y", "ra", "dec"].map(|key| numbers(&case[key]));
        let (mut sky_worst, mut pixel_worst) = (0.0f64, 0.0f64);
        let pixels: Vec<_> = x.iter().zip(&y).map(|(x, y)| PixelCoord::new(*x, *y)).collect();
        let mut places = vec![SkyCoord::default(); pixels.len()];
        wcs.to_sky_many(&pixels, &mut places);
        let mut backs = pixels.clone();
        wcs.to_pixel_many(&places, &mut backs);
        for i in 0..x.len() {
            let pixel = PixelCoord::new(x[i], y[i]);
            let place = wcs.to_sky(pixel).unwrap();
            assert_eq!((place, wcs.to_pixel(place).unwrap()), (places[i], backs[i]));
            let (lon, lat) = frame.from_icrs(place);
            let off = SkyCoord::new(lon, lat).separation(SkyCoord::from_degrees(ra[i], dec[i]));
            let there = frame.to_icrs(
                astro_coords::Angle::from_degrees(ra[i]),
                astro_coords::Angle::from_degrees(dec[i]),
            );
            sky_worst = sky_worst.max(off.degrees());
            assert!(off.degrees() <= SKY, "{name} {i}: {} degrees", off.degrees());
            // A right ascension of 150° in f64 is a grid of 3e-14°: the reference's positions are up to 3e-9 of a
            // 0.04″ pixel off the pixels they came from. So back goes to the exact pixels of the rounded positions.
            let (expected, grid) = match exact.get(name) {
                Some(exact) => {
                    (PixelCoord::new(numbers(&exact["x"])[i], numbers(&exact["y"])[i]), 0.0)
                }
                // Here the position is turned to ICRS and back, and rounded each time.
                None if frame != Frame::Icrs => (pixel, 2.0 * rounding(ra[i], dec[i])),
                None => (pixel, 0.0),
            };
            let back = wcs.to_pixel(there).unwrap().distance(expected);
            pixel_worst = pixel_worst.max(back);
            let most = PIXEL + grid / wcs.pixel_scale().degrees();
            assert!(back <= most, "{name} {i}: {back} pixels, {most} allowed");
        }
        eprintln!("{name}: {sky_worst:.1e} deg, {pixel_worst:.1e} px");
    }
    assert_eq!(refused, ["ZPN"]);
}

#[test]
fn pixel_scales_are_astropys() {
    let Some(path) = testkit::shared("reference/wcs.json") else { return };
    let reference: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    for case in reference["cases"].as_array().unwrap() {
        let header = Cards::parse(case["header"].as_str().unwrap());
        let Ok(wcs) = Wcs::from_keywords(&header, None, &LookupTables::default()) else { continue };
        let scales = numbers(&case["pixel_scales_deg"]);
        for (ours, theirs) in wcs.pixel_scales().iter().zip(scales) {
            assert!((ours.degrees() / theirs - 1.0).abs() < 1e-13, "{}", case["case"]);
        }
        let area = wcs.pixel_scale().degrees().powi(2);
        let expected = case["pixel_area_deg2"].as_f64().unwrap();
        assert!((area / expected - 1.0).abs() < 1e-13, "{}", case["case"]);
    }
}
