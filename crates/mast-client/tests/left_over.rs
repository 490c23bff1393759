//! Whatever lies in the folder already, each file under its own name is the archive's afterwards.

mod common;
#[path = "common/faulty.rs"]
mod faulty;

use std::fs;
use std::path::Path;

use common::hasty;
use faulty::{Faulty, file, head, send_file};
use mast_client::{
    CachePolicy, DownloadOptions, Error, FileCheck, Https, ManifestRow, MastClient, Product, Status,
};

const LENGTH: usize = 2880 * 100;
/// Bytes that are asked for again where a file is continued.
const AGAIN: usize = 4 << 10;
const NAME: &str = "a_drc.fits";

fn product(size: Option<usize>) -> Product {
    Product {
        product_filename: NAME.into(),
        data_uri: "mast:HST/product/a_drc.fits".into(),
        size: size.map_or(mast_client::Field::Null, |size| i64::try_from(size).unwrap().into()),
        ..Product::default()
    }
}

fn honest(bytes: Vec<u8>, etag: &'static str) -> Faulty {
    Faulty::start(move |_, asked, stream| send_file(stream, asked, &bytes, etag, usize::MAX))
}

fn download(server: &Faulty, folder: &Path, options: &DownloadOptions) -> ManifestRow {
    let client = MastClient::new(Https::default(), hasty(&server.url));
    client.download(&[product(Some(LENGTH))], folder, options).unwrap().rows.remove(0)
}

fn options() -> DownloadOptions {
    DownloadOptions { sync_every: 1 << 16, ..DownloadOptions::default() }
}

fn vouching(vouch: bool) -> DownloadOptions {
    let vouch =
        move |_: &Path| if vouch { Ok(()) } else { Err("the sum of SCI is another".into()) };
    DownloadOptions { vouch: Some(FileCheck::new(vouch)), ..options() }
}

fn content(folder: &Path) -> Vec<u8> {
    fs::read(folder.join(NAME)).unwrap()
}

fn flip(folder: &Path, at: usize) {
    let mut bytes = content(folder);
    bytes[at] ^= 1;
    fs::write(folder.join(NAME), bytes).unwrap();
}

/// Shorter, longer, other bytes of the same length: nothing of it is believed, and nothing of it stays.
#[test]
fn other_bytes_under_the_name_are_replaced() {
    let bytes = file(LENGTH, 1);
    let server = honest(bytes.clone(), "\"1\"");
    let longer = [&bytes[..], &[0; 2880]].concat();
    for left in [&bytes[..5000], b"<html>maintenance", b"", &longer, &file(LENGTH, 2), &bytes] {
        // Without anybody who vouches for it even the right file is fetched; else the wrong ones.
        for options in [options(), vouching(left == bytes)] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(NAME), left).unwrap();
            let row = download(&server, folder.path(), &options);
            let adopted = options.vouch.is_some() && left == bytes;
            let status = if adopted { Status::Cached } else { Status::Complete };
            assert_eq!((row.status, row.warnings.len()), (status, usize::from(adopted)));
            assert!(content(folder.path()) == bytes);
        }
    }
}

/// A file that was verified once and touched since then is compared with what it was.
#[test]
fn a_damaged_file_is_fetched_again_and_a_touched_one_is_not() {
    let bytes = file(LENGTH, 3);
    let server = honest(bytes.clone(), "\"1\"");
    let folder = tempfile::tempdir().unwrap();
    // Even where the caller would vouch for anything.
    let options = vouching(true);
    assert_eq!(download(&server, folder.path(), &options).status, Status::Complete);
    flip(folder.path(), LENGTH / 2);
    assert_eq!(download(&server, folder.path(), &options).status, Status::Complete);
    assert!(content(folder.path()) == bytes);
    assert_eq!(server.asked().len(), 2);
    fs::write(folder.path().join(NAME), &bytes).unwrap();
    let touched = download(&server, folder.path(), &options);
    assert_eq!((touched.status, touched.warnings.len()), (Status::Cached, 0));
    assert_eq!(server.asked().len(), 2);
}

/// The reference fetches a file without a length each time anew.
#[test]
fn a_file_of_unknown_length_is_fetched_once() {
    let bytes = file(LENGTH, 4);
    let served = bytes.clone();
    let server = Faulty::start(move |_, _, stream| {
        head(stream, "200 OK", &[]);
        let _ = std::io::Write::write_all(stream, &served);
    });
    let folder = tempfile::tempdir().unwrap();
    let client = MastClient::new(Https::default(), hasty(&server.url));
    for status in [Status::Complete, Status::Cached, Status::Cached] {
        let manifest = client.download(&[product(None)], folder.path(), &options()).unwrap();
        assert_eq!(manifest.rows[0].status, status);
        assert!(content(folder.path()) == bytes);
    }
    assert_eq!(server.asked().len(), 1);
}

