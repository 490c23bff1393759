//! Everything that can be asked of the bytes of a file, for tests and fuzzing: nothing may panic.

#![allow(dead_code, reason = "each target uses what it needs")]

use std::path::Path;

use astro_coords::{PixelBox, PixelCoord, SkyCoord};
use hst_fits::{FitsFile, Hdu, HduKind, ImageSpec, Pixels, Wcs, WriteOptions, images_to_bytes};

/// Pixels read of a unit at most, so that a large image costs no time.
const MOST: usize = 1 << 20;

/// Opens the bytes, reads all units, and gives the errors as text.
pub(crate) fn read_everything(bytes: &[u8]) -> Vec<String> {
    let file = match FitsFile::from_source(Box::new(bytes.to_vec()), Path::new("damaged.fits")) {
        Ok(file) => file,
        Err(error) => return vec![error.to_string()],
    };
    let mut errors = Vec::new();
    for hdu in file.hdus() {
        let mut note = |result: hst_fits::Result<()>| {
            if let Err(error) = result {
                errors.push(error.to_string());
            }
        };
        ImageSpec::of(&file, hdu);
        // What is wrong with coordinates has tests of its own.
        if let Ok(wcs) = file.wcs(hdu, None) {
            convert(&wcs, hdu.shape().unwrap_or((100, 100)));
        }
        note(rewrite(hdu));
        if let Some(shape) = hdu.plane_shape() {
            windows(shape).iter().for_each(|window| note(read(&file, hdu, window)));
        } else if hdu.is_compressed() {
            note(file.read_stored(hdu, &PixelBox::new(0..1, 0..1)).map(|_| ()));
        }
        if hdu.kind == HduKind::Table {
            note(file.read_table(hdu).map(|table| {
                table.columns.iter().for_each(|column| drop(column.numbers()));
            }));
        }
    }
    errors.extend(file.damage().map(ToString::to_string));
    errors
}

/// The first rows, the middle, and the last pixels.
fn windows((ny, nx): (usize, usize)) -> Vec<PixelBox> {
    let part = |start: usize, length: usize, n: usize| {
        let end = |n: usize| isize::try_from(n).unwrap_or(isize::MAX);
        end(start.min(n))..end(start.saturating_add(length).min(n))
    };
    let width = nx.min(MOST);
    vec![
        PixelBox::new(part(0, width, nx), part(0, (MOST / width).max(1), ny)),
        PixelBox::new(part(nx / 2, 7, nx), part(ny / 2, 5, ny)),
        PixelBox::new(part(nx - 1, 1, nx), part(ny.saturating_sub(3), 3, ny)),
    ]
}

fn read(file: &FitsFile, hdu: &Hdu, window: &PixelBox) -> hst_fits::Result<()> {
    let last = hdu.planes() - 1;
    let stored = file.read_stored_plane(hdu, last, window)?;
    let mut physical = vec![0.0_f64; window.shape().0 * window.shape().1];
    file.read_plane(hdu, last, window, &mut physical)?;
    assert_eq!(stored.bytes().len(), physical.len() * hdu.bitpix.bytes());
    Ok(())
}

/// A pixel has a place on the sky or none, and a place a pixel; one by one, many at once, and with their derivatives.
fn convert(wcs: &Wcs, shape: (usize, usize)) {
    let (ny, nx) = (shape.0 as f64, shape.1 as f64);
    let pixels = [(-0.5, -0.5), (0.0, ny), (nx / 2.0, ny / 2.0), (nx - 0.5, ny - 0.5), (1e9, -1e9)]
        .map(|(x, y)| PixelCoord::new(x, y));
    let (mut places, mut back) = ([SkyCoord::default(); 5], pixels);
    wcs.to_sky_many(&pixels, &mut places);
    wcs.to_pixel_many(&places, &mut back);
    for (pixel, many) in pixels.into_iter().zip(places) {
        let Some(place) = wcs.to_sky(pixel) else {
            assert!(many.ra.degrees().is_nan() && many.dec.degrees().is_nan(), "{many:?}");
            continue;
        };
        assert_eq!(many, place);
        assert!((0.0..360.0).contains(&place.ra.degrees()), "{place:?}");
        assert!((-90.0..=90.0).contains(&place.dec.degrees()), "{place:?}");
        if let Some(back) = wcs.to_pixel(place) {
            assert!(back.x.is_finite() && back.y.is_finite(), "{back:?}");
        }
        wcs.jacobian(pixel);
    }
    wcs.footprint(shape);
    wcs.shifted(3, -7);
}

