//! `hst mvm` from a folder of skycells to combined cutouts.

#[expect(dead_code, reason = "no demo is needed here")]
mod common;
#[path = "common/server.rs"]
#[expect(dead_code, reason = "a server and a counter are enough here")]
mod server;

use std::fs;
use std::path::{Path, PathBuf};

use astro_coords::{PixelBox, PixelCoord, SkyCoord};
use common::{hst, stderr, stdout};
use hst_fits::{Card, CellScale, FitsFile, Header, Pixels, SkyCell, Wcs, write_images};
use ndarray::Array2;
use server::{Counter, Server};

/// Pixels a side of a skycell here, around the place where four of them overlap.
const SIDE: usize = 320;

fn place() -> SkyCoord {
    SkyCoord::from_degrees(84.9208, -69.1467)
}

/// The brightness of the sky where a pixel of the projection cell lies; the same in all skycells of it.
fn truth(x: f64, y: f64) -> f32 {
    (2.0 + (x / 17.0).sin() + (y / 23.0).cos()) as f32
}

fn plane(image: &Array2<f32>) -> Pixels<'_> {
    Pixels::F32(image.dim(), image.as_slice().unwrap())
}

/// One skycell, its part around the place: as the archive trims mosaics to what they hold.
fn write_cell(folder: &Path, cell: &str, layer: &str) -> PathBuf {
    write_cell_at(folder, cell, layer, place(), truth)
}

fn write_cell_at(
    folder: &Path,
    cell: &str,
    layer: &str,
    place: SkyCoord,
    truth: fn(f64, f64) -> f32,
) -> PathBuf {
    let cell: SkyCell = cell.parse().unwrap();
    let wcs: Wcs = cell.wcs(CellScale::Fine);
    let middle = wcs.to_pixel(place).unwrap();
    let corner = |middle: f64| middle.round() - SIDE as f64 / 2.0;
    let (x0, y0) = (corner(middle.x), corner(middle.y));
    // The projection cell's pixel of this skycell's first one.
    let center = cell.projection.center();
    let reference = wcs.to_pixel(center).unwrap();
    let sci = Array2::from_shape_fn((SIDE, SIDE), |(y, x)| {
        truth(x as f64 + x0 - reference.x, y as f64 + y0 - reference.y)
    });
    let wht = Array2::from_elem((SIDE, SIDE), 1000.0_f32);
    let name = format!("hst_skycell-{cell}_{layer}_drc.fits");
    let mut primary = Header::new();
    for (keyword, value) in [
        ("FILENAME", name.as_str()),
        ("TELESCOP", "HST"),
        ("INSTRUME", "ACS"),
        ("DETECTOR", "WFC"),
        ("FILTER1", "CLEAR1L"),
        ("FILTER2", "F814W"),
    ] {
        primary.push(Card::new(keyword, value, ""));
    }
    primary.push(Card::new("EXPTIME", 1000.0, ""));
    primary.push(Card::new("PHOTFLAM", 7.0486e-20, ""));
    primary.push(Card::new("PHOTPLAM", 8045.45, ""));
    let unit = |name: &str| {
        let mut header = Header::new();
        header.push(Card::new("EXTNAME", name, ""));
        for (keyword, value) in
            [("CTYPE1", "RA---TAN"), ("CTYPE2", "DEC--TAN"), ("RADESYS", "ICRS")]
        {
            header.push(Card::new(keyword, value, ""));
        }
        let PixelCoord { x, y } = reference;
        for (keyword, value) in [
            ("CRVAL1", center.ra.degrees()),
            ("CRVAL2", center.dec.degrees()),
            ("CRPIX1", x + 1.0 - x0),
            ("CRPIX2", y + 1.0 - y0),
            ("CD1_1", -0.04 / 3600.0),
            ("CD1_2", 0.0),
            ("CD2_1", 0.0),
            ("CD2_2", 0.04 / 3600.0),
        ] {
            header.push(Card::new(keyword, value, ""));
        }
        header.push(Card::new("BUNIT", "ELECTRONS/S", ""));
        header
    };
    let path = folder.join(name);
    let (s, w) = (unit("SCI"), unit("WHT"));
    let units = [(&primary, Pixels::None), (&s, plane(&sci)), (&w, plane(&wht))];
    write_images(&path, &units).unwrap();
    path
}

fn read(file: &FitsFile, hdu: &hst_fits::Hdu) -> Array2<f32> {
    let shape = hdu.shape().unwrap();
    let mut image = Array2::zeros(shape);
    file.read_window(hdu, &PixelBox::of_shape(shape), image.as_slice_mut().unwrap()).unwrap();
    image
}

fn names(folder: &Path, prefix: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name());
    let mut names: Vec<_> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.retain(|name| name.starts_with(prefix));
    names.sort();
    names
}

const AT: &str = "84.9208 -69.1467";