/// The name of the part and of its note are the crate's own affair, so they are found by making them.
fn cut_once(folder: &Path, bytes: &[u8]) -> (std::path::PathBuf, std::path::PathBuf) {
    let served = bytes.to_vec();
    let server = Faulty::start(move |_, asked, stream| {
        send_file(stream, asked, &served, "\"1\"", LENGTH / 2);
        std::thread::sleep(std::time::Duration::from_secs(5));
    });
    let file_deadline = std::time::Duration::from_millis(200);
    let row = download(&server, folder, &DownloadOptions { file_deadline, ..options() });
    assert_eq!((row.status, row.bytes), (Status::Failed, LENGTH as u64 / 2), "{row:?}");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut left: Vec<_> = entries.filter(|path| !path.ends_with(".mast")).collect();
    left.sort();
    let [part, note] = &left[..] else { panic!("{left:?}") };
    (part.clone(), note.clone())
}

#[test]
fn a_part_is_continued_by_a_later_run_or_begun_anew() {
    let bytes = file(LENGTH, 5);
    type Spoil = fn(&Path, &Path);
    let spoilers: [(Spoil, Option<usize>); 7] = [
        (|_, _| {}, Some(LENGTH / 2 - AGAIN)),
        // The note is lost, damaged, of another file, or says more than there is.
        (|_, note| fs::remove_file(note).unwrap(), None),
        (|_, note| fs::write(note, "{\"uri\":\"mast").unwrap(), None),
        (
            |_, note| {
                let text = fs::read_to_string(note).unwrap().replace("a_drc", "b_drc");
                fs::write(note, text).unwrap();
            },
            None,
        ),
        (|part, _| fs::write(part, "SIMPLE  =").unwrap(), None),
        // The part is gone, or holds other bytes, which the last of them show.
        (|part, _| fs::remove_file(part).unwrap(), None),
        (|part, _| fs::write(part, file(LENGTH / 2, 6)).unwrap(), Some(LENGTH / 2 - AGAIN)),
    ];
    for (spoil, from) in spoilers {
        let folder = tempfile::tempdir().unwrap();
        let (part, note) = cut_once(folder.path(), &bytes);
        spoil(&part, &note);
        let server = honest(bytes.clone(), "\"1\"");
        let row = download(&server, folder.path(), &options());
        assert_eq!(row.status, Status::Complete, "{row:?}");
        assert!(content(folder.path()) == bytes);
        assert_eq!(server.asked()[0].from(), from);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "something is left over");
    }
}

#[test]
fn a_part_of_an_older_file_is_not_continued() {
    for etag in ["\"2\"", ""] {
        let (old, new) = (file(LENGTH, 7), file(LENGTH, 8));
        let folder = tempfile::tempdir().unwrap();
        cut_once(folder.path(), &old);
        let server = honest(new.clone(), etag);
        assert_eq!(download(&server, folder.path(), &options()).status, Status::Complete);
        assert!(content(folder.path()) == new);
    }
}

#[test]
fn a_lost_or_damaged_index_costs_a_look_or_a_download() {
    let bytes = file(LENGTH, 9);
    let server = honest(bytes.clone(), "\"1\"");
    for text in [None, Some("{\"name\":\"a_drc.fits\"}\n\u{0}\n[]\n"), Some("")] {
        let folder = tempfile::tempdir().unwrap();
        download(&server, folder.path(), &options());
        let index = folder.path().join(".mast/index.jsonl");
        match text {
            None => fs::remove_file(index).unwrap(),
            Some(text) => fs::write(index, text).unwrap(),
        }
        assert_eq!(download(&server, folder.path(), &vouching(true)).status, Status::Cached);
        assert_eq!(download(&server, folder.path(), &options()).status, Status::Cached);
        assert!(content(folder.path()) == bytes);
    }
}

#[test]
fn what_cannot_be_written_is_a_failed_row_or_an_error() {
    let server = honest(file(LENGTH, 10), "\"1\"");
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(NAME)).unwrap();
    let row = download(&server, folder.path(), &options());
    assert_eq!(row.status, Status::Failed);
    assert!(row.error[0].starts_with("cannot write"), "{:?}", row.error);
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let client = MastClient::new(Https::default(), hasty(&server.url));
    let error = client.download(&[product(None)], &file, &options()).unwrap_err();
    assert!(matches!(error, Error::Disk { .. }), "{error}");
}

/// The length changes between the question whether a file is still the same and its download.
#[test]
fn a_size_that_changes_between_question_and_answer_ends_right() {
    let (old, new) = (file(LENGTH, 11), file(LENGTH, 12));
    let (first, last) = (old.clone(), new.clone());
    let server = Faulty::start(move |number, asked, stream| match number {
        0 => send_file(stream, asked, &first, "", usize::MAX),
        1 => head(stream, "200 OK", &[("content-length", (LENGTH - 2880).to_string())]),
        _ => send_file(stream, asked, &last, "", usize::MAX),
    });
    let folder = tempfile::tempdir().unwrap();
    download(&server, folder.path(), &options());
    assert!(content(folder.path()) == old);
    let options = DownloadOptions { policy: CachePolicy::Revalidate, ..options() };
    assert_eq!(download(&server, folder.path(), &options).status, Status::Complete);
    assert!(content(folder.path()) == new);
    assert!(server.asked()[1].line.starts_with("HEAD "));
}
