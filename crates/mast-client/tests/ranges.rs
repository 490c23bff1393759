//! Reading by ranges: what is asked for, and what becomes of servers that fall short.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mast_client::{Https, Prefer, RangeCache, RangeOptions, RangeSource, Ranges, Retries};
use testkit::{Fault, Line, RangeServer};

const LENGTH: usize = 20 << 20;

/// Bytes that are different everywhere.
fn content() -> Vec<u8> {
    (0..LENGTH as u32 / 4).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.fits"), content()).unwrap();
    folder
}

fn options() -> RangeOptions {
    let ms = Duration::from_millis;
    let retries = Retries { attempts: 4, base: ms(2), cap: ms(10) };
    RangeOptions { retries, idle: Duration::from_secs(5), ..RangeOptions::default() }
}

fn ranges(options: RangeOptions) -> Ranges {
    Ranges::new(Arc::new(Https::default()), options)
}

fn open(server: &RangeServer) -> mast_client::Result<RangeSource> {
    ranges(options()).open(&format!("{}/a.fits", server.url))
}

/// Rows of 400 bytes, 20 000 apart.
fn rows(source: &RangeSource) -> mast_client::Result<Vec<u8>> {
    let mut out = vec![0; 200 * 400];
    let mut pieces: Vec<_> = out
        .chunks_mut(400)
        .enumerate()
        .map(|(i, out)| (3_000_000 + 20_000 * i as u64, out))
        .collect();
    source.read_many(&mut pieces)?;
    Ok(out)
}

fn true_rows() -> Vec<u8> {
    let content = content();
    (0..200).flat_map(|i| content[3_000_000 + 20_000 * i..][..400].to_vec()).collect()
}

fn serve(folder: &Path, fault: Option<Fault>) -> RangeServer {
    RangeServer::start(folder, Line::default(), fault)
}

#[test]
fn rows_are_one_request_where_time_counts_and_few_bytes_where_bytes_do() {
    let folder = folder();
    let server = RangeServer::start(folder.path(), testkit::CLOUD, None);
    let source = open(&server).unwrap();
    assert_eq!((source.len(), server.asked().len(), server.sent()), (LENGTH as u64, 1, 128 << 10));
    assert_eq!(rows(&source).unwrap(), true_rows());
    assert_eq!(server.asked().len(), 2);
    assert_eq!(server.sent(), (128 << 10) + 199 * 20_000 + 400);
    assert_eq!(rows(&source).unwrap(), true_rows());
    assert_eq!(server.asked().len(), 2, "nothing is asked for twice");

    server.reset();
    let frugal = ranges(RangeOptions { prefer: Prefer::Bytes, ..options() });
    let source = frugal.open(&format!("{}/a.fits", server.url)).unwrap();
    assert_eq!(rows(&source).unwrap(), true_rows());
    assert_eq!((server.asked().len(), server.sent()), (201, (128 << 10) + 200 * 400));
    let traffic = frugal.traffic();
    assert_eq!((traffic.requests, traffic.bytes), (201, server.sent()));
    assert_eq!(traffic.useful, 200 * 400);
}

#[test]
#[expect(clippy::single_range_in_vec_init, reason = "one range is meant")]
fn long_ranges_are_split_and_equal_the_file() {
    let folder = folder();
    let server = serve(folder.path(), None);
    let source = open(&server).unwrap();
    source.prepare(&[0..source.len()]).unwrap();
    assert_eq!(server.asked().len(), 1 + 3);
    assert_eq!(server.sent(), LENGTH as u64);
    let mut out = vec![0; LENGTH];
    source.read_at(0, &mut out).unwrap();
    assert!(out == content());
    assert_eq!(server.asked().len(), 4);
    assert!(source.read_at(LENGTH as u64 - 1, &mut [0; 2]).is_err());
}

#[test]
fn threads_that_want_the_same_ask_once() {
    let folder = folder();
    let server = RangeServer::start(folder.path(), testkit::CLOUD, None);
    let source = open(&server).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(rows(&source).unwrap(), true_rows()));
        }
    });
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn servers_that_fall_short_still_give_the_right_bytes() {
    let folder = folder();
    for fault in [
        Fault::IgnoresRanges,
        Fault::TellsNoLength,
        Fault::Cuts(300_000),
        Fault::TooMany,
        Fault::GivesUp,
        Fault::Busy,
        Fault::Drops,
    ] {
        let server = serve(folder.path(), Some(fault));
        let frugal = ranges(RangeOptions { prefer: Prefer::Bytes, at_a_time: 2, ..options() });
        let content = content();
        for ranges in [ranges(options()), frugal] {
            let source = ranges.open(&format!("{}/a.fits", server.url)).unwrap();
            assert_eq!(source.len(), LENGTH as u64, "{fault:?}");
            let all: Vec<_> = (0..8).map(|i| (3_000_000 + 100_000 * i, [0; 400])).collect();
            let mut found = all.clone();
            let mut pieces: Vec<_> =
                found.iter_mut().map(|(at, out)| (*at, &mut out[..])).collect();
            source.read_many(&mut pieces).unwrap();
            assert!(found.iter().all(|(at, out)| content[*at as usize..][..400] == out[..]));
        }
        assert!(rows(&open(&server).unwrap()).unwrap() == true_rows(), "{fault:?}");
    }
}