#[test]
fn from_a_place_to_combined_cutouts() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("archive");
    fs::create_dir(&archive).unwrap();
    for cell in ["p0081x14y14", "p0081x15y14", "p0081x14y15"] {
        write_cell(&archive, cell, "acs_wfc_f814w_all");
    }
    write_cell(&archive, "p0081x14y14", "acs_wfc_f814w_all-j8bt06ny");
    // Somewhere else: not asked for.
    let far = write_cell(&archive, "p0081x14y14", "acs_wfc_f475w_all");
    fs::rename(&far, archive.join("renamed.fits")).unwrap();
    let run = |args: &[&str]| hst(folder.path(), args);

    // The four steps one by one.
    let around = ["--at", AT, "--size", "4arcsec"];
    let made = run(&[&["mvm", "query", "--archive", "archive"], &around[..]].concat());
    assert!(made.status.success(), "{}", stderr(&made));
    let table = "mvm_query-ra84d9208-decs69d1467_3_cutout.ecsv";
    let text = fs::read_to_string(folder.path().join(table)).unwrap();
    let rows: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(rows.len(), 1 + 4, "{text}");
    for column in
        ["productFilename", "dataURI", "projcell", "xcell", "scale", "exposure", "overlap_frac"]
    {
        assert!(rows[0].split(' ').any(|name| name == column), "{}", rows[0]);
    }
    // A table that is there stays.
    let again = run(&[&["mvm", "query", "--archive", "archive"], &around[..]].concat());
    assert_eq!(again.status.code(), Some(1));
    let got = run(&["mvm", "get", table, "--archive", "archive"]);
    assert!(got.status.success(), "{}", stderr(&got));
    let paths = stdout(&got);
    let files: Vec<&str> = paths.lines().collect();
    assert_eq!(files.len(), 4, "{}", stderr(&got));
    let cut = run(&[&["mvm", "cut", "-d", "cut"], &around[..], &files].concat());
    assert!(cut.status.success(), "{}", stderr(&cut));
    let cutouts = names(&folder.path().join("cut"), "hst_cutout");
    assert_eq!(
        cutouts[0],
        "hst_cutout_skycell-p0081x14y14-ra84d9208-decs69d1467_acs_wfc_f814w-j8bt06ny.fits"
    );
    assert_eq!(cutouts.len(), 4);
    let inputs: Vec<_> = cutouts.iter().map(|name| format!("cut/{name}")).collect();
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let combined = run(&[&["mvm", "combine", "-d", "."], &inputs[..]].concat());
    assert!(combined.status.success(), "{}", stderr(&combined));
    assert!(stderr(&combined).contains("nothing to combine"), "{}", stderr(&combined));
    let name = "hst_combined_skycells-ra84d9208-decs69d1467_acs_wfc_f814w.fits";
    assert_eq!(names(folder.path(), "hst_combined"), [name]);

    // What comes out is the sky, and overlapping skycells do not count their exposures twice.
    let file = FitsFile::open(&folder.path().join(name)).unwrap();
    let sci = file.find("SCI", None).unwrap();
    let wcs = file.wcs(sci, None).unwrap();
    let image = read(&file, sci);
    assert_eq!(image.dim(), (100, 100));
    let cell: SkyCell = "p0081x14y14".parse().unwrap();
    let reference = wcs.to_pixel(cell.projection.center()).unwrap();
    for ((y, x), value) in image.indexed_iter() {
        let wanted = truth((x as f64 - reference.x).round(), (y as f64 - reference.y).round());
        assert!((value - wanted).abs() < 1e-6, "({x}, {y}): {value} {wanted}");
    }
    let wht = read(&file, file.find("WHT", None).unwrap());
    assert!(wht.iter().all(|weight| *weight == 1000.0));
    let filename = file.primary().get::<String>("FILENAME").unwrap();
    assert_eq!(filename, name);

    // All at once gives the same.
    let all = run(&[&["mvm", "run", "--archive", "archive", "-d", "all"], &around[..]].concat());
    assert!(all.status.success(), "{}", stderr(&all));
    let pixels = |path: &Path| {
        let file = FitsFile::open(path).unwrap();
        read(&file, file.find("SCI", None).unwrap())
    };
    assert_eq!(pixels(&folder.path().join("all").join(name)), image);
}

