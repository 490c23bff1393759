//! How long does a cutout take, alone and among many?

use std::hint::black_box;
use std::path::Path;

use astro_coords::{PixelCoord, SkyCoord};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use cutout::{Batch, CutOptions, Size, cut};
use hst_benches::sky;
use hst_fits::{FitsFile, Header, Pixels, write_images};

const SIDE: usize = 4096;

/// SCI and WHT of the scene's sky on disk.
fn image(folder: &Path) -> FitsFile {
    let pixels = sky(SIDE, SIDE);
    let mut science = Header::new();
    for (keyword, text) in [("EXTNAME", "SCI"), ("CTYPE1", "RA---TAN"), ("CTYPE2", "DEC--TAN")] {
        science.set(keyword, text, "");
    }
    for (keyword, number) in [
        ("CRVAL1", 150.0),
        ("CRVAL2", 2.0),
        ("CRPIX1", 2048.0),
        ("CRPIX2", 2048.0),
        ("CD1_1", -1.1e-5),
        ("CD2_2", 1.1e-5),
    ] {
        science.set(keyword, number, "");
    }
    let mut weights = science.clone();
    weights.set("EXTNAME", "WHT", "");
    let pixels = Pixels::F32((SIDE, SIDE), pixels.as_slice().expect("a plain array"));
    let path = folder.join("scene_drc.fits");
    let units = [(&Header::new(), Pixels::None), (&science, pixels), (&weights, pixels)];
    write_images(&path, &units).expect("the folder can be written");
    FitsFile::open(&path).expect("it was written")
}

fn place(file: &FitsFile, x: f64, y: f64) -> SkyCoord {
    let hdu = file.find("SCI", None).expect("it was written");
    let wcs = file.wcs(hdu, None).expect("it has coordinates");
    wcs.to_sky(PixelCoord::new(x, y)).expect("on the plane")
}

fn cutouts(c: &mut Criterion) {
    let folder = std::env::temp_dir().join(format!("hst-bench-cutout-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the scene");
    let file = image(&folder);
    let options =
        CutOptions { extensions: "SCI,WHT".parse().expect("a choice"), ..CutOptions::default() };
    let middle = place(&file, 2000.3, 2100.7);
    let mut group = c.benchmark_group("cutout");
    group.sample_size(20);
    for size in [64usize, 200, 1000, 4000] {
        let one = || cut(&file, middle, Size::square(size as f64), &options).expect("on the image");
        assert_eq!(one().units[1].pixels.shape(), (size, size));
        group.throughput(Throughput::Elements((2 * size * size) as u64));
        group.bench_function(BenchmarkId::new("memory", size), |b| b.iter(|| black_box(one())));
    }
    let path = folder.join("cut.fits");
    group.bench_function("bytes/200", |b| {
        let one = cut(&file, middle, Size::square(200.0), &options).expect("on the image");
        b.iter(|| black_box(one.to_bytes().expect("legal headers")));
    });
    group.bench_function("disk/200", |b| {
        b.iter(|| {
            let one = cut(&file, middle, Size::square(200.0), &options).expect("on the image");
            one.write(&path).expect("the folder can be written");
        });
    });
    let places: Vec<_> = (0..10_000)
        .map(|i| {
            place(&file, 100.3 + 0.39 * f64::from(i), 4000.2 - 0.39 * f64::from(i * 7 % 10_000))
        })
        .collect();
    let science = CutOptions::default();
    group.throughput(Throughput::Elements(10_000));
    group.bench_function("batch/10000x64", |b| {
        b.iter(|| {
            let batch =
                Batch::new(&file, &places, |_| Size::square(64.0), &science).expect("plain");
            let done = batch.each(
                |piece| Ok(piece.units[0].bytes[0]),
                |_, byte| {
                    black_box(byte);
                    Ok(())
                },
            );
            black_box(done.expect("the file is whole"))
        });
    });
    group.finish();
    std::fs::remove_dir_all(&folder).expect("it was made here");
}

criterion_group!(benches, cutouts);
criterion_main!(benches);
