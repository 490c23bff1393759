//! What the background promises, on images made here.

use std::sync::atomic::{AtomicUsize, Ordering};

use astro_coords::{PixelBox, PixelCoord};
use ndarray::{Array2, s};
use photometry::background::{
    Background, BackgroundOptions, Exclude, Masks, SExtractorOptions, Ties, background,
    background_near, sextractor_background,
};
use photometry::stats::{Location, Scale, SigmaClip};
use photometry::{Error, MaskSource, PixelSource, SourceError};
use proptest::prelude::*;

/// A repeatable number in 0..1 for every pixel.
fn uniform(y: usize, x: usize, seed: u64) -> f64 {
    let mut z = (y as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ^ (x as u64).wrapping_mul(0xBF58_476D_1CE4_E5B9)
        ^ seed;
    for _ in 0..2 {
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
    }
    (z >> 11) as f64 / (1_u64 << 53) as f64
}

/// Sky with a slope, normal noise of 0.01, and a star of up to 100 on one pixel in fifty.
fn scene(y: usize, x: usize) -> f64 {
    let noise: f64 = (0..12).map(|k| uniform(y, x, k)).sum::<f64>() - 6.0;
    let star = if uniform(y, x, 77) < 0.02 { 100.0 * uniform(y, x, 78).powi(6) } else { 0.0 };
    0.1 + 1e-5 * x as f64 + 2e-5 * y as f64 + 0.01 * noise + star
}

fn image(ny: usize, nx: usize) -> Array2<f32> {
    Array2::from_shape_fn((ny, nx), |(y, x)| scene(y, x) as f32)
}

fn measured<S: PixelSource>(source: &S, options: &BackgroundOptions) -> Background {
    background(source, Masks::default(), options).unwrap()
}

fn small_boxes() -> BackgroundOptions {
    BackgroundOptions { box_size: (32, 25), ..BackgroundOptions::default() }
}

fn assert_same(a: &Background, b: &Background) {
    assert_eq!(a.level.mesh(), b.level.mesh());
    assert_eq!(a.rms.mesh(), b.rms.mesh());
}

/// Pixels that are made when they are read, as a file's would be.
struct Stream {
    shape: (usize, usize),
    largest: AtomicUsize,
    reads: AtomicUsize,
}

impl Stream {
    fn new(shape: (usize, usize)) -> Self {
        Self { shape, largest: AtomicUsize::new(0), reads: AtomicUsize::new(0) }
    }
}

impl PixelSource for Stream {
    type Pixel = f32;

    fn shape(&self) -> (usize, usize) {
        self.shape
    }

    fn read(&self, window: &PixelBox, out: &mut [f32]) -> Result<(), SourceError> {
        assert!(PixelBox::of_shape(self.shape).contains_box(window));
        self.largest.fetch_max(out.len(), Ordering::Relaxed);
        self.reads.fetch_add(1, Ordering::Relaxed);
        let places = window.y.clone().flat_map(|y| window.x.clone().map(move |x| (y, x)));
        for (pixel, (y, x)) in out.iter_mut().zip(places) {
            *pixel = scene(y as usize, x as usize) as f32;
        }
        Ok(())
    }
}

#[test]
fn a_stream_gives_the_bits_of_the_array_and_is_read_once() {
    let stream = Stream::new((200, 330));
    let streamed = measured(&stream, &small_boxes());
    assert_same(&streamed, &measured(&image(200, 330), &small_boxes()));
    assert_eq!(stream.largest.into_inner(), 32 * 330);
    assert_eq!(stream.reads.into_inner(), 7);
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let mut noisy = image(400, 500);
    noisy.slice_mut(s![100..180, 200..310]).fill(f32::NAN);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let found = measured(&noisy, &small_boxes());
            let mut subtracted = noisy.clone();
            found.level.subtract_from(subtracted.view_mut()).unwrap();
            (found, subtracted.mapv(f32::to_bits))
        })
    };
    let (one, pixels) = run(1);
    for threads in [2, 7] {
        let (many, same) = run(threads);
        assert_same(&one, &many);
        assert_eq!(pixels, same);
    }
}

