//! Files on servers: how many requests and bytes commands take, and that the results are those of files at hand.

#[expect(dead_code, reason = "no demo is needed here")]
mod common;
#[path = "common/field.rs"]
mod field;
#[path = "common/server.rs"]
#[expect(dead_code, reason = "requests are counted by another test")]
mod server;

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use common::{hst, stderr, stdout};
use server::{Counter, Server};
use testkit::{CLOUD, Fault, Line, RangeServer};

const SIDE: usize = 6200;
const BLOCK: usize = 2880;

/// A header of as many cards as those of HST.
fn header(first: &str, axes: &[usize], name: &str, cards: usize) -> Vec<u8> {
    let card = |text: String| format!("{text:<80}");
    let mut text = card(first.to_owned()) + &card("BITPIX  =                  -32".to_owned());
    text += &card(format!("NAXIS   = {:>20}", axes.len()));
    for (i, axis) in axes.iter().enumerate() {
        text += &card(format!("NAXIS{}  = {axis:>20}", i + 1));
    }
    if first.starts_with('X') {
        text += &(card("PCOUNT  =                    0".into())
            + &card("GCOUNT  =                    1".into()));
        text += &(card(format!("EXTNAME = '{name:<8}'"))
            + &card("EXTVER  =                    1".into()));
        let wcs = [("CRPIX1", 3100.0), ("CRPIX2", 3100.0), ("CRVAL1", 150.0), ("CRVAL2", 2.0)];
        let matrix =
            [("CD1_1", -0.04 / 3600.0), ("CD2_2", 0.04 / 3600.0), ("CD1_2", 0.0), ("CD2_1", 0.0)];
        for (keyword, value) in wcs.into_iter().chain(matrix) {
            text += &card(format!("{keyword:<8}= {value:>20.12}"));
        }
        text += &(card("CTYPE1  = 'RA---TAN'".into()) + &card("CTYPE2  = 'DEC--TAN'".into()));
    }
    while text.len() < cards * 80 {
        text += &card("HISTORY a line that drizzling left".to_owned());
    }
    text += &card("END".to_owned());
    let mut bytes = text.into_bytes();
    bytes.resize(bytes.len().next_multiple_of(BLOCK), b' ');
    bytes
}

/// Two planes of 6200 x 6200 floats, 308 MB, of which the rows in the middle hold numbers: the rest are holes.
fn write_drc(path: &Path) {
    let mut file = File::create(path).expect("a file");
    file.write_all(&header("SIMPLE  =                    T", &[], "", 872)).expect("a header");
    for (plane, name) in ["SCI", "WHT"].into_iter().enumerate() {
        let first = "XTENSION= 'IMAGE   '";
        file.write_all(&header(first, &[SIDE, SIDE], name, 100)).expect("a header");
        let start = file.stream_position().expect("a place");
        file.seek(SeekFrom::Start(start + (2950 * SIDE * 4) as u64)).expect("a place");
        let number = |i: usize| (((i * 2_654_435_761) >> 7) % 1000 + plane) as f32;
        let rows: Vec<u8> = (0..300 * SIDE).flat_map(|i| number(i).to_be_bytes()).collect();
        file.write_all(&rows).expect("rows");
        let end = start + ((SIDE * SIDE * 4).next_multiple_of(BLOCK)) as u64;
        file.set_len(end).expect("a length");
        file.seek(SeekFrom::Start(end)).expect("a place");
    }
}

const CUT: [&str; 6] = ["--at", "150 2", "--size", "200", "--ext", "SCI,WHT"];

/// Cuts from the file at hand and from the server; both files are the same.
fn cut_both(folder: &Path, server: &RangeServer, more: &[&str]) -> String {
    let url = format!("{}/a_drc.fits", server.url);
    let cut = |file: &str, out: &str| {
        let args = [&["cutout", file], &CUT[..], &["-o", out, "--overwrite"], more].concat();
        let done = hst(folder, &args);
        assert!(done.status.success(), "{}", stderr(&done));
        stderr(&done)
    };
    cut("a_drc.fits", "near.fits");
    let told = cut(&url, "far.fits");
    let open = |name| {
        let file = hst_fits::FitsFile::open(&folder.join(name)).expect("a cutout");
        let pixels = |name| {
            let hdu = file.find(name, None).expect("an extension");
            assert_eq!(hdu.shape(), Some((200, 200)));
            let all = astro_coords::PixelBox::of_shape((200, 200));
            file.read_stored(hdu, &all).expect("pixels").bytes().to_vec()
        };
        [pixels("SCI"), pixels("WHT")]
    };
    assert!(open("near.fits") == open("far.fits"));
    told
}

