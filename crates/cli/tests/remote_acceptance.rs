//! What reading files on servers promises: requests and bytes on a line of 30 ms and 80 MB/s, over HTTP/1.1 and HTTP/2.
//!
//! | promise | held by |
//! | --- | --- |
//! | cutout of 200 pixels, SCI and WHT of 308 MB: at most 5 requests and 10.5 MB, or 0.6 MB | [`a_cutout`]; `remote.rs` |
//! | the same of square compressed tiles: at most 7 requests and 0.5 MB | [`a_cutout_of_tiles`]; `remote.rs` |
//! | header of SCI: at most 2 requests; all: 1 and one for each further unit, at most 512 KiB | [`headers`] |
//! | `hst render` and `hst info` of an address | [`pictures_and_descriptions`] |
//! | astrocut beside it on the same server | `benches/peers/remote.py`, `benches/RESULTS.md` |
//! | the notebook's field: a tenth of the bytes of a download, with a mesh a third; equal tables | [`the_notebooks_field`]; at 80 MB/s and as fast as it goes in `remote.rs` |
//! | servers without ranges, with wrong ones, whose file changes, which cut, drop or refuse | [`servers_that_fall_short`]; `remote.rs`, and `ranges.rs` of mast-client |
//! | a cache that survives kills, and is shared by processes | [`a_cache_that_is_killed_and_shared`]; `store.rs` of mast-client |
//! | summary of every remote run | [`a_cutout`], [`headers`], [`the_notebooks_field`] |

#[path = "common/afar.rs"]
mod afar;
#[expect(dead_code, reason = "no demo is needed here")]
mod common;
#[path = "common/drc.rs"]
mod drc;
#[path = "common/field.rs"]
mod field;
#[path = "common/http2.rs"]
mod http2;
#[path = "common/server.rs"]
#[expect(dead_code, reason = "requests are counted by another test")]
mod server;

use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use afar::Afar;
use common::{hst, stderr, stdout};
use drc::{write_drc, write_planes, write_tiles};
use http2::Http2;
use server::{Counter, Server};
use testkit::{CLOUD, Fault, Line, RangeServer};

const CUT: [&str; 6] = ["--at", "150 2", "--size", "200", "--ext", "SCI,WHT"];

/// A server of either protocol.
enum Site {
    One(RangeServer),
    Two(Http2),
}

impl Site {
    fn both(folder: &Path, aside: &Path) -> [Self; 2] {
        [Self::One(RangeServer::start(folder, CLOUD, None)), Self::Two(Http2::start(folder, aside))]
    }

    fn url(&self, name: &str) -> String {
        match self {
            Self::One(server) => format!("{}/{name}", server.url),
            Self::Two(server) => format!("{}/{name}", server.url),
        }
    }

    fn asked(&self) -> Vec<String> {
        match self {
            Self::One(server) => server.asked(),
            Self::Two(server) => server.asked(),
        }
    }

    fn sent(&self) -> u64 {
        match self {
            Self::One(server) => server.sent(),
            Self::Two(server) => server.sent(),
        }
    }

