//! Whatever the server does, a file under its own name is right, or its row says why there is none, in time.
//!
//! | fault | tests here, in `left_over.rs` (L), in `metadata.rs` (M), in `kill.rs` (K) |
//! | --- | --- |
//! | cuts the connection, once or always | `cuts_are_continued`, `any_cuts_end_in_the_same_file`, `a_server_that_always_cuts_is_given_up`, M `passing_faults_are_passed_over` |
//! | drips | `dripping_ends_at_the_deadline`, `slow_and_steady_is_not_silence`, M `silence_and_dripping_end_in_time` |
//! | stalls for ever, before or in the answer | `silence_is_not_waited_for`, M `silence_and_dripping_end_in_time`, M `a_job_that_never_ends_is_left_at_the_deadline` |
//! | answers 200, 416 or the wrong range to a range, or other bytes | `a_whole_file_instead_of_a_range_begins_anew`, `a_range_that_cannot_be_had_begins_anew`, `lies_about_ranges_begin_anew`, `bytes_from_another_place_than_announced_are_noticed`, `parts_of_another_length_end_right` |
//! | lies about the length, or tells none | `lies_about_the_length_are_no_files`, `sizes_that_differ_from_the_list_warn_or_fail`, `files_without_a_length_are_fetched`, L `a_file_of_unknown_length_is_fetched_once` |
//! | answers HTML, or no HTTP | `a_maintenance_page_is_no_image`, `a_file_compressed_unasked_is_no_image`, `what_is_no_http_is_an_error`, M `lasting_faults_are_errors_that_name_themselves` |
//! | redirects to another host, to nowhere, in a circle | `the_token_stays_with_its_host`, `a_redirection_to_no_web_address_is_refused`, `a_redirection_to_itself_ends` |
//! | changes the file | `a_file_that_changed_meanwhile_is_fetched_as_it_is_now`, `without_validators_the_last_bytes_must_come_again`, `a_mixture_is_found_by_the_callers_check_and_fetched_anew`, L `a_part_of_an_older_file_is_not_continued`, L `a_size_that_changes_between_question_and_answer_ends_right` |
//! | 503 and 429 with Retry-After, 500, 404 | `an_overloaded_server_is_waited_for_as_it_asks`, `a_longer_wait_than_the_deadline_fails_at_once`, `one_failure_stops_no_other_file`, M `a_busy_service_is_waited_for_as_it_asks` |
//! | loses or repeats a page, `EXECUTING`, `ERROR`, odd columns | M `lost_and_repeated_pages_are_errors`, M `a_failed_job_says_why_and_is_not_repeated`, M `columns_may_be_doubled_unknown_or_missing` |
//! | is not there | `a_server_that_is_gone_fails_every_row_in_time`, `revalidation_fetches_what_changed_and_survives_a_dead_archive` |
//! | a part, a shorter, longer or damaged file is there | L, all |
//! | the process is killed, or is not alone | K, all |

mod common;
#[path = "common/faulty.rs"]
mod faulty;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use common::hasty;
use faulty::{Asked, Faulty, file, head, send, send_file};
use mast_client::{
    CachePolicy, Cancel, ClientOptions, DownloadOptions, Error, Event, FileCheck, Https, Manifest,
    MastClient, Product, Progress, Sizes, Status, Token,
};

const LENGTH: usize = 2880 * 100;
/// Bytes that are asked for again where a file is continued.
const AGAIN: usize = 4 << 10;

fn product(name: &str, size: Option<usize>) -> Product {
    Product {
        product_filename: name.into(),
        data_uri: format!("mast:HST/product/{name}").as_str().into(),
        size: size.map_or(mast_client::Field::Null, |size| i64::try_from(size).unwrap().into()),
        ..Product::default()
    }
}

fn client(url: &str) -> MastClient {
    MastClient::new(Https::default(), hasty(url))
}

fn options() -> DownloadOptions {
    DownloadOptions { sync_every: 1 << 16, ..DownloadOptions::default() }
}

/// Downloads one file into a fresh folder, with all that the deadline of the client allows.
fn fetch(server: &Faulty, options: &DownloadOptions) -> (tempfile::TempDir, Manifest) {
    let folder = tempfile::tempdir().unwrap();
    let products = [product("a_drc.fits", Some(LENGTH))];
    let manifest = client(&server.url).download(&products, folder.path(), options).unwrap();
    (folder, manifest)
}

/// The file is there, byte for byte, and nothing lies beside it but the index.
fn assert_right(folder: &Path, manifest: &Manifest, expected: &[u8]) {
    let row = &manifest.rows[0];
    assert_eq!(row.status, Status::Complete, "{row:?}");
    assert!(fs::read(row.path.as_ref().unwrap()).unwrap() == expected, "other bytes");
    assert_eq!(row.bytes, expected.len() as u64);
    assert_eq!(names(folder), [".mast", "a_drc.fits"]);
}

