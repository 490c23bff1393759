//! Answers to questions: complete, or an error that says why, in time.

mod common;
#[path = "common/faulty.rs"]
mod faulty;

use std::io::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use common::hasty;
use faulty::{Asked, Faulty, head, send};
use mast_client::{ClientOptions, Cone, Error, Field, Https, MastClient};

fn client(url: &str) -> MastClient {
    MastClient::new(Https::default(), hasty(url))
}

fn cone() -> Cone {
    Cone { center: "10 20".parse().unwrap(), radius: astro_coords::Angle::from_degrees(0.1) }
}

fn page(page: usize, pages: usize, ids: std::ops::Range<usize>, all: usize) -> Vec<u8> {
    let rows: Vec<_> = ids.map(|id| serde_json::json!({ "obsid": id })).collect();
    serde_json::json!({
        "status": "COMPLETE", "data": rows,
        "paging": { "page": page, "pagesFiltered": pages, "rows": rows.len(), "rowsFiltered": all },
    })
    .to_string()
    .into_bytes()
}

fn ask(server: &Faulty) -> Result<usize, Error> {
    client(&server.url).observations(cone()).map(|answer| answer.rows.len())
}

fn asked_page(asked: &Asked) -> usize {
    let body = String::from_utf8(asked.body.clone()).unwrap();
    let from = body.find("%22page%22%3A").unwrap() + 13;
    body[from..].split('%').next().unwrap().parse().unwrap()
}

#[test]
fn all_pages_come_in_order() {
    let server = Faulty::start(|_, asked, stream| {
        let number = asked_page(asked);
        let ids = (number - 1) * 10..(number * 10).min(25);
        send(stream, "200 OK", &[], &page(number, 3, ids, 25));
    });
    let rows = client(&server.url).observations(cone()).unwrap().rows;
    let ids: Vec<_> = rows.iter().filter_map(|row| row.obsid.copied()).map(|id| id.0).collect();
    assert_eq!(ids, (0..25).collect::<Vec<_>>());
    assert_eq!(server.asked().len(), 3);
}

#[test]
fn lost_and_repeated_pages_are_errors() {
    let lost = Faulty::start(|_, asked, stream| {
        let number = asked_page(asked);
        let ids = if number == 2 { 0..0 } else { 0..10 };
        send(stream, "200 OK", &[], &page(number, 3, ids, 25));
    });
    let error = ask(&lost).unwrap_err();
    assert_eq!(error.to_string(), "20 rows of 25 came from Mast.Caom.Cone");
    let stuck = Faulty::start(|_, _, stream| send(stream, "200 OK", &[], &page(1, 3, 0..10, 25)));
    let error = ask(&stuck).unwrap_err();
    assert_eq!(error.to_string(), "page 1 came instead of page 2 from Mast.Caom.Cone");
}

#[test]
fn passing_faults_are_passed_over() {
    let server = Faulty::start(|number, _, stream| match number {
        0 => {}
        1 => send(stream, "502 Bad Gateway", &[], b""),
        2 => {
            head(stream, "200 OK", &[("content-length", "5000".to_owned())]);
            let _ = stream.write_all(b"{\"status\":");
        }
        3 => send(stream, "200 OK", &[], br#"{"status":"EXECUTING"}"#),
        _ => send(stream, "200 OK", &[], &page(1, 1, 0..5, 5)),
    });
    assert_eq!(ask(&server).unwrap(), 5);
}

#[test]
fn lasting_faults_are_errors_that_name_themselves() {
    let html = Faulty::start(|_, _, stream| send(stream, "200 OK", &[], b"<html>down"));
    let message = ask(&html).unwrap_err().to_string();
    assert!(message.contains("starts with \"<html>down\""), "{message}");
    let refused = Faulty::start(|_, _, stream| send(stream, "400 Bad Request", &[], b"bad filter"));
    let message = ask(&refused).unwrap_err().to_string();
    assert!(message.starts_with("status 400 from http") && message.ends_with(": bad filter"));
    assert_eq!(refused.asked().len(), 1);
    assert!(matches!(
        client("http://127.0.0.1:1").observations(cone()),
        Err(Error::Unreachable { .. })
    ));
}

#[test]
fn a_job_that_never_ends_is_left_at_the_deadline() {
    let server = Faulty::start(|_, _, stream| {
        send(stream, "200 OK", &[], br#"{"status":"EXECUTING"}"#);
    });
    let deadline = Duration::from_millis(400);
    let options = ClientOptions { deadline, ..hasty(&server.url) };
    let started = Instant::now();
    let error = MastClient::new(Https::default(), options).observations(cone()).unwrap_err();
    assert!(matches!(error, Error::Deadline { .. }), "{error}");
    assert!(started.elapsed() < Duration::from_millis(900));
    let same = server.asked();
    assert!(same.len() > 10 && same.iter().all(|asked| asked.body == same[0].body));
}

/// A good answer with bytes changed, taken away or doubled at chance places.
fn spoilt(answer: &[u8], mut seed: u64) -> Vec<u8> {
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed >> 20).unwrap() % below.max(1)
    };
    let mut bytes = answer.to_vec();
    for _ in 0..=random(6) {
        let (at, to) = (random(bytes.len()), random(bytes.len()));
        match random(5) {
            0 => bytes[at] = u8::try_from(random(256)).unwrap(),
            1 => bytes[at] = b"{}[]\",:-e9\\"[random(11)],
            2 => bytes.truncate(at.max(1)),
            3 => drop(bytes.drain(at.min(to)..at.max(to).min(at.min(to) + 40))),
            _ => bytes.extend_from_within(at.min(to)..at.max(to).min(at.min(to) + 40)),
        }
    }
    bytes
}

