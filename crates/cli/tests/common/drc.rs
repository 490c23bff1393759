//! Files like drizzled images of HST, large and mostly holes.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

/// Pixels of a side.
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
pub(crate) fn write_drc(path: &Path) {
    write_planes(path, &["SCI", "WHT"]);
}

/// The same with planes of these names.
pub(crate) fn write_planes(path: &Path, names: &[&str]) {
    let mut file = File::create(path).expect("a file");
    file.write_all(&header("SIMPLE  =                    T", &[], "", 872)).expect("a header");
    for (plane, name) in names.iter().enumerate() {
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

/// A tile of 200 x 200 16-bit integers, compressed, and the room of each in the heap.
fn tile(seed: usize) -> Vec<u8> {
    let number = |i: usize| {
        let mixed = (i + seed * 40_000).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) % 32) as i16
    };
    let pixels: Vec<u8> = (0..40_000).flat_map(|i| number(i).to_be_bytes()).collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&pixels).expect("memory");
    gzip.finish().expect("memory")
}

const TILE: usize = 34_000;
const TILES: usize = 31;

/// As [`write_drc`], in tiles of 200 x 200 pixels, of which the four in the middle are there.
pub(crate) fn write_tiles(path: &Path) {
    let card = |text: String| format!("{text:<80}");
    let mut file = File::create(path).expect("a file");
    file.write_all(&header("SIMPLE  =                    T", &[], "", 872)).expect("a header");
    let (rows, width) = (TILES * TILES, 24);
    for name in ["SCI", "WHT"] {
        let plain = header("XTENSION= 'IMAGE   '", &[SIDE, SIDE], name, 60);
        let plain = String::from_utf8(plain).expect("text");
        let plain = plain.trim_end().strip_suffix("END").expect("an end").to_owned();
        let plain = plain
            .replacen("'IMAGE   '", "'BINTABLE'", 1)
            .replacen(&format!("{:>20}", -32), &format!("{:>20}", 8), 1)
            .replacen(&format!("NAXIS1  = {SIDE:>20}"), &format!("NAXIS1  = {width:>20}"), 1)
            .replacen(&format!("NAXIS2  = {SIDE:>20}"), &format!("NAXIS2  = {rows:>20}"), 1)
            .replacen(
                &format!("PCOUNT  = {:>20}", 0),
                &format!("PCOUNT  = {:>20}", rows * TILE),
                1,
            );
        let mut text = plain;
        for (keyword, value) in [
            ("TFIELDS", "3"),
            ("ZIMAGE", "T"),
            ("ZBITPIX", "16"),
            ("ZNAXIS", "2"),
            ("ZNAXIS1", "6200"),
            ("ZNAXIS2", "6200"),
            ("ZTILE1", "200"),
            ("ZTILE2", "200"),
            ("ZCMPTYPE", "'GZIP_1  '"),
            ("TTYPE1", "'COMPRESSED_DATA'"),
            ("TFORM1", "'1PB(34000)'"),
            ("TTYPE2", "'ZSCALE  '"),
            ("TFORM2", "'1D      '"),
            ("TTYPE3", "'ZZERO   '"),
            ("TFORM3", "'1D      '"),
        ] {
            text += &card(format!("{keyword:<8}= {value:>20}"));
        }
        text += &card("END".to_owned());
        let mut bytes = text.into_bytes();
        bytes.resize(bytes.len().next_multiple_of(BLOCK), b' ');
        file.write_all(&bytes).expect("a header");
        let tiles: Vec<_> = (0..4).map(tile).collect();
        assert!(tiles.iter().all(|tile| tile.len() < TILE && tile.len() > 20_000));
        let table = file.stream_position().expect("a place");
        let there = |row: usize| {
            let (y, x) = (row / TILES, row % TILES);
            ((14..16).contains(&y) && (14..16).contains(&x)).then(|| (y - 14) * 2 + x - 14)
        };
        for row in 0..rows {
            let length = there(row).map_or(TILE, |which| tiles[which].len());
            file.write_all(&(length as i32).to_be_bytes()).expect("a row");
            file.write_all(&((row * TILE) as i32).to_be_bytes()).expect("a row");
            file.write_all(&[0; 16]).expect("a row");
        }
        let heap = table + (rows * width) as u64;
        for (row, which) in (0..rows).filter_map(|row| Some((row, there(row)?))) {
            file.seek(SeekFrom::Start(heap + (row * TILE) as u64)).expect("a place");
            file.write_all(&tiles[which]).expect("a tile");
        }
        let end = table + ((rows * (width + TILE)).next_multiple_of(BLOCK)) as u64;
        file.set_len(end).expect("a length");
        file.seek(SeekFrom::Start(end)).expect("a place");
    }
}