#[test]
fn an_f32_image_gives_the_answer_of_its_f64_copy() {
    let options = [
        small_boxes(),
        BackgroundOptions { level: Location::BIWEIGHT, rms: Scale::MadStd, ..small_boxes() },
    ];
    let single = image(203, 219) + 1000.0;
    for options in options {
        assert_same(&measured(&single, &options), &measured(&single.mapv(f64::from), &options));
    }
}

#[test]
fn the_sky_under_stars_is_recovered() {
    let found = measured(&image(512, 512), &BackgroundOptions::default());
    for (y, x) in [(40, 60), (256, 256), (400, 333)] {
        let truth = 0.1 + 1e-5 * x as f64 + 2e-5 * y as f64;
        let level = found.level.at(PixelCoord::new(x as f64, y as f64));
        assert!((level - truth).abs() < 1e-3, "({x}, {y}): {level} {truth}");
    }
    assert!((found.rms.median() - 0.01).abs() < 2e-4);
}

#[test]
fn masked_pixels_do_not_count_and_still_have_a_background() {
    let mut dirty = image(128, 128);
    let mut mask = Array2::from_elem((128, 128), false);
    dirty.slice_mut(s![40..60, 30..70]).fill(7.0);
    mask.slice_mut(s![40..60, 30..70]).fill(true);
    let options = BackgroundOptions { clip: None, ..small_boxes() };
    let masked = background(&dirty, Masks::ignoring(&mask), &options).unwrap();
    let mut holes = dirty.clone();
    holes.slice_mut(s![40..60, 30..70]).fill(f32::NAN);
    assert_eq!(masked.boxes.map(|b| b.good), measured(&holes, &options).boxes.map(|b| b.good));
    assert!(masked.boxes.iter().map(|b| b.available).sum::<usize>() == 128 * 128);
    assert!(masked.level.map().iter().all(|v| v.is_finite()));
}

#[test]
fn a_mask_may_be_made_where_it_is_asked_for() {
    struct Disc;
    impl MaskSource for Disc {
        fn mask(&self, window: &PixelBox, out: &mut [bool]) -> Result<(), SourceError> {
            let places = window.y.clone().flat_map(|y| window.x.clone().map(move |x| (y, x)));
            for (masked, (y, x)) in out.iter_mut().zip(places) {
                *masked |= (x - 60).pow(2) + (y - 50).pow(2) < 400;
            }
            Ok(())
        }
    }
    let image = image(128, 128);
    let array = Array2::from_shape_fn((128, 128), |(y, x)| {
        (x as isize - 60).pow(2) + (y as isize - 50).pow(2) < 400
    });
    let made = background(&image, Masks::ignoring(&Disc), &small_boxes()).unwrap();
    assert_same(&made, &background(&image, Masks::ignoring(&array), &small_boxes()).unwrap());
}

#[test]
fn uncovered_pixels_are_filled_in_maps_only() {
    let mut frame = image(128, 160);
    let uncovered = Array2::from_shape_fn((128, 160), |(y, x)| x + y < 100);
    ndarray::Zip::from(&mut frame).and(&uncovered).for_each(|p, u| *p = if *u { 0.0 } else { *p });
    let masks = Masks { ignore: None, uncovered: Some(&uncovered) };
    let found = background(&frame, masks, &small_boxes()).unwrap();
    assert!(
        found.level.mesh().iter().all(|v| (*v - 0.1).abs() < 0.01),
        "zeros must not count as sky"
    );
    let map = found.level.map_covered(&uncovered, -1.0).unwrap();
    for ((at, value), whole) in map.indexed_iter().zip(&found.level.map()) {
        assert_eq!(*value, if uncovered[at] { -1.0 } else { *whole });
    }
}

#[test]
fn a_partial_box_is_measured_by_the_robust_rule_and_dropped_by_photutils() {
    let image = image(128, 150);
    let robust = measured(&image, &BackgroundOptions::default());
    let photutils = measured(&image, &BackgroundOptions::photutils_3_1());
    assert_eq!(robust.boxes.map(|b| b.excluded), Array2::from_elem((2, 3), false));
    assert_eq!(photutils.boxes.map(|b| b.excluded).column(2).to_vec(), [true, true]);
    assert!((photutils.excluded_share() - 1.0 / 3.0).abs() < 1e-15);
    assert_eq!(robust.excluded_share(), 0.0);
}