/// There is no file, and the row says why.
fn assert_failed(folder: &Path, manifest: &Manifest, reason: &str) {
    let row = &manifest.rows[0];
    assert_eq!((row.status, row.path.as_ref()), (Status::Failed, None));
    assert!(row.error.join("; ").contains(reason), "{:?}", row.error);
    assert!(!folder.join("a_drc.fits").exists());
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_warm_folder_opens_no_connection() {
    let bytes = file(LENGTH, 1);
    let served = bytes.clone();
    let server = Faulty::start(move |_, asked, stream| {
        send_file(stream, asked, &served, "\"1\"", usize::MAX);
    });
    let (folder, manifest) = fetch(&server, &options());
    assert_right(folder.path(), &manifest, &bytes);
    assert!(
        server.asked()[0]
            .line
            .starts_with("GET /api/v0.1/Download/file?uri=mast:HST/product/a_drc.fits HTTP")
    );
    let url = server.url.clone();
    drop(server);
    let products = [product("a_drc.fits", Some(LENGTH))];
    let again = client(&url).download(&products, folder.path(), &options()).unwrap();
    assert_eq!((again.rows[0].status, again.rows[0].attempts), (Status::Cached, 0));
    assert_eq!(again.rows[0].sha256, manifest.rows[0].sha256);
    // Offline is the same, and what is not there fails without a connection.
    let offline = DownloadOptions { policy: CachePolicy::Offline, ..options() };
    let products = [products[0].clone(), product("b.fits", None)];
    let rows = client(&url).download(&products, folder.path(), &offline).unwrap().rows;
    assert_eq!((rows[0].status, rows[1].status), (Status::Cached, Status::Failed));
    assert_eq!(rows[1].error, ["not available here: mast:HST/product/b.fits"]);
}

#[test]
fn cuts_are_continued() {
    let bytes = file(LENGTH, 2);
    let served = bytes.clone();
    let server = Faulty::start(move |_, asked, stream| {
        send_file(stream, asked, &served, "\"1\"", LENGTH * 2 / 5);
    });
    let (folder, manifest) = fetch(&server, &options());
    assert_right(folder.path(), &manifest, &bytes);
    let asked = server.asked();
    assert_eq!((asked.len(), asked[0].from()), (3, None));
    // The last bytes come again, as a proof.
    assert_eq!(
        (asked[1].from(), asked[1].header("if-range")),
        (Some(LENGTH * 2 / 5 - AGAIN), Some("\"1\""))
    );
}

/// Serves ranges, and cuts every answer after a number of bytes that depends on chance.
#[derive(Debug)]
struct Cutting {
    bytes: Vec<u8>,
    state: std::sync::Mutex<u64>,
}

impl mast_client::Transport for Cutting {
    fn send(&self, request: &mast_client::Request) -> mast_client::Result<mast_client::Response> {
        let range = request.headers.value("range").and_then(|range| range.strip_prefix("bytes="));
        let from = range.map_or(0, |range| range.trim_end_matches('-').parse::<usize>().unwrap());
        let random = {
            let mut state = self.state.lock().unwrap();
            *state ^= *state << 13;
            *state ^= *state >> 7;
            *state ^= *state << 17;
            usize::try_from(*state >> 16).unwrap()
        };
        // Mostly small pieces, some that bring nothing new, and rarely the rest.
        let most = [10, 4000, 20_000, LENGTH][random % 4];
        let rest = &self.bytes[from..];
        let sent = rest[..rest.len().min(random / 4 % most)].to_vec();
        let total = self.bytes.len();
        let mut headers = mast_client::Headers::default();
        headers.push("content-length", rest.len().to_string());
        headers.push("etag", "\"1\"");
        headers.push("content-range", format!("bytes {from}-{}/{total}", total - 1));
        let url = request.url.clone();
        let cut = Error::Cut { url: url.clone(), received: 0, source: "reset".into() };
        let pieces = sent.chunks(3000).map(|piece| Ok(piece.to_vec())).collect::<Vec<_>>();
        let body = Box::new(pieces.into_iter().chain([Err(cut)]));
        Ok(mast_client::Response {
            status: if range.is_some() { 206 } else { 200 },
            url,
            headers,
            body,
        })
    }
}

#[test]
fn any_cuts_end_in_the_same_file() {
    for seed in 1..13 {
        let bytes = file(LENGTH, seed);
        let state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).into();
        let retries = mast_client::Retries {
            attempts: 60,
            base: Duration::ZERO,
            ..mast_client::Retries::default()
        };
        let transport = Cutting { bytes: bytes.clone(), state };
        let options = ClientOptions { retries, ..hasty("http://archive.invalid") };
        let client = MastClient::new(transport, options);
        let folder = tempfile::tempdir().unwrap();
        let products = [product("a_drc.fits", Some(LENGTH))];
        let manifest = client.download(&products, folder.path(), &self::options()).unwrap();
        assert_right(folder.path(), &manifest, &bytes);
        assert!(manifest.rows[0].attempts > 1);
    }
}

