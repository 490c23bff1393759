//! Mosaics of simulated images: flux, places, grids.

use std::path::Path;

use astro_coords::{Angle, PixelCoord, SkyCoord};
use cutout::Size;
use cutout::combine::{Method, Relation};
use cutout::mosaic::{Mosaic, MosaicGrid, MosaicOptions, Resampling};
use hst_fits::{CellScale, FitsFile, Header, Pixels, SkyCell, Wcs, WriteOptions, images_to_bytes};
use ndarray::Array2;

/// A gnomonic grid: where, the pixel there (counted as FITS does), the pixel's side in arcsec, turned by degrees.
#[derive(Debug, Clone, Copy)]
struct Grid {
    reference: [f64; 2],
    crpix: [f64; 2],
    scale: f64,
    turn: f64,
}

impl Grid {
    fn cd(&self) -> [[f64; 2]; 2] {
        let side = self.scale / 3600.0;
        let (sin, cos) = self.turn.to_radians().sin_cos();
        [[-side * cos, side * sin], [side * sin, side * cos]]
    }

    fn wcs(&self) -> Wcs {
        let place = SkyCoord::from_degrees(self.reference[0], self.reference[1]);
        Wcs::tangent(place, PixelCoord::from_fits(self.crpix[0], self.crpix[1]), self.cd()).unwrap()
    }

    fn file(&self, name: &str, image: &Array2<f64>) -> FitsFile {
        let mut header = Header::new();
        header.set("EXTNAME", "SCI", "");
        for (keyword, text) in
            [("CTYPE1", "RA---TAN"), ("CTYPE2", "DEC--TAN"), ("BUNIT", "ELECTRONS/S")]
        {
            header.set(keyword, text, "");
        }
        let [[a, b], [c, d]] = self.cd();
        let [x, y] = self.crpix;
        let [lon, lat] = self.reference;
        let cards = [
            ("CRVAL1", lon),
            ("CRVAL2", lat),
            ("CRPIX1", x),
            ("CRPIX2", y),
            ("CD1_1", a),
            ("CD1_2", b),
            ("CD2_1", c),
            ("CD2_2", d),
        ];
        cards.iter().for_each(|(keyword, value)| header.set(keyword, *value, ""));
        let mut weights = header.clone();
        weights.set("EXTNAME", "WHT", "");
        let wht = vec![3.0; image.len()];
        let units = [
            (&Header::new(), Pixels::None),
            (&header, Pixels::F64(image.dim(), image.as_slice().unwrap())),
            (&weights, Pixels::F64(image.dim(), &wht)),
        ];
        let bytes = images_to_bytes(&units, WriteOptions::default()).unwrap();
        FitsFile::from_source(Box::new(bytes), Path::new(name)).unwrap()
    }
}

/// Round stars (places, fluxes), `sigma` in arcsec, on a sky that is dark, integrated over pixels to about 1e-6.
fn stars(wcs: &Wcs, shape: (usize, usize), stars: &[(SkyCoord, f64)], sigma: f64) -> Array2<f64> {
    let mut image = Array2::zeros(shape);
    for (place, flux) in stars {
        let Some(center) = wcs.to_pixel(*place) else { continue };
        let Some(matrix) = wcs.jacobian(center) else { continue };
        let side = wcs.pixel_scale_at(center).unwrap().arcsec();
        let reach = 7.0 * sigma / side;
        for ((y, x), pixel) in image.indexed_iter_mut() {
            let (dx, dy) = (x as f64 - center.x, y as f64 - center.y);
            if dx.hypot(dy) > reach {
                continue;
            }
            const N: usize = 6;
            for k in 0..N * N {
                let sub = |k: usize| ((k as f64 + 0.5) / N as f64) - 0.5;
                let (u, v) = (dx + sub(k % N), dy + sub(k / N));
                let east = 3600.0 * (matrix[0][0] * u + matrix[0][1] * v);
                let north = 3600.0 * (matrix[1][0] * u + matrix[1][1] * v);
                let r2 = (east * east + north * north) / (sigma * sigma);
                *pixel += flux * (-0.5 * r2).exp() / (std::f64::consts::TAU * sigma * sigma)
                    * side
                    * side
                    / (N * N) as f64;
            }
        }
    }
    image
}

