//! Serves a folder on a line of 30 ms and 80 MB/s for `benches/peers/remote.py`: `serve FOLDER` prints its address; every
//! line on standard input prints what was asked since the last one, as JSON.
#![allow(clippy::print_stdout, reason = "a program for a script")]

use std::io::BufRead;

use testkit::{CLOUD, RangeServer};

fn main() {
    let folder = std::env::args().nth(1).expect("a folder");
    let server = RangeServer::start(folder.as_ref(), CLOUD, None);
    println!("{}", server.url);
    for _ in std::io::stdin().lock().lines() {
        println!("{{\"requests\": {}, \"bytes\": {}}}", server.asked().len(), server.sent());
        server.reset();
    }
}
