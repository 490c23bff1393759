//! Tile-compressed images: every method as astropy reads it, windows from the tiles they touch.

use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex};

use astro_coords::PixelBox;
use hst_fits::{Bitpix, ByteSource, FitsFile, Hdu, Piece, StoredPixels};
use serde_json::Value;

fn data(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).unwrap()
}

fn compressed() -> Vec<u8> {
    let mut bytes = Vec::new();
    let packed = data("compressed.fits.gz");
    flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut bytes).unwrap();
    bytes
}

fn open(bytes: Vec<u8>) -> FitsFile {
    FitsFile::from_source(Box::new(bytes), Path::new("c.fits")).unwrap()
}

fn whole(file: &FitsFile, hdu: &Hdu) -> Vec<StoredPixels> {
    let window = PixelBox::of_shape(hdu.plane_shape().unwrap());
    (0..hdu.planes()).map(|plane| file.read_stored_plane(hdu, plane, &window).unwrap()).collect()
}

/// The CRC-32 of the pixels, every NaN written in the same way.
fn crc(planes: &[StoredPixels]) -> u32 {
    let mut crc = flate2::Crc::new();
    for plane in planes {
        match plane.bitpix() {
            Bitpix::F32 => plane.to_vec::<f32>().unwrap().iter().for_each(|v| {
                crc.update(&if v.is_nan() { f32::NAN } else { *v }.to_be_bytes());
            }),
            Bitpix::F64 => plane.to_vec::<f64>().unwrap().iter().for_each(|v| {
                crc.update(&if v.is_nan() { f64::NAN } else { *v }.to_be_bytes());
            }),
            _ => crc.update(plane.bytes()),
        }
    }
    crc.sum()
}

#[test]
fn every_method_gives_astropys_pixels() {
    let file = open(compressed());
    let expected: Value = serde_json::from_slice(&data("compressed.json")).unwrap();
    assert_eq!(expected.as_object().unwrap().len() + 1, file.hdus().len());
    for hdu in &file.hdus()[1..] {
        let expected = &expected[&hdu.name];
        let shape: Vec<u64> = hdu.axes.iter().rev().copied().collect();
        assert_eq!(serde_json::json!(shape), expected["shape"], "{}", hdu.name);
        assert_eq!(hdu.bitpix.code(), expected["bitpix"], "{}", hdu.name);
        assert_eq!(crc(&whole(&file, hdu)), expected["crc32"], "{}", hdu.name);
    }
}

#[test]
fn windows_are_parts_of_the_whole() {
    let file = open(compressed());
    for hdu in &file.hdus()[1..] {
        let (ny, nx) = hdu.plane_shape().unwrap();
        for (plane, whole) in whole(&file, hdu).iter().enumerate() {
            for (x, y) in
                [(0..1, 0..1), (5..37, 7..9), (15..17, 0..29), (36..37, 28..29), (0..37, 10..12)]
            {
                let window = PixelBox::new(x.clone(), y.clone());
                let part = file.read_stored_plane(hdu, plane as u64, &window).unwrap();
                for (i, j) in
                    (0..window.shape().0).flat_map(|i| (0..window.shape().1).map(move |j| (i, j)))
                {
                    let (y, x) = (i + y.start as usize, j + x.start as usize);
                    assert!(y < ny && x < nx);
                    let same = format!("{:?}", part.at(i, j)) == format!("{:?}", whole.at(y, x));
                    assert!(same, "{} {window:?} {i} {j}", hdu.name);
                }
            }
        }
    }
}

#[test]
fn strided_rows_of_tiles_are_rows_of_the_whole() {
    let file = open(compressed());
    let hdu = file.find("RICE_1_I32", None).unwrap();
    let mut all = vec![0_f64; 29 * 37];
    file.read_window(hdu, &PixelBox::of_shape((29, 37)), &mut all).unwrap();
    for step in [(3, 2), (8, 1), (20, 7)] {
        let (ny, nx) = (29_usize.div_ceil(step.0), 37_usize.div_ceil(step.1));
        let mut some = vec![0_f64; ny * nx];
        file.read_strided(hdu, &PixelBox::of_shape((29, 37)), step, &mut some).unwrap();
        for (i, value) in some.iter().enumerate() {
            assert_eq!(*value, all[i / nx * step.0 * 37 + i % nx * step.1], "{step:?} {i}");
        }
    }
}

/// Bytes in memory that remember what was read.
#[derive(Debug)]
struct Counted {
    bytes: Vec<u8>,
    read: Arc<Mutex<Vec<Range<u64>>>>,
    calls: Arc<Mutex<usize>>,
}

impl ByteSource for Counted {
    fn len(&self) -> u64 {
        ByteSource::len(&self.bytes)
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        *self.calls.lock().unwrap() += 1;
        self.read.lock().unwrap().push(offset..offset + out.len() as u64);
        self.bytes.read_at(offset, out)
    }

