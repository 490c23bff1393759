//! Many cutouts at once are the cutouts one by one.

mod made;

use std::fs;
use std::io::Read;

use astro_coords::{Angle, PixelBox, PixelCoord, SkyCoord};
use cutout::{
    Batch, CutOptions, Empty, Extensions, Integers, Mode, Size, Status, batch_to_files,
    batch_to_npy, batch_to_tar, cut,
};
use hst_fits::{Bitpix, FitsFile};
use made::{Made, memory};

fn places(file: &FitsFile, count: usize, shape: (usize, usize)) -> Vec<SkyCoord> {
    let wcs = file.wcs(file.first_image().unwrap(), None).unwrap();
    let mut state = 7u64;
    let mut random = |to: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 40) as f64 / (1u64 << 24) as f64 * (to as f64 + 40.0) - 20.0
    };
    let place = |_| wcs.to_sky(PixelCoord::new(random(shape.1), random(shape.0))).unwrap();
    (0..count).map(place).collect()
}

fn options(text: &str) -> CutOptions {
    CutOptions { extensions: text.parse().unwrap(), ..CutOptions::default() }
}

/// Cuts every place both ways; how many there were of each kind.
fn compare(file: &FitsFile, places: &[SkyCoord], size: Size, options: &CutOptions) -> [usize; 3] {
    let batch = Batch::new(file, places, |_| size, options).unwrap();
    let mut seen = Vec::new();
    let statuses = batch
        .each(
            |piece| Ok((piece.is_empty(), piece.cutout()?.to_bytes()?)),
            |index, (empty, bytes)| {
                let one = cut(file, places[index], size, options);
                match empty {
                    true => assert!(one.is_err()),
                    false => assert!(one.unwrap().to_bytes().unwrap() == bytes, "place {index}"),
                }
                seen.push(index);
                Ok(())
            },
        )
        .unwrap();
    for (i, status) in statuses.iter().enumerate() {
        let off = matches!(status, Status::Off);
        assert_eq!(
            off,
            cut(file, places[i], size, options).is_err_and(|error| matches!(
                error,
                cutout::Error::NoOverlap { .. } | cutout::Error::NotOnImage { .. }
            ))
        );
        assert_eq!(off, !seen.contains(&i));
    }
    seen.sort_unstable();
    seen.dedup();
    let count = |wanted: &str| statuses.iter().filter(|status| status.name() == wanted).count();
    assert_eq!(seen.len(), places.len() - count("off"));
    [count("ok"), count("partial"), count("off")]
}

#[test]
fn many_cutouts_are_the_cutouts_one_by_one() {
    for bitpix in [Bitpix::F32, Bitpix::I16, Bitpix::U8, Bitpix::F64] {
        let file = Made::new(bitpix, (300, 200)).companion("WHT").file();
        let places = places(&file, 300, (300, 200));
        let found = compare(&file, &places, Size::pixels(13.0, 8.0), &options("SCI,WHT"));
        assert!(found.iter().all(|&n| n > 5), "{found:?}");
        // Few windows in many rows are read alone, and large ones too.
        compare(&file, &places[..5], Size::square(3.0), &options("SCI"));
        compare(&file, &places[..20], Size::square(150.0), &options("SCI,WHT"));
    }
}

#[test]
fn compressed_images_and_lookup_tables_are_cut_many_times_too() {
    if let Some(path) = testkit::shared("data/fits_corpus/comp.fits") {
        let file = FitsFile::open(&path).unwrap();
        let hdu = file.first_image().unwrap();
        assert!(hdu.is_compressed());
        if file.wcs(hdu, None).is_ok() {
            let shape = hdu.shape().unwrap();
            compare(&file, &places(&file, 40, shape), Size::square(11.0), &CutOptions::default());
        }
    }
    if let Some(path) = testkit::shared("data/hst/sample_svm_flc.fits") {
        let file = FitsFile::open(&path).unwrap();
        let options = CutOptions { empty: Empty::Keep, ..options("SCI,2,ERR,2,DQ,2") };
        let wcs = file.wcs(file.find("SCI", Some(2)).unwrap(), None).unwrap();
        let at = wcs.to_sky(PixelCoord::new(5.2, 4.2)).unwrap();
        let batch = Batch::new(&file, std::slice::from_ref(&at), |_| Size::square(3.0), &options);
        let check = |_, bytes: Vec<u8>| {
            let one = cut(&file, at, Size::square(3.0), &options).unwrap();
            assert!(one.to_bytes().unwrap() == bytes);
            assert_eq!(memory(bytes, "a.fits").hdus().len(), 8);
            Ok(())
        };
        let statuses = batch.unwrap().each(|piece| piece.cutout()?.to_bytes(), check).unwrap();
        assert_eq!(statuses.len(), 1);
    }
}