#[test]
fn a_cutout_takes_few_requests_or_few_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    write_drc(&folder.path().join("a_drc.fits"));
    let server = RangeServer::start(folder.path(), CLOUD, None);
    let told = cut_both(folder.path(), &server, &["--stats"]);
    let (requests, bytes) = (server.asked().len(), server.sent());
    eprintln!("latency: {requests} requests, {bytes} bytes\n{told}{:#?}", server.asked());
    assert!(requests <= 5 && bytes <= 10_500_000, "{requests} requests, {bytes} bytes");
    assert!(told.contains(&format!("read by ranges: {requests} requests, ")), "{told}");

    // Once more: everything is there, and only whether the file is the same is asked.
    server.reset();
    cut_both(folder.path(), &server, &[]);
    assert_eq!((server.asked(), server.sent()), (vec!["HEAD /a_drc.fits".to_owned()], 0));

    std::fs::remove_dir_all(folder.path().join("cache")).expect("the cache");
    server.reset();
    cut_both(folder.path(), &server, &["--prefer", "bytes"]);
    eprintln!("bytes: {} requests, {} bytes", server.asked().len(), server.sent());
    assert!(server.sent() <= 600_000, "{} bytes", server.sent());
}

#[test]
fn headers_take_a_request_each_at_most() {
    let folder = tempfile::tempdir().expect("a folder");
    write_drc(&folder.path().join("a_drc.fits"));
    let server = RangeServer::start(folder.path(), CLOUD, None);
    let url = format!("{}/a_drc.fits", server.url);
    let told = hst(folder.path(), &["sky2pix", &url, "150 2"]);
    assert_eq!(stdout(&told), "3099.0000000000 3099.0000000000\n", "{}", stderr(&told));
    // Primary and SCI come together; WHT is the one further unit.
    assert_eq!(server.asked().len(), 2, "{:?}", server.asked());
    assert!(server.sent() <= 512 << 10, "{}", server.sent());
}

/// The right cutout, or an error that names the file and says what is wrong.
#[test]
fn servers_that_fall_short_give_the_right_cutout_or_a_clear_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a_drc.fits");
    write_drc(&path);
    for fault in [Fault::Cuts(2_000_000), Fault::TooMany, Fault::IgnoresRanges] {
        let server = RangeServer::start(folder.path(), Line::default(), Some(fault));
        cut_both(folder.path(), &server, &[]);
        let _ = std::fs::remove_dir_all(folder.path().join("cache"));
    }
    for (fault, why) in
        [(Fault::Changes, "changed while it was being read"), (Fault::WrongRange, ", got bytes ")]
    {
        let server = RangeServer::start(folder.path(), Line::default(), Some(fault));
        let url = format!("{}/a_drc.fits", server.url);
        let done = hst(folder.path(), &[&["cutout", &url], &CUT[..], &["-o", "c.fits"]].concat());
        assert_eq!(done.status.code(), Some(1), "{fault:?}");
        let said = stderr(&done);
        assert!(said.contains(why) && said.contains(&url), "{fault:?}: {said}");
        assert!(!folder.path().join("c.fits").exists());
    }
    let server = RangeServer::start(folder.path(), Line::default(), None);
    let missing = hst(folder.path(), &["info", &format!("{}/b.fits", server.url)]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(stderr(&missing).contains("status 404"), "{}", stderr(&missing));
}

/// A tile of 200 x 200 16-bit integers, compressed, and the room of each in the heap.
fn tile(seed: usize) -> Vec<u8> {
    let number = |i: usize| {
        let mixed = (i + seed * 40_000).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) % 32) as i16
    };
    let pixels: Vec<u8> = (0..40_000).flat_map(|i| number(i).to_be_bytes()).collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&pixels).expect("memory");
    gzip.finish().expect("memory")
}

