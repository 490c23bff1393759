//! Windows of images: which pixels, of which type, and what copies of them keep.

use std::path::Path;

use astro_coords::PixelBox;
use hst_fits::{
    Bitpix, Card, Checksums, FitsFile, Hdu, Header, Pixels, StoredPixels, StoredValue,
    WriteOptions, images_to_bytes, write_images_with,
};

const SHAPE: (usize, usize) = (7, 11);

/// A file of one image of `bitpix` whose bytes count up, and its only unit's header with `cards`.
fn file(bitpix: Bitpix, cards: &[Card]) -> FitsFile {
    let bytes = (0..77 * bitpix.bytes()).map(|i| (i * 7 % 256) as u8).collect();
    let pixels = StoredPixels::new(bitpix, SHAPE, bytes).unwrap();
    let mut header = Header::new();
    cards.iter().for_each(|card| header.push(card.clone()));
    let bytes =
        images_to_bytes(&[(&header, Pixels::Stored(&pixels))], WriteOptions::default()).unwrap();
    open(bytes)
}

fn open(bytes: Vec<u8>) -> FitsFile {
    FitsFile::from_source(Box::new(bytes), Path::new("a.fits")).unwrap()
}

fn image(file: &FitsFile) -> &Hdu {
    &file.hdus()[0]
}

const ALL: [Bitpix; 6] =
    [Bitpix::U8, Bitpix::I16, Bitpix::I32, Bitpix::I64, Bitpix::F32, Bitpix::F64];

#[test]
fn stored_windows_are_the_files_bytes_for_every_type() {
    let scaling = [Card::new("BSCALE", 0.5, ""), Card::new("BZERO", 9.0, "")];
    for bitpix in ALL {
        let file = file(bitpix, &scaling);
        let window = PixelBox::new(2..9, 1..6);
        let stored = file.read_stored(image(&file), &window).unwrap();
        assert_eq!((stored.bitpix(), stored.shape()), (bitpix, (5, 7)));
        let n = bitpix.bytes();
        let expected: Vec<u8> = (1..6)
            .flat_map(|y| (y * 11 + 2) * n..(y * 11 + 9) * n)
            .map(|i| (i * 7 % 256) as u8)
            .collect();
        assert_eq!(stored.bytes(), expected, "{bitpix:?}");
    }
}

#[test]
fn padding_stands_where_the_window_leaves_the_image() {
    for bitpix in ALL {
        let file = file(bitpix, &[]);
        let image = image(&file);
        let window = PixelBox::new(-3..13, 5..9);
        let fill = StoredValue::Integer(42);
        let padded = file.read_stored_padded(image, &window, fill).unwrap();
        let whole = file.read_stored(image, &PixelBox::of_shape(SHAPE)).unwrap();
        let mut physical = vec![0.0_f64; 4 * 16];
        file.read_padded(image, &window, 42.0, &mut physical).unwrap();
        let mut plain = vec![0.0_f64; 77];
        file.read_window(image, &PixelBox::of_shape(SHAPE), &mut plain).unwrap();
        let float = |value| match value {
            StoredValue::Integer(value) => value as f64,
            StoredValue::Float(value) => value,
        };
        for (y, x) in (0..4).flat_map(|y| (0..16).map(move |x| (y, x))) {
            let got = padded.at(y, x).unwrap();
            let inside = y < 2 && (3..14).contains(&x);
            let expected = if inside { whole.at(y + 5, x - 3).unwrap() } else { fill };
            assert_eq!(float(got).to_bits(), float(expected).to_bits(), "{bitpix:?} {y} {x}");
            let expected = if inside { plain[(y + 5) * 11 + x - 3] } else { 42.0 };
            assert_eq!(physical[y * 16 + x].to_bits(), expected.to_bits(), "{bitpix:?} {y} {x}");
        }
        let off = PixelBox::new(20..22, -5..-3);
        let padded = file.read_stored_padded(image, &off, fill).unwrap();
        assert_eq!(padded, StoredPixels::filled(bitpix, (2, 2), fill).unwrap());
    }
    let file = file(Bitpix::U8, &[]);
    let window = PixelBox::new(-1..3, 0..2);
    let error = file.read_stored_padded(image(&file), &window, StoredValue::Integer(256));
    assert_eq!(error.unwrap_err().to_string(), "BITPIX = 8 cannot hold Integer(256)");
    let error = file.read_stored(image(&file), &window).unwrap_err();
    assert_eq!(
        error.to_string(),
        "columns -1..3, rows 0..2 are not all in the image of (7, 11) (ny, nx): PRIMARY in a.fits"
    );
}