#[test]
fn results_do_not_depend_on_threads() {
    let file = Made::new(Bitpix::F32, (400, 300)).file();
    let places = places(&file, 500, (400, 300));
    let options = CutOptions::default();
    let folder = tempfile::tempdir().unwrap();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let batch = Batch::new(&file, &places, |_| Size::square(9.0), &options).unwrap();
            let path = |ending: &str| folder.path().join(format!("{threads}.{ending}"));
            let statuses = batch_to_npy(&batch, &[path("npy")]).unwrap();
            let others = batch_to_tar(&batch, &path("tar"), |i| format!("{i}.fits")).unwrap();
            assert_eq!(statuses, others);
            (statuses, fs::read(path("npy")).unwrap(), fs::read(path("tar")).unwrap())
        })
    };
    assert!(run(1) == run(3));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
}

#[test]
fn arrays_follow_the_places() {
    let file = Made::new(Bitpix::F32, (60, 60)).values(|i| i as f32 + 1.0).file();
    let wcs = file.wcs(file.first_image().unwrap(), None).unwrap();
    let at = |x: f64, y: f64| wcs.to_sky(PixelCoord::new(x, y)).unwrap();
    let nowhere = SkyCoord { ra: Angle::from_degrees(f64::NAN), dec: Angle::from_degrees(0.0) };
    let places = [at(40.2, 50.2), nowhere, at(10.2, 5.2), at(500.0, 5.0), at(0.2, 0.2)];
    let options = CutOptions::default();
    let batch = Batch::new(&file, &places, |_| Size::pixels(3.0, 1.0), &options).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    let statuses = batch_to_npy(&batch, std::slice::from_ref(&path)).unwrap();
    let names: Vec<_> = statuses.iter().map(Status::name).collect();
    assert_eq!(names, ["ok", "off", "ok", "off", "partial"]);
    let bytes = fs::read(&path).unwrap();
    let header = String::from_utf8_lossy(&bytes[10..128]);
    assert!(
        header.starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': (5, 1, 3), }"),
        "{header}"
    );
    let values: Vec<f32> =
        bytes[128..].as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    let first = |x: usize, y: usize| (y * 60 + x + 1) as f32;
    assert_eq!(values[..3], [first(39, 50), first(40, 50), first(41, 50)]);
    assert!(values[3..6].iter().all(|value| value.is_nan()));
    assert_eq!(values[6..9], [first(9, 5), first(10, 5), first(11, 5)]);
    assert!(values[12].is_nan() && values[13..] == [first(0, 0), first(1, 0)]);

    // Scaled integers become what they mean.
    let file = Made::new(Bitpix::I16, (9, 9)).numbers(&[("BSCALE", 0.5), ("BZERO", 3.0)]).file();
    let places = [at(0.0, 0.0)];
    let wcs = file.wcs(file.first_image().unwrap(), None).unwrap();
    let places = [wcs.to_sky(PixelCoord::new(4.2, 4.2)).unwrap(), places[0]];
    let batch = Batch::new(&file, &places[..1], |_| Size::square(1.0), &options).unwrap();
    batch_to_npy(&batch, std::slice::from_ref(&path)).unwrap();
    let bytes = fs::read(&path).unwrap();
    let mut wanted = [0.0f64];
    file.read_window(file.first_image().unwrap(), &PixelBox::new(4..5, 4..5), &mut wanted).unwrap();
    assert_eq!(bytes[128..], wanted[0].to_le_bytes());
}

