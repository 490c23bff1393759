//! What do sums, skies and statistics of many apertures cost, each by itself?

use std::hint::black_box;

use astro_coords::PixelCoord;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hst_benches::sky;
use ndarray::Array2;
use photometry::aperture::{Annulus, Circle, Ellipse, FillRule, Polygon, Rectangle};
use photometry::statistics::{StatisticsOptions, aperture_statistics_all};
use photometry::{
    Aperture, Gain, LocalSkyOptions, MeasureOptions, Noise, Pixels, local_sky, measure_all,
    measure_together,
};

const SIZE: usize = 2048;

/// Places that are far from the edge, in no order.
fn places(count: usize) -> Vec<PixelCoord> {
    let mut state = 12_345_u64;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        60.0 + (SIZE as f64 - 120.0) * ((state >> 11) as f64 / (1_u64 << 53) as f64)
    };
    (0..count).map(|_| PixelCoord::new(next(), next())).collect()
}

/// Measures a flat image first, where the answer is the area.
fn shape<A: Aperture>(
    c: &mut Criterion,
    name: &str,
    image: &Array2<f32>,
    make: impl Fn(PixelCoord) -> A,
) {
    let apertures: Vec<A> = places(500).into_iter().map(make).collect();
    let flat = Array2::from_elem(image.dim(), 2.0_f32);
    let options = MeasureOptions::default();
    for (found, aperture) in
        measure_all(&Pixels::new(&flat), &apertures, &options).iter().zip(&apertures)
    {
        let sum = found.as_ref().expect("an array is read").sum;
        assert!((sum / (2.0 * aperture.area()) - 1.0).abs() < 1e-12, "{name}");
    }
    let mut group = c.benchmark_group("apertures/2048x2048/500");
    group.throughput(Throughput::Elements(apertures.len() as u64));
    group.bench_function(name, |b| {
        b.iter(|| measure_all(&Pixels::new(black_box(image)), &apertures, &options));
    });
    group.finish();
}

fn sums(c: &mut Criterion) {
    let image = sky(SIZE, SIZE);
    let circle = |r: f64| move |at: PixelCoord| Circle::new(at, r);
    shape(c, "circle5", &image, circle(5.0));
    shape(c, "circle50", &image, circle(50.0));
    let ring = |at: PixelCoord| Annulus::new(Circle::new(at, 12.0), Circle::new(at, 8.0));
    shape(c, "annulus8_12", &image, ring);
    shape(c, "ellipse8x4", &image, |at| Ellipse::new(at, 8.0, 4.0, 0.4));
    shape(c, "rectangle10x6", &image, |at| Rectangle::new(at, 10.0, 6.0, 0.4));
    let star: Vec<[f64; 2]> = (0..200)
        .map(|k| {
            let angle = std::f64::consts::TAU * f64::from(k) / 200.0;
            let r = 50.0 * (0.75 + 0.25 * (7.0 * angle).cos());
            [r * angle.cos(), r * angle.sin()]
        })
        .collect();
    let rings = [star];
    shape(c, "polygon200_50", &image, |at| Polygon::around(at, &rings, FillRule::EvenOdd));
}

fn more_than_sums(c: &mut Criterion) {
    let image = sky(SIZE, SIZE);
    let noise = image.mapv(|v| 0.006 + 0.01 * v.max(0.0).sqrt());
    let circles: Vec<Circle> = places(500).into_iter().map(|at| Circle::new(at, 5.0)).collect();
    let options = MeasureOptions::default();
    let mut group = c.benchmark_group("apertures/2048x2048/500");
    group.throughput(Throughput::Elements(500));
    let pixels =
        Pixels { noise: Noise::Error(&noise), gain: Gain::Uniform(800.0), ..Pixels::new(&image) };
    assert!(
        measure_all(&pixels, &circles, &options)
            .iter()
            .all(|m| m.as_ref().is_ok_and(|m| m.sum_err > 0.0))
    );
    group.bench_function("circle5_errors", |b| {
        b.iter(|| measure_all(black_box(&pixels), &circles, &options));
    });
    let plain = Pixels::new(&image);
    let all =
        || aperture_statistics_all(black_box(&plain), &circles, &StatisticsOptions::default());
    assert!(all().iter().all(|s| s.as_ref().is_ok_and(|s| s.values.n > 70)));
    group.bench_function("statistics5", |b| b.iter(all));
    let skies = || -> f64 {
        let ring = |at| Annulus::new(Circle::new(at, 12.0), Circle::new(at, 8.0));
        let one = |circle: &Circle| {
            local_sky(&plain, &ring(circle.center()), &LocalSkyOptions::default())
        };
        circles.iter().map(|circle| one(circle).expect("an array is read").level).sum()
    };
    assert!((0.1..0.14).contains(&(skies() / 500.0)));
    group.bench_function("local_sky8_12", |b| b.iter(|| black_box(skies())));
    let growth = || -> f64 {
        let radii = |at| (1..=20).map(|r| Circle::new(at, f64::from(r))).collect::<Vec<_>>();
        let one = |circle: &Circle| measure_together(&plain, &radii(circle.center()), &options);
        circles.iter().map(|circle| one(circle).expect("an array is read")[19].sum).sum()
    };
    assert!(growth() > 0.0);
    group.bench_function("twenty_radii", |b| b.iter(|| black_box(growth())));
    group.finish();
}

criterion_group!(benches, sums, more_than_sums);
criterion_main!(benches);