/// The server says when to come again, and nobody comes before.
#[test]
fn a_busy_server_is_left_alone_as_long_as_it_asks() {
    let folder = folder();
    let server = serve(folder.path(), Some(Fault::Busy));
    let begun = std::time::Instant::now();
    let source = open(&server).unwrap();
    source.read_at(5_000_000, &mut [0; 10]).unwrap();
    // The third request is refused; the pause of these options would be 2 ms.
    source.read_at(15_000_000, &mut [0; 10]).unwrap();
    assert_eq!(server.asked().len(), 4);
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
}

/// A server that sends a few bytes an answer is given up, and one that sends enough is not.
#[test]
fn a_dripping_server_is_not_asked_for_ever() {
    let folder = folder();
    let server = serve(folder.path(), Some(Fault::Cuts(10_000)));
    let source = open(&server).unwrap();
    let error = rows(&source).unwrap_err().to_string();
    assert!(error.starts_with("the connection was cut after 10000 bytes of "), "{error}");
    assert_eq!(server.asked().len(), 1 + 4);
}

/// Hundreds of files at once take no more descriptors than a process may have, and are all counted.
#[test]
fn files_that_nobody_reads_are_closed() {
    let folder = tempfile::tempdir().unwrap();
    let cache = RangeCache { folder: folder.path().join("cache"), limit: 1 << 30 };
    let many = 700;
    for i in 0..many {
        std::fs::write(folder.path().join(format!("{i}.fits")), [i as u8; 1000]).unwrap();
    }
    let server = serve(folder.path(), None);
    let ranges = ranges(RangeOptions { cache: Some(cache), ..options() });
    let first = ranges.open(&format!("{}/0.fits", server.url)).unwrap();
    for i in 0..many {
        let source = ranges.open(&format!("{}/{i}.fits", server.url)).unwrap();
        let mut byte = [0];
        source.read_at(999, &mut byte).unwrap();
        assert_eq!(byte[0], i as u8);
    }
    assert_eq!(server.asked().len(), many, "a file that is still held is not asked for again");
    let traffic = ranges.traffic();
    assert_eq!((traffic.requests, traffic.useful), (many as u64, many as u64));
    drop(first);
    assert!(std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count) < 300);
}

/// The file is read only as far as it is needed.
#[test]
fn a_whole_file_is_left_where_enough_has_come() {
    let folder = folder();
    let server = serve(folder.path(), Some(Fault::IgnoresRanges));
    let source = open(&server).unwrap();
    source.read_at(1_000_000, &mut [0; 10]).unwrap();
    assert_eq!(server.asked().len(), 1);
    assert!(server.sent() < LENGTH as u64, "{}", server.sent());
}

#[test]
fn what_is_not_the_file_that_was_opened_is_an_error() {
    let folder = folder();
    let said = |fault| {
        let server = serve(folder.path(), Some(fault));
        let error = rows(&open(&server).unwrap()).unwrap_err().to_string();
        error.replace(&server.url, "URL")
    };
    assert_eq!(said(Fault::Changes), "changed while it was being read: URL/a.fits");
    assert_eq!(said(Fault::ChangesUnasked), "changed while it was being read: URL/a.fits");
    let surplus = "asked URL/a.fits for bytes=3000000-6980399, got more bytes";
    assert_eq!(said(Fault::Surplus), surplus);
    let wrong = "asked URL/a.fits for bytes=3000000-6980399, got bytes 3000001-6980399/20971520";
    assert_eq!(said(Fault::WrongRange), wrong);
    let server = serve(folder.path(), None);
    let missing = ranges(options()).open(&format!("{}/b.fits", server.url)).unwrap_err();
    assert!(missing.to_string().starts_with("status 404 from "), "{missing}");
    let server = serve(folder.path(), Some(Fault::Huge));
    let huge = open(&server).unwrap_err().to_string();
    assert!(huge.starts_with("a length of 18446744073709551615 bytes in the answer of "), "{huge}");
}

/// Bytes that were read before must be the same when they come again between others.
#[test]
fn a_file_that_changes_without_a_validator_is_noticed_where_it_overlaps() {
    let folder = folder();
    let server = RangeServer::start(folder.path(), testkit::CLOUD, None);
    let archive = Untagged(server, Https::default());
    let path = folder.path().join("a.fits");
    let url = format!("{}/a.fits", archive.0.url);
    let source = Ranges::new(Arc::new(archive), options()).open(&url).unwrap();
    source.read_at(3_000_000, &mut [0; 400]).unwrap();
    let mut other = content();
    other[3_000_100] ^= 1;
    std::fs::write(path, other).unwrap();
    let error = source.read_many(&mut [(2_990_000, &mut [0; 9000]), (3_100_000, &mut [0; 400])]);
    let error = error.unwrap_err().to_string();
    assert!(error.starts_with("changed while it was being read"), "{error}");
}

