//! A session that Ctrl-C ends, and one that is recorded and used again without network.

#[expect(dead_code, reason = "no demo is needed here")]
mod common;
#[path = "common/field.rs"]
#[expect(dead_code, reason = "which images are used is tested elsewhere")]
mod field;
#[path = "common/server.rs"]
#[expect(dead_code, reason = "bytes are counted elsewhere")]
mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use common::{hst, stderr, stdout};
use server::Server;

/// The notebook's field, made once for all tests; they add an index to it and nothing else.
fn archive() -> &'static Path {
    static ARCHIVE: OnceLock<PathBuf> = OnceLock::new();
    ARCHIVE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("session-field");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        field::write(&folder);
        folder
    })
}

fn regions() -> String {
    archive().join("coma.reg").display().to_string()
}

/// Every image below `folder` is the archive's, byte for byte; gives their number.
fn right_images(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let images = names.filter(|name| name.to_string_lossy().ends_with(".fits"));
    let right = |name: &std::ffi::OsString| {
        let bytes = fs::read(folder.join(name)).expect("a file");
        assert!(bytes == fs::read(archive().join(name)).expect("the original"), "{name:?}");
    };
    images.inspect(right).count()
}

#[test]
fn a_recorded_session_is_used_again_without_network() {
    let folder = tempfile::tempdir().expect("a folder");
    let regions = regions();
    let server = Server::start(archive());
    let url = server.1.clone();
    let catalog = ["catalog", &regions, "--format", "csv", "--archive", &url];
    // What is in the cache already is recorded none the less.
    let plain = hst(folder.path(), &catalog);
    assert!(plain.status.success(), "{}", stderr(&plain));
    let recorded = hst(folder.path(), &[&catalog[..], &["--record", "lesson"]].concat());
    assert!(recorded.status.success(), "{}", stderr(&recorded));
    assert_eq!(stdout(&recorded), stdout(&plain));
    drop(server);

    // Another machine: the recording, an empty cache and no server.
    let classroom = tempfile::tempdir().expect("a folder");
    let lesson = folder.path().join("lesson").display().to_string();
    let replay = ["--replay", lesson.as_str()];
    let replayed = hst(classroom.path(), &[&catalog[..], &replay].concat());
    assert!(replayed.status.success(), "{}", stderr(&replayed));
    assert_eq!(stdout(&replayed), stdout(&plain));
    let fetch = ["fetch", &regions, "--archive", &url, "-d", "images", "--format", "csv"];
    let specs = ["--spec", "HST-ACS-WFC-F814W"];
    let other = hst(classroom.path(), &[&fetch[..], &replay, &specs].concat());
    assert_eq!(other.status.code(), Some(1), "another question was not recorded");
    let text = stderr(&other);
    assert!(text.contains("not recorded: POST") && text.contains("the nearest is"), "{text}");

    let neither = hst(folder.path(), &["search", &regions, "--archive", ".", "--record", "x"]);
    assert_eq!(neither.status.code(), Some(2));
    assert!(stderr(&neither).contains("--record and --replay are for servers"));
    let both = ["search", "--at", "1 2", "--record", "x", "--replay", "y"];
    assert_eq!(hst(folder.path(), &both).status.code(), Some(2));
}

#[cfg(unix)]
mod interrupted {
    use std::process::{Child, Command, Output, Stdio};
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;
    use server::Counter;

    /// Starts `hst` in `folder`. What runs in the background without a terminal ignores Ctrl-C, and so would its
    /// children, `hst` too: `env` undoes that, and becomes `hst`.
    fn start(folder: &Path, args: &[&str]) -> Child {
        let program = env!("CARGO_BIN_EXE_hst");
        let mut command = if cfg!(target_os = "linux") {
            let mut env = Command::new("env");
            env.args(["--default-signal=INT", program]);
            env
        } else {
            Command::new(program)
        };
        command
            .current_dir(folder)
            .env("HST_CACHE", folder.join("cache"))
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("hst runs")
    }