#[test]
fn spoilt_answers_are_errors_or_rows_and_never_a_panic() {
    let good = page(1, 1, 0..3, 3);
    let full = br#"{"status":"COMPLETE","msg":"","fields":[{"name":"obsid","type":"string"}],"data":[
        {"obsid":18013987996,"s_ra":"12.5","calib_level":3,"mtFlag":true,"s_region":"POLYGON -1 2 3",
        "t_min":1e300,"dataURL":null,"new":{"a":[1,2]},"_selected_":null}],
        "paging":{"page":1,"pagesFiltered":1,"rows":1,"rowsFiltered":1}}"#;
    let mut rows = 0;
    for seed in 1..4000_u64 {
        let answer = if seed % 2 == 0 { &good[..] } else { full };
        let canned =
            common::Canned::always(spoilt(answer, seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        let mut options = hasty("http://archive.invalid");
        options.deadline = Duration::from_millis(20);
        if let Ok(answer) = MastClient::new(canned, options).observations(cone()) {
            rows += answer.rows.len();
            answer.rows.iter().for_each(|row| drop(row.footprint()));
        }
    }
    assert!(rows > 100, "{rows}");
}

/// With little patience, so that silence ends soon.
fn impatient(server: &Faulty) -> MastClient {
    let (deadline, idle) = (Duration::from_millis(800), Duration::from_millis(150));
    MastClient::new(Https::default(), ClientOptions { deadline, idle, ..hasty(&server.url) })
}

#[test]
fn silence_and_dripping_end_in_time() {
    let silent = Faulty::start(|_, _, _| thread::sleep(Duration::from_secs(20)));
    let stalled = Faulty::start(|_, _, stream| {
        head(stream, "200 OK", &[("content-length", "5000".to_owned())]);
        let _ = stream.write_all(b"{\"status\":");
        thread::sleep(Duration::from_secs(20));
    });
    let dripping = Faulty::start(|_, _, stream| {
        head(stream, "200 OK", &[("content-length", "5000".to_owned())]);
        for _ in 0..5000 {
            if stream.write_all(b" ").is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    });
    for (server, problem) in [
        (silent, "nothing came for 0.15 s from"),
        (stalled, "nothing came for 0.15 s from"),
        (dripping, "the deadline passed while waiting for"),
    ] {
        let started = Instant::now();
        let error = impatient(&server).observations(cone()).unwrap_err();
        assert!(error.to_string().starts_with(problem), "{error}");
        assert!(started.elapsed() < Duration::from_millis(1300), "{:?}", started.elapsed());
    }
}

#[test]
fn a_busy_service_is_waited_for_as_it_asks() {
    for status in ["503 Service Unavailable", "429 Too Many Requests"] {
        let server = Faulty::start(move |number, _, stream| match number {
            0 => send(stream, status, &[("retry-after", "1".to_owned())], b"busy"),
            _ => send(stream, "200 OK", &[], &page(1, 1, 0..5, 5)),
        });
        let started = Instant::now();
        assert_eq!(ask(&server).unwrap(), 5);
        assert!(started.elapsed() >= Duration::from_secs(1), "{:?}", started.elapsed());
    }
    let closed = Faulty::start(|_, _, stream| {
        send(stream, "503 Service Unavailable", &[("retry-after", "7200".to_owned())], b"closed");
    });
    let started = Instant::now();
    assert!(matches!(ask(&closed), Err(Error::Refused { status: 503, .. })));
    assert!(started.elapsed() < Duration::from_secs(1));
}

#[test]
fn a_failed_job_says_why_and_is_not_repeated() {
    let server = Faulty::start(|number, _, stream| match number {
        0 | 1 => send(stream, "200 OK", &[], br#"{"status":"EXECUTING","msg":""}"#),
        _ => send(stream, "200 OK", &[], br#"{"status":"ERROR","msg":"Invalid column"}"#),
    });
    assert_eq!(ask(&server).unwrap_err().to_string(), "Mast.Caom.Cone failed: Invalid column");
    assert_eq!(server.asked().len(), 3);
    for body in ["", "{}", "null", "[]", "{\"status\":\"COMPLETE\",\"data\":[{", "\u{0}"] {
        let server =
            Faulty::start(move |_, _, stream| send(stream, "200 OK", &[], body.as_bytes()));
        let error = ask(&server).unwrap_err();
        let is_named = matches!(error, Error::Service { .. } | Error::UnexpectedContent { .. });
        assert!(is_named, "{body}: {error}");
    }
}

#[test]
fn columns_may_be_doubled_unknown_or_missing() {
    let body = br#"{"status":"COMPLETE","fields":[{"name":"obsid","type":"string"},
        {"name":"obsid","type":"int"},{"name":"brand_new","type":"mystery"}],
        "data":[{"obsid":7,"brand_new":"kept","s_ra":"1.5"},{"obsid":"8"}]}"#;
    let server = Faulty::start(move |_, _, stream| send(stream, "200 OK", &[], body));
    let answer = client(&server.url).observations(cone()).unwrap();
    assert_eq!(answer.columns, ["obsid", "brand_new"]);
    assert_eq!(answer.rows[0].other[0].0, "brand_new");
    assert_eq!((answer.rows[0].s_ra, answer.rows[1].s_ra), (Field::Value(1.5), Field::Missing));
    let ids: Vec<_> = answer.rows.iter().filter_map(|row| row.obsid.copied()).collect();
    assert_eq!(ids.iter().map(|id| id.0).collect::<Vec<_>>(), [7, 8]);
}