    fn read_many(&self, pieces: &mut [Piece<'_>]) -> io::Result<()> {
        *self.calls.lock().unwrap() += 1;
        assert!(pieces.windows(2).all(|p| p[0].offset + p[0].out.len() as u64 <= p[1].offset));
        pieces.iter_mut().try_for_each(|piece| {
            self.read.lock().unwrap().push(piece.offset..piece.offset + piece.out.len() as u64);
            self.bytes.read_at(piece.offset, piece.out)
        })
    }
}

#[test]
fn a_window_costs_the_tiles_that_it_touches() {
    let read = Arc::new(Mutex::new(Vec::new()));
    let calls = Arc::new(Mutex::new(0));
    let source = Counted { bytes: compressed(), read: read.clone(), calls: calls.clone() };
    let file = FitsFile::from_source(Box::new(source), Path::new("c.fits")).unwrap();
    assert!(*calls.lock().unwrap() <= 2 * file.hdus().len());
    // 37 x 29 pixels in tiles of 16 x 8: three across, four up, each 8 bytes in the table.
    let hdu = file.find("RICE_1_I32", None).unwrap();
    let bytes = |x: Range<isize>, y: Range<isize>| {
        read.lock().unwrap().clear();
        *calls.lock().unwrap() = 0;
        file.read_stored(hdu, &PixelBox::new(x, y)).unwrap();
        assert_eq!(*calls.lock().unwrap(), 2);
        let read = read.lock().unwrap();
        (read.len(), read.iter().map(|range| range.end - range.start).sum::<u64>())
    };
    let (pieces, one) = bytes(3..5, 2..4);
    assert_eq!(pieces, 2);
    assert!(one < 8 + 16 * 8 * 4, "{one}");
    let (pieces, four) = bytes(15..17, 7..9);
    assert_eq!(pieces, 2 + 4);
    let (pieces, all) = bytes(0..37, 0..29);
    assert_eq!(pieces, 4 + 12);
    assert!(one < four && four < all / 2, "{one} {four} {all}");
}

#[test]
fn the_header_is_that_of_the_image() {
    let file = open(compressed());
    let hdu = file.find("U16", None).unwrap();
    assert!(hdu.is_compressed());
    let keywords: Vec<_> = hdu.header.cards().iter().map(|card| card.keyword.as_str()).collect();
    assert_eq!(
        keywords,
        [
            "XTENSION", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "PCOUNT", "GCOUNT", "EXTNAME",
            "BZERO", "BSCALE", "OBJECT", "HISTORY"
        ]
    );
    assert_eq!(hdu.header.get::<i64>("NAXIS1").unwrap(), 37);
    let mut out = vec![0_f64; 29 * 37];
    file.read_window(hdu, &PixelBox::of_shape((29, 37)), &mut out).unwrap();
    assert!(out.iter().all(|value| (32700.0..33400.0).contains(value)));
}

fn replaced(old: &str, new: &str) -> Vec<u8> {
    let mut bytes = compressed();
    let at = bytes.windows(old.len()).position(|window| window == old.as_bytes()).unwrap();
    bytes[at..at + new.len()].copy_from_slice(new.as_bytes());
    bytes
}

#[test]
fn what_is_wrong_is_named() {
    let first = |bytes: Vec<u8>| {
        let file = open(bytes);
        let window = PixelBox::new(0..1, 0..1);
        file.read_stored(&file.hdus()[1], &window).unwrap_err().to_string()
    };
    for (old, new, expected) in [
        ("ZCMPTYPE= 'RICE_1", "ZCMPTYPE= 'RICE_9", "ZCMPTYPE = 'RICE_9' is no method"),
        (
            "ZBITPIX =                    8",
            "ZBITPIX =                    9",
            "ZBITPIX = 9 is no type",
        ),
        ("ZNAXIS1 ", "ZNAXISX ", "NAXIS1 is missing from the header of"),
        (
            "ZTILE1  =                   16",
            "ZTILE1  =                   -1",
            "ZTILE1 = -1 is no length",
        ),
        ("TFORM1  = '1PB", "TFORM1  = '1UB", "TFORM1 = '1UB"),
        ("TTYPE1  = 'COMPRESSED", "TTYPE1  = 'COMPRESSEX", "there is no column COMPRESSED_DATA"),
        (
            "ZTILE2  =                    8",
            "ZTILE2  =                    7",
            "NAXIS2 = 12 rows do not hold 15 tiles",
        ),
        ("ZNAXIS1 =                   37", "ZNAXIS1 =  9000000000000000037", "the axes are longer"),
    ] {
        let error = first(replaced(old, new));
        assert!(error.contains(expected), "{new}: {error}");
        assert!(error.contains("RICE_1_U8 in c.fits"), "{new}: {error}");
    }
    let mut bytes = compressed();
    let file = open(bytes.clone());
    drop(file);
    // The first descriptor: three bytes instead of what the tile has.
    let at = bytes.windows(8).position(|w| w == b"HISTORY ").unwrap().next_multiple_of(2880);
    bytes[at..at + 4].copy_from_slice(&3_u32.to_be_bytes());
    assert_eq!(first(bytes), "tile 1 of COMPRESSED_DATA is damaged: RICE_1_U8 in c.fits");
}