#[test]
fn a_whole_file_instead_of_a_range_begins_anew() {
    let bytes = file(LENGTH, 3);
    let served = bytes.clone();
    let server = Faulty::start(move |number, asked, stream| {
        let whole = Asked { headers: Vec::new(), ..asked.clone() };
        let most = if number == 0 { LENGTH * 2 / 5 } else { usize::MAX };
        send_file(stream, &whole, &served, "\"1\"", most);
    });
    let (folder, manifest) = fetch(&server, &options());
    assert_right(folder.path(), &manifest, &bytes);
}

#[test]
fn lies_about_ranges_begin_anew() {
    for lie in
        ["bytes 0-287999/288000", "bytes 111104-287999/300000", "bytes 111104-287999/*", "none"]
    {
        let bytes = file(LENGTH, 4);
        let served = bytes.clone();
        let server = Faulty::start(move |number, asked, stream| match (number, asked.from()) {
            (0, _) => send_file(stream, asked, &served, "\"1\"", LENGTH * 2 / 5),
            (_, Some(from)) => {
                let headers = [("content-range", lie.to_owned()), ("etag", "\"1\"".to_owned())];
                send(stream, "206 Partial Content", &headers, &served[from..]);
            }
            _ => send_file(stream, asked, &served, "\"1\"", usize::MAX),
        });
        let (folder, manifest) = fetch(&server, &options());
        assert_right(folder.path(), &manifest, &bytes);
    }
}

/// The header names the right range, the bytes are those of another one.
#[test]
fn bytes_from_another_place_than_announced_are_noticed() {
    let bytes = file(LENGTH, 27);
    let served = bytes.clone();
    let server = Faulty::start(move |number, asked, stream| match (number, asked.from()) {
        (0, _) => send_file(stream, asked, &served, "\"1\"", LENGTH / 2),
        (_, Some(from)) => {
            let range = format!("bytes {from}-{}/{LENGTH}", LENGTH - 1);
            let headers = [("content-range", range), ("etag", "\"1\"".to_owned())];
            send(stream, "206 Partial Content", &headers, &served[..LENGTH - from]);
        }
        _ => send_file(stream, asked, &served, "\"1\"", usize::MAX),
    });
    let (folder, manifest) = fetch(&server, &options());
    assert_right(folder.path(), &manifest, &bytes);
    assert_eq!(manifest.rows[0].attempts, 3);
}

/// Parts shorter and longer than the range they announce, and a part that nobody asked for.
#[test]
fn parts_of_another_length_end_right() {
    for (more, unasked) in [(-5000_isize, false), (5000, false), (0, true)] {
        let bytes = file(LENGTH, 28);
        let served = bytes.clone();
        let server = Faulty::start(move |number, asked, stream| match (number, asked.from()) {
            (0, _) if unasked => {
                let headers = [("content-range", format!("bytes 0-{}/{LENGTH}", LENGTH / 2))];
                send(stream, "206 Partial Content", &headers, &served[..=LENGTH / 2]);
            }
            (0, _) => send_file(stream, asked, &served, "\"1\"", LENGTH / 2),
            (1, Some(from)) => {
                let range = format!("bytes {from}-{}/{LENGTH}", LENGTH - 1);
                let headers = [("content-range", range), ("etag", "\"1\"".to_owned())];
                let mut rest = served[from..].to_vec();
                rest.resize(rest.len().saturating_add_signed(more), b'x');
                send(stream, "206 Partial Content", &headers, &rest);
            }
            _ => send_file(stream, asked, &served, "\"1\"", usize::MAX),
        });
        let (folder, manifest) = fetch(&server, &options());
        assert_right(folder.path(), &manifest, &bytes);
    }
}

#[test]
fn a_range_that_cannot_be_had_begins_anew() {
    let bytes = file(LENGTH, 5);
    let served = bytes.clone();
    let server = Faulty::start(move |number, asked, stream| match (number, asked.from()) {
        (0, _) => send_file(stream, asked, &served, "\"1\"", LENGTH / 2),
        (_, Some(_)) => send(stream, "416 Range Not Satisfiable", &[], b""),
        _ => send_file(stream, asked, &served, "\"1\"", usize::MAX),
    });
    let (folder, manifest) = fetch(&server, &options());
    assert_right(folder.path(), &manifest, &bytes);
}