const TILE: usize = 34_000;
const TILES: usize = 31;

/// As [`write_drc`], in tiles of 200 x 200 pixels, of which the four in the middle are there.
fn write_tiles(path: &Path) {
    let card = |text: String| format!("{text:<80}");
    let mut file = File::create(path).expect("a file");
    file.write_all(&header("SIMPLE  =                    T", &[], "", 872)).expect("a header");
    let (rows, width) = (TILES * TILES, 24);
    for name in ["SCI", "WHT"] {
        let plain = header("XTENSION= 'IMAGE   '", &[SIDE, SIDE], name, 60);
        let plain = String::from_utf8(plain).expect("text");
        let plain = plain.trim_end().strip_suffix("END").expect("an end").to_owned();
        let plain = plain
            .replacen("'IMAGE   '", "'BINTABLE'", 1)
            .replacen(&format!("{:>20}", -32), &format!("{:>20}", 8), 1)
            .replacen(&format!("NAXIS1  = {SIDE:>20}"), &format!("NAXIS1  = {width:>20}"), 1)
            .replacen(&format!("NAXIS2  = {SIDE:>20}"), &format!("NAXIS2  = {rows:>20}"), 1)
            .replacen(
                &format!("PCOUNT  = {:>20}", 0),
                &format!("PCOUNT  = {:>20}", rows * TILE),
                1,
            );
        let mut text = plain;
        for (keyword, value) in [
            ("TFIELDS", "3"),
            ("ZIMAGE", "T"),
            ("ZBITPIX", "16"),
            ("ZNAXIS", "2"),
            ("ZNAXIS1", "6200"),
            ("ZNAXIS2", "6200"),
            ("ZTILE1", "200"),
            ("ZTILE2", "200"),
            ("ZCMPTYPE", "'GZIP_1  '"),
            ("TTYPE1", "'COMPRESSED_DATA'"),
            ("TFORM1", "'1PB(34000)'"),
            ("TTYPE2", "'ZSCALE  '"),
            ("TFORM2", "'1D      '"),
            ("TTYPE3", "'ZZERO   '"),
            ("TFORM3", "'1D      '"),
        ] {
            text += &card(format!("{keyword:<8}= {value:>20}"));
        }
        text += &card("END".to_owned());
        let mut bytes = text.into_bytes();
        bytes.resize(bytes.len().next_multiple_of(BLOCK), b' ');
        file.write_all(&bytes).expect("a header");
        let tiles: Vec<_> = (0..4).map(tile).collect();
        assert!(tiles.iter().all(|tile| tile.len() < TILE && tile.len() > 20_000));
        let table = file.stream_position().expect("a place");
        let there = |row: usize| {
            let (y, x) = (row / TILES, row % TILES);
            ((14..16).contains(&y) && (14..16).contains(&x)).then(|| (y - 14) * 2 + x - 14)
        };
        for row in 0..rows {
            let length = there(row).map_or(TILE, |which| tiles[which].len());
            file.write_all(&(length as i32).to_be_bytes()).expect("a row");
            file.write_all(&((row * TILE) as i32).to_be_bytes()).expect("a row");
            file.write_all(&[0; 16]).expect("a row");
        }
        let heap = table + (rows * width) as u64;
        for (row, which) in (0..rows).filter_map(|row| Some((row, there(row)?))) {
            file.seek(SeekFrom::Start(heap + (row * TILE) as u64)).expect("a place");
            file.write_all(&tiles[which]).expect("a tile");
        }
        let end = table + ((rows * (width + TILE)).next_multiple_of(BLOCK)) as u64;
        file.set_len(end).expect("a length");
        file.seek(SeekFrom::Start(end)).expect("a place");
    }
}

#[test]
fn compressed_tiles_are_read_through_their_tables() {
    let folder = tempfile::tempdir().expect("a folder");
    write_tiles(&folder.path().join("a_drc.fits"));
    let server = RangeServer::start(folder.path(), CLOUD, None);
    cut_both(folder.path(), &server, &[]);
    let (requests, bytes) = (server.asked().len(), server.sent());
    eprintln!("tiles: {requests} requests, {bytes} bytes {:#?}", server.asked());
    assert!(requests <= 7 && bytes <= 500_000, "{requests} requests, {bytes} bytes");
}