#[test]
fn photutils_3_0_wants_more_and_3_1_at_least() {
    let whole = 1000;
    let (old, new) =
        (Exclude::Photutils30 { percentile: 10.0 }, Exclude::Photutils31 { percentile: 10.0 });
    assert!(old.excludes(900, whole, whole) && !new.excludes(900, whole, whole));
    assert!(!old.excludes(901, whole, whole) && new.excludes(899, whole, whole));
    assert!(Exclude::Photutils30 { percentile: 0.0 }.excludes(whole, whole, whole));
    assert!(Exclude::Photutils31 { percentile: 100.0 }.excludes(0, whole, whole));
}

#[test]
fn a_constant_image_has_a_constant_background() {
    let flat = Array2::from_elem((300, 300), 5.0_f32);
    let found = measured(&flat, &BackgroundOptions::photutils_3_1());
    let map = found.level.map();
    assert!(map.iter().all(|v| *v == 5.0));
    assert_eq!(found.rms.median(), 0.0);
}

#[test]
fn boxes_larger_than_the_image_are_the_image() {
    let image = image(64, 48);
    let options = BackgroundOptions { box_size: (1000, 1000), ..BackgroundOptions::default() };
    let found = measured(&image, &options);
    assert_eq!((found.level.mesh().dim(), found.level.box_size()), ((1, 1), (64, 48)));
    let row =
        measured(&image.slice(s![..16, ..]), &BackgroundOptions { box_size: (16, 16), ..options });
    assert_eq!(row.level.mesh().dim(), (1, 3));
    assert!(row.level.map().iter().all(|v| v.is_finite()));
}

#[test]
fn the_filter_threshold_leaves_low_boxes_alone() {
    let image = image(256, 256);
    let plain = measured(&image, &BackgroundOptions { filter_size: (1, 1), ..small_boxes() });
    let filtered = measured(&image, &small_boxes());
    let with =
        |t| measured(&image, &BackgroundOptions { filter_threshold: Some(t), ..small_boxes() });
    assert_same(&with(-1.0), &filtered);
    assert_same(&with(1e3), &plain);
    let middle = plain.level.median();
    for ((at, value), before) in with(middle).level.mesh().indexed_iter().zip(plain.level.mesh()) {
        let expected = if *before > middle { filtered.level.mesh()[at] } else { *before };
        assert_eq!(*value, expected);
    }
}

#[test]
fn the_surface_stays_within_the_filtered_mesh() {
    let mut spiky = image(256, 256);
    spiky.slice_mut(s![96..128, 100..125]).mapv_inplace(|v| v + 5.0);
    let options = BackgroundOptions { filter_size: (1, 1), ..small_boxes() };
    let found = measured(&spiky, &options);
    let extremes = |values: Vec<f64>| {
        (
            values.iter().copied().fold(f64::INFINITY, f64::min),
            values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        )
    };
    let (low, high) = extremes(found.level.mesh().iter().copied().collect());
    let (lowest, highest) = extremes(found.level.map().into_iter().collect());
    assert!(lowest >= low && highest <= high);
}

#[test]
fn near_the_windows_the_local_background_is_the_global_one() {
    let stream = Stream::new((2000, 1500));
    let options = BackgroundOptions { box_size: (20, 20), ..BackgroundOptions::default() };
    let window = PixelBox::new(900..960, 700..750);
    let whole = measured(&image(2000, 1500), &options);
    let local =
        background_near(&stream, Masks::default(), &options, std::slice::from_ref(&window), 12)
            .unwrap();
    let worst = (local.level.window(&window) - whole.level.window(&window)).mapv(f64::abs);
    assert!(worst.iter().all(|d| *d < 1e-6 * whole.rms.median()), "{worst}");
    let rows = local.boxes.iter().filter(|b| b.measured).count();
    assert_eq!(rows, (3 + 24) * (3 + 24));
    assert_eq!(local.excluded_share(), 0.0);
}