    /// Runs `hst` in `folder` with an empty cache; gives requests and bytes.
    fn hst(&self, folder: &Path, args: &[&str]) -> (Output, usize, u64) {
        match self {
            Self::One(server) => server.reset(),
            Self::Two(server) => server.reset(),
        }
        let _ = std::fs::remove_dir_all(folder.join("cache"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_hst"));
        command.current_dir(folder).env("HST_CACHE", folder.join("cache")).args(args);
        if let Self::Two(server) = self {
            command.env("SSL_CERT_FILE", &server.certificate);
        }
        let done = command.output().expect("hst runs");
        assert!(done.status.success(), "{}", stderr(&done));
        if let Self::Two(server) = self {
            assert_eq!(server.connections(), 1, "all requests share one connection");
        }
        eprintln!("{args:?}: {} requests, {} bytes", self.asked().len(), self.sent());
        (done, self.asked().len(), self.sent())
    }
}

/// The stored pixels of SCI and WHT of a cutout.
fn pixels(path: &Path) -> [Vec<u8>; 2] {
    let file = hst_fits::FitsFile::open(path).expect("a cutout");
    ["SCI", "WHT"].map(|name| {
        let hdu = file.find(name, None).expect("an extension");
        assert_eq!(hdu.shape(), Some((200, 200)));
        let all = astro_coords::PixelBox::of_shape((200, 200));
        file.read_stored(hdu, &all).expect("pixels").bytes().to_vec()
    })
}

/// The pixels of a cutout of the file at hand.
fn near(folder: &Path) -> [Vec<u8>; 2] {
    let args = [&["cutout", "a_drc.fits"], &CUT[..], &["-o", "near.fits", "--overwrite"]].concat();
    let done = hst(folder, &args);
    assert!(done.status.success(), "{}", stderr(&done));
    pixels(&folder.join("near.fits"))
}

#[test]
fn a_cutout() {
    let [folder, aside] = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    let folder = folder.path();
    write_drc(&folder.join("a_drc.fits"));
    let near = near(folder);
    for site in Site::both(folder, aside.path()) {
        let url = site.url("a_drc.fits");
        let args = [&["cutout", &url], &CUT[..], &["-o", "far.fits", "--overwrite"]].concat();
        let (done, requests, bytes) = site.hst(folder, &args);
        assert!(pixels(&folder.join("far.fits")) == near);
        assert!(requests <= 5 && bytes <= 10_500_000, "{requests} requests, {bytes} bytes");
        let told = format!("read by ranges: {requests} requests, ");
        assert!(stderr(&done).contains(&told), "{}", stderr(&done));
        let (_, _, bytes) = site.hst(folder, &[&args[..], &["--prefer", "bytes"]].concat());
        assert!(pixels(&folder.join("far.fits")) == near);
        assert!(bytes <= 600_000, "{bytes} bytes");
        // Programs read the same numbers.
        let (done, requests, bytes) = site.hst(folder, &[&args[..], &["--json"]].concat());
        let told = format!("\"remote\":{{\"requests\":{requests},\"bytes\":{bytes},\"useful_fr");
        assert!(stdout(&done).contains(&told), "{}", stdout(&done));
    }
}

#[test]
fn a_cutout_of_tiles() {
    let [folder, aside] = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    let folder = folder.path();
    write_tiles(&folder.join("a_drc.fits"));
    let near = near(folder);
    for site in Site::both(folder, aside.path()) {
        let url = site.url("a_drc.fits");
        let args = [&["cutout", &url], &CUT[..], &["-o", "far.fits", "--overwrite"]].concat();
        let (_, requests, bytes) = site.hst(folder, &args);
        assert!(pixels(&folder.join("far.fits")) == near);
        assert!(requests <= 7 && bytes <= 500_000, "{requests} requests, {bytes} bytes");
    }
}

#[test]
fn headers() {
    let [folder, aside] = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    let folder = folder.path();
    // As the archive's: science, weights, context.
    write_planes(&folder.join("a_drc.fits"), &["SCI", "WHT", "CTX"]);
    let near = hst(folder, &["sky2pix", "a_drc.fits", "150 2"]);
    for site in Site::both(folder, aside.path()) {
        let url = site.url("a_drc.fits");
        let (far, requests, bytes) = site.hst(folder, &["sky2pix", &url, "150 2"]);
        assert_eq!(stdout(&far), stdout(&near));
        assert!(requests <= 2 && bytes <= 512 << 10, "{requests} requests, {bytes} bytes");
        assert!(stderr(&far).contains("read by ranges: "), "{}", stderr(&far));
        // A cutout looks at all units: one request for the first bytes, one for each further unit, and one for the pixels.
        let nothing = ["cutout", &url, "--at", "150 2", "--size", "0.01arcsec", "--ext", "SCI"];
        let (_, requests, bytes) = site.hst(folder, &[&nothing[..], &["-o", "x.fits"]].concat());
        let _ = std::fs::remove_file(folder.join("x.fits"));
        assert!(requests <= 1 + 3 + 1 && bytes <= 512 << 10, "{requests} requests, {bytes} bytes");
    }
}

#[test]
fn pictures_and_descriptions() {
    let [folder, aside] = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    let folder = folder.path();
    write_drc(&folder.join("a_drc.fits"));
    let render = |file: &str, out: &str| {
        ["render", file, "--at", "150 2", "--size", "200", "-o", out].map(str::to_owned)
    };
    let near = render("a_drc.fits", "near.png");
    let done = hst(folder, &near.each_ref().map(String::as_str));
    assert!(done.status.success(), "{}", stderr(&done));
    let described = stdout(&hst(folder, &["info", "a_drc.fits"]));
    for site in Site::both(folder, aside.path()) {
        let url = site.url("a_drc.fits");
        let far = render(&url, "far.png");
        let _ = std::fs::remove_file(folder.join("far.png"));
        let (_, requests, bytes) = site.hst(folder, &far.each_ref().map(String::as_str));
        assert!(requests <= 2 && bytes <= 5_300_000, "{requests} requests, {bytes} bytes");
        let pictures = ["near.png", "far.png"].map(|name| picture(&folder.join(name)));
        assert!(pictures[0] == pictures[1]);
        let (done, ..) = site.hst(folder, &["info", &url]);
        let lines = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(lines(&stdout(&done)), lines(&described));
    }
}

/// The pixels of a PNG.
fn picture(path: &Path) -> Vec<u8> {
    let file = std::io::BufReader::new(std::fs::File::open(path).expect("a picture"));
    let mut reader = png::Decoder::new(file).read_info().expect("a PNG");
    let mut bytes = vec![0; reader.output_buffer_size().expect("a size")];
    reader.next_frame(&mut bytes).expect("pixels");
    bytes
}

/// The right cutout.
const HARMLESS: [Fault; 4] = [Fault::Drops, Fault::Busy, Fault::GivesUp, Fault::TellsNoLength];
/// A clear error.
const FATAL: [(Fault, &str); 3] = [
    (Fault::ChangesUnasked, "changed while it was being read: URL"),
    (Fault::Surplus, ", got more bytes"),
    (Fault::Huge, "a length of 18446744073709551615 bytes in the answer of URL"),
];

#[test]
fn servers_that_fall_short() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write_drc(&folder.join("a_drc.fits"));
    let near = near(folder);
    let cut = |server: &RangeServer| {
        let _ = std::fs::remove_dir_all(folder.join("cache"));
        let _ = std::fs::remove_file(folder.join("far.fits"));
        let url = format!("{}/a_drc.fits", server.url);
        (hst(folder, &[&["cutout", &url], &CUT[..], &["-o", "far.fits"]].concat()), url)
    };
    for fault in HARMLESS {
        let server = RangeServer::start(folder, Line::default(), Some(fault));
        let (done, _) = cut(&server);
        assert!(done.status.success(), "{fault:?}: {}", stderr(&done));
        assert!(pixels(&folder.join("far.fits")) == near, "{fault:?}");
    }
    for (fault, why) in FATAL {
        let server = RangeServer::start(folder, Line::default(), Some(fault));
        let (done, url) = cut(&server);
        let said = stderr(&done).replace(&url, "URL");
        assert_eq!(done.status.code(), Some(1), "{fault:?}: {said}");
        assert!(said.contains(why), "{fault:?}: {said}");
        assert!(!folder.join("far.fits").exists());
    }
}

/// Killed at any moment, alone and among others, it leaves nothing wrong behind.
#[test]
fn a_cache_that_is_killed_and_shared() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write_drc(&folder.join("a_drc.fits"));
    let near = near(folder);
    let line = Line { latency: Duration::from_millis(5), bytes_per_second: Some(20e6) };
    let server = RangeServer::start(folder, line, None);
    let url = format!("{}/a_drc.fits", server.url);
    let start = |out: &str, more: &[&str]| {
        let args = [&["cutout", &url], &CUT[..], &["-q", "-o", out, "--overwrite"], more].concat();
        let mut command = Command::new(env!("CARGO_BIN_EXE_hst"));
        command.current_dir(folder).env("HST_CACHE", folder.join("cache")).args(args);
        command.spawn().expect("hst runs")
    };
    let moment = || Duration::from_millis(RandomState::new().hash_one(0) % 900);
    for round in 0..4 {
        let mut moments = Vec::new();
        for _ in 0..3 {
            let mut child = start("killed.fits", &[]);
            moments.push(moment());
            std::thread::sleep(moments[moments.len() - 1]);
            child.kill().expect("it can be killed");
            child.wait().expect("its end");
        }
        // Three share the cache, of which one prefers bytes, while a fourth is killed.
        let mut fourth = start("killed.fits", &["--prefer", "bytes"]);
        let three = [("0.fits", "latency"), ("1.fits", "bytes"), ("2.fits", "latency")];
        let children = three.map(|(out, prefer)| (out, start(out, &["--prefer", prefer])));
        std::thread::sleep(moment());
        fourth.kill().expect("it can be killed");
        fourth.wait().expect("its end");
        for (out, mut child) in children {
            assert!(child.wait().expect("its end").success(), "{moments:?}");
            assert!(pixels(&folder.join(out)) == near, "{out} after {moments:?}");
        }
        // Everything is there: only whether the file is the same is asked.
        server.reset();
        assert!(start("again.fits", &[]).wait().expect("its end").success());
        assert_eq!(server.asked(), ["HEAD /a_drc.fits"], "{moments:?}");
        assert!(pixels(&folder.join("again.fits")) == near, "{moments:?}");
        if round % 2 == 1 {
            std::fs::remove_dir_all(folder.join("cache")).expect("the cache");
        }
    }
}