#[test]
fn archives_and_folders_hold_the_files() {
    let file = Made::new(Bitpix::F32, (60, 60)).companion("WHT").file();
    let places = places(&file, 30, (60, 60));
    let options = options("SCI,WHT");
    let batch = Batch::new(&file, &places, |_| Size::square(5.0), &options).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let statuses =
        batch_to_files(&batch, |i| folder.path().join(format!("star_{i}.fits"))).unwrap();
    let tar = folder.path().join("all.tar");
    batch_to_tar(&batch, &tar, |i| format!("star_{i}.fits")).unwrap();
    let output = std::process::Command::new("tar").arg("-tf").arg(&tar).output();
    let written = statuses.iter().filter(|s| matches!(s.name(), "ok" | "partial")).count();
    if let Ok(output) = output {
        let listed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(listed.lines().count(), written, "{listed}");
    }
    for (i, status) in statuses.iter().enumerate() {
        let path = folder.path().join(format!("star_{i}.fits"));
        assert_eq!(path.exists(), matches!(status.name(), "ok" | "partial"), "{i} {status:?}");
        if path.exists() {
            assert_eq!(FitsFile::open(&path).unwrap().hdus().len(), 3);
        }
    }
    let mut magic = [0; 262];
    fs::File::open(&tar).unwrap().read_exact(&mut magic).unwrap();
    assert_eq!(&magic[257..], b"ustar");
    let long = batch_to_tar(&batch, &tar, |i| format!("{}{i}", "x".repeat(100))).unwrap_err();
    assert!(long.to_string().starts_with("the name has more than 100 bytes: xxx"), "{long}");
    // The old archive is still there, and nothing half-written.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), written + 1);
}

#[test]
fn cutouts_without_data_are_left_out_of_archives() {
    let nothing = |i: usize| if i.is_multiple_of(2) { 0.0 } else { f32::NAN };
    let file = Made::new(Bitpix::F32, (60, 60)).values(nothing).companion_of("WHT", |_| 0.0).file();
    let wcs = file.wcs(file.first_image().unwrap(), None).unwrap();
    let places = [wcs.to_sky(PixelCoord::new(20.2, 20.2)).unwrap()];
    let folder = tempfile::tempdir().unwrap();
    let tar = folder.path().join("all.tar");
    for (empty, bytes) in [(Empty::Refuse, 1024), (Empty::Keep, 1024 + 512 + 20480)] {
        let options = CutOptions { empty, ..options("SCI,WHT") };
        let batch = Batch::new(&file, &places, |_| Size::square(5.0), &options).unwrap();
        let statuses = batch_to_tar(&batch, &tar, |i| format!("{i}.fits")).unwrap();
        assert_eq!(statuses, [Status::Empty]);
        assert_eq!(fs::metadata(&tar).unwrap().len(), bytes);
    }
}

#[test]
fn what_cannot_be_cut_many_times_is_refused() {
    let refused = |file: &FitsFile, options: &CutOptions| {
        Batch::new(file, &[], |_| Size::square(5.0), options).unwrap_err().to_string()
    };
    let integers = Made::new(Bitpix::I16, (9, 9)).file();
    let promote = CutOptions { integers: Integers::Promote, ..CutOptions::default() };
    assert_eq!(
        refused(&integers, &promote),
        "many cutouts of pixels that are to be changed: SCI in made.fits"
    );
    let cube = Made::new(Bitpix::I16, (9, 9)).planes(&[2]).file();
    let science = options("SCI");
    assert_eq!(
        refused(&cube, &science),
        "many cutouts of an image with more than two axes: SCI in made.fits"
    );
    assert_eq!(refused(&integers, &options("WHT")), "there is no extension WHT in made.fits");
    // Sizes that differ make no array.
    let places = places(&integers, 2, (0, 0));
    let folder = tempfile::tempdir().unwrap();
    let all = CutOptions { extensions: Extensions::All, ..CutOptions::default() };
    let batch = Batch::new(&integers, &places, |i| Size::square(60.0 + i as f64), &all).unwrap();
    let error = batch_to_npy(&batch, &[folder.path().join("a.npy")]).unwrap_err().to_string();
    assert_eq!(error, "cutouts of different sizes make no array: made.fits");
    let trim = CutOptions { mode: Mode::Trim, ..all };
    let batch = Batch::new(&integers, &places, |_| Size::square(60.0), &trim).unwrap();
    assert!(batch_to_npy(&batch, &[folder.path().join("a.npy")]).is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn rows_that_are_not_there_fail_their_places_only() {
    let whole = Made::new(Bitpix::F32, (400, 300));
    let mut bytes = whole.bytes();
    bytes.truncate(bytes.len() / 2);
    let (file, whole) = (memory(bytes, "cut.fits"), whole.file());
    let wcs = whole.wcs(whole.first_image().unwrap(), None).unwrap();
    let places = [20.0, 390.0].map(|y| wcs.to_sky(PixelCoord::new(100.0, y)).unwrap());
    let options = CutOptions::default();
    let batch = Batch::new(&file, &places, |_| Size::square(8.0), &options).unwrap();
    let statuses = batch.each(|piece| piece.cutout(), |_, _| Ok(())).unwrap();
    assert_eq!(statuses[0], Status::Whole);
    assert!(matches!(&statuses[1], Status::Failed(text) if text.starts_with("cut short")));
}