#[test]
fn an_image_of_more_than_two_to_the_31_pixels_is_no_trouble() {
    let stream = Stream::new((60_000, 70_000));
    let window = PixelBox::new(69_900..70_000, 59_900..60_000);
    let options = BackgroundOptions::default();
    let found =
        background_near(&stream, Masks::default(), &options, std::slice::from_ref(&window), 1)
            .unwrap();
    let truth = 0.1 + 1e-5 * 69_950.0 + 2e-5 * 59_950.0;
    let middle = found.level.at(PixelCoord::new(69_950.0, 59_950.0));
    assert!((middle - truth).abs() < 0.01, "{middle} {truth}");
    assert_eq!(found.level.window(&window).dim(), (100, 100));
}

#[test]
fn odd_pixels_are_left_out() {
    let mut odd = image(96, 100);
    odd.slice_mut(s![0..32, 0..25]).fill(f32::NAN);
    odd[(40, 40)] = f32::INFINITY;
    odd[(41, 40)] = f32::NEG_INFINITY;
    odd[(42, 40)] = f32::MAX;
    odd[(43, 40)] = f32::MIN_POSITIVE / 4.0;
    let found = measured(&odd, &small_boxes());
    assert!(found.boxes[(0, 0)].excluded && found.boxes[(0, 0)].good == 0);
    assert!(found.level.map().iter().all(|v| (v - 0.1).abs() < 0.02));
    let huge =
        Array2::from_shape_fn((64, 64), |(y, x)| if (y + x) % 2 == 0 { 1e300 } else { -1e300 });
    assert!(matches!(
        background(&huge, Masks::default(), &small_boxes()),
        Err(Error::AllExcluded { .. })
    ));
}

#[test]
fn what_cannot_be_measured_is_an_error() {
    let frame = image(40, 50);
    let wrong = |options: BackgroundOptions| {
        background(&frame, Masks::default(), &options).unwrap_err().to_string()
    };
    let default = BackgroundOptions::default;
    assert_eq!(
        wrong(BackgroundOptions { box_size: (0, 5), ..default() }),
        "a mesh box needs a pixel on each axis: (ny, nx) = (0, 5)"
    );
    assert_eq!(
        wrong(BackgroundOptions { filter_size: (3, 2), ..default() }),
        "the window of the median filter must be odd on each axis: (ny, nx) = (3, 2)"
    );
    assert_eq!(
        wrong(BackgroundOptions {
            exclude: Exclude::Photutils31 { percentile: 101.0 },
            ..default()
        }),
        "exclude percentile must be between 0 and 100: 101"
    );
    assert_eq!(
        wrong(BackgroundOptions { clip: Some(SigmaClip::sigma(f64::NAN)), ..default() }),
        "lower sigma must be zero or more: NaN"
    );
    assert_eq!(
        wrong(BackgroundOptions {
            exclude: Exclude::Photutils31 { percentile: 0.0 },
            ..small_boxes()
        }),
        "every one of the 4 mesh boxes was excluded by the rule at least 100 % good pixels (photutils 3.1)"
    );
    let nothing = Array2::from_elem((4, 4), f32::NAN);
    let error = background(&nothing, Masks::default(), &default()).unwrap_err();
    assert_eq!(error.to_string(), "no pixel of (4, 4) is finite and unmasked");
    let mask = Array2::from_elem((50, 40), true);
    let error = background(&frame, Masks::ignoring(&mask), &default()).unwrap_err();
    assert_eq!(error.to_string(), "the mask must have the image's shape (40, 50): (50, 40)");
    let empty = Array2::<f32>::zeros((0, 7));
    let error = background(&empty, Masks::default(), &default()).unwrap_err();
    assert_eq!(error.to_string(), "the image has no pixels: (ny, nx) = (0, 7)");
}

#[test]
fn a_source_that_fails_is_named_with_its_window() {
    struct Broken;
    impl PixelSource for Broken {
        type Pixel = f64;
        fn shape(&self) -> (usize, usize) {
            (100, 80)
        }
        fn read(&self, _: &PixelBox, _: &mut [f64]) -> Result<(), SourceError> {
            Err("the file ends early".into())
        }
    }
    let error = background(&Broken, Masks::default(), &BackgroundOptions::default()).unwrap_err();
    assert!(error.to_string().starts_with("cannot read columns 0..80, rows "), "{error}");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the file ends early");
}

