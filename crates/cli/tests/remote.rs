//! Files on servers: how many requests and bytes commands take, and that the results are those of files at hand.

#[path = "common/afar.rs"]
mod afar;
#[expect(dead_code, reason = "no demo is needed here")]
mod common;
#[path = "common/drc.rs"]
mod drc;
#[path = "common/field.rs"]
mod field;
#[path = "common/server.rs"]
#[expect(dead_code, reason = "requests are counted by another test")]
mod server;

use std::path::Path;
use std::time::Duration;

use afar::Afar;
use common::{hst, stderr, stdout};
use drc::{write_drc, write_tiles};
use server::Counter;
use testkit::{CLOUD, Fault, Line, RangeServer};

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
    // Primary and SCI come together, and nobody asks for what is behind them.
    assert_eq!(server.asked().len(), 1, "{:?}", server.asked());
    assert!(server.sent() <= 512 << 10, "{}", server.sent());
    assert!(stderr(&told).contains("read by ranges: 1 requests, "), "{}", stderr(&told));
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
    let field = Afar::new(4.0, Counter::before);
    for (name, options, most) in [
        ("mesh of the notebook", &["--preset", "notebook"][..], 0.345),
        ("mesh", &[], 0.675),
        ("annulus", &["--background", "annulus:1.5x,2x", "--prefer", "bytes"], 0.10),
        ("annulus, latency", &["--background", "annulus:1.5x,2x"], 0.25),
        // To find what else is there, rows around the boxes are read too.
        ("local:2, detecting", &["--background", "local:2", "--prefer", "bytes"], 0.17),
        (
            "local:2",
            &["--background", "local:2", "--mask-detected", "none", "--prefer", "bytes"],
            0.10,
        ),
    ] {
        let share = field.compare(name, options, &[]).by_ranges as f64 / field.whole as f64;
        assert!(share <= most, "{name}: {share}");
    }
}
