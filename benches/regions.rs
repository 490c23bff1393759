//! How fast are region files read and written?

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ds9_regions::{Mode, RegionFile, Shape, Style};
use hst_benches::{circles, polygons};

fn read(c: &mut Criterion) {
    let mut group = c.benchmark_group("read");
    group.sample_size(20);
    for (name, text, count) in [
        ("circles", circles(10_000), 10_000),
        ("circles", circles(1_000_000), 1_000_000),
        ("polygons of 20", polygons(10_000, 20), 10_000),
    ] {
        let file = RegionFile::parse(text.as_bytes(), Mode::Default);
        assert_eq!((file.regions().len(), file.error_count()), (count, 0));
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(BenchmarkId::new(name, count), |b| {
            b.iter(|| RegionFile::parse(black_box(text.as_bytes()), Mode::Default));
        });
    }
    group.finish();
}

fn write(c: &mut Criterion) {
    let text = circles(100_000);
    let file = RegionFile::parse(text.as_bytes(), Mode::Default);
    let again = file.to_string();
    let same = RegionFile::parse(again.as_bytes(), Mode::Default);
    assert!(matches!(same.regions()[7].shape, Shape::Circle { .. }));
    assert!(file.regions().iter().zip(same.regions()).all(|(a, b)| a.same_as(b)));
    let mut group = c.benchmark_group("write");
    group.sample_size(20);
    group.throughput(Throughput::Bytes(again.len() as u64));
    for (name, style) in [("canonical", Style::Canonical), ("ds9", Style::Ds9)] {
        group.bench_function(name, |b| b.iter(|| black_box(&file).to_text(style)));
    }
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("verbatim", |b| {
        b.iter(|| black_box(&file).verbatim(text.as_bytes(), |_| true));
    });
    group.finish();
}

/// Inputs that other readers take quadratic time for.
fn hostile(c: &mut Criterion) {
    let mut group = c.benchmark_group("hostile");
    group.sample_size(20);
    for (name, text) in [
        ("comment word of 1 MB", format!("# {}", "a".repeat(1 << 20))),
        ("1e5 semicolons", ";".repeat(100_000)),
        ("1e5 braces", "{".repeat(100_000)),
        ("polygon of 1e6", polygons(1, 1_000_000)),
        ("1e6 tags", format!("image;circle(1,2,3) #{}", " tag={a}".repeat(1_000_000))),
    ] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |b| {
            b.iter(|| RegionFile::parse(black_box(text.as_bytes()), Mode::Recover));
        });
    }
    group.finish();
}

criterion_group!(benches, read, write, hostile);
criterion_main!(benches);