/// Takes the tags from the answers.
struct Untagged(RangeServer, Https);

impl mast_client::Transport for Untagged {
    fn send(&self, request: &mast_client::Request) -> mast_client::Result<mast_client::Response> {
        let mut response = self.1.send(request)?;
        response.headers.0.retain(|(name, _)| !name.eq_ignore_ascii_case("etag"));
        Ok(response)
    }
}

#[test]
fn a_file_that_is_replaced_is_noticed_though_ranges_still_come() {
    let folder = folder();
    // Behind a server that knows no If-Range the tag alone tells.
    let server = serve(folder.path(), Some(Fault::Changes));
    let source = open(&server).unwrap();
    assert!(source.read_at(5_000_000, &mut [0; 10]).is_err());
    assert!(source.read_at(10, &mut [0; 10]).is_ok(), "what came before is still true");
}

#[test]
fn no_more_than_allowed_is_fetched() {
    let folder = folder();
    let server = serve(folder.path(), None);
    let limited = ranges(RangeOptions { max_bytes: Some(1_000_000), ..options() });
    let source = limited.open(&format!("{}/a.fits", server.url)).unwrap();
    let error = rows(&source).unwrap_err().to_string();
    assert!(error.ends_with("bytes to fetch, more than 1000000"), "{error}");
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn a_second_run_asks_whether_the_file_is_the_same_and_for_nothing_else() {
    let folder = folder();
    let server = serve(folder.path(), None);
    let cache = RangeCache { folder: folder.path().join("cache"), limit: 1 << 30 };
    let open = || {
        let ranges = ranges(RangeOptions { cache: Some(cache.clone()), ..options() });
        ranges.open(&format!("{}/a.fits", server.url)).unwrap()
    };
    assert_eq!(rows(&open()).unwrap(), true_rows());
    server.reset();
    assert_eq!(rows(&open()).unwrap(), true_rows());
    assert_eq!((server.asked(), server.sent()), (vec!["HEAD /a.fits".to_owned()], 0));
}

#[test]
fn several_at_once_share_a_cache() {
    let folder = folder();
    let server = serve(folder.path(), None);
    let cache = RangeCache { folder: folder.path().join("cache"), limit: 1 << 30 };
    let url = format!("{}/a.fits", server.url);
    let content = content();
    std::thread::scope(|scope| {
        for worker in 0..4_u64 {
            let (cache, url, content) = (cache.clone(), &url, &content);
            scope.spawn(move || {
                let ranges = ranges(RangeOptions { cache: Some(cache), ..options() });
                let source = ranges.open(url).unwrap();
                for step in 0..40 {
                    let at = (worker * 997 + step * 1_234_567) % (LENGTH as u64 - 50_000);
                    let mut out = vec![0; 50_000];
                    source.read_at(at, &mut out).unwrap();
                    assert!(out == content[at as usize..][..50_000], "{worker} {step}");
                }
            });
        }
    });
}

/// Names that the path service knows are read from the cloud, others from the archive.
#[test]
fn the_public_copy_is_taken_where_there_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let cloud = folder.path().join("hst/public");
    std::fs::create_dir_all(&cloud).unwrap();
    std::fs::write(cloud.join("a.fits"), content()).unwrap();
    let copies = serve(folder.path(), None);
    let answer = r#"{"mast:HST/product/a.fits":{"status_code":200,"path":"/hst/public/a.fits"},
        "mast:HST/product/b.fits":{"status_code":404,"path":null}}"#;
    let archive = Canned(answer, copies.url.clone(), Https::default());
    let options = RangeOptions {
        archive_url: "http://archive.invalid".to_owned(),
        cloud_url: Some(copies.url.clone()),
        requests_per_second: 1000.0,
        ..options()
    };
    let ranges = Ranges::new(Arc::new(archive), options);
    ranges.look_up(["mast:HST/product/a.fits", "mast:HST/product/b.fits"]);
    let source = ranges.open("mast:HST/product/a.fits").unwrap();
    assert_eq!(source.url(), format!("{}/hst/public/a.fits", copies.url));
    assert_eq!(rows(&source).unwrap(), true_rows());
    let error = ranges.open("mast:HST/product/b.fits").unwrap_err().to_string();
    let expected = "http://archive.invalid/api/v0.1/Download/file?uri=mast:HST/product/b.fits";
    assert!(error.contains(expected), "{error}");
}

/// Answers the path service itself, passes the copies' requests on and has nothing else.
struct Canned(&'static str, String, Https);

impl mast_client::Transport for Canned {
    fn send(&self, request: &mast_client::Request) -> mast_client::Result<mast_client::Response> {
        if request.url.starts_with(&self.1) {
            return self.2.send(request);
        }
        let looked_up = request.url.contains("path_lookup/?uri=mast:HST/product/a.fits&uri=mast:");
        let (status, body) = if looked_up { (200, self.0) } else { (404, "") };
        let body = Box::new(std::iter::once(Ok(body.as_bytes().to_vec())));
        let (url, headers) = (request.url.clone(), mast_client::Headers::default());
        Ok(mast_client::Response { status, url, headers, body })
    }
}