/// A header that can be written reads back with the same cards.
fn rewrite(hdu: &Hdu) -> hst_fits::Result<()> {
    let Ok(bytes) = images_to_bytes(&[(&hdu.header, Pixels::None)], WriteOptions::default()) else {
        return Ok(());
    };
    let file = FitsFile::from_source(Box::new(bytes), Path::new("rewritten.fits"))?;
    assert!(file.primary().cards().len() <= hdu.header.cards().len() + 6);
    Ok(())
}

/// A file of one compressed image whose method, type and tile the first bytes say; the rest is the heap.
pub(crate) fn compressed_file(bytes: &[u8]) -> Option<Vec<u8>> {
    let ([method, kind, width, height], heap) = bytes.split_first_chunk()?;
    let methods = ["RICE_1", "GZIP_1", "GZIP_2", "PLIO_1", "HCOMPRESS_1", "NOCOMPRESS"];
    let bitpix = [8, 16, 32, 64, -32, -64][usize::from(kind % 6)];
    let (width, height) = (usize::from(*width) + 1, usize::from(*height) + 1);
    let mut cards = vec!["SIMPLE  = T".to_owned(), "BITPIX  = 8".into(), "NAXIS   = 0".into()];
    let primary = block(&cards, b"");
    let half = heap.len() / 2;
    cards = vec!["XTENSION= 'BINTABLE'".to_owned(), "BITPIX  = 8".into(), "NAXIS   = 2".into()];
    let mut card = |keyword: &str, value: String| cards.push(format!("{keyword:<8}= {value}"));
    card("NAXIS1", "24".into());
    card("NAXIS2", "2".into());
    card("PCOUNT", heap.len().to_string());
    card("GCOUNT", "1".into());
    card("TFIELDS", "3".into());
    card("TFORM1", "'1PB'".into());
    card("TTYPE1", "'COMPRESSED_DATA'".into());
    card("TFORM2", "'1D'".into());
    card("TTYPE2", "'ZSCALE'".into());
    card("TFORM3", "'1D'".into());
    card("TTYPE3", "'ZZERO'".into());
    card("ZIMAGE", "T".into());
    card("ZCMPTYPE", format!("'{}'", methods[usize::from(method % 6)]));
    card("ZBITPIX", bitpix.to_string());
    card("ZNAXIS", "2".into());
    card("ZNAXIS1", width.to_string());
    card("ZNAXIS2", (2 * height).to_string());
    card("ZTILE1", width.to_string());
    card("ZTILE2", height.to_string());
    card("ZNAME1", "'BYTEPIX'".into());
    card("ZVAL1", [1, 2, 4][usize::from(method / 6 % 3)].to_string());
    card("ZNAME2", "'SMOOTH'".into());
    card("ZVAL2", (method / 18 % 2).to_string());
    let dithers = ["NO_DITHER", "SUBTRACTIVE_DITHER_1", "SUBTRACTIVE_DITHER_2", "NONE"];
    card("ZQUANTIZ", format!("'{}'", dithers[usize::from(kind / 6 % 4)]));
    let mut data = Vec::new();
    for (length, start) in [(half, 0), (heap.len() - half, half)] {
        data.extend(u32::try_from(length).ok()?.to_be_bytes());
        data.extend(u32::try_from(start).ok()?.to_be_bytes());
        data.extend(1.5_f64.to_be_bytes());
        data.extend(100.0_f64.to_be_bytes());
    }
    data.extend(heap);
    Some([primary, block(&cards, &data)].concat())
}

fn block(cards: &[String], data: &[u8]) -> Vec<u8> {
    let text: String = cards.iter().map(|card| format!("{card:<80}")).collect();
    let mut bytes = format!("{text}{:<80}", "END").into_bytes();
    bytes.resize(bytes.len().next_multiple_of(2880), b' ');
    bytes.extend(data);
    bytes.resize(bytes.len().next_multiple_of(2880), 0);
    bytes
}