#[test]
fn a_server_that_always_cuts_is_given_up() {
    let bytes = file(LENGTH, 6);
    let server = Faulty::start(move |_, asked, stream| {
        let whole = Asked { headers: Vec::new(), ..asked.clone() };
        send_file(stream, &whole, &bytes, "", LENGTH * 2 / 5);
    });
    let (folder, manifest) = fetch(&server, &options());
    assert_failed(folder.path(), &manifest, "the connection was cut after");
    assert!(server.asked().len() <= 5, "{}", server.asked().len());
}

/// Announced longer, the connection ends early; announced shorter, only the listed size and the file itself tell.
#[test]
fn lies_about_the_length_are_no_files() {
    let lie = |announced: usize| {
        Faulty::start(move |_, _, stream| {
            head(stream, "200 OK", &[("content-length", announced.to_string())]);
            let _ = stream.write_all(&file(LENGTH, 29));
        })
    };
    let (folder, manifest) = fetch(&lie(LENGTH + 2880), &options());
    assert_failed(folder.path(), &manifest, "the connection was cut after");
    let short = lie(LENGTH - 2880);
    let (folder, manifest) = fetch(&short, &DownloadOptions { sizes: Sizes::Strict, ..options() });
    assert_failed(folder.path(), &manifest, "285120 bytes instead of 288000 in a_drc.fits");
    let whole = FileCheck::new(|path| match fs::metadata(path)?.len() {
        288_000 => Ok(()),
        length => Err(format!("its headers announce 288000 bytes, there are {length}").into()),
    });
    let (folder, manifest) = fetch(&short, &DownloadOptions { check: Some(whole), ..options() });
    assert_failed(folder.path(), &manifest, "there are 285120");
}

#[test]
fn what_is_no_http_is_an_error() {
    let server = Faulty::start(|_, _, stream| {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n");
    });
    let (folder, manifest) = fetch(&server, &options());
    assert_failed(folder.path(), &manifest, "cannot reach http");
}

/// Compressed although it was asked not to: the bytes are not those of the file.
#[test]
fn a_file_compressed_unasked_is_no_image() {
    let server = Faulty::start(|_, asked, stream| {
        assert_eq!(asked.header("accept-encoding"), Some("identity"));
        let headers = [("content-encoding", "gzip".to_owned())];
        send(stream, "200 OK", &headers, &[b"\x1f\x8b\x08\0\0\0\0\0", &[7; 5000][..]].concat());
    });
    let (folder, manifest) = fetch(&server, &options());
    assert_failed(folder.path(), &manifest, "not a FITS file but");
}

#[test]
fn a_server_that_is_gone_fails_every_row_in_time() {
    let started = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let products = ["a.fits", "b.fits"].map(|name| product(name, None));
    let manifest = client("http://127.0.0.1:1").download(&products, folder.path(), &options());
    for row in manifest.unwrap().rows {
        assert_eq!((row.status, row.attempts), (Status::Failed, 4));
        assert!(row.error[0].starts_with("cannot reach http://127.0.0.1:1/"), "{:?}", row.error);
    }
    assert!(started.elapsed() < Duration::from_secs(2));
    assert_eq!(names(folder.path()), [".mast"]);
}

#[test]
fn a_maintenance_page_is_no_image() {
    let server = Faulty::start(|_, _, stream| {
        send(stream, "200 OK", &[], b"<html><body>Sorry, down for maintenance</body></html>");
    });
    let (folder, manifest) = fetch(&server, &options());
    assert_failed(
        folder.path(),
        &manifest,
        "not a FITS file but \"<html><body>Sorr\" at the start of a_drc.fits",
    );
    assert_eq!(names(folder.path()), [".mast"]);
}

#[test]
fn the_token_stays_with_its_host() {
    let bytes = file(LENGTH, 7);
    let served = bytes.clone();
    let other = Faulty::start(move |_, asked, stream| {
        send_file(stream, asked, &served, "\"1\"", usize::MAX);
    });
    let target = other.url.clone();
    let server = Faulty::start(move |_, asked, stream| {
        let place = asked.line.split(' ').nth(1).unwrap();
        let location = [("location", format!("{target}{place}&signed=1"))];
        send(stream, "302 Found", &location, b"");
    });
    let token = Some(Token::new("very-secret"));
    let options = ClientOptions { token, ..hasty(&server.url) };
    assert!(!format!("{options:?}").contains("very-secret"));
    let client = MastClient::new(Https::default(), options);
    let folder = tempfile::tempdir().unwrap();
    let products = [product("a_drc.fits", Some(LENGTH))];
    let manifest = client.download(&products, folder.path(), &self::options()).unwrap();
    assert_right(folder.path(), &manifest, &bytes);
    assert_eq!(server.asked()[0].header("authorization"), Some("token very-secret"));
    assert!(other.asked()[0].line.contains("signed=1"));
    let leaked = format!("{:?} {manifest:?}", other.asked());
    assert!(!leaked.contains("very-secret") && !leaked.contains("cookie"), "{leaked}");
}

