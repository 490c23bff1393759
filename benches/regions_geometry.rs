//! How fast are questions about the shapes of regions answered, and how fast are they put into pixels?

use std::f64::consts::TAU;
use std::hint::black_box;

use astro_coords::{Angle, PixelCoord, SkyCoord};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ds9_regions::{ImageFrame, Mode, OnlyExcluded, PixelShape, RegionFile, Selection, Wcs};

/// A tangent-plane image of 0.05 arcsec a pixel, turned by 30°.
struct Image(hst_fits::Wcs);

impl Image {
    fn new() -> Self {
        let (sin, cos) = 30.0_f64.to_radians().sin_cos();
        let step = 0.05 / 3600.0;
        let cd = [[-step * cos, step * sin], [step * sin, step * cos]];
        let (reference, origin) = (SkyCoord::from_degrees(195.0, 28.0), (2047.5, 2047.5).into());
        Self(hst_fits::Wcs::tangent(reference, origin, cd).expect("a matrix that can be inverted"))
    }
}

impl Wcs for Image {
    fn to_pixel(&self, place: SkyCoord) -> Option<PixelCoord> {
        self.0.to_pixel(place)
    }

    fn to_sky(&self, pixel: PixelCoord) -> Option<SkyCoord> {
        self.0.to_sky(pixel)
    }

    fn jacobian(&self, pixel: PixelCoord) -> Option<[[f64; 2]; 2]> {
        self.0.jacobian(pixel)
    }
}

fn places(side: u32) -> Vec<PixelCoord> {
    let grid = (0..side).flat_map(|y| (0..side).map(move |x| (f64::from(x), f64::from(y))));
    grid.map(|(x, y)| PixelCoord::new(x, y)).collect()
}

/// An outline of many corners about (500, 500), with spikes so many pixels long.
fn star(vertices: u32, spikes: f64) -> PixelShape {
    let vertex = |n: u32| {
        let (sin, cos) = (f64::from(n) / f64::from(vertices) * TAU).sin_cos();
        let far = 400.0 + spikes * f64::from(n % 7) / 6.0;
        PixelCoord::new(500.0 + far * cos, 500.0 + far * sin)
    };
    PixelShape::Polygon((0..vertices).map(vertex).collect())
}

fn shapes() -> Vec<(&'static str, PixelShape)> {
    let center = PixelCoord::new(500.0, 500.0);
    let angle = Angle::from_degrees(30.0);
    vec![
        ("circle", PixelShape::Circle { center, radius: 400.0 }),
        ("ellipse", PixelShape::Ellipse { center, semi_axes: [450.0, 200.0], angle }),
        ("box", PixelShape::Box { center, size: [700.0, 400.0], angle }),
        ("annulus", PixelShape::Annulus { center, radii: vec![200.0, 300.0, 400.0] }),
        ("polygon of 20", star(20, 20.0)),
        ("polygon of 1000", star(1000, 20.0)),
        ("long spikes of 1000", star(1000, 360.0)),
    ]
}

fn contains(c: &mut Criterion) {
    let places = places(1000);
    let mut group = c.benchmark_group("contains 1e6 places");
    group.sample_size(20);
    group.throughput(Throughput::Elements(places.len() as u64));
    for (name, shape) in shapes() {
        let many = shape.contains_many(&places);
        for (place, inside) in places.iter().zip(&many).step_by(97) {
            assert_eq!(shape.contains(*place), *inside, "{name}: {place:?}");
        }
        let held = many.iter().filter(|inside| **inside).count() as f64;
        // The spikes reach over the edge of the places.
        let within = !name.starts_with("long");
        assert!(!within || (held / shape.area() - 1.0).abs() < 0.01, "{name}: {held}");
        group.bench_function(name, |b| b.iter(|| shape.contains_many(black_box(&places))));
    }
    group.finish();
}

fn measure(c: &mut Criterion) {
    let mut group = c.benchmark_group("measure");
    for (name, shape) in shapes() {
        group.bench_function(format!("bounding box, {name}"), |b| {
            b.iter(|| black_box(&shape).bounding_box());
        });
        group.bench_function(format!("area, {name}"), |b| b.iter(|| black_box(&shape).area()));
    }
    group.finish();
}

fn regions(line: impl Fn(usize) -> String, count: usize) -> RegionFile {
    let lines: Vec<_> = (0..count).map(line).collect();
    let file = RegionFile::parse(format!("icrs\n{}", lines.join("\n")).as_bytes(), Mode::Default);
    assert_eq!((file.regions().len(), file.error_count()), (count, 0));
    file
}

fn to_pixel(c: &mut Criterion) {
    let image = Image::new();
    let frame = ImageFrame::new(&image);
    let place = |n: usize| (195.0 + n as f64 * 3e-6, 28.0 - (n % 991) as f64 * 3e-5);
    let count = 10_000;
    let mut group = c.benchmark_group("sky to pixels of 1e4");
    group.sample_size(20);
    group.throughput(Throughput::Elements(count as u64));
    let files = [
        ("points", regions(|n| format!("point({},{})", place(n).0, place(n).1), count)),
        ("circles", regions(|n| format!("circle({},{},5\")", place(n).0, place(n).1), count)),
        (
            "ellipses",
            regions(|n| format!("ellipse({},{},5\",3\",40)", place(n).0, place(n).1), count),
        ),
    ];
    for (name, file) in &files {
        let shape = file.regions()[0].to_pixel(&frame).expect("on the image");
        let center = shape.center().expect("a centre");
        assert!((center.x - 2047.5).abs() < 1e-6 && (center.y - 2047.5).abs() < 1e-6, "{center:?}");
        if let PixelShape::Circle { radius, .. } = shape {
            assert!((radius - 100.0).abs() < 1e-3, "{radius}");
        }
        group.bench_function(*name, |b| {
            b.iter(|| {
                let shapes = black_box(file).regions().iter().map(|region| region.to_pixel(&frame));
                shapes.filter(Result::is_ok).count()
            });
        });
    }
    group.finish();
}

/// A hundred circles, every fifth of them excluding, asked about a million places.
fn selection(c: &mut Criterion) {
    let image = Image::new();
    let line = |n: usize| {
        let sign = if n % 5 == 4 { "-" } else { "" };
        format!("{sign}circle({}i,{}i,60i)", 100 * (n % 10) + 50, 100 * (n / 10) + 50)
    };
    let file = regions(line, 100);
    let (selection, lost) =
        Selection::new(file.regions(), &ImageFrame::new(&image), OnlyExcluded::Nothing);
    assert!(lost.is_empty());
    let places = places(1000);
    let mut group = c.benchmark_group("set of 100 circles, 1e6 places");
    group.sample_size(10);
    group.throughput(Throughput::Elements(places.len() as u64));
    group.bench_function("contains", |b| {
        b.iter(|| places.iter().filter(|place| selection.contains(black_box(**place))).count());
    });
    group.finish();
}

criterion_group!(benches, contains, measure, to_pixel, selection);
criterion_main!(benches);