#[test]
fn ties_differ_only_where_boxes_are_filled() {
    let mut holed = image(320, 320);
    holed.slice_mut(s![96..160, 100..200]).fill(f32::NAN);
    let options = BackgroundOptions { filter_size: (1, 1), ..small_boxes() };
    let shared = measured(&holed, &options);
    let first = measured(&holed, &BackgroundOptions { ties: Ties::RowMajor, ..options });
    for (at, b) in shared.boxes.indexed_iter() {
        let (a, c) = (shared.level.mesh()[at], first.level.mesh()[at]);
        assert!(if b.excluded { (a - c).abs() < 0.3 * 0.01 } else { a == c }, "{at:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn adding_a_constant_adds_it_to_the_background(
        constant in -1e3..1e3_f64, ny in 40..90_usize, nx in 40..90_usize, by in 5..40_usize, bx in 5..40_usize,
    ) {
        let image = Array2::from_shape_fn((ny, nx), |(y, x)| scene(y, x));
        let options = BackgroundOptions { box_size: (by, bx), level: Location::Median, ..BackgroundOptions::default() };
        let (plain, raised) = (background(&image, Masks::default(), &options), background(&(&image + constant), Masks::default(), &options));
        prop_assert_eq!(plain.is_ok(), raised.is_ok());
        if let (Ok(plain), Ok(raised)) = (plain, raised) {
            let worst = (plain.level.map() + constant - raised.level.map()).mapv(f64::abs);
            prop_assert!(worst.iter().all(|d| *d < 1e-9));
            prop_assert!((plain.rms.median() - raised.rms.median()).abs() < 1e-9);
        }
    }

    #[test]
    fn scaling_the_image_scales_the_background(power in -20..20_i32, seed in 0..1000_usize) {
        let image = Array2::from_shape_fn((70, 83), |(y, x)| scene(y + seed, x));
        let factor = 2.0_f64.powi(power);
        let (plain, scaled) = (measured(&image, &small_boxes()), measured(&(&image * factor), &small_boxes()));
        prop_assert_eq!(plain.level.mesh().mapv(|v| v * factor), scaled.level.mesh());
        prop_assert_eq!(plain.rms.mesh().mapv(|v| v * factor), scaled.rms.mesh());
    }

    #[test]
    fn a_transposed_image_has_the_transposed_map(ny in 30..70_usize, nx in 30..70_usize) {
        let image = Array2::from_shape_fn((ny, nx), |(y, x)| scene(y, x));
        let options = BackgroundOptions { box_size: (16, 16), ..BackgroundOptions::default() };
        let map = measured(&image, &options).level.map();
        let turned = measured(&image.t(), &options).level.map();
        let worst = (&map - &turned.t()).mapv(f64::abs);
        prop_assert!(worst.iter().all(|d| *d < 1e-12));
    }
}

#[test]
fn the_sextractor_background_bears_a_pedestal_and_nan() {
    let mut frame = image(256, 256);
    let plain =
        sextractor_background(&frame, Masks::default(), &SExtractorOptions::default()).unwrap();
    let raised = frame.mapv(|v| f64::from(v) + 1e4);
    let raised =
        sextractor_background(&raised, Masks::default(), &SExtractorOptions::default()).unwrap();
    let worst = (raised.level.map() - 1e4 - plain.level.map())
        .mapv(f64::abs)
        .into_iter()
        .fold(0.0, f64::max);
    assert!(worst < 0.02 * plain.rms.median(), "{worst}");
    frame.slice_mut(s![0..64, 0..50]).fill(f32::NAN);
    let holed =
        sextractor_background(&frame, Masks::default(), &SExtractorOptions::default()).unwrap();
    assert!(holed.boxes[(0, 0)].excluded);
    assert!(holed.level.map().iter().all(|v| (v - 0.1).abs() < 0.02));
}
