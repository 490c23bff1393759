//! Skycells against drizzlepac's own table and positions computed with it.

use astro_coords::{Angle, Footprint, PixelCoord, SkyCircle, SkyCoord};
use hst_fits::{CellScale, ProjectionCell, SkyCell};
use proptest::prelude::*;

fn cell(name: &str) -> SkyCell {
    name.parse().unwrap()
}

/// One row of drizzlepac's table.
struct Row {
    zone: i32,
    first: i32,
    count: i32,
    dec: [f64; 3],
    size: [i32; 2],
}

fn table(bytes: &[u8]) -> Vec<Row> {
    let data = bytes.windows(80).step_by(80).rposition(|card| card.starts_with(b"END ")).unwrap();
    let data = (data / 36 + 1) * 2880;
    let rows = bytes[data..].chunks_exact(52).take(46);
    rows.map(|row| {
        let int = |at: usize| i32::from_be_bytes(row[at..at + 4].try_into().unwrap());
        let double = |at: usize| f64::from_be_bytes(row[at..at + 8].try_into().unwrap());
        Row {
            zone: int(0),
            first: int(4),
            count: int(8),
            dec: [double(12), double(20), double(28)],
            size: [int(36), int(40)],
        }
    })
    .collect()
}

#[test]
fn the_rings_are_drizzlepacs() {
    let Some(path) = testkit::shared("data/hst/allsky_cells.fits") else { return };
    let rows = table(&std::fs::read(path).unwrap());
    assert_eq!(rows.len(), 46);
    for (ring, row) in rows.iter().enumerate() {
        let first = ProjectionCell::new(u16::try_from(row.first).unwrap()).unwrap();
        assert_eq!((row.zone, row.size), (ring as i32, [450_287; 2]));
        assert_eq!(first.center(), SkyCoord::from_degrees(0.0, row.dec[0]));
        let last = ProjectionCell::new(first.id() + u16::try_from(row.count).unwrap() - 1).unwrap();
        assert_eq!(last.center().dec.degrees(), row.dec[0]);
        let ra = 360.0 / f64::from(row.count) * f64::from(row.count - 1);
        assert!((last.center().ra.degrees() - ra).abs() < 1e-12);
        if let Some(next) = rows.get(ring + 1) {
            assert_eq!(next.first, row.first + row.count);
        }
        // The extremes of declination along the edge, sampled as drizzlepac does: not in the last corner.
        let (low, end, mid) = (0.0, 450_287.0, 225_143.0);
        let edge = [
            [low, low],
            [mid, low],
            [end - 1.0, low],
            [end, low],
            [low, end],
            [mid, end],
            [end - 1.0, end],
            [end, end - 1.0],
        ];
        let wcs = first.wcs();
        let dec = edge.map(|[x, y]| wcs.to_sky(PixelCoord::new(x, y)).unwrap().dec.degrees());
        let lowest = dec.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = dec.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let expected = match ring {
            0 => [-90.0, highest],
            45 => [lowest, 90.0],
            _ => [lowest, highest],
        };
        assert!((row.dec[1] - expected[0]).abs() < 1e-9, "{ring}: {} {lowest}", row.dec[1]);
        assert!((row.dec[2] - expected[1]).abs() < 1e-9, "{ring}: {} {highest}", row.dec[2]);
    }
    assert_eq!(ProjectionCell::COUNT, 2644);
}

#[test]
fn positions_lie_in_the_cells_drizzlepac_finds() {
    for (ra, dec, expected) in [
        (
            84.9208,
            -69.1467,
            &[
                ("p0081x14y14", 21742.7, 21754.2),
                ("p0081x14y15", 21742.7, 312.2),
                ("p0081x15y14", 300.7, 21754.2),
                ("p0081x15y15", 300.7, 312.2),
            ][..],
        ),
        (180.0, 26.0, &[("p1889x11y11", 10723.0, 10723.0)]),
        (0.0, 0.0, &[("p1232x11y19", 10723.0, 19260.1), ("p1322x11y03", 10723.0, 2185.9)]),
        (2.001, 2.0, &[("p1322x03y11", 2205.6, 10832.7), ("p1323x19y11", 19060.3, 10832.5)]),
        (359.999, 2.0, &[("p1322x11y11", 10812.9, 10723.0)]),
        (10.0, 89.99, &[("p2643x11y11", 10566.7, 9836.7)]),
        (10.0, -89.99, &[("p0000x11y11", 10566.7, 11609.3)]),
        (53.1625, -27.7914, &[("p0647x17y20", 3282.9, 15866.7), ("p0726x09y03", 15404.8, 20905.9)]),
        (211.27128477, 53.66062066, &[("p2381x06y10", 21042.0, 2858.0)]),
    ] {
        let found: Vec<_> = SkyCell::at(SkyCoord::from_degrees(ra, dec)).collect();
        let names: Vec<_> = found.iter().map(|(cell, _)| cell.to_string()).collect();
        assert_eq!(names, expected.iter().map(|row| row.0).collect::<Vec<_>>());
        for ((_, at), (_, x, y)) in found.iter().zip(expected) {
            assert!(at.distance(PixelCoord::new(*x, *y)) < 0.1, "{at:?} {x} {y}");
        }
    }
}