/// Flux and centroid within `radius` pixels.
fn measure(image: &Array2<f64>, center: PixelCoord, radius: f64) -> (f64, PixelCoord) {
    let (mut sum, mut x1, mut y1) = (0.0, 0.0, 0.0);
    for ((y, x), value) in image.indexed_iter() {
        let (x, y) = (x as f64, y as f64);
        if (x - center.x).hypot(y - center.y) <= radius && value.is_finite() {
            sum += value;
            x1 += value * x;
            y1 += value * y;
        }
    }
    (sum, PixelCoord::new(x1 / sum, y1 / sum))
}

fn options(grid: MosaicGrid) -> MosaicOptions<'static> {
    MosaicOptions { grid, ..MosaicOptions::default() }
}

#[test]
fn flux_and_places_stay_on_another_grid() {
    let grid = Grid { reference: [150.0, 2.0], crpix: [60.3, 55.8], scale: 0.05, turn: 33.0 };
    let wcs = grid.wcs();
    let place = wcs.to_sky(PixelCoord::new(61.2, 52.7)).unwrap();
    let image = stars(&wcs, (110, 120), &[(place, 1000.0)], 0.09);
    let files = [grid.file("a.fits", &image)];
    for scale in [0.04, 0.05, 0.12] {
        let wanted = MosaicGrid { scale: Some(Angle::from_arcsec(scale)), around: None };
        let mosaic = Mosaic::new(&files, options(wanted)).unwrap();
        let [out, weights] = mosaic.arrays().unwrap();
        let center = mosaic.wcs().to_pixel(place).unwrap();
        let (flux, found) = measure(&out, center, 0.8 / scale);
        let (truth, _) = measure(&image, wcs.to_pixel(place).unwrap(), 0.8 / 0.05);
        assert!((flux / truth - 1.0).abs() < 1e-6, "{scale}: {flux} {truth}");
        assert!(found.distance(center) < 0.02, "{scale}: {found:?} {center:?}");
        let here = weights[[center.y as usize, center.x as usize]];
        assert!((here - 3.0).abs() < 1e-12, "{here}");
    }
    let near = MosaicOptions {
        grid: MosaicGrid { scale: Some(Angle::from_arcsec(0.02)), around: None },
        resampling: Resampling::Nearest,
        ..MosaicOptions::default()
    };
    let mosaic = Mosaic::new(&files, near).unwrap();
    let (flux, _) =
        measure(&mosaic.arrays().unwrap()[0], mosaic.wcs().to_pixel(place).unwrap(), 40.0);
    assert!((flux / 1000.0 - 1.0).abs() < 0.01, "{flux}");
}

#[test]
fn the_own_pixels_of_the_first_image_are_copied() {
    let grid = Grid { reference: [150.0, 2.0], crpix: [10.0, 10.0], scale: 0.04, turn: 0.0 };
    let image = Array2::from_shape_fn((300, 290), |(y, x)| (y * 1000 + x) as f64);
    let moved = Grid { crpix: [10.0 - 200.0, 10.0 - 150.0], ..grid };
    let more = Array2::from_shape_fn((300, 290), |(y, x)| ((y + 150) * 1000 + x + 200) as f64);
    let files = [grid.file("a.fits", &image), moved.file("b.fits", &more)];
    let mosaic = Mosaic::new(&files, options(MosaicGrid::default())).unwrap();
    assert_eq!(mosaic.shape(), (450, 490));
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let seven = rayon::ThreadPoolBuilder::new().num_threads(7).build().unwrap();
    let [out, weights] = one.install(|| mosaic.arrays().unwrap());
    let [again, _] = seven.install(|| mosaic.arrays().unwrap());
    let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits();
    assert!(out.iter().zip(&again).all(same));
    for ((y, x), value) in out.indexed_iter() {
        let inside = [y < 300 && x < 290, y >= 150 && x >= 200];
        let n = inside.iter().filter(|inside| **inside).count();
        assert_eq!(weights[[y, x]], 3.0 * n as f64);
        assert!(if n == 0 { value.is_nan() } else { *value == (y * 1000 + x) as f64 });
    }
}

