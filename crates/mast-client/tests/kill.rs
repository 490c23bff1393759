//! A download that is killed anywhere continues right, and two processes may share a folder.

mod common;
#[path = "common/faulty.rs"]
mod faulty;

use std::collections::HashMap;
use std::env;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use common::hasty;
use faulty::{Faulty, file, head};
use mast_client::{DownloadOptions, Https, MastClient, Product, Status};

const FILES: u64 = 3;
const LENGTH: usize = 2880 * 200;
const URL: &str = "MAST_CLIENT_TEST_URL";
const FOLDER: &str = "MAST_CLIENT_TEST_FOLDER";

fn name(number: u64) -> String {
    format!("{number}_drc.fits")
}

fn products() -> Vec<Product> {
    let product = |number| Product {
        product_filename: name(number).as_str().into(),
        data_uri: name(number).as_str().into(),
        size: i64::try_from(LENGTH).unwrap().into(),
        ..Product::default()
    };
    (0..FILES).map(product).collect()
}

/// Serves the files in small pieces, so that a kill meets them anywhere.
fn server(pause: Duration) -> Faulty {
    let files: HashMap<_, _> =
        (0..FILES).map(|number| (name(number), file(LENGTH, number))).collect();
    Faulty::start(move |_, asked, stream| {
        let name = asked.line.split("?uri=").nth(1).unwrap().split(' ').next().unwrap();
        let whole = &files[name];
        let from = asked.from().filter(|from| *from < whole.len());
        let rest = &whole[from.unwrap_or(0)..];
        let range = format!("bytes {}-{}/{}", from.unwrap_or(0), whole.len() - 1, whole.len());
        let headers = [
            ("content-length", rest.len().to_string()),
            ("etag", format!("\"{name}\"")),
            ("content-range", range),
        ];
        let status = if from.is_some() { "206 Partial Content" } else { "200 OK" };
        head(stream, status, &headers[..if from.is_some() { 3 } else { 2 }]);
        for piece in rest.chunks(16 << 10) {
            if stream.write_all(piece).is_err() {
                return;
            }
            thread::sleep(pause);
        }
    })
}

/// The other process: this test binary again, with only the test below.
fn child(server: &Faulty, folder: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "the_other_process"])
        .env(URL, &server.url)
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Does nothing unless another test started it.
#[test]
fn the_other_process() {
    let (Ok(url), Ok(folder)) = (env::var(URL), env::var(FOLDER)) else { return };
    let client = MastClient::new(Https::default(), hasty(&url));
    let options = DownloadOptions { sync_every: 32 << 10, ..DownloadOptions::default() };
    let manifest = client.download(&products(), Path::new(&folder), &options).unwrap();
    assert!(manifest.rows.iter().all(|row| row.is_there()), "{manifest:?}");
}

fn assert_named_files_are_right(folder: &Path) -> usize {
    let right = |number: &u64| match fs::read(folder.join(name(*number))) {
        Ok(bytes) => {
            assert!(bytes == file(LENGTH, *number), "a wrong file under its own name");
            true
        }
        Err(_) => false,
    };
    (0..FILES).filter(right).count()
}

#[test]
fn killed_fifty_times_the_files_are_right() {
    let server = server(Duration::from_millis(1));
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut kills = 0;
    while kills < 50 {
        let folder = tempfile::tempdir().unwrap();
        // The same folder again and again, until it is complete.
        while kills < 50 && assert_named_files_are_right(folder.path()) < FILES as usize {
            let mut child = child(&server, folder.path());
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            thread::sleep(Duration::from_millis(5 + random % 45));
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
        }
        assert!(child(&server, folder.path()).wait().unwrap().success());
        assert_eq!(assert_named_files_are_right(folder.path()), FILES as usize);
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1 + FILES as usize, "parts are left over");
    }
    let continued = server.asked().iter().filter(|asked| asked.from().is_some()).count();
    assert!(continued > 0, "nothing was ever continued");
}

#[test]
fn two_processes_share_a_folder() {
    for _ in 0..5 {
        let server = server(Duration::from_micros(200));
        let folder = tempfile::tempdir().unwrap();
        let mut children = [(); 3].map(|()| child(&server, folder.path()));
        assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
        assert_eq!(assert_named_files_are_right(folder.path()), FILES as usize);
        assert_eq!(server.asked().len(), FILES as usize, "each file came once");
        let client = MastClient::new(Https::default(), hasty("http://127.0.0.1:1"));
        let again = client.download(&products(), folder.path(), &DownloadOptions::default());
        assert!(again.unwrap().rows.iter().all(|row| row.status == Status::Cached));
    }
}
