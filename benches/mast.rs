//! How long do answers of the archive take, and footprints against regions?

use std::hint::black_box;

use astro_coords::{Angle, Footprint, SkyCoord};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mast_client::{
    ClientOptions, Cone, Headers, Held, MastClient, Request, Response, Result, Transport, covering,
    polygon_text,
};

const ROWS: usize = 50_000;
const FOOTPRINTS: usize = 10_000;
const REGIONS: usize = 1_000;

/// A number between 0 and 1 that depends on `n` alone.
fn random(n: usize) -> f64 {
    let mut x = (n as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (x ^ (x >> 31)) as f64 / u64::MAX as f64
}

/// A field of `size` at `center`, turned by chance: the outline of an ACS/WFC image.
fn field(center: SkyCoord, turn: f64) -> Vec<SkyCoord> {
    let corner =
        |at: f64| center.offset(Angle::from_degrees(turn + 90.0 * at), Angle::from_arcsec(143.0));
    [0.0, 1.0, 2.0, 3.0].map(corner).to_vec()
}

/// One page of observations as the service sends them, all 36 columns.
fn answer() -> Vec<u8> {
    let rows: Vec<_> = (0..ROWS).map(row).collect();
    format!(
        r#"{{"status":"COMPLETE","msg":"","data":[{}],"paging":{{"page":1,"pagesFiltered":1,"rows":{ROWS},"rowsFiltered":{ROWS}}}}}"#,
        rows.join(",")
    )
    .into_bytes()
}

fn row(n: usize) -> String {
    let center = SkyCoord::from_degrees(360.0 * random(n), 170.0 * random(n + 7) - 85.0);
    let (ra, dec) = (center.ra.degrees(), center.dec.degrees());
    let region = polygon_text(&field(center, 360.0 * random(n + 3)));
    let (proposal, time, exposure) = (9000 + n % 7000, 52398.784 + n as f64 * 0.01, 700 + n);
    let (id, row) = (26_000_000 + n, 1_110_000_000 + n);
    format!(
        r#"{{"intentType":"science","obs_collection":"HST","provenance_name":"HAP-SVM",
"instrument_name":"ACS/WFC","project":"HAP","filters":"F814W","wave_region":"OPTICAL",
"target_name":"FIELD-{n}","target_classification":"GALAXY;FIELD;EXTRAGALACTIC FIELD",
"obs_id":"hst_{proposal}_02_acs_wfc_f814w_j{n:05}","s_ra":{ra},"s_dec":{dec},
"dataproduct_type":"image","proposal_pi":"Somebody, Some B.","calib_level":3,"t_min":{time},
"t_max":{time}5,"t_exptime":{exposure}.5,"wavelength_region":"OPTICAL","em_min":699.0,"em_max":961.0,
"obs_title":"A title of a proposal that goes on for a while, as they do","t_obs_release":52394.7083333,
"proposal_id":"{proposal}","proposal_type":"GO","sequence_number":null,"s_region":"{region}",
"jpegURL":"mast:HST/product/hst_{n}_02_acs_wfc_f814w_drc.jpg",
"dataURL":"mast:HST/product/hst_{n}_02_acs_wfc_f814w_drc.fits","dataRights":"PUBLIC","mtFlag":false,
"srcDen":null,"obsid":{id},"objID":{row},"wave_min":699.0,"wave_max":961.0}}"#
    )
}

/// Gives one prepared answer, in pieces as they come from a network.
struct Prepared(Vec<u8>);

impl Transport for Prepared {
    fn send(&self, request: &Request) -> Result<Response> {
        let pieces: Vec<_> = self.0.chunks(128 << 10).map(|piece| Ok(piece.to_vec())).collect();
        let (url, headers) = (request.url.clone(), Headers::default());
        Ok(Response { status: 200, url, headers, body: Box::new(pieces.into_iter()) })
    }
}

fn parse(criterion: &mut Criterion) {
    let body = answer();
    let length = body.len() as u64;
    let options = ClientOptions { requests_per_second: 1e9, ..ClientOptions::default() };
    let client = MastClient::new(Prepared(body), options);
    let cone = Cone { center: SkyCoord::default(), radius: Angle::from_degrees(1.0) };
    let rows = client.observations(cone).unwrap().rows;
    assert_eq!(rows.len(), ROWS);
    assert!(rows.iter().all(|row| row.footprint().is_ok() && row.other.is_empty()));
    drop(rows);
    let mut group = criterion.benchmark_group("mast/parse");
    group.sample_size(10).throughput(Throughput::Bytes(length));
    group.bench_function("50000-rows", |bencher| {
        bencher.iter(|| client.observations(cone).unwrap().rows.len());
    });
    group.finish();
}

/// Images and regions in a place of this size: over the sky few meet, in one field all do.
fn scene(width_deg: f64) -> (Vec<Footprint>, Vec<Cone>) {
    let place = |n: usize| {
        let center = SkyCoord::from_degrees(359.9, 60.0);
        let distance = Angle::from_degrees(width_deg * random(n).sqrt());
        center.offset(Angle::from_degrees(360.0 * random(n + 1)), distance)
    };
    let footprint =
        |n: usize| polygon_text(&field(place(n * 5), 360.0 * random(n))).parse().unwrap();
    let region = |n: usize| Cone {
        center: place(1_000_000 + n * 3),
        radius: Angle::from_arcsec(1.0 + 9.0 * random(n)),
    };
    ((0..FOOTPRINTS).map(footprint).collect(), (0..REGIONS).map(region).collect())
}

fn coverage(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mast/coverage");
    group.sample_size(10).throughput(Throughput::Elements((FOOTPRINTS * REGIONS) as u64));
    for (name, width_deg) in [("sky", 90.0), ("survey", 1.0), ("field", 0.03)] {
        let (footprints, regions) = scene(width_deg);
        let matrix = covering(&footprints, &regions);
        // By distances alone: what is held lies in the footprint, what is not lies apart.
        for (f, r) in (0..2000).map(|n| (n * 37 % FOOTPRINTS, n * 11 % REGIONS)) {
            let distance = footprints[f].distance(regions[r].center);
            match matrix.cell(f, r) {
                Held::Yes => assert!(distance.arcsec() <= 0.1),
                Held::Maybe => assert!(distance <= regions[r].radius),
                Held::No => assert!(distance.arcsec() > regions[r].radius.arcsec() - 0.1),
            }
        }
        group.bench_function(format!("10000x1000/{name}"), |bencher| {
            bencher.iter(|| covering(black_box(&footprints), black_box(&regions)));
        });
    }
    group.finish();
}

criterion_group!(benches, parse, coverage);
criterion_main!(benches);