/// The part of a skycell's grid around a place, as the header of a trimmed image says it.
fn part(cell: SkyCell, scale: CellScale, place: SkyCoord, half: f64) -> (Grid, (usize, usize)) {
    let center = cell.to_pixel(place, scale).unwrap();
    let (x0, y0) = ((center.x - half).round(), (center.y - half).round());
    let reference = cell.wcs(scale);
    let side = match scale {
        CellScale::Fine => 0.04,
        CellScale::Coarse => 0.12,
    };
    let crval = cell.projection.center();
    let origin = reference.to_pixel(crval).unwrap();
    let crpix = [origin.x + 1.0 - x0, origin.y + 1.0 - y0];
    let n = (2.0 * half) as usize + 1;
    (
        Grid {
            reference: [crval.ra.degrees(), crval.dec.degrees()],
            crpix,
            scale: side,
            turn: 0.0,
        },
        (n, n),
    )
}

#[test]
fn photometry_across_the_border_of_projection_cells() {
    // In two projection cells: half of the stars is seen in one only.
    let middle = SkyCoord::from_degrees(2.001, 2.0);
    let cells: Vec<_> = SkyCell::at(middle).map(|(cell, _)| cell).collect();
    assert!(cells.len() >= 2 && cells[0].projection != cells[1].projection);
    let places: Vec<_> = [(0.0, 0.0), (90.0, 2.5), (200.0, 2.7), (310.0, 1.4)]
        .map(|(angle, r)| middle.offset(Angle::from_degrees(angle), Angle::from_arcsec(r)))
        .into_iter()
        .map(|place| (place, 500.0))
        .collect();
    let mut files = Vec::new();
    for (k, cell) in [cells[0], cells[1]].into_iter().enumerate() {
        let (grid, shape) = part(cell, CellScale::Fine, middle, 120.0);
        let mut image = stars(&grid.wcs(), shape, &places, 0.09);
        // The first cell ends in the middle of a star.
        if k == 0 {
            image
                .iter_mut()
                .enumerate()
                .filter(|(i, _)| i % shape.1 > 121)
                .for_each(|(_, v)| *v = f64::NAN);
        }
        files.push(grid.file(&format!("{k}.fits"), &image));
    }
    // Of independent images both count as far as they reach: one ends in the star, and the other is blurred.
    for (relation, limit) in [(Relation::SameExposures, 5e-4), (Relation::Independent, 5e-3)] {
        let options = MosaicOptions { relation, ..MosaicOptions::default() };
        let mosaic = Mosaic::new(&files, options).unwrap();
        let [out, _] = mosaic.arrays().unwrap();
        for (place, flux) in &places {
            let center = mosaic.wcs().to_pixel(*place).unwrap();
            let (found, centroid) = measure(&out, center, 16.0);
            assert!((found / flux - 1.0).abs() < limit, "{relation:?} {place:?}: {found}");
            assert!(
                centroid.distance(center) < 0.02,
                "{relation:?} {place:?}: {centroid:?} {center:?}"
            );
        }
    }
}

#[test]
fn coarse_cells_lie_a_third_of_a_pixel_apart() {
    // Three cells in a row have three phases.
    let middle = SkyCoord::from_degrees(84.9208, -69.1467);
    let cells: Vec<_> = SkyCell::at(middle).map(|(cell, _)| cell).take(4).collect();
    assert_eq!(cells.len(), 4);
    let star = middle.offset(Angle::from_degrees(40.0), Angle::from_arcsec(0.31));
    let mut files = Vec::new();
    for (k, cell) in cells.iter().enumerate() {
        let (grid, shape) = part(*cell, CellScale::Coarse, middle, 40.0);
        files.push(
            grid.file(&format!("{k}.fits"), &stars(&grid.wcs(), shape, &[(star, 100.0)], 0.15)),
        );
    }
    let options = MosaicOptions { method: Method::Weighted, ..MosaicOptions::default() };
    let mosaic = Mosaic::new(&files, options).unwrap();
    let [out, weights] = mosaic.arrays().unwrap();
    let center = mosaic.wcs().to_pixel(star).unwrap();
    let (flux, found) = measure(&out, center, 14.0);
    assert!(found.distance(center) < 0.02, "{found:?} {center:?}");
    assert!((flux / 100.0 - 1.0).abs() < 5e-4, "{flux}");
    assert!((weights[[center.y as usize, center.x as usize]] - 12.0).abs() < 1e-9);
}