#[test]
fn bad_files_lose_nothing_and_names_are_in_headers() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| hst(folder.path(), args);
    write_cell(folder.path(), "p0081x14y14", "acs_wfc_f814w_all");
    write_cell(folder.path(), "p0081x15y14", "acs_wfc_f814w_all");
    // A file without a skycell's name, and something that is no FITS file.
    let strange = write_cell(folder.path(), "p0081x14y15", "acs_wfc_f814w_all");
    let bytes = fs::read(&strange).unwrap();
    let text = String::from_utf8_lossy(&bytes[..2880])
        .replace("hst_skycell-p0081x14y15", "hst_strange-p0081x14y15");
    fs::write(folder.path().join("strange.fits"), [text.as_bytes(), &bytes[2880..]].concat())
        .unwrap();
    fs::write(folder.path().join("bad.fits"), "nothing").unwrap();
    let files = [
        "hst_skycell-p0081x14y14_acs_wfc_f814w_all_drc.fits",
        "strange.fits",
        "bad.fits",
        "hst_skycell-p0081x15y14_acs_wfc_f814w_all_drc.fits",
    ];
    let around = ["--at", AT, "--size", "60x40"];
    let cut = run(&[&["mvm", "cut"], &around[..], &files].concat());
    assert_eq!(cut.status.code(), Some(3), "{}", stderr(&cut));
    assert!(stderr(&cut).contains("strange.fits: \"hst_strange"), "{}", stderr(&cut));
    assert!(stderr(&cut).contains("bad.fits"), "{}", stderr(&cut));
    let cutouts = names(folder.path(), "hst_cutout");
    assert_eq!(cutouts.len(), 2);
    // Cutouts that were renamed keep their names in their headers.
    fs::rename(folder.path().join(&cutouts[0]), folder.path().join("renamed.fits")).unwrap();
    let made = run(&["mvm", "combine", "renamed.fits", &cutouts[1], "bad.fits"]);
    assert_eq!(made.status.code(), Some(3), "{}", stderr(&made));
    assert_eq!(names(folder.path(), "hst_combined").len(), 1);

    for (args, code, text) in [
        (&["mvm", "query", "--at", AT, "--size", "200", "--archive", "."][..], 2, "needs an image"),
        (
            &["mvm", "query", "--at", "10 10", "--size", "9arcsec", "--archive", "."],
            1,
            "no skycell",
        ),
        (&["mvm", "combine", "bad.fits"], 1, "bad.fits"),
        (&["mvm", "cut", "bad.fits"], 2, "--at"),
    ] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(text), "{args:?}: {}", stderr(&output));
    }
}

/// Of skycells on a server only what is cut is read, and comes out the same.
#[test]
fn nothing_but_what_is_cut_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("archive");
    fs::create_dir(&archive).unwrap();
    let cells = ["p0081x14y14", "p0081x15y14"];
    let size = cells
        .map(|cell| fs::metadata(write_cell(&archive, cell, "acs_wfc_f814w_all")).unwrap().len());
    let server = Server::start(&archive);
    let counter = Counter::before(&server);
    let common = ["mvm", "run", "--at", AT, "--size", "1.2arcsec", "--archive", &counter.url];
    let far = hst(
        folder.path(),
        &[&common[..], &["--remote", "--prefer", "bytes", "-d", "far"]].concat(),
    );
    assert!(far.status.success(), "{}", stderr(&far));
    let read = counter.bytes();
    assert!(read < size.iter().sum::<u64>() / 4, "{read} of {size:?}");
    let all = hst(folder.path(), &[&common[..], &["-d", "all"]].concat());
    assert!(all.status.success(), "{}", stderr(&all));
    assert_eq!(names(&folder.path().join("all"), "hst_skycell").len(), 2);
    assert!(names(&folder.path().join("far"), "hst_skycell").is_empty());
    let made = names(&folder.path().join("far"), "hst_c");
    assert_eq!(made.len(), 3);
    assert_eq!(made, names(&folder.path().join("all"), "hst_c"));
    for name in made {
        let [far, all] = ["far", "all"].map(|dir| {
            let file = FitsFile::open(&folder.path().join(dir).join(&name)).unwrap();
            read_both(&file)
        });
        assert_eq!(far, all, "{name}");
    }
}

fn read_both(file: &FitsFile) -> [Array2<f32>; 2] {
    ["SCI", "WHT"].map(|name| read(file, file.find(name, None).unwrap()))
}

/// At the corner of two projection cells pixels do not lie on each other: they are put onto one grid, flux kept.
#[test]
fn projection_cells_go_onto_one_grid() {
    let folder = tempfile::tempdir().unwrap();
    let corner = SkyCoord::from_degrees(0.0, 0.0);
    for cell in ["p1232x11y19", "p1322x11y03"] {
        write_cell_at(folder.path(), cell, "acs_wfc_f814w_all", corner, |_, _| 2.0);
    }
    let args = ["mvm", "run", "--archive", ".", "-d", "made", "--at", "0 0", "--size", "2arcsec"];
    let made = hst(folder.path(), &args);
    assert!(made.status.success(), "{}", stderr(&made));
    assert!(stderr(&made).contains("put onto one grid"), "{}", stderr(&made));
    let name = "hst_combined_skycells-ra0d0000-decn0d0000_acs_wfc_f814w.fits";
    let file = FitsFile::open(&folder.path().join("made").join(name)).unwrap();
    let image = read(&file, file.find("SCI", None).unwrap());
    let (ny, nx) = image.dim();
    assert!(ny >= 50 && nx >= 50, "{ny} {nx}");
    let middle = image.slice(ndarray::s![ny / 2 - 20..ny / 2 + 20, nx / 2 - 20..nx / 2 + 20]);
    // The pixels of both cover the same sky to a few parts in a thousand here, 2 degrees from their tangent points.
    assert!(middle.iter().all(|value| (value / 2.0 - 1.0).abs() < 5e-3), "{middle:?}");
}
