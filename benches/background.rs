//! How long does the background of an image take: its mesh, its subtraction, and its value under a few apertures?

use std::hint::black_box;

use astro_coords::PixelBox;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hst_benches::sky;
use ndarray::Array2;
use photometry::background::{
    Background, BackgroundOptions, Masks, SExtractorOptions, background, background_near,
    sextractor_background,
};
use photometry::stats::{Location, Scale};

fn measured(image: &Array2<f32>, options: &BackgroundOptions) -> Background {
    background(image, Masks::default(), options).expect("the scene has a background")
}

/// The scene's sky is known: the answer must lie on it before it is timed.
fn check(image: &Array2<f32>, found: &Background) {
    let (ny, nx) = image.dim();
    for (y, x) in [(ny / 4, nx / 3), (ny / 2, nx / 2), (ny - 100, nx - 70)] {
        let place = astro_coords::PixelCoord::new(x as f64, y as f64);
        let truth = hst_benches::sky_level(y, x, image.dim());
        assert!((found.level.at(place) - truth).abs() < 3e-3, "{y} {x}");
    }
}

fn mesh(c: &mut Criterion) {
    let mut group = c.benchmark_group("background");
    group.sample_size(10);
    for size in [1024, 4096] {
        let image = sky(size, size);
        let options = BackgroundOptions::default();
        let found = measured(&image, &options);
        check(&image, &found);
        group.throughput(Throughput::Elements((size * size) as u64));
        let name = format!("{size}x{size}");
        group.bench_function(BenchmarkId::new(&name, "box64"), |b| {
            b.iter(|| measured(black_box(&image), &options));
        });
        let mut work = image.clone();
        group.bench_function(BenchmarkId::new(&name, "subtract"), |b| {
            b.iter(|| found.level.subtract_from(black_box(work.view_mut())));
        });
    }
    group.finish();
}

fn estimators(c: &mut Criterion) {
    let image = sky(1024, 1024);
    let mut group = c.benchmark_group("background/1024x1024");
    group.sample_size(10).throughput(Throughput::Elements(1024 * 1024));
    let biweight = BackgroundOptions {
        level: Location::BIWEIGHT,
        rms: Scale::BIWEIGHT,
        ..BackgroundOptions::default()
    };
    for (name, options) in [
        ("box16", BackgroundOptions { box_size: (16, 16), ..BackgroundOptions::default() }),
        ("box256", BackgroundOptions { box_size: (256, 256), ..BackgroundOptions::default() }),
        ("biweight", biweight),
    ] {
        check(&image, &measured(&image, &options));
        group.bench_function(name, |b| b.iter(|| measured(black_box(&image), &options)));
    }
    let sextractor =
        || sextractor_background(&image, Masks::default(), &SExtractorOptions::default());
    check(&image, &sextractor().expect("the scene has a background"));
    group.bench_function("sextractor", |b| b.iter(|| black_box(sextractor())));
    group.finish();
}

fn near_apertures(c: &mut Criterion) {
    let image = sky(4096, 4096);
    let options = BackgroundOptions::default();
    let windows = [PixelBox::new(1000..1040, 2000..2040), PixelBox::new(3000..3040, 500..540)];
    let whole = measured(&image, &options);
    let near = || {
        background_near(&image, Masks::default(), &options, &windows, 8)
            .expect("boxes near the windows")
    };
    let worst = (near().level.window(&windows[0]) - whole.level.window(&windows[0])).mapv(f64::abs);
    assert!(
        worst.iter().all(|d| *d < 1e-4 * whole.rms.median()),
        "the local answer is the global one"
    );
    c.bench_function("background/4096x4096/near2", |b| b.iter(|| black_box(near())));
    c.bench_function("background/4096x4096/window40", |b| {
        b.iter(|| whole.level.window(black_box(&windows[0])));
    });
}

criterion_group!(benches, mesh, estimators, near_apertures);
criterion_main!(benches);