#[test]
fn strided_rows_are_every_nth_pixel() {
    for bitpix in ALL {
        let file = file(bitpix, &[]);
        let window = PixelBox::new(1..11, 1..7);
        let mut all = vec![0.0_f64; 60];
        file.read_window(image(&file), &window, &mut all).unwrap();
        for step in [(1, 1), (2, 3), (3, 2), (6, 10), (7, 100)] {
            let (ny, nx) = (6_usize.div_ceil(step.0), 10_usize.div_ceil(step.1));
            let mut strided = vec![0.0_f64; ny * nx];
            file.read_strided(image(&file), &window, step, &mut strided).unwrap();
            for (i, got) in strided.iter().enumerate() {
                let expected = all[i / nx * step.0 * 10 + i % nx * step.1];
                assert_eq!(got.to_bits(), expected.to_bits(), "{bitpix:?} {step:?} {i}");
            }
        }
    }
}

#[test]
fn empty_windows_cost_nothing() {
    let file = file(Bitpix::F32, &[]);
    let image = image(&file);
    file.read_window::<f32>(image, &PixelBox::new(3..3, 0..5), &mut []).unwrap();
    file.read_padded::<f32>(image, &PixelBox::new(-3..-3, 0..5), 0.0, &mut []).unwrap();
    let stored = file.read_stored(image, &PixelBox::new(90..90, 0..0)).unwrap();
    assert!(stored.bytes().is_empty());
}

#[test]
fn physical_values_follow_the_header() {
    let cards =
        [("BSCALE", 0.5.into()), ("BZERO", 100.0.into()), ("BLANK", hst_fits::Value::from(4))];
    let cards = cards.map(|(keyword, value)| Card::new(keyword, value, ""));
    let mut header = Header::new();
    cards.iter().for_each(|card| header.push(card.clone()));
    let pixels = StoredPixels::from_slice((4, 3), &[0_i16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, -11]);
    let pixels = pixels.unwrap();
    let bytes = images_to_bytes(&[(&header, Pixels::Stored(&pixels))], WriteOptions::default());
    let file = open(bytes.unwrap());
    let mut out = [0_f64; 12];
    file.read_window(image(&file), &PixelBox::of_shape((4, 3)), &mut out).unwrap();
    assert_eq!((out[11], out[0]), (94.5, 100.0));
    assert_eq!(out.iter().position(|value| value.is_nan()), Some(4));
    assert_eq!(out.iter().filter(|value| value.is_nan()).count(), 1);
}

#[test]
fn a_file_cut_short_keeps_what_is_whole() {
    let pixels: Vec<i16> = (0..12).collect();
    let header = Header::new();
    let units = [(&header, Pixels::I16((4, 3), &pixels[..]))];
    let mut bytes = images_to_bytes(&units, WriteOptions::default()).unwrap();
    bytes.truncate(2880 + 13);
    let file = open(bytes);
    file.read_window(image(&file), &PixelBox::new(0..3, 0..2), &mut [0f32; 6]).unwrap();
    let window = PixelBox::new(0..3, 2..3);
    let expected = "cut short, 2893 of 2904 bytes are there: PRIMARY in a.fits";
    let error = file.read_window(image(&file), &window, &mut [0f32; 3]).unwrap_err();
    assert_eq!(error.to_string(), expected);
    assert_eq!(file.read_stored(image(&file), &window).unwrap_err().to_string(), expected);
}

#[test]
fn planes_of_a_cube_are_read_one_by_one() {
    let pixels: Vec<i32> = (0..24).collect();
    let header = Header::new();
    let units = [(&header, Pixels::I32((6, 4), &pixels[..]))];
    let bytes = images_to_bytes(&units, WriteOptions::default()).unwrap();
    let text = String::from_utf8_lossy(&bytes[..2880]).into_owned();
    let text = text.replace(
        &format!("{:<80}", "EXTEND  =                    T"),
        &format!("{:<80}", "NAXIS3  =                    3"),
    );
    let text = text.replace("NAXIS   =                    2", "NAXIS   =                    3");
    let text = text.replace("NAXIS2  =                    6", "NAXIS2  =                    2");
    let file = open([text.as_bytes(), &bytes[2880..]].concat());
    let cube = image(&file);
    assert_eq!((cube.plane_shape(), cube.planes(), cube.shape()), (Some((2, 4)), 3, None));
    let mut out = [0_f32; 2];
    file.read_plane(cube, 2, &PixelBox::new(1..2, 0..2), &mut out).unwrap();
    assert_eq!(out, [17.0, 21.0]);
    let stored = file.read_stored_plane(cube, 1, &PixelBox::new(0..4, 1..2)).unwrap();
    assert_eq!(stored.to_vec(), Some(vec![12_i32, 13, 14, 15]));
    let error = file.read_stored_plane(cube, 3, &PixelBox::new(0..4, 1..2)).unwrap_err();
    assert_eq!(error.to_string(), "there is no extension plane 3 in PRIMARY in a.fits");
    let error = file.read_stored(cube, &PixelBox::new(0..4, 1..2)).unwrap_err();
    assert_eq!(error.to_string(), "there is no 2-D image in PRIMARY in a.fits");
}