#[test]
fn places_sizes_and_what_makes_no_sense() {
    let grid = Grid { reference: [0.001, 89.999], crpix: [50.5, 50.5], scale: 0.05, turn: 10.0 };
    let image = Array2::from_elem((100, 100), 1.0);
    let files = [grid.file("pole.fits", &image)];
    let pole = SkyCoord::from_degrees(120.0, 89.999);
    let wanted = MosaicGrid {
        around: Some((SkyCoord::from_degrees(0.001, 89.999), Size::pixels(30.0, 21.0))),
        scale: None,
    };
    let mosaic = Mosaic::new(&files, options(wanted)).unwrap();
    assert_eq!(mosaic.shape(), (21, 30));
    assert!(mosaic.arrays().unwrap()[0].iter().all(|value| *value == 1.0));
    let wanted = MosaicGrid {
        around: Some((pole, Size::square(5.0))),
        scale: Some(Angle::from_arcsec(0.1)),
    };
    let away = Mosaic::new(&files, options(wanted)).unwrap();
    let [out, weights] = away.arrays().unwrap();
    assert!(out.iter().all(|value| value.is_nan()) && weights.iter().all(|value| *value == 0.0));
    let message = |grid: MosaicGrid| Mosaic::new(&files, options(grid)).unwrap_err().to_string();
    assert!(
        message(MosaicGrid { scale: Some(Angle::from_arcsec(f64::NAN)), around: None })
            .contains("is no pixel")
    );
    let tiny = MosaicGrid { scale: Some(Angle::from_arcsec(4e-6)), around: None };
    assert!(message(tiny).starts_with("the mosaic would have"), "{}", message(tiny));
    let wrong = Mosaic::new(&[], options(MosaicGrid::default())).unwrap_err();
    assert_eq!(wrong.to_string(), "there is no image");
}