/// How much wider a pixel of the field is than the true one, where the environment says nothing else; 1 is the true field.
const COARSER: f64 = 4.0;

/// The three images of the notebook on a line of 30 ms and 80 MB/s, with their boxes of the background.
#[test]
fn the_notebooks_field() {
    let coarser = std::env::var("HST_FIELD_COARSER").ok().and_then(|text| text.parse().ok());
    let coarser = coarser.unwrap_or(COARSER);
    let line = |server: &Server| Counter::on_line(server, Duration::from_millis(30), 80e6);
    let field = Afar::new(coarser, line);
    // The heads of the answers, a few for each row, weigh more where rows are shorter than the true ones.
    let kind = if coarser < 2.0 { "local" } else { "local:2" };
    let local = ["--background", kind];
    let annulus = ["--background", "annulus:1.5x,2x"];
    let third = 1.0 / 3.0;
    for (name, options, remote, most) in [
        // The plane and the headers before it are a third of the file and two thirds of a header.
        ("notebook", &["--preset", "notebook"][..], &[][..], third + 0.001),
        // The weights around the regions, for the errors, are what is more.
        ("mesh", &[], &["--prefer", "bytes"], third + 0.05),
        ("annulus", &annulus, &["--prefer", "bytes"], 0.10),
        ("local", &local, &["--prefer", "bytes"], 0.10),
    ] {
        let came = field.compare(name, options, remote);
        let share = came.by_ranges as f64 / came.by_copies as f64;
        assert!(share <= most, "{name}: {share}");
    }
}