#[test]
fn a_redirection_to_no_web_address_is_refused() {
    for target in ["file:///etc/passwd", "ftp://127.0.0.1/a.fits", "http://"] {
        let server = Faulty::start(move |_, _, stream| {
            send(stream, "302 Found", &[("location", target.to_owned())], b"");
        });
        let (folder, manifest) = fetch(&server, &options());
        assert_failed(folder.path(), &manifest, &format!("redirects to {target}: not an"));
        assert_eq!(server.asked().len(), 1, "the same again would not help");
    }
}

#[test]
fn a_redirection_to_itself_ends() {
    let server = Faulty::start(|_, asked, stream| {
        let place = asked.line.split(' ').nth(1).unwrap().to_owned();
        send(stream, "302 Found", &[("location", place)], b"");
    });
    let (folder, manifest) = fetch(&server, &options());
    assert_failed(folder.path(), &manifest, "too many redirections");
}

#[test]
fn a_file_that_changed_meanwhile_is_fetched_as_it_is_now() {
    // Three servers: one obeys If-Range, one ignores it but shows the new tag, one has only dates.
    for honest in [true, false] {
        let (old, new) = (file(LENGTH, 8), file(LENGTH, 9));
        let expected = new.clone();
        let server = Faulty::start(move |number, asked, stream| {
            if number == 0 {
                return send_file(stream, asked, &old, "\"old\"", LENGTH / 2);
            }
            let mut asked = asked.clone();
            if !honest {
                asked.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("if-range"));
            }
            send_file(stream, &asked, &new, "\"new\"", usize::MAX);
        });
        let (folder, manifest) = fetch(&server, &options());
        assert_right(folder.path(), &manifest, &expected);
    }
}

#[test]
fn without_validators_the_last_bytes_must_come_again() {
    for changed in [false, true] {
        let (old, new) = (file(LENGTH, 10), file(LENGTH, if changed { 11 } else { 10 }));
        let expected = new.clone();
        let server = Faulty::start(move |number, asked, stream| {
            let (file, most) = if number == 0 { (&old, LENGTH / 2) } else { (&new, usize::MAX) };
            send_file(stream, asked, file, "", most);
        });
        let (folder, manifest) = fetch(&server, &options());
        assert_right(folder.path(), &manifest, &expected);
        assert_eq!(server.asked()[1].from(), Some(LENGTH / 2 - (64 << 10)));
        assert_eq!(server.asked().len(), if changed { 3 } else { 2 });
    }
}

#[test]
fn a_mixture_is_found_by_the_callers_check_and_fetched_anew() {
    let (old, new) = (file(LENGTH, 12), file(LENGTH, 13));
    let (expected, wanted) = (new.clone(), new.clone());
    let server = Faulty::start(move |number, asked, stream| {
        let (file, most) = if number == 0 { (&old, LENGTH / 2) } else { (&new, usize::MAX) };
        // The server claims that nothing has changed.
        send_file(stream, asked, file, "\"1\"", most);
    });
    let check =
        FileCheck::new(
            move |path| {
                if fs::read(path)? == wanted { Ok(()) } else { Err("a mixture".into()) }
            },
        );
    let options = DownloadOptions { check: Some(check), ..options() };
    let (folder, manifest) = fetch(&server, &options);
    assert_right(folder.path(), &manifest, &expected);
    assert_eq!(manifest.rows[0].attempts, 3);
}

#[test]
fn what_the_check_refuses_has_no_name() {
    let bytes = file(LENGTH, 14);
    let server = Faulty::start(move |_, asked, stream| {
        send_file(stream, asked, &bytes, "\"1\"", usize::MAX);
    });
    let check = FileCheck::new(|_| Err("the last HDU is cut".into()));
    let (folder, manifest) = fetch(&server, &DownloadOptions { check: Some(check), ..options() });
    assert_failed(folder.path(), &manifest, "the check refused a_drc.fits; the last HDU is cut");
    assert_eq!(names(folder.path()), [".mast"]);
}

#[test]
fn an_overloaded_server_is_waited_for_as_it_asks() {
    let bytes = file(LENGTH, 15);
    let served = bytes.clone();
    let server = Faulty::start(move |number, asked, stream| match number {
        0 => send(stream, "503 Service Unavailable", &[("retry-after", "1".to_owned())], b"busy"),
        1 => send(stream, "500 Internal Server Error", &[], b""),
        _ => send_file(stream, asked, &served, "\"1\"", usize::MAX),
    });
    let started = Instant::now();
    let (folder, manifest) = fetch(&server, &options());
    assert_right(folder.path(), &manifest, &bytes);
    assert!(started.elapsed() >= Duration::from_secs(1) && manifest.rows[0].attempts == 3);
}