/// What a killed process has read is there for the next one, and none of it is wrong.
#[test]
fn a_killed_reader_leaves_a_cache_that_is_right() {
    let folder = tempfile::tempdir().expect("a folder");
    write_drc(&folder.path().join("a_drc.fits"));
    let slow = Line { latency: Duration::from_millis(1), bytes_per_second: Some(8e6) };
    let server = RangeServer::start(folder.path(), slow, None);
    let url = format!("{}/a_drc.fits", server.url);
    for pause in [100, 400, 700] {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_hst"))
            .current_dir(folder.path())
            .env("HST_CACHE", folder.path().join("cache"))
            .args(["cutout", &url, "-o", "killed.fits", "--overwrite"])
            .args(CUT)
            .spawn()
            .expect("hst runs");
        std::thread::sleep(Duration::from_millis(pause));
        let _ = child.kill();
        let _ = child.wait();
    }
    cut_both(folder.path(), &server, &[]);
    // Two at once share it.
    let _ = std::fs::remove_dir_all(folder.path().join("cache"));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let out = tempfile::tempdir().expect("a folder");
            let (url, cache) = (&url, folder.path().join("cache"));
            scope.spawn(move || {
                let done = std::process::Command::new(env!("CARGO_BIN_EXE_hst"))
                    .current_dir(out.path())
                    .env("HST_CACHE", cache)
                    .args(["cutout", url, "-o", "c.fits"])
                    .args(CUT)
                    .output()
                    .expect("hst runs");
                assert!(done.status.success(), "{}", stderr(&done));
            });
        }
    });
    cut_both(folder.path(), &server, &[]);
}

/// The three images of the notebook with pixels four times as wide, and boxes of the background as much smaller.
#[test]
fn the_notebooks_field_is_measured_without_downloading() {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("archive");
    std::fs::create_dir(&archive).expect("a folder");
    let used = |image: &&(&str, u64, (f64, f64))| {
        field::USED.contains(&format!("{}_drc.fits", image.0).as_str())
    };
    let images: Vec<_> = field::IMAGES.iter().filter(used).copied().collect();
    let files = field::write_with(&archive, 4.0, &images);
    let whole: u64 = files.iter().map(|file| std::fs::metadata(file).expect("a file").len()).sum();
    let server = Server::start(&archive);
    let counter = Counter::before(&server);
    let regions = archive.join("coma.reg").display().to_string();
    let run = |cache: &str, more: &[&str]| {
        let before = counter.bytes();
        let args =
            ["catalog", &regions, "--archive", &counter.url, "--format", "csv", "--box", "16"];
        let done = std::process::Command::new(env!("CARGO_BIN_EXE_hst"))
            .current_dir(folder.path())
            .env("HST_CACHE", folder.path().join(cache))
            .args([&args[..], more].concat())
            .output()
            .expect("hst runs");
        assert!(done.status.success(), "{}", stderr(&done));
        (stdout(&done), counter.bytes() - before, stderr(&done))
    };
    for (name, options, most) in [
        ("mesh of the notebook", &["--preset", "notebook"][..], 0.345),
        ("mesh", &[], 0.675),
        ("annulus", &["--background", "annulus:1.5x,2x", "--prefer", "bytes"], 0.10),
        ("annulus, latency", &["--background", "annulus:1.5x,2x"], 0.25),
        ("local:2", &["--background", "local:2", "--prefer", "bytes"], 0.10),
    ] {
        let near = run("near", options);
        let far = run(&format!("far {name}"), &[options, &["--remote"]].concat());
        assert_eq!(far.0, near.0, "{name}");
        assert_eq!(far.0.lines().count(), 1 + 21);
        let share = far.1 as f64 / whole as f64;
        eprintln!("{name}: {share:.4} of {whole} bytes; {}", far.2);
        assert!(far.2.contains("read by ranges: "), "{}", far.2);
        assert!(share <= most, "{name}: {share}");
    }
}