#[test]
fn the_header_of_a_cell_is_drizzlepacs() {
    let place = SkyCoord::from_degrees(180.0, 26.0);
    let cell = cell("skycell-p1889x07y19");
    assert_eq!(cell.projection.center(), place);
    let fine = cell.wcs(CellScale::Fine).to_pixel(place).unwrap();
    assert_eq!(fine.to_fits(), (96492.0, -160812.0));
    let coarse = cell.wcs(CellScale::Coarse).to_pixel(place).unwrap();
    assert_eq!(coarse.to_fits(), (32164.0, -53604.0));
    let scale = cell.wcs(CellScale::Coarse).pixel_scale().arcsec();
    assert!((scale - 0.12).abs() < 1e-15);
}

#[test]
fn names_of_all_forms_are_read() {
    for text in ["p1889x07y19", "skycell-p1889x07y19", "hst_skycell-p1889x07y19", "P1889X07Y19"] {
        assert_eq!(cell(text).to_string(), "p1889x07y19");
    }
    assert_eq!(cell("p0000x00y21").to_string(), "p0000x01y21");
    for text in
        ["", "p1889", "p1889x7y19", "p+889x07y19", "p2644x01y01", "p0000x22y01", "é1889x07y1"]
    {
        assert!(text.parse::<SkyCell>().is_err(), "{text}");
    }
}

#[test]
fn neighbours_share_pixels() {
    let wcs = |name: &str| cell(name).wcs(CellScale::Fine);
    let place = wcs("p1889x07y19").to_sky(PixelCoord::new(21_600.0, 21_500.0)).unwrap();
    let there = wcs("p1889x08y20").to_pixel(place).unwrap();
    assert!(there.distance(PixelCoord::new(158.0, 58.0)) < 1e-8);
}

#[test]
fn a_region_touches_the_cells_of_its_places() {
    let region = |ra, dec, arcmin| {
        Footprint::from(SkyCircle::new(SkyCoord::from_degrees(ra, dec), Angle::from_arcmin(arcmin)))
    };
    let names = |region: &Footprint| {
        SkyCell::touching(region).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(names(&region(180.0, 26.0, 0.1)), ["p1889x11y11"]);
    assert_eq!(
        names(&region(84.9208, -69.1467, 1.0)),
        ["p0081x14y14", "p0081x14y15", "p0081x15y14", "p0081x15y15"]
    );
    // 10° hold several projection cells of 441.
    assert!(names(&region(180.0, 26.0, 600.0)).len() > 4 * 441);
}

proptest! {
    #[test]
    fn every_place_has_its_cells_and_an_owner_among_them(ra in 0.0..360.0, z in -1.0..=1.0f64) {
        let place = SkyCoord::from_degrees(ra, z.asin().to_degrees());
        let found: Vec<_> = SkyCell::at(place).collect();
        // Neighbouring skycells overlap, so a corner lies in four of each projection cell that holds the place.
        prop_assert!(!found.is_empty());
        for (cell, _) in &found {
            let together = found.iter().filter(|(other, _)| other.projection == cell.projection);
            prop_assert!(together.count() <= 4);
        }
        let owner = SkyCell::owner(place).unwrap();
        prop_assert!(found.iter().any(|(cell, _)| *cell == owner));
        for (cell, at) in &found {
            prop_assert!(cell.to_pixel(place, CellScale::Fine).unwrap().distance(*at) < 1e-6);
            prop_assert!(cell.wcs(CellScale::Fine).contains(place, SkyCell::shape(CellScale::Fine)));
        }
        let point = Footprint::from(SkyCircle::new(place, Angle::from_arcsec(0.001)));
        let touching = SkyCell::touching(&point);
        prop_assert!(found.iter().all(|(cell, _)| touching.contains(cell)));
        // The last column and row reach 507 pixels beyond their projection cell; of others a circle of a thousandth of
        // an arcsec shows that much more.
        let beyond = touching.iter().filter(|cell| found.iter().all(|(other, _)| other != *cell));
        for cell in beyond {
            let at = cell.to_pixel(place, CellScale::Fine).unwrap();
            let (ny, nx) = SkyCell::shape(CellScale::Fine);
            let out = |at: f64, n: usize| (-0.5 - at).max(at - (n as f64 - 0.5));
            prop_assert!(out(at.x, nx).max(out(at.y, ny)) < 0.05, "{cell} {at:?}");
            let is_last = cell.x == 21 || cell.y == 21;
            prop_assert!(is_last || out(at.x, nx).max(out(at.y, ny)) > -0.05, "{cell} {at:?}");
        }
    }

    #[test]
    fn no_cell_is_missed(ra in 0.0..360.0, dec in -90.0..=90.0) {
        let place = SkyCoord::from_degrees(ra, dec);
        let all = (0..ProjectionCell::COUNT).filter_map(ProjectionCell::new).filter(|cell| {
            let inside = |at: f64| (-0.5..450_286.5).contains(&at);
            cell.to_pixel(place).is_some_and(|at| inside(at.x) && inside(at.y))
        });
        let mut found: Vec<_> = SkyCell::at(place).map(|(cell, _)| cell.projection).collect();
        found.sort_unstable();
        found.dedup();
        prop_assert_eq!(found, all.collect::<Vec<_>>());
    }
}
