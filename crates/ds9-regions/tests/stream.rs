//! Files larger than memory.
#![cfg(target_os = "linux")]

use std::io::{self, Read};

use ds9_regions::{ParseOptions, RegionStream};

/// Lines that are made as they are read.
struct Endless {
    line: usize,
    lines: usize,
    rest: Vec<u8>,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() && self.line < self.lines {
            for _ in 0..100 {
                let n = self.line;
                self.rest.extend(format!("fk5;circle({n}d,2d,3\") # text={{s{n}}}\n").bytes());
                self.line += 1;
            }
        }
        let length = buffer.len().min(self.rest.len());
        buffer[..length].copy_from_slice(&self.rest[..length]);
        self.rest.drain(..length);
        Ok(length)
    }
}

/// The largest resident set of this process so far, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

#[test]
fn a_stream_holds_a_piece_of_the_file() {
    let lines = 400_000;
    let text = Endless { line: 0, lines, rest: Vec::new() };
    let mut regions = RegionStream::new(text, ParseOptions::default()).regions();
    regions.next().unwrap().unwrap();
    let before = peak();
    let mut count = 1;
    for region in regions {
        assert_eq!(region.unwrap().text(), Some(format!("s{count}").as_str()));
        count += 1;
    }
    assert_eq!(count, lines);
    let grown = peak() - before;
    assert!(grown < 2 << 20, "{grown} bytes for a file of 14 MB");
}