/// Cards of `header` as lines, without those that describe the data.
fn lines(bytes: &[u8]) -> Vec<String> {
    let lines = bytes.chunks(80).map(|line| String::from_utf8_lossy(line).trim_end().to_owned());
    lines.take_while(|line| line != "END").collect()
}

#[test]
fn a_copied_window_keeps_every_card_of_a_real_header() {
    let Some(path) = testkit::shared("data/hst/sample_svm_flc.fits") else { return };
    let original = std::fs::read(&path).unwrap();
    let file = FitsFile::open(&path).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let written = folder.path().join("copy.fits");
    let images: Vec<_> = file.hdus().iter().filter(|hdu| hdu.shape().is_some()).collect();
    let pixels: Vec<_> = images
        .iter()
        .map(|hdu| file.read_stored(hdu, &PixelBox::of_shape(hdu.shape().unwrap())).unwrap())
        .collect();
    let mut units = vec![(file.primary(), Pixels::None)];
    units.extend(images.iter().zip(&pixels).map(|(hdu, p)| (&hdu.header, Pixels::Stored(p))));
    let options = WriteOptions { checksums: Checksums::Write };
    write_images_with(&written, &units, options).unwrap();
    assert_eq!(std::fs::read(&written).unwrap(), images_to_bytes(&units, options).unwrap());

    let copy = FitsFile::open(&written).unwrap();
    let kept = |keyword: &str| !matches!(keyword, "CHECKSUM" | "DATASUM" | "END" | "EXTEND");
    let mut all = 0;
    for (i, (copied, header)) in copy
        .hdus()
        .iter()
        .zip([file.primary()].into_iter().chain(images.iter().map(|h| &h.header)))
        .enumerate()
    {
        let same = |header: &Header| {
            let cards = header.cards().iter().filter(|card| kept(&card.keyword));
            cards.cloned().collect::<Vec<_>>()
        };
        let (left, right) = (same(&copied.header), same(header));
        assert_eq!(left.len(), right.len(), "{i}");
        left.iter().zip(&right).for_each(|(left, right)| assert_eq!(left, right, "{i}"));
        all += copied.header.cards().len();
    }
    assert!(all > 1000);
    // To the byte: all lines of the copy are lines of the original, in their order.
    let bytes = std::fs::read(&written).unwrap();
    let mut there = lines(&original).into_iter();
    for line in lines(&bytes) {
        let made = ["CHECKSUM", "DATASUM", "EXTEND"].iter().any(|made| line.starts_with(made));
        assert!(made || there.any(|other| other == line), "{line}");
    }
    for (copied, pixels) in copy.hdus()[1..].iter().zip(&pixels) {
        let window = PixelBox::of_shape(copied.shape().unwrap());
        assert_eq!(&copy.read_stored(copied, &window).unwrap(), pixels);
    }
}

#[test]
fn headers_of_physical_pixels_lose_their_scaling() {
    let mut header = Header::new();
    header.set("BZERO", 32768, "");
    header.set("OBJECT", "M51", "");
    header.set("NAXIS1", 99, "length of a row");
    let units = [(&header, Pixels::F64((1, 2), &[1.5, f64::NAN]))];
    let file = open(images_to_bytes(&units, WriteOptions::default()).unwrap());
    let keywords: Vec<_> =
        file.primary().cards().iter().map(|card| card.keyword.as_str()).collect();
    assert_eq!(keywords, ["SIMPLE", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "EXTEND", "OBJECT"]);
    assert_eq!(file.primary().card("NAXIS1").unwrap().comment, "length of a row");
}
