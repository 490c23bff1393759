//! Files on servers: how many requests and bytes commands take, and that the results are those of files at hand.

#[expect(dead_code, reason = "no demo is needed here")]
mod common;

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use common::{hst, stderr, stdout};
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
