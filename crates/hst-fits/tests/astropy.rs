//! What we write, opened by astropy; needs a Python with astropy in `HST_PEERS`.

use std::path::{Path, PathBuf};
use std::process::Command;

use astro_coords::PixelBox;
use hst_fits::{
    Bitpix, Card, Checksums, FitsFile, Header, Pixels, StoredPixels, WriteOptions,
    write_images_with,
};

const OPTIONS: WriteOptions = WriteOptions { checksums: Checksums::Write };

/// A file with one unit of every type, and every kind of card.
fn every_type(path: &Path) {
    let mut header = Header::new();
    header.set("OBJECT", "O'Neill", "with a quote");
    header.set("LONG", "0123456789'".repeat(30), "continued");
    header.set("ESO DET ID", "chip", "hierarch");
    header.set("TINY", 1.234_567_890_123_456_7e-300, "");
    header.push(Card::commentary("HISTORY", &"long ".repeat(50)));
    header.push(Card::new("NOTHING", hst_fits::Value::Undefined, "undefined"));
    let all = [Bitpix::U8, Bitpix::I16, Bitpix::I32, Bitpix::I64, Bitpix::F32, Bitpix::F64];
    let pixels = all.map(|bitpix| {
        let bytes = (0..35 * bitpix.bytes()).map(|i| (i * 37 % 251) as u8).collect();
        StoredPixels::new(bitpix, (5, 7), bytes).unwrap()
    });
    let mut units = vec![(&header, Pixels::None)];
    units.extend(pixels.iter().map(|pixels| (&header, Pixels::Stored(pixels))));
    write_images_with(path, &units, OPTIONS).unwrap();
}

/// A window of every image of a real file, its headers edited.
fn copies(from: &Path, to: &Path) {
    let file = FitsFile::open(from).unwrap();
    let images: Vec<_> = file.hdus().iter().filter(|hdu| hdu.shape().is_some()).collect();
    let window = PixelBox::new(-2..5, 1..20);
    let fill = |hdu: &&hst_fits::Hdu| hst_fits::StoredValue::nothing(hdu.bitpix);
    let pixels = images.iter().map(|hdu| file.read_stored_padded(hdu, &window, fill(hdu)).unwrap());
    let pixels: Vec<_> = pixels.collect();
    let headers: Vec<_> = images
        .iter()
        .map(|hdu| {
            let mut header = hdu.header.clone();
            header.set("CRPIX1", 1.5, "");
            header.insert_after("CRPIX2", Card::new("LTV1", 2.0, "offset of the window"));
            header.push(Card::commentary("HISTORY", "a window"));
            header
        })
        .collect();
    let mut units = vec![(file.primary(), Pixels::None)];
    units.extend(headers.iter().zip(&pixels).map(|(header, p)| (header, Pixels::Stored(p))));
    write_images_with(to, &units, OPTIONS).unwrap();
}

#[test]
fn astropy_opens_what_we_write_without_a_complaint() {
    let Some(python) = std::env::var_os("HST_PEERS") else {
        eprintln!("skipped: HST_PEERS names no Python with astropy");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut paths: Vec<PathBuf> = vec![folder.path().join("types.fits")];
    every_type(&paths[0]);
    for name in ["sample_svm_flc", "ngc104_acs_hrc_f606w_drz_600", "a478_wfpc2_f814w_drz"] {
        let Some(original) = testkit::shared(&format!("data/hst/{name}.fits")) else { return };
        paths.push(folder.path().join(format!("{name}.fits")));
        copies(&original, &paths[paths.len() - 1]);
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/astropy_opens.py");
    let output = Command::new(python).arg(script).args(&paths).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), format!("{} files", paths.len()));
}