#[test]
fn a_longer_wait_than_the_deadline_fails_at_once() {
    let server = Faulty::start(|_, _, stream| {
        send(
            stream,
            "503 Service Unavailable",
            &[("retry-after", "7200".to_owned())],
            b"come back",
        );
    });
    let started = Instant::now();
    let (folder, manifest) = fetch(&server, &options());
    assert_failed(folder.path(), &manifest, "status 503 from http");
    assert!(started.elapsed() < Duration::from_secs(1));
}

#[test]
fn silence_is_not_waited_for() {
    let bytes = file(LENGTH, 16);
    let served = bytes.clone();
    // Silence before the headers, then in the middle of the body, then all is well.
    let server = Faulty::start(move |number, asked, stream| match number {
        0 => thread::sleep(Duration::from_secs(20)),
        1 => {
            let headers = [("content-length", LENGTH.to_string()), ("etag", "\"1\"".to_owned())];
            head(stream, "200 OK", &headers);
            let _ = stream.write_all(&served[..LENGTH / 2]);
            thread::sleep(Duration::from_secs(20));
        }
        _ => send_file(stream, asked, &served, "\"1\"", usize::MAX),
    });
    let started = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let idle = Duration::from_millis(300);
    let client = MastClient::new(Https::default(), ClientOptions { idle, ..hasty(&server.url) });
    let products = [product("a_drc.fits", Some(LENGTH))];
    let manifest = client.download(&products, folder.path(), &options()).unwrap();
    assert_right(folder.path(), &manifest, &bytes);
    assert_eq!(server.asked()[2].from(), Some(LENGTH / 2 - AGAIN));
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

#[test]
fn slow_and_steady_is_not_silence() {
    let bytes = file(LENGTH, 26);
    let served = bytes.clone();
    let server = Faulty::start(move |_, _, stream| {
        head(stream, "200 OK", &[("content-length", LENGTH.to_string())]);
        for piece in served.chunks(LENGTH / 10) {
            let _ = stream.write_all(piece);
            thread::sleep(Duration::from_millis(100));
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let idle = Duration::from_millis(400);
    let client = MastClient::new(Https::default(), ClientOptions { idle, ..hasty(&server.url) });
    let products = [product("a_drc.fits", Some(LENGTH))];
    let manifest = client.download(&products, folder.path(), &options()).unwrap();
    assert_right(folder.path(), &manifest, &bytes);
    assert_eq!(manifest.rows[0].attempts, 1, "the idle limit is no limit on the whole");
}

#[test]
fn dripping_ends_at_the_deadline() {
    let server = Faulty::start(|_, _, stream| {
        head(stream, "200 OK", &[("content-length", LENGTH.to_string())]);
        for byte in file(LENGTH, 17) {
            if stream.write_all(&[byte]).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
    });
    let started = Instant::now();
    let file_deadline = Duration::from_secs(1);
    let (folder, manifest) = fetch(&server, &DownloadOptions { file_deadline, ..options() });
    assert_failed(folder.path(), &manifest, "the deadline passed while waiting for http");
    assert!(started.elapsed() < Duration::from_millis(1500), "{:?}", started.elapsed());
}

#[test]
fn files_without_a_length_are_fetched() {
    let bytes = file(LENGTH, 18);
    let served = bytes.clone();
    let server = Faulty::start(move |number, _, stream| {
        if number == 0 {
            // The end of the connection is the end of the file, so a cut shows only in the list.
            head(stream, "200 OK", &[]);
            let _ = stream.write_all(&served[..LENGTH / 3]);
            return;
        }
        head(stream, "200 OK", &[("transfer-encoding", "chunked".to_owned())]);
        for chunk in served.chunks(50_000) {
            let _ = stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes());
            let _ = stream.write_all(&[chunk, b"\r\n"].concat());
        }
        let _ = stream.write_all(b"0\r\n\r\n");
    });
    let (folder, manifest) = fetch(&server, &options());
    assert_right(folder.path(), &manifest, &bytes);
    assert_eq!(manifest.rows[0].attempts, 2);
}

#[test]
fn sizes_that_differ_from_the_list_warn_or_fail() {
    let bytes = file(LENGTH + 2880, 19);
    let served = bytes.clone();
    let server = Faulty::start(move |_, asked, stream| {
        send_file(stream, asked, &served, "\"1\"", usize::MAX);
    });
    let (folder, manifest) = fetch(&server, &options());
    assert_right(folder.path(), &manifest, &bytes);
    assert_eq!(manifest.rows[0].warnings, ["the product list says 288000 bytes, not 290880"]);
    let (folder, manifest) = fetch(&server, &DownloadOptions { sizes: Sizes::Strict, ..options() });
    assert_failed(folder.path(), &manifest, "290880 bytes instead of 288000 in a_drc.fits");
    assert_eq!(server.asked().len(), 2, "the same again would not help");
}

#[test]
fn one_failure_stops_no_other_file() {
    let bytes = file(LENGTH, 20);
    let served = bytes.clone();
    let server = Faulty::start(move |_, asked, stream| {
        if asked.line.contains("gone.fits") {
            send(stream, "404 Not Found", &[], b"no such file");
        } else {
            send_file(stream, asked, &served, "\"1\"", usize::MAX);
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let names = ["a.fits", "gone.fits", "../../evil.fits", "b.fits", "a.fits", "c.fits"];
    let products = names.map(|name| product(name, Some(LENGTH)));
    let manifest = client(&server.url).download(&products, folder.path(), &options()).unwrap();
    let status: Vec<_> = manifest.rows.iter().map(|row| row.status).collect();
    use Status::{Complete, Failed};
    assert_eq!(status, [Complete, Failed, Failed, Complete, Complete, Complete]);
    assert_eq!(manifest.rows[2].error, ["unsafe file name from the server: \"../../evil.fits\""]);
    assert_eq!(self::names(folder.path()), [".mast", "a.fits", "b.fits", "c.fits"]);
    assert_eq!(server.asked().len(), 4, "a file that is listed twice is fetched once");
    assert_eq!(manifest.missing(&products).len(), 2);
    let path = folder.path().join("manifest.jsonl");
    manifest.write(&path).unwrap();
    assert_eq!(Manifest::read(&path).unwrap(), manifest);
}

#[test]
fn limits_are_checked_before_anything_is_fetched() {
    let server = Faulty::start(|_, _, stream| send(stream, "500 Oh", &[], b""));
    let folder = tempfile::tempdir().unwrap();
    let download = |products: &[Product], options: DownloadOptions| {
        client(&server.url).download(products, folder.path(), &options).unwrap_err()
    };
    let two = [product("a.fits", Some(700)), product("b.fits", Some(400))];
    let few = DownloadOptions { max_bytes: Some(1000), ..options() };
    assert_eq!(download(&two, few).to_string(), "1100 bytes to fetch, more than 1000");
    let huge = [product("a.fits", Some(1 << 60))];
    assert!(
        matches!(download(&huge, options()), Error::DiskFull { needed, .. } if needed == 1 << 60)
    );
    let same = [product("a.fits", None), product("x/A.fits", None)];
    assert!(matches!(download(&same, options()), Error::Collision { .. }));
    assert_eq!(server.asked().len(), 0);
}

#[test]
fn revalidation_fetches_what_changed_and_survives_a_dead_archive() {
    let (old, new) = (file(LENGTH, 21), file(LENGTH, 22));
    let (first, second) = (old.clone(), new.clone());
    let server = Faulty::start(move |number, asked, stream| match number {
        0 | 1 => send_file(stream, asked, &first, "\"old\"", usize::MAX),
        _ => send_file(stream, asked, &second, "\"new\"", usize::MAX),
    });
    let (folder, manifest) = fetch(&server, &options());
    assert_right(folder.path(), &manifest, &old);
    let revalidate = DownloadOptions { policy: CachePolicy::Revalidate, ..options() };
    let products = [product("a_drc.fits", Some(LENGTH))];
    let again = |url: &str| {
        client(url).download(&products, folder.path(), &revalidate).unwrap().rows.remove(0)
    };
    assert_eq!(again(&server.url).status, Status::Cached);
    assert_eq!(again(&server.url).status, Status::Complete);
    assert!(fs::read(folder.path().join("a_drc.fits")).unwrap() == new);
    let row = again("http://127.0.0.1:1");
    assert_eq!(row.status, Status::Cached);
    assert!(row.warnings[0].starts_with("not revalidated: cannot reach"), "{:?}", row.warnings);
}

/// What a server that gives no parts has sent is of no use to anyone.
#[test]
fn nothing_is_left_that_cannot_be_continued() {
    let headers = |etag: bool, length: bool, ranges: bool| {
        let mut headers = Vec::new();
        if etag {
            headers.push(("etag", "\"1\"".to_owned()));
        }
        if length {
            headers.push(("content-length", LENGTH.to_string()));
        }
        if !ranges {
            headers.push(("accept-ranges", "none".to_owned()));
        }
        headers
    };
    for (etag, length, ranges) in
        [(true, true, true), (false, true, true), (true, true, false), (false, false, true)]
    {
        let headers = headers(etag, length, ranges);
        let server = Faulty::start(move |_, _, stream| {
            head(stream, "200 OK", &headers);
            let _ = stream.write_all(&file(LENGTH, 30)[..LENGTH / 2]);
            thread::sleep(Duration::from_secs(20));
        });
        let file_deadline = Duration::from_millis(300);
        let (folder, manifest) = fetch(&server, &DownloadOptions { file_deadline, ..options() });
        assert_failed(folder.path(), &manifest, "the deadline passed");
        let left = names(folder.path());
        if length && ranges {
            assert_eq!(left.len(), 3, "part and note: {left:?}");
            assert_eq!(manifest.rows[0].bytes, LENGTH as u64 / 2);
        } else {
            assert_eq!((left, manifest.rows[0].bytes), (vec![".mast".to_owned()], 0));
        }
    }
}

/// Every byte that came is on its way to the disk before more are asked for.
#[test]
fn no_file_is_held_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let transport = Endless { folder: folder.path().to_owned() };
    let client = MastClient::new(transport, hasty("http://archive.invalid"));
    let manifest = client.download(&[product("a.fits", None)], folder.path(), &options()).unwrap();
    assert_eq!((manifest.rows[0].status, manifest.rows[0].bytes), (Status::Complete, 64 << 20));
}

/// Sends 64 MiB, and looks before each piece whether those before it were written.
#[derive(Debug)]
struct Endless {
    folder: std::path::PathBuf,
}

impl mast_client::Transport for Endless {
    fn send(&self, request: &mast_client::Request) -> mast_client::Result<mast_client::Response> {
        let folder = self.folder.clone();
        let written = move || {
            let names = names(&folder);
            let part = names.iter().find(|name| name.contains(".part-") && !name.contains("json"));
            part.map_or(0, |part| fs::metadata(folder.join(part)).unwrap().len())
        };
        let pieces = (0..64_u64).map(move |number| {
            assert_eq!(written(), number << 20);
            let mut piece = vec![0; 1 << 20];
            piece[..9].copy_from_slice(b"SIMPLE  =");
            Ok(piece)
        });
        Ok(mast_client::Response {
            status: 200,
            url: request.url.clone(),
            headers: mast_client::Headers::default(),
            body: Box::new(pieces),
        })
    }
}

#[test]
fn cancelling_ends_everything_soon() {
    let server = Faulty::start(|_, _, stream| {
        head(
            stream,
            "200 OK",
            &[("content-length", LENGTH.to_string()), ("etag", "\"1\"".to_owned())],
        );
        let _ = stream.write_all(&file(LENGTH, 24)[..LENGTH / 2]);
        thread::sleep(Duration::from_secs(20));
    });
    let cancel = Cancel::new();
    let stop = cancel.clone();
    let progress = Progress::new(move |event| {
        if matches!(event, Event::Received { .. }) {
            stop.cancel();
        }
    });
    let options = DownloadOptions { jobs: 1, progress: Some(progress), ..options() };
    let client = MastClient::new(Https::default(), ClientOptions { cancel, ..hasty(&server.url) });
    let folder = tempfile::tempdir().unwrap();
    let products = [product("a.fits", Some(LENGTH)), product("b.fits", Some(LENGTH))];
    let started = Instant::now();
    let rows = client.download(&products, folder.path(), &options).unwrap().rows;
    assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
    assert_eq!((rows[0].status, rows[1].status), (Status::Failed, Status::Skipped));
    assert_eq!(rows[0].error, ["cancelled"]);
    // What came is kept for the next run.
    assert!((1..=LENGTH as u64 / 2).contains(&rows[0].bytes), "{rows:?}");
    assert_eq!(names(folder.path()).len(), 3, "part and note");
}

#[test]
fn files_come_several_at_a_time_and_no_more() {
    let now =
        Arc::new((std::sync::atomic::AtomicUsize::new(0), std::sync::atomic::AtomicUsize::new(0)));
    let counts = now.clone();
    let bytes = file(LENGTH, 25);
    let server = Faulty::start(move |_, asked, stream| {
        use std::sync::atomic::Ordering::SeqCst;
        let busy = counts.0.fetch_add(1, SeqCst) + 1;
        counts.1.fetch_max(busy, SeqCst);
        thread::sleep(Duration::from_millis(50));
        counts.0.fetch_sub(1, SeqCst);
        send_file(stream, asked, &bytes, "\"1\"", usize::MAX);
    });
    let folder = tempfile::tempdir().unwrap();
    let products: Vec<_> =
        (0..12).map(|number| product(&format!("{number}.fits"), Some(LENGTH))).collect();
    let manifest = client(&server.url).download(&products, folder.path(), &options()).unwrap();
    assert!(manifest.rows.iter().all(|row| row.status == Status::Complete));
    let uris: Vec<_> = manifest.rows.iter().map(|row| &row.uri).collect();
    assert!(uris.iter().zip(&products).all(|(uri, product)| *uri == product.data_uri.text()));
    assert_eq!(now.1.load(std::sync::atomic::Ordering::SeqCst), 4);
}
