//! Reads a region file of circles and writes `x y radius text` of each, for `regions.py`.

use std::io::{self, BufWriter, Write};

use ds9_regions::{Mode, RegionFile, Shape};

fn main() -> io::Result<()> {
    let mut args = std::env::args().skip(1);
    let path = args.next().expect("a region file");
    let bytes = std::fs::read(path)?;
    let file = RegionFile::parse(&bytes, Mode::Default);
    assert_eq!(file.error_count(), 0);
    if args.next().is_none() {
        return Ok(());
    }
    let mut out = BufWriter::new(io::stdout().lock());
    for region in file.regions() {
        let Shape::Circle { center, radius } = &region.shape else { continue };
        let radius = radius.angle().expect("a length on the sky").arcsec();
        writeln!(out, "{} {} {radius} {}", center.x, center.y, region.text().unwrap_or_default())?;
    }
    out.flush()
}