    /// Presses Ctrl-C once something was written to a part of a file, and waits for the end.
    fn interrupt(child: Child, images: &Path) -> Output {
        let started = Instant::now();
        let is_begun = || {
            let entries = fs::read_dir(images).into_iter().flatten().flatten();
            entries
                .filter(|e| e.file_name().to_string_lossy().contains(".part-"))
                .any(|e| e.metadata().is_ok_and(|part| part.len() > 100_000))
        };
        while !is_begun() {
            assert!(started.elapsed() < Duration::from_secs(30), "no part of a file");
            thread::sleep(Duration::from_millis(2));
        }
        let pressed = Instant::now();
        let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(kill.expect("kill runs").success());
        let output = child.wait_with_output().expect("it ends");
        assert!(pressed.elapsed() < Duration::from_secs(5), "{:?}", pressed.elapsed());
        output
    }

    /// The demo writes nine images: Ctrl-C while one has no name yet.
    #[test]
    fn ctrl_c_leaves_nothing_half_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let child = start(folder.path(), &["demo", "-o", "out"]);
        let (started, out) = (Instant::now(), folder.path().join("out"));
        let parts = || {
            let entries = fs::read_dir(&out).into_iter().flatten().flatten();
            entries.filter(|e| e.file_name().to_string_lossy().ends_with(".part")).count()
        };
        while parts() == 0 {
            assert!(started.elapsed() < Duration::from_secs(30), "no file is begun");
            thread::sleep(Duration::from_millis(1));
        }
        let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(kill.expect("kill runs").success());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
        assert_eq!(parts(), 0);
    }

    fn slow() -> (Server, Counter) {
        let server = Server::start(archive());
        let counter = Counter::slowing(&server, Duration::from_millis(30));
        (server, counter)
    }

    #[test]
    fn a_fetch_goes_on_where_it_was_interrupted() {
        let folder = tempfile::tempdir().expect("a folder");
        let (_server, counter) = slow();
        let regions = regions();
        let args = ["fetch", &regions, "--archive", &counter.url, "-d", "images"];
        let args = [&args[..], &["--jobs", "1", "-o", "manifest.csv"]].concat();
        let images = folder.path().join("images");
        let output = interrupt(start(folder.path(), &args), &images);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(130), "{text}");
        assert!(text.contains("interrupted: ") && text.contains(" of 4 files are there"), "{text}");
        assert!(!text.contains("error"), "{text}");
        let there = right_images(&images);
        assert!(there < 4);
        let manifest = fs::read_to_string(folder.path().join("manifest.csv")).expect("a manifest");
        assert_eq!(manifest.matches(",cancelled,").count(), 4 - there, "{manifest}");

        // The manifest tells what is missing, and what came is not asked for again.
        let args = ["fetch", "--retry-from", "manifest.csv", "--archive", &counter.url];
        let again = hst(folder.path(), &[&args[..], &["-d", "images"]].concat());
        assert!(again.status.success(), "{}", stderr(&again));
        assert_eq!(right_images(&images), 4);
        assert_eq!(counter.requests("range: bytes="), 1, "the part was continued");
        let left = fs::read_dir(&images).expect("a folder").count();
        assert_eq!(left, 4 + 1, "nothing but the files and the index");
    }

    #[test]
    fn a_catalog_goes_on_where_it_was_interrupted() {
        let folder = tempfile::tempdir().expect("a folder");
        let (_server, counter) = slow();
        let regions = regions();
        let args = ["catalog", &regions, "--archive", &counter.url, "-o", "catalog.csv"];
        let host = counter.url.trim_start_matches("http://").replace(':', "-");
        let images = folder.path().join("cache").join(host);
        let output = interrupt(start(folder.path(), &args), &images);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(130), "{text}");
        assert!(text.contains("interrupted: "), "{text}");
        assert!(!folder.path().join("catalog.csv").exists(), "a part of a catalog is none");
        assert!(right_images(&images) < 3);
        let again = hst(folder.path(), &args);
        assert!(again.status.success(), "{}", stderr(&again));
        assert_eq!(right_images(&images), 3);
        assert!(counter.requests("range: bytes=") > 0, "a part was continued");
        let rows = fs::read_to_string(folder.path().join("catalog.csv")).expect("a catalog");
        assert_eq!(rows.lines().count(), 1 + 7 * 3);
    }
}