#[test]
fn a_written_mosaic_reads_back() {
    let grid = Grid { reference: [150.0, 2.0], crpix: [20.0, 30.0], scale: 0.05, turn: 12.0 };
    let image = Array2::from_shape_fn((60, 50), |(y, x)| (x + 2 * y) as f64);
    let files = [grid.file("a.fits", &image)];
    let wanted = MosaicGrid { scale: Some(Angle::from_arcsec(0.07)), around: None };
    let mosaic = Mosaic::new(&files, options(wanted)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.fits");
    mosaic.write(&path, WriteOptions::default()).unwrap();
    let written = FitsFile::open(&path).unwrap();
    let hdu = written.find("SCI", None).unwrap();
    let wcs = Wcs::from_keywords(&hdu.header, None, &hst_fits::LookupTables::default()).unwrap();
    let (a, b) =
        (wcs.to_sky(PixelCoord::new(3.0, 4.0)), mosaic.wcs().to_sky(PixelCoord::new(3.0, 4.0)));
    assert!(a.unwrap().separation(b.unwrap()).arcsec() < 1e-9);
    let shape = hdu.shape().unwrap();
    let mut pixels = vec![0.0f64; shape.0 * shape.1];
    written.read_window(hdu, &astro_coords::PixelBox::of_shape(shape), &mut pixels).unwrap();
    let [out, _] = mosaic.arrays().unwrap();
    let single = |value: f64| f64::from(value as f32).to_bits();
    assert!(out.iter().zip(&pixels).all(|(a, b)| single(*a) == b.to_bits()));
}

/// An undrizzled exposure brings its lookup tables along: a place of it lies in the mosaic where its full coordinates say.
#[test]
fn lookup_tables_count() {
    let Some(path) = testkit::shared("data/hst/sample_svm_flc.fits") else { return };
    let files = [FitsFile::open(&path).unwrap()];
    let sci = files[0].find("SCI", None).unwrap();
    let full = files[0].wcs(sci, None).unwrap();
    let plain = hst_fits::Wcs::from_keywords(&sci.header, None, &hst_fits::LookupTables::default());
    let (ny, nx) = sci.shape().unwrap();
    let corner = PixelCoord::new(nx as f64 - 1.0, ny as f64 - 1.0);
    let place = full.to_sky(corner).unwrap();
    // Without the tables the place is elsewhere, or there are no coordinates at all.
    let apart = plain.ok().and_then(|plain| plain.to_pixel(place)).map(|at| at.distance(corner));
    assert!(apart.is_none_or(|apart| apart > 0.01), "{apart:?}");
    let options =
        MosaicOptions { method: cutout::combine::Method::Mean, ..MosaicOptions::default() };
    let mosaic = Mosaic::new(&files, options).unwrap();
    let (my, mx) = mosaic.shape();
    assert!(mosaic.wcs().contains(place, (my, mx)));
}

/// Which image a pixel is from: of the same exposures the first that covers it, of independent ones that of most weight.
#[test]
fn the_origin_of_every_pixel_is_told() {
    let grid = Grid { reference: [150.0, 2.0], crpix: [10.0, 10.0], scale: 0.04, turn: 0.0 };
    let mut image = Array2::from_elem((300, 290), 1.0);
    image[[200, 250]] = f64::NAN;
    // Half a pixel apart in x: the second is resampled.
    let moved = Grid { crpix: [10.0 - 200.5, 10.0 - 150.0], ..grid };
    let files =
        [grid.file("a.fits", &image), moved.file("b.fits", &Array2::from_elem((300, 290), 2.0))];
    for relation in [Relation::SameExposures, Relation::Independent] {
        let options = MosaicOptions { relation, origin: true, ..MosaicOptions::default() };
        let mosaic = Mosaic::new(&files, options).unwrap();
        let (ny, nx) = mosaic.shape();
        let mut origins = vec![0; ny * nx];
        mosaic.origins(0..ny, &mut origins).unwrap();
        let [out, _] = mosaic.arrays().unwrap();
        for ((y, x), value) in out.indexed_iter() {
            let origin = origins[y * nx + x];
            assert_eq!(origin == 0, value.is_nan(), "{relation:?} {x} {y}: {origin} {value}");
            let in_first = y < 300 && x < 290 && (y, x) != (200, 250);
            if y < 150 || x < 200 {
                assert_eq!(origin, i16::from(in_first), "{relation:?} {x} {y}");
            } else if !in_first && (152..448).contains(&y) && (292..488).contains(&x) {
                assert_eq!(origin, 2, "{relation:?} {x} {y}");
            }
            // Fading, the one with the larger part.
            if relation == Relation::SameExposures && origin > 0 && (value - 1.5).abs() > 0.02 {
                assert_eq!(origin, if *value < 1.5 { 1 } else { 2 }, "{x} {y}: {value}");
            }
        }
        assert_eq!(origins[200 * nx + 250], 2);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.fits");
        mosaic.write(&path, WriteOptions::default()).unwrap();
        let written = FitsFile::open(&path).unwrap();
        let hdu = written.find("ORIGIN", None).unwrap();
        let mut found = vec![0.0_f32; ny * nx];
        written.read_window(hdu, &astro_coords::PixelBox::of_shape((ny, nx)), &mut found).unwrap();
        assert!(found.iter().zip(&origins).all(|(a, b)| *a == f32::from(*b)));
        assert_eq!(hdu.header.get::<String>("FILE2").unwrap(), "b.fits");
        assert!(written.wcs(hdu, None).is_ok());
    }
}
